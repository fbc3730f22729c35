//! The issuer's server: a socket, what it publishes, its faults and what it was asked for.

use std::{
    collections::HashMap,
    io,
    net::{Ipv4Addr, SocketAddr},
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

use crate::{KeyError, SigningKey};

const OAUTH: &str = "/.well-known/oauth-authorization-server";
const OIDC: &str = "/.well-known/openid-configuration";
const KEYS: &str = "/keys";
/// A longer head is no request.
const HEAD_LIMIT: usize = 64 * 1024;

/// What can be asked for, and can fail on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Place {
    /// The metadata of RFC 8414.
    OauthMetadata,
    /// The metadata of OpenID Connect.
    OidcMetadata,
    /// The keys.
    Keys,
    /// Anything else: where a redirect leads, for instance.
    Elsewhere,
}

/// How a place answers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Behaviour {
    /// As it should.
    Well,
    /// With a status, and without what was asked for.
    Status(u16),
    /// 302 to this address.
    Redirect(String),
    /// With this body, status 200.
    Body(String),
    /// With this body, which is said to be packed (gzip).
    Packed(Vec<u8>),
    /// With so many bytes, their number announced.
    Huge(usize),
    /// With so many bytes in pieces, their number not announced.
    HugeInPieces(usize),
    /// Never; the connection stays open.
    Hang,
    /// A byte now and then, and never the last of them.
    Drip(Duration),
    /// With less than it announced.
    Cut,
}

/// A stand-in issuer on 127.0.0.1. It stops when it is dropped.
#[derive(Debug)]
pub struct Issuer {
    shared: Arc<Shared>,
    addr: SocketAddr,
    accepting: JoinHandle<()>,
}

#[derive(Debug)]
struct Shared {
    /// Scheme, host, port and path.
    url: String,
    path: String,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// As they are published.
    jwks: Vec<Value>,
    /// What signs.
    signing: Option<SigningKey>,
    /// In place of the true one, in the metadata.
    claimed_issuer: Option<String>,
    /// In place of the true one, in the metadata.
    claimed_keys: Option<String>,
    behaviours: HashMap<Place, Behaviour>,
    off: bool,
    latency: Duration,
    requests: HashMap<Place, usize>,
}

impl Issuer {
    /// Starts an issuer without keys, below a path: empty, or one like `/tenant`.
    ///
    /// # Errors
    /// When no port can be had.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    pub async fn start(path: &str) -> io::Result<Self> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let addr = listener.local_addr()?;
        let (url, path) = (format!("http://{addr}{path}"), path.trim_end_matches('/').to_owned());
        let shared = Arc::new(Shared { url, path, state: Mutex::default() });
        let accepting = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Ok(Self { shared, addr, accepting })
    }

    /// The issuer's name, which is its URL.
    #[must_use]
    pub fn url(&self) -> String {
        self.shared.url.clone()
    }

    /// Where its keys are.
    #[must_use]
    pub fn keys_url(&self) -> String {
        self.at(KEYS)
    }

    /// The address of a path on its host.
    #[must_use]
    pub fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.addr)
    }

    /// Publishes a key; the first signs until [`use_key`](Self::use_key) says otherwise.
    pub fn publish(&self, key: SigningKey) {
        let mut state = self.shared.state();
        state.jwks.push(key.jwk());
        state.signing.get_or_insert(key);
    }

    /// Publishes something that is no key of ours.
    pub fn publish_raw(&self, jwk: Value) {
        self.shared.state().jwks.push(jwk);
    }

    /// Signs with this key from now on, published or not.
    pub fn use_key(&self, key: SigningKey) {
        self.shared.state().signing = Some(key);
    }

    /// Publishes a key no longer.
    pub fn retire(&self, kid: &str) {
        self.shared.state().jwks.retain(|jwk| jwk["kid"] != kid);
    }

    /// An access token with these claims, signed with the key in use.
    ///
    /// # Errors
    /// When there is no key.
    pub fn sign(&self, claims: &Value) -> Result<String, KeyError> {
        let key = self.shared.state().signing.clone();
        key.ok_or(crate::key::NO_KEY)?.token(claims)
    }

    /// Makes a place answer so from now on.
    pub fn behave(&self, place: Place, behaviour: Behaviour) {
        self.shared.state().behaviours.insert(place, behaviour);
    }

    /// Says in its metadata that it is another.
    pub fn claim_issuer(&self, issuer: &str) {
        self.shared.state().claimed_issuer = Some(issuer.to_owned());
    }

    /// Says in its metadata that its keys are there.
    pub fn claim_keys(&self, url: &str) {
        self.shared.state().claimed_keys = Some(url.to_owned());
    }

    /// Off, it closes every connection without a word.
    pub fn switch(&self, on: bool) {
        self.shared.state().off = !on;
    }

    /// The pause before each answer.
    pub fn set_latency(&self, latency: Duration) {
        self.shared.state().latency = latency;
    }

    /// How often a place was asked, also while it failed; not while it was off.
    #[must_use]
    pub fn requests(&self, place: Place) -> usize {
        self.shared.state().requests.get(&place).copied().unwrap_or_default()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// RFC 8414 puts its path between host and path of the issuer, OpenID Connect after both.
    fn place(&self, target: &str) -> Place {
        let oauth = format!("{OAUTH}{}", self.path);
        let oidc = format!("{}{OIDC}", self.path);
        match target {
            KEYS => Place::Keys,
            _ if target == oauth => Place::OauthMetadata,
            _ if target == oidc => Place::OidcMetadata,
            _ => Place::Elsewhere,
        }
    }

    /// What a place answers when all is well.
    fn body(&self, place: Place, host: &str) -> Option<String> {
        let state = self.state();
        match place {
            Place::Keys => Some(json!({"keys": state.jwks}).to_string()),
            Place::OauthMetadata | Place::OidcMetadata => {
                let issuer = state.claimed_issuer.clone().unwrap_or_else(|| self.url.clone());
                let keys = state.claimed_keys.clone().unwrap_or_else(|| format!("http://{host}{KEYS}"));
                Some(json!({"issuer": issuer, "jwks_uri": keys, "response_types_supported": ["code"]}).to_string())
            }
            Place::Elsewhere => None,
        }
    }
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    while let Ok((stream, _)) = listener.accept().await {
        tokio::spawn(serve(stream, Arc::clone(&shared)));
    }
}

/// One request, then the connection ends.
async fn serve(mut stream: TcpStream, shared: Arc<Shared>) {
    if shared.state().off {
        return;
    }
    let Some(target) = target(&mut stream).await else { return };
    let place = shared.place(&target);
    let (behaviour, latency) = {
        let mut state = shared.state();
        *state.requests.entry(place).or_default() += 1;
        (state.behaviours.get(&place).cloned().unwrap_or(Behaviour::Well), state.latency)
    };
    tokio::time::sleep(latency).await;
    let host = stream.local_addr().map(|addr| addr.to_string()).unwrap_or_default();
    let whole = |status: u16, headers: &str, body: &str| {
        format!(
            "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\nConnection: close\r\n\r\n\
             {body}",
            body.len()
        )
    };
    let answer = match behaviour {
        Behaviour::Well => match shared.body(place, &host) {
            Some(body) => whole(200, "", &body),
            None => whole(404, "", "{}"),
        },
        Behaviour::Status(status) => whole(status, "", "{}"),
        Behaviour::Redirect(to) => whole(302, &format!("Location: {to}\r\n"), ""),
        Behaviour::Body(body) => whole(200, "", &body),
        Behaviour::Packed(body) => {
            let head =
                whole(200, "Content-Encoding: gzip\r\n", "").replace("Length: 0", &format!("Length: {}", body.len()));
            let _ = stream.write_all(&[head.as_bytes(), &body].concat()).await;
            let _ = stream.shutdown().await;
            return;
        }
        Behaviour::Huge(bytes) => whole(200, "", &" ".repeat(bytes)),
        Behaviour::HugeInPieces(bytes) => in_pieces(bytes),
        Behaviour::Hang => return std::future::pending().await,
        Behaviour::Drip(pause) => return drip(&mut stream, pause).await,
        Behaviour::Cut => {
            let body = shared.body(place, &host).unwrap_or_default();
            let whole = whole(200, "", &body);
            whole[..whole.len() - body.len() / 2].to_owned()
        }
    };
    let _ = stream.write_all(answer.as_bytes()).await;
    let _ = stream.shutdown().await;
}

/// The path and query of the request.
async fn target(stream: &mut TcpStream) -> Option<String> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        if head.len() > HEAD_LIMIT || stream.read_buf(&mut head).await.unwrap_or(0) == 0 {
            return None;
        }
    }
    let head = String::from_utf8(head).ok()?;
    head.split(' ').nth(1).map(str::to_owned)
}

fn in_pieces(bytes: usize) -> String {
    const PIECE: usize = 4096;
    let mut answer = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n".to_owned();
    for from in (0..bytes).step_by(PIECE) {
        let length = PIECE.min(bytes - from);
        answer.push_str(&format!("{length:x}\r\n{}\r\n", " ".repeat(length)));
    }
    answer + "0\r\n\r\n"
}

async fn drip(stream: &mut TcpStream, pause: Duration) {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 60000\r\n\r\n";
    if stream.write_all(head.as_bytes()).await.is_err() {
        return;
    }
    while stream.write_all(b" ").await.is_ok() {
        tokio::time::sleep(pause).await;
    }
}
