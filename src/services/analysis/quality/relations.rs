//! What is to be known of what figures are relative to, and of what groups are made of.

use factor_analytics::study::{Standing, StudiedFactor};
use factor_types::Ticker;

use super::{Warning, warning::PricedAs};
use crate::{
    analysis::{Analysis, AnalysisRequest, Plan, Report},
    services::analysis::arguments::Query,
};

/// A benchmark with a smaller share of the window's rows than this is said to have few.
const ENOUGH_ROWS: f64 = 0.9;

/// The warnings on tickers without prices, on benchmarks and on groups.
pub(super) fn warnings(analysis: &Analysis, analyzed: &[&StudiedFactor], query: &Query) -> Vec<Warning> {
    let mut warnings = not_priced(analysis, &query.request);
    warnings.extend(of_benchmarks(analysis, query));
    let short = analyzed.iter().filter_map(|group| short_members(analysis, &query.request, group));
    let (groups, lost): (Vec<String>, Vec<bool>) = short.unzip();
    if !groups.is_empty() {
        warnings.push(Warning::MembersShort { groups, lost: lost.contains(&true) });
    }
    warnings
}

/// The tickers that are priced next to the universe and have no prices. Without a source of the risk-free rate there are
/// others, or none, which is said as such.
fn not_priced(analysis: &Analysis, request: &AnalysisRequest) -> Vec<Warning> {
    let missing = analysis.prepared.also_missing.iter();
    let wanted = missing.filter_map(|(ticker, why)| {
        Some(Warning::NotPriced { ticker: ticker.clone(), why: why.clone(), as_what: wanted_as(request, ticker)? })
    });
    wanted.collect()
}

fn wanted_as(request: &AnalysisRequest, ticker: &Ticker) -> Option<PricedAs> {
    if request.benchmark == *ticker {
        return Some(PricedAs::Benchmark);
    }
    // Of a group's member it is said what it leaves of the group.
    let also = request.also_priced.contains(ticker);
    match request.plan {
        Plan::Correlations(_) => also.then_some(PricedAs::Overlay),
        Plan::Performance(_) | Plan::Returns(_) => also.then_some(PricedAs::Holding),
    }
}

/// What figures are relative to and lacks returns: that of performance, and those of an overlay.
fn of_benchmarks(analysis: &Analysis, query: &Query) -> Vec<Warning> {
    let mut benchmarks: Vec<&Ticker> = match (&query.request.plan, analysis.report()) {
        (Plan::Performance(plan), _) => vec![&plan.benchmark],
        (Plan::Correlations(plan), Report::Correlations(_)) => {
            plan.market_sensitivity.iter().flat_map(|(_, benchmarks)| benchmarks).collect()
        }
        _ => Vec::new(),
    };
    benchmarks.dedup();
    let panel = analysis.study.panel();
    let lacking = benchmarks.into_iter().filter_map(|ticker| {
        let column = &panel.columns()[panel.position(ticker)?];
        let (rows, of) = (column.observations, panel.rows());
        let stopped = Standing::of(panel, column).stopped;
        let few = (rows as f64) < ENOUGH_ROWS * of as f64;
        (stopped.is_some() || few).then(|| Warning::FewOfBenchmark { ticker: ticker.clone(), rows, of, stopped })
    });
    lacking.collect()
}

/// A group with its members that have no prices, stopped or are young, in words, and whether it lost one; `None` where all fill
/// the window.
fn short_members(analysis: &Analysis, request: &AnalysisRequest, group: &StudiedFactor) -> Option<(String, bool)> {
    let panel = analysis.study.panel();
    let own = request.groups.groups.iter().find(|own| own.factor.ticker == group.factor.ticker)?;
    let member = |(ticker, _): &(Ticker, f64)| {
        let Some(column) = panel.position(ticker).map(|at| &panel.columns()[at]) else {
            return Some((format!("{ticker} without prices"), true));
        };
        let rows = format!("{} of {} periods", column.observations, panel.rows());
        match Standing::of(panel, column) {
            Standing { stopped: Some(last), .. } => Some((format!("{ticker} stopped {last}, {rows}"), true)),
            Standing { young: true, .. } => Some((format!("{ticker} young, {rows}"), false)),
            Standing { .. } => None,
        }
    };
    let (short, lost): (Vec<String>, Vec<bool>) = own.members.iter().flatten().filter_map(member).unzip();
    let said = || (format!("{} ({})", group.factor.ticker, short.join("; ")), lost.contains(&true));
    (!short.is_empty()).then(said)
}
