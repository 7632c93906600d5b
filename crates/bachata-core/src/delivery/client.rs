use core::fmt;

use super::answers::{Answers, NoRoom};
use super::clock::{Clock, earlier};
use super::fingerprint::Fingerprints;
use super::inbox::{Inbox, Recall};
use super::keep_alive::Liveness;
use super::outbox::{Outbox, Rules};
use super::{Counters, KeepAlive, Progress, Receipt, Resend, Token};
use crate::encode::copy;
use crate::{
    BufferTooSmall, DataMessage, Message, ParseError, Policy, TransportMessage, TransportType,
};

/// How a [`Client`] behaves. All times are in milliseconds.
///
/// ```
/// use bachata_core::delivery::{ClientConfig, Resend};
///
/// // On a serial line, which loses bytes and never closes.
/// let config = ClientConfig {
///     resend: Some(Resend { first: 1000, max: 30_000 }),
///     expire_after: Some(3_600_000),
///     ..ClientConfig::default()
/// };
/// assert!(config.wait_for_ready);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct ClientConfig {
    /// What of the server's frames is a message.
    pub policy: Policy,
    /// Whether nothing is sent before the server's 1000, but for answers to its pings: the default. False is for servers that send none.
    pub wait_for_ready: bool,
    /// When a message is sent again on the same connection. None, the default, is for links that lose nothing until they break.
    pub resend: Option<Resend>,
    /// Whether a message that the server has answered with 100 is sent again on a new connection: the default. It brings a 300 back that was lost, from a
    /// server that keeps track of ids, as ours does; one that keeps none would deliver the message twice.
    pub resend_accepted: bool,
    /// Whether 100 is enough: then it is the end of a message, as [`Progress::Delivered`]. For servers that send no 300.
    pub accepted_is_delivered: bool,
    /// How long a message is tried. None, the default, is for ever.
    pub expire_after: Option<u32>,
    /// Whether a message counts as taken when it is handed up. It is lost if the application ends before it has done its work.
    pub acknowledge_at_once: bool,
    /// Pings of our own, and when the server counts as dead.
    pub keep_alive: KeepAlive,
    /// The key of the fingerprints by which messages are remembered: any number that the peers don't know, where there is one. Whoever knows it, and foresees
    /// the id and content of another's message, could keep that from being handed up.
    pub key: [u64; 2],
}

impl ClientConfig {
    /// The default.
    pub const DEFAULT: Self = Self {
        policy: Policy::Strict,
        wait_for_ready: true,
        resend: None,
        resend_accepted: true,
        accepted_is_delivered: false,
        expire_after: None,
        acknowledge_at_once: false,
        keep_alive: KeepAlive::DEFAULT,
        key: [0; 2],
    };
}

impl Default for ClientConfig {
    fn default() -> Self {
        Self::DEFAULT
    }
}

/// A client's side of reliable delivery (`P-19` to `P-21`), without doing any input, output or waiting itself.
///
/// It holds `WINDOW` messages that are on their way, each of at most `N` bytes, and remembers the last `DEDUPE` messages that it received. The application can keep up to
/// 15 of them before it acknowledges one, and as many as their ids have room in three quarters of `N` bytes. Its size is about
/// `WINDOW × (N + 40) + DEDUPE × 16 + N + 560` bytes, and it never needs more.
///
/// What calls it:
///
/// - A connection is there, or gone: [`handle_connect`](Self::handle_connect), [`handle_disconnect`](Self::handle_disconnect).
/// - A frame came in: [`handle_frame`](Self::handle_frame). What it gives is to be [taken](Self::acknowledge) or [released](Self::release).
/// - The time of [`poll_timeout`](Self::poll_timeout) has come: [`handle_timeout`](Self::handle_timeout).
/// - After each of these, and after [`send`](Self::send): [`poll_transmit`](Self::poll_transmit) until there is nothing more, then
///   [`poll_event`](Self::poll_event) likewise.
///
/// `now` is in milliseconds, by a clock that goes on; a clock that is set back is survived, and one that is set forward is taken for a long wait.
///
/// ```
/// use bachata_core::DataMessage;
/// use bachata_core::delivery::{Client, ClientConfig, Event};
///
/// let mut client = Client::<4, 16, 256>::new(ClientConfig::default());
/// let mut out = [0; 256];
///
/// // Messages are taken at any time, and go out when the server is ready.
/// let message = DataMessage::new("7", "direct", 1_763_769_600_123, "hi").with_dest("bob");
/// let token = client.send(&message, 0)?;
/// client.handle_connect(10);
/// assert_eq!(client.poll_transmit(&mut out)?, None);
/// client.handle_frame(br#"{"type":1000}"#, 20)?;
/// assert_eq!(client.poll_event(), Some(Event::Ready));
/// assert!(client.poll_transmit(&mut out)?.unwrap().starts_with(br#"{"id":"7""#));
/// client.handle_frame(br#"{"type":300,"data":"7"}"#, 30)?;
/// assert_eq!(client.poll_event(), Some(Event::Delivered(token)));
///
/// // A message is acknowledged when the application has taken it, and not handed up twice.
/// let frame = br#"{"id":"a","type":"direct","time":0,"data":"hello","from":"bob"}"#;
/// let received = client.handle_frame(frame, 40)?.unwrap();
/// assert_eq!(received.message.from().unwrap(), "bob");
/// assert_eq!(client.poll_transmit(&mut out)?, None);
/// client.acknowledge(received.receipt);
/// assert_eq!(client.poll_transmit(&mut out)?, Some(&br#"{"type":200,"data":"a"}"#[..]));
/// assert!(client.handle_frame(frame, 50)?.is_none());
/// assert_eq!(client.poll_transmit(&mut out)?, Some(&br#"{"type":200,"data":"a"}"#[..]));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Client<const WINDOW: usize, const DEDUPE: usize, const N: usize> {
    config: ClientConfig,
    clock: Clock,
    connection: Option<Connection>,
    outbox: Outbox<WINDOW, N>,
    inbox: Inbox<DEDUPE>,
    answers: Answers<N>,
    counters: Counters,
}

#[derive(Clone, Copy, Debug)]
struct Connection {
    liveness: Liveness,
    ready: bool,
    /// What is still to be reported.
    ready_event: bool,
    dead_event: bool,
}

impl<const WINDOW: usize, const DEDUPE: usize, const N: usize> Client<WINDOW, DEDUPE, N> {
    /// A client without a connection.
    pub const fn new(config: ClientConfig) -> Self {
        Self {
            config,
            clock: Clock::new(),
            connection: None,
            outbox: Outbox::new(),
            inbox: Inbox::new(),
            answers: Answers::new(),
            counters: Counters::NONE,
        }
    }

    /// A connection is there, and a former one is gone. What has not come to its end goes out again on it: in the order and with the bytes of the first
    /// time.
    pub fn handle_connect(&mut self, now: u64) {
        self.handle_disconnect(now);
        self.connection = Some(Connection {
            liveness: Liveness::new(self.config.keep_alive, self.clock.passed()),
            ready: !self.config.wait_for_ready,
            ready_event: false,
            dead_event: false,
        });
    }

    /// The connection is gone. Nothing is lost: messages stay, and are taken, without one.
    pub fn handle_disconnect(&mut self, now: u64) {
        self.clock.advance(now);
        self.connection = None;
        self.outbox.restart();
        // They were for the copies that came over that connection.
        self.answers.disconnect();
    }

    /// Takes a message to be sent. Its frame is kept as it is encoded now, so it may end with the call. Its id is to be one that was never used, as random ones are: a
    /// receipt for the former message may come once more, and would count for this one.
    ///
    /// # Errors
    ///
    /// The message is too long or there is no slot for it, its id is on its way already. Nothing has been taken then.
    pub fn send(&mut self, message: &DataMessage<'_>, now: u64) -> Result<Token, SendError> {
        self.push(message.id(), now, |out| Ok(message.encode(out)?.len()))
    }

    /// As [`send`](Self::send), for a payload of the application's own type.
    ///
    /// # Errors
    ///
    /// As `send`; and the payload can't be serialised.
    #[cfg(feature = "serde")]
    pub fn send_typed<T: serde::Serialize + ?Sized>(
        &mut self,
        message: &DataMessage<'_, &T>,
        now: u64,
    ) -> Result<Token, SendError> {
        self.push(message.id(), now, |out| Ok(message.encode(out)?.len()))
    }

    /// As [`send`](Self::send), for a frame: one that a former start has left in a memory, say. It is sent byte for byte, so where it has an LF as whitespace, it
    /// has to go through [`FrameWriter::push_frame`](crate::FrameWriter::push_frame) or the like on a byte stream.
    ///
    /// # Errors
    ///
    /// As `send`; and the frame is no data message.
    pub fn send_frame(&mut self, frame: &[u8], now: u64) -> Result<Token, SendError> {
        match Message::parse_with(frame, self.config.policy)? {
            Message::Data(message) => {
                self.push(message.id(), now, |out| Ok(copy(frame, out)?.len()))
            }
            Message::Transport(_) => Err(SendError::NotData),
        }
    }

    fn push(
        &mut self,
        id: crate::JsonStr<'_>,
        now: u64,
        encode: impl FnOnce(&mut [u8]) -> Result<usize, SendError>,
    ) -> Result<Token, SendError> {
        self.clock.advance(now);
        let id = self.fingerprints().id(id);
        if self.outbox.contains(id) {
            return Err(SendError::IdInUse);
        }
        self.outbox
            .push(id, self.clock.passed(), encode)
            .unwrap_or(Err(SendError::Full))
    }

    /// Gives a message up: its end is [`Failed`](Progress::Failed), unless it had come to another. False where it had. It may be delivered all the same, if it
    /// has been sent.
    pub fn cancel(&mut self, token: Token) -> bool {
        self.outbox.cancel(token)
    }

    /// How far a message has come; none once its end has been [reported](Self::poll_event).
    pub fn progress(&self, token: Token) -> Option<Progress> {
        self.outbox.progress(token)
    }

    /// How many messages more can be [sent](Self::send) now.
    pub fn room(&self) -> usize {
        self.outbox.room()
    }

    /// What has been seen and not handed up.
    pub const fn counters(&self) -> Counters {
        self.counters
    }

    /// Takes a frame of the server's, and hands up the message in it, if it is one for the application and has not been handed up before.
    ///
    /// # Errors
    ///
    /// The frame is no message, or there is no room for the answer to it. Nothing of it has been taken then.
    pub fn handle_frame<'f>(
        &mut self,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Option<Received<'f>>, FrameError> {
        self.clock.advance(now);
        let Some(connection) = &mut self.connection else {
            return Err(FrameError::NotConnected);
        };
        let message = match Message::parse_with(frame, self.config.policy) {
            Ok(message) => message,
            Err(error) => {
                Counters::count(&mut self.counters.invalid);
                return Err(FrameError::Parse(error));
            }
        };
        connection.liveness.hear(self.clock.passed());
        match message {
            Message::Data(message) => self.handle_data(message),
            Message::Transport(message) => {
                self.handle_transport(&message)?;
                Ok(None)
            }
        }
    }

    fn handle_data<'f>(
        &mut self,
        message: DataMessage<'f>,
    ) -> Result<Option<Received<'f>>, FrameError> {
        let prints = self.fingerprints();
        let (key, print) = (prints.sender_and_id(&message), prints.message(&message));
        let recall = self.inbox.recall(key, print);
        match recall {
            Recall::Taken => {
                self.answers.answer(TransportType::Received, message.id())?;
                Counters::count(&mut self.counters.repeated);
                Ok(None)
            }
            Recall::Untaken(receipt) => {
                self.answers.expect(receipt);
                Counters::count(&mut self.counters.repeated);
                Ok(None)
            }
            Recall::New | Recall::Conflict => {
                if !self.inbox.has_room() {
                    return Err(FrameError::Busy);
                }
                let receipt = self.answers.reserve(message.id())?;
                self.inbox.remember(key, print, receipt.number());
                if self.config.acknowledge_at_once {
                    self.take(receipt.number());
                }
                let conflict = recall == Recall::Conflict;
                if conflict {
                    Counters::count(&mut self.counters.conflicts);
                }
                Ok(Some(Received {
                    message,
                    conflict,
                    receipt,
                }))
            }
        }
    }

    fn handle_transport(&mut self, message: &TransportMessage<'_>) -> Result<(), FrameError> {
        let progress = match message.kind() {
            TransportType::Ready => {
                if let Some(connection) = &mut self.connection {
                    connection.ready = true;
                    connection.ready_event = true;
                }
                // On a line that knows of no connections, the server says by it that there is a new one.
                self.outbox.restart();
                return Ok(());
            }
            TransportType::Ping => return Ok(self.answers.pong(message.data())?),
            TransportType::Pong => return Ok(()),
            TransportType::Accepted if !self.config.accepted_is_delivered => Progress::Accepted,
            TransportType::Accepted | TransportType::Delivered => Progress::Delivered,
            _ => {
                Counters::count(&mut self.counters.ignored);
                return Ok(());
            }
        };
        let id = self.fingerprints().id(message.data().unwrap_or_default());
        if !self.outbox.advance(id, progress) {
            Counters::count(&mut self.counters.ignored);
        }
        Ok(())
    }

    /// The application has taken the message, and has done with it what must not be lost: the server is told (200).
    pub fn acknowledge(&mut self, receipt: Receipt) {
        self.take(receipt.number());
    }

    fn take(&mut self, receipt: u32) {
        self.inbox.take(receipt);
        // Where it came on a former connection, it comes again on this one, and is answered then.
        self.answers.give(receipt, TransportType::Received);
    }

    /// The application can't take the message now. It is forgotten and not acknowledged, so that the server will send it again, and handed up again then: on the next
    /// connection, or earlier where the server has a timer. Until then it keeps its place in the server's window.
    pub fn release(&mut self, receipt: Receipt) {
        self.inbox.release(receipt.number());
        self.answers.remove(receipt.number());
    }

    /// The next frame that is to be sent, written to the start of `out`; none where there is nothing to send now. It counts as sent. Answers go first, and
    /// messages in their order.
    ///
    /// # Errors
    ///
    /// `out` is too short. Nothing has been lost then; `N + 64` bytes are always enough.
    pub fn poll_transmit<'o>(
        &mut self,
        out: &'o mut [u8],
    ) -> Result<Option<&'o [u8]>, BufferTooSmall> {
        let now = self.clock.passed();
        let rules = self.rules();
        let Some(connection) = &mut self.connection else {
            return Ok(None);
        };
        if let Some((answer, number)) = self.answers.first() {
            let frame = answer.encode(out)?;
            self.answers.remove(number);
            return Ok(Some(frame));
        }
        if !connection.ready {
            return Ok(None);
        }
        if connection.liveness.is_ping_due(now) {
            let frame = TransportMessage::ping().encode(out)?;
            connection.liveness.ping(now);
            return Ok(Some(frame));
        }
        let Some((token, frame)) = self.outbox.first_due(&rules, now) else {
            return Ok(None);
        };
        let frame = copy(frame, out)?;
        self.outbox.sent(token, now);
        Ok(Some(frame))
    }

    /// What has happened since this was asked last, one at a time. A message keeps its slot until its end has been given here.
    pub fn poll_event(&mut self) -> Option<Event> {
        if let Some(connection) = &mut self.connection {
            if core::mem::take(&mut connection.ready_event) {
                return Some(Event::Ready);
            }
            if core::mem::take(&mut connection.dead_event) {
                return Some(Event::Dead);
            }
        }
        let (token, progress) = self.outbox.report()?;
        Some(match progress {
            Progress::Delivered => Event::Delivered(token),
            Progress::Expired => Event::Expired(token),
            Progress::Failed => Event::Failed(token),
            Progress::Accepted | Progress::Queued | Progress::Sent => Event::Accepted(token),
        })
    }

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest, by the clock of `now`; none where nothing waits for a time that this clock can show. It is not
    /// earlier than `now` was once [`poll_transmit`](Self::poll_transmit) has given all.
    pub fn poll_timeout(&self) -> Option<u64> {
        let ready = self.connection.is_some_and(|connection| connection.ready);
        let alive = self
            .connection
            .and_then(|connection| connection.liveness.timeout(ready));
        let timeout = earlier(alive, self.outbox.timeout(&self.rules(), ready))?;
        self.clock.shows_at(timeout)
    }

    /// The time has come, or some time has passed.
    pub fn handle_timeout(&mut self, now: u64) {
        self.clock.advance(now);
        let now = self.clock.passed();
        self.outbox.expire(&self.rules(), now);
        if let Some(connection) = &mut self.connection {
            connection.dead_event |= connection.liveness.report_dead(now);
        }
    }

    const fn fingerprints(&self) -> Fingerprints {
        Fingerprints::new(self.config.key)
    }

    const fn rules(&self) -> Rules {
        Rules {
            resend: self.config.resend,
            resend_accepted: self.config.resend_accepted,
            expire_after: self.config.expire_after,
        }
    }
}

/// A message that is handed up.
#[derive(Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[must_use = "a message that is neither acknowledged nor released stays in memory"]
pub struct Received<'f> {
    /// The message.
    pub message: DataMessage<'f>,
    /// Whether another message of this sender and with this id was received before: the sender has given an id twice, or somebody else is at work.
    pub conflict: bool,
    /// For [`Client::acknowledge`] or [`Client::release`].
    pub receipt: Receipt,
}

/// What a [`Client`] has to report.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Event {
    /// 1000: the server is ready.
    Ready,
    /// Nothing has been heard of the server for [`KeepAlive::dead_after`]: the connection is best closed, and a new one made.
    Dead,
    /// 100: the server has taken responsibility for the message.
    Accepted(Token),
    /// 300: the receiver has the message. Nothing more comes of this token.
    Delivered(Token),
    /// The message was not delivered in [`ClientConfig::expire_after`], or this is not known. Nothing more comes of this token.
    Expired(Token),
    /// The message was [cancelled](Client::cancel). Nothing more comes of this token.
    Failed(Token),
}

/// Why a frame was not taken. Nothing has changed.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum FrameError {
    /// The frame is no message.
    Parse(ParseError),
    /// There is no room for the answer. Transmit what is due, acknowledge or release what was handed up, then give the frame again; or drop it, as it
    /// has not been acknowledged.
    Busy,
    /// There is never room for the answer: the id, or the token of a ping, is too long. What the answer takes and what there is, in bytes.
    TooLong(BufferTooSmall),
    /// There is no connection that it could have come from.
    NotConnected,
}

impl From<NoRoom> for FrameError {
    fn from(error: NoRoom) -> Self {
        match error {
            NoRoom::Now => Self::Busy,
            NoRoom::Ever(error) => Self::TooLong(error),
        }
    }
}

impl fmt::Display for FrameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::Busy => f.write_str("no room for the answer now"),
            Self::TooLong(error) => write!(f, "never room for the answer: {error}"),
            Self::NotConnected => f.write_str("not connected"),
        }
    }
}

impl core::error::Error for FrameError {}

/// Why a message was not taken to be sent. Nothing has changed, and the caller has the message still.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SendError {
    /// All slots are taken: one is free when the end of a message has been [reported](Client::poll_event).
    Full,
    /// A message with this id is on its way.
    IdInUse,
    /// The message is longer than a slot.
    TooLong(BufferTooSmall),
    /// The payload can't be serialised.
    #[cfg(feature = "serde")]
    Serialize(crate::SerializeErrorKind),
    /// The frame is no message.
    Parse(ParseError),
    /// The frame is a transport message.
    NotData,
}

impl From<BufferTooSmall> for SendError {
    fn from(error: BufferTooSmall) -> Self {
        Self::TooLong(error)
    }
}

impl From<ParseError> for SendError {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

#[cfg(feature = "serde")]
impl From<crate::EncodeError> for SendError {
    fn from(error: crate::EncodeError) -> Self {
        match error {
            crate::EncodeError::BufferTooSmall(error) => Self::TooLong(error),
            crate::EncodeError::Payload(kind) => Self::Serialize(kind),
        }
    }
}

impl fmt::Display for SendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Full => f.write_str("no room for one more message"),
            Self::IdInUse => f.write_str("a message with this id is on its way"),
            Self::TooLong(error) => write!(f, "message too long: {error}"),
            #[cfg(feature = "serde")]
            Self::Serialize(kind) => kind.fmt(f),
            Self::Parse(error) => error.fmt(f),
            Self::NotData => f.write_str("not a data message"),
        }
    }
}

impl core::error::Error for SendError {}
