//! Frames in a stream of bytes (`P-22`), whatever the stream is.

use memchr::memchr;

use crate::error::TooLong;

/// Puts frames together from pieces of a stream. It holds no more than one frame of the length that is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    limit: usize,
    /// The start of a frame whose end has not come yet, or the frame that has been given last.
    partial: Vec<u8>,
    /// `partial` has been given.
    given: bool,
    /// Bytes seen of a frame that is too long; none of it is kept.
    skipped: usize,
    /// The last of them is a CR, which is none of the frame.
    cr_last: bool,
}

/// A frame, or one that was too long.
pub(crate) type Line = Result<Place, TooLong>;

/// Where a frame is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// So many bytes at the start of the piece.
    Piece(usize),
    /// So many bytes, which have been put together.
    Kept(usize),
}

impl Lines {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            limit,
            partial: Vec::new(),
            given: false,
            skipped: 0,
            cr_last: false,
        }
    }

    /// Takes bytes from the start of `piece`, and gives how many, and the frame that ended in them. Without a frame there may be more to take, if it
    /// has not taken all.
    pub(crate) fn take(&mut self, piece: &[u8]) -> (usize, Option<Line>) {
        self.forget_given();
        let Some(end) = memchr(b'\n', piece) else {
            self.keep(piece);
            return (piece.len(), None);
        };
        let line = &piece[..end];
        let line = if self.skipped == 0 && self.partial.is_empty() {
            // All of the frame is in this piece: nothing is copied.
            self.judge(line).map(|line| line.map(Place::Piece))
        } else {
            self.keep(line);
            self.end()
        };
        (end + 1, line)
    }

    /// The last frame of a stream that has ended, if no `LF` stood after it.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        self.forget_given();
        self.end()
    }

    /// The bytes of the frame that was found in `piece`, until more is taken.
    pub(crate) fn get<'l>(&'l self, place: Place, piece: &'l [u8]) -> &'l [u8] {
        match place {
            Place::Piece(len) => piece.get(..len),
            Place::Kept(len) => self.partial.get(..len),
        }
        .unwrap_or_default()
    }

    fn forget_given(&mut self) {
        if self.given {
            self.given = false;
            self.partial.clear();
        }
    }

    fn keep(&mut self, piece: &[u8]) {
        // One more than is allowed, which may be a CR.
        let room = self.limit.saturating_add(1) - self.partial.len();
        if self.skipped == 0 && piece.len() <= room {
            self.partial.extend_from_slice(piece);
        } else {
            self.skipped = self
                .skipped
                .max(self.partial.len())
                .saturating_add(piece.len());
            self.cr_last = piece.last().map_or(self.cr_last, |&last| last == b'\r');
            self.partial = Vec::new();
        }
    }

    fn end(&mut self) -> Option<Line> {
        self.given = true;
        if self.skipped > 0 {
            let len = self.skipped - usize::from(self.cr_last);
            (self.skipped, self.cr_last) = (0, false);
            let limit = self.limit;
            return Some(Err(TooLong { len, limit }));
        }
        self.judge(&self.partial).map(|line| line.map(Place::Kept))
    }

    /// The length of the frame in a line without its `LF`; none if the line is empty.
    fn judge(&self, line: &[u8]) -> Option<Result<usize, TooLong>> {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        match TooLong::check(line.len(), self.limit) {
            Ok(()) if line.iter().all(|byte| b" \t\r".contains(byte)) => None,
            result => Some(result.map(|()| line.len())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found in a stream that comes in pieces of `size` bytes.
    fn lines(stream: &[u8], limit: usize, size: usize) -> Vec<Result<String, TooLong>> {
        let mut lines = Lines::new(limit);
        let mut found = Vec::new();
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        for mut piece in stream.chunks(size) {
            while !piece.is_empty() {
                let (taken, line) = lines.take(piece);
                found.extend(line.map(|line| line.map(|place| text(lines.get(place, piece)))));
                piece = &piece[taken..];
                assert!(lines.partial.len() <= limit.saturating_add(1));
            }
        }
        let last = lines.finish();
        found.extend(last.map(|line| line.map(|place| text(lines.get(place, &[])))));
        assert_eq!(lines.finish(), None);
        found
    }

    #[test]
    fn pieces_of_any_size_give_the_same_frames() {
        let limit = 4;
        let long = |len| Err(TooLong { len, limit });
        let ok = |text: &str| Ok(text.to_owned());
        for (stream, expected) in [
            ("", vec![]),
            ("\n\r\n \t\r\n\n", vec![]),
            ("ab\ncd\r\n\nef", vec![ok("ab"), ok("cd"), ok("ef")]),
            (
                "abcd\nabcd\r\nabcd",
                vec![ok("abcd"), ok("abcd"), ok("abcd")],
            ),
            ("abcd\r", vec![ok("abcd")]),
            ("abcde\nx\n", vec![long(5), ok("x")]),
            ("abcde\r\nx\n", vec![long(5), ok("x")]),
            ("abcd\r\r\nx", vec![long(5), ok("x")]),
            (
                "abcdefghijklmnop\nx\nabcdefg",
                vec![long(16), ok("x"), long(7)],
            ),
            ("abcdefg\r", vec![long(7)]),
            ("abcdef\nabcdef\n", vec![long(6), long(6)]),
            ("a\rb\n", vec![ok("a\rb")]),
            ("    \n     \n", vec![long(5)]),
        ] {
            for size in 1..=stream.len().max(1) {
                assert_eq!(
                    lines(stream.as_bytes(), limit, size),
                    expected,
                    "{stream:?} by {size}"
                );
            }
        }
    }

    #[test]
    fn no_limit_does_not_overflow() {
        assert_eq!(lines(b"ab\n", usize::MAX, 1).len(), 1);
    }
}
