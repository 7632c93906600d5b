use core::fmt;

use serde::Serialize;
use serde::ser::{self, Impossible};

use super::SerializeErrorKind;
use crate::encode::{Sink, put_unsigned};
use crate::json::MAX_DEPTH;
use crate::json::escape::write_text;

type Result<T = ()> = core::result::Result<T, SerializeErrorKind>;

/// The containers that a payload may nest: all but the message itself.
const MAX_PAYLOAD_DEPTH: usize = MAX_DEPTH as usize - 1;

/// A serde serializer into a sink, in normal form.
pub(super) struct Serializer<'s, S> {
    sink: &'s mut S,
    /// The first byte written, which tells what the payload is.
    first: Option<u8>,
    depth: usize,
}

impl<'s, S: Sink> Serializer<'s, S> {
    /// Writes a value as the `data` of a message.
    pub(super) fn write<T: Serialize + ?Sized>(value: &T, sink: &'s mut S) -> Result {
        let mut serializer = Serializer {
            sink,
            first: None,
            depth: 0,
        };
        value.serialize(&mut serializer)?;
        match serializer.first {
            Some(b'"' | b'{') => Ok(()),
            _ => Err(SerializeErrorKind::NeitherTextNorObject),
        }
    }

    fn put(&mut self, bytes: &[u8]) {
        self.first = self.first.or(bytes.first().copied());
        self.sink.put(bytes);
    }

    fn put_text(&mut self, text: &str) {
        self.put(b"\"");
        write_text(text.as_bytes(), self.sink);
        self.put(b"\"");
    }

    fn put_integer(&mut self, negative: bool, magnitude: u64) {
        self.first = self.first.or(Some(b'0'));
        if negative {
            self.sink.put(b"-");
        }
        put_unsigned(magnitude, self.sink);
    }

    fn put_float(&mut self, number: impl ryu::Float, finite: bool) -> Result {
        if !finite {
            return Err(SerializeErrorKind::NotFinite);
        }
        self.put(ryu::Buffer::new().format_finite(number).as_bytes());
        Ok(())
    }

    fn open(&mut self, open: &'static [u8], close: &'static [u8]) -> Result<Container<'_, 's, S>> {
        if self.depth >= MAX_PAYLOAD_DEPTH {
            return Err(SerializeErrorKind::TooDeep);
        }
        self.depth = self.depth.wrapping_add(1);
        self.put(open);
        Ok(Container {
            serializer: self,
            empty: true,
            close,
        })
    }

    /// An object whose only member is the variant: its name and the colon.
    fn open_variant(&mut self, variant: &str) -> Result {
        self.open(b"{", b"")?;
        self.put_text(variant);
        self.put(b":");
        Ok(())
    }

    fn close_variant(&mut self) {
        self.depth = self.depth.wrapping_sub(1);
        self.put(b"}");
    }
}

/// Integers of a fixed type.
macro_rules! serialize_integers {
    ($(signed $signed:ident $i:ty, unsigned $unsigned:ident $u:ty,)+) => {
        $(fn $signed(self, integer: $i) -> Result {
            self.put_integer(integer < 0, integer.unsigned_abs().into());
            Ok(())
        }

        fn $unsigned(self, integer: $u) -> Result {
            self.put_integer(false, integer.into());
            Ok(())
        })+
    };
}

impl<'c, 's, S: Sink> ser::Serializer for &'c mut Serializer<'s, S> {
    type Ok = ();
    type Error = SerializeErrorKind;
    type SerializeSeq = Container<'c, 's, S>;
    type SerializeTuple = Container<'c, 's, S>;
    type SerializeTupleStruct = Container<'c, 's, S>;
    type SerializeTupleVariant = Container<'c, 's, S>;
    type SerializeMap = Container<'c, 's, S>;
    type SerializeStruct = Container<'c, 's, S>;
    type SerializeStructVariant = Container<'c, 's, S>;

    fn serialize_bool(self, boolean: bool) -> Result {
        self.put(if boolean { b"true" } else { b"false" });
        Ok(())
    }

    serialize_integers! {
        signed serialize_i8 i8, unsigned serialize_u8 u8,
        signed serialize_i16 i16, unsigned serialize_u16 u16,
        signed serialize_i32 i32, unsigned serialize_u32 u32,
        signed serialize_i64 i64, unsigned serialize_u64 u64,
    }

    fn serialize_f32(self, number: f32) -> Result {
        self.put_float(number, number.is_finite())
    }

    fn serialize_f64(self, number: f64) -> Result {
        self.put_float(number, number.is_finite())
    }

    fn serialize_char(self, character: char) -> Result {
        self.put_text(character.encode_utf8(&mut [0; 4]));
        Ok(())
    }

    fn serialize_str(self, text: &str) -> Result {
        self.put_text(text);
        Ok(())
    }

    /// An array of numbers.
    fn serialize_bytes(self, bytes: &[u8]) -> Result {
        let mut array = self.open(b"[", b"]")?;
        for byte in bytes {
            array.element(byte)?;
        }
        array.close();
        Ok(())
    }

    fn serialize_none(self) -> Result {
        self.put(b"null");
        Ok(())
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result {
        self.serialize_none()
    }

    fn serialize_unit_struct(self, _name: &'static str) -> Result {
        self.serialize_none()
    }

    fn serialize_unit_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
    ) -> Result {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        value: &T,
    ) -> Result {
        self.open_variant(variant)?;
        value.serialize(&mut *self)?;
        self.close_variant();
        Ok(())
    }

    fn serialize_seq(self, _len: Option<usize>) -> Result<Self::SerializeSeq> {
        self.open(b"[", b"]")
    }

    fn serialize_tuple(self, _len: usize) -> Result<Self::SerializeTuple> {
        self.open(b"[", b"]")
    }

    fn serialize_tuple_struct(
        self,
        _name: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleStruct> {
        self.open(b"[", b"]")
    }

    fn serialize_tuple_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeTupleVariant> {
        self.open_variant(variant)?;
        self.open(b"[", b"]}")
    }

    fn serialize_map(self, _len: Option<usize>) -> Result<Self::SerializeMap> {
        self.open(b"{", b"}")
    }

    fn serialize_struct(self, name: &'static str, _len: usize) -> Result<Self::SerializeStruct> {
        // What `serde_json` says to its own serializer this way would come out as an object of that name.
        if name.starts_with("$serde_json::private::") {
            return Err(SerializeErrorKind::Custom);
        }
        self.open(b"{", b"}")
    }

    fn serialize_struct_variant(
        self,
        _name: &'static str,
        _index: u32,
        variant: &'static str,
        _len: usize,
    ) -> Result<Self::SerializeStructVariant> {
        self.open_variant(variant)?;
        self.open(b"{", b"}}")
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result {
        self.put(b"\"");
        let written = fmt::write(&mut TextWriter(self.sink), format_args!("{value}"));
        self.put(b"\"");
        written.map_err(|_| SerializeErrorKind::Custom)
    }
}

/// Takes text into the inside of a string.
struct TextWriter<'s, S>(&'s mut S);

impl<S: Sink> fmt::Write for TextWriter<'_, S> {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        write_text(text.as_bytes(), self.0);
        Ok(())
    }
}

/// An array or an object that has been opened.
pub(super) struct Container<'c, 's, S> {
    serializer: &'c mut Serializer<'s, S>,
    empty: bool,
    /// The closing bracket, and that of the variant around it. One bracket is one level.
    close: &'static [u8],
}

impl<S: Sink> Container<'_, '_, S> {
    fn comma(&mut self) {
        if !self.empty {
            self.serializer.put(b",");
        }
        self.empty = false;
    }

    fn element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.comma();
        value.serialize(&mut *self.serializer)
    }

    fn member<T: Serialize + ?Sized>(&mut self, name: &str, value: &T) -> Result {
        self.comma();
        self.serializer.put_text(name);
        self.serializer.put(b":");
        value.serialize(&mut *self.serializer)
    }

    fn close(self) {
        self.serializer.depth = self.serializer.depth.wrapping_sub(self.close.len());
        self.serializer.put(self.close);
    }
}

/// The traits for arrays, which differ in a method's name.
macro_rules! array_traits {
    ($($trait:ident $method:ident,)+) => {
        $(impl<S: Sink> ser::$trait for Container<'_, '_, S> {
            type Ok = ();
            type Error = SerializeErrorKind;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
                self.element(value)
            }

            fn end(self) -> Result {
                self.close();
                Ok(())
            }
        })+
    };
}

array_traits! {
    SerializeSeq serialize_element,
    SerializeTuple serialize_element,
    SerializeTupleStruct serialize_field,
    SerializeTupleVariant serialize_field,
}

/// The traits for objects with names that are known at compile time.
macro_rules! struct_traits {
    ($($trait:ident,)+) => {
        $(impl<S: Sink> ser::$trait for Container<'_, '_, S> {
            type Ok = ();
            type Error = SerializeErrorKind;

            fn serialize_field<T: Serialize + ?Sized>(&mut self, name: &'static str, value: &T) -> Result {
                self.member(name, value)
            }

            fn end(self) -> Result {
                self.close();
                Ok(())
            }
        })+
    };
}

struct_traits! { SerializeStruct, SerializeStructVariant, }

impl<S: Sink> ser::SerializeMap for Container<'_, '_, S> {
    type Ok = ();
    type Error = SerializeErrorKind;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result {
        self.comma();
        key.serialize(Key(self.serializer))
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result {
        self.serializer.put(b":");
        value.serialize(&mut *self.serializer)
    }

    fn end(self) -> Result {
        self.close();
        Ok(())
    }
}

/// The key of a map as a member name: a text, or an integer in quotes.
struct Key<'c, 's, S>(&'c mut Serializer<'s, S>);

/// Integers in quotes.
macro_rules! serialize_keys {
    ($($method:ident $type:ty,)+) => {
        $(fn $method(self, number: $type) -> Result {
            self.0.put(b"\"");
            number.serialize(&mut *self.0)?;
            self.0.put(b"\"");
            Ok(())
        })+
    };
}

/// Everything that is no key.
macro_rules! refuse_keys {
    ($($method:ident($($argument:ty),*) $(<$parameter:ident>)? -> $output:ty;)+) => {
        $(fn $method $(<$parameter: Serialize + ?Sized>)? (self $(, _: $argument)*) -> Result<$output> {
            Err(SerializeErrorKind::InvalidKey)
        })+
    };
}

impl<S: Sink> ser::Serializer for Key<'_, '_, S> {
    type Ok = ();
    type Error = SerializeErrorKind;
    type SerializeSeq = Impossible<(), SerializeErrorKind>;
    type SerializeTuple = Impossible<(), SerializeErrorKind>;
    type SerializeTupleStruct = Impossible<(), SerializeErrorKind>;
    type SerializeTupleVariant = Impossible<(), SerializeErrorKind>;
    type SerializeMap = Impossible<(), SerializeErrorKind>;
    type SerializeStruct = Impossible<(), SerializeErrorKind>;
    type SerializeStructVariant = Impossible<(), SerializeErrorKind>;

    serialize_keys! {
        serialize_i8 i8, serialize_i16 i16, serialize_i32 i32, serialize_i64 i64,
        serialize_u8 u8, serialize_u16 u16, serialize_u32 u32, serialize_u64 u64,
    }

    fn serialize_char(self, character: char) -> Result {
        self.0.serialize_char(character)
    }

    fn serialize_str(self, text: &str) -> Result {
        self.0.serialize_str(text)
    }

    fn serialize_unit_variant(
        self,
        name: &'static str,
        index: u32,
        variant: &'static str,
    ) -> Result {
        self.0.serialize_unit_variant(name, index, variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _name: &'static str,
        value: &T,
    ) -> Result {
        value.serialize(self)
    }

    fn collect_str<T: fmt::Display + ?Sized>(self, value: &T) -> Result {
        self.0.collect_str(value)
    }

    refuse_keys! {
        serialize_bool(bool) -> ();
        serialize_f32(f32) -> ();
        serialize_f64(f64) -> ();
        serialize_bytes(&[u8]) -> ();
        serialize_none() -> ();
        serialize_some(&T) <T> -> ();
        serialize_unit() -> ();
        serialize_unit_struct(&'static str) -> ();
        serialize_newtype_variant(&'static str, u32, &'static str, &T) <T> -> ();
        serialize_seq(Option<usize>) -> Self::SerializeSeq;
        serialize_tuple(usize) -> Self::SerializeTuple;
        serialize_tuple_struct(&'static str, usize) -> Self::SerializeTupleStruct;
        serialize_tuple_variant(&'static str, u32, &'static str, usize) -> Self::SerializeTupleVariant;
        serialize_map(Option<usize>) -> Self::SerializeMap;
        serialize_struct(&'static str, usize) -> Self::SerializeStruct;
        serialize_struct_variant(&'static str, u32, &'static str, usize) -> Self::SerializeStructVariant;
    }
}
