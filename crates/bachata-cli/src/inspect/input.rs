use std::fs::File;
use std::io::{self, Read, StdinLock};
use std::path::Path;

/// What frames are read from: a file, or standard input, which is called `-`.
pub(crate) enum Input {
    /// Standard input.
    Stdin(StdinLock<'static>),
    /// A file, and its size if it has one: a named pipe has none.
    File(File, Option<u64>),
}

impl Input {
    /// Opens what the path names.
    ///
    /// # Errors
    ///
    /// The file can't be opened.
    pub(crate) fn open(path: &Path) -> io::Result<Self> {
        if path.as_os_str() == "-" {
            return Ok(Self::Stdin(io::stdin().lock()));
        }
        let file = File::open(path)?;
        let metadata = file.metadata()?;
        let size = metadata.is_file().then_some(metadata.len());
        Ok(Self::File(file, size))
    }

    /// The size in bytes, if it is known; then reading never waits for anyone.
    pub(crate) const fn size(&self) -> Option<u64> {
        match self {
            Self::Stdin(_) => None,
            Self::File(_, size) => *size,
        }
    }
}

impl Read for Input {
    fn read(&mut self, room: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Stdin(stdin) => stdin.read(room),
            Self::File(file, _) => file.read(room),
        }
    }
}
