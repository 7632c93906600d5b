//! Any value of types of any shape: written as a payload it is a message, and is read back, by us and by `serde_json`.
#![no_main]

use std::collections::BTreeMap;

use arbitrary::{Arbitrary, Result, Unstructured};
use bachata_core::{BufferTooSmall, DataMessage, EncodeError, Message, Payload, RawObject};
use bachata_fuzz::Text;
use bachata_tests::Dice;
use libfuzzer_sys::fuzz_target;
use serde::{Deserialize, Serialize};

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    on: bool,
    small: (u8, i8, u16, i16),
    large: (u32, i32, u64, i64),
    ratio: Finite<f64>,
    letter: char,
    text: Name,
    nothing: (),
    some: Option<u8>,
    unit: Unit,
    list: Vec<Shape>,
    by_name: BTreeMap<Name, Option<bool>>,
    by_number: BTreeMap<i16, u8>,
    by_colour: BTreeMap<Colour, u8>,
    #[serde(skip_serializing_if = "Option::is_none", default)]
    inside: Option<Box<Everything>>,
}

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Arbitrary, Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Colour {
    Red,
    Green,
}

#[derive(Arbitrary, Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Segment(i8, i8),
    Box { width: u16, height: u16 },
}

#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Name(String);

impl<'a> Arbitrary<'a> for Name {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let Text(text) = u.arbitrary()?;
        Ok(Self(text))
    }
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Finite<F>(F);

impl<'a> Arbitrary<'a> for Finite<f64> {
    fn arbitrary(u: &mut Unstructured<'a>) -> Result<Self> {
        let float: f64 = u.arbitrary()?;
        Ok(Self(if float.is_finite() { float } else { 0.5 }))
    }
}

fuzz_target!(|input: (Everything, Vec<u8>)| {
    let (value, rolls) = input;
    let mut dice = Dice::from(rolls);
    let message = DataMessage::typed("1", "everything", 0, &value).with_dest("x");
    let needed = message.encoded_len().expect("it can be written");
    let mut out = vec![0; needed];
    let frame = message.encode(&mut out).expect("it fits").to_vec();
    let capacity = dice.roll(256) % needed;
    let too_small = EncodeError::BufferTooSmall(BufferTooSmall { needed, capacity });
    assert_eq!(message.encode(&mut out[..capacity]), Err(too_small));

    // What is written is in normal form: parsed and written again it is the same.
    let parsed = Message::parse(&frame).expect("a message");
    assert_eq!(parsed.to_string().as_bytes(), frame);
    let payload = *parsed.as_data().expect("a data message").data();
    let object = payload.as_object().expect("an object");
    assert_eq!(
        payload.parse(&mut vec![0; frame.len()]).as_ref(),
        Ok(&value)
    );
    let spelled = dice.spell(object.as_str());
    let respelled = RawObject::new(spelled.as_bytes()).expect("an object");
    let read = Payload::Object(respelled).parse(&mut vec![0; spelled.len()]);
    assert_eq!(read.as_ref(), Ok(&value));

    let read: Everything = serde_json::from_str(object.as_str()).expect("it is read");
    assert_eq!(read, value);
});
