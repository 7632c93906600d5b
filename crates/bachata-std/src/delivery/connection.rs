use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Instant;

use super::Disconnect;
use super::session::Session;
use super::state::Shared;
use crate::error::TooLong;

/// One connection of a [`Client`](super::Client), for transports that [`Driver`](super::Driver) has no function for: a WebSocket, a message queue. It does no input,
/// output or waiting.
///
/// - Frames that come in go to [`poll_handle_frame`](Self::poll_handle_frame).
/// - Frames that go out come from [`poll_transmit`](Self::poll_transmit), at once where there is something to send, when a task is woken,
///   and at the [`deadline`](Self::deadline) at the latest.
/// - When either says that the connection has ended, or the transport does, it is dropped. Nothing is lost.
///
/// ```
/// use std::task::{Context, Poll, Waker};
/// use bachata_std::DataMessage;
/// use bachata_std::delivery::{Client, ClientConfig};
///
/// let client = Client::new(ClientConfig::default());
/// let delivery = client.try_send(&DataMessage::new("7", "note", 0, "hi"))?;
///
/// // A thread would wait until there is something to do; a task has a context of its own.
/// let mut cx = Context::from_waker(Waker::noop());
/// let connection = client.driver().attach();
/// let mut frame = Vec::new();
/// assert!(connection.poll_transmit(&mut cx, &mut frame).is_pending());
/// assert!(connection.poll_handle_frame(&mut cx, br#"{"type":1000}"#).is_ready());
/// assert!(matches!(connection.poll_transmit(&mut cx, &mut frame), Poll::Ready(Ok(()))));
/// assert_eq!(frame, br#"{"id":"7","type":"note","time":0,"data":"hi"}"#);
/// assert!(connection.poll_handle_frame(&mut cx, br#"{"type":300,"data":"7"}"#).is_ready());
/// assert!(delivery.wait().is_ok());
/// # Ok::<(), bachata_std::delivery::SendError>(())
/// ```
#[must_use = "a connection ends when it is dropped"]
pub struct Connection {
    shared: Arc<Shared>,
    epoch: u64,
}

impl Connection {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        let max_backlog = shared.settings.max_backlog;
        let epoch = shared.with(|state, now| state.connect(now, max_backlog));
        Self { shared, epoch }
    }

    /// Takes a frame of the server's. Pending where there is no room for what it says: nothing more is to be read until the task is woken and the same
    /// frame has been taken. A frame that is no message is [reported](super::ClientBuilder::on_refused), counted, and taken.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    pub fn poll_handle_frame(
        &self,
        cx: &mut Context<'_>,
        frame: &[u8],
    ) -> Poll<Result<(), Disconnect>> {
        if let Err(error) = TooLong::check(frame.len(), self.shared.settings.max_frame_len) {
            Session::refuse(self, error);
            return Poll::Ready(Ok(()));
        }
        self.shared.poll_handle_frame(self.epoch, cx, frame)
    }

    /// Writes the next frame that is to be sent after what is in `out`; pending where there is none now. It counts as sent.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    pub fn poll_transmit(
        &self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<(), Disconnect>> {
        self.shared
            .with(|state, now| state.poll_transmit(self.epoch, now, cx, out))
    }

    /// When [`poll_transmit`](Self::poll_transmit) is to be called at the latest; none where nothing waits for a time. Asked after it was pending.
    pub fn deadline(&self) -> Option<Instant> {
        self.shared.deadline()
    }

    /// Whether the server has said that it is ready (1000).
    pub fn is_ready(&self) -> bool {
        self.shared.with(|state, _| {
            let connection = state.connection.as_ref();
            connection.is_some_and(|connection| connection.epoch == self.epoch && connection.ready)
        })
    }

    /// Whether a frame has been taken on it.
    pub(super) fn has_heard(&self) -> bool {
        self.shared.with(|state, _| {
            let connection = state.connection.as_ref();
            connection.is_some_and(|connection| connection.epoch == self.epoch && connection.heard)
        })
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        self.shared
            .with(|state, now| state.disconnect(self.epoch, now));
    }
}

impl Session for Connection {
    fn poll_transmit(
        &self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<(), Disconnect>> {
        self.poll_transmit(cx, out)
    }

    fn poll_handle_frame(
        &self,
        cx: &mut Context<'_>,
        frame: &[u8],
    ) -> Poll<Result<(), Disconnect>> {
        self.poll_handle_frame(cx, frame)
    }

    fn deadline(&self) -> Option<Instant> {
        self.deadline()
    }

    fn keep_time(&self) -> Result<(), Disconnect> {
        self.shared.with(|state, now| {
            state.pass_time(now);
            state.check(self.epoch)?;
            if state.closed {
                return Err(Disconnect::Closed);
            }
            Ok(())
        })
    }

    fn refuse(&self, error: TooLong) {
        self.shared.refuse(&super::Refused::TooLong(error));
    }

    fn end(&self) {
        self.shared.with(|state, _| state.end(self.epoch));
    }

    fn max_frame_len(&self) -> usize {
        self.shared.settings.max_frame_len
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("epoch", &self.epoch)
            .finish_non_exhaustive()
    }
}
