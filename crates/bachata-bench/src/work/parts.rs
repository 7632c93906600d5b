//! What the frames of a corpus are made of.

use bachata_core::{JsonStr, Message, Payload, RawObject};
use serde_json::value::RawValue;

use crate::corpus::Corpus;

/// The parts of a message, decoded.
pub(super) enum Parts {
    Data(DataParts),
    Transport { code: u32, data: String },
}

pub(super) struct DataParts {
    pub(super) id: String,
    pub(super) kind: String,
    pub(super) time: i64,
    pub(super) data: Data,
    pub(super) from: Option<String>,
    pub(super) dest: Option<String>,
    pub(super) sign: Option<String>,
}

/// A payload, proven once for each who writes it.
pub(super) enum Data {
    Text(String),
    Object {
        ours: RawObject<'static>,
        serde_json: Box<RawValue>,
        sonic_rs: sonic_rs::LazyValue<'static>,
    },
}

impl Parts {
    pub(super) fn of(corpus: &Corpus) -> Vec<Self> {
        corpus.frames.iter().map(|frame| Self::new(frame)).collect()
    }

    fn new(frame: &[u8]) -> Self {
        let text = |text: JsonStr<'_>| text.to_string();
        match Message::parse(frame).expect("a message") {
            Message::Transport(message) => Self::Transport {
                code: message.kind().code(),
                data: message.data().map(text).expect("an id"),
            },
            Message::Data(message) => Self::Data(DataParts {
                id: text(message.id()),
                kind: text(message.kind()),
                time: message.time(),
                data: match message.data() {
                    Payload::Text(data) => Data::Text(text(*data)),
                    Payload::Object(object) => {
                        // As long as the program.
                        let json: &'static str = object.to_string().leak();
                        Data::Object {
                            ours: RawObject::new(json.as_bytes()).expect("an object"),
                            serde_json: serde_json::from_str(json).expect("JSON"),
                            sonic_rs: sonic_rs::from_str(json).expect("JSON"),
                        }
                    }
                },
                from: message.from().map(text),
                dest: message.dest().map(text),
                sign: message.sign().map(text),
            }),
        }
    }
}

impl Data {
    pub(super) fn serde_json(&self) -> Option<&RawValue> {
        match self {
            Self::Text(_) => None,
            Self::Object { serde_json, .. } => Some(serde_json),
        }
    }

    pub(super) const fn sonic_rs(&self) -> Option<&sonic_rs::LazyValue<'static>> {
        match self {
            Self::Text(_) => None,
            Self::Object { sonic_rs, .. } => Some(sonic_rs),
        }
    }
}
