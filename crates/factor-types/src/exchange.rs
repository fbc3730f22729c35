//! The days on which the New York stock exchange trades.
//!
//! By its rules (NYSE Rule 7.2 and those before it) it is closed at weekends and on New Year's Day, Martin Luther King Day
//! (from 1998), Washington's Birthday, Good Friday, Memorial Day, Juneteenth (from 2022), Independence Day, Labor Day,
//! Thanksgiving and Christmas. One that falls on a Saturday is kept on the Friday before (but for New Year's Day, which is
//! then not kept), one on a Sunday on the Monday after. The days that it closed for a storm, an attack or mourning since
//! 1985 are listed. Right from 1981 on: earlier it also closed on days of elections and on half the Wednesdays of 1968.

use chrono::{Datelike, Days, NaiveDate, Weekday};

/// Weekdays without trading that no rule foresees: Hurricane Gloria, the mourning of Nixon, the attacks of 2001, the
/// mourning of Reagan and of Ford, Hurricane Sandy, the mourning of George H. W. Bush and of Carter.
const CLOSED_ONCE: [(i32, u32, u32); 12] = [
    (1985, 9, 27),
    (1994, 4, 27),
    (2001, 9, 11),
    (2001, 9, 12),
    (2001, 9, 13),
    (2001, 9, 14),
    (2004, 6, 11),
    (2007, 1, 2),
    (2012, 10, 29),
    (2012, 10, 30),
    (2018, 12, 5),
    (2025, 1, 9),
];

/// True on a day on which the exchange trades, if only in the morning.
pub fn is_trading_day(day: NaiveDate) -> bool {
    let closed_once = || CLOSED_ONCE.contains(&(day.year(), day.month(), day.day()));
    !is_weekend(day) && !is_holiday(day) && !closed_once()
}

/// True on a Saturday or Sunday.
pub fn is_weekend(day: NaiveDate) -> bool {
    matches!(day.weekday(), Weekday::Sat | Weekday::Sun)
}

/// The days from one to another, both included, on which the exchange trades.
pub fn trading_days(from: NaiveDate, to: NaiveDate) -> impl Iterator<Item = NaiveDate> {
    from.iter_days().take_while(move |day| *day <= to).filter(|day| is_trading_day(*day))
}

/// The last day on or before `day` on which the exchange trades.
pub fn last_trading_day(day: NaiveDate) -> NaiveDate {
    // Six days without trading in a row were the most (September 2001, with a weekend).
    day.iter_days().rev().take(15).find(|day| is_trading_day(*day)).unwrap_or(day)
}

/// Good Friday: two days before Easter Sunday.
pub fn good_friday(year: i32) -> Option<NaiveDate> {
    easter(year).checked_sub_days(Days::new(2))
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

fn is_holiday(day: NaiveDate) -> bool {
    let year = day.year();
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = || nth(5, Weekday::Mon, 5).or_else(|| nth(5, Weekday::Mon, 4));
    let on_its_day = |month, date| NaiveDate::from_ymd_opt(year, month, date);
    let new_year = on_its_day(1, 1).filter(|day| day.weekday() != Weekday::Sat).map(kept_on);
    let kept = |month, date| on_its_day(month, date).map(kept_on);
    let juneteenth = kept(6, 19).filter(|_| year >= 2022);
    [
        new_year,
        nth(1, Weekday::Mon, 3).filter(|_| year >= 1998),
        nth(2, Weekday::Mon, 3),
        good_friday(year),
        last_monday_of_may(),
        juneteenth,
        kept(7, 4),
        nth(9, Weekday::Mon, 1),
        nth(11, Weekday::Thu, 4),
        kept(12, 25),
    ]
    .contains(&Some(day))
}

/// The weekday on which a holiday of a fixed date is kept.
fn kept_on(day: NaiveDate) -> NaiveDate {
    let moved = match day.weekday() {
        Weekday::Sat => day.pred_opt(),
        Weekday::Sun => day.succ_opt(),
        _ => None,
    };
    moved.unwrap_or(day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn the_exchanges_published_holidays() {
        // As published by the exchange for 2021 to 2026.
        let holidays = "2021-01-01 2021-01-18 2021-02-15 2021-04-02 2021-05-31 2021-07-05 2021-09-06 2021-11-25 2021-12-24 \
                        2022-01-17 2022-02-21 2022-04-15 2022-05-30 2022-06-20 2022-07-04 2022-09-05 2022-11-24 2022-12-26 \
                        2023-01-02 2023-01-16 2023-02-20 2023-04-07 2023-05-29 2023-06-19 2023-07-04 2023-09-04 2023-11-23 2023-12-25 \
                        2024-01-01 2024-01-15 2024-02-19 2024-03-29 2024-05-27 2024-06-19 2024-07-04 2024-09-02 2024-11-28 2024-12-25 \
                        2025-01-01 2025-01-20 2025-02-17 2025-04-18 2025-05-26 2025-06-19 2025-07-04 2025-09-01 2025-11-27 2025-12-25 \
                        2026-01-01 2026-01-19 2026-02-16 2026-04-03 2026-05-25 2026-06-19 2026-07-03 2026-09-07 2026-11-26 2026-12-25";
        let holidays: Vec<NaiveDate> = holidays.split_whitespace().map(|day| day.parse().unwrap()).collect();
        let first: NaiveDate = "2021-01-01".parse().unwrap();
        for day in first.iter_days().take_while(|day| day.year() < 2027) {
            let weekend = matches!(day.weekday(), Weekday::Sat | Weekday::Sun);
            // Closed on 2025-01-09 by no rule.
            let mourning = day == self::day("2025-01-09");
            assert_eq!(is_trading_day(day), !weekend && !mourning && !holidays.contains(&day), "{day}");
        }
    }

    #[test]
    fn days_that_only_history_knows() {
        for closed in [
            "2001-09-11",
            "2001-09-14",
            "2004-06-11",
            "2007-01-02",
            "2012-10-29",
            "2012-10-30",
            "2018-12-05",
            "2025-01-09",
            // A day of 1994 for Nixon, Good Friday of 2018, and New Year's Day kept on a Monday.
            "1994-04-27",
            "2018-03-30",
            "2012-01-02",
        ] {
            assert!(!is_trading_day(day(closed)), "{closed}");
        }
        // No Juneteenth before 2022, no King before 1998; New Year's Day of 2011 and 2022 was a Saturday and not kept.
        for open in ["2021-06-18", "1997-01-20", "2010-12-31", "2021-12-31", "2012-10-31", "2013-11-29"] {
            assert!(is_trading_day(day(open)), "{open}");
        }
    }

    #[test]
    fn the_last_trading_day_of_months_that_end_on_a_holiday() {
        for (end, last) in [
            ("2018-03-31", "2018-03-29"),
            ("2021-05-31", "2021-05-28"),
            ("2024-03-31", "2024-03-28"),
            ("2024-04-30", "2024-04-30"),
            ("2001-09-16", "2001-09-10"),
        ] {
            assert_eq!(last_trading_day(day(end)), day(last));
        }
    }
}
