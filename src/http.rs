//! Streamable HTTP at `/mcp`, server-sent events at `/sse`, REST at `/api` and the page at `/`, with the limits a listening server needs.
//!
//! A request is its user's: the one whose key or access token it brings, or the local user where none is needed (see
//! `http/keys.rs` and `http/tokens.rs`).
//!
//! | limit | what happens beyond it |
//! | --- | --- |
//! | `Host` and `Origin` | 403: a web page must not reach a local server through the browser; two `Host`s are 400 |
//! | a body of 256 KiB | 413 |
//! | a request head in 5 s, a body in 10 s | the connection is closed; 408 |
//! | 16 requests at work, 16 streams, 16 sessions of one caller | 429; on a stream of `/sse` an error of the message |
//! | 64 connections of one address | the idlest makes room; 429 where all work |
//! | 64 requests at work in all | a quarter of a second in the queue, of 256 at most, then 503 |
//! | 256 sessions in all, 10 idle minutes each | 503 until one ends |
//! | 1,024 connections in all | the idlest makes room; 503 where all work |
//!
//! A caller is the user of a key, else an address; of proxies in front only those named in `FACTOR_TRUSTED_PROXIES` are
//! believed when they say whose request they pass on.

mod connections;
mod cors;
mod events;
mod guard;
mod health;
mod hosts;
mod keys;
mod page;
mod proxies;
mod refusals;
mod scrape;
mod sessions;
mod shares;
mod sse;
mod stay;
mod tokens;

use std::{convert::Infallible, net::SocketAddr, sync::Arc, time::Duration};

use anyhow::Context;
use axum::{
    Router,
    body::Body,
    http::{HeaderValue, header::CONNECTION},
    middleware,
    routing::MethodRouter,
    serve::ListenerExt,
};
use factor_auth::Verifier;
use factor_store::{NewUsers, Store, StoreError};
use futures::FutureExt;
use hyper::service::service_fn;
use hyper_util::{rt::TokioIo, server::graceful::GracefulShutdown, service::TowerToHyperService};
use rmcp::transport::{StreamableHttpServerConfig, StreamableHttpService};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpSocket, TcpStream},
    sync::{Semaphore, SemaphorePermit},
};
use tokio_util::sync::CancellationToken;

use self::{
    connections::{Admitted, ConnectionLimits, Connections, Full, Watched},
    events::Events,
    guard::{CameOver, Guard, held},
    health::Readiness,
    hosts::Names,
    keys::Door,
    refusals::Refusal,
    scrape::Scrape,
    sessions::Sessions,
    shares::Shares,
    tokens::Tokens,
};
use crate::{
    mcp::{raw_content::RawContent, server::Server, transport::sse::Sessions as Streams},
    rest::Rest,
    settings::TrustedProxies,
};

/// The store that several users share.
const POSTGRES: &str = "postgres";
const MAX_BODY_BYTES: usize = 256 * 1024;
const BODY_TIME: Duration = Duration::from_secs(10);
const MAX_REQUESTS: usize = 64;
/// Requests that wait for one of those places: as many as are worked on in a tenth of a second where calls are small.
const MAX_QUEUED: usize = 256;
const MAX_SESSIONS: usize = 256;
const SESSION_IDLE: Duration = Duration::from_secs(10 * 60);
/// Of requests, of streams and of sessions: what one caller may have at once.
const SHARE: usize = 16;
const CONNECTIONS: ConnectionLimits = ConnectionLimits {
    most: 1_024,
    most_each: 64,
    head: Duration::from_secs(5),
    idle: Duration::from_secs(30),
    unread: Duration::from_secs(30),
    spared: Duration::from_secs(1),
};
/// What may be connected to ask for metrics.
const METRICS_CONNECTIONS: ConnectionLimits = ConnectionLimits { most: 16, most_each: 8, ..CONNECTIONS };
/// The longest request head, in bytes.
const MAX_HEAD_BYTES: usize = 64 * 1024;
/// How long requests at work may take to finish once the server is asked to stop.
const DRAIN_TIME: Duration = Duration::from_secs(15);
/// How long the connections that are open may send their next request after that. A balancer sends requests over connections that it
/// keeps: one that is closed as it does loses the request, and one that is closed by an answer does not.
const LAST_REQUESTS: Duration = Duration::from_secs(1);
/// How long a connection that is not taken is heard, so that its client reads why.
const FAREWELL: Duration = Duration::from_millis(500);

/// How the HTTP server is run.
#[derive(Debug, Clone)]
pub struct HttpOptions {
    /// Where it listens; port 0 for any free one.
    pub addr: SocketAddr,
    /// Host names it answers to, besides those of the loopback interface: `example.com` or `example.com:8080`.
    pub allowed_hosts: Vec<String>,
    /// Origins of web pages that may call it, besides those of the loopback interface: `https://example.com:443`.
    pub allowed_origins: Vec<String>,
    /// Serve protocol 2024-11-05 at `/sse` too.
    pub sse: bool,
    /// Where Prometheus may ask for metrics, apart from everything else.
    pub metrics_addr: Option<SocketAddr>,
    /// Tell metrics where everything else is, to everybody.
    pub metrics_public: bool,
    /// Ask for no key, wherever it listens; a shared store asks nevertheless, and so does one that takes access tokens.
    pub insecure: bool,
    /// Proxies in front that are believed when they say whose request they pass on.
    pub trusted_proxies: TrustedProxies,
}

impl HttpOptions {
    /// The loopback interface only.
    pub fn local(addr: SocketAddr) -> Self {
        Self {
            addr,
            allowed_hosts: Vec::new(),
            allowed_origins: Vec::new(),
            sse: true,
            metrics_addr: None,
            metrics_public: false,
            insecure: false,
            trusted_proxies: TrustedProxies::default(),
        }
    }
}

/// A server that listens but does not serve yet.
#[derive(Debug)]
pub struct HttpServer {
    listener: TcpListener,
    router: Router,
    stop: CancellationToken,
    /// Cancelled once it is told to stop.
    stopping: CancellationToken,
    metrics: Option<Metrics>,
    requests: Arc<Semaphore>,
    connections: Arc<Connections>,
    /// Who checks access tokens, where they are taken.
    verifier: Option<Arc<Verifier>>,
}

/// Where metrics are told apart from everything else.
#[derive(Debug)]
struct Metrics {
    listener: TcpListener,
    router: Router,
    connections: Arc<Connections>,
}

/// What the parts of a server share.
struct Shared {
    requests: Arc<Semaphore>,
    queue: Arc<Semaphore>,
    proxies: Arc<TrustedProxies>,
    names: Arc<Names>,
    stop: CancellationToken,
    stopping: CancellationToken,
}

impl HttpServer {
    /// Starts to listen. A key is asked for where others can connect, unless `insecure` says otherwise, and always where
    /// several users share the store or come with access tokens.
    ///
    /// # Errors
    /// When the store cannot keep its users apart, when a key is asked for and nobody has one, or when the address cannot
    /// be bound.
    pub async fn bind(server: Server, options: HttpOptions) -> anyhow::Result<Self> {
        let verifier = server.app().tokens.clone();
        let key_required = key_required(&*server.app().store, &options, verifier.is_some()).await?;
        let listen = |addr: SocketAddr| {
            let taken = || format!("cannot listen on {addr}: take another port, or stop what listens there");
            listener(addr).with_context(taken)
        };
        let listener = listen(options.addr)?;
        let (hosts, origins) = names(&server, &options);
        let proxies = Arc::new(options.trusted_proxies.clone());
        let connections = Arc::new(Connections::new(CONNECTIONS, Arc::clone(&proxies)));
        let shared = Shared {
            requests: Arc::new(Semaphore::new(MAX_REQUESTS)),
            queue: Arc::new(Semaphore::new(MAX_QUEUED)),
            proxies: Arc::clone(&proxies),
            names: Arc::new(Names::new(&hosts, &origins)),
            stop: CancellationToken::new(),
            stopping: CancellationToken::new(),
        };
        let scrape = Scrape {
            app: Arc::clone(server.app()),
            requests: Arc::clone(&shared.requests),
            queue: Arc::clone(&shared.queue),
            connections: Arc::clone(&connections),
        };
        let metrics = match options.metrics_addr {
            None => None,
            Some(addr) => {
                let mut router = Router::new().route(scrape::PATH, scrape::route(scrape.clone()));
                // Whoever may reach it by another address is asked for by that one.
                if addr.ip().is_loopback() {
                    router = router.layer(middleware::from_fn_with_state(Arc::clone(&shared.names), hosts::known));
                }
                let connections = Arc::new(Connections::new(METRICS_CONNECTIONS, proxies));
                Some(Metrics { listener: listen(addr)?, router, connections })
            }
        };
        let public = options.metrics_public.then(|| scrape::route(scrape));
        let (requests, stop, stopping) = (Arc::clone(&shared.requests), shared.stop.clone(), shared.stopping.clone());
        let router = router(server, options, key_required, (hosts, origins), shared, public);
        Ok(Self { listener, router, stop, stopping, metrics, requests, connections, verifier })
    }

    /// Where metrics are told, where that is apart from everything else.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn metrics_addr(&self) -> std::io::Result<Option<SocketAddr>> {
        self.metrics.as_ref().map(|metrics| metrics.listener.local_addr()).transpose()
    }

    /// Where it listens.
    ///
    /// # Errors
    /// When the system does not say.
    pub fn addr(&self) -> std::io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` resolves, then lets the requests at work finish.
    pub async fn serve(self, stop: impl Future<Output = ()>) {
        let Self { listener, router, stop: streams, stopping, metrics, requests, connections, verifier } = self;
        // The issuer's keys are fetched before the first token comes, and anew as long as the server runs.
        let fetching = verifier.map(|verifier| tokio::spawn(async move { verifier.keep_fresh().await }));
        let graceful = GracefulShutdown::new();
        let accepting = accept(listener, &connections, &router, (&graceful, &stopping));
        let scraped = async {
            if let Some(metrics) = metrics {
                accept(metrics.listener, &metrics.connections, &metrics.router, (&graceful, &stopping)).await;
            }
        };
        // Those who are connected hear that it stops; the listeners are closed with what accepted from them.
        let told = async {
            stop.await;
            stopping.cancel();
            tracing::info!("asked to stop");
        };
        tokio::join!(told, accepting, scraped);
        let _ = tokio::time::timeout(LAST_REQUESTS, connections.all_at_work()).await;
        // Streams that only listen never end by themselves: they are ended once no request is at work, and none begins after that.
        let _none_begins = tokio::time::timeout(DRAIN_TIME, all_of(&requests)).await;
        streams.cancel();
        let _ = tokio::time::timeout(Duration::from_secs(2), graceful.shutdown()).await;
        if let Some(fetching) = fetching {
            fetching.abort();
        }
    }
}

/// All places for requests, once nobody has one. Who waited for them in the queue would have those that come meanwhile wait too.
async fn all_of(requests: &Semaphore) -> SemaphorePermit<'_> {
    const LOOK_AGAIN: Duration = Duration::from_millis(10);
    let all = u32::try_from(MAX_REQUESTS).unwrap_or(u32::MAX);
    loop {
        if let Ok(all) = requests.try_acquire_many(all) {
            return all;
        }
        tokio::time::sleep(LOOK_AGAIN).await;
    }
}

/// Takes in whoever connects, until the server is asked to stop; then those whom the system has let in before, and closes.
async fn accept(
    listener: TcpListener,
    connections: &Arc<Connections>,
    router: &Router,
    (graceful, stopping): (&GracefulShutdown, &CancellationToken),
) {
    // Nagle's algorithm and delayed acknowledgements would add 40 ms to every answer of a session.
    let mut listener = listener.tap_io(|io| {
        if let Err(error) = io.set_nodelay(true) {
            tracing::debug!(%error, "TCP_NODELAY not set");
        }
    });
    let take = |(io, peer): (TcpStream, SocketAddr)| match connections.admit(peer.ip()) {
        Ok(admitted) => serve_connection(io, admitted, router.clone(), (graceful, stopping.clone())),
        Err(full) => drop(tokio::spawn(send_away(io, full))),
    };
    while let Some(came) = stopping.run_until_cancelled(axum::serve::Listener::accept(&mut listener)).await {
        take(came);
    }
    for _ in 0..CONNECTIONS.most {
        match axum::serve::Listener::accept(&mut listener).now_or_never() {
            Some(came) => take(came),
            None => return,
        }
    }
}

/// Listens with room for as many who connect at once as there may be connections: what is beyond the usual 128 would be dropped
/// before anybody could answer it.
fn listener(addr: SocketAddr) -> std::io::Result<TcpListener> {
    let socket = if addr.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // On Windows it would let another process take the port.
    #[cfg(not(windows))]
    socket.set_reuseaddr(true)?;
    socket.bind(addr)?;
    socket.listen(u32::try_from(CONNECTIONS.most).unwrap_or(u32::MAX))
}

/// Serves one connection in a task of its own.
fn serve_connection(
    io: TcpStream,
    admitted: Admitted,
    router: Router,
    (graceful, stopping): (&GracefulShutdown, CancellationToken),
) {
    let connection = Arc::clone(&admitted.connection);
    let watched = Watched::new(io, Arc::clone(&connection));
    let service = TowerToHyperService::new(router);
    let service = service_fn(move |request: hyper::Request<hyper::body::Incoming>| {
        let mut request = request.map(Body::new);
        let began = Arc::new(connection.begins());
        request.extensions_mut().insert(CameOver { peer: connection.peer, request: Arc::clone(&began) });
        let answering = hyper::service::Service::call(&service, request);
        let stopping = stopping.clone();
        async move {
            let mut response = answering.await?;
            // hyper closes the connection after it, and whoever keeps connections knows.
            if stopping.is_cancelled() {
                response.headers_mut().insert(CONNECTION, HeaderValue::from_static("close"));
            }
            Ok::<_, Infallible>(held(response, began))
        }
    });
    let mut http = hyper::server::conn::http1::Builder::new();
    // The connection keeps the time itself: hyper's counts the pause between two requests as a slow head.
    http.header_read_timeout(None).max_buf_size(MAX_HEAD_BYTES);
    let serving = graceful.watch(http.serve_connection(TokioIo::new(watched), service));
    tokio::spawn(async move {
        tokio::select! {
            // What is read and written comes first: the deadline is looked at after it.
            biased;
            served = serving => {
                if let Err(error) = served {
                    tracing::debug!(%error, "a connection ended");
                }
            }
            () = admitted.connection.overdue() => {}
        }
    });
}

/// Tells a client that there is no place for its connection.
async fn send_away(mut io: TcpStream, full: Full) {
    let refusal = match full {
        Full::Address => Refusal::Connections,
        Full::Server => Refusal::Busy,
    };
    let farewell = async {
        io.write_all(refusal.at_the_door().as_bytes()).await?;
        io.shutdown().await?;
        // A socket closed on bytes that nobody read takes the answer with it.
        tokio::io::copy(&mut (&mut io).take(MAX_BODY_BYTES as u64), &mut tokio::io::sink()).await
    };
    let _ = tokio::time::timeout(FAREWELL, farewell).await;
}

/// Whether a key is required; refuses what would lock everyone out, or let users see each other's data.
async fn key_required(store: &dyn Store, options: &HttpOptions, tokens: bool) -> anyhow::Result<bool> {
    let addr = options.addr;
    // Several servers may share it, and users are told apart by their keys alone.
    if store.name() == POSTGRES {
        match store.check().await {
            Ok(()) => {}
            // What no waiting mends; a database that is away for a moment is no reason not to start.
            Err(error @ (StoreError::UnsafeRole(_) | StoreError::Schema(_))) => return Err(error.into()),
            Err(error) => tracing::warn!(%error, "the store cannot be checked yet"),
        }
        return Ok(true);
    }
    // Then users come with tokens, and nobody has to have a key before.
    if tokens {
        return Ok(true);
    }
    if addr.ip().is_loopback() || options.insecure {
        return Ok(false);
    }
    let keys = match store.users().await {
        // Without a store there are no users: as if nobody had a key.
        Err(StoreError::NotConfigured) => Ok(false),
        // A damaged one may have had a key.
        users => users.map(|users| users.rows.iter().any(|user| user.has_key) || !users.damaged.is_empty()),
    };
    match keys {
        Ok(false) => anyhow::bail!(
            "{addr} can be reached from other machines, so every request needs a key, and nobody has one: make one with \
             `factor-mcp user add`, listen on 127.0.0.1, or say --insecure if something in front asks who they are"
        ),
        Ok(true) => {}
        Err(error) => tracing::warn!(%error, "the users cannot be read yet"),
    }
    Ok(true)
}

/// The hosts that the server answers to, and the origins of pages that may call it.
fn names(server: &Server, options: &HttpOptions) -> (Vec<String>, Vec<String>) {
    let own = server.app().settings.http.public_url.as_deref().and_then(host_of);
    let hosts = ["localhost", "127.0.0.1", "::1"].map(String::from).into_iter().chain(own);
    // Without a list rmcp checks no Origin at all.
    let local = ["http://localhost:*", "http://127.0.0.1:*", "http://[::1]:*"];
    let origins = local.map(String::from).into_iter().chain(options.allowed_origins.iter().cloned());
    (hosts.chain(options.allowed_hosts.iter().cloned()).collect(), origins.collect())
}

fn router(
    server: Server,
    options: HttpOptions,
    key_required: bool,
    (hosts, origins): (Vec<String>, Vec<String>),
    shared: Shared,
    metrics: Option<MethodRouter>,
) -> Router {
    let Shared { requests, queue, proxies, names, stop, stopping } = shared;
    let cors = cors::layer(&origins);
    let config = StreamableHttpServerConfig::default()
        // Without sessions a legacy client could not cancel a call.
        .with_legacy_session_mode(true)
        .with_allowed_hosts(hosts)
        .with_allowed_origins(origins)
        .with_max_request_body_bytes(MAX_BODY_BYTES)
        .with_cancellation_token(stop.clone());
    let app = Arc::clone(server.app());
    let sessions = Sessions::new(MAX_SESSIONS, SHARE, SESSION_IDLE).named(app.settings.http.replica.as_deref());
    let sessions = Arc::new(sessions);
    let new = NewUsers {
        tier: app.settings.oauth.default_tier,
        per_hour: u32::try_from(app.settings.oauth.new_users_per_hour).unwrap_or(u32::MAX),
    };
    let tokens = app.tokens.clone().map(|verifier| Tokens::new(verifier, Arc::clone(&app.store), new));
    let documents = tokens.as_ref().map(Tokens::documents).unwrap_or_default();
    let page =
        page::route(tokens.as_ref().map(Tokens::settings), app.settings.oauth.client_id.as_deref(), key_required);
    let events = Events::new(Arc::clone(&app), stop.clone());
    let door = Door::new(Arc::clone(&app.store), Arc::clone(&sessions), key_required, tokens);
    let tools = server.clone();
    let strangers = options.insecure && !key_required;
    let prefix = app.settings.http.public_url.as_deref().map(path_of).unwrap_or_default();
    let streams = options.sse.then(|| Streams::new(server.clone(), prefix.clone(), MAX_SESSIONS, stop));
    let rest = Rest::new(server.clone(), key_required);
    let (root, routes) = rest.router();
    // The factory runs per request in the newer protocol: it hands out clones of what was built once.
    let mcp = StreamableHttpService::new(move || Ok(server.for_client()), Arc::clone(&sessions), config);
    let shares = Arc::new(Shares::new(SHARE));
    let guard = Guard {
        requests,
        queue,
        shares,
        sessions,
        streams: streams.clone(),
        proxies,
        strangers,
        tools: Some(tools),
        longest_body: MAX_BODY_BYTES,
        body_time: BODY_TIME,
    };
    let readiness = Readiness::new(Arc::clone(&app), stopping);
    let mut mounted = health::of_services(Arc::clone(&readiness)).merge(events::routes(events));
    if let Some(streams) = streams {
        mounted = mounted.merge(sse::routes(streams, &prefix));
    }
    let router = mounted
        // rmcp's service looks by itself.
        .layer(middleware::from_fn_with_state(Arc::clone(&names), hosts::known))
        .nest_service("/mcp", mcp)
        .layer(middleware::from_fn(RawContent::responses))
        .nest(root, routes.layer(middleware::from_fn_with_state(names, hosts::known)))
        .layer(middleware::from_fn_with_state(guard, guard::guard))
        .layer(middleware::from_fn_with_state(door, keys::identify))
        .layer(cors);
    // Route by route: a router that is merged brings its own answer to unknown paths, which comes by no door.
    let keyless = health::open(readiness).map(|(path, route)| (path.to_owned(), route)).into_iter();
    let keyless = keyless.chain(metrics.map(|route| (scrape::PATH.to_owned(), route))).chain(documents);
    let keyless = keyless.chain(rest.documents()).chain([("/".to_owned(), page)]);
    let router = keyless.fold(router, |router, (path, document)| router.route(&path, document));
    router.layer(middleware::from_fn(guard::one_host)).layer(middleware::from_fn(refusals::worded))
}

/// The path in a URL, without a slash at its end.
fn path_of(url: &str) -> String {
    let path = url.trim().parse().ok().map(|url: axum::http::Uri| url.path().trim_end_matches('/').to_owned());
    path.filter(|path| path.starts_with('/') && !path.contains(['{', '}'])).unwrap_or_default()
}

/// The host in a URL, without its port.
fn host_of(url: &str) -> Option<String> {
    let url: axum::http::Uri = url.trim().parse().ok()?;
    Some(url.host()?.trim_start_matches('[').trim_end_matches(']').to_owned())
}

#[cfg(test)]
mod tests {
    use factor_store::{NewUser, UserTier};

    use super::*;

    /// Whether a key is asked for by a server with this store that listens there.
    async fn asks(store: &dyn Store, addr: &str, insecure: bool) -> Result<bool, String> {
        let options = HttpOptions { insecure, ..HttpOptions::local(addr.parse().unwrap()) };
        key_required(store, &options, false).await.map_err(|error| error.to_string())
    }

    #[tokio::test]
    async fn a_server_that_others_can_reach_needs_a_user_with_a_key() {
        let folder = tempfile::tempdir().unwrap();
        let store = factor_store::open(None, Some(folder.path())).unwrap();
        store.migrate().await.unwrap();
        for local in ["127.0.0.1:80", "127.9.9.9:80", "[::1]:80"] {
            assert_eq!(asks(&*store, local, false).await, Ok(false), "{local}");
        }
        for open in ["0.0.0.0:80", "[::]:80", "192.168.1.2:80"] {
            let refused = asks(&*store, open, false).await.unwrap_err();
            assert!(refused.starts_with(open) && refused.contains("`factor-mcp user add`"), "{refused}");
            assert_eq!(asks(&*store, open, true).await, Ok(false), "{open}");
        }
        let (user, _key) = store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
        assert_eq!(asks(&*store, "0.0.0.0:80", false).await, Ok(true));
        assert_eq!(asks(&*store, "127.0.0.1:80", false).await, Ok(false));
        store.revoke_user(user.id).await.unwrap();
        assert!(asks(&*store, "0.0.0.0:80", false).await.is_err(), "a user without a key cannot come in");
    }

    #[tokio::test]
    async fn where_tokens_are_taken_everybody_needs_one_and_nobody_a_key_before() {
        let store = factor_store::open(None, None).unwrap();
        for (addr, insecure) in [("127.0.0.1:80", false), ("0.0.0.0:80", false), ("0.0.0.0:80", true)] {
            let options = HttpOptions { insecure, ..HttpOptions::local(addr.parse().unwrap()) };
            assert!(key_required(&*store, &options, true).await.unwrap(), "{addr}");
        }
    }

    #[test]
    fn the_host_of_a_public_url() {
        for (url, host) in [
            ("https://factors.example", "factors.example"),
            ("https://factors.example:8443/a/", "factors.example"),
            ("http://127.0.0.1:8765", "127.0.0.1"),
            ("http://[::1]:8765/", "::1"),
        ] {
            assert_eq!(host_of(url).as_deref(), Some(host));
        }
        assert_eq!(host_of("/only/a/path"), None);
        assert_eq!(["https://a.example", "https://a.example/b/c/", "no url"].map(path_of), ["", "/b/c", ""]);
    }

    #[tokio::test]
    async fn where_nothing_is_kept_nobody_has_a_key() {
        let store = factor_store::open(None, None).unwrap();
        assert!(asks(&*store, "0.0.0.0:80", false).await.is_err());
        assert_eq!(asks(&*store, "127.0.0.1:80", false).await, Ok(false));
    }
}
