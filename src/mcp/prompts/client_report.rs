//! `client_report`.

use super::{Argument, Completed, Given, HOLDINGS, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "client_report",
    title: "Report for a client",
    description: "A report on a portfolio for the person whose money it is: exposures, risk, crises, offsets, and how sure each is.",
    arguments: &[HOLDINGS, FACTOR],
    text,
};

const FACTOR: Argument = Argument {
    name: "overexposed_factor",
    description: "What the part on offsets is about, such as `VNQ`. Default: the heaviest holding.",
    completed: Completed::Factors,
};

fn text(given: &Given) -> String {
    let portfolio = given.text(HOLDINGS.name).map_or_else(
        || "the holdings that I gave (else no holdings: CURRENT_PORTFOLIO is taken)".to_owned(),
        |name| format!("portfolio_name `{name}`"),
    );
    let factor = given
        .text(FACTOR.name)
        .map_or_else(|| "the heaviest holding that is no cash".to_owned(), |name| format!("`{name}`"));
    format!(
        "Write a report on a portfolio for the person whose money it is, who knows no statistics.\n\
         1. Call get_portfolio_exposures with {portfolio}. Read warnings and data_quality first.\n\
         2. Call analyze_factor_model with the same, model `lens`: betas and alpha with their intervals.\n\
         3. Call stress_test with the same, without scenarios: all past crises with a name.\n\
         4. Call get_factor_recommendations with the same and overexposed_factor {factor}.\n\
         5. Call get_factor_analysis with the holdings as tickers: how they go together. One holding alone needs no such part.\n\
         Write in this order: what the reader has to know before any figure (every warning, what could not be tested or stands in for \
         something, insights.not_known of each answer; in large letters if the prices are simulated); what is held; what moves it; what \
         it has returned and risked beside SPY on the same dates; what past crises would have done to today's weights, the worst first; \
         what offsets what; how it was done: dates, number of returns, source and date of the newest price, version.\n\
         Of each figure say over which dates and how many returns (n), and its interval where there is one. An interval that holds 0 is \
         no finding: say that it cannot be told from nothing. Of a hedge say what is to be expected out of sample (next_quarter), \
         whether it held in the crises, and what return it gives up; that selling some comes to the same; and where nothing offsets when \
         bought, say so. A figure that is null is not known: leave it empty and give the reason.\n\
         Never round so that a loss looks smaller, never leave a warning out, never fill in a figure that no answer has, never take \
         past returns for what is to come, never promise that a hedge will hold, never tell the reader to buy or sell: this is analysis, \
         no advice. What only you conclude, mark as your conclusion."
    )
}
