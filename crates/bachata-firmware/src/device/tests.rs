use super::*;

/// A board that takes and gives its bytes a few at a time.
#[derive(Default)]
struct Bench {
    input: Vec<u8>,
    output: Vec<u8>,
    at_a_time: usize,
    uptime: u64,
    unix_time: Option<i64>,
    led: Vec<bool>,
}

impl Hardware for Bench {
    fn receive(&mut self, room: &mut [u8]) -> usize {
        let count = room.len().min(self.input.len()).min(self.at_a_time);
        room[..count].copy_from_slice(&self.input[..count]);
        self.input.drain(..count);
        count
    }

    fn send(&mut self, bytes: &[u8]) -> usize {
        let count = bytes.len().min(self.at_a_time);
        self.output.extend_from_slice(&bytes[..count]);
        count
    }

    fn uptime(&self) -> u64 {
        self.uptime
    }

    fn unix_time(&mut self) -> Option<i64> {
        self.unix_time
    }

    fn start_number(&mut self) -> u64 {
        3
    }

    fn sample(&mut self) -> i32 {
        -7
    }

    fn set_led(&mut self, on: bool) {
        self.led.push(on);
    }

    fn wait(&mut self) {}
}

struct Rig {
    device: Device,
    bench: Bench,
}

impl Rig {
    fn new(at_a_time: usize) -> Self {
        let mut bench = Bench {
            at_a_time,
            ..Bench::default()
        };
        let device = Device::new("lamp", &mut bench);
        let mut rig = Self { device, bench };
        assert_eq!(rig.answer(""), PING);
        rig
    }

    /// What the device answers to lines.
    fn answer(&mut self, lines: &str) -> String {
        self.bench.input.extend_from_slice(lines.as_bytes());
        while self.device.step(&mut self.bench) {}
        String::from_utf8(std::mem::take(&mut self.bench.output)).unwrap()
    }
}

fn reading(count: u32, time: i64, data: &str) -> String {
    format!(
        "{{\"id\":\"lamp-3-{count}\",\"type\":\"reading\",\"time\":{time},\"data\":{{{data}}},\"from\":\"lamp\"}}\n"
    )
}

const PING: &str = "{\"type\":1001}\n";
const LED_ON: &str = "{\"id\":\"a\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true}}\n";
const READ: &str =
    "{\"id\":\"r\",\"type\":\"read\",\"time\":0,\"data\":\"\",\"from\":\"de\\u0073k\"}\n";
const NOTHING_YET: &str =
    r#""value":-7,"led":false,"obeyed":0,"refused":0,"bad_lines":0,"skipped":0"#;

#[test]
fn a_ping_is_answered_at_any_time_with_its_token() {
    for at_a_time in [1, 2, 7, 1000] {
        let mut rig = Rig::new(at_a_time);
        assert_eq!(rig.answer("{\"type\":1001}\n"), "{\"type\":1002}\n");
        assert_eq!(
            rig.answer("{\"type\":1001,\"data\":\"a\\u0062\"}\r\n{\"type\":1001}\n"),
            "{\"type\":1002,\"data\":\"ab\"}\n{\"type\":1002}\n"
        );
        let token = "x".repeat(512 - "{\"type\":1001,\"data\":\"\"}".len());
        let ping = format!("{{\"type\":1001,\"data\":\"{token}\"}}\n");
        assert_eq!(rig.answer(&ping), ping.replace("1001", "1002"));
    }
}

#[test]
fn readings_begin_when_the_server_is_ready_and_go_out_until_it_has_them() {
    let mut rig = Rig::new(1000);
    rig.bench.uptime = 1999;
    assert_eq!(rig.answer("{\"type\":1002}\n"), "");
    rig.bench.uptime = 60_000;
    assert_eq!(rig.answer(""), PING);
    assert_eq!(
        rig.answer("{\"type\":1000}\n"),
        reading(1, 60_000, NOTHING_YET)
    );
    rig.bench.uptime = 61_999;
    assert_eq!(rig.answer(""), "");
    rig.bench.uptime = 62_000;
    assert_eq!(rig.answer(""), reading(1, 60_000, NOTHING_YET));
    assert_eq!(
        rig.answer("{\"type\":1000}\n"),
        reading(1, 60_000, NOTHING_YET)
    );
    assert_eq!(rig.answer("{\"type\":100,\"data\":\"lamp-3-1\"}\n"), "");
    rig.bench.uptime = 64_999;
    assert_eq!(rig.answer(""), "");
    rig.bench.uptime = 65_000;
    assert_eq!(rig.answer(""), reading(2, 65_000, NOTHING_YET));
    assert_eq!(rig.answer("{\"type\":300,\"data\":\"lamp-3-2\"}\n"), "");
    assert_eq!(rig.answer("{\"type\":1000}\n"), "");
}

#[test]
fn a_command_is_obeyed_once_however_often_it_comes() {
    let mut rig = Rig::new(5);
    assert_eq!(rig.answer(LED_ON), "{\"type\":200,\"data\":\"a\"}\n");
    assert_eq!(rig.answer(LED_ON), "{\"type\":200,\"data\":\"a\"}\n");
    assert_eq!(
        rig.answer(&LED_ON.replace("\"a\"", "\"\\u0061\"")),
        "{\"type\":200,\"data\":\"a\"}\n"
    );
    assert_eq!(rig.bench.led, [true]);
    assert_eq!(
        rig.answer(&LED_ON.replace("true", "false").replace("\"a\"", "\"b\"")),
        "{\"type\":200,\"data\":\"b\"}\n"
    );
    assert_eq!(rig.bench.led, [true, false]);
}

#[test]
fn what_is_no_command_is_acknowledged_and_counted() {
    let mut rig = Rig::new(1000);
    for (id, kind, data) in [("1", "note", "\"hello\""), ("2", "led", "{}")] {
        let message =
            format!("{{\"id\":\"{id}\",\"type\":\"{kind}\",\"time\":0,\"data\":{data}}}\n");
        assert_eq!(
            rig.answer(&message),
            format!("{{\"type\":200,\"data\":\"{id}\"}}\n")
        );
    }
    // An id that there is no room to answer.
    let long = LED_ON.replace("\"a\"", &format!("\"{}\"", "i".repeat(384)));
    let lines = format!(
        "garbage\n\n{{\"type\":200}}\n{}\n{{\"type\":4711}}\n{long}",
        "x".repeat(513)
    );
    assert_eq!(rig.answer(&lines), "");
    let expected = r#""value":-7,"led":false,"obeyed":0,"refused":2,"bad_lines":4,"skipped":0"#;
    assert_eq!(rig.bench.led, [false; 0]);
    assert_eq!(rig.answer("{\"type\":1000}\n"), reading(1, 0, expected));
}

#[test]
fn a_reading_on_request_goes_to_who_asked() {
    let mut rig = Rig::new(1000);
    rig.answer("{\"type\":1000}\n{\"type\":100,\"data\":\"lamp-3-1\"}\n");
    assert_eq!(
        rig.answer(READ),
        String::from("{\"type\":200,\"data\":\"r\"}\n")
            + &reading(2, 0, &NOTHING_YET.replace("\"obeyed\":0", "\"obeyed\":1"))
                .replace("\"lamp\"}", "\"lamp\",\"dest\":\"desk\"}")
    );
}

#[test]
fn a_request_without_room_for_its_reading_is_left_to_be_sent_again() {
    let mut rig = Rig::new(1000);
    let ask = |id: &str| READ.replace("\"r\"", id);
    for id in 1..=8 {
        assert!(
            rig.answer(&ask(&format!("\"{id}\"")))
                .starts_with("{\"type\":200")
        );
    }
    assert_eq!(rig.answer(&ask("\"9\"")), "");
    rig.answer("{\"type\":1000}\n");
    assert_eq!(rig.answer("{\"type\":100,\"data\":\"lamp-3-4\"}\n"), "");
    let answer = rig.answer(&ask("\"9\""));
    assert!(
        answer.starts_with("{\"type\":200,\"data\":\"9\"}\n{\"id\":\"lamp-3-9\""),
        "{answer}"
    );
    // One was skipped, when the server became ready.
    assert!(
        answer.contains("\"obeyed\":9,\"refused\":0,\"bad_lines\":0,\"skipped\":1"),
        "{answer}"
    );
}

#[test]
fn the_clock_is_the_boards_until_it_is_set() {
    let mut bench = Bench {
        at_a_time: 1000,
        uptime: 10,
        unix_time: Some(1_763_769_600_000),
        ..Bench::default()
    };
    let device = Device::new("lamp", &mut bench);
    let mut rig = Rig { device, bench };
    assert_eq!(rig.answer(""), PING);
    rig.bench.uptime = 110;
    assert_eq!(
        rig.answer("{\"type\":1000}\n"),
        reading(1, 1_763_769_600_100, NOTHING_YET)
    );
    rig.answer("{\"type\":100,\"data\":\"lamp-3-1\"}\n{\"id\":\"c\",\"type\":\"clock\",\"time\":0,\"data\":{\"unix_ms\":-500}}\n");
    rig.bench.uptime = 5110;
    assert_eq!(
        rig.answer(""),
        reading(
            2,
            4500,
            &NOTHING_YET.replace("\"obeyed\":0", "\"obeyed\":1")
        )
    );
}
