use heapless::Vec;

use super::clock::earlier;
use super::fingerprint::Fingerprints;
use super::remove::remove;
use super::{Acknowledged, Lease, Resend, ServerConfig, ServerError, Store};
use crate::JsonStr;
use crate::encode::copy;

/// What a client is sent, on one connection, of the messages to it.
///
/// A 200 names a message by its id alone, and two senders may use the same. So of the messages with an id at most one is out: sent on this connection, and not
/// acknowledged. It is in flight, or it was and gave way to others. Which those are is known to the store, which shows no other message with its id until then.
#[derive(Debug)]
pub(super) struct Window<const WINDOW: usize> {
    resend: Option<Resend>,
    give_way_after: u64,
    id_pause: u64,
    in_flight: Vec<Flight, WINDOW>,
    /// The ids of the last messages that were acknowledged and may be once more, and until when.
    paused: Vec<(u64, u64), MAX_PAUSED>,
    /// When the first of the ids that messages wait for has rested.
    rested_at: Option<u64>,
    /// When those that gave way are sent again; none where they are not.
    retry_at: Option<u64>,
    /// The sequence after which the next of them is looked for, while they are sent again.
    retry: Option<u64>,
    /// Whether it is the turn of one that gave way, so that neither those nor new ones keep the others from being sent.
    left_first: bool,
}

/// A message with a place in the window.
#[derive(Clone, Copy, Debug)]
struct Flight {
    sequence: u64,
    first_sent_at: u64,
    sent_at: u64,
    sends: u32,
    /// Whether it gave way before.
    is_left: bool,
}

/// How many ids are kept from being used again too soon.
const MAX_PAUSED: usize = 32;

/// Ids rest by these. Where two are alike, one of them waits some seconds.
const PRINTS: Fingerprints = Fingerprints::new([0, 0]);

impl<const WINDOW: usize> Window<WINDOW> {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            resend: config.resend,
            // Not at once, or nothing would ever be in flight.
            give_way_after: u64::from(config.give_way_after.max(1)),
            id_pause: u64::from(config.id_pause),
            in_flight: Vec::new(),
            paused: Vec::new(),
            rested_at: None,
            retry_at: None,
            retry: None,
            left_first: false,
        }
    }

    /// The client has received the message with this id: who has sent it; none where no message with this id is out.
    pub(super) fn acknowledge<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        id: JsonStr<'_>,
        now: u64,
    ) -> Result<Option<S::Address>, ServerError<S::Error>> {
        let Some(Acknowledged { sequence, sender }) = store.acknowledge(lease, id)? else {
            return Ok(None);
        };
        if let Some(place) = self.place(sequence) {
            remove(&mut self.in_flight, place, 1);
        }
        // The link repeats something, or another connection may have sent the message: a second 200 may come for it.
        if self.resend.is_some() || sequence < lease.epoch {
            if self.paused.is_full() {
                remove(&mut self.paused, 0, 1);
            }
            let until = now.saturating_add(self.id_pause);
            let _fits = self.paused.push((PRINTS.id(id), until));
        }
        Ok(Some(sender))
    }

    /// The next message that is to be sent, written to the start of `out`. It counts as sent.
    pub(super) fn poll_transmit<'o, S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &'o mut [u8],
        now: u64,
    ) -> Result<Option<&'o [u8]>, ServerError<S::Error>> {
        self.pass_time(now);
        if let Some(len) = self.send_again(store, lease, out, now)? {
            return Ok(out.get(..len));
        }
        if self.in_flight.is_full() {
            return Ok(None);
        }
        let mut is_left = self.left_first;
        let mut found = self.find(is_left, store, lease, out, now)?;
        if found.is_none() {
            is_left = !is_left;
            found = self.find(is_left, store, lease, out, now)?;
        }
        let Some((sequence, len)) = found else {
            return Ok(None);
        };
        self.left_first = !is_left;
        // It is not full.
        let _fits = self.in_flight.push(Flight {
            sequence,
            first_sent_at: now,
            sent_at: now,
            sends: 1,
            is_left,
        });
        Ok(out.get(..len))
    }

    /// Does what is due.
    fn pass_time(&mut self, now: u64) {
        let after = self.give_way_after;
        let stays_too_long = |flight: &Flight| now >= flight.first_sent_at.saturating_add(after);
        while let Some(place) = self.in_flight.iter().position(stays_too_long) {
            remove(&mut self.in_flight, place, 1);
            if self.resend.is_some() {
                self.retry_at = earlier(self.retry_at, Some(now.saturating_add(after)));
            }
        }
        self.begin_retry(now);
        self.rested_at = self.rested_at.filter(|time| now < *time);
    }

    /// Those that gave way are sent again, if it is time, and not before the last round has ended: otherwise the last of them might never be.
    fn begin_retry(&mut self, now: u64) {
        if self.retry.is_none() && self.retry_at.is_some_and(|time| time <= now) {
            self.retry_at = None;
            self.retry = Some(0);
        }
    }

    /// Sends a message in flight again, if it is time: how long it is.
    fn send_again<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<usize>, ServerError<S::Error>> {
        let resend = self.resend;
        let is_due = |flight: &Flight| flight.due_at(resend).is_some_and(|time| time <= now);
        while let Some(flight) = self.in_flight.iter_mut().find(|flight| is_due(flight)) {
            let queued = store.next_sent(lease, flight.sequence.saturating_sub(1))?;
            let queued = queued.filter(|queued| queued.sequence == flight.sequence);
            let len = queued.map(|queued| copy(queued.frame, out)).transpose()?;
            flight.sent_at = now;
            flight.sends = flight.sends.saturating_add(1);
            if let Some(frame) = len {
                return Ok(Some(frame.len()));
            }
        }
        Ok(None)
    }

    /// A message that gave way, or one that did not: its sequence, and how long it is.
    fn find<S: Store>(
        &mut self,
        is_left: bool,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(u64, usize)>, ServerError<S::Error>> {
        if is_left {
            self.find_left(store, lease, out, now)
        } else {
            self.find_new(store, lease, out, now)
        }
    }

    /// A message that is not out, and need not wait: its sequence, and how long it is.
    fn find_new<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(u64, usize)>, ServerError<S::Error>> {
        self.rested_at = None;
        let mut last = 0;
        while let Some(queued) = store.next(lease, last)? {
            let sequence = queued.sequence;
            let Some(until) = self.rests_until(queued.id, now) else {
                let len = copy(queued.frame, out)?.len();
                store.mark_sent(lease, sequence)?;
                return Ok(Some((sequence, len)));
            };
            self.rested_at = earlier(self.rested_at, Some(until));
            last = sequence;
        }
        Ok(None)
    }

    /// Until when an id rests, since another 200 for it may come.
    fn rests_until(&self, id: JsonStr<'_>, now: u64) -> Option<u64> {
        let id = PRINTS.id(id);
        let mut paused = self.paused.iter();
        let rests = paused.find(|&&(paused, until)| paused == id && now < until);
        rests.map(|&(_, until)| until)
    }

    /// A message that gave way, and is to be sent again: its sequence, and how long it is. They leave a place in the window to new ones, where there is more than one.
    fn find_left<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(u64, usize)>, ServerError<S::Error>> {
        let left = self.in_flight.iter().filter(|flight| flight.is_left);
        // `count` would add with a check that could panic.
        let places = left.fold(1_usize, |places, _| places.saturating_add(1));
        if places >= WINDOW && WINDOW > 1 {
            return Ok(None);
        }
        while let Some(after) = self.retry {
            let Some(queued) = store.next_sent(lease, after)? else {
                self.retry = None;
                self.begin_retry(now);
                continue;
            };
            let sequence = queued.sequence;
            let gave_way = self.place(sequence).is_none();
            let found = gave_way.then(|| copy(queued.frame, out)).transpose()?;
            self.retry = Some(sequence);
            if let Some(frame) = found {
                return Ok(Some((sequence, frame.len())));
            }
        }
        Ok(None)
    }

    /// The place of a message in the window.
    fn place(&self, sequence: u64) -> Option<usize> {
        let mut in_flight = self.in_flight.iter();
        in_flight.position(|flight| flight.sequence == sequence)
    }

    /// When something is to be done, by the time that has passed; none where nothing waits for a time.
    pub(super) fn timeout(&self) -> Option<u64> {
        let flights = self.in_flight.iter().fold(None, |timeout, flight| {
            let give_way_at = flight.first_sent_at.saturating_add(self.give_way_after);
            earlier(
                earlier(timeout, Some(give_way_at)),
                flight.due_at(self.resend),
            )
        });
        // The round that there is has no time: it goes on when there is room.
        let retry_at = self.retry_at.filter(|_| self.retry.is_none());
        earlier(earlier(flights, retry_at), self.rested_at)
    }
}

impl Flight {
    /// When it is to be sent again.
    fn due_at(&self, resend: Option<Resend>) -> Option<u64> {
        Some(self.sent_at.saturating_add(resend?.delay(self.sends)))
    }
}
