mod faults;
mod plans;

use std::sync::Arc;

use chrono::NaiveDate;

use crate::{Market, Options, StandIn, Vendor};

pub(super) fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

pub(super) async fn start(vendor: Vendor, options: Options) -> StandIn {
    let market = Market::simulated(&["SPY", "TLT"], day("2024-01-01"), day("2024-12-31"));
    StandIn::start(vendor, Arc::new(market), options).await.unwrap()
}

pub(super) const ADJUSTED: &str = "/historical-price-eod/dividend-adjusted?symbol=SPY";
