//! What every store promises, tried on both that there are.

use std::collections::HashMap;
use std::fmt::Debug;

use bachata_std::core::delivery::MemoryStore as FixedStore;
use bachata_std::delivery::{
    Acknowledged, Lease, MemoryStore, NewMessage, Put, Queued, Store, StoreError, StoreLimits,
};

const PEERS: usize = 4;
const MESSAGES: usize = 5;
const FRAME_LEN: usize = 64;

fn grown() -> MemoryStore<u8> {
    MemoryStore::new(StoreLimits {
        peers: PEERS,
        messages: MESSAGES,
        bytes: MESSAGES * FRAME_LEN,
    })
}

fn fixed() -> Box<FixedStore<u8, PEERS, MESSAGES, FRAME_LEN>> {
    Box::new(FixedStore::new())
}

fn frame(id: &str) -> Vec<u8> {
    format!(r#"{{"id":"{id}","type":"t","time":0,"data":"x"}}"#).into_bytes()
}

fn put<S: Store<Address = u8>>(
    store: &mut S,
    lease: &Lease<u8>,
    receiver: u8,
    id: &str,
    fingerprint: u64,
) -> Result<Put, StoreError<S::Error>> {
    let message = NewMessage {
        receiver,
        id: id.into(),
        fingerprint,
        frame: &frame(id),
    };
    store.put(lease, message)
}

/// A message that was found: its sequence, id and frame.
type Found = (u64, String, Vec<u8>);

fn found(queued: Queued<'_>) -> Found {
    let id = queued.id.chars().collect();
    (queued.sequence, id, queued.frame.to_vec())
}

/// The next message that may be sent.
fn next<S: Store<Address = u8>>(
    store: &mut S,
    lease: &Lease<u8>,
    after: u64,
) -> Result<Option<Found>, StoreError<S::Error>> {
    Ok(store.next(lease, after)?.map(found))
}

/// The next message that was sent.
fn next_sent<S: Store<Address = u8>>(
    store: &mut S,
    lease: &Lease<u8>,
    after: u64,
) -> Result<Option<Found>, StoreError<S::Error>> {
    Ok(store.next_sent(lease, after)?.map(found))
}

/// The first message to the holder is sent and acknowledged: its sequence.
fn deliver<S: Store<Address = u8>>(store: &mut S, lease: &Lease<u8>) -> u64
where
    S::Error: Debug,
{
    let (sequence, id, ..) = next(store, lease, 0).unwrap().unwrap();
    store.mark_sent(lease, sequence).unwrap();
    let acknowledged = store.acknowledge(lease, (&*id).into()).unwrap();
    assert_eq!(acknowledged.unwrap().sequence, sequence);
    sequence
}

fn open<S: Store<Address = u8>>(store: &mut S, address: u8) -> Lease<u8>
where
    S::Error: Debug,
{
    store.open(address, true).unwrap().unwrap()
}

fn promises<S: Store<Address = u8>>(mut make: impl FnMut() -> S)
where
    S::Error: Debug + PartialEq,
{
    leases(&mut make());
    order(&mut make());
    turns(&mut make());
    ids(&mut make());
    shares(&mut make());
    addresses(&mut make());
    absence(&mut make());
}

fn leases<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let first = store.open(1, false).unwrap().unwrap();
    assert!(store.open(1, false).unwrap().is_none());
    assert_eq!(put(store, &first, 2, "a", 1), Ok(Put::Stored));
    let second = store.open(1, true).unwrap().unwrap();
    assert!(first.epoch < second.epoch);

    // A void lease does nothing, whatever it is used for.
    assert_eq!(put(store, &first, 2, "b", 1), Err(StoreError::Superseded));
    assert_eq!(next(store, &first, 0), Err(StoreError::Superseded));
    assert_eq!(next_sent(store, &first, 0), Err(StoreError::Superseded));
    assert_eq!(store.mark_sent(&first, 1), Err(StoreError::Superseded));
    assert_eq!(
        store.acknowledge(&first, "a".into()),
        Err(StoreError::Superseded)
    );
    assert!(matches!(
        store.next_delivered(&first),
        Err(StoreError::Superseded)
    ));
    assert_eq!(store.tell_delivered(&first, 1), Err(StoreError::Superseded));
    store.close(&first).unwrap();
    assert_eq!(put(store, &second, 2, "a", 1), Ok(Put::Known));
    store.close(&second).unwrap();
    assert_eq!(put(store, &second, 2, "a", 1), Err(StoreError::Superseded));
    let third = store.open(1, false).unwrap().unwrap();
    assert_eq!(put(store, &third, 2, "a", 1), Ok(Put::Known));
}

fn order<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let (one, two, three) = (open(store, 1), open(store, 2), open(store, 3));
    // Also to one who is not here.
    for (sender, id, receiver) in [
        (&one, "a", 3),
        (&two, "b", 3),
        (&one, "c", 3),
        (&one, "d", 2),
        (&one, "e", 9),
    ] {
        assert_eq!(put(store, sender, receiver, id, 1), Ok(Put::Stored));
    }
    let mut found = Vec::new();
    let mut after = 0;
    while let Some((sequence, id, bytes)) = next(store, &three, after).unwrap() {
        assert!(sequence > after && sequence > three.epoch);
        assert_eq!(bytes, frame(&id));
        after = sequence;
        found.push((sequence, id));
    }
    assert!(next(store, &three, u64::MAX).unwrap().is_none());
    assert!(open(store, 8).epoch > after);
    assert_eq!(
        found.iter().map(|(_, id)| &**id).collect::<Vec<_>>(),
        ["a", "b", "c"]
    );

    // Only its receiver acknowledges a message, when it was sent, and once.
    let (sequence, _) = found[1];
    assert_eq!(store.acknowledge(&three, "b".into()), Ok(None));
    for other in [&one, &two] {
        store.mark_sent(other, sequence).unwrap();
        assert_eq!(store.acknowledge(&three, "b".into()), Ok(None));
    }
    store.mark_sent(&three, sequence).unwrap();
    assert_eq!(store.acknowledge(&two, "b".into()), Ok(None));
    let expected = Acknowledged {
        sequence,
        sender: 2,
    };
    assert_eq!(store.acknowledge(&three, "b".into()), Ok(Some(expected)));
    assert_eq!(store.acknowledge(&three, "b".into()), Ok(None));
    // What is delivered is not sent any more.
    store.mark_sent(&three, sequence).unwrap();
    assert_eq!(store.acknowledge(&three, "b".into()), Ok(None));
    assert_eq!(next(store, &three, found[0].0).unwrap().unwrap().1, "c");

    // Only its sender is told, until it says that it was.
    assert!(store.next_delivered(&one).unwrap().is_none());
    for _ in 0..2 {
        let (told, id) = store.next_delivered(&two).unwrap().unwrap();
        assert_eq!(
            (told, id.chars().collect::<String>()),
            (sequence, "b".to_owned())
        );
    }
    store.tell_delivered(&one, sequence).unwrap();
    assert!(store.next_delivered(&two).unwrap().is_some());
    store.tell_delivered(&two, sequence).unwrap();
    assert!(store.next_delivered(&two).unwrap().is_none());
    assert_eq!(put(store, &two, 3, "b", 1), Ok(Put::Delivered));
}

fn turns<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let [one, two, three, four] = [1, 2, 3, 4].map(|address| open(store, address));
    for (sender, receiver, id) in [
        (&one, 3, "a"),
        (&two, 3, "a"),
        (&three, 1, "a"),
        (&one, 3, "b"),
        (&four, 3, "a"),
    ] {
        assert_eq!(put(store, sender, receiver, id, 1), Ok(Put::Stored));
    }
    // What may be sent, and what was sent.
    let turns = |store: &mut S, lease: &Lease<u8>| {
        let (mut unsent, mut sent) = (Vec::new(), Vec::new());
        let mut after = 0;
        while let Some((sequence, ..)) = next(store, lease, after).unwrap() {
            unsent.push(sequence);
            after = sequence;
        }
        after = 0;
        while let Some((sequence, id, bytes)) = next_sent(store, lease, after).unwrap() {
            assert_eq!(bytes, frame(&id));
            sent.push(sequence);
            after = sequence;
        }
        (unsent, sent)
    };
    let none = Vec::new();
    let (unsent, sent) = turns(store, &three);
    let [first, other] = unsent[..] else {
        panic!("{unsent:?}")
    };
    assert_eq!(sent, none);
    store.mark_sent(&three, first).unwrap();
    assert_eq!(turns(store, &three), (vec![other], vec![first]));
    // It is there, not delivered, and in the way of nobody else's.
    assert_eq!(put(store, &one, 3, "a", 1), Ok(Put::Known));
    assert_eq!(turns(store, &one).0.len(), 1);
    // Until it is acknowledged, or the lease ends.
    let newer = open(store, 3);
    assert_eq!(turns(store, &newer), (vec![first, other], none.clone()));
    assert_eq!(store.acknowledge(&newer, "a".into()), Ok(None));
    for sequence in [other, first] {
        store.mark_sent(&newer, sequence).unwrap();
    }
    assert_eq!(turns(store, &newer), (none.clone(), vec![first, other]));
    store.close(&newer).unwrap();
    let back = store.open(3, false).unwrap().unwrap();
    assert_eq!(turns(store, &back), (vec![first, other], none.clone()));
    let mut last = 0;
    for sender in [1, 2, 4] {
        let (unsent, sent) = turns(store, &back);
        assert_eq!(sent, none);
        let next = unsent.into_iter().find(|sequence| *sequence != other);
        let sequence = next.unwrap();
        assert!(sequence > last);
        last = sequence;
        store.mark_sent(&back, sequence).unwrap();
        let expected = Acknowledged { sequence, sender };
        assert_eq!(store.acknowledge(&back, "a".into()), Ok(Some(expected)));
    }
    assert_eq!(turns(store, &back), (vec![other], none));
}

fn ids<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let (one, two) = (open(store, 1), open(store, 2));
    assert_eq!(put(store, &one, 2, "a", 1), Ok(Put::Stored));
    assert_eq!(put(store, &one, 2, "a", 1), Ok(Put::Known));
    assert_eq!(put(store, &one, 2, "a", 2), Ok(Put::Conflict));
    // An id is its sender's own.
    assert_eq!(put(store, &two, 1, "a", 2), Ok(Put::Stored));
    let sequence = deliver(store, &two);
    assert_eq!(put(store, &one, 2, "a", 1), Ok(Put::Delivered));
    assert_eq!(put(store, &one, 2, "a", 2), Ok(Put::Conflict));
    assert!(next(store, &two, 0).unwrap().is_none());
    // And the one who was away is told when it is back.
    store.close(&one).unwrap();
    let one = open(store, 1);
    assert_eq!(store.next_delivered(&one).unwrap().unwrap().0, sequence);
}

fn shares<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let (one, two) = (open(store, 1), open(store, 2));
    for id in 0..MESSAGES {
        assert_eq!(put(store, &one, 2, &id.to_string(), 1), Ok(Put::Stored));
    }
    assert_eq!(put(store, &one, 2, "more", 1), Ok(Put::Full));
    assert_eq!(put(store, &one, 2, "0", 1), Ok(Put::Known));
    // That takes nothing from others.
    assert_eq!(put(store, &two, 1, "own", 1), Ok(Put::Stored));

    // A delivered message has its place until its sender was told.
    let sequence = deliver(store, &two);
    assert_eq!(put(store, &one, 2, "more", 1), Ok(Put::Full));
    assert_eq!(put(store, &one, 2, "0", 1), Ok(Put::Delivered));
    store.tell_delivered(&one, sequence).unwrap();
    assert_eq!(put(store, &one, 2, "0", 1), Ok(Put::Delivered));
    assert_eq!(put(store, &one, 2, "more", 1), Ok(Put::Stored));
    assert_eq!(put(store, &one, 2, "0", 1), Ok(Put::Full));

    let long = NewMessage {
        receiver: 2,
        id: "long".into(),
        fingerprint: 1,
        frame: &[b' '; MESSAGES * FRAME_LEN + 1],
    };
    assert!(matches!(store.put(&two, long), Ok(Put::TooLong(_))));
}

fn addresses<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let leases: Vec<_> = (0..PEERS as u8)
        .map(|address| open(store, address))
        .collect();
    assert!(store.open(100, true).is_err());
    assert_eq!(put(store, &leases[0], 3, "a", 1), Ok(Put::Stored));
    for lease in &leases {
        store.close(lease).unwrap();
    }
    // All but the one with a message on its way make room, the one that was there longest ago first.
    for address in 100..99 + PEERS as u8 {
        open(store, address);
    }
    assert!(store.open(200, true).is_err());
    let back = store.open(0, false).unwrap().unwrap();
    assert_eq!(put(store, &back, 3, "a", 1), Ok(Put::Known));
}

fn absence<S: Store<Address = u8>>(store: &mut S)
where
    S::Error: Debug + PartialEq,
{
    let (one, two, three) = (open(store, 1), open(store, 2), open(store, 3));
    for lease in [&one, &two] {
        assert_eq!(put(store, lease, 3, "a", 1), Ok(Put::Stored));
        let sequence = deliver(store, &three);
        store.tell_delivered(lease, sequence).unwrap();
    }
    // The one that was here longer than the other is not the one that is away longer.
    store.close(&two).unwrap();
    store.close(&one).unwrap();
    for address in [4, 5] {
        open(store, address);
    }
    let one = open(store, 1);
    assert_eq!(put(store, &one, 3, "a", 1), Ok(Put::Delivered));
    assert!(store.open(2, true).is_err());
}

#[test]
fn the_fixed_store_keeps_its_promises() {
    promises(|| *fixed());
}

#[test]
fn the_growing_store_keeps_its_promises() {
    promises(grown);
}

#[test]
fn a_lease_ends_where_what_was_sent_under_it_is_discarded() {
    let mut store = grown();
    let (one, two) = (open(&mut store, 1), open(&mut store, 2));
    assert_eq!(put(&mut store, &one, 2, "a", 1), Ok(Put::Stored));
    assert_eq!(store.discard(2), 1);
    assert_eq!(next(&mut store, &two, 0), Ok(None));
    for id in ["a", "b"] {
        assert_eq!(put(&mut store, &one, 2, id, 1), Ok(Put::Stored));
    }
    let (sequence, ..) = next(&mut store, &two, 0).unwrap().unwrap();
    store.mark_sent(&two, sequence).unwrap();
    assert_eq!((store.discard(1), store.discard(2)), (0, 2));
    assert_eq!(next(&mut store, &two, 0), Err(StoreError::Superseded));
    // Nobody else's; and nothing is left of it.
    assert_eq!(put(&mut store, &one, 2, "a", 1), Ok(Put::Stored));
    let again = store.open(2, false).unwrap().unwrap();
    assert_eq!(store.acknowledge(&again, "a".into()), Ok(None));
    assert_eq!(next(&mut store, &again, 0).unwrap().unwrap().1, "a");
    assert_eq!(next_sent(&mut store, &again, 0), Ok(None));
}

#[test]
fn each_sender_has_its_share_of_bytes() {
    let length = frame("a").len();
    let mut store = MemoryStore::new(StoreLimits {
        bytes: 2 * length,
        ..StoreLimits::default()
    });
    let (one, two) = (open(&mut store, 1), open(&mut store, 2));
    assert_eq!(put(&mut store, &one, 2, "a", 1), Ok(Put::Stored));
    assert_eq!(put(&mut store, &one, 2, "b", 1), Ok(Put::Stored));
    assert_eq!(put(&mut store, &one, 2, "c", 1), Ok(Put::Full));
    assert_eq!(put(&mut store, &two, 1, "c", 1), Ok(Put::Stored));
    // What is delivered takes none, also before its sender was told.
    deliver(&mut store, &two);
    assert_eq!(put(&mut store, &one, 2, "c", 1), Ok(Put::Stored));
}

/// A small random number generator, so that a failure can be repeated.
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (self.0 >> 33) % limit
    }
}

/// The same is asked of both stores, and they give the same answers. Sequences and epochs may be other numbers, in the same order.
#[test]
fn both_stores_answer_alike() {
    let mut answers = HashMap::new();
    for seed in 0..400 {
        let mut dice = Dice(seed);
        let (mut one, mut other) = (fixed(), grown());
        // Leases of both stores, the last sequences that were seen in both, and what comes after the last message that was seen.
        let mut leases: Vec<(Lease<u8>, Lease<u8>)> = Vec::new();
        let mut sequences: Vec<(u64, u64)> = vec![(1 << 60, 1 << 60)];
        for step in 0..300 {
            let what = dice.below(12);
            let at = format!("seed {seed}, step {step}, {what}");
            let answer = if what == 0 || leases.is_empty() {
                let (address, takeover) = (dice.below(6) as u8, dice.below(2) == 0);
                match (one.open(address, takeover), other.open(address, takeover)) {
                    (Ok(Some(one)), Ok(Some(other))) => {
                        leases.push((one, other));
                        "opened".to_owned()
                    }
                    (Ok(None), Ok(None)) => "taken".to_owned(),
                    (Err(one), Err(other)) if one == other => "full".to_owned(),
                    unlike => panic!("{at}: {unlike:?}"),
                }
            } else {
                // Old ones, too; mostly new ones.
                let back = dice.below(dice.0 % 4 + 3).min(leases.len() as u64 - 1) as usize;
                let (lease, same) = leases[leases.len() - 1 - back];
                let place = dice.below(sequences.len() as u64) as usize;
                let (sequence, likewise) = sequences[place];
                match what {
                    1 => {
                        one.close(&lease).unwrap();
                        other.close(&same).unwrap();
                        "closed".to_owned()
                    }
                    2..5 => {
                        let (receiver, id) = (dice.below(6) as u8, dice.below(7).to_string());
                        let fingerprint = dice.below(8) / 7;
                        let put_one = put(&mut *one, &lease, receiver, &id, fingerprint);
                        let put_other = put(&mut other, &same, receiver, &id, fingerprint);
                        assert_eq!(put_one, put_other, "{at}");
                        format!("{put_one:?}")
                    }
                    5..8 => {
                        let whole = dice.below(2) == 0;
                        let after = if whole { (0, 0) } else { (sequence, likewise) };
                        let is_sent = dice.below(3) == 0;
                        let (found, same_found) = if is_sent {
                            (
                                next_sent(&mut *one, &lease, after.0),
                                next_sent(&mut other, &same, after.1),
                            )
                        } else {
                            (
                                next(&mut *one, &lease, after.0),
                                next(&mut other, &same, after.1),
                            )
                        };
                        match (found, same_found) {
                            (Ok(Some(found)), Ok(Some(same_found))) => {
                                let (sequence, id, frame) = found;
                                let (likewise, same_id, same_frame) = same_found;
                                assert_eq!((&id, frame), (&same_id, same_frame), "{at}");
                                sequences.push((sequence, likewise));
                                if !is_sent && dice.below(2) == 0 {
                                    assert_eq!(one.mark_sent(&lease, sequence), Ok(()));
                                    assert_eq!(other.mark_sent(&same, likewise), Ok(()));
                                }
                                format!("next, sent: {is_sent}")
                            }
                            (found, same_found) => {
                                assert_eq!(found, same_found, "{at}");
                                "next none".to_owned()
                            }
                        }
                    }
                    8..10 => {
                        let id = dice.below(7).to_string();
                        let acknowledged = one.acknowledge(&lease, (&*id).into());
                        let same_acknowledged = other.acknowledge(&same, (&*id).into());
                        let sender = |found: Acknowledged<u8>| found.sender;
                        assert_eq!(
                            acknowledged.map(|found| found.map(sender)),
                            same_acknowledged.map(|found| found.map(sender)),
                            "{at}"
                        );
                        format!(
                            "acknowledged {:?}",
                            acknowledged.map(|found| found.is_some())
                        )
                    }
                    _ => {
                        let found = one.next_delivered(&lease);
                        let found = found.map(|found| found.map(|(n, id)| (n, id.to_string())));
                        let same_found = other.next_delivered(&same);
                        let same_found =
                            same_found.map(|found| found.map(|(n, id)| (n, id.to_string())));
                        match (found, same_found) {
                            (Ok(Some(found)), Ok(Some(same_found))) => {
                                assert_eq!(found.1, same_found.1, "{at}");
                                assert_eq!(one.tell_delivered(&lease, found.0), Ok(()));
                                assert_eq!(other.tell_delivered(&same, same_found.0), Ok(()));
                                "told".to_owned()
                            }
                            (found, same_found) => {
                                assert_eq!(found, same_found, "{at}");
                                format!("{found:?}")
                            }
                        }
                    }
                }
            };
            *answers.entry(answer).or_insert(0) += 1;
            assert_eq!(one.undelivered(), other.undelivered(), "{at}");
            if dice.below(100) == 0 {
                let receiver = dice.below(6) as u8;
                assert_eq!(one.discard(receiver), other.discard(receiver), "{at}");
            }
        }
    }
    // It has been everywhere.
    for answer in [
        "opened",
        "taken",
        "full",
        "closed",
        "told",
        "next, sent: false",
        "next, sent: true",
        "next none",
        "Ok(Stored)",
        "Ok(Known)",
        "Ok(Delivered)",
        "Ok(Conflict)",
        "Ok(Full)",
        "Err(Superseded)",
        "acknowledged Ok(true)",
    ] {
        assert!(
            answers.get(answer).is_some_and(|&count| count > 50),
            "{answer}: {answers:?}"
        );
    }
}
