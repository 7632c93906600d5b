//! Laws that hold for every message, however it is spelled.

use std::fmt;

use bachata_core::{
    BufferTooSmall, DataMessage, DataMessageSize, Envelope, MaxLen, Member, Message, MessageKind,
    Route, TransportMessage, TransportMessageSize,
};
use bachata_tests::{Fields, POLICIES, Payload, RawPairs, check, config, dice, fields, text};
use proptest::prelude::*;

/// A writer with so much room.
struct Limited(usize);

impl fmt::Write for Limited {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 = self.0.checked_sub(text.len()).ok_or(fmt::Error)?;
        Ok(())
    }
}

proptest! {
    #![proptest_config(config(8000))]

    #[test]
    fn what_was_encoded_is_parsed(fields in fields()) {
        let message = fields.message();
        let expected = fields.encoded();
        prop_assert_eq!(&Fields::from(message), &fields);
        prop_assert_eq!(message.to_string(), &*expected);
        for policy in POLICIES {
            prop_assert_eq!(Message::parse_with(expected.as_bytes(), policy), Ok(message));
        }
    }

    #[test]
    fn every_writer_gets_the_same(fields in fields()) {
        let message = fields.message();
        let expected = fields.encoded();
        prop_assert_eq!(message.encoded_len(), expected.len(), "{}", expected);

        let mut written = String::from("before ");
        message.write_to(&mut written).unwrap();
        prop_assert_eq!(written, format!("before {expected}"));
        for room in 0..expected.len() {
            prop_assert!(message.write_to(&mut Limited(room)).is_err(), "{} of {}", room, expected);
        }
        prop_assert!(message.write_to(&mut Limited(expected.len())).is_ok(), "{}", expected);
    }

    #[test]
    fn every_buffer_that_is_too_small_is_refused(fields in fields()) {
        let message = fields.message();
        let expected = fields.encoded();
        let needed = expected.len();
        let mut room = vec![b'.'; needed + 9];
        for capacity in 0..needed {
            let refused = Err(BufferTooSmall { needed, capacity });
            prop_assert_eq!(message.encode(&mut room[..capacity]), refused, "{}", expected);
        }
        for capacity in [needed, needed + 1, needed + 9] {
            let encoded = message.encode(&mut room[..capacity]);
            prop_assert_eq!(encoded, Ok(expected.as_bytes()), "{} in {}", expected, capacity);
            prop_assert!(room[needed..].iter().all(|byte| *byte == b'.'), "{}", expected);
        }
    }

    #[test]
    fn every_spelling_is_the_same_message(fields in fields(), mut one in dice(), mut two in dice()) {
        let (one, two) = (one.spell_frame(&fields), two.spell_frame(&fields));
        for policy in POLICIES {
            let message = Message::parse_with(one.as_bytes(), policy);
            let message = message.unwrap_or_else(|error| panic!("{error}: {one}"));
            prop_assert_eq!(&Fields::from(message), &fields, "{}", one);
            prop_assert_eq!(message, fields.message(), "{}", one);
            prop_assert_eq!(Message::parse(two.as_bytes()), Ok(message), "{} {}", one, two);
            prop_assert_eq!(message.encoded_len(), message.to_string().len(), "{}", one);

            // Encoding what was parsed is a fixed point.
            let mut room = vec![0; message.encoded_len()];
            let encoded = message.encode(&mut room).unwrap();
            prop_assert_eq!(std::str::from_utf8(encoded).unwrap(), fields.encoded(), "{}", one);
            prop_assert_eq!(Message::parse(encoded), Ok(message), "{}", one);
        }
    }

    #[test]
    fn messages_are_equal_where_their_fields_are(
        a in fields(),
        b in fields(),
        which in 0..8_usize,
        mut dice in dice(),
    ) {
        let b = mixed(&a, &b, which);
        let (a_frame, b_frame) = (dice.spell_frame(&a), dice.spell_frame(&b));
        let a_parsed = Message::parse(a_frame.as_bytes()).unwrap();
        let b_parsed = Message::parse(b_frame.as_bytes()).unwrap();
        prop_assert_eq!(a_parsed == b_parsed, a == b, "{} {}", a_frame, b_frame);
        prop_assert_eq!(a_parsed == b.message(), a == b, "{} {}", a_frame, b_frame);
        prop_assert_eq!(a.message() == b_parsed, a == b, "{} {}", a_frame, b_frame);
    }

    #[test]
    fn an_envelope_has_all_members_in_their_order(fields in fields(), mut dice in dice()) {
        let frame = dice.spell_frame(&fields);
        let envelope = Envelope::parse(frame.as_bytes()).unwrap();
        let RawPairs(expected) = serde_json::from_str(&frame).unwrap();
        let members: Vec<_> = envelope.members().collect();
        prop_assert_eq!(members.len(), expected.len(), "{}", frame);
        for ((name, value), (raw_name, raw_value)) in members.iter().zip(expected) {
            let expected_name: String = serde_json::from_str(raw_name.get()).unwrap();
            prop_assert_eq!(*name, expected_name.as_str(), "{}", frame);
            prop_assert_eq!(value.as_str(), raw_value.get(), "{}", frame);

            // A text is at hand unless it is escaped itself.
            let is_escaped = raw_name.get().contains('\\');
            prop_assert_eq!(name.as_str().is_none(), is_escaped, "{} of {}", name, frame);
            if let Some(text) = value.as_text() {
                let is_escaped = raw_value.get().contains('\\');
                prop_assert_eq!(text.as_str().is_none(), is_escaped, "{} of {}", name, frame);
            }
        }
        for member in Member::ALL {
            let expected = members.iter().find(|(name, _)| *name == member.name());
            let got = envelope.get(member).map(|value| value.as_bytes().as_ptr());
            let expected = expected.map(|(_, value)| value.as_bytes().as_ptr());
            prop_assert_eq!(got, expected, "{} of {}", member, frame);
        }
        prop_assert_eq!(envelope.frame(), frame.as_bytes());
    }

    #[test]
    fn all_readers_agree_on_whole_and_on_damaged_frames(
        fields in fields(),
        mut spelling in dice(),
        mut damage in dice(),
    ) {
        let whole = spelling.spell_frame(&fields).into_bytes();
        let mut damaged = whole.clone();
        damage.damage(&mut damaged);
        for frame in [&whole, &damaged] {
            check(frame);
            let shown = frame.escape_ascii();
            for policy in POLICIES {
                let message = Message::parse_with(frame, policy);
                let envelope = Envelope::parse(frame).and_then(|envelope| envelope.message(policy));
                prop_assert_eq!(envelope, message, "{}", shown);
                let route = Route::parse(frame, policy).map(|route| (route.kind(), route.dest()));
                let expected = message.map(|message| match message {
                    Message::Data(message) => (MessageKind::Data(message.kind()), message.dest()),
                    Message::Transport(message) => (MessageKind::Transport(message.kind()), None),
                });
                prop_assert_eq!(route, expected, "{}", shown);
                match Envelope::parse(frame).map(|envelope| envelope.kind()) {
                    Ok(Ok(kind)) => match expected {
                        Ok((expected, _)) => prop_assert_eq!(kind, expected, "{}", shown),
                        Err(error) => prop_assert_ne!(error.member(), Some(Member::Type), "{}", shown),
                    },
                    Ok(Err(error)) | Err(error) => prop_assert_eq!(message, Err(error), "{}", shown),
                }
            }
        }
    }

    #[test]
    fn sizes_bound_what_they_bound(fields in fields()) {
        let message = fields.message();
        for measure in [measure_plain, measure_text] {
            let bound = match &fields {
                Fields::Data { id, kind, data, from, dest, sign, .. } => DataMessageSize {
                    id: measure(id),
                    kind: measure(kind),
                    data: match data {
                        Payload::Text(text) => measure(text),
                        Payload::Object(object) => MaxLen::Object(object.len()),
                    },
                    from: from.as_deref().map_or(MaxLen::Absent, measure),
                    dest: dest.as_deref().map_or(MaxLen::Absent, measure),
                    sign: sign.as_deref().map_or(MaxLen::Absent, measure),
                }
                .max_encoded_len(),
                Fields::Transport { data, sign, .. } => TransportMessageSize {
                    data: data.as_deref().map_or(MaxLen::Absent, measure),
                    sign: sign.as_deref().map_or(MaxLen::Absent, measure),
                }
                .max_encoded_len(),
            };
            prop_assert!(message.encoded_len() <= bound, "{} > {}", message, bound);
        }
    }

    #[test]
    fn a_size_is_reached_by_the_longest_message(id in text(), count in 0..40_usize, object in 0..9_usize) {
        let controls = "\0".repeat(count);
        let (id, zeros) = ("7".repeat(id.len()), "0".repeat(object));
        let text = DataMessage::new(&*id, &*controls, i64::MIN, &*controls)
            .with_from("f")
            .with_dest(&*controls);
        let size = DataMessageSize {
            id: MaxLen::Plain(id.len()),
            kind: MaxLen::Text(count),
            data: MaxLen::Text(count),
            from: MaxLen::Plain(1),
            dest: if count == 0 { MaxLen::Absent } else { MaxLen::Text(count) },
            sign: MaxLen::Absent,
        };
        prop_assert_eq!(size.max_encoded_len(), text.encoded_len(), "{}", text);

        let json = format!("{{\"\":1{zeros}}}");
        let object = bachata_core::RawObject::new(json.as_bytes()).unwrap();
        let object = DataMessage::new("", "", i64::MIN, object).with_sign(&*id);
        let size = DataMessageSize {
            data: MaxLen::Object(json.len()),
            sign: if id.is_empty() { MaxLen::Absent } else { MaxLen::Plain(id.len()) },
            ..DataMessageSize::EMPTY
        };
        prop_assert_eq!(size.max_encoded_len(), object.encoded_len(), "{}", object);

        let ping = TransportMessage::new(u32::MAX, &*controls).with_sign("s");
        let size = TransportMessageSize { data: MaxLen::Text(count), sign: MaxLen::Plain(1) };
        prop_assert_eq!(size.max_encoded_len(), ping.encoded_len(), "{}", ping);
    }

    #[test]
    fn empty_texts_are_none_where_none_is_possible(fields in fields()) {
        let message = fields.message();
        let none = match message {
            Message::Data(message) => message.with_from("").with_dest("").with_sign("").into(),
            Message::Transport(message) => Message::from(message.with_sign("")),
        };
        let mut expected = fields.clone();
        match &mut expected {
            Fields::Data { from, dest, sign, .. } => (*from, *dest, *sign) = (None, None, None),
            Fields::Transport { sign, .. } => *sign = None,
        }
        prop_assert_eq!(none.sign(), None);
        prop_assert_eq!(Fields::from(none), expected);
    }
}

/// The bound of a text that needs no escapes; of others the general one.
fn measure_plain(text: &str) -> MaxLen {
    if text.chars().any(|c| c < ' ' || c == '"' || c == '\\') {
        return measure_text(text);
    }
    MaxLen::Plain(text.len())
}

fn measure_text(text: &str) -> MaxLen {
    MaxLen::Text(text.len())
}

/// `a` with one of its fields from `b`, so that two messages differ in one thing or in nothing.
fn mixed(a: &Fields, b: &Fields, which: usize) -> Fields {
    let mut mixed = a.clone();
    match (&mut mixed, b.clone()) {
        (
            Fields::Data {
                id,
                kind,
                time,
                data,
                from,
                dest,
                sign,
            },
            Fields::Data {
                id: b_id,
                kind: b_kind,
                time: b_time,
                data: b_data,
                from: b_from,
                dest: b_dest,
                sign: b_sign,
            },
        ) => match which {
            0 => *id = b_id,
            1 => *kind = b_kind,
            2 => *time = b_time,
            3 => *data = b_data,
            4 => *from = b_from,
            5 => *dest = b_dest,
            6 => *sign = b_sign,
            _ => {}
        },
        (
            Fields::Transport { kind, data, sign },
            Fields::Transport {
                kind: b_kind,
                data: b_data,
                sign: b_sign,
            },
        ) => match which {
            0 | 1 if data.is_some() => *kind = b_kind,
            2 | 3 if b_data.is_some() => *data = b_data,
            4 | 5 => *sign = b_sign,
            _ => {}
        },
        (mixed, b) => *mixed = b,
    }
    mixed
}
