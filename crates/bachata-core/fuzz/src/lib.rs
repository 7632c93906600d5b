//! What the fuzz targets share: structured inputs, made from whatever the fuzzer gives, and a model of the room for answers.

use std::fmt::Write as _;

use arbitrary::{Arbitrary, Result, Unstructured};
use bachata_core::{BufferTooSmall, JsonStr, Message, TransportMessage, TransportType};
use bachata_tests::{Fields, Payload};

/// A text, most of all of characters that encoders and decoders get wrong.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub struct Text(pub String);

const CHARACTERS: &str = "\"\\/\u{8}\u{c}\n\r\t\0\u{1}\u{1f} \u{7f}\u{80}\u{7ff}\u{800}\u{d7ff}\u{e000}\u{feff}\u{ffff}\
    \u{10000}\u{10ffff}\u{e9}\u{1f600}\u{2028}uabAZ09-{}[]:,";

impl<'a> Arbitrary<'a> for Text {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let characters: Vec<char> = CHARACTERS.chars().collect();
        let mut text = String::new();
        // Up to 40, so that every way of scanning by words and chunks has a whole one and a rest.
        for _ in 0..u.int_in_range(0..=40)? {
            text.push(match u.int_in_range(0..=2)? {
                0 => *u.choose(&characters)?,
                1 => char::from(u.int_in_range(b' '..=b'~')?),
                _ => u.arbitrary()?,
            });
        }
        Ok(Self(text))
    }
}

/// A JSON value in normal form (`P-15`).
#[derive(Clone, Debug)]
pub struct Json(pub String);

impl<'a> Arbitrary<'a> for Json {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let mut json = String::new();
        value(u, &mut json, 6)?;
        Ok(Self(json))
    }
}

fn value(u: &mut Unstructured<'_>, json: &mut String, depth: u8) -> Result<()> {
    match u.int_in_range(0..=if depth > 0 { 9 } else { 7 })? {
        0 => json.push_str(u.choose(&["null", "true", "false", "0", "-0", "\"\""])?),
        1..=2 => write(json, u.arbitrary::<i64>()?),
        3 => number(u, json)?,
        4..=7 => quoted(u, json)?,
        8 => {
            json.push('[');
            for place in 0..u.int_in_range(0..=4)? {
                json.push_str(if place == 0 { "" } else { "," });
                value(u, json, depth - 1)?;
            }
            json.push(']');
        }
        _ => object(u, json, depth - 1)?,
    }
    Ok(())
}

fn object(u: &mut Unstructured<'_>, json: &mut String, depth: u8) -> Result<()> {
    json.push('{');
    for place in 0..u.int_in_range(0..=4)? {
        json.push_str(if place == 0 { "" } else { "," });
        quoted(u, json)?;
        json.push(':');
        value(u, json, depth)?;
    }
    json.push('}');
    Ok(())
}

fn number(u: &mut Unstructured<'_>, json: &mut String) -> Result<()> {
    json.push_str(u.choose(&["", "-"])?);
    write(json, u.arbitrary::<u32>()?);
    if u.arbitrary()? {
        json.push('.');
        write(json, u.arbitrary::<u16>()?);
    }
    if u.arbitrary()? {
        json.push_str(u.choose(&["e", "E", "e+", "E-"])?);
        write(json, u.arbitrary::<u8>()?);
    }
    Ok(())
}

fn quoted(u: &mut Unstructured<'_>, json: &mut String) -> Result<()> {
    let Text(text) = u.arbitrary()?;
    json.push_str(&serde_json::to_string(&text).expect("a string is written"));
    Ok(())
}

fn write(json: &mut String, integer: impl std::fmt::Display) {
    write!(json, "{integer}").expect("a string takes all");
}

/// A message of either kind.
#[derive(Clone, Debug)]
pub struct AnyFields(pub Fields);

impl<'a> Arbitrary<'a> for AnyFields {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let some_text = |u: &mut Unstructured<'a>| -> Result<Option<String>> {
            let text: Option<Text> = u.arbitrary()?;
            Ok(text.map(|Text(text)| text).filter(|text| !text.is_empty()))
        };
        if u.ratio(1, 3)? {
            let kinds = [100, 200, 300, 1000, 1001, 1002, 0, u32::MAX];
            let kind = if u.arbitrary()? {
                *u.choose(&kinds)?
            } else {
                u.arbitrary()?
            };
            let is_receipt = [100, 200, 300].contains(&kind);
            let data = u.arbitrary::<Option<Text>>()?.map(|Text(text)| text);
            return Ok(Self(Fields::Transport {
                kind,
                data: data.or_else(|| is_receipt.then(String::new)),
                sign: some_text(u)?,
            }));
        }
        let (Text(id), Text(kind)) = u.arbitrary()?;
        Ok(Self(Fields::Data {
            id,
            kind,
            time: u.arbitrary()?,
            data: if u.arbitrary()? {
                let mut json = String::new();
                object(u, &mut json, 5)?;
                Payload::Object(json)
            } else {
                Payload::Text(u.arbitrary::<Text>()?.0)
            },
            from: some_text(u)?,
            dest: some_text(u)?,
            sign: some_text(u)?,
        }))
    }
}

/// The bytes that the text of an answer takes, its closing quote included.
pub fn answer_bytes(text: Option<JsonStr<'_>>) -> usize {
    let around = r#"{"type":200,"data":"}"#.len();
    text.map_or(0, |text| {
        TransportMessage::received(text).to_string().len() - around
    })
}

/// What the answer to a message needs, and what either side of delivery has for answers to messages of its kind.
pub struct AnswerRoom {
    needed: usize,
    answers: usize,
    bytes: usize,
}

impl AnswerRoom {
    /// Of a side whose answers have `bytes` for their texts. Those to pings have one place more, and all of the bytes.
    pub fn of(message: &Message<'_>, bytes: usize) -> Self {
        match message {
            Message::Data(message) => Self {
                needed: answer_bytes(Some(message.id())),
                answers: 15,
                bytes: bytes - bytes / 4,
            },
            Message::Transport(message) => {
                assert_eq!(message.kind(), TransportType::Ping);
                Self {
                    needed: answer_bytes(message.data()),
                    answers: 16,
                    bytes,
                }
            }
        }
    }

    /// There is never room for it.
    pub fn check_too_long(&self, error: BufferTooSmall) {
        assert_eq!((error.needed, error.capacity), (self.needed, self.bytes));
        assert!(self.needed > self.bytes);
    }

    /// There is no room for it beside the answers that may wait or are still to be given, of which these are the bytes, but there will be.
    pub fn check_busy(&self, others: impl Iterator<Item = usize>) {
        assert!(self.needed <= self.bytes, "there will never be room");
        let others: Vec<_> = others.collect();
        assert!(
            others.len() >= self.answers || others.iter().sum::<usize>() + self.needed > self.bytes,
            "busy with nothing"
        );
    }
}
