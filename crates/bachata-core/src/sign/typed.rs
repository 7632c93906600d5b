use serde::Serialize;

use super::Sign;
use super::covered::{Covered, DATA_OBJECT, DATA_TEXT, Sealed, Taker, put_fields};
use crate::encode::{Sink, SliceSink};
use crate::typed::serialize;
use crate::{DataMessage, SerializeErrorKind};

impl<T: Serialize + ?Sized> DataMessage<'_, &T> {
    /// The signature of this message, to be put into it by `with_sign`. The payload is serialised for it twice, once for its length, into no buffer.
    ///
    /// Two things can fail, and so there are two results in one another: of the schemes of this crate only the outer one does.
    ///
    /// ```
    /// use bachata_core::{DataMessage, HmacSha256, Message, SerializeErrorKind};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// let key = HmacSha256::new(b"32 random bytes are a good key..").unwrap();
    /// let message = DataMessage::typed("7", "led", 0, &Led { on: true }).with_from("desk");
    /// let Ok(signature) = message.sign_with(&key)?;
    ///
    /// let mut frame = [0; 192];
    /// let frame = message.with_sign(&signature).encode(&mut frame).unwrap();
    /// assert!(Message::parse(frame).unwrap().verify(&key).is_ok());
    ///
    /// let error = DataMessage::typed("7", "led", 0, &[true]).sign_with(&key).err();
    /// assert_eq!(error, Some(SerializeErrorKind::NeitherTextNorObject));
    /// # Ok::<(), SerializeErrorKind>(())
    /// ```
    ///
    /// # Errors
    ///
    /// The payload can't be the `data` of a message; and then the scheme's own.
    pub fn sign_with<S: Sign + ?Sized>(
        &self,
        signer: &S,
    ) -> Result<Result<S::Signature, S::Error>, SerializeErrorKind> {
        let mut counter = SliceSink::new(&mut []);
        let mut canonical = Canonical::new(&mut counter);
        serialize(*self.data(), &mut canonical)?;
        let (is_text, len) = (canonical.is_text(), counter.len());
        Ok(signer.sign(&Typed {
            message: self,
            is_text,
            len,
        }))
    }
}

/// A message whose payload serialises to a text or an object of known length.
struct Typed<'m, 'a, 't, T: ?Sized> {
    message: &'m DataMessage<'a, &'t T>,
    is_text: bool,
    len: usize,
}

impl<T: ?Sized> Sealed for Typed<'_, '_, '_, T> {}

impl<T: Serialize + ?Sized> Covered for Typed<'_, '_, '_, T> {
    fn feed_fields(&self, take: impl FnMut(&[u8])) {
        let form = if self.is_text { DATA_TEXT } else { DATA_OBJECT };
        let data = |taker: &mut _| self.put_data(taker);
        put_fields(self.message, form, self.len, data, &mut Taker(take));
    }

    fn feed_data(&self, take: impl FnMut(&[u8])) {
        self.put_data(&mut Taker(take));
    }
}

impl<T: Serialize + ?Sized> Typed<'_, '_, '_, T> {
    fn put_data<S: Sink>(&self, sink: &mut S) {
        // It has been serialised once without an error. What is serialised otherwise the second time has a signature that fits neither.
        let _known = serialize(*self.message.data(), &mut Canonical::new(sink));
    }
}

/// Takes a payload as it stands in a frame, in normal form, and hands it on in canonical form: a text decoded, an object as it is.
struct Canonical<'s, S> {
    sink: &'s mut S,
    place: Place,
}

/// Where the next byte stands.
#[derive(Clone, Copy, PartialEq)]
enum Place {
    /// Before the payload.
    Start,
    /// In an object.
    Object,
    /// In a text, or after it.
    Text,
    /// In a text, after a backslash.
    Escape,
    /// In a text, after a backslash and a `u`: digits to come, and what those before say.
    Unit(u8, u8),
}

impl<'s, S: Sink> Canonical<'s, S> {
    fn new(sink: &'s mut S) -> Self {
        Self {
            sink,
            place: Place::Start,
        }
    }

    fn is_text(&self) -> bool {
        self.place == Place::Text
    }

    /// The next byte of a text.
    fn put_byte(&mut self, byte: u8) {
        let mut decoded = Some(byte);
        self.place = match (self.place, byte) {
            (Place::Escape, b'u') => {
                decoded = None;
                Place::Unit(4, 0)
            }
            (Place::Escape, letter) => {
                decoded = Some(match letter {
                    b'b' => 0x8,
                    b'f' => 0xc,
                    b'n' => b'\n',
                    b'r' => b'\r',
                    b't' => b'\t',
                    quote_or_backslash => quote_or_backslash,
                });
                Place::Text
            }
            (Place::Unit(digits, value), digit) => {
                let digit = char::from(digit).to_digit(16).unwrap_or_default();
                let value = value << 4 | u8::try_from(digit).unwrap_or_default();
                // Only U+0000 to U+001F are escaped so (`P-6`).
                decoded = (digits == 1).then_some(value);
                match digits {
                    1 => Place::Text,
                    more => Place::Unit(more.wrapping_sub(1), value),
                }
            }
            (_, b'\\') => {
                decoded = None;
                Place::Escape
            }
            // The quotes around it: those in it are escaped.
            (place, b'"') => {
                decoded = None;
                place
            }
            (place, _) => place,
        };
        if let Some(byte) = decoded {
            self.sink.put(&[byte]);
        }
    }
}

impl<S: Sink> Sink for Canonical<'_, S> {
    fn put(&mut self, bytes: &[u8]) {
        if self.place == Place::Start {
            self.place = match bytes.first() {
                None => return,
                Some(b'"') => Place::Text,
                // What is neither is refused at its end.
                Some(_) => Place::Object,
            };
        }
        if self.place == Place::Object {
            return self.sink.put(bytes);
        }
        // What is escaped comes in pieces of its own.
        if self.place == Place::Text && !bytes.iter().any(|byte| matches!(byte, b'"' | b'\\')) {
            return self.sink.put(bytes);
        }
        bytes.iter().for_each(|byte| self.put_byte(*byte));
    }
}

#[cfg(test)]
mod tests {
    use std::vec::Vec;

    use super::super::covered::Taker;
    use super::*;

    #[test]
    fn a_text_is_the_same_in_whatever_pieces_it_comes() {
        let json = br#""plain \"quoted\" \\u0041 \u001f\n\b \u0000 rest""#;
        let text = b"plain \"quoted\" \\u0041 \x1f\n\x08 \0 rest";
        for length in 1..=json.len() {
            let mut found = Vec::new();
            let mut sink = Taker(|bytes: &[u8]| found.extend_from_slice(bytes));
            let mut canonical = Canonical::new(&mut sink);
            canonical.put(b"");
            assert!(!canonical.is_text());
            json.chunks(length).for_each(|piece| canonical.put(piece));
            assert!(canonical.is_text());
            assert_eq!(found, text, "{length}");
        }
    }
}
