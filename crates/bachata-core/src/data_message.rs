use core::fmt;

use crate::encode::{self, FmtSink, Sink, SliceSink};
use crate::{BufferTooSmall, JsonStr, Payload};

/// A message that carries data (`P-8`). It borrows its texts: from a frame, or from whoever builds it.
///
/// The payload is a text or an object; with the feature `serde` it can also be any value that serde serialises, see
/// `DataMessage::typed`.
///
/// ```
/// use bachata_core::{BufferTooSmall, DataMessage, Message};
///
/// let message = DataMessage::new("7", "direct", 1_763_769_600_123, "hi \"there\"")
///     .with_from("alice")
///     .with_dest("bob");
///
/// let mut buffer = [0; 128];
/// let frame = message.encode(&mut buffer)?;
/// assert_eq!(
///     frame,
///     br#"{"id":"7","type":"direct","time":1763769600123,"data":"hi \"there\"","from":"alice","dest":"bob"}"#,
/// );
/// assert_eq!(frame.len(), message.encoded_len());
/// assert_eq!(Message::parse(frame), Ok(Message::Data(message)));
/// # Ok::<(), BufferTooSmall>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataMessage<'a, D = Payload<'a>> {
    id: JsonStr<'a>,
    kind: JsonStr<'a>,
    time: i64,
    data: D,
    /// Empty is none, here and in the next two (`P-9`).
    from: JsonStr<'a>,
    dest: JsonStr<'a>,
    sign: JsonStr<'a>,
}

impl<'a> DataMessage<'a> {
    /// A message without `from`, `dest` and `sign`. `kind` is the member `type`; `time` is in Unix milliseconds.
    pub fn new(
        id: impl Into<JsonStr<'a>>,
        kind: impl Into<JsonStr<'a>>,
        time: i64,
        data: impl Into<Payload<'a>>,
    ) -> Self {
        Self::with_payload(id.into(), kind.into(), time, data.into())
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
        self.write_around(sink, |sink| self.data.write(sink), |_| ());
    }
}

impl<'a, D> DataMessage<'a, D> {
    pub(crate) const fn with_payload(
        id: JsonStr<'a>,
        kind: JsonStr<'a>,
        time: i64,
        data: D,
    ) -> Self {
        Self {
            id,
            kind,
            time,
            data,
            from: JsonStr::EMPTY,
            dest: JsonStr::EMPTY,
            sign: JsonStr::EMPTY,
        }
    }

    /// A message whose parts a frame gave.
    pub(crate) const fn parsed(
        id: JsonStr<'a>,
        kind: JsonStr<'a>,
        time: i64,
        data: D,
        from: JsonStr<'a>,
        dest: JsonStr<'a>,
        sign: JsonStr<'a>,
    ) -> Self {
        Self {
            id,
            kind,
            time,
            data,
            from,
            dest,
            sign,
        }
    }

    /// Sets the sender. `""` is none (`P-9`).
    #[must_use]
    pub fn with_from(mut self, from: impl Into<JsonStr<'a>>) -> Self {
        self.from = from.into();
        self
    }

    /// Sets the destination. `""` is none (`P-9`).
    #[must_use]
    pub fn with_dest(mut self, dest: impl Into<JsonStr<'a>>) -> Self {
        self.dest = dest.into();
        self
    }

    /// Sets the signature. `""` is none (`P-9`).
    #[must_use]
    pub fn with_sign(mut self, sign: impl Into<JsonStr<'a>>) -> Self {
        self.sign = sign.into();
        self
    }

    /// The member `id`.
    pub const fn id(&self) -> JsonStr<'a> {
        self.id
    }

    /// The member `type`.
    pub const fn kind(&self) -> JsonStr<'a> {
        self.kind
    }

    /// The member `time`: Unix milliseconds.
    pub const fn time(&self) -> i64 {
        self.time
    }

    /// The member `data`.
    pub const fn data(&self) -> &D {
        &self.data
    }

    /// The member `from`: the sender.
    pub const fn from(&self) -> Option<JsonStr<'a>> {
        self.from.not_empty()
    }

    /// The member `dest`: the destination.
    pub const fn dest(&self) -> Option<JsonStr<'a>> {
        self.dest.not_empty()
    }

    /// The member `sign`: the signature.
    pub const fn sign(&self) -> Option<JsonStr<'a>> {
        self.sign.not_empty()
    }

    /// Writes the message without its payload to the start of `out`, and gives what stands before the payload and what stands after it. It is for those whose
    /// payload is written by somebody else, without being held as JSON first; that this is a JSON string or object, without whitespace and with nothing
    /// escaped that need not be (`P-6`), is up to them.
    ///
    /// # Errors
    ///
    /// `out` is too short; the error says how much is needed.
    ///
    /// ```
    /// use bachata_core::{BufferTooSmall, DataMessage};
    ///
    /// let message = DataMessage::new("7", "led", 0, "").with_dest("desk");
    /// let mut buffer = [0; 64];
    /// let (before, after) = message.encode_around(&mut buffer)?;
    /// let frame = [before, br#"{"on":true}"#, after].concat();
    /// assert_eq!(frame, br#"{"id":"7","type":"led","time":0,"data":{"on":true},"dest":"desk"}"#);
    /// # Ok::<(), BufferTooSmall>(())
    /// ```
    pub fn encode_around<'o>(
        &self,
        out: &'o mut [u8],
    ) -> Result<(&'o [u8], &'o [u8]), BufferTooSmall> {
        let mut before = 0;
        let frame = encode::to_slice(out, |sink| {
            self.write_around(sink, |sink| before = sink.len(), |_| ());
        })?;
        Ok(frame.split_at_checked(before).unwrap_or_default())
    }

    /// Writes the message with `data` as its payload and `more` members at its end, in the order of `P-5`.
    pub(crate) fn write_around<S: Sink>(
        &self,
        sink: &mut S,
        data: impl FnOnce(&mut S),
        more: impl FnOnce(&mut S),
    ) {
        self.id.write_after(b"{\"id\":\"", sink);
        self.kind.write_after(b",\"type\":\"", sink);
        sink.put(b",\"time\":");
        encode::put_integer(self.time, sink);
        sink.put(b",\"data\":");
        data(sink);
        if !self.from.is_empty() {
            self.from.write_after(b",\"from\":\"", sink);
        }
        if !self.dest.is_empty() {
            self.dest.write_after(b",\"dest\":\"", sink);
        }
        if !self.sign.is_empty() {
            self.sign.write_after(b",\"sign\":\"", sink);
        }
        more(sink);
        sink.put(b"}");
    }
}

/// The encoded message.
impl fmt::Display for DataMessage<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}
