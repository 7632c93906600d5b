use std::fs;
use std::path::Path;

use bachata_core::Policy;
use serde::Deserialize;
use serde_json::Value;

use crate::Fault;

/// A conformance vector; `vectors/README.md` says what its parts mean.
#[derive(Clone, Debug)]
pub struct Vector {
    /// What it shows, unique.
    pub name: String,
    /// The file it stands in.
    pub file: String,
    /// The clauses that it tests.
    pub clauses: Vec<String>,
    /// The policies under which it holds.
    pub policies: Vec<Policy>,
    /// The frame.
    pub frame: Vec<u8>,
    /// What reading it gives.
    pub expected: Result<Expected, Fault>,
}

/// What reading an accepted frame gives.
#[derive(Clone, Debug)]
pub struct Expected {
    /// The message.
    pub message: ExpectedMessage,
    /// The frame that writing the message gives.
    pub output: String,
}

/// The message of a vector.
#[derive(Clone, Debug, Deserialize)]
#[serde(tag = "message", rename_all = "lowercase", deny_unknown_fields)]
pub enum ExpectedMessage {
    /// A data message.
    Data {
        /// The member `id`.
        id: String,
        /// The member `type`.
        #[serde(rename = "type")]
        kind: String,
        /// The member `time`.
        time: i64,
        /// The payload as a value.
        data: Option<Value>,
        /// The payload as it stands in the output.
        data_text: Option<String>,
        /// The member `from`.
        from: Option<String>,
        /// The member `dest`.
        dest: Option<String>,
        /// The member `sign`.
        sign: Option<String>,
    },
    /// A transport message.
    Transport {
        /// The member `type`.
        #[serde(rename = "type")]
        kind: u32,
        /// The member `data`.
        data: Option<String>,
        /// The member `sign`.
        sign: Option<String>,
    },
}

/// All vectors, file by file.
///
/// # Panics
///
/// One is not of the form that the README describes.
pub fn vectors() -> Vec<Vector> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("vectors");
    let mut files: Vec<_> = fs::read_dir(&folder)
        .expect("the folder of the vectors")
        .map(|entry| entry.expect("an entry of the folder").path())
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "jsonl")
        })
        .collect();
    files.sort();
    files.iter().flat_map(|file| read(file)).collect()
}

fn read(path: &Path) -> Vec<Vector> {
    let file = path.file_name().expect("a file").to_string_lossy();
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{file}: {error}"));
    let vectors = text.lines().enumerate().map(|(index, line)| {
        let place = format!("{file}:{}", index + 1);
        let ascii = line.bytes().all(|byte| (b' '..=b'~').contains(&byte));
        assert!(ascii, "{place}: not printable ASCII");
        let vector: Line =
            serde_json::from_str(line).unwrap_or_else(|error| panic!("{place}: {error}"));
        vector.into_vector(&place)
    });
    vectors.collect()
}

/// A vector as it stands in its file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    name: String,
    clause: Clauses,
    policy: Policies,
    frame: Option<String>,
    hex: Option<String>,
    message: Option<ExpectedMessage>,
    error: Option<Fault>,
    output: Option<String>,
}

/// One clause or several.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged)]
pub enum Clauses {
    /// One.
    One(String),
    /// Several.
    Several(Vec<String>),
}

#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Policies {
    Strict,
    Reference,
    Both,
}

impl Line {
    fn into_vector(self, place: &str) -> Vector {
        Vector {
            name: self.name,
            file: place.to_owned(),
            clauses: match self.clause {
                Clauses::One(clause) => vec![clause],
                Clauses::Several(clauses) => clauses,
            },
            policies: match self.policy {
                Policies::Strict => vec![Policy::Strict],
                Policies::Reference => vec![Policy::Reference],
                Policies::Both => vec![Policy::Strict, Policy::Reference],
            },
            frame: match (self.frame, self.hex) {
                (Some(text), None) => text.into_bytes(),
                (None, Some(hex)) => bytes(&hex).unwrap_or_else(|| panic!("{place}: hex")),
                _ => panic!("{place}: either `frame` or `hex`"),
            },
            expected: match (self.message, self.output, self.error) {
                (Some(message), Some(output), None) => Ok(Expected { message, output }),
                (None, None, Some(error)) => Err(error),
                _ => panic!("{place}: either `message` and `output` or `error`"),
            },
        }
    }
}

pub(crate) fn bytes(hex: &str) -> Option<Vec<u8>> {
    let digits = hex.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    digits.map(byte).collect()
}
