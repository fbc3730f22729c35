//! What arrived of the histories asked for, and what is to be said of the rest.

use std::{collections::HashSet, sync::Arc};

use chrono::NaiveDate;
use factor_analytics::study::{Exclusion, ExclusionReason};
use factor_prices::{History, PriceError, SourceFault, Stale};
use factor_types::{Factor, PriceSeries, Refused, Ticker};

use super::{gate::Noted, told::Told};
use crate::analysis::failure_runs::Failure;

/// Tickers named in a warning; of the others it says how many.
const NAMED: usize = 5;
/// Where more than this share of the histories fell from adjusted prices to closes, the adjusted ones that are kept are
/// used: closes beside adjusted prices cannot be ranked, a few days less can.
const FALLEN: usize = 10;

/// What arrived, in the order of the tickers asked for.
#[derive(Debug)]
pub(super) struct Arrived {
    pub(super) series: Vec<Arc<PriceSeries>>,
    pub(super) failures: Vec<(Ticker, PriceError)>,
    /// Histories that are none of prices.
    refused: Vec<(Ticker, Refused)>,
    /// What the gate changed about the series.
    pub(super) noted: Noted,
    caveats: Vec<(Ticker, String)>,
    /// What sources say of their own prices.
    pub(super) told: Vec<Told>,
    stale: Vec<(Ticker, Stale)>,
    /// False when a later call may get more.
    pub(super) complete: bool,
    asked: usize,
}

impl Arrived {
    /// Sorts the answers; `None` is one that did not come in time.
    pub(super) fn new(tickers: &[Ticker], answers: Vec<Option<Result<History, PriceError>>>) -> Self {
        let late =
            || PriceError::failed(SourceFault::Late, "it did not arrive in time; call again, what arrived is kept");
        let (series, asked) = (Vec::with_capacity(answers.len()), tickers.len());
        let (failures, refused, caveats, told, stale) = (vec![], vec![], vec![], vec![], vec![]);
        let noted = Noted::default();
        let mut arrived = Self { series, failures, refused, noted, caveats, told, stale, complete: true, asked };
        let fallen = answers.iter().flatten().flatten().filter(|history| history.adjusted_before.is_some()).count();
        let many_fell = fallen > asked / FALLEN;
        // In the tickers' order, so that the panel's columns do not depend on which answer came first.
        for (ticker, answer) in tickers.iter().zip(answers) {
            match answer.unwrap_or_else(|| Err(late())) {
                Ok(history) => {
                    arrived.complete &= history.complete;
                    let history = if many_fell { adjusted(history) } else { history };
                    if let Some(refused) = history.series.refused() {
                        arrived.refused.push((ticker.clone(), refused.clone()));
                        continue;
                    }
                    arrived.told.extend(Told::of(ticker, &history));
                    match history.stale {
                        Some(stale) => arrived.stale.push((ticker.clone(), stale)),
                        None => arrived.caveats.extend(history.caveat.map(|caveat| (ticker.clone(), caveat))),
                    }
                    arrived.series.push(history.series);
                }
                Err(error) => {
                    arrived.complete &= matches!(error, PriceError::NoData(_));
                    arrived.failures.push((ticker.clone(), error));
                }
            }
        }
        arrived
    }

    /// The factors among `factors` that have no prices, with the reason.
    pub(super) fn lost(&self, factors: &[Arc<Factor>]) -> Vec<Exclusion> {
        let exclusion = |factor: &Arc<Factor>| {
            let (ticker, label) = (factor.ticker.clone(), factor.label.clone());
            if let Some((_, refused)) = self.refused.iter().find(|(known, _)| *known == ticker) {
                let reason = match refused {
                    Refused::NotPrices { .. }
                    | Refused::GrossReturns { .. }
                    | Refused::Cumulated { .. }
                    | Refused::ToAndFro { .. } => ExclusionReason::NotPrices,
                    Refused::BadPrices { .. } | Refused::TwoPrices { .. } => ExclusionReason::BadPrices,
                };
                return Some(Exclusion { ticker, label, reason, detail: refused.to_string() });
            }
            let (_, error) = self.failures.iter().find(|(known, _)| *known == ticker)?;
            let reason = match error {
                PriceError::NoData(_) => ExclusionReason::NoData,
                PriceError::Failed { .. } => ExclusionReason::FetchFailed,
            };
            Some(Exclusion { ticker, label, reason, detail: error.to_string() })
        };
        factors.iter().filter_map(exclusion).collect()
    }

    /// The tickers without prices that are none of `factors`, with the reason.
    pub(super) fn also_missing(&self, factors: &[Arc<Factor>]) -> Vec<(Ticker, String)> {
        let universe: HashSet<&Ticker> = factors.iter().map(|factor| &factor.ticker).collect();
        let failed = self.failures.iter().map(|(ticker, error)| (ticker, error.to_string()));
        let refused = self.refused.iter().map(|(ticker, refused)| (ticker, refused.to_string()));
        let others = failed.chain(refused).filter(|(ticker, _)| !universe.contains(ticker));
        others.map(|(ticker, why)| (ticker.clone(), why)).collect()
    }

    /// What the caller should know of the prices.
    pub(super) fn warnings(&self) -> Vec<String> {
        self.late().into_iter().chain(old(&self.stale)).chain(by_caveat(&self.caveats)).collect()
    }

    /// The tickers that arrived.
    pub(super) fn succeeded(&self) -> HashSet<Ticker> {
        self.series.iter().map(|series| series.ticker().clone()).collect()
    }

    /// The failures that say something of their ticker, and not of the source or of the time there was.
    pub(super) fn own_failures(&self) -> Vec<Failure> {
        let some_arrived = !self.series.is_empty();
        let own = |error: &PriceError| match error {
            PriceError::NoData(_) => Some(ExclusionReason::NoData),
            PriceError::Failed { fault: SourceFault::Plan | SourceFault::Unusable, .. } => {
                Some(ExclusionReason::FetchFailed)
            }
            // While the vendor answers for others, no answer says something of this one.
            PriceError::Failed { fault: SourceFault::Unavailable, .. } if some_arrived => {
                Some(ExclusionReason::FetchFailed)
            }
            PriceError::Failed { .. } => None,
        };
        let failure = |(ticker, error): &(Ticker, PriceError)| {
            Some(Failure { ticker: ticker.clone(), reason: own(error)?, detail: error.to_string() })
        };
        self.failures.iter().filter_map(failure).collect()
    }

    /// How the source failed, if it failed for every ticker: the fault that the caller can do most about.
    pub(super) fn worst_fault(&self) -> Option<SourceFault> {
        if !self.refused.is_empty() {
            return None;
        }
        // A source that says there is no such ticker is there and answers: it did not fail.
        let fault = |(_, error): &(Ticker, PriceError)| match error {
            PriceError::NoData(_) => None,
            PriceError::Failed { fault, .. } => Some(*fault),
        };
        let faults: HashSet<SourceFault> = self.failures.iter().map(fault).collect::<Option<_>>()?;
        [
            SourceFault::Auth,
            SourceFault::Plan,
            SourceFault::Limited,
            SourceFault::Late,
            SourceFault::Unavailable,
            SourceFault::Unusable,
        ]
        .into_iter()
        .find(|fault| faults.contains(fault))
    }

    /// Says that an answer is partial because time ran out.
    fn late(&self) -> Option<String> {
        let late = |error: &PriceError| matches!(error, PriceError::Failed { fault: SourceFault::Late, .. });
        let late = self.failures.iter().filter(|(_, error)| late(error)).count();
        let asked = self.asked;
        (late > 0).then(|| {
            format!("partial: {late} of {asked} histories did not arrive in time; call again and the rest is fetched")
        })
    }
}

/// The adjusted prices kept from before the source fell to closes, where there are any, and why.
fn adjusted(history: History) -> History {
    let Some(series) = history.adjusted_before.clone() else { return history };
    let until = series.dates().last().copied();
    let why = "the source has closes only at present, and prices with dividends are not ranked beside prices without"
        .to_owned();
    History { series, stale: Some(Stale { why, until }), ..history }
}

/// One line for all that could not be refreshed: the reason of the first, and from when the prices are.
fn old(stale: &[(Ticker, Stale)]) -> Option<String> {
    let (_, first) = stale.first()?;
    let until: Vec<NaiveDate> = stale.iter().filter_map(|(_, stale)| stale.until).collect();
    let up_to = match (until.iter().min(), until.iter().max()) {
        (Some(oldest), Some(newest)) if oldest < newest => format!(" up to between {oldest} and {newest}"),
        (Some(oldest), _) => format!(" up to {oldest}"),
        (None, _) => String::new(),
    };
    let tickers: Vec<&str> = stale.iter().map(|(ticker, _)| ticker.as_str()).collect();
    Some(format!("{} could not be refreshed ({}); the prices kept{up_to} are used", named(&tickers), first.why))
}

/// One line per caveat, with the tickers it is about. Of caveats that only one ticker has each (dates differ) no more than
/// [`NAMED`] are told.
fn by_caveat(caveats: &[(Ticker, String)]) -> Vec<String> {
    let mut groups: Vec<(&str, Vec<&str>)> = Vec::new();
    for (ticker, caveat) in caveats {
        match groups.iter_mut().find(|(known, _)| known == caveat) {
            Some((_, tickers)) => tickers.push(ticker.as_str()),
            None => groups.push((caveat, vec![ticker.as_str()])),
        }
    }
    let (shared, single): (Vec<_>, Vec<_>) = groups.into_iter().partition(|(_, tickers)| tickers.len() > 1);
    let line = |(caveat, tickers): &(&str, Vec<&str>)| format!("{}: {caveat}", named(tickers));
    let mut lines: Vec<String> = shared.iter().chain(single.iter().take(NAMED)).map(line).collect();
    let rest: Vec<&str> = single.iter().skip(NAMED).filter_map(|(_, tickers)| tickers.first().copied()).collect();
    if !rest.is_empty() {
        lines.push(format!("{}: each has a remark of its own; ask for fewer factors to see them", named(&rest)));
    }
    lines
}

/// `A, B, C, D, E and 3 more`.
fn named(tickers: &[&str]) -> String {
    let more = tickers.len().checked_sub(NAMED).filter(|more| *more > 0);
    let more = more.map(|more| format!(" and {more} more")).unwrap_or_default();
    format!("{}{more}", tickers[..tickers.len().min(NAMED)].join(", "))
}

#[cfg(test)]
mod tests;
