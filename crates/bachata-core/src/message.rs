use core::fmt;

use crate::encode::{FmtSink, Sink};
use crate::{
    BufferTooSmall, DataMessage, Envelope, JsonStr, Member, ParseError, Policy, RawJson,
    TransportMessage, UnknownMembers,
};

/// A message: what parsing yields, and what encoding takes. `parse(encode(m)) == m`.
///
/// ```
/// use bachata_core::{Message, ParseError, TransportMessage};
///
/// # fn answer() -> Result<(), ParseError> {
/// let mut reply = [0; 64];
/// match Message::parse(br#"{"id":"7","type":"led","time":0,"data":{"on":true},"from":"desk"}"#)? {
///     Message::Data(message) => {
///         assert_eq!(message.kind(), "led");
///         let answer = TransportMessage::received(message.id()).encode(&mut reply).unwrap();
///         assert_eq!(answer, br#"{"type":200,"data":"7"}"#);
///     }
///     Message::Transport(message) => panic!("a {}", message.kind()),
/// }
/// # Ok(())
/// # }
/// # answer().unwrap();
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub enum Message<'a> {
    /// `type` is a string.
    Data(DataMessage<'a>),
    /// `type` is an integer.
    Transport(TransportMessage<'a>),
}

impl<'a> Message<'a> {
    /// The message in a frame, by the policy [`Strict`](Policy::Strict). The whole frame is validated, also what nobody will read (`P-2`).
    ///
    /// # Errors
    ///
    /// The frame is no message: what is wrong, at which byte, in which member.
    pub fn parse(frame: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse_with(frame, Policy::Strict)
    }

    /// The message in a frame, by a policy (`P-12`, `P-13`).
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    pub fn parse_with(frame: &'a [u8], policy: Policy) -> Result<Self, ParseError> {
        Envelope::parse_message(frame, policy)
    }

    /// The message in a frame, by a policy, and the members of the frame that are not the message's own: what an [`Envelope`] would be made for
    /// in most cases, in the time of [`parse_with`](Self::parse_with) where there are none.
    ///
    /// # Errors
    ///
    /// As [`parse`](Self::parse).
    ///
    /// ```
    /// use bachata_core::{Message, ParseError, Policy};
    ///
    /// let frame = br#"{"type":1001,"id":"p1","data":"17","hops":[1]}"#;
    /// let (ping, unknown) = Message::parse_with_unknown(frame, Policy::Strict)?;
    /// assert_eq!(ping.as_transport().unwrap().data().unwrap(), "17");
    /// let unknown: Vec<_> = unknown.map(|(name, value)| format!("{name}: {value}")).collect();
    /// assert_eq!(unknown, ["id: \"p1\"", "hops: [1]"]);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn parse_with_unknown(
        frame: &'a [u8],
        policy: Policy,
    ) -> Result<(Self, UnknownMembers<'a>), ParseError> {
        Envelope::parse_with_unknown(frame, policy)
    }

    /// Writes the message to the start of `out` and gives the bytes written (`P-5`, `P-6`).
    ///
    /// # Errors
    ///
    /// `out` is shorter than [`encoded_len`](Self::encoded_len); the error says how much is needed. What has been written to `out` is
    /// then unspecified.
    pub fn encode<'o>(&self, out: &'o mut [u8]) -> Result<&'o [u8], BufferTooSmall> {
        match self {
            Self::Data(message) => message.encode(out),
            Self::Transport(message) => message.encode(out),
        }
    }

    /// Writes the message into any text writer.
    ///
    /// # Errors
    ///
    /// The writer's own.
    pub fn write_to<W: fmt::Write + ?Sized>(&self, writer: &mut W) -> fmt::Result {
        match self {
            Self::Data(message) => message.write_to(writer),
            Self::Transport(message) => message.write_to(writer),
        }
    }

    /// Writes the message into any text writer, with further members after its own: those of an
    /// [`Envelope`] that the protocol does not know, for a peer that passes them on. Those that the message itself has by that
    /// name are left out, and so is a second one of a known name (`P-4`).
    ///
    /// # Errors
    ///
    /// The writer's own.
    ///
    /// ```
    /// use bachata_core::{Envelope, ParseError, Policy};
    ///
    /// let envelope = Envelope::parse(br#"{"hops":[ 1 ],"type":1001,"id":"p1"}"#)?;
    /// let mut passed_on = String::new();
    /// envelope.message(Policy::Strict)?.write_to_with(&mut passed_on, envelope.members()).unwrap();
    /// assert_eq!(passed_on, r#"{"type":1001,"hops":[1],"id":"p1"}"#);
    ///
    /// passed_on.clear();
    /// let twice = envelope.members().chain(envelope.members());
    /// envelope.message(Policy::Strict)?.write_to_with(&mut passed_on, twice).unwrap();
    /// assert_eq!(passed_on, r#"{"type":1001,"hops":[1],"id":"p1","hops":[1]}"#);
    /// # Ok::<(), ParseError>(())
    /// ```
    pub fn write_to_with<'m, W: fmt::Write + ?Sized>(
        &self,
        writer: &mut W,
        members: impl IntoIterator<Item = (JsonStr<'m>, RawJson<'m>)>,
    ) -> fmt::Result {
        let more = |sink: &mut FmtSink<'_, W>| {
            let mut written = Member::ALL.map(|member| self.owns(member));
            for (name, value) in members {
                // A known name stands at most once (`P-4`), an unknown one as often as it is given.
                let known = Member::named(name).and_then(|member| written.get_mut(member as usize));
                if known.is_some_and(|written| core::mem::replace(written, true)) {
                    continue;
                }
                name.write_after(b",\"", sink);
                sink.put(b":");
                value.write(sink);
            }
        };
        FmtSink::write(writer, |sink| match self {
            Self::Data(message) => {
                message.write_around(sink, |sink| message.data().write(sink), more);
            }
            Self::Transport(message) => message.write_before(sink, more),
        })
    }

    /// Whether a member is one of this kind of message (`P-8`, `P-10`).
    pub(crate) fn owns(&self, member: Member) -> bool {
        match self {
            Self::Data(_) => true,
            Self::Transport(_) => matches!(member, Member::Type | Member::Data | Member::Sign),
        }
    }

    /// The length in bytes of the encoded message.
    pub fn encoded_len(&self) -> usize {
        match self {
            Self::Data(message) => message.encoded_len(),
            Self::Transport(message) => message.encoded_len(),
        }
    }

    pub(crate) fn write<S: Sink>(&self, sink: &mut S) {
        match self {
            Self::Data(message) => message.write(sink),
            Self::Transport(message) => message.write(sink),
        }
    }

    /// The data message, if it is one.
    pub const fn as_data(&self) -> Option<&DataMessage<'a>> {
        match self {
            Self::Data(message) => Some(message),
            Self::Transport(_) => None,
        }
    }

    /// The transport message, if it is one.
    pub const fn as_transport(&self) -> Option<&TransportMessage<'a>> {
        match self {
            Self::Data(_) => None,
            Self::Transport(message) => Some(message),
        }
    }

    /// The member `sign`, which both kinds may have.
    pub const fn sign(&self) -> Option<JsonStr<'a>> {
        match self {
            Self::Data(message) => message.sign(),
            Self::Transport(message) => message.sign(),
        }
    }
}

impl<'a> From<DataMessage<'a>> for Message<'a> {
    fn from(message: DataMessage<'a>) -> Self {
        Self::Data(message)
    }
}

impl<'a> From<TransportMessage<'a>> for Message<'a> {
    fn from(message: TransportMessage<'a>) -> Self {
        Self::Transport(message)
    }
}

impl<'a> TryFrom<&'a [u8]> for Message<'a> {
    type Error = ParseError;

    fn try_from(frame: &'a [u8]) -> Result<Self, ParseError> {
        Self::parse(frame)
    }
}

impl<'a> TryFrom<&'a str> for Message<'a> {
    type Error = ParseError;

    fn try_from(frame: &'a str) -> Result<Self, ParseError> {
        Self::parse(frame.as_bytes())
    }
}

/// The encoded message.
impl fmt::Display for Message<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_to(f)
    }
}
