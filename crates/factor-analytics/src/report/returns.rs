//! The returns report.

use std::collections::BTreeSet;

use factor_types::{Category, Ticker};
use indexmap::IndexMap;

use super::{Granularity, Undefined};
use crate::{
    Study,
    observer::{Observer, observed},
    sections::{
        returns::{self, CategoryReturns, FactorReturns, GroupReturns, RankedFactor},
        windows::{self, ReturnWindow, WindowSpan},
    },
};

/// Which returns sections to compute.
#[derive(Debug, Clone, PartialEq)]
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
    /// Share of a composite's members that must be there (0 to 1).
    pub min_coverage: f64,
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
    /// 100 x analysed / listed ETFs per group.
    pub coverage_pct: IndexMap<String, f64>,
    /// Industries without a group.
    pub unlabeled_industries: Vec<String>,
    /// Null returns and why.
    pub undefined: Vec<Undefined>,
    /// Sections the observer stopped.
    pub skipped: Vec<String>,
}

impl ReturnsReport {
    /// Computes what the plan names; the factors' returns always, since all else is made of them.
    pub fn compute(study: &Study, plan: &ReturnsPlan, observer: &mut dyn Observer) -> Self {
        let windows = windows::spans(study.panel(), &plan.windows);
        let mut report = Self::default();
        let mut missing = Vec::new();
        if let Some((factors, reasons)) =
            observed(observer, "factors", || returns::factors(study, &plan.categories, &windows))
        {
            report.factors = factors;
            missing = reasons;
        } else {
            report.skipped.push("factors".to_owned());
        }
        if plan.rankings || plan.by_category {
            let rankings = observed(observer, "rankings", || returns::rankings(&report.factors, &windows));
            if let Some(rankings) = rankings {
                report.by_category = plan
                    .by_category
                    .then(|| observed(observer, "by_category", || returns::by_category(&rankings, &report.factors)))
                    .flatten();
                report.rankings = plan.rankings.then_some(rankings);
            } else {
                report.skipped.push("rankings".to_owned());
            }
        }
        if let Some(granularity) = plan.industry_groups.filter(|granularity| *granularity != Granularity::Industry) {
            let groups = observed(observer, "industry_groups", || {
                let (composites, unlabeled) = granularity.composites(study, plan.min_coverage);
                (returns::groups(study, &composites.built, &windows), composites.coverage_pct, unlabeled)
            });
            match groups {
                Some((groups, coverage_pct, unlabeled)) => {
                    report.industry_groups = Some(groups);
                    report.coverage_pct = coverage_pct;
                    report.unlabeled_industries = unlabeled;
                }
                None => report.skipped.push("industry_groups".to_owned()),
            }
        }
        report.undefined = Undefined::grouped(
            missing.into_iter().map(|m| ("factors".to_owned(), m.ticker.to_string(), m.window, m.reason)),
        );
        report.windows = windows;
        report
    }
}
