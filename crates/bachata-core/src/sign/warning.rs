use core::fmt;

use crate::envelope::Members;
use crate::{DataMessage, JsonStr, Message, Payload};

/// What may break a signature between two ends that are both honest, because somebody on the way, or a peer that
/// checks the signature, writes it anew in another way (`P-15`).
///
/// ```
/// use bachata_core::{DataMessage, ParseError, RawObject, SignWarningKind};
///
/// let object = RawObject::new(br#"{"on":true,"level":1.0}"#)?;
/// let message = DataMessage::new("7", "led", 1_763_769_600_123, object);
/// let warnings: Vec<_> = message.sign_warnings().collect();
/// assert_eq!(warnings[0].kind(), SignWarningKind::NoSender);
/// assert_eq!(warnings[1].kind(), SignWarningKind::TrailingZero);
/// assert_eq!(warnings[1].offset(), Some(19));
/// assert_eq!(
///     warnings[1].to_string(),
///     "fraction that ends with 0, which JavaScript drops, at byte 19 of the payload",
/// );
/// # Ok::<(), ParseError>(())
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct SignWarning {
    kind: SignWarningKind,
    offset: Option<usize>,
}

impl SignWarning {
    /// What may break the signature.
    pub const fn kind(self) -> SignWarningKind {
        self.kind
    }

    /// Where: bytes from the start of the object that is the payload, as it came. None where it is not about the payload.
    pub const fn offset(self) -> Option<usize> {
        self.offset
    }
}

impl fmt::Display for SignWarning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.kind.fmt(f)?;
        match self.offset {
            Some(offset) => write!(f, " at byte {offset} of the payload"),
            None => Ok(()),
        }
    }
}

/// Makes the enum and its `Display` from one table.
macro_rules! sign_warning_kinds {
    ($($name:ident $text:literal $(#[doc = $doc:literal])+;)+) => {
        /// What may break a signature. What JavaScript does is `JSON.parse` and `JSON.stringify`, what Python does `json.loads` and `json.dumps`.
        #[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
        #[cfg_attr(feature = "defmt", derive(defmt::Format))]
        #[non_exhaustive]
        pub enum SignWarningKind {
            $($(#[doc = $doc])+ $name,)+
        }

        impl fmt::Display for SignWarningKind {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(match self {
                    $(Self::$name => $text,)+
                })
            }
        }
    };
}

sign_warning_kinds! {
    NoSender "no \"from\", which a server may stamp"
        /// A data message without `from`. A server that writes the sender into it breaks a signature by `hmac-sha256`: sign with the `from` that it will
        /// write. It does not matter to `token-sha256`.
    ;
    LargeTime "\"time\" beyond 2^53, which JavaScript rounds"
        /// A `time` of 2⁵³ or more, or −2⁵³ or less, which JavaScript rounds. It does not matter to `token-sha256`.
    ;
    LargeInteger "integer beyond 2^53, which JavaScript rounds,"
        /// An integer of 2⁵³ or more, or −2⁵³ or less: JavaScript rounds it, unless an f64 happens to hold it, and from 10²¹ on writes it with an exponent.
    ;
    NegativeZero "-0, which is written as 0,"
        /// `-0`: both write `0`.
    ;
    Exponent "exponent, which is written in another way,"
        /// A number with an exponent: `1e2` is `100` in JavaScript and `100.0` in Python, and what is too large becomes `null` or `Infinity`. Each
        /// of them keeps the few that it would write so itself (`1e-7`, `1e-07`).
    ;
    TrailingZero "fraction that ends with 0, which JavaScript drops,"
        /// A fraction that ends with 0: `1.0` is `1` in JavaScript, `1.50` is `1.5` in both.
    ;
    SmallFraction "fraction below 0.0001, which Python writes with an exponent,"
        /// A number other than 0 of less than 0.0001: `0.00001` is `1e-05` in Python.
    ;
    LongFraction "fraction of more than 15 digits, which may be rounded,"
        /// A number with a fraction and more than 15 digits. It survives only if no shorter one is the same f64, which is so where Python, JavaScript or
        /// Rust have written it from one.
    ;
    IntegerName "name before one that is an integer, which JavaScript puts first,"
        /// The name of a member, with one after it that is an integer from 0 to 2³²−2, and smaller if both are: JavaScript puts all integers first, in
        /// the order of numbers.
    ;
    RepeatedName "name that stands again in the same object, of which one is dropped,"
        /// The name of a member that stands again further on in the same object: both keep the last value alone.
    ;
}

/// The [`SignWarning`]s of a message or a payload.
#[derive(Clone, Debug)]
pub struct SignWarnings<'a> {
    no_sender: bool,
    large_time: bool,
    /// The payload, if it is an object, and how much of it has been seen.
    json: &'a [u8],
    at: usize,
    /// The second thing to say about a name.
    repeated: Option<usize>,
}

impl<'a> Payload<'a> {
    /// What may break a signature of this payload on its way. A text always survives.
    ///
    /// It is for whoever signs. It takes time by the square of the number of members in an object, and is not meant for what a stranger has sent.
    pub fn sign_warnings(self) -> SignWarnings<'a> {
        let object = self.as_object().map(|object| object.as_bytes());
        SignWarnings {
            no_sender: false,
            large_time: false,
            json: object.unwrap_or_default(),
            at: 0,
            repeated: None,
        }
    }
}

impl<'a> DataMessage<'a> {
    /// What may break a signature of this message on its way. Whoever signs a typed payload asks for it once, of the message that has been encoded and parsed.
    ///
    /// It is for whoever signs. It takes time by the square of the number of members in an object, and is not meant for what a stranger has sent.
    pub fn sign_warnings(&self) -> SignWarnings<'a> {
        SignWarnings {
            no_sender: self.from().is_none(),
            large_time: self.time().unsigned_abs() > MAX_EXACT,
            ..self.data().sign_warnings()
        }
    }
}

impl<'a> Message<'a> {
    /// What may break a signature of this message on its way; of a transport message, nothing.
    pub fn sign_warnings(&self) -> SignWarnings<'a> {
        match self {
            Self::Data(message) => message.sign_warnings(),
            Self::Transport(_) => Payload::default().sign_warnings(),
        }
    }
}

impl Iterator for SignWarnings<'_> {
    type Item = SignWarning;

    fn next(&mut self) -> Option<SignWarning> {
        if core::mem::take(&mut self.no_sender) {
            return Some(SignWarning {
                kind: SignWarningKind::NoSender,
                offset: None,
            });
        }
        if core::mem::take(&mut self.large_time) {
            return Some(SignWarning {
                kind: SignWarningKind::LargeTime,
                offset: None,
            });
        }
        loop {
            if let Some(offset) = self.repeated.take() {
                return Some(SignWarning {
                    kind: SignWarningKind::RepeatedName,
                    offset: Some(offset),
                });
            }
            let offset = self.at;
            let rest = self.json.get(offset..)?;
            let (len, found) = match rest.first()? {
                b'"' => {
                    let len = string_len(rest);
                    (len, self.judge_string(offset, rest, len))
                }
                b'-' | b'0'..=b'9' => {
                    let len = rest.iter().position(ends_number).unwrap_or(rest.len());
                    (len, judge_number(rest.get(..len).unwrap_or_default()))
                }
                _ => (1, None),
            };
            self.at = offset.saturating_add(len);
            if let Some(kind) = found {
                return Some(SignWarning {
                    kind,
                    offset: Some(offset),
                });
            }
        }
    }
}

impl SignWarnings<'_> {
    /// What there is to say about a string, if it is a name. That it is repeated is said next.
    fn judge_string(&mut self, offset: usize, rest: &[u8], len: usize) -> Option<SignWarningKind> {
        let mut after = rest.get(len..)?.iter();
        if after.find(|byte| !byte.is_ascii_whitespace()) != Some(&b':') {
            return None;
        }
        let mut members = Members::starting_with(rest);
        let (name, _) = members.next()?;
        let mut rest = members.clone();
        if members.any(|(other, _)| other == name) {
            self.repeated = Some(offset);
        }
        let next = array_index(rest.next()?.0)?;
        // Where no two neighbours are out of order, all are in order.
        array_index(name)
            .is_none_or(|index| index > next)
            .then_some(SignWarningKind::IntegerName)
    }
}

impl core::iter::FusedIterator for SignWarnings<'_> {}

/// An f64 holds every integer up to this one.
const MAX_EXACT: u64 = (1 << 53) - 1;

/// Every decimal of so many digits is the shortest one that reads as the same f64.
const EXACT_DIGITS: usize = 15;

/// The string with which `json` starts, with its quotes.
fn string_len(json: &[u8]) -> usize {
    // The opening quote ends nothing.
    let mut escaped = true;
    let end = json.iter().position(|byte| {
        let ends = *byte == b'"' && !escaped;
        escaped = *byte == b'\\' && !escaped;
        ends
    });
    end.map_or(json.len(), |end| end.saturating_add(1))
}

fn ends_number(byte: &u8) -> bool {
    matches!(*byte, b',' | b'}' | b']') || byte.is_ascii_whitespace()
}

/// What there is to say about a number.
fn judge_number(number: &[u8]) -> Option<SignWarningKind> {
    let digits = number.strip_prefix(b"-").unwrap_or(number);
    if digits.iter().any(|byte| matches!(byte, b'e' | b'E')) {
        return Some(SignWarningKind::Exponent);
    }
    let mut parts = digits.split(|byte| *byte == b'.');
    let (integer, fraction) = (parts.next()?, parts.next());
    let Some(fraction) = fraction else {
        let magnitude = core::str::from_utf8(integer).ok()?.parse::<u64>();
        return match magnitude {
            Ok(0) if number.len() > 1 => Some(SignWarningKind::NegativeZero),
            Ok(..=MAX_EXACT) => None,
            _ => Some(SignWarningKind::LargeInteger),
        };
    };
    let leading_zeros = |part: &[u8]| part.iter().take_while(|digit| **digit == b'0').count();
    let insignificant = match integer {
        b"0" => leading_zeros(fraction).saturating_add(1),
        _ => 0,
    };
    let len = integer.len().saturating_add(fraction.len());
    if fraction.last() == Some(&b'0') {
        Some(SignWarningKind::TrailingZero)
    } else if insignificant > 4 {
        Some(SignWarningKind::SmallFraction)
    } else if len.saturating_sub(insignificant) > EXACT_DIGITS {
        Some(SignWarningKind::LongFraction)
    } else {
        None
    }
}

/// The integer that JavaScript takes a name for, if it does: from 0 to 2³²−2, written without leading zeros.
fn array_index(name: JsonStr<'_>) -> Option<u32> {
    let mut index = 0_u32;
    let mut digits = 0_u32;
    for digit in name.chars() {
        if digits > 0 && index == 0 {
            return None;
        }
        let digit = char::to_digit(digit, 10)?;
        index = index.checked_mul(10)?.checked_add(digit)?;
        digits = digits.wrapping_add(1);
    }
    (digits > 0 && index < u32::MAX).then_some(index)
}
