use std::fmt;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use super::Progress;
use super::block::{block_on, block_on_until};
use super::state::Shared;
use super::waiters::Place;
use crate::Error;
use crate::core::delivery::{SendError as NotTaken, Token};
use crate::core::{BufferTooSmall, ParseError};

/// A message has been delivered: its receiver's application has taken it, so its server says.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[non_exhaustive]
pub struct Delivered;

/// Why a message was not delivered, as far as is known.
#[derive(Debug)]
#[non_exhaustive]
pub enum SendError {
    /// There is no room for one more message now. It has not been taken.
    Full,
    /// A message with this id is on its way. This one has not been taken.
    IdInUse,
    /// The message is longer than the client's `N`: what it needs and what there is, in bytes. It has not been taken.
    TooLong(BufferTooSmall),
    /// The message can't be written as a frame. It has not been taken.
    Message(Error),
    /// The frame is no message. It has not been taken.
    Parse(ParseError),
    /// It is a transport message. It has not been taken.
    NotData,
    /// It was not delivered in [`expire_after`](super::ClientConfig::expire_after), or this is not known.
    Expired,
    /// It was [cancelled](Delivery::cancel). It may be delivered all the same.
    Failed,
    /// The client was closed. If the message had been taken, it may be delivered all the same.
    Closed,
}

impl From<NotTaken> for SendError {
    fn from(error: NotTaken) -> Self {
        match error {
            NotTaken::IdInUse => Self::IdInUse,
            NotTaken::TooLong(error) => Self::TooLong(error),
            NotTaken::Parse(error) => Self::Parse(error),
            NotTaken::NotData => Self::NotData,
            _ => Self::Full,
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => NotTaken::Full.fmt(f),
            Self::IdInUse => NotTaken::IdInUse.fmt(f),
            Self::TooLong(error) => NotTaken::TooLong(*error).fmt(f),
            Self::Message(error) => error.fmt(f),
            Self::Parse(error) => error.fmt(f),
            Self::NotData => NotTaken::NotData.fmt(f),
            Self::Expired => f.write_str("not delivered in time"),
            Self::Failed => f.write_str("cancelled"),
            Self::Closed => f.write_str("the client is closed"),
        }
    }
}

impl std::error::Error for SendError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::TooLong(error) => Some(error),
            Self::Message(error) => Some(error),
            Self::Parse(error) => Some(error),
            _ => None,
        }
    }
}

/// A message that the client has taken. It resolves with the end of the message: as a future, or by [`wait`](Self::wait).
///
/// Dropped, it changes nothing but that nobody hears of the end.
#[derive(Debug)]
#[must_use = "it tells whether the message was delivered"]
pub struct Delivery {
    shared: Arc<Shared>,
    token: Token,
}

impl Delivery {
    pub(super) const fn new(shared: Arc<Shared>, token: Token) -> Self {
        Self { shared, token }
    }

    /// Waits for the end of the message.
    ///
    /// # Errors
    ///
    /// Its end is another than to be delivered.
    pub fn wait(self) -> Result<Delivered, SendError> {
        let shared = self.shared.clone();
        block_on(self, || shared.keep_time())
    }

    /// Waits for the end of the message, and no longer than for `timeout`: then it gives itself back.
    ///
    /// # Errors
    ///
    /// It took longer.
    pub fn wait_timeout(mut self, timeout: Duration) -> Result<Result<Delivered, SendError>, Self> {
        let shared = self.shared.clone();
        let until = Instant::now() + timeout;
        block_on_until(&mut self, until, || shared.keep_time()).ok_or(self)
    }

    /// How far the message has come; none when its end has come.
    pub fn progress(&self) -> Option<Progress> {
        self.shared
            .with(|state, _| state.machine.progress(self.token))
    }

    /// Gives the message up: its end is [`Failed`](SendError::Failed), unless it had come to another. False where it had. It may be delivered all the same, if
    /// it has been sent.
    pub fn cancel(&self) -> bool {
        self.shared.with(|state, _| state.cancel(self.token))
    }
}

impl Future for Delivery {
    type Output = Result<Delivered, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        self.shared.with(|state, _| state.poll_end(self.token, cx))
    }
}

impl Drop for Delivery {
    fn drop(&mut self) {
        self.shared.with(|state, _| state.abandon(self.token));
    }
}

/// A message for which there is to be room: a future, or by [`wait`](Self::wait), that gives a [`Delivery`] once the client has taken it.
///
/// Dropped before that, the message has not been taken.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Enqueue {
    shared: Arc<Shared>,
    frame: Result<Vec<u8>, Option<Error>>,
    place: Place,
}

impl Enqueue {
    pub(super) fn new(shared: Arc<Shared>, frame: Result<Vec<u8>, Error>) -> Self {
        Self {
            shared,
            frame: frame.map_err(Some),
            place: Place::default(),
        }
    }

    /// Waits until there is room for the message.
    ///
    /// # Errors
    ///
    /// The message can't be taken at all: any [`SendError`] but [`Full`](SendError::Full).
    pub fn wait(self) -> Result<Delivery, SendError> {
        let shared = self.shared.clone();
        block_on(self, || shared.keep_time())
    }
}

impl Future for Enqueue {
    type Output = Result<Delivery, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let frame = match &mut this.frame {
            Ok(frame) => frame,
            Err(error) => {
                let error = error.take().map_or(SendError::Closed, SendError::Message);
                return Poll::Ready(Err(error));
            }
        };
        let place = &mut this.place;
        let taken = this.shared.with(|state, now| match state.send(frame, now) {
            Err(SendError::Full) => {
                state.room.wait(place, cx);
                None
            }
            taken => Some(taken),
        });
        match taken {
            None => Poll::Pending,
            Some(taken) => {
                Poll::Ready(taken.map(|token| Delivery::new(this.shared.clone(), token)))
            }
        }
    }
}

impl Drop for Enqueue {
    fn drop(&mut self) {
        self.shared.with(|state, _| state.room.leave(&self.place));
    }
}

/// A message on its way, from the wait for room to its end: a future, or by [`wait`](Self::wait), that resolves when the message has been delivered.
///
/// Dropped before the client has taken the message, it is not sent; dropped after that, it goes its way and nobody hears of the end.
#[derive(Debug)]
#[must_use = "nothing is sent until it is awaited"]
pub struct Sending(SendingState);

#[derive(Debug)]
enum SendingState {
    Enqueue(Enqueue),
    Delivery(Delivery),
}

impl Sending {
    pub(super) const fn new(enqueue: Enqueue) -> Self {
        Self(SendingState::Enqueue(enqueue))
    }

    /// Waits until the message is delivered.
    ///
    /// # Errors
    ///
    /// It can't be taken, or it has come to another end: any [`SendError`] but [`Full`](SendError::Full).
    pub fn wait(self) -> Result<Delivered, SendError> {
        match self.0 {
            SendingState::Enqueue(enqueue) => enqueue.wait()?.wait(),
            SendingState::Delivery(delivery) => delivery.wait(),
        }
    }
}

impl Future for Sending {
    type Output = Result<Delivered, SendError>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        loop {
            match &mut this.0 {
                SendingState::Enqueue(enqueue) => {
                    let delivery = ready!(Pin::new(enqueue).poll(cx))?;
                    this.0 = SendingState::Delivery(delivery);
                }
                SendingState::Delivery(delivery) => return Pin::new(delivery).poll(cx),
            }
        }
    }
}
