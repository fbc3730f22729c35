//! What the commands write and ask.

use std::io::{self, BufRead, IsTerminal, Write};

use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};

/// How a command writes what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum Format {
    Table,
    Json,
}

/// Writes to standard output, for commands that are no server.
///
/// # Errors
/// When it cannot be written to, other than because the reader has gone.
#[expect(clippy::disallowed_methods, reason = "the one writer of the command line")]
pub fn print(text: &str) -> io::Result<()> {
    match writeln!(io::stdout().lock(), "{text}") {
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        done => done,
    }
}

/// Writes to standard error, whatever the log's filter.
pub(super) fn say(text: &str) {
    // Nobody is left to tell that standard error cannot be written to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A table for people, as wide as the terminal.
pub(super) fn table<const N: usize>(header: &[&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec()).add_rows(rows);
    table.trim_fmt()
}

/// Asks a question on the terminal; yes is `y` or `yes`. Where no terminal is, nobody can answer, and the answer is no.
pub(super) fn ask(question: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        say(&format!("{question} Nobody can answer here, so: no. Say --force to do it without a question."));
        return Ok(false);
    }
    let mut error = io::stderr().lock();
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
