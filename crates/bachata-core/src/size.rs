/// How long a part of a message may get, in bytes of its text or of its JSON, for bounding the size of the whole at compile time.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MaxLen {
    /// The part is not there. Of a part that a message must have, it means an empty text.
    Absent,
    /// A text of at most so many bytes of UTF-8 without `"`, `\` and control characters: a UUID, a number, a name.
    Plain(usize),
    /// Any text of at most so many bytes of UTF-8. Escaping makes it up to six times as long.
    Text(usize),
    /// An object of at most so many bytes of JSON.
    Object(usize),
}

/// The length of `{}`.
const EMPTY_OBJECT: usize = 2;

impl MaxLen {
    /// The bound of a part that is always there.
    const fn required(self) -> Self {
        match self {
            Self::Absent => Self::Plain(0),
            present => present,
        }
    }

    /// The length with quotes and escapes and a name of `name` bytes before it.
    const fn encoded(self, name: usize) -> usize {
        let value = match self {
            Self::Absent => return 0,
            Self::Plain(len) => len.saturating_add(2),
            Self::Text(len) => len.saturating_mul(6).saturating_add(2),
            Self::Object(len) if len < EMPTY_OBJECT => EMPTY_OBJECT,
            Self::Object(len) => len,
        };
        // A comma or the opening brace, two quotes and a colon.
        value.saturating_add(name).saturating_add(4)
    }
}

/// A bound on the encoded size of data messages, from bounds on their parts.
///
/// ```
/// use bachata_core::{DataMessage, DataMessageSize, MaxLen};
///
/// const SIZE: usize = DataMessageSize {
///     id: MaxLen::Plain(36),
///     kind: MaxLen::Plain(6),
///     data: MaxLen::Text(40),
///     from: MaxLen::Plain(12),
///     ..DataMessageSize::EMPTY
/// }
/// .max_encoded_len();
///
/// static mut BUFFER: [u8; SIZE] = [0; SIZE];
///
/// let message = DataMessage::new("f".repeat(36).leak() as &str, "status", i64::MIN, "\0".repeat(40).leak() as &str)
///     .with_from("123456789012");
/// assert_eq!(message.encoded_len(), SIZE);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DataMessageSize {
    /// The member `id`.
    pub id: MaxLen,
    /// The member `type`.
    pub kind: MaxLen,
    /// The member `data`.
    pub data: MaxLen,
    /// The member `from`.
    pub from: MaxLen,
    /// The member `dest`.
    pub dest: MaxLen,
    /// The member `sign`.
    pub sign: MaxLen,
}

impl DataMessageSize {
    /// `id`, `type` and `data` are empty texts, the others absent.
    pub const EMPTY: Self = Self {
        id: MaxLen::Plain(0),
        kind: MaxLen::Plain(0),
        data: MaxLen::Plain(0),
        from: MaxLen::Absent,
        dest: MaxLen::Absent,
        sign: MaxLen::Absent,
    };

    /// The length in bytes that no encoded message of such parts exceeds, whatever its `time`.
    pub const fn max_encoded_len(self) -> usize {
        // `,"time":-9223372036854775808` and the closing brace.
        const TIME_AND_BRACE: usize = 29;
        self.id
            .required()
            .encoded(2)
            .saturating_add(self.kind.required().encoded(4))
            .saturating_add(self.data.required().encoded(4))
            .saturating_add(self.from.encoded(4))
            .saturating_add(self.dest.encoded(4))
            .saturating_add(self.sign.encoded(4))
            .saturating_add(TIME_AND_BRACE)
    }
}

/// A bound on the encoded size of transport messages, from bounds on their parts.
///
/// ```
/// use bachata_core::{MaxLen, TransportMessage, TransportMessageSize, TransportType};
///
/// const RECEIPT: usize =
///     TransportMessageSize { data: MaxLen::Plain(36), sign: MaxLen::Absent }.max_encoded_len();
/// let longest = TransportMessage::new(u32::MAX, "7f6a2c1e-3b0d-4a57-9d3e-0c6f1f2a9b11");
/// assert_eq!(longest.encoded_len(), RECEIPT);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct TransportMessageSize {
    /// The member `data`: a message id, or the token of a ping.
    pub data: MaxLen,
    /// The member `sign`.
    pub sign: MaxLen,
}

impl TransportMessageSize {
    /// The length in bytes that no encoded message of such parts exceeds, whatever its type.
    pub const fn max_encoded_len(self) -> usize {
        // `{"type":4294967295` and the closing brace.
        const TYPE_AND_BRACE: usize = 19;
        self.data
            .encoded(4)
            .saturating_add(self.sign.encoded(4))
            .saturating_add(TYPE_AND_BRACE)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{DataMessage, RawObject};

    #[test]
    fn what_a_message_must_have_counts_even_where_it_is_said_to_be_absent() {
        let nothing = DataMessageSize {
            id: MaxLen::Absent,
            kind: MaxLen::Absent,
            data: MaxLen::Absent,
            ..DataMessageSize::EMPTY
        };
        let least = DataMessage::new("", "", i64::MIN, "").encoded_len();
        assert_eq!(nothing.max_encoded_len(), least);
        assert_eq!(DataMessageSize::EMPTY.max_encoded_len(), least);
        let object = DataMessage::new("", "", i64::MIN, RawObject::EMPTY).encoded_len();
        for len in 0..=2 {
            let data = MaxLen::Object(len);
            let size = DataMessageSize { data, ..nothing };
            assert_eq!(size.max_encoded_len(), object);
        }
    }
}
