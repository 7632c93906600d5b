//! Runs simulations, and prints the trace of the first that fails.
//!
//!     simulate [--seed N] [--count N]
//!
//! It takes 1000 seeds from 0, and with `--seed` alone that one. It ends with status 1 where a simulation fails.

use std::process::ExitCode;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

use bachata_simulator::run;

/// What the simulations came to, all together.
#[derive(Default)]
struct Totals {
    messages: AtomicU64,
    taken: AtomicU64,
    frames: AtomicU64,
    steps: AtomicU64,
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let Some((first, count)) = parse(&arguments) else {
        eprintln!("usage: simulate [--seed N] [--count N]");
        return ExitCode::from(2);
    };
    let start = Instant::now();
    let (next, failed, totals) = (AtomicU64::new(0), AtomicBool::new(false), Totals::default());
    let work = || {
        while !failed.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            if number >= count {
                break;
            }
            match run(first.wrapping_add(number)) {
                Ok(summary) => {
                    let add = |total: &AtomicU64, value| total.fetch_add(value, Ordering::Relaxed);
                    add(&totals.messages, summary.messages as u64);
                    add(&totals.taken, summary.taken as u64);
                    add(&totals.frames, summary.frames);
                    add(&totals.steps, summary.steps);
                }
                Err(failure) => {
                    // One trace is enough.
                    if !failed.swap(true, Ordering::Relaxed) {
                        println!("{failure}");
                    }
                }
            }
        }
    };
    thread::scope(|scope| {
        for _ in 0..thread::available_parallelism().map_or(1, usize::from) {
            scope.spawn(work);
        }
    });
    if failed.into_inner() {
        return ExitCode::FAILURE;
    }
    println!("seeds {count}");
    println!("messages {}", totals.messages.into_inner());
    println!("taken {}", totals.taken.into_inner());
    println!("frames {}", totals.frames.into_inner());
    println!("steps {}", totals.steps.into_inner());
    println!("seconds {}", start.elapsed().as_secs());
    ExitCode::SUCCESS
}

/// The first seed and the number of seeds.
fn parse(arguments: &[String]) -> Option<(u64, u64)> {
    let (mut seed, mut count) = (None, None);
    let mut rest = arguments.iter();
    while let Some(name) = rest.next() {
        let value = rest.next()?.parse().ok()?;
        match name.as_str() {
            "--seed" => seed = Some(value),
            "--count" => count = Some(value),
            _ => return None,
        }
    }
    let all = if seed.is_some() { 1 } else { 1000 };
    Some((seed.unwrap_or_default(), count.unwrap_or(all)))
}
