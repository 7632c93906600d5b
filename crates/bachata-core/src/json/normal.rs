use super::escape::Written;
use super::scanner::{Scanner, is_space};
use super::word::unescaped_run;
use crate::encode::Sink;

/// What goes out for a text, the inside of a string or a value, piece by piece: without insignificant whitespace, strings escaped as `P-6` says,
/// members and numbers as they stand (`P-15`).
#[derive(Clone)]
pub(super) struct NormalForm<'a> {
    scanner: Scanner<'a>,
    place: Place,
}

/// Where the next byte stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// In a text, which has no escapes and no quotes.
    Text,
    /// In a string.
    String,
    /// In a value, outside of its strings.
    Value,
}

/// A piece of a normal form.
pub(super) enum Piece<'a> {
    /// Bytes as they stand.
    Run(&'a [u8]),
    /// A character that is escaped, there or here.
    Character(Written),
}

impl<'a> NormalForm<'a> {
    /// That of a text.
    pub(super) const fn of_text(text: &'a [u8]) -> Self {
        Self::new(text, Place::Text)
    }

    /// That of the inside of a string that has been proven by the scanner.
    pub(super) const fn of_string(inside: &'a [u8]) -> Self {
        Self::new(inside, Place::String)
    }

    /// That of a value that has been proven by the scanner.
    pub(super) const fn of_value(value: &'a [u8]) -> Self {
        Self::new(value, Place::Value)
    }

    const fn new(bytes: &'a [u8], place: Place) -> Self {
        Self {
            scanner: Scanner::new(bytes),
            place,
        }
    }

    pub(super) fn write<S: Sink>(self, sink: &mut S) {
        for piece in self {
            match piece {
                Piece::Run(run) => sink.put(run),
                Piece::Character(character) => sink.put(character.as_bytes()),
            }
        }
    }

    /// Whether two have the same normal form.
    pub(super) fn same(self, other: Self) -> bool {
        self.bytes().eq(other.bytes())
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.flat_map(|piece| {
            let (run, character) = match piece {
                Piece::Run(run) => (run, None),
                Piece::Character(character) => (&[][..], Some(character)),
            };
            run.iter().copied().chain(character.into_iter().flatten())
        })
    }
}

impl<'a> Iterator for NormalForm<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        let scanner = &mut self.scanner;
        if self.place == Place::Value {
            scanner.token();
        }
        let rest = scanner.rest();
        let byte = *rest.first()?;
        let mut run = if self.place == Place::Value {
            let stop = |byte: &u8| *byte == b'"' || is_space(char::from(*byte));
            rest.iter().position(stop).unwrap_or(rest.len())
        } else {
            unescaped_run(rest)
        };
        if run == 0 {
            if self.place == Place::Text {
                scanner.skip();
                return Some(Piece::Character(Written::of(u32::from(byte))));
            }
            if byte == b'\\' {
                return Some(Piece::Character(Written::of(scanner.escape())));
            }
            // A quote.
            self.place = match self.place {
                Place::Value => Place::String,
                _ => Place::Value,
            };
            run = 1;
        }
        scanner.skip_by(run);
        rest.get(..run).map(Piece::Run)
    }
}
