//! A report: the sections that were asked for, computed in one pass over a study.
//!
//! A plan names the sections and their parameters; what a plan leaves out is neither computed nor paid for. A section
//! that the observer stopped is in `skipped`, and the others answer.

mod correlations;
mod performance;
mod returns;
pub(crate) mod run;

use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

pub use self::{
    correlations::{CorrelationPlan, CorrelationReport, MatrixKey, RollingPlan, StatisticsPlan},
    performance::{
        CapWeights, CompositeProfile, CompositeReport, FactorProfile, PerformancePlan, PerformanceReport, SortBy,
        Weighting,
    },
    returns::{ReturnsPlan, ReturnsReport},
};
use crate::{composite::Composites, study::Study};
use factor_types::{Category, Factor};

/// What industries are summed up by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Granularity {
    /// By the mapping's sector groups.
    #[default]
    Group,
    /// By the mapping's subindustries.
    Subindustry,
    /// Not at all.
    Industry,
}

impl Granularity {
    /// The name a factor's industry is summed up under.
    pub fn group_of(self, factor: &Factor) -> Option<&str> {
        match self {
            Self::Group => factor.sector_group.as_deref(),
            Self::Subindustry => factor.subindustry.as_deref(),
            Self::Industry => None,
        }
    }

    /// The composites of the universe's industries, and the labels of industries without a group. Both empty at
    /// [`Granularity::Industry`].
    pub fn composites(self, study: &Study, min_coverage: f64) -> (Composites, Vec<String>) {
        let mut composites = Composites::default();
        if self == Self::Industry {
            return (composites, Vec::new());
        }
        let (groups, unlabeled) = study.industry_groups(|factor| self.group_of(factor));
        for group in groups {
            let belongs =
                |factor: &Factor| factor.category == Category::Industry && self.group_of(factor) == Some(&group);
            let (members, listed) = study.members(belongs);
            composites.push(&group, study.composite(&group, &members, listed, min_coverage));
        }
        (composites, unlabeled)
    }
}

/// Figures that are null, grouped by why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Undefined {
    /// The section they belong to.
    pub section: String,
    /// The rows: tickers or composites.
    pub row: Vec<String>,
    /// The field or column.
    pub field: String,
    /// Why.
    pub reason: String,
}

impl Undefined {
    /// Groups (section, row, field, reason) by all but the row, in order of first appearance.
    pub fn grouped(each: impl IntoIterator<Item = (String, String, String, String)>) -> Vec<Self> {
        let mut groups = IndexMap::<(String, String, String), Vec<String>>::new();
        for (section, row, field, reason) in each {
            groups.entry((section, field, reason)).or_default().push(row);
        }
        groups.into_iter().map(|((section, field, reason), row)| Self { section, row, field, reason }).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_with_one_reason_are_one_entry() {
        let cell = |row: &str, field: &str, reason: &str| {
            ("table".to_owned(), row.to_owned(), field.to_owned(), reason.to_owned())
        };
        let found =
            Undefined::grouped([cell("A", "beta", "thin"), cell("B", "alpha", "thin"), cell("C", "beta", "thin")]);
        let rows: Vec<(&str, Vec<&str>)> =
            found.iter().map(|one| (one.field.as_str(), one.row.iter().map(String::as_str).collect())).collect();
        assert_eq!(rows, [("beta", vec!["A", "C"]), ("alpha", vec!["B"])]);
    }
}
