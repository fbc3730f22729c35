//! Whatever a call is about becomes one of the `tickers` that every analysis reads: `USER:<name>` for a group, `PORTFOLIO:<name>` for
//! a saved portfolio, and likewise for holdings that the call brings.

use std::{collections::HashSet, sync::Arc};

use factor_types::GroupName;
use serde_json::{Map, Value, json};

use crate::{
    app::{App, Basis},
    arguments::Args,
    services::{
        Call,
        portfolios::{DEFAULT_NAME, as_factors, holdings::Source},
    },
    tool_error::{Problem, Refusal, ToolError},
};

/// What the holdings of a call are called.
pub(crate) const GIVEN: &str = "given_holdings";

/// Puts what the call is about into its `tickers`, and gives what it is read against with what the caller should know of it. What
/// cannot be read stays where it is, for the reader of arguments to refuse.
///
/// # Errors
/// The call is about nothing.
pub(crate) async fn settle(app: &Arc<App>, call: &mut Call) -> Result<(Basis, Vec<String>), ToolError> {
    let arguments = &mut call.arguments;
    let mut named = Vec::new();
    if let Some(one) = arguments.remove("ticker") {
        named.push(one);
    }
    for (argument, prefix) in [("group", "USER"), ("portfolio_name", "PORTFOLIO")] {
        if let Some(name) =
            arguments.get(argument).and_then(Value::as_str).map(str::trim).filter(|name| !name.is_empty())
        {
            let begins =
                name.get(..=prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(&format!("{prefix}:")));
            named.push(json!(if begins { name.to_owned() } else { format!("{prefix}:{name}") }));
            arguments.remove(argument);
        }
    }
    let given = held_by(arguments);
    let mut notes = Vec::new();
    let is_about_nothing = named.is_empty()
        && given.is_none()
        && ["tickers", "categories", "factor_categories", "holdings", "portfolio_name", "group"]
            .iter()
            .all(|name| arguments.get(*name).is_none_or(Value::is_null));
    if is_about_nothing {
        let saved = match DEFAULT_NAME.parse::<GroupName>() {
            Ok(name) => app.store.portfolio(call.user, &name).await.ok().flatten(),
            Err(_) => None,
        };
        let Some(saved) = saved else { return Err(nothing()) };
        notes.push(format!("the saved portfolio {} is used", saved.what.name));
        named.push(json!(format!("PORTFOLIO:{}", saved.what.name)));
    }
    if given.is_some() {
        named.push(json!(format!("PORTFOLIO:{GIVEN}")));
        arguments.remove("holdings");
    }
    add(arguments, named);
    let mut basis = as_factors::basis(app, call).await;
    if let Some((holdings, said)) = given {
        notes.extend(said);
        let caller = call.caller(app.clock());
        if let Ok(name) = GIVEN.parse::<GroupName>() {
            let found = as_factors::valued(app, &name, &holdings, &basis, &caller).await;
            basis.groups.portfolios.push(found);
            basis.groups.portfolio_names.push(GIVEN.to_owned());
        }
    }
    Ok((basis, notes))
}

/// The holdings that the call brings, where they can be read, with what is to be known of them.
fn held_by(arguments: &Map<String, Value>) -> Option<(Vec<factor_types::Holding>, Vec<String>)> {
    let holdings = arguments.get("holdings").filter(|given| !given.is_null())?;
    let args = Args::new(Map::from_iter([("holdings".to_owned(), holdings.clone())]));
    match Source::read(&args) {
        Source::Given(given) if args.is_without_problems() => Some((given.holdings, given.notes)),
        _ => None,
    }
}

/// Adds names to `tickers`, each once.
fn add(arguments: &mut Map<String, Value>, named: Vec<Value>) {
    if named.is_empty() {
        return;
    }
    let flat = |value: Value| match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        // A list as text stays one: the reader takes it apart.
        other => vec![other],
    };
    let before = arguments.remove("tickers").map_or_else(Vec::new, flat);
    let mut seen = HashSet::new();
    let all = before.into_iter().chain(named.into_iter().flat_map(flat));
    let all: Vec<Value> = all.filter(|name| seen.insert(name.to_string())).collect();
    arguments.insert("tickers".to_owned(), Value::Array(all));
}

fn nothing() -> ToolError {
    let rule = "is required, or tickers, group, categories, holdings or portfolio_name: no CURRENT_PORTFOLIO is saved";
    let hint = "name what to look at, such as {\"ticker\": \"XLK\"}";
    ToolError::invalid(vec![Problem::new("ticker", "nothing", Refusal::new(rule, hint))])
}
