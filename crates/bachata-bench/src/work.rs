//! What is measured: five works, each with those who can do it. The first is the one that the others are compared with.

mod build;
mod dump;
mod load;
mod own_types;
mod parts;
mod receive;
mod route;

use crate::candidate::Candidate;
use crate::corpus::Corpus;

pub(crate) use load::Owned;

/// A work, and who can do it on a corpus.
pub(crate) struct Work {
    pub(crate) name: &'static str,
    pub(crate) candidates: for<'c> fn(&'c Corpus) -> Vec<Candidate<'c>>,
}

pub(crate) const WORKS: [Work; 6] = [
    Work {
        name: "receive",
        candidates: receive::candidates,
    },
    Work {
        name: "build",
        candidates: build::candidates,
    },
    Work {
        name: "route",
        candidates: route::candidates,
    },
    Work {
        name: "load",
        candidates: load::candidates,
    },
    Work {
        name: "typed",
        candidates: own_types::candidates,
    },
    Work {
        name: "dump",
        candidates: dump::candidates,
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_who_do_a_work_see_the_same() {
        for corpus in Corpus::all() {
            for work in WORKS {
                let sums: Vec<_> = (work.candidates)(&corpus)
                    .into_iter()
                    .map(|mut candidate| {
                        let mut scratch = corpus.frames.clone();
                        (candidate.name, candidate.pass(&mut scratch))
                    })
                    .collect();
                let (first, sum) = sums[0];
                for (name, other) in &sums {
                    assert_eq!(
                        *other, sum,
                        "{} {}: {name}, {first}",
                        work.name, corpus.name
                    );
                }
            }
        }
    }
}
