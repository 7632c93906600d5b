//! Laws of texts and values: a [`JsonStr`] is its decoded text and a [`RawJson`] its normal form, however they are spelled.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash, Hasher};

use bachata_core::{BufferTooSmall, JsonKind, JsonStr, Member, ParseErrorKind, RawJson, RawObject};
use bachata_tests::{config, dice, normal_form, object, text, value};
use proptest::prelude::*;
use proptest::sample::select;

/// The text of a JSON string.
fn read(json: &str) -> JsonStr<'_> {
    let value = RawJson::new(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
    value
        .as_text()
        .unwrap_or_else(|| panic!("not a string: {json}"))
}

fn hash(text: JsonStr<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Texts that begin alike, so that comparing them has to look further.
fn similar_texts() -> impl Strategy<Value = (String, String)> {
    let ends = (text(), text());
    let similar =
        (text(), ends).prop_map(|(start, (a, b))| (format!("{start}{a}"), format!("{start}{b}")));
    let same = text().prop_map(|text| (text.clone(), text));
    let prefix = (text(), text()).prop_map(|(start, end)| (format!("{start}{end}"), start));
    prop_oneof![2 => similar, 1 => same, 1 => prefix]
}

proptest! {
    #![proptest_config(config(10_000))]

    #[test]
    fn a_text_is_what_it_decodes_to(text in text(), mut dice in dice()) {
        let json = dice.spell_text(&text);
        let read = read(&json);
        prop_assert_eq!(read, &*text, "{}", json);
        prop_assert_eq!(&*text, read, "{}", json);
        prop_assert_eq!(read, JsonStr::new(&text), "{}", json);
        prop_assert_eq!(hash(read), hash(JsonStr::new(&text)), "{}", json);
        prop_assert_eq!(read.to_string(), &*text, "{}", json);
        prop_assert_eq!(read.decoded_len(), text.len(), "{}", json);
        prop_assert_eq!(read.is_empty(), text.is_empty(), "{}", json);
        let plain = (!json.contains('\\')).then_some(&*text);
        prop_assert_eq!(read.as_str(), plain, "{}", json);
        prop_assert_eq!(JsonStr::new(&text).as_str(), Some(&*text));
    }

    #[test]
    fn a_text_is_debugged_as_a_string_is(text in text(), mut dice in dice()) {
        let json = dice.spell_text(&text);
        prop_assert_eq!(format!("{:?}", read(&json)), format!("{text:?}"), "{}", json);
        prop_assert_eq!(format!("{:?}", JsonStr::new(&text)), format!("{text:?}"));
    }

    #[test]
    fn the_characters_of_a_text(text in text(), mut dice in dice()) {
        let json = dice.spell_text(&text);
        let mut characters = read(&json).chars();
        let expected: Vec<char> = text.chars().collect();
        for (at, character) in expected.iter().enumerate() {
            let (low, high) = characters.size_hint();
            let left = expected.len() - at;
            prop_assert!(low <= left && high.is_some_and(|high| left <= high), "{}", json);
            prop_assert_eq!(characters.next(), Some(*character), "{} of {}", at, json);
        }
        prop_assert_eq!(characters.size_hint(), (0, Some(0)), "{}", json);
        prop_assert_eq!((characters.next(), characters.next()), (None, None), "{}", json);
        prop_assert!(JsonStr::new(&text).chars().eq(expected), "{}", json);
    }

    #[test]
    fn a_text_is_decoded_into_the_room_it_needs(text in text(), mut dice in dice()) {
        let json = dice.spell_text(&text);
        let read = read(&json);
        let mut room = vec![b'.'; text.len() + 3];
        for capacity in 0..room.len() {
            let decoded = read.decode(&mut room[..capacity]);
            if read.as_str().is_some() || capacity >= text.len() {
                prop_assert_eq!(decoded, Ok(&*text), "{} in {}", json, capacity);
            } else {
                let refused = Err(BufferTooSmall { needed: text.len(), capacity });
                prop_assert_eq!(decoded, refused, "{}", json);
            }
        }
        prop_assert!(room[text.len()..].iter().all(|byte| *byte == b'.'), "{}", json);
    }

    #[test]
    fn texts_are_compared_as_strings_are((a, b) in similar_texts(), mut dice in dice()) {
        let (a_json, b_json) = (dice.spell_text(&a), dice.spell_text(&b));
        for left in [read(&a_json), JsonStr::new(&a)] {
            for right in [read(&b_json), JsonStr::new(&b)] {
                prop_assert_eq!(left.cmp(&right), a.cmp(&b), "{} {}", a_json, b_json);
                prop_assert_eq!(left == right, a == b, "{} {}", a_json, b_json);
                prop_assert_eq!(left == *b, a == b, "{} {}", a_json, b_json);
                let same_hash = hash(left) == hash(right);
                prop_assert_eq!(same_hash, a == b, "{} {}", a_json, b_json);
            }
        }
    }

    #[test]
    fn pairs_of_texts_hash_apart(a in text(), b in text(), at in 0..20_usize) {
        let both = format!("{a}{b}");
        let at = both.char_indices().nth(at).map_or(both.len(), |(at, _)| at);
        let (c, d) = both.split_at(at);
        let hash = |a: &str, b: &str| {
            let mut hasher = DefaultHasher::new();
            (JsonStr::new(a), JsonStr::new(b)).hash(&mut hasher);
            hasher.finish()
        };
        prop_assert_eq!(hash(&a, &b) == hash(c, d), a == c, "{:?} {:?}", a, c);
    }

    #[test]
    fn known_names_are_known_in_any_spelling(
        name in select(vec!["id", "type", "time", "data", "from", "dest", "sign"]),
        edit in prop_oneof![4 => Just(9), 1 => 0..9_usize],
        with in text(),
        mut dice in dice(),
    ) {
        let mut edited = name.to_owned();
        match edit {
            0 => edited.push_str(&with),
            1 => edited.insert_str(0, &with),
            2 => edited.make_ascii_uppercase(),
            3 => drop(edited.pop()),
            4 => edited = with,
            5 => edited.push('\0'),
            6 => edited = edited.replace('i', "\u{131}"),
            _ => {}
        }
        let json = dice.spell_text(&edited);
        let known = Member::ALL.into_iter().find(|member| member.name() == edited);
        prop_assert_eq!(Member::named(read(&json)), known, "{}", json);
        prop_assert_eq!(Member::named(JsonStr::new(&edited)), known, "{}", edited);
    }

    #[test]
    fn a_value_is_its_normal_form(normal in value(), mut dice in dice()) {
        let json = dice.spell(&normal);
        let raw = RawJson::new(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
        prop_assert_eq!(raw.to_string(), &*normal, "{}", json);
        prop_assert_eq!(raw.as_bytes(), json.trim_ascii().as_bytes());
        prop_assert_eq!(raw.as_str(), json.trim_ascii());
        prop_assert_eq!(format!("{raw:?}"), json.trim_ascii());
        let kind = match normal.as_bytes()[0] {
            b'n' => JsonKind::Null,
            b't' | b'f' => JsonKind::Bool,
            b'"' => JsonKind::String,
            b'[' => JsonKind::Array,
            b'{' => JsonKind::Object,
            _ => JsonKind::Number,
        };
        prop_assert_eq!(raw.kind(), kind, "{}", json);
        let expected: Option<String> = serde_json::from_str(&normal).ok();
        let text = raw.as_text().map(|text| text.to_string());
        prop_assert_eq!(text, expected, "{}", json);

        let object = RawObject::new(json.as_bytes());
        if kind == JsonKind::Object {
            prop_assert_eq!(object.map(RawObject::as_json), Ok(raw), "{}", json);
            prop_assert_eq!(RawObject::of(raw).map(RawObject::as_str), Some(raw.as_str()));
            prop_assert_eq!(format!("{:?}", object.unwrap()), raw.as_str());
        } else {
            let error = object.unwrap_err();
            let start = json.len() - json.trim_ascii_start().len();
            let got = (error.kind(), error.offset(), error.member());
            prop_assert_eq!(got, (ParseErrorKind::ExpectedObject, start, None), "{}", json);
            prop_assert_eq!(RawObject::of(raw), None);
        }
    }

    #[test]
    fn values_are_equal_where_their_normal_forms_are(
        a in value(),
        b in value(),
        same in any::<bool>(),
        mut dice in dice(),
    ) {
        let b = if same { a.clone() } else { b };
        let (a_json, b_json) = (dice.spell(&a), dice.spell(&b));
        for left in [&a, &a_json] {
            for right in [&b, &b_json] {
                let [left, right] = [left, right].map(|json| RawJson::new(json.as_bytes()).unwrap());
                prop_assert_eq!(left == right, a == b, "{} {}", left, right);
            }
        }
    }

    #[test]
    fn values_that_differ_in_one_byte_are_different(object in object(), mut dice in dice()) {
        let at = dice.roll(256) * 256 + dice.roll(256);
        let mut changed = object.clone().into_bytes();
        let at = at % changed.len();
        changed[at] = b"0a \"[{,:e.1\\/"[dice.roll(13)];
        let Ok(value) = RawJson::new(&changed) else {
            return Ok(());
        };
        let changed = serde_json::from_str(value.as_str()).unwrap();
        let expected = normal_form(changed) == object;
        for json in [dice.spell(&object), object] {
            let raw = RawJson::new(json.as_bytes()).unwrap();
            prop_assert_eq!(raw == value, expected, "{:?} {:?}", raw, value);
        }
    }
}
