use bachata_std::{TaggedMessage, Unknown};
use serde::{Deserialize, Serialize};

/// What is said between server and device.
#[derive(Clone, Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(tag = "type", content = "data", rename_all = "lowercase")]
pub(crate) enum Said {
    /// Switch the lamp.
    Led { on: bool },
    /// Set the clock.
    Clock { unix_ms: i64 },
    /// Report a reading.
    Read,
    /// A reading.
    Reading(Reading),
    /// Nothing that we know.
    #[serde(untagged)]
    Other(Unknown),
}

#[derive(Clone, Copy, Serialize, Deserialize, PartialEq, Eq, Debug)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reading {
    pub(crate) value: i32,
    pub(crate) led: bool,
    pub(crate) obeyed: u32,
    pub(crate) refused: u32,
    pub(crate) bad_lines: u32,
    pub(crate) skipped: u32,
}

pub(crate) type SaidMessage = TaggedMessage<Said>;
