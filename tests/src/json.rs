use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};
use serde_json::Value;
use serde_json::value::RawValue;

/// Reads a JSON text with `serde_json`, but for the one thing that it refuses and the protocol takes (`P-3`): numbers beyond f64 are made
/// smaller until it takes them.
///
/// # Errors
///
/// What `serde_json` says, of the text or of its smaller form.
pub fn read_json(text: &[u8]) -> serde_json::Result<Value> {
    let mut error = match serde_json::from_slice(text) {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    let mut text = text.to_vec();
    while is_out_of_range(&error) {
        make_number_smaller(&mut text, &error);
        error = match serde_json::from_slice(&text) {
            Ok(value) => return Ok(value),
            Err(error) => error,
        };
    }
    Err(error)
}

fn is_out_of_range(error: &serde_json::Error) -> bool {
    error.is_syntax() && error.to_string().starts_with("number out of range")
}

/// Cuts the longest run of digits in the number to its first digit. A valid number stays valid.
fn make_number_smaller(text: &mut Vec<u8>, error: &serde_json::Error) {
    let is_number = |byte: &u8| byte.is_ascii_digit() || b"+-.eE".contains(byte);
    let lines = text.split_inclusive(|byte| *byte == b'\n');
    let before: usize = lines.take(error.line() - 1).map(<[u8]>::len).sum();
    let inside = before + error.column() - 1;
    let start = text[..inside]
        .iter()
        .rposition(|byte| !is_number(byte))
        .map_or(0, |at| at + 1);
    let end = text[inside..]
        .iter()
        .position(|byte| !is_number(byte))
        .map_or(text.len(), |at| inside + at);
    let longest = text[start..end]
        .split(|byte| !byte.is_ascii_digit())
        .max_by_key(|digits| digits.len())
        .expect("a split gives something");
    assert!(longest.len() > 1, "a number of single digits is in range");
    let first = longest.as_ptr().addr() - text.as_ptr().addr();
    let length = longest.len();
    text.drain(first + 1..first + length);
}

/// The members of an object, in order and with repeated ones: the name with its quotes and the value, both as they stand in the text.
#[derive(Clone, Debug)]
pub struct RawPairs<'a>(pub Vec<(&'a RawValue, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for RawPairs<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Pairs;
        impl<'de> Visitor<'de> for Pairs {
            type Value = RawPairs<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawPairs<'de>, A::Error> {
                let mut pairs = Vec::new();
                while let Some(pair) = map.next_entry()? {
                    pairs.push(pair);
                }
                Ok(RawPairs(pairs))
            }
        }
        deserializer.deserialize_map(Pairs)
    }
}

/// The normal form of a value (`P-15`): whitespace out, strings escaped as in `P-6`, members and numbers as they are.
pub fn normal_form(value: &RawValue) -> String {
    let text = value.get();
    let parts: Vec<String> = match text.as_bytes()[0] {
        b'{' => {
            let RawPairs(pairs) = serde_json::from_str(text).expect("an object");
            let member = |(name, value)| format!("{}:{}", normal_form(name), normal_form(value));
            pairs.into_iter().map(member).collect()
        }
        b'[' => {
            let values: Vec<&RawValue> = serde_json::from_str(text).expect("an array");
            values.into_iter().map(normal_form).collect()
        }
        b'"' => {
            let text: String = serde_json::from_str(text).expect("a string");
            return serde_json::to_string(&text).expect("a string is written");
        }
        _ => return text.to_owned(),
    };
    let parts = parts.join(",");
    if text.starts_with('{') {
        format!("{{{parts}}}")
    } else {
        format!("[{parts}]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_numbers_beyond_f64_are_forgiven() {
        for text in ["1e999", "[1,-1e999,1E+9999999999]", "\n\n {\"a\":\n1e999 }"] {
            assert!(read_json(text.as_bytes()).is_ok(), "{text}");
        }
        let long = "9".repeat(400);
        for text in [long.clone(), format!("-{long}.5e400"), format!("[{long}]")] {
            assert!(read_json(text.as_bytes()).is_ok(), "{text}");
        }
        for text in [
            "1e999-1",
            "[1e999",
            "1e999.5",
            "[1e999 1]",
            "01e999",
            "-",
            "1e999x",
        ] {
            assert!(read_json(text.as_bytes()).is_err(), "{text}");
        }
        assert!(read_json(b"[1e999").unwrap_err().is_eof());
    }

    #[test]
    fn normal_form_keeps_order_repetition_and_numbers() {
        let text = r#" { "b" : [ 1.0 , 1E+2, -0 ] , "\u0061\/" : "\u00e9\n\u001F" , "b" : { } } "#;
        let value: &RawValue = serde_json::from_str(text.trim()).unwrap();
        let normal = "{\"b\":[1.0,1E+2,-0],\"a/\":\"\u{e9}\\n\\u001f\",\"b\":{}}";
        assert_eq!(normal_form(value), normal);
    }
}
