//! `hedge_my_portfolio`.

use super::{Argument, CATEGORIES, Completed, Given, PORTFOLIO, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "hedge_my_portfolio",
    title: "Hedge my portfolio",
    description: "What a portfolio has too much of, what offsets it, by how much, and whether that worked out of sample.",
    arguments: &[OVEREXPOSED, PORTFOLIO, OFFSETS],
    text,
};

const OVEREXPOSED: Argument = Argument {
    name: "overexposed_factor",
    description: "What there is too much of, such as `VNQ`. Default: the largest exposure.",
    completed: Completed::Factors,
};
const OFFSETS: Argument = Argument {
    description: "Which kinds of factors may offset it, such as `fixed_income, commodity`. Default: all.",
    ..CATEGORIES
};

fn text(given: &Given) -> String {
    let which = given.categories();
    let portfolio = given.text(PORTFOLIO.name).unwrap_or_else(|| "CURRENT_PORTFOLIO".to_owned());
    let factor = given.text(OVEREXPOSED.name).map_or_else(
        || {
            "the industry or category with the largest weight in by_industry that is no broad market fund, no cash and \
                     not `other funds` or `unclassified`"
                .to_owned()
        },
        |name| format!("`{name}`"),
    );
    format!(
        "Help me hedge my portfolio.\n\
                 1. Call get_portfolio_exposures with portfolio_name `{portfolio}`. If there is no such portfolio, ask me for my \
                 holdings and offer to keep them with save_portfolio.\n\
                 2. Call get_factor_recommendations with the same portfolio and overexposed_factor {factor}{which}. If the name \
                 fits none or several, take one of those the error lists.\n\
                 3. Call get_portfolio_exposures again with what_if: once what reduce sells of the factor's holding, once the \
                 legs of best_hedge, once the first swap of recommendations.\n\
                 4. Where an offset rests on few periods (n), its figures are of those alone: look at its history with \
                 get_factor_analysis before you name it.\n\
                 Then tell me in plain words: what I have too much of; that selling some of it, or selling what moves with it, is \
                 what lowers the risk, and how much of each comes to the same; what next_quarter says is to be expected of the \
                 hedge, and what return each way gives up; volatility, beta and exposures before and after. Where the answer says \
                 that nothing offsets it when bought, say so and do not dress up cash or a calm bond fund as a hedge: of a swap say how much of \
                 its fall comes from selling (fall_from_selling). Sell what is held before anything is sold short. Name what the answer \
                 does not know (insights.not_known), and say clearly if the prices are simulated. Should I say \
                 that I cannot sell short, ask again with allow_short false; should I name what to hedge with, with candidates. This is \
                 analysis, no advice."
    )
}
