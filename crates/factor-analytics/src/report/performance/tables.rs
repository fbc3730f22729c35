//! The tables of the performance report: one entry a factor, one a composite.

use std::collections::BTreeSet;

use factor_types::{Category, Factor, Ratio, Ticker};
use indexmap::IndexMap;

use super::{
    CapWeights, CompositeProfile, CompositeReport, FactorProfile, Granularity, PerformancePlan, SortBy, Weighting,
};
use crate::{
    Fundamentals, Study,
    composite::{Composite, Composites, Member, Omitted, covers},
    observer::{Progress, Stopped},
    panel::Spacing,
    sections::{
        dividends,
        macro_etf::by_preference,
        performance::{DailyPrices, PerformanceProfile, ProfileInputs},
    },
    study::{History, StudiedFactor},
    yields::RiskFree,
};

/// What the tables are computed from.
pub(super) struct Tables<'a> {
    pub(super) study: &'a Study,
    pub(super) plan: &'a PerformancePlan,
    pub(super) fundamentals: &'a Fundamentals,
    pub(super) risk_free: &'a RiskFree,
    pub(super) yields: IndexMap<Ticker, Result<f64, String>>,
}

/// The composites and what is said of them.
#[derive(Default)]
pub(super) struct ComputedComposites {
    pub(super) report: CompositeReport,
    pub(super) coverage_pct: IndexMap<String, f64>,
    pub(super) macro_composites: Vec<Composite>,
    pub(super) unlabeled: Vec<String>,
}

const NO_CAP: &str = "insufficient_data: no market cap is known for any of its members; use equal or custom weights";

/// (section, row, field, reason) of each figure that is null.
type Missing = Vec<(String, String, String, String)>;

impl Tables<'_> {
    /// What any profile of a series on the panel is computed from: the benchmark is the plan's.
    fn inputs<'a>(&'a self, values: &'a [f64]) -> ProfileInputs<'a> {
        let panel = self.study.panel();
        ProfileInputs {
            risk_free: self.risk_free.known(),
            benchmark: panel.position(&self.plan.benchmark).map(|column| panel.column(column)),
            ..ProfileInputs::new(values, panel.labels(), panel.base(), panel.periods_per_year())
        }
    }

    /// The entries of the factors of some categories, in the plan's order, what they are sorted by, and which figures are null
    /// in them.
    pub(super) fn per_factor(
        &self,
        categories: &BTreeSet<Category>,
        progress: &mut Progress<'_>,
    ) -> Result<(IndexMap<Ticker, FactorProfile>, SortBy, Missing), Stopped> {
        let studied = self.study.in_categories(categories);
        let mut entries = Vec::with_capacity(studied.len());
        for (at, one) in studied.iter().enumerate() {
            progress.advance(at, studied.len())?;
            entries.push((one.factor.ticker.clone(), self.factor(one)));
        }
        let sort_by = self.plan.sort_by.or_total_return(entries.iter().map(|(_, one)| (&one.history, &one.profile)));
        let value = |entry: &FactorProfile| sort_by.value(&entry.history, &entry.profile);
        entries.sort_by(|a, b| {
            // What has stopped is ranked in no window that it does not fill: it comes after all others.
            let stopped = a.1.history.stopped.is_some().cmp(&b.1.history.stopped.is_some());
            stopped.then_with(|| sort_by.compare((a.0.as_str(), value(&a.1)), (b.0.as_str(), value(&b.1))))
        });
        let mut missing = Missing::new();
        for (ticker, entry) in &entries {
            note_missing(&mut missing, "per_factor", ticker.as_str(), &entry.profile);
            note_yield(&mut missing, "per_factor", ticker.as_str(), self.yields.get(ticker));
        }
        Ok((entries.into_iter().collect(), sort_by, missing))
    }

    fn factor(&self, studied: &StudiedFactor) -> FactorProfile {
        let (panel, factor) = (self.study.panel(), &studied.factor);
        let column = &panel.columns()[studied.column];
        let composed = panel.daily_wealth_of_composed(studied.column, panel.column(studied.column));
        let daily = match &column.priced {
            None => composed.as_ref().map_or_else(DailyPrices::default, DailyPrices::of),
            Some(priced) if Spacing::of(column.series.dates()) == Spacing::Daily => DailyPrices {
                dates: &column.series.dates()[priced.clone()],
                prices: &column.series.prices()[priced.clone()],
            },
            _ => DailyPrices::default(),
        };
        let inputs = self.inputs(panel.column(studied.column));
        let risk_free = self.risk_free.over(&factor.ticker);
        let mut profile = PerformanceProfile::compute(&ProfileInputs {
            prices: panel.period_prices(studied.column),
            daily,
            risk_free: risk_free.as_deref(),
            // Against itself a benchmark has no figures.
            benchmark: inputs.benchmark.filter(|_| factor.ticker != self.plan.benchmark),
            ..inputs
        });
        profile.dividend_yield = self.yields.get(&factor.ticker).and_then(|found| found.as_ref().ok().copied());
        FactorProfile {
            label: factor.label.clone(),
            category: factor.category,
            asset_class: factor.asset_class,
            history: self.study.history(studied.column),
            profile,
            sec_yield: factor.facts.sec_yield.map(Ratio::decimal),
        }
    }

    /// The entries of the composites that the plan names, and which figures are null in them.
    pub(super) fn composites(&self, progress: &mut Progress<'_>) -> Result<(ComputedComposites, Missing), Stopped> {
        let mut computed = ComputedComposites::default();
        let mut missing = Missing::new();
        if let Some(asset_classes) = &self.plan.macro_composites {
            let mut groups = Composites::default();
            for class in asset_classes {
                progress.check()?;
                let belongs = |factor: &Factor| factor.asset_class == Some(*class) && factor.category != Category::User;
                self.push(&mut groups, class.macro_group(), belongs, "composites.macro", &mut missing);
            }
            computed.report.macro_groups = self.profiles(&groups.built, "composites.macro", &mut missing);
            computed.macro_composites = groups.built;
            computed.coverage_pct.extend(groups.coverage_pct);
        }
        if self.plan.category_composites {
            for (at, category) in Category::ALL.into_iter().enumerate() {
                progress.advance(at, Category::ALL.len())?;
                self.category(category, &mut computed, &mut missing, progress)?;
            }
        }
        Ok((computed, missing))
    }

    /// Adds the composite of a category, and of industries those of their groups.
    fn category(
        &self,
        category: Category,
        computed: &mut ComputedComposites,
        missing: &mut Missing,
        progress: &Progress<'_>,
    ) -> Result<(), Stopped> {
        let mut own = Composites::default();
        let section = format!("composites.category.{category}");
        self.push(&mut own, "all", |factor| factor.category == category, &section, missing);
        let granularity = self.plan.granularity;
        if category == Category::Industry && granularity != Granularity::Industry {
            let (groups, unlabeled) = self.study.industry_groups(|factor| granularity.group_of(factor));
            computed.unlabeled = unlabeled;
            for group in groups {
                progress.check()?;
                let belongs =
                    |factor: &Factor| factor.category == category && granularity.group_of(factor) == Some(&group);
                self.push(&mut own, &group, belongs, &section, missing);
            }
            let groups = own.coverage_pct.iter().filter(|(name, _)| *name != "all");
            computed.coverage_pct.extend(groups.map(|(name, pct)| (name.clone(), *pct)));
        }
        if !own.built.is_empty() {
            computed.report.category.insert(category, self.profiles(&own.built, &section, missing));
        }
        Ok(())
    }

    /// Adds the composite of the factors that belong, under the plan's weights and bounds. Its coverage is measured over
    /// all that belong; a group that the universe does not list, or that no custom weight names, has no composite; one
    /// without any market capitalisation to weight by has none either, and is noted as undefined.
    fn push(
        &self,
        composites: &mut Composites,
        name: &str,
        belongs: impl Fn(&Factor) -> bool,
        section: &str,
        missing: &mut Missing,
    ) {
        let (members, listed) = self.study.members(belongs);
        if listed == 0 {
            return;
        }
        let coverage_pct = 100.0 * members.len() as f64 / listed as f64;
        composites.coverage_pct.insert(name.to_owned(), coverage_pct);
        if members.is_empty() || !covers(members.len(), listed, self.plan.min_coverage) {
            return;
        }
        let mut preferred = by_preference(self.study, &members);
        let most = self.plan.max_per_composite.unwrap_or(usize::MAX);
        let beyond = preferred.split_off(most.min(preferred.len()));
        let weight = |studied: &StudiedFactor| match &self.plan.weights {
            Weighting::Equal => Some(1.0),
            Weighting::Cap => self.fundamentals.caps.dollars.get(&studied.factor.ticker).copied(),
            Weighting::Custom(weights) => weights.get(&studied.factor.ticker).copied(),
        };
        let chosen: Vec<Member> = members
            .iter()
            .filter(|member| preferred.iter().any(|kept| kept.column == member.column))
            .filter_map(|studied| Some(Member { column: studied.column, weight: weight(studied)? }))
            .collect();
        if !chosen.is_empty() {
            let built = Composite::build(name, self.study.panel(), &chosen, listed, self.plan.min_coverage);
            let excluded = beyond.iter().map(|studied| Omitted::after(most, &studied.factor.ticker)).collect();
            composites.built.push(Composite { excluded, ..built });
        } else if self.plan.weights == Weighting::Cap {
            missing.push((section.to_owned(), name.to_owned(), "composite".to_owned(), NO_CAP.to_owned()));
        }
    }

    fn profiles(
        &self,
        composites: &[Composite],
        section: &str,
        missing: &mut Missing,
    ) -> IndexMap<String, CompositeProfile> {
        let mut entries: Vec<(String, CompositeProfile)> = composites
            .iter()
            .map(|composite| {
                let daily = composite.daily_wealth(self.study.panel());
                let daily = daily.as_ref().map_or_else(DailyPrices::default, DailyPrices::of);
                let inputs = ProfileInputs { daily, ..self.inputs(&composite.values) };
                let mut profile = PerformanceProfile::compute(&inputs);
                profile.dividend_yield = self.composite_yield(composite).ok();
                let entry = CompositeProfile {
                    members: composite.members.clone(),
                    excluded: composite.excluded.clone(),
                    lookahead: self.plan.weights == Weighting::Cap,
                    history: History::of(&composite.values, self.study.panel().labels()),
                    profile,
                };
                (composite.name.clone(), entry)
            })
            .collect();
        let sort_by = self.plan.sort_by.or_total_return(entries.iter().map(|(_, one)| (&one.history, &one.profile)));
        let value = |entry: &CompositeProfile| sort_by.value(&entry.history, &entry.profile);
        entries.sort_by(|a, b| sort_by.compare((&a.0, value(&a.1)), (&b.0, value(&b.1))));
        for (name, entry) in &entries {
            note_missing(missing, section, name, &entry.profile);
            if let Some(composite) = composites.iter().find(|composite| composite.name == *name) {
                note_yield(missing, section, name, Some(&self.composite_yield(composite)));
            }
        }
        entries.into_iter().collect()
    }

    fn composite_yield(&self, composite: &Composite) -> Result<f64, String> {
        let members = composite.members.iter().zip(&composite.weights);
        let weighed: Vec<_> =
            members.filter_map(|(ticker, weight)| Some((*weight, self.yields.get(ticker)?))).collect();
        dividends::composite_yield(&weighed)
    }

    pub(super) fn cap_weights(&self) -> Option<CapWeights> {
        let caps = &self.fundamentals.caps;
        let used = CapWeights { as_of: caps.as_of, without_cap: caps.without.clone() };
        (self.plan.weights == Weighting::Cap).then_some(used)
    }
}

fn note_yield(missing: &mut Missing, section: &str, row: &str, found: Option<&Result<f64, String>>) {
    if let Some(Err(reason)) = found {
        missing.push((section.to_owned(), row.to_owned(), "dividend_yield".to_owned(), reason.clone()));
    }
}

fn note_missing(missing: &mut Missing, section: &str, row: &str, profile: &PerformanceProfile) {
    missing.extend(
        profile
            .undefined
            .iter()
            .map(|(field, reason)| (section.to_owned(), row.to_owned(), (*field).to_owned(), (*reason).to_owned())),
    );
}
