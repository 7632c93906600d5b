use std::fmt;

use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::tagged::{given, is_own};
use crate::{Payload, RawPayload};

/// A message of a type that an application's enum does not know: its `type` and its payload, intact.
///
/// It stands in the last variant of the enum, `#[serde(untagged)]`. See [`TaggedMessage`](crate::TaggedMessage).
///
/// A message gets here only if its type is unknown. One of a known type whose payload does not fit is an error, unlike what serde
/// does elsewhere with an untagged variant.
#[derive(Clone, PartialEq, Eq, Hash, Debug, Serialize)]
pub struct Unknown {
    #[serde(rename = "type")]
    kind: String,
    data: RawPayload,
}

impl Unknown {
    /// A message of a type that the enum does not know.
    ///
    /// Where the enum does know the type, what is written is not what is read again.
    pub fn new(kind: impl Into<String>, data: impl Into<RawPayload>) -> Self {
        Self {
            kind: kind.into(),
            data: data.into(),
        }
    }

    /// The member `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// The member `data`, as it was written.
    pub const fn data(&self) -> &RawPayload {
        &self.data
    }
}

/// As such a variant, the message. Elsewhere, in a payload or by itself: a struct of `type` and `data`.
impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(rename = "type")]
            kind: KindText,
            data: Payload,
        }

        match Fields::deserialize(deserializer) {
            Ok(Fields { kind, data }) => Ok(Self {
                kind: kind.0,
                data: data.try_into().map_err(de::Error::custom)?,
            }),
            Err(error) => given().ok_or(error),
        }
    }
}

/// A `type`, unless it is the one of the message itself.
struct KindText(String);

impl<'de> Deserialize<'de> for KindText {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_string(KindVisitor)
    }
}

struct KindVisitor;

impl<'de> Visitor<'de> for KindVisitor {
    type Value = KindText;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a string")
    }

    fn visit_borrowed_str<E: de::Error>(self, kind: &'de str) -> Result<KindText, E> {
        if is_own(kind) {
            return Err(E::custom("type and payload are unknown"));
        }
        self.visit_str(kind)
    }

    fn visit_str<E: de::Error>(self, kind: &str) -> Result<KindText, E> {
        Ok(KindText(kind.to_owned()))
    }

    fn visit_string<E: de::Error>(self, kind: String) -> Result<KindText, E> {
        Ok(KindText(kind))
    }
}
