//! A transport over a slice.

use core::hint::black_box;

#[cfg(feature = "io-async")]
use bachata_core::io::embedded_io_async_v0_7::embedded_io_async;
#[cfg(feature = "io")]
use bachata_core::io::embedded_io_v0_7::embedded_io;
#[cfg(feature = "io")]
use embedded_io::{ErrorKind, ErrorType};
#[cfg(not(feature = "io"))]
use embedded_io_async::{ErrorKind, ErrorType};

/// Gives its input in pieces of a size that the compiler does not know, takes output likewise, and may fail for all that the compiler
/// knows.
pub(crate) struct Line<'a> {
    input: &'a [u8],
    piece: usize,
}

impl<'a> Line<'a> {
    pub(crate) fn new(input: &'a [u8]) -> Self {
        Self {
            input,
            piece: black_box(16),
        }
    }

    fn take(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
        self.check()?;
        let count = self.piece.min(room.len());
        let (piece, rest) = match self.input.split_at_checked(count) {
            Some(split) => split,
            None => (self.input, &[][..]),
        };
        room.iter_mut()
            .zip(piece)
            .for_each(|(to, from)| *to = *from);
        self.input = rest;
        Ok(piece.len())
    }

    fn give(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.check()?;
        Ok(black_box(bytes).len().min(self.piece))
    }

    fn check(&self) -> Result<(), ErrorKind> {
        black_box(Ok(()))
    }
}

impl ErrorType for Line<'_> {
    type Error = ErrorKind;
}

#[cfg(feature = "io")]
impl embedded_io::Read for Line<'_> {
    fn read(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
        self.take(room)
    }
}

#[cfg(feature = "io")]
impl embedded_io::Write for Line<'_> {
    fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.give(bytes)
    }

    fn flush(&mut self) -> Result<(), ErrorKind> {
        self.check()
    }
}

#[cfg(feature = "io-async")]
impl embedded_io_async::Read for Line<'_> {
    async fn read(&mut self, room: &mut [u8]) -> Result<usize, ErrorKind> {
        self.take(room)
    }
}

#[cfg(feature = "io-async")]
impl embedded_io_async::Write for Line<'_> {
    async fn write(&mut self, bytes: &[u8]) -> Result<usize, ErrorKind> {
        self.give(bytes)
    }

    async fn flush(&mut self) -> Result<(), ErrorKind> {
        self.check()
    }
}

/// What a future has come to, if it has. A [`Line`] is always ready.
#[cfg(feature = "io-async")]
pub(crate) fn poll_once<T>(task: impl Future<Output = T>) -> Option<T> {
    use core::pin::pin;
    use core::task::{Context, Poll, Waker};

    match pin!(task).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(output) => Some(output),
        Poll::Pending => None,
    }
}
