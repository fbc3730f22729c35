//! Which performance sections to compute, and how.

use std::{cmp::Ordering, collections::BTreeSet, hash::Hash, mem::discriminant};

use factor_types::{AssetClass, Category, Factor, Ticker};
use indexmap::IndexMap;

use crate::{fields::eq_and_hash_by_fields, report::Granularity, sections::performance::PerformanceProfile};

/// What the tables are sorted by; missing values come last, ties in order of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum SortBy {
    /// `sharpe_ratio`, highest first.
    #[default]
    SharpeRatio,
    /// `annual_return`, highest first.
    AnnualReturn,
    /// `volatility`, highest first.
    Volatility,
}

impl SortBy {
    /// The field.
    pub fn field(self) -> &'static str {
        match self {
            Self::SharpeRatio => "sharpe_ratio",
            Self::AnnualReturn => "annual_return",
            Self::Volatility => "volatility",
        }
    }

    fn of(self, profile: &PerformanceProfile) -> Option<f64> {
        match self {
            Self::SharpeRatio => profile.sharpe_ratio,
            Self::AnnualReturn => profile.annual_return,
            Self::Volatility => profile.volatility,
        }
    }

    pub(super) fn compare(self, a: (&str, &PerformanceProfile), b: (&str, &PerformanceProfile)) -> Ordering {
        let by_value = match (self.of(a.1), self.of(b.1)) {
            (Some(x), Some(y)) => y.total_cmp(&x),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_value.then_with(|| a.0.cmp(b.0))
    }
}

/// How the members of a composite are weighted.
#[derive(Debug, Clone, Default)]
pub enum Weighting {
    /// Equal weights.
    #[default]
    Equal,
    /// By market capitalisation as of now, over the whole history: a look-ahead. Members without a capitalisation take
    /// no part.
    Cap,
    /// By these weights; members not named take no part.
    Custom(IndexMap<Ticker, f64>),
}

eq_and_hash_by_fields!(Weighting);

impl Weighting {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let weights = match self {
            Self::Custom(weights) => weights.iter().map(|(ticker, weight)| (ticker, weight.to_bits())).collect(),
            Self::Equal | Self::Cap => Vec::new(),
        };
        (discriminant(self), weights)
    }
}

/// Which performance sections to compute.
#[derive(Debug, Clone)]
pub struct PerformancePlan {
    /// The categories of the per-factor table; `None` for no table.
    pub per_factor: Option<BTreeSet<Category>>,
    /// The groups of the macro composites; `None` for none.
    pub macro_composites: Option<Vec<AssetClass>>,
    /// The composites of every category, and of industry groups.
    pub category_composites: bool,
    /// How industries are summed up.
    pub granularity: Granularity,
    /// How composites are weighted.
    pub weights: Weighting,
    /// Constituents kept per composite, in order of preference.
    pub max_per_composite: Option<usize>,
    /// Whose returns the relative figures are against.
    pub benchmark: Ticker,
    /// The order of the tables.
    pub sort_by: SortBy,
    /// Share of a composite's members that must be there (0 to 1).
    pub min_coverage: f64,
}

eq_and_hash_by_fields!(PerformancePlan);

impl PerformancePlan {
    /// True when any composite is computed.
    pub fn has_composites(&self) -> bool {
        self.macro_composites.is_some() || self.category_composites
    }

    /// True when the factor may be a member of a composite.
    pub fn is_member(&self, factor: &Factor) -> bool {
        let in_macro =
            |groups: &Vec<AssetClass>| groups.contains(&factor.asset_class) && factor.category != Category::User;
        self.category_composites || self.macro_composites.as_ref().is_some_and(in_macro)
    }

    /// True when the factor is in the table or in a composite, so that its dividends are needed.
    pub fn needs(&self, factor: &Factor) -> bool {
        self.per_factor.as_ref().is_some_and(|table| table.contains(&factor.category)) || self.is_member(factor)
    }
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self {
            per_factor,
            macro_composites,
            category_composites,
            granularity,
            weights,
            max_per_composite,
            benchmark,
            sort_by,
            min_coverage,
        } = self;
        let composites = (macro_composites, category_composites, granularity, weights, max_per_composite);
        (per_factor, composites, benchmark, sort_by, min_coverage.to_bits())
    }
}
