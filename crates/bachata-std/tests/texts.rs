//! What errors say and where they come from, and what `Debug` shows: no key, no message that waits.

use std::error::Error as _;
use std::io;

use bachata_std::core::{Covered, JsonStr, MessageBuf, Sign, Verify};
use bachata_std::{
    DataMessage, Error, FrameReader, FrameWriter, HmacSha256, JsonObject, Message, Payload,
    Protocol, RawPayload, SignatureError, TaggedMessage, ToFrame, TransportMessage, Unknown,
    Unsigned,
};
use serde::Deserialize;
use serde::de::value::MapDeserializer;
use serde::de::{Deserializer, Error as _, IntoDeserializer, Visitor};
use serde_json::json;

/// A signer whose key is out of reach.
struct Locked;

impl Sign for Locked {
    type Signature = String;
    type Error = io::Error;

    fn sign<C: Covered + ?Sized>(&self, _: &C) -> Result<String, io::Error> {
        Err(io::Error::other("no key"))
    }
}

impl Verify for Locked {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(&self, _: &C, _: JsonStr<'_>) -> Result<usize, SignatureError> {
        Err(SignatureError::Wrong)
    }
}

/// One error of each kind, and its text.
fn errors() -> Vec<(Error, String)> {
    let note = || DataMessage::new("7", "note", 0, "hi");
    let frame = note().to_frame().unwrap();
    let parse = "x".parse::<Message>().unwrap_err();
    let long = Protocol::new().with_max_frame_len(8);
    let number: Result<Message<u8>, Error> = frame.parse();
    let key = HmacSha256::new(b"key").unwrap();
    let signed = Protocol::new().with_signer(key);
    let locked = Protocol::new().with_signer(Locked);
    [
        (parse, "expected '{' at byte 0"),
        (
            long.load_message(&frame).unwrap_err(),
            "frame of 45 bytes is over the limit of 8",
        ),
        (
            number.unwrap_err(),
            "payload of message \"7\", type \"note\": invalid type: string \"hi\", expected u8",
        ),
        (
            note().with_extra("id", "8").unwrap_err(),
            "member \"id\" is one of the message's own",
        ),
        (
            MessageBuf::<44>::try_from(&Message::from(note())).unwrap_err(),
            "no room for the frame: 45 bytes needed, 44 available",
        ),
        (
            signed.load_message(&frame).unwrap_err(),
            "signature missing",
        ),
        (locked.dump_message(&note()).unwrap_err(), "no key"),
        (io::Error::other("gone").into(), "gone"),
    ]
    .map(|(error, text)| (error, text.to_owned()))
    .into()
}

#[test]
fn an_error_says_what_its_source_says() {
    for (error, text) in errors() {
        assert_eq!(error.to_string(), text);
        assert_eq!(error.source().map(|source| source.to_string()), Some(text));
    }
}

#[test]
fn an_error_of_one_frame_is_invalid_data_and_that_of_a_stream_its_own() {
    for (error, text) in errors() {
        let of_the_stream = matches!(error, Error::Io(_));
        assert_eq!(error.is_about_one_frame(), !of_the_stream);
        let error = io::Error::from(error);
        let expected = if of_the_stream {
            io::ErrorKind::Other
        } else {
            io::ErrorKind::InvalidData
        };
        assert_eq!((error.kind(), error.to_string()), (expected, text));
    }
}

#[test]
fn an_error_about_an_unknown_member_names_it_and_gives_the_reason() {
    struct Refused;

    impl serde::Serialize for Refused {
        fn serialize<S: serde::Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(serde::ser::Error::custom("not today"))
        }
    }

    let note = DataMessage::new("7", "note", 0, "hi");
    let error = |result: Result<DataMessage, Error>| match result {
        Err(Error::Extra(error)) => error,
        other => panic!("{other:?}"),
    };
    let refused = error(note.clone().with_extra("hops", &Refused));
    assert_eq!(refused.name(), "hops");
    assert_eq!(refused.to_string(), "member \"hops\": not today");
    assert_eq!(refused.source().unwrap().to_string(), "not today");
    // Deeper than a frame may be.
    let deep = (0..127).fold(json!(1), |value, _| json!([value]));
    let deep = error(note.clone().with_extra("hops", &deep));
    assert!(deep.source().is_some(), "{deep}");
    let own = error(note.with_extra("dest", "bob"));
    assert!(own.source().is_none());
    let twice = TransportMessage::ping()
        .with_extra("time", &1)
        .and_then(|ping| ping.with_extra("time", &2));
    let Err(Error::Extra(twice)) = twice else {
        panic!("{twice:?}")
    };
    assert_eq!(
        twice.to_string(),
        "member \"time\" is there already, and may not stand twice"
    );
    assert!(twice.source().is_none());
}

#[test]
fn debug_shows_settings_and_neither_keys_nor_frames() {
    let reader = FrameReader::new(&b"{\"type\":1001}\n"[..]);
    let shown = format!("{reader:?}");
    assert!(
        shown.starts_with("FrameReader { reader: ") && shown.contains("policy: Strict"),
        "{shown}"
    );
    let writer = FrameWriter::new(Vec::new());
    assert_eq!(format!("{writer:?}"), "FrameWriter { writer: [], .. }");
    assert!(writer.get_ref().is_empty());
    let policies = [
        Unsigned::Refuse,
        Unsigned::Accept,
        Unsigned::accept_if(|_| true),
    ];
    assert_eq!(format!("{policies:?}"), "[Refuse, Accept, PerKind(..)]");
    let note = DataMessage::new("7", "note", 0, "hi")
        .with_extra("hops", &[1, 2])
        .unwrap();
    assert_eq!(format!("{:?}", note.extra()), r#"{"hops": [1,2]}"#);
    let object: JsonObject = r#"{ "a" : 1 }"#.parse().unwrap();
    assert_eq!(
        (format!("{object:?}"), object.to_string()),
        (r#"{"a":1}"#.to_owned(), r#"{"a":1}"#.to_owned())
    );
}

#[test]
fn values_are_made_of_their_parts_and_give_them_back() {
    let raw = RawPayload::from("hi".to_owned());
    assert_eq!(raw.as_text(), Some("hi"));
    assert_eq!(
        (raw.as_object(), RawPayload::default().as_text()),
        (None, Some(""))
    );
    let object: JsonObject = r#"{"a":1}"#.parse().unwrap();
    let raw = RawPayload::from(object.clone());
    assert_eq!((raw.as_text(), raw.as_object()), (None, Some(&object)));

    let map = json!({"a": 1}).as_object().unwrap().clone();
    let mut payload = Payload::from(map.clone());
    assert_eq!((payload.as_text(), payload.as_object()), (None, Some(&map)));
    assert_eq!(serde_json::Value::from(payload.clone()), json!({"a": 1}));
    payload.as_object_mut().unwrap().clear();
    assert_eq!(serde_json::Value::from(payload), json!({}));
    let mut text = Payload::try_from(json!("hi")).unwrap();
    assert_eq!((text.as_text(), text.as_object()), (Some("hi"), None));
    assert_eq!(text.as_object_mut(), None);
    assert_eq!(serde_json::Value::from(text), json!("hi"));
    let refused = Payload::try_from(json!([1])).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "payload: data is neither a text nor an object"
    );
    assert_eq!(Payload::of(&"hi").unwrap(), Payload::from("hi"));

    let message = DataMessage::new("7", "note", 5, "hi")
        .with_id("8")
        .with_time(6);
    assert_eq!((message.id(), message.time_ms()), ("8", 6));
    assert_eq!(i64::from(bachata_std::UnixMillis::from(6)), 6);
    let frame = message.to_frame().unwrap();
    let loaded: Message = Message::try_from(&*frame).unwrap();
    assert_eq!(loaded, message.clone().into());
    assert!(Message::<Payload>::try_from("{").is_err());
    assert_eq!(loaded.as_transport(), None);
    assert_eq!(loaded.into_transport(), None);
    let no_payload = Payload::of(&std::collections::BTreeMap::from([((1, 2), 3)])).unwrap_err();
    assert!(
        no_payload.to_string().starts_with("payload: "),
        "{no_payload}"
    );
    let text = RawPayload::from("hi".to_owned());
    assert_eq!(Payload::try_from(text).unwrap(), Payload::from("hi"));
    for (receipt, code) in [(message.accepted(), 100), (message.delivered(), 300)] {
        assert_eq!(
            receipt.to_frame().unwrap(),
            format!(r#"{{"type":{code},"data":"8"}}"#)
        );
    }
    assert_eq!(TransportMessage::accepted("8"), message.accepted());
    assert_eq!(TransportMessage::delivered("8"), message.delivered());
}

#[test]
fn a_raw_payload_is_read_as_a_type_and_the_error_says_whose_it_is() {
    #[derive(serde::Deserialize, Debug, PartialEq)]
    struct Note<'a> {
        text: &'a str,
        stars: u8,
    }

    let frame = r#"{"id":"7","type":"note","time":0,"data":{"text":"hi","stars":5}}"#;
    let message: DataMessage<RawPayload> = frame
        .parse::<Message<RawPayload>>()
        .unwrap()
        .into_data()
        .unwrap();
    let note: Note<'_> = message.data_as().unwrap();
    assert_eq!(
        note,
        Note {
            text: "hi",
            stars: 5
        }
    );
    let error = message.data_as::<Vec<u8>>().unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("payload of message \"7\", type \"note\": invalid type: map"),
        "{error}"
    );
    let text = message.map_data(|_| RawPayload::from("hi"));
    assert_eq!(text.data_as::<&str>().unwrap(), "hi");
    assert!(text.data_as::<u8>().is_err());
}

#[test]
fn a_reader_gives_its_stream_back_behind_what_was_read() {
    let stream = b"{\"type\":1001}\n{\"type\":1002}\nrest";
    let mut messages: FrameReader<_> = FrameReader::new(&stream[..]);
    assert_eq!(
        messages.next().unwrap().unwrap(),
        TransportMessage::ping().into()
    );
    assert_eq!(messages.into_inner(), &stream[14..]);
    let mut core = FrameReader::new(&stream[..]);
    assert_eq!(core.next_frame().unwrap().unwrap(), &stream[..13]);
}

/// A value that is there or is not, as formats have it that know optional values.
struct Optional(Option<u8>);

impl<'de> IntoDeserializer<'de> for Optional {
    type Deserializer = Self;

    fn into_deserializer(self) -> Self {
        self
    }
}

impl<'de> Deserializer<'de> for Optional {
    type Error = serde::de::value::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Some(value) => visitor.visit_some(value.into_deserializer()),
            None => visitor.visit_none(),
        }
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit
        unit_struct newtype_struct seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

#[test]
fn a_payload_comes_out_of_any_format() {
    let from_value = serde_json::from_value::<Payload>;
    let text = from_value(json!("hi")).unwrap();
    assert_eq!(text, Payload::from("hi"));
    let value = json!({"a": "x", "b": null, "c": [1, -1, 1.5, true]});
    let object = from_value(value.clone()).unwrap();
    assert_eq!(serde_json::Value::from(object), value);
    let error = from_value(json!(5)).unwrap_err().to_string();
    assert!(error.ends_with("expected a string or an object"), "{error}");

    fn members<T: IntoDeserializer<'static, serde::de::value::Error>>(
        values: [T; 2],
    ) -> Result<serde_json::Value, String> {
        let members = MapDeserializer::new(["a", "b"].into_iter().zip(values));
        Payload::deserialize(members)
            .map(serde_json::Value::from)
            .map_err(|error| error.to_string())
    }
    let optional = [Optional(None), Optional(Some(7))];
    assert_eq!(members(optional), Ok(json!({"a": null, "b": 7})));
    assert_eq!(
        members([1.5, f64::NAN]),
        Err("float is not finite".to_owned())
    );
    let error = members([&b"x"[..], b"y"]).unwrap_err();
    assert!(error.ends_with("expected any valid JSON value"), "{error}");
}

#[test]
fn an_unknown_message_by_itself_is_its_type_and_data() {
    let unknown: Unknown = serde_json::from_value(json!({"type": "x", "data": "hi"})).unwrap();
    assert_eq!(unknown, Unknown::new("x", "hi".to_owned()));
    let error = serde_json::from_value::<Unknown>(json!({"type": 5, "data": ""}));
    let error = error.unwrap_err().to_string();
    assert!(error.ends_with("expected a string"), "{error}");
}

#[test]
fn an_enum_may_be_wrapped_and_its_errors_be_put_into_other_words() {
    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", content = "data", rename_all = "lowercase")]
    enum Home {
        Led { on: bool },
    }

    #[derive(Debug, PartialEq, Deserialize)]
    struct Wrapped(Home);

    #[derive(Debug, PartialEq)]
    struct Polite(Home);

    impl<'de> Deserialize<'de> for Polite {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            let home = Home::deserialize(deserializer);
            home.map(Self)
                .map_err(|error| D::Error::custom(format_args!("sorry: {error}")))
        }
    }

    let frame = r#"{"id":"7","type":"led","time":0,"data":{"on":true}}"#;
    let wrapped: TaggedMessage<Wrapped> = frame.parse().unwrap();
    let led = || Home::Led { on: true };
    assert_eq!(wrapped.into_data().unwrap().into_data(), Wrapped(led()));
    let polite: TaggedMessage<Polite> = frame.parse().unwrap();
    assert_eq!(polite.into_data().unwrap().into_data(), Polite(led()));
    let frame = frame.replace("true", "7");
    let error = frame
        .parse::<TaggedMessage<Polite>>()
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("sorry: invalid type: integer `7`"),
        "{error}"
    );

    let message: Message = frame.parse().unwrap();
    let error = message
        .into_data()
        .unwrap()
        .tagged_as::<Home>()
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("payload of message \"7\", type \"led\""),
        "{error}"
    );

    let stream = format!(
        "{frame}\n{}\n",
        frame.replace('7', "true").replace("\"true\"", "\"8\"")
    );
    let mut messages = FrameReader::new(stream.as_bytes()).tagged::<Home>();
    assert!(messages.next().unwrap().is_err());
    let message = messages.next().unwrap().unwrap().into_data().unwrap();
    assert_eq!((message.id(), message.data()), ("8", &led()));
}

#[cfg(feature = "tokio")]
#[test]
fn a_codec_reads_enums_and_shows_its_settings() {
    use bachata_std::Codec;
    use tokio_util::bytes::BytesMut;
    use tokio_util::codec::Decoder;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(tag = "type", content = "data", rename_all = "lowercase")]
    enum Home {
        Note(String),
    }

    let codec: Codec = Codec::default();
    assert_eq!(format!("{codec:?}"), "Codec { policy: Strict, .. }");
    let mut codec = codec.tagged::<Home>();
    let mut bytes = BytesMut::from("{\"id\":\"7\",\"type\":\"note\",\"time\":0,\"data\":\"hi\"}\n");
    let message = codec.decode(&mut bytes).unwrap().unwrap().unwrap();
    let message = message.into_data().unwrap();
    assert_eq!(message.data(), &Home::Note("hi".to_owned()));
    assert!(bytes.is_empty());
}

#[test]
fn a_checked_transport_message_stays_checked() {
    let key = || HmacSha256::new(b"key").unwrap();
    let protocol = Protocol::new().with_signer(key());
    let frame = protocol.dump_message(&TransportMessage::ping()).unwrap();
    let loaded = protocol.load_verified::<Payload, String>(&frame).unwrap();
    assert!(loaded.clone().into_data().is_none());
    let ping = loaded.into_transport().unwrap();
    assert_eq!((ping.key(), ping.kind().code()), (0, 1001));
}

/// A stream of pieces, between which it is interrupted, and that fails at the end.
struct Broken<'a>(Vec<&'a [u8]>, bool);

impl io::Read for Broken<'_> {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        self.1 = !self.1;
        if self.1 {
            return Err(io::ErrorKind::Interrupted.into());
        }
        match self.0.pop() {
            Some(piece) => (&*piece).read(room),
            None => Err(io::Error::other("gone")),
        }
    }
}

#[test]
fn an_interrupted_stream_is_read_on_and_a_failed_one_is_not() {
    let stream = Broken(vec![b"001}\n", b"{\"type\":1"], false);
    let mut messages: FrameReader<_> = FrameReader::new(io::BufReader::new(stream));
    assert_eq!(
        messages.next().unwrap().unwrap(),
        TransportMessage::ping().into()
    );
    let error = messages.next().unwrap().unwrap_err();
    assert!(!error.is_about_one_frame() && error.to_string() == "gone");
    assert!(messages.next().is_none());
}
