//! `bachata inspect --json` as programs see it.

use crate::common::{Files, run};
use serde_json::Value;

/// Frames, and what is printed of each after its line number.
const FRAMES: [(&str, &str); 15] = [
    (
        r#"{"id":"1","type":"t","time":5,"data":"hi"}"#,
        r#""ok":true,"message":"data","id":"1","type":"t","time":5,"data":"hi"}"#,
    ),
    (
        r#" { "sign":"s", "dest":"d" ,"from" : "f","data":"x","time":-1,"type":"t","id":"" } "#,
        r#""ok":true,"message":"data","id":"","type":"t","time":-1,"data":"x","from":"f","dest":"d","sign":"s"}"#,
    ),
    (
        r#"{"id":"1","type":"t","time":5,"data":{"n": [1.0, 1E400, -0, 12345678901234567890] , "\u0061":"\u00e9\/"}}"#,
        r#""ok":true,"message":"data","id":"1","type":"t","time":5,"data":{"n":[1.0,1E400,-0,12345678901234567890],"a":"é/"}}"#,
    ),
    (
        r#"{"id":"1","type":"t","time":5,"data":"","from":null,"dest":"","sign":null,"unknown":[1]}"#,
        r#""ok":true,"message":"data","id":"1","type":"t","time":5,"data":""}"#,
    ),
    (
        r#"{"id":"\ud83d\ude00","type":"\u0000\"","time":5,"data":"\u001F\u007f"}"#,
        "\"ok\":true,\"message\":\"data\",\"id\":\"😀\",\"type\":\"\\u0000\\\"\",\"time\":5,\"data\":\"\\u001f\u{7f}\"}",
    ),
    (
        r#"{"type":200,"data":"1","id":7}"#,
        r#""ok":true,"message":"transport","type":200,"data":"1"}"#,
    ),
    (
        r#"{"type":1001}"#,
        r#""ok":true,"message":"transport","type":1001}"#,
    ),
    (
        r#"{"type":1002,"data":"","sign":"s"}"#,
        r#""ok":true,"message":"transport","type":1002,"data":"","sign":"s"}"#,
    ),
    (
        r#"{"type":4294967295}"#,
        r#""ok":true,"message":"transport","type":4294967295}"#,
    ),
    (
        r#"{"id":"1","type":"t","time":1,"data":{"a":[1,2,]}}"#,
        r#""ok":false,"error":"trailing comma at byte 47, in \"data\"","offset":47}"#,
    ),
    (
        "{",
        r#""ok":false,"error":"unexpected end of the frame at byte 1","offset":1}"#,
    ),
    (
        "x",
        r#""ok":false,"error":"expected '{' at byte 0","offset":0}"#,
    ),
    (
        r#"{"type":200}"#,
        r#""ok":false,"error":"missing member \"data\" at byte 11","offset":11}"#,
    ),
    (
        r#"{"type":1,"type":1}"#,
        r#""ok":false,"error":"duplicate member \"type\" at byte 10","offset":10}"#,
    ),
    (
        r#"{"type":4294967296}"#,
        r#""ok":false,"error":"integer out of range at byte 8, in \"type\"","offset":8}"#,
    ),
];

#[test]
fn a_frame_is_a_line_of_json() {
    let input: String = FRAMES
        .iter()
        .map(|(frame, _)| format!("{frame}\n"))
        .collect();
    let run = run(&["inspect", "--json"], &input);
    assert_eq!((run.status, run.err.as_str()), (Some(1), ""));
    for (number, (line, (_, wanted))) in (1..).zip(run.out.lines().zip(FRAMES)) {
        assert_eq!(line, format!("{{\"line\":{number},{wanted}"));
    }
    assert_eq!(run.out.lines().count(), FRAMES.len());
    assert!(run.out.ends_with('\n'));
}

#[test]
fn lines_are_numbered_as_in_the_file() {
    let run = run(
        &["inspect", "--json"],
        "\r\n\n{\"type\":1}\r\n \n{\"type\":2}",
    );
    let wanted = "{\"line\":3,\"ok\":true,\"message\":\"transport\",\"type\":1}\n\
                  {\"line\":5,\"ok\":true,\"message\":\"transport\",\"type\":2}\n";
    assert_eq!((run.status, run.out.as_str()), (Some(0), wanted));
    assert_eq!(crate::common::run(&["inspect", "--json"], "").out, "");
}

#[test]
fn the_file_is_named_where_there_are_several() {
    let files = Files::new("json-several");
    let a = files.file("a\"\n.jsonl", "{\"type\":1}\n{}\n");
    let b = files.file("b.jsonl", "{\"type\":2}");
    let run = run(&["inspect", "--json", &a, &b, "-"], "{\"type\":3}");
    let lines: Vec<Value> = run
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    let brief: Vec<_> = lines
        .iter()
        .map(|line| {
            (
                line["file"].as_str().unwrap(),
                line["line"].as_u64(),
                line["type"].as_u64(),
            )
        })
        .collect();
    assert_eq!(
        brief,
        [
            (a.as_str(), Some(1), Some(1)),
            (&a, Some(2), None),
            (&b, Some(1), Some(2)),
            ("-", Some(1), Some(3)),
        ]
    );
    // One is not several, even with a file that is missing.
    let one = crate::common::run(&["inspect", "--json", &b], "");
    assert!(one.out.starts_with("{\"line\":1,"));
    let missing = files.path("missing");
    let run = crate::common::run(&["inspect", "--json", &missing, &b], "");
    assert_eq!((run.status, run.out.lines().count()), (Some(2), 1));
}

#[test]
fn the_reference_policy_gives_what_is_absent_its_zero() {
    let input = "{\"type\":\"t\"}\n{\"type\":100}\n{\"type\":\"t\",\"id\":null,\"time\":null,\"data\":null}\n";
    let run = run(&["inspect", "--json", "--policy=reference"], input);
    let data = r#""ok":true,"message":"data","id":"","type":"t","time":0,"data":""}"#;
    let wanted = format!(
        "{{\"line\":1,{data}\n{{\"line\":2,\"ok\":true,\"message\":\"transport\",\"type\":100,\"data\":\"\"}}\n{{\"line\":3,{data}\n"
    );
    assert_eq!((run.status, run.out), (Some(0), wanted));
}

#[test]
fn the_whole_file_is_line_1() {
    let run = run(&["inspect", "--json", "--whole"], "\n{\n\"type\":1001}\n");
    assert_eq!(
        run.out,
        "{\"line\":1,\"ok\":true,\"message\":\"transport\",\"type\":1001}\n"
    );
}

#[test]
fn a_frame_over_the_limit_has_its_offset_there() {
    let run = run(
        &["inspect", "--json", "--max-frame", "12"],
        "{\"type\":1001}\n{\"type\":1}\n",
    );
    let wanted = "{\"line\":1,\"ok\":false,\"error\":\"frame of 13 bytes, over the limit of 12\",\"offset\":12}\n\
                  {\"line\":2,\"ok\":true,\"message\":\"transport\",\"type\":1}\n";
    assert_eq!((run.status, run.out.as_str()), (Some(1), wanted));
}

#[test]
fn what_is_printed_is_a_message_again() {
    let input: String = FRAMES
        .iter()
        .map(|(frame, _)| format!("{frame}\n"))
        .collect();
    let first = run(&["inspect", "--json"], &input).out;
    // `line`, `ok` and `message` are members that the protocol doesn't know.
    let good: String = first
        .lines()
        .filter(|line| line.contains("\"ok\":true"))
        .map(|line| format!("{line}\n"))
        .collect();
    let second = run(&["inspect", "--json"], &good);
    assert_eq!((second.status, second.out), (Some(0), good));
}
