//! Dates, ranges and return frequencies.

use chrono::{Datelike, Days, Months, NaiveDate};

crate::closed_set! {
    /// How often returns are measured.
    #[derive(Default)]
    pub enum Frequency: "a frequency" {
        /// One return a calendar month, labelled with the month's last day.
        #[default]
        Monthly = "monthly",
        /// One return an ISO week, labelled with its Friday.
        Weekly = "weekly",
        /// One return a trading day.
        Daily = "daily",
    }
}

impl Frequency {
    /// Periods in a year, the `P` of every annualised figure: 12, 52, 252.
    pub fn periods_per_year(self) -> f64 {
        match self {
            Self::Monthly => 12.0,
            Self::Weekly => 52.0,
            Self::Daily => 252.0,
        }
    }

    /// What several of its periods are called: `months`, `weeks`, `days`.
    pub fn periods(self) -> &'static str {
        match self {
            Self::Monthly => "months",
            Self::Weekly => "weeks",
            Self::Daily => "days",
        }
    }
}

/// A range of dates, both ends included, the start not after the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateRange {
    start: NaiveDate,
    end: NaiveDate,
}

/// A range whose start lies after its end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the range starts on {start}, after its end {end}")]
pub struct DateRangeError {
    /// The start as given.
    pub start: NaiveDate,
    /// The end as given.
    pub end: NaiveDate,
}

impl DateRange {
    /// A range from `start` to `end`, both included.
    ///
    /// # Errors
    /// When `start` lies after `end`.
    pub fn new(start: NaiveDate, end: NaiveDate) -> Result<Self, DateRangeError> {
        if start > end { Err(DateRangeError { start, end }) } else { Ok(Self { start, end }) }
    }

    /// The one-day range.
    pub fn day(date: NaiveDate) -> Self {
        Self { start: date, end: date }
    }

    /// The first day.
    pub fn start(&self) -> NaiveDate {
        self.start
    }

    /// The last day.
    pub fn end(&self) -> NaiveDate {
        self.end
    }

    /// True when `date` lies in the range.
    pub fn contains(&self, date: NaiveDate) -> bool {
        (self.start..=self.end).contains(&date)
    }

    /// The same range with its start moved back to `start` if that is earlier.
    #[must_use]
    pub fn reaching_back_to(&self, start: NaiveDate) -> Self {
        Self { start: self.start.min(start), end: self.end }
    }
}

/// Calendar arithmetic that every part of the workspace must agree on.
pub trait Calendar: Sized {
    /// The last calendar day of this date's month.
    fn month_end(self) -> Self;
    /// The last day of this date's month that is no Saturday or Sunday.
    fn last_weekday_of_month(self) -> Self;
    /// The Friday of this date's ISO week (Monday to Sunday).
    fn friday(self) -> Self;
    /// `months` earlier, month ends clamped (31 March less one month is 28 or 29 February).
    fn months_back(self, months: u32) -> Self;
    /// `months` earlier as a month end: 31 March less one month is the last day of February and 28 February less
    /// one month is 31 January.
    fn month_end_back(self, months: u32) -> Self;
}

impl Calendar for NaiveDate {
    fn month_end(self) -> Self {
        let first = self.with_day(1).unwrap_or(self);
        first.checked_add_months(Months::new(1)).and_then(|next| next.pred_opt()).unwrap_or(self)
    }

    fn last_weekday_of_month(self) -> Self {
        let end = self.month_end();
        let past_friday = u64::from(end.weekday().num_days_from_monday()).saturating_sub(4);
        end.checked_sub_days(Days::new(past_friday)).unwrap_or(end)
    }

    fn friday(self) -> Self {
        let weekday = u64::from(self.weekday().num_days_from_monday());
        let monday = self.checked_sub_days(Days::new(weekday));
        monday.and_then(|monday| monday.checked_add_days(Days::new(4))).unwrap_or(self)
    }

    fn months_back(self, months: u32) -> Self {
        self.checked_sub_months(Months::new(months)).unwrap_or(NaiveDate::MIN)
    }

    fn month_end_back(self, months: u32) -> Self {
        self.months_back(months).month_end()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn date(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    #[test]
    fn month_ends_and_their_last_weekdays() {
        for (day, end, weekday) in [
            ("2024-02-10", "2024-02-29", "2024-02-29"),
            ("2024-03-31", "2024-03-31", "2024-03-29"), // Easter Sunday, Good Friday
            ("2024-06-01", "2024-06-30", "2024-06-28"),
            ("2023-12-31", "2023-12-31", "2023-12-29"),
            ("2025-01-31", "2025-01-31", "2025-01-31"),
        ] {
            assert_eq!(date(day).month_end(), date(end));
            assert_eq!(date(day).last_weekday_of_month(), date(weekday));
        }
    }

    #[test]
    fn an_iso_week_is_labelled_friday() {
        for day in ["2024-12-30", "2024-12-31", "2025-01-03", "2025-01-05"] {
            assert_eq!(date(day).friday(), date("2025-01-03"));
        }
        assert_eq!(date("2024-12-29").friday(), date("2024-12-27"));
    }

    #[test]
    fn months_back_clamps_and_month_ends_stay_month_ends() {
        assert_eq!(date("2024-03-31").months_back(1), date("2024-02-29"));
        assert_eq!(date("2024-02-29").month_end_back(120), date("2014-02-28"));
        assert_eq!(date("2023-02-28").month_end_back(1), date("2023-01-31"));
    }

    #[test]
    fn a_range_does_not_run_backwards() {
        assert!(DateRange::new(date("2024-02-01"), date("2024-01-01")).is_err());
        assert!(DateRange::new(date("2024-01-01"), date("2024-01-01")).is_ok());
    }
}
