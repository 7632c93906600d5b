use std::io::{self, BufRead as _};

use bachata_core::{DataMessage, Message};
use clap::ColorChoice;
use uuid::Uuid;

use super::line::Line;
use super::{TalkArgs, complain_of};
use crate::excerpt::Excerpt;
use crate::palette::Palette;
use crate::status::{Status, complain};
use crate::terminal::stderr_width;
use crate::time::Utc;

/// The width of an excerpt where there is no terminal to ask.
const EXCERPT_WIDTH: usize = 100;

/// Sends what is typed, until the input ends.
pub(crate) fn send(args: &TalkArgs, line: &Line, color: ColorChoice) -> Status {
    let mut input = io::stdin().lock();
    let mut typed = Vec::new();
    loop {
        typed.clear();
        match input.read_until(b'\n', &mut typed) {
            Ok(0) => return Status::Good,
            Ok(_) => {}
            Err(error) => return complain(&format!("standard input: {error}")),
        }
        let typed = typed.strip_suffix(b"\n").unwrap_or(&typed);
        match frame(args, typed.strip_suffix(b"\r").unwrap_or(typed)) {
            Ok(Some(frame)) => {
                if let Err(error) = line.send(frame) {
                    return complain_of(&args.address, &error);
                }
            }
            Ok(None) => {}
            Err(fault) => {
                fault.complain(color);
                line.note_invalid();
            }
        }
    }
}

/// What is not sent, and the byte at fault.
struct Fault<'a> {
    typed: &'a [u8],
    offset: usize,
    reason: String,
}

/// The frame that is typed; none for a blank line.
fn frame<'a>(args: &TalkArgs, typed: &'a [u8]) -> Result<Option<Vec<u8>>, Fault<'a>> {
    if args.raw {
        return Ok(Some(typed.to_vec()));
    }
    let fault = |offset, reason| Fault {
        typed,
        offset,
        reason,
    };
    if typed.trim_ascii_start().starts_with(b"{") {
        return match Message::parse_with(typed, args.policy.into()) {
            Ok(_) => Ok(Some(typed.to_vec())),
            Err(error) => Err(fault(error.offset(), error.to_string())),
        };
    }
    if typed.trim_ascii_start().is_empty() {
        return Ok(None);
    }
    let text = str::from_utf8(typed)
        .map_err(|error| fault(error.valid_up_to(), "text is not UTF-8".to_owned()))?;
    let id = Uuid::new_v4().to_string();
    let message = DataMessage::new(id.as_str(), args.kind.as_str(), Utc::now().0, text)
        .with_from(args.from.as_deref().unwrap_or_default())
        .with_dest(args.dest.as_deref().unwrap_or_default());
    Ok(Some(message.to_string().into_bytes()))
}

impl Fault<'_> {
    fn complain(&self, color: ColorChoice) {
        let palette = Palette::for_stderr(color);
        // Two columns are the indentation, one is for a caret behind the end.
        let width = stderr_width().unwrap_or(EXCERPT_WIDTH).saturating_sub(3);
        let mut text = format!("not sent: {}\n", self.reason);
        Excerpt::new(self.typed, self.offset, width).write(&mut text, 2, &palette);
        complain(text.trim_end());
    }
}
