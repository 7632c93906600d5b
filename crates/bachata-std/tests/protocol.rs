//! The configured protocol, and what it makes.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bachata_std::core::Member;
use bachata_std::{
    DataMessage, Error, Message, Payload, Policy, Protocol, TaggedMessage, ToFrame,
    TransportMessage, TransportType, UnixMillis,
};

fn fixed() -> Protocol {
    Protocol::new()
        .with_ids(|| "7".to_owned())
        .with_clock(|| 1000)
}

#[test]
fn what_is_left_out_is_filled_in() {
    let message = fixed().make_message().build();
    assert_eq!(
        message.to_string(),
        r#"{"id":"7","type":"","time":1000,"data":""}"#
    );
    assert_eq!(
        fixed().load_message(message.to_string()).unwrap(),
        message.into()
    );
}

#[test]
fn what_is_given_is_kept() {
    let message = fixed()
        .make_message()
        .id("")
        .kind("t")
        .time(UNIX_EPOCH - Duration::from_millis(1))
        .dest("bob")
        .from("alice")
        .sign("s")
        .data(Payload::Object(Default::default()))
        .build();
    assert_eq!(
        message.to_string(),
        r#"{"id":"","type":"t","time":-1,"data":{},"from":"alice","dest":"bob","sign":"s"}"#,
    );
    let message = fixed()
        .make_message()
        .time(0)
        .dest("")
        .from("")
        .sign("")
        .build();
    assert_eq!(
        message.to_string(),
        r#"{"id":"7","type":"","time":0,"data":""}"#
    );
}

#[test]
fn by_default_ids_are_uuids_and_the_time_is_now() {
    let protocol = Protocol::new();
    let before = UnixMillis::now();
    let (one, other) = (
        protocol.make_message().build(),
        protocol.make_message().build(),
    );
    assert!((before.0..=UnixMillis::now().0).contains(&one.time_ms()));
    assert_ne!(one.id(), other.id());
    for id in [one.id(), other.id()] {
        assert_eq!(id.len(), 36);
        assert_eq!(id.as_bytes()[14], b'4', "the version of {id}");
        assert!(
            id.bytes()
                .all(|byte| byte == b'-' || byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        );
    }
}

#[test]
fn ids_and_clock_may_be_anything_that_is_shared_between_threads() {
    let next = Arc::new(AtomicU64::new(0));
    let ids = Arc::clone(&next);
    let protocol = Protocol::default()
        .with_ids(move || ids.fetch_add(1, Ordering::Relaxed).to_string())
        .with_clock(SystemTime::now);
    thread::scope(|scope| {
        for _ in 0..4 {
            let protocol = protocol.clone();
            scope.spawn(move || (0..25).for_each(|_| drop(protocol.make_message().build())));
        }
    });
    assert_eq!(next.load(Ordering::Relaxed), 100);
    assert!(
        format!("{protocol:?}").starts_with("Protocol { policy: Strict, max_frame_len: 1048576")
    );
}

#[test]
fn the_policy_decides_about_absent_members() {
    for frame in [
        r#"{"type":"t"}"#,
        r#"{"type":"t","id":null,"time":null,"data":null}"#,
        r#"{"type":200}"#,
    ] {
        assert!(Protocol::new().load_message(frame).is_err());
        let protocol = Protocol::new().with_policy(Policy::Reference);
        assert_eq!(protocol.policy(), Policy::Reference);
        match protocol.load_message(frame).unwrap() {
            Message::Data(message) => assert_eq!(message, DataMessage::new("", "t", 0, "")),
            Message::Transport(message) => assert_eq!(message, TransportMessage::received("")),
        }
    }
    let error = Protocol::new().load_message(r#"{"type":"t"}"#).unwrap_err();
    let Error::Parse(error) = error else { panic!() };
    assert_eq!(error.member(), Some(Member::Id));
}

#[test]
fn everything_can_be_dumped() {
    let protocol = fixed();
    let message = protocol.make_message().kind("t").data("hi").build();
    let frame = r#"{"id":"7","type":"t","time":1000,"data":"hi"}"#;
    assert_eq!(protocol.dump_message(&message).unwrap(), frame);
    assert_eq!(
        protocol
            .dump_message(&Message::from(message.clone()))
            .unwrap(),
        frame
    );
    assert_eq!(
        protocol.dump_message(&message as &dyn ToFrame).unwrap(),
        frame
    );
    assert_eq!(
        protocol.dump_message(&TransportMessage::ready()).unwrap(),
        r#"{"type":1000}"#
    );
    assert!(
        protocol
            .dump_message(&DataMessage::typed("7", "t", 0, 1))
            .is_err()
    );
}

#[test]
fn every_transport_message_is_what_its_type_says() {
    for kind in TransportType::DEFINED {
        let expected = match TransportMessage::without_data(*kind) {
            Some(message) => {
                assert_eq!(message.data(), None);
                message
            }
            None => TransportMessage::new(*kind, "7"),
        };
        let message: Message = expected.to_string().parse().unwrap();
        assert_eq!(message, expected.clone().into());
        assert_eq!(expected.kind(), *kind);
        assert_eq!(TransportMessage::from(expected.to_core()), expected);
        assert_eq!(message.pong().is_some(), *kind == TransportType::Ping);
        assert_eq!(message.ack(), None);
    }
    let token = TransportMessage::ping().with_data("").with_sign("s");
    assert_eq!(
        token.pong().unwrap().to_string(),
        r#"{"type":1002,"data":""}"#
    );
    assert_eq!(
        TransportMessage::new(TransportType::Other(200), "7").kind(),
        TransportType::Received
    );
}

#[test]
fn unknown_members_are_carried_but_never_the_messages_own() {
    for member in Member::ALL {
        let error = DataMessage::new("7", "t", 0, "")
            .with_extra(member.name(), &1)
            .unwrap_err();
        assert!(matches!(error, Error::Extra(_)), "{error}");
        let own = matches!(member, Member::Type | Member::Data | Member::Sign);
        assert_eq!(
            TransportMessage::ping()
                .with_extra(member.name(), &1)
                .is_err(),
            own
        );
    }
    for name in ["id", "time", "from", "dest"] {
        let mut message = TransportMessage::ping().with_extra(name, "a").unwrap();
        let error = message.clone().with_extra(name, "b").unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("member {name:?} is there already, and may not stand twice")
        );
        assert!(std::error::Error::source(&error).is_some());
        // What is written can be read.
        assert_eq!(
            message.to_string().parse::<Message>().unwrap(),
            message.clone().into()
        );
        assert!(message.extra_mut().remove(name));
        assert!(message.with_extra(name, "b").is_ok());
    }
    let twice = TransportMessage::ping()
        .with_extra("x", "a")
        .and_then(|message| message.with_extra("x", "b"));
    assert_eq!(
        twice.unwrap().to_string(),
        r#"{"type":1001,"x":"a","x":"b"}"#
    );
    let frame = r#"{"type":1001,"a":[1.10],"a":"\u0000","id":null,"time":"x","from":{},"dest":1}"#;
    let mut message = frame.parse::<Message>().unwrap().into_transport().unwrap();
    assert_eq!(message.to_string(), frame);
    assert_eq!(message.extra().len(), 7 - 1);
    assert!(message.extra_mut().remove("a"));
    assert!(!message.extra_mut().remove("a"));
    assert_eq!(message.extra().get("id").unwrap().as_bytes(), b"null");
    let error = message.extra().get_as::<u8>("time").unwrap().unwrap_err();
    assert_eq!(
        error.to_string(),
        "member \"time\": invalid type: string \"x\", expected u8 at line 1 column 3"
    );
    let error = message
        .with_extra("x", &f32::NAN)
        .map(|message| message.to_string());
    assert!(
        error.unwrap().ends_with(r#""x":null}"#),
        "as serde_json has it"
    );
}

#[test]
fn messages_and_errors_go_anywhere() {
    fn anywhere<T: Send + Sync + 'static>() {}
    anywhere::<Message>();
    anywhere::<TaggedMessage<String>>();
    anywhere::<DataMessage<Vec<u8>>>();
    anywhere::<TransportMessage>();
    anywhere::<Protocol>();
    anywhere::<Error>();
    anywhere::<bachata_std::FrameReader<std::io::Empty, std::cell::Cell<u8>>>();
    assert!(size_of::<Error>() <= 24);
}
