/// When a message is sent again on the same connection: for links that lose frames without breaking, such as a serial line.
///
/// The first time after `first`, each time after that twice as long, never longer than `max`.
///
/// ```
/// use bachata_core::delivery::Resend;
///
/// let resend = Resend { first: 500, max: 3000 };
/// assert_eq!([1, 2, 3, 4, 99].map(|sends| resend.delay(sends)), [500, 1000, 2000, 3000, 3000]);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Resend {
    /// Milliseconds after the first send. 0 counts as 1.
    pub first: u32,
    /// The longest wait, in milliseconds.
    pub max: u32,
}

impl Resend {
    /// How long to wait after a message has been sent so many times, in milliseconds.
    pub const fn delay(self, sends: u32) -> u64 {
        // 2³² times the least is beyond the largest `max`.
        let doublings = if sends > 33 {
            32
        } else {
            sends.saturating_sub(1)
        };
        let first = if self.first == 0 { 1 } else { self.first } as u64;
        let delay = first.saturating_mul(1 << doublings);
        let max = if self.max == 0 { 1 } else { self.max } as u64;
        if delay < max { delay } else { max }
    }
}
