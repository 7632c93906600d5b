//! `bachata inspect` as people see it: rows, faults, the summary, the exit status.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::Stdio;
use std::time::{Duration, Instant};

use crate::common::{Files, bachata, run, run_command};

const TEXT: &str = r#"{"id":"1","type":"t","time":1763767200123,"data":"hi","dest":"B"}"#;
const PONG: &str = r#"{"type":1002}"#;

/// The line that shows the excerpt, and the byte of it under which the caret stands.
fn excerpt(out: &str) -> (&str, usize) {
    let lines: Vec<_> = out.lines().collect();
    let caret = lines.iter().position(|line| line.trim() == "^").unwrap();
    (lines[caret - 1], lines[caret].len() - 1)
}

#[test]
fn a_fault_has_a_caret_under_its_byte() {
    let frame = r#"{"id":"1","type":"t","time":1,"data":{"a":[1,2,]}}"#;
    let run = run(&["inspect", "-"], format!("{frame}\n"));
    assert_eq!(run.status, Some(1));
    assert!(
        run.out.contains("trailing comma at byte 47, in \"data\""),
        "{}",
        run.out
    );
    let (line, caret) = excerpt(&run.out);
    let start = line.find(frame).unwrap();
    assert_eq!(caret - start, 47);
    assert_eq!(run.err, "");
}

#[test]
fn rows_name_what_a_frame_has() {
    let object = r#"{"id":"o\u0031","type":"map","time":-1,"data":{"é": 1},"from":"A"}"#;
    let far = r#"{"id":"","type":"t","time":9223372036854775807,"data":""}"#;
    let input = [
        TEXT,
        PONG,
        r#"{"type":300,"data":"1"}"#,
        object,
        r#"{"type":7}"#,
        far,
    ];
    let run = run(&["inspect"], input.join("\n"));
    assert_eq!(run.status, Some(0));
    let cells = |line: &str| {
        line.split_whitespace()
            .map(str::to_owned)
            .collect::<Vec<_>>()
    };
    let rows: Vec<_> = run.out.lines().take(7).map(cells).collect();
    let wanted = [
        "line kind type id time from dest payload",
        "1 data t 1 2025-11-21 23:20:00.123Z B text 2 B",
        "2 transport 1002 pong",
        "3 transport 300 delivered 1",
        "4 data map o1 1969-12-31 23:59:59.999Z A object 9 B",
        "5 transport 7",
        "6 data t \"\" 9223372036854775807 text 0 B",
    ];
    assert_eq!(rows, wanted.map(cells), "{}", run.out);
    for line in [
        "6 frames, 235 bytes: 6 valid, 0 invalid",
        "largest message  67 B, line 4",
        "storage          MessageBuf<69> holds every message seen",
    ] {
        assert!(run.out.lines().any(|l| l == line), "{line}\n{}", run.out);
    }
}

#[test]
fn line_ends_are_lf_or_crlf_or_the_end_and_blank_lines_are_skipped() {
    let bad = r#"{"type":1002"#;
    for (input, good, lines) in [
        (format!("{PONG}\n{PONG}\n"), 2, vec![]),
        (format!("{PONG}\r\n\r\n \t\r\n{PONG}\r\n"), 2, vec![]),
        (format!("\n\n{PONG}\n\n{PONG}"), 2, vec![]),
        (format!("{PONG}\r"), 1, vec![]),
        (format!("\n{bad}\r\n{PONG}\n{bad}"), 1, vec!["2", "4"]),
        ("\n\r\n".into(), 0, vec![]),
        (String::new(), 0, vec![]),
    ] {
        let run = run(&["inspect"], &input);
        let summary = format!("{good} valid, {} invalid", lines.len());
        assert!(run.out.contains(&summary), "{input:?}\n{}", run.out);
        assert_eq!(run.status, Some(i32::from(!lines.is_empty())));
        let faults = run
            .out
            .lines()
            .filter(|line| line.contains("  invalid  unexpected end"));
        let faults: Vec<_> = faults
            .filter_map(|line| line.split_whitespace().next())
            .collect();
        let numbered: Vec<_> = faults
            .into_iter()
            .filter(|word| *word != "invalid")
            .collect();
        assert_eq!(numbered, lines);
        // The carriage return is not part of the frame.
        assert_eq!(run.out.matches("at byte 12").count(), lines.len());
    }
}

#[test]
fn the_reference_policy_reads_what_the_strict_one_refuses() {
    let input = r#"{"id": "w1", "type": "text", "dest": "B"}"#;
    let strict = run(&["inspect"], input);
    assert_eq!(strict.status, Some(1));
    assert!(
        strict.out.contains("missing member \"time\" at byte 40"),
        "{}",
        strict.out
    );
    assert!(strict.out.contains("--policy reference"));
    assert_eq!(
        run(&["inspect", "--policy", "strict"], input).out,
        strict.out
    );

    let reference = run(&["inspect", "--policy", "reference"], input);
    assert_eq!(reference.status, Some(0));
    // What isn't there isn't shown as 1970, nor as an empty text.
    let row = reference.out.lines().nth(1).unwrap();
    assert_eq!(
        row.split_whitespace().collect::<Vec<_>>(),
        ["1", "data", "text", "w1", "B"]
    );
    assert!(!reference.out.contains("--policy"));
}

#[test]
fn several_files_are_named_and_counted_together() {
    let files = Files::new("several");
    let a = files.file("a.jsonl", format!("{PONG}\n{TEXT}\n"));
    let b = files.file("b\u{1b}.jsonl", format!("{PONG}\n"));
    let missing = files.path("missing\u{1b}");
    let run = run(&["inspect", &a, &missing, &b, "-"], PONG);
    assert_eq!(run.status, Some(2));
    assert!(
        run.err.starts_with("bachata: ") && run.err.contains("missing\\x1b: "),
        "{}",
        run.err
    );
    assert_eq!(run.err.lines().count(), 1);
    let shown = b.replace('\u{1b}', "\\x1b");
    for title in [&a, &shown, "-"] {
        assert!(
            run.out.lines().any(|line| line == title),
            "{title}\n{}",
            run.out
        );
    }
    assert!(run.out.contains("4 frames, "));
    assert!(run.out.contains(&format!("line 2 of {a}")));
}

#[test]
fn the_exit_status_tells_the_worst() {
    let files = Files::new("status");
    let good = files.file("good", PONG);
    let bad = files.file("bad", "{}");
    let missing = files.path("missing");
    for (args, status) in [
        (vec![&*good], 0),
        (vec![&bad], 1),
        (vec![&bad, &good], 1),
        (vec![&missing, &bad, &good], 2),
        (vec![&good, &missing], 2),
        (vec!["--no-such-option"], 2),
        (vec!["--policy", "lenient", &good], 2),
        (vec!["--max-frame", "much", &good], 2),
        (vec!["--help"], 0),
    ] {
        for json in [&["inspect"][..], &["inspect", "--json"]] {
            let run = run(&[json, &args].concat(), "");
            assert_eq!(run.status, Some(status), "{args:?} {run:?}");
        }
    }
    // A folder opens, but can't be read.
    let folder = files.path("");
    assert_eq!(run(&["inspect", &folder], "").status, Some(2));
    assert_eq!(run(&[], "").status, Some(2));
    assert_eq!(
        run(&["--version"], "").out,
        format!("bachata {}\n", env!("CARGO_PKG_VERSION"))
    );
}

#[test]
fn the_whole_file_is_a_frame() {
    let files = Files::new("whole");
    let pretty = "{\r\n  \"type\": 200,\n\n  \"data\": \"1\"\n}\n";
    let good = files.file("good.json", pretty);
    let bad = files.file("bad.json", pretty.replace("200", "020"));
    assert_eq!(run(&["inspect", &good], "").status, Some(1));
    let whole = run(&["inspect", "--whole", &good], "");
    assert_eq!(whole.status, Some(0));
    assert!(
        whole.out.contains("1 frame, 35 bytes: 1 valid"),
        "{}",
        whole.out
    );
    assert_eq!(run(&["inspect", "--whole"], pretty).out, whole.out);

    let whole = run(&["inspect", "--whole", &bad], "");
    assert_eq!(whole.status, Some(1));
    let fault = "invalid number at byte 14, in \"type\" (line 2, column 12)";
    assert!(whole.out.contains(fault), "{}", whole.out);
    let (line, caret) = excerpt(&whole.out);
    assert_eq!(&line[caret..], "20,");
    // Nothing at all is not a message either.
    let nothing = run(&["inspect", "--whole"], "");
    assert_eq!(
        (nothing.status, nothing.out.contains("1 frame, 0 bytes")),
        (Some(1), true)
    );
}

#[test]
fn bytes_that_are_no_text_are_shown_escaped() {
    let run = run(
        &["inspect"],
        b"{\"type\":1002,\"x\":\"\xc3\xa9\xff\xfe\"}\n\xef\xbb\xbf{}\n\0\n",
    );
    assert_eq!(run.status, Some(1));
    assert!(run.out.contains("invalid UTF-8 at byte 20"), "{}", run.out);
    let (line, caret) = excerpt(&run.out);
    assert_eq!(line.trim_start(), "{\"type\":1002,\"x\":\"é\\xff\\xfe\"}");
    // The caret counts columns, and é has one byte more than columns.
    assert!(line[caret + 1..].starts_with("\\xff"));
    assert!(run.out.contains("byte-order mark at byte 0"));
    assert!(run.out.contains("\\u{feff}{}"));
    assert!(run.out.contains("\\x00"));
}

#[test]
fn nothing_in_a_frame_reaches_the_terminal_as_a_command() {
    let escapes = "\u{9b}2J\u{7f}\u{202e}\u{2066}\u{200f}\\u001b]0;x\\u0007\\r\\n";
    let input = format!(
        "{{\"id\":\"{escapes}\",\"type\":\"{escapes}\",\"time\":0,\"data\":\"\",\"from\":\"{escapes}\",\"dest\":\"{escapes}\"}}\n\
         {{\"type\":300,\"data\":\"{escapes}\"}}\n\
         {{\"id\":\"\u{1b}[2J{escapes}\"}}\n\
         \u{1b}]0;x\u{7}\n"
    );
    let run = run(&["inspect", "--color", "never"], input);
    let commands =
        |c: char| c != '\n' && c.is_control() || matches!(c, '\u{200f}' | '\u{202e}' | '\u{2066}');
    assert!(!run.out.contains(commands), "{:?}", run.out);
    assert!(run.out.contains("\\x1b]0;x\\x07\\x0d\\x0a") || run.out.contains('…'));
    assert!(run.out.contains("2 valid, 2 invalid"));
}

#[test]
fn colours_are_for_terminals_unless_asked_for() {
    let input = format!("{TEXT}\n{{}}\n");
    let plain = run(&["inspect"], &input).out;
    assert!(!plain.contains('\u{1b}'));
    assert_eq!(run(&["inspect", "--color", "never"], &input).out, plain);
    let colored = run(&["--color=always", "inspect"], &input).out;
    let mut stripped = String::new();
    let mut rest = colored.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        stripped += before;
        rest = after.split_once('m').unwrap().1;
    }
    assert_ne!(colored, plain);
    assert_eq!(stripped + rest, plain);
    let mut command = bachata(&["inspect", "--color", "always"]);
    command.env("NO_COLOR", "1");
    // What is asked for on the command line is nearer than the environment.
    assert_eq!(run_command(command, input.as_bytes()).out, colored);
}

#[test]
fn a_frame_over_the_limit_is_reported_and_skipped() {
    let long = format!(r#"{{"type":1001,"data":"{}"}}"#, "x".repeat(300_000));
    let input = format!("{long}\n{PONG}\n");
    assert_eq!(run(&["inspect"], &input).status, Some(0));
    let run_with = |limit: &str| run(&["inspect", "--max-frame", limit], &input);
    assert_eq!(run_with(&long.len().to_string()).status, Some(0));
    for limit in [long.len() - 1, 13] {
        let run = run_with(&limit.to_string());
        assert_eq!(run.status, Some(1));
        let fault = format!("frame of {} bytes, over the limit of {limit}", long.len());
        assert!(run.out.contains(&fault), "{}", run.out);
        assert!(run.out.contains("2 transport  1002 pong") || run.out.contains("2  transport"));
        assert!(run.out.contains("1 valid, 1 invalid"));
        assert!(run.out.len() < 1000);
    }
    assert_eq!(run_with("12").out.matches("over the limit of").count(), 2);
}

#[test]
fn a_closed_pipe_ends_it_quietly() {
    let files = Files::new("pipe");
    let long = files.file("long.jsonl", format!("{TEXT}\n").repeat(50_000));
    for args in [&["inspect", &long][..], &["inspect", "--json", &long]] {
        let mut command = bachata(args);
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        out.read_line(&mut line).unwrap();
        drop(out);
        let mut err = String::new();
        child
            .stderr
            .take()
            .unwrap()
            .read_to_string(&mut err)
            .unwrap();
        assert_eq!(err, "");
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[test]
fn frames_are_shown_before_the_input_waits() {
    for args in [&["inspect"][..], &["inspect", "--json", "-"]] {
        let mut command = bachata(args);
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut input = child.stdin.take().unwrap();
        let mut out = BufReader::new(child.stdout.take().unwrap());
        let start = Instant::now();
        for _ in 0..3 {
            writeln!(input, "{PONG}").unwrap();
            // This would wait for ever if the row were kept back.
            let mut line = String::new();
            while !line.contains("1002") {
                line.clear();
                assert_ne!(out.read_line(&mut line).unwrap(), 0);
            }
        }
        assert!(start.elapsed() < Duration::from_secs(60));
        drop(input);
        assert_eq!(child.wait().unwrap().code(), Some(0));
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_a_failure() {
    for args in [
        &["inspect"][..],
        &["inspect", "--json"],
        &["make", "--transport", "ping"],
    ] {
        let mut command = bachata(args);
        command.stdin(Stdio::null()).stderr(Stdio::piped());
        let full = std::fs::File::options()
            .write(true)
            .open("/dev/full")
            .unwrap();
        let output = command.stdout(full).output().unwrap();
        let err = String::from_utf8(output.stderr).unwrap();
        // Nothing is written for no frames.
        if args != ["inspect", "--json"] {
            assert_eq!(output.status.code(), Some(2));
            assert!(err.starts_with("bachata: standard output: "), "{err}");
        }
    }
}
