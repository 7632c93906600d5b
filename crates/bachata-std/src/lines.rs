//! Frames in a stream of bytes (`P-22`), whatever the stream is.

use std::ops::Range;

use bachata_core::{FrameSplitter, Split};
use memchr::memchr;

use crate::error::TooLong;

/// Puts frames together from pieces of a stream, by the rule of the core. It holds no more than one frame of the length that is allowed.
#[derive(Clone, Debug)]
pub(crate) struct Lines {
    splitter: FrameSplitter,
    /// The start of a frame whose end has not come yet, or the frame that has been given last.
    held: Vec<u8>,
    /// Bytes of `held` that are done with.
    consumed: usize,
}

/// A frame, or one that was too long.
pub(crate) type Line = Result<Place, TooLong>;

/// Where a frame is.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In the piece.
    Piece(Range<usize>),
    /// In what has been put together.
    Held(Range<usize>),
}

impl Lines {
    pub(crate) const fn new(limit: usize) -> Self {
        Self {
            splitter: FrameSplitter::new(limit),
            held: Vec::new(),
            consumed: 0,
        }
    }

    /// Takes bytes from the start of `piece`, and gives how many, and the frame that ended in them. Without a frame there may be more to take, if it
    /// has not taken all.
    pub(crate) fn take(&mut self, piece: &[u8]) -> (usize, Option<Line>) {
        self.forget_consumed();
        if self.held.is_empty() {
            // All of the frame may be in this piece: then nothing is copied.
            return match self.splitter.split(piece) {
                Split::Frame { frame, consumed } => (consumed, Some(Ok(Place::Piece(frame)))),
                Split::TooLong { error, consumed } => (consumed, Some(Err(error.into()))),
                Split::More { consumed } => {
                    self.held.extend_from_slice(&piece[consumed..]);
                    (piece.len(), None)
                }
            };
        }
        // No more than the end of the frame, and no more than shows that it is too long: CR and another byte.
        let most = self.splitter.limit().saturating_add(2);
        let room = most.saturating_sub(self.held.len()).max(1);
        let piece = &piece[..piece.len().min(room)];
        let taken = memchr(b'\n', piece).map_or(piece.len(), |end| end + 1);
        self.held.extend_from_slice(&piece[..taken]);
        let split = self.splitter.split(&self.held);
        (taken, self.found(split))
    }

    /// The last frame of a stream that has ended, if no `LF` stood after it.
    pub(crate) fn finish(&mut self) -> Option<Line> {
        self.forget_consumed();
        let split = self.splitter.end(&self.held);
        self.found(split)
    }

    /// The bytes of the frame that was found in `piece`, until more is taken.
    pub(crate) fn get<'l>(&'l self, place: Place, piece: &'l [u8]) -> &'l [u8] {
        match place {
            Place::Piece(frame) => piece.get(frame),
            Place::Held(frame) => self.held.get(frame),
        }
        .unwrap_or_default()
    }

    /// What was found in `held`.
    fn found(&mut self, split: Split) -> Option<Line> {
        let (consumed, line) = match split {
            Split::Frame { frame, consumed } => (consumed, Some(Ok(Place::Held(frame)))),
            Split::TooLong { error, consumed } => (consumed, Some(Err(error.into()))),
            Split::More { consumed } => (consumed, None),
        };
        self.consumed = consumed;
        line
    }

    fn forget_consumed(&mut self) {
        self.held.drain(..std::mem::take(&mut self.consumed));
    }
}

/// Ends the frame that starts at `start` with LF. One that was made elsewhere may hold LF, as whitespace: a string can't (`P-22`).
#[cfg(feature = "delivery")]
pub(crate) fn end_frame(frames: &mut Vec<u8>, start: usize) {
    for byte in &mut frames[start..] {
        if *byte == b'\n' {
            *byte = b' ';
        }
    }
    frames.push(b'\n');
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
                assert!(lines.held.len() <= limit.saturating_add(2));
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
