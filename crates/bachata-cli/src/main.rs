//! The command `bachata`: reads, explains, checks, makes and exchanges Bachata messages.
//!
//! Everything that it knows of the protocol is in `bachata-core`; here are files, lines, terminals
//! and clocks.

#![forbid(unsafe_code)]

use std::process::ExitCode;

use clap::Parser as _;

use crate::cli::{Cli, Command};

mod cli;
mod excerpt;
mod inspect;
mod key;
mod make;
mod palette;
mod printable;
mod status;
mod talk;
mod terminal;
mod time;
mod verify;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match cli.command {
        Command::Inspect(args) => inspect::run(&args, cli.color),
        Command::Make(args) => make::run(&args, cli.color),
        Command::Talk(args) => talk::run(args, cli.color),
        Command::Verify(args) => verify::run(&args, cli.color),
    }
    .into()
}
