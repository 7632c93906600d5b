//! Connections that are cut, and servers that end.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use bachata_std::delivery::{Client, ClientConfig, Resend, ServerConfig, StoreLimits};

use super::common::*;

/// Three messages each way, over connections that are cut as told; each is delivered once.
fn converse(cuts: &[Cut]) -> usize {
    let store = store(StoreLimits::default());
    let running = Running::start(&store, ServerConfig::default());
    let (alice, bob) = (Client::new(config()), Client::new(config()));
    let mut proxies = Vec::new();
    let mut threads = Vec::new();
    for (client, whom) in [(&alice, ALICE), (&bob, BOB)] {
        let proxy = Proxy::start(running.address, cuts.to_vec());
        let to = proxy.address;
        threads.push(run(client, move || log_in(to, whom)));
        proxies.push(proxy);
    }
    let send =
        |client: &Client, dest| [1, 2, 3].map(|id| client.try_send(&message(id, dest)).unwrap());
    let deliveries = [send(&alice, "bob"), send(&bob, "alice")];
    for client in [&alice, &bob] {
        let mut ids = receive(client, 3);
        ids.sort();
        assert_eq!(ids, ["1", "2", "3"], "{cuts:?}");
    }
    for delivery in deliveries.into_iter().flatten() {
        let end = delivery.wait_timeout(LONG);
        assert!(matches!(end, Ok(Ok(_))), "{cuts:?}: {end:?}");
    }
    for client in [&alice, &bob] {
        assert!(
            client
                .recv()
                .wait_timeout(Duration::from_millis(1))
                .is_none(),
            "{cuts:?}"
        );
    }
    assert_eq!(store.lock().unwrap().undelivered(), 0);
    drop((alice, bob));
    for thread in threads {
        thread.join().unwrap();
    }
    running.stop();
    proxies.iter().map(Proxy::connections).sum()
}

#[test]
fn connections_cut_after_every_frame_deliver_everything_once() {
    // 1000; three messages out, with 100 and 300 each; three in, with 200 each.
    let mut cut = 0;
    for frames in 0..=16 {
        cut += converse(&[Cut::AfterFrames(frames)]) - 2;
    }
    assert!(cut >= 28, "{cut}");
}

#[test]
fn connections_cut_twice_deliver_everything_once() {
    for (first, second) in [(1, 1), (2, 3), (4, 2), (5, 5), (7, 4), (3, 9), (9, 3)] {
        converse(&[Cut::AfterFrames(first), Cut::AfterFrames(second)]);
    }
}

#[test]
fn connections_cut_inside_of_frames_deliver_everything_once() {
    for bytes in (1..720).step_by(7) {
        converse(&[Cut::AfterBytes(bytes)]);
    }
}

#[test]
fn a_server_that_starts_again_with_its_store_goes_on() {
    let store = store(StoreLimits::default());
    let running = Running::start(&store, ServerConfig::default());
    let address = Arc::new(Mutex::new(running.address));
    let alice = Client::new(config());
    let to = address.clone();
    let thread = run(&alice, move || log_in(*to.lock().unwrap(), ALICE));
    let delivery = alice.try_send(&message(1, "bob")).unwrap();
    until("100", || store.lock().unwrap().undelivered() == 1);
    running.stop();

    // It has a message that the first one took, and knows its sender.
    let running = Running::start(&store, ServerConfig::default());
    *address.lock().unwrap() = running.address;
    let bob = Client::new(config());
    let to = running.address;
    let other = run(&bob, move || log_in(to, BOB));
    assert_eq!(receive(&bob, 1), ["1"]);
    assert!(delivery.wait().is_ok());
    nothing_more(&bob);
    drop((alice, bob));
    thread.join().unwrap();
    other.join().unwrap();
    running.stop();
}

#[test]
fn a_server_that_starts_again_without_its_store_is_told_again() {
    let first = store(StoreLimits::default());
    let running = Running::start(&first, ServerConfig::default());
    let address = Arc::new(Mutex::new(running.address));
    let alice = Client::new(config());
    let to = address.clone();
    let thread = run(&alice, move || log_in(*to.lock().unwrap(), ALICE));
    let delivery = alice.try_send(&message(1, "bob")).unwrap();
    until("100", || first.lock().unwrap().undelivered() == 1);
    running.stop();

    let running = Running::start(&store(StoreLimits::default()), ServerConfig::default());
    *address.lock().unwrap() = running.address;
    let bob = Client::new(config());
    let to = running.address;
    let other = run(&bob, move || log_in(to, BOB));
    assert_eq!(receive(&bob, 1), ["1"]);
    assert!(delivery.wait().is_ok());
    drop((alice, bob));
    thread.join().unwrap();
    other.join().unwrap();
    running.stop();
}

#[test]
fn a_timer_sends_again_where_the_connection_stands() {
    let client = Client::new(ClientConfig {
        resend: Some(Resend {
            first: 30,
            max: 1000,
        }),
        ..config()
    });
    let (mut peer, thread) = pair(&client);
    let delivery = client.try_send(&message(1, "bob")).unwrap();
    peer.say(r#"{"type":1000}"#);
    let frame = peer.hear().unwrap();
    peer.expect(&frame);
    peer.expect(&frame);
    peer.say(r#"{"type":300,"data":"1"}"#);
    assert!(delivery.wait().is_ok());
    drop(client);
    thread.join().unwrap();
}
