//! Holds a conversation with the firmware on an emulated board, as the server that it is a client of.
//!
//!     bachata-conversation BOARD ELF
//!
//! BOARD is `lm3s6965` or `virt`. It prints what it measured, a figure a line: name, value, unit, comparison, limit. It ends with status 1
//! where the device does something that it should not.

use std::error::Error;
use std::process::ExitCode;
use std::time::Instant;

mod conversation;
mod emulator;
mod line;
mod noise;
mod schema;
mod server;

use crate::conversation::Conversation;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [board, elf] = &arguments[..] else {
        eprintln!("usage: bachata-conversation BOARD ELF");
        return ExitCode::from(2);
    };
    match run(board, elf) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("bachata-conversation: {board}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run(board: &str, elf: &str) -> Result<(), Box<dyn Error>> {
    let start = Instant::now();
    let report = Conversation::begin(board, elf)?.hold()?;
    println!("exchanges {} exchanges == 200", report.exchanges);
    println!("split-frames {} frames >= 150", report.split_frames);
    println!("random-lines {} lines == 10000", report.random_lines);
    println!("obeyed {} commands > 400", report.obeyed);
    println!("lost {} commands == 0", report.lost);
    println!("twice {} commands == 0", report.twice);
    println!("readings {} readings > 200", report.readings);
    println!("readings-lost {} readings == 0", report.readings_lost);
    println!("ids-repeated {} ids == 0", report.ids_repeated);
    println!("round-trip {} us <= 100000", report.round_trip.as_micros());
    println!("time {} s <= 140", start.elapsed().as_secs());
    Ok(())
}
