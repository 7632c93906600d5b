use crate::encode::Sink;
use crate::{JsonStr, RawObject};

/// What a data message carries: a text or an object (`P-8`).
///
/// ```
/// use bachata_core::{Payload, RawObject};
///
/// let text = Payload::from("hi there");
/// assert_eq!(text.as_text().unwrap(), "hi there");
///
/// let object = Payload::from(RawObject::new(br#"{"on":true}"#)?);
/// assert_eq!(object.as_object().unwrap().as_str(), r#"{"on":true}"#);
/// assert_ne!(text, object);
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Payload<'a> {
    /// A string.
    Text(JsonStr<'a>),
    /// An object.
    Object(RawObject<'a>),
}

impl<'a> Payload<'a> {
    /// The text, if it is one.
    pub const fn as_text(self) -> Option<JsonStr<'a>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Object(_) => None,
        }
    }

    /// The object, if it is one.
    pub const fn as_object(self) -> Option<RawObject<'a>> {
        match self {
            Self::Text(_) => None,
            Self::Object(object) => Some(object),
        }
    }

    pub(crate) fn write<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Text(text) => text.write_after(b"\"", sink),
            Self::Object(object) => object.as_json().write(sink),
        }
    }
}

/// The empty text.
impl Default for Payload<'_> {
    fn default() -> Self {
        Self::Text(JsonStr::EMPTY)
    }
}

impl<'a> From<&'a str> for Payload<'a> {
    fn from(text: &'a str) -> Self {
        Self::Text(JsonStr::new(text))
    }
}

impl<'a> From<JsonStr<'a>> for Payload<'a> {
    fn from(text: JsonStr<'a>) -> Self {
        Self::Text(text)
    }
}

impl<'a> From<RawObject<'a>> for Payload<'a> {
    fn from(object: RawObject<'a>) -> Self {
        Self::Object(object)
    }
}
