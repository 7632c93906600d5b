//! Write an owned message with any payload as a `String`.

use std::hint::black_box;

use bachata_std::{Message, Payload, ToFrame};
use serde::Serialize;

use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    let messages: Vec<Message> = corpus
        .frames
        .iter()
        .take(IN_CACHE)
        .map(|frame| Message::parse(frame).expect("a message"))
        .collect();
    let of_peers: &'static [Owned] = messages.iter().map(Owned::new).collect::<Vec<_>>().leak();
    let messages: &'static [Message] = messages.leak();
    let frames = corpus.frames.len();
    let of_peers: &'static [_] = of_peers
        .iter()
        .cycle()
        .take(frames)
        .collect::<Vec<_>>()
        .leak();
    let messages: &'static [_] = messages
        .iter()
        .cycle()
        .take(frames)
        .collect::<Vec<_>>()
        .leak();
    vec![
        Candidate::new("serde_json", of_peers, |message| {
            black_box(serde_json::to_string(message).expect("a frame")).len() as u64
        }),
        Candidate::new("bachata-std", messages, |message| {
            black_box(message.to_frame().expect("a frame")).len() as u64
        }),
        Candidate::new("sonic-rs", of_peers, |message| {
            black_box(sonic_rs::to_string(message).expect("a frame")).len() as u64
        }),
    ]
}

/// So many messages stay in the cache of a core, as one does that has just been made. With all of a corpus it would be measured whose texts happen
/// to lie closer together in memory.
const IN_CACHE: usize = 64;

/// What `bachata_std::Message` owns, as serde derives it.
#[derive(Serialize)]
#[serde(untagged)]
enum Owned {
    Data {
        id: String,
        #[serde(rename = "type")]
        kind: String,
        time: i64,
        data: Payload,
        #[serde(skip_serializing_if = "Option::is_none")]
        from: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        dest: Option<String>,
        #[serde(skip_serializing_if = "Option::is_none")]
        sign: Option<String>,
    },
    Transport {
        #[serde(rename = "type")]
        code: u32,
        data: Option<String>,
    },
}

impl Owned {
    fn new(message: &Message) -> Self {
        let text = |text: Option<&str>| text.map(str::to_owned);
        match message {
            Message::Data(message) => Self::Data {
                id: message.id().to_owned(),
                kind: message.kind().to_owned(),
                time: message.time_ms(),
                data: message.data().clone(),
                from: text(message.from()),
                dest: text(message.dest()),
                sign: text(message.sign()),
            },
            Message::Transport(message) => Self::Transport {
                code: message.kind().code(),
                data: text(message.data()),
            },
        }
    }
}
