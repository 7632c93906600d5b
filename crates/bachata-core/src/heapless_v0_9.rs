//! Conversions from and to the `String` and `Vec` of heapless 0.9 (feature `heapless-v0_9`).
//!
//! ```
//! use bachata_core::heapless_v0_9::{String, Vec};
//! use bachata_core::{JsonStr, Message, MessageBuf, TransportMessage};
//!
//! let name = String::<8>::try_from("desk")?;
//! let text = JsonStr::from(&name);
//! assert_eq!(String::<4>::try_from(text)?, "desk");
//! assert_eq!(String::<3>::try_from(text).unwrap_err().needed, 4);
//!
//! let frame = Vec::<u8, 32>::try_from(Message::from(TransportMessage::pong()))?;
//! let buf = MessageBuf::<32>::try_from(frame)?;
//! assert_eq!(Vec::from(buf), br#"{"type":1002}"#);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub use heapless::{String, Vec};

use crate::{
    BufferTooSmall, DataMessage, JsonStr, Message, MessageBuf, MessageBufError, ParseError,
    Payload, TransportMessage,
};

impl<'a, const N: usize> From<&'a String<N>> for JsonStr<'a> {
    fn from(text: &'a String<N>) -> Self {
        Self::new(text)
    }
}

impl<'a, const N: usize> From<&'a String<N>> for Payload<'a> {
    fn from(text: &'a String<N>) -> Self {
        Self::Text(JsonStr::new(text))
    }
}

/// The decoded text.
impl<const N: usize> TryFrom<JsonStr<'_>> for String<N> {
    type Error = BufferTooSmall;

    fn try_from(text: JsonStr<'_>) -> Result<Self, BufferTooSmall> {
        let bytes = filled(text.decoded_len(), |bytes| text.write_decoded(bytes))?;
        Ok(Self::from_utf8(bytes).unwrap_or_default())
    }
}

/// The encoded message.
impl<const N: usize> TryFrom<Message<'_>> for Vec<u8, N> {
    type Error = BufferTooSmall;

    fn try_from(message: Message<'_>) -> Result<Self, BufferTooSmall> {
        filled(message.encoded_len(), |bytes| message.write(bytes))
    }
}

/// The encoded message.
impl<const N: usize> TryFrom<DataMessage<'_>> for Vec<u8, N> {
    type Error = BufferTooSmall;

    fn try_from(message: DataMessage<'_>) -> Result<Self, BufferTooSmall> {
        Message::Data(message).try_into()
    }
}

/// The encoded message.
impl<const N: usize> TryFrom<TransportMessage<'_>> for Vec<u8, N> {
    type Error = BufferTooSmall;

    fn try_from(message: TransportMessage<'_>) -> Result<Self, BufferTooSmall> {
        Message::Transport(message).try_into()
    }
}

/// The encoded message.
impl<const N: usize> TryFrom<Message<'_>> for String<N> {
    type Error = BufferTooSmall;

    fn try_from(message: Message<'_>) -> Result<Self, BufferTooSmall> {
        let bytes = Vec::try_from(message)?;
        Ok(Self::from_utf8(bytes).unwrap_or_default())
    }
}

impl<'a, const N: usize> TryFrom<&'a Vec<u8, N>> for Message<'a> {
    type Error = ParseError;

    fn try_from(frame: &'a Vec<u8, N>) -> Result<Self, ParseError> {
        Self::parse(frame)
    }
}

impl<'a, const N: usize> TryFrom<&'a String<N>> for Message<'a> {
    type Error = ParseError;

    fn try_from(frame: &'a String<N>) -> Result<Self, ParseError> {
        Self::parse(frame.as_bytes())
    }
}

/// The message in a frame, by the policy [`Strict`](crate::Policy::Strict).
impl<const N: usize, const M: usize> TryFrom<Vec<u8, M>> for MessageBuf<N> {
    type Error = MessageBufError;

    fn try_from(frame: Vec<u8, M>) -> Result<Self, MessageBufError> {
        Self::parse(&frame)
    }
}

/// The message in a frame, by the policy [`Strict`](crate::Policy::Strict).
impl<const N: usize, const M: usize> TryFrom<String<M>> for MessageBuf<N> {
    type Error = MessageBufError;

    fn try_from(frame: String<M>) -> Result<Self, MessageBufError> {
        Self::parse(frame.as_bytes())
    }
}

/// The frame.
impl<const N: usize> From<MessageBuf<N>> for String<N> {
    fn from(buf: MessageBuf<N>) -> Self {
        Self::from_utf8(buf.to_frame()).unwrap_or_default()
    }
}

/// The frame.
impl<const N: usize> From<MessageBuf<N>> for Vec<u8, N> {
    fn from(buf: MessageBuf<N>) -> Self {
        buf.to_frame()
    }
}

/// What `write` puts, which is `len` bytes.
fn filled<const N: usize>(
    len: usize,
    write: impl FnOnce(&mut Vec<u8, N>),
) -> Result<Vec<u8, N>, BufferTooSmall> {
    if len > N {
        return Err(BufferTooSmall {
            needed: len,
            capacity: N,
        });
    }
    let mut bytes = Vec::new();
    write(&mut bytes);
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Member, ParseErrorKind};

    const PONG: &str = r#"{"type":1002}"#;
    const NOTE: &str = r#"{"id":"7","type":"t","time":0,"data":"hi"}"#;

    #[test]
    fn messages_are_encoded_where_there_is_room_to_the_byte() {
        let note = DataMessage::new("7", "t", 0, "hi");
        let pong = TransportMessage::pong();
        assert_eq!(Vec::<u8, 42>::try_from(note).unwrap(), NOTE.as_bytes());
        assert_eq!(Vec::<u8, 13>::try_from(pong).unwrap(), PONG.as_bytes());
        assert_eq!(String::<13>::try_from(Message::from(pong)).unwrap(), PONG);
        let error = BufferTooSmall {
            needed: 42,
            capacity: 41,
        };
        assert_eq!(Vec::<u8, 41>::try_from(note), Err(error));
        assert_eq!(String::<41>::try_from(Message::from(note)), Err(error));
        let error = BufferTooSmall {
            needed: 13,
            capacity: 12,
        };
        assert_eq!(Vec::<u8, 12>::try_from(pong), Err(error));
    }

    #[test]
    fn messages_are_parsed_and_owned() {
        let bytes = Vec::<u8, 64>::from_slice(NOTE.as_bytes()).unwrap();
        let text = String::<64>::try_from(NOTE).unwrap();
        let note = Message::from(DataMessage::new("7", "t", 0, "hi"));
        assert_eq!(Message::try_from(&bytes), Ok(note));
        assert_eq!(Message::try_from(&text), Ok(note));
        let buf = MessageBuf::<42>::try_from(text).unwrap();
        assert_eq!(buf.message(), note);
        assert_eq!(String::from(buf), NOTE);

        let broken = String::<8>::try_from("{").unwrap();
        let error = Message::try_from(&broken).unwrap_err();
        assert_eq!(error.offset(), 1);
        assert_eq!(MessageBuf::<8>::try_from(broken), Err(error.into()));
        let typeless = Vec::<u8, 8>::from_slice(b"{}").unwrap();
        let error = Message::try_from(&typeless).unwrap_err();
        assert_eq!(error.kind(), ParseErrorKind::MissingMember);
        assert_eq!(error.member(), Some(Member::Type));
    }

    #[test]
    fn texts_are_payloads() {
        let text = String::<8>::try_from("\"hi\"").unwrap();
        let message = DataMessage::new("7", "t", 0, &text);
        assert_eq!(message.data(), &Payload::from("\"hi\""));
        assert_eq!(JsonStr::from(&text), "\"hi\"");
    }

    #[test]
    fn texts_are_decoded_where_there_is_room_to_the_byte() {
        let frame = br#"{"id":"a\nb","type":"t","time":0,"data":""}"#;
        let buf = MessageBuf::<64>::parse(frame).unwrap();
        assert_eq!(Vec::from(buf.clone()), frame);
        let id = buf.message().as_data().unwrap().id();
        assert_eq!(String::<3>::try_from(id).unwrap(), "a\nb");
        let error = BufferTooSmall {
            needed: 3,
            capacity: 2,
        };
        assert_eq!(String::<2>::try_from(id), Err(error));
    }
}
