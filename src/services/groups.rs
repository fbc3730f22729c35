//! Factor groups: baskets of the caller's own that are factors for the caller.
//!
//! One file per tool; here is what they share: the answers' shape, the check's errors.

mod arguments;
pub mod check;
pub mod create;
pub mod delete;
pub mod get;
pub mod list;
pub mod update;
pub mod validate;

use factor_prices::SourceFault;
use factor_store::SavedGroup;
use factor_types::{GroupName, GroupWeighting, UserId};
use serde_json::{Map, Value, json};

use self::check::{Check, CheckError, excluded_json};
use super::saved_items::{not_found, rounded, time};
use crate::services::Call;
use crate::{
    analysis::Caller,
    app::App,
    tool_error::{ErrorCode, Problem, ToolError},
};

/// The main fields of an answer about a new group.
const FIELDS: [(&str, &str); 2] = [("proxy_identifier", "string"), ("validation_metadata", "object")];

/// Adds the fields of the group itself.
fn describe(answer: &mut Map<String, Value>, kept: &SavedGroup) {
    let group = &kept.group.what;
    answer.insert("group_name".to_owned(), json!(group.name));
    answer.insert("proxy_identifier".to_owned(), json!(group.name.identifier()));
    answer.insert("description".to_owned(), json!(group.description));
    answer.insert("tickers".to_owned(), json!(group.tickers));
    answer.insert("weighting_method".to_owned(), json!(group.weighting.as_str()));
    if let GroupWeighting::Custom(weights) = &group.weighting {
        let weights: Map<String, Value> =
            group.tickers.iter().zip(weights).map(|(ticker, weight)| (ticker.to_string(), json!(weight))).collect();
        answer.insert("weights".to_owned(), Value::Object(weights));
    }
    answer.insert("ticker_count".to_owned(), json!(group.tickers.len()));
    answer.insert("is_valid".to_owned(), is_valid(kept));
    answer.insert("created_at".to_owned(), json!(time(kept.group.created_at)));
    answer.insert("updated_at".to_owned(), json!(time(kept.group.updated_at)));
}

/// True when its last check passed, `null` when it was saved without one.
fn is_valid(kept: &SavedGroup) -> Value {
    kept.settled.as_ref().map_or(Value::Null, |_| json!(true))
}

/// What a check found, and the weights that are kept.
fn metadata_of(check: &Check) -> Value {
    let span = check.span.map(|(first, last)| format!("{first} to {last}"));
    let mut metadata = json!({
        "tickers_included": check.included,
        "tickers_excluded": excluded_json(&check.excluded),
        "final_weights": weights(&check.settled.weights),
        "data_points": check.data_points,
        "date_range": span,
        "weights_as_of": check.settled.as_of,
        "source": check.settled.source,
    });
    if let (Value::Object(fields), true) = (&mut metadata, check.lookahead) {
        fields.insert("lookahead".to_owned(), json!(true));
    }
    metadata
}

/// What is known of a group without a new check.
fn metadata_kept(kept: &SavedGroup) -> Value {
    let Some(settled) = &kept.settled else {
        return json!({"tickers_included": null, "tickers_excluded": [], "final_weights": null});
    };
    let group = &kept.group.what;
    let included = |ticker: &factor_types::Ticker| settled.weights.iter().any(|(known, _)| known == ticker);
    let detail = "left out when the group was checked; validate_factor_group says why";
    let excluded: Vec<Value> = group
        .tickers
        .iter()
        .filter(|ticker| !included(ticker))
        .map(|ticker| json!({"ticker": ticker, "reason": "left_out", "detail": detail}))
        .collect();
    let mut metadata = json!({
        "tickers_included": group.tickers.iter().filter(|ticker| included(ticker)).collect::<Vec<_>>(),
        "tickers_excluded": excluded,
        "final_weights": weights(&settled.weights),
        "weights_as_of": settled.as_of,
        "source": settled.source,
    });
    if let (Value::Object(fields), GroupWeighting::MarketCap) = (&mut metadata, &group.weighting) {
        fields.insert("lookahead".to_owned(), json!(true));
    }
    metadata
}

fn weights(weights: &[(factor_types::Ticker, f64)]) -> Value {
    Value::Object(weights.iter().map(|(ticker, weight)| (ticker.to_string(), json!(weight))).collect())
}

/// Adds what a check found, or that there was none.
fn add_check(answer: &mut Map<String, Value>, kept: &SavedGroup, check: Option<&Check>) {
    let metadata = check.map_or_else(|| metadata_kept(kept), metadata_of);
    answer.insert("validation_metadata".to_owned(), metadata);
    answer.insert("performance".to_owned(), check.map_or(Value::Null, performance));
    if let Some(check) = check.filter(|check| !check.warnings.is_empty()) {
        answer.insert("warnings".to_owned(), json!(check.warnings));
    }
}

fn performance(check: &Check) -> Value {
    let figures = &check.performance;
    json!({
        "annual_return": rounded(figures.annual_return),
        "volatility": rounded(figures.volatility),
        "sharpe_ratio": rounded(figures.sharpe_ratio),
        "max_drawdown": rounded(figures.max_drawdown),
        "risk_free_source": figures.risk_free_source,
    })
}

fn success() -> Map<String, Value> {
    Map::from_iter([("status".to_owned(), json!("success"))])
}

/// Who waits for a check, and until when.
fn caller<'a>(app: &App, call: &'a Call) -> Caller<'a> {
    Caller { today: app.today(), cancel: &call.cancel, progress: &call.progress, fetch_until: call.fetch_until() }
}

/// A group of the caller's.
///
/// # Errors
/// `not_found` with the nearest names.
async fn find(app: &App, user: UserId, name: &GroupName) -> Result<SavedGroup, ToolError> {
    match app.store.group(user, name).await? {
        Some(kept) => Ok(kept),
        None => Err(missing(app, user, name).await?),
    }
}

/// What is said of a name that no group has.
async fn missing(app: &App, user: UserId, name: &GroupName) -> Result<ToolError, ToolError> {
    let groups = app.store.groups(user).await?;
    let known: Vec<String> = groups.iter().map(|kept| kept.group.what.name.to_string()).collect();
    Ok(not_found("factor group", "group_name", name, &known, "create_factor_group"))
}

/// What is said of a name that another group has.
fn taken(kept: &SavedGroup, field: &str, asked: &GroupName) -> ToolError {
    let group = &kept.group.what;
    let message = format!(
        "A factor group called `{}` exists already with other content ({} tickers, weighting_method {}): change it with \
         update_factor_group, or take another name.",
        group.name,
        group.tickers.len(),
        group.weighting.as_str()
    );
    ToolError::new(ErrorCode::AlreadyExists, message).with_problem(Problem {
        field: field.to_owned(),
        got: json!(asked.as_str()).to_string(),
        rule: "must not be the name of another group, whatever the case and with spaces or underscores".to_owned(),
        hint: Some("call update_factor_group, or take another name".to_owned()),
    })
}

/// The caller's view of a check that failed. `unchecked` when the call could have gone without one.
fn check_error(error: &CheckError, unchecked: bool) -> ToolError {
    match error {
        CheckError::Insufficient { excluded, message, .. } => {
            let mut failed = ToolError::new(ErrorCode::InsufficientData, sentence(message));
            failed.problems = excluded
                .iter()
                .map(|one| Problem {
                    field: "tickers".to_owned(),
                    got: json!(one.ticker).to_string(),
                    rule: one.detail.clone(),
                    hint: None,
                })
                .collect();
            failed
        }
        CheckError::Source { fault, why } => {
            let code = match fault {
                SourceFault::Auth | SourceFault::Plan => ErrorCode::UpstreamAuth,
                SourceFault::Limited => ErrorCode::RateLimited,
                SourceFault::Late => ErrorCode::Timeout,
                SourceFault::Unavailable | SourceFault::Unusable => ErrorCode::UpstreamUnavailable,
            };
            let way_out = if unchecked {
                "Nothing was saved. Call again later, or give validate: false to save the group without a check"
            } else {
                "Call again later"
            };
            ToolError::new(code, format!("The price source cannot check this group now: {why}. {way_out}."))
        }
        CheckError::Refused(refused) => ToolError::new(ErrorCode::InvalidArgument, sentence(&refused.to_string())),
        CheckError::Cancelled => ToolError::new(ErrorCode::Timeout, "The call was cancelled."),
    }
}

fn sentence(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_uppercase().to_string()).unwrap_or_default();
    format!("{first}{}.", letters.as_str().trim_end_matches('.'))
}
