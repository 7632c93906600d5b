//! What `ci/sign` needs of Rust:
//!
//!     signing messages COUNT           prints frames without signatures, whose payloads survive being written anew
//!     signing sign SCHEME KEYFILE      signs the frames on standard input
//!     signing objects COUNT            prints objects, as strings, with the warnings about each

use std::io::{self, BufRead as _, Write as _};
use std::{env, fs};

use bachata_core::{HmacSha256, Message, Payload, RawObject, Sign, Signature, TokenSha256};
use bachata_tests::{Fields, fields, kebab_case};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};

fn main() -> io::Result<()> {
    let args: Vec<_> = env::args().skip(1).collect();
    let args: Vec<_> = args.iter().map(String::as_str).collect();
    let mut out = io::stdout().lock();
    match args[..] {
        ["messages", count] => {
            let signable = messages().filter(|fields| payload_survives(&fields.message()));
            for fields in signable.take(count.parse().expect("a count")) {
                writeln!(out, "{}", fields.message())?;
            }
        }
        ["sign", scheme, path] => {
            let key = fs::read(path)?;
            let key = key.strip_suffix(b"\n").unwrap_or(&key);
            match scheme {
                HmacSha256::NAME => sign(&HmacSha256::new(key).expect("a key"))?,
                TokenSha256::NAME => sign(&TokenSha256::new(key).expect("a token"))?,
                _ => panic!("no scheme {scheme}"),
            }
        }
        ["objects", count] => {
            for object in generated(object()).take(count.parse().expect("a count")) {
                let object = RawObject::new(object.as_bytes()).expect("an object");
                let warnings = Payload::from(object).sign_warnings();
                let warnings: Vec<_> = warnings.map(|warning| kebab_case(warning.kind())).collect();
                let line = serde_json::json!({"data": object.as_str(), "warnings": warnings});
                writeln!(out, "{line}")?;
            }
        }
        _ => panic!("usage: signing messages COUNT | sign SCHEME KEYFILE | objects COUNT"),
    }
    Ok(())
}

fn sign<S: Sign<Signature = Signature>>(key: &S) -> io::Result<()> {
    let mut out = io::stdout().lock();
    for line in io::stdin().lock().lines() {
        let line = line?;
        let message = Message::parse(line.as_bytes()).expect("a message");
        let Ok(signature) = message.sign_with(key) else {
            panic!("no signature");
        };
        match message {
            Message::Data(message) => writeln!(out, "{}", message.with_sign(&signature))?,
            Message::Transport(message) => writeln!(out, "{}", message.with_sign(&signature))?,
        }
    }
    Ok(())
}

/// Values of a strategy, the same in every run.
fn generated<S: Strategy>(strategy: S) -> impl Iterator<Item = S::Value> {
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    std::iter::from_fn(move || Some(strategy.new_tree(&mut runner).expect("a value").current()))
}

/// Messages without signatures, and times that all can hold.
fn messages() -> impl Iterator<Item = Fields> {
    generated(fields()).map(|mut fields| {
        match &mut fields {
            Fields::Data { time, sign, .. } => {
                *time >>= 11;
                *sign = None;
            }
            Fields::Transport { sign, .. } => *sign = None,
        }
        fields
    })
}

fn payload_survives(message: &Message<'_>) -> bool {
    let payload = message.as_data().map(|message| *message.data());
    payload.unwrap_or_default().sign_warnings().next().is_none()
}

/// Objects with all that gets changed, more often than by chance.
fn object() -> BoxedStrategy<String> {
    let name = prop_oneof![
        select(vec![
            "a",
            "b",
            "1",
            "2",
            "10",
            "01",
            "-1",
            "1.0",
            "",
            "4294967294",
            "4294967295"
        ])
        .prop_map(str::to_owned),
        "[a-c0-2]{0,3}",
    ];
    let number = prop_oneof![
        3 => "-?(0|[1-9][0-9]{0,19})",
        3 => "-?(0|[1-9][0-9]{0,8})[.][0-9]{1,9}",
        1 => "-?(0|[1-9][0-9]{0,18})[.][0-9]{1,19}",
        1 => "-?0[.]0{1,8}[0-9]{1,16}",
        1 => "-?(0|[1-9])([.][0-9]{1,3})?[eE][+-]?[0-9]{1,3}",
        1 => any::<f64>().prop_filter("finite", |float| float.is_finite()).prop_map(|float| format!("{float}")),
        2 => any::<f32>().prop_filter("finite", |float| float.is_finite()).prop_map(|float| format!("{float}")),
    ];
    let leaf = prop_oneof![
        number,
        select(vec!["null", "true", "\"1.0\"", "\"x\\\"{1:\"", "{}", "[]"]).prop_map(str::to_owned),
    ];
    let value = leaf.prop_recursive(3, 8, 3, {
        let name = name.clone();
        move |value| {
            let members = vec((name.clone(), value.clone()), 0..4).prop_map(braced);
            prop_oneof![
                members,
                vec(value, 0..3).prop_map(|values| format!("[{}]", values.join(",")))
            ]
        }
    });
    vec((name, value), 0..4).prop_map(braced).boxed()
}

fn braced(members: Vec<(String, String)>) -> String {
    let members = members
        .iter()
        .map(|(name, value)| format!("\"{name}\":{value}"));
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}
