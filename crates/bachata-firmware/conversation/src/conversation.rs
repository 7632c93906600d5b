use std::error::Error;
use std::thread::sleep;
use std::time::{Duration, Instant};

use bachata_std::{ToFrame, TransportMessage, UnixMillis, Unknown};

use crate::emulator::Emulator;
use crate::line::Line;
use crate::noise::{Noise, count_lines};
use crate::schema::Said;
use crate::server::Server;

/// The longest frame that the device takes, in bytes.
const MAX_FRAME_LEN: usize = 512;

/// A device, a server, and what they have to say to one another.
pub(crate) struct Conversation {
    emulator: Emulator,
    server: Server,
    report: Report,
}

type Part = fn(&mut Conversation) -> Result<(), Box<dyn Error>>;

const PARTS: [(&str, Part); 13] = [
    (
        "before the server is ready",
        Conversation::before_the_server_is_ready,
    ),
    ("ready and clock", Conversation::ready_and_clock),
    ("exchanges", Conversation::exchanges),
    ("split frames", Conversation::split_frames),
    ("oversize", Conversation::oversize),
    ("garbage", Conversation::garbage),
    ("random lines", Conversation::random_lines),
    ("after all that", |all| all.exchange(1)),
    (
        "readings that are not taken",
        Conversation::untaken_readings,
    ),
    ("full outbox", Conversation::full_outbox),
    ("new connection", Conversation::new_connection),
    ("reset", Conversation::reset),
    ("at last", |all| all.exchange(2)),
];

/// What came of it.
#[derive(Default)]
pub(crate) struct Report {
    pub(crate) exchanges: u32,
    pub(crate) split_frames: u32,
    pub(crate) random_lines: u32,
    /// Commands that the device obeyed, as it says.
    pub(crate) obeyed: u32,
    /// Commands that it acknowledged and did not obey.
    pub(crate) lost: u32,
    /// Commands that it obeyed more than once.
    pub(crate) twice: u32,
    /// Readings that came.
    pub(crate) readings: usize,
    /// Readings that did not.
    pub(crate) readings_lost: usize,
    /// Ids that were used again after a reset.
    pub(crate) ids_repeated: usize,
    /// The median time of an exchange: command, acknowledgement, request, acknowledgement, reading.
    pub(crate) round_trip: Duration,
}

impl Conversation {
    /// Starts the device.
    pub(crate) fn begin(board: &str, elf: &str) -> Result<Self, Box<dyn Error>> {
        let mut emulator = Emulator::start(board, elf)?;
        let server = Server::new(Line::new(emulator.connect()?)?);
        Ok(Self {
            emulator,
            server,
            report: Report::default(),
        })
    }

    /// All of it.
    pub(crate) fn hold(mut self) -> Result<Report, Box<dyn Error>> {
        for (name, part) in PARTS {
            let start = Instant::now();
            part(&mut self).map_err(|error| format!("{name}: {error}"))?;
            eprintln!("  {name}: {:.1} s", start.elapsed().as_secs_f32());
        }
        self.server.settle()?;
        let totals = self.server.totals;
        Ok(Report {
            obeyed: totals.obeyed,
            lost: totals.lost,
            twice: totals.twice,
            readings: totals.ids.len(),
            readings_lost: totals.readings_lost,
            ids_repeated: totals.ids_repeated,
            ..self.report
        })
    }

    /// What is on a line before its first LF is nobody's; pings are exchanged already, readings don't come yet.
    fn before_the_server_is_ready(&mut self) -> Result<(), Box<dyn Error>> {
        self.server.await_start()?;
        self.bad(b"\xff\xfe\0 half a frame\",\"type\":\"led\"}\n")?;
        self.server.ping("early")?;
        self.server.await_start()?;
        if self.server.last_time().is_some() {
            return Err("the device reports before the server is ready".into());
        }
        Ok(())
    }

    fn ready_and_clock(&mut self) -> Result<(), Box<dyn Error>> {
        self.server.ready()?;
        self.server.read()?;
        let now = UnixMillis::now().0;
        self.server.command(Said::Clock { unix_ms: now })?;
        self.server.read()?;
        match self.server.last_time() {
            Some(time) if (time - now).abs() < 5000 => Ok(()),
            time => Err(format!("the device has the time {time:?}, we have {now}").into()),
        }
    }

    /// 200 times there and back, and now and then what a server that missed an answer does.
    fn exchanges(&mut self) -> Result<(), Box<dyn Error>> {
        let mut times = Vec::new();
        for number in 0..200 {
            let start = Instant::now();
            self.exchange(number)?;
            times.push(start.elapsed());
            self.report.exchanges += 1;
            match number % 20 {
                0 => self
                    .server
                    .ping(&format!("ping {number} \u{1f44b} \"\\\t"))?,
                5 => self.repeat(number)?,
                10 => self
                    .server
                    .command(Said::Other(Unknown::new("note", "not for a lamp")))?,
                15 => self
                    .server
                    .command(Said::Other(Unknown::new("led", "on, please")))?,
                _ => {}
            }
        }
        times.sort_unstable();
        self.report.round_trip = times[times.len() / 2];
        Ok(())
    }

    /// A command and its effect, each acknowledged.
    fn exchange(&mut self, number: u32) -> Result<(), Box<dyn Error>> {
        self.server.command(Said::Led {
            on: number.is_multiple_of(3),
        })?;
        self.server.read()?;
        Ok(())
    }

    /// A command that comes more than once is acknowledged each time and obeyed the first time.
    fn repeat(&mut self, number: u32) -> Result<(), Box<dyn Error>> {
        let message = self.server.message(Said::Led {
            on: number.is_multiple_of(2),
        });
        for _ in 0..3 {
            self.server.line().send(&message)?;
            self.server.await_receipt(message.id())?;
        }
        self.server.expect(message.data());
        self.server.read()?;
        Ok(())
    }

    /// Frames in two pieces, cut at every byte, and byte by byte.
    fn split_frames(&mut self) -> Result<(), Box<dyn Error>> {
        let len = self
            .server
            .message(Said::Led { on: true })
            .to_frame()?
            .len();
        for cut in 0..=len + 1 {
            let message = self.server.message(Said::Led {
                on: cut.is_multiple_of(2),
            });
            let frame = message.to_frame()? + "\n";
            let (start, end) = frame.as_bytes().split_at(cut.min(frame.len()));
            self.server.line().send_bytes(start)?;
            sleep(Duration::from_millis(3));
            self.server.line().send_bytes(end)?;
            self.server.await_receipt(message.id())?;
            self.server.expect(message.data());
            self.report.split_frames += 1;
        }
        for number in 0..len {
            let token = format!("{number}");
            let frame = TransportMessage::ping().with_data(&token).to_string() + "\r\n";
            let (start, end) = frame.as_bytes().split_at(number % frame.len());
            self.server.line().send_bytes(start)?;
            sleep(Duration::from_millis(1));
            self.server.line().send_bytes(end)?;
            self.server.await_pong(&token)?;
            self.report.split_frames += 1;
        }
        let message = self.server.message(Said::Led { on: true });
        for byte in message.to_frame()?.bytes().chain(*b"\n") {
            self.server.line().send_bytes(&[byte])?;
            sleep(Duration::from_millis(1));
        }
        self.server.await_receipt(message.id())?;
        self.server.expect(message.data());
        self.report.split_frames += 1;
        self.server.read()?;
        Ok(())
    }

    /// The longest frame is taken, a longer one is dropped, and the next is whole.
    fn oversize(&mut self) -> Result<(), Box<dyn Error>> {
        let room = MAX_FRAME_LEN - TransportMessage::ping().with_data("").to_string().len();
        let longest = "x".repeat(room);
        self.server.ping(&longest)?;
        for len in [room + 1, room + 2, room + 3, 2 * MAX_FRAME_LEN, 200_000] {
            let ping = TransportMessage::ping().with_data("y".repeat(len));
            self.server.line().send(&ping)?;
            self.server.expected.bad_lines += 1;
            self.exchange(len as u32)?;
        }
        self.server.ping(&longest)
    }

    fn garbage(&mut self) -> Result<(), Box<dyn Error>> {
        for line in [
            &b"\n"[..],
            b" \t\r\n",
            b"hello\n",
            b"\0\n",
            b"\xed\xa0\x80\n",
            b"{\"type\":1001\n",
            b"{\"type\":1001}}\n",
            b"{\"type\":1001}{\"type\":1001}\n",
            b"{\"type\":1e3}\n",
            b"{\"type\":100}\n",
            b"{\"type\":\"led\",\"data\":{\"on\":true}}\n",
            b"{\"id\":\"\\ud800\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true}}\n",
            b"{\"id\":\"x\",\"type\":\"led\",\"time\":0,\"data\":{\"on\":true},\"data\":{\"on\":false}}\n",
            b"{\"id\":\"x\",\"type\":\"led\",\"time\":0,\"da\nta\":{\"on\":true}}\n",
            &[&[b'['; 400][..], b"\n"].concat(),
        ] {
            self.bad(line)?;
            self.exchange(0)?;
        }
        Ok(())
    }

    fn random_lines(&mut self) -> Result<(), Box<dyn Error>> {
        let mut noise = Noise::new();
        for _ in 0..100 {
            let lines: Vec<Vec<u8>> = (0..100).map(|_| noise.line()).collect();
            self.bad(&lines.concat())?;
            self.report.random_lines += 100;
        }
        self.exchange(0)
    }

    /// Lines of which none is a message.
    fn bad(&mut self, lines: &[u8]) -> Result<(), Box<dyn Error>> {
        self.server.expected.bad_lines += count_lines(lines);
        self.server.line().send_bytes(lines)
    }

    /// A reading that the server does not take comes again, with its id, until it does.
    fn untaken_readings(&mut self) -> Result<(), Box<dyn Error>> {
        self.server.takes = false;
        self.server.read()?;
        let id = self.server.untaken()?;
        for _ in 0..2 {
            if !self.server.comes_again(&id, Duration::from_secs(4))? {
                return Err(format!("reading {id} was not taken and did not come again").into());
            }
        }
        self.server.take_all()?;
        self.server.ping("taken")?;
        if self.server.comes_again(&id, Duration::from_secs(3))? {
            return Err(format!("reading {id} was taken and came again").into());
        }
        Ok(())
    }

    /// What the device has no room for it does not acknowledge, and takes later.
    fn full_outbox(&mut self) -> Result<(), Box<dyn Error>> {
        self.server.takes = false;
        for _ in 0..20 {
            let request = self.server.request();
            self.server.line().send(&request)?;
            if self
                .server
                .has_receipt(request.id(), Duration::from_millis(500))?
            {
                self.server.expect(request.data());
                continue;
            }
            self.server.take_all()?;
            self.server.line().send(&request)?;
            self.server.await_receipt(request.id())?;
            self.server.expect(request.data());
            self.server.await_reading_for(request.id())?;
            return Ok(());
        }
        Err("the device has room for 20 readings that nobody takes".into())
    }

    /// What was under way when a connection broke off comes again on the next: ours from us, its from the device.
    fn new_connection(&mut self) -> Result<(), Box<dyn Error>> {
        for number in 0..5_u64 {
            self.server.takes = false;
            self.server.read()?;
            let reading = self.server.untaken()?;
            let message = self.server.message(Said::Led {
                on: number.is_multiple_of(2),
            });
            self.server.line().send(&message)?;
            let half = message.to_frame()?;
            self.server
                .line()
                .send_bytes(&half.as_bytes()[..half.len() / 2])?;
            // Sometimes it has been received by now, and sometimes not.
            sleep(Duration::from_millis(number * 20));

            self.server.reconnect(&mut self.emulator)?;
            self.server.doubtful_lines += 1;
            self.server.line().send_bytes(b"\n")?;
            self.server.line().send(&message)?;
            self.server.await_receipt(message.id())?;
            self.server.expect(message.data());
            self.server.ready()?;
            if !self
                .server
                .comes_again(&reading, Duration::from_millis(1500))?
            {
                return Err(format!("reading {reading} did not come on the new connection").into());
            }
            self.server.take_all()?;
        }
        Ok(())
    }

    /// After a reset the device has ids that it has not had before.
    fn reset(&mut self) -> Result<(), Box<dyn Error>> {
        for _ in 0..3 {
            self.server.restart(&mut self.emulator)?;
            self.server.await_start()?;
            self.server.ready()?;
            self.exchange(0)?;
        }
        Ok(())
    }
}
