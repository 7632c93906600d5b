//! All conformance vectors, and the recorded traffic: this crate gives what core gives.

use std::fs;
use std::path::{Path, PathBuf};

use bachata_std::core::{self, MessageBuf};
use bachata_std::{DataMessage, Error, Message, Payload, Policy, RawPayload, ToFrame};
use serde_json::Value;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/vectors")
}

fn lines_of(folder: &Path) -> Vec<String> {
    let files = fs::read_dir(folder).expect("the folder");
    let files = files.map(|entry| entry.expect("an entry").path());
    files
        .filter(|path| path.extension().is_some_and(|name| name == "jsonl"))
        .flat_map(|path| {
            let text = fs::read_to_string(path).expect("a text");
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        })
        .collect()
}

fn frames() -> Vec<Vec<u8>> {
    let recorded = lines_of(&folder().join("recorded"))
        .into_iter()
        .map(String::into_bytes);
    let vectors = lines_of(&folder());
    let frames = vectors.iter().map(|line| {
        let vector: Value = serde_json::from_str(line).expect("a vector");
        match (vector["frame"].as_str(), vector["hex"].as_str()) {
            (Some(frame), None) => frame.as_bytes().to_vec(),
            (None, Some(hex)) => (0..hex.len())
                .step_by(2)
                .map(|at| u8::from_str_radix(&hex[at..at + 2], 16).expect("hexadecimal"))
                .collect(),
            _ => panic!("{line}"),
        }
    });
    let frames: Vec<_> = recorded.chain(frames).collect();
    assert!(frames.len() > 350, "{}", frames.len());
    frames
}

/// The frame of a message without its unknown members.
fn own_members<P: serde::Serialize + 'static>(message: &Message<P>) -> String {
    message.to_core(&mut Vec::new()).unwrap().to_string()
}

#[test]
fn std_accepts_refuses_and_writes_as_core_does() {
    for frame in frames() {
        let shown = frame.escape_ascii();
        for policy in [Policy::Strict, Policy::Reference] {
            let got = Message::<RawPayload>::parse_with(&frame, policy);
            match (core::Message::parse_with(&frame, policy), got) {
                (Ok(expected), Ok(got)) => {
                    assert_eq!(own_members(&got), expected.to_string(), "{shown}");
                    assert_eq!(got.to_core(&mut Vec::new()).unwrap(), expected, "{shown}");
                    let converted = Message::<RawPayload>::try_from(expected).unwrap();
                    assert_eq!(own_members(&converted), expected.to_string(), "{shown}");

                    let mut frame_out = String::new();
                    let envelope = core::Envelope::parse(&frame).unwrap();
                    expected
                        .write_to_with(&mut frame_out, envelope.members())
                        .unwrap();
                    assert_eq!(got.to_frame().unwrap(), frame_out, "{shown}");
                    assert_eq!(
                        Message::parse_with(&frame_out, policy).unwrap(),
                        got,
                        "{shown}"
                    );

                    let buf = MessageBuf::<8192>::parse_with(&frame, policy).unwrap();
                    assert_eq!(
                        Message::<RawPayload>::try_from(&buf).unwrap(),
                        got,
                        "{shown}"
                    );
                    let buf: MessageBuf<8192> = (&got).try_into().unwrap();
                    assert_eq!(buf.frame_str(), frame_out, "{shown}");
                }
                (Err(expected), Err(Error::Parse(got))) => assert_eq!(got, expected, "{shown}"),
                (expected, got) => panic!("{shown}: {expected:?}, {got:?}"),
            }
        }
    }
}

#[test]
fn what_any_payload_takes_comes_back_equal() {
    let mut refused = 0;
    for frame in frames() {
        let shown = frame.escape_ascii();
        let Ok(exact) = Message::<RawPayload>::parse_with(&frame, Policy::Reference) else {
            assert!(Message::<Payload>::parse_with(&frame, Policy::Reference).is_err());
            continue;
        };
        match Message::<Payload>::parse_with(&frame, Policy::Reference) {
            Ok(message) => {
                let dumped = message.to_frame().unwrap();
                assert_eq!(Message::parse(&dumped).unwrap(), message, "{shown}");
                assert_eq!(
                    dumped.parse::<Message>().unwrap().to_string(),
                    dumped,
                    "{shown}"
                );

                // By way of serde, the numbers of unknown members are those of `Value`.
                if !message.extra().is_empty() {
                    continue;
                }
                let json = serde_json::to_string(&message).unwrap();
                assert_eq!(
                    serde_json::from_str::<Message>(&json).unwrap(),
                    message,
                    "{shown}"
                );
                let value = serde_json::to_value(&message).unwrap();
                assert_eq!(
                    serde_json::from_value::<Message>(value).unwrap(),
                    message,
                    "{shown}"
                );
            }
            Err(Error::Payload(error)) => {
                refused += 1;
                // The few that an object can't hold; they are there to be had otherwise.
                let reason = error.reason().to_string();
                let expected = ["duplicate name", "out of range", "beyond 64 bits"];
                assert!(
                    expected.iter().any(|text| reason.contains(text)),
                    "{shown}: {reason}"
                );
                assert!(exact.to_frame().is_ok());
            }
            Err(error) => panic!("{shown}: {error}"),
        }
    }
    assert!((1..10).contains(&refused), "{refused} refused");
}

#[test]
fn a_dynamic_message_can_be_taken_as_its_own_parts() {
    for frame in frames() {
        let Ok(Message::Data(message)) = Message::<Payload>::parse_with(&frame, Policy::Reference)
        else {
            continue;
        };
        let data: Payload = message.data_as().unwrap();
        assert_eq!(&data, message.data());
        let again = DataMessage::new(message.id(), message.kind(), message.time(), data)
            .with_from(message.from().unwrap_or_default())
            .with_dest(message.dest().unwrap_or_default())
            .with_sign(message.sign().unwrap_or_default());
        let mut message = message;
        message.extra_mut().clear();
        assert_eq!(again, message);
    }
}
