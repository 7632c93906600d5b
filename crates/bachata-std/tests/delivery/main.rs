//! Reliable delivery over streams that break, stall and lie.

mod broken;
mod client;
mod common;
mod server;
mod store;
#[cfg(feature = "tokio")]
mod tasks;
mod texts;
