use std::str::FromStr;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::{self, Envelope, Member, MessageBuf, Policy};
use crate::error::TooLong;
use crate::transport_message::OWN;
use crate::{
    DEFAULT_MAX_FRAME_LEN, DataMessage, Error, Extra, Kind, Payload, Tagged, ToFrame,
    TransportMessage,
};

/// A message, owned: what loading a frame yields, and what is dumped as a frame.
///
/// ```
/// use bachata_std::{Error, Message, ToFrame};
///
/// let message: Message =
///     r#"{"id":"7","type":"note","time":0,"data":"caf\u00e9","from":"desk","hops":1}"#.parse()?;
/// match &message {
///     Message::Data(message) => {
///         assert_eq!(message.data().as_text(), Some("café"));
///         assert_eq!(message.ack().to_frame()?, r#"{"type":200,"data":"7"}"#);
///     }
///     Message::Transport(message) => panic!("a {}", message.kind()),
/// }
/// // Nothing is lost.
/// assert_eq!(
///     message.to_string(),
///     r#"{"id":"7","type":"note","time":0,"data":"café","from":"desk","hops":1}"#,
/// );
/// # Ok::<(), Error>(())
/// ```
///
/// `P` is what data messages carry. By default it is a [`Payload`], which may be anything; a type of the application's own takes only
/// what fits it:
///
/// ```
/// use bachata_std::{Error, Message};
///
/// #[derive(serde::Serialize, serde::Deserialize)]
/// struct Led {
///     on: bool,
/// }
///
/// let message: Message<Led> = r#"{"id":"7","type":"led","time":0,"data":{"on":true}}"#.parse()?;
/// let Message::Data(message) = message else { panic!() };
/// assert!(message.data().on);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Message<P = Payload, K = String> {
    /// `type` is a string.
    Data(DataMessage<P, K>),
    /// `type` is an integer.
    Transport(TransportMessage),
}

/// A [`Message`] whose `type` is in its data: an enum whose variants are the types of message that an application has.
///
/// ```
/// use bachata_std::{DataMessage, Error, Message, TaggedMessage, ToFrame, Unknown};
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, PartialEq, Debug)]
/// #[serde(tag = "type", content = "data", rename_all = "lowercase")]
/// enum Chat {
///     /// `"type":"direct","data":"..."`
///     Direct(String),
///     /// `"type":"place","data":{"lat":...,"lon":...}`
///     Place { lat: f64, lon: f64 },
///     /// `"type":"typing","data":""`
///     Typing,
///     /// All others.
///     #[serde(untagged)]
///     Other(Unknown),
/// }
///
/// type ChatMessage = TaggedMessage<Chat>;
///
/// let frame = r#"{"id":"7","type":"place","time":0,"data":{"lat":1.5,"lon":2}}"#;
/// let Message::Data(message) = frame.parse::<ChatMessage>()? else { panic!() };
/// assert_eq!(message.data(), &Chat::Place { lat: 1.5, lon: 2.0 });
///
/// // A type that the enum does not know is kept, intact.
/// let frame = r#"{"id":"7","type":"vote","time":0,"data":{"for":1.10}}"#;
/// let Message::Data(message) = frame.parse::<ChatMessage>()? else { panic!() };
/// let Chat::Other(unknown) = message.data() else { panic!() };
/// assert_eq!(unknown.kind(), "vote");
/// assert_eq!(message.to_frame()?, frame);
///
/// // A payload that does not fit its type is an error.
/// let frame = r#"{"id":"7","type":"place","time":0,"data":{"lat":1.5}}"#;
/// let error = frame.parse::<ChatMessage>().unwrap_err();
/// assert_eq!(
///     error.to_string(),
///     r#"payload of message "7", type "place": missing field `lon`"#,
/// );
///
/// let message = DataMessage::tagged("8", 0, Chat::Typing).with_dest("bob");
/// assert_eq!(message.to_frame()?, r#"{"id":"8","type":"typing","time":0,"data":"","dest":"bob"}"#);
/// # Ok::<(), Error>(())
/// ```
///
/// A message always has data (`P-8`), so a variant without content, or with an `Option` that is none, is written with `""`. Read again, that is
/// `Some("")` where the content is an optional text, and none elsewhere.
///
/// Where there is an untagged variant, serde reads type and payload into a buffer first, to try the variants one by one. What does not survive that
/// buffer does not work in the other variants either: an `i128` or `u128`, maps whose keys are integers, `RawPayload` and
/// `serde_json::value::RawValue`. Such payloads are for an enum without that variant, or for
/// [`data_as`](DataMessage::data_as).
pub type TaggedMessage<E> = Message<E, Tagged>;

impl<P: DeserializeOwned + 'static, K: Kind> Message<P, K> {
    /// The message in a frame, by the policy [`Strict`](Policy::Strict). The whole frame is validated (`P-2`).
    ///
    /// # Errors
    ///
    /// The frame is no message, or its payload does not fit `P`, or it is longer than [`DEFAULT_MAX_FRAME_LEN`]; a
    /// [`Protocol`](crate::Protocol) takes longer ones.
    pub fn parse(frame: impl AsRef<[u8]>) -> Result<Self, Error> {
        Self::parse_with(frame, Policy::Strict)
    }

    /// The message in a frame, by a policy (`P-12`, `P-13`).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_with(frame: impl AsRef<[u8]>, policy: Policy) -> Result<Self, Error> {
        Self::parse_within(frame.as_ref(), policy, DEFAULT_MAX_FRAME_LEN)
    }

    pub(crate) fn parse_within(frame: &[u8], policy: Policy, limit: usize) -> Result<Self, Error> {
        TooLong::check(frame.len(), limit)?;
        let (message, unknown) = core::Message::parse_with_unknown(frame, policy)?;
        Self::read(&message, || Extra::of(unknown))
    }

    /// The message in an envelope, whatever its length.
    ///
    /// # Errors
    ///
    /// A member is missing or of the wrong type, or the payload does not fit `P`.
    pub fn from_envelope(envelope: &Envelope<'_>, policy: Policy) -> Result<Self, Error> {
        let message = envelope.message(policy)?;
        Self::read(&message, || Extra::of_envelope(envelope, own(&message)))
    }

    /// What a frame holds.
    fn read(message: &core::Message<'_>, extra: impl FnOnce() -> Extra) -> Result<Self, Error> {
        Ok(match message {
            core::Message::Data(message) => Self::Data(DataMessage::read(message, extra)?),
            core::Message::Transport(message) => {
                Self::Transport(TransportMessage::read(message, extra))
            }
        })
    }
}

/// The members that a message has itself.
const fn own(message: &core::Message<'_>) -> &'static [Member] {
    match message {
        core::Message::Data(_) => &Member::ALL,
        core::Message::Transport(_) => &OWN,
    }
}

impl<P, K> Message<P, K> {
    /// The data message, if it is one.
    pub const fn as_data(&self) -> Option<&DataMessage<P, K>> {
        match self {
            Self::Data(message) => Some(message),
            Self::Transport(_) => None,
        }
    }

    /// The transport message, if it is one.
    pub const fn as_transport(&self) -> Option<&TransportMessage> {
        match self {
            Self::Data(_) => None,
            Self::Transport(message) => Some(message),
        }
    }

    /// The data message, if it is one.
    pub fn into_data(self) -> Option<DataMessage<P, K>> {
        match self {
            Self::Data(message) => Some(message),
            Self::Transport(_) => None,
        }
    }

    /// The transport message, if it is one.
    pub fn into_transport(self) -> Option<TransportMessage> {
        match self {
            Self::Data(_) => None,
            Self::Transport(message) => Some(message),
        }
    }

    /// The member `sign`, which both kinds may have.
    pub fn sign(&self) -> Option<&str> {
        match self {
            Self::Data(message) => message.sign(),
            Self::Transport(message) => message.sign(),
        }
    }

    /// The members that the protocol does not know.
    pub const fn extra(&self) -> &Extra {
        match self {
            Self::Data(message) => message.extra(),
            Self::Transport(message) => message.extra(),
        }
    }

    /// The 200 for this message, which says that it has been received; none for a transport message.
    ///
    /// ```
    /// use bachata_std::{Error, Message};
    ///
    /// let message: Message = r#"{"id":"7","type":"note","time":0,"data":"hi"}"#.parse()?;
    /// assert_eq!(message.ack().unwrap().to_string(), r#"{"type":200,"data":"7"}"#);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn ack(&self) -> Option<TransportMessage> {
        self.as_data().map(DataMessage::ack)
    }

    /// The 1002 that answers this message, if it is a ping.
    pub fn pong(&self) -> Option<TransportMessage> {
        self.as_transport()?.pong()
    }
}

impl<P: Serialize + 'static, K: Kind> Message<P, K> {
    /// The message in its borrowed form, without the unknown members. It borrows from the message and from `scratch`, which is overwritten with the
    /// payload where that has to become JSON first.
    ///
    /// # Errors
    ///
    /// The payload is neither a text nor an object, or serde or its type refuse it: [`Error::Payload`].
    pub fn to_core<'a>(&'a self, scratch: &'a mut Vec<u8>) -> Result<core::Message<'a>, Error> {
        Ok(match self {
            Self::Data(message) => core::Message::Data(message.to_core(scratch)?),
            Self::Transport(message) => core::Message::Transport(message.to_core()),
        })
    }
}

impl<P, K> From<DataMessage<P, K>> for Message<P, K> {
    fn from(message: DataMessage<P, K>) -> Self {
        Self::Data(message)
    }
}

impl<P, K> From<TransportMessage> for Message<P, K> {
    fn from(message: TransportMessage) -> Self {
        Self::Transport(message)
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> FromStr for Message<P, K> {
    type Err = Error;

    fn from_str(frame: &str) -> Result<Self, Error> {
        Self::parse(frame)
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<&str> for Message<P, K> {
    type Error = Error;

    fn try_from(frame: &str) -> Result<Self, Error> {
        Self::parse(frame)
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<&[u8]> for Message<P, K> {
    type Error = Error;

    fn try_from(frame: &[u8]) -> Result<Self, Error> {
        Self::parse(frame)
    }
}

/// A borrowed message has no unknown members; [`Message::from_envelope`] takes them along. Fails where the payload does not fit `P`.
impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<core::Message<'_>> for Message<P, K> {
    type Error = Error;

    fn try_from(message: core::Message<'_>) -> Result<Self, Error> {
        Ok(match message {
            core::Message::Data(message) => Self::Data(message.try_into()?),
            core::Message::Transport(message) => Self::Transport(message.into()),
        })
    }
}

/// With the unknown members of its frame. Fails where the payload does not fit `P`.
impl<P: DeserializeOwned + 'static, K: Kind, const N: usize> TryFrom<&MessageBuf<N>>
    for Message<P, K>
{
    type Error = Error;

    fn try_from(buf: &MessageBuf<N>) -> Result<Self, Error> {
        // Whatever policy the buffer was made by, this one accepts its frame, and reads the same.
        let (message, unknown) = core::Message::parse_with_unknown(buf.frame(), Policy::Reference)?;
        Self::read(&message, || Extra::of(unknown))
    }
}

/// With the unknown members. Fails where the message does not fit into the buffer, or can't be written.
///
/// ```
/// use bachata_std::core::MessageBuf;
/// use bachata_std::{Error, Message};
///
/// let message: Message = r#"{"id":"7","type":"note","time":0,"data":"hi","hops":1}"#.parse()?;
/// let buf: MessageBuf<64> = (&message).try_into()?;
/// assert_eq!(buf.id(), Some("7"));
/// assert_eq!(Message::try_from(&buf)?, message);
///
/// let error = MessageBuf::<16>::try_from(&message).unwrap_err();
/// assert_eq!(error.to_string(), "no room for the frame: 54 bytes needed, 16 available");
/// # Ok::<(), Error>(())
/// ```
impl<P: Serialize + 'static, K: Kind, const N: usize> TryFrom<&Message<P, K>> for MessageBuf<N> {
    type Error = Error;

    fn try_from(message: &Message<P, K>) -> Result<Self, Error> {
        let frame = message.to_frame()?;
        Self::parse(frame.as_bytes()).map_err(|error| match error {
            core::MessageBufError::Parse(error) => error.into(),
            core::MessageBufError::Capacity(error) => error.into(),
        })
    }
}
