//! The arguments of its own.

use factor_types::Ticker;
use indexmap::IndexMap;

use crate::{
    arguments::{Args, MapForm},
    services::portfolio::{arguments::sections, source::Source},
};

/// The names of its own arguments; the others are those of every analysis.
pub(super) const NAMES: [&str; 5] = ["holdings", "portfolio_name", "factors", "what_if", "include"];

/// Arguments of other analyses that pick candidates or tables, of which there are none here.
pub(super) const NOT_HERE: [&str; 3] = ["asset_class_filters", "factor_universe", "industry_granularity"];

/// The sections of an answer.
pub(super) const SECTIONS: [&str; 11] = [
    "holdings",
    "by_industry",
    "by_sector_group",
    "by_asset_class",
    "regression",
    "risk",
    "what_if",
    "insights",
    "data_quality",
    "metadata",
    "formatted_report",
];

/// Factors of one regression.
const MOST_FACTORS: usize = 20;
/// Changes of one trade.
const MOST_CHANGES: usize = 100;
/// A change of weight beyond this is a percentage.
const LARGEST_CHANGE: f64 = 10.0;

/// What is asked, settled.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) source: Source,
    /// The factors by name; `None` for the macro composites.
    pub(super) factors: Option<Vec<String>>,
    /// The change of weight by ticker.
    pub(super) what_if: Option<IndexMap<Ticker, f64>>,
    /// Sections asked for by name, in the caller's order.
    pub(super) include: Option<Vec<&'static str>>,
    pub(super) invalid_sections: Vec<String>,
}

impl Ask {
    /// Reads the arguments; what is wrong with them `args` remembers.
    pub(super) fn read(args: &Args) -> Self {
        let factors = args.strings("factors").filter(|names| !names.is_empty());
        if factors.as_ref().is_some_and(|names| names.len() > MOST_FACTORS) {
            args.refuse("factors", format!("must be at most {MOST_FACTORS} names"), None);
        }
        let (include, invalid_sections) = sections(args, &SECTIONS);
        Self { source: Source::read(args), factors, what_if: what_if(args), include, invalid_sections }
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
