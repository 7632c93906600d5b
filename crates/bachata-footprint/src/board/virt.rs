//! QEMU `virt`, a RISC-V of 32 bits.

#[cfg(any(feature = "all", feature = "count"))]
use core::arch::asm;
use core::arch::global_asm;

global_asm!(
    ".section .vectors, \"ax\"",
    ".global _start",
    "_start:",
    "la sp, stack_top",
    "j reset",
);

#[unsafe(no_mangle)]
extern "C" fn reset() -> ! {
    crate::start()
}

/// A request to the emulator.
#[cfg(any(feature = "all", feature = "count"))]
pub(crate) fn semihost(operation: usize, parameter: usize) {
    // SAFETY: the operations used here write no memory of ours. The sequence must not be compressed.
    unsafe {
        asm!(
            ".balign 16",
            ".option push",
            ".option norvc",
            "slli zero, zero, 0x1f",
            "ebreak",
            "srai zero, zero, 7",
            ".option pop",
            inout("a0") operation => _,
            in("a1") parameter,
        );
    }
}

#[cfg(any(feature = "all", feature = "count"))]
#[inline(always)]
pub(crate) fn stack_pointer() -> usize {
    let pointer;
    // SAFETY: reads a register.
    unsafe { asm!("mv {}, sp", out(reg) pointer, options(nomem, nostack, preserves_flags)) };
    pointer
}

/// Counts by the register of retired instructions.
#[cfg(feature = "count")]
pub(crate) struct Counter(u32);

#[cfg(feature = "count")]
impl Counter {
    pub(crate) fn start() -> Self {
        Self(Self::now())
    }

    /// Ticks since the start.
    pub(crate) fn ticks(&self) -> u32 {
        Self::now().wrapping_sub(self.0)
    }

    fn now() -> u32 {
        let count;
        // SAFETY: reads a register. Not `nomem`: it stays where it is among the work.
        unsafe { asm!("csrr {}, minstret", out(reg) count, options(nostack)) };
        count
    }
}

/// Executes two instructions for each of `loops`.
#[cfg(feature = "count")]
pub(crate) fn calibrate(loops: u32) {
    // SAFETY: changes nothing but its own register.
    unsafe {
        asm!("2: addi {0}, {0}, -1", "bnez {0}, 2b", inout(reg) loops => _, options(nomem, nostack))
    };
}
