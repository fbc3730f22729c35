//! What parts of `overlays` have alike: tables of correlations with columns, and matrices.

use factor_analytics::{
    correlation::CorrelationMatrix,
    report::CorrelationReport,
    sections::{overlays::Overlay, statistics::RateStatistics},
};
use indexmap::IndexMap;

use super::{
    Section,
    matrices::{self, laid_out},
    overlays::{self, InShort, Rows, part},
    schemas,
    spec::{Spec, at},
};
use crate::{
    analysis::{Analysis, Report},
    services::analysis::answer::AnalysisAnswer,
};

/// A table of correlations of factors with the columns of an overlay.
pub(super) trait Sensitivity {
    /// Its field, and the section of the report that computes it.
    const FIELD: &'static str;
    /// Its title in a report for people.
    const TITLE: &'static str;
    /// Why it is not there.
    const ABSENT: &'static str;
    /// The table.
    fn of(report: &CorrelationReport) -> Option<&Overlay>;
    /// The slopes of its rows, where they were taken.
    fn slopes(_: &CorrelationReport) -> Option<&IndexMap<String, IndexMap<String, RateStatistics>>> {
        None
    }
    /// True where another part of a summary says all that it does.
    fn is_shown_already(_: &AnalysisAnswer, _: &Overlay) -> bool {
        false
    }
}

/// A matrix of correlations among what an overlay stands for.
pub(super) trait OverlayMatrix {
    /// Its field.
    const FIELD: &'static str;
    /// The section of the report that computes it.
    const SECTION: &'static str;
    /// The matrix.
    fn of(report: &CorrelationReport) -> Option<&CorrelationMatrix>;
}

/// The table of an analysis, if it has it.
fn table<T: Sensitivity>(analysis: &Analysis) -> Option<&Overlay> {
    correlations(analysis).and_then(T::of)
}

/// The matrix of an analysis, if it has it.
pub(super) fn matrix<T: OverlayMatrix>(analysis: &Analysis) -> Option<&CorrelationMatrix> {
    correlations(analysis).and_then(T::of)
}

fn correlations(analysis: &Analysis) -> Option<&CorrelationReport> {
    match analysis.report() {
        Report::Correlations(report) => Some(report),
        Report::Performance(_) | Report::Returns(_) => None,
    }
}

/// The section of a table, at this place in `overlays`. In a report and among the timings sections come before it that are no
/// overlays, hence the ten.
pub(super) const fn sensitivity<T: Sensitivity>(place: u8) -> Spec {
    Spec {
        summary: at(place, |answer, lists, fields| {
            let Some(overlay) = table::<T>(&answer.analysis).filter(|overlay| !T::is_shown_already(answer, overlay))
            else {
                return;
            };
            let study = &answer.analysis.study;
            let ended = study.factors.iter().filter_map(|of| Some((of.factor.ticker.as_str(), of.standing.stopped?)));
            let short = InShort {
                size: lists.top,
                most: answer.query.lists.top,
                window: study.panel().rows(),
                stopped: ended.collect(),
                categories: answer.query.overlays_of.as_ref(),
                slopes: correlations(&answer.analysis).and_then(T::slopes),
                p_values: answer.query.sections.has(Section::Statistics),
            };
            fields.put_filled(T::FIELD, short.of(overlay));
        }),
        report: at(place + 10, |answer, text| {
            if let Some(overlay) = table::<T>(&answer.analysis).filter(|overlay| !overlay.rows.is_empty()) {
                overlays::write_table(text, T::TITLE, overlay, &answer.query);
            }
        }),
        timings: at(place + 10, |analysis, _, fields| overlays::put_timing(analysis, T::FIELD, fields)),
        not_computed: at(place + 10, |analysis| table::<T>(analysis).is_none().then_some(T::ABSENT)),
        ..part(
            place,
            |answer, fields| {
                if let Some(overlay) = table::<T>(&answer.analysis) {
                    fields.put(T::FIELD, &Rows(overlay));
                }
            },
            |_| vec![(T::FIELD, schemas::table())],
        )
    }
}

/// The section of a matrix, at this place in `overlays`, without its forms in a summary and a report.
pub(super) const fn overlay_matrix<T: OverlayMatrix>(place: u8) -> Spec {
    Spec {
        metadata: at(place, |analysis, query, metadata| {
            if let Some(matrix) = matrix::<T>(analysis) {
                matrices::put_overlay_metadata(T::FIELD, matrix, query, metadata);
            }
        }),
        timings: at(place + 10, |analysis, _, fields| overlays::put_timing(analysis, T::SECTION, fields)),
        ..part(
            place,
            |answer, fields| {
                if let Some(matrix) = matrix::<T>(&answer.analysis) {
                    fields.put_part(T::FIELD, laid_out(answer, matrix, fields.room()));
                }
            },
            |_| vec![(T::FIELD, schemas::matrix())],
        )
    }
}
