use core::fmt;

use crate::Member;

/// Why a frame is not a message, at which byte, and in which member. Eight bytes, `Copy`.
///
/// The frame that gave the error is untouched, and nothing of it has been taken.
///
/// ```
/// use bachata_core::{Member, Message, ParseErrorKind};
///
/// let error = Message::parse(br#"{"type":1001,"data":[1,2,]}"#).unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::TrailingComma);
/// assert_eq!(error.offset(), 25);
/// assert_eq!(error.member(), Some(Member::Data));
/// assert_eq!(error.to_string(), "trailing comma at byte 25, in \"data\"");
///
/// let error = Message::parse(br#"{"type" 1001}"#).unwrap_err();
/// assert_eq!(error.to_string(), "expected ':' at byte 8");
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ParseError {
    kind: ParseErrorKind,
    member: Option<Member>,
    offset: u32,
}

impl ParseError {
    /// The caller has made sure that the frame is not too long for it, by [`has_offsets`].
    pub(crate) fn new(kind: ParseErrorKind, offset: usize, member: Option<Member>) -> Self {
        Self {
            kind,
            member,
            offset: u32::try_from(offset).unwrap_or(u32::MAX),
        }
    }

    /// What is wrong.
    pub const fn kind(self) -> ParseErrorKind {
        self.kind
    }

    /// Where: bytes from the start of the frame to the byte at fault. Where something is missing at the end, the length
    /// of the frame; where a member is missing, the position of the closing brace.
    pub const fn offset(self) -> usize {
        self.offset as usize
    }

    /// The member it concerns: the one in whose value the error is, or the one that is missing or repeated.
    pub const fn member(self) -> Option<Member> {
        self.member
    }
}

/// Whether each place in a frame of this length, and its end, is told by an offset of 32 bits.
#[inline(always)]
pub(crate) const fn has_offsets(frame_len: usize) -> bool {
    usize::BITS <= 32 || frame_len <= u32::MAX as usize
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ParseErrorKind::{DuplicateMember, MissingMember};
        let Self {
            kind,
            member,
            offset,
        } = self;
        match (kind, member) {
            (DuplicateMember | MissingMember, Some(member)) => {
                write!(f, "{kind} \"{member}\" at byte {offset}")
            }
            (_, Some(member)) => write!(f, "{kind} at byte {offset}, in \"{member}\""),
            (_, None) => write!(f, "{kind} at byte {offset}"),
        }
    }
}

impl core::error::Error for ParseError {}

impl ParseErrorKind {
    /// Whether it is about a byte that starts no token which may stand there.
    pub(crate) const fn wants_token(self) -> bool {
        matches!(
            self,
            Self::ExpectedObject
                | Self::ExpectedName
                | Self::ExpectedColon
                | Self::ExpectedCommaOrBrace
                | Self::ExpectedCommaOrBracket
                | Self::ExpectedValue
                | Self::TrailingData
        )
    }
}

/// Makes the enum and its `Display` from one table.
macro_rules! parse_error_kinds {
    ($($(#[doc = $doc:literal])+ $name:ident => $text:literal,)+) => {
        /// What is wrong with a frame. Its `Display` is the reason without the position.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum ParseErrorKind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl fmt::Display for ParseErrorKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)+
                })
            }
        }
    };
}

parse_error_kinds! {
    /// The frame ends before its message does. Every proper prefix of a message gives this, at its length.
    UnexpectedEnd => "unexpected end of the frame",
    /// The frame starts with a byte-order mark (`P-1`).
    ByteOrderMark => "byte-order mark",
    /// The frame is not a JSON object (`P-1`).
    ExpectedObject => "expected '{'",
    /// A member name must stand here.
    ExpectedName => "expected a member name",
    /// A colon must stand here.
    ExpectedColon => "expected ':'",
    /// A member has ended.
    ExpectedCommaOrBrace => "expected ',' or '}'",
    /// An array element has ended.
    ExpectedCommaOrBracket => "expected ',' or ']'",
    /// A value must stand here.
    ExpectedValue => "expected a value",
    /// Something other than whitespace after the object (`P-1`).
    TrailingData => "unexpected data after the message",
    /// A comma with a closing bracket after it; the offset is that of the bracket (`P-2`).
    TrailingComma => "trailing comma",
    /// JSON has no comments (`P-2`).
    Comment => "comment",
    /// Neither `true`, `false` nor `null`.
    InvalidLiteral => "invalid literal",
    /// Not a JSON number: `01`, `1.`, `+1`, `.5`, `NaN` (`P-2`, RFC 8259 section 6).
    InvalidNumber => "invalid number",
    /// A backslash with something after it that is no escape (`P-2`, RFC 8259 section 7).
    InvalidEscape => "invalid escape",
    /// Half of a surrogate pair; the offset is that of its backslash (`P-2`).
    LoneSurrogate => "lone surrogate",
    /// A byte below 0x20 that stands in a string as it is (`P-2`).
    ControlCharacter => "control character in a string",
    /// Ill-formed UTF-8; the offset is that of the first byte of the ill-formed sequence (`P-2`).
    InvalidUtf8 => "invalid UTF-8",
    /// More than [`MAX_DEPTH`](crate::MAX_DEPTH) containers in one another (`P-3`).
    TooDeep => "nested too deep",
    /// One of the seven known members for the second time; the offset is that of its name (`P-4`).
    DuplicateMember => "duplicate member",
    /// A required member is absent; the offset is that of the closing brace (`P-7`, `P-8`, `P-10`).
    MissingMember => "missing member",
    /// The member must be a string (`P-8`, `P-10`).
    ExpectedString => "expected a string",
    /// The member must be an integer (`P-8`).
    ExpectedInteger => "expected an integer",
    /// `type` is neither a string nor an integer (`P-7`).
    ExpectedStringOrInteger => "expected a string or an integer",
    /// `data` is neither a string nor an object (`P-8`).
    ExpectedStringOrObject => "expected a string or an object",
    /// `time` is beyond an i64, or `type` is outside 0 to 2³²−1 (`P-8`, `P-11`).
    OutOfRange => "integer out of range",
    /// The frame is longer than 2³²−1 bytes.
    TooLong => "frame too long",
}

/// The output is too small, and how large it must be. What has been written to it is unspecified.
///
/// ```
/// use bachata_core::{BufferTooSmall, TransportMessage};
///
/// let pong = TransportMessage::pong();
/// let mut buffer = [0; 13];
/// assert_eq!(pong.encode(&mut buffer)?, br#"{"type":1002}"#);
/// let error = pong.encode(&mut buffer[..12]).unwrap_err();
/// assert_eq!(error, BufferTooSmall { needed: 13, capacity: 12 });
/// assert_eq!(error.to_string(), "13 bytes needed, 12 available");
/// # Ok::<(), BufferTooSmall>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct BufferTooSmall {
    /// Bytes that the whole takes.
    pub needed: usize,
    /// Bytes that there were.
    pub capacity: usize,
}

impl fmt::Display for BufferTooSmall {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} bytes needed, {} available",
            self.needed, self.capacity
        )
    }
}

impl core::error::Error for BufferTooSmall {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_offset_has_32_bits() {
        assert!(has_offsets(0) && has_offsets(u32::MAX as usize));
        #[cfg(target_pointer_width = "64")]
        assert!(!has_offsets(u32::MAX as usize + 1) && !has_offsets(usize::MAX));
    }
}
