use std::cmp::Reverse;
use std::collections::HashMap;
use std::fmt::Write as _;

use bachata_core::{JsonStr, Member, Message, MessageBuf, ParseErrorKind, Policy, TransportType};
use tabled::builder::Builder;
use tabled::settings::object::Columns;
use tabled::settings::{Alignment, Padding, Style};

use super::frame::{Fault, Frame};
use super::row::transport_label;
use crate::palette::Palette;
use crate::printable::Printable;

/// Counts what was seen, in bounded memory whatever that is.
#[derive(Default)]
pub(crate) struct Summary {
    policy: Policy,
    frames: u64,
    bytes: u64,
    data: HashMap<Box<str>, Tally>,
    other_data: Tally,
    transport: HashMap<u32, Tally>,
    other_transport: Tally,
    faults: HashMap<(ParseErrorKind, Option<Member>), Tally>,
    too_long: Tally,
    largest: Option<Largest>,
    capacity: usize,
}

/// How many frames of a sort there were, and the size of the largest one.
#[derive(Clone, Copy, Default)]
struct Tally {
    frames: u64,
    largest: u64,
}

/// The largest message.
struct Largest {
    size: usize,
    line: u64,
    file: String,
}

/// So many types are counted one by one, of either kind; the others together.
const MOST_TYPES: usize = 64;

/// A longer type is counted with the others, so that the types counted one by one take bounded
/// memory.
const MOST_TYPE_LEN: usize = 256;

/// The columns that a type has in the table.
const TYPE_WIDTH: usize = 40;

impl Summary {
    /// A summary of frames that are read by this policy.
    pub(crate) fn new(policy: Policy) -> Self {
        Self {
            policy,
            ..Self::default()
        }
    }

    /// Whether nothing has been counted yet.
    pub(crate) const fn is_empty(&self) -> bool {
        self.frames == 0
    }

    /// Counts a frame of the file.
    pub(crate) fn count(&mut self, frame: &Frame<'_>, file: &str) {
        let len = frame.bytes.len();
        let mut size = len as u64;
        match &frame.outcome {
            Ok(message) => {
                match message {
                    Message::Data(message) => self.data_tally(message.kind()).add(size),
                    Message::Transport(message) => self.transport_tally(message.kind()).add(size),
                }
                self.measure(frame, len, file);
            }
            Err(Fault::Parse(error)) => {
                let key = (error.kind(), error.member());
                self.faults.entry(key).or_default().add(size);
            }
            Err(Fault::TooLong { size: seen, .. }) => {
                size = *seen;
                self.too_long.add(size);
            }
        }
        self.frames += 1;
        self.bytes += size;
    }

    /// What it takes to hold a message.
    fn measure(&mut self, frame: &Frame<'_>, size: usize, file: &str) {
        if self
            .largest
            .as_ref()
            .is_none_or(|largest| largest.size < size)
        {
            self.largest = Some(Largest {
                size,
                line: frame.line,
                file: file.into(),
            });
        }
        // Only a frame with escapes takes more than its length. It is parsed a second time for
        // that, but not more often than needed: decoded texts are no longer than they are in the
        // frame.
        let escaped = size * 2 > self.capacity && memchr::memchr(b'\\', frame.bytes).is_some();
        let needed = if escaped {
            MessageBuf::<0>::capacity_for(frame.bytes, self.policy).unwrap_or(size)
        } else {
            size
        };
        self.capacity = self.capacity.max(needed);
    }

    fn data_tally(&mut self, kind: JsonStr<'_>) -> &mut Tally {
        let mut decoded = [0; MOST_TYPE_LEN];
        let Some(kind) = kind
            .decode(&mut decoded)
            .ok()
            .filter(|kind| kind.len() <= MOST_TYPE_LEN)
        else {
            return &mut self.other_data;
        };
        if !self.data.contains_key(kind) {
            if self.data.len() == MOST_TYPES {
                return &mut self.other_data;
            }
            self.data.insert(kind.into(), Tally::default());
        }
        self.data.get_mut(kind).unwrap_or(&mut self.other_data)
    }

    fn transport_tally(&mut self, kind: TransportType) -> &mut Tally {
        let is_new = !self.transport.contains_key(&kind.code());
        if is_new && kind.name().is_none() && self.transport.len() >= MOST_TYPES {
            return &mut self.other_transport;
        }
        self.transport.entry(kind.code()).or_default()
    }

    fn invalid(&self) -> u64 {
        let parse: u64 = self.faults.values().map(|tally| tally.frames).sum();
        parse + self.too_long.frames
    }

    /// Writes the summary.
    pub(crate) fn write(&self, out: &mut String, palette: &Palette) {
        let Palette {
            title,
            faint,
            error,
            ..
        } = palette;
        let (frames, bytes, invalid) = (self.frames, self.bytes, self.invalid());
        let s = |count| if count == 1 { "" } else { "s" };
        if frames > 0 {
            out.push('\n');
        }
        // Writing to a String doesn't fail.
        let _ = write!(
            out,
            "{title}{frames} frame{}, {bytes} byte{}{title:#}: {} valid, ",
            s(frames),
            s(bytes),
            frames - invalid
        );
        let _ = if invalid == 0 {
            writeln!(out, "0 invalid")
        } else {
            writeln!(out, "{error}{invalid} invalid{error:#}")
        };
        if frames == 0 {
            return;
        }
        out.push('\n');
        for (index, line) in self.table().lines().enumerate() {
            let line = line.trim_end();
            let _ = if index == 0 {
                writeln!(out, "{faint}{line}{faint:#}")
            } else {
                writeln!(out, "{line}")
            };
        }
        if let Some(Largest { size, line, file }) = &self.largest {
            let of = if file.is_empty() { "" } else { " of " };
            let _ = writeln!(
                out,
                "\n{faint}largest message{faint:#}  {size} B, line {line}{of}{file}\n\
                 {faint}storage{faint:#}          MessageBuf<{}> holds every message seen",
                self.capacity
            );
        }
        if self.policy == Policy::Strict && self.lacks_what_reference_reads() {
            let _ = writeln!(
                out,
                "{faint}hint{faint:#}             \
                 --policy reference reads an absent id, time or data as empty"
            );
        }
    }

    /// Whether the other policy would make a difference (`P-13`).
    fn lacks_what_reference_reads(&self) -> bool {
        self.faults.keys().any(|key| {
            matches!(
                key,
                (
                    ParseErrorKind::MissingMember,
                    Some(Member::Id | Member::Time | Member::Data)
                )
            )
        })
    }

    /// The counts by kind and type.
    fn table(&self) -> String {
        let mut transport: Vec<_> = self.transport.iter().collect();
        transport.sort_unstable_by_key(|(code, _)| **code);
        let transport = transport
            .into_iter()
            .map(|(&code, &tally)| (transport_label(TransportType::from(code)), tally));
        let mut data: Vec<_> = self.data.iter().collect();
        data.sort_unstable_by_key(|(kind, tally)| (Reverse(tally.frames), *kind));
        let data = data
            .into_iter()
            .map(|(kind, &tally)| (type_label(kind), tally));
        let mut faults: Vec<_> = self
            .faults
            .iter()
            .map(|(&(kind, member), &tally)| (fault_label(kind, member), tally))
            .chain([("over the limit".into(), self.too_long)])
            .collect();
        faults.sort_unstable_by_key(|(label, tally)| (Reverse(tally.frames), label.clone()));

        let mut table = Builder::default();
        table.push_record(["kind", "type", "frames", "largest"]);
        for (kind, rows) in [
            (
                "transport",
                transport.chain([others(self.other_transport)]).collect(),
            ),
            ("data", data.chain([others(self.other_data)]).collect()),
            ("invalid", faults),
        ] {
            for (label, tally) in rows.iter().filter(|(_, tally)| tally.frames > 0) {
                let (frames, largest) = (tally.frames, tally.largest);
                table.push_record([kind, label, &frames.to_string(), &format!("{largest} B")]);
            }
        }
        table
            .build()
            .with(Style::empty())
            .with(Padding::new(0, 2, 0, 0))
            .modify(Columns::new(2..), Alignment::right())
            .to_string()
    }
}

impl Tally {
    fn add(&mut self, size: u64) {
        self.frames += 1;
        self.largest = self.largest.max(size);
    }
}

fn others(tally: Tally) -> (String, Tally) {
    ("others".into(), tally)
}

/// A type as the table shows it.
fn type_label(kind: &str) -> String {
    let mut label = Printable::new();
    let kind = if kind.is_empty() { "\"\"" } else { kind };
    label.push_cut(kind.chars(), TYPE_WIDTH);
    label.as_str().into()
}

/// An error without its position.
fn fault_label(kind: ParseErrorKind, member: Option<Member>) -> String {
    match (kind, member) {
        (_, None) => kind.to_string(),
        (ParseErrorKind::MissingMember | ParseErrorKind::DuplicateMember, Some(member)) => {
            format!("{kind} \"{member}\"")
        }
        (_, Some(member)) => format!("{kind}, in \"{member}\""),
    }
}

#[cfg(test)]
mod tests {
    use super::super::lines::Line;
    use super::*;

    fn count(summary: &mut Summary, line: Line<'_>) {
        summary.count(&Frame::read(1, line, Policy::Strict, 1000), "");
    }

    fn written(summary: &Summary) -> String {
        let mut out = String::new();
        summary.write(&mut out, &Palette::default());
        out
    }

    #[test]
    fn a_peer_that_invents_types_does_not_fill_the_memory() {
        let mut summary = Summary::default();
        let long = "x".repeat(MOST_TYPE_LEN + 1);
        for number in 2000..2000 + 3 * MOST_TYPES {
            for frame in [
                format!(r#"{{"type":{number},"data":""}}"#),
                format!(r#"{{"id":"","type":"{number}","time":0,"data":""}}"#),
                format!(r#"{{"id":"","type":"{long}{number}","time":0,"data":""}}"#),
                r#"{"type":1001}"#.into(),
            ] {
                count(&mut summary, Line::Frame(frame.as_bytes()));
            }
        }
        assert_eq!(summary.data.len(), MOST_TYPES);
        assert!(summary.transport.len() <= MOST_TYPES + TransportType::DEFINED.len());
        let text = written(&summary);
        let others: Vec<_> = text
            .lines()
            .filter(|line| line.contains("others"))
            .collect();
        let frames = |line: &str| line.split_whitespace().nth(2).unwrap().parse().unwrap();
        let others: Vec<usize> = others.into_iter().map(frames).collect();
        // The ping is one of the types that are counted one by one.
        assert_eq!(others, [2 * MOST_TYPES + 1, 5 * MOST_TYPES]);
        assert!(text.contains("transport  1001 ping"));
        assert!(text.lines().count() < 2 * MOST_TYPES + 20);
    }

    #[test]
    fn the_storage_holds_every_message() {
        let frames: [&[u8]; 3] = [
            br#"{"id":"1","type":"t","time":0,"data":"an unescaped text of some length"}"#,
            br#"{"id":"1","type":"t","time":0,"data":"\u0061 text with \"escapes\""}"#,
            br#"{"id":"1","type":"t","time":0,"data":{"no":"text \" to be decoded"}}"#,
        ];
        for order in [[0, 1, 2], [2, 1, 0], [1, 0, 2]] {
            let mut summary = Summary::default();
            for index in order {
                count(&mut summary, Line::Frame(frames[index]));
            }
            let needed =
                frames.map(|frame| MessageBuf::<0>::capacity_for(frame, Policy::Strict).unwrap());
            assert_eq!(summary.capacity, needed.into_iter().max().unwrap());
            assert!(summary.capacity > frames[0].len());
        }
    }

    #[test]
    fn faults_are_counted_by_what_is_wrong() {
        let mut summary = Summary::default();
        for line in [
            Line::Frame(b"{}"),
            Line::Frame(b"{\"type\":01}"),
            Line::Frame(b"{ }"),
            Line::Frame(b"x"),
            Line::TooLong(7000),
        ] {
            count(&mut summary, line);
        }
        let text = written(&summary);
        let rows: Vec<_> = text
            .lines()
            .skip_while(|line| !line.starts_with("kind"))
            .collect();
        assert_eq!(
            rows,
            [
                "kind     type                       frames  largest",
                "invalid  missing member \"type\"           2      3 B",
                "invalid  expected '{'                    1      1 B",
                "invalid  invalid number, in \"type\"       1     11 B",
                "invalid  over the limit                  1   7000 B",
            ]
        );
    }
}
