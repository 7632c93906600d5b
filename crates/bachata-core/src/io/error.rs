use core::fmt;

use crate::FrameTooLong;

/// Why no frame was read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum ReadError<E> {
    /// The transport's own error. What had been received before is kept.
    Io(E),
    /// A frame was too long, and has been dropped. Reading goes on with the next one.
    TooLong(FrameTooLong),
}

impl<E: fmt::Display> fmt::Display for ReadError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::TooLong(error) => error.fmt(f),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for ReadError<E> {}

/// Why not everything was written.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum WriteError<E> {
    /// The transport's own error. What it had not taken is kept.
    Io(E),
    /// The transport takes nothing any more: it wrote 0 bytes. What it had not taken is kept.
    WriteZero,
}

impl<E: fmt::Display> fmt::Display for WriteError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) => error.fmt(f),
            Self::WriteZero => f.write_str("transport took no bytes"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> core::error::Error for WriteError<E> {}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn what_is_said_is_the_transports_own_or_says_what_was_too_long() {
        let limit = FrameTooLong { seen: 9, limit: 8 };
        assert_eq!(ReadError::Io("gone").to_string(), "gone");
        assert_eq!(
            ReadError::<&str>::TooLong(limit).to_string(),
            "frame of 9 bytes, at most 8 are taken"
        );
        assert_eq!(WriteError::Io("gone").to_string(), "gone");
        assert_eq!(
            WriteError::<&str>::WriteZero.to_string(),
            "transport took no bytes"
        );
    }
}
