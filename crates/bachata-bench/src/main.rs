//! Bachata beside its peers: the same work, in one run. `ci/bench` makes figures of what it prints.
//!
//! ```text
//! bachata-bench time ROUNDS [WORK [CORPUS]]
//! bachata-bench count WORK CORPUS CANDIDATE PASSES
//! bachata-bench linear ROUNDS
//! bachata-bench corpora
//! ```

mod candidate;
mod corpus;
mod dice;
mod linear;
mod rounds;
mod work;

use std::env;
use std::process::ExitCode;

use corpus::Corpus;
use rounds::Rounds;
use work::WORKS;

fn main() -> ExitCode {
    let arguments: Vec<_> = env::args().skip(1).collect();
    let arguments: Vec<_> = arguments.iter().map(String::as_str).collect();
    let done = match *arguments.as_slice() {
        ["time", rounds] => rounds.parse().ok().map(|rounds| time(rounds, "", "")),
        ["time", rounds, work] => rounds.parse().ok().map(|rounds| time(rounds, work, "")),
        ["time", rounds, work, corpus] => {
            rounds.parse().ok().map(|rounds| time(rounds, work, corpus))
        }
        ["count", work, corpus, candidate, passes] => passes
            .parse()
            .ok()
            .and_then(|passes| count(work, corpus, candidate, passes)),
        ["linear", rounds] => rounds.parse().ok().map(linear::print),
        ["corpora"] => {
            corpora();
            Some(())
        }
        _ => None,
    };
    if done.is_none() {
        eprintln!("bachata-bench: no such work; see src/main.rs");
        return ExitCode::from(2);
    }
    ExitCode::SUCCESS
}

/// Prints `WORK CORPUS CANDIDATE NANOSECONDS RATIO`, with tabs, for one frame; the ratio is to the first candidate, and more is faster.
fn time(rounds: usize, only_work: &str, only_corpus: &str) {
    for corpus in Corpus::all() {
        for work in WORKS {
            let is = |only: &str, name: &str| only.is_empty() || only == name;
            if !is(only_work, work.name) || !is(only_corpus, corpus.name) {
                continue;
            }
            let times = Rounds::new(&corpus, (work.candidates)(&corpus)).run(rounds);
            let (_, first) = times[0];
            for (name, time) in times {
                let ratio = first / time;
                println!(
                    "{}\t{}\t{name}\t{time:.2}\t{ratio:.3}",
                    work.name, corpus.name
                );
            }
        }
    }
}

/// Does a work so many times over a corpus, for a tool that counts instructions. Prints how many frames that were.
fn count(work: &str, corpus: &str, candidate: &str, passes: usize) -> Option<()> {
    let corpus = Corpus::all().into_iter().find(|c| c.name == corpus)?;
    let work = WORKS.into_iter().find(|w| w.name == work)?;
    let mut candidates = (work.candidates)(&corpus).into_iter();
    let mut candidate = candidates.find(|c| c.name == candidate)?;
    let mut scratch = corpus.frames.clone();
    for _ in 0..passes {
        std::hint::black_box(candidate.pass(&mut scratch));
    }
    println!("{}", passes * corpus.frames.len());
    Some(())
}

/// Prints `CORPUS FRAMES MEAN ABOUT`, with tabs; the mean length is in bytes.
fn corpora() {
    for corpus in Corpus::all() {
        let (frames, mean) = (corpus.frames.len(), corpus.mean_len());
        println!("{}\t{frames}\t{mean}\t{}", corpus.name, corpus.about);
    }
}
