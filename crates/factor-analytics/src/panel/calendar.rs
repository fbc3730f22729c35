//! Which day a month or a week ends on: the last on which the benchmark's exchange trades.

use std::sync::Arc;

use chrono::{Datelike, Days, NaiveDate, Weekday};
use factor_types::{
    Calendar, Frequency, PriceSeries,
    exchange::{is_trading_day, is_weekend, last_trading_day},
};

/// Days on which New York is closed and a benchmark moved, under which its prices could be slips.
const FEWEST_MOVES: usize = 3;

/// The newest prices by which an exchange is known, some three years of them: more would show nothing else.
const LOOKED_AT: usize = 750;

/// When the benchmark of an analysis trades.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum TradingCalendar {
    /// On the days of the New York stock exchange.
    #[default]
    NewYork,
    /// Every day, as coins do.
    EveryDay,
    /// On days of another exchange, known by the benchmark's prices alone: their dates, rising.
    Own(Arc<[NaiveDate]>),
}

/// A month or a week.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Period {
    /// Its name in a panel: a month's last calendar day, a week's Friday.
    pub label: NaiveDate,
    /// Its first calendar day.
    pub first: NaiveDate,
    /// Its last calendar day.
    pub last: NaiveDate,
}

impl TradingCalendar {
    /// The calendar that a benchmark's prices show. New York's unless they *move* on days on which New York is closed: on
    /// at least three and half of the weekends', or the weekday holidays', within their span. A price that only stands
    /// there, filled in from the day before, is none of the exchange's. No price after `until` is looked at.
    pub fn of(benchmark: Option<&PriceSeries>, until: NaiveDate) -> Self {
        let Some(series) = benchmark else { return Self::NewYork };
        let known = series.dates().partition_point(|date| *date <= until);
        let (dates, prices) = (&series.dates()[..known], &series.prices()[..known]);
        let newest = known.saturating_sub(LOOKED_AT)..known;
        let (Some(first), Some(last)) = (dates[newest.clone()].first(), dates.last()) else { return Self::NewYork };
        let moved = prices[newest.clone()].windows(2).zip(dates[newest].iter().skip(1));
        let moved = moved.filter(|(pair, _)| pair[0] != pair[1]);
        let (mut weekends, mut holidays) = (0, 0);
        for (_, date) in moved {
            weekends += usize::from(is_weekend(*date));
            holidays += usize::from(!is_weekend(*date) && !is_trading_day(*date));
        }
        let mostly = |moves: usize, days: usize| moves >= FEWEST_MOVES && 2 * moves >= days;
        let span = || first.iter_days().take_while(|day| day <= last);
        if mostly(weekends, span().filter(|day| is_weekend(*day)).count()) {
            return Self::EveryDay;
        }
        let closed = || span().filter(|day| !is_weekend(*day) && !is_trading_day(*day)).count();
        if holidays >= FEWEST_MOVES && mostly(holidays, closed()) {
            return Self::Own(dates.into());
        }
        Self::NewYork
    }

    /// The last day of a period on which the benchmark trades. Of another exchange whose prices do not reach past the
    /// period, its last weekday: its holidays to come are not known.
    pub fn last_day(&self, period: Period) -> NaiveDate {
        match self {
            Self::NewYork => last_trading_day(period.last),
            Self::EveryDay => period.last,
            Self::Own(dates) => {
                let until = dates.partition_point(|date| *date <= period.last);
                let within = until.checked_sub(1).map(|at| dates[at]).filter(|date| *date >= period.first);
                within.filter(|_| until < dates.len()).unwrap_or_else(|| last_weekday(period.last))
            }
        }
    }

    /// What a report says of it; `None` for New York's.
    pub fn in_words(&self) -> Option<&'static str> {
        match self {
            Self::NewYork => None,
            Self::EveryDay => Some("months and weeks end on their last calendar day: the benchmark trades every day"),
            Self::Own(_) => Some(
                "months and weeks end on the last day on which the benchmark has a price: it trades on days on which New York is closed",
            ),
        }
    }
}

impl Period {
    /// The month that holds `date`.
    pub fn month_of(date: NaiveDate) -> Self {
        let last = date.month_end();
        Self { label: last, first: date.with_day(1).unwrap_or(date), last }
    }

    /// The ISO week, Monday to Sunday, that holds `date`.
    pub fn week_of(date: NaiveDate) -> Self {
        let label = date.friday();
        let back = |days| label.checked_sub_days(Days::new(days)).unwrap_or(label);
        Self { label, first: back(4), last: label.checked_add_days(Days::new(2)).unwrap_or(label) }
    }

    /// The period of this frequency that holds `date`; a day has none.
    pub fn of(frequency: Frequency, date: NaiveDate) -> Option<Self> {
        match frequency {
            Frequency::Monthly => Some(Self::month_of(date)),
            Frequency::Weekly => Some(Self::week_of(date)),
            Frequency::Daily => None,
        }
    }

    /// The next one of the same kind.
    #[must_use]
    pub fn next(self) -> Self {
        self.of_same_kind(self.last.succ_opt())
    }

    /// The one before, of the same kind.
    #[must_use]
    pub fn before(self) -> Self {
        self.of_same_kind(self.first.pred_opt())
    }

    /// `None` is a day outside all calendars: then it stays where it is.
    fn of_same_kind(self, day: Option<NaiveDate>) -> Self {
        match day {
            Some(day) if self.is_week() => Self::week_of(day),
            Some(day) => Self::month_of(day),
            None => self,
        }
    }

    /// True for a week.
    pub fn is_week(self) -> bool {
        // A month's label is its last day, and a week's never.
        self.label != self.last
    }
}

fn last_weekday(day: NaiveDate) -> NaiveDate {
    let past_friday = match day.weekday() {
        Weekday::Sat => 1,
        Weekday::Sun => 2,
        _ => 0,
    };
    day.checked_sub_days(Days::new(past_friday)).unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// A price on every day of 2023 and 2024 up to `until` that `trades`; it moves on those that `moves`.
    fn series(until: &str, trades: impl Fn(NaiveDate) -> bool, moves: impl Fn(NaiveDate) -> bool) -> PriceSeries {
        let mut price = 100.0;
        let days = day("2023-01-01").iter_days().take_while(|date| *date <= day(until)).filter(|date| trades(*date));
        let rows = days.map(|date| {
            price += if moves(date) { 1.0 } else { 0.0 };
            (date, price)
        });
        PriceSeries::new("X".parse().unwrap(), PriceKind::Close, rows.collect::<Vec<_>>())
    }

    #[test]
    fn a_price_that_only_stands_on_a_holiday_is_new_york_s() {
        let filled = series("2024-06-30", |date| !is_weekend(date), is_trading_day);
        assert_eq!(TradingCalendar::of(Some(&filled), day("2024-06-30")), TradingCalendar::NewYork);
        let filled_every_day = series("2024-06-30", |_| true, is_trading_day);
        assert_eq!(TradingCalendar::of(Some(&filled_every_day), day("2024-06-30")), TradingCalendar::NewYork);
        assert_eq!(
            TradingCalendar::of(Some(&series("2024-06-30", is_trading_day, |_| true)), day("2024-06-30")),
            TradingCalendar::NewYork
        );
        assert_eq!(TradingCalendar::of(None, day("2024-06-30")), TradingCalendar::NewYork);
        let march = Period::month_of(day("2024-03-05"));
        assert_eq!(TradingCalendar::NewYork.last_day(march), day("2024-03-28"));
    }

    #[test]
    fn a_coin_trades_every_day() {
        let coin = TradingCalendar::of(Some(&series("2024-06-30", |_| true, |_| true)), day("2024-06-30"));
        assert_eq!(coin, TradingCalendar::EveryDay);
        assert_eq!(coin.last_day(Period::month_of(day("2024-03-05"))), day("2024-03-31"));
        assert_eq!(coin.last_day(Period::week_of(day("2024-03-28"))), day("2024-03-31"));
    }

    #[test]
    fn another_exchange_is_known_by_its_dates() {
        // London: open on 4 July and Thanksgiving, closed on Easter Monday and (late) on the last Monday of May.
        let closed = ["2023-04-07", "2023-04-10", "2023-05-29", "2024-03-29", "2024-04-01", "2024-05-27"].map(day);
        let open = |date: NaiveDate| !is_weekend(date) && !closed.contains(&date);
        let london = TradingCalendar::of(Some(&series("2024-03-29", open, |_| true)), day("2024-06-30"));
        assert!(matches!(london, TradingCalendar::Own(_)));
        assert_eq!(london.last_day(Period::week_of(day("2023-04-05"))), day("2023-04-06"));
        // No price after Good Friday yet: whether more come is not known, so the last weekday.
        assert_eq!(london.last_day(Period::month_of(day("2024-03-05"))), day("2024-03-29"));
        let later = TradingCalendar::of(Some(&series("2024-04-02", open, |_| true)), day("2024-06-30"));
        assert_eq!(later.last_day(Period::month_of(day("2024-03-05"))), day("2024-03-28"));
    }

    #[test]
    fn periods_follow_one_another() {
        let march = Period::month_of(day("2024-03-05"));
        assert_eq!((march.first, march.label), (day("2024-03-01"), day("2024-03-31")));
        assert_eq!((march.next().label, march.before().label), (day("2024-04-30"), day("2024-02-29")));
        let week = Period::week_of(day("2024-12-30"));
        assert_eq!((week.first, week.label, week.last), (day("2024-12-30"), day("2025-01-03"), day("2025-01-05")));
        assert_eq!((week.next().label, week.before().label), (day("2025-01-10"), day("2024-12-27")));
        assert_eq!(Period::of(Frequency::Daily, day("2024-03-05")), None);
    }
}
