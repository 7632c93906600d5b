//! Objects as peers write them, compact or with a space after commas and colons, of strings that fill blocks of the scanner, with a few bytes changed: taken where
//! `serde_json` takes them, and with the same normal form.
#![no_main]

use arbitrary::Arbitrary;
use bachata_core::RawJson;
use bachata_tests::{normal_form, read_json};
use libfuzzer_sys::fuzz_target;
use serde::de::IgnoredAny;
use serde_json::value::RawValue;

#[derive(Arbitrary, Debug)]
struct Input {
    spaced: bool,
    tokens: Vec<Token>,
}

#[derive(Arbitrary, Debug)]
enum Token {
    Open {
        is_object: bool,
    },
    Close,
    Text(Inside),
    Number(i32),
    /// One of those that follow no rule of length.
    Other(u8),
}

/// A string: plain, then something, then plain again.
#[derive(Arbitrary, Debug)]
struct Inside {
    before: u8,
    special: u8,
    after: u8,
}

fuzz_target!(|input: Input| {
    let text = Writer::write(&input).into_bytes();
    // The space before an object tells which form it is of.
    let before: &[u8] = if input.spaced { b" " } else { b"" };
    let check = |text: &[u8]| check(&[before, text].concat());
    check(&text);
    // Where blocks meet, each change of a byte: of many blocks not everywhere, as each takes as long as the text is.
    let every = (text.len() / BLOCK).div_ceil(EDGES).max(1);
    let beside_edge = |at: &usize| (at + 2) % BLOCK < 5 && (at + 2) / BLOCK % every == 0;
    for at in (0..text.len()).filter(beside_edge) {
        check(&text[..at]);
        let mut changed = text.clone();
        for &byte in BYTES {
            changed[at] = byte;
            check(&changed);
        }
        changed[at] = text[at];
        changed.insert(at, b' ');
        for &byte in BYTES {
            changed[at] = byte;
            check(&changed);
        }
        changed.drain(at..at + 2);
        check(&changed);
    }
});

/// One of each kind that is told apart outside of strings, and some that are inside.
const BYTES: &[u8] = b"{}[],:\"\\ \n0-.eu\x80\xc3\xed";

fn check(text: &[u8]) {
    let raw = RawJson::new(text);
    // It takes halves of surrogates, and numbers beyond f64, and is fast.
    let ignored = serde_json::from_slice::<IgnoredAny>(text).is_ok();
    if raw.is_ok() != ignored {
        let value = read_json(text).is_ok();
        assert_eq!(raw.is_ok(), value, "{raw:?}: {}", text.escape_ascii());
    }
    let Ok(raw) = raw else { return };
    if let Ok(value) = serde_json::from_slice::<&RawValue>(text) {
        assert_eq!(raw.as_str(), value.get());
        assert_eq!(raw.to_string(), normal_form(value));
    }
}

/// How many bytes the scanner looks at in one step.
const BLOCK: usize = 64;

/// At how many of the edges between blocks a text is changed.
const EDGES: usize = 4;

/// From how many bytes on a text gets no more tokens.
const LONG: usize = 16 * BLOCK;

/// A place beside the first edge of a block from `from` on.
fn near_edge(which: usize, from: usize) -> usize {
    (from + 3).next_multiple_of(BLOCK) + which % 5 - 3
}

struct Writer {
    text: String,
    spaced: bool,
    /// Whether each open container is an object.
    open: Vec<bool>,
    is_first: bool,
}

impl Writer {
    fn write(input: &Input) -> String {
        let mut writer = Self {
            text: "{".into(),
            spaced: input.spaced,
            open: vec![true],
            is_first: true,
        };
        for token in &input.tokens {
            if writer.text.len() >= LONG {
                break;
            }
            writer.token(token);
        }
        while !writer.open.is_empty() {
            writer.close();
        }
        writer.text
    }

    fn token(&mut self, token: &Token) {
        match token {
            // A value by itself may be nested less deep than `serde_json` takes it (`P-3`).
            Token::Open { .. } if self.open.len() > 120 => return,
            Token::Close => {
                if self.open.len() > 1 {
                    self.close();
                }
                return;
            }
            // What is in an object needs a name: those of texts are texts, so that names are long, too.
            Token::Text(inside) => self.element(inside),
            Token::Open { .. } | Token::Number(_) | Token::Other(_) => self.element(&Inside {
                before: 3,
                special: 0,
                after: 0,
            }),
        }
        match token {
            Token::Open { is_object } => {
                self.text.push(if *is_object { '{' } else { '[' });
                self.open.push(*is_object);
                self.is_first = true;
            }
            Token::Text(inside) => self.string(inside),
            Token::Number(number) => self.text.push_str(&number.to_string()),
            Token::Other(which) => {
                const OTHERS: [&str; 8] = [
                    "true",
                    "false",
                    "null",
                    "-0",
                    "1.5",
                    "2e9",
                    "0.1E-7",
                    "12345678901234567890",
                ];
                self.text
                    .push_str(OTHERS[usize::from(*which) % OTHERS.len()]);
            }
            Token::Close => {}
        }
    }

    /// What stands before an element.
    fn element(&mut self, name: &Inside) {
        if !self.is_first {
            self.separate(',');
        }
        self.is_first = false;
        if self.open.last() == Some(&true) {
            self.string(name);
            self.separate(':');
        }
    }

    fn separate(&mut self, by: char) {
        self.text.push(by);
        if self.spaced {
            self.text.push(' ');
        }
    }

    fn string(&mut self, inside: &Inside) {
        const SPECIALS: [&str; 16] = [
            "",
            "",
            "\\n",
            "\\\"",
            "\\\\",
            "\\u00e9",
            "\\ud83d\\ude00",
            "\u{e9}",
            "\u{20ac}",
            "\u{1f600}",
            "\u{800}",
            "\u{d7ff}",
            "\u{10ffff}",
            "{\\\\}",
            ",:[]",
            "\\/\\b\\f\\r\\t",
        ];
        self.text.push('"');
        self.fill(inside.before);
        self.text
            .push_str(SPECIALS[usize::from(inside.special) % SPECIALS.len()]);
        self.fill(inside.after);
        self.text.push('"');
    }

    /// A few characters, or as many as it takes to the edge of a block, of the next or of the one after that.
    fn fill(&mut self, by: u8) {
        let by = usize::from(by);
        let end = match by {
            0..100 => self.text.len() + by,
            100..200 => near_edge(by, self.text.len()),
            _ => near_edge(by, self.text.len() + BLOCK),
        };
        let count = end - self.text.len();
        self.text.push_str(&"x".repeat(count));
    }

    fn close(&mut self) {
        let is_object = self.open.pop().unwrap_or(true);
        self.text.push(if is_object { '}' } else { ']' });
        self.is_first = false;
    }
}
