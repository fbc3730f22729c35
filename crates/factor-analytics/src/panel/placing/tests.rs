//! Bars made of daily prices in the ways of other programs.

use chrono::Days;
use factor_types::{PriceKind, exchange::trading_days};

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn series(ticker: &str, rows: impl IntoIterator<Item = (NaiveDate, f64)>) -> Arc<PriceSeries> {
    Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows))
}

fn every(days: usize, from: &str, count: usize) -> Vec<NaiveDate> {
    day(from).iter_days().step_by(days).take(count).collect()
}

fn numbered(dates: Vec<NaiveDate>) -> Arc<PriceSeries> {
    series("X", dates.into_iter().enumerate().map(|(at, date)| (date, 100.0 + at as f64)))
}

/// The dates on which bars are read, and what their own dates are taken for.
fn read(all: &[Arc<PriceSeries>], until: &str) -> Option<(Vec<NaiveDate>, BarDates, bool)> {
    let found = placed(all, &TradingCalendar::NewYork, day(until)).into_iter().next()?;
    Some((found.series.dates().to_vec(), found.dates, found.assumed))
}

#[test]
fn weeks_are_put_on_their_last_trading_day() {
    // The week of Good Friday ends on Thursday; that of 1 April is not over.
    let expected = ["2024-03-01", "2024-03-08", "2024-03-15", "2024-03-22", "2024-03-28"].map(day).to_vec();
    let of = |dates| read(&[numbered(dates)], "2024-04-02");
    assert_eq!(of(every(7, "2024-02-26", 6)), Some((expected.clone(), BarDates::FirstDays, true)));
    // pandas dates a week by the Sunday after it, one to come too.
    assert_eq!(of(every(7, "2024-03-03", 5)), Some((expected.clone(), BarDates::LaterDays, true)));
    assert_eq!(of(every(7, "2024-03-03", 6)), Some((expected.clone(), BarDates::LaterDays, true)), "a week not over");
    for first in ["2024-03-01", "2024-03-02"] {
        assert_eq!(of(every(7, first, 5)), Some((expected.clone(), BarDates::LaterDays, false)), "{first}");
    }
    assert_eq!(of(every(7, "2024-03-01", 4)), None, "Fridays are what they say");
    assert_eq!(of(every(7, "2024-02-28", 5)), None, "and so are Wednesdays");
    assert_eq!(of(every(1, "2024-03-01", 25)), None, "daily");
    // 2024-02-19 is Presidents' Day.
    let with_a_tuesday = vec![day("2024-02-12"), day("2024-02-20"), day("2024-02-26"), day("2024-03-04")];
    assert_eq!(of(with_a_tuesday).unwrap().0[1], day("2024-02-23"));
}

/// Numbers from -1 to 1 that look like chance and are the same in every run.
struct Draws(u64);

impl Draws {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 40) as f64 / f64::from(1 << 23) - 1.0
    }
}

/// Two years of a market and a fund that moves with it, whose weeks are dated so.
fn market_and_weeks(of: impl Fn(&[(NaiveDate, f64)]) -> Vec<(NaiveDate, f64)>) -> [Arc<PriceSeries>; 2] {
    let mut random = Draws(3);
    let (mut market, mut fund) = (Vec::new(), Vec::new());
    let (mut one, mut other) = (100.0, 50.0);
    for date in trading_days(day("2023-01-02"), day("2024-12-31")) {
        let both = 0.01 * random.next();
        one *= 1.0 + both;
        other *= 1.0 + 0.8 * both + 0.004 * random.next();
        market.push((date, one));
        fund.push((date, other));
    }
    [series("SPY", market), series("FUND", of(&fund))]
}

/// The last price of each stretch that ends on a day of the week, dated by it or by so many days before.
fn resampled(rows: &[(NaiveDate, f64)], end: Weekday, back: u64) -> Vec<(NaiveDate, f64)> {
    let label = |date: NaiveDate| date.iter_days().find(|day| day.weekday() == end).unwrap();
    let mut weeks: Vec<(NaiveDate, f64)> = Vec::new();
    for (date, price) in rows {
        let label = label(*date).checked_sub_days(Days::new(back)).unwrap();
        match weeks.last_mut().filter(|(known, _)| *known == label) {
            Some((_, last)) => *last = *price,
            None => weeks.push((label, *price)),
        }
    }
    weeks
}

#[test]
fn daily_prices_tell_mondays_and_sundays_apart() {
    for (end, back, expected) in [
        (Weekday::Mon, 0, BarDates::OwnDays),
        (Weekday::Sun, 6, BarDates::FirstDays),
        (Weekday::Sun, 0, BarDates::LaterDays),
        (Weekday::Sun, 7, BarDates::FirstDays),
    ] {
        let all = market_and_weeks(|rows| resampled(rows, end, back));
        let (dates, read, assumed) = read(&all, "2024-12-31").unwrap();
        assert_eq!((read, assumed), (expected, false), "{end} {back}");
        // On the days found each bar is the daily price of its day, or the last before a holiday.
        let market_weeks = dates.iter().filter(|date| date.weekday() == Weekday::Fri).count();
        assert_eq!(market_weeks > 90, expected != BarDates::OwnDays, "{end} {back}");
    }
}

#[test]
fn prices_that_move_with_nothing_are_read_as_those_that_do() {
    let [market, fund] = market_and_weeks(|rows| resampled(rows, Weekday::Mon, 0));
    let mut random = Draws(8);
    let alone = series("ALONE", fund.dates().iter().map(|date| (*date, 100.0 + random.next())));
    let assumed = placed(std::slice::from_ref(&alone), &TradingCalendar::NewYork, day("2024-12-31"));
    assert_eq!((assumed[0].dates, assumed[0].assumed), (BarDates::FirstDays, true));
    let found = placed(&[market, alone, fund], &TradingCalendar::NewYork, day("2024-12-31"));
    let all: Vec<(usize, BarDates, bool)> = found.iter().map(|one| (one.at, one.dates, one.assumed)).collect();
    assert_eq!(all, [(1, BarDates::OwnDays, false), (2, BarDates::OwnDays, false)]);
}

/// A filter by weekday has no row on a holiday; a week's first day is there whether it is one or not.
#[test]
fn mondays_without_holidays_are_closes_of_mondays() {
    let mondays: Vec<NaiveDate> = every(7, "2023-01-02", 100);
    let without: Vec<NaiveDate> = mondays.iter().copied().filter(|date| is_trading_day(*date)).collect();
    assert!(without.len() < mondays.len() - 5);
    assert_eq!(read(&[numbered(without.clone())], "2024-12-31").unwrap(), (without, BarDates::OwnDays, true));
    assert_eq!(read(&[numbered(mondays)], "2024-12-31").unwrap().1, BarDates::FirstDays);
}
