//! What errors say, what `Debug` shows, and what a connection says of itself.

use std::error::Error;
use std::io;
use std::time::Duration;

use bachata_std::Message;
use bachata_std::core::{BufferTooSmall, Message as CoreMessage};
use bachata_std::delivery::{
    Backoff, Client, Disconnect, KeepAlive, Refused, SendError, Server, ServerConfig, StoreLimits,
};

use super::common::*;

const ROOM: BufferTooSmall = BufferTooSmall {
    needed: 9,
    capacity: 8,
};

/// Errors with their texts, and whether they have a source.
fn said<E: Error>(errors: impl IntoIterator<Item = (E, &'static str, bool)>) {
    for (error, text, has_source) in errors {
        assert_eq!(error.to_string(), text);
        let source = error.source().map(ToString::to_string);
        assert_eq!(source.is_some(), has_source, "{text}");
        assert!(
            source.is_none_or(|source| text.ends_with(&source)),
            "{text}"
        );
    }
}

#[test]
fn what_went_wrong_can_be_read() {
    let parse = CoreMessage::parse(b"x").unwrap_err();
    let message = "x".parse::<Message>().unwrap_err();
    said([
        (SendError::Full, "no room for one more message", false),
        (
            SendError::IdInUse,
            "a message with this id is on its way",
            false,
        ),
        (
            SendError::TooLong(ROOM),
            "message too long: 9 bytes needed, 8 available",
            true,
        ),
        (SendError::Message(message), "expected '{' at byte 0", true),
        (SendError::Parse(parse), "expected '{' at byte 0", true),
        (SendError::NotData, "not a data message", false),
        (SendError::Expired, "not delivered in time", false),
        (SendError::Failed, "cancelled", false),
        (SendError::Closed, "the client is closed", false),
    ]);
    said([
        (Disconnect::Closed, "closed", false),
        (Disconnect::Superseded, "superseded", false),
        (Disconnect::Taken, "the address has a connection", false),
        (
            Disconnect::Renewed,
            "there is to be another connection",
            false,
        ),
        (Disconnect::Dead, "the peer is silent", false),
        (
            Disconnect::Overrun,
            "the peer has sent too much at once",
            false,
        ),
        (Disconnect::Ended, "the stream has ended", false),
        (Disconnect::Io(io::Error::other("gone")), "gone", true),
        (Disconnect::Store("disk full".into()), "disk full", true),
    ]);
    let too_long = bachata_std::Protocol::new()
        .with_max_frame_len(8)
        .load_message("{\"type\":1001}");
    let Err(bachata_std::Error::TooLong(too_long)) = too_long else {
        panic!("{too_long:?}")
    };
    said([
        (Refused::Parse(parse), "expected '{' at byte 0", false),
        (
            Refused::TooLong(too_long),
            "frame of 13 bytes is over the limit of 8",
            false,
        ),
        (
            Refused::AnswerTooLong(ROOM),
            "no room for the answer: 9 bytes needed, 8 available",
            false,
        ),
        (Refused::NoReceiver, "there is no receiver", false),
        (Refused::Conflict, "another message has the id", false),
        (
            Refused::StoreTooSmall(ROOM),
            "no room in the store: 9 bytes needed, 8 available",
            false,
        ),
    ]);
}

#[test]
fn debug_shows_settings_and_no_message() {
    let client = Client::builder(config());
    assert!(format!("{client:?}").starts_with("ClientBuilder { config: ClientConfig {"));
    let client = client.build();
    let delivery = client.try_send(&message("secret", "bob")).unwrap();
    let attached = client.driver().attach();
    for shown in [
        format!("{client:?}"),
        format!("{attached:?}"),
        format!("{delivery:?}"),
    ] {
        assert!(
            !shown.contains("secret") && shown.contains(".. }"),
            "{shown}"
        );
    }
    let store = store(StoreLimits::default());
    let builder = Server::builder(store.clone(), ServerConfig::default(), |_, _| None);
    assert!(format!("{builder:?}").starts_with("ServerBuilder { config: ServerConfig {"));
    let server = server(&store, ServerConfig::default());
    assert!(format!("{server:?}").starts_with("Server { config: ServerConfig {"));
    let connection = server.open(ALICE).unwrap();
    assert_eq!(format!("{connection:?}"), "ServerConnection { .. }");
    assert_eq!(connection.address(), ALICE);
    assert_eq!(connection.counters().ignored, 0);
}

#[test]
fn a_connection_is_ready_when_the_server_says_so_and_no_more_when_there_is_another() {
    let client = Client::new(config());
    let waker = std::task::Waker::noop();
    let mut cx = std::task::Context::from_waker(waker);
    let first = client.driver().attach();
    assert!(!first.is_ready() && !client.is_ready());
    let taken = first.poll_handle_frame(&mut cx, b"{\"type\":1000}");
    assert!(matches!(taken, std::task::Poll::Ready(Ok(()))));
    assert!(first.is_ready() && client.is_ready());
    let second = client.driver().attach();
    assert!(!first.is_ready() && !second.is_ready() && !client.is_ready());
}

#[test]
fn waits_begin_with_a_second_and_end_with_a_minute() {
    let backoff = Backoff::default();
    let second = Duration::from_secs(1);
    assert!((second / 2..=second).contains(&backoff.delay(1)));
    let minute = Duration::from_secs(60);
    assert!((minute / 2..=minute).contains(&backoff.delay(10)));
    let default = KeepAlive::default();
    assert_eq!(
        (default.ping_after, default.dead_after),
        (Some(30_000), Some(90_000))
    );
}

#[cfg(unix)]
#[test]
fn a_socket_of_the_file_system_is_a_stream_too() {
    let (near, far) = std::os::unix::net::UnixStream::pair().unwrap();
    let store = store(StoreLimits::default());
    let server = server(&store, ServerConfig::default());
    let serving = server.clone();
    let thread = std::thread::spawn(move || serving.drive(BOB, far));
    let client = Client::new(config());
    let driver = client.driver();
    let driving = std::thread::spawn(move || driver.drive(near));
    let delivery = client.try_send(&message("1", "bob")).unwrap();
    assert_eq!(receive(&client, 1), ["1"]);
    assert!(matches!(delivery.wait_timeout(LONG), Ok(Ok(_))));
    // What has ended on one side has ended on the other.
    server.close();
    assert!(matches!(thread.join().unwrap(), Disconnect::Closed));
    assert!(matches!(driving.join().unwrap(), Disconnect::Ended));
}

#[test]
fn a_stream_whose_reads_time_out_is_read_until_the_end() {
    let (near, far) = tcp_pair();
    for stream in [&near, &far] {
        let timeout = Some(Duration::from_millis(2));
        stream.set_read_timeout(timeout).unwrap();
    }
    let store = store(StoreLimits::default());
    let server = server(&store, ServerConfig::default());
    let serving = server.clone();
    let thread = std::thread::spawn(move || serving.drive(BOB, far));
    let client = Client::new(config());
    let driver = client.driver();
    let driving = std::thread::spawn(move || driver.drive(near));
    for id in 0..3 {
        std::thread::sleep(Duration::from_millis(10));
        let delivery = client.try_send(&message(id, "bob")).unwrap();
        assert_eq!(receive(&client, 1), [id.to_string()]);
        assert!(matches!(delivery.wait_timeout(LONG), Ok(Ok(_))));
    }
    client.close();
    let (near, far) = (driving.join().unwrap(), thread.join().unwrap());
    assert!(matches!(near, Disconnect::Closed), "{near:?}");
    assert!(matches!(far, Disconnect::Ended), "{far:?}");
}

#[test]
fn a_frame_over_the_limit_is_refused_by_a_connection_of_ones_own() {
    use std::sync::{Arc, Mutex};
    use std::task::{Context, Poll, Waker};

    let refused = Arc::new(Mutex::new(Vec::new()));
    let note = |refused: &Arc<Mutex<Vec<String>>>| {
        let refused = refused.clone();
        move |reason: &Refused| refused.lock().unwrap().push(reason.to_string())
    };
    let mut cx = Context::from_waker(Waker::noop());
    let long = format!("{{\"type\":1001,\"data\":\"{}\"}}", "x".repeat(64));
    let builder = Client::builder(config()).max_frame_len(64);
    let client = builder.on_refused(note(&refused)).build();
    let attached = client.driver().attach();
    let taken = attached.poll_handle_frame(&mut cx, long.as_bytes());
    assert!(matches!(taken, Poll::Ready(Ok(()))));

    let store = store(StoreLimits::default());
    let on_refused = note(&refused);
    let server = Server::builder(store, ServerConfig::default(), |_, _| None)
        .max_frame_len(64)
        .on_refused(move |_, reason| on_refused(reason))
        .build();
    let connection = server.open(ALICE).unwrap();
    let taken = connection.poll_handle_frame(&mut cx, long.as_bytes());
    assert!(matches!(taken, Poll::Ready(Ok(()))));
    let text = "frame of 87 bytes is over the limit of 64";
    assert_eq!(*refused.lock().unwrap(), [text, text]);
}
