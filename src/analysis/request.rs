//! What a call means, settled: no defaults left to fill, no words left to read.

use std::collections::BTreeSet;

use chrono::NaiveDate;
use factor_analytics::{
    panel::{DefaultStart, window::LEAD_MONTHS},
    regime::Regime,
    report::{CorrelationPlan, PerformancePlan, ReturnsPlan},
};
use factor_types::{AssetClass, Category, FactorUniverse, Frequency, Ticker, closed_set};

use super::UserGroups;

closed_set! {
    /// The kinds of analysis.
    pub enum AnalysisKind: "an analysis" {
        /// Matrices and overlays.
        Correlations = "correlations",
        /// Risk and return per factor.
        Performance = "performance",
        /// Trailing windows.
        Returns = "returns",
    }
}

impl AnalysisKind {
    /// What a call that names no analysis means, by the arguments that it gives: `windows` are of returns, `fields` and what is sorted
    /// of performance. Correlations where it gives none of these, both, or one of theirs.
    pub fn meant(gives: impl Fn(&str) -> bool) -> Self {
        const OF_PERFORMANCE: [&str; 5] =
            ["fields", "sort_by", "sort_order", "composite_weighting_method", "composite_weights"];
        const OF_CORRELATIONS: [&str; 7] = [
            "include_macro_etf",
            "include_statistics",
            "include_rolling_summaries",
            "regime",
            "correlation_method",
            "preset",
            "matrix_format",
        ];
        let any = |names: &[&str]| names.iter().any(|name| gives(name));
        match (gives("windows"), any(&OF_PERFORMANCE), any(&OF_CORRELATIONS)) {
            (true, false, false) => Self::Returns,
            (false, true, false) => Self::Performance,
            _ => Self::Correlations,
        }
    }
}

/// An analysis to run.
#[derive(Debug, Clone)]
pub struct AnalysisRequest {
    /// The kind; agrees with `plan`.
    pub kind: AnalysisKind,
    /// The dates asked for.
    pub dates: DateRule,
    /// How often returns are measured.
    pub frequency: Frequency,
    /// The categories picked; `None` for all.
    pub categories: Option<BTreeSet<Category>>,
    /// Which asset classes of the universe take part at all.
    pub asset_classes: AssetClassFilter,
    /// A universe of the call's own.
    pub universe: Option<FactorUniverse>,
    /// The caller's groups that take part along with the universe.
    pub groups: UserGroups,
    /// The benchmark.
    pub benchmark: Ticker,
    /// Further tickers whose prices are needed though they may be no factors: overlay benchmarks, holdings.
    pub also_priced: Vec<Ticker>,
    /// Funds whose prices are needed for the risk-free rate or for the lens alone: they have no say in which days there are.
    pub rate_sources: Vec<Ticker>,
    /// Months of prices before the window's start that something looks at: those of the plan at least.
    pub lead_months: u32,
    /// The floor on observations, if the call names one.
    pub min_observations: Option<usize>,
    /// The sections to compute.
    pub plan: Plan,
}

/// The dates of a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateRule {
    /// The first date, excluded.
    pub start: Option<NaiveDate>,
    /// The last date, included.
    pub end: Option<NaiveDate>,
    /// Where the default start lies.
    pub default_start: DefaultStart,
}

/// The sections to compute, by kind. Equal and hashed by fields, numbers by their bits.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Plan {
    /// Matrices and overlays.
    Correlations(CorrelationPlan),
    /// Risk and return per factor.
    Performance(PerformancePlan),
    /// Trailing windows.
    Returns(ReturnsPlan),
}

impl Plan {
    /// Months of prices before the window's start that the sections look at.
    pub fn lead_months(&self) -> u32 {
        match self {
            Self::Correlations(plan) if plan.regime == Some(Regime::HighVol) => LEAD_MONTHS + Regime::TRAILING_MONTHS,
            Self::Correlations(_) | Self::Performance(_) | Self::Returns(_) => LEAD_MONTHS,
        }
    }

    /// True for returns with a table of yields: others have none and need none.
    pub fn has_yields(&self) -> bool {
        matches!(self, Self::Returns(plan) if plan.yields)
    }
}

impl AnalysisRequest {
    /// The categories that are counted, ranked and tabled.
    pub fn selected_categories(&self) -> BTreeSet<Category> {
        self.categories.clone().unwrap_or_else(|| BTreeSet::from(Category::ALL))
    }
}

/// Which asset classes take part; an exclusion wins over an inclusion.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AssetClassFilter {
    /// Only these; all when empty.
    pub include: Vec<AssetClass>,
    /// Never these.
    pub exclude: Vec<AssetClass>,
}

impl AssetClassFilter {
    /// True when a factor of this class takes part; one of no known class does where no class is asked for.
    pub fn lets_through(&self, class: Option<AssetClass>) -> bool {
        let Some(class) = class else { return self.include.is_empty() };
        !self.exclude.contains(&class) && (self.include.is_empty() || self.include.contains(&class))
    }

    /// The filter in words.
    pub fn describe(&self) -> String {
        let names = |classes: &[AssetClass]| classes.iter().map(|c| c.as_str()).collect::<Vec<_>>().join(", ");
        match (self.include.is_empty(), self.exclude.is_empty()) {
            (true, true) => "the universe is empty".to_owned(),
            (false, true) => format!("asset_class_filters includes only {}", names(&self.include)),
            (true, false) => format!("asset_class_filters excludes {}", names(&self.exclude)),
            (false, false) => format!(
                "asset_class_filters includes only {} and excludes {}",
                names(&self.include),
                names(&self.exclude)
            ),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{
        super::test_market::{request, returns},
        *,
    };

    #[test]
    fn an_exclusion_wins_over_an_inclusion_and_no_filter_lets_all_through() {
        use AssetClass::{Bond, Crypto, Equity};
        let filter = |include: &[AssetClass], exclude: &[AssetClass]| AssetClassFilter {
            include: include.to_vec(),
            exclude: exclude.to_vec(),
        };
        let passing = |filter: &AssetClassFilter| [Equity, Bond, Crypto].map(|class| filter.lets_through(Some(class)));
        assert_eq!(passing(&filter(&[], &[])), [true, true, true]);
        assert_eq!(passing(&filter(&[Equity, Bond], &[Bond])), [true, false, false]);
        assert_eq!(passing(&filter(&[], &[Crypto])), [true, true, false]);
        assert_eq!(filter(&[], &[]).describe(), "the universe is empty");
        assert_eq!(filter(&[], &[Crypto, Bond]).describe(), "asset_class_filters excludes crypto, bond");
        assert_eq!(filter(&[Equity], &[Bond]).describe(), "asset_class_filters includes only equity and excludes bond");
    }

    #[test]
    fn without_a_choice_of_categories_all_are_counted() {
        let mut request = request(returns());
        assert_eq!(request.selected_categories(), BTreeSet::from(Category::ALL));
        request.categories = Some([Category::Style].into());
        assert_eq!(request.selected_categories(), [Category::Style].into());
    }
}
