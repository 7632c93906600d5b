use core::hash::Hasher as _;

use siphasher::sip::SipHasher13;

use crate::encode::Sink;
use crate::{DataMessage, JsonStr};

/// Makes fixed-size stand-ins of ids and messages: SipHash-1-3 under a key, so that nobody who doesn't know the key can find two alike.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fingerprints {
    key: [u64; 2],
}

impl Fingerprints {
    pub(super) const fn new(key: [u64; 2]) -> Self {
        Self { key }
    }

    /// Of a message id, or of another text.
    pub(super) fn id(self, id: JsonStr<'_>) -> u64 {
        let mut hasher = self.hasher();
        id.write_decoded(&mut hasher);
        hasher.finish()
    }

    /// Of a message's sender and id: an id is one sender's own.
    pub(super) fn sender_and_id(self, message: &DataMessage<'_>) -> u64 {
        let mut hasher = self.hasher();
        message.id().write_decoded(&mut hasher);
        // No UTF-8 has this byte.
        hasher.put(&[0xff]);
        message
            .from()
            .unwrap_or_default()
            .write_decoded(&mut hasher);
        hasher.finish()
    }

    /// Of all members of a message, however they are written.
    pub(super) fn message(self, message: &DataMessage<'_>) -> u64 {
        let mut hasher = self.hasher();
        message.write(&mut hasher);
        hasher.finish()
    }

    fn hasher(self) -> SipHasher13 {
        let [first, second] = self.key;
        SipHasher13::new_with_keys(first, second)
    }
}

impl Sink for SipHasher13 {
    fn put(&mut self, bytes: &[u8]) {
        self.write(bytes);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Message;

    fn message(frame: &str) -> DataMessage<'_> {
        *Message::try_from(frame).unwrap().as_data().unwrap()
    }

    #[test]
    fn they_are_of_what_is_said_and_not_of_how() {
        let prints = Fingerprints::new([1, 2]);
        let one =
            message(r#"{"id":"caf\u00e9","type":"t","time":0,"data":{"a": "\/"},"from":"x"}"#);
        let other =
            message(r#"{"from":"\u0078","data":{"a":"/"}, "time":0,"type":"t","id":"café"}"#);
        assert_eq!(prints.message(&one), prints.message(&other));
        assert_eq!(prints.sender_and_id(&one), prints.sender_and_id(&other));
        assert_eq!(prints.id(one.id()), prints.id("café".into()));

        let third = message(r#"{"id":"café","type":"t","time":0,"data":{"a":"/"}}"#);
        assert_ne!(prints.message(&one), prints.message(&third));
        assert_ne!(prints.sender_and_id(&one), prints.sender_and_id(&third));
        assert_ne!(prints.id(one.id()), Fingerprints::new([1, 3]).id(one.id()));
    }

    #[test]
    fn nothing_moves_from_sender_to_id() {
        let prints = Fingerprints::new([0, 0]);
        let one = DataMessage::new("ab", "t", 0, "").with_from("c");
        let other = DataMessage::new("a", "t", 0, "").with_from("bc");
        assert_ne!(prints.sender_and_id(&one), prints.sender_and_id(&other));
    }
}
