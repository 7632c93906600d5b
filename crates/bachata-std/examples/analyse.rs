//! What is in a log of messages, one frame a line: how many of each type, who to whom, how large, and the lines that are no messages.
//!
//!     cargo run --example analyse [FILE]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::{env, fmt};

use bachata_std::{
    Error, FrameReader, Message, Policy, Protocol, RawPayload, ToFrame, TransportType,
};

/// A log for those who have none at hand.
const SAMPLE: &str = r#"
{"type": 1000}
{"id": "m1", "type": "text", "time": 1763769600123, "dest": "bob", "data": "hi", "from": "alice"}
{"type": 100, "data": "m1"}
{"type": 300, "data": "m1"}
{"type": 1001.0}
{"id": "m2", "type": "place", "time": 1763769604000, "dest": "alice", "data": {"lat": 59.3}, "from": "bob"}
{"type": 100, "data": "m2"}
"#;

fn main() -> Result<(), Error> {
    let mut report = Report::default();
    match env::args_os().nth(1).map(PathBuf::from) {
        Some(path) => report.read(BufReader::new(File::open(path)?))?,
        None => report.read(SAMPLE.as_bytes())?,
    }
    print!("{report}");
    Ok(())
}

#[derive(Default)]
struct Report {
    frames: usize,
    bytes: usize,
    kinds: BTreeMap<String, usize>,
    pairs: BTreeMap<(String, String), usize>,
    /// First and last time, in milliseconds since 1970.
    times: Option<(i64, i64)>,
    /// Ids that were accepted and, so far, not delivered.
    on_the_way: Vec<String>,
    errors: Vec<String>,
}

impl Report {
    fn read(&mut self, log: impl BufRead) -> Result<(), Error> {
        // Logs hold what peers sent: be as generous as the Python package. Payloads are counted, not looked at.
        let protocol = Protocol::new().with_policy(Policy::Reference);
        for message in FrameReader::with_protocol(log, &protocol).typed::<RawPayload>() {
            self.frames += 1;
            match message {
                Ok(message) => self.add(&message)?,
                Err(error) if error.is_about_one_frame() => {
                    self.errors.push(format!("frame {}: {error}", self.frames));
                }
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    fn add(&mut self, message: &Message<RawPayload>) -> Result<(), Error> {
        self.bytes += message.to_frame()?.len();
        let kind = match message {
            Message::Data(message) => {
                if let (Some(from), Some(dest)) = (message.from(), message.dest()) {
                    *self
                        .pairs
                        .entry((from.to_owned(), dest.to_owned()))
                        .or_default() += 1;
                }
                // A message of a peer that sends no time has 0.
                if message.time_ms() != 0 {
                    let (first, last) = self.times.unwrap_or((i64::MAX, i64::MIN));
                    self.times = Some((first.min(message.time_ms()), last.max(message.time_ms())));
                }
                format!("{:?}", message.kind())
            }
            Message::Transport(message) => {
                let id = message.data().unwrap_or_default();
                match message.kind() {
                    TransportType::Accepted => self.on_the_way.push(id.to_owned()),
                    TransportType::Delivered => self.on_the_way.retain(|other| other != id),
                    _ => {}
                }
                message.kind().to_string()
            }
        };
        *self.kinds.entry(kind).or_default() += 1;
        Ok(())
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{} frames, {} bytes as they would be written",
            self.frames, self.bytes
        )?;
        for (kind, count) in &self.kinds {
            writeln!(f, "{count:>6}  {kind}")?;
        }
        for ((from, dest), count) in &self.pairs {
            writeln!(f, "{count:>6}  {from} -> {dest}")?;
        }
        if let Some((first, last)) = self.times {
            writeln!(f, "times span {} s", last.abs_diff(first) / 1000)?;
        }
        writeln!(f, "{} accepted and not delivered", self.on_the_way.len())?;
        for error in &self.errors {
            writeln!(f, "{error}")?;
        }
        Ok(())
    }
}
