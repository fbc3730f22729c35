//! `analysis_metadata` and `performance`: what was done, on what, by which conventions and how fast.

use chrono::{SecondsFormat, Utc};
use factor_analytics::{
    composite::Composite,
    correlation::{CorrelationMatrix, Estimate, Method},
    report::{CapWeights, CorrelationReport},
    study::ExclusionReason,
};
use factor_types::{Category, PriceKind};
use indexmap::IndexMap;
use serde_json::{Map, Value, json};

use super::{arguments::Query, quality, regime, rolling};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report},
    app::App,
};

/// The metadata of an analysis.
pub(super) fn of(analysis: &Analysis, query: &Query, app: &App) -> Value {
    let panel = analysis.study.panel();
    let window = analysis.window();
    let mut metadata = Map::new();
    let mut put = |name: &str, value: Value| drop(metadata.insert(name.to_owned(), value));
    put("start_date", json!(window.start));
    put("end_date", json!(window.end));
    put("first_period", json!(panel.labels().first()));
    put("last_period", json!(panel.labels().last()));
    put("frequency", json!(window.frequency));
    put("analysis_date", json!(Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true)));
    put("as_of", json!(panel.as_of()));
    put("stale_days", json!(analysis.stale_days()));
    put("categories", json!(categories(analysis)));
    put("min_observations", json!(analysis.study.min_observations));
    put("price_source", price_source(analysis, app));
    put("universe_source", universe_source(query));
    put("universe_hash", json!(query.in_force.loaded.hash));
    match analysis.report() {
        Report::Correlations(report) => {
            put("benchmark", json!(query.request.benchmark));
            put("correlation_method", json!(report.method.as_str()));
            if let Method::Ewma { half_life } = report.method {
                put("half_life", json!(half_life));
            }
            if let Some(slice) = analysis.study.slice() {
                put("regime", regime::facts(slice, analysis));
            }
            if let Plan::Correlations(plan) = &query.request.plan {
                if plan.clustered {
                    put("order", json!("cluster"));
                }
                if let Some(rolling) = &plan.rolling {
                    put("rolling_windows", json!(rolling.windows));
                }
            }
            put("matrices", matrices(report));
            let of_overlays = overlay_matrices(report);
            if !of_overlays.is_empty() {
                put("overlay_matrices", Value::Object(of_overlays));
            }
            put("macro_composites", starts(&report.macro_composites.built));
        }
        Report::Performance(report) => {
            put("benchmark", json!(query.request.benchmark));
            put("risk_free_source", json!(report.risk_free_source));
            put("risk_free_periods", json!(report.risk_free_rows));
            put("macro_composites", starts(&report.macro_composites));
            if let Some(weights) = &report.cap_weights {
                put("composite_weighting", composite_weighting(weights, analysis));
            }
        }
        Report::Returns(report) => put("windows", json!(report.windows)),
    }
    if let Some(preset) = query.preset {
        let names: Vec<&str> = categories(analysis);
        let computed = sections_computed(analysis);
        put("preset", preset.describe(&computed.iter().map(String::as_str).collect::<Vec<_>>(), &names));
    }
    put("labels", labels(analysis));
    put("history", history(analysis));
    put("conventions", conventions(analysis, query));
    let hit = |cached: bool| if cached { "hit" } else { "miss" };
    put("cache", json!({ "panel": hit(analysis.panel_cached), "sections": hit(analysis.report_cached) }));
    let excluded = quality::excluded(analysis).into_iter();
    let without_data: Vec<_> = excluded
        .filter(|exclusion| exclusion.reason == ExclusionReason::NoData)
        .map(|exclusion| exclusion.ticker)
        .collect();
    put(
        "lifecycle",
        json!({
            "stale_factor_candidates": quality::stale_candidates(analysis).iter().map(|one| &one.ticker).collect::<Vec<_>>(),
            "excluded_for_no_data": without_data,
            "last_universe_refresh": query.in_force.read_at(),
        }),
    );
    put("version", json!(env!("CARGO_PKG_VERSION")));
    Value::Object(metadata)
}

/// The timings and sizes of an analysis.
pub(super) fn performance(analysis: &Analysis) -> Value {
    let took = |name: &str| analysis.timings().get(name).copied();
    let per_category: IndexMap<&str, f64> =
        analysis.timings().iter().filter_map(|(name, took)| Some((name.strip_prefix("matrices:")?, *took))).collect();
    let mut fields = Map::new();
    let mut put = |name: &str, value: Value| drop(fields.insert(name.to_owned(), value));
    put("returns_panel_build_ms", json!((analysis.panel_ms * 1e3).round() / 1e3));
    match analysis.report() {
        Report::Correlations(report) => {
            put("total_corr_ms", json!(per_category.values().sum::<f64>()));
            put("per_category_corr_ms", json!(per_category));
            for name in ["rate_sensitivity", "market_sensitivity", "macro_composite", "macro_etf"] {
                put(&format!("{name}_ms"), json!(took(name)));
            }
            if !report.rolling.is_empty() {
                let rolling = analysis.timings().iter().filter(|(name, _)| name.starts_with("rolling"));
                put("rolling_ms", json!(rolling.map(|(_, took)| took).sum::<f64>()));
            }
            let included: Vec<&str> = report.macro_composites.built.iter().map(|c| c.name.as_str()).collect();
            put("macro_groups_included", json!(included));
            let used = report.macro_composites.built.iter().map(|composite| composite.members.len()).sum::<usize>();
            put("macro_constituents_used", json!(used));
            let dropped = report.macro_etf.as_ref().map_or(0, |section| section.dropped.len());
            put("macro_constituents_dropped", json!(dropped));
        }
        Report::Performance(report) => {
            put("performance_profiles_ms", json!(took("per_factor")));
            put("composite_performance_ms", json!(took("composites")));
            let included: Vec<&str> = report.macro_composites.iter().map(|c| c.name.as_str()).collect();
            put("macro_groups_included", json!(included));
            let used = report.macro_composites.iter().map(|composite| composite.members.len()).sum::<usize>();
            put("macro_constituents_used", json!(used));
        }
        Report::Returns(_) => put("returns_ms", json!(took("factors"))),
    }
    let mut counts = IndexMap::<Category, usize>::new();
    for studied in &analysis.study.factors {
        *counts.entry(studied.factor.category).or_default() += 1;
    }
    put("factors_count_total", json!(analysis.study.factors.len()));
    put("factors_count_per_category", json!(counts));
    put("sections_computed", json!(sections_computed(analysis)));
    Value::Object(fields)
}

/// The sections that ran, in order: what the call paid for.
fn sections_computed(analysis: &Analysis) -> Vec<String> {
    analysis.timings().keys().cloned().collect()
}

fn categories(analysis: &Analysis) -> Vec<&'static str> {
    let present =
        |category: &&Category| analysis.study.factors.iter().any(|studied| studied.factor.category == **category);
    analysis.selected.iter().filter(present).map(|category| category.as_str()).collect()
}

fn price_source(analysis: &Analysis, app: &App) -> Value {
    let columns = analysis.study.panel().columns();
    let of_kind = |kind: PriceKind| {
        columns.iter().filter(|column| column.series.kind() == kind && !column.series.ticker().is_group()).count()
    };
    json!({
        "name": analysis.source.name,
        "description": analysis.source.description,
        "picked_because": app.sources.choice.why,
        "simulated": analysis.source.simulated,
        "price_kinds": { "adjusted": of_kind(PriceKind::Adjusted), "close": of_kind(PriceKind::Close) },
    })
}

fn universe_source(query: &Query) -> Value {
    match query.request.universe {
        Some(_) => json!({ "factor_universe": "request" }),
        None => json!(query.in_force.loaded.tiers),
    }
}

fn matrices(report: &CorrelationReport) -> Value {
    let each = report.matrices.iter().map(|(name, matrix)| {
        let spectrum = report.spectra.get(name);
        let mut facts = json!({
            "rows": matrix.size(),
            "undefined_pairs": matrix.undefined_pairs,
            "min_eigenvalue": spectrum.map(|spectrum| spectrum.min_eigenvalue),
            "observations": (0..matrix.size()).map(|i| matrix.rows[(i, i)]).max(),
        });
        if let Value::Object(facts) = &mut facts {
            facts.extend(estimate(matrix));
        }
        (name.clone(), facts)
    });
    Value::Object(each.collect())
}

/// What the method says of the matrices that stand among the overlays; nothing for plain pairs.
fn overlay_matrices(report: &CorrelationReport) -> Map<String, Value> {
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    [("macro_composite_matrix", report.macro_composite.as_ref()), ("macro_etf_matrix", macro_etf)]
        .into_iter()
        .filter_map(|(name, matrix)| Some((name.to_owned(), estimate(matrix?))))
        .filter(|(_, facts)| !facts.is_empty())
        .map(|(name, facts)| (name, Value::Object(facts)))
        .collect()
}

fn estimate(matrix: &CorrelationMatrix) -> Map<String, Value> {
    let facts = match &matrix.estimate {
        Estimate::Pairwise => json!({}),
        Estimate::Weighted(rows) => {
            let of = |pick: fn(f64, f64) -> f64| rows.iter().copied().reduce(pick);
            json!({ "n_eff": { "lowest": of(f64::min), "highest": of(f64::max) } })
        }
        Estimate::Shrunk(shrinkage) => json!({
            "kappa": shrinkage.kappa,
            "intensity": shrinkage.intensity,
            "mean_correlation": shrinkage.mean_correlation,
            "complete_rows": shrinkage.rows,
            "dropped": shrinkage.dropped,
        }),
    };
    facts.as_object().cloned().unwrap_or_default()
}

/// What the composites' weights by market capitalisation rest on.
fn composite_weighting(weights: &CapWeights, analysis: &Analysis) -> Value {
    json!({
        "method": "cap",
        "source": analysis.source.name,
        "as_of": weights.as_of,
        "lookahead": true,
        "without_cap": weights.without_cap,
    })
}

/// When each member of a composite starts.
fn starts(composites: &[Composite]) -> Value {
    Value::Object(composites.iter().map(|composite| (composite.name.clone(), json!(composite.starts))).collect())
}

fn labels(analysis: &Analysis) -> Value {
    let entry = |studied: &factor_analytics::study::StudiedFactor| {
        let factor = &studied.factor;
        let mut facts = json!({ "label": factor.label, "category": factor.category });
        if let Value::Object(facts) = &mut facts {
            if !factor.aliases.is_empty() {
                facts.insert("aliases".to_owned(), json!(factor.aliases));
            }
            if let Some(group) = &factor.sector_group {
                facts.insert("sector_group".to_owned(), json!(group));
            }
        }
        (factor.ticker.to_string(), facts)
    };
    Value::Object(analysis.study.factors.iter().map(entry).collect())
}

fn history(analysis: &Analysis) -> Value {
    let study = &analysis.study;
    let entry = |studied: &factor_analytics::study::StudiedFactor| {
        (studied.factor.ticker.to_string(), json!(study.history(studied.column)))
    };
    Value::Object(study.factors.iter().map(entry).collect())
}

fn correlation_conventions(analysis: &Analysis) -> Value {
    let Report::Correlations(report) = analysis.report() else { return json!({}) };
    let correlation = match report.method {
        Method::Pearson => {
            "Pearson over the common rows of each pair; null under min_observations or without variation"
        }
        Method::Spearman => {
            "Spearman: Pearson of average ranks, taken anew on the common rows of each pair; null under min_observations or without variation"
        }
        Method::Ewma { .. } => {
            "weights 2^(-age / half_life) over the common rows of each pair, age in rows from the window's last; null where n_eff = (sum w)^2 / sum w^2 is under min_observations or without variation; no statistics"
        }
        Method::LedoitWolf => {
            "matrices shrunk to constant correlation (Ledoit and Wolf 2004, divisor T) over complete rows, by intensity = kappa / T within 0 and 1; the columns of rate and market sensitivity, which are no matrix, are Pearson's; no statistics"
        }
    };
    let mut conventions = json!({
        "correlation": correlation,
        "rate_sensitivity": "correlation of the return with the yield change of the same period; a correlation, not a duration",
    });
    let mut say = |name: &str, said: &str| {
        if let Value::Object(conventions) = &mut conventions {
            conventions.insert(name.to_owned(), json!(said));
        }
    };
    if let Some(slice) = analysis.study.slice() {
        say("regime", regime::told_by(slice.regime));
    }
    if !report.rolling.is_empty() || !report.rolling_series.is_empty() {
        say("rolling", rolling::CONVENTION);
    }
    if report.insights.as_ref().is_some_and(|insights| insights.blocks.is_some()) {
        say(
            "clusters",
            "average linkage on sqrt(0.5 (1 - correlation)), null as correlation 0; blocks: cut at distance 0.5, which is correlation 0.5",
        );
    }
    if let (Value::Object(conventions), Some(_)) = (&mut conventions, &report.statistics) {
        let said = "95% intervals by Fisher's z; p two-sided, t with n - 2; p_adjusted by Benjamini and Hochberg within each matrix; return_per_100bp: least squares on one yield's change, Newey-West error; effective_duration = -100 return_per_100bp";
        conventions.insert("statistics".to_owned(), json!(said));
    }
    conventions
}

fn conventions(analysis: &Analysis, query: &Query) -> Value {
    let per_year = query.request.frequency.periods_per_year();
    let mut conventions = json!({
        "returns": "simple, total return where the source adjusts for dividends; adjacent periods only; nothing filled",
        "periods_per_year": per_year,
        "units": "decimals (0.01 is 1%); yields and their changes in percentage points",
        "whole_periods": "the running month or week is left out",
    });
    let specific = match analysis.kind() {
        AnalysisKind::Correlations => correlation_conventions(analysis),
        AnalysisKind::Performance => json!({
            "ddof": 1,
            "annualisation": "return geometric, volatility by the square root of the periods per year",
            "risk_free": "UST3M / 100 / periods, known at the start of the period; else BIL, SGOV, zero",
            "drawdown": "on period ends; max_drawdown_daily on daily closes",
            "regression": "excess returns on the benchmark's; t-values Newey-West",
            "dividend_yield": "trailing twelve months / last price, only of today; of a composite the weighted mean of its members'",
        }),
        AnalysisKind::Returns => json!({
            "annualised": "from three months on; annualized_short marks those under a year",
            "missing": "null where any period of the window is missing, and not ranked",
        }),
    };
    if let (Value::Object(all), Value::Object(own)) = (&mut conventions, specific) {
        all.extend(own);
    }
    conventions
}
