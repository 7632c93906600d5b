use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use serde::de::DeserializeOwned;

use super::block::{block_on, block_on_until};
use super::state::{Incoming, Shared};
use super::waiters::Place;
use crate::core::delivery::Receipt;
use crate::{DataMessage, Error, Kind, Message};

/// A message that has been received. The server hears of it (200) when it is [acknowledged](Self::acknowledge), and its sender then.
///
/// Dropped, it is [released](Self::release): if the application fails between the two, the message comes again.
#[derive(Debug)]
#[must_use = "a message that is dropped without being acknowledged comes again"]
pub struct Received {
    shared: Arc<Shared>,
    frame: Vec<u8>,
    conflict: bool,
    /// None: it is acknowledged.
    receipt: Option<Receipt>,
}

impl Received {
    /// The message, with any payload.
    ///
    /// # Errors
    ///
    /// Its payload is one of the few that a [`Payload`](crate::Payload) refuses.
    pub fn message(&self) -> Result<DataMessage, Error> {
        self.load()
    }

    /// The message, with a payload of the type that is asked for.
    ///
    /// # Errors
    ///
    /// The payload does not fit. The message is to be acknowledged all the same, or it comes again.
    pub fn load<P: DeserializeOwned + 'static, K: Kind>(&self) -> Result<DataMessage<P, K>, Error> {
        // Its length has been seen to.
        match Message::parse_within(&self.frame, self.shared.settings.policy, usize::MAX)? {
            Message::Data(message) => Ok(message),
            Message::Transport(_) => unreachable!("it was handed up as a data message"),
        }
    }

    /// The frame as it came.
    pub fn frame(&self) -> &[u8] {
        &self.frame
    }

    /// Whether another message of this sender and with this id was received before: the sender has given an id twice, or somebody else is at work.
    pub const fn is_conflict(&self) -> bool {
        self.conflict
    }

    /// The application has taken the message, and has done with it what must not be lost.
    pub fn acknowledge(mut self) {
        if let Some(receipt) = self.receipt.take() {
            self.shared
                .with(|state, now| state.acknowledge(receipt, now));
        }
    }

    /// The application can't take the message now. The server sends it again on the next connection, or when its [timer](super::ServerConfig::resend) says so, and it is handed up
    /// again then. Until then it is one of those that the server has in flight: where it allows no more of them, it sends nothing else on this connection, which is the time for
    /// [`reconnect`](super::Client::reconnect).
    pub fn release(self) {}
}

impl Drop for Received {
    fn drop(&mut self) {
        if let Some(receipt) = self.receipt.take() {
            self.shared.with(|state, now| state.release(receipt, now));
        }
    }
}

/// The next message: a future, or by [`wait`](Self::wait), that gives a [`Received`]; none once the client is closed.
///
/// Dropped, it loses nothing.
#[derive(Debug)]
#[must_use = "nothing is received until it is awaited"]
pub struct Recv {
    shared: Arc<Shared>,
    place: Place,
}

impl Recv {
    pub(super) fn new(shared: Arc<Shared>) -> Self {
        Self {
            shared,
            place: Place::default(),
        }
    }

    /// Waits for the next message.
    pub fn wait(self) -> Option<Received> {
        let shared = self.shared.clone();
        block_on(self, || shared.keep_time())
    }

    /// Waits for the next message, and no longer than for `timeout`. None when it took longer, or the client is closed.
    pub fn wait_timeout(self, timeout: Duration) -> Option<Received> {
        let shared = self.shared.clone();
        let until = Instant::now() + timeout;
        block_on_until(self, until, || shared.keep_time()).flatten()
    }
}

impl Future for Recv {
    type Output = Option<Received>;

    fn poll(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let this = self.get_mut();
        let place = &mut this.place;
        let at_once = this.shared.settings.acknowledge_at_once;
        let incoming = this.shared.with(|state, _| {
            let incoming = state.receive();
            if incoming.is_none() && !state.closed {
                state.messages.wait(place, cx);
                return Poll::Pending;
            }
            Poll::Ready(incoming)
        });
        incoming.map(|incoming| {
            let Incoming {
                frame,
                conflict,
                receipt,
            } = incoming?;
            let receipt = if at_once {
                this.shared
                    .with(|state, now| state.acknowledge(receipt, now));
                None
            } else {
                Some(receipt)
            };
            Some(Received {
                shared: this.shared.clone(),
                frame,
                conflict,
                receipt,
            })
        })
    }
}

impl Drop for Recv {
    fn drop(&mut self) {
        self.shared
            .with(|state, _| state.messages.leave(&self.place));
    }
}
