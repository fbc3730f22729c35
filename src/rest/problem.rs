//! Errors: problems of RFC 9457 with the code of ours, and the seed's `error_code` and `endpoint` beside.

use axum::{
    body::Body,
    http::{HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, value::RawValue};

use super::{PAGE, route::Route};
use crate::{
    answer::Json,
    services::Precondition,
    tool_error::{CorrectedCall, ErrorCode, ToolError},
};

/// What a problem is sent as.
pub(super) const KIND: HeaderValue = HeaderValue::from_static("application/problem+json");

/// Why a request is not answered.
#[derive(Debug)]
pub(super) struct Problem(Box<Cause>);

#[derive(Debug)]
struct Cause {
    status: StatusCode,
    code: String,
    message: String,
    /// The arguments at fault, as JSON.
    problems: Option<Box<RawValue>>,
    /// The corrected call, as JSON.
    corrected: Option<Box<RawValue>>,
    /// The methods that the path has.
    allowed: Option<String>,
    /// After how many seconds it may be otherwise.
    retry_after: Option<u64>,
}

/// A problem as it is sent.
#[derive(Debug, Serialize, JsonSchema)]
pub(super) struct Document<'a> {
    /// What kind of problem it is: a part of the documentation's page.
    #[serde(rename = "type")]
    kind: String,
    /// The same in words.
    title: &'a str,
    /// The status of the response.
    status: u16,
    /// What is wrong, and the way out.
    detail: &'a str,
    /// What kind of failure it is, by what the caller does next: an error code of the tools, or one of the transport.
    code: &'a str,
    /// What the first design calls it.
    error_code: &'a str,
    /// The endpoint that was asked.
    endpoint: &'a str,
    /// The arguments at fault.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<Vec<crate::tool_error::Problem>>")]
    problems: Option<&'a RawValue>,
    /// The call with all of them put right, where that is known: its arguments are the body to send.
    #[serde(rename = "try", skip_serializing_if = "Option::is_none")]
    #[schemars(with = "Option<CorrectedCall>")]
    corrected: Option<&'a RawValue>,
}

/// A problem and where it came up.
pub(super) struct Located<'a> {
    problem: Problem,
    endpoint: String,
    route: Option<&'a Route>,
}

/// A tool's failure, read back.
#[derive(Deserialize)]
struct Failure {
    error: FailureBody,
}

#[derive(Deserialize)]
struct FailureBody {
    code: String,
    message: String,
    problems: Option<Box<RawValue>>,
    retry_after: Option<u64>,
    #[serde(rename = "try")]
    corrected: Option<Box<RawValue>>,
}

/// The status of each code, where the request had this condition on what it writes.
pub(super) fn status_of(code: ErrorCode, condition: Option<&Precondition>) -> StatusCode {
    let fails = match code {
        ErrorCode::Conflict => condition.is_some(),
        ErrorCode::AlreadyExists => condition == Some(&Precondition::New),
        _ => false,
    };
    match code {
        _ if fails => StatusCode::PRECONDITION_FAILED,
        ErrorCode::InvalidArgument => StatusCode::BAD_REQUEST,
        ErrorCode::Unauthorized => StatusCode::FORBIDDEN,
        ErrorCode::NotFound => StatusCode::NOT_FOUND,
        ErrorCode::Conflict | ErrorCode::AlreadyExists => StatusCode::CONFLICT,
        ErrorCode::UnknownFactor | ErrorCode::NoData | ErrorCode::InsufficientData => StatusCode::UNPROCESSABLE_ENTITY,
        ErrorCode::RateLimited => StatusCode::TOO_MANY_REQUESTS,
        ErrorCode::UpstreamUnavailable | ErrorCode::UpstreamAuth => StatusCode::BAD_GATEWAY,
        ErrorCode::Timeout => StatusCode::GATEWAY_TIMEOUT,
        ErrorCode::Internal => StatusCode::INTERNAL_SERVER_ERROR,
    }
}

impl Cause {
    fn new(status: StatusCode, code: &str, message: String) -> Self {
        Self {
            status,
            code: code.to_owned(),
            message,
            problems: None,
            corrected: None,
            allowed: None,
            retry_after: None,
        }
    }
}

impl Problem {
    /// With these words.
    pub(super) fn new(code: ErrorCode, message: String) -> Self {
        Self::with_status(status_of(code, None), code.as_str(), message)
    }

    fn with_status(status: StatusCode, code: &str, message: String) -> Self {
        Self(Box::new(Cause::new(status, code, message)))
    }

    /// A tool's failure, where the request had this condition on what it writes.
    pub(super) fn of_failure(failure: &Json, condition: Option<&Precondition>) -> Self {
        let read = serde_json::from_str::<Failure>(failure.as_str());
        // The failure is our own text.
        let Ok(Failure { error }) = read else { return Self::of_error(&ToolError::internal()) };
        let status = error.code.parse().map_or(StatusCode::INTERNAL_SERVER_ERROR, |code| status_of(code, condition));
        Self(Box::new(Cause {
            problems: error.problems.filter(|problems| problems.get() != "[]"),
            corrected: error.corrected,
            retry_after: error.retry_after,
            ..Cause::new(status, &error.code, error.message)
        }))
    }

    /// A failure of the request before any tool is asked.
    pub(super) fn of_error(error: &ToolError) -> Self {
        let told = |problems: &_| serde_json::value::to_raw_value(problems).ok();
        let problems = Some(&error.problems).filter(|problems| !problems.is_empty()).and_then(told);
        let cause = Cause::new(status_of(error.code, None), error.code.as_str(), error.message.clone());
        Self(Box::new(Cause { problems, ..cause }))
    }

    pub(super) fn no_such_method(allowed: &[&str]) -> Self {
        let allowed = allowed.join(", ");
        let words = format!("This path takes {allowed}.");
        let cause = Cause::new(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", words);
        Self(Box::new(Cause { allowed: Some(allowed), ..cause }))
    }

    pub(super) fn no_such_route(page: &str) -> Self {
        Self::with_status(
            StatusCode::NOT_FOUND,
            "no_such_route",
            format!("There is nothing at this path: {page} says what there is."),
        )
    }

    pub(super) fn not_offered() -> Self {
        let words = "This server does not offer this: it was started without it.";
        Self::with_status(StatusCode::NOT_FOUND, "not_offered", words.to_owned())
    }

    pub(super) fn unread_path() -> Self {
        Self::new(
            ErrorCode::InvalidArgument,
            "The name in the path is no text in UTF-8: write it with %-escapes of UTF-8.".to_owned(),
        )
    }

    pub(super) fn query_beside_a_body() -> Self {
        Self::new(
            ErrorCode::InvalidArgument,
            "Arguments stand in the body here: send them as JSON, and leave the query out.".to_owned(),
        )
    }

    pub(super) fn no_json_content() -> Self {
        let words = "The body must be JSON: send it with `Content-Type: application/json`.";
        Self::with_status(StatusCode::UNSUPPORTED_MEDIA_TYPE, "unsupported_media_type", words.to_owned())
    }

    /// The problem as it came up at an endpoint.
    pub(super) fn at(self, endpoint: String, route: Option<&Route>) -> Located<'_> {
        Located { problem: self, endpoint, route }
    }

    /// What the seed calls it: its word for a mistake on this route, and for a failure of the server; else our code.
    fn error_code(&self, route: Option<&Route>) -> String {
        match route.and_then(|route| route.error_code) {
            _ if self.0.status == StatusCode::INTERNAL_SERVER_ERROR => "INTERNAL_SERVER_ERROR".to_owned(),
            Some(word) if [StatusCode::BAD_REQUEST, StatusCode::UNPROCESSABLE_ENTITY].contains(&self.0.status) => {
                word.to_owned()
            }
            _ => self.0.code.to_ascii_uppercase(),
        }
    }
}

impl IntoResponse for Located<'_> {
    fn into_response(self) -> Response {
        let Self { problem, endpoint, route } = self;
        let error_code = problem.error_code(route);
        let problem = *problem.0;
        let document = Document {
            kind: kind(&problem.code),
            title: problem.status.canonical_reason().unwrap_or("Error"),
            status: problem.status.as_u16(),
            detail: &problem.message,
            code: &problem.code,
            error_code: &error_code,
            endpoint: &endpoint,
            problems: problem.problems.as_deref(),
            corrected: problem.corrected.as_deref(),
        };
        let mut response =
            (problem.status, [(header::CONTENT_TYPE, KIND)], Json::of(&document).to_string()).into_response();
        let headers = response.headers_mut();
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
        if let Some(seconds) = problem.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        if let Some(allowed) = problem.allowed.and_then(|allowed| HeaderValue::try_from(allowed).ok()) {
            headers.insert(header::ALLOW, allowed);
        }
        response
    }
}

/// The part of the documentation's page that explains a code.
fn kind(code: &str) -> String {
    format!("{PAGE}#{code}")
}

/// A refusal of the HTTP server as a problem: its status and headers stay.
pub(crate) fn refused(response: Response, code: &str, message: String, endpoint: String) -> Response {
    let (mut parts, _) = response.into_parts();
    let told = Problem::with_status(parts.status, code, message).at(endpoint, None).into_response();
    parts.headers.remove(header::CONTENT_LENGTH);
    parts.headers.insert(header::CONTENT_TYPE, KIND);
    parts.headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-store"));
    Response::from_parts(parts, Body::new(told.into_body()))
}

/// The codes of tools with their statuses and meanings, for the documentation.
pub(super) fn codes() -> Vec<(&'static str, u16, &'static str)> {
    let meaning = |code| match code {
        ErrorCode::InvalidArgument => "An argument, the body or the query breaks a rule: correct the request.",
        ErrorCode::UnknownFactor => "No factor has this name: take one of the nearest.",
        ErrorCode::NoData => "The price source has no prices for what was asked.",
        ErrorCode::InsufficientData => "There is data, but too little of it: widen the range.",
        ErrorCode::NotFound => "Nothing is kept under this name or id.",
        ErrorCode::AlreadyExists => "The name is taken (412 where the request had a condition).",
        ErrorCode::UpstreamUnavailable => "The price source or the store cannot answer: try later.",
        ErrorCode::UpstreamAuth => "The price source refuses the server's key or plan.",
        ErrorCode::RateLimited => "Too many calls: come back later.",
        ErrorCode::Timeout => "The call ran out of time: ask for less.",
        ErrorCode::Unauthorized => "The key or token does not open this.",
        ErrorCode::Conflict => "Somebody changed it meanwhile: read it again (412 where the request had a condition).",
        ErrorCode::Internal => "A fault of the server.",
    };
    ErrorCode::ALL.into_iter().map(|code| (code.as_str(), status_of(code, None).as_u16(), meaning(code))).collect()
}

/// The schema of a problem.
pub(super) fn schema() -> Value {
    let settings = schemars::generate::SchemaSettings::draft2020_12().for_serialize();
    let mut generator = settings.with(|settings| settings.inline_subschemas = true).into_generator();
    generator.root_schema_for::<Document<'static>>().into()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::rest::routes;

    async fn sent(located: Located<'_>) -> (u16, Value) {
        let response = located.into_response();
        let status = response.status().as_u16();
        assert_eq!(response.headers()[header::CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 100_000).await.unwrap();
        (status, serde_json::from_slice(&body).unwrap())
    }

    #[tokio::test]
    async fn a_failure_keeps_its_words_and_has_the_seeds_beside_them() {
        let failed = ToolError::new(ErrorCode::InvalidArgument, "`x` is no ticker", "write another");
        let route = routes().find(|route| route.path == "/factor-intelligence/performance");
        let problem = Problem::of_failure(&failed.structured(), None);
        let (status, sent) = sent(problem.at("factor-intelligence/performance".to_owned(), route)).await;
        let expected = json!({
            "type": "/api/docs#invalid_argument", "title": "Bad Request", "status": 400,
            "detail": "`x` is no ticker. Write another.", "code": "invalid_argument",
            "error_code": "FACTOR_ANALYSIS_ERROR", "endpoint": "factor-intelligence/performance",
        });
        assert_eq!((status, sent), (400, expected));
    }

    #[tokio::test]
    async fn the_servers_fault_is_called_so_on_every_route() {
        for route in routes() {
            let problem = Problem::of_failure(&ToolError::internal().structured(), None);
            let (status, sent) = sent(problem.at(String::new(), Some(route))).await;
            assert_eq!((status, &sent["error_code"]), (500, &json!("INTERNAL_SERVER_ERROR")), "{}", route.path);
        }
        let away = ToolError::new(ErrorCode::UpstreamUnavailable, "away", "later");
        let (status, sent) =
            sent(Problem::of_failure(&away.structured(), None).at(String::new(), routes().next())).await;
        assert_eq!((status, &sent["error_code"]), (502, &json!("UPSTREAM_UNAVAILABLE")));
    }

    #[test]
    fn every_code_has_its_status() {
        let statuses: Vec<u16> = codes().iter().map(|(_, status, _)| *status).collect();
        for status in [400, 403, 404, 409, 422, 429, 500, 502, 504] {
            assert!(statuses.contains(&status), "{status}");
        }
        let (new, state) = (Precondition::New, Precondition::Versions(Vec::new()));
        assert_eq!(status_of(ErrorCode::Conflict, Some(&state)), StatusCode::PRECONDITION_FAILED);
        assert_eq!(status_of(ErrorCode::AlreadyExists, Some(&new)), StatusCode::PRECONDITION_FAILED);
        assert_eq!(status_of(ErrorCode::AlreadyExists, Some(&state)), StatusCode::CONFLICT, "of another name");
        assert_eq!(status_of(ErrorCode::NotFound, Some(&state)), StatusCode::NOT_FOUND);
    }

    #[tokio::test]
    async fn a_problem_is_as_its_schema_says() {
        let validator = jsonschema::validator_for(&schema()).unwrap();
        let refusal = crate::tool_error::Refusal::must("be a number");
        let failed = ToolError::invalid(vec![crate::tool_error::Problem::new("n", "\"x\"", refusal)]);
        let (_, sent) = sent(Problem::of_failure(&failed.structured(), None).at("factors".to_owned(), None)).await;
        assert!(validator.is_valid(&sent), "{sent}");
        assert_eq!(sent["problems"][0]["field"], "n");
    }
}
