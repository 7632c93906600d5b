use super::escape::Written;
use super::scanner::{Scanner, is_space};
use super::word::unescaped_run;
use crate::encode::Sink;

/// What is written of a text, of the inside of a string or of a value, piece by piece: no insignificant whitespace, strings escaped as `P-6` says,
/// members and numbers as they stand.
#[derive(Clone)]
pub(super) struct NormalForm<'a> {
    scanner: Scanner<'a>,
    place: Place,
}

/// Where the next byte stands. What is not a text has been proven by the scanner.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Place {
    /// In a text, which has no escapes: what would be one is as it is, and quotes are part of it.
    Text,
    /// In a string.
    String,
    /// In a value, outside of its strings.
    Value,
}

/// A piece of a normal form.
pub(super) struct Piece<'a> {
    /// Bytes as they stand.
    run: &'a [u8],
    /// A character after them that is escaped, there or here.
    character: Option<Written>,
}

impl<'a> NormalForm<'a> {
    pub(super) const fn new(bytes: &'a [u8], place: Place) -> Self {
        Self {
            scanner: Scanner::new(bytes),
            place,
        }
    }

    #[inline(never)]
    pub(super) fn write<S: Sink>(bytes: &'a [u8], place: Place, sink: &mut S) {
        for piece in Self::new(bytes, place) {
            sink.put(piece.run);
            if let Some(character) = piece.character {
                sink.put(character.as_bytes());
            }
        }
    }

    /// Whether two have the same normal form.
    pub(super) fn same(self, other: Self) -> bool {
        self.bytes().eq(other.bytes())
    }

    fn bytes(self) -> impl Iterator<Item = u8> {
        self.flat_map(|piece| {
            let character = piece.character.into_iter().flatten();
            piece.run.iter().copied().chain(character)
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
        if rest.is_empty() {
            return None;
        }
        let mut run = if self.place == Place::Value {
            let stop = |byte: &u8| *byte == b'"' || is_space(char::from(*byte));
            rest.iter().position(stop).unwrap_or(rest.len())
        } else {
            unescaped_run(rest)
        };
        scanner.skip_by(run);
        let mut character = None;
        match (self.place, rest.get(run)) {
            (Place::Text, Some(byte)) => {
                scanner.skip();
                character = Some(Written::of(u32::from(*byte)));
            }
            (Place::String, Some(b'\\')) => character = Some(Written::of(scanner.escape())),
            (place, Some(b'"')) => {
                scanner.skip();
                run = run.wrapping_add(1);
                self.place = match place {
                    Place::Value => Place::String,
                    _ => Place::Value,
                };
            }
            _ => {}
        }
        let run = rest.get(..run)?;
        Some(Piece { run, character })
    }
}
