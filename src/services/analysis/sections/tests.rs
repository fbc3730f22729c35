use factor_analytics::{
    correlation::{CorrelationMatrix, NamedSeries},
    observer::{Progress, Silent},
};

use super::*;

/// A matrix with these entries below its diagonal, row by row, `NaN` for none; each rests on 100 rows.
pub(super) fn matrix_of(names: &[&str], below: &[f64]) -> CorrelationMatrix {
    let columns: Vec<NamedSeries<'_>> =
        names.iter().map(|name| NamedSeries { name, values: &[0.01, 0.02, 0.04] }).collect();
    let mut matrix = CorrelationMatrix::pairwise(&columns, 2, &mut Progress::new(&mut Silent, "")).unwrap();
    let places = (0..names.len()).flat_map(|i| (0..i).map(move |j| (i, j)));
    for ((i, j), r) in places.zip(below) {
        (matrix.values[(i, j)], matrix.values[(j, i)]) = (*r, *r);
    }
    matrix.rows.fill(100);
    matrix.undefined_pairs = below.iter().filter(|r| r.is_nan()).count();
    matrix
}

#[test]
fn names_read_back() {
    for section in Section::ALL {
        assert_eq!(section.as_str().to_uppercase().parse(), Ok(section));
    }
}

#[test]
fn parts_have_a_parent_of_their_own_kind_and_no_other_place() {
    let parts: Vec<Section> = Section::Overlays.parts().collect();
    use Section::{MacroComposite, MacroEtf, MarketSensitivity, Overlays, RateSensitivity};
    assert_eq!(parts, [RateSensitivity, MarketSensitivity, MacroComposite, MacroEtf]);
    for section in Section::ALL {
        let spec = section.spec();
        assert_eq!(spec.parent.is_some(), parts.contains(&section), "{section}");
        assert!(spec.parent.is_none_or(|parent| parent == Overlays && parent.spec().kind == spec.kind), "{section}");
    }
}

#[test]
fn no_two_sections_of_a_kind_have_one_place() {
    use crate::analysis::AnalysisKind::{Correlations, Performance, Returns};
    for kind in [Correlations, Performance, Returns] {
        let check = |what: &str, place: &dyn Fn(&Spec) -> Option<u8>| {
            let specs = Section::ALL.map(Section::spec);
            let of_kind = specs.iter().filter(|spec| spec.kind.is_none_or(|of| of == kind));
            let mut places: Vec<(bool, u8)> =
                of_kind.filter_map(|spec| Some((spec.parent.is_some(), place(spec)?))).collect();
            let all = places.len();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), all, "{what} of {kind}");
        };
        check("full", &|spec| Some(spec.full.at));
        check("summary", &|spec| spec.summary.map(|place| place.at));
        check("report", &|spec| spec.report.map(|place| place.at));
        check("metadata", &|spec| spec.metadata.map(|place| place.at));
        check("conventions", &|spec| spec.convention.map(|place| place.at));
        check("timings", &|spec| spec.timings.map(|place| place.at));
        check("notes", &|spec| spec.notes.map(|place| place.at));
    }
}

#[test]
fn what_describes_an_answer_goes_in_this_order() {
    assert_eq!(
        gone_first(),
        ["performance", "analysis_metadata", "insights", "data_quality", "rolling_series", "rolling"]
    );
}
