use core::fmt;

use heapless::{String, Vec};

use crate::encode::Sink;
use crate::envelope::offset_in;
use crate::{
    DataMessage, JsonStr, Member, Message, ParseError, ParseErrorKind, Payload, Policy, RawJson,
    RawObject, TransportMessage, TransportType,
};

/// An owned message in `N` bytes of inline storage: for queues, channels and everything else that outlives the receive buffer.
///
/// It keeps the frame byte for byte, for forwarding, and after it the decoded form of each text that is escaped in the frame, so that its texts
/// are at hand as `&str` without decoding again. What has to fit into `N` is the frame and those decoded texts: a frame without escapes takes its own
/// length. About 80 bytes come on top, whatever `N` is.
///
/// ```
/// use bachata_core::MessageBuf;
///
/// let frame = br#"{"id":"7","type":"note","time":0,"data":"caf\u00e9","from":"desk"}"#;
/// let buf = MessageBuf::<96>::parse(frame)?;
/// assert_eq!(buf.id(), Some("7"));
/// assert_eq!(buf.text(), Some("café"));
/// assert_eq!(buf.from(), Some("desk"));
/// assert_eq!(buf.frame(), frame);
///
/// // Its message is one like any other.
/// let message = *buf.message().as_data().unwrap();
/// let answer = MessageBuf::<96>::try_from(message.with_from("").with_dest("desk"))?;
/// assert_eq!(answer.frame(), r#"{"id":"7","type":"note","time":0,"data":"café","dest":"desk"}"#.as_bytes());
/// # Ok::<(), bachata_core::MessageBufError>(())
/// ```
#[derive(Clone)]
pub struct MessageBuf<const N: usize> {
    /// The frame, and after it the decoded texts.
    storage: String<N>,
    frame: Span,
    kind: Kind,
    texts: [Span; TEXTS.len()],
}

/// The members that are texts, in the order in which a `MessageBuf` keeps them. One that the message doesn't have is empty.
const TEXTS: [Member; 6] = [
    Member::Id,
    Member::Type,
    Member::Data,
    Member::From,
    Member::Dest,
    Member::Sign,
];

/// What tells the two kinds of message apart, and what of them is not a text.
#[derive(Clone, Copy)]
enum Kind {
    Data { time: i64, object: Option<Object> },
    Transport { kind: TransportType, has_data: bool },
}

/// The payload, where it is an object.
#[derive(Clone, Copy)]
struct Object {
    place: Span,
    normal: bool,
}

/// A place in the storage.
#[derive(Clone, Copy, Default)]
struct Span {
    start: u32,
    len: u32,
}

impl<const N: usize> MessageBuf<N> {
    /// The message in a frame, by the policy [`Strict`](Policy::Strict), together with the frame.
    ///
    /// # Errors
    ///
    /// The frame is no message, or it does not fit into `N` bytes.
    pub fn parse(frame: &[u8]) -> Result<Self, MessageBufError> {
        Self::parse_with(frame, Policy::Strict)
    }

    /// The message in a frame, by a policy, together with the frame.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_with(frame: &[u8], policy: Policy) -> Result<Self, MessageBufError> {
        let message = Message::parse_with(frame, policy)?;
        let texts = texts(&message);
        check_capacity(frame.len(), texts, JsonStr::is_escaped, N)?;
        let mut storage = Vec::new();
        storage.put(frame);
        let (kind, places) = (Kind::of(&message, frame), places(texts, frame));
        Ok(Self::fill(storage, kind, places, texts)?)
    }

    /// The storage that a frame needs, in bytes: the least `N` that holds it.
    ///
    /// # Errors
    ///
    /// The frame is no message.
    ///
    /// ```
    /// use bachata_core::{MessageBuf, Policy};
    ///
    /// let frame = br#"{"type":1001,"data":"\u0041"}"#;
    /// assert_eq!(MessageBuf::<0>::capacity_for(frame, Policy::Strict)?, frame.len() + 1);
    /// # Ok::<(), bachata_core::ParseError>(())
    /// ```
    pub fn capacity_for(frame: &[u8], policy: Policy) -> Result<usize, ParseError> {
        let texts = texts(&Message::parse_with(frame, policy)?);
        let escaped = texts.into_iter().filter(|text| text.is_escaped());
        Ok(escaped.fold(frame.len(), |needed, text| {
            needed.saturating_add(text.decoded_len())
        }))
    }

    /// Adds the decoded form of each text that has no place in the frame.
    fn fill(
        mut storage: Vec<u8, N>,
        kind: Kind,
        places: [Option<Span>; TEXTS.len()],
        texts: [JsonStr<'_>; TEXTS.len()],
    ) -> Result<Self, ParseError> {
        let frame = Span::new(0, storage.len());
        let mut spans = [Span::default(); TEXTS.len()];
        for ((span, place), text) in spans.iter_mut().zip(places).zip(texts) {
            *span = place.unwrap_or_else(|| {
                let start = storage.len();
                text.write_decoded(&mut storage);
                Span::new(start, storage.len().wrapping_sub(start))
            });
        }
        // The scanner has seen to it, but only a check makes it text.
        let storage = String::from_utf8(storage).map_err(|error| {
            ParseError::new(ParseErrorKind::InvalidUtf8, error.valid_up_to(), None)
        })?;
        Ok(Self {
            storage,
            frame,
            kind,
            texts: spans,
        })
    }

    /// The frame, byte for byte as it came or was encoded.
    pub fn frame(&self) -> &[u8] {
        self.frame_str().as_bytes()
    }

    /// The frame, as text.
    pub fn frame_str(&self) -> &str {
        self.get(self.frame)
    }

    /// The frame alone.
    #[cfg(feature = "heapless-v0_9")]
    pub(crate) fn to_frame(&self) -> Vec<u8, N> {
        // Cutting the storage short would ask for a character boundary, and panic without.
        let mut frame = Vec::new();
        frame.put(self.frame());
        frame
    }

    /// The message. Each of its texts is there decoded: [`JsonStr::as_str`] is never none.
    pub fn message(&self) -> Message<'_> {
        let [id, name, data, from, dest, sign] =
            self.texts.map(|span| JsonStr::new(self.get(span)));
        match self.kind {
            Kind::Data { time, object } => {
                let payload = object.map_or(Payload::Text(data), |Object { place, normal }| {
                    let object = RawJson::scanned(self.get(place).as_bytes(), normal);
                    Payload::Object(RawObject::of(object).unwrap_or_default())
                });
                let message = DataMessage::new(id, name, time, payload);
                Message::Data(message.with_from(from).with_dest(dest).with_sign(sign))
            }
            Kind::Transport { kind, has_data } => {
                let data = has_data.then_some(data);
                Message::Transport(TransportMessage::parsed(kind.code(), data, sign))
            }
        }
    }

    /// The member `id` of a data message.
    pub fn id(&self) -> Option<&str> {
        let [id, ..] = self.texts;
        self.is_data().then(|| self.get(id))
    }

    /// The member `type` of a data message.
    pub fn kind(&self) -> Option<&str> {
        let [_, kind, ..] = self.texts;
        self.is_data().then(|| self.get(kind))
    }

    /// The member `type` of a transport message.
    pub const fn transport_type(&self) -> Option<TransportType> {
        match self.kind {
            Kind::Data { .. } => None,
            Kind::Transport { kind, .. } => Some(kind),
        }
    }

    /// The member `time` of a data message: Unix milliseconds.
    pub const fn time(&self) -> Option<i64> {
        match self.kind {
            Kind::Data { time, .. } => Some(time),
            Kind::Transport { .. } => None,
        }
    }

    /// The member `data`, where it is a text: a payload, the id that a transport message is about, or a ping's token.
    pub fn text(&self) -> Option<&str> {
        let [_, _, data, ..] = self.texts;
        let is_text = match self.kind {
            Kind::Data { object, .. } => object.is_none(),
            Kind::Transport { has_data, .. } => has_data,
        };
        is_text.then(|| self.get(data))
    }

    /// The member `data`, where it is an object.
    pub fn object(&self) -> Option<RawObject<'_>> {
        self.message()
            .as_data()
            .and_then(|message| message.data().as_object())
    }

    /// The member `from`: the sender.
    pub fn from(&self) -> Option<&str> {
        let [.., from, _, _] = self.texts;
        self.get_some(from)
    }

    /// The member `dest`: the destination.
    pub fn dest(&self) -> Option<&str> {
        let [.., dest, _] = self.texts;
        self.get_some(dest)
    }

    /// The member `sign`: the signature.
    pub fn sign(&self) -> Option<&str> {
        let [.., sign] = self.texts;
        self.get_some(sign)
    }

    const fn is_data(&self) -> bool {
        matches!(self.kind, Kind::Data { .. })
    }

    fn get(&self, span: Span) -> &str {
        let start = span.start as usize;
        let end = start.wrapping_add(span.len as usize);
        self.storage.get(start..end).unwrap_or_default()
    }

    fn get_some(&self, span: Span) -> Option<&str> {
        (span.len > 0).then(|| self.get(span))
    }
}

impl Kind {
    /// `message` borrows from `frame`.
    fn of(message: &Message<'_>, frame: &[u8]) -> Self {
        match message {
            Message::Data(message) => Self::Data {
                time: message.time(),
                object: message.data().as_object().map(|object| Object {
                    place: Span::in_frame(frame, object.as_bytes()),
                    normal: object.as_json().is_normal(),
                }),
            },
            Message::Transport(message) => Self::Transport {
                kind: message.kind(),
                has_data: message.data().is_some(),
            },
        }
    }
}

impl Span {
    /// Places are inside a frame or a buffer, both of which have less than 2³² bytes.
    fn new(start: usize, len: usize) -> Self {
        Self {
            start: u32::try_from(start).unwrap_or(u32::MAX),
            len: u32::try_from(len).unwrap_or(u32::MAX),
        }
    }

    /// `part` borrows from `frame`, or is empty.
    fn in_frame(frame: &[u8], part: &[u8]) -> Self {
        if part.is_empty() {
            Self::default()
        } else {
            Self::new(offset_in(frame, part), part.len())
        }
    }
}

/// The texts of a message, in the order of [`TEXTS`].
fn texts<'a>(message: &Message<'a>) -> [JsonStr<'a>; TEXTS.len()] {
    match message {
        Message::Data(message) => [
            Some(message.id()),
            Some(message.kind()),
            message.data().as_text(),
            message.from(),
            message.dest(),
            message.sign(),
        ],
        Message::Transport(message) => [None, None, message.data(), None, None, message.sign()],
    }
    .map(Option::unwrap_or_default)
}

/// Where texts are in the frame that they borrow from. One that is escaped there has no place.
fn places(texts: [JsonStr<'_>; TEXTS.len()], frame: &[u8]) -> [Option<Span>; TEXTS.len()] {
    texts.map(|text| text.as_bytes().map(|text| Span::in_frame(frame, text)))
}

/// Whether a frame of so many bytes fits together with the decoded form of those of its texts that are `escaped` in it.
fn check_capacity<'a>(
    frame_len: usize,
    texts: [JsonStr<'a>; TEXTS.len()],
    escaped: impl Fn(JsonStr<'a>) -> bool,
    capacity: usize,
) -> Result<(), CapacityError> {
    let mut member = None;
    let mut needed = frame_len;
    for (name, text) in TEXTS.into_iter().zip(texts) {
        if escaped(text) {
            if needed <= capacity {
                // Unless all fit, the last of these is the one that does not.
                member = Some(name);
            }
            needed = needed.saturating_add(text.decoded_len());
        }
    }
    if needed > capacity {
        Err(CapacityError {
            needed,
            capacity,
            member,
        })
    } else {
        Ok(())
    }
}

impl<const N: usize> Sink for Vec<u8, N> {
    /// The capacity has been checked.
    fn put(&mut self, bytes: &[u8]) {
        #[cfg(target_pointer_width = "64")]
        let _fits = self.extend_from_slice(bytes);
        #[cfg(not(target_pointer_width = "64"))]
        push_each(self, bytes);
    }
}

/// A byte at a time, as for a slice. `extend_from_slice` counts with an addition that overflow checks would leave a panic for.
#[cfg(not(target_pointer_width = "64"))]
#[inline(never)]
fn push_each<const N: usize>(storage: &mut Vec<u8, N>, bytes: &[u8]) {
    for &byte in bytes {
        let _fits = storage.push(byte);
    }
}

impl<const N: usize> TryFrom<Message<'_>> for MessageBuf<N> {
    type Error = MessageBufError;

    /// Encodes the message and keeps the frame together with it.
    fn try_from(message: Message<'_>) -> Result<Self, MessageBufError> {
        let decoded = texts(&message);
        check_capacity(message.encoded_len(), decoded, JsonStr::needs_escapes, N)?;
        let mut storage = Vec::new();
        message.write(&mut storage);
        let encoded = Message::parse(&storage)?;
        let (kind, places) = (
            Kind::of(&encoded, &storage),
            places(texts(&encoded), &storage),
        );
        Ok(Self::fill(storage, kind, places, decoded)?)
    }
}

impl<const N: usize> TryFrom<DataMessage<'_>> for MessageBuf<N> {
    type Error = MessageBufError;

    fn try_from(message: DataMessage<'_>) -> Result<Self, MessageBufError> {
        Message::Data(message).try_into()
    }
}

impl<const N: usize> TryFrom<TransportMessage<'_>> for MessageBuf<N> {
    type Error = MessageBufError;

    fn try_from(message: TransportMessage<'_>) -> Result<Self, MessageBufError> {
        Message::Transport(message).try_into()
    }
}

/// Equal messages, whatever their frames look like.
impl<const N: usize, const M: usize> PartialEq<MessageBuf<M>> for MessageBuf<N> {
    fn eq(&self, other: &MessageBuf<M>) -> bool {
        self.message() == other.message()
    }
}

impl<const N: usize> Eq for MessageBuf<N> {}

impl<const N: usize> fmt::Debug for MessageBuf<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.message(), f)
    }
}

/// The frame.
impl<const N: usize> fmt::Display for MessageBuf<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.frame_str())
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for MessageBuf<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.message().format(f);
    }
}

/// A message does not fit into a [`MessageBuf`].
///
/// ```
/// use bachata_core::{CapacityError, Member, MessageBuf, MessageBufError};
///
/// let frame = br#"{"type":1001,"data":"\u0041"}"#;
/// let error = MessageBuf::<29>::parse(frame).unwrap_err();
/// let expected = CapacityError { needed: 30, capacity: 29, member: Some(Member::Data) };
/// assert_eq!(error, MessageBufError::Capacity(expected));
/// assert_eq!(error.to_string(), "no room to decode \"data\": 30 bytes needed, 29 available");
///
/// let error = MessageBuf::<16>::parse(frame).unwrap_err();
/// assert_eq!(error.to_string(), "no room for the frame: 30 bytes needed, 16 available");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct CapacityError {
    /// The capacity, in bytes, that holds the whole of the message.
    pub needed: usize,
    /// The capacity that there is.
    pub capacity: usize,
    /// The first text that there was no room to decode. None where the frame itself is too long.
    pub member: Option<Member>,
}

impl fmt::Display for CapacityError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.member {
            Some(member) => write!(f, "no room to decode \"{member}\"")?,
            None => f.write_str("no room for the frame")?,
        }
        write!(
            f,
            ": {} bytes needed, {} available",
            self.needed, self.capacity
        )
    }
}

impl core::error::Error for CapacityError {}

/// Why there is no [`MessageBuf`] of a frame.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageBufError {
    /// The frame is no message.
    Parse(ParseError),
    /// The message does not fit.
    Capacity(CapacityError),
}

impl fmt::Display for MessageBufError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Capacity(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for MessageBufError {}

impl From<ParseError> for MessageBufError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<CapacityError> for MessageBufError {
    fn from(error: CapacityError) -> Self {
        Self::Capacity(error)
    }
}
