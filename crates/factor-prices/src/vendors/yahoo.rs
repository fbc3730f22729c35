//! Yahoo's chart, v8: prices adjusted for dividends, and dividend events. No key; used only when chosen.
//!
//! The base URL is the host (`https://query1.finance.yahoo.com`); the path is `/v8/finance/chart/SPY`. Tickers are
//! written with a dash before a share class (`BRK-B`). A row's date is that of its time stamp in the exchange's own zone,
//! whose clocks change twice a year. Rows with a null are no trading days and are left out; where adjusted closes are
//! absent, closes are used, with a caveat. One chart carries prices and dividends: a history has both.
//!
//! Yahoo documents no limit. 120 requests a minute let the whole universe of about a hundred funds come in one burst,
//! within a call's deadline, at four at once; a limit answer pauses it.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{DateTime, Days, NaiveDate, NaiveTime};
use chrono_tz::Tz;
use factor_types::{DateRange, PriceKind, PriceSeries, Ticker, shortened};
use serde_json::Value;

use super::{
    Names, VendorConfig, VendorDates, dashed, is_unknown,
    rows::{PriceRows, number},
    wrong_symbol,
};
use crate::{
    Dividend, FundamentalsProvider, History, MarketCap, PriceError, PriceProvider, SecurityProfile, SourceFault,
    SourceInfo,
    upstream::{
        ConfigError, ResponseError, Upstream, UpstreamConfig, UpstreamError, UpstreamRequest, UpstreamResponse,
        UpstreamStats,
    },
};

/// The vendor's address.
pub const BASE_URL: &str = "https://query1.finance.yahoo.com";
/// See the module.
pub const REQUESTS_PER_MINUTE: u32 = 120;

const IN_FLIGHT: usize = 4;
/// Yahoo turns unknown clients away.
const USER_AGENT: &str = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 \
                          Safari/537.36";

/// The `yahoo` source.
#[derive(Debug)]
pub struct Yahoo {
    upstream: Upstream,
    dates: VendorDates,
}

/// A chart as the crate needs it; `None` where Yahoo does not know the ticker.
type Known<T> = Option<T>;

/// What a chart holds besides its dividends.
#[derive(Debug)]
pub(super) struct Prices {
    kind: PriceKind,
    pub(super) rows: PriceRows,
    currency: Option<String>,
}

/// The exchange's clock.
#[derive(Debug, Clone, Copy)]
struct ExchangeClock {
    zone: Option<Tz>,
    /// Seconds east of Greenwich today, where the zone is not named.
    offset: i64,
}

impl Yahoo {
    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(config: VendorConfig) -> Result<Self, ConfigError> {
        let names = Names { vendor: "Yahoo", base_setting: "YAHOO_BASE_URL", key_setting: None };
        let upstream = UpstreamConfig {
            user_agent: USER_AGENT.to_owned(),
            meaning: |words| words.to_ascii_lowercase().contains("too many requests").then_some(SourceFault::Limited),
            ..config.upstream(names, None, IN_FLIGHT)
        };
        Ok(Self { upstream: Upstream::new(upstream)?, dates: config.dates })
    }

    /// From now on nothing is asked.
    pub fn close(&self) {
        self.upstream.close();
    }

    /// The state and counts of the server.
    pub fn stats(&self) -> UpstreamStats {
        self.upstream.stats()
    }

    async fn chart<T: Send>(
        &self,
        ticker: &Ticker,
        range: DateRange,
        read: impl Fn(&Value) -> Result<T, ResponseError> + Send + Sync,
    ) -> Result<T, PriceError> {
        let seconds = |date: NaiveDate| date.and_time(NaiveTime::MIN).and_utc().timestamp().to_string();
        // Midnight in Greenwich after the last day lies before an eastern exchange's close of no day asked for.
        let end = range.end().checked_add_days(Days::new(1)).unwrap_or(range.end());
        let (symbol, from, to) = (dashed(ticker), seconds(range.start()), seconds(end));
        let query = [
            ("period1", from.as_str()),
            ("period2", to.as_str()),
            ("interval", "1d"),
            ("events", "div,splits"),
            ("includeAdjustedClose", "true"),
        ];
        let ask =
            UpstreamRequest { path: &["v8", "finance", "chart", &symbol], query: &query, subject: ticker.as_str() };
        let found = self.upstream.get(ask, |reply| result(reply, &symbol)?.map(|chart| read(&chart)).transpose()).await;
        match found {
            Ok(Some(found)) => Ok(found),
            Ok(None) => Err(unknown(ticker)),
            Err(error) if is_unknown(&error) => Err(unknown(ticker)),
            // A known ticker without rows in the range is an empty series, not an unknown ticker.
            Err(error) if has_no_rows(&error) => {
                read(&Value::Null).map_err(|_| PriceError::NoData(format!("Yahoo has nothing of {ticker} then")))
            }
            Err(error) => Err(error.into()),
        }
    }
}

#[async_trait]
impl PriceProvider for Yahoo {
    fn about(&self) -> SourceInfo {
        SourceInfo {
            name: "yahoo",
            description: "End-of-day prices, adjusted for dividends, from Yahoo's chart service.".to_owned(),
            simulated: false,
            warnings: super::warnings(&self.stats()),
        }
    }

    async fn history(&self, ticker: &Ticker, range: DateRange) -> Result<History, PriceError> {
        let read = |chart: &Value| Ok((prices(chart, &self.dates)?, dividends(chart, range, &self.dates)?));
        let (Prices { kind, rows, currency }, dividends) = self.chart(ticker, range, read).await?;
        let series = PriceSeries::new(ticker.clone(), kind, rows.rows.iter().copied());
        let closes = (kind == PriceKind::Close)
            .then(|| "Yahoo has no adjusted prices of it; closes are used: dividends are left out".to_owned());
        Ok(History {
            caveat: closes,
            oddities: rows.oddities(&series),
            dividends: Some(dividends.into()),
            currency,
            ..Arc::new(series).into()
        })
    }
}

#[async_trait]
impl FundamentalsProvider for Yahoo {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        Ok(self.chart(ticker, range, |chart| dividends(chart, range, &self.dates)).await?.into())
    }

    async fn market_caps(&self, _tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        Err(PriceError::NoData("Yahoo's chart has no market capitalisations: use the fmp source".to_owned()))
    }

    async fn profile(&self, _ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        Err(PriceError::NoData("Yahoo's chart has no profiles: use the fmp source".to_owned()))
    }
}

/// The one result of an answer about a symbol; an error object is sent with status 200 too.
pub(super) fn result(reply: &UpstreamResponse, symbol: &str) -> Result<Known<Value>, ResponseError> {
    let mut body = match reply.json() {
        Err(_) if reply.body.to_ascii_lowercase().contains("too many requests") => {
            return Err(ResponseError::Said(SourceFault::Limited, reply.body.clone()));
        }
        body => body?,
    };
    // Not by an index that may write: of what is no object that one panics.
    let result = body.pointer_mut("/chart/result/0").map(Value::take);
    if let Some(chart) = result {
        let other = chart["meta"]["symbol"].as_str().filter(|named| !named.eq_ignore_ascii_case(symbol));
        if let Some(other) = other {
            return Err(wrong_symbol(other, symbol));
        }
        return Ok(Some(chart));
    }
    let chart = &body["chart"];
    let (code, words) = (chart["error"]["code"].as_str(), chart["error"]["description"].as_str());
    match (code, words) {
        (Some("Not Found"), _) => Ok(None),
        (code, words) if code.or(words).is_some() => {
            Err(ResponseError::Said(SourceFault::Unusable, words.or(code).unwrap_or_default().to_owned()))
        }
        _ => Err(ResponseError::Unusable("it holds no chart".to_owned())),
    }
}

/// Adjusted closes or else closes. Rows with a null are left out; too many of another type refuse the whole.
pub(super) fn prices(chart: &Value, dates: &VendorDates) -> Result<Prices, ResponseError> {
    if let Some(other) = chart["meta"]["dataGranularity"].as_str().filter(|step| *step != "1d") {
        let other = shortened(other, 20);
        return Err(ResponseError::Unusable(format!("spacing: its rows are of {other} each, not of a day")));
    }
    let adjusted = chart["indicators"]["adjclose"][0]["adjclose"].as_array();
    let (kind, prices) = match adjusted.filter(|prices| prices.iter().any(|price| !price.is_null())) {
        Some(prices) => (PriceKind::Adjusted, prices.as_slice()),
        None => {
            let closes = chart["indicators"]["quote"][0]["close"].as_array().map_or(&[][..], Vec::as_slice);
            // An empty chart says nothing of its kind, and must not look like one without adjusted prices.
            (if closes.is_empty() { PriceKind::Adjusted } else { PriceKind::Close }, closes)
        }
    };
    let stamps = chart["timestamp"].as_array().map_or(&[][..], Vec::as_slice);
    if stamps.len() != prices.len() {
        return Err(ResponseError::Unusable(format!("it has {} dates and {} prices", stamps.len(), prices.len())));
    }
    let (clock, mut rows) = (ExchangeClock::of(chart), PriceRows::new(dates));
    let volumes = &chart["indicators"]["quote"][0]["volume"];
    // Yahoo sends nulls for days without trades: they are missing, not bad.
    for (at, (stamp, price)) in stamps.iter().zip(prices).enumerate() {
        if !stamp.is_null() && !price.is_null() {
            let date = clock.day(stamp);
            rows.push(date, number(price));
            rows.volume(date, number(&volumes[at]));
        }
    }
    let currency = chart["meta"]["currency"].as_str().map(|currency| shortened(currency, 10));
    Ok(Prices { kind, rows: rows.usable()?, currency })
}

/// The dividend events within the range and not after today.
pub(super) fn dividends(chart: &Value, range: DateRange, dates: &VendorDates) -> Result<Vec<Dividend>, ResponseError> {
    let (clock, end) = (ExchangeClock::of(chart), range.end().min(dates.today()));
    let events = chart["events"]["dividends"].as_object();
    let mut paid = Vec::new();
    for event in events.into_iter().flat_map(|events| events.values()) {
        match (clock.day(&event["date"]), number(&event["amount"])) {
            (Some(ex_date), Some(amount)) if amount >= 0.0 => paid.push(Dividend { ex_date, amount }),
            _ => return Err(ResponseError::Unusable("a dividend has no sound date or amount".to_owned())),
        }
    }
    paid.retain(|dividend| (range.start()..=end).contains(&dividend.ex_date));
    paid.sort_by_key(|dividend| dividend.ex_date);
    Ok(paid)
}

impl ExchangeClock {
    fn of(chart: &Value) -> Self {
        let meta = &chart["meta"];
        Self {
            zone: meta["exchangeTimezoneName"].as_str().and_then(|name| name.parse().ok()),
            offset: meta["gmtoffset"].as_i64().unwrap_or_default(),
        }
    }

    /// The day of a time stamp at the exchange.
    fn day(self, stamp: &Value) -> Option<NaiveDate> {
        let seconds = stamp.as_i64()?;
        match self.zone {
            Some(zone) => Some(DateTime::from_timestamp(seconds, 0)?.with_timezone(&zone).date_naive()),
            None => Some(DateTime::from_timestamp(seconds.checked_add(self.offset)?, 0)?.date_naive()),
        }
    }
}

/// A known ticker without a row in the range.
fn has_no_rows(error: &UpstreamError) -> bool {
    error.words.as_deref().is_some_and(|words| words.starts_with("Data doesn't exist"))
}

fn unknown(ticker: &Ticker) -> PriceError {
    PriceError::NoData(format!("Yahoo does not know {ticker}"))
}

#[cfg(test)]
mod tests;
