//! Laws that hold for all messages.

use bachata_std::core::{self, MessageBuf};
use bachata_std::{DataMessage, Error, Message, Payload, RawPayload, ToFrame, TransportMessage};
use proptest::collection::{hash_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::{Map, Value};

fn value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        (-1e300..1e300).prop_map(Value::from),
        any::<String>().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 4, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Value::from),
            hash_map(any::<String>(), inner, 0..4)
                .prop_map(|members| Map::from_iter(members).into()),
        ]
    })
}

fn payload() -> impl Strategy<Value = Payload> {
    prop_oneof![
        any::<String>().prop_map(Payload::from),
        hash_map(any::<String>(), value(), 0..4)
            .prop_map(|members| Payload::Object(members.into_iter().collect())),
    ]
}

fn data_message() -> impl Strategy<Value = Message> {
    let texts = (
        any::<String>(),
        any::<String>(),
        any::<String>(),
        any::<String>(),
        any::<String>(),
    );
    (texts, any::<i64>(), payload(), option::of(value())).prop_map(
        |((id, kind, from, dest, sign), time, data, extra)| {
            let message = DataMessage::new(id, kind, time, data)
                .with_from(from)
                .with_dest(dest)
                .with_sign(sign);
            match extra {
                Some(value) => message.with_extra("x-trace", &value).unwrap(),
                None => message,
            }
            .into()
        },
    )
}

fn transport_message() -> impl Strategy<Value = Message> {
    let kind = prop_oneof![
        any::<u32>(),
        prop::sample::select(vec![100, 200, 300, 1000, 1001, 1002])
    ];
    (kind, option::of(any::<String>()), any::<String>()).prop_map(|(kind, data, sign)| {
        let message = match (TransportMessage::without_data(kind), data) {
            (Some(message), None) => message,
            (_, data) => TransportMessage::new(kind, data.unwrap_or_default()),
        };
        message.with_sign(sign).into()
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_dumped_is_loaded(message in prop_oneof![data_message(), transport_message()]) {
        let frame = message.to_frame().unwrap();
        let loaded: Message = frame.parse().unwrap();
        prop_assert_eq!(&loaded, &message);
        prop_assert_eq!(loaded.to_frame().unwrap(), &*frame);

        let raw: Message<RawPayload> = frame.parse().unwrap();
        prop_assert_eq!(raw.to_frame().unwrap(), &*frame);

        // Written with escapes only, it is the same.
        let mut escaped = String::new();
        for c in frame.chars() {
            match c {
                ' '..='~' => escaped.push(c),
                _ => c.encode_utf16(&mut [0; 2]).iter().for_each(|unit| escaped.push_str(&format!("\\u{unit:04X}"))),
            }
        }
        prop_assert_eq!(escaped.parse::<Message>().unwrap(), loaded);
    }

    #[test]
    fn core_and_back(message in prop_oneof![data_message(), transport_message()]) {
        let mut scratch = Vec::new();
        let borrowed = message.to_core(&mut scratch).unwrap();
        let frame = borrowed.to_string();
        prop_assert_eq!(core::Message::parse(frame.as_bytes()), Ok(borrowed));
        let back = Message::try_from(borrowed).unwrap();
        prop_assert_eq!(back.to_frame().unwrap(), frame);
        if message.extra().is_empty() {
            prop_assert_eq!(&back, &message);
        }
        if let Ok(buf) = MessageBuf::<2048>::try_from(&message) {
            prop_assert_eq!(Message::try_from(&buf).unwrap(), message);
        }
    }

    #[test]
    fn a_frame_is_a_message_where_core_says_so(
        message in prop_oneof![data_message(), transport_message()],
        edits in vec((any::<Index>(), "[{}\\[\\]\":,a-z0-9 \\\\.]{0,2}"), 0..4),
    ) {
        let mut frame = message.to_frame().unwrap();
        for (place, text) in edits {
            let ends = frame.char_indices().map(|(at, c)| at..at + c.len_utf8());
            let places: Vec<_> = ends.collect();
            if !places.is_empty() {
                frame.replace_range(place.get(&places).clone(), &text);
            }
        }
        match (frame.parse::<Message<RawPayload>>(), core::Message::parse(frame.as_bytes())) {
            (Ok(loaded), Ok(borrowed)) => {
                let dumped = loaded.to_string();
                prop_assert_eq!(core::Message::parse(dumped.as_bytes()), Ok(borrowed));
            }
            (Err(Error::Parse(error)), Err(expected)) => prop_assert_eq!(error, expected),
            (loaded, borrowed) => prop_assert!(false, "{loaded:?}\n{borrowed:?}\n{frame}"),
        }
    }
}
