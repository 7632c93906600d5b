use core::fmt;

use super::answers::{Answers, NoRoom};
use super::clock::{Clock, earlier};
use super::fingerprint::Fingerprints;
use super::keep_alive::Liveness;
use super::window::Window;
use super::{Counters, KeepAlive, Lease, NewMessage, Put, Receipt, Resend, Store, StoreError};
use crate::{
    BufferTooSmall, DataMessage, Message, ParseError, Policy, TransportMessage, TransportType,
};

/// How a [`ServerConnection`] behaves. All times are in milliseconds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ServerConfig {
    /// What of the client's frames is a message.
    pub policy: Policy,
    /// Whether a newer connection of an address takes the place of the one that there is: the default. Otherwise it is [refused](OpenError::Taken).
    pub takeover: bool,
    /// When a message is sent again on the same connection. None, the default, is for links that lose nothing until they break.
    pub resend: Option<Resend>,
    /// Pings of our own, and when the client counts as dead.
    pub keep_alive: KeepAlive,
    /// A message that has not been acknowledged for so long leaves its place in the window to others, such as one that the client can't acknowledge because
    /// it is too long for it. It may be acknowledged all the same, and until it is, no other message with its id is sent on this connection. It is sent again on the next
    /// connection; and with [`resend`](Self::resend) on this one too, in rounds that begin at most as long after, in turn with new ones. A minute by default.
    pub give_way_after: u32,
    /// How long after a 200 another message with the same id, from another sender, waits on the same connection where a second 200 for the first may come, which
    /// would count for the second: where frames are [sent again](Self::resend), and after a message that may have been sent on the connection before. It is so for the
    /// last 32 of them. 10 seconds by default.
    pub id_pause: u32,
}

impl ServerConfig {
    /// The default.
    pub const DEFAULT: Self = Self {
        policy: Policy::Strict,
        takeover: true,
        resend: None,
        keep_alive: KeepAlive::DEFAULT,
        give_way_after: 60_000,
        id_pause: 10_000,
    };
}

impl Default for ServerConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A server's side of reliable delivery on one connection (`P-19` to `P-21`), without doing any input, output or waiting itself.
///
/// A connection acts for an address, by a [`Lease`] of the [`Store`] that all connections of a server share. It takes messages
/// from its client into the store, and messages for its client out of it: up to `WINDOW` of them are in flight. It has `N` bytes for
/// answers that wait: an id longer than three quarters of that is refused.
///
/// What calls it:
///
/// - A frame came in: [`handle_frame`](Self::handle_frame). A message that it gives is to be [submitted](Self::submit) or
///   [refused](Self::refuse).
/// - The time of [`poll_timeout`](Self::poll_timeout) has come: [`handle_timeout`](Self::handle_timeout).
/// - After each of these, and when another connection has changed the store: [`poll_transmit`](Self::poll_transmit) until there is nothing more.
/// - The connection is gone: [`close`](Self::close).
///
/// ```
/// use bachata_core::delivery::{Handled, MemoryStore, Put, ServerConfig, ServerConnection};
///
/// type Connection = ServerConnection<u8, 4, 256>;
/// const ALICE: u8 = 1;
/// const BOB: u8 = 2;
///
/// let mut store = MemoryStore::<u8, 4, 8, 256>::new();
/// let mut alice = Connection::open(&mut store, ALICE, ServerConfig::default(), 0)?;
/// let mut bob = Connection::open(&mut store, BOB, ServerConfig::default(), 0)?;
/// let mut out = [0; 256];
/// assert_eq!(alice.poll_transmit(&mut store, &mut out)?, Some(&br#"{"type":1000}"#[..]));
/// assert_eq!(bob.poll_transmit(&mut store, &mut out)?, Some(&br#"{"type":1000}"#[..]));
///
/// let frame = br#"{"id":"7","type":"direct","time":0,"data":"hi","dest":"bob"}"#;
/// let Handled::Message(message) = alice.handle_frame(&mut store, frame, 10)? else { panic!() };
/// assert_eq!(alice.submit(&mut store, message, BOB)?, Put::Stored);
/// assert_eq!(alice.poll_transmit(&mut store, &mut out)?, Some(&br#"{"type":100,"data":"7"}"#[..]));
///
/// assert_eq!(bob.poll_transmit(&mut store, &mut out)?, Some(&frame[..]));
/// let handled = bob.handle_frame(&mut store, br#"{"type":200,"data":"7"}"#, 20)?;
/// assert!(matches!(handled, Handled::Delivered { sender: ALICE }));
/// assert_eq!(alice.poll_transmit(&mut store, &mut out)?, Some(&br#"{"type":300,"data":"7"}"#[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
#[must_use = "an open connection holds its address until it is closed"]
pub struct ServerConnection<A, const WINDOW: usize, const N: usize> {
    config: ServerConfig,
    clock: Clock,
    lease: Lease<A>,
    liveness: Liveness,
    ready_due: bool,
    answers: Answers<N>,
    window: Window<WINDOW>,
    counters: Counters,
}

/// A store compares a message with what the same sender sent before. Who finds two alike harms nobody else.
const PRINTS: Fingerprints = Fingerprints::new([0, 0]);

impl<A: Copy + Eq, const WINDOW: usize, const N: usize> ServerConnection<A, WINDOW, N> {
    /// A new connection of an address. Another one that was open will find itself [superseded](ServerError::Superseded).
    ///
    /// # Errors
    ///
    /// The address is taken; the store's own.
    pub fn open<S: Store<Address = A>>(
        store: &mut S,
        address: A,
        config: ServerConfig,
        now: u64,
    ) -> Result<Self, OpenError<S::Error>> {
        let lease = store
            .open(address, config.takeover)
            .map_err(OpenError::Store)?
            .ok_or(OpenError::Taken)?;
        let mut clock = Clock::new();
        clock.advance(now);
        Ok(Self {
            config,
            clock,
            lease,
            liveness: Liveness::new(config.keep_alive, clock.passed()),
            ready_due: true,
            answers: Answers::new(),
            window: Window::new(&config),
            counters: Counters::NONE,
        })
    }

    /// The connection is gone. What was in flight goes out on the next one of this address.
    ///
    /// # Errors
    ///
    /// The store's own.
    pub fn close<S: Store<Address = A>>(self, store: &mut S) -> Result<(), S::Error> {
        store.close(&self.lease)
    }

    /// The address that this is a connection of.
    pub const fn address(&self) -> A {
        self.lease.address
    }

    /// What has been seen and not handed up.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes a frame of the client's.
    ///
    /// # Errors
    ///
    /// The frame is no message, or there is no room for the answer to it; nothing has changed then. Or the [lease is void](ServerError::Superseded), or the
    /// store failed.
    pub fn handle_frame<'f, S: Store<Address = A>>(
        &mut self,
        store: &mut S,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Handled<'f, A>, ServerError<S::Error>> {
        self.clock.advance(now);
        let message = Message::parse_with(frame, self.config.policy).map_err(|error| {
            Counters::count(&mut self.counters.invalid);
            ServerError::Parse(error)
        })?;
        let now = self.clock.passed();
        self.liveness.hear(now);
        match message {
            Message::Data(message) => Ok(Handled::Message(Submitted {
                message,
                frame,
                receipt: self.answers.reserve(message.id())?,
            })),
            Message::Transport(message) => match message.kind() {
                TransportType::Received => {
                    let id = message.data().unwrap_or_default();
                    let sender = self.window.acknowledge(store, &self.lease, id, now)?;
                    Ok(match sender {
                        Some(sender) => Handled::Delivered { sender },
                        None => self.ignore(),
                    })
                }
                TransportType::Ping => {
                    self.answers.pong(message.data())?;
                    Ok(Handled::Nothing)
                }
                TransportType::Pong => Ok(Handled::Nothing),
                _ => Ok(self.ignore()),
            },
        }
    }

    fn ignore<'f>(&mut self) -> Handled<'f, A> {
        Counters::count(&mut self.counters.ignored);
        Handled::Nothing
    }

    /// Takes responsibility for a message, if the store does: it goes to `receiver`, whoever that is by the message's `dest`, and the client is told (100, or 300 where it
    /// repeats a message that has been delivered). Says what the store did; a message that it did not keep is not answered.
    ///
    /// # Errors
    ///
    /// The [lease is void](ServerError::Superseded), or the store failed. The client is told nothing then, and the connection is best closed.
    pub fn submit<S: Store<Address = A>>(
        &mut self,
        store: &mut S,
        submitted: Submitted<'_>,
        receiver: A,
    ) -> Result<Put, ServerError<S::Error>> {
        let Submitted {
            message,
            frame,
            receipt,
        } = submitted;
        let new = NewMessage {
            receiver,
            id: message.id(),
            fingerprint: PRINTS.message(&message),
            frame,
        };
        let put = store.put(&self.lease, new);
        let answer = match put {
            Ok(Put::Stored | Put::Known) => TransportType::Accepted,
            Ok(Put::Delivered) => TransportType::Delivered,
            Ok(Put::Conflict | Put::Full | Put::TooLong(_)) | Err(_) => {
                self.answers.remove(receipt.number());
                return Ok(put?);
            }
        };
        self.answers.give(receipt.number(), answer);
        Ok(put?)
    }

    /// Takes no responsibility for a message: it is not answered, and its client may send it again.
    pub fn refuse(&mut self, submitted: Submitted<'_>) {
        self.answers.remove(submitted.receipt.number());
    }

    /// The next frame that is to be sent, written to the start of `out`; none where there is nothing to send now. It counts as sent. 1000 goes first, then answers, then
    /// 300s, and messages in their order.
    ///
    /// # Errors
    ///
    /// `out` is too short: nothing has been lost then. The [lease is void](ServerError::Superseded), or the store failed, and the
    /// connection is best closed.
    pub fn poll_transmit<'o, S: Store<Address = A>>(
        &mut self,
        store: &mut S,
        out: &'o mut [u8],
    ) -> Result<Option<&'o [u8]>, ServerError<S::Error>> {
        let now = self.clock.passed();
        if self.ready_due {
            let frame = TransportMessage::ready().encode(out)?;
            self.ready_due = false;
            return Ok(Some(frame));
        }
        if let Some((answer, number)) = self.answers.first() {
            let frame = answer.encode(out)?;
            self.answers.remove(number);
            return Ok(Some(frame));
        }
        if self.liveness.is_ping_due(now) {
            let frame = TransportMessage::ping().encode(out)?;
            self.liveness.ping(now);
            return Ok(Some(frame));
        }
        if let Some((sequence, id)) = store.next_delivered(&self.lease)? {
            let frame = TransportMessage::delivered(id).encode(out)?;
            store.tell_delivered(&self.lease, sequence)?;
            return Ok(Some(frame));
        }
        self.window.poll_transmit(store, &self.lease, out, now)
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest, by the clock of `now`; none where nothing waits for a time that this clock can show.
    pub fn poll_timeout(&self) -> Option<u64> {
        let timeout = earlier(self.liveness.timeout(true), self.window.timeout())?;
        self.clock.shows_at(timeout)
    }

    /// The time has come, or some time has passed. Says, once, whether nothing has been heard of the client for [`KeepAlive::dead_after`]: the connection is
    /// best closed then.
    pub fn handle_timeout(&mut self, now: u64) -> bool {
        self.clock.advance(now);
        self.liveness.report_dead(self.clock.passed())
    }
}

/// What a frame of the client's has come to.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Handled<'f, A> {
    /// A message, for which the server is asked to take responsibility.
    Message(Submitted<'f>),
    /// The client has received a message: its sender is to be told, so its connection is to be [polled](ServerConnection::poll_transmit).
    Delivered {
        /// Who has sent it.
        sender: A,
    },
    /// Nothing that anybody else has to know.
    Nothing,
}

/// A message, for which the server is asked to take responsibility. For [`ServerConnection::submit`] or [`ServerConnection::refuse`].
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a message that is neither submitted nor refused keeps its room for an answer"]
pub struct Submitted<'f> {
    /// The message.
    pub message: DataMessage<'f>,
    /// What the receiver will get: the frame as it came, also with an LF as whitespace, which [`FrameWriter::push_frame`](crate::FrameWriter::push_frame) keeps from
    /// ending it. A server that writes `from` into messages puts its own here, with the same `id`.
    pub frame: &'f [u8],
    receipt: Receipt,
}

/// Why a connection could not be opened.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum OpenError<E> {
    /// There is a connection of this address, and it is not to be taken over.
    Taken,
    /// The store's own.
    Store(E),
}

impl<E: fmt::Display> fmt::Display for OpenError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("the address has a connection"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for OpenError<E> {}

/// Why a [`ServerConnection`] did not do what it was asked to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ServerError<E> {
    /// The frame is no message.
    Parse(ParseError),
    /// There is no room for the answer. Transmit what is due, submit or refuse what was handed up, then give the frame again.
    Busy,
    /// There is never room for the answer: the id, or the token of a ping, is too long. What the answer takes and what there is, in bytes.
    TooLong(BufferTooSmall),
    /// The output is too short.
    BufferTooSmall(BufferTooSmall),
    /// The lease is void: there is a newer connection of this address, or the store has dropped what was sent on this one, which is to be closed.
    Superseded,
    /// The store's own.
    Store(E),
}

impl<E> From<NoRoom> for ServerError<E> {
    fn from(error: NoRoom) -> Self {
        match error {
            NoRoom::Now => Self::Busy,
            NoRoom::Ever(error) => Self::TooLong(error),
        }
    }
}

impl<E> From<BufferTooSmall> for ServerError<E> {
    fn from(error: BufferTooSmall) -> Self {
        Self::BufferTooSmall(error)
    }
}

impl<E> From<StoreError<E>> for ServerError<E> {
    fn from(error: StoreError<E>) -> Self {
        match error {
            StoreError::Superseded => Self::Superseded,
            StoreError::Store(error) => Self::Store(error),
        }
    }
}

impl<E: fmt::Display> fmt::Display for ServerError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Busy => f.write_str("no room for the answer now"),
            Self::TooLong(error) => write!(f, "never room for the answer: {error}"),
            Self::BufferTooSmall(error) => error.fmt(f),
            Self::Superseded => f.write_str("the address is no longer this connection's"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl<E: core::error::Error> core::error::Error for ServerError<E> {}
