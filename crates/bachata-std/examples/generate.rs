//! Writes messages of all kinds, as many as it is told, the same ones each time.
//!
//!     cargo run --example generate 10

use std::env;
use std::io::stdout;

use bachata_std::{DataMessage, Error, FrameWriter, Message, Payload, TransportMessage};
use serde_json::{Value, json};

fn main() -> Result<(), Error> {
    let count = env::args()
        .nth(1)
        .and_then(|count| count.parse().ok())
        .unwrap_or(10);
    let mut numbers = Numbers(1);
    let mut writer = FrameWriter::new(stdout().lock());
    for _ in 0..count {
        writer.write(&message(&mut numbers)?)?;
    }
    writer.flush()
}

fn message(numbers: &mut Numbers) -> Result<Message, Error> {
    if numbers.below(4) == 0 {
        let kind: u32 = numbers.one_of(&[100, 200, 300, 1000, 1001, 1002, 4711, u32::MAX]);
        let data = numbers.one_of(&TEXTS);
        let message = match TransportMessage::without_data(kind) {
            Some(message) if data.is_empty() => message,
            _ => TransportMessage::new(kind, data),
        };
        return Ok(message
            .with_sign(numbers.one_of(&TEXTS))
            .with_extra("id", "p1")?
            .into());
    }
    let data = match numbers.below(2) {
        0 => numbers.one_of(&TEXTS).into(),
        _ => Payload::try_from(json!({
            "text": numbers.one_of(&TEXTS),
            "deep": { "z": [value(numbers), value(numbers)], "a": value(numbers) },
            "": value(numbers),
        }))?,
    };
    let message = DataMessage::new(
        numbers.one_of(&TEXTS),
        numbers.one_of(&["direct", "group", "1001", "café"]),
        numbers.one_of(&[0, 1_763_769_600_123, -1, i64::MIN, i64::MAX]),
        data,
    )
    .with_from(numbers.one_of(&TEXTS))
    .with_dest(numbers.one_of(&TEXTS))
    .with_sign(numbers.one_of(&TEXTS));
    Ok(match numbers.below(3) {
        0 => message.with_extra("x-trace", &value(numbers))?.into(),
        _ => message.into(),
    })
}

fn value(numbers: &mut Numbers) -> Value {
    numbers.one_of(&[
        json!(null),
        json!(true),
        json!(u64::MAX),
        json!(i64::MIN),
        json!(-0.5),
        json!([]),
        json!({}),
        json!("\u{7f}\u{2028}"),
    ])
}

const TEXTS: [&str; 5] = [
    "",
    "m1",
    "café 日本語 😀",
    "\"\\/\n\0\u{1f}\u{7f}",
    "0a1b2c",
];

/// Numbers that look random, by xorshift.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % end as u64) as usize
    }

    fn one_of<T: Clone>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len())].clone()
    }
}
