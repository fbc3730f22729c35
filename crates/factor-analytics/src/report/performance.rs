//! The performance report.

mod plan;

use std::collections::BTreeSet;

use chrono::NaiveDate;
use factor_types::{AssetClass, Category, Factor, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::plan::{PerformancePlan, SortBy, Weighting};
use super::{Granularity, Undefined};
use crate::{
    Fundamentals, Study,
    composite::{Composite, Member, covers},
    observer::{Observer, observed},
    panel::window::is_monthly,
    sections::{
        dividends,
        macro_etf::by_preference,
        performance::{PerformanceProfile, ProfileInputs},
    },
    study::{Composites, History, RiskFree, StudiedFactor},
};

/// One factor's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FactorProfile {
    /// What it stands for.
    pub label: String,
    /// Its category.
    pub category: Category,
    /// Its asset class.
    pub asset_class: AssetClass,
    /// How much history it has in the window.
    #[serde(flatten)]
    pub history: History,
    /// The figures.
    #[serde(flatten)]
    pub profile: PerformanceProfile,
}

/// One composite's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CompositeProfile {
    /// Its members' tickers.
    pub members: Vec<Ticker>,
    /// True when today's market capitalisations weight the whole history.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub lookahead: bool,
    /// How much history it has in the window.
    #[serde(flatten)]
    pub history: History,
    /// The figures.
    #[serde(flatten)]
    pub profile: PerformanceProfile,
}

/// The composites' entries.
#[derive(Debug, Clone, Default, PartialEq, Serialize, JsonSchema)]
pub struct CompositeReport {
    /// Per macro group.
    #[serde(rename = "macro")]
    pub macro_groups: IndexMap<String, CompositeProfile>,
    /// Per category: `all`, and for industries their groups beside it.
    pub category: IndexMap<Category, IndexMap<String, CompositeProfile>>,
}

/// What weights by market capitalisation rest on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CapWeights {
    /// The date of the oldest capitalisation used.
    pub as_of: Option<NaiveDate>,
    /// Analysed members without a capitalisation: they take no part.
    pub without_cap: Vec<Ticker>,
}

/// The sections that were computed.
#[derive(Debug, Clone, Default)]
pub struct PerformanceReport {
    /// By ticker, sorted.
    pub per_factor: Option<IndexMap<Ticker, FactorProfile>>,
    /// Macro and category composites.
    pub composites: Option<CompositeReport>,
    /// 100 x analysed / listed ETFs per group.
    pub coverage_pct: IndexMap<String, f64>,
    /// When each macro composite's members start.
    pub macro_composites: Vec<Composite>,
    /// Industries without a group.
    pub unlabeled_industries: Vec<String>,
    /// Where the risk-free rate came from.
    pub risk_free_source: String,
    /// Periods with a risk-free rate.
    pub risk_free_rows: usize,
    /// Set when composites were computed with [`Weighting::Cap`].
    pub cap_weights: Option<CapWeights>,
    /// Null figures and why.
    pub undefined: Vec<Undefined>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl PerformanceReport {
    /// Computes what the plan names. Of `facts` only those of today's funds are used: dividends, and market
    /// capitalisations where the plan weights by them.
    pub fn compute(study: &Study, plan: &PerformancePlan, facts: &Fundamentals, observer: &mut dyn Observer) -> Self {
        let risk_free = study.risk_free();
        let yields = dividends::yields(study, facts);
        let tables = Tables { study, plan, facts, risk_free: &risk_free, yields };
        let mut report = Self {
            risk_free_source: risk_free.source.clone(),
            risk_free_rows: risk_free.per_period.iter().filter(|rf| rf.is_finite()).count(),
            ..Self::default()
        };
        let mut undefined = Vec::new();
        if let Some(categories) = &plan.per_factor {
            report.per_factor = observed(observer, "per_factor", || tables.per_factor(categories, &mut undefined));
            if report.per_factor.is_none() {
                report.skipped.push("per_factor".to_owned());
            }
        }
        if plan.has_composites() {
            let composites = observed(observer, "composites", || tables.composites(&mut undefined));
            match composites {
                None => report.skipped.push("composites".to_owned()),
                Some(computed) => {
                    report.composites = Some(computed.report);
                    report.coverage_pct = computed.coverage_pct;
                    report.macro_composites = computed.macro_composites;
                    report.unlabeled_industries = computed.unlabeled;
                    report.cap_weights = tables.cap_weights();
                }
            }
        }
        report.undefined = Undefined::grouped(undefined);
        report
    }
}

struct Tables<'a> {
    study: &'a Study,
    plan: &'a PerformancePlan,
    facts: &'a Fundamentals,
    risk_free: &'a RiskFree,
    yields: IndexMap<Ticker, Result<f64, String>>,
}

struct ComputedComposites {
    report: CompositeReport,
    coverage_pct: IndexMap<String, f64>,
    macro_composites: Vec<Composite>,
    unlabeled: Vec<String>,
}

const NO_CAP: &str = "insufficient_data: no market cap is known for any of its members; use equal or custom weights";

type Missing = Vec<(String, String, String, String)>;

impl Tables<'_> {
    fn profile(&self, values: &[f64], daily: &[f64], relative: bool) -> PerformanceProfile {
        let panel = self.study.panel();
        let benchmark = panel.position(&self.plan.benchmark).filter(|_| relative).map(|column| panel.column(column));
        let inputs = ProfileInputs {
            returns: values,
            risk_free: &self.risk_free.per_period,
            benchmark,
            labels: panel.labels(),
            base: panel.base(),
            frequency: panel.frequency(),
        };
        PerformanceProfile::compute(&inputs, daily)
    }

    fn per_factor(&self, categories: &BTreeSet<Category>, missing: &mut Missing) -> IndexMap<Ticker, FactorProfile> {
        let panel = self.study.panel();
        let mut entries: Vec<(Ticker, FactorProfile)> = self
            .study
            .in_categories(categories)
            .into_iter()
            .map(|studied| {
                let column = &panel.columns()[studied.column];
                let daily = match &column.priced {
                    Some(priced) if !is_monthly(&column.series) => &column.series.prices()[priced.clone()],
                    _ => &[],
                };
                let factor = &studied.factor;
                let mut profile =
                    self.profile(panel.column(studied.column), daily, factor.ticker != self.plan.benchmark);
                profile.dividend_yield = self.yields.get(&factor.ticker).and_then(|found| found.as_ref().ok().copied());
                let entry = FactorProfile {
                    label: factor.label.clone(),
                    category: factor.category,
                    asset_class: factor.asset_class,
                    history: self.study.history(studied.column),
                    profile,
                };
                (factor.ticker.clone(), entry)
            })
            .collect();
        entries.sort_by(|a, b| self.plan.sort_by.compare((a.0.as_str(), &a.1.profile), (b.0.as_str(), &b.1.profile)));
        for (ticker, entry) in &entries {
            note_missing(missing, "per_factor", ticker.as_str(), &entry.profile);
            note_yield(missing, "per_factor", ticker.as_str(), self.yields.get(ticker));
        }
        entries.into_iter().collect()
    }

    fn composites(&self, missing: &mut Missing) -> ComputedComposites {
        let mut coverage_pct = IndexMap::new();
        let mut report = CompositeReport::default();
        let mut macro_composites = Vec::new();
        if let Some(asset_classes) = &self.plan.macro_composites {
            let mut groups = Composites::default();
            for class in asset_classes {
                let belongs = |factor: &Factor| factor.asset_class == *class && factor.category != Category::User;
                self.push(&mut groups, class.macro_group(), belongs, "composites.macro", missing);
            }
            report.macro_groups = self.profiles(&groups.built, "composites.macro", missing);
            macro_composites = groups.built;
            coverage_pct.extend(groups.coverage_pct);
        }
        let mut unlabeled = Vec::new();
        if self.plan.category_composites {
            for category in Category::ALL {
                let mut own = Composites::default();
                let section = format!("composites.category.{category}");
                self.push(&mut own, "all", |factor| factor.category == category, &section, missing);
                if category == Category::Industry && self.plan.granularity != Granularity::Industry {
                    let name = |factor: &Factor| self.plan.granularity.group_of(factor).map(str::to_owned);
                    let (groups, without) = self.study.industry_groups(|factor| self.plan.granularity.group_of(factor));
                    unlabeled = without;
                    for group in groups {
                        let belongs =
                            |factor: &Factor| factor.category == category && name(factor).as_ref() == Some(&group);
                        self.push(&mut own, &group, belongs, &section, missing);
                    }
                    coverage_pct.extend(
                        own.coverage_pct.iter().filter(|(name, _)| *name != "all").map(|(n, pct)| (n.clone(), *pct)),
                    );
                }
                if !own.built.is_empty() {
                    report.category.insert(category, self.profiles(&own.built, &section, missing));
                }
            }
        }
        ComputedComposites { report, coverage_pct, macro_composites, unlabeled }
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
        preferred.truncate(self.plan.max_per_composite.unwrap_or(usize::MAX));
        let weight = |studied: &StudiedFactor| match &self.plan.weights {
            Weighting::Equal => Some(1.0),
            Weighting::Cap => self.facts.caps.dollars.get(&studied.factor.ticker).copied(),
            Weighting::Custom(weights) => weights.get(&studied.factor.ticker).copied(),
        };
        let chosen: Vec<Member> = members
            .iter()
            .filter(|member| preferred.iter().any(|kept| kept.column == member.column))
            .filter_map(|studied| Some(Member { column: studied.column, weight: weight(studied)? }))
            .collect();
        if !chosen.is_empty() {
            let composite = Composite::build(name, self.study.panel(), &chosen, listed, self.plan.min_coverage);
            composites.built.push(composite);
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
                let mut profile = self.profile(&composite.values, &[], true);
                profile.dividend_yield = self.composite_yield(composite).ok();
                let entry = CompositeProfile {
                    members: composite.members.clone(),
                    lookahead: self.plan.weights == Weighting::Cap,
                    history: History::of(&composite.values, self.study.panel().labels()),
                    profile,
                };
                (composite.name.clone(), entry)
            })
            .collect();
        entries.sort_by(|a, b| self.plan.sort_by.compare((&a.0, &a.1.profile), (&b.0, &b.1.profile)));
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

    fn cap_weights(&self) -> Option<CapWeights> {
        let caps = &self.facts.caps;
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
