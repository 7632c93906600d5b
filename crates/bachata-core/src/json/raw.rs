use core::fmt;

use super::JsonStr;
use super::normal::{NormalForm, Of};
use super::scanner::Scanner;
use crate::encode::{FmtSink, Sink};
use crate::{ParseError, ParseErrorKind};

/// A JSON value, proven to be one, as the bytes that it came in.
///
/// Two are equal when they differ in nothing but insignificant whitespace and the way characters are escaped. Numbers are compared as they
/// are written, members in their order.
///
/// ```
/// use bachata_core::{JsonKind, ParseErrorKind, RawJson};
///
/// let value = RawJson::new(br#"[1.0, "\u00e9"]"#)?;
/// assert_eq!(value.kind(), JsonKind::Array);
/// assert_eq!(value.as_bytes(), br#"[1.0, "\u00e9"]"#);
/// assert_eq!(value.to_string(), r#"[1.0,"é"]"#);
/// assert_eq!(value, RawJson::new("[1.0,\"é\"]".as_bytes())?);
///
/// let error = RawJson::new(b"[1.0, 01]").unwrap_err();
/// assert_eq!((error.kind(), error.offset()), (ParseErrorKind::InvalidNumber, 7));
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct RawJson<'a> {
    bytes: &'a [u8],
    /// The bytes are known to be in normal form.
    normal: usize,
}

/// What kind of JSON value something is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum JsonKind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool,
    /// An integer or a number with a fraction or an exponent.
    Number,
    /// A string.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'a> RawJson<'a> {
    /// Proves that `json` is one JSON value, with nothing but whitespace around it, that can be a member of a message.
    ///
    /// # Errors
    ///
    /// It is not (RFC 8259), or it is nested deeper than 126 containers, with the offset of the byte at fault.
    pub fn new(json: &'a [u8]) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(json);
        scanner.check_len();
        let value = scanner.next_value();
        scanner.end();
        match scanner.error() {
            Some(error) => Err(error),
            None => Ok(value),
        }
    }

    /// A value that the scanner has proven.
    pub(crate) const fn scanned(bytes: &'a [u8], normal: bool) -> Self {
        Self {
            bytes,
            normal: normal as usize,
        }
    }

    /// Whether the value is known to be in normal form.
    pub(crate) const fn is_normal(self) -> bool {
        self.normal != 0
    }

    /// The value as it came, from its first byte to its last.
    pub const fn as_bytes(self) -> &'a [u8] {
        self.bytes
    }

    /// The value as it came.
    pub fn as_str(self) -> &'a str {
        core::str::from_utf8(self.bytes).unwrap_or_default()
    }

    /// What kind of value it is.
    pub const fn kind(self) -> JsonKind {
        match self.bytes {
            [b'"', ..] => JsonKind::String,
            [b'{', ..] => JsonKind::Object,
            [b'[', ..] => JsonKind::Array,
            [b't' | b'f', ..] => JsonKind::Bool,
            [b'n', ..] => JsonKind::Null,
            _ => JsonKind::Number,
        }
    }

    /// The text, if the value is a string.
    pub fn as_text(self) -> Option<JsonStr<'a>> {
        let [b'"', inside @ .., _quote] = self.bytes else {
            return None;
        };
        // A string has no insignificant whitespace, so what is not normal is an escape.
        Some(JsonStr::scanned(inside, !self.is_normal()))
    }

    /// The integer that the value is.
    ///
    /// # Errors
    ///
    /// It is none, or beyond an i64.
    #[cfg(any(test, feature = "serde"))]
    pub(crate) fn as_integer(self) -> Result<i64, ParseErrorKind> {
        integer(self.bytes)
    }

    /// The value in normal form.
    pub(crate) fn write<S: Sink>(self, sink: &mut S) {
        if self.is_normal() {
            return sink.put(self.bytes);
        }
        NormalForm::write(self.bytes, Of::Value, sink);
    }
}

/// The integer that a value is which the scanner has proven.
///
/// # Errors
///
/// It is none, or beyond an i64.
pub(crate) fn integer(value: &[u8]) -> Result<i64, ParseErrorKind> {
    let mut magnitude = 0_u64;
    for &byte in value {
        let digit = byte ^ b'0';
        if digit <= 9 {
            magnitude = magnitude.wrapping_mul(10).wrapping_add(u64::from(digit));
        } else if byte != b'-' {
            // A sign inside of the number would follow an exponent.
            return Err(ParseErrorKind::ExpectedInteger);
        }
    }
    let negative = matches!(value, [b'-', ..]);
    let digits = value.len().wrapping_sub(usize::from(negative));
    let magnitude = magnitude.cast_signed();
    let integer = if negative {
        magnitude.wrapping_neg()
    } else {
        magnitude
    };
    // The scanner lets no leading zeros through, and 19 digits don't overflow the magnitude; beyond an i64 the sign comes out wrong.
    if digits > 19 || integer != 0 && integer.is_negative() != negative {
        return Err(ParseErrorKind::OutOfRange);
    }
    Ok(integer)
}

impl PartialEq for RawJson<'_> {
    fn eq(&self, other: &Self) -> bool {
        if self.is_normal() && other.is_normal() {
            return self.bytes == other.bytes;
        }
        let [a, b] = [self, other].map(|value| NormalForm::new(value.bytes, Of::Value));
        a.same(b)
    }
}

impl Eq for RawJson<'_> {}

/// The normal form: without insignificant whitespace, strings escaped as in output (`P-6`).
impl fmt::Display for RawJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        FmtSink::write(f, |sink| RawJson::write(*self, sink))
    }
}

/// The value as it came.
impl fmt::Debug for RawJson<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for RawJson<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{=str}", self.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    fn raw(json: &str) -> RawJson<'_> {
        RawJson::new(json.as_bytes()).unwrap()
    }

    #[test]
    fn display_is_the_normal_form() {
        for (json, normal) in [
            (
                r#" { "a" : [ 1 , 2.0 , -0 , 1E+2 ] , "" : { } } "#,
                r#"{"a":[1,2.0,-0,1E+2],"":{}}"#,
            ),
            (r#""\u0061\/\u00e9\ud83d\ude00""#, r#""a/é😀""#),
            (
                r#""\u0022\u005C\u0008\u000C\u000A\u000D\u0009\u001F\u0000""#,
                r#""\"\\\b\f\n\r\t\u001f\u0000""#,
            ),
            (r#"{" a b ":" \" , : "}"#, r#"{" a b ":" \" , : "}"#),
            ("[ ]", "[]"),
            ("\t\r\n true ", "true"),
            ("\"\u{2028}\u{7f}\"", "\"\u{2028}\u{7f}\""),
            (r#"["","\\","\\\"",""]"#, r#"["","\\","\\\"",""]"#),
        ] {
            assert_eq!(raw(json).to_string(), normal);
            assert_eq!(raw(normal).to_string(), normal);
            assert_eq!(raw(json), raw(normal));
            assert!(normal.len() <= json.len());
        }
    }

    #[test]
    fn different_values_are_different() {
        let values = [
            "1",
            "1.0",
            "10",
            "\"1\"",
            "[1]",
            "[1,0]",
            "\"[ 1]\"",
            "\"[1]\"",
            "\"\\u0031 \"",
            "{}",
            "[]",
        ];
        for (i, a) in values.iter().enumerate() {
            for (j, b) in values.iter().enumerate() {
                assert_eq!(raw(a) == raw(b), i == j, "{a} {b}");
            }
        }
    }

    #[test]
    fn integers() {
        let integer = |json| raw(json).as_integer();
        assert_eq!(integer("0"), Ok(0));
        assert_eq!(integer("-0"), Ok(0));
        assert_eq!(integer("9223372036854775807"), Ok(i64::MAX));
        assert_eq!(integer("-9223372036854775808"), Ok(i64::MIN));
        for beyond in [
            "9223372036854775808",
            "-9223372036854775809",
            "18446744073709551616",
            "99999999999999999999999",
        ] {
            assert_eq!(integer(beyond), Err(ParseErrorKind::OutOfRange));
        }
        for other in ["1.0", "1e2", "-1E2", "\"1\"", "null", "[1]", "true"] {
            assert_eq!(integer(other), Err(ParseErrorKind::ExpectedInteger));
        }
    }
}
