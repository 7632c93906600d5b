use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;

use crate::candidate::{Candidate, Scratch};
use crate::corpus::Corpus;

/// How long a candidate works in a round.
const SLOT: Duration = Duration::from_micros(1500);

/// Times candidates in turns, so that whatever else the machine does meets all of them.
pub(crate) struct Rounds<'c> {
    corpus: &'c Corpus,
    contestants: Vec<Contestant<'c>>,
    scratch: Scratch,
}

struct Contestant<'c> {
    candidate: Candidate<'c>,
    passes: u32,
    /// Of each round, for one frame, in nanoseconds.
    times: Vec<f64>,
}

impl<'c> Rounds<'c> {
    pub(crate) fn new(corpus: &'c Corpus, candidates: Vec<Candidate<'c>>) -> Self {
        let contestant = |candidate| Contestant {
            candidate,
            passes: 1,
            times: Vec::new(),
        };
        Self {
            corpus,
            contestants: candidates.into_iter().map(contestant).collect(),
            scratch: corpus.frames.clone(),
        }
    }

    /// Name and median time of each candidate, for one frame, in nanoseconds.
    pub(crate) fn run(mut self, rounds: usize) -> Vec<(&'static str, f64)> {
        for contestant in &mut self.contestants {
            // Once to warm up, once to see how long it takes.
            contestant.time(self.corpus, &mut self.scratch);
            let pass = contestant.time(self.corpus, &mut self.scratch);
            let passes = SLOT.as_nanos() / pass.as_nanos().max(1);
            contestant.passes = u32::try_from(passes.max(1)).unwrap_or(u32::MAX);
        }
        let count = self.contestants.len();
        for round in 0..rounds {
            for turn in 0..count {
                // Each comes after each of the others.
                let contestant = &mut self.contestants[(round + turn * (1 + round % 2)) % count];
                let time = contestant.time(self.corpus, &mut self.scratch);
                let frames = f64::from(contestant.passes) * self.corpus.frames.len() as f64;
                contestant.times.push(time.as_nanos() as f64 / frames);
            }
        }
        let result = |contestant: Contestant<'_>| {
            let Contestant {
                candidate, times, ..
            } = contestant;
            (candidate.name, median(times))
        };
        self.contestants.into_iter().map(result).collect()
    }
}

impl Contestant<'_> {
    /// The time of all its passes.
    fn time(&mut self, corpus: &Corpus, scratch: &mut Scratch) -> Duration {
        // The time of the processor, as others want it, too.
        if !self.candidate.spoils {
            let start = ThreadTime::now();
            for _ in 0..self.passes {
                black_box(self.candidate.pass(scratch));
            }
            return start.elapsed();
        }
        let mut time = Duration::ZERO;
        for _ in 0..self.passes {
            scratch.clone_from(&corpus.frames);
            let start = ThreadTime::now();
            black_box(self.candidate.pass(scratch));
            time += start.elapsed();
        }
        time
    }
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    values.get(middle).copied().unwrap_or(f64::NAN)
}
