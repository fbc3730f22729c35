//! The returns report.

use std::{collections::BTreeSet, hash::Hash};

use factor_types::{Category, Ticker};
use indexmap::IndexMap;

use super::{Granularity, Undefined, run::Sections};
use crate::{
    Study,
    fields::eq_and_hash_by_fields,
    observer::Observer,
    sections::{
        returns::{self, CategoryReturns, FactorReturns, GroupReturns, RankedFactor},
        windows::{self, ReturnWindow, WindowSpan},
        yield_changes::{YieldChanges, yield_changes},
    },
};

/// Which returns sections to compute.
#[derive(Debug, Clone)]
pub struct ReturnsPlan {
    /// The categories of factors, rankings and summaries.
    pub categories: BTreeSet<Category>,
    /// The windows, in the order asked.
    pub windows: Vec<ReturnWindow>,
    /// Rank the factors.
    pub rankings: bool,
    /// Sum up the categories.
    pub by_category: bool,
    /// How industries are summed up; `None` for no group section.
    pub industry_groups: Option<Granularity>,
    /// Take the yields at both ends of each window.
    pub yields: bool,
    /// Share of a composite's members that must be there (0 to 1).
    pub min_coverage: f64,
    /// Whose days count as trading days.
    pub benchmark: Ticker,
}

eq_and_hash_by_fields!(ReturnsPlan);

impl ReturnsPlan {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self { categories, windows, rankings, by_category, industry_groups, yields, min_coverage, benchmark } =
            self;
        (categories, windows, rankings, by_category, industry_groups, yields, min_coverage.to_bits(), benchmark)
    }
}

/// The sections that were computed.
#[derive(Debug, Clone, Default)]
pub struct ReturnsReport {
    /// The rows of each window.
    pub windows: IndexMap<String, WindowSpan>,
    /// By ticker.
    pub factors: IndexMap<Ticker, FactorReturns>,
    /// Per window, best first.
    pub rankings: Option<IndexMap<String, Vec<RankedFactor>>>,
    /// Per category and window.
    pub by_category: Option<IndexMap<Category, IndexMap<String, CategoryReturns>>>,
    /// By group.
    pub industry_groups: Option<IndexMap<String, GroupReturns>>,
    /// Treasury yields over the windows; empty where there are none.
    pub yields: Option<YieldChanges>,
    /// 100 x analysed / listed ETFs per group.
    pub coverage_pct: IndexMap<String, f64>,
    /// Industries without a group.
    pub unlabeled_industries: Vec<String>,
    /// Null returns and why.
    pub undefined: Vec<Undefined>,
    /// The sections that were computed, in order: `factors`, `rankings`, `by_category`, `industry_groups`,
    /// `yields`.
    pub computed: Vec<String>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl ReturnsReport {
    /// Computes what the plan names; the factors' returns always, since all else is made of them.
    pub fn compute(study: &Study, plan: &ReturnsPlan, observer: &mut dyn Observer) -> Self {
        let mut sections = Sections::new(observer);
        let windows = windows::spans(study.panel(), &plan.windows, &plan.benchmark);
        let mut report = Self::default();
        let found = sections.run("factors", |progress| returns::factors(study, &plan.categories, &windows, progress));
        // Stopped, it leaves empty tables; the sections after it are stopped as well.
        let (factors, missing) = found.unwrap_or_default();
        report.factors = factors;
        if plan.rankings || plan.by_category {
            let rankings = sections.run("rankings", |_| Ok(returns::rankings(&report.factors, &windows)));
            if let Some(rankings) = rankings {
                if plan.by_category {
                    report.by_category =
                        sections.run("by_category", |_| Ok(returns::by_category(&rankings, &report.factors)));
                }
                report.rankings = plan.rankings.then_some(rankings);
            }
        }
        if let Some(granularity) = plan.industry_groups.filter(|granularity| *granularity != Granularity::Industry) {
            let groups = sections.run("industry_groups", |_| {
                let (composites, unlabeled) = granularity.composites(study, plan.min_coverage);
                Ok((
                    returns::groups(study, &composites.built, plan.min_coverage, &windows),
                    composites.coverage_pct,
                    unlabeled,
                ))
            });
            if let Some((groups, coverage_pct, unlabeled)) = groups {
                report.industry_groups = Some(groups);
                report.coverage_pct = coverage_pct;
                report.unlabeled_industries = unlabeled;
            }
        }
        let mut undefined: Vec<_> =
            missing.into_iter().map(|m| ("factors".to_owned(), m.ticker.to_string(), m.window, m.reason)).collect();
        if plan.yields
            && let Some((yields, missing)) = sections.run("yields", |_| Ok(yield_changes(study, &windows)))
        {
            report.yields = Some(yields);
            undefined
                .extend(missing.into_iter().map(|m| ("yields".to_owned(), m.maturity.to_string(), m.window, m.reason)));
        }
        report.undefined = Undefined::grouped(undefined);
        report.windows = windows;
        (report.computed, report.skipped) = (sections.computed, sections.skipped);
        report
    }
}

#[cfg(test)]
mod tests {
    use factor_types::YieldTable;

    use super::*;
    use crate::{
        observer::{Silent, tests::StopAt},
        test_study::{Fund, study},
    };

    fn plan() -> ReturnsPlan {
        ReturnsPlan {
            categories: BTreeSet::from([Category::Style]),
            windows: vec![ReturnWindow::Months(3)],
            rankings: false,
            by_category: true,
            industry_groups: Some(Granularity::Group),
            yields: false,
            min_coverage: 0.6,
            benchmark: Ticker::spy(),
        }
    }

    #[test]
    fn what_ran_is_recorded_in_order() {
        let study = study(&[Fund::new("A", Category::Style, &[0.1, 0.2, 0.3])], YieldTable::default());
        let report = ReturnsReport::compute(&study, &plan(), &mut Silent);
        // Categories are summed up from rankings, which are computed for them and not shown.
        assert_eq!(report.computed, ["factors", "rankings", "by_category", "industry_groups"]);
        assert!(report.skipped.is_empty() && report.rankings.is_none() && report.by_category.is_some());
        let factors_only = ReturnsPlan { by_category: false, industry_groups: None, ..plan() };
        assert_eq!(ReturnsReport::compute(&study, &factors_only, &mut Silent).computed, ["factors"]);
    }

    #[test]
    fn a_stop_between_sections_names_the_rest() {
        let study = study(&[Fund::new("A", Category::Style, &[0.1, 0.2, 0.3])], YieldTable::default());
        // Asked before the factors, at the one there is, before the rankings and before the categories.
        let report = ReturnsReport::compute(&study, &plan(), &mut StopAt::question(4));
        assert_eq!(report.computed, ["factors", "rankings"]);
        assert_eq!(report.skipped, ["by_category", "industry_groups"]);
        assert_eq!((report.factors.len(), report.by_category.is_none()), (1, true));
    }
}
