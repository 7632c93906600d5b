//! What a string holds besides plain ASCII: escapes and characters of several bytes, several of which mostly come together.

use super::word::{plain_end, plain_in_word};

/// Where the quote is that closes a string, and whether there are escapes before it, from anywhere between two characters of the string on.
/// None where the string is not valid; where, and why, is for the scanner to say.
#[cold]
#[inline(never)]
pub(crate) fn string_end(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut at = start;
    let mut escaped = false;
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    let (mut few, mut near) = (0..FEW, at.wrapping_add(NEAR));
    loop {
        let rest = bytes.get(at..)?;
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        if matches!(rest, [b'\\' | 0x80.., ..]) && few.next().is_none() {
            if at < near {
                let (end, more) = super::text::string_end(bytes, at)?;
                return Some((end, escaped | more));
            }
            let reach = if rest.len() < 64 { NEAR } else { NEAR_IN_LONG };
            (few, near) = (0..FEW, at.wrapping_add(reach));
        }
        let length = match *rest.first()? {
            b'"' => return Some((at, escaped)),
            b'\\' => {
                escaped = true;
                escape_len(rest)?
            }
            0x80.. => character_len(rest)?,
            // A control character.
            ..0x20 => return None,
            // A guess that it goes on like that is faster than a look.
            _ if matches!(rest, [_, b'\\' | 0x80.., ..]) => 1,
            _ => match rest.first_chunk().map(plain_in_word) {
                Some(8) => {
                    at = plain_end(bytes, at.wrapping_add(8));
                    continue;
                }
                Some(plain) => plain,
                None => 1,
            },
        };
        at = at.wrapping_add(length);
    }
}

/// So many characters within so many bytes, and one by one they take longer than 64 bytes at once: a block has its price, whatever is in it.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
const FEW: u32 = 2;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
const NEAR: usize = 8;
/// Where there are whole blocks.
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
const NEAR_IN_LONG: usize = 20;

/// The length of the escape at the start of `bytes` (RFC 8259 section 7), a surrogate pair being one, or of two of the most common.
#[inline(always)]
fn escape_len(bytes: &[u8]) -> Option<usize> {
    match bytes {
        [
            _,
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't',
            ..,
        ] => Some(2),
        [_, b'u', rest @ ..] => {
            let (high, rest) = rest.split_first_chunk()?;
            match unit(*high)? >> 10 {
                // The first half of a pair.
                0b11_0110 => {
                    let [b'\\', b'u', rest @ ..] = rest else {
                        return None;
                    };
                    let low = unit(*rest.first_chunk()?)?;
                    (low >> 10 == 0b11_0111).then_some(12)
                }
                0b11_0111 => None,
                _ => Some(6),
            }
        }
        _ => None,
    }
}

/// The number that four hexadecimal digits are.
#[inline(always)]
fn unit(digits: [u8; 4]) -> Option<u32> {
    let [a, b, c, d] = digits.map(|digit| HEX.get(usize::from(digit)).copied().unwrap_or(NO_DIGIT));
    let unit = a << 12 | b << 8 | c << 4 | d;
    (unit < 0x1_0000).then_some(unit)
}

/// The value of each hexadecimal digit.
const HEX: [u32; 256] = {
    let mut values = [NO_DIGIT; 256];
    let mut code = 0;
    while code < 256 {
        #[expect(
            clippy::indexing_slicing,
            clippy::cast_possible_truncation,
            reason = "at compile time"
        )]
        if let Some(value) = (code as u8 as char).to_digit(16) {
            values[code] = value;
        }
        code = code.wrapping_add(1);
    }
    values
};

/// Wherever it is shifted to, it shows.
const NO_DIGIT: u32 = 0x1_0000;

/// The length of the character beyond ASCII at the start of `bytes` (RFC 3629 section 4).
#[inline(always)]
fn character_len(bytes: &[u8]) -> Option<usize> {
    // A closing quote and a brace follow the shortest character.
    let word = u32::from_le_bytes(*bytes.first_chunk()?);
    if word & 0xc0e0 == 0x80c0 {
        // Not overlong.
        (word & 0x1e != 0).then_some(2)
    } else if word & 0xc0_c0f0 == 0x80_80e0 {
        // Neither overlong nor a surrogate.
        (word & 0x200f != 0 && word & 0x200f != 0x200d).then_some(3)
    } else if word & 0xc0c0_c0f8 == 0x8080_80f0 {
        // Not overlong, and not above U+10FFFF.
        (word & 0x3007 != 0 && (word & 4 == 0 || word & 0x3003 == 0)).then_some(4)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::super::scanner::Scanner;
    use super::*;

    /// Both ways agree about the escape that `bytes` begin with.
    fn check_escape(bytes: &[u8]) {
        let mut scanner = Scanner::new(bytes);
        scanner.escape();
        let expected = scanner.error().is_none().then(|| scanner.at());
        assert_eq!(escape_len(bytes), expected, "{bytes:02x?}");
    }

    /// Both ways agree about the string that `bytes` begin with.
    fn check(bytes: &[u8]) {
        let mut scanner = Scanner::new(bytes);
        scanner.skip();
        scanner.string_by_character();
        let expected = scanner.error().is_none().then(|| {
            let end = scanner.at() - 1;
            (end, bytes[..end].contains(&b'\\'))
        });
        assert_eq!(string_end(bytes, 1), expected, "{bytes:02x?}");
    }

    #[test]
    fn all_sequences_of_three_bytes_are_those_of_the_scanner() {
        for first in 0..=u8::MAX {
            for second in 0..=u8::MAX {
                for third in 0..=u8::MAX {
                    check(&[b'"', first, second, third, b'"', b'}']);
                }
            }
        }
    }

    #[test]
    fn the_length_of_a_character_is_that_of_core() {
        for first in 0x80..=u8::MAX {
            for second in 0..=u8::MAX {
                for rest in [[0x22, 0x7d], [0x80, 0x7d], [0x80, 0x80], [0xbf, 0xbf]] {
                    let bytes = [first, second, rest[0], rest[1]];
                    let is_one = |len: &usize| {
                        let text = core::str::from_utf8(&bytes[..*len]);
                        text.is_ok_and(|text| text.chars().count() == 1)
                    };
                    assert_eq!(character_len(&bytes), (2..=4).find(is_one), "{bytes:02x?}");
                }
            }
        }
    }

    #[test]
    fn all_characters_of_four_bytes_are_those_of_the_scanner() {
        for lead in 0xc0..=u8::MAX {
            for second in 0..=u8::MAX {
                for rest in [
                    [0x80, 0x80],
                    [0xbf, 0xbf],
                    [0x7f, 0x80],
                    [0x80, 0xc0],
                    [0xc2, 0xbf],
                    [0xc1, 0x80],
                ] {
                    check(&[b'"', lead, second, rest[0], rest[1], b'"', b'}']);
                    if lead >= 0xf0 {
                        check(&[b'"', lead, second, rest[0], rest[1], b'"']);
                    }
                }
            }
        }
    }

    #[test]
    fn all_escapes_are_those_of_the_scanner() {
        for unit in 0..=u16::MAX {
            for tail in ["", "\\udc00", "\\uDFFFx", "\\ud800", "\\n", "g"] {
                let string = std::format!("\"\\u{unit:04x}{tail}\"}}");
                check(string.as_bytes());
                check_escape(&string.as_bytes()[1..]);
            }
            let [first, second] = unit.to_be_bytes();
            let string = [b'"', b'\\', b'u', b'0', first, second, b'0', b'"', b'}'];
            check(&string);
            check_escape(&string[1..]);
            check_escape(&[b'\\', first, second, b'"']);
            check_escape(&[b'\\', b'u', b'0', b'0', first, second, b'"']);
        }
        for cut in 0..14 {
            check(&br#""\ud83d\ude00"}"#[..cut]);
        }
    }

    #[test]
    fn characters_of_all_kinds_may_follow_one_another() {
        let parts = [
            "x",
            "xxxxxxxxxxxxxxxxxxxxx",
            "\\n",
            "\\u00e9",
            "é",
            "€",
            "😀",
        ];
        for number in 0..parts.len().pow(5) {
            let mut string = std::string::String::from("\"");
            let mut number = number;
            for _ in 0..5 {
                string.push_str(parts[number % parts.len()]);
                number /= parts.len();
            }
            string.push_str("\"}");
            check(string.as_bytes());
        }
    }
}
