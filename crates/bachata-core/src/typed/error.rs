use core::fmt;

use serde::{de, ser};

use crate::BufferTooSmall;

/// Why a payload is no value of the type that was asked for, and where.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct DeserializeError {
    kind: DeserializeErrorKind,
    /// None until it has come up to something that knows.
    offset: Option<usize>,
}

/// What is wrong with a payload.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum DeserializeErrorKind {
    /// A value of another JSON type is wanted here.
    InvalidType,
    /// A number does not fit the type that is wanted: too large, negative, or with a fraction.
    InvalidNumber,
    /// The value has the right type and a wrong content.
    InvalidValue,
    /// An array has too many or too few elements, or an enum more than one member.
    InvalidLength,
    /// The enum has no variant of this name.
    UnknownVariant,
    /// The struct has no field of this name, and denies unknown ones.
    UnknownField,
    /// The object lacks this member.
    MissingField(&'static str),
    /// The object has this member twice.
    DuplicateField(&'static str),
    /// The scratch is too short to decode a text.
    ScratchTooShort {
        /// Bytes that the texts take up to and with this one.
        needed: usize,
    },
    /// An error of the type's own; its text is dropped, as there is no memory to keep it.
    Custom,
}

impl DeserializeError {
    pub(super) const fn new(kind: DeserializeErrorKind, offset: usize) -> Self {
        Self {
            kind,
            offset: Some(offset),
        }
    }

    /// An error out of serde or a type, which don't know where they are.
    const fn nowhere(kind: DeserializeErrorKind) -> Self {
        Self { kind, offset: None }
    }

    /// Gives the error a place, if it has none.
    pub(super) fn or_at(mut self, offset: usize) -> Self {
        self.offset.get_or_insert(offset);
        self
    }

    /// What is wrong.
    pub const fn kind(self) -> DeserializeErrorKind {
        self.kind
    }

    /// Where: bytes from the start of the payload to the value at fault; for a missing or repeated field, to its object.
    pub const fn offset(self) -> usize {
        match self.offset {
            Some(offset) => offset,
            None => 0,
        }
    }
}

impl fmt::Display for DeserializeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidType => "value of the wrong type",
            Self::InvalidNumber => "number does not fit",
            Self::InvalidValue => "invalid value",
            Self::InvalidLength => "wrong number of elements",
            Self::UnknownVariant => "unknown variant",
            Self::UnknownField => "unknown field",
            Self::MissingField(name) => return write!(f, "missing field \"{name}\""),
            Self::DuplicateField(name) => return write!(f, "duplicate field \"{name}\""),
            Self::ScratchTooShort { needed } => {
                return write!(f, "scratch too short, {needed} bytes needed so far,");
            }
            Self::Custom => "value refused by its type",
        })
    }
}

impl fmt::Display for DeserializeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {} of the payload", self.kind, self.offset())
    }
}

impl core::error::Error for DeserializeError {}

impl de::Error for DeserializeError {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::nowhere(DeserializeErrorKind::Custom)
    }

    fn invalid_type(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::nowhere(DeserializeErrorKind::InvalidType)
    }

    fn invalid_value(_: de::Unexpected<'_>, _: &dyn de::Expected) -> Self {
        Self::nowhere(DeserializeErrorKind::InvalidValue)
    }

    fn invalid_length(_: usize, _: &dyn de::Expected) -> Self {
        Self::nowhere(DeserializeErrorKind::InvalidLength)
    }

    fn unknown_variant(_: &str, _: &'static [&'static str]) -> Self {
        Self::nowhere(DeserializeErrorKind::UnknownVariant)
    }

    fn unknown_field(_: &str, _: &'static [&'static str]) -> Self {
        Self::nowhere(DeserializeErrorKind::UnknownField)
    }

    fn missing_field(field: &'static str) -> Self {
        Self::nowhere(DeserializeErrorKind::MissingField(field))
    }

    fn duplicate_field(field: &'static str) -> Self {
        Self::nowhere(DeserializeErrorKind::DuplicateField(field))
    }
}

/// Why a value can't be the `data` of a message.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum SerializeErrorKind {
    /// It is serialised neither as a text nor as an object (`P-8`).
    NeitherTextNorObject,
    /// A map has a key that is neither a text nor an integer.
    InvalidKey,
    /// A float is infinite or not a number, which JSON can't say.
    NotFinite,
    /// It is nested deeper than a message may be (`P-3`).
    TooDeep,
    /// An error of the type's own; its text is dropped, as there is no memory to keep it.
    Custom,
}

impl fmt::Display for SerializeErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NeitherTextNorObject => "data is neither a text nor an object",
            Self::InvalidKey => "map key is neither a text nor an integer",
            Self::NotFinite => "float is not finite",
            Self::TooDeep => "nested too deep",
            Self::Custom => "value refused by its type",
        })
    }
}

impl core::error::Error for SerializeErrorKind {}

impl ser::Error for SerializeErrorKind {
    fn custom<T: fmt::Display>(_: T) -> Self {
        Self::Custom
    }
}

/// Why a message with a typed payload was not encoded.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum EncodeError {
    /// The output is too short.
    BufferTooSmall(BufferTooSmall),
    /// The value can't be the `data` of a message.
    Payload(SerializeErrorKind),
}

impl fmt::Display for EncodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BufferTooSmall(error) => error.fmt(f),
            Self::Payload(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EncodeError {}

impl From<BufferTooSmall> for EncodeError {
    fn from(error: BufferTooSmall) -> Self {
        Self::BufferTooSmall(error)
    }
}

impl From<SerializeErrorKind> for EncodeError {
    fn from(error: SerializeErrorKind) -> Self {
        Self::Payload(error)
    }
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn an_error_that_knows_no_place_is_of_the_whole_payload() {
        let error: DeserializeError = de::Error::custom("dropped");
        assert_eq!(error.kind(), DeserializeErrorKind::Custom);
        assert_eq!(error.offset(), 0);
        assert_eq!(
            error.to_string(),
            "value refused by its type at byte 0 of the payload"
        );
        assert_eq!(error.or_at(7).offset(), 7);
    }
}
