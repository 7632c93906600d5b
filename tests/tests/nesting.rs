//! Depth and length, on a stack as small as a thread can have.

use std::thread;

use bachata_core::{
    Envelope, Message, MessageBuf, ParseErrorKind, Policy, RawJson, RawObject, Route,
};

/// Runs on the smallest stack that the system gives: 16 KiB on Linux.
fn on_a_small_stack<T: Send>(work: impl FnOnce() -> T + Send) -> T {
    thread::scope(|scope| {
        let thread = thread::Builder::new().stack_size(16 * 1024);
        let thread = thread.spawn_scoped(scope, work).expect("a thread");
        thread.join().expect("the work is done")
    })
}

/// So many containers in one another: arrays, objects, or both by turns.
fn nested(depth: usize, kinds: &str, spacer: &str) -> String {
    let kinds: Vec<char> = kinds.chars().collect();
    let (mut head, mut tail) = (String::new(), String::new());
    for level in 0..depth {
        let is_object = kinds[level % kinds.len()] == '{';
        let is_last = level + 1 == depth;
        head.push_str(match (is_object, is_last) {
            (true, true) => "{",
            (true, false) => "{\"\\u0061\":",
            (false, _) => "[",
        });
        head.push_str(spacer);
        tail.insert(0, if is_object { '}' } else { ']' });
        tail.insert_str(0, spacer);
    }
    head + &tail
}

const KINDS: [&str; 4] = ["[", "{", "[{", "{["];

/// Frames with a place for a value.
const FRAMES: [&str; 3] = [
    r#"{"type":1001,"x":@}"#,
    r#"{"type":1001,"x":{},"time":@,"y":[]}"#,
    r#" {"id":"","x":@,"time":0,"type":"","data":""} "#,
];

#[test]
fn a_frame_holds_127_containers_and_itself_is_one() {
    for kinds in KINDS {
        for spacer in ["", " "] {
            for frame in FRAMES {
                for depth in 120..=135 {
                    let value = nested(depth, kinds, spacer);
                    let frame = frame.replace('@', &value);
                    let got = on_a_small_stack(|| Message::parse(frame.as_bytes()).map(drop));
                    let Err(error) = got else {
                        assert!(depth <= 126, "{frame}");
                        continue;
                    };
                    assert!(depth > 126, "{error}: {frame}");
                    assert_eq!(error.kind(), ParseErrorKind::TooDeep, "{frame}");
                    let opened = &frame[..error.offset()];
                    let depth =
                        opened.matches(['{', '[']).count() - opened.matches(['}', ']']).count();
                    assert_eq!(depth, 127, "{error}: {frame}");
                    assert!(
                        frame[error.offset()..].starts_with(['{', '[']),
                        "{error}: {frame}"
                    );
                }
            }
        }
    }
}

#[test]
fn serde_json_takes_the_same_depth() {
    for kinds in KINDS {
        for depth in 120..=135 {
            let frame = format!("{{\"type\":1001,\"x\":{}}}", nested(depth, kinds, ""));
            let got = Message::parse(frame.as_bytes()).is_ok();
            let expected = serde_json::from_str::<serde_json::Value>(&frame).is_ok();
            assert_eq!(got, expected, "{frame}");
        }
    }
}

#[test]
fn the_deepest_payload_goes_through_everything() {
    for kinds in ["{", "{["] {
        let payload = nested(126, kinds, " ");
        let frame = format!(r#"{{"data":{payload},"id":"","type":"","time":0}}"#);
        let compact = payload.replace(' ', "").replace("\\u0061", "a");
        on_a_small_stack(|| {
            let message = Message::parse(frame.as_bytes()).unwrap();
            let mut room = [0; 1024];
            let encoded = message.encode(&mut room).unwrap();
            assert_eq!(Message::parse(encoded), Ok(message));
            assert_eq!(message.encoded_len(), encoded.len());
            let data = message.as_data().unwrap().data();
            let object = data.as_object().unwrap();
            assert_eq!(object, RawObject::new(payload.as_bytes()).unwrap());
            assert_eq!(object, RawObject::new(compact.as_bytes()).unwrap());
            let envelope = Envelope::parse(frame.as_bytes()).unwrap();
            assert_eq!(envelope.members().count(), 4);
            assert!(Route::parse(frame.as_bytes(), Policy::Strict).is_ok());
            let buf = MessageBuf::<2048>::parse(frame.as_bytes()).unwrap();
            assert_eq!(buf.message(), message);
        });
    }
}

#[test]
fn a_value_alone_holds_one_container_less() {
    for kinds in KINDS {
        for depth in 120..=135 {
            let value = nested(depth, kinds, "");
            let got = on_a_small_stack(|| RawJson::new(value.as_bytes()).map(drop));
            match got {
                Ok(()) => assert!(depth <= 126, "{value}"),
                Err(error) => {
                    assert!(depth > 126, "{error}: {value}");
                    assert_eq!(error.kind(), ParseErrorKind::TooDeep, "{value}");
                    assert_eq!(
                        value[..error.offset()].matches(['{', '[']).count(),
                        126,
                        "{value}"
                    );
                }
            }
        }
    }
}

#[test]
fn closed_containers_do_not_count() {
    for value in ["[],".repeat(100_000), "[[],{}],{\"a\":[]},".repeat(10_000)] {
        let value = format!("[{}0]", value);
        let frame = format!(r#"{{"type":1001,"x":{value},"y":{value}}}"#);
        let got = on_a_small_stack(|| Message::parse(frame.as_bytes()).map(drop));
        assert_eq!(got, Ok(()));
    }
}

#[test]
fn a_megabyte_of_anything_is_read_in_constant_stack() {
    use ParseErrorKind::{ExpectedObject, TooDeep, UnexpectedEnd};
    const SIZE: usize = 1 << 20;
    for (head, byte, kind, offset) in [
        ("", "[", ExpectedObject, 0),
        ("", "{", ParseErrorKind::ExpectedName, 1),
        ("", " ", UnexpectedEnd, SIZE),
        (r#"{"data":"#, "[", TooDeep, 8 + 126),
        (r#"{"data":"#, "{\"\":", TooDeep, 8 + 126 * 4),
        (r#"{"data":"#, "[{\"\":", TooDeep, 8 + 63 * 5),
        (r#"{"data":""#, "x", UnexpectedEnd, SIZE + 9),
        (r#"{"data":""#, "\\n", UnexpectedEnd, SIZE + 9),
        (r#"{"data":""#, "\\\\", UnexpectedEnd, SIZE + 9),
        (r#"{"data":"#, "1", UnexpectedEnd, SIZE + 8),
        (r#"{"data":["#, "1,", UnexpectedEnd, SIZE + 9),
        (r#"{"data":["#, "[],", UnexpectedEnd, SIZE / 3 * 3 + 9),
        (r#"{"data":0"#, ",\"\":0 ", UnexpectedEnd, SIZE / 6 * 6 + 9),
    ] {
        let frame = head.to_owned() + &byte.repeat(SIZE / byte.len());
        let error = on_a_small_stack(|| Message::parse(frame.as_bytes()).unwrap_err());
        assert_eq!(
            (error.kind(), error.offset()),
            (kind, offset),
            "{head}{byte}{byte}..."
        );
    }
}

#[test]
fn a_megabyte_of_payload_is_read_and_written() {
    for unit in [
        "x",
        "é",
        "😀",
        "\\u00e9",
        "\\ud83d\\ude00",
        "\\\\",
        "\\\"",
        "\\u0000",
    ] {
        let text = unit.repeat((1 << 20) / unit.len());
        for data in [
            format!("\"{text}\""),
            format!("{{\"{text}\" : [ \"{text}\" ] }}"),
        ] {
            let frame = format!(r#"{{"id":"1","type":"t","time":0,"data":{data}}}"#);
            let written = on_a_small_stack(|| {
                let message = Message::parse(frame.as_bytes()).unwrap();
                let mut room = vec![0; message.encoded_len()];
                let encoded = message.encode(&mut room).unwrap();
                assert!(Message::parse(encoded) == Ok(message), "{unit}...");
                room
            });
            let expected: serde_json::Value = serde_json::from_str(&frame).unwrap();
            let got: serde_json::Value = serde_json::from_slice(&written).unwrap();
            assert!(got == expected, "{unit}...");
        }
    }
}
