//! Signatures: the vectors, what a signature holds against, what it survives, and what is left of a key.

use std::convert::Infallible;
use std::fmt::Debug;
use std::mem::{ManuallyDrop, MaybeUninit, size_of};

use bachata_core::{
    Covered, DataMessage, HmacSha256, KeyError, Message, MessageBuf, Policy, RawObject, Sign,
    Signature, SignatureError, TokenSha256, TransportMessage, Verify,
};
use bachata_tests::{
    Fields, Payload, config, fields, kebab_case, object, rewrite_vectors, signature_vectors, text,
};
use proptest::prelude::*;

/// The schemes of the crate have this in common.
trait Scheme: Sign<Signature = Signature, Error = Infallible> + Verify<Error = SignatureError> {}

impl<S: Sign<Signature = Signature, Error = Infallible> + Verify<Error = SignatureError>> Scheme
    for S
{
}

fn hmac() -> HmacSha256 {
    HmacSha256::new(b"the key of the tests").unwrap()
}

fn token() -> TokenSha256 {
    TokenSha256::new(b"the token of the tests").unwrap()
}

fn signed<'a>(message: Message<'a>, signature: &'a Signature) -> Message<'a> {
    match message {
        Message::Data(message) => message.with_sign(signature).into(),
        Message::Transport(message) => message.with_sign(signature).into(),
    }
}

/// What `hmac-sha256` covers.
fn covered_fields(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.feed_fields(|piece| bytes.extend_from_slice(piece));
    bytes
}

/// What `token-sha256` covers.
fn covered_data(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.feed_data(|piece| bytes.extend_from_slice(piece));
    bytes
}

/// Checks the vectors of a scheme.
fn check_vectors<S: Scheme>(
    scheme: &str,
    key: impl Fn(&[u8]) -> Result<S, KeyError>,
    covered: fn(&Message<'_>) -> Vec<u8>,
) {
    let vectors = signature_vectors(scheme);
    assert!(vectors.len() > 15, "{scheme}");
    for vector in vectors {
        assert_eq!(vector.scheme, scheme);
        let key = key(&vector.key()).unwrap();
        for policy in [Policy::Strict, Policy::Reference] {
            let frame = vector.frame.as_bytes();
            let message = Message::parse_with(frame, policy).unwrap();
            let covered = String::from_utf8(covered(&message)).unwrap();
            assert_eq!(covered, vector.covered, "{}", vector.name);
            let result = message.verify(&key).map_or_else(kebab_case, |verified| {
                assert_eq!((verified.key(), *verified), (0, message), "{}", vector.name);
                let Ok(signature) = message.sign_with(&key);
                assert_eq!(
                    message.sign().unwrap(),
                    signature.as_str(),
                    "{}",
                    vector.name
                );
                "verified".to_owned()
            });
            assert_eq!(result, vector.result, "{}", vector.name);
            let buf = MessageBuf::<2048>::parse_with(frame, policy).unwrap();
            let result = buf
                .verify(&key)
                .map_or_else(kebab_case, |_| "verified".to_owned());
            assert_eq!(result, vector.result, "{}", vector.name);
        }
    }
}

#[test]
fn hmac_sha256_is_as_the_vectors_say() {
    check_vectors("hmac-sha256", HmacSha256::new, covered_fields);
}

#[test]
fn token_sha256_is_as_the_vectors_say() {
    check_vectors("token-sha256", TokenSha256::<256>::with_room, covered_data);
}

#[test]
fn warnings_are_as_the_vectors_say() {
    for vector in rewrite_vectors() {
        // Whitespace is no matter of signatures.
        for spaced in [false, true] {
            let json = if spaced {
                with_whitespace(&vector.data)
            } else {
                vector.data.clone()
            };
            let object = RawObject::new(json.as_bytes()).unwrap();
            let warnings: Vec<_> = bachata_core::Payload::from(object)
                .sign_warnings()
                .collect();
            let kinds: Vec<_> = warnings
                .iter()
                .map(|warning| kebab_case(warning.kind()))
                .collect();
            assert_eq!(kinds, vector.warnings, "{}", vector.name);
            for warning in warnings {
                let rest = &json[warning.offset().unwrap()..];
                assert!(
                    rest.starts_with(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']),
                    "{rest}"
                );
                assert!(warning.to_string().contains(&warning.kind().to_string()));
            }
        }
        let object = RawObject::new(vector.data.as_bytes()).unwrap().to_string();
        let changed = [&vector.javascript, &vector.python].map(|made| *made != object);
        let may = ["large-integer", "long-fraction", "exponent"];
        if vector.warnings.is_empty() {
            assert_eq!(changed, [false; 2], "{}", vector.name);
        } else if vector.warnings.iter().any(|name| !may.contains(&&**name)) {
            assert_ne!(changed, [false; 2], "{}", vector.name);
        }
    }
}

/// JSON with spaces around every token.
fn with_whitespace(json: &str) -> String {
    let (mut spaced, mut in_string, mut escaped) = (String::new(), false, false);
    for character in json.chars() {
        let structural = !in_string && "{}[]:,".contains(character);
        spaced.push_str(if structural { " \t" } else { "" });
        spaced.push(character);
        spaced.push_str(if structural { "\r\n " } else { "" });
        in_string ^= character == '"' && !escaped;
        escaped = character == '\\' && !escaped;
    }
    spaced.trim().to_owned()
}

#[test]
fn warnings_about_a_message_come_before_those_about_its_payload() {
    let object = RawObject::new(br#"{"a":1.0}"#).unwrap();
    for (time, from, expected) in [
        (0, "desk", &["trailing-zero"][..]),
        ((1 << 53) - 1, "", &["no-sender", "trailing-zero"]),
        (1 << 53, "", &["no-sender", "large-time", "trailing-zero"]),
        (-(1 << 53) + 1, "desk", &["trailing-zero"]),
        (-(1 << 53), "desk", &["large-time", "trailing-zero"]),
        (i64::MIN, "desk", &["large-time", "trailing-zero"]),
    ] {
        let message = Message::from(DataMessage::new("1", "t", time, object).with_from(from));
        let kinds: Vec<_> = message
            .sign_warnings()
            .map(|warning| kebab_case(warning.kind()))
            .collect();
        assert_eq!(kinds, expected);
    }
    let ping = Message::parse(br#"{"type":1001}"#).unwrap();
    assert_eq!(ping.sign_warnings().count(), 0);
    let text = DataMessage::new("1", "t", 0, r#"{"a":1.0}"#).with_from("desk");
    assert_eq!(text.sign_warnings().count(), 0);
}

#[test]
fn numbers_are_covered_in_full() {
    for time in [i64::MIN, i64::MAX] {
        let message = Message::from(DataMessage::new("", "", time, ""));
        let text = time.to_string();
        let expected = format!("9:data-text,0:,0:,{}:{text},0:,0:,0:,", text.len());
        assert_eq!(covered_fields(&message), expected.as_bytes());
    }
    let message = Message::parse(br#"{"type":4294967295}"#).unwrap();
    assert_eq!(covered_fields(&message), b"9:transport,10:4294967295,");
}

#[test]
fn no_key_is_no_key() {
    assert_eq!(HmacSha256::new(b"").unwrap_err(), KeyError::Empty);
    assert_eq!(TokenSha256::new(b"").unwrap_err(), KeyError::Empty);
    assert_eq!(
        TokenSha256::<0>::with_room(b"").unwrap_err(),
        KeyError::Empty
    );
    let too_long = KeyError::TooLong { len: 3, limit: 2 };
    assert_eq!(TokenSha256::<2>::with_room(b"abc").unwrap_err(), too_long);
    assert_eq!(
        too_long.to_string(),
        "key of 3 bytes is over the limit of 2"
    );
    assert!(TokenSha256::<3>::with_room(b"abc").is_ok());
}

#[test]
fn a_list_of_keys_says_which_one_and_what_is_wrong() {
    let keys = ["a", "b", "c"].map(|key| HmacSha256::new(key.as_bytes()).unwrap());
    let message = DataMessage::new("1", "t", 0, "x");
    for (place, key) in keys.iter().enumerate() {
        let Ok(signature) = message.sign_with(key);
        let message = message.with_sign(&signature);
        assert_eq!(message.verify(&keys).unwrap().key(), place);
        assert_eq!(message.verify(&keys[..]).unwrap().key(), place);
        assert_eq!(message.verify(&&keys[place..]).unwrap().key(), 0);
        assert_eq!(
            message.verify(&keys[place + 1..]),
            Err(SignatureError::Wrong)
        );
        assert_eq!(
            message.verify(&&keys[place + 1..]),
            Err(SignatureError::Wrong)
        );
        assert_eq!(AsRef::<str>::as_ref(&signature), signature.as_str());
    }
    assert_eq!(message.verify(&keys), Err(SignatureError::Missing));
    assert_eq!(
        message.with_sign("x").verify(&keys),
        Err(SignatureError::Malformed)
    );
    let none: [HmacSha256; 0] = [];
    assert_eq!(message.verify(&none), Err(SignatureError::Missing));
    assert_eq!(
        message.with_sign("x").verify(&none),
        Err(SignatureError::Wrong)
    );
}

/// Checks that nothing of a key can be seen in the memory that its value had, once it is dropped.
fn check_zeroised<S: Debug>(key: S, shown: &str) {
    assert_eq!(format!("{key:?} {key:#?}"), format!("{shown} {shown}"));
    let mut place = ManuallyDrop::new(key);
    let pointer = (&raw const place).cast::<MaybeUninit<u8>>();
    let read = |at| unsafe {
        // SAFETY: inside of `place`, which is borrowed nowhere; none of the types has padding.
        pointer.add(at).read_volatile().assume_init()
    };
    let before: Vec<u8> = (0..size_of::<S>()).map(read).collect();
    assert!(before.iter().filter(|byte| **byte != 0).count() > 8);
    // SAFETY: it is not used again.
    unsafe { ManuallyDrop::drop(&mut place) };
    let after: Vec<u8> = (0..size_of::<S>()).map(read).collect();
    let left = before
        .iter()
        .zip(&after)
        .filter(|(before, after)| **after != 0 && before == after);
    // A length is no secret.
    assert!(left.count() <= 1, "{after:x?}");
}

#[test]
fn keys_are_zeroised_and_not_shown() {
    let secret = "a secret that is to be forgotten";
    check_zeroised(
        HmacSha256::new(secret.as_bytes()).unwrap(),
        "HmacSha256(..)",
    );
    check_zeroised(
        TokenSha256::new(secret.as_bytes()).unwrap(),
        "TokenSha256(..)",
    );
}

#[test]
fn typed_payloads_are_signed_as_they_are_encoded() {
    use std::collections::BTreeMap;

    fn check<T: serde::Serialize + ?Sized>(data: &T) {
        let message = DataMessage::typed("1", "t", 5, data).with_dest("d");
        let mut room = [0; 1024];
        let Ok(signature) = message.sign_with(&hmac()).unwrap();
        let frame = message.with_sign(&signature).encode(&mut room).unwrap();
        assert!(Message::parse(frame).unwrap().verify(&hmac()).is_ok());
        let Ok(signature) = message.sign_with(&token()).unwrap();
        let frame = message.with_sign(&signature).encode(&mut room).unwrap();
        assert!(Message::parse(frame).unwrap().verify(&token()).is_ok());
    }

    check("");
    check("plain");
    check("\"\\/\u{8}\u{c}\n\r\t\0\u{1}\u{b}\u{1f}\u{7f}\u{e9}\u{2028}\u{1f600}u0041\\u0041");
    check(&'"');
    check(&format_args!("{}\n{:?}", "a\"", "b\\"));
    check(&BTreeMap::from([
        ("a\n\"", vec!["\u{0}", "\\"]),
        ("", vec![]),
    ]));
    check(&BTreeMap::from([(1, Some(-1.5)), (2, None)]));
    let error = DataMessage::typed("1", "t", 5, &7).sign_with(&hmac());
    assert_eq!(
        error.err(),
        Some(bachata_core::SerializeErrorKind::NeitherTextNorObject)
    );
}

/// A message with one of its parts changed, so that another is meant.
fn changed(fields: &Fields, which: u8, other: &str, other_time: i64) -> Option<Fields> {
    let mut changed = fields.clone();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    match &mut changed {
        Fields::Data {
            id,
            kind,
            time,
            data,
            from,
            dest,
            ..
        } => match which {
            0 => *id = other.to_owned(),
            1 => *kind = other.to_owned(),
            2 => *time = other_time,
            3 => *data = Payload::Text(other.to_owned()),
            4 => *from = some(other),
            5 => *dest = some(other),
            6 => std::mem::swap(id, kind),
            7 => std::mem::swap(from, dest),
            8 => {
                let text = std::mem::take(id);
                *id = from.take().unwrap_or_default();
                *from = some(&text);
            }
            // A character over a boundary.
            9 => kind.insert(0, id.pop()?),
            10 => {
                let mut sender = from.take()?;
                let character = sender.pop()?;
                *from = some(&sender);
                *dest = Some(format!("{character}{}", dest.take().unwrap_or_default()));
            }
            11 => {
                let (mut target, Payload::Text(text)) = (dest.take()?, &mut *data) else {
                    return None;
                };
                text.insert(0, target.pop()?);
                *dest = some(&target);
            }
            12 => *time = time.wrapping_mul(10),
            // The other form of the same text.
            _ => match data {
                Payload::Object(object) => *data = Payload::Text(object.clone()),
                Payload::Text(_) => return None,
            },
        },
        Fields::Transport { kind, data, .. } => {
            let receipt = [100, 200, 300].contains(kind);
            match which {
                0..=2 => *kind ^= 1 << (other_time as u32 % 32),
                3..=5 => *data = Some(other.to_owned()),
                6 => {
                    *data = if data.is_none() {
                        Some(String::new())
                    } else {
                        None
                    }
                }
                _ => data.as_mut()?.push('x'),
            }
            if data.is_none() && (receipt || [100, 200, 300].contains(kind)) {
                return None;
            }
        }
    }
    (changed != *fields).then_some(changed)
}

proptest! {
    #![proptest_config(config(4000))]

    #[test]
    fn what_is_signed_verifies_however_it_is_written(fields in fields()) {
        let message = fields.message();
        let Ok(by_hmac) = message.sign_with(&hmac());
        let Ok(by_token) = message.sign_with(&token());
        // As the crate writes it, and as Python does by default: with spaces and ASCII escapes.
        for ascii in [false, true] {
            for (signature, is_hmac) in [(&by_hmac, true), (&by_token, false)] {
                let frame = signed(message, signature).to_string();
                let frame = if ascii { with_ascii_escapes(&with_whitespace(&frame)) } else { frame };
                let read = Message::parse(frame.as_bytes()).unwrap();
                let buf = MessageBuf::<65536>::parse(frame.as_bytes()).unwrap();
                if is_hmac {
                    prop_assert!(read.verify(&hmac()).is_ok(), "{}", frame);
                    prop_assert!(buf.verify(&hmac()).is_ok(), "{}", frame);
                } else {
                    prop_assert!(read.verify(&token()).is_ok(), "{}", frame);
                    prop_assert_eq!(read.verify(&hmac()), Err(SignatureError::Wrong), "{}", frame);
                }
            }
        }
    }

    #[test]
    fn no_other_message_has_the_signature(
        fields in fields(),
        which in 0..14_u8,
        other in text(),
        other_time in any::<i64>(),
    ) {
        let Some(changed) = changed(&fields, which, &other, other_time) else {
            return Ok(());
        };
        let Ok(signature) = fields.message().sign_with(&hmac());
        let forged = signed(changed.message(), &signature);
        prop_assert_eq!(forged.verify(&hmac()), Err(SignatureError::Wrong), "{}", forged);
        // The bytes under it differ: it is not for the hash to tell them apart.
        let [one, two] = [&fields, &changed].map(|fields| covered_fields(&fields.message()));
        prop_assert_ne!(one, two);
    }

    #[test]
    fn any_byte_of_the_data_counts(object in object(), at in any::<prop::sample::Index>(), bit in 0..8_u8) {
        let message = DataMessage::new("1", "t", 0, RawObject::new(object.as_bytes()).unwrap());
        let mut bytes = object.clone().into_bytes();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let Ok(other) = RawObject::new(&bytes) else {
            return Ok(());
        };
        let forged = DataMessage::new("1", "t", 0, other);
        let same = other.to_string() == object;
        let Ok(signature) = message.sign_with(&hmac());
        prop_assert_eq!(forged.with_sign(&signature).verify(&hmac()).is_ok(), same);
        let Ok(signature) = message.sign_with(&token());
        prop_assert_eq!(forged.with_sign(&signature).verify(&token()).is_ok(), same);
    }

    #[test]
    fn another_key_or_signature_is_wrong(fields in fields(), key in text(), at in 0..64_usize, digit in 0..16_u32) {
        let message = fields.message();
        let Ok(signature) = message.sign_with(&hmac());
        if let Ok(other) = HmacSha256::new(key.as_bytes()) {
            prop_assert_eq!(signed(message, &signature).verify(&other), Err(SignatureError::Wrong));
        }
        let mut sign = signature.as_str().to_owned();
        let digit = char::from_digit(digit, 16).unwrap().to_string();
        let same = sign[at..=at] == digit;
        sign.replace_range(at..=at, &digit);
        let message = match message {
            Message::Data(message) => message.with_sign(&*sign).into(),
            Message::Transport(message) => Message::from(message.with_sign(&*sign)),
        };
        prop_assert_eq!(message.verify(&hmac()).is_ok(), same);
    }
}

/// JSON with every character beyond ASCII escaped.
fn with_ascii_escapes(json: &str) -> String {
    let mut ascii = String::new();
    for character in json.chars() {
        if character.is_ascii() {
            ascii.push(character);
        } else {
            let units = character
                .encode_utf16(&mut [0; 2])
                .iter()
                .map(|unit| format!("\\u{unit:04x}"))
                .collect::<String>();
            ascii.push_str(&units);
        }
    }
    ascii
}

#[test]
fn a_checked_message_stays_checked_as_what_it_is() {
    let keys = ["a", "b"].map(|key| HmacSha256::new(key.as_bytes()).unwrap());
    let ping = TransportMessage::ping().with_data("7");
    let Ok(signature) = ping.sign_with(&keys[1]);
    let verified = Message::from(ping.with_sign(&signature)).verify(&keys);
    let verified = verified.unwrap();
    assert!(verified.into_data().is_none());
    let transport = verified.into_transport().unwrap();
    assert_eq!((transport.key(), transport.data()), (1, ping.data()));
    assert_eq!(ping.with_sign(&signature).verify(&keys), Ok(transport));
    assert_eq!(ping.verify(&keys), Err(SignatureError::Missing));

    let note = DataMessage::new("1", "t", 0, "x");
    let Ok(signature) = note.sign_with(&keys[0]);
    let verified = Message::from(note.with_sign(&signature)).verify(&keys);
    let verified = verified.unwrap();
    assert!(verified.into_transport().is_none());
    let data = verified.into_data().unwrap();
    assert_eq!((data.key(), data.id()), (0, note.id()));
    assert_eq!(note.with_sign(&signature).verify(&keys), Ok(data));
}

#[test]
fn what_is_wrong_with_a_key_or_a_signature_can_be_read() {
    assert_eq!(KeyError::Empty.to_string(), "key is empty");
    let long = KeyError::TooLong { len: 9, limit: 8 };
    assert_eq!(long.to_string(), "key of 9 bytes is over the limit of 8");
    for (error, text) in [
        (SignatureError::Missing, "signature missing"),
        (SignatureError::Malformed, "signature malformed"),
        (SignatureError::Wrong, "signature wrong"),
    ] {
        assert_eq!(error.to_string(), text);
    }
    // These are about no place in the payload.
    let late = DataMessage::new("1", "t", i64::MAX, "x");
    let warnings: Vec<String> = late
        .sign_warnings()
        .map(|warning| warning.to_string())
        .collect();
    assert_eq!(
        warnings,
        [
            "no \"from\", which a server may stamp",
            "\"time\" beyond 2^53, which JavaScript rounds"
        ]
    );
}
