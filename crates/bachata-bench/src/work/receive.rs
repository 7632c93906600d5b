//! Validate the whole frame, tell the kind, give the seven members, `data` raw.

use std::hint::black_box;

use bachata_core::{JsonStr, Message, MessageBuf, Payload};
use serde::Deserialize;
use serde_json::value::RawValue;
use simd_json::prelude::*;

use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    let frames = &corpus.frames;
    let mut all = vec![
        Candidate::new("serde_json borrowed", frames, |frame| {
            // By reference, here and below: a message that is moved costs more to move than an ack to parse.
            let message = &serde_json::from_slice::<Borrowed<'_, &RawValue>>(frame);
            let message = message.as_ref().expect("JSON");
            message.seen(message.kind.get(), message.data.map(RawValue::get))
        }),
        Candidate::new("bachata-core", frames, |frame| {
            seen(Message::parse(frame).as_ref().expect("a message"))
        }),
        match corpus.name {
            "acks" => Candidate::new("bachata-core MessageBuf", frames, |frame| {
                message_buf::<64>(frame)
            }),
            "chat" => Candidate::new("bachata-core MessageBuf", frames, |frame| {
                message_buf::<1024>(frame)
            }),
            "big" => Candidate::new("bachata-core MessageBuf", frames, |frame| {
                message_buf::<66_000>(frame)
            }),
            _ => Candidate::new("bachata-core MessageBuf", frames, |frame| {
                message_buf::<2048>(frame)
            }),
        },
        Candidate::new("serde_json Value", frames, |frame| {
            let value: serde_json::Value = serde_json::from_slice(frame).expect("JSON");
            let text = |name| value.get(name).and_then(|value| value.as_str());
            let data = &value["data"];
            let sum = Sum {
                time: value.get("time").and_then(serde_json::Value::as_i64),
                texts: [text("id"), text("from"), text("dest"), text("sign")],
                object: data.is_object(),
            };
            black_box(data);
            match &value["type"] {
                serde_json::Value::String(kind) => sum.of_data(kind.len()),
                kind => sum.of_transport(kind.as_u64(), data.as_str().map(str::len)),
            }
        }),
        Candidate::new("sonic-rs", frames, |frame| {
            let message = &sonic_rs::from_slice::<Borrowed<'_, sonic_rs::LazyValue<'_>>>(frame);
            let message = message.as_ref().expect("JSON");
            let data = message.data.as_ref().map(sonic_rs::LazyValue::as_raw_str);
            message.seen(message.kind.as_raw_str(), data)
        }),
        {
            let mut buffers = simd_json::Buffers::default();
            let mut nodes = Some(simd_json::Tape::null());
            Candidate::in_place("simd-json", move |frame| {
                let mut tape = nodes.take().expect("a tape").reset();
                simd_json::fill_tape(frame, &mut buffers, &mut tape).expect("JSON");
                let sum = seen_on_tape(&tape);
                nodes = Some(tape.reset());
                sum
            })
        },
    ];
    // It keeps no raw value, and can't tell a type that is a string from one that is a number.
    match corpus.name {
        "acks" => all.push(Candidate::new("serde-json-core", frames, |frame| {
            let message = &serde_json_core::from_slice::<Ack<'_>>(frame);
            let (message, _) = message.as_ref().expect("JSON");
            u64::from(message.kind) + message.data.0.0.len() as u64
        })),
        "chat" | "big" => all.push(Candidate::new("serde-json-core", frames, |frame| {
            let message = &serde_json_core::from_slice::<Chat<'_>>(frame);
            let (message, _) = message.as_ref().expect("JSON");
            let sum = Sum {
                time: Some(message.time),
                texts: [Some(message.id), message.from, message.dest, message.sign],
                object: false,
            };
            black_box(message.data.0.0);
            sum.of_data(message.kind.len())
        })),
        _ => {}
    }
    all
}

fn message_buf<const N: usize>(frame: &[u8]) -> u64 {
    let buf = &MessageBuf::<N>::parse(frame);
    seen(&black_box(buf).as_ref().expect("a message").message())
}

/// What a receiver has found.
struct Sum<'a> {
    time: Option<i64>,
    texts: [Option<&'a str>; 4],
    object: bool,
}

impl Sum<'_> {
    fn of_data(&self, kind: usize) -> u64 {
        let texts: usize = self.texts.iter().flatten().map(|text| text.len()).sum();
        self.time.unwrap_or_default().cast_unsigned()
            + (texts + kind) as u64
            + u64::from(self.object)
    }

    fn of_transport(&self, code: Option<u64>, data: Option<usize>) -> u64 {
        code.unwrap_or_default() + data.unwrap_or_default() as u64
    }
}

fn seen(message: &Message<'_>) -> u64 {
    let len = |text: Option<JsonStr<'_>>| text.map_or(0, JsonStr::decoded_len) as u64;
    match message {
        Message::Data(message) => {
            black_box(message.data());
            message.time().cast_unsigned()
                + len(Some(message.id()))
                + len(Some(message.kind()))
                + len(message.from())
                + len(message.dest())
                + len(message.sign())
                + u64::from(matches!(message.data(), Payload::Object(_)))
        }
        Message::Transport(message) => u64::from(message.kind().code()) + len(message.data()),
    }
}

#[derive(Deserialize)]
struct Borrowed<'a, Raw> {
    id: Option<&'a str>,
    #[serde(rename = "type")]
    kind: Raw,
    time: Option<i64>,
    data: Option<Raw>,
    from: Option<&'a str>,
    dest: Option<&'a str>,
    sign: Option<&'a str>,
}

impl<Raw> Borrowed<'_, Raw> {
    fn seen(&self, kind: &str, data: Option<&str>) -> u64 {
        black_box(data);
        let sum = Sum {
            time: self.time,
            texts: [self.id, self.from, self.dest, self.sign],
            object: data.is_some_and(|data| data.starts_with('{')),
        };
        let without_quotes = |text: &str| text.len() - 2;
        if kind.starts_with('"') {
            sum.of_data(without_quotes(kind))
        } else {
            sum.of_transport(kind.parse().ok(), data.map(without_quotes))
        }
    }
}

fn seen_on_tape(tape: &simd_json::Tape<'_>) -> u64 {
    let root = tape.as_value();
    let object = root.as_object().expect("an object");
    let mut sum = Sum {
        time: None,
        texts: [None; 4],
        object: false,
    };
    let (mut kind, mut data) = (None, None);
    for (name, value) in object.iter() {
        match name {
            "id" => sum.texts[0] = value.into_string(),
            "from" => sum.texts[1] = value.into_string(),
            "dest" => sum.texts[2] = value.into_string(),
            "sign" => sum.texts[3] = value.into_string(),
            "time" => sum.time = value.as_i64(),
            "type" => kind = Some(value),
            "data" => data = Some(value),
            _ => {}
        }
    }
    sum.object = data.is_some_and(|data| data.is_object());
    black_box(&data);
    let kind = kind.expect("a type");
    match kind.as_str() {
        Some(kind) => sum.of_data(kind.len()),
        None => sum.of_transport(
            kind.as_u64(),
            data.and_then(|data| data.as_str().map(str::len)),
        ),
    }
}

/// A text as it stands in the frame.
#[derive(Deserialize)]
struct Escaped<'a>(#[serde(borrow)] serde_json_core::str::EscapedStr<'a>);

#[derive(Deserialize)]
struct Ack<'a> {
    #[serde(rename = "type")]
    kind: u32,
    #[serde(borrow)]
    data: Escaped<'a>,
}

#[derive(Deserialize)]
struct Chat<'a> {
    id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    time: i64,
    #[serde(borrow)]
    data: Escaped<'a>,
    from: Option<&'a str>,
    dest: Option<&'a str>,
    sign: Option<&'a str>,
}
