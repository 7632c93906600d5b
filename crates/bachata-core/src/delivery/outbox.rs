use super::Resend;
use super::clock::earlier;

/// A message that a [`Client`](super::Client) has taken to be sent.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Token(u32);

/// How far a message has come.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Progress {
    /// It waits: for a connection, for the server to be ready, or for its turn.
    Queued,
    /// It has gone out, on this connection or an earlier one.
    Sent,
    /// 100: the server has taken responsibility.
    Accepted,
    /// 300: the receiver has it. One of the three ends.
    Delivered,
    /// Its time was over. One of the three ends.
    Expired,
    /// It was cancelled. One of the three ends.
    Failed,
}

impl Progress {
    /// Whether nothing comes after it.
    pub const fn is_end(self) -> bool {
        matches!(self, Self::Delivered | Self::Expired | Self::Failed)
    }
}

/// The messages that have been taken to be sent, each in a slot of its own until its end has been reported.
#[derive(Clone, Debug)]
pub(super) struct Outbox<const WINDOW: usize, const N: usize> {
    slots: [Slot<N>; WINDOW],
    next: u32,
}

#[derive(Clone, Copy, Debug)]
struct Slot<const N: usize> {
    /// None: the slot is free.
    progress: Option<Progress>,
    /// What `poll_event` has said of it.
    reported: Progress,
    token: Token,
    frame: [u8; N],
    len: usize,
    id: u64,
    queued_at: u64,
    sent_at: u64,
    /// How often it was sent on this connection.
    sends: u32,
}

impl<const N: usize> Slot<N> {
    const FREE: Self = Self {
        progress: None,
        reported: Progress::Queued,
        token: Token(0),
        frame: [0; N],
        len: 0,
        id: 0,
        queued_at: 0,
        sent_at: 0,
        sends: 0,
    };

    fn is_open(&self) -> bool {
        self.progress.is_some_and(|progress| !progress.is_end())
    }

    /// When it is to be sent: never, where the server has it, or where it was sent and is not to be sent again.
    fn due_at(&self, rules: &Rules) -> Option<u64> {
        match (self.progress?, self.sends) {
            (Progress::Accepted, _) if !rules.resend_accepted => None,
            (progress, _) if progress.is_end() => None,
            (_, 0) => Some(0),
            (progress, sends) => {
                let resend = rules.resend?;
                // The server has it: all that can be missing is its 300.
                let sends = if progress == Progress::Accepted {
                    u32::MAX
                } else {
                    sends
                };
                Some(self.sent_at.saturating_add(resend.delay(sends)))
            }
        }
    }

    fn expires_at(&self, rules: &Rules) -> Option<u64> {
        let after = rules.expire_after.filter(|_| self.is_open())?;
        Some(self.queued_at.saturating_add(u64::from(after)))
    }
}

/// What the configuration says of messages that are sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct Rules {
    pub(super) resend: Option<Resend>,
    pub(super) resend_accepted: bool,
    pub(super) expire_after: Option<u32>,
}

impl<const WINDOW: usize, const N: usize> Outbox<WINDOW, N> {
    pub(super) const fn new() -> Self {
        Self {
            slots: [Slot::FREE; WINDOW],
            next: 0,
        }
    }

    /// The slots that are free.
    pub(super) fn room(&self) -> usize {
        let free = self.slots.iter().filter(|slot| slot.progress.is_none());
        // `count` would add with a check that could panic.
        free.fold(0, |count: usize, _| count.saturating_add(1))
    }

    /// Whether a message with this id is on its way.
    pub(super) fn contains(&self, id: u64) -> bool {
        self.slots
            .iter()
            .any(|slot| slot.is_open() && slot.id == id)
    }

    /// Takes the frame that `encode` writes. There must be [room](Self::room); without, it is not called.
    pub(super) fn push<E>(
        &mut self,
        id: u64,
        now: u64,
        encode: impl FnOnce(&mut [u8]) -> Result<usize, E>,
    ) -> Option<Result<Token, E>> {
        let slot = self.slots.iter_mut().find(|slot| slot.progress.is_none())?;
        let len = match encode(&mut slot.frame) {
            Ok(len) => len,
            Err(error) => return Some(Err(error)),
        };
        let token = Token(self.next);
        self.next = self.next.wrapping_add(1);
        slot.progress = Some(Progress::Queued);
        slot.reported = Progress::Queued;
        slot.token = token;
        slot.len = len;
        slot.id = id;
        slot.queued_at = now;
        slot.sends = 0;
        Some(Ok(token))
    }

    pub(super) fn progress(&self, token: Token) -> Option<Progress> {
        self.slots
            .iter()
            .filter(|slot| slot.token == token)
            .find_map(|slot| slot.progress)
    }

    /// On a new connection everything goes out again.
    pub(super) fn restart(&mut self) {
        for slot in &mut self.slots {
            slot.sends = 0;
        }
    }

    /// The frame that is to be sent now: the oldest one that is due.
    pub(super) fn first_due(&self, rules: &Rules, now: u64) -> Option<(Token, &[u8])> {
        let slot = self.oldest(|slot| slot.due_at(rules).is_some_and(|time| time <= now))?;
        Some((slot.token, slot.frame.get(..slot.len)?))
    }

    pub(super) fn sent(&mut self, token: Token, now: u64) {
        if let Some(slot) = self.slot_mut(token) {
            slot.sends = slot.sends.saturating_add(1);
            slot.sent_at = now;
            if slot.progress == Some(Progress::Queued) {
                slot.progress = Some(Progress::Sent);
            }
        }
    }

    /// The server says so of the message with this id, and it counts only where that has been sent (`P-21`).
    pub(super) fn advance(&mut self, id: u64, to: Progress) -> bool {
        let mut counts = false;
        for slot in &mut self.slots {
            let is_sent = matches!(slot.progress, Some(Progress::Sent | Progress::Accepted));
            if is_sent && slot.id == id {
                counts = true;
                slot.progress = Some(to);
            }
        }
        counts
    }

    pub(super) fn cancel(&mut self, token: Token) -> bool {
        let slot = self.slot_mut(token).filter(|slot| slot.is_open());
        slot.is_some_and(|slot| {
            slot.progress = Some(Progress::Failed);
            true
        })
    }

    /// Ends what is over its time.
    pub(super) fn expire(&mut self, rules: &Rules, now: u64) {
        for slot in &mut self.slots {
            if slot.expires_at(rules).is_some_and(|time| time <= now) {
                slot.progress = Some(Progress::Expired);
            }
        }
    }

    /// What has become of a message since this was asked last. An end frees its slot.
    pub(super) fn report(&mut self) -> Option<(Token, Progress)> {
        let is_news = |slot: &Slot<N>| match slot.progress {
            Some(Progress::Accepted) => slot.reported != Progress::Accepted,
            progress => progress.is_some_and(Progress::is_end),
        };
        let token = self.oldest(is_news)?.token;
        let slot = self.slot_mut(token)?;
        let progress = slot.progress?;
        slot.reported = progress;
        if progress.is_end() {
            slot.progress = None;
        }
        Some((token, progress))
    }

    /// When something is to be sent again, or is over its time.
    pub(super) fn timeout(&self, rules: &Rules, sends: bool) -> Option<u64> {
        self.slots.iter().fold(None, |timeout, slot| {
            let due = slot.due_at(rules).filter(|_| sends);
            earlier(timeout, earlier(due, slot.expires_at(rules)))
        })
    }

    fn slot_mut(&mut self, token: Token) -> Option<&mut Slot<N>> {
        self.slots
            .iter_mut()
            .find(|slot| slot.token == token && slot.progress.is_some())
    }

    fn oldest(&self, wanted: impl Fn(&Slot<N>) -> bool) -> Option<&Slot<N>> {
        self.slots
            .iter()
            .filter(|slot| slot.progress.is_some() && wanted(slot))
            .max_by_key(|slot| self.next.wrapping_sub(slot.token.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_ended_is_not_sent() {
        let rules = Rules {
            resend: None,
            resend_accepted: true,
            expire_after: None,
        };
        let mut outbox = Outbox::<1, 4>::new();
        let push = |outbox: &mut Outbox<1, 4>| {
            let pushed = outbox.push(7, 0, |_| Ok::<_, ()>(2));
            pushed.unwrap().unwrap()
        };
        let ended = push(&mut outbox);
        assert!(outbox.cancel(ended));
        assert_eq!(outbox.report(), Some((ended, Progress::Failed)));
        outbox.sent(ended, 5);
        assert_eq!(outbox.progress(ended), None);
        // Nor is the one that has its slot.
        let next = push(&mut outbox);
        outbox.sent(ended, 5);
        assert_eq!(outbox.progress(next), Some(Progress::Queued));
        assert_eq!(outbox.first_due(&rules, 5), Some((next, &[0, 0][..])));
    }
}
