use std::io;

use bachata_core::{Message, Payload, TransportMessage};
use clap::ColorChoice;

use super::line::Line;
use super::{TalkArgs, complain_of};
use crate::inspect::Report as _;
use crate::inspect::frame::Frame;
use crate::inspect::lines::Lines;
use crate::inspect::summary::Summary;
use crate::inspect::table::Table;
use crate::palette::Palette;
use crate::status::Status;
use crate::terminal::{stdout_width, styled_stdout};

/// Shows what comes in and answers it, until the connection ends.
pub(crate) fn listen(args: &TalkArgs, line: &Line, color: ColorChoice) -> Status {
    let mut status = Status::Good;
    let result = show(args, line, color, &mut status);
    status.after_output(result)
}

/// An error is one of the output.
fn show(args: &TalkArgs, line: &Line, color: ColorChoice, status: &mut Status) -> io::Result<()> {
    let policy = args.policy.into();
    let (width, palette) = (stdout_width(), Palette::for_stdout(color));
    let mut table = Table::new(styled_stdout(), width, palette, Summary::new(policy), false);
    table.begin("", &mut std::iter::empty(), false)?;
    if args.server {
        answer(line, TransportMessage::ready());
    }
    let mut lines = Lines::new(line.stream(), args.max_frame, false);
    loop {
        while let Some((number, received)) = lines.next() {
            let frame = Frame::read(number, received, policy, args.max_frame);
            table.frame(&frame)?;
            match &frame.outcome {
                Ok(Message::Data(message)) => {
                    match message.data() {
                        Payload::Text(text) => table.note(text.chars())?,
                        Payload::Object(object) => table.note(object.as_str().chars())?,
                    }
                    if args.server {
                        answer(line, TransportMessage::accepted(message.id()));
                    } else if args.ack {
                        answer(line, TransportMessage::received(message.id()));
                    }
                }
                Ok(Message::Transport(message)) => {
                    if let Some(pong) = message.to_pong() {
                        answer(line, pong);
                    }
                }
                Err(_) => line.note_invalid(),
            }
        }
        // The next may take its time.
        table.flush()?;
        if lines.has_ended() {
            return Ok(());
        }
        match lines.fill() {
            Ok(_) => {}
            Err(error) if error.kind() == io::ErrorKind::ConnectionReset => return Ok(()),
            Err(error) => {
                *status = complain_of(&args.address, &error);
                return Ok(());
            }
        }
    }
}

/// Where it can't be sent, the connection has ended, and that shows when we read on.
fn answer(line: &Line, message: TransportMessage<'_>) {
    let _sent = line.send(message.to_string().into_bytes());
}
