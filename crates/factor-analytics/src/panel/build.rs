//! Prices into returns, one row a period and one column a series.

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{Frequency, PriceSeries, Ticker};
use ndarray::{Array2, ShapeBuilder};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Column, Panel, Window, periods::PricedPeriods, window::is_monthly};

/// Why no panel could be built.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PanelError {
    /// The window holds no whole period for which any series has a return.
    #[error(
        "no {frequency} return lies between {start} and {end}: the newest complete period ends on or before {cutoff}"
    )]
    NoPeriods {
        /// How often returns are measured.
        frequency: Frequency,
        /// The window's start.
        start: NaiveDate,
        /// The window's end.
        end: NaiveDate,
        /// The day up to which periods are whole.
        cutoff: NaiveDate,
    },
    /// Every series gives one price a month.
    #[error("{frequency} returns are unsupported here: the source gives one price a month; ask for monthly")]
    OnlyMonthlyPrices {
        /// How often returns were asked for.
        frequency: Frequency,
    },
}

/// A return so large that an unadjusted split or a bad price is likelier than a move.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SuspectReturn {
    /// Whose return.
    pub ticker: Ticker,
    /// The label of its period.
    pub date: NaiveDate,
    /// The return, as a decimal.
    #[serde(rename = "return")]
    pub value: f64,
}

/// Above the first or below the second a return is suspect.
fn suspect_bounds(frequency: Frequency) -> (f64, f64) {
    match frequency {
        Frequency::Monthly => (3.0, -0.9),
        Frequency::Weekly => (1.5, -0.7),
        Frequency::Daily => (0.75, -0.5),
    }
}

impl Panel {
    /// Builds the panel of `series` (distinct tickers) over `window`.
    ///
    /// Return r_t = p_t / p_(t-1) - 1 between adjacent periods, missing if either price is missing. Leading rows for
    /// which no series has a return are left out: before the first price there is nothing to be missing.
    ///
    /// # Errors
    /// [`PanelError`] when nothing remains.
    pub fn build(window: Window, series: &[Arc<PriceSeries>]) -> Result<Self, PanelError> {
        let frequency = window.frequency;
        let monthly: Vec<bool> = series.iter().map(|series| is_monthly(series)).collect();
        let usable: Vec<bool> = monthly.iter().map(|monthly| frequency == Frequency::Monthly || !monthly).collect();
        if !usable.contains(&true) && !series.is_empty() {
            return Err(PanelError::OnlyMonthlyPrices { frequency });
        }
        let voting: Vec<bool> =
            series.iter().zip(&usable).map(|(of, usable)| *usable && !window.silent.contains(of.ticker())).collect();
        let periods = PricedPeriods::of(&window, series, (&usable, &voting));
        let rows = periods.labels.len().saturating_sub(1);
        // One period alone has a price and no return.
        let Some((&base, labels)) = periods.labels.split_first().filter(|(_, labels)| !labels.is_empty()) else {
            return Err(PanelError::NoPeriods {
                frequency,
                start: window.start,
                end: window.end,
                cutoff: window.cutoff,
            });
        };

        let mut returns = Array2::from_elem((rows, series.len()).f(), f64::NAN);
        let mut columns = Vec::with_capacity(series.len());
        let mut suspects = Vec::new();
        let mut as_of = base;
        let (high, low) = suspect_bounds(frequency);
        for (at, series) in series.iter().enumerate() {
            let priced = &periods.priced[at];
            let mut column = Column::without_returns(series, priced, usable[at]);
            for row in 0..rows {
                let (Some(before), Some(now)) = (priced[row], priced[row + 1]) else { continue };
                let value = series.prices()[now] / series.prices()[before] - 1.0;
                returns[(row, at)] = value;
                column.count(row);
                if value > high || value < low {
                    suspects.push(SuspectReturn { ticker: series.ticker().clone(), date: labels[row], value });
                }
            }
            let newest = priced.iter().flatten().next_back();
            as_of = newest.map_or(as_of, |&newest| as_of.max(series.dates()[newest]));
            columns.push(column);
        }
        Ok(Self {
            base,
            labels: labels.to_vec(),
            by_ticker: series.iter().enumerate().map(|(at, series)| (series.ticker().clone(), at)).collect(),
            columns,
            returns,
            as_of,
            suspects,
            window,
        })
    }
}

impl Column {
    fn without_returns(series: &Arc<PriceSeries>, priced: &[Option<usize>], usable: bool) -> Self {
        let unsupported = || format!("the source gives {} one price a month; ask for monthly", series.ticker());
        let mut present = priced.iter().flatten();
        let (first, last) = (present.next(), present.next_back());
        Self {
            series: Arc::clone(series),
            span: None,
            observations: 0,
            prices: priced.iter().map(|row| row.map(|row| series.prices()[row])).collect(),
            priced: first.map(|first| *first..last.unwrap_or(first) + 1),
            has_price: first.is_some(),
            members: Vec::new(),
            unsupported: (!usable).then(unsupported),
        }
    }

    /// Counts a return in, of a row after all before.
    fn count(&mut self, row: usize) {
        self.observations += 1;
        self.span = Some(self.span.as_ref().map_or(row, |span| span.start)..row + 1);
    }
}

#[cfg(test)]
mod tests;
