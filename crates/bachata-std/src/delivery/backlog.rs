use std::collections::VecDeque;

/// Frames that have come in and can't be handled yet, in their order.
#[derive(Debug)]
pub(super) struct Backlog {
    frames: VecDeque<Vec<u8>>,
    bytes: usize,
    limit: usize,
}

impl Backlog {
    /// For frames of `limit` bytes together, or one of any length.
    pub(super) const fn new(limit: usize) -> Self {
        Self {
            frames: VecDeque::new(),
            bytes: 0,
            limit,
        }
    }

    pub(super) fn is_empty(&self) -> bool {
        self.frames.is_empty()
    }

    pub(super) fn has_room(&self, frame: &[u8]) -> bool {
        self.is_empty() || frame.len() <= self.limit.saturating_sub(self.bytes)
    }

    pub(super) fn push(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len();
        self.frames.push_back(frame);
    }

    /// Gives back what was taken from the front.
    pub(super) fn put_back(&mut self, frame: Vec<u8>) {
        self.bytes += frame.len();
        self.frames.push_front(frame);
    }

    pub(super) fn front(&self) -> Option<&[u8]> {
        self.frames.front().map(Vec::as_slice)
    }

    pub(super) fn pop(&mut self) -> Option<Vec<u8>> {
        let frame = self.frames.pop_front()?;
        self.bytes -= frame.len();
        Some(frame)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_takes_what_fits_and_one_frame_of_any_length() {
        let mut backlog = Backlog::new(5);
        assert!(backlog.has_room(&[0; 100]));
        backlog.push(vec![1; 100]);
        assert!(!backlog.has_room(&[0]));
        assert_eq!(backlog.pop(), Some(vec![1; 100]));
        for byte in 0..5 {
            assert!(backlog.has_room(&[byte]));
            backlog.push(vec![byte]);
        }
        assert!(!backlog.has_room(&[5]));
        let first = backlog.pop().unwrap();
        backlog.put_back(first);
        assert_eq!(backlog.front(), Some(&[0][..]));
        assert_eq!(
            std::iter::from_fn(|| backlog.pop()).collect::<Vec<_>>(),
            [[0], [1], [2], [3], [4]]
        );
        assert_eq!((backlog.pop(), backlog.bytes), (None, 0));
    }
}
