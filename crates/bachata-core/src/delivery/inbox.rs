/// What was received, as far as it is remembered: the last `DEDUPE` messages, and those of them that the application has not taken yet.
#[derive(Clone, Debug)]
pub(super) struct Inbox<const DEDUPE: usize> {
    seen: [Seen; DEDUPE],
    /// The place of the oldest.
    oldest: usize,
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    sender_and_id: u64,
    /// Half of the fingerprint: it has to tell only messages of one id apart.
    message: u32,
    /// The number of the receipt while the application has it, or one of the two below.
    receipt: u32,
}

/// The application has taken the message.
const TAKEN: u32 = 0;

/// No message has been here, or it was released.
const FREE: u32 = u32::MAX;

/// What is remembered of a message.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Recall {
    /// Nothing.
    New,
    /// Another message with this sender and id.
    Conflict,
    /// The application has it, with the receipt of this number, and has not said.
    Untaken(u32),
    /// The application has taken it.
    Taken,
}

impl<const DEDUPE: usize> Inbox<DEDUPE> {
    pub(super) const fn new() -> Self {
        Self {
            seen: [Seen {
                sender_and_id: 0,
                message: 0,
                receipt: FREE,
            }; DEDUPE],
            oldest: 0,
        }
    }

    pub(super) fn recall(&self, sender_and_id: u64, message: u64) -> Recall {
        let mut recall = Recall::New;
        for seen in &self.seen {
            if seen.receipt == FREE || seen.sender_and_id != sender_and_id {
                continue;
            }
            if seen.message == half(message) {
                return if seen.receipt == TAKEN {
                    Recall::Taken
                } else {
                    Recall::Untaken(seen.receipt)
                };
            }
            recall = Recall::Conflict;
        }
        recall
    }

    /// Whether one more message can be remembered: not where the application keeps all of them.
    pub(super) fn has_room(&self) -> bool {
        self.seen
            .iter()
            .any(|seen| matches!(seen.receipt, TAKEN | FREE))
    }

    /// Remembers a message in place of the oldest that the application does not keep.
    pub(super) fn remember(&mut self, sender_and_id: u64, message: u64, receipt: u32) {
        for _ in 0..DEDUPE {
            let place = self.seen.get_mut(self.oldest);
            self.oldest = self.oldest.wrapping_add(1);
            if self.oldest >= DEDUPE {
                self.oldest = 0;
            }
            if let Some(seen) = place
                && matches!(seen.receipt, TAKEN | FREE)
            {
                *seen = Seen {
                    sender_and_id,
                    message: half(message),
                    receipt,
                };
                return;
            }
        }
    }

    /// The application has taken the message.
    pub(super) fn take(&mut self, receipt: u32) {
        self.set(receipt, TAKEN);
    }

    /// The application has not taken the message, and does not keep it.
    pub(super) fn release(&mut self, receipt: u32) {
        self.set(receipt, FREE);
    }

    fn set(&mut self, receipt: u32, state: u32) {
        for seen in &mut self.seen {
            if seen.receipt == receipt {
                seen.receipt = state;
            }
        }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "half of it")]
const fn half(fingerprint: u64) -> u32 {
    fingerprint as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_are_remembered_and_the_untaken_never_forgotten() {
        let mut inbox = Inbox::<4>::new();
        assert_eq!(inbox.recall(0, 0), Recall::New);
        inbox.remember(1, 10, 7);
        assert_eq!(inbox.recall(1, 10), Recall::Untaken(7));
        assert_eq!(inbox.recall(1, 11), Recall::Conflict);
        for id in 2..20 {
            assert!(inbox.has_room());
            inbox.remember(id, 10, 8);
            inbox.take(8);
            assert_eq!(inbox.recall(id, 10), Recall::Taken);
            assert_eq!(inbox.recall(1, 10), Recall::Untaken(7));
        }
        assert_eq!(inbox.recall(16, 10), Recall::New);
        assert_eq!(inbox.recall(17, 10), Recall::Taken);

        inbox.release(7);
        assert_eq!(inbox.recall(1, 10), Recall::New);
        for receipt in 30..34 {
            assert!(inbox.has_room());
            inbox.remember(u64::from(receipt), 10, receipt);
        }
        assert!(!inbox.has_room());
        inbox.remember(99, 10, 99);
        assert_eq!(inbox.recall(99, 10), Recall::New);
    }

    #[test]
    fn no_memory_at_all_is_possible() {
        let mut inbox = Inbox::<0>::new();
        assert!(!inbox.has_room());
        inbox.remember(1, 1, 1);
        assert_eq!(inbox.recall(1, 1), Recall::New);
    }
}
