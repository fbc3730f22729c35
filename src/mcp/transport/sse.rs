//! Server-sent events of protocol 2024-11-05: a stream for each client, on which every answer comes, and an address that its
//! messages are posted to. The SDK has this transport no more; many frameworks are still set up with `transport: "sse"`.
//!
//! A stream is a session: it begins with the address for messages, `/messages?session=<replica>.<32 hexadecimal digits>`, and
//! whatever ends the stream ends the session and all that is at work in it. The 128 bits are the operating system's, and a session is
//! found by its own user only; in logs it is `<replica>.***`. A call has its place among those at work until its answer goes onto the
//! stream or its client gives it up: who does not read does not get more than a share of them.

use std::{
    collections::HashMap,
    fmt::{self, Write as _},
    io,
    pin::Pin,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use axum::{body::Bytes, http};
use factor_types::UserId;
use futures::{Sink, Stream, stream};
use rmcp::{
    RoleServer,
    model::{ClientNotification, GetExtensions, JsonRpcMessage, RequestId},
    service::{RxJsonRpcMessage, TxJsonRpcMessage, serve_server_with_ct},
};
use tokio::{
    sync::mpsc,
    time::{Instant, Interval, MissedTickBehavior, interval_at},
};
use tokio_util::sync::{CancellationToken, DropGuard, PollSender};

use crate::mcp::server::Server;

/// Where a stream is opened.
pub(crate) const STREAM: &str = "/sse";
/// Where its messages are posted to.
pub(crate) const MESSAGES: &str = "/messages";

/// How often a stream says that it is there: proxies end one that says nothing for half a minute.
const PING: Duration = Duration::from_secs(15);
/// Messages that wait for a session to look at them. It takes each at once and works on it apart.
const MOST_COMING: usize = 64;
/// Messages that wait for the stream to take them: some more than answers to as many calls as one caller may have at work.
const MOST_GOING: usize = 32;
/// How long a message waits for its session to take it.
const TAKING: Duration = Duration::from_secs(1);

type Coming = RxJsonRpcMessage<RoleServer>;
type Going = TxJsonRpcMessage<RoleServer>;

/// What holds the place of a request among those at work.
#[derive(Clone)]
pub(crate) struct AtWork(Arc<dyn std::any::Any + Send + Sync>);

impl AtWork {
    /// A place that is taken until the last copy of this is dropped.
    pub(crate) fn holding(place: impl Send + Sync + 'static) -> Self {
        Self(Arc::new(place))
    }
}

impl fmt::Debug for AtWork {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("AtWork").field(&Arc::strong_count(&self.0)).finish()
    }
}

/// The sessions of one server.
#[derive(Debug)]
pub(crate) struct Sessions {
    server: Server,
    replica: String,
    /// What the address for messages begins with, where the public URL has a path.
    prefix: String,
    most: usize,
    stop: CancellationToken,
    kept: Mutex<HashMap<Id, Session>>,
}

/// The name of a session. Whoever knows it and is its user is in it.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Id(String);

impl Id {
    /// A new one; `None` where the system gives no random numbers.
    fn new(replica: &str) -> Option<Self> {
        let mut bits = [0_u8; 16];
        getrandom::fill(&mut bits).ok()?;
        let mut id = format!("{replica}.");
        for byte in bits {
            let _ = write!(id, "{byte:02x}");
        }
        Some(Self(id))
    }
}

impl fmt::Debug for Id {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let replica = self.0.rsplit_once('.').map_or("", |(replica, _)| replica);
        write!(f, "{replica}.***")
    }
}

/// A session, as those see it who bring it messages.
#[derive(Clone)]
pub(crate) struct Session {
    user: UserId,
    coming: mpsc::Sender<Coming>,
    going: mpsc::Sender<Going>,
    unanswered: Unanswered,
}

impl fmt::Debug for Session {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Session").field("user", &self.user).finish_non_exhaustive()
    }
}

/// The places of requests whose answers have not gone onto the stream.
#[derive(Debug, Clone, Default)]
struct Unanswered(Arc<Mutex<HashMap<RequestId, AtWork>>>);

impl Unanswered {
    fn requests(&self) -> MutexGuard<'_, HashMap<RequestId, AtWork>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Why there is no stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Full;

/// Why a message was not taken: its session has ended, or takes none just now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NotTaken {
    Ended,
    Busy,
}

impl Sessions {
    pub(crate) fn new(server: Server, prefix: String, most: usize, stop: CancellationToken) -> Arc<Self> {
        let replica = replica(server.app().settings.http.replica.as_deref());
        Arc::new(Self { server, replica, prefix, most, stop, kept: Mutex::default() })
    }

    fn kept(&self) -> MutexGuard<'_, HashMap<Id, Session>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens a stream, and with it a session of this user's.
    ///
    /// # Errors
    /// When there are as many as there may be.
    pub(crate) fn open(
        self: &Arc<Self>,
        user: UserId,
    ) -> Result<impl Stream<Item = io::Result<Bytes>> + Send + 'static + use<>, Full> {
        let (to_session, mut coming) = mpsc::channel(MOST_COMING);
        let (to_stream, going) = mpsc::channel(MOST_GOING);
        let unanswered = Unanswered::default();
        let session = Session { user, coming: to_session, going: to_stream.clone(), unanswered: unanswered.clone() };
        let id = Id::new(&self.replica).ok_or(Full)?;
        {
            let mut kept = self.kept();
            if kept.len() >= self.most {
                return Err(Full);
            }
            kept.insert(id.clone(), session);
        }
        let open = Open { id: id.clone(), sessions: Arc::clone(self) };
        tracing::debug!(session = ?id, "a stream begins");
        let stop = self.stop.child_token();
        let ends = stop.clone().drop_guard();
        let sink = Answers { stream: PollSender::new(to_stream), unanswered };
        let messages = stream::poll_fn(move |context| coming.poll_recv(context));
        let (server, ended) = (self.server.for_client(), stop.clone());
        tokio::spawn(async move {
            // It ends with the stream. When it ends first (a first message that is no way to begin), what it said is still sent.
            let _open = open;
            match serve_server_with_ct(server, (sink, messages), ended).await {
                Ok(running) => drop(running.waiting().await),
                // The message itself is not shown: it may hold anything of the caller's.
                Err(_) => tracing::debug!("a stream ended before it was begun with"),
            }
        });
        let address = format!("event: endpoint\ndata: {}{MESSAGES}?session={}\n\n", self.prefix, id.0);
        let mut pings = interval_at(Instant::now() + PING, PING);
        pings.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let events = Events { first: Some(address), going, pings, stop, _ends: ends };
        Ok(stream::unfold(events, |mut events| async move {
            let event = events.next().await?;
            Some((Ok(Bytes::from(event)), events))
        }))
    }

    /// The session of that name, where it is this user's: whether another's exists is its user's business.
    pub(crate) fn of_user(&self, id: &str, user: UserId) -> Option<Session> {
        self.kept().get(&Id(id.to_owned())).filter(|session| session.user == user).cloned()
    }
}

/// The name of this process in the ids of its sessions: the one set, else some random letters.
fn replica(set: Option<&str>) -> String {
    set.map_or_else(
        || {
            let mut bits = [0_u8; 3];
            // Where the system has none no session is opened either.
            let _ = getrandom::fill(&mut bits);
            bits.iter().fold(String::from("r"), |name, byte| format!("{name}{byte:02x}"))
        },
        str::to_owned,
    )
}

/// Takes a session from the others when its work ends.
struct Open {
    id: Id,
    sessions: Arc<Sessions>,
}

impl Drop for Open {
    fn drop(&mut self) {
        self.sessions.kept().remove(&self.id);
        tracing::debug!(session = ?self.id, "a stream ends");
    }
}

impl Session {
    /// Brings a message. What the transport knows of its sender goes with it, as over streamable HTTP.
    ///
    /// # Errors
    /// When it was not taken.
    pub(crate) async fn bring(&self, mut message: Coming, mut parts: http::request::Parts) -> Result<(), NotTaken> {
        let at_work = parts.extensions.get::<AtWork>().cloned();
        match &mut message {
            JsonRpcMessage::Request(request) => {
                if let Some(at_work) = at_work {
                    self.unanswered.requests().insert(request.id.clone(), at_work);
                }
                request.request.extensions_mut().insert(parts);
            }
            JsonRpcMessage::Notification(note) => {
                // What is given up gets no answer.
                if let ClientNotification::CancelledNotification(cancelled) = &note.notification
                    && let Some(id) = &cancelled.params.request_id
                {
                    self.unanswered.requests().remove(id);
                }
                parts.extensions.remove::<AtWork>();
                note.notification.extensions_mut().insert(parts);
            }
            JsonRpcMessage::Response(_) | JsonRpcMessage::Error(_) => {}
        }
        let id = match &message {
            JsonRpcMessage::Request(request) => Some(request.id.clone()),
            _ => None,
        };
        let refused = match self.coming.send_timeout(message, TAKING).await {
            Ok(()) => return Ok(()),
            Err(mpsc::error::SendTimeoutError::Closed(_)) => NotTaken::Ended,
            Err(mpsc::error::SendTimeoutError::Timeout(_)) => NotTaken::Busy,
        };
        if let Some(id) = id {
            self.unanswered.requests().remove(&id);
        }
        Err(refused)
    }

    /// Says something on the stream past the session, at once or not at all.
    pub(crate) fn says(&self, message: Going) -> bool {
        self.going.try_send(message).is_ok()
    }
}

/// What a session says, on its way to the stream.
struct Answers {
    stream: PollSender<Going>,
    unanswered: Unanswered,
}

impl Sink<Going> for Answers {
    type Error = tokio_util::sync::PollSendError<Going>;

    fn poll_ready(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.stream).poll_ready(context)
    }

    fn start_send(mut self: Pin<&mut Self>, message: Going) -> Result<(), Self::Error> {
        let answered = match &message {
            JsonRpcMessage::Response(response) => Some(&response.id),
            JsonRpcMessage::Error(error) => error.id.as_ref(),
            JsonRpcMessage::Request(_) | JsonRpcMessage::Notification(_) => None,
        };
        if let Some(id) = answered {
            self.unanswered.requests().remove(id);
        }
        Pin::new(&mut self.stream).start_send(message)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_close(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Result<(), Self::Error>> {
        Pin::new(&mut self.stream).poll_close(context)
    }
}

/// What is written on a stream, one event after the other.
struct Events {
    /// The address for messages.
    first: Option<String>,
    going: mpsc::Receiver<Going>,
    pings: Interval,
    stop: CancellationToken,
    /// Ends what serves the session once the stream is dropped.
    _ends: DropGuard,
}

impl Events {
    async fn next(&mut self) -> Option<String> {
        if let Some(first) = self.first.take() {
            return Some(first);
        }
        tokio::select! {
            // What has been said goes out before the end.
            biased;
            message = self.going.recv() => {
                let text = serde_json::to_string(&message?).ok()?;
                Some(format!("event: message\ndata: {text}\n\n"))
            }
            () = self.stop.cancelled() => None,
            _ = self.pings.tick() => Some(": ping\n\n".to_owned()),
        }
    }
}

#[cfg(test)]
mod tests {
    use futures::StreamExt;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        app::App,
        mcp::{catalog::ToolFilter, tools::TOOLS},
        settings::Settings,
    };

    const ADA: UserId = UserId::new(7);

    fn sessions(most: usize) -> Arc<Sessions> {
        let app = App::build(Settings::with(&[("FACTOR_REPLICA", "west-1")]).unwrap()).unwrap();
        let server = Server::new(app, TOOLS, &ToolFilter::default()).unwrap();
        Sessions::new(server, "/factors".to_owned(), most, CancellationToken::new())
    }

    async fn next(stream: &mut (impl Stream<Item = io::Result<Bytes>> + Unpin)) -> String {
        String::from_utf8(stream.next().await.unwrap().unwrap().to_vec()).unwrap()
    }

    /// The name of the session in the first event.
    fn named(first: &str) -> &str {
        let address = first.strip_prefix("event: endpoint\ndata: /factors/messages?session=").unwrap();
        address.strip_suffix("\n\n").unwrap()
    }

    fn message(value: Value) -> Coming {
        serde_json::from_value(value).unwrap()
    }

    fn request(id: u64, method: &str, params: Value) -> Coming {
        message(json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}))
    }

    fn parts(at_work: Option<AtWork>) -> http::request::Parts {
        let (mut parts, ()) = http::Request::new(()).into_parts();
        parts.extensions.insert(ADA);
        if let Some(at_work) = at_work {
            parts.extensions.insert(at_work);
        }
        parts
    }

    async fn begun(session: &Session) {
        let params =
            json!({"protocolVersion": "2024-11-05", "capabilities": {}, "clientInfo": {"name": "t", "version": "1"}});
        session.bring(request(0, "initialize", params), parts(None)).await.unwrap();
    }

    #[tokio::test(start_paused = true)]
    async fn a_stream_begins_with_its_address_answers_and_pings() {
        let sessions = sessions(2);
        let mut stream = Box::pin(sessions.open(ADA).unwrap());
        let first = next(&mut stream).await;
        let id = named(&first).to_owned();
        assert!(id.strip_prefix("west-1.").unwrap().len() == 32, "{id}");
        assert_eq!(format!("{:?}", Id(id.clone())), "west-1.***");
        assert!(sessions.of_user(&id, UserId::new(8)).is_none(), "another's");
        let session = sessions.of_user(&id, ADA).unwrap();
        begun(&session).await;
        let answer = next(&mut stream).await;
        let answer: Value = serde_json::from_str(answer.strip_prefix("event: message\ndata: ").unwrap()).unwrap();
        assert_eq!(answer["result"]["protocolVersion"], "2024-11-05");
        let before = Instant::now();
        assert_eq!(next(&mut stream).await, ": ping\n\n");
        assert_eq!(next(&mut stream).await, ": ping\n\n");
        assert!(before.elapsed() <= 2 * PING);
        // There is a bound, and what ends frees its place.
        let second = sessions.open(ADA).unwrap();
        assert_eq!(sessions.open(ADA).err(), Some(Full));
        drop((stream, second));
        while !sessions.kept().is_empty() {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        assert!(sessions.of_user(&id, ADA).is_none());
        assert_eq!(session.bring(request(1, "ping", json!({})), parts(None)).await, Err(NotTaken::Ended));
    }

    #[tokio::test(start_paused = true)]
    async fn a_place_is_taken_until_the_answer_is_on_the_stream_or_given_up() {
        let sessions = sessions(1);
        let mut stream = Box::pin(sessions.open(ADA).unwrap());
        let first = next(&mut stream).await;
        let session = sessions.of_user(named(&first), ADA).unwrap();
        begun(&session).await;
        next(&mut stream).await;
        // More answers than the stream takes while nobody reads it.
        let places: Vec<Arc<()>> = (0..MOST_GOING + 5).map(|_| Arc::default()).collect();
        for (at, place) in places.iter().enumerate() {
            let at_work = AtWork::holding(Arc::clone(place));
            session.bring(request(1 + at as u64, "ping", json!({})), parts(Some(at_work))).await.unwrap();
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
        let held = || places.iter().filter(|place| Arc::strong_count(place) > 1).count();
        assert!((4..=5).contains(&held()), "{}", held());
        for _ in &places {
            assert!(next(&mut stream).await.contains("\"result\":{}"));
        }
        assert_eq!(held(), 0);

        let place = Arc::new(());
        let call = json!({"name": "list_factors", "arguments": {}});
        let at_work = AtWork::holding(Arc::clone(&place));
        session.bring(request(90, "tools/call", call), parts(Some(at_work))).await.unwrap();
        let cancelled = json!({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": 90}});
        session.bring(message(cancelled), parts(None)).await.unwrap();
        for _ in 0..100 {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!(Arc::strong_count(&place), 1, "what is given up frees its place");
    }

    #[tokio::test]
    async fn a_stream_ends_when_the_server_is_told_to() {
        let sessions = sessions(1);
        let mut stream = Box::pin(sessions.open(ADA).unwrap());
        next(&mut stream).await;
        sessions.stop.cancel();
        assert!(stream.next().await.is_none());
    }
}
