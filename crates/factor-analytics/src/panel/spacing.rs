//! Bars that are not daily: found by the spacing of their dates, and put on the days that they are prices of.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use factor_types::{
    Calendar, Frequency, PriceSeries, Ticker,
    exchange::{is_trading_day, last_trading_day},
};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Period, TradingCalendar};

/// Median days between prices of a daily series at most; a long weekend is no week.
const DAILY: i64 = 4;

/// Median days between prices of bars within months at most.
const WITHIN_MONTHS: i64 = 20;

/// Of so many months one may lack a price on its last trading day for bars to reach the months' ends.
const ONE_LACKING_IN: usize = 4;

/// How far apart a series' prices lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Spacing {
    /// A price a trading day.
    Daily,
    /// A price a week, or a fortnight.
    Weekly,
    /// A price a month, or fewer.
    Monthly,
}

impl Spacing {
    /// That of rising dates, by the median distance between them. Of a single price nothing can be said, and it counts as
    /// daily.
    pub fn of(dates: &[NaiveDate]) -> Self {
        let (mut all, mut daily, mut within_months) = (0, 0, 0);
        for pair in dates.windows(2) {
            let days = (pair[1] - pair[0]).num_days();
            all += 1;
            daily += usize::from(days <= DAILY);
            within_months += usize::from(days <= WITHIN_MONTHS);
        }
        // The median is at most a bound where more than half are.
        match all / 2 {
            half if all == 0 || daily > half => Self::Daily,
            half if within_months > half => Self::Weekly,
            _ => Self::Monthly,
        }
    }

    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
        }
    }

    /// What the source gives, and what to ask for, of a frequency that it does not allow.
    pub(super) fn refusal(self, frequency: Frequency) -> (&'static str, Frequency) {
        match (self, frequency) {
            (Self::Monthly, _) => ("one price a month", Frequency::Monthly),
            (_, Frequency::Monthly) => ("weekly bars, whose dates do not reach the months' ends", Frequency::Weekly),
            _ => ("weekly bars", Frequency::Weekly),
        }
    }
}

/// Whether a series allows returns of a frequency: daily needs daily prices; weeks, one a week; months, one a month or
/// prices that reach the months' ends.
pub(super) fn allows(series: &PriceSeries, spacing: Spacing, frequency: Frequency, calendar: &TradingCalendar) -> bool {
    match (spacing, frequency) {
        (Spacing::Daily, _) | (Spacing::Weekly, Frequency::Weekly) | (Spacing::Monthly, Frequency::Monthly) => true,
        (Spacing::Weekly, Frequency::Monthly) => reaches_month_ends(series.dates(), calendar),
        _ => false,
    }
}

/// Whether there is a price on the last trading day of the months between the first and the last date, but for one in four.
fn reaches_month_ends(dates: &[NaiveDate], calendar: &TradingCalendar) -> bool {
    let (Some(first), Some(last)) = (dates.first(), dates.last()) else { return false };
    let (mut month, mut months, mut reached) = (Period::month_of(*first), 0, 0);
    loop {
        let end = calendar.last_day(month);
        if end > *last {
            break;
        }
        months += 1;
        reached += usize::from(dates.binary_search(&end).is_ok());
        month = month.next();
    }
    ONE_LACKING_IN * (months - reached) <= months
}

/// Weekly bars that are dated by their week's first day (Monday, or the Sunday before it), or on a day after its last trading
/// day (a Friday that is a holiday, a Saturday), on the last day of that week on which the exchange trades: `None` for any
/// other series. A week whose last day lies after `until` is not over, and its bar is left out.
pub fn placed(series: &PriceSeries, calendar: &TradingCalendar, until: NaiveDate) -> Option<Arc<PriceSeries>> {
    let dates = series.dates();
    if Spacing::of(dates) != Spacing::Weekly {
        return None;
    }
    if !by_the_first_day(dates) {
        let own = |date: &NaiveDate| calendar.last_day(Period::week_of(*date)).min(*date);
        let moved = by_the_last_day(dates) && dates.iter().any(|date| own(date) != *date);
        return moved.then(|| Arc::new(series.redated(dates.iter().map(|date| Some(own(date))))));
    }
    let last_day = |date: &NaiveDate| {
        let within = if date.weekday() == Weekday::Sun { date.succ_opt().unwrap_or(*date) } else { *date };
        let last = calendar.last_day(Period::week_of(within));
        (last <= until).then_some(last)
    };
    Some(Arc::new(series.redated(dates.iter().map(last_day))))
}

/// True where nine of ten dates are their week's first: a Sunday, or a day with no trading day before it in the week.
fn by_the_first_day(dates: &[NaiveDate]) -> bool {
    let first = |date: &&NaiveDate| match date.weekday() {
        Weekday::Sun | Weekday::Mon => true,
        // After a Monday holiday a week begins on Tuesday.
        Weekday::Tue => date.checked_sub_days(Days::new(1)).is_some_and(|monday| !is_trading_day(monday)),
        _ => false,
    };
    let count = dates.iter().filter(first).count();
    10 * count >= 9 * dates.len()
}

/// True where nine of ten dates are Fridays, or nine of ten Saturdays: each names the week before it.
fn by_the_last_day(dates: &[NaiveDate]) -> bool {
    let on = |weekday| dates.iter().filter(|date| date.weekday() == weekday).count();
    10 * on(Weekday::Fri).max(on(Weekday::Sat)) >= 9 * dates.len()
}

/// A month's price that lies before the benchmark's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EarlyEnd {
    /// Whose price.
    pub ticker: Ticker,
    /// The month, by its last day.
    pub month: NaiveDate,
    /// The date of its price.
    pub date: NaiveDate,
    /// The benchmark's last day in it.
    pub last_day: NaiveDate,
}

/// The last day on which a month has the benchmark's price, else its last trading day; and none after New York's last, on which
/// a benchmark that trades on other days has prices that funds cannot have.
pub(super) fn end_of_month(benchmark: Option<&PriceSeries>, calendar: &TradingCalendar, label: NaiveDate) -> NaiveDate {
    let last_day = calendar.last_day(Period::month_of(label));
    let of_benchmark = benchmark.and_then(|series| {
        let at = series.dates().partition_point(|date| *date <= last_day).checked_sub(1)?;
        Some(series.dates()[at])
    });
    of_benchmark.filter(|date| date.month_end() == label).unwrap_or(last_day).min(last_trading_day(label))
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn series(dates: impl IntoIterator<Item = NaiveDate>) -> PriceSeries {
        let rows = dates.into_iter().enumerate().map(|(at, date)| (date, 100.0 + at as f64));
        PriceSeries::new("X".parse().unwrap(), PriceKind::Adjusted, rows)
    }

    fn every(days: usize, from: &str, count: usize) -> Vec<NaiveDate> {
        day(from).iter_days().step_by(days).take(count).collect()
    }

    #[test]
    fn the_spacing_is_the_median_distance() {
        assert_eq!(Spacing::of(&[day("2024-01-02")]), Spacing::Daily);
        assert_eq!(Spacing::of(&every(1, "2024-01-01", 30)), Spacing::Daily);
        assert_eq!(Spacing::of(&every(7, "2024-01-01", 30)), Spacing::Weekly);
        assert_eq!(Spacing::of(&every(15, "2024-01-01", 30)), Spacing::Weekly);
        assert_eq!(Spacing::of(&every(30, "2024-01-01", 30)), Spacing::Monthly);
    }

    #[test]
    fn bars_of_mondays_stand_for_the_week_s_last_trading_day() {
        let until = day("2024-04-02");
        let of = |dates: Vec<NaiveDate>| placed(&series(dates), &TradingCalendar::NewYork, until);
        // The week of Good Friday ends on Thursday; that of 1 April is not over.
        let moved = of(every(7, "2024-02-26", 6)).unwrap();
        let expected = ["2024-03-01", "2024-03-08", "2024-03-15", "2024-03-22", "2024-03-28"].map(day);
        assert_eq!((moved.dates(), moved.prices()[4]), (&expected[..], 104.0));
        // Sundays name the week after them, Fridays are what they say.
        assert_eq!(of(every(7, "2024-02-25", 6)).unwrap().dates(), expected);
        assert_eq!(of(every(7, "2024-03-01", 4)), None);
        // Good Friday's bar is Thursday's price, and so is a Saturday's after it; Fridays stay.
        for first in ["2024-03-01", "2024-03-02"] {
            assert_eq!(of(every(7, first, 5)).unwrap().dates(), expected, "{first}");
        }
        assert_eq!(of(every(1, "2024-03-01", 25)), None, "daily");
        // 2024-02-19 is Presidents' Day.
        let with_a_tuesday = vec![day("2024-02-12"), day("2024-02-20"), day("2024-02-26"), day("2024-03-04")];
        assert_eq!(of(with_a_tuesday).unwrap().dates()[1], day("2024-02-23"));
    }

    #[test]
    fn weekly_bars_allow_months_where_they_reach_the_months_ends() {
        let allowed = |dates: Vec<NaiveDate>, frequency| {
            let series = series(dates);
            allows(&series, Spacing::of(series.dates()), frequency, &TradingCalendar::NewYork)
        };
        let fridays = || every(7, "2022-01-07", 100);
        assert!(allowed(fridays(), Frequency::Weekly));
        assert!(!allowed(fridays(), Frequency::Monthly) && !allowed(fridays(), Frequency::Daily));
        let mut twice: Vec<NaiveDate> = Vec::new();
        for month in 1..=12 {
            let mid = NaiveDate::from_ymd_opt(2023, month, 15).unwrap();
            twice.extend([mid, TradingCalendar::NewYork.last_day(Period::month_of(mid))]);
        }
        assert!(allowed(twice, Frequency::Monthly));
        assert!(allowed(every(30, "2022-01-07", 20), Frequency::Monthly));
        assert!(!allowed(every(30, "2022-01-07", 20), Frequency::Weekly));
    }

    #[test]
    fn a_month_ends_with_the_benchmark() {
        let days = series(every(1, "2024-02-01", 27));
        let end = |benchmark| end_of_month(benchmark, &TradingCalendar::NewYork, day("2024-02-29"));
        assert_eq!(end(Some(&days)), day("2024-02-27"), "the benchmark's prices end there");
        assert_eq!(end(None), day("2024-02-29"));
        // March 2024 ends on a Sunday, and New York's on Maundy Thursday.
        let coin = series(every(1, "2024-03-01", 31));
        let end = end_of_month(Some(&coin), &TradingCalendar::EveryDay, day("2024-03-31"));
        assert_eq!(end, day("2024-03-28"));
    }
}
