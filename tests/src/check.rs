use std::str;

use bachata_core::{Envelope, Member, Message, ParseError, ParseErrorKind, Policy};
use serde_json::value::RawValue;

use crate::{Fault, Fields, Model, read_json};

/// Both of them.
pub const POLICIES: [Policy; 2] = [Policy::Strict, Policy::Reference];

/// Checks what core makes of a frame against everything that is known about it without core: by the [`Model`] if it is a JSON object, and
/// otherwise that its error is of the right kind and member, at the first byte after which no valid frame can follow.
///
/// # Panics
///
/// Core is wrong, or the model.
pub fn check(frame: &[u8]) {
    if let Some(model) = Model::of(frame) {
        return check_judgement(frame, &model);
    }
    let Err(error) = Envelope::parse(frame) else {
        panic!("accepted: {}", frame.escape_ascii());
    };
    for policy in POLICIES {
        let got = Message::parse_with(frame, policy);
        assert_eq!(got, Err(error), "{policy:?}: {}", frame.escape_ascii());
    }
    check_syntax_error(frame, error);
}

/// Checks what is made of a frame that is a JSON object.
fn check_judgement(frame: &[u8], model: &Model<'_>) {
    for policy in POLICIES {
        let message = Message::parse_with(frame, policy);
        let got = message.map(Fields::from).map_err(Fault::from);
        let expected = model.message(policy);
        assert_eq!(got, expected, "{policy:?}: {}", frame.escape_ascii());
        let encoded = message.map(|message| message.to_string());
        let expected = expected.map(|fields| fields.encoded());
        let context = || format!("{policy:?}: {}", frame.escape_ascii());
        assert_eq!(encoded.ok(), expected.ok(), "{}", context());
    }
}

/// Checks the error of a frame that is no JSON object, or repeats a member before it turns out to be none.
fn check_syntax_error(frame: &[u8], error: ParseError) {
    let context = || format!("{error}: {}", frame.escape_ascii());
    assert!(error.offset() <= frame.len(), "{}", context());
    let (before, from) = frame.split_at(error.offset());

    // No byte before it is at fault.
    let is_whole = Model::of(before).is_some();
    assert!(is_whole || may_go_on(before), "too late: {}", context());
    if !is_whole {
        let end = Envelope::parse(before).map_err(|error| (error.kind(), error.offset()));
        let expected = (ParseErrorKind::UnexpectedEnd, before.len());
        assert_eq!(end.err(), Some(expected), "{}", context());
    }
    if error.kind() == ParseErrorKind::UnexpectedEnd {
        assert!(from.is_empty(), "{}", context());
    } else {
        // What follows makes no difference.
        let decisive = before.len() + decisive_len(error.kind(), from);
        let decisive = &frame[..decisive];
        for tail in ["", "\"}", "0", "\\", "\n"] {
            let other = [decisive, tail.as_bytes()].concat();
            let got = Envelope::parse(&other).err();
            assert_eq!(got, Some(error), "{}: {}", context(), other.escape_ascii());
        }
        let is_right = is_named_right(error.kind(), before, decisive);
        assert!(is_right, "{}", context());
    }
    if error.kind() != ParseErrorKind::DuplicateMember {
        let member = member_around(before, error.kind());
        assert_eq!(error.member(), member, "{}", context());
    }
}

/// Whether a frame can begin so, by `serde_json`.
fn may_go_on(start: &[u8]) -> bool {
    let is_text = str::from_utf8(start).map_or_else(|error| error.error_len().is_none(), |_| true);
    is_text && read_json(start).is_err_and(|error| error.is_eof())
}

/// How many bytes, from the one at fault, decide on an error.
fn decisive_len(kind: ParseErrorKind, from: &[u8]) -> usize {
    let len = match kind {
        ParseErrorKind::ByteOrderMark => 3,
        // The sequence and the byte that breaks it off.
        ParseErrorKind::InvalidUtf8 => 4,
        // Two escapes.
        ParseErrorKind::LoneSurrogate => 12,
        // A name with its quotes.
        ParseErrorKind::DuplicateMember => {
            let is_name = |len: &usize| serde_json::from_slice::<String>(&from[..*len]).is_ok();
            (0..=from.len()).find(is_name).expect("a name")
        }
        _ => 1,
    };
    len.min(from.len())
}

/// Whether the kind of an error is what `std` and `serde_json` say about the bytes that decide on it.
fn is_named_right(kind: ParseErrorKind, before: &[u8], decisive: &[u8]) -> bool {
    let at_fault = &decisive[before.len()..];
    // Its last escape may lack digits, after a wrong one.
    let padded = [decisive, b"000"].concat();
    let with = |bytes: &[u8]| [before, bytes].concat();
    let says = |texts: &[&str]| {
        let error = read_json(&padded).expect_err("an error").to_string();
        texts.iter().any(|text| error.starts_with(text))
    };
    let wants_token = Model::of(before).is_some() || may_go_on(&with(b" "));
    let is_comment = at_fault == b"/" && wants_token && !may_go_on(decisive);
    match kind {
        ParseErrorKind::Comment => return is_comment,
        _ if is_comment => return false,
        _ => {}
    }
    match kind {
        ParseErrorKind::ByteOrderMark => before.is_empty() && at_fault == b"\xef\xbb\xbf",
        ParseErrorKind::ExpectedObject => {
            before.trim_ascii().is_empty() && !b"{ \t\r\n".contains(&at_fault[0])
        }
        ParseErrorKind::TrailingData => {
            Model::of(before).is_some() && !b" \t\r\n".contains(&at_fault[0])
        }
        ParseErrorKind::DuplicateMember => {
            let frame = [decisive, b":0}"].concat();
            let model = Model::of(&frame).expect("the name is the end of it");
            let got = Envelope::parse(&frame).expect_err("a duplicate");
            model.message(Policy::Strict) == Err(got.into())
        }
        ParseErrorKind::InvalidUtf8 => {
            let invalid = str::from_utf8(decisive).expect_err("not UTF-8");
            let in_string = may_go_on(&with("\u{e9}".as_bytes()));
            in_string && invalid.valid_up_to() == before.len() && invalid.error_len().is_some()
        }
        ParseErrorKind::InvalidNumber if b"+.NI".contains(&at_fault[0]) => {
            says(&["expected value", "invalid number"])
        }
        ParseErrorKind::InvalidNumber => says(&["invalid number"]),
        ParseErrorKind::ExpectedName => says(&["key must be a string"]),
        ParseErrorKind::ExpectedColon => says(&["expected `:`"]),
        ParseErrorKind::ExpectedValue => {
            !b"+.NI".contains(&at_fault[0]) && says(&["expected value"])
        }
        ParseErrorKind::ExpectedCommaOrBrace => says(&["expected `,` or `}`"]),
        ParseErrorKind::ExpectedCommaOrBracket => says(&["expected `,` or `]`"]),
        ParseErrorKind::TrailingComma => says(&["trailing comma"]),
        ParseErrorKind::InvalidLiteral => says(&["expected ident"]),
        ParseErrorKind::InvalidEscape => says(&["invalid escape"]),
        ParseErrorKind::LoneSurrogate => says(&["lone leading", "unexpected end of hex"]),
        ParseErrorKind::ControlCharacter => says(&["control character"]),
        ParseErrorKind::TooDeep => says(&["recursion limit"]),
        _ => false,
    }
}

/// The known member in whose value the text of a frame stops, if it is inside one.
fn member_around(before: &[u8], kind: ParseErrorKind) -> Option<Member> {
    let (mut in_string, mut escaped, mut depth) = (false, false, 0);
    let (mut start, mut name, mut value) = (0, None, None);
    for (at, &byte) in before.iter().enumerate() {
        if in_string {
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
            continue;
        }
        match byte {
            b'"' => in_string = true,
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            _ => {}
        }
        match (depth, byte) {
            (1, b'{' | b',') => (start, value) = (at + 1, None),
            (1, b':') => (name, value) = (Some(&before[start..at]), Some(&before[at + 1..])),
            (0, _) => value = None,
            _ => {}
        }
    }
    // A zero has ended, unless a digit that follows it is what is wrong.
    let has_ended = serde_json::from_slice::<&RawValue>(value?).is_ok();
    if has_ended && kind != ParseErrorKind::InvalidNumber {
        return None;
    }
    let name: String = serde_json::from_slice(name?).expect("a name");
    Member::ALL.into_iter().find(|member| member.name() == name)
}
