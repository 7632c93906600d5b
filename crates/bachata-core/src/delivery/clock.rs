/// The time that has passed, by a clock of the caller's.
///
/// A clock that is set back stands still at that moment, and goes on from there. One that is set forward cannot be told from a long wait, and
/// no wait counts for more than [`LONGEST_WAIT`].
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    /// What the caller's clock showed last, in milliseconds.
    shown: u64,
    /// Milliseconds.
    passed: u64,
}

impl Clock {
    pub(super) const fn new() -> Self {
        Self {
            shown: 0,
            passed: 0,
        }
    }

    /// The caller's clock shows `now`.
    pub(super) fn advance(&mut self, now: u64) {
        let step = now.saturating_sub(self.shown).min(LONGEST_WAIT);
        self.passed = self.passed.saturating_add(step);
        self.shown = now;
    }

    pub(super) const fn passed(&self) -> u64 {
        self.passed
    }

    /// What the caller's clock will show at a time of this one; none where it can't show that, so that nobody waits for what is never over.
    pub(super) const fn shows_at(&self, time: u64) -> Option<u64> {
        self.shown.checked_add(time.saturating_sub(self.passed))
    }
}

/// Milliseconds: longer than any timer, so that all are due after it. Without it a clock that shows the largest number, once, would bring the time
/// to its end, where everything is due again as soon as it has been done.
const LONGEST_WAIT: u64 = 1 << 33;

/// The earlier of two times, of which there may be none.
pub(super) fn earlier(a: Option<u64>, b: Option<u64>) -> Option<u64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_is_set_back_goes_on() {
        let mut clock = Clock::new();
        clock.advance(1_000_000);
        let start = clock.passed();
        clock.advance(1_000_010);
        assert_eq!(clock.passed(), start + 10);
        clock.advance(500);
        assert_eq!(clock.passed(), start + 10);
        clock.advance(507);
        assert_eq!(clock.passed(), start + 17);
        assert_eq!(clock.shows_at(start + 20), Some(510));
        assert_eq!(clock.shows_at(start), Some(507));
    }

    #[test]
    fn a_clock_that_shows_the_largest_number_does_not_end_the_time() {
        let mut clock = Clock::new();
        for shown in [7, u64::MAX, 9, u64::MAX, u64::MAX, 11] {
            clock.advance(shown);
        }
        assert_eq!(clock.passed(), 7 + 2 * LONGEST_WAIT);
        assert!(LONGEST_WAIT > u64::from(u32::MAX));
        assert_eq!(clock.shows_at(clock.passed() + 5), Some(16));
        clock.advance(u64::MAX);
        assert_eq!(clock.shows_at(clock.passed()), Some(u64::MAX));
        assert_eq!(clock.shows_at(clock.passed() + 1), None);
    }
}
