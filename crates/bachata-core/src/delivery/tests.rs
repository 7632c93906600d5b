//! What each side does in turn, step by step. What comes of both together is for the simulator.

use std::format;
use std::string::{String, ToString};

use crate::DataMessage;

mod client;
mod server;

fn message(id: &str) -> DataMessage<'_> {
    DataMessage::new(id, "t", 5, "")
}

fn frame(id: &str) -> String {
    message(id).to_string()
}

fn receipt(code: u32, id: &str) -> String {
    format!(r#"{{"type":{code},"data":"{id}"}}"#)
}
