//! `bachata inspect`: what is in streams of frames.

use std::io::{self, IsTerminal as _};
use std::path::{Path, PathBuf};

use bachata_core::Policy;
use clap::{Args, ColorChoice, ValueEnum};

use self::frame::Frame;
use self::input::Input;
use self::json::JsonLines;
use self::lines::{Line, Lines};
use self::progress::Progress;
use self::summary::Summary;
use self::table::Table;
use crate::palette::Palette;
use crate::printable::Printable;
use crate::status::{Status, complain};
use crate::terminal::{stdout_width, styled_stdout};

pub(crate) mod frame;
pub(crate) mod input;
mod json;
mod layout;
pub(crate) mod lines;
mod progress;
mod row;
pub(crate) mod summary;
pub(crate) mod table;

/// Show what is in a stream of frames, one frame a line, and check every byte of it
///
/// Each frame is listed with its line, its kind and type, its id (of a transport message: its
/// data), its time in UTC, from and dest, and the kind and size of its payload: a text in bytes of
/// UTF-8, an object in bytes of JSON as it came. A frame that is no message is shown around its
/// fault, with a caret under the byte. A summary follows, with the size of a MessageBuf that holds
/// every message seen.
///
/// Frames are shown as they come, and memory does not grow with the input. Blank lines are skipped.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct InspectArgs {
    /// Files to read; `-`, or no file at all, is standard input
    #[arg(value_name = "FILE")]
    files: Vec<PathBuf>,

    /// What to make of members that are absent or null
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyName,

    /// Print one JSON object a frame, and nothing else
    ///
    /// A message gives {"line":1,"ok":true,"message":"data"|"transport", and then its members},
    /// without those that are none; anything else gives
    /// {"line":1,"ok":false,"error":"..","offset":47}. With several files each object starts with
    /// "file".
    #[arg(long)]
    json: bool,

    /// Take each FILE as one frame, whatever line breaks it has
    #[arg(long)]
    whole: bool,

    /// The longest frame to take, in bytes, or with K, M or G; a longer one is reported as invalid
    /// and skipped
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = parse_size)]
    max_frame: usize,
}

/// The policies by name (`P-12`, `P-13`).
#[derive(ValueEnum, Clone, Copy, Default, Debug)]
pub(crate) enum PolicyName {
    /// As the protocol says: id, type, time and data are required
    #[default]
    Strict,
    /// For peers like the Python package, which leave out what is empty or zero
    Reference,
}

const AFTER_HELP: &str = "\
Exit status:
  0  every frame is a message
  1  some frame is not
  2  wrong usage, or something could not be read or written

Examples:
  bachata inspect --policy reference session.jsonl
  bachata inspect --whole message.json
  tail -f session.jsonl | bachata inspect
  bachata inspect --json *.jsonl | jq 'select(.ok | not)'";

/// Where the frames go: a table for people, or JSON for programs.
pub(crate) trait Report {
    /// A new input of this name starts. `ahead` is what could be read of it without waiting; `all`,
    /// whether that is all of it.
    fn begin(
        &mut self,
        name: &str,
        ahead: &mut dyn Iterator<Item = Frame<'_>>,
        all: bool,
    ) -> io::Result<()>;

    /// The next frame of the input.
    fn frame(&mut self, frame: &Frame<'_>) -> io::Result<()>;

    /// More may take its time: everything so far is to be seen.
    fn flush(&mut self) -> io::Result<()>;

    /// All inputs have been read.
    fn finish(&mut self) -> io::Result<()>;
}

/// Runs the command.
pub(crate) fn run(args: &InspectArgs, color: ColorChoice) -> Status {
    let several = args.files.len() > 1;
    let mut report: Box<dyn Report> = if args.json {
        let is_terminal = io::stdout().is_terminal();
        Box::new(JsonLines::new(io::stdout().lock(), is_terminal, several))
    } else {
        let palette = Palette::for_stdout(color);
        let summary = Summary::new(args.policy.into());
        let table = Table::new(styled_stdout(), stdout_width(), palette, summary, several);
        Box::new(table)
    };
    let mut status = Status::Good;
    let result = inspect(args, &mut *report, &mut status);
    status.after_output(result)
}

/// Reads all inputs. What goes wrong with one of them shows in the status; an error is one of the
/// output.
fn inspect(args: &InspectArgs, report: &mut dyn Report, status: &mut Status) -> io::Result<()> {
    let stdin = [PathBuf::from("-")];
    let files = if args.files.is_empty() {
        &stdin[..]
    } else {
        &args.files
    };
    for path in files {
        match Input::open(path) {
            Ok(input) => inspect_input(args, path, input, report, status)?,
            Err(error) => *status = complain_of(path, &error),
        }
    }
    report.finish()
}

fn inspect_input(
    args: &InspectArgs,
    path: &Path,
    input: Input,
    report: &mut dyn Report,
    status: &mut Status,
) -> io::Result<()> {
    let policy = args.policy.into();
    let (size, name) = (input.size(), path.to_string_lossy());
    let progress = Progress::new(size);
    let mut lines = Lines::new(input, args.max_frame, args.whole);
    let mut begun = false;
    let result = loop {
        while let Some((number, line)) = lines.next() {
            let frame = Frame::read(number, line, policy, args.max_frame);
            if frame.outcome.is_err() {
                *status = Status::Invalid.max(*status);
            }
            report.frame(&frame)?;
        }
        if lines.has_ended() {
            break Ok(());
        }
        // A file doesn't let one wait, anything else may.
        if size.is_none() {
            report.flush()?;
        }
        match lines.fill() {
            Ok(read) => progress.advance(read),
            Err(error) => break Err(error),
        }
        if !begun && (!args.whole || lines.has_ended()) {
            begun = true;
            let all = lines.has_ended() || size == Some(lines.pending());
            let mut frames = lines.ahead().zip(1..).map(|(bytes, number)| {
                Frame::read(number, Line::Frame(bytes), policy, args.max_frame)
            });
            report.begin(&name, &mut frames, all)?;
        }
    };
    drop(progress);
    if let Err(error) = result {
        report.flush()?;
        *status = complain_of(path, &error);
    }
    Ok(())
}

fn complain_of(path: &Path, error: &io::Error) -> Status {
    let path = Printable::of(&path.to_string_lossy());
    complain(&format!("{path}: {error}"))
}

impl From<PolicyName> for Policy {
    fn from(name: PolicyName) -> Self {
        match name {
            PolicyName::Strict => Self::Strict,
            PolicyName::Reference => Self::Reference,
        }
    }
}

/// Reads a size: `4096`, `64K`, `16M`, `1G`.
pub(crate) fn parse_size(text: &str) -> Result<usize, String> {
    let (number, shift) = match text.as_bytes() {
        [.., b'k' | b'K'] => (text.get(..text.len() - 1), 10),
        [.., b'm' | b'M'] => (text.get(..text.len() - 1), 20),
        [.., b'g' | b'G'] => (text.get(..text.len() - 1), 30),
        _ => (Some(text), 0),
    };
    number
        .and_then(|number| number.parse::<usize>().ok())
        .and_then(|number| number.checked_mul(1 << shift))
        .ok_or_else(|| "not a size like 4096, 64K or 16M".into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_units_of_1024() {
        for (text, size) in [
            ("0", Some(0)),
            ("4096", Some(4096)),
            ("64k", Some(65_536)),
            ("16M", Some(16_777_216)),
            ("1G", Some(1 << 30)),
            ("", None),
            ("M", None),
            ("1.5M", None),
            ("-1", None),
            ("16MiB", None),
            ("18446744073709551615G", None),
            ("1\u{e9}", None),
        ] {
            assert_eq!(parse_size(text).ok(), size, "{text}");
        }
    }
}
