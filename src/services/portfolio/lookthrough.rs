//! What holdings stand for: shares their industry's ETF, funds their own category.

use std::{collections::HashMap, sync::Arc};

use factor_prices::SecurityProfile;
use factor_types::{AssetClass, Category, Factor, FactorUniverse, Ticker};
use indexmap::IndexMap;
use serde_json::{Value, json};

use super::CASH;
use crate::{
    analysis::{AnalysisError, Caller},
    app::App,
    tool_error::{ErrorCode, ToolError},
};

/// What is not known of a holding.
const UNKNOWN: &str = "unclassified";
/// Funds that are no factor.
const OTHER_FUNDS: &str = "other funds";
/// What profiles leave open, after the tickers and their verb.
const FUND: &str = "under other funds: the profile of a fund does not say what it holds";
const NO_INDUSTRY: &str = "in no industry: the profile names none";
const NO_FACTOR: &str = "of an industry that no factor stands for";

/// A holding and what it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Classification {
    pub(crate) ticker: Ticker,
    pub(crate) weight: f64,
    /// The factor of the universe that it is, or whose industry it is in.
    pub(crate) factor: Option<Ticker>,
    /// Its industry; of other funds their category.
    pub(crate) industry: String,
    /// Its industry's sector group; of other funds their category.
    pub(crate) sector_group: String,
    pub(crate) asset_class: String,
    /// True for a share that stands for its industry's ETF.
    pub(crate) by_profile: bool,
}

/// What every holding stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classifications {
    pub(crate) each: Vec<Classification>,
    /// Holdings without a profile, by the reason.
    untold: IndexMap<String, Vec<String>>,
    /// Holdings whose profile does not place them, by what is not known.
    unplaced: IndexMap<&'static str, Vec<String>>,
}

impl Classifications {
    /// Looks the holdings up in the universes, first one first, and what is in none in the source's profiles.
    ///
    /// # Errors
    /// When the caller has gone.
    pub(crate) async fn of(
        app: &App,
        weights: &IndexMap<Ticker, f64>,
        universes: &[&FactorUniverse],
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        let strangers = strangers(weights, universes);
        let profiles = app.analyzer.profiles(&strangers, caller).await;
        let profiles =
            profiles.map_err(|error: AnalysisError| ToolError::new(ErrorCode::Timeout, error.to_string()))?;
        Ok(Self::by_profiles(weights, universes, strangers.into_iter().zip(profiles).collect()))
    }

    /// The same with the profiles at hand.
    fn by_profiles(
        weights: &IndexMap<Ticker, f64>,
        universes: &[&FactorUniverse],
        profiles: HashMap<Ticker, Result<Arc<SecurityProfile>, String>>,
    ) -> Self {
        let known = |ticker: &Ticker| universes.iter().find_map(|universe| universe.get(ticker));
        let mut untold: IndexMap<String, Vec<String>> = IndexMap::new();
        let mut unplaced: IndexMap<&'static str, Vec<String>> = IndexMap::new();
        let each = weights.iter().map(|(ticker, weight)| {
            let classification = |industry: &str, group: &str, class: &str| Classification {
                ticker: ticker.clone(),
                weight: *weight,
                factor: None,
                industry: industry.to_owned(),
                sector_group: group.to_owned(),
                asset_class: class.to_owned(),
                by_profile: false,
            };
            if ticker.is_currency() {
                return classification(if ticker.as_str() == CASH { "cash" } else { "currency" }, "cash", "cash");
            }
            if let Some(factor) = known(ticker) {
                return Classification { factor: Some(factor.ticker.clone()), ..of_factor(factor, classification) };
            }
            match profiles.get(ticker) {
                Some(Ok(profile)) if profile.is_fund => {
                    unplaced.entry(FUND).or_default().push(ticker.to_string());
                    classification(OTHER_FUNDS, UNKNOWN, UNKNOWN)
                }
                Some(Ok(profile)) => {
                    let Some(industry) = &profile.industry else {
                        unplaced.entry(NO_INDUSTRY).or_default().push(ticker.to_string());
                        let sector = profile.sector.as_deref().unwrap_or(UNKNOWN);
                        return classification(sector, UNKNOWN, AssetClass::Equity.as_str());
                    };
                    let stands = |factor: &&Factor| {
                        let names = || std::iter::once(&factor.label).chain(&factor.aliases);
                        factor.category == Category::Industry && names().any(|name| name.eq_ignore_ascii_case(industry))
                    };
                    let factor = universes.iter().find_map(|universe| universe.factors().iter().find(stands));
                    match factor {
                        Some(factor) => Classification {
                            factor: Some(factor.ticker.clone()),
                            industry: industry.clone(),
                            asset_class: AssetClass::Equity.as_str().to_owned(),
                            by_profile: true,
                            ..of_factor(factor, classification)
                        },
                        None => {
                            unplaced.entry(NO_FACTOR).or_default().push(ticker.to_string());
                            classification(industry, UNKNOWN, AssetClass::Equity.as_str())
                        }
                    }
                }
                Some(Err(why)) => {
                    untold.entry(why.replace(ticker.as_str(), "it")).or_default().push(ticker.to_string());
                    classification(UNKNOWN, UNKNOWN, UNKNOWN)
                }
                None => classification(UNKNOWN, UNKNOWN, UNKNOWN),
            }
        });
        let each = each.collect();
        Self { each, untold, unplaced }
    }

    /// The same holdings with other weights; those without a weight are left out.
    pub(crate) fn weighing(&self, weights: &IndexMap<Ticker, f64>) -> Self {
        let known: HashMap<&Ticker, &Classification> = self.each.iter().map(|one| (&one.ticker, one)).collect();
        let weighed = |(ticker, weight): (&Ticker, &f64)| {
            Some(Classification { weight: *weight, ..(*known.get(ticker)?).clone() })
        };
        Self { each: weights.iter().filter_map(weighed).collect(), ..self.clone() }
    }

    /// What is not known of the holdings: those `missing` have no returns, by the reason; others have no profile, or one
    /// that does not place them.
    pub(crate) fn warnings(&self, missing: &IndexMap<String, Vec<String>>) -> Vec<String> {
        let is_missing = |ticker: &&String| missing.values().flatten().any(|other| other == *ticker);
        let without_returns = missing
            .iter()
            .map(|(why, tickers)| format!("{} unexplained weight: {}", some(tickers), of_all(why, tickers)));
        let without_profile = self.untold.iter().filter_map(|(why, tickers)| {
            let others: Vec<String> = tickers.iter().filter(|ticker| !is_missing(ticker)).cloned().collect();
            let said = || {
                let why = of_all(why, &others);
                format!("{} in no industry or category, for want of a profile ({why})", some(&others))
            };
            (!others.is_empty()).then(said)
        });
        let unplaced = self.unplaced.iter().map(|(why, tickers)| format!("{} {why}", some(tickers)));
        without_returns.chain(without_profile).chain(unplaced).collect()
    }

    /// Weights by some word of theirs, heaviest first.
    pub(crate) fn by(&self, word: impl Fn(&Classification) -> &str) -> IndexMap<String, f64> {
        let mut sums = IndexMap::<String, f64>::new();
        for one in &self.each {
            *sums.entry(word(one).to_owned()).or_default() += one.weight;
        }
        sums.sort_by(|a, x, b, y| y.total_cmp(x).then_with(|| a.cmp(b)));
        sums
    }

    /// The weight in some tickers: of holdings that are one of them, or stand for one.
    pub(crate) fn weight_in(&self, members: &[Ticker]) -> f64 {
        let among = |one: &&Classification| {
            members.contains(&one.ticker) || one.factor.as_ref().is_some_and(|f| members.contains(f))
        };
        factor_analytics::stats::sum(self.each.iter().filter(among).map(|one| one.weight))
    }

    /// True where the weight in some tickers is partly that of shares that stand for them.
    pub(crate) fn looked_through(&self, members: &[Ticker]) -> bool {
        self.each.iter().any(|one| {
            one.by_profile && !members.contains(&one.ticker) && one.factor.as_ref().is_some_and(|f| members.contains(f))
        })
    }

    /// The holdings as rows.
    pub(crate) fn rows(&self) -> Vec<Value> {
        let row = |one: &Classification| {
            json!({
                "ticker": one.ticker,
                "weight": one.weight,
                "industry": one.industry,
                "sector_group": one.sector_group,
                "asset_class": one.asset_class,
                "stands_for": one.factor,
            })
        };
        self.each.iter().map(row).collect()
    }
}

/// The holdings that are in no universe.
fn strangers(weights: &IndexMap<Ticker, f64>, universes: &[&FactorUniverse]) -> Vec<Ticker> {
    let known = |ticker: &&Ticker| universes.iter().any(|universe| universe.get(ticker).is_some());
    weights.keys().filter(|ticker| !known(ticker) && !ticker.is_currency()).cloned().collect()
}

fn of_factor(factor: &Factor, classification: impl Fn(&str, &str, &str) -> Classification) -> Classification {
    let category = factor.category.as_str();
    let class = factor.asset_class.as_str();
    match factor.category {
        Category::Industry => classification(&factor.label, factor.sector_group.as_deref().unwrap_or(UNKNOWN), class),
        _ => classification(category, category, class),
    }
}

/// A few of many tickers, with the verb that fits.
fn some(tickers: &[String]) -> String {
    const NAMED: usize = 8;
    let more = tickers.len().saturating_sub(NAMED);
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    let verb = if tickers.len() == 1 { "is" } else { "are" };
    format!("{}{more} {verb}", tickers[..tickers.len().min(NAMED)].join(", "))
}

/// A reason said of `it`, of as many as there are.
fn of_all(why: &str, tickers: &[String]) -> String {
    if tickers.len() == 1 {
        return why.to_owned();
    }
    let why = why.strip_suffix(" it").map_or_else(|| why.to_owned(), |start| format!("{start} them"));
    why.strip_prefix("it is ").map(|rest| format!("they are {rest}")).unwrap_or(why)
}

#[cfg(test)]
mod tests;
