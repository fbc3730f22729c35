//! What Prometheus is told: calls, caches, vendors, panels, sections, queues, quotas.
//!
//! Every label is a word of this program's own, of a bounded number: no user, no name that somebody gave, no argument. What happens in
//! calls is counted here as it happens; what other parts count anyway (caches, vendors, queues) is read when it is asked for.

use std::{sync::LazyLock, time::Duration};

use factor_types::ClosedSet;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::{Registry, Unit},
};

use crate::{
    analysis::computations_waiting,
    app::{App, Operation},
    cache_figures::CacheFigures,
    process_usage,
    tool_error::ErrorCode,
};

/// What an answer to a scrape is written in.
pub const CONTENT_TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The tools that have a label of their own; others share one.
pub const TOOLS: [&str; 18] = [
    "analyze_factor_model",
    "compare_factors",
    "create_factor_group",
    "delete_factor_group",
    "delete_portfolio",
    "get_factor_analysis",
    "get_factor_group",
    "get_factor_recommendations",
    "get_portfolio",
    "get_portfolio_exposures",
    "get_server_status",
    "list_factor_groups",
    "list_factors",
    "list_portfolios",
    "save_portfolio",
    "stress_test",
    "update_factor_group",
    "validate_factor_group",
];
const OTHER: &str = "other";
/// The sections of reports that have a label of their own; of `matrices:industry` it is `matrices`.
const SECTIONS: [&str; 24] = [
    "matrices",
    "spectra",
    "insights",
    "rate_sensitivity",
    "market_sensitivity",
    "macro_composite",
    "macro_etf",
    "rolling",
    "rolling_series",
    "per_factor",
    "composites",
    "factors",
    "rankings",
    "by_category",
    "industry_groups",
    "yields",
    "candidates",
    "recommendations",
    "basket",
    "pairs",
    "periods",
    "condition",
    "side_by_side",
    "calendar_years",
];
/// Seconds of calls: from what a cache answers to the longest deadline that is usual.
const CALL_SECONDS: [f64; 12] = [0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0, 60.0];
const SECTION_SECONDS: [f64; 10] = [0.000_1, 0.001, 0.005, 0.02, 0.05, 0.1, 0.25, 0.5, 2.0, 10.0];
const FACTORS: [f64; 8] = [2.0, 10.0, 25.0, 50.0, 100.0, 150.0, 250.0, 1_000.0];
const PERIODS: [f64; 8] = [12.0, 36.0, 60.0, 120.0, 260.0, 1_000.0, 2_600.0, 10_000.0];

/// What this process counts.
pub static METRICS: LazyLock<Metrics> = LazyLock::new(Metrics::new);

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfTool {
    tool: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOutcome {
    tool: &'static str,
    outcome: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfSection {
    section: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfOperation {
    operation: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfCache {
    cache: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVendor {
    vendor: &'static str,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash, EncodeLabelSet)]
struct OfVersion {
    version: &'static str,
}

/// What is counted as it happens.
#[derive(Debug)]
pub struct Metrics {
    calls: Family<OfOutcome, Counter>,
    durations: Family<OfTool, Histogram>,
    sections: Family<OfSection, Histogram>,
    panel_factors: Histogram,
    panel_periods: Histogram,
    quotas_refused: Family<OfOperation, Counter>,
}

/// What the HTTP server has at work, waiting and open.
#[derive(Debug, Clone, Copy, Default)]
pub struct Load {
    /// Requests at work.
    pub at_work: usize,
    /// Requests that wait for a place.
    pub waiting: usize,
    /// Connections.
    pub connections: usize,
}

impl Metrics {
    fn new() -> Self {
        let quotas_refused = Family::<OfOperation, Counter>::default();
        // Shown from the start, so that the first refusal is seen as one.
        for operation in Operation::MEMBERS {
            drop(quotas_refused.get_or_create(&OfOperation { operation: operation.as_str() }));
        }
        Self {
            calls: Family::default(),
            durations: Family::new_with_constructor(|| Histogram::new(CALL_SECONDS)),
            sections: Family::new_with_constructor(|| Histogram::new(SECTION_SECONDS)),
            panel_factors: Histogram::new(FACTORS),
            panel_periods: Histogram::new(PERIODS),
            quotas_refused,
        }
    }

    /// A call of a tool has ended, well or with this error.
    pub fn call(&self, tool: &str, took: Duration, error: Option<ErrorCode>) {
        let tool = of_tool(tool);
        let outcome = error.map_or("ok", ErrorCode::as_str);
        self.calls.get_or_create(&OfOutcome { tool, outcome }).inc();
        self.durations.get_or_create(&OfTool { tool }).observe(took.as_secs_f64());
    }

    /// A section of a report was computed.
    pub fn section(&self, name: &str, took: Duration) {
        let section = of(&SECTIONS, name.split(':').next().unwrap_or_default());
        self.sections.get_or_create(&OfSection { section }).observe(took.as_secs_f64());
    }

    /// A panel was built.
    pub fn panel(&self, factors: usize, periods: usize) {
        self.panel_factors.observe(factors as f64);
        self.panel_periods.observe(periods as f64);
    }

    /// A call was refused, for its day is used up.
    pub fn quota_refused(&self, operation: Operation) {
        let operation = operation.as_str();
        self.quotas_refused.get_or_create(&OfOperation { operation }).inc();
    }

    /// All of it as text.
    pub async fn text(&self, app: &App, load: Load) -> String {
        let mut registry = Registry::with_prefix("factor_mcp");
        registry.register("calls", "Calls of tools, by how they ended", self.calls.clone());
        let seconds = Unit::Seconds;
        let help = "Time of calls";
        registry.register_with_unit("call_duration", help, seconds.clone(), self.durations.clone());
        let help = "Time of computing a section of a report";
        registry.register_with_unit("section_duration", help, seconds, self.sections.clone());
        registry.register("panel_factors", "Factors of the panels that were built", self.panel_factors.clone());
        registry.register("panel_periods", "Periods of the panels that were built", self.panel_periods.clone());
        let help = "Calls refused because the quota of the day was used up";
        registry.register("quotas_refused", help, self.quotas_refused.clone());
        gauge(&mut registry, "requests_at_work", "HTTP requests at work", load.at_work);
        gauge(&mut registry, "requests_waiting", "HTTP requests that wait for a place", load.waiting);
        gauge(&mut registry, "connections", "HTTP connections", load.connections);
        gauge(&mut registry, "computations_waiting", "Computations that wait for their turn", computations_waiting());
        if let Some(bytes) = process_usage::Memory::now().resident_bytes {
            gauge(&mut registry, "resident_memory_bytes", "Memory that the process holds", bytes);
        }
        caches(&mut registry, &app.cache_figures().await);
        vendors(&mut registry, app);
        let version = Family::<OfVersion, Gauge>::default();
        version.get_or_create(&OfVersion { version: env!("CARGO_PKG_VERSION") }).set(1);
        registry.register("build_info", "The version", version);
        let mut text = String::new();
        // Writing to a text does not fail.
        let _ = encode(&mut text, &registry);
        text
    }
}

fn caches(registry: &mut Registry, all: &[(&'static str, CacheFigures)]) {
    let requests = Family::<OfCache, Counter>::default();
    let hits = Family::<OfCache, Counter>::default();
    let bytes = Family::<OfCache, Gauge>::default();
    for (cache, figures) in all {
        requests.get_or_create(&OfCache { cache }).inc_by(figures.requests);
        hits.get_or_create(&OfCache { cache }).inc_by(figures.hits);
        bytes.get_or_create(&OfCache { cache }).set(whole(figures.bytes));
    }
    registry.register("cache_requests", "Times a cache was asked", requests);
    registry.register("cache_hits", "Times it had what was asked for", hits);
    registry.register("cache_bytes", "Memory of what it holds", bytes);
}

fn vendors(registry: &mut Registry, app: &App) {
    let requests = Family::<OfVendor, Counter>::default();
    let retries = Family::<OfVendor, Counter>::default();
    let failures = Family::<OfVendor, Counter>::default();
    let limited = Family::<OfVendor, Counter>::default();
    let in_flight = Family::<OfVendor, Gauge>::default();
    for stats in app.sources.vendors() {
        let of = OfVendor { vendor: stats.vendor };
        requests.get_or_create(&of).inc_by(stats.sent);
        retries.get_or_create(&of).inc_by(stats.retries);
        failures.get_or_create(&of).inc_by(stats.failures);
        limited.get_or_create(&of).inc_by(stats.limited);
        in_flight.get_or_create(&of).set(whole(stats.in_flight as u64));
    }
    registry.register("upstream_requests", "Requests sent to a vendor, retries included", requests);
    registry.register("upstream_retries", "Retries of them", retries);
    registry.register("upstream_failures", "Questions that no answer of the vendor's came to", failures);
    registry.register("upstream_limit_answers", "Answers that said too many requests", limited);
    registry.register("upstream_in_flight", "Requests under way", in_flight);
}

fn gauge(registry: &mut Registry, name: &str, help: &str, value: impl TryInto<i64>) {
    let gauge = Gauge::<i64>::default();
    gauge.set(value.try_into().unwrap_or(i64::MAX));
    registry.register(name, help, gauge);
}

fn whole(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// What a tool is called where labels are.
pub fn of_tool(name: &str) -> &'static str {
    of(&TOOLS, name)
}

/// The word of a set that a name is.
fn of(words: &[&'static str], name: &str) -> &'static str {
    words.iter().find(|word| **word == name).copied().unwrap_or(OTHER)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::settings::Settings;

    const DASHBOARD: &str = include_str!("../packaging/grafana/factor-mcp.json");

    /// The names of our metrics in a text.
    fn names(text: &str) -> BTreeSet<&str> {
        let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
        text.match_indices("factor_mcp_").map(|(at, _)| text[at..].split(|c| !is_word(c)).next().unwrap()).collect()
    }

    #[tokio::test]
    async fn the_dashboard_asks_for_metrics_that_there_are() {
        let metrics = Metrics::new();
        metrics.call("list_factors", Duration::ZERO, None);
        metrics.section("matrices", Duration::ZERO);
        metrics.panel(1, 1);
        let settings = [("FMP_API_KEY", "nobody's"), ("FACTOR_PRICE_SOURCE", "fmp")];
        let app = App::build(Settings::with(&settings).unwrap()).unwrap();
        let text = metrics.text(&app, Load::default()).await;
        let told = names(&text);
        let dashboard: Value = serde_json::from_str(DASHBOARD).unwrap();
        let mut asked = 0;
        for panel in dashboard["panels"].as_array().unwrap() {
            for target in panel["targets"].as_array().unwrap() {
                let query = target["expr"].as_str().unwrap();
                let unknown: Vec<&str> = names(query).into_iter().filter(|name| !told.contains(name)).collect();
                assert_eq!(unknown, [""; 0], "{query}\n{text}");
                asked += names(query).len();
            }
        }
        assert!(asked >= 20, "{asked}");
    }

    #[tokio::test]
    async fn what_is_told_has_words_of_our_own_alone() {
        let metrics = Metrics::new();
        metrics.call("get_factor_analysis", Duration::from_millis(30), None);
        metrics.call("get_factor_analysis", Duration::from_millis(30), Some(ErrorCode::Timeout));
        metrics.call("Ada's holdings", Duration::from_millis(1), None);
        metrics.section("matrices:industry", Duration::from_millis(3));
        metrics.section("rolling:USER:Ada's group", Duration::from_millis(3));
        metrics.section("Ada's group", Duration::from_millis(3));
        metrics.panel(97, 120);
        metrics.quota_refused(Operation::GroupLists);
        let app = App::build(Settings::defaults().unwrap()).unwrap();
        let text = metrics.text(&app, Load { at_work: 3, waiting: 1, connections: 7 }).await;
        for line in [
            r#"factor_mcp_calls_total{tool="get_factor_analysis",outcome="ok"} 1"#,
            r#"factor_mcp_calls_total{tool="get_factor_analysis",outcome="timeout"} 1"#,
            r#"factor_mcp_calls_total{tool="other",outcome="ok"} 1"#,
            r#"factor_mcp_call_duration_seconds_bucket{le="0.05",tool="get_factor_analysis"} 2"#,
            r#"factor_mcp_section_duration_seconds_count{section="matrices"} 1"#,
            r#"factor_mcp_section_duration_seconds_count{section="rolling"} 1"#,
            r#"factor_mcp_section_duration_seconds_count{section="other"} 1"#,
            r#"factor_mcp_panel_factors_count 1"#,
            r#"factor_mcp_quotas_refused_total{operation="group_lists"} 1"#,
            r#"factor_mcp_cache_requests_total{cache="panels"} 0"#,
            "factor_mcp_requests_waiting 1",
            "factor_mcp_requests_at_work 3",
            "factor_mcp_computations_waiting 0",
            "# EOF",
        ] {
            assert!(text.lines().any(|told| told == line), "{line}\n{text}");
        }
        assert!(!text.contains("Ada"), "{text}");
    }
}
