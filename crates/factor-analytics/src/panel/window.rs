//! Which periods a window has: the rules about whole periods, the clock and default dates.

use std::{collections::BTreeMap, sync::Arc};

use chrono::{Days, NaiveDate};
use factor_types::{Calendar, DateRange, Frequency, PriceSeries, Ticker, exchange::last_trading_day};

use super::{
    calendar::{Period, TradingCalendar},
    spacing::Spacing,
};

/// A month's last price may be at most this many days before the month's end; older, and the series had stopped.
pub const STALE_MONTH_DAYS: i64 = 7;

/// A fund whose prices ended more than so many days before others' has stopped.
pub const STOPPED_DAYS: i64 = 35;

/// Months of prices before a window's start: the price under the first return may be of the month before the one that
/// holds the start.
pub const LEAD_MONTHS: u32 = 2;

/// How far back a day with enough prices is looked for.
const YEARS_OF_PRICES: usize = 150;

/// Where a window starts that was given no start.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DefaultStart {
    /// The calendar month end so many months before the end.
    MonthEndBefore(u32),
    /// That month end, or an earlier day that is needed.
    MonthEndBeforeOrFrom(u32, NaiveDate),
    /// The same day so many months before the end, month ends clamped.
    MonthsBefore(u32),
    /// That day, or an earlier one that is needed.
    MonthsBeforeOrFrom(u32, NaiveDate),
}

impl DefaultStart {
    /// True where a day that is needed lies before the usual start of a window that ends on `end`.
    pub fn reaches_further_back(self, end: NaiveDate) -> bool {
        match self {
            Self::MonthEndBefore(_) | Self::MonthsBefore(_) => false,
            Self::MonthEndBeforeOrFrom(months, day) => day < end.month_end_back(months),
            Self::MonthsBeforeOrFrom(months, day) => day < end.months_back(months),
        }
    }

    /// The start of a window that ends on `end`.
    pub fn of(self, end: NaiveDate) -> NaiveDate {
        match self {
            Self::MonthEndBefore(months) => end.month_end_back(months),
            Self::MonthEndBeforeOrFrom(months, day) => end.month_end_back(months).min(day),
            Self::MonthsBefore(months) => end.months_back(months),
            Self::MonthsBeforeOrFrom(months, day) => end.months_back(months).min(day),
        }
    }
}

/// What time it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clock {
    /// The day.
    pub today: NaiveDate,
    /// The last day whose prices are final: a row dated later is one of a day that is not over.
    pub final_through: NaiveDate,
}

impl Clock {
    /// The evening of a day: its prices are final.
    pub fn evening_of(today: NaiveDate) -> Self {
        Self { today, final_through: today }
    }
}

/// What was asked for, dates as typed.
#[derive(Debug, Clone)]
pub struct WindowRequest {
    /// The first date, excluded: a period is in when `start < its last trading day`.
    pub start: Option<NaiveDate>,
    /// The last date, included.
    pub end: Option<NaiveDate>,
    /// Where the default start lies.
    pub default_start: DefaultStart,
    /// How often returns are measured.
    pub frequency: Frequency,
    /// Months of prices before the start: [`LEAD_MONTHS`], or more where something looks further back.
    pub lead_months: u32,
    /// The clock.
    pub clock: Clock,
    /// The ticker whose exchange and newest price say which periods are whole.
    pub benchmark: Ticker,
    /// Tickers that are fetched along and have no say in any date: sources of the risk-free rate that nobody asked for.
    pub silent: Vec<Ticker>,
}

impl WindowRequest {
    /// The price dates to ask for before the window is known: from the start, with room for the price under the first
    /// return and for an end some months before today, up to today whatever the end: whether a period is whole is seen in
    /// the prices after it.
    pub fn fetch_range(&self) -> DateRange {
        let today = self.clock.today;
        let end = self.end.map_or(today, |end| end.min(today));
        let start = self.start.unwrap_or_else(|| self.default_start.of(end).month_end_back(3));
        DateRange::new(with_room(start, self.lead_months), today).unwrap_or_else(|_| DateRange::day(today))
    }

    /// Settles the window from what the prices show.
    ///
    /// - No price after [`Clock::final_through`] counts, none of a ticker in `silent`, and an end after today is today.
    /// - A month or week is whole when the benchmark's newest price, after the end too, is on or after its last trading day
    ///   ([`TradingCalendar::last_day`]). Without a benchmark, or where its prices ended more than [`STOPPED_DAYS`] before
    ///   others', the newest price of any series decides.
    /// - Default end: monthly the label of the newest whole month, weekly that of the newest whole week, for which at
    ///   least half of the `requested` series have a price (of those that have any, when fewer than half have any), daily
    ///   the newest date of which that holds; never later than today.
    /// - Default start: see [`DefaultStart`].
    ///
    /// # Errors
    /// [`WindowError`]: no prices at all, no whole period, or a start that is not before the end.
    pub fn resolve(&self, all: &[Arc<PriceSeries>], requested: &[Ticker]) -> Result<Window, WindowError> {
        let Clock { today, final_through } = self.clock;
        let all: Vec<Arc<PriceSeries>> =
            all.iter().filter(|series| !self.silent.contains(series.ticker())).map(Arc::clone).collect();
        let all = all.as_slice();
        let benchmark = all.iter().find(|series| *series.ticker() == self.benchmark).map(|series| &**series);
        let newest_of = |series: &PriceSeries| newest_within(series, final_through);
        let newest = all.iter().filter_map(|series| newest_of(series)).max().ok_or(WindowError::NoPrices)?;
        let of_benchmark = benchmark.and_then(newest_of).filter(|date| (newest - *date).num_days() <= STOPPED_DAYS);
        let judged = of_benchmark.unwrap_or(newest);
        let calendar = TradingCalendar::of(benchmark, final_through);

        let asked_end = self.end.map(|end| end.min(today));
        let first = all.iter().filter_map(|series| series.dates().first()).min();
        if let (Some(end), Some(first)) = (asked_end, first)
            && end < *first
        {
            return Err(WindowError::EndsBeforePrices { end, first: *first, newest });
        }
        let end = match asked_end {
            Some(end) => end,
            None => self
                .default_end(all, requested, &calendar, judged)
                .ok_or(WindowError::NoWholePeriod { frequency: self.frequency, newest })?,
        };
        let start = self.start.unwrap_or_else(|| {
            // An end to come names no period: the window begins where it would without one.
            let is_to_come = self.end.is_some_and(|end| end > today);
            let newest = is_to_come.then(|| self.default_end(all, requested, &calendar, judged)).flatten();
            self.default_start.of(newest.unwrap_or(end))
        });
        if start >= end {
            return Err(WindowError::StartNotBeforeEnd { start, end });
        }
        let left_out = asked_end.and_then(|end| self.left_out(end, &calendar, judged));
        Ok(Window {
            frequency: self.frequency,
            start,
            lead_months: self.lead_months,
            end,
            cutoff: judged.min(end),
            prices_until: final_through.min(end),
            calendar,
            newest,
            asked_end: self.end,
            left_out,
            silent: self.silent.clone(),
        })
    }

    fn default_end(
        &self,
        all: &[Arc<PriceSeries>],
        requested: &[Ticker],
        calendar: &TradingCalendar,
        judged: NaiveDate,
    ) -> Option<NaiveDate> {
        let wanted: Vec<_> =
            all.iter().filter(|series| requested.contains(series.ticker()) && !series.is_empty()).collect();
        // Tickers without any price are excluded by name elsewhere; they must not hold the date back.
        let needed = if wanted.len() * 2 >= requested.len() { requested.len() } else { wanted.len() };
        let enough = |priced: usize| priced * 2 >= needed && priced > 0;
        let Some(mut period) = Period::of(self.frequency, judged) else {
            return newest_priced_day(&wanted, self.clock.final_through, enough);
        };
        let oldest = wanted.iter().filter_map(|series| series.dates().first()).min()?;
        while period.last >= *oldest {
            let last_day = calendar.last_day(period);
            let priced = || wanted.iter().filter(|series| period_price(series, period, last_day).is_some()).count();
            if last_day <= judged && enough(priced()) {
                // A week of what trades every day ends after the Friday that names it.
                return Some(period.label.max(last_day).min(self.clock.today));
            }
            period = period.before();
        }
        None
    }

    /// The period that an end names and that is not in.
    fn left_out(&self, end: NaiveDate, calendar: &TradingCalendar, judged: NaiveDate) -> Option<LeftOut> {
        let period = Period::of(self.frequency, end)?;
        let last_day = calendar.last_day(period);
        if end < last_day {
            return Some(LeftOut { period, last_day, why: WhyLeftOut::EndsBeforeIt });
        }
        (judged < last_day).then_some(LeftOut { period, last_day, why: WhyLeftOut::NotWhole { newest: judged } })
    }
}

/// The newest day up to `until` on which `enough` of the series have a price.
fn newest_priced_day(
    series: &[&Arc<PriceSeries>],
    until: NaiveDate,
    enough: impl Fn(usize) -> bool,
) -> Option<NaiveDate> {
    let mut priced = BTreeMap::<NaiveDate, usize>::new();
    // From the newest back, a year at a time: the day is nearly always among the last few.
    for (from, to) in (0..).map(|year| (year, year + 1)).take(YEARS_OF_PRICES) {
        let after = until.checked_sub_days(Days::new(366 * to)).unwrap_or(NaiveDate::MIN);
        let upto = until.checked_sub_days(Days::new(366 * from)).unwrap_or(NaiveDate::MIN);
        for series in series {
            let rows = series.dates().partition_point(|date| *date <= after)
                ..series.dates().partition_point(|date| *date <= upto);
            series.dates()[rows].iter().for_each(|date| *priced.entry(*date).or_default() += 1);
        }
        if let Some((date, _)) = priced.iter().rev().find(|(_, count)| enough(**count)) {
            return Some(*date);
        }
        priced.clear();
    }
    None
}

/// The periods of an analysis.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Window {
    /// How often returns are measured.
    pub frequency: Frequency,
    /// The first date, excluded.
    pub start: NaiveDate,
    /// Months of prices before it.
    pub lead_months: u32,
    /// The last date, included.
    pub end: NaiveDate,
    /// The day up to which periods are whole.
    pub cutoff: NaiveDate,
    /// No price after this day is used.
    pub prices_until: NaiveDate,
    /// Which days months and weeks end on.
    pub calendar: TradingCalendar,
    /// The source's newest price, which may lie after the end.
    pub newest: NaiveDate,
    /// The end as it was asked for, which may lie after today.
    pub asked_end: Option<NaiveDate>,
    /// The month or week that the end names and that is not in.
    pub left_out: Option<LeftOut>,
    /// Tickers whose prices have no say in which days there are ([`WindowRequest::silent`]).
    pub silent: Vec<Ticker>,
}

/// A month or week that a window's end names and that does not count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LeftOut {
    /// The period.
    pub period: Period,
    /// Its last trading day.
    pub last_day: NaiveDate,
    /// Why it is not in.
    pub why: WhyLeftOut,
}

/// Why a period that an end names is not in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WhyLeftOut {
    /// The end lies before the period's last trading day.
    EndsBeforeIt,
    /// The newest price that could show that it is over is older than its last trading day.
    NotWhole {
        /// That price's date.
        newest: NaiveDate,
    },
}

impl Window {
    /// A window of whole periods from `start` to `end`, in New York's calendar and with all its prices there.
    pub fn whole(frequency: Frequency, start: NaiveDate, end: NaiveDate) -> Self {
        Self {
            frequency,
            start,
            lead_months: LEAD_MONTHS,
            end,
            cutoff: end,
            prices_until: end,
            calendar: TradingCalendar::NewYork,
            newest: end,
            asked_end: Some(end),
            left_out: None,
            silent: Vec::new(),
        }
    }

    /// The price dates the window needs: some months before `start` for the price under the first return, to the end.
    pub fn price_range(&self) -> DateRange {
        DateRange::new(with_room(self.start, self.lead_months), self.end).unwrap_or_else(|_| DateRange::day(self.end))
    }
}

/// Why there is no window.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WindowError {
    /// No series has a price on or before the end.
    #[error("no factor has a price up to today")]
    NoPrices,
    /// The window ends before the first price.
    #[error("the window ends on {end}, before the first price: the prices run from {first} to {newest}")]
    EndsBeforePrices {
        /// The end.
        end: NaiveDate,
        /// The first price of any series.
        first: NaiveDate,
        /// The newest.
        newest: NaiveDate,
    },
    /// Prices exist, but no period is over.
    #[error("no {frequency} period is complete yet: the newest price is of {newest}; daily returns need none")]
    NoWholePeriod {
        /// How often returns are measured.
        frequency: Frequency,
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

fn with_room(start: NaiveDate, months: u32) -> NaiveDate {
    start.month_end_back(months).checked_sub_days(Days::new(15)).unwrap_or(start)
}

/// True when the source gives one price a month.
pub fn is_monthly(series: &PriceSeries) -> bool {
    Spacing::of(series.dates()) == Spacing::Monthly
}

/// The newest price date up to `until`; for a source of one price a month that month's end once it is over, since its date
/// only names the month.
fn newest_within(series: &PriceSeries, until: NaiveDate) -> Option<NaiveDate> {
    let at = series.dates().partition_point(|date| *date <= until).checked_sub(1)?;
    let date = series.dates()[at];
    let over = last_trading_day(date.month_end()) <= until;
    Some(if over && is_monthly(series) { date.month_end() } else { date })
}

/// The index of the price of a month or week: its last one up to the period's last trading day. A month has none when that
/// is more than [`STALE_MONTH_DAYS`] before the month's end in a source of daily prices.
pub(super) fn period_price(series: &PriceSeries, period: Period, last_day: NaiveDate) -> Option<usize> {
    let up_to = |day: NaiveDate| {
        let at = series.dates().partition_point(|date| *date <= day).checked_sub(1)?;
        (series.dates()[at] >= period.first).then_some(at)
    };
    let last_of_period = up_to(period.last)?;
    // Prices that stopped in mid-month would pass a part of it off as the whole.
    let fresh = |at: &usize| (period.last - series.dates()[*at]).num_days() <= STALE_MONTH_DAYS;
    if let Some(at) = up_to(last_day).filter(fresh) {
        return Some(at);
    }
    // One price a month may bear any date of it, the last Sunday's too.
    is_monthly(series).then_some(last_of_period)
}

#[cfg(test)]
mod tests;
