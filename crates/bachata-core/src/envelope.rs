use crate::json::scanner::Scanner;
use crate::{
    DataMessage, JsonStr, Member, Message, ParseError, ParseErrorKind, Payload, Policy, RawJson,
    RawObject, Route, TransportMessage, TransportType,
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
    values: Values<'a>,
}

/// A place for each member, and one more for the unknown ones, which saves asking.
type Values<'a> = [Option<RawJson<'a>>; UNKNOWN + 1];

const UNKNOWN: usize = Member::ALL.len();

impl<'a> Envelope<'a> {
    /// Proves a frame to be a JSON object without a second occurrence of any of the seven known members.
    ///
    /// # Errors
    ///
    /// It is not: what is wrong, at which byte, in which member.
    pub fn parse(frame: &'a [u8]) -> Result<Self, ParseError> {
        let mut scanner = Scanner::new(frame);
        let mut values = [None; UNKNOWN + 1];
        let close = prove(&mut scanner, &mut values);
        match scanner.error() {
            Some(error) => Err(error),
            None => Ok(Self {
                frame,
                close,
                values,
            }),
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
        let mut scanner = Scanner::new(frame);
        let mut values = [None; UNKNOWN + 1];
        let close = prove(&mut scanner, &mut values);
        Judge::new(&mut scanner, close, &values, policy).message()
    }

    /// The value of one of the seven known members.
    pub const fn get(&self, member: Member) -> Option<RawJson<'a>> {
        *value_of(&self.values, member)
    }

    /// The frame as it came, byte for byte.
    pub const fn frame(&self) -> &'a [u8] {
        self.frame
    }

    /// All members in the order of the frame, unknown ones too, with their names decoded by comparison.
    pub fn members(&self) -> Members<'a> {
        Members::of(self.frame)
    }

    /// The message.
    ///
    /// # Errors
    ///
    /// A member is missing or of the wrong type. `type` is judged first, then the others in the order of `P-5`.
    pub fn message(&self, policy: Policy) -> Result<Message<'a>, ParseError> {
        let mut scanner = Scanner::new(self.frame);
        Judge::new(&mut scanner, self.close, &self.values, policy).message()
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

#[expect(clippy::indexing_slicing, reason = "there is a place for each member")]
const fn value_of<'v, 'a>(values: &'v Values<'a>, member: Member) -> &'v Option<RawJson<'a>> {
    &values[member as usize]
}

/// Proves a frame, puts the values of the known members in their places, and gives the position of the closing brace.
fn prove<'a>(scanner: &mut Scanner<'a>, values: &mut Values<'a>) -> usize {
    let mut more = scanner.open();
    while more {
        let start = scanner.at();
        let member = scanner.known_name();
        let place = member.map_or(UNKNOWN, |member| member as usize);
        if let (Some(_), Some(Some(_))) = (member, values.get(place)) {
            scanner.fail_at(start, member, ParseErrorKind::DuplicateMember);
        }
        scanner.colon();
        let value = scanner.member_value(member);
        if let Some(place) = values.get_mut(place) {
            *place = Some(value);
        }
        more = scanner.next('}');
    }
    let close = scanner.at().wrapping_sub(1);
    scanner.end();
    close
}

/// Says what the members of an envelope mean. Errors are the scanner's: it keeps the first, and so nothing here stops at one.
struct Judge<'e, 'a> {
    scanner: &'e mut Scanner<'a>,
    close: usize,
    values: &'e Values<'a>,
    /// The members that may be absent: a bit for each.
    optional: u32,
}

impl<'e, 'a> Judge<'e, 'a> {
    fn new(
        scanner: &'e mut Scanner<'a>,
        close: usize,
        values: &'e Values<'a>,
        policy: Policy,
    ) -> Self {
        Self {
            scanner,
            close,
            values,
            optional: match policy {
                Policy::Strict => FROM_DEST_SIGN,
                Policy::Reference => FROM_DEST_SIGN | ID_TIME_DATA,
            },
        }
    }

    fn message(mut self) -> Result<Message<'a>, ParseError> {
        let message = match self.value(Member::Type) {
            Some(kind) if kind.as_text().is_none() => {
                let code =
                    self.integer(kind, ParseErrorKind::ExpectedStringOrInteger, Member::Type);
                let code = u32::try_from(code).unwrap_or_else(|_| {
                    self.fail(ParseErrorKind::OutOfRange, Member::Type);
                    0
                });
                Message::Transport(self.transport_message(code))
            }
            _ => Message::Data(self.data_message()),
        };
        match self.scanner.error() {
            Some(error) => Err(error),
            None => Ok(message),
        }
    }

    fn data_message(&mut self) -> DataMessage<'a> {
        let kind = self.text(Member::Type);
        let id = self.text(Member::Id);
        let time = match self.value(Member::Time) {
            Some(time) => self.integer(time, ParseErrorKind::ExpectedInteger, Member::Time),
            None => 0,
        };
        let data = self.payload();
        DataMessage::new(id, kind, time, data)
            .with_from(self.text(Member::From))
            .with_dest(self.text(Member::Dest))
            .with_sign(self.text(Member::Sign))
    }

    fn payload(&mut self) -> Payload<'a> {
        let data = value_of(self.values, Member::Data);
        if let Some(object) = data.and_then(RawObject::of) {
            return Payload::Object(object);
        }
        Payload::Text(self.text_or(ParseErrorKind::ExpectedStringOrObject, Member::Data))
    }

    fn transport_message(&mut self, code: u32) -> TransportMessage<'a> {
        // Not yet what it is by name, or the code for each name would be there several times.
        let receipt = TransportType::Other(code).is_receipt();
        self.optional |= if receipt { 0 } else { ID_TIME_DATA };
        let has_data = self.value(Member::Data).is_some() | receipt;
        let data = has_data.then(|| self.text(Member::Data));
        let sign = self.text(Member::Sign);
        TransportMessage::parsed(TransportType::from(code), data, sign)
    }

    /// The text of a member; the empty one where it is absent and may be.
    fn text(&mut self, member: Member) -> JsonStr<'a> {
        self.text_or(ParseErrorKind::ExpectedString, member)
    }

    /// The text of a member. An error is `other` where it is something else.
    #[inline(never)]
    fn text_or(&mut self, other: ParseErrorKind, member: Member) -> JsonStr<'a> {
        let Some(value) = self.value(member) else {
            return JsonStr::EMPTY;
        };
        value.as_text().unwrap_or_else(|| {
            self.fail(other, member);
            JsonStr::EMPTY
        })
    }

    /// The integer that the value of a member is. An error is `other` where it is something else.
    #[inline(never)]
    fn integer(&mut self, value: &RawJson<'a>, other: ParseErrorKind, member: Member) -> i64 {
        value.as_integer().unwrap_or_else(|kind| {
            let is_other = kind == ParseErrorKind::ExpectedInteger;
            self.fail(if is_other { other } else { kind }, member);
            0
        })
    }

    /// The value of a member; none where it is absent, or `null` where it may be absent (`P-9`, `P-10`, `P-13`).
    #[inline(never)]
    fn value(&mut self, member: Member) -> Option<&'e RawJson<'a>> {
        let optional = self.optional >> (member as u32) & 1 == 1;
        let value = value_of(self.values, member).as_ref();
        match value {
            Some(value) if optional && value.is_null() => return None,
            None if !optional => self.fail(ParseErrorKind::MissingMember, member),
            _ => {}
        }
        value
    }

    /// An error that concerns a member: where its value is, or else the closing brace.
    #[cold]
    #[inline(never)]
    fn fail(&mut self, kind: ParseErrorKind, member: Member) {
        let frame = self.scanner.bytes();
        let value = value_of(self.values, member);
        let at = value.map_or(self.close, |value| offset_in(frame, value.as_bytes()));
        self.scanner.fail_at(at, Some(member), kind);
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
        let more = scanner.open();
        Self { scanner, more }
    }
}

impl<'a> Iterator for Members<'a> {
    type Item = (JsonStr<'a>, RawJson<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        if !self.more {
            return None;
        }
        let name = self.scanner.name();
        let value = self.scanner.member_value(None);
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
