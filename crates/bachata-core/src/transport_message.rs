use core::fmt;

use crate::encode::{self, FmtSink, Sink, SliceSink};
use crate::{BufferTooSmall, JsonStr, TransportType};

/// A message that makes delivery reliable (`P-10`, `P-11`).
///
/// A 100, 200 or 300 has `data`: the id of the message that it is about. All others may have it.
///
/// ```
/// use bachata_core::{BufferTooSmall, Message, TransportMessage, TransportType};
///
/// let received = TransportMessage::received("7f6a2c1e");
/// assert_eq!(received.kind(), TransportType::Received);
///
/// let mut buffer = [0; 64];
/// let frame = received.encode(&mut buffer)?;
/// assert_eq!(frame, br#"{"type":200,"data":"7f6a2c1e"}"#);
/// assert_eq!(Message::parse(frame), Ok(Message::Transport(received)));
/// # Ok::<(), BufferTooSmall>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct TransportMessage<'a> {
    /// That of its type: what is read and written, where the type itself is only asked for.
    code: u32,
    data: Option<JsonStr<'a>>,
    /// Empty is none (`P-9`).
    sign: JsonStr<'a>,
}

impl<'a> TransportMessage<'a> {
    /// 100: the server has received the message with this id for delivery.
    pub fn accepted(id: impl Into<JsonStr<'a>>) -> Self {
        Self::about(TransportType::Accepted, id.into())
    }

    /// 200: the receiver has got the message with this id.
    pub fn received(id: impl Into<JsonStr<'a>>) -> Self {
        Self::about(TransportType::Received, id.into())
    }

    /// 300: the server has delivered the message with this id.
    pub fn delivered(id: impl Into<JsonStr<'a>>) -> Self {
        Self::about(TransportType::Delivered, id.into())
    }

    /// 1000: the connection is ready.
    pub const fn ready() -> Self {
        Self::bare(TransportType::Ready)
    }

    /// 1001: to be answered with a pong.
    pub const fn ping() -> Self {
        Self::bare(TransportType::Ping)
    }

    /// 1002: the answer to a ping.
    pub const fn pong() -> Self {
        Self::bare(TransportType::Pong)
    }

    /// The pong for this ping, with its token if it has one; none if this is no ping.
    ///
    /// ```
    /// use bachata_core::TransportMessage;
    ///
    /// let ping = TransportMessage::ping().with_data("17");
    /// assert_eq!(ping.to_pong(), Some(TransportMessage::pong().with_data("17")));
    /// assert_eq!(TransportMessage::ready().to_pong(), None);
    /// ```
    pub fn to_pong(&self) -> Option<Self> {
        let pong = Self {
            data: self.data,
            ..Self::pong()
        };
        (self.code == TransportType::Ping.code()).then_some(pong)
    }

    /// A message of any type, about `data`.
    pub fn new(kind: impl Into<TransportType>, data: impl Into<JsonStr<'a>>) -> Self {
        Self::about(kind.into(), data.into())
    }

    /// A message of any type that needs no `data`; none for a 100, 200 or 300.
    ///
    /// ```
    /// use bachata_core::{TransportMessage, TransportType};
    ///
    /// assert!(TransportMessage::without_data(TransportType::Ping).is_some());
    /// assert!(TransportMessage::without_data(4711).is_some());
    /// assert!(TransportMessage::without_data(200).is_none());
    /// ```
    pub fn without_data(kind: impl Into<TransportType>) -> Option<Self> {
        let kind = kind.into();
        (!kind.is_receipt()).then_some(Self::bare(kind))
    }

    /// A message whose parts a frame gave, by the rules of `P-10`.
    pub(crate) const fn parsed(code: u32, data: Option<JsonStr<'a>>, sign: JsonStr<'a>) -> Self {
        Self { code, data, sign }
    }

    fn about(kind: TransportType, data: JsonStr<'a>) -> Self {
        Self {
            data: Some(data),
            ..Self::bare(kind)
        }
    }

    const fn bare(kind: TransportType) -> Self {
        Self {
            code: kind.code(),
            data: None,
            sign: JsonStr::EMPTY,
        }
    }

    /// Sets the member `data`: a message id, or the token of a ping. `""` is kept (`P-10`).
    #[must_use]
    pub fn with_data(mut self, data: impl Into<JsonStr<'a>>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the signature. `""` is none (`P-9`).
    #[must_use]
    pub fn with_sign(mut self, sign: impl Into<JsonStr<'a>>) -> Self {
        self.sign = sign.into();
        self
    }

    /// The member `type`.
    pub const fn kind(&self) -> TransportType {
        TransportType::of(self.code)
    }

    /// The member `data`: a message id, or the token of a ping. Never none in a 100, 200 or 300.
    pub const fn data(&self) -> Option<JsonStr<'a>> {
        self.data
    }

    /// The member `sign`: the signature.
    pub const fn sign(&self) -> Option<JsonStr<'a>> {
        self.sign.not_empty()
    }

    /// Writes the message to the start of `out` and gives the bytes written (`P-5`, `P-6`).
    ///
    /// # Errors
    ///
    /// `out` is shorter than [`encoded_len`](Self::encoded_len); the error says how much is needed. What has been written to `out` is
    /// then unspecified.
    pub fn encode<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], BufferTooSmall> {
        encode::to_slice(out, |sink| self.write(sink))
    }

    /// Writes the message into any text writer.
    ///
    /// # Errors
    ///
    /// The writer's own.
    pub fn write_to<W: fmt::Write + ?Sized>(&self, writer: &mut W) -> fmt::Result {
        FmtSink::write(writer, |sink| self.write(sink))
    }

    /// The length in bytes of the encoded message.
    pub fn encoded_len(&self) -> usize {
        let mut sink = SliceSink::new(&mut []);
        self.write(&mut sink);
        sink.len()
    }

    pub(crate) fn write<S: Sink>(&self, sink: &mut S) {
        self.write_before(sink, |_| ());
    }

    /// Writes the message with `more` members at its end.
    pub(crate) fn write_before<S: Sink>(&self, sink: &mut S, more: impl FnOnce(&mut S)) {
        sink.put(b"{\"type\":");
        encode::put_integer(i64::from(self.code), sink);
        if let Some(data) = &self.data {
            data.write_after(b",\"data\":\"", sink);
        }
        if !self.sign.is_empty() {
            self.sign.write_after(b",\"sign\":\"", sink);
        }
        more(sink);
        sink.put(b"}");
    }
}

impl fmt::Debug for TransportMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TransportMessage")
            .field("kind", &self.kind())
            .field("data", &self.data)
            .field("sign", &self.sign)
            .finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for TransportMessage<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let (kind, data, sign) = (self.kind(), self.data, self.sign);
        defmt::write!(
            f,
            "TransportMessage {{ kind: {}, data: {}, sign: {} }}",
            kind,
            data,
            sign
        );
    }
}

/// The encoded message.
impl fmt::Display for TransportMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}
