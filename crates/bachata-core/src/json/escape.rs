//! Escapes both ways (RFC 8259 section 7): reading those that the scanner has proven, writing those that `P-6` asks for.

use super::normal::{NormalForm, Of};
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
    NormalForm::write(text, Of::Text, sink);
}

/// One character as it stands inside a JSON string on output: escaped if `P-6` says so, otherwise UTF-8. Its bytes are those of the number
/// from the lowest up, and the highest says how many there are.
// A number and not an array, because it is returned in registers.
#[derive(Clone, Copy)]
pub(super) struct Written(u64);

impl Written {
    const fn new(bytes: u64, len: u32) -> Self {
        Self(bytes | (len as u64) << 56)
    }

    /// The character of this code.
    pub(super) const fn of(code: u32) -> Self {
        let letter = match code {
            0x8 => b'b' as u32,
            0x9 => b't' as u32,
            0xa => b'n' as u32,
            0xc => b'f' as u32,
            0xd => b'r' as u32,
            0x22 | 0x5c => code,
            0x20.. => return Self::utf8(code),
            control => {
                let mut low = control & 0xf | 0x30;
                if low > 0x39 {
                    low = low.wrapping_add(0x27);
                }
                let digits = (control >> 4 | 0x30 | low << 8) as u64;
                return Self::new(digits << 32 | u32::from_le_bytes(*b"\\u00") as u64, 6);
            }
        };
        Self::new((letter << 8 | b'\\' as u32) as u64, 2)
    }

    /// The character of this code as UTF-8, never escaped.
    pub(super) const fn utf8(code: u32) -> Self {
        let (mut bytes, mut lead, mut len) = (0, code, 1_u32);
        let mut mark = 0_u32;
        // Below the mark and a zero bit the first byte has room.
        while lead > (!mark & 0xff) >> 1 {
            bytes = (bytes | lead & 0x3f | 0x80) << 8;
            lead >>= 6;
            mark = mark_of_more(mark);
            len = len.wrapping_add(1);
        }
        Self::new((bytes | mark | lead) as u64, len)
    }

    pub(super) const fn is_escape(self) -> bool {
        let [first, ..] = self.0.to_le_bytes();
        first == b'\\'
    }

    pub(super) fn put<S: Sink>(self, sink: &mut S) {
        let bytes = self.0.to_le_bytes();
        let [.., len] = bytes;
        sink.put(bytes.get(..usize::from(len)).unwrap_or_default());
    }
}

/// The bits that say in the first byte how many follow, where one follows more.
const fn mark_of_more(mark: u32) -> u32 {
    mark >> 1 | 0xc0
}

impl IntoIterator for Written {
    type Item = u8;
    type IntoIter = core::iter::Take<core::array::IntoIter<u8, 8>>;

    fn into_iter(self) -> Self::IntoIter {
        let bytes = self.0.to_le_bytes();
        let [.., len] = bytes;
        bytes.into_iter().take(usize::from(len))
    }
}
