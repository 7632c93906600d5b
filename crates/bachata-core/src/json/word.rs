//! Strings and lines, a machine word or a vector at a time.

#[cfg(any(test, target_arch = "arm", target_pointer_width = "64"))]
const BYTES: usize = size_of::<usize>();
const ONES: usize = usize::MAX / 0xff;
pub(super) const HIGHS: usize = ONES << 7;
const SPACES: usize = ONES << 5;
const TWOS: usize = ONES << 1;

/// How many of the first bytes a JSON string holds as they are: ASCII without `"`, `\` and control characters.
#[cfg(test)]
fn plain_run(bytes: &[u8]) -> usize {
    bytes.len().wrapping_sub(skip_plain(bytes).len())
}

/// What is left of `bytes` after those that a JSON string holds as they are: ASCII without `"`, `\` and control characters.
#[inline(always)]
pub(super) fn skip_plain(bytes: &[u8]) -> &[u8] {
    #[cfg(target_pointer_width = "64")]
    return bytes.get(plain_end(bytes, 0)..).unwrap_or_default();
    #[cfg(not(target_pointer_width = "64"))]
    skip(bytes, HIGHS)
}

/// Where from `start` on the first byte is that a JSON string does not hold as it is.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(crate) fn plain_end(bytes: &[u8], start: usize) -> usize {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    return super::vector::plain_end(bytes, start);
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    {
        let rest = skip(bytes.get(start..).unwrap_or_default(), HIGHS);
        bytes.len().wrapping_sub(rest.len())
    }
}

/// Whether a JSON string holds all of these bytes as they are.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(crate) fn is_plain(bytes: &[u8]) -> bool {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    return super::vector::is_plain(bytes);
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    skip(bytes, HIGHS).is_empty()
}

/// How many of the first bytes of a text are written as they are: none is `"`, `\` or a control character (`P-6`).
pub(super) fn unescaped_run(text: &[u8]) -> usize {
    #[cfg(all(target_arch = "x86_64", target_feature = "sse2"))]
    return super::vector::unescaped_end(text, 0);
    #[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
    written_run(text)
}

/// The same by words.
#[cfg(not(all(target_arch = "x86_64", target_feature = "sse2")))]
#[inline(always)]
fn written_run(text: &[u8]) -> usize {
    #[cfg(target_pointer_width = "64")]
    let rest = skip(text, 0);
    #[cfg(not(target_pointer_width = "64"))]
    let rest = skip_bytes(text, 0);
    text.len().wrapping_sub(rest.len())
}

/// What is left after the longest start of `bytes` without `"`, `\`, control characters and bytes that have one of the bits in `highs`.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(super) fn skip(bytes: &[u8], highs: usize) -> &[u8] {
    let mut rest = skip_vectors(bytes, highs);
    loop {
        let (word, tail) = match rest.split_first_chunk::<BYTES>() {
            Some((word, tail)) => (usize::from_le_bytes(*word), tail),
            None => match rest.split_first() {
                // The other bytes of the word are spaces.
                Some((byte, tail)) => (SPACES << 8 | usize::from(*byte), tail),
                None => return rest,
            },
        };
        let stops = stops(word, highs);
        if stops != 0 {
            let before = stops.trailing_zeros() as usize / 8;
            return rest.get(before..).unwrap_or_default();
        }
        rest = tail;
    }
}

/// How many of the first bytes of a word a JSON string holds as they are.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
pub(super) const fn plain_in_word(word: &[u8; BYTES]) -> usize {
    let word = usize::from_le_bytes(*word);
    let stops = stops(word, HIGHS);
    stops.trailing_zeros() as usize / 8
}

/// What is left after the longest start of `bytes` without `"`, `\`, control characters and bytes that have one of the bits in `highs`.
#[cfg(not(target_pointer_width = "64"))]
#[inline(always)]
fn skip(bytes: &[u8], highs: usize) -> &[u8] {
    #[cfg(target_arch = "arm")]
    let bytes = skip_pairs(bytes, highs);
    skip_bytes(bytes, highs)
}

/// What is left of `bytes` after the pairs of words at their start that hold no stop. In pairs, as the loop itself takes as long as a word.
// Only where a word is loaded from any address by one instruction: with four, it would be larger than it is fast.
#[cfg(target_arch = "arm")]
#[inline(always)]
fn skip_pairs(bytes: &[u8], highs: usize) -> &[u8] {
    let mut rest = bytes;
    while let Some((first, tail)) = rest.split_first_chunk::<BYTES>() {
        let Some((second, tail)) = tail.split_first_chunk::<BYTES>() else {
            break;
        };
        let (first, second) = (usize::from_le_bytes(*first), usize::from_le_bytes(*second));
        if stops(first, highs) | stops(second, highs) != 0 {
            break;
        }
        rest = tail;
    }
    rest
}

/// The same, a byte at a time.
#[cfg(not(target_pointer_width = "64"))]
#[inline(always)]
fn skip_bytes(bytes: &[u8], highs: usize) -> &[u8] {
    let mut rest = bytes;
    while let [byte, tail @ ..] = rest {
        // The other bytes of the word are spaces.
        if stops(SPACES << 8 | usize::from(*byte), highs) != 0 {
            break;
        }
        rest = tail;
    }
    rest
}

/// What is left of `bytes` after the vectors at their start that hold no stop.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn skip_vectors(bytes: &[u8], highs: usize) -> &[u8] {
    let [high, ..] = highs.to_le_bytes();
    skip_while_none(bytes, |byte| {
        (byte < b' ') | (byte == b'"') | (byte == b'\\') | (byte & high != 0)
    })
}

/// Where the first LF is.
pub(crate) fn line_feed(bytes: &[u8]) -> Option<usize> {
    #[cfg(target_pointer_width = "64")]
    let rest = skip_while_none(bytes, |byte| byte == b'\n');
    #[cfg(not(target_pointer_width = "64"))]
    let rest = bytes;
    let at = rest.iter().position(|&byte| byte == b'\n')?;
    Some(bytes.len().wrapping_sub(rest.len()).wrapping_add(at))
}

/// What is left of `bytes` after the vectors at their start that hold no byte like this.
#[cfg(target_pointer_width = "64")]
#[inline(always)]
fn skip_while_none(bytes: &[u8], like: impl Fn(u8) -> bool) -> &[u8] {
    let mut rest = bytes;
    while let Some((vector, tail)) = rest.split_first_chunk::<32>() {
        // Whether, not where: that compiles to vector instructions.
        if vector.iter().fold(false, |found, &byte| found | like(byte)) {
            break;
        }
        rest = tail;
    }
    rest
}

/// The high bit of each byte that must be escaped or has one of the bits in `highs`.
#[inline(always)]
const fn stops(word: usize, highs: usize) -> usize {
    (quote_backslash_or_control(word) | word & highs) & HIGHS
}

/// The high bit of each byte that must be escaped. A subtraction borrows only from a byte that is a stop itself, so the lowest
/// one is exact. A byte above 0x7f is never marked.
#[inline(always)]
const fn quote_backslash_or_control(word: usize) -> usize {
    // With this bit turned over, a quote is the first byte after the control characters, and a space takes its place.
    let quote_or_control = (word ^ TWOS).wrapping_sub(ONES.wrapping_mul(b'!' as usize));
    let backslash = (word ^ ONES.wrapping_mul(b'\\' as usize)).wrapping_sub(ONES);
    (quote_or_control | backslash) & !word & HIGHS
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_feed_is_found_wherever_it_is() {
        for length in 0..100 {
            let mut bytes = [b'\t'; 100];
            assert_eq!(line_feed(&bytes[..length]), None);
            for place in (0..length).rev() {
                bytes[place] = b'\n';
                assert_eq!(line_feed(&bytes[..length]), Some(place));
            }
        }
    }

    /// So many bytes are skipped, word by word, and before that all vectors but the one in which a stop is.
    fn check_skip(text: &[u8], highs: usize, expected: usize) {
        let skipped = |rest: &[u8]| text.len() - rest.len();
        assert_eq!(skipped(skip(text, highs)), expected, "{text:02x?}");
        #[cfg(target_pointer_width = "64")]
        assert_eq!(skipped(skip_vectors(text, highs)), expected / 32 * 32);
    }

    #[test]
    fn every_byte_at_every_place_after_every_byte() {
        const LONGEST: usize = 40 + BYTES;
        for length in (0..=2 * BYTES + 1).chain([31, 32, 33, LONGEST]) {
            for place in 0..length {
                for byte in 0..=u8::MAX {
                    let mut text = [b'x'; LONGEST];
                    text[place] = byte;
                    for follower in [b'x', b'"', 0x80, 0x1f, 0xff, 0] {
                        if let Some(next) = text.get_mut(place + 1) {
                            *next = follower;
                        }
                        let text = &text[..length];
                        let plain = |b: &u8| (0x20..0x80).contains(b) && !b"\"\\".contains(b);
                        let expected = text.iter().position(|b| !plain(b)).unwrap_or(length);
                        assert_eq!(plain_run(text), expected, "{text:02x?}");
                        check_skip(text, HIGHS, expected);
                        #[cfg(target_pointer_width = "64")]
                        if let Some(word) = text.first_chunk() {
                            assert_eq!(plain_in_word(word), expected.min(BYTES), "{word:02x?}");
                        }
                        let expected = text
                            .iter()
                            .position(|b| !plain(b) && *b < 0x80)
                            .unwrap_or(length);
                        assert_eq!(unescaped_run(text), expected, "{text:02x?}");
                        check_skip(text, 0, expected);
                    }
                }
            }
        }
    }
}
