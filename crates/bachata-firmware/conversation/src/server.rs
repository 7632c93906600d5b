use std::collections::{BTreeSet, HashMap, HashSet};
use std::error::Error;
use std::time::{Duration, Instant};

use bachata_std::core::TransportType;
use bachata_std::{Message, TaggedDataMessage, TransportMessage, UnixMillis};

use crate::emulator::Emulator;
use crate::line::Line;
use crate::schema::{Reading, Said};

/// How long the device may take for an answer.
pub(crate) const PATIENCE: Duration = Duration::from_secs(60);

/// The server's side of the conversation: what it has said, what it has heard, and what has to follow from that.
pub(crate) struct Server {
    line: Line,
    /// Whether readings are acknowledged with 100.
    pub(crate) takes: bool,
    /// Numbers the messages and requests, over all starts of the device.
    count: u32,
    heard: Heard,
    /// What the device has to report since its start.
    pub(crate) expected: Expected,
    /// How many bad lines more it may have counted, where that depends on when a connection broke off.
    pub(crate) doubtful_lines: u32,
    pub(crate) totals: Totals,
}

/// What came in, since the device started.
#[derive(Default)]
struct Heard {
    /// Every reading by its id.
    readings: HashMap<String, TaggedDataMessage<Said>>,
    /// The ids of readings that were acknowledged.
    taken: HashSet<String>,
    /// The counts at the end of the ids.
    counts: BTreeSet<u32>,
    /// Data of 200 and 1002 that nobody has waited for yet.
    receipts: Vec<String>,
    pongs: Vec<Option<String>>,
    /// How often the device has pinged.
    pings: u32,
}

/// What the device counts.
#[derive(Clone, Copy, Default, PartialEq, Eq, Debug)]
pub(crate) struct Expected {
    pub(crate) led: bool,
    pub(crate) obeyed: u32,
    pub(crate) refused: u32,
    pub(crate) bad_lines: u32,
}

/// What holds over all starts of the device.
#[derive(Default)]
pub(crate) struct Totals {
    /// The ids of all readings.
    pub(crate) ids: HashSet<String>,
    pub(crate) ids_repeated: usize,
    pub(crate) obeyed: u32,
    pub(crate) lost: u32,
    pub(crate) twice: u32,
    pub(crate) readings_lost: usize,
}

impl Server {
    pub(crate) fn new(line: Line) -> Self {
        Self {
            line,
            takes: true,
            count: 0,
            heard: Heard::default(),
            expected: Expected::default(),
            doubtful_lines: 0,
            totals: Totals::default(),
        }
    }

    pub(crate) fn line(&mut self) -> &mut Line {
        &mut self.line
    }

    /// Breaks the connection off and goes on over a new one.
    pub(crate) fn reconnect(&mut self, emulator: &mut Emulator) -> Result<(), Box<dyn Error>> {
        self.line.close();
        self.line = Line::new(emulator.connect()?)?;
        Ok(())
    }

    /// Goes on with a device that has started again, once the account of its last start is settled.
    pub(crate) fn restart(&mut self, emulator: &mut Emulator) -> Result<(), Box<dyn Error>> {
        self.settle()?;
        emulator.restart()?;
        self.reconnect(emulator)?;
        self.heard = Heard::default();
        self.expected = Expected::default();
        Ok(())
    }

    /// Adds what this start of the device comes to.
    pub(crate) fn settle(&mut self) -> Result<(), Box<dyn Error>> {
        let reading = self.read()?;
        let expected = self.expected;
        self.totals.obeyed += reading.obeyed;
        self.totals.lost += expected.obeyed.saturating_sub(reading.obeyed);
        self.totals.twice += reading.obeyed.saturating_sub(expected.obeyed);
        // The device numbers its readings, and this one is the last.
        let last = self.heard.counts.last().copied().unwrap_or_default();
        self.totals.readings_lost += last as usize - self.heard.counts.len();
        Ok(())
    }

    /// Waits for a ping of the device: it pings while it waits for a server.
    pub(crate) fn await_start(&mut self) -> Result<(), Box<dyn Error>> {
        self.heard.pings = 0;
        self.wait("a ping", |heard| (heard.pings > 0).then_some(()))
    }

    pub(crate) fn ready(&mut self) -> Result<(), Box<dyn Error>> {
        self.line.send(&TransportMessage::ready())
    }

    /// A ping with a token, and its pong.
    pub(crate) fn ping(&mut self, token: &str) -> Result<(), Box<dyn Error>> {
        self.line.send(&TransportMessage::ping().with_data(token))?;
        self.await_pong(token)
    }

    pub(crate) fn await_pong(&mut self, token: &str) -> Result<(), Box<dyn Error>> {
        self.wait("a pong", |heard| {
            take(&mut heard.pongs, |pong| pong.as_deref() == Some(token))
        })
    }

    /// A message that has not been sent yet.
    pub(crate) fn message(&mut self, said: Said) -> TaggedDataMessage<Said> {
        self.count += 1;
        TaggedDataMessage::tagged(format!("server-{}", self.count), UnixMillis::now(), said)
            .with_from("desk")
    }

    /// Sends a command and waits for its acknowledgement.
    pub(crate) fn command(&mut self, said: Said) -> Result<(), Box<dyn Error>> {
        let message = self.message(said);
        self.line.send(&message)?;
        self.await_receipt(message.id())?;
        self.expect(message.data());
        Ok(())
    }

    /// Counts a command that the device is to obey once.
    pub(crate) fn expect(&mut self, said: &Said) {
        if let Said::Led { on } = said {
            self.expected.led = *on;
        }
        match said {
            Said::Led { .. } | Said::Clock { .. } | Said::Read => self.expected.obeyed += 1,
            Said::Reading(_) | Said::Other(_) => self.expected.refused += 1,
        }
    }

    pub(crate) fn await_receipt(&mut self, id: &str) -> Result<(), Box<dyn Error>> {
        self.wait("a 200", |heard| {
            take(&mut heard.receipts, |receipt| receipt == id)
        })
    }

    /// Whether the message is acknowledged in time.
    pub(crate) fn has_receipt(&mut self, id: &str, time: Duration) -> Result<bool, Box<dyn Error>> {
        self.listen(time, |heard| {
            take(&mut heard.receipts, |receipt| receipt == id)
        })
        .map(|receipt| receipt.is_some())
    }

    /// Asks for a reading, and checks what it reports.
    pub(crate) fn read(&mut self) -> Result<Reading, Box<dyn Error>> {
        let message = self.request();
        self.line.send(&message)?;
        self.await_receipt(message.id())?;
        self.expect(message.data());
        self.await_reading_for(message.id())
    }

    /// A request whose reading will be known by its `dest`.
    pub(crate) fn request(&mut self) -> TaggedDataMessage<Said> {
        let message = self.message(Said::Read);
        let from = message.id().to_owned();
        message.with_from(from)
    }

    pub(crate) fn await_reading_for(&mut self, dest: &str) -> Result<Reading, Box<dyn Error>> {
        let reading = self.wait("a reading", |heard| {
            let message = heard
                .readings
                .values()
                .find(|message| message.dest() == Some(dest))?;
            match message.data() {
                Said::Reading(reading) => Some(*reading),
                _ => None,
            }
        })?;
        let Reading {
            led,
            obeyed,
            refused,
            bad_lines,
            ..
        } = reading;
        let reported = Expected {
            led,
            obeyed,
            refused,
            bad_lines,
        };
        let doubtful = reported.bad_lines.saturating_sub(self.expected.bad_lines);
        if doubtful <= self.doubtful_lines {
            self.doubtful_lines = 0;
            self.expected.bad_lines += doubtful;
        }
        if reported == self.expected {
            Ok(reading)
        } else {
            Err(format!(
                "the device reports {reported:?} instead of {:?}",
                self.expected
            )
            .into())
        }
    }

    /// The `time` of any reading that came, in Unix milliseconds.
    pub(crate) fn last_time(&self) -> Option<i64> {
        self.heard
            .readings
            .values()
            .map(TaggedDataMessage::time_ms)
            .max()
    }

    /// A reading that came and was not taken.
    pub(crate) fn untaken(&mut self) -> Result<String, Box<dyn Error>> {
        self.wait("a reading", |heard| {
            heard
                .readings
                .keys()
                .find(|id| !heard.taken.contains(*id))
                .cloned()
        })
    }

    /// Whether a reading that came before comes again in time.
    pub(crate) fn comes_again(&mut self, id: &str, time: Duration) -> Result<bool, Box<dyn Error>> {
        self.heard.readings.remove(id);
        self.listen(time, |heard| heard.readings.contains_key(id).then_some(()))
            .map(|again| again.is_some())
    }

    /// Takes every reading that came.
    pub(crate) fn take_all(&mut self) -> Result<(), Box<dyn Error>> {
        self.takes = true;
        let ids: Vec<String> = self.heard.readings.keys().cloned().collect();
        ids.into_iter().try_for_each(|id| self.take(id))
    }

    /// 100, and for every other reading 300 in its place, which says the same to the device (`P-21`).
    fn take(&mut self, id: String) -> Result<(), Box<dyn Error>> {
        let message = if self.heard.taken.len().is_multiple_of(2) {
            TransportMessage::accepted(&id)
        } else {
            TransportMessage::delivered(&id)
        };
        self.heard.taken.insert(id);
        self.line.send(&message)
    }

    /// Waits until something has been heard.
    fn wait<T>(
        &mut self,
        what: &str,
        check: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Result<T, Box<dyn Error>> {
        self.listen(PATIENCE, check)?
            .ok_or_else(|| format!("{what} did not come in {} s", PATIENCE.as_secs()).into())
    }

    /// Takes what comes in until something has been heard, but only for so long.
    fn listen<T>(
        &mut self,
        time: Duration,
        mut check: impl FnMut(&mut Heard) -> Option<T>,
    ) -> Result<Option<T>, Box<dyn Error>> {
        let start = Instant::now();
        loop {
            if let Some(found) = check(&mut self.heard) {
                return Ok(Some(found));
            }
            let Some(left) = time.checked_sub(start.elapsed()) else {
                return Ok(None);
            };
            match self.line.receive(left)? {
                Some(Message::Data(message)) => self.hear_reading(message)?,
                Some(Message::Transport(message)) => self.hear_transport(&message)?,
                None => {}
            }
        }
    }

    fn hear_reading(&mut self, message: TaggedDataMessage<Said>) -> Result<(), Box<dyn Error>> {
        let id = message.id().to_owned();
        let count = id.rsplit('-').next().and_then(|count| count.parse().ok());
        let (Said::Reading(_), Some(count)) = (message.data(), count) else {
            return Err(format!("the device sent {message:?}").into());
        };
        if self.heard.counts.insert(count) && !self.totals.ids.insert(id.clone()) {
            self.totals.ids_repeated += 1;
        }
        self.heard.readings.insert(id.clone(), message);
        if self.takes { self.take(id) } else { Ok(()) }
    }

    fn hear_transport(&mut self, message: &TransportMessage) -> Result<(), Box<dyn Error>> {
        if let Some(pong) = message.pong() {
            self.heard.pings += 1;
            return self.line.send(&pong);
        }
        let data = message.data().map(str::to_owned);
        match (message.kind(), data) {
            (TransportType::Received, Some(id)) => self.heard.receipts.push(id),
            (TransportType::Pong, token) => self.heard.pongs.push(token),
            _ => return Err(format!("the device sent {message}").into()),
        }
        Ok(())
    }
}

/// Removes the first of those that are wanted.
fn take<T>(from: &mut Vec<T>, wanted: impl Fn(&T) -> bool) -> Option<()> {
    let position = from.iter().position(wanted)?;
    from.remove(position);
    Some(())
}
