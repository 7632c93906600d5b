use core::cmp::Ordering;
use core::fmt::{self, Write as _};
use core::hash::{Hash, Hasher};
use core::iter::FusedIterator;

use super::escape::{Written, write_text};
use super::normal::{NormalForm, Of};
use super::scanner::Scanner;
use super::utf8;
use super::word::unescaped_run;
use crate::BufferTooSmall;
use crate::encode::{self, Sink, SliceSink};

/// A text: a string out of a frame, still as it stands there, or one to be put into a frame.
///
/// It is compared, ordered, hashed, iterated and displayed decoded, so it makes no difference how its characters are escaped:
///
/// ```
/// use bachata_core::{JsonStr, Message};
///
/// let Message::Data(message) =
///     Message::parse(br#"{"id":"1","type":"t","time":0,"data":"caf\u00e9 \ud83d\ude00"}"#)?
/// else { panic!() };
/// let text = message.data().as_text().unwrap();
///
/// assert_eq!(text, "café 😀");
/// assert_eq!(text, JsonStr::from("café 😀"));
/// assert_eq!(text.to_string(), "café 😀");
/// assert_eq!(text.chars().count(), 6);
///
/// // It holds escapes, so it has to be decoded somewhere to be had as a `&str`.
/// assert_eq!(text.as_str(), None);
/// assert_eq!(text.decoded_len(), 10);
/// assert_eq!(text.decode(&mut [0; 10]), Ok("café 😀"));
/// assert_eq!(text.decode(&mut [0; 9]).unwrap_err().needed, 10);
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy)]
pub struct JsonStr<'a>(Form<'a>);

#[derive(Clone, Copy)]
enum Form<'a> {
    /// The text itself.
    Text(&'a str),
    /// The inside of a string that the scanner has proven, and that holds no escape: the text itself, as bytes.
    Plain(&'a [u8]),
    /// The inside of a string that the scanner has proven.
    Escaped(&'a [u8]),
}

impl<'a> JsonStr<'a> {
    /// The empty text.
    pub const EMPTY: Self = Self(Form::Text(""));

    /// A text as it is, not JSON: nothing in it is an escape.
    pub const fn new(text: &'a str) -> Self {
        Self(Form::Text(text))
    }

    /// The inside of a string that the scanner has proven.
    pub(crate) const fn scanned(inside: &'a [u8], escaped: bool) -> Self {
        Self(if escaped {
            Form::Escaped(inside)
        } else {
            Form::Plain(inside)
        })
    }

    /// The text, where nothing in it is escaped.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn as_str(self) -> Option<&'a str> {
        match self.0 {
            Form::Text(text) => Some(text),
            Form::Plain(text) => core::str::from_utf8(text).ok(),
            Form::Escaped(_) => None,
        }
    }

    /// The text, decoded into `scratch` where something in it is escaped; otherwise `scratch` stays as it is.
    ///
    /// # Errors
    ///
    /// `scratch` is shorter than [`decoded_len`](Self::decoded_len).
    pub fn decode<'s>(self, scratch: &'s mut [u8]) -> Result<&'s str, BufferTooSmall>
    where
        'a: 's,
    {
        if let Some(text) = self.as_str() {
            return Ok(text);
        }
        let text = encode::to_slice(scratch, |sink| self.write_decoded(sink))?;
        Ok(core::str::from_utf8(text).unwrap_or_default())
    }

    /// The length in bytes of the decoded text.
    // Where it is called: a text that is handed over is copied by one load of what has just been written by two stores, which has to wait for both.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    pub fn decoded_len(self) -> usize {
        match self.0 {
            Form::Text(text) => text.len(),
            Form::Plain(text) => text.len(),
            Form::Escaped(inside) => Self::unescaped_len(inside),
        }
    }

    #[cfg_attr(target_pointer_width = "64", inline(never))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(always))]
    fn unescaped_len(inside: &[u8]) -> usize {
        let mut sink = SliceSink::new(&mut []);
        JsonStr(Form::Escaped(inside)).write_decoded(&mut sink);
        sink.len()
    }

    /// Whether the text has no characters.
    pub const fn is_empty(self) -> bool {
        match self.0 {
            Form::Text(text) => text.is_empty(),
            Form::Plain(text) | Form::Escaped(text) => text.is_empty(),
        }
    }

    /// The text, unless it is empty.
    pub(crate) const fn not_empty(self) -> Option<Self> {
        if self.is_empty() { None } else { Some(self) }
    }

    /// The characters of the decoded text.
    pub const fn chars(self) -> Chars<'a> {
        match self.0 {
            Form::Text(text) => Chars {
                rest: text.as_bytes(),
                escaped: false,
            },
            Form::Plain(text) => Chars {
                rest: text,
                escaped: false,
            },
            Form::Escaped(text) => Chars {
                rest: text,
                escaped: true,
            },
        }
    }

    /// Whether the text is here with escapes.
    pub(crate) const fn is_escaped(self) -> bool {
        matches!(self.0, Form::Escaped(_))
    }

    /// Whether the text has escapes when it is written.
    pub(crate) fn needs_escapes(self) -> bool {
        match self.0 {
            Form::Text(text) => unescaped_run(text.as_bytes()) < text.len(),
            Form::Plain(_) => false,
            Form::Escaped(_) => self.chars().any(|c| Written::of(u32::from(c)).is_escape()),
        }
    }

    /// The bytes of the decoded text, where they stand together.
    pub(crate) const fn as_bytes(self) -> Option<&'a [u8]> {
        match self.0 {
            Form::Text(text) => Some(text.as_bytes()),
            Form::Plain(text) => Some(text),
            Form::Escaped(_) => None,
        }
    }

    /// The decoded text.
    pub(crate) fn write_decoded<S: Sink>(self, sink: &mut S) {
        let inside = match self.0 {
            Form::Text(text) => return sink.put(text.as_bytes()),
            Form::Plain(text) => return sink.put(text),
            Form::Escaped(inside) => inside,
        };
        let mut scanner = Scanner::new(inside);
        loop {
            // What is not plain is an escape.
            let rest = scanner.rest();
            let run = unescaped_run(rest);
            sink.put(rest.get(..run).unwrap_or_default());
            scanner.skip_by(run);
            if run == rest.len() {
                return;
            }
            Written::utf8(scanner.escape()).put(sink);
        }
    }

    /// The text as a JSON string, in normal form (`P-6`), after something that ends with its opening quote.
    #[cfg_attr(target_pointer_width = "64", inline(always))]
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    pub(crate) fn write_after<S: Sink>(&self, before: &[u8], sink: &mut S) {
        sink.put(before);
        match self.0 {
            Form::Text(text) => write_text(text.as_bytes(), sink),
            Form::Plain(text) => sink.put(text),
            Form::Escaped(inside) => NormalForm::write(inside, Of::String, sink),
        }
        sink.put(b"\"");
    }
}

impl Default for JsonStr<'_> {
    fn default() -> Self {
        Self::EMPTY
    }
}

impl<'a> From<&'a str> for JsonStr<'a> {
    fn from(text: &'a str) -> Self {
        Self::new(text)
    }
}

impl PartialEq for JsonStr<'_> {
    fn eq(&self, other: &Self) -> bool {
        match (self.as_bytes(), other.as_bytes()) {
            (Some(a), Some(b)) => a == b,
            _ => self.chars().eq(other.chars()),
        }
    }
}

impl Eq for JsonStr<'_> {}

impl PartialEq<str> for JsonStr<'_> {
    fn eq(&self, other: &str) -> bool {
        *self == JsonStr::new(other)
    }
}

impl PartialEq<&str> for JsonStr<'_> {
    fn eq(&self, other: &&str) -> bool {
        *self == JsonStr::new(other)
    }
}

impl PartialEq<JsonStr<'_>> for str {
    fn eq(&self, other: &JsonStr<'_>) -> bool {
        other == self
    }
}

impl PartialEq<JsonStr<'_>> for &str {
    fn eq(&self, other: &JsonStr<'_>) -> bool {
        other == self
    }
}

/// As `str` is ordered.
impl Ord for JsonStr<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self.as_bytes(), other.as_bytes()) {
            (Some(a), Some(b)) => a.cmp(b),
            _ => self.chars().cmp(other.chars()),
        }
    }
}

impl PartialOrd for JsonStr<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// The same for equal texts, however they are escaped; not what `str` gives.
impl Hash for JsonStr<'_> {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.chars().for_each(|c| state.write_u32(u32::from(c)));
        // No character: texts that follow one another don't run together.
        state.write_u32(u32::MAX);
    }
}

/// The decoded text.
impl fmt::Display for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.as_str() {
            Some(text) => f.write_str(text),
            None => self.chars().try_for_each(|c| f.write_char(c)),
        }
    }
}

/// The decoded text in quotes, as `str` has it.
impl fmt::Debug for JsonStr<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(text) = self.as_str() {
            return fmt::Debug::fmt(text, f);
        }
        f.write_char('"')?;
        self.chars().try_for_each(|c| match c {
            // Alone it would be escaped, as in a `char`.
            '\'' => f.write_char(c),
            c => write!(f, "{}", c.escape_debug()),
        })?;
        f.write_char('"')
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for JsonStr<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "{}", defmt::Display2Format(self));
    }
}

/// The characters of a [`JsonStr`], decoded.
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Chars<'a> {
    rest: &'a [u8],
    escaped: bool,
}

impl Iterator for Chars<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        let (character, rest) = match self.rest {
            [b'\\', ..] if self.escaped => {
                let mut scanner = Scanner::new(self.rest);
                (char::from_u32(scanner.escape())?, scanner.rest())
            }
            rest => utf8::decode(rest)?,
        };
        self.rest = rest;
        Some(character)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        // The longest form of a character has 12 bytes: a surrogate pair.
        (self.rest.len().div_ceil(12), Some(self.rest.len()))
    }
}

impl FusedIterator for Chars<'_> {}

#[cfg(test)]
mod tests {
    use std::collections::hash_map::DefaultHasher;
    use std::format;
    use std::string::ToString;

    use super::*;

    /// The inside of a string, and what it says.
    const TEXTS: [(&str, &str); 8] = [
        ("", ""),
        ("plain", "plain"),
        ("\u{e9}\u{1f600}\u{7f}", "\u{e9}\u{1f600}\u{7f}"),
        (r#"\"\\\/\b\f\n\r\t"#, "\"\\/\u{8}\u{c}\n\r\t"),
        (r"\u0000\u001f\u00e9", "\0\u{1f}\u{e9}"),
        (r"\ud7ff\uE000\uffff", "\u{d7ff}\u{e000}\u{ffff}"),
        (r"\ud800\udc00\uDBFF\uDFFF", "\u{10000}\u{10ffff}"),
        (r"\u005cn\\u0041", "\\n\\u0041"),
    ];

    fn hash(text: JsonStr<'_>) -> u64 {
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        hasher.finish()
    }

    #[test]
    fn every_form_of_a_text_is_the_same_text() {
        for (inside, text) in TEXTS {
            let scanned = JsonStr::scanned(inside.as_bytes(), inside.contains('\\'));
            assert_eq!(scanned, text);
            assert_eq!(text, scanned);
            assert_eq!(scanned.cmp(&JsonStr::new(text)), Ordering::Equal);
            assert_eq!(hash(scanned), hash(JsonStr::new(text)));
            assert_eq!(scanned.to_string(), text);
            assert_eq!(format!("{scanned:?}"), format!("{text:?}"));
            assert_eq!(scanned.decoded_len(), text.len());
            assert_eq!(scanned.is_empty(), text.is_empty());
            assert_eq!(scanned.as_str().is_some(), !inside.contains('\\'));
            assert!(scanned.chars().size_hint().0 <= text.chars().count());
            for capacity in 0..text.len() + 2 {
                let mut scratch = [0; 64];
                let decoded = scanned.decode(&mut scratch[..capacity]);
                if capacity >= text.len() || scanned.as_str().is_some() {
                    assert_eq!(decoded, Ok(text));
                } else {
                    assert_eq!(
                        decoded,
                        Err(BufferTooSmall {
                            needed: text.len(),
                            capacity
                        })
                    );
                }
            }
        }
    }

    #[test]
    fn order_is_that_of_str() {
        for (a, a_text) in TEXTS {
            for (b, b_text) in TEXTS {
                let a = JsonStr::scanned(a.as_bytes(), a.contains('\\'));
                let b = JsonStr::scanned(b.as_bytes(), b.contains('\\'));
                assert_eq!(a.cmp(&b), a_text.cmp(b_text), "{a} {b}");
            }
        }
    }
}
