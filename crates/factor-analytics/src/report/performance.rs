//! The performance report.

use std::{cmp::Ordering, collections::BTreeSet};

use factor_types::{AssetClass, Category, Factor, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use super::{Granularity, Undefined};
use crate::{
    Study,
    composite::{Composite, Member, covers},
    observer::{Observer, observed},
    panel::window::is_monthly,
    sections::{
        macro_etf::by_preference,
        performance::{Inputs, Profile},
    },
    study::{Composites, History, RiskFree, StudiedFactor},
};

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

    fn of(self, profile: &Profile) -> Option<f64> {
        match self {
            Self::SharpeRatio => profile.sharpe_ratio,
            Self::AnnualReturn => profile.annual_return,
            Self::Volatility => profile.volatility,
        }
    }

    fn compare(self, a: (&str, &Profile), b: (&str, &Profile)) -> Ordering {
        let by_value = match (self.of(a.1), self.of(b.1)) {
            (Some(x), Some(y)) => y.total_cmp(&x),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (None, None) => Ordering::Equal,
        };
        by_value.then_with(|| a.0.cmp(b.0))
    }
}

/// Which performance sections to compute.
#[derive(Debug, Clone, PartialEq)]
pub struct PerformancePlan {
    /// The categories of the per-factor table; `None` for no table.
    pub per_factor: Option<BTreeSet<Category>>,
    /// The groups of the macro composites; `None` for none.
    pub macro_composites: Option<Vec<AssetClass>>,
    /// The composites of every category, and of industry groups.
    pub category_composites: bool,
    /// How industries are summed up.
    pub granularity: Granularity,
    /// Custom weights; equal weights without.
    pub weights: Option<IndexMap<Ticker, f64>>,
    /// Constituents kept per composite, in order of preference.
    pub most_per_composite: Option<usize>,
    /// Whose returns the relative figures are against.
    pub benchmark: Ticker,
    /// The order of the tables.
    pub sort_by: SortBy,
    /// Share of a composite's members that must be there (0 to 1).
    pub min_coverage: f64,
}

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
    pub profile: Profile,
}

/// One composite's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CompositeProfile {
    /// Its members' tickers.
    pub members: Vec<Ticker>,
    /// How much history it has in the window.
    #[serde(flatten)]
    pub history: History,
    /// The figures.
    #[serde(flatten)]
    pub profile: Profile,
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
    /// Null figures and why.
    pub undefined: Vec<Undefined>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl PerformanceReport {
    /// Computes what the plan names.
    pub fn compute(study: &Study, plan: &PerformancePlan, observer: &mut dyn Observer) -> Self {
        let risk_free = study.risk_free();
        let tables = Tables { study, plan, risk_free: &risk_free };
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
        if plan.macro_composites.is_some() || plan.category_composites {
            let composites = observed(observer, "composites", || tables.composites(&mut undefined));
            match composites {
                None => report.skipped.push("composites".to_owned()),
                Some(computed) => {
                    report.composites = Some(computed.report);
                    report.coverage_pct = computed.coverage_pct;
                    report.macro_composites = computed.macro_composites;
                    report.unlabeled_industries = computed.unlabeled;
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
    risk_free: &'a RiskFree,
}

struct ComputedComposites {
    report: CompositeReport,
    coverage_pct: IndexMap<String, f64>,
    macro_composites: Vec<Composite>,
    unlabeled: Vec<String>,
}

type Missing = Vec<(String, String, String, String)>;

impl Tables<'_> {
    fn profile(&self, values: &[f64], daily: &[f64], relative: bool) -> Profile {
        let panel = self.study.panel();
        let benchmark = panel.position(&self.plan.benchmark).filter(|_| relative).map(|column| panel.column(column));
        let inputs = Inputs {
            returns: values,
            risk_free: &self.risk_free.per_period,
            benchmark,
            labels: panel.labels(),
            base: panel.base(),
            frequency: panel.frequency(),
        };
        Profile::compute(&inputs, daily)
    }

    fn per_factor(&self, categories: &BTreeSet<Category>, missing: &mut Missing) -> IndexMap<Ticker, FactorProfile> {
        let panel = self.study.panel();
        let mut entries: Vec<(Ticker, FactorProfile)> = self
            .study
            .of(categories)
            .into_iter()
            .map(|studied| {
                let column = &panel.columns()[studied.column];
                let daily = match &column.priced {
                    Some(priced) if !is_monthly(&column.series) => &column.series.prices()[priced.clone()],
                    _ => &[],
                };
                let factor = &studied.factor;
                let entry = FactorProfile {
                    label: factor.label.clone(),
                    category: factor.category,
                    asset_class: factor.asset_class,
                    history: self.study.history(studied.column),
                    profile: self.profile(panel.column(studied.column), daily, factor.ticker != self.plan.benchmark),
                };
                (factor.ticker.clone(), entry)
            })
            .collect();
        entries.sort_by(|a, b| self.plan.sort_by.compare((a.0.as_str(), &a.1.profile), (b.0.as_str(), &b.1.profile)));
        for (ticker, entry) in &entries {
            note_missing(missing, "per_factor", ticker.as_str(), &entry.profile);
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
                self.push(&mut groups, class.macro_group(), belongs);
            }
            report.macro_groups = self.profiles(&groups.built, "composites.macro", missing);
            macro_composites = groups.built;
            coverage_pct.extend(groups.coverage_pct);
        }
        let mut unlabeled = Vec::new();
        if self.plan.category_composites {
            for category in Category::ALL {
                let mut own = Composites::default();
                self.push(&mut own, "all", |factor| factor.category == category);
                if category == Category::Industry && self.plan.granularity != Granularity::Industry {
                    let name = |factor: &Factor| self.plan.granularity.group_of(factor).map(str::to_owned);
                    let (groups, without) = self.study.industry_groups(|factor| self.plan.granularity.group_of(factor));
                    unlabeled = without;
                    for group in groups {
                        self.push(&mut own, &group, |factor| {
                            factor.category == category && name(factor).as_ref() == Some(&group)
                        });
                    }
                    coverage_pct.extend(
                        own.coverage_pct.iter().filter(|(name, _)| *name != "all").map(|(n, pct)| (n.clone(), *pct)),
                    );
                }
                if !own.built.is_empty() {
                    let section = format!("composites.category.{category}");
                    report.category.insert(category, self.profiles(&own.built, &section, missing));
                }
            }
        }
        ComputedComposites { report, coverage_pct, macro_composites, unlabeled }
    }

    /// Adds the composite of the factors that belong, under the plan's weights and bounds. Its coverage is measured over
    /// all that belong; a group that the universe does not list, or that no custom weight names, has no composite.
    fn push(&self, composites: &mut Composites, name: &str, belongs: impl Fn(&Factor) -> bool) {
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
        preferred.truncate(self.plan.most_per_composite.unwrap_or(usize::MAX));
        let weight = |studied: &StudiedFactor| match &self.plan.weights {
            None => Some(1.0),
            Some(weights) => weights.get(&studied.factor.ticker).copied(),
        };
        let chosen: Vec<Member> = members
            .iter()
            .filter(|member| preferred.iter().any(|kept| kept.column == member.column))
            .filter_map(|studied| Some(Member { column: studied.column, weight: weight(studied)? }))
            .collect();
        if !chosen.is_empty() {
            let composite = Composite::build(name, self.study.panel(), &chosen, listed, self.plan.min_coverage);
            composites.built.push(composite);
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
                let entry = CompositeProfile {
                    members: composite.members.clone(),
                    history: History::of(&composite.values, self.study.panel().labels()),
                    profile: self.profile(&composite.values, &[], true),
                };
                (composite.name.clone(), entry)
            })
            .collect();
        entries.sort_by(|a, b| self.plan.sort_by.compare((&a.0, &a.1.profile), (&b.0, &b.1.profile)));
        for (name, entry) in &entries {
            note_missing(missing, section, name, &entry.profile);
        }
        entries.into_iter().collect()
    }
}

fn note_missing(missing: &mut Missing, section: &str, row: &str, profile: &Profile) {
    missing.extend(
        profile
            .undefined
            .iter()
            .map(|(field, reason)| (section.to_owned(), row.to_owned(), (*field).to_owned(), (*reason).to_owned())),
    );
}
