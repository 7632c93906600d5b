//! Enums whose variants are the types of message that an application has.
//!
//! Such an enum is given a map of the two members `type` and `data`. When it has a last variant `#[serde(untagged)] Other(Unknown)`, serde
//! tries that one whenever the others fail, and drops their error, so that a known type with a payload that doesn't fit would pass for an
//! unknown one. To tell them apart, the errors are noted as serde makes them: [`Unknown`] is given only where the first of them is
//! that there is no variant of this name, and where it is so without the payload, too, which may have enums in it.
//!
//! An [`Unknown`] may also be part of a payload, where it is a struct as any other. The one that stands for the message itself is known by
//! the address of its `type`.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::ptr;

use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Deserializer, MapAccess, Visitor};
use serde::forward_to_deserialize_any;

use crate::core;
use crate::error::Misfit;
use crate::typed::{TextDeserializer, path};
use crate::{RawPayload, Unknown};

/// The value of an enum for a message.
pub(crate) fn read<E: DeserializeOwned>(
    kind: String,
    data: core::Payload<'_>,
) -> Result<E, Misfit> {
    let body = Body {
        kind: &kind,
        data: Some(data),
    };
    let (result, seen) = attempt(body);
    let error = match result {
        Ok(value) => return Ok(value),
        Err(error) => error,
    };
    if seen.may_be_unknown() {
        if let Some(value) = give(body, data) {
            return Ok(value);
        }
    }
    if let Some(value) = without_data(body) {
        return Ok(value);
    }
    if seen.met {
        let reason = match seen.last {
            Some(reason) => de::Error::custom(reason),
            None => error.0,
        };
        return Err(Misfit::from(reason));
    }
    // It may be that `serde_json` can't hold a number in the payload, in which case serde did not come to look at the type.
    let placeholder = Body {
        data: Some(core::Payload::default()),
        ..body
    };
    if let Some(value) = give(placeholder, data) {
        return Ok(value);
    }
    let _state = Entered::new(State::Looking(Attempt::of(&kind)));
    let path = path::<E, _>(body);
    // The path in the payload, without the member that it is.
    let path = path.strip_prefix("data").unwrap_or_default();
    Err(Misfit {
        path: path.strip_prefix('.').unwrap_or(path).to_owned(),
        reason: error.0,
    })
}

/// The value of an enum that does not know the type, and has a variant for that. None where it knows the type, or has no such variant.
fn give<E: DeserializeOwned>(body: Body<'_>, data: core::Payload<'_>) -> Option<E> {
    // Whatever is in the payload, without it there is nothing but the type to refuse.
    let (_, seen) = attempt::<E>(Body { data: None, ..body });
    if !seen.may_be_unknown() {
        return None;
    }
    let unknown = Unknown::new(body.kind, RawPayload::from(data));
    let state = Entered::new(State::Giving {
        own: body.kind,
        unknown: Some(unknown),
        met: false,
    });
    let value = E::deserialize(body).ok()?;
    match state.leave() {
        State::Giving { unknown: None, .. } => Some(value),
        _ => None,
    }
}

/// A variant without content is written with the empty text as its data.
fn without_data<E: DeserializeOwned>(body: Body<'_>) -> Option<E> {
    match body.data {
        Some(core::Payload::Text(text)) if text.is_empty() => {
            attempt(Body { data: None, ..body }).0.ok()
        }
        _ => None,
    }
}

fn attempt<'de, E: DeserializeOwned>(body: Body<'de>) -> (Result<E, BodyError>, Attempt) {
    let state = Entered::new(State::Looking(Attempt::of(body.kind)));
    let result = E::deserialize(body);
    let seen = match state.leave() {
        State::Looking(seen) => seen,
        State::Idle | State::Giving { .. } => Attempt::of(body.kind),
    };
    (result, seen)
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::Idle) };
}

/// What the [`Unknown`] that stands for the message itself does when it is deserialised on this thread.
enum State {
    /// There is none.
    Idle,
    /// It fails, and it is noted whether it would be right.
    Looking(Attempt),
    /// It is this one.
    Giving {
        own: *const str,
        unknown: Option<Unknown>,
        met: bool,
    },
}

struct Attempt {
    kind: String,
    /// The type of the message, where it is.
    own: *const str,
    /// Whether the first error was that the enum has no such variant. None without an error.
    refused: Option<bool>,
    /// Whether `Unknown` was asked for.
    met: bool,
    /// The last error that was made before.
    last: Option<String>,
}

impl Attempt {
    fn of(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            own: kind,
            refused: None,
            met: false,
            last: None,
        }
    }

    const fn may_be_unknown(&self) -> bool {
        self.met && !matches!(self.refused, Some(false))
    }
}

/// A state, until it is dropped.
struct Entered(Option<State>);

impl Entered {
    fn new(state: State) -> Self {
        Self(Some(STATE.replace(state)))
    }

    /// Ends the state and gives what became of it.
    fn leave(mut self) -> State {
        self.0
            .take()
            .map_or(State::Idle, |before| STATE.replace(before))
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if let Some(before) = self.0.take() {
            STATE.replace(before);
        }
    }
}

/// A `type` has been read in an [`Unknown`]. Whether it is the one of the message itself, in which case reading has to stop.
pub(crate) fn is_own(kind: &str) -> bool {
    STATE.with_borrow_mut(|state| {
        let (own, met) = match state {
            State::Idle => return false,
            State::Looking(Attempt { own, met, .. }) | State::Giving { own, met, .. } => (own, met),
        };
        let is_own = ptr::eq(*own, kind);
        *met |= is_own;
        is_own
    })
}

/// The [`Unknown`] whose reading has been stopped.
pub(crate) fn given() -> Option<Unknown> {
    STATE.with_borrow_mut(|state| match state {
        State::Giving {
            unknown, met: true, ..
        } => unknown.take(),
        _ => None,
    })
}

/// Notes an error that serde has made.
fn note(refuses: impl FnOnce(&str) -> bool, error: &serde_json::Error) {
    STATE.with_borrow_mut(|state| {
        if let State::Looking(attempt) = state {
            if attempt.met {
                return;
            }
            if attempt.refused.is_none() {
                attempt.refused = Some(refuses(&attempt.kind));
            }
            attempt.last = Some(error.to_string());
        }
    });
}

/// The error of [`Body`]: one of `serde_json`, which has been noted.
#[derive(Debug)]
pub(crate) struct BodyError(serde_json::Error);

impl de::Error for BodyError {
    fn custom<T: Display>(message: T) -> Self {
        let error = de::Error::custom(message);
        note(|_| false, &error);
        Self(error)
    }

    fn unknown_variant(variant: &str, expected: &'static [&'static str]) -> Self {
        let error = de::Error::unknown_variant(variant, expected);
        note(|kind| kind == variant, &error);
        Self(error)
    }
}

impl Display for BodyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for BodyError {}

/// The members `type` and `data` as a map; without `data` where it is none.
#[derive(Clone, Copy)]
struct Body<'de> {
    kind: &'de str,
    data: Option<core::Payload<'de>>,
}

impl<'de> Deserializer<'de> for Body<'de> {
    type Error = BodyError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, BodyError> {
        visitor.visit_map(BodyMembers {
            kind: Some(self.kind),
            data: self.data,
            value: None,
        })
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _: &'static str,
        visitor: V,
    ) -> Result<V::Value, BodyError> {
        visitor.visit_newtype_struct(self)
    }

    forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string bytes byte_buf option unit unit_struct
        seq tuple tuple_struct map struct enum identifier ignored_any
    }
}

/// The members that are still to come, and the value whose name has been read.
struct BodyMembers<'de> {
    kind: Option<&'de str>,
    data: Option<core::Payload<'de>>,
    value: Option<BodyValue<'de>>,
}

enum BodyValue<'de> {
    Kind(&'de str),
    Data(core::Payload<'de>),
}

impl<'de> MapAccess<'de> for BodyMembers<'de> {
    type Error = BodyError;

    fn next_key_seed<K: DeserializeSeed<'de>>(
        &mut self,
        seed: K,
    ) -> Result<Option<K::Value>, BodyError> {
        let name = if let Some(kind) = self.kind.take() {
            self.value = Some(BodyValue::Kind(kind));
            "type"
        } else if let Some(data) = self.data.take() {
            self.value = Some(BodyValue::Data(data));
            "data"
        } else {
            return Ok(None);
        };
        seed.deserialize(BorrowedStrDeserializer::new(name))
            .map(Some)
    }

    fn next_value_seed<V: DeserializeSeed<'de>>(&mut self, seed: V) -> Result<V::Value, BodyError> {
        let noted = |error| {
            note(|_| false, &error);
            BodyError(error)
        };
        match self.value.take() {
            // Borrowed, so that its address stays.
            Some(BodyValue::Kind(kind)) => seed.deserialize(BorrowedStrDeserializer::new(kind)),
            Some(BodyValue::Data(core::Payload::Text(text))) => {
                seed.deserialize(TextDeserializer::of(text)).map_err(noted)
            }
            Some(BodyValue::Data(core::Payload::Object(object))) => {
                let mut json = serde_json::Deserializer::from_str(object.as_str());
                seed.deserialize(&mut json).map_err(noted)
            }
            None => Err(de::Error::custom("a value before its name")),
        }
    }
}
