//! The US Treasury's daily par yield curve, as CSV, one request a year. No key.
//!
//! The base URL goes up to and with `/daily-treasury-rates.csv`. Columns vary from year to year and are found by their
//! names.

use std::sync::Arc;

use async_trait::async_trait;
use chrono::{Datelike, NaiveDate};
use factor_types::{DateRange, Maturity, YieldTable};
use futures::future::try_join_all;

use super::{
    Names, VendorConfig, VendorDates,
    plausible::FIRST_YEAR,
    rows::{YieldRows, cell},
};
use crate::{
    PriceError, SourceInfo, YieldProvider,
    upstream::{ConfigError, ResponseError, Upstream, UpstreamError, UpstreamRequest, UpstreamResponse, UpstreamStats},
};

/// The vendor's address.
pub const BASE_URL: &str =
    "https://home.treasury.gov/resource-center/data-chart-center/interest-rates/daily-treasury-rates.csv";
/// Far above what a range needs: one request a year.
pub const REQUESTS_PER_MINUTE: u32 = 60;

const IN_FLIGHT: usize = 4;
const COLUMNS: [(&str, Maturity); 5] = [
    ("3 Mo", Maturity::Ust3M),
    ("2 Yr", Maturity::Ust2Y),
    ("5 Yr", Maturity::Ust5Y),
    ("10 Yr", Maturity::Ust10Y),
    ("30 Yr", Maturity::Ust30Y),
];

/// The `treasury` source of yields.
#[derive(Debug)]
pub struct Treasury {
    upstream: Upstream,
    dates: VendorDates,
}

impl Treasury {
    /// A client. Nothing is sent yet.
    ///
    /// # Errors
    /// When the base URL cannot be used.
    pub fn new(config: VendorConfig) -> Result<Self, ConfigError> {
        let names = Names { vendor: "The US Treasury", base_setting: "TREASURY_BASE_URL", key_setting: None };
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

    async fn year(&self, year: i32) -> Result<YieldRows, UpstreamError> {
        let (text, subject) = (year.to_string(), format!("yields of {year}"));
        let query = [
            ("type", "daily_treasury_yield_curve"),
            ("field_tdr_date_value", text.as_str()),
            ("page", ""),
            ("_format", "csv"),
        ];
        let ask = UpstreamRequest { path: &[&text, "all"], query: &query, subject: &subject };
        // The file of a year whose first trading day is still to come may be empty.
        let today = self.dates.today();
        let may_be_empty = year == today.year() && today.ordinal() < 8;
        self.upstream
            .get(ask, |reply| match read(reply, year, &self.dates) {
                Err(_) if may_be_empty && reply.body.trim().is_empty() => Ok(YieldRows::default()),
                rows => rows,
            })
            .await
    }
}

#[async_trait]
impl YieldProvider for Treasury {
    fn about_yields(&self) -> SourceInfo {
        SourceInfo {
            name: "treasury",
            description: "Daily par yields from the US Treasury.".to_owned(),
            simulated: false,
            warnings: super::warnings(&self.stats()),
        }
    }

    async fn yields(&self, range: DateRange) -> Result<Arc<YieldTable>, PriceError> {
        let last = range.end().min(self.dates.today()).year();
        let years = (range.start().year().max(FIRST_YEAR)..=last).map(|year| self.year(year));
        Ok(Arc::new(YieldRows::table(try_join_all(years).await?)))
    }
}

/// The rows of a year's file. Dates of another year (another file, years of two digits) are bad rows.
pub(super) fn read(reply: &UpstreamResponse, year: i32, dates: &VendorDates) -> Result<YieldRows, ResponseError> {
    let body = reply.data()?;
    // Columns were added over the years, so they are found by name and rows may be of different lengths.
    let mut csv = csv::ReaderBuilder::new().flexible(true).trim(csv::Trim::All).from_reader(body.as_bytes());
    let header = csv.headers().map_err(|_| ResponseError::NotData("not CSV"))?;
    if header.get(0) != Some("Date") {
        return Err(ResponseError::NotData("not the table of yields"));
    }
    let place = |name: &str| header.iter().position(|column| column == name);
    let columns: Vec<_> = COLUMNS.iter().filter_map(|(name, maturity)| Some((place(name)?, *maturity))).collect();
    if columns.is_empty() {
        return Err(ResponseError::Unusable("none of its columns is a maturity we know".to_owned()));
    }
    let mut rows = YieldRows::default();
    for row in csv.records() {
        let row = row.map_err(|_| ResponseError::NotData("not CSV"))?;
        let date = row.get(0).and_then(|text| NaiveDate::parse_from_str(text, "%m/%d/%Y").ok());
        let date = date.filter(|date| date.year() == year);
        rows.push(date, columns.iter().map(|(at, maturity)| (*maturity, row.get(*at).map_or(Err(()), cell))), dates);
    }
    rows.usable()
}

#[cfg(test)]
mod tests;
