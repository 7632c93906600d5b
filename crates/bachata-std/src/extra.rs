use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::Error;
use crate::core::{Envelope, JsonStr, Member, RawJson};
use crate::error::{ExtraError, ExtraProblem};
use crate::text::owned;

/// The members of a message that the protocol does not know, in their order (`P-4`). They survive a load and a dump.
///
/// In a transport message `id`, `time`, `from` and `dest` are among them (`P-10`). Names may stand more than once,
/// other than the seven that the protocol knows (`P-4`).
///
/// ```
/// use bachata_std::{Error, Message};
///
/// let message: Message = r#"{"type":1001,"hops":[ 1 ],"id":"p1"}"#.parse()?;
/// let extra = message.extra();
/// assert_eq!(extra.get("hops").unwrap().to_string(), "[1]");
/// assert_eq!(extra.get_as::<String>("id").unwrap()?, "p1");
/// assert_eq!(extra.iter().count(), 2);
/// assert_eq!(message.to_string(), r#"{"type":1001,"hops":[1],"id":"p1"}"#);
/// # Ok::<(), Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct Extra(Vec<(String, Box<str>)>);

impl Extra {
    pub(crate) const NONE: Self = Self(Vec::new());

    /// Members of a frame.
    pub(crate) fn of<'a>(members: impl Iterator<Item = (JsonStr<'a>, RawJson<'a>)>) -> Self {
        let owned = |(name, value): (_, RawJson<'_>)| (owned(name), value.to_string().into());
        Self(members.map(owned).collect())
    }

    /// The members of a frame that are none of the message's `own`.
    pub(crate) fn of_envelope(envelope: &Envelope<'_>, own: &[Member]) -> Self {
        if only_own(envelope, own) {
            return Self::default();
        }
        let is_own = |name| Member::named(name).is_some_and(|member| own.contains(&member));
        Self::of(envelope.members().filter(|(name, _)| !is_own(*name)))
    }

    /// Adds a member after all others.
    pub(crate) fn push(
        &mut self,
        name: String,
        value: &(impl Serialize + ?Sized),
        own: &[Member],
    ) -> Result<(), Error> {
        // No member that the protocol knows may stand twice, in whatever message (`P-4`).
        let problem = match Member::named(JsonStr::new(&name)) {
            Some(member) if own.contains(&member) => Some(ExtraProblem::Own),
            Some(_) if self.0.iter().any(|(other, _)| *other == name) => Some(ExtraProblem::Twice),
            _ => None,
        };
        if let Some(problem) = problem {
            return Err(ExtraError { name, problem }.into());
        }
        let json =
            serde_json::to_string(value).and_then(|json| match RawJson::new(json.as_bytes()) {
                Ok(json) => Ok(json.to_string().into_boxed_str()),
                Err(error) => Err(serde::ser::Error::custom(error)),
            });
        match json {
            Ok(json) => {
                self.0.push((name, json));
                Ok(())
            }
            Err(reason) => {
                let problem = ExtraProblem::Value(reason);
                Err(ExtraError { name, problem }.into())
            }
        }
    }

    /// Whether there is none.
    pub const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    pub const fn len(&self) -> usize {
        self.0.len()
    }

    /// The value of the first member of this name.
    pub fn get(&self, name: &str) -> Option<RawJson<'_>> {
        let (_, value) = self.0.iter().find(|(other, _)| other == name)?;
        proven(value)
    }

    /// The value of the first member of this name, as a value of a type of the application's own.
    ///
    /// # Errors
    ///
    /// The value does not fit `T`.
    pub fn get_as<T: DeserializeOwned>(&self, name: &str) -> Option<Result<T, Error>> {
        let value = serde_json::from_str(self.get(name)?.as_str());
        Some(value.map_err(|reason| {
            let (name, problem) = (name.to_owned(), ExtraProblem::Value(reason));
            ExtraError { name, problem }.into()
        }))
    }

    /// Removes all members of this name and says whether there were any.
    pub fn remove(&mut self, name: &str) -> bool {
        let before = self.0.len();
        self.0.retain(|(other, _)| other != name);
        self.0.len() < before
    }

    /// Removes all members.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Names and values.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = (&str, RawJson<'_>)> {
        self.0
            .iter()
            .filter_map(|(name, value)| Some((name.as_str(), proven(value)?)))
    }

    /// For core's encoder.
    pub(crate) fn members(&self) -> impl Iterator<Item = (JsonStr<'_>, RawJson<'_>)> {
        self.iter().map(|(name, value)| (JsonStr::new(name), value))
    }
}

/// As an object.
impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.iter()).finish()
    }
}

/// It was proven when it came in, so it is never none.
fn proven(value: &str) -> Option<RawJson<'_>> {
    RawJson::new(value.as_bytes()).ok()
}

/// Whether a frame is so short that nothing but the message's own members has a place in it. That spares most frames a second look at
/// their members.
fn only_own(envelope: &Envelope<'_>, own: &[Member]) -> bool {
    let len: usize = own
        .iter()
        .filter_map(|member| Some((member, envelope.get(*member)?)))
        // Two quotation marks, a colon, and a comma or the closing brace.
        .map(|(member, value)| member.name().len() + value.as_bytes().len() + 4)
        .sum();
    // The opening brace. Escapes in names and whitespace only make it longer.
    envelope.frame().len() == len + 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_that_have_room_for_nothing_else() {
        let own = &Member::ALL;
        for (frame, expected) in [
            (
                r#"{"type":"t","id":"","data":{"a":[1, 2]},"time":-1}"#,
                true,
            ),
            (r#"{"type":"t"}"#, true),
            (r#"{"type":"t" }"#, false),
            (r#"{"\u0074ype":"t"}"#, false),
            (r#"{"type":"t","":0}"#, false),
            (r#"{"x":0}"#, false),
        ] {
            let envelope = Envelope::parse(frame.as_bytes()).unwrap();
            assert_eq!(only_own(&envelope, own), expected, "{frame}");
        }
    }
}
