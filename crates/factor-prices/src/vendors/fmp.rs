//! Financial Modeling Prep, the `stable` API.
//!
//! The base URL goes up to and with `/stable`; the key travels in the header `apikey`. Tickers are written with a dash
//! before a share class (`BRK-B`).
//!
//! **Prices** are dividend-adjusted; where the plan or the ticker has none, the close, with a caveat. A key that may
//! not ask for adjusted prices at all is not asked to again for a day, nor is a ticker asked for that the plan
//! refused both ways (`plan.rs`). The vendor may cut long answers at an undocumented number of rows, keeping the newest: an answer
//! that stops well after the start asked for is continued backwards, until the number of rows proves that nothing was
//! cut.
//!
//! **An empty answer** means that the vendor does not know the ticker, or has nothing of it in the range: it does not
//! tell these apart, and both are [`PriceError::NoData`].

mod bodies;
#[cfg(any(test, fuzzing))]
pub(super) mod fuzzing;
mod history;
mod plan;

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Days, NaiveDate};
use factor_types::{DateRange, EntryStore, Ticker, YieldTable};
use futures::future::{join_all, try_join_all};
use tokio::sync::watch;

use self::plan::PlanFacts;
use super::{Names, VendorConfig, VendorDates, dashed, is_unknown, rows::YieldRows};
use crate::{
    Clock, Dividend, FundamentalsProvider, History, MarketCap, PriceError, PriceProvider, SecurityProfile, SourceFault,
    SourceInfo, YieldProvider,
    upstream::{
        ConfigError, ResponseError, SecretHeader, Upstream, UpstreamConfig, UpstreamError, UpstreamRequest,
        UpstreamResponse, UpstreamStats,
    },
};

/// The vendor's address.
pub const BASE_URL: &str = "https://financialmodelingprep.com/stable";
/// What the smallest paid plan allows.
pub const REQUESTS_PER_MINUTE: u32 = 300;

const IN_FLIGHT: usize = 8;
const VENDOR: &str = "Financial Modeling Prep";
/// Tickers in one question for market capitalisations.
const BATCH: usize = 100;
/// Days of yields in one question; the vendor gives about three months.
const YIELD_DAYS: u64 = 90;
/// More dividends than any fund has paid.
const DIVIDENDS: &str = "1000";

/// The `fmp` source.
#[derive(Debug)]
pub struct Fmp {
    upstream: Upstream,
    dates: VendorDates,
    plan: PlanFacts,
    /// The most rows an answer is known to have had without being cut.
    uncut: watch::Sender<usize>,
}

impl Fmp {
    /// A client with a key. Nothing is sent yet.
    ///
    /// # Errors
    /// When the base URL or the key cannot be used.
    pub fn new(config: VendorConfig, key: &str) -> Result<Self, ConfigError> {
        let names = Names { vendor: VENDOR, base_setting: "FMP_BASE_URL", key_setting: Some("FMP_API_KEY") };
        let secret = SecretHeader::new("apikey", key)?;
        let upstream = UpstreamConfig { meaning: bodies::meaning, ..config.upstream(names, Some(secret), IN_FLIGHT) };
        Ok(Self {
            upstream: Upstream::new(upstream)?,
            dates: config.dates,
            plan: PlanFacts::default(),
            uncut: watch::Sender::new(0),
        })
    }

    /// Keeps what is learnt of the plan of `key` in `store` under `scope`, so that a restart asks for nothing in vain.
    #[must_use]
    pub fn remembering(self, store: Arc<dyn EntryStore>, scope: &str, key: &str, clock: Clock) -> Self {
        Self { plan: PlanFacts::kept_in(store, scope, key, clock), ..self }
    }

    /// From now on nothing is asked.
    pub fn close(&self) {
        self.upstream.close();
    }

    /// The state and counts of the server.
    pub fn stats(&self) -> UpstreamStats {
        self.upstream.stats()
    }

    /// One question. An endpoint that the plan refused as a whole is not asked again for a day.
    async fn get<T: Send>(
        &self,
        endpoint: &'static [&'static str],
        query: &[(&str, &str)],
        subject: &str,
        read: impl Fn(&UpstreamResponse) -> Result<T, ResponseError> + Send + Sync,
    ) -> Result<T, UpstreamError> {
        let name = endpoint.join("/");
        if let Some(known) = self.plan.known(&name).await {
            return Err(known);
        }
        let first = self.plan.enter(&name).await;
        // What was waited for may have been its refusal.
        if let Some(known) = self.plan.known(&name).await {
            return Err(known);
        }
        let result = self.upstream.get(UpstreamRequest { path: endpoint, query, subject }, read).await;
        let refused = self.plan.learn(&name, subject, &result).await;
        match first {
            // Whoever is next waits for the other of the first two, which decides.
            Some(permit) if refused => permit.forget(),
            permit => drop(permit),
        }
        result
    }

    async fn one_cap(&self, ticker: &Ticker) -> Result<Vec<MarketCap>, UpstreamError> {
        let (symbol, dates) = (dashed(ticker), &self.dates);
        let read = |reply: &UpstreamResponse| bodies::market_caps(reply, std::slice::from_ref(ticker), dates);
        match self.get(&["market-capitalization"], &[("symbol", &symbol)], ticker.as_str(), read).await {
            // One fund without a capitalisation must not cost the others theirs.
            Err(error) if error.fault == SourceFault::Plan || is_unknown(&error) => Ok(Vec::new()),
            other => other,
        }
    }

    async fn caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, UpstreamError> {
        let symbols = tickers.iter().map(dashed).collect::<Vec<_>>().join(",");
        let read = |reply: &UpstreamResponse| bodies::market_caps(reply, tickers, &self.dates);
        match self.get(&["market-capitalization-batch"], &[("symbols", &symbols)], "market capitalisations", read).await
        {
            // The plan may lack the batch endpoint and have the one for a single symbol.
            Err(error) if error.fault == SourceFault::Plan || error.status == Some(404) => {
                let each = join_all(tickers.iter().map(|ticker| self.one_cap(ticker))).await;
                Ok(each.into_iter().collect::<Result<Vec<_>, _>>()?.concat())
            }
            other => other,
        }
    }

    async fn yield_chunk(&self, from: NaiveDate, to: NaiveDate) -> Result<YieldRows, UpstreamError> {
        let (from, to) = (from.to_string(), to.to_string());
        let subject = format!("yields from {from}");
        let read = |reply: &UpstreamResponse| bodies::yields(reply, &self.dates);
        self.get(&["treasury-rates"], &[("from", &from), ("to", &to)], &subject, read).await
    }
}

#[async_trait]
impl PriceProvider for Fmp {
    fn about(&self) -> SourceInfo {
        SourceInfo {
            name: "fmp",
            description: "End-of-day prices, adjusted for dividends, from Financial Modeling Prep.".to_owned(),
            simulated: false,
            warnings: super::warnings(&self.stats()),
        }
    }

    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError> {
        self.prices(ticker, range).await
    }
}

#[async_trait]
impl FundamentalsProvider for Fmp {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        let symbol = dashed(ticker);
        let read = |reply: &UpstreamResponse| bodies::dividends(reply, range, &self.dates);
        match self.get(&["dividends"], &[("symbol", &symbol), ("limit", DIVIDENDS)], ticker.as_str(), read).await {
            Ok(dividends) => Ok(dividends.into()),
            Err(error) => Err(unknown_or(error, ticker)),
        }
    }

    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        Ok(try_join_all(tickers.chunks(BATCH).map(|chunk| self.caps(chunk))).await?.concat())
    }

    async fn profile(&self, ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        let symbol = dashed(ticker);
        match self.get(&["profile"], &[("symbol", &symbol)], ticker.as_str(), bodies::profile).await {
            Ok(Some(profile)) => Ok(Arc::new(profile)),
            // The vendor answers an unknown symbol with an empty list.
            Ok(None) => Err(unknown(ticker)),
            Err(error) => Err(unknown_or(error, ticker)),
        }
    }
}

#[async_trait]
impl YieldProvider for Fmp {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo {
            name: "fmp",
            description: "US Treasury yields from Financial Modeling Prep.".to_owned(),
            simulated: false,
            warnings: super::warnings(&self.stats()),
        }
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let end = range.end().min(self.dates.today());
        let starts = std::iter::successors(Some(range.start()), |start| start.checked_add_days(Days::new(YIELD_DAYS)));
        let chunks = starts.take_while(|start| *start <= end).map(|start| {
            let last = start.checked_add_days(Days::new(YIELD_DAYS - 1)).unwrap_or(end).min(end);
            self.yield_chunk(start, last)
        });
        Ok(Arc::new(YieldRows::table(try_join_all(chunks).await?)))
    }
}

fn unknown(ticker: &Ticker) -> PriceError {
    PriceError::NoData(format!("{VENDOR} does not know {ticker}"))
}

fn unknown_or(error: UpstreamError, ticker: &Ticker) -> PriceError {
    if is_unknown(&error) { unknown(ticker) } else { error.into() }
}

#[cfg(test)]
mod tests;
