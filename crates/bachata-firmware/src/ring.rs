use core::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

/// Bytes on their way from an interrupt to the main loop, up to `N - 1` of them.
///
/// One side only pushes and the other only pops; each position is written by one of them. No lock, and no more of the
/// processor than loads and stores.
#[derive(Debug)]
pub struct Ring<const N: usize> {
    bytes: [AtomicU8; N],
    /// Where the next byte is pushed.
    head: AtomicUsize,
    /// Where the next byte is popped. Equal to `head` when there is none.
    tail: AtomicUsize,
}

impl<const N: usize> Ring<N> {
    /// An empty ring.
    pub const fn new() -> Self {
        Self {
            bytes: [const { AtomicU8::new(0) }; N],
            head: AtomicUsize::new(0),
            tail: AtomicUsize::new(0),
        }
    }

    /// Whether there is nothing to pop.
    pub fn is_empty(&self) -> bool {
        self.tail.load(Ordering::Relaxed) == self.head.load(Ordering::Acquire)
    }

    /// Whether there is no room to push.
    pub fn is_full(&self) -> bool {
        Self::after(self.head.load(Ordering::Relaxed)) == self.tail.load(Ordering::Acquire)
    }

    /// Adds a byte; drops it where there is no room.
    pub fn push(&self, byte: u8) {
        let head = self.head.load(Ordering::Relaxed);
        let next = Self::after(head);
        if next != self.tail.load(Ordering::Acquire) {
            if let Some(place) = self.bytes.get(head) {
                place.store(byte, Ordering::Relaxed);
            }
            self.head.store(next, Ordering::Release);
        }
    }

    /// Takes the oldest byte.
    pub fn pop(&self) -> Option<u8> {
        let tail = self.tail.load(Ordering::Relaxed);
        if tail == self.head.load(Ordering::Acquire) {
            return None;
        }
        let byte = self.bytes.get(tail)?.load(Ordering::Relaxed);
        self.tail.store(Self::after(tail), Ordering::Release);
        Some(byte)
    }

    /// Takes the oldest bytes, as many as there are and as `room` has places for, and says how many.
    pub fn read(&self, room: &mut [u8]) -> usize {
        let mut count = 0;
        for (place, byte) in room.iter_mut().zip(core::iter::from_fn(|| self.pop())) {
            *place = byte;
            count += 1;
        }
        count
    }

    fn after(position: usize) -> usize {
        if position + 1 < N { position + 1 } else { 0 }
    }
}

impl<const N: usize> Default for Ring<N> {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_as_they_went_in() {
        let ring = Ring::<4>::new();
        for start in 0..20 {
            assert!(ring.is_empty());
            for byte in start..start + 4 {
                assert_eq!(ring.is_full(), byte == start + 3);
                ring.push(byte);
            }
            for byte in start..start + 3 {
                assert_eq!(ring.pop(), Some(byte));
            }
            assert_eq!(ring.pop(), None);
        }
    }

    #[test]
    fn a_read_takes_what_there_is_and_what_there_is_room_for() {
        let ring = Ring::<8>::new();
        (1..=5).for_each(|byte| ring.push(byte));
        let mut room = [0; 3];
        assert_eq!((ring.read(&mut room), room), (3, [1, 2, 3]));
        assert_eq!((ring.read(&mut room), room), (2, [4, 5, 3]));
        assert_eq!(ring.read(&mut room), 0);
        assert_eq!(ring.read(&mut []), 0);
    }

    #[test]
    fn bytes_go_from_one_thread_to_another() {
        let ring = Ring::<16>::new();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                for byte in (0..=255).cycle().take(100_000) {
                    while ring.is_full() {
                        std::thread::yield_now();
                    }
                    ring.push(byte);
                }
            });
            for byte in (0..=255).cycle().take(100_000) {
                let popped = std::iter::repeat_with(|| ring.pop())
                    .inspect(|_| std::thread::yield_now())
                    .flatten()
                    .next();
                assert_eq!(popped, Some(byte));
            }
        });
    }
}
