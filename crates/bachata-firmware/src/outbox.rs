use bachata_core::{DataMessage, DataMessageSize, JsonStr, MaxLen, Message, MessageBuf};
use heapless::Vec;

use crate::ids::{MAX_ID_LEN, MAX_NAME_LEN};
use crate::reading::Reading;

/// A message is sent again when the server has not taken it for so many milliseconds.
const SEND_AGAIN_AFTER: u64 = 2000;

/// How many messages there is room for.
const CAPACITY: usize = 8;

/// The longest `dest`, in bytes of UTF-8.
const MAX_DEST_LEN: usize = 36;

/// The longest `data`, in bytes of JSON.
const MAX_READING_LEN: usize = 144;

/// The longest message, in bytes.
pub(crate) const MAX_MESSAGE_LEN: usize = DataMessageSize {
    id: MaxLen::Plain(MAX_ID_LEN),
    kind: MaxLen::Plain("reading".len()),
    data: MaxLen::Object(MAX_READING_LEN),
    from: MaxLen::Plain(MAX_NAME_LEN),
    dest: MaxLen::Text(MAX_DEST_LEN),
    ..DataMessageSize::EMPTY
}
.max_encoded_len();

/// The messages for which the server has not taken responsibility yet, oldest first.
#[derive(Debug)]
pub(crate) struct Outbox {
    entries: Vec<Entry, CAPACITY>,
}

#[derive(Debug)]
struct Entry {
    /// The message, and `dest` once more where it is escaped.
    message: MessageBuf<{ MAX_MESSAGE_LEN + MAX_DEST_LEN }>,
    /// When it was sent; none where that is still to be done.
    sent: Option<u64>,
}

impl Outbox {
    pub(crate) const fn new() -> Self {
        Self {
            entries: Vec::new(),
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        !self.entries.is_full()
    }

    /// Adds a message, and says whether there was room for it.
    pub(crate) fn add(&mut self, message: &DataMessage<'_, &Reading>) -> bool {
        let mut frame = [0; MAX_MESSAGE_LEN];
        let Ok(frame) = message.encode(&mut frame) else {
            return false;
        };
        let Ok(message) = MessageBuf::parse(frame) else {
            return false;
        };
        self.entries
            .push(Entry {
                message,
                sent: None,
            })
            .is_ok()
    }

    /// A message that is to be sent now, if there is one. It counts as sent then.
    pub(crate) fn poll(&mut self, now: u64) -> Option<Message<'_>> {
        let is_due = |sent| now.saturating_sub(sent) >= SEND_AGAIN_AFTER;
        let entry = self
            .entries
            .iter_mut()
            .find(|entry| entry.sent.is_none_or(is_due))?;
        entry.sent = Some(now);
        Some(entry.message.message())
    }

    /// Sends everything again: the connection is a new one.
    pub(crate) fn send_again(&mut self) {
        for entry in &mut self.entries {
            entry.sent = None;
        }
    }

    /// Forgets the message that the server has taken. An id that is not here changes nothing (`P-21`).
    pub(crate) fn release(&mut self, id: JsonStr<'_>) {
        self.entries
            .retain(|entry| entry.message.id().is_none_or(|own| id != own));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Reading = Reading {
        value: i32::MIN,
        led: false,
        obeyed: u32::MAX,
        refused: u32::MAX,
        bad_lines: u32::MAX,
        skipped: u32::MAX,
    };

    fn add(outbox: &mut Outbox, id: &str) -> bool {
        outbox.add(&DataMessage::typed(id, "reading", 0, &LONGEST))
    }

    fn poll(outbox: &mut Outbox, now: u64) -> Option<String> {
        let message = outbox.poll(now)?;
        Some(message.as_data().unwrap().id().to_string())
    }

    #[test]
    fn the_longest_message_fits() {
        let (id, from, dest) = (
            "i".repeat(MAX_ID_LEN),
            "f".repeat(MAX_NAME_LEN),
            "\0".repeat(MAX_DEST_LEN),
        );
        let message = DataMessage::typed(&*id, "reading", i64::MIN, &LONGEST).with_from(&*from);
        let mut outbox = Outbox::new();
        assert!(outbox.add(&message.with_dest(&*dest)));
        assert!(!outbox.add(&message.with_dest(&*"\0".repeat(MAX_DEST_LEN + 9))));
    }

    #[test]
    fn messages_are_sent_in_order_and_again_until_they_are_released() {
        let mut outbox = Outbox::new();
        for id in ["1", "2", "3"] {
            assert!(add(&mut outbox, id));
        }
        assert_eq!(poll(&mut outbox, 10).as_deref(), Some("1"));
        assert_eq!(poll(&mut outbox, 11).as_deref(), Some("2"));
        outbox.release("2".into());
        outbox.release("7".into());
        assert_eq!(poll(&mut outbox, 12).as_deref(), Some("3"));
        assert_eq!(poll(&mut outbox, 2009), None);
        assert_eq!(poll(&mut outbox, 2010).as_deref(), Some("1"));
        outbox.send_again();
        assert_eq!(poll(&mut outbox, 2011).as_deref(), Some("1"));
        assert_eq!(poll(&mut outbox, 2011).as_deref(), Some("3"));
        assert_eq!(poll(&mut outbox, 2011), None);
    }

    #[test]
    fn a_full_outbox_keeps_what_it_has() {
        let mut outbox = Outbox::new();
        for id in 0..CAPACITY {
            assert!(outbox.has_room());
            assert!(add(&mut outbox, &id.to_string()));
        }
        assert!(!outbox.has_room());
        assert!(!add(&mut outbox, "8"));
        assert_eq!(poll(&mut outbox, 0).as_deref(), Some("0"));
        outbox.release("5".into());
        assert!(add(&mut outbox, "8"));
    }
}
