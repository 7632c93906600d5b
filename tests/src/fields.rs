use bachata_core::{DataMessage, JsonStr, Message, MessageBuf, RawObject, TransportMessage};

/// A message in owned and decoded values, by which implementations are compared.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Fields {
    /// A data message.
    Data {
        /// The member `id`.
        id: String,
        /// The member `type`.
        kind: String,
        /// The member `time`.
        time: i64,
        /// The member `data`.
        data: Payload,
        /// The member `from`.
        from: Option<String>,
        /// The member `dest`.
        dest: Option<String>,
        /// The member `sign`.
        sign: Option<String>,
    },
    /// A transport message.
    Transport {
        /// The member `type`.
        kind: u32,
        /// The member `data`.
        data: Option<String>,
        /// The member `sign`.
        sign: Option<String>,
    },
}

/// The `data` of a data message.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A text, decoded.
    Text(String),
    /// An object in normal form: without whitespace, strings escaped as `P-6` says, all else as it was.
    Object(String),
}

impl Fields {
    /// The message, built by core.
    pub fn message(&self) -> Message<'_> {
        match self {
            Self::Data {
                id,
                kind,
                time,
                data,
                from,
                dest,
                sign,
            } => {
                let message = match data {
                    Payload::Text(text) => DataMessage::new(&**id, &**kind, *time, &**text),
                    Payload::Object(text) => {
                        let object = RawObject::new(text.as_bytes()).expect("an object");
                        DataMessage::new(&**id, &**kind, *time, object)
                    }
                };
                let message = message.with_from(from.as_deref().unwrap_or_default());
                let message = message.with_dest(dest.as_deref().unwrap_or_default());
                let message = message.with_sign(sign.as_deref().unwrap_or_default());
                message.into()
            }
            Self::Transport { kind, data, sign } => {
                let message = match data {
                    Some(data) => TransportMessage::new(*kind, &**data),
                    None => TransportMessage::without_data(*kind).expect("no receipt"),
                };
                let sign = JsonStr::new(sign.as_deref().unwrap_or_default());
                message.with_sign(sign).into()
            }
        }
    }

    /// The frame that encoding the message must give (`P-5`, `P-6`, `P-9`). It is `serde_json` that writes the strings.
    pub fn encoded(&self) -> String {
        let mut members = Vec::new();
        let sign = match self {
            Self::Data {
                id,
                kind,
                time,
                data,
                from,
                dest,
                sign,
            } => {
                members.push(format!("\"id\":{}", quoted(id)));
                members.push(format!("\"type\":{}", quoted(kind)));
                members.push(format!("\"time\":{time}"));
                members.push(match data {
                    Payload::Text(text) => format!("\"data\":{}", quoted(text)),
                    Payload::Object(object) => format!("\"data\":{object}"),
                });
                members.extend(from.iter().map(|from| format!("\"from\":{}", quoted(from))));
                members.extend(dest.iter().map(|dest| format!("\"dest\":{}", quoted(dest))));
                sign
            }
            Self::Transport { kind, data, sign } => {
                members.push(format!("\"type\":{kind}"));
                members.extend(data.iter().map(|data| format!("\"data\":{}", quoted(data))));
                sign
            }
        };
        members.extend(sign.iter().map(|sign| format!("\"sign\":{}", quoted(sign))));
        format!("{{{}}}", members.join(","))
    }
}

fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is written")
}

impl From<Message<'_>> for Fields {
    fn from(message: Message<'_>) -> Self {
        match message {
            Message::Data(message) => Self::Data {
                id: message.id().to_string(),
                kind: message.kind().to_string(),
                time: message.time(),
                data: (*message.data()).into(),
                from: message.from().map(|text| text.to_string()),
                dest: message.dest().map(|text| text.to_string()),
                sign: message.sign().map(|text| text.to_string()),
            },
            Message::Transport(message) => Self::Transport {
                kind: message.kind().code(),
                data: message.data().map(|text| text.to_string()),
                sign: message.sign().map(|text| text.to_string()),
            },
        }
    }
}

impl From<bachata_core::Payload<'_>> for Payload {
    fn from(payload: bachata_core::Payload<'_>) -> Self {
        match payload {
            bachata_core::Payload::Text(text) => Self::Text(text.to_string()),
            bachata_core::Payload::Object(object) => Self::Object(object.to_string()),
        }
    }
}

/// What the accessors of the buffer give.
impl<const N: usize> From<&MessageBuf<N>> for Fields {
    fn from(buf: &MessageBuf<N>) -> Self {
        let owned = |text: Option<&str>| text.map(str::to_owned);
        let Some(kind) = buf.transport_type() else {
            return Self::Data {
                id: owned(buf.id()).expect("an id"),
                kind: owned(buf.kind()).expect("a kind"),
                time: buf.time().expect("a time"),
                data: match (buf.text(), buf.object()) {
                    (Some(text), None) => Payload::Text(text.to_owned()),
                    (None, Some(object)) => Payload::Object(object.to_string()),
                    both => panic!("a text or an object: {both:?}"),
                },
                from: owned(buf.from()),
                dest: owned(buf.dest()),
                sign: owned(buf.sign()),
            };
        };
        let others = [buf.id(), buf.kind(), buf.from(), buf.dest()];
        assert_eq!((others, buf.time()), ([None; 4], None), "{buf}");
        assert_eq!(buf.object(), None, "{buf}");
        Self::Transport {
            kind: kind.code(),
            data: owned(buf.text()),
            sign: owned(buf.sign()),
        }
    }
}
