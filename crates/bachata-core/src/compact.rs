//! Messages in the form in which peers write them, read without a detour: names without escapes, whitespace only after commas and colons
//! and at the end, no member that is unknown or stands twice, and all the members that a message must have.
//!
//! What is read here is what the scanner would have read. Whatever is not of that form is none, right or wrong: the scanner then looks at the frame
//! from its start, and says what is the matter.

use crate::error::has_offsets;
use crate::json::scanner::{Scanner, is_space};
use crate::json::special::string_end;
use crate::json::word::{is_plain, plain_end};
use crate::{
    DataMessage, JsonStr, Member, Message, Payload, RawObject, TransportMessage, TransportType,
};

/// What `found` makes of the message in a frame, which is the same by either policy and has all the members of the frame. Where that can't be
/// told, what `otherwise` gives.
///
/// Its parts are put together here, where they are returned: a message that is moved is moved in larger pieces than it was written in, and
/// that takes longer than all the rest of a short frame.
#[inline(always)]
pub(crate) fn message<'a, T, E>(
    frame: &'a [u8],
    found: impl FnOnce(Message<'a>) -> T,
    otherwise: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    match receipt(frame) {
        Some((code, id)) => {
            let id = JsonStr::scanned(id, false);
            let message = TransportMessage::parsed(code, Some(id), JsonStr::EMPTY);
            Ok(found(Message::Transport(message)))
        }
        None => data_message(frame, found, otherwise),
    }
}

/// The same where a message is no short answer.
#[inline(never)]
fn data_message<'a, T, E>(
    frame: &'a [u8],
    found: impl FnOnce(Message<'a>) -> T,
    otherwise: impl FnOnce() -> Result<T, E>,
) -> Result<T, E> {
    let mut parts = Parts::default();
    if parts.read(frame).is_none() {
        return match any_transport_message(frame) {
            Some(message) => Ok(found(Message::Transport(message))),
            None => otherwise(),
        };
    }
    let text = |member| parts.text(member);
    let data = match parts.object {
        Some(object) => Payload::Object(object),
        None => Payload::Text(text(Member::Data)),
    };
    let message = DataMessage::with_payload(text(Member::Id), text(Member::Type), parts.time, data);
    let message = message
        .with_from(text(Member::From))
        .with_dest(text(Member::Dest));
    Ok(found(Message::Data(message.with_sign(text(Member::Sign)))))
}

/// The type of a message that is about another and has nothing to be skipped or decoded, and its `data`.
#[inline(always)]
fn receipt(frame: &[u8]) -> Option<(u32, &[u8])> {
    let (start, rest) = frame.split_first_chunk::<20>()?;
    let [word_0, word_1, word_2] = [0, 8, 12].map(|at| {
        let word = start.get(at..).and_then(|rest| rest.first_chunk());
        u64::from_le_bytes(word.copied().unwrap_or_default())
    });
    let like = u64::from_le_bytes(*b"\x0000,\"dat") ^ word_1;
    let [digit, ..] = like.to_le_bytes();
    let code = u32::from(digit & 0xf).wrapping_mul(100);
    let [id @ .., b'"', b'}'] = rest else {
        return None;
    };
    let is =
        word_0 == TRANSPORT && like >> 8 == 0 && word_2 == DATA && matches!(digit, b'1'..=b'3');
    (is && has_offsets(frame.len()) && is_plain(id)).then_some((code, id))
}

const TRANSPORT: u64 = u64::from_le_bytes(*b"{\"type\":");

/// Any transport message whose `type` stands first.
#[inline(never)]
fn any_transport_message(frame: &[u8]) -> Option<TransportMessage<'_>> {
    let (start, rest) = frame.split_first_chunk()?;
    if u64::from_le_bytes(*start) != TRANSPORT || !has_offsets(frame.len()) {
        return None;
    }
    let (code, mut rest) = integer(skip_space(rest))?;
    let code = u32::try_from(code).ok()?;
    let (mut data, mut escaped) = (None, false);
    if let [b',', members @ ..] = rest {
        let (Name::Text(Member::Data), inside) = Name::read(skip_space(members))? else {
            return None;
        };
        let id;
        (id, escaped, rest) = text(inside)?;
        data = Some(id);
    }
    close(rest)?;
    let data = data.map(|data| JsonStr::scanned(data, escaped));
    (data.is_some() || !TransportType::Other(code).is_receipt())
        .then(|| TransportMessage::parsed(code, data, JsonStr::EMPTY))
}

/// What a data message is made of.
#[derive(Default)]
struct Parts<'a> {
    /// The insides of strings, in the order of [`Member`].
    texts: [&'a [u8]; Member::ALL.len()],
    /// Which of them are escaped, as bits.
    escaped: u32,
    time: i64,
    object: Option<RawObject<'a>>,
}

impl<'a> Parts<'a> {
    #[inline(always)]
    fn text(&self, member: Member) -> JsonStr<'a> {
        let text = self.texts.get(member as usize).copied();
        let escaped = self.escaped >> member as u32 & 1 == 1;
        JsonStr::scanned(text.unwrap_or_default(), escaped)
    }

    #[inline(always)]
    fn read(&mut self, frame: &'a [u8]) -> Option<()> {
        let [b'{', rest @ ..] = frame else {
            return None;
        };
        if !has_offsets(frame.len()) {
            return None;
        }
        let mut rest = rest;
        // A bit for each member that has been seen.
        let mut seen = 0_u32;
        loop {
            let (name, value) = Name::read(rest)?;
            let member = match name {
                Name::Text(member) => {
                    let (inside, escaped, after) = text(value)?;
                    *self.texts.get_mut(member as usize)? = inside;
                    self.escaped |= u32::from(escaped) << member as u32;
                    rest = after;
                    member
                }
                Name::Time => {
                    (self.time, rest) = integer(value)?;
                    Member::Time
                }
                Name::Object => {
                    let (object, after) = object_of(frame, value)?;
                    self.object = Some(object);
                    rest = after;
                    Member::Data
                }
            };
            let bit = 1 << member as u32;
            if seen & bit != 0 {
                return None;
            }
            seen |= bit;
            let [b',', next @ ..] = rest else {
                break;
            };
            rest = skip_space(next);
        }
        close(rest)?;
        (seen & REQUIRED == REQUIRED).then_some(())
    }
}

/// The members that a data message must have, as bits in the order of [`Member`].
const REQUIRED: u32 = 0b000_1111;

/// The name of a member, the colon, and what shows the kind of its value.
enum Name {
    /// Up to the inside of a string.
    Text(Member),
    /// Up to a number.
    Time,
    /// Up to the opening brace, which is still to come.
    Object,
}

impl Name {
    /// The name at the start of `bytes`, and what follows.
    #[inline(always)]
    fn read(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let (start, rest) = bytes.split_first_chunk()?;
        let word = u64::from_le_bytes(*start);
        let name = match word {
            TYPE => Self::Text(Member::Type),
            DATA => Self::Text(Member::Data),
            FROM => Self::Text(Member::From),
            DEST => Self::Text(Member::Dest),
            SIGN => Self::Text(Member::Sign),
            _ if is_id(word) => return Some((Self::Text(Member::Id), bytes.get(6..)?)),
            _ if word & MASK == TIME & MASK => {
                return Some((Self::Time, skip_space(bytes.get(7..)?)));
            }
            _ => return Self::read_other(bytes),
        };
        Some((name, rest))
    }

    /// A name with a space after its colon, and `data` that is an object.
    #[inline(never)]
    fn read_other(bytes: &[u8]) -> Option<(Self, &[u8])> {
        let word = u64::from_le_bytes(*bytes.first_chunk()?);
        let (member, length) = match word & MASK | QUOTE {
            TYPE => (Member::Type, 7),
            DATA => (Member::Data, 7),
            FROM => (Member::From, 7),
            DEST => (Member::Dest, 7),
            SIGN => (Member::Sign, 7),
            _ if word & ID_MASK >> 8 == ID & ID_MASK >> 8 => (Member::Id, 5),
            _ => return None,
        };
        let value = skip_space(bytes.get(length..)?);
        match value {
            [b'"', inside @ ..] => Some((Self::Text(member), inside)),
            [b'{', ..] if member == Member::Data => Some((Self::Object, value)),
            _ => None,
        }
    }
}

/// Whether a word begins with the name `id` and a text after it.
#[inline(always)]
const fn is_id(word: u64) -> bool {
    word & ID_MASK == ID
}

const TYPE: u64 = u64::from_le_bytes(*b"\"type\":\"");
const TIME: u64 = u64::from_le_bytes(*b"\"time\":\"");
const DATA: u64 = u64::from_le_bytes(*b"\"data\":\"");
const FROM: u64 = u64::from_le_bytes(*b"\"from\":\"");
const DEST: u64 = u64::from_le_bytes(*b"\"dest\":\"");
const SIGN: u64 = u64::from_le_bytes(*b"\"sign\":\"");
const ID: u64 = u64::from_le_bytes(*b"\"id\":\"\0\0");

/// What of a word is a name of four letters.
const MASK: u64 = u64::MAX >> 8;
/// What of a word is the name of two letters and the quote after it.
const ID_MASK: u64 = u64::MAX >> 16;
/// The quote after a name of four letters.
const QUOTE: u64 = (b'"' as u64) << 56;

/// The inside of a string, whether it is escaped, and what follows its closing quote.
#[inline(always)]
fn text(bytes: &[u8]) -> Option<(&[u8], bool, &[u8])> {
    let mut end = plain_end(bytes, 0);
    let mut escaped = false;
    if bytes.get(end) != Some(&b'"') {
        (end, escaped) = string_end(bytes, end)?;
    }
    let (inside, rest) = bytes.split_at_checked(end)?;
    Some((inside, escaped, rest.get(1..)?))
}

/// The object at the start of `bytes`, which end a frame, and what follows it.
#[inline(never)]
fn object_of<'a>(frame: &'a [u8], bytes: &'a [u8]) -> Option<(RawObject<'a>, &'a [u8])> {
    let mut scanner = Scanner::new(frame);
    scanner.skip_by(frame.len().wrapping_sub(bytes.len()));
    let object = RawObject::of(scanner.next_value())?;
    let is_object = scanner.error().is_none();
    is_object.then(|| (object, scanner.rest()))
}

/// An integer of at most 18 digits without a sign, and what follows it.
#[inline(always)]
fn integer(bytes: &[u8]) -> Option<(i64, &[u8])> {
    let mut rest = bytes;
    let mut value = 0_i64;
    if let Some((word, tail)) = rest.split_first_chunk() {
        if let Some(eight) = eight_digits(u64::from_le_bytes(*word)) {
            value = i64::from(eight);
            rest = tail;
        }
    }
    while let [digit @ b'0'..=b'9', tail @ ..] = rest {
        value = value.wrapping_mul(10).wrapping_add(i64::from(digit & 0xf));
        rest = tail;
    }
    let digits = bytes.len().wrapping_sub(rest.len());
    let leading_zero = digits > 1 && bytes.first() == Some(&b'0');
    (matches!(digits, 1..=18) && !leading_zero).then_some((value, rest))
}

/// The closing brace, and nothing but whitespace after it.
#[inline(always)]
fn close(rest: &[u8]) -> Option<()> {
    match rest {
        [b'}'] => Some(()),
        [b'}', rest @ ..] if rest.iter().all(|&byte| is_space(char::from(byte))) => Some(()),
        _ => None,
    }
}

/// What follows a space, if there is one.
#[inline(always)]
fn skip_space(bytes: &[u8]) -> &[u8] {
    match bytes {
        [b' ', rest @ ..] => rest,
        rest => rest,
    }
}

/// The number that eight digits are, the first one lowest.
#[inline(always)]
fn eight_digits(word: u64) -> Option<u32> {
    const ONES: u64 = u64::MAX / 0xff;
    let digits = word ^ (ONES.wrapping_mul(b'0' as u64));
    // A byte above nine either has its high bits set or gets one of them.
    if (digits | digits.wrapping_add(ONES.wrapping_mul(6))) & ONES.wrapping_mul(0xf0) != 0 {
        return None;
    }
    // Of each pair the value is in its first byte.
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let odd = (pairs & PAIRS).wrapping_mul(100 + (1_000_000 << 32));
    let even = (pairs >> 16 & PAIRS).wrapping_mul(1 + (10_000 << 32));
    u32::try_from(odd.wrapping_add(even) >> 32).ok()
}

/// Every other pair.
const PAIRS: u64 = 0xff_0000_00ff;

#[cfg(test)]
mod tests {
    use std::format;
    use std::string::String;
    use std::vec::Vec;

    use super::*;
    use crate::{Envelope, Policy};

    /// The scanner finds the same message in a frame, if any is found here. Whether one is.
    fn check(frame: &[u8]) -> bool {
        let Ok(message) = message(frame, |message| message, || Err(())) else {
            return false;
        };
        for policy in [Policy::Strict, Policy::Reference] {
            let plain = Envelope::parse_any_message(frame, policy);
            let shown = String::from_utf8_lossy(frame);
            // What is escaped, and what is in normal form, shows in the form of a text when it is written.
            assert_eq!(Ok(message), plain, "{shown}");
            assert_eq!(
                format!("{message}"),
                format!("{}", plain.unwrap()),
                "{shown}"
            );
        }
        let members = Envelope::parse(frame).unwrap().members();
        let own = |name| Member::named(name).is_some_and(|member| message.owns(member));
        assert!(members.map(|(name, _)| name).all(own));
        true
    }

    #[test]
    fn the_names_of_texts_are_read_with_and_without_a_space() {
        for member in Member::ALL {
            if member == Member::Time {
                continue;
            }
            for space in ["", " "] {
                let bytes = format!("\"{member}\":{space}\"text\"}}");
                let read = Name::read(bytes.as_bytes());
                assert!(
                    matches!(read, Some((Name::Text(found), b"text\"}")) if found == member),
                    "{bytes}"
                );
            }
        }
    }

    const FRAMES: [&str; 8] = [
        r#"{"type":200,"data":"7f6a2c1e-0b4d-4e2f-9a57-3d1c5b8e6f90"}"#,
        r#"{"type": 300, "data": "m1"}"#,
        r#"{"type":1001}"#,
        r#"{"type":4711,"data":"a\u00e9é"}"#,
        r#"{"id":"7","type":"note","time":1763769600123,"data":"hi \"there\" é\n","from":"alice","dest":"bob","sign":"0a1b2c3d4e5f60718293a4b5c6d7e8f9"}"#,
        r#"{"dest":"b","data":{"on":[true,{"n":-1.50}],"s":"x"},"time":0,"type":"led","id":""}"#,
        r#"{"id": "7", "type": "t", "time": 12345678, "data": {"a": 1}, "from": "caf\u00e9"}"#,
        "{\"type\":\"t\",\"id\":\"i\",\"data\":\"\",\"time\":123456789012345678}\r\n",
    ];

    #[test]
    fn usual_frames_are_taken() {
        for frame in FRAMES {
            assert!(check(frame.as_bytes()), "{frame}");
        }
    }

    // Of the frame only what is looked at takes memory, where the system gives none before.
    #[cfg(all(target_os = "linux", target_pointer_width = "64", not(miri)))]
    #[test]
    fn a_frame_that_offsets_do_not_reach_is_refused_unseen() {
        for start in [&br#"{"id":"1""#[..], br#"{"type":1001"#] {
            let mut frame = std::vec![0; u32::MAX as usize + 1];
            frame[..start.len()].copy_from_slice(start);
            let error = Message::parse(&frame).unwrap_err();
            assert_eq!(error.kind(), crate::ParseErrorKind::TooLong);
            assert_eq!(error.offset(), 0);
        }
    }

    #[test]
    fn receipts_are_taken_at_once() {
        for (code, digit) in [(100, '1'), (200, '2'), (300, '3')] {
            for id in ["", "7", "7f6a2c1e-0b4d-4e2f-9a57-3d1c5b8e6f90"] {
                let frame = format!(r#"{{"type":{digit}00,"data":"{id}"}}"#);
                assert_eq!(receipt(frame.as_bytes()), Some((code, id.as_bytes())));
                assert!(check(frame.as_bytes()));
            }
        }
        for frame in [
            r#"{"type":000,"data":"7"}"#,
            r#"{"type":400,"data":"7"}"#,
            r#"{"type":1001,"data":"7"}"#,
            r#"{"type":200,"from":"7"}"#,
            r#"{"type":200,"data":"a"b"}"#,
            r#"{"type":200,"data":"7"]"#,
        ] {
            assert_eq!(receipt(frame.as_bytes()), None, "{frame}");
        }
    }

    #[test]
    fn changed_and_broken_frames_are_those_of_the_scanner() {
        for frame in FRAMES.map(str::as_bytes) {
            for at in 0..frame.len() {
                check(&frame[..at]);
                check(&frame[at..]);
                let mut changed = frame.to_vec();
                for byte in 0..=u8::MAX {
                    changed[at] = byte;
                    check(&changed);
                }
                changed.remove(at);
                check(&changed);
                for byte in b"\"{}[],:0-\\ \n\x80" {
                    changed.insert(at, *byte);
                    check(&changed);
                    changed.insert(at + 1, frame[at]);
                    check(&changed);
                    changed.drain(at..at + 2);
                }
            }
        }
    }

    #[test]
    fn members_may_stand_in_any_order_twice_or_not_at_all() {
        let members = [
            r#""id":"7""#,
            r#""type":"t""#,
            r#""type":1001"#,
            r#""time":5"#,
            r#""data":"d""#,
            r#""data":{}"#,
            r#""sign":null"#,
            r#""from":{}"#,
        ];
        let mut taken = 0;
        for number in 0..8_usize.pow(5) {
            let chosen: Vec<_> = (0..5)
                .map(|place| members[number >> (3 * place) & 7])
                .collect();
            for count in 1..=5 {
                taken += usize::from(check(
                    format!("{{{}}}", chosen[..count].join(",")).as_bytes(),
                ));
            }
        }
        assert!(taken > 48);
    }

    #[test]
    fn texts_of_every_length_end_where_they_end() {
        for length in 0..100 {
            for byte in [b'x', b'\\', b'"', 0x1f, 0x80, 0xff] {
                for place in 0..length {
                    let mut text = std::vec![b'x'; length];
                    text[place] = byte;
                    for [before, after] in [
                        [r#"{"type":100,"data":""#, r#""}"#],
                        [r#"{"id":"1","type":"t","time":0,"data":""#, r#""}"#],
                        [r#"{"id":"1","data":""#, r#"","type":"t","time":0}"#],
                    ] {
                        let frame = [before.as_bytes(), &text, after.as_bytes()].concat();
                        assert_eq!(check(&frame), byte == b'x', "{before} {length} {place}");
                    }
                }
            }
        }
    }

    #[test]
    fn eight_digits_are_a_number() {
        for number in [0, 1, 9, 10, 12_345_678, 99_999_999, 90_807_060, 1_020_304] {
            let digits = format!("{number:08}");
            let word = u64::from_le_bytes(digits.as_bytes().try_into().unwrap());
            assert_eq!(eight_digits(word), Some(number));
            for place in 0..8 {
                for byte in (0..=u8::MAX).filter(|byte| !byte.is_ascii_digit()) {
                    let mut bytes = word.to_le_bytes();
                    bytes[place] = byte;
                    assert_eq!(eight_digits(u64::from_le_bytes(bytes)), None);
                }
            }
        }
    }
}
