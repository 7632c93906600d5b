use std::io;

use anstream::AutoStream;
use anstyle::{AnsiColor, Style};
use clap::ColorChoice;

/// The styles of everything that is coloured. Without colours each of them writes nothing.
#[derive(Clone, Copy, Default)]
pub(crate) struct Palette {
    /// Titles of columns, names of files.
    pub(crate) title: Style,
    /// What the eye may skip: line numbers, sizes.
    pub(crate) faint: Style,
    /// What belongs to a data message.
    pub(crate) data: Style,
    /// What belongs to a transport message.
    pub(crate) transport: Style,
    /// The id that holds an exchange together.
    pub(crate) id: Style,
    /// What is wrong, and the caret under it.
    pub(crate) error: Style,
}

impl Palette {
    const COLORED: Self = Self {
        title: Style::new().bold(),
        faint: Style::new().dimmed(),
        data: AnsiColor::Cyan.on_default(),
        transport: AnsiColor::Magenta.on_default(),
        id: AnsiColor::Yellow.on_default(),
        error: AnsiColor::Red.on_default().bold(),
    };

    /// The palette for standard output.
    pub(crate) fn for_stdout(choice: ColorChoice) -> Self {
        Self::of(choice, AutoStream::choice(&io::stdout()))
    }

    /// The palette for standard error.
    pub(crate) fn for_stderr(choice: ColorChoice) -> Self {
        Self::of(choice, AutoStream::choice(&io::stderr()))
    }

    /// `auto` is the choice for the stream: a terminal, NO_COLOR, CLICOLOR, TERM.
    fn of(choice: ColorChoice, auto: anstream::ColorChoice) -> Self {
        let colored = match choice {
            ColorChoice::Always => true,
            ColorChoice::Never => false,
            ColorChoice::Auto => auto != anstream::ColorChoice::Never,
        };
        if colored {
            Self::COLORED
        } else {
            Self::default()
        }
    }
}
