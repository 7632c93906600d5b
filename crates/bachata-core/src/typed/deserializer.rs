use core::str::FromStr;

use fast_float2::FastFloat;
use serde::de::{self, DeserializeSeed, IntoDeserializer as _, Visitor};
use serde_json_core::de as integer;

use super::{DeserializeError, DeserializeErrorKind};
use crate::json::scanner::Scanner;
use crate::{BufferTooSmall, JsonKind, JsonStr, RawJson};

type Result<T> = core::result::Result<T, DeserializeError>;

/// A serde deserializer over a value that the scanner has proven.
pub(super) struct Deserializer<'de> {
    scanner: Scanner<'de>,
    /// What is left of the scratch.
    scratch: &'de mut [u8],
    /// How much of it holds decoded texts.
    used: usize,
}

impl<'de> Deserializer<'de> {
    pub(super) const fn new(value: &'de [u8], scratch: &'de mut [u8]) -> Self {
        Self {
            scanner: Scanner::new(value),
            scratch,
            used: 0,
        }
    }

    /// Whether the next value starts with this byte.
    fn next_is(&mut self, byte: char) -> bool {
        self.scanner.token() == byte
    }

    /// The next value, whatever it is, without recursion.
    fn value(&mut self) -> Result<RawJson<'de>> {
        let value = self.scanner.next_value();
        self.unbroken()?;
        Ok(value)
    }

    fn error(&self, kind: DeserializeErrorKind) -> DeserializeError {
        DeserializeError::new(kind, self.scanner.at())
    }

    /// The value has been proven, so the scanner finds an error only where a visitor asks for what is not next.
    fn unbroken(&self) -> Result<()> {
        match self.scanner.error() {
            None => Ok(()),
            Some(error) => Err(DeserializeError::new(
                DeserializeErrorKind::InvalidValue,
                error.offset(),
            )),
        }
    }

    /// The next value, which must be a text, and where it starts.
    fn text(&mut self) -> Result<(JsonStr<'de>, usize)> {
        if !self.next_is('"') {
            return Err(self.error(DeserializeErrorKind::InvalidType));
        }
        let start = self.scanner.at();
        Ok((self.value()?.as_text().unwrap_or_default(), start))
    }

    /// A text for good: borrowed from the frame, or from the scratch.
    fn borrowed(&mut self, text: JsonStr<'de>, start: usize) -> Result<&'de str> {
        if let Some(text) = text.as_str() {
            return Ok(text);
        }
        let len = text.decoded_len();
        let needed = self.used.saturating_add(len);
        let scratch = core::mem::take(&mut self.scratch);
        let Some((room, rest)) = scratch.split_at_mut_checked(len) else {
            let kind = DeserializeErrorKind::ScratchTooShort { needed };
            return Err(DeserializeError::new(kind, start));
        };
        (self.scratch, self.used) = (rest, needed);
        Ok(text.decode(room).unwrap_or_default())
    }

    /// The text of the next value, which must be a number, and where it starts.
    fn digits(&mut self) -> Result<(&'de [u8], usize)> {
        self.scanner.token();
        let start = self.scanner.at();
        let value = self.value()?;
        if value.kind() != JsonKind::Number {
            let kind = DeserializeErrorKind::InvalidType;
            return Err(DeserializeError::new(kind, start));
        }
        Ok((value.as_bytes(), start))
    }

    /// A float. One that is beyond its type is an error, not infinite.
    fn float<T: FastFloat + Into<f64>>(&mut self) -> Result<(T, usize)> {
        let (digits, start) = self.digits()?;
        let float = T::parse_float(digits).ok();
        let finite = float.filter(|&float| float.into().is_finite());
        let kind = DeserializeErrorKind::InvalidNumber;
        Ok((finite.ok_or(DeserializeError::new(kind, start))?, start))
    }

    /// An integer, converted by `serde-json-core`.
    fn integer<T>(
        &mut self,
        convert: impl FnOnce(&mut integer::Deserializer<'de, '_>) -> integer::Result<T>,
    ) -> Result<T> {
        let (digits, start) = self.digits()?;
        let mut digits = integer::Deserializer::new(digits, None);
        let kind = match (convert(&mut digits), digits.end()) {
            (Ok(integer), Ok(_)) => return Ok(integer),
            (Err(integer::Error::CustomError), _) => DeserializeErrorKind::InvalidValue,
            // What it leaves over is a fraction or an exponent.
            _ => DeserializeErrorKind::InvalidNumber,
        };
        Err(DeserializeError::new(kind, start))
    }

    /// A container: opens it, lets `visit` take what it wants, and sees to it that nothing is left over.
    fn container<T>(
        &mut self,
        open: char,
        visit: impl FnOnce(&mut Elements<'_, 'de>) -> Result<T>,
    ) -> Result<T> {
        if !self.next_is(open) {
            return Err(self.error(DeserializeErrorKind::InvalidType));
        }
        let start = self.scanner.at();
        self.scanner.skip();
        let close = if open == '{' { '}' } else { ']' };
        let mut elements = Elements {
            deserializer: self,
            close,
            state: State::Opened,
        };
        let value = visit(&mut elements).map_err(|error| error.or_at(start))?;
        if elements.state != State::Closed && elements.advance()? {
            return Err(self.error(DeserializeErrorKind::InvalidLength));
        }
        Ok(value)
    }
}

/// Integers of a fixed type.
macro_rules! deserialize_integers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
            self.integer(|digits| digits.$method(visitor))
        })+
    };
}

impl<'de> de::Deserializer<'de> for &mut Deserializer<'de> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.scanner.token() {
            '"' => self.deserialize_str(visitor),
            '{' => self.deserialize_map(visitor),
            '[' => self.deserialize_seq(visitor),
            't' | 'f' => self.deserialize_bool(visitor),
            'n' => self.deserialize_unit(visitor),
            _ => {
                // The kind of number that its text asks for. A float is what is left, and -0 needs one for its sign.
                let number = Scanner::clone(&self.scanner).next_value();
                if number.as_str().parse::<u64>().is_ok() {
                    self.deserialize_u64(visitor)
                } else if number.as_integer().is_ok_and(|integer| integer != 0) {
                    self.deserialize_i64(visitor)
                } else {
                    self.deserialize_f64(visitor)
                }
            }
        }
    }

    fn deserialize_bool<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let boolean = self.next_is('t');
        if !boolean && !self.next_is('f') {
            return Err(self.error(DeserializeErrorKind::InvalidType));
        }
        self.value()?;
        visitor.visit_bool(boolean)
    }

    deserialize_integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    fn deserialize_f32<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (float, start) = self.float()?;
        visitor
            .visit_f32(float)
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    fn deserialize_f64<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (float, start) = self.float()?;
        visitor
            .visit_f64(float)
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    fn deserialize_char<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_identifier(visitor)
    }

    fn deserialize_str<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (text, start) = self.text()?;
        let text = self.borrowed(text, start)?;
        visitor
            .visit_borrowed_str(text)
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    fn deserialize_string<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_str(visitor)
    }

    /// The bytes of a text, or an array of numbers.
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.next_is('[') {
            return self.deserialize_seq(visitor);
        }
        let (text, start) = self.text()?;
        let text = self.borrowed(text, start)?;
        visitor
            .visit_borrowed_bytes(text.as_bytes())
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.next_is('n') {
            self.value()?;
            return visitor.visit_none();
        }
        visitor.visit_some(self)
    }

    fn deserialize_unit<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if !self.next_is('n') {
            return Err(self.error(DeserializeErrorKind::InvalidType));
        }
        self.value()?;
        visitor.visit_unit()
    }

    fn deserialize_unit_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_unit(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_seq<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.container('[', |elements| visitor.visit_seq(elements))
    }

    fn deserialize_tuple<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_tuple_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _len: usize,
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn deserialize_map<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.container('{', |elements| visitor.visit_map(elements))
    }

    fn deserialize_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.next_is('[') {
            self.deserialize_seq(visitor)
        } else {
            self.deserialize_map(visitor)
        }
    }

    /// A text names a unit variant; an object of one member names a variant and gives its content.
    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        if self.next_is('{') {
            return self.container('{', |elements| visitor.visit_enum(elements));
        }
        let (text, start) = self.text()?;
        let text = self.borrowed(text, start)?;
        visitor
            .visit_enum(text.into_deserializer())
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    /// A text that nobody keeps: a member name or the name of a variant. It takes nothing of the scratch.
    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        let (text, start) = self.text()?;
        let used = self.used;
        let text = text
            .decode(self.scratch)
            .map_err(|BufferTooSmall { needed, .. }| {
                let needed = used.saturating_add(needed);
                DeserializeError::new(DeserializeErrorKind::ScratchTooShort { needed }, start)
            })?;
        visitor
            .visit_str(text)
            .map_err(|error: DeserializeError| error.or_at(start))
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.value()?;
        visitor.visit_unit()
    }
}

/// What stands in a container.
struct Elements<'d, 'de> {
    deserializer: &'d mut Deserializer<'de>,
    close: char,
    state: State,
}

#[derive(Clone, Copy, PartialEq)]
enum State {
    Opened,
    Inside,
    Closed,
}

impl<'de> Elements<'_, 'de> {
    /// Whether there is another element. Skips to it, or past the end.
    fn advance(&mut self) -> Result<bool> {
        let scanner = &mut self.deserializer.scanner;
        let more = match self.state {
            State::Opened if scanner.token() == self.close => {
                scanner.skip();
                false
            }
            State::Opened => true,
            State::Inside => scanner.next(self.close),
            State::Closed => false,
        };
        self.deserializer.unbroken()?;
        self.state = if more { State::Inside } else { State::Closed };
        Ok(more)
    }

    /// The value after a name.
    fn member_value<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.deserializer.scanner.colon();
        self.deserializer.unbroken()?;
        seed.deserialize(&mut *self.deserializer)
    }
}

impl<'de> de::SeqAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DeserializeError;

    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.advance()? {
            return Ok(None);
        }
        seed.deserialize(&mut *self.deserializer).map(Some)
    }
}

impl<'de> de::MapAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DeserializeError;

    fn next_key_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        if !self.advance()? {
            return Ok(None);
        }
        seed.deserialize(Key(self.deserializer)).map(Some)
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        self.member_value(seed)
    }
}

impl<'de> de::EnumAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DeserializeError;
    type Variant = Self;

    fn variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<(S::Value, Self)> {
        if !self.advance()? {
            return Err(self.deserializer.error(DeserializeErrorKind::InvalidLength));
        }
        let variant = seed.deserialize(&mut *self.deserializer)?;
        Ok((variant, self))
    }
}

impl<'de> de::VariantAccess<'de> for &mut Elements<'_, 'de> {
    type Error = DeserializeError;

    fn unit_variant(self) -> Result<()> {
        self.member_value(core::marker::PhantomData::<()>)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        self.member_value(seed)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.member_value(Shape { open: '[', visitor })
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.member_value(Shape { open: '{', visitor })
    }
}

/// The content of a variant.
struct Shape<V> {
    open: char,
    visitor: V,
}

impl<'de, V: Visitor<'de>> DeserializeSeed<'de> for Shape<V> {
    type Value = V::Value;

    fn deserialize<D: de::Deserializer<'de>>(
        self,
        deserializer: D,
    ) -> core::result::Result<V::Value, D::Error> {
        match self.open {
            '[' => deserializer.deserialize_seq(self.visitor),
            // An array of the fields will do, too.
            _ => deserializer.deserialize_struct("", &[], self.visitor),
        }
    }
}

/// A member name as the key of a map: a text, or an integer in quotes.
struct Key<'d, 'de>(&'d mut Deserializer<'de>);

impl Key<'_, '_> {
    /// An integer in quotes, written as JSON writes it.
    fn integer<T: FromStr>(&mut self) -> Result<T> {
        let (text, start) = self.0.text()?;
        let error = |kind| DeserializeError::new(kind, start);
        let mut room = [0; LONGEST_INTEGER];
        let digits = text.decode(&mut room).unwrap_or_default();
        match RawJson::new(digits.as_bytes()) {
            Ok(number) if number.kind() == JsonKind::Number && number.as_str() == digits => {
                let integer = digits.parse().ok();
                integer.ok_or(error(DeserializeErrorKind::InvalidNumber))
            }
            _ => Err(error(DeserializeErrorKind::InvalidType)),
        }
    }
}

/// The digits of an u64, or those of an i64 and its sign.
const LONGEST_INTEGER: usize = 20;

/// Integers in quotes, of a fixed type.
macro_rules! deserialize_keys {
    ($($method:ident $visit:ident)+) => {
        $(fn $method<V: Visitor<'de>>(mut self, visitor: V) -> Result<V::Value> {
            visitor.$visit(self.integer()?)
        })+
    };
}

impl<'de> de::Deserializer<'de> for Key<'_, 'de> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.deserialize_str(visitor)
    }

    fn deserialize_identifier<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.0.deserialize_identifier(visitor)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        name: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.0.deserialize_enum(name, variants, visitor)
    }

    deserialize_keys! {
        deserialize_i8 visit_i8
        deserialize_i16 visit_i16
        deserialize_i32 visit_i32
        deserialize_i64 visit_i64
        deserialize_u8 visit_u8
        deserialize_u16 visit_u16
        deserialize_u32 visit_u32
        deserialize_u64 visit_u64
    }

    serde::forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf option unit unit_struct seq tuple
        tuple_struct map struct ignored_any
    }
}

/// A serde deserializer over a payload that is a text.
pub(super) struct TextDeserializer<'de>(&'de str);

impl<'de> TextDeserializer<'de> {
    pub(super) const fn new(text: &'de str) -> Self {
        Self(text)
    }
}

impl<'de> de::Deserializer<'de> for TextDeserializer<'de> {
    type Error = DeserializeError;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_str(self.0)
    }

    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_borrowed_bytes(self.0.as_bytes())
    }

    fn deserialize_byte_buf<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        self.deserialize_bytes(visitor)
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        visitor.visit_enum(self.0.into_deserializer())
    }

    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    serde::forward_to_deserialize_any! {
        bool i8 i16 i32 i64 i128 u8 u16 u32 u64 u128 f32 f64 char str string unit unit_struct
        seq tuple tuple_struct map struct identifier
    }
}
