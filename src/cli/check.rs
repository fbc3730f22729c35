//! `factor-mcp check`: what price files hold, how they are read and what is doubtful in them.

use std::{path::PathBuf, process::ExitCode};

use clap::Args;
use factor_prices::{FilePrices, files::Reading};
use factor_types::PriceKind;

use super::{Format, UsageError, print, print_json, table};
use crate::{
    app::{clock_of, utc_today},
    services::check::{self, FileCheck, Found, HeldPrices, HeldYields, Level, Place, Word},
    settings::Settings,
};

/// What to check.
#[derive(Debug, Args)]
pub struct CheckArgs {
    /// A file of prices or yields, or a folder of them; without one those of FACTOR_PRICE_FILES and FACTOR_YIELD_FILE
    path: Option<PathBuf>,
    /// A table for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
}

/// Checks a file or folder. Exit code 0 when it is good, 1 when it is doubtful or refused.
///
/// # Errors
/// When there is no such file, or standard output cannot be written to.
pub async fn run(settings: Settings, args: CheckArgs) -> anyhow::Result<ExitCode> {
    let (path, yields) = places(&settings, args.path)?;
    let files = FilePrices::open(&path, yields.as_deref(), utc_today).map_err(|error| UsageError(error.to_string()))?;
    let found = check::run(&files, path.display().to_string(), clock_of(&settings)).await;
    match args.format {
        Format::Json => print_json(&found)?,
        Format::Table => print(&written(&found))?,
    }
    Ok(if found.word == Word::Good { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// What is checked, and the yields beside it, which are the server's: a file of yields is checked by itself.
fn places(settings: &Settings, path: Option<PathBuf>) -> Result<(PathBuf, Option<PathBuf>), UsageError> {
    let (prices, yields) = (settings.prices.files.clone(), settings.prices.yield_file.clone());
    match (path.or(prices), yields) {
        (Some(path), yields) => {
            let is_it = |yields: &PathBuf| std::fs::canonicalize(yields).ok() == std::fs::canonicalize(&path).ok();
            let yields = yields.filter(|yields| !is_it(yields));
            Ok((path, yields))
        }
        (None, Some(yields)) => Ok((yields, None)),
        (None, None) => {
            let why = "nothing to check: name a file or folder, or set FACTOR_PRICE_FILES or FACTOR_YIELD_FILE";
            Err(UsageError(why.to_owned()))
        }
    }
}

/// For people: what it holds, how it is read, what was found, and the word on the last line.
fn written(check: &FileCheck) -> String {
    let mut parts = Vec::new();
    if !check.prices.is_empty() {
        parts.push(prices(&check.prices, check.more_prices));
    }
    if !check.yields.is_empty() {
        let header = ["YIELDS", "FIRST", "LAST", "ROWS"];
        parts.push(table(&header, check.yields.iter().map(of_yields).collect()));
    }
    parts.extend(check.files.iter().map(reading));
    parts.extend(more(check.more_files, "files"));
    if let Some(benchmark) = &check.benchmark {
        parts.push(format!("Months and market days are judged by {benchmark}."));
    }
    parts.extend(check.findings.iter().map(finding));
    parts.push(check.word.to_string());
    parts.join("\n\n")
}

fn prices(prices: &[HeldPrices], left_out: usize) -> String {
    let header = ["TICKER", "PRICES", "FIRST", "LAST", "ROWS", "SPACING", "FILE"];
    let mut listed = table(&header, prices.iter().map(of_prices).collect());
    if let Some(more) = more(left_out, "tickers") {
        listed.push('\n');
        listed.push_str(&more);
    }
    listed
}

fn more(count: usize, what: &str) -> Option<String> {
    (count > 0).then(|| format!("and {count} more {what}"))
}

fn of_prices(held: &HeldPrices) -> [String; 7] {
    let kind = match (held.refused, held.kind) {
        (Some(refused), _) => refused,
        (None, PriceKind::Adjusted) => "adjusted",
        (None, PriceKind::Close) => "close",
    };
    let [first, last] = [held.first, held.last].map(|date| date.map(|date| date.to_string()).unwrap_or_default());
    let spacing = held.spacing.as_str().to_owned();
    [held.ticker.to_string(), kind.to_owned(), first, last, held.rows.to_string(), spacing, held.file.clone()]
}

fn of_yields(held: &HeldYields) -> [String; 4] {
    let [first, last] = [held.first, held.last].map(|date| date.map(|date| date.to_string()).unwrap_or_default());
    [held.maturity.to_string(), first, last, held.rows.to_string()]
}

fn reading(reading: &Reading) -> String {
    let mut lines = vec![
        format!("{}, {} rows", reading.file, reading.lines),
        format!("  columns: {}", reading.columns),
        format!("  tickers: {}", reading.tickers),
        format!("  dates: {}", reading.dates),
        format!("  numbers: {}", reading.numbers),
    ];
    lines.extend(reading.fields.iter().map(|fields| format!("  between fields: {fields}")));
    lines.extend(reading.currency.iter().map(|sign| format!("  currency sign: {sign}")));
    lines.join("\n")
}

fn finding(found: &Found) -> String {
    let level = match found.level {
        Level::Refused => "refused",
        Level::Doubtful => "doubtful",
        Level::Information => "information",
    };
    let mut lines = vec![format!("{level}, {}: {}", found.kind, found.says)];
    lines.extend(found.places.iter().map(place));
    let untold = found.count.saturating_sub(found.places.len());
    lines.extend(more(untold, "of them").map(|more| format!("  {more}")));
    lines.join("\n")
}

fn place(place: &Place) -> String {
    match (&place.file, place.line) {
        (Some(file), Some(line)) => format!("  {file} line {line}: {}", place.text),
        (Some(file), None) => format!("  {file}: {}", place.text),
        (None, _) => format!("  {}", place.text),
    }
}
