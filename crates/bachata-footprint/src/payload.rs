//! Payloads as types, apart by what reading and writing them takes.

use serde::{Deserialize, Serialize};

/// Everything but numbers.
#[cfg(not(any(feature = "typed-integers", feature = "typed-floats")))]
#[derive(Serialize, Deserialize)]
pub(crate) struct Texts<'a> {
    on: bool,
    name: &'a str,
    #[serde(borrow, default)]
    note: Option<&'a str>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    pair: (bool, char),
    #[serde(default)]
    nothing: (),
}

#[cfg(not(any(feature = "typed-integers", feature = "typed-floats")))]
#[derive(Serialize, Deserialize, Default)]
enum Mode {
    #[default]
    Off,
    On(bool),
    Blink {
        fast: bool,
    },
    Both(bool, bool),
}

/// Integers of all widths, and integers as the keys of a map.
#[cfg(feature = "typed-integers")]
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Integers {
    a: u8,
    b: i8,
    c: u16,
    d: i16,
    e: u32,
    f: i32,
    g: u64,
    h: i64,
    keys: Keys,
}

/// Floats of both widths.
#[cfg(feature = "typed-floats")]
#[derive(Serialize, Deserialize, Default)]
#[serde(default)]
pub(crate) struct Floats {
    x: f32,
    y: f64,
}

/// A map with integers as keys, of which it keeps the last.
#[cfg(feature = "typed-integers")]
#[derive(Default)]
pub(crate) struct Keys(u16, i64);

#[cfg(feature = "typed-integers")]
mod keys {
    use core::fmt;

    use serde::de::{MapAccess, Visitor};
    use serde::ser::SerializeMap as _;
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    use super::Keys;

    impl Serialize for Keys {
        fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            let mut map = serializer.serialize_map(Some(2))?;
            map.serialize_entry(&self.0, &self.1)?;
            map.serialize_entry(&self.1, &self.0)?;
            map.end()
        }
    }

    impl<'de> Deserialize<'de> for Keys {
        fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
            deserializer.deserialize_map(Entries)
        }
    }

    struct Entries;

    impl<'de> Visitor<'de> for Entries {
        type Value = Keys;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a map")
        }

        fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Keys, A::Error> {
            let mut last = Keys::default();
            while let Some((key, value)) = map.next_entry()? {
                last = Keys(key, value);
            }
            Ok(last)
        }
    }
}

#[cfg(feature = "all")]
impl<'a> Texts<'a> {
    pub(crate) fn of(text: &'a str) -> Self {
        use core::hint::black_box;

        Self {
            on: black_box(true),
            name: text,
            note: black_box(Some(text)),
            mode: black_box(Mode::Off),
            pair: black_box((false, '"')),
            nothing: (),
        }
    }
}
