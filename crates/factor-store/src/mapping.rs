//! A mapping: rows that say which ETF stands for what.

pub(crate) mod edit;
pub(crate) mod rules;

use chrono::NaiveDate;
use factor_types::{AssetClass, Category, Factor, SourceTier, Ticker};
use serde::Serialize;

use crate::labels::label_of;

factor_types::closed_set! {
    /// What a mapping maps. Each kind is loaded by itself, so that one broken file costs one kind.
    pub enum MappingKind: "a kind of mapping" {
        /// Bonds, cash, commodities and crypto assets.
        AssetProxies = "asset_proxies",
        /// Industries.
        Industries = "industries",
        /// Styles and markets.
        StyleAndMarket = "style_and_market",
    }
}

impl MappingKind {
    /// The kind that has rows of this category; `None` for factors given in a call and for groups.
    pub fn of(category: Category) -> Option<Self> {
        match category {
            Category::Industry => Some(Self::Industries),
            Category::Style | Category::Market => Some(Self::StyleAndMarket),
            Category::FixedIncome | Category::Cash | Category::Commodity | Category::Crypto => Some(Self::AssetProxies),
            Category::Custom | Category::User => None,
        }
    }

    /// The name of its YAML file.
    pub fn file_name(self) -> &'static str {
        match self {
            Self::AssetProxies => "asset_etf_proxies.yaml",
            Self::Industries => "industry_to_etf.yaml",
            Self::StyleAndMarket => "style_and_market.yaml",
        }
    }
}

/// One row of a mapping, inactive rows included. Unlike a [`Factor`] it keeps "not said" apart from the default, so
/// that a mapping can be written back as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ProxyRow {
    /// The category of the factor.
    pub category: Category,
    /// What the ETF stands for: `UST10Y`, `Semiconductors`, `momentum`.
    pub key: String,
    /// The ETF.
    pub etf: Ticker,
    /// True for the ETF that stands first for its key.
    pub canonical: bool,
    /// The priority, where the mapping gives one.
    pub priority: Option<u32>,
    /// False keeps the row but leaves it out of the universe.
    pub active: bool,
    /// The asset class, where the mapping gives one.
    pub asset_class: Option<AssetClass>,
    /// For an industry: its group of sectors.
    pub sector_group: Option<String>,
    /// For an industry: a finer name.
    pub subindustry: Option<String>,
    /// The first day of the fund's first month.
    pub inception: Option<NaiveDate>,
    /// Free text.
    pub description: Option<String>,
    /// An administrator's remarks; no answer has them.
    pub notes: Option<String>,
}

impl ProxyRow {
    /// An active row that says nothing but its ETF.
    pub fn new(category: Category, key: impl Into<String>, etf: Ticker) -> Self {
        Self {
            category,
            key: key.into(),
            etf,
            canonical: false,
            priority: None,
            active: true,
            asset_class: None,
            sector_group: None,
            subindustry: None,
            inception: None,
            description: None,
            notes: None,
        }
    }

    /// The factor this row defines, with the defaults of its category where the row says nothing. Its label is what people
    /// call the fund, where that is known, and the key then a further name.
    pub fn factor(&self, source: SourceTier) -> Factor {
        let label = label_of(self.etf.as_str(), &self.key).unwrap_or(&self.key);
        let plain = Factor::new(self.etf.clone(), label, self.category, source);
        Factor {
            aliases: if label == self.key { Vec::new() } else { vec![self.key.clone()] },
            asset_class: self.asset_class.or(plain.asset_class),
            sector_group: self.sector_group.clone(),
            subindustry: self.subindustry.clone(),
            proxy_key: Some(self.key.clone()),
            canonical: self.canonical,
            priority: self.priority.unwrap_or_else(|| self.category.default_priority(self.canonical)),
            inception: self.inception,
            description: self.description.clone(),
            ..plain
        }
    }
}
