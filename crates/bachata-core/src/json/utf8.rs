//! UTF-8 one character at a time (RFC 3629 section 4).

/// How many bytes follow a byte that leads a character beyond ASCII.
pub(super) const fn following(lead: char) -> u32 {
    (!((lead as u32) << 24)).leading_zeros().wrapping_sub(1)
}

/// Which bytes may come second in a character, a bit for each value of their bits 4 and 5: no overlong forms, no surrogates, nothing
/// above U+10FFFF. None after a byte that leads no character beyond ASCII.
pub(super) const fn seconds(lead: char) -> u32 {
    match lead as u32 {
        0xe0 => 0b1100,
        0xed => 0b0011,
        0xf0 => 0b1110,
        0xf4 => 0b0001,
        0xc2..=0xf3 => ANY,
        _ => 0,
    }
}

/// Which bytes may come third or fourth.
pub(super) const ANY: u32 = 0b1111;

/// Whether a byte is one of those that follow.
pub(super) const fn follows(byte: char, which: u32) -> bool {
    let byte = byte as u32;
    byte & 0xc0 == 0x80 && which >> (byte >> 4 & 3) & 1 == 1
}

/// The character at the start of `bytes`, which are valid UTF-8, and the bytes after it.
pub(super) fn decode(bytes: &[u8]) -> Option<(char, &[u8])> {
    let (&lead, mut rest) = bytes.split_first()?;
    let (mut code, following) = match lead {
        0xf0.. => (u32::from(lead & 0x07), 3),
        0xe0.. => (u32::from(lead & 0x0f), 2),
        0xc0.. => (u32::from(lead & 0x1f), 1),
        _ => (u32::from(lead), 0),
    };
    for _ in 0..following {
        let (&byte, tail) = rest.split_first()?;
        code = code << 6 | u32::from(byte & 0x3f);
        rest = tail;
    }
    Some((char::from_u32(code)?, rest))
}
