//! `bachata talk`, with a peer that the test plays.

use std::io::{BufRead as _, BufReader, Write as _};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::process::{Child, ChildStdin, Stdio};
use std::time::{Duration, Instant};

use bachata_core::Message;

use crate::common::{Run, bachata, run};

/// A running talk, and the peer's end of the connection.
struct Talk {
    child: Child,
    stdin: Option<ChildStdin>,
    peer: BufReader<TcpStream>,
}

impl Talk {
    fn start(args: &[&str]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("tcp://{}", listener.local_addr().unwrap());
        let mut child = bachata(&[&["talk", &address], args].concat())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let (peer, _) = listener.accept().unwrap();
        peer.set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        Self {
            stdin: child.stdin.take(),
            child,
            peer: BufReader::new(peer),
        }
    }

    fn types(&mut self, text: impl AsRef<[u8]>) {
        self.stdin
            .as_mut()
            .unwrap()
            .write_all(text.as_ref())
            .unwrap();
    }

    fn peer_sends(&mut self, bytes: impl AsRef<[u8]>) {
        self.peer.get_mut().write_all(bytes.as_ref()).unwrap();
    }

    fn peer_gets(&mut self) -> String {
        let mut line = String::new();
        self.peer.read_line(&mut line).unwrap();
        line
    }

    /// The peer hangs up.
    fn end(self) -> Run {
        self.peer.get_ref().shutdown(Shutdown::Write).unwrap();
        self.child.wait_with_output().unwrap().into()
    }
}

const READING: &str = r#"{"id":"r1","type":"reading","time":0,"data":{"value":-7},"from":"lamp"}"#;

#[test]
fn what_comes_in_is_shown_as_by_inspect_with_its_payload() {
    let mut talk = Talk::start(&[]);
    talk.peer_sends(format!(
        "{{\"type\":1000}}\n\n{READING}\r\n{{\"id\":\"t\",\"type\":\"note\",\"time\":0,\"data\":\"a\\u001b[2J\"}}\n"
    ));
    let run = talk.end();
    let rows: Vec<_> = run
        .out
        .lines()
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect();
    assert_eq!(
        rows,
        [
            "line kind type id time from dest payload",
            "1 transport 1000 ready",
            "3 data reading r1 1970-01-01 00:00:00.000Z lamp object 12 B",
            r#"{"value":-7}"#,
            "4 data note t 1970-01-01 00:00:00.000Z text 5 B",
            r"a\x1b[2J",
        ]
    );
    assert_eq!((run.err.as_str(), run.status), ("", Some(0)));
}

#[test]
fn rows_are_shown_as_they_come() {
    let mut talk = Talk::start(&[]);
    talk.peer_sends("{\"type\":1000}\n");
    let mut shown = BufReader::new(talk.child.stdout.take().unwrap());
    let mut row = String::new();
    shown.read_line(&mut row).unwrap();
    assert!(row.contains("payload"), "{row}");
    shown.read_line(&mut row).unwrap();
    assert!(row.contains("1000 ready"), "{row}");
    assert_eq!(talk.end().status, Some(0));
}

#[test]
fn pings_are_answered_and_nothing_else_unless_asked_for() {
    for (args, first, answer) in [
        (&[][..], "", ""),
        (&["--ack"], "", "{\"type\":200,\"data\":\"r1\"}\n"),
        (
            &["--server"],
            "{\"type\":1000}\n",
            "{\"type\":100,\"data\":\"r1\"}\n",
        ),
    ] {
        let mut talk = Talk::start(args);
        talk.peer_sends(format!(
            "{READING}\n{{\"type\":1001,\"data\":\"17\"}}\n{{\"type\":1001}}\n"
        ));
        let mut sent = String::new();
        while !sent.ends_with("{\"type\":1002}\n") {
            sent += &talk.peer_gets();
        }
        let pongs = "{\"type\":1002,\"data\":\"17\"}\n{\"type\":1002}\n";
        assert_eq!(sent, format!("{first}{answer}{pongs}"), "{args:?}");
        assert_eq!(talk.end().status, Some(0));
    }
}

#[test]
fn a_frame_is_sent_as_it_is_and_a_text_becomes_a_message() {
    let mut talk = Talk::start(&["--type", "note", "--from", "desk", "--dest", "lamp"]);
    talk.types("{\"type\": 1001}\r\n\n  \nsay \"hi\" \u{e9}");
    assert_eq!(talk.peer_gets(), "{\"type\": 1001}\n");
    // The last line needs no line feed.
    drop(talk.stdin.take());
    let frame = talk.peer_gets();
    let Message::Data(message) = Message::parse(frame.as_bytes()).unwrap() else {
        panic!("{frame}");
    };
    assert_eq!(message.kind(), "note");
    assert_eq!(message.data().as_text().unwrap(), "say \"hi\" \u{e9}");
    assert_eq!(
        (message.from().unwrap(), message.dest().unwrap()),
        ("desk".into(), "lamp".into())
    );
    assert_eq!(message.id().decoded_len(), 36);
    assert!(message.time() > 1_700_000_000_000);
    assert_eq!(talk.end().status, Some(0));
}

#[test]
fn what_is_no_message_is_not_sent_and_shown_with_its_fault() {
    let mut talk = Talk::start(&[]);
    talk.types("{\"type\":1001,}\n{\"type\":1001}\n");
    talk.types(b"a\xff\n");
    talk.types("{\"type\":1002}\n");
    assert_eq!(talk.peer_gets(), "{\"type\":1001}\n");
    assert_eq!(talk.peer_gets(), "{\"type\":1002}\n");
    let run = talk.end();
    assert!(
        run.err.starts_with(
            "bachata: not sent: trailing comma at byte 13\n  {\"type\":1001,}\n               ^\n"
        ),
        "{}",
        run.err
    );
    assert!(
        run.err
            .ends_with("bachata: not sent: text is not UTF-8\n  a\\xff\n   ^\n"),
        "{}",
        run.err
    );
    assert_eq!(run.status, Some(1));
}

#[test]
fn raw_lines_are_sent_whatever_they_are() {
    let mut talk = Talk::start(&["--raw"]);
    talk.types("{\"type\":1001,}\nhello \n\n{}\n");
    for line in ["{\"type\":1001,}\n", "hello \n", "\n", "{}\n"] {
        assert_eq!(talk.peer_gets(), line);
    }
    let run = talk.end();
    assert_eq!((run.err.as_str(), run.status), ("", Some(0)));
}

#[test]
fn a_frame_from_the_peer_that_is_no_message_is_shown_with_its_fault() {
    let mut talk = Talk::start(&["--max-frame", "20"]);
    talk.peer_sends("{\"type\":1e3}\n{\"type\":1001,\"data\":\"12345\"}\n{\"type\":1000}\n");
    let run = talk.end();
    assert!(run.out.contains("invalid  "), "{}", run.out);
    assert!(
        run.out.contains("frame of 28 bytes, over the limit of 20"),
        "{}",
        run.out
    );
    assert!(run.out.contains("1000 ready"), "{}", run.out);
    assert_eq!(run.status, Some(1));
}

#[test]
fn it_ends_with_the_input_once_it_has_waited_for_answers() {
    let mut talk = Talk::start(&["--wait", "3"]);
    talk.types("{\"type\":1001}\n");
    drop(talk.stdin.take());
    assert_eq!(talk.peer_gets(), "{\"type\":1001}\n");
    talk.peer_sends("{\"type\":1002}\n");
    let start = Instant::now();
    let run = Run::from(talk.child.wait_with_output().unwrap());
    assert!(run.out.contains("1002 pong"), "{}", run.out);
    assert!(start.elapsed() < Duration::from_secs(15));
    assert_eq!((run.err.as_str(), run.status), ("", Some(0)));
}

#[test]
fn without_a_peer_there_is_no_talk() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = format!("tcp://{}", listener.local_addr().unwrap());
    drop(listener);
    let refused = run(&["talk", &address], "");
    assert!(
        refused.err.starts_with(&format!("bachata: {address}: ")),
        "{}",
        refused.err
    );
    assert_eq!(refused.status, Some(2));

    let wrong = run(&["talk", "127.0.0.1:4000"], "");
    assert!(
        wrong
            .err
            .contains("not an address like tcp://127.0.0.1:4000"),
        "{}",
        wrong.err
    );
    assert_eq!(wrong.status, Some(2));
}
