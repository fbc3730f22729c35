//! `save_portfolio`: keeps named holdings.

use std::sync::Arc;

use factor_types::Portfolio;
use futures::future::FutureExt;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::{Map, json};

use super::{CUTTABLE, FIELDS, add_valuation, describe, holdings, name, name_schema, valuation};
use crate::{
    analysis::Caller,
    answer::Rendered,
    app::App,
    arguments::Args,
    mcp::tools::{ToolEntry, define},
    services::Call,
    services::saved_items,
    tool_error::{ErrorCode, Problem, ToolError},
};

/// The tool.
pub const ENTRY: ToolEntry = ToolEntry { definition, call: |app, call| async move { save(app, call).await }.boxed() };

const TITLE: &str = "Save portfolio";

fn definition() -> Tool {
    let properties = json!({"holdings": holdings::schema(), "portfolio_name": name_schema()});
    define(
        "save_portfolio",
        TITLE,
        "Saves holdings in the place of a portfolio of the same name. Weights under 1 leave the rest in cash, over 1 is \
         leverage; shares count at the latest price.",
        saved_items::input(properties, &["holdings"]),
        saved_items::output(&FIELDS),
    )
    .with_annotations(
        ToolAnnotations::with_title(TITLE).read_only(false).destructive(true).idempotent(true).open_world(true),
    )
}

async fn save(app: Arc<App>, call: Call) -> Result<Rendered, ToolError> {
    let fetch_until = call.fetch_until();
    let args = Args::new(call.arguments.clone());
    args.require("holdings");
    let read = holdings::read(&args, "holdings");
    let name = name(&args);
    args.finish(&["portfolio_name", "holdings"])?;
    let (Some(name), Some(read)) = (name, read) else { return Err(ToolError::internal()) };
    let caller = Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until };
    let valuation = valuation::value(&app, &read.holdings, &caller).await;
    // With every price known a total of nothing will not mend itself.
    if let (Err(why), Some(_)) = (&valuation.weights, valuation.total_value) {
        let problem = Problem {
            field: "holdings".to_owned(),
            got: format!("{} holdings", read.holdings.len()),
            rule: "must have a total value above 0".to_owned(),
            hint: Some(why.clone()),
        };
        return Err(ToolError::new(ErrorCode::InvalidArgument, format!("The weights are {why}.")).with_problem(problem));
    }
    let (kept, before) = app.store.save_portfolio(call.user, &Portfolio { name, holdings: read.holdings }).await?;
    let mut answer = Map::from_iter([("status".to_owned(), json!("success"))]);
    describe(&mut answer, &kept);
    add_valuation(&mut answer, &valuation);
    answer.insert("replaced".to_owned(), json!(before.is_some()));
    let mut notes = read.notes;
    if let Some(before) = before {
        notes.push(format!(
            "This takes the place of {} with {} holdings, last changed {}.",
            before.what.name,
            before.what.holdings.len(),
            saved_items::time(before.updated_at)
        ));
    }
    if !notes.is_empty() {
        answer.insert("note".to_owned(), json!(notes.join(" ")));
    }
    Ok(saved_items::fitted(&app, call.user, answer, &CUTTABLE).await)
}
