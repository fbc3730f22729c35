//! `what_moved_this_month`.

use super::{CATEGORIES, Given, PromptEntry};

pub(super) const ENTRY: PromptEntry = PromptEntry {
    name: "what_moved_this_month",
    title: "What moved this month",
    description: "Which factors rose and fell over the last month, and against what they did before.",
    arguments: &[CATEGORIES],
    text,
};

fn text(given: &Given) -> String {
    let which = given.categories();
    format!(
        "What moved this month?\n\
             1. Call get_factor_analysis with analysis_type `returns`, windows [\"1m\", \"3m\", \"1y\"], top_n 5{which}.\n\
             2. If one category or industry group stands out, call it again with `categories` set to that one and \
             include [\"by_category\", \"rankings\"].\n\
             3. For the strongest and the weakest factor call list_factors with its ticker as `query` to see what it stands \
             for.\n\
             Then tell me: what rose most, what fell most, whether it goes on or turns round what the last 3 months and the \
             last year showed, and which dates the figures cover (`as_of`). Say so clearly if the prices are simulated."
    )
}
