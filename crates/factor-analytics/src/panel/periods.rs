//! Which price stands for a period: a month's last, a week's last, a trading day's own.

use std::sync::Arc;

use chrono::{Days, NaiveDate};
use factor_types::{Calendar, Frequency, PriceSeries};

use super::{Window, window::month_price};

/// For each period, base first, the index of each series' price, if it has one.
pub(super) struct PricedPeriods {
    pub(super) labels: Vec<NaiveDate>,
    /// Per series, one entry per label.
    pub(super) priced: Vec<Vec<Option<usize>>>,
}

impl PricedPeriods {
    /// The periods of a window; a series that is not `usable` has no price in any of them.
    pub(super) fn of(window: &Window, series: &[Arc<PriceSeries>], usable: &[bool]) -> Self {
        let mut periods = match window.frequency {
            Frequency::Monthly => months(window, series),
            Frequency::Weekly => weeks(window, series),
            Frequency::Daily => days(window, series, usable),
        };
        for (priced, _) in periods.priced.iter_mut().zip(usable).filter(|(_, usable)| !**usable) {
            priced.fill(None);
        }
        periods.drop_empty_lead();
        periods
    }

    /// Drops periods at the front under which no return can lie.
    fn drop_empty_lead(&mut self) {
        let has_return =
            |row: usize| self.priced.iter().any(|priced| priced[row].is_some() && priced[row + 1].is_some());
        let rows = self.labels.len().saturating_sub(1);
        let empty = (0..rows).take_while(|row| !has_return(*row)).count();
        self.labels.drain(..empty);
        for priced in &mut self.priced {
            priced.drain(..empty);
        }
    }
}

/// Calendar months: in when `start < last weekday <= cutoff`; the base is the month before the first.
fn months(window: &Window, series: &[Arc<PriceSeries>]) -> PricedPeriods {
    let mut first = window.start.month_end();
    if first.last_weekday_of_month() <= window.start {
        first = next_month(first);
    }
    let mut labels = vec![first.month_end_back(1)];
    let mut label = first;
    while label.last_weekday_of_month() <= window.cutoff {
        labels.push(label);
        label = next_month(label);
    }
    let priced = series
        .iter()
        .map(|series| labels.iter().map(|label| month_price(series, *label, window.prices_until)).collect())
        .collect();
    PricedPeriods { labels, priced }
}

fn next_month(label: NaiveDate) -> NaiveDate {
    label.checked_add_days(Days::new(1)).map_or(label, Calendar::month_end)
}

/// ISO weeks, labelled Friday: in when `start < Friday <= cutoff`; the last price of Monday to Sunday stands for it.
fn weeks(window: &Window, series: &[Arc<PriceSeries>]) -> PricedPeriods {
    let week = Days::new(7);
    let mut first = window.start.friday();
    // The start is excluded: a period that ends on it has no part in the window.
    if first <= window.start {
        first = first.checked_add_days(week).unwrap_or(first);
    }
    let mut labels = vec![first.checked_sub_days(week).unwrap_or(first)];
    let mut label = first;
    while label <= window.cutoff {
        labels.push(label);
        label = label.checked_add_days(week).unwrap_or(NaiveDate::MAX);
    }
    let last_of_week = |series: &PriceSeries, friday: NaiveDate| {
        let sunday = friday.checked_add_days(Days::new(2)).unwrap_or(friday);
        let at = series.dates().partition_point(|date| *date <= sunday.min(window.prices_until)).checked_sub(1)?;
        (series.dates()[at].friday() == friday).then_some(at)
    };
    let priced =
        series.iter().map(|series| labels.iter().map(|label| last_of_week(series, *label)).collect()).collect();
    PricedPeriods { labels, priced }
}

/// Trading days: the dates on which at least half of the series alive (between their first and last price) have a
/// price; in when `start < date <= cutoff`, the base being the last one on or before the start.
fn days(window: &Window, series: &[Arc<PriceSeries>], usable: &[bool]) -> PricedPeriods {
    let range = window.price_range();
    let length = (range.end() - range.start()).num_days().max(0) as usize + 1;
    let offset = |date: NaiveDate| (date - range.start()).num_days();
    let (mut priced_on, mut alive_change) = (vec![0_i32; length], vec![0_i32; length + 1]);
    for (series, _) in series.iter().zip(usable).filter(|(_, usable)| **usable) {
        let until = series.dates().partition_point(|date| *date <= window.prices_until);
        let known = &series.dates()[..until];
        let (Some(first), Some(last)) = (known.first(), known.last()) else { continue };
        if *last < range.start() {
            continue;
        }
        // Changes and a running sum: one pass over the days instead of one per series and day.
        alive_change[offset(*first).max(0) as usize] += 1;
        alive_change[(offset(*last) + 1).max(0) as usize] -= 1;
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
            dates.extend(range.start().checked_add_days(Days::new(day as u64)));
        }
    }
    let first = dates.partition_point(|date| *date <= window.start).saturating_sub(1);
    let labels: Vec<NaiveDate> = dates.into_iter().skip(first).take_while(|date| *date <= window.cutoff).collect();
    let priced = series
        .iter()
        .map(|series| labels.iter().map(|label| series.dates().binary_search(label).ok()).collect())
        .collect();
    PricedPeriods { labels, priced }
}
