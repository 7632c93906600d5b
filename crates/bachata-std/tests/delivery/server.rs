//! A server and what is said to it.

use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Wake, Waker};
use std::thread;
use std::time::Duration;

use bachata_std::core::JsonStr;
use bachata_std::delivery::{
    Acknowledged, Client, DEFAULT_SERVER_WINDOW, Disconnect, KeepAlive, Lease, NewMessage,
    PeersFull, Put, Queued, Refused, Server, ServerConfig, ServerConnection, Store as _,
    StoreError, StoreLimits,
};

use super::common::*;

fn enter(running: &Running, whom: u8) -> Lines {
    let mut peer = Lines::new(log_in(running.address, whom).unwrap());
    peer.expect(r#"{"type":1000}"#);
    peer
}

const TO_BOB: &str = r#"{"id":"1","type":"note","time":0,"data":"hi","dest":"bob","hops":[1]}"#;

#[test]
fn a_message_goes_from_sender_to_receiver_and_back_goes_the_receipt() {
    let running = Running::start(&store(StoreLimits::default()), ServerConfig::default());
    let (mut alice, mut bob) = (enter(&running, ALICE), enter(&running, BOB));
    // Somebody else's name does not get through; what the protocol does not know does.
    alice.say(&TO_BOB.replace("\"dest\"", "\"from\":\"eve\",\"dest\""));
    alice.expect(r#"{"type":100,"data":"1"}"#);
    bob.expect(
        r#"{"id":"1","type":"note","time":0,"data":"hi","from":"alice","dest":"bob","hops":[1]}"#,
    );
    bob.say(r#"{"type":200,"data":"1"}"#);
    alice.expect(r#"{"type":300,"data":"1"}"#);
    alice.say(r#"{"type":1001,"data":"x"}"#);
    alice.expect(r#"{"type":1002,"data":"x"}"#);
    running.stop();
    assert_eq!((alice.hear(), bob.hear()), (None, None));
}

#[test]
fn a_newer_connection_takes_the_address_over() {
    let running = Running::start(&store(StoreLimits::default()), ServerConfig::default());
    let mut alice = enter(&running, ALICE);
    let mut first = enter(&running, BOB);
    alice.say(TO_BOB);
    assert!(first.hear().is_some());
    let mut second = enter(&running, BOB);
    assert_eq!(first.hear(), None);
    assert!(second.hear().unwrap().contains("hops"));
    second.say(r#"{"type":200,"data":"1"}"#);
    alice.expect(r#"{"type":100,"data":"1"}"#);
    alice.expect(r#"{"type":300,"data":"1"}"#);
    assert!(running.server.is_connected(BOB));
    drop(second);
    until("gone", || !running.server.is_connected(BOB));
    running.stop();
}

#[test]
fn an_address_that_is_taken_is_refused_without_takeover() {
    let config = ServerConfig {
        takeover: false,
        ..ServerConfig::default()
    };
    let running = Running::start(&store(StoreLimits::default()), config);
    let mut first = enter(&running, BOB);
    let mut second = Lines::new(log_in(running.address, BOB).unwrap());
    assert_eq!(second.hear(), None);
    assert!(matches!(running.server.open(BOB), Err(Disconnect::Taken)));
    first.say(r#"{"type":1001}"#);
    first.expect(r#"{"type":1002}"#);
    running.stop();
}

#[test]
fn a_silent_client_is_found_dead() {
    let config = ServerConfig {
        keep_alive: HASTY,
        ..ServerConfig::default()
    };
    let running = Running::start(&store(StoreLimits::default()), config);
    let mut bob = enter(&running, BOB);
    bob.expect(r#"{"type":1001}"#);
    bob.say(r#"{"type":1002}"#);
    bob.expect(r#"{"type":1001}"#);
    while bob.hear().is_some() {}
    until("gone", || !running.server.is_connected(BOB));
    running.stop();
}

#[test]
fn what_the_store_has_no_room_for_waits() {
    let limits = StoreLimits {
        messages: 2,
        ..StoreLimits::default()
    };
    let store = store(limits);
    let running = Running::start(&store, ServerConfig::default());
    let alice = Client::new(config());
    let to = running.address;
    let thread = run(&alice, move || log_in(to, ALICE));
    let deliveries: Vec<_> = (0..20)
        .map(|id| alice.try_send(&message(id, "bob")).unwrap())
        .collect();
    until("full", || store.lock().unwrap().undelivered() == 2);
    let bob = Client::new(config());
    let other = run(&bob, move || log_in(to, BOB));
    let ids: Vec<_> = (0..20).map(|id| id.to_string()).collect();
    assert_eq!(receive(&bob, 20), ids);
    for delivery in deliveries {
        assert!(delivery.wait_timeout(LONG).unwrap().is_ok());
    }
    // On one connection.
    nothing_more(&bob);
    drop((alice, bob));
    thread.join().unwrap();
    other.join().unwrap();
    running.stop();
}

#[test]
fn messages_that_are_released_come_again_on_the_next_connection() {
    let running = Running::start(&store(StoreLimits::default()), ServerConfig::default());
    let (alice, bob) = (Client::new(config()), Client::new(config()));
    let to = running.address;
    let threads = [
        run(&alice, move || log_in(to, ALICE)),
        run(&bob, move || log_in(to, BOB)),
    ];
    let deliveries: Vec<_> = (0..10)
        .map(|id| alice.try_send(&message(id, "bob")).unwrap())
        .collect();
    for _ in 0..DEFAULT_SERVER_WINDOW {
        bob.recv().wait().unwrap().release();
    }
    nothing_more(&bob);
    bob.reconnect();
    let ids: Vec<_> = (0..10).map(|id| id.to_string()).collect();
    assert_eq!(receive(&bob, 10), ids);
    for delivery in deliveries {
        assert!(delivery.wait().is_ok());
    }
    drop((alice, bob));
    for thread in threads {
        thread.join().unwrap();
    }
    running.stop();
}

#[test]
fn who_sends_more_than_may_wait_is_disconnected() {
    let limits = StoreLimits {
        messages: 1,
        ..StoreLimits::default()
    };
    let server = Server::builder(store(limits), ServerConfig::default(), |_, _| Some(BOB))
        .max_backlog(200)
        .build();
    let connection = server.open(ALICE).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut say = |id: u32| {
        let frame = TO_BOB.replace("\"1\"", &format!("\"{id}\""));
        connection.poll_handle_frame(&mut cx, frame.as_bytes())
    };
    for id in 0..3 {
        assert!(matches!(say(id), Poll::Ready(Ok(()))), "{id}");
    }
    assert!(matches!(say(3), Poll::Ready(Err(Disconnect::Overrun))));

    let (near, far) = tcp_pair();
    let driving = thread::spawn(move || server.drive(BOB, near));
    let mut bob = Lines::new(far);
    for id in 0..4 {
        bob.say(&TO_BOB.replace("\"1\"", &format!("\"{id}\"")));
    }
    assert!(matches!(driving.join().unwrap(), Disconnect::Overrun));
}

#[test]
fn who_does_not_take_answers_is_not_read() {
    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    let connection = server.open(ALICE).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let mut handle = |id: u32| {
        let frame = TO_BOB.replace("\"1\"", &format!("\"{id}\""));
        connection.poll_handle_frame(&mut cx, frame.as_bytes())
    };
    for id in 0..15 {
        assert!(matches!(handle(id), Poll::Ready(Ok(()))), "{id}");
    }
    assert!(handle(15).is_pending());
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    for expected in [r#"{"type":1000}"#, r#"{"type":100,"data":"0"}"#] {
        frames.clear();
        assert!(connection.poll_transmit(&mut cx, &mut frames).is_ready());
        assert_eq!(frames, expected.as_bytes());
    }
    assert!(handle(15).is_ready());
}

#[test]
fn frames_that_come_to_nothing_are_reported() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let refused = seen.clone();
    let route = |_, message: &bachata_std::core::DataMessage<'_>| {
        message.dest().filter(|dest| *dest == "bob").map(|_| BOB)
    };
    let server = Server::builder(
        store(StoreLimits::default()),
        ServerConfig::default(),
        route,
    )
    .max_frame_len(1000)
    .on_refused(move |address, error| {
        assert_eq!(address, ALICE);
        refused.lock().unwrap().push(*error);
    })
    .build_with_capacity::<8, 64>();
    let (near, far) = tcp_pair();
    let driving = thread::spawn(move || server.drive(ALICE, near));
    let mut alice = Lines::new(far);
    alice.expect(r#"{"type":1000}"#);
    alice.say(TO_BOB);
    alice.expect(r#"{"type":100,"data":"1"}"#);
    alice.say("{oops");
    alice.say(&TO_BOB.replace("\"hi\"", &format!("\"{}\"", "x".repeat(1000))));
    alice.say(&TO_BOB.replace("\"1\"", &format!("\"{}\"", "x".repeat(48))));
    alice.say(&TO_BOB.replace("bob", "nobody"));
    alice.say(&TO_BOB.replace("hi", "hello"));
    alice.say(r#"{"type":1001}"#);
    alice.expect(r#"{"type":1002}"#);
    let seen = seen.lock().unwrap().clone();
    assert!(
        matches!(
            seen[..],
            [
                Refused::Parse(_),
                Refused::TooLong(_),
                Refused::AnswerTooLong(_),
                Refused::NoReceiver,
                Refused::Conflict
            ]
        ),
        "{seen:?}"
    );
    drop(alice);
    assert!(matches!(driving.join().unwrap(), Disconnect::Ended));
}

#[test]
fn a_line_feed_in_a_forwarded_frame_does_not_cut_it() {
    // Without names the frame goes on as it came, out of a transport in which it may hold one.
    let store = store(StoreLimits::default());
    let server = Server::new(store, ServerConfig::default(), |_, _| Some(BOB));
    let alice = server.open(ALICE).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let frame = TO_BOB.replace(',', ",\n");
    assert!(
        alice
            .poll_handle_frame(&mut cx, frame.as_bytes())
            .is_ready()
    );
    let (near, far) = tcp_pair();
    let other = server.clone();
    let driving = thread::spawn(move || other.drive(BOB, near));
    let mut bob = Lines::new(far);
    bob.expect(r#"{"type":1000}"#);
    bob.expect(&frame.replace('\n', " "));
    server.close();
    assert!(matches!(driving.join().unwrap(), Disconnect::Closed));
    assert!(matches!(server.open(BOB), Err(Disconnect::Closed)));
}

#[test]
fn who_cannot_say_who_it_is_or_takes_too_long_is_closed() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let server = Server::builder(
        store(StoreLimits::default()),
        ServerConfig::default(),
        |_, _| None,
    )
    .login_timeout(Duration::from_millis(50))
    .max_connections(2)
    .build();
    let serving = server.clone();
    let thread = thread::spawn(move || {
        serving.serve(listener, |reader| {
            let mut number = [0];
            io::Read::read_exact(reader, &mut number)?;
            reader.get_mut().write_all(b"welcome\n")?;
            if number[0] == 0 {
                Err(io::ErrorKind::PermissionDenied.into())
            } else {
                Ok(number[0])
            }
        })
    });
    let mut unknown = Lines::new(log_in(address, 0).unwrap());
    unknown.expect("welcome");
    assert_eq!(unknown.hear(), None);
    let mut silent = Lines::new(TcpStream::connect(address).unwrap());
    assert_eq!(silent.hear(), None);

    // A connection is out of the count a moment after it has ended.
    let enter = |number| {
        let mut peer = Lines::new(log_in(address, number).ok()?);
        (peer.hear()? == "welcome").then_some(peer)
    };
    let mut known: Vec<_> = [1, 2]
        .map(|number| {
            let mut entered = None;
            until("welcome", || {
                entered = enter(number);
                entered.is_some()
            });
            entered.unwrap()
        })
        .into();
    for peer in &mut known {
        peer.expect(r#"{"type":1000}"#);
    }
    // There are as many as there may be.
    assert_eq!(
        Lines::new(TcpStream::connect(address).unwrap()).hear(),
        None
    );
    known.pop();
    until("room", || enter(3).is_some());
    server.close();
    thread.join().unwrap().unwrap();
}

#[test]
fn what_the_application_puts_into_the_store_is_seen_when_it_says_so() {
    let store = store(StoreLimits::default());
    let running = Running::start(&store, ServerConfig::default());
    let mut bob = enter(&running, BOB);
    {
        let mut store = running.server.store();
        let lease = store.open(99, true).unwrap().unwrap();
        let message = bachata_std::delivery::NewMessage {
            receiver: BOB,
            id: "s".into(),
            fingerprint: 1,
            frame: br#"{"id":"s","type":"system","time":0,"data":"hi"}"#,
        };
        store.put(&lease, message).unwrap();
    }
    running.server.notify(BOB);
    bob.expect(r#"{"id":"s","type":"system","time":0,"data":"hi"}"#);
    running.stop();
}

#[test]
fn a_server_whose_listener_fails_again_and_again_ends() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    // Nobody connects, and accepting does not wait for it.
    listener.set_nonblocking(true).unwrap();
    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    let served = server.serve(listener, |_| Err(io::ErrorKind::PermissionDenied.into()));
    assert_eq!(served.unwrap_err().kind(), io::ErrorKind::WouldBlock);
}

#[test]
fn a_frame_of_any_length_goes_on() {
    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    let mut cx = Context::from_waker(Waker::noop());
    let frame = TO_BOB.replace("hi", &"x".repeat(100_000));
    assert!(
        alice
            .poll_handle_frame(&mut cx, frame.as_bytes())
            .is_ready()
    );
    let mut frames = b"before".to_vec();
    while bob.poll_transmit(&mut cx, &mut frames).is_ready() {}
    let named = frame.replace("\"dest\"", "\"from\":\"alice\",\"dest\"");
    let all = format!("before{{\"type\":1000}}{named}");
    assert_eq!(String::from_utf8(frames).unwrap(), all);
}

#[test]
fn a_message_that_the_store_never_has_room_for_is_refused() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let refused = seen.clone();
    let limits = StoreLimits {
        bytes: TO_BOB.len() - 1,
        ..StoreLimits::default()
    };
    let server = Server::builder(store(limits), ServerConfig::default(), |_, _| Some(BOB))
        .on_refused(move |_, error| refused.lock().unwrap().push(*error))
        .build();
    let alice = server.open(ALICE).unwrap();
    let mut cx = Context::from_waker(Waker::noop());
    let handled = alice.poll_handle_frame(&mut cx, TO_BOB.as_bytes());
    assert!(matches!(handled, Poll::Ready(Ok(()))));
    let seen = seen.lock().unwrap();
    assert!(
        matches!(seen[..], [Refused::StoreTooSmall(error)] if error.needed == TO_BOB.len()),
        "{seen:?}"
    );
    // The connection goes on, and there is no answer.
    let mut frames = Vec::new();
    while alice.poll_transmit(&mut cx, &mut frames).is_ready() {}
    assert_eq!(frames, br#"{"type":1000}"#);
}

#[test]
fn a_connection_that_is_over_takes_nothing_more() {
    let receipt = br#"{"type":200,"data":"1"}"#;
    let ping = br#"{"type":1001}"#;
    let mut cx = Context::from_waker(Waker::noop());
    let config = ServerConfig {
        keep_alive: KeepAlive {
            ping_after: None,
            dead_after: Some(1),
        },
        ..ServerConfig::default()
    };
    let silent = server(&store(StoreLimits::default()), config);
    let alice = silent.open(ALICE).unwrap();
    thread::sleep(Duration::from_millis(5));
    let sent = alice.poll_transmit(&mut cx, &mut Vec::new());
    assert!(matches!(sent, Poll::Ready(Err(Disconnect::Dead))));
    let handled = alice.poll_handle_frame(&mut cx, ping);
    assert!(matches!(handled, Poll::Ready(Err(Disconnect::Dead))));

    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    let handled = alice.poll_handle_frame(&mut cx, TO_BOB.as_bytes());
    assert!(matches!(handled, Poll::Ready(Ok(()))));
    let mut frames = Vec::new();
    while bob.poll_transmit(&mut cx, &mut frames).is_ready() {}
    let newer = server.open(BOB).unwrap();
    let handled = bob.poll_handle_frame(&mut cx, receipt);
    assert!(matches!(handled, Poll::Ready(Err(Disconnect::Superseded))));
    // The message comes again on the other one.
    let mut again = Vec::new();
    while newer.poll_transmit(&mut cx, &mut again).is_ready() {}
    assert_eq!(again, frames);
}

/// How often a task was woken.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::Relaxed);
    }
}

#[test]
fn all_are_told_of_what_was_dropped() {
    let store = store(StoreLimits {
        messages: 1,
        ..StoreLimits::default()
    });
    let server = server(&store, ServerConfig::default());
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    let mut cx = Context::from_waker(Waker::noop());
    for id in [1, 2] {
        let frame = format!(r#"{{"id":"{id}","type":"note","time":0,"data":"hi","dest":"bob"}}"#);
        let handled = alice.poll_handle_frame(&mut cx, frame.as_bytes());
        assert!(handled.is_ready());
    }
    let mut out = Vec::new();
    for connection in [&alice, &bob] {
        while connection.poll_transmit(&mut cx, &mut out).is_ready() {}
    }
    let wakes = Arc::new(Wakes::default());
    let waker = Waker::from(wakes.clone());
    let mut waiting = Context::from_waker(&waker);
    assert!(bob.poll_transmit(&mut waiting, &mut out).is_pending());
    assert_eq!(server.store().discard(BOB), 1);
    assert_eq!(wakes.0.load(Ordering::Relaxed), 0);
    server.notify_all();
    assert_eq!(wakes.0.load(Ordering::Relaxed), 1);
    let over = bob.poll_transmit(&mut cx, &mut out);
    assert!(matches!(over, Poll::Ready(Err(Disconnect::Superseded))));
    // There is room for the second one now.
    while alice.poll_transmit(&mut cx, &mut out).is_ready() {}
    assert_eq!(server.store().undelivered(), 1);
}

/// What its client sends on a connection.
fn say<S>(connection: &ServerConnection<S>, frame: &str)
where
    S: bachata_std::delivery::Store<Address = u8, Error = PeersFull>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let handled = connection.poll_handle_frame(&mut cx, frame.as_bytes());
    assert!(matches!(handled, Poll::Ready(Ok(()))), "{handled:?}");
}

/// What its client hears on a connection.
fn hear<S>(connection: &ServerConnection<S>) -> Vec<String>
where
    S: bachata_std::delivery::Store<Address = u8, Error = PeersFull>,
{
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    loop {
        let mut frame = Vec::new();
        if connection.poll_transmit(&mut cx, &mut frame).is_pending() {
            return frames;
        }
        frames.push(String::from_utf8(frame).unwrap());
    }
}

/// A message from Alice to Bob.
fn note(id: usize) -> String {
    format!(r#"{{"id":"{id}","type":"note","time":0,"data":"hi","from":"alice","dest":"bob"}}"#)
}

fn receipt(kind: u16, id: usize) -> String {
    format!(r#"{{"type":{kind},"data":"{id}"}}"#)
}

const READY: &str = r#"{"type":1000}"#;

#[test]
fn what_waits_is_taken_though_there_is_not_room_for_all_answers_at_once() {
    let store = store(StoreLimits {
        messages: 20,
        ..StoreLimits::default()
    });
    let server = server(&store, ServerConfig::default());
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    for id in 0..40 {
        say(&alice, &note(id));
        hear(&alice);
    }
    // Nobody asks what Alice is to be sent, while Bob takes all that there was room for.
    let mut id = 0;
    while id < 20 {
        for frame in hear(&bob).iter().filter(|frame| *frame != READY) {
            assert_eq!(*frame, note(id));
            say(&bob, &receipt(200, id));
            id += 1;
        }
    }
    let heard = hear(&alice);
    let delivered = (0..20).map(|id| receipt(300, id));
    let accepted = (20..40).map(|id| receipt(100, id));
    assert_eq!(heard, delivered.chain(accepted).collect::<Vec<_>>());
}

#[test]
fn there_is_room_when_a_client_that_was_away_has_been_told_what_was_delivered() {
    let store = store(StoreLimits {
        messages: 1,
        ..StoreLimits::default()
    });
    let server = server(&store, ServerConfig::default());
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    say(&alice, &note(1));
    drop(alice);
    assert_eq!(hear(&bob), [READY, &note(1)]);
    say(&bob, &receipt(200, 1));
    let alice = server.open(ALICE).unwrap();
    say(&alice, &note(2));
    assert_eq!(hear(&alice), [READY, &receipt(300, 1), &receipt(100, 2)]);
}

#[test]
fn what_is_delivered_while_a_connection_looks_into_the_store_makes_room() {
    let store = Arc::new(Mutex::new(Prepared::new(StoreLimits {
        messages: 1,
        ..StoreLimits::default()
    })));
    let server = Server::new(store, ServerConfig::default(), |_, _| Some(BOB));
    let alice = server.open(ALICE).unwrap();
    assert_eq!(hear(&alice), [READY]);
    for id in [1, 2] {
        say(&alice, &note(id));
    }
    assert_eq!(hear(&alice), [receipt(100, 1)]);
    let other = server.clone();
    server.store().when_all_is_sent = Some(Box::new(move |store| {
        let lease = store.open(BOB, true).unwrap().unwrap();
        let sequence = store.next(&lease, 0).unwrap().unwrap().sequence;
        store.mark_sent(&lease, sequence).unwrap();
        assert!(store.acknowledge(&lease, "1".into()).unwrap().is_some());
        other.notify(ALICE);
    }));
    assert_eq!(hear(&alice), [""; 0]);
    assert!(server.store().when_all_is_sent.is_none());
    assert_eq!(hear(&alice), [receipt(300, 1), receipt(100, 2)]);
}

/// A store that does something at a moment.
struct Prepared {
    store: Store,
    fails: bool,
    /// What happens, once, after it has been said that there is nothing to be sent.
    when_all_is_sent: Option<Change>,
}

type Change = Box<dyn FnOnce(&mut Store) + Send>;

impl Prepared {
    fn new(limits: StoreLimits) -> Self {
        Self {
            store: Store::new(limits),
            fails: false,
            when_all_is_sent: None,
        }
    }

    fn check(&mut self) -> Result<&mut Store, PeersFull> {
        if self.fails {
            return Err(PeersFull);
        }
        Ok(&mut self.store)
    }
}

impl bachata_std::delivery::Store for Prepared {
    type Address = u8;
    type Error = PeersFull;

    fn open(&mut self, address: u8, takeover: bool) -> Result<Option<Lease<u8>>, PeersFull> {
        self.check()?.open(address, takeover)
    }

    fn close(&mut self, lease: &Lease<u8>) -> Result<(), PeersFull> {
        self.check()?.close(lease)
    }

    fn put(
        &mut self,
        lease: &Lease<u8>,
        message: NewMessage<'_, u8>,
    ) -> Result<Put, StoreError<PeersFull>> {
        self.check()?.put(lease, message)
    }

    fn next(
        &mut self,
        lease: &Lease<u8>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        if self.check()?.next(lease, after)?.is_none() {
            if let Some(change) = self.when_all_is_sent.take() {
                change(&mut self.store);
            }
            return Ok(None);
        }
        self.store.next(lease, after)
    }

    fn mark_sent(&mut self, lease: &Lease<u8>, sequence: u64) -> Result<(), StoreError<PeersFull>> {
        self.check()?.mark_sent(lease, sequence)
    }

    fn next_sent(
        &mut self,
        lease: &Lease<u8>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.check()?.next_sent(lease, after)
    }

    fn acknowledge(
        &mut self,
        lease: &Lease<u8>,
        id: JsonStr<'_>,
    ) -> Result<Option<Acknowledged<u8>>, StoreError<PeersFull>> {
        self.check()?.acknowledge(lease, id)
    }

    fn next_delivered(
        &mut self,
        lease: &Lease<u8>,
    ) -> Result<Option<(u64, JsonStr<'_>)>, StoreError<PeersFull>> {
        self.check()?.next_delivered(lease)
    }

    fn tell_delivered(
        &mut self,
        lease: &Lease<u8>,
        sequence: u64,
    ) -> Result<(), StoreError<PeersFull>> {
        self.check()?.tell_delivered(lease, sequence)
    }
}

#[test]
fn a_store_that_fails_ends_connections_and_nothing_is_answered() {
    let store = Arc::new(Mutex::new(Prepared::new(StoreLimits::default())));
    let server = Server::new(store, ServerConfig::default(), |_, _| Some(BOB));
    let (alice, bob) = (server.open(ALICE).unwrap(), server.open(BOB).unwrap());
    let mut cx = Context::from_waker(Waker::noop());
    let mut frames = Vec::new();
    while alice.poll_transmit(&mut cx, &mut frames).is_ready() {}
    server.store().fails = true;
    let failed = |end: Poll<Result<(), Disconnect>>| {
        let Poll::Ready(Err(Disconnect::Store(error))) = end else {
            panic!("{end:?}")
        };
        assert!(error.is::<PeersFull>());
    };
    failed(alice.poll_handle_frame(&mut cx, TO_BOB.as_bytes()));
    failed(alice.poll_transmit(&mut cx, &mut frames));
    assert_eq!(frames, br#"{"type":1000}"#);
    failed(Poll::Ready(server.open(3).map(|_| ())));
    assert!(!server.is_connected(3));
    drop((alice, bob));

    // A connection that could not be closed is taken over.
    server.store().fails = false;
    let alice = server.open(ALICE).unwrap();
    let handled = alice.poll_handle_frame(&mut cx, TO_BOB.as_bytes());
    assert!(matches!(handled, Poll::Ready(Ok(()))));
}

#[test]
fn a_server_that_is_closed_serves_nobody() {
    let server = server(&store(StoreLimits::default()), ServerConfig::default());
    server.close();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    server
        .serve(listener, |_| unreachable!("nobody is asked"))
        .unwrap();
    let (near, far) = tcp_pair();
    assert!(matches!(server.drive(ALICE, near), Disconnect::Closed));
    assert_eq!(Lines::new(far).hear(), None);
}

#[test]
fn a_server_at_every_address_of_its_machine_ends_when_it_is_closed() {
    for (every, own) in [
        (Ipv4Addr::UNSPECIFIED.into(), Ipv4Addr::LOCALHOST.into()),
        (Ipv6Addr::UNSPECIFIED.into(), Ipv6Addr::LOCALHOST.into()),
    ] {
        // There may be no IPv6.
        let Ok(listener) = TcpListener::bind(SocketAddr::new(every, 0)) else {
            continue;
        };
        let port = listener.local_addr().unwrap().port();
        let server = server(&store(StoreLimits::default()), ServerConfig::default());
        let serving = server.clone();
        let thread = thread::spawn(move || {
            serving.serve(listener, |_| Err(io::ErrorKind::PermissionDenied.into()))
        });
        // It accepts connections.
        let refused = TcpStream::connect(SocketAddr::new(own, port)).unwrap();
        assert_eq!(Lines::new(refused).hear(), None);
        server.close();
        until("the end", || thread.is_finished());
        thread.join().unwrap().unwrap();
    }
}
