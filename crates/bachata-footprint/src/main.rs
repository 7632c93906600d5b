//! Firmware images for two emulated boards, of which `ci/footprint` measures what bachata-core costs. Each set of features is one
//! image:
//!
//! - with none, the image that the others are compared with;
//! - with pieces of `work`, the image that has nothing else in addition: the difference in size is their flash;
//! - with `count`, it counts the instructions of that work and paints its stack;
//! - with `all`, it calls every public function of bachata-core with input that the compiler knows nothing of, and paints their stacks;
//! - with a canary, it holds a panic path.
//!
//! The panic handler calls a function that does not exist: an image that links can't panic.

#![no_std]
#![no_main]

mod board;
#[cfg(feature = "all")]
mod calls;
mod canary;
#[cfg(feature = "count")]
mod count;
#[cfg(any(feature = "all", feature = "count"))]
mod frames;
#[cfg(feature = "all")]
mod input;
#[cfg(any(feature = "io", feature = "io-async"))]
mod line;
#[cfg(any(feature = "all", feature = "count"))]
mod paint;
#[cfg(feature = "typed")]
mod payload;
#[cfg(not(feature = "all"))]
mod work;

unsafe extern "C" {
    /// Is nowhere. `ci/footprint` looks for this very name in what the linker says.
    fn panic_path_left() -> !;
}

#[panic_handler]
fn panic(_: &core::panic::PanicInfo<'_>) -> ! {
    // SAFETY: not linked, not called.
    unsafe { panic_path_left() }
}

/// What a board calls when it is up.
fn start() -> ! {
    #[cfg(feature = "all")]
    calls::paint_all();
    #[cfg(feature = "count")]
    count::count_all();
    #[cfg(not(any(feature = "all", feature = "count")))]
    work::all();
    canary::all();
    loop {
        core::hint::spin_loop();
    }
}
