use crate::encode::{Sink, SliceSink, put_integer, to_slice};
use crate::{DataMessage, JsonStr, Message, Payload, TransportMessage};

/// What signatures cover of a message, as bytes that are the same on both ends, whatever a server has made of the frame in between (`P-15`).
///
/// Messages have it; so a scheme, see [`Sign`](crate::Sign), takes them. The bytes come in pieces of any length, and nothing is kept of them.
///
/// ```
/// use bachata_core::{Covered, DataMessage, RawObject, TransportMessage};
///
/// let object = RawObject::new(br#"{ "on": true, "note": "caf\u00e9" }"#)?;
/// let message = DataMessage::new("7", "led", 1_763_769_600_123, object).with_from("desk");
///
/// let mut bytes = Vec::new();
/// message.feed_fields(|piece| bytes.extend_from_slice(piece));
/// assert_eq!(
///     String::from_utf8_lossy(&bytes),
///     r#"11:data-object,1:7,3:led,13:1763769600123,4:desk,0:,26:{"on":true,"note":"café"},"#,
/// );
///
/// bytes.clear();
/// message.feed_data(|piece| bytes.extend_from_slice(piece));
/// assert_eq!(bytes, r#"{"on":true,"note":"café"}"#.as_bytes());
///
/// bytes.clear();
/// TransportMessage::received("7").feed_fields(|piece| bytes.extend_from_slice(piece));
/// assert_eq!(bytes, b"9:transport,3:200,1:7,");
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
pub trait Covered: Sealed {
    /// Gives `take` all that a message says but its signature and unknown members, each field with its length (`P-17`).
    fn feed_fields(&self, take: impl FnMut(&[u8]));

    /// Gives `take` the canonical data alone (`P-15`, `P-16`); nothing where there is none.
    fn feed_data(&self, take: impl FnMut(&[u8]));
}

pub trait Sealed {}

impl Sealed for Message<'_> {}

impl Sealed for DataMessage<'_> {}

impl Sealed for TransportMessage<'_> {}

impl Covered for Message<'_> {
    fn feed_fields(&self, take: impl FnMut(&[u8])) {
        match self {
            Self::Data(message) => message.feed_fields(take),
            Self::Transport(message) => message.feed_fields(take),
        }
    }

    fn feed_data(&self, take: impl FnMut(&[u8])) {
        match self {
            Self::Data(message) => message.feed_data(take),
            Self::Transport(message) => message.feed_data(take),
        }
    }
}

impl Covered for DataMessage<'_> {
    fn feed_fields(&self, take: impl FnMut(&[u8])) {
        let mut taker = Taker(take);
        let data = *self.data();
        let (form, len) = match data {
            Payload::Text(text) => (DATA_TEXT, text.decoded_len()),
            Payload::Object(object) => {
                let mut counter = SliceSink::new(&mut []);
                object.as_json().write(&mut counter);
                (DATA_OBJECT, counter.len())
            }
        };
        put_fields(self, form, len, |taker| put_data(data, taker), &mut taker);
    }

    fn feed_data(&self, take: impl FnMut(&[u8])) {
        put_data(*self.data(), &mut Taker(take));
    }
}

impl Covered for TransportMessage<'_> {
    fn feed_fields(&self, take: impl FnMut(&[u8])) {
        let mut taker = Taker(take);
        put_text(JsonStr::new(TRANSPORT), &mut taker);
        put_number(self.kind().code().into(), &mut taker);
        if let Some(data) = self.data() {
            put_text(data, &mut taker);
        }
    }

    fn feed_data(&self, take: impl FnMut(&[u8])) {
        if let Some(data) = self.data() {
            data.write_decoded(&mut Taker(take));
        }
    }
}

/// The first field: what kind of message it is, and what kind of payload.
pub(super) const DATA_TEXT: &str = "data-text";
pub(super) const DATA_OBJECT: &str = "data-object";
const TRANSPORT: &str = "transport";

/// Hands on what is put.
pub(super) struct Taker<F>(pub(super) F);

impl<F: FnMut(&[u8])> Sink for Taker<F> {
    fn put(&mut self, bytes: &[u8]) {
        (self.0)(bytes);
    }
}

/// The fields of a data message, of whose data the form and the length are known.
pub(super) fn put_fields<S: Sink, D>(
    message: &DataMessage<'_, D>,
    form: &str,
    data_len: usize,
    data: impl FnOnce(&mut S),
    sink: &mut S,
) {
    put_text(JsonStr::new(form), sink);
    put_text(message.id(), sink);
    put_text(message.kind(), sink);
    put_number(message.time(), sink);
    put_text(message.from().unwrap_or_default(), sink);
    put_text(message.dest().unwrap_or_default(), sink);
    put_len(data_len, sink);
    data(sink);
    sink.put(b",");
}

/// A field with a text.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn put_text<S: Sink>(text: JsonStr<'_>, sink: &mut S) {
    put_len(text.decoded_len(), sink);
    text.write_decoded(sink);
    sink.put(b",");
}

/// A field with a number in decimal digits.
fn put_number<S: Sink>(number: i64, sink: &mut S) {
    let mut room = [0; LONGEST_INTEGER];
    let digits = digits(number, &mut room);
    put_len(digits.len(), sink);
    sink.put(digits);
    sink.put(b",");
}

/// What stands before a field.
fn put_len<S: Sink>(len: usize, sink: &mut S) {
    // A frame has less than 2³² bytes.
    let len = i64::try_from(len).unwrap_or(i64::MAX);
    sink.put(digits(len, &mut [0; LONGEST_INTEGER]));
    sink.put(b":");
}

/// An i64 has at most so many digits, with its sign.
const LONGEST_INTEGER: usize = 20;

/// The integer in decimal digits. Written by way of a slice, whatever the sink is, so that the code is there once.
fn digits(integer: i64, room: &mut [u8; LONGEST_INTEGER]) -> &[u8] {
    to_slice(room, |room| put_integer(integer, room)).unwrap_or_default()
}

/// A payload in canonical form.
fn put_data<S: Sink>(data: Payload<'_>, sink: &mut S) {
    match data {
        Payload::Text(text) => text.write_decoded(sink),
        Payload::Object(object) => object.as_json().write(sink),
    }
}
