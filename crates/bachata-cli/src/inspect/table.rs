use std::fmt::Write as _;
use std::io::{self, BufWriter, Write};

use anstyle::Style;
use bachata_core::Message;

use super::Report;
use super::frame::{Fault, Frame};
use super::layout::{COLUMNS, Layout, at};
use super::row::{Row, row};
use super::summary::Summary;
use crate::excerpt::Excerpt;
use crate::palette::Palette;
use crate::printable::Printable;

/// Lists frames for people: a row for a message, the fault with an excerpt for anything else, and a
/// summary at the end.
pub(crate) struct Table<W: Write> {
    writer: BufWriter<W>,
    palette: Palette,
    /// The width of the terminal, if it is one.
    width: Option<usize>,
    layout: Layout,
    /// The title row of the current input has been written.
    titled: bool,
    with_file: bool,
    file: String,
    /// The text of the current frame.
    text: String,
    cell: Printable,
    summary: Summary,
}

/// The width of an excerpt where there is no terminal to ask.
const EXCERPT_WIDTH: usize = 100;

/// Frames from the start of an input that settle the layout.
const AHEAD: usize = 1000;

impl<W: Write> Table<W> {
    /// A table on `writer`, which is a terminal of `width` columns or none, with the names of the
    /// inputs or without.
    pub(crate) fn new(
        writer: W,
        width: Option<usize>,
        palette: Palette,
        summary: Summary,
        with_file: bool,
    ) -> Self {
        Self {
            writer: BufWriter::with_capacity(64 * 1024, writer),
            palette,
            width,
            layout: Layout::new(std::iter::empty(), false, None),
            titled: false,
            with_file,
            file: String::new(),
            text: String::new(),
            cell: Printable::new(),
            summary,
        }
    }

    /// Writes one line under the last row, cut to the width of the terminal.
    pub(crate) fn note(&mut self, text: impl Iterator<Item = char>) -> io::Result<()> {
        let [line_width, ..] = self.layout.widths;
        let indent = line_width + self.layout.gap;
        let room = self
            .width
            .map_or(usize::MAX, |width| width.saturating_sub(indent));
        self.cell.clear();
        self.cell.push_cut(text, room);
        writeln!(self.writer, "{:indent$}{}", "", self.cell.as_str())
    }

    fn write_titles(&mut self) {
        let Palette { title, faint, .. } = self.palette;
        if self.with_file {
            let blank = if self.summary.is_empty() { "" } else { "\n" };
            let _ = writeln!(self.text, "{blank}{title}{}{title:#}", self.file);
        }
        let gap = self.layout.gap;
        let mut pending = 0;
        for (index, (column, &width)) in COLUMNS.iter().zip(&self.layout.widths).enumerate() {
            let name = column.title;
            let (before, after) = match index {
                at::LINE => (width.saturating_sub(name.len()), 0),
                _ => (0, width.saturating_sub(name.len())),
            };
            pending += before;
            let _ = write!(self.text, "{:pending$}{faint}{name}{faint:#}", "");
            pending = after + gap;
        }
        self.text.push('\n');
    }

    fn write_row(&mut self, row: &Row<'_>, message: &Message<'_>) {
        let gap = self.layout.gap;
        let mut pending = 0;
        // What a long line number takes from the column after the next.
        let mut debt = 0;
        for (index, (cell, &width)) in row.iter().zip(&self.layout.widths).enumerate() {
            let width = match index {
                at::ID => width.saturating_sub(std::mem::take(&mut debt)),
                _ => width,
            };
            self.cell.clear();
            cell.write(&mut self.cell, width);
            let columns = self.cell.columns();
            let space = width.saturating_sub(columns);
            debt += columns.saturating_sub(width);
            let (before, after) = if index == at::LINE {
                (space, 0)
            } else {
                (0, space)
            };
            pending += before;
            if columns > 0 {
                // Spaces are written before something only: no row ends with any.
                let style = style(&self.palette, index, message);
                let _ = write!(
                    self.text,
                    "{:pending$}{style}{}{style:#}",
                    "",
                    self.cell.as_str()
                );
                pending = 0;
            }
            pending += after + gap;
        }
        self.text.push('\n');
    }

    fn write_fault(&mut self, frame: &Frame<'_>, fault: Fault) {
        let Palette { faint, error, .. } = self.palette;
        let [line_width, ..] = self.layout.widths;
        let gap = self.layout.gap;
        let indent = line_width + gap;
        let line = frame.line;
        let _ = write!(
            self.text,
            "{faint}{line:line_width$}{faint:#}{:gap$}{error}invalid{error:#}{:gap$}{fault}",
            "", ""
        );
        // Of a frame that was too long, and of an empty one, there is nothing to show.
        if frame.bytes.is_empty() {
            self.text.push('\n');
            return;
        }
        // One column is left for a caret behind the end.
        let width = self
            .width
            .unwrap_or(EXCERPT_WIDTH)
            .saturating_sub(indent + 1);
        let excerpt = Excerpt::new(frame.bytes, fault.offset(), width);
        self.text.push_str(&excerpt.place());
        self.text.push('\n');
        excerpt.write(&mut self.text, indent, &self.palette);
    }
}

/// The style of a cell of a message.
fn style(palette: &Palette, index: usize, message: &Message<'_>) -> Style {
    match (index, message) {
        (at::LINE | at::PAYLOAD, _) => palette.faint,
        (at::KIND | at::TYPE, Message::Data(_)) => palette.data,
        (at::KIND | at::TYPE, Message::Transport(_)) => palette.transport,
        (at::ID, _) => palette.id,
        _ => Style::new(),
    }
}

impl<W: Write> Report for Table<W> {
    fn begin(
        &mut self,
        name: &str,
        ahead: &mut dyn Iterator<Item = Frame<'_>>,
        all: bool,
    ) -> io::Result<()> {
        if self.with_file {
            self.file = Printable::of(name);
        }
        self.titled = false;
        let rows: Vec<_> = ahead
            .take(AHEAD)
            .filter_map(|frame| Some(row(&frame, frame.outcome.as_ref().ok()?)))
            .collect();
        let all = all && ahead.next().is_none();
        self.layout = Layout::new(rows.into_iter(), all, self.width);
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.text.clear();
        if !std::mem::replace(&mut self.titled, true) {
            self.write_titles();
        }
        self.summary.count(frame, &self.file);
        match &frame.outcome {
            Ok(message) => self.write_row(&row(frame, message), message),
            Err(fault) => self.write_fault(frame, *fault),
        }
        self.writer.write_all(self.text.as_bytes())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush()
    }

    fn finish(&mut self) -> io::Result<()> {
        self.text.clear();
        self.summary.write(&mut self.text, &self.palette);
        self.writer.write_all(self.text.as_bytes())?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use bachata_core::Policy;

    use super::super::lines::Line;
    use super::*;

    fn frame(number: u64, bytes: &[u8]) -> Frame<'_> {
        Frame::read(number, Line::Frame(bytes), Policy::Strict, usize::MAX)
    }

    /// What a terminal of this width gets for the frames, of which those up to `ahead` are there at the start.
    fn table(frames: &[&str], ahead: usize, width: Option<usize>) -> String {
        let summary = Summary::new(Policy::Strict);
        let mut table = Table::new(Vec::new(), width, Palette::default(), summary, false);
        let numbered = || {
            (1..)
                .zip(frames)
                .map(|(number, text)| frame(number, text.as_bytes()))
        };
        let all = ahead == frames.len();
        table.begin("", &mut numbered().take(ahead), all).unwrap();
        for frame in numbered() {
            table.frame(&frame).unwrap();
        }
        table.finish().unwrap();
        let bytes = table.writer.into_inner().unwrap();
        String::from_utf8(bytes).unwrap()
    }

    const FRAMES: [&str; 6] = [
        r#"{"id":"7f6a2c1e-3b0d-4a57-9d3e-0c6f1f2a9b11","type":"direct","time":1763767200123,"data":"hi","from":"alice@example.org","dest":"room/general/and/more"}"#,
        r#"{"type":100,"data":"7f6a2c1e-3b0d-4a57-9d3e-0c6f1f2a9b11"}"#,
        r#"{"id":"","type":"a type that is longer than any column is, and then some","time":9223372036854775807,"data":{"a":1}}"#,
        r#"{"id":"日本語日本語日本語日本語日本語","type":"日本語","time":0,"data":"","from":"日本語日本語"}"#,
        r#"{"type":4294967295,"data":"\u001b[2J\u202e"}"#,
        r#"{"id":"1","type":"t","time":1,"data":{"a":[1,2,]}}"#,
    ];

    #[test]
    fn what_fits_is_shown_as_it_is() {
        let short = [
            r#"{"type":1000}"#,
            r#"{"id":"m1","type":"text","time":1763767200123,"data":"hi","dest":"B"}"#,
            r#"{"type":200,"data":"m1"}"#,
            r#"{"id":"m2","type":"map","time":0,"data":{},"from":"A","dest":"B"}"#,
            "{}",
        ];
        let wanted = "\
line  kind       type          id  time                      from  dest  payload
   1  transport  1000 ready
   2  data       text          m1  2025-11-21 23:20:00.123Z        B     text   2 B
   3  transport  200 received  m1
   4  data       map           m2  1970-01-01 00:00:00.000Z  A     B     object 2 B
   5  invalid  missing member \"type\" at byte 1
      {}
       ^

5 frames, 173 bytes: 4 valid, 1 invalid

kind       type                   frames  largest
transport  200 received                1     24 B
transport  1000 ready                  1     13 B
data       map                         1     65 B
data       text                        1     69 B
invalid    missing member \"type\"       1      2 B

largest message  69 B, line 2
storage          MessageBuf<69> holds every message seen
";
        assert_eq!(table(&short, short.len(), None), wanted);
        assert_eq!(table(&short, short.len(), Some(83)), wanted);
    }

    #[test]
    fn no_line_is_wider_than_the_terminal() {
        let columns = |line: &str| {
            let mut printable = Printable::new();
            line.chars().for_each(|c| printable.push(c));
            printable.columns()
        };
        for width in [60, 70, 80, 100, 120, 140, 200] {
            for ahead in [0, 1, FRAMES.len()] {
                let table = table(&FRAMES, ahead, Some(width));
                let rows = table.lines().take_while(|line| !line.is_empty());
                for line in rows {
                    assert!(columns(line) <= width, "{width} {ahead}\n{table}");
                }
            }
        }
    }

    #[test]
    fn a_terminal_of_80_columns_has_room_for_what_matters() {
        let table = table(&FRAMES[..2], 2, Some(80));
        let rows: Vec<_> = table.lines().skip(1).take(2).collect();
        assert_eq!(
            rows,
            [
                "   1 data  direct       7f6a2c1e-… 2025-11-21 23:20:00Z alice… room/… text   2 B",
                "   2 trans 100 accepted 7f6a2c1e-…",
            ]
        );
    }

    #[test]
    fn nothing_that_a_peer_writes_steers_the_terminal() {
        for width in [Some(60), Some(100), None] {
            let table = table(&FRAMES, FRAMES.len(), width);
            let steers = |c: char| (c.is_control() && c != '\n') || c == '\u{202e}';
            assert!(!table.contains(steers), "{table}");
        }
    }
}
