//! The two emulated boards: how they start, speak and count. No image has variables in static memory, so nothing is
//! initialised.

#[cfg_attr(target_arch = "arm", path = "board/lm3s6965.rs")]
#[cfg_attr(target_arch = "riscv32", path = "board/virt.rs")]
mod target;

#[cfg(feature = "count")]
pub(crate) use target::{Counter, calibrate};
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) use target::{semihost, stack_pointer};

/// Writes a text to the console of the emulator.
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) fn print(text: &str) {
    const SYS_WRITEC: usize = 0x03;
    for byte in text.bytes() {
        semihost(SYS_WRITEC, (&raw const byte).addr());
    }
}

/// Writes a number in decimal digits.
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) fn print_number(number: u32) {
    let mut digits = [0; 10];
    let mut rest = number;
    let mut start = digits.len();
    for (place, digit) in digits.iter_mut().enumerate().rev() {
        *digit = b'0' | (rest % 10) as u8;
        rest /= 10;
        start = place;
        if rest == 0 {
            break;
        }
    }
    let digits = digits.get(start..).unwrap_or_default();
    print(core::str::from_utf8(digits).unwrap_or_default());
}

/// Ends the emulation.
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) fn exit() {
    const SYS_EXIT: usize = 0x18;
    const APPLICATION_EXIT: usize = 0x2_0026;
    semihost(SYS_EXIT, APPLICATION_EXIT);
}

/// Room for outputs, which is no variable of the image.
#[cfg(any(
    feature = "all",
    feature = "build",
    feature = "client",
    feature = "server",
    feature = "typed"
))]
pub(crate) fn scratch() -> &'static mut [u8] {
    unsafe extern "C" {
        static mut scratch: [u8; 1024];
    }
    let room = core::hint::black_box(&raw mut scratch);
    // SAFETY: called once in a run; the linker script keeps the memory, and bytes may be anything.
    unsafe { &mut *room }
}
