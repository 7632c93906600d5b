use std::fmt;

use bachata_core::{Member, ParseError, ParseErrorKind};
use serde::Deserialize;

/// Why a frame is refused, in the words of the vectors.
#[derive(Clone, PartialEq, Eq, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fault {
    /// The name of the kind in kebab case.
    pub kind: String,
    /// The byte at fault.
    pub offset: usize,
    /// The name of the member it concerns.
    pub member: Option<String>,
}

impl Fault {
    /// A fault of this kind.
    pub fn new(kind: ParseErrorKind, offset: usize, member: Option<Member>) -> Self {
        Self {
            kind: kebab_case(kind),
            offset,
            member: member.map(|member| member.name().to_owned()),
        }
    }
}

impl From<ParseError> for Fault {
    fn from(error: ParseError) -> Self {
        Self::new(error.kind(), error.offset(), error.member())
    }
}

/// The name of an error kind in the vectors: `UnexpectedEnd` is `unexpected-end`.
pub fn kebab_case(kind: impl fmt::Debug) -> String {
    let mut name = String::new();
    for letter in format!("{kind:?}").chars() {
        if letter.is_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
