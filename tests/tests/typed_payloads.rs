//! Payloads as values of the application's own types, against `serde_json` as the one who knows.

use std::collections::BTreeMap;
use std::fmt::Debug;
use std::num::NonZeroU8;

use bachata_core::{
    BufferTooSmall, DataMessage, DeserializeErrorKind as Kind, EncodeError, Message, Payload,
    RawJson, RawObject, SerializeErrorKind,
};
use bachata_tests::{config, dice, object, value};
use proptest::prelude::*;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Every shape that serde derives.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Everything {
    on: bool,
    small: (u8, i8, u16, i16),
    large: (u32, i32, u64, i64),
    ratio: f64,
    half: f32,
    letter: char,
    text: String,
    nothing: (),
    some: Option<u8>,
    none: Option<u8>,
    wrapped: Wrapped,
    unit: Unit,
    list: Vec<Shape>,
    by_name: BTreeMap<String, Option<bool>>,
    by_number: BTreeMap<i16, u8>,
    by_shape: BTreeMap<Colour, u8>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Wrapped(String);

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Unit;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
enum Colour {
    Red,
    Green,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
enum Shape {
    Empty,
    Circle(u32),
    Segment(i8, i8),
    Box { width: u16, height: u16 },
}

prop_compose! {
    fn everything()(
        on: bool, small: (u8, i8, u16, i16), large: (u32, i32, u64, i64), ratio in proptest::num::f64::NORMAL,
        half in proptest::num::f32::NORMAL, letter: char, text: String, some: Option<u8>, wrapped: String,
        list in proptest::collection::vec(shape(), 0..5), by_name: BTreeMap<String, Option<bool>>,
        by_number: BTreeMap<i16, u8>, red: Option<u8>, green: Option<u8>,
    ) -> Everything {
        let colours = [(Colour::Red, red), (Colour::Green, green)];
        let by_shape = colours.into_iter().filter_map(|(colour, count)| Some((colour, count?)));
        Everything {
            on, small, large, ratio, half, letter, text, nothing: (), some, none: None, wrapped: Wrapped(wrapped),
            unit: Unit, list, by_name, by_number, by_shape: by_shape.collect(),
        }
    }
}

fn shape() -> impl Strategy<Value = Shape> {
    prop_oneof![
        Just(Shape::Empty),
        any::<u32>().prop_map(Shape::Circle),
        any::<(i8, i8)>().prop_map(|(start, end)| Shape::Segment(start, end)),
        any::<(u16, u16)>().prop_map(|(width, height)| Shape::Box { width, height }),
    ]
}

/// What an object says as a value of this type.
fn parse<T: DeserializeOwned>(json: &str) -> Result<T, (Kind, usize)> {
    let mut scratch = vec![0; json.len()];
    let object = RawObject::new(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
    Payload::Object(object)
        .parse(&mut scratch)
        .map_err(|error| (error.kind(), error.offset()))
}

/// What `serde_json` says, where it takes the numbers.
fn reference(json: &str) -> Option<Value> {
    serde_json::from_str(json).ok()
}

/// Equal up to the last digits of floats, which the two read by other algorithms.
fn alike(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| alike(a, b))
        }
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .zip(b)
                    .all(|((name, a), (other, b))| name == other && alike(a, b))
        }
        (Value::Number(a), Value::Number(b)) if a.is_f64() || b.is_f64() => {
            let (a, b) = (
                a.as_f64().unwrap_or(f64::NAN),
                b.as_f64().unwrap_or(f64::NAN),
            );
            a == b || (a - b).abs() <= 1e-14 * a.abs()
        }
        (a, b) => a == b,
    }
}

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn an_object_reads_as_serde_json_reads_it(object in object(), mut dice in dice()) {
        let json = dice.spell(&object);
        match (parse::<Value>(&json), reference(&json)) {
            (Ok(read), Some(expected)) => prop_assert!(alike(&read, &expected), "{json}\n{read}\n{expected}"),
            // A float beyond its type.
            (Err((Kind::InvalidNumber, _)), None) => {}
            (read, expected) => prop_assert!(false, "{json}\n{read:?}\n{expected:?}"),
        }
    }

    #[test]
    fn members_that_a_type_does_not_know_are_skipped(value in value(), mut dice in dice()) {
        #[derive(Debug, PartialEq, Deserialize)]
        struct Known { a: u8, z: String }
        let json = format!(r#"{{"x":{0},"a":7,"y":{0},"z":"\u00e9\ud83d\ude00\/","x":{0}}}"#, dice.spell(&value));
        prop_assert_eq!(parse::<Known>(&json), Ok(Known { a: 7, z: "é😀/".into() }), "{}", json);
        let raw = RawJson::new(value.as_bytes()).unwrap();
        prop_assert_eq!(raw.parse::<IgnoredAny>(&mut []).map(|_| ()), Ok(()));
    }

    #[test]
    fn a_value_is_written_and_read_back(value in everything(), mut dice in dice()) {
        let message = DataMessage::typed("1", "everything", 0, &value).with_dest("x");
        let len = message.encoded_len().unwrap();
        let mut out = vec![0; len];
        let frame = message.encode(&mut out).unwrap().to_vec();
        let parsed = Message::parse(&frame).unwrap();
        let data = parsed.as_data().unwrap().data().as_object().unwrap();
        // It reads floats less exactly than they are written.
        let Everything { ratio, half, .. } = value;
        let read: Everything = serde_json::from_str(data.as_str()).unwrap();
        prop_assert_eq!(&Everything { ratio, half, ..read }, &value);
        // It is in normal form: what is parsed is encoded to the same bytes.
        let again = parsed.to_string();
        prop_assert_eq!(again.as_bytes(), &frame);
        let mut text = String::new();
        message.write_to(&mut text).unwrap();
        prop_assert_eq!(text.as_bytes(), &frame);
        let spelled = dice.spell(data.as_str());
        let read = parse::<Everything>(&spelled);
        prop_assert_eq!(read.as_ref(), Ok(&value), "{}", spelled);
        for capacity in [0, 1, len / 2, len - 1] {
            let error = BufferTooSmall { needed: len, capacity };
            prop_assert_eq!(message.encode(&mut out[..capacity]), Err(EncodeError::BufferTooSmall(error)));
        }
    }

    #[test]
    fn texts_are_written_as_serde_json_writes_them(text: String) {
        let names = BTreeMap::from([(&text, &text)]);
        let expected = serde_json::to_string(&names).unwrap();
        let mut frame = String::new();
        DataMessage::typed("", "", 0, &names).write_to(&mut frame).unwrap();
        prop_assert_eq!(frame, format!(r#"{{"id":"","type":"","time":0,"data":{expected}}}"#));
    }

    #[test]
    fn a_value_is_never_read_wrongly(json in object(), mut dice in dice()) {
        // Whatever does not fit is an error; whatever fits is what serde_json makes of it. To it, -0 is a float.
        let json = dice.spell(&json.replace("-0", "0"));
        let expected = serde_json::from_str::<BTreeMap<String, Shape>>(&json).ok();
        prop_assert_eq!(parse(&json).ok(), expected, "{}", json);
        let expected = serde_json::from_str::<BTreeMap<String, i64>>(&json).ok();
        prop_assert_eq!(parse(&json).ok(), expected, "{}", json);
    }
}

/// Numbers of every type, at their edges and beyond, and in every spelling.
#[test]
fn numbers_fit_or_are_errors() {
    const NUMBERS: [&str; 44] = [
        "0",
        "-0",
        "1",
        "-1",
        "127",
        "128",
        "-128",
        "-129",
        "255",
        "256",
        "32767",
        "32768",
        "-32768",
        "-32769",
        "65535",
        "65536",
        "2147483647",
        "2147483648",
        "-2147483648",
        "-2147483649",
        "4294967295",
        "4294967296",
        "9223372036854775807",
        "9223372036854775808",
        "-9223372036854775808",
        "-9223372036854775809",
        "18446744073709551615",
        "18446744073709551616",
        "1.0",
        "1.5",
        "-0.0",
        "1e0",
        "1E2",
        "1e-1",
        "1e309",
        "-1e309",
        "1e-400",
        "3.5e38",
        "1e38",
        "null",
        "true",
        "\"1\"",
        "[1]",
        "{}",
    ];
    fn same<T: DeserializeOwned + Debug + PartialEq>(
        json: &str,
        convert: impl Fn(&str) -> Option<T>,
    ) {
        let value = RawJson::new(json.as_bytes()).unwrap();
        let read = value.parse::<T>(&mut []).ok();
        assert_eq!(
            read,
            convert(json),
            "{json} as {}",
            std::any::type_name::<T>()
        );
    }
    for json in NUMBERS {
        // Rust's own conversion of the text is what the number is.
        same::<u8>(json, |json| json.parse().ok());
        same::<u16>(json, |json| json.parse().ok());
        same::<u32>(json, |json| json.parse().ok());
        same::<u64>(json, |json| json.parse().ok());
        same::<i8>(json, |json| json.parse().ok());
        same::<i16>(json, |json| json.parse().ok());
        same::<i32>(json, |json| json.parse().ok());
        same::<i64>(json, |json| json.parse().ok());
        same::<f32>(json, |json| {
            json.parse().ok().filter(|float: &f32| float.is_finite())
        });
        same::<f64>(json, |json| {
            json.parse().ok().filter(|float: &f64| float.is_finite())
        });
    }
}

/// That floats of both widths are read to the bit as Rust reads them; what is beyond its type, not at all.
fn read_as_rust_reads(json: &str) {
    let value = RawJson::new(json.as_bytes()).unwrap_or_else(|error| panic!("{error}: {json}"));
    let single = json.parse().ok().filter(|float: &f32| float.is_finite());
    let read = value.parse::<f32>(&mut []).ok();
    assert_eq!(read.map(f32::to_bits), single.map(f32::to_bits), "{json}");
    let double = json.parse().ok().filter(|float: &f64| float.is_finite());
    let read = value.parse::<f64>(&mut []).ok();
    assert_eq!(read.map(f64::to_bits), double.map(f64::to_bits), "{json}");
}

/// A number as its decimal digits, of which the last counts a power of ten.
#[derive(Clone)]
struct Decimal {
    digits: String,
    exponent: i32,
}

impl Decimal {
    /// What lies half an ulp above a float.
    fn halfway(float: f64, ulp: f64) -> Self {
        // Half of the smallest has one digit more than that has.
        const FRACTION: usize = 1075;
        let digits = |float: f64| format!("{float:01400.FRACTION$}").replace('.', "");
        let (mut sum, mut carry) = (digits(float).into_bytes(), 0);
        for (digit, ulp) in sum.iter_mut().zip(digits(ulp).bytes()).rev() {
            let twice = (*digit - b'0') * 2 + (ulp - b'0') + carry;
            (carry, *digit) = (twice / 10, twice % 10);
        }
        let mut rest = 0;
        for digit in &mut sum {
            (*digit, rest) = ((rest * 10 + *digit) / 2 + b'0', *digit % 2);
        }
        let digits = String::from_utf8(sum).unwrap();
        let trimmed = digits.trim_end_matches('0');
        Self {
            digits: trimmed.trim_start_matches('0').into(),
            exponent: (digits.len() - trimmed.len()) as i32 - FRACTION as i32,
        }
    }

    /// A little above and below.
    fn neighbours(&self, distance: usize) -> [Self; 2] {
        let exponent = self.exponent - distance as i32;
        let above = format!("{}{:0>distance$}", self.digits, 1);
        // The last digit is not 0.
        let (rest, last) = self.digits.split_at(self.digits.len() - 1);
        let last = last.parse::<u8>().unwrap() - 1;
        let below = format!("{rest}{last}{}", "9".repeat(distance));
        let below = match below.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        [above, below.into()].map(|digits| Self { digits, exponent })
    }

    /// All in front of the exponent, without an exponent, and with a point after the first digit.
    fn spellings(&self) -> [String; 3] {
        let Self { digits, exponent } = self;
        let plain = if let Ok(zeros) = usize::try_from(*exponent) {
            format!("{digits}{}", "0".repeat(zeros))
        } else {
            let fraction = exponent.unsigned_abs() as usize;
            let padded = format!("{digits:0>width$}", width = fraction + 1);
            let (integer, fraction) = padded.split_at(padded.len() - fraction);
            format!("{integer}.{fraction}")
        };
        let (first, rest) = digits.split_at(1);
        let scientific = format!("{first}.{rest}0E{:+}", *exponent + rest.len() as i32);
        [format!("{digits}e{exponent}"), plain, scientific]
    }
}

proptest! {
    #![proptest_config(config(4_000))]

    #[test]
    fn floats_of_any_bits_are_read_as_rust_reads_them(
        double in 0..f64::INFINITY.to_bits(), single in 0..f32::INFINITY.to_bits(), subnormal in 0..1_u64 << 52, precision in 0_usize..40, sign in "-?",
    ) {
        for float in [f64::from_bits(double), f32::from_bits(single).into(), f64::from_bits(subnormal)] {
            read_as_rust_reads(&format!("{sign}{float}"));
            read_as_rust_reads(&format!("{sign}{float:e}"));
            read_as_rust_reads(&format!("{sign}{float:.precision$}"));
            read_as_rust_reads(&format!("{sign}{float:.precision$E}"));
        }
        read_as_rust_reads(&format!("{sign}{:e}", f32::from_bits(single)));
    }

    #[test]
    fn floats_at_halfway_are_read_as_rust_reads_them(
        double in 0..f64::INFINITY.to_bits(), single in 0..f32::INFINITY.to_bits(), subnormal in 0..1_u64 << 52, distance in 1_usize..900,
    ) {
        for bits in [double, subnormal, f64::MAX.to_bits() - (double & 1)] {
            let float = f64::from_bits(bits);
            // The largest is as far from where the next would be as from the last.
            let ulp = if float == f64::MAX { float - float.next_down() } else { float.next_up() - float };
            read_all(&Decimal::halfway(float, ulp), distance);
        }
        for bits in [single, single >> 8, f32::MAX.to_bits() - (single & 1)] {
            let float = f32::from_bits(bits);
            let ulp = if float == f32::MAX { float - float.next_down() } else { float.next_up() - float };
            read_all(&Decimal::halfway(float.into(), ulp.into()), distance);
        }
    }

    #[test]
    fn floats_of_any_digits_are_read_as_rust_reads_them(
        digits in proptest::collection::vec(0_u8..10, 1..1_200), zeros in 0_usize..900, exponent in -1_500..1_500, huge: i32,
    ) {
        let digits: String = digits.iter().map(u8::to_string).collect();
        let digits = match digits.trim_start_matches('0') {
            "" => "0",
            digits => digits,
        };
        for exponent in [exponent, exponent - digits.len() as i32, -(zeros as i32)] {
            for json in (Decimal { digits: digits.into(), exponent }).spellings() {
                read_as_rust_reads(&json);
            }
        }
        let zeros = "0".repeat(zeros);
        for exponent in [exponent, huge % 100_000, huge] {
            read_as_rust_reads(&format!("0.{zeros}{digits}e{exponent}"));
            read_as_rust_reads(&format!("-{digits}.{zeros}e{exponent}"));
            read_as_rust_reads(&format!("{digits}{zeros}E-{zeros}{huge}", huge = exponent.unsigned_abs()));
        }
    }
}

fn read_all(halfway: &Decimal, distance: usize) {
    let [above, below] = halfway.neighbours(distance);
    for number in [halfway.clone(), above, below] {
        for json in number.spellings() {
            read_as_rust_reads(&json);
        }
    }
}

#[test]
fn floats_are_written_with_the_fewest_digits() {
    fn written(value: impl Serialize) -> String {
        let mut frame = String::new();
        DataMessage::typed("", "", 0, &BTreeMap::from([("", value)]))
            .write_to(&mut frame)
            .unwrap();
        let frame = frame.strip_prefix(r#"{"id":"","type":"","time":0,"data":{"":"#);
        frame
            .and_then(|frame| frame.strip_suffix("}}"))
            .unwrap()
            .into()
    }
    for (float, text) in [
        (0.0, "0.0"),
        (-0.0, "-0.0"),
        (1.0, "1.0"),
        (0.1, "0.1"),
        (0.1 + 0.2, "0.30000000000000004"),
        (-1234.5678, "-1234.5678"),
        (1e-5, "0.00001"),
        (1e-6, "1e-6"),
        (1e15, "1000000000000000.0"),
        (1e16, "1e16"),
        (1e23, "1e23"),
        (9007199254740993.0, "9007199254740992.0"),
        (5e-324, "5e-324"),
        (f64::MIN_POSITIVE, "2.2250738585072014e-308"),
        (f64::MIN, "-1.7976931348623157e308"),
    ] {
        assert_eq!(written(float), text);
    }
    for (float, text) in [
        (0.0_f32, "0.0"),
        (-0.1, "-0.1"),
        (16777216.0, "16777216.0"),
        (1e13, "1e13"),
        (1e-45, "1e-45"),
        (f32::MAX, "3.4028235e38"),
    ] {
        assert_eq!(written(float), text);
    }
}

#[derive(Debug, PartialEq, Deserialize)]
struct Note<'n> {
    text: &'n str,
    stars: u8,
}

#[derive(Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
struct Strict {
    #[serde(default)]
    only: Option<Vec<Shape>>,
}

#[test]
fn what_does_not_fit_says_what_and_where() {
    fn error<T: DeserializeOwned + Debug>(json: &str) -> (Kind, usize) {
        parse::<T>(json).expect_err(json)
    }
    type Pairs = BTreeMap<String, (u8, u8)>;
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Circle":-1}]}"#),
        (Kind::InvalidNumber, 19)
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Circle":"1"}]}"#),
        (Kind::InvalidType, 19)
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[ "Square"]}"#),
        (Kind::UnknownVariant, 10)
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Square":1}]}"#),
        (Kind::UnknownVariant, 10)
    );
    assert_eq!(error::<Strict>(r#"{"only":[{}]}"#).0, Kind::InvalidLength);
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Circle":1,"Empty":null}]}"#).0,
        Kind::InvalidLength
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Box":{"width":1}}]}"#),
        (Kind::MissingField("height"), 16)
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Segment":[1]}]}"#),
        (Kind::InvalidLength, 20)
    );
    assert_eq!(
        error::<Strict>(r#"{"only":[{"Segment":[1,2,3]}]}"#).0,
        Kind::InvalidLength
    );
    assert_eq!(error::<Strict>(r#"{"more":1}"#), (Kind::UnknownField, 1));
    assert_eq!(
        error::<Strict>(r#"{"only":null,"\u006fnly":null}"#),
        (Kind::DuplicateField("only"), 0)
    );
    assert_eq!(error::<Strict>(r#"{"only":{}}"#), (Kind::InvalidType, 8));
    assert_eq!(
        error::<Pairs>(r#"{"a":[1,2],"b":[1,256]}"#),
        (Kind::InvalidNumber, 18)
    );
    assert_eq!(error::<Pairs>(r#"{"a":null}"#), (Kind::InvalidType, 5));
    assert_eq!(
        error::<BTreeMap<u8, u8>>(r#"{"1":2,"01":2}"#),
        (Kind::InvalidType, 7)
    );
    for name in [" 1", "1 ", "1.0x", "true", "", "\\\"1"] {
        assert_eq!(
            error::<BTreeMap<u8, u8>>(&format!("{{\"{name}\":2}}")),
            (Kind::InvalidType, 1),
            "{name}"
        );
    }
    for name in ["256", "-1", "1.5"] {
        assert_eq!(
            error::<BTreeMap<u8, u8>>(&format!("{{\"{name}\":2}}")),
            (Kind::InvalidNumber, 1),
            "{name}"
        );
    }
    assert_eq!(
        error::<BTreeMap<u8, NonZeroU8>>(r#"{"1":1,"2":0}"#),
        (Kind::InvalidValue, 11)
    );
    assert_eq!(
        error::<BTreeMap<Colour, u8>>(r#"{"Blue":2}"#),
        (Kind::UnknownVariant, 1)
    );
    assert_eq!(
        error::<BTreeMap<String, char>>(r#"{"a":"ab"}"#),
        (Kind::InvalidValue, 5)
    );
    assert_eq!(error::<u8>("{}"), (Kind::InvalidType, 0));
    assert_eq!(error::<Vec<u8>>("{}"), (Kind::InvalidType, 0));
    assert_eq!(error::<()>("{}"), (Kind::InvalidType, 0));
}

/// serde buffers a flattened field as whatever it looks like.
#[test]
fn numbers_of_no_fixed_type_are_kept() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Outer {
        a: u8,
        #[serde(flatten)]
        inner: Inner,
    }
    #[derive(Debug, PartialEq, Deserialize)]
    struct Inner {
        c: f64,
    }
    let json = r#"{"a":1,"c":-0,"minus":-5,"least":-9223372036854775808,"big":99999999999999999999,"low":-9223372036854775809,"high":18446744073709551615}"#;
    let read = parse::<Outer>(json).unwrap();
    assert_eq!((read.a, read.inner.c), (1, 0.0));
    assert!(read.inner.c.is_sign_negative());
    assert_eq!(parse::<Value>(json).ok(), reference(json));
}

#[test]
fn texts_are_borrowed_where_they_can_be() {
    let frame = br#"{"id":"","type":"","time":0,"data":{"text":"plain","stars":5}}"#;
    let message = Message::parse(frame).unwrap();
    let note: Note<'_> = message.as_data().unwrap().data().parse(&mut []).unwrap();
    assert_eq!(
        note,
        Note {
            text: "plain",
            stars: 5
        }
    );
    assert!(frame.as_ptr_range().contains(&note.text.as_ptr()));

    // Two escaped texts stand side by side in the scratch; names take nothing of it.
    let pair = RawJson::new(br#"[ "\u00e9", "\ud83d\ude00", "plain" ]"#).unwrap();
    let mut scratch = [0; 6];
    let texts: (&str, &str, &str) = pair.parse(&mut scratch).unwrap();
    assert_eq!(texts, ("é", "😀", "plain"));
    let error = pair
        .parse::<(&str, &str, &str)>(&mut scratch[..5])
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (Kind::ScratchTooShort { needed: 6 }, 12)
    );
    let named =
        RawJson::new(br#"{"\u0074ext":"a","stars":1,"\u0000\u0000\u0000\u0000":{}}"#).unwrap();
    assert_eq!(
        named.parse::<Note<'_>>(&mut [0; 4]).unwrap(),
        Note {
            text: "a",
            stars: 1
        }
    );
    let error = named.parse::<Note<'_>>(&mut [0; 3]).unwrap_err();
    assert_eq!(
        (error.kind(), error.offset()),
        (Kind::ScratchTooShort { needed: 4 }, 1)
    );
}

#[test]
fn a_text_payload_is_a_value_too() {
    let mut scratch = [0; 8];
    let text = |json: &'static str| {
        Payload::Text(RawJson::new(json.as_bytes()).unwrap().as_text().unwrap())
    };
    assert_eq!(text(r#""Red""#).parse(&mut []), Ok(Colour::Red));
    assert_eq!(text(r#""\u0052ed""#).parse(&mut scratch), Ok(Colour::Red));
    assert_eq!(text(r#""a b""#).parse(&mut []), Ok(Some("a b")));
    assert_eq!(text(r#""a b""#).parse(&mut []), Ok(Wrapped("a b".into())));
    assert_eq!(text(r#""x""#).parse(&mut []), Ok('x'));
    assert_eq!(
        text(r#""x""#).parse(&mut []).map(|_: IgnoredAny| ()),
        Ok(())
    );
    assert_eq!(
        text(r#""Blue""#)
            .parse::<Colour>(&mut [])
            .unwrap_err()
            .kind(),
        Kind::UnknownVariant
    );
    assert_eq!(
        text(r#""1""#).parse::<u8>(&mut []).unwrap_err().kind(),
        Kind::InvalidType
    );
    let error = text(r#""\u0052ed""#)
        .parse::<&str>(&mut scratch[..2])
        .unwrap_err();
    assert_eq!(error.kind(), Kind::ScratchTooShort { needed: 3 });
    assert_eq!(Payload::from("say \"hi\"").parse(&mut []), Ok("say \"hi\""));
}

/// A payload as `serde_json` writes it, and as we do.
fn written_as_by_serde_json<T: Serialize>(value: &T) -> String {
    let data = serde_json::to_string(value).unwrap();
    let mut out = [0; 256];
    let message = DataMessage::typed("1", "t", 0, value);
    let frame = message.encode(&mut out).unwrap();
    let expected = format!(r#"{{"id":"1","type":"t","time":0,"data":{data}}}"#);
    assert_eq!(core::str::from_utf8(frame), Ok(&*expected));
    data
}

#[test]
fn a_key_is_an_integer_of_any_type() {
    fn check<K: Debug + Ord + Serialize + DeserializeOwned>(least: K, most: K) {
        let map = BTreeMap::from([(least, 1), (most, 2)]);
        assert_eq!(parse(&written_as_by_serde_json(&map)), Ok(map));
    }
    check(i8::MIN, i8::MAX);
    check(i16::MIN, i16::MAX);
    check(i32::MIN, i32::MAX);
    check(i64::MIN, i64::MAX);
    check(u8::MIN, u8::MAX);
    check(u16::MIN, u16::MAX);
    check(u32::MIN, u32::MAX);
    check(u64::MIN, u64::MAX);
}

/// A map with one key, of a type that may have no order.
struct Keyed<K>(K);

impl<K: Serialize> Serialize for Keyed<K> {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map([(&self.0, 1)])
    }
}

#[test]
fn what_is_no_payload_is_not_written() {
    fn error<T: Serialize>(value: T) -> SerializeErrorKind {
        let message = DataMessage::typed("1", "t", 0, &value);
        match message.encode(&mut [0; 1024]) {
            Err(EncodeError::Payload(kind)) => {
                assert_eq!(message.encoded_len(), Err(EncodeError::Payload(kind)));
                assert!(message.write_to(&mut String::new()).is_err());
                kind
            }
            written => panic!("{:?}", written.map(String::from_utf8_lossy)),
        }
    }
    use SerializeErrorKind::{Custom, InvalidKey, NeitherTextNorObject, NotFinite, TooDeep};
    assert_eq!(error(1), NeitherTextNorObject);
    assert_eq!(error(true), NeitherTextNorObject);
    assert_eq!(error(()), NeitherTextNorObject);
    assert_eq!(error(None::<u8>), NeitherTextNorObject);
    assert_eq!(error([1]), NeitherTextNorObject);
    assert_eq!(error(Unit), NeitherTextNorObject);
    assert_eq!(error(1.5), NeitherTextNorObject);
    assert_eq!(error(BTreeMap::from([("a", f64::NAN)])), NotFinite);
    assert_eq!(error(BTreeMap::from([("a", f32::INFINITY)])), NotFinite);
    assert_eq!(error(Keyed((1, 2))), InvalidKey);
    assert_eq!(error(Keyed(true)), InvalidKey);
    assert_eq!(error(Keyed(Some("a"))), InvalidKey);
    assert_eq!(error(Keyed(None::<u8>)), InvalidKey);
    assert_eq!(error(Keyed(())), InvalidKey);
    assert_eq!(error(Keyed(1.5_f32)), InvalidKey);
    assert_eq!(error(Keyed(1.5_f64)), InvalidKey);
    assert_eq!(error(Keyed(Bytes(vec![b'a']))), InvalidKey);
    assert_eq!(error(Keyed(Unit)), InvalidKey);
    assert_eq!(error(Keyed(Pair(1, Colour::Red))), InvalidKey);
    assert_eq!(error(Keyed(Shape::Circle(1))), InvalidKey);
    assert_eq!(error(Keyed(Shape::Segment(1, 2))), InvalidKey);
    let (width, height) = (1, 2);
    assert_eq!(error(Keyed(Shape::Box { width, height })), InvalidKey);
    assert_eq!(error(Keyed(vec!["a"])), InvalidKey);
    assert_eq!(error(Keyed(Keyed("a"))), InvalidKey);
    #[derive(Serialize)]
    struct Named {
        name: u8,
    }
    assert_eq!(error(Keyed(Named { name: 1 })), InvalidKey);
    assert_eq!(error(BTreeMap::from([("a", u128::MAX)])), Custom);

    // What serde_json says only to itself.
    let raw = serde_json::value::RawValue::from_string(r#"{"a":1}"#.into()).unwrap();
    assert_eq!(error(raw), Custom);

    let nested = |depth| (0..depth).fold(Value::Null, |value, _| serde_json::json!({ "a": value }));
    assert_eq!(error(nested(127)), TooDeep);
    let mut out = vec![0; 2048];
    let message = nested(126);
    let frame = DataMessage::typed("1", "t", 0, &message)
        .encode(&mut out)
        .unwrap();
    assert!(Message::parse(frame).is_ok());
    #[derive(Serialize)]
    enum Deep {
        Down(Box<Deep>),
        Pair(u8, u8),
    }
    let deep = |depth| (0..depth).fold(Deep::Pair(1, 2), |deep, _| Deep::Down(deep.into()));
    assert_eq!(error(deep(125)), TooDeep);
    let deep = deep(124);
    let frame = DataMessage::typed("1", "t", 0, &deep)
        .encode(&mut out)
        .unwrap();
    assert!(Message::parse(frame).is_ok());
}

#[test]
fn what_is_skipped_takes_no_stack() {
    let nested = format!(
        r#"{{"a":7,"x":{}{},"z":""}}"#,
        "[".repeat(125),
        "]".repeat(125)
    );
    let wide = format!(r#"{{"x":[{}1],"a":7,"z":""}}"#, "[[[]]],".repeat(100_000));
    #[derive(Debug, PartialEq, Deserialize)]
    struct Known {
        a: u8,
    }
    for json in [nested, wide] {
        let read = std::thread::Builder::new()
            .stack_size(16 << 10)
            .spawn(move || {
                let value = RawObject::new(json.as_bytes()).unwrap();
                Payload::Object(value).parse::<Known>(&mut [])
            })
            .unwrap();
        assert_eq!(read.join().unwrap(), Ok(Known { a: 7 }));
    }
}

/// A text made of others as it is written, which serde lets a type have without an allocation.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Place(u8, char);

impl Serialize for Place {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(&format_args!("{}\"{}", self.0, self.1))
    }
}

/// Bytes, which come as an array of numbers or as the text whose UTF-8 they are.
#[derive(Debug, PartialEq)]
struct Bytes(Vec<u8>);

impl Serialize for Bytes {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(&self.0)
    }
}

impl<'de> Deserialize<'de> for Bytes {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Bytes;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("bytes")
            }

            fn visit_bytes<E: serde::de::Error>(self, bytes: &[u8]) -> Result<Bytes, E> {
                if bytes == b"refuse" {
                    return Err(E::custom("refused"));
                }
                Ok(Bytes(bytes.into()))
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut seq: A,
            ) -> Result<Bytes, A::Error> {
                let mut bytes = Vec::new();
                while let Some(byte) = seq.next_element()? {
                    bytes.push(byte);
                }
                // At the end it stays.
                assert_eq!(seq.next_element::<u8>()?, None);
                Ok(Bytes(bytes))
            }
        }

        deserializer.deserialize_byte_buf(Visitor)
    }
}

#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Pair(u8, Colour);

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
struct Number(u16);

#[derive(Debug, PartialEq, Serialize)]
struct Rare {
    bytes: Bytes,
    pair: Pair,
    place: Place,
    by_letter: BTreeMap<char, u8>,
    by_number: BTreeMap<Number, u8>,
    by_place: BTreeMap<Place, u8>,
}

#[test]
fn shapes_that_few_types_have_are_written_as_serde_json_writes_them() {
    let rare = Rare {
        bytes: Bytes(vec![0, 7, 255]),
        pair: Pair(1, Colour::Green),
        place: Place(3, 'é'),
        by_letter: BTreeMap::from([('"', 1), ('ü', 2)]),
        by_number: BTreeMap::from([(Number(40), 1), (Number(7), 2)]),
        by_place: BTreeMap::from([(Place(1, '\n'), 3)]),
    };
    let data = written_as_by_serde_json(&rare);
    assert!(data.starts_with(r#"{"bytes":[0,7,255],"pair":[1,"Green"],"place":"3\"é","#));
    // Bytes by themselves are an array, which is no payload.
    let bytes = DataMessage::typed("1", "t", 0, &rare.bytes);
    assert_eq!(
        bytes.encoded_len(),
        Err(EncodeError::Payload(
            SerializeErrorKind::NeitherTextNorObject
        ))
    );
}

#[test]
fn shapes_that_few_types_have_are_read() {
    #[derive(Debug, PartialEq, Deserialize)]
    struct Known {
        bytes: Bytes,
        pair: Pair,
        colour: Colour,
        note: (u8, char),
        by_number: BTreeMap<Number, u8>,
    }
    let json = r#"{"bytes":[0,7],"pair":[1,"Red"],"colour":{"Green":null},"note":[1,"x"],"by_number":{"40":1}}"#;
    let known = Known {
        bytes: Bytes(vec![0, 7]),
        pair: Pair(1, Colour::Red),
        colour: Colour::Green,
        note: (1, 'x'),
        by_number: BTreeMap::from([(Number(40), 1)]),
    };
    assert_eq!(parse(json), Ok(known));
    assert_eq!(
        parse(r#"{"bytes":"\u00e9\n"}"#),
        Ok(BTreeMap::from([("bytes".to_owned(), Bytes("é\n".into()))]))
    );
    // A struct may come as an array.
    #[derive(Debug, PartialEq, Deserialize)]
    struct Point {
        x: i8,
        y: i8,
    }
    assert_eq!(
        parse(r#"{"a":[1,-2],"b":{"y":4,"x":3}}"#),
        Ok(BTreeMap::from([
            ("a".to_owned(), Point { x: 1, y: -2 }),
            ("b".to_owned(), Point { x: 3, y: 4 })
        ]))
    );
    // So may a variant with fields.
    assert_eq!(
        parse(r#"{"a":{"Box":[1,2 ]}}"#),
        Ok(BTreeMap::from([(
            "a".to_owned(),
            Shape::Box {
                width: 1,
                height: 2
            }
        )]))
    );
    // A text payload is bytes, too.
    let text = Payload::from("hi").parse(&mut []);
    assert_eq!(text, Ok(Bytes(b"hi".to_vec())));

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only its errors are looked at")]
    struct Bad {
        bytes: Option<Bytes>,
        colour: Option<Colour>,
        on: Option<bool>,
        note: Option<Wrapped>,
    }
    let error = |json| parse::<Bad>(json).unwrap_err();
    assert_eq!(error(r#"{"bytes": "refuse"}"#), (Kind::Custom, 10));
    assert_eq!(error(r#"{"bytes": 7}"#), (Kind::InvalidType, 10));
    assert_eq!(error(r#"{"bytes": [256]}"#), (Kind::InvalidNumber, 11));
    assert_eq!(error(r#"{"colour": {"Green":1}}"#), (Kind::InvalidType, 20));
    assert_eq!(error(r#"{"colour": {}}"#), (Kind::InvalidLength, 13));
    assert_eq!(error(r#"{"colour": 7}"#), (Kind::InvalidType, 11));
    assert_eq!(error(r#"{"on": 7}"#), (Kind::InvalidType, 7));
    assert_eq!(error(r#"{"note": []}"#), (Kind::InvalidType, 9));
}

/// A variant of fields without names, which would take fields with names, too.
#[derive(Debug, PartialEq)]
struct Either;

impl<'de> Deserialize<'de> for Either {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;

        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Either;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("fields")
            }

            fn visit_enum<A: serde::de::EnumAccess<'de>>(
                self,
                variants: A,
            ) -> Result<Either, A::Error> {
                let (IgnoredAny, variant) = variants.variant()?;
                serde::de::VariantAccess::tuple_variant(variant, 2, self)
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(
                self,
                mut fields: A,
            ) -> Result<Either, A::Error> {
                while fields.next_element::<IgnoredAny>()?.is_some() {}
                Ok(Either)
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(
                self,
                mut fields: A,
            ) -> Result<Either, A::Error> {
                while fields.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
                Ok(Either)
            }
        }

        deserializer.deserialize_enum("Either", &["Pair"], Visitor)
    }
}

#[test]
fn a_variant_of_fields_without_names_is_no_object() {
    let pair = r#"{"a":{"Pair":[1,2]}}"#;
    let named = r#"{"a":{"Pair":{"x":1,"y":2}}}"#;
    let either = BTreeMap::from([("a".to_owned(), Either)]);
    assert_eq!(parse(pair), Ok(either));
    assert_eq!(
        parse::<BTreeMap<String, Either>>(named),
        Err((Kind::InvalidType, 13))
    );
    serde_json::from_str::<BTreeMap<String, Either>>(pair).unwrap();
    serde_json::from_str::<BTreeMap<String, Either>>(named).unwrap_err();
}

#[test]
fn a_type_that_refuses_a_value_is_told_where_it_was() {
    /// Takes whatever it is asked for, and refuses it.
    #[derive(Debug)]
    struct Refusing<const ASKED: char>;

    impl<'de, const ASKED: char> Deserialize<'de> for Refusing<ASKED> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor;

            impl serde::de::Visitor<'_> for Visitor {
                type Value = ();

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("nothing")
                }
            }

            match ASKED {
                'f' => deserializer.deserialize_f32(Visitor),
                'd' => deserializer.deserialize_f64(Visitor),
                _ => deserializer.deserialize_str(Visitor),
            }?;
            Ok(Self)
        }
    }

    type Named<T> = BTreeMap<String, T>;
    let kind = Kind::InvalidType;
    let f32 = parse::<Named<Refusing<'f'>>>(r#"{"a" : 1.5}"#);
    assert_eq!(f32.unwrap_err(), (kind, 7));
    let f64 = parse::<Named<Refusing<'d'>>>(r#"{"a"  : 1.5}"#);
    assert_eq!(f64.unwrap_err(), (kind, 8));
    let text = parse::<Named<Refusing<'s'>>>(r#"{"a" :  "x"}"#);
    assert_eq!(text.unwrap_err(), (kind, 8));
}

#[test]
fn a_type_that_asks_for_what_is_not_next_is_told_where_it_was() {
    /// Asks for so many values after each name.
    #[derive(Debug)]
    struct Asking<const VALUES: usize>;

    impl<'de, const VALUES: usize> Deserialize<'de> for Asking<VALUES> {
        fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            struct Visitor<const VALUES: usize>;

            impl<'de, const VALUES: usize> serde::de::Visitor<'de> for Visitor<VALUES> {
                type Value = Asking<VALUES>;

                fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                    f.write_str("an object")
                }

                fn visit_map<A: serde::de::MapAccess<'de>>(
                    self,
                    mut members: A,
                ) -> Result<Self::Value, A::Error> {
                    while members.next_key::<&str>()?.is_some() {
                        for _ in 0..VALUES {
                            members.next_value::<IgnoredAny>()?;
                        }
                    }
                    Ok(Asking)
                }
            }

            deserializer.deserialize_map(Visitor)
        }
    }

    let json = r#"{"a":1 ,"b":2}"#;
    assert!(parse::<Asking<1>>(json).is_ok());
    let two = parse::<Asking<2>>(json).unwrap_err();
    assert_eq!(two, (Kind::InvalidValue, 7));
    let two = parse::<Asking<2>>(r#"{"a":1}"#).unwrap_err();
    assert_eq!(two, (Kind::InvalidValue, 6));
    let none = parse::<Asking<0>>(json).unwrap_err();
    assert_eq!(none, (Kind::InvalidValue, 4));
}

#[test]
fn what_is_wrong_with_a_payload_can_be_read() {
    let name = "led";
    for (kind, text) in [
        (Kind::InvalidType, "value of the wrong type"),
        (Kind::InvalidNumber, "number does not fit"),
        (Kind::InvalidValue, "invalid value"),
        (Kind::InvalidLength, "wrong number of elements"),
        (Kind::UnknownVariant, "unknown variant"),
        (Kind::UnknownField, "unknown field"),
        (Kind::MissingField(name), "missing field \"led\""),
        (Kind::DuplicateField(name), "duplicate field \"led\""),
        (
            Kind::ScratchTooShort { needed: 7 },
            "scratch too short, 7 bytes needed so far,",
        ),
        (Kind::Custom, "value refused by its type"),
    ] {
        assert_eq!(kind.to_string(), text);
    }
    let object = RawObject::new(br#"{"a": 1}"#).unwrap();
    let error = Payload::Object(object)
        .parse::<BTreeMap<&str, bool>>(&mut [])
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "value of the wrong type at byte 6 of the payload"
    );
    for (kind, text) in [
        (
            SerializeErrorKind::NeitherTextNorObject,
            "data is neither a text nor an object",
        ),
        (
            SerializeErrorKind::InvalidKey,
            "map key is neither a text nor an integer",
        ),
        (SerializeErrorKind::NotFinite, "float is not finite"),
        (SerializeErrorKind::TooDeep, "nested too deep"),
        (SerializeErrorKind::Custom, "value refused by its type"),
    ] {
        assert_eq!(kind.to_string(), text);
        assert_eq!(EncodeError::from(kind).to_string(), text);
    }
    let error = EncodeError::from(BufferTooSmall {
        needed: 9,
        capacity: 8,
    });
    assert_eq!(error.to_string(), "9 bytes needed, 8 available");
}
