//! The only serializer: a message into any sink.

use core::fmt;

use crate::BufferTooSmall;

/// Where encoded bytes go. Putting never fails at once; the sink says at the end how it went, so that the serializer stays
/// straight.
pub(crate) trait Sink {
    fn put(&mut self, bytes: &[u8]);
}

/// Writes into a slice as far as it goes, and counts on past its end: over an empty slice it is a counter.
pub(crate) struct SliceSink<'s> {
    room: &'s mut [u8],
    len: usize,
}

impl<'s> SliceSink<'s> {
    pub(crate) const fn new(room: &'s mut [u8]) -> Self {
        Self { room, len: 0 }
    }

    /// Bytes put so far, whether they fitted or not.
    pub(crate) const fn len(&self) -> usize {
        self.len
    }

    /// What was written, if all of it fitted.
    pub(crate) fn finish(self) -> Result<&'s [u8], BufferTooSmall> {
        let (needed, capacity) = (self.len, self.room.len());
        let room: &'s [u8] = self.room;
        room.get(..needed)
            .ok_or(BufferTooSmall { needed, capacity })
    }
}

impl Sink for SliceSink<'_> {
    #[inline(always)]
    fn put(&mut self, bytes: &[u8]) {
        #[cfg(not(target_pointer_width = "64"))]
        self.put_each(bytes);
        #[cfg(target_pointer_width = "64")]
        self.put_all(bytes);
    }
}

impl SliceSink<'_> {
    #[cfg(target_pointer_width = "64")]
    #[inline(always)]
    fn put_all(&mut self, bytes: &[u8]) {
        let room = self.room.get_mut(self.len..);
        if let Some(room) = room.and_then(|room| room.get_mut(..bytes.len())) {
            room.copy_from_slice(bytes);
        }
        self.len = self.len.saturating_add(bytes.len());
    }

    /// `memcpy` alone would be a tenth of the serializer, so this is written such that it does not become one.
    #[cfg(not(target_pointer_width = "64"))]
    #[inline(never)]
    fn put_each(&mut self, bytes: &[u8]) {
        for &byte in bytes {
            if let Some(to) = self.room.get_mut(self.len) {
                *to = byte;
            }
            self.len = self.len.saturating_add(1);
        }
    }
}

/// Writes into anything that takes text. Every `put` holds whole characters.
pub(crate) struct FmtSink<'w, W: ?Sized> {
    writer: &'w mut W,
    result: fmt::Result,
}

impl<'w, W: fmt::Write + ?Sized> FmtSink<'w, W> {
    pub(crate) const fn new(writer: &'w mut W) -> Self {
        Self {
            writer,
            result: Ok(()),
        }
    }

    /// What `content` puts, written into `writer`.
    pub(crate) fn write(writer: &'w mut W, content: impl FnOnce(&mut Self)) -> fmt::Result {
        let mut sink = Self::new(writer);
        content(&mut sink);
        sink.result
    }
}

impl<W: fmt::Write + ?Sized> Sink for FmtSink<'_, W> {
    fn put(&mut self, bytes: &[u8]) {
        if self.result.is_ok() {
            let text = core::str::from_utf8(bytes).map_err(|_| fmt::Error);
            self.result = text.and_then(|text| self.writer.write_str(text));
        }
    }
}

/// What `content` puts, written to the start of `room`.
pub(crate) fn to_slice<'s>(
    room: &'s mut [u8],
    content: impl FnOnce(&mut SliceSink<'s>),
) -> Result<&'s [u8], BufferTooSmall> {
    let mut sink = SliceSink::new(room);
    content(&mut sink);
    sink.finish()
}

/// A frame as it stands, written to the start of `room`.
#[cfg(feature = "delivery")]
pub(crate) fn copy<'s>(frame: &[u8], room: &'s mut [u8]) -> Result<&'s [u8], BufferTooSmall> {
    to_slice(room, |sink| sink.put(frame))
}

/// An integer in decimal digits.
pub(crate) fn put_integer<S: Sink>(integer: i64, sink: &mut S) {
    if integer < 0 {
        sink.put(b"-");
    }
    put_unsigned(integer.unsigned_abs(), sink);
}

/// An integer without a sign in decimal digits.
pub(crate) fn put_unsigned<S: Sink>(integer: u64, sink: &mut S) {
    let mut magnitude = integer;
    // Any bytes will do, and zeros would become a `memset`.
    let mut digits = [integer.to_ne_bytes(); 3];
    let digits = digits.as_flattened_mut();
    let mut start = digits.len();
    #[cfg(target_pointer_width = "64")]
    while magnitude > 99 {
        let pair = PAIRS.get((magnitude % 100) as usize);
        magnitude /= 100;
        start = start.wrapping_sub(2);
        let room = digits.get_mut(start..).unwrap_or_default();
        if let (Some(to), Some(pair)) = (room.first_chunk_mut(), pair) {
            *to = *pair;
        }
    }
    loop {
        let remainder = divide_by_ten(&mut magnitude);
        start = start.wrapping_sub(1);
        if let Some(digit) = digits.get_mut(start) {
            *digit = b'0' | remainder;
        }
        if magnitude == 0 {
            break;
        }
    }
    sink.put(digits.get(start..).unwrap_or_default());
}

/// The numbers below 100 in two digits each.
#[cfg(target_pointer_width = "64")]
#[expect(
    clippy::indexing_slicing,
    clippy::cast_possible_truncation,
    reason = "at compile time"
)]
const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut number = 0;
    while number < 100 {
        pairs[number] = [b'0' | (number / 10) as u8, b'0' | (number % 10) as u8];
        number = number.wrapping_add(1);
    }
    pairs
};

/// Leaves the quotient and gives the remainder.
const fn divide_by_ten(number: &mut u64) -> u8 {
    #[cfg(target_pointer_width = "64")]
    {
        let remainder = (*number % 10) as u8;
        *number /= 10;
        remainder
    }
    #[cfg(not(target_pointer_width = "64"))]
    divide_by_ten_in_parts(number)
}

/// Leaves the quotient and gives the remainder. A 64-bit division is a library routine on a smaller core, larger than all of the serializer,
/// so this divides by hand, 16 bits at a time: as a remainder is below 10, no part is beyond 32 bits.
#[cfg(any(test, not(target_pointer_width = "64")))]
#[expect(
    clippy::cast_possible_truncation,
    reason = "the last remainder is below 10"
)]
const fn divide_by_ten_in_parts(number: &mut u64) -> u8 {
    let mut remainder = 0;
    let mut parts = 4_u8;
    while parts > 0 {
        let part = remainder << 16 | (*number >> 48) as u32;
        *number = *number << 16 | (part / 10) as u64;
        remainder = part % 10;
        parts = parts.wrapping_sub(1);
    }
    remainder as u8
}

#[cfg(test)]
mod tests {
    use std::string::ToString;

    use super::*;

    #[test]
    fn integers_are_written_as_core_writes_them() {
        let mut integers = std::vec![0, i64::MIN, i64::MAX, i64::MIN + 1];
        for power in 0..19 {
            let integer = 10_i64.pow(power);
            integers.extend([integer - 1, integer, integer + 1, -integer, 1 - integer]);
            integers.extend((0..63).map(|bit| integer ^ (1 << bit)));
        }
        for integer in integers {
            let mut room = [0; 20];
            let written = to_slice(&mut room, |sink| put_integer(integer, sink)).unwrap();
            assert_eq!(core::str::from_utf8(written).unwrap(), integer.to_string());
            let mut quotient = integer.unsigned_abs();
            let remainder = divide_by_ten_in_parts(&mut quotient);
            assert_eq!(quotient, integer.unsigned_abs() / 10);
            assert_eq!(u64::from(remainder), integer.unsigned_abs() % 10);
        }
    }

    #[test]
    fn a_slice_holds_its_length_and_not_a_byte_more() {
        for capacity in 0..6 {
            let mut room = [b'.'; 6];
            let written = to_slice(&mut room[..capacity], |sink| {
                sink.put(b"ab");
                sink.put(b"");
                sink.put(b"cd");
            });
            if capacity < 4 {
                assert_eq!(
                    written,
                    Err(BufferTooSmall {
                        needed: 4,
                        capacity
                    })
                );
            } else {
                assert_eq!(written, Ok(&b"abcd"[..]));
            }
            assert!(room[capacity..].iter().all(|byte| *byte == b'.'));
        }
    }

    #[test]
    fn a_writer_that_fails_is_not_written_to_again() {
        struct Once(u8);
        impl fmt::Write for Once {
            fn write_str(&mut self, _: &str) -> fmt::Result {
                self.0 = self.0.checked_sub(1).expect("written to after it failed");
                if self.0 == 0 { Err(fmt::Error) } else { Ok(()) }
            }
        }
        let result = FmtSink::write(&mut Once(2), |sink| (0..9).for_each(|_| sink.put(b"x")));
        assert_eq!(result, Err(fmt::Error));
    }
}
