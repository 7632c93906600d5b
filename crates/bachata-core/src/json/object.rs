use core::fmt;

use super::RawJson;
use crate::envelope::offset_in;
use crate::{ParseError, ParseErrorKind};

/// A JSON object, proven to be one: the second form that the `data` of a message may have.
///
/// ```
/// use bachata_core::{ParseErrorKind, RawObject};
///
/// let object = RawObject::new(br#"{ "on": true }"#)?;
/// assert_eq!(object.to_string(), r#"{"on":true}"#);
///
/// let error = RawObject::new(b"[true]").unwrap_err();
/// assert_eq!(error.kind(), ParseErrorKind::ExpectedObject);
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RawObject<'a>(RawJson<'a>);

impl<'a> RawObject<'a> {
    /// `{}`
    pub const EMPTY: Self = Self(RawJson::scanned(b"{}", true));

    /// Proves that `json` is one JSON object, with nothing but whitespace around it, that can be the `data` of a message.
    ///
    /// # Errors
    ///
    /// It is not (RFC 8259), or it is nested deeper than 126 containers, with the offset of the byte at fault.
    pub fn new(json: &'a [u8]) -> Result<Self, ParseError> {
        let value = RawJson::new(json)?;
        let start = offset_in(json, value.as_bytes());
        Self::of(value).ok_or(ParseError::new(ParseErrorKind::ExpectedObject, start, None))
    }

    /// The value, if it is an object.
    pub const fn of(value: RawJson<'a>) -> Option<Self> {
        match value.as_bytes() {
            [b'{', ..] => Some(Self(value)),
            _ => None,
        }
    }

    /// The object as a value.
    pub const fn as_json(self) -> RawJson<'a> {
        self.0
    }

    /// The object as it came, from its opening brace to its closing one.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.0.as_bytes()
    }

    /// The object as it came.
    pub fn as_str(self) -> &'a str {
        self.0.as_str()
    }
}

/// `{}`
impl Default for RawObject<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a> From<RawObject<'a>> for RawJson<'a> {
    fn from(object: RawObject<'a>) -> Self {
        object.0
    }
}

/// The normal form, as of [`RawJson`].
impl fmt::Display for RawObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

/// The object as it came.
impl fmt::Debug for RawObject<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.0, f)
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for RawObject<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        self.0.format(f);
    }
}
