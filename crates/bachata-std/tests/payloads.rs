//! What payloads take, keep and refuse, and what the errors say.

use std::collections::BTreeMap;
use std::error::Error as _;

use bachata_std::{
    DataMessage, Error, JsonObject, Message, Payload, RawPayload, TaggedDataMessage, TaggedMessage,
    ToFrame, Unknown,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::json;

fn frame(kind: &str, data: &str) -> String {
    format!(r#"{{"id":"7","type":"{kind}","time":0,"data":{data}}}"#)
}

fn load<P: DeserializeOwned + 'static>(data: &str) -> Result<P, Error> {
    let message: Message<P> = frame("t", data).parse()?;
    Ok(message.into_data().expect("a data message").into_data())
}

fn data_of(frame: &str) -> &str {
    frame
        .split_once(r#","data":"#)
        .unwrap()
        .1
        .strip_suffix('}')
        .unwrap()
}

fn dump<P: Serialize + 'static>(data: P) -> Result<String, Error> {
    let frame = DataMessage::typed("7", "t", 0, data).to_frame()?;
    Ok(data_of(&frame).to_owned())
}

#[test]
fn objects_come_back_as_they_were() {
    for data in [
        r#""""#,
        r#"{}"#,
        r#"{"z":1,"a":2,"m":{"z":[],"a":{}}}"#,
        r#"{"n":[0,-1,18446744073709551615,-9223372036854775808,1.5,-0.0,1e300]}"#,
        r#"{"e":1e+20,"text":"\"\\\u0000é😀"}"#,
        r#"{"":null,"t":[true,false]}"#,
    ] {
        for data in [data.to_owned(), data.replace(',', " , ").replace(':', ": ")] {
            let payload: Payload = load(&data).unwrap();
            assert_eq!(
                load::<Payload>(&dump(payload.clone()).unwrap()).unwrap(),
                payload
            );
        }
        assert_eq!(dump(load::<RawPayload>(data).unwrap()).unwrap(), data);
    }
    let data = r#"{"z":1,"a":2,"n":[18446744073709551615,1.5],"m":{"z":"\n","a":"é"}}"#;
    assert_eq!(dump(load::<Payload>(data).unwrap()).unwrap(), data);
}

#[test]
fn an_object_that_would_be_changed_is_refused() {
    for (data, reason) in [
        (
            r#"{"a":1,"b":2,"a":1}"#,
            r#"duplicate name "a" in an object"#,
        ),
        (
            r#"{"x":[{"a":1,"\u0061":1}]}"#,
            r#"duplicate name "a" in an object"#,
        ),
        (
            r#"{"n":18446744073709551617}"#,
            "integer 18446744073709551617 is beyond 64 bits",
        ),
        (
            r#"{"n":[{"m":-9223372036854775809}]}"#,
            "integer -9223372036854775809 is beyond 64 bits",
        ),
        (r#"{"n":1e999}"#, "number out of range"),
    ] {
        let error = load::<Payload>(data).unwrap_err().to_string();
        assert!(error.contains(reason), "{data}: {error}");
        assert_eq!(
            dump(load::<RawPayload>(data).unwrap()).unwrap(),
            data.replace("\\u0061", "a")
        );
    }
    // These an f64 holds exactly.
    for data in [
        r#"{"n":100000000000000000000}"#,
        r#"{"n":-18446744073709551616}"#,
        r#"{"n":1e20}"#,
    ] {
        load::<Payload>(data).unwrap();
    }
}

#[test]
fn payloads_convert_into_one_another() {
    let raw: RawPayload = load(r#"{"b":1,"a":[2]}"#).unwrap();
    let payload = Payload::try_from(raw.clone()).unwrap();
    assert_eq!(payload, json!({"b":1,"a":[2]}).try_into().unwrap());
    assert_eq!(RawPayload::try_from(payload).unwrap(), raw);
    assert_eq!(raw.as_object().unwrap().as_str(), r#"{"b":1,"a":[2]}"#);
    assert_eq!(serde_json::to_string(&raw).unwrap(), r#"{"b":1,"a":[2]}"#);
    assert_eq!(
        serde_json::from_str::<RawPayload>(r#" {"b": 1,"a":[2]}"#).unwrap(),
        raw
    );
    assert!(serde_json::from_str::<RawPayload>("[1]").is_err());
    assert_eq!(JsonObject::default().to_string(), "{}");

    for inner in [json!({}), json!([]), json!([{"a": []}, {}]), json!(0)] {
        let mut deep = inner;
        for _ in 0..130 {
            deep = json!({ "d": deep, "e": [{}] });
            let message = DataMessage::new("7", "t", 0, Payload::try_from(deep.clone()).unwrap())
                .with_dest("bob");
            // What is proven decides about what is written without a proof.
            let expected = RawPayload::try_from(message.data().clone());
            let mut out = b"before".to_vec();
            match message.append_to(&mut out) {
                Ok(()) => {
                    let raw = message.clone().map_data(|_| expected.unwrap());
                    assert_eq!(
                        out,
                        [b"before", raw.to_frame().unwrap().as_bytes()].concat()
                    );
                }
                Err(error) => {
                    assert!(expected.is_err());
                    assert!(error.to_string().contains("nested too deep"), "{error}");
                    assert_eq!(out, b"before");
                }
            }
        }
        let message = DataMessage::new("7", "t", 0, Payload::try_from(deep).unwrap());
        assert!(message.to_frame().is_err());
    }
    // Whatever is escaped in the members around, the payload stands between them.
    for length in 0..200 {
        let text = "\"\n\u{1}é".repeat(length);
        let object = json!({ "é\u{1f}\\": [text, -0.0, 1e300, u64::MAX, null, true] });
        let message = DataMessage::new(&text, &text, i64::MIN, Payload::try_from(object).unwrap())
            .with_from(&text)
            .with_sign("s");
        let frame = message.to_frame().unwrap();
        assert_eq!(frame.parse::<Message>().unwrap(), Message::Data(message));
    }
}

#[test]
fn texts_become_whatever_serde_makes_of_texts() {
    #[derive(Deserialize, Serialize, PartialEq, Debug)]
    struct Newtype(String);
    #[derive(Deserialize, Serialize, PartialEq, Debug)]
    #[serde(rename_all = "lowercase")]
    enum State {
        On,
        Off,
    }

    for data in [r#""on""#, r#""\u006fn""#] {
        assert_eq!(load::<String>(data).unwrap(), "on");
        assert_eq!(load::<Newtype>(data).unwrap(), Newtype("on".to_owned()));
        assert_eq!(load::<State>(data).unwrap(), State::On);
        assert_eq!(load::<Option<State>>(data).unwrap(), Some(State::On));
        assert_eq!(
            load::<std::net::IpAddr>(r#""::1""#).unwrap().to_string(),
            "::1"
        );
    }
    assert_eq!(dump(State::Off).unwrap(), r#""off""#);
    assert_eq!(dump(Newtype("a\"b".to_owned())).unwrap(), r#""a\"b""#);
    assert_eq!(dump("\n".to_owned()).unwrap(), r#""\n""#);
    let error = load::<State>(r#""dim""#).unwrap_err().to_string();
    assert!(
        error.contains("unknown variant `dim`, expected `on` or `off`"),
        "{error}"
    );
}

#[test]
fn an_error_names_the_message_its_type_and_the_field() {
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "what is read is an error")]
    struct Lamp {
        leds: Vec<Led>,
    }
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "what is read is an error")]
    struct Led {
        on: bool,
    }

    for (data, path, reason) in [
        (r#"{}"#, "", "missing field `leds` at line 1 column 2"),
        (
            r#"{"leds":[{"on":true},{"on":1}]}"#,
            "leds[1].on",
            "invalid type: integer `1`, expected a boolean at line 1 column 28",
        ),
        (
            r#""led""#,
            "",
            "invalid type: string \"led\", expected struct Lamp",
        ),
    ] {
        let error = load::<Lamp>(data).unwrap_err();
        let Error::Payload(payload) = &error else {
            panic!("{error}")
        };
        assert_eq!(
            (payload.id(), payload.kind(), payload.path()),
            ("7", "t", path)
        );
        assert_eq!(payload.reason().to_string(), reason);
        let place = if path.is_empty() {
            String::new()
        } else {
            format!(", at {path}")
        };
        assert_eq!(
            error.to_string(),
            format!("payload of message \"7\", type \"t\"{place}: {reason}")
        );
        let source = error.source().unwrap();
        assert!(source.source().unwrap().is::<serde_json::Error>());

        // On a dynamic message there is no line.
        let Message::Data(message) = frame("t", data).parse::<Message>().unwrap() else {
            panic!()
        };
        let error = message.data_as::<Lamp>().unwrap_err();
        let Error::Payload(payload) = error else {
            panic!("{error}")
        };
        assert_eq!(payload.path(), path);
        assert!(reason.starts_with(&payload.reason().to_string()));
    }
}

#[test]
fn an_error_is_fit_for_a_terminal_whatever_the_peer_sends() {
    #[derive(Deserialize, Debug)]
    #[expect(dead_code, reason = "what is read is an error")]
    struct Lamp {
        by_name: BTreeMap<String, State>,
    }
    #[derive(Deserialize, Debug)]
    enum State {}

    let hostile = r#"\u001b[2J\n\u202e'"#;
    let load = |text: &str| {
        let frame = format!(
            r#"{{"id":"{text}","type":"{text}","time":0,"data":{{"by_name":{{"{text}":"{text}"}}}}}}"#
        );
        let Error::Payload(error) = frame.parse::<Message<Lamp>>().unwrap_err() else {
            panic!()
        };
        error
    };
    let error = load(hostile);
    let escaped = r"\u{1b}[2J\n\u{202e}'";
    assert!(
        error.to_string().starts_with(&format!(
            "payload of message \"{escaped}\", type \"{escaped}\", at by_name.{escaped}: unknown variant `{escaped}`,"
        )),
        "{error}"
    );
    let verbatim = "\u{1b}[2J\n\u{202e}'";
    assert_eq!((error.id(), error.kind()), (verbatim, verbatim));
    assert_eq!(error.path(), format!("by_name.{verbatim}"));
    assert!(error.reason().to_string().contains(verbatim));

    let error = load(&hostile.repeat(10_000));
    assert!(error.to_string().len() < 4_000);
    assert_eq!(error.to_string().matches('…').count(), 4);
    assert_eq!(error.id(), verbatim.repeat(10_000));
}

#[test]
fn what_is_neither_text_nor_object_is_not_written() {
    for error in [
        dump(1).unwrap_err(),
        dump(()).unwrap_err(),
        dump(vec![1]).unwrap_err(),
        dump(None::<u8>).unwrap_err(),
    ] {
        let Error::Payload(error) = error else {
            panic!()
        };
        assert_eq!(
            error.reason().to_string(),
            "data is neither a text nor an object"
        );
    }
    let error = dump(BTreeMap::from([(vec![1], 1)])).unwrap_err();
    assert!(
        error.to_string().contains("key must be a string"),
        "{error}"
    );
    let mut frames = b"before".to_vec();
    DataMessage::typed("7", "t", 0, 1)
        .append_to(&mut frames)
        .unwrap_err();
    assert_eq!(frames, b"before");
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Open {
    Text(String),
    Place {
        lat: f64,
        lon: f64,
    },
    Led(Led),
    Typing,
    Either(Either),
    #[serde(untagged)]
    Other(Unknown),
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(deny_unknown_fields)]
struct Led {
    on: bool,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(untagged)]
enum Either {
    Number { n: u8 },
    Name { name: Name },
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(rename_all = "lowercase")]
enum Name {
    Either,
}

#[derive(Serialize, Deserialize, PartialEq, Debug, Clone)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Closed {
    Text(String),
    Place { lat: f64, lon: f64 },
    Typing,
}

fn tagged<E: DeserializeOwned + 'static>(kind: &str, data: &str) -> Result<E, Error> {
    let message: TaggedMessage<E> = frame(kind, data).parse()?;
    Ok(message.into_data().expect("a data message").into_data())
}

#[test]
fn an_enum_is_a_schema() {
    for (kind, data, expected) in [
        ("text", r#""caf\u00e9""#, Open::Text("café".to_owned())),
        ("text", r#""""#, Open::Text(String::new())),
        (
            "place",
            r#"{"lon":2,"lat":1.5}"#,
            Open::Place { lat: 1.5, lon: 2.0 },
        ),
        ("led", r#"{"on":true}"#, Open::Led(Led { on: true })),
        ("typing", r#""""#, Open::Typing),
        (
            "either",
            r#"{"n":1}"#,
            Open::Either(Either::Number { n: 1 }),
        ),
        (
            "either",
            r#"{"name":"either"}"#,
            Open::Either(Either::Name { name: Name::Either }),
        ),
    ] {
        let value: Open = tagged(kind, data).unwrap();
        assert_eq!(value, expected);
        let Message::Data(message) = frame(kind, data).parse::<Message>().unwrap() else {
            panic!()
        };
        assert_eq!(message.tagged_as::<Open>().unwrap(), expected);

        let message = TaggedDataMessage::tagged("7", 0, value);
        let dumped = message.to_frame().unwrap();
        assert_eq!(
            dumped.parse::<TaggedMessage<Open>>().unwrap(),
            message.into()
        );
    }
    assert_eq!(tagged::<Closed>("typing", r#""""#).unwrap(), Closed::Typing);
    assert_eq!(
        tagged::<Closed>("text", r#""""#).unwrap(),
        Closed::Text(String::new())
    );
}

#[test]
fn unknown_types_are_kept_intact() {
    for (kind, data) in [
        (
            "vote",
            r#"{"z":1.10,"a":12345678901234567890123,"z":1e999}"#,
        ),
        ("vote", r#""caf\u00e9""#),
        ("", r#"{"on":true}"#),
        ("typing ", r#""""#),
    ] {
        let Open::Other(unknown) = tagged(kind, data).unwrap() else {
            panic!("{kind}")
        };
        assert_eq!(unknown.kind(), kind);
        let raw: RawPayload = load(data).unwrap();
        assert_eq!(unknown.data(), &raw);
        let message = DataMessage::tagged("7", 0, Open::Other(unknown));
        let exact: Message<RawPayload> = frame(kind, data).parse().unwrap();
        assert_eq!(message.to_frame().unwrap(), exact.to_frame().unwrap());
    }
}

#[test]
fn a_known_type_with_a_payload_that_does_not_fit_is_no_unknown_type() {
    for (kind, data, reason) in [
        ("place", r#"{"lat":1}"#, "missing field `lon`"),
        ("text", "{}", "invalid type: map, expected a string"),
        (
            "led",
            r#"{"off":true}"#,
            "unknown field `off`, expected `on`",
        ),
        ("typing", "{}", "invalid type: map, expected unit"),
        (
            "either",
            r#"{"name":"both"}"#,
            "data did not match any variant of untagged enum Either",
        ),
    ] {
        let error = tagged::<Open>(kind, data).unwrap_err();
        let Error::Payload(error) = error else {
            panic!("{error}")
        };
        assert_eq!((error.id(), error.kind()), ("7", kind));
        assert!(
            error.reason().to_string().starts_with(reason),
            "{kind}: {error}"
        );
    }
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(rename_all = "lowercase")]
enum Mode {
    On,
    Off,
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Home {
    Mode(Mode),
    #[serde(rename = "")]
    Nameless(Mode),
    Deep {
        mode: Vec<Mode>,
    },
    Wrap {
        inner: Unknown,
        n: Option<u8>,
    },
    Nest {
        inner: Inner,
        n: Option<u8>,
    },
    #[serde(untagged)]
    Other(Unknown),
}

#[derive(Deserialize, PartialEq, Debug)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
enum Inner {
    Known,
    #[serde(untagged)]
    Rest(Unknown),
}

#[test]
fn a_payload_that_says_the_same_as_the_type_makes_it_no_unknown_type() {
    assert_eq!(
        tagged::<Home>("mode", r#""on""#).unwrap(),
        Home::Mode(Mode::On)
    );
    for (kind, data, reason) in [
        (
            "mode",
            r#""mode""#,
            "unknown variant `mode`, expected `on` or `off`",
        ),
        (
            "mode",
            r#""zzz""#,
            "unknown variant `zzz`, expected `on` or `off`",
        ),
        (
            "mode",
            r#"{"mode":1}"#,
            "unknown variant `mode`, expected `on` or `off`",
        ),
        ("", r#""""#, "unknown variant ``, expected `on` or `off`"),
        (
            "deep",
            r#"{"mode":["on","deep"]}"#,
            "unknown variant `deep`, expected `on` or `off`",
        ),
        ("deep", r#""""#, "invalid type: string \"\""),
        (
            "nest",
            r#"{"inner":{"type":"nest","data":""},"n":"x"}"#,
            "invalid type: string \"x\"",
        ),
    ] {
        let error = tagged::<Home>(kind, data).unwrap_err();
        let Error::Payload(error) = error else {
            panic!("{error}")
        };
        assert!(
            error.reason().to_string().starts_with(reason),
            "{kind} {data}: {error}"
        );
    }
    for data in [
        r#""vote""#,
        r#""mode""#,
        r#""on""#,
        r#"{"vote":1}"#,
        r#"{"type":"vote","data":""}"#,
    ] {
        let raw: RawPayload = load(data).unwrap();
        assert_eq!(
            tagged::<Home>("vote", data).unwrap(),
            Home::Other(Unknown::new("vote", raw))
        );
    }
}

#[test]
fn an_unknown_in_a_payload_is_a_struct() {
    for kind in ["x", "wrap", "nest", ""] {
        let data = format!(r#"{{"inner":{{"type":"{kind}","data":"y"}}}}"#);
        let inner = || Unknown::new(kind, "y");
        assert_eq!(
            tagged::<Home>("wrap", &data).unwrap(),
            Home::Wrap {
                inner: inner(),
                n: None
            }
        );
        assert_eq!(
            tagged::<Home>("nest", &data).unwrap(),
            Home::Nest {
                inner: Inner::Rest(inner()),
                n: None
            }
        );
        let raw: RawPayload = load(&data).unwrap();
        assert_eq!(
            tagged::<Home>("vote", &data).unwrap(),
            Home::Other(Unknown::new("vote", raw))
        );
    }
    assert_eq!(
        tagged::<Home>("nest", r#"{"inner":{"type":"known"}}"#).unwrap(),
        Home::Nest {
            inner: Inner::Known,
            n: None
        }
    );
    for (data, reason) in [
        (r#"{"inner":{"type":"x"}}"#, "missing field `data`"),
        (
            r#"{"inner":{"type":"x","data":[]}}"#,
            "invalid type: sequence, expected a string or an object",
        ),
        (
            r#"{"inner":{"type":"wrap","data":""},"n":300}"#,
            "invalid value: integer `300`",
        ),
        (r#"{}"#, "missing field `inner`"),
    ] {
        let error = tagged::<Home>("wrap", data).unwrap_err();
        let Error::Payload(error) = error else {
            panic!("{error}")
        };
        assert!(
            error.reason().to_string().starts_with(reason),
            "{data}: {error}"
        );
    }
    // By itself it is every message.
    assert_eq!(
        tagged::<Unknown>("vote", r#""y""#).unwrap(),
        Unknown::new("vote", "y")
    );
}

#[test]
fn what_an_enum_can_not_hold() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "type", content = "data", rename_all = "lowercase")]
    enum Limited {
        Note(Option<String>),
        Led(Option<Led>),
        Wide {
            n: u128,
        },
        Keys(BTreeMap<u8, u8>),
        Raw(RawPayload),
        #[serde(untagged)]
        Other(Unknown),
    }
    let round = |value| {
        let frame = DataMessage::tagged("7", 0, value).to_frame().unwrap();
        let message: TaggedMessage<Limited> = frame.parse().unwrap();
        message.into_data().unwrap().into_data()
    };
    assert_eq!(
        round(Limited::Note(None)),
        Limited::Note(Some(String::new()))
    );
    assert_eq!(round(Limited::Led(None)), Limited::Led(None));
    for (kind, data) in [
        ("wide", r#"{"n":1}"#),
        ("keys", r#"{"1":1}"#),
        ("raw", r#"{"n":1}"#),
    ] {
        assert!(tagged::<Limited>(kind, data).is_err(), "{kind}");
    }
}

#[test]
fn an_enum_without_room_for_unknown_types_refuses_them() {
    let error = tagged::<Closed>("vote", "{}").unwrap_err();
    assert_eq!(
        error.to_string(),
        "payload of message \"7\", type \"vote\": unknown variant `vote`, expected one of `text`, `place`, `typing`",
    );
    let error = tagged::<Closed>("place", r#"{"lat":1,"lon":"x"}"#).unwrap_err();
    assert_eq!(
        error.to_string(),
        "payload of message \"7\", type \"place\", at lon: \
         invalid type: string \"x\", expected f64 at line 1 column 18",
    );
}

#[test]
fn an_unknown_by_itself_is_a_struct() {
    let unknown: Unknown = serde_json::from_str(r#"{"type":"vote","data":{"n":1}}"#).unwrap();
    assert_eq!(unknown.kind(), "vote");
    assert_eq!(
        serde_json::to_string(&unknown).unwrap(),
        r#"{"type":"vote","data":{"n":1}}"#
    );
    let value: Open = serde_json::from_str(r#"{"type":"vote","data":"x"}"#).unwrap();
    assert_eq!(value, Open::Other(Unknown::new("vote", "x")));
}

#[test]
fn what_is_not_tagged_is_not_written_as_if_it_were() {
    for error in [
        DataMessage::tagged("7", 0, Led { on: true })
            .to_frame()
            .unwrap_err(),
        DataMessage::tagged("7", 0, "text").to_frame().unwrap_err(),
        DataMessage::tagged("7", 0, json!({"type": 1, "data": ""}))
            .to_frame()
            .unwrap_err(),
    ] {
        assert!(
            error.to_string().contains("not the form of #[serde(tag"),
            "{error}"
        );
    }
    let error = DataMessage::tagged("7", 0, json!({"type": "t", "data": [1]}))
        .to_frame()
        .unwrap_err();
    assert!(
        error.to_string().contains("neither a text nor an object"),
        "{error}"
    );
}

#[test]
fn a_type_that_does_more_than_be_an_enum_gets_its_errors() {
    /// Refuses whatever there is.
    #[derive(Deserialize, Debug)]
    #[serde(try_from = "Unknown")]
    struct Never;

    impl TryFrom<Unknown> for Never {
        type Error = String;

        fn try_from(unknown: Unknown) -> Result<Self, String> {
            Err(format!("no {}", unknown.kind()))
        }
    }

    /// Wants a value before its name.
    #[derive(Debug)]
    struct Hasty;

    impl<'de> Deserialize<'de> for Hasty {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Members;

            impl<'de> serde::de::Visitor<'de> for Members {
                type Value = Hasty;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("members")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut members: A,
                ) -> Result<Hasty, A::Error> {
                    members.next_value::<String>().map(|_| Hasty)
                }
            }

            deserializer.deserialize_map(Members)
        }
    }

    for (error, text) in [
        (
            tagged::<Never>("vote", r#""y""#).unwrap_err(),
            "type and payload are unknown",
        ),
        (
            tagged::<Hasty>("vote", r#""y""#).unwrap_err(),
            "a value before its name",
        ),
    ] {
        let Error::Payload(error) = error else {
            panic!("{error}")
        };
        assert_eq!(error.reason().to_string(), text);
    }
}
