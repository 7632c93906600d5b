//! The board that goes with the target. Each gives its `Board`, its `NAME`, and what is left when nothing else works: `stop`, `send_byte` and
//! `reset`.

mod register;

#[cfg(target_arch = "arm")]
mod lm3s6965;
#[cfg(target_arch = "riscv32")]
mod virt;

#[cfg(target_arch = "arm")]
pub(crate) use lm3s6965::{Board, NAME, reset, send_byte, stop};
#[cfg(target_arch = "riscv32")]
pub(crate) use virt::{Board, NAME, reset, send_byte, stop};
