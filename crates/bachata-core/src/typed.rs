//! Payloads as values of the application's own types, by way of serde.
//!
//! `serde-json-core` reads integers and `fast-float2` reads floats, whose text the scanner has delimited; `ryu` writes floats. Texts, containers and whatever is skipped go
//! through the scanner and the escapes of this crate, because there `serde-json-core` would refuse or alter valid payloads
//! (surrogate pairs, escapes in borrowed strings) and recurse without a bound.

mod deserializer;
mod error;
mod serializer;

use core::fmt;

use serde::{Deserialize, Serialize};

use self::deserializer::{Deserializer, TextDeserializer};
pub use self::error::{DeserializeError, DeserializeErrorKind, EncodeError, SerializeErrorKind};
use self::serializer::Serializer;
use crate::encode::{FmtSink, Sink, SliceSink};
use crate::{BufferTooSmall, DataMessage, JsonStr, Payload, RawJson};

/// Writes a value as the `data` of a message, in normal form.
#[cfg(feature = "sign")]
pub(crate) fn serialize<T: Serialize + ?Sized, S: Sink>(
    value: &T,
    sink: &mut S,
) -> Result<(), SerializeErrorKind> {
    Serializer::write(value, sink)
}

impl<'a> Payload<'a> {
    /// The payload as a value of a type that serde deserialises.
    ///
    /// Texts without escapes are borrowed from the frame; those with escapes are decoded into `scratch`, one after the other. Member names need it too where they
    /// are escaped. A scratch of
    /// the length of the payload is always enough, and an empty one where nothing is escaped.
    ///
    /// Members that `T` does not know are skipped in constant stack. The stack grows only with the nesting of `T` itself, by what serde's
    /// derived code takes for each level, and never with the input.
    ///
    /// # Errors
    ///
    /// The payload does not fit `T`, or `scratch` is too short: what, and at which byte of the payload.
    ///
    /// ```
    /// use bachata_core::{DeserializeErrorKind, Message};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Note<'a> {
    ///     text: &'a str,
    ///     stars: u8,
    /// }
    ///
    /// let frame = br#"{"id":"1","type":"note","time":0,"data":{"text":"h\u00e9 \ud83d\ude00","x":[[]],"stars":5}}"#;
    /// let Message::Data(message) = Message::parse(frame)? else { panic!() };
    ///
    /// let mut scratch = [0; 16];
    /// let note: Note<'_> = message.data().parse(&mut scratch).unwrap();
    /// assert_eq!((note.text, note.stars), ("hé 😀", 5));
    ///
    /// let error = message.data().parse::<Note<'_>>(&mut []).err().unwrap();
    /// assert_eq!(error.kind(), DeserializeErrorKind::ScratchTooShort { needed: 8 });
    /// assert_eq!(error.to_string(), "scratch too short, 8 bytes needed so far, at byte 8 of the payload");
    /// # Ok::<(), bachata_core::ParseError>(())
    /// ```
    pub fn parse<'s, T>(self, scratch: &'s mut [u8]) -> Result<T, DeserializeError>
    where
        'a: 's,
        T: Deserialize<'s>,
    {
        match self {
            Self::Text(text) => {
                let text = text
                    .decode(scratch)
                    .map_err(|BufferTooSmall { needed, .. }| {
                        DeserializeError::new(DeserializeErrorKind::ScratchTooShort { needed }, 0)
                    })?;
                T::deserialize(TextDeserializer::new(text)).map_err(|error| error.or_at(0))
            }
            Self::Object(object) => object.as_json().parse(scratch),
        }
    }
}

impl<'a> RawJson<'a> {
    /// The value as one of a type that serde deserialises. See [`Payload::parse`].
    ///
    /// # Errors
    ///
    /// The value does not fit `T`, or `scratch` is too short.
    pub fn parse<'s, T>(self, scratch: &'s mut [u8]) -> Result<T, DeserializeError>
    where
        'a: 's,
        T: Deserialize<'s>,
    {
        let mut deserializer = Deserializer::new(self.as_bytes(), scratch);
        T::deserialize(&mut deserializer).map_err(|error| error.or_at(0))
    }
}

impl<'a> DataMessage<'a> {
    /// A message whose payload is any value that serde serialises to a text or an object. It is serialised when the message is encoded,
    /// straight into the output.
    ///
    /// ```
    /// use bachata_core::{BufferTooSmall, DataMessage, EncodeError, SerializeErrorKind};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// let message = DataMessage::typed("7", "led", 0, &Led { on: true }).with_dest("lamp");
    /// let frame = br#"{"id":"7","type":"led","time":0,"data":{"on":true},"dest":"lamp"}"#;
    /// let mut buffer = [0; 65];
    /// assert_eq!(message.encode(&mut buffer)?, frame);
    /// assert_eq!(message.encoded_len()?, 65);
    ///
    /// let error = message.encode(&mut buffer[..64]).unwrap_err();
    /// assert_eq!(error, EncodeError::BufferTooSmall(BufferTooSmall { needed: 65, capacity: 64 }));
    ///
    /// let error = DataMessage::typed("7", "led", 0, &[1, 2]).encode(&mut buffer).unwrap_err();
    /// assert_eq!(error, EncodeError::Payload(SerializeErrorKind::NeitherTextNorObject));
    /// # Ok::<(), EncodeError>(())
    /// ```
    pub fn typed<'t, T: Serialize + ?Sized>(
        id: impl Into<JsonStr<'a>>,
        kind: impl Into<JsonStr<'a>>,
        time: i64,
        data: &'t T,
    ) -> DataMessage<'a, &'t T> {
        DataMessage::with_payload(id.into(), kind.into(), time, data)
    }
}

impl<T: Serialize + ?Sized> DataMessage<'_, &T> {
    /// Writes the message to the start of `out` and gives the bytes written (`P-5`, `P-6`).
    ///
    /// # Errors
    ///
    /// `out` is too short, and how much is needed; or the payload can't be the `data` of a message. What has been written to `out` is then
    /// unspecified.
    pub fn encode<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], EncodeError> {
        let mut sink = SliceSink::new(out);
        self.write(&mut sink)?;
        Ok(sink.finish()?)
    }

    /// Writes the message into any text writer.
    ///
    /// # Errors
    ///
    /// The writer's own, or `fmt::Error` where the payload can't be the `data` of a message.
    pub fn write_to<W: fmt::Write + ?Sized>(&self, writer: &mut W) -> fmt::Result {
        let mut result = Ok(());
        FmtSink::write(writer, |sink| result = self.write(sink))?;
        result.map_err(|_| fmt::Error)
    }

    /// The length in bytes of the encoded message.
    ///
    /// # Errors
    ///
    /// The payload can't be the `data` of a message.
    pub fn encoded_len(&self) -> Result<usize, EncodeError> {
        let mut sink = SliceSink::new(&mut []);
        self.write(&mut sink)?;
        Ok(sink.len())
    }

    fn write<S: Sink>(&self, sink: &mut S) -> Result<(), SerializeErrorKind> {
        let mut result = Ok(());
        self.write_around(
            sink,
            |sink| result = Serializer::write(*self.data(), sink),
            |_| (),
        );
        result
    }
}
