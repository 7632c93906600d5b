/// What a side has seen and done nothing about. Each count stays at its largest value.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Default, Debug)]
#[cfg_attr(feature = "defmt", derive(defmt::Format))]
pub struct Counters {
    /// Frames that were no message.
    pub invalid: u32,
    /// Data messages that had been received before.
    pub repeated: u32,
    /// Data messages with the sender and the id, but not the content, of one that was received before.
    pub conflicts: u32,
    /// Transport messages that say nothing here (`P-21`): about ids that are not in flight, or of a type that this side doesn't receive.
    pub ignored: u32,
}

impl Counters {
    pub(super) const NONE: Self = Self {
        invalid: 0,
        repeated: 0,
        conflicts: 0,
        ignored: 0,
    };

    pub(super) const fn count(counter: &mut u32) {
        *counter = counter.saturating_add(1);
    }
}
