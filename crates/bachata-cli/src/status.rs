use std::io::{self, Write as _};
use std::process::ExitCode;

/// How a command has gone: its exit status, the graver one greater.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Status {
    /// All is well.
    Good = 0,
    /// Some frame is no message, or not one that is verified.
    Invalid = 1,
    /// Something could not be done: usage or input and output.
    Failed = 2,
}

impl Status {
    /// What a command comes to whose output ended with `result`. A reader that has seen enough
    /// closes the pipe (`| head`): that is no failure, and nobody is left to tell.
    pub(crate) fn after_output(self, result: io::Result<()>) -> Self {
        match result {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => {
                complain(&format!("standard output: {error}"))
            }
            _ => self,
        }
    }
}

impl From<Status> for ExitCode {
    fn from(status: Status) -> Self {
        Self::from(status as u8)
    }
}

/// Tells on standard error what may go wrong. The text must be printable.
pub(crate) fn warn(text: &str) {
    let _ = complain(&format!("warning: {text}"));
}

/// Tells on standard error what went wrong. The text must be printable.
pub(crate) fn complain(text: &str) -> Status {
    // Unlike `eprintln!`, this doesn't panic when standard error is closed.
    let _ = writeln!(io::stderr(), "bachata: {text}");
    Status::Failed
}
