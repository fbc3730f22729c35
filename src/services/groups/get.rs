//! `get_factor_group`: a group as it is kept.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::json;

use super::{arguments, describe, find, metadata_kept, success};
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
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { get(app, call).await }.boxed() };

const TITLE: &str = "Get factor group";

fn definition() -> Tool {
    let input = saved_items::input(json!({"group_name": arguments::name_schema()}), &["group_name"]);
    define(
        "get_factor_group",
        TITLE,
        "A saved group: tickers, weighting, final weights.",
        input,
        saved_items::output(&[]),
    )
    .with_annotations(read_only(TITLE, false))
}

async fn get(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    args.require("group_name");
    let name = saved_items::name(&args, "group_name");
    args.finish(&["group_name"])?;
    let kept = find(&app, call.user, &name.ok_or_else(ToolError::internal)?).await?;
    let mut answer = success();
    describe(&mut answer, &kept);
    answer.insert("validation_metadata".to_owned(), metadata_kept(&kept));
    Ok(saved_items::fitted(&app, call.user, answer, &[]).await)
}
