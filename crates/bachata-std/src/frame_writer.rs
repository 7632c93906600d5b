use std::fmt;
use std::io::Write;
use std::sync::Arc;

use crate::sign::Signer;
use crate::{Error, Protocol, ToFrame};

/// Writes messages into a stream of bytes, each frame with LF after it (`P-22`).
///
/// Every frame is one call of the stream's `write_all`, so that it needs no buffer of its own; with one, [`flush`](Self::flush) it.
///
/// ```
/// use bachata_std::{DataMessage, Error, FrameWriter, TransportMessage};
///
/// let mut writer = FrameWriter::new(Vec::new());
/// writer.write(&TransportMessage::ready())?;
/// writer.write(&DataMessage::new("7", "note", 0, "hi"))?;
/// assert_eq!(
///     writer.into_inner(),
///     b"{\"type\":1000}\n{\"id\":\"7\",\"type\":\"note\",\"time\":0,\"data\":\"hi\"}\n",
/// );
/// # Ok::<(), Error>(())
/// ```
pub struct FrameWriter<W> {
    writer: W,
    signer: Option<Arc<dyn Signer>>,
    /// Kept for its capacity.
    frame: Vec<u8>,
}

impl<W: Write> FrameWriter<W> {
    /// Writes into a stream.
    pub const fn new(writer: W) -> Self {
        Self {
            writer,
            signer: None,
            frame: Vec::new(),
        }
    }

    /// Writes into a stream, and signs if the protocol does.
    pub fn with_protocol(writer: W, protocol: &Protocol) -> Self {
        Self {
            signer: protocol.shared_signer(),
            ..Self::new(writer)
        }
    }

    /// Writes a message of any kind.
    ///
    /// # Errors
    ///
    /// The payload can't be written, in which case nothing is; or the stream failed, [`Error::Io`], with part of the frame perhaps written.
    pub fn write(&mut self, message: &(impl ToFrame + ?Sized)) -> Result<(), Error> {
        self.frame.clear();
        message.append_signed(self.signer.as_deref(), &mut self.frame)?;
        self.frame.push(b'\n');
        self.writer.write_all(&self.frame)?;
        Ok(())
    }

    /// Flushes the stream.
    ///
    /// # Errors
    ///
    /// The stream failed.
    pub fn flush(&mut self) -> Result<(), Error> {
        Ok(self.writer.flush()?)
    }

    /// The stream.
    pub const fn get_ref(&self) -> &W {
        &self.writer
    }

    /// The stream. Whatever is written to it stands between two frames.
    pub const fn get_mut(&mut self) -> &mut W {
        &mut self.writer
    }

    /// The stream.
    pub fn into_inner(self) -> W {
        self.writer
    }
}

impl<W: fmt::Debug> fmt::Debug for FrameWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FrameWriter")
            .field("writer", &self.writer)
            .finish_non_exhaustive()
    }
}
