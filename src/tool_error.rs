//! What a caller sees of a failure, made in one place.
//!
//! A mistake of the caller, or a source that cannot answer, is a tool result with `isError: true` rather than a
//! JSON-RPC error: clients show the former to the model, which can then correct its call. JSON-RPC errors are left for
//! what is no call at all, such as an unknown tool.

use std::{borrow::Cow, fmt};

use factor_store::StoreError;
use factor_types::{Frequency, Ticker, closed_set};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::answer::{Json, MAX_CHARS, markdown::capitalised, shortened};

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

/// The longest name of an argument in a problem, in characters.
const LONGEST_FIELD: usize = 80;

/// The longest rule and the longest way out, in characters.
const LONGEST_RULE: usize = 400;

/// The longest message, in characters.
const LONGEST_MESSAGE: usize = 8_000;

/// The most problems of one call that are told.
pub const MOST_PROBLEMS: usize = 20;

/// Problems that the message spells out; the others it counts.
const IN_MESSAGE: usize = 10;

/// What to write in place of a value that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Mend {
    /// Another value.
    Value(Value),
    /// The same value under another name.
    Name(String),
    /// Nothing: the argument is left out.
    Nothing,
    /// This value, and another one for a second argument of the call, by its name: two dates change places.
    Both(Value, (&'static str, Value)),
    /// Another argument of the call is to have this value: days in the place of months.
    Beside(&'static str, Value),
    /// What mends another problem: what is missing stands there under a name that is misspelt.
    Elsewhere,
}

impl Mend {
    /// Days in the place of months or weeks, where they make `needed` returns of `known`.
    pub(crate) fn daily(frequency: Frequency, known: usize, needed: usize) -> Option<Self> {
        // Trading days that there are at least in each.
        let days = match frequency {
            Frequency::Monthly => 18,
            Frequency::Weekly => 3,
            Frequency::Daily => return None,
        };
        (known * days >= needed).then(|| Self::Beside("frequency", json!(Frequency::Daily)))
    }
}

/// A rule that a value breaks, with the way out: either the rule is one that says what to write, or the way out stands
/// beside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    rule: String,
    hint: Option<String>,
    mend: Option<Box<Mend>>,
}

impl Refusal {
    /// A rule that says what to write: `must` and what follows, `be true or false`.
    pub fn must(what: impl fmt::Display) -> Self {
        Self { rule: format!("must {what}"), hint: None, mend: None }
    }

    /// What is missing: the rule is that it be given.
    pub fn required() -> Self {
        Self { rule: "is required".to_owned(), hint: None, mend: Some(Box::new(Mend::Elsewhere)) }
    }

    /// A rule and the way out.
    pub fn new(rule: impl Into<String>, way_out: impl Into<String>) -> Self {
        Self { rule: rule.into(), hint: Some(way_out.into()), mend: None }
    }

    /// The same with what to write instead, where it is known.
    #[must_use]
    pub fn mended_by(self, mend: Option<Mend>) -> Self {
        Self { mend: mend.map(Box::new), ..self }
    }

    /// The same with a better way out, where there is one.
    #[must_use]
    pub fn or_rather(self, way_out: Option<String>) -> Self {
        Self { hint: way_out.or(self.hint), ..self }
    }

    /// The rule.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The way out, where it is more than the rule.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

/// One argument that breaks its rule. Only a [`Refusal`] makes one, so that none is without a way out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Problem {
    /// Where: `end_date`, `advanced.min_observations`, `composite_weights[2].weight`.
    field: String,
    /// What was given, as compact JSON, cut when long; `nothing` when the argument is missing.
    got: String,
    /// The rule it breaks: `must be a whole number from 12 to 120`.
    rule: String,
    /// The way out, where it is more than the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    hint: Option<String>,
    /// What would be right, where it is known.
    #[serde(skip)]
    mend: Option<Box<Mend>>,
}

impl Problem {
    /// What was given for an argument, and why it was refused. Long texts are cut.
    pub fn new(field: impl AsRef<str>, got: impl Into<String>, refusal: Refusal) -> Self {
        let path = shortened(field.as_ref(), LONGEST_FIELD);
        Self {
            // What is shown otherwise than it was written is no path any more.
            mend: refusal.mend.filter(|_| path == field.as_ref()),
            field: path,
            got: shortened(&got.into(), LONGEST_RULE),
            rule: shortened(&refusal.rule, LONGEST_RULE),
            hint: refusal.hint.map(|hint| shortened(&hint, LONGEST_RULE)),
        }
    }

    /// The same with what would be right, where it does not say so itself.
    #[must_use]
    pub fn or_mended_by(self, mend: Option<Mend>) -> Self {
        Self { mend: self.mend.or_else(|| mend.map(Box::new)), ..self }
    }

    /// What would be right, where it is known.
    pub fn mend(&self) -> Option<&Mend> {
        self.mend.as_deref()
    }

    /// Where.
    pub fn field(&self) -> &str {
        &self.field
    }

    /// What was given.
    pub fn got(&self) -> &str {
        &self.got
    }

    /// The rule it breaks.
    pub fn rule(&self) -> &str {
        &self.rule
    }

    /// The way out, where it is more than the rule.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&all_of(std::slice::from_ref(self)))
    }
}

/// Neighbours that break one rule, in a sentence: the rule is told once.
fn all_of(alike: &[Problem]) -> String {
    let named: Vec<String> = alike.iter().map(|one| format!("`{}` (got {})", one.field, one.got)).collect();
    let rule = alike.first().map(|one| match &one.hint {
        Some(hint) => format!(" {}: {hint}", one.rule),
        None => format!(" {}", one.rule),
    });
    named.join(", ") + &rule.unwrap_or_default()
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
    /// After how many seconds it may be otherwise, where that is known.
    pub retry_after: Option<u64>,
}

/// A call to try in place of the one that failed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct CorrectedCall {
    /// The tool.
    pub name: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
}

impl ToolError {
    /// A failure: what is wrong, with the value and the rule, and what the caller can do about it.
    pub fn new(code: ErrorCode, what: impl AsRef<str>, way_out: impl AsRef<str>) -> Self {
        // What is quoted in it is escaped where that was not done before.
        let message =
            shortened(&format!("{} {}", sentence(what.as_ref()), sentence(way_out.as_ref())), LONGEST_MESSAGE);
        Self { code, message, problems: Vec::new(), retry_after: None }
    }

    /// The call was given up: what is asked again is answered from what was fetched by then.
    pub fn cancelled() -> Self {
        Self::new(ErrorCode::Timeout, "The call was cancelled", "Call again: prices fetched so far are kept")
    }

    /// Arguments that break their rules; the message is made of them.
    pub fn invalid(problems: Vec<Problem>) -> Self {
        Self::invalid_of(problems, 0)
    }

    /// The same where so many as `beyond` more were only counted.
    pub fn invalid_of(mut problems: Vec<Problem>, beyond: usize) -> Self {
        let all = problems.len() + beyond;
        problems.truncate(MOST_PROBLEMS);
        if all > problems.len() {
            // Mending some of them makes no right call.
            problems.iter_mut().for_each(|problem| problem.mend = None);
        }
        let message = match problems.as_slice() {
            [] => "The arguments are not valid: compare them with the tool's input schema.".to_owned(),
            [only] => stopped(only.to_string()),
            several => {
                let told = &several[..several.len().min(IN_MESSAGE)];
                let each: Vec<_> = told.chunk_by(|a, b| (&a.rule, &a.hint) == (&b.rule, &b.hint)).map(all_of).collect();
                let more = match all.saturating_sub(IN_MESSAGE) {
                    0 => String::new(),
                    more if all > several.len() => {
                        format!("; and {more} more, the first {} of all in problems", several.len())
                    }
                    more => format!("; and {more} more in problems"),
                };
                stopped(format!("{all} problems: {}{more}", each.join("; ")))
            }
        };
        Self { code: ErrorCode::InvalidArgument, message, problems, retry_after: None }
    }

    /// A fault of the server. What happened is for the log, not for the caller: it may hold anything.
    pub fn internal() -> Self {
        Self::new(
            ErrorCode::Internal,
            "The server failed while working on this call",
            "Other calls are not affected; try again, or ask for less",
        )
    }

    /// Adds the argument at fault.
    #[must_use]
    pub fn with_problem(mut self, problem: Problem) -> Self {
        self.problems.push(problem);
        self
    }

    /// Adds what the price source noticed of its data, where that may be why: the first few.
    #[must_use]
    pub fn with_findings(mut self, of_source: &[String]) -> Self {
        let may_be_why =
            matches!(self.code, ErrorCode::NoData | ErrorCode::InsufficientData | ErrorCode::UpstreamUnavailable);
        if let Some(findings) = findings(of_source).filter(|_| may_be_why) {
            self.message = format!("{} {}", self.message, sentence(&findings));
        }
        self
    }

    /// The structured content of the result the client gets; its text block says the same.
    pub fn structured(&self) -> Json {
        self.within(MAX_CHARS, None)
    }

    /// The same with the corrected call, where there is one, and with no more than `most` characters: the corrected call goes first, then the last problems, which the message
    /// counts; then the message is cut.
    pub(crate) fn within(&self, most: usize, corrected: Option<&CorrectedCall>) -> Json {
        let with = |message: &str, told: usize, corrected: Option<&CorrectedCall>| {
            let problems = self.problems[..told].into();
            let error = FailureBody {
                code: self.code,
                message: message.into(),
                problems,
                retry_after: self.retry_after,
                corrected: corrected.map(Cow::Borrowed),
            };
            Json::of(&Failure { status: Failed::Error, error })
        };
        let body = |message: &str, told: usize| with(message, told, None);
        let whole = corrected.map(|call| with(&self.message, self.problems.len(), Some(call)));
        let bodies = (0..=self.problems.len()).rev().map(|told| body(&self.message, told));
        whole.into_iter().chain(bodies).find(|body| body.fits(most)).unwrap_or_else(|| {
            // As JSON a character is written with six at most.
            const AROUND: usize = 100;
            body(&shortened(&self.message, most.saturating_sub(AROUND) / 6), 0)
        })
    }
}

/// The tickers that a price source has, by name; `None` for a source that does not know them all, or has so many that a list of them
/// would say little.
pub fn tickers_there(known: &[Ticker]) -> Option<String> {
    const MOST: usize = 20;
    let named: Vec<&str> = known.iter().map(Ticker::as_str).collect();
    let tickers = if known.len() == 1 { "ticker" } else { "tickers" };
    (1..=MOST).contains(&known.len()).then(|| format!("{} {tickers}: {}", known.len(), named.join(", ")))
}

/// What a price source noticed of its data, as one clause: the first few in full, the others counted.
pub fn findings(of_source: &[String]) -> Option<String> {
    const SHOWN: usize = 5;
    let shown: Vec<String> = of_source.iter().take(SHOWN).map(|text| shortened(text, LONGEST_RULE)).collect();
    let more = of_source.len().saturating_sub(SHOWN);
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    (!shown.is_empty()).then(|| format!("Noticed of the prices: {}{more}", shown.join("; ")))
}

/// A text as a sentence: a capital letter before it, unless it begins with the name of something, and a stop after it.
fn sentence(text: &str) -> String {
    let text = text.trim().trim_end_matches('.');
    let first = text.split(' ').next().unwrap_or_default();
    let is_word = first.chars().all(|letter| letter.is_ascii_lowercase());
    let text = if is_word { capitalised(text) } else { text.to_owned() };
    stopped(text)
}

/// With a stop at its end, unless it asks.
fn stopped(text: String) -> String {
    if text.ends_with('?') { text } else { format!("{text}.") }
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
    /// After how many seconds it may be otherwise, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    retry_after: Option<u64>,
    /// The call with all of them put right, where that is known.
    #[serde(rename = "try", skip_serializing_if = "Option::is_none")]
    corrected: Option<Cow<'a, CorrectedCall>>,
}

/// What the store says is for the log where it is about the server, not about the call.
impl From<StoreError> for ToolError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Unavailable(_) => Self::of_a_store(
                &error,
                "The store of groups and portfolios does not answer just now",
                "Nothing was changed: call again, and if it stays so see get_server_status",
            ),
            StoreError::Full(_) => Self::of_a_store(
                &error,
                "Nothing can be saved: the disk of groups and portfolios is full",
                "Nothing was changed, and what is saved can be read: make room on the disk and call again",
            ),
            StoreError::ReadOnly(_) => Self::of_a_store(
                &error,
                "Nothing can be saved: groups and portfolios can be read only, there is no right to write",
                "Nothing was changed: make the data folder and its files writable and call again",
            ),
            StoreError::Locked(_) => Self::of_a_store(
                &error,
                "Groups and portfolios are locked by another process just now",
                "Nothing was changed: call again in a moment",
            ),
            StoreError::Damaged(_) => {
                tracing::error!(%error, "the store cannot be used");
                Self::new(
                    ErrorCode::Internal,
                    "The file of groups and portfolios is damaged and was put aside; nothing of it is lost yet",
                    "`factor-mcp store restore`, run where the server runs, brings back the newest backup and what can be \
                     read of the damaged file; analyses without groups work",
                )
            }
            StoreError::DamagedRow { kind, ref name } => {
                tracing::warn!(%kind, "a row of the store is damaged");
                let what =
                    format!("The saved {kind} `{name}` is damaged: it is not what was saved, so it is not shown");
                Self::new(ErrorCode::Internal, what, kind.way_out())
            }
            StoreError::Changed { kind, ref name } => {
                let what = format!("The saved {kind} `{name}` is no longer what it was when it was read");
                Self::new(ErrorCode::Conflict, what, "Nothing was changed: read it again, and then decide anew")
            }
            StoreError::NotConfigured => {
                let what = format!("Nothing can be kept: {error}");
                Self::new(ErrorCode::UpstreamUnavailable, what, "Then start the server again")
            }
            StoreError::Refused(why) => {
                Self::new(ErrorCode::InvalidArgument, why, "Nothing was changed: correct this and call again")
            }
            // The caller can do nothing about it, and what is wrong may name hosts and roles.
            StoreError::Schema(_) | StoreError::UnsafeRole(_) | StoreError::Unreadable(_) => {
                tracing::error!(%error, "the store cannot be used");
                Self::new(
                    ErrorCode::Internal,
                    "The store of groups and portfolios cannot be used, and nothing was changed",
                    "get_server_status says why; analyses without groups work",
                )
            }
        }
    }
}

impl ToolError {
    /// A store that cannot be used just now; its own words may name hosts and paths.
    fn of_a_store(error: &StoreError, what: &str, way_out: &str) -> Self {
        tracing::warn!(%error, "the store cannot be used just now");
        Self::new(ErrorCode::UpstreamUnavailable, what, way_out)
    }
}

#[cfg(test)]
mod tests {
    use factor_store::RowKind;
    use serde_json::json;

    use super::*;

    #[test]
    fn findings_of_the_source_stand_where_they_may_be_why() {
        let noticed: Vec<String> = (1..=7).map(|line| format!("px.csv: line {line}: bad")).collect();
        let error = ToolError::new(ErrorCode::NoData, "nothing", "look").with_findings(&noticed);
        assert!(
            error.message.starts_with("Nothing. Look. Noticed of the prices: px.csv: line 1: bad; "),
            "{}",
            error.message
        );
        assert!(error.message.ends_with("px.csv: line 5: bad; and 2 more."), "{}", error.message);
        let error = ToolError::new(ErrorCode::NoData, "nothing", "look").with_findings(&[]);
        assert_eq!(error.message, "Nothing. Look.");
        let error = ToolError::new(ErrorCode::InvalidArgument, "nothing", "look").with_findings(&noticed);
        assert_eq!(error.message, "Nothing. Look.");
    }

    #[test]
    fn tickers_are_named_where_they_are_few() {
        let tickers: Vec<Ticker> = (10..35).map(|n| format!("T{n}").parse().unwrap()).collect();
        assert_eq!(tickers_there(&tickers[..2]).unwrap(), "2 tickers: T10, T11");
        assert_eq!(tickers_there(&tickers[..1]).unwrap(), "1 ticker: T10");
        assert!(tickers_there(&tickers[..20]).unwrap().ends_with(", T29"));
        assert_eq!(tickers_there(&tickers), None, "a list that is cut says little");
        assert_eq!(tickers_there(&[]), None);
    }

    fn problem(field: &str, hint: Option<&str>) -> Problem {
        let refusal = Refusal::must("be a whole number from 12 to 120").or_rather(hint.map(Into::into));
        Problem::new(field, "5", refusal)
    }

    #[test]
    fn a_message_is_what_is_wrong_and_then_the_way_out() {
        let error = ToolError::new(ErrorCode::NoData, "no prices of X.", "name another ticker");
        assert_eq!(error.message, "No prices of X. Name another ticker.");
        let asked = ToolError::new(ErrorCode::NotFound, "there is no A", "did you mean B?");
        assert_eq!(asked.message, "There is no A. Did you mean B?");
        let named = ToolError::new(ErrorCode::NoData, "what_if is empty", "`a` is an example");
        assert_eq!(named.message, "what_if is empty. `a` is an example.");
    }

    #[test]
    fn an_error_is_short_however_much_is_wrong() {
        let long = "x".repeat(5_000);
        let one = || Problem::new(&long, "5", Refusal::new(&long, &long));
        let error = ToolError::invalid_of((0..5_000).map(|_| one()).collect(), 7);
        assert_eq!(error.problems.len(), MOST_PROBLEMS);
        assert!(error.message.starts_with("5007 problems: "), "{}", error.message);
        assert!(error.message.ends_with("; and 4997 more, the first 20 of all in problems."), "{}", error.message);
        assert!(error.structured().as_str().len() < 40_000, "{}", error.structured().as_str().len());
    }

    #[test]
    fn an_error_keeps_to_the_length_that_its_call_allows() {
        // A control character is six characters of JSON: so all of them would be 150,000.
        let long = "\u{1}".repeat(5_000);
        let one = || Problem::new(&long, &long, Refusal::new(&long, &long));
        let error = ToolError::invalid((0..30).map(|_| one()).collect());
        for most in [2_000, 5_000, MAX_CHARS] {
            let json = error.within(most, None);
            assert!(json.fits(most), "{most}: {}", json.as_str().len());
            assert_eq!(json.value()["error"]["code"], "invalid_argument");
        }
        let small = ToolError::invalid(
            (0..30).map(|at| problem(&format!("field {at}"), Some(&format!("write {at}")))).collect(),
        );
        let (whole, cut) = (small.within(MAX_CHARS, None).value(), small.within(2_000, None).value());
        assert_eq!(
            (&cut["error"]["message"], whole["error"]["problems"].as_array().unwrap().len()),
            (&whole["error"]["message"], 20)
        );
        let told = cut["error"]["problems"].as_array().unwrap();
        assert!((1..20).contains(&told.len()), "{}", told.len());
        assert_eq!(told[0]["field"], "field 0");
        let text = ToolError::new(ErrorCode::NoData, "x".repeat(100_000), "look").within(MAX_CHARS, None);
        assert!(text.fits(MAX_CHARS) && text.as_str().len() > 5_000);
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
        let alike = ["a", "b", "c"].map(|name| problem(name, Some("write 12")));
        let three = ToolError::invalid([problem("n", None)].into_iter().chain(alike).collect());
        assert_eq!(
            three.message,
            "4 problems: `n` (got 5) must be a whole number from 12 to 120; \
             `a` (got 5), `b` (got 5), `c` (got 5) must be a whole number from 12 to 120: write 12."
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
            (StoreError::Full(secret()), ErrorCode::UpstreamUnavailable),
            (StoreError::ReadOnly(secret()), ErrorCode::UpstreamUnavailable),
            (StoreError::Locked(secret()), ErrorCode::UpstreamUnavailable),
            (StoreError::Damaged(secret()), ErrorCode::Internal),
            (StoreError::Schema(secret()), ErrorCode::Internal),
            (StoreError::Unreadable(secret()), ErrorCode::Internal),
        ] {
            let error = ToolError::from(error);
            assert_eq!(error.code, code);
            assert!(!error.message.contains("secret"), "{error}");
        }
    }

    #[test]
    fn the_cause_and_the_way_out_are_in_words() {
        let said = |error| ToolError::from(error).message;
        assert!(said(StoreError::Full(String::new())).contains("disk of groups and portfolios is full"));
        assert!(said(StoreError::ReadOnly(String::new())).contains("no right to write"));
        assert!(said(StoreError::Locked(String::new())).contains("locked by another process"));
        assert!(said(StoreError::Damaged(String::new())).contains("`factor-mcp store restore`"));
        let row = said(StoreError::DamagedRow { kind: RowKind::Group, name: "Chips".to_owned() });
        assert!(row.contains("group `Chips` is damaged") && row.contains("delete_factor_group deletes it"), "{row}");
    }
}
