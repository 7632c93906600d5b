use crate::{Envelope, JsonStr, Message, ParseError, Policy, TransportType};

/// The value of the member `type`, which tells the two kinds of message apart (`P-7`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum MessageKind<'a> {
    /// A string: a data message.
    Data(JsonStr<'a>),
    /// An integer: a transport message.
    Transport(TransportType),
}

/// What a router needs of a frame: its `type` and its `dest`.
///
/// The frame is accepted and refused exactly as by [`Message::parse_with`](crate::Message::parse_with), so a router passes nothing on that a receiver
/// by the same policy would not take.
///
/// ```
/// use bachata_core::{MessageKind, Policy, Route};
///
/// let route = Route::parse(
///     br#"{"id":"7","type":"group","time":0,"data":"hi","dest":"room/9"}"#,
///     Policy::Strict,
/// )?;
/// assert_eq!(route.kind(), MessageKind::Data("group".into()));
/// assert_eq!(route.dest().unwrap(), "room/9");
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Route<'a> {
    kind: MessageKind<'a>,
    dest: Option<JsonStr<'a>>,
}

impl<'a> Route<'a> {
    /// The route of the message in a frame.
    ///
    /// # Errors
    ///
    /// As [`Message::parse_with`](crate::Message::parse_with).
    pub fn parse(frame: &'a [u8], policy: Policy) -> Result<Self, ParseError> {
        Envelope::parse_route(frame, policy)
    }

    /// The route of a message.
    pub(crate) const fn of(message: &Message<'a>) -> Self {
        match message {
            Message::Data(message) => Self {
                kind: MessageKind::Data(message.kind()),
                dest: message.dest(),
            },
            Message::Transport(message) => Self {
                kind: MessageKind::Transport(message.kind()),
                dest: None,
            },
        }
    }

    /// The member `type`.
    pub const fn kind(&self) -> MessageKind<'a> {
        self.kind
    }

    /// The member `dest`; always none in a transport message, where it is an unknown member (`P-10`).
    pub const fn dest(&self) -> Option<JsonStr<'a>> {
        self.dest
    }
}
