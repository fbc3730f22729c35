//! Factors and the universe they form.

use std::collections::{BTreeMap, HashMap};

use chrono::NaiveDate;
use serde::Serialize;

use crate::{FundFacts, Ticker};

crate::closed_set! {
    /// What kind of factor an ETF stands for. Each category has its own correlation matrix.
    pub enum Category: "a category" {
        /// An industry's ETF.
        Industry = "industry",
        /// A style: momentum, value, size.
        Style = "style",
        /// A broad market.
        Market = "market",
        /// Government and corporate bonds.
        FixedIncome = "fixed_income" | "bond" | "bonds",
        /// Treasury bills and currencies.
        Cash = "cash",
        /// Commodities.
        Commodity = "commodity",
        /// Crypto assets.
        Crypto = "crypto",
        /// A factor given in the call without a category.
        Custom = "custom",
        /// A factor group of the caller's.
        User = "user",
    }
}

crate::closed_set! {
    /// The asset class an ETF belongs to.
    pub enum AssetClass: "an asset class" {
        /// Shares.
        Equity = "equity",
        /// Bonds.
        Bond = "bond" or "fixed_income" | "bonds",
        /// Bills and currencies.
        Cash = "cash",
        /// Commodities.
        Commodity = "commodity",
        /// Crypto assets.
        Crypto = "crypto",
    }
}

crate::closed_set! {
    /// Where a factor's definition came from.
    pub enum SourceTier: "a source of factors" {
        /// A database.
        Database = "database",
        /// The YAML mapping.
        Yaml = "yaml",
        /// The minimal set built into the binary.
        Builtin = "builtin",
        /// The call itself (`factor_universe`).
        Request = "request",
    }
}

impl Category {
    /// The asset class of a factor of this category when nothing else is said; none of a factor that a call brings without a
    /// category.
    pub fn default_asset_class(self) -> Option<AssetClass> {
        match self {
            Self::FixedIncome => Some(AssetClass::Bond),
            Self::Cash => Some(AssetClass::Cash),
            Self::Commodity => Some(AssetClass::Commodity),
            Self::Crypto => Some(AssetClass::Crypto),
            Self::Industry | Self::Style | Self::Market | Self::User => Some(AssetClass::Equity),
            Self::Custom => None,
        }
    }

    /// The priority of a factor when nothing else is said; a lower number is preferred.
    pub fn default_priority(self, canonical: bool) -> u32 {
        match self {
            _ if canonical => 0,
            Self::Market => 10,
            Self::Style => 20,
            _ => 100,
        }
    }
}

impl AssetClass {
    /// The macro group this class forms: its own name, but `fixed_income` for bonds.
    pub fn macro_group(self) -> &'static str {
        match self {
            Self::Bond => Category::FixedIncome.as_str(),
            other => other.as_str(),
        }
    }
}

/// One factor: an ETF and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Factor {
    /// The ETF.
    pub ticker: Ticker,
    /// What people call it: `Semiconductors`, `US Treasuries 20+ years`; else the first key it stands for.
    pub label: String,
    /// Further names that the same ETF stands for.
    pub aliases: Vec<String>,
    /// Its kind.
    pub category: Category,
    /// Its asset class; `None` where nothing says it: it is in no macro group.
    pub asset_class: Option<AssetClass>,
    /// For an industry: `cyclical`, `sensitive`, `defensive`, or whatever the mapping says.
    pub sector_group: Option<String>,
    /// For an industry: the finer name of the mapping.
    pub subindustry: Option<String>,
    /// The key it has in its mapping.
    pub proxy_key: Option<String>,
    /// True for the ETF that stands first for its key.
    pub canonical: bool,
    /// A lower number is preferred.
    pub priority: u32,
    /// The first month of the fund, where the mapping says.
    pub inception: Option<NaiveDate>,
    /// Free text of the mapping.
    pub description: Option<String>,
    /// What is known of the fund besides its prices.
    #[serde(skip)]
    pub facts: FundFacts,
    /// Where the definition came from.
    pub source: SourceTier,
}

impl Factor {
    /// A factor with the defaults of its category.
    pub fn new(ticker: Ticker, label: impl Into<String>, category: Category, source: SourceTier) -> Self {
        Self {
            ticker,
            label: label.into(),
            aliases: Vec::new(),
            category,
            asset_class: category.default_asset_class(),
            sector_group: None,
            subindustry: None,
            proxy_key: None,
            canonical: false,
            priority: category.default_priority(false),
            inception: None,
            description: None,
            facts: FundFacts::default(),
            source,
        }
    }
}

/// The factors to analyse: one per ticker, in the order of their categories and then of their mapping.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FactorUniverse {
    factors: Vec<Factor>,
    by_ticker: HashMap<Ticker, usize>,
}

impl FactorUniverse {
    /// A universe from factors in any order. A ticker that comes again adds its label and aliases to the first one's
    /// aliases, and fills a sector group, subindustry or inception that the first one lacks: one ETF is one column.
    pub fn new(factors: impl IntoIterator<Item = Factor>) -> Self {
        let mut universe = Self::default();
        for factor in factors {
            match universe.by_ticker.get(&factor.ticker) {
                Some(&at) => universe.factors[at].absorb(factor),
                None => {
                    universe.by_ticker.insert(factor.ticker.clone(), universe.factors.len());
                    universe.factors.push(factor);
                }
            }
        }
        universe.factors.sort_by_key(|factor| factor.category);
        universe.by_ticker =
            universe.factors.iter().enumerate().map(|(at, factor)| (factor.ticker.clone(), at)).collect();
        universe
    }

    /// The same with what is known of the funds.
    #[must_use]
    pub fn with_facts(mut self, facts: &BTreeMap<Ticker, FundFacts>) -> Self {
        for factor in &mut self.factors {
            factor.facts = facts.get(&factor.ticker).copied().unwrap_or_default();
        }
        self
    }

    /// The factors in order.
    pub fn factors(&self) -> &[Factor] {
        &self.factors
    }

    /// The factor of one ticker.
    pub fn get(&self, ticker: &Ticker) -> Option<&Factor> {
        self.by_ticker.get(ticker).map(|&at| &self.factors[at])
    }

    /// How many factors.
    pub fn len(&self) -> usize {
        self.factors.len()
    }

    /// True when there are none.
    pub fn is_empty(&self) -> bool {
        self.factors.is_empty()
    }
}

impl Factor {
    /// The industry it stands for, as its mapping has it: a fund of a whole sector is called by that, and stands for a narrower
    /// one.
    pub fn industry(&self) -> &str {
        self.proxy_key.as_deref().unwrap_or(&self.label)
    }

    fn absorb(&mut self, again: Factor) {
        for name in std::iter::once(again.label).chain(again.aliases) {
            if name != self.label && !self.aliases.contains(&name) {
                self.aliases.push(name);
            }
        }
        self.sector_group = self.sector_group.take().or(again.sector_group);
        self.subindustry = self.subindustry.take().or(again.subindustry);
        self.inception = self.inception.take().or(again.inception);
        self.description = self.description.take().or(again.description);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn factor(ticker: &str, label: &str, category: Category) -> Factor {
        Factor::new(ticker.parse().unwrap(), label, category, SourceTier::Yaml)
    }

    #[test]
    fn one_etf_is_one_column_with_all_its_names() {
        let mut named = factor("XLK", "Computer Hardware", Category::Industry);
        named.sector_group = Some("sensitive".into());
        let universe = FactorUniverse::new([
            factor("SPY", "us_large", Category::Market),
            factor("XLK", "Information Technology Services", Category::Industry),
            named,
            factor("XLK", "Consumer Electronics", Category::Industry),
        ]);
        let xlk = &universe.factors()[0];
        assert_eq!(universe.len(), 2);
        assert_eq!(xlk.label, "Information Technology Services");
        assert_eq!(xlk.aliases, ["Computer Hardware", "Consumer Electronics"]);
        assert_eq!(xlk.sector_group.as_deref(), Some("sensitive"));
        assert_eq!(universe.get(&"SPY".parse().unwrap()).unwrap().label, "us_large");
    }
}
