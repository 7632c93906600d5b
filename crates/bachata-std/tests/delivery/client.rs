//! A client and what is said to it.

use std::io::Write;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};
use std::thread;
use std::time::{Duration, Instant};

use bachata_std::core::BufferTooSmall;
use bachata_std::delivery::{
    Client, ClientConfig, Delivery, Disconnect, Progress, Refused, SendError,
};
use bachata_std::{Protocol, RawPayload, TransportMessage};

use super::common::*;

fn data(id: impl std::fmt::Display, text: &str) -> String {
    format!(r#"{{"id":"{id}","type":"note","time":0,"data":"{text}","from":"bob"}}"#)
}

#[test]
fn what_cannot_be_sent_is_not_taken() {
    let client = Client::builder(config()).build_with_capacity::<2, 4, 64>();
    let first = client.try_send(&message(1, "b")).unwrap();
    assert!(matches!(
        client.try_send(&message(1, "c")),
        Err(SendError::IdInUse)
    ));
    let long = message("x".repeat(64), "b");
    let error = client.try_send(&long).unwrap_err();
    assert!(
        matches!(error, SendError::TooLong(BufferTooSmall { needed, capacity: 64 }) if needed > 64)
    );
    assert!(matches!(
        client.try_send(&TransportMessage::ping()),
        Err(SendError::NotData)
    ));
    assert!(matches!(
        client.try_send_frame(b"{oops"),
        Err(SendError::Parse(_))
    ));
    assert!(matches!(
        client.try_send(&bachata_std::DataMessage::typed("7", "t", 0, 1)),
        Err(SendError::Message(_))
    ));
    assert!(matches!(
        client
            .send(&bachata_std::DataMessage::typed("7", "t", 0, 1))
            .wait(),
        Err(SendError::Message(_))
    ));
    let second = client.try_send(&message(2, "b")).unwrap();
    assert!(matches!(
        client.try_send(&message(3, "b")),
        Err(SendError::Full)
    ));

    // A cancelled message makes room.
    assert_eq!(first.progress(), Some(Progress::Queued));
    assert!(first.cancel());
    assert!(!first.cancel());
    assert!(matches!(first.wait(), Err(SendError::Failed)));
    let third = client.try_send(&message(3, "b")).unwrap();
    client.close();
    assert!(matches!(
        client.try_send(&message(4, "b")),
        Err(SendError::Closed)
    ));
    for delivery in [second, third] {
        assert!(matches!(delivery.wait(), Err(SendError::Closed)));
    }
    assert!(matches!(
        client.send(&message(4, "b")).wait(),
        Err(SendError::Closed)
    ));
    assert!(client.recv().wait().is_none());
}

#[test]
fn a_message_expires_without_a_connection() {
    let client = Client::new(ClientConfig {
        expire_after: Some(30),
        ..config()
    });
    let start = Instant::now();
    assert!(matches!(
        client.send(&message(1, "bob")).wait(),
        Err(SendError::Expired)
    ));
    assert!(start.elapsed() >= Duration::from_millis(30));

    // While connections are refused, nobody waits and time passes, too.
    let delivery = client.try_send(&message(2, "bob")).unwrap();
    let thread = run(
        &client,
        || Err(std::io::ErrorKind::ConnectionRefused.into()),
    );
    until("expired", || delivery.progress().is_none());
    assert!(matches!(delivery.wait(), Err(SendError::Expired)));
    drop(client);
    thread.join().unwrap();
}

#[test]
fn waiting_for_room_ends_when_there_is_some() {
    let client = Client::builder(config()).build_with_capacity::<1, 4, 256>();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    let sender = client.clone();
    let sending = thread::spawn(move || {
        let deliveries: Vec<Delivery> = (0..5)
            .map(|id| sender.enqueue(&message(id, "bob")).wait().unwrap())
            .collect();
        deliveries
            .into_iter()
            .map(Delivery::wait)
            .all(|end| end.is_ok())
    });
    for id in 0..5 {
        assert!(peer.hear().unwrap().contains(&format!(r#""id":"{id}""#)));
        peer.say(&format!(r#"{{"type":300,"data":"{id}"}}"#));
    }
    assert!(sending.join().unwrap());
    client.close();
    assert!(matches!(thread.join().unwrap(), Disconnect::Closed));
}

#[test]
fn messages_that_are_too_long_or_none_are_refused_and_the_next_is_taken() {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let refused = seen.clone();
    let client = Client::builder(config())
        .max_frame_len(2000)
        .on_refused(move |error| refused.lock().unwrap().push(*error))
        .build_with_capacity::<4, 4, 64>();
    let (mut peer, thread) = pair(&client);
    peer.say(&data(1, &"x".repeat(3000)));
    peer.say("{oops");
    peer.say(&data("x".repeat(60), "hi"));
    peer.say(&data(2, "hi"));
    assert_eq!(receive(&client, 1), ["2"]);
    peer.expect(r#"{"type":200,"data":"2"}"#);
    let seen = seen.lock().unwrap();
    assert!(
        matches!(
            seen[..],
            [Refused::TooLong(long), Refused::Parse(_), Refused::AnswerTooLong(answer)]
                if long.limit == 2000 && answer.capacity == 48
        ),
        "{seen:?}"
    );
    assert_eq!(client.counters().invalid, 1);
    drop(client);
    thread.join().unwrap();
}

#[test]
fn a_silent_server_is_found_dead() {
    let client = Client::new(ClientConfig {
        keep_alive: HASTY,
        ..config()
    });
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    peer.expect(r#"{"type":1001}"#);
    peer.say(r#"{"type":1002}"#);
    peer.expect(r#"{"type":1001}"#);
    assert!(matches!(thread.join().unwrap(), Disconnect::Dead));
    while peer.hear().is_some() {}
}

#[test]
fn a_server_that_does_not_read_is_found_dead() {
    let client = Client::builder(ClientConfig {
        keep_alive: HASTY,
        ..config()
    })
    .build_with_capacity::<64, 4, 1_000_000>();
    let (near, far) = tcp_pair();
    let mut peer = Lines::new(far);
    let driver = client.driver();
    let thread = thread::spawn(move || driver.drive(near));
    peer.say(r#"{"type":1000}"#);
    let text = "x".repeat(900_000);
    let deliveries: Vec<_> = (0..64)
        .map(|id| {
            let message = bachata_std::DataMessage::new(id.to_string(), "t", 0, &*text);
            client.try_send(&message).unwrap()
        })
        .collect();
    let end = thread.join().unwrap();
    assert!(matches!(end, Disconnect::Dead), "{end}");
    assert!(
        deliveries
            .iter()
            .all(|delivery| delivery.progress().is_some())
    );
}

#[test]
fn what_is_not_acknowledged_waits_and_nothing_is_lost() {
    let client = Client::builder(config()).max_backlog(4000).build();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    let mut writer = peer.stream.try_clone().unwrap();
    let count = 3000;
    let saying = thread::spawn(move || {
        for id in 0..count {
            let line = data(id, &"x".repeat(3000));
            writer.write_all(format!("{line}\n").as_bytes()).unwrap();
        }
    });
    // It can't all be in the sockets' buffers.
    thread::sleep(Duration::from_millis(50));
    assert!(!saying.is_finished());
    for id in 0..count {
        assert_eq!(receive(&client, 1), [id.to_string()]);
        peer.expect(&format!(r#"{{"type":200,"data":"{id}"}}"#));
    }
    saying.join().unwrap();
    drop(client);
    thread.join().unwrap();
}

#[test]
fn a_reader_that_waits_keeps_the_connection_alive() {
    let client = Client::builder(ClientConfig {
        keep_alive: HASTY,
        ..config()
    })
    .max_backlog(0)
    .build();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    for id in 0..20 {
        peer.say(&data(id, "hi"));
    }
    thread::sleep(Duration::from_millis(400));
    assert!(!thread.is_finished());
    assert_eq!(receive(&client, 20).len(), 20);
    drop(client);
    thread.join().unwrap();
}

#[test]
fn a_message_that_comes_again_while_it_waits_is_handed_up_once() {
    let client = Client::new(config());
    let connection = client.driver().attach();
    let mut cx = Context::from_waker(Waker::noop());
    for id in (0..=15).chain([15]) {
        let handled = connection.poll_handle_frame(&mut cx, data(id, "hi").as_bytes());
        assert!(matches!(handled, Poll::Ready(Ok(()))));
    }
    let ids: Vec<_> = (0..=15).map(|id| id.to_string()).collect();
    assert_eq!(receive(&client, 15), ids[..15]);
    // There is room for the last one when the answers to the others are sent.
    nothing_more(&client);
    let mut answers = Vec::new();
    while connection.poll_transmit(&mut cx, &mut answers).is_ready() {}
    assert_eq!(receive(&client, 1), ids[15..]);
    while connection.poll_transmit(&mut cx, &mut answers).is_ready() {}
    nothing_more(&client);
    let expected: String = ids
        .iter()
        .map(|id| format!(r#"{{"type":200,"data":"{id}"}}"#))
        .collect();
    assert_eq!(String::from_utf8(answers).unwrap(), expected);
}

#[test]
fn receipts_are_heard_behind_messages_that_nobody_takes() {
    let client = Client::builder(config()).max_backlog(100).build();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    let delivery = client.try_send(&message("own", "bob")).unwrap();
    assert!(peer.hear().unwrap().contains("own"));
    for id in 0..30 {
        peer.say(&data(id, "hi"));
    }
    peer.say(r#"{"type":300,"data":"own"}"#);
    assert!(delivery.wait().is_ok());

    // 15 were handed up, one waited; the others have to come again, on another connection.
    assert_eq!(
        receive(&client, 16),
        (0..16).map(|id| id.to_string()).collect::<Vec<_>>()
    );
    assert!(matches!(thread.join().unwrap(), Disconnect::Overrun));
    let (mut peer, thread) = pair(&client);
    for id in 0..30 {
        peer.say(&data(id, "hi"));
    }
    assert_eq!(
        receive(&client, 14),
        (16..30).map(|id| id.to_string()).collect::<Vec<_>>()
    );
    nothing_more(&client);
    drop(client);
    thread.join().unwrap();
}

#[test]
fn a_dropped_client_says_what_was_acknowledged() {
    let client = Client::new(config());
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    peer.say(&data(1, "hi"));
    peer.say(&data(2, "hi"));
    let delivery = client.try_send(&message("own", "bob")).unwrap();
    let first = client.recv().wait().unwrap();
    let second = client.recv().wait().unwrap();
    first.acknowledge();
    drop(client);
    assert!(matches!(delivery.wait(), Err(SendError::Closed)));
    assert!(matches!(thread.join().unwrap(), Disconnect::Closed));
    let heard: Vec<_> = std::iter::from_fn(|| peer.hear()).collect();
    assert!(
        heard.contains(&r#"{"type":200,"data":"1"}"#.to_owned()),
        "{heard:?}"
    );
    assert!(!heard.contains(&r#"{"type":200,"data":"2"}"#.to_owned()));
    second.acknowledge();
}

#[test]
fn a_message_that_is_dropped_comes_again() {
    let client = Client::new(config());
    let (mut peer, thread) = pair(&client);
    peer.say(&data(1, "hi"));
    drop(client.recv().wait().unwrap());
    peer.say(&data(1, "hi"));
    let again = client.recv().wait().unwrap();
    assert!(!again.is_conflict());
    assert_eq!(again.load::<RawPayload, String>().unwrap().id(), "1");
    again.acknowledge();
    peer.expect(r#"{"type":200,"data":"1"}"#);
    peer.say(&data(1, "hello"));
    let other = client.recv().wait().unwrap();
    assert!(other.is_conflict());
    assert_eq!(other.frame(), data(1, "hello").as_bytes());
    drop((other, client));
    thread.join().unwrap();
}

#[test]
fn messages_are_acknowledged_when_they_are_handed_up_where_that_is_chosen() {
    let client = Client::new(ClientConfig {
        acknowledge_at_once: true,
        ..config()
    });
    let (mut peer, thread) = pair(&client);
    for id in 0..40 {
        peer.say(&data(id, "hi"));
    }
    peer.say(r#"{"type":1001}"#);
    // None is before it is handed up.
    peer.expect(r#"{"type":1002}"#);
    for id in 0..40 {
        let received = client.recv().wait().unwrap();
        // It makes no difference whether the application does it, too.
        if id % 2 == 0 {
            received.acknowledge();
        }
        peer.expect(&format!(r#"{{"type":200,"data":"{id}"}}"#));
    }
    drop(client);
    thread.join().unwrap();
}

#[test]
fn a_newer_connection_takes_over() {
    let client = Client::new(config());
    let (mut first, thread) = pair(&client);
    first.say(r#"{"type":1000}"#);
    until("ready", || client.is_ready());
    let (mut second, other) = pair(&client);
    assert!(matches!(thread.join().unwrap(), Disconnect::Superseded));
    assert_eq!(first.hear(), None);
    let delivery = client.try_send(&message(1, "bob")).unwrap();
    second.say(r#"{"type":1000}"#);
    assert!(second.hear().unwrap().contains(r#""id":"1""#));
    second.say(r#"{"type":300,"data":"1"}"#);
    assert!(delivery.wait().is_ok());
    drop(client);
    other.join().unwrap();
}

#[test]
fn a_line_feed_in_a_frame_made_elsewhere_does_not_cut_it() {
    let client = Client::new(config());
    let frame = b"{\"id\":\"1\",\n\"type\":\"t\",\r\n\"time\":0,\"data\":\"a\\nb\"}\n";
    let delivery = client.try_send_frame(frame).unwrap();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    let heard = peer.hear().unwrap();
    assert_eq!(
        heard,
        "{\"id\":\"1\", \"type\":\"t\",\r \"time\":0,\"data\":\"a\\nb\"}"
    );
    assert!(Protocol::new().load_message(&heard).is_ok());
    drop((delivery, client));
    thread.join().unwrap();
}

#[test]
fn a_large_client_is_made_on_a_small_stack() {
    let thread = thread::Builder::new().stack_size(64 << 10);
    let client = thread
        .spawn(|| Client::builder(config()).build_with_capacity::<256, 10_000, 65_536>())
        .unwrap()
        .join()
        .unwrap();
    assert!(client.try_send(&message("x".repeat(30_000), "bob")).is_ok());
}

#[test]
fn cancelled_waits_lose_nothing() {
    let client = Client::builder(config()).build_with_capacity::<1, 4, 256>();
    let mut cx = Context::from_waker(Waker::noop());
    let connection = client.driver().attach();
    let mut frames = Vec::new();
    let handle = |frame: &str, cx: &mut Context<'_>| {
        assert!(matches!(
            connection.poll_handle_frame(cx, frame.as_bytes()),
            Poll::Ready(Ok(()))
        ));
    };
    handle(r#"{"type":1000}"#, &mut cx);

    // A receive that is dropped has not taken what comes after.
    let mut recv = Box::pin(client.recv());
    assert!(recv.as_mut().poll(&mut cx).is_pending());
    drop(recv);
    handle(&data(1, "hi"), &mut cx);
    let mut recv = Box::pin(client.recv());
    let Poll::Ready(Some(received)) = recv.as_mut().poll(&mut cx) else {
        panic!("nothing")
    };
    received.acknowledge();

    // A send that is dropped after it was polled goes its way; one that had no room does not.
    let mut sending = Box::pin(client.send(&message("a", "bob")));
    assert!(sending.as_mut().poll(&mut cx).is_pending());
    drop(sending);
    let mut waiting = Box::pin(client.send(&message("b", "bob")));
    assert!(waiting.as_mut().poll(&mut cx).is_pending());
    drop(waiting);
    drop(client.send(&message("c", "bob")));
    while let Poll::Ready(Ok(())) = connection.poll_transmit(&mut cx, &mut frames) {
        frames.push(b'\n');
    }
    handle(r#"{"type":300,"data":"a"}"#, &mut cx);
    while let Poll::Ready(Ok(())) = connection.poll_transmit(&mut cx, &mut frames) {
        frames.push(b'\n');
    }
    let frames = String::from_utf8(frames).unwrap();
    let lines: Vec<_> = frames.lines().collect();
    assert_eq!(lines.len(), 2, "{frames}");
    assert_eq!(lines[0], r#"{"type":200,"data":"1"}"#);
    assert!(lines[1].contains(r#""id":"a""#));
    // Its slot is free again.
    assert!(client.try_send(&message("a", "bob")).is_ok());
}

#[test]
fn clones_are_one_client_and_the_last_one_closes_it() {
    let client = Client::new(config());
    let clone = client.clone();
    let driver = client.driver();
    drop(client);
    assert!(!driver.is_closed());
    let waiting = thread::spawn({
        let recv = clone.recv();
        move || recv.wait().is_none()
    });
    drop(clone);
    assert!(driver.is_closed());
    assert!(waiting.join().unwrap());
}

#[test]
fn a_client_that_is_closed_does_not_wait_for_a_server_that_does_not_read() {
    let client = Client::builder(ClientConfig {
        keep_alive: bachata_std::delivery::KeepAlive::OFF,
        ..config()
    })
    .build_with_capacity::<64, 4, 1_000_000>();
    let (mut peer, thread) = pair(&client);
    peer.say(r#"{"type":1000}"#);
    let text = "x".repeat(900_000);
    for id in 0..64 {
        let message = bachata_std::DataMessage::new(id.to_string(), "t", 0, &*text);
        drop(client.try_send(&message).unwrap());
    }
    thread::sleep(Duration::from_millis(100));
    let start = Instant::now();
    drop(client);
    assert!(matches!(thread.join().unwrap(), Disconnect::Closed));
    assert!(start.elapsed() < Duration::from_secs(5));
}

#[test]
fn what_is_sent_can_be_waited_for_after_it_was_polled() {
    let client = Client::builder(config()).build_with_capacity::<1, 4, 256>();
    let connection = client.driver().attach();
    let mut cx = Context::from_waker(Waker::noop());
    let mut say = |frame: &str| {
        let handled = connection.poll_handle_frame(&mut cx, frame.as_bytes());
        assert!(matches!(handled, Poll::Ready(Ok(()))));
        while connection
            .poll_transmit(&mut cx, &mut Vec::new())
            .is_ready()
        {}
    };
    say(r#"{"type":1000}"#);
    let mut polled = Context::from_waker(Waker::noop());
    let mut sending = client.send(&message(1, "bob"));
    assert!(Pin::new(&mut sending).poll(&mut polled).is_pending());
    say(r#"{"type":1001}"#);
    say(r#"{"type":300,"data":"1"}"#);
    assert!(sending.wait().is_ok());

    // What can't be sent is refused at once.
    let mut sending = client.send(&TransportMessage::ping());
    let end = Pin::new(&mut sending).poll(&mut polled);
    assert!(matches!(end, Poll::Ready(Err(SendError::NotData))));

    // An end is given once.
    let mut delivery = client.try_send(&message(2, "bob")).unwrap();
    say(r#"{"type":1001}"#);
    say(r#"{"type":300,"data":"2"}"#);
    let end = Pin::new(&mut delivery).poll(&mut polled);
    assert!(matches!(end, Poll::Ready(Ok(_))));
    let end = Pin::new(&mut delivery).poll(&mut polled);
    assert!(matches!(end, Poll::Ready(Err(SendError::Closed))));

    // And nobody has to fetch it.
    let delivery = client.try_send(&message(3, "bob")).unwrap();
    say(r#"{"type":1001}"#);
    say(r#"{"type":300,"data":"3"}"#);
    assert!(delivery.progress().is_none());
    drop(delivery);
    assert!(client.try_send(&message(3, "bob")).is_ok());
}

#[test]
fn a_former_connection_of_a_closed_client_is_closed() {
    let client = Client::new(config());
    let (first, _second) = (client.driver().attach(), client.driver().attach());
    let mut cx = Context::from_waker(Waker::noop());
    let mut ends = || {
        let sent = first.poll_transmit(&mut cx, &mut Vec::new());
        [sent, first.poll_handle_frame(&mut cx, br#"{"type":1000}"#)]
    };
    for end in ends() {
        assert!(matches!(end, Poll::Ready(Err(Disconnect::Superseded))));
    }
    assert!(!client.is_ready());
    client.close();
    for end in ends() {
        assert!(matches!(end, Poll::Ready(Err(Disconnect::Closed))));
    }
}
