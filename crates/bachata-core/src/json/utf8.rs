//! UTF-8 one character at a time (RFC 3629 section 4).

/// What stands at the start of some bytes.
pub(super) enum Sequence {
    /// A whole character of so many bytes.
    Whole(usize),
    /// The bytes end inside a character that is well-formed so far.
    Cut,
    /// No character.
    Invalid,
}

/// The character beyond ASCII at the start of `bytes`.
pub(super) fn check(bytes: &[u8]) -> Sequence {
    let Some((&lead, mut rest)) = bytes.split_first() else {
        return Sequence::Cut;
    };
    let following = match lead {
        0xc2..=0xdf => 1,
        0xe0..=0xef => 2,
        0xf0..=0xf4 => 3,
        _ => return Sequence::Invalid,
    };
    // The first of the bytes that follow: no overlong forms, no surrogates, nothing above U+10FFFF.
    let mut low = match lead {
        0xe0 => 0xa0,
        0xf0 => 0x90,
        _ => 0x80,
    };
    let mut high = match lead {
        0xed => 0x9f,
        0xf4 => 0x8f,
        _ => 0xbf,
    };
    for _ in 0..following {
        let Some((&byte, tail)) = rest.split_first() else {
            return Sequence::Cut;
        };
        if byte < low || byte > high {
            return Sequence::Invalid;
        }
        (low, high, rest) = (0x80, 0xbf, tail);
    }
    Sequence::Whole(bytes.len().wrapping_sub(rest.len()))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_agrees_with_core_on_all_sequences_of_three_bytes() {
        for lead in 0x80..=u8::MAX {
            for second in 0..=u8::MAX {
                for third in 0..=u8::MAX {
                    for fourth in [None, Some(b'x'), Some(0x80)] {
                        let mut bytes = [lead, second, third, fourth.unwrap_or(0)];
                        let bytes = &mut bytes[..if fourth.is_some() { 4 } else { 3 }];
                        let valid = match core::str::from_utf8(bytes) {
                            Ok(text) => Ok(text),
                            Err(error) if error.valid_up_to() > 0 => {
                                Ok(core::str::from_utf8(&bytes[..error.valid_up_to()]).unwrap())
                            }
                            Err(error) => Err(error.error_len()),
                        };
                        match (check(bytes), valid) {
                            (Sequence::Whole(length), Ok(text)) => {
                                let first = text.chars().next().unwrap();
                                assert_eq!(length, first.len_utf8());
                                assert_eq!(decode(bytes), Some((first, &bytes[length..])));
                            }
                            (Sequence::Cut, Err(None)) | (Sequence::Invalid, Err(Some(_))) => {}
                            (_, valid) => panic!("{bytes:02x?} {valid:?}"),
                        }
                    }
                }
            }
        }
    }
}
