//! An owned message with any payload.

use std::hint::black_box;

use bachata_std::Message;
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    vec![
        Candidate::new("serde_json", &corpus.frames, |frame| {
            let message: Owned<Value> = serde_json::from_slice(frame).expect("JSON");
            black_box(&message).seen()
        }),
        Candidate::new("bachata-std", &corpus.frames, |frame| {
            let message: Message = Message::parse(frame).expect("a message");
            seen(black_box(&message))
        }),
        Candidate::new("sonic-rs", &corpus.frames, |frame| {
            let message: Owned<Value> = sonic_rs::from_slice(frame).expect("JSON");
            black_box(&message).seen()
        }),
    ]
}

pub(super) fn seen<P>(message: &Message<P>) -> u64 {
    let len = |text: Option<&str>| text.map_or(0, str::len) as u64;
    match message {
        Message::Data(message) => {
            message.time_ms().cast_unsigned()
                + len(Some(message.id()))
                + len(Some(message.kind()))
                + len(message.from())
                + len(message.dest())
                + len(message.sign())
        }
        Message::Transport(message) => u64::from(message.kind().code()),
    }
}

/// What `bachata_std::Message` owns, but for the unknown members, as serde derives it. It takes either kind of message.
#[derive(Deserialize)]
pub(crate) struct Owned<P> {
    id: Option<String>,
    #[serde(rename = "type")]
    kind: Kind,
    time: Option<i64>,
    #[expect(dead_code, reason = "that it is there costs")]
    data: P,
    from: Option<String>,
    dest: Option<String>,
    sign: Option<String>,
}

impl<P: DeserializeOwned> Owned<P> {
    pub(super) fn seen(&self) -> u64 {
        let texts = [&self.id, &self.from, &self.dest, &self.sign];
        let texts: usize = texts.into_iter().flatten().map(String::len).sum();
        let kind = match &self.kind {
            Kind::Data(kind) => kind.len() as u64,
            Kind::Transport(code) => u64::from(*code),
        };
        self.time.unwrap_or_default().cast_unsigned() + kind + texts as u64
    }
}

/// The member `type`.
enum Kind {
    Data(String),
    Transport(u32),
}

// Derived as an untagged enum it would be read twice.
impl<'de> Deserialize<'de> for Kind {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl serde::de::Visitor<'_> for Visitor {
            type Value = Kind;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or an integer")
            }

            fn visit_str<E: serde::de::Error>(self, kind: &str) -> Result<Kind, E> {
                Ok(Kind::Data(kind.to_owned()))
            }

            fn visit_u64<E: serde::de::Error>(self, code: u64) -> Result<Kind, E> {
                u32::try_from(code).map(Kind::Transport).map_err(E::custom)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
