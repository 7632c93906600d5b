use std::fmt::Write;

use crate::dice::Dice;

/// Frames of one kind, the same in every run.
pub(crate) struct Corpus {
    pub(crate) name: &'static str,
    /// What its frames are, for the reader of the figures.
    pub(crate) about: &'static str,
    pub(crate) frames: Vec<Vec<u8>>,
}

/// Those that limits are about, and how they are made.
const CORPORA: [(&str, &str, usize, Maker); 6] = [
    ("acks", "transport messages about a UUID", 1000, ack),
    (
        "chat",
        "texts of 5 to 200 characters, 10 % with escapes or beyond ASCII, half signed",
        1000,
        chat,
    ),
    (
        "rich",
        "nested objects, 57 strings and 23 numbers a frame",
        500,
        rich,
    ),
    ("big", "a text of 64 KiB", 16, big),
    ("mixed", "60 % acks, 30 % chat, 10 % rich", 1000, mixed),
    (
        "python",
        "the same mixture with the whitespace and the escapes of Python's json.dumps",
        1000,
        python,
    ),
];

type Maker = fn(&mut Dice) -> String;

impl Corpus {
    pub(crate) fn all() -> Vec<Self> {
        let corpus = |(name, about, frames, make): (_, _, usize, Maker)| {
            let mut dice = Dice::new(0x0ba_c4a7a);
            let frames = (0..frames).map(|_| make(&mut dice).into_bytes()).collect();
            Self {
                name,
                about,
                frames,
            }
        };
        CORPORA.map(corpus).into()
    }

    /// The mean length of a frame, in bytes.
    pub(crate) fn mean_len(&self) -> usize {
        self.frames.iter().map(Vec::len).sum::<usize>() / self.frames.len()
    }
}

fn ack(dice: &mut Dice) -> String {
    let code = dice.pick(&[100, 200, 300]);
    format!(r#"{{"type":{code},"data":"{}"}}"#, dice.uuid())
}

fn chat(dice: &mut Dice) -> String {
    let length = 5 + dice.roll(196) as usize;
    let mut text = words(dice, length);
    if dice.percent(10) {
        let at = text.len() / 2;
        text.insert_str(at, dice.pick(&SPECIAL));
    }
    data_message(dice, "text", &format!("\"{text}\""))
}

fn rich(dice: &mut Dice) -> String {
    let mut data = format!(
        r#"{{"room":"{}","serial":"{}","readings":["#,
        words(dice, 20),
        dice.hex(16)
    );
    for reading in 0..6 {
        let comma = if reading == 0 { "" } else { "," };
        let length = 10 + dice.roll(150) as usize;
        let _infallible = write!(
            data,
            r#"{comma}{{"name":"{}","note":"{}","value":{}.{},"at":{}}}"#,
            dice.pick(&WORDS),
            words(dice, length),
            dice.roll(2000) as i64 - 400,
            dice.roll(100),
            time(dice)
        );
    }
    let _infallible = write!(
        data,
        r#"],"position":{{"lat":{}.{:06},"lon":-{}.{:06}}},"history":[{},{},{},{},{},{},{},{}],"ok":{}}}"#,
        dice.roll(90),
        dice.roll(1_000_000),
        dice.roll(180),
        dice.roll(1_000_000),
        dice.roll(10),
        dice.roll(100),
        dice.roll(1000),
        dice.roll(10_000),
        dice.roll(100_000),
        dice.roll(1_000_000),
        dice.roll(10),
        dice.roll(100),
        dice.percent(50)
    );
    data_message(dice, "readings", &data)
}

fn big(dice: &mut Dice) -> String {
    let text = words(dice, 64 * 1024);
    data_message(dice, "text", &format!("\"{text}\""))
}

fn mixed(dice: &mut Dice) -> String {
    match dice.roll(10) {
        0..6 => ack(dice),
        6..9 => chat(dice),
        _ => rich(dice),
    }
}

/// As the server in Python passes messages on.
fn python(dice: &mut Dice) -> String {
    let frame = mixed(dice);
    let mut spaced = String::new();
    let mut in_text = false;
    let mut before = ' ';
    for c in frame.chars() {
        if c == '"' && before != '\\' {
            in_text = !in_text;
        }
        before = c;
        let mut units = [0; 2];
        match c {
            ',' | ':' if !in_text => spaced.extend([c, ' ']),
            '\u{80}'.. => {
                for unit in c.encode_utf16(&mut units) {
                    let _infallible = write!(spaced, "\\u{unit:04x}");
                }
            }
            c => spaced.push(c),
        }
    }
    spaced
}

fn data_message(dice: &mut Dice, kind: &str, data: &str) -> String {
    let mut frame = format!(
        r#"{{"id":"{}","type":"{kind}","time":{},"data":{data},"from":"{}","dest":"{}""#,
        dice.uuid(),
        time(dice),
        dice.uuid(),
        dice.uuid()
    );
    if dice.percent(50) {
        let _infallible = write!(frame, r#","sign":"{}""#, dice.hex(64));
    }
    frame.push('}');
    frame
}

fn time(dice: &mut Dice) -> u64 {
    1_763_769_600_000 + dice.roll(100_000_000_000)
}

/// So many characters of words.
fn words(dice: &mut Dice, length: usize) -> String {
    let mut text = String::new();
    while text.len() < length {
        text.push_str(dice.pick(&WORDS));
        text.push(dice.pick(&[' ', ' ', ' ', ' ', ' ', ',', '.']));
    }
    text.truncate(length);
    text
}

const WORDS: [&str; 32] = [
    "the",
    "message",
    "of",
    "kitchen",
    "and",
    "to",
    "lamp",
    "is",
    "in",
    "temperature",
    "that",
    "it",
    "dance",
    "was",
    "for",
    "on",
    "are",
    "with",
    "they",
    "be",
    "at",
    "window",
    "have",
    "this",
    "from",
    "evening",
    "had",
    "by",
    "humidity",
    "word",
    "but",
    "server",
];

/// What is not plain in a tenth of the texts.
const SPECIAL: [&str; 6] = [
    "\\n",
    "\\\"quoted\\\"",
    "caf\u{e9}",
    "\u{1f600}",
    "caf\\u00e9",
    "\\ud83d\\ude00",
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corpora_are_what_they_are_said_to_be() {
        let mut means = Vec::new();
        for corpus in Corpus::all() {
            means.push((corpus.name, corpus.mean_len()));
            for frame in &corpus.frames {
                serde_json::from_slice::<serde_json::Value>(frame).unwrap();
            }
        }
        let expected = [
            ("acks", 58..59),
            ("chat", 315..340),
            ("rich", 1200..1400),
            ("big", 65_700..66_000),
            ("mixed", 240..290),
            ("python", 240..310),
        ];
        for ((name, range), (found, mean)) in expected.iter().zip(&means) {
            assert_eq!(name, found);
            assert!(range.contains(mean), "{name}: {mean}");
        }
    }

    #[test]
    fn rich_frames_have_57_strings_and_23_numbers() {
        let corpus = Corpus::all().swap_remove(2);
        let (mut strings, mut numbers) = (0, 0);
        for frame in &corpus.frames {
            count(
                &serde_json::from_slice(frame).unwrap(),
                &mut strings,
                &mut numbers,
            );
        }
        let frames = corpus.frames.len();
        assert_eq!((strings + frames / 2) / frames, 57);
        assert_eq!(numbers / frames, 23);
    }

    fn count(value: &serde_json::Value, strings: &mut usize, numbers: &mut usize) {
        match value {
            serde_json::Value::String(_) => *strings += 1,
            serde_json::Value::Number(_) => *numbers += 1,
            serde_json::Value::Array(values) => {
                values.iter().for_each(|v| count(v, strings, numbers));
            }
            serde_json::Value::Object(members) => members.values().for_each(|v| {
                *strings += 1;
                count(v, strings, numbers);
            }),
            _ => {}
        }
    }
}
