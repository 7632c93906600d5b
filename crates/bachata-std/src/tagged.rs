//! Enums whose variants are the types of message that an application has.
//!
//! Such an enum is given a map of the two members `type` and `data`. When it has a last variant `#[serde(untagged)] Other(Unknown)`, serde
//! tries that one whenever the others fail, and drops their error, so that a known type with a payload that doesn't fit would pass for an
//! unknown one. To tell them apart, the errors are noted as serde makes them: [`Unknown`] is given only where the first of them is
//! that there is no variant of this name.

use std::cell::RefCell;
use std::fmt::{self, Display};
use std::mem;

use serde::de::value::{BorrowedStrDeserializer, StrDeserializer};
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
    let (error, outcome) = match attempt(body) {
        Ok(value) => return Ok(value),
        Err(failure) => failure,
    };
    match outcome {
        Outcome::Unknown => return give(body, data),
        Outcome::Misfit(reason) => {
            return without_data(body)
                .ok_or_else(|| Misfit::from(<serde_json::Error as de::Error>::custom(reason)));
        }
        Outcome::Failed => {}
    }
    if let Some(value) = without_data(body) {
        return Ok(value);
    }
    // It may be that `serde_json` can't hold a number in the payload, in which case serde did not come to look at the type.
    let placeholder = Body {
        data: Some(core::Payload::default()),
        ..body
    };
    if let Err((_, Outcome::Unknown)) = attempt::<E>(placeholder) {
        return give(placeholder, data);
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

/// The value of an enum that does not know the type, and has a variant for that.
fn give<E: DeserializeOwned>(body: Body<'_>, data: core::Payload<'_>) -> Result<E, Misfit> {
    let unknown = Unknown::new(body.kind, RawPayload::from(data));
    let _state = Entered::new(State::Giving(Some(unknown)));
    E::deserialize(body).map_err(|error| error.0.into())
}

/// A variant without content is written with the empty text as its data.
fn without_data<E: DeserializeOwned>(body: Body<'_>) -> Option<E> {
    match body.data {
        Some(core::Payload::Text(text)) if text.is_empty() => {
            attempt(Body { data: None, ..body }).ok()
        }
        _ => None,
    }
}

fn attempt<'de, E: DeserializeOwned>(body: Body<'de>) -> Result<E, (BodyError, Outcome)> {
    let state = Entered::new(State::Looking(Attempt::of(body.kind)));
    let result = E::deserialize(body);
    let outcome = match state.leave() {
        State::Looking(attempt) => attempt.outcome,
        State::Idle | State::Giving(_) => Outcome::Failed,
    };
    result.map_err(|error| (error, outcome))
}

thread_local! {
    static STATE: RefCell<State> = const { RefCell::new(State::Idle) };
}

/// What [`Unknown`] does when it is deserialised on this thread.
enum State {
    /// It is deserialised as any struct.
    Idle,
    /// It fails, and says whether it would be right.
    Looking(Attempt),
    /// It is this one.
    Giving(Option<Unknown>),
}

struct Attempt {
    kind: String,
    /// Whether the first error was that the enum has no such variant. None without an error.
    refused: Option<bool>,
    /// The last error that was made.
    last: String,
    outcome: Outcome,
}

enum Outcome {
    /// `Unknown` was not asked for.
    Failed,
    /// The enum does not know the type.
    Unknown,
    /// It knows the type, but the payload does not fit.
    Misfit(String),
}

impl Attempt {
    fn of(kind: &str) -> Self {
        Self {
            kind: kind.to_owned(),
            refused: None,
            last: String::new(),
            outcome: Outcome::Failed,
        }
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

/// How [`Unknown`] is to be deserialised.
pub(crate) enum Instruction {
    /// As any struct.
    Read,
    /// Not now.
    Fail,
    /// This is it.
    Take(Unknown),
}

pub(crate) fn instruction() -> Instruction {
    STATE.with_borrow_mut(|state| match state {
        State::Idle | State::Giving(None) => Instruction::Read,
        State::Giving(unknown) => unknown.take().map_or(Instruction::Read, Instruction::Take),
        State::Looking(attempt) => {
            attempt.outcome = if attempt.refused == Some(true) {
                Outcome::Unknown
            } else {
                Outcome::Misfit(mem::take(&mut attempt.last))
            };
            Instruction::Fail
        }
    })
}

/// Notes an error that serde has made.
fn note(refuses: impl FnOnce(&str) -> bool, error: &serde_json::Error) {
    STATE.with_borrow_mut(|state| {
        if let State::Looking(attempt) = state {
            if attempt.refused.is_none() {
                attempt.refused = Some(refuses(&attempt.kind));
            }
            if matches!(attempt.outcome, Outcome::Failed) {
                attempt.last = error.to_string();
            }
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
            Some(BodyValue::Kind(kind)) => seed.deserialize(StrDeserializer::new(kind)),
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
