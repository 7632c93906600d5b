use std::string::{String, ToString};
use std::vec::Vec;

use super::super::*;
use super::server::{ALICE, BOB, QUIET_SERVER, SLOW, submit};
use super::{message, receipt};
use crate::Message;

/// Three clients who send to Bob, so much under the same ids that some of it can't be held back.
struct Crowd {
    store: MemoryStore<u8, 4, 16, 128>,
    senders: [ServerConnection<u8, 16, 64>; 3],
    bob: ServerConnection<u8, 16, 64>,
}

const CROWD: [u8; 3] = [ALICE, 3, 4];

/// As many ids as messages can be held back.
const OTHERS: [&str; 8] = ["1", "2", "3", "4", "5", "6", "7", "8"];

impl Crowd {
    fn new(config: ServerConfig) -> Self {
        let mut store = MemoryStore::new();
        Self {
            senders: CROWD.map(|who| ServerConnection::open(&mut store, who, config, 0).unwrap()),
            bob: ServerConnection::open(&mut store, BOB, config, 0).unwrap(),
            store,
        }
    }

    fn submit(&mut self, who: u8, ids: &[&str]) {
        let place = CROWD.iter().position(|sender| *sender == who).unwrap();
        let sender = &mut self.senders[place];
        for id in ids {
            let from = who.to_string();
            let frame = message(id).with_from(&*from).to_string();
            assert_eq!(submit(sender, &mut self.store, &frame), Put::Stored);
            while sender
                .poll_transmit(&mut self.store, &mut [0; 64])
                .unwrap()
                .is_some()
            {}
        }
    }

    /// The ids and senders of what Bob is sent at this time.
    fn transmits(&mut self, now: u64) -> Vec<(String, u8)> {
        self.bob.handle_timeout(now);
        let mut sent = Vec::new();
        let mut out = [0; 128];
        while let Some(frame) = self.bob.poll_transmit(&mut self.store, &mut out).unwrap() {
            let message = Message::parse(frame).unwrap();
            let Some(message) = message.as_data() else {
                continue;
            };
            let from = message.from().unwrap().to_string();
            sent.push((message.id().to_string(), from.parse().unwrap()));
        }
        sent
    }

    fn acknowledges(&mut self, id: &str, now: u64) -> Option<u8> {
        let answer = receipt(200, id);
        match self
            .bob
            .handle_frame(&mut self.store, answer.as_bytes(), now)
        {
            Ok(Handled::Delivered { sender }) => Some(sender),
            Ok(Handled::Nothing) => None,
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn a_200_that_comes_twice_is_for_nothing_that_was_never_sent() {
    // Where it may come twice.
    let mut crowd = Crowd::new(ServerConfig {
        resend: Some(SLOW),
        ..QUIET_SERVER
    });
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS);
        crowd.submit(who, &["x"]);
    }
    let sent = crowd.transmits(0);
    assert!(sent.len() == 9 && sent.iter().all(|(_, who)| *who == ALICE));
    assert_eq!(crowd.acknowledges("x", 0), Some(ALICE));
    assert_eq!(crowd.acknowledges("x", 9_999), None);

    // Where it may not, and one waits for its turn.
    let mut crowd = Crowd::new(QUIET_SERVER);
    let _ready = crowd.transmits(0);
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS[1..]);
        crowd.submit(who, &["x"]);
    }
    crowd.submit(4, &["x"]);
    assert_eq!(crowd.transmits(0).len(), 8);
    assert_eq!(crowd.acknowledges("x", 0), Some(ALICE));
    assert_eq!(crowd.acknowledges("x", 0), None);
    assert_eq!(crowd.transmits(0), [("x".into(), 3)]);
    // When there is room for the last one, it is held back.
    for id in &OTHERS[1..] {
        assert_eq!(crowd.acknowledges(id, 0), Some(ALICE));
        assert_eq!(crowd.transmits(0), [((*id).into(), 3)]);
    }
    assert_eq!(crowd.acknowledges("x", 0), Some(3));
    assert_eq!(crowd.transmits(0), [("x".into(), 4)]);
    assert_eq!(crowd.acknowledges("x", 0), Some(4));
}

#[test]
fn an_id_rests_for_those_that_could_not_be_held_back() {
    let mut crowd = Crowd::new(ServerConfig {
        resend: Some(SLOW),
        give_way_after: 1000,
        ..QUIET_SERVER
    });
    crowd.submit(ALICE, &OTHERS);
    crowd.submit(ALICE, &["x"]);
    crowd.submit(3, &OTHERS);
    for who in [3, 4] {
        crowd.submit(who, &["x"]);
    }
    assert_eq!(crowd.transmits(0).len(), 9);
    assert_eq!(crowd.acknowledges("x", 0), Some(ALICE));
    // There is room from now on.
    for id in OTHERS {
        assert_eq!(crowd.acknowledges(id, 0), Some(ALICE));
    }
    for now in (100..10_000).step_by(100) {
        assert!(crowd.transmits(now).is_empty(), "{now}");
    }
    let mut sent = crowd.transmits(10_000);
    sent.sort();
    assert!(sent.contains(&("x".into(), 3)) && !sent.contains(&("x".into(), 4)));
    assert_eq!(crowd.acknowledges("x", 10_000), Some(3));
    for now in (10_100..20_000).step_by(100) {
        assert!(!crowd.transmits(now).contains(&("x".into(), 4)), "{now}");
    }
    assert!(crowd.transmits(20_000).contains(&("x".into(), 4)));
}

#[test]
fn two_that_rest_do_not_go_together() {
    let mut crowd = Crowd::new(ServerConfig {
        resend: Some(SLOW),
        give_way_after: 1000,
        ..QUIET_SERVER
    });
    let others = &OTHERS[1..];
    for who in [ALICE, 3] {
        crowd.submit(who, others);
        crowd.submit(who, &["x"]);
    }
    // There is no room to hold it back, for 10 seconds.
    crowd.submit(4, &["x"]);
    assert_eq!(crowd.transmits(0).len(), 8);
    for id in others {
        assert_eq!(crowd.acknowledges(id, 0), Some(ALICE));
    }
    let is_sent = |crowd: &mut Crowd, who, from: u64, to: u64| {
        let mut times = (from..to).step_by(100);
        times.any(|now| crowd.transmits(now).contains(&("x".into(), who)))
    };
    assert!(is_sent(&mut crowd, ALICE, 100, 5000));
    assert_eq!(crowd.acknowledges("x", 5000), Some(ALICE));
    assert!(!is_sent(&mut crowd, 3, 5100, 15_000));
    assert!(crowd.transmits(15_000).contains(&("x".into(), 3)));
    assert!(!is_sent(&mut crowd, 4, 15_100, 18_000));
    assert_eq!(crowd.acknowledges("x", 18_000), Some(3));
    assert!(!is_sent(&mut crowd, 4, 18_100, 28_000));
    assert!(is_sent(&mut crowd, 4, 28_000, 30_000));
}

#[test]
fn of_those_that_were_left_the_first_is_out() {
    let mut crowd = Crowd::new(QUIET_SERVER);
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS);
        crowd.submit(who, &["x"]);
        assert!(
            crowd
                .transmits(0)
                .iter()
                .all(|(_, sender)| *sender == ALICE)
        );
    }
    assert!(crowd.transmits(60_000).is_empty());
    // Alice's has given way, and there was no room to hold the other back.
    for id in OTHERS.iter().chain(&["x"]) {
        assert_eq!(crowd.acknowledges(id, 60_000), Some(ALICE));
        assert_eq!(crowd.acknowledges(id, 60_000), None);
    }
    let sent = crowd.transmits(70_000);
    assert_eq!(sent.len(), 9);
    assert!(sent.iter().all(|(_, sender)| *sender == 3));
    assert_eq!(crowd.acknowledges("x", 70_000), Some(3));
}

#[test]
fn the_first_of_those_that_wait_goes_first() {
    let mut crowd = Crowd::new(QUIET_SERVER);
    assert!(crowd.transmits(0).is_empty());
    crowd.submit(ALICE, &OTHERS);
    crowd.submit(ALICE, &["x"]);
    crowd.submit(3, &OTHERS);
    crowd.submit(3, &["x"]);
    assert_eq!(crowd.transmits(0).len(), 9);
    // Now there is room for the one behind it.
    assert_eq!(crowd.acknowledges("1", 0), Some(ALICE));
    assert_eq!(crowd.transmits(0), [("1".into(), 3)]);
    crowd.submit(4, &["x"]);
    assert!(crowd.transmits(0).is_empty());
    assert_eq!(crowd.acknowledges("x", 0), Some(ALICE));
    assert_eq!(crowd.transmits(0), [("x".into(), 3)]);
    // Who knows whether it was sent before.
    assert_eq!(crowd.acknowledges("x", 0), Some(3));
    assert!(crowd.transmits(9_999).is_empty());
    assert_eq!(crowd.transmits(10_000), [("x".into(), 4)]);
    assert_eq!(crowd.acknowledges("x", 10_000), Some(4));
}

#[test]
fn what_was_dropped_takes_no_room_from_what_is_held_back() {
    let mut crowd = Crowd::new(QUIET_SERVER);
    assert!(crowd.transmits(0).is_empty());
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS);
    }
    assert_eq!(crowd.transmits(0).len(), 8);
    assert_eq!(crowd.store.discard(BOB), 16);
    crowd.submit(4, &["1"]);
    assert!(crowd.transmits(0).is_empty());
    assert_eq!(crowd.transmits(60_000), [("1".into(), 4)]);
    assert!(crowd.transmits(120_000).is_empty());
    assert_eq!(crowd.acknowledges("1", 120_000), Some(4));
}

#[test]
fn what_was_never_sent_is_not_acknowledged() {
    let mut crowd = Crowd::new(QUIET_SERVER);
    assert!(crowd.transmits(0).is_empty());
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS);
        crowd.submit(who, &["x"]);
    }
    assert_eq!(crowd.transmits(0).len(), 9);
    assert_eq!(crowd.acknowledges("x", 0), Some(ALICE));
    assert_eq!(crowd.acknowledges("x", 0), None);
    for id in OTHERS {
        assert_eq!(crowd.acknowledges(id, 0), Some(ALICE));
    }
    assert_eq!(crowd.transmits(0).last(), Some(&("x".into(), 3)));
    assert_eq!(crowd.acknowledges("x", 0), Some(3));
}

#[test]
fn what_was_left_rests_as_well() {
    let mut crowd = Crowd::new(ServerConfig {
        resend: Some(SLOW),
        give_way_after: 1000,
        ..QUIET_SERVER
    });
    for who in [ALICE, 3] {
        crowd.submit(who, &OTHERS);
        crowd.submit(who, &["x"]);
    }
    assert_eq!(crowd.transmits(0).len(), 9);
    for id in OTHERS {
        assert_eq!(crowd.acknowledges(id, 0), Some(ALICE));
    }
    assert_eq!(crowd.acknowledges("x", 5000), Some(ALICE));
    // There is room now, and it is looked for while its id rests.
    let sent = crowd.transmits(10_000);
    assert!(sent.len() == 8 && sent.iter().all(|(id, _)| id != "x"));
    assert!(!crowd.transmits(14_999).contains(&("x".into(), 3)));
    assert!(crowd.transmits(15_000).contains(&("x".into(), 3)));
}
