//! The end of a start: what went wrong is said, and the next start begins.

use core::fmt::{self, Write};
use core::panic::PanicInfo;

use crate::board;

/// Says on the serial line what went wrong and starts anew.
///
/// It is a line of plain text, not a message: a message has an id, and the state that makes ids can't be trusted any more. A peer drops it as it drops
/// any line that is no message, and a person sees it. The next start has ids of its own, and what was not acknowledged comes again.
pub(crate) fn restart(reason: fmt::Arguments<'_>) -> ! {
    board::stop();
    // It ends what was being sent.
    board::send_byte(b'\n');
    let _infallible = write!(Line, "fault: {reason}");
    board::send_byte(b'\n');
    board::reset()
}

#[panic_handler]
fn panic(info: &PanicInfo<'_>) -> ! {
    restart(format_args!("{info}"))
}

/// One line, without interrupts and buffers.
struct Line;

impl Write for Line {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        text.bytes()
            .map(|byte| if byte == b'\n' { b' ' } else { byte })
            .for_each(board::send_byte);
        Ok(())
    }
}
