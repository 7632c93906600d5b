//! What the tests of this package share. The tests themselves stand in `tests/`, one file a way of testing; they span the crates of the
//! workspace and use their public API alone.

mod arbitrary;
mod check;
mod dice;
mod fault;
mod fields;
mod json;
mod model;
mod sample;
mod signature_vector;
mod threads;
mod vector;

pub use arbitrary::{config, fields, object, text, value};
pub use check::{POLICIES, check};
pub use dice::{Dice, dice};
pub use fault::{Fault, kebab_case};
pub use fields::{Fields, Payload};
pub use json::{RawPairs, normal_form, read_json};
pub use model::Model;
pub use sample::SAMPLES;
pub use signature_vector::{RewriteVector, SignatureVector, rewrite_vectors, signature_vectors};
pub use threads::on_all_cores;
pub use vector::{Clauses, Expected, ExpectedMessage, Vector, vectors};

/// The examples of the README.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
pub struct Readme;
