//! How a kept history is written: postcard, days as differences. The store adds the checksum.

use std::sync::Arc;

use chrono::{DateTime, Datelike, NaiveDate};
use factor_types::{Entry, PriceKind, PriceSeries, Ticker};
use serde::{Deserialize, Serialize, de::DeserializeOwned};

use super::history::{CachedHistory, with_bad_prices};
use crate::{Dividend, Oddities};

/// The form of what is written. An entry of another form is as good as none.
const FORM: u8 = 3;

/// Anything kept: its form, then itself.
#[derive(Serialize, Deserialize)]
struct Formed<T> {
    form: u8,
    value: T,
}

#[derive(Serialize, Deserialize)]
struct WrittenHistory {
    /// Days are counted from 1 January of the year 1.
    from: i32,
    /// Seconds since 1970.
    whole_at: i64,
    compared_at: i64,
    caveat: Option<String>,
    dividends: Option<Vec<Dividend>>,
    currency: Option<String>,
    oddities: Oddities,
    series: WrittenSeries,
    adjusted_before: Option<WrittenSeries>,
}

#[derive(Serialize, Deserialize)]
struct WrittenSeries {
    kind: PriceKind,
    bad_prices: u64,
    first_day: i32,
    /// Each row's distance from the one before, in days; the first row's is 0.
    steps: Vec<u32>,
    prices: Vec<f64>,
}

/// A value as it is kept; none when it cannot be written, which no value of this crate is.
pub(crate) fn write<T: Serialize>(value: T) -> Option<Vec<u8>> {
    postcard::to_stdvec(&Formed { form: FORM, value }).ok()
}

/// A kept value; none when it is of another form.
pub(crate) fn read<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    // The form comes first: what follows may be anything in another one.
    (body.first() == Some(&FORM)).then(|| postcard::from_bytes::<Formed<T>>(body).ok())?.map(|formed| formed.value)
}

pub(super) fn write_kept(kept: &CachedHistory) -> Option<Vec<u8>> {
    write(WrittenHistory {
        from: kept.from.num_days_from_ce(),
        whole_at: kept.whole_at.timestamp(),
        compared_at: kept.compared_at.timestamp(),
        caveat: kept.caveat.clone(),
        dividends: kept.dividends.as_deref().map(<[Dividend]>::to_vec),
        currency: kept.currency.clone(),
        oddities: kept.oddities.clone(),
        series: written(&kept.series),
        adjusted_before: kept.adjusted_before.as_deref().map(written),
    })
}

pub(super) fn read_kept(ticker: &Ticker, entry: &Entry) -> Option<CachedHistory> {
    let written: WrittenHistory = read(&entry.body)?;
    let adjusted_before = match written.adjusted_before {
        Some(before) => Some(Arc::new(series(ticker, &before)?)),
        None => None,
    };
    Some(CachedHistory {
        series: Arc::new(series(ticker, &written.series)?),
        from: NaiveDate::from_num_days_from_ce_opt(written.from)?,
        fetched_at: entry.fetched_at,
        whole_at: DateTime::from_timestamp(written.whole_at, 0)?,
        compared_at: DateTime::from_timestamp(written.compared_at, 0)?,
        caveat: written.caveat,
        dividends: written.dividends.map(Arc::from),
        currency: written.currency,
        oddities: written.oddities,
        adjusted_before,
    })
}

fn written(series: &PriceSeries) -> WrittenSeries {
    let days: Vec<i32> = series.dates().iter().map(NaiveDate::num_days_from_ce).collect();
    let first_day = days.first().copied().unwrap_or_default();
    let before = std::iter::once(first_day).chain(days.iter().copied());
    let steps = days.iter().zip(before).map(|(day, before)| day.abs_diff(before)).collect();
    let (kind, bad_prices) = (series.kind(), series.bad_prices() as u64);
    WrittenSeries { kind, bad_prices, first_day, steps, prices: series.prices().to_vec() }
}

fn series(ticker: &Ticker, written: &WrittenSeries) -> Option<PriceSeries> {
    if written.steps.len() != written.prices.len() {
        return None;
    }
    let mut day = written.first_day;
    let mut rows = Vec::with_capacity(written.prices.len());
    for (step, price) in written.steps.iter().zip(&written.prices) {
        day = day.checked_add_unsigned(*step)?;
        rows.push((NaiveDate::from_num_days_from_ce_opt(day)?, *price));
    }
    let count = rows.len();
    let like = PriceSeries::new(ticker.clone(), written.kind, []);
    // More bad prices than a source ever sent would only fill the memory.
    let bad_prices = usize::try_from(written.bad_prices).ok().filter(|bad| *bad < 1_000_000)?;
    let series = with_bad_prices(&like, rows, bad_prices);
    (series.len() == count).then_some(series)
}
