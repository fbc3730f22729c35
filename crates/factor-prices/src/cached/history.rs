//! One ticker's kept history: whether it answers a question, and how it grows.

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use factor_types::{DateRange, PriceSeries};

use crate::{History, PriceError, SourceFault, market_hours};

/// The kind of entry that holds a history.
pub(super) const PRICES: &str = "prices";
/// The kind of entry that says that a source does not know a ticker.
pub(super) const UNKNOWN: &str = "unknown";

/// Rows that must come back as they were.
const OVERLAP: usize = 5;
/// Days after which a history is fetched again as a whole.
const WHOLE_DAYS: i64 = 30;
/// Other processes' clocks may be a little ahead.
const SKEW: Duration = Duration::minutes(5);
/// After a close, a vendor that has not published the day yet is asked again after this long ...
const LATE_RETRY: Duration = Duration::minutes(30);
/// ... until this long after the close.
const LATE_UNTIL: Duration = Duration::hours(12);
/// A fund without prices for longer than this has stopped; it is not late.
const STOPPED_DAYS: i64 = 7;
/// A whole history with fewer rows than this share of those kept is no replacement for them.
const LEAST_SHARE: f64 = 0.9;

/// What is known of a ticker.
#[derive(Debug, Clone)]
pub(super) enum CacheEntry {
    /// Its history.
    Known(Arc<CachedHistory>),
    /// The source said that it does not know it.
    Unknown {
        /// In the source's words.
        why: String,
        /// When it said so.
        since: DateTime<Utc>,
    },
}

impl CacheEntry {
    /// The answer to a question, if what is held is enough for one.
    pub(super) fn answer(&self, range: DateRange, now: DateTime<Utc>) -> Option<Result<History, PriceError>> {
        match self {
            Self::Known(kept) => matches!(kept.step(range, now), Step::Enough).then(|| Ok(kept.history())),
            Self::Unknown { why, since } => {
                let age = now - since;
                (-SKEW <= age && age < Duration::days(1)).then(|| Err(PriceError::NoData(why.clone())))
            }
        }
    }

    pub(super) fn known(self) -> Option<Arc<CachedHistory>> {
        match self {
            Self::Known(kept) => Some(kept),
            Self::Unknown { .. } => None,
        }
    }

    /// An estimate of its memory.
    pub(super) fn bytes(&self) -> usize {
        match self {
            Self::Known(kept) => 256 + 12 * kept.series.len(),
            Self::Unknown { why, .. } => 128 + why.len(),
        }
    }
}

/// A kept history.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct CachedHistory {
    pub(super) series: Arc<PriceSeries>,
    /// The first day asked for; the series may begin later.
    pub(super) from: NaiveDate,
    /// When the source was last asked.
    pub(super) fetched_at: DateTime<Utc>,
    /// When the whole of it was last fetched.
    pub(super) whole_at: DateTime<Utc>,
    /// What the source said of it.
    pub(super) caveat: Option<String>,
}

/// What a question needs beyond what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Enough,
    /// The rows from this date on, which begin with [`OVERLAP`] kept ones.
    Tail(NaiveDate),
    /// The whole history.
    Whole,
}

impl CachedHistory {
    /// A whole history, unless it holds less than the one it would replace.
    pub(super) fn whole(
        history: History,
        from: NaiveDate,
        now: DateTime<Utc>,
        before: Option<&Self>,
    ) -> Result<Self, PriceError> {
        let (ticker, series) = (history.series.ticker().clone(), &history.series);
        if let Some(before) = before {
            if let Some(refused) = series.refused() {
                return Err(PriceError::failed(SourceFault::Unusable, refused.to_string()));
            }
            let enough = LEAST_SHARE * before.series.len() as f64;
            if (series.len() as f64) < enough || series.dates().last() < before.series.dates().last() {
                return Err(PriceError::failed(
                    SourceFault::Unusable,
                    format!("the source now has fewer prices of {ticker} than before"),
                ));
            }
        }
        Ok(Self { series: history.series, from, fetched_at: now, whole_at: now, caveat: history.caveat })
    }

    pub(super) fn history(&self) -> History {
        History { series: Arc::clone(&self.series), caveat: self.caveat.clone(), complete: true }
    }

    /// What is kept, with the caveat that it could not be refreshed.
    pub(super) fn unrefreshed(&self, error: &PriceError) -> History {
        let until = self.series.dates().last().map(|last| format!(" up to {last}")).unwrap_or_default();
        let caveat = format!("could not be refreshed ({error}); the prices kept{until} are used");
        History { series: Arc::clone(&self.series), caveat: Some(caveat), complete: false }
    }

    /// What a question about `range` needs.
    pub(super) fn step(&self, range: DateRange, now: DateTime<Utc>) -> Step {
        if range.start() < self.from {
            return Step::Whole;
        }
        let past_the_end = self.series.dates().last().is_none_or(|last| *last < range.end());
        if self.is_fresh(now) || !past_the_end {
            return Step::Enough;
        }
        let dates = self.series.dates();
        let old = now - self.whole_at > Duration::days(WHOLE_DAYS) || now < self.whole_at - SKEW;
        match dates.len().checked_sub(OVERLAP) {
            Some(first) if !old => Step::Tail(dates[first]),
            _ => Step::Whole,
        }
    }

    fn is_fresh(&self, now: DateTime<Utc>) -> bool {
        let close = market_hours::last_close(now);
        if self.fetched_at < close || self.fetched_at > now + SKEW {
            return false;
        }
        let day = market_hours::closed_through(now);
        let late = self.series.dates().last().is_some_and(|last| {
            *last < day && (day - *last).num_days() <= STOPPED_DAYS && self.fetched_at < close + LATE_UNTIL
        });
        !late || now - self.fetched_at < LATE_RETRY
    }

    /// This history with the tail's new rows, if the tail begins with this one's last rows as they are here.
    pub(super) fn joined(&self, tail: &History, now: DateTime<Utc>) -> Option<Self> {
        let (kept, tail) = (&self.series, &tail.series);
        let first = kept.len().checked_sub(OVERLAP)?;
        let (dates, prices) = (&kept.dates()[first..], &kept.prices()[first..]);
        let agrees = kept.kind() == tail.kind()
            && tail.dates().get(..OVERLAP) == Some(dates)
            && tail.prices()[..OVERLAP].iter().zip(prices).all(|(new, old)| (new - old).abs() <= 1e-9 * old);
        if !agrees {
            return None;
        }
        let rows = |series: &PriceSeries, from: usize| -> Vec<(NaiveDate, f64)> {
            series.dates()[from..].iter().copied().zip(series.prices()[from..].iter().copied()).collect()
        };
        let all = rows(kept, 0).into_iter().chain(rows(tail, OVERLAP));
        let bad = kept.bad_prices() + tail.bad_prices();
        let series = with_bad_prices(kept, all, bad);
        Some(Self { series: Arc::new(series), fetched_at: now, ..self.clone() })
    }
}

/// A series of good rows that still counts the bad ones its source sent.
pub(super) fn with_bad_prices(
    like: &PriceSeries,
    rows: impl IntoIterator<Item = (NaiveDate, f64)>,
    bad: usize,
) -> PriceSeries {
    PriceSeries::new(like.ticker().clone(), like.kind(), rows).with_bad_prices(bad)
}

#[cfg(test)]
mod tests {
    use factor_types::PriceKind;

    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    /// Seven in the evening in New York (summer time), when the day's prices are final.
    fn evening(of: &str) -> DateTime<Utc> {
        format!("{of}T23:00:00Z").parse().unwrap()
    }

    fn series(rows: &[(&str, f64)]) -> Arc<PriceSeries> {
        let rows = rows.iter().map(|(date, price)| (day(date), *price));
        Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows))
    }

    /// Five rows of the week up to Friday 7 June 2024, fetched whole that evening.
    fn kept() -> CachedHistory {
        let dates = ["2024-06-03", "2024-06-04", "2024-06-05", "2024-06-06", "2024-06-07"];
        let rows: Vec<_> = dates.iter().zip(1..).map(|(date, price)| (*date, f64::from(price))).collect();
        let at = evening("2024-06-07");
        CachedHistory { series: series(&rows), from: day("2024-06-01"), fetched_at: at, whole_at: at, caveat: None }
    }

    fn until(end: &str) -> DateRange {
        DateRange::new(day("2024-06-01"), day(end)).unwrap()
    }

    #[test]
    fn a_question_needs_nothing_a_tail_or_the_whole() {
        let kept = kept();
        assert_eq!(kept.step(until("2024-06-10"), evening("2024-06-08")), Step::Enough, "no day has closed since");
        let tail = Step::Tail(day("2024-06-03"));
        assert_eq!(kept.step(until("2024-06-10"), evening("2024-06-10")), tail, "a day has closed since");
        assert_eq!(kept.step(until("2024-06-07"), evening("2024-06-10")), Step::Enough, "the question ends before it");
        let earlier = DateRange::new(day("2024-05-31"), day("2024-06-07")).unwrap();
        assert_eq!(kept.step(earlier, evening("2024-06-07")), Step::Whole, "it begins before what was asked for");
        let month_later = evening("2024-07-08");
        assert_eq!(kept.step(until("2024-07-08"), month_later), Step::Whole, "the whole is over 30 days old");
        let ahead = kept.whole_at - Duration::days(1);
        assert_eq!(kept.step(until("2024-06-10"), ahead), Step::Whole, "it claims to be of tomorrow");
        let short = CachedHistory { series: series(&[("2024-06-07", 5.0)]), ..kept };
        assert_eq!(short.step(until("2024-06-10"), evening("2024-06-10")), Step::Whole, "too few rows to compare");
    }

    #[test]
    fn a_tail_joins_only_where_the_last_rows_are_as_they_were() {
        let (kept, now) = (kept(), evening("2024-06-10"));
        let tail = |change: f64| {
            let mut rows: Vec<_> =
                kept.series.dates().iter().copied().zip(kept.series.prices().iter().copied()).collect();
            rows[4].1 += change;
            rows.push((day("2024-06-10"), 6.0));
            History::from(Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows)))
        };
        let joined = kept.joined(&tail(0.0), now).unwrap();
        assert_eq!(joined.series.prices(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((joined.fetched_at, joined.whole_at, joined.from), (now, kept.whole_at, kept.from));
        assert_eq!(kept.joined(&tail(1e-6), now), None, "a restated price");
        assert!(kept.joined(&tail(1e-12), now).is_some(), "rounding on the way is no restatement");
        let closes = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Close, [(day("2024-06-03"), 1.0)]);
        assert_eq!(kept.joined(&History::from(Arc::new(closes)), now), None, "another kind of price");
    }

    #[test]
    fn a_whole_history_is_not_replaced_by_less() {
        let (kept, now) = (kept(), evening("2024-06-10"));
        let whole = |rows: &[(&str, f64)], before| {
            CachedHistory::whole(History::from(series(rows)), kept.from, now, before).map(|new| new.series.len())
        };
        assert_eq!(whole(&[("2024-06-07", 5.0)], None), Ok(1), "there is nothing to lose");
        let fewer = whole(&[("2024-06-06", 4.0), ("2024-06-07", 5.0)], Some(&kept)).unwrap_err();
        assert!(fewer.to_string().contains("fewer prices of SPY than before"), "{fewer}");
        let ended =
            [("2024-05-31", 0.5), ("2024-06-03", 1.0), ("2024-06-04", 2.0), ("2024-06-05", 3.0), ("2024-06-06", 4.0)];
        assert!(whole(&ended, Some(&kept)).is_err(), "as many rows, but the last day is gone");
        let returns: Vec<(&str, f64)> = ["2024-06-03", "2024-06-04", "2024-06-05", "2024-06-06", "2024-06-07"]
            .into_iter()
            .zip([0.01, -0.02, 0.005, -0.004, 0.01])
            .collect();
        let refused = whole(&returns, Some(&kept)).unwrap_err().to_string();
        assert!(refused.starts_with("not_prices: 2 of 5 values are below zero"), "{refused}");
    }
}
