//! The names and bodies of the first design, the seed, beside ours: read from requests, put into answers.
//!
//! docs/REST.md has the table. Answers are text already and stay so: their fields are looked at one level deep and copied as
//! they are, so that no tree of them is built.

use std::{borrow::Cow, fmt::Write as _};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json, value::RawValue};

use super::{problem::Problem, route::Route};
use crate::{
    answer::{Json, Version, canonical},
    arguments::Args,
    tool_error::ToolError,
};

/// The formats of the seed.
pub(super) const FORMATS: [&str; 3] = ["json", "table", "both"];
/// What the seed's correlations take; ours recommend nothing, so it picks the pairs that are listed.
pub(super) const THRESHOLD: &str = "correlation_threshold";

/// A call as its tool takes it.
#[derive(Debug)]
pub(super) struct Asked {
    pub(super) arguments: Map<String, Value>,
    /// The least correlation by size among the strongest ones.
    pub(super) threshold: Option<f64>,
}

/// Reads what the seed writes otherwise.
pub(super) fn read(route: &Route, mut arguments: Map<String, Value>) -> Result<Asked, Problem> {
    let is_correlations = route.given == Some(("analysis_type", "correlations"));
    let threshold = if is_correlations { threshold(&mut arguments)? } else { None };
    let word = arguments.get("format").and_then(Value::as_str).map(|word| word.trim().to_ascii_lowercase());
    let format = match word.as_deref() {
        Some("json") => "full",
        Some("table") => "report",
        Some("both") => {
            name_all(route, &mut arguments);
            "full"
        }
        _ => return Ok(Asked { arguments, threshold }),
    };
    arguments.insert("format".to_owned(), json!(format));
    // The seed knows no answer that is cut.
    arguments.entry("max_chars").or_insert(json!(0));
    Ok(Asked { arguments, threshold })
}

fn threshold(arguments: &mut Map<String, Value>) -> Result<Option<f64>, Problem> {
    let Some(given) = arguments.shift_remove(THRESHOLD) else { return Ok(None) };
    let args = Args::new(Map::from_iter([(THRESHOLD.to_owned(), given)]));
    let threshold = args.number(THRESHOLD, 0.0..=1.0);
    args.finish(&[THRESHOLD]).map_err(|error: ToolError| Problem::of_error(&error))?;
    Ok(threshold)
}

/// Asks by name for all that is in full, and for the report beside it.
fn name_all(route: &Route, arguments: &mut Map<String, Value>) {
    const ENDS: [&str; 4] = ["data_quality", "metadata", "performance", "formatted_report"];
    const OF_TOOLS: [&str; 3] = ["data_quality", "metadata", "formatted_report"];
    let mut sections: Vec<&str> = match (route.given, route.tool().unwrap_or_default()) {
        (Some((_, "correlations")), _) => [&["matrices", "overlays", "insights"][..], &ENDS].concat(),
        (Some((_, "performance")), _) => [&["per_factor", "composites"][..], &ENDS].concat(),
        (Some(_), _) => [&["factors", "rankings", "by_category"][..], &ENDS].concat(),
        (None, "get_factor_recommendations") => {
            [&["best_hedge", "recommendations", "basket", "exposures", "insights"][..], &OF_TOOLS].concat()
        }
        (None, "get_portfolio_exposures") => {
            let own = [
                "holdings",
                "by_industry",
                "by_sector_group",
                "by_asset_class",
                "regression",
                "risk",
                "calendar_years",
                "insights",
            ];
            [&own[..], &OF_TOOLS].concat()
        }
        (None, _) => [&["pairs", "side_by_side", "calendar_years", "insights"][..], &OF_TOOLS].concat(),
    };
    // What comes only where it is asked for.
    let asks = |name: &str| {
        arguments.get(name).is_some_and(|value| !value.is_null() && *value != json!(false) && *value != json!("false"))
    };
    let asked_for = [
        ("include_rolling_summaries", "rolling"),
        ("include_statistics", "statistics"),
        ("what_if", "what_if"),
        ("periods", "periods"),
        ("condition", "condition"),
    ];
    sections.extend(asked_for.iter().filter(|(argument, _)| asks(argument)).map(|(_, section)| *section));
    match arguments.get_mut("include") {
        Some(Value::Array(named)) if !named.is_empty() => named.push(json!("formatted_report")),
        Some(Value::String(named)) if !named.trim().is_empty() => named.push_str(", formatted_report"),
        _ => {
            arguments.insert("include".to_owned(), json!(sections));
        }
    }
}

/// An answer's text with `success` in front, and nothing else changed.
pub(super) fn succeeded(text: &str) -> String {
    match text.strip_prefix('{') {
        Some("}") => r#"{"success":true}"#.to_owned(),
        Some(fields) => format!(r#"{{"success":true,{fields}"#),
        None => text.to_owned(),
    }
}

/// An analysis as it is sent, and the state of its figures.
#[derive(Debug, PartialEq)]
pub(super) struct Figures {
    pub(super) body: String,
    pub(super) version: Version,
}

/// The fields of an object as they are written.
type Fields<'a> = IndexMap<String, &'a RawValue>;

/// An analysis with the seed's names beside ours; `None` for what is no object, which no answer is.
pub(super) fn named(text: &str, threshold: Option<f64>) -> Option<Figures> {
    let fields: Fields<'_> = serde_json::from_str(text).ok()?;
    let mut all: Vec<(&str, Cow<'_, str>)> = vec![("success", "true".into())];
    for (name, value) in &fields {
        let with = if name == "data_quality" { with_excluded_factors(value) } else { None };
        all.push((name, with.map_or_else(|| value.get().into(), Cow::Owned)));
    }
    let field = |name: &str| fields.get(name).copied();
    if let Some(matrix) = field("matrices").and_then(correlation_matrix) {
        let factors: Vec<&String> = matrix.keys().collect();
        all.push(("factor_list", Json::of(&factors).to_string().into()));
        all.push(("correlation_matrix", nested(&matrix).into()));
    }
    if let Some(pairs) = field("insights").and_then(|insights| strongest_correlations(insights, threshold)) {
        all.push(("strongest_correlations", Json::of(&pairs).to_string().into()));
    }
    if let Some(profiles) = field("per_factor").and_then(profiles) {
        all.push(("performance_profiles", profiles.into()));
    }
    for (ours, name) in [("composites", "composite_performance"), ("formatted_report", "formatted_table")] {
        all.extend(field(ours).map(|value| (name, value.get().into())));
    }
    let version = canonical::of_fields(all.iter().map(|(name, value)| (*name, value)));
    Some(Figures { version, body: object(all.iter().map(|(name, value)| (*name, value.as_ref()))) })
}

/// All matrices as one, factor by factor; `None` where there is none in full.
fn correlation_matrix(matrices: &RawValue) -> Option<IndexMap<String, IndexMap<String, &str>>> {
    let matrices: Fields<'_> = serde_json::from_str(matrices.get()).ok()?;
    let mut whole: IndexMap<String, IndexMap<String, &str>> = IndexMap::new();
    for matrix in matrices.values() {
        for (row, cells) in rows(matrix).unwrap_or_default() {
            whole.entry(row).or_default().extend(cells);
        }
    }
    (!whole.is_empty()).then_some(whole)
}

/// The lower triangle of a matrix.
#[derive(Deserialize)]
struct Triangle<'a> {
    labels: Vec<String>,
    #[serde(borrow)]
    rows: Vec<Vec<&'a RawValue>>,
}

/// The rows of a matrix in either layout; `None` for what is said of one in a summary.
fn rows(matrix: &RawValue) -> Option<IndexMap<String, IndexMap<String, &str>>> {
    if let Ok(nested) = serde_json::from_str::<IndexMap<String, Fields<'_>>>(matrix.get()) {
        let are_cells = nested.values().flat_map(IndexMap::values).all(|cell| is_cell(cell));
        return are_cells.then(|| nested.into_iter().map(|(name, row)| (name, cells(row))).collect());
    }
    let Triangle { labels, rows } = serde_json::from_str(matrix.get()).ok()?;
    let cell = |i: usize, j: usize| rows.get(i.max(j)).and_then(|row| row.get(i.min(j))).map(|cell| cell.get());
    let row = |i: usize| labels.iter().enumerate().filter_map(move |(j, label)| Some((label.clone(), cell(i, j)?)));
    Some(labels.iter().enumerate().map(|(i, label)| (label.clone(), row(i).collect())).collect())
}

fn cells(row: Fields<'_>) -> IndexMap<String, &str> {
    row.into_iter().map(|(column, cell)| (column, cell.get())).collect()
}

/// True for a number or null.
fn is_cell(value: &RawValue) -> bool {
    value.get().starts_with(|first: char| first == '-' || first == 'n' || first.is_ascii_digit())
}

/// A pair among the strongest, as the seed has it.
#[derive(Debug, Serialize, PartialEq)]
struct StrongPair {
    factor1: String,
    factor2: String,
    correlation: f64,
    strength: &'static str,
}

/// The pairs that stand out.
#[derive(Deserialize)]
struct Insights {
    strongest_pairs: Vec<Pair>,
    #[serde(default)]
    most_negative_pairs: Vec<Pair>,
}

#[derive(Deserialize)]
struct Pair {
    a: String,
    b: String,
    correlation: f64,
}

/// The strongest pairs of either sign, the largest first; with a threshold only those that reach it.
fn strongest_correlations(insights: &RawValue, threshold: Option<f64>) -> Option<Vec<StrongPair>> {
    let Insights { strongest_pairs, most_negative_pairs } = serde_json::from_str(insights.get()).ok()?;
    let mut pairs: Vec<Pair> = strongest_pairs.into_iter().chain(most_negative_pairs).collect();
    pairs.retain(|pair| threshold.is_none_or(|least| pair.correlation.abs() >= least));
    pairs.sort_by(|a, b| b.correlation.abs().total_cmp(&a.correlation.abs()));
    let strength = |r: f64| match r.abs() {
        size if size > 0.7 => "strong",
        size if size > 0.5 => "moderate",
        _ => "weak",
    };
    let named = |Pair { a, b, correlation }| StrongPair {
        factor1: a,
        factor2: b,
        correlation,
        strength: strength(correlation),
    };
    Some(pairs.into_iter().map(named).collect())
}

/// Profiles with the seed's name for beta in each.
fn profiles(per_factor: &RawValue) -> Option<String> {
    let profiles: IndexMap<String, Fields<'_>> = serde_json::from_str(per_factor.get()).ok()?;
    let written = profiles.iter().map(|(name, profile)| {
        let beta = profile.get("beta").map(|beta| ("beta_vs_benchmark", beta.get()));
        (name.as_str(), object(profile.iter().map(|(name, value)| (name.as_str(), value.get())).chain(beta)))
    });
    let written: Vec<(&str, String)> = written.collect();
    Some(object(written.iter().map(|(name, profile)| (*name, profile.as_str()))))
}

/// The quality of the data with the seed's name for the list of those left out.
fn with_excluded_factors(quality: &RawValue) -> Option<String> {
    let fields: Fields<'_> = serde_json::from_str(quality.get()).ok()?;
    let excluded = ("excluded_factors", fields.get("excluded_factor_list")?.get());
    Some(object(fields.iter().map(|(name, value)| (name.as_str(), value.get())).chain([excluded])))
}

fn nested(matrix: &IndexMap<String, IndexMap<String, &str>>) -> String {
    let rows: Vec<(&str, String)> = matrix
        .iter()
        .map(|(name, row)| (name.as_str(), object(row.iter().map(|(column, cell)| (column.as_str(), *cell)))))
        .collect();
    object(rows.iter().map(|(name, row)| (*name, row.as_str())))
}

/// An object of fields that are written already.
fn object<'a>(fields: impl Iterator<Item = (&'a str, &'a str)>) -> String {
    let mut text = "{".to_owned();
    for (at, (name, value)) in fields.enumerate() {
        let comma = if at > 0 { "," } else { "" };
        let _ = write!(text, "{comma}{}:{value}", Json::of(&name));
    }
    text.push('}');
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rest::routes;

    fn asked(path: &str, arguments: Value) -> Result<Asked, Problem> {
        let route = routes().find(|route| route.path.ends_with(path)).unwrap();
        read(route, arguments.as_object().unwrap().clone())
    }

    fn answered(answer: &Value, threshold: Option<f64>) -> Value {
        serde_json::from_str(&named(&answer.to_string(), threshold).unwrap().body).unwrap()
    }

    #[test]
    fn the_seeds_formats_are_ours_without_a_limit() {
        let arguments = |given: Value| Value::Object(asked("/correlations", given).unwrap().arguments);
        assert_eq!(arguments(json!({"format": "json"})), json!({"format": "full", "max_chars": 0}));
        assert_eq!(arguments(json!({"format": " Table "})), json!({"format": "report", "max_chars": 0}));
        assert_eq!(arguments(json!({"format": "json", "max_chars": 9})), json!({"format": "full", "max_chars": 9}));
        for ours in [json!({}), json!({"format": "summary"}), json!({"format": 5}), json!({"format": "odd"})] {
            assert_eq!(arguments(ours.clone()), ours, "the tool reads it");
        }
        let both =
            arguments(json!({"format": "both", "include_statistics": true, "include_rolling_summaries": "false"}));
        let include: Vec<&str> = both["include"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(
            ["matrices", "formatted_report", "statistics"].iter().all(|name| include.contains(name)),
            "{include:?}"
        );
        assert!(!include.contains(&"rolling"), "{include:?}");
        let own = arguments(json!({"format": "both", "include": ["insights"]}));
        assert_eq!(own["include"], json!(["insights", "formatted_report"]));
    }

    #[test]
    fn a_threshold_is_read_where_the_seed_has_one_and_left_to_the_tool_elsewhere() {
        let read = asked("/correlations", json!({"correlation_threshold": "0.25"})).unwrap();
        assert_eq!((read.threshold, read.arguments.len()), (Some(0.25), 0));
        assert!(asked("/correlations", json!({"correlation_threshold": 2})).is_err());
        assert!(asked("/correlations", json!({"correlation_threshold": "x"})).is_err());
        let offsets = asked("/recommendations", json!({"correlation_threshold": -0.3})).unwrap();
        assert_eq!((offsets.threshold, offsets.arguments.len()), (None, 1));
    }

    #[test]
    fn matrices_of_either_layout_are_one_factor_by_factor() {
        let nested = json!({"A": {"A": 1.0, "B": -0.25}, "B": {"A": -0.25, "B": 1.0}});
        let triangle = json!({"labels": ["C", "D"], "rows": [[1.0], [null, 1.0]]});
        let answer = answered(&json!({"status": "success", "matrices": {"x": nested, "y": triangle}}), None);
        assert_eq!(answer["factor_list"], json!(["A", "B", "C", "D"]));
        assert_eq!(answer["correlation_matrix"]["A"], json!({"A": 1.0, "B": -0.25}));
        assert_eq!(answer["correlation_matrix"]["C"], json!({"C": 1.0, "D": null}));
        let summary = json!({"matrices": {"x": {"size": 2, "mean": 0.5, "pairs": {"A/B": {"r": 0.5}}}}});
        assert!(answered(&summary, None).get("correlation_matrix").is_none(), "a summary has none");
    }

    #[test]
    fn the_strongest_pairs_are_those_of_either_sign_by_size() {
        let pair = |a: &str, b: &str, r: f64| json!({"category": "x", "a": a, "b": b, "correlation": r, "n": 9});
        let insights = json!({"strongest_pairs": [pair("A", "B", 0.6), pair("A", "C", 0.3)], "most_negative_pairs": [pair("B", "C", -0.8)]});
        let answer = answered(&json!({"insights": insights}), None);
        let expected = json!([
            {"factor1": "B", "factor2": "C", "correlation": -0.8, "strength": "strong"},
            {"factor1": "A", "factor2": "B", "correlation": 0.6, "strength": "moderate"},
            {"factor1": "A", "factor2": "C", "correlation": 0.3, "strength": "weak"},
        ]);
        assert_eq!(answer["strongest_correlations"], expected);
        let over = answered(&json!({"insights": insights}), Some(0.5));
        assert_eq!(over["strongest_correlations"].as_array().unwrap().len(), 2);
        assert!(answered(&json!({"insights": {"sentences": []}}), None).get("strongest_correlations").is_none());
    }

    #[test]
    fn what_differs_in_name_only_stands_under_both() {
        let answer = json!({
            "status": "success",
            "per_factor": {"A": {"beta": 1.5, "volatility": 0.2}, "B": {"volatility": 0.1}},
            "composites": {"macro": {}},
            "data_quality": {"excluded_factor_list": [{"ticker": "Z"}], "factors_excluded": 1},
            "formatted_report": "# \"Report\"\n",
        });
        let named = answered(&answer, None);
        assert_eq!(named["success"], true);
        assert_eq!(
            named["performance_profiles"]["A"],
            json!({"beta": 1.5, "volatility": 0.2, "beta_vs_benchmark": 1.5})
        );
        assert_eq!(named["performance_profiles"]["B"], json!({"volatility": 0.1}));
        assert_eq!(
            (&named["composite_performance"], &named["formatted_table"]),
            (&answer["composites"], &answer["formatted_report"])
        );
        assert_eq!(named["data_quality"]["excluded_factors"], named["data_quality"]["excluded_factor_list"]);
        for (name, value) in answer.as_object().unwrap() {
            assert!(name == "data_quality" || named[name] == *value, "{name} is as it was");
        }
    }

    #[test]
    fn success_stands_in_front() {
        assert_eq!(succeeded(r#"{"status":"success"}"#), r#"{"success":true,"status":"success"}"#);
        assert_eq!(succeeded("{}"), r#"{"success":true}"#);
    }
}
