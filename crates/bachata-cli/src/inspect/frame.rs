use std::fmt;

use bachata_core::{Message, ParseError, Policy};

use super::lines::Line;

/// One frame of an input, and what it turned out to be.
pub(crate) struct Frame<'a> {
    /// Its line, counted from 1.
    pub(crate) line: u64,
    /// The frame as it came; empty if it was too long to be kept.
    pub(crate) bytes: &'a [u8],
    /// Its message.
    pub(crate) outcome: Result<Message<'a>, Fault>,
}

/// Why a frame has no message.
#[derive(Clone, Copy)]
pub(crate) enum Fault {
    /// It is not one.
    Parse(ParseError),
    /// It is longer than the limit that the user has set, and was skipped.
    TooLong {
        /// Its size in bytes.
        size: u64,
        /// The limit.
        most: usize,
    },
}

impl<'a> Frame<'a> {
    /// Reads the message in a line.
    pub(crate) fn read(number: u64, line: Line<'a>, policy: Policy, most: usize) -> Self {
        let (bytes, outcome) = match line {
            Line::Frame(bytes) => {
                let message = Message::parse_with(bytes, policy);
                (bytes, message.map_err(Fault::Parse))
            }
            Line::TooLong(size) => (&[][..], Err(Fault::TooLong { size, most })),
        };
        Self {
            line: number,
            bytes,
            outcome,
        }
    }
}

impl Fault {
    /// The byte at fault; of a frame that is too long, the first one over the limit.
    pub(crate) const fn offset(self) -> usize {
        match self {
            Self::Parse(error) => error.offset(),
            Self::TooLong { most, .. } => most,
        }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Parse(error) => error.fmt(f),
            Self::TooLong { size, most } => {
                write!(f, "frame of {size} bytes, over the limit of {most}")
            }
        }
    }
}
