use std::format;
use std::string::{String, ToString};
use std::vec::Vec;

use super::super::*;
use super::server::{BOB, QUIET_SERVER, SLOW, submit};
use super::{message, receipt};
use crate::{JsonStr, Message};

/// Clients who send to Bob, many of them under the same ids.
struct Crowd<const WINDOW: usize> {
    store: CrowdStore,
    senders: Vec<ServerConnection<u8, 2, 64>>,
    bob: ServerConnection<u8, WINDOW, 64>,
}

type CrowdStore = MemoryStore<u8, 11, 16, 128>;

/// The addresses of the senders.
const FIRST: u8 = 10;
const LAST: u8 = 19;

/// What is not acknowledged soon gives way, and comes again.
const GIVING_WAY: ServerConfig = ServerConfig {
    resend: Some(SLOW),
    give_way_after: 1000,
    ..QUIET_SERVER
};

impl<const WINDOW: usize> Crowd<WINDOW> {
    /// Bob has been sent whatever there was.
    fn new(config: ServerConfig) -> Self {
        let mut store = MemoryStore::new();
        let open = |who| ServerConnection::open(&mut store, who, config, 0).unwrap();
        let senders = (FIRST..=LAST).map(open).collect();
        let mut crowd = Self {
            senders,
            bob: ServerConnection::open(&mut store, BOB, config, 0).unwrap(),
            store,
        };
        assert_eq!(crowd.transmits(0), []);
        crowd
    }

    fn submit(&mut self, who: u8, id: &str) -> Put {
        let sender = &mut self.senders[usize::from(who - FIRST)];
        let from = who.to_string();
        let frame = message(id).with_from(&*from).to_string();
        let put = submit(sender, &mut self.store, &frame);
        self.tell(who);
        put
    }

    /// A sender is told whatever there is.
    fn tell(&mut self, who: u8) {
        let sender = &mut self.senders[usize::from(who - FIRST)];
        let store = &mut self.store;
        while sender.poll_transmit(store, &mut [0; 64]).unwrap().is_some() {}
    }

    fn submit_all(&mut self, id: &str) {
        for who in FIRST..=LAST {
            assert_eq!(self.submit(who, id), Put::Stored);
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
        let timeout = self.bob.poll_timeout();
        assert!(timeout.is_none_or(|timeout| timeout > now), "{timeout:?}");
        sent
    }

    fn acknowledges(&mut self, id: &str, now: u64) -> Option<u8> {
        let answer = receipt(200, id);
        let store = &mut self.store;
        match self.bob.handle_frame(store, answer.as_bytes(), now) {
            Ok(Handled::Delivered { sender }) => {
                self.tell(sender);
                Some(sender)
            }
            Ok(Handled::Nothing) => None,
            other => panic!("{other:?}"),
        }
    }
}

fn of(who: u8, id: &str) -> (String, u8) {
    (id.into(), who)
}

#[test]
fn one_with_an_id_is_out_however_many_wait_and_however_long() {
    for config in [GIVING_WAY, QUIET_SERVER] {
        let mut crowd = Crowd::<3>::new(config);
        crowd.submit_all("x");
        assert_eq!(crowd.transmits(0), [of(FIRST, "x")]);
        for now in (100..200_000).step_by(100) {
            let sent = crowd.transmits(now);
            assert!(sent.iter().all(|sent| *sent == of(FIRST, "x")), "{now}");
            assert_eq!(
                sent.is_empty(),
                config.resend.is_none() || now % 2000 != 0,
                "{now}"
            );
        }
        assert_eq!(crowd.acknowledges("x", 200_000), Some(FIRST));
        assert_eq!(crowd.acknowledges("x", 200_000), None);
    }
}

#[test]
fn those_that_wait_go_in_their_order_and_others_pass_them() {
    let mut crowd = Crowd::<16>::new(QUIET_SERVER);
    for id in ["x", "y"] {
        crowd.submit_all(id);
    }
    assert_eq!(crowd.transmits(0), [of(FIRST, "x"), of(FIRST, "y")]);
    crowd.submit(LAST, "z");
    assert_eq!(crowd.transmits(0), [of(LAST, "z")]);
    for who in FIRST..LAST {
        assert_eq!(crowd.acknowledges("y", 0), Some(who));
        assert_eq!(crowd.transmits(0), [of(who + 1, "y")]);
    }
    // What comes later is behind them.
    assert_eq!(crowd.acknowledges("z", 0), Some(LAST));
    crowd.submit(FIRST, "z");
    assert_eq!(crowd.acknowledges("x", 0), Some(FIRST));
    let expected = [of(FIRST + 1, "x"), of(FIRST, "z")];
    assert_eq!(crowd.transmits(0), expected);
}

#[test]
fn those_that_wait_come_however_much_comes_behind_them() {
    let mut crowd = Crowd::<2>::new(GIVING_WAY);
    crowd.submit_all("x");
    let mut all = Vec::new();
    // One other is always on its way.
    let mut last = None;
    for turn in 0..400 {
        let now = turn * 500;
        let id = (100 + turn).to_string();
        crowd.submit(FIRST, &id);
        all.extend(crowd.transmits(now));
        if let Some(last) = last.replace(id) {
            assert!(crowd.acknowledges(&last, now).is_some());
        }
        crowd.acknowledges("x", now);
    }
    for who in FIRST..=LAST {
        assert!(all.contains(&of(who, "x")), "{who}");
    }
}

#[test]
fn what_gave_way_comes_again_however_much_is_new() {
    let mut crowd = Crowd::<2>::new(GIVING_WAY);
    crowd.submit(FIRST, "x");
    assert_eq!(crowd.transmits(0), [of(FIRST, "x")]);
    assert_eq!(crowd.transmits(1000), []);
    crowd.submit(FIRST + 1, "x");
    let mut new = 0;
    let mut times = Vec::new();
    for turn in 0..100 {
        let now = 1000 + turn * 100;
        let id = turn.to_string();
        crowd.submit(LAST, &id);
        for (id, who) in crowd.transmits(now) {
            if who == LAST {
                new += 1;
                assert_eq!(crowd.acknowledges(&id, now), Some(LAST));
            } else {
                assert_eq!((&*id, who), ("x", FIRST));
                times.push(now);
            }
        }
    }
    // And however often it comes, the others do too.
    assert_eq!(
        (new, times),
        (100, std::vec![2000, 4000, 6000, 8000, 10_000])
    );
}

#[test]
fn new_ones_and_those_that_gave_way_take_turns_at_a_single_place() {
    let mut crowd = Crowd::<1>::new(GIVING_WAY);
    for id in ["1", "2"] {
        crowd.submit(FIRST, id);
    }
    let mut sent = Vec::new();
    for now in (0..12_000).step_by(1000) {
        if now == 4000 {
            for id in ["3", "4", "5"] {
                crowd.submit(LAST, id);
            }
        }
        sent.extend(crowd.transmits(now).into_iter().map(|(id, _)| id));
    }
    // The round goes on with each new one that gave way in the meantime.
    assert_eq!(sent.join(" "), "1 2 1 2 3 3 4 4 5 5 1 2");
}

#[test]
fn a_late_200_is_for_what_gave_way_whatever_waits() {
    let mut crowd = Crowd::<16>::new(QUIET_SERVER);
    crowd.submit_all("x");
    crowd.submit(FIRST, "late");
    assert_eq!(crowd.transmits(0), [of(FIRST, "x"), of(FIRST, "late")]);
    assert_eq!(crowd.transmits(60_000), []);
    assert_eq!(crowd.acknowledges("late", 60_000), Some(FIRST));
    assert_eq!(crowd.acknowledges("late", 60_000), None);
    // And those that wait for it need not wait longer.
    assert_eq!(crowd.acknowledges("x", 60_000), Some(FIRST));
    assert_eq!(crowd.transmits(60_000), [of(FIRST + 1, "x")]);
}

#[test]
fn what_gave_way_comes_again_on_the_next_connection_alone_where_nothing_is_lost() {
    let mut crowd = Crowd::<4>::new(QUIET_SERVER);
    crowd.submit(FIRST, "stays");
    assert_eq!(crowd.transmits(0), [of(FIRST, "stays")]);
    assert_eq!(crowd.transmits(60_000), []);
    crowd.submit_all("x");
    for who in FIRST..=LAST {
        assert_eq!(crowd.transmits(60_000), [of(who, "x")]);
        assert_eq!(crowd.acknowledges("x", 60_000), Some(who));
    }
    assert_eq!(crowd.transmits(1_000_000), []);
    crowd.bob = ServerConnection::open(&mut crowd.store, BOB, QUIET_SERVER, 0).unwrap();
    assert_eq!(crowd.transmits(0), [of(FIRST, "stays")]);
}

#[test]
fn a_round_of_what_gave_way_gets_to_its_end() {
    let mut crowd = Crowd::<2>::new(GIVING_WAY);
    // Bob can't take these; nor is he there when the last is sent.
    for id in ["1", "2", "3", "4", "lost"] {
        crowd.submit(FIRST, id);
    }
    let mut sent = Vec::new();
    for now in (0..20_000).step_by(100) {
        sent.extend(crowd.transmits(now).into_iter().map(|(id, _)| id));
    }
    for id in ["1", "2", "3", "4", "lost"] {
        let count = sent.iter().filter(|sent| *sent == id).count();
        assert!(count >= 4, "{sent:?}");
    }
}

#[test]
fn an_id_rests_after_each_that_may_be_acknowledged_again() {
    let mut crowd = Crowd::<4>::new(ServerConfig {
        resend: Some(SLOW),
        ..QUIET_SERVER
    });
    crowd.submit_all("x");
    let mut now = 0;
    for who in FIRST..=LAST {
        assert_eq!(crowd.transmits(now), [of(who, "x")]);
        now += 500;
        assert_eq!(crowd.acknowledges("x", now), Some(who));
        for time in [now, now + 9999] {
            assert_eq!(crowd.transmits(time), []);
            assert_eq!(crowd.acknowledges("x", time), None);
        }
        assert_eq!(
            crowd.bob.poll_timeout(),
            (who < LAST).then_some(now + 10_000)
        );
        now += 10_000;
    }
}

#[test]
fn the_ids_of_the_last_32_rest() {
    for others in [31_u8, 32] {
        let mut crowd = Crowd::<4>::new(ServerConfig {
            resend: Some(SLOW),
            ..QUIET_SERVER
        });
        let ids = (0..others).map(|number| format!("other {number}"));
        for id in core::iter::once("x".to_string()).chain(ids) {
            crowd.submit(FIRST, &id);
            assert_eq!(crowd.transmits(0), [of(FIRST, &id)]);
            assert_eq!(crowd.acknowledges(&id, 0), Some(FIRST));
        }
        crowd.submit(LAST, "x");
        assert_eq!(crowd.transmits(0).is_empty(), others == 31);
    }
}

#[test]
fn an_output_that_is_too_short_changes_nothing() {
    let mut crowd = Crowd::<2>::new(GIVING_WAY);
    crowd.submit(FIRST, "1");
    crowd.submit(FIRST + 1, "1");
    let is_refused = |crowd: &mut Crowd<2>| {
        let mut out = [0; 8];
        let transmit = crowd.bob.poll_transmit(&mut crowd.store, &mut out);
        matches!(transmit, Err(ServerError::BufferTooSmall(_)))
    };
    assert!(is_refused(&mut crowd));
    assert_eq!(crowd.acknowledges("1", 0), None);
    assert_eq!(crowd.transmits(0), [of(FIRST, "1")]);
    // Nothing is written for one that waits.
    let mut out = [0; 8];
    let transmit = crowd.bob.poll_transmit(&mut crowd.store, &mut out);
    assert_eq!(transmit, Ok(None));
    assert_eq!(crowd.transmits(1000), []);
    crowd.bob.handle_timeout(2000);
    assert!(is_refused(&mut crowd));
    assert_eq!(crowd.transmits(2000), [of(FIRST, "1")]);

    let resend = Some(Resend {
        first: 500,
        max: 500,
    });
    let mut crowd = Crowd::<2>::new(ServerConfig {
        resend,
        ..QUIET_SERVER
    });
    crowd.submit(FIRST, "1");
    assert_eq!(crowd.transmits(0), [of(FIRST, "1")]);
    crowd.bob.handle_timeout(500);
    assert!(is_refused(&mut crowd));
    assert_eq!(crowd.transmits(500), [of(FIRST, "1")]);
    assert_eq!(crowd.transmits(500), []);
}

/// A store that counts how often it is asked what may be sent, and from which messages vanish, which none should do.
struct Watched {
    store: CrowdStore,
    looks: usize,
    leaks: bool,
}

impl Watched {
    fn new() -> Self {
        Self {
            store: MemoryStore::new(),
            looks: 0,
            leaks: false,
        }
    }
}

impl Store for Watched {
    type Address = u8;
    type Error = PeersFull;

    fn open(&mut self, address: u8, takeover: bool) -> Result<Option<Lease<u8>>, PeersFull> {
        self.store.open(address, takeover)
    }

    fn close(&mut self, lease: &Lease<u8>) -> Result<(), PeersFull> {
        self.store.close(lease)
    }

    fn put(
        &mut self,
        lease: &Lease<u8>,
        message: NewMessage<'_, u8>,
    ) -> Result<Put, StoreError<PeersFull>> {
        self.store.put(lease, message)
    }

    fn next(
        &mut self,
        lease: &Lease<u8>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.looks += 1;
        self.store.next(lease, after)
    }

    fn mark_sent(&mut self, lease: &Lease<u8>, sequence: u64) -> Result<(), StoreError<PeersFull>> {
        self.store.mark_sent(lease, sequence)
    }

    fn next_sent(
        &mut self,
        lease: &Lease<u8>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        let queued = self.store.next_sent(lease, after)?;
        Ok(queued.filter(|_| !self.leaks))
    }

    fn acknowledge(
        &mut self,
        lease: &Lease<u8>,
        id: JsonStr<'_>,
    ) -> Result<Option<Acknowledged<u8>>, StoreError<PeersFull>> {
        self.store.acknowledge(lease, id)
    }

    fn next_delivered(
        &mut self,
        lease: &Lease<u8>,
    ) -> Result<Option<(u64, JsonStr<'_>)>, StoreError<PeersFull>> {
        self.store.next_delivered(lease)
    }

    fn tell_delivered(
        &mut self,
        lease: &Lease<u8>,
        sequence: u64,
    ) -> Result<(), StoreError<PeersFull>> {
        self.store.tell_delivered(lease, sequence)
    }
}

#[test]
fn a_message_is_found_at_once_however_many_wait() {
    let mut store = Watched::new();
    let mut bob = ServerConnection::<u8, 4, 64>::open(&mut store, BOB, QUIET_SERVER, 0).unwrap();
    for who in FIRST..=LAST {
        let mut sender =
            ServerConnection::<u8, 2, 64>::open(&mut store, who, QUIET_SERVER, 0).unwrap();
        for id in ["x", "y"] {
            let frame = message(id).to_string();
            assert_eq!(submit(&mut sender, &mut store, &frame), Put::Stored);
        }
    }
    let mut out = [0; 128];
    while bob.poll_transmit(&mut store, &mut out).unwrap().is_some() {}
    for _ in FIRST..LAST {
        for id in ["x", "y"] {
            let answer = receipt(200, id);
            let handled = bob.handle_frame(&mut store, answer.as_bytes(), 0).unwrap();
            assert!(matches!(handled, Handled::Delivered { .. }));
            store.looks = 0;
            let frame = bob.poll_transmit(&mut store, &mut out).unwrap().unwrap();
            let message = Message::parse(frame).unwrap();
            assert_eq!(message.as_data().unwrap().id(), id);
            assert_eq!(store.looks, 1);
        }
    }
    assert_eq!(bob.poll_transmit(&mut store, &mut out), Ok(None));
    assert_eq!(store.looks, 2);
}

#[test]
fn what_has_vanished_is_not_sent_again() {
    let mut store = Watched::new();
    let config = ServerConfig {
        resend: Some(Resend {
            first: 500,
            max: 20_000,
        }),
        ..QUIET_SERVER
    };
    let mut bob = ServerConnection::<u8, 2, 64>::open(&mut store, BOB, config, 0).unwrap();
    let own = message("1").with_from("bob").to_string();
    assert_eq!(submit(&mut bob, &mut store, &own), Put::Stored);
    let mut out = [0; 128];
    let mut count = 0;
    while bob.poll_transmit(&mut store, &mut out).unwrap().is_some() {
        count += 1;
    }
    assert_eq!(count, 3);
    store.leaks = true;
    let (mut turns, mut last) = (0, 0);
    while let Some(timeout) = bob.poll_timeout() {
        assert!(timeout > last);
        last = timeout;
        turns += 1;
        bob.handle_timeout(timeout);
        assert_eq!(bob.poll_transmit(&mut store, &mut out), Ok(None));
    }
    // After 500 ms, 1.5 s, 3.5 s, 7.5 s, 15.5 s, 31.5 s and 51.5 s; then it gives way, and is looked for once.
    assert_eq!((turns, last), (9, 120_000));
}

/// Random steps, and at the end Bob acknowledges everything.
fn try_random<const WINDOW: usize>(seed: u64, senders: u8, ids: u8) {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    let mut roll = move |limit: u8| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        u8::try_from((state >> 11) % u64::from(limit)).unwrap()
    };
    let quick = Resend {
        first: 300,
        max: 1000,
    };
    let config = ServerConfig {
        resend: [None, Some(SLOW), Some(quick)][usize::from(roll(3))],
        give_way_after: [1000, 5000][usize::from(roll(2))],
        id_pause: [0, 500, 3000][usize::from(roll(3))],
        ..QUIET_SERVER
    };
    let at = format!("seed {seed}: {senders} senders, {ids} ids, {config:?}");
    let mut crowd = Crowd::<WINDOW>::new(config);
    let (mut now, mut queued, mut out) = (0, 0, Vec::<(String, u8)>::new());
    let send = |crowd: &mut Crowd<WINDOW>, out: &mut Vec<(String, u8)>, now| {
        for sent in crowd.transmits(now) {
            out.retain(|other| *other != sent);
            assert!(out.iter().all(|(id, _)| *id != sent.0), "{at}: {sent:?}");
            out.push(sent);
        }
    };
    let acknowledge = |crowd: &mut Crowd<WINDOW>, out: &mut Vec<(String, u8)>, id: &str, now| {
        let place = out.iter().position(|(other, _)| *other == id);
        let expected = place.map(|place| out.swap_remove(place).1);
        assert_eq!(crowd.acknowledges(id, now), expected, "{at}: {id}");
        u32::from(expected.is_some())
    };
    for _ in 0..100 {
        match roll(8) {
            0..=3 => {
                let who = FIRST + roll(senders);
                let put = crowd.submit(who, &roll(ids).to_string());
                queued += u32::from(put == Put::Stored);
            }
            4 | 5 => {
                now += [0, 100, 1000, 7000][usize::from(roll(4))];
                send(&mut crowd, &mut out, now);
            }
            _ => queued -= acknowledge(&mut crowd, &mut out, &roll(ids).to_string(), now),
        }
    }
    for _ in 0..400 {
        send(&mut crowd, &mut out, now);
        for (id, _) in out.clone() {
            queued -= acknowledge(&mut crowd, &mut out, &id, now);
        }
        now += 500;
    }
    assert_eq!((crowd.store.undelivered(), queued), (0, 0), "{at}");
}

#[test]
fn whoever_sends_what_all_is_acknowledged_by_whom_it_was_sent_to() {
    for seed in 0..100 {
        for (senders, ids) in [(10, 4), (2, 7)] {
            try_random::<1>(seed, senders, ids);
            try_random::<2>(seed, senders, ids);
            try_random::<8>(seed, senders, ids);
        }
    }
}
