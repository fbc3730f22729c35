//! One ticker's kept history: whether it answers a question, and how it grows.

use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate, Utc};
use factor_types::{DateRange, PriceKind, PriceSeries};

use super::shorter;
use crate::{Dividend, History, Oddities, PriceError, SourceFault, Stale, market_hours};

/// The kind of entry that holds a history.
pub(super) const PRICES: &str = "prices";
/// The kind of entry that says that a source does not know a ticker.
pub(super) const UNKNOWN: &str = "unknown";

/// Rows that must come back as they were ...
const OVERLAP: usize = 5;
/// ... and once in so many days so many: a hole that is filled or a price that is mended later is seen within a week.
const LONG_OVERLAP: usize = 60;
const LONG_DAYS: i64 = 7;
/// Relative differences up to this are rounding on the way: some vendors store prices in 32 bits.
const ROUNDING: f64 = 1e-6;
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
/// A whole history that lacks more than this share of the kept rows that it should have is no replacement for them.
pub(super) const LEAST_SHARE: f64 = 0.9;
/// Holidays: a history that begins so many days later begins no later.
pub(super) const START_SLACK: i64 = 10;
/// Adjusted prices that are older than this by their last row are no better than closes.
const ADJUSTED_DAYS: i64 = 30;

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

    /// When the source last said so.
    pub(super) fn fetched_at(&self) -> DateTime<Utc> {
        match self {
            Self::Known(kept) => kept.fetched_at,
            Self::Unknown { since, .. } => *since,
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
            Self::Known(kept) => {
                let before = kept.adjusted_before.as_ref().map_or(0, |series| series.len());
                let dividends = kept.dividends.as_ref().map_or(0, |dividends| dividends.len());
                256 + 12 * (kept.series.len() + before) + 16 * dividends
            }
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
    /// When its last [`LONG_OVERLAP`] rows were last seen to be as they are here.
    pub(super) compared_at: DateTime<Utc>,
    /// What the source said of it.
    pub(super) caveat: Option<String>,
    /// The dividends since `from`, where the source gives them along with the prices.
    pub(super) dividends: Option<Arc<[Dividend]>>,
    /// What the prices are in, where the source says so.
    pub(super) currency: Option<String>,
    /// What is odd about the rows.
    pub(super) oddities: Oddities,
    /// The adjusted prices from before the source fell to closes.
    pub(super) adjusted_before: Option<Arc<PriceSeries>>,
}

/// What a question needs beyond what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// Nothing.
    Enough,
    /// The rows from this date on, which begin with [`OVERLAP`] or [`LONG_OVERLAP`] kept ones.
    Tail(NaiveDate),
    /// The whole history.
    Whole,
}

impl CachedHistory {
    /// A whole history in the place of an earlier one. One that begins later keeps the earlier rows where the two agree.
    pub(super) fn whole(
        history: History,
        from: NaiveDate,
        now: DateTime<Utc>,
        before: Option<&Self>,
    ) -> Result<Self, PriceError> {
        let mut fresh = Self {
            series: history.series,
            from,
            fetched_at: now,
            whole_at: now,
            compared_at: now,
            caveat: history.caveat,
            dividends: history.dividends,
            currency: history.currency,
            oddities: history.oddities,
            adjusted_before: None,
        };
        let Some(before) = before else { return Ok(fresh) };
        if let Some(refused) = fresh.series.refused() {
            return Err(PriceError::failed(SourceFault::Unusable, refused.to_string()));
        }
        if before.series.kind() != fresh.series.kind() {
            shorter::ends_no_earlier(&before.series, &fresh.series)?;
            fresh.adjusted_before = match before.series.kind() {
                PriceKind::Adjusted => Some(Arc::clone(&before.series)),
                PriceKind::Close => None,
            };
            return Ok(fresh);
        }
        fresh.adjusted_before = before.adjusted_before.clone();
        if let Some((series, note)) = shorter::mended(&before.series, &fresh.series)? {
            fresh.series = Arc::new(series);
            let caveat = fresh.caveat.take().map_or(note.clone(), |caveat| format!("{caveat}; {note}"));
            fresh.caveat = Some(caveat);
            fresh.dividends = joined_dividends(before.dividends.as_deref(), fresh.dividends.as_deref());
        }
        Ok(fresh)
    }

    pub(super) fn history(&self) -> History {
        let newest = self.series.dates().last();
        let recent = |adjusted: &&Arc<PriceSeries>| {
            let age = newest.zip(adjusted.dates().last()).map(|(newest, last)| (*newest - *last).num_days());
            age.is_some_and(|days| days <= ADJUSTED_DAYS)
        };
        History {
            caveat: self.caveat.clone(),
            adjusted_before: self.adjusted_before.as_ref().filter(recent).cloned(),
            dividends: self.dividends.clone(),
            currency: self.currency.clone(),
            oddities: self.oddities.clone(),
            ..Arc::clone(&self.series).into()
        }
    }

    /// What is kept, with the caveat that it could not be refreshed.
    pub(super) fn unrefreshed(&self, error: &PriceError) -> History {
        self.old(error.to_string())
    }

    /// What is kept, with the caveat that a newer one did not come in time.
    pub(super) fn late(&self) -> History {
        self.old("they did not come in time".to_owned())
    }

    fn old(&self, why: String) -> History {
        let last = self.series.dates().last().copied();
        let until = last.map(|last| format!(" up to {last}")).unwrap_or_default();
        let caveat = Some(format!("could not be refreshed ({why}); the prices kept{until} are used"));
        History { caveat, complete: false, stale: Some(Stale { why, until: last }), ..self.history() }
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
        let long = now - self.compared_at >= Duration::days(LONG_DAYS) || now < self.compared_at - SKEW;
        let overlap = if long { LONG_OVERLAP.min(dates.len()) } else { OVERLAP };
        match dates.len().checked_sub(overlap.max(OVERLAP)) {
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

    /// This history with the new rows of a tail that was asked for from `from` on, if the tail begins with this one's last
    /// rows as they are here.
    pub(super) fn joined(&self, tail: &History, from: NaiveDate, now: DateTime<Utc>) -> Option<Self> {
        let (kept, new) = (&self.series, &tail.series);
        let first = kept.dates().partition_point(|date| *date < from);
        let (dates, prices) = (&kept.dates()[first..], &kept.prices()[first..]);
        let overlap = dates.len();
        let agrees = kept.kind() == new.kind()
            && new.dates().get(..overlap) == Some(dates)
            && new.prices()[..overlap].iter().zip(prices).all(|(new, old)| (new - old).abs() <= ROUNDING * old);
        if !agrees {
            return None;
        }
        let rows = |series: &PriceSeries, from: usize| -> Vec<(NaiveDate, f64)> {
            series.dates()[from..].iter().copied().zip(series.prices()[from..].iter().copied()).collect()
        };
        let all = rows(kept, 0).into_iter().chain(rows(new, overlap));
        let bad = kept.bad_prices() + new.bad_prices();
        let series = Arc::new(with_bad_prices(kept, all, bad));
        let compared_at = if overlap >= LONG_OVERLAP.min(kept.len()) { now } else { self.compared_at };
        let dividends = joined_dividends(self.dividends.as_deref(), tail.dividends.as_deref());
        let caveat = tail.caveat.clone().or_else(|| self.caveat.clone());
        let currency = tail.currency.clone().or_else(|| self.currency.clone());
        let oddities = self.oddities.joined(&tail.oddities, new);
        Some(Self { series, fetched_at: now, compared_at, caveat, dividends, currency, oddities, ..self.clone() })
    }
}

/// Dividends known before and those of an answer that reaches up to today, each once; none where either lacks them.
fn joined_dividends(before: Option<&[Dividend]>, new: Option<&[Dividend]>) -> Option<Arc<[Dividend]>> {
    let (before, new) = (before?, new?);
    let mut all: Vec<Dividend> =
        before.iter().filter(|old| new.iter().all(|one| one.ex_date != old.ex_date)).copied().collect();
    all.extend(new);
    all.sort_by_key(|dividend| dividend.ex_date);
    Some(all.into())
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
        CachedHistory::whole(series(&rows).into(), day("2024-06-01"), at, None).unwrap()
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
        let from = day("2024-06-03");
        let joined = kept.joined(&tail(0.0), from, now).unwrap();
        assert_eq!(joined.series.prices(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!((joined.fetched_at, joined.whole_at, joined.from), (now, kept.whole_at, kept.from));
        assert_eq!(kept.joined(&tail(1e-5), from, now), None, "a restated price");
        // 5 as a number of 32 bits is off by up to 3e-7.
        assert!(kept.joined(&tail(4e-7), from, now).is_some(), "rounding on the way is no restatement");
        let closes = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Close, [(day("2024-06-03"), 1.0)]);
        assert_eq!(kept.joined(&History::from(Arc::new(closes)), from, now), None, "another kind of price");
    }

    /// A year of trading days up to Friday 7 June 2024, compared long ago or just now.
    #[test]
    fn once_a_week_sixty_rows_are_compared() {
        let start = day("2023-06-08");
        let days: Vec<NaiveDate> = start.iter_days().take_while(|date| *date <= day("2024-06-07")).collect();
        let rows = days.iter().map(|date| (*date, 100.0));
        let series = Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows));
        let kept = CachedHistory::whole(series.into(), start, evening("2024-06-07"), None).unwrap();
        let last = |back: usize| Step::Tail(days[days.len() - back]);
        assert_eq!(kept.step(until("2024-06-13"), evening("2024-06-13")), last(5));
        assert_eq!(kept.step(until("2024-06-14"), evening("2024-06-14")), last(60));
        let tail = |from: usize| {
            let rows = days[days.len() - from..].iter().map(|date| (*date, 100.0)).chain([(day("2024-06-14"), 100.0)]);
            History::from(Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows)))
        };
        let now = evening("2024-06-14");
        let daily = kept.joined(&tail(5), days[days.len() - 5], now).unwrap();
        assert_eq!((daily.compared_at, daily.fetched_at), (kept.compared_at, now));
        let weekly = kept.joined(&tail(60), days[days.len() - 60], now).unwrap();
        assert_eq!(weekly.compared_at, now);
    }

    #[test]
    fn adjusted_prices_that_fell_to_closes_are_not_forgotten_for_a_month() {
        let (kept, now) = (kept(), evening("2024-06-10"));
        let closes = |last: &str| {
            let rows = [(day("2024-06-07"), 5.5), (day(last), 6.0)];
            History::from(Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Close, rows)))
        };
        let fallen = CachedHistory::whole(closes("2024-06-10"), kept.from, now, Some(&kept)).unwrap();
        assert_eq!(fallen.history().adjusted_before.as_ref(), Some(&kept.series));
        // Refreshed closes still know of them, until they are too old.
        let later = CachedHistory::whole(closes("2024-07-05"), kept.from, now, Some(&fallen)).unwrap();
        assert!(later.history().adjusted_before.is_some());
        let too_late = CachedHistory::whole(closes("2024-07-09"), kept.from, now, Some(&fallen)).unwrap();
        assert!(too_late.history().adjusted_before.is_none());
        let again = CachedHistory::whole(kept.history(), kept.from, now, Some(&fallen));
        assert!(again.is_err(), "it ends earlier than the closes");
    }

    #[test]
    fn a_whole_history_that_is_none_of_prices_does_not_replace_what_is_kept() {
        let (kept, now) = (kept(), evening("2024-06-10"));
        let returns: Vec<(&str, f64)> = ["2024-06-03", "2024-06-04", "2024-06-05", "2024-06-06", "2024-06-07"]
            .into_iter()
            .zip([0.01, -0.02, 0.005, -0.004, 0.01])
            .collect();
        let refused = CachedHistory::whole(History::from(series(&returns)), kept.from, now, Some(&kept));
        let refused = refused.unwrap_err().to_string();
        assert!(refused.starts_with("not_prices: 2 of 5 values are below zero"), "{refused}");
    }
}
