//! Messages to frames, all of them by core's encoder.

use std::fmt;

use serde::Serialize;

use crate::core::{self, JsonStr};
use crate::sign::Signer;
use crate::{DataMessage, Error, Extra, Kind, Message, TransportMessage};

/// What can be written as a frame: [`Message`], [`DataMessage`], [`TransportMessage`], and references to them.
///
/// ```
/// use bachata_std::{DataMessage, ToFrame, TransportMessage};
///
/// let mut frames = Vec::new();
/// for message in [&DataMessage::new("7", "note", 0, "hi") as &dyn ToFrame, &TransportMessage::ping()] {
///     message.append_to(&mut frames)?;
///     frames.push(b'\n');
/// }
/// assert_eq!(frames, b"{\"id\":\"7\",\"type\":\"note\",\"time\":0,\"data\":\"hi\"}\n{\"type\":1001}\n");
/// # Ok::<(), bachata_std::Error>(())
/// ```
pub trait ToFrame: Sealed {
    /// The message as a frame (`P-5`, `P-6`), with the unknown members at its end.
    ///
    /// # Errors
    ///
    /// The payload is neither a text nor an object, or serde or its type refuse it: [`Error::Payload`].
    fn to_frame(&self) -> Result<String, Error> {
        let mut frame = Vec::new();
        self.append_to(&mut frame)?;
        // Core writes nothing but UTF-8.
        Ok(String::from_utf8(frame).unwrap_or_default())
    }

    /// Writes the frame after what is in `out`, to spare an allocation a message.
    ///
    /// # Errors
    ///
    /// As [`to_frame`](Self::to_frame); `out` is then as it was.
    fn append_to(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        self.append_signed(None, out)
    }
}

pub trait Sealed {
    /// Writes the frame after what is in `out`, signed if there is somebody to sign it and it is not signed yet.
    fn append_signed(&self, signer: Option<&dyn Signer>, out: &mut Vec<u8>) -> Result<(), Error>;
}

impl<P: Serialize + 'static, K: Kind> ToFrame for Message<P, K> {}

impl<P: Serialize + 'static, K: Kind> ToFrame for DataMessage<P, K> {}

impl ToFrame for TransportMessage {}

impl<M: ToFrame + ?Sized> ToFrame for &M {}

impl<P: Serialize + 'static, K: Kind> Sealed for Message<P, K> {
    fn append_signed(&self, signer: Option<&dyn Signer>, out: &mut Vec<u8>) -> Result<(), Error> {
        match self {
            Self::Data(message) => message.append_signed(signer, out),
            Self::Transport(message) => message.append_signed(signer, out),
        }
    }
}

impl<P: Serialize + 'static, K: Kind> Sealed for DataMessage<P, K> {
    fn append_signed(&self, signer: Option<&dyn Signer>, out: &mut Vec<u8>) -> Result<(), Error> {
        let mut scratch = Vec::new();
        let message = self.to_core(&mut scratch)?;
        let signature = signature(&message.into(), signer)?;
        let message = match &signature {
            Some(signature) => message.with_sign(&**signature),
            None => message,
        };
        append(&core::Message::Data(message), self.extra(), out);
        Ok(())
    }
}

impl Sealed for TransportMessage {
    fn append_signed(&self, signer: Option<&dyn Signer>, out: &mut Vec<u8>) -> Result<(), Error> {
        let message = self.to_core();
        let signature = signature(&message.into(), signer)?;
        let message = match &signature {
            Some(signature) => message.with_sign(&**signature),
            None => message,
        };
        append(&core::Message::Transport(message), self.extra(), out);
        Ok(())
    }
}

impl<M: Sealed + ?Sized> Sealed for &M {
    fn append_signed(&self, signer: Option<&dyn Signer>, out: &mut Vec<u8>) -> Result<(), Error> {
        (**self).append_signed(signer, out)
    }
}

/// The signature that a message lacks, if there is somebody to sign it.
fn signature(
    message: &core::Message<'_>,
    signer: Option<&dyn Signer>,
) -> Result<Option<String>, Error> {
    match signer {
        Some(signer) if message.sign().is_none() => Ok(Some(signer.signature(message)?)),
        _ => Ok(None),
    }
}

fn append(message: &core::Message<'_>, extra: &Extra, out: &mut Vec<u8>) {
    if extra.is_empty() {
        let start = out.len();
        let mut room = likely_len(message);
        // The second time it fits.
        while room > 0 {
            out.resize(start + room, 0);
            let written = message.encode(&mut out[start..]).map(<[u8]>::len);
            room = match written {
                Ok(len) => {
                    out.truncate(start + len);
                    0
                }
                Err(error) => error.needed,
            };
        }
    } else {
        let _never_fails = message.write_to_with(&mut Bytes(out), extra.members());
    }
}

/// The length of a frame in which nothing is escaped, or a few bytes more. To know it exactly takes almost as long as to write it.
fn likely_len(message: &core::Message<'_>) -> usize {
    let len = |text: Option<JsonStr<'_>>| text.map_or(0, JsonStr::decoded_len);
    let texts = match message {
        core::Message::Data(message) => {
            let data = match message.data() {
                core::Payload::Text(text) => text.decoded_len(),
                core::Payload::Object(object) => object.as_bytes().len(),
            };
            let route = len(message.from()) + len(message.dest());
            message.id().decoded_len() + message.kind().decoded_len() + data + route
        }
        core::Message::Transport(message) => len(message.data()),
    };
    // The names of all members, quotation marks, braces, commas, and the longest integer.
    texts + len(message.sign()) + 100
}

/// Takes text as bytes.
struct Bytes<'o>(&'o mut Vec<u8>);

impl fmt::Write for Bytes<'_> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

/// The frame. Panics in `to_string` and fails elsewhere where [`ToFrame::to_frame`] gives an error, which no [`Payload`](crate::Payload) does
/// that a frame could hold.
impl<P: Serialize + 'static, K: Kind> fmt::Display for Message<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Data(message) => message.fmt(f),
            Self::Transport(message) => message.fmt(f),
        }
    }
}

/// The frame, as of [`Message`].
impl<P: Serialize + 'static, K: Kind> fmt::Display for DataMessage<P, K> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_frame().map_err(|_| fmt::Error)?)
    }
}

/// The frame.
impl fmt::Display for TransportMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        core::Message::Transport(self.to_core()).write_to_with(f, self.extra().members())
    }
}
