//! Messages as parts of other types.

use bachata_std::{
    DataMessage, Message, Payload, RawPayload, TaggedMessage, TransportMessage, Unknown,
};
use serde::{Deserialize, Serialize};

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Log {
    line: u32,
    messages: Vec<Message>,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(untagged)]
enum Entry {
    Message(Message),
    Note(String),
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
struct Stamped {
    seen: u64,
    #[serde(flatten)]
    message: DataMessage,
}

#[derive(Serialize, Deserialize, PartialEq, Debug)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Chat {
    Text(String),
    #[serde(untagged)]
    Other(Unknown),
}

#[test]
fn messages_nest_in_other_types() {
    let json = r#"{"line":1,"messages":[{"type":1001,"hops":1},{"id":"7","type":"t","time":-1,"data":{"b":1,"a":[1.5]},"dest":"bob"}]}"#;
    let log: Log = serde_json::from_str(json).unwrap();
    assert_eq!(log.messages[0].extra().len(), 1);
    assert_eq!(serde_json::to_string(&log).unwrap(), json);
    assert_eq!(
        serde_json::from_value::<Log>(serde_json::to_value(&log).unwrap()).unwrap(),
        log
    );
}

#[test]
fn serde_may_buffer_what_it_deserialises() {
    let json = r#"[{"type":1001},"note",{"data":"hi","time":0,"type":"t","id":"7"}]"#;
    let entries: Vec<Entry> = serde_json::from_str(json).unwrap();
    assert_eq!(entries[0], Entry::Message(TransportMessage::ping().into()));
    assert_eq!(entries[1], Entry::Note("note".to_owned()));
    assert_eq!(
        entries[2],
        Entry::Message(DataMessage::new("7", "t", 0, "hi").into())
    );

    let stamped = Stamped {
        seen: 5,
        message: DataMessage::new("7", "t", 0, "hi"),
    };
    let json = serde_json::to_string(&stamped).unwrap();
    assert_eq!(
        json,
        r#"{"seen":5,"id":"7","type":"t","time":0,"data":"hi"}"#
    );
}

#[test]
fn the_rules_are_those_of_a_frame() {
    for (json, error) in [
        (r#"{"type":1001.0}"#, "expected a string or an integer"),
        (r#"{"type":1001,"type":1001}"#, "duplicate member \"type\""),
        (
            r#"{"type":"t","id":"","time":1.0,"data":""}"#,
            "expected an integer",
        ),
        (
            r#"{"type":"t","id":"","time":0,"data":[]}"#,
            "expected a string or an object",
        ),
        (
            r#"{"type":"t","id":"","time":0}"#,
            "missing member \"data\"",
        ),
        (r#"{"type":4294967296}"#, "integer out of range"),
        (r#"[]"#, "expected a message, which is an object"),
        (
            r#"{"type":"t","id":"","time":0,"data":{"a":1,"a":1}}"#,
            "duplicate name \"a\"",
        ),
    ] {
        let found = serde_json::from_str::<Message>(json)
            .unwrap_err()
            .to_string();
        assert!(found.contains(error), "{json}: {found}");
    }
    let message: Message =
        serde_json::from_str(r#"{"type":"t","id":"","time":0,"data":"","from":null,"dest":""}"#)
            .unwrap();
    assert_eq!(message, DataMessage::new("", "t", 0, "").into());
    assert!(serde_json::from_str::<DataMessage>(r#"{"type":1001}"#).is_err());
    assert!(
        serde_json::from_str::<TransportMessage>(r#"{"type":"t","id":"","time":0,"data":""}"#)
            .is_err()
    );
}

#[test]
fn types_of_the_application_nest_as_well() {
    let json = r#"{"id":"7","type":"text","time":0,"data":"hi"}"#;
    let message: TaggedMessage<Chat> = serde_json::from_str(json).unwrap();
    assert_eq!(
        message,
        DataMessage::tagged("7", 0, Chat::Text("hi".to_owned())).into()
    );
    assert_eq!(serde_json::to_string(&message).unwrap(), json);

    let json = r#"{"id":"7","type":"vote","time":0,"data":{"z":1,"a":2}}"#;
    let message: TaggedMessage<Chat> = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&message).unwrap(), json);
    let message: Message<RawPayload> = serde_json::from_str(json).unwrap();
    assert_eq!(serde_json::to_string(&message).unwrap(), json);
    assert_eq!(serde_json::to_value(Payload::from("x")).unwrap(), "x");
}
