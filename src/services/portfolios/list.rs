//! `list_portfolios`: the caller's portfolios.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    mcp::tools::{ToolEntry, define, read_only},
    services::Call,
    services::saved_items,
    tool_error::ToolError,
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { list(app, call).await }.boxed() };

const TITLE: &str = "List portfolios";

fn definition() -> Tool {
    define(
        "list_portfolios",
        TITLE,
        "Your saved portfolios.",
        saved_items::input(json!({}), &[]),
        saved_items::output(&[("portfolios", "array")]),
    )
    .with_annotations(read_only(TITLE, false))
}

async fn list(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let portfolios = app.store.portfolios(call.user).await?;
    let row = |kept: &factor_types::Saved<factor_types::Portfolio>| {
        json!({
            "portfolio_name": kept.what.name,
            "holding_count": kept.what.holdings.len(),
            "created_at": saved_items::time(kept.created_at),
            "updated_at": saved_items::time(kept.updated_at),
        })
    };
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    answer.insert("count".to_owned(), json!(portfolios.len()));
    answer.insert("portfolios".to_owned(), portfolios.iter().map(row).collect::<Value>());
    Ok(saved_items::fitted(&app, call.user, answer, &["portfolios"]).await)
}
