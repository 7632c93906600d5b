//! What each side does in turn, step by step. What comes of both together is for the simulator.

use std::format;
use std::string::{String, ToString};

use super::*;
use crate::{DataMessage, Message};

mod client;
mod memory_store;
mod server;
mod window;

fn message(id: &str) -> DataMessage<'_> {
    DataMessage::new(id, "t", 5, "")
}

fn frame(id: &str) -> String {
    message(id).to_string()
}

fn receipt(code: u32, id: &str) -> String {
    format!(r#"{{"type":{code},"data":"{id}"}}"#)
}

#[test]
fn what_went_wrong_can_be_read() {
    let room = crate::BufferTooSmall {
        needed: 9,
        capacity: 8,
    };
    let parse = Message::parse(b"[]").unwrap_err();
    let parse_text = parse.to_string();
    for (error, text) in [
        (FrameError::Parse(parse), &*parse_text),
        (FrameError::Busy, "no room for the answer now"),
        (
            FrameError::TooLong(room),
            "never room for the answer: 9 bytes needed, 8 available",
        ),
        (FrameError::NotConnected, "not connected"),
    ] {
        assert_eq!(error.to_string(), text);
    }
    for (error, text) in [
        (SendError::Full, "no room for one more message"),
        (SendError::IdInUse, "a message with this id is on its way"),
        (
            SendError::TooLong(room),
            "message too long: 9 bytes needed, 8 available",
        ),
        (SendError::Parse(parse), &parse_text),
        (SendError::NotData, "not a data message"),
    ] {
        assert_eq!(error.to_string(), text);
    }
    #[cfg(feature = "serde")]
    assert_eq!(
        SendError::Serialize(crate::SerializeErrorKind::TooDeep).to_string(),
        "nested too deep"
    );
    let full = "no room for one more address";
    for (error, text) in [
        (ServerError::Parse(parse), &*parse_text),
        (ServerError::Busy, "no room for the answer now"),
        (
            ServerError::TooLong(room),
            "never room for the answer: 9 bytes needed, 8 available",
        ),
        (
            ServerError::BufferTooSmall(room),
            "9 bytes needed, 8 available",
        ),
        (
            ServerError::Superseded,
            "the address is no longer this connection's",
        ),
        (ServerError::from(StoreError::from(PeersFull)), full),
    ] {
        assert_eq!(error.to_string(), text);
    }
    assert_eq!(
        OpenError::<PeersFull>::Taken.to_string(),
        "the address has a connection"
    );
    assert_eq!(OpenError::Store(PeersFull).to_string(), full);
}
