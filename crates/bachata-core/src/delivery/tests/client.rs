use std::string::{String, ToString};
use std::vec::Vec;
use std::{format, vec};

use super::super::*;
use super::{frame, message, receipt};
#[cfg(feature = "serde")]
use crate::DataMessage;

type TestClient = Client<3, 4, 128>;

const QUIET: ClientConfig = ClientConfig {
    keep_alive: KeepAlive::OFF,
    ..ClientConfig::DEFAULT
};

fn ready(client: &mut TestClient, now: u64) {
    client.handle_connect(now);
    assert!(
        client
            .handle_frame(b"{\"type\":1000}", now)
            .unwrap()
            .is_none()
    );
    assert_eq!(client.poll_event(), Some(Event::Ready));
}

/// All that a client sends now.
fn transmits(client: &mut TestClient) -> Vec<String> {
    let mut sent = Vec::new();
    while let Some(frame) = client.poll_transmit(&mut [0; 256]).unwrap() {
        sent.push(String::from_utf8(frame.to_vec()).unwrap());
    }
    sent
}

fn tell(client: &mut TestClient, code: u32, id: &str) {
    assert!(
        client
            .handle_frame(receipt(code, id).as_bytes(), 0)
            .unwrap()
            .is_none()
    );
}

fn hand_up(client: &mut TestClient, frame: &str) -> Option<(Receipt, bool)> {
    let received = client.handle_frame(frame.as_bytes(), 0).unwrap();
    received.map(|received| (received.receipt, received.conflict))
}

#[test]
fn nothing_is_sent_before_the_server_is_ready() {
    let mut client = TestClient::new(QUIET);
    client.send(&message("1"), 0).unwrap();
    assert!(transmits(&mut client).is_empty());
    client.handle_connect(0);
    assert!(transmits(&mut client).is_empty());
    // But for an answer.
    let ping = br#"{"type":1001,"data":"tok\u0065n"}"#;
    client.handle_frame(ping, 0).unwrap();
    assert_eq!(transmits(&mut client), [r#"{"type":1002,"data":"token"}"#]);
    client.handle_frame(b"{\"type\":1000}", 0).unwrap();
    assert_eq!(transmits(&mut client), [frame("1")]);

    let mut client = TestClient::new(ClientConfig {
        wait_for_ready: false,
        ..QUIET
    });
    client.send(&message("1"), 0).unwrap();
    client.handle_connect(0);
    assert_eq!(transmits(&mut client), [frame("1")]);
}

#[test]
fn a_full_window_hands_the_message_back() {
    let mut client = TestClient::new(QUIET);
    for id in ["1", "2", "3"] {
        client.send(&message(id), 0).unwrap();
    }
    assert_eq!(client.room(), 0);
    assert_eq!(client.send(&message("4"), 0), Err(SendError::Full));
    assert_eq!(client.send(&message("3"), 0), Err(SendError::IdInUse));
    ready(&mut client, 0);
    assert_eq!(transmits(&mut client), ["1", "2", "3"].map(frame));
    tell(&mut client, 300, "2");
    // Its place is free when its end has been reported.
    assert_eq!(client.send(&message("4"), 0), Err(SendError::Full));
    assert!(matches!(client.poll_event(), Some(Event::Delivered(_))));
    client.send(&message("4"), 0).unwrap();
    assert_eq!(transmits(&mut client), ["4"].map(frame));
}

#[test]
fn what_does_not_fit_is_not_taken() {
    let mut client = Client::<2, 2, 40>::new(QUIET);
    let error = client.send(&message("12"), 0).unwrap_err();
    assert_eq!(
        error,
        SendError::TooLong(crate::BufferTooSmall {
            needed: 41,
            capacity: 40
        })
    );
    client.send(&message("1"), 0).unwrap();
    assert_eq!(client.room(), 1);
    assert_eq!(
        client.send_frame(br#"{"type":1001}"#, 0),
        Err(SendError::NotData)
    );
    assert!(matches!(
        client.send_frame(b"{", 0),
        Err(SendError::Parse(_))
    ));
}

#[test]
fn everything_goes_out_again_on_a_new_connection_byte_for_byte() {
    let mut client = TestClient::new(QUIET);
    // Not as we would write it.
    let odd = r#"{ "type":"t","id":"\u0031","data":"","time":5,"more":[1]}"#;
    let first = client.send_frame(odd.as_bytes(), 0).unwrap();
    let second = client.send(&message("2"), 0).unwrap();
    let third = client.send(&message("3"), 0).unwrap();
    assert_eq!(client.progress(first), Some(Progress::Queued));
    ready(&mut client, 0);
    assert_eq!(
        transmits(&mut client),
        [odd.to_string(), frame("2"), frame("3")]
    );
    assert_eq!(client.progress(first), Some(Progress::Sent));
    tell(&mut client, 100, "1");
    assert_eq!(client.poll_event(), Some(Event::Accepted(first)));
    assert_eq!(client.poll_event(), None);
    tell(&mut client, 300, "2");
    assert_eq!(client.poll_event(), Some(Event::Delivered(second)));
    assert_eq!(client.progress(second), None);

    ready(&mut client, 0);
    assert_eq!(transmits(&mut client), [odd.to_string(), frame("3")]);
    tell(&mut client, 100, "1");
    assert_eq!(client.poll_event(), None, "it has been reported");
    // On a line without connections the server says so.
    client.handle_frame(b"{\"type\":1000}", 0).unwrap();
    assert_eq!(transmits(&mut client), [odd.to_string(), frame("3")]);
    tell(&mut client, 300, "1");
    tell(&mut client, 300, "3");
    assert_eq!(client.poll_event(), Some(Event::Ready));
    assert_eq!(client.poll_event(), Some(Event::Delivered(first)));
    assert_eq!(client.poll_event(), Some(Event::Delivered(third)));
    assert_eq!(client.poll_event(), None);
    assert_eq!(client.room(), 3);
}

#[test]
fn what_is_accepted_is_not_sent_again_where_that_is_not_wanted() {
    let mut client = TestClient::new(ClientConfig {
        resend_accepted: false,
        ..QUIET
    });
    client.send(&message("1"), 0).unwrap();
    client.send(&message("2"), 0).unwrap();
    ready(&mut client, 0);
    assert_eq!(transmits(&mut client).len(), 2);
    tell(&mut client, 100, "1");
    ready(&mut client, 0);
    assert_eq!(transmits(&mut client), ["2"].map(frame));

    let mut client = TestClient::new(ClientConfig {
        accepted_is_delivered: true,
        ..QUIET
    });
    let token = client.send(&message("1"), 0).unwrap();
    ready(&mut client, 0);
    transmits(&mut client);
    tell(&mut client, 100, "1");
    assert_eq!(client.poll_event(), Some(Event::Delivered(token)));
}

#[test]
fn receipts_count_only_for_what_is_in_flight() {
    let mut client = TestClient::new(QUIET);
    let token = client.send(&message("1"), 0).unwrap();
    ready(&mut client, 0);
    // It has not been sent yet.
    tell(&mut client, 300, "1");
    tell(&mut client, 100, "1");
    transmits(&mut client);
    for code in [100, 300] {
        tell(&mut client, code, "2");
    }
    // Not for a client.
    tell(&mut client, 200, "1");
    tell(&mut client, 4711, "1");
    assert_eq!(client.poll_event(), None);
    assert_eq!(client.progress(token), Some(Progress::Sent));
    tell(&mut client, 300, "1");
    assert_eq!(client.poll_event(), Some(Event::Delivered(token)));
    tell(&mut client, 300, "1");
    assert_eq!(client.poll_event(), None);
    assert_eq!(client.counters().ignored, 7);
}

#[test]
fn a_timer_sends_again_and_backs_off() {
    let mut client = TestClient::new(ClientConfig {
        resend: Some(Resend {
            first: 100,
            max: 300,
        }),
        ..QUIET
    });
    client.send(&message("1"), 1000).unwrap();
    assert_eq!(client.poll_timeout(), None);
    ready(&mut client, 1000);
    assert_eq!(transmits(&mut client).len(), 1);
    for (due, id) in [(1100, "1"), (1300, "1"), (1600, "1"), (1900, "1")] {
        assert_eq!(client.poll_timeout(), Some(due));
        client.handle_timeout(due - 1);
        assert!(transmits(&mut client).is_empty());
        client.handle_timeout(due);
        assert_eq!(transmits(&mut client), [frame(id)]);
    }
    // What the server has is asked for at leisure: its 300 may be lost.
    let accepted = receipt(100, "1");
    client.handle_frame(accepted.as_bytes(), 1950).unwrap();
    assert_eq!(client.poll_timeout(), Some(2200));
    client.handle_timeout(2200);
    assert_eq!(transmits(&mut client), [frame("1")]);
    assert_eq!(client.poll_timeout(), Some(2500));
    tell(&mut client, 300, "1");
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_message_has_its_time() {
    let mut client = TestClient::new(ClientConfig {
        expire_after: Some(100),
        ..QUIET
    });
    let token = client.send(&message("1"), 1000).unwrap();
    assert_eq!(client.poll_timeout(), Some(1100));
    client.handle_timeout(1099);
    assert_eq!(client.poll_event(), None);
    client.handle_timeout(1100);
    assert_eq!(client.progress(token), Some(Progress::Expired));
    assert_eq!(client.poll_event(), Some(Event::Expired(token)));
    assert_eq!(client.poll_event(), None);
    ready(&mut client, 1100);
    assert!(transmits(&mut client).is_empty());
    assert_eq!(client.poll_timeout(), None);
}

#[test]
fn a_message_can_be_cancelled_once() {
    let mut client = TestClient::new(QUIET);
    let token = client.send(&message("1"), 0).unwrap();
    assert!(client.cancel(token));
    assert!(!client.cancel(token));
    assert_eq!(client.poll_event(), Some(Event::Failed(token)));
    assert!(!client.cancel(token));
    ready(&mut client, 0);
    assert!(transmits(&mut client).is_empty());
}

#[test]
fn a_message_is_acknowledged_when_it_is_taken_and_handed_up_once() {
    let mut client = TestClient::new(QUIET);
    ready(&mut client, 0);
    let (receipt, conflict) = hand_up(&mut client, &frame("\u{e9}\"")).unwrap();
    assert!(!conflict);
    assert!(hand_up(&mut client, &frame("\u{e9}\"")).is_none());
    assert!(transmits(&mut client).is_empty());
    client.acknowledge(receipt);
    let receipt = "{\"type\":200,\"data\":\"\u{e9}\\\"\"}";
    assert_eq!(transmits(&mut client), [receipt]);
    // The same, written otherwise.
    let again = r#"{"data":"","type":"t", "time":5,"id":"\u00e9\""}"#;
    assert!(hand_up(&mut client, again).is_none());
    assert_eq!(transmits(&mut client), [receipt]);
    assert_eq!(client.counters().repeated, 2);
}

#[test]
fn a_message_that_is_released_is_handed_up_again() {
    let mut client = TestClient::new(QUIET);
    ready(&mut client, 0);
    let (receipt, _) = hand_up(&mut client, &frame("1")).unwrap();
    client.release(receipt);
    assert!(transmits(&mut client).is_empty());
    let (receipt, _) = hand_up(&mut client, &frame("1")).unwrap();
    client.acknowledge(receipt);
    assert_eq!(transmits(&mut client).len(), 1);
}

#[test]
fn the_same_id_with_another_body_is_said_to_be_so() {
    let mut client = TestClient::new(ClientConfig {
        acknowledge_at_once: true,
        ..QUIET
    });
    ready(&mut client, 0);
    let other = message("1").with_dest("x").to_string();
    let someone_elses = message("1").with_from("bob").to_string();
    let conflicts = [&frame("1"), &other, &someone_elses]
        .map(|frame| hand_up(&mut client, frame).map(|(_, conflict)| conflict));
    assert_eq!(conflicts, [Some(false), Some(true), Some(false)]);
    assert_eq!(client.counters().conflicts, 1);
    assert_eq!(transmits(&mut client).len(), 3);
    for known in [&frame("1"), &other, &someone_elses] {
        assert!(hand_up(&mut client, known).is_none());
    }
}

#[test]
fn an_answer_goes_to_the_connection_that_asked() {
    let mut client = TestClient::new(QUIET);
    ready(&mut client, 0);
    let (held, _) = hand_up(&mut client, &frame("1")).unwrap();
    let (taken, _) = hand_up(&mut client, &frame("2")).unwrap();
    let (late, _) = hand_up(&mut client, &frame("3")).unwrap();
    client.acknowledge(taken);
    client.handle_disconnect(0);
    ready(&mut client, 0);
    // A 200 for a message that did not come on this connection could be taken for that of another message.
    client.acknowledge(late);
    assert!(transmits(&mut client).is_empty());
    for id in ["1", "2", "3"] {
        assert!(hand_up(&mut client, &frame(id)).is_none());
    }
    client.acknowledge(held);
    let answers = ["2", "3", "1"].map(|id| format!(r#"{{"type":200,"data":"{id}"}}"#));
    let mut sent = transmits(&mut client);
    sent.sort();
    let mut answers = answers.to_vec();
    answers.sort();
    assert_eq!(sent, answers);
}

#[test]
fn what_there_is_no_room_to_answer_is_not_taken() {
    let mut client = Client::<1, 2, 128>::new(QUIET);
    client.handle_connect(0);
    let (first, second, third) = (frame("1"), frame("2"), frame("3"));
    let held = [&first, &second].map(|frame| {
        let received = client.handle_frame(frame.as_bytes(), 0).unwrap();
        received.unwrap().receipt
    });
    // Both places of its memory are kept.
    let busy = client.handle_frame(third.as_bytes(), 0).unwrap_err();
    assert_eq!(busy, FrameError::Busy);
    client.handle_frame(b"{\"type\":1001}", 0).unwrap();
    held.into_iter()
        .for_each(|receipt| client.acknowledge(receipt));
    assert!(client.handle_frame(third.as_bytes(), 0).unwrap().is_some());

    let long = frame(&"i".repeat(100));
    let error = client.handle_frame(long.as_bytes(), 0).unwrap_err();
    let FrameError::TooLong(error) = error else {
        panic!("{error}")
    };
    assert_eq!((error.needed, error.capacity), (101, 96));
}

#[test]
fn control_frames_never_wait_behind_data() {
    let mut client = TestClient::new(ClientConfig {
        acknowledge_at_once: true,
        keep_alive: KeepAlive {
            ping_after: Some(10),
            dead_after: None,
        },
        ..QUIET
    });
    client.send(&message("1"), 0).unwrap();
    ready(&mut client, 0);
    assert!(hand_up(&mut client, &frame("2")).is_some());
    client.handle_frame(b"{\"type\":1001}", 0).unwrap();
    client.handle_timeout(10);
    assert_eq!(
        transmits(&mut client),
        [
            r#"{"type":200,"data":"2"}"#.to_string(),
            r#"{"type":1002}"#.to_string(),
            r#"{"type":1001}"#.to_string(),
            frame("1")
        ]
    );
}

#[test]
fn a_silent_server_is_pinged_and_then_reported() {
    let mut client = TestClient::new(ClientConfig {
        keep_alive: KeepAlive {
            ping_after: Some(100),
            dead_after: Some(250),
        },
        ..QUIET
    });
    ready(&mut client, 1000);
    let mut pings = vec![];
    while let Some(time) = client.poll_timeout() {
        client.handle_timeout(time);
        if let Some(event) = client.poll_event() {
            assert_eq!((event, time), (Event::Dead, 1250));
            break;
        }
        assert_eq!(transmits(&mut client), [r#"{"type":1001}"#]);
        pings.push(time);
    }
    assert_eq!(pings, [1100, 1200]);
    // Once a connection.
    client.handle_timeout(9000);
    assert_eq!(client.poll_event(), None);
    ready(&mut client, 9000);
    client.handle_timeout(9090);
    client.handle_frame(b"{\"type\":1002}", 9090).unwrap();
    assert_eq!(client.poll_timeout(), Some(9190));
    client.handle_timeout(9340);
    assert_eq!(client.poll_event(), Some(Event::Dead));
}

#[test]
fn at_the_end_of_time_nothing_is_sent_without_end() {
    let keep_alive = KeepAlive {
        ping_after: Some(100),
        dead_after: None,
    };
    let resend = Some(Resend { first: 1, max: 1 });
    let mut client = TestClient::new(ClientConfig {
        keep_alive,
        resend,
        ..QUIET
    });
    client.send(&message("1"), 0).unwrap();
    ready(&mut client, 0);
    transmits(&mut client);
    client.handle_timeout(u64::MAX);
    let sent = transmits(&mut client);
    assert_eq!(sent, [r#"{"type":1001}"#.to_string(), frame("1")]);
    // Nothing waits for a time that the clock never shows.
    assert_eq!(client.poll_timeout(), None);
    // Nor does the time stand still afterwards.
    client.handle_timeout(5);
    assert_eq!(client.poll_timeout(), Some(6));
    client.handle_timeout(6);
    assert_eq!(transmits(&mut client), [frame("1")]);
}

#[test]
fn frames_without_a_connection_and_without_a_message_are_refused() {
    let mut client = TestClient::new(QUIET);
    let error = client.handle_frame(b"{\"type\":1000}", 0).unwrap_err();
    assert_eq!(error, FrameError::NotConnected);
    client.handle_connect(0);
    let error = client.handle_frame(b"{\"type\":1000", 0).unwrap_err();
    assert!(matches!(error, FrameError::Parse(error) if error.offset() == 12));
    assert_eq!(client.counters().invalid, 1);
}

#[test]
fn an_output_that_is_too_short_loses_nothing() {
    let mut client = TestClient::new(QUIET);
    client.send(&message("1"), 0).unwrap();
    ready(&mut client, 0);
    client.handle_frame(b"{\"type\":1001}", 0).unwrap();
    assert_eq!(client.poll_transmit(&mut [0; 12]).unwrap_err().needed, 13);
    assert!(client.poll_transmit(&mut [0; 13]).unwrap().is_some());
    let needed = client.poll_transmit(&mut [0; 13]).unwrap_err().needed;
    assert_eq!(needed, frame("1").len());
    assert_eq!(transmits(&mut client), [frame("1")]);
}

#[test]
#[cfg(feature = "serde")]
fn a_message_of_a_type_is_sent_as_one_of_its_text() {
    let mut client = TestClient::new(QUIET);
    let object = std::collections::BTreeMap::from([("on", true)]);
    let token = client.send_typed(&DataMessage::typed("1", "led", 0, &object), 0);
    assert!(token.is_ok());
    let again = client.send_typed(&DataMessage::typed("1", "led", 0, &object), 0);
    assert_eq!(again, Err(SendError::IdInUse));
    let array = [1];
    let no_payload = client.send_typed(&DataMessage::typed("2", "led", 0, &array), 0);
    let kind = crate::SerializeErrorKind::NeitherTextNorObject;
    assert_eq!(no_payload, Err(SendError::Serialize(kind)));
    let long = "x".repeat(128);
    let too_long = client.send_typed(&DataMessage::typed("3", "led", 0, &long), 0);
    let error = crate::BufferTooSmall {
        needed: 170,
        capacity: 128,
    };
    assert_eq!(too_long, Err(SendError::TooLong(error)));
    ready(&mut client, 0);
    assert_eq!(
        transmits(&mut client),
        [r#"{"id":"1","type":"led","time":0,"data":{"on":true}}"#]
    );
}

#[test]
fn a_pong_is_heard_and_not_ignored() {
    let mut client = TestClient::new(QUIET);
    ready(&mut client, 0);
    for (frame, ignored) in [(r#"{"type":1002}"#, 0), (r#"{"type":4711}"#, 1)] {
        assert!(client.handle_frame(frame.as_bytes(), 0).unwrap().is_none());
        assert_eq!(client.counters().ignored, ignored);
    }
}
