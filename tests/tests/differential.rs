//! Core against `serde_json`: the same frames are accepted, with the same values, and errors are at the byte where
//! `serde_json` agrees that the frame could no longer be completed. The only differences are those that the protocol
//! names: numbers beyond f64 (`P-3`), of which `read_json` takes care, and repeated members (`P-4`), which `Model` finds.

use std::str;
use std::sync::atomic::{AtomicUsize, Ordering};

use bachata_core::{JsonKind, Message, ParseErrorKind, RawJson};
use bachata_tests::{SAMPLES, check, on_all_cores, read_json, vectors};
use serde::de::IgnoredAny;
use serde_json::Value;

#[test]
fn every_string_of_three_bytes_as_data() {
    on_all_cores(0x101, |first| match u8::try_from(first) {
        Ok(first) => {
            three_bytes(&[first]);
            for second in 0..=u8::MAX {
                three_bytes(&[first, second]);
                for third in 0..=u8::MAX {
                    three_bytes(&[first, second, third]);
                }
            }
        }
        Err(_) => three_bytes(b""),
    });
}

fn three_bytes(data: &[u8]) {
    const HEAD: &[u8] = br#"{"id":"1","type":"t","time":1,"data":"#;
    let mut room = [0; HEAD.len() + 4];
    let frame = &mut room[..HEAD.len() + data.len() + 1];
    frame[..HEAD.len()].copy_from_slice(HEAD);
    frame[HEAD.len()..][..data.len()].copy_from_slice(data);
    frame[HEAD.len() + data.len()] = b'}';
    let frame = &*frame;

    let got = Message::parse(frame);
    let Ok(value) = serde_json::from_slice::<Value>(frame) else {
        let is_syntax_error = got.is_err_and(|error| {
            !JUDGEMENTS.contains(&error.kind()) && error.offset() <= frame.len()
        });
        assert!(is_syntax_error, "{got:?}: {}", frame.escape_ascii());
        if data.len() < 3 {
            check(frame);
        }
        return;
    };
    match (&value["data"], got) {
        (Value::String(_) | Value::Object(_), Ok(_)) => {}
        (Value::String(_) | Value::Object(_), Err(_)) | (_, Ok(_)) => {
            panic!("{got:?}: {}", frame.escape_ascii())
        }
        (_, Err(error)) => {
            let expected = ParseErrorKind::ExpectedStringOrObject;
            assert_eq!(error.kind(), expected, "{}", frame.escape_ascii());
        }
    }
    check(frame);
}

/// The kinds of errors in a frame that is JSON.
const JUDGEMENTS: [ParseErrorKind; 6] = [
    ParseErrorKind::MissingMember,
    ParseErrorKind::ExpectedString,
    ParseErrorKind::ExpectedInteger,
    ParseErrorKind::ExpectedStringOrInteger,
    ParseErrorKind::ExpectedStringOrObject,
    ParseErrorKind::OutOfRange,
];

/// Whole words and halves of surrogates are symbols, so that six of them go far.
const SYMBOLS: [&str; 20] = [
    "{", "}", "[", "]", ",", ":", "\"", "\\", "0", "1", "-", "+", ".", "e", "true", "null", " ",
    "\\u", "d800", "dc00",
];

/// Calls `each` with every string of at most `length` symbols.
fn every_string(length: u32, each: impl Fn(&[u8]) + Sync) {
    fn extend(text: &mut Vec<u8>, length: u32, each: &impl Fn(&[u8])) {
        each(text);
        if length > 0 {
            let before = text.len();
            for symbol in SYMBOLS {
                text.extend(symbol.as_bytes());
                extend(text, length - 1, each);
                text.truncate(before);
            }
        }
    }
    each(b"");
    on_all_cores(SYMBOLS.len().pow(2), |number| {
        let (first, second) = (number / SYMBOLS.len(), number % SYMBOLS.len());
        let mut text = SYMBOLS[first].as_bytes().to_vec();
        if second == 0 {
            each(&text);
        }
        text.extend(SYMBOLS[second].as_bytes());
        extend(&mut text, length - 2, &each);
    });
}

#[test]
fn every_string_of_six_symbols_as_a_value() {
    every_string(6, |text| {
        let (raw, value) = match (RawJson::new(text), read_json(text)) {
            (Ok(raw), Ok(value)) => (raw, value),
            (Err(error), Err(_)) if error.offset() <= text.len() => return,
            (got, expected) => panic!("{got:?}, {expected:?}: {}", text.escape_ascii()),
        };
        let kind = match value {
            Value::Null => JsonKind::Null,
            Value::Bool(_) => JsonKind::Bool,
            Value::Number(_) => JsonKind::Number,
            Value::String(_) => JsonKind::String,
            Value::Array(_) => JsonKind::Array,
            Value::Object(_) => JsonKind::Object,
        };
        assert_eq!(raw.kind(), kind, "{}", text.escape_ascii());
        assert_eq!(raw.as_str(), str::from_utf8(text).unwrap().trim());
        let decoded = raw.as_text().map(|text| text.to_string());
        assert_eq!(
            decoded.as_deref(),
            value.as_str(),
            "{}",
            text.escape_ascii()
        );
        let normal = read_json(raw.to_string().as_bytes()).ok();
        assert_eq!(normal, Some(value), "{raw} of {}", text.escape_ascii());
    });
}

/// How many bytes at most are looked at in one step, anywhere.
const BLOCK: usize = 64;

#[test]
fn every_string_of_symbols_at_every_place_of_a_block() {
    // After a space, spaces are looked for in an object, too.
    const HEADS: [&str; 7] = [
        r#"{"@":"#,
        r#"{"@":[0,"#,
        r#"{"@":0,"#,
        r#"{"":"@"#,
        r#" {"@": "#,
        r#" {"@": [0, "#,
        r#" {"@": 0, "#,
    ];
    const TAILS: [&str; 6] = ["}", "\"}", "]}", "\"]}", "\":0}", "0}"];
    let accepted = AtomicUsize::new(0);
    let compare = |text: &[u8]| {
        let raw = RawJson::new(text).is_ok();
        // It is fast, but takes halves of surrogates.
        let ignored = serde_json::from_slice::<IgnoredAny>(text).is_ok();
        if raw != ignored {
            let value = read_json(text).is_ok();
            assert_eq!(raw, value, "{}", text.escape_ascii());
        }
        accepted.fetch_add(raw.into(), Ordering::Relaxed);
    };
    for before in 0..BLOCK {
        for head in HEADS.map(|head| head.replace('@', &"k".repeat(before))) {
            // What follows is as long as to begin, fill and end blocks of its own.
            for (symbols, after) in [(3, 0), (2, BLOCK - 2), (2, BLOCK - 1), (2, 2 * BLOCK - 1)] {
                let tails = TAILS.map(|tail| format!("{}{tail}", "x".repeat(after)));
                every_string(symbols, |text| {
                    for tail in &tails {
                        compare(&[head.as_bytes(), text, tail.as_bytes()].concat());
                    }
                });
            }
        }
    }
    assert!(accepted.into_inner() > 100_000);
}

#[test]
fn every_string_of_four_symbols_in_every_place() {
    for frame in [
        r#"{"id":"1","type":"t","time":1,"data":@}"#,
        r#"{"id":"1","time":@,"data":"","type":"t"}"#,
        r#"{"type":@,"data":"1"}"#,
        r#"{"type":1001,"x":{"y":[@]}}"#,
        r#"{"type":1001@}"#,
        r#"{"type":1001,"@":0}"#,
        r#"@{"type":1001}"#,
        r#"{"type":1001}@"#,
    ] {
        let (head, tail) = frame.split_once('@').expect("a place");
        every_string(4, |text| {
            check(&[head.as_bytes(), text, tail.as_bytes()].concat());
        });
    }
}

#[test]
fn every_truncation_of_the_samples() {
    for frame in SAMPLES {
        check(frame);
        for length in 0..frame.len() {
            let cut = &frame[..length];
            check(cut);
            let error = Message::parse(cut).map_err(|error| (error.kind(), error.offset()));
            let expected = (ParseErrorKind::UnexpectedEnd, length);
            assert_eq!(error.err(), Some(expected), "{}", cut.escape_ascii());
        }
    }
}

#[test]
fn every_change_of_a_byte_of_the_samples() {
    for frame in SAMPLES {
        on_all_cores(frame.len(), |at| {
            let mut changed = frame.to_vec();
            for byte in 0..=u8::MAX {
                changed[at] = byte;
                check(&changed);
            }
            changed.remove(at);
            check(&changed);
        });
    }
}

/// One byte of each kind that JSON tells apart.
const KINDS_OF_BYTES: &[u8] =
    b"{}[],:\"\\/ \n\t\0ut0n1-+.eEdXN\x7f\x80\xbf\xc3\xe0\xed\xf0\xf4\xff";

#[test]
fn every_vector_with_a_byte_changed_inserted_or_taken_out() {
    let vectors = vectors();
    on_all_cores(vectors.len(), |number| {
        let frame = &vectors[number].frame;
        check(frame);
        // The long ones nest one thing over and over.
        for at in (0..frame.len()).filter(|at| *at < 100 || at % 16 == 0) {
            let mut changed = frame.clone();
            for &byte in KINDS_OF_BYTES {
                changed[at] = byte;
                check(&changed);
            }
            changed.insert(at, b' ');
            for &byte in KINDS_OF_BYTES {
                changed[at] = byte;
                check(&changed);
            }
            changed.drain(at..at + 2);
            check(&changed);
        }
    });
}

/// Values for each member, `@` for its absence: of every type, at the limits of their ranges, and escaped.
const VALUES: [(&str, &str); 7] = [
    (
        "type",
        r#"@ null "t" "" 100 200 300 1000 1001 1002 -0 7 -1 4294967295 4294967296 18446744073709551616 100.0 1e2 true {}"#,
    ),
    ("id", r#"@ null "1" "" "\u00e9" 1 {}"#),
    (
        "time",
        r#"@ null 0 -0 9223372036854775807 -9223372036854775808 9223372036854775808 -9223372036854775809 1.0 1e3 "1" []"#,
    ),
    ("data", r#"@ null "x" "" {"a":[1.0]} [] 1 false"#),
    ("from", r#"@ null "" "f" 1"#),
    ("dest", r#"@ null "" "\ud83d\ude00" {}"#),
    ("sign", r#"@ null "" "s" true"#),
];

#[test]
fn every_combination_of_members_and_values() {
    let values = VALUES.map(|(name, values)| (name, values.split(' ').collect::<Vec<_>>()));
    let combinations = values.iter().map(|(_, values)| values.len()).product();
    on_all_cores(combinations, |number| {
        let mut rest = number;
        let mut members = Vec::new();
        for (name, values) in &values {
            let value = values[rest % values.len()];
            rest /= values.len();
            if value != "@" {
                members.push(format!("\"{name}\":{value}"));
            }
        }
        // Their order must not matter.
        let start = number % members.len().max(1);
        members.rotate_left(start);
        check(format!("{{{}}}", members.join(",")).as_bytes());
    });
}

/// Known names, escaped ones, and some that are almost known.
const NAMES: &str = r#""id" "type" "time" "data" "from" "dest" "sign" "x" "" "\u0069d" "\u0074ype"
    "\u0074\u0069\u006D\u0065" "dat\u0061" "fro\u006d" "d\u0065st" "sig\u006E" "ID" "idx" "i" "types"
    "xtype" "idid" "tim\u00e9" "typ\u0065\u0000" "\u0000id" "\u0000\u0000id" "\u0169\u0164" "\/id" "i\\d"
    "\u6964" "\u7479pe" "\u0174ype""#;

#[test]
fn every_name_of_up_to_four_of_some_bytes() {
    const BYTES: &[u8] = b"\0\x01\x7f\xff idtyp\"\\";
    for length in 0..=4 {
        for number in 0..BYTES.len().pow(length) {
            let bytes =
                (0..length).map(|place| BYTES[number / BYTES.len().pow(place) % BYTES.len()]);
            let name: Vec<u8> = bytes.collect();
            check(&[b"{\"", &name[..], b"\":1001}"].concat());
        }
    }
}

#[test]
fn every_pair_of_names() {
    let values = [
        ("1001", "\"\""),
        ("\"\"", "null"),
        ("\"\"", "\"\""),
        ("0", "{}"),
    ];
    for first in NAMES.split_whitespace() {
        for second in NAMES.split_whitespace() {
            for between in ["", r#""y":{"id":1,"id":2},"#] {
                for (a, b) in values {
                    let start = format!("{{{first}:{a},{between}{second} :{b}");
                    for end in ["", r#","id":"""#, r#","type":7"#, r#","data":"","time":1"#] {
                        check(format!("{start}{end}}}").as_bytes());
                    }
                    for length in 0..start.len() {
                        check(&start.as_bytes()[..length]);
                    }
                }
            }
        }
    }
}
