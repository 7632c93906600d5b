use std::fmt;

use serde::de::{self, DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Serialize, Serializer};
use serde_json::map::Entry;
use serde_json::{Map, Number, Value};

use crate::core::{self, RawObject};
use crate::error::PayloadError;
use crate::text::owned;
use crate::{Error, RawPayload};

/// What a data message carries, whatever it is: a text or an object (`P-8`).
///
/// ```
/// use bachata_std::{Error, Payload};
/// use serde_json::json;
///
/// let text = Payload::from("hi");
/// assert_eq!(text.as_text(), Some("hi"));
///
/// let object = Payload::try_from(json!({"on": true}))?;
/// assert_eq!(object.as_object().unwrap()["on"], true);
///
/// assert!(Payload::try_from(json!([1, 2])).is_err());
/// # Ok::<(), Error>(())
/// ```
///
/// # What it keeps
///
/// Members stay in their order (`P-15`). Integers are exact: one that neither 64 bits nor an `f64` can hold is refused with an error, as is a
/// name that stands twice in the same object, of which one value would be lost. A number with a fraction or an exponent is the nearest `f64`
/// and is written in its shortest form, so that `1.10` becomes `1.1`. Where a payload must stay as it was written, use [`RawPayload`].
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Payload {
    /// A string.
    Text(String),
    /// An object.
    Object(Map<String, Value>),
}

impl Payload {
    /// The payload that a value becomes by serde.
    ///
    /// # Errors
    ///
    /// The value becomes neither a text nor an object.
    ///
    /// ```
    /// use bachata_std::{Error, Payload};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// assert_eq!(Payload::of(&Led { on: true })?.as_object().unwrap()["on"], true);
    /// assert!(Payload::of(&17).is_err());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, Error> {
        match serde_json::to_value(value) {
            Ok(value) => value.try_into(),
            Err(reason) => Err(no_payload(reason)),
        }
    }

    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => None,
        }
    }

    /// The object, if it is one.
    pub const fn as_object(&self) -> Option<&Map<String, Value>> {
        match self {
            Self::Text(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    /// The object, to be changed, if it is one.
    pub const fn as_object_mut(&mut self) -> Option<&mut Map<String, Value>> {
        match self {
            Self::Text(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    /// What a frame holds.
    pub(crate) fn read(payload: core::Payload<'_>) -> Result<Self, serde_json::Error> {
        match payload {
            core::Payload::Text(text) => Ok(Self::Text(owned(text))),
            core::Payload::Object(object) => {
                let text = object.as_str();
                let mut large = false;
                let mut json = serde_json::Deserializer::from_str(text);
                let object = json.deserialize_map(ObjectVisitor(&mut large))?;
                if large {
                    check_integers(text)?;
                }
                Ok(Self::Object(object))
            }
        }
    }
}

/// The empty text.
impl Default for Payload {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for Payload {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for Payload {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<Map<String, Value>> for Payload {
    fn from(object: Map<String, Value>) -> Self {
        Self::Object(object)
    }
}

/// Fails for what is neither a text nor an object.
impl TryFrom<Value> for Payload {
    type Error = Error;

    fn try_from(value: Value) -> Result<Self, Error> {
        match value {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Object(object) => Ok(Self::Object(object)),
            _ => Err(no_payload(neither_text_nor_object())),
        }
    }
}

impl From<Payload> for Value {
    fn from(payload: Payload) -> Self {
        match payload {
            Payload::Text(text) => Self::String(text),
            Payload::Object(object) => Self::Object(object),
        }
    }
}

/// Fails where a number does not fit, or a name stands twice in an object: what [`Payload`] can't keep.
impl TryFrom<core::Payload<'_>> for Payload {
    type Error = Error;

    fn try_from(payload: core::Payload<'_>) -> Result<Self, Error> {
        Self::read(payload).map_err(no_payload)
    }
}

/// Fails as from a core payload.
impl TryFrom<RawPayload> for Payload {
    type Error = Error;

    fn try_from(payload: RawPayload) -> Result<Self, Error> {
        match payload {
            RawPayload::Text(text) => Ok(Self::Text(text)),
            RawPayload::Object(object) => object.as_raw().try_into(),
        }
    }
}

/// Fails as from a core payload.
impl TryFrom<RawObject<'_>> for Payload {
    type Error = Error;

    fn try_from(object: RawObject<'_>) -> Result<Self, Error> {
        core::Payload::Object(object).try_into()
    }
}

impl Serialize for Payload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

/// From any format. Names that stand twice are refused; integers come as the format gives them.
impl<'de> Deserialize<'de> for Payload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(PayloadVisitor)
    }
}

pub(crate) fn neither_text_nor_object() -> serde_json::Error {
    serde::ser::Error::custom("data is neither a text nor an object")
}

/// An error about a payload that is not in a message.
pub(crate) fn no_payload(reason: serde_json::Error) -> Error {
    PayloadError::new(String::new(), String::new(), reason).into()
}

struct PayloadVisitor;

impl<'de> Visitor<'de> for PayloadVisitor {
    type Value = Payload;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string or an object")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Payload, E> {
        Ok(Payload::Text(text.to_owned()))
    }

    fn visit_string<E: de::Error>(self, text: String) -> Result<Payload, E> {
        Ok(Payload::Text(text))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Payload, A::Error> {
        let object = ObjectVisitor(&mut false).visit_map(map)?;
        Ok(Payload::Object(object))
    }
}

/// Reads an object as `Map` does, but for names that stand twice. Notes whether there is a float so large that it may have been written
/// as an integer.
struct ObjectVisitor<'l>(&'l mut bool);

impl<'de> Visitor<'de> for ObjectVisitor<'_> {
    type Value = Map<String, Value>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = map.next_key::<String>()? {
            let value = map.next_value_seed(ExactValue(&mut *self.0))?;
            match object.entry(name) {
                Entry::Vacant(place) => place.insert(value),
                Entry::Occupied(place) => {
                    let name = place.key();
                    return Err(de::Error::custom(format_args!(
                        "duplicate name {name:?} in an object"
                    )));
                }
            };
        }
        Ok(object)
    }
}

/// A `Value`, as [`ObjectVisitor`] reads it.
pub(crate) struct ExactValue<'l>(pub(crate) &'l mut bool);

impl<'de> DeserializeSeed<'de> for ExactValue<'_> {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for ExactValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("any valid JSON value")
    }

    fn visit_unit<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_none<E: de::Error>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E: de::Error>(self, value: i64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_u64<E: de::Error>(self, value: u64) -> Result<Value, E> {
        Ok(value.into())
    }

    fn visit_f64<E: de::Error>(self, value: f64) -> Result<Value, E> {
        *self.0 |= value.abs() >= LEAST_LARGE;
        Number::from_f64(value)
            .map(Value::Number)
            .ok_or_else(|| E::custom("float is not finite"))
    }

    fn visit_str<E: de::Error>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E: de::Error>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(element) = elements.next_element_seed(ExactValue(&mut *self.0))? {
            array.push(element);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Value, A::Error> {
        ObjectVisitor(self.0).visit_map(map).map(Value::Object)
    }
}

/// The magnitude from which on an integer may be beyond 64 bits: 2⁶³.
const LEAST_LARGE: f64 = 9_223_372_036_854_775_808.0;

/// Whether all integers in a JSON value, which has been proven, are held exactly by 64 bits or by an `f64`.
fn check_integers(json: &str) -> Result<(), serde_json::Error> {
    let mut rest = json;
    while let Some(at) = rest.find(['"', '-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9']) {
        rest = &rest[at..];
        if let Some(inside) = rest.strip_prefix('"') {
            rest = after_string(inside);
            continue;
        }
        let is_part = |c: char| c.is_ascii_digit() || matches!(c, '+' | '-' | '.' | 'e' | 'E');
        let end = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let number;
        (number, rest) = rest.split_at(end);
        let exact = number.contains(['.', 'e', 'E'])
            || number.parse::<i64>().is_ok()
            || number.parse::<u64>().is_ok()
            // With no digits after the point, all before it are displayed exactly.
            || number.parse::<f64>().is_ok_and(|float| format!("{float:.0}") == number);
        if !exact {
            return Err(de::Error::custom(format_args!(
                "integer {number} is beyond 64 bits"
            )));
        }
    }
    Ok(())
}

/// What follows the closing quote of a string.
fn after_string(inside: &str) -> &str {
    let mut rest = inside;
    while let Some(at) = rest.find(['"', '\\']) {
        let escape = rest[at..].starts_with('\\');
        rest = &rest[at + 1..];
        if !escape {
            break;
        }
        // Whatever is escaped begins with an ASCII character.
        rest = &rest[1..];
    }
    rest
}
