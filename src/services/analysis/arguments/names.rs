//! The names of arguments, and which analysis each belongs to.

use crate::{analysis::AnalysisKind, arguments::Choices};

/// The groups of macro overlays: asset classes by their macro group.
pub(super) const MACRO_GROUPS: Choices = Choices {
    names: &["equity", "fixed_income", "cash", "commodity", "crypto"],
    aliases: &[("bond", "fixed_income"), ("bonds", "fixed_income")],
};

/// The arguments of the first level.
pub(super) const TOP: [&str; 29] = [
    "analysis_type",
    "start_date",
    "end_date",
    "frequency",
    "categories",
    "asset_class_filters",
    "tickers",
    "factor_universe",
    "benchmark_ticker",
    "industry_granularity",
    "windows",
    "sort_by",
    "sort_order",
    "fields",
    "top_n",
    "include",
    "include_macro_etf",
    "include_statistics",
    "include_rolling_summaries",
    "regime",
    "correlation_method",
    "composite_weighting_method",
    "composite_weights",
    "preset",
    "format",
    "matrix_format",
    "max_chars",
    "chart",
    "advanced",
];

/// The fields of `advanced`, read at the top level too.
pub(super) const ADVANCED: [&str; 28] = [
    "min_observations",
    "precision",
    "sections",
    "include_user_groups",
    "order",
    "half_life",
    "rate_maturities",
    "rate_sensitivity_categories",
    "market_benchmarks",
    "market_sensitivity_categories",
    "macro_groups",
    "macro_max_per_group",
    "macro_deduplicate_threshold",
    "macro_min_group_coverage_pct",
    "rolling_windows",
    "rolling_pairs",
    "include_rate_sensitivity",
    "include_market_sensitivity",
    "include_macro_composite",
    "include_macro_composite_performance",
    "include_factor_composite_performance",
    "composite_max_per_group",
    "composite_weighting_method",
    "composite_weights",
    "include_macro_etf",
    "include_rolling_summaries",
    "max_factors",
    "top_n_per_matrix",
];

/// Arguments of one or two analyses: elsewhere they are a note.
pub(super) const BELONGS: [(&str, &[AnalysisKind]); 30] = {
    use AnalysisKind::{Correlations as C, Performance as P, Returns as R};
    [
        ("windows", &[R]),
        ("sort_by", &[P]),
        ("sort_order", &[P]),
        ("fields", &[P]),
        ("benchmark_ticker", &[P, C]),
        ("include_macro_etf", &[C]),
        ("include_statistics", &[C]),
        ("include_rolling_summaries", &[C]),
        ("regime", &[C]),
        ("correlation_method", &[C]),
        ("composite_weighting_method", &[P]),
        ("composite_weights", &[P]),
        ("preset", &[C]),
        ("matrix_format", &[C]),
        ("min_observations", &[C, P]),
        ("sections", &[C]),
        ("order", &[C]),
        ("half_life", &[C]),
        ("rate_maturities", &[C]),
        ("rate_sensitivity_categories", &[C]),
        ("market_benchmarks", &[C]),
        ("market_sensitivity_categories", &[C]),
        ("macro_max_per_group", &[C]),
        ("macro_deduplicate_threshold", &[C]),
        ("rolling_windows", &[C]),
        ("rolling_pairs", &[C]),
        ("include_rate_sensitivity", &[C]),
        ("include_market_sensitivity", &[C]),
        ("include_macro_composite", &[C]),
        ("top_n_per_matrix", &[C]),
    ]
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_call_means_is_what_its_arguments_belong_to() {
        for (name, kinds) in BELONGS {
            let expected = match kinds {
                [only] => *only,
                _ => AnalysisKind::Correlations,
            };
            assert_eq!(AnalysisKind::meant(|given| given == name), expected, "{name}");
        }
    }
}
