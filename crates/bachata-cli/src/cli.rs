use clap::{ColorChoice, Parser, Subcommand};

use crate::inspect::InspectArgs;
use crate::make::MakeArgs;
use crate::talk::TalkArgs;
use crate::verify::VerifyArgs;

/// The command line. A doc comment on an item below is its text in `--help`.
#[derive(Parser, Debug)]
#[command(
    name = "bachata",
    version,
    about = "Read, explain, check, make, verify and exchange messages of the Bachata protocol",
    after_help = EXAMPLES,
    arg_required_else_help = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// When to use colours; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(
        long,
        global = true,
        value_name = "WHEN",
        default_value_t,
        display_order = 100
    )]
    pub(crate) color: ColorChoice,
}

/// What to do.
#[derive(Subcommand, Debug)]
pub(crate) enum Command {
    Inspect(InspectArgs),
    Make(MakeArgs),
    Talk(TalkArgs),
    Verify(VerifyArgs),
}

const EXAMPLES: &str = "\
Examples:
  bachata inspect session.jsonl
  bachata inspect --json - < session.jsonl | jq .type
  bachata make --type direct --data 'hi there' --dest bob
  bachata make --transport received --data 7f6a2c1e | bachata inspect
  bachata verify --key-file key session.jsonl
  bachata talk tcp://127.0.0.1:4000";
