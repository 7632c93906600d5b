//! Frames over the blocking `Read` and `Write` of embedded-io 0.7 (feature `embedded-io-v0_7`).
//!
//! ```
//! use bachata_core::io::embedded_io_v0_7::{read_frame, write_pending};
//! use bachata_core::{FrameReader, FrameWriter, Message};
//!
//! let mut uart_in = &b"{\"type\":1001,\"data\":\"17\"}\r\n{\"type\":1000}"[..];
//! let mut uart_out = [0; 32];
//!
//! let mut reader = FrameReader::<128>::new();
//! let mut writer = FrameWriter::<128>::new();
//! while let Some(frame) = read_frame(&mut reader, &mut uart_in)? {
//!     if let Ok(Message::Transport(message)) = Message::parse(frame) {
//!         if let Some(pong) = message.to_pong() {
//!             writer.push(pong)?;
//!             write_pending(&mut writer, &mut &mut uart_out[..])?;
//!         }
//!     }
//! }
//! assert_eq!(&uart_out[..26], b"{\"type\":1002,\"data\":\"17\"}\n");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use embedded_io;
use embedded_io::{Read, Write};

use super::{ReadError, WriteError};
use crate::{FrameReader, FrameWriter};

/// Reads until there is a frame, and gives it without its LF; none at the end of the stream, where the last frame may lack its LF.
///
/// It reads only when it holds no whole frame, and then whatever comes at once.
///
/// # Errors
///
/// The transport's, or a frame was too long. Nothing is lost but that frame: call again.
pub fn read_frame<'r, const N: usize, R: Read>(
    reader: &'r mut FrameReader<N>,
    transport: &mut R,
) -> Result<Option<&'r [u8]>, ReadError<R::Error>> {
    let found = loop {
        if let Some(found) = reader.find() {
            break found;
        }
        let count = transport.read(reader.room()).map_err(ReadError::Io)?;
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
/// # Errors
///
/// The transport's, or it takes nothing any more. What it has not taken is still pending.
pub fn write_pending<const N: usize, W: Write>(
    writer: &mut FrameWriter<N>,
    transport: &mut W,
) -> Result<(), WriteError<W::Error>> {
    while !writer.pending().is_empty() {
        match transport.write(writer.pending()).map_err(WriteError::Io)? {
            0 => return Err(WriteError::WriteZero),
            count => writer.advance(count),
        }
    }
    transport.flush().map_err(WriteError::Io)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;
    use std::vec::Vec;

    use embedded_io::{ErrorKind, ErrorType};

    use super::*;
    use crate::{FrameTooLong, TransportMessage};

    /// Gives its pieces one by one, and errors between them; takes so many bytes at a time.
    struct Line {
        pieces: VecDeque<Result<&'static [u8], ErrorKind>>,
        taken: Vec<u8>,
        takes: Vec<Result<usize, ErrorKind>>,
    }

    impl ErrorType for Line {
        type Error = ErrorKind;
    }

    impl Read for Line {
        fn read(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
            assert!(!room.is_empty());
            match self.pieces.front_mut() {
                None => Ok(0),
                Some(Ok(piece)) => {
                    let count = piece.len().min(room.len());
                    room[..count].copy_from_slice(&piece[..count]);
                    *piece = &piece[count..];
                    if piece.is_empty() {
                        self.pieces.pop_front();
                    }
                    Ok(count)
                }
                Some(Err(error)) => {
                    let error = *error;
                    self.pieces.pop_front();
                    Err(error)
                }
            }
        }
    }

    impl Write for Line {
        fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
            let count = self.takes.remove(0)?.min(bytes.len());
            self.taken.extend_from_slice(&bytes[..count]);
            Ok(count)
        }

        fn flush(&mut self) -> Result<(), ErrorKind> {
            Ok(())
        }
    }

    fn line(pieces: Vec<Result<&'static [u8], ErrorKind>>) -> Line {
        Line {
            pieces: pieces.into(),
            taken: Vec::new(),
            takes: Vec::new(),
        }
    }

    #[test]
    fn an_error_and_a_frame_that_is_too_long_lose_nothing_else() {
        let mut line = line(std::vec![
            Ok(b"{\"a\""),
            Err(ErrorKind::TimedOut),
            Ok(b":1}\n0123456789"),
            Err(ErrorKind::Interrupted),
            Ok(b"abcdef\n{}\nend"),
        ]);
        let mut reader = FrameReader::<10>::new();
        assert_eq!(
            read_frame(&mut reader, &mut line),
            Err(ReadError::Io(ErrorKind::TimedOut))
        );
        assert_eq!(
            read_frame(&mut reader, &mut line),
            Ok(Some(&b"{\"a\":1}"[..]))
        );
        assert_eq!(
            read_frame(&mut reader, &mut line),
            Err(ReadError::Io(ErrorKind::Interrupted))
        );
        let too_long = ReadError::TooLong(FrameTooLong { seen: 16, limit: 8 });
        assert_eq!(read_frame(&mut reader, &mut line), Err(too_long));
        assert_eq!(read_frame(&mut reader, &mut line), Ok(Some(&b"{}"[..])));
        assert_eq!(read_frame(&mut reader, &mut line), Ok(Some(&b"end"[..])));
        assert_eq!(read_frame(&mut reader, &mut line), Ok(None));
        assert_eq!(read_frame(&mut reader, &mut line), Ok(None));
    }

    #[test]
    fn a_write_goes_on_where_it_stopped() {
        let mut line = line(Vec::new());
        line.takes = std::vec![Ok(1), Err(ErrorKind::TimedOut), Ok(5), Ok(0), Ok(99)];
        let mut writer = FrameWriter::<16>::new();
        writer.push(TransportMessage::ping()).unwrap();
        assert_eq!(
            write_pending(&mut writer, &mut line),
            Err(WriteError::Io(ErrorKind::TimedOut))
        );
        assert_eq!(
            write_pending(&mut writer, &mut line),
            Err(WriteError::WriteZero)
        );
        assert_eq!(write_pending(&mut writer, &mut line), Ok(()));
        assert_eq!(write_pending(&mut writer, &mut line), Ok(()));
        assert_eq!(line.taken, b"{\"type\":1001}\n");
    }
}
