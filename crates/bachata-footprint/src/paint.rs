//! How deep the stack gets: paint what lies below, work, look how far the paint is gone.

use crate::board;

/// More than anything here takes.
const DEPTH: usize = 8192;
const PAINT: u32 = 0xa5c3_965a;

/// The bytes of stack that `work` takes for the calls it makes.
#[inline(never)]
pub(crate) fn depth(work: impl FnOnce()) -> u32 {
    // It is the same at the calls below: both architectures reserve the frame on entry.
    let top = board::stack_pointer();
    let bottom = top.wrapping_sub(DEPTH);
    for address in (bottom..top).step_by(size_of::<u32>()) {
        // SAFETY: the RAM below the stack pointer, which nothing uses now: there are no interrupts.
        unsafe { core::ptr::with_exposed_provenance_mut::<u32>(address).write_volatile(PAINT) };
    }
    work();
    for address in (bottom..top).step_by(size_of::<u32>()) {
        // SAFETY: as above.
        let word = unsafe { core::ptr::with_exposed_provenance::<u32>(address).read_volatile() };
        if word != PAINT {
            return top.wrapping_sub(address) as u32;
        }
    }
    0
}
