//! Read `type` and `dest`, and still validate the whole frame.

use bachata_core::{MessageKind, Policy, Route};
use serde::Deserialize;
use serde_json::value::RawValue;
use simd_json::prelude::*;

use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    let frames = &corpus.frames;
    vec![
        Candidate::new("serde_json borrowed", frames, |frame| {
            let route: Borrowed<'_, &RawValue> = serde_json::from_slice(frame).expect("JSON");
            seen(route.kind.get(), route.dest)
        }),
        Candidate::new("bachata-core", frames, |frame| {
            let route = Route::parse(frame, Policy::Strict).expect("a message");
            let dest = route.dest().map_or(0, |dest| dest.decoded_len()) as u64;
            match route.kind() {
                MessageKind::Data(kind) => kind.decoded_len() as u64 + dest,
                MessageKind::Transport(kind) => u64::from(kind.code()) + dest,
            }
        }),
        Candidate::new("sonic-rs", frames, |frame| {
            let route: Borrowed<'_, sonic_rs::LazyValue<'_>> =
                sonic_rs::from_slice(frame).expect("JSON");
            seen(route.kind.as_raw_str(), route.dest)
        }),
        {
            let mut buffers = simd_json::Buffers::default();
            let mut nodes = Some(simd_json::Tape::null());
            Candidate::in_place("simd-json", move |frame| {
                let mut tape = nodes.take().expect("a tape").reset();
                simd_json::fill_tape(frame, &mut buffers, &mut tape).expect("JSON");
                let root = tape.as_value();
                let dest = root.get_str("dest").map_or(0, str::len) as u64;
                let kind = match root.get_u64("type") {
                    Some(code) => code,
                    None => root.get_str("type").map_or(0, str::len) as u64,
                };
                nodes = Some(tape.reset());
                kind + dest
            })
        },
    ]
}

#[derive(Deserialize)]
struct Borrowed<'a, Raw> {
    #[serde(rename = "type")]
    kind: Raw,
    dest: Option<&'a str>,
}

fn seen(kind: &str, dest: Option<&str>) -> u64 {
    let dest = dest.map_or(0, str::len) as u64;
    if kind.starts_with('"') {
        kind.len() as u64 - 2 + dest
    } else {
        kind.parse().unwrap_or(0) + dest
    }
}
