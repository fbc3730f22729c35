//! Dividends, assets and profiles of the sample's funds.
//!
//! Every fund that pays goes ex-dividend on the 15th of March, June, September and December, weekend or not, so that
//! any twelve months have four. Each time it pays a quarter of its stated yield times its price on that day (or the
//! last one before). Like a price, a dividend depends on the date alone and not on the clock. The prices include
//! dividends, and what a fund's price without them would have been is not modelled.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use factor_types::{DateRange, PriceSeries, Ticker};

use super::{SamplePrices, dividend_yield, market_cap, rounded};
use crate::{Dividend, FundamentalsProvider, MarketCap, PriceError, SecurityProfile};

const EX_MONTHS: [u32; 4] = [3, 6, 9, 12];
const EX_DAY: u32 = 15;

/// The dividends of a fund with this yield (decimal) over its whole history, dates rising.
fn paid(series: &PriceSeries, dividend_yield: f64) -> Vec<Dividend> {
    let (Some(first), Some(last)) = (series.dates().first(), series.dates().last()) else { return Vec::new() };
    let days = (first.year()..=last.year())
        .flat_map(|year| EX_MONTHS.map(|month| NaiveDate::from_ymd_opt(year, month, EX_DAY)))
        .flatten()
        .filter(|day| dividend_yield > 0.0 && day > first && day <= last);
    days.filter_map(|ex_date| {
        let rows = series.dates().partition_point(|date| *date <= ex_date);
        let price = series.prices().get(rows.checked_sub(1)?)?;
        Some(Dividend { ex_date, amount: rounded(dividend_yield / EX_MONTHS.len() as f64 * price, 1e6) })
    })
    .collect()
}

#[async_trait]
impl FundamentalsProvider for SamplePrices {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        let series = self.series(ticker).await?;
        let all = paid(&series, dividend_yield(ticker).unwrap_or_default());
        Ok(all.into_iter().filter(|one| one.ex_date >= range.start() && one.ex_date <= range.end()).collect())
    }

    /// The stated assets of the funds that have a price on the sample's last day; a fund that stopped has none.
    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        let made = self.made().await?;
        let last_day = |ticker: &Ticker| made.prices.get(ticker)?.dates().last().copied();
        let newest = made.prices.keys().filter_map(last_day).max();
        let known = tickers.iter().filter_map(|ticker| {
            let as_of = last_day(ticker).filter(|day| Some(*day) == newest)?;
            Some(MarketCap { ticker: ticker.clone(), dollars: market_cap(ticker)?, as_of })
        });
        Ok(known.collect())
    }

    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        self.series(ticker).await?;
        let cap = self.market_caps(std::slice::from_ref(ticker)).await?.pop().map(|cap| cap.dollars);
        Ok(Arc::new(SecurityProfile { name: None, industry: None, sector: None, is_fund: true, market_cap: cap }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> NaiveDate {
        text.parse().unwrap()
    }

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    async fn dividends(source: &SamplePrices, of: &str, from: &str, to: &str) -> Vec<Dividend> {
        let range = DateRange::new(day(from), day(to)).unwrap();
        source.dividends(&ticker(of), range).await.unwrap().to_vec()
    }

    #[tokio::test]
    async fn a_quarter_of_the_yield_is_paid_four_times_a_year() {
        let source = SamplePrices::new(day("2026-01-15"));
        let year = dividends(&source, "SPY", "2025-01-01", "2025-12-31").await;
        let dates: Vec<String> = year.iter().map(|one| one.ex_date.to_string()).collect();
        assert_eq!(dates, ["2025-03-15", "2025-06-15", "2025-09-15", "2025-12-15"]);
        // 15 June 2025 is a Sunday: the price of Friday the 13th counts.
        let series = source.series(&ticker("SPY")).await.unwrap();
        let at = series.dates().iter().position(|date| *date == day("2025-06-13")).unwrap();
        let stated = dividend_yield(&ticker("SPY")).unwrap();
        assert!((year[1].amount - stated / 4.0 * series.prices()[at]).abs() <= 5e-7);
        // The range is inclusive at both ends.
        assert_eq!(dividends(&source, "SPY", "2025-06-15", "2025-09-15").await, year[1..3]);
    }

    #[tokio::test]
    async fn trailing_yields_come_near_the_stated_ones() {
        let source = SamplePrices::new(day("2026-01-15"));
        for fund in source.tickers().into_iter().filter(|fund| fund.as_str() != "PEJ") {
            let year = dividends(&source, fund.as_str(), "2025-01-01", "2025-12-31").await;
            let last = *source.series(&fund).await.unwrap().prices().last().unwrap();
            let (found, stated) =
                (year.iter().map(|one| one.amount).sum::<f64>() / last, dividend_yield(&fund).unwrap());
            assert!((found - stated).abs() <= 0.4 * stated, "{fund}: {found} where {stated} is stated");
        }
    }

    #[tokio::test]
    async fn a_longer_sample_begins_with_the_dividends_of_the_shorter_one() {
        let (short, long) = (SamplePrices::new(day("2020-03-20")), SamplePrices::new(day("2026-01-15")));
        let before = dividends(&short, "HYG", "2010-01-01", "2020-03-19").await;
        assert_eq!(before.len(), 37, "four a year from March 2011 to March 2020");
        assert_eq!(dividends(&long, "HYG", "2010-01-01", "2020-03-19").await, before);
        assert_eq!(dividends(&short, "HYG", "2010-01-01", "2030-01-01").await, before, "none of the future");
    }

    #[tokio::test]
    async fn what_pays_nothing_has_none_and_what_stopped_pays_no_more() {
        let source = SamplePrices::new(day("2026-01-15"));
        assert!(dividends(&source, "GLD", "2010-01-01", "2026-01-15").await.is_empty());
        let stopped = dividends(&source, "PEJ", "2010-01-01", "2026-01-15").await;
        assert_eq!(stopped.last().unwrap().ex_date, day("2023-06-15"));
        let unknown = source.dividends(&ticker("ZZZ"), DateRange::day(day("2025-06-15"))).await;
        assert!(matches!(unknown, Err(PriceError::NoData(_))));
    }

    #[tokio::test]
    async fn caps_are_of_the_last_day_and_of_living_funds() {
        let source = SamplePrices::new(day("2026-01-18"));
        let caps = source.market_caps(&["SPY", "PEJ", "ZZZ", "GLD"].map(ticker)).await.unwrap();
        let named: Vec<&str> = caps.iter().map(|cap| cap.ticker.as_str()).collect();
        assert_eq!(named, ["SPY", "GLD"]);
        assert_eq!(caps[0].dollars, market_cap(&ticker("SPY")).unwrap());
        // 18 January 2026 is a Sunday; the last prices are of Friday.
        assert_eq!(caps[0].as_of, day("2026-01-16"));
        let profile = source.profile(&ticker("SPY")).await.unwrap();
        assert!(profile.is_fund && profile.market_cap == Some(caps[0].dollars));
        assert_eq!(source.profile(&ticker("PEJ")).await.unwrap().market_cap, None);
        assert!(source.profile(&ticker("ZZZ")).await.is_err());
    }
}
