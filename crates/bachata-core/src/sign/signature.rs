use core::fmt;

use crate::JsonStr;

/// A signature of 32 bytes as the text that stands in `sign`: 64 lower-case hexadecimal digits.
///
/// There is no `==`, which would take its time by the place of the first difference: signatures are compared by
/// [`verify`](crate::Message::verify).
///
/// ```
/// use bachata_core::{DataMessage, KeyError, TokenSha256};
///
/// let message = DataMessage::new("7", "note", 0, "hello");
/// let Ok(signature) = message.sign_with(&TokenSha256::new(b"secret")?);
/// // printf hellosecret | sha256sum
/// assert_eq!(signature.as_str(), "85e76456e64bed8bf17e43ba99aa01d296e7d7ecc626ccc2d2132388c9f12159");
/// assert_eq!(message.with_sign(&signature).sign().unwrap(), signature.as_str());
/// # Ok::<(), KeyError>(())
/// ```
#[derive(Clone, Copy)]
pub struct Signature([u8; 2 * DIGEST_LEN]);

/// What both schemes make, in bytes.
pub(super) const DIGEST_LEN: usize = 32;

pub(super) type Digest = [u8; DIGEST_LEN];

impl Signature {
    pub(super) fn of(digest: Digest) -> Self {
        let mut digits = [0; 2 * DIGEST_LEN];
        let halves = digest.into_iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
        for (digit, half) in digits.iter_mut().zip(halves) {
            *digit = if half < 10 {
                b'0' | half
            } else {
                half.wrapping_add(b'a' - 10)
            };
        }
        Self(digits)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// What 64 lower-case hexadecimal digits say; none of any other text.
pub(super) fn read_digest(sign: JsonStr<'_>) -> Option<Digest> {
    let mut digest = [0; DIGEST_LEN];
    let mut digits = sign.chars();
    for byte in &mut digest {
        for digit in [digits.next()?, digits.next()?] {
            let value = match digit {
                '0'..='9' | 'a'..='f' => digit.to_digit(16)?,
                _ => return None,
            };
            *byte = *byte << 4 | u8::try_from(value).ok()?;
        }
    }
    digits.next().is_none().then_some(digest)
}

impl AsRef<str> for Signature {
    fn as_ref(&self) -> &str {
        self.as_str()
    }
}

impl<'a> From<&'a Signature> for JsonStr<'a> {
    fn from(signature: &'a Signature) -> Self {
        // Unlike `as_str`, this does not prove anew that digits are UTF-8.
        Self::scanned(&signature.0, false)
    }
}

/// The text.
impl fmt::Display for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Debug for Signature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Signature").field(&self.as_str()).finish()
    }
}

#[cfg(feature = "defmt")]
impl defmt::Format for Signature {
    fn format(&self, f: defmt::Formatter<'_>) {
        defmt::write!(f, "Signature({=str})", self.as_str());
    }
}

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::{String, ToString as _};

    use super::*;

    #[test]
    fn every_byte_is_written_and_read() {
        for start in (0..=255_u8).step_by(DIGEST_LEN) {
            let mut bytes = start..=255;
            let digest = core::array::from_fn(|_| bytes.next().unwrap());
            let signature = Signature::of(digest);
            let text: String = digest.iter().map(|byte| format!("{byte:02x}")).collect();
            assert_eq!(signature.to_string(), text);
            assert_eq!(format!("{signature:?}"), format!("Signature({text:?})"));
            assert_eq!(read_digest(JsonStr::from(&signature)), Some(digest));
        }
    }

    #[test]
    fn anything_else_is_malformed() {
        let good = "0123456789abcdef".repeat(4);
        assert!(read_digest(JsonStr::new(&good)).is_some());
        let escaped = JsonStr::scanned(br"\u0061", true);
        assert!(read_digest(escaped).is_none());
        for bad in [
            String::new(),
            good[1..].into(),
            good[2..].into(),
            format!("{good}0"),
            format!("{good}00"),
            format!("{good} "),
            format!(" {}", &good[1..]),
            good.to_uppercase(),
            good.replace('a', "A"),
            good.replace('f', "g"),
            good.replace('0', "\u{660}"),
            good.replace('0', "\u{ff10}"),
            format!("0x{}", &good[2..]),
            format!("+{}", &good[1..]),
        ] {
            assert_eq!(read_digest(JsonStr::new(&bad)), None, "{bad}");
        }
    }
}
