//! Payloads as values of the application's own types, by way of serde.

use std::any::{Any, TypeId};
use std::borrow::Cow;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeOwned, Deserializer, Visitor};
use serde::{Deserialize, Serialize, forward_to_deserialize_any};

use crate::core::{self, JsonStr, RawJson};
use crate::error::Misfit;
use crate::raw_payload::read_json;
use crate::text::owned;
use crate::{Payload, RawPayload};

/// A payload as a value of type `T`.
pub(crate) fn read<T: DeserializeOwned + 'static>(payload: core::Payload<'_>) -> Result<T, Misfit> {
    let own = if TypeId::of::<T>() == TypeId::of::<Payload>() {
        cast(Payload::read(payload)?)
    } else if TypeId::of::<T>() == TypeId::of::<RawPayload>() {
        cast(RawPayload::from(payload))
    } else {
        None
    };
    if let Some(payload) = own {
        return Ok(payload);
    }
    match payload {
        core::Payload::Text(text) => from_text(match text.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(owned(text)),
        }),
        core::Payload::Object(object) => from_json(object.as_str()),
    }
}

/// The value itself, if `B` is its type.
fn cast<A: 'static, B: 'static>(value: A) -> Option<B> {
    (&mut Some(value) as &mut dyn Any)
        .downcast_mut::<Option<B>>()?
        .take()
}

impl Payload {
    /// The payload as a value of type `T`.
    pub(crate) fn to_typed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Misfit> {
        match self {
            Self::Text(text) => from_text(Cow::Borrowed(text)),
            Self::Object(object) => T::deserialize(object).map_err(|reason| Misfit {
                path: path::<T, _>(object),
                reason,
            }),
        }
    }
}

impl RawPayload {
    /// The payload as a value of type `T`.
    pub(crate) fn to_typed<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Misfit> {
        match self {
            Self::Text(text) => from_text(Cow::Borrowed(text)),
            Self::Object(object) => from_json(object.as_str()),
        }
    }
}

fn from_text<'de, T: Deserialize<'de>>(text: Cow<'de, str>) -> Result<T, Misfit> {
    // In a text there are no places.
    T::deserialize(TextDeserializer(text)).map_err(Misfit::from)
}

fn from_json<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, Misfit> {
    serde_json::from_str(json).map_err(|reason| Misfit {
        path: path::<T, _>(&mut serde_json::Deserializer::from_str(json)),
        reason,
    })
}

/// Where `T` can't be deserialised; empty for the whole. It costs more than deserialising, so it is for those who have seen it fail.
pub(crate) fn path<'de, T, D>(deserializer: D) -> String
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    let mut track = serde_path_to_error::Track::new();
    let tracked = serde_path_to_error::Deserializer::new(deserializer, &mut track);
    let fails = T::deserialize(tracked).is_err();
    let path = track.path();
    if !fails || path.iter().next().is_none() {
        return String::new();
    }
    path.to_string()
}

/// A value as the payload of a message. It borrows from the value or from `scratch`.
pub(crate) fn write<'a, T: Serialize + 'static>(
    value: &'a T,
    scratch: &'a mut Vec<u8>,
) -> Result<core::Payload<'a>, serde_json::Error> {
    let any = value as &dyn Any;
    if let Some(Payload::Text(text)) = any.downcast_ref() {
        return Ok(text.as_str().into());
    }
    if let Some(payload) = any.downcast_ref::<RawPayload>() {
        return Ok(payload.to_core());
    }
    if let Some(text) = any.downcast_ref::<String>() {
        return Ok(text.as_str().into());
    }
    scratch.clear();
    serde_json::to_writer(&mut *scratch, value)?;
    read_json(RawJson::new(scratch).map_err(serde::ser::Error::custom)?)
}

/// A text, as `serde_json` has it: into strings, unit variants, options and newtypes.
pub(crate) struct TextDeserializer<'de>(Cow<'de, str>);

impl<'de> TextDeserializer<'de> {
    pub(crate) fn of(text: JsonStr<'de>) -> Self {
        Self(match text.as_str() {
            Some(text) => Cow::Borrowed(text),
            None => Cow::Owned(owned(text)),
        })
    }
}

impl<'de> Deserializer<'de> for TextDeserializer<'de> {
    type Error = serde_json::Error;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_borrowed_str(text),
            Cow::Owned(text) => visitor.visit_string(text),
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Self::Error> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        _: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Self::Error> {
        match self.0 {
            Cow::Borrowed(text) => visitor.visit_enum(BorrowedStrDeserializer::new(text)),
            Cow::Owned(text) => {
                visitor.visit_enum(de::IntoDeserializer::<Self::Error>::into_deserializer(text))
            }
        }
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf unit unit_struct
        seq tuple tuple_struct map struct identifier ignored_any
    }
}
