//! `analysis_metadata` and `performance`: what was done, on what, by which conventions and how fast.

use chrono::{SecondsFormat, Utc};
use factor_analytics::{
    correlation::Method,
    report::Weighting,
    study::{ExclusionReason, StudiedFactor},
};
use factor_types::{Category, PriceKind, Ticker};
use indexmap::IndexMap;
use serde::Serialize;
use serde_json::json;

use super::{
    arguments::Query,
    quality,
    regime::{self, RegimeMetadata},
    sections::{Place, Section, Spec, View, composites, placed},
};
use crate::{
    analysis::{Analysis, AnalysisKind, Plan, Report},
    answer::{Fields, Part, Rounding},
};

/// Where among the sections' conventions the definition of a regime stands.
const REGIME: u8 = 50;

/// The metadata of an analysis.
pub(super) fn of(analysis: &Analysis, query: &Query, source_choice: &str) -> Fields {
    let panel = analysis.study.panel();
    let window = analysis.window();
    let mut metadata = Fields::rounded(query.rounding());
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
    metadata.put("price_source", &price_source(analysis, source_choice));
    metadata.put("universe_source", &universe_source(query));
    metadata.put("universe_hash", &query.common.snapshot.loaded.hash);
    match analysis.report() {
        Report::Correlations(report) => {
            metadata.put("benchmark", &query.benchmark);
            metadata.put("correlation_method", report.method.as_str());
            if let Method::Ewma { half_life } = report.method {
                metadata.put("half_life", &half_life);
            }
            if let Some(slice) = analysis.study.slice() {
                metadata.put("regime", &RegimeMetadata::of(slice, analysis));
            }
            if matches!(&query.request.plan, Plan::Correlations(plan) if plan.clustered) {
                metadata.put("order", "cluster");
            }
        }
        Report::Performance(report) => {
            metadata.put("benchmark", &query.benchmark);
            metadata.put("risk_free_source", &report.risk_free.source);
            metadata.put("risk_free_periods", &report.risk_free.rows());
            metadata.put("risk_free_parts", &report.risk_free.parts);
        }
        Report::Returns(report) => metadata.put("windows", &report.windows),
    }
    metadata.put_some("yields_as_of", quality::yields_as_of(analysis).as_ref());
    put_views(analysis, query, &mut metadata, |spec| spec.metadata);
    if let Report::Correlations(report) = analysis.report() {
        metadata.put("macro_composites", &composites::starts(&report.macro_composites.built));
    }
    if let Some(preset) = query.preset {
        let names: Vec<&str> = categories(analysis);
        metadata.put("preset", &preset.describe(analysis.report().computed(), &names));
    }
    metadata.put("labels", &labels(analysis));
    metadata.put("history", &history(analysis));
    metadata.put_part("conventions", Part::Fields(conventions(analysis, &query.request.plan).into_table()));
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
pub(super) fn timings(analysis: &Analysis, query: &Query) -> Fields {
    let mut fields = Fields::rounded(query.rounding());
    fields.put("returns_panel_build_ms", &((analysis.panel_ms * 1e3).round() / 1e3));
    put_views(analysis, query, &mut fields, |spec| spec.timings);
    let composites = match analysis.report() {
        Report::Correlations(report) => Some(&report.macro_composites.built),
        Report::Performance(report) => Some(&report.macro_composites),
        Report::Returns(_) => None,
    };
    let computed = analysis.report().computed();
    // Absent where no macro composite was asked for: an empty list would say that none could be built.
    let composites =
        composites.filter(|_| computed.iter().any(|name| ["macro_composite", "composites"].contains(&&**name)));
    if let Some(composites) = composites {
        fields.put("macro_groups_included", &composites.iter().map(|one| one.name.as_str()).collect::<Vec<_>>());
        let used = composites.iter().map(|composite| composite.members.len()).sum::<usize>();
        fields.put("macro_constituents_used", &used);
    }
    if let Report::Correlations(report) = analysis.report() {
        let dropped = report.macro_etf.as_ref().map_or(0, |section| section.dropped.len());
        fields.put("macro_constituents_dropped", &dropped);
    }
    let mut counts = IndexMap::<Category, usize>::new();
    for studied in &analysis.study.factors {
        *counts.entry(studied.factor.category).or_default() += 1;
    }
    fields.put("factors_count_total", &analysis.study.factors.len());
    fields.put("factors_count_per_category", &counts);
    fields.put("sections_computed", analysis.report().computed());
    fields
}

/// Puts in what the sections of this analysis have in a view.
fn put_views(analysis: &Analysis, query: &Query, fields: &mut Fields, view: impl Fn(&Spec) -> Option<Place<View>>) {
    for (section, put) in placed(view) {
        if section.spec().kind.is_none_or(|kind| kind == analysis.kind()) {
            put(analysis, query, fields);
        }
    }
}

fn categories(analysis: &Analysis) -> Vec<&'static str> {
    let present =
        |category: &&Category| analysis.study.factors.iter().any(|studied| studied.factor.category == **category);
    analysis.selected.iter().filter(present).map(|category| category.as_str()).collect()
}

fn price_source(analysis: &Analysis, source_choice: &str) -> impl Serialize + use<> {
    let columns = analysis.study.panel().columns();
    let of_kind = |kind: PriceKind| {
        columns.iter().filter(|column| column.series.kind() == kind && !column.series.ticker().is_composed()).count()
    };
    json!({
        "name": analysis.source.name,
        "description": analysis.source.description,
        "picked_because": source_choice,
        "simulated": analysis.source.simulated,
        "price_kinds": { "adjusted": of_kind(PriceKind::Adjusted), "close": of_kind(PriceKind::Close) },
    })
}

fn universe_source(query: &Query) -> impl Serialize {
    match query.request.universe {
        // What was picked keeps its tier, unless it is no factor of any.
        Some(_) if query.common.picked.is_none() => json!({ "factor_universe": "request" }),
        _ => json!(query.common.snapshot.loaded.tiers),
    }
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
    let entry = shown(analysis).map(|studied| &studied.factor).map(|factor| {
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
    shown(analysis).map(|studied| (&studied.factor.ticker, study.history(studied.column))).collect()
}

/// The factors that the answer speaks of: overlays of correlations have rows of every category.
fn shown(analysis: &Analysis) -> impl Iterator<Item = &StudiedFactor> {
    let all = analysis.kind() == AnalysisKind::Correlations;
    analysis.study.factors.iter().filter(move |studied| all || analysis.selected.contains(&studied.factor.category))
}

fn say_of_correlations(conventions: &mut Fields, analysis: &Analysis) {
    let Report::Correlations(report) = analysis.report() else { return };
    let correlation = match report.method {
        Method::Pearson => {
            "Pearson over the common rows of each pair; null under min_observations or without variation"
        }
        Method::Spearman => {
            "Spearman: Pearson of average ranks, taken again on the common rows of each pair; null under min_observations or without variation"
        }
        Method::Ewma { .. } => {
            "weights 2^(-age / half_life) over the common rows of each pair, age in rows from the window's last; null where n_eff = (sum w)^2 / sum w^2 is under min_observations or without variation; no statistics"
        }
        Method::LedoitWolf => {
            "matrices shrunk to constant correlation (Ledoit and Wolf 2004, divisor T) over complete rows, by intensity = kappa / T within 0 and 1; the columns of rate and market sensitivity, which are no matrix, are Pearson's; no statistics"
        }
    };
    conventions.put("correlation", correlation);
    let mut said: Vec<Place<(&str, &str)>> = Vec::new();
    for section in Section::ALL {
        let place = section.spec().convention;
        let of = place.and_then(|place| Some(Place { at: place.at, of: (place.of)(analysis)? }));
        said.extend(of);
    }
    let regime = analysis.study.slice().map(|slice| ("regime", regime::definition(slice.regime)));
    said.extend(regime.map(|of| Place { at: REGIME, of }));
    said.sort_by_key(|place| place.at);
    said.iter().for_each(|place| conventions.put(place.of.0, place.of.1));
}

/// How composites are weighted, and when they are rebalanced.
fn weighting(plan: &Plan) -> &'static str {
    match plan {
        Plan::Performance(plan) if plan.weights == Weighting::Cap => {
            "weighted by today's market caps, rebalanced at the end of each period; a missing member's weight is spread over those present"
        }
        Plan::Performance(plan) if plan.weights != Weighting::Equal => {
            "weighted by composite_weights, rebalanced at the end of each period; a missing member's weight is spread over those present"
        }
        _ => {
            "equal weights, rebalanced at the end of each period; a missing member's weight is spread over those present"
        }
    }
}

fn conventions(analysis: &Analysis, plan: &Plan) -> Fields {
    let mut conventions = Fields::rounded(Rounding::None);
    conventions.put(
        "returns",
        "simple, total return where the source adjusts for dividends; adjacent periods only; nothing filled",
    );
    conventions.put("periods_per_year", &analysis.study.panel().periods_per_year());
    conventions.put("units", "decimals (0.01 is 1%); yields and their changes in percentage points");
    let running =
        "a month or week ends on its last trading day and counts when the benchmark has a price on or after it";
    conventions.put("whole_periods", running);
    if let Some(said) = analysis.window().calendar.in_words() {
        conventions.put("calendar", said);
    }
    conventions
        .put("currency", "US dollars; prices in another currency are converted where the files have rates, else named");
    conventions.put("composites", weighting(plan));
    match analysis.kind() {
        AnalysisKind::Correlations => say_of_correlations(&mut conventions, analysis),
        AnalysisKind::Performance => {
            conventions.put("ddof", &1);
            let mut say = |name: &str, said: &str| conventions.put(name, said);
            say("annualisation", "return geometric, volatility by the square root of the periods per year");
            say(
                "risk_free",
                "per period UST3M / 100 / periods, known at its start, else BIL's return, else SGOV's; a fund is not measured over itself",
            );
            say(
                "total_return",
                "of a fund price to price, so that a missing period takes no move with it; else compounded",
            );
            say("drawdown", "on period ends; max_drawdown_daily on daily closes; whole months");
            say("regression", "excess returns on the benchmark's; errors Newey-West, intervals 95% normal");
            say("capture", "annual returns of the periods with the benchmark up (down), fund's over benchmark's");
            say("noise", "what is left under 1e-10 of the size of what was subtracted is zero");
            say("observations_of", "periods of the figures that rest on fewer than observations");
            say(
                "dividend_yield",
                "distributions of the trailing twelve months / last price, only of today; of a composite the weighted mean of its members'; sec_yield beside it where funds.csv or a price file tells it",
            );
        }
        AnalysisKind::Returns => {
            conventions.put("annualised", "from three months on; annualized_short marks those under a year");
            conventions.put("missing", "null where any period of the window is missing, and not ranked");
        }
    }
    conventions
}
