use std::error::Error as StdError;
use std::{fmt, io};

use crate::core::{CapacityError, ParseError, SignatureError};
use crate::text::{Escaped, Quoted};

/// Everything that can go wrong with a message.
///
/// Its `Display` is the whole story, fit for a log; [`source`](StdError::source) gives the error beneath for those who look for a type.
///
/// ```
/// use bachata_std::core::ParseErrorKind;
/// use bachata_std::{Error, Message};
///
/// let error = r#"{"type":1001,"data":[1,2,]}"#.parse::<Message>().unwrap_err();
/// assert_eq!(error.to_string(), "trailing comma at byte 25, in \"data\"");
///
/// let Error::Parse(error) = error else { panic!() };
/// assert_eq!((error.kind(), error.offset()), (ParseErrorKind::TrailingComma, 25));
/// ```
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// The frame is no message: what is wrong, at which byte, in which member.
    Parse(ParseError),
    /// The frame is longer than is allowed; nothing of it was looked at.
    TooLong(TooLong),
    /// The payload does not fit the type that it is to be, or the value can't be a payload.
    Payload(Box<PayloadError>),
    /// The value can't be an unknown member of this name.
    Extra(Box<ExtraError>),
    /// The message does not fit into a [`MessageBuf`](crate::core::MessageBuf).
    Capacity(CapacityError),
    /// The signature is missing, malformed or wrong.
    Signature(SignatureError),
    /// The signer gives no signature, and says why.
    Signer(Box<dyn StdError + Send + Sync>),
    /// The stream failed.
    Io(io::Error),
}

impl Error {
    /// Whether the next frame of the same stream can still be read: everything but a failed stream.
    ///
    /// ```
    /// use bachata_std::{Error, Message};
    ///
    /// assert!("no frame".parse::<Message>().unwrap_err().is_about_one_frame());
    /// assert!(!Error::from(std::io::Error::other("gone")).is_about_one_frame());
    /// ```
    pub const fn is_about_one_frame(&self) -> bool {
        !matches!(self, Self::Io(_))
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::TooLong(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
            Self::Extra(error) => error.fmt(f),
            Self::Capacity(error) => error.fmt(f),
            Self::Signature(error) => error.fmt(f),
            Self::Signer(error) => error.fmt(f),
            Self::Io(error) => error.fmt(f),
        }
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(match self {
            Self::Parse(error) => error,
            Self::TooLong(error) => error,
            Self::Payload(error) => error.as_ref(),
            Self::Extra(error) => error.as_ref(),
            Self::Capacity(error) => error,
            Self::Signature(error) => error,
            Self::Signer(error) => error.as_ref(),
            Self::Io(error) => error,
        })
    }
}

impl From<ParseError> for Error {
    fn from(error: ParseError) -> Self {
        Self::Parse(error)
    }
}

impl From<TooLong> for Error {
    fn from(error: TooLong) -> Self {
        Self::TooLong(error)
    }
}

impl From<PayloadError> for Error {
    fn from(error: PayloadError) -> Self {
        Self::Payload(Box::new(error))
    }
}

impl From<ExtraError> for Error {
    fn from(error: ExtraError) -> Self {
        Self::Extra(Box::new(error))
    }
}

impl From<CapacityError> for Error {
    fn from(error: CapacityError) -> Self {
        Self::Capacity(error)
    }
}

impl From<SignatureError> for Error {
    fn from(error: SignatureError) -> Self {
        Self::Signature(error)
    }
}

impl From<io::Error> for Error {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

/// For functions that have `io::Result`. A failed stream gives its own error back, all others are
/// [`InvalidData`](io::ErrorKind::InvalidData).
impl From<Error> for io::Error {
    fn from(error: Error) -> Self {
        match error {
            Error::Io(error) => error,
            error => Self::new(io::ErrorKind::InvalidData, error),
        }
    }
}

/// A frame is longer than is allowed.
///
/// ```
/// use bachata_std::{Error, Protocol};
///
/// let protocol = Protocol::new().with_max_frame_len(12);
/// let error = protocol.load_message(r#"{"type":1001}"#).unwrap_err();
/// assert_eq!(error.to_string(), "frame of 13 bytes is over the limit of 12");
/// let Error::TooLong(error) = error else { panic!() };
/// assert_eq!((error.len, error.limit), (13, 12));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct TooLong {
    /// Bytes of the frame.
    pub len: usize,
    /// Bytes that are allowed.
    pub limit: usize,
}

impl From<bachata_core::FrameTooLong> for TooLong {
    fn from(error: bachata_core::FrameTooLong) -> Self {
        Self {
            len: error.seen,
            limit: error.limit,
        }
    }
}

impl TooLong {
    pub(crate) const fn check(len: usize, limit: usize) -> Result<(), Self> {
        if len > limit {
            Err(Self { len, limit })
        } else {
            Ok(())
        }
    }
}

impl fmt::Display for TooLong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { len, limit } = self;
        write!(f, "frame of {len} bytes is over the limit of {limit}")
    }
}

impl StdError for TooLong {}

/// A payload and a type don't fit: which message, where in it, and what serde says.
///
/// ```
/// use bachata_std::{Error, Message};
///
/// #[derive(Debug, serde::Deserialize)]
/// struct Lamp {
///     leds: Vec<u8>,
/// }
///
/// let frame = r#"{"id":"7","type":"lamp","time":0,"data":{"leds":[0,"on"]}}"#;
/// let Error::Payload(error) = frame.parse::<Message<Lamp>>().unwrap_err() else { panic!() };
/// assert_eq!((error.id(), error.kind(), error.path()), ("7", "lamp", "leds[1]"));
/// assert_eq!(
///     error.to_string(),
///     "payload of message \"7\", type \"lamp\", at leds[1]: \
///      invalid type: string \"on\", expected u8 at line 1 column 15",
/// );
/// ```
///
/// Much of it is up to the peer. `Display` escapes what is not printable, and gives the first 200 characters of each part. The methods, and so
/// [`source`](StdError::source), give everything as it is.
#[derive(Debug)]
pub struct PayloadError {
    id: String,
    kind: String,
    misfit: Misfit,
}

impl PayloadError {
    pub(crate) fn new(id: String, kind: String, misfit: impl Into<Misfit>) -> Self {
        Self {
            id,
            kind,
            misfit: misfit.into(),
        }
    }

    /// The member `id` of the message; empty where there is no message.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The member `type` of the message; empty where there is no message, or where it is in a payload that can't be written.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Where in the payload, as names and indices: `leds[1]`. Empty where that is not known.
    pub fn path(&self) -> &str {
        &self.misfit.path
    }

    /// What serde says. A line and a column in it count from the start of the payload.
    pub const fn reason(&self) -> &serde_json::Error {
        &self.misfit.reason
    }
}

impl fmt::Display for PayloadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { id, kind, misfit } = self;
        f.write_str("payload")?;
        if !id.is_empty() {
            write!(f, " of message {}", Quoted(id))?;
        }
        if !kind.is_empty() {
            write!(f, ", type {}", Quoted(kind))?;
        }
        if !misfit.path.is_empty() {
            write!(f, ", at {}", Escaped(&misfit.path))?;
        }
        write!(f, ": {}", Escaped(&misfit.reason))
    }
}

impl StdError for PayloadError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.misfit.reason)
    }
}

/// What is wrong with a payload, before it is known whose it is.
#[derive(Debug)]
pub struct Misfit {
    pub(crate) path: String,
    pub(crate) reason: serde_json::Error,
}

impl From<serde_json::Error> for Misfit {
    fn from(reason: serde_json::Error) -> Self {
        Self {
            path: String::new(),
            reason,
        }
    }
}

/// A value can't be an unknown member, or an unknown member is not of the type that it is to be.
///
/// `Display` escapes and cuts as that of [`PayloadError`].
#[derive(Debug)]
pub struct ExtraError {
    pub(crate) name: String,
    pub(crate) problem: ExtraProblem,
}

#[derive(Debug)]
pub(crate) enum ExtraProblem {
    /// The name is one of the message's own.
    Own,
    /// The name is one that the protocol knows, and the message has such a member.
    Twice,
    /// What serde says.
    Value(serde_json::Error),
}

impl ExtraError {
    /// The name of the member.
    pub fn name(&self) -> &str {
        &self.name
    }
}

impl fmt::Display for ExtraError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, problem } = self;
        write!(f, "member {}", Quoted(name))?;
        match problem {
            ExtraProblem::Own => f.write_str(" is one of the message's own"),
            ExtraProblem::Twice => f.write_str(" is there already, and may not stand twice"),
            ExtraProblem::Value(reason) => write!(f, ": {}", Escaped(reason)),
        }
    }
}

impl StdError for ExtraError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.problem {
            ExtraProblem::Own | ExtraProblem::Twice => None,
            ExtraProblem::Value(reason) => Some(reason),
        }
    }
}
