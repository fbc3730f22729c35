//! `stress_my_portfolio`.

use super::{Argument, Completed, Given, HOLDINGS, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "stress_my_portfolio",
    title: "Stress my portfolio",
    description: "What a portfolio loses in a crash, how plausible that is, and what would have offset it.",
    arguments: &[HOLDINGS, SCENARIO],
    text,
};

const SCENARIO: Argument = Argument {
    name: "scenario",
    description: "An episode such as `covid` or `rates_2022`, or dates. Default: all with a name.",
    completed: Completed::No,
};

fn text(given: &Given) -> String {
    let portfolio = given.text(HOLDINGS.name).map_or_else(
        || "the holdings that I gave (else no holdings: CURRENT_PORTFOLIO is taken)".to_owned(),
        |name| format!("portfolio_name {name}"),
    );
    let scenarios = given.text(SCENARIO.name).map_or_else(String::new, |name| format!(", scenarios [{name}]"));
    format!(
        "Tell me what a crash would do to my portfolio.\n\
         1. Call stress_test with {portfolio}{scenarios}. Read warnings first: what was not testable, and what was stood in for.\n\
         2. Call it again with shocks for what it is most exposed to, such as {{\"SPY\": -0.2}} or {{\"UST10Y\": 1.0}}, and with \
         reverse_loss 0.2.\n\
         3. Name the worst episode with its return, worst drawdown and days to recover, and the holding that lost most.\n\
         4. Give each shock's answer with its 90% interval, and say in words how far out the move is.\n\
         5. Say which hedges held (`held`), in how many of the losses, and which did not; never recommend one that did not hold \
         without saying so. Their costs are not in the figures."
    )
}
