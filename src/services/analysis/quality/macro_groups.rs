//! Why a macro group has no composite, no column of ETFs, or no correlation.

use factor_analytics::composite::{Composite, covers};
use factor_types::{AssetClass, Category, Ticker};

use super::Warning;
use crate::{
    analysis::{Analysis, Plan, Report},
    services::analysis::arguments::Query,
};

/// Excluded ETFs of a group that are named with their reasons.
const NAMED: usize = 3;

/// The groups that were asked for and cannot be shown, each with why.
pub(super) fn missing(analysis: &Analysis, query: &Query) -> Vec<Warning> {
    let (groups, min_coverage) = asked_for(&query.request.plan);
    // Groups that nobody named are no loss where the universe has none of them.
    let are_named = groups.len() < AssetClass::ALL.len();
    let why = |class: &AssetClass| {
        let (members, listed) = analysis.study.macro_members(*class);
        if listed == 0 {
            return are_named.then(|| "the universe lists no ETF for it; add some to factor_universe".to_owned());
        }
        if members.is_empty() || !covers(members.len(), listed, min_coverage) {
            return Some(too_few(analysis, *class, (members.len(), listed), min_coverage));
        }
        too_short(analysis, *class)
    };
    let missing = groups.iter().filter_map(|class| {
        let group = class.macro_group().to_owned();
        why(class).map(|why| Warning::NoMacroGroup { group, why })
    });
    missing.chain(none_at_all(analysis, &groups)).collect()
}

/// Of nothing but the caller's groups there is none, which are in no macro group whatever they hold.
fn none_at_all(analysis: &Analysis, groups: &[AssetClass]) -> Option<Warning> {
    let only_groups = analysis.factors.iter().all(|factor| factor.category == Category::User);
    let asked = matches!(analysis.report(), Report::Performance(_)) && !groups.is_empty();
    (asked && only_groups).then(|| Warning::NoMacroGroup {
        group: "at all".to_owned(),
        why: "factor groups of your own are members of none".to_owned(),
    })
}

/// The groups of every macro section of a plan, and the share of their ETFs that must have data.
fn asked_for(plan: &Plan) -> (Vec<AssetClass>, f64) {
    match plan {
        Plan::Correlations(plan) => {
            let of_etfs = plan.macro_etf.iter().flat_map(|rules| &rules.groups);
            let all = plan.macro_composite.iter().flatten().chain(of_etfs);
            (
                AssetClass::ALL.into_iter().filter(|class| all.clone().any(|asked| asked == class)).collect(),
                plan.min_coverage,
            )
        }
        Plan::Performance(plan) => (plan.macro_composites.clone().unwrap_or_default(), plan.min_coverage),
        Plan::Returns(_) => (Vec::new(), 0.0),
    }
}

fn too_few(analysis: &Analysis, class: AssetClass, (analysed, listed): (usize, usize), min_coverage: f64) -> String {
    let is_member = |ticker: &Ticker| {
        analysis.factors.iter().any(|factor| {
            factor.ticker == *ticker && factor.asset_class == Some(class) && factor.category != Category::User
        })
    };
    let out: Vec<String> = analysis
        .study
        .excluded
        .iter()
        .filter(|one| is_member(&one.ticker))
        .map(|one| format!("{}: {}", one.ticker, one.detail))
        .collect();
    let more = out.len().saturating_sub(NAMED);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    format!(
        "{analysed} of its {listed} ETFs have enough data, {:.0}% needed (macro_min_group_coverage_pct); {}{more}",
        100.0 * min_coverage,
        out[..out.len().min(NAMED)].join("; ")
    )
}

/// Why a composite that was built has no correlation with any other.
fn too_short(analysis: &Analysis, class: AssetClass) -> Option<String> {
    let Report::Correlations(report) = analysis.report() else { return None };
    let built = report.macro_composites.built.iter().find(|one| one.name == class.macro_group())?;
    let matrix = report.macro_composite.as_ref()?;
    let at = matrix.names.iter().position(|name| *name == built.name)?;
    if (0..matrix.size()).any(|other| other != at && matrix.get(at, other).is_some()) || matrix.size() < 2 {
        return None;
    }
    let (rows, needed) = (present(built), analysis.study.pair_floor());
    let starts = built.starts.values().min().map(|first| format!(", the first from {first}")).unwrap_or_default();
    Some(format!(
        "its row is null: {rows} periods{starts}, and a correlation needs {needed} in common (min_observations)"
    ))
}

fn present(composite: &Composite) -> usize {
    composite.values.iter().filter(|value| value.is_finite()).count()
}
