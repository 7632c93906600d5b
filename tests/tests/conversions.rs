//! What the values of the core are made of, compared with, and shown as.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};

use bachata_core::{
    DataMessage, Envelope, FrameReader, FrameWriter, JsonStr, Member, Message, MessageBuf,
    MessageBufError, ParseErrorKind, Payload, Policy, RawJson, RawObject, Route, TransportMessage,
    TransportType,
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
fn a_transport_message_shows_what_it_says() {
    let pong = TransportMessage::pong().with_data("a");
    assert_eq!(
        format!("{pong:?}"),
        r#"TransportMessage { kind: Pong, data: Some("a"), sign: "" }"#
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
    assert_ne!(hasher.hash_one(named), hasher.hash_one(TransportType::Pong));
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
fn a_ping_alone_is_answered_with_its_data() {
    let pong = TransportMessage::pong();
    assert_eq!(TransportMessage::ping().to_pong(), Some(pong));
    let ping = TransportMessage::ping().with_data("17");
    assert_eq!(ping.to_pong(), Some(pong.with_data("17")));
    assert_eq!(pong.to_pong(), None);
    assert_eq!(TransportMessage::received("7").to_pong(), None);
}

#[test]
fn what_is_about_nothing_is_no_receipt() {
    for code in [0, 99, 101, 400, 1000, 1001, 1002, u32::MAX] {
        let message = TransportMessage::without_data(code).unwrap();
        assert_eq!(message.to_string(), format!(r#"{{"type":{code}}}"#));
    }
    for code in [100, 200, 300] {
        assert_eq!(TransportMessage::without_data(code), None);
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

#[test]
fn members_that_the_protocol_does_not_know_are_passed_on_but_no_own_ones() {
    for (frame, unknown, passed_on) in [
        (
            r#"{"x":1,"id":"7","type":"t","time":0,"data":"","\u0079":[ 2 ],"x":null}"#,
            &["x: 1", "y: [2]", "x: null"][..],
            r#"{"id":"7","type":"t","time":0,"data":"","x":1,"y":[2],"x":null}"#,
        ),
        (
            r#"{"dest":{},"type":1001,"x":1,"id":"7","data":"d","time":0,"sign":"s"}"#,
            &["dest: {}", "x: 1", "id: \"7\"", "time: 0"],
            r#"{"type":1001,"data":"d","sign":"s","dest":{},"x":1,"id":"7","time":0}"#,
        ),
        (r#"{"type":1001}"#, &[], r#"{"type":1001}"#),
    ] {
        let (message, members) =
            Message::parse_with_unknown(frame.as_bytes(), Policy::Strict).unwrap();
        assert_eq!(message, Message::parse(frame.as_bytes()).unwrap());
        let found: Vec<String> = members
            .clone()
            .map(|(name, value)| format!("{name}: {value}"))
            .collect();
        assert_eq!(found, unknown);
        let mut written = String::new();
        message.write_to_with(&mut written, members).unwrap();
        assert_eq!(written, passed_on);
        // All of them: the message's own are left out.
        let all = Envelope::parse(frame.as_bytes()).unwrap().members();
        written.clear();
        message.write_to_with(&mut written, all).unwrap();
        assert_eq!(written, passed_on);
    }
    let error = Message::parse_with_unknown(b"{}", Policy::Strict).unwrap_err();
    assert_eq!(error.member(), Some(Member::Type));
}

#[test]
fn either_kind_of_message_has_its_signature() {
    let note = DataMessage::new("7", "t", 0, "");
    assert_eq!(Message::from(note).sign(), None);
    assert_eq!(Message::from(note.with_sign("s")).sign().unwrap(), "s");
    let ping = TransportMessage::ping();
    assert_eq!(Message::from(ping).sign(), None);
    assert_eq!(Message::from(ping.with_sign("s")).sign().unwrap(), "s");
}

#[test]
fn what_is_wrong_with_a_frame_can_be_read() {
    for (frame, text) in [
        ("[]", "expected '{' at byte 0"),
        (
            r#"{"id":1,"type":"t"}"#,
            "expected a string at byte 6, in \"id\"",
        ),
        (r#"{"x":"}"#, "unexpected end of the frame at byte 7"),
        (
            r#"{"type":1,"type":1}"#,
            "duplicate member \"type\" at byte 10",
        ),
        (r#"{"data":""}"#, "missing member \"type\" at byte 10"),
    ] {
        assert_eq!(
            Message::parse(frame.as_bytes()).unwrap_err().to_string(),
            text
        );
    }
}
