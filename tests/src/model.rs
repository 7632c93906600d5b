use std::collections::HashSet;

use bachata_core::{Member, ParseErrorKind, Policy};
use serde_json::value::RawValue;

use crate::{Fault, Fields, Payload, RawPairs, normal_form, read_json};

/// What the protocol says about a frame, by `serde_json` and by nothing of core: slow, and simple enough to be checked by reading.
#[derive(Debug)]
pub struct Model<'a> {
    frame: &'a str,
    members: Vec<(String, &'a RawValue)>,
    duplicate: Option<Fault>,
}

/// The value of a member, as far as the protocol tells values apart.
enum Value {
    Absent,
    Null,
    Text(String),
    /// None if it is beyond an i64.
    Integer(Option<i64>),
    Object(String),
    Other,
}

impl<'a> Model<'a> {
    /// The model of a frame that is a JSON object (`P-1` to `P-3`); none if it isn't.
    pub fn of(frame: &'a [u8]) -> Option<Self> {
        if !read_json(frame).ok()?.is_object() {
            return None;
        }
        // Only now: a `RawValue` takes nested strings unread.
        let frame = std::str::from_utf8(frame).expect("JSON is UTF-8");
        let RawPairs(pairs) = serde_json::from_str(frame).expect("an object");
        let mut seen = HashSet::new();
        let mut duplicate = None;
        let mut members = Vec::new();
        for (raw_name, value) in pairs {
            let name: String = serde_json::from_str(raw_name.get()).expect("a name");
            let known = Member::ALL.into_iter().find(|known| known.name() == name);
            if known.is_some() && !seen.insert(known) && duplicate.is_none() {
                let offset = offset_in(frame, raw_name);
                duplicate = Some(Fault::new(ParseErrorKind::DuplicateMember, offset, known));
            }
            members.push((name, value));
        }
        Some(Self {
            frame,
            members,
            duplicate,
        })
    }

    /// The message (`P-4`, `P-7` to `P-13`).
    ///
    /// # Errors
    ///
    /// A member is repeated, missing or of the wrong type.
    pub fn message(&self, policy: Policy) -> Result<Fields, Fault> {
        if let Some(duplicate) = &self.duplicate {
            return Err(duplicate.clone());
        }
        match self.value(Member::Type) {
            Value::Text(kind) => self.data_message(kind, policy),
            Value::Integer(Some(kind @ 0..=0xffff_ffff)) => {
                self.transport_message(kind as u32, policy)
            }
            Value::Integer(_) => Err(self.wrong(ParseErrorKind::OutOfRange, Member::Type)),
            Value::Absent => Err(self.missing(Member::Type)),
            _ => Err(self.wrong(ParseErrorKind::ExpectedStringOrInteger, Member::Type)),
        }
    }

    fn data_message(&self, kind: String, policy: Policy) -> Result<Fields, Fault> {
        use Policy::{Reference, Strict};
        Ok(Fields::Data {
            id: match (self.value(Member::Id), policy) {
                (Value::Text(id), _) => id,
                (Value::Absent | Value::Null, Reference) => String::new(),
                (Value::Absent, Strict) => return Err(self.missing(Member::Id)),
                _ => return Err(self.wrong(ParseErrorKind::ExpectedString, Member::Id)),
            },
            kind,
            time: match (self.value(Member::Time), policy) {
                (Value::Integer(Some(time)), _) => time,
                (Value::Absent | Value::Null, Reference) => 0,
                (Value::Absent, Strict) => return Err(self.missing(Member::Time)),
                (Value::Integer(None), _) => {
                    return Err(self.wrong(ParseErrorKind::OutOfRange, Member::Time));
                }
                _ => return Err(self.wrong(ParseErrorKind::ExpectedInteger, Member::Time)),
            },
            data: match (self.value(Member::Data), policy) {
                (Value::Text(text), _) => Payload::Text(text),
                (Value::Object(object), _) => Payload::Object(object),
                (Value::Absent | Value::Null, Reference) => Payload::Text(String::new()),
                (Value::Absent, Strict) => return Err(self.missing(Member::Data)),
                _ => return Err(self.wrong(ParseErrorKind::ExpectedStringOrObject, Member::Data)),
            },
            from: self.optional(Member::From)?.filter(|text| !text.is_empty()),
            dest: self.optional(Member::Dest)?.filter(|text| !text.is_empty()),
            sign: self.optional(Member::Sign)?.filter(|text| !text.is_empty()),
        })
    }

    fn transport_message(&self, kind: u32, policy: Policy) -> Result<Fields, Fault> {
        Ok(Fields::Transport {
            kind,
            data: match (kind, self.value(Member::Data), policy) {
                (100 | 200 | 300, Value::Absent | Value::Null, Policy::Reference) => {
                    Some(String::new())
                }
                (100 | 200 | 300, Value::Absent, _) => return Err(self.missing(Member::Data)),
                (100 | 200 | 300, Value::Null, _) => {
                    return Err(self.wrong(ParseErrorKind::ExpectedString, Member::Data));
                }
                _ => self.optional(Member::Data)?,
            },
            sign: self.optional(Member::Sign)?.filter(|text| !text.is_empty()),
        })
    }

    fn optional(&self, member: Member) -> Result<Option<String>, Fault> {
        match self.value(member) {
            Value::Absent | Value::Null => Ok(None),
            Value::Text(text) => Ok(Some(text)),
            _ => Err(self.wrong(ParseErrorKind::ExpectedString, member)),
        }
    }

    fn value(&self, member: Member) -> Value {
        let Some(value) = self.raw(member) else {
            return Value::Absent;
        };
        let text = value.get();
        match text.as_bytes()[0] {
            b'n' => Value::Null,
            b'"' => Value::Text(serde_json::from_str(text).expect("a string")),
            b'{' => Value::Object(normal_form(value)),
            b'-' | b'0'..=b'9' if !text.contains(['.', 'e', 'E']) => {
                Value::Integer(text.parse().ok())
            }
            _ => Value::Other,
        }
    }

    fn raw(&self, member: Member) -> Option<&'a RawValue> {
        let mut members = self.members.iter();
        let (_, value) = members.find(|(name, _)| name == member.name())?;
        Some(*value)
    }

    fn wrong(&self, kind: ParseErrorKind, member: Member) -> Fault {
        let value = self.raw(member).expect("a wrong member is there");
        Fault::new(kind, offset_in(self.frame, value), Some(member))
    }

    fn missing(&self, member: Member) -> Fault {
        let close = self.frame.rfind('}').expect("an object");
        Fault::new(ParseErrorKind::MissingMember, close, Some(member))
    }
}

/// Where `part`, which borrows from `frame`, starts in it.
fn offset_in(frame: &str, part: &RawValue) -> usize {
    part.get().as_ptr().addr() - frame.as_ptr().addr()
}
