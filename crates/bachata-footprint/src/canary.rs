//! Panics that no compiler can rule out. Each must be seen by the proof.

use core::hint::black_box;

#[allow(
    clippy::unnecessary_literal_unwrap,
    clippy::indexing_slicing,
    clippy::unwrap_used,
    reason = "they are the point"
)]
pub(crate) fn all() {
    #[cfg(feature = "canary-index")]
    black_box(black_box(&[1_u8, 2, 3][..])[black_box(1)]);
    #[cfg(feature = "canary-unwrap")]
    black_box(black_box(Some(1_u8)).unwrap());
    #[cfg(feature = "canary-overflow")]
    black_box(black_box(1_u32) + black_box(2_u32));
    #[cfg(feature = "canary-division")]
    black_box(black_box(1_u32) / black_box(2_u32));
    #[cfg(feature = "canary-copy-from-slice")]
    black_box(&mut [0_u8; 4][..]).copy_from_slice(black_box(&[1_u8, 2, 3, 4][..]));
    black_box(());
}
