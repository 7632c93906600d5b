use std::hash::{BuildHasher as _, Hasher as _, RandomState};
use std::time::Duration;

/// How long a client waits before it connects again.
///
/// After the first failure `first`, after each further one twice as long, never longer than `max`; and of that between half and all, at random, so
/// that the clients of a server that was restarted don't come all at once. A connection on which something was heard starts it anew.
///
/// ```
/// use std::time::Duration;
/// use bachata_std::delivery::Backoff;
///
/// let backoff = Backoff { first: Duration::from_secs(1), max: Duration::from_secs(5) };
/// for (failures, longest) in [(1, 1), (2, 2), (3, 4), (4, 5), (u32::MAX, 5)] {
///     let longest = Duration::from_secs(longest);
///     assert!((longest / 2..=longest).contains(&backoff.delay(failures)));
/// }
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Backoff {
    /// The longest wait after one failure.
    pub first: Duration,
    /// The longest wait.
    pub max: Duration,
}

impl Backoff {
    /// How long to wait after so many failures in a row.
    pub fn delay(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(31);
        let longest = self.first.saturating_mul(1 << doublings).min(self.max);
        // Its keys are random, and that is all that is needed of it.
        let random = RandomState::new().build_hasher().finish();
        let share = (random >> 40) as f64 / (1_u64 << 24) as f64;
        longest / 2 + (longest / 2).mul_f64(share)
    }
}

/// From 1 second to 1 minute.
impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_secs(1),
            max: Duration::from_secs(60),
        }
    }
}
