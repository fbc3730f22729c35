//! `delete_portfolio`: deletes a portfolio and says what it was.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::{describe, missing, name, name_schema};
use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    mcp::tools::{ToolEntry, define},
    services::Call,
    services::saved_items,
    tool_error::ToolError,
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { delete(app, call).await }.boxed() };

const TITLE: &str = "Delete portfolio";

fn definition() -> Tool {
    define(
        "delete_portfolio",
        TITLE,
        "Deletes a portfolio for good; answers what it held.",
        saved_items::input(json!({"portfolio_name": name_schema()}), &[]),
        saved_items::output(&[("deleted", "object")]),
    )
    .with_annotations(
        ToolAnnotations::with_title(TITLE).read_only(false).destructive(true).idempotent(true).open_world(false),
    )
}

async fn delete(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    let name = name(&args);
    args.finish(&["portfolio_name"])?;
    let name = name.ok_or_else(ToolError::internal)?;
    let Some(gone) = app.store.delete_portfolio(call.user, &name).await? else {
        return Err(missing(&app, call.user, &name).await?);
    };
    let mut deleted = Map::new();
    describe(&mut deleted, &gone);
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    answer.insert("portfolio_name".to_owned(), json!(gone.what.name));
    answer.insert("deleted".to_owned(), Value::Object(deleted));
    Ok(saved_items::fitted(&app, call.user, answer, &["deleted"]).await)
}
