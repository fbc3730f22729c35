//! `validate_factor_group`: checks a kept group against the price source, and changes nothing.

use std::sync::Arc;

use factor_store::SavedGroup;
use futures::future::FutureExt;
use rmcp::model::Tool;
use serde_json::{Map, Value, json};

use super::check::{self, Check, CheckError, excluded_json};
use super::{arguments, caller, check_error, find, metadata_of, performance, success};
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
pub const ENTRY: ToolEntry =
    ToolEntry { definition, call: |app, call| async move { validate(app, call).await }.boxed() };

const TITLE: &str = "Validate factor group";
/// Weights that differ by less are the same.
const SAME_WEIGHT: f64 = 1e-9;

fn definition() -> Tool {
    let input = saved_items::input(json!({"group_name": arguments::name_schema()}), &["group_name"]);
    define(
        "validate_factor_group",
        TITLE,
        "Checks a saved group's data and changes nothing: who is left out and why, weights, performance.",
        input,
        saved_items::output(&[("is_valid", "boolean"), ("issues", "array")]),
    )
    .with_annotations(read_only(TITLE, true))
}

async fn validate(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let args = Args::new(call.arguments.clone());
    args.require("group_name");
    let name = saved_items::name(&args, "group_name");
    args.finish(&["group_name"])?;
    let kept = find(&app, call.user, &name.ok_or_else(ToolError::internal)?).await?;
    let group = &kept.group.what;
    let mut answer = success();
    answer.insert("group_name".to_owned(), json!(group.name));
    answer.insert("proxy_identifier".to_owned(), json!(group.name.identifier()));
    match check::check(&app, group, None, &caller(&app, &call)).await {
        Ok(check) => passed(&mut answer, &kept, &check),
        Err(CheckError::Insufficient { included, excluded, message }) => {
            answer.insert("is_valid".to_owned(), json!(false));
            let metadata = json!({
                "tickers_included": included,
                "tickers_excluded": excluded_json(&excluded),
                "final_weights": null,
            });
            answer.insert("validation_metadata".to_owned(), metadata);
            answer.insert("issues".to_owned(), json!([message]));
            answer.insert("warnings".to_owned(), json!([]));
        }
        Err(error) => return Err(check_error(&error, false)),
    }
    Ok(saved_items::fitted(&app, call.user, answer, &["warnings"]).await)
}

fn passed(answer: &mut Map<String, Value>, kept: &SavedGroup, check: &Check) {
    let left_out = check.excluded.iter().map(|one| format!("{} is left out: {}", one.ticker, one.detail));
    let mut warnings: Vec<String> = left_out.chain(check.warnings.iter().cloned()).collect();
    let differ = |(a, b): (&(factor_types::Ticker, f64), &(factor_types::Ticker, f64))| {
        a.0 != b.0 || (a.1 - b.1).abs() > SAME_WEIGHT
    };
    let settled = &check.settled;
    let changed = kept.settled.as_ref().is_none_or(|known| {
        known.weights.len() != settled.weights.len() || known.weights.iter().zip(&settled.weights).any(differ)
    });
    if changed {
        let known = kept.settled.as_ref().map(|known| format!("are those of {}", known.as_of));
        warnings.push(format!(
            "the weights in use {}; update_factor_group with group_name alone takes these",
            known.unwrap_or_else(|| "were never settled".to_owned())
        ));
    }
    answer.insert("is_valid".to_owned(), json!(true));
    answer.insert("validation_metadata".to_owned(), metadata_of(check));
    answer.insert("performance".to_owned(), performance(check));
    answer.insert("issues".to_owned(), json!([]));
    answer.insert("warnings".to_owned(), json!(warnings));
}
