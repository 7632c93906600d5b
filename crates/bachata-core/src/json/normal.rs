use super::escape::{self, Written};
use super::scanner::is_space;

/// The normal form of a proven value, piece by piece: without insignificant whitespace, strings escaped as `P-6` says, members and numbers as
/// they stand (`P-15`). It is never longer than the value.
#[derive(Clone)]
pub(super) struct NormalForm<'a> {
    rest: &'a [u8],
    in_string: bool,
}

/// A piece of a normal form.
pub(super) enum Piece<'a> {
    /// Bytes as they stand.
    Run(&'a [u8]),
    /// A character that is escaped in the value.
    Character(Written),
}

impl<'a> NormalForm<'a> {
    /// `value` has been proven by the scanner.
    pub(super) const fn of(value: &'a [u8]) -> Self {
        Self {
            rest: value,
            in_string: false,
        }
    }

    /// Whether two values have the same normal form.
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

    /// The next piece and the bytes after it, inside a string.
    fn inside(&mut self) -> Option<(Piece<'a>, &'a [u8])> {
        if let [b'\\', after @ ..] = self.rest {
            let (character, rest) = escape::read(after)?;
            return Some((Piece::Character(Written::of(character)), rest));
        }
        let stop = self
            .rest
            .iter()
            .position(|&byte| byte == b'"' || byte == b'\\');
        let (run, rest) = self
            .rest
            .split_at_checked(stop.unwrap_or(self.rest.len()))?;
        let (run, rest) = match (run, rest) {
            ([], [_quote, after @ ..]) => {
                self.in_string = false;
                (self.rest.get(..1)?, after)
            }
            run => run,
        };
        Some((Piece::Run(run), rest))
    }

    /// The next piece and the bytes after it, outside a string.
    fn outside(&mut self) -> Option<(Piece<'a>, &'a [u8])> {
        let start = self.rest.iter().position(|&byte| !is_space(byte))?;
        let (_space, rest) = self.rest.split_at_checked(start)?;
        let quote = rest.iter().position(|&byte| {
            self.in_string = byte == b'"';
            self.in_string || is_space(byte)
        });
        let end = quote.map_or(rest.len(), |at| {
            at.wrapping_add(usize::from(self.in_string))
        });
        let (run, rest) = rest.split_at_checked(end)?;
        Some((Piece::Run(run), rest))
    }
}

impl<'a> Iterator for NormalForm<'a> {
    type Item = Piece<'a>;

    fn next(&mut self) -> Option<Piece<'a>> {
        if self.rest.is_empty() {
            return None;
        }
        let (piece, rest) = if self.in_string {
            self.inside()?
        } else {
            self.outside()?
        };
        self.rest = rest;
        Some(piece)
    }
}
