//! What a protocol with keys signs, checks and refuses.

use bachata_std::core::{self, Covered, JsonStr, MessageKind, SignWarningKind};
use bachata_std::{
    DataMessage, Error, FrameReader, FrameWriter, HmacSha256, JsonObject, Message, Payload, Policy,
    Protocol, RawPayload, SignatureError, TaggedMessage, ToFrame, TokenSha256, TransportMessage,
    Unsigned, Verified,
};
use serde::{Deserialize, Serialize};
use serde_json::json;

fn key(text: &str) -> HmacSha256 {
    HmacSha256::new(text.as_bytes()).unwrap()
}

fn protocol() -> Protocol {
    Protocol::new().with_signer(key("key"))
}

fn note() -> DataMessage {
    DataMessage::new("7", "note", 5, "hi").with_from("desk")
}

fn is(result: Result<Message, Error>, expected: SignatureError) -> bool {
    matches!(result, Err(Error::Signature(error)) if error == expected)
}

#[test]
fn every_kind_of_message_is_signed_and_loaded() {
    #[derive(Serialize, Deserialize, PartialEq, Debug)]
    #[serde(tag = "type", content = "data", rename_all = "lowercase")]
    enum Home {
        Note(String),
        Led { on: bool },
    }

    let protocol = protocol();
    let object = Payload::try_from(json!({"b": [1, "é\n"], "a": {}})).unwrap();
    let messages: [Message; 4] = [
        note().into(),
        DataMessage::new("8", "led", -1, object).into(),
        TransportMessage::ping().into(),
        TransportMessage::received("7").into(),
    ];
    for message in messages {
        let frame = protocol.dump_message(&message).unwrap();
        let loaded = protocol.load_message(&frame).unwrap();
        assert_eq!(loaded.sign().unwrap().len(), 64);
        assert_eq!(protocol.dump_message(&loaded).unwrap(), frame);
        let verified: Verified = protocol.load_verified(&frame).unwrap();
        assert_eq!((verified.key(), verified.into_inner()), (0, loaded));
    }
    for home in [Home::Note("x\"y".to_owned()), Home::Led { on: true }] {
        let message = DataMessage::tagged("9", 0, home);
        let frame = protocol.dump_message(&message).unwrap();
        let loaded: TaggedMessage<Home> = protocol.load(&frame).unwrap();
        assert_eq!(loaded.as_data().unwrap().data(), message.data());
        let forged = frame.replace("\"9\"", "\"8\"");
        assert!(protocol.load::<Home, bachata_std::Tagged>(&forged).is_err());
    }
}

#[test]
fn a_protocol_without_keys_neither_signs_nor_checks() {
    let protocol = Protocol::new();
    assert_eq!(protocol.dump_message(&note()).unwrap(), note().to_string());
    let signed = note().with_sign("anything").to_string();
    assert!(protocol.load_message(&signed).is_ok());
    let load = |frame: &str| protocol.load_verified(frame).map(Verified::into_inner);
    assert!(is(load(&signed), SignatureError::Wrong));
    assert!(is(load(&note().to_string()), SignatureError::Missing));
}

#[test]
fn missing_malformed_and_wrong_are_told_apart() {
    let protocol = protocol();
    let frame = protocol.dump_message(&note()).unwrap();
    let loaded = protocol.load_message(&frame).unwrap();
    let sign = loaded.sign().unwrap();
    let with = |sign: &str| protocol.load_message(note().with_sign(sign).to_string());
    assert!(with(sign).is_ok());
    assert!(is(with(""), SignatureError::Missing));
    assert!(is(with(&sign.to_uppercase()), SignatureError::Malformed));
    assert!(is(with(&sign[1..]), SignatureError::Malformed));
    assert!(is(with(&"0".repeat(64)), SignatureError::Wrong));
    let error = with("x").unwrap_err();
    assert_eq!(error.to_string(), "signature malformed");
    assert!(error.is_about_one_frame());
    assert!(
        std::error::Error::source(&error)
            .unwrap()
            .is::<SignatureError>()
    );
    // A frame that is no message is that before all.
    assert!(matches!(protocol.load_message("{"), Err(Error::Parse(_))));
    let short = protocol.clone().with_max_frame_len(10);
    assert!(matches!(short.load_message(&frame), Err(Error::TooLong(_))));
    let result = short.load_verified::<Payload, String>(&frame);
    assert!(matches!(result, Err(Error::TooLong(_))));
    // A payload that does not fit is looked at after its signature.
    let result = protocol.load::<Vec<u8>, String>(note().to_string());
    assert!(matches!(result, Err(Error::Signature(_))));
}

#[test]
fn unsigned_messages_are_refused_accepted_or_judged_by_kind() {
    let frames = [
        note().to_string(),
        note().with_kind("status").to_string(),
        TransportMessage::ping().to_string(),
        TransportMessage::received("7").to_string(),
    ];
    let by_kind = Unsigned::accept_if(|kind| match kind {
        MessageKind::Data(kind) => kind == "status",
        MessageKind::Transport(kind) => !kind.is_receipt(),
    });
    for (unsigned, taken) in [
        (Unsigned::default(), [false; 4]),
        (Unsigned::Refuse, [false; 4]),
        (Unsigned::Accept, [true; 4]),
        (by_kind, [false, true, true, false]),
    ] {
        // In whatever order it is configured.
        let protocols = [
            protocol().with_unsigned(unsigned.clone()),
            Protocol::new()
                .with_unsigned(unsigned.clone())
                .with_signer(key("key")),
        ];
        for protocol in protocols {
            for (frame, taken) in frames.iter().zip(taken) {
                let result = protocol.load_message(frame);
                assert_eq!(result.is_ok(), taken, "{unsigned:?} {frame}");
                assert!(taken || is(result, SignatureError::Missing));
                assert!(protocol.load_verified::<Payload, String>(frame).is_err());
            }
            // A bad signature is none that is missing.
            let wrong = note().with_kind("status").with_sign("0".repeat(64));
            assert!(is(
                protocol.load_message(wrong.to_string()),
                SignatureError::Wrong
            ));
        }
    }
}

#[test]
fn what_is_passed_on_keeps_its_signature() {
    let alice = Protocol::new().with_signer(key("alice"));
    let frame = alice.dump_message(&note()).unwrap();
    let server = Protocol::new()
        .with_signer(key("server"))
        .with_verifier(key("alice"));
    let message = server.load_message(&frame).unwrap();
    assert_eq!(server.dump_message(&message).unwrap(), frame);
    let Message::Data(changed) = message else {
        panic!()
    };
    let changed = changed.with_dest("bob");
    let stale = server.dump_message(&changed).unwrap();
    assert!(is(alice.load_message(stale), SignatureError::Wrong));
    let anew = server.dump_message(&changed.with_sign("")).unwrap();
    assert!(
        Protocol::new()
            .with_verifier(key("server"))
            .load_message(anew)
            .is_ok()
    );
}

#[test]
fn a_verifier_counts_whether_it_is_named_before_the_signer_or_after() {
    let frame = Protocol::new()
        .with_signer(key("alice"))
        .dump_message(&note())
        .unwrap();
    let protocols = [
        protocol().with_verifier(key("alice")),
        Protocol::new()
            .with_verifier(key("alice"))
            .with_signer(key("key")),
    ];
    for protocol in protocols {
        assert!(protocol.load_message(&frame).is_ok());
        let own = protocol.dump_message(&note()).unwrap();
        assert!(is(protocol.load_message(own), SignatureError::Wrong));
    }
}

#[test]
fn a_server_that_writes_messages_anew_breaks_nothing() {
    let object = r#"{"text":"caf\u00e9 \ud83d\ude00","n":[1,-7,0.5],"nested":{"x":null}}"#;
    let object: JsonObject = object.parse().unwrap();
    let message = note().map_data(|_| RawPayload::from(object));
    let frame = protocol().dump_message(&message).unwrap();
    // As `serde_json` does it, with names in order and without.
    let value: serde_json::Value = serde_json::from_str(&frame).unwrap();
    let pretty = serde_json::to_string_pretty(&value).unwrap();
    assert!(protocol().load_message(&pretty).is_ok());
    let members = value.as_object().unwrap().iter().rev();
    let reversed: serde_json::Map<_, _> = members
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let reversed = serde_json::to_string(&reversed).unwrap();
    assert!(protocol().load_message(&reversed).is_ok());
    // As our own types do it.
    let loaded = protocol().load_message(&frame).unwrap();
    assert!(protocol().load_message(loaded.to_string()).is_ok());
    // As the Python package does, that drops what is false.
    let empty = DataMessage::new("", "note", 0, "");
    let frame = protocol().dump_message(&empty).unwrap();
    let dropped = frame
        .replace(r#""id":"","#, "")
        .replace(r#""time":0,"data":"","#, "");
    assert!(!dropped.contains("data"));
    let reference = protocol().with_policy(Policy::Reference);
    assert!(reference.load_message(&dropped).is_ok());
    // Members that the protocol does not know are covered by nothing.
    let extra = loaded.to_string().replacen('{', r#"{"hops":1,"#, 1);
    assert_eq!(protocol().load_message(&extra).unwrap().extra().len(), 1);
}

#[test]
fn streams_are_signed_and_checked() {
    let mut writer = FrameWriter::with_protocol(Vec::new(), &protocol());
    writer.write(&note()).unwrap();
    writer.get_mut().extend_from_slice(b"{\"type\":1001}\n");
    writer.write(&TransportMessage::ping()).unwrap();
    let bytes = writer.into_inner();
    let mut reader = FrameReader::with_protocol(&bytes[..], &protocol());
    assert!(reader.next().unwrap().is_ok());
    assert!(is(reader.next().unwrap(), SignatureError::Missing));
    assert!(reader.next().unwrap().is_ok());
    assert!(reader.next().is_none());
    let other = Protocol::new().with_verifier(key("other"));
    let mut reader = FrameReader::with_protocol(&bytes[..], &other).typed::<String>();
    assert!(matches!(
        reader.next(),
        Some(Err(Error::Signature(SignatureError::Wrong)))
    ));
}

#[cfg(feature = "tokio")]
#[test]
fn a_codec_signs_and_checks() {
    use bachata_std::Codec;
    use tokio_util::codec::{Decoder, Encoder};

    let mut bytes = Default::default();
    let mut codec = Codec::with_protocol(&protocol());
    codec.encode(note(), &mut bytes).unwrap();
    bytes.extend_from_slice(b"{\"type\":1001}\n");
    codec.encode(TransportMessage::ping(), &mut bytes).unwrap();
    assert!(codec.decode(&mut bytes).unwrap().unwrap().is_ok());
    assert!(is(
        codec.decode(&mut bytes).unwrap().unwrap(),
        SignatureError::Missing
    ));
    assert!(codec.decode(&mut bytes).unwrap().unwrap().is_ok());
    assert!(codec.decode(&mut bytes).unwrap().is_none());
}

#[test]
fn other_schemes_and_their_errors_go_through() {
    /// A device that signs once.
    struct Device(std::sync::atomic::AtomicBool);

    impl core::Sign for Device {
        type Signature = &'static str;
        type Error = std::io::Error;

        fn sign<C: Covered + ?Sized>(&self, _: &C) -> Result<&'static str, std::io::Error> {
            if self.0.swap(false, std::sync::atomic::Ordering::Relaxed) {
                Ok("signed")
            } else {
                Err(std::io::Error::other("device is gone"))
            }
        }
    }

    impl core::Verify for Device {
        type Error = Error;

        fn verify<C: Covered + ?Sized>(&self, _: &C, sign: JsonStr<'_>) -> Result<usize, Error> {
            match sign == "signed" {
                true => Ok(0),
                false => Err(Error::Signer("device is gone".into())),
            }
        }
    }

    let protocol = Protocol::new().with_signer(Device(true.into()));
    let frame = protocol.dump_message(&note()).unwrap();
    assert!(protocol.load_message(&frame).is_ok());
    let error = protocol.dump_message(&note()).unwrap_err();
    assert_eq!(error.to_string(), "device is gone");
    assert!(error.is_about_one_frame());
    let mut writer = FrameWriter::with_protocol(Vec::new(), &protocol);
    assert!(writer.write(&note()).is_err());
    assert!(writer.into_inner().is_empty());
    let error = protocol
        .load_message(note().with_sign("x").to_string())
        .unwrap_err();
    assert_eq!(error.to_string(), "device is gone");
    assert!(is(
        protocol.load_message(note().to_string()),
        SignatureError::Missing
    ));
}

#[test]
fn tokens_and_keys_do_not_mix() {
    let token = Protocol::new().with_signer(TokenSha256::new(b"key").unwrap());
    let frame = token.dump_message(&note()).unwrap();
    assert!(token.load_message(&frame).is_ok());
    assert!(token.load_message(frame.replace("desk", "shed")).is_ok());
    assert!(is(
        token.load_message(frame.replace("hi", "ho")),
        SignatureError::Wrong
    ));
    assert!(is(protocol().load_message(&frame), SignatureError::Wrong));
    assert!(!format!("{:?} {:?}", token, key("key")).contains("key\""));
}

#[test]
fn verified_messages_of_the_core_become_ours() {
    let frame = protocol().dump_message(&note()).unwrap();
    let core = core::Message::parse(frame.as_bytes()).unwrap();
    let ours: Verified = core
        .verify(&[key("x"), key("key")])
        .unwrap()
        .try_into()
        .unwrap();
    assert_eq!(ours.key(), 1);
    assert!(ours.clone().into_transport().is_none());
    let data: DataMessage = ours.into_data().unwrap().into_inner();
    assert_eq!(data.to_frame().unwrap(), frame);
}

#[test]
fn long_fractions_are_warned_of_only_where_they_do_not_survive() {
    let kinds = |json: &str| {
        let object: JsonObject = json.parse().unwrap();
        let message = Message::from(note().map_data(|_| RawPayload::from(object)));
        let warnings = message.sign_warnings().unwrap();
        warnings
            .iter()
            .map(|warning| warning.kind())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        kinds(r#"{"a":0.30000000000000004,"b":-59.32932349999999,"c":[1234567890123456.5]}"#),
        []
    );
    let long = SignWarningKind::LongFraction;
    assert_eq!(
        kinds(r#"{"a":0.3000000000000000444,"b":12345678901234567.5}"#),
        [long; 2]
    );
    let sender = Message::from(note().with_from("")).sign_warnings().unwrap();
    assert_eq!(sender[0].kind(), SignWarningKind::NoSender);
}
