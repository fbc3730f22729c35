//! Returns per industry group and window.

use std::fmt::Write as _;

use factor_analytics::sections::returns::GroupReturns;
use indexmap::IndexMap;

use super::{
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::AnalysisKind,
    answer::markdown::{percent, table},
    services::analysis::answer::AnalysisAnswer,
};

pub(super) const SPEC: Spec = Spec {
    report: at(30, write_report),
    ..Spec::of(
        Some(AnalysisKind::Returns),
        20,
        |answer, fields| {
            fields.put_some("industry_groups", answer.returns().and_then(|report| report.industry_groups.as_ref()));
        },
        |generator| schemas::field::<IndexMap<String, GroupReturns>>("industry_groups", generator),
    )
};

fn write_report(answer: &AnalysisAnswer, text: &mut String) {
    let Some(report) = answer.returns() else { return };
    let Some(groups) = &report.industry_groups else { return };
    let _ = write!(text, "\n## Industry groups\n\n");
    let windows: Vec<&str> = report.windows.keys().map(String::as_str).collect();
    let header: Vec<&str> = ["group", "members"].into_iter().chain(windows.iter().copied()).collect();
    let row = |(name, entry): (&String, &GroupReturns)| {
        let of = |window: &str| entry.windows.get(window).and_then(|own| Some(own.as_ref()?.total_return));
        let cells = windows.iter().map(|window| percent(of(window)));
        [name.clone(), entry.members.len().to_string()].into_iter().chain(cells).collect()
    };
    table(text, &header, 1, groups.iter().map(row).collect());
}
