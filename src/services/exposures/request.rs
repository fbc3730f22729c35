//! What is asked: the arguments that only this question has.

use factor_types::{Ticker, closed_set};
use indexmap::IndexMap;

use crate::{
    app::Basis,
    arguments::{Args, Include, MapForm},
    services::{common_args::CommonArgs, portfolios::holdings::Source},
    tool_error::ToolError,
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 5] = ["holdings", "portfolio_name", "factors", "what_if", "include"];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
const NOT_HERE: [&str; 3] = ["asset_class_filters", "factor_universe", "industry_granularity"];

/// Factors of one regression.
const MOST_FACTORS: usize = 20;
/// Changes of one trade.
const MOST_CHANGES: usize = 100;
/// A change of weight beyond this is a percentage.
const LARGEST_CHANGE: f64 = 10.0;

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        Holdings = "holdings",
        ByIndustry = "by_industry",
        BySectorGroup = "by_sector_group",
        ByAssetClass = "by_asset_class",
        Regression = "regression",
        Risk = "risk",
        WhatIf = "what_if",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

/// A question for what a portfolio is exposed to.
#[derive(Debug)]
pub(crate) struct Request {
    pub(crate) source: Source,
    /// The factors by name; `None` for the macro composites.
    pub(crate) factors: Option<Vec<String>>,
    /// The change of weight by ticker.
    pub(crate) what_if: Option<IndexMap<Ticker, f64>>,
    pub(crate) include: Include<Section>,
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        let factors = args.strings("factors").filter(|names| !names.is_empty());
        if factors.as_ref().is_some_and(|names| names.len() > MOST_FACTORS) {
            args.refuse("factors", format!("must be at most {MOST_FACTORS} names"), None);
        }
        let include = Include::read(&args);
        let request = Self { source: Source::read(&args), factors, what_if: what_if(&args), include };
        let common = CommonArgs::read(&mut args, (&NAMES, &NOT_HERE), basis)?;
        Ok((request, common))
    }

    /// The tickers that the trade changes.
    pub(crate) fn traded(&self) -> impl Iterator<Item = &Ticker> {
        self.what_if.iter().flat_map(IndexMap::keys)
    }
}

fn what_if(args: &Args) -> Option<IndexMap<Ticker, f64>> {
    let entries = args.objects("what_if", Some(MapForm { key: "ticker", value: "change" }))?;
    if !(1..=MOST_CHANGES).contains(&entries.len()) {
        args.refuse("what_if", format!("must be 1 to {MOST_CHANGES} changes"), None);
    }
    let mut changes = IndexMap::new();
    for entry in &entries {
        entry.only(&["ticker", "change"]);
        entry.require("ticker");
        entry.require("change");
        let ticker = entry.parsed::<Ticker>("ticker");
        let change = entry.share_within("change", -LARGEST_CHANGE..=LARGEST_CHANGE);
        if let (Some(ticker), Some(change)) = (ticker, change) {
            *changes.entry(ticker).or_insert(0.0) += change;
        }
    }
    Some(changes)
}
