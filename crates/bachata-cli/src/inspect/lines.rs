use std::io::{self, ErrorKind, Read};
use std::ops::Range;

/// Cuts an input into frames, one a line or all of it, through a window that grows to the longest
/// frame and no further.
///
/// [`next`](Self::next) gives what the window holds; when it has no more, [`fill`](Self::fill)
/// reads on. Between the two the caller knows that it may have to wait, and can flush what it has
/// written.
pub(crate) struct Lines<R> {
    input: R,
    window: Vec<u8>,
    /// What has been read and not been given is `window[start..end]`; up to `searched` it has no
    /// line feed.
    start: usize,
    searched: usize,
    end: usize,
    /// Bytes of the current line that have been dropped, because it is too long.
    dropped: u64,
    /// Lines given or skipped so far.
    number: u64,
    most: usize,
    whole: bool,
    ended: bool,
}

/// A line that isn't blank.
#[derive(PartialEq, Eq, Debug)]
pub(crate) enum Line<'a> {
    /// A frame, without its line end.
    Frame(&'a [u8]),
    /// The size of a frame that is over the limit, and of which nothing is left.
    TooLong(u64),
}

/// The least that the window holds.
const CHUNK: usize = 128 * 1024;

impl<R: Read> Lines<R> {
    /// Frames of at most `most` bytes, each of them a line, or all of the input as one frame.
    pub(crate) fn new(input: R, most: usize, whole: bool) -> Self {
        Self {
            input,
            window: vec![0; CHUNK],
            start: 0,
            searched: 0,
            end: 0,
            dropped: 0,
            number: 0,
            most,
            whole,
            ended: false,
        }
    }

    /// The next line in the window that isn't blank (`P-22`), and its number. None if it hasn't
    /// been read whole yet or, at the end, if there is none.
    pub(crate) fn next(&mut self) -> Option<(u64, Line<'_>)> {
        loop {
            let mut line = self.start..self.line_end()?;
            self.number += 1;
            self.start = (line.end + 1).min(self.end);
            self.searched = self.start;
            if !self.whole && self.get(line.clone()).ends_with(b"\r") {
                line.end -= 1;
            }
            let size = std::mem::take(&mut self.dropped) + line.len() as u64;
            if size > self.most as u64 {
                return Some((self.number, Line::TooLong(size)));
            }
            if self.whole || !is_blank(self.get(line.clone())) {
                return Some((self.number, Line::Frame(self.get(line))));
            }
        }
    }

    /// Where the current line ends in the window: before its line feed, or at the end of the input.
    fn line_end(&mut self) -> Option<usize> {
        let unsearched = self.get(self.searched..self.end);
        match memchr::memchr(b'\n', unsearched).filter(|_| !self.whole) {
            Some(at) => Some(self.searched + at),
            None => {
                self.searched = self.end;
                let nothing_given = self.whole && self.number == 0;
                let more = self.start < self.end || self.dropped > 0 || nothing_given;
                (self.ended && more).then_some(self.end)
            }
        }
    }

    /// The frames that the window holds whole, without taking them.
    pub(crate) fn ahead(&self) -> impl Iterator<Item = &[u8]> {
        let mut rest = self.get(self.start..self.end);
        let by_line = !self.whole;
        if by_line && !self.ended {
            let whole_lines = memchr::memrchr(b'\n', rest).unwrap_or_default();
            rest = rest.get(..whole_lines).unwrap_or_default();
        }
        let lines = rest.split(move |&byte| by_line && byte == b'\n');
        lines
            .map(move |line| {
                let cr = by_line && line.ends_with(b"\r");
                line.get(..line.len() - usize::from(cr)).unwrap_or(line)
            })
            .filter(move |line| !(by_line && is_blank(line)) && line.len() <= self.most)
    }

    /// Reads on, and gives how many bytes came: 0 at the end.
    ///
    /// # Errors
    ///
    /// The input's own. What has been read before is still there.
    pub(crate) fn fill(&mut self) -> io::Result<usize> {
        // A terminal would have to be ended a second time.
        if self.ended {
            return Ok(0);
        }
        let len = self.end - self.start;
        let unended = self.searched == self.end;
        // A line of `most` bytes may have a carriage return yet.
        if unended && (self.dropped > 0 || len > self.most.saturating_add(1)) {
            // The last byte stays: it may be that carriage return.
            let dropped = len.saturating_sub(1);
            self.dropped += dropped as u64;
            self.start += dropped;
        }
        self.window.copy_within(self.start..self.end, 0);
        self.end -= self.start;
        self.searched = self.searched.saturating_sub(self.start);
        self.start = 0;
        if self.end == self.window.len() {
            let enough = self.most.saturating_add(2).max(self.end + 1);
            self.window.resize((self.end * 2).min(enough), 0);
        }
        let room = self.window.get_mut(self.end..).unwrap_or_default();
        let read = loop {
            match self.input.read(room) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                result => break result?,
            }
        };
        self.end += read;
        self.ended = read == 0;
        Ok(read)
    }

    /// Bytes in the window that have not been given yet.
    pub(crate) const fn pending(&self) -> u64 {
        (self.end - self.start) as u64
    }

    /// Whether the input has come to its end; what the window holds is to be had nevertheless.
    pub(crate) const fn has_ended(&self) -> bool {
        self.ended
    }

    fn get(&self, range: Range<usize>) -> &[u8] {
        self.window.get(range).unwrap_or_default()
    }
}

/// Nothing but whitespace.
fn is_blank(line: &[u8]) -> bool {
    line.iter()
        .all(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n'))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Gives what it has in pieces of a few bytes.
    struct Pieces<'a>(&'a [u8], usize);

    impl Read for Pieces<'_> {
        fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
            let room_len = room.len().min(self.1);
            self.0.read(&mut room[..room_len])
        }
    }

    /// Every line of an input: its number, and its frame or else its size.
    fn read(
        input: &[u8],
        piece: usize,
        most: usize,
        whole: bool,
    ) -> Vec<(u64, Result<String, u64>)> {
        let mut lines = Lines::new(Pieces(input, piece), most, whole);
        let mut read = Vec::new();
        loop {
            while let Some((number, line)) = lines.next() {
                let line = match line {
                    Line::Frame(frame) => Ok(String::from_utf8_lossy(frame).into_owned()),
                    Line::TooLong(size) => Err(size),
                };
                read.push((number, line));
            }
            if lines.has_ended() {
                return read;
            }
            lines.fill().unwrap();
        }
    }

    #[test]
    fn lines_are_the_same_however_they_arrive() {
        for (input, wanted) in [
            ("", vec![]),
            ("\n\r\n \t\n", vec![]),
            ("a", vec![(1, Ok("a"))]),
            ("a\nb", vec![(1, Ok("a")), (2, Ok("b"))]),
            ("a\r\n\r\n\nb\n", vec![(1, Ok("a")), (4, Ok("b"))]),
            ("\r\r\na\rb\r", vec![(2, Ok("a\rb"))]),
            ("12345678\n", vec![(1, Ok("12345678"))]),
            ("12345678\r\n", vec![(1, Ok("12345678"))]),
            ("12345678", vec![(1, Ok("12345678"))]),
            ("123456789\r\nx", vec![(1, Err(9)), (2, Ok("x"))]),
            ("123456789", vec![(1, Err(9))]),
            (
                "123456789012345678901234567890\n\nx",
                vec![(1, Err(30)), (3, Ok("x"))],
            ),
            ("          \nx", vec![(1, Err(10)), (2, Ok("x"))]),
        ] {
            let wanted: Vec<_> = wanted
                .into_iter()
                .map(|(number, line)| (number, line.map(str::to_owned)))
                .collect();
            for piece in [1, 2, 3, 5, 8, 100] {
                assert_eq!(
                    read(input.as_bytes(), piece, 8, false),
                    wanted,
                    "{input:?} {piece}"
                );
            }
        }
    }

    #[test]
    fn the_whole_is_one_frame_whatever_lines_it_has() {
        for (input, wanted) in [
            ("", Ok("")),
            ("\n", Ok("\n")),
            ("a\r\nb\r\n", Ok("a\r\nb\r\n")),
            ("12345678", Ok("12345678")),
            ("12345\n789", Err(9)),
        ] {
            for piece in [1, 3, 100] {
                let wanted = vec![(1, wanted.map(str::to_owned))];
                assert_eq!(
                    read(input.as_bytes(), piece, 8, true),
                    wanted,
                    "{input:?} {piece}"
                );
            }
        }
    }

    #[test]
    fn the_window_grows_to_the_limit_and_no_further() {
        let most = 3 * CHUNK;
        for (len, fits) in [
            (CHUNK + 1, true),
            (most, true),
            (most + 1, false),
            (9 * CHUNK, false),
        ] {
            let mut input = vec![b'x'; len];
            input.extend_from_slice(b"\r\nend\n");
            let mut lines = Lines::new(&input[..], most, false);
            let mut got = Vec::new();
            loop {
                while let Some((number, line)) = lines.next() {
                    got.push(match line {
                        Line::Frame(frame) => (number, true, frame.len()),
                        Line::TooLong(size) => (number, false, size as usize),
                    });
                }
                if lines.has_ended() {
                    break;
                }
                lines.fill().unwrap();
            }
            assert_eq!(got, [(1, fits, len), (2, true, 3)]);
            assert!(lines.window.len() <= most + 2);
        }
    }

    #[test]
    fn what_is_ahead_is_what_comes() {
        let mut lines = Lines::new(&b"\na\r\n 123456789\nb\nc"[..], 8, false);
        lines.fill().unwrap();
        assert_eq!(lines.ahead().collect::<Vec<_>>(), [b"a", b"b"]);
        lines.fill().unwrap();
        assert_eq!(lines.ahead().collect::<Vec<_>>(), [b"a", b"b", b"c"]);
        assert_eq!(lines.next(), Some((2, Line::Frame(b"a"))));
        assert_eq!(lines.ahead().collect::<Vec<_>>(), [b"b", b"c"]);
    }
}
