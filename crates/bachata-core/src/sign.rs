//! Making and checking signatures (`P-14` to `P-18`): what is covered, the two schemes, and what a check proves.

mod covered;
mod error;
mod hmac_sha256;
mod signature;
mod token_sha256;
#[cfg(feature = "serde")]
mod typed;
mod verified;
mod warning;

pub use self::covered::Covered;
pub use self::error::{KeyError, SignatureError};
pub use self::hmac_sha256::HmacSha256;
pub use self::signature::Signature;
pub use self::token_sha256::TokenSha256;
pub use self::verified::Verified;
pub use self::warning::{SignWarning, SignWarningKind, SignWarnings};
use crate::{DataMessage, JsonStr, Message, MessageBuf, TransportMessage};

/// A way of making signatures, with its key: [`HmacSha256`], [`TokenSha256`], or one of the application's own.
///
/// A scheme of the application's own decides by itself what it signs: it takes the bytes that [`Covered`] gives, piece by piece, as often as it
/// needs them, and so needs no buffer.
///
/// ```
/// use bachata_core::{BufferTooSmall, Covered, DataMessage, JsonStr, Sign, SignatureError, Verify};
///
/// /// A secure element on the board, which keeps the key to itself.
/// struct SecureElement;
/// # struct BusError;
/// # impl SecureElement {
/// #     fn start(&self) -> Result<(), BusError> { SUM.set(7); Ok(()) }
/// #     fn absorb(&self, bytes: &[u8]) { SUM.set(bytes.iter().fold(SUM.get(), |sum, byte| (sum * 31 + u64::from(*byte)) % 65521)) }
/// #     fn signature(&self) -> Result<String, BusError> { Ok(format!("{:x}", SUM.get())) }
/// # }
/// # thread_local! { static SUM: std::cell::Cell<u64> = const { std::cell::Cell::new(0) } }
///
/// impl Sign for SecureElement {
///     type Signature = String;
///     type Error = BusError;
///
///     fn sign<C: Covered + ?Sized>(&self, covered: &C) -> Result<String, BusError> {
///         self.start()?;
///         covered.feed_fields(|bytes| self.absorb(bytes));
///         self.signature()
///     }
/// }
///
/// let message = DataMessage::new("7", "led", 0, "on").with_from("desk");
/// let Ok(signature) = message.sign_with(&SecureElement) else { panic!() };
/// assert_eq!(message.with_sign(&*signature).sign(), Some(JsonStr::new(&signature)));
/// ```
pub trait Sign {
    /// The member `sign`. It is not empty, as that would be none (`P-9`).
    type Signature: AsRef<str>;
    /// Why there is no signature; [`Infallible`](core::convert::Infallible) where there always is one.
    type Error;

    /// The signature of a message.
    ///
    /// # Errors
    ///
    /// The scheme's own.
    fn sign<C: Covered + ?Sized>(&self, covered: &C) -> Result<Self::Signature, Self::Error>;
}

/// A way of checking signatures, with its key or keys.
///
/// A list of keys is one, too, for the time in which an old key and a new one are both in use: they are tried one after the other, and
/// [`Verified::key`] says which it was. The list should be short, as the message is hashed anew for each of its keys.
///
/// ```
/// use bachata_core::{DataMessage, HmacSha256, KeyError, SignatureError};
///
/// let keys = [HmacSha256::new(b"the key of this year")?, HmacSha256::new(b"that of last year")?];
/// let message = DataMessage::new("7", "led", 0, "on").with_from("desk");
/// let Ok(signature) = message.sign_with(&keys[1]);
///
/// let verified = message.with_sign(&signature).verify(&keys).unwrap();
/// assert_eq!(verified.key(), 1);
/// assert_eq!(message.with_sign(&signature).verify(&keys[0]), Err(SignatureError::Wrong));
/// # Ok::<(), KeyError>(())
/// ```
pub trait Verify {
    /// What is wrong with a signature, or why that can't be told.
    type Error: From<SignatureError>;

    /// Checks the signature `sign` of a message, and gives the place of the key that made it: 0 where there is one key.
    ///
    /// # Errors
    ///
    /// The signature is malformed or wrong.
    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, Self::Error>;
}

impl<V: Verify + ?Sized> Verify for &V {
    type Error = V::Error;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, V::Error> {
        (**self).verify(covered, sign)
    }
}

/// The keys are tried one after the other. Without any, every signature is wrong.
impl<V: Verify<Error = SignatureError>> Verify for [V] {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, SignatureError> {
        let mut malformed = !self.is_empty();
        for (place, key) in self.iter().enumerate() {
            match key.verify(covered, sign) {
                Ok(_) => return Ok(place),
                Err(error) => malformed &= error == SignatureError::Malformed,
            }
        }
        Err(if malformed {
            SignatureError::Malformed
        } else {
            SignatureError::Wrong
        })
    }
}

/// As a slice.
impl<V: Verify<Error = SignatureError>, const N: usize> Verify for [V; N] {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, SignatureError> {
        self.as_slice().verify(covered, sign)
    }
}

/// Makes the methods of both kinds of message and of either.
macro_rules! methods {
    ($($message:ident)+) => {
        $(impl $message<'_> {
            /// The signature of this message, to be put into it by `with_sign`. A signature that it has is not covered and makes no difference.
            ///
            /// Of the schemes of this crate it can't fail, which the pattern `let Ok(signature) = ..` says. What may break the signature on its way is
            /// told by `sign_warnings`.
            ///
            /// # Errors
            ///
            /// The scheme's own.
            pub fn sign_with<S: Sign + ?Sized>(&self, signer: &S) -> Result<S::Signature, S::Error> {
                signer.sign(self)
            }

            /// The message as one whose signature has been checked.
            ///
            /// # Errors
            ///
            /// The message has no signature, a malformed one or a wrong one.
            pub fn verify<V: Verify + ?Sized>(self, verifier: &V) -> Result<Verified<Self>, V::Error> {
                let sign = self.sign().ok_or(SignatureError::Missing)?;
                let key = verifier.verify(&self, sign)?;
                Ok(Verified::new(self, key))
            }
        })+
    };
}

methods! { Message DataMessage TransportMessage }

impl<const N: usize> MessageBuf<N> {
    /// The message as one whose signature has been checked, which can wait in a queue like any other.
    ///
    /// # Errors
    ///
    /// The message has no signature, a malformed one or a wrong one. The buffer is then gone: whoever wants to keep it checks a clone, or
    /// [`message`](Self::message).
    pub fn verify<V: Verify + ?Sized>(self, verifier: &V) -> Result<Verified<Self>, V::Error> {
        let key = self.message().verify(verifier)?.key();
        Ok(Verified::new(self, key))
    }
}
