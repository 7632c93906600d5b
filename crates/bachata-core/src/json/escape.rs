//! Escapes both ways (RFC 8259 section 7): reading those that the scanner has proven, writing those that `P-6` asks for.

use super::word::unescaped_run;
use crate::encode::Sink;

/// The character of the escape whose backslash has just been read, and the bytes after it. The scanner has accepted the escape.
pub(super) fn read(after_backslash: &[u8]) -> Option<(char, &[u8])> {
    let (&letter, rest) = after_backslash.split_first()?;
    let character = match letter {
        b'b' => '\u{8}',
        b'f' => '\u{c}',
        b'n' => '\n',
        b'r' => '\r',
        b't' => '\t',
        b'u' => return read_unicode(rest),
        same => char::from(same),
    };
    Some((character, rest))
}

fn read_unicode(digits: &[u8]) -> Option<(char, &[u8])> {
    let (unit, rest) = read_unit(digits)?;
    if let Some(character) = char::from_u32(unit) {
        return Some((character, rest));
    }
    let (_backslash_u, digits) = rest.split_first_chunk::<2>()?;
    let (low, rest) = read_unit(digits)?;
    let code = ((unit & 0x3ff) << 10 | low & 0x3ff).wrapping_add(0x1_0000);
    Some((char::from_u32(code)?, rest))
}

/// The four digits of a `\u` escape, and the bytes after them.
fn read_unit(digits: &[u8]) -> Option<(u32, &[u8])> {
    let (digits, rest) = digits.split_first_chunk::<4>()?;
    let mut unit = 0;
    for &digit in digits {
        unit = unit << 4 | hex_value(digit)?;
    }
    Some((unit, rest))
}

/// The value of a hexadecimal digit, of either case.
pub(super) const fn hex_value(digit: u8) -> Option<u32> {
    match digit {
        b'0'..=b'9' => Some((digit & 0xf) as u32),
        b'a'..=b'f' | b'A'..=b'F' => Some(((digit & 0xf) as u32).wrapping_add(9)),
        _ => None,
    }
}

/// Writes a text as the inside of a JSON string.
pub(crate) fn write_text<S: Sink>(text: &[u8], sink: &mut S) {
    let mut rest = text;
    while let Some((run, tail)) = rest.split_at_checked(unescaped_run(rest)) {
        sink.put(run);
        let Some((&byte, tail)) = tail.split_first() else {
            break;
        };
        sink.put(Written::of(char::from(byte)).as_bytes());
        rest = tail;
    }
}

/// One character as it stands inside a JSON string on output: escaped if `P-6` says so, otherwise UTF-8.
#[derive(Clone, Copy)]
pub(super) struct Written {
    bytes: [u8; 6],
    len: usize,
}

impl Written {
    pub(super) fn of(character: char) -> Self {
        let letter = match character {
            '"' | '\\' => character as u8,
            '\u{8}' => b'b',
            '\u{c}' => b'f',
            '\n' => b'n',
            '\r' => b'r',
            '\t' => b't',
            '\0'..='\u{1f}' => {
                let code = character as u8;
                let low = if code & 0xf < 10 {
                    b'0'
                } else {
                    b'a'.wrapping_sub(10)
                };
                let digits = [b'0' | code >> 4, low.wrapping_add(code & 0xf)];
                return Self {
                    bytes: [b'\\', b'u', b'0', b'0', digits[0], digits[1]],
                    len: 6,
                };
            }
            _ => return Self::utf8(character),
        };
        Self {
            bytes: [b'\\', letter, 0, 0, 0, 0],
            len: 2,
        }
    }

    /// The character as UTF-8, never escaped.
    pub(super) fn utf8(character: char) -> Self {
        let mut bytes = [0; 6];
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
