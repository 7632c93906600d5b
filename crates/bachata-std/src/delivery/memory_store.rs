use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;
use std::mem;
use std::ops::Bound;
use std::sync::Arc;

use super::{Acknowledged, Lease, NewMessage, PeersFull, Put, Queued, Store, StoreError};
use crate::core::{BufferTooSmall, JsonStr};
use crate::text::owned;

/// How much a [`MemoryStore`] holds.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct StoreLimits {
    /// How many addresses it knows. One that is not connected, and has nothing on its way, makes room for another.
    pub peers: usize,
    /// How many messages it remembers of each sender: those on their way, and the last that were delivered.
    pub messages: usize,
    /// How many bytes the undelivered messages of each sender have together. A message that is longer is [never taken](Put::TooLong): it is best as
    /// much as the longest frame of the [server](super::ServerBuilder::max_frame_len), and the longest name.
    pub bytes: usize,
}

/// 100,000 addresses, 1024 messages and 4 MiB a sender.
impl Default for StoreLimits {
    fn default() -> Self {
        Self {
            peers: 100_000,
            messages: 1024,
            bytes: 4 << 20,
        }
    }
}

/// A [`Store`] in memory that grows with what it holds, up to limits.
///
/// As the [`MemoryStore`](crate::core::delivery::MemoryStore) of the core it gives each sender its own share, so that no sender takes room from others; a message is
/// remembered after it has been delivered, until its place is needed for another of the same sender. What it holds is lost when the process ends.
///
/// ```
/// use bachata_std::delivery::{MemoryStore, Store, StoreLimits};
///
/// let mut store = MemoryStore::new(StoreLimits { messages: 100, ..StoreLimits::default() });
/// let lease = store.open(4711, false)?.unwrap();
/// assert!(store.next(&lease, 0).unwrap().is_none());
/// # Ok::<(), bachata_std::delivery::PeersFull>(())
/// ```
#[derive(Clone, Debug)]
pub struct MemoryStore<A> {
    limits: StoreLimits,
    peers: HashMap<A, Peer>,
    /// Those that could make room, by their epoch.
    idle: BTreeMap<u64, A>,
    /// By sequence.
    messages: HashMap<u64, Stored<A>>,
    /// The undelivered messages to an address, where there are any.
    queues: HashMap<A, Queue>,
    /// How many they are.
    undelivered: usize,
    /// The next sequence and the next epoch.
    next: u64,
}

#[derive(Clone, Debug, Default)]
struct Peer {
    /// That of the lease; or, when that is closed, a later one.
    epoch: u64,
    open: bool,
    /// The sequences of its messages, by their ids.
    ids: HashMap<Arc<str>, u64>,
    /// Those that are delivered, and those of which it has been told that they are.
    delivered: BTreeSet<u64>,
    told: BTreeSet<u64>,
    /// What its undelivered messages have.
    bytes: usize,
}

/// Sequences of messages. Of those with the same id only the first is sent, and what is sent is the first.
#[derive(Clone, Debug, Default)]
struct Queue {
    /// All, by their ids. Unlike a table or a vector this has the size of what there is, and not of the most that ever was.
    all: BTreeSet<(Arc<str>, u64)>,
    /// The first with each id: those that were sent under the receiver's lease, and the others.
    sent: BTreeSet<u64>,
    unsent: BTreeSet<u64>,
}

#[derive(Clone, Debug)]
struct Stored<A> {
    sender: A,
    id: Arc<str>,
    fingerprint: u64,
    /// None when it is delivered.
    frame: Option<Box<[u8]>>,
}

impl Peer {
    /// Whether it is kept for what it has told or been told alone.
    fn is_idle(&self) -> bool {
        !self.open && self.ids.len() == self.told.len()
    }
}

impl Queue {
    /// The first with this id.
    fn first(&self, id: &Arc<str>) -> Option<u64> {
        let mut all = self.all.range((Arc::clone(id), 0)..);
        all.next()
            .filter(|(of, _)| of == id)
            .map(|&(_, sequence)| sequence)
    }

    /// A message comes, the last of all.
    fn push(&mut self, id: Arc<str>, sequence: u64) {
        if self.first(&id).is_none() {
            self.unsent.insert(sequence);
        }
        self.all.insert((id, sequence));
    }

    /// The message with this id that was sent goes, and makes room for the one behind it.
    fn pop_sent(&mut self, id: Arc<str>) -> Option<u64> {
        let sequence = self.first(&id).filter(|first| self.sent.remove(first))?;
        self.all.remove(&(Arc::clone(&id), sequence));
        self.unsent.extend(self.first(&id));
        Some(sequence)
    }

    /// The lease under which they were sent has ended.
    fn take_back(&mut self) {
        // `append` would take a time that grows with all that waits.
        self.unsent.extend(mem::take(&mut self.sent));
    }
}

impl<A: Copy + Eq + Hash> MemoryStore<A> {
    /// A store that knows nobody.
    pub fn new(limits: StoreLimits) -> Self {
        Self {
            limits,
            peers: HashMap::new(),
            idle: BTreeMap::new(),
            messages: HashMap::new(),
            queues: HashMap::new(),
            undelivered: 0,
            next: 1,
        }
    }

    /// The messages that are not delivered, to whomever.
    pub fn undelivered(&self) -> usize {
        self.undelivered
    }

    /// Drops the messages to an address, such as one that will never be here again, and gives their number. Their senders are not told. Where one of them was sent, the
    /// connection that it was sent on is superseded. [Notify](super::Server::notify_all) all connections of a server: that one ends then, and the senders have room for others.
    pub fn discard(&mut self, receiver: A) -> usize {
        let queue = self.queues.remove(&receiver).unwrap_or_default();
        for &(_, sequence) in &queue.all {
            if let Some(sender) = self.forget(sequence) {
                self.note_idle(sender);
            }
        }
        self.undelivered -= queue.all.len();
        if let Some(peer) = self.peers.get_mut(&receiver) {
            peer.open &= queue.sent.is_empty();
        }
        self.note_idle(receiver);
        queue.all.len()
    }

    fn number(&mut self) -> u64 {
        let number = self.next;
        self.next += 1;
        number
    }

    fn check(&mut self, lease: &Lease<A>) -> Result<&mut Peer, StoreError<PeersFull>> {
        self.peers
            .get_mut(&lease.address)
            .filter(|peer| peer.open && peer.epoch == lease.epoch)
            .ok_or(StoreError::Superseded)
    }

    /// Forgets a message that is in no queue, and gives its sender.
    fn forget(&mut self, sequence: u64) -> Option<A> {
        let message = self.messages.remove(&sequence)?;
        let peer = self.peers.get_mut(&message.sender)?;
        peer.ids.remove(&message.id);
        peer.delivered.remove(&sequence);
        peer.told.remove(&sequence);
        peer.bytes -= message.frame.map_or(0, |frame| frame.len());
        Some(message.sender)
    }

    /// Forgets an address with all that it was told.
    fn evict(&mut self, address: A) {
        let peer = self.peers.remove(&address).unwrap_or_default();
        self.idle.remove(&peer.epoch);
        for sequence in peer.told {
            self.messages.remove(&sequence);
        }
    }

    /// The first of some messages to the holder, with a sequence of more than `after`.
    fn first(
        &mut self,
        lease: &Lease<A>,
        after: u64,
        of: impl FnOnce(&Queue) -> &BTreeSet<u64>,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.check(lease)?;
        let queue = self.queues.get(&lease.address);
        let behind = (Bound::Excluded(after), Bound::Unbounded);
        let first = queue.and_then(|queue| of(queue).range(behind).next());
        Ok(first.and_then(|&sequence| {
            let message = self.messages.get(&sequence)?;
            Some(Queued {
                sequence,
                id: JsonStr::new(&message.id),
                frame: message.frame.as_deref().unwrap_or_default(),
            })
        }))
    }

    /// The lease of an address has ended, or a new one begins.
    fn take_back(&mut self, address: A) {
        if let Some(queue) = self.queues.get_mut(&address) {
            queue.take_back();
        }
    }

    /// Lists an address among those that could make room, if it could.
    fn note_idle(&mut self, address: A) {
        if let Some(peer) = self.peers.get(&address).filter(|peer| peer.is_idle()) {
            self.idle.insert(peer.epoch, address);
        }
    }
}

impl<A: Copy + Eq + Hash> Store for MemoryStore<A> {
    type Address = A;
    type Error = PeersFull;

    fn open(&mut self, address: A, takeover: bool) -> Result<Option<Lease<A>>, PeersFull> {
        if self
            .peers
            .get(&address)
            .is_some_and(|peer| peer.open && !takeover)
        {
            return Ok(None);
        }
        if !self.peers.contains_key(&address) && self.peers.len() >= self.limits.peers {
            // The one that has been away longest.
            let (_, &away) = self.idle.first_key_value().ok_or(PeersFull)?;
            self.evict(away);
        }
        let epoch = self.number();
        let peer = self.peers.entry(address).or_default();
        self.idle.remove(&peer.epoch);
        peer.epoch = epoch;
        peer.open = true;
        self.take_back(address);
        Ok(Some(Lease { address, epoch }))
    }

    fn close(&mut self, lease: &Lease<A>) -> Result<(), PeersFull> {
        let closed = self.number();
        if let Ok(peer) = self.check(lease) {
            peer.open = false;
            peer.epoch = closed;
            self.take_back(lease.address);
            self.note_idle(lease.address);
        }
        Ok(())
    }

    fn put(
        &mut self,
        lease: &Lease<A>,
        message: NewMessage<'_, A>,
    ) -> Result<Put, StoreError<PeersFull>> {
        let limits = self.limits;
        let id = Arc::<str>::from(owned(message.id));
        let peer = self.check(lease)?;
        if let Some(&sequence) = peer.ids.get(&id) {
            return Ok(match self.messages.get(&sequence) {
                Some(known) if known.fingerprint != message.fingerprint => Put::Conflict,
                Some(known) if known.frame.is_some() => Put::Known,
                _ => Put::Delivered,
            });
        }
        if message.frame.len() > limits.bytes {
            return Ok(Put::TooLong(BufferTooSmall {
                needed: message.frame.len(),
                capacity: limits.bytes,
            }));
        }
        if message.frame.len() > limits.bytes.saturating_sub(peer.bytes) {
            return Ok(Put::Full);
        }
        if peer.ids.len() >= limits.messages {
            let Some(&oldest) = peer.told.first() else {
                return Ok(Put::Full);
            };
            self.forget(oldest);
        }
        let sequence = self.number();
        let peer = self.check(lease)?;
        peer.ids.insert(Arc::clone(&id), sequence);
        peer.bytes += message.frame.len();
        let stored = Stored {
            sender: lease.address,
            id: Arc::clone(&id),
            fingerprint: message.fingerprint,
            frame: Some(message.frame.into()),
        };
        self.messages.insert(sequence, stored);
        self.queues
            .entry(message.receiver)
            .or_default()
            .push(id, sequence);
        self.undelivered += 1;
        Ok(Put::Stored)
    }

    fn next(
        &mut self,
        lease: &Lease<A>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.first(lease, after, |queue| &queue.unsent)
    }

    fn mark_sent(&mut self, lease: &Lease<A>, sequence: u64) -> Result<(), StoreError<PeersFull>> {
        self.check(lease)?;
        if let Some(queue) = self.queues.get_mut(&lease.address) {
            if queue.unsent.remove(&sequence) {
                queue.sent.insert(sequence);
            }
        }
        Ok(())
    }

    fn next_sent(
        &mut self,
        lease: &Lease<A>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<PeersFull>> {
        self.first(lease, after, |queue| &queue.sent)
    }

    fn acknowledge(
        &mut self,
        lease: &Lease<A>,
        id: JsonStr<'_>,
    ) -> Result<Option<Acknowledged<A>>, StoreError<PeersFull>> {
        self.check(lease)?;
        let Some(queue) = self.queues.get_mut(&lease.address) else {
            return Ok(None);
        };
        let sent = queue.pop_sent(owned(id).into());
        if queue.all.is_empty() {
            self.queues.remove(&lease.address);
        }
        let message = sent.and_then(|sequence| Some((sequence, self.messages.get_mut(&sequence)?)));
        let Some((sequence, message)) = message else {
            return Ok(None);
        };
        self.undelivered -= 1;
        let frame = message.frame.take().unwrap_or_default();
        let sender = message.sender;
        if let Some(peer) = self.peers.get_mut(&sender) {
            peer.bytes -= frame.len();
            peer.delivered.insert(sequence);
        }
        Ok(Some(Acknowledged { sequence, sender }))
    }

    fn next_delivered(
        &mut self,
        lease: &Lease<A>,
    ) -> Result<Option<(u64, JsonStr<'_>)>, StoreError<PeersFull>> {
        let first = self.check(lease)?.delivered.first().copied();
        let message = first.and_then(|sequence| Some((sequence, self.messages.get(&sequence)?)));
        Ok(message.map(|(sequence, message)| (sequence, JsonStr::new(&message.id))))
    }

    fn tell_delivered(
        &mut self,
        lease: &Lease<A>,
        sequence: u64,
    ) -> Result<(), StoreError<PeersFull>> {
        let peer = self.check(lease)?;
        if peer.delivered.remove(&sequence) {
            peer.told.insert(sequence);
        }
        Ok(())
    }
}
