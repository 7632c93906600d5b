use core::convert::Infallible;
use core::fmt;

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use super::signature::{Digest, read_digest};
use super::{Covered, KeyError, Sign, Signature, SignatureError, Verify};
use crate::JsonStr;

/// A key for the scheme `hmac-sha256`, the recommended one: a signature that covers all of a message but unknown members (`P-17`).
///
/// Keep at least 32 random bytes as a key. A key of any length is taken, and one of more than 64 bytes is hashed first, as HMAC wants it (RFC 2104).
/// It is not kept: what is kept is what hashing begins with, 144 bytes, and that is zeroised on drop. A value that is moved leaves its bytes where it was, so
/// make it where it stays.
///
/// ```
/// use bachata_core::{HmacSha256, KeyError, Message, SignatureError};
///
/// let key = HmacSha256::new(b"32 random bytes are a good key..")?;
/// let Ok(Message::Data(message)) =
///     Message::parse(br#"{"id":"7","type":"led","time":1763769600123,"data":{"on":true},"from":"desk"}"#)
/// else {
///     panic!()
/// };
/// let Ok(signature) = message.sign_with(&key);
/// let mut frame = [0; 256];
/// let frame = message.with_sign(&signature).encode(&mut frame).unwrap();
///
/// // A server has written it anew. It is still the same.
/// let sign = signature.as_str();
/// let anew = format!(
///     r#"{{ "data": {{"on" : true}}, "\u0066rom": "de\u0073k", "sign": "{sign}", "id": "7", "time": 1763769600123, "type": "led" }}"#,
/// );
/// let verified = Message::parse(anew.as_bytes()).unwrap().verify(&key).unwrap();
/// assert_eq!(verified.into_inner(), Message::parse(frame).unwrap());
///
/// // A command for another lamp is not.
/// let forged = anew.replace("de\\u0073k", "shed");
/// let error = Message::parse(forged.as_bytes()).unwrap().verify(&key).unwrap_err();
/// assert_eq!(error, SignatureError::Wrong);
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone)]
pub struct HmacSha256(Hmac<Sha256>);

impl HmacSha256 {
    /// The name of the scheme (`P-17`).
    pub const NAME: &'static str = "hmac-sha256";

    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// There are none.
    pub fn new(key: &[u8]) -> Result<Self, KeyError> {
        match Hmac::new_from_slice(key) {
            // HMAC itself takes a key of any length.
            Ok(hmac) if !key.is_empty() => Ok(Self(hmac)),
            _ => Err(KeyError::Empty),
        }
    }

    /// What the key makes of a message, to be compared in constant time only.
    fn output<C: Covered + ?Sized>(&self, covered: &C) -> CtOutput<Hmac<Sha256>> {
        let mut hmac = self.0.clone();
        covered.feed_fields(|bytes| hmac.update(bytes));
        hmac.finalize()
    }
}

impl Sign for HmacSha256 {
    type Signature = Signature;
    type Error = Infallible;

    fn sign<C: Covered + ?Sized>(&self, covered: &C) -> Result<Signature, Infallible> {
        Ok(Signature::of(Digest::from(
            self.output(covered).into_bytes(),
        )))
    }
}

impl Verify for HmacSha256 {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, SignatureError> {
        let digest = read_digest(sign).ok_or(SignatureError::Malformed)?;
        // The comparison of `CtOutput` is constant-time.
        if self.output(covered) == CtOutput::new(digest.into()) {
            Ok(0)
        } else {
            Err(SignatureError::Wrong)
        }
    }
}

/// Without the key.
impl fmt::Debug for HmacSha256 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("HmacSha256(..)")
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for HmacSha256 {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "HmacSha256(..)");
    }
}
