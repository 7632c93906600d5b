use core::fmt;
use core::ops::Range;

use crate::json::word::line_feed;

/// Finds frames in the bytes of a stream, wherever they are held (`P-22`).
///
/// A frame ends with LF; a CR before it is no part of it; lines of nothing but whitespace are skipped. A frame that is longer than the limit is
/// dropped as it comes, up to its LF, and then reported once, so that a peer can't fill the memory and the next frame is found whole.
///
/// This is the rule alone. [`FrameReader`](crate::FrameReader) is the rule with a fixed buffer.
///
/// Call [`split`](Self::split) with all bytes that have been received and not consumed, oldest first; then consume as many as it
/// says; then call it again, with more bytes if it asked for [`More`](Split::More). It looks at no byte twice.
///
/// ```
/// use bachata_core::{FrameSplitter, FrameTooLong, Split};
///
/// let mut splitter = FrameSplitter::new(16);
/// let stream = b"\r\n{\"type\":1001}\r\nfar too long a line\n{";
///
/// let found = splitter.split(stream);
/// assert_eq!(found, Split::Frame { frame: 2..15, consumed: 17 });
/// assert_eq!(&stream[2..15], br#"{"type":1001}"#);
///
/// let found = splitter.split(&stream[17..]);
/// assert_eq!(found, Split::TooLong { error: FrameTooLong { seen: 19, limit: 16 }, consumed: 20 });
///
/// assert_eq!(splitter.split(&stream[37..]), Split::More { consumed: 0 });
/// ```
#[derive(Clone, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameSplitter {
    limit: usize,
    /// Bytes at the start of the unconsumed ones that are known to hold no LF.
    searched: usize,
    /// Bytes that have been dropped of a frame that is too long.
    dropped: Option<usize>,
}

/// What [`FrameSplitter::split`] has found.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Split {
    /// A frame.
    Frame {
        /// Where it is in the bytes.
        frame: Range<usize>,
        /// Bytes that are done with, once the frame is.
        consumed: usize,
    },
    /// The end of a frame that was longer than the limit.
    TooLong {
        /// How long it was.
        error: FrameTooLong,
        /// Bytes that are done with.
        consumed: usize,
    },
    /// There is no whole frame yet.
    More {
        /// Bytes that are done with.
        consumed: usize,
    },
}

/// A frame was longer than its receiver takes, and has been dropped (`P-22`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct FrameTooLong {
    /// Bytes that it had, without CR and LF.
    pub seen: usize,
    /// Bytes that it may have.
    pub limit: usize,
}

impl fmt::Display for FrameTooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "frame of {} bytes, at most {} are taken",
            self.seen, self.limit
        )
    }
}

impl core::error::Error for FrameTooLong {}

impl FrameSplitter {
    /// A splitter at the start of a stream, for frames of at most `limit` bytes, without CR and LF.
    pub const fn new(limit: usize) -> Self {
        Self {
            limit,
            searched: 0,
            dropped: None,
        }
    }

    /// The limit that it was made with.
    pub const fn limit(&self) -> usize {
        self.limit
    }

    /// The next frame in the bytes that have been received and not consumed.
    pub fn split(&mut self, bytes: &[u8]) -> Split {
        let mut start = 0;
        loop {
            let line = bytes.get(start..).unwrap_or_default();
            let unsearched = line.get(self.searched..).unwrap_or_default();
            let Some(lf) = line_feed(unsearched) else {
                return self.no_end(line, start);
            };
            let len = self.searched.wrapping_add(lf);
            let consumed = start.wrapping_add(len).wrapping_add(1);
            self.searched = 0;
            if let Some(found) = self.line(line.get(..len).unwrap_or_default(), start, consumed) {
                return found;
            }
            start = consumed;
        }
    }

    /// What is left when the stream ends: the last frame may lack its LF. The splitter then stands at the start of a stream.
    pub fn end(&mut self, bytes: &[u8]) -> Split {
        match self.split(bytes) {
            Split::More { consumed } => {
                let last = bytes.get(consumed..).unwrap_or_default();
                self.searched = 0;
                let found = self.line(last, consumed, bytes.len());
                found.unwrap_or(Split::More {
                    consumed: bytes.len(),
                })
            }
            found => found,
        }
    }

    /// A line without its LF: nothing where it holds no frame.
    fn line(&mut self, line: &[u8], start: usize, consumed: usize) -> Option<Split> {
        let frame = without_cr(line);
        let seen = self
            .dropped
            .take()
            .map(|dropped| dropped.saturating_add(frame.len()));
        if seen.is_some() || frame.len() > self.limit {
            let seen = seen.unwrap_or(frame.len());
            let error = FrameTooLong {
                seen,
                limit: self.limit,
            };
            return Some(Split::TooLong { error, consumed });
        }
        let blank = frame
            .iter()
            .all(|byte| matches!(byte, b' ' | b'\t' | b'\r'));
        let frame = start..start.wrapping_add(frame.len());
        (!blank).then_some(Split::Frame { frame, consumed })
    }

    /// A line whose end has not been received. What can't become a frame any more is dropped, but for a CR that may belong to the end.
    fn no_end(&mut self, line: &[u8], start: usize) -> Split {
        let len = without_cr(line).len();
        if self.dropped.is_none() && len <= self.limit {
            self.searched = line.len();
            return Split::More { consumed: start };
        }
        self.searched = 0;
        self.dropped = Some(self.dropped.unwrap_or(0).saturating_add(len));
        Split::More {
            consumed: start.wrapping_add(len),
        }
    }
}

/// A line without the CR at its end.
fn without_cr(line: &[u8]) -> &[u8] {
    match line {
        [frame @ .., b'\r'] => frame,
        frame => frame,
    }
}

#[cfg(test)]
mod tests {
    use std::string::{String, ToString};
    use std::vec::Vec;
    use std::{format, vec};

    use super::*;

    /// What a splitter finds in a stream that comes in pieces.
    fn found(pieces: &[&[u8]], limit: usize) -> Vec<String> {
        let mut splitter = FrameSplitter::new(limit);
        let mut held = Vec::new();
        let mut found = vec![];
        let mut take = |split: Split, held: &mut Vec<u8>| {
            let (consumed, more) = match split {
                Split::Frame { frame, consumed } => {
                    assert!(frame.len() <= limit);
                    found.push(String::from_utf8(held[frame].to_vec()).unwrap());
                    (consumed, true)
                }
                Split::TooLong { error, consumed } => {
                    assert_eq!(error.limit, limit);
                    found.push(format!("too long: {}", error.seen));
                    (consumed, true)
                }
                Split::More { consumed } => (consumed, false),
            };
            held.drain(..consumed);
            more
        };
        for piece in pieces {
            held.extend_from_slice(piece);
            while take(splitter.split(&held), &mut held) {
                // As many as have come.
            }
            assert!(held.len() <= limit + 1, "{} bytes held", held.len());
        }
        while take(splitter.end(&held), &mut held) {
            // As many as are left.
        }
        assert_eq!(held, b"");
        found
    }

    const STREAM: &[u8] = b"garbage\n\n{\"a\":1}\r\n \t\r\n12345678\n123456789\r\n1234567890\n0123456789abcdef0\n\r\r\n12345678\r\nend";

    #[test]
    fn a_stream_is_split_the_same_wherever_its_pieces_end() {
        let expected = [
            "garbage",
            "{\"a\":1}",
            "12345678",
            "too long: 9",
            "too long: 10",
            "too long: 17",
            "12345678",
            "end",
        ];
        assert_eq!(found(&[STREAM], 8), expected);
        let bytes: Vec<&[u8]> = STREAM.chunks(1).collect();
        for cut in 0..=STREAM.len() {
            let (start, end) = STREAM.split_at(cut);
            assert_eq!(found(&[start, end], 8), expected, "cut at {cut}");
            for again in cut..=STREAM.len() {
                let (middle, end) = STREAM[cut..].split_at(again - cut);
                assert_eq!(
                    found(&[start, middle, end], 8),
                    expected,
                    "cut at {cut} and {again}"
                );
            }
        }
        assert_eq!(found(&bytes, 8), expected);
    }

    #[test]
    fn at_the_end_frames_come_one_by_one() {
        let mut splitter = FrameSplitter::new(8);
        let frame = Split::Frame {
            frame: 0..2,
            consumed: 3,
        };
        assert_eq!(splitter.end(b"{}\n{"), frame);
        let frame = Split::Frame {
            frame: 0..1,
            consumed: 1,
        };
        assert_eq!(splitter.end(b"{"), frame);
        assert_eq!(splitter.end(b""), Split::More { consumed: 0 });
        assert_eq!(splitter.limit(), 8);
        let too_long = FrameTooLong { seen: 9, limit: 8 };
        assert_eq!(
            too_long.to_string(),
            "frame of 9 bytes, at most 8 are taken"
        );
    }

    #[test]
    fn the_last_frame_needs_no_lf_and_may_be_too_long() {
        assert_eq!(found(&[b"123456789"], 8), ["too long: 9"]);
        assert_eq!(found(&[b"12345678\r"], 8), ["12345678"]);
        assert_eq!(found(&[b"1234", b"56789", b"0"], 8), ["too long: 10"]);
        assert_eq!(found(&[b" \r"], 8), [""; 0]);
        assert_eq!(found(&[], 8), [""; 0]);
    }
}
