use std::io::{self, StdoutLock};

use anstream::AutoStream;
use terminal_size::{Width, terminal_size_of};

/// The columns of the terminal that standard output is; none if it isn't one.
pub(crate) fn stdout_width() -> Option<usize> {
    terminal_size_of(io::stdout()).map(|(Width(width), _)| width.into())
}

/// The columns of the terminal that standard error is; none if it isn't one.
pub(crate) fn stderr_width() -> Option<usize> {
    terminal_size_of(io::stderr()).map(|(Width(width), _)| width.into())
}

/// Standard output, ready for the styles of a palette. They are passed on as they are: whether
/// there are any is the palette's decision.
pub(crate) fn styled_stdout() -> AutoStream<StdoutLock<'static>> {
    // On Windows this makes the console understand them.
    AutoStream::always_ansi(io::stdout().lock())
}
