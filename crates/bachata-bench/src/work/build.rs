//! Write the frame of a message into a buffer that is used again, from its parts.

use std::hint::black_box;

use bachata_core::{DataMessage, Payload, TransportMessage};
use serde::Serialize;

use super::parts::{Data, DataParts, Parts};
use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    // As long as the program, so that candidates can share them.
    let parts: &'static [Parts] = Parts::of(corpus).leak();
    let longest = 2 * corpus.frames.iter().map(Vec::len).max().unwrap_or(0);
    let mut room = vec![0; longest];
    let mut frame_of_serde = Vec::with_capacity(longest);
    let mut frame_of_sonic = Vec::with_capacity(longest);
    let mut all = vec![
        Candidate::new("serde_json", parts, move |parts| {
            frame_of_serde.clear();
            let frame = Frame::new(parts, |data| data.serde_json());
            serde_json::to_writer(&mut frame_of_serde, &frame).expect("room");
            black_box(&frame_of_serde).len() as u64
        }),
        Candidate::new("bachata-core", parts, move |parts| {
            let frame = match parts {
                Parts::Data(parts) => message(parts).encode(&mut room),
                Parts::Transport { code, data } => {
                    TransportMessage::new(*code, &**data).encode(&mut room)
                }
            };
            black_box(frame.expect("room")).len() as u64
        }),
        Candidate::new("sonic-rs", parts, move |parts| {
            frame_of_sonic.clear();
            let frame = Frame::new(parts, |data| data.sonic_rs());
            sonic_rs::to_writer(&mut frame_of_sonic, &frame).expect("room");
            black_box(&frame_of_sonic).len() as u64
        }),
    ];
    // It has no raw value.
    if !matches!(corpus.name, "rich" | "mixed" | "python") {
        let mut room = vec![0; longest];
        all.push(Candidate::new("serde-json-core", parts, move |parts| {
            let frame = Frame::<&str>::new(parts, |_| None);
            serde_json_core::to_slice(&frame, &mut room).expect("room") as u64
        }));
    }
    all
}

fn message(parts: &DataParts) -> DataMessage<'_> {
    let data = match &parts.data {
        Data::Text(text) => Payload::from(&**text),
        Data::Object { ours, .. } => Payload::from(*ours),
    };
    DataMessage::new(&*parts.id, &*parts.kind, parts.time, data)
        .with_from(parts.from.as_deref().unwrap_or_default())
        .with_dest(parts.dest.as_deref().unwrap_or_default())
        .with_sign(parts.sign.as_deref().unwrap_or_default())
}

/// A message as the peers write it; `O` is a proven object of theirs.
#[derive(Serialize)]
#[serde(untagged)]
enum Frame<'p, O> {
    Data(DataFrame<'p, O>),
    Transport {
        #[serde(rename = "type")]
        code: u32,
        data: &'p str,
    },
}

#[derive(Serialize)]
struct DataFrame<'p, O> {
    id: &'p str,
    #[serde(rename = "type")]
    kind: &'p str,
    time: i64,
    data: AnyData<'p, O>,
    #[serde(skip_serializing_if = "Option::is_none")]
    from: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dest: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    sign: Option<&'p str>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum AnyData<'p, O> {
    Text(&'p str),
    Object(Option<O>),
}

impl<'p, O> Frame<'p, O> {
    fn new(parts: &'p Parts, object: impl FnOnce(&'p Data) -> Option<O>) -> Self {
        match parts {
            Parts::Transport { code, data } => Self::Transport { code: *code, data },
            Parts::Data(parts) => Self::Data(DataFrame {
                id: &parts.id,
                kind: &parts.kind,
                time: parts.time,
                data: match &parts.data {
                    Data::Text(text) => AnyData::Text(text),
                    data => AnyData::Object(object(data)),
                },
                from: parts.from.as_deref(),
                dest: parts.dest.as_deref(),
                sign: parts.sign.as_deref(),
            }),
        }
    }
}
