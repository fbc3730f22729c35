//! `list_factor_groups`: the caller's groups.

use std::sync::Arc;

use factor_store::SavedGroup;
use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Value, json};

use super::{is_valid, success};
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

const TITLE: &str = "List factor groups";

fn definition() -> Tool {
    define(
        "list_factor_groups",
        TITLE,
        "Your factor groups. is_valid null: saved unchecked.",
        saved_items::input(json!({}), &[]),
        saved_items::output(&[("factor_groups", "array")]),
    )
    .with_annotations(read_only(TITLE, false))
}

async fn list(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    Args::new(call.arguments.clone()).finish(&[])?;
    let groups = app.store.groups(call.user).await?;
    let mut answer = success();
    answer.insert("count".to_owned(), json!(groups.len()));
    answer.insert("factor_groups".to_owned(), groups.iter().map(row).collect());
    Ok(saved_items::fitted(&app, call.user, answer, &["factor_groups"]).await)
}

fn row(kept: &SavedGroup) -> Value {
    let group = &kept.group.what;
    json!({
        "group_name": group.name,
        "proxy_identifier": group.name.identifier(),
        "description": group.description,
        "tickers": group.tickers,
        "ticker_count": group.tickers.len(),
        "weighting_method": group.weighting.as_str(),
        "is_valid": is_valid(kept),
        "created_at": saved_items::time(kept.group.created_at),
        "updated_at": saved_items::time(kept.group.updated_at),
    })
}
