//! The days that the sample steps over: Monday to Friday without New Year's Day, 4 July and 25 December.
//!
//! A step is taken on the exchange's other holidays too, and not shown: prices are those of its trading days, as the funds
//! that they stand for have them.

use chrono::{Datelike, NaiveDate};
use factor_types::exchange::{good_friday, is_weekend};

/// The sample's first day, 2010-12-31.
pub(super) fn first_day() -> NaiveDate {
    NaiveDate::from_ymd_opt(2010, 12, 31).unwrap_or(NaiveDate::MIN)
}

/// The steps from `first` to `last`, both included.
pub(super) fn steps(first: NaiveDate, last: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    first.iter_days().take_while(move |day| *day <= last).filter(|day| is_step(*day))
}

fn is_step(day: NaiveDate) -> bool {
    let fixed_holiday = matches!((day.month(), day.day()), (1, 1) | (7, 4) | (12, 25));
    !is_weekend(day) && !fixed_holiday && good_friday(day.year()) != Some(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn holidays() {
        let open = |text: &str| is_step(text.parse().unwrap());
        for closed in ["2024-03-29", "2021-04-02", "2011-04-22", "2020-12-25", "2023-07-04", "2024-01-01", "2024-06-01"]
        {
            assert!(!open(closed), "{closed}");
        }
        for day in ["2024-03-28", "2024-04-01", "2024-12-24", "2010-12-31", "2024-07-05"] {
            assert!(open(day), "{day}");
        }
    }
}
