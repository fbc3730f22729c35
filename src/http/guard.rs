//! What stands before the services: bodies that come in time, shares of each caller, and how many requests are at work.

use std::{sync::Arc, time::Duration};

use axum::{
    body::{Body, Bytes},
    extract::{Request, State},
    http::{HeaderMap, Method, StatusCode, header, request::Parts},
    middleware::Next,
    response::{IntoResponse, Response},
};
use factor_types::UserId;
use http_body_util::{BodyExt, LengthLimitError, Limited};
use tokio::{
    sync::{OwnedSemaphorePermit, Semaphore},
    task::spawn_blocking,
};

use super::{
    connections, events, health, proxies,
    refusals::{Refusal, no_message},
    sessions::{Owner, Sessions, SessionsError},
    shares::{Caller, Share, Shares, Taken},
    sse,
    stay::OfCall,
};
use crate::{
    app::FromAddress,
    mcp::{
        server::Server,
        transport::{
            message::{self, Looked, Refused},
            sse::{AtWork, Session, Sessions as Streams},
        },
    },
    rest,
    rights::Rights,
    settings::TrustedProxies,
};

/// How long a request waits for a place before it is sent away.
const QUEUE_TIME: Duration = Duration::from_millis(250);

/// What every request comes by.
#[derive(Debug, Clone)]
pub(super) struct Guard {
    pub(super) requests: Arc<Semaphore>,
    /// Those that wait for one of these places. Whoever finds none here either is sent away before anything else is done for
    /// them: under twice the load that a server can bear, what is refused must cost next to nothing.
    pub(super) queue: Arc<Semaphore>,
    pub(super) shares: Arc<Shares>,
    pub(super) sessions: Arc<Sessions>,
    /// Sessions of server-sent events, where there are some.
    pub(super) streams: Option<Arc<Streams>>,
    pub(super) proxies: Arc<TrustedProxies>,
    /// Whether callers without a key are strangers, with a quota by address.
    pub(super) strangers: bool,
    /// What says which rights a tool needs; where there is none, none is called.
    pub(super) tools: Option<Server>,
    /// The longest body, in bytes.
    pub(super) longest_body: usize,
    /// For a whole body, however slowly it comes.
    pub(super) body_time: Duration,
}

/// The connection a request came over.
#[derive(Debug, Clone)]
pub(super) struct CameOver {
    pub(super) peer: std::net::IpAddr,
    pub(super) request: Arc<connections::Request>,
}

/// Refuses a request with two `Host` headers: what stands in front may have looked at the other one.
pub(super) async fn one_host(request: Request, next: Next) -> Response {
    if request.headers().get_all(header::HOST).iter().count() > 1 {
        return Refusal::TwoHosts.into_response();
    }
    next.run(request).await
}

/// Lets a request through to the service, as its caller's.
pub(super) async fn guard(State(guard): State<Guard>, mut request: Request, next: Next) -> Response {
    let came_over = request.extensions_mut().remove::<CameOver>();
    let sender = guard.sender(&request, came_over.as_ref());
    if guard.strangers
        && sender.user == UserId::LOCAL
        && let Caller::Address(address) = sender.caller
    {
        request.extensions_mut().insert(FromAddress(address));
    }
    let works = || came_over.iter().for_each(|came_over| came_over.request.works());
    let path = request.uri().path();
    if rest::endpoint_of(path).is_some() && !health::is_of_services(path) && path != events::PATH {
        // Nothing there is a message, and nothing streams: every request is work.
        let (parts, body) = request.into_parts();
        let body = match guard.whole(body).await {
            Ok(body) => body,
            Err(refusal) => return refusal.into_response(),
        };
        works();
        if guard.is_full() {
            return Refusal::Busy.into_response();
        }
        let taken = match guard.taken(sender).await {
            Ok(taken) => taken,
            Err(refusal) => return refusal.into_response(),
        };
        return held(next.run(Request::from_parts(parts, Body::from(body))).await, taken);
    }
    match *request.method() {
        Method::POST => {
            let session = match guard.session(&mut request, sender.user) {
                Ok(session) => session,
                Err(refusal) => return refusal.into_response(),
            };
            let (parts, body) = request.into_parts();
            // Before anything is taken: a body that drips holds nobody's place.
            let body = match guard.whole(body).await {
                Ok(body) => body,
                Err(refusal) => return refusal.into_response(),
            };
            works();
            let Some(session) = session else { return guard.posted(sender, parts, body, next).await };
            let response = guard.posted(sender, parts, body.clone(), next).await;
            sse::on_stream(&session, &body, response)
        }
        Method::GET => {
            works();
            let Some(taken) = guard.shares.take(sender.caller, Share::Streams) else {
                return Refusal::Streams.into_response();
            };
            held(next.run(request).await, taken)
        }
        ref method => {
            works();
            let ends_session = method == Method::DELETE;
            let response = next.run(request).await;
            // Some clients take 202, which is what rmcp says, for a session that could not be ended.
            let ended = ends_session && response.status() == StatusCode::ACCEPTED;
            if ended { StatusCode::NO_CONTENT.into_response() } else { response }
        }
    }
}

impl Guard {
    /// The session of server-sent events that a request is for, if it is for one. It is found before the body is waited for, and goes
    /// with the request.
    fn session(&self, request: &mut Request, user: UserId) -> Result<Option<Session>, Refusal> {
        let Some(streams) = self.streams.as_ref().filter(|_| sse::is_message(request.uri())) else { return Ok(None) };
        let session = sse::session(streams, request, user)?;
        request.extensions_mut().insert(session.clone());
        Ok(Some(session))
    }

    /// Lets through what was posted.
    async fn posted(&self, sender: Owner, mut parts: Parts, mut body: Bytes, next: Next) -> Response {
        // What asks for nothing takes no place: a call is given up that way, also where all places are taken. Over streamable HTTP a
        // client may end the request instead.
        let asks = parts.extensions.get::<Session>().is_none() || sse::id_of(&body).is_some();
        if asks && self.is_full() {
            return Refusal::Busy.into_response();
        }
        // Before it is looked into: what waits in vain costs no more than its waiting.
        let taken = match asks {
            true => match self.taken(sender).await {
                Ok(taken) => Some(taken),
                Err(refusal) => return refusal.into_response(),
            },
            false => None,
        };
        let mut called = None;
        if is_json(&parts.headers) {
            match looked_at(body.clone()).await {
                Err(refused) => return no_message(*refused),
                Ok(Looked::Whole(tool)) => called = tool,
                // It only listens, for as long as its client likes: among those at work it would keep others out. In a session of
                // events the stream is counted already.
                Ok(Looked::Listens) if parts.extensions.get::<Session>().is_none() => {
                    drop(taken);
                    let Some(listens) = self.shares.take(sender.caller, Share::Streams) else {
                        return Refusal::Streams.into_response();
                    };
                    let request = Request::from_parts(parts, Body::from(body));
                    return held(Sessions::sent_by(sender, next.run(request)).await, listens);
                }
                Ok(Looked::Listens) => {}
                Ok(Looked::Apart(apart)) => {
                    body = apart.rest.into();
                    parts.headers.insert(header::CONTENT_LENGTH, body.len().into());
                    parts.extensions.insert(apart.arguments);
                    called = Some(apart.tool);
                }
            }
        }
        // By what the message says, not by a header that says what is in it. In a session of events the call says it.
        if let (Some(tool), Some(server), None) = (&called, &self.tools, parts.extensions.get::<Session>()) {
            let rights = parts.extensions.get().copied().unwrap_or(Rights::NONE);
            if let Err(refused) = rights.require(server.needs(tool)) {
                // Whoever let the request in knows how to say it.
                let mut response = StatusCode::FORBIDDEN.into_response();
                response.extensions_mut().insert(refused);
                return response;
            }
        }
        let request = Request::from_parts(parts, Body::from(body));
        let Some(taken) = taken else { return next.run(request).await };
        let mut response = self.at_work((sender, taken), request, next).await;
        if called.is_some() {
            response.extensions_mut().insert(OfCall);
        }
        response
    }

    /// Who sends a request: the user of its key, else whoever is at its address.
    fn sender(&self, request: &Request, came_over: Option<&CameOver>) -> Owner {
        /// Owns nothing, as in the service behind.
        const NOBODY: UserId = UserId::new(0);
        let user = request.extensions().get().copied().unwrap_or(NOBODY);
        let address = came_over.map(|came_over| proxies::client(&self.proxies, came_over.peer, request.headers()));
        let caller = match address {
            Some(address) if user == UserId::LOCAL => Caller::Address(address),
            _ => Caller::User(user),
        };
        Owner { user, caller }
    }

    /// The whole body, in its time and no longer than it may be.
    async fn whole(&self, body: Body) -> Result<Bytes, Refusal> {
        let collecting = Limited::new(body, self.longest_body).collect();
        match tokio::time::timeout(self.body_time, collecting).await {
            Err(_) => Err(Refusal::SlowBody),
            Ok(Err(error)) if error.is::<LengthLimitError>() => Err(Refusal::LongBody),
            Ok(Err(_)) => Err(Refusal::BrokenBody),
            Ok(Ok(whole)) => Ok(whole.to_bytes()),
        }
    }

    /// True where neither a place is free nor one in the queue.
    fn is_full(&self) -> bool {
        self.requests.available_permits() == 0 && self.queue.available_permits() == 0
    }

    /// A place to work, at once or within a moment.
    async fn place(&self) -> Option<OwnedSemaphorePermit> {
        if let Ok(place) = Arc::clone(&self.requests).try_acquire_owned() {
            return Some(place);
        }
        let _waiting = self.queue.try_acquire().ok()?;
        tokio::time::timeout(QUEUE_TIME, Arc::clone(&self.requests).acquire_owned()).await.ok()?.ok()
    }

    /// What a request takes as long as it is at work: one of its caller's share, and a place.
    async fn taken(&self, sender: Owner) -> Result<(Taken, OwnedSemaphorePermit), Refusal> {
        let taken = self.shares.take(sender.caller, Share::Requests).ok_or(Refusal::Requests)?;
        let place = self.place().await.ok_or(Refusal::Busy)?;
        Ok((taken, place))
    }

    async fn at_work(
        &self,
        (sender, taken): (Owner, (Taken, OwnedSemaphorePermit)),
        mut request: Request,
        next: Next,
    ) -> Response {
        let at_work = AtWork::holding(taken);
        // The answer to a message of such a session comes on its stream, later than that to the request.
        if request.extensions().get::<Session>().is_some() {
            request.extensions_mut().insert(at_work.clone());
        }
        let response = Sessions::sent_by(sender, next.run(request)).await;
        if response.status() == StatusCode::INTERNAL_SERVER_ERROR {
            match self.sessions.refuse(sender.caller).await {
                Some(SessionsError::Share) => return Refusal::Sessions.into_response(),
                Some(_) => return Refusal::NoSession.into_response(),
                None => {}
            }
        }
        // A tool works while its answer is streamed, so the place is taken until the last of it is sent.
        held(response, at_work)
    }
}

/// The response, holding something until the last of it is sent.
pub(super) fn held(response: Response, kept: impl Send + Sync + 'static) -> Response {
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _held = &kept;
            frame
        }))
    })
}

pub(super) fn is_json(headers: &HeaderMap) -> bool {
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok()).unwrap_or_default();
    kind.split(';').next().is_some_and(|kind| kind.trim().eq_ignore_ascii_case("application/json"))
}

/// Whether a body is a message; one that asks for nothing is. A long call is taken apart, away from the async threads.
async fn looked_at(body: Bytes) -> Result<Looked, Box<Refused>> {
    if body.len() <= message::LONG {
        return message::check(&body);
    }
    spawn_blocking(move || message::apart(&body)).await.unwrap_or_else(|_| Err(Refused::unread()))
}

#[cfg(test)]
mod tests;
