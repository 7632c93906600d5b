//! Any payload into types of any shape: what fits is what `serde_json` makes of it, and nothing else fits.
#![no_main]

use std::collections::BTreeMap;
use std::fmt::Debug;

use bachata_core::{DeserializeErrorKind, Payload, RawJson, RawObject};
use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;

#[derive(Debug, PartialEq, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Segment(i8, i8),
    Box {
        width: u16,
        height: Option<u64>,
    },
    #[serde(other)]
    Other,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Note {
    text: String,
    #[serde(default)]
    stars: u8,
    #[serde(default)]
    shapes: Vec<Shape>,
    letter: Option<char>,
    nothing: Option<()>,
    inside: Option<Box<Note>>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    on: Option<bool>,
    by_number: Option<BTreeMap<i16, (u8, String)>>,
    wide: Option<(i64, u64)>,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", content = "value")]
enum Tagged {
    Text(String),
    Shapes(Vec<Shape>),
    Nothing,
}

#[derive(Debug, PartialEq, Deserialize)]
struct Flat {
    a: u8,
    #[serde(flatten)]
    rest: BTreeMap<String, Shape>,
}

fuzz_target!(|json: &[u8]| {
    let Ok(object) = RawObject::new(json) else {
        return text(json);
    };
    let json = object.as_str();
    if !json.match_indices("-0").any(|(at, _)| is_integer(json, at)) {
        same::<Note>(object);
        same::<Strict>(object);
        same::<Tagged>(object);
        same::<Flat>(object);
        same::<BTreeMap<String, i64>>(object);
        same::<BTreeMap<String, Shape>>(object);
        same::<BTreeMap<String, Vec<Note>>>(object);
    }
    same::<BTreeMap<String, String>>(object);
    assert!(
        object
            .as_json()
            .parse::<IgnoredAny>(&mut vec![0; json.len()])
            .is_ok()
    );

    let read = parse::<Value>(object, json.len());
    match (read, serde_json::from_str::<Value>(json)) {
        (Ok(read), Ok(expected)) => assert_eq!(read, expected),
        // A float beyond its type.
        (Err(DeserializeErrorKind::InvalidNumber), Err(_)) => {}
        (read, expected) => panic!("{read:?}\n{expected:?}"),
    }
});

fn text(json: &[u8]) {
    let Some(text) = RawJson::new(json).ok().and_then(RawJson::as_text) else {
        return;
    };
    let mut scratch = vec![0; json.len()];
    let read: String = Payload::Text(text).parse(&mut scratch).expect("a text");
    assert_eq!(
        serde_json::from_slice::<String>(json).expect("a text"),
        read
    );
    let shape = Payload::Text(text).parse::<Shape>(&mut scratch);
    assert_eq!(shape.ok(), serde_json::from_slice(json).ok());
}

fn parse<T: DeserializeOwned>(
    object: RawObject<'_>,
    scratch: usize,
) -> Result<T, DeserializeErrorKind> {
    let mut scratch = vec![0; scratch];
    let read = Payload::Object(object).parse(&mut scratch);
    read.map_err(|error| {
        assert!(error.offset() <= object.as_bytes().len());
        error.kind()
    })
}

fn same<T: DeserializeOwned + Debug + PartialEq>(object: RawObject<'_>) {
    let len = object.as_bytes().len();
    let expected = serde_json::from_str(object.as_str()).ok();
    let read = parse::<T>(object, len);
    assert_eq!(read.as_ref().ok(), expected.as_ref());
    // With less room it is the same or says so.
    for scratch in [0, len / 8] {
        match parse::<T>(object, scratch) {
            Err(DeserializeErrorKind::ScratchTooShort { needed }) => {
                assert!(needed > scratch && needed <= len);
            }
            short => assert_eq!(short, read),
        }
    }
}

/// Whether the -0 there could be a whole number: an integer to us, and to `serde_json` a float.
fn is_integer(json: &str, at: usize) -> bool {
    let in_number = |before: char| before.is_ascii_digit() || matches!(before, 'e' | 'E');
    !json[..at].ends_with(in_number) && !json[at + 2..].starts_with(['.', 'e', 'E'])
}
