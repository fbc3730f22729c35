//! `update_factor_group`: changes what is given of a group, and checks it.

use std::sync::Arc;

use factor_store::WriteOutcome;
use factor_types::FactorGroup;
use futures::future::FutureExt;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::json;

use super::check;
use super::{add_check, arguments, caller, check_error, describe, find, missing, success, taken};
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
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { update(app, call).await }.boxed() };

const TITLE: &str = "Update factor group";
const NAMES: [&str; 7] =
    ["group_name", "new_name", "tickers", "description", "weighting_method", "weights", "validate"];

fn definition() -> Tool {
    let input = saved_items::input(
        json!({
            "group_name": arguments::name_schema(),
            "new_name": {"type": "string", "description": "Another name."},
            "tickers": {"type": "array", "items": {"type": "string"}, "description": "2 to 50, in the place of the old."},
            "description": {"type": "string", "description": "What it is for."},
            "weighting_method": {"type": "string", "description": "equal, market_cap or custom."},
            "weights": {"type": "array", "items": {"type": "object"}, "description": "custom: [{ticker, weight}]."},
            "validate": {"type": "boolean", "description": "As in create_factor_group."},
        }),
        &["group_name"],
    );
    define(
        "update_factor_group",
        TITLE,
        "Changes what is given of a group and checks it; group_name alone checks again and keeps the new weights.",
        input,
        saved_items::output(&[]),
    )
    .with_annotations(
        ToolAnnotations::with_title(TITLE).read_only(false).destructive(true).idempotent(true).open_world(true),
    )
}

async fn update(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    args.require("group_name");
    let name = saved_items::name(&args, "group_name");
    let new_name = saved_items::name(&args, "new_name");
    let description = arguments::description(&args);
    let tickers = arguments::tickers(&args, &app.settings.groups);
    let method = arguments::method(&args);
    let validate = args.boolean("validate").unwrap_or(true);
    // What weights mean depends on the group; without one they are still read for their own mistakes.
    let Some(name) = name else {
        arguments::weighting(&args, method, tickers.as_deref(), None);
        args.finish(&NAMES)?;
        return Err(ToolError::internal());
    };
    let before = find(&app, call.user, &name).await?;
    let old = &before.group.what;
    let members = if args.has("tickers") { tickers } else { Some(old.tickers.clone()) };
    let weighting = arguments::weighting(&args, method, members.as_deref(), Some((&old.tickers, &old.weighting)));
    args.finish(&NAMES)?;
    let (Some(tickers), Some(weighting)) = (members, weighting) else { return Err(ToolError::internal()) };
    let group = FactorGroup {
        name: new_name.unwrap_or_else(|| old.name.clone()),
        description: description.unwrap_or_else(|| old.description.clone()),
        tickers,
        weighting,
    };
    if group.name != old.name
        && let Some(other) = app.store.group(call.user, &group.name).await?
    {
        return Err(taken(&other, "new_name", &group.name));
    }

    let check = if validate {
        let checked = check::check(&app, &group, None, &caller(&app, &call)).await;
        Some(checked.map_err(|error| check_error(&error, true))?)
    } else {
        None
    };
    // Without a check the weights stay while what they rest on does.
    let same_weights = group.same_content(&FactorGroup {
        name: group.name.clone(),
        description: group.description.clone(),
        ..old.clone()
    });
    let stays = before.settled.as_ref().filter(|_| same_weights);
    let settled = check.as_ref().map(|check| &check.settled).or(stays);
    let kept = match app.store.update_group(call.user, &name, &group, settled).await? {
        Some(WriteOutcome::Written(kept) | WriteOutcome::Unchanged(kept)) => kept,
        Some(WriteOutcome::Conflict(other)) => return Err(taken(&other, "new_name", &group.name)),
        None => return Err(missing(&app, call.user, &name).await?),
    };
    let mut answer = success();
    describe(&mut answer, &kept);
    add_check(&mut answer, &kept, check.as_ref());
    let mut notes = Vec::new();
    if group.name.as_str() != old.name.as_str() {
        notes.push(format!("Renamed: it was {} ({}).", old.name, old.name.identifier()));
    }
    if !validate && kept.settled.is_none() {
        notes.push("Saved without a check: update_factor_group with group_name alone checks it.".to_owned());
    }
    if !notes.is_empty() {
        answer.insert("note".to_owned(), json!(notes.join(" ")));
    }
    Ok(saved_items::fitted(&app, call.user, answer, &["warnings"]).await)
}
