use bachata_core::delivery::{ClientConfig, KeepAlive, Resend, ServerConfig};
use fastrand::Rng;

use crate::Faults;

/// What a simulation does: all of it follows from the seed.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Clients that keep to the protocol.
    pub clients: usize,
    /// Clients that don't.
    pub hostiles: usize,
    /// How many messages the clients send together.
    pub messages: usize,
    /// How long things go wrong, in milliseconds.
    pub chaos: u64,
    /// What happens to frames.
    pub faults: Faults,
    /// The mean time between two cuts of a connection, and so on; none where that never happens.
    pub cut_every: Option<u64>,
    /// Whether one side can go on with a connection that is gone for the other.
    pub half_open: bool,
    /// The mean time between two restarts of a client.
    pub restart_every: Option<u64>,
    /// The mean time between two restarts of the server.
    pub server_restart_every: Option<u64>,
    /// The chance that a restart takes the memory with it, in a thousand.
    pub forget: u32,
    /// The mean time between two jumps of a client's clock.
    pub jump_every: Option<u64>,
    /// Whether each client counts its messages, so that different clients use the same ids; otherwise ids are random.
    pub counted_ids: bool,
    /// For all clients.
    pub client: ClientConfig,
    /// For the server.
    pub server: ServerConfig,
}

impl Plan {
    /// The plan of a seed.
    pub fn new(seed: u64) -> Self {
        let mut rng = Rng::with_seed(seed);
        let mut maybe = |chance: u32, value: u64| (rng.u32(..100) < chance).then_some(value);
        let cut_every = maybe(80, 4000);
        let restart_every = maybe(40, 10_000);
        let server_restart_every = maybe(30, 15_000);
        let jump_every = maybe(30, 5000);
        // A line that loses frames needs timers, one that loses none until it breaks does not.
        let noisy = rng.bool();
        let rate = |rng: &mut Rng| {
            if noisy && rng.bool() {
                rng.u32(..200)
            } else {
                0
            }
        };
        let faults = Faults {
            lose: rate(&mut rng),
            duplicate: rate(&mut rng),
            reorder: rate(&mut rng),
            truncate: rate(&mut rng),
            corrupt: rate(&mut rng),
            forge: rng.u32(..50),
            delay: rng.u64(1..200),
        };
        let resend = (noisy || rng.bool()).then(|| {
            let first = rng.u32(300..2000);
            Resend {
                first,
                max: first.saturating_mul(rng.u32(1..8)),
            }
        });
        let keep_alive = if rng.bool() {
            KeepAlive {
                ping_after: Some(rng.u32(500..3000)),
                dead_after: Some(rng.u32(3000..9000)),
            }
        } else {
            KeepAlive::OFF
        };
        Self {
            clients: rng.usize(2..5),
            hostiles: rng.usize(..3),
            messages: rng.usize(1..24),
            chaos: rng.u64(1000..20_000),
            faults,
            cut_every,
            half_open: rng.bool(),
            restart_every,
            server_restart_every,
            forget: rng.u32(..600),
            jump_every,
            // A bit that turns over could make one of these ids of another.
            counted_ids: faults.corrupt == 0 && rng.bool(),
            client: ClientConfig {
                // On such a line the 1000 can be lost, too.
                wait_for_ready: !noisy,
                // An application that has taken a message cannot find it spoilt.
                acknowledge_at_once: faults.corrupt == 0 && rng.u8(..8) == 0,
                resend,
                expire_after: (rng.u8(..8) == 0).then(|| rng.u32(1000..10_000)),
                keep_alive,
                key: [rng.u64(..), rng.u64(..)],
                ..ClientConfig::default()
            },
            server: ServerConfig {
                resend,
                keep_alive,
                give_way_after: rng.u32(2000..10_000),
                ..ServerConfig::default()
            },
        }
    }
}
