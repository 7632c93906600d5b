use serde::{Deserialize, Deserializer, Serialize};

use crate::tagged::{Instruction, instruction};
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

/// Where it is not in a message of this crate: a struct of `type` and `data`.
impl<'de> Deserialize<'de> for Unknown {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        struct Fields {
            #[serde(rename = "type")]
            kind: String,
            data: Payload,
        }

        match instruction() {
            Instruction::Take(unknown) => Ok(unknown),
            Instruction::Fail => Err(serde::de::Error::custom("type and payload are unknown")),
            Instruction::Read => {
                let Fields { kind, data } = Fields::deserialize(deserializer)?;
                let data = data.try_into().map_err(serde::de::Error::custom)?;
                Ok(Self { kind, data })
            }
        }
    }
}
