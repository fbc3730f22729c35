//! Dividends and market capitalisations for a plan, asked for before computing.
//!
//! One ticker's failure is a null with its reason, never a failed analysis. Nothing is asked twice or in vain: only
//! tickers of the plan, only where there is a close to take a share of, and none that are known to pay nothing.

use std::{collections::HashMap, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::{
    Fundamentals, Study,
    fundamentals::MarketCaps,
    report::{PerformancePlan, Weighting},
    sections::dividends::{self, YieldBasis},
};
use factor_prices::{Dividend, FundamentalsProvider, MarketCap, PriceError};
use factor_types::{DateRange, Ticker};
use indexmap::IndexMap;
use tokio::time::{Instant, timeout_at};

use super::{Plan, gather};
use crate::progress::Fetching;

/// What a plan needs to know of the factors of a study; nothing for plans that need none. What has not come by `deadline`
/// is missing with that reason. Dropping the future gives up what is under way.
pub(super) async fn fetch(
    source: &dyn FundamentalsProvider,
    study: &Study,
    plan: &Plan,
    today: NaiveDate,
    deadline: Instant,
    fetching: &Fetching,
) -> Fundamentals {
    let Plan::Performance(plan) = plan else { return Fundamentals::default() };
    let closes = closes(source, study, plan).await;
    // At once: they are other requests of the vendor, and the deadline is one.
    let (dividends, caps) = tokio::join!(
        trailing(source, study, plan, (&closes, today), deadline, fetching),
        caps(source, study, plan, deadline)
    );
    let sec_yields = sec_yields(source, study, plan).await;
    Fundamentals { today: Some(today), dividends, closes, sec_yields, caps }
}

/// The closes that the source has beside adjusted prices, of every factor that the plan shows.
async fn closes(
    source: &dyn FundamentalsProvider,
    study: &Study,
    plan: &PerformancePlan,
) -> IndexMap<Ticker, (NaiveDate, f64)> {
    let mut closes = IndexMap::new();
    for studied in study.factors.iter().filter(|studied| plan.needs(&studied.factor)) {
        let ticker = &studied.factor.ticker;
        closes.extend(source.close(ticker, study.panel().as_of()).await.map(|close| (ticker.clone(), close)));
    }
    closes
}

/// The SEC yields that the source has, of every factor that the plan shows; old ones are none.
async fn sec_yields(source: &dyn FundamentalsProvider, study: &Study, plan: &PerformancePlan) -> IndexMap<Ticker, f64> {
    let (mut found, as_of) = (IndexMap::new(), study.panel().as_of());
    for studied in study.factors.iter().filter(|studied| plan.needs(&studied.factor)) {
        let ticker = &studied.factor.ticker;
        let newest = source.sec_yield(ticker, as_of).await.filter(|(date, _)| dividends::is_present(*date, as_of));
        found.extend(newest.map(|(_, sec_yield)| (ticker.clone(), sec_yield)));
    }
    found
}

/// The trailing dividends of every factor that the plan shows and that may have any, in the study's order.
async fn trailing(
    source: &dyn FundamentalsProvider,
    study: &Study,
    plan: &PerformancePlan,
    (closes, today): (&IndexMap<Ticker, (NaiveDate, f64)>, NaiveDate),
    deadline: Instant,
    fetching: &Fetching,
) -> IndexMap<Ticker, Result<f64, String>> {
    let as_of = study.panel().as_of();
    // What is known to pay nothing pays nothing, and old prices have no yield of today: the vendor need not be asked.
    let is_open = |column: usize, factor: &factor_types::Factor| {
        let series = &study.panel().columns()[column].series;
        let close = closes.get(&factor.ticker).copied();
        matches!(YieldBasis::of(factor, series, close, as_of, today), YieldBasis::Dividends { .. })
    };
    let tickers: Vec<Ticker> = study
        .factors
        .iter()
        .filter(|studied| plan.needs(&studied.factor) && is_open(studied.column, &studied.factor))
        .map(|studied| studied.factor.ticker.clone())
        .collect();
    let after = dividends::year_before(as_of);
    let Some(range) = after.succ_opt().and_then(|start| DateRange::new(start, as_of).ok()) else {
        return IndexMap::new();
    };
    fetching.expect(tickers.len());
    let ask = |ticker: Ticker| async move {
        let paid = source.dividends(&ticker, range).await;
        fetching.step();
        paid
    };
    let answers = gather::by_deadline(&tickers, deadline, ask).await;
    let sum =
        |paid: &[Dividend]| dividends::trailing_twelve_months(paid.iter().map(|one| (one.ex_date, one.amount)), as_of);
    let found = |answer: Option<Result<Arc<[Dividend]>, PriceError>>| match answer {
        Some(Ok(paid)) => Ok(sum(&paid)),
        Some(Err(error)) => Err(error.to_string()),
        None => Err(gather::LATE.to_owned()),
    };
    tickers.into_iter().zip(answers.into_iter().map(found)).collect()
}

/// The capitalisations of the members of composites, for a plan that weights by them.
async fn caps(
    source: &dyn FundamentalsProvider,
    study: &Study,
    plan: &PerformancePlan,
    deadline: Instant,
) -> MarketCaps {
    if plan.weights != Weighting::Cap {
        return MarketCaps::default();
    }
    let members: Vec<Ticker> = study
        .factors
        .iter()
        .filter(|studied| plan.is_member(&studied.factor) && !studied.factor.ticker.is_composed())
        .map(|studied| studied.factor.ticker.clone())
        .collect();
    let answer = timeout_at(deadline, source.market_caps(&members)).await;
    let (known, unavailable) = match answer {
        Ok(Ok(known)) => (known, None),
        Ok(Err(PriceError::NoData(why) | PriceError::Failed { why, .. })) => (Vec::new(), Some(why)),
        Err(_) => (Vec::new(), Some(gather::LATE.to_owned())),
    };
    let known: HashMap<Ticker, MarketCap> = known
        .into_iter()
        // A source may write 0 for what it does not know; as a weight that would be an opinion.
        .filter(|cap| cap.dollars.is_finite() && cap.dollars > 0.0)
        .map(|cap| (cap.ticker.clone(), cap))
        .collect();
    let (with, without): (Vec<&Ticker>, Vec<&Ticker>) = members.iter().partition(|ticker| known.contains_key(*ticker));
    MarketCaps {
        dollars: with.iter().filter_map(|ticker| Some(((*ticker).clone(), known.get(*ticker)?.dollars))).collect(),
        // The oldest: nothing is newer than the answer says.
        as_of: with.iter().filter_map(|ticker| Some(known.get(*ticker)?.as_of)).min(),
        without: without.into_iter().cloned().collect(),
        unavailable,
    }
}

#[cfg(test)]
mod tests;
