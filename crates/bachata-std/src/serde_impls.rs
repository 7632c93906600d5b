//! Messages as parts of the application's own types, in any self-describing format.

use std::fmt;

use serde::de::{self, DeserializeOwned, Deserializer, MapAccess, Visitor};
use serde::ser::{SerializeMap, Serializer};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::core::{Envelope, Member, Policy};
use crate::payload::ExactValue;
use crate::text::owned;
use crate::{DataMessage, Extra, Kind, Message, Payload, TransportMessage};

/// As an object with the members of a frame, in their order (`P-5`).
impl<P: Serialize + 'static, K: Kind> Serialize for Message<P, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Data(message) => message.serialize(serializer),
            Self::Transport(message) => message.serialize(serializer),
        }
    }
}

/// As an object with the members of a frame, in their order (`P-5`).
impl<P: Serialize + 'static, K: Kind> Serialize for DataMessage<P, K> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut scratch = Vec::new();
        let message = self
            .to_core(&mut scratch)
            .map_err(serde::ser::Error::custom)?;
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Member::Id.name(), self.id())?;
        map.serialize_entry(Member::Type.name(), &owned(message.kind()))?;
        map.serialize_entry(Member::Time.name(), &self.time_ms())?;
        let data = Payload::read(*message.data()).map_err(serde::ser::Error::custom)?;
        map.serialize_entry(Member::Data.name(), &data)?;
        serialize_some(&mut map, Member::From, self.from())?;
        serialize_some(&mut map, Member::Dest, self.dest())?;
        serialize_some(&mut map, Member::Sign, self.sign())?;
        serialize_extra(map, self.extra())
    }
}

/// As an object with the members of a frame, in their order (`P-5`).
impl Serialize for TransportMessage {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry(Member::Type.name(), &self.kind().code())?;
        serialize_some(&mut map, Member::Data, self.data())?;
        serialize_some(&mut map, Member::Sign, self.sign())?;
        serialize_extra(map, self.extra())
    }
}

fn serialize_some<M: SerializeMap>(
    map: &mut M,
    member: Member,
    value: Option<&str>,
) -> Result<(), M::Error> {
    value.map_or(Ok(()), |value| map.serialize_entry(member.name(), value))
}

fn serialize_extra<M: SerializeMap>(mut map: M, extra: &Extra) -> Result<M::Ok, M::Error> {
    for (name, value) in extra.iter() {
        let value: Value =
            serde_json::from_str(value.as_str()).map_err(serde::ser::Error::custom)?;
        map.serialize_entry(name, &value)?;
    }
    map.end()
}

/// From an object with the members of a frame, by the policy [`Strict`](Policy::Strict).
impl<'de, P: DeserializeOwned + 'static, K: Kind> Deserialize<'de> for Message<P, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let members = deserializer.deserialize_map(MembersVisitor)?;
        // The rules stand in core alone: in whatever format the members came, it judges them as a frame.
        let frame = serde_json::to_vec(&members).map_err(de::Error::custom)?;
        let envelope = Envelope::parse(&frame).map_err(de::Error::custom)?;
        Self::from_envelope(&envelope, Policy::Strict).map_err(de::Error::custom)
    }
}

/// As of [`Message`]; a transport message is an error.
impl<'de, P: DeserializeOwned + 'static, K: Kind> Deserialize<'de> for DataMessage<P, K> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message = Message::deserialize(deserializer)?;
        message.into_data().ok_or_else(|| {
            de::Error::custom("a transport message where a data message is expected")
        })
    }
}

/// As of [`Message`]; a data message is an error.
impl<'de> Deserialize<'de> for TransportMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let message: Message = Message::deserialize(deserializer)?;
        message.into_transport().ok_or_else(|| {
            de::Error::custom("a data message where a transport message is expected")
        })
    }
}

/// Members as they come, names that stand twice included.
struct Members(Vec<(String, Value)>);

impl Serialize for Members {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, value)| (name, value)))
    }
}

struct MembersVisitor;

impl<'de> Visitor<'de> for MembersVisitor {
    type Value = Members;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message, which is an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key()? {
            members.push((name, map.next_value_seed(ExactValue(&mut false))?));
        }
        Ok(Members(members))
    }
}
