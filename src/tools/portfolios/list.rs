//! `list_portfolios`: the caller's portfolios.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use crate::{
    app::App,
    args::Args,
    tool_error::ToolError,
    tools::{Answer, ToolCall, ToolEntry, define, read_only, stored},
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { list(app, call).await }.boxed() };

const TITLE: &str = "List portfolios";

fn definition() -> Tool {
    define(
        "list_portfolios",
        TITLE,
        "Your saved portfolios.",
        stored::input(json!({}), &[]),
        stored::output(&[("portfolios", "array")]),
    )
    .with_annotations(read_only(TITLE, false))
}

async fn list(app: Arc<App>, call: ToolCall) -> Result<Answer, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let portfolios = app.store.portfolios(call.user).await?;
    let row = |kept: &factor_types::Saved<factor_types::Portfolio>| {
        json!({
            "portfolio_name": kept.what.name,
            "holding_count": kept.what.holdings.len(),
            "created_at": stored::time(kept.created_at),
            "updated_at": stored::time(kept.updated_at),
        })
    };
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    answer.insert("count".to_owned(), json!(portfolios.len()));
    answer.insert("portfolios".to_owned(), portfolios.iter().map(row).collect::<Value>());
    Ok(stored::fitted(&app, call.user, answer, &["portfolios"]).await)
}
