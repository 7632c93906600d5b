//! Reliable delivery over streams that break, stall and lie.

mod broken;
mod client;
mod common;
mod server;
mod store;
mod streams;
#[cfg(feature = "tokio")]
mod tasks;
mod texts;
