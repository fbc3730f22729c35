//! `explain_a_fund`.

use super::{Argument, Completed, Given, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "explain_a_fund",
    title: "Explain a fund",
    description: "What a fund moves with, where its return came from, whether anything is left, and what would do the same.",
    arguments: &[FUND],
    text,
};

const FUND: Argument = Argument {
    name: "ticker",
    description: "The fund, such as `XLK`. Default: ask which.",
    completed: Completed::Factors,
};

fn text(given: &Given) -> String {
    let fund = given.text(FUND.name);
    let first = fund.as_ref().map_or_else(|| "Ask me which fund; then:\n".to_owned(), |_| String::new());
    let fund = fund.unwrap_or_else(|| "the fund".to_owned());
    format!(
        "Explain a fund to me.\n{first}\
             1. Call analyze_factor_model with ticker `{fund}`, model `lens`, rolling 36.\n\
             2. Call it again with model `ff5`. If the factor files are not there (no_data), say so and go on without.\n\
             3. Call it with include [\"style\"] for the mix of indices that follows it.\n\
             Then tell me in plain words: which factors its ups and downs go with, by share of variance and beta with their \
             intervals; how steady those betas were; how much of its return each factor gave (attribution), and how much cash \
             did; whether alpha differs from 0 by its interval, and that a positive alpha which does not is none; which cheap \
             mix of indices did nearly the same (style, R^2, tracking error). Say over which dates, how many periods and which \
             vintage of factor data that is, what the answer does not know (insights.not_known), and say clearly if the prices are \
             simulated. This is analysis, no advice."
    )
}
