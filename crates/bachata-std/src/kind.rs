use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::core::{self, Envelope, JsonKind, JsonStr, Member};
use crate::error::Misfit;
use crate::raw_payload::read_json;
use crate::{tagged, text::owned, typed};

/// Where a data message has its `type`: beside its data, as a `String`, or in its data, [`Tagged`].
///
/// It is the second parameter of [`Message`](crate::Message) and [`DataMessage`](crate::DataMessage). There are these two and no others.
pub trait Kind: Sealed {}

impl Kind for String {}

impl Kind for Tagged {}

/// The `type` of a message is in its data: the data is an enum `#[serde(tag = "type", content = "data")]` whose variants are the types of
/// message that an application has. See [`TaggedMessage`](crate::TaggedMessage).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Default)]
pub struct Tagged;

pub trait Sealed: Sized {
    /// The kind and the data that a frame has.
    fn read<P: DeserializeOwned + 'static>(
        kind: JsonStr<'_>,
        data: core::Payload<'_>,
    ) -> Result<(Self, P), Misfit>;

    /// The members `type` and `data` of a frame, borrowed from the kind, the data or `scratch`.
    fn write<'a, P: Serialize + 'static>(
        &'a self,
        data: &'a P,
        scratch: &'a mut Vec<u8>,
    ) -> Result<(JsonStr<'a>, core::Payload<'a>), serde_json::Error>;

    /// The kind, where it is not in the data; empty where it is.
    fn name(&self) -> &str;

    /// Whether the kind is in the data.
    const IN_DATA: bool;
}

impl Sealed for String {
    fn read<P: DeserializeOwned + 'static>(
        kind: JsonStr<'_>,
        data: core::Payload<'_>,
    ) -> Result<(Self, P), Misfit> {
        Ok((owned(kind), typed::read(data)?))
    }

    fn write<'a, P: Serialize + 'static>(
        &'a self,
        data: &'a P,
        scratch: &'a mut Vec<u8>,
    ) -> Result<(JsonStr<'a>, core::Payload<'a>), serde_json::Error> {
        Ok((JsonStr::new(self), typed::write(data, scratch)?))
    }

    fn name(&self) -> &str {
        self
    }

    const IN_DATA: bool = false;
}

impl Sealed for Tagged {
    fn read<P: DeserializeOwned + 'static>(
        kind: JsonStr<'_>,
        data: core::Payload<'_>,
    ) -> Result<(Self, P), Misfit> {
        Ok((Self, tagged::read(owned(kind), data)?))
    }

    fn write<'a, P: Serialize + 'static>(
        &'a self,
        data: &'a P,
        scratch: &'a mut Vec<u8>,
    ) -> Result<(JsonStr<'a>, core::Payload<'a>), serde_json::Error> {
        let form = |what: &dyn std::fmt::Display| {
            serde::ser::Error::custom(format_args!(
                "not the form of #[serde(tag = \"type\", content = \"data\")]: {what}"
            ))
        };
        scratch.clear();
        serde_json::to_writer(&mut *scratch, data)?;
        let body = Envelope::parse(scratch).map_err(|error| form(&error))?;
        let kind = body
            .get(Member::Type)
            .and_then(|kind| kind.as_text())
            .ok_or_else(|| form(&"no text in \"type\""))?;
        let data = match body.get(Member::Data) {
            Some(data) if data.kind() != JsonKind::Null => read_json(data)?,
            // A variant without content.
            _ => core::Payload::default(),
        };
        Ok((kind, data))
    }

    fn name(&self) -> &str {
        ""
    }

    const IN_DATA: bool = true;
}
