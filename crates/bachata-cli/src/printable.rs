use std::ops::RangeInclusive;

use unicode_width::UnicodeWidthChar as _;

/// Text from a peer made fit for a terminal, one line of it, its columns counted.
///
/// A peer writes what it likes into its texts, also escape sequences that clear a screen or type
/// for the user, and marks that turn the order of the letters around. Whatever does not simply
/// stand there as a visible character is written as `\x1b` or `\u{202e}`.
#[derive(Default)]
pub(crate) struct Printable {
    text: String,
    columns: usize,
    marks: usize,
}

/// How many marks without a width may follow a character. More of them would be text that no width
/// bounds.
const MOST_MARKS: usize = 3;

/// Characters that a terminal shows by nothing of their own: marks that turn the direction of
/// writing, joiners, selectors, fillers, tags, separators of lines (Unicode:
/// `Default_Ignorable_Code_Point`, Zl, Zp, and the annotation marks).
const INVISIBLE: [RangeInclusive<char>; 19] = [
    '\u{ad}'..='\u{ad}',
    '\u{34f}'..='\u{34f}',
    '\u{61c}'..='\u{61c}',
    '\u{115f}'..='\u{1160}',
    '\u{17b4}'..='\u{17b5}',
    '\u{180b}'..='\u{180f}',
    '\u{200b}'..='\u{200f}',
    '\u{2028}'..='\u{202e}',
    '\u{2060}'..='\u{206f}',
    '\u{3164}'..='\u{3164}',
    '\u{fe00}'..='\u{fe0f}',
    '\u{feff}'..='\u{feff}',
    '\u{ffa0}'..='\u{ffa0}',
    '\u{fff0}'..='\u{fffb}',
    '\u{13430}'..='\u{1343f}',
    '\u{1bca0}'..='\u{1bca3}',
    '\u{1d173}'..='\u{1d17a}',
    '\u{e0000}'..='\u{e0fff}',
    '\u{10ffff}'..='\u{10ffff}',
];

impl Printable {
    /// An empty text. A mark at its start is escaped, since there is nothing that it could stand
    /// on.
    pub(crate) const fn new() -> Self {
        Self {
            text: String::new(),
            columns: 0,
            marks: MOST_MARKS,
        }
    }

    /// A whole text.
    pub(crate) fn of(text: &str) -> String {
        let mut printable = Self::new();
        text.chars().for_each(|c| printable.push(c));
        printable.text
    }

    /// The text so far.
    pub(crate) fn as_str(&self) -> &str {
        &self.text
    }

    /// The columns that it takes on a terminal.
    pub(crate) const fn columns(&self) -> usize {
        self.columns
    }

    /// Empties it, to be used again.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.columns = 0;
        self.marks = MOST_MARKS;
    }

    /// Adds a unit, escaped where it must be.
    pub(crate) fn push(&mut self, unit: impl Into<Unit>) {
        let c = match unit.into() {
            Unit::Char(c) => c,
            Unit::Byte(byte) => return self.push_escape(&format!("\\x{byte:02x}")),
        };
        match columns(c) {
            Some(0) if self.marks < MOST_MARKS => {
                self.marks += 1;
                self.text.push(c);
            }
            Some(width @ 1..) => {
                self.marks = 0;
                self.text.push(c);
                self.columns += width;
            }
            _ if c.is_ascii() => self.push_escape(&format!("\\x{:02x}", u32::from(c))),
            _ => self.push_escape(&format!("\\u{{{:x}}}", u32::from(c))),
        }
    }

    fn push_escape(&mut self, escape: &str) {
        self.marks = MOST_MARKS;
        self.text.push_str(escape);
        self.columns += escape.len();
    }

    /// Adds units as far as `width` columns go. Where they don't all fit, the last column is `…`.
    /// It reads no more of them than it needs.
    pub(crate) fn push_cut(&mut self, units: impl Iterator<Item: Into<Unit>>, width: usize) {
        let end = self.columns + width;
        // The longest beginning that leaves a column for the `…`.
        let (mut keep, mut keep_columns) = (self.text.len(), self.columns);
        for unit in units {
            self.push(unit);
            if self.columns > end {
                self.text.truncate(keep);
                self.columns = keep_columns;
                if width > 0 {
                    self.text.push('…');
                    self.columns += 1;
                }
                return;
            }
            if self.columns < end {
                (keep, keep_columns) = (self.text.len(), self.columns);
            }
        }
    }

    /// Adds text that is known to be ASCII and printable: our own.
    pub(crate) fn push_ascii(&mut self, text: &str) {
        self.text.push_str(text);
        self.columns += text.len();
    }
}

/// A piece of bytes that may not be UTF-8.
#[derive(Clone, Copy)]
pub(crate) enum Unit {
    /// A character.
    Char(char),
    /// A byte that belongs to no character.
    Byte(u8),
}

impl From<char> for Unit {
    fn from(c: char) -> Self {
        Self::Char(c)
    }
}

/// The units of bytes.
pub(crate) fn units(bytes: &[u8]) -> impl Iterator<Item = Unit> {
    bytes.utf8_chunks().flat_map(|chunk| {
        let bytes = chunk.invalid().iter().copied().map(Unit::Byte);
        chunk.valid().chars().map(Unit::Char).chain(bytes)
    })
}

/// Whether a terminal shows the character, or as a mark on the one before it, and does nothing else
/// with it.
pub(crate) fn is_visible(c: char) -> bool {
    columns(c).is_some()
}

/// The columns that a character takes; none for one that has to be escaped.
fn columns(c: char) -> Option<usize> {
    if matches!(c, ' '..='~') {
        return Some(1);
    }
    let invisible = INVISIBLE.iter().any(|range| range.contains(&c));
    c.width().filter(|_| !invisible)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(text: &str, width: usize) -> (String, usize) {
        let mut printable = Printable::new();
        printable.push_cut(text.chars(), width);
        (printable.text, printable.columns)
    }

    #[test]
    fn nothing_reaches_the_terminal_that_could_steer_it() {
        for (text, shown) in [
            ("plain \"text\" \\ ", "plain \"text\" \\ "),
            ("caf\u{e9} 😀 日本", "caf\u{e9} 😀 日本"),
            ("\u{1b}[2J\u{7}\n\r\t\0", r"\x1b[2J\x07\x0a\x0d\x09\x00"),
            ("\u{7f}\u{85}\u{9b}31m", r"\x7f\u{85}\u{9b}31m"),
            (
                "a\u{202e}b\u{2066}c\u{200f}",
                r"a\u{202e}b\u{2066}c\u{200f}",
            ),
            (
                "a\u{200d}b\u{fe0f}\u{feff}\u{2028}",
                r"a\u{200d}b\u{fe0f}\u{feff}\u{2028}",
            ),
            ("\u{e0041}", r"\u{e0041}"),
            ("e\u{301}", "e\u{301}"),
            ("\u{301}e", r"\u{301}e"),
        ] {
            assert_eq!(Printable::of(text), shown);
        }
        let heap = format!("a{}", "\u{301}".repeat(5));
        assert_eq!(
            Printable::of(&heap),
            "a\u{301}\u{301}\u{301}\\u{301}\\u{301}"
        );
    }

    #[test]
    fn a_text_too_wide_is_cut_to_its_width() {
        for (text, width, shown, columns) in [
            ("abc", 3, "abc", 3),
            ("abcd", 3, "ab…", 3),
            ("abcd", 1, "…", 1),
            ("abcd", 0, "", 0),
            ("", 0, "", 0),
            ("日本", 4, "日本", 4),
            ("日本語", 4, "日…", 3),
            ("日本語", 5, "日本…", 5),
            ("ab\u{1b}", 6, r"ab\x1b", 6),
            ("ab\u{1b}", 5, "ab…", 3),
            ("abe\u{301}", 3, "abe\u{301}", 3),
            ("abe\u{301}f", 3, "ab…", 3),
        ] {
            assert_eq!(
                cut(text, width),
                (shown.into(), columns),
                "{text:?} {width}"
            );
        }
        let (text, columns) = cut(&"\u{301}".repeat(1 << 20), 24);
        assert!(columns <= 24 && text.len() < 100);
    }
}
