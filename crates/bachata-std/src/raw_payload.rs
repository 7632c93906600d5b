use std::fmt;
use std::str::FromStr;

use serde::de::Deserializer;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::value::RawValue;

use crate::core::{self, JsonKind, ParseError, RawJson, RawObject};
use crate::payload::{neither_text_nor_object, no_payload};
use crate::text::owned;
use crate::{Error, Payload};

/// A payload as it was written: a text, or an object as JSON text.
///
/// Nothing of it is lost or changed but insignificant whitespace and the way characters are escaped, neither of which means
/// anything (`P-15`): numbers of any size stay as they were written, and so do names that stand twice. That is what someone needs who passes messages on, or
/// checks their signatures. It is also the cheapest to load and to dump, as nobody looks into the payload.
///
/// ```
/// use bachata_std::{Error, Message, RawPayload};
///
/// let frame = r#"{"id":"7","type":"t","time":0,"data":{"n":1.10e0,"n":1e999}}"#;
/// assert!(frame.parse::<Message>().is_err());
///
/// let message = frame.parse::<Message<RawPayload>>()?;
/// assert_eq!(message.to_string(), frame);
/// # Ok::<(), Error>(())
/// ```
///
/// By itself it is serialised and deserialised by `serde_json` alone, as `serde_json::value::RawValue` is; as part of a message by any format.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub enum RawPayload {
    /// A string.
    Text(String),
    /// An object.
    Object(JsonObject),
}

impl RawPayload {
    /// The text, if it is one.
    pub fn as_text(&self) -> Option<&str> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => None,
        }
    }

    /// The object, if it is one.
    pub const fn as_object(&self) -> Option<&JsonObject> {
        match self {
            Self::Text(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    /// The payload in a borrowed form.
    pub fn to_core(&self) -> core::Payload<'_> {
        match self {
            Self::Text(text) => text.as_str().into(),
            Self::Object(object) => object.as_raw().into(),
        }
    }
}

/// The empty text.
impl Default for RawPayload {
    fn default() -> Self {
        Self::Text(String::new())
    }
}

impl From<&str> for RawPayload {
    fn from(text: &str) -> Self {
        Self::Text(text.to_owned())
    }
}

impl From<String> for RawPayload {
    fn from(text: String) -> Self {
        Self::Text(text)
    }
}

impl From<JsonObject> for RawPayload {
    fn from(object: JsonObject) -> Self {
        Self::Object(object)
    }
}

impl From<core::Payload<'_>> for RawPayload {
    fn from(payload: core::Payload<'_>) -> Self {
        match payload {
            core::Payload::Text(text) => Self::Text(owned(text)),
            core::Payload::Object(object) => Self::Object(object.into()),
        }
    }
}

/// Fails for an object that is nested deeper than a message may be (`P-3`).
impl TryFrom<Payload> for RawPayload {
    type Error = Error;

    fn try_from(payload: Payload) -> Result<Self, Error> {
        match payload {
            Payload::Text(text) => Ok(Self::Text(text)),
            Payload::Object(object) => {
                let json = serde_json::to_string(&object).map_err(no_payload)?;
                Ok(Self::Object(json.parse()?))
            }
        }
    }
}

impl Serialize for RawPayload {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => RawValue::from_string(object.as_str().to_owned())
                .map_err(serde::ser::Error::custom)?
                .serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for RawPayload {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let json = Box::<RawValue>::deserialize(deserializer)?;
        let json = RawJson::new(json.get().as_bytes()).map_err(serde::de::Error::custom)?;
        read_json(json)
            .map(Self::from)
            .map_err(serde::de::Error::custom)
    }
}

/// The payload that a JSON value is.
pub(crate) fn read_json(json: RawJson<'_>) -> Result<core::Payload<'_>, serde_json::Error> {
    match json.kind() {
        JsonKind::String => json.as_text().map(core::Payload::Text),
        JsonKind::Object => RawObject::of(json).map(core::Payload::Object),
        _ => None,
    }
    .ok_or_else(neither_text_nor_object)
}

/// A JSON object as text: proven, without insignificant whitespace, strings escaped as in output (`P-6`); for the rest as it was written.
///
/// ```
/// use bachata_std::JsonObject;
///
/// let object: JsonObject = r#"{ "n": 1.10, "\u0065": "\u00e9" }"#.parse()?;
/// assert_eq!(object.as_str(), r#"{"n":1.10,"e":"é"}"#);
/// assert!("[1]".parse::<JsonObject>().is_err());
/// # Ok::<(), bachata_std::core::ParseError>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct JsonObject(Box<str>);

impl JsonObject {
    /// The object as text.
    pub const fn as_str(&self) -> &str {
        &self.0
    }

    /// The object in a borrowed form.
    pub fn as_raw(&self) -> RawObject<'_> {
        // It was proven when it was made.
        RawObject::new(self.0.as_bytes()).unwrap_or_default()
    }
}

/// `{}`
impl Default for JsonObject {
    fn default() -> Self {
        RawObject::EMPTY.into()
    }
}

impl From<RawObject<'_>> for JsonObject {
    fn from(object: RawObject<'_>) -> Self {
        let mut text = String::with_capacity(object.as_bytes().len());
        let _never_fails = fmt::Write::write_fmt(&mut text, format_args!("{object}"));
        Self(text.into_boxed_str())
    }
}

impl FromStr for JsonObject {
    type Err = ParseError;

    /// # Errors
    ///
    /// It is no JSON object, or nested deeper than the `data` of a message may be (`P-3`).
    fn from_str(json: &str) -> Result<Self, ParseError> {
        RawObject::new(json.as_bytes()).map(Self::from)
    }
}

impl fmt::Display for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for JsonObject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}
