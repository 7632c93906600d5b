//! The binary, run.

mod common;
mod inspect;
mod json;
mod make;
mod talk;
mod verify;
