//! Which price stands for a period: that of a month's or week's last trading day, a trading day's own.

use std::{iter, sync::Arc};

use chrono::{Days, NaiveDate};
use factor_types::{PriceSeries, exchange::is_trading_day};

use super::{
    Window,
    calendar::{Period, TradingCalendar},
    window::period_price,
};

/// For each period, base first, the index of each series' price, if it has one.
pub(super) struct PricedPeriods {
    pub(super) labels: Vec<NaiveDate>,
    /// Per series, one entry per label.
    pub(super) priced: Vec<Vec<Option<usize>>>,
}

impl PricedPeriods {
    /// The periods of a window; a series that is not `usable` has no price in any of them, and one that is not `voting` has
    /// no say in which there are.
    pub(super) fn of(window: &Window, series: &[Arc<PriceSeries>], (usable, voting): (&[bool], &[bool])) -> Self {
        let mut periods = match Period::of(window.frequency, window.start) {
            Some(containing_start) => whole_periods(window, series, containing_start),
            None => days(window, series, voting),
        };
        for (priced, _) in periods.priced.iter_mut().zip(usable).filter(|(_, usable)| !**usable) {
            priced.fill(None);
        }
        periods.drop_empty_lead(voting);
        periods
    }

    /// Drops periods at the front under which no return can lie.
    fn drop_empty_lead(&mut self, voting: &[bool]) {
        let own = |row: usize, priced: &Vec<Option<usize>>| priced[row].is_some() && priced[row + 1].is_some();
        let has_return = |row: usize| self.priced.iter().zip(voting).any(|(priced, votes)| *votes && own(row, priced));
        let rows = self.labels.len().saturating_sub(1);
        let empty = (0..rows).take_while(|row| !has_return(*row)).count();
        self.labels.drain(..empty);
        for priced in &mut self.priced {
            priced.drain(..empty);
        }
    }
}

/// Months or weeks: in when `start < last trading day <= cutoff`; the base is the period before the first. Every series is
/// read at its last price up to the period's last trading day, whatever it has after that.
fn whole_periods(window: &Window, series: &[Arc<PriceSeries>], containing_start: Period) -> PricedPeriods {
    let last_day = |period: Period| window.calendar.last_day(period);
    let mut first = containing_start;
    // The start is excluded: a period that ends on it or before has no part in the window.
    while last_day(first) <= window.start {
        first = first.next();
    }
    let mut periods = vec![first.before()];
    let mut period = first;
    while last_day(period) <= window.cutoff {
        periods.push(period);
        period = period.next();
    }
    let ends: Vec<(Period, NaiveDate)> = periods.into_iter().map(|period| (period, last_day(period))).collect();
    let priced = series
        .iter()
        .map(|series| ends.iter().map(|(period, last_day)| period_price(series, *period, *last_day)).collect())
        .collect();
    PricedPeriods { labels: ends.iter().map(|(period, _)| period.label).collect(), priced }
}

/// A series' prices of the `count` periods up to the one labelled `base`, the newest last; of days its own.
pub(super) fn before(window: &Window, series: &PriceSeries, base: NaiveDate, count: usize) -> Vec<Option<usize>> {
    let Some(of_base) = Period::of(window.frequency, base) else {
        let until = series.dates().partition_point(|date| *date <= base);
        return (until.saturating_sub(count)..until).map(Some).collect();
    };
    let back = iter::successors(Some(of_base), |period| Some(period.before())).take(count);
    let mut priced: Vec<_> =
        back.map(|period| period_price(series, period, window.calendar.last_day(period))).collect();
    priced.reverse();
    priced
}

/// Which of the rising `dates` is `day`, looked for from the place `near`, which is left where it would be: for days that are asked
/// one after the other.
pub(super) fn price_on(dates: &[NaiveDate], day: NaiveDate, near: &mut usize) -> Option<usize> {
    while dates.get(*near).is_some_and(|date| *date < day) {
        *near += 1;
    }
    while *near > 0 && dates[*near - 1] >= day {
        *near -= 1;
    }
    (dates.get(*near) == Some(&day)).then_some(*near)
}

/// Trading days: the dates on which at least half of the series alive (between their first and last price) have a
/// price; in when `start < date <= prices_until`, the base being the last one on or before the start. On days on which New
/// York is closed prices that are there were only filled in, unless the benchmark trades by another calendar.
fn days(window: &Window, series: &[Arc<PriceSeries>], voting: &[bool]) -> PricedPeriods {
    let range = window.price_range();
    let length = (range.end() - range.start()).num_days().max(0) as usize + 1;
    let offset = |date: NaiveDate| (date - range.start()).num_days();
    let (mut priced_on, mut alive_change) = (vec![0_i32; length], vec![0_i32; length + 1]);
    for (series, _) in series.iter().zip(voting).filter(|(_, votes)| **votes) {
        let until = series.dates().partition_point(|date| *date <= window.prices_until);
        let known = &series.dates()[..until];
        let (Some(first), Some(newest), Some(last)) = (known.first(), known.last(), series.dates().last()) else {
            continue;
        };
        if *newest < range.start() {
            continue;
        }
        // Alive on a holiday at the window's end too: its next price may lie after the window.
        let last = *last.min(&range.end());
        // Changes and a running sum: one pass over the days instead of one per series and day.
        alive_change[offset(*first).max(0) as usize] += 1;
        alive_change[(offset(last) + 1).max(0) as usize] -= 1;
        for date in known.iter().rev().take_while(|date| **date >= range.start()) {
            priced_on[offset(*date) as usize] += 1;
        }
    }
    let mut alive = 0;
    let mut dates = Vec::new();
    for (day, priced) in priced_on.iter().enumerate() {
        alive += alive_change[day];
        // Half of those alive: a holiday of one exchange is no trading day of the panel.
        if *priced > 0 && priced * 2 >= alive {
            let date = range.start().checked_add_days(Days::new(day as u64));
            dates.extend(date.filter(|date| window.calendar != TradingCalendar::NewYork || is_trading_day(*date)));
        }
    }
    let first = dates.partition_point(|date| *date <= window.start).saturating_sub(1);
    let labels: Vec<NaiveDate> =
        dates.into_iter().skip(first).take_while(|date| *date <= window.prices_until).collect();
    let priced = series
        .iter()
        .map(|series| {
            let mut at = 0;
            labels.iter().map(|label| price_on(series.dates(), *label, &mut at)).collect()
        })
        .collect();
    PricedPeriods { labels, priced }
}
