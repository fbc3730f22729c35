//! What the commands write and ask.

use std::io::{self, BufRead, IsTerminal, Write};

use chrono::{DateTime, SecondsFormat, Utc};
use clap::ValueEnum;
use comfy_table::{ContentArrangement, Table, presets};
use serde::Serialize;

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

/// Writes JSON for programs to standard output.
///
/// # Errors
/// When it cannot be written to.
pub(super) fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    Ok(print(&serde_json::to_string_pretty(value)?)?)
}

/// Writes to standard error, past the log and its filter.
pub(super) fn say(text: &str) {
    // Where standard error cannot be written to, there is no place left to say so.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// A time as answers write it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
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
    ask_or(question, "--force")
}

/// [`ask`], where another flag answers it.
pub(super) fn ask_or(question: &str, flag: &str) -> io::Result<bool> {
    if !io::stdin().is_terminal() {
        say(&format!("{question} Nobody can answer here, so: no. Say {flag} to do it without a question."));
        return Ok(false);
    }
    let mut error = io::stderr().lock();
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}
