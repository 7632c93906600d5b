//! Any message and key: what is covered is what the clauses say, in every spelling, and a signature is right for nothing but its message and its key.
#![no_main]

use arbitrary::Arbitrary;
use bachata_core::{Covered, HmacSha256, Message, SignatureError, TokenSha256, Verify};
use bachata_fuzz::{AnyFields, Text};
use bachata_tests::{Dice, Fields, Payload};
use libfuzzer_sys::fuzz_target;

#[derive(Arbitrary, Debug)]
struct Input {
    fields: AnyFields,
    other: AnyFields,
    key: [u8; 3],
    sign: Text,
    rolls: Vec<u8>,
}

fuzz_target!(|input: Input| {
    let Input {
        fields: AnyFields(fields),
        other: AnyFields(other),
        key,
        sign: Text(sign),
        rolls,
    } = input;
    let mut dice = Dice::from(rolls);
    let message = fields.message();
    let covered = covered(&message);
    assert_eq!(covered, expected(&fields));
    assert_eq!(data(&message), canonical(&fields).as_bytes());

    let hmac = HmacSha256::new(&key).expect("a key");
    let token: TokenSha256 = TokenSha256::new(&key).expect("a token");
    let (Ok(by_hmac), Ok(by_token)) = (message.sign_with(&hmac), message.sign_with(&token));
    let frame = dice.spell_frame(&fields);
    let spelled = Message::parse(frame.as_bytes()).expect("a message");
    assert_eq!(
        spelled
            .sign_with(&hmac)
            .map(|sign| sign.as_ref().to_owned()),
        Ok(by_hmac.as_ref().to_owned())
    );

    let mut other_key = key;
    other_key[dice.roll(3)] ^= 1 << dice.roll(8);
    check(spelled, &hmac, by_hmac.as_ref(), &sign, &mut dice);
    check(spelled, &token, by_token.as_ref(), &sign, &mut dice);
    let wrong = Some(SignatureError::Wrong);
    for other in [changed(&fields, &mut dice), other] {
        let is_other = unsigned(other.clone()) != unsigned(fields.clone());
        assert_eq!(is_other, self::covered(&other.message()) != covered);
        let signed = with_sign(other.message(), by_hmac.as_ref());
        assert_eq!(signed.verify(&hmac).err(), wrong.filter(|_| is_other));
        // A token's signature covers no more than the data.
        let is_other = canonical(&other) != canonical(&fields);
        let signed = with_sign(other.message(), by_token.as_ref());
        assert_eq!(signed.verify(&token).err(), wrong.filter(|_| is_other));
    }
    let signed = with_sign(spelled, by_token.as_ref());
    let other_token: TokenSha256 = TokenSha256::new(&other_key).expect("a token");
    assert_eq!(signed.verify(&other_token).err(), wrong);
    let signed = with_sign(spelled, by_hmac.as_ref());
    let other_hmac = HmacSha256::new(&other_key).expect("a key");
    assert_eq!(signed.verify(&other_hmac).err(), wrong);
    assert_eq!(
        signed
            .verify(&[other_hmac, hmac])
            .map(|verified| verified.key()),
        Ok(1)
    );

    let mut last = None;
    for warning in spelled.sign_warnings() {
        let Some(offset) = warning.offset() else {
            continue;
        };
        assert!(offset < frame.len() && last.is_none_or(|last| last <= offset));
        last = Some(offset);
    }
});

/// The same message but for one field.
fn changed(fields: &Fields, dice: &mut Dice) -> Fields {
    let mut changed = fields.clone();
    match &mut changed {
        Fields::Data {
            id,
            kind,
            time,
            data,
            from,
            dest,
            ..
        } => match (dice.roll(6), data) {
            (0, _) => id.push('x'),
            (1, _) => kind.push('x'),
            (2, _) => *time = time.wrapping_add(1),
            (3, _) => from.get_or_insert_default().push('x'),
            (4, _) => dest.get_or_insert_default().push('x'),
            (_, Payload::Text(data)) => data.push('x'),
            (_, data @ Payload::Object(_)) => *data = Payload::Text(canonical(fields).into()),
        },
        Fields::Transport { kind, data, .. } => match dice.roll(2) {
            // Without data it may be no receipt.
            0 if data.is_some() => *kind ^= 1,
            _ => data.get_or_insert_default().push('x'),
        },
    }
    changed
}

fn check(
    message: Message<'_>,
    key: &impl Verify<Error = SignatureError>,
    right: &str,
    any: &str,
    dice: &mut Dice,
) {
    assert!(is_well_formed(right));
    assert!(with_sign(message, right).verify(key).is_ok());
    assert_eq!(
        with_sign(message, "").verify(key).err(),
        Some(SignatureError::Missing)
    );
    let mut damaged = right.as_bytes().to_vec();
    damaged[dice.roll(64)] ^= 1 << dice.roll(7);
    let damaged = String::from_utf8(damaged).expect("still ASCII");
    for wrong in [&damaged, any, &right[1..], &right.to_uppercase()] {
        let error = match wrong {
            _ if wrong == right => continue,
            "" => SignatureError::Missing,
            _ if is_well_formed(wrong) => SignatureError::Wrong,
            _ => SignatureError::Malformed,
        };
        assert_eq!(with_sign(message, wrong).verify(key).err(), Some(error));
    }
}

fn is_well_formed(sign: &str) -> bool {
    sign.len() == 64
        && sign
            .bytes()
            .all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

fn with_sign<'a>(message: Message<'a>, sign: &'a str) -> Message<'a> {
    match message {
        Message::Data(message) => message.with_sign(sign).into(),
        Message::Transport(message) => message.with_sign(sign).into(),
    }
}

fn covered(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.feed_fields(|piece| bytes.extend_from_slice(piece));
    bytes
}

fn data(message: &Message<'_>) -> Vec<u8> {
    let mut bytes = Vec::new();
    message.feed_data(|piece| bytes.extend_from_slice(piece));
    bytes
}

/// The canonical data (`P-15`, `P-16`).
fn canonical(fields: &Fields) -> &str {
    match fields {
        Fields::Data {
            data: Payload::Text(data) | Payload::Object(data),
            ..
        } => data,
        Fields::Transport { data, .. } => data.as_deref().unwrap_or_default(),
    }
}

/// The covered fields (`P-17`).
fn expected(fields: &Fields) -> Vec<u8> {
    let mut parts = Vec::new();
    match fields {
        Fields::Data {
            id,
            kind,
            time,
            data,
            from,
            dest,
            ..
        } => {
            let form = if matches!(data, Payload::Text(_)) {
                "data-text"
            } else {
                "data-object"
            };
            let [from, dest] = [from, dest].map(|text| text.clone().unwrap_or_default());
            parts.extend([
                form.into(),
                id.clone(),
                kind.clone(),
                time.to_string(),
                from,
                dest,
            ]);
            parts.push(canonical(fields).into());
        }
        Fields::Transport { kind, data, .. } => {
            parts.extend(["transport".into(), kind.to_string()]);
            parts.extend(data.clone());
        }
    }
    let netstrings = parts.iter().map(|part| format!("{}:{part},", part.len()));
    netstrings.collect::<String>().into_bytes()
}

fn unsigned(mut fields: Fields) -> Fields {
    let (Fields::Data { sign, .. } | Fields::Transport { sign, .. }) = &mut fields;
    *sign = None;
    fields
}
