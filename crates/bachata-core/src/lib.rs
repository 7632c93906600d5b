//! The [Bachata] message protocol in fixed memory: parse, build and own messages without allocation.
//!
//! Bachata is a small chat and device messaging protocol in JSON. A *data message* carries a text or an object from one peer to another; *transport
//! messages* make its delivery reliable. This crate is everything the protocol is, for a microcontroller with 8 KB of RAM as for a
//! server: `no_std`, no `alloc`, no `unsafe`, no recursion, no panic, and a stack that does not depend on the input.
//!
//! ```
//! use bachata_core::{Message, TransportMessage, TransportType};
//!
//! /// Answers a frame into `out`; none where there is nothing to say.
//! fn answer<'o>(frame: &[u8], out: &'o mut [u8]) -> Option<&'o [u8]> {
//!     match Message::parse(frame) {
//!         // Acknowledge what was received.
//!         Ok(Message::Data(message)) => TransportMessage::received(message.id()).encode(out).ok(),
//!         Ok(Message::Transport(message)) => message.to_pong()?.encode(out).ok(),
//!         Err(_) => None,
//!     }
//! }
//!
//! let mut out = [0; 64];
//! let frame = br#"{"id":"7","type":"note","time":1763769600123,"data":"hi","from":"desk"}"#;
//! assert_eq!(answer(frame, &mut out), Some(&br#"{"type":200,"data":"7"}"#[..]));
//! assert_eq!(answer(br#"{"type":1001}"#, &mut out), Some(&br#"{"type":1002}"#[..]));
//! ```
//!
//! # The nouns
//!
//! | | |
//! |---|---|
//! | [`Message`] | what parsing yields and encoding takes: a [`DataMessage`] or a [`TransportMessage`], borrowed from its frame |
//! | [`Payload`] | the `data` of a data message: a text ([`JsonStr`]) or an object ([`RawObject`]) |
//! | [`JsonStr`] | a text as it stands in the frame, which behaves as if it were decoded |
//! | [`RawJson`] | any JSON value, proven and kept as it came |
//! | [`MessageBuf`] | an owned message in `N` bytes of inline storage |
//! | [`Envelope`] | a proven frame with all its members, unknown ones too |
//! | [`Route`] | `type` and `dest` alone, for a router |
//! | [`FrameReader`], [`FrameWriter`] | frames in a byte stream, each with a fixed buffer |
//! | [`Policy`] | what a receiver makes of absent members |
//! | [`ParseError`] | what is wrong, at which byte, in which member |
//! | [`DataMessageSize`], [`TransportMessageSize`] | how large a buffer must be, at compile time |
//!
//! # The protocol
//!
#![doc = include_str!("../PROTOCOL.md")]
//!
//! # Features
//!
//! None is on by default. A feature only adds.
//!
//! - `serde`: payloads as values of the application's own types, see `Payload::parse` and `DataMessage::typed`. A type with
//!   floats links the float conversions of fast-float2 and of ryu, some 27 KB on bare metal. There they have no panic in them; elsewhere
//!   fast-float2 has checks that would panic and that no input reaches.
//! - `delivery`: reliable delivery, the state machines of both sides, see the module of that name.
//! - `sign`: signatures made and checked, see `Message::sign_with` and `Message::verify`. The names are `HmacSha256` and `TokenSha256`, `Verified` for a message that
//!   has been checked, `SignWarning` for what may break a signature, and `Sign`, `Verify` and `Covered` for other schemes. In firmware build with
//!   `RUSTFLAGS='--cfg sha2_backend_soft="compact"'`, which makes SHA-256 at least 7 KB smaller.
//! - `defmt`: `defmt::Format`, version 1, on every public type.
//! - `heapless-v0_9`: conversions from and to `String` and `Vec` of heapless 0.9, see the module of that name.
//! - `embedded-io-v0_7`, `embedded-io-async-v0_7`: frames over the `Read` and `Write` of that version, see the module `io`.
//!
//! # In firmware
//!
//! Buffer sizes, UART with DMA, embassy, RTIC, what to do on each error, ids over a reset: the page [`firmware`].
//!
//! # Limits
//!
//! - A frame has at most 2³²−1 bytes and nests at most [`MAX_DEPTH`] containers.
//! - `time` is an i64, a transport `type` an u32. Numbers inside payloads are kept as written, whatever their size.
//!
//! # What it does not do
//!
//! It reads no clock, makes no ids, opens no connection. It does not look into payloads beyond proving them to be JSON, unless a
//! type of the application's own says how.
//!
//! [Bachata]: https://pypi.org/project/bachata/

#![no_std]
#![forbid(unsafe_code)]
// No path of this crate panics, whatever a firmware's profile checks at run time.
#![deny(
    clippy::arithmetic_side_effects,
    clippy::cast_possible_truncation,
    clippy::expect_used,
    clippy::indexing_slicing,
    clippy::panic,
    clippy::unwrap_used
)]
// A test is to panic.
#![cfg_attr(
    test,
    allow(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unwrap_used
    )
)]

#[cfg(test)]
extern crate std;

mod buf;
#[cfg(target_pointer_width = "64")]
mod compact;
mod data_message;
#[cfg(feature = "delivery")]
pub mod delivery;
mod encode;
mod envelope;
mod error;
mod frame;
#[cfg(any(doc, doctest))]
#[doc = include_str!("../FIRMWARE.md")]
pub mod firmware {}
#[cfg(feature = "heapless-v0_9")]
pub mod heapless_v0_9;
#[cfg(any(feature = "embedded-io-v0_7", feature = "embedded-io-async-v0_7"))]
pub mod io;
mod json;
mod member;
mod message;
mod payload;
mod policy;
mod route;
#[cfg(feature = "sign")]
mod sign;
mod size;
mod transport_message;
mod transport_type;
#[cfg(feature = "serde")]
mod typed;

pub use buf::{CapacityError, MessageBuf, MessageBufError};
pub use data_message::DataMessage;
pub use envelope::{Envelope, Members, UnknownMembers};
pub use error::{BufferTooSmall, ParseError, ParseErrorKind};
pub use frame::{FrameReader, FrameSplitter, FrameTooLong, FrameWriter, Split};
pub use json::{Chars, JsonKind, JsonStr, MAX_DEPTH, RawJson, RawObject};
pub use member::Member;
pub use message::Message;
pub use payload::Payload;
pub use policy::Policy;
pub use route::{MessageKind, Route};
#[cfg(feature = "sign")]
pub use sign::{
    Covered, HmacSha256, KeyError, Sign, SignWarning, SignWarningKind, SignWarnings, Signature,
    SignatureError, TokenSha256, Verified, Verify,
};
pub use size::{DataMessageSize, MaxLen, TransportMessageSize};
pub use transport_message::TransportMessage;
pub use transport_type::TransportType;
#[cfg(feature = "serde")]
pub use typed::{DeserializeError, DeserializeErrorKind, EncodeError, SerializeErrorKind};
