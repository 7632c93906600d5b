use heapless::Vec;

use crate::frame::move_to_front;

/// Takes `len` elements out of a vector, from `start` on. `retain` and `remove` of heapless would leave checks that could panic.
pub(super) fn remove<T: Copy, const N: usize>(from: &mut Vec<T, N>, start: usize, len: usize) {
    let rest = from.get_mut(start..).unwrap_or_default();
    let (mut held, mut end) = (len.min(rest.len()), rest.len());
    move_to_front(rest, &mut held, &mut end);
    from.truncate(start.saturating_add(end));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_others_stay_in_order() {
        for start in 0..7 {
            for len in 0..7 {
                let mut all = Vec::<u8, 6>::from_array([0, 1, 2, 3, 4]);
                remove(&mut all, start, len);
                let mut expected = std::vec![0, 1, 2, 3, 4];
                let start = start.min(5);
                expected.drain(start..(start + len).min(5));
                assert_eq!(all.as_slice(), expected);
            }
        }
    }
}
