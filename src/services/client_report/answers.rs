//! What the report reads of each answer, by the names that the contract has. Without what every answer has it is not read; what may be
//! null or absent there is `None` here, and the tests compare the figures that are written with those of the tools.

use indexmap::IndexMap;
use serde::Deserialize;
use serde_json::Value;

use super::super::portfolio::CASH;

/// An answer: what stands around every one, and its figures.
#[derive(Debug, Deserialize)]
pub(super) struct Answer<T> {
    #[serde(flatten)]
    pub(super) said: Said,
    #[serde(flatten)]
    pub(super) figures: T,
}

/// What stands around every answer.
#[derive(Debug, Default, Deserialize)]
pub(super) struct Said {
    #[serde(default)]
    pub(super) warnings: Vec<String>,
    #[serde(default)]
    pub(super) not_analysed: Vec<NotAnalysed>,
    #[serde(default)]
    pub(super) not_computed: IndexMap<String, String>,
    #[serde(default)]
    pub(super) insights: Insights,
    pub(super) note: Option<String>,
    pub(super) data_quality: Quality,
    pub(super) analysis_metadata: Metadata,
}

#[derive(Debug, Deserialize)]
pub(super) struct NotAnalysed {
    pub(super) ticker: String,
    pub(super) reason: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Insights {
    pub(super) not_known: Option<String>,
    pub(super) nothing_offsets: Option<bool>,
    #[serde(default)]
    pub(super) strongest_pairs: Vec<Pair>,
    #[serde(default)]
    pub(super) most_negative_pairs: Vec<Pair>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Pair {
    pub(super) a: String,
    pub(super) b: String,
    pub(super) correlation: f64,
    pub(super) n: usize,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Quality {
    pub(super) factors_requested: usize,
    pub(super) factors_analyzed: usize,
    pub(super) observations: usize,
    pub(super) data_coverage_pct: Option<f64>,
    pub(super) quality_score: String,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Metadata {
    pub(super) start_date: String,
    pub(super) end_date: String,
    pub(super) frequency: String,
    pub(super) as_of: String,
    pub(super) yields_as_of: Option<String>,
    pub(super) price_source: Source,
    pub(super) risk_free_source: Option<String>,
    pub(super) universe_hash: String,
    pub(super) version: String,
    #[serde(default)]
    pub(super) labels: IndexMap<String, Label>,
    #[serde(default)]
    pub(super) conventions: IndexMap<String, Value>,
    /// How a stress test is done.
    #[serde(default)]
    pub(super) stress: IndexMap<String, Value>,
}

#[derive(Debug, Default, Deserialize)]
pub(super) struct Source {
    pub(super) name: String,
    pub(super) simulated: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Label {
    pub(super) label: String,
}

/// Of `get_portfolio_exposures`.
#[derive(Debug, Deserialize)]
pub(super) struct Exposures {
    pub(super) portfolio_name: Option<String>,
    pub(super) holdings: Vec<Held>,
    pub(super) normalisation: String,
    pub(super) by_asset_class: IndexMap<String, f64>,
    pub(super) by_industry: IndexMap<String, f64>,
    pub(super) risk: Risk,
    pub(super) weights: Weights,
    #[serde(default)]
    pub(super) calendar_years: Vec<Year>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Held {
    pub(super) ticker: String,
    pub(super) weight: f64,
    pub(super) industry: String,
    pub(super) asset_class: String,
}

impl Exposures {
    /// The holdings by the size of their weights.
    pub(super) fn by_weight(&self) -> Vec<&Held> {
        let mut all: Vec<&Held> = self.holdings.iter().collect();
        all.sort_by(|a, b| b.weight.abs().total_cmp(&a.weight.abs()).then_with(|| a.ticker.cmp(&b.ticker)));
        all
    }

    /// What most is held of, cash apart.
    pub(super) fn heaviest(&self) -> Option<&Held> {
        let bought = self.holdings.iter().filter(|held| held.ticker != CASH);
        // The first of several that weigh the same.
        bought.rev().max_by(|a, b| a.weight.total_cmp(&b.weight))
    }
}

#[derive(Debug, Deserialize)]
pub(super) struct Risk {
    pub(super) observations: usize,
    pub(super) first: Option<String>,
    pub(super) last: Option<String>,
    pub(super) annual_return: Option<f64>,
    pub(super) volatility: Option<f64>,
    pub(super) max_drawdown_daily: Option<f64>,
    pub(super) drawdown_daily_peak: Option<String>,
    pub(super) drawdown_daily_trough: Option<String>,
    pub(super) drawdown_daily_recovery: Option<String>,
    pub(super) var_95: Option<f64>,
    pub(super) cvar_95: Option<f64>,
    #[serde(default)]
    pub(super) risk_contribution: IndexMap<String, Option<f64>>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Weights {
    pub(super) net: f64,
    pub(super) gross: f64,
    pub(super) cash: f64,
    pub(super) unexplained: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct Year {
    pub(super) year: i32,
    pub(super) from: String,
    pub(super) to: String,
    #[serde(default)]
    pub(super) partial: bool,
    pub(super) total_return: Option<f64>,
    pub(super) benchmark_return: Option<f64>,
    pub(super) difference: Option<f64>,
}

/// Of `analyze_factor_model`.
#[derive(Debug, Deserialize)]
pub(super) struct Model {
    #[serde(default)]
    pub(super) fits: Vec<Fit>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Fit {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) n: usize,
    pub(super) alpha: Alpha,
    pub(super) factors: IndexMap<String, Beta>,
    pub(super) residual_share: Option<f64>,
    pub(super) r_squared: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Alpha {
    pub(super) annual: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Beta {
    pub(super) beta: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
    pub(super) variance_share: Option<f64>,
}

/// Of `compare_factors`, the benchmark and the portfolio.
#[derive(Debug, Deserialize)]
pub(super) struct Comparison {
    #[serde(default)]
    pub(super) pairs: Vec<Compared>,
    pub(super) side_by_side: SideBySide,
}

#[derive(Debug, Deserialize)]
pub(super) struct Compared {
    pub(super) a: String,
    pub(super) correlation: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
    pub(super) beta_a_on_b: Option<Slope>,
    pub(super) beta_b_on_a: Option<Slope>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Slope {
    pub(super) beta: Option<f64>,
    pub(super) interval: Option<[f64; 2]>,
}

#[derive(Debug, Deserialize)]
pub(super) struct SideBySide {
    pub(super) from: String,
    pub(super) to: String,
    pub(super) periods: usize,
    pub(super) series: IndexMap<String, Profile>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Profile {
    pub(super) total_return: Option<f64>,
    pub(super) annual_return: Option<f64>,
    pub(super) volatility: Option<f64>,
    pub(super) sharpe_ratio: Option<f64>,
    pub(super) max_drawdown: Option<f64>,
    pub(super) max_drawdown_daily: Option<f64>,
}

/// Of `get_factor_analysis`, performance: its picture is what the report takes.
#[derive(Debug, Deserialize)]
pub(super) struct Performance {}

/// Of `get_factor_analysis`, correlations: the picture and the pairs of the insights.
#[derive(Debug, Deserialize)]
pub(super) struct Correlations {}

/// Of `stress_test`.
#[derive(Debug, Deserialize)]
pub(super) struct Stress {
    pub(super) scenarios: Vec<Scenario>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Scenario {
    pub(super) scenario: String,
    pub(super) from: String,
    pub(super) to: String,
    pub(super) total_return: Option<f64>,
    pub(super) half_width: Option<f64>,
    pub(super) covered_weight: Option<f64>,
    pub(super) max_drawdown: Option<f64>,
    pub(super) recovery_days: Option<usize>,
    pub(super) holdings: Vec<Replayed>,
    #[serde(default)]
    pub(super) hedges: Vec<Offset>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Replayed {
    pub(super) holding: String,
    pub(super) contribution: Option<f64>,
    pub(super) not_testable: Option<String>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Offset {
    pub(super) offset: String,
    #[serde(default)]
    pub(super) legs: Vec<Leg>,
    pub(super) share_sold: Option<f64>,
    pub(super) hedged_return: Option<f64>,
    pub(super) held: Option<bool>,
    #[serde(default)]
    pub(super) ratios_after_the_event: bool,
}

#[derive(Debug, Deserialize)]
pub(super) struct Leg {
    pub(super) ticker: String,
    pub(super) ratio: f64,
}

/// Of `get_factor_recommendations`.
#[derive(Debug, Deserialize)]
pub(super) struct Recommendations {
    pub(super) overexposed_factor: Overexposed,
    pub(super) best_hedge: Option<BestHedge>,
    pub(super) reduce: Option<Reduce>,
    #[serde(default)]
    pub(super) recommendations: Vec<Candidate>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Overexposed {
    pub(super) resolved: String,
    pub(super) label: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct BestHedge {
    pub(super) members: Vec<Member>,
    pub(super) effectiveness: Effectiveness,
    pub(super) next_quarter: Option<NextQuarter>,
    pub(super) rows: usize,
    pub(super) first: String,
    pub(super) last: String,
}

#[derive(Debug, Deserialize)]
pub(super) struct Member {
    pub(super) factor: String,
    pub(super) etf_ticker: String,
    pub(super) direction: String,
    pub(super) ratio: f64,
    pub(super) estimate: Option<Estimate>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Effectiveness {
    pub(super) in_sample: Option<f64>,
    pub(super) estimate: Option<Estimate>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
pub(super) struct Estimate {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) level: f64,
}

#[derive(Debug, Deserialize)]
pub(super) struct NextQuarter {
    pub(super) low: f64,
    pub(super) median: f64,
    pub(super) high: f64,
    pub(super) level: f64,
    pub(super) quarters: usize,
}

#[derive(Debug, Deserialize)]
pub(super) struct Reduce {
    pub(super) share: Option<f64>,
    pub(super) share_expected: Option<f64>,
    pub(super) unchanged: Option<Way>,
    pub(super) hedged: Option<Way>,
    pub(super) reduced: Option<Way>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Way {
    pub(super) annual_return: Option<f64>,
    pub(super) volatility: Option<f64>,
    pub(super) gross: Option<f64>,
    pub(super) net: Option<f64>,
    pub(super) return_given_up: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct Candidate {
    pub(super) factor: String,
    pub(super) etf_ticker: String,
    pub(super) correlation_to_overexposed: Option<f64>,
    pub(super) correlation_interval: Option<[f64; 2]>,
    pub(super) n: usize,
    pub(super) direction: Option<String>,
    pub(super) hedge_effectiveness: HedgeEffectiveness,
    pub(super) suggested_additional_allocation: Option<f64>,
    pub(super) portfolio_volatility: Option<BeforeAfter>,
    pub(super) volatility_into_cash: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct HedgeEffectiveness {
    pub(super) in_sample: Option<f64>,
    pub(super) out_of_sample: Option<f64>,
}

#[derive(Debug, Deserialize)]
pub(super) struct BeforeAfter {
    pub(super) before: Option<f64>,
    pub(super) after: Option<f64>,
}
