//! Why factors of a universe are not analysed.

use factor_types::{Factor, Ticker};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Panel;

/// Why a factor is not analysed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExclusionReason {
    /// The source has no price of it in the window.
    NoData,
    /// The source could not be read or reached.
    FetchFailed,
    /// Fewer returns than the floor.
    ThinHistory,
    /// The symbol is not one the source can have.
    BadTicker,
    /// The source's prices do not allow the frequency.
    Unsupported,
    /// The source's values are returns and no prices.
    NotPrices,
    /// Too many of the source's values are no prices.
    BadPrices,
}

impl ExclusionReason {
    /// True where the source's values were refused as a whole.
    pub fn is_refusal(self) -> bool {
        matches!(self, Self::NotPrices | Self::BadPrices)
    }
}

/// A factor that is not analysed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Exclusion {
    /// The ETF.
    pub ticker: Ticker,
    /// What it stands for.
    pub label: String,
    /// Why, in one word.
    pub reason: ExclusionReason,
    /// Why, in a sentence with the figures.
    pub detail: String,
}

/// The column of a factor that has at least `floor` returns, or why it is not analysed: in one word, and in a sentence with
/// the figures.
pub(super) fn verdict(panel: &Panel, factor: &Factor, floor: usize) -> Result<usize, (ExclusionReason, String)> {
    let ticker = &factor.ticker;
    let column =
        panel.position(ticker).ok_or_else(|| (ExclusionReason::NoData, format!("no prices of {ticker} were found")))?;
    let known = &panel.columns()[column];
    if let Some(why) = &known.unsupported {
        return Err((ExclusionReason::Unsupported, why.clone()));
    }
    // A floor of 0 still needs a return.
    if known.observations >= floor.max(1) {
        return Ok(column);
    }
    let frequency = panel.frequency();
    if ticker.is_group() {
        let detail = format!(
            "{} {frequency} returns in the window, {} needed; a group's return needs half of its weight",
            known.observations,
            floor.max(1)
        );
        return Err((ExclusionReason::ThinHistory, detail));
    }
    if ticker.is_portfolio() {
        let members = known.members.iter().map(|(column, _)| &panel.columns()[*column]);
        let fewest = members.min_by_key(|member| member.observations);
        let fewest =
            fewest.map(|one| format!(", and {} has {}", one.series.ticker(), one.observations)).unwrap_or_default();
        let detail = format!(
            "{} {frequency} returns in the window, {} needed; a portfolio has one only where all that it holds has one{fewest}",
            known.observations,
            floor.max(1)
        );
        return Err((ExclusionReason::ThinHistory, detail));
    }
    let (first, last) = (known.series.dates().first(), known.series.dates().last());
    let (Some(first), Some(last)) = (first, last) else {
        return Err((ExclusionReason::NoData, format!("the source has no usable price of {ticker}")));
    };
    // Prices outside the window are no data for it.
    let reason = if known.has_price { ExclusionReason::ThinHistory } else { ExclusionReason::NoData };
    let needed = if floor <= 1 { "at least one".to_owned() } else { floor.to_string() };
    let detail = format!(
        "{} {frequency} returns in the window, {needed} needed; its prices run from {first} to {last}",
        known.observations
    );
    Err((reason, detail))
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, SourceTier};

    use super::*;
    use crate::test_study::{panel, ticker};

    #[test]
    fn a_factor_is_analysed_or_has_a_reason_with_figures() {
        let panel = panel(&[("OLD", &[0.1, 0.2, 0.3]), ("NEW", &[f64::NAN, f64::NAN, 0.1])]);
        let judge = |name: &str, floor: usize| {
            verdict(&panel, &Factor::new(ticker(name), "", Category::Style, SourceTier::Request), floor)
        };
        assert_eq!((judge("OLD", 3), judge("NEW", 1), judge("NEW", 0)), (Ok(0), Ok(1), Ok(1)));
        let thin = "1 monthly returns in the window, 2 needed; its prices run from 2010-02-28 to 2010-03-31";
        assert_eq!(judge("NEW", 2), Err((ExclusionReason::ThinHistory, thin.to_owned())));
        assert_eq!(judge("GONE", 1), Err((ExclusionReason::NoData, "no prices of GONE were found".to_owned())));
    }
}
