//! Objects in the form in which peers write them, 64 bytes at a time: their grammar as relations between neighbouring bytes, a bit for each byte.
//!
//! Token by token, the processor guesses wrong at every other token what comes next. Here nothing depends on what a token is but the brackets,
//! which are matched run by run, and what is neither a string nor a plain number.

use super::scanner::MAX_DEPTH;
use super::text::Text;
use super::vector::Block;

/// The length of the object at the start of `bytes`, and whether it is known to be in normal form. Outside of its strings it may hold no whitespace but,
/// where `spaced` says so, one space after a comma, a colon or an opening bracket. None says nothing: it may be an object of another form, or none.
pub(super) fn object_len(bytes: &[u8], spaced: bool) -> Option<(usize, bool)> {
    // Nobody writes both forms, and one of them takes longer.
    if spaced {
        len::<true>(bytes)
    } else {
        len::<false>(bytes)
    }
}

#[inline(always)]
fn len<const SPACED: bool>(bytes: &[u8]) -> Option<(usize, bool)> {
    // A value is what follows.
    let mut state = State {
        colon: 1,
        ..State::default()
    };
    // Not a part of the state, which stays in registers.
    let mut text = Text::default();
    let mut at = 0_usize;
    loop {
        let rest = bytes.get(at..)?;
        if let Some(end) = state.block::<SPACED>(&Block::at_start(rest), rest, &mut text)? {
            return Some((at.wrapping_add(end), state.not_normal == 0));
        }
        at = at.wrapping_add(Block::LEN);
    }
}

/// What the blocks before say about the next one.
#[derive(Default)]
struct State {
    /// Any bit that is set: there were escapes or spaces.
    not_normal: u64,
    /// All ones inside of a string.
    in_string: u64,
    /// The string began where an element of a container does, so it may be a name. One or zero, like the next ones.
    is_element: u64,
    /// The last byte was the closing quote of such a string.
    element_string: u64,
    /// The last byte was an opening bracket or a comma.
    element_follows: u64,
    /// The last byte was a space after one of those.
    element_space: u64,
    /// The last byte was a colon.
    colon: u64,
    /// The last byte was a space after one.
    colon_space: u64,
    /// The last byte ended a value, or may have.
    value: u64,
    /// The last byte was an opening bracket.
    opened: u64,
    /// The last byte was part of a number or a literal.
    scalar: u64,
    containers: Containers,
}

/// Those that are open.
#[derive(Clone, Copy, Default)]
struct Containers {
    /// A bit for each, the innermost lowest: 1 for an object.
    objects: u128,
    depth: u32,
}

impl State {
    /// Looks at a block, which `rest` begins with. Where in it the object ends, if it does.
    #[inline(always)]
    fn block<const SPACED: bool>(
        &mut self,
        block: &Block,
        rest: &[u8],
        text: &mut Text,
    ) -> Option<Option<usize>> {
        let text = text.look(block, rest);
        let quotes = block.bits(|vector| vector.is(b'"')) & !text.escaped;
        // From each opening quote up to the byte before the closing one.
        let inside = prefix_xor(quotes) ^ self.in_string;
        if quotes == 0 && inside == u64::MAX {
            // Nothing but the middle of a string. One that begins here is more.
            self.not_normal |= text.escapes;
            return (text.wrong == 0).then_some(None);
        }
        let opening = quotes & inside;
        let closing = quotes & !inside;
        let comma = block.bits(|vector| vector.is(b',')) & !inside;
        let colon = block.bits(|vector| vector.is(b':')) & !inside;
        let space = if SPACED {
            block.bits(|vector| vector.is(b' ')) & !inside
        } else {
            0
        };
        let open = block.bits(|vector| vector.lower_case().is(b'{')) & !inside;
        let close = block.bits(|vector| vector.lower_case().is(b'}')) & !inside;
        let scalar = !(inside | closing | comma | colon | space | open | close);

        let after = |mask: u64, before: u64| mask << 1 | before;
        let after_colon = after(colon, self.colon);
        let colon_space = after_colon & space;
        let member_value = after_colon & !space | after(colon_space, self.colon_space);
        let after_element_follows = after(open | comma, self.element_follows);
        let element_space = after_element_follows & space;
        let element = after_element_follows & !space | after(element_space, self.element_space);
        let scalar_start = scalar & !after(scalar, self.scalar);
        let starts = opening | open | scalar_start;
        // Adding the first bit of a run of ones carries to the bit after it.
        let elements = opening & element;
        let (sum, carry) = inside.overflowing_add(elements | self.is_element);
        let element_string = sum & closing;
        let after_element_string = after(element_string, self.element_string);
        let after_value = after(closing | close | scalar, self.value);

        // What has no business where it is.
        let mut wrong = text.wrong;
        wrong |= starts & !(element | member_value);
        wrong |= comma & !after_value;
        wrong |= close & !(after_value | after(open, self.opened));
        wrong |= colon & !after_element_string;
        wrong |= space & !(colon_space | element_space);

        let brackets = Brackets {
            open,
            close,
            // Elements without a name, where that shows: none in an object.
            nameless: element & starts & !opening | after_element_string & !colon,
            colon,
        };
        let end = self.brackets(&brackets, rest)?;
        let seen = match end {
            Some(end) => u64::MAX >> 64_usize.wrapping_sub(end),
            None => u64::MAX,
        };
        if wrong & seen != 0 {
            return None;
        }
        self.not_normal |= (text.escapes | space) & seen;
        check_scalars(block, rest, scalar, scalar_start & seen)?;

        self.in_string = ((inside.cast_signed()) >> 63).cast_unsigned();
        self.is_element = u64::from(carry) & self.in_string;
        self.element_string = element_string >> 63;
        self.element_follows = (open | comma) >> 63;
        self.element_space = element_space >> 63;
        self.colon = colon >> 63;
        self.colon_space = colon_space >> 63;
        self.value = (closing | close | scalar) >> 63;
        self.opened = open >> 63;
        self.scalar = scalar >> 63;
        Some(end)
    }

    /// Matches the brackets of a block. Where the last one has been closed: the end.
    #[inline(always)]
    fn brackets(&mut self, block: &Brackets, rest: &[u8]) -> Option<Option<usize>> {
        let mut brackets = block.open | block.close;
        // Before the first bracket there is nothing.
        let mut seen = 0_u64;
        // In registers.
        let mut containers = self.containers;
        let mut few = 0..FEW;
        while brackets != 0 {
            let objects = containers.objects;
            if few.next().is_none() {
                let end;
                (self.containers, end) = containers.runs(*block, brackets, seen, rest)?;
                return Some(end);
            }
            let at = brackets.trailing_zeros();
            let up_to = brackets ^ brackets.wrapping_sub(1);
            if block.wrong(objects & 1 == 1) & up_to & !seen != 0 {
                return None;
            }
            seen = up_to;
            brackets &= brackets.wrapping_sub(1);
            match *rest.get(at as usize)? {
                byte @ (b'{' | b'[') => {
                    // The message is one of them.
                    if containers.depth.wrapping_add(1) >= u32::from(MAX_DEPTH) {
                        return None;
                    }
                    containers.depth = containers.depth.wrapping_add(1);
                    containers.objects = objects << 1 | u128::from(byte == b'{');
                }
                byte => {
                    if (byte == b'}') != (objects & 1 == 1) {
                        return None;
                    }
                    containers.depth = containers.depth.wrapping_sub(1);
                    containers.objects >>= 1;
                    if containers.depth == 0 {
                        return Some(Some((at as usize).wrapping_add(1)));
                    }
                }
            }
        }
        self.containers = containers;
        (block.wrong(containers.objects & 1 == 1) & !seen == 0).then_some(None)
    }
}

/// How many brackets of a block take less time one by one.
const FEW: u32 = 6;

impl Containers {
    /// Matches the brackets of a block that are left, those together that are the same. Where the last one has been closed: the end.
    #[inline(never)]
    fn runs(
        mut self,
        block: Brackets,
        brackets: u64,
        seen: u64,
        rest: &[u8],
    ) -> Option<(Self, Option<usize>)> {
        let bytes = Block::at_start(rest);
        let square = bytes.bits(|vector| vector.at_most(b']'));
        let (mut brackets, mut seen) = (brackets, seen);
        while brackets != 0 {
            let first = brackets & brackets.wrapping_neg();
            let opens = block.open & first != 0;
            let is_object = square & first == 0;
            let same_way = if opens { block.open } else { block.close };
            let other_kind = if is_object { square } else { !square };
            let others = brackets & !(same_way & !other_kind);
            let mut run = brackets & !others & others.wrapping_sub(1);
            let mut count = run.count_ones();
            if !opens && count > self.depth {
                // Those after the last one are not of this object.
                count = self.depth;
                run = first_ones(run, count);
            }
            let up_to_first = first | first.wrapping_sub(1);
            let up_to_last = u64::MAX.wrapping_shr(run.leading_zeros());
            // Between the brackets of a run the container is of their kind.
            let wrong = block.wrong(self.objects & 1 == 1) & up_to_first
                | block.wrong(is_object) & up_to_last & !up_to_first;
            if wrong & !seen != 0 {
                return None;
            }
            seen = up_to_last;
            brackets &= !seen;
            let all = u128::MAX.wrapping_shr(128_u32.wrapping_sub(count));
            let objects = if is_object { all } else { 0 };
            if opens {
                self.depth = self.depth.wrapping_add(count);
                // The message is one of them.
                if self.depth >= u32::from(MAX_DEPTH) {
                    return None;
                }
                self.objects = self.objects.wrapping_shl(count) | objects;
            } else {
                if self.objects & all != objects {
                    return None;
                }
                self.objects = self.objects.wrapping_shr(count);
                self.depth = self.depth.wrapping_sub(count);
                if self.depth == 0 {
                    let end = 64_u32.wrapping_sub(run.leading_zeros());
                    return Some((self, Some(end as usize)));
                }
            }
        }
        let wrong = block.wrong(self.objects & 1 == 1) & !seen;
        (wrong == 0).then_some((self, None))
    }
}

/// The brackets of a block, and what is not allowed in either kind of container.
#[derive(Clone, Copy)]
struct Brackets {
    open: u64,
    close: u64,
    nameless: u64,
    colon: u64,
}

impl Brackets {
    const fn wrong(&self, in_object: bool) -> u64 {
        if in_object { self.nameless } else { self.colon }
    }
}

/// The first so many ones of `bits`, at least one.
const fn first_ones(bits: u64, count: u32) -> u64 {
    let mut others = bits;
    let mut left = count;
    while left != 0 {
        others &= others.wrapping_sub(1);
        left = left.wrapping_sub(1);
    }
    bits & !others
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

/// Whether what starts where `starts` has a bit is a number, `true`, `false` or `null`, each as long as its run in `scalar`. What goes on in the
/// next block, which `rest` goes on with, is looked at whole.
#[inline(always)]
fn check_scalars(block: &Block, rest: &[u8], scalar: u64, starts: u64) -> Option<()> {
    if starts == 0 {
        return Some(());
    }
    let digits = block.bits(|vector| vector.between(b'0', b'9')) & scalar;
    let zeros = block.bits(|vector| vector.is(b'0'));
    let points = block.bits(|vector| vector.is(b'.')) & scalar;
    // Adding the first bit of a run of ones carries to the bit after it.
    let after_digits = |first: u64| first.wrapping_add(digits) & !digits;
    let after_integer = after_digits(starts & digits);
    let fraction = (after_integer & points) << 1;
    if starts & zeros & digits >> 1 | fraction & !digits != 0 {
        return None;
    }
    let after_number = after_integer & !points | after_digits(fraction);
    let mut exponents = after_number & scalar;
    while exponents != 0 {
        let rest = rest.get(exponents.trailing_zeros() as usize..)?;
        end_of_scalar(exponent_tail(rest)?)?;
        exponents &= exponents.wrapping_sub(1);
    }
    let goes_on = if scalar >> 63 == 0 {
        0
    } else {
        1_u64.wrapping_shl(63_u32.wrapping_sub(starts.leading_zeros()))
    };
    let mut others = starts & !(digits & !goes_on);
    while others != 0 {
        let rest = rest.get(others.trailing_zeros() as usize..)?;
        end_of_scalar(scalar_tail(rest)?)?;
        others &= others.wrapping_sub(1);
    }
    Some(())
}

/// Whether `rest` follows a whole number or literal.
#[inline(always)]
fn end_of_scalar(rest: &[u8]) -> Option<()> {
    matches!(rest, [b',' | b'}' | b']', ..]).then_some(())
}

/// What follows a number, `true`, `false` or `null`.
#[inline(always)]
fn scalar_tail(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'-', rest @ ..] => number_tail(rest),
        [b'0'..=b'9', ..] => number_tail(bytes),
        [b't', b'r', b'u', b'e', rest @ ..] => Some(rest),
        [b'f', b'a', b'l', b's', b'e', rest @ ..] => Some(rest),
        [b'n', b'u', b'l', b'l', rest @ ..] => Some(rest),
        _ => None,
    }
}

/// What follows a number without its sign.
#[inline(always)]
fn number_tail(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = match bytes {
        [b'0', rest @ ..] => rest,
        _ => digits_tail(bytes)?,
    };
    if let [b'.', fraction @ ..] = rest {
        rest = digits_tail(fraction)?;
    }
    match rest {
        [b'e' | b'E', ..] => exponent_tail(rest),
        _ => Some(rest),
    }
}

/// What follows an exponent.
#[inline(always)]
fn exponent_tail(bytes: &[u8]) -> Option<&[u8]> {
    match bytes {
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => digits_tail(digits),
        _ => None,
    }
}

/// What follows one digit or more.
#[inline(always)]
fn digits_tail(bytes: &[u8]) -> Option<&[u8]> {
    let mut rest = bytes;
    while let Some((word, tail)) = rest.split_first_chunk() {
        let digits = digits_in_word(*word);
        if digits != word.len() {
            rest = rest.get(digits..)?;
            break;
        }
        rest = tail;
    }
    while let [b'0'..=b'9', tail @ ..] = rest {
        rest = tail;
    }
    (rest.len() < bytes.len()).then_some(rest)
}

/// How many of the first bytes of a word are digits.
#[inline(always)]
const fn digits_in_word(word: [u8; 8]) -> usize {
    let word = u64::from_le_bytes(word) ^ ONES.wrapping_mul(b'0' as u64);
    // Above nine a byte has its high bit set or gets it; the lowest of those is exact.
    let others = (word | word.wrapping_add(ONES.wrapping_mul(0x76))) & ONES << 7;
    others.trailing_zeros() as usize / 8
}

const ONES: u64 = u64::MAX / 0xff;

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;

    use super::super::RawJson;
    use super::super::scanner::Scanner;
    use super::*;

    /// The length of the object by the scanner, token by token.
    fn scanned_len(bytes: &[u8]) -> Option<usize> {
        let mut scanner = Scanner::new(bytes);
        scanner.value('{');
        scanner.error().is_none().then(|| scanner.at())
    }

    /// Both ways agree, if this one says anything. Whether it does.
    fn check(bytes: &[u8]) -> bool {
        let (compact, spaced) = (object_len(bytes, false), object_len(bytes, true));
        let Some((len, normal)) = spaced else {
            assert_eq!(compact, None);
            return false;
        };
        assert!(compact == spaced || compact.is_none() && !normal);
        let shown = String::from_utf8_lossy(bytes);
        assert_eq!(Some(len), scanned_len(bytes), "{shown}");
        let object = &bytes[..len];
        if normal {
            let written = RawJson::scanned(object, false).to_string();
            assert_eq!(written.as_bytes(), object, "{shown}");
        } else {
            assert!(object.contains(&b'\\') || object.contains(&b' '), "{shown}");
        }
        true
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
            "{", "}", "[", "]", ",", ":", "\"a\"", "-1.5e3", "true", "null", " ",
        ];
        assert!(all(&tokens, 5, "{\"a\"", "}") > 100);
        let scalars = [
            "0", "1", "-", "+", ".", "e", "E", "tru", "alse", "f", "n", " ",
        ];
        assert!(all(&scalars, 4, "{\"a\":", "}") > 100);
        assert!(all(&scalars, 3, "{\"a\":[0,", "]}") > 10);
        let spaced = ["{", "}", "[", "]", ",", ":", " ", "\"a\"", "1"];
        assert!(all(&spaced, 5, "{ \"a\": ", "}") > 100);
    }

    #[test]
    fn a_block_may_end_anywhere() {
        let symbols = ["{", "}", "[", "]", ",", ":", "\"", "1"];
        for length in 40..64 {
            let before = std::format!("{{\"{}\":[0],\"\"", "x".repeat(length));
            assert!(all(&symbols, 4, &before, "}") > 0);
            let before = std::format!("{{\"{}\": [0], \"\"", "x".repeat(length));
            assert!(all(&[":", " ", "1", ",", "\"a\"", "[", "]"], 4, &before, "}") > 0);
            let before = std::format!("{{\"{}\":", "x".repeat(length));
            assert!(all(&["0", "12", ".", "e", "-", ",\"\":"], 5, &before, "}") > 0);
            let before = std::format!("{{\"{}\":\"", "x".repeat(length));
            let parts = ["\\", "\"", "u", "00e9", "d83d", "\\udc00", "é", "😀", "}"];
            assert!(all(&parts, 4, &before, "\"}") > 0);
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
    fn an_escape_may_be_all_that_is_special_in_a_string_of_many_blocks() {
        for before in 0..200 {
            let text = std::format!("{}\\/{}", "x".repeat(before), "x".repeat(200 - before));
            assert!(check(std::format!("{{\"\":\"{text}\"}}").as_bytes()));
        }
    }

    #[test]
    fn changed_and_broken_objects_are_those_of_the_scanner() {
        let objects = [
            r#"{"a":{"b":[1,-2.50,3e7,{"c":"d"},[],{}],"e":true},"long":"0123456789012345678901234567890123456789","f":[[[null]]],"g":false}"#,
            r#"{"readings":[{"name":"kitchen","note":"the lamp, the window: [of] {this} evening","value":21.5,"at":1763769600123},{"name":"x","note":"","value":-0.5,"at":0}],"ok":true}"#,
            r#"{"a": {"b": [1, -2.50, 3e+7, {"c": "d, e: f"}, [], {}], "e": true}, "long": "0123456789, 0123456789: 012345678", "f": [[[null]]], "g": false}"#,
            r#"{"caf\u00e9":["\\","a\"b","\ud83d\ude00 \uD83D\uDE00","\/\b\f\n\r\t"],"x\\\"":{"é€😀":"€€€€€€€€€€€€€€€€€€€€€€€","n":[10,0,-0,1.25E-3,0.0]}}"#,
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
                for byte in b"\"{}[],:0-e.t\\ \x80\xe2" {
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
    fn digits_are_counted_up_to_any_other_byte() {
        for digit in b'0'..=b'9' {
            for place in 0..8 {
                for byte in 0..=u8::MAX {
                    for follower in [b'0', b'9', b'/', b':', 0, 0xff] {
                        let mut word = [digit; 8];
                        word[place] = byte;
                        if let Some(next) = word.get_mut(place + 1) {
                            *next = follower;
                        }
                        let others = word.iter().position(|byte| !byte.is_ascii_digit());
                        assert_eq!(digits_in_word(word), others.unwrap_or(8), "{word:02x?}");
                    }
                }
            }
        }
    }

    #[test]
    fn runs_of_brackets_are_those_of_the_scanner() {
        let parts = [
            "[[[[[",
            "]]]]]",
            "{\"\":{\"\":",
            "}}",
            "[",
            "]",
            ",",
            "0",
            "\"a\":",
        ];
        for before in [
            "{\"\":[[[[[[[[",
            "{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":{\"\":",
        ] {
            let mut found = 0;
            for after in ["]]]]]]]]}", "}}}}}}}", "]]]]]]]],\"\":[[[[]]]]}"] {
                found += all(&parts, 5, before, after);
            }
            assert!(found > 10);
        }
        // Where the object ends in the middle of a run.
        for depth in 1..80 {
            let object = std::format!("{{\"\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            for after in ["", "}", "]]", "}}}}", ",\"x\":[[[[[[[]]]]]]]}", "\"", ":"] {
                assert!(check(std::format!("{object}{after}").as_bytes()));
            }
            let objects = std::format!("{}0{}", "{\"\":".repeat(depth), "}".repeat(depth));
            assert!(check(std::format!("{objects}}}}}").as_bytes()));
            for (at, _) in objects.char_indices() {
                check(&objects.as_bytes()[..at]);
                check(std::format!("{}{}", &objects[..at], &objects[at + 1..]).as_bytes());
            }
        }
    }

    #[test]
    fn depth_is_bounded_as_by_the_scanner() {
        for depth in 120..130 {
            let object = std::format!("{{\"\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
            assert_eq!(check(object.as_bytes()), depth < 126);
            let object = std::format!("{}0{}", "{\"\":".repeat(depth), "}".repeat(depth));
            assert_eq!(check(object.as_bytes()), depth < 127);
        }
    }
}
