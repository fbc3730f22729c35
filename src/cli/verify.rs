//! `factor-mcp verify-proxies`: does every factor's ETF still have prices?

use std::{collections::HashSet, process::ExitCode, sync::Arc};

use chrono::{Days, NaiveDate, Utc};
use clap::Args;
use factor_analytics::study::ExclusionReason;
use factor_prices::{PriceError, PriceProvider};
use factor_types::{DateRange, Factor, Ticker};
use futures::{StreamExt, stream};
use serde::Serialize;

use super::{Format, print, print_json, say, table};
use crate::{
    analysis::{
        Told,
        failure_runs::{Failure, FailureRun, Runs},
    },
    app::App,
    progress::{Fetching, Progress},
    services::analysis::quality,
    settings::Settings,
};

/// A light fetch: so many days of prices.
const DAYS: u64 = 21;
/// A newest price older than this is no price of a living fund.
const STOPPED_DAYS: i64 = 10;
const IN_FLIGHT: usize = 8;
const SAMPLE: &str = "sample";

/// How to verify.
#[derive(Debug, Args)]
pub struct VerifyArgs {
    /// A table for people or JSON for programs
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Show every factor, not only those with trouble
    #[arg(long)]
    all: bool,
}

/// What was found out about a factor.
#[derive(Debug, Serialize)]
struct Finding {
    ticker: Ticker,
    label: String,
    /// `ok`, `stopped`, `no_data` or `fetch_failed`.
    status: &'static str,
    last_price: Option<NaiveDate>,
    /// Days in a row on which it failed.
    consecutive_failures: u32,
    /// True from the third such day on.
    stale_candidate: bool,
    detail: String,
}

/// Asks the price source itself for the last weeks of every factor, past what is kept, and reports.
/// Exit code 1 when a factor has trouble. The store keeps when each price was last seen.
///
/// # Errors
/// When the price source cannot be set up or the report cannot be written.
pub async fn run(settings: Settings, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let app = App::build(settings)?;
    let today = app.today();
    let from = today.checked_sub_days(Days::new(DAYS)).unwrap_or(today);
    let range = DateRange::new(from, today)?;
    let snapshot = app.universe_watcher.current().await;
    let factors: Vec<Arc<Factor>> = snapshot.loaded.universe.factors().iter().cloned().map(Arc::new).collect();
    // Past the cache: what is kept says nothing of what the vendor has today.
    let (fetching, source) = (Fetching::default(), &*app.sources.direct);
    fetching.expect(factors.len());
    // In the order of the universe, whichever answers first.
    let asked = stream::iter(factors).map(|factor| check(source, factor, range, &fetching)).buffered(IN_FLIGHT);
    let mut findings: Vec<Finding> = Progress::bar().follow("verifying", &fetching, asked.collect()).await;
    let runs = record(&app, today, &findings).await;
    for finding in &mut findings {
        let run = runs.get(&finding.ticker);
        finding.consecutive_failures = run.map_or(0, |run| run.days);
        finding.stale_candidate = run.is_some_and(FailureRun::is_stale);
    }
    note_seen(&app, &findings).await;
    let count = findings.len();
    let trouble = findings.iter().filter(|finding| finding.status != "ok").count();
    // After counting: the last line is of all factors.
    findings.retain(|finding| args.all || finding.status != "ok");
    match args.format {
        Format::Json => print_json(&findings)?,
        Format::Table => {
            if !findings.is_empty() {
                let header = ["ticker", "label", "status", "last price", "days failed", "detail"];
                print(&table(&header, findings.iter().map(row).collect()))?;
            }
            let source = &app.sources.choice.name;
            print(&format!("{} of {count} factors have current prices from {source}", count - trouble))?;
        }
    }
    Ok(if trouble == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Notes in the store whose prices were seen; without the store the report is what it is.
async fn note_seen(app: &App, findings: &[Finding]) {
    // Simulated prices say nothing of a fund.
    if app.sources.choice.name == SAMPLE {
        return;
    }
    let ok = findings.iter().filter(|finding| finding.status == "ok");
    let seen: Vec<Ticker> = ok.map(|finding| finding.ticker.clone()).collect();
    if let Err(error) = app.store.mark_verified(&seen, Utc::now()).await {
        say(&format!("not noted in the store when prices were seen: {error}"));
    }
}

async fn check(source: &dyn PriceProvider, factor: Arc<Factor>, range: DateRange, fetching: &Fetching) -> Finding {
    let answer = source.history(&factor.ticker, range).await;
    fetching.step();
    let (status, last_price, detail) = match answer {
        Ok(history) => {
            // A source may know of prices after today; they are no news of today.
            let last = history.series.dates().iter().rev().find(|date| **date <= range.end()).copied();
            match last {
                Some(last) if (range.end() - last).num_days() <= STOPPED_DAYS => {
                    let told = quality::doubtful_told(&Told::of(&factor.ticker, &history));
                    let said: Vec<String> = history.caveat.into_iter().chain(told).collect();
                    ("ok", Some(last), said.join("; "))
                }
                Some(last) => ("stopped", Some(last), format!("no price since {last}")),
                None => ("stopped", None, format!("no price since {}", range.start())),
            }
        }
        Err(PriceError::NoData(why)) => ("no_data", None, why),
        Err(error @ PriceError::Failed { .. }) => ("fetch_failed", None, error.to_string()),
    };
    Finding {
        ticker: factor.ticker.clone(),
        label: factor.label.clone(),
        status,
        last_price,
        consecutive_failures: 0,
        stale_candidate: false,
        detail,
    }
}

/// Counts today's failures and successes.
async fn record(app: &App, today: NaiveDate, findings: &[Finding]) -> Runs {
    let succeeded: HashSet<Ticker> =
        findings.iter().filter(|finding| finding.status == "ok").map(|finding| finding.ticker.clone()).collect();
    let failures = failures(findings, !succeeded.is_empty());
    app.failure_runs.record(today, &failures, &succeeded).await
}

/// The failures that say something of their factor: where nothing at all has arrived, a failed fetch is the source's.
fn failures(findings: &[Finding], some_arrived: bool) -> Vec<Failure> {
    let failure = |finding: &Finding| {
        let reason = match finding.status {
            "stopped" => ExclusionReason::ThinHistory,
            "no_data" => ExclusionReason::NoData,
            "fetch_failed" if some_arrived => ExclusionReason::FetchFailed,
            _ => return None,
        };
        Some(Failure { ticker: finding.ticker.clone(), reason, detail: finding.detail.clone() })
    };
    findings.iter().filter_map(failure).collect()
}

fn row(finding: &Finding) -> [String; 6] {
    let stale = if finding.stale_candidate { " (stale)" } else { "" };
    [
        finding.ticker.to_string(),
        finding.label.clone(),
        finding.status.to_owned(),
        finding.last_price.map(|date| date.to_string()).unwrap_or_default(),
        format!("{}{stale}", finding.consecutive_failures),
        finding.detail.clone(),
    ]
}

#[cfg(test)]
mod tests;
