use core::fmt;

use crate::json::raw::integer;
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
#[derive(Clone, Copy)]
pub struct Envelope<'a> {
    frame: &'a [u8],
    /// Which values are known to be in normal form: a bit for each member.
    normal: u32,
    places: Places,
}

/// Where the value of each member is, and after them the closing brace.
type Places = [Place; CLOSE + 1];

const CLOSE: usize = Member::ALL.len();

/// A part of a frame.
// Not a slice: an absent one costs no comparison beside that with the frame, and an error says where a value starts without subtracting.
#[derive(Clone, Copy)]
struct Place {
    start: usize,
    end: usize,
}

impl Place {
    /// No place: it ends before it starts.
    const NONE: Self = Self { start: 1, end: 0 };

    const fn is_none(self) -> bool {
        self.end == 0
    }

    fn of(self, frame: &[u8]) -> Option<&[u8]> {
        frame.get(self.start..self.end)
    }
}

impl<'a> Envelope<'a> {
    /// Proves a frame to be a JSON object without a second occurrence of any of the seven known members.
    ///
    /// # Errors
    ///
    /// It is not: what is wrong, at which byte, in which member.
    // In place, or the envelope would be moved: a `memcpy`, which is larger than this.
    #[inline(always)]
    pub fn parse(frame: &'a [u8]) -> Result<Self, ParseError> {
        let mut parsed = Ok(Self::unread(frame));
        if let Some(error) = parsed.as_mut().ok().and_then(Self::read) {
            parsed = Err(error);
        }
        parsed
    }

    /// Proves the frame and finds its members.
    #[inline(always)]
    fn read(&mut self) -> Option<ParseError> {
        let mut scanner = Scanner::new(self.frame);
        self.normal = read(&mut scanner, &mut self.places);
        scanner.error()
    }

    /// An envelope without members.
    // Its array is built here and copied: inside of `parse` the stack would hold both to the end.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    const fn unread(frame: &'a [u8]) -> Self {
        Self {
            frame,
            normal: 0,
            places: [Place::NONE; CLOSE + 1],
        }
    }

    /// The message in a frame, without moving an envelope around.
    pub(crate) fn parse_message(
        frame: &'a [u8],
        policy: Policy,
    ) -> Result<Message<'a>, ParseError> {
        #[cfg(target_pointer_width = "64")]
        return crate::compact::message(
            frame,
            |message| message,
            move || Self::parse_any_message(frame, policy),
        );
        #[cfg(not(target_pointer_width = "64"))]
        Self::parse_any_message(frame, policy)
    }

    /// The route of the message in a frame.
    pub(crate) fn parse_route(frame: &'a [u8], policy: Policy) -> Result<Route<'a>, ParseError> {
        let parse = move || Ok(Route::of(&Self::parse_any_message(frame, policy)?));
        #[cfg(target_pointer_width = "64")]
        return crate::compact::message(frame, |message| Route::of(&message), parse);
        #[cfg(not(target_pointer_width = "64"))]
        parse()
    }

    /// The message in a frame, and the members that are not its own.
    pub(crate) fn parse_with_unknown(
        frame: &'a [u8],
        policy: Policy,
    ) -> Result<(Message<'a>, UnknownMembers<'a>), ParseError> {
        let parse = move || {
            let message = Self::parse_any_message(frame, policy)?;
            Ok((message, UnknownMembers::of(frame, &message)))
        };
        #[cfg(target_pointer_width = "64")]
        return crate::compact::message(frame, |message| (message, UnknownMembers::NONE), parse);
        #[cfg(not(target_pointer_width = "64"))]
        parse()
    }

    /// The message in a frame of whatever form.
    #[cfg_attr(target_pointer_width = "64", inline(never))]
    pub(crate) fn parse_any_message(
        frame: &'a [u8],
        policy: Policy,
    ) -> Result<Message<'a>, ParseError> {
        let mut envelope = Self::unread(frame);
        match envelope.read() {
            Some(error) => Err(error),
            None => envelope.message(policy),
        }
    }

    /// The value of one of the seven known members.
    pub fn get(&self, member: Member) -> Option<RawJson<'a>> {
        let value = self.place(member).of(self.frame)?;
        Some(RawJson::scanned(value, self.is_normal(member)))
    }

    #[expect(clippy::indexing_slicing, reason = "there is a place for each member")]
    const fn place(&self, member: Member) -> Place {
        self.places[member as usize]
    }

    /// The bytes of a value, none where the member is absent.
    #[cfg_attr(not(target_pointer_width = "64"), inline(never))]
    fn value(&self, member: Member) -> &'a [u8] {
        self.place(member).of(self.frame).unwrap_or_default()
    }

    const fn is_normal(&self, member: Member) -> bool {
        self.normal >> member as u32 & 1 == 1
    }

    /// An error that concerns a member: where its value is, or else the closing brace.
    fn error(&self, kind: ParseErrorKind, member: Member) -> ParseError {
        let [.., close] = self.places;
        let place = self.place(member);
        let at = if place.is_none() { close } else { place }.start;
        ParseError::new(kind, at, Some(member))
    }

    /// The frame as it came, byte for byte.
    pub const fn frame(&self) -> &'a [u8] {
        self.frame
    }

    /// All members in the order of the frame, unknown ones too, with their names decoded by comparison.
    pub fn members(&self) -> Members<'a> {
        Members::of(self.frame)
    }

    /// What kind of message it is: the member `type`, which alone decides that (`P-7`). Nothing is said about the other members.
    ///
    /// # Errors
    ///
    /// `type` is missing, neither a string nor an integer, or an integer that is no transport type.
    ///
    /// ```
    /// use bachata_core::{Envelope, MessageKind, TransportType};
    ///
    /// let envelope = Envelope::parse(br#"{"type":200}"#)?;
    /// assert_eq!(envelope.kind()?, MessageKind::Transport(TransportType::Received));
    ///
    /// let envelope = Envelope::parse(br#"{"type":"group"}"#)?;
    /// assert_eq!(envelope.kind()?, MessageKind::Data("group".into()));
    /// # Ok::<(), bachata_core::ParseError>(())
    /// ```
    #[inline]
    pub fn kind(&self) -> Result<MessageKind<'a>, ParseError> {
        let kind = match self.value(Member::Type) {
            [b'"', inside @ .., _quote] => {
                let kind = JsonStr::scanned(inside, !self.is_normal(Member::Type));
                return Ok(MessageKind::Data(kind));
            }
            [] => ParseErrorKind::MissingMember,
            value => match integer(value).map(u32::try_from) {
                Ok(Ok(code)) => return Ok(MessageKind::Transport(TransportType::from(code))),
                Err(ParseErrorKind::ExpectedInteger) => ParseErrorKind::ExpectedStringOrInteger,
                _ => ParseErrorKind::OutOfRange,
            },
        };
        Err(self.error(kind, Member::Type))
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// A member is missing or of the wrong type. `type` is judged first, then the others in the order of `P-5`.
    pub fn message(&self, policy: Policy) -> Result<Message<'a>, ParseError> {
        let mut judge = Judge::new(self, policy);
        let mut judged = match self.kind() {
            Ok(MessageKind::Data(kind)) => Ok(Message::Data(judge.data_message(kind))),
            Ok(MessageKind::Transport(kind)) => {
                Ok(Message::Transport(judge.transport_message(kind.code())))
            }
            Err(error) => Err(error),
        };
        if let Some(error) = judge.error {
            judged = Err(error);
        }
        judged
    }

    /// What a router needs of the message.
    ///
    /// # Errors
    ///
    /// As [`message`](Self::message).
    pub fn route(&self, policy: Policy) -> Result<Route<'a>, ParseError> {
        Ok(Route::of(&self.message(policy)?))
    }
}

/// The frame as it came.
impl fmt::Debug for Envelope<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let frame = core::str::from_utf8(self.frame).unwrap_or_default();
        f.debug_tuple("Envelope").field(&frame).finish()
    }
}

/// The frame as it came.
#[cfg(feature = "defmt")]
impl defmt::Format for Envelope<'_> {
    fn format(&self, f: defmt::Formatter<'_>) {
        let frame = core::str::from_utf8(self.frame).unwrap_or_default();
        defmt::write!(f, "Envelope({=str})", frame);
    }
}

/// Proves a frame and finds the places of its known members. Gives a bit for each whose value is known to be in normal form.
#[cfg_attr(not(target_pointer_width = "64"), inline(never))]
fn read(scanner: &mut Scanner<'_>, places: &mut Places) -> u32 {
    let mut normal = 0;
    let mut byte = scanner.open();
    if byte != '}' {
        loop {
            let name = scanner.at();
            let member = scanner.known_name(byte);
            let place = member.and_then(|member| places.get_mut(member as usize));
            if place.as_ref().is_some_and(|place| !place.is_none()) {
                scanner.fail_at(name, member, ParseErrorKind::DuplicateMember);
            }
            byte = scanner.colon();
            let start = scanner.at();
            let is_normal = scanner.member_value(member, byte);
            if let (Some(member), Some(place)) = (member, place) {
                let end = scanner.at();
                *place = Place { start, end };
                normal |= u32::from(is_normal) << member as u32;
            }
            byte = scanner.token();
            if byte != ',' {
                break;
            }
            byte = scanner.next_token();
        }
        if byte != '}' {
            scanner.fail_unclosed('}');
        }
    }
    let [.., close] = places;
    close.start = scanner.at();
    scanner.skip();
    scanner.end();
    normal
}

/// Says what the members of an envelope mean. The first error is kept, and so nothing here stops at one.
struct Judge<'e, 'a> {
    envelope: &'e Envelope<'a>,
    /// The members that may be absent: a bit for each.
    optional: u32,
    error: Option<ParseError>,
}

impl<'e, 'a> Judge<'e, 'a> {
    const fn new(envelope: &'e Envelope<'a>, policy: Policy) -> Self {
        Self {
            envelope,
            optional: match policy {
                Policy::Strict => FROM_DEST_SIGN,
                Policy::Reference => FROM_DEST_SIGN | ID_TIME_DATA,
            },
            error: None,
        }
    }

    fn data_message(&mut self, kind: JsonStr<'a>) -> DataMessage<'a> {
        let id = self.text(Member::Id);
        let time = if self.is_absent(Member::Time) {
            0
        } else {
            integer(self.envelope.value(Member::Time)).unwrap_or_else(|kind| {
                self.fail(kind, Member::Time);
                0
            })
        };
        let data = match self.envelope.get(Member::Data).and_then(RawObject::of) {
            Some(object) => Payload::Object(object),
            None => {
                Payload::Text(self.text_or(ParseErrorKind::ExpectedStringOrObject, Member::Data))
            }
        };
        let [from, dest, sign] =
            [Member::From, Member::Dest, Member::Sign].map(|member| self.text(member));
        DataMessage::parsed(id, kind, time, data, from, dest, sign)
    }

    fn transport_message(&mut self, code: u32) -> TransportMessage<'a> {
        let is_receipt = TransportType::is_receipt_code(code);
        if !is_receipt {
            self.optional |= ID_TIME_DATA;
        }
        let has_data = is_receipt || !self.is_absent(Member::Data);
        let data = has_data.then(|| self.text(Member::Data));
        let sign = self.text(Member::Sign);
        TransportMessage::parsed(code, data, sign)
    }

    /// The text of a member; the empty one where it is absent and may be.
    fn text(&mut self, member: Member) -> JsonStr<'a> {
        self.text_or(ParseErrorKind::ExpectedString, member)
    }

    /// The text of a member. An error is `other` where it is something else.
    #[inline(never)]
    fn text_or(&mut self, other: ParseErrorKind, member: Member) -> JsonStr<'a> {
        if let [b'"', inside @ .., _quote] = self.envelope.value(member) {
            return JsonStr::scanned(inside, !self.envelope.is_normal(member));
        }
        if !self.is_absent(member) {
            self.fail(other, member);
        }
        JsonStr::EMPTY
    }

    /// Whether a member is absent, or `null` where it may be absent (`P-9`, `P-10`, `P-13`).
    #[inline(never)]
    fn is_absent(&mut self, member: Member) -> bool {
        let optional = self.optional >> (member as u32) & 1 == 1;
        match self.envelope.value(member) {
            [] if !optional => {
                self.fail(ParseErrorKind::MissingMember, member);
                true
            }
            [] => true,
            value => optional && matches!(value, [b'n', ..]),
        }
    }

    /// Keeps the error that concerns a member, if it is the first.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, kind: ParseErrorKind, member: Member) {
        if self.error.is_none() {
            self.error = Some(self.envelope.error(kind, member));
        }
    }
}

/// Members as bits, in the order of [`Member`].
const FROM_DEST_SIGN: u32 = 0b111_0000;
const ID_TIME_DATA: u32 = 0b000_1101;

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

impl<'a> Members<'a> {
    /// Those of a frame that has been proven.
    fn of(frame: &'a [u8]) -> Self {
        let mut scanner = Scanner::new(frame);
        let more = scanner.open() != '}';
        Self { scanner, more }
    }
}

#[cfg(feature = "sign")]
impl<'a> Members<'a> {
    /// The members of an object that has been proven, from the one on whose name `bytes` starts with.
    pub(crate) const fn starting_with(bytes: &'a [u8]) -> Self {
        Self {
            scanner: Scanner::new(bytes),
            more: true,
        }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (JsonStr<'a>, RawJson<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.more {
            return None;
        }
        let name = self.scanner.name();
        let value = self.scanner.next_value();
        self.more = self.scanner.next('}');
        Some((name, value))
    }
}

impl core::iter::FusedIterator for Members<'_> {}

/// The members of a frame that are not those of its message, in the order of the frame: names and values. See
/// [`Message::parse_with_unknown`].
///
/// In a transport message `id`, `time`, `from` and `dest` are among them (`P-10`).
#[derive(Clone, Debug)]
pub struct UnknownMembers<'a> {
    members: Members<'a>,
    /// The members that the message has itself: a bit for each.
    own: u32,
}

impl<'a> UnknownMembers<'a> {
    #[cfg(target_pointer_width = "64")]
    const NONE: Self = Self {
        members: Members {
            scanner: Scanner::new(&[]),
            more: false,
        },
        own: 0,
    };

    fn of(frame: &'a [u8], message: &Message<'a>) -> Self {
        let own = Member::ALL
            .into_iter()
            .filter(|member| message.owns(*member));
        Self {
            members: Members::of(frame),
            own: own.fold(0, |own, member| own | 1 << member as u32),
        }
    }
}

impl<'a> Iterator for UnknownMembers<'a> {
    type Item = (JsonStr<'a>, RawJson<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let own = self.own;
        let is_own = |member| own >> member as u32 & 1 == 1;
        self.members
            .find(|(name, _)| !Member::named(*name).is_some_and(is_own))
    }
}

impl core::iter::FusedIterator for UnknownMembers<'_> {}
