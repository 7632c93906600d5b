//! Frames over the `Read` and `Write` of embedded-io-async 0.7 (feature `embedded-io-async-v0_7`).
//!
//! ```
//! use bachata_core::io::embedded_io_async_v0_7::embedded_io_async::{Read, Write};
//! use bachata_core::io::embedded_io_async_v0_7::{read_frame, write_pending};
//! use bachata_core::{FrameReader, FrameWriter, Message, TransportMessage};
//!
//! /// A task that acknowledges what it receives.
//! async fn acknowledge(mut uart: impl Read + Write) {
//!     let mut reader = FrameReader::<256>::new();
//!     let mut writer = FrameWriter::<128>::new();
//!     loop {
//!         let Ok(Some(frame)) = read_frame(&mut reader, &mut uart).await else { return };
//!         if let Ok(Message::Data(message)) = Message::parse(frame) {
//!             let receipt = TransportMessage::received(message.id());
//!             if writer.push(receipt).is_err() || write_pending(&mut writer, &mut uart).await.is_err() {
//!                 return;
//!             }
//!         }
//!     }
//! }
//! ```

pub use embedded_io_async;
use embedded_io_async::{Read, Write};

use super::{ReadError, WriteError};
use crate::{FrameReader, FrameWriter};

/// Reads until there is a frame, and gives it without its LF; none at the end of the stream, where the last frame may lack its LF.
///
/// The future may be dropped at any time: what had been received is kept, and the next call goes on with it.
///
/// # Errors
///
/// The transport's, or a frame was too long. Nothing is lost but that frame: call again.
pub async fn read_frame<'r, const N: usize, R: Read>(
    reader: &'r mut FrameReader<N>,
    transport: &mut R,
) -> Result<Option<&'r [u8]>, ReadError<R::Error>> {
    let found = loop {
        if let Some(found) = reader.find() {
            break found;
        }
        let count = transport.read(reader.room()).await.map_err(ReadError::Io)?;
        if count == 0 {
            return reader
                .end_of_stream()
                .transpose()
                .map_err(ReadError::TooLong);
        }
        reader.commit(count);
    };
    reader.take(found).transpose().map_err(ReadError::TooLong)
}

/// Writes everything that is pending, and flushes.
///
/// The future may be dropped wherever the transport allows it for a single write: what that has not taken is still pending.
///
/// # Errors
///
/// The transport's, or it takes nothing any more. What it has not taken is still pending.
pub async fn write_pending<const N: usize, W: Write>(
    writer: &mut FrameWriter<N>,
    transport: &mut W,
) -> Result<(), WriteError<W::Error>> {
    while !writer.pending().is_empty() {
        match transport
            .write(writer.pending())
            .await
            .map_err(WriteError::Io)?
        {
            0 => return Err(WriteError::WriteZero),
            count => writer.advance(count),
        }
    }
    transport.flush().await.map_err(WriteError::Io)
}

#[cfg(test)]
mod tests {
    use core::future::Future;
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};
    use std::vec::Vec;

    use embedded_io_async::{ErrorKind, ErrorType};

    use super::*;
    use crate::TransportMessage;

    /// Is ready with one byte at every second call.
    struct Slow {
        input: &'static [u8],
        output: Vec<u8>,
        ready: bool,
    }

    impl Slow {
        async fn turn(&mut self) {
            core::future::poll_fn(|_| {
                self.ready = !self.ready;
                if self.ready {
                    Poll::Pending
                } else {
                    Poll::Ready(())
                }
            })
            .await;
        }
    }

    impl ErrorType for Slow {
        type Error = ErrorKind;
    }

    impl Read for Slow {
        async fn read(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
            self.turn().await;
            let Some((&byte, rest)) = self.input.split_first() else {
                return Ok(0);
            };
            room[0] = byte;
            self.input = rest;
            Ok(1)
        }
    }

    impl Write for Slow {
        async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            self.turn().await;
            self.output.extend(bytes.first());
            Ok(bytes.len().min(1))
        }

        async fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    fn poll_once<T>(future: impl Future<Output = T>) -> Poll<T> {
        pin!(future).poll(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn a_future_that_is_dropped_at_every_await_loses_nothing() {
        let mut uart = Slow {
            input: b"{\"a\":1}\r\n\n{}\nend",
            output: Vec::new(),
            ready: false,
        };
        let mut reader = FrameReader::<16>::new();
        let mut frames = Vec::new();
        loop {
            match poll_once(read_frame(&mut reader, &mut uart)) {
                Poll::Pending => {}
                Poll::Ready(Ok(Some(frame))) => frames.push(frame.to_vec()),
                Poll::Ready(end) => {
                    assert_eq!(end, Ok(None));
                    break;
                }
            }
        }
        assert_eq!(frames, [&b"{\"a\":1}"[..], b"{}", b"end"]);

        let mut writer = FrameWriter::<16>::new();
        writer.push(TransportMessage::ping()).unwrap();
        while poll_once(write_pending(&mut writer, &mut uart)).is_pending() {}
        assert_eq!(uart.output, b"{\"type\":1001}\n");
    }

    #[test]
    fn a_transport_that_takes_nothing_is_an_error_and_loses_nothing() {
        struct Full;

        impl ErrorType for Full {
            type Error = ErrorKind;
        }

        impl Write for Full {
            async fn write(&mut self, _: &[u8]) -> Result<usize, ErrorKind> {
                Ok(0)
            }

            async fn flush(&mut self) -> Result<(), ErrorKind> {
                Err(ErrorKind::Other)
            }
        }

        let mut writer = FrameWriter::<16>::new();
        writer.push(TransportMessage::ping()).unwrap();
        let written = poll_once(write_pending(&mut writer, &mut Full));
        assert_eq!(written, Poll::Ready(Err(WriteError::WriteZero)));
        assert_eq!(writer.pending(), b"{\"type\":1001}\n");
        // With nothing to be written it is flushed all the same.
        writer.reset();
        let written = poll_once(write_pending(&mut writer, &mut Full));
        assert_eq!(written, Poll::Ready(Err(WriteError::Io(ErrorKind::Other))));
    }
}
