//! Dividends, and the closes they are a share of, out of price files. They hold neither capitalisations nor profiles.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use factor_types::{DateRange, Ticker};

use super::FilePrices;
use crate::{Dividend, FundamentalsProvider, MarketCap, PriceError, PriceProvider as _, SecurityProfile};

#[async_trait]
impl FundamentalsProvider for FilePrices {
    /// The `dividend` column of the file that the ticker's prices are from.
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        let data = self.data().await?;
        if let Some(all) = data.dividends.get(ticker) {
            let within = |one: &&Dividend| one.ex_date >= range.start() && one.ex_date <= range.end();
            return Ok(all.iter().filter(within).copied().collect());
        }
        // An unknown ticker gets the same error as when its prices are asked for.
        self.history(ticker, range).await?;
        let text = if data.dividends.is_empty() {
            "these files have no dividend column"
        } else {
            "the file of its prices has no dividend column"
        };
        Err(PriceError::NoData(text.to_owned()))
    }

    /// The close that stands beside the adjusted price in the file that the ticker's prices are from.
    async fn close(&self, ticker: &Ticker, on: NaiveDate) -> Option<(NaiveDate, f64)> {
        let data = self.data().await.ok()?;
        let closes = data.closes.get(ticker)?;
        let last = closes.dates().partition_point(|date| *date <= on).checked_sub(1)?;
        Some((closes.dates()[last], closes.prices()[last]))
    }

    /// The `sec_yield` column of the file that the ticker's prices are from.
    async fn sec_yield(&self, ticker: &Ticker, on: NaiveDate) -> Option<(NaiveDate, f64)> {
        let data = self.data().await.ok()?;
        let yields = data.sec_yields.get(ticker)?;
        let last = yields.partition_point(|(date, _)| *date <= on).checked_sub(1)?;
        yields.get(last).copied()
    }

    async fn market_caps(&self, _tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        Err(PriceError::NoData("price files hold no market capitalisations".to_owned()))
    }

    async fn profile(&self, _ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        Err(PriceError::NoData("price files hold no profiles".to_owned()))
    }
}
