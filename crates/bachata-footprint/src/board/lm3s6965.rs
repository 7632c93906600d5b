//! QEMU `lm3s6965evb`, a Cortex-M3.

#[cfg(any(feature = "all", feature = "count"))]
use core::arch::asm;

unsafe extern "C" {
    static stack_top: u32;
}

/// What the processor reads when it starts.
#[repr(C)]
struct Vectors {
    stack: *const u32,
    reset: extern "C" fn() -> !,
}

// SAFETY: nobody writes to it.
unsafe impl Sync for Vectors {}

#[used]
#[unsafe(link_section = ".vectors")]
static VECTORS: Vectors = Vectors {
    // SAFETY: only the address is taken.
    stack: &raw const stack_top,
    reset,
};

#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    crate::start()
}

/// A request to the emulator.
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) fn semihost(operation: usize, parameter: usize) {
    // SAFETY: the operations used here write no memory of ours.
    unsafe { asm!("bkpt #0xab", inout("r0") operation => _, in("r1") parameter) };
}

#[cfg(any(feature = "all", feature = "count"))]
#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mov {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Counts by SysTick, whose scale is found by [`calibrate`].
#[cfg(feature = "count")]
pub(crate) struct Counter(u32);

#[cfg(feature = "count")]
impl Counter {
    const CONTROL: *mut u32 = core::ptr::without_provenance_mut(0xe000_e010);
    const RELOAD: *mut u32 = core::ptr::without_provenance_mut(0xe000_e014);
    const VALUE: *mut u32 = core::ptr::without_provenance_mut(0xe000_e018);
    const MAX: u32 = 0xff_ffff;

    pub(crate) fn start() -> Self {
        // SAFETY: the registers of SysTick (ARMv7-M B3.3), which nobody else uses: off, all of its 24 bits, the processor's
        // clock without an interrupt.
        unsafe {
            Self::CONTROL.write_volatile(0);
            Self::RELOAD.write_volatile(Self::MAX);
            Self::VALUE.write_volatile(0);
            Self::CONTROL.write_volatile(0b101);
        }
        Self(Self::now())
    }

    /// Ticks since the start, below 2²⁴.
    pub(crate) fn ticks(&self) -> u32 {
        // It counts down.
        self.0.wrapping_sub(Self::now()) & Self::MAX
    }

    fn now() -> u32 {
        // SAFETY: as above.
        unsafe { Self::VALUE.read_volatile() }
    }
}

/// Executes two instructions for each of `loops`.
#[cfg(feature = "count")]
pub(crate) fn calibrate(loops: u32) {
    // SAFETY: changes nothing but its own register and the flags.
    unsafe {
        asm!("2: subs {0}, {0}, #1", "bne 2b", inout(reg) loops => _, options(nomem, nostack))
    };
}
