use std::error::Error as StdError;
use std::fmt;
use std::ops::Deref;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::{
    self, Envelope, MessageKind, Policy, SignWarning, SignWarningKind, SignatureError,
};
use crate::error::TooLong;
use crate::{DataMessage, Error, Kind, Message, TransportMessage};

/// What a [`Protocol`](crate::Protocol) with a verifier makes of messages without a signature. A malformed or a wrong one is an error in any case.
///
/// ```
/// use bachata_std::core::MessageKind;
/// use bachata_std::{Error, HmacSha256, Protocol, Unsigned};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let protocol = Protocol::new().with_signer(HmacSha256::new(b"32 random bytes are a good key..")?);
/// let (ping, note) = (r#"{"type":1001}"#, r#"{"id":"7","type":"note","time":0,"data":"hi"}"#);
/// assert_eq!(protocol.load_message(ping).unwrap_err().to_string(), "signature missing");
///
/// // A server that does not sign its transport messages.
/// let protocol = protocol.with_unsigned(Unsigned::accept_if(|kind| matches!(kind, MessageKind::Transport(_))));
/// assert!(protocol.load_message(ping).is_ok());
/// assert!(protocol.load_message(note).is_err());
///
/// let protocol = protocol.with_unsigned(Unsigned::Accept);
/// assert!(protocol.load_message(note).is_ok());
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Default)]
pub enum Unsigned {
    /// They are an error. The default.
    #[default]
    Refuse,
    /// They are taken.
    Accept,
    /// Those are taken of whose kind this says so.
    PerKind(Arc<dyn Fn(MessageKind<'_>) -> bool + Send + Sync>),
}

impl Unsigned {
    /// Those are taken of whose kind `accepts` says so: the `type` of a data message, or the type of a transport message.
    pub fn accept_if(accepts: impl Fn(MessageKind<'_>) -> bool + Send + Sync + 'static) -> Self {
        Self::PerKind(Arc::new(accepts))
    }

    fn accepts(&self, message: &core::Message<'_>) -> bool {
        match self {
            Self::Refuse => false,
            Self::Accept => true,
            Self::PerKind(accepts) => accepts(match message {
                core::Message::Data(message) => MessageKind::Data(message.kind()),
                core::Message::Transport(message) => MessageKind::Transport(message.kind()),
            }),
        }
    }
}

impl fmt::Debug for Unsigned {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Refuse => "Refuse",
            Self::Accept => "Accept",
            Self::PerKind(_) => "PerKind(..)",
        })
    }
}

/// Makes signatures of whatever scheme.
pub trait Signer: Send + Sync {
    /// The signature of a message.
    fn signature(&self, message: &core::Message<'_>) -> Result<String, Error>;
}

impl<S: core::Sign + Send + Sync> Signer for S
where
    S::Error: Into<Box<dyn StdError + Send + Sync>>,
{
    fn signature(&self, message: &core::Message<'_>) -> Result<String, Error> {
        match message.sign_with(self) {
            Ok(signature) => Ok(signature.as_ref().to_owned()),
            Err(error) => Err(Error::Signer(error.into())),
        }
    }
}

/// Checks signatures of whatever scheme.
trait Verifier: Send + Sync {
    /// The place of the key.
    fn key(&self, message: &core::Message<'_>) -> Result<usize, Error>;
}

impl<V: core::Verify + Send + Sync> Verifier for V
where
    V::Error: Into<Error>,
{
    fn key(&self, message: &core::Message<'_>) -> Result<usize, Error> {
        match message.verify(self) {
            Ok(verified) => Ok(verified.key()),
            Err(error) => Err(error.into()),
        }
    }
}

/// What loading checks of signatures.
#[derive(Clone, Default)]
pub(crate) struct Checks {
    /// What the signer signs with.
    own: Option<Arc<dyn Verifier>>,
    /// What has been asked for besides.
    other: Option<Arc<dyn Verifier>>,
    pub(crate) unsigned: Unsigned,
}

impl Checks {
    pub(crate) fn set_own<V: core::Verify + Send + Sync + 'static>(&mut self, own: Arc<V>)
    where
        V::Error: Into<Error>,
    {
        self.own = Some(own);
    }

    pub(crate) fn set_other<V: core::Verify + Send + Sync + 'static>(&mut self, other: V)
    where
        V::Error: Into<Error>,
    {
        self.other = Some(Arc::new(other));
    }

    fn verifier(&self) -> Option<&dyn Verifier> {
        self.other.as_deref().or(self.own.as_deref())
    }

    /// The message in a frame of at most so many bytes.
    pub(crate) fn load<P: DeserializeOwned + 'static, K: Kind>(
        &self,
        frame: &[u8],
        policy: Policy,
        limit: usize,
    ) -> Result<Message<P, K>, Error> {
        let Some(verifier) = self.verifier() else {
            return Message::parse_within(frame, policy, limit);
        };
        TooLong::check(frame.len(), limit)?;
        let envelope = Envelope::parse(frame)?;
        let message = envelope.message(policy)?;
        if message.sign().is_some() || !self.unsigned.accepts(&message) {
            verifier.key(&message)?;
        }
        Message::from_envelope(&envelope, policy)
    }

    /// The message in a frame of at most so many bytes, which must be signed.
    pub(crate) fn load_verified<P: DeserializeOwned + 'static, K: Kind>(
        &self,
        frame: &[u8],
        policy: Policy,
        limit: usize,
    ) -> Result<Verified<Message<P, K>>, Error> {
        TooLong::check(frame.len(), limit)?;
        let envelope = Envelope::parse(frame)?;
        let message = envelope.message(policy)?;
        let key = match self.verifier() {
            Some(verifier) => verifier.key(&message)?,
            // No key has made it.
            None if message.sign().is_some() => return Err(SignatureError::Wrong.into()),
            None => return Err(SignatureError::Missing.into()),
        };
        let message = Message::from_envelope(&envelope, policy)?;
        Ok(Verified { message, key })
    }
}

/// A message whose signature has been checked, owned. There is no other way to one than [`Protocol::load_verified`](crate::Protocol::load_verified) and a verified message of the
/// core, so a handler that takes it can't be called with any other message.
///
/// What has been proven is what the scheme covers, see [`core::Verified`]; unknown members, [`extra`](Message::extra), are covered by none.
///
/// ```
/// use bachata_std::{DataMessage, HmacSha256, Protocol, Verified};
///
/// fn open_the_door(command: Verified<DataMessage>) -> bool {
///     command.kind() == "open"
/// }
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let protocol = Protocol::new().with_signer(HmacSha256::new(b"32 random bytes are a good key..")?);
/// let frame = protocol.dump_message(&protocol.make_message().kind("open").from("desk").build())?;
/// let message: Verified = protocol.load_verified(frame)?;
/// assert!(open_the_door(message.into_data().unwrap()));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Verified<M = Message> {
    message: M,
    key: usize,
}

impl<M> Verified<M> {
    /// The place in the list of the key that the message has been signed with; 0 where there was one key.
    pub const fn key(&self) -> usize {
        self.key
    }

    /// The message, which is then like any other.
    pub fn into_inner(self) -> M {
        self.message
    }
}

impl<P, K> Verified<Message<P, K>> {
    /// The data message, if it is one.
    pub fn into_data(self) -> Option<Verified<DataMessage<P, K>>> {
        let key = self.key;
        let message = self.message.into_data()?;
        Some(Verified { message, key })
    }

    /// The transport message, if it is one.
    pub fn into_transport(self) -> Option<Verified<TransportMessage>> {
        let key = self.key;
        let message = self.message.into_transport()?;
        Some(Verified { message, key })
    }
}

impl<M> Deref for Verified<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}

/// Fails where the payload does not fit `P`.
impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<core::Verified<core::Message<'_>>>
    for Verified<Message<P, K>>
{
    type Error = Error;

    fn try_from(verified: core::Verified<core::Message<'_>>) -> Result<Self, Error> {
        let key = verified.key();
        let message = verified.into_inner().try_into()?;
        Ok(Self { message, key })
    }
}

impl<P: Serialize + 'static, K: Kind> Message<P, K> {
    /// What may break a signature of this message on its way, see [`SignWarning`]. A fraction of more than 15 digits is looked at closely here, and only told of if it
    /// does not survive.
    ///
    /// # Errors
    ///
    /// The payload can't be written: [`Error::Payload`].
    ///
    /// ```
    /// use bachata_std::{DataMessage, Error, JsonObject, Message, RawPayload};
    ///
    /// let place: JsonObject = r#"{"lat":59.32932349999999,"lon":18.0}"#.parse()?;
    /// let place = RawPayload::from(place);
    /// let message = Message::from(DataMessage::typed("7", "place", 0, place).with_from("desk"));
    /// let warnings = message.sign_warnings()?;
    /// assert_eq!(warnings.len(), 1);
    /// assert_eq!(
    ///     warnings[0].to_string(),
    ///     "fraction that ends with 0, which JavaScript drops, at byte 31 of the payload",
    /// );
    /// # Ok::<(), Error>(())
    /// ```
    pub fn sign_warnings(&self) -> Result<Vec<SignWarning>, Error> {
        let mut scratch = Vec::new();
        let message = self.to_core(&mut scratch)?;
        let object = message
            .as_data()
            .and_then(|message| message.data().as_object());
        let object = object.unwrap_or_default().as_str();
        let survives = |warning: &SignWarning| {
            let long = warning.kind() == SignWarningKind::LongFraction;
            long && warning
                .offset()
                .and_then(|offset| object.get(offset..))
                .is_some_and(is_shortest)
        };
        let warnings = message.sign_warnings();
        Ok(warnings.filter(|warning| !survives(warning)).collect())
    }
}

/// Whether JSON starts with a fraction in the shortest form that reads as the same f64. Down to 0.0001, JavaScript and Python write that form.
fn is_shortest(json: &str) -> bool {
    let end = json.find(|c: char| !c.is_ascii_digit() && !matches!(c, '-' | '.'));
    let number = &json[..end.unwrap_or(json.len())];
    number
        .parse::<f64>()
        .is_ok_and(|float| float.to_string() == number)
}
