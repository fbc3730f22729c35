//! Which periods a window has: the rules about whole months, the clock and default dates.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate};
use factor_types::{Calendar, DateRange, Frequency, PriceSeries, Ticker};

/// A month's last price may be at most this many days before the month's end; older, and the series had stopped.
pub const STALE_MONTH_DAYS: i64 = 7;

/// Where a window starts that was given no start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefaultStart {
    /// The calendar month end so many months before the end.
    MonthEndBefore(u32),
    /// The same day so many months before the end, month ends clamped.
    MonthsBefore(u32),
}

impl DefaultStart {
    /// The start of a window that ends on `end`.
    pub fn of(self, end: NaiveDate) -> NaiveDate {
        match self {
            Self::MonthEndBefore(months) => end.month_end_back(months),
            Self::MonthsBefore(months) => end.months_back(months),
        }
    }
}

/// What was asked for, dates as typed.
#[derive(Debug, Clone)]
pub struct WindowRequest {
    /// The first date, excluded: a period is in when `start < its last weekday`.
    pub start: Option<NaiveDate>,
    /// The last date, included.
    pub end: Option<NaiveDate>,
    /// Where the default start lies.
    pub default_start: DefaultStart,
    /// How often returns are measured.
    pub frequency: Frequency,
    /// The clock.
    pub today: NaiveDate,
    /// The ticker whose close of today makes today count.
    pub benchmark: Ticker,
}

impl WindowRequest {
    /// The price dates to ask for before the window is known: from the start, with room for the price under the first
    /// return and for an end some months before today, up to today or the asked end.
    pub fn fetch_range(&self) -> DateRange {
        let end = self.end.map_or(self.today, |end| end.min(self.today));
        let start = self.start.unwrap_or_else(|| self.default_start.of(end).month_end_back(3));
        DateRange::new(with_room(start), end).unwrap_or_else(|_| DateRange::day(end))
    }

    /// Settles the window from what the prices show.
    ///
    /// - The clock counts up to yesterday, or up to today once the benchmark has today's close.
    /// - Wholeness is judged by the earliest of `end`, the newest price date and the clock.
    /// - Default end: the label of the newest whole month for which at least half of the `requested` series have a
    ///   price (of those that have any, when fewer than half have any), never later than the clock's today.
    /// - Default start: see [`DefaultStart`].
    ///
    /// # Errors
    /// [`WindowError`]: no prices at all, or a start that is not before the end.
    pub fn resolve(&self, all: &[Arc<PriceSeries>], requested: &[Ticker]) -> Result<Window, WindowError> {
        let clock = self.clock(all);
        let known = self.end.map_or(clock, |end| end.min(clock));
        let newest = all.iter().filter_map(|series| newest_within(series, known)).max().ok_or(WindowError::NoPrices)?;
        // A source that is behind the clock ends the window where its prices do.
        let cutoff = newest.min(known);
        let end = match self.end {
            Some(end) => end,
            None => self.default_end(all, requested, cutoff, known).ok_or(WindowError::NoWholeMonth { newest })?,
        };
        let start = self.start.unwrap_or_else(|| self.default_start.of(end));
        if start >= end {
            return Err(WindowError::StartNotBeforeEnd { start, end });
        }
        Ok(Window { frequency: self.frequency, start, end, cutoff: cutoff.min(end), prices_until: known.min(end) })
    }

    fn clock(&self, all: &[Arc<PriceSeries>]) -> NaiveDate {
        let benchmark = all.iter().find(|series| *series.ticker() == self.benchmark);
        let closed_today = benchmark.is_some_and(|series| series.dates().binary_search(&self.today).is_ok());
        if closed_today { self.today } else { self.today.pred_opt().unwrap_or(self.today) }
    }

    fn default_end(
        &self,
        all: &[Arc<PriceSeries>],
        requested: &[Ticker],
        cutoff: NaiveDate,
        known: NaiveDate,
    ) -> Option<NaiveDate> {
        let wanted: Vec<_> =
            all.iter().filter(|series| requested.contains(series.ticker()) && !series.is_empty()).collect();
        // Tickers without any price are excluded by name elsewhere; they must not hold the date back.
        let needed = if wanted.len() * 2 >= requested.len() { requested.len() } else { wanted.len() };
        let mut month = if cutoff.last_weekday_of_month() <= cutoff { cutoff } else { cutoff.month_end_back(1) };
        let oldest = wanted.iter().filter_map(|series| series.dates().first()).min()?;
        while month.month_end() >= *oldest {
            let label = month.month_end();
            let priced = wanted.iter().filter(|series| month_price(series, label, known).is_some()).count();
            if priced * 2 >= needed && priced > 0 {
                return Some(label.min(self.today));
            }
            month = month.month_end_back(1);
        }
        None
    }
}

/// The periods of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How often returns are measured.
    pub frequency: Frequency,
    /// The first date, excluded.
    pub start: NaiveDate,
    /// The last date, included.
    pub end: NaiveDate,
    /// The day up to which periods are whole.
    pub cutoff: NaiveDate,
    /// No price after this day is used.
    pub prices_until: NaiveDate,
}

impl Window {
    /// The price dates the window needs: some weeks before `start` for the price under the first return, to the end.
    pub fn price_range(&self) -> DateRange {
        DateRange::new(with_room(self.start), self.end).unwrap_or_else(|_| DateRange::day(self.end))
    }
}

/// Why there is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No series has a price on or before the end.
    #[error("no factor has a price on or before the end of the window")]
    NoPrices,
    /// Prices exist, but no month is over.
    #[error("no calendar month is complete yet: the newest price is of {newest}")]
    NoWholeMonth {
        /// The newest price date.
        newest: NaiveDate,
    },
    /// The window runs backwards.
    #[error("the window starts on {start}, which is not before its end {end}")]
    StartNotBeforeEnd {
        /// The first date.
        start: NaiveDate,
        /// The last date.
        end: NaiveDate,
    },
}

fn with_room(start: NaiveDate) -> NaiveDate {
    // The price under the first return may be of the month before the one that holds `start`.
    start.month_end_back(2).checked_sub_days(Days::new(15)).unwrap_or(start)
}

/// True when the source gives one price a month: median spacing of its dates over 20 days. Under three prices nothing
/// can be said, and the series counts as daily.
pub fn is_monthly(series: &PriceSeries) -> bool {
    let mut spacing: Vec<i64> = series.dates().windows(2).map(|pair| (pair[1] - pair[0]).num_days()).collect();
    if spacing.len() < 2 {
        return false;
    }
    let middle = spacing.len() / 2;
    *spacing.select_nth_unstable(middle).1 > 20
}

/// The newest price date up to `until`; for a source of one price a month that month's end, since its date only names
/// the month.
fn newest_within(series: &PriceSeries, until: NaiveDate) -> Option<NaiveDate> {
    let at = series.dates().partition_point(|date| *date <= until).checked_sub(1)?;
    let date = series.dates()[at];
    Some(if is_monthly(series) { date.month_end() } else { date })
}

/// The index of the price of the month labelled `label`, using no price after `until`: its last price, unless that is
/// more than [`STALE_MONTH_DAYS`] before the month's end in a source of daily prices.
pub(super) fn month_price(series: &PriceSeries, label: NaiveDate, until: NaiveDate) -> Option<usize> {
    let at = series.dates().partition_point(|date| *date <= label.min(until)).checked_sub(1)?;
    let date = series.dates()[at];
    let same_month = (date.year(), date.month()) == (label.year(), label.month());
    // Prices that stopped in mid-month would pass a part of it off as the whole.
    let fresh = (label - date).num_days() <= STALE_MONTH_DAYS;
    (same_month && (fresh || is_monthly(series))).then_some(at)
}

#[cfg(test)]
mod tests;
