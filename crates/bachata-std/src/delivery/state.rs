//! What the handles of one client share.

use std::collections::{HashMap, VecDeque};
use std::fmt;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::machine::{Machine, append};
use super::waiters::Waiters;
use super::{Delivered, Disconnect, Refused, SendError};
use crate::core::delivery::{Event, FrameError, Receipt, Token};
use crate::core::{MessageKind, Policy, Route};

pub(super) struct Shared {
    state: Mutex<State>,
    start: Instant,
    pub(super) settings: Settings,
}

pub(super) struct Settings {
    pub(super) policy: Policy,
    pub(super) max_frame_len: usize,
    pub(super) max_backlog: usize,
    pub(super) acknowledge_at_once: bool,
    pub(super) on_refused: Option<OnRefused>,
}

/// What is told of frames that come to nothing.
pub(super) type OnRefused = Box<dyn Fn(&Refused) + Send + Sync>;

pub(super) struct State {
    pub(super) machine: Box<dyn Machine>,
    pub(super) connection: Option<Current>,
    last_epoch: u64,
    pub(super) closed: bool,
    inbox: VecDeque<Incoming>,
    /// Those whose end has not been fetched.
    sent: HashMap<Token, Sent>,
    /// Who waits for a free slot, for a message, and for the end of the client.
    pub(super) room: Waiters,
    pub(super) messages: Waiters,
    pub(super) closing: Waiters,
    to_wake: Vec<Waker>,
}

/// The newest connection.
pub(super) struct Current {
    pub(super) epoch: u64,
    pub(super) ready: bool,
    /// Whether a frame has been taken on it.
    pub(super) heard: bool,
    over: Option<Over>,
    /// Whether a message was left out.
    overrun: bool,
    backlog: Backlog,
    writer: Option<Waker>,
    /// There only while a frame waits for room.
    reader: Option<Waker>,
}

#[derive(Clone, Copy)]
enum Over {
    Renewed,
    Dead,
    Overrun,
    Ended,
}

/// A message that has been taken from the machine and not by the application.
pub(super) struct Incoming {
    pub(super) frame: Vec<u8>,
    pub(super) conflict: bool,
    pub(super) receipt: Receipt,
}

#[derive(Default)]
struct Sent {
    end: Option<Result<Delivered, SendError>>,
    waker: Option<Waker>,
    /// Nobody will ask.
    abandoned: bool,
}

impl Shared {
    pub(super) fn new(machine: Box<dyn Machine>, settings: Settings) -> Self {
        Self {
            state: Mutex::new(State {
                machine,
                connection: None,
                last_epoch: 0,
                closed: false,
                inbox: VecDeque::new(),
                sent: HashMap::new(),
                room: Waiters::default(),
                messages: Waiters::default(),
                closing: Waiters::default(),
                to_wake: Vec::new(),
            }),
            start: Instant::now(),
            settings,
        }
    }

    /// Changes the state, at a time in milliseconds. Who has waited for that is woken when it is done.
    pub(super) fn with<T>(&self, change: impl FnOnce(&mut State, u64) -> T) -> T {
        let now = u64::try_from(self.start.elapsed().as_millis()).unwrap_or(u64::MAX);
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        let result = change(&mut state, now);
        let to_wake = std::mem::take(&mut state.to_wake);
        drop(state);
        to_wake.into_iter().for_each(Waker::wake);
        result
    }

    /// Does what is due, and says when something is again.
    pub(super) fn keep_time(&self) -> Option<Instant> {
        let timeout = self.with(|state, now| {
            state.pass_time(now);
            state.machine.poll_timeout()
        })?;
        self.start.checked_add(Duration::from_millis(timeout))
    }

    pub(super) fn deadline(&self) -> Option<Instant> {
        let timeout = self.with(|state, _| state.machine.poll_timeout())?;
        self.start.checked_add(Duration::from_millis(timeout))
    }

    pub(super) fn refuse(&self, refused: &Refused) {
        if let Some(on_refused) = &self.settings.on_refused {
            on_refused(refused);
        }
    }

    /// Takes a frame on a connection. See [`Session::poll_handle_frame`](super::session::Session::poll_handle_frame).
    pub(super) fn poll_handle_frame(
        &self,
        epoch: u64,
        cx: &Context<'_>,
        frame: &[u8],
    ) -> Poll<Result<(), Disconnect>> {
        let mut refused = None;
        let poll = self.with(|state, now| {
            if let Err(end) = state.check(epoch) {
                return Poll::Ready(Err(end));
            }
            let handled = state.handle_frame(frame, now, self.settings.policy, cx);
            state.settle();
            state.wake_writer();
            match handled {
                Poll::Ready(Err(error)) => refused = Some(error),
                Poll::Ready(Ok(())) => (),
                Poll::Pending => return Poll::Pending,
            }
            Poll::Ready(Ok(()))
        });
        if let Some(refused) = refused {
            self.refuse(&refused);
        }
        poll
    }
}

impl State {
    /// Makes a new connection, in place of the one that there was, and gives its number.
    pub(super) fn connect(&mut self, now: u64, max_backlog: usize) -> u64 {
        self.forget_connection();
        self.machine.handle_connect(now);
        self.last_epoch += 1;
        self.connection = Some(Current {
            epoch: self.last_epoch,
            ready: false,
            heard: false,
            over: None,
            overrun: false,
            backlog: Backlog::new(max_backlog),
            writer: None,
            reader: None,
        });
        self.settle();
        self.last_epoch
    }

    /// The connection with this number is gone.
    pub(super) fn disconnect(&mut self, epoch: u64, now: u64) {
        if self.current(epoch).is_some() {
            self.forget_connection();
            self.machine.handle_disconnect(now);
            self.settle();
        }
    }

    fn forget_connection(&mut self) {
        if let Some(connection) = self.connection.take() {
            self.to_wake.extend(connection.writer);
            self.to_wake.extend(connection.reader);
        }
    }

    fn current(&mut self, epoch: u64) -> Option<&mut Current> {
        self.connection
            .as_mut()
            .filter(|connection| connection.epoch == epoch)
    }

    /// Whether a connection goes on. That of a closed client does, to give the last answers away.
    pub(super) fn check(&mut self, epoch: u64) -> Result<(), Disconnect> {
        let closed = self.closed;
        let Some(connection) = self.current(epoch) else {
            return Err(if closed {
                Disconnect::Closed
            } else {
                Disconnect::Superseded
            });
        };
        match connection.over {
            None => Ok(()),
            Some(_) if closed => Err(Disconnect::Closed),
            Some(Over::Renewed) => Err(Disconnect::Renewed),
            Some(Over::Dead) => Err(Disconnect::Dead),
            Some(Over::Overrun) => Err(Disconnect::Overrun),
            Some(Over::Ended) => Err(Disconnect::Ended),
        }
    }

    /// The stream of a connection is over.
    pub(super) fn end(&mut self, epoch: u64) {
        if self.current(epoch).is_some() {
            self.finish(Over::Ended);
        }
    }

    /// There is to be another connection.
    pub(super) fn renew(&mut self) {
        self.finish(Over::Renewed);
    }

    fn finish(&mut self, over: Over) {
        if let Some(connection) = &mut self.connection {
            connection.over.get_or_insert(over);
            self.to_wake.extend(connection.writer.take());
            self.to_wake.extend(connection.reader.take());
        }
    }

    pub(super) fn pass_time(&mut self, now: u64) {
        // A frame that waits shows that the server is not silent.
        if self
            .connection
            .as_ref()
            .is_some_and(|connection| connection.reader.is_some())
        {
            self.handle_backlog(now);
        }
        self.machine.handle_timeout(now);
        self.settle();
    }

    pub(super) fn poll_transmit(
        &mut self,
        epoch: u64,
        now: u64,
        cx: &Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<(), Disconnect>> {
        if let Err(end) = self.check(epoch) {
            return Poll::Ready(Err(end));
        }
        self.pass_time(now);
        if let Err(end) = self.check(epoch) {
            return Poll::Ready(Err(end));
        }
        let machine = &mut self.machine;
        let transmit = |out: &mut [u8]| Ok(machine.poll_transmit(out)?.map(<[u8]>::len));
        // The buffer grows until it fits.
        if append(out, transmit, |&error| Some(error)).unwrap_or(false) {
            self.handle_backlog(now);
            return Poll::Ready(Ok(()));
        }
        if self.closed {
            return Poll::Ready(Err(Disconnect::Closed));
        }
        if let Some(connection) = self.current(epoch) {
            connection.writer = Some(cx.waker().clone());
        }
        Poll::Pending
    }

    fn handle_frame(
        &mut self,
        frame: &[u8],
        now: u64,
        policy: Policy,
        cx: &Context<'_>,
    ) -> Poll<Result<(), Refused>> {
        self.handle_backlog(now);
        let Some(connection) = &mut self.connection else {
            return Poll::Ready(Ok(()));
        };
        connection.reader = None;
        // Messages stay in their order; receipts and pings don't wait for them.
        if connection.backlog.is_empty() || !is_data(frame, policy) {
            match self.machine.handle_frame(frame, now) {
                Ok(received) => {
                    connection.heard = true;
                    if let Some(received) = received {
                        self.inbox.push_back(Incoming {
                            frame: frame.to_vec(),
                            conflict: received.conflict,
                            receipt: received.receipt,
                        });
                        self.to_wake.extend(self.messages.wake());
                    }
                    return Poll::Ready(Ok(()));
                }
                Err(FrameError::Busy) if is_data(frame, policy) => (),
                // A ping: the next will be answered.
                Err(FrameError::Busy | FrameError::NotConnected) => return Poll::Ready(Ok(())),
                Err(FrameError::Parse(error)) => {
                    return Poll::Ready(Err(Refused::Parse(error)));
                }
                Err(FrameError::TooLong(error)) => {
                    return Poll::Ready(Err(Refused::AnswerTooLong(error)));
                }
            }
        }
        if connection.backlog.has_room(frame) {
            connection.backlog.push(frame.to_vec());
        } else if self.machine.is_idle() {
            connection.reader = Some(cx.waker().clone());
            return Poll::Pending;
        } else {
            // The application may wait for what the server says of its own messages, before it takes more of others'.
            connection.overrun = true;
        }
        Poll::Ready(Ok(()))
    }

    /// Handles the frames that wait, as far as there is room for them now.
    fn handle_backlog(&mut self, now: u64) {
        let Some(connection) = &mut self.connection else {
            return;
        };
        let mut handled = false;
        while let Some(frame) = connection.backlog.front() {
            let received = match self.machine.handle_frame(frame, now) {
                Err(FrameError::Busy) => break,
                Ok(Some(received)) => Some((received.conflict, received.receipt)),
                Ok(None) | Err(_) => None,
            };
            handled = true;
            let frame = connection.backlog.pop();
            if let (Some((conflict, receipt)), Some(frame)) = (received, frame) {
                self.inbox.push_back(Incoming {
                    frame,
                    conflict,
                    receipt,
                });
                self.to_wake.extend(self.messages.wake());
            }
        }
        if handled {
            self.to_wake.extend(connection.reader.take());
            if connection.overrun && connection.backlog.is_empty() {
                self.finish(Over::Overrun);
            }
        }
    }

    /// Takes a frame to be sent.
    pub(super) fn send(&mut self, frame: &[u8], now: u64) -> Result<Token, SendError> {
        if self.closed {
            return Err(SendError::Closed);
        }
        let token = self.machine.send_frame(frame, now)?;
        self.sent.insert(token, Sent::default());
        self.wake_writer();
        // Reading goes on where there is something to be heard.
        if let Some(connection) = &mut self.connection {
            self.to_wake.extend(connection.reader.as_ref().cloned());
        }
        Ok(token)
    }

    pub(super) fn poll_end(
        &mut self,
        token: Token,
        cx: &Context<'_>,
    ) -> Poll<Result<Delivered, SendError>> {
        let Some(sent) = self.sent.get_mut(&token) else {
            return Poll::Ready(Err(SendError::Closed));
        };
        match sent.end.take() {
            Some(end) => {
                self.sent.remove(&token);
                Poll::Ready(end)
            }
            None => {
                sent.waker = Some(cx.waker().clone());
                Poll::Pending
            }
        }
    }

    pub(super) fn cancel(&mut self, token: Token) -> bool {
        let cancelled = self.machine.cancel(token);
        self.settle();
        cancelled
    }

    /// Nobody will ask for the end of this message.
    pub(super) fn abandon(&mut self, token: Token) {
        if let Some(sent) = self.sent.get_mut(&token) {
            if sent.end.is_some() {
                self.sent.remove(&token);
            } else {
                sent.abandoned = true;
                sent.waker = None;
            }
        }
    }

    pub(super) fn receive(&mut self) -> Option<Incoming> {
        if self.closed {
            return None;
        }
        self.inbox.pop_front()
    }

    pub(super) fn acknowledge(&mut self, receipt: Receipt, now: u64) {
        self.machine.acknowledge(receipt);
        self.handle_backlog(now);
        self.wake_writer();
    }

    pub(super) fn release(&mut self, receipt: Receipt, now: u64) {
        self.machine.release(receipt);
        self.handle_backlog(now);
        self.wake_writer();
    }

    pub(super) fn close(&mut self) {
        if self.closed {
            return;
        }
        self.closed = true;
        let tokens: Vec<Token> = self.sent.keys().copied().collect();
        for token in tokens {
            self.machine.cancel(token);
        }
        self.settle();
        self.wake_writer();
        if let Some(connection) = &mut self.connection {
            self.to_wake.extend(connection.reader.take());
        }
        self.to_wake.extend(self.messages.wake());
        self.to_wake.extend(self.room.wake());
        self.to_wake.extend(self.closing.wake());
    }

    /// Passes on what the machine has to report.
    fn settle(&mut self) {
        while let Some(event) = self.machine.poll_event() {
            match event {
                Event::Ready => {
                    if let Some(connection) = &mut self.connection {
                        connection.ready = true;
                    }
                }
                Event::Dead => self.finish(Over::Dead),
                Event::Accepted(_) => (),
                Event::Delivered(token) => self.ended(token, Ok(Delivered)),
                Event::Expired(token) => self.ended(token, Err(SendError::Expired)),
                Event::Failed(token) if self.closed => self.ended(token, Err(SendError::Closed)),
                Event::Failed(token) => self.ended(token, Err(SendError::Failed)),
            }
        }
    }

    fn ended(&mut self, token: Token, end: Result<Delivered, SendError>) {
        let abandoned = self.sent.get_mut(&token).is_some_and(|sent| {
            self.to_wake.extend(sent.waker.take());
            sent.end = Some(end);
            sent.abandoned
        });
        if abandoned {
            self.sent.remove(&token);
        }
        self.to_wake.extend(self.room.wake());
    }

    fn wake_writer(&mut self) {
        if let Some(connection) = &mut self.connection {
            self.to_wake.extend(connection.writer.take());
        }
    }
}

fn is_data(frame: &[u8], policy: Policy) -> bool {
    Route::parse(frame, policy).is_ok_and(|route| matches!(route.kind(), MessageKind::Data(_)))
}

impl fmt::Debug for Shared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Shared").finish_non_exhaustive()
    }
}
