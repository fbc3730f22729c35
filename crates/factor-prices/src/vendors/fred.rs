//! FRED's graph as CSV, one request a maturity. No key.
//!
//! The base URL goes up to and with `/graph/fredgraph.csv`. The first column is `observation_date` (before December
//! 2024: `DATE`); a missing value is `.` or empty.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::NaiveDate;
use factor_types::{DateRange, Maturity, YieldTable};
use futures::future::try_join_all;

use super::{
    Names, VendorConfig, VendorDates,
    rows::{YieldRows, cell},
};
use crate::{
    PriceError, SourceInfo, YieldProvider,
    upstream::{ConfigError, ResponseError, Upstream, UpstreamError, UpstreamRequest, UpstreamResponse, UpstreamStats},
};

/// The vendor's address.
pub const BASE_URL: &str = "https://fred.stlouisfed.org/graph/fredgraph.csv";
/// Half of what FRED allows with a key; a range needs five.
pub const REQUESTS_PER_MINUTE: u32 = 60;

const IN_FLIGHT: usize = 4;

/// The `fred` source of yields.
#[derive(Debug)]
pub struct Fred {
    upstream: Upstream,
    dates: VendorDates,
}

impl Fred {
    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(config: VendorConfig) -> Result<Self, ConfigError> {
        let names = Names { vendor: "FRED", base_setting: "FRED_BASE_URL", key_setting: None };
        Ok(Self { upstream: Upstream::new(config.upstream(names, None, IN_FLIGHT))?, dates: config.dates })
    }

    /// From now on nothing is asked.
    pub fn close(&self) {
        self.upstream.close();
    }

    /// The state and counts of the server.
    pub fn stats(&self) -> UpstreamStats {
        self.upstream.stats()
    }

    async fn maturity(&self, maturity: Maturity, from: &str, to: &str) -> Result<YieldRows, UpstreamError> {
        let id = series(maturity);
        let ask = UpstreamRequest { path: &[], query: &[("id", id), ("cosd", from), ("coed", to)], subject: id };
        self.upstream.get(ask, |reply| read(reply, maturity, &self.dates)).await
    }
}

#[async_trait]
impl YieldProvider for Fred {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo {
            name: "fred",
            description: "Daily constant-maturity Treasury yields from FRED.".to_owned(),
            simulated: false,
            warnings: super::warnings(&self.stats()),
        }
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let end = range.end().min(self.dates.today());
        if end < range.start() {
            return Ok(Arc::default());
        }
        let (from, to) = (range.start().to_string(), end.to_string());
        let each = Maturity::ALL.into_iter().map(|maturity| self.maturity(maturity, &from, &to));
        Ok(Arc::new(YieldRows::table(try_join_all(each).await?)))
    }
}

fn series(maturity: Maturity) -> &'static str {
    match maturity {
        Maturity::Ust3M => "DGS3MO",
        Maturity::Ust2Y => "DGS2",
        Maturity::Ust5Y => "DGS5",
        Maturity::Ust10Y => "DGS10",
        Maturity::Ust30Y => "DGS30",
    }
}

pub(super) fn read(
    reply: &UpstreamResponse,
    maturity: Maturity,
    dates: &VendorDates,
) -> Result<YieldRows, ResponseError> {
    let body = reply.data()?;
    let mut csv = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(body.as_bytes());
    let header = csv.headers().map_err(|_| ResponseError::NotData("not CSV"))?;
    let dated = header.get(0).is_some_and(|name| matches!(name, "observation_date" | "DATE"));
    if !dated || header.get(1) != Some(series(maturity)) {
        return Err(ResponseError::NotData("not the series asked for"));
    }
    let mut rows = YieldRows::default();
    for row in csv.records() {
        let row = row.map_err(|_| ResponseError::NotData("not CSV"))?;
        let date = row.get(0).and_then(|text| text.parse::<NaiveDate>().ok());
        rows.push(date, [(maturity, row.get(1).map_or(Err(()), cell))], dates);
    }
    rows.usable()
}

#[cfg(test)]
mod tests;
