//! What the simulated applications say to one another: each message says who it is, so that a changed one is noticed.

use std::hash::{DefaultHasher, Hash, Hasher};

use bachata_core::DataMessage;

/// The `data` of a message with this sender, id and destination.
pub(crate) fn seal(from: &str, id: &str, dest: &str) -> String {
    let mut hasher = DefaultHasher::new();
    (from, id, dest).hash(&mut hasher);
    format!("{:016x}", hasher.finish())
}

/// Whether a message is one that was sent: what a signature would say, were the line not only noisy.
pub fn is_sealed(message: &DataMessage<'_>) -> bool {
    let text = |text: Option<bachata_core::JsonStr<'_>>| text.unwrap_or_default().to_string();
    let seal = seal(
        &text(message.from()),
        &message.id().to_string(),
        &text(message.dest()),
    );
    let whole = DataMessage::new(message.id(), KIND, TIME, &*seal)
        .with_from(message.from().unwrap_or_default())
        .with_dest(message.dest().unwrap_or_default());
    *message == whole
}

/// The `type` of all messages.
pub(crate) const KIND: &str = "m";

/// The `time` of all messages.
pub(crate) const TIME: i64 = 1;
