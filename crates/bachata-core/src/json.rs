//! JSON as the protocol needs it: a scanner that proves bytes to be JSON (RFC 8259), and the two things that it proves,
//! a string and a value, both still in the bytes they came in.

#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod blocks;
pub(crate) mod escape;
mod normal;
mod object;
pub(crate) mod raw;
pub(crate) mod scanner;
#[cfg(target_pointer_width = "64")]
pub(crate) mod special;
mod string;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
mod text;
mod utf8;
#[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
pub(crate) mod vector;
pub(crate) mod word;

pub use object::RawObject;
pub use raw::{JsonKind, RawJson};
pub use scanner::MAX_DEPTH;
pub use string::{Chars, JsonStr};
