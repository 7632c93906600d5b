//! Sixteen bytes at a time, by the instructions that every x86-64 has. The crate that wraps them is safe, so this is, too.

use super::word;
use safe_arch::{
    bitand_m128i, bitor_m128i, cmp_eq_mask_i8_m128i, cmp_lt_mask_i8_m128i, load_unaligned_m128i,
    m128i, max_u8_m128i, min_u8_m128i, move_mask_i8_m128i, set_splat_i8_m128i, sub_i8_m128i,
};

/// Where from `start` on the first byte of a JSON string is that is not held as it is: `"`, `\\`, a control character or one beyond
/// ASCII. The end of `bytes` where there is none.
#[inline(always)]
pub(crate) fn plain_end(bytes: &[u8], start: usize) -> usize {
    end_of_run(bytes, start, not_plain, word::HIGHS)
}

/// Whether a JSON string holds all of these bytes as they are.
#[inline(always)]
pub(super) fn is_plain(bytes: &[u8]) -> bool {
    let Some(last) = bytes.last_chunk() else {
        return is_plain_word(bytes);
    };
    let mut stops = not_plain(Vector::load(last));
    let mut rest = bytes;
    while let Some((vector, tail)) = rest.split_first_chunk() {
        stops = stops | not_plain(Vector::load(vector));
        rest = tail;
    }
    stops.bits() == 0
}

/// The same for less than a vector. By itself, so that what needs no registers for it saves none.
#[inline(never)]
fn is_plain_word(bytes: &[u8]) -> bool {
    word::skip(bytes, word::HIGHS).is_empty()
}

#[inline(always)]
fn not_plain(vector: Vector) -> Mask {
    vector.is(b'"') | vector.is_special()
}

/// Where from `start` on the first byte of a text is that is escaped when it is written (`P-6`). The end of `text` where there is none.
#[inline(always)]
pub(super) fn unescaped_end(text: &[u8], start: usize) -> usize {
    let stops = |vector: Vector| vector.is(b'"') | vector.is(b'\\') | vector.at_most(0x1f);
    end_of_run(text, start, stops, 0)
}

#[inline(always)]
fn end_of_run(bytes: &[u8], start: usize, stops: impl Fn(Vector) -> Mask, highs: usize) -> usize {
    let mut rest = bytes.get(start..).unwrap_or_default();
    let stops = |vector| stops(Vector::load(vector)).bits();
    let at = |rest: &[u8], bits: u32| {
        let before = bytes.len().wrapping_sub(rest.len());
        before.wrapping_add(bits.trailing_zeros() as usize)
    };
    while let Some((first, tail)) = rest.split_first_chunk() {
        let Some((second, tail)) = tail.split_first_chunk() else {
            let bits = stops(first);
            if bits != 0 {
                return at(rest, bits);
            }
            rest = tail;
            break;
        };
        let bits = stops(first) | stops(second) << Vector::LEN;
        if bits != 0 {
            return at(rest, bits);
        }
        rest = tail;
    }
    if rest.is_empty() {
        return bytes.len();
    }
    let Some(last) = bytes.last_chunk() else {
        return bytes.len().wrapping_sub(word::skip(rest, highs).len());
    };
    // What is left is looked at together with bytes before it.
    match stops(last) >> Vector::LEN.wrapping_sub(rest.len()) {
        0 => bytes.len(),
        bits => at(rest, bits),
    }
}

/// Sixteen bytes. What is asked of all of them is answered with a bit for each, that of the first being the lowest.
#[derive(Clone, Copy)]
pub(super) struct Vector(m128i);

impl Vector {
    pub(super) const LEN: usize = 16;

    #[inline(always)]
    pub(super) fn load(bytes: &[u8; Self::LEN]) -> Self {
        Self(load_unaligned_m128i(bytes))
    }

    /// Those that are this byte.
    #[inline(always)]
    pub(super) fn is(self, byte: u8) -> Mask {
        Mask(cmp_eq_mask_i8_m128i(self.0, splat(byte)))
    }

    /// Those that are control characters or beyond ASCII.
    #[inline(always)]
    pub(super) fn is_control_or_high(self) -> Mask {
        // Beyond ASCII a byte is negative.
        Mask(cmp_lt_mask_i8_m128i(self.0, splat(b' ')))
    }

    /// Those that are a backslash, a control character or beyond ASCII.
    #[inline(always)]
    pub(super) fn is_special(self) -> Mask {
        self.is(b'\\') | self.is_control_or_high()
    }

    /// The bytes, square brackets being braces.
    #[inline(always)]
    pub(super) fn lower_case(self) -> Self {
        Self(bitor_m128i(self.0, splat(0x20)))
    }

    /// Those that are beyond ASCII.
    #[inline(always)]
    pub(super) fn is_high(self) -> Mask {
        Mask(self.0)
    }

    /// Those that are beyond ASCII and below this byte, which is, too.
    #[inline(always)]
    pub(super) fn is_high_below(self, byte: u8) -> Mask {
        Mask(cmp_lt_mask_i8_m128i(self.0, splat(byte)))
    }

    /// Those that are this byte, which is even, or the one after it.
    #[inline(always)]
    pub(super) fn is_pair(self, byte: u8) -> Mask {
        Self(bitand_m128i(self.0, splat(0xfe))).is(byte)
    }

    /// Those that are at least this byte.
    #[inline(always)]
    pub(super) fn at_least(self, byte: u8) -> Mask {
        Mask(cmp_eq_mask_i8_m128i(
            max_u8_m128i(self.0, splat(byte)),
            self.0,
        ))
    }

    /// Those that are one of these bytes or between them.
    #[inline(always)]
    pub(super) fn between(self, first: u8, last: u8) -> Mask {
        Self(sub_i8_m128i(self.0, splat(first))).at_most(last.wrapping_sub(first))
    }

    /// Those that are at most this byte.
    #[inline(always)]
    pub(super) fn at_most(self, byte: u8) -> Mask {
        Mask(cmp_eq_mask_i8_m128i(
            min_u8_m128i(self.0, splat(byte)),
            self.0,
        ))
    }
}

#[inline(always)]
fn splat(byte: u8) -> m128i {
    set_splat_i8_m128i(byte.cast_signed())
}

/// An answer, still in a register.
#[derive(Clone, Copy)]
pub(super) struct Mask(m128i);

impl Mask {
    /// As bits.
    #[inline(always)]
    pub(super) fn bits(self) -> u32 {
        move_mask_i8_m128i(self.0).cast_unsigned()
    }
}

impl core::ops::BitOr for Mask {
    type Output = Self;

    #[inline(always)]
    fn bitor(self, other: Self) -> Self {
        Self(bitor_m128i(self.0, other.0))
    }
}

/// 64 bytes.
pub(super) struct Block([Vector; 4]);

impl Block {
    pub(super) const LEN: usize = 64;

    /// The first bytes of `bytes`, and NULs after the last one.
    #[inline(always)]
    pub(super) fn at_start(bytes: &[u8]) -> Self {
        match bytes.first_chunk() {
            Some(block) => Self::load(block),
            None => Self::load_short(bytes),
        }
    }

    #[inline(never)]
    fn load_short(bytes: &[u8]) -> Self {
        let whole = bytes.len() / Vector::LEN;
        let over = u32::try_from(bytes.len() % Vector::LEN).unwrap_or_default();
        let last = match bytes.last_chunk() {
            // Together with bytes before it.
            Some(last) => {
                u128::from_le_bytes(*last).checked_shr(128_u32.wrapping_sub(over.wrapping_mul(8)))
            }
            None => Some(
                bytes
                    .iter()
                    .rev()
                    .fold(0, |word, byte| word << 8 | u128::from(*byte)),
            ),
        };
        let last = last.unwrap_or(0).to_le_bytes();
        let vector = |place: usize| {
            let chunk = bytes
                .get(place.wrapping_mul(Vector::LEN)..)
                .and_then(|bytes| bytes.first_chunk());
            Vector::load(match chunk {
                Some(chunk) => chunk,
                None if place == whole => &last,
                None => &[0; Vector::LEN],
            })
        };
        Self([vector(0), vector(1), vector(2), vector(3)])
    }

    #[inline(always)]
    fn load(bytes: &[u8; Self::LEN]) -> Self {
        let vector = |at: usize| {
            let bytes = bytes.get(at..).and_then(|bytes| bytes.first_chunk());
            Vector::load(bytes.unwrap_or(&[0; Vector::LEN]))
        };
        Self([vector(0), vector(16), vector(32), vector(48)])
    }

    /// A bit for each byte.
    #[inline(always)]
    pub(super) fn bits(&self, of: impl Fn(Vector) -> Mask) -> u64 {
        let [a, b, c, d] = self.0.map(|vector| u64::from(of(vector).bits()));
        a | b << 16 | c << 32 | d << 48
    }

    /// Whether there is any byte that is no plain ASCII, or a backslash.
    #[inline(always)]
    pub(super) fn any_special(&self) -> bool {
        let [a, b, c, d] = self.0.map(Vector::is_special);
        ((a | b) | (c | d)).bits() != 0
    }
}

#[cfg(test)]
mod tests {
    use core::iter::repeat;
    use std::vec::Vec;

    use super::*;

    #[test]
    fn a_short_block_is_filled_with_nuls() {
        let bytes: Vec<u8> = (1..=70).collect();
        for length in 0..=bytes.len() {
            let block = Block::at_start(&bytes[..length]);
            let filled = bytes[..length].iter().copied().chain(repeat(0));
            for (at, byte) in filled.enumerate().take(Block::LEN) {
                assert_eq!(block.bits(|vector| vector.is(byte)) >> at & 1, 1);
            }
        }
    }

    #[test]
    fn what_is_special_is_noticed_wherever_it_is() {
        for byte in 0..=u8::MAX {
            let special = !(0x20..0x80).contains(&byte) || byte == b'\\';
            for place in 0..Block::LEN {
                let mut bytes = [b'x'; Block::LEN];
                bytes[place] = byte;
                assert_eq!(Block::at_start(&bytes).any_special(), special);
            }
        }
    }
}
