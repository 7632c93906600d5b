use super::word::plain_run;
use super::{JsonStr, RawJson, escape, utf8};
use crate::error::MAX_FRAME_LEN;
use crate::{Member, ParseError, ParseErrorKind};

/// How many containers may stand in one another, the message itself included (`P-3`). It is what `serde_json` accepts by default.
pub const MAX_DEPTH: u8 = 127;

/// The depth at which the members of a message stand.
const MESSAGE_DEPTH: u32 = 1;

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

    /// All of the bytes, if nothing was wrong so far.
    pub(crate) const fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The first thing that was wrong.
    pub(crate) const fn error(&self) -> Option<ParseError> {
        self.error
    }

    /// What is wrong at the byte where the scanner stands.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, kind: ParseErrorKind) {
        if self.error.is_none() {
            let kind = match self.peek() {
                _ if self.at >= self.bytes.len() => ParseErrorKind::UnexpectedEnd,
                '/' if kind.wants_token() => ParseErrorKind::Comment,
                _ => kind,
            };
            self.error = Some(ParseError::new(kind, self.at, self.member));
            self.bytes = &[];
        }
    }

    /// What is wrong at any byte, and which member it concerns.
    pub(crate) fn fail_at(&mut self, at: usize, member: Option<Member>, kind: ParseErrorKind) {
        (self.at, self.member) = (at, member);
        self.fail(kind);
    }

    /// The opening brace of a frame. Whether any member follows; skips to it, or past the closing brace.
    pub(crate) fn open(&mut self) -> bool {
        if self.bytes.len() > MAX_FRAME_LEN {
            self.fail(ParseErrorKind::TooLong);
        }
        if self.token() != '{' {
            self.fail(match self.bytes {
                [0xef, 0xbb, 0xbf, ..] => ParseErrorKind::ByteOrderMark,
                _ => ParseErrorKind::ExpectedObject,
            });
        }
        self.skip();
        self.first('}')
    }

    /// Whether the container that has just been opened holds anything. Skips to it, or past the closing bracket.
    pub(crate) fn first(&mut self, close: char) -> bool {
        let closes = self.token() == close;
        if closes {
            self.skip();
        }
        !closes
    }

    /// Whether the container holds anything more. Skips to it, or past the closing bracket.
    pub(crate) fn next(&mut self, close: char) -> bool {
        let byte = self.token();
        if byte == ',' {
            self.skip();
            self.token();
            return true;
        }
        if byte == close {
            self.skip();
        } else {
            self.fail(match close {
                '}' => ParseErrorKind::ExpectedCommaOrBrace,
                _ => ParseErrorKind::ExpectedCommaOrBracket,
            });
        }
        false
    }

    /// A member's name and the colon after it.
    pub(crate) fn name(&mut self) -> JsonStr<'a> {
        let start = self.at.wrapping_add(1);
        self.normal = true;
        self.name_string();
        let inside = self.since(start);
        let inside = inside.split_last().map_or(inside, |(_quote, inside)| inside);
        let name = JsonStr::scanned(inside, !self.normal);
        self.colon();
        name
    }

    /// A member's name and the colon after it: the member, if the protocol knows it.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn known_name(&mut self) -> Option<Member> {
        let start = self.at;
        self.name_string();
        let end = self.at;
        self.at = start;
        let member = self.key(end.wrapping_sub(1));
        self.at = end;
        member
    }

    /// The member whose name, which has been proven and ends before `end`, this is.
    fn key(&mut self, end: usize) -> Option<Member> {
        // The characters as a big-endian number.
        let mut key = 0;
        self.skip();
        while self.at < end {
            let mut code = u32::from(self.peek());
            if code == u32::from('\\') {
                code = self.escape();
            } else {
                self.skip();
            }
            // More than four characters, or not ASCII.
            if code == 0 || code > 0x7f || key >> 24 != 0 {
                return None;
            }
            key = key << 8 | code;
        }
        Member::of_key(key)
    }

    /// The colon after a name.
    pub(crate) fn colon(&mut self) {
        if self.token() != ':' {
            self.fail(ParseErrorKind::ExpectedColon);
        }
        self.skip();
        self.token();
    }

    /// The value of a member of the message, which `member` names in errors.
    pub(crate) fn member_value(&mut self, member: Option<Member>) -> RawJson<'a> {
        self.member = member;
        self.token();
        let start = self.at;
        self.normal = true;
        self.value();
        self.member = None;
        RawJson::scanned(self.since(start), self.normal)
    }

    /// Nothing but whitespace is left.
    pub(crate) fn end(&mut self) {
        self.token();
        if self.at < self.bytes.len() {
            self.fail(ParseErrorKind::TrailingData);
        }
    }

    /// A value, whatever is nested in it.
    fn value(&mut self) {
        let mut depth = MESSAGE_DEPTH;
        // One bit for each open container, the innermost lowest: 1 for an object. Nothing is open yet.
        let mut objects = 0_u128;
        loop {
            let byte = self.peek();
            match byte {
                '"' => self.string(),
                '-' | '0'..='9' => self.number(),
                't' => self.literal(*b"true"),
                'f' => {
                    self.skip();
                    self.literal(*b"alse");
                }
                'n' => self.literal(*b"null"),
                '{' | '[' => {
                    if depth == u32::from(MAX_DEPTH) {
                        return self.fail(ParseErrorKind::TooDeep);
                    }
                    self.skip();
                    if self.first(if byte == '{' { '}' } else { ']' }) {
                        depth = depth.wrapping_add(1);
                        objects = objects << 1 | u128::from(byte == '{');
                        if byte == '{' {
                            self.nested_name();
                        }
                        continue;
                    }
                }
                _ => {
                    return self.fail(match byte {
                        ']' if depth > MESSAGE_DEPTH && objects & 1 == 0 => {
                            ParseErrorKind::TrailingComma
                        }
                        '+' | '.' | 'N' | 'I' => ParseErrorKind::InvalidNumber,
                        _ => ParseErrorKind::ExpectedValue,
                    });
                }
            }
            // A value has ended, and with it perhaps the containers around it.
            loop {
                if depth == MESSAGE_DEPTH {
                    return;
                }
                let in_object = objects & 1 == 1;
                if self.next(if in_object { '}' } else { ']' }) {
                    if in_object {
                        self.nested_name();
                    }
                    break;
                }
                depth = depth.wrapping_sub(1);
                objects >>= 1;
            }
        }
    }

    /// The name of a nested member, up to its value.
    fn nested_name(&mut self) {
        self.name_string();
        self.colon();
    }

    /// A member's name, as a string.
    fn name_string(&mut self) {
        match self.peek() {
            '"' => self.string(),
            '}' => self.fail(ParseErrorKind::TrailingComma),
            _ => self.fail(ParseErrorKind::ExpectedName),
        }
    }

    /// A string with its quotes.
    fn string(&mut self) {
        self.skip();
        loop {
            self.skip_by(plain_run(self.rest()));
            match self.peek() {
                '"' => return self.skip(),
                '\\' => {
                    self.escape();
                }
                '\u{80}'.. => self.character(),
                _ => return self.fail(ParseErrorKind::ControlCharacter),
            }
        }
    }

    /// An escape, and the code of its character. The second half of a surrogate pair belongs to it.
    pub(super) fn escape(&mut self) -> u32 {
        self.normal = false;
        let backslash = self.at;
        let letter = self.advance();
        if letter != 'u' {
            let code = escape::short(letter);
            if code.is_none() {
                self.fail(ParseErrorKind::InvalidEscape);
            }
            self.skip();
            return code.unwrap_or(0);
        }
        let unit = self.hex_unit();
        if unit & 0xf800 != 0xd800 {
            return unit;
        }
        if unit < 0xdc00 {
            if self.peek() == '\\' && self.advance() == 'u' {
                let low = self.hex_unit();
                if low & 0xfc00 == 0xdc00 {
                    return ((unit & 0x3ff) << 10 | low & 0x3ff).wrapping_add(0x1_0000);
                }
            } else if self.at == self.bytes.len() {
                self.fail(ParseErrorKind::UnexpectedEnd);
            }
        }
        self.at = backslash;
        self.fail(ParseErrorKind::LoneSurrogate);
        0
    }

    /// The `u` of an escape and its four digits.
    fn hex_unit(&mut self) -> u32 {
        let mut unit = 0;
        for _ in 0..4 {
            let digit = escape::hex_value(self.advance());
            if digit.is_none() {
                self.fail(ParseErrorKind::InvalidEscape);
            }
            unit = unit << 4 | digit.unwrap_or(0);
        }
        self.skip();
        unit
    }

    /// A character beyond ASCII.
    fn character(&mut self) {
        let start = self.at;
        let lead = self.peek();
        let mut seconds = utf8::seconds(lead);
        if seconds == 0 {
            return self.fail(ParseErrorKind::InvalidUtf8);
        }
        for _ in 0..utf8::following(lead) {
            if !utf8::follows(self.advance(), seconds) {
                // Bytes that end inside a character are short, not ill-formed.
                if self.at < self.bytes.len() {
                    self.at = start;
                }
                return self.fail(ParseErrorKind::InvalidUtf8);
            }
            seconds = utf8::ANY;
        }
        self.skip();
    }

    /// A number.
    fn number(&mut self) {
        let mut byte = self.peek();
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

    /// Four letters of `true`, `false` or `null`.
    fn literal(&mut self, letters: [u8; 4]) {
        let mut letters = u32::from_le_bytes(letters);
        while letters != 0 {
            if u32::from(self.peek()) != letters & 0xff {
                self.fail(ParseErrorKind::InvalidLiteral);
            }
            self.skip();
            letters >>= 8;
        }
    }

    /// Skips whitespace and gives the byte after it.
    #[inline(never)]
    pub(crate) fn token(&mut self) -> char {
        loop {
            let byte = self.peek();
            if !is_space(byte) {
                return byte;
            }
            self.normal = false;
            self.skip();
        }
    }

    /// The bytes from `start` to where the scanner stands.
    fn since(&self, start: usize) -> &'a [u8] {
        let before = self.bytes.get(..self.at).unwrap_or_default();
        before.get(start..).unwrap_or_default()
    }

    /// The bytes from where the scanner stands.
    pub(super) fn rest(&self) -> &'a [u8] {
        self.bytes.get(self.at..).unwrap_or_default()
    }

    /// The byte at which the scanner stands, as a `char` because that fills a register. At the end it is NUL, which is an error
    /// wherever it is looked at.
    // A call is half as long as what it does, and there are many.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(super) fn peek(&self) -> char {
        char::from(self.bytes.get(self.at).copied().unwrap_or(0))
    }

    /// Moves past the byte that has just been peeked at.
    #[inline(always)]
    pub(crate) const fn skip(&mut self) {
        self.at = self.at.wrapping_add(1);
    }

    /// Moves past so many bytes that are there.
    pub(super) const fn skip_by(&mut self, count: usize) {
        self.at = self.at.wrapping_add(count);
    }

    /// Moves past the byte that has just been peeked at, and peeks at the next.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn advance(&mut self) -> char {
        self.skip();
        self.peek()
    }
}

/// Insignificant whitespace (RFC 8259 section 2).
pub(super) const fn is_space(byte: char) -> bool {
    matches!(byte, ' ' | '\t' | '\n' | '\r')
}
