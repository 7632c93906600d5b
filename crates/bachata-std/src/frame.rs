//! Messages to frames, all of them by core's encoder.

use std::{fmt, io};

use serde::Serialize;
use serde_json::ser::{Formatter, Serializer};
use serde_json::{Map, Value};

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
        if signer.is_none() && self.extra().is_empty() {
            if let Some((object, around)) = self.as_object() {
                if append_object(&around, object, out).is_some() {
                    return Ok(());
                }
            }
        }
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

/// Writes a message with an object that needs no proof: serde_json writes a `Map` as a frame holds it. None where it is nested too deep, or serde refuses
/// it; `out` is then as it was.
fn append_object(
    message: &core::DataMessage<'_>,
    object: &Map<String, Value>,
    out: &mut Vec<u8>,
) -> Option<()> {
    let start = out.len();
    out.resize(start + likely_len(&core::Message::Data(*message)), 0);
    let around = match message.encode_around(&mut out[start..]) {
        Ok((before, after)) => Ok((before.len(), after.len())),
        Err(error) => Err(error.needed),
    };
    let (before, after) = match around {
        Ok(lens) => lens,
        Err(needed) => {
            out.resize(start + needed, 0);
            let (before, after) = message.encode_around(&mut out[start..]).ok()?;
            (before.len(), after.len())
        }
    };
    out.truncate(start + before + after);
    let after = out.split_off(start + before);
    let mut serializer = Serializer::with_formatter(&mut *out, Bounded(0));
    if object.serialize(&mut serializer).is_err() {
        out.truncate(start);
        return None;
    }
    out.extend_from_slice(&after);
    Some(())
}

/// As compact as it comes, and no deeper than a message may be (`P-3`): how many containers are open.
struct Bounded(u8);

impl Bounded {
    fn open<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        // The message is one of them.
        self.0 += 1;
        if self.0 >= core::MAX_DEPTH {
            return Err(io::ErrorKind::InvalidData.into());
        }
        writer.write_all(bracket)
    }

    fn close<W: io::Write + ?Sized>(&mut self, writer: &mut W, bracket: &[u8]) -> io::Result<()> {
        self.0 -= 1;
        writer.write_all(bracket)
    }
}

impl Formatter for Bounded {
    fn begin_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"[")
    }

    fn end_array<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"]")
    }

    fn begin_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.open(writer, b"{")
    }

    fn end_object<W: io::Write + ?Sized>(&mut self, writer: &mut W) -> io::Result<()> {
        self.close(writer, b"}")
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
