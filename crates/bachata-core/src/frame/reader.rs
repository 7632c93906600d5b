use super::{FrameSplitter, FrameTooLong, Split, move_to_front};

/// Receives frames out of a byte stream into a fixed buffer (`P-22`), without doing any input itself.
///
/// It is a window: bytes are written into [`room`](Self::room) by whoever has them, a UART interrupt, a DMA transfer, a blocking read, a
/// future; [`commit`](Self::commit) says how many; [`next_frame`](Self::next_frame) hands out the frames in them. A partial frame stays
/// where it is until the rest has come, so a read that is cancelled loses nothing.
///
/// Frames of up to `N - 2` bytes fit, as CR and LF have to as well; an `N` below 3 does not compile. A longer one is dropped up to its LF and reported once.
///
/// ```
/// use bachata_core::{FrameReader, FrameTooLong};
///
/// let mut reader = FrameReader::<18>::new();
/// let mut uart = &b"{\"type\":1001}\n this line is too long for it\n{\"type\":1002}\n"[..];
/// let mut frames = vec![];
/// while !uart.is_empty() {
///     let room = reader.room();
///     let count = room.len().min(uart.len()).min(3);
///     room[..count].copy_from_slice(&uart[..count]);
///     reader.commit(count);
///     uart = &uart[count..];
///     while let Some(frame) = reader.next_frame() {
///         frames.push(frame.map(<[u8]>::to_vec));
///     }
/// }
/// assert_eq!(frames[0], Ok(br#"{"type":1001}"#.to_vec()));
/// assert_eq!(frames[1], Err(FrameTooLong { seen: 29, limit: 16 }));
/// assert_eq!(frames[2], Ok(br#"{"type":1002}"#.to_vec()));
/// ```
#[derive(Clone, Debug)]
pub struct FrameReader<const N: usize> {
    buffer: [u8; N],
    /// The bytes from `start` to `end` have been received and not consumed.
    start: usize,
    end: usize,
    splitter: FrameSplitter,
}

impl<const N: usize> FrameReader<N> {
    /// What a frame may have, without CR and LF.
    const LIMIT: usize = {
        assert!(N > 2, "a FrameReader needs room for a frame, CR and LF");
        N - 2
    };

    /// A reader at the start of a stream.
    pub const fn new() -> Self {
        Self {
            buffer: [0; N],
            start: 0,
            end: 0,
            splitter: FrameSplitter::new(Self::LIMIT),
        }
    }

    /// Where received bytes are to be written. It is never empty when [`next_frame`](Self::next_frame) has been called until it gave
    /// none. What is written counts only once it is [committed](Self::commit).
    pub fn room(&mut self) -> &mut [u8] {
        move_to_front(&mut self.buffer, &mut self.start, &mut self.end);
        self.buffer.get_mut(self.end..).unwrap_or_default()
    }

    /// Takes the first `count` bytes of [`room`](Self::room) as received. No more than it has.
    pub fn commit(&mut self, count: usize) {
        self.end = self.end.saturating_add(count).min(N);
    }

    /// What [`take`](Self::take) is to give next; none until more has been received.
    #[cfg(any(feature = "embedded-io-v0_7", feature = "embedded-io-async-v0_7"))]
    pub(crate) fn find(&mut self) -> Option<Split> {
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        match self.splitter.split(unread) {
            Split::More { consumed } => {
                self.start = self.start.saturating_add(consumed);
                None
            }
            found => Some(found),
        }
    }

    /// The next frame, without its LF; none until more has been received.
    ///
    /// # Errors
    ///
    /// A frame was too long, and has been dropped. The reader goes on with the next one.
    pub fn next_frame(&mut self) -> Option<Result<&[u8], FrameTooLong>> {
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        let split = self.splitter.split(unread);
        self.take(split)
    }

    /// The last frame of a stream that has ended, which may lack its LF; none where there is nothing left. The
    /// reader then stands at the start of a stream.
    ///
    /// # Errors
    ///
    /// As [`next_frame`](Self::next_frame).
    pub fn end_of_stream(&mut self) -> Option<Result<&[u8], FrameTooLong>> {
        let unread = self.buffer.get(self.start..self.end).unwrap_or_default();
        let split = self.splitter.end(unread);
        self.take(split)
    }

    /// Forgets what has been received: for a new connection.
    pub const fn reset(&mut self) {
        self.start = 0;
        self.end = 0;
        self.splitter = FrameSplitter::new(Self::LIMIT);
    }

    /// What a split of the unread bytes has found.
    pub(crate) fn take(&mut self, split: Split) -> Option<Result<&[u8], FrameTooLong>> {
        let unread = self.start;
        let (Split::Frame { consumed, .. }
        | Split::TooLong { consumed, .. }
        | Split::More { consumed }) = split;
        self.start = self.start.saturating_add(consumed);
        match split {
            Split::Frame { frame, .. } => {
                let frame = unread.wrapping_add(frame.start)..unread.wrapping_add(frame.end);
                Some(Ok(self.buffer.get(frame).unwrap_or_default()))
            }
            Split::TooLong { error, .. } => Some(Err(error)),
            Split::More { .. } => None,
        }
    }
}

impl<const N: usize> Default for FrameReader<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// How much is received; not what.
#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for FrameReader<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let unread = self.end.wrapping_sub(self.start);
        defmt::write!(
            f,
            "FrameReader {{ unread: {=usize}, splitter: {} }}",
            unread,
            self.splitter
        );
    }
}

#[cfg(test)]
mod tests {
    use std::string::String;
    use std::{format, vec};

    use super::*;

    const STREAM: &[u8] = b"garbage\n\n{\"a\":1}\r\n12345678\n12345678\r\n123456789\n0123456789abcdef0123456789\n\r\r\n12345678\r\nend";
    const FRAMES: [&str; 8] = [
        "garbage",
        "{\"a\":1}",
        "12345678",
        "12345678",
        "too long: 9",
        "too long: 26",
        "12345678",
        "end",
    ];

    fn text(frame: Result<&[u8], FrameTooLong>) -> String {
        match frame {
            Ok(frame) => String::from_utf8(frame.to_vec()).unwrap(),
            Err(error) => format!("too long: {}", error.seen),
        }
    }

    #[test]
    fn frames_come_whole_however_many_bytes_are_read_at_a_time() {
        for count in 1..=20 {
            let mut reader = FrameReader::<10>::new();
            let mut stream = STREAM;
            let mut frames = vec![];
            while !stream.is_empty() {
                let room = reader.room();
                assert!(!room.is_empty());
                let count = count.min(room.len()).min(stream.len());
                room[..count].copy_from_slice(&stream[..count]);
                reader.commit(count);
                stream = &stream[count..];
                while let Some(frame) = reader.next_frame() {
                    frames.push(text(frame));
                }
            }
            frames.extend(reader.end_of_stream().map(text));
            assert_eq!(frames, FRAMES, "{count} bytes at a time");
            assert_eq!(reader.end_of_stream(), None);
        }
    }

    #[test]
    fn room_may_be_asked_for_and_left() {
        let mut reader = FrameReader::<10>::new();
        for &byte in b"{\"a\":1}\n" {
            // What a cancelled read has written was never received.
            reader.room().fill(b'\n');
            reader.room()[0] = byte;
            reader.commit(1);
        }
        assert_eq!(reader.next_frame().map(text).as_deref(), Some("{\"a\":1}"));
        reader.room()[0] = b'1';
        reader.commit(1);
        reader.reset();
        reader.room()[0] = b'2';
        reader.commit(1);
        assert_eq!(reader.end_of_stream().map(text).as_deref(), Some("2"));

        let mut reader = FrameReader::<10>::new();
        reader.commit(usize::MAX);
        assert!(reader.room().is_empty());
        while reader.next_frame().is_some() {}
        assert!(!reader.room().is_empty());
    }
}
