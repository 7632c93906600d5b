/// Frames that a candidate may spoil.
pub(crate) type Scratch = Vec<Vec<u8>>;

/// Somebody who can do some work on all frames of a corpus.
pub(crate) struct Candidate<'c> {
    pub(crate) name: &'static str,
    /// It parses in place, and needs the frames anew for each pass. Making them is not measured.
    pub(crate) spoils: bool,
    pass: Box<dyn FnMut(&mut Scratch) -> u64 + 'c>,
}

impl<'c> Candidate<'c> {
    /// Does the work frame by frame.
    pub(crate) fn new<T>(
        name: &'static str,
        items: &'c [T],
        mut work: impl FnMut(&'c T) -> u64 + 'c,
    ) -> Self {
        let pass = move |_: &mut Scratch| {
            items
                .iter()
                .fold(0_u64, |sum, item| sum.wrapping_add(work(item)))
        };
        Self {
            name,
            spoils: false,
            pass: Box::new(pass),
        }
    }

    /// Does the work frame by frame, and writes into the frames.
    pub(crate) fn in_place(
        name: &'static str,
        mut work: impl FnMut(&mut [u8]) -> u64 + 'c,
    ) -> Self {
        let pass = move |scratch: &mut Scratch| {
            scratch
                .iter_mut()
                .fold(0_u64, |sum, frame| sum.wrapping_add(work(frame)))
        };
        Self {
            name,
            spoils: true,
            pass: Box::new(pass),
        }
    }

    /// Does the work for all frames, and gives a sum over what it has seen: the same for all who do the same.
    #[inline(never)] // Tools find it by its name.
    pub(crate) fn pass(&mut self, scratch: &mut Scratch) -> u64 {
        (self.pass)(scratch)
    }
}
