//! Reliable delivery.

mod backlog;
mod backoff;
mod block;
mod client;
mod connection;
mod machine;
mod memory_store;
mod received;
mod sending;
mod server;
mod server_connection;
mod session;
mod state;
mod threads;
#[cfg(feature = "tokio")]
mod tokio;
mod waiters;

pub use backoff::Backoff;
pub use client::{
    Client, ClientBuilder, DEFAULT_DEDUPE, DEFAULT_MAX_SEND_LEN, DEFAULT_WINDOW, Driver,
};
pub use connection::Connection;
pub use memory_store::{MemoryStore, StoreLimits};
pub use received::{Received, Recv};
pub use sending::{Delivered, Delivery, Enqueue, SendError, Sending};
pub use server::{DEFAULT_SERVER_ANSWERS, DEFAULT_SERVER_WINDOW, Server, ServerBuilder};
pub use server_connection::ServerConnection;
pub use session::{Disconnect, Refused};
pub use threads::Stream;

pub use crate::core::delivery::{
    ClientConfig, Counters, KeepAlive, Lease, NewMessage, PeersFull, Progress, Put, Queued, Resend,
    ServerConfig, Store, StoreError,
};
