//! Objects without whitespace and escapes, 64 bytes at a time: their grammar as relations between neighbouring bytes, a bit for each byte.
//!
//! Token by token, the processor guesses wrong at every other token what comes next. Here nothing depends on what a token is but the brackets,
//! which are matched one by one, and the numbers.

use super::scanner::MAX_DEPTH;
use super::vector::Vector;

/// The length of the object at the start of `bytes`, if it holds no whitespace outside of its strings, and plain ASCII in them. None says nothing: it
/// may be an object of another form, or none.
pub(super) fn object_len(bytes: &[u8]) -> Option<usize> {
    // A value is what follows.
    let mut state = State {
        colon: 1,
        ..State::default()
    };
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..)?;
        let found = match rest.first_chunk() {
            Some(block) => state.block(block, rest)?,
            None => {
                let mut padded = [0; BLOCK];
                padded
                    .iter_mut()
                    .zip(rest)
                    .for_each(|(to, from)| *to = *from);
                state.block(&padded, rest)?
            }
        };
        if let Some(end) = found {
            return Some(at.wrapping_add(end));
        }
        at = at.wrapping_add(BLOCK);
    }
}

const BLOCK: usize = 64;

/// What the block before says about the next one.
#[derive(Default)]
struct State {
    /// All ones inside of a string.
    in_string: u64,
    /// The string began where an element of a container does, so it may be a name. One or zero, like the next ones.
    is_element: u64,
    /// The last byte was the closing quote of such a string.
    element_string: u64,
    /// The last byte was an opening bracket or a comma.
    element_follows: u64,
    /// The last byte was a colon.
    colon: u64,
    /// The last byte ended a value, or may have.
    value: u64,
    /// The last byte was an opening bracket.
    opened: u64,
    /// The last byte was part of a number or a literal.
    scalar: u64,
    /// A bit for each open container, the innermost lowest: 1 for an object.
    objects: u128,
    depth: u32,
}

impl State {
    /// Looks at a block, which `rest` begins with. Where in it the object ends, if it does.
    #[inline(always)]
    fn block(&mut self, bytes: &[u8; BLOCK], rest: &[u8]) -> Option<Option<usize>> {
        let block = Block::load(bytes);
        let quotes = block.bits(|vector| vector.is(b'"'));
        // From each opening quote up to the byte before the closing one.
        let inside = prefix_xor(quotes) ^ self.in_string;
        if quotes == 0 && inside == u64::MAX {
            // Nothing but the middle of a string. One that begins here is more.
            return (!block.any_special()).then_some(None);
        }
        let opening = quotes & inside;
        let closing = quotes & !inside;
        let comma = block.bits(|vector| vector.is(b',')) & !inside;
        let colon = block.bits(|vector| vector.is(b':')) & !inside;
        let open = block.bits(|vector| vector.lower_case().is(b'{')) & !inside;
        let close = block.bits(|vector| vector.lower_case().is(b'}')) & !inside;
        let scalar = !(inside | closing | comma | colon | open | close);

        let after = |mask: u64, before: u64| mask << 1 | before;
        let after_colon = after(colon, self.colon);
        let element = after(open | comma, self.element_follows);
        let scalar_start = scalar & !after(scalar, self.scalar);
        let starts = opening | open | scalar_start;
        // Adding the first bit of a run of ones carries to the bit after it.
        let elements = opening & element;
        let (sum, carry) = inside.overflowing_add(elements | self.is_element);
        let element_string = sum & closing;
        let after_element_string = after(element_string, self.element_string);
        let after_value = after(closing | close | scalar, self.value);

        // What has no business where it is.
        let mut wrong = starts & !(element | after_colon);
        wrong |= comma & !after_value;
        wrong |= close & !(after_value | after(open, self.opened));
        wrong |= colon & !after_element_string;

        // Elements without a name, where that shows: none in an object.
        let nameless = element & starts & !opening | after_element_string & !colon;
        let end = self.brackets(open | close, nameless, colon, bytes)?;
        let seen = match end {
            Some(end) => u64::MAX >> 64_usize.wrapping_sub(end),
            None => u64::MAX,
        };
        if wrong & seen != 0 || block.any_special() && block.special() & seen != 0 {
            return None;
        }
        let mut scalars = scalar_start & seen;
        while scalars != 0 {
            check_scalar(rest.get(scalars.trailing_zeros() as usize..)?)?;
            scalars &= scalars.wrapping_sub(1);
        }

        self.in_string = ((inside.cast_signed()) >> 63).cast_unsigned();
        self.is_element = u64::from(carry) & self.in_string;
        self.element_string = element_string >> 63;
        self.element_follows = (open | comma) >> 63;
        self.colon = colon >> 63;
        self.value = (closing | close | scalar) >> 63;
        self.opened = open >> 63;
        self.scalar = scalar >> 63;
        Some(end)
    }

    /// Matches the brackets of a block. Where the last one has been closed: the end.
    #[inline(always)]
    fn brackets(
        &mut self,
        mut brackets: u64,
        nameless: u64,
        colon: u64,
        bytes: &[u8; BLOCK],
    ) -> Option<Option<usize>> {
        // What is not allowed in the container that is open.
        let wrong = |objects: u128| if objects & 1 == 1 { nameless } else { colon };
        // Before the first bracket there is nothing.
        let mut seen = 0_u64;
        // In registers.
        let (mut objects, mut depth) = (self.objects, self.depth);
        while brackets != 0 {
            let at = brackets.trailing_zeros();
            let up_to = brackets ^ brackets.wrapping_sub(1);
            if wrong(objects) & up_to & !seen != 0 {
                return None;
            }
            seen = up_to;
            brackets &= brackets.wrapping_sub(1);
            match *bytes.get(at as usize & (BLOCK - 1))? {
                byte @ (b'{' | b'[') => {
                    // The message is one of them.
                    if depth.wrapping_add(1) >= u32::from(MAX_DEPTH) {
                        return None;
                    }
                    depth = depth.wrapping_add(1);
                    objects = objects << 1 | u128::from(byte == b'{');
                }
                byte => {
                    if (byte == b'}') != (objects & 1 == 1) {
                        return None;
                    }
                    depth = depth.wrapping_sub(1);
                    objects >>= 1;
                    if depth == 0 {
                        return Some(Some((at as usize).wrapping_add(1)));
                    }
                }
            }
        }
        (self.objects, self.depth) = (objects, depth);
        (wrong(objects) & !seen == 0).then_some(None)
    }
}

/// For each bit whether the number of ones up to it is odd.
#[inline(always)]
const fn prefix_xor(mut bits: u64) -> u64 {
    bits ^= bits << 1;
    bits ^= bits << 2;
    bits ^= bits << 4;
    bits ^= bits << 8;
    bits ^= bits << 16;
    bits ^ bits << 32
}

/// Whether a number, `true`, `false` or `null` stands at the start of `bytes`, and what follows a value after it.
#[inline(always)]
fn check_scalar(bytes: &[u8]) -> Option<()> {
    let rest = match bytes {
        [b'-', rest @ ..] => number_tail(rest)?,
        [b'0'..=b'9', ..] => number_tail(bytes)?,
        [b't', b'r', b'u', b'e', rest @ ..] => rest,
        [b'f', b'a', b'l', b's', b'e', rest @ ..] => rest,
        [b'n', b'u', b'l', b'l', rest @ ..] => rest,
        _ => return None,
    };
    matches!(rest, [b',' | b'}' | b']', ..]).then_some(())
}

/// What follows a number without its sign.
#[inline(always)]
fn number_tail(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = match bytes {
        [b'0', rest @ ..] => rest,
        _ => digits(bytes)?,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = digits(fraction)?;
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = match exponent {
            [b'+' | b'-', exponent @ ..] => digits(exponent)?,
            exponent => digits(exponent)?,
        };
    }
    Some(rest)
}

/// What follows one digit or more.
#[inline(always)]
fn digits(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk() {
        let word = u64::from_le_bytes(*word) ^ ONES.wrapping_mul(b'0' as u64);
        // Above nine a byte has its high bit set or gets it; the lowest of those is exact.
        let others = (word | word.wrapping_add(ONES.wrapping_mul(0x76))) & ONES << 7;
        if others != 0 {
            rest = rest.get(others.trailing_zeros() as usize / 8..)?;
            break;
        }
        rest = tail;
    }
    while let [b'0'..=b'9', tail @ ..] = rest {
        rest = tail;
    }
    (rest.len() < bytes.len()).then_some(rest)
}

const ONES: u64 = u64::MAX / 0xff;

/// 64 bytes.
struct Block([Vector; 4]);

impl Block {
    #[inline(always)]
    fn load(bytes: &[u8; BLOCK]) -> Self {
        let vector = |at: usize| {
            let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
            Vector::load(bytes.unwrap_or(&[0; Vector::LEN]))
        };
        Self([vector(0), vector(16), vector(32), vector(48)])
    }

    /// A bit for each byte.
    #[inline(always)]
    fn bits(&self, of: impl Fn(Vector) -> super::vector::Mask) -> u64 {
        let [a, b, c, d] = self.0.map(|vector| u64::from(of(vector).bits()));
        a | b << 16 | c << 32 | d << 48
    }

    /// Whether there is any byte that is no plain ASCII, or a backslash.
    #[inline(always)]
    fn any_special(&self) -> bool {
        let [a, b, c, d] = self.0.map(Vector::is_special);
        ((a | b) | (c | d)).bits() != 0
    }

    /// Which bytes those are.
    #[cold]
    fn special(&self) -> u64 {
        self.bits(Vector::is_special)
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::super::RawJson;
    use super::super::scanner::Scanner;
    use super::*;

    /// What the scanner says, token by token, of an object that is written as it is here.
    fn plain_len(bytes: &[u8]) -> Option<usize> {
        let mut scanner = Scanner::new(bytes);
        scanner.value('{');
        let object = bytes.get(..scanner.at())?;
        let is = scanner.error().is_none()
            && RawJson::scanned(object, false).to_string().as_bytes() == object;
        is.then_some(object.len())
    }

    /// Both ways agree, if this one says anything. Whether it does.
    fn check(bytes: &[u8]) -> bool {
        let found = object_len(bytes);
        if found.is_some() {
            assert_eq!(
                found,
                plain_len(bytes),
                "{}",
                String::from_utf8_lossy(bytes)
            );
        }
        found.is_some()
    }

    /// Calls `check` with all strings of so many of these symbols after `before`, and with `after` after them.
    fn all(symbols: &[&str], most: usize, before: &str, after: &str) -> usize {
        let mut found = 0;
        let mut places = Vec::new();
        let mut bytes = Vec::new();
        loop {
            bytes.clear();
            bytes.extend_from_slice(before.as_bytes());
            for &place in &places {
                let symbol: &str = symbols[place];
                bytes.extend_from_slice(symbol.as_bytes());
            }
            bytes.extend_from_slice(after.as_bytes());
            found += usize::from(check(&bytes));
            let Some(next) = places.iter().rposition(|&place| place + 1 < symbols.len()) else {
                if places.len() == most {
                    return found;
                }
                places = std::vec![0; places.len() + 1];
                continue;
            };
            places[next] += 1;
            places[next + 1..].fill(0);
        }
    }

    #[test]
    fn all_short_objects_are_those_of_the_scanner() {
        let symbols = ["{", "}", "[", "]", ",", ":", "\"", "1"];
        assert!(all(&symbols, 6, "{", "") > 10);
        assert!(all(&symbols, 5, "{\"\":[", "]}") > 100);
        let tokens = [
            "{", "}", "[", "]", ",", ":", "\"a\"", "-1.5e3", "true", "null",
        ];
        assert!(all(&tokens, 5, "{\"a\"", "}") > 100);
        let scalars = [
            "0", "1", "-", "+", ".", "e", "E", "tru", "alse", "f", "n", " ",
        ];
        assert!(all(&scalars, 4, "{\"a\":", "}") > 100);
        assert!(all(&scalars, 3, "{\"a\":[0,", "]}") > 10);
    }

    #[test]
    fn a_block_may_end_anywhere() {
        let symbols = ["{", "}", "[", "]", ",", ":", "\"", "1"];
        for length in 40..64 {
            let before = std::format!("{{\"{}\":[0],\"\"", "x".repeat(length));
            assert!(all(&symbols, 4, &before, "}") > 0);
        }
    }

    #[test]
    fn a_string_may_fill_a_block() {
        let mut found = 0;
        for before in 50..70 {
            for length in 55..140 {
                for (quote, after) in [
                    ("\"", "}"),
                    ("\"", ",\"b\":0}"),
                    ("\"", ":0}"),
                    ("", "1}"),
                    ("", "\"1}"),
                    ("", ":1}"),
                    ("", "}"),
                    ("", ",\"b\":0}"),
                ] {
                    let (name, text) = ("k".repeat(before), "x".repeat(length));
                    for object in [
                        std::format!("{{\"{name}\":\"{text}{quote}{after}"),
                        std::format!("{{\"{name}\":[\"{text}{quote}]{after}"),
                        std::format!("{{\"{name}\":0,\"{text}{quote}{after}"),
                        std::format!("{{\"{name}\"\"{text}{quote}{after}"),
                    ] {
                        found += usize::from(check(object.as_bytes()));
                    }
                }
            }
        }
        assert!(found >= 20 * 85 * 5);
    }

    #[test]
    fn changed_and_broken_objects_are_those_of_the_scanner() {
        let objects = [
            r#"{"a":{"b":[1,-2.50,3e7,{"c":"d"},[],{}],"e":true},"long":"0123456789012345678901234567890123456789","f":[[[null]]],"g":false}"#,
            r#"{"readings":[{"name":"kitchen","note":"the lamp, the window: [of] {this} evening","value":21.5,"at":1763769600123},{"name":"x","note":"","value":-0.5,"at":0}],"ok":true}"#,
        ];
        for object in objects {
            assert!(check(object.as_bytes()), "{object}");
            for at in 0..object.len() {
                let mut changed = object.as_bytes().to_vec();
                check(&changed[..at]);
                for byte in 0..=u8::MAX {
                    changed[at] = byte;
                    check(&changed);
                }
                let mut changed = object.as_bytes().to_vec();
                let removed = changed.remove(at);
                check(&changed);
                for byte in b"\"{}[],:0-e.t\\ " {
                    changed.insert(at, *byte);
                    check(&changed);
                    changed.insert(at, removed);
                    check(&changed);
                    changed.drain(at..at + 2);
                }
            }
        }
    }

    #[test]
    fn depth_is_bounded_as_by_the_scanner() {
        for depth in 120..130 {
            let object = std::format!("{{\"\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(object_len(object.as_bytes()), plain_len(object.as_bytes()));
            assert_eq!(check(object.as_bytes()), depth < 126);
        }
    }
}
