use std::string::{String, ToString};
use std::vec;
use std::vec::Vec;

use super::super::*;
use super::{frame, message, receipt};
use crate::{JsonStr, Message};

type TestStore = MemoryStore<u8, 3, 2, 128>;
type TestConnection = ServerConnection<u8, 2, 64>;

pub(super) const ALICE: u8 = 1;
pub(super) const BOB: u8 = 2;

/// Sends again after a minute.
pub(super) const SLOW: Resend = Resend {
    first: 60_000,
    max: 60_000,
};

pub(super) const QUIET_SERVER: ServerConfig = ServerConfig {
    keep_alive: KeepAlive::OFF,
    ..ServerConfig::DEFAULT
};

/// What gives way comes again before anything else would be sent again.
const GIVING_WAY: ServerConfig = ServerConfig {
    resend: Some(Resend {
        first: 5000,
        max: 5000,
    }),
    give_way_after: 1000,
    id_pause: 0,
    ..QUIET_SERVER
};

/// A server with Alice and Bob on it.
struct Hall {
    store: TestStore,
    alice: TestConnection,
    bob: TestConnection,
}

impl Hall {
    fn new(config: ServerConfig) -> Self {
        let mut store = TestStore::new();
        let mut hall = Self {
            alice: TestConnection::open(&mut store, ALICE, config, 0).unwrap(),
            bob: TestConnection::open(&mut store, BOB, config, 0).unwrap(),
            store,
        };
        for who in [ALICE, BOB] {
            assert_eq!(hall.transmits(who), [r#"{"type":1000}"#]);
        }
        hall
    }

    fn transmits(&mut self, who: u8) -> Vec<String> {
        let mut sent = Vec::new();
        let connection = if who == ALICE {
            &mut self.alice
        } else {
            &mut self.bob
        };
        let mut out = [0; 256];
        while let Some(frame) = connection.poll_transmit(&mut self.store, &mut out).unwrap() {
            sent.push(String::from_utf8(frame.to_vec()).unwrap());
        }
        sent
    }

    /// Alice sends a message to Bob.
    fn submit(&mut self, frame: &str) -> Put {
        submit(&mut self.alice, &mut self.store, frame)
    }

    /// Bob sends a message to himself.
    fn submit_own(&mut self, frame: &str) -> Put {
        submit(&mut self.bob, &mut self.store, frame)
    }

    fn receives(&mut self, who: u8, code: u32, id: &str) -> Option<u8> {
        let frame = receipt(code, id);
        let connection = if who == ALICE {
            &mut self.alice
        } else {
            &mut self.bob
        };
        match connection.handle_frame(&mut self.store, frame.as_bytes(), 0) {
            Ok(Handled::Delivered { sender }) => Some(sender),
            Ok(Handled::Nothing) => None,
            other => panic!("{other:?}"),
        }
    }
}

/// A client sends a message to Bob.
pub(super) fn submit<S: Store<Address = u8, Error = PeersFull>, const WINDOW: usize>(
    connection: &mut ServerConnection<u8, WINDOW, 64>,
    store: &mut S,
    frame: &str,
) -> Put {
    let handled = connection.handle_frame(store, frame.as_bytes(), 0);
    let Ok(Handled::Message(submitted)) = handled else {
        panic!("no message")
    };
    connection.submit(store, submitted, BOB).unwrap()
}

#[test]
fn a_server_answers_for_what_its_store_has() {
    let mut hall = Hall::new(QUIET_SERVER);
    for id in ["1", "2"] {
        assert_eq!(hall.submit(&frame(id)), Put::Stored);
    }
    assert_eq!(hall.submit(&frame("1")), Put::Known);
    assert_eq!(hall.submit(&frame("3")), Put::Full);
    let other = message("2").with_dest("x").to_string();
    assert_eq!(hall.submit(&other), Put::Conflict);
    assert_eq!(
        hall.transmits(ALICE),
        ["1", "2", "1"].map(|id| receipt(100, id))
    );
    assert_eq!(hall.transmits(BOB), ["1", "2"].map(frame));
    assert_eq!(hall.receives(BOB, 200, "2"), Some(ALICE));
    assert_eq!(hall.transmits(ALICE), [receipt(300, "2")]);
    // A repeated message is not delivered twice, and its sender told again.
    assert_eq!(hall.submit(&frame("2")), Put::Delivered);
    assert_eq!(hall.transmits(ALICE), [receipt(300, "2")]);
    assert_eq!(hall.transmits(BOB), Vec::<String>::new());
    // Its place is for the next.
    assert_eq!(hall.submit(&frame("3")), Put::Stored);
    assert_eq!(hall.submit(&frame("2")), Put::Full);
    assert_eq!(hall.store.undelivered(), 2);
}

#[test]
fn receipts_count_only_from_the_receiver() {
    let mut hall = Hall::new(QUIET_SERVER);
    assert_eq!(hall.submit(&frame("1")), Put::Stored);
    // Not before it was sent, not from its sender, and not of another type.
    assert_eq!(hall.receives(BOB, 200, "1"), None);
    assert_eq!(hall.transmits(BOB), [frame("1")]);
    assert_eq!(hall.receives(ALICE, 200, "1"), None);
    for code in [100, 300, 1000, 4711] {
        assert_eq!(hall.receives(BOB, code, "1"), None);
    }
    assert_eq!(hall.receives(BOB, 200, "2"), None);
    assert_eq!(hall.store.undelivered(), 1);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.receives(BOB, 200, "1"), None);
    assert_eq!(hall.bob.counters().ignored, 7);
    assert_eq!(hall.alice.counters().ignored, 1);
}

#[test]
fn a_300_waits_for_its_sender_and_messages_for_their_receiver() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    hall.submit(&frame("2"));
    hall.transmits(BOB);
    hall.receives(BOB, 200, "1");
    let old = hall.alice;
    old.close(&mut hall.store).unwrap();
    hall.alice = TestConnection::open(&mut hall.store, ALICE, QUIET_SERVER, 0).unwrap();
    assert_eq!(
        hall.transmits(ALICE),
        [r#"{"type":1000}"#.to_string(), receipt(300, "1")]
    );
    let old = hall.bob;
    old.close(&mut hall.store).unwrap();
    hall.bob = TestConnection::open(&mut hall.store, BOB, QUIET_SERVER, 0).unwrap();
    assert_eq!(
        hall.transmits(BOB),
        [r#"{"type":1000}"#.to_string(), frame("2")]
    );
}

#[test]
fn a_newer_connection_takes_the_address_or_not() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    hall.transmits(BOB);
    let polite = ServerConfig {
        takeover: false,
        ..QUIET_SERVER
    };
    let refused = TestConnection::open(&mut hall.store, BOB, polite, 0);
    assert!(matches!(refused, Err(OpenError::Taken)));
    let newer = TestConnection::open(&mut hall.store, BOB, QUIET_SERVER, 0).unwrap();
    let mut old = core::mem::replace(&mut hall.bob, newer);
    let (answer, mut out) = (receipt(200, "1"), [0; 256]);
    let acknowledged = old.handle_frame(&mut hall.store, answer.as_bytes(), 0);
    assert!(matches!(acknowledged, Err(ServerError::Superseded)));
    let sent = old.poll_transmit(&mut hall.store, &mut out);
    assert!(matches!(sent, Err(ServerError::Superseded)));
    // Its end does not end the other.
    old.close(&mut hall.store).unwrap();
    assert_eq!(hall.transmits(BOB).last(), Some(&frame("1")));
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    // And its own end does.
    hall.bob.close(&mut hall.store).unwrap();
    assert!(TestConnection::open(&mut hall.store, BOB, polite, 0).is_ok());
}

#[test]
fn a_ping_is_answered_and_what_says_nothing_is_counted() {
    let mut hall = Hall::new(QUIET_SERVER);
    for (frame, answer, ignored) in [
        (r#"{"type":1001}"#, &[r#"{"type":1002}"#][..], 0),
        (
            r#"{"type":1001,"data":"17"}"#,
            &[r#"{"type":1002,"data":"17"}"#],
            0,
        ),
        (r#"{"type":1002}"#, &[], 0),
        (r#"{"type":1000}"#, &[], 1),
        (r#"{"type":100,"data":"7"}"#, &[], 2),
        (r#"{"type":200,"data":"7"}"#, &[], 3),
    ] {
        let handled = hall
            .alice
            .handle_frame(&mut hall.store, frame.as_bytes(), 0);
        assert!(matches!(handled, Ok(Handled::Nothing)));
        assert_eq!(hall.transmits(ALICE), answer);
        assert_eq!(hall.alice.counters().ignored, ignored);
    }
}

#[test]
fn so_many_are_in_flight_and_those_that_stay_give_way() {
    let resend = Some(Resend {
        first: 400,
        max: 400,
    });
    for resend in [None, resend] {
        let mut hall = Hall::new(ServerConfig {
            resend,
            give_way_after: 1000,
            id_pause: 0,
            ..QUIET_SERVER
        });
        let carol = 3;
        let mut other = TestConnection::open(&mut hall.store, carol, QUIET_SERVER, 0).unwrap();
        hall.submit(&frame("1"));
        hall.submit(&frame("2"));
        let third = frame("3");
        submit(&mut other, &mut hall.store, &third);
        assert_eq!(hall.transmits(BOB), ["1", "2"].map(frame));
        hall.bob.handle_timeout(500);
        let again = if resend.is_some() {
            vec![frame("1"), frame("2")]
        } else {
            vec![]
        };
        assert_eq!(hall.transmits(BOB), again);
        hall.bob.handle_timeout(999);
        assert!(!hall.transmits(BOB).contains(&third));
        if resend.is_none() {
            assert_eq!(hall.bob.poll_timeout(), Some(1000));
        }
        hall.bob.handle_timeout(1000);
        assert_eq!(hall.transmits(BOB), [&*third]);
        assert_eq!(hall.receives(BOB, 200, "3"), Some(carol));
        // What gave way comes again where there are timers: the window has a place for new ones all the time.
        hall.bob.handle_timeout(2000);
        let sent = hall.transmits(BOB);
        if resend.is_some() {
            assert_eq!(sent, [frame("1")]);
            assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
            assert_eq!(hall.transmits(BOB), [frame("2")]);
        } else {
            assert_eq!(sent, Vec::<String>::new());
            // It has been received all the same.
            assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
            assert_eq!(hall.receives(BOB, 200, "1"), None);
        }
    }
}

#[test]
fn what_gave_way_comes_again_where_there_is_a_single_place() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    let mut bob = ServerConnection::<u8, 1, 64>::open(&mut hall.store, BOB, GIVING_WAY, 0).unwrap();
    let mut sent = |now| {
        let mut out = [0; 64];
        bob.handle_timeout(now);
        let frame = bob.poll_transmit(&mut hall.store, &mut out).unwrap();
        frame.map(|frame| String::from_utf8(frame.to_vec()).unwrap())
    };
    assert_eq!(sent(0).unwrap(), r#"{"type":1000}"#);
    assert_eq!(sent(0), Some(frame("1")));
    for now in [1, 999, 1000, 1999] {
        assert_eq!(sent(now), None, "{now}");
    }
    assert_eq!(sent(2000), Some(frame("1")));
}

#[test]
fn what_gave_way_waits_however_much_passes_it() {
    let mut hall = Hall::new(GIVING_WAY);
    hall.submit(&frame("stays"));
    assert_eq!(hall.transmits(BOB), [frame("stays")]);
    hall.bob.handle_timeout(1000);
    for number in 0..100 {
        let id = number.to_string();
        hall.submit(&frame(&id));
        assert_eq!(hall.transmits(BOB), [frame(&id)]);
        // By this the clock is set back to 0, and goes on from there.
        assert_eq!(hall.receives(BOB, 200, &id), Some(ALICE));
        hall.transmits(ALICE);
    }
    hall.bob.handle_timeout(999);
    assert_eq!(hall.transmits(BOB), [""; 0]);
    hall.bob.handle_timeout(1000);
    assert_eq!(hall.transmits(BOB), [frame("stays")]);
}

#[test]
fn a_message_waits_for_another_with_its_id_and_those_behind_it_do_not() {
    let mut hall = Hall::new(QUIET_SERVER);
    let own = message("1").with_from("bob").to_string();
    assert_eq!(hall.submit(&frame("1")), Put::Stored);
    assert_eq!(hall.submit_own(&own), Put::Stored);
    assert_eq!(hall.submit(&frame("2")), Put::Stored);
    assert_eq!(
        hall.transmits(BOB),
        [receipt(100, "1"), frame("1"), frame("2")]
    );
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    // The link repeats nothing, so there is no other 200 for the first.
    assert_eq!(hall.transmits(BOB), [own]);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(BOB));
    assert_eq!(hall.receives(BOB, 200, "1"), None);
}

#[test]
fn an_id_rests_where_a_second_200_may_come() {
    // What was there before the connection may have been sent on the one before.
    let lossy = ServerConfig {
        resend: Some(SLOW),
        ..QUIET_SERVER
    };
    for (config, is_there_before) in [(QUIET_SERVER, true), (lossy, false), (lossy, true)] {
        let mut hall = Hall::new(config);
        let own = message("1").with_from("bob").to_string();
        hall.submit(&frame("1"));
        hall.submit_own(&own);
        if is_there_before {
            hall.bob = TestConnection::open(&mut hall.store, BOB, config, 0).unwrap();
        }
        assert_eq!(hall.transmits(BOB).last(), Some(&frame("1")));
        // Nothing else could go then.
        let timeout = hall.bob.poll_timeout();
        assert_eq!(timeout, Some(60_000));
        assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
        for now in [0, 9_999] {
            hall.bob.handle_timeout(now);
            assert_eq!(hall.transmits(BOB), Vec::<String>::new());
            assert_eq!(hall.bob.poll_timeout(), Some(10_000));
            let again = receipt(200, "1");
            let again = hall
                .bob
                .handle_frame(&mut hall.store, again.as_bytes(), now);
            assert!(matches!(again, Ok(Handled::Nothing)));
        }
        hall.bob.handle_timeout(10_000);
        assert_eq!(hall.transmits(BOB), [own]);
        assert_eq!(hall.receives(BOB, 200, "1"), Some(BOB));
        assert_eq!(hall.bob.poll_timeout(), None);
    }
}

#[test]
fn a_late_200_is_for_what_was_sent() {
    let mut hall = Hall::new(QUIET_SERVER);
    let own = message("1").with_from("bob").to_string();
    hall.submit(&frame("1"));
    assert_eq!(hall.transmits(BOB), [frame("1")]);
    hall.bob.handle_timeout(60_000);
    assert_eq!(hall.transmits(BOB), Vec::<String>::new());
    // However much passes it, and however long it takes.
    for number in 100..200 {
        let id = number.to_string();
        hall.submit(&frame(&id));
        assert_eq!(hall.transmits(BOB), [frame(&id)]);
        assert_eq!(hall.receives(BOB, 200, &id), Some(ALICE));
        hall.transmits(ALICE);
    }
    hall.submit_own(&own);
    hall.bob.handle_timeout(0);
    hall.bob.handle_timeout(1_000_000);
    assert_eq!(hall.transmits(BOB), [receipt(100, "1")]);
    assert_eq!(hall.bob.poll_timeout(), None);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.receives(BOB, 200, "1"), None);
    // It was sent once, so there is no other 200 for it.
    assert_eq!(hall.transmits(BOB), [own]);
}

#[test]
fn what_cannot_be_held_back_comes_later() {
    let ids: Vec<_> = (10..40).map(|number| number.to_string()).collect();
    for resend in [None, Some(SLOW)] {
        let config = ServerConfig {
            resend,
            id_pause: 0,
            ..QUIET_SERVER
        };
        let mut store = MemoryStore::<u8, 2, 32, 128>::new();
        let mut alice = ServerConnection::<u8, 32, 64>::open(&mut store, ALICE, config, 0).unwrap();
        let mut bob = ServerConnection::<u8, 32, 64>::open(&mut store, BOB, config, 0).unwrap();
        let mut out = [0; 128];
        for id in &ids {
            submit(&mut alice, &mut store, &frame(id));
            while alice.poll_transmit(&mut store, &mut out).unwrap().is_some() {}
        }
        let mut sent = |bob: &mut ServerConnection<u8, 32, 64>, store: &mut _| {
            let mut sent = Vec::new();
            while let Some(frame) = bob.poll_transmit(store, &mut out).unwrap() {
                let message = Message::parse(frame).unwrap();
                let Some(message) = message.as_data().copied() else {
                    continue;
                };
                sent.push((message.id().to_string(), message.from().is_some()));
            }
            sent
        };
        let expected: Vec<_> = ids.iter().map(|id| (id.clone(), false)).collect();
        assert_eq!(sent(&mut bob, &mut store), expected);
        for id in &ids {
            let own = message(id).with_from("bob").to_string();
            submit(&mut bob, &mut store, &own);
            assert!(sent(&mut bob, &mut store).is_empty());
        }
        for id in &ids {
            let answer = receipt(200, id);
            let handled = bob.handle_frame(&mut store, answer.as_bytes(), 0);
            assert!(matches!(handled, Ok(Handled::Delivered { sender: ALICE })));
        }
        let expected: Vec<_> = ids.iter().map(|id| (id.clone(), true)).collect();
        assert_eq!(sent(&mut bob, &mut store), expected);
    }
}

#[test]
fn a_connection_ends_where_what_it_has_sent_is_dropped() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    assert_eq!(hall.transmits(BOB), [frame("1")]);
    assert_eq!(hall.store.discard(BOB), 1);
    // Its 200 could not be told from that for another.
    let own = message("1").with_from("bob").to_string();
    hall.submit(&own);
    let mut out = [0; 128];
    let transmit = hall.bob.poll_transmit(&mut hall.store, &mut out);
    assert_eq!(transmit, Err(ServerError::Superseded));
    let late = receipt(200, "1");
    let handled = hall.bob.handle_frame(&mut hall.store, late.as_bytes(), 0);
    assert!(matches!(handled, Err(ServerError::Superseded)));
    hall.bob = TestConnection::open(&mut hall.store, BOB, QUIET_SERVER, 0).unwrap();
    assert_eq!(hall.transmits(BOB)[1..], [own]);
}

#[test]
fn an_acknowledged_id_is_free_and_no_other() {
    let mut hall = Hall::new(QUIET_SERVER);
    let own = ["1", "2"].map(|id| message(id).with_from("bob").to_string());
    for (id, own) in ["1", "2"].iter().zip(&own) {
        hall.submit(&frame(id));
        hall.submit_own(own);
    }
    let sent = hall.transmits(BOB);
    assert_eq!(sent[2..], ["1", "2"].map(frame));
    assert_eq!(hall.receives(BOB, 200, "2"), Some(ALICE));
    assert_eq!(hall.transmits(BOB), [&*own[1]]);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.transmits(BOB), [&*own[0]]);
}

#[test]
fn what_gave_way_is_not_sent_again_where_nothing_is_lost() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("stays"));
    assert_eq!(hall.transmits(BOB), [frame("stays")]);
    hall.bob.handle_timeout(60_000);
    hall.submit(&frame("1"));
    let own = message("1").with_from("bob").to_string();
    hall.submit_own(&own);
    assert_eq!(hall.transmits(BOB), [receipt(100, "1"), frame("1")]);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.transmits(BOB), [own]);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(BOB));
    assert_eq!(hall.transmits(BOB), [receipt(300, "1")]);
}

#[test]
fn an_id_that_has_rested_waits_for_a_place_alone() {
    let mut hall = Hall::new(QUIET_SERVER);
    let own = ["1", "3"].map(|id| message(id).with_from("bob").to_string());
    hall.submit(&frame("1"));
    for own in &own {
        hall.submit_own(own);
    }
    hall.submit(&frame("2"));
    hall.bob = TestConnection::open(&mut hall.store, BOB, QUIET_SERVER, 0).unwrap();
    assert_eq!(hall.transmits(BOB)[1..], [&*frame("1"), &*own[1]]);
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.transmits(BOB), [frame("2")]);
    assert_eq!(hall.bob.poll_timeout(), Some(10_000));
    hall.bob.handle_timeout(10_000);
    assert_eq!(hall.transmits(BOB), Vec::<String>::new());
    assert_eq!(hall.bob.poll_timeout(), Some(60_000));
}

#[test]
fn an_id_that_nobody_waits_for_rests_unseen() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    hall.submit(&frame("2"));
    hall.submit_own(&message("2").with_from("bob").to_string());
    hall.bob = TestConnection::open(&mut hall.store, BOB, QUIET_SERVER, 0).unwrap();
    assert_eq!(hall.transmits(BOB)[1..], ["1", "2"].map(frame));
    assert_eq!(hall.receives(BOB, 200, "1"), Some(ALICE));
    assert_eq!(hall.transmits(BOB), Vec::<String>::new());
    let second = receipt(200, "2");
    let handled = hall
        .bob
        .handle_frame(&mut hall.store, second.as_bytes(), 5000);
    assert!(matches!(handled, Ok(Handled::Delivered { sender: ALICE })));
    assert_eq!(hall.transmits(BOB), Vec::<String>::new());
    assert_eq!(hall.bob.poll_timeout(), Some(15_000));
}

#[test]
fn what_is_submitted_or_refused_gives_its_room_back() {
    let mut hall = Hall::new(QUIET_SERVER);
    let long = frame(&"i".repeat(40));
    for _ in 0..50 {
        let handled = hall.alice.handle_frame(&mut hall.store, long.as_bytes(), 0);
        let Ok(Handled::Message(submitted)) = handled else {
            panic!("no message")
        };
        let second = hall.alice.handle_frame(&mut hall.store, long.as_bytes(), 0);
        assert!(matches!(second, Err(ServerError::Busy)));
        hall.alice.refuse(submitted);
    }
    let error = hall
        .alice
        .handle_frame(&mut hall.store, frame(&"i".repeat(48)).as_bytes(), 0)
        .unwrap_err();
    assert!(matches!(error, ServerError::TooLong(_)));
    assert_eq!(
        error.to_string(),
        "never room for the answer: 49 bytes needed, 48 available"
    );
}

#[test]
fn a_store_has_room_for_so_many() {
    let mut store = TestStore::new();
    let leases = [1, 2, 3].map(|address| store.open(address, false).unwrap().unwrap());
    assert_eq!(store.open(4, false), Err(PeersFull));
    let [first, second, _] = leases;
    let new = |receiver, id| NewMessage {
        receiver,
        id: JsonStr::new(id),
        fingerprint: 0,
        frame: br#"{"id":"1","type":"t","time":5,"data":""}"#,
    };
    assert_eq!(store.put(&first, new(2, "1")), Ok(Put::Stored));
    store.close(&first).unwrap();
    assert_eq!(store.put(&first, new(2, "1")), Err(StoreError::Superseded));
    // It has something on its way.
    assert_eq!(store.open(4, false), Err(PeersFull));
    assert_eq!(store.discard(2), 1);
    let fourth = store.open(4, false).unwrap().unwrap();
    assert_eq!(store.open(1, false), Err(PeersFull));
    assert!(store.next(&second, 0).unwrap().is_none());
    // One that is longer than a slot.
    let long = [b'x'; 129];
    let too_long = NewMessage {
        frame: &long,
        ..new(2, "2")
    };
    let error = crate::BufferTooSmall {
        needed: 129,
        capacity: 128,
    };
    assert_eq!(store.put(&fourth, too_long), Ok(Put::TooLong(error)));
    assert_eq!(store.undelivered(), 0);
}

#[test]
fn a_frame_is_forwarded_as_it_came_or_as_the_server_writes_it() {
    let mut hall = Hall::new(QUIET_SERVER);
    let odd = r#"{"more":[1], "type":"t","id":"1","data":"","time":5}"#;
    hall.submit(odd);
    assert_eq!(hall.transmits(BOB), [odd]);
    let second = frame("2");
    let handled = hall
        .alice
        .handle_frame(&mut hall.store, second.as_bytes(), 0);
    let Ok(Handled::Message(mut submitted)) = handled else {
        panic!("no message")
    };
    let stamped = submitted.message.with_from("alice").to_string();
    submitted.frame = stamped.as_bytes();
    hall.alice.submit(&mut hall.store, submitted, BOB).unwrap();
    assert_eq!(hall.transmits(BOB), [&*stamped]);
    assert!(Message::try_from(stamped.as_str()).is_ok());
}

#[test]
fn what_is_in_flight_is_passed_over_when_others_are_looked_for_again() {
    let config = ServerConfig {
        give_way_after: 1000,
        resend: Some(Resend {
            first: 10_000,
            max: 10_000,
        }),
        ..QUIET_SERVER
    };
    let mut store = MemoryStore::<u8, 2, 4, 128>::new();
    let mut alice = ServerConnection::<u8, 3, 64>::open(&mut store, ALICE, config, 0).unwrap();
    let mut bob = ServerConnection::<u8, 3, 64>::open(&mut store, BOB, config, 0).unwrap();
    let mut step = |now, submitted: &[&str], acknowledged: &[&str]| {
        for id in submitted {
            submit(&mut alice, &mut store, &frame(id));
            // The 1000 and the 100.
            while alice
                .poll_transmit(&mut store, &mut [0; 64])
                .unwrap()
                .is_some()
            {}
        }
        for id in acknowledged {
            let answer = receipt(200, id);
            let handled = bob.handle_frame(&mut store, answer.as_bytes(), now);
            assert!(matches!(handled, Ok(Handled::Delivered { sender: ALICE })));
        }
        bob.handle_timeout(now);
        let mut sent = Vec::new();
        while let Some(frame) = bob.poll_transmit(&mut store, &mut [0; 128]).unwrap() {
            let message = Message::parse(frame).unwrap();
            sent.extend(message.as_data().map(|message| message.id().to_string()));
        }
        sent
    };
    assert_eq!(step(0, &["1", "2"], &[]), ["1", "2"]);
    assert!(step(1000, &[], &[]).is_empty());
    assert_eq!(step(1200, &["3"], &[]), ["3"]);
    // They gave way at 1000.
    assert_eq!(step(2000, &[], &[]), ["1", "2"]);
    // The third gives way, and one place is for new ones. It is looked for at 3200, or when it is its turn.
    assert!(step(2200, &[], &[]).is_empty());
    assert_eq!(step(2500, &[], &["1", "2"]), ["3"]);
    assert!(step(3200, &[], &[]).is_empty());
    assert!(step(3500, &[], &[]).is_empty());
    assert_eq!(step(4500, &[], &[]), ["3"]);
}

#[test]
fn a_connection_knows_whose_it_is() {
    let hall = Hall::new(QUIET_SERVER);
    assert_eq!((hall.alice.address(), hall.bob.address()), (ALICE, BOB));
    let mut store = TestStore::default();
    let open = TestConnection::open(&mut store, 7, QUIET_SERVER, 0).unwrap();
    assert_eq!((open.address(), store.undelivered()), (7, 0));
}

#[test]
fn a_connection_says_how_much_room_it_lacks() {
    let mut hall = Hall::new(QUIET_SERVER);
    hall.submit(&frame("1"));
    let needed = frame("1").len();
    let mut out = [0; 64];
    let error = hall
        .bob
        .poll_transmit(&mut hall.store, &mut out[..needed - 1]);
    let room = crate::BufferTooSmall {
        needed,
        capacity: needed - 1,
    };
    assert_eq!(error, Err(ServerError::BufferTooSmall(room)));
    let error = hall.alice.poll_transmit(&mut hall.store, &mut out[..22]);
    let room = crate::BufferTooSmall {
        needed: 23,
        capacity: 22,
    };
    assert_eq!(error, Err(ServerError::BufferTooSmall(room)));
    assert_eq!(hall.transmits(BOB), [frame("1")]);
    assert_eq!(hall.transmits(ALICE), [receipt(100, "1")]);
}

#[test]
fn an_id_that_fills_the_room_for_answers_to_the_byte_is_answered() {
    let mut hall = Hall::new(QUIET_SERVER);
    let id = "i".repeat(47);
    assert_eq!(hall.submit(&frame(&id)), Put::Stored);
    assert_eq!(hall.transmits(ALICE), [receipt(100, &id)]);
}
