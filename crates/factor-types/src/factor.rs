//! Factors and the universe they form.

use std::{collections::HashMap, fmt, str::FromStr};

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::Ticker;

/// What kind of factor an ETF stands for. Each category has its own correlation matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Category {
    /// An industry's ETF.
    Industry,
    /// A style: momentum, value, size.
    Style,
    /// A broad market.
    Market,
    /// Government and corporate bonds.
    FixedIncome,
    /// Treasury bills and currencies.
    Cash,
    /// Commodities.
    Commodity,
    /// Crypto assets.
    Crypto,
    /// A factor given in the call without a category.
    Custom,
    /// A factor group of the caller's.
    User,
}

impl Category {
    /// Every category, in the order of answers.
    pub const ALL: [Self; 9] = [
        Self::Industry,
        Self::Style,
        Self::Market,
        Self::FixedIncome,
        Self::Cash,
        Self::Commodity,
        Self::Crypto,
        Self::Custom,
        Self::User,
    ];

    /// The name in arguments and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Industry => "industry",
            Self::Style => "style",
            Self::Market => "market",
            Self::FixedIncome => "fixed_income",
            Self::Cash => "cash",
            Self::Commodity => "commodity",
            Self::Crypto => "crypto",
            Self::Custom => "custom",
            Self::User => "user",
        }
    }

    /// The asset class of a factor of this category when nothing else is said.
    pub fn default_asset_class(self) -> AssetClass {
        match self {
            Self::FixedIncome => AssetClass::Bond,
            Self::Cash => AssetClass::Cash,
            Self::Commodity => AssetClass::Commodity,
            Self::Crypto => AssetClass::Crypto,
            Self::Industry | Self::Style | Self::Market | Self::Custom | Self::User => AssetClass::Equity,
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

impl fmt::Display for Category {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Category {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        if name == "bond" {
            return Ok(Self::FixedIncome);
        }
        Self::ALL.into_iter().find(|category| category.as_str() == name).ok_or_else(|| {
            format!(
                "`{text}` is not a category: write one of industry, style, market, fixed_income, cash, commodity, crypto, custom, user"
            )
        })
    }
}

/// The asset class an ETF belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AssetClass {
    /// Shares.
    Equity,
    /// Bonds.
    Bond,
    /// Bills and currencies.
    Cash,
    /// Commodities.
    Commodity,
    /// Crypto assets.
    Crypto,
}

impl AssetClass {
    /// Every asset class, in the order of the macro groups.
    pub const ALL: [Self; 5] = [Self::Equity, Self::Bond, Self::Cash, Self::Commodity, Self::Crypto];

    /// The name in arguments and answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Equity => "equity",
            Self::Bond => "bond",
            Self::Cash => "cash",
            Self::Commodity => "commodity",
            Self::Crypto => "crypto",
        }
    }

    /// The macro group this class forms: its own name, but `fixed_income` for bonds.
    pub fn macro_group(self) -> &'static str {
        match self {
            Self::Bond => "fixed_income",
            other => other.as_str(),
        }
    }
}

impl fmt::Display for AssetClass {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for AssetClass {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let name = text.trim().to_ascii_lowercase();
        Self::ALL.into_iter().find(|class| name == class.as_str() || name == class.macro_group()).ok_or_else(|| {
            format!(
                "`{text}` is not an asset class: write one of equity, bond (or fixed_income), cash, commodity, crypto"
            )
        })
    }
}

/// Where a factor's definition came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum SourceTier {
    /// A database.
    Database,
    /// The YAML mapping.
    Yaml,
    /// The minimal set built into the binary.
    Builtin,
    /// The call itself (`factor_universe`).
    Request,
}

impl SourceTier {
    /// The name in answers.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Database => "database",
            Self::Yaml => "yaml",
            Self::Builtin => "builtin",
            Self::Request => "request",
        }
    }
}

/// One factor: an ETF and what it stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
pub struct Factor {
    /// The ETF.
    pub ticker: Ticker,
    /// The first name it stands for: `Semiconductors`, `momentum`, `UST10Y`.
    pub label: String,
    /// Further names that the same ETF stands for.
    pub aliases: Vec<String>,
    /// Its kind.
    pub category: Category,
    /// Its asset class.
    pub asset_class: AssetClass,
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

    #[test]
    fn names_read_back_and_bonds_have_two() {
        for category in Category::ALL {
            assert_eq!(category.as_str().parse(), Ok(category));
        }
        for class in AssetClass::ALL {
            assert_eq!(class.as_str().parse(), Ok(class));
        }
        assert_eq!("bond".parse(), Ok(Category::FixedIncome));
        assert_eq!("fixed_income".parse(), Ok(AssetClass::Bond));
        assert!("Bonds".parse::<Category>().unwrap_err().contains("`Bonds`"));
    }
}
