//! The matrix of a few ETFs per macro group, near duplicates left out.

use std::hash::Hash;

use factor_types::{AssetClass, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    composite::Omitted,
    correlation::{self, CorrelationMatrix, Method},
    fields::eq_and_hash_by_fields,
    observer::{Progress, Stopped},
    sections::matrices,
    study::{StudiedFactor, Study},
};

/// More columns than this in all, and the matrix is left out.
pub const MAX_COLUMNS: usize = 40;

/// How constituents are chosen.
#[derive(Debug, Clone)]
pub struct MacroEtfRules {
    /// The groups, in order.
    pub groups: Vec<AssetClass>,
    /// ETFs kept per group.
    pub max_per_group: usize,
    /// One whose |correlation| with a kept one of its group reaches this is dropped.
    pub duplicate_threshold: f64,
    /// Share of a group's listed ETFs that must be analysed.
    pub min_coverage: f64,
}

eq_and_hash_by_fields!(MacroEtfRules);

impl MacroEtfRules {
    fn fields(&self) -> impl Hash + Eq + '_ {
        let Self { groups, max_per_group, duplicate_threshold, min_coverage } = self;
        (groups, max_per_group, duplicate_threshold.to_bits(), min_coverage.to_bits())
    }
}

/// An ETF dropped because one kept before it is nearly the same.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct DroppedEtf {
    /// The one dropped.
    pub ticker: Ticker,
    /// The one kept.
    pub kept: Ticker,
    /// Their correlation.
    pub correlation: f64,
}

/// The chosen ETFs and their matrix.
#[derive(Debug, Clone)]
pub struct MacroEtfs {
    /// Their correlations; `None` with more than [`MAX_COLUMNS`] columns, or none.
    pub matrix: Option<CorrelationMatrix>,
    /// How many were chosen.
    pub used: usize,
    /// Those dropped as near duplicates.
    pub dropped: Vec<DroppedEtf>,
    /// All analysed ETFs of the groups that were not chosen, with why.
    pub excluded: Vec<Omitted>,
}

/// Orders constituents: priority (a lower number is preferred), what is traded most, the lowest costs, longest history,
/// ticker. What is not known comes after what is.
pub fn by_preference<'a>(study: &Study, members: &[&'a StudiedFactor]) -> Vec<&'a StudiedFactor> {
    let mut ordered = members.to_vec();
    ordered.sort_by(|a, b| {
        let observations = |studied: &StudiedFactor| study.panel().columns()[studied.column].observations;
        let traded = |studied: &StudiedFactor| studied.factor.facts.average_daily_value;
        let costs = |studied: &StudiedFactor| {
            let known = studied.factor.facts.expense_ratio;
            (known.is_none(), known)
        };
        (a.factor.priority.cmp(&b.factor.priority))
            .then(traded(b).cmp(&traded(a)))
            .then(costs(a).cmp(&costs(b)))
            .then(observations(b).cmp(&observations(a)))
            .then(a.factor.ticker.cmp(&b.factor.ticker))
    });
    ordered
}

/// `macro_etf_matrix`: per group up to `max_per_group` ETFs in order of preference; a near duplicate of a kept one is
/// dropped, listed, and does not count. Near duplicates are recognised by Pearson's r, whatever the matrix's method.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub fn macro_etf(
    study: &Study,
    rules: &MacroEtfRules,
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<MacroEtfs, Stopped> {
    let mut chosen: Vec<&StudiedFactor> = Vec::new();
    let (mut dropped, mut excluded) = (Vec::new(), Vec::new());
    for (at, group) in rules.groups.iter().enumerate() {
        let mut progress = progress.part(at, 2 * rules.groups.len());
        let (members, listed) = study.macro_members(*group);
        if !crate::composite::covers(members.len(), listed, rules.min_coverage) {
            continue;
        }
        let mut kept: Vec<&StudiedFactor> = Vec::new();
        for (done, candidate) in by_preference(study, &members).into_iter().enumerate() {
            progress.advance(done, members.len())?;
            let ticker = &candidate.factor.ticker;
            // Those after the last are not compared, so they are not listed as dropped either.
            if kept.len() == rules.max_per_group {
                excluded.push(Omitted::after(rules.max_per_group, ticker));
                continue;
            }
            match duplicate_of(study, candidate, &kept, rules.duplicate_threshold) {
                Some((twin, correlation)) => {
                    let kept = twin.factor.ticker.clone();
                    let reason = format!("nearly the same as {kept}: correlation {correlation:.2}");
                    excluded.push(Omitted { ticker: ticker.clone(), reason });
                    dropped.push(DroppedEtf { ticker: ticker.clone(), kept, correlation });
                }
                None => kept.push(candidate),
            }
        }
        chosen.extend(kept);
    }
    let used = chosen.len();
    let matrix = if used <= MAX_COLUMNS {
        matrices::of_factors(study, &chosen, method, &mut progress.part(1, 2))?
    } else {
        None
    };
    Ok(MacroEtfs { matrix, used, dropped, excluded })
}

fn duplicate_of<'a>(
    study: &Study,
    candidate: &StudiedFactor,
    kept: &[&'a StudiedFactor],
    threshold: f64,
) -> Option<(&'a StudiedFactor, f64)> {
    let panel = study.panel();
    kept.iter().find_map(|twin| {
        let r =
            correlation::pearson(panel.column(candidate.column), panel.column(twin.column), study.min_observations).r?;
        (r.abs() >= threshold).then_some((*twin, r))
    })
}

#[cfg(test)]
mod tests {
    use factor_types::{Category, Ratio, YieldTable};

    use super::*;
    use crate::{
        observer::tests::unobserved,
        test_study::{Fund, study, ticker},
    };

    const A: [f64; 5] = [0.01, -0.02, 0.03, -0.01, 0.02];
    const B: [f64; 5] = [0.02, 0.01, -0.01, -0.03, 0.01];

    #[test]
    fn of_equals_the_one_that_is_traded_more_and_costs_less_comes_first() {
        let fund = |name: &str, traded: Option<u64>, costs: Option<f64>| {
            let mut fund = Fund::new(name, Category::Style, &A);
            fund.factor.asset_class = Some(AssetClass::Equity);
            fund.factor.facts.average_daily_value = traded;
            fund.factor.facts.expense_ratio = costs.and_then(Ratio::new);
            fund
        };
        let funds = [
            fund("DEAR", Some(5_000_000), Some(0.0075)),
            fund("QUIET", Some(10_000), Some(0.0001)),
            fund("BARE", None, None),
            fund("CHEAP", Some(5_000_000), Some(0.0003)),
            fund("UNTOLD", Some(5_000_000), None),
            fund("COSTED", None, Some(0.0001)),
        ];
        let study = study(&funds, YieldTable::default());
        let (members, _) = study.macro_members(AssetClass::Equity);
        let order: Vec<&str> = by_preference(&study, &members).iter().map(|one| one.factor.ticker.as_str()).collect();
        assert_eq!(order, ["CHEAP", "DEAR", "UNTOLD", "QUIET", "COSTED", "BARE"]);
    }

    #[test]
    fn a_twin_of_a_kept_one_is_dropped_and_does_not_count() {
        let twin = A.map(|r| 1.5 * r);
        let fund = |name: &str, priority: u32, returns| {
            let mut fund = Fund::new(name, Category::Style, returns);
            fund.factor.priority = priority;
            fund.factor.asset_class = Some(AssetClass::Equity);
            fund
        };
        let late = [f64::NAN, 0.01, -0.01, -0.03, 0.01];
        let funds = [fund("LATE", 2, &late), fund("TWIN", 2, &twin), fund("A", 1, &A), fund("B", 2, &B)];
        let study = study(&funds, YieldTable::default());
        let (members, _) = study.macro_members(AssetClass::Equity);
        let order: Vec<&str> = by_preference(&study, &members).iter().map(|one| one.factor.ticker.as_str()).collect();
        // Priority, then the longer history, then the name.
        assert_eq!(order, ["A", "B", "TWIN", "LATE"]);
        let rules = |max_per_group| MacroEtfRules {
            groups: vec![AssetClass::Equity],
            max_per_group,
            duplicate_threshold: 0.95,
            min_coverage: 0.6,
        };
        let found = unobserved(|progress| macro_etf(&study, &rules(3), Method::Pearson, progress));
        let dropped: Vec<(&str, &str)> =
            found.dropped.iter().map(|one| (one.ticker.as_str(), one.kept.as_str())).collect();
        // LATE is B from its second month on.
        assert_eq!((found.used, dropped), (2, vec![("TWIN", "A"), ("LATE", "B")]));
        assert_eq!(found.matrix.unwrap().names, ["A", "B"]);
        let one = unobserved(|progress| macro_etf(&study, &rules(1), Method::Pearson, progress));
        assert_eq!((one.used, one.dropped.len()), (1, 0));
        let none = MacroEtfRules { groups: vec![AssetClass::Bond], ..rules(3) };
        let none = unobserved(|progress| macro_etf(&study, &none, Method::Pearson, progress));
        assert!(none.matrix.is_none() && none.used == 0);
        assert_eq!(ticker("A"), study.factors[2].factor.ticker);
    }
}
