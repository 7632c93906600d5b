use heapless::Vec;

use super::clock::earlier;
use super::fingerprint::Fingerprints;
use super::remove::remove;
use super::{Lease, Resend, ServerConfig, ServerError, Store};
use crate::JsonStr;
use crate::encode::copy;

/// What a client is sent, on one connection, of the messages to it.
///
/// A 200 names a message by its id alone, and two senders may use the same. So of the messages with an id at most one is out: sent on this connection, and not
/// acknowledged. It is in flight, or it was and gave way to others. Another message with its id is held back, and those behind it pass.
#[derive(Debug)]
pub(super) struct Window<const WINDOW: usize> {
    resend: Option<Resend>,
    give_way_after: u64,
    id_pause: u64,
    in_flight: Vec<Flight, WINDOW>,
    held_back: Vec<HeldBack, MAX_HELD_BACK>,
    /// The ids of the last messages that were acknowledged and may be once more, and until when.
    paused: Vec<(u64, u64), MAX_PAUSED>,
    /// The sequence after the last that was looked at.
    next: u64,
    /// The sequence from which on messages were left: they are before `next`, and neither in flight nor held back. They gave way, or could not be held back.
    left_from: Option<u64>,
    /// The sequence of the first that could not be held back for want of room: what was left before it gave way, and is out.
    passed_from: Option<u64>,
    /// Whether those that could not be held back are looked for when there is room.
    lacked_room: bool,
    /// Whether all that there was when the connection was opened has been sent or held back.
    is_caught_up: bool,
    /// When those that were left are looked for; none where they are not.
    retry_at: Option<u64>,
    /// The sequence from which they are looked for, while they are.
    retry: Option<u64>,
}

/// A message with a place in the window.
#[derive(Clone, Copy, Debug)]
struct Flight {
    sequence: u64,
    id: u64,
    first_sent_at: u64,
    sent_at: u64,
    sends: u32,
    /// Whether no other connection can have sent it, and the link repeats nothing: then there is a single 200 for it.
    is_new: bool,
}

/// A message that waits because of another with its id.
#[derive(Clone, Copy, Debug)]
struct HeldBack {
    sequence: u64,
    id: u64,
    /// As of a [`Flight`].
    is_new: bool,
    /// Whether none with its id is out any more.
    is_free: bool,
}

/// How many messages are held back at a time.
const MAX_HELD_BACK: usize = 8;

/// How many ids are kept from being used again too soon.
const MAX_PAUSED: usize = 32;

/// Ids are matched against those that this client was sent. Who finds two alike acknowledges what it could have acknowledged anyway.
const PRINTS: Fingerprints = Fingerprints::new([0, 0]);

impl<const WINDOW: usize> Window<WINDOW> {
    pub(super) fn new(config: &ServerConfig) -> Self {
        Self {
            resend: config.resend,
            // Not at once, or nothing would ever be in flight.
            give_way_after: u64::from(config.give_way_after.max(1)),
            id_pause: u64::from(config.id_pause),
            in_flight: Vec::new(),
            held_back: Vec::new(),
            paused: Vec::new(),
            next: 0,
            left_from: None,
            passed_from: None,
            lacked_room: false,
            is_caught_up: false,
            retry_at: None,
            retry: None,
        }
    }

    /// The client has received the message with this id: the sender, if the store still has the message; none where no message with this id is out.
    pub(super) fn acknowledge<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        id: JsonStr<'_>,
        now: u64,
    ) -> Result<Option<Option<S::Address>>, ServerError<S::Error>> {
        let id = PRINTS.id(id);
        let flight = first(&self.in_flight, |flight| flight.id == id);
        let (place, sequence, is_last) = match flight {
            Some((place, flight)) => (Some(place), flight.sequence, flight.is_new),
            None => match self.find_late(store, lease, id)? {
                Some(sequence) => (None, sequence, false),
                None => return Ok(None),
            },
        };
        let sender = store.acknowledge(lease, sequence)?;
        if let Some(place) = place {
            remove(&mut self.in_flight, place, 1);
        }
        if !is_last {
            if self.paused.is_full() {
                remove(&mut self.paused, 0, 1);
            }
            let _fits = self.paused.push((id, now.saturating_add(self.id_pause)));
        }
        self.free(id);
        Ok(Some(sender))
    }

    /// The message with this id that is out and gave way.
    fn find_late<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        id: u64,
    ) -> Result<Option<u64>, ServerError<S::Error>> {
        let left = self.first_left(store, lease, id)?;
        Ok(left.filter(|left| self.passed_from.is_none_or(|passed| *left < passed)))
    }

    /// The next message that is to be sent, written to the start of `out`. It counts as sent.
    pub(super) fn poll_transmit<'o, S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &'o mut [u8],
        now: u64,
    ) -> Result<Option<&'o [u8]>, ServerError<S::Error>> {
        self.give_way(store, lease, now)?;
        if let Some(len) = self.send_again(store, lease, out, now)? {
            return Ok(out.get(..len));
        }
        if self.in_flight.is_full() {
            return Ok(None);
        }
        let mut found = self.find_held_back(store, lease, out, now)?;
        if found.is_none() {
            found = self.find_new(store, lease, out, now)?;
        }
        if found.is_none() {
            found = self.find_left(store, lease, out, now)?;
        }
        let Some((Written { sequence, id, len }, is_new)) = found else {
            return Ok(None);
        };
        let flight = Flight {
            sequence,
            id,
            first_sent_at: now,
            sent_at: now,
            sends: 1,
            is_new,
        };
        // It is not full.
        let _fits = self.in_flight.push(flight);
        Ok(out.get(..len))
    }

    /// Takes out of the window what has been there for too long.
    fn give_way<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        now: u64,
    ) -> Result<(), ServerError<S::Error>> {
        let after = self.give_way_after;
        let stays_too_long = |flight: &Flight| now >= flight.first_sent_at.saturating_add(after);
        while let Some((place, flight)) = first(&self.in_flight, stays_too_long) {
            let Flight { sequence, id, .. } = flight;
            let queued = store.next(lease, sequence)?;
            let is_queued = queued.is_some_and(|queued| queued.sequence == sequence);
            remove(&mut self.in_flight, place, 1);
            if is_queued {
                self.leave(sequence, now);
            } else {
                self.free(id);
            }
        }
        if self.retry_at.is_some_and(|time| time <= now) {
            self.retry_at = None;
            self.retry = self.left_from;
        }
        Ok(())
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
        while let Some((place, flight)) = self
            .in_flight
            .iter_mut()
            .enumerate()
            .find(|(_, flight)| is_due(flight))
        {
            let queued = write_first(store, lease, flight.sequence, out)?;
            if let Some(queued) = queued.filter(|queued| queued.sequence == flight.sequence) {
                flight.sent_at = now;
                flight.sends = flight.sends.saturating_add(1);
                return Ok(Some(queued.len));
            }
            // Somebody has dropped it.
            let id = flight.id;
            remove(&mut self.in_flight, place, 1);
            self.free(id);
        }
        Ok(None)
    }

    /// A message that waits no longer for another with its id, and whether it is new.
    fn find_held_back<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(Written, bool)>, ServerError<S::Error>> {
        while let Some((place, held)) = self.first_free(now) {
            let left = self.first_left(store, lease, held.id)?;
            if let Some(left) = left.filter(|left| self.is_before_held_back(*left, held.id)) {
                // It could not be held back, and was there before.
                let queued = write_first(store, lease, left, out)?;
                if let Some(held) = self.held_back.get_mut(place) {
                    held.is_free = false;
                }
                return Ok(queued.map(|queued| (queued, false)));
            }
            let queued = write_first(store, lease, held.sequence, out)?;
            remove(&mut self.held_back, place, 1);
            if self.held_back.is_empty() && self.lacked_room {
                self.lacked_room = false;
                self.retry = self.left_from;
            }
            if let Some(queued) = queued.filter(|queued| queued.sequence == held.sequence) {
                return Ok(Some((queued, held.is_new)));
            }
            self.free(held.id);
        }
        Ok(None)
    }

    /// A message that has never been sent on this connection, and whether it is new.
    fn find_new<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(Written, bool)>, ServerError<S::Error>> {
        while let Some(queued) = write_first(store, lease, self.next, out)? {
            let Written { sequence, id, .. } = queued;
            let is_new = self.is_caught_up && self.resend.is_none();
            let is_free = !self.is_taken(id) && self.first_left(store, lease, id)?.is_none();
            let after = sequence.saturating_add(1);
            if is_free && !self.is_paused(id, now) {
                self.next = after;
                return Ok(Some((queued, is_new)));
            }
            let held = HeldBack {
                sequence,
                id,
                is_new,
                is_free,
            };
            self.hold_back(store, lease, held, now)?;
            self.next = after;
        }
        self.is_caught_up = true;
        Ok(None)
    }

    /// A message that was left and is looked for, and whether it is new. It leaves a place in the window to new ones, where there is more than one.
    fn find_left<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        out: &mut [u8],
        now: u64,
    ) -> Result<Option<(Written, bool)>, ServerError<S::Error>> {
        let places = self.in_flight.len().saturating_add(1);
        if places >= WINDOW && WINDOW > 1 {
            return Ok(None);
        }
        while let Some(from) = self.retry {
            // There is no other new one, so it is one that was there before.
            let Some(queued) = write_first(store, lease, from, out)? else {
                self.retry = None;
                break;
            };
            let Written { sequence, id, .. } = queued;
            let after = sequence.saturating_add(1);
            if !self.is_left(sequence) {
                self.retry = Some(after);
                continue;
            }
            if !self.is_in_flight(id) && !self.is_paused(id, now) {
                // Those before it with its id would have gone first: it is the one that is out, or none is.
                self.retry = Some(after);
                return Ok(Some((queued, false)));
            }
            let held = HeldBack {
                sequence,
                id,
                is_new: false,
                is_free: !self.is_taken(id),
            };
            self.hold_back(store, lease, held, now)?;
            self.retry = Some(after);
        }
        Ok(None)
    }

    /// A message waits for another with its id, if there is room.
    fn hold_back<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        held: HeldBack,
        now: u64,
    ) -> Result<(), ServerError<S::Error>> {
        if self.held_back.is_full() {
            self.forget_dropped(store, lease)?;
        }
        if self.held_back.push(held).is_err() {
            self.lacked_room = true;
            self.passed_from = earlier(self.passed_from, Some(held.sequence));
            self.leave(held.sequence, now);
        }
        Ok(())
    }

    /// Holds back no longer what the store has dropped. What is free goes by itself.
    fn forget_dropped<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
    ) -> Result<(), ServerError<S::Error>> {
        let mut place = 0;
        while let Some(held) = self.held_back.get(place) {
            let queued = store.next(lease, held.sequence)?;
            if held.is_free || queued.is_some_and(|queued| queued.sequence == held.sequence) {
                place = place.saturating_add(1);
            } else {
                remove(&mut self.held_back, place, 1);
            }
        }
        Ok(())
    }

    /// A message is neither in flight nor held back. Where there are timers, it is looked for again.
    fn leave(&mut self, sequence: u64, now: u64) {
        self.left_from = earlier(self.left_from, Some(sequence));
        if self.resend.is_some() {
            let then = now.saturating_add(self.give_way_after);
            self.retry_at = earlier(self.retry_at, Some(then));
        }
    }

    /// None with this id is out any more: the next one may go.
    fn free(&mut self, id: u64) {
        let waits = |held: &&mut HeldBack| held.id == id && !held.is_free;
        let waiting = self.held_back.iter_mut().filter(waits);
        if let Some(held) = waiting.min_by_key(|held| held.sequence) {
            held.is_free = true;
        }
    }

    fn is_in_flight(&self, id: u64) -> bool {
        self.in_flight.iter().any(|flight| flight.id == id)
    }

    /// Whether a message with this id is in flight or held back.
    fn is_taken(&self, id: u64) -> bool {
        self.is_in_flight(id) || self.held_back.iter().any(|held| held.id == id)
    }

    /// A message that waits no longer, and its place.
    fn first_free(&self, now: u64) -> Option<(usize, HeldBack)> {
        let is_due = |held: &HeldBack| held.is_free && !self.is_paused(held.id, now);
        first(&self.held_back, is_due)
    }

    /// Whether a message with this id waits although none is out.
    fn is_any_free(&self, id: u64) -> bool {
        self.held_back
            .iter()
            .any(|held| held.id == id && held.is_free)
    }

    /// Whether another 200 for this id may come.
    fn is_paused(&self, id: u64, now: u64) -> bool {
        self.paused
            .iter()
            .any(|&(paused, until)| paused == id && now < until)
    }

    /// Whether a message before `next` is neither in flight nor held back.
    fn is_left(&self, sequence: u64) -> bool {
        let mut in_flight = self.in_flight.iter().map(|flight| flight.sequence);
        let mut held_back = self.held_back.iter().map(|held| held.sequence);
        !in_flight.any(|other| other == sequence) && !held_back.any(|other| other == sequence)
    }

    /// Whether a message is before those with its id that are held back.
    fn is_before_held_back(&self, sequence: u64, id: u64) -> bool {
        let mut held_back = self.held_back.iter().filter(|held| held.id == id);
        held_back.all(|held| sequence < held.sequence)
    }

    /// The first of the messages with this id that were left.
    fn first_left<S: Store>(
        &mut self,
        store: &mut S,
        lease: &Lease<S::Address>,
        id: u64,
    ) -> Result<Option<u64>, ServerError<S::Error>> {
        let Some(mut from) = self.left_from else {
            return Ok(None);
        };
        let (mut left_from, mut found) = (None, None);
        while let Some(queued) = store.next(lease, from)? {
            let sequence = queued.sequence;
            if sequence >= self.next || found.is_some() {
                break;
            }
            if self.is_left(sequence) {
                left_from = earlier(left_from, Some(sequence));
                found = (PRINTS.id(queued.id) == id).then_some(sequence);
            }
            from = sequence.saturating_add(1);
        }
        self.left_from = left_from;
        if left_from.is_none() {
            self.passed_from = None;
        }
        Ok(found)
    }

    /// When something is to be done, by the time that has passed; none where nothing waits for a time.
    pub(super) fn timeout(&self, now: u64) -> Option<u64> {
        let resend = self.in_flight.iter().fold(None, |timeout, flight| {
            earlier(timeout, flight.due_at(self.resend))
        });
        let first = self
            .in_flight
            .iter()
            .map(|flight| flight.first_sent_at)
            .min();
        let give_way = first.map(|time| time.saturating_add(self.give_way_after));
        let ends = self
            .paused
            .iter()
            .filter(|&&(id, until)| until > now && self.is_any_free(id));
        let pause = ends.map(|&(_, until)| until).min();
        earlier(earlier(give_way, self.retry_at), earlier(resend, pause))
    }
}

/// A message whose frame was written to the output.
#[derive(Clone, Copy)]
struct Written {
    sequence: u64,
    id: u64,
    len: usize,
}

/// Writes the first undelivered message with a sequence of at least `from`.
#[inline(never)]
fn write_first<S: Store>(
    store: &mut S,
    lease: &Lease<S::Address>,
    from: u64,
    out: &mut [u8],
) -> Result<Option<Written>, ServerError<S::Error>> {
    let Some(queued) = store.next(lease, from)? else {
        return Ok(None);
    };
    Ok(Some(Written {
        sequence: queued.sequence,
        id: PRINTS.id(queued.id),
        len: copy(queued.frame, out)?.len(),
    }))
}

/// The first element that is looked for, and its place.
fn first<T: Copy>(elements: &[T], is_it: impl Fn(&T) -> bool) -> Option<(usize, T)> {
    let mut places = elements.iter().enumerate();
    let (place, element) = places.find(|(_, element)| is_it(element))?;
    Some((place, *element))
}

impl Flight {
    /// When it is to be sent again.
    fn due_at(&self, resend: Option<Resend>) -> Option<u64> {
        Some(self.sent_at.saturating_add(resend?.delay(self.sends)))
    }
}
