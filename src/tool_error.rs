//! What a caller sees of a failure, made in one place.
//!
//! A mistake of the caller, or a source that cannot answer, is a tool result with `isError: true` rather than a
//! JSON-RPC error: clients show the former to the model, which can then correct its call. JSON-RPC errors are left for
//! what is no call at all, such as an unknown tool.

use std::{borrow::Cow, fmt};

use factor_store::StoreError;
use factor_types::closed_set;
use schemars::JsonSchema;
use serde::Serialize;

use crate::answer::Json;

closed_set! {
    /// What kind of failure it is, by what the caller does next.
    pub enum ErrorCode: "an error code" {
        /// An argument breaks its rule: correct the call.
        InvalidArgument = "invalid_argument",
        /// No factor has this name: take one of the nearest.
        UnknownFactor = "unknown_factor",
        /// The source has no prices for what was asked.
        NoData = "no_data",
        /// There is data, but too little of it: widen the range.
        InsufficientData = "insufficient_data",
        /// Nothing is stored under this name.
        NotFound = "not_found",
        /// The name is taken.
        AlreadyExists = "already_exists",
        /// The price source cannot answer: try later.
        UpstreamUnavailable = "upstream_unavailable",
        /// The price source refuses the key or the plan.
        UpstreamAuth = "upstream_auth",
        /// Too many calls: come back later.
        RateLimited = "rate_limited",
        /// The call ran out of time: ask for less.
        Timeout = "timeout",
        /// The caller may not do this.
        Unauthorized = "unauthorized",
        /// Someone else changed the thing meanwhile: read it again.
        Conflict = "conflict",
        /// A fault of the server.
        Internal = "internal",
    }
}

/// One argument that breaks its rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Where: `end_date`, `advanced.min_observations`, `composite_weights[2].weight`.
    pub field: String,
    /// What was given, as compact JSON, cut when long; `nothing` when the argument is missing.
    pub got: String,
    /// The rule it breaks: `must be a whole number from 12 to 120`.
    pub rule: String,
    /// The way out, where it is more than the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub hint: Option<String>,
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` (got {}) {}", self.field, self.got, self.rule)?;
        match &self.hint {
            Some(hint) => write!(f, ": {hint}"),
            None => Ok(()),
        }
    }
}

/// A failed call.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {message}")]
pub struct ToolError {
    /// What kind of failure.
    pub code: ErrorCode,
    /// One sentence: the value, the rule, the way out.
    pub message: String,
    /// The arguments at fault, all of the call at once.
    pub problems: Vec<Problem>,
}

impl ToolError {
    /// A failure that no single argument is to blame for.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into(), problems: Vec::new() }
    }

    /// Arguments that break their rules; the message is made of them.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        let message = match problems.as_slice() {
            [] => "The arguments are not valid.".to_owned(),
            [only] => format!("{only}."),
            several => {
                let each: Vec<_> = several.iter().map(Problem::to_string).collect();
                format!("{} problems: {}.", several.len(), each.join("; "))
            }
        };
        Self { code: ErrorCode::InvalidArgument, message, problems }
    }

    /// A fault of the server. What happened is for the log, not for the caller: it may hold anything.
    pub fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The server failed while working on this call. Other calls are not affected; try again, or ask for less.",
        )
    }

    /// Adds the argument at fault.
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// The structured content of the result the client gets; its text block says the same.
    pub fn structured(&self) -> Json {
        let Self { code, message, problems } = self;
        let error = FailureBody { code: *code, message: message.into(), problems: problems.into() };
        Json::of(&Failure { status: Failed::Error, error })
    }
}

/// A failed call as it leaves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Failure<'a> {
    status: Failed,
    error: FailureBody<'a>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
enum Failed {
    Error,
}

/// What went wrong, and the way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
struct FailureBody<'a> {
    code: ErrorCode,
    /// One sentence: the value, the rule, the way out.
    message: Cow<'a, str>,
    /// The arguments at fault.
    problems: Cow<'a, [Problem]>,
}

/// What the store says is for the log where it is about the server, not about the call.
impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => {
                tracing::warn!(%error, "the store does not answer");
                let message =
                    "The store of groups and portfolios does not answer just now. Nothing was changed; call again.";
                Self::new(ErrorCode::UpstreamUnavailable, message)
            }
            StoreError::NotConfigured => {
                let why = error.to_string();
                Self::new(
                    ErrorCode::UpstreamUnavailable,
                    format!("Nothing can be kept: {why}, and start the server again."),
                )
            }
            StoreError::Refused(why) => Self::new(ErrorCode::InvalidArgument, why),
            // The caller can do nothing about it, and what is wrong may name hosts and roles.
            StoreError::Schema(_) | StoreError::UnsafeRole(_) | StoreError::Unreadable(_) => {
                tracing::error!(%error, "the store cannot be used");
                let message = "The store of groups and portfolios cannot be used: get_server_status says why. Nothing was \
                               changed; analyses without groups work.";
                Self::new(ErrorCode::Internal, message)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn problem(field: &str, hint: Option<&str>) -> Problem {
        Problem {
            field: field.into(),
            got: "5".into(),
            rule: "must be a whole number from 12 to 120".into(),
            hint: hint.map(Into::into),
        }
    }

    #[test]
    fn one_problem_is_one_sentence_and_several_are_counted() {
        let one = ToolError::invalid(vec![problem("n", None)]);
        assert_eq!(one.message, "`n` (got 5) must be a whole number from 12 to 120.");
        let two = ToolError::invalid(vec![problem("n", None), problem("m", Some("write 12"))]);
        assert_eq!(
            two.message,
            "2 problems: `n` (got 5) must be a whole number from 12 to 120; \
             `m` (got 5) must be a whole number from 12 to 120: write 12."
        );
    }

    #[test]
    fn the_structured_content_names_the_problems() {
        let structured = ToolError::invalid(vec![problem("n", None)]).structured().value();
        assert_eq!(structured["status"], "error");
        assert_eq!(structured["error"]["code"], "invalid_argument");
        assert_eq!(
            structured["error"]["problems"][0],
            json!({"field": "n", "got": "5", "rule": "must be a whole number from 12 to 120"})
        );
    }

    #[test]
    fn a_store_that_fails_keeps_its_words_for_the_log() {
        let secret = || "at postgres://user:secret@host".to_owned();
        for (error, code) in [
            (StoreError::Unavailable(secret()), ErrorCode::UpstreamUnavailable),
            (StoreError::Schema(secret()), ErrorCode::Internal),
            (StoreError::Unreadable(secret()), ErrorCode::Internal),
        ] {
            let error = ToolError::from(error);
            assert_eq!(error.code, code);
            assert!(!error.message.contains("secret"), "{error}");
        }
    }
}
