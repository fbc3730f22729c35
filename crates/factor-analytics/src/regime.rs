//! Regimes: the rows of a window that are picked for what happened in them.
//!
//! A regime decides which rows of a panel a report looks at; all its thresholds are of the window's rows. Correlations
//! of rows picked for their turbulence are higher by the picking alone (B. Boyer, M. Gibson and M. Loretan, "Pitfalls in
//! tests for changes in correlations", Federal Reserve 597, 1999; K. Forbes and R. Rigobon, J. Finance 57, 2002).

use std::{fmt, str::FromStr, sync::Arc};

use chrono::{Datelike, NaiveDate};
use factor_types::{Calendar, Frequency, Maturity, Ticker, YieldTable};

use crate::{Panel, stats, yields};

/// A slice with fewer rows is refused, and a pair with fewer has no correlation.
pub const MIN_ROWS: usize = 12;

/// A slice with fewer rows is marked as a small sample.
pub const SMALL_SLICE: usize = 24;

/// Quantile of |change of UST10Y| from which on a row is a rate shock.
const SHOCK_QUANTILE: f64 = 0.9;

/// Share of its running maximum at and below which wealth is in a drawdown.
const DRAWDOWN_LEVEL: f64 = 0.9;

/// Quantile of the trailing standard deviation from which on a row is volatile.
const VOLATILE_QUANTILE: f64 = 0.75;

/// Room for the rounding of a value that is the threshold itself: yields are published to two decimals, so equal changes
/// differ in their last bits.
const ROUNDING: f64 = 1e-9;

/// Which rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Regime {
    /// |change of UST10Y| at or above its 90th percentile over the window.
    RateShock,
    /// SPY's wealth at or below 90% of its running maximum, both 1 at the window's start.
    EquityDrawdown,
    /// SPY's standard deviation over the 6 months (26 weeks, 126 days) that end with the row, at or above its 75th
    /// percentile over the window. For the first rows SPY's returns before the window count.
    HighVol,
    /// Rows whose label lies in these days, both included.
    Dates {
        /// The first day.
        from: NaiveDate,
        /// The last day.
        to: NaiveDate,
    },
}

/// The rows of a window that a regime picks.
#[derive(Debug, Clone, PartialEq)]
pub struct Slice {
    /// The regime.
    pub regime: Regime,
    /// One entry per row of the panel: true where it is picked.
    pub keep: Arc<[bool]>,
    /// How many are picked.
    pub rows: usize,
    /// How many could be judged at all: those with a yield change, a return, a whole trailing window.
    pub judged: usize,
    /// From where on a row is picked: percentage points of [`Regime::RateShock`], a share of the maximum of
    /// [`Regime::EquityDrawdown`], a standard deviation per period of [`Regime::HighVol`]; `None` for dates.
    pub threshold: Option<f64>,
}

/// Why a window has no such slice.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegimeError {
    /// What defines the regime has no value in the window.
    #[error("regime {regime} is defined by {needs}, which has no value in the window")]
    NoData {
        /// The regime.
        regime: Regime,
        /// `UST10Y` or `SPY`.
        needs: &'static str,
    },
    /// The slice is too small for any correlation.
    #[error(
        "regime {regime} has {rows} of the window's {of} {frequency} periods (from {first} to {last}), at least {MIN_ROWS} are needed"
    )]
    TooFewRows {
        /// The regime.
        regime: Regime,
        /// Rows picked.
        rows: usize,
        /// Rows of the window.
        of: usize,
        /// How often returns are measured.
        frequency: Frequency,
        /// Label of the window's first row.
        first: NaiveDate,
        /// Label of its last.
        last: NaiveDate,
    },
}

impl Regime {
    /// Months that the trailing deviation of [`Regime::HighVol`] looks back.
    pub const TRAILING_MONTHS: u32 = 6;

    /// What defines the regime, apart from the calendar.
    pub fn needs(self) -> Option<&'static str> {
        match self {
            Self::RateShock => Some(Maturity::Ust10Y.as_str()),
            Self::EquityDrawdown | Self::HighVol => Some("SPY"),
            Self::Dates { .. } => None,
        }
    }

    /// The ticker whose prices define it.
    pub fn needs_price(self) -> Option<Ticker> {
        matches!(self, Self::EquityDrawdown | Self::HighVol).then(Ticker::spy)
    }

    /// The rows of a panel that the regime picks, where they are enough for a correlation.
    ///
    /// # Errors
    /// [`RegimeError`] when what defines it is missing in the whole window, or with fewer than [`MIN_ROWS`] rows.
    pub fn slice(self, panel: &Panel, yields: &YieldTable) -> Result<Slice, RegimeError> {
        let slice = self.rows(panel, yields)?;
        if slice.rows < MIN_ROWS {
            let labels = panel.labels();
            return Err(RegimeError::TooFewRows {
                regime: self,
                rows: slice.rows,
                of: labels.len(),
                frequency: panel.frequency(),
                first: labels.first().copied().unwrap_or(panel.base()),
                last: labels.last().copied().unwrap_or(panel.base()),
            });
        }
        Ok(slice)
    }

    /// The rows of a panel that the regime picks, however few. A row on which what defines it is missing is not picked.
    ///
    /// # Errors
    /// [`RegimeError::NoData`] when what defines it is missing in the whole window.
    pub fn rows(self, panel: &Panel, yields: &YieldTable) -> Result<Slice, RegimeError> {
        let labels = panel.labels();
        let (keep, judged, threshold) = match self {
            Self::RateShock => {
                let changes = yields::changes(panel, yields, Maturity::Ust10Y);
                self.require_data(&changes)?;
                from_quantile(changes.iter().map(|change| change.abs()).collect(), SHOCK_QUANTILE)
            }
            Self::EquityDrawdown => {
                let returns = spy(panel);
                self.require_data(returns)?;
                let keep = in_drawdown(returns);
                (keep, present(returns), Some(DRAWDOWN_LEVEL))
            }
            Self::HighVol => {
                let returns = spy(panel);
                self.require_data(returns)?;
                let before = panel
                    .position(&Ticker::spy())
                    .map_or(Vec::new(), |column| panel.returns_before(column, trailing_rows(panel.frequency()) - 1));
                from_quantile(trailing_deviation(&before, returns, panel.frequency()), VOLATILE_QUANTILE)
            }
            Self::Dates { from, to } => {
                let keep = labels.iter().map(|label| (from..=to).contains(label)).collect();
                (keep, labels.len(), None)
            }
        };
        let rows = keep.iter().filter(|kept| **kept).count();
        Ok(Slice { regime: self, keep: keep.into(), rows, judged, threshold })
    }

    fn require_data(self, indicator: &[f64]) -> Result<(), RegimeError> {
        match self.needs() {
            Some(needs) if present(indicator) == 0 => Err(RegimeError::NoData { regime: self, needs }),
            _ => Ok(()),
        }
    }
}

impl Slice {
    /// True under [`SMALL_SLICE`] rows.
    pub fn is_small(&self) -> bool {
        self.rows < SMALL_SLICE
    }
}

impl FromStr for Regime {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let text = text.trim().to_ascii_lowercase();
        match text.as_str() {
            "rate_shock" => return Ok(Self::RateShock),
            "equity_drawdown" => return Ok(Self::EquityDrawdown),
            "high_vol" => return Ok(Self::HighVol),
            _ => {}
        }
        let (first, last) = text.split_once('/').unwrap_or((&text, &text));
        let ends = span(first.trim()).zip(span(last.trim()));
        let Some(((from, _), (_, to))) = ends else {
            return Err(
                "write rate_shock, equity_drawdown, high_vol, or dates such as 2020-02/2020-04, 2008".to_owned()
            );
        };
        // Each end may be a year, a month or a day, so only now are they comparable.
        if from > to {
            return Err(format!("the slice ends ({to}) before it begins ({from})"));
        }
        Ok(Self::Dates { from, to })
    }
}

impl fmt::Display for Regime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::RateShock => f.pad("rate_shock"),
            Self::EquityDrawdown => f.pad("equity_drawdown"),
            Self::HighVol => f.pad("high_vol"),
            Self::Dates { from, to } => f.pad(&spelled(*from, *to)),
        }
    }
}

/// A span in the shortest words that mean it: whole years, whole months, or days.
fn spelled(from: NaiveDate, to: NaiveDate) -> String {
    let whole_months = from.day() == 1 && to == to.month_end();
    let form = match (whole_months, from.month(), to.month()) {
        (true, 1, 12) => "%Y",
        (true, ..) => "%Y-%m",
        (false, ..) => "%Y-%m-%d",
    };
    let (first, last) = (from.format(form).to_string(), to.format(form).to_string());
    if first == last { first } else { format!("{first}/{last}") }
}

/// The first and the last day that `YYYY`, `YYYY-MM` or `YYYY-MM-DD` names.
fn span(text: &str) -> Option<(NaiveDate, NaiveDate)> {
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    let day = |text: String| text.parse::<NaiveDate>().ok();
    match text.len() {
        4 if shaped => Some((day(format!("{text}-01-01"))?, day(format!("{text}-12-31"))?)),
        7 if shaped => day(format!("{text}-01")).map(|first| (first, first.month_end())),
        10 if shaped => day(text.to_owned()).map(|day| (day, day)),
        _ => None,
    }
}

fn present(values: &[f64]) -> usize {
    values.iter().filter(|value| value.is_finite()).count()
}

fn spy(panel: &Panel) -> &[f64] {
    panel.position(&Ticker::spy()).map_or(&[], |column| panel.column(column))
}

/// The rows at or above a quantile of all rows that have a value.
fn from_quantile(values: Vec<f64>, q: f64) -> (Vec<bool>, usize, Option<f64>) {
    let known: Vec<f64> = values.iter().copied().filter(|value| value.is_finite()).collect();
    let threshold = stats::quantile(&known, q);
    // A value that is the threshold but for its last bit is at it.
    let least = threshold.map_or(f64::INFINITY, |threshold| threshold * (1.0 - ROUNDING));
    (values.iter().map(|value| *value >= least).collect(), known.len(), threshold)
}

/// Rows at whose end the wealth is at or below [`DRAWDOWN_LEVEL`] of its running maximum. Over a missing return wealth
/// stands still, and the row is none.
fn in_drawdown(returns: &[f64]) -> Vec<bool> {
    let (mut wealth, mut highest) = (1.0_f64, 1.0_f64);
    let mut judge = |r: &f64| {
        if !r.is_finite() {
            return false;
        }
        wealth *= 1.0 + r;
        // Before the comparison: a new maximum is no drawdown.
        highest = highest.max(wealth);
        wealth <= DRAWDOWN_LEVEL * highest * (1.0 + ROUNDING)
    };
    returns.iter().map(&mut judge).collect()
}

/// The standard deviation of the half year of returns that ends with each row, those `before` the first row (the newest
/// last) included; `NaN` where it is not whole.
fn trailing_deviation(before: &[f64], returns: &[f64], frequency: Frequency) -> Vec<f64> {
    let all = [before, returns].concat();
    let window = trailing_rows(frequency);
    let ending = |end: usize| {
        let trailing = &all[(end + 1).checked_sub(window)?..=end];
        stats::standard_deviation(trailing).filter(|_| present(trailing) == window)
    };
    (before.len()..all.len()).map(|end| ending(end).unwrap_or(f64::NAN)).collect()
}

/// Rows of half a year.
fn trailing_rows(frequency: Frequency) -> usize {
    match frequency {
        Frequency::Monthly => Regime::TRAILING_MONTHS as usize,
        Frequency::Weekly => 26,
        Frequency::Daily => 126,
    }
}

#[cfg(test)]
mod tests;
