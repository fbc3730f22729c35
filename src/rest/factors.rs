//! `/api/factors`: the universe.

use super::route::{Route, Verb, Work};

pub(super) const ROUTES: &[Route] = &[Route {
    example: r#"{"query": "semiconductor"}"#,
    ..Route::new(Verb::Get, "/factors", Work::Tool("list_factors"), "The factors that the analyses use.")
}];
