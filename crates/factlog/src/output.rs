//! Printing: JSON or text on standard output, hints on standard error.

use std::io::Write as _;

use serde_json::Value;

/// How the user wants to be answered.
#[derive(Clone, Copy)]
pub(crate) struct Output {
    pub(crate) json: bool,
    pub(crate) quiet: bool,
}

impl Output {
    /// Prints the JSON document, or the text.
    pub(crate) fn answer(self, json: &Value, text: &str) -> anyhow::Result<()> {
        if self.json {
            return raw(&format!("{json:#}\n"));
        }
        // Colours go through anstream, which drops them where they are not wanted.
        let mut out = anstream::stdout().lock();
        ignore_closed_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
    }

    /// A hint or a warning, unless the user wants quiet.
    pub(crate) fn hint(self, text: &str) {
        if !self.quiet {
            anstream::eprintln!("{text}");
        }
    }

    /// Is a progress bar wanted?
    pub(crate) fn progress(self) -> bool {
        !self.quiet && std::io::IsTerminal::is_terminal(&std::io::stderr())
    }
}

/// Prints a text exactly as it is (checkpoints, proofs, keys).
pub(crate) fn raw(text: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    ignore_closed_pipe(out.write_all(text.as_bytes()).and_then(|()| out.flush()))
}

/// `factlog runs | head` is no error.
fn ignore_closed_pipe(result: std::io::Result<()>) -> anyhow::Result<()> {
    match result {
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        other => Ok(other?),
    }
}

/// Columns of the terminal; 100 where there is none.
pub(crate) fn width() -> usize {
    let columns = console::Term::stdout().size_checked().map_or(100, |(_, columns)| columns.into());
    columns.clamp(72, 160)
}
