use proptest::collection::vec;
use proptest::prelude::*;
use serde_json::value::RawValue;

use crate::{Fields, RawPairs};

/// Decides what the content of a message leaves open: how it is spelled, and what is done to it. An empty one takes the plainest way.
#[derive(Clone, Debug)]
pub struct Dice {
    rolls: Vec<u8>,
    at: usize,
}

/// Arbitrary dice.
pub fn dice() -> impl Strategy<Value = Dice> {
    vec(any::<u8>(), 0..80).prop_map(Dice::from)
}

/// Dice that give these, over and over.
impl From<Vec<u8>> for Dice {
    fn from(rolls: Vec<u8>) -> Self {
        Self { rolls, at: 0 }
    }
}

impl Dice {
    /// A number below `sides`, which is at most 256.
    pub fn roll(&mut self, sides: usize) -> usize {
        let rolled = self.rolls.get(self.at % self.rolls.len().max(1));
        self.at += 1;
        rolled.map_or(0, |rolled| usize::from(*rolled) % sides)
    }

    fn pick<'t>(&mut self, from: &[&'t str]) -> &'t str {
        from[self.roll(from.len())]
    }

    /// Another spelling of a JSON value: with other whitespace and other escapes.
    pub fn spell(&mut self, json: &str) -> String {
        let value: &RawValue = serde_json::from_str(json).expect("JSON");
        let json = value.get();
        let spelled = match json.as_bytes()[0] {
            b'"' => self.spell_text(&serde_json::from_str::<String>(json).expect("a string")),
            b'{' => {
                let RawPairs(pairs) = serde_json::from_str(json).expect("an object");
                let pairs = pairs
                    .into_iter()
                    .map(|(name, value)| (name.get(), value.get()));
                self.spell_object(&pairs.collect::<Vec<_>>())
            }
            b'[' => {
                let values: Vec<&RawValue> = serde_json::from_str(json).expect("an array");
                let values: Vec<_> = values
                    .into_iter()
                    .map(|value| self.spell(value.get()))
                    .collect();
                format!("[{}{}]", self.space(), values.join(","))
            }
            _ => json.to_owned(),
        };
        format!("{}{spelled}{}", self.space(), self.space())
    }

    fn spell_object(&mut self, pairs: &[(&str, &str)]) -> String {
        let members = pairs
            .iter()
            .map(|(name, value)| format!("{}:{}", self.spell(name), self.spell(value)));
        let members: Vec<_> = members.collect();
        format!("{{{}{}}}", self.space(), members.join(","))
    }

    fn space(&mut self) -> &'static str {
        self.pick(&["", "", "", "", " ", "\n", "\r\n\t", "     \t "])
    }

    /// A JSON string of this text, with its quotes.
    pub fn spell_text(&mut self, text: &str) -> String {
        // All of one kind are as frequent as mixed ones.
        let habit = self.roll(3);
        let mut spelled = String::from("\"");
        for character in text.chars() {
            let way = if habit == 2 { self.roll(5) } else { habit };
            let short = match character {
                '"' | '\\' | '/' => Some(character),
                '\u{8}' => Some('b'),
                '\u{c}' => Some('f'),
                '\n' => Some('n'),
                '\r' => Some('r'),
                '\t' => Some('t'),
                _ => None,
            };
            let is_free = character >= ' ' && character != '"' && character != '\\';
            match (way, short) {
                (0 | 2, _) if is_free => spelled.push(character),
                (0..=2, Some(short)) => spelled.extend(['\\', short]),
                (1, None) if is_free => spelled.push(character),
                (3, _) => hex(character, &mut spelled, |unit| format!("\\u{unit:04X}")),
                _ => hex(character, &mut spelled, |unit| format!("\\u{unit:04x}")),
            }
        }
        spelled.push('"');
        spelled
    }

    /// A frame of this message, in any spelling and order, with unknown members.
    pub fn spell_frame(&mut self, fields: &Fields) -> String {
        const STRAY: [&str; 6] = [
            "null",
            "1",
            "\"x\"",
            "{\"id\":[1e5,\"\"]}",
            "[[],{}]",
            "true",
        ];
        let encoded = fields.encoded();
        let RawPairs(pairs) = serde_json::from_str(&encoded).expect("an object");
        let mut members: Vec<_> = pairs
            .iter()
            .map(|(name, value)| (name.get(), value.get()))
            .collect();
        let (nones, strays): (&[_], &[_]) = match fields {
            Fields::Data { .. } => (
                &["\"from\"", "\"dest\"", "\"sign\""],
                &["\"x\"", "\"\"", "\"Id\""],
            ),
            Fields::Transport { .. } => (
                &["\"sign\""],
                &[
                    "\"id\"", "\"time\"", "\"from\"", "\"dest\"", "\"x\"", "\"x\"",
                ],
            ),
        };
        for &name in nones {
            let none = self.pick(&["", "null", "\"\""]);
            if !none.is_empty() && members.iter().all(|(other, _)| *other != name) {
                members.push((name, none));
            }
        }
        if matches!(fields, Fields::Transport { data: None, .. }) && self.roll(2) == 1 {
            members.push(("\"data\"", "null"));
        }
        for &name in strays {
            if self.roll(3) == 1 {
                members.push((name, self.pick(&STRAY)));
            }
        }
        for last in (1..members.len()).rev() {
            members.swap(last, last - self.roll(last + 1));
        }
        let frame = self.spell_object(&members);
        format!("{}{frame}{}", self.space(), self.space())
    }

    /// A few changes to a frame: of bytes, of whole stretches.
    pub fn damage(&mut self, frame: &mut Vec<u8>) {
        const BYTES: &[u8] = b"{}[],:\"\\/ \n\0u01-+.eDtfn\xc3\xa9\xff";
        for _ in 0..=self.roll(3) {
            let place = self.roll(256) * 256 + self.roll(256);
            let at = place % (frame.len() + 1);
            let end = (at + self.roll(12)).min(frame.len());
            let byte = BYTES[self.roll(BYTES.len())];
            match self.roll(6) {
                0 => frame.truncate(at),
                1 => frame.insert(at, byte),
                2 => drop(frame.drain(at..end)),
                3 => {
                    let copy = frame[at..end].to_vec();
                    frame.splice(at..at, copy);
                }
                4 => {
                    let moved: Vec<u8> = frame.drain(at..end).collect();
                    let to = place % (frame.len() + 1);
                    frame.splice(to..to, moved);
                }
                _ => frame[at..end]
                    .iter_mut()
                    .take(1)
                    .for_each(|changed| *changed = byte),
            }
        }
    }
}

/// Writes the `\u` escapes of a character: one, or the two of a surrogate pair.
fn hex(character: char, spelled: &mut String, escape: impl Fn(u16) -> String) {
    let mut units = [0; 2];
    for unit in character.encode_utf16(&mut units) {
        spelled.push_str(&escape(*unit));
    }
}
