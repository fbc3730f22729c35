//! `factor-mcp cache`: what was fetched and is kept on disk.

use std::{collections::BTreeMap, process::ExitCode};

use clap::{Args, Subcommand};
use factor_types::{EntryFilter, EntryInfo};
use serde::Serialize;
use serde_json::json;

use super::{Format, ask, print, print_json, say, table, time};
use crate::{
    app::{App, is_mark, leave_mark},
    progress::Progress,
    services::{Call, analysis},
    settings::Settings,
};

/// What to do with what is kept.
#[derive(Debug, Args)]
pub struct CacheArgs {
    #[command(subcommand)]
    command: CacheCommand,
}

#[derive(Debug, Subcommand)]
enum CacheCommand {
    /// Show what is kept, by source and kind
    Stats {
        /// A table for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Drop what is kept: all of it, or what the options name
    Clear {
        /// Only of this source, such as fmp
        #[arg(long, value_name = "SOURCE")]
        source: Option<String>,
        /// Only of this ticker
        #[arg(long, value_name = "TICKER")]
        ticker: Option<String>,
        /// Do not ask first
        #[arg(long)]
        force: bool,
    },
    /// Fetch the history of every factor now, so that the first question need not wait
    Warm,
}

/// What is kept of one source and kind.
#[derive(Debug, Serialize)]
struct Kept<'a> {
    source: &'a str,
    kind: &'a str,
    entries: usize,
    bytes: u64,
    oldest: String,
    newest: String,
}

impl Kept<'_> {
    fn row(self) -> [String; 6] {
        let (entries, bytes) = (self.entries.to_string(), self.bytes.to_string());
        [self.source.to_owned(), self.kind.to_owned(), entries, bytes, self.oldest, self.newest]
    }
}

/// Runs the command.
///
/// # Errors
/// When the cache cannot be read or written, or the price source cannot be set up.
pub async fn run(settings: Settings, args: CacheArgs) -> anyhow::Result<ExitCode> {
    let app = App::build(settings)?;
    match args.command {
        CacheCommand::Stats { format } => stats(&app, format).await,
        CacheCommand::Clear { source, ticker, force } => {
            clear(&app, EntryFilter { source, kind: None, subject: ticker }, force).await
        }
        CacheCommand::Warm => warm(&app).await,
    }
}

async fn stats(app: &App, format: Format) -> anyhow::Result<ExitCode> {
    let entries = fetched(app, &EntryFilter::default()).await?;
    let health = app.sources.store.health();
    // By address too: a trial server and the market's own are two sources.
    let kept = by_source_and_kind(&entries);
    match format {
        Format::Json => {
            let all = json!({"place": health.place, "problem": health.problem, "notes": health.notes, "kept": kept});
            print_json(&all)?;
        }
        Format::Table => {
            print(&format!("kept in {}", health.place))?;
            for line in health.notes.iter().chain(&health.problem) {
                print(line)?;
            }
            if kept.is_empty() {
                print("nothing is kept")?;
            } else {
                let rows = kept.into_iter().map(Kept::row).collect();
                print(&table(&["source", "kind", "entries", "bytes", "oldest", "newest"], rows))?;
            }
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What is kept, summed up.
fn by_source_and_kind(entries: &[EntryInfo]) -> Vec<Kept<'_>> {
    let mut groups: BTreeMap<(&str, &str), Vec<&EntryInfo>> = BTreeMap::new();
    for entry in entries {
        groups.entry((&entry.key.source, &entry.key.kind)).or_default().push(entry);
    }
    let kept = |((source, kind), entries): ((_, _), Vec<&EntryInfo>)| Kept {
        source,
        kind,
        entries: entries.len(),
        bytes: entries.iter().map(|entry| entry.bytes).sum(),
        oldest: entries.iter().map(|entry| entry.fetched_at).min().map(time).unwrap_or_default(),
        newest: entries.iter().map(|entry| entry.fetched_at).max().map(time).unwrap_or_default(),
    };
    groups.into_iter().map(kept).collect()
}

/// What is kept that was fetched.
async fn fetched(app: &App, filter: &EntryFilter) -> anyhow::Result<Vec<EntryInfo>> {
    let mut entries = app.sources.store.list(filter).await?;
    entries.retain(|entry| !is_mark(&entry.key));
    Ok(entries)
}

async fn clear(app: &App, filter: EntryFilter, force: bool) -> anyhow::Result<ExitCode> {
    let filter = EntryFilter { subject: filter.subject.map(|ticker| ticker.to_ascii_uppercase()), ..filter };
    let count = fetched(app, &filter).await?.len();
    let place = app.sources.store.health().place;
    let question = format!("drop {count} entries from {place}?");
    if count > 0 && !force && !ask(&question)? {
        say("nothing was dropped; --force drops without asking");
        return Ok(ExitCode::FAILURE);
    }
    app.sources.store.clear(&filter).await?;
    // After the clearing: who sees the mark finds nothing kept any more.
    leave_mark(&*app.sources.store).await?;
    // What is kept in memory is this process's own.
    let told = if place == "memory" { "" } else { "; servers that run drop theirs at their next call" };
    print(&format!("dropped {count} entries{told}"))?;
    Ok(ExitCode::SUCCESS)
}

async fn warm(app: &std::sync::Arc<App>) -> anyhow::Result<ExitCode> {
    if app.sources.cached.is_none() {
        let name = &app.sources.choice.name;
        print(&format!("prices come from `{name}`: there is nothing to fetch"))?;
        return Ok(ExitCode::SUCCESS);
    }
    // The cheapest question for which every factor's prices and the yields are needed.
    let arguments = json!({"analysis_type": "correlations", "include": ["data_quality"], "max_chars": 0});
    let arguments = arguments.as_object().cloned().unwrap_or_default();
    let call = Call { arguments, progress: Progress::bar(), ..Call::default() };
    match analysis::answer(app, call).await {
        Ok(_) => {
            let figures = app.sources.cached.as_ref().map(factor_prices::CachedMarketSource::stats).unwrap_or_default();
            let kept = figures.disk_hits + figures.memory_hits;
            let got = figures.fetched + figures.tails;
            print(&format!("{} fetched, {kept} kept already, {} failed", got, figures.failed))?;
            Ok(if figures.failed == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
        }
        Err(error) => {
            say(&format!("error: {}", error.message));
            Ok(ExitCode::FAILURE)
        }
    }
}

#[cfg(test)]
mod tests {
    use factor_types::EntryKey;

    use super::*;

    #[test]
    fn entries_are_summed_up_by_source_and_kind() {
        let entry = |source: &str, kind: &str, subject: &str, day: u8, bytes| EntryInfo {
            key: EntryKey::new(source, kind, subject),
            fetched_at: format!("2026-01-{day:02}T00:00:00Z").parse().unwrap(),
            bytes,
        };
        let entries = [
            entry("yahoo", "prices", "SPY", 5, 10),
            entry("fmp", "prices", "SPY", 4, 7),
            entry("fmp", "dividends", "SPY", 3, 1),
            entry("fmp", "prices", "AGG", 2, 5),
        ];
        let rows: Vec<[String; 6]> = by_source_and_kind(&entries).into_iter().map(Kept::row).collect();
        assert_eq!(
            rows,
            [
                ["fmp", "dividends", "1", "1", "2026-01-03T00:00:00Z", "2026-01-03T00:00:00Z"],
                ["fmp", "prices", "2", "12", "2026-01-02T00:00:00Z", "2026-01-04T00:00:00Z"],
                ["yahoo", "prices", "1", "10", "2026-01-05T00:00:00Z", "2026-01-05T00:00:00Z"],
            ]
        );
    }
}
