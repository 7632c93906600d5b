use crate::core::{self, Member, TransportType};
use crate::text::owned;
use crate::{Error, Extra};

/// A message that makes delivery reliable (`P-10`, `P-11`).
///
/// A 100, 200 or 300 has `data`: the id of the message that it is about. All others may have it.
///
/// ```
/// use bachata_std::{ToFrame, TransportMessage, TransportType};
///
/// let received = TransportMessage::received("7f6a2c1e");
/// assert_eq!(received.kind(), TransportType::Received);
/// assert_eq!(received.data(), Some("7f6a2c1e"));
/// assert_eq!(received.to_frame()?, r#"{"type":200,"data":"7f6a2c1e"}"#);
/// # Ok::<(), bachata_std::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct TransportMessage {
    kind: TransportType,
    data: Option<String>,
    sign: Option<String>,
    extra: Extra,
}

/// The members of a transport message; all others are unknown (`P-10`).
pub(crate) const OWN: [Member; 3] = [Member::Type, Member::Data, Member::Sign];

impl TransportMessage {
    /// 100: the server has received the message with this id for delivery.
    #[doc(alias = "TRANS_SERV_GOT_IT")]
    pub fn accepted(id: impl Into<String>) -> Self {
        Self::new(TransportType::Accepted, id)
    }

    /// 200: the receiver has got the message with this id.
    #[doc(alias = "TRANS_RECV_GOT_IT")]
    pub fn received(id: impl Into<String>) -> Self {
        Self::new(TransportType::Received, id)
    }

    /// 300: the server has delivered the message with this id.
    #[doc(alias = "TRANS_DELIVERED")]
    pub fn delivered(id: impl Into<String>) -> Self {
        Self::new(TransportType::Delivered, id)
    }

    /// 1000: the connection is ready.
    #[doc(alias = "TRANS_READY")]
    pub const fn ready() -> Self {
        Self::bare(TransportType::Ready)
    }

    /// 1001: to be answered with a [`pong`](Self::pong).
    #[doc(alias = "TRANS_PING")]
    pub const fn ping() -> Self {
        Self::bare(TransportType::Ping)
    }

    /// The 1002 that answers this ping, with its token if it has one; none if this is no ping.
    ///
    /// ```
    /// use bachata_std::TransportMessage;
    ///
    /// let pong = TransportMessage::ping().with_data("17").pong().unwrap();
    /// assert_eq!(pong.to_string(), r#"{"type":1002,"data":"17"}"#);
    /// assert_eq!(pong.pong(), None);
    /// ```
    #[doc(alias = "TRANS_PONG")]
    pub fn pong(&self) -> Option<Self> {
        (self.kind == TransportType::Ping).then(|| Self {
            data: self.data.clone(),
            ..Self::bare(TransportType::Pong)
        })
    }

    /// A message of any type, about `data`.
    pub fn new(kind: impl Into<TransportType>, data: impl Into<String>) -> Self {
        // `From` gives a defined type its own variant.
        Self::bare(TransportType::from(kind.into().code())).with_data(data)
    }

    /// A message of any type that needs no `data`; none for a 100, 200 or 300.
    ///
    /// ```
    /// use bachata_std::{TransportMessage, TransportType};
    ///
    /// let pong = TransportMessage::without_data(TransportType::Pong).unwrap();
    /// assert_eq!(pong.to_string(), r#"{"type":1002}"#);
    /// assert!(TransportMessage::without_data(4711).is_some());
    /// assert!(TransportMessage::without_data(200).is_none());
    /// ```
    pub fn without_data(kind: impl Into<TransportType>) -> Option<Self> {
        let kind = TransportType::from(kind.into().code());
        (!kind.is_receipt()).then_some(Self::bare(kind))
    }

    const fn bare(kind: TransportType) -> Self {
        Self {
            kind,
            data: None,
            sign: None,
            extra: Extra::NONE,
        }
    }

    /// What a frame holds.
    pub(crate) fn read(
        message: &core::TransportMessage<'_>,
        extra: impl FnOnce() -> Extra,
    ) -> Self {
        Self {
            extra: extra(),
            ..message.into()
        }
    }

    /// Sets the member `data`: a message id, or the token of a ping. `""` is kept (`P-10`).
    #[must_use]
    pub fn with_data(mut self, data: impl Into<String>) -> Self {
        self.data = Some(data.into());
        self
    }

    /// Sets the signature. `""` is none (`P-9`).
    #[must_use]
    pub fn with_sign(mut self, sign: impl Into<String>) -> Self {
        self.sign = not_empty(sign.into());
        self
    }

    /// Adds an unknown member after all others.
    ///
    /// # Errors
    ///
    /// `name` is `type`, `data` or `sign`, or it is `id`, `time`, `from` or `dest` and is there already (`P-4`), or the value is none that JSON has, or nested too deep (`P-3`).
    pub fn with_extra(
        mut self,
        name: impl Into<String>,
        value: &(impl serde::Serialize + ?Sized),
    ) -> Result<Self, Error> {
        self.extra.push(name.into(), value, &OWN)?;
        Ok(self)
    }

    /// The member `type`.
    pub const fn kind(&self) -> TransportType {
        self.kind
    }

    /// The member `data`: a message id, or the token of a ping. Never none in a 100, 200 or 300.
    pub fn data(&self) -> Option<&str> {
        self.data.as_deref()
    }

    /// The member `sign`: the signature.
    pub fn sign(&self) -> Option<&str> {
        self.sign.as_deref()
    }

    /// The members that the protocol does not know.
    pub const fn extra(&self) -> &Extra {
        &self.extra
    }

    /// The members that the protocol does not know, to be removed.
    pub const fn extra_mut(&mut self) -> &mut Extra {
        &mut self.extra
    }

    /// The message in its borrowed form, without the unknown members.
    ///
    /// ```
    /// use bachata_std::TransportMessage;
    ///
    /// let ping = TransportMessage::ping().with_data("17");
    /// let mut room = [0; 64];
    /// assert_eq!(ping.to_core().encode(&mut room).unwrap(), br#"{"type":1001,"data":"17"}"#);
    /// assert_eq!(TransportMessage::from(ping.to_core()), ping);
    /// ```
    pub fn to_core(&self) -> core::TransportMessage<'_> {
        let message = match (&self.data, core::TransportMessage::without_data(self.kind)) {
            (None, Some(message)) => message,
            (data, _) => {
                core::TransportMessage::new(self.kind, data.as_deref().unwrap_or_default())
            }
        };
        message.with_sign(self.sign.as_deref().unwrap_or_default())
    }
}

impl From<&core::TransportMessage<'_>> for TransportMessage {
    fn from(message: &core::TransportMessage<'_>) -> Self {
        Self {
            kind: message.kind(),
            data: message.data().map(owned),
            sign: message.sign().map(owned),
            extra: Extra::NONE,
        }
    }
}

impl From<core::TransportMessage<'_>> for TransportMessage {
    fn from(message: core::TransportMessage<'_>) -> Self {
        Self::from(&message)
    }
}

/// `""` is none (`P-9`).
pub(crate) fn not_empty(text: String) -> Option<String> {
    (!text.is_empty()).then_some(text)
}
