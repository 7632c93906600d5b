use std::thread::{self, JoinHandle};

use crate::core::BufferTooSmall;
use crate::core::delivery::{
    self, Counters, Event, FrameError, Progress, Receipt, Received, SendError, Token,
};

/// A client of the core, whatever its capacities are.
pub(super) trait Machine: Send {
    fn handle_connect(&mut self, now: u64);
    fn handle_disconnect(&mut self, now: u64);
    fn send_frame(&mut self, frame: &[u8], now: u64) -> Result<Token, SendError>;
    fn cancel(&mut self, token: Token) -> bool;
    fn progress(&self, token: Token) -> Option<Progress>;
    /// Whether nothing of its own is under way.
    fn is_idle(&self) -> bool;
    fn counters(&self) -> Counters;
    fn handle_frame<'f>(
        &mut self,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Option<Received<'f>>, FrameError>;
    fn acknowledge(&mut self, receipt: Receipt);
    fn release(&mut self, receipt: Receipt);
    fn poll_transmit<'o>(&mut self, out: &'o mut [u8]) -> Result<Option<&'o [u8]>, BufferTooSmall>;
    fn poll_event(&mut self) -> Option<Event>;
    fn poll_timeout(&self) -> Option<u64>;
    fn handle_timeout(&mut self, now: u64);
}

impl<const WINDOW: usize, const DEDUPE: usize, const N: usize> Machine
    for delivery::Client<WINDOW, DEDUPE, N>
{
    fn handle_connect(&mut self, now: u64) {
        self.handle_connect(now);
    }

    fn handle_disconnect(&mut self, now: u64) {
        self.handle_disconnect(now);
    }

    fn send_frame(&mut self, frame: &[u8], now: u64) -> Result<Token, SendError> {
        self.send_frame(frame, now)
    }

    fn cancel(&mut self, token: Token) -> bool {
        self.cancel(token)
    }

    fn progress(&self, token: Token) -> Option<Progress> {
        self.progress(token)
    }

    fn is_idle(&self) -> bool {
        self.room() == WINDOW
    }

    fn counters(&self) -> Counters {
        self.counters()
    }

    fn handle_frame<'f>(
        &mut self,
        frame: &'f [u8],
        now: u64,
    ) -> Result<Option<Received<'f>>, FrameError> {
        self.handle_frame(frame, now)
    }

    fn acknowledge(&mut self, receipt: Receipt) {
        self.acknowledge(receipt);
    }

    fn release(&mut self, receipt: Receipt) {
        self.release(receipt);
    }

    fn poll_transmit<'o>(&mut self, out: &'o mut [u8]) -> Result<Option<&'o [u8]>, BufferTooSmall> {
        self.poll_transmit(out)
    }

    fn poll_event(&mut self) -> Option<Event> {
        self.poll_event()
    }

    fn poll_timeout(&self) -> Option<u64> {
        self.poll_timeout()
    }

    fn handle_timeout(&mut self, now: u64) {
        self.handle_timeout(now);
    }
}

/// A box of what may be larger than the stack of the thread that asks for it: a box is filled by way of the stack, unless it is optimised away.
pub(super) fn boxed<T: Send + 'static>(make: impl Fn() -> T + Copy + Send + 'static) -> Box<T> {
    const SMALL: usize = 16 << 10;
    let thread = if size_of::<T>() > SMALL {
        let stack = size_of::<T>().saturating_mul(4).saturating_add(1 << 18);
        let thread = thread::Builder::new().stack_size(stack);
        thread.spawn(move || filled(make)).ok()
    } else {
        None
    };
    match thread.map(JoinHandle::join) {
        Some(Ok(boxed)) => boxed,
        _ => filled(make),
    }
}

// Where it is inlined, its caller needs the stack that it needs, called or not.
#[inline(never)]
fn filled<T>(make: impl Fn() -> T) -> Box<T> {
    Box::new(make())
}

/// Writes the next frame after what is in `out`, by a function that writes it into a slice; false where there is none.
pub(super) fn append<E>(
    out: &mut Vec<u8>,
    mut poll_transmit: impl FnMut(&mut [u8]) -> Result<Option<usize>, E>,
    too_small: impl Fn(&E) -> Option<BufferTooSmall>,
) -> Result<bool, E> {
    let start = out.len();
    let mut room = 512;
    loop {
        out.resize(start + room, 0);
        match poll_transmit(&mut out[start..]) {
            Ok(len) => {
                out.truncate(start + len.unwrap_or_default());
                return Ok(len.is_some());
            }
            Err(error) => match too_small(&error) {
                Some(error) if error.needed > room => room = error.needed,
                _ => {
                    out.truncate(start);
                    return Err(error);
                }
            },
        }
    }
}
