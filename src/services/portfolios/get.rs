//! `get_portfolio`: holdings as they were said, and what they weigh now.

use std::sync::Arc;

use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Map, json};

use super::{CUTTABLE, FIELDS, add_valuation, describe, find, name, name_schema, valuation};
use crate::{
    analysis::Caller,
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

const TITLE: &str = "Get portfolio";

fn definition() -> Tool {
    define(
        "get_portfolio",
        TITLE,
        "A saved portfolio: holdings as given, weights at the latest prices.",
        saved_items::input(json!({"portfolio_name": name_schema()}), &[]),
        saved_items::output(&FIELDS),
    )
    .with_annotations(read_only(TITLE, true))
}

async fn get(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let fetch_until = call.fetch_until();
    let args = Args::new(call.arguments.clone());
    let name = name(&args);
    args.finish(&["portfolio_name"])?;
    let kept = find(&app, call.user, &name.ok_or_else(ToolError::internal)?).await?;
    let caller = Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until };
    let valuation = valuation::value(&app, &kept.what.holdings, &caller).await;
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    describe(&mut answer, &kept);
    add_valuation(&mut answer, &valuation);
    Ok(saved_items::fitted(&app, call.user, answer, &CUTTABLE).await)
}
