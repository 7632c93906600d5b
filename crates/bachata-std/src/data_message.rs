use std::any::Any;
use std::time::SystemTime;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::core::{self, JsonStr, Member};
use crate::error::PayloadError;
use crate::text::owned;
use crate::transport_message::not_empty;
use crate::{Error, Extra, Kind, Payload, RawPayload, Tagged, TransportMessage, UnixMillis};

/// A message that carries data (`P-8`).
///
/// `P` is what it carries: a [`Payload`], which may be anything, or a type of the application's own. `K` is where its `type` is: a `String`
/// beside the data, or [`Tagged`] in it.
///
/// ```
/// use bachata_std::{DataMessage, Message, ToFrame};
///
/// let message = DataMessage::new("7", "direct", 1_763_769_600_123, "hi \"there\"")
///     .with_from("alice")
///     .with_dest("bob");
/// let frame = message.to_frame()?;
/// assert_eq!(
///     frame,
///     r#"{"id":"7","type":"direct","time":1763769600123,"data":"hi \"there\"","from":"alice","dest":"bob"}"#,
/// );
/// assert_eq!(frame.parse::<Message>()?, Message::Data(message));
/// # Ok::<(), bachata_std::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct DataMessage<P = Payload, K = String> {
    id: String,
    kind: K,
    time: i64,
    data: P,
    from: Option<String>,
    dest: Option<String>,
    sign: Option<String>,
    extra: Extra,
}

/// A [`DataMessage`] whose `type` is in its data.
pub type TaggedDataMessage<E> = DataMessage<E, Tagged>;

impl DataMessage {
    /// A message with a text or an object, without `from`, `dest` and `sign`. `kind` is the member `type`.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use bachata_std::{DataMessage, Payload};
    /// use serde_json::json;
    ///
    /// let text = DataMessage::new("7", "note", SystemTime::now(), "hi");
    /// assert_eq!(text.data().as_text(), Some("hi"));
    ///
    /// let object = Payload::try_from(json!({"on": true}))?;
    /// let message = DataMessage::new("8", "led", 1_763_769_600_123, object);
    /// assert_eq!(message.to_string(), r#"{"id":"8","type":"led","time":1763769600123,"data":{"on":true}}"#);
    /// # Ok::<(), bachata_std::Error>(())
    /// ```
    pub fn new(
        id: impl Into<String>,
        kind: impl Into<String>,
        time: impl Into<UnixMillis>,
        data: impl Into<Payload>,
    ) -> Self {
        Self::typed(id, kind, time, data.into())
    }

    /// The data as a value of a type of the application's own, which may borrow from the message.
    ///
    /// # Errors
    ///
    /// It does not fit `T`: [`Error::Payload`].
    ///
    /// ```
    /// use bachata_std::{DataMessage, Error, Message};
    ///
    /// #[derive(serde::Deserialize)]
    /// struct Note<'a> {
    ///     text: &'a str,
    ///     stars: u8,
    /// }
    ///
    /// let message: Message =
    ///     r#"{"id":"7","type":"note","time":0,"data":{"text":"hi","stars":300}}"#.parse()?;
    /// let Message::Data(mut message) = message else { panic!() };
    ///
    /// let error = message.data_as::<Note<'_>>().err().unwrap();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "payload of message \"7\", type \"note\", at stars: \
    ///      invalid value: integer `300`, expected u8",
    /// );
    ///
    /// message.data_mut().as_object_mut().unwrap()["stars"] = 5.into();
    /// let note: Note<'_> = message.data_as()?;
    /// assert_eq!((note.text, note.stars), ("hi", 5));
    /// # Ok::<(), Error>(())
    /// ```
    pub fn data_as<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        let typed = self.data.to_typed();
        typed.map_err(|misfit| self.payload_error(misfit))
    }

    /// Type and data as a value of the application's enum, see [`TaggedMessage`](crate::TaggedMessage).
    ///
    /// # Errors
    ///
    /// They do not fit `E`: [`Error::Payload`].
    pub fn tagged_as<E: DeserializeOwned>(&self) -> Result<E, Error> {
        let mut scratch = Vec::new();
        let message = self.to_core(&mut scratch)?;
        crate::tagged::read(self.kind.clone(), *message.data())
            .map_err(|misfit| self.payload_error(misfit))
    }
}

impl DataMessage<RawPayload> {
    /// The data as a value of a type of the application's own, which may borrow from the message.
    ///
    /// # Errors
    ///
    /// It does not fit `T`: [`Error::Payload`].
    pub fn data_as<'a, T: Deserialize<'a>>(&'a self) -> Result<T, Error> {
        let typed = self.data.to_typed();
        typed.map_err(|misfit| self.payload_error(misfit))
    }
}

impl<P> DataMessage<P> {
    /// A message with data of a type of the application's own. It must be one that serde makes a text or an object of.
    ///
    /// ```
    /// use bachata_std::{DataMessage, ToFrame};
    ///
    /// #[derive(serde::Serialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// let message = DataMessage::typed("7", "led", 0, Led { on: true }).with_dest("lamp");
    /// assert_eq!(message.to_frame()?, r#"{"id":"7","type":"led","time":0,"data":{"on":true},"dest":"lamp"}"#);
    ///
    /// let error = DataMessage::typed("7", "led", 0, 17).to_frame().unwrap_err();
    /// assert_eq!(
    ///     error.to_string(),
    ///     "payload of message \"7\", type \"led\": data is neither a text nor an object",
    /// );
    /// # Ok::<(), bachata_std::Error>(())
    /// ```
    pub fn typed(
        id: impl Into<String>,
        kind: impl Into<String>,
        time: impl Into<UnixMillis>,
        data: P,
    ) -> Self {
        Self::with_parts(id.into(), kind.into(), time.into(), data)
    }

    /// The member `type`.
    pub fn kind(&self) -> &str {
        &self.kind
    }

    /// Sets the member `type`.
    #[must_use]
    pub fn with_kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }
}

impl<E> TaggedDataMessage<E> {
    /// A message whose `type` is in its data: a value of the application's enum, see [`TaggedMessage`](crate::TaggedMessage).
    pub fn tagged(id: impl Into<String>, time: impl Into<UnixMillis>, data: E) -> Self {
        Self::with_parts(id.into(), Tagged, time.into(), data)
    }
}

impl<P, K> DataMessage<P, K> {
    fn with_parts(id: String, kind: K, UnixMillis(time): UnixMillis, data: P) -> Self {
        Self {
            id,
            kind,
            time,
            data,
            from: None,
            dest: None,
            sign: None,
            extra: Extra::NONE,
        }
    }

    /// Sets the member `id`.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the time.
    #[must_use]
    pub fn with_time(mut self, time: impl Into<UnixMillis>) -> Self {
        self.time = time.into().0;
        self
    }

    /// Sets the sender. `""` is none (`P-9`).
    #[must_use]
    pub fn with_from(mut self, from: impl Into<String>) -> Self {
        self.from = not_empty(from.into());
        self
    }

    /// Sets the destination. `""` is none (`P-9`).
    #[must_use]
    pub fn with_dest(mut self, dest: impl Into<String>) -> Self {
        self.dest = not_empty(dest.into());
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
    /// `name` is one of the seven members that the protocol knows, or the value is none that JSON has, or nested too deep (`P-3`):
    /// [`Error::Extra`].
    ///
    /// ```
    /// use bachata_std::DataMessage;
    ///
    /// let message = DataMessage::new("7", "note", 0, "hi").with_extra("hops", &[1, 2])?;
    /// assert_eq!(message.to_string(), r#"{"id":"7","type":"note","time":0,"data":"hi","hops":[1,2]}"#);
    ///
    /// let error = message.with_extra("dest", "bob").unwrap_err();
    /// assert_eq!(error.to_string(), "member \"dest\" is one of the message's own");
    /// # Ok::<(), bachata_std::Error>(())
    /// ```
    pub fn with_extra(
        mut self,
        name: impl Into<String>,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Self, Error> {
        self.extra.push(name.into(), value, &Member::ALL)?;
        Ok(self)
    }

    /// The message with other data: what `change` makes of it.
    pub fn map_data<Q>(self, change: impl FnOnce(P) -> Q) -> DataMessage<Q, K> {
        DataMessage {
            id: self.id,
            kind: self.kind,
            time: self.time,
            data: change(self.data),
            from: self.from,
            dest: self.dest,
            sign: self.sign,
            extra: self.extra,
        }
    }

    /// The member `id`.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The time, as exactly as the system's clock has it. One that the platform's `SystemTime` can't hold becomes the nearest that it can;
    /// on Unix it can hold all.
    pub fn time(&self) -> SystemTime {
        UnixMillis(self.time).into()
    }

    /// The member `time`: milliseconds since 1970, negative before.
    pub const fn time_ms(&self) -> i64 {
        self.time
    }

    /// The time as a type of another crate, with the feature `jiff` or `time`.
    ///
    /// # Errors
    ///
    /// The type can't hold the time.
    ///
    /// ```
    /// # #[cfg(feature = "jiff")] {
    /// use bachata_std::DataMessage;
    ///
    /// let message = DataMessage::new("7", "note", 1_763_769_600_123, "hi");
    /// let time: jiff::Timestamp = message.time_as().unwrap();
    /// assert_eq!(time.to_string(), "2025-11-22T00:00:00.123Z");
    /// # }
    /// ```
    pub fn time_as<T: TryFrom<UnixMillis>>(&self) -> Result<T, T::Error> {
        UnixMillis(self.time).try_into()
    }

    /// The member `data`.
    pub const fn data(&self) -> &P {
        &self.data
    }

    /// The member `data`, to be changed.
    pub const fn data_mut(&mut self) -> &mut P {
        &mut self.data
    }

    /// The member `data`, out of the message.
    pub fn into_data(self) -> P {
        self.data
    }

    /// The member `from`: the sender.
    pub fn from(&self) -> Option<&str> {
        self.from.as_deref()
    }

    /// The member `dest`: the destination.
    pub fn dest(&self) -> Option<&str> {
        self.dest.as_deref()
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

    /// The 200 for this message: its receiver has got it. The same as [`received`](Self::received).
    ///
    /// ```
    /// use bachata_std::DataMessage;
    ///
    /// let message = DataMessage::new("7", "note", 0, "hi");
    /// assert_eq!(message.accepted().to_string(), r#"{"type":100,"data":"7"}"#);
    /// assert_eq!(message.ack().to_string(), r#"{"type":200,"data":"7"}"#);
    /// assert_eq!(message.delivered().to_string(), r#"{"type":300,"data":"7"}"#);
    /// ```
    pub fn ack(&self) -> TransportMessage {
        self.received()
    }

    /// The 100 for this message: the server has received it for delivery.
    pub fn accepted(&self) -> TransportMessage {
        TransportMessage::accepted(&*self.id)
    }

    /// The 200 for this message: its receiver has got it.
    pub fn received(&self) -> TransportMessage {
        TransportMessage::received(&*self.id)
    }

    /// The 300 for this message: the server has delivered it.
    pub fn delivered(&self) -> TransportMessage {
        TransportMessage::delivered(&*self.id)
    }
}

impl<P: DeserializeOwned + 'static, K: Kind> DataMessage<P, K> {
    /// What a frame holds.
    pub(crate) fn read(
        message: &core::DataMessage<'_>,
        extra: impl FnOnce() -> Extra,
    ) -> Result<Self, Error> {
        Ok(Self {
            extra: extra(),
            ..message.try_into()?
        })
    }
}

impl<P: Serialize + 'static, K: Kind> DataMessage<P, K> {
    /// The message in its borrowed form, without the unknown members. It borrows from the message and from `scratch`, which is overwritten with the
    /// payload where that has to become JSON first.
    ///
    /// # Errors
    ///
    /// The payload is neither a text nor an object, or serde or its type refuse it: [`Error::Payload`].
    ///
    /// ```
    /// use bachata_std::DataMessage;
    ///
    /// let message = DataMessage::new("7", "note", 0, "hi").with_from("desk");
    /// let mut scratch = Vec::new();
    /// let core = message.to_core(&mut scratch)?;
    /// assert_eq!(core.from().unwrap(), "desk");
    /// assert_eq!(DataMessage::try_from(&core)?, message);
    /// # Ok::<(), bachata_std::Error>(())
    /// ```
    pub fn to_core<'a>(&'a self, scratch: &'a mut Vec<u8>) -> Result<core::DataMessage<'a>, Error> {
        let (kind, data) = self
            .kind
            .write(&self.data, scratch)
            .map_err(|reason| self.payload_error(reason))?;
        Ok(self.around(kind, data))
    }
}

impl<P: 'static, K: Kind> DataMessage<P, K> {
    /// The data, if it is an object whatever the kind is, and the message around it.
    pub(crate) fn as_object(&self) -> Option<(&Map<String, Value>, core::DataMessage<'_>)> {
        if K::IN_DATA {
            return None;
        }
        let data = (&self.data as &dyn Any).downcast_ref::<Payload>()?;
        Some((data.as_object()?, self.around(self.kind.name(), "")))
    }
}

impl<P, K> DataMessage<P, K> {
    /// The other members, around a kind and data.
    pub(crate) fn around<'a>(
        &'a self,
        kind: impl Into<JsonStr<'a>>,
        data: impl Into<core::Payload<'a>>,
    ) -> core::DataMessage<'a> {
        core::DataMessage::new(&*self.id, kind, self.time, data)
            .with_from(self.from.as_deref().unwrap_or_default())
            .with_dest(self.dest.as_deref().unwrap_or_default())
            .with_sign(self.sign.as_deref().unwrap_or_default())
    }
}

impl<P, K: Kind> DataMessage<P, K> {
    fn payload_error(&self, misfit: impl Into<crate::error::Misfit>) -> Error {
        PayloadError::new(self.id.clone(), self.kind.name().to_owned(), misfit).into()
    }
}

/// Fails where the payload does not fit `P`: [`Error::Payload`].
impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<&core::DataMessage<'_>> for DataMessage<P, K> {
    type Error = Error;

    fn try_from(message: &core::DataMessage<'_>) -> Result<Self, Error> {
        let id = owned(message.id());
        match K::read(message.kind(), *message.data()) {
            Ok((kind, data)) => Ok(Self {
                id,
                kind,
                time: message.time(),
                data,
                from: message.from().map(owned),
                dest: message.dest().map(owned),
                sign: message.sign().map(owned),
                extra: Extra::NONE,
            }),
            Err(misfit) => Err(PayloadError::new(id, owned(message.kind()), misfit).into()),
        }
    }
}

/// Fails where the payload does not fit `P`: [`Error::Payload`].
impl<P: DeserializeOwned + 'static, K: Kind> TryFrom<core::DataMessage<'_>> for DataMessage<P, K> {
    type Error = Error;

    fn try_from(message: core::DataMessage<'_>) -> Result<Self, Error> {
        Self::try_from(&message)
    }
}
