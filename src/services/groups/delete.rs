//! `delete_factor_group`: deletes a group and says what it was.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, Value, json};

use super::{arguments, describe, missing, success};
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

const TITLE: &str = "Delete factor group";

fn definition() -> Tool {
    let input = saved_items::input(json!({"group_name": arguments::name_schema()}), &["group_name"]);
    define(
        "delete_factor_group",
        TITLE,
        "Deletes a factor group for good; answers what it was.",
        input,
        saved_items::output(&[("deleted", "object")]),
    )
    .with_annotations(
        ToolAnnotations::with_title(TITLE).read_only(false).destructive(true).idempotent(true).open_world(false),
    )
}

async fn delete(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    args.require("group_name");
    let name = saved_items::name(&args, "group_name");
    args.finish(&["group_name"])?;
    let name = name.ok_or_else(ToolError::internal)?;
    let Some(gone) = app.store.delete_group(call.user, &name).await? else {
        return Err(missing(&app, call.user, &name).await?);
    };
    let mut deleted = Map::new();
    describe(&mut deleted, &gone);
    let mut answer = success();
    answer.insert("group_name".to_owned(), json!(gone.group.what.name));
    answer.insert("deleted".to_owned(), Value::Object(deleted));
    Ok(saved_items::fitted(&app, call.user, answer, &[]).await)
}
