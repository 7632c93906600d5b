//! `bachata talk`: a conversation over a TCP connection, frame by frame.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::thread;
use std::time::Duration;

use clap::{Args, ColorChoice};

use self::address::Address;
use self::line::Line;
use crate::inspect::{PolicyName, parse_size};
use crate::printable::Printable;
use crate::status::{Status, complain};

mod address;
mod line;
mod listener;
mod typist;

/// Talk with a peer: show what it sends, send it what is typed
///
/// What comes in is listed as by `bachata inspect`, with the payload under it. Pings are answered.
///
/// A line of standard input that starts with `{` is a frame: it is checked, and sent as it is. Any
/// other line is the text of a data message. Blank lines are skipped.
///
/// It ends with the connection, or with the input.
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
pub(crate) struct TalkArgs {
    /// The peer, tcp://HOST:PORT
    #[arg(value_name = "ADDRESS")]
    address: Address,

    /// The type of the data messages that are typed as texts
    #[arg(long = "type", value_name = "TYPE", default_value = "text")]
    kind: String,

    /// Their sender
    #[arg(long)]
    from: Option<String>,

    /// Their destination
    #[arg(long)]
    dest: Option<String>,

    /// Acknowledge every data message with 200, as its receiver
    #[arg(long)]
    ack: bool,

    /// Be the server: say 1000 at the start, and take every data message with 100
    #[arg(long, conflicts_with = "ack")]
    server: bool,

    /// Send every line that is typed as it is, whatever it is
    #[arg(long, conflicts_with_all = ["kind", "from", "dest"])]
    raw: bool,

    /// What to make of members that are absent or null
    #[arg(long, value_enum, default_value_t)]
    policy: PolicyName,

    /// The longest frame to take, in bytes, or with K, M or G; a longer one is reported as invalid
    /// and skipped
    #[arg(long, value_name = "SIZE", default_value = "16M", value_parser = parse_size)]
    max_frame: usize,

    /// How many seconds to stay for answers after the end of the input [default: 1; 0 at a
    /// terminal]
    #[arg(long, value_name = "SECONDS")]
    wait: Option<u32>,
}

const AFTER_HELP: &str = "\
Exit status:
  0  everything that was received or typed is a message or a text
  1  something is not
  2  wrong usage, or there is no connection, or something could not be read or written

Examples:
  bachata talk tcp://127.0.0.1:4000 --from desk --dest lamp
  bachata talk tcp://127.0.0.1:4000 --server
  bachata make --transport ping | bachata talk tcp://127.0.0.1:4000";

/// What has come to its end, and how it went.
enum End {
    Input(Status),
    Connection(Status),
}

/// Runs the command.
pub(crate) fn run(args: TalkArgs, color: ColorChoice) -> Status {
    let line = match Line::connect(&args.address) {
        Ok(line) => line,
        Err(error) => return complain_of(&args.address, &error),
    };
    let (wait, talk) = (args.wait(), Arc::new((args, line)));
    let (sender, ended) = channel();
    // Either may wait for ever, and ends with the process.
    start(&talk, &sender, move |args, line| {
        End::Connection(listener::listen(args, line, color))
    });
    start(&talk, &sender, move |args, line| {
        End::Input(typist::send(args, line, color))
    });
    let status = match ended.recv() {
        Ok(End::Connection(status)) => status,
        Ok(End::Input(typed)) => match ended.recv_timeout(wait) {
            Ok(End::Connection(status) | End::Input(status)) => status.max(typed),
            Err(_) => typed,
        },
        Err(_) => Status::Failed,
    };
    let (_, line) = &*talk;
    status.max(line.status())
}

/// Starts one half of the talk, which says how it ended.
fn start(
    talk: &Arc<(TalkArgs, Line)>,
    sender: &Sender<End>,
    half: impl FnOnce(&TalkArgs, &Line) -> End + Send + 'static,
) {
    let (talk, sender) = (Arc::clone(talk), sender.clone());
    thread::spawn(move || {
        let (args, line) = &*talk;
        // Nobody is left to hear when the other half has ended everything.
        let _heard = sender.send(half(args, line));
    });
}

impl TalkArgs {
    fn wait(&self) -> Duration {
        let usual = u32::from(!io::stdin().is_terminal());
        Duration::from_secs(self.wait.unwrap_or(usual).into())
    }
}

fn complain_of(address: &Address, error: &io::Error) -> Status {
    complain(&Printable::of(&format!("{address}: {error}")))
}
