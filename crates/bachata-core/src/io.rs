//! The only files that name foreign traits for input and output, one for each major version of each.

#[cfg(feature = "embedded-io-async-v0_7")]
pub mod embedded_io_async_v0_7;
#[cfg(feature = "embedded-io-v0_7")]
pub mod embedded_io_v0_7;
mod error;

pub use error::{ReadError, WriteError};
