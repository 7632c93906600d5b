use std::io::{self, Write};

use bachata_core::Message;

use super::Report;
use super::frame::{Fault, Frame};
use crate::printable::is_visible;

/// Writes one JSON object a frame: where it stands, whether it is a message, and which or why not.
///
/// The members of a message are written by the protocol's own encoder, so `data` is JSON in normal
/// form with its numbers as they came.
pub(crate) struct JsonLines<W> {
    out: Out<W>,
    /// The start of each line up to its number.
    start: String,
    with_file: bool,
}

impl<W: Write> JsonLines<W> {
    /// Lines into `writer`, which is a terminal or not, with the member `file` or without it.
    pub(crate) fn new(writer: W, is_terminal: bool, with_file: bool) -> Self {
        Self {
            out: Out::new(writer, is_terminal),
            start: String::new(),
            with_file,
        }
    }

    fn put_fault(&mut self, fault: Fault) -> io::Result<()> {
        self.out.put(b",\"ok\":false,\"error\":")?;
        serde_json::to_writer(&mut self.out, &fault.to_string())?;
        writeln!(self.out, ",\"offset\":{}}}", fault.offset())
    }
}

impl<W: Write> Report for JsonLines<W> {
    fn begin(
        &mut self,
        name: &str,
        _ahead: &mut dyn Iterator<Item = Frame<'_>>,
        _all: bool,
    ) -> io::Result<()> {
        self.start = if self.with_file {
            format!("{{\"file\":{},\"line\":", serde_json::to_string(name)?)
        } else {
            "{\"line\":".into()
        };
        Ok(())
    }

    fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()> {
        self.out.put(self.start.as_bytes())?;
        write!(self.out, "{}", frame.line)?;
        match &frame.outcome {
            Ok(message) => {
                self.out.put(match message {
                    Message::Data(_) => b",\"ok\":true,\"message\":\"data\"",
                    Message::Transport(_) => b",\"ok\":true,\"message\":\"transport\"",
                })?;
                self.out.put_members(message)?;
                self.out.put(b"\n")
            }
            Err(fault) => self.put_fault(*fault),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    /// Nothing but frames is on standard output, so there is no summary.
    fn finish(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// A buffered writer into which messages are encoded where they are to stand.
struct Out<W> {
    writer: W,
    /// What has not been written yet is `room[..len]`.
    room: Vec<u8>,
    len: usize,
    is_terminal: bool,
}

/// Output is written in pieces of about this size.
const CHUNK: usize = 64 * 1024;

impl<W: Write> Out<W> {
    fn new(writer: W, is_terminal: bool) -> Self {
        Self {
            writer,
            room: vec![0; CHUNK],
            len: 0,
            is_terminal,
        }
    }

    fn put(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.reserve(bytes.len())?;
        let end = self.len + bytes.len();
        if let Some(room) = self.room.get_mut(self.len..end) {
            room.copy_from_slice(bytes);
            self.len = end;
        }
        Ok(())
    }

    /// The members of a message, from a comma before the first one to a brace after the last one.
    fn put_members(&mut self, message: &Message<'_>) -> io::Result<()> {
        loop {
            let room = self.room.get_mut(self.len..).unwrap_or_default();
            match message.encode(room).map(<[u8]>::len) {
                Ok(len) => {
                    // It is an object of its own, until its opening brace becomes the comma.
                    if let Some(brace) = room.first_mut() {
                        *brace = b',';
                    }
                    self.len += len;
                    return Ok(());
                }
                Err(error) => self.reserve(error.needed)?,
            }
        }
    }

    /// Makes room for so many bytes.
    fn reserve(&mut self, needed: usize) -> io::Result<()> {
        if self.room.len() - self.len < needed {
            self.write_out()?;
            if self.room.len() < needed {
                self.room.resize(needed, 0);
            }
        }
        Ok(())
    }

    fn write_out(&mut self) -> io::Result<()> {
        let pending = self.room.get(..self.len).unwrap_or_default();
        self.len = 0;
        if self.is_terminal {
            let shown = for_terminal(&String::from_utf8_lossy(pending));
            self.writer.write_all(shown.as_bytes())
        } else {
            self.writer.write_all(pending)
        }
    }
}

/// The same JSON, with everything escaped that a terminal would not show but obey. The normal form
/// escapes no more than it must, and leaves U+009B as it is, with which escape sequences start too.
/// Such a character can stand in a string only, so it can be replaced wherever it stands.
fn for_terminal(json: &str) -> String {
    let mut text = String::with_capacity(json.len());
    for c in json.chars() {
        if c == '\n' || is_visible(c) {
            text.push(c);
        } else {
            for unit in c.encode_utf16(&mut [0; 2]) {
                text.push_str(&format!("\\u{unit:04x}"));
            }
        }
    }
    text
}

impl<W: Write> Write for Out<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.put(bytes)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.write_out()?;
        self.writer.flush()
    }
}

#[cfg(test)]
mod tests {
    use bachata_core::Policy;

    use super::super::lines::Line;
    use super::*;

    fn lines(frames: &[&str], is_terminal: bool) -> String {
        let mut json = JsonLines::new(Vec::new(), is_terminal, false);
        json.begin("", &mut std::iter::empty(), true).unwrap();
        for (number, frame) in (1..).zip(frames) {
            let line = Line::Frame(frame.as_bytes());
            let frame = Frame::read(number, line, Policy::Strict, usize::MAX);
            json.frame(&frame).unwrap();
        }
        json.finish().unwrap();
        String::from_utf8(json.out.writer).unwrap()
    }

    #[test]
    fn a_terminal_gets_the_same_json_without_what_it_would_obey() {
        let frame = "{\"type\":1001,\"data\":\"e\u{301}\u{9b}2J\u{7f}\u{202e}\u{e0041}😀\"}";
        let start = "{\"line\":1,\"ok\":true,\"message\":\"transport\",";
        let plain = lines(&[frame], false);
        assert_eq!(plain, format!("{start}{}\n", &frame[1..]));
        let shown = lines(&[frame], true);
        let data = r#""data":"e\u0301\u009b2J\u007f\u202e\udb40\udc41😀"}"#;
        let data = data.replace("\\u0301", "\u{301}");
        assert_eq!(shown, format!("{start}\"type\":1001,{data}\n"));
        let value = |text: &str| serde_json::from_str::<serde_json::Value>(text).unwrap();
        assert_eq!(value(&shown), value(&plain));
    }

    #[test]
    fn messages_of_every_size_fit_around_the_chunk() {
        for size in (CHUNK - 200..CHUNK + 200).step_by(7).chain([5 * CHUNK]) {
            let long = format!("{{\"type\":7,\"data\":\"{}\"}}", "x".repeat(size));
            let short = "{\"type\":1001}";
            let text = lines(&[short, &long, short], false);
            let wanted = [short, &long, short].map(|frame| &frame[1..]);
            assert_eq!(text.lines().count(), 3);
            for (line, wanted) in text.lines().zip(wanted) {
                assert!(line.ends_with(wanted));
            }
        }
    }
}
