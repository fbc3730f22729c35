//! Answers of the transport itself, in JSON like all others; to those who ask REST as problems.

use axum::{
    body::Body,
    extract::Request,
    http::{HeaderValue, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use rmcp::{RoleServer, service::TxJsonRpcMessage};
use serde_json::json;

use super::{BODY_TIME, CONNECTIONS, MAX_BODY_BYTES, SHARE};
use crate::{mcp::transport::message::Refused, rest};

/// Why the transport answers in the service's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Refusal {
    /// More than one `Host`.
    TwoHosts,
    /// A `Host` that the server does not answer to.
    StrangeHost,
    /// A page of another origin.
    StrangeOrigin,
    /// A stream of events is asked for by somebody who takes none.
    NoEvents,
    /// A message that is not sent as JSON.
    NoJson,
    /// An SSE session that there is not, or that is another's.
    NoSuchSession,
    /// The body did not come within its time.
    SlowBody,
    /// It is longer than it may be.
    LongBody,
    /// It broke off, or its chunks are wrong.
    BrokenBody,
    /// The caller has its share of requests at work.
    Requests,
    /// Of streams.
    Streams,
    /// Of sessions.
    Sessions,
    /// Of connections.
    Connections,
    /// The whole server has as many requests at work as it may have.
    Busy,
    /// As many sessions.
    NoSession,
}

/// What a refusal says, on its response, for one who words it otherwise.
#[derive(Debug, Clone)]
pub(super) struct Told {
    pub(super) error: &'static str,
    pub(super) message: String,
}

/// Words refusals as problems where REST is asked.
pub(super) async fn worded(request: Request, next: Next) -> Response {
    let Some(endpoint) = rest::endpoint_of(request.uri().path()) else { return next.run(request).await };
    let mut response = next.run(request).await;
    match response.extensions_mut().remove::<Told>() {
        Some(Told { error, message }) => rest::refused(response, error, message, endpoint),
        None => response,
    }
}

impl Refusal {
    /// Whether it is of what is at work, and not of what was sent.
    pub(super) fn is_of_load(self) -> bool {
        matches!(self, Self::Requests | Self::Busy)
    }

    /// Status, name, words, and after how many seconds it may be otherwise.
    pub(super) fn parts(self) -> (StatusCode, &'static str, String, Option<u8>) {
        const TOO_MANY: StatusCode = StatusCode::TOO_MANY_REQUESTS;
        match self {
            Self::TwoHosts => (
                StatusCode::BAD_REQUEST,
                "two_hosts",
                "The request names more than one Host: send one, that of this server.".to_owned(),
                None,
            ),
            Self::StrangeHost => (
                StatusCode::FORBIDDEN,
                "strange_host",
                "The server does not answer to this Host: use its own name, or add this one with --allowed-host.".to_owned(),
                None,
            ),
            Self::StrangeOrigin => (
                StatusCode::FORBIDDEN,
                "strange_origin",
                "Pages of this Origin may not call the server: --allowed-origin lets them.".to_owned(),
                None,
            ),
            Self::NoEvents => (
                StatusCode::NOT_ACCEPTABLE,
                "no_events",
                "This is a stream of events: send `Accept: text/event-stream`.".to_owned(),
                None,
            ),
            Self::NoJson => (
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "no_json",
                "A message is sent as `Content-Type: application/json`.".to_owned(),
                None,
            ),
            Self::NoSuchSession => (
                StatusCode::NOT_FOUND,
                "no_such_session",
                "There is no such session: open a stream at /sse, and post to the address that its first event names.".to_owned(),
                None,
            ),
            Self::SlowBody => (
                StatusCode::REQUEST_TIMEOUT,
                "slow_body",
                format!("The body did not come within {} seconds: send it at once.", BODY_TIME.as_secs()),
                None,
            ),
            Self::LongBody => (
                StatusCode::PAYLOAD_TOO_LARGE,
                "long_body",
                format!("The body is longer than {} KiB: send fewer tickers or holdings in one call.", MAX_BODY_BYTES / 1024),
                None,
            ),
            Self::BrokenBody => (
                StatusCode::BAD_REQUEST,
                "broken_body",
                "The body broke off or its chunks are wrong: send it again.".to_owned(),
                None,
            ),
            Self::Requests => (
                TOO_MANY,
                "too_many_requests",
                format!("{SHARE} of your requests are at work: wait for one of them to end."),
                Some(1),
            ),
            Self::Streams => (TOO_MANY, "too_many_streams", format!("{SHARE} of your streams are open: close one of them."), Some(5)),
            Self::Sessions => {
                (TOO_MANY, "too_many_sessions", format!("{SHARE} of your sessions are open: end one with DELETE."), Some(5))
            }
            Self::Connections => (
                TOO_MANY,
                "too_many_connections",
                format!("{} connections of your address are at work: use them again.", CONNECTIONS.most_each),
                Some(1),
            ),
            Self::Busy => (
                StatusCode::SERVICE_UNAVAILABLE,
                "busy",
                "The server is at work on as much as it can: send it again in a moment.".to_owned(),
                Some(2),
            ),
            Self::NoSession => (
                StatusCode::SERVICE_UNAVAILABLE,
                "no_session",
                "The server has as many sessions as it can: try again in a moment, or speak protocol 2026-07-28, which has none.".to_owned(),
                Some(2),
            ),
        }
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        let (status, error, message, retry_after) = self.parts();
        let mut response = (status, axum::Json(json!({"error": error, "message": message}))).into_response();
        response.extensions_mut().insert(self);
        response.extensions_mut().insert(Told { error, message });
        let headers = response.headers_mut();
        if let Some(seconds) = retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(u16::from(seconds)));
        }
        // What is left of a body is not waited for.
        if matches!(self, Self::SlowBody | Self::LongBody | Self::BrokenBody) {
            headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        response
    }
}

impl Refusal {
    /// The same as bytes, for a connection that no request is read from.
    pub(super) fn at_the_door(self) -> String {
        let (status, error, message, retry_after) = self.parts();
        let body = json!({"error": error, "message": message}).to_string();
        let retry_after = retry_after.map(|seconds| format!("Retry-After: {seconds}\r\n")).unwrap_or_default();
        format!(
            "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n{retry_after}Connection: close\r\n\r\n{body}",
            body.len()
        )
    }
}

/// Goes with the answer to a body that is no message: what is said of it.
#[derive(Clone)]
pub(super) struct NoMessage(pub(super) TxJsonRpcMessage<RoleServer>);

/// The answer to a body that is no message: 400 with an error of JSON-RPC.
pub(super) fn no_message(refused: Refused) -> Response {
    let message = TxJsonRpcMessage::<RoleServer>::error(refused.error, refused.id);
    let body = serde_json::to_vec(&message).unwrap_or_default();
    let kind = [(header::CONTENT_TYPE, HeaderValue::from_static("application/json"))];
    let mut response = (StatusCode::BAD_REQUEST, kind, Body::from(body)).into_response();
    response.extensions_mut().insert(NoMessage(message));
    response
}
