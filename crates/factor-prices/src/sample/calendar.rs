//! The sample's trading days: Monday to Friday without New Year's Day, Good Friday, 4 July and 25 December.
//!
//! A holiday on a weekend is not moved, and the other holidays of the exchange are trading days here.

use chrono::{Datelike, Days, NaiveDate, Weekday};

use crate::market_hours::easter;

/// The sample's first day, 2010-12-31.
pub(super) fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 12, 31).unwrap_or(NaiveDate::MIN)
}

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
