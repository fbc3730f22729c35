//! The check of a kept group against the price source, which changes nothing.

use factor_store::SavedGroup;
use factor_types::{GroupName, SettledWeights, Ticker};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arguments,
    check::{Check, CheckError, Performance, check},
    errors::check_error,
    find,
    view::ValidationMetadata,
};
use crate::{
    answer::Rendered,
    app::App,
    services::{
        Call,
        saved_items::{self, Success},
    },
    tool_error::ToolError,
};

/// Weights that differ by less are the same.
const SAME_WEIGHT: f64 = 1e-9;

/// What the check found.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ValidatedGroup {
    status: Success,
    group_name: String,
    /// How it is called among tickers.
    proxy_identifier: String,
    #[serde(flatten)]
    verdict: Verdict,
}

/// Whether a group may be a factor now.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Verdict {
    /// True when enough members have enough history.
    is_valid: bool,
    /// Who takes part, what they weigh.
    validation_metadata: ValidationMetadata,
    /// How it did, when it is valid.
    #[serde(skip_serializing_if = "Option::is_none")]
    performance: Option<Performance>,
    /// Why it is not valid.
    issues: Vec<String>,
    /// What its user should know.
    warnings: Vec<String>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such group, a source that cannot answer.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let run = |name| async move { run(app, &name, call).await };
    saved_items::of_name(app, call, arguments::only_name, run, &["warnings"]).await
}

/// Checks the group of this name.
///
/// # Errors
/// No such group, a source that cannot answer.
pub async fn run(app: &App, name: &GroupName, call: &Call) -> Result<ValidatedGroup, ToolError> {
    let kept = find(app, call.user, name).await?;
    let group = &kept.group.what;
    let verdict = match check(app, group, None, &call.caller(app.clock())).await {
        Ok(check) => Verdict::passed(&kept, check),
        Err(CheckError::Insufficient { included, excluded, message }) => Verdict {
            is_valid: false,
            validation_metadata: ValidationMetadata {
                tickers_included: Some(included),
                tickers_excluded: excluded,
                final_weights: None,
                history: None,
                origin: None,
            },
            performance: None,
            issues: vec![message],
            warnings: Vec::new(),
        },
        Err(error) => return Err(check_error(&error, false)),
    };
    Ok(ValidatedGroup {
        status: Success::Success,
        group_name: group.name.to_string(),
        proxy_identifier: group.name.identifier(),
        verdict,
    })
}

impl Verdict {
    fn passed(kept: &SavedGroup, check: Check) -> Self {
        let validation_metadata = ValidationMetadata::of_check(&check);
        let mut warnings = check.told();
        if kept.settled.as_ref().is_none_or(|known| differ(&known.weights, &check.settled.weights)) {
            warnings.push(outdated(kept.settled.as_ref()));
        }
        Self { is_valid: true, validation_metadata, performance: Some(check.performance), issues: Vec::new(), warnings }
    }
}

/// What is said of kept weights that are no longer those of a check.
fn outdated(known: Option<&SettledWeights>) -> String {
    let known = known.map_or_else(|| "were never settled".to_owned(), |known| format!("are those of {}", known.as_of));
    format!("the weights in use {known}; update_factor_group with group_name alone takes these")
}

fn differ(known: &[(Ticker, f64)], found: &[(Ticker, f64)]) -> bool {
    let same = |(a, b): (&(Ticker, f64), &(Ticker, f64))| a.0 == b.0 && (a.1 - b.1).abs() <= SAME_WEIGHT;
    known.len() != found.len() || !known.iter().zip(found).all(same)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_differ_by_member_number_or_size() {
        let weights = |given: &[(&str, f64)]| -> Vec<(Ticker, f64)> {
            given.iter().map(|(ticker, weight)| (ticker.parse().unwrap(), *weight)).collect()
        };
        let known = weights(&[("XLK", 0.6), ("SMH", 0.4)]);
        assert!(!differ(&known, &weights(&[("XLK", 0.6 + 1e-12), ("SMH", 0.4)])));
        assert!(differ(&known, &weights(&[("XLK", 0.61), ("SMH", 0.39)])));
        assert!(differ(&known, &weights(&[("XLF", 0.6), ("SMH", 0.4)])));
        assert!(differ(&known, &known[..1]));
        assert!(
            differ(&known, &weights(&[("XLK", f64::NAN), ("SMH", 0.4)])),
            "what cannot be compared is not the same"
        );
    }
}
