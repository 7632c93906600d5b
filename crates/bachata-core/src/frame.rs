//! Frames in a byte stream (`P-22`): a serial line, a TCP connection, a file.

use core::cell::Cell;

mod reader;
mod splitter;
mod writer;

pub use reader::FrameReader;
pub use splitter::{FrameSplitter, FrameTooLong, Split};
pub use writer::FrameWriter;

/// Moves what is held from `start` to `end` of a buffer to its front.
pub(crate) fn move_to_front<T: Copy>(buffer: &mut [T], start: &mut usize, end: &mut usize) {
    if *start > 0 {
        // Cells may overlap, and their iterators have no bounds to fail.
        let cells = Cell::from_mut(buffer).as_slice_of_cells();
        let held = cells.get(*start..*end).unwrap_or_default();
        cells
            .iter()
            .zip(held)
            .for_each(|(to, from)| to.set(from.get()));
        *end = end.wrapping_sub(*start);
        *start = 0;
    }
}
