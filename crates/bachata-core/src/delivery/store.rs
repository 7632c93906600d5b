use crate::{BufferTooSmall, JsonStr};

/// The right to act for an address: given to the newest connection of that address. It is void when it is closed, as soon as there is a newer one, and where a message is dropped that was
/// [sent](Store::mark_sent) under it, since the 200 for that would count for another message with the same `id`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Lease<A> {
    /// Whom it is for.
    pub address: A,
    /// Greater than those of the leases that were given before, and than the [sequences](Queued::sequence) of the messages that were there before. Those of the messages that come
    /// later are greater: so a connection sees which messages another may have sent.
    pub epoch: u64,
}

/// A message that a server is to take responsibility for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct NewMessage<'m, A> {
    /// To whom it goes.
    pub receiver: A,
    /// Its `id`.
    pub id: JsonStr<'m>,
    /// A fingerprint of what its sender sent: the same for a message that is sent again, another for another message.
    pub fingerprint: u64,
    /// What its receiver will get.
    pub frame: &'m [u8],
}

/// What became of a [`NewMessage`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Put {
    /// It is kept now, and the server is responsible for it: 100.
    Stored,
    /// It was there, and is not delivered yet: 100.
    Known,
    /// It was there, and has been delivered: 300.
    Delivered,
    /// Another message of this sender's has this id. It is not kept.
    Conflict,
    /// There is no room for it now, for this sender. It is not kept. Where its client has no timer, it sends it again on its next connection.
    Full,
    /// There will never be room for it: the bytes that it takes, and those that this sender has. It is not kept.
    TooLong(BufferTooSmall),
}

/// A message that is not delivered yet.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Queued<'s> {
    /// Its place in the order of all messages: at least 1, and greater than that of each message that was there before it.
    pub sequence: u64,
    /// Its `id`.
    pub id: JsonStr<'s>,
    /// What its receiver gets.
    pub frame: &'s [u8],
}

/// A message that a 200 was for.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Acknowledged<A> {
    /// As of [`Queued`].
    pub sequence: u64,
    /// Who has sent it, and is to be told.
    pub sender: A,
}

/// Why a store did not do what it was asked to.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum StoreError<E> {
    /// The lease is void: it was closed, there is a newer connection of its address, or the store has dropped what was sent under it.
    Superseded,
    /// The store's own.
    Store(E),
}

impl<E> From<E> for StoreError<E> {
    fn from(error: E) -> Self {
        Self::Store(error)
    }
}

/// What a server remembers: messages until their receivers have them, and then for some time that they have.
///
/// Each function does all or nothing, also where it is interrupted: a store on a disk does it in a transaction. A server promises what its
/// store can keep: a 100 goes out when [`put`](Self::put) has returned.
///
/// An [`Address`](Self::Address) is what the server knows a peer by, such as the number of its account. It is for the application to say
/// which `dest` is which address, and who may connect as which.
pub trait Store {
    /// What a peer is known by.
    type Address: Copy + Eq;
    /// What can go wrong.
    type Error;

    /// Gives the address to a new connection; none where there is another and `takeover` is false. All former leases of the address are void then.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn open(
        &mut self,
        address: Self::Address,
        takeover: bool,
    ) -> Result<Option<Lease<Self::Address>>, Self::Error>;

    /// Gives the address back. Nothing happens where there is a newer lease.
    ///
    /// # Errors
    ///
    /// The store's own.
    fn close(&mut self, lease: &Lease<Self::Address>) -> Result<(), Self::Error>;

    /// Keeps a message of the holder's, once: the sender and the id tell whether it is there.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn put(
        &mut self,
        lease: &Lease<Self::Address>,
        message: NewMessage<'_, Self::Address>,
    ) -> Result<Put, StoreError<Self::Error>>;

    /// The first message to the holder that may be sent, with a sequence of more than `after`. A 200 does not say whose message it is for, so of the undelivered messages with the same
    /// `id` only the first may be, and only once under a lease. Whenever a connection could send something it asks, mostly with an `after` of 0: it should take no search.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn next(
        &mut self,
        lease: &Lease<Self::Address>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<Self::Error>>;

    /// The message to the holder with this sequence, which [may be sent](Self::next), was sent under the lease. Nothing of this is kept longer than the lease holds.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn mark_sent(
        &mut self,
        lease: &Lease<Self::Address>,
        sequence: u64,
    ) -> Result<(), StoreError<Self::Error>>;

    /// The first undelivered message to the holder that was [sent](Self::mark_sent) under the lease, with a sequence of more than `after`.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn next_sent(
        &mut self,
        lease: &Lease<Self::Address>,
        after: u64,
    ) -> Result<Option<Queued<'_>>, StoreError<Self::Error>>;

    /// The holder has received the message with this `id` that was [sent](Self::mark_sent) under the lease: it is delivered, and its sender is to be told. None where no
    /// undelivered message with this `id` was.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn acknowledge(
        &mut self,
        lease: &Lease<Self::Address>,
        id: JsonStr<'_>,
    ) -> Result<Option<Acknowledged<Self::Address>>, StoreError<Self::Error>>;

    /// The `id` of the first message of the holder's that is delivered and of which it has not been told, and its sequence.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn next_delivered(
        &mut self,
        lease: &Lease<Self::Address>,
    ) -> Result<Option<(u64, JsonStr<'_>)>, StoreError<Self::Error>>;

    /// The holder has been told that its message with this sequence is delivered. It is kept in mind, in case the holder repeats the message.
    ///
    /// # Errors
    ///
    /// The lease is void; the store's own.
    fn tell_delivered(
        &mut self,
        lease: &Lease<Self::Address>,
        sequence: u64,
    ) -> Result<(), StoreError<Self::Error>>;
}
