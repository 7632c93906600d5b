//! `bachata verify`: the signatures in a stream of frames.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use bachata_core::{JsonStr, Message, SignatureError};
use clap::{Args, ColorChoice};

use crate::inspect::PolicyName;
use crate::inspect::frame::{Fault, Frame};
use crate::inspect::input::Input;
use crate::inspect::lines::Lines;
use crate::inspect::parse_size;
use crate::key::{Key, SchemeName};
use crate::palette::Palette;
use crate::printable::Printable;
use crate::status::{Status, complain};
use crate::terminal::styled_stdout;

/// Check the signatures in a stream of frames, one frame a line
///
/// Each frame that is not verified is listed with its line, what it is, and why. A summary follows.
/// A signature says who wrote a message, not that it is new: it can have been sent before.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct VerifyArgs {
    /// The file to read; `-`, or none at all, is standard input
    #[arg(value_name = "FILE", default_value = "-")]
    file: PathBuf,

    /// The file with the key: its bytes, at most 4096, without one line feed at the end. Several keys
    /// are tried in this order
    #[arg(long, value_name = "FILE", required = true)]
    key_file: Vec<PathBuf>,

    /// The scheme of the signatures
    #[arg(long, value_enum, default_value_t)]
    scheme: SchemeName,

    /// What to make of members that are absent or null
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyName,

    /// The longest frame to take, in bytes, or with K, M or G; a longer one is no message
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = parse_size)]
    max_frame: usize,
}

const AFTER_HELP: &str = "\
Exit status:
  0  every frame is verified, and there is one
  1  some frame is not
  2  wrong usage, or something could not be read or written

Examples:
  bachata verify --key-file key session.jsonl
  bachata make --type note --data hi --from desk --key-file key | bachata verify --key-file key
  bachata verify --key-file new.key --key-file old.key session.jsonl";

/// The most columns that an id or a type gets.
const TEXT_WIDTH: usize = 60;

/// Runs the command.
pub(crate) fn run(args: &VerifyArgs, color: ColorChoice) -> Status {
    let keys = args
        .key_file
        .iter()
        .map(|path| Key::read(path, args.scheme));
    let keys = match keys.collect::<Result<Vec<_>, _>>() {
        Ok(keys) => keys,
        Err(status) => return status,
    };
    let input = match Input::open(&args.file) {
        Ok(input) => input,
        Err(error) => return complain_of(&args.file, &error),
    };
    let mut report = Report {
        out: styled_stdout(),
        palette: Palette::for_stdout(color),
        counts: Counts::new(keys.len()),
    };
    let mut status = Status::Good;
    let result = verify(args, &keys, input, &mut report, &mut status);
    let result = result.and_then(|()| report.finish(&args.key_file));
    status.max(report.counts.status()).after_output(result)
}

/// Checks all frames. What goes wrong with the input shows in the status; an error is one of the output.
fn verify(
    args: &VerifyArgs,
    keys: &[Key],
    input: Input,
    report: &mut Report<impl Write>,
    status: &mut Status,
) -> io::Result<()> {
    let waits = input.size().is_none();
    let mut lines = Lines::new(input, args.max_frame, false);
    loop {
        while let Some((number, line)) = lines.next() {
            let frame = Frame::read(number, line, args.policy.into(), args.max_frame);
            match &frame.outcome {
                Ok(message) => match message.verify(keys) {
                    Ok(verified) => report.counts.verified(verified.key()),
                    Err(error) => report.unverified(frame.line, message, error)?,
                },
                Err(fault) => report.no_message(frame.line, *fault)?,
            }
        }
        if lines.has_ended() {
            return Ok(());
        }
        if waits {
            report.out.flush()?;
        }
        if let Err(error) = lines.fill() {
            *status = complain_of(&args.file, &error);
            return Ok(());
        }
    }
}

/// What has been found so far.
#[derive(Default)]
struct Counts {
    /// By key.
    verified: Vec<u64>,
    missing: u64,
    malformed: u64,
    wrong: u64,
    no_message: u64,
}

impl Counts {
    fn new(keys: usize) -> Self {
        Self {
            verified: vec![0; keys],
            ..Self::default()
        }
    }

    fn verified(&mut self, key: usize) {
        if let Some(count) = self.verified.get_mut(key) {
            *count += 1;
        }
    }

    fn unverified(&self) -> u64 {
        self.missing + self.malformed + self.wrong + self.no_message
    }

    /// Nothing is not taken for something that has been verified.
    fn status(&self) -> Status {
        if self.unverified() == 0 && self.verified.iter().any(|count| *count > 0) {
            Status::Good
        } else {
            Status::Invalid
        }
    }
}

/// Where it is told.
struct Report<W> {
    out: W,
    palette: Palette,
    counts: Counts,
}

impl<W: Write> Report<W> {
    fn unverified(
        &mut self,
        line: u64,
        message: &Message<'_>,
        error: SignatureError,
    ) -> io::Result<()> {
        let count = match error {
            SignatureError::Missing => &mut self.counts.missing,
            SignatureError::Malformed => &mut self.counts.malformed,
            SignatureError::Wrong => &mut self.counts.wrong,
        };
        *count += 1;
        let mut what = Printable::new();
        match message {
            Message::Data(message) => {
                push_text(&mut what, message.kind());
                what.push_ascii(" ");
                push_text(&mut what, message.id());
            }
            Message::Transport(message) => {
                what.push_ascii(&message.kind().to_string());
                if let Some(data) = message.data() {
                    what.push_ascii(" ");
                    push_text(&mut what, data);
                }
            }
        }
        self.line(line, &format!("{}: ", what.as_str()), &error)
    }

    fn no_message(&mut self, line: u64, fault: Fault) -> io::Result<()> {
        self.counts.no_message += 1;
        self.line(line, "not a message: ", &fault)
    }

    fn line(&mut self, line: u64, what: &str, why: &dyn std::fmt::Display) -> io::Result<()> {
        let error = self.palette.error;
        writeln!(self.out, "line {line}: {what}{error}{why}{error:#}")
    }

    /// The summary.
    fn finish(&mut self, key_files: &[PathBuf]) -> io::Result<()> {
        let counts = &self.counts;
        let verified: u64 = counts.verified.iter().sum();
        let frames = verified + counts.unverified();
        let plural = if frames == 1 { "" } else { "s" };
        write!(self.out, "{frames} frame{plural}, {verified} verified")?;
        if key_files.len() > 1 && verified > 0 {
            let by_key = counts.verified.iter().zip(key_files);
            let by_key = by_key
                .filter(|(count, _)| **count > 0)
                .map(|(count, path)| {
                    format!("{count} by {}", Printable::of(&path.to_string_lossy()))
                });
            write!(self.out, " ({})", by_key.collect::<Vec<_>>().join(", "))?;
        }
        for (count, what) in [
            (counts.missing, "without a signature"),
            (counts.malformed, "with a malformed one"),
            (counts.wrong, "with a wrong one"),
            (counts.no_message, "not a message"),
        ] {
            if count > 0 {
                write!(self.out, ", {count} {what}")?;
            }
        }
        writeln!(self.out)?;
        self.out.flush()
    }
}

/// A text in quotes.
fn push_text(out: &mut Printable, text: JsonStr<'_>) {
    out.push_ascii("\"");
    out.push_cut(text.chars(), TEXT_WIDTH);
    out.push_ascii("\"");
}

fn complain_of(path: &Path, error: &io::Error) -> Status {
    let path = Printable::of(&path.to_string_lossy());
    complain(&format!("{path}: {error}"))
}
