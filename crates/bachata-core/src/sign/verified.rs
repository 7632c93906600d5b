use core::ops::Deref;

use crate::{DataMessage, Message, TransportMessage};

/// A message whose signature has been checked. There is no other way to one than a `verify`, so a handler that takes it can't be called with any other message.
///
/// What has been proven is what the scheme covers: with [`HmacSha256`](crate::HmacSha256) that is all of the message, with
/// [`TokenSha256`](crate::TokenSha256) its data alone. A signature says who wrote a message, not that it is new: who has seen it can send it again (`P-18`).
/// So look at its time, and remember ids.
///
/// ```
/// use bachata_core::{DataMessage, HmacSha256, KeyError, Message, Verified};
///
/// fn open_the_door(command: Verified<DataMessage<'_>>) -> bool {
///     command.kind() == "open"
/// }
///
/// let key = HmacSha256::new(b"32 random bytes are a good key..")?;
/// let message = DataMessage::new("7", "open", 1_763_769_600_123, "").with_from("desk");
/// let Ok(signature) = message.sign_with(&key);
///
/// let message = Message::from(message.with_sign(&signature));
/// assert!(open_the_door(message.verify(&key).unwrap().into_data().unwrap()));
/// # Ok::<(), KeyError>(())
/// ```
///
/// An unverified one does not fit:
///
/// ```compile_fail
/// # use bachata_core::{DataMessage, Verified};
/// # fn open_the_door(command: Verified<DataMessage<'_>>) -> bool { command.kind() == "open" }
/// open_the_door(DataMessage::new("7", "open", 0, ""));
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Verified<M> {
    message: M,
    key: usize,
}

impl<M> Verified<M> {
    pub(super) const fn new(message: M, key: usize) -> Self {
        Self { message, key }
    }

    /// The place in the list of the key that the message has been signed with; 0 where there was one key.
    pub const fn key(&self) -> usize {
        self.key
    }

    /// The message, which is then like any other.
    pub fn into_inner(self) -> M {
        self.message
    }
}

impl<'a> Verified<Message<'a>> {
    /// The data message, if it is one.
    pub fn into_data(self) -> Option<Verified<DataMessage<'a>>> {
        let key = self.key;
        let message = self.message.as_data().copied()?;
        Some(Verified { message, key })
    }

    /// The transport message, if it is one.
    pub fn into_transport(self) -> Option<Verified<TransportMessage<'a>>> {
        let key = self.key;
        let message = self.message.as_transport().copied()?;
        Some(Verified { message, key })
    }
}

impl<M> Deref for Verified<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.message
    }
}
