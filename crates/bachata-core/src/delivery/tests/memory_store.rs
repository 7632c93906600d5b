use super::super::*;
use std::string::ToString;

use super::frame;
use crate::{BufferTooSmall, JsonStr};

const ALICE: u8 = 1;
const BOB: u8 = 2;
const CAROL: u8 = 3;

/// The length of `frame("1")`.
const FRAME_LEN: usize = 40;

/// A store with Alice and Bob on it.
struct Shelf {
    store: MemoryStore<u8, 2, 3, FRAME_LEN>,
    alice: Lease<u8>,
    bob: Lease<u8>,
}

impl Shelf {
    fn new() -> Self {
        let mut store = MemoryStore::new();
        Self {
            alice: store.open(ALICE, false).unwrap().unwrap(),
            bob: store.open(BOB, false).unwrap().unwrap(),
            store,
        }
    }

    /// Alice sends a message.
    fn put(&mut self, id: &str, receiver: u8) -> Put {
        let frame = frame(id);
        let message = NewMessage {
            receiver,
            id: JsonStr::new(id),
            fingerprint: 7,
            frame: frame.as_bytes(),
        };
        self.store.put(&self.alice, message).unwrap()
    }

    /// Bob gets the next message.
    fn deliver(&mut self) {
        let next = self.store.next(&self.bob, 0).unwrap().unwrap();
        let (sequence, id) = (next.sequence, next.id.to_string());
        self.store.mark_sent(&self.bob, sequence).unwrap();
        let acknowledged = self.store.acknowledge(&self.bob, JsonStr::new(&id));
        let expected = Acknowledged {
            sequence,
            sender: ALICE,
        };
        assert_eq!(acknowledged, Ok(Some(expected)));
    }

    /// Alice is told of the first message that has been delivered.
    fn tell(&mut self) {
        let (next, _) = self.store.next_delivered(&self.alice).unwrap().unwrap();
        self.store.tell_delivered(&self.alice, next).unwrap();
    }
}

#[test]
fn what_is_queued_for_one_address_alone_is_discarded() {
    let mut shelf = Shelf::new();
    shelf.put("1", BOB);
    shelf.put("2", BOB);
    shelf.put("3", CAROL);
    shelf.deliver();
    assert_eq!(shelf.store.undelivered(), 2);
    assert_eq!(shelf.store.discard(BOB), 1);
    assert_eq!(shelf.store.discard(BOB), 0);
    assert_eq!(shelf.store.undelivered(), 1);
    assert_eq!(shelf.put("1", BOB), Put::Delivered);
    assert_eq!(shelf.put("2", BOB), Put::Stored);
    assert_eq!(shelf.put("3", CAROL), Put::Known);
}

#[test]
fn a_lease_ends_where_what_was_sent_under_it_is_discarded() {
    let mut shelf = Shelf::new();
    shelf.put("1", BOB);
    shelf.put("2", CAROL);
    assert_eq!(shelf.store.discard(BOB), 1);
    assert_eq!(shelf.store.next(&shelf.bob, 0), Ok(None));
    shelf.put("1", BOB);
    shelf.put("3", BOB);
    let first = shelf.store.next(&shelf.bob, 0).unwrap().unwrap().sequence;
    shelf.store.mark_sent(&shelf.bob, first).unwrap();
    assert_eq!(shelf.store.undelivered(), 3);
    assert_eq!(shelf.store.discard(CAROL), 1);
    assert!(shelf.store.next(&shelf.bob, 0).unwrap().is_some());
    assert_eq!(shelf.store.discard(BOB), 2);
    let next = shelf.store.next(&shelf.bob, 0);
    assert_eq!(next, Err(StoreError::Superseded));
    // Nobody else's.
    assert_eq!(shelf.put("1", BOB), Put::Stored);
    assert!(shelf.store.open(BOB, false).unwrap().is_some());
}

#[test]
fn a_frame_may_fill_its_slot_to_the_byte() {
    let mut shelf = Shelf::new();
    assert_eq!(frame("1").len(), FRAME_LEN);
    assert_eq!(shelf.put("1", BOB), Put::Stored);
    let error = BufferTooSmall {
        needed: FRAME_LEN + 1,
        capacity: FRAME_LEN,
    };
    assert_eq!(shelf.put("10", BOB), Put::TooLong(error));
}

#[test]
fn what_has_been_told_is_remembered_until_its_slot_is_needed() {
    let mut shelf = Shelf::new();
    for id in ["1", "2"] {
        shelf.put(id, BOB);
        shelf.deliver();
        shelf.tell();
    }
    assert_eq!(shelf.put("3", BOB), Put::Stored);
    assert_eq!(shelf.put("1", BOB), Put::Delivered);
    assert_eq!(shelf.put("4", BOB), Put::Stored);
    assert_eq!(shelf.put("2", BOB), Put::Delivered);
    assert_eq!(shelf.put("1", BOB), Put::Stored);
    assert_eq!(shelf.put("2", BOB), Put::Full);
}

#[test]
fn each_delivery_is_told_by_itself() {
    let mut shelf = Shelf::new();
    for id in ["1", "2", "3"] {
        shelf.put(id, BOB);
    }
    shelf.deliver();
    shelf.deliver();
    shelf.tell();
    let (_, id) = shelf.store.next_delivered(&shelf.alice).unwrap().unwrap();
    assert_eq!(id, "2");
    shelf.tell();
    assert_eq!(shelf.store.next_delivered(&shelf.alice), Ok(None));
    shelf.deliver();
    let (_, id) = shelf.store.next_delivered(&shelf.alice).unwrap().unwrap();
    assert_eq!(id, "3");
}

#[test]
fn a_frame_that_is_no_message_has_an_empty_id() {
    let mut shelf = Shelf::new();
    let message = NewMessage {
        receiver: BOB,
        id: JsonStr::new("1"),
        fingerprint: 7,
        frame: b"no message",
    };
    let put = shelf.store.put(&shelf.alice, message);
    assert_eq!(put, Ok(Put::Stored));
    let queued = shelf.store.next(&shelf.bob, 0).unwrap().unwrap();
    assert_eq!(
        (queued.id, queued.frame),
        (JsonStr::EMPTY, &b"no message"[..])
    );
}
