//! A sensor with a lamp that speaks Bachata over a serial line, in fixed memory and without `unsafe`.
//!
//! This library is the application, and knows no hardware: a board implements [`Hardware`], and its entry point calls [`Device::step`] for ever.
//! What the device does is described in the README of this crate.

#![cfg_attr(not(test), no_std)]
#![forbid(unsafe_code)]

mod client;
mod command;
mod device;
mod hardware;
mod ids;
mod reading;
mod ring;
mod sensor;
mod starts;

pub use device::Device;
pub use hardware::Hardware;
pub use ring::Ring;
pub use sensor::triangle;
pub use starts::Starts;
