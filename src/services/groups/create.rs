//! `create_factor_group`: saves a new group after a check of its data.

use std::sync::Arc;

use factor_store::WriteOutcome;
use factor_types::FactorGroup;
use futures::future::FutureExt;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::json;

use super::check;
use super::{FIELDS, add_check, arguments, caller, check_error, describe, success, taken};
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
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { create(app, call).await }.boxed() };

const TITLE: &str = "Create factor group";
const NAMES: [&str; 6] = ["group_name", "tickers", "description", "weighting_method", "weights", "validate"];

fn definition() -> Tool {
    let input = saved_items::input(
        json!({
            "group_name": {
                "type": "string",
                "description": "1 to 100 letters, digits, spaces or _-&.",
                "examples": ["My Tech Basket"]
            },
            "tickers": arguments::tickers_schema(),
            "description": arguments::description_schema(),
            "weighting_method": arguments::method_schema(),
            "weights": arguments::weights_schema(),
            "validate": arguments::validate_schema(),
        }),
        &["group_name", "tickers"],
    );
    define(
        "create_factor_group",
        TITLE,
        "Saves a basket of tickers that is then a factor in your analyses: `USER:<name>`, category user. Tickers with under \
         24 months of prices are left out, with the reason. Answers final weights and performance.",
        input,
        saved_items::output(&FIELDS),
    )
    .with_annotations(
        ToolAnnotations::with_title(TITLE).read_only(false).destructive(false).idempotent(true).open_world(true),
    )
}

async fn create(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    args.require("group_name");
    args.require("tickers");
    let name = saved_items::name(&args, "group_name");
    let description = arguments::description(&args).unwrap_or_default();
    let tickers = arguments::tickers(&args, &app.settings.groups);
    let weighting = arguments::weighting(&args, arguments::method(&args), tickers.as_deref(), None);
    let validate = args.boolean("validate").unwrap_or(true);
    args.finish(&NAMES)?;
    let (Some(name), Some(tickers), Some(weighting)) = (name, tickers, weighting) else {
        return Err(ToolError::internal());
    };
    let group = FactorGroup { name, description, tickers, weighting };

    let there = app.store.group(call.user, &group.name).await?;
    if let Some(other) = there.as_ref().filter(|kept| !kept.group.what.same_content(&group)) {
        return Err(taken(other, "group_name", &group.name));
    }
    let settled = there.and_then(|kept| kept.settled);
    let check = if validate {
        let checked = check::check(&app, &group, settled.as_ref(), &caller(&app, &call)).await;
        Some(checked.map_err(|error| check_error(&error, true))?)
    } else {
        None
    };
    let settled = check.as_ref().map(|check| &check.settled);
    let (kept, is_new) = match app.store.create_group(call.user, &group, settled).await? {
        WriteOutcome::Written(kept) => (kept, true),
        WriteOutcome::Conflict(other) => return Err(taken(&other, "group_name", &group.name)),
        // It was saved without a check before; now it has one.
        WriteOutcome::Unchanged(kept) if kept.settled.is_none() && settled.is_some() => {
            match app.store.update_group(call.user, &group.name, &group, settled).await? {
                Some(WriteOutcome::Written(kept) | WriteOutcome::Unchanged(kept)) => (kept, false),
                Some(WriteOutcome::Conflict(_)) | None => (kept, false),
            }
        }
        WriteOutcome::Unchanged(kept) => (kept, false),
    };
    let mut answer = success();
    describe(&mut answer, &kept);
    add_check(&mut answer, &kept, check.as_ref());
    answer.insert("created".to_owned(), json!(is_new));
    if !is_new {
        answer.insert("note".to_owned(), json!("This group was there already with the same content."));
    } else if !validate {
        let note = "Saved without a check: update_factor_group with group_name alone checks it.";
        answer.insert("note".to_owned(), json!(note));
    }
    Ok(saved_items::fitted(&app, call.user, answer, &["warnings"]).await)
}
