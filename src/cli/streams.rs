//! Standard output for data, standard error for everything else.

use std::io::{self, Write as _};

use super::CliError;
use crate::report::Style;

/// Writes data to standard output, byte for byte. A reader that has closed the pipe ends the run without an error.
pub fn print(text: &str) -> Result<(), CliError> {
    print_with(|out| out.write_all(text.as_bytes()))
}

/// The same with what `write` writes.
pub fn print_with(write: impl FnOnce(&mut dyn io::Write) -> io::Result<()>) -> Result<(), CliError> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match write(&mut out).and_then(|()| out.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Err(CliError::ClosedPipe),
        Err(source) => Err(CliError::StandardOutput { source }),
    }
}

/// Tells people something on standard error. That nobody listens is no failure of the job.
pub fn tell(text: &str) {
    let mut err = anstream::AutoStream::auto(io::stderr().lock());
    let _ = err.write_all(text.as_bytes()).and_then(|()| err.flush());
}

/// Whether standard output takes colour.
pub fn output_style() -> Style {
    match anstream::AutoStream::choice(&io::stdout()) {
        anstream::ColorChoice::Never => Style::Plain,
        _ => Style::Coloured,
    }
}
