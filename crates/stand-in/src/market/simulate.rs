//! A simulated market: geometric paths from hashes of names and dates.

use chrono::{Datelike, NaiveDate, Weekday};

use super::{
    Dividend, ParYields,
    draws::{Draws, hashed},
    security::{Security, rounded},
};

/// The first day of the Treasury's table.
pub(super) const FIRST_YIELD: NaiveDate = match NaiveDate::from_ymd_opt(1990, 1, 2) {
    Some(day) => day,
    None => NaiveDate::MIN,
};

/// Weekdays but for three fixed holidays.
pub(super) fn trading_days(first: NaiveDate, last: NaiveDate) -> Vec<NaiveDate> {
    let holiday = |date: &NaiveDate| matches!((date.month(), date.day()), (1, 1) | (7, 4) | (12, 25));
    let weekend = |date: &NaiveDate| matches!(date.weekday(), Weekday::Sat | Weekday::Sun);
    first.iter_days().take_while(|date| *date <= last).filter(|date| !weekend(date) && !holiday(date)).collect()
}

/// A security over the days: one market shock and one of its own a day, and quarterly dividends.
pub(super) fn security(ticker: &str, dates: &[NaiveDate]) -> Security {
    let seed = hashed(ticker);
    let mut draws = Draws::new(seed);
    let mut price = 20.0 + 180.0 * draws.unit();
    let volatility = 0.006 + 0.008 * draws.unit();
    let mut rows: Vec<(NaiveDate, f64)> = Vec::with_capacity(dates.len());
    let mut dividends = Vec::new();
    for &date in dates {
        if let Some(&(_, before)) = rows.last().filter(|(before, _)| goes_ex(*before, date)) {
            let amount = rounded(before * 0.004, 3);
            dividends.push(Dividend { ex_date: date, amount });
            price -= amount;
        }
        let day = i64::from(date.num_days_from_ce()).cast_unsigned();
        let shock = 0.6 * Draws::new(day).normal() + 0.8 * Draws::new(seed ^ day).normal();
        price *= 1.0 + 0.0004 + volatility * shock;
        rows.push((date, rounded(price, 2).max(0.01)));
    }
    Security::traded(ticker, rows, dividends)
}

/// A slow wave around a rising curve, in percent.
pub(super) fn rates(date: NaiveDate) -> ParYields {
    let wave = (f64::from(date.num_days_from_ce()) / 700.0).sin();
    let jitter = 0.03 * Draws::new(i64::from(date.num_days_from_ce()).cast_unsigned() ^ hashed("UST")).normal();
    let level = |base: f64, swing: f64| Some(rounded(base + swing * wave + jitter, 2));
    ParYields([level(2.6, 2.0), level(2.9, 1.7), level(3.2, 1.3), level(3.5, 1.0), level(3.9, 0.8)])
}

fn goes_ex(before: NaiveDate, date: NaiveDate) -> bool {
    let fifteenth = date.with_day(15).unwrap_or(date);
    date.month().is_multiple_of(3) && before < fifteenth && date >= fifteenth
}
