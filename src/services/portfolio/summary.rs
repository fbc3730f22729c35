//! Parts of the answers that the questions on a portfolio have alike.

use std::collections::HashSet;

use chrono::NaiveDate;
use factor_analytics::{Study, exposure::PortfolioReturns, panel::Column, yields::runs};
use factor_types::{Frequency, Ticker};
use indexmap::{IndexMap, IndexSet};
use schemars::JsonSchema;
use serde::Serialize;

use super::{CASH, held::Held, lookthrough::Classifications};
use crate::{
    analysis::{Analysis, UserPortfolio},
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        holdings_warning::{Reason, Warning},
    },
};

/// The window that figures rest on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct Period {
    /// The label before the first period.
    from: NaiveDate,
    /// The label of the last one.
    to: Option<NaiveDate>,
    frequency: Frequency,
    /// How many there are.
    periods: usize,
}

impl Period {
    /// The periods of an analysis.
    pub(crate) fn of(context: &AnalysisContext) -> Self {
        let panel = context.analysis.study.panel();
        Self {
            from: panel.base(),
            to: panel.labels().last().copied(),
            frequency: panel.frequency(),
            periods: panel.rows(),
        }
    }
}

/// What a summary leaves out, and how to ask for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
pub(crate) struct More {
    /// Names for `include`.
    pub(crate) include: &'static [&'static str],
}

/// Dates and source in a line.
pub(crate) fn heading(context: &AnalysisContext, quality: &DataQuality) -> String {
    let panel = context.analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    let source = if context.analysis.source.simulated { "SIMULATED prices" } else { context.analysis.source.name };
    format!(
        "{} to {last}, {} returns, prices to {} ({source}). {}.",
        panel.base(),
        panel.frequency(),
        panel.as_of(),
        quality.line()
    )
}

/// What is not known of the holdings, among them those that are only bought (`tickers`), and what that costs the portfolio.
pub(crate) fn of_holdings<'a>(
    context: &AnalysisContext,
    tickers: impl Iterator<Item = &'a Ticker>,
    classifications: &Classifications,
    held: &Held,
    returns: &PortfolioReturns,
) -> Vec<Warning> {
    let missing = without_returns(&context.analysis, tickers);
    let mut warnings = classifications.warnings(&missing, |tickers| share_of(tickers, &held.weights, returns));
    warnings.extend(of_rows(&context.analysis.study, &held.weights, returns));
    warnings.extend(held.warnings.iter().cloned());
    warnings
}

/// What is not known of a saved portfolio that is a factor, and what that costs it. Of one without any return its exclusion says
/// why.
pub(crate) fn of_portfolio_factor(analysis: &Analysis, portfolio: &UserPortfolio) -> Vec<Warning> {
    let study = &analysis.study;
    let Ok(weights) = &portfolio.weights else { return Vec::new() };
    let Ok(returns) = super::returns(study, weights, &study.risk_free().per_period) else { return Vec::new() };
    let of_prices = portfolio.warnings.iter().cloned().map(Warning::OfPrices);
    of_weights(analysis, weights, &returns).into_iter().chain(of_prices).collect()
}

/// What is not known of what some weights hold, and what that costs the whole.
pub(crate) fn of_weights(
    analysis: &Analysis,
    weights: &IndexMap<Ticker, f64>,
    returns: &PortfolioReturns,
) -> Vec<Warning> {
    let missing = without_returns(analysis, weights.keys()).into_iter().map(|(why, tickers)| {
        let share = share_of(&tickers, weights, returns);
        Warning::WithoutReturns { tickers, why, share }
    });
    missing.chain(of_rows(&analysis.study, weights, returns)).collect()
}

/// The share of what is held besides cash that some holdings are.
fn share_of(tickers: &[Ticker], weights: &IndexMap<Ticker, f64>, returns: &PortfolioReturns) -> f64 {
    let weight: f64 = tickers.iter().filter_map(|ticker| weights.get(ticker)).map(|weight| weight.abs()).sum();
    if returns.gross_weight > 0.0 { weight / returns.gross_weight } else { 0.0 }
}

/// The periods that holdings or cash cost, and cash that earns nothing.
fn of_rows(study: &Study, weights: &IndexMap<Ticker, f64>, returns: &PortfolioReturns) -> Vec<Warning> {
    let cash = returns.cash_weight;
    let lost = returns.lost_rows.as_ref().map(|lost| {
        let positions: Vec<&Ticker> = weights.keys().filter(|ticker| ticker.as_str() != CASH).collect();
        let tickers = lost.positions.iter().filter_map(|at| positions.get(*at)).map(|ticker| (*ticker).clone());
        Warning::LostRows { tickers: tickers.collect(), rows: lost.rows, rows_without: lost.rows_without }
    });
    let unpaid = (cash != 0.0 && study.risk_free().known().is_none()).then_some(Warning::NothingOnCash { cash });
    let without_rate = (!returns.without_rate.is_empty()).then(|| Warning::WithoutRate {
        cash,
        rows: returns.values.iter().filter(|r| r.is_finite()).count(),
        lost: returns.without_rate.len(),
        runs: runs(returns.without_rate.iter().copied(), study.panel().labels()),
    });
    let labels = study.panel().labels();
    let ruin = returns.values.iter().zip(labels).find(|(r, _)| **r <= -1.0);
    let wiped_out = ruin.map(|(loss, period)| Warning::WipedOut { period: *period, loss: *loss });
    [wiped_out, lost, unpaid, without_rate].into_iter().flatten().collect()
}

/// The holdings among `tickers` that the source has no returns of, by reason.
fn without_returns<'a>(
    analysis: &Analysis,
    tickers: impl Iterator<Item = &'a Ticker>,
) -> IndexMap<Reason, Vec<Ticker>> {
    let held: IndexSet<&Ticker> = tickers.filter(|ticker| ticker.as_str() != CASH).collect();
    let prepared = &analysis.prepared;
    let outside = prepared.also_missing.iter().map(|(ticker, why)| (ticker, why));
    let lost = prepared.lost.iter().map(|lost| (&lost.ticker, &lost.detail));
    let mut reasons = IndexMap::<Reason, Vec<Ticker>>::new();
    for (ticker, why) in outside.chain(lost).filter(|(ticker, _)| held.contains(ticker)) {
        reasons.entry(Reason::of(ticker, why)).or_default().push(ticker.clone());
    }
    let panel = analysis.study.panel();
    let known: HashSet<Ticker> = reasons.values().flatten().cloned().collect();
    for ticker in held.into_iter().filter(|ticker| !known.contains(*ticker)) {
        let column = panel.position(ticker).map(|at| &panel.columns()[at]);
        if let Some(column) = column.filter(|column| column.observations == 0) {
            reasons.entry(Reason::of(ticker, &not_in_the_window(column))).or_default().push(ticker.clone());
        }
    }
    reasons
}

/// Why a series that has prices has no return.
fn not_in_the_window(column: &Column) -> String {
    let dates = column.series.dates();
    match (&column.unsupported, dates.first(), dates.last()) {
        (Some(why), ..) => why.clone(),
        (None, Some(first), Some(last)) => {
            format!("no return in the window, the prices run from {first} to {last}")
        }
        (None, ..) => "no return in the window".to_owned(),
    }
}

/// The first few sums of weights; the others are summed as `others`.
pub(crate) fn shortened(sums: IndexMap<String, f64>, most: usize) -> IndexMap<String, f64> {
    if sums.len() <= most {
        return sums;
    }
    let rest = sums.len() - most;
    let others = (format!("{rest} others"), sums.values().skip(most).sum());
    sums.into_iter().take(most).chain([others]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_summary_leaves_out_is_summed_up() {
        let sums =
            || IndexMap::from([("a", 0.5), ("b", 0.25), ("c", 0.125), ("d", -0.0625)].map(|(n, w)| (n.to_owned(), w)));
        assert_eq!(shortened(sums(), 4), sums());
        let short: Vec<(String, f64)> = shortened(sums(), 2).into_iter().collect();
        assert_eq!(short, [("a".to_owned(), 0.5), ("b".to_owned(), 0.25), ("2 others".to_owned(), 0.0625)]);
    }
}
