use super::escape::hex_value;
use super::utf8::{self, Sequence};
use super::word::plain_run;
use super::{JsonStr, RawJson};
use crate::error::MAX_FRAME_LEN;
use crate::{Member, ParseError, ParseErrorKind};

/// How many containers may stand in one another, the message itself included (`P-3`). It is what `serde_json` accepts by default.
pub const MAX_DEPTH: u8 = 127;

/// The depth at which the members of a message stand.
const MESSAGE_DEPTH: u8 = 1;

/// What a step of the scanner gives. On an error the scanner stands at the byte at fault, or at the end.
type Step<T = ()> = Result<T, ParseErrorKind>;

/// Proves bytes to be JSON, from front to back, in one pass, without recursion.
///
/// A method that scans something expects to stand at its first byte and leaves the scanner after its last one. None looks for the
/// end of the bytes: there, [`peek`](Self::peek) gives a byte that fits nowhere, and [`error`](Self::error) sees what it was.
#[derive(Clone, Debug)]
pub(crate) struct Scanner<'a> {
    bytes: &'a [u8],
    at: usize,
    /// The known member whose value is being scanned, for errors.
    member: Option<Member>,
    /// An escape was seen since the value or the name began.
    escaped: bool,
    /// Whitespace was seen since the value began.
    spaced: bool,
}

impl<'a> Scanner<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            member: None,
            escaped: false,
            spaced: false,
        }
    }

    /// Where the scanner stands: bytes from the start.
    pub(crate) const fn at(&self) -> usize {
        self.at
    }

    /// Goes back to `at`, to give an error there that concerns `member`.
    pub(crate) const fn blame(&mut self, at: usize, member: Option<Member>) {
        self.at = at;
        self.member = member;
    }

    /// An error of this kind where the scanner stands.
    #[cold]
    pub(crate) fn error(&self, kind: ParseErrorKind) -> ParseError {
        let kind = match self.bytes.get(self.at) {
            None => ParseErrorKind::UnexpectedEnd,
            Some(b'/') if kind.wants_token() => ParseErrorKind::Comment,
            Some(_) => kind,
        };
        ParseError::new(kind, self.at, self.member)
    }

    /// The opening brace of a frame.
    pub(crate) fn open(&mut self) -> Step {
        if self.bytes.len() > MAX_FRAME_LEN {
            return Err(ParseErrorKind::TooLong);
        }
        if self.token() == b'{' {
            self.skip();
            return Ok(());
        }
        Err(match self.bytes {
            [0xef, 0xbb, 0xbf, ..] => ParseErrorKind::ByteOrderMark,
            _ => ParseErrorKind::ExpectedObject,
        })
    }

    /// Whether the container that has just been opened holds anything. Skips to it, or past the closing bracket.
    pub(crate) fn first(&mut self, close: u8) -> bool {
        let closes = self.token() == close;
        if closes {
            self.skip();
        }
        !closes
    }

    /// Whether the container holds anything more. Skips to it, or past the closing bracket.
    pub(crate) fn next(&mut self, close: u8) -> Step<bool> {
        let byte = self.token();
        if byte != b',' && byte != close {
            return Err(match close {
                b'}' => ParseErrorKind::ExpectedCommaOrBrace,
                _ => ParseErrorKind::ExpectedCommaOrBracket,
            });
        }
        self.skip();
        if byte == b',' {
            self.token();
        }
        Ok(byte == b',')
    }

    /// A member's name.
    pub(crate) fn name(&mut self) -> Step<JsonStr<'a>> {
        let start = self.at.wrapping_add(1);
        self.escaped = false;
        self.name_string()?;
        let inside = self
            .bytes
            .get(start..self.at.wrapping_sub(1))
            .unwrap_or_default();
        Ok(JsonStr::scanned(inside, self.escaped))
    }

    /// The name of a member of the message, if the protocol knows it.
    pub(crate) fn known_name(&mut self) -> Step<Option<Member>> {
        let start = self.at;
        self.name_string()?;
        let end = self.at;
        self.at = start;
        let key = self.key(end.wrapping_sub(1));
        self.at = end;
        Ok(Member::of_key(key))
    }

    /// The characters of a name that has been proven and ends before `end`, as a big-endian number: 0 if they are more than four, or
    /// not ASCII.
    fn key(&mut self, end: usize) -> u32 {
        let mut key = 0;
        self.skip();
        while self.at < end && key >> 24 == 0 {
            let mut code = u32::from(self.peek());
            if self.skip_if(b'\\') {
                // The short escapes give no letters.
                code = match self.peek() {
                    b'u' => self.hex_unit().unwrap_or(0),
                    _ => 0,
                };
            } else {
                self.skip();
            }
            if code == 0 || code > 0x7f {
                return 0;
            }
            key = key << 8 | code;
        }
        if self.at == end { key } else { 0 }
    }

    /// The colon after a name.
    pub(crate) fn colon(&mut self) -> Step {
        if self.token() != b':' {
            return Err(ParseErrorKind::ExpectedColon);
        }
        self.skip();
        Ok(())
    }

    /// The value of a member of the message, which `member` names in errors.
    pub(crate) fn member_value(&mut self, member: Option<Member>) -> Step<RawJson<'a>> {
        self.member = member;
        self.token();
        let start = self.at;
        (self.escaped, self.spaced) = (false, false);
        self.value()?;
        self.member = None;
        let bytes = self.bytes.get(start..self.at).unwrap_or_default();
        Ok(RawJson::scanned(bytes, !self.escaped && !self.spaced))
    }

    /// Nothing but whitespace is left.
    pub(crate) fn end(&mut self) -> Step {
        self.token();
        if self.at < self.bytes.len() {
            Err(ParseErrorKind::TrailingData)
        } else {
            Ok(())
        }
    }

    /// A value, whatever is nested in it.
    fn value(&mut self) -> Step {
        let mut depth = MESSAGE_DEPTH;
        // One bit for each open container, the innermost lowest: 1 for an object. Nothing is open yet.
        let mut objects = 0_u128;
        loop {
            match self.peek() {
                b'"' => self.string()?,
                b'-' | b'0'..=b'9' => self.number()?,
                b't' | b'f' | b'n' => self.literal()?,
                open @ (b'{' | b'[') => {
                    if depth == MAX_DEPTH {
                        return Err(ParseErrorKind::TooDeep);
                    }
                    self.skip();
                    // `[` and `]`, `{` and `}` are two apart.
                    if self.first(open.wrapping_add(2)) {
                        depth = depth.wrapping_add(1);
                        objects = objects << 1 | u128::from(open == b'{');
                        if open == b'{' {
                            self.nested_name()?;
                        }
                        continue;
                    }
                }
                b']' if depth > MESSAGE_DEPTH && objects & 1 == 0 => {
                    return Err(ParseErrorKind::TrailingComma);
                }
                b'+' | b'.' | b'N' | b'I' => return Err(ParseErrorKind::InvalidNumber),
                _ => return Err(ParseErrorKind::ExpectedValue),
            }
            // A value has ended, and with it perhaps the containers around it.
            loop {
                if depth == MESSAGE_DEPTH {
                    return Ok(());
                }
                let in_object = objects & 1 == 1;
                if self.next(if in_object { b'}' } else { b']' })? {
                    if in_object {
                        self.nested_name()?;
                    }
                    break;
                }
                depth = depth.wrapping_sub(1);
                objects >>= 1;
            }
        }
    }

    /// The name of a nested member, up to its value.
    fn nested_name(&mut self) -> Step {
        self.name_string()?;
        self.colon()?;
        self.token();
        Ok(())
    }

    /// A member's name, as a string.
    fn name_string(&mut self) -> Step {
        match self.peek() {
            b'"' => self.string(),
            b'}' => Err(ParseErrorKind::TrailingComma),
            _ => Err(ParseErrorKind::ExpectedName),
        }
    }

    /// A string with its quotes.
    fn string(&mut self) -> Step {
        self.skip();
        loop {
            let rest = self.bytes.get(self.at..).unwrap_or_default();
            self.at = self.at.wrapping_add(plain_run(rest));
            match self.peek() {
                b'"' => {
                    self.skip();
                    return Ok(());
                }
                b'\\' => self.escape()?,
                0x80.. => self.character()?,
                _ => return Err(ParseErrorKind::ControlCharacter),
            }
        }
    }

    /// An escape. The second half of a surrogate pair belongs to it.
    fn escape(&mut self) -> Step {
        self.escaped = true;
        let backslash = self.at;
        self.skip();
        match self.peek() {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => {
                self.skip();
                return Ok(());
            }
            b'u' => {}
            _ => return Err(ParseErrorKind::InvalidEscape),
        }
        let unit = self.hex_unit()?;
        if unit & 0xf800 != 0xd800 {
            return Ok(());
        }
        if unit < 0xdc00 {
            if self.skip_if(b'\\') && self.peek() == b'u' {
                if self.hex_unit()? & 0xfc00 == 0xdc00 {
                    return Ok(());
                }
            } else if self.at == self.bytes.len() {
                return Err(ParseErrorKind::UnexpectedEnd);
            }
        }
        self.at = backslash;
        Err(ParseErrorKind::LoneSurrogate)
    }

    /// The `u` of an escape and its four digits.
    fn hex_unit(&mut self) -> Step<u32> {
        let mut unit = 0;
        for _ in 0..4 {
            self.skip();
            let digit = hex_value(self.peek()).ok_or(ParseErrorKind::InvalidEscape)?;
            unit = unit << 4 | digit;
        }
        self.skip();
        Ok(unit)
    }

    /// A character beyond ASCII.
    fn character(&mut self) -> Step {
        match utf8::check(self.bytes.get(self.at..).unwrap_or_default()) {
            Sequence::Whole(length) => {
                self.at = self.at.wrapping_add(length);
                return Ok(());
            }
            Sequence::Cut => self.at = self.bytes.len(),
            Sequence::Invalid => {}
        }
        Err(ParseErrorKind::InvalidUtf8)
    }

    /// A number.
    fn number(&mut self) -> Step {
        self.skip_if(b'-');
        if !self.skip_if(b'0') {
            self.digits()?;
        } else if self.peek().is_ascii_digit() {
            return Err(ParseErrorKind::InvalidNumber);
        }
        if self.skip_if(b'.') {
            self.digits()?;
        }
        if self.peek() | 0x20 == b'e' {
            self.skip();
            if !self.skip_if(b'+') {
                self.skip_if(b'-');
            }
            self.digits()?;
        }
        Ok(())
    }

    /// One digit or more.
    fn digits(&mut self) -> Step {
        let start = self.at;
        while self.peek().is_ascii_digit() {
            self.skip();
        }
        if self.at == start {
            Err(ParseErrorKind::InvalidNumber)
        } else {
            Ok(())
        }
    }

    /// `true`, `false` or `null`.
    fn literal(&mut self) -> Step {
        let letters: &[u8] = match self.peek() {
            b't' => b"true",
            b'f' => b"false",
            _ => b"null",
        };
        for &letter in letters {
            if !self.skip_if(letter) {
                return Err(ParseErrorKind::InvalidLiteral);
            }
        }
        Ok(())
    }

    /// Skips the byte at which the scanner stands if it is this one, and says so.
    fn skip_if(&mut self, byte: u8) -> bool {
        let is = self.peek() == byte;
        if is {
            self.skip();
        }
        is
    }

    /// Skips whitespace and gives the byte after it.
    #[inline(never)]
    pub(crate) fn token(&mut self) -> u8 {
        loop {
            let byte = self.peek();
            if !is_space(byte) {
                return byte;
            }
            self.spaced = true;
            self.skip();
        }
    }

    /// The byte at which the scanner stands. At the end it is NUL, which is an error wherever it is looked at.
    #[inline(always)]
    fn peek(&self) -> u8 {
        self.bytes.get(self.at).copied().unwrap_or(0)
    }

    /// Moves past the byte that has just been peeked at.
    #[inline(always)]
    pub(crate) const fn skip(&mut self) {
        self.at = self.at.wrapping_add(1);
    }
}

/// Insignificant whitespace (RFC 8259 section 2).
pub(super) const fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r')
}
