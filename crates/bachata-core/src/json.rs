//! JSON as the protocol needs it: a scanner that proves bytes to be JSON (RFC 8259), and the two things that it proves,
//! a string and a value, both still in the bytes they came in.

pub(crate) mod escape;
mod normal;
mod object;
pub(crate) mod raw;
pub(crate) mod scanner;
mod string;
mod utf8;
pub(crate) mod word;

pub use object::RawObject;
pub use raw::{JsonKind, RawJson};
pub use scanner::MAX_DEPTH;
pub use string::{Chars, JsonStr};
