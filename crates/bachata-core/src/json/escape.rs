//! Escapes both ways (RFC 8259 section 7): reading those that the scanner has proven, writing those that `P-6` asks for.

use super::normal::{NormalForm, Place};
#[cfg(target_pointer_width = "64")]
use super::word::unescaped_run;
use crate::encode::Sink;

/// The short escapes: the letter after the backslash, and what it stands for.
const SHORT: [(u8, u8); 8] = [
    // The first is not written.
    (b'/', b'/'),
    (b'"', b'"'),
    (b'\\', b'\\'),
    (b'b', 0x8),
    (b'f', 0xc),
    (b'n', b'\n'),
    (b'r', b'\r'),
    (b't', b'\t'),
];

/// What the letter after a backslash stands for.
pub(super) fn short(letter: char) -> Option<u32> {
    let escape = SHORT.iter().find(|escape| char::from(escape.0) == letter)?;
    Some(u32::from(escape.1))
}

/// The value of a hexadecimal digit, of either case.
pub(super) const fn hex_value(digit: char) -> Option<u32> {
    digit.to_digit(16)
}

/// Writes a text as the inside of a JSON string.
#[cfg_attr(target_pointer_width = "64", inline(always))]
pub(crate) fn write_text<S: Sink>(text: &[u8], sink: &mut S) {
    #[cfg(target_pointer_width = "64")]
    if unescaped_run(text) == text.len() {
        return sink.put(text);
    }
    NormalForm::write(text, Place::Text, sink);
}

/// One character as it stands inside a JSON string on output: escaped if `P-6` says so, otherwise UTF-8.
#[derive(Clone, Copy)]
pub(super) struct Written {
    bytes: [u8; 6],
    len: usize,
}

impl Written {
    /// The character of this code.
    pub(super) fn of(code: u32) -> Self {
        if code >= 0x20 && code != 0x22 && code != 0x5c {
            return Self::utf8(code);
        }
        let [code, ..] = code.to_le_bytes();
        let [_, short @ ..] = &SHORT;
        if let Some(escape) = short.iter().find(|escape| escape.1 == code) {
            return Self {
                bytes: [b'\\', escape.0, 0, 0, 0, 0],
                len: 2,
            };
        }
        let mut low = code & 0xf | b'0';
        if low > b'9' {
            low = low.wrapping_add(b'a' - b':');
        }
        Self {
            bytes: [b'\\', b'u', b'0', b'0', code >> 4 | b'0', low],
            len: 6,
        }
    }

    /// The character of this code as UTF-8, never escaped.
    pub(super) fn utf8(code: u32) -> Self {
        let mut bytes = [0; 6];
        let character = char::from_u32(code).unwrap_or_default();
        let len = character.encode_utf8(&mut bytes).len();
        Self { bytes, len }
    }

    pub(super) const fn is_escape(&self) -> bool {
        let [first, ..] = self.bytes;
        first == b'\\'
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

impl IntoIterator for Written {
    type Item = u8;
    type IntoIter = core::iter::Take<core::array::IntoIter<u8, 6>>;

    fn into_iter(self) -> Self::IntoIter {
        self.bytes.into_iter().take(self.len)
    }
}
