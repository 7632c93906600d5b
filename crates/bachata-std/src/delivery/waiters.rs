use std::collections::BTreeMap;
use std::task::{Context, Waker};

/// Tasks and threads that wait for one and the same thing.
#[derive(Debug, Default)]
pub(super) struct Waiters {
    wakers: BTreeMap<u64, Waker>,
    next: u64,
}

/// The place of one of them, which it is to give back.
#[derive(Debug, Default)]
pub(super) struct Place(Option<u64>);

impl Waiters {
    pub(super) fn wait(&mut self, place: &mut Place, cx: &Context<'_>) {
        let key = *place.0.get_or_insert_with(|| {
            self.next += 1;
            self.next
        });
        self.wakers.insert(key, cx.waker().clone());
    }

    pub(super) fn leave(&mut self, place: &Place) {
        if let Some(key) = place.0 {
            self.wakers.remove(&key);
        }
    }

    /// Those that are to be woken, once no lock is held: what they wake may take it.
    pub(super) fn wake(&mut self) -> impl Iterator<Item = Waker> {
        std::mem::take(&mut self.wakers).into_values()
    }
}
