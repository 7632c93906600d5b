//! What the values of the core are made of, compared with, and shown as.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bachata_core::{
    DataMessage, Envelope, FrameReader, FrameWriter, JsonStr, Message, MessageBuf, MessageBufError,
    ParseErrorKind, Payload, Policy, RawJson, RawObject, Route, TransportMessage, TransportType,
};

const FRAME: &[u8] = br#"{"id":"7","type":"note","time":0,"data":"hi","dest":"desk"}"#;

#[test]
fn a_message_is_parsed_by_the_conversion_from_bytes() {
    assert_eq!(Message::try_from(FRAME), Message::parse(FRAME));
    assert_eq!(Message::parse(FRAME).unwrap().as_transport(), None);
    let pong = TransportMessage::pong();
    assert_eq!(Message::from(pong).as_transport(), Some(&pong));
    assert_eq!(Message::from(pong).as_data(), None);
    let error = Message::try_from(&FRAME[1..]).unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (ParseErrorKind::ExpectedObject, 0)
    );
}

#[test]
fn an_envelope_gives_the_route_and_shows_its_frame() {
    let envelope = Envelope::parse(FRAME).unwrap();
    let route = envelope.route(Policy::Strict).unwrap();
    assert_eq!(route, Route::parse(FRAME, Policy::Strict).unwrap());
    assert_eq!(route.dest().unwrap(), "desk");
    assert_eq!(
        format!("{envelope:?}"),
        format!("Envelope({:?})", std::str::from_utf8(FRAME).unwrap())
    );
    let nothing = Envelope::parse(b"{}").unwrap();
    assert_eq!(
        nothing.route(Policy::Reference).unwrap_err(),
        nothing.message(Policy::Reference).unwrap_err()
    );
}

#[test]
fn an_owned_message_is_made_of_either_kind() {
    let pong = TransportMessage::pong().with_data("a");
    let buf = MessageBuf::<32>::try_from(pong).unwrap();
    assert_eq!(buf.frame_str(), r#"{"type":1002,"data":"a"}"#);
    assert_eq!(buf.message(), pong.into());
    let data = DataMessage::new("7", "note", 0, "hi");
    let buf = MessageBuf::<64>::try_from(data).unwrap();
    assert_eq!(
        buf.frame_str(),
        r#"{"id":"7","type":"note","time":0,"data":"hi"}"#
    );

    let error = MessageBuf::<32>::parse(b"[]").unwrap_err();
    let MessageBufError::Parse(parse) = error else {
        panic!("{error}")
    };
    assert_eq!(error.to_string(), parse.to_string());
}

#[test]
fn texts_are_compared_and_ordered_as_decoded() {
    let escaped = RawJson::new(br#""\u0064esk""#).unwrap().as_text().unwrap();
    assert!("desk" == escaped && *"desk" == escaped && escaped == JsonStr::new("desk"));
    assert!("disk" != escaped && *"" != escaped);
    for (smaller, larger) in [
        ("", "a"),
        ("a", "b"),
        ("a", "ab"),
        ("z", "é"),
        ("\u{ffff}", "\u{10000}"),
    ] {
        assert!(JsonStr::new(smaller) < JsonStr::new(larger));
        let spelled = format!("\"{}{}\"", "\\u0061", smaller);
        let spelled = RawJson::new(spelled.as_bytes()).unwrap().as_text().unwrap();
        let other = format!("a{larger}");
        assert!(spelled < JsonStr::new(&other) && JsonStr::new(&other) > spelled);
    }
}

#[test]
fn a_type_hashes_as_its_code_whichever_way_it_is_written() {
    let hasher = RandomState::new();
    let named = TransportType::Ping;
    let other = TransportType::Other(1001);
    assert_eq!(named, other);
    assert_eq!(hasher.hash_one(named), hasher.hash_one(other));
    let all: HashSet<_> = (0..2000).map(TransportType::from).collect();
    assert_eq!(all.len(), 2000);
    assert!(all.contains(&other));
}

#[test]
fn payloads_are_made_of_texts_and_values_of_objects() {
    let escaped = RawJson::new(br#""\u0041""#).unwrap().as_text().unwrap();
    let payload = Payload::from(escaped);
    assert_eq!(payload.as_text().unwrap(), "A");
    let object = RawObject::new(br#"{"a":1}"#).unwrap();
    assert_eq!(RawJson::from(object).as_str(), r#"{"a":1}"#);
}

#[test]
fn a_receipt_is_made_of_each_type() {
    for (message, code) in [
        (TransportMessage::accepted("7"), 100),
        (TransportMessage::received("7"), 200),
        (TransportMessage::delivered("7"), 300),
    ] {
        assert_eq!(
            message.to_string(),
            format!(r#"{{"type":{code},"data":"7"}}"#)
        );
    }
}

#[test]
fn a_reader_and_a_writer_begin_with_nothing() {
    let mut reader = FrameReader::<8>::default();
    assert!(reader.next_frame().is_none());
    let mut writer = FrameWriter::<32>::default();
    assert_eq!(writer.pending(), b"");
    writer.push(TransportMessage::ping()).unwrap();
    assert_eq!(writer.pending(), b"{\"type\":1001}\n");
}
