//! Keys out of files, for both schemes.

use std::convert::Infallible;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::Path;

use bachata_core::{
    Covered, HmacSha256, JsonStr, KeyError, Sign, Signature, SignatureError, TokenSha256, Verify,
};
use clap::ValueEnum;
use zeroize::Zeroizing;

use crate::printable::Printable;
use crate::status::{Status, complain};

/// The schemes by name (`P-16`, `P-17`).
#[derive(ValueEnum, Clone, Copy, PartialEq, Default, Debug)]
pub(crate) enum SchemeName {
    /// HMAC-SHA256 of all members but the unknown
    #[default]
    #[value(name = HmacSha256::NAME)]
    HmacSha256,
    /// SHA-256 of the data and a token: covers the data alone
    #[value(name = TokenSha256::NAME)]
    TokenSha256,
}

/// The longest key, in bytes: a larger file has been named by mistake.
const MOST: usize = 4096;

/// A key of either scheme.
pub(crate) enum Key {
    Hmac(Box<HmacSha256>),
    Token(Box<TokenSha256<MOST>>),
}

impl Key {
    /// The key in a file: its bytes, without one line feed at their end.
    ///
    /// # Errors
    ///
    /// The file can't be read, or holds no key. It has been complained of.
    pub(crate) fn read(path: &Path, scheme: SchemeName) -> Result<Self, Status> {
        let complain = |why: &dyn std::fmt::Display| {
            let path = Printable::of(&path.to_string_lossy());
            complain(&format!("{path}: {why}"))
        };
        let bytes = read(path).map_err(|error| complain(&error))?;
        let key = bytes.strip_suffix(b"\n").unwrap_or(&bytes);
        if key.len() > MOST {
            return Err(complain(&format_args!("key is over {MOST} bytes")));
        }
        Self::new(key, scheme).map_err(|error| complain(&error))
    }

    fn new(key: &[u8], scheme: SchemeName) -> Result<Self, KeyError> {
        Ok(match scheme {
            SchemeName::HmacSha256 => Self::Hmac(Box::new(HmacSha256::new(key)?)),
            SchemeName::TokenSha256 => Self::Token(Box::new(TokenSha256::with_room(key)?)),
        })
    }
}

/// What is in a file, or the start of it where that is too much.
fn read(path: &Path) -> io::Result<Zeroizing<Vec<u8>>> {
    // Room for one byte too many, so that nothing is moved and left behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(MOST + 2));
    File::open(path)?
        .take(MOST as u64 + 2)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

impl Sign for Key {
    type Signature = Signature;
    type Error = Infallible;

    fn sign<C: Covered + ?Sized>(&self, covered: &C) -> Result<Signature, Infallible> {
        match self {
            Self::Hmac(key) => key.sign(covered),
            Self::Token(token) => token.sign(covered),
        }
    }
}

impl Verify for Key {
    type Error = SignatureError;

    fn verify<C: Covered + ?Sized>(
        &self,
        covered: &C,
        sign: JsonStr<'_>,
    ) -> Result<usize, SignatureError> {
        match self {
            Self::Hmac(key) => key.verify(covered, sign),
            Self::Token(token) => token.verify(covered, sign),
        }
    }
}
