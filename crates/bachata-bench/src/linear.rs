//! Whether cost grows with length alone: frames from 100 bytes to 16 MiB, each of one kind of content that is as bad as it can be.

use std::hint::black_box;
use std::time::Duration;

use bachata_core::{MAX_DEPTH, Message};
use bachata_std::Protocol;
use cpu_time::ThreadTime;

use crate::corpus::Corpus;
use crate::work::Owned;

/// What a frame is full of.
struct Shape {
    name: &'static str,
    /// The corpus of ordinary frames that it is compared with.
    kind: &'static str,
    make: fn(usize) -> String,
}

const SHAPES: [Shape; 17] = [
    text("plain", |len| "x".repeat(len)),
    text("escapes", |len| "\\n".repeat(len / 2)),
    text("quotes", |len| "\\\"".repeat(len / 2)),
    text("sparse-escapes", |len| "1234567\\n".repeat(len / 9)),
    text("unicode-escapes", |len| "\\u00e9".repeat(len / 6)),
    text("surrogate-pairs", |len| "\\ud83d\\ude00".repeat(len / 12)),
    text("two-bytes", |len| "\u{e9}".repeat(len / 2)),
    text("three-bytes", |len| "\u{20ac}".repeat(len / 3)),
    text("four-bytes", |len| "\u{1f600}".repeat(len / 4)),
    text("alternating", |len| "x\u{e9}".repeat(len / 3)),
    object("flat-numbers", |len| array("0", len)),
    object("flat-strings", |len| array(r#""""#, len)),
    object("many-members", |len| {
        let members: Vec<_> = (0..len / 13).map(|n| format!(r#""{n:08}":0"#)).collect();
        format!("{{{}}}", members.join(","))
    }),
    object("nested-arrays", |len| nested("[", "", "]", len)),
    object("nested-objects", |len| nested(r#"{"":"#, "0", "}", len)),
    object("nested-large-numbers", |len| nested("[", "1e20", "]", len)),
    object("whitespace", |len| format!("[{}]", " ".repeat(len))),
];

const fn text(name: &'static str, inside: fn(usize) -> String) -> Shape {
    Shape {
        name,
        kind: "chat",
        make: inside,
    }
}

const fn object(name: &'static str, value: fn(usize) -> String) -> Shape {
    Shape {
        name,
        kind: "rich",
        make: value,
    }
}

fn array(element: &str, len: usize) -> String {
    let elements = vec![element; len / (element.len() + 1)];
    format!("[{}]", elements.join(","))
}

/// As deep as it may be, again and again.
fn nested(open: &str, inside: &str, close: &str, len: usize) -> String {
    // The message, its data, and the array around all.
    let depth = usize::from(MAX_DEPTH) - 3;
    let depth = depth.min(len / (open.len() + close.len()));
    let tower = format!("{}{inside}{}", open.repeat(depth), close.repeat(depth));
    array(&tower, len)
}

impl Shape {
    fn frame(&self, len: usize) -> String {
        let inside = (self.make)(len - 55);
        let data = match self.kind {
            "chat" => format!("\"{inside}\""),
            _ => format!("{{\"x\":{inside}}}"),
        };
        format!(r#"{{"id":"7","type":"t","time":0,"data":{data},"dest":"d"}}"#)
    }
}

/// Ordinary frames of the shortest of the sizes, by the corpus of the longer ones: what a frame costs whatever its length would count several times beside those.
const SHORT: [(&str, &str); 2] = [
    (
        "chat",
        r#"{"id":"7","type":"t","time":0,"data":"Will you be home for dinner at eight tonight?","dest":"d"}"#,
    ),
    (
        "rich",
        r#"{"id":"7","type":"t","time":0,"data":{"celsius":21.5,"humidity":40,"heating":true},"dest":"d"}"#,
    ),
];

/// In bytes.
const SIZES: [usize; 6] = [100, 1 << 10, 16 << 10, 128 << 10, 1 << 20, 16 << 20];

/// How long a frame is worked on in a round, at least.
const SLOT: Duration = Duration::from_micros(200);

type Job = fn(&[u8]) -> bool;

struct Case {
    job: Job,
    frames: Vec<Vec<u8>>,
    /// In nanoseconds a byte, of each round.
    times: Vec<f64>,
    repeats: u32,
}

impl Case {
    fn new(job: Job, frames: Vec<Vec<u8>>) -> Self {
        let mut case = Self {
            job,
            frames,
            times: Vec::new(),
            repeats: 1,
        };
        case.time();
        let repeats = SLOT.as_nanos() / case.time().as_nanos().max(1) + 1;
        case.repeats = u32::try_from(repeats).unwrap_or(u32::MAX);
        case
    }

    fn time(&self) -> Duration {
        let start = ThreadTime::now();
        for _ in 0..self.repeats {
            for frame in &self.frames {
                assert!((self.job)(black_box(frame)), "a message");
            }
        }
        start.elapsed()
    }

    fn round(&mut self) {
        let bytes = self.frames.iter().map(Vec::len).sum::<usize>() as f64;
        let time = self.time().as_nanos() as f64 / (bytes * f64::from(self.repeats));
        self.times.push(time);
    }

    /// What another program does meanwhile only adds to a time.
    fn least(&self) -> f64 {
        self.times.iter().copied().fold(f64::INFINITY, f64::min)
    }
}

fn receive(frame: &[u8]) -> bool {
    black_box(Message::parse(frame)).is_ok()
}

fn load(frame: &[u8]) -> bool {
    let protocol = Protocol::new().with_max_frame_len(frame.len());
    black_box(protocol.load_message(frame)).is_ok()
}

fn load_by_serde_json(frame: &[u8]) -> bool {
    black_box(serde_json::from_slice::<Owned<serde_json::Value>>(frame)).is_ok()
}

/// Prints `WORK SHAPE BYTES NANOSECONDS REFERENCE RATIO`, with tabs; the time is that for a byte, the ratio is to the reference, and more is slower.
pub(crate) fn print(rounds: usize) {
    print_receive(rounds);
    print_load(rounds);
}

/// The reference is a byte of ordinary frames.
fn print_receive(rounds: usize) {
    let short = SHORT.map(|(kind, frame)| (kind, true, vec![frame.into()]));
    let corpora = Corpus::all().into_iter();
    let corpora = corpora.map(|corpus| (corpus.name, false, corpus.frames));
    let is_kind = |name| SHORT.iter().any(|(kind, _)| *kind == name);
    let mut ordinary: Vec<_> = short
        .into_iter()
        .chain(corpora.filter(|(name, ..)| is_kind(*name)))
        .map(|(kind, is_short, frames)| (kind, is_short, Case::new(receive, frames)))
        .collect();
    let mut cases: Vec<_> = frames(&SIZES)
        .map(|(shape, size, frame)| (shape, size, Case::new(receive, vec![frame])))
        .collect();
    for _ in 0..rounds {
        ordinary.iter_mut().for_each(|(.., case)| case.round());
        cases.iter_mut().for_each(|(_, _, case)| case.round());
    }
    for (shape, size, case) in cases {
        let mut of_kind = ordinary
            .iter()
            .filter(|(kind, is_short, _)| *kind == shape.kind && *is_short == (size == SIZES[0]));
        let (.., usual) = of_kind.next().expect("a kind");
        line(
            "receive",
            shape,
            size,
            shape.kind,
            case.least(),
            usual.least(),
        );
    }
}

/// The reference is `serde_json` with the same frame: how much memory, and how much time, the values take is up to it.
fn print_load(rounds: usize) {
    // A byte may take some hundred bytes of memory.
    let mut cases: Vec<_> = frames(&SIZES[..SIZES.len() - 1])
        .map(|(shape, size, frame)| {
            let cases =
                [load, load_by_serde_json].map(|job: Job| Case::new(job, vec![frame.clone()]));
            (shape, size, cases)
        })
        .collect();
    for _ in 0..rounds {
        let cases = cases.iter_mut().flat_map(|(_, _, cases)| cases);
        cases.for_each(Case::round);
    }
    for (shape, size, [ours, of_serde_json]) in cases {
        line(
            "load",
            shape,
            size,
            "serde_json",
            ours.least(),
            of_serde_json.least(),
        );
    }
}

fn frames(sizes: &[usize]) -> impl Iterator<Item = (&'static Shape, usize, Vec<u8>)> {
    SHAPES.iter().flat_map(move |shape| {
        let frame = move |size: &usize| (shape, *size, shape.frame(*size).into_bytes());
        sizes.iter().map(frame)
    })
}

fn line(work: &str, shape: &Shape, size: usize, reference: &str, time: f64, usual: f64) {
    let ratio = time / usual;
    println!(
        "{work}\t{}\t{size}\t{time:.3}\t{reference}\t{ratio:.2}",
        shape.name
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_frames_are_messages_of_their_size() {
        for (kind, frame) in SHORT {
            assert!(receive(frame.as_bytes()), "{kind}");
            assert!(
                frame.len().abs_diff(SIZES[0]) < 10,
                "{kind} {}",
                frame.len()
            );
        }
    }

    #[test]
    fn frames_have_their_size_and_are_messages() {
        for shape in SHAPES {
            for size in [100, 1 << 10, 128 << 10] {
                let frame = shape.frame(size);
                assert!(
                    receive(frame.as_bytes()) && load(frame.as_bytes()),
                    "{}",
                    shape.name
                );
                // A tower may not go into another one.
                assert!(
                    (size / 2..size + 100).contains(&frame.len()),
                    "{} {}",
                    shape.name,
                    frame.len()
                );
            }
        }
    }
}
