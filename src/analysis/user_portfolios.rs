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

/// Cash in an account's currency.
pub const CASH: &str = "CUR:USD";

impl UserGroups {
    /// The portfolio of this name, which the call names as `PORTFOLIO:<name>`.
    pub fn portfolio(&self, name: &GroupName) -> Option<&UserPortfolio> {
        let wanted = Ticker::of_portfolio(name).as_str().to_lowercase();
        self.portfolios.iter().find(|one| one.factor.ticker.as_str().to_lowercase() == wanted)
    }

    /// True where what takes part earns the risk-free rate, or borrows at it.
    pub fn hold_cash(&self) -> bool {
        self.portfolios.iter().any(|portfolio| portfolio.cash() != 0.0)
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
        self.portfolios.iter().filter(|one| factors.iter().any(|factor| factor.ticker == one.factor.ticker))
    }
}
