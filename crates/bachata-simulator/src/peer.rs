use bachata_core::DataMessage;
use bachata_core::delivery::Progress;

/// A client under test, and the application on it: ours, or a firmware of yours.
///
/// All times are in milliseconds, by a clock of the peer's own, which may be set back and forward.
pub trait Peer {
    /// A connection to the server is there.
    fn connect(&mut self, now: u64);

    /// The connection is gone.
    fn disconnect(&mut self, now: u64);

    /// A frame came in. `Err` where it can't be taken now: it is given again when the peer has transmitted, or done something else.
    ///
    /// # Errors
    ///
    /// There is no room for it now.
    fn handle_frame(&mut self, frame: &[u8], now: u64) -> Result<(), Busy>;

    /// The next frame that is to be sent.
    fn poll_transmit(&mut self) -> Option<Vec<u8>>;

    /// When [`handle_timeout`](Self::handle_timeout) is to be called at the latest.
    fn poll_timeout(&self) -> Option<u64>;

    /// The time has come, or some time has passed.
    fn handle_timeout(&mut self, now: u64);

    /// The application is to send a message, and says whether it could: with `true` the message has begun.
    fn send(&mut self, message: &DataMessage<'_>, now: u64) -> bool;

    /// What has happened since this was asked last.
    fn poll_report(&mut self) -> Option<Report>;

    /// Power went and came: with the content of the memory, where `keep` says so. There is no connection after it.
    fn restart(&mut self, keep: bool, now: u64);

    /// From here on nothing goes wrong any more, and the application is to do likewise: it takes what comes, and what it has.
    fn calm_down(&mut self);

    /// How many other messages may come between a message and its repetition, such that the peer still knows it.
    fn horizon(&self) -> usize;
}

/// A frame can't be taken now.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Busy;

/// What an application has seen, by the `id` of a message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Report {
    /// A message came, and the application has it in its hands.
    HandedUp {
        /// Of the message.
        id: String,
        /// Its `from`.
        from: String,
        /// Its `data`, which is a text.
        data: String,
    },
    /// The application has taken a message that was handed up: it has had its effect.
    Taken {
        /// Of the message.
        id: String,
        /// Its `from`.
        from: String,
    },
    /// The application has not taken a message that was handed up, and wants to have it again.
    Released {
        /// Of the message.
        id: String,
        /// Its `from`.
        from: String,
    },
    /// A message came whose `data` is not what its sender gave it, and it was not taken.
    Spoilt,
    /// Nothing has been heard of the server for so long that the connection is best closed.
    Dead,
    /// A message that was sent has come to its end.
    Ended {
        /// Of the message.
        id: String,
        /// Which one.
        end: Progress,
    },
}
