//! Reliable delivery (`P-19` to `P-21`): who sends what again, and when, as state machines for both sides.
//!
//! They do no input, output or waiting. Frames and times come in, frames and times go out, and the same code runs in an interrupt loop, in a thread, and in
//! an async task. They hold a fixed number of messages in fixed memory, and refuse what they have no room for, so that its sender keeps it.
//!
//! | | |
//! |---|---|
//! | [`Client`] | sends and receives over one connection after another |
//! | [`ServerConnection`] | one connection of a client to a server |
//! | [`Store`], [`MemoryStore`] | what a server remembers of messages, over all connections |
//!
//! # What is promised
//!
//! A message that a client's [`send`](Client::send) has taken is handed up to the application of its receiver **at least once**, if
//!
//! - its sender never uses its `id` for another message: a 100 or 300 says no more of a message than its id, and may come twice;
//! - the client keeps its memory until the message's end is reported, or the server has said 100 and its store keeps its content;
//! - sooner or later sender and receiver have connections to the server that stand for long enough;
//! - the receiver can take it, and acknowledges what it is sent before with the same `id`, and nobody [drops](MemoryStore::discard) it; and
//! - no [`expire_after`](ClientConfig::expire_after) ends the trying before, and nobody cancels.
//!
//! It is handed up **at most once** within the horizon of its receiver's memory: while the receiver keeps its memory, which is not over a reset,
//! and while fewer than `DEDUPE` other messages have come in between or are kept by its application. Beyond it a message can come again: after the receiver was reset between taking
//! the message and the server's hearing of it; and after its sender has repeated it so late that the server had forgotten it, which holds the
//! last `SLOTS` messages of each sender, until another address needs the place of one that is away. An application for which twice is worse than never has to remember ids
//! itself, where a reset does not reach.
//!
//! Each [`Token`] ends once, in `Delivered`, `Expired` or `Failed`. `Delivered` means that the receiver's application has taken the message. `Expired` and
//! `Failed` mean only that nobody tries any more.
//!
//! Messages of one sender to one receiver are handed up in order, while each is acknowledged in turn, nothing is lost on a connection that stands, nothing is
//! [released](Client::release), and no other sender uses the same ids: what is sent again by a [timer](Resend), or taken later, comes later.
//!
//! # What a peer can do
//!
//! A receipt (100, 200, 300) counts only where its message is in flight to the very peer that it comes from, and only from the side that may send it; anything else is
//! [counted](Counters) and ignored. On a server, a sender has its own share of the memory, and its ids are its own. A receiver that acknowledges nothing holds the
//! shares of those that send to it, until the application [drops](MemoryStore::discard) what waits for it. What fills the window of a connection, and is not acknowledged, is in the way of
//! other messages until it [gives way](ServerConfig::give_way_after). What a client is told by its server it believes.
//!
//! An id that another sender has used is not in the way of a message, at the receiver either, if the server writes the sender into `from`. But a 200 names an id
//! alone: while a receiver has not acknowledged a message that it was sent, and [for some time after](ServerConfig::id_pause) where it may do so twice, another with the same id waits,
//! and those behind it do not. Nobody can make a message with a random id wait so, since nobody can foresee the id.

mod answers;
mod client;
mod clock;
mod counters;
mod fingerprint;
mod inbox;
mod keep_alive;
mod memory_store;
mod outbox;
mod remove;
mod resend;
mod server;
mod store;
#[cfg(test)]
mod tests;
mod window;

pub use answers::Receipt;
pub use client::{Client, ClientConfig, Event, FrameError, Received, SendError};
pub use counters::Counters;
pub use keep_alive::KeepAlive;
pub use memory_store::{MemoryStore, PeersFull};
pub use outbox::{Progress, Token};
pub use resend::Resend;
pub use server::{Handled, OpenError, ServerConfig, ServerConnection, ServerError, Submitted};
pub use store::{Acknowledged, Lease, NewMessage, Put, Queued, Store, StoreError};
