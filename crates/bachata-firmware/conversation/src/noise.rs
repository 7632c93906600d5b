use bachata_std::Message;
use bachata_std::core::FrameReader;

/// Random lines of which none is a message, the same every time.
pub(crate) struct Noise {
    state: u64,
}

/// What some of them are made of.
const SAMPLES: [&str; 3] = [
    r#"{"id":"n","type":"led","time":0,"data":{"on":true},"from":"desk"}"#,
    r#"{"type":1001,"data":"\u00e9\ud83d\ude00"}"#,
    r#"{"id":"n","type":"read","time":-17,"data":"caf\u00e9 \"now\"","from":"desk","x":[1.5e3,null,{}]}"#,
];

const SYMBOLS: &[u8] = br#"{}[]:,"\u0123456789eE+-. truefalsn"#;

impl Noise {
    pub(crate) const fn new() -> Self {
        Self {
            state: 0x9e37_79b9_7f4a_7c15,
        }
    }

    /// A line with its LF.
    pub(crate) fn line(&mut self) -> Vec<u8> {
        loop {
            let mut line = match self.below(3) {
                0 => {
                    let longest = if self.below(8) == 0 { 700 } else { 100 };
                    (0..self.below(longest)).map(|_| self.byte()).collect()
                }
                1 => (0..self.below(100))
                    .map(|_| SYMBOLS[self.below(SYMBOLS.len())])
                    .collect(),
                _ => self.damaged(),
            };
            line.retain(|&byte| byte != b'\n');
            if Message::<bachata_std::Payload>::parse(&line).is_err() {
                line.push(b'\n');
                return line;
            }
        }
    }

    /// A message with a byte changed, lost or added, or cut off.
    fn damaged(&mut self) -> Vec<u8> {
        let mut line = SAMPLES[self.below(SAMPLES.len())].as_bytes().to_vec();
        let at = self.below(line.len());
        match self.below(4) {
            0 => line[at] = self.byte(),
            1 => drop(line.remove(at)),
            2 => line.insert(at, self.byte()),
            _ => line.truncate(at),
        }
        line
    }

    fn byte(&mut self) -> u8 {
        self.next().to_le_bytes()[7]
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() >> 33) as usize % bound
    }

    /// xorshift64*.
    fn next(&mut self) -> u64 {
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }
}

/// How many lines a device that takes frames of up to 512 bytes finds in a stream: all but those of whitespace.
pub(crate) fn count_lines(stream: &[u8]) -> u32 {
    let mut reader = FrameReader::<514>::new();
    let mut count = 0;
    let mut rest = stream;
    while !rest.is_empty() {
        let room = reader.room();
        let (piece, after) = rest.split_at(room.len().min(rest.len()));
        room[..piece.len()].copy_from_slice(piece);
        reader.commit(piece.len());
        rest = after;
        while reader.next_frame().is_some() {
            count += 1;
        }
    }
    count
}
