use core::fmt;

/// What is wrong with the signature of a message (`P-18`).
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum SignatureError {
    /// The message has none (`P-9`).
    Missing,
    /// It is none of this scheme: of another length, or with something else than lower-case hexadecimal digits.
    Malformed,
    /// It has been made with another key, by another scheme, or for another message.
    Wrong,
}

impl fmt::Display for SignatureError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "signature missing",
            Self::Malformed => "signature malformed",
            Self::Wrong => "signature wrong",
        })
    }
}

impl core::error::Error for SignatureError {}

/// Why bytes are no key.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
#[non_exhaustive]
pub enum KeyError {
    /// There are none: everybody could sign.
    Empty,
    /// There is no room for so many.
    TooLong {
        /// Bytes of the key.
        len: usize,
        /// Bytes that there is room for.
        limit: usize,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("key is empty"),
            Self::TooLong { len, limit } => {
                write!(f, "key of {len} bytes is over the limit of {limit}")
            }
        }
    }
}

impl core::error::Error for KeyError {}
