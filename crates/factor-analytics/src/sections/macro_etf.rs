//! The matrix of a few ETFs per macro group, near duplicates left out.

use std::hash::Hash;

use factor_types::{AssetClass, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
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
}

/// Orders constituents: priority (a lower number is preferred), longest history, ticker.
pub fn by_preference<'a>(study: &Study, members: &[&'a StudiedFactor]) -> Vec<&'a StudiedFactor> {
    let mut ordered = members.to_vec();
    ordered.sort_by(|a, b| {
        let observations = |studied: &StudiedFactor| study.panel().columns()[studied.column].observations;
        (a.factor.priority.cmp(&b.factor.priority))
            .then(observations(b).cmp(&observations(a)))
            .then(a.factor.ticker.cmp(&b.factor.ticker))
    });
    ordered
}

/// `macro_etf_matrix`: per group up to `max_per_group` ETFs in order of preference; a near duplicate of a kept one is
/// dropped, listed, and does not count. Near duplicates are recognised by Pearson's r, whatever the matrix's method.
pub fn macro_etf(
    study: &Study,
    rules: &MacroEtfRules,
    method: Method,
    progress: &mut Progress<'_>,
) -> Result<MacroEtfs, Stopped> {
    let mut chosen: Vec<&StudiedFactor> = Vec::new();
    let mut dropped = Vec::new();
    for (at, group) in rules.groups.iter().enumerate() {
        let mut progress = progress.part(at, 2 * rules.groups.len());
        let (members, listed) = study.macro_members(*group);
        if !crate::composite::covers(members.len(), listed, rules.min_coverage) {
            continue;
        }
        let mut kept: Vec<&StudiedFactor> = Vec::new();
        for (done, candidate) in by_preference(study, &members).into_iter().enumerate() {
            progress.advance(done, members.len())?;
            if kept.len() == rules.max_per_group {
                break;
            }
            match duplicate_of(study, candidate, &kept, rules.duplicate_threshold) {
                Some((twin, correlation)) => dropped.push(DroppedEtf {
                    ticker: candidate.factor.ticker.clone(),
                    kept: twin.factor.ticker.clone(),
                    correlation,
                }),
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
    Ok(MacroEtfs { matrix, used, dropped })
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
