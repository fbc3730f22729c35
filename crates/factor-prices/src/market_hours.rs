//! When a day's prices are final: the New York stock exchange's days, and half an hour after its close.
//!
//! Holidays are the exchange's rules as they stand since 2022 (NYSE Rule 7.2): New Year's Day, Martin Luther King Day,
//! Washington's Birthday, Good Friday, Memorial Day, Juneteenth, Independence Day, Labor Day, Thanksgiving and
//! Christmas. One that falls on a Saturday is kept on the Friday before (but for New Year's Day, which is then not
//! kept), one on a Sunday on the Monday after. Days of mourning and storms are not known in advance: on such a day a
//! refresh finds nothing new, and that is all. Shortened days close earlier, so their prices are final by then too.

use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeZone, Utc, Weekday};
use chrono_tz::America::New_York;

/// The moment the last trading day's prices were final: 16:30 in New York on the last trading day for which that has
/// passed.
pub fn last_close(now: DateTime<Utc>) -> DateTime<Utc> {
    let mut day = now.with_timezone(&New_York).date_naive();
    loop {
        if is_trading_day(day)
            && let Some(close) = close_of(day)
            && close <= now
        {
            return close;
        }
        match day.pred_opt() {
            Some(before) => day = before,
            // Before all calendars; nothing was ever final.
            None => return DateTime::<Utc>::MIN_UTC,
        }
    }
}

/// The last day whose prices are final.
pub fn closed_through(now: DateTime<Utc>) -> NaiveDate {
    last_close(now).with_timezone(&New_York).date_naive()
}

/// True on a day on which the exchange opens by its rules.
pub fn is_trading_day(day: NaiveDate) -> bool {
    !matches!(day.weekday(), Weekday::Sat | Weekday::Sun) && !is_holiday(day)
}

/// Easter Sunday, by the anonymous Gregorian computus (Meeus, Astronomical Algorithms, chapter 8).
pub(crate) fn easter(year: i32) -> NaiveDate {
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

fn close_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    let half_past_four = NaiveTime::from_hms_opt(16, 30, 0)?;
    // Clocks change on Sundays at two in the morning: this time exists exactly once on every day.
    New_York.from_local_datetime(&day.and_time(half_past_four)).earliest().map(|close| close.with_timezone(&Utc))
}

fn is_holiday(day: NaiveDate) -> bool {
    let year = day.year();
    let nth = |month, weekday, n| NaiveDate::from_weekday_of_month_opt(year, month, weekday, n);
    let last_monday_of_may = || nth(5, Weekday::Mon, 5).or_else(|| nth(5, Weekday::Mon, 4));
    let good_friday = || easter(year).checked_sub_days(Days::new(2));
    let on_its_day = |month, date| NaiveDate::from_ymd_opt(year, month, date);
    let new_year = on_its_day(1, 1).filter(|day| day.weekday() != Weekday::Sat).map(kept_on);
    let kept = |month, date| on_its_day(month, date).map(kept_on);
    let juneteenth = kept(6, 19).filter(|_| year >= 2022);
    [
        new_year,
        nth(1, Weekday::Mon, 3),
        nth(2, Weekday::Mon, 3),
        good_friday(),
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

    fn utc(text: &str) -> DateTime<Utc> {
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
            assert_eq!(is_trading_day(day), !weekend && !holidays.contains(&day), "{day}");
        }
    }

    #[test]
    fn prices_are_final_half_an_hour_after_the_close_in_new_york() {
        for (now, close) in [
            // Winter time: 16:30 in New York is 21:30 UTC.
            ("2026-01-14T21:29:59Z", "2026-01-13T21:30:00Z"),
            ("2026-01-14T21:30:00Z", "2026-01-14T21:30:00Z"),
            // Summer time: 20:30 UTC.
            ("2026-07-15T20:30:00Z", "2026-07-15T20:30:00Z"),
            ("2026-07-15T20:29:00Z", "2026-07-14T20:30:00Z"),
            // Over a weekend, and over the weekend on which the clocks change (8 March 2026).
            ("2026-03-08T12:00:00Z", "2026-03-06T21:30:00Z"),
            ("2026-03-09T20:30:00Z", "2026-03-09T20:30:00Z"),
            // Thanksgiving is no trading day; the shortened Friday after it is.
            ("2026-11-26T23:00:00Z", "2026-11-25T21:30:00Z"),
            ("2026-11-27T22:00:00Z", "2026-11-27T21:30:00Z"),
            // Just after midnight UTC it is still the day before in New York.
            ("2026-01-15T00:30:00Z", "2026-01-14T21:30:00Z"),
        ] {
            assert_eq!(last_close(utc(now)), utc(close), "{now}");
        }
        assert_eq!(closed_through(utc("2026-01-15T00:30:00Z")).to_string(), "2026-01-14");
    }
}
