use std::io::{self, Write as _};
use std::net::TcpStream;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};

use super::address::Address;
use crate::status::Status;

/// The connection, on which both halves of the talk send.
pub(crate) struct Line {
    stream: TcpStream,
    sender: Mutex<TcpStream>,
    invalid: AtomicBool,
}

impl Line {
    /// Connects to a peer.
    ///
    /// # Errors
    ///
    /// There is none.
    pub(crate) fn connect(address: &Address) -> io::Result<Self> {
        let stream = TcpStream::connect(address.host_and_port())?;
        stream.set_nodelay(true)?;
        let sender = Mutex::new(stream.try_clone()?);
        Ok(Self {
            stream,
            sender,
            invalid: AtomicBool::new(false),
        })
    }

    /// Where received bytes are read.
    pub(crate) const fn stream(&self) -> &TcpStream {
        &self.stream
    }

    /// Sends a whole frame, and its line feed.
    ///
    /// # Errors
    ///
    /// The connection's own.
    pub(crate) fn send(&self, mut frame: Vec<u8>) -> io::Result<()> {
        frame.push(b'\n');
        let mut sender = self.sender.lock().unwrap_or_else(PoisonError::into_inner);
        sender.write_all(&frame)
    }

    /// Remembers that something was no message.
    pub(crate) fn note_invalid(&self) {
        self.invalid.store(true, Ordering::Relaxed);
    }

    /// Whether everything was a message.
    pub(crate) fn status(&self) -> Status {
        if self.invalid.load(Ordering::Relaxed) {
            Status::Invalid
        } else {
            Status::Good
        }
    }
}
