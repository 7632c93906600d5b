use super::escape::Written;
use super::scanner::Scanner;
#[cfg(target_pointer_width = "64")]
use super::word::unescaped_run;
use crate::encode::Sink;

/// What is written of a text, of the inside of a string or of a value, piece by piece: no insignificant whitespace, strings escaped as `P-6` says,
/// members and numbers as they stand.
#[derive(Clone)]
pub(super) struct NormalForm<'a> {
    scanner: Scanner<'a>,
    of: Of,
    /// In a value: in one of its strings.
    in_string: bool,
}

/// What a normal form is of. What is not a text has been proven by the scanner.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Of {
    /// A text, which has no escapes: what would be one is as it is, and quotes are part of it.
    Text,
    /// The inside of a string.
    String,
    /// A value.
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
    pub(super) const fn new(bytes: &'a [u8], of: Of) -> Self {
        Self {
            scanner: Scanner::new(bytes),
            of,
            in_string: false,
        }
    }

    #[inline(never)]
    pub(super) fn write<S: Sink>(bytes: &'a [u8], of: Of, sink: &mut S) {
        for piece in Self::new(bytes, of) {
            sink.put(piece.run);
            if let Some(character) = piece.character {
                character.put(sink);
            }
        }
    }

    /// How many of the first bytes are written as they stand.
    #[inline(always)]
    fn run(rest: &[u8], outside: bool) -> usize {
        #[cfg(target_pointer_width = "64")]
        if !outside {
            return unescaped_run(rest);
        }
        // Outside of strings there are no control characters but whitespace, and no backslashes: on a small core one loop does for both.
        let stops = if outside { b' ' } else { 0x1f };
        let stop = |&byte: &u8| byte <= stops || byte == b'"' || byte == b'\\';
        rest.iter().position(stop).unwrap_or(rest.len())
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
        let outside = self.of == Of::Value && !self.in_string;
        if outside {
            scanner.token();
        }
        let rest = scanner.rest();
        if rest.is_empty() {
            return None;
        }
        let mut run = Self::run(rest, outside);
        scanner.skip_by(run);
        let mut character = None;
        if let Some(&byte) = rest.get(run) {
            if byte == b'"' && self.of == Of::Value {
                scanner.skip();
                run = run.wrapping_add(1);
                self.in_string = outside;
            } else if !outside {
                let code = if byte == b'\\' && self.of != Of::Text {
                    scanner.escape()
                } else {
                    scanner.skip();
                    u32::from(byte)
                };
                character = Some(Written::of(code));
            }
        }
        let run = rest.get(..run)?;
        Some(Piece { run, character })
    }
}
