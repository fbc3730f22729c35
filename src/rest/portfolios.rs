//! `/api/portfolios`: the caller's portfolios.

use futures::FutureExt;

use super::route::{Answers, Route, Verb, Work};
use crate::services::{Precondition, portfolios};

const ALL: &str = "/portfolios";
const ONE: &str = "/portfolios/{portfolio_name}";

/// The check has no tool: it takes what `get_portfolio` takes.
const CHECK: Work = Work::Service("validate_portfolio", "get_portfolio", |app, call| {
    async move { portfolios::validate::answer(&app, &call).await }.boxed()
});

const fn of(verb: Verb, path: &'static str, tool: &'static str, summary: &'static str) -> Route {
    Route::new(verb, path, Work::Tool(tool), summary)
}

pub(super) const ROUTES: &[Route] = &[
    of(Verb::Get, ALL, "list_portfolios", "All portfolios."),
    Route {
        answers: Answers::Kept,
        // Over MCP the same tool replaces; what is made here anew must not take another's place.
        precondition: || Precondition::New,
        example: r#"{"portfolio_name": "Core", "holdings": [{"ticker": "SPY", "weight": 0.6}, {"ticker": "IEF", "weight": 0.4}]}"#,
        ..of(Verb::Post, ALL, "save_portfolio", "A new portfolio.")
    },
    Route {
        answers: Answers::Kept,
        ..of(Verb::Get, ONE, "get_portfolio", "A portfolio, and what it weighs at the latest prices.")
    },
    Route {
        answers: Answers::Kept,
        example: r#"{"holdings": {"SPY": 0.5, "IEF": 0.5}}"#,
        ..of(
            Verb::Put,
            ONE,
            "save_portfolio",
            "A portfolio, new or in the place of the one of that name. If-Match: only in that state; If-None-Match: *: only a new one.",
        )
    },
    of(Verb::Delete, ONE, "delete_portfolio", "A portfolio deleted for good, and what it was."),
    Route::new(
        Verb::Post,
        "/portfolios/{portfolio_name}/validate",
        CHECK,
        "Whether the weights of a portfolio are known and all that it holds has a price; nothing is changed.",
    ),
];
