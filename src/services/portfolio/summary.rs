//! Parts of the answers that both tools show alike.

use std::collections::HashSet;

use factor_analytics::exposure::PortfolioReturns;
use factor_types::Ticker;
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{lookthrough::Classifications, source::Held};
use crate::services::analysis::context::AnalysisContext;

/// Dates and source in a line.
pub(crate) fn heading(context: &AnalysisContext) -> String {
    let panel = context.analysis.study.panel();
    let last = panel.labels().last().copied().unwrap_or(panel.base());
    let source = if context.analysis.source.simulated { "SIMULATED prices" } else { context.analysis.source.name };
    format!(
        "{} to {last}, {} returns, prices to {} ({source}). {}.",
        panel.base(),
        panel.frequency(),
        panel.as_of(),
        context.quality_line()
    )
}

/// From, to, frequency and number of periods.
pub(crate) fn period(context: &AnalysisContext) -> Value {
    let panel = context.analysis.study.panel();
    json!({
        "from": panel.base(), "to": panel.labels().last(), "frequency": panel.frequency(), "periods": panel.rows(),
    })
}

/// Puts into an analysis' warnings what is not known of the holdings, among them those that are only bought (`tickers`); what
/// it says of them itself goes.
pub(crate) fn warn_of_holdings<'a>(
    warnings: &mut Vec<Value>,
    context: &AnalysisContext,
    tickers: impl Iterator<Item = &'a Ticker>,
    classifications: &Classifications,
    held: &Held,
    returns: Option<&PortfolioReturns>,
) {
    let missing = holdings_without_returns(context, tickers.map(Ticker::as_str));
    warnings.retain(|warning| !is_of_a_holding(warning, &missing));
    warnings.extend(classifications.warnings(&missing).iter().chain(&held.warnings).map(|text| json!(text)));
    if let Some(rows) = returns.map(|returns| returns.spread_rows).filter(|rows| *rows > 0) {
        warnings.push(json!(format!(
            "on {rows} periods a holding has no return yet; its weight is spread over the others"
        )));
    }
}

/// The holdings among `tickers` that the source has no returns of, by reason.
fn holdings_without_returns<'a>(
    context: &AnalysisContext,
    tickers: impl Iterator<Item = &'a str>,
) -> IndexMap<String, Vec<String>> {
    let held: HashSet<&str> = tickers.collect();
    let prepared = &context.analysis.prepared;
    let beside = prepared.also_missing.iter().map(|(ticker, why)| (ticker, why));
    let lost = prepared.lost.iter().map(|lost| (&lost.ticker, &lost.detail));
    let mut reasons = IndexMap::<String, Vec<String>>::new();
    for (ticker, why) in beside.chain(lost).filter(|(ticker, _)| held.contains(ticker.as_str())) {
        if ticker.as_str() != super::CASH {
            reasons.entry(why.replace(ticker.as_str(), "it")).or_default().push(ticker.to_string());
        }
    }
    reasons
}

/// True for the warning of the analysis on a ticker beside the universe that is a holding here.
fn is_of_a_holding(warning: &Value, missing: &IndexMap<String, Vec<String>>) -> bool {
    let named = warning
        .as_str()
        .and_then(|text| text.strip_prefix("figures relative to "))
        .and_then(|rest| rest.split(' ').next());
    named.is_some_and(|named| missing.values().flatten().any(|ticker| ticker == named))
}

/// The first few entries; the others are summed as `others`.
pub(crate) fn shorten(sums: &mut Map<String, Value>, most: usize) {
    if sums.len() <= most {
        return;
    }
    let rest: Vec<String> = sums.keys().skip(most).cloned().collect();
    let sum: f64 = rest.iter().filter_map(|name| sums.remove(name)?.as_f64()).sum();
    sums.insert(format!("{} others", rest.len()), json!(sum));
}

/// Long warnings take room from what was asked.
pub(crate) fn shorten_warnings(quality: &mut Map<String, Value>) {
    const LONGEST: usize = 220;
    for warning in quality.get_mut("warnings").and_then(Value::as_array_mut).into_iter().flatten() {
        if let Some(text) = warning.as_str().filter(|text| text.chars().count() > LONGEST) {
            *warning = json!(text.chars().take(LONGEST - 1).chain(['…']).collect::<String>());
        }
    }
}
