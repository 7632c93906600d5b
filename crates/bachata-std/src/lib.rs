//! The [Bachata] message protocol for desktop and server: owned messages, payloads of the application's own types, and streams.
//!
//! Bachata is a small chat and device messaging protocol in JSON. A *data message* carries a text or an object from one peer to another;
//! *transport messages* make its delivery reliable. This crate stands on [`bachata_core`], which is all of the protocol for a microcontroller:
//! every byte of a frame goes through the scanner and the encoder of that crate, and messages of the one become messages of the other
//! without loss.
//!
//! ```
//! use bachata_std::{Error, Message, Protocol};
//!
//! /// Answers a frame; none where there is nothing to say.
//! fn answer(protocol: &Protocol, frame: &str) -> Result<Option<String>, Error> {
//!     let answer = match protocol.load_message(frame)? {
//!         // Acknowledge what was received.
//!         Message::Data(message) => Some(message.ack()),
//!         Message::Transport(message) => message.pong(),
//!     };
//!     answer.map(|answer| protocol.dump_message(&answer)).transpose()
//! }
//!
//! let protocol = Protocol::new();
//! let frame = r#"{"id":"7","type":"note","time":1763769600123,"data":"hi","from":"desk"}"#;
//! assert_eq!(answer(&protocol, frame)?.unwrap(), r#"{"type":200,"data":"7"}"#);
//! assert_eq!(answer(&protocol, r#"{"type":1001}"#)?.unwrap(), r#"{"type":1002}"#);
//!
//! let error = answer(&protocol, r#"{"type":"note","id":"7"}"#).unwrap_err();
//! assert_eq!(error.to_string(), "missing member \"time\" at byte 23");
//! # Ok::<(), Error>(())
//! ```
//!
//! # The nouns
//!
//! | | |
//! |---|---|
//! | [`Message`] | what loading yields and dumping takes: a [`DataMessage`] or a [`TransportMessage`] |
//! | [`Payload`] | the `data` of a data message, whatever it is: a text or a `serde_json` object |
//! | [`RawPayload`] | the same as it was written, number by number |
//! | [`TaggedMessage`] | a message whose `type` and `data` are one enum of the application's, with room for [`Unknown`] types |
//! | [`Extra`] | the members that the protocol does not know |
//! | [`Protocol`] | policy, ids, clock and limits, configured once; it loads, dumps and makes messages |
//! | [`FrameReader`], [`FrameWriter`], `Codec` | messages in streams: `std::io`, and tokio by a feature |
//! | [`ToFrame`] | what can be written as a frame |
//! | [`Verified`] | a message whose signature has been checked |
//! | [`UnixMillis`] | a time as the protocol has it |
//! | [`Error`] | what went wrong, where, and in which message |
//!
//! # Loading and dumping
//!
//! A frame is one message, as text. One call makes the one out of the other, so a text frame of any WebSocket library is one call, too:
//!
//! ```
//! # #[derive(Clone)] enum Frame { Text(String), Binary(Vec<u8>), Close }
//! # struct Socket(Vec<Frame>);
//! # impl Socket {
//! #     fn read(&mut self) -> Option<Frame> { (!self.0.is_empty()).then(|| self.0.remove(0)) }
//! #     fn send(&mut self, frame: Frame) { assert!(matches!(frame, Frame::Text(text) if text == r#"{"type":1002}"#)); }
//! # }
//! # let mut socket = Socket(vec![Frame::Text(r#"{"type":1001}"#.to_owned()), Frame::Close]);
//! use bachata_std::{Error, Message, ToFrame};
//!
//! while let Some(Frame::Text(text)) = socket.read() {
//!     let message: Message = text.parse()?;
//!     if let Some(pong) = message.pong() {
//!         socket.send(Frame::Text(pong.to_frame()?));
//!     }
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! `text.parse()`, [`Message::parse`] and `Message::try_from` take frames by the policy [`Strict`](Policy::Strict) and up to [`DEFAULT_MAX_FRAME_LEN`]. A
//! [`Protocol`] takes what it is configured for:
//!
//! ```
//! use bachata_std::{Error, Policy, Protocol};
//!
//! // The peer is the Python package, which leaves out what is false in Python (`P-13`).
//! let protocol = Protocol::new().with_policy(Policy::Reference).with_max_frame_len(64 * 1024);
//! let message = protocol.load_message(r#"{"id": "m1", "type": "text", "dest": "B"}"#)?;
//! assert_eq!(message.as_data().unwrap().time_ms(), 0);
//! # Ok::<(), Error>(())
//! ```
//!
//! Members that the protocol does not know survive: they are in [`DataMessage::extra`], and at the end of the frame that is written.
//!
//! # Payloads of the application's own types
//!
//! There are three ways, from the most open to the most closed.
//!
//! **On a message with any payload**, [`data_as`](DataMessage::data_as) makes a value of the type that its `type` asks for. The value may borrow
//! from the message.
//!
//! ```
//! use bachata_std::{Error, Message};
//!
//! #[derive(serde::Deserialize)]
//! struct Place {
//!     lat: f64,
//!     lon: f64,
//! }
//!
//! let message: Message =
//!     r#"{"id":"7","type":"place","time":0,"data":{"lat":59.3,"lon":18.1}}"#.parse()?;
//! if let Message::Data(message) = message {
//!     match message.kind() {
//!         "place" => assert_eq!(message.data_as::<Place>()?.lat, 59.3),
//!         "text" => println!("{}", message.data_as::<&str>()?),
//!         other => println!("a {other}: {:?}", message.data()),
//!     }
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! **One type for all payloads**, where a connection carries only one: `Message<Led>`.
//!
//! ```
//! use bachata_std::{DataMessage, Error, Message, ToFrame};
//!
//! #[derive(serde::Serialize, serde::Deserialize)]
//! struct Led {
//!     on: bool,
//! }
//!
//! let frame = DataMessage::typed("7", "led", 0, Led { on: true }).to_frame()?;
//! assert_eq!(frame, r#"{"id":"7","type":"led","time":0,"data":{"on":true}}"#);
//!
//! let error = frame.replace("true", "17").parse::<Message<Led>>().map(drop).unwrap_err();
//! assert_eq!(
//!     error.to_string(),
//!     "payload of message \"7\", type \"led\", at on: \
//!      invalid type: integer `17`, expected a boolean at line 1 column 8",
//! );
//! # Ok::<(), Error>(())
//! ```
//!
//! **One enum for all types of message**, an application's whole schema: [`TaggedMessage`]. Its variants are the `type`s, their content is the
//! `data`, and a last variant keeps what the enum does not know.
//!
//! ```
//! use bachata_std::{Error, Message, TaggedMessage, Unknown};
//! use serde::{Deserialize, Serialize};
//!
//! #[derive(Serialize, Deserialize)]
//! #[serde(tag = "type", content = "data", rename_all = "lowercase")]
//! enum Chat {
//!     Text(String),
//!     Place { lat: f64, lon: f64 },
//!     Typing,
//!     #[serde(untagged)]
//!     Other(Unknown),
//! }
//!
//! let message: TaggedMessage<Chat> =
//!     r#"{"id":"7","type":"place","time":0,"data":{"lat":59.3,"lon":18.1}}"#.parse()?;
//! match message {
//!     Message::Data(message) => match message.into_data() {
//!         Chat::Text(text) => println!("{text}"),
//!         Chat::Place { lat, lon } => assert_eq!((lat, lon), (59.3, 18.1)),
//!         Chat::Typing => println!("..."),
//!         Chat::Other(unknown) => println!("a {}", unknown.kind()),
//!     },
//!     Message::Transport(message) => println!("a {}", message.kind()),
//! }
//! # Ok::<(), Error>(())
//! ```
//!
//! A type that messages carry has to be `'static`; whoever writes borrowed values does it with [`bachata_core`].
//!
//! # Making messages
//!
//! [`DataMessage::new`] takes all that a message must have. [`Protocol::make_message`] fills in what is left out: an id, the time.
//!
//! ```
//! use bachata_std::{Error, Payload, Protocol};
//! use serde_json::json;
//!
//! let protocol = Protocol::new();
//! let message = protocol
//!     .make_message()
//!     .kind("place")
//!     .dest("bob")
//!     .data(Payload::try_from(json!({"lat": 59.3, "lon": 18.1}))?)
//!     .build();
//! assert_eq!(message.id().len(), 36);
//! assert!(message.time() <= std::time::SystemTime::now());
//! # Ok::<(), Error>(())
//! ```
//!
//! # Streams
//!
//! Over a stream of bytes a frame ends with LF (`P-22`). [`FrameReader`] is an iterator that goes on after a bad frame, [`FrameWriter`] writes one frame
//! a call.
//!
//! ```
//! use bachata_std::{Error, FrameReader, FrameWriter, Message, TransportMessage};
//!
//! # fn main() -> Result<(), Error> {
//! let input = b"{\"type\":1001}\n{oops}\n{\"type\":1001,\"data\":\"17\"}\n";
//! let mut output = FrameWriter::new(Vec::new());
//! for message in FrameReader::new(&input[..]) {
//!     match message {
//!         Ok(message) => {
//!             if let Some(pong) = message.pong() {
//!                 output.write(&pong)?;
//!             }
//!         }
//!         Err(error) if error.is_about_one_frame() => eprintln!("{error}"),
//!         Err(error) => return Err(error),
//!     }
//! }
//! assert_eq!(output.into_inner(), b"{\"type\":1002}\n{\"type\":1002,\"data\":\"17\"}\n");
//! # Ok(())
//! # }
//! ```
//!
//! # Signatures
//!
//! A protocol with a key signs what it dumps and checks what it loads. A signature holds when a server between the two ends writes the message anew (`P-15`);
//! [`sign_warnings`](Message::sign_warnings) tells of the payloads with which it does not.
//!
//! ```
//! use bachata_std::{HmacSha256, Protocol};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let protocol = Protocol::new().with_signer(HmacSha256::new(b"32 random bytes are a good key..")?);
//! let note = protocol.make_message().kind("note").from("desk").dest("bob").data("hi").build();
//! let frame = protocol.dump_message(&note)?;
//! assert!(protocol.load_message(&frame).is_ok());
//!
//! let error = protocol.load_message(frame.replace("bob", "eve")).unwrap_err();
//! assert_eq!(error.to_string(), "signature wrong");
//! # Ok(())
//! # }
//! ```
//!
//! Several keys, messages without a signature, and handlers that demand one: [`with_verifier`](Protocol::with_verifier),
//! [`with_unsigned`](Protocol::with_unsigned), [`Verified`].
//!
//! # Coming from Python
//!
//! See [`coming_from_python`]: each call of the Python package, and what it is here.
//!
//! # Features
//!
//! None is on by default. A feature only adds.
//!
//! - `tokio`: `Codec`, a `Decoder` and `Encoder` of tokio-util 0.7, by the rules of [`FrameReader`] and [`FrameWriter`].
//! - `jiff`: [`UnixMillis`] from and to `jiff::Timestamp`, version 0.2. See [`DataMessage::time_as`].
//! - `time`: the same for `time::OffsetDateTime`, version 0.3.
//!
//! `serde_json` is used with its features `preserve_order`, `float_roundtrip` and `raw_value`. Cargo adds features up, so in all of a program that uses
//! this crate a `serde_json::Map` keeps its members in order, and every float is read as the nearest that there is.
//!
//! # Limits
//!
//! - A frame has at most [`DEFAULT_MAX_FRAME_LEN`] bytes, 1 MiB, unless a [`Protocol`] is told otherwise, so that a peer can't fill the memory. As a
//!   [`Payload`] an object takes some ten times of its length in memory, more for an array of numbers; as a [`RawPayload`] its length.
//! - A frame nests at most 127 containers in one another (`P-3`).
//! - [`Payload`] refuses the few objects that it would change: see there. [`RawPayload`] takes all that the protocol allows.
//! - Messages are serialised and deserialised by serde with any self-describing format, as parts of other types; to load and dump
//!   frames that way is possible and slower. A name that stands twice among the unknown members may then get lost, and numbers in payloads and
//!   unknown members are those of `serde_json::Value`.
//!
//! # What it does not do
//!
//! It opens no connection, starts no thread and resends nothing.
//!
//! [Bachata]: https://pypi.org/project/bachata/

#![forbid(unsafe_code)]

pub use bachata_core as core;

mod builder;
#[cfg(feature = "tokio")]
mod codec;
pub mod coming_from_python;
mod data_message;
mod error;
mod extra;
mod frame;
mod frame_reader;
mod frame_writer;
mod kind;
mod lines;
mod message;
mod payload;
mod protocol;
mod raw_payload;
mod serde_impls;
mod sign;
mod tagged;
mod text;
mod time;
mod transport_message;
mod typed;
mod unknown;

pub use bachata_core::{HmacSha256, Policy, SignatureError, TokenSha256, TransportType};
pub use builder::MessageBuilder;
#[cfg(feature = "tokio")]
pub use codec::Codec;
pub use data_message::{DataMessage, TaggedDataMessage};
pub use error::{Error, ExtraError, PayloadError, TooLong};
pub use extra::Extra;
pub use frame::ToFrame;
pub use frame_reader::FrameReader;
pub use frame_writer::FrameWriter;
pub use kind::{Kind, Tagged};
pub use message::{Message, TaggedMessage};
pub use payload::Payload;
pub use protocol::{DEFAULT_MAX_FRAME_LEN, Protocol};
pub use raw_payload::{JsonObject, RawPayload};
pub use sign::{Unsigned, Verified};
pub use time::UnixMillis;
pub use transport_message::TransportMessage;
pub use unknown::Unknown;
