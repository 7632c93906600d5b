//! Reliable delivery (`P-19` to `P-21`): messages that arrive over connections that break, in threads and in tasks.
//!
//! What [`Client::send`] has taken is handed up to the application of its receiver **at least once**, as long as the client is open or the server's store has it; and **at
//! most once** while the receiver's client is the same and has received fewer than its `DEDUPE` other messages in between. The machines
//! that see to it are those of the core, and [their documentation](crate::core::delivery) says what is promised, to whom, and where it ends. Here they get memory, threads or tasks,
//! and connections.
//!
//! | | |
//! |---|---|
//! | [`Client`] | takes messages and hands them up, over one connection after another |
//! | [`Delivery`], [`Sending`], [`Enqueue`] | a message that was taken, or is to be: what becomes of it |
//! | [`Received`], [`Recv`] | a message that was received, to be acknowledged; the wait for it |
//! | [`Driver`], [`Backoff`] | what makes the connections of a client, and when |
//! | [`Server`] | accepts connections, and passes messages from client to client |
//! | [`Store`], [`MemoryStore`] | what a server remembers; a store in memory that grows within limits |
//! | [`Connection`], [`ServerConnection`] | one connection of either side, for WebSockets and other transports that have frames of their own |
//!
//! ```
//! use std::io::{Read, Write};
//! use std::net::{TcpListener, TcpStream};
//! use std::sync::{Arc, Mutex};
//! use std::thread;
//! use bachata_std::DataMessage;
//! use bachata_std::delivery::{
//!     Backoff, Client, ClientConfig, MemoryStore, Server, ServerConfig, StoreLimits,
//! };
//!
//! // The server: an address is a number here, and `dest` and `from` are names.
//! const NAMES: [&str; 2] = ["alice", "bob"];
//! let store = Arc::new(Mutex::new(MemoryStore::new(StoreLimits::default())));
//! let server = Server::builder(store, ServerConfig::default(), |_sender, message| {
//!     let dest = message.dest()?;
//!     NAMES.iter().position(|name| dest == **name)
//! })
//! .names(|address| NAMES[address].to_owned())
//! .build();
//! let listener = TcpListener::bind("127.0.0.1:0")?;
//! let address = listener.local_addr()?;
//! thread::spawn({
//!     let server = server.clone();
//!     // Here the first byte says who it is; a real application does not take its word for it.
//!     move || server.serve(listener, |reader| {
//!         let mut who = [0];
//!         reader.read_exact(&mut who)?;
//!         Ok(usize::from(who[0]))
//!     })
//! });
//!
//! // Two clients, each with a thread for its connections.
//! let [alice, bob] = [0, 1].map(|who| {
//!     let client = Client::new(ClientConfig::default());
//!     let driver = client.driver();
//!     let connect = move || {
//!         let mut stream = TcpStream::connect(address)?;
//!         stream.write_all(&[who])?;
//!         Ok(stream)
//!     };
//!     thread::spawn(move || driver.run(connect, Backoff::default()));
//!     client
//! });
//!
//! let delivery = alice.try_send(&DataMessage::new("7", "note", 0, "hi").with_dest("bob"))?;
//! let received = bob.recv().wait().unwrap();
//! assert_eq!(received.message()?.from(), Some("alice"));
//! received.acknowledge();
//! delivery.wait()?;
//! # server.close();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Waiting and giving up
//!
//! What can be waited for is a future that needs no particular runtime, and has a function `wait` for threads. Dropped, a future loses nothing: a message that has been taken
//! goes its way, and one that was not handed up stays for the next who asks.
//!
//! # Acknowledging
//!
//! The sender's [`Delivery`] resolves when the receiver's application says [`Received::acknowledge`]: when it has done with the message what must not be
//! lost. A [`Received`] that is dropped before, in a panic, say, is one that was not received, and comes again on the next connection. With
//! [`acknowledge_at_once`](ClientConfig::acknowledge_at_once) a message counts as taken when [`recv`](Client::recv) gives it.
//!
//! # When there is too much
//!
//! - A client holds `WINDOW` messages of its own. [`try_send`](Client::try_send) gives [`SendError::Full`] then, [`send`](Client::send) and [`enqueue`](Client::enqueue) wait.
//! - An application has at most 15 messages that it has not acknowledged. Further ones wait, up to [`max_backlog`](ClientBuilder::max_backlog), and beyond that nothing is
//!   read.
//! - A server takes from each sender what its store has room for. What a sender sends beyond that waits, and is not answered before there is room.
//!
//! # Time
//!
//! Peers are pinged and found dead, messages expire and are sent again, as [`ClientConfig`] and [`ServerConfig`] say. A peer that
//! reads nothing is waited for as long as it says something.
//!
//! # What it does not do
//!
//! It encrypts nothing and knows no passwords: a stream may be one of TLS, and who a connection is, the application says. Nothing is on a disk: a [`Store`] may be, and
//! [`Client::try_send_frame`] takes what an application has kept itself.

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
    Acknowledged, ClientConfig, Counters, KeepAlive, Lease, NewMessage, PeersFull, Progress, Put,
    Queued, Resend, ServerConfig, Store, StoreError,
};
