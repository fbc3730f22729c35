//! The line that the log has of a call: what was asked, how long it took and, of an analysis, what it used.
//!
//! A call that takes as long as its setting says (`FACTOR_SLOW_CORRELATIONS` and others) is a warning; else an analysis is
//! information and anything else a detail. Arguments are never logged: they may hold somebody's portfolio.

use std::time::Duration;

use serde_json::{Map, Value};

use super::counters::ANALYSES;
use crate::{
    analysis::AnalysisKind,
    process_usage::{self, Memory},
    settings::SlowSettings,
};

/// What is known of a call when it begins.
#[derive(Debug)]
pub struct CallLine {
    /// The kind of analysis, where it is one.
    kind: Option<&'static str>,
    /// From when on it is slow.
    limit: Option<Duration>,
    /// The processor time that the process had used before an analysis.
    before: Option<Duration>,
    is_analysis: bool,
}

impl CallLine {
    /// A call of a tool that begins now.
    pub fn begin(settings: &SlowSettings, tool: &str, arguments: &Map<String, Value>) -> Self {
        let kind = kind(tool, arguments);
        let is_analysis = ANALYSES.contains(&tool);
        let before = is_analysis.then(process_usage::cpu_time).flatten();
        Self { kind, limit: limit(settings, tool, kind), before, is_analysis }
    }

    /// Writes the line of the call, which has ended.
    pub fn end(self, tool: &str, took: Duration, failed: bool) {
        let Self { kind, limit, before, is_analysis } = self;
        let kind = kind.unwrap_or_default();
        let ms = took.as_millis();
        let slower_than = limit.filter(|limit| took >= *limit);
        if !is_analysis && slower_than.is_none() {
            return tracing::debug!(tool, failed, ms, "a call");
        }
        if slower_than.is_none() && !tracing::enabled!(tracing::Level::INFO) {
            return;
        }
        // Of the whole process: calls at the same time are in it too.
        let used = before.and_then(|before| Some(process_usage::cpu_time()?.saturating_sub(before)));
        let cpu_ms = used.map(|used| used.as_millis());
        let Memory { resident_bytes: memory_bytes, peak_bytes } =
            if is_analysis { Memory::now() } else { Memory::default() };
        match slower_than {
            Some(limit) => {
                let limit_ms = limit.as_millis();
                tracing::warn!(tool, kind, failed, ms, limit_ms, cpu_ms, memory_bytes, peak_bytes, "a slow call");
            }
            None => tracing::info!(tool, kind, failed, ms, cpu_ms, memory_bytes, peak_bytes, "an analysis"),
        }
    }
}

/// The kind of analysis that a call asks for, or means where it does not say.
pub(super) fn kind(tool: &str, arguments: &Map<String, Value>) -> Option<&'static str> {
    if tool != "get_factor_analysis" {
        return None;
    }
    let given = |name: &str| arguments.get(name).filter(|value| !value.is_null());
    let Some(asked) = given("analysis_type") else {
        return Some(AnalysisKind::meant(|name| given(name).is_some()).as_str());
    };
    let asked = asked.as_str()?.trim();
    AnalysisKind::ALL.into_iter().map(AnalysisKind::as_str).find(|kind| kind.eq_ignore_ascii_case(asked))
}

fn limit(settings: &SlowSettings, tool: &str, kind: Option<&str>) -> Option<Duration> {
    match (tool, kind) {
        ("get_factor_analysis", Some("correlations")) => Some(settings.correlations),
        (
            "get_factor_analysis"
            | "get_portfolio_exposures"
            | "compare_factors"
            | "analyze_factor_model"
            | "stress_test",
            _,
        ) => Some(settings.performance),
        ("get_factor_recommendations", _) => Some(settings.recommendations),
        ("create_factor_group" | "update_factor_group" | "validate_factor_group", _) => Some(settings.validation),
        (tool, _) if tool.contains("factor_group") || tool.contains("portfolio") => Some(settings.groups),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn every_operation_has_the_bound_of_the_settings() {
        let settings = crate::settings::Settings::defaults().unwrap().slow;
        let seconds = |tool: &str, arguments: Value| {
            let arguments = arguments.as_object().unwrap().clone();
            limit(&settings, tool, kind(tool, &arguments)).map(|limit| limit.as_secs())
        };
        for (tool, arguments, expected) in [
            ("get_factor_analysis", json!({}), Some(10)),
            ("get_factor_analysis", json!({"analysis_type": " Performance "}), Some(15)),
            ("get_factor_analysis", json!({"analysis_type": "returns"}), Some(15)),
            ("get_factor_analysis", json!({"windows": ["1y"], "analysis_type": null}), Some(15)),
            ("compare_factors", json!({}), Some(15)),
            ("stress_test", json!({}), Some(15)),
            ("get_factor_recommendations", json!({}), Some(8)),
            ("list_factor_groups", json!({}), Some(1)),
            ("get_portfolio", json!({}), Some(1)),
            ("create_factor_group", json!({}), Some(5)),
            ("validate_factor_group", json!({}), Some(5)),
            ("get_server_status", json!({}), None),
        ] {
            assert_eq!(seconds(tool, arguments), expected, "{tool}");
        }
    }
}
