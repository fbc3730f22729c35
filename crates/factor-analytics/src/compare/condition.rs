//! What happened in the periods in which a series was below or above a bound.

use chrono::NaiveDate;
use factor_types::Ticker;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    difference::Side,
    pair::{CorrelationEstimate, Missing},
};
use crate::{Study, inference, regime::MIN_ROWS, stats};

/// Which periods.
#[derive(Debug, Clone, PartialEq)]
pub struct Condition {
    /// Whose return decides.
    pub ticker: Ticker,
    /// Where it is.
    pub bound: Bound,
}

/// A bound of returns, decimal and per period; what is exactly there is neither below nor above.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Bound {
    /// Under this.
    Below(f64),
    /// Over this.
    Above(f64),
}

/// The periods in which a condition holds, and what series and pairs did in them.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ConditionReport {
    /// Whose return decides.
    pub ticker: String,
    /// Its return is under this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub below: Option<f64>,
    /// Its return is over this.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub above: Option<f64>,
    /// Periods in which it is so.
    pub periods: usize,
    /// Of so many in which it has a return.
    pub of: usize,
    /// Label of the first.
    pub from: Option<NaiveDate>,
    /// Label of the last.
    pub to: Option<NaiveDate>,
    /// Per series.
    pub series: Vec<ConditionSeries>,
    /// Per pair; null correlations under 12 common periods.
    pub pairs: Vec<ConditionPair>,
    /// Each null figure and why: its row, then its field.
    #[serde(skip)]
    pub(super) missing: Vec<(String, Missing)>,
}

/// A series in those periods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ConditionSeries {
    /// The series.
    pub ticker: String,
    /// Returns in them.
    pub n: usize,
    /// Their mean, per period.
    pub mean: Option<f64>,
    /// Its 95% interval by Student's t; null under two returns.
    pub mean_interval: Option<[f64; 2]>,
    /// Share of them above 0.
    pub hit_rate: Option<f64>,
    /// Its 95% interval by Wilson.
    pub hit_rate_interval: Option<[f64; 2]>,
}

/// A pair in those periods.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct ConditionPair {
    /// One side.
    pub a: String,
    /// The other side.
    pub b: String,
    /// Pearson's correlation.
    #[serde(flatten)]
    pub estimate: CorrelationEstimate,
}

impl Bound {
    fn holds(self, r: f64) -> bool {
        match self {
            Self::Below(bound) => r < bound,
            Self::Above(bound) => r > bound,
        }
    }
}

impl ConditionReport {
    /// What some series and their pairs did on the rows of a study's panel on which the condition holds; none where its ticker
    /// has no column.
    pub(super) fn of(
        study: &Study,
        condition: &Condition,
        series: &[Side<'_>],
        pairs: &[(Side<'_>, Side<'_>)],
    ) -> Self {
        let panel = study.panel();
        let deciding = panel.position(&condition.ticker).map_or(&[][..], |column| panel.column(column));
        let keep: Vec<bool> = deciding.iter().map(|r| condition.bound.holds(*r)).collect();
        let within = |column: usize| -> Vec<f64> {
            let rows = panel.column(column).iter().zip(&keep);
            rows.map(|(r, kept)| if *kept { *r } else { f64::NAN }).collect()
        };
        let kept = || panel.labels().iter().zip(&keep).filter(|(_, kept)| **kept).map(|(label, _)| *label);
        let (below, above) = match condition.bound {
            Bound::Below(bound) => (Some(bound), None),
            Bound::Above(bound) => (None, Some(bound)),
        };
        let mut report = Self {
            ticker: condition.ticker.to_string(),
            below,
            above,
            periods: kept().count(),
            of: deciding.iter().filter(|r| r.is_finite()).count(),
            from: kept().next(),
            to: kept().next_back(),
            series: series.iter().map(|(name, column)| ConditionSeries::of(name, &within(*column))).collect(),
            pairs: Vec::with_capacity(pairs.len()),
            missing: Vec::new(),
        };
        for ((a, at_a), (b, at_b)) in pairs {
            let estimate = CorrelationEstimate::of(&within(*at_a), &within(*at_b), MIN_ROWS);
            if let Some(why) = estimate.why_missing(MIN_ROWS) {
                report.missing.push((format!("{a}/{b}"), ("correlation".to_owned(), why)));
            }
            report.pairs.push(ConditionPair { a: (*a).to_owned(), b: (*b).to_owned(), estimate });
        }
        for one in report.series.iter().filter(|one| one.mean_interval.is_none()) {
            let field = if one.n == 0 { "mean" } else { "mean_interval" };
            let why = format!("{} returns in these periods", one.n);
            report.missing.push((one.ticker.clone(), (field.to_owned(), why)));
        }
        report
    }
}

impl ConditionSeries {
    fn of(name: &str, values: &[f64]) -> Self {
        let values: Vec<f64> = values.iter().copied().filter(|r| r.is_finite()).collect();
        let (n, hits) = (values.len(), values.iter().filter(|r| **r > 0.0).count());
        let ends = |(low, high): (f64, f64)| [low, high];
        Self {
            ticker: name.to_owned(),
            n,
            mean: stats::mean(&values),
            mean_interval: inference::mean_interval(&values).map(ends),
            hit_rate: (n > 0).then(|| hits as f64 / n as f64),
            hit_rate_interval: inference::share_interval(hits, n).map(ends),
        }
    }
}
