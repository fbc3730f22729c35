//! What the members of a group weigh.

use std::collections::HashMap;

use factor_prices::{PriceError, SourceFault};
use factor_types::{FactorGroup, GroupWeighting, SettledWeights, Ticker};
use tokio::time::timeout_at;

use super::{CheckError, ExcludedMember, ExcludedReason, FEWEST_MEMBERS};
use crate::{analysis::Caller, app::App};

/// Weights with sum 1 over `included`: equal; custom, divided by their sum over those included; or by market
/// capitalisation, over those that have one. The others go to `excluded`.
///
/// # Errors
/// When fewer capitalisations are known than a group needs members; equal weights never take their place.
pub(super) async fn settle(
    app: &App,
    group: &FactorGroup,
    included: &[Ticker],
    excluded: &mut Vec<ExcludedMember>,
    caller: &Caller<'_>,
    source: &str,
) -> Result<SettledWeights, CheckError> {
    let source = source.to_owned();
    let settled = |weights: Vec<(Ticker, f64)>| SettledWeights {
        weights: normalised(weights),
        as_of: caller.clock.today,
        source: source.clone(),
    };
    match &group.weighting {
        GroupWeighting::Equal => Ok(settled(included.iter().map(|ticker| (ticker.clone(), 1.0)).collect())),
        GroupWeighting::Custom(weights) => {
            let said = group.tickers.iter().cloned().zip(weights.iter().copied());
            Ok(settled(said.filter(|(ticker, _)| included.contains(ticker)).collect()))
        }
        GroupWeighting::MarketCap => by_market_cap(app, included, excluded, caller, &source).await,
    }
}

async fn by_market_cap(
    app: &App,
    included: &[Ticker],
    excluded: &mut Vec<ExcludedMember>,
    caller: &Caller<'_>,
    source: &str,
) -> Result<SettledWeights, CheckError> {
    // The prices took their share of the time already.
    let asked = timeout_at(caller.fetch_until, app.sources.fundamentals.market_caps(included));
    let answer = tokio::select! {
        answer = asked => answer,
        () = caller.cancel.cancelled() => return Err(CheckError::Cancelled),
    };
    let (caps, none) = match answer {
        Ok(Ok(caps)) => (caps, None),
        Ok(Err(PriceError::NoData(why))) => (Vec::new(), Some(why)),
        Ok(Err(PriceError::Failed { fault, why })) => return Err(CheckError::Source { fault, why }),
        Err(_) => {
            let why = "the market capitalisations did not arrive in time".to_owned();
            return Err(CheckError::Source { fault: SourceFault::Late, why });
        }
    };
    let known: HashMap<&Ticker, _> =
        caps.iter().filter(|cap| cap.dollars.is_finite() && cap.dollars > 0.0).map(|cap| (&cap.ticker, cap)).collect();
    let (with, without): (Vec<&Ticker>, Vec<&Ticker>) = included.iter().partition(|ticker| known.contains_key(ticker));
    let detail = none.unwrap_or_else(|| format!("the source ({source}) knows no market capitalisation of it"));
    excluded.extend(without.into_iter().map(|ticker| ExcludedMember {
        ticker: ticker.clone(),
        reason: ExcludedReason::NoMarketCap,
        detail: detail.clone(),
    }));
    if with.len() < FEWEST_MEMBERS {
        let message = format!(
            "weights by market capitalisation need {FEWEST_MEMBERS} members with one, and {} of {} have one ({detail}); \
             use weighting_method equal, or custom with weights",
            with.len(),
            included.len()
        );
        let included = with.into_iter().cloned().collect();
        return Err(CheckError::Insufficient { included, excluded: std::mem::take(excluded), message });
    }
    let dollars = with.iter().filter_map(|ticker| Some(((*ticker).clone(), known.get(*ticker)?.dollars))).collect();
    let as_of = with.iter().filter_map(|ticker| Some(known.get(*ticker)?.as_of)).min().unwrap_or(caller.clock.today);
    Ok(SettledWeights { weights: normalised(dollars), as_of, source: source.to_owned() })
}

/// Divides by the sum, which is above zero.
fn normalised(weights: Vec<(Ticker, f64)>) -> Vec<(Ticker, f64)> {
    let sum = factor_analytics::stats::sum(weights.iter().map(|(_, weight)| *weight));
    weights.into_iter().map(|(ticker, weight)| (ticker, weight / sum)).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::services::{Call, recommendations::tests::sample_app};

    proptest! {
        #[test]
        fn weights_keep_their_proportions_and_sum_to_one(weights in prop::collection::vec(1e-6..1e13f64, 2..50)) {
            let named = |(at, weight): (usize, &f64)| (format!("T{at}").parse().unwrap(), *weight);
            let settled = normalised(weights.iter().enumerate().map(named).collect());
            let sum: f64 = settled.iter().map(|(_, weight)| weight).sum();
            prop_assert!((sum - 1.0).abs() < 1e-12);
            for (one, given) in settled.iter().zip(&weights) {
                let expected = given / weights[0] * settled[0].1;
                prop_assert!((one.1 - expected).abs() <= 1e-12 * expected.abs().max(1.0));
            }
        }
    }

    fn members(names: &[&str]) -> Vec<Ticker> {
        names.iter().map(|name| name.parse().unwrap()).collect()
    }

    /// The weights of those of XLK, SPY and PEJ that are `included`, and who was left out on the way.
    async fn settled(
        weighting: GroupWeighting,
        included: &[&str],
    ) -> (Result<SettledWeights, CheckError>, Vec<ExcludedMember>) {
        let (_folder, app) = sample_app();
        let group = FactorGroup {
            name: "Mine".parse().unwrap(),
            description: String::new(),
            tickers: members(&["XLK", "SPY", "PEJ"]),
            weighting,
        };
        let mut excluded = Vec::new();
        let call = Call::default();
        let caller = call.caller(app.clock());
        let found = settle(&app, &group, &members(included), &mut excluded, &caller, "sample").await;
        (found, excluded)
    }

    #[tokio::test]
    async fn weights_given_are_spread_over_those_included_in_their_proportions() {
        let weights = |found: SettledWeights| found.weights.iter().map(|(_, weight)| *weight).collect::<Vec<_>>();
        let (found, _) = settled(GroupWeighting::Custom(vec![0.125, 0.375, 0.5]), &["XLK", "SPY"]).await;
        assert_eq!(weights(found.unwrap()), [0.25, 0.75]);
        let (found, _) = settled(GroupWeighting::Equal, &["XLK", "SPY", "PEJ"]).await;
        let found = found.unwrap();
        assert_eq!((found.source.as_str(), found.as_of.to_string().as_str()), ("sample", "2026-01-15"));
        assert_eq!(weights(found), [1.0 / 3.0; 3]);
    }

    #[tokio::test]
    async fn a_member_without_a_market_cap_is_left_out_and_one_left_is_no_group() {
        let (found, excluded) = settled(GroupWeighting::MarketCap, &["XLK", "SPY", "PEJ"]).await;
        let found = found.unwrap();
        assert_eq!(
            found.weights.iter().map(|(ticker, _)| ticker.clone()).collect::<Vec<_>>(),
            members(&["XLK", "SPY"])
        );
        assert_eq!(found.as_of.to_string(), "2026-01-14", "the day of the capitalisations, not of the call");
        assert_eq!((excluded.len(), excluded[0].reason), (1, ExcludedReason::NoMarketCap));
        let (found, _) = settled(GroupWeighting::MarketCap, &["XLK", "PEJ"]).await;
        let Err(CheckError::Insufficient { included, excluded, message }) = found else { panic!("{found:?}") };
        assert_eq!((included, excluded.len()), (members(&["XLK"]), 1));
        assert!(
            message.contains("and 1 of 2 have one (the source (sample) knows no market capitalisation of it)"),
            "{message}"
        );
    }
}
