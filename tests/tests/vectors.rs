//! Every conformance vector in every implementation.

use std::collections::BTreeSet;

use bachata_core::{Envelope, Message, MessageBuf, MessageKind, ParseErrorKind, Policy, Route};
use bachata_tests::{
    Expected, ExpectedMessage, Fault, Fields, Model, Payload, Vector, kebab_case, vectors,
};
use serde_json::Value;

/// An implementation: reads a frame and writes what it has read.
type Implementation = fn(&[u8], Policy) -> Result<Read, Refused>;

/// The implementations, to which others are added here.
const IMPLEMENTATIONS: [(&str, Implementation); 4] = [
    ("Message", message),
    ("Envelope", envelope),
    ("MessageBuf", message_buf),
    // It does not know core: where it disagrees with a vector, it is the vector that may be wrong.
    ("the model on serde_json", model),
];

/// What an implementation makes of a frame that it accepts.
struct Read {
    fields: Fields,
    output: String,
}

/// Why an implementation refuses a frame, as far as it tells.
type Refused = Option<Fault>;

fn message(frame: &[u8], policy: Policy) -> Result<Read, Refused> {
    let message = Message::parse_with(frame, policy).map_err(|error| Some(error.into()))?;
    Ok(read(message))
}

fn envelope(frame: &[u8], policy: Policy) -> Result<Read, Refused> {
    let envelope = Envelope::parse(frame).map_err(|error| Some(error.into()))?;
    assert_eq!(envelope.frame(), frame);
    let message = envelope.message(policy);
    message.map(read).map_err(|error| Some(error.into()))
}

fn read(message: Message<'_>) -> Read {
    let mut room = vec![0; message.encoded_len()];
    let output = message.encode(&mut room).expect("room for encoded_len");
    assert_eq!(output.len(), message.encoded_len(), "{message}");
    Read {
        output: String::from_utf8(output.to_vec()).expect("UTF-8"),
        fields: message.into(),
    }
}

/// Larger than every frame together with its texts.
type Buf = MessageBuf<4096>;

fn message_buf(frame: &[u8], policy: Policy) -> Result<Read, Refused> {
    let buf = Buf::parse_with(frame, policy).map_err(|error| match error {
        bachata_core::MessageBufError::Parse(error) => Some(Fault::from(error)),
        bachata_core::MessageBufError::Capacity(error) => panic!("{error}"),
    })?;
    assert_eq!(buf.frame(), frame);
    assert_eq!(Ok(buf.message()), Message::parse_with(frame, policy));
    let encoded = Buf::try_from(buf.message()).expect("room for the encoded message");
    assert_eq!(encoded, buf);
    Ok(Read {
        fields: Fields::from(&buf),
        output: encoded.frame_str().to_owned(),
    })
}

fn model(frame: &[u8], policy: Policy) -> Result<Read, Refused> {
    let fields = Model::of(frame).ok_or(None)?.message(policy)?;
    Ok(Read {
        output: fields.encoded(),
        fields,
    })
}

#[test]
fn every_vector_holds_in_every_implementation() {
    let mut failures = Vec::new();
    for vector in vectors() {
        for &policy in &vector.policies {
            for (name, implementation) in IMPLEMENTATIONS {
                if let Err(failure) = judge(&vector, implementation(&vector.frame, policy)) {
                    failures.push(format!(
                        "{} \"{}\", {name}, {policy:?}: {failure}\n    {}",
                        vector.file,
                        vector.name,
                        vector.frame.escape_ascii()
                    ));
                }
            }
        }
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

fn judge(vector: &Vector, got: Result<Read, Refused>) -> Result<(), String> {
    match (&vector.expected, got) {
        (Ok(expected), Ok(read)) => {
            let fields = fields(expected, &read.fields);
            if fields != read.fields {
                return Err(format!("expected {fields:?}, got {:?}", read.fields));
            }
            if expected.output != read.output {
                return Err(format!("expected {}, got {}", expected.output, read.output));
            }
            Ok(())
        }
        (Err(expected), Err(Some(got))) if *expected != got => {
            Err(format!("expected {expected:?}, got {got:?}"))
        }
        (Err(_), Err(_)) => Ok(()),
        (Ok(_), Err(got)) => Err(format!("refused: {got:?}")),
        (Err(expected), Ok(read)) => Err(format!(
            "expected {expected:?}, accepted: {:?}",
            read.fields
        )),
    }
}

/// The fields that a vector expects. An object that it gives as a value takes the text of `got` if that is the same value.
fn fields(expected: &Expected, got: &Fields) -> Fields {
    match expected.message.clone() {
        ExpectedMessage::Data {
            id,
            kind,
            time,
            data,
            data_text,
            from,
            dest,
            sign,
        } => Fields::Data {
            id,
            kind,
            time,
            data: match (data, data_text) {
                (Some(Value::String(text)), None) => Payload::Text(text),
                (Some(value), None) => Payload::Object(text_of(&value, got)),
                (None, Some(text)) => Payload::Object(text),
                both => panic!("either `data` or `data_text`: {both:?}"),
            },
            from,
            dest,
            sign,
        },
        ExpectedMessage::Transport { kind, data, sign } => Fields::Transport { kind, data, sign },
    }
}

fn text_of(value: &Value, got: &Fields) -> String {
    match got {
        Fields::Data {
            data: Payload::Object(text),
            ..
        } if serde_json::from_str::<Value>(text).is_ok_and(|got| got == *value) => text.clone(),
        _ => value.to_string(),
    }
}

#[test]
fn route_tells_kind_and_destination_and_refuses_alike() {
    for vector in vectors() {
        for &policy in &vector.policies {
            let (name, frame) = (&vector.name, vector.frame.escape_ascii());
            let route = match (&vector.expected, Route::parse(&vector.frame, policy)) {
                (Ok(_), Ok(route)) => route,
                (Err(expected), Err(error)) => {
                    assert_eq!(*expected, error.into(), "{name}, {policy:?}: {frame}");
                    continue;
                }
                (_, got) => panic!("{name}, {policy:?}: {got:?}: {frame}"),
            };
            let dest = route.dest().map(|dest| dest.to_string());
            let got = match route.kind() {
                MessageKind::Data(kind) => (Some(kind.to_string()), None, dest),
                MessageKind::Transport(kind) => (None, Some(kind.code()), dest),
            };
            let expected = vector.expected.clone().expect("it was accepted");
            let expected = match expected.message {
                ExpectedMessage::Data { kind, dest, .. } => (Some(kind), None, dest),
                ExpectedMessage::Transport { kind, .. } => (None, Some(kind), None),
            };
            assert_eq!(got, expected, "{name}, {policy:?}: {frame}");
        }
    }
}

#[test]
fn a_frame_is_cut_until_it_is_whole_or_wrong_and_stays_wrong() {
    for vector in vectors() {
        // Part of a byte-order mark is any byte.
        if vector.frame.starts_with(b"\xef\xbb\xbf") {
            continue;
        }
        let mut before = None;
        for length in 0..=vector.frame.len() {
            let cut = &vector.frame[..length];
            let context = || format!("{}: {}", vector.name, cut.escape_ascii());
            let after = match Envelope::parse(cut) {
                Err(error) if error.kind() == ParseErrorKind::UnexpectedEnd => {
                    assert_eq!(error.offset(), length, "{}", context());
                    None
                }
                result => Some(result.map(drop)),
            };
            match before {
                None => {}
                Some(Ok(())) => assert!(after.is_some(), "{}", context()),
                Some(Err(_)) => assert_eq!(after, before, "{}", context()),
            }
            before = after;
        }
    }
}

#[test]
fn what_is_written_is_read_again_under_either_policy() {
    for vector in vectors() {
        let Ok(expected) = &vector.expected else {
            continue;
        };
        for policy in [Policy::Strict, Policy::Reference] {
            for (name, implementation) in IMPLEMENTATIONS {
                let context = format!("{}, {name}, {policy:?}: {}", vector.name, expected.output);
                let read = implementation(expected.output.as_bytes(), policy);
                let read = read.unwrap_or_else(|fault| panic!("{context}: {fault:?}"));
                assert_eq!(read.fields, fields(expected, &read.fields), "{context}");
                assert_eq!(read.output, expected.output, "{context}");
            }
        }
    }
}

#[test]
fn whitespace_around_a_frame_changes_nothing_but_offsets() {
    for vector in vectors() {
        for &policy in &vector.policies {
            let before = [b" \t\r\n", vector.frame.as_slice()].concat();
            let after = [vector.frame.as_slice(), b" \t\r\n"].concat();
            let context = format!("{}: {}", vector.name, vector.frame.escape_ascii());
            match Message::parse_with(&vector.frame, policy) {
                Ok(message) => {
                    assert_eq!(
                        Message::parse_with(&before, policy),
                        Ok(message),
                        "{context}"
                    );
                    assert_eq!(
                        Message::parse_with(&after, policy),
                        Ok(message),
                        "{context}"
                    );
                    let trailing = [vector.frame.as_slice(), b"x"].concat();
                    let error = Message::parse_with(&trailing, policy).expect_err(&context);
                    assert_eq!(error.kind(), ParseErrorKind::TrailingData, "{context}");
                    assert_eq!(error.offset(), vector.frame.len(), "{context}");
                }
                Err(error) if error.kind() == ParseErrorKind::ByteOrderMark => {
                    let error = Message::parse_with(&before, policy).expect_err(&context);
                    assert_eq!(error.kind(), ParseErrorKind::ExpectedObject, "{context}");
                    assert_eq!(error.offset(), 4, "{context}");
                }
                Err(error) => {
                    let moved = Message::parse_with(&before, policy).expect_err(&context);
                    assert_eq!(moved.kind(), error.kind(), "{context}");
                    assert_eq!(moved.member(), error.member(), "{context}");
                    assert_eq!(moved.offset(), error.offset() + 4, "{context}");
                }
            }
        }
    }
}

#[test]
fn strict_messages_are_the_same_under_the_reference_policy() {
    let mut more = 0;
    for vector in vectors() {
        let strict = Message::parse_with(&vector.frame, Policy::Strict);
        let reference = Message::parse_with(&vector.frame, Policy::Reference);
        if strict.is_ok() {
            assert_eq!(strict, reference, "{}", vector.frame.escape_ascii());
        }
        more += usize::from(strict.is_err() && reference.is_ok());
    }
    assert!(more > 0, "no vector that only the reference policy accepts");
}

#[test]
fn the_vectors_cover_the_protocol() {
    let vectors = vectors();
    assert!(vectors.len() >= 250, "only {} vectors", vectors.len());

    let mut names = BTreeSet::new();
    for vector in &vectors {
        assert!(
            names.insert(&vector.name),
            "{}: \"{}\" again",
            vector.file,
            vector.name
        );
        assert!(!vector.clauses.is_empty(), "{}: no clause", vector.file);
    }

    let clauses: BTreeSet<String> = vectors.iter().flat_map(|v| v.clauses.clone()).collect();
    let expected: BTreeSet<String> = (1..=13).map(|n| format!("P-{n}")).collect();
    assert_eq!(clauses, expected);

    let faults = vectors.iter().filter_map(|v| v.expected.as_ref().err());
    let kinds: BTreeSet<String> = faults.map(|fault| fault.kind.clone()).collect();
    assert_eq!(kinds, KINDS.into_iter().map(kebab_case).collect());
}

/// All but `TooLong`, which takes a frame of 4 GiB.
const KINDS: [ParseErrorKind; 25] = [
    ParseErrorKind::UnexpectedEnd,
    ParseErrorKind::ByteOrderMark,
    ParseErrorKind::ExpectedObject,
    ParseErrorKind::ExpectedName,
    ParseErrorKind::ExpectedColon,
    ParseErrorKind::ExpectedCommaOrBrace,
    ParseErrorKind::ExpectedCommaOrBracket,
    ParseErrorKind::ExpectedValue,
    ParseErrorKind::TrailingComma,
    ParseErrorKind::Comment,
    ParseErrorKind::InvalidLiteral,
    ParseErrorKind::InvalidNumber,
    ParseErrorKind::InvalidEscape,
    ParseErrorKind::LoneSurrogate,
    ParseErrorKind::ControlCharacter,
    ParseErrorKind::InvalidUtf8,
    ParseErrorKind::TooDeep,
    ParseErrorKind::TrailingData,
    ParseErrorKind::DuplicateMember,
    ParseErrorKind::MissingMember,
    ParseErrorKind::ExpectedString,
    ParseErrorKind::ExpectedInteger,
    ParseErrorKind::ExpectedStringOrInteger,
    ParseErrorKind::ExpectedStringOrObject,
    ParseErrorKind::OutOfRange,
];
