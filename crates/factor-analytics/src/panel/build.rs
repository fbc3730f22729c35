//! Prices into returns, one row a period and one column a series.

use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{Frequency, PriceSeries};
use ndarray::{Array2, ShapeBuilder};

use super::{Column, Panel, Spacing, Window, periods::PricedPeriods, spacing};

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
    /// No series has prices on days that the frequency needs.
    #[error("{frequency} returns are unsupported here: the source gives {}", .bars.refusal(*.frequency).0)]
    Unsupported {
        /// How often returns were asked for.
        frequency: Frequency,
        /// How far apart the prices of the first series lie.
        bars: Spacing,
    },
}

impl PanelError {
    /// The frequency to ask for instead, where another one would do.
    pub fn other_frequency(&self) -> Option<Frequency> {
        match self {
            Self::Unsupported { frequency, bars } => bars.refusal(*frequency).1,
            Self::NoPeriods { .. } => None,
        }
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
        let bars: Vec<Spacing> = series.iter().map(|series| Spacing::of(series.dates())).collect();
        let of_bars = series.iter().zip(&bars);
        let usable: Vec<bool> =
            of_bars.map(|(series, bars)| spacing::allows(series, *bars, frequency, &window.calendar)).collect();
        if !usable.contains(&true)
            && let Some(bars) = bars.first()
        {
            return Err(PanelError::Unsupported { frequency, bars: *bars });
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
        let mut as_of = base;
        for (at, series) in series.iter().enumerate() {
            let priced = &periods.priced[at];
            let unsupported = (!usable[at]).then(|| bars[at].refusal(frequency));
            let mut column = Column::without_returns((series, bars[at]), priced, unsupported);
            for row in 0..rows {
                let (Some(before), Some(now)) = (priced[row], priced[row + 1]) else { continue };
                let value = series.prices()[now] / series.prices()[before] - 1.0;
                returns[(row, at)] = value;
                column.count(row);
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
            window,
        })
    }
}

impl Column {
    fn without_returns(
        (series, bars): (&Arc<PriceSeries>, Spacing),
        priced: &[Option<usize>],
        unsupported: Option<(&str, Option<Frequency>)>,
    ) -> Self {
        let in_words = |(bars, other): (&str, Option<Frequency>)| {
            let way_out = other.map_or_else(|| "give daily prices".to_owned(), |other| format!("ask for {other}"));
            format!("the source gives {} {bars}; {way_out}", series.ticker())
        };
        let mut present = priced.iter().flatten();
        let (first, last) = (present.next(), present.next_back());
        Self {
            series: Arc::clone(series),
            bars,
            span: None,
            observations: 0,
            prices: priced.iter().map(|row| row.map(|row| series.prices()[row])).collect(),
            priced: first.map(|first| *first..last.unwrap_or(first) + 1),
            has_price: first.is_some(),
            members: Vec::new(),
            cash: None,
            unsupported: unsupported.map(in_words),
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
