use core::convert::Infallible;
use core::fmt;

use hmac::digest::CtOutput;
use sha2::{Digest as _, Sha256};
use zeroize::Zeroize as _;

use super::signature::{Digest, read_digest};
use super::{Covered, KeyError, Sign, Signature, SignatureError, Verify};
use crate::JsonStr;

/// A token for the scheme `token-sha256`, that of the protocol page: SHA-256 of the data and a secret token (`P-16`).
///
/// All that it covers is `data`: whoever has seen a signed message can send its data again under another id, type, time, sender and destination. It is
/// there for peers that do it so; [`HmacSha256`](crate::HmacSha256) is better.
///
/// The token is kept in `N` bytes of inline storage, and zeroised on drop. A value that is moved leaves its bytes where it was, so make it where it stays.
///
/// ```
/// use bachata_core::{DataMessage, KeyError, TokenSha256};
///
/// let token = TokenSha256::new(b"secret")?;
/// let message = DataMessage::new("7", "note", 0, "hello");
/// let Ok(signature) = message.sign_with(&token);
/// assert!(message.with_sign(&signature).verify(&token).is_ok());
///
/// // The sender is not covered.
/// assert!(message.with_sign(&signature).with_from("mallory").verify(&token).is_ok());
///
/// let error = TokenSha256::new(&[7; 65]).unwrap_err();
/// assert_eq!(error, KeyError::TooLong { len: 65, limit: 64 });
/// assert!(TokenSha256::<256>::with_room(&[7; 65]).is_ok());
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone)]
pub struct TokenSha256<const N: usize = 64> {
    room: [u8; N],
    len: usize,
}

impl TokenSha256 {
    /// The name of the scheme (`P-16`).
    pub const NAME: &'static str = "token-sha256";

    /// A token of at most 64 bytes.
    ///
    /// # Errors
    ///
    /// The token is empty or longer.
    pub fn new(token: &[u8]) -> Result<Self, KeyError> {
        Self::with_room(token)
    }
}

impl<const N: usize> TokenSha256<N> {
    /// A token of at most `N` bytes.
    ///
    /// # Errors
    ///
    /// The token is empty or longer.
    pub fn with_room(token: &[u8]) -> Result<Self, KeyError> {
        let len = token.len();
        if len == 0 {
            return Err(KeyError::Empty);
        }
        if len > N {
            return Err(KeyError::TooLong { len, limit: N });
        }
        let mut room = [0; N];
        for (to, from) in room.iter_mut().zip(token) {
            *to = *from;
        }
        Ok(Self { room, len })
    }

    fn output<C: Covered + ?Sized>(&self, covered: &C) -> Digest {
        let mut hash = Sha256::new();
        covered.feed_data(|bytes| hash.update(bytes));
        hash.update(self.room.get(..self.len).unwrap_or_default());
        hash.finalize().into()
    }
}

impl<const N: usize> Drop for TokenSha256<N> {
    fn drop(&mut self) {
        self.room.zeroize();
    }
}

impl<const N: usize> Sign for TokenSha256<N> {
    type Signature = Signature;
    type Error = Infallible;

    fn sign<C: Covered + ?Sized>(&self, covered: &C) -> Result<Signature, Infallible> {
        Ok(Signature::of(self.output(covered)))
    }
}

impl<const N: usize> Verify for TokenSha256<N> {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, SignatureError> {
        let digest = read_digest(sign).ok_or(SignatureError::Malformed)?;
        // The comparison of `CtOutput` is constant-time.
        let output = CtOutput::<Sha256>::new(self.output(covered).into());
        if output == CtOutput::new(digest.into()) {
            Ok(0)
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

/// Without the token.
impl<const N: usize> fmt::Debug for TokenSha256<N> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("TokenSha256(..)")
    }
}

#[cfg(feature = "defmt")]
impl<const N: usize> defmt::Format for TokenSha256<N> {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "TokenSha256(..)");
    }
}
