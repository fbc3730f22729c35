//! What offsets a loss, as answers have it.

use factor_analytics::stress::offset::{Offset, OffsetResult, Offsets};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

/// What offset a loss, or why that is not known. Before borrow, margin, trading costs and taxes.
#[derive(Debug, Default, Serialize, JsonSchema)]
pub(crate) struct Hedges<'a> {
    /// The best hedge, what is only bought, bonds, the market sold short, and some of it all sold; not in a summary.
    #[serde(skip_serializing_if = "Option::is_none")]
    hedges: Option<&'a [OffsetResult]>,
    /// In a summary the best hedge and what it did.
    #[serde(skip_serializing_if = "Option::is_none")]
    best_hedge: Option<ShortHedge<'a>>,
    /// In a summary whether each of the others held; null where nothing was lost.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    held: IndexMap<&'static str, Option<bool>>,
    /// In the summary of one scenario what each of the others came to, per unit of the portfolio.
    #[serde(skip_serializing_if = "IndexMap::is_empty")]
    results: IndexMap<&'static str, f64>,
    /// In the summary of one scenario the share of it all that `reduce` sells.
    #[serde(skip_serializing_if = "Option::is_none")]
    share_sold: Option<f64>,
    /// In a summary, true where ratios are from after the event.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    ratios_after_the_event: bool,
    /// Why no hedge is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    no_hedges: Option<&'a str>,
}

/// A hedge in a line.
#[derive(Debug, Serialize, JsonSchema)]
pub(crate) struct ShortHedge<'a> {
    /// Units per unit of the portfolio; below 0 what is sold short.
    ratios: IndexMap<&'a str, f64>,
    result: f64,
    hedged_return: f64,
    /// The 90% interval of the hedged return, of a shock.
    #[serde(skip_serializing_if = "Option::is_none")]
    interval: Option<[f64; 2]>,
    held: Option<bool>,
}

impl<'a> Hedges<'a> {
    pub(super) fn of(offsets: &'a Offsets) -> Self {
        Self {
            hedges: offsets.as_ref().ok().map(Vec::as_slice),
            no_hedges: offsets.as_ref().err().map(String::as_str),
            ..Self::default()
        }
    }

    pub(super) fn short(offsets: &'a Offsets, is_alone: bool) -> Self {
        let found = offsets.as_deref().unwrap_or_default();
        let best = found.iter().find(|one| one.offset == Offset::BestHedge);
        let others = || found.iter().filter(|one| one.offset != Offset::BestHedge);
        let results = others().filter(|_| is_alone).map(|one| (one.offset.as_str(), one.result));
        Self {
            hedges: None,
            best_hedge: best.map(|one| ShortHedge {
                ratios: one.legs.iter().map(|leg| (leg.ticker.as_str(), leg.ratio)).collect(),
                result: one.result,
                hedged_return: one.hedged_return,
                interval: one.interval,
                held: one.held,
            }),
            held: others().map(|one| (one.offset.as_str(), one.held)).collect(),
            results: results.collect(),
            share_sold: found.iter().filter(|_| is_alone).find_map(|one| one.share_sold),
            ratios_after_the_event: found.iter().any(|one| one.ratios_after_the_event),
            no_hedges: offsets.as_ref().err().map(String::as_str),
        }
    }
}
