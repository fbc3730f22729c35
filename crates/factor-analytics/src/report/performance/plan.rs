//! Which performance sections to compute, and how.

use std::{cmp::Ordering, collections::BTreeSet, hash::Hash, mem::discriminant};

use factor_types::{AssetClass, Category, Factor, Ticker};
use indexmap::IndexMap;

use crate::{
    fields::eq_and_hash_by_fields,
    report::Granularity,
    sections::performance::{Figure, PerformanceProfile},
    study::History,
};

/// What the tables are sorted by; missing values come last either way, ties in order of names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct SortBy {
    field: &'static str,
    ascending: bool,
}

impl Default for SortBy {
    fn default() -> Self {
        Self { field: "sharpe_ratio", ascending: false }
    }
}

impl SortBy {
    /// By a numeric field of a profile, highest first.
    pub fn of(figure: Figure) -> Self {
        Self { field: figure.name, ascending: false }
    }

    /// The same with the lowest first (of `max_drawdown` the deepest), or the highest.
    #[must_use]
    pub fn ascending(self, ascending: bool) -> Self {
        Self { ascending, ..self }
    }

    /// The same, or by total_return where none of the entries has the figure: nothing would be sorted by it.
    pub(super) fn or_total_return<'a>(
        self,
        mut entries: impl Iterator<Item = (&'a History, &'a PerformanceProfile)>,
    ) -> Self {
        if entries.any(|(history, profile)| self.value(history, profile).is_some()) {
            return self;
        }
        Self { field: "total_return", ..self }
    }

    /// True with the lowest first.
    pub fn is_ascending(self) -> bool {
        self.ascending
    }

    /// The field.
    pub fn field(self) -> &'static str {
        self.field
    }

    /// What an entry is sorted by.
    pub fn value(self, history: &History, profile: &PerformanceProfile) -> Option<f64> {
        Figure::named(self.field)?.of(history, profile)
    }

    pub(super) fn compare(self, a: (&str, Option<f64>), b: (&str, Option<f64>)) -> Ordering {
        let by_value = match (a.1, b.1) {
            (Some(x), Some(y)) if self.ascending => x.total_cmp(&y),
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
        let in_macro = |groups: &Vec<AssetClass>| {
            factor.asset_class.is_some_and(|class| groups.contains(&class)) && factor.category != Category::User
        };
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

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use factor_types::SourceTier;

    use super::*;

    fn plan() -> PerformancePlan {
        PerformancePlan {
            per_factor: Some(BTreeSet::from([Category::Style])),
            macro_composites: Some(vec![AssetClass::Equity]),
            category_composites: false,
            granularity: Granularity::Group,
            weights: Weighting::Equal,
            max_per_composite: None,
            benchmark: Ticker::spy(),
            sort_by: SortBy::default(),
            min_coverage: 0.6,
        }
    }

    #[test]
    fn tables_are_sorted_either_way_with_missing_values_last() {
        let history = History::of(&[], &[]);
        let sorted = |ascending| {
            let by = SortBy::of(Figure::named("max_drawdown").unwrap()).ascending(ascending);
            let mut rows = [("D", None), ("B", Some(-0.3)), ("C", Some(-0.1)), ("A", Some(-0.3))];
            let value = |max_drawdown| {
                by.value(&history, &PerformanceProfile { max_drawdown, ..PerformanceProfile::default() })
            };
            rows.sort_by(|a, b| by.compare((a.0, value(a.1)), (b.0, value(b.1))));
            (by.field(), rows.map(|(name, _)| name))
        };
        assert_eq!(sorted(false), ("max_drawdown", ["C", "A", "B", "D"]));
        // The deepest first.
        assert_eq!(sorted(true), ("max_drawdown", ["A", "B", "C", "D"]));
    }

    #[test]
    fn dividends_are_needed_of_what_is_shown_or_a_member() {
        let factor = |category, class| {
            let mut factor = Factor::new(Ticker::spy(), "", category, SourceTier::Request);
            factor.asset_class = Some(class);
            factor
        };
        let plan = plan();
        assert!(plan.needs(&factor(Category::Style, AssetClass::Commodity)));
        assert!(plan.needs(&factor(Category::Market, AssetClass::Equity)));
        // A user's group is in no macro composite.
        assert!(!plan.needs(&factor(Category::User, AssetClass::Equity)));
        assert!(!plan.needs(&factor(Category::Market, AssetClass::Bond)));
    }

    #[test]
    fn every_field_makes_another_plan() {
        let weighted = |weight| PerformancePlan {
            weights: Weighting::Custom([(Ticker::spy(), weight)].into_iter().collect()),
            ..plan()
        };
        let different = [
            plan(),
            PerformancePlan { per_factor: None, ..plan() },
            PerformancePlan { macro_composites: None, ..plan() },
            PerformancePlan { category_composites: true, ..plan() },
            PerformancePlan { granularity: Granularity::Industry, ..plan() },
            PerformancePlan { weights: Weighting::Cap, ..plan() },
            weighted(0.0),
            weighted(-0.0),
            weighted(0.5),
            PerformancePlan { max_per_composite: Some(3), ..plan() },
            PerformancePlan { benchmark: "QQQ".parse().unwrap(), ..plan() },
            PerformancePlan { sort_by: SortBy::default().ascending(true), ..plan() },
            PerformancePlan { sort_by: SortBy::of(Figure::named("volatility").unwrap()), ..plan() },
            PerformancePlan { min_coverage: 0.6_f64.next_up(), ..plan() },
        ];
        let keys: HashSet<&PerformancePlan> = different.iter().collect();
        assert_eq!(keys.len(), different.len());
        assert_eq!(plan(), plan());
    }
}
