use std::fmt;
use std::hash::Hash;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};

use super::backlog::Backlog;
use super::machine::append;
use super::server::{Shared, lock};
use super::session::Session;
use super::{Counters, Disconnect, Put, Refused, ServerConfig, Store};
use crate::core::delivery::{self, Handled, OpenError, ServerError, Submitted};
use crate::core::{self, Envelope, MessageKind, Route};
use crate::error::TooLong;

/// One connection of a client to a [`Server`](super::Server), for transports that the server has no function for: a WebSocket, a message queue. It does no
/// input, output or waiting.
///
/// - Frames that come in go to [`poll_handle_frame`](Self::poll_handle_frame).
/// - Frames that go out come from [`poll_transmit`](Self::poll_transmit), at once where there is something to send, when a task is woken,
///   and at the [`deadline`](Self::deadline) at the latest.
/// - When either says that the connection has ended, or the transport does, it is dropped. Nothing is lost.
///
/// A frame that comes out of it can be one that another client has sent, as it was sent: where it is to go into a stream of bytes, each LF in it
/// has to become a space (`P-22`). A string can't hold one.
///
/// ```
/// use std::sync::{Arc, Mutex};
/// use std::task::{Context, Poll, Waker};
/// use bachata_std::delivery::{MemoryStore, Server, ServerConfig, StoreLimits};
///
/// let store = Arc::new(Mutex::new(MemoryStore::new(StoreLimits::default())));
/// let server = Server::builder(store, ServerConfig::default(), |_, message| match message.dest()? {
///     dest if dest == "bob" => Some(2),
///     _ => None,
/// })
/// .names(|address| ["alice", "bob"][address - 1].to_owned())
/// .build();
/// let (alice, bob) = (server.open(1)?, server.open(2)?);
///
/// // A thread would wait until there is something to do; a task has a context of its own.
/// let mut cx = Context::from_waker(Waker::noop());
/// let frame = br#"{"id":"7","type":"note","time":0,"data":"hi","dest":"bob"}"#;
/// assert!(alice.poll_handle_frame(&mut cx, frame).is_ready());
/// let mut frames = Vec::new();
/// while let Poll::Ready(Ok(())) = bob.poll_transmit(&mut cx, &mut frames) {
///     frames.push(b'\n');
/// }
/// assert_eq!(
///     frames,
///     b"{\"type\":1000}\n\
///       {\"id\":\"7\",\"type\":\"note\",\"time\":0,\"data\":\"hi\",\"from\":\"alice\",\"dest\":\"bob\"}\n",
/// );
/// # Ok::<(), bachata_std::delivery::Disconnect>(())
/// ```
#[must_use = "a connection ends when it is dropped"]
pub struct ServerConnection<S: Store>
where
    S::Address: Hash,
{
    shared: Arc<Shared<S>>,
    address: S::Address,
    signal: Arc<Signal>,
    inner: Mutex<Inner<S>>,
}

struct Inner<S: Store> {
    /// None when it has been closed.
    machine: Option<Box<dyn Machine<S>>>,
    /// Messages for which the store has no room now.
    backlog: Backlog,
    /// Whether there may be room for the first of them, so that it is worth a look when there is nothing to send.
    may_have_room: bool,
}

/// A server's connection of the core, whatever its capacities are.
pub(super) trait Machine<S: Store>: Send {
    fn handle_frame<'f>(
        &mut self,
        store: &mut S,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Handled<'f, S::Address>, ServerError<S::Error>>;
    fn submit(
        &mut self,
        store: &mut S,
        submitted: Submitted<'_>,
        receiver: S::Address,
    ) -> Result<Put, ServerError<S::Error>>;
    fn refuse(&mut self, submitted: Submitted<'_>);
    fn counters(&self) -> Counters;
    fn poll_transmit<'o>(
        &mut self,
        store: &mut S,
        out: &'o mut [u8],
    ) -> Result<Option<&'o [u8]>, ServerError<S::Error>>;
    fn poll_timeout(&self) -> Option<u64>;
    fn handle_timeout(&mut self, now: u64) -> bool;
    fn close(self: Box<Self>, store: &mut S) -> Result<(), S::Error>;
}

impl<S: Store, const WINDOW: usize, const N: usize> Machine<S>
    for delivery::ServerConnection<S::Address, WINDOW, N>
where
    S::Address: Send,
{
    fn handle_frame<'f>(
        &mut self,
        store: &mut S,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Handled<'f, S::Address>, ServerError<S::Error>> {
        self.handle_frame(store, frame, now)
    }

    fn submit(
        &mut self,
        store: &mut S,
        submitted: Submitted<'_>,
        receiver: S::Address,
    ) -> Result<Put, ServerError<S::Error>> {
        self.submit(store, submitted, receiver)
    }

    fn refuse(&mut self, submitted: Submitted<'_>) {
        self.refuse(submitted);
    }

    fn counters(&self) -> Counters {
        self.counters()
    }

    fn poll_transmit<'o>(
        &mut self,
        store: &mut S,
        out: &'o mut [u8],
    ) -> Result<Option<&'o [u8]>, ServerError<S::Error>> {
        self.poll_transmit(store, out)
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: u64) -> bool {
        self.handle_timeout(now)
    }

    fn close(self: Box<Self>, store: &mut S) -> Result<(), S::Error> {
        (*self).close(store)
    }
}

pub(super) type Open<S> = fn(
    &mut S,
    <S as Store>::Address,
    ServerConfig,
    u64,
) -> Result<Box<dyn Machine<S>>, OpenError<<S as Store>::Error>>;

pub(super) fn open<S, const WINDOW: usize, const N: usize>(
    store: &mut S,
    address: S::Address,
    config: ServerConfig,
    now: u64,
) -> Result<Box<dyn Machine<S>>, OpenError<S::Error>>
where
    S: Store + 'static,
    S::Address: Send,
{
    let machine =
        delivery::ServerConnection::<S::Address, WINDOW, N>::open(store, address, config, now)?;
    Ok(Box::new(machine))
}

/// What others tell a connection.
#[derive(Default)]
pub(super) struct Signal(Mutex<Signals>);

#[derive(Default)]
pub(super) struct Signals {
    writer: Option<Waker>,
    /// There only while a frame waits for room.
    reader: Option<Waker>,
    /// A message of its client's was delivered, so that there may be room for another.
    pub(super) delivered: bool,
    /// Nothing was heard for too long.
    dead: bool,
    /// The stream is over.
    ended: bool,
    /// The server is closed.
    pub(super) closed: bool,
}

impl Signal {
    /// Tells the connection, and wakes it.
    pub(super) fn change(&self, change: impl FnOnce(&mut Signals)) {
        let mut signals = lock(&self.0);
        change(&mut signals);
        let wakers = [signals.writer.take(), signals.reader.take()];
        drop(signals);
        wakers.into_iter().flatten().for_each(Waker::wake);
    }
}

/// What became of a frame.
enum Outcome {
    Done,
    /// There is no room for the answer before others have been sent.
    Busy,
    /// There is no room for it in the store.
    Full,
}

impl<S> ServerConnection<S>
where
    S: Store,
    S::Address: Hash,
    S::Error: std::error::Error + Send + Sync + 'static,
{
    pub(super) fn open(shared: Arc<Shared<S>>, address: S::Address) -> Result<Self, Disconnect> {
        let signal = Arc::new(Signal::default());
        let mut connections = lock(&shared.connections);
        if connections.closed {
            return Err(Disconnect::Closed);
        }
        // While the connections are locked, so that the one that is listed is the one that holds the address.
        let machine = (shared.open)(
            &mut lock(&shared.store),
            address,
            shared.config,
            shared.now(),
        );
        let machine = machine.map_err(|error| match error {
            OpenError::Taken => Disconnect::Taken,
            OpenError::Store(error) => Disconnect::Store(error.into()),
        })?;
        let former = connections.open.insert(address, signal.clone());
        drop(connections);
        if let Some(former) = former {
            // It finds that its lease is void.
            former.change(|_| ());
        }
        let backlog = Backlog::new(shared.max_backlog);
        Ok(Self {
            shared,
            address,
            signal,
            inner: Mutex::new(Inner {
                machine: Some(machine),
                backlog,
                // There is, when the client has been told of what was delivered while it was away.
                may_have_room: true,
            }),
        })
    }

    /// The address that this is a connection of.
    pub const fn address(&self) -> S::Address {
        self.address
    }

    /// What has been seen and not handed up.
    pub fn counters(&self) -> Counters {
        let inner = lock(&self.inner);
        let machine = inner.machine.as_ref();
        machine.map_or_else(Counters::default, |machine| machine.counters())
    }

    /// Takes a frame of the client's. Pending where there is no room for the answer: nothing more is to be read until the task is woken and the same frame
    /// has been taken. A frame that is no message, or goes nowhere, is [reported](super::ServerBuilder::on_refused), counted, and taken.
    ///
    /// # Errors
    ///
    /// The connection has ended.
    pub fn poll_handle_frame(
        &self,
        cx: &mut Context<'_>,
        frame: &[u8],
    ) -> Poll<Result<(), Disconnect>> {
        if let Err(error) = TooLong::check(frame.len(), self.shared.max_frame_len) {
            self.refused(&Refused::TooLong(error));
            return Poll::Ready(Ok(()));
        }
        let mut inner = lock(&self.inner);
        self.check()?;
        let outcome = if inner.backlog.is_empty() || !self.is_data(frame) {
            self.handle(&mut inner, frame)?
        } else {
            // Messages stay in their order.
            Outcome::Full
        };
        match outcome {
            Outcome::Done => {}
            Outcome::Busy => {
                // What has been sent since, has been before this lock was taken.
                lock(&self.signal.0).reader = Some(cx.waker().clone());
                return Poll::Pending;
            }
            Outcome::Full if inner.backlog.has_room(frame) => inner.backlog.push(frame.to_vec()),
            Outcome::Full => return Poll::Ready(Err(Disconnect::Overrun)),
        }
        drop(inner);
        // There may be an answer, or room for one more in flight.
        let writer = lock(&self.signal.0).writer.take();
        writer.into_iter().for_each(Waker::wake);
        Poll::Ready(Ok(()))
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
        // What changes from here on wakes it.
        lock(&self.signal.0).writer = Some(cx.waker().clone());
        let mut guard = lock(&self.inner);
        let inner = &mut *guard;
        loop {
            self.check()?;
            // Before the store is asked what is delivered: of what is from then on, there is another notice.
            inner.may_have_room |= std::mem::take(&mut lock(&self.signal.0).delivered);
            let Some(machine) = &mut inner.machine else {
                return Poll::Ready(Err(Disconnect::Closed));
            };
            self.pass_time(machine.as_mut())?;
            let mut store = lock(&self.shared.store);
            let transmit =
                |out: &mut [u8]| Ok(machine.poll_transmit(&mut store, out)?.map(<[u8]>::len));
            let sent = append(out, transmit, |error| match error {
                ServerError::BufferTooSmall(error) => Some(*error),
                _ => None,
            });
            drop(store);
            if sent.map_err(to_disconnect)? {
                drop(guard);
                let reader = lock(&self.signal.0).reader.take();
                reader.into_iter().for_each(Waker::wake);
                return Poll::Ready(Ok(()));
            }
            if !inner.may_have_room || !self.handle_backlog(inner)? {
                return Poll::Pending;
            }
        }
    }

    /// When [`poll_transmit`](Self::poll_transmit) is to be called at the latest; none where nothing waits for a time. Asked after it was pending.
    pub fn deadline(&self) -> Option<Instant> {
        let inner = lock(&self.inner);
        let timeout = inner.machine.as_ref()?.poll_timeout()?;
        self.shared
            .start
            .checked_add(Duration::from_millis(timeout))
    }

    fn pass_time(&self, machine: &mut dyn Machine<S>) -> Result<(), Disconnect> {
        if machine.handle_timeout(self.shared.now()) {
            self.signal.change(|signals| signals.dead = true);
            return Err(Disconnect::Dead);
        }
        Ok(())
    }

    fn check(&self) -> Result<(), Disconnect> {
        let signals = lock(&self.signal.0);
        if signals.closed {
            Err(Disconnect::Closed)
        } else if signals.dead {
            Err(Disconnect::Dead)
        } else if signals.ended {
            Err(Disconnect::Ended)
        } else {
            Ok(())
        }
    }

    fn handle(&self, inner: &mut Inner<S>, frame: &[u8]) -> Result<Outcome, Disconnect> {
        let shared = &*self.shared;
        let Some(machine) = &mut inner.machine else {
            return Err(Disconnect::Closed);
        };
        let handled = machine.handle_frame(&mut lock(&shared.store), frame, shared.now());
        let mut submitted = match handled {
            Ok(Handled::Message(submitted)) => submitted,
            Ok(Handled::Delivered { sender }) => {
                shared.notify(sender, true);
                return Ok(Outcome::Done);
            }
            Ok(Handled::Nothing) => return Ok(Outcome::Done),
            // A ping: the next will be answered.
            Err(ServerError::Busy) if !self.is_data(frame) => return Ok(Outcome::Done),
            Err(ServerError::Busy) => return Ok(Outcome::Busy),
            Err(ServerError::Parse(error)) => return Ok(self.refused(&Refused::Parse(error))),
            Err(ServerError::TooLong(error)) => {
                return Ok(self.refused(&Refused::AnswerTooLong(error)));
            }
            Err(error) => return Err(to_disconnect(error)),
        };
        let Some(receiver) = (shared.route)(self.address, &submitted.message) else {
            machine.refuse(submitted);
            return Ok(self.refused(&Refused::NoReceiver));
        };
        let named;
        if let Some(names) = &shared.names {
            named = with_from(frame, &submitted.message, &names(self.address));
            submitted.frame = named.as_bytes();
        }
        let put = machine.submit(&mut lock(&shared.store), submitted, receiver);
        match put.map_err(to_disconnect)? {
            Put::Stored => {
                shared.notify(receiver, false);
                Ok(Outcome::Done)
            }
            Put::Known | Put::Delivered => Ok(Outcome::Done),
            Put::Conflict => Ok(self.refused(&Refused::Conflict)),
            Put::TooLong(error) => Ok(self.refused(&Refused::StoreTooSmall(error))),
            Put::Full => Ok(Outcome::Full),
        }
    }

    /// Handles the messages that wait, as far as there is room for them now. Whether there was for any.
    fn handle_backlog(&self, inner: &mut Inner<S>) -> Result<bool, Disconnect> {
        let mut handled = false;
        inner.may_have_room = false;
        while let Some(frame) = inner.backlog.pop() {
            let outcome = self.handle(inner, &frame)?;
            if let Outcome::Done = outcome {
                handled = true;
                continue;
            }
            inner.backlog.put_back(frame);
            // The answers that are in the way are sent before the next look.
            inner.may_have_room = matches!(outcome, Outcome::Busy);
            break;
        }
        Ok(handled)
    }

    fn refused(&self, refused: &Refused) -> Outcome {
        self.shared.refuse(self.address, refused);
        Outcome::Done
    }

    fn is_data(&self, frame: &[u8]) -> bool {
        Route::parse(frame, self.shared.config.policy)
            .is_ok_and(|route| matches!(route.kind(), MessageKind::Data(_)))
    }
}

/// The frame with another `from`, and all that was in it besides.
fn with_from(frame: &[u8], message: &core::DataMessage<'_>, from: &str) -> String {
    let message = core::Message::Data(message.with_from(from));
    let mut named = String::with_capacity(frame.len() + from.len() + 16);
    // It was parsed before, and a string takes all.
    if let Ok(envelope) = Envelope::parse(frame) {
        let _never_fails = message.write_to_with(&mut named, envelope.members());
    }
    named
}

fn to_disconnect<E>(error: ServerError<E>) -> Disconnect
where
    E: std::error::Error + Send + Sync + 'static,
{
    match error {
        ServerError::Superseded => Disconnect::Superseded,
        ServerError::Store(error) => Disconnect::Store(error.into()),
        error => Disconnect::Store(error.into()),
    }
}

impl<S: Store> Drop for ServerConnection<S>
where
    S::Address: Hash,
{
    fn drop(&mut self) {
        let mut connections = lock(&self.shared.connections);
        let current = connections.open.get(&self.address);
        if current.is_some_and(|signal| Arc::ptr_eq(signal, &self.signal)) {
            connections.open.remove(&self.address);
        }
        drop(connections);
        if let Some(machine) = lock(&self.inner).machine.take() {
            // Where it fails, the next connection of the address finds it open, and takes it over.
            let _failed = machine.close(&mut lock(&self.shared.store));
        }
    }
}

impl<S> Session for ServerConnection<S>
where
    S: Store + Send,
    S::Address: Hash + Send + Sync,
    S::Error: std::error::Error + Send + Sync + 'static,
{
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
        self.check()?;
        match &mut lock(&self.inner).machine {
            Some(machine) => self.pass_time(machine.as_mut()),
            None => Err(Disconnect::Closed),
        }
    }

    fn refuse(&self, error: TooLong) {
        self.shared.refuse(self.address, &Refused::TooLong(error));
    }

    fn end(&self) {
        self.signal.change(|signals| signals.ended = true);
    }

    fn max_frame_len(&self) -> usize {
        self.shared.max_frame_len
    }
}

impl<S: Store> fmt::Debug for ServerConnection<S>
where
    S::Address: Hash,
{
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServerConnection").finish_non_exhaustive()
    }
}
