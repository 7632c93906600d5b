use core::fmt;

use super::fingerprint::Fingerprints;
use super::{Acknowledged, Lease, NewMessage, Put, Queued, Store, StoreError};
use crate::encode::copy;
use crate::{BufferTooSmall, JsonStr, Message, Policy};

/// A [`Store`] in fixed memory, for a server without a disk: a gateway, a test.
///
/// It knows `PEERS` addresses. Each has `SLOTS` slots of `N` bytes for the messages that it sends: a message has a slot until it is delivered, and until the slot is needed
/// for another message of the same sender. So no sender takes room from others; a receiver that acknowledges nothing holds the slots of those that send to it, until
/// they are [dropped](Self::discard). A peer that is not connected, and has nothing on its way, makes room for another address.
///
/// ```
/// use bachata_core::delivery::{MemoryStore, Store};
///
/// let mut store = MemoryStore::<u16, 8, 4, 256>::new();
/// let lease = store.open(4711, false).unwrap().unwrap();
/// assert!(store.next(&lease, 0).unwrap().is_none());
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore<A, const PEERS: usize, const SLOTS: usize, const N: usize> {
    peers: [Option<Peer<A, SLOTS, N>>; PEERS],
    /// The next sequence and the next epoch.
    next: u64,
}

#[derive(Clone, Debug)]
struct Peer<A, const SLOTS: usize, const N: usize> {
    address: A,
    /// That of the lease; or, when that is closed, a later one.
    epoch: u64,
    open: bool,
    slots: [Slot<A, N>; SLOTS],
}

#[derive(Clone, Debug)]
struct Slot<A, const N: usize> {
    state: State,
    /// None where the slot is free.
    receiver: Option<A>,
    sequence: u64,
    id: u64,
    fingerprint: u64,
    frame: [u8; N],
    len: usize,
}

#[derive(Clone, Copy, PartialEq, Debug)]
enum State {
    Free,
    /// To be delivered.
    Queued,
    /// To be delivered when those with its id are that are to the same receiver and came before.
    Behind,
    /// It was sent under the lease of its receiver's, and is not acknowledged.
    Sent,
    /// Delivered, and the sender is to be told.
    Delivered,
    /// Delivered, and the sender has been told.
    Told,
}

/// It matters to nobody but the sender itself which of its own ids are alike. Where those of two senders are, one waits for the other's as if they were the same.
const PRINTS: Fingerprints = Fingerprints::new([0, 0]);

impl<A: Copy + Eq, const PEERS: usize, const SLOTS: usize, const N: usize>
    MemoryStore<A, PEERS, SLOTS, N>
{
    /// A store that knows nobody.
    pub const fn new() -> Self {
        Self {
            peers: [const { None }; PEERS],
            next: 1,
        }
    }

    /// The messages that are not delivered, to whomever.
    pub fn undelivered(&self) -> usize {
        let undelivered = self.slots().filter(|slot| slot.is_undelivered());
        // `count` would add with a check that could panic.
        undelivered.fold(0, |count: usize, _| count.saturating_add(1))
    }

    /// Drops the messages to an address, such as one that will never be here again, and gives their number. Their senders are not told. Where one of them was sent, the
    /// connection that it was sent on finds itself [superseded](super::ServerError::Superseded).
    pub fn discard(&mut self, receiver: A) -> usize {
        let mut count = 0_usize;
        let mut was_sent = false;
        for slot in self.slots_mut() {
            if slot.is_undelivered() && slot.receiver == Some(receiver) {
                was_sent |= slot.state == State::Sent;
                slot.state = State::Free;
                count = count.saturating_add(1);
            }
        }
        for peer in self.peers.iter_mut().flatten() {
            if was_sent && peer.address == receiver {
                peer.open = false;
            }
        }
        count
    }

    /// The first message to the holder in this state, with a sequence of more than `after`.
    fn first(
        &mut self,
        lease: &Lease<A>,
        after: u64,
        state: State,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.peer(lease)?;
        let first = self.find(lease.address, state, None, after);
        Ok(first.map(|(_, slot)| Queued {
            sequence: slot.sequence,
            id: slot.id(),
            frame: slot.frame(),
        }))
    }

    /// The first message to a receiver in this state, with this id if any, with a sequence of more than `after`; and its sender.
    fn find(
        &mut self,
        receiver: A,
        state: State,
        id: Option<u64>,
        after: u64,
    ) -> Option<(A, &mut Slot<A, N>)> {
        let is_wanted = |slot: &Slot<A, N>| {
            slot.state == state
                && slot.receiver == Some(receiver)
                && id.is_none_or(|id| slot.id == id)
                && slot.sequence > after
        };
        let peers = self.peers.iter_mut().flatten();
        let slots = peers.flat_map(|peer| {
            let sender = peer.address;
            peer.slots.iter_mut().map(move |slot| (sender, slot))
        });
        let wanted = slots.filter(|(_, slot)| is_wanted(slot));
        wanted.min_by_key(|(_, slot)| slot.sequence)
    }

    fn slots(&self) -> impl Iterator<Item = &Slot<A, N>> {
        self.peers.iter().flatten().flat_map(|peer| &peer.slots)
    }

    fn slots_mut(&mut self) -> impl Iterator<Item = &mut Slot<A, N>> {
        let peers = self.peers.iter_mut().flatten();
        peers.flat_map(|peer| &mut peer.slots)
    }

    fn peer(&mut self, lease: &Lease<A>) -> Result<&mut Peer<A, SLOTS, N>, StoreError<PeersFull>> {
        self.peers
            .iter_mut()
            .flatten()
            .find(|peer| peer.open && peer.address == lease.address && peer.epoch == lease.epoch)
            .ok_or(StoreError::Superseded)
    }

    const fn number(&mut self) -> u64 {
        let number = self.next;
        self.next = number.wrapping_add(1);
        number
    }
}

impl<A: Copy + Eq, const PEERS: usize, const SLOTS: usize, const N: usize> Default
    for MemoryStore<A, PEERS, SLOTS, N>
{
    fn default() -> Self {
        Self::new()
    }
}

impl<A, const SLOTS: usize, const N: usize> Peer<A, SLOTS, N> {
    /// Whether it is kept for what it has told or been told alone.
    fn is_idle(&self) -> bool {
        let idle = |slot: &Slot<A, N>| matches!(slot.state, State::Free | State::Told);
        !self.open && self.slots.iter().all(idle)
    }
}

impl<A, const N: usize> Slot<A, N> {
    const FREE: Self = Self {
        state: State::Free,
        receiver: None,
        sequence: 0,
        id: 0,
        fingerprint: 0,
        frame: [0; N],
        len: 0,
    };

    const fn is_undelivered(&self) -> bool {
        matches!(self.state, State::Queued | State::Behind | State::Sent)
    }

    fn frame(&self) -> &[u8] {
        self.frame.get(..self.len).unwrap_or_default()
    }

    fn id(&self) -> JsonStr<'_> {
        match Message::parse_with(self.frame(), Policy::Reference) {
            Ok(Message::Data(message)) => message.id(),
            _ => JsonStr::EMPTY,
        }
    }
}

impl<A: Copy + Eq, const PEERS: usize, const SLOTS: usize, const N: usize> Store
    for MemoryStore<A, PEERS, SLOTS, N>
{
    type Address = A;
    type Error = PeersFull;

    fn open(&mut self, address: A, takeover: bool) -> Result<Option<Lease<A>>, PeersFull> {
        let epoch = self.number();
        let lease = Lease { address, epoch };
        let is_taken = |peer: &Peer<A, SLOTS, N>| peer.open && peer.address == address;
        if !takeover && self.peers.iter().flatten().any(is_taken) {
            return Ok(None);
        }
        for slot in self.slots_mut() {
            if slot.state == State::Sent && slot.receiver == Some(address) {
                slot.state = State::Queued;
            }
        }
        let known = self
            .peers
            .iter_mut()
            .flatten()
            .find(|peer| peer.address == address);
        if let Some(peer) = known {
            peer.open = true;
            peer.epoch = epoch;
            return Ok(Some(lease));
        }
        // The one that has been away longest, where none is free.
        let place = self
            .peers
            .iter_mut()
            .filter(|place| place.as_ref().is_none_or(Peer::is_idle))
            .min_by_key(|place| place.as_ref().map(|peer| peer.epoch));
        *place.ok_or(PeersFull)? = Some(Peer {
            address,
            epoch,
            open: true,
            slots: [const { Slot::FREE }; SLOTS],
        });
        Ok(Some(lease))
    }

    fn close(&mut self, lease: &Lease<A>) -> Result<(), PeersFull> {
        let closed = self.number();
        if let Ok(peer) = self.peer(lease) {
            peer.open = false;
            peer.epoch = closed;
        }
        Ok(())
    }

    fn put(
        &mut self,
        lease: &Lease<A>,
        message: NewMessage<'_, A>,
    ) -> Result<Put, StoreError<PeersFull>> {
        let sequence = self.number();
        let id = PRINTS.id(message.id);
        // The first with its id is one of these.
        let before = [State::Queued, State::Sent];
        let is_behind = before
            .iter()
            .any(|state| self.find(message.receiver, *state, Some(id), 0).is_some());
        let slots = &mut self.peer(lease)?.slots;
        let is_known = |slot: &&Slot<A, N>| slot.state != State::Free && slot.id == id;
        if let Some(known) = slots.iter().find(is_known) {
            return Ok(match known.state {
                _ if known.fingerprint != message.fingerprint => Put::Conflict,
                State::Queued | State::Behind | State::Sent | State::Free => Put::Known,
                State::Delivered | State::Told => Put::Delivered,
            });
        }
        if message.frame.len() > N {
            return Ok(Put::TooLong(BufferTooSmall {
                needed: message.frame.len(),
                capacity: N,
            }));
        }
        let free = slots
            .iter_mut()
            .filter(|slot| matches!(slot.state, State::Free | State::Told))
            .min_by_key(|slot| (slot.state != State::Free, slot.sequence));
        let Some(slot) = free else {
            return Ok(Put::Full);
        };
        // Its length has been looked at.
        slot.len = copy(message.frame, &mut slot.frame).map_or(0, <[u8]>::len);
        slot.state = if is_behind {
            State::Behind
        } else {
            State::Queued
        };
        slot.receiver = Some(message.receiver);
        slot.sequence = sequence;
        slot.id = id;
        slot.fingerprint = message.fingerprint;
        Ok(Put::Stored)
    }

    fn next(
        &mut self,
        lease: &Lease<A>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.first(lease, after, State::Queued)
    }

    fn mark_sent(&mut self, lease: &Lease<A>, sequence: u64) -> Result<(), StoreError<PeersFull>> {
        self.peer(lease)?;
        let slot = self.find(
            lease.address,
            State::Queued,
            None,
            sequence.saturating_sub(1),
        );
        if let Some((_, slot)) = slot.filter(|(_, slot)| slot.sequence == sequence) {
            slot.state = State::Sent;
        }
        Ok(())
    }

    fn next_sent(
        &mut self,
        lease: &Lease<A>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.first(lease, after, State::Sent)
    }

    fn acknowledge(
        &mut self,
        lease: &Lease<A>,
        id: JsonStr<'_>,
    ) -> Result<Option<Acknowledged<A>>, StoreError<PeersFull>> {
        self.peer(lease)?;
        let id = PRINTS.id(id);
        let Some((sender, slot)) = self.find(lease.address, State::Sent, Some(id), 0) else {
            return Ok(None);
        };
        slot.state = State::Delivered;
        let sequence = slot.sequence;
        if let Some((_, next)) = self.find(lease.address, State::Behind, Some(id), 0) {
            next.state = State::Queued;
        }
        Ok(Some(Acknowledged { sequence, sender }))
    }

    fn next_delivered(
        &mut self,
        lease: &Lease<A>,
    ) -> Result<Option<(u64, JsonStr<'_>)>, StoreError<PeersFull>> {
        let slots = &self.peer(lease)?.slots;
        let first = slots
            .iter()
            .filter(|slot| slot.state == State::Delivered)
            .min_by_key(|slot| slot.sequence);
        Ok(first.map(|slot| (slot.sequence, slot.id())))
    }

    fn tell_delivered(
        &mut self,
        lease: &Lease<A>,
        sequence: u64,
    ) -> Result<(), StoreError<PeersFull>> {
        for slot in &mut self.peer(lease)?.slots {
            if slot.state == State::Delivered && slot.sequence == sequence {
                slot.state = State::Told;
            }
        }
        Ok(())
    }
}

/// A [`MemoryStore`] knows as many addresses as it can, and each of them is connected or has messages on its way.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct PeersFull;

impl fmt::Display for PeersFull {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("no room for one more address")
    }
}

impl core::error::Error for PeersFull {}
