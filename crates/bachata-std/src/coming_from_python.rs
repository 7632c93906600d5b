//! Each call of the Python package `bachata` 0.1, and what it is here.
//!
//! | Python | here |
//! |---|---|
//! | `proto = BaseProtocol()` | [`Protocol::new()`](crate::Protocol::new) |
//! | `proto.load_message(raw)` | [`protocol.load_message(raw)?`](crate::Protocol::load_message) |
//! | `proto.dump_message(message)` | [`protocol.dump_message(&message)?`](crate::Protocol::dump_message) |
//! | `proto.make_message(id=…, type=…, time=…, dest=…, from_=…, sign=…, data=…)` | [`protocol.make_message().id(…).kind(…).time(…).dest(…).from(…).sign(…).data(…).build()`](crate::MessageBuilder) |
//! | `proto.make_message(type=proto.TRANS_PONG)` | [`message.pong()`](crate::Message::pong) |
//! | `message['id']`, `message['data']` | [`message.id()`](crate::DataMessage::id), [`message.data()`](crate::DataMessage::data) |
//! | `message.get('dest')` | [`message.dest()`](crate::DataMessage::dest), an `Option` |
//! | `message['type']` | [`message.kind()`](crate::DataMessage::kind): `type` is a keyword in Rust |
//! | `message['type'] in proto.TRANS_TYPES` | [`Message::Transport(_)`](crate::Message) in a `match` |
//! | `message['from'] = user` | [`message.with_from(user)`](crate::DataMessage::with_from) |
//! | a subclass of `BaseProtocol` | [`with_policy`](crate::Protocol::with_policy), [`with_ids`](crate::Protocol::with_ids), [`with_clock`](crate::Protocol::with_clock), and [types of your own](crate::TaggedMessage) |
//!
//! | constant | value | here |
//! |---|---|---|
//! | `TRANS_SERV_GOT_IT` | 100 | [`message.accepted()`](crate::DataMessage::accepted), [`TransportMessage::accepted`](crate::TransportMessage::accepted) |
//! | `TRANS_RECV_GOT_IT` | 200 | [`message.ack()`](crate::DataMessage::ack), [`TransportMessage::received`](crate::TransportMessage::received) |
//! | `TRANS_DELIVERED` | 300 | [`message.delivered()`](crate::DataMessage::delivered), [`TransportMessage::delivered`](crate::TransportMessage::delivered) |
//! | `TRANS_READY` | 1000 | [`TransportMessage::ready`](crate::TransportMessage::ready) |
//! | `TRANS_PING` | 1001 | [`TransportMessage::ping`](crate::TransportMessage::ping) |
//! | `TRANS_PONG` | 1002 | [`TransportMessage::pong`](crate::TransportMessage::pong) |
//!
//! # Making
//!
//! ```python
//! proto = BaseProtocol()
//! message = proto.make_message(id='m1', type='direct', time=1763769600123, dest='bob', from_='alice', data='hi')
//! raw = proto.dump_message(message)
//! ```
//!
//! ```
//! use bachata_std::{Error, Protocol};
//!
//! let protocol = Protocol::new();
//! let message = protocol
//!     .make_message()
//!     .id("m1")
//!     .kind("direct")
//!     .time(1_763_769_600_123)
//!     .dest("bob")
//!     .from("alice")
//!     .data("hi")
//!     .build();
//! let raw = protocol.dump_message(&message)?;
//! assert_eq!(
//!     raw,
//!     r#"{"id":"m1","type":"direct","time":1763769600123,"data":"hi","from":"alice","dest":"bob"}"#,
//! );
//! # Ok::<(), Error>(())
//! ```
//!
//! # Loading and answering
//!
//! ```python
//! message = proto.load_message(raw)
//! if message['type'] in proto.TRANS_TYPES:
//!     if message['type'] == proto.TRANS_PING:
//!         send(proto.make_message(type=proto.TRANS_PONG))
//! else:
//!     send(proto.make_message(type=proto.TRANS_SERV_GOT_IT, data=message['id']))
//! ```
//!
//! ```
//! use bachata_std::{Error, Message, Policy, Protocol};
//!
//! # fn main() -> Result<(), Error> {
//! let protocol = Protocol::new().with_policy(Policy::Reference);
//! # let raw = r#"{"id":"m1","type":"direct"}"#;
//! let answer = match protocol.load_message(raw)? {
//!     Message::Transport(message) => message.pong(),
//!     Message::Data(message) => Some(message.accepted()),
//! };
//! # assert_eq!(answer.unwrap().to_string(), r#"{"type":100,"data":"m1"}"#);
//! # Ok(())
//! # }
//! ```
//!
//! # What is different
//!
//! - **A message is checked.** `load_message` of Python takes any JSON. Here what is loaded is a message, or an [`Error`](crate::Error) that says
//!   what is wrong at which byte. `NaN` and `Infinity`, which Python's `json` reads and writes, are not JSON.
//! - **False values are kept.** Python's `make_message` leaves out every value that is false in Python: `data=''`, `data={}`, `time=0`, `id=''`. So a message
//!   of such a peer may have no `id`, `time` or `data`. Load it by the policy [`Reference`](crate::Policy::Reference), where absent ones are `""` and 0
//!   (`P-13`). Here a data message is always written with all four members that it must have.
//! - **Ids and times are made.** Where `make_message` is not given any, there is a UUID and the current time; in Python there is none.
//! - **`id` is a text.** Python's `make_message` calls `str` on it, on `dest`, `sign` and `from_`; a frame with `"id":7` is an error here.
//! - **`sign` is checked**, if the protocol has a key. Python's package carries it and leaves it to the application, and so does [`Protocol`](crate::Protocol) without
//!   [`with_signer`](crate::Protocol::with_signer).
//! - **`type` decides.** A text is a data message, an integer a transport message. `TRANS_READY` is not in Python's `TRANS_TYPES`, so that package
//!   takes a 1000 that it receives for a data message; here it is a transport message as the other five.
//! - **Pongs carry a token.** If a ping has `data`, its [`pong`](crate::TransportMessage::pong) has it, too (`P-10`).
//! - **The text differs, not the message.** Python writes `", "` and `": "`, and every character beyond ASCII as an escape. Frames are written
//!   here without whitespace and in UTF-8 (`P-6`). Compare messages, not frames.
