//! The correlation report.

use std::collections::BTreeSet;

use factor_types::{AssetClass, Category, Maturity, Ticker};
use indexmap::IndexMap;

use super::Granularity;
use crate::{
    Study,
    cluster::Clusters,
    composite::Composite,
    correlation::{CorrelationMatrix, Method, NamedSeries},
    inference::Coefficient,
    observer::{Observer, observed},
    regime::Regime,
    sections::{
        insights::{self, ClusterBlock, Insights},
        macro_etf::{self, MacroEtfRules, MacroEtfs},
        matrices,
        overlays::{self, Overlay},
        rolling::{self, RollingSeries, RollingTable},
        statistics::{self, Statistics},
    },
    spectrum::Spectrum,
    study::Composites,
};

/// One correlation matrix of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MatrixKey {
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
            Self::IndustryGroups => "industry_groups",
            Self::Category(category) => category.as_str(),
            Self::Rate(_) => "rate",
        }
    }
}

/// Which correlation sections to compute.
#[derive(Debug, Clone, PartialEq)]
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
    /// The rows that everything but rolling correlations is taken of; all without one. [`Study::in_regime`] settles it.
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
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct StatisticsPlan {
    /// The pairs of the matrices: intervals and p-values.
    pub matrices: bool,
    /// The rate overlay: p-values and durations.
    pub rate_sensitivity: bool,
}

/// Which rolling correlations to take.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RollingPlan {
    /// The matrices whose pairs are summed up.
    pub matrices: Vec<MatrixKey>,
    /// Window lengths in rows.
    pub windows: Vec<usize>,
    /// The pairs of which whole series are given, by name: tickers, composites of industries, maturities.
    pub pairs: Vec<(String, String)>,
}

/// The sections that were computed.
#[derive(Debug, Clone, Default)]
pub struct CorrelationReport {
    /// How the correlations were measured.
    pub method: Method,
    /// Per category; `industry_groups` stands before `industry`.
    pub matrices: IndexMap<String, CorrelationMatrix>,
    /// The eigenvalues of each matrix.
    pub spectra: IndexMap<String, Spectrum>,
    /// Correlations with yield changes.
    pub rate_sensitivity: Option<Overlay>,
    /// Correlations with benchmarks.
    pub market_sensitivity: Option<Overlay>,
    /// How sure the matrices and the rate overlay are.
    pub statistics: Option<Statistics>,
    /// Correlations between macro composites.
    pub macro_composite: Option<CorrelationMatrix>,
    /// The macro composites themselves.
    pub macro_composites: Composites,
    /// Correlations between a few ETFs per macro group.
    pub macro_etf: Option<MacroEtfs>,
    /// What stands out.
    pub insights: Option<Insights>,
    /// Rolling correlations per matrix.
    pub rolling: IndexMap<String, RollingTable>,
    /// Rolling correlations of the pairs asked for by name.
    pub rolling_series: Vec<RollingSeries>,
    /// The composites of industries.
    pub industry_groups: Composites,
    /// Industries without a group.
    pub unlabeled_industries: Vec<String>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl CorrelationReport {
    /// Computes what the plan names: on the study's slice where it has one, rolling correlations on the whole window.
    pub fn compute(study: &Study, plan: &CorrelationPlan, observer: &mut dyn Observer) -> Self {
        let sliced = study.sliced();
        let mut report = Self::on_rows(sliced.as_ref().unwrap_or(study), plan, observer);
        if let Some(rolling) = &plan.rolling {
            report.roll(study, plan, rolling, observer);
        }
        report
    }

    fn on_rows(study: &Study, plan: &CorrelationPlan, observer: &mut dyn Observer) -> Self {
        let mut report = Self { method: plan.method, ..Self::default() };
        report.take_composites(study, plan);
        let groups = std::mem::take(&mut report.industry_groups);
        let is_empty = |category: &Category| study.in_categories(&BTreeSet::from([*category])).is_empty();
        for key in &plan.matrices {
            if matches!(key, MatrixKey::Category(category) if is_empty(category)) {
                continue;
            }
            let matrix = report.section(observer, &format!("matrices:{}", key.name()), || match key {
                MatrixKey::IndustryGroups => matrices::of_composites(study, &groups.built, plan.method),
                MatrixKey::Category(category) => matrices::category(study, *category, plan.method),
                MatrixKey::Rate(maturities) => matrices::rate(study, maturities, plan.method),
            });
            report.matrices.extend(matrix.map(|matrix| (key.name().to_owned(), matrix)));
        }
        if plan.spectra {
            let spectra = report.spectra_of_matrices(observer);
            report.spectra = spectra;
        }
        let mut blocks = IndexMap::new();
        if plan.clustered {
            report.matrices.iter_mut().for_each(|(name, matrix)| *matrix = arrange(name, matrix, &mut blocks));
        }
        if let Some((categories, maturities)) = &plan.rate_sensitivity {
            report.rate_sensitivity = report.section(observer, "rate_sensitivity", || {
                overlays::rate_sensitivity(study, categories, maturities, &groups.built, plan.method)
            });
        }
        if let Some((categories, benchmarks)) = &plan.market_sensitivity {
            report.market_sensitivity = report.section(observer, "market_sensitivity", || {
                overlays::market_sensitivity(study, categories, benchmarks, &groups.built, plan.method)
            });
        }
        report.industry_groups = groups;
        if let Some((wanted, of)) = plan.statistics.zip(plan.method.coefficient()) {
            report.statistics = report.statistics(study, wanted, of, observer);
        }
        if let Some(asset_classes) = &plan.macro_composite {
            let composites = macro_composites(study, asset_classes, plan.min_coverage);
            report.macro_composite = report.section(observer, "macro_composite", || {
                matrices::of_composites(study, &composites.built, plan.method)
            });
            report.macro_composites = composites;
        }
        if let Some(rules) = &plan.macro_etf {
            report.macro_etf =
                report.section(observer, "macro_etf", || Some(macro_etf::macro_etf(study, rules, plan.method)));
        }
        if plan.clustered {
            let named = [
                ("macro_composite_matrix", report.macro_composite.as_mut()),
                ("macro_etf_matrix", report.macro_etf.as_mut().and_then(|section| section.matrix.as_mut())),
            ];
            for (name, matrix) in named {
                if let Some(matrix) = matrix {
                    *matrix = arrange(name, matrix, &mut blocks);
                }
            }
        }
        if let Some(size) = plan.insights {
            let (matrices, spectra) = (std::mem::take(&mut report.matrices), std::mem::take(&mut report.spectra));
            report.insights = report.section(observer, "insights", || {
                let found = insights::insights(study, &matrices, &spectra, &plan.benchmark, (size, plan.method));
                Some(Insights { blocks: plan.clustered.then_some(blocks), ..found })
            });
            (report.matrices, report.spectra) = (matrices, spectra);
        }
        report
    }

    /// Pairs of the matrices below the floor or without variation.
    pub fn undefined_pairs(&self) -> usize {
        self.matrices.values().map(|matrix| matrix.undefined_pairs).sum()
    }

    /// Rolling correlations, on every row of the window.
    fn roll(&mut self, study: &Study, plan: &CorrelationPlan, wanted: &RollingPlan, observer: &mut dyn Observer) {
        let (groups, _) = plan.granularity.composites(study, plan.min_coverage);
        let is_empty = |key: &&MatrixKey| matches!(key, MatrixKey::Category(category) if matrices::members(study, *category).is_empty());
        for key in wanted.matrices.iter().filter(|key| !is_empty(key)) {
            let table = self.section(observer, &format!("rolling:{}", key.name()), || {
                rolling_table(study, key, &groups.built, &wanted.windows)
            });
            self.rolling.extend(table.map(|table| (key.name().to_owned(), table)));
        }
        if !wanted.pairs.is_empty() {
            let of = |pair| rolling::series(study, pair, &groups.built, &wanted.windows);
            let found = self.section(observer, "rolling_series", || Some(wanted.pairs.iter().map(of).collect()));
            self.rolling_series = found.unwrap_or_default();
        }
    }

    fn take_composites(&mut self, study: &Study, plan: &CorrelationPlan) {
        let holds_industry = |categories: &[Category]| categories.contains(&Category::Industry);
        let needed = plan.matrices.contains(&MatrixKey::IndustryGroups)
            || plan.rate_sensitivity.as_ref().is_some_and(|(categories, _)| holds_industry(categories))
            || plan.market_sensitivity.as_ref().is_some_and(|(categories, _)| holds_industry(categories));
        if needed {
            (self.industry_groups, self.unlabeled_industries) = plan.granularity.composites(study, plan.min_coverage);
        }
    }

    fn spectra_of_matrices(&mut self, observer: &mut dyn Observer) -> IndexMap<String, Spectrum> {
        let matrices = std::mem::take(&mut self.matrices);
        let spectra = self.section(observer, "spectra", || {
            Some(matrices.iter().filter_map(|(name, matrix)| Some((name.clone(), Spectrum::of(matrix)?))).collect())
        });
        self.matrices = matrices;
        spectra.unwrap_or_default()
    }

    fn statistics(
        &mut self,
        study: &Study,
        wanted: StatisticsPlan,
        of: Coefficient,
        observer: &mut dyn Observer,
    ) -> Option<Statistics> {
        let (matrices, rate) = (std::mem::take(&mut self.matrices), self.rate_sensitivity.take());
        let composites = std::mem::take(&mut self.industry_groups);
        let none = IndexMap::new();
        let found = self.section(observer, "statistics", || {
            let of_matrices = if wanted.matrices { &matrices } else { &none };
            let of_rates = rate.as_ref().filter(|_| wanted.rate_sensitivity);
            Some(statistics::statistics(study, of_matrices, of_rates, &composites.built, of))
        });
        (self.matrices, self.rate_sensitivity, self.industry_groups) = (matrices, rate, composites);
        found
    }

    fn section<T>(
        &mut self,
        observer: &mut dyn Observer,
        name: &str,
        compute: impl FnOnce() -> Option<T>,
    ) -> Option<T> {
        let computed = observed(observer, name, compute);
        if computed.is_none() {
            self.skipped.push(name.to_owned());
        }
        computed.flatten()
    }
}

/// A matrix in the order of its clusters; its blocks are added under its name.
fn arrange(
    name: &str,
    matrix: &CorrelationMatrix,
    blocks: &mut IndexMap<String, Vec<ClusterBlock>>,
) -> CorrelationMatrix {
    let clusters = Clusters::of(matrix);
    blocks.insert(name.to_owned(), ClusterBlock::all_of(&clusters, matrix));
    clusters.reorder(matrix)
}

/// The rolling correlations of a matrix' pairs; `None` without a column.
fn rolling_table(study: &Study, key: &MatrixKey, groups: &[Composite], windows: &[usize]) -> Option<RollingTable> {
    let changes = match key {
        MatrixKey::Rate(maturities) => matrices::changes(study, maturities),
        MatrixKey::IndustryGroups | MatrixKey::Category(_) => Vec::new(),
    };
    let members = match key {
        MatrixKey::Category(category) => matrices::members(study, *category),
        MatrixKey::IndustryGroups | MatrixKey::Rate(_) => Vec::new(),
    };
    let groups = if *key == MatrixKey::IndustryGroups { groups } else { &[] };
    let of_groups = groups.iter().map(|group| NamedSeries { name: &group.name, values: &group.values });
    let of_factors = members
        .iter()
        .map(|of| NamedSeries { name: of.factor.ticker.as_str(), values: study.panel().column(of.column) });
    let of_rates = changes.iter().map(|(maturity, values)| NamedSeries { name: maturity.as_str(), values });
    let columns: Vec<NamedSeries<'_>> = of_groups.chain(of_factors).chain(of_rates).collect();
    (!columns.is_empty()).then(|| rolling::table(&columns, windows))
}

/// The equal-weight composites of some asset classes, under their macro group's name.
pub(super) fn macro_composites(study: &Study, asset_classes: &[AssetClass], min_coverage: f64) -> Composites {
    let mut composites = Composites::default();
    for class in asset_classes {
        let (members, listed) = study.macro_members(*class);
        if listed > 0 {
            composites.push(class.macro_group(), study.composite(class.macro_group(), &members, listed, min_coverage));
        }
    }
    composites
}
