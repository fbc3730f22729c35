//! `analysis_metadata` and `performance`: what was done, on what, by which conventions and how fast.

use chrono::{SecondsFormat, Utc};
use factor_analytics::{
    composite::Composite,
    correlation::{CorrelationMatrix, Estimate, Method},
    report::{CapWeights, CorrelationReport},
    study::ExclusionReason,
};
use factor_types::{Category, PriceKind, Ticker};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use super::{arguments::Query, full, quality, regime, rolling};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report},
    answer::{Fields, Part, Rounding},
    app::App,
};

/// The metadata of an analysis.
pub(super) fn of(analysis: &Analysis, query: &Query, app: &App) -> Fields {
    let panel = analysis.study.panel();
    let window = analysis.window();
    let rounding = full::rounding(query);
    let mut metadata = Fields::rounded(rounding);
    metadata.put("start_date", &window.start);
    metadata.put("end_date", &window.end);
    metadata.put("first_period", &panel.labels().first());
    metadata.put("last_period", &panel.labels().last());
    metadata.put("frequency", &window.frequency);
    metadata.put("analysis_date", &Utc::now().to_rfc3339_opts(SecondsFormat::Secs, true));
    metadata.put("as_of", &panel.as_of());
    metadata.put("stale_days", &analysis.stale_days());
    metadata.put("categories", &categories(analysis));
    metadata.put("min_observations", &analysis.study.min_observations);
    metadata.put("price_source", &price_source(analysis, app));
    metadata.put("universe_source", &universe_source(query));
    metadata.put("universe_hash", &query.common.snapshot.loaded.hash);
    match analysis.report() {
        Report::Correlations(report) => {
            metadata.put("benchmark", &query.request.benchmark);
            metadata.put("correlation_method", report.method.as_str());
            if let Method::Ewma { half_life } = report.method {
                metadata.put("half_life", &half_life);
            }
            if let Some(slice) = analysis.study.slice() {
                metadata.put("regime", &regime::Facts::of(slice, analysis));
            }
            if let Plan::Correlations(plan) = &query.request.plan {
                if plan.clustered {
                    metadata.put("order", "cluster");
                }
                if let Some(rolling) = &plan.rolling {
                    metadata.put("rolling_windows", &rolling.windows);
                }
            }
            metadata.put_part("matrices", Part::Fields(matrices(report, rounding).into_table()));
            metadata.put_filled("overlay_matrices", overlay_matrices(report, rounding).into_table());
            metadata.put("macro_composites", &starts(&report.macro_composites.built));
        }
        Report::Performance(report) => {
            metadata.put("benchmark", &query.request.benchmark);
            metadata.put("risk_free_source", &report.risk_free_source);
            metadata.put("risk_free_periods", &report.risk_free_rows);
            metadata.put("macro_composites", &starts(&report.macro_composites));
            if let Some(weights) = &report.cap_weights {
                metadata.put("composite_weighting", &composite_weighting(weights, analysis));
            }
        }
        Report::Returns(report) => metadata.put("windows", &report.windows),
    }
    if let Some(preset) = query.preset {
        let names: Vec<&str> = categories(analysis);
        let computed = analysis.report().computed();
        metadata.put("preset", &preset.describe(&computed.iter().map(String::as_str).collect::<Vec<_>>(), &names));
    }
    metadata.put("labels", &labels(analysis));
    metadata.put("history", &history(analysis));
    metadata.put_part("conventions", Part::Fields(conventions(analysis, query).into_table()));
    let hit = |cached: bool| if cached { "hit" } else { "miss" };
    metadata.put("cache", &json!({ "panel": hit(analysis.panel_cached), "sections": hit(analysis.report_cached) }));
    let excluded = quality::excluded(analysis).into_iter();
    let without_data: Vec<_> = excluded
        .filter(|exclusion| exclusion.reason == ExclusionReason::NoData)
        .map(|exclusion| exclusion.ticker)
        .collect();
    metadata.put(
        "lifecycle",
        &json!({
            "stale_factor_candidates": quality::stale_candidates(analysis).iter().map(|one| &one.ticker).collect::<Vec<_>>(),
            "excluded_for_no_data": without_data,
            "last_universe_refresh": query.common.snapshot.read_at(),
        }),
    );
    metadata.put("version", env!("CARGO_PKG_VERSION"));
    metadata
}

/// The timings and sizes of an analysis.
pub(super) fn performance(analysis: &Analysis, rounding: Rounding) -> Fields {
    let took = |name: &str| analysis.timings().get(name).copied();
    let per_category: IndexMap<&str, f64> =
        analysis.timings().iter().filter_map(|(name, took)| Some((name.strip_prefix("matrices:")?, *took))).collect();
    let mut fields = Fields::rounded(rounding);
    fields.put("returns_panel_build_ms", &((analysis.panel_ms * 1e3).round() / 1e3));
    match analysis.report() {
        Report::Correlations(report) => {
            fields.put("total_corr_ms", &per_category.values().sum::<f64>());
            fields.put("per_category_corr_ms", &per_category);
            for name in ["rate_sensitivity", "market_sensitivity", "macro_composite", "macro_etf"] {
                fields.put(format!("{name}_ms"), &took(name));
            }
            if !report.rolling.is_empty() {
                let rolling = analysis.timings().iter().filter(|(name, _)| name.starts_with("rolling"));
                fields.put("rolling_ms", &rolling.map(|(_, took)| took).sum::<f64>());
            }
            let included: Vec<&str> = report.macro_composites.built.iter().map(|c| c.name.as_str()).collect();
            fields.put("macro_groups_included", &included);
            let used = report.macro_composites.built.iter().map(|composite| composite.members.len()).sum::<usize>();
            fields.put("macro_constituents_used", &used);
            let dropped = report.macro_etf.as_ref().map_or(0, |section| section.dropped.len());
            fields.put("macro_constituents_dropped", &dropped);
        }
        Report::Performance(report) => {
            fields.put("performance_profiles_ms", &took("per_factor"));
            fields.put("composite_performance_ms", &took("composites"));
            let included: Vec<&str> = report.macro_composites.iter().map(|c| c.name.as_str()).collect();
            fields.put("macro_groups_included", &included);
            let used = report.macro_composites.iter().map(|composite| composite.members.len()).sum::<usize>();
            fields.put("macro_constituents_used", &used);
        }
        Report::Returns(_) => fields.put("returns_ms", &took("factors")),
    }
    let mut counts = IndexMap::<Category, usize>::new();
    for studied in &analysis.study.factors {
        *counts.entry(studied.factor.category).or_default() += 1;
    }
    fields.put("factors_count_total", &analysis.study.factors.len());
    fields.put("factors_count_per_category", &counts);
    fields.put("sections_computed", &analysis.report().computed());
    fields
}

fn categories(analysis: &Analysis) -> Vec<&'static str> {
    let present =
        |category: &&Category| analysis.study.factors.iter().any(|studied| studied.factor.category == **category);
    analysis.selected.iter().filter(present).map(|category| category.as_str()).collect()
}

fn price_source(analysis: &Analysis, app: &App) -> impl Serialize {
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

fn universe_source(query: &Query) -> impl Serialize {
    match query.request.universe {
        Some(_) => json!({ "factor_universe": "request" }),
        None => json!(query.common.snapshot.loaded.tiers),
    }
}

fn matrices(report: &CorrelationReport, rounding: Rounding) -> Fields {
    let each = report.matrices.iter().map(|(name, matrix)| {
        let mut facts = Fields::rounded(rounding);
        facts.put("rows", &matrix.size());
        facts.put("undefined_pairs", &matrix.undefined_pairs);
        facts.put("min_eigenvalue", &report.spectra.get(name).map(|spectrum| spectrum.min_eigenvalue));
        facts.put("observations", &(0..matrix.size()).map(|i| matrix.rows[(i, i)]).max());
        facts.extend(estimate(matrix, rounding));
        (name.clone(), Part::Fields(facts))
    });
    each.collect()
}

/// What the method says of the matrices that stand among the overlays; nothing for plain pairs.
fn overlay_matrices(report: &CorrelationReport, rounding: Rounding) -> Fields {
    let macro_etf = report.macro_etf.as_ref().and_then(|section| section.matrix.as_ref());
    let mut facts = Fields::rounded(rounding);
    for (name, matrix) in [("macro_composite_matrix", report.macro_composite.as_ref()), ("macro_etf_matrix", macro_etf)]
    {
        if let Some(matrix) = matrix {
            facts.put_filled(name, estimate(matrix, rounding));
        }
    }
    facts
}

fn estimate(matrix: &CorrelationMatrix, rounding: Rounding) -> Fields {
    let mut facts = Fields::rounded(rounding);
    match &matrix.estimate {
        Estimate::Pairwise => {}
        Estimate::Weighted(rows) => {
            let of = |pick: fn(f64, f64) -> f64| rows.iter().copied().reduce(pick);
            facts.put("n_eff", &json!({ "lowest": of(f64::min), "highest": of(f64::max) }));
        }
        Estimate::Shrunk(shrinkage) => {
            facts.put("kappa", &shrinkage.kappa);
            facts.put("intensity", &shrinkage.intensity);
            facts.put("mean_correlation", &shrinkage.mean_correlation);
            facts.put("complete_rows", &shrinkage.rows);
            facts.put("dropped", &shrinkage.dropped);
        }
    }
    facts
}

/// What the composites' weights by market capitalisation rest on.
fn composite_weighting(weights: &CapWeights, analysis: &Analysis) -> impl Serialize {
    json!({
        "method": "cap",
        "source": analysis.source.name,
        "as_of": weights.as_of,
        "lookahead": true,
        "without_cap": weights.without_cap,
    })
}

/// When each member of a composite starts.
fn starts(composites: &[Composite]) -> IndexMap<&str, impl Serialize> {
    composites.iter().map(|composite| (composite.name.as_str(), &composite.starts)).collect()
}

/// What a ticker stands for.
#[derive(Serialize)]
struct Label<'a> {
    label: &'a str,
    category: Category,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    aliases: &'a [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    sector_group: Option<&'a str>,
}

fn labels(analysis: &Analysis) -> IndexMap<&Ticker, Label<'_>> {
    let factors = analysis.study.factors.iter().map(|studied| &studied.factor);
    let entry = factors.map(|factor| {
        let label = Label {
            label: &factor.label,
            category: factor.category,
            aliases: &factor.aliases,
            sector_group: factor.sector_group.as_deref(),
        };
        (&factor.ticker, label)
    });
    entry.collect()
}

fn history(analysis: &Analysis) -> IndexMap<&Ticker, impl Serialize> {
    let study = &analysis.study;
    study.factors.iter().map(|studied| (&studied.factor.ticker, study.history(studied.column))).collect()
}

fn say_of_correlations(conventions: &mut Fields, analysis: &Analysis) {
    let Report::Correlations(report) = analysis.report() else { return };
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
    let mut say = |name: &str, said: &str| conventions.put(name, said);
    say("correlation", correlation);
    say(
        "rate_sensitivity",
        "correlation of the return with the yield change of the same period; a correlation, not a duration",
    );
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
    if report.statistics.is_some() {
        say(
            "statistics",
            "95% intervals by Fisher's z; p two-sided, t with n - 2; p_adjusted by Benjamini and Hochberg within each matrix; return_per_100bp: least squares on one yield's change, Newey-West error; effective_duration = -100 return_per_100bp",
        );
    }
}

fn conventions(analysis: &Analysis, query: &Query) -> Fields {
    let mut conventions = Fields::rounded(Rounding::None);
    conventions.put(
        "returns",
        "simple, total return where the source adjusts for dividends; adjacent periods only; nothing filled",
    );
    conventions.put("periods_per_year", &query.request.frequency.periods_per_year());
    conventions.put("units", "decimals (0.01 is 1%); yields and their changes in percentage points");
    conventions.put("whole_periods", "the running month or week is left out");
    match analysis.kind() {
        AnalysisKind::Correlations => say_of_correlations(&mut conventions, analysis),
        AnalysisKind::Performance => {
            conventions.put("ddof", &1);
            let mut say = |name: &str, said: &str| conventions.put(name, said);
            say("annualisation", "return geometric, volatility by the square root of the periods per year");
            say("risk_free", "UST3M / 100 / periods, known at the start of the period; else BIL, SGOV, zero");
            say("drawdown", "on period ends; max_drawdown_daily on daily closes");
            say("regression", "excess returns on the benchmark's; t-values Newey-West");
            say(
                "dividend_yield",
                "trailing twelve months / last price, only of today; of a composite the weighted mean of its members'",
            );
        }
        AnalysisKind::Returns => {
            conventions.put("annualised", "from three months on; annualized_short marks those under a year");
            conventions.put("missing", "null where any period of the window is missing, and not ranked");
        }
    }
    conventions
}
