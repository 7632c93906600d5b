use std::fmt;
use std::sync::Arc;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::core::{self, Policy};
use crate::sign::{Checks, Signer};
use crate::{Error, Kind, Message, MessageBuilder, ToFrame, UnixMillis, Unsigned, Verified};

/// The longest frame that is taken unless more is asked for, in bytes: 1 MiB. A peer can't fill the memory with one frame.
pub const DEFAULT_MAX_FRAME_LEN: usize = 1 << 20;

/// The protocol, configured once: what the protocol page calls `BaseProtocol`.
///
/// It loads, dumps and makes messages, and is cheap to clone and to share between threads.
///
/// ```
/// use bachata_std::{Error, Message, Policy, Protocol};
///
/// let protocol = Protocol::new().with_policy(Policy::Reference).with_ids(|| "7".to_owned()).with_clock(|| 0);
///
/// let message = protocol.make_message().kind("direct").dest("bob").data("hi").build();
/// let frame = protocol.dump_message(&message)?;
/// assert_eq!(frame, r#"{"id":"7","type":"direct","time":0,"data":"hi","dest":"bob"}"#);
/// assert_eq!(protocol.load_message(&frame)?, Message::Data(message));
/// # Ok::<(), Error>(())
/// ```
#[doc(alias = "BaseProtocol")]
#[derive(Clone)]
pub struct Protocol {
    policy: Policy,
    max_frame_len: usize,
    ids: Arc<dyn Fn() -> String + Send + Sync>,
    clock: Arc<dyn Fn() -> UnixMillis + Send + Sync>,
    signer: Option<Arc<dyn Signer>>,
    checks: Checks,
}

impl Protocol {
    /// The policy [`Strict`](Policy::Strict), ids that are UUIDs version 4, the system's clock, and frames of at most
    /// [`DEFAULT_MAX_FRAME_LEN`].
    pub fn new() -> Self {
        Self {
            policy: Policy::Strict,
            max_frame_len: DEFAULT_MAX_FRAME_LEN,
            ids: Arc::new(|| Uuid::new_v4().to_string()),
            clock: Arc::new(|| SystemTime::now().into()),
            signer: None,
            checks: Checks::default(),
        }
    }

    /// Sets what to make of absent members: [`Reference`](Policy::Reference) for peers that speak like the Python package (`P-13`).
    #[must_use]
    pub const fn with_policy(mut self, policy: Policy) -> Self {
        self.policy = policy;
        self
    }

    /// Sets where ids come from: UUIDs of another version, a counter, something fixed for a test.
    ///
    /// ```
    /// use std::sync::atomic::{AtomicU64, Ordering};
    /// use bachata_std::Protocol;
    ///
    /// let next = AtomicU64::new(1);
    /// let protocol = Protocol::new().with_ids(move || next.fetch_add(1, Ordering::Relaxed).to_string());
    /// assert_eq!(protocol.make_message().build().id(), "1");
    /// assert_eq!(protocol.make_message().build().id(), "2");
    /// ```
    #[must_use]
    pub fn with_ids(mut self, ids: impl Fn() -> String + Send + Sync + 'static) -> Self {
        self.ids = Arc::new(ids);
        self
    }

    /// Sets the clock, which gives milliseconds since 1970 or anything else that [`UnixMillis`] is made from.
    ///
    /// ```
    /// use std::time::{Duration, SystemTime};
    /// use bachata_std::Protocol;
    ///
    /// let fixed = Protocol::new().with_clock(|| 1_763_769_600_123);
    /// assert_eq!(fixed.make_message().build().time_ms(), 1_763_769_600_123);
    ///
    /// let late = Protocol::new().with_clock(|| SystemTime::now() - Duration::from_secs(5));
    /// assert!(late.make_message().build().time() < SystemTime::now());
    /// ```
    #[must_use]
    pub fn with_clock<T: Into<UnixMillis>>(
        mut self,
        clock: impl Fn() -> T + Send + Sync + 'static,
    ) -> Self {
        self.clock = Arc::new(move || clock().into());
        self
    }

    /// Sets the longest frame that is taken, in bytes. The `LF` after it in a stream does not count.
    #[must_use]
    pub const fn with_max_frame_len(mut self, max_frame_len: usize) -> Self {
        self.max_frame_len = max_frame_len;
        self
    }

    /// Signs what is dumped, and checks what is loaded, with a key: [`HmacSha256`](crate::HmacSha256), [`TokenSha256`](crate::TokenSha256), or a scheme of the
    /// application's own ([`core::Sign`], [`core::Verify`]).
    ///
    /// Messages are signed when they are dumped, unless they have a signature: one that is passed on keeps that of its sender. A message that has been changed needs
    /// a new one, and gets it after `with_sign("")`. What is made of messages that come without a signature, [`with_unsigned`](Self::with_unsigned) says:
    /// they are refused.
    ///
    /// ```
    /// use bachata_std::{Error, HmacSha256, Protocol, SignatureError};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let protocol = Protocol::new()
    ///     .with_signer(HmacSha256::new(b"32 random bytes are a good key..")?)
    ///     .with_clock(|| 0)
    ///     .with_ids(|| "7".to_owned());
    ///
    /// let note = protocol.make_message().kind("note").from("desk").data("hi").build();
    /// let frame = protocol.dump_message(&note)?;
    /// assert_eq!(
    ///     frame,
    ///     r#"{"id":"7","type":"note","time":0,"data":"hi","from":"desk","sign":"50b105e13fb90fae64757edc8539a402e1d0eb5e1905d2718efdf7232b94f3c4"}"#,
    /// );
    /// assert!(protocol.load_message(&frame).is_ok());
    ///
    /// let forged = frame.replace("hi", "ho");
    /// let error = protocol.load_message(&forged).unwrap_err();
    /// assert!(matches!(error, Error::Signature(SignatureError::Wrong)));
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_signer<S>(mut self, signer: S) -> Self
    where
        S: core::Sign + core::Verify + Send + Sync + 'static,
        <S as core::Sign>::Error: Into<Box<dyn std::error::Error + Send + Sync>>,
        <S as core::Verify>::Error: Into<Error>,
    {
        let signer = Arc::new(signer);
        self.checks.set_own(Arc::clone(&signer));
        self.signer = Some(signer);
        self
    }

    /// Checks what is loaded with other keys than those that [`with_signer`](Self::with_signer) signs with, or without signing: with a list of keys, say, while an old
    /// one is still in use.
    ///
    /// ```
    /// use bachata_std::{DataMessage, HmacSha256, Protocol, Verified};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let [new, old] = [HmacSha256::new(b"the key of this year")?, HmacSha256::new(b"that of last year")?];
    /// let frame = Protocol::new().with_signer(old.clone()).dump_message(&DataMessage::new("7", "note", 0, "hi"))?;
    ///
    /// let protocol = Protocol::new().with_signer(new.clone()).with_verifier([new, old]);
    /// let message: Verified = protocol.load_verified(frame)?;
    /// assert_eq!(message.key(), 1);
    /// # Ok(())
    /// # }
    /// ```
    #[must_use]
    pub fn with_verifier<V>(mut self, verifier: V) -> Self
    where
        V: core::Verify + Send + Sync + 'static,
        V::Error: Into<Error>,
    {
        self.checks.set_other(verifier);
        self
    }

    /// Sets what to make of messages without a signature, where signatures are checked.
    #[must_use]
    pub fn with_unsigned(mut self, unsigned: Unsigned) -> Self {
        self.checks.unsigned = unsigned;
        self
    }

    /// What is made of absent members.
    pub const fn policy(&self) -> Policy {
        self.policy
    }

    /// The longest frame that is taken, in bytes.
    pub const fn max_frame_len(&self) -> usize {
        self.max_frame_len
    }

    /// The message in a frame, with any payload.
    ///
    /// Python's `load_message` takes any JSON; here it has to be a message.
    ///
    /// # Errors
    ///
    /// The frame is no message, or too long, or its signature is not as it must be.
    ///
    /// ```
    /// use bachata_std::{Error, Protocol};
    ///
    /// let message = Protocol::new().load_message(r#"{"type":1001}"#)?;
    /// assert!(message.pong().is_some());
    /// # Ok::<(), Error>(())
    /// ```
    pub fn load_message(&self, frame: impl AsRef<[u8]>) -> Result<Message, Error> {
        self.load(frame)
    }

    /// The message in a frame, with a payload of the type that is asked for.
    ///
    /// # Errors
    ///
    /// The frame is no message, or too long, or the payload does not fit, or the signature is not as it must be.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use bachata_std::{Error, Message, Protocol};
    ///
    /// let message: Message<HashMap<String, bool>> =
    ///     Protocol::new().load(r#"{"id":"7","type":"led","time":0,"data":{"on":true}}"#)?;
    /// assert!(message.as_data().unwrap().data()["on"]);
    /// # Ok::<(), Error>(())
    /// ```
    pub fn load<P: DeserializeOwned + 'static, K: Kind>(
        &self,
        frame: impl AsRef<[u8]>,
    ) -> Result<Message<P, K>, Error> {
        self.checks
            .load(frame.as_ref(), self.policy, self.max_frame_len)
    }

    /// The message in a frame that must have a good signature, whatever is made of others, with a payload of the type that is asked for.
    ///
    /// # Errors
    ///
    /// As [`load`](Self::load), and [`Error::Signature`]. Without a signer or a verifier, every signature is wrong.
    pub fn load_verified<P: DeserializeOwned + 'static, K: Kind>(
        &self,
        frame: impl AsRef<[u8]>,
    ) -> Result<Verified<Message<P, K>>, Error> {
        self.checks
            .load_verified(frame.as_ref(), self.policy, self.max_frame_len)
    }

    /// A message as a frame. It takes any kind of message, by reference.
    ///
    /// # Errors
    ///
    /// The payload is neither a text nor an object, or serde or its type refuse it; or the signer gives no signature.
    pub fn dump_message(&self, message: &(impl ToFrame + ?Sized)) -> Result<String, Error> {
        let mut frame = Vec::new();
        message.append_signed(self.signer(), &mut frame)?;
        // Core writes nothing but UTF-8.
        Ok(String::from_utf8(frame).unwrap_or_default())
    }

    /// A data message, part by part. Each part may be left out.
    ///
    /// ```
    /// use bachata_std::{Policy, Protocol};
    ///
    /// let message = Protocol::new().make_message().build();
    /// assert_eq!(message.id().len(), 36);
    /// assert_eq!(message.kind(), "");
    /// assert_eq!(message.data().as_text(), Some(""));
    /// ```
    pub fn make_message(&self) -> MessageBuilder<'_> {
        MessageBuilder::new(self)
    }

    pub(crate) fn signer(&self) -> Option<&dyn Signer> {
        self.signer.as_deref()
    }

    pub(crate) fn shared_signer(&self) -> Option<Arc<dyn Signer>> {
        self.signer.clone()
    }

    pub(crate) fn checks(&self) -> Checks {
        self.checks.clone()
    }

    pub(crate) fn new_id(&self) -> String {
        (self.ids)()
    }

    pub(crate) fn now(&self) -> UnixMillis {
        (self.clock)()
    }
}

impl Default for Protocol {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Protocol")
            .field("policy", &self.policy)
            .field("max_frame_len", &self.max_frame_len)
            .finish_non_exhaustive()
    }
}
