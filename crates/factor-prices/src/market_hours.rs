//! When a day's prices are final: the New York stock exchange's days, and half an hour after its close.
//!
//! Which days those are is in [`factor_types::exchange`]. Days of mourning and storms to come are not known: on such a day
//! a refresh finds nothing new, and that is all. Shortened days close earlier, so their prices are final by then too.

use chrono::{DateTime, NaiveDate, NaiveTime, TimeZone, Utc};
use chrono_tz::America::New_York;
use factor_types::exchange::is_trading_day;

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

/// The last calendar day on which no price can change any more: today in New York from 16:30 on, before that yesterday.
/// Weekends count as other days do, for what trades on them.
pub fn final_through(now: DateTime<Utc>) -> NaiveDate {
    let today = now.with_timezone(&New_York).date_naive();
    let over = close_of(today).is_some_and(|close| close <= now);
    if over { today } else { today.pred_opt().unwrap_or(today) }
}

/// The last trading day whose prices are final.
pub fn closed_through(now: DateTime<Utc>) -> NaiveDate {
    last_close(now).with_timezone(&New_York).date_naive()
}

fn close_of(day: NaiveDate) -> Option<DateTime<Utc>> {
    let half_past_four = NaiveTime::from_hms_opt(16, 30, 0)?;
    // Clocks change on Sundays at two in the morning: this time exists exactly once on every day.
    New_York.from_local_datetime(&day.and_time(half_past_four)).earliest().map(|close| close.with_timezone(&Utc))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn utc(text: &str) -> DateTime<Utc> {
        text.parse().unwrap()
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

    #[test]
    fn a_day_is_final_from_half_past_four_in_new_york_whatever_day_it_is() {
        for (now, day) in [
            ("2026-01-14T21:29:59Z", "2026-01-13"),
            ("2026-01-14T21:30:00Z", "2026-01-14"),
            // A Sunday, and after midnight in Greenwich.
            ("2026-03-08T21:00:00Z", "2026-03-08"),
            ("2026-01-15T00:30:00Z", "2026-01-14"),
        ] {
            assert_eq!(final_through(utc(now)).to_string(), day, "{now}");
        }
    }
}
