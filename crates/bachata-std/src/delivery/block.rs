//! Threads that wait for what tasks wait for.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll, Wake, Waker};
use std::thread::{self, Thread};
use std::time::{Duration, Instant};

/// Waits for a future. After each time that it was not ready, `keep_time` does what is due and says when there is something more to do.
pub(super) fn block_on<F: Future>(
    future: F,
    mut keep_time: impl FnMut() -> Option<Instant>,
) -> F::Output {
    let mut future = pin!(future);
    let waker = Waker::from(Arc::new(Unpark(thread::current())));
    let mut cx = Context::from_waker(&waker);
    loop {
        if let Poll::Ready(output) = future.as_mut().poll(&mut cx) {
            return output;
        }
        match keep_time() {
            // What is due may be up to another thread, which is not to be waited for without a pause.
            Some(due) => {
                let pause = due.saturating_duration_since(Instant::now());
                thread::park_timeout(pause.max(Duration::from_millis(1)));
            }
            None => thread::park(),
        }
    }
}

/// As [`block_on`], and no longer than until `until`.
pub(super) fn block_on_until<F: Future>(
    future: F,
    until: Instant,
    mut keep_time: impl FnMut() -> Option<Instant>,
) -> Option<F::Output> {
    let mut future = pin!(future);
    let limited = poll_fn(|cx| match future.as_mut().poll(cx) {
        Poll::Ready(output) => Poll::Ready(Some(output)),
        Poll::Pending if Instant::now() >= until => Poll::Ready(None),
        Poll::Pending => Poll::Pending,
    });
    block_on(limited, || {
        Some(keep_time().map_or(until, |due| due.min(until)))
    })
}

struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}
