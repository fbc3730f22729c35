//! Bars that are not daily: found by the spacing of their dates, and what they allow.

use chrono::{Datelike, NaiveDate};
use factor_types::{Calendar, Frequency, PriceSeries, Ticker, exchange::last_trading_day};
use schemars::JsonSchema;
use serde::Serialize;

use super::{Period, TradingCalendar};

/// Median days between prices of a daily series at most; a long weekend is no week.
const DAILY: i64 = 4;

/// Median days between prices of bars within months at most.
const WITHIN_MONTHS: i64 = 20;

/// Fewest days between prices of one a quarter, and median days at most.
const QUARTER: i64 = 80;
const WITHIN_QUARTERS: i64 = 135;

/// Days from a month's start up to which a date names the month, and to its end from which it does.
const MONTH_BEGINS: u32 = 5;
const MONTH_ENDS: i64 = 7;

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
    /// A price a month.
    Monthly,
    /// A price a quarter.
    Quarterly,
    /// A price a year, or fewer.
    Annual,
}

impl Spacing {
    /// That of rising dates, by the median distance between them. Of a single price nothing can be said, and it counts as
    /// daily.
    pub fn of(dates: &[NaiveDate]) -> Self {
        if Self::is_daily_by_its_ends(dates) {
            return Self::Daily;
        }
        let (mut all, mut daily, mut within_months, mut within_quarters, mut shortest) = (0, 0, 0, 0, i64::MAX);
        for pair in dates.windows(2) {
            let days = (pair[1] - pair[0]).num_days();
            all += 1;
            daily += usize::from(days <= DAILY);
            within_months += usize::from(days <= WITHIN_MONTHS);
            within_quarters += usize::from(days <= WITHIN_QUARTERS);
            shortest = shortest.min(days);
        }
        // The median is at most a bound where more than half are.
        match all / 2 {
            half if all == 0 || daily > half => Self::Daily,
            half if within_months > half => Self::Weekly,
            // Two months in a row are those of one price a month, however many others it lacks.
            _ if shortest < QUARTER => Self::Monthly,
            half if within_quarters > half => Self::Quarterly,
            _ => Self::Annual,
        }
    }

    /// True where so many dates lie between the first and the last that more than half of the distances must be those of days,
    /// wherever they lie: one that is longer takes at least [`DAILY`] days more than the one that any takes. Nearly every series is
    /// settled by this.
    fn is_daily_by_its_ends(dates: &[NaiveDate]) -> bool {
        let [first, .., last] = dates else { return true };
        let all = dates.len() as i64 - 1;
        let longer = ((*last - *first).num_days() - all) / DAILY;
        all - longer > all / 2
    }

    /// In a word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Daily => "daily",
            Self::Weekly => "weekly",
            Self::Monthly => "monthly",
            Self::Quarterly => "quarterly",
            Self::Annual => "annual",
        }
    }

    /// What the source gives, of a frequency that it does not allow, and what to ask for where it allows another.
    pub(super) fn refusal(self, frequency: Frequency) -> (&'static str, Option<Frequency>) {
        match (self, frequency) {
            (Self::Annual, _) => ("one price a year", None),
            (Self::Quarterly, _) => ("one price a quarter", None),
            (Self::Monthly, Frequency::Monthly) => ("one price a month, dated within it: of no month's end", None),
            (Self::Monthly, _) => ("one price a month", Some(Frequency::Monthly)),
            (_, Frequency::Monthly) => {
                ("weekly bars, whose dates do not reach the months' ends", Some(Frequency::Weekly))
            }
            _ => ("weekly bars", Some(Frequency::Weekly)),
        }
    }
}

/// Whether a series allows returns of a frequency: daily needs daily prices; weeks, one a week; months, one a month or
/// prices that reach the months' ends.
pub(super) fn allows(series: &PriceSeries, spacing: Spacing, frequency: Frequency, calendar: &TradingCalendar) -> bool {
    match (spacing, frequency) {
        (Spacing::Daily, _) | (Spacing::Weekly, Frequency::Weekly) => true,
        (Spacing::Monthly, Frequency::Monthly) => names_months(series.dates()),
        (Spacing::Weekly, Frequency::Monthly) => reaches_month_ends(series.dates(), calendar),
        _ => false,
    }
}

/// Whether the dates of one price a month name months, by their first days or their last, but for one in four. A price of the
/// fifteenth is none of a month's end.
pub(crate) fn names_months(dates: &[NaiveDate]) -> bool {
    let within = |date: &&NaiveDate| date.day() > MONTH_BEGINS && (date.month_end() - **date).num_days() > MONTH_ENDS;
    ONE_LACKING_IN * dates.iter().filter(within).count() <= dates.len()
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

/// A month's price that lies before its last trading day.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct EarlyEnd {
    /// Whose price.
    pub ticker: Ticker,
    /// The month, by its last day.
    pub month: NaiveDate,
    /// The date of its price.
    pub date: NaiveDate,
    /// Its last trading day.
    pub last_day: NaiveDate,
}

/// The last day of a month on which all that is held can have a price: the calendar's, and none after New York's last, on
/// which a benchmark that trades on other days has prices that funds cannot have.
pub(super) fn end_of_month(calendar: &TradingCalendar, label: NaiveDate) -> NaiveDate {
    calendar.last_day(Period::month_of(label)).min(last_trading_day(label))
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
        // Half of the distances are of four days and half of five: told by a look at each. One more of four, and it is daily.
        let steps = |fours: usize, fives: usize| -> Vec<NaiveDate> {
            let all = std::iter::repeat_n(4, fours).chain(std::iter::repeat_n(5, fives));
            let mut date = day("2024-01-01");
            std::iter::once(date)
                .chain(all.map(|days| {
                    date = date + chrono::Days::new(days);
                    date
                }))
                .collect()
        };
        assert_eq!((Spacing::of(&steps(10, 10)), Spacing::of(&steps(11, 10))), (Spacing::Weekly, Spacing::Daily));
        assert!(!Spacing::is_daily_by_its_ends(&steps(11, 10)), "by its ends alone it is not known");
        assert_eq!(Spacing::of(&every(7, "2024-01-01", 30)), Spacing::Weekly);
        assert_eq!(Spacing::of(&every(15, "2024-01-01", 30)), Spacing::Weekly);
        assert_eq!(Spacing::of(&every(30, "2024-01-01", 30)), Spacing::Monthly);
        assert_eq!(Spacing::of(&every(91, "2020-01-01", 10)), Spacing::Quarterly);
        assert_eq!(Spacing::of(&every(365, "2000-01-01", 10)), Spacing::Annual);
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
        let firsts: Vec<NaiveDate> = (1..=12).map(|month| NaiveDate::from_ymd_opt(2023, month, 1).unwrap()).collect();
        assert!(allowed(firsts.clone(), Frequency::Monthly) && !allowed(firsts, Frequency::Weekly));
        for days in [91, 365] {
            for frequency in [Frequency::Monthly, Frequency::Weekly, Frequency::Daily] {
                assert!(!allowed(every(days, "2010-01-01", 12), frequency), "{days} {frequency}");
            }
        }
    }

    #[test]
    fn one_price_a_month_names_its_month_by_its_first_or_last_days() {
        let on = |day: u32| -> Vec<NaiveDate> {
            let months = (0..24).map(|at| NaiveDate::from_ymd_opt(2022 + at / 12, at as u32 % 12 + 1, 1).unwrap());
            months.map(|first| first.with_day(day).unwrap_or_else(|| first.month_end())).collect()
        };
        for (day, named) in [(1, true), (4, true), (15, false), (20, false), (28, true), (31, true)] {
            assert_eq!(names_months(&on(day)), named, "{day}");
        }
        let series = series(on(15));
        assert!(!allows(&series, Spacing::Monthly, Frequency::Monthly, &TradingCalendar::NewYork));
    }

    #[test]
    fn a_month_ends_on_its_last_trading_day() {
        // March 2024 ends on a Sunday, and New York's on Maundy Thursday.
        let end = |calendar| end_of_month(&calendar, day("2024-03-31"));
        assert_eq!(end(TradingCalendar::NewYork), day("2024-03-28"));
        assert_eq!(end(TradingCalendar::EveryDay), day("2024-03-28"));
    }
}
