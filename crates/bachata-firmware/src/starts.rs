/// Counts the starts of a board in a memory that keeps its content without power, so that no two starts have the same number.
///
/// Two records take turns. Each holds a count and its complement, so that one which a loss of power has left half written is known as
/// such, and the other still counts.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Starts {
    last: u32,
}

impl Starts {
    /// The length of a record, in bytes.
    pub const RECORD_LEN: usize = 8;

    /// The starts so far, from both records. A memory that holds neither has seen none.
    pub fn read(records: [[u8; Self::RECORD_LEN]; 2]) -> Self {
        let counts = records.map(|[a, b, c, d, complement @ ..]| {
            let count = u32::from_le_bytes([a, b, c, d]);
            (u32::from_le_bytes(complement) == !count).then_some(count)
        });
        Self {
            last: counts.into_iter().flatten().max().unwrap_or_default(),
        }
    }

    /// The number of this start.
    pub const fn number(self) -> u32 {
        self.last.wrapping_add(1)
    }

    /// Which record is to be written now, and with what, before the number is used.
    pub fn record(self) -> (usize, [u8; Self::RECORD_LEN]) {
        let number = self.number();
        let [a, b, c, d] = number.to_le_bytes();
        let [e, f, g, h] = (!number).to_le_bytes();
        (usize::from(number % 2 == 1), [a, b, c, d, e, f, g, h])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_start_has_its_number() {
        for erased in [0x00, 0xff] {
            let mut memory = [[erased; 8]; 2];
            for number in 1..10 {
                let starts = Starts::read(memory);
                assert_eq!(starts.number(), number);
                let (record, bytes) = starts.record();
                memory[record] = bytes;
            }
        }
    }

    #[test]
    fn a_record_that_was_half_written_repeats_no_number() {
        let mut memory = [[0xff; 8]; 2];
        for _ in 0..5 {
            let (record, bytes) = Starts::read(memory).record();
            memory[record] = bytes;
        }
        let (record, bytes) = Starts::read(memory).record();
        for written in 0..8 {
            let mut memory = memory;
            memory[record][..written].copy_from_slice(&bytes[..written]);
            // Number 5 has been used; 6 has not.
            assert!(Starts::read(memory).number() >= 6, "{written} bytes");
        }
    }
}
