//! The command line.

pub mod analyze;
pub mod cache;
pub mod config;
pub mod serve;
pub mod verify;

use std::{
    io::{self, BufRead, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Args, Parser, Subcommand, ValueEnum};
use comfy_table::{ContentArrangement, Table, presets};

use crate::settings::{Flags, Settings, SettingsError};

/// Factor analysis for AI assistants: correlations, performance and windowed returns of factor ETFs over MCP.
///
/// Without a command it serves one client over standard input and output.
#[derive(Debug, Parser)]
#[command(name = "factor-mcp", version, max_term_width = 100)]
pub struct Cli {
    #[command(flatten)]
    global: GlobalArgs,
    #[command(subcommand)]
    command: Option<Command>,
}

/// Settings given on the command line; they win over the environment and the settings file.
#[derive(Debug, Args)]
struct GlobalArgs {
    /// Settings file (default: factor-mcp.toml here or in the user's configuration folder)
    #[arg(long, global = true, value_name = "PATH")]
    config: Option<PathBuf>,
    /// Where prices come from: auto, fmp, yahoo, files or sample [env: FACTOR_PRICE_SOURCE]
    #[arg(long, global = true, value_name = "SOURCE")]
    price_source: Option<String>,
    /// Folder or file with prices, CSV or Parquet [env: FACTOR_PRICE_FILES]
    #[arg(long, global = true, value_name = "PATH")]
    price_files: Option<String>,
    /// File with Treasury yields [env: FACTOR_YIELD_FILE]
    #[arg(long, global = true, value_name = "PATH")]
    yield_file: Option<String>,
    /// Folder for what is kept between runs [env: FACTOR_DATA_DIR]
    #[arg(long, global = true, value_name = "PATH")]
    data_dir: Option<String>,
    /// Folder with the factor mappings (default: those built in) [env: FACTOR_PROXIES_DIR]
    #[arg(long, global = true, value_name = "PATH")]
    proxies_dir: Option<String>,
    /// The date taken for today, so that an answer can be given again [env: FACTOR_TODAY]
    #[arg(long, global = true, value_name = "YYYY-MM-DD")]
    today: Option<String>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Serve MCP over standard input and output (stdio, the default) or over HTTP
    Serve(serve::ServeArgs),
    /// Analyse factors and print the report
    Analyze(analyze::AnalyzeArgs),
    /// Show, drop or fetch the prices kept on disk
    Cache(cache::CacheArgs),
    /// Ask for the newest price of every factor's ETF and report those that have none
    VerifyProxies(verify::VerifyArgs),
    /// Show the settings in force and where each came from
    Config(config::ConfigArgs),
}

impl GlobalArgs {
    fn settings(self, addr: Option<String>) -> Result<Settings, SettingsError> {
        let flags: Flags = vec![
            ("FACTOR_PRICE_SOURCE", self.price_source),
            ("FACTOR_PRICE_FILES", self.price_files),
            ("FACTOR_YIELD_FILE", self.yield_file),
            ("FACTOR_DATA_DIR", self.data_dir),
            ("FACTOR_PROXIES_DIR", self.proxies_dir),
            ("FACTOR_TODAY", self.today),
            ("FACTOR_HTTP_ADDR", addr),
        ];
        Settings::load(&flags, self.config.as_deref())
    }
}

impl Cli {
    /// Runs the command. 0: done. 1: it failed. 2: wrong usage, settings included.
    pub async fn run(self) -> ExitCode {
        let command = self.command.unwrap_or_else(|| Command::Serve(serve::ServeArgs::default()));
        let addr = match &command {
            Command::Serve(args) => args.addr.clone(),
            Command::Analyze(_) | Command::Cache(_) | Command::VerifyProxies(_) | Command::Config(_) => None,
        };
        let settings = match self.global.settings(addr) {
            Ok(settings) => settings,
            Err(error) => {
                say(&format!("error: {error}"));
                return ExitCode::from(2);
            }
        };
        let done = match command {
            Command::Serve(args) => serve::run(settings, args).await,
            Command::Analyze(args) => analyze::run(settings, args).await,
            Command::Cache(args) => cache::run(settings, args).await,
            Command::VerifyProxies(args) => verify::run(settings, args).await,
            Command::Config(args) => config::run(&settings, &args),
        };
        done.unwrap_or_else(|error| {
            say(&format!("error: {error:#}"));
            ExitCode::FAILURE
        })
    }
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
fn say(text: &str) {
    // Nobody is left to tell that standard error cannot be written to.
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// How a command writes what it found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    Table,
    Json,
}

/// A table for people, as wide as the terminal.
fn table<const N: usize>(header: &[&str; N], rows: Vec<[String; N]>) -> String {
    let mut table = Table::new();
    table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Dynamic);
    table.set_header(header.to_vec()).add_rows(rows);
    table.trim_fmt()
}

/// Asks a question on the terminal; yes is `y` or `yes`. Where nobody can answer, the answer is no.
fn ask(question: &str) -> io::Result<bool> {
    let mut error = io::stderr().lock();
    write!(error, "{question} [y/N] ")?;
    error.flush()?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    Ok(matches!(answer.trim().to_ascii_lowercase().as_str(), "y" | "yes"))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        Cli::command().debug_assert();
    }
}
