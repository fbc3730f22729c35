//! Price histories.

use std::{collections::BTreeSet, fmt};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{DateRange, Ticker};

/// What a price includes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PriceKind {
    /// Adjusted for splits and dividends: its returns are total returns.
    Adjusted,
    /// The raw close: its returns leave dividends out.
    Close,
}

/// A series with more unusable rows than one in so many is refused.
const ONE_BAD_IN: usize = 20;

/// A longer run of unusable rows is refused, however long the series.
const LONGEST_RUN: usize = 5;

/// Returns are below zero in at least one row of so many.
const ONE_NEGATIVE_IN: usize = 10;

/// Returns, even in percent, are mostly nearer to zero than this.
const NEAR_ZERO: f64 = 5.0;

/// Fewest values by which gross returns are told, how near to 1 (or 100) their median is, and how far a value usually lies from
/// it at least: a money-market fund stays at 1.00 by less.
const FEWEST: usize = 120;
const NEAR_ONE: f64 = 0.03;
const LEAST_SPREAD: f64 = 0.001;

/// A step from one value to the next is usually as large as the spread of all where nothing adds up. Of 73,061 windows of 120
/// days of 109 funds over fifteen years the largest was 0.88; of their gross returns 99.99% are above 0.9.
const NOTHING_ADDS_UP: f64 = 0.9;

/// Values by which cumulated returns are told, from how near to zero they begin, and how large a step is beside the value: a
/// tenth where they rise evenly.
const BEGINNING: usize = 20;
const BEGINS_NEAR_ZERO: f64 = 0.05;
const LARGE_STEP: f64 = 0.07;

/// Two prices for one date that differ by more are not one price rounded twice.
const ROUNDED: f64 = 0.001;

/// Fewest dates with two prices for which a series is refused: fewer are slips.
const FEWEST_TWICE: usize = 3;

/// How far a daily price usually moves at most, and how its moves follow on one another at least: of volumes one undoes the
/// other (-0.5 of values that do not depend on the day before). Of 109 funds over fifteen years the liveliest, UVXY and ETHE,
/// usually move by up to 0.08 in 120 days, with -0.05.
const LIVELIEST: f64 = 0.15;
const UNDOES: f64 = -0.3;

/// Rows are daily where they lie less than so many days apart on the whole.
const DAYS_APART: usize = 4;

/// Why a series is refused as a whole: what is left of it would not be random.
#[derive(Debug, Clone, PartialEq)]
pub enum Refused {
    /// Values near zero of both signs: returns.
    NotPrices {
        /// Values below zero.
        negative: usize,
        /// Values in all.
        of: usize,
        /// The median size of a value.
        typical: f64,
    },
    /// Values around 1, or 100, of which each is as far from the last as from any: 1 + r, or 100 + r in percent.
    GrossReturns {
        /// Their median.
        around: f64,
        /// Values in all.
        of: usize,
    },
    /// Values that begin near zero with steps as large as themselves: returns that were added up.
    Cumulated {
        /// The first of them.
        first: f64,
        /// Values in all.
        of: usize,
    },
    /// Values that usually move by a large share and come back: volumes, or the like.
    ToAndFro {
        /// The median size of a move, as a log.
        typical: f64,
        /// Values in all.
        of: usize,
    },
    /// Too many rows, or too many in a row, that are no finite number above zero.
    BadPrices {
        /// Unusable rows.
        bad: usize,
        /// Rows in all.
        of: usize,
        /// The longest run of them.
        run: usize,
    },
    /// Two prices for too many dates: two funds, or two kinds of price, under one name.
    TwoPrices {
        /// Dates with two prices that no rounding explains.
        days: usize,
        /// Dates in all.
        of: usize,
        /// The first of them, and its prices.
        first: (NaiveDate, f64, f64),
    },
}

impl Refused {
    /// The reason in one word.
    pub fn word(&self) -> &'static str {
        match self {
            Self::NotPrices { .. } | Self::GrossReturns { .. } | Self::Cumulated { .. } | Self::ToAndFro { .. } => {
                "not_prices"
            }
            Self::BadPrices { .. } => "bad_prices",
            Self::TwoPrices { .. } => "two_prices",
        }
    }
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotPrices { negative, of, typical } => write!(
                f,
                "not_prices: {negative} of {of} values are below zero and their median size is {typical:.3}: these are returns; give the prices themselves"
            ),
            Self::GrossReturns { around, of } => write!(
                f,
                "not_prices: {of} values around {around:.3}, each as far from the one before as from any other: these are gross returns; give the prices themselves"
            ),
            Self::Cumulated { first, of } => write!(
                f,
                "not_prices: {of} values that begin at {first} with steps as large as themselves: these are cumulated returns; give the prices themselves, or 1 + each value"
            ),
            Self::ToAndFro { typical, of } => write!(
                f,
                "not_prices: {of} values that usually move by {:.0}% a day and come back the day after: these are volumes or the like; give the prices themselves",
                100.0 * typical.exp_m1()
            ),
            Self::BadPrices { bad, of, run } => write!(
                f,
                "bad_prices: {bad} of {of} rows hold no price above zero (at most {LONGEST_RUN} in a row and one in {ONE_BAD_IN} are left out, here {run} in a row): refused as a whole; leave cells without a price empty"
            ),
            Self::TwoPrices { days, of, first: (date, one, other) } => write!(
                f,
                "two_prices: {days} of {of} dates have two prices, as {date} with {one} and {other}: these are two funds, or two kinds of price, under one name; give each its own ticker"
            ),
        }
    }
}

/// One ticker's prices: strictly rising dates, each price finite and above zero.
///
/// [`PriceSeries::new`] makes that so from whatever a source sent: it sorts, keeps the last of several rows for one
/// date, drops prices that are not finite or not positive, and counts what it dropped. Where that is too much for the rest
/// to be trusted, [`PriceSeries::refused`] says so.
#[derive(Debug, Clone, PartialEq)]
pub struct PriceSeries {
    ticker: Ticker,
    kind: PriceKind,
    dates: Vec<NaiveDate>,
    prices: Vec<f64>,
    bad_prices: usize,
    duplicate_dates: usize,
    conflicting: Option<Conflicting>,
    refused: Option<Refused>,
}

/// Dates for which a source gave different prices.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conflicting {
    /// The first of them.
    pub first: NaiveDate,
    /// How many there are.
    pub days: usize,
}

impl PriceSeries {
    /// A series from a source's rows, in any order.
    pub fn new(ticker: Ticker, kind: PriceKind, rows: impl IntoIterator<Item = (NaiveDate, f64)>) -> Self {
        let mut rows: Vec<(NaiveDate, f64)> = rows.into_iter().collect();
        // A stable sort keeps the source's order within one date, so "the last row wins" is well defined.
        if !rows.is_sorted_by(|a, b| a.0 < b.0) {
            rows.sort_by_key(|(date, _)| *date);
        }
        let refused = judged(&rows);
        let mut dates = Vec::with_capacity(rows.len());
        let mut prices: Vec<f64> = Vec::with_capacity(rows.len());
        let (mut duplicate_dates, mut conflicts, mut two_prices) = (0, Vec::new(), TwoPrices::default());
        for (date, price) in rows.iter().copied().filter(|(_, price)| usable(*price)) {
            if dates.last() == Some(&date)
                && let Some(last) = prices.last_mut()
            {
                if *last != price && conflicts.last() != Some(&date) {
                    conflicts.push(date);
                }
                two_prices.take(date, *last, price);
                *last = price;
                duplicate_dates += 1;
                continue;
            }
            dates.push(date);
            prices.push(price);
        }
        let bad_prices = rows.len() - dates.len() - duplicate_dates;
        // What two prices a date look like together is no word about either.
        let refused = two_prices.refused(dates.len()).or(refused);
        let conflicting = conflicts.first().map(|first| Conflicting { first: *first, days: conflicts.len() });
        Self { ticker, kind, dates, prices, bad_prices, duplicate_dates, conflicting, refused }
    }

    /// The same series of which its source sent so many unusable rows more.
    #[must_use]
    pub fn with_bad_prices(mut self, more: usize) -> Self {
        self.bad_prices += more;
        let (bad, of) = (self.bad_prices, self.len() + self.bad_prices + self.duplicate_dates);
        if self.refused.is_none() && bad * ONE_BAD_IN > of {
            self.refused = Some(Refused::BadPrices { bad, of, run: 1 });
        }
        self
    }

    /// The same series, of which another source has different prices for these dates. Those that it has itself stay.
    #[must_use]
    pub fn with_conflicting(self, conflicting: Option<Conflicting>) -> Self {
        Self { conflicting: self.conflicting.or(conflicting), ..self }
    }

    /// The same series with other dates for its prices, one a price and in their order; what was dropped from it stays
    /// counted. `None` for a price leaves it out.
    #[must_use]
    pub fn redated(&self, dates: impl IntoIterator<Item = Option<NaiveDate>>) -> Self {
        let rows = dates.into_iter().zip(&self.prices).filter_map(|(date, price)| Some((date?, *price)));
        let series = Self::new(self.ticker.clone(), self.kind, rows);
        Self { bad_prices: self.bad_prices, conflicting: self.conflicting, refused: self.refused.clone(), ..series }
    }

    /// Why none of it is to be used.
    pub fn refused(&self) -> Option<&Refused> {
        self.refused.as_ref()
    }

    /// Whose prices these are.
    pub fn ticker(&self) -> &Ticker {
        &self.ticker
    }

    /// What the prices include.
    pub fn kind(&self) -> PriceKind {
        self.kind
    }

    /// The dates, strictly rising.
    pub fn dates(&self) -> &[NaiveDate] {
        &self.dates
    }

    /// The prices, one per date, each finite and above zero.
    pub fn prices(&self) -> &[f64] {
        &self.prices
    }

    /// Rows dropped because the price was not finite or not positive.
    pub fn bad_prices(&self) -> usize {
        self.bad_prices
    }

    /// Rows dropped because a later row gave the same date again.
    pub fn duplicate_dates(&self) -> usize {
        self.duplicate_dates
    }

    /// The dates for which the source gave different prices, of which the last is kept.
    pub fn conflicting(&self) -> Option<Conflicting> {
        self.conflicting
    }

    /// Rows kept.
    pub fn len(&self) -> usize {
        self.dates.len()
    }

    /// True when no row was usable.
    pub fn is_empty(&self) -> bool {
        self.dates.is_empty()
    }

    /// The index range of the rows within `range`.
    pub fn rows_within(&self, range: DateRange) -> std::ops::Range<usize> {
        let start = self.dates.partition_point(|date| *date < range.start());
        let end = self.dates.partition_point(|date| *date <= range.end());
        start..end.max(start)
    }
}

/// The dates with two prices that are not one price rounded twice.
#[derive(Default)]
struct TwoPrices {
    first: Option<(NaiveDate, f64, f64)>,
    latest: Option<NaiveDate>,
    days: usize,
}

impl TwoPrices {
    fn take(&mut self, date: NaiveDate, one: f64, other: f64) {
        if (one - other).abs() > ROUNDED * one.max(other) && self.latest != Some(date) {
            self.first.get_or_insert((date, one, other));
            self.latest = Some(date);
            self.days += 1;
        }
    }

    fn refused(&self, of: usize) -> Option<Refused> {
        let many = self.days >= FEWEST_TWICE && self.days * ONE_BAD_IN > of;
        self.first.filter(|_| many).map(|first| Refused::TwoPrices { days: self.days, of, first })
    }
}

fn usable(price: f64) -> bool {
    price.is_finite() && price > 0.0
}

/// Whether a source's rows, in order, are a series of prices at all.
fn judged(rows: &[(NaiveDate, f64)]) -> Option<Refused> {
    let (mut bad, mut negative, mut run, mut longest) = (0, 0, 0, 0);
    for (_, price) in rows {
        run = if usable(*price) { 0 } else { run + 1 };
        bad += usize::from(run > 0);
        negative += usize::from(*price < 0.0 && price.is_finite());
        longest = longest.max(run);
    }
    let of = rows.len();
    if negative > 1 && negative * ONE_NEGATIVE_IN >= of {
        let mut sizes: Vec<f64> = rows.iter().map(|(_, value)| value.abs()).filter(|size| size.is_finite()).collect();
        let middle = sizes.len() / 2;
        let typical = *sizes.select_nth_unstable_by(middle, f64::total_cmp).1;
        if typical < NEAR_ZERO {
            return Some(Refused::NotPrices { negative, of, typical });
        }
    }
    let values: Vec<f64> = rows.iter().map(|(_, value)| *value).filter(|value| value.is_finite()).collect();
    let of_values = cumulated(&values).or_else(|| gross_returns(&values)).or_else(|| to_and_fro(rows));
    of_values.or_else(|| {
        (bad * ONE_BAD_IN > of || longest > LONGEST_RUN).then_some(Refused::BadPrices { bad, of, run: longest })
    })
}

/// The middle of some values, at least one.
fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    let middle = values.len() / 2;
    *values.select_nth_unstable_by(middle, f64::total_cmp).1
}

fn gross_returns(values: &[f64]) -> Option<Refused> {
    let near = |value: f64, within: f64| [1.0, 100.0].iter().any(|one| (value / one - 1.0).abs() <= within);
    // One look at the first spares all others the medians.
    if values.len() < FEWEST || !near(values[0], 0.5) {
        return None;
    }
    let around = median(values.iter().copied());
    let spread = median(values.iter().map(|value| (value - around).abs()));
    if !near(around, NEAR_ONE) || spread < LEAST_SPREAD * around {
        return None;
    }
    // What goes to and fro between a few prices is none: returns seldom repeat.
    let several: BTreeSet<u64> = values.iter().take(FEWEST).map(|value| value.to_bits()).collect();
    if several.len() < FEWEST / 8 {
        return None;
    }
    let step = median(values.windows(2).map(|pair| (pair[1] - pair[0]).abs()));
    (step >= NOTHING_ADDS_UP * spread).then_some(Refused::GrossReturns { around, of: values.len() })
}

/// What of daily values is none of prices, since moves this large undo each other.
fn to_and_fro(rows: &[(NaiveDate, f64)]) -> Option<Refused> {
    let days = rows.last()?.0.signed_duration_since(rows.first()?.0).num_days();
    if rows.len() < FEWEST || days.unsigned_abs() > (DAYS_APART * rows.len()) as u64 {
        return None;
    }
    let values: Vec<f64> = rows.iter().map(|(_, value)| *value).filter(|value| usable(*value)).collect();
    let steps: Vec<f64> = values.windows(2).map(|pair| pair[1].ln() - pair[0].ln()).collect();
    // Most series are told by their first moves.
    let first = steps.iter().take(FEWEST).filter(|step| step.abs() > LIVELIEST).count();
    if steps.len() < FEWEST - 1 || 4 * first < FEWEST {
        return None;
    }
    let typical = median(steps.iter().map(|step| step.abs()));
    let follow: f64 = steps.windows(2).map(|pair| pair[0] * pair[1]).sum();
    let all: f64 = steps.iter().map(|step| step * step).sum();
    (typical > LIVELIEST && follow < UNDOES * all).then_some(Refused::ToAndFro { typical, of: values.len() })
}

fn cumulated(values: &[f64]) -> Option<Refused> {
    let (first, beginning) = (*values.first()?, values.get(..BEGINNING)?);
    if first.abs() > BEGINS_NEAR_ZERO || beginning.iter().any(|value| value.abs() > 1.0) {
        return None;
    }
    let pairs = || beginning.windows(2);
    let step = median(pairs().map(|pair| (pair[1] - pair[0]).abs()));
    let size = median(beginning.iter().map(|value| value.abs()));
    (step > LARGE_STEP * size).then_some(Refused::Cumulated { first, of: values.len() })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(n: u64) -> NaiveDate {
        NaiveDate::default() + chrono::Days::new(n)
    }

    fn series(rows: &[(u64, f64)]) -> PriceSeries {
        PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows.iter().map(|(n, p)| (day(*n), *p)))
    }

    #[test]
    fn disorder_duplicates_and_bad_prices_are_put_right_and_counted() {
        let series = series(&[(3, 3.0), (1, 1.0), (2, -1.0), (3, 3.5), (4, f64::NAN), (5, 0.0), (6, f64::INFINITY)]);
        assert_eq!(series.dates(), [day(1), day(3)]);
        assert_eq!(series.prices(), [1.0, 3.5]);
        assert_eq!((series.bad_prices(), series.duplicate_dates()), (4, 1));
        assert_eq!(series.conflicting(), Some(Conflicting { first: day(3), days: 1 }));
    }

    #[test]
    fn dates_with_two_prices_are_counted_once_and_the_same_price_twice_is_none() {
        let series = series(&[(1, 1.0), (1, 1.0), (2, 2.0), (2, 2.5), (2, 2.0), (3, 3.0), (4, 4.0), (4, 4.5)]);
        assert_eq!((series.prices(), series.duplicate_dates()), (&[1.0, 2.0, 3.0, 4.5][..], 4));
        assert_eq!(series.conflicting(), Some(Conflicting { first: day(2), days: 2 }));
        assert_eq!(self::series(&[(1, 1.0), (1, 1.0)]).conflicting(), None);
    }

    #[test]
    fn two_prices_on_more_than_one_date_in_twenty_refuse_the_series() {
        // Sixty dates, of which the first `twice` have a second price, `apart` from the first.
        let of = |twice: u64, apart: f64| {
            let rows = (0..60).map(|n| (n, 100.0)).chain((0..twice).map(|n| (n, 100.0 + apart)));
            let series = series(&rows.collect::<Vec<_>>());
            (series.refused().cloned(), series.conflicting().map(|of| of.days))
        };
        assert_eq!(of(3, 40.0), (None, Some(3)), "three of sixty");
        let four = Refused::TwoPrices { days: 4, of: 60, first: (day(0), 100.0, 140.0) };
        assert_eq!(of(4, 40.0), (Some(four.clone()), Some(4)));
        assert_eq!(of(60, 0.05), (None, Some(60)), "the same price in two roundings");
        assert_eq!(four.word(), "two_prices");
        assert!(four.to_string().contains("4 of 60 dates have two prices, as 1970-01-01 with 100 and 140"), "{four}");
        assert_eq!(series(&[(1, 1.0), (1, 2.0), (2, 1.0), (2, 2.0)]).refused(), None, "two slips of a short file");
    }

    #[test]
    fn more_than_one_bad_price_in_twenty_or_five_in_a_row_refuse_the_series() {
        // 40 rows of which the first `bad`, or each tenth, are zero.
        let of = |bad: &dyn Fn(u64) -> bool, rows: u64| {
            let rows: Vec<(u64, f64)> = (0..rows).map(|n| (n, if bad(n) { 0.0 } else { 100.0 })).collect();
            series(&rows).refused().cloned()
        };
        assert_eq!(of(&|n| n % 20 == 7, 40), None, "two of forty");
        assert_eq!(of(&|n| n % 20 == 7 || n == 9, 40), Some(Refused::BadPrices { bad: 3, of: 40, run: 1 }));
        assert_eq!(of(&|n| n < 5, 400), None, "five in a row");
        assert_eq!(of(&|n| n < 6, 400), Some(Refused::BadPrices { bad: 6, of: 400, run: 6 }));
        let counted = series(&[(1, 1.0), (2, 1.0), (3, 1.0)]).with_bad_prices(1);
        assert_eq!(counted.refused(), Some(&Refused::BadPrices { bad: 1, of: 4, run: 1 }));
        assert_eq!(series(&[]).refused(), None);
    }

    #[test]
    fn values_of_both_signs_near_zero_are_returns() {
        // The first returns of a file of them, and the same in percent.
        let returns = [0.015316, -0.008701, 0.011843, 0.020685, 0.003121, -0.007205, 0.009582];
        let of = |scale: f64| {
            let rows: Vec<(u64, f64)> = (0..7).map(|n| (n, scale * returns[n as usize])).collect();
            series(&rows).refused().cloned()
        };
        assert_eq!(of(1.0), Some(Refused::NotPrices { negative: 2, of: 7, typical: 0.009582 }));
        assert!(matches!(of(100.0), Some(Refused::NotPrices { .. })));
        assert!(of(1.0).unwrap().to_string().contains("2 of 7 values are below zero"));
        // Prices with their sign lost now and then are bad ones.
        assert!(matches!(of(1e5), Some(Refused::BadPrices { bad: 2, of: 7, run: 1 })));
    }

    /// 240 returns of up to 2%, of which 45% fall.
    fn returns() -> impl Iterator<Item = (u64, f64)> {
        (0..240).map(|n| (n, (((n * n * 31 + n * 7) % 41) as f64 - 18.0) / 1000.0))
    }

    #[test]
    fn returns_in_other_clothes_are_no_prices() {
        let judged = |rows: Vec<(u64, f64)>| series(&rows).refused().cloned();
        let gross = judged(returns().map(|(n, r)| (n, 1.0 + r)).collect());
        assert!(matches!(gross, Some(Refused::GrossReturns { of: 240, .. })), "{gross:?}");
        let percent = judged(returns().map(|(n, r)| (n, 100.0 * (1.0 + r))).collect());
        assert!(matches!(percent, Some(Refused::GrossReturns { of: 240, .. })), "{percent:?}");
        assert_eq!(percent.unwrap().word(), "not_prices");
        let mut sum = 0.0;
        let added: Vec<(u64, f64)> = returns()
            .map(|(n, r)| {
                let now = sum;
                sum += r;
                (n, now)
            })
            .collect();
        assert!(matches!(judged(added), Some(Refused::Cumulated { first: 0.0, of: 240 })));
        let mut product = 1.0;
        let rising: Vec<(u64, f64)> = returns()
            .map(|(n, r)| {
                product *= 1.0 + r.abs();
                (n, product - 1.0)
            })
            .collect();
        assert!(matches!(judged(rising), Some(Refused::Cumulated { .. })), "all above zero");
    }

    #[test]
    fn volumes_are_no_prices_and_lively_prices_are() {
        // Factors of 2 and of 3, up and down in turn: each move undoes the one before by more than half.
        let volumes = |days_apart: u64, count: u64| {
            let rows: Vec<(u64, f64)> =
                (0..count).map(|n| (n * days_apart, [1e6, 2e6, 1e6, 3e6][(n % 4) as usize])).collect();
            series(&rows).refused().cloned()
        };
        let Some(Refused::ToAndFro { typical, of: 400 }) = volumes(1, 400) else { panic!("taken for prices") };
        // The median lies between ln 2 and ln 3, of which there are as many (199 and 200).
        assert!((2.0_f64.ln()..=3.0_f64.ln()).contains(&typical), "{typical}");
        assert!(volumes(1, 400).unwrap().to_string().contains("volumes or the like"));
        assert_eq!(volumes(1, 119), None, "too few");
        assert_eq!(volumes(7, 400), None, "weekly");
        // Moves by a fifth that do not come back, twice up and twice down, are a coin's.
        let coin: Vec<(u64, f64)> = (0..400).map(|n| (n, [1.0, 1.2, 1.44, 1.2][(n % 4) as usize])).collect();
        assert_eq!(series(&coin).refused(), None);
    }

    #[test]
    fn prices_near_one_and_near_nothing_are_prices() {
        let judged = |rows: Vec<(u64, f64)>| series(&rows).refused().cloned();
        for start in [1.0, 100.0, 0.04] {
            let mut price = start;
            let young: Vec<(u64, f64)> = returns()
                .map(|(n, r)| {
                    price *= 1.0 + r;
                    (n, price)
                })
                .collect();
            assert_eq!(judged(young), None, "from {start}");
        }
        assert_eq!(judged((0..240).map(|n| (n, 100.0 + (n % 2) as f64)).collect()), None, "to and fro");
        assert_eq!(judged((0..241).map(|n| (n, 101.0 - (n % 2) as f64)).collect()), None, "to and fro");
        // A money-market fund, a coin that is held to a dollar, and a misprint in a fund at 100.
        assert_eq!(judged((0..240).map(|n| (n, 1.0)).collect()), None);
        assert_eq!(judged((0..240).map(|n| (n, 1.0 + (n % 3) as f64 * 2e-4)).collect()), None);
        let mut price = 100.0;
        let spiked = returns().map(|(n, r)| {
            price *= 1.0 + r / 10.0;
            (n, if n == 77 { 1e4 } else { price })
        });
        assert_eq!(judged(spiked.collect()), None);
    }

    #[test]
    fn other_dates_keep_what_was_counted() {
        let series = series(&[(1, 1.0), (2, 2.0), (3, f64::NAN), (4, 4.0)]);
        let moved = series.redated([Some(day(11)), None, Some(day(14))]);
        assert_eq!((moved.dates(), moved.prices()), (&[day(11), day(14)][..], &[1.0, 4.0][..]));
        assert_eq!((moved.bad_prices(), moved.refused()), (1, series.refused()));
    }

    #[test]
    fn rows_within_a_range() {
        let series = series(&[(1, 1.0), (3, 1.0), (5, 1.0)]);
        let rows = |from, to| series.rows_within(DateRange::new(day(from), day(to)).unwrap());
        assert_eq!(rows(1, 5), 0..3);
        assert_eq!(rows(2, 4), 1..2);
        assert_eq!(rows(6, 9), 3..3);
        assert_eq!(rows(4, 4), 2..2);
    }

    proptest! {
        #[test]
        fn any_rows_make_a_sound_series(rows in prop::collection::vec((0u64..40, prop::num::f64::ANY), 0..60)) {
            let series = series(&rows);
            prop_assert!(series.dates().is_sorted_by(|a, b| a < b));
            prop_assert!(series.prices().iter().all(|p| p.is_finite() && *p > 0.0));
            prop_assert_eq!(series.len() + series.bad_prices() + series.duplicate_dates(), rows.len());
        }
    }
}
