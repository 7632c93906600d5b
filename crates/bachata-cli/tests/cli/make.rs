//! `bachata make`, and what `bachata inspect` says to it.

use std::time::{SystemTime, UNIX_EPOCH};

use crate::common::{Run, run};
use bachata_core::{Message, TransportType};

fn make(args: &[&str]) -> Run {
    run(&[&["make"], args].concat(), "")
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

#[test]
fn the_parts_are_where_they_belong() {
    for (args, frame) in [
        (
            &[
                "--type",
                "direct",
                "--id",
                "1",
                "--time",
                "5",
                "--data",
                "a \"b\"\n",
            ][..],
            r#"{"id":"1","type":"direct","time":5,"data":"a \"b\"\n"}"#,
        ),
        (
            &[
                "--type=t",
                "--id=",
                "--time=-5",
                "--from=é",
                "--dest=d",
                "--sign=s",
            ],
            r#"{"id":"","type":"t","time":-5,"data":"","from":"é","dest":"d","sign":"s"}"#,
        ),
        (
            &[
                "--type",
                "1001",
                "--id",
                "1",
                "--time",
                "-5",
                "--json",
                " {\"a\": [1.0, 1e999], \"\\u0062\":{}} ",
            ],
            r#"{"id":"1","type":"1001","time":-5,"data":{"a":[1.0,1e999],"b":{}}}"#,
        ),
        (
            &[
                "--type",
                "t",
                "--id",
                "1",
                "--time",
                "2025-11-21T23:20:00.123Z",
                "--data",
                "-",
            ],
            r#"{"id":"1","type":"t","time":1763767200123,"data":"-"}"#,
        ),
        (
            &[
                "--type", "t", "--id", "1", "--time", "0", "--from", "", "--data", "--x",
            ],
            r#"{"id":"1","type":"t","time":0,"data":"--x"}"#,
        ),
        (
            &["--transport", "200", "--data", "1"],
            r#"{"type":200,"data":"1"}"#,
        ),
        (
            &["--transport", "Received", "--data", ""],
            r#"{"type":200,"data":""}"#,
        ),
        (&["--transport", "ping"], r#"{"type":1001}"#),
        (
            &["--transport", "1002", "--data", "x", "--sign", "s"],
            r#"{"type":1002,"data":"x","sign":"s"}"#,
        ),
        (&["--transport", "4294967295"], r#"{"type":4294967295}"#),
    ] {
        let run = make(args);
        assert_eq!(run.out, format!("{frame}\n"), "{args:?} {}", run.err);
        assert_eq!((run.status, run.err.as_str()), (Some(0), ""));
        assert!(Message::parse(frame.as_bytes()).is_ok());
    }
}

#[test]
fn an_id_is_a_new_uuid_and_the_time_is_now() {
    let before = now();
    let runs = [make(&["--type", "t"]), make(&["--type", "t"])];
    let after = now();
    let messages = runs.each_ref().map(|run| {
        *Message::parse(run.out.as_bytes())
            .unwrap()
            .as_data()
            .unwrap()
    });
    for message in messages {
        assert!((before..=after).contains(&message.time()));
        let id = message.id().to_string();
        let parts: Vec<_> = id.split('-').collect();
        assert_eq!(
            parts.iter().map(|part| part.len()).collect::<Vec<_>>(),
            [8, 4, 4, 4, 12]
        );
        let is_hex = |c: char| matches!(c, '0'..='9' | 'a'..='f');
        assert!(parts.concat().chars().all(is_hex), "{id}");
        assert!(
            parts[2].starts_with('4') && parts[3].starts_with(['8', '9', 'a', 'b']),
            "{id}"
        );
    }
    assert_ne!(messages[0].id(), messages[1].id());
}

#[test]
fn what_cannot_be_made_is_refused() {
    for (args, says) in [
        (&[][..], "--type"),
        (
            &["--type", "t", "--transport", "ping"],
            "cannot be used with",
        ),
        (&["--transport", "200"], "needs --data"),
        (&["--transport", "accepted", "--sign", "s"], "needs --data"),
        (
            &["--transport", "delivered"],
            "a transport message 300 (delivered) needs --data",
        ),
        (
            &["--transport", "pang"],
            "accepted, received, delivered, ready, ping, pong",
        ),
        (&["--transport", "-1"], "--transport"),
        (&["--transport", "4294967296"], "4294967295"),
        (&["--transport", "ping", "--id", "1"], "--id"),
        (&["--transport", "ping", "--json", "{}"], "--json"),
        (&["--transport", "ping", "--dest", "B"], "--dest"),
        (
            &["--type", "t", "--data", "x", "--json", "{}"],
            "cannot be used with",
        ),
        (&["--type", "t", "--time", "tomorrow"], "Unix milliseconds"),
        (
            &["--type", "t", "--json", "[]"],
            "--json: expected '{' at byte 0",
        ),
        (
            &["--type", "t", "--json", ""],
            "--json: unexpected end of the frame at byte 0",
        ),
    ] {
        let run = make(args);
        assert_eq!((run.status, run.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(run.err.contains(says), "{args:?} {}", run.err);
        assert!(!run.err.contains("panicked"));
    }
}

#[test]
fn json_that_is_none_has_a_caret_too() {
    let run = make(&["--type", "t", "--json", "{\n  \"日本\": [1,2,]}"]);
    assert_eq!(run.status, Some(2));
    let lines: Vec<_> = run.err.lines().collect();
    assert_eq!(
        lines,
        [
            "bachata: --json: trailing comma at byte 19 (line 2, column 18)",
            "  \"日本\": [1,2,]}",
            "               ^",
        ]
    );
}

#[test]
fn what_make_makes_inspect_reads() {
    let mut input = String::new();
    for kind in TransportType::DEFINED {
        input += &make(&["--transport", kind.name().unwrap(), "--data", "1"]).out;
        input += &make(&["--transport", &kind.code().to_string(), "--data", "1"]).out;
    }
    input += &make(&[
        "--type",
        "direct",
        "--json",
        "{\"a\":1}",
        "--from",
        "A",
        "--dest",
        "B",
    ])
    .out;
    input += &make(&["--type", "direct", "--data", "\u{1b}[2J \u{1f600}\t\\"]).out;
    let run = run(&["inspect"], input);
    assert_eq!(run.status, Some(0));
    assert!(run.out.contains("14 valid, 0 invalid"), "{}", run.out);
    for kind in TransportType::DEFINED {
        let label = format!("transport  {} {kind}", kind.code());
        assert!(
            run.out.lines().any(|line| line.starts_with(&label)),
            "{}",
            run.out
        );
    }
}
