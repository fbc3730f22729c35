//! A user's saved portfolios as factors of an analysis: those that a call names.

use std::sync::Arc;

use factor_analytics::{
    panel::PortfolioColumn,
    study::{Exclusion, ExclusionReason},
};
use factor_types::{AssetClass, Category, Factor, FactorUniverse, GroupName, SourceTier, Ticker};
use indexmap::IndexMap;

use super::user_groups::{UserGroup, UserGroups, shared_class};

/// A saved portfolio and what its returns are made of.
#[derive(Debug, Clone, PartialEq)]
pub struct UserPortfolio {
    /// The portfolio as a factor: `PORTFOLIO:<name>`, category `user`.
    pub factor: Arc<Factor>,
    /// What it holds, cash (`CUR:USD`) too, as shares with sum 1, or why that is not known.
    pub weights: Result<IndexMap<Ticker, f64>, String>,
    /// The groups among what it holds.
    pub groups: Vec<UserGroup>,
    /// How the weights came about, where they are not those that were saved.
    pub notes: Vec<String>,
    /// What is to be known of the prices that made weights of shares.
    pub warnings: Vec<String>,
}

impl UserPortfolio {
    /// The portfolio of this name. Its asset class is that of what it holds where all of it has the same one, as far as
    /// `universe` knows; else it counts as equity, as groups do.
    pub fn new(
        name: &GroupName,
        weights: Result<IndexMap<Ticker, f64>, String>,
        groups: &UserGroups,
        universe: &FactorUniverse,
    ) -> Self {
        let mut factor = Factor::new(Ticker::of_portfolio(name), name.as_str(), Category::User, SourceTier::Database);
        let held = || weights.iter().flat_map(IndexMap::keys);
        if let Some(class) = shared_class(held(), universe) {
            factor.asset_class = class;
        }
        let groups = groups.groups.iter().filter(|group| held().any(|ticker| *ticker == group.factor.ticker));
        let groups = groups.cloned().collect();
        Self { factor: Arc::new(factor), weights, groups, notes: Vec::new(), warnings: Vec::new() }
    }

    /// The portfolio as a factor of a call's own universe.
    #[must_use]
    pub fn taken_as(&self, label: Option<String>, category: Category, asset_class: Option<AssetClass>) -> Self {
        Self { factor: Arc::new(UserGroup::relabelled(&self.factor, label, category, asset_class)), ..self.clone() }
    }

    /// What is held besides cash, with its weight.
    pub fn holdings(&self) -> impl Iterator<Item = (&Ticker, f64)> {
        let all = self.weights.iter().flatten();
        all.filter(|(ticker, _)| ticker.as_str() != CASH).map(|(ticker, weight)| (ticker, *weight))
    }

    /// What is in cash.
    fn cash(&self) -> f64 {
        let all = self.weights.iter().flatten();
        all.filter(|(ticker, _)| ticker.as_str() == CASH).map(|(_, weight)| weight).sum()
    }
}

/// A sum of weights this close to 1 leaves nothing.
const ROUNDING: f64 = 1e-9;

/// Cash in an account's currency.
pub const CASH: &str = "CUR:USD";

impl UserGroups {
    /// The portfolio of this name, which the call names as `PORTFOLIO:<name>`.
    pub fn portfolio(&self, name: &GroupName) -> Option<&UserPortfolio> {
        let wanted = Ticker::of_portfolio(name).as_str().to_lowercase();
        self.portfolios.iter().find(|one| one.factor.ticker.as_str().to_lowercase() == wanted)
    }

    /// True where a portfolio that takes part earns the risk-free rate, or borrows at it: what its holdings leave is cash.
    pub fn hold_cash(&self) -> bool {
        let invested = |portfolio: &UserPortfolio| portfolio.holdings().map(|(_, weight)| weight).sum::<f64>();
        self.portfolios
            .iter()
            .any(|portfolio| portfolio.weights.is_ok() && (1.0 - invested(portfolio)).abs() > ROUNDING)
    }

    /// The columns that the portfolios among `factors` become.
    pub(super) fn portfolio_columns(&self, factors: &[Arc<Factor>]) -> Vec<PortfolioColumn> {
        let column = |one: &UserPortfolio| {
            one.weights.is_ok().then(|| PortfolioColumn {
                ticker: one.factor.ticker.clone(),
                holdings: one.holdings().map(|(ticker, weight)| (ticker.clone(), weight)).collect(),
                cash: one.cash(),
            })
        };
        self.portfolios_among(factors).filter_map(column).collect()
    }

    /// The portfolios among `factors` that have no weights, as exclusions.
    pub(super) fn unvalued(&self, factors: &[Arc<Factor>]) -> Vec<Exclusion> {
        let exclusion = |one: &UserPortfolio| {
            let detail = one.weights.as_ref().err()?.clone();
            let (ticker, label) = (one.factor.ticker.clone(), one.factor.label.clone());
            Some(Exclusion { ticker, label, reason: ExclusionReason::Unsupported, detail })
        };
        self.portfolios_among(factors).filter_map(exclusion).collect()
    }

    pub(super) fn portfolios_among<'a>(
        &'a self,
        factors: &'a [Arc<Factor>],
    ) -> impl Iterator<Item = &'a UserPortfolio> {
        self.portfolios.iter().filter(|one| self.takes_part(&one.factor.ticker, factors))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::analysis::test_market::{group, ticker};

    fn portfolio(weights: &[(&str, f64)], groups: &UserGroups, universe: &FactorUniverse) -> UserPortfolio {
        let name: GroupName = "Core Mix".parse().unwrap();
        let of = |name: &str| groups.find(name).map_or_else(|| ticker(name), |group| group.factor.ticker.clone());
        let weights = weights.iter().map(|(name, weight)| (of(name), *weight)).collect();
        UserPortfolio::new(&name, Ok(weights), groups, universe)
    }

    fn universe(classes: &[(&str, AssetClass)]) -> FactorUniverse {
        FactorUniverse::new(classes.iter().map(|(name, class)| {
            let mut factor = Factor::new(ticker(name), *name, Category::Style, SourceTier::Yaml);
            factor.asset_class = Some(*class);
            factor
        }))
    }

    #[test]
    fn a_portfolio_is_a_column_of_its_holdings_and_its_cash() {
        let groups = UserGroups { groups: vec![group("pair", &[("XLK", 1.0)])], ..UserGroups::default() };
        let own = portfolio(&[("SPY", 0.6), ("USER:pair", 0.3), (CASH, 0.1)], &groups, &universe(&[]));
        assert_eq!((own.factor.ticker.as_str(), own.factor.label.as_str()), ("PORTFOLIO:Core_Mix", "Core Mix"));
        assert_eq!(own.groups.len(), 1, "what it holds comes along");
        let factors = [Arc::clone(&own.factor)];
        let all = UserGroups { portfolios: vec![own], ..UserGroups::default() };
        assert!(all.hold_cash() && all.portfolio(&"core mix".parse().unwrap()).is_some());
        let columns = all.portfolio_columns(&factors);
        let held: Vec<(&str, f64)> = columns[0].holdings.iter().map(|(ticker, w)| (ticker.as_str(), *w)).collect();
        assert_eq!((held, columns[0].cash), (vec![("SPY", 0.6), ("USER:pair", 0.3)], 0.1));
        assert_eq!(all.columns(&factors).len(), 1, "the group is a column, though no factor");
        assert!(all.portfolio_columns(&[]).is_empty() && all.columns(&[]).is_empty());
        assert_eq!(all.factors().count(), 1);
    }

    #[test]
    fn one_without_weights_is_excluded_with_the_reason() {
        let name: GroupName = "Core".parse().unwrap();
        let own = UserPortfolio::new(&name, Err("no price".to_owned()), &UserGroups::default(), &universe(&[]));
        let factors = [Arc::clone(&own.factor)];
        let all = UserGroups { portfolios: vec![own], ..UserGroups::default() };
        assert!(!all.hold_cash() && all.portfolio_columns(&factors).is_empty());
        let excluded = all.unvalued(&factors);
        assert_eq!((excluded[0].ticker.as_str(), excluded[0].detail.as_str()), ("PORTFOLIO:Core", "no price"));
    }

    #[test]
    fn its_class_is_the_one_that_all_it_holds_has() {
        use AssetClass::{Bond, Equity};
        let of = |classes: &[(&str, AssetClass)]| {
            let own = portfolio(&[("IEF", 0.5), ("TLT", 0.5)], &UserGroups::default(), &universe(classes));
            own.factor.asset_class
        };
        assert_eq!(of(&[("IEF", Bond), ("TLT", Bond)]), Some(Bond));
        assert_eq!(of(&[("IEF", Bond), ("TLT", Equity)]), Some(Equity), "as user factors are");
        assert!(!portfolio_holds_cash(&[("IEF", 0.5), ("TLT", 0.5)]));
        assert!(portfolio_holds_cash(&[("IEF", 0.9), ("TLT", 0.5)]), "what is borrowed costs the rate");
    }

    fn portfolio_holds_cash(weights: &[(&str, f64)]) -> bool {
        let own = portfolio(weights, &UserGroups::default(), &universe(&[]));
        UserGroups { portfolios: vec![own], ..UserGroups::default() }.hold_cash()
    }
}
