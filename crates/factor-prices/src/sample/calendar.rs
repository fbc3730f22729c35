//! The sample's trading days: Monday to Friday without New Year's Day, Good Friday, 4 July and 25 December.
//!
//! A holiday on a weekend is not moved, and the other holidays of the exchange are trading days here.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// The trading days from `first` to `last`, both included.
pub(super) fn trading_days(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last).filter(|day| is_trading_day(*day))
}

/// True when the sample has prices on `day`.
pub(super) fn is_trading_day(day: NaiveDate) -> bool {
    !(matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
        || matches!((day.month(), day.day()), (1, 1) | (7, 4) | (12, 25))
        || day.weekday() == Weekday::Fri && easter(day.year()).checked_sub_days(Days::new(2)) == Some(day))
}

/// Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
fn easter(year: i32) -> NaiveDate {
    let (a, b, c) = (year % 19, year / 100, year % 100);
    let (d, e, f) = (b / 4, b % 4, (b + 8) / 25);
    let g = (b - f + 1) / 3;
    let h = (19 * a + b - d - g + 15) % 30;
    let l = (32 + 2 * e + 2 * (c / 4) - h - c % 4) % 7;
    let m = (a + 11 * h + 22 * l) / 451;
    let days = h + l - 7 * m + 114;
    let (month, day) = ((days / 31).unsigned_abs(), (days % 31 + 1).unsigned_abs());
    NaiveDate::from_ymd_opt(year, month, day).unwrap_or(NaiveDate::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays() {
        let open = |text: &str| is_trading_day(text.parse().unwrap());
        for closed in ["2024-03-29", "2021-04-02", "2011-04-22", "2020-12-25", "2023-07-04", "2024-01-01", "2024-06-01"]
        {
            assert!(!open(closed), "{closed}");
        }
        for day in ["2024-03-28", "2024-04-01", "2024-12-24", "2010-12-31", "2024-07-05"] {
            assert!(open(day), "{day}");
        }
    }
}
