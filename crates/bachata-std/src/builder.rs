use crate::{DataMessage, Payload, Protocol, Tagged, TaggedDataMessage, UnixMillis};

/// A data message in the making, see [`Protocol::make_message`].
///
/// | part | if left out |
/// |---|---|
/// | [`id`](Self::id) | a new one from the protocol's source of ids |
/// | [`kind`](Self::kind) | `""`, which is a valid `type`, though a router will hardly know it |
/// | [`time`](Self::time) | the time of the protocol's clock, when the message is built |
/// | [`data`](Self::data) | `""` |
/// | [`from`](Self::from), [`dest`](Self::dest), [`sign`](Self::sign) | none |
///
/// Python's `make_message` makes no id and no time, and leaves out every value that is false in Python: `data=""`, `time=0` and `data={}` are
/// not in the frame. Here what is given is kept, and the members that a data message must have (`P-8`) are always there. Transport
/// messages have constructors of their own, on [`TransportMessage`](crate::TransportMessage).
#[derive(Clone, Debug)]
#[must_use = "a message in the making does nothing until it is built"]
pub struct MessageBuilder<'p, P = Payload, K = String> {
    protocol: &'p Protocol,
    id: Option<String>,
    kind: K,
    time: Option<UnixMillis>,
    data: P,
    from: String,
    dest: String,
    sign: String,
}

impl<'p> MessageBuilder<'p> {
    pub(crate) fn new(protocol: &'p Protocol) -> Self {
        Self {
            protocol,
            id: None,
            kind: String::new(),
            time: None,
            data: Payload::default(),
            from: String::new(),
            dest: String::new(),
            sign: String::new(),
        }
    }

    /// The data: a text or an object.
    pub fn data(mut self, data: impl Into<Payload>) -> Self {
        self.data = data.into();
        self
    }
}

impl<'p, P> MessageBuilder<'p, P> {
    /// The member `type`.
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = kind.into();
        self
    }

    /// The data: a value of a type of the application's own. It must be one that serde makes a text or an object of, which an `Option` that is
    /// none is not.
    ///
    /// ```
    /// use bachata_std::Protocol;
    ///
    /// #[derive(serde::Serialize)]
    /// struct Led {
    ///     on: bool,
    /// }
    ///
    /// let message = Protocol::new().make_message().kind("led").typed(Led { on: true }).build();
    /// assert!(message.data().on);
    /// ```
    pub fn typed<Q>(self, data: Q) -> MessageBuilder<'p, Q> {
        let kind = self.kind.clone();
        self.with_data(kind, data)
    }

    /// Type and data in one: a value of the application's enum, see [`TaggedMessage`](crate::TaggedMessage). Content that is none is written as
    /// `""`, and `""` is read as `Some("")` where the content is an optional text.
    ///
    /// ```
    /// use bachata_std::{Protocol, ToFrame};
    ///
    /// #[derive(serde::Serialize)]
    /// #[serde(tag = "type", content = "data", rename_all = "lowercase")]
    /// enum Chat {
    ///     Direct(String),
    /// }
    ///
    /// let protocol = Protocol::new().with_ids(|| "7".to_owned()).with_clock(|| 0);
    /// let message = protocol.make_message().tagged(Chat::Direct("hi".to_owned())).build();
    /// assert_eq!(message.to_frame()?, r#"{"id":"7","type":"direct","time":0,"data":"hi"}"#);
    /// # Ok::<(), bachata_std::Error>(())
    /// ```
    pub fn tagged<E>(self, data: E) -> MessageBuilder<'p, E, Tagged> {
        self.with_data(Tagged, data)
    }

    fn with_data<Q, L>(self, kind: L, data: Q) -> MessageBuilder<'p, Q, L> {
        MessageBuilder {
            protocol: self.protocol,
            id: self.id,
            kind,
            time: self.time,
            data,
            from: self.from,
            dest: self.dest,
            sign: self.sign,
        }
    }

    /// The message.
    pub fn build(self) -> DataMessage<P> {
        let (id, time) = self.id_and_time();
        DataMessage::typed(id, self.kind, time, self.data)
            .with_from(self.from)
            .with_dest(self.dest)
            .with_sign(self.sign)
    }
}

impl<E> MessageBuilder<'_, E, Tagged> {
    /// The message.
    pub fn build(self) -> TaggedDataMessage<E> {
        let (id, time) = self.id_and_time();
        DataMessage::tagged(id, time, self.data)
            .with_from(self.from)
            .with_dest(self.dest)
            .with_sign(self.sign)
    }
}

impl<P, K> MessageBuilder<'_, P, K> {
    /// The member `id`.
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = Some(id.into());
        self
    }

    /// The time, from milliseconds since 1970, a `SystemTime`, or anything else that [`UnixMillis`] is made from.
    pub fn time(mut self, time: impl Into<UnixMillis>) -> Self {
        self.time = Some(time.into());
        self
    }

    /// The destination.
    pub fn dest(mut self, dest: impl Into<String>) -> Self {
        self.dest = dest.into();
        self
    }

    /// The sender.
    #[doc(alias = "from_")]
    pub fn from(mut self, from: impl Into<String>) -> Self {
        self.from = from.into();
        self
    }

    /// The signature.
    pub fn sign(mut self, sign: impl Into<String>) -> Self {
        self.sign = sign.into();
        self
    }

    fn id_and_time(&self) -> (String, UnixMillis) {
        let id = self.id.clone().unwrap_or_else(|| self.protocol.new_id());
        (id, self.time.unwrap_or_else(|| self.protocol.now()))
    }
}
