//! The pieces of work whose flash is the difference between an image with and one without. Each stands in a function of its own
//! and folds what it finds into a sum, so that the compiler can drop nothing.

#[allow(unused_imports, reason = "which are used depends on the features")]
use bachata_core::*;
#[cfg(not(feature = "count"))]
use core::hint::black_box;

#[cfg(all(any(feature = "build", feature = "typed"), not(feature = "count")))]
use crate::board;

#[cfg(not(feature = "count"))]
const FRAME: &[u8] = br#"{"type":200,"data":"7f6a2c1e-3b0d-4a57-9d3e-0c6f1f2a9b11"}"#;

/// All the work of this image, on a frame that the compiler does not know.
#[cfg(not(feature = "count"))]
pub(crate) fn all() {
    let frame = black_box(FRAME);
    #[allow(unused_mut, reason = "it depends on the features")]
    let mut sum = black_box(0_u32);
    #[cfg(feature = "parse")]
    {
        sum ^= parse(frame);
    }
    #[cfg(feature = "build")]
    {
        let text = black_box("text");
        let parts = Parts {
            id: text,
            kind: text,
            time: black_box(0),
            data: text,
            from: text,
            dest: text,
            sign: text,
            code: black_box(0),
        };
        sum ^= build(&parts, board::scratch());
    }
    #[cfg(feature = "route")]
    {
        sum ^= route(frame);
    }
    #[cfg(feature = "envelope")]
    {
        sum ^= envelope(frame);
    }
    #[cfg(feature = "buf")]
    {
        sum ^= buf(frame);
    }
    #[cfg(feature = "frame")]
    {
        sum ^= stream(frame);
    }
    #[cfg(feature = "heapless")]
    {
        sum ^= heapless(frame);
    }
    #[cfg(feature = "sign")]
    {
        sum ^= sign(frame, black_box(b"key"));
    }
    #[cfg(feature = "io")]
    {
        sum ^= io(frame);
    }
    #[cfg(feature = "io-async")]
    {
        sum ^= io_async(frame);
    }
    #[cfg(feature = "typed")]
    {
        sum ^= typed(frame, board::scratch());
    }
    black_box((frame, sum));
}

/// Folds what has been found into a number: lengths and first bytes.
#[cfg(feature = "parse")]
#[derive(Default)]
struct Checksum(u32);

#[cfg(feature = "parse")]
impl Checksum {
    fn number(&mut self, number: u32) {
        self.0 = self.0.wrapping_mul(31).wrapping_add(number);
    }

    fn bytes(&mut self, bytes: &[u8]) {
        self.number(bytes.len() as u32);
        self.number(bytes.first().copied().unwrap_or_default().into());
    }
}

/// Validates a frame, tells what kind of message it is, and finds the seven members, as they stand in the frame.
#[cfg(feature = "parse")]
#[inline(never)]
#[unsafe(export_name = "work::parse")]
pub(crate) fn parse(frame: &[u8]) -> u32 {
    let mut sum = Checksum::default();
    // By reference: who moves an envelope has it on the stack twice.
    match &Envelope::parse(frame) {
        Ok(envelope) => {
            match envelope.kind() {
                Ok(MessageKind::Data(_)) => sum.number(1),
                Ok(MessageKind::Transport(kind)) => sum.number(kind.code()),
                Err(error) => sum.number(error.offset() as u32),
            }
            for member in Member::ALL {
                if let Some(value) = envelope.get(member) {
                    sum.bytes(value.as_bytes());
                }
            }
        }
        Err(error) => sum.number(error.offset() as u32),
    }
    sum.0
}

/// What a message is built from.
#[cfg(feature = "build")]
pub(crate) struct Parts<'a> {
    pub(crate) id: &'a str,
    pub(crate) kind: &'a str,
    pub(crate) time: i64,
    pub(crate) data: &'a str,
    pub(crate) from: &'a str,
    pub(crate) dest: &'a str,
    pub(crate) sign: &'a str,
    pub(crate) code: u32,
}

/// Builds a data message of all seven members and a transport message, and writes each into a buffer.
#[cfg(feature = "build")]
#[inline(never)]
#[unsafe(export_name = "work::build")]
pub(crate) fn build(parts: &Parts<'_>, out: &mut [u8]) -> u32 {
    let data = DataMessage::new(parts.id, parts.kind, parts.time, parts.data)
        .with_from(parts.from)
        .with_dest(parts.dest)
        .with_sign(parts.sign);
    let data = data.encode(out).map_or(0, <[u8]>::len);
    let receipt = TransportMessage::new(parts.code, parts.id).encode(out);
    (data ^ receipt.map_or(0, <[u8]>::len)) as u32
}

/// Tells where a message goes.
#[cfg(feature = "route")]
#[inline(never)]
fn route(frame: &[u8]) -> u32 {
    match Route::parse(frame, black_box(Policy::Strict)) {
        Ok(route) => black_box((route.kind(), route.dest())).1.is_some().into(),
        Err(error) => error.offset() as u32,
    }
}

/// Finds the members that the protocol does not know.
#[cfg(feature = "envelope")]
#[inline(never)]
fn envelope(frame: &[u8]) -> u32 {
    match Envelope::parse(frame) {
        Ok(envelope) => {
            let unknown = envelope
                .members()
                .filter(|(name, _)| Member::named(*name).is_none());
            unknown.fold(0, |sum, (_, value)| sum ^ value.as_bytes().len() as u32)
        }
        Err(error) => error.offset() as u32,
    }
}

/// Owns a message out of a frame, with its texts decoded.
#[cfg(feature = "buf")]
#[inline(never)]
fn buf(frame: &[u8]) -> u32 {
    match MessageBuf::<256>::parse(frame) {
        Ok(buf) => {
            black_box((buf.kind(), buf.id(), buf.text(), buf.dest()));
            buf.frame().len() as u32
        }
        Err(_) => 0,
    }
}

/// Takes frames out of a stream and puts them into one.
#[cfg(feature = "frame")]
#[inline(never)]
fn stream(bytes: &[u8]) -> u32 {
    let mut reader = FrameReader::<128>::new();
    let mut sum = 0;
    for byte in bytes {
        if let Some(room) = reader.room().first_mut() {
            *room = *byte;
            reader.commit(1);
        }
        if let Some(Ok(frame)) = reader.next_frame() {
            sum ^= frame.len();
        }
    }
    let mut writer = FrameWriter::<128>::new();
    if writer.push(TransportMessage::ping()).is_ok() {
        sum ^= writer.pending().len();
        writer.advance(black_box(1));
    }
    sum as u32
}

/// Moves texts and messages through containers of heapless.
#[cfg(feature = "heapless")]
#[inline(never)]
fn heapless(frame: &[u8]) -> u32 {
    use bachata_core::heapless_v0_9::{String, Vec};

    let Ok(Message::Transport(message)) = Message::parse(frame) else {
        return 0;
    };
    let text = String::<64>::try_from(message.data().unwrap_or_default());
    let frame = Vec::<u8, 128>::try_from(message);
    (text.map_or(0, |text| text.len()) ^ frame.map_or(0, |frame| frame.len())) as u32
}

/// Checks the signature of a message and makes one.
#[cfg(feature = "sign")]
#[inline(never)]
fn sign(frame: &[u8], key: &[u8]) -> u32 {
    let (Ok(key), Ok(message)) = (HmacSha256::new(key), Message::parse(frame)) else {
        return 0;
    };
    let verified = message.verify(&key).is_ok();
    let Ok(signature) = message.sign_with(&key);
    black_box(JsonStr::from(&signature));
    verified.into()
}

/// Reads frames from a transport and writes one to it.
#[cfg(feature = "io")]
#[inline(never)]
fn io(bytes: &[u8]) -> u32 {
    use bachata_core::io::embedded_io_v0_7::{read_frame, write_pending};

    let mut line = crate::line::Line::new(bytes);
    let mut reader = FrameReader::<128>::new();
    let mut writer = FrameWriter::<128>::new();
    let mut sum = 0;
    while let Ok(Some(frame)) = read_frame(&mut reader, &mut line) {
        sum ^= frame.len();
    }
    let pushed = writer.push(TransportMessage::ping()).is_ok();
    let written = write_pending(&mut writer, &mut line).is_ok();
    sum as u32 ^ u32::from(pushed && written)
}

/// Reads frames from an asynchronous transport and writes one to it.
#[cfg(feature = "io-async")]
#[inline(never)]
fn io_async(bytes: &[u8]) -> u32 {
    use bachata_core::io::embedded_io_async_v0_7::{read_frame, write_pending};

    let task = async {
        let mut line = crate::line::Line::new(bytes);
        let mut reader = FrameReader::<128>::new();
        let mut writer = FrameWriter::<128>::new();
        let mut sum = 0;
        while let Ok(Some(frame)) = read_frame(&mut reader, &mut line).await {
            sum ^= frame.len();
        }
        let pushed = writer.push(TransportMessage::ping()).is_ok();
        let written = write_pending(&mut writer, &mut line).await.is_ok();
        sum as u32 ^ u32::from(pushed && written)
    };
    crate::line::poll_once(task).unwrap_or_default()
}

/// Reads a payload into a type and writes one from it.
#[cfg(feature = "typed")]
#[inline(never)]
fn typed(frame: &[u8], out: &mut [u8]) -> u32 {
    #[cfg(not(any(feature = "typed-integers", feature = "typed-floats")))]
    type Payload<'a> = crate::payload::Texts<'a>;
    #[cfg(feature = "typed-integers")]
    type Payload<'a> = crate::payload::Integers;
    #[cfg(feature = "typed-floats")]
    type Payload<'a> = crate::payload::Floats;

    let Ok(Message::Data(message)) = Message::parse(frame) else {
        return 0;
    };
    match message.data().parse::<Payload<'_>>(&mut []) {
        Ok(payload) => {
            let reply = DataMessage::typed(message.id(), message.kind(), 0, &payload);
            reply.encode(out).map_or(0, <[u8]>::len) as u32
        }
        Err(error) => error.offset() as u32,
    }
}
