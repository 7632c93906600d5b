use fastrand::Rng;

/// What can happen to a frame on its way. Chances are in a thousand.
#[derive(Clone, Copy, Default, Debug)]
pub struct Faults {
    /// It never arrives.
    pub lose: u32,
    /// It arrives twice.
    pub duplicate: u32,
    /// It overtakes others, or is overtaken.
    pub reorder: u32,
    /// Its end is missing.
    pub truncate: u32,
    /// Some of its bits are others.
    pub corrupt: u32,
    /// A receipt for an id that was never sent comes along.
    pub forge: u32,
    /// The longest way, in milliseconds.
    pub delay: u64,
}

/// A frame that will arrive, after a time in milliseconds, or after the one before where that is later.
pub(crate) struct Arrival {
    pub(crate) frame: Vec<u8>,
    pub(crate) delay: u64,
    /// Whether it may overtake those before it.
    pub(crate) overtakes: bool,
}

impl Faults {
    /// What arrives of a frame.
    pub(crate) fn pass(&self, frame: Vec<u8>, rng: &mut Rng) -> Vec<Arrival> {
        let mut hit = |chance| chance > 0 && rng.u32(..1000) < chance;
        let (lost, twice, overtakes, cut, corrupt, forged) = (
            hit(self.lose),
            hit(self.duplicate),
            hit(self.reorder),
            hit(self.truncate),
            hit(self.corrupt),
            hit(self.forge),
        );
        let mut frames = Vec::new();
        if forged {
            let code = [100, 200, 300][rng.usize(..3)];
            frames.push(format!(r#"{{"type":{code},"data":"{:x}"}}"#, rng.u64(..)).into_bytes());
        }
        if !lost {
            let mut frame = frame;
            if cut {
                frame.truncate(rng.usize(..frame.len().max(1)));
            }
            if corrupt && !frame.is_empty() {
                for _ in 0..rng.usize(1..4) {
                    let place = rng.usize(..frame.len());
                    frame[place] ^= 1 << rng.u8(..8);
                }
            }
            if twice {
                frames.push(frame.clone());
            }
            frames.push(frame);
        }
        let mut arrive = |frame| Arrival {
            frame,
            delay: rng.u64(..=self.delay),
            overtakes,
        };
        frames.into_iter().map(&mut arrive).collect()
    }
}
