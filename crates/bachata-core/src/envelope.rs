use crate::json::scanner::Scanner;
use crate::{
    DataMessage, JsonStr, Member, Message, MessageKind, ParseError, ParseErrorKind, Payload,
    Policy, RawJson, RawObject, Route, TransportMessage, TransportType,
};

/// One frame, proven to be a JSON object (`P-1` to `P-4`), before anything is said about what its members mean.
///
/// It is for those who need more than the message in it: the members that the protocol doesn't know, and the frame as it came. It is made in one
/// pass over the frame, in constant stack.
///
/// ```
/// use bachata_core::{Envelope, Member, Policy};
///
/// let envelope = Envelope::parse(br#"{"type":1001,"x-trace":[7],"data":"a"}"#)?;
/// assert_eq!(envelope.get(Member::Type).unwrap().as_bytes(), b"1001");
///
/// let unknown = envelope.members().find(|(name, _)| Member::named(*name).is_none());
/// let (name, value) = unknown.unwrap();
/// assert_eq!(name, "x-trace");
/// assert_eq!(value.as_bytes(), b"[7]");
///
/// assert!(envelope.message(Policy::Strict).is_ok());
/// # Ok::<(), bachata_core::ParseError>(())
/// ```
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Envelope<'a> {
    frame: &'a [u8],
    /// The position of the closing brace.
    close: usize,
    id: Option<RawJson<'a>>,
    kind: Option<RawJson<'a>>,
    time: Option<RawJson<'a>>,
    data: Option<RawJson<'a>>,
    from: Option<RawJson<'a>>,
    dest: Option<RawJson<'a>>,
    sign: Option<RawJson<'a>>,
}

impl<'a> Envelope<'a> {
    /// Proves a frame to be a JSON object without a second occurrence of any of the seven known members.
    ///
    /// # Errors
    ///
    /// It is not: what is wrong, at which byte, in which member.
    pub fn parse(frame: &'a [u8]) -> Result<Self, ParseError> {
        let mut envelope = Self::unproven(frame);
        envelope.prove()?;
        Ok(envelope)
    }

    /// The message in a frame, without moving an envelope around.
    pub(crate) fn parse_message(
        frame: &'a [u8],
        policy: Policy,
    ) -> Result<Message<'a>, ParseError> {
        let mut envelope = Self::unproven(frame);
        envelope.prove()?;
        envelope.message(policy)
    }

    const fn unproven(frame: &'a [u8]) -> Self {
        Self {
            frame,
            close: 0,
            id: None,
            kind: None,
            time: None,
            data: None,
            from: None,
            dest: None,
            sign: None,
        }
    }

    fn prove(&mut self) -> Result<(), ParseError> {
        let mut scanner = Scanner::new(self.frame);
        self.scan(&mut scanner).map_err(|kind| scanner.error(kind))
    }

    fn scan(&mut self, scanner: &mut Scanner<'a>) -> Result<(), ParseErrorKind> {
        scanner.open()?;
        let mut more = scanner.first(b'}');
        while more {
            let start = scanner.at();
            let member = scanner.known_name()?;
            if member.is_some_and(|member| self.get(member).is_some()) {
                scanner.blame(start, member);
                return Err(ParseErrorKind::DuplicateMember);
            }
            scanner.colon()?;
            let value = scanner.member_value(member)?;
            if let Some(member) = member {
                *self.slot(member) = Some(value);
            }
            more = scanner.next(b'}')?;
        }
        self.close = scanner.at().wrapping_sub(1);
        scanner.end()
    }

    /// The value of one of the seven known members.
    pub const fn get(&self, member: Member) -> Option<RawJson<'a>> {
        match member {
            Member::Id => self.id,
            Member::Type => self.kind,
            Member::Time => self.time,
            Member::Data => self.data,
            Member::From => self.from,
            Member::Dest => self.dest,
            Member::Sign => self.sign,
        }
    }

    const fn slot(&mut self, member: Member) -> &mut Option<RawJson<'a>> {
        match member {
            Member::Id => &mut self.id,
            Member::Type => &mut self.kind,
            Member::Time => &mut self.time,
            Member::Data => &mut self.data,
            Member::From => &mut self.from,
            Member::Dest => &mut self.dest,
            Member::Sign => &mut self.sign,
        }
    }

    /// The frame as it came, byte for byte.
    pub const fn frame(&self) -> &'a [u8] {
        self.frame
    }

    /// All members in the order of the frame, unknown ones too, with their names decoded by comparison.
    pub fn members(&self) -> Members<'a> {
        let mut scanner = Scanner::new(self.frame);
        let more = scanner.open().is_ok() && scanner.first(b'}');
        Members { scanner, more }
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// A member is missing or of the wrong type. `type` is judged first, then the others in the order of `P-5`.
    pub fn message(&self, policy: Policy) -> Result<Message<'a>, ParseError> {
        match self.kind()? {
            MessageKind::Data(kind) => self.data_message(kind, policy).map(Message::Data),
            MessageKind::Transport(kind) => {
                self.transport_message(kind, policy).map(Message::Transport)
            }
        }
    }

    /// What a router needs of the message.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub fn route(&self, policy: Policy) -> Result<Route<'a>, ParseError> {
        let kind = self.kind()?;
        let dest = match kind {
            MessageKind::Data(kind) => self.data_message(kind, policy)?.dest(),
            MessageKind::Transport(kind) => {
                self.transport_message(kind, policy)?;
                None
            }
        };
        Ok(Route::new(kind, dest))
    }

    fn kind(&self) -> Result<MessageKind<'a>, ParseError> {
        let value = self.value(Member::Type, None)?;
        if let Some(kind) = value.as_text() {
            return Ok(MessageKind::Data(kind));
        }
        let code = value
            .as_integer()
            .and_then(|code| u32::try_from(code).map_err(|_| ParseErrorKind::OutOfRange));
        match code {
            Ok(code) => Ok(MessageKind::Transport(TransportType::from(code))),
            Err(ParseErrorKind::ExpectedInteger) => {
                Err(self.error(ParseErrorKind::ExpectedStringOrInteger, Member::Type))
            }
            Err(kind) => Err(self.error(kind, Member::Type)),
        }
    }

    fn data_message(
        &self,
        kind: JsonStr<'a>,
        policy: Policy,
    ) -> Result<DataMessage<'a>, ParseError> {
        let lenient = policy == Policy::Reference;
        let id = self.text(Member::Id, lenient)?;
        let time = self.value(Member::Time, lenient.then_some(b"0"))?;
        let time = time
            .as_integer()
            .map_err(|kind| self.error(kind, Member::Time))?;
        let data = self.value(Member::Data, lenient.then_some(EMPTY_TEXT))?;
        let data = if let Some(text) = data.as_text() {
            Payload::Text(text)
        } else if let Some(object) = RawObject::of(data) {
            Payload::Object(object)
        } else {
            return Err(self.error(ParseErrorKind::ExpectedStringOrObject, Member::Data));
        };
        Ok(DataMessage::new(id, kind, time, data)
            .with_from(self.text(Member::From, true)?)
            .with_dest(self.text(Member::Dest, true)?)
            .with_sign(self.text(Member::Sign, true)?))
    }

    fn transport_message(
        &self,
        kind: TransportType,
        policy: Policy,
    ) -> Result<TransportMessage<'a>, ParseError> {
        let receipt = kind.is_receipt();
        let lenient = !receipt || policy == Policy::Reference;
        let data = self.text(Member::Data, lenient)?;
        let has_data = receipt || self.get(Member::Data).is_some_and(|data| !data.is_null());
        let sign = self.text(Member::Sign, true)?;
        Ok(TransportMessage::parsed(
            kind,
            has_data.then_some(data),
            sign,
        ))
    }

    /// The value of a member. Where it is absent or `null`, it is `zero`, if there is one (`P-9`, `P-10`, `P-13`).
    #[inline(never)]
    fn value(
        &self,
        member: Member,
        zero: Option<&'static [u8]>,
    ) -> Result<RawJson<'a>, ParseError> {
        match (self.get(member), zero) {
            (Some(value), None) => Ok(value),
            (Some(value), Some(_)) if !value.is_null() => Ok(value),
            (_, Some(zero)) => Ok(RawJson::scanned(zero, true)),
            (None, None) => Err(self.error(ParseErrorKind::MissingMember, member)),
        }
    }

    /// The text of a member. Where it may be absent or `null`, that is the empty text.
    #[inline(never)]
    fn text(&self, member: Member, optional: bool) -> Result<JsonStr<'a>, ParseError> {
        let value = self.value(member, optional.then_some(EMPTY_TEXT))?;
        value
            .as_text()
            .ok_or_else(|| self.error(ParseErrorKind::ExpectedString, member))
    }

    /// An error that concerns a member: where its value is, or else the closing brace.
    #[cold]
    #[inline(never)]
    fn error(&self, kind: ParseErrorKind, member: Member) -> ParseError {
        let value = self
            .get(member)
            .map(|value| offset_in(self.frame, value.as_bytes()));
        ParseError::new(kind, value.unwrap_or(self.close), Some(member))
    }
}

const EMPTY_TEXT: &[u8] = b"\"\"";

/// Where `part`, which borrows from `whole`, starts in it.
pub(crate) fn offset_in(whole: &[u8], part: &[u8]) -> usize {
    part.as_ptr().addr().wrapping_sub(whole.as_ptr().addr())
}

/// The members of an [`Envelope`], in the order of its frame: names and values.
#[derive(Clone, Debug)]
pub struct Members<'a> {
    scanner: Scanner<'a>,
    more: bool,
}

impl<'a> Iterator for Members<'a> {
    type Item = (JsonStr<'a>, RawJson<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.more {
            return None;
        }
        let name = self.scanner.name().ok()?;
        self.scanner.colon().ok()?;
        let value = self.scanner.member_value(None).ok()?;
        self.more = self.scanner.next(b'}').ok()?;
        Some((name, value))
    }
}

impl core::iter::FusedIterator for Members<'_> {}
