use super::move_to_front;
use crate::encode::{Sink, SliceSink};
use crate::{BufferTooSmall, Message};

/// Sends frames into a byte stream out of a fixed buffer (`P-22`), without doing any output itself.
///
/// It is the other window: [`push`](Self::push) queues a message, [`pending`](Self::pending) shows the bytes that are to be sent, and
/// [`advance`](Self::advance) says how many were. A write that takes less than all, or that is cancelled, loses nothing.
///
/// ```
/// use bachata_core::{FrameWriter, TransportMessage};
///
/// let mut writer = FrameWriter::<32>::new();
/// writer.push(TransportMessage::ping())?;
/// writer.push(TransportMessage::pong())?;
/// assert_eq!(writer.pending(), b"{\"type\":1001}\n{\"type\":1002}\n");
/// writer.advance(20);
/// assert_eq!(writer.pending(), b"\":1002}\n");
///
/// let error = writer.push(TransportMessage::received("a-longer-id")).unwrap_err();
/// assert_eq!((error.needed, error.capacity), (34, 24));
/// # Ok::<(), bachata_core::BufferTooSmall>(())
/// ```
#[derive(Clone, Debug)]
pub struct FrameWriter<const N: usize> {
    buffer: [u8; N],
    /// The bytes from `start` to `end` are to be sent.
    start: usize,
    end: usize,
}

impl<const N: usize> FrameWriter<N> {
    /// A writer with nothing to send.
    pub const fn new() -> Self {
        Self {
            buffer: [0; N],
            start: 0,
            end: 0,
        }
    }

    /// Queues a message and the LF after it.
    ///
    /// # Errors
    ///
    /// There is no room: what the message needs and what there is, both with the LF. What was queued before stays. Where the need is over `N`
    /// it will never fit; otherwise it will once enough has been sent.
    pub fn push<'m>(&mut self, message: impl Into<Message<'m>>) -> Result<(), BufferTooSmall> {
        let message = message.into();
        self.put(|sink| message.write(sink))
    }

    fn put(&mut self, frame: impl FnOnce(&mut SliceSink<'_>)) -> Result<(), BufferTooSmall> {
        move_to_front(&mut self.buffer, &mut self.start, &mut self.end);
        let mut sink = SliceSink::new(self.buffer.get_mut(self.end..).unwrap_or_default());
        frame(&mut sink);
        sink.put(b"\n");
        let len = sink.finish()?.len();
        self.end = self.end.saturating_add(len);
        Ok(())
    }

    /// Queues a frame as it stands, and the LF after it: for a frame that is passed on, or that a state machine gave. An LF in it can only be whitespace, and
    /// is sent as a space: it would end the frame.
    ///
    /// # Errors
    ///
    /// As [`push`](Self::push).
    ///
    /// ```
    /// use bachata_core::FrameWriter;
    ///
    /// let mut writer = FrameWriter::<32>::new();
    /// writer.push_frame(b"{\r\n\"type\": 1001}")?;
    /// assert_eq!(writer.pending(), b"{\r \"type\": 1001}\n");
    /// # Ok::<(), bachata_core::BufferTooSmall>(())
    /// ```
    pub fn push_frame(&mut self, frame: &[u8]) -> Result<(), BufferTooSmall> {
        self.put(|sink| {
            let mut rest = frame;
            // `split` would leave a check that could panic.
            while let Some(end) = rest.iter().position(|byte| *byte == b'\n') {
                sink.put(rest.get(..end).unwrap_or_default());
                sink.put(b" ");
                rest = rest.get(end.wrapping_add(1)..).unwrap_or_default();
            }
            sink.put(rest);
        })
    }

    /// The bytes that are to be sent.
    pub fn pending(&self) -> &[u8] {
        self.buffer.get(self.start..self.end).unwrap_or_default()
    }

    /// Takes the first `count` of the [pending](Self::pending) bytes as sent. No more than there are.
    pub fn advance(&mut self, count: usize) {
        self.start = self.start.saturating_add(count).min(self.end);
    }

    /// Forgets what has not been sent: for a new connection.
    pub const fn reset(&mut self) {
        self.start = 0;
        self.end = 0;
    }
}

impl<const N: usize> Default for FrameWriter<N> {
    fn default() -> Self {
        Self::new()
    }
}

/// How much is pending; not what.
#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for FrameWriter<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(
            f,
            "FrameWriter {{ pending: {=usize} }}",
            self.pending().len()
        );
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::*;
    use crate::TransportMessage;

    #[test]
    fn frames_leave_whole_however_many_bytes_are_sent_at_a_time() {
        for count in 1..=30 {
            let mut writer = FrameWriter::<30>::new();
            let mut sent = Vec::new();
            let mut expected = Vec::new();
            for number in 0..100_u32 {
                let message = TransportMessage::new(number, "");
                while let Err(error) = writer.push(message) {
                    assert!(error.needed <= 30 && error.capacity < error.needed);
                    let count = count.min(writer.pending().len());
                    sent.extend_from_slice(&writer.pending()[..count]);
                    writer.advance(count);
                }
                expected.extend_from_slice(std::format!("{message}\n").as_bytes());
            }
            sent.extend_from_slice(writer.pending());
            writer.advance(usize::MAX);
            assert_eq!(writer.pending(), b"");
            assert_eq!(sent, expected);
        }
    }

    #[test]
    fn a_frame_is_passed_on_with_spaces_for_its_line_feeds() {
        let mut writer = FrameWriter::<16>::new();
        for (frame, sent) in [
            (&b""[..], &b"\n"[..]),
            (b"\n", b" \n"),
            (b"{}", b"{}\n"),
            (b"\n{\n\n}\r\n", b" {  }\r \n"),
        ] {
            assert_eq!(writer.push_frame(frame), Ok(()));
            assert_eq!(writer.pending(), sent);
            writer.advance(sent.len());
        }
        let error = BufferTooSmall {
            needed: 17,
            capacity: 16,
        };
        assert_eq!(writer.push_frame(&[b'\n'; 16]), Err(error));
        assert_eq!(writer.pending(), b"");
    }

    #[test]
    fn a_message_that_does_not_fit_leaves_the_queue_as_it_was() {
        let mut writer = FrameWriter::<14>::new();
        writer.push(TransportMessage::ping()).unwrap();
        let error = BufferTooSmall {
            needed: 14,
            capacity: 0,
        };
        assert_eq!(writer.push(TransportMessage::pong()), Err(error));
        assert_eq!(writer.pending(), b"{\"type\":1001}\n");
        writer.reset();
        assert_eq!(writer.pending(), b"");
    }
}
