/// A hardware register of the width of `T`.
#[derive(Clone, Copy)]
pub(crate) struct Register<T>(*mut T);

impl<T: Copy> Register<T> {
    /// The register at an address.
    ///
    /// # Safety
    ///
    /// There is a register of this width, and whatever is read from it or written to it leaves memory as it is.
    pub(crate) const unsafe fn at(address: usize) -> Self {
        Self(core::ptr::without_provenance_mut(address))
    }

    pub(crate) fn read(self) -> T {
        // SAFETY: `at` was promised a register.
        unsafe { self.0.read_volatile() }
    }

    pub(crate) fn write(self, value: T) {
        // SAFETY: `at` was promised a register that can't change memory.
        unsafe { self.0.write_volatile(value) }
    }
}
