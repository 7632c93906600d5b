//! `bachata make`: one message from its parts.

use std::io::{self, Write as _};
use std::path::PathBuf;

use bachata_core::{DataMessage, Payload, RawObject, TransportMessage, TransportType};
use clap::error::ErrorKind;
use clap::{Args, ColorChoice, CommandFactory as _};
use uuid::Uuid;

use crate::cli::Cli;
use crate::excerpt::Excerpt;
use crate::key::{Key, SchemeName};
use crate::palette::Palette;
use crate::status::{Status, complain, warn};
use crate::terminal::stderr_width;
use crate::time::Utc;

/// Make a message from its parts and write it as one frame, one line
#[derive(Args, Debug)]
#[command(after_help = AFTER_HELP)]
#[command(group = clap::ArgGroup::new("message").required(true))]
pub(crate) struct MakeArgs {
    /// Make a data message of this type
    #[arg(long = "type", value_name = "TYPE", group = "message")]
    kind: Option<String>,

    /// Make a transport message: a number, or accepted, received, delivered, ready, ping, pong
    #[arg(
        long,
        value_name = "TYPE",
        group = "message",
        value_parser = parse_transport,
        conflicts_with_all = ["id", "time", "json", "from", "dest"]
    )]
    transport: Option<TransportType>,

    /// The id of the message [default: a new UUID]
    #[arg(long)]
    id: Option<String>,

    /// The time of the message, in Unix milliseconds or like 2025-11-21T23:20:00Z [default: now]
    #[arg(long, allow_hyphen_values = true, value_parser = Utc::parse)]
    time: Option<Utc>,

    /// The payload as a text [default: the empty text]; of a transport message, the id that it is
    /// about
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true)]
    data: Option<String>,

    /// The payload as a JSON object
    #[arg(long, value_name = "JSON", conflicts_with = "data")]
    json: Option<String>,

    /// The sender
    #[arg(long)]
    from: Option<String>,

    /// The destination
    #[arg(long)]
    dest: Option<String>,

    /// The signature, ready made
    #[arg(long, conflicts_with = "key_file")]
    sign: Option<String>,

    /// Sign with the key in this file: its bytes, at most 4096, without one line feed at the end
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,

    /// The scheme to sign by
    #[arg(long, value_enum, default_value_t, requires = "key_file")]
    scheme: SchemeName,
}

const AFTER_HELP: &str = "\
Examples:
  bachata make --type direct --data 'hi there' --from alice --dest bob
  bachata make --type place --json '{\"lat\": 33.034, \"lon\": 55.023}'
  bachata make --transport 200 --data 7f6a2c1e
  bachata make --type led --json '{\"on\":true}' --from desk --key-file key
  bachata make --transport ping | bachata inspect";

/// The width of an excerpt where there is no terminal to ask.
const EXCERPT_WIDTH: usize = 100;

/// Runs the command.
pub(crate) fn run(args: &MakeArgs, color: ColorChoice) -> Status {
    let key = args
        .key_file
        .as_deref()
        .map(|path| Key::read(path, args.scheme));
    let key = match key.transpose() {
        Ok(key) => key,
        Err(status) => return status,
    };
    let frame = match (&args.kind, args.transport) {
        (Some(kind), _) => data_frame(args, kind, key.as_ref(), color),
        (_, Some(kind)) => transport_frame(args, kind, key.as_ref()),
        // The group is required.
        (None, None) => return Status::Failed,
    };
    match frame {
        Ok(frame) => {
            let mut stdout = io::stdout().lock();
            let written = stdout.write_all(frame.as_bytes());
            Status::Good.after_output(written.and_then(|()| stdout.flush()))
        }
        Err(status) => status,
    }
}

fn data_frame(
    args: &MakeArgs,
    kind: &str,
    key: Option<&Key>,
    color: ColorChoice,
) -> Result<String, Status> {
    let id = args
        .id
        .clone()
        .unwrap_or_else(|| Uuid::new_v4().to_string());
    let time = args.time.unwrap_or_else(Utc::now);
    let payload = match &args.json {
        Some(json) => Payload::Object(object(json, color)?),
        None => Payload::from(args.data.as_deref().unwrap_or_default()),
    };
    let message = DataMessage::new(id.as_str(), kind, time.0, payload)
        .with_from(args.from.as_deref().unwrap_or_default())
        .with_dest(args.dest.as_deref().unwrap_or_default())
        .with_sign(args.sign.as_deref().unwrap_or_default());
    let Some(key) = key else {
        return Ok(format!("{message}\n"));
    };
    let all = args.scheme == SchemeName::HmacSha256;
    for warning in message.sign_warnings() {
        // A token covers nothing but the payload.
        if all || warning.offset().is_some() {
            warn(&format!("the signature may not survive: {warning}"));
        }
    }
    let Ok(signature) = message.sign_with(key);
    Ok(format!("{}\n", message.with_sign(&signature)))
}

fn transport_frame(
    args: &MakeArgs,
    kind: TransportType,
    key: Option<&Key>,
) -> Result<String, Status> {
    let message = match &args.data {
        Some(data) => TransportMessage::new(kind, data.as_str()),
        None => TransportMessage::without_data(kind).ok_or_else(|| data_is_missing(kind))?,
    };
    let message = message.with_sign(args.sign.as_deref().unwrap_or_default());
    let Some(key) = key else {
        return Ok(format!("{message}\n"));
    };
    let Ok(signature) = message.sign_with(key);
    Ok(format!("{}\n", message.with_sign(&signature)))
}

/// The object that `--json` gives, or else its fault on standard error.
fn object(json: &str, color: ColorChoice) -> Result<RawObject<'_>, Status> {
    RawObject::new(json.as_bytes()).map_err(|fault| {
        let palette = Palette::for_stderr(color);
        // Two columns are the indentation, one is for a caret behind the end.
        let width = stderr_width().unwrap_or(EXCERPT_WIDTH).saturating_sub(3);
        let excerpt = Excerpt::new(json.as_bytes(), fault.offset(), width);
        let mut text = format!("--json: {fault}{}\n", excerpt.place());
        excerpt.write(&mut text, 2, &palette);
        complain(text.trim_end())
    })
}

/// Says as clap would that the message needs an id (`P-10`).
fn data_is_missing(kind: TransportType) -> Status {
    let mut cli = Cli::command();
    cli.build();
    let make = cli.find_subcommand_mut("make");
    let text = format!(
        "a transport message {} ({kind}) needs --data, the id of the message that it is about",
        kind.code()
    );
    match make {
        Some(make) => {
            // A closed standard error has no better place to be reported at.
            let _ = make.error(ErrorKind::MissingRequiredArgument, text).print();
            Status::Failed
        }
        None => complain(&text),
    }
}

/// Reads a transport type: a number, or the name of a defined one.
fn parse_transport(text: &str) -> Result<TransportType, String> {
    if let Ok(code) = text.parse::<u32>() {
        return Ok(TransportType::from(code));
    }
    TransportType::DEFINED
        .iter()
        .copied()
        .find(|kind| {
            kind.name()
                .is_some_and(|name| name.eq_ignore_ascii_case(text))
        })
        .ok_or_else(|| {
            let names = TransportType::DEFINED.iter().filter_map(|kind| kind.name());
            let names: Vec<_> = names.collect();
            format!(
                "neither a number from 0 to {} nor one of {}",
                u32::MAX,
                names.join(", ")
            )
        })
}
