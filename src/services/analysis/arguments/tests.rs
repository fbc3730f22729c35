use factor_analytics::panel::DefaultStart;
use factor_types::Ticker;
use serde_json::json;

use super::*;
use crate::services::common_args::tests::{args, snapshot};

fn read_json(values: Value) -> Result<Query, ToolError> {
    let Value::Object(values) = values else { panic!("no object") };
    read(values, &snapshot(), UserGroups::default())
}

fn problems(values: Value) -> Vec<String> {
    read_json(values).unwrap_err().problems.iter().map(ToString::to_string).collect()
}

fn notes(values: Value) -> Vec<String> {
    read_json(values).unwrap().common.notes
}

#[test]
fn correlations_are_the_default() {
    let query = read_json(json!({})).unwrap();
    assert_eq!((query.request.kind, query.request.benchmark.as_str()), (AnalysisKind::Correlations, "SPY"));
    assert_eq!(query.lists, ListSizes { top: 5, per_matrix: 5, factors: 15, asked: false });
    assert!(query.sections.has(Section::Matrices) && !query.sections.has(Section::Statistics));
    assert!(!query.triangle && query.preset.is_none() && query.include.is_none());
}

#[test]
fn mistakes_come_in_the_order_of_reading() {
    let wrong = json!({
        "analysis_type": "correlation", "preset": "lite", "format": "txt", "benchmark_ticker": "S PY", "start_date": "1",
        "categories": "x", "correlation_method": "kendall", "regime": "9", "top_n": 0, "min_observations": 1,
        "matrix_format": "flat", "max_chars": 5, "precision": 0, "unknown": 1, "advanced": {"mystery": 2},
    });
    let fields: Vec<String> = read_json(wrong).unwrap_err().problems.into_iter().map(|problem| problem.field).collect();
    assert_eq!(
        fields,
        [
            "analysis_type",
            "preset",
            "format",
            "categories[0]",
            "benchmark_ticker",
            "start_date",
            "correlation_method",
            "regime",
            "top_n",
            "min_observations",
            "matrix_format",
            "max_chars",
            "precision",
            "advanced.mystery",
            "unknown",
        ]
    );
}

#[test]
fn arguments_of_another_analysis_are_a_note() {
    assert_eq!(notes(json!({"windows": ["1m"]})), ["windows is ignored for correlations mode; it belongs to returns"]);
    assert_eq!(
        notes(json!({"analysis_type": "returns", "start_date": "2020-01-01", "sort_by": "volatility"})),
        [
            "start_date is ignored for returns mode; use windows to specify lookback periods",
            "sort_by is ignored for returns mode; it belongs to performance",
        ]
    );
    let half_life = notes(json!({"half_life": 12, "categories": ["rate"], "include_statistics": true}));
    assert_eq!(half_life, ["half_life is ignored; it belongs to correlation_method ewma"]);
    // An argument that means nothing here is not read, however wrong.
    let ignored = notes(json!({"analysis_type": "performance", "categories": "rate", "matrix_format": 3}));
    assert_eq!(
        ignored,
        [
            "matrix_format is ignored for performance mode; it belongs to correlations",
            "category rate is ignored for performance mode; it belongs to correlations",
        ]
    );
}

#[test]
fn a_preset_picks_categories_unless_some_are_named() {
    let preset = read_json(json!({"preset": "macro_focus"})).unwrap();
    assert_eq!(preset.common.categories, Preset::MacroFocus.categories());
    let named = read_json(json!({"preset": "macro_focus", "categories": ["style"]})).unwrap();
    assert_eq!(named.common.categories, Some(BTreeSet::from([Category::Style])));
    let emptied = read_json(json!({"preset": "macro_focus", "categories": []})).unwrap();
    assert_eq!(emptied.common.categories, None);
}

#[test]
fn windows_settle_the_dates_of_returns() {
    let query =
        read_json(json!({"analysis_type": "returns", "windows": "1y, 3m, 1y, 9x", "end_date": "2024-06"})).unwrap();
    assert_eq!(query.common.dates.default_start, DefaultStart::MonthsBefore(14));
    assert_eq!(query.request.dates, query.common.dates);
    assert_eq!(query.invalid_windows, ["9x"]);
    let none = read_json(json!({"analysis_type": "returns", "windows": ["9x"]})).unwrap_err();
    assert!(none.message.starts_with("No valid windows specified: `windows` (got [\"9x\"])"), "{}", none.message);
}

#[test]
fn lists_are_as_long_as_asked() {
    let report = read_json(json!({"format": "report"})).unwrap().lists;
    assert_eq!(report, ListSizes { top: 10, per_matrix: 10, factors: 15, asked: false });
    let asked = read_json(json!({"top_n": 3, "top_n_per_matrix": 7, "advanced": {"max_factors": "20"}})).unwrap().lists;
    assert_eq!(asked, ListSizes { top: 3, per_matrix: 7, factors: 20, asked: true });
}

#[test]
fn names_of_sections_are_known_or_not() {
    let query = read_json(json!({"include": ["Matrices", "matrices", "nothing", "nothing"]})).unwrap();
    assert_eq!((query.include, query.invalid_sections), (Some(vec![Section::Matrices]), vec!["nothing".to_owned()]));
    let refused = problems(json!({"advanced": {"sections": ["matrices:style", "matrices:x", "y"]}}));
    assert_eq!(refused.len(), 2);
    assert!(refused[0].contains("names `matrices:x`, which is no section of correlations"), "{}", refused[0]);
}

#[test]
fn rolling_pairs_name_what_the_call_has() {
    let refused = problems(json!({"include_rolling_summaries": true, "rolling_pairs": ["SPY/SPY", "SPY", "TTL/SPY"]}));
    let ends = ["the two names are the same", "write two names as XLF/TLT", "did you mean TLT?"];
    assert_eq!(refused.len(), 3);
    assert!(refused.iter().zip(ends).all(|(problem, end)| problem.ends_with(end)), "{refused:?}");
}

#[test]
fn weights_of_composites_go_with_their_method() {
    let performance = |more: Value| {
        let mut values = json!({"analysis_type": "performance"});
        values.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        read_json(values)
    };
    let plan = |query: Query| match query.request.plan {
        Plan::Performance(plan) => plan,
        _ => panic!("not of performance"),
    };
    let custom = plan(performance(json!({"composite_weights": {"spy": 0.6}})).unwrap());
    assert_eq!(custom.weights, Weighting::Custom([(Ticker::spy(), 0.6)].into_iter().collect()));
    for (wrong, why) in [
        (json!({"composite_weighting_method": "custom"}), "needs composite_weights"),
        (
            json!({"composite_weighting_method": "cap", "composite_weights": {"SPY": 1}}),
            "needs composite_weighting_method custom",
        ),
        (json!({"composite_weights": {"SPY": 0}}), "must be above 0"),
    ] {
        let message = performance(wrong).unwrap_err().message;
        assert!(message.contains(why), "{message}");
    }
}

#[test]
fn a_portfolio_rests_on_performance_without_composites() {
    let given = json!({"start_date": "2015-01-31", "categories": ["style", "cash"], "frequency": "weekly",
        "industry_granularity": "industry", "min_observations": 30, "asset_class_filters": {"include": ["equity"]}});
    let common = CommonArgs::read(&mut args(given.clone()), (&["categories"], &[]), &snapshot(), UserGroups::default());
    let held: Ticker = "NVDA".parse().unwrap();
    let own = Query::for_portfolio(common.unwrap(), std::slice::from_ref(&held));

    let mut asked = given;
    for (name, value) in [
        ("analysis_type", json!("performance")),
        ("include_macro_composite_performance", json!(false)),
        ("include_factor_composite_performance", json!(false)),
    ] {
        asked[name] = value;
    }
    let mut other = read_json(asked).unwrap();
    other.request.also_priced.push(held);
    // Candidates are filtered by their class when all are analysed.
    other.request.asset_classes = Default::default();
    assert_eq!(format!("{:?}", own.request), format!("{:?}", other.request));
    assert_eq!(own.common.asset_classes.include.len(), 1);
}
