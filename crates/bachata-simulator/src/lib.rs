//! Breaks everything between Bachata clients and a server, on a virtual clock, and watches that no message is lost.
//!
//! A [`Plan`] says how many clients there are and what goes wrong: frames are lost, repeated, delayed, reordered, truncated and corrupted, connections are cut at
//! any point and on one side first, clients and the server restart with and without their memory, clocks jump, and hostile peers send
//! receipts that are not theirs, ids that are not theirs, and floods. Then everything calms down, and it has to come out that
//!
//! - every message for which somebody still is responsible has been taken by its receiver;
//! - none has been handed up twice, as far as its receiver could know it;
//! - every message that was sent has come to one end, and to [`Delivered`](bachata_core::delivery::Progress::Delivered) only where it was taken;
//! - nobody was handed up what was never sent;
//! - all this in bounded time, and no side ever sends without end or waits for a time that does not pass.
//!
//! All of it follows from a seed, so that a failure can be repeated:
//!
//! ```
//! let summary = bachata_simulator::run(1).unwrap();
//! assert_eq!(summary, bachata_simulator::run(1).unwrap());
//! ```
//!
//! A firmware of your own takes the place of the clients as a [`Peer`]:
//!
//! ```
//! use bachata_core::delivery::ClientConfig;
//! use bachata_simulator::{ClientPeer, Peer, Plan, simulate};
//!
//! for seed in 0..20 {
//!     let plan = Plan::new(seed);
//!     // Yours here.
//!     let firmware = |number| Box::new(ClientPeer::<8, 64, 512>::new(plan.client, number)) as Box<dyn Peer>;
//!     simulate(seed, &plan, firmware).unwrap();
//! }
//! ```

use std::fmt;

mod client_peer;
mod faults;
mod hostile;
mod ledger;
mod peer;
mod plan;
mod server;
mod text;
mod world;

pub use client_peer::ClientPeer;
pub use faults::Faults;
pub use peer::{Busy, Peer, Report};
pub use plan::Plan;
pub use text::is_sealed;

use world::World;

/// Simulates the plan of a seed with our own clients, of different capacities.
///
/// # Errors
///
/// Something did not hold.
pub fn run(seed: u64) -> Result<Summary, Box<Failure>> {
    let plan = Plan::new(seed);
    simulate(seed, &plan, |number| {
        let (config, seed) = (plan.client, seed ^ number << 32);
        match (seed ^ number) % 4 {
            0 => Box::new(ClientPeer::<1, 4, 128>::new(config, seed)) as Box<dyn Peer>,
            1 => Box::new(ClientPeer::<4, 8, 192>::new(config, seed)),
            _ => Box::new(ClientPeer::<8, 64, 384>::new(config, seed)),
        }
    })
}

/// Simulates a plan with the clients that `peer` makes, each by its number.
///
/// # Errors
///
/// Something did not hold. The failure has the trace of a second run: `peer` is to make the same peers again.
pub fn simulate(
    seed: u64,
    plan: &Plan,
    peer: impl Fn(u64) -> Box<dyn Peer>,
) -> Result<Summary, Box<Failure>> {
    let world = |trace| {
        let peers = (0..plan.clients as u64).map(&peer).collect();
        World::new(seed, plan, peers, trace).run(seed)
    };
    world(false).or_else(|_| world(true)).map_err(Box::new)
}

/// What a simulation came to.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Summary {
    /// Messages that were to be sent.
    pub messages: usize,
    /// Messages that were taken, all receivers together.
    pub taken: usize,
    /// Messages that have come to an end that their sender has seen.
    pub ended: usize,
    /// Frames that were sent.
    pub frames: u64,
    /// Moments in which something happened.
    pub steps: u64,
}

/// What did not hold. Its `Display` is the trace, and then what is wrong.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Failure {
    /// The seed that repeats it.
    pub seed: u64,
    /// When, in milliseconds of the virtual clock.
    pub time: u64,
    /// What.
    pub what: String,
    /// Everything that happened before, a line each.
    pub trace: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            seed,
            time,
            what,
            trace,
        } = self;
        write!(f, "{trace}seed {seed}, at {time} ms: {what}")
    }
}

impl std::error::Error for Failure {}
