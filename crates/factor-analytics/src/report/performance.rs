//! The performance report.

mod plan;
mod tables;

use chrono::NaiveDate;
use factor_types::{AssetClass, Category, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::plan::{PerformancePlan, SortBy, Weighting};
use self::tables::Tables;
use super::{Granularity, Undefined, run::Sections};
use crate::{
    Fundamentals, Study,
    composite::{Composite, Omitted},
    observer::Observer,
    sections::{dividends, performance::PerformanceProfile},
    study::History,
    yields::RiskFree,
};

/// One factor's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct FactorProfile {
    /// What it stands for.
    pub label: String,
    /// Its category.
    pub category: Category,
    /// Its asset class.
    pub asset_class: Option<AssetClass>,
    /// How much history it has in the window.
    #[serde(flatten)]
    pub history: History,
    /// The figures.
    #[serde(flatten)]
    pub profile: PerformanceProfile,
    /// The SEC's yield of thirty days, where it is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sec_yield: Option<f64>,
}

/// One composite's entry.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CompositeProfile {
    /// Its members' tickers.
    pub members: Vec<Ticker>,
    /// Analysed ETFs of the group that `composite_max_per_group` leaves out.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub excluded: Vec<Omitted>,
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
    /// Per category: `all`, and for industries their groups too.
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
    /// By ticker, sorted; those that stopped before the window's end after all others.
    pub per_factor: Option<IndexMap<Ticker, FactorProfile>>,
    /// What the table of factors is sorted by: the plan's figure, or total_return where that is null for every factor.
    pub sorted_by: SortBy,
    /// Macro and category composites.
    pub composites: Option<CompositeReport>,
    /// 100 x analysed / listed ETFs per group.
    pub coverage_pct: IndexMap<String, f64>,
    /// When each macro composite's members start.
    pub macro_composites: Vec<Composite>,
    /// Industries without a group.
    pub unlabeled_industries: Vec<String>,
    /// The risk-free rate and where it came from.
    pub risk_free: RiskFree,
    /// Set when composites were computed with [`Weighting::Cap`].
    pub cap_weights: Option<CapWeights>,
    /// Null figures and why.
    pub undefined: Vec<Undefined>,
    /// The sections that were computed, in order: `per_factor`, `composites`.
    pub computed: Vec<String>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl PerformanceReport {
    /// Computes what the plan names. Of `fundamentals` only what it needs is used: dividends, and market capitalisations
    /// where the plan weights by them.
    pub fn compute(
        study: &Study,
        plan: &PerformancePlan,
        fundamentals: &Fundamentals,
        observer: &mut dyn Observer,
    ) -> Self {
        let mut sections = Sections::new(observer);
        let risk_free = study.risk_free();
        let yields = dividends::yields(study, fundamentals);
        let tables = Tables { study, plan, fundamentals, risk_free: &risk_free, yields };
        let mut report = Self::default();
        let mut undefined = Vec::new();
        if let Some(categories) = &plan.per_factor {
            let found = sections.run("per_factor", |progress| tables.per_factor(categories, progress));
            report.sorted_by = plan.sort_by;
            report.per_factor = found.map(|(entries, sorted_by, missing)| {
                report.sorted_by = sorted_by;
                undefined.extend(missing);
                entries
            });
        }
        if plan.has_composites()
            && let Some((computed, missing)) = sections.run("composites", |progress| tables.composites(progress))
        {
            undefined.extend(missing);
            report.composites = Some(computed.report);
            report.coverage_pct = computed.coverage_pct;
            report.macro_composites = computed.macro_composites;
            report.unlabeled_industries = computed.unlabeled;
            report.cap_weights = tables.cap_weights();
        }
        report.undefined = Undefined::grouped(undefined);
        report.risk_free = risk_free;
        (report.computed, report.skipped) = (sections.computed, sections.skipped);
        report
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::BTreeSet, sync::Arc};

    use factor_types::{Factor, YieldTable};

    use super::*;
    use crate::{
        observer::{Silent, tests::StopAt},
        sections::performance::Figure,
        test_study::{Fund, study, ticker},
    };

    fn plan() -> PerformancePlan {
        PerformancePlan {
            per_factor: Some(BTreeSet::from([Category::Style])),
            macro_composites: Some(vec![AssetClass::Equity]),
            category_composites: true,
            granularity: Granularity::Industry,
            weights: Weighting::Equal,
            max_per_composite: None,
            benchmark: ticker("A"),
            sort_by: SortBy::of(Figure::named("annual_return").unwrap()),
            min_coverage: 0.6,
        }
    }

    #[test]
    fn what_has_stopped_comes_last_and_is_marked() {
        let gone = Fund::new("GONE", Category::Style, &[0.9, f64::NAN, f64::NAN, f64::NAN]);
        let old = [0.1, 0.2, 0.3, 0.1];
        let funds = [gone, Fund::new("A", Category::Style, &old), Fund::new("B", Category::Style, &old)];
        let panel = study(&funds, YieldTable::default()).panel().clone();
        let universe: Vec<Arc<Factor>> = funds.iter().map(|fund| Arc::new(fund.factor.clone())).collect();
        let study = Study::new(Arc::new(panel), Arc::default(), &universe, &[], 1);
        let report = PerformanceReport::compute(&study, &plan(), &Fundamentals::default(), &mut Silent);
        let ranked = report.per_factor.unwrap();
        assert_eq!(ranked.keys().map(Ticker::as_str).collect::<Vec<_>>(), ["A", "B", "GONE"], "the best, and over");
        assert!(ranked[2].history.stopped.is_some() && ranked[0].history.stopped.is_none());
    }

    #[test]
    fn a_figure_that_is_null_for_all_sorts_nothing() {
        let funds =
            [Fund::new("A", Category::Style, &[0.1, 0.2, 0.3]), Fund::new("B", Category::Style, &[0.2, 0.3, 0.4])];
        let study = study(&funds, YieldTable::default());
        // Without any risk-free rate there is no Sharpe ratio.
        let by_sharpe = PerformancePlan { sort_by: SortBy::default(), ..plan() };
        let sorted = |plan: &PerformancePlan| {
            let report = PerformanceReport::compute(&study, plan, &Fundamentals::default(), &mut Silent);
            let order: Vec<String> = report.per_factor.iter().flatten().map(|(ticker, _)| ticker.to_string()).collect();
            (report.sorted_by.field(), order)
        };
        assert_eq!(sorted(&by_sharpe), ("total_return", vec!["B".to_owned(), "A".to_owned()]));
        let ascending = PerformancePlan { sort_by: SortBy::default().ascending(true), ..plan() };
        assert_eq!(sorted(&ascending), ("total_return", vec!["A".to_owned(), "B".to_owned()]));
        assert_eq!(sorted(&plan()).0, "annual_return");
    }

    #[test]
    fn tables_are_recorded_and_a_stopped_one_leaves_nothing_behind() {
        let funds =
            [Fund::new("A", Category::Style, &[0.1, 0.2, 0.3]), Fund::new("B", Category::Style, &[0.2, 0.3, 0.4])];
        let study = study(&funds, YieldTable::default());
        let compute = |observer: &mut dyn Observer| {
            PerformanceReport::compute(&study, &plan(), &Fundamentals::default(), observer)
        };
        let whole = compute(&mut Silent);
        assert_eq!(whole.computed, ["per_factor", "composites"]);
        let order: Vec<&str> = whole.per_factor.iter().flatten().map(|(ticker, _)| ticker.as_str()).collect();
        assert_eq!(order, ["B", "A"]);
        assert!(whole.undefined.iter().any(|one| one.section == "composites.macro"));
        // Asked before the table, at its two factors, before the composites and at their first group.
        let stopped = compute(&mut StopAt::question(5));
        assert_eq!((stopped.computed, stopped.skipped), (vec!["per_factor".to_owned()], vec!["composites".to_owned()]));
        assert!(stopped.composites.is_none() && stopped.undefined.iter().all(|one| one.section == "per_factor"));
    }
}
