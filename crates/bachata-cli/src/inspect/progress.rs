use std::io::{self, IsTerminal as _};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// How far the reading of a long file has come, on standard error.
///
/// It shows only where it helps and disturbs nothing: on a terminal, for a file long enough to wait
/// for, while standard output goes elsewhere. Frames that scroll by on the same terminal are
/// progress enough.
pub(crate) struct Progress(Option<ProgressBar>);

/// Shorter files are through before anyone looks.
const LONG: u64 = 8 * 1024 * 1024;

const TEMPLATE: &str =
    "{bar:32} {percent:>3} %  {bytes} of {total_bytes}, {bytes_per_sec}, {eta} left";

impl Progress {
    /// The progress in an input of this size, if that is known.
    pub(crate) fn new(size: Option<u64>) -> Self {
        let size = size.filter(|&size| {
            size >= LONG && io::stderr().is_terminal() && !io::stdout().is_terminal()
        });
        Self(size.map(|size| {
            let style = ProgressStyle::with_template(TEMPLATE);
            ProgressBar::with_draw_target(Some(size), ProgressDrawTarget::stderr())
                .with_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()))
        }))
    }

    /// So many bytes more have been read.
    pub(crate) fn advance(&self, bytes: usize) {
        if let Some(bar) = &self.0 {
            bar.inc(bytes as u64);
        }
    }
}

/// Leaves the terminal as it was.
impl Drop for Progress {
    fn drop(&mut self) {
        if let Some(bar) = &self.0 {
            bar.finish_and_clear();
        }
    }
}
