//! `/api/factor-intelligence`: the analyses.

use super::route::{Answers, Route, Verb, Work};

/// What the seed calls a mistake in an analysis.
const ANALYSIS: Option<&str> = Some("FACTOR_ANALYSIS_ERROR");
/// And in recommendations.
const OFFSET: Option<&str> = Some("OFFSET_RECOMMENDATION_ERROR");

const TOOL: Work = Work::Tool("get_factor_analysis");

const fn figures(verb: Verb, path: &'static str, work: Work, summary: &'static str) -> Route {
    Route { answers: Answers::Figures, error_code: ANALYSIS, ..Route::new(verb, path, work, summary) }
}

pub(super) const ROUTES: &[Route] = &[
    Route {
        given: Some(("analysis_type", "correlations")),
        example: r#"{"tickers": ["SPY", "TLT", "GLD"], "format": "full"}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/correlations",
            TOOL,
            "Correlations of factors, by category or of those named.",
        )
    },
    Route {
        given: Some(("analysis_type", "correlations")),
        example: r#"{"tickers": ["SPY", "TLT"]}"#,
        ..figures(Verb::Get, "/factor-intelligence/correlations", TOOL, "The same, with the arguments in the query.")
    },
    Route {
        given: Some(("analysis_type", "performance")),
        example: r#"{"tickers": ["SPY", "XLK"], "include": ["per_factor"]}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/performance",
            TOOL,
            "Return, volatility, Sharpe ratio, drawdown and beta of factors.",
        )
    },
    Route {
        given: Some(("analysis_type", "performance")),
        example: r#"{"benchmark_ticker": "SPY", "categories": ["style"]}"#,
        ..figures(Verb::Get, "/factor-intelligence/performance", TOOL, "The same, with the arguments in the query.")
    },
    Route {
        given: Some(("analysis_type", "returns")),
        example: r#"{"tickers": ["XLE", "XLK"], "windows": ["3m", "2022"]}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/returns",
            TOOL,
            "Returns of factors over trailing windows, calendar years or dates.",
        )
    },
    Route {
        error_code: OFFSET,
        example: r#"{"overexposed_factor": "VNQ", "holdings": {"VNQ": 0.4, "SPY": 0.6}}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/recommendations",
            Work::Tool("get_factor_recommendations"),
            "What offsets a factor that a portfolio has too much of.",
        )
    },
    Route {
        example: r#"{"holdings": {"SPY": 0.6, "IEF": 0.4}}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/exposures",
            Work::Tool("get_portfolio_exposures"),
            "What a portfolio is exposed to, and what a trade would change.",
        )
    },
    Route {
        example: r#"{"tickers": ["SPY", "TLT"], "periods": ["2018", "2022"]}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/compare",
            Work::Tool("compare_factors"),
            "Two to six factors beside each other, over periods and under conditions.",
        )
    },
    Route {
        example: r#"{"ticker": "XLK", "model": "lens", "rolling": 36}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/model",
            Work::Tool("analyze_factor_model"),
            "A fund, group or portfolio on the factors of a model: betas, alpha, attribution, style.",
        )
    },
    Route {
        example: r#"{"holdings": {"SPY": 0.6, "IEF": 0.4}, "scenarios": ["covid", "rates_2022"]}"#,
        ..figures(
            Verb::Post,
            "/factor-intelligence/stress",
            Work::Tool("stress_test"),
            "What a portfolio loses in past episodes and under shocks, and what offsets it there.",
        )
    },
];
