//! The correlation report.

mod plan;

use factor_types::{AssetClass, Category};
use indexmap::IndexMap;

pub use self::plan::{CorrelationPlan, MatrixKey, RollingPlan, StatisticsPlan};
use super::run::Sections;
use crate::{
    Study,
    cluster::Clusters,
    composite::{Composite, Composites},
    correlation::{CorrelationMatrix, Method, NamedSeries},
    observer::{Observer, Progress, Stopped},
    sections::{
        insights::{self, ClusterBlock, Insights},
        macro_etf::{self, MacroEtfs},
        matrices,
        overlays::{self, Overlay},
        rolling::{self, RollingSeries, RollingTable},
        statistics::{self, Statistics},
    },
    spectrum::{MOST_COLUMNS, Spectrum},
};

/// The sections that were computed.
#[derive(Debug, Clone, Default)]
pub struct CorrelationReport {
    /// How the correlations were measured.
    pub method: Method,
    /// Per category; `industry_groups` stands before `industry`.
    pub matrices: IndexMap<String, CorrelationMatrix>,
    /// The eigenvalues of each matrix of at most [`MOST_COLUMNS`].
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
    /// The sections that were computed, in order: `matrices:` and `rolling:` with the name of their matrix, `spectra`,
    /// `rate_sensitivity`, `market_sensitivity`, `statistics`, `macro_composite`, `macro_etf`, `insights` and
    /// `rolling_series`. One that found nothing is among them.
    pub computed: Vec<String>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl CorrelationReport {
    /// Computes what the plan names: on the study's slice where it has one, rolling correlations on the whole window.
    pub fn compute(study: &Study, plan: &CorrelationPlan, observer: &mut dyn Observer) -> Self {
        let mut sections = Sections::new(observer);
        let sliced = study.sliced();
        let mut report = Self::on_rows(sliced.as_ref().unwrap_or(study), plan, &mut sections);
        if let Some(rolling) = &plan.rolling {
            report.roll(study, plan, rolling, &mut sections);
        }
        (report.computed, report.skipped) = (sections.computed, sections.skipped);
        report
    }

    /// Pairs of the matrices below the floor or without variation.
    pub fn undefined_pairs(&self) -> usize {
        self.matrices.values().map(|matrix| matrix.undefined_pairs).sum()
    }

    fn on_rows(study: &Study, plan: &CorrelationPlan, sections: &mut Sections<'_>) -> Self {
        let mut report = Self { method: plan.method, ..Self::default() };
        if needs_industry_groups(plan) {
            (report.industry_groups, report.unlabeled_industries) =
                plan.granularity.composites(study, plan.min_coverage);
        }
        let clusters = report.take_matrices(study, plan, sections);
        if plan.spectra {
            report.spectra =
                sections.run("spectra", |progress| spectra(&report.matrices, progress)).unwrap_or_default();
        }
        // Only now: eigenvalues are those of the matrix as computed, to the last bit.
        let mut blocks = Blocks::new();
        for (name, clusters) in clusters {
            if let Some(matrix) = report.matrices.get_mut(&name) {
                blocks.insert(name, ClusterBlock::all_of(&clusters, matrix));
                *matrix = clusters.reorder(matrix);
            }
        }
        report.take_overlays(study, plan, sections);
        if let Some((wanted, of)) = plan.statistics.zip(plan.method.coefficient()) {
            let none = IndexMap::new();
            let matrices = if wanted.matrices { &report.matrices } else { &none };
            let rates = report.rate_sensitivity.as_ref().filter(|_| wanted.rate_sensitivity);
            let groups = &report.industry_groups.built;
            report.statistics = sections
                .run("statistics", |progress| statistics::statistics(study, matrices, rates, groups, of, progress));
        }
        report.take_macro(study, plan, sections, &mut blocks);
        if let Some(size) = plan.insights {
            let found = sections.run("insights", |progress| {
                let (matrices, spectra) = (&report.matrices, &report.spectra);
                let (groups, of) = (&report.industry_groups.built, (size, plan.method));
                insights::insights(study, matrices, spectra, &plan.benchmark, groups, of, progress)
            });
            report.insights = found.map(|found| Insights { blocks: plan.clustered.then_some(blocks), ..found });
        }
        report
    }

    /// Computes the matrices, and where the plan wants them the clusters of each.
    fn take_matrices(
        &mut self,
        study: &Study,
        plan: &CorrelationPlan,
        sections: &mut Sections<'_>,
    ) -> Vec<(String, Clusters)> {
        let mut clusters = Vec::new();
        for key in &plan.matrices {
            if lacks_factors(study, key) {
                continue;
            }
            let groups = &self.industry_groups.built;
            let found = sections.run(&format!("matrices:{}", key.name()), |progress| {
                let parts = 1 + usize::from(plan.clustered);
                let first = &mut progress.part(0, parts);
                let matrix = match key {
                    MatrixKey::IndustryGroups => matrices::of_composites(study, groups, plan.method, first),
                    MatrixKey::Selected(_) | MatrixKey::Category(_) => {
                        matrices::of_factors(study, &matrices::members_of(study, key), plan.method, first)
                    }
                    MatrixKey::Rate(maturities) => matrices::rate(study, maturities, plan.method, first),
                }?;
                let clustered = matrix.as_ref().filter(|_| plan.clustered);
                let clusters =
                    clustered.map(|matrix| Clusters::of(matrix, &mut progress.part(1, parts))).transpose()?;
                Ok(matrix.map(|matrix| (matrix, clusters)))
            });
            if let Some((matrix, own)) = found.flatten() {
                self.matrices.insert(key.name().to_owned(), matrix);
                clusters.extend(own.map(|own| (key.name().to_owned(), own)));
            }
        }
        clusters
    }

    fn take_overlays(&mut self, study: &Study, plan: &CorrelationPlan, sections: &mut Sections<'_>) {
        let groups = &self.industry_groups.built;
        if let Some((categories, maturities)) = &plan.rate_sensitivity {
            let found = sections.run("rate_sensitivity", |progress| {
                overlays::rate_sensitivity(study, categories, maturities, groups, plan.method, progress)
            });
            self.rate_sensitivity = found.flatten();
        }
        if let Some((categories, benchmarks)) = &plan.market_sensitivity {
            let found = sections.run("market_sensitivity", |progress| {
                overlays::market_sensitivity(study, categories, benchmarks, groups, plan.method, progress)
            });
            self.market_sensitivity = found.flatten();
        }
    }

    fn take_macro(&mut self, study: &Study, plan: &CorrelationPlan, sections: &mut Sections<'_>, blocks: &mut Blocks) {
        let mut clustered = |name: &str, matrix: CorrelationMatrix, progress: &mut Progress<'_>| {
            if !plan.clustered {
                return Ok(matrix);
            }
            let clusters = Clusters::of(&matrix, progress)?;
            blocks.insert(name.to_owned(), ClusterBlock::all_of(&clusters, &matrix));
            Ok(clusters.reorder(&matrix))
        };
        if let Some(asset_classes) = &plan.macro_composite {
            let composites = macro_composites(study, asset_classes, plan.min_coverage);
            let found = sections.run("macro_composite", |progress| {
                let matrix = matrices::of_composites(study, &composites.built, plan.method, &mut progress.part(0, 2))?;
                let mut rest = progress.part(1, 2);
                matrix.map(|matrix| clustered("macro_composite_matrix", matrix, &mut rest)).transpose()
            });
            self.macro_composite = found.flatten();
            self.macro_composites = composites;
        }
        if let Some(rules) = &plan.macro_etf {
            self.macro_etf = sections.run("macro_etf", |progress| {
                let found = macro_etf::macro_etf(study, rules, plan.method, &mut progress.part(0, 2))?;
                let mut rest = progress.part(1, 2);
                let matrix = found.matrix.map(|matrix| clustered("macro_etf_matrix", matrix, &mut rest)).transpose()?;
                Ok(MacroEtfs { matrix, ..found })
            });
        }
    }

    /// Rolling correlations, on every row of the window.
    fn roll(&mut self, study: &Study, plan: &CorrelationPlan, wanted: &RollingPlan, sections: &mut Sections<'_>) {
        let (groups, _) = plan.granularity.composites(study, plan.min_coverage);
        for key in wanted.matrices.iter().filter(|key| !lacks_factors(study, key)) {
            let table = sections.run(&format!("rolling:{}", key.name()), |progress| {
                rolling_table(study, key, &groups.built, &wanted.windows, progress)
            });
            self.rolling.extend(table.flatten().map(|table| (key.name().to_owned(), table)));
        }
        if !wanted.pairs.is_empty() {
            let found = sections.run("rolling_series", |progress| {
                let one = |(at, pair): (usize, &(String, String))| {
                    progress.advance(at, wanted.pairs.len())?;
                    Ok(rolling::series(study, pair, &groups.built, &wanted.windows))
                };
                wanted.pairs.iter().enumerate().map(one).collect()
            });
            self.rolling_series = found.unwrap_or_default();
        }
    }
}

/// True for a matrix of factors of which none is analysed.
fn lacks_factors(study: &Study, key: &MatrixKey) -> bool {
    matches!(key, MatrixKey::Selected(_) | MatrixKey::Category(_)) && matrices::members_of(study, key).is_empty()
}

/// The blocks of each clustered matrix, under its name in the answer.
type Blocks = IndexMap<String, Vec<ClusterBlock>>;

fn needs_industry_groups(plan: &CorrelationPlan) -> bool {
    let holds_industry = |categories: &[Category]| categories.contains(&Category::Industry);
    plan.matrices.contains(&MatrixKey::IndustryGroups)
        || plan.rate_sensitivity.as_ref().is_some_and(|(categories, _)| holds_industry(categories))
        || plan.market_sensitivity.as_ref().is_some_and(|(categories, _)| holds_industry(categories))
}

fn spectra(
    matrices: &IndexMap<String, CorrelationMatrix>,
    progress: &mut Progress<'_>,
) -> Result<IndexMap<String, Spectrum>, Stopped> {
    let mut spectra = IndexMap::new();
    for (at, (name, matrix)) in matrices.iter().filter(|(_, matrix)| matrix.size() <= MOST_COLUMNS).enumerate() {
        let found = Spectrum::of(matrix, &mut progress.part(at, matrices.len()))?;
        spectra.extend(found.map(|spectrum| (name.clone(), spectrum)));
    }
    Ok(spectra)
}

/// The rolling correlations of a matrix' pairs; `None` without a column.
fn rolling_table(
    study: &Study,
    key: &MatrixKey,
    groups: &[Composite],
    windows: &[usize],
    progress: &mut Progress<'_>,
) -> Result<Option<RollingTable>, Stopped> {
    let changes = match key {
        MatrixKey::Rate(maturities) => matrices::changes(study, maturities),
        MatrixKey::Selected(_) | MatrixKey::IndustryGroups | MatrixKey::Category(_) => Vec::new(),
    };
    let members = matrices::members_of(study, key);
    let groups = if *key == MatrixKey::IndustryGroups { groups } else { &[] };
    let of_groups = groups.iter().map(|group| NamedSeries { name: &group.name, values: &group.values });
    let of_factors = members
        .iter()
        .map(|of| NamedSeries { name: of.factor.ticker.as_str(), values: study.panel().column(of.column) });
    let of_rates = changes.iter().map(|(maturity, values)| NamedSeries { name: maturity.as_str(), values });
    let columns: Vec<NamedSeries<'_>> = of_groups.chain(of_factors).chain(of_rates).collect();
    (!columns.is_empty()).then(|| rolling::table(&columns, windows, progress)).transpose()
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
