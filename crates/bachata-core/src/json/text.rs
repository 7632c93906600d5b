//! What strings hold besides plain ASCII, 64 bytes at a time: escapes and UTF-8 as relations between neighbouring bytes, a bit for each byte.
//!
//! Where such characters come thick, a look at each of them alone takes several times as long.

use super::vector::{Block, Vector};

/// Where the quote is that closes a string, and whether there are escapes before it, from anywhere between two characters of the string on.
/// None where the string is not valid.
#[inline(never)]
pub(super) fn string_end(bytes: &[u8], start: usize) -> Option<(usize, bool)> {
    let mut text = Text::default();
    let mut escaped = false;
    let mut at = start;
    loop {
        let block = Block::at_start(bytes.get(at..)?);
        let found = if text.pending != 0 || block.any_special() {
            text.look_closely(&block)
        } else {
            Found::default()
        };
        let quotes = block.bits(|vector| vector.is(b'"')) & !found.escaped;
        // Up to the first one.
        let seen = quotes ^ quotes.wrapping_sub(1);
        if found.wrong & seen != 0 {
            return None;
        }
        escaped |= found.escapes & seen != 0;
        if quotes != 0 {
            return Some((at.wrapping_add(quotes.trailing_zeros() as usize), escaped));
        }
        at = at.wrapping_add(Block::LEN);
    }
}

/// What the blocks before say about the next one.
#[derive(Default)]
pub(super) struct Text {
    /// Any bit that is set: something has begun that has not ended.
    pending: u64,
    /// The first byte is escaped. A bit, like those that follow.
    escaped: u64,
    /// The bytes that are hexadecimal digits of an escape, or follow the first half of a surrogate pair: none where this is zero.
    unicode_follows: u64,
    /// Each `u` of an escape.
    unicode: u64,
    /// Each first digit of an escape that is a `d`.
    first_d: u64,
    /// Each second digit of the first half of a surrogate pair.
    high: u64,
    /// The bytes that belong to a character.
    continuation: u64,
    /// The first byte follows one of those that narrow what may follow.
    e0: u64,
    ed: u64,
    f0: u64,
    f4: u64,
}

/// What has been seen in a block. It is also seen where no string is; whatever is special there is an error anyway.
#[derive(Default)]
pub(super) struct Found {
    /// Bytes that can't be where they are.
    pub(super) wrong: u64,
    /// Backslashes that begin an escape.
    pub(super) escapes: u64,
    /// Bytes after those.
    pub(super) escaped: u64,
}

impl Text {
    /// What is special in a block.
    #[inline(always)]
    pub(super) fn look(&mut self, block: &Block, bytes: &[u8]) -> Found {
        if self.pending == 0 && !block.any_special() {
            return Found::default();
        }
        self.look_again(bytes)
    }

    /// Loads the block once more, so that the caller has it in registers.
    #[inline(never)]
    fn look_again(&mut self, bytes: &[u8]) -> Found {
        self.look_closely(&Block::at_start(bytes))
    }

    #[inline(always)]
    fn look_closely(&mut self, block: &Block) -> Found {
        let mut found = Found {
            wrong: block.bits(|vector| vector.at_most(0x1f)),
            ..Found::default()
        };
        let high = block.bits(Vector::is_high);
        if high | self.continuation != 0 {
            let (misplaced, forbidden) = self.characters(block, high);
            found.wrong |= misplaced | forbidden;
        }
        let backslashes = block.bits(|vector| vector.is(b'\\'));
        if backslashes | self.pending_escapes() != 0 {
            self.escapes(block, backslashes, &mut found);
        }
        self.pending = self.pending();
        found
    }

    /// What the block has left open.
    const fn pending(&self) -> u64 {
        self.pending_escapes() | self.continuation
    }

    const fn pending_escapes(&self) -> u64 {
        self.escaped | self.unicode_follows
    }

    /// What is wrong with characters beyond ASCII (RFC 3629 section 4): bytes that continue none or that should, and those that no character has there.
    #[inline(always)]
    fn characters(&mut self, block: &Block, high: u64) -> (u64, u64) {
        let continuation = block.bits(|vector| vector.is_high_below(0xc0));
        let lead = high & !continuation;
        let of_three = block.bits(|vector| vector.at_least(0xe0));
        let mut expected = lead << 1 | of_three << 2 | self.continuation;
        self.continuation = lead >> 63 | of_three >> 62;
        // Those that can't be, that narrow what may follow, and that lead a character of four bytes.
        let rare = block.bits(|vector| {
            (vector.is_pair(0xc0) | vector.at_least(0xf0)) | (vector.is(0xe0) | vector.is(0xed))
        });
        let mut forbidden = 0;
        if rare | self.e0 | self.ed | self.f0 | self.f4 != 0 {
            let of_four = block.bits(|vector| vector.at_least(0xf0));
            expected |= of_four << 3;
            self.continuation |= of_four >> 61;
            forbidden = self.rare_characters(block);
        }
        (expected ^ continuation, forbidden)
    }

    /// What is overlong, a surrogate, or above U+10FFFF.
    #[inline(always)]
    fn rare_characters(&mut self, block: &Block) -> u64 {
        let never = block.bits(|vector| vector.is_pair(0xc0) | vector.at_least(0xf5));
        let below_90 = block.bits(|vector| vector.is_high_below(0x90));
        let below_a0 = block.bits(|vector| vector.is_high_below(0xa0));
        let after = |byte, before: &mut u64| {
            let bits = block.bits(|vector| vector.is(byte));
            let after = bits << 1 | *before;
            *before = bits >> 63;
            after
        };
        never
            | after(0xe0, &mut self.e0) & below_a0
            | after(0xed, &mut self.ed) & !below_a0
            | after(0xf0, &mut self.f0) & below_90
            | after(0xf4, &mut self.f4) & !below_90
    }

    /// Finds the escapes (RFC 8259 section 7).
    #[inline(always)]
    fn escapes(&mut self, block: &Block, backslashes: u64, found: &mut Found) {
        // Of a run of backslashes every other one begins an escape.
        let ends = every_other(backslashes & !self.escaped);
        found.escaped = escaped_bytes(ends, backslashes, self.escaped);
        found.escapes = ends & backslashes;
        self.escaped = found.escapes >> 63;

        let unicode = block.bits(|vector| vector.is(b'u')) & found.escaped;
        let short = block.bits(|vector| {
            ((vector.is(b'"') | vector.is(b'\\')) | (vector.is(b'/') | vector.is(b'b')))
                | ((vector.is(b'f') | vector.is(b'n')) | (vector.is(b'r') | vector.is(b't')))
        });
        found.wrong |= found.escaped & !short & !unicode;
        if unicode | self.unicode_follows != 0 {
            found.wrong |= self.unicode_escapes(block, unicode, found.escapes);
        }
    }

    /// What is wrong with escapes by number.
    #[inline(always)]
    fn unicode_escapes(&mut self, block: &Block, unicode: u64, escapes: u64) -> u64 {
        let after = |bits: u64, before: u64, count: u32| {
            bits.wrapping_shl(count) | before.wrapping_shr(64_u32.wrapping_sub(count))
        };
        let hex = block
            .bits(|vector| vector.between(b'0', b'9') | vector.lower_case().between(b'a', b'f'));
        let digits = after(unicode, self.unicode, 1)
            | after(unicode, self.unicode, 2)
            | after(unicode, self.unicode, 3)
            | after(unicode, self.unicode, 4);

        // By their second digit.
        let d = block.bits(|vector| vector.lower_case().is(b'd'));
        let first_d = after(unicode, self.unicode, 1) & d;
        let below_8 = block.bits(|vector| vector.at_most(b'7'));
        let surrogates = after(first_d, self.first_d, 1) & !below_8;
        let from_c = block.bits(|vector| vector.lower_case().at_least(b'c'));
        let low = surrogates & from_c;
        let high = surrogates & !from_c;
        // After a first half the string goes on, so none is behind its end.
        let wrong = digits & !hex
            | after(high, self.high, 3) & !escapes
            | after(high, self.high, 4) & !unicode
            | after(high, self.high, 6) ^ low;

        (self.unicode, self.first_d, self.high) = (unicode, first_d, high);
        self.unicode_follows = unicode >> 60 | high >> 58;
        wrong
    }
}

/// Of each run of backslashes every other one from the first on, and the bit after it where the last is among them.
#[inline(always)]
const fn every_other(backslashes: u64) -> u64 {
    const ODD: u64 = 0xaaaa_aaaa_aaaa_aaaa;
    // A subtraction borrows through a run, from its end if its length is odd.
    (backslashes << 1 | ODD).wrapping_sub(backslashes) ^ ODD
}

/// The bytes that are escaped: `before` of the block, and those after the backslashes in `ends`.
#[inline(always)]
const fn escaped_bytes(ends: u64, backslashes: u64, before: u64) -> u64 {
    ends ^ (backslashes | before)
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::scanner::Scanner;
    use super::*;

    /// The scanner, character by character, finds the same end of the string that starts at `start`.
    fn check(bytes: &[u8], start: usize) {
        let mut scanner = Scanner::new(bytes);
        scanner.skip_by(start);
        scanner.string_by_character();
        let expected = scanner.error().is_none().then(|| {
            let end = scanner.at() - 1;
            (end, bytes[start..end].contains(&b'\\'))
        });
        assert_eq!(string_end(bytes, start), expected, "{start} {bytes:02x?}");
    }

    #[test]
    fn an_escape_over_the_edge_of_a_block_ends_there() {
        let plain = "x".repeat(64);
        let (to_last, to_surrogate) = (&plain[..63], &plain[..57]);
        for bytes in [
            // The only backslash of a block is escaped, and the quote in the one after it is not.
            std::format!(r#"{to_last}\\{to_last}"}}x"}}"#),
            // The second half of a surrogate pair does not come, and as many backslashes as are open stand elsewhere.
            std::format!(r#"{to_surrogate}\ud800\\x\n{plain}"}}"#),
        ] {
            check(bytes.as_bytes(), 0);
        }
    }

    /// The same with each of its bytes at the start of a block.
    fn check_everywhere(inside: &[u8]) {
        let plain = [b'x'; Block::LEN];
        for before in 64 - inside.len()..=64 {
            for after in [
                &b"\"}"[..],
                b"x\"}",
                b"\\n\"}",
                b"\xc3\xa9\"}",
                b"\"\\\xc3",
                b"x",
                // Nothing else is special in the next block.
                &plain,
            ] {
                let mut bytes = std::vec![b'x'; before];
                bytes.extend_from_slice(inside);
                bytes.extend_from_slice(after);
                check(&bytes, 0);
            }
        }
    }

    /// All sequences of so many of these.
    fn sequences<'s>(parts: &'s [&'s [u8]], count: u32) -> impl Iterator<Item = Vec<u8>> + 's {
        (0..parts.len().pow(count)).map(move |mut number| {
            let mut bytes = Vec::new();
            for _ in 0..count {
                bytes.extend_from_slice(parts[number % parts.len()]);
                number /= parts.len();
            }
            bytes
        })
    }

    #[test]
    fn characters_at_the_edge_of_a_block_are_those_of_the_scanner() {
        let parts: [&[u8]; 18] = [
            b"x", b"\x7f", b"\x80", b"\x8f", b"\x90", b"\x9f", b"\xa0", b"\xbf", b"\xc0", b"\xc2",
            b"\xdf", b"\xe0", b"\xe1", b"\xed", b"\xf0", b"\xf1", b"\xf4", b"\xf5",
        ];
        for bytes in sequences(&parts, 4) {
            check_everywhere(&bytes);
        }
    }

    #[test]
    fn escapes_at_the_edge_of_a_block_are_those_of_the_scanner() {
        let parts: [&[u8]; 9] = [
            b"\\", b"\"", b"n", b"u", b"d", b"\\u", b"00e9", b"\\ud83d", b"\\udc00",
        ];
        for bytes in sequences(&parts, 4) {
            check_everywhere(&bytes);
        }
        let parts: [&[u8]; 5] = [b"\\ud7ff", b"\\uDbFf", b"\\uDFff", b"\\uE000", b"\\n"];
        for bytes in sequences(&parts, 4) {
            check_everywhere(&bytes);
        }
        for byte in 0..=u8::MAX {
            check_everywhere(&[b'\\', byte]);
            for place in 0..12 {
                let mut pair = *b"\\ud83d\\ude00";
                pair[place] = byte;
                check_everywhere(&pair);
            }
        }
    }

    #[test]
    fn runs_of_backslashes_are_those_of_the_scanner() {
        for length in 0..140 {
            for before in 0..66 {
                let mut bytes = std::vec![b'x'; before];
                bytes.resize(before + length, b'\\');
                bytes.extend_from_slice(b"\"\"}");
                check(&bytes, 0);
            }
        }
    }
}
