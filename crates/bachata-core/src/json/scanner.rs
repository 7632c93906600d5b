#[cfg(target_pointer_width = "64")]
use super::special::string_end;
#[cfg(target_pointer_width = "64")]
use super::word::plain_end;
use super::word::skip_plain;
use super::{JsonStr, RawJson, escape, utf8};
use crate::error::has_offsets;
use crate::member::longer_key;
use crate::{Member, ParseError, ParseErrorKind};

/// How many containers may stand in one another, the message itself included (`P-3`). It is what `serde_json` accepts by default.
pub const MAX_DEPTH: u8 = 127;

/// The depth at which the members of a message stand.
pub(super) const MESSAGE_DEPTH: u32 = 1;

/// Proves bytes to be JSON, from front to back, in one pass, without recursion.
///
/// A method that scans something expects to stand at its first byte and leaves the scanner after its last one. None looks for the
/// end of the bytes: there, [`peek`](Self::peek) gives a byte that fits nowhere.
///
/// None gives an error either. The scanner keeps the first and stands at the end from then on, so that all which follows fails too, and
/// fails fast. What it gave in between means nothing; whoever has scanned asks for the [`error`](Self::error).
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    /// Empty after an error.
    bytes: &'a [u8],
    at: usize,
    error: Option<ParseError>,
    /// The known member whose value is being scanned, for errors.
    member: Option<Member>,
    /// No escape and no whitespace was seen since the value or the name began.
    normal: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            error: None,
            member: None,
            normal: true,
        }
    }

    /// Where the scanner stands: bytes from the start. After an error, where that was.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// The first thing that was wrong.
    pub(crate) const fn error(&self) -> Option<ParseError> {
        self.error
    }

    /// What is wrong at the byte where the scanner stands.
    // Cold code goes to the end of its function, out of reach of short branches.
    #[cfg_attr(target_pointer_width = "64", cold)]
    #[inline(never)]
    fn fail(&mut self, kind: ParseErrorKind) {
        if self.error.is_none() {
            let kind = match self.bytes.get(self.at) {
                None => ParseErrorKind::UnexpectedEnd,
                Some(b'/') if kind.wants_token() => ParseErrorKind::Comment,
                _ => kind,
            };
            self.error = Some(ParseError::new(kind, self.at, self.member));
            // Not `&[]`: its address would have to be stored as well.
            self.bytes = self.bytes.get(..0).unwrap_or_default();
        }
    }

    /// What is wrong at any byte, and which member it concerns.
    pub(crate) fn fail_at(&mut self, at: usize, member: Option<Member>, kind: ParseErrorKind) {
        (self.at, self.member) = (at, member);
        self.fail(kind);
    }

    /// What is wrong with something that started at `start` and is broken off here. At the end it is short, not wrong.
    #[cfg_attr(target_pointer_width = "64", cold)]
    #[inline(never)]
    fn fail_from(&mut self, start: usize, kind: ParseErrorKind) {
        if self.at < self.bytes.len() {
            self.at = start;
        }
        self.fail(kind);
    }

    /// Refuses what an offset can't be told of.
    pub(crate) fn check_len(&mut self) {
        if !has_offsets(self.bytes.len()) {
            self.fail(ParseErrorKind::TooLong);
        }
    }

    /// The opening brace of a frame, and the token after it.
    pub(crate) fn open(&mut self) -> char {
        self.check_len();
        if self.token() != '{' {
            self.fail(match self.bytes {
                [0xef, 0xbb, 0xbf, ..] => ParseErrorKind::ByteOrderMark,
                _ => ParseErrorKind::ExpectedObject,
            });
        }
        self.next_token()
    }

    /// Whether the container holds anything more. Skips to it, or past the closing bracket.
    pub(crate) fn next(&mut self, close: char) -> bool {
        let byte = self.token();
        if byte == ',' {
            self.next_token();
            return true;
        }
        if byte != close {
            self.fail_unclosed(close);
        }
        self.skip();
        false
    }

    /// Neither a comma nor the closing bracket stands here.
    pub(crate) fn fail_unclosed(&mut self, close: char) {
        self.fail(match close {
            '}' => ParseErrorKind::ExpectedCommaOrBrace,
            _ => ParseErrorKind::ExpectedCommaOrBracket,
        });
    }

    /// A member's name and the colon after it.
    pub(crate) fn name(&mut self) -> JsonStr<'a> {
        let start = self.at.wrapping_add(1);
        self.normal = true;
        let byte = self.peek();
        self.name_string(byte);
        let inside = self.since(start);
        let inside = inside
            .split_last()
            .map_or(inside, |(_quote, inside)| inside);
        let name = JsonStr::scanned(inside, !self.normal);
        self.colon();
        name
    }

    /// A member's name, which starts with `byte`: the member, if the protocol knows it.
    pub(crate) fn known_name(&mut self, byte: char) -> Option<Member> {
        if let Some(member) = self.plain_known_name() {
            return Some(member);
        }
        let start = self.at;
        self.name_string(byte);
        let end = self.at;
        self.at = start;
        let member = self.key(end.wrapping_sub(1));
        self.at = end;
        member
    }

    /// The member whose name stands here without escapes, by one load. None says nothing.
    fn plain_known_name(&mut self) -> Option<Member> {
        let [b'"', a, b, c, d, quote, ..] = *self.rest() else {
            return None;
        };
        let (key, length) = match (c, quote) {
            (b'"', _) => (u32::from_be_bytes([0, 0, a, b]), 4),
            // A raw NUL would make a shorter name of it.
            (_, b'"') if a != 0 => (u32::from_be_bytes([a, b, c, d]), 6),
            _ => return None,
        };
        let member = Member::of_key(key)?;
        self.skip_by(length);
        Some(member)
    }

    /// The member whose name, which has been proven and ends before `end`, this is.
    fn key(&mut self, end: usize) -> Option<Member> {
        let mut key = 0;
        self.skip();
        while self.at < end {
            let mut code = u32::from(self.peek());
            if code == u32::from('\\') {
                code = self.escape();
            } else {
                self.skip();
            }
            key = longer_key(key, code)?;
        }
        Member::of_key(key)
    }

    /// The colon after a name, and the first byte of the value after it.
    pub(crate) fn colon(&mut self) -> char {
        if self.token() != ':' {
            self.fail(ParseErrorKind::ExpectedColon);
        }
        self.next_token()
    }

    /// The value of a member of the message, which `member` names in errors. It starts with `byte`. Whether it is known to be in normal form.
    pub(crate) fn member_value(&mut self, member: Option<Member>, byte: char) -> bool {
        self.member = member;
        self.normal = true;
        #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
        if byte == '{' {
            // As it is around the object, so it is in it.
            let spaced = self.follows_space();
            if let Some((len, normal)) = super::blocks::object_len(self.rest(), spaced) {
                self.skip_by(len);
                self.member = None;
                return normal;
            }
        }
        self.value(byte);
        self.member = None;
        self.normal
    }

    /// The next value, and nothing about a member.
    pub(crate) fn next_value(&mut self) -> RawJson<'a> {
        let byte = self.token();
        let start = self.at;
        let normal = self.member_value(None, byte);
        RawJson::scanned(self.since(start), normal)
    }

    /// Nothing but whitespace is left.
    pub(crate) fn end(&mut self) {
        self.token();
        if self.at < self.bytes.len() {
            self.fail(ParseErrorKind::TrailingData);
        }
    }

    /// A value that starts with `byte`, whatever is nested in it.
    pub(super) fn value(&mut self, byte: char) {
        let mut byte = byte;
        // Containers that are open, and whether the innermost is an object.
        let mut open = 0_u32;
        let mut in_object = false;
        // One bit for each open container: 1 for an object. The words take turns, and the innermost is lowest in its word.
        let mut objects = [0_u32; 4];
        loop {
            if in_object {
                self.name_string(byte);
                byte = self.colon();
            }
            match byte {
                '"' => self.string(),
                // The last four start what is meant as a number and is none.
                '-' | '0'..='9' | '+' | '.' | 'N' | 'I' => self.number(byte),
                't' | 'f' | 'n' => self.literal(byte),
                '{' | '[' => {
                    if open.wrapping_add(MESSAGE_DEPTH) == u32::from(MAX_DEPTH) {
                        return self.fail(ParseErrorKind::TooDeep);
                    }
                    open = open.wrapping_add(1);
                    in_object = byte == '{';
                    let word = innermost(&mut objects, open);
                    *word = *word << 1 | u32::from(in_object);
                    byte = self.next_token();
                    if byte != closing(in_object) {
                        continue;
                    }
                }
                ']' if open != 0 && !in_object => return self.fail(ParseErrorKind::TrailingComma),
                _ => return self.fail(ParseErrorKind::ExpectedValue),
            }
            // A value has ended, and with it perhaps the containers around it.
            loop {
                if open == 0 {
                    return;
                }
                byte = self.token();
                if byte == ',' {
                    byte = self.next_token();
                    break;
                }
                if byte != closing(in_object) {
                    return self.fail_unclosed(closing(in_object));
                }
                self.skip();
                *innermost(&mut objects, open) >>= 1;
                open = open.wrapping_sub(1);
                in_object = *innermost(&mut objects, open) & 1 == 1;
            }
        }
    }

    /// A member's name, which starts with `byte`, as a string.
    #[inline(always)]
    fn name_string(&mut self, byte: char) {
        if byte == '"' {
            self.string();
        } else {
            self.fail_name(byte);
        }
    }

    /// No name starts with `byte`.
    #[inline(never)]
    fn fail_name(&mut self, byte: char) {
        self.fail(match byte {
            '}' => ParseErrorKind::TrailingComma,
            _ => ParseErrorKind::ExpectedName,
        });
    }

    /// A string with its quotes.
    pub(super) fn string(&mut self) {
        self.skip();
        #[cfg(target_pointer_width = "64")]
        {
            self.at = plain_end(self.bytes, self.at);
            if self.peek() == '"' {
                return self.skip();
            }
            if let Some((quote, escaped)) = string_end(self.bytes, self.at) {
                self.at = quote.wrapping_add(1);
                self.normal &= !escaped;
                return;
            }
        }
        self.string_by_character();
    }

    /// A string from anywhere between two of its characters on, with its closing quote.
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    pub(super) fn string_by_character(&mut self) {
        loop {
            let stop = skip_plain(self.rest());
            self.at = self.bytes.len().wrapping_sub(stop.len());
            match stop.first() {
                Some(b'"') => return self.skip(),
                Some(b'\\') => {
                    self.escape();
                }
                Some(&lead @ 0x80..) => self.character(char::from(lead)),
                _ => return self.fail(ParseErrorKind::ControlCharacter),
            }
        }
    }

    /// An escape, and the code of its character. The second half of a surrogate pair belongs to it.
    pub(super) fn escape(&mut self) -> u32 {
        self.normal = false;
        let backslash = self.at;
        let mut high = 0;
        loop {
            let letter = self.advance();
            if letter != 'u' {
                if high != 0 {
                    break;
                }
                let code = escape::short(letter);
                if code.is_none() {
                    self.fail(ParseErrorKind::InvalidEscape);
                }
                self.skip();
                return code.unwrap_or(0);
            }
            let unit = self.hex_unit();
            if high == 0 {
                if unit & 0xf800 != 0xd800 {
                    return unit;
                }
                high = unit;
                if unit < 0xdc00 {
                    if self.peek() == '\\' {
                        continue;
                    }
                    break;
                }
            } else if unit & 0xfc00 == 0xdc00 {
                return ((high & 0x3ff) << 10 | unit & 0x3ff).wrapping_add(0x1_0000);
            }
            self.at = backslash;
            break;
        }
        self.fail_from(backslash, ParseErrorKind::LoneSurrogate);
        0
    }

    /// The `u` of an escape and its four digits.
    fn hex_unit(&mut self) -> u32 {
        // The first bit counts: it moves up with each digit.
        let mut unit = 1;
        while unit >> 16 == 0 {
            let digit = escape::hex_value(self.advance());
            if digit.is_none() {
                self.fail(ParseErrorKind::InvalidEscape);
            }
            unit = unit << 4 | digit.unwrap_or(0);
        }
        self.skip();
        unit & 0xffff
    }

    /// A character beyond ASCII, which starts with `lead`.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn character(&mut self, lead: char) {
        let start = self.at;
        let mut seconds = utf8::seconds(lead);
        if seconds == 0 {
            return self.fail(ParseErrorKind::InvalidUtf8);
        }
        for _ in 0..utf8::following(lead) {
            if !utf8::follows(self.advance(), seconds) {
                return self.fail_from(start, ParseErrorKind::InvalidUtf8);
            }
            seconds = utf8::ANY;
        }
        self.skip();
    }

    /// A number that starts with `byte`.
    fn number(&mut self, byte: char) {
        let mut byte = byte;
        if byte == '-' {
            byte = self.advance();
        }
        if byte == '0' {
            byte = self.advance();
            if byte.is_ascii_digit() {
                self.fail(ParseErrorKind::InvalidNumber);
            }
        } else {
            byte = self.digits(byte);
        }
        if byte == '.' {
            byte = self.advance();
            byte = self.digits(byte);
        }
        if matches!(byte, 'e' | 'E') {
            byte = self.advance();
            if byte == '+' || byte == '-' {
                byte = self.advance();
            }
            self.digits(byte);
        }
    }

    /// One digit or more, the first of which has been peeked at, and the byte after them.
    fn digits(&mut self, first: char) -> char {
        let mut byte = first;
        if !byte.is_ascii_digit() {
            self.fail(ParseErrorKind::InvalidNumber);
        }
        while byte.is_ascii_digit() {
            byte = self.advance();
        }
        byte
    }

    /// `true`, `false` or `null`.
    fn literal(&mut self, first: char) {
        let mut letters = u32::from_le_bytes(match first {
            't' => *b"rue\0",
            'f' => *b"alse",
            _ => *b"ull\0",
        });
        loop {
            let letter = self.advance();
            if letters == 0 {
                return;
            }
            if u32::from(letter) != letters & 0xff {
                return self.fail(ParseErrorKind::InvalidLiteral);
            }
            letters >>= 8;
        }
    }

    /// Skips the byte that has just been peeked at, and whitespace, and gives the byte after it.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn next_token(&mut self) -> char {
        self.skip();
        self.token()
    }

    /// Skips whitespace and gives the byte after it.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn token(&mut self) -> char {
        let byte = self.peek();
        if byte > ' ' {
            return byte;
        }
        self.token_after_space()
    }

    /// Skips whitespace, of which there is little in most frames, and gives the byte after it.
    #[inline(never)]
    fn token_after_space(&mut self) -> char {
        self.normal = false;
        let mut byte = self.peek();
        while is_space(byte) {
            byte = self.advance();
        }
        byte
    }

    /// The bytes from `start` to where the scanner stands.
    fn since(&self, start: usize) -> &'a [u8] {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        before.get(start..).unwrap_or_default()
    }

    /// The bytes from where the scanner stands.
    pub(crate) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The byte at which the scanner stands, as a `char` because that fills a register. At the end it is NUL, which is an error
    /// wherever it is looked at.
    #[inline(always)]
    pub(super) fn peek(&self) -> char {
        char::from(self.bytes.get(self.at).copied().unwrap_or(0))
    }

    /// Moves past the byte that has just been peeked at.
    #[inline(always)]
    pub(crate) const fn skip(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// Moves past so many bytes that are there.
    pub(crate) const fn skip_by(&mut self, count: usize) {
        self.at = self.at.wrapping_add(count);
    }

    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    #[inline(always)]
    fn follows_space(&self) -> bool {
        self.since(self.at.wrapping_sub(1)) == b" "
    }

    /// Moves past the byte that has just been peeked at, and peeks at the next.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn advance(&mut self) -> char {
        self.skip();
        self.peek()
    }
}

/// The word with the bit of the innermost of so many containers.
#[expect(clippy::indexing_slicing, reason = "a remainder of 4")]
const fn innermost(objects: &mut [u32; 4], open: u32) -> &mut u32 {
    &mut objects[open as usize % 4]
}

/// The bracket that closes an object or an array.
const fn closing(object: bool) -> char {
    if object { '}' } else { ']' }
}

/// Insignificant whitespace (RFC 8259 section 2).
pub(crate) const fn is_space(byte: char) -> bool {
    // Not short-circuit: that becomes a table in a register, which takes more code.
    (byte == ' ') | (byte == '\n') | (byte == '\r') | (byte == '\t')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_those_of_core_for_all_sequences_of_three_bytes() {
        for lead in 0x80..=u8::MAX {
            for second in 0..=u8::MAX {
                for third in 0..=u8::MAX {
                    for fourth in [None, Some(b'x'), Some(0x80)] {
                        let bytes = [lead, second, third, fourth.unwrap_or(0)];
                        let bytes = &bytes[..if fourth.is_some() { 4 } else { 3 }];
                        let mut scanner = Scanner::new(bytes);
                        scanner.character(char::from(lead));
                        let found = scanner.error().map(|error| (error.kind(), error.offset()));
                        let utf8 = match core::str::from_utf8(bytes) {
                            Ok(text) => Ok(text),
                            Err(error) if error.valid_up_to() > 0 => {
                                Ok(core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap())
                            }
                            Err(error) => Err(error.error_len()),
                        };
                        match utf8 {
                            Ok(text) => {
                                let first = text.chars().next().unwrap();
                                assert_eq!((scanner.at(), found), (first.len_utf8(), None));
                                let rest = &bytes[first.len_utf8()..];
                                assert_eq!(utf8::decode(bytes), Some((first, rest)));
                            }
                            Err(None) => {
                                let end = (ParseErrorKind::UnexpectedEnd, bytes.len());
                                assert_eq!(found, Some(end), "{bytes:02x?}");
                            }
                            Err(Some(_)) => {
                                let ill_formed = (ParseErrorKind::InvalidUtf8, 0);
                                assert_eq!(found, Some(ill_formed), "{bytes:02x?}");
                            }
                        }
                    }
                }
            }
        }
    }

    #[test]
    fn after_an_error_the_scanner_is_at_the_end_and_keeps_it() {
        let mut scanner = Scanner::new(b"[1,}, \"rest\"");
        scanner.next_value();
        let error = scanner.error();
        assert_eq!(error.unwrap().kind(), ParseErrorKind::ExpectedValue);
        assert_eq!((scanner.peek(), scanner.at()), ('\0', 3));
        assert!(!scanner.next(']'));
        scanner.next_value();
        scanner.end();
        assert_eq!(scanner.error(), error);
    }
}
