//! `factor_check_up`.

use super::{Argument, CATEGORIES, Completed, Given, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "factor_check_up",
    title: "Factor check-up",
    description: "What the factors did, how they hang together and what that means for diversification.",
    arguments: &[CATEGORIES, BENCHMARK],
    text,
};

const BENCHMARK: Argument = Argument {
    name: "benchmark_ticker",
    description: "The ETF to compare with. Default: SPY.",
    completed: Completed::Factors,
};

fn text(given: &Given) -> String {
    let benchmark = given.text(BENCHMARK.name).unwrap_or_else(|| "SPY".to_owned());
    let which = given.categories();
    format!(
        "Give me a factor check-up.\n\
                 1. Call get_factor_analysis with analysis_type `returns`{which}: what rose and fell over 1 month to 1 year.\n\
                 2. Call get_factor_analysis with analysis_type `performance`, benchmark_ticker `{benchmark}`{which}: return, \
                 volatility, Sharpe ratio and drawdown; the best and the worst.\n\
                 3. Call get_factor_analysis with analysis_type `correlations`, benchmark_ticker `{benchmark}`{which}: what moves \
                 together, what diversifies, what depends on interest rates.\n\
                 4. Where an answer's `more` names a section you need, ask for it with `include`.\n\
                 Then tell me in plain words: the three most important findings with their numbers, what they mean for \
                 diversification, and how far the data can be trusted (data_quality: coverage, what was left out; say so \
                 clearly if the prices are simulated). Keep what the data shows apart from what you conclude."
    )
}
