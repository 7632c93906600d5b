use std::fs;
use std::path::Path;

use serde::Deserialize;

/// A vector for signatures; `vectors/README.md` says what its parts mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignatureVector {
    /// What it shows, unique in its file.
    pub name: String,
    /// The clauses that it tests.
    #[serde(rename = "clause")]
    pub clauses: crate::vector::Clauses,
    /// The name of the scheme.
    pub scheme: String,
    /// The key, in hexadecimal.
    key: String,
    /// The frame.
    pub frame: String,
    /// The bytes that are covered, as text.
    pub covered: String,
    /// `verified`, or what is wrong.
    pub result: String,
}

impl SignatureVector {
    /// The key.
    ///
    /// # Panics
    ///
    /// It is no hexadecimal.
    pub fn key(&self) -> Vec<u8> {
        crate::vector::bytes(&self.key).expect("hexadecimal")
    }
}

/// An object and what others make of it; `vectors/README.md` says what its parts mean.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RewriteVector {
    /// What it shows, unique.
    pub name: String,
    /// The object.
    pub data: String,
    /// The warnings, in order, by name.
    pub warnings: Vec<String>,
    /// What JavaScript makes of it.
    pub javascript: String,
    /// What Python makes of it.
    pub python: String,
}

/// The vectors of a scheme.
///
/// # Panics
///
/// One is not of the form that the README describes.
pub fn signature_vectors(scheme: &str) -> Vec<SignatureVector> {
    read(scheme)
}

/// The vectors of what does not survive.
///
/// # Panics
///
/// One is not of the form that the README describes.
pub fn rewrite_vectors() -> Vec<RewriteVector> {
    read("rewrites")
}

fn read<T: for<'a> Deserialize<'a>>(name: &str) -> Vec<T> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors/signatures");
    let text = fs::read_to_string(folder.join(name).with_extension("jsonl"));
    let text = text.unwrap_or_else(|error| panic!("{name}: {error}"));
    let lines = text.lines().enumerate().map(|(index, line)| {
        let place = format!("{name}:{}", index + 1);
        let ascii = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        assert!(ascii, "{place}: not printable ASCII");
        serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"))
    });
    lines.collect()
}
