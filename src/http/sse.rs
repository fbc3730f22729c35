//! Server-sent events over HTTP: the address of the stream and that of its messages (`mcp/transport/sse.rs` has the sessions).
//!
//! What would be 429 or 503 to a message at `/mcp` is an error of that message on the stream, with the same words and 202 here:
//! clients of this protocol give their session up at any other answer. So are rights that are missing: the call says it.

use std::sync::Arc;

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::{Request, State},
    http::{HeaderMap, HeaderValue, StatusCode, Uri, header},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use factor_types::UserId;
use rmcp::{
    RoleServer,
    model::{ErrorCode, ErrorData, JsonRpcMessage, RequestId},
    service::TxJsonRpcMessage,
};
use serde::Deserialize;
use serde_json::json;
use tokio::task::spawn_blocking;

use super::{
    MAX_BODY_BYTES,
    guard::is_json,
    refusals::{NoMessage, Refusal, no_message},
};
use crate::mcp::transport::{
    message,
    sse::{MESSAGES, NotTaken, STREAM, Session, Sessions},
};

/// An error that a server chooses itself, in JSON-RPC.
const SERVER_ERROR: ErrorCode = ErrorCode(-32000);

/// The two addresses; messages also where the public URL has a path that a proxy leaves.
pub(super) fn routes(sessions: Arc<Sessions>, prefix: &str) -> Router {
    let router = Router::new().route(STREAM, get(open)).route(MESSAGES, post(receive));
    let router = match prefix {
        "" => router,
        prefix => router.route(&format!("{prefix}{MESSAGES}"), post(receive)),
    };
    router.with_state(sessions)
}

/// Whether a request brings a message to a session.
pub(super) fn is_message(uri: &Uri) -> bool {
    uri.path().ends_with(MESSAGES)
}

/// The session that a request names, where it is its user's; its name is taken out of the request, so that nothing further in can
/// log it.
pub(super) fn session(sessions: &Sessions, request: &mut Request, user: UserId) -> Result<Session, Refusal> {
    let query = request.uri().query();
    let named = query.and_then(|query| query.split('&').find_map(|part| part.strip_prefix("session=")));
    let session = named.and_then(|id| sessions.of_user(id, user)).ok_or(Refusal::NoSuchSession);
    *request.uri_mut() = Uri::from_static(MESSAGES);
    session
}

/// Opens a stream.
async fn open(State(sessions): State<Arc<Sessions>>, request: Request) -> Response {
    if !takes_events(request.headers()) {
        return Refusal::NoEvents.into_response();
    }
    // Only a request that came past the door has none.
    let Some(user) = request.extensions().get::<UserId>().copied() else {
        return StatusCode::FORBIDDEN.into_response();
    };
    let Ok(events) = sessions.open(user) else {
        return Refusal::NoSession.into_response();
    };
    event_stream(Body::from_stream(events))
}

/// A stream of events, which nobody on its way keeps or changes.
pub(super) fn event_stream(events: Body) -> Response {
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("text/event-stream")),
        (header::CACHE_CONTROL, HeaderValue::from_static("no-cache, no-store, no-transform")),
        // nginx would keep events until it has some kilobytes of them.
        (header::HeaderName::from_static("x-accel-buffering"), HeaderValue::from_static("no")),
    ];
    (headers, events).into_response()
}

fn takes_events(headers: &HeaderMap) -> bool {
    let mut kinds = headers.get_all(header::ACCEPT).iter().peekable();
    kinds.peek().is_none()
        || kinds.filter_map(|kinds| kinds.to_str().ok()).flat_map(|kinds| kinds.split(',')).any(|kind| {
            let kind = kind.split(';').next().unwrap_or_default().trim();
            ["text/event-stream", "text/*", "*/*"].iter().any(|taken| kind.eq_ignore_ascii_case(taken))
        })
}

/// Takes a message. Its answer goes onto the stream.
async fn receive(request: Request) -> Response {
    let (mut parts, body) = request.into_parts();
    let Some(session) = parts.extensions.remove::<Session>() else {
        return Refusal::NoSuchSession.into_response();
    };
    if !is_json(&parts.headers) {
        return Refusal::NoJson.into_response();
    }
    // The guard has read it.
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return Refusal::BrokenBody.into_response();
    };
    let read = if body.len() <= message::LONG {
        message::read(&body)
    } else {
        spawn_blocking(move || message::read(&body)).await.unwrap_or_else(|_| Err(message::Refused::unread()))
    };
    let message = match read {
        Ok(Some(message)) => message,
        // A notification that nobody knows.
        Ok(None) => return accepted(),
        Err(refused) => return no_message(*refused),
    };
    match session.bring(message, parts).await {
        Ok(()) => accepted(),
        Err(NotTaken::Ended) => Refusal::NoSuchSession.into_response(),
        Err(NotTaken::Busy) => Refusal::Busy.into_response(),
    }
}

fn accepted() -> Response {
    (StatusCode::ACCEPTED, "Accepted").into_response()
}

/// The answer to a message that the guard did not let through, on the stream where its request can be named.
pub(super) fn on_stream(session: &Session, body: &Bytes, mut response: Response) -> Response {
    if let Some(NoMessage(message)) = response.extensions_mut().remove() {
        // Whoever posted it is told too; one without a name nobody would know on the stream.
        if matches!(&message, JsonRpcMessage::Error(error) if error.id.is_some()) {
            session.says(message);
        }
        return response;
    }
    let refusal = response.extensions_mut().remove::<Refusal>().filter(|refusal| refusal.is_of_load());
    let Some((refusal, id)) = refusal.zip(id_of(body)) else { return response };
    let (status, name, words, retry_after) = refusal.parts();
    let data = json!({"error": name, "status": status.as_u16(), "retry_after": retry_after});
    let error = ErrorData::new(SERVER_ERROR, words, Some(data));
    if session.says(TxJsonRpcMessage::<RoleServer>::error(error, Some(id))) { accepted() } else { response }
}

/// The id of a request.
pub(super) fn id_of(body: &[u8]) -> Option<RequestId> {
    #[derive(Deserialize)]
    struct Head {
        id: RequestId,
    }
    serde_json::from_slice::<Head>(body).ok().map(|head| head.id)
}
