use std::task::{Context, Poll, Waker};
use std::time::{Duration, Instant};
use std::{fmt, io};

use crate::core::{BufferTooSmall, ParseError};
use crate::error::TooLong;
use crate::lines::end_frame;

/// One connection, for those who move its bytes, on either side.
pub(super) trait Session: Sync {
    /// The next frame that is to be sent, after what is in `out`. What is due by the time is done first.
    fn poll_transmit(
        &self,
        cx: &mut Context<'_>,
        out: &mut Vec<u8>,
    ) -> Poll<Result<(), Disconnect>>;

    /// Takes a frame; pending where nothing more is to be read now.
    fn poll_handle_frame(&self, cx: &mut Context<'_>, frame: &[u8])
    -> Poll<Result<(), Disconnect>>;

    /// Does what is due by the time while nothing can be sent or read. An end says why the connection is over.
    fn keep_time(&self) -> Result<(), Disconnect>;

    /// When `poll_transmit` is to be called at the latest.
    fn deadline(&self) -> Option<Instant>;

    /// A frame was too long to be taken.
    fn refuse(&self, error: TooLong);

    /// The stream is over.
    fn end(&self);

    fn max_frame_len(&self) -> usize;
}

/// Adds what else there is to be sent now, to go into the same write, each frame with its LF. An end comes again next time.
pub(super) fn transmit_more(session: &impl Session, frames: &mut Vec<u8>) {
    // Whoever waits does it with a waker of its own, after this.
    let mut cx = Context::from_waker(Waker::noop());
    while frames.len() < MAX_WRITE {
        let start = frames.len();
        let Poll::Ready(Ok(())) = session.poll_transmit(&mut cx, frames) else {
            break;
        };
        end_frame(frames, start);
    }
}

/// How often it is looked whether a connection goes on while nothing can be written.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(1);

/// How many bytes go into one write, before the frame that exceeds it.
const MAX_WRITE: usize = 16 << 10;

/// Why a connection has ended.
#[derive(Debug)]
#[non_exhaustive]
pub enum Disconnect {
    /// This side was closed.
    Closed,
    /// A newer connection has taken the place of this one, or the store of the server has [dropped](super::MemoryStore::discard) what was sent on it.
    Superseded,
    /// The address has a connection, and [`takeover`](super::ServerConfig::takeover) is not allowed.
    Taken,
    /// This side has asked for [another](super::Client::reconnect).
    Renewed,
    /// Nothing was heard for as long as [`KeepAlive::dead_after`](super::KeepAlive::dead_after) says.
    Dead,
    /// The peer has sent more than there was room for. What was left out is sent again on the next connection.
    Overrun,
    /// The stream has ended.
    Ended,
    /// The stream has failed.
    Io(io::Error),
    /// The store of the server has failed.
    Store(Box<dyn std::error::Error + Send + Sync>),
}

impl Disconnect {
    /// Of two that came to one connection, the one that came first.
    pub(super) fn or(self, other: Self) -> Self {
        match (&self, &other) {
            // The other side has only been told that the stream is over.
            (Self::Io(_), Self::Ended) => self,
            (Self::Ended | Self::Io(_), _) => other,
            _ => self,
        }
    }
}

impl From<io::Error> for Disconnect {
    fn from(error: io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => Self::Dead,
            io::ErrorKind::UnexpectedEof => Self::Ended,
            _ => Self::Io(error),
        }
    }
}

impl fmt::Display for Disconnect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Closed => f.write_str("closed"),
            Self::Superseded => f.write_str("superseded"),
            Self::Taken => f.write_str("the address has a connection"),
            Self::Renewed => f.write_str("there is to be another connection"),
            Self::Dead => f.write_str("the peer is silent"),
            Self::Overrun => f.write_str("the peer has sent too much at once"),
            Self::Ended => f.write_str("the stream has ended"),
            Self::Io(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Disconnect {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            Self::Store(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

/// Why a frame of the peer's came to nothing. The connection goes on.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum Refused {
    /// It is no message.
    Parse(ParseError),
    /// It is too long to be taken.
    TooLong(TooLong),
    /// The answer to it is too long, so its id is, or the token of the ping: what it takes and what there is, in bytes.
    AnswerTooLong(BufferTooSmall),
    /// Its `dest` is nobody.
    NoReceiver,
    /// Another message of this sender's has its id.
    Conflict,
    /// The store never has room for it: what it takes and what its sender has, in bytes.
    StoreTooSmall(BufferTooSmall),
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::TooLong(error) => error.fmt(f),
            Self::AnswerTooLong(error) => write!(f, "no room for the answer: {error}"),
            Self::NoReceiver => f.write_str("there is no receiver"),
            Self::Conflict => f.write_str("another message has the id"),
            Self::StoreTooSmall(error) => write!(f, "no room in the store: {error}"),
        }
    }
}

impl std::error::Error for Refused {}
