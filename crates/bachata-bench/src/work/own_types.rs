//! An owned message with a payload of the application's own type.

use std::hint::black_box;

use bachata_std::Message;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::load::{Owned, seen};
use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(super) fn candidates(corpus: &Corpus) -> Vec<Candidate<'_>> {
    match corpus.name {
        "acks" | "chat" | "big" => of_type::<String>(corpus),
        "rich" => of_type::<Readings>(corpus),
        _ => of_type::<TextOrReadings>(corpus),
    }
}

fn of_type<P: DeserializeOwned + 'static>(corpus: &Corpus) -> Vec<Candidate<'_>> {
    vec![
        Candidate::new("serde_json", &corpus.frames, |frame| {
            let message: Owned<P> = serde_json::from_slice(frame).expect("JSON");
            black_box(&message).seen()
        }),
        Candidate::new("bachata-std", &corpus.frames, |frame| {
            let message: Message<P> = Message::parse(frame).expect("a message");
            seen(black_box(&message))
        }),
        Candidate::new("sonic-rs", &corpus.frames, |frame| {
            let message: Owned<P> = sonic_rs::from_slice(frame).expect("JSON");
            black_box(&message).seen()
        }),
    ]
}

/// The payload of a rich message.
#[derive(Serialize, Deserialize)]
pub(super) struct Readings {
    room: String,
    serial: String,
    readings: Vec<Reading>,
    position: Position,
    history: Vec<u32>,
    ok: bool,
}

#[derive(Serialize, Deserialize)]
struct Reading {
    name: String,
    note: String,
    value: f64,
    at: u64,
}

#[derive(Serialize, Deserialize)]
struct Position {
    lat: f64,
    lon: f64,
}

/// The payload of any message.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum TextOrReadings {
    Text(String),
    Readings(Readings),
}

// Derived as an untagged enum it would be read into a buffer first.
impl<'de> Deserialize<'de> for TextOrReadings {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = TextOrReadings;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("a string or an object")
            }

            fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<TextOrReadings, E> {
                Ok(TextOrReadings::Text(text.to_owned()))
            }

            fn visit_string<E: serde::de::Error>(self, text: String) -> Result<TextOrReadings, E> {
                Ok(TextOrReadings::Text(text))
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                map: A,
            ) -> Result<TextOrReadings, A::Error> {
                let map = serde::de::value::MapAccessDeserializer::new(map);
                Readings::deserialize(map).map(TextOrReadings::Readings)
            }
        }

        deserializer.deserialize_any(Visitor)
    }
}
