//! Which correlation sections to compute, and how.

use std::hash::Hash;

use factor_types::{AssetClass, Category, Maturity, Ticker};

use crate::{
    correlation::Method, fields::eq_and_hash_by_fields, regime::Regime, report::Granularity,
    sections::macro_etf::MacroEtfRules,
};

/// One correlation matrix of a report.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum MatrixKey {
    /// Some factors, whatever their categories, in this order.
    Selected(Vec<Ticker>),
    /// The composites of industries; nothing at [`Granularity::Industry`].
    IndustryGroups,
    /// A category's factors.
    Category(Category),
    /// The yield changes of some maturities.
    Rate(Vec<Maturity>),
}

impl MatrixKey {
    /// Its name in the answer.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Selected(_) => "selected",
            Self::IndustryGroups => "industry_groups",
            Self::Category(category) => category.as_str(),
            Self::Rate(_) => "rate",
        }
    }
}

/// Which correlation sections to compute.
#[derive(Debug, Clone)]
pub struct CorrelationPlan {
    /// The matrices, in the order of the answer.
    pub matrices: Vec<MatrixKey>,
    /// How industries are summed up.
    pub granularity: Granularity,
    /// Categories and maturities of the rate overlay.
    pub rate_sensitivity: Option<(Vec<Category>, Vec<Maturity>)>,
    /// Categories and benchmarks of the market overlay.
    pub market_sensitivity: Option<(Vec<Category>, Vec<Ticker>)>,
    /// The groups of the macro composite matrix.
    pub macro_composite: Option<Vec<AssetClass>>,
    /// The rules of the macro ETF matrix.
    pub macro_etf: Option<MacroEtfRules>,
    /// How every correlation of the report is measured. A pair of an overlay is in no matrix that could be shrunk:
    /// there shrinkage means Pearson's.
    pub method: Method,
    /// The statistics to take, where the method has them.
    pub statistics: Option<StatisticsPlan>,
    /// Take each matrix's eigenvalues.
    pub spectra: bool,
    /// Length of the insights' lists; needs the matrices.
    pub insights: Option<usize>,
    /// The rows that everything but rolling correlations is taken of; all without one. [`Study::in_regime`](crate::Study::in_regime) settles it.
    pub regime: Option<Regime>,
    /// Stand rows and columns of every matrix in the order of their clusters.
    pub clustered: bool,
    /// Rolling correlations.
    pub rolling: Option<RollingPlan>,
    /// What the best diversifier is measured against.
    pub benchmark: Ticker,
    /// Share of a composite's members that must be there (0 to 1).
    pub min_coverage: f64,
}

/// Which correlations get statistics.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct StatisticsPlan {
    /// The pairs of the matrices: intervals and p-values.
    pub matrices: bool,
    /// The rate overlay: p-values and durations.
    pub rate_sensitivity: bool,
}

/// Which rolling correlations to take.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct RollingPlan {
    /// The matrices whose pairs are summed up.
    pub matrices: Vec<MatrixKey>,
    /// Window lengths in rows.
    pub windows: Vec<usize>,
    /// The pairs of which whole series are given, by name: tickers, composites of industries, maturities.
    pub pairs: Vec<(String, String)>,
}

eq_and_hash_by_fields!(CorrelationPlan);

impl CorrelationPlan {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self {
            matrices,
            granularity,
            rate_sensitivity,
            market_sensitivity,
            macro_composite,
            macro_etf,
            method,
            statistics,
            spectra,
            insights,
            regime,
            clustered,
            rolling,
            benchmark,
            min_coverage,
        } = self;
        let overlays = (rate_sensitivity, market_sensitivity, macro_composite, macro_etf);
        let taken_of = (statistics, spectra, insights, clustered, rolling);
        (matrices, granularity, overlays, method, taken_of, regime, benchmark, min_coverage.to_bits())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn every_field_makes_another_plan() {
        let plan = || CorrelationPlan {
            matrices: vec![MatrixKey::Category(Category::Style)],
            granularity: Granularity::Group,
            rate_sensitivity: None,
            market_sensitivity: None,
            macro_composite: None,
            macro_etf: None,
            method: Method::Pearson,
            statistics: None,
            spectra: false,
            insights: None,
            regime: None,
            clustered: false,
            rolling: None,
            benchmark: Ticker::spy(),
            min_coverage: 0.6,
        };
        let rules = |duplicate_threshold| MacroEtfRules {
            groups: vec![AssetClass::Equity],
            max_per_group: 5,
            duplicate_threshold,
            min_coverage: 0.6,
        };
        let rolling = |window| RollingPlan { matrices: Vec::new(), windows: vec![window], pairs: Vec::new() };
        let statistics = StatisticsPlan { matrices: true, rate_sensitivity: false };
        let different = [
            plan(),
            CorrelationPlan { matrices: vec![MatrixKey::Rate(vec![Maturity::Ust10Y])], ..plan() },
            CorrelationPlan { matrices: vec![MatrixKey::Rate(vec![Maturity::Ust2Y])], ..plan() },
            CorrelationPlan { matrices: vec![MatrixKey::Selected(vec![Ticker::spy()])], ..plan() },
            CorrelationPlan { granularity: Granularity::Industry, ..plan() },
            CorrelationPlan { rate_sensitivity: Some((Vec::new(), Vec::new())), ..plan() },
            CorrelationPlan { market_sensitivity: Some((Vec::new(), Vec::new())), ..plan() },
            CorrelationPlan { macro_composite: Some(Vec::new()), ..plan() },
            CorrelationPlan { macro_etf: Some(rules(0.9)), ..plan() },
            CorrelationPlan { macro_etf: Some(rules(0.9_f64.next_up())), ..plan() },
            CorrelationPlan { method: Method::Spearman, ..plan() },
            CorrelationPlan { method: Method::Ewma { half_life: 12.0 }, ..plan() },
            CorrelationPlan { method: Method::Ewma { half_life: 12.0_f64.next_up() }, ..plan() },
            CorrelationPlan { statistics: Some(statistics), ..plan() },
            CorrelationPlan { spectra: true, ..plan() },
            CorrelationPlan { insights: Some(5), ..plan() },
            CorrelationPlan { regime: Some(Regime::HighVol), ..plan() },
            CorrelationPlan { clustered: true, ..plan() },
            CorrelationPlan { rolling: Some(rolling(12)), ..plan() },
            CorrelationPlan { rolling: Some(rolling(36)), ..plan() },
            CorrelationPlan { benchmark: "QQQ".parse().unwrap(), ..plan() },
            CorrelationPlan { min_coverage: 0.5, ..plan() },
        ];
        let keys: HashSet<&CorrelationPlan> = different.iter().collect();
        assert_eq!(keys.len(), different.len());
        assert_eq!(plan(), plan());
    }
}
