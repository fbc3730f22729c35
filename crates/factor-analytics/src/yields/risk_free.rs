//! The risk-free rate of each period, and where it comes from.

use std::borrow::Cow;

use chrono::NaiveDate;
use factor_types::{Frequency, Maturity, PriceKind, Ticker, YieldTable};
use schemars::JsonSchema;
use serde::Serialize;

use super::{STALE_YIELD_DAYS, runs};
use crate::Panel;

/// Where the risk-free rate of an analysis came from.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct RiskFree {
    /// Its parts in words, with their rows and, where they do not reach from end to end, their dates:
    /// `UST3M 115 rows to 2026-02, BIL 5 rows`; `none` where there is no source.
    pub source: String,
    /// The rate per period, one per row, `NaN` where unknown; zeros where there is no source at all, so that cash earns
    /// nothing.
    pub per_period: Vec<f64>,
    /// The sources in order of preference, each with the rows that it serves; empty where there is none.
    pub parts: Vec<RiskFreePart>,
    /// The first and the last label of each run of rows that no source covers; empty where there is none at all.
    pub uncovered: Vec<(NaiveDate, NaiveDate)>,
    /// The part that serves each row.
    served_by: Vec<Option<usize>>,
}

/// A source of the risk-free rate and the rows that it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct RiskFreePart {
    /// `UST3M`, `BIL` or `SGOV`.
    pub source: String,
    /// How many rows.
    pub rows: usize,
    /// Label of the first.
    pub from: NaiveDate,
    /// Label of the last.
    pub to: NaiveDate,
    /// True of a fund of which the source has closes alone: its returns lack what it paid.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub without_dividends: bool,
}

/// A source and its rate on each row.
struct Candidate {
    name: &'static str,
    values: Vec<f64>,
    without_dividends: bool,
}

impl RiskFree {
    /// Row by row the first that is known of the three-month Treasury yield and the returns of the cash funds BIL and
    /// SGOV, so that a figure over cash rests on the rows of the return beside it.
    ///
    /// From the yield: y / 100 / P with the last y on or before the end of the period before, at most
    /// [`STALE_YIELD_DAYS`] older. From a cash fund: its return over the period.
    pub fn of(panel: &Panel, yields: &YieldTable) -> Self {
        let rows = panel.rows();
        let candidates = candidates(panel, yields);
        let first_known = |row: usize| candidates.iter().position(|of| of.values[row].is_finite());
        let served: Vec<Option<usize>> = (0..rows).map(first_known).collect();
        let used = |at: &usize| served.contains(&Some(*at));
        let order: Vec<usize> = (0..candidates.len()).filter(used).collect();
        if order.is_empty() {
            return Self {
                source: "none".to_owned(),
                per_period: vec![0.0; rows],
                served_by: served,
                ..Self::default()
            };
        }
        let rate = |row: usize| served[row].map_or(f64::NAN, |at| candidates[at].values[row]);
        let spans = order.iter().filter_map(|at| Span::of(Some(*at), &served)).chain(Span::of(None, &served));
        let spans: Vec<Span> = spans.collect();
        let labels = panel.labels();
        let part = |span: &Span| {
            let candidate = &candidates[span.of?];
            Some(RiskFreePart {
                source: candidate.name.to_owned(),
                rows: span.rows,
                from: labels[span.first],
                to: labels[span.last],
                without_dividends: candidate.without_dividends,
            })
        };
        let parts: Vec<RiskFreePart> = spans.iter().filter_map(part).collect();
        Self {
            source: describe(&spans, &parts, panel),
            per_period: (0..rows).map(rate).collect(),
            uncovered: runs((0..rows).filter(|row| served[*row].is_none()), labels),
            served_by: served.iter().map(|at| at.and_then(|at| order.iter().position(|used| *used == at))).collect(),
            parts,
        }
    }

    /// The rate per period, or `None` where there is no source at all.
    pub fn known(&self) -> Option<&[f64]> {
        (!self.parts.is_empty()).then_some(&self.per_period)
    }

    /// Rows with a rate.
    pub fn rows(&self) -> usize {
        self.parts.iter().map(|part| part.rows).sum()
    }

    /// The rate for a fund, missing on the rows on which the fund itself is the rate: over itself it has neither return
    /// nor risk. `None` where there is no source at all.
    pub fn over(&self, fund: &Ticker) -> Option<Cow<'_, [f64]>> {
        let rates = self.known()?;
        let Some(own) = self.parts.iter().position(|part| part.source == fund.as_str()) else {
            return Some(Cow::Borrowed(rates));
        };
        let mut rates = rates.to_vec();
        for (rate, _) in rates.iter_mut().zip(&self.served_by).filter(|(_, served)| **served == Some(own)) {
            *rate = f64::NAN;
        }
        Some(Cow::Owned(rates))
    }
}

/// The sources there may be, in order of preference: a yield known at the start of the period, a fund that earned it.
fn candidates(panel: &Panel, yields: &YieldTable) -> Vec<Candidate> {
    let per_year = panel.periods_per_year();
    let from_yield = |row: usize| {
        let known = yields.last_on_or_before(Maturity::Ust3M, panel.label_before(row), STALE_YIELD_DAYS);
        known.map_or(f64::NAN, |(_, percent)| percent / 100.0 / per_year)
    };
    let bill = Candidate {
        name: Maturity::Ust3M.as_str(),
        values: (0..panel.rows()).map(from_yield).collect(),
        without_dividends: false,
    };
    let funds = ["BIL", "SGOV"].into_iter().filter_map(|name| {
        let column = panel.position(&name.parse().ok()?)?;
        let without_dividends = panel.columns()[column].series.kind() == PriceKind::Close;
        Some(Candidate { name, values: panel.column(column).to_vec(), without_dividends })
    });
    std::iter::once(bill).chain(funds).collect()
}

/// The rows of a part, from the first to the last.
#[derive(Debug, Clone, Copy)]
struct Span {
    of: Option<usize>,
    rows: usize,
    first: usize,
    last: usize,
}

impl Span {
    fn of(part: Option<usize>, served: &[Option<usize>]) -> Option<Self> {
        let mut own = (0..served.len()).filter(|row| served[*row] == part);
        let first = own.next()?;
        let (rows, last) = own.fold((1, first), |(rows, _), row| (rows + 1, row));
        Some(Self { of: part, rows, first, last })
    }
}

/// The parts in words. A part says where it begins unless that is where the window does or where the part before it
/// ends, and where it ends unless that is the window's end.
fn describe(spans: &[Span], parts: &[RiskFreePart], panel: &Panel) -> String {
    let form = if panel.frequency() == Frequency::Monthly { "%Y-%m" } else { "%Y-%m-%d" };
    let date = |row: usize| panel.labels()[row].format(form);
    let mut next = 0;
    let mut words = Vec::new();
    for (at, span) in spans.iter().enumerate() {
        let part = parts.get(at);
        let name = part.map_or("none", |part| part.source.as_str());
        let rows = if span.rows == 1 { "row" } else { "rows" };
        let from =
            if span.first == 0 || span.first == next { String::new() } else { format!(" from {}", date(span.first)) };
        let to = if span.last + 1 == panel.rows() { String::new() } else { format!(" to {}", date(span.last)) };
        let closes = if part.is_some_and(|part| part.without_dividends) { " (closes without dividends)" } else { "" };
        words.push(format!("{name} {} {rows}{from}{to}{closes}", span.rows));
        next = span.last + 1;
    }
    words.join(", ")
}

#[cfg(test)]
mod tests;
