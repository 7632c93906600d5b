use std::fmt::Write as _;

use crate::palette::Palette;
use crate::printable::{Printable, Unit, units};

/// The part of a frame around its fault, as one line that a terminal can show, with a caret under
/// the byte at fault.
///
/// Of a frame that has several lines (`--whole`), it is the line at fault, without its indentation.
pub(crate) struct Excerpt {
    before: Printable,
    at: Printable,
    after: Printable,
    /// Line and column, both counted from 1 and in bytes, where the frame has more than one line.
    place: Option<(usize, usize)>,
}

/// A column takes at most so many bytes: a character and the marks upon it.
const MOST_BYTES: usize = 16;

/// Less than this shows nothing: an escaped character takes ten columns.
const LEAST_WIDTH: usize = 24;

impl Excerpt {
    /// The part of `frame` around the byte at `offset` that fits into `width` columns, or a few of
    /// them if there are fewer.
    pub(crate) fn new(frame: &[u8], offset: usize, width: usize) -> Self {
        let width = width.max(LEAST_WIDTH);
        let (head, tail) = frame.split_at_checked(offset).unwrap_or((frame, &[]));
        let line_start = memchr::memrchr(b'\n', head).map_or(0, |at| at + 1);
        let line_end = memchr::memchr(b'\n', tail).unwrap_or(tail.len());
        let place = (line_start > 0 || line_end < tail.len()).then(|| {
            let line = memchr::memchr_iter(b'\n', head).count() + 1;
            (line, offset - line_start + 1)
        });
        let mut head = head.get(line_start..).unwrap_or_default();
        if place.is_some() {
            head = head.trim_ascii_start();
        }
        let tail = tail.get(..line_end).unwrap_or_default();

        let before = Before::new(head, width);
        let mut right = units(first(tail, width)).peekable();
        let mut at = Printable::new();
        if let Some(unit) = right.next() {
            at.push(unit);
        }
        // At the end of the frame there is nothing but the caret.
        let right_columns = at.columns().max(1) + {
            let mut rest = Printable::new();
            rest.push_cut(
                units(first(tail, width)).skip(1),
                width.saturating_sub(at.columns()),
            );
            rest.columns()
        };

        let least_right = right_columns.min(at.columns() + 1);

        // Where not everything fits, two thirds are for what led to the fault, and either side
        // takes what the other doesn't need.
        let left_share = width.saturating_sub(right_columns).max(width * 2 / 3);
        let before = before.last(left_share.min(width.saturating_sub(least_right)));
        let mut after = Printable::new();
        let room = width
            .saturating_sub(before.columns())
            .saturating_sub(at.columns());
        after.push_cut(right, room);
        Self {
            before,
            at,
            after,
            place,
        }
    }

    /// Where it is, as an addition to the message: nothing for a frame of one line.
    pub(crate) fn place(&self) -> String {
        self.place.map_or_else(String::new, |(line, column)| {
            format!(" (line {line}, column {column})")
        })
    }

    /// Writes the two lines, each behind so many spaces.
    pub(crate) fn write(&self, out: &mut String, indent: usize, palette: &Palette) {
        let error = palette.error;
        let (before, at, after) = (self.before.as_str(), self.at.as_str(), self.after.as_str());
        let caret = self.before.columns();
        // Writing to a String doesn't fail.
        let _ = writeln!(
            out,
            "{:indent$}{before}{error}{at}{error:#}{after}\n{:indent$}{:caret$}{error}^{error:#}",
            "", "", ""
        );
    }
}

/// What stands before the fault: its units, and after how many bytes of text and columns each of
/// them starts.
struct Before {
    text: Printable,
    starts: Vec<(usize, usize)>,
    cut: bool,
}

impl Before {
    fn new(head: &[u8], width: usize) -> Self {
        let near = last(head, width);
        let mut text = Printable::new();
        let mut starts = Vec::new();
        for unit in units(near) {
            let start = (text.as_str().len(), text.columns());
            text.push(unit);
            // A mark doesn't start anything, it belongs to the character before it.
            if text.columns() > start.1 {
                starts.push(start);
            }
        }
        Self {
            text,
            starts,
            cut: near.len() < head.len(),
        }
    }

    /// As much of its end as fits into `width` columns, behind a `…` where that isn't everything.
    fn last(self, width: usize) -> Printable {
        if !self.cut && self.text.columns() <= width {
            return self.text;
        }
        let (text, columns) = (self.text.as_str(), self.text.columns());
        let start = self
            .starts
            .iter()
            .find(|(_, start)| columns - start < width);
        let mut end = Printable::new();
        end.push(Unit::Char('…'));
        if let Some(rest) = start.and_then(|&(start, _)| text.get(start..)) {
            rest.chars().for_each(|c| end.push(c));
        }
        end
    }
}

/// The bytes at the start that can matter for `width` columns.
fn first(bytes: &[u8], width: usize) -> &[u8] {
    let most = width.saturating_add(1).saturating_mul(MOST_BYTES);
    bytes.get(..most).unwrap_or(bytes)
}

/// The bytes at the end that can matter for `width` columns, from the start of a character.
fn last(bytes: &[u8], width: usize) -> &[u8] {
    let most = width.saturating_add(1).saturating_mul(MOST_BYTES);
    let mut start = bytes.len().saturating_sub(most);
    // A character has at most three bytes after its first one.
    for _ in 0..3 {
        if bytes.get(start).is_some_and(|byte| byte & 0xc0 == 0x80) {
            start = start.saturating_sub(1);
        }
    }
    bytes.get(start..).unwrap_or(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The line of the frame, and in the other the byte of the line under which the caret stands.
    fn excerpt(frame: &[u8], offset: usize, width: usize) -> (String, String) {
        let excerpt = Excerpt::new(frame, offset, width);
        let mut out = String::new();
        excerpt.write(&mut out, 2, &Palette::default());
        let mut lines = out.lines().map(|line| line[2..].to_owned());
        let two = (lines.next().unwrap(), lines.next().unwrap());
        assert_eq!(lines.next(), None);
        let columns = |text: &str| {
            let mut printable = Printable::new();
            text.chars().for_each(|c| printable.push(c));
            printable.columns()
        };
        assert!(columns(&two.0) <= width, "{two:?}");
        assert!(two.1.len() <= width + 1, "{two:?}");
        two
    }

    #[test]
    fn the_caret_stands_under_the_fault() {
        for (frame, offset, line, caret) in [
            (&b"{\"a\":01}"[..], 6, "{\"a\":01}", "      ^"),
            (b"", 0, "", "^"),
            (b"{", 1, "{", " ^"),
            (b"{\"\x1b[2J\":1}", 2, "{\"\\x1b[2J\":1}", "  ^"),
            (b"\"\xff\xfe\" x", 5, "\"\\xff\\xfe\" x", "           ^"),
            (b"\"a\xe2\x82", 2, "\"a\\xe2\\x82", "  ^"),
            ("日本 x".as_bytes(), 7, "日本 x", "     ^"),
            ("e\u{301} x".as_bytes(), 4, "e\u{301} x", "  ^"),
            ("\u{202e} x".as_bytes(), 4, "\\u{202e} x", "         ^"),
        ] {
            assert_eq!(
                excerpt(frame, offset, 40),
                (line.to_owned(), caret.to_owned())
            );
        }
    }

    #[test]
    fn a_long_frame_is_cut_around_the_fault() {
        let digits = "0123456789".repeat(10_000);
        for (offset, line, caret) in [
            (0, "01234567890123456789012345678…", 0),
            (3, "01234567890123456789012345678…", 3),
            (20, "01234567890123456789012345678…", 20),
            (50_000, "…1234567890123456789012345678…", 20),
            (99_999, "…12345678901234567890123456789", 29),
            (100_000, "…2345678901234567890123456789", 29),
        ] {
            let caret = format!("{:caret$}^", "");
            let wanted = (line.to_owned(), caret);
            assert_eq!(excerpt(digits.as_bytes(), offset, 30), wanted, "{offset}");
        }
    }

    #[test]
    fn every_fault_of_mixed_text_at_every_width_has_its_caret() {
        let text = "{\"日本語\": \u{301}\"e\u{301}\u{1b}\u{202e}😀\", \u{7f}[x]}".repeat(9);
        for width in LEAST_WIDTH..60 {
            for (offset, at) in text.char_indices() {
                let (line, caret) = excerpt(text.as_bytes(), offset, width);
                let mut before = Printable::new();
                let mut rest = line.chars();
                while before.columns() < caret.len() - 1 {
                    before.push(rest.next().unwrap());
                }
                let rest: String = rest.collect();
                let rest = rest.trim_start_matches('\u{301}');
                let shown = match at {
                    '\u{1b}' => "\\x1b".into(),
                    '\u{7f}' => "\\x7f".into(),
                    '\u{301}' | '\u{202e}' => format!("\\u{{{:x}}}", u32::from(at)),
                    at => at.to_string(),
                };
                assert!(rest.starts_with(&shown), "{width} {offset} {at:?} {line}");
            }
        }
    }

    #[test]
    fn of_several_lines_it_is_the_one_at_fault() {
        let frame = b"{\n\t\"a\": [1,2,]\r\n}";
        assert_eq!(
            excerpt(frame, 13, 40),
            ("\"a\": [1,2,]\\x0d".into(), "          ^".into())
        );
        assert_eq!(Excerpt::new(frame, 13, 40).place(), " (line 2, column 12)");
        assert_eq!(Excerpt::new(b"{1}", 1, 40).place(), "");
    }
}
