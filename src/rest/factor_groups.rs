//! `/api/factor-groups`: the caller's factor groups.

use super::route::{Answers, Route, Verb, Work};

const ALL: &str = "/factor-groups";
const ONE: &str = "/factor-groups/{group_name}";

/// What the seed calls a group that cannot be.
const GROUP: Option<&str> = Some("FACTOR_GROUP_VALIDATION_ERROR");

const fn of(verb: Verb, path: &'static str, tool: &'static str, summary: &'static str) -> Route {
    Route { error_code: GROUP, ..Route::new(verb, path, Work::Tool(tool), summary) }
}

pub(super) const ROUTES: &[Route] = &[
    of(Verb::Get, ALL, "list_factor_groups", "All groups."),
    Route {
        answers: Answers::Kept,
        example: r#"{"group_name": "My Tech", "tickers": ["XLK", "SMH"], "validate": false}"#,
        ..of(Verb::Post, ALL, "create_factor_group", "A new group, saved after a check of its data.")
    },
    Route { answers: Answers::Kept, ..of(Verb::Get, ONE, "get_factor_group", "A group as it is kept.") },
    Route {
        answers: Answers::Kept,
        example: r#"{"description": "Technology and chips", "validate": false}"#,
        ..of(Verb::Put, ONE, "update_factor_group", "What is given of a group, changed. If-Match: only in that state.")
    },
    of(Verb::Delete, ONE, "delete_factor_group", "A group deleted for good, and what it was."),
    of(
        Verb::Post,
        "/factor-groups/{group_name}/validate",
        "validate_factor_group",
        "The check of a group against the price source; nothing is changed.",
    ),
];
