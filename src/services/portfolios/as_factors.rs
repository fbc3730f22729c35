//! Saved portfolios as factors: `PORTFOLIO:<name>` wherever a call takes a ticker.

use std::collections::HashSet;

use factor_store::StoreError;
use factor_types::{GroupName, Holding, UserId};
use serde_json::{Map, Value};

use super::valuation;
use crate::{
    analysis::{Caller, UserGroups, UserPortfolio},
    app::{App, Basis},
    arguments::{Mend, nearest},
    services::{Call, portfolio::held::with_own_groups},
    tool_error::Refusal,
};

/// What a call is read against: the universe in force, the user's groups, and the saved portfolios that the call names, at
/// the weights that they have today.
pub(crate) async fn basis(app: &App, call: &Call) -> Basis {
    let mut basis = app.basis(call.user).await;
    let named = named_in(&call.arguments);
    if !named.is_empty() {
        let caller = call.caller(app.clock());
        let found = portfolios(app, (call.user, &named), &basis, &caller).await;
        (basis.groups.portfolios, basis.groups.portfolio_names) = found;
    }
    basis
}

/// That no saved portfolio is called so, and the way out.
pub(crate) fn no_portfolio(name: &str, groups: &UserGroups) -> Refusal {
    let known = groups.portfolio_names.iter().map(String::as_str);
    let otherwise = "list_portfolios names them, save_portfolio saves one";
    none_called("is not one of your saved portfolios", (name, "PORTFOLIO"), known, otherwise)
}

/// That no factor group is called so, and the way out.
pub(crate) fn no_group(name: &str, groups: &UserGroups) -> Refusal {
    if let Some(unread) = groups.unread() {
        return Refusal::new("is not known", unread);
    }
    let known = groups.groups.iter().map(|group| group.factor.label.as_str());
    none_called("is not one of your factor groups", (name, "USER"), known, "list_factor_groups names them")
}

fn none_called<'a>(
    rule: &str,
    (name, prefix): (&str, &str),
    known: impl Iterator<Item = &'a str>,
    otherwise: &str,
) -> Refusal {
    let wanted = name.split_once(':').map_or(name, |(_, name)| name);
    let near = nearest(wanted, known).map(|near| format!("{prefix}:{}", near.replace(' ', "_")));
    let hint = near.as_ref().map_or_else(|| otherwise.to_owned(), |near| format!("the nearest is {near}"));
    Refusal::new(rule, hint).mended_by(near.map(|near| Mend::Value(near.into())))
}

/// The portfolios of a user that are named, and what all of them are called.
async fn portfolios(
    app: &App,
    (user, named): (UserId, &HashSet<GroupName>),
    basis: &Basis,
    caller: &Caller<'_>,
) -> (Vec<UserPortfolio>, Vec<String>) {
    let universe = &basis.snapshot.loaded.universe;
    let without = |name: &GroupName, why: String| UserPortfolio::new(name, Err(why), &basis.groups, universe);
    let kept = match app.store.portfolios(user).await {
        Ok(kept) => kept,
        Err(StoreError::NotConfigured) => return (Vec::new(), Vec::new()),
        Err(error) => {
            let why = format!("the saved portfolios could not be read: {error}");
            return (named.iter().map(|name| without(name, why.clone())).collect(), Vec::new());
        }
    };
    let damaged = kept.damaged.iter().filter_map(|name| name.parse::<GroupName>().ok());
    let damaged = damaged.filter(|name| named.contains(name));
    let mut found: Vec<UserPortfolio> =
        damaged.map(|name| without(&name, "it is not what was saved; save it again".to_owned())).collect();
    for saved in kept.rows.iter().filter(|saved| named.contains(&saved.what.name)) {
        found.push(valued(app, &saved.what.name, &saved.what.holdings, basis, caller).await);
    }
    (found, kept.rows.iter().map(|saved| saved.what.name.to_string()).collect())
}

/// A portfolio at the weights that its holdings have today.
pub(crate) async fn valued(
    app: &App,
    name: &GroupName,
    holdings: &[Holding],
    basis: &Basis,
    caller: &Caller<'_>,
) -> UserPortfolio {
    let (groups, universe) = (&basis.groups, &basis.snapshot.loaded.universe);
    let holdings = match with_own_groups(holdings.to_vec(), groups) {
        Ok(holdings) => holdings,
        Err(error) => return UserPortfolio::new(name, Err(error.message), groups, universe),
    };
    let valued = valuation::value(app, &holdings, caller).await;
    let note = (!valued.is_as_given()).then(|| valued.in_words());
    let weights = valued.weights.map_err(|why| format!("the weights of its holdings are {why}"));
    let found = UserPortfolio::new(name, weights, groups, universe);
    let note = note.filter(|_| found.weights.is_ok()).map(|note| format!("{}: {note}", found.factor.ticker));
    UserPortfolio { notes: note.into_iter().collect(), warnings: valued.warnings, ..found }
}

/// The portfolios that arguments name, wherever they do.
fn named_in(arguments: &Map<String, Value>) -> HashSet<GroupName> {
    let mut named = HashSet::new();
    let mut open: Vec<&Value> = arguments.values().collect();
    while let Some(value) = open.pop() {
        match value {
            Value::String(text) => named.extend(named_in_text(text)),
            Value::Array(items) => open.extend(items),
            Value::Object(fields) => {
                // A plain object has tickers for keys.
                named.extend(fields.keys().flat_map(|key| named_in_text(key)));
                open.extend(fields.values());
            }
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    named
}

/// The portfolios that a text names: it may be a list, or JSON written as text.
fn named_in_text(text: &str) -> Vec<GroupName> {
    // Of hundreds of texts hardly one names any.
    if !text.contains(':') {
        return Vec::new();
    }
    let part_of_list = |part: &str| part.trim_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let parts = text.split(['"', ',', ';', '[', ']', '{', '}', '\n']).map(part_of_list);
    parts.filter_map(|part| GroupName::of_portfolio(&part)?.ok()).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn portfolios_are_found_wherever_arguments_name_them() {
        let arguments = json!({
            "tickers": ["SPY", "portfolio:Core Holdings", "USER:mix"],
            "overexposed_factor": "PORTFOLIO:Core_Holdings",
            "factors": "SPY, PORTFOLIO:Income",
            "what_if": {"PORTFOLIO:Growth": 0.1},
            "universe": "[\"PORTFOLIO:R&D 2.0\"]",
            "portfolio_name": "Other",
            "n": 3
        });
        let mut found: Vec<String> = named_in(arguments.as_object().unwrap()).iter().map(GroupName::key).collect();
        found.sort();
        assert_eq!(found, ["core_holdings", "growth", "income", "r&d_2.0"]);
    }

    #[test]
    fn a_name_that_none_has_comes_with_the_nearest() {
        let groups = UserGroups { portfolio_names: vec!["Core Holdings".to_owned()], ..UserGroups::default() };
        let refusal = no_portfolio("PORTFOLIO:core holding", &groups);
        assert_eq!(
            (refusal.rule(), refusal.hint()),
            ("is not one of your saved portfolios", Some("the nearest is PORTFOLIO:Core_Holdings"))
        );
        let otherwise = no_portfolio("PORTFOLIO:x", &UserGroups::default());
        assert!(otherwise.hint().is_some_and(|hint| hint.contains("list_portfolios")));
    }
}
