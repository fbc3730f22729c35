//! What holdings stand for: shares their industry's ETF, or else their sector's, funds their own category.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use factor_prices::SecurityProfile;
use factor_types::{AssetClass, Category, Factor, FactorUniverse, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::CASH;
use crate::{
    analysis::{AnalysisError, Caller, UserGroups},
    app::App,
    services::holdings_warning::{Reason, Unplaced, Warning},
    tool_error::ToolError,
};

/// What is not known of a holding.
const UNKNOWN: &str = "unclassified";
/// Funds that are no factor.
const OTHER_FUNDS: &str = "other funds";

/// A holding and what it stands for.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub(crate) struct Classification {
    /// What is held.
    pub(crate) ticker: Ticker,
    /// Its share of the portfolio; below 0 for a short position.
    pub(crate) weight: f64,
    /// Its industry; of other funds their category.
    pub(crate) industry: String,
    /// Its industry's sector group; of other funds their category.
    pub(crate) sector_group: String,
    pub(crate) asset_class: String,
    /// The factor of the universe that it is, or whose industry it is in.
    #[serde(rename = "stands_for")]
    pub(crate) factor: Option<Ticker>,
    /// True for a share that stands for its industry's ETF.
    #[serde(skip)]
    pub(crate) by_profile: bool,
    /// What a group is made of, as shares of it: sums of weights are of these. Empty for anything else.
    #[serde(skip)]
    pub(crate) members: Vec<Self>,
}

/// What every holding stands for.
#[derive(Debug, Clone, Default)]
pub(crate) struct Classifications {
    pub(crate) each: Vec<Classification>,
    /// Holdings without a profile, by the reason.
    unknown: IndexMap<Reason, Vec<Ticker>>,
    /// Holdings whose profile does not place them, by what it leaves open.
    unplaced: IndexMap<Unplaced, Vec<Ticker>>,
}

impl Classifications {
    /// Looks the holdings up in the universes, first one first, and what is in none in the source's profiles.
    ///
    /// # Errors
    /// When the caller has gone.
    pub(crate) async fn of(
        app: &App,
        weights: &IndexMap<Ticker, f64>,
        (universes, groups): (&[&FactorUniverse], &UserGroups),
        caller: &Caller<'_>,
    ) -> Result<Self, ToolError> {
        let strangers = strangers(weights.keys().chain(members(weights, groups)), universes);
        let profiles = app.analyzer.profiles(&strangers, caller).await;
        let profiles = profiles.map_err(|_: AnalysisError| ToolError::cancelled())?;
        Ok(Self::by_profiles(weights, (universes, groups), strangers.into_iter().zip(profiles).collect()))
    }

    /// The same with the profiles at hand.
    fn by_profiles(
        weights: &IndexMap<Ticker, f64>,
        (universes, groups): (&[&FactorUniverse], &UserGroups),
        profiles: HashMap<Ticker, Result<Arc<SecurityProfile>, String>>,
    ) -> Self {
        let mut all = Self::default();
        for (ticker, weight) in weights {
            let holding = Holding { ticker, weight: *weight };
            let group = groups.groups.iter().find(|group| group.factor.ticker == *ticker);
            let one = match group {
                Some(group) => {
                    let parts = group.members.as_deref().unwrap_or_default();
                    let whole: f64 = parts.iter().map(|(_, weight)| weight).sum();
                    let part = |(ticker, weight): &(Ticker, f64)| {
                        all.placed(Holding { ticker, weight: weight / whole }, universes, &profiles)
                    };
                    let members = parts.iter().map(part).collect();
                    Classification { members, ..holding.factor(&group.factor) }
                }
                None => all.placed(holding, universes, &profiles),
            };
            all.each.push(one);
        }
        all
    }

    /// What a holding or a group's member stands for; what is not known of it is remembered.
    fn placed(
        &mut self,
        holding: Holding<'_>,
        universes: &[&FactorUniverse],
        profiles: &HashMap<Ticker, Result<Arc<SecurityProfile>, String>>,
    ) -> Classification {
        let ticker = holding.ticker;
        let known = universes.iter().find_map(|universe| universe.get(ticker));
        match (known, profiles.get(ticker)) {
            _ if ticker.is_currency() => holding.currency(),
            (Some(factor), _) => holding.factor(factor),
            (None, Some(Ok(profile))) => {
                let (one, unplaced) = holding.by_profile(profile, universes);
                if let Some(what) = unplaced {
                    self.unplaced.entry(what).or_default().push(ticker.clone());
                }
                one
            }
            (None, Some(Err(why))) => {
                self.unknown.entry(Reason::of(ticker, why)).or_default().push(ticker.clone());
                holding.unknown()
            }
            (None, None) => holding.unknown(),
        }
    }

    /// The same holdings with other weights; those without a weight are left out.
    pub(crate) fn weighing(&self, weights: &IndexMap<Ticker, f64>) -> Self {
        let known: HashMap<&Ticker, &Classification> = self.each.iter().map(|one| (&one.ticker, one)).collect();
        let weighed = |(ticker, weight): (&Ticker, &f64)| {
            Some(Classification { weight: *weight, ..(*known.get(ticker)?).clone() })
        };
        Self { each: weights.iter().filter_map(weighed).collect(), ..self.clone() }
    }

    /// What is not known of the holdings: those `missing` have no returns, by the reason, with their `share` of what is held;
    /// others have no profile, or one that does not place them.
    pub(crate) fn warnings(
        &self,
        missing: &IndexMap<Reason, Vec<Ticker>>,
        share: impl Fn(&[Ticker]) -> f64,
    ) -> Vec<Warning> {
        let is_missing = |ticker: &Ticker| missing.values().flatten().any(|other| other == ticker);
        let without_returns = missing.iter().map(|(why, tickers)| Warning::WithoutReturns {
            tickers: tickers.clone(),
            why: why.clone(),
            share: share(tickers),
        });
        let without_profile = self.unknown.iter().filter_map(|(why, tickers)| {
            let others: Vec<Ticker> = tickers.iter().filter(|ticker| !is_missing(ticker)).cloned().collect();
            (!others.is_empty()).then(|| Warning::WithoutProfile { tickers: others, why: why.clone() })
        });
        let unplaced =
            self.unplaced.iter().map(|(what, tickers)| Warning::Unplaced { tickers: tickers.clone(), what: *what });
        without_returns.chain(without_profile).chain(unplaced).collect()
    }

    /// Weights by some word of theirs, heaviest first.
    pub(crate) fn by(&self, word: impl Fn(&Classification) -> &str) -> IndexMap<String, f64> {
        let mut sums = IndexMap::<String, f64>::new();
        for (one, weight) in self.parts() {
            *sums.entry(word(one).to_owned()).or_default() += weight;
        }
        sums.sort_by(|a, x, b, y| y.total_cmp(x).then_with(|| a.cmp(b)));
        sums
    }

    /// The weight in some tickers: of holdings that are one of them or stand for one, and of what groups hold of them.
    pub(crate) fn weight_in(&self, members: &[Ticker]) -> f64 {
        factor_analytics::stats::sum(self.holdings_in(members).into_iter().map(|(_, weight)| weight))
    }

    /// The weight of a holding itself.
    pub(crate) fn weight_of(&self, ticker: &Ticker) -> Option<f64> {
        self.each.iter().find(|one| one.ticker == *ticker).map(|one| one.weight)
    }

    /// The holdings that [`Self::weight_in`] counts, each with its weight; of groups what they hold of them.
    pub(crate) fn holdings_in(&self, members: &[Ticker]) -> Vec<(Ticker, f64)> {
        let is_one = |one: &Classification| {
            members.contains(&one.ticker) || one.factor.as_ref().is_some_and(|f| members.contains(f))
        };
        let each = self.each.iter().flat_map(|one| {
            let itself = is_one(one).then(|| (one.ticker.clone(), one.weight));
            let within = one.members.iter().filter(|member| !is_one(one) && is_one(member));
            itself.into_iter().chain(within.map(|member| (member.ticker.clone(), one.weight * member.weight)))
        });
        each.collect()
    }

    /// Every holding with its weight; of a group its members.
    fn parts(&self) -> impl Iterator<Item = (&Classification, f64)> {
        self.each.iter().flat_map(|one| {
            let itself = one.members.is_empty().then_some((one, one.weight));
            itself.into_iter().chain(one.members.iter().map(|member| (member, one.weight * member.weight)))
        })
    }

    /// True where the weight in some tickers is partly that of shares that stand for them.
    pub(crate) fn looked_through(&self, members: &[Ticker]) -> bool {
        self.parts().any(|(one, _)| {
            one.by_profile && !members.contains(&one.ticker) && one.factor.as_ref().is_some_and(|f| members.contains(f))
        })
    }
}

/// The order of holdings: the heaviest first, long or short; equals by ticker.
pub(crate) fn heavier(a: &Classification, b: &Classification) -> std::cmp::Ordering {
    b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.ticker.cmp(&b.ticker))
}

/// A holding that is being classified.
#[derive(Debug, Clone, Copy)]
struct Holding<'a> {
    ticker: &'a Ticker,
    weight: f64,
}

impl Holding<'_> {
    fn is(self, industry: &str, sector_group: &str, asset_class: &str) -> Classification {
        Classification {
            ticker: self.ticker.clone(),
            weight: self.weight,
            industry: industry.to_owned(),
            sector_group: sector_group.to_owned(),
            asset_class: asset_class.to_owned(),
            factor: None,
            by_profile: false,
            members: Vec::new(),
        }
    }

    fn unknown(self) -> Classification {
        self.is(UNKNOWN, UNKNOWN, UNKNOWN)
    }

    fn currency(self) -> Classification {
        self.is(if self.ticker.as_str() == CASH { "cash" } else { "currency" }, "cash", "cash")
    }

    fn factor(self, factor: &Factor) -> Classification {
        let (category, class) = (factor.category.as_str(), factor.asset_class.map_or(UNKNOWN, AssetClass::as_str));
        let one = match factor.category {
            Category::Industry => self.is(factor.industry(), factor.sector_group.as_deref().unwrap_or(UNKNOWN), class),
            _ => self.is(category, category, class),
        };
        Classification { factor: Some(factor.ticker.clone()), ..one }
    }

    /// What a profile says, and what it leaves open.
    fn by_profile(
        self,
        profile: &SecurityProfile,
        universes: &[&FactorUniverse],
    ) -> (Classification, Option<Unplaced>) {
        let equity = AssetClass::Equity.as_str();
        if profile.is_fund {
            return (self.is(OTHER_FUNDS, UNKNOWN, UNKNOWN), Some(Unplaced::Fund));
        }
        let stands = |name: &String| {
            let stands = |factor: &&Factor| {
                let mut names = std::iter::once(&factor.label).chain(&factor.aliases);
                factor.category == Category::Industry && names.any(|known| known.eq_ignore_ascii_case(name))
            };
            universes.iter().find_map(|universe| universe.factors().iter().find(stands))
        };
        // A share whose industry has no ETF is one of its sector still.
        let (industry, sector) = (profile.industry.as_ref(), profile.sector.as_ref());
        let factor = industry.and_then(stands).or_else(|| sector.and_then(stands));
        let Some(industry) = industry.or(sector) else {
            return (self.is(UNKNOWN, UNKNOWN, equity), Some(Unplaced::NoIndustry));
        };
        let Some(factor) = factor else {
            let open = if profile.industry.is_some() { Unplaced::NoFactor } else { Unplaced::NoIndustry };
            return (self.is(industry, UNKNOWN, equity), Some(open));
        };
        let one = Classification {
            industry: industry.clone(),
            asset_class: equity.to_owned(),
            by_profile: true,
            ..self.factor(factor)
        };
        (one, None)
    }
}

/// What the groups among the holdings are made of.
fn members<'a>(weights: &IndexMap<Ticker, f64>, groups: &'a UserGroups) -> impl Iterator<Item = &'a Ticker> {
    let held = groups.groups.iter().filter(|group| weights.contains_key(&group.factor.ticker));
    held.flat_map(|group| group.members.iter().flatten().map(|(ticker, _)| ticker))
}

/// Those that are in no universe, each once.
fn strangers<'a>(tickers: impl Iterator<Item = &'a Ticker>, universes: &[&FactorUniverse]) -> Vec<Ticker> {
    let known = |ticker: &Ticker| universes.iter().any(|universe| universe.get(ticker).is_some());
    let mut seen = HashSet::new();
    let strange = tickers.filter(|ticker| !known(ticker) && !ticker.is_currency() && !ticker.is_composed());
    strange.filter(|ticker| seen.insert((*ticker).clone())).cloned().collect()
}

#[cfg(test)]
mod tests;
