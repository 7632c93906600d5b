//! What the public functions are called with. The compiler knows nothing of it.

use core::fmt;
use core::hint::black_box;

use bachata_core::*;

/// Made from a frame, whatever is in it.
pub(crate) struct Input<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) str: &'a str,
    pub(crate) number: usize,
    pub(crate) time: i64,
    pub(crate) policy: Policy,
    pub(crate) member: Member,
    pub(crate) max_len: MaxLen,
    pub(crate) text: JsonStr<'a>,
    pub(crate) other_text: JsonStr<'a>,
    pub(crate) value: RawJson<'a>,
    pub(crate) other_value: RawJson<'a>,
    pub(crate) object: RawObject<'a>,
    pub(crate) payload: Payload<'a>,
    pub(crate) data: DataMessage<'a>,
    pub(crate) transport: TransportMessage<'a>,
    pub(crate) message: Message<'a>,
    pub(crate) other_message: Message<'a>,
    pub(crate) envelope: Option<Envelope<'a>>,
    pub(crate) route: Option<Route<'a>>,
    pub(crate) buf: Option<&'a MessageBuf<512>>,
    pub(crate) parse_error: Option<ParseError>,
    pub(crate) too_small: BufferTooSmall,
    pub(crate) too_long: FrameTooLong,
    pub(crate) capacity_error: CapacityError,
    pub(crate) buf_error: MessageBufError,
    pub(crate) deserialize_error: Option<DeserializeError>,
    pub(crate) encode_error: EncodeError,
    pub(crate) hmac: &'a HmacSha256,
    pub(crate) hmacs: &'a [HmacSha256; 2],
    pub(crate) token: &'a TokenSha256,
    pub(crate) signature: &'a Signature,
    pub(crate) verified: Option<Verified<Message<'a>>>,
    pub(crate) signature_error: SignatureError,
    pub(crate) key_error: Option<KeyError>,
}

/// Keys, and a signature by the first of them.
pub(crate) struct Keys {
    hmacs: [HmacSha256; 2],
    token: TokenSha256,
    signature: Signature,
}

impl Keys {
    #[inline(never)]
    pub(crate) fn new() -> Self {
        let (Ok(a), Ok(b), Ok(token)) = (
            HmacSha256::new(black_box(b"a")),
            HmacSha256::new(black_box(b"b")),
            TokenSha256::new(black_box(b"c")),
        ) else {
            // These are keys.
            loop {
                core::hint::spin_loop();
            }
        };
        let Ok(signature) = PING.sign_with(&a);
        Self {
            hmacs: [a, b],
            token,
            signature,
        }
    }
}

const PING: TransportMessage<'_> = TransportMessage::ping();

/// What the public functions change.
pub(crate) struct Tools<'a> {
    pub(crate) out: &'a mut [u8],
    pub(crate) reader: FrameReader<64>,
    pub(crate) writer: FrameWriter<64>,
    pub(crate) splitter: FrameSplitter,
    pub(crate) hasher: Sum,
}

impl Tools<'_> {
    /// A text writer into the output.
    pub(crate) fn writer(&mut self) -> Text<'_> {
        Text {
            room: &mut *self.out,
        }
    }
}

impl<'a> Input<'a> {
    /// The messages and values of a frame, and of another one; something else where there are none.
    #[inline(never)]
    pub(crate) fn of(
        bytes: &'a [u8],
        other: &'a [u8],
        buf: Option<&'a MessageBuf<512>>,
        keys: &'a Keys,
    ) -> Self {
        let [hmac, _] = &keys.hmacs;
        let signed = Message::from(PING.with_sign(&keys.signature));
        let message = Message::parse_with(bytes, Policy::Reference);
        let parse_error = message.err();
        let other_message = Message::parse_with(other, Policy::Reference);
        let ping = Message::Transport(TransportMessage::ping());
        let message = message.unwrap_or(ping);
        let other_message = other_message.unwrap_or(ping);
        let str = core::str::from_utf8(bytes).unwrap_or("\"\\\n\u{1f}\u{e9}\u{1f600}");
        let data = DataMessage::new(str, str, i64::MIN, str).with_sign(str);
        let data = message.as_data().copied().unwrap_or(data);
        let transport = TransportMessage::new(u32::MAX, str);
        let text = |message: &Message<'a>| match message {
            Message::Data(message) => message.data().as_text().unwrap_or(message.id()),
            Message::Transport(message) => message.data().unwrap_or_default(),
        };
        let value = |bytes| RawJson::new(bytes).unwrap_or(RawObject::EMPTY.as_json());
        let too_small = BufferTooSmall {
            needed: bytes.len(),
            capacity: other.len(),
        };
        let capacity_error = CapacityError {
            needed: bytes.len(),
            capacity: other.len(),
            member: parse_error.and_then(ParseError::member),
        };
        Self {
            bytes,
            str,
            number: other.len(),
            time: data.time(),
            policy: Policy::Reference,
            member: Member::Sign,
            max_len: MaxLen::Text(bytes.len()),
            text: text(&message),
            other_text: text(&other_message),
            value: value(bytes),
            other_value: value(other),
            object: RawObject::new(bytes).unwrap_or_default(),
            payload: *data.data(),
            data,
            transport: message.as_transport().copied().unwrap_or(transport),
            message,
            other_message,
            envelope: Envelope::parse(bytes).ok(),
            route: Route::parse(bytes, Policy::Reference).ok(),
            buf,
            parse_error,
            too_small,
            too_long: FrameTooLong {
                seen: bytes.len(),
                limit: other.len(),
            },
            capacity_error,
            buf_error: parse_error.map_or(
                MessageBufError::Capacity(capacity_error),
                MessageBufError::Parse,
            ),
            deserialize_error: data.data().parse::<bool>(&mut []).err(),
            encode_error: EncodeError::BufferTooSmall(too_small),
            hmac,
            hmacs: &keys.hmacs,
            token: &keys.token,
            signature: &keys.signature,
            verified: signed.verify(hmac).ok(),
            signature_error: black_box(SignatureError::Missing),
            key_error: TokenSha256::<2>::with_room(bytes).err(),
        }
    }
}

/// Takes text as far as there is room.
pub(crate) struct Text<'a> {
    room: &'a mut [u8],
}

impl fmt::Write for Text<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        let room = core::mem::take(&mut self.room);
        let (head, rest) = room.split_at_mut_checked(text.len()).ok_or(fmt::Error)?;
        head.iter_mut()
            .zip(text.bytes())
            .for_each(|(to, from)| *to = from);
        self.room = rest;
        Ok(())
    }
}

/// A hash.
#[derive(Clone, Copy, Default)]
pub(crate) struct Sum(u64);

impl core::hash::Hasher for Sum {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(7) ^ u64::from(*byte);
        }
    }
}
