//! Access tokens over HTTP, through the real binary and an issuer of the tests' own: who comes in, what a token opens, and for how
//! long.

use std::{
    path::Path,
    process::Stdio,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use factor_stand_in_issuer::{Issuer, Scheme, SigningKey, compact};
use serde_json::{Value, json};
use throwaway_postgres::{Cluster, Role};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, BufReader},
    net::TcpStream,
    process::{Child, ChildStderr},
    task::JoinHandle,
};

use crate::{
    sse::Sse,
    support::{Http, JSON_RPC, LEGACY, PATIENCE, Response, command},
};

const AUDIENCE: &str = "https://factors.example";
const METADATA: &str = "https://factors.example/.well-known/oauth-protected-resource/mcp";
const ALL: &str = "factor.read factor.write factor.admin";

/// A server that takes the tokens of an issuer, and all that it logs.
struct Shop {
    folder: tempfile::TempDir,
    issuer: Issuer,
    key: SigningKey,
    http: Http,
    child: Child,
    log: Arc<Mutex<String>>,
    logging: JoinHandle<()>,
    /// What no log may hold.
    canaries: Mutex<Vec<String>>,
}

impl Shop {
    async fn open(settings: &[(&str, &str)]) -> Self {
        Self::of(Issuer::start("").await.unwrap(), settings).await
    }

    async fn of(issuer: Issuer, settings: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let key = SigningKey::es256("first").unwrap();
        issuer.publish(key.clone());
        let mut command = command(folder.path());
        command.args(["serve", "http", "--addr", "127.0.0.1:0"]).env("RUST_LOG", "trace,rmcp=error");
        command.env("FACTOR_DATA_DIR", folder.path().join("data")).envs(settings.iter().copied());
        command.env("FACTOR_OAUTH_ISSUER", issuer.url()).env("FACTOR_PUBLIC_URL", AUDIENCE);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut errors = BufReader::new(child.stderr.take().unwrap());
        let mut log = String::new();
        let mut addr = None;
        while !log.contains("metadata for clients at ") {
            let from = log.len();
            let read = tokio::time::timeout(PATIENCE, errors.read_line(&mut log)).await.expect("no address").unwrap();
            assert!(read > 0, "{log}");
            let found = log[from..].split_once("listening on http://");
            addr = addr.or_else(|| found.map(|(_, addr)| addr.trim().trim_end_matches("/mcp").parse().unwrap()));
        }
        assert!(log.contains(&format!("taking access tokens of {}\n", issuer.url())), "{log}");
        assert!(log.contains(&format!("metadata for clients at {METADATA}\n")), "{log}");
        let log = Arc::new(Mutex::new(log));
        let logging = tokio::spawn(kept(errors, Arc::clone(&log)));
        Self { folder, issuer, key, http: Http::at(addr.unwrap()), child, log, logging, canaries: Mutex::default() }
    }

    /// Good claims for ten minutes.
    fn claims(&self, subject: &str, scope: &str) -> Value {
        let now = chrono::Utc::now().timestamp();
        json!({
            "iss": self.issuer.url(), "aud": AUDIENCE, "sub": subject, "client_id": "chat", "jti": "1",
            "iat": now, "exp": now + 600, "scope": scope,
        })
    }

    /// The header of a good token.
    fn token(&self, subject: &str, scope: &str) -> String {
        self.bearer(&self.issuer.sign(&self.claims(subject, scope)).unwrap())
    }

    fn bearer(&self, token: &str) -> String {
        let parts = token.split('.').filter(|part| part.len() > 20);
        self.canaries.lock().unwrap().extend(parts.map(str::to_owned));
        format!("Bearer {token}")
    }

    async fn lists(&self, header: &str) -> Response {
        self.http.modern_with(&[("Authorization", header)], "tools/list", json!({})).await
    }

    async fn calls(&self, header: &str, tool: &str, arguments: Value) -> Response {
        let call = json!({"name": tool, "arguments": arguments});
        self.http.modern_with(&[("Authorization", header)], "tools/call", call).await
    }

    /// What a command prints about the same store.
    async fn administer(&self, arguments: &[&str]) -> String {
        administered(self.folder.path(), "", arguments).await
    }

    /// A session of the older protocol, and the stream that listens in it.
    async fn stream(&self, header: &str) -> TcpStream {
        let session = self.http.session_with(&[("Authorization", header)]).await;
        let headers = [
            ("Authorization", header),
            ("Mcp-Session-Id", session.as_str()),
            ("MCP-Protocol-Version", LEGACY),
            ("Accept", "text/event-stream"),
        ];
        let mut stream = self.http.open("GET", "/mcp", &headers, "").await;
        let mut begun = [0; 12];
        stream.read_exact(&mut begun).await.unwrap();
        assert_eq!(&begun, b"HTTP/1.1 200");
        stream
    }

    /// Stops the server, and looks for what its log may not hold.
    async fn close(mut self) {
        self.child.kill().await.unwrap();
        self.logging.await.unwrap();
        let log = self.log.lock().unwrap();
        assert!(log.contains("TRACE"), "the log is at trace level: {log}");
        for canary in self.canaries.lock().unwrap().iter() {
            let at = log.find(canary.as_str());
            assert!(at.is_none(), "...{}...", at.map(|at| &log[at.saturating_sub(300)..at]).unwrap_or_default());
        }
    }
}

/// What a command prints, about the store in a folder or in a database.
async fn administered(folder: &Path, database: &str, arguments: &[&str]) -> String {
    let mut command = command(folder);
    command.args(arguments).env("FACTOR_DATA_DIR", folder.join("data")).env("DATABASE_URL", database);
    let output = command.output().await.unwrap();
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).unwrap()
}

async fn kept(mut errors: BufReader<ChildStderr>, log: Arc<Mutex<String>>) {
    let mut line = String::new();
    while errors.read_line(&mut line).await.unwrap() > 0 {
        log.lock().unwrap().push_str(&line);
        line.clear();
    }
}

/// How long a stream goes on.
async fn lasts(stream: &mut TcpStream) -> Duration {
    let began = Instant::now();
    let mut rest = Vec::new();
    let _ = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut rest)).await.expect("the stream does not end");
    began.elapsed()
}

fn with(mut object: Value, name: &str, value: impl Into<Value>) -> Value {
    object[name] = value.into();
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

/// The token with its n-th part replaced by that of another.
fn part(token: &str, n: usize, of: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[n] = of.split('.').nth(n).unwrap();
    parts.join(".")
}

/// Refused, with what a client needs to come back better.
fn is_refused(response: &Response, status: u16, error: &str) {
    assert_eq!(response.status, status, "{response:?}");
    let body: Value = serde_json::from_str(&response.body).unwrap();
    assert_eq!(body["error"], error, "{body}");
    assert!(body["message"].as_str().is_some_and(|message| message.len() > 20), "{body}");
}

fn challenge(response: &Response) -> &str {
    let challenge = response.header("WWW-Authenticate").unwrap_or_else(|| panic!("{response:?}"));
    assert!(challenge.contains(&format!("resource_metadata=\"{METADATA}\"")), "{challenge}");
    challenge
}

#[tokio::test]
async fn forged_and_stale_tokens_stay_at_the_door() {
    let shop = Shop::open(&[]).await;
    let (claims, key) = (shop.claims("ada", ALL), &shop.key);
    let now = chrono::Utc::now().timestamp();
    let head = json!({"alg": "ES256", "typ": "at+jwt", "kid": "first"});
    let thief = SigningKey::es256("thief").unwrap();
    let rsa = SigningKey::rs256("rsa", 0).unwrap();
    shop.issuer.publish(rsa.clone());
    let good = key.token(&claims).unwrap();
    let other = key.token(&shop.claims("bob", ALL)).unwrap();
    let claiming = |name: &str, value: Value| key.token(&with(claims.clone(), name, value)).unwrap();
    let lacking = |name: &str| key.token(&without(claims.clone(), name)).unwrap();
    let heading = |name: &str, value: Value| key.token_with(&with(head.clone(), name, value), &claims).unwrap();
    let signed = |head: &str, body: &str| compact(head.as_bytes(), body.as_bytes(), |m| key.sign(m)).unwrap();
    let by_scheme = |scheme: Scheme| {
        let head = json!({"alg": scheme.name(), "typ": "at+jwt", "kid": "rsa"}).to_string();
        compact(head.as_bytes(), claims.to_string().as_bytes(), |message| rsa.sign_by(scheme, message)).unwrap()
    };
    let as_secret = |secret: &[u8]| {
        let head = json!({"alg": "HS256", "typ": "at+jwt", "kid": "first"});
        SigningKey::hs256("first", secret).token_with(&head, &claims).unwrap()
    };
    let forged: Vec<(&str, String)> = vec![
        ("nothing", String::new()),
        ("words", "not-a-token".into()),
        ("two parts", good.rsplit_once('.').unwrap().0.into()),
        ("four parts", format!("{good}.AAAA")),
        ("padding", format!("{good}=")),
        ("a header that is a list", signed(r#"["ES256","at+jwt","first"]"#, &claims.to_string())),
        ("claims that are no JSON", signed(&head.to_string(), "sub=ada")),
        ("too long", claiming("padding", "x".repeat(9_000).into())),
        ("no signature", format!("{}.", good.rsplit_once('.').unwrap().0)),
        ("alg none", heading("alg", "none".into())),
        ("alg twice", signed(r#"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"first"}"#, &claims.to_string())),
        ("HS256 with the published key as the secret", as_secret(key.jwk().to_string().as_bytes())),
        ("HS256 with nothing as the secret", as_secret(b"")),
        ("RS384 by the right key", by_scheme(Scheme::Rs384)),
        ("PS256 by the right key", by_scheme(Scheme::Ps256)),
        ("ES256 naming an RSA key", heading("kid", "rsa".into())),
        ("its own key in the header", thief.token_with(&with(head.clone(), "jwk", thief.jwk()), &claims).unwrap()),
        ("keys elsewhere", heading("jku", "https://evil.example/keys".into())),
        ("a certificate elsewhere", heading("x5u", "https://evil.example/cert".into())),
        ("a key that nobody publishes", thief.token(&claims).unwrap()),
        ("another's key under a good name", thief.token_with(&head, &claims).unwrap()),
        ("a path for a key", heading("kid", "../../dev/null".into())),
        ("an extension that is critical", heading("crit", json!(["exp"]))),
        ("typ JWT", heading("typ", "JWT".into())),
        ("no typ", key.token_with(&without(head.clone(), "typ"), &claims).unwrap()),
        ("a token bound to a log-in", claiming("nonce", "n-0S6_WzA2Mj".into())),
        ("a refresh token", claiming("typ", "Refresh".into())),
        ("claims of another token", part(&good, 1, &other)),
        ("signature of another token", part(&good, 2, &other)),
        ("another issuer", claiming("iss", "https://evil.example".into())),
        ("an issuer that is nearly ours", claiming("iss", format!("{}/", shop.issuer.url()).into())),
        ("no issuer", lacking("iss")),
        ("another audience", claiming("aud", "https://other.example".into())),
        ("an audience that begins like ours", claiming("aud", format!("{AUDIENCE}.evil.example").into())),
        ("an audience of an endpoint", claiming("aud", format!("{AUDIENCE}/mcp").into())),
        ("no audience", lacking("aud")),
        ("expired", claiming("exp", (now - 61).into())),
        ("no expiry", lacking("exp")),
        ("an expiry in words", claiming("exp", (now + 600).to_string().into())),
        ("not yet", claiming("nbf", (now + 600).into())),
        ("issued in the future", claiming("iat", (now + 600).into())),
        ("no subject", lacking("sub")),
        ("an endless subject", claiming("sub", "a".repeat(256).into())),
        ("a subject with a line end", claiming("sub", "ada\nadmin".into())),
    ];
    assert!(forged.len() >= 40, "{}", forged.len());
    for (name, token) in &forged {
        let refused = shop.lists(&shop.bearer(token)).await;
        is_refused(&refused, 401, "invalid_token");
        let challenge = challenge(&refused);
        assert!(challenge.starts_with("Bearer error=\"invalid_token\", error_description=\""), "{name}: {challenge}");
        assert!(challenge.ends_with("scope=\"factor.read\""), "{name}: {challenge}");
        let signature = token.rsplit('.').next().unwrap();
        assert!(signature.len() < 20 || !format!("{refused:?}").contains(signature), "{name}");
    }
    // None of them became a user, and the good one does.
    assert_eq!(shop.administer(&["user", "list", "--format", "json"]).await.matches("\"id\"").count(), 1);
    assert_eq!(shop.lists(&shop.bearer(&good)).await.status, 200);
    assert_eq!(shop.lists(&shop.bearer(&rsa.token(&claims).unwrap())).await.status, 200);
    let users: Value = serde_json::from_str(&shop.administer(&["user", "list", "--format", "json"]).await).unwrap();
    let expected = json!([shop.issuer.url(), "ada"]);
    let identity = &users[1]["identities"][0];
    assert_eq!(json!([identity["issuer"], identity["subject"]]), expected, "{users}");
    assert_eq!((users.as_array().unwrap().len(), &users[1]["has_key"]), (2, &json!(false)));
    shop.close().await;
}

#[tokio::test]
async fn without_a_token_one_learns_where_to_get_one() {
    let shop = Shop::open(&[]).await;
    let none = shop.http.modern_with(&[], "tools/list", json!({})).await;
    is_refused(&none, 401, "key_required");
    assert_eq!(challenge(&none), format!("Bearer resource_metadata=\"{METADATA}\", scope=\"factor.read\""));
    for (method, path) in [("GET", "/mcp"), ("DELETE", "/mcp"), ("POST", "/mcp/"), ("GET", "/other")] {
        is_refused(&shop.http.send(method, path, &[("Accept", "text/event-stream")], "").await, 401, "key_required");
    }

    let document = json!({
        "resource": AUDIENCE,
        "authorization_servers": [shop.issuer.url()],
        "scopes_supported": ["factor.read", "factor.write", "factor.admin"],
        "bearer_methods_supported": ["header"],
        "resource_name": "factor-mcp",
    });
    for path in ["/.well-known/oauth-protected-resource", "/.well-known/oauth-protected-resource/mcp"] {
        // A page of any origin may read it, and no name of the request's is in it.
        let headers = [("Origin", "https://anywhere.example"), ("Host", "evil.example")];
        let answer = shop.http.send("GET", path, &headers, "").await;
        assert_eq!(serde_json::from_str::<Value>(&answer.body).unwrap(), document, "{answer:?}");
        assert_eq!(answer.header("Access-Control-Allow-Origin"), Some("*"), "{answer:?}");
        assert_eq!(answer.header("Content-Type"), Some("application/json"));
        let headers = [
            ("Origin", "https://anywhere.example"),
            ("Access-Control-Request-Method", "GET"),
            ("Access-Control-Request-Headers", "mcp-protocol-version"),
        ];
        let asked = shop.http.send("OPTIONS", path, &headers, "").await;
        assert_eq!((asked.status, asked.header("Access-Control-Allow-Methods")), (200, Some("GET")), "{asked:?}");
        assert_eq!(shop.http.send("POST", path, &[], "").await.status, 405);
    }

    // A token is taken behind Bearer and nowhere else, and by itself.
    let good = shop.token("ada", ALL);
    let token = good.strip_prefix("Bearer ").unwrap();
    let list = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/list"}).to_string();
    for name in ["access_token", "token", "api_key"] {
        let path = format!("/mcp?{name}={token}");
        is_refused(&shop.http.send("POST", &path, &JSON_RPC, &list).await, 401, "key_required");
    }
    let added: Value = serde_json::from_str(&shop.administer(&["user", "add", "--format", "json"]).await).unwrap();
    let key = added["key"].as_str().unwrap();
    shop.canaries.lock().unwrap().push(key.rsplit_once('_').unwrap().1.to_owned());
    let bearer_key = format!("Bearer {key}");
    for two in [
        vec![("X-API-Key", token)],
        vec![("Authorization", good.as_str()), ("X-API-Key", key)],
        vec![("Authorization", good.as_str()), ("X-API-Key", token)],
        vec![("Authorization", good.as_str()), ("Authorization", bearer_key.as_str())],
    ] {
        let refused = shop.http.modern_with(&two, "tools/list", json!({})).await;
        is_refused(&refused, 401, "wrong_key");
        assert!(challenge(&refused).starts_with("Bearer error=\"invalid_token\", resource_metadata="), "{refused:?}");
    }
    for one in [("Authorization", good.as_str()), ("X-API-Key", key), ("Authorization", bearer_key.as_str())] {
        assert_eq!(shop.http.modern_with(&[one], "tools/list", json!({})).await.status, 200);
    }
    // The server answers to the name that it is known by.
    for (host, status) in [("factors.example", 200), ("other.example", 403)] {
        let headers = [("Authorization", good.as_str()), ("Host", host)];
        assert_eq!(shop.http.modern_with(&headers, "tools/list", json!({})).await.status, status, "{host}");
    }
    shop.close().await;
}

#[tokio::test]
async fn a_token_opens_what_its_scopes_say() {
    const HOLDINGS: &str = "7654321";
    let shop = Shop::open(&[]).await;
    shop.canaries.lock().unwrap().push(HOLDINGS.to_owned());
    let (reader, writer) = (shop.token("ada", "openid factor.read"), shop.token("ada", "factor.read factor.write"));
    let save = json!({"portfolio_name": "mine", "holdings": [{"ticker": "SPY", "shares": 7_654_321}]});
    assert_eq!(shop.calls(&reader, "list_portfolios", json!({})).await.status, 200);
    for (tool, arguments) in [
        ("save_portfolio", save.clone()),
        ("delete_portfolio", json!({"portfolio_name": "mine"})),
        ("create_factor_group", json!({"name": "a", "tickers": ["SPY", "TLT"]})),
        ("update_factor_group", json!({"name": "a", "tickers": ["SPY", "TLT"]})),
        ("delete_factor_group", json!({"name": "a"})),
        // A long one is read apart.
        ("save_portfolio", json!({"portfolio_name": "x".repeat(20_000)})),
    ] {
        let refused = shop.calls(&reader, tool, arguments).await;
        is_refused(&refused, 403, "insufficient_scope");
        let challenge = challenge(&refused);
        assert!(challenge.starts_with("Bearer error=\"insufficient_scope\""), "{challenge}");
        assert!(challenge.ends_with("scope=\"factor.read factor.write\""), "{challenge}");
    }
    // By what the message says, whatever a header says of it; in a session as without one.
    let message = json!({"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params":
        {"name": "save_portfolio", "arguments": save, "_meta": crate::support::modern(json!({}))["_meta"]}});
    let headers = [
        ("Authorization", reader.as_str()),
        ("MCP-Protocol-Version", crate::support::MODERN),
        ("Mcp-Method", "tools/call"),
        ("Mcp-Name", "list_factors"),
    ];
    is_refused(&shop.http.post(&headers, &message).await, 403, "insufficient_scope");
    let session = shop.http.session_with(&[("Authorization", &reader)]).await;
    let in_session = async |header: &str| {
        let message = json!({"jsonrpc": "2.0", "id": 5, "method": "tools/call", "params":
            {"name": "save_portfolio", "arguments": save}});
        shop.http.post(&[("Authorization", header), ("Mcp-Session-Id", &session)], &message).await
    };
    is_refused(&in_session(&reader).await, 403, "insufficient_scope");
    assert!(!shop.calls(&reader, "list_portfolios", json!({})).await.body.contains("\"mine\""));
    // The same session with a better token.
    let saved = in_session(&writer).await;
    assert!(saved.status == 200 && saved.reply()["result"]["isError"] != true, "{saved:?}");
    assert!(shop.calls(&reader, "list_portfolios", json!({})).await.body.contains("mine"));
    // Another subject neither sees it nor is in the session.
    let bob = shop.token("bob", ALL);
    assert!(!shop.calls(&bob, "list_portfolios", json!({})).await.body.contains("mine"));
    assert_eq!(in_session(&bob).await.status, 404);
    // What opens nothing opens nothing, and no scope stands for another.
    for scope in ["", "openid profile", "factor.write", "factor.admin", "FACTOR.READ", "factor.readfactor.write"] {
        let refused = shop.lists(&shop.token("eve", scope)).await;
        is_refused(&refused, 403, "insufficient_scope");
        assert!(challenge(&refused).ends_with("scope=\"factor.read\""), "{refused:?}");
    }
    assert!(!shop.administer(&["user", "list"]).await.contains("eve"));

    // How the server is set up is for those who run it.
    let added: Value = serde_json::from_str(&shop.administer(&["user", "add", "--format", "json"]).await).unwrap();
    let by_key = format!("Bearer {}", added["key"].as_str().unwrap());
    let folder = shop.folder.path().display().to_string();
    for (header, sees) in [(&reader, false), (&writer, false), (&by_key, false), (&shop.token("ada", ALL), true)] {
        let status = shop.calls(header, "get_server_status", json!({})).await;
        assert_eq!(status.body.contains("FACTOR_OAUTH_ISSUER"), sees, "{}", status.body);
        assert_eq!(status.body.contains(&folder), sees, "{}", status.body);
        assert_eq!(status.reply()["result"]["structuredContent"]["parts"]["tokens"]["status"], "ok", "{}", status.body);
    }
    shop.close().await;
}

#[tokio::test]
async fn a_token_opens_of_rest_what_its_scopes_say() {
    let shop = Shop::open(&[]).await;
    let (reader, writer) = (shop.token("ada", "factor.read"), shop.token("ada", "factor.read factor.write"));
    let ask = async |header: &str, verb: &str, path: &str, body: &str| {
        let headers = [("Authorization", header), ("Content-Type", "application/json")];
        shop.http.send(verb, &format!("/api{path}"), &headers, body).await
    };
    let (group, holdings) =
        (r#"{"group_name": "a", "tickers": ["SPY", "TLT"], "validate": false}"#, r#"{"holdings": {"SPY": 1}}"#);
    for (verb, path, body) in [
        ("POST", "/factor-groups", group),
        ("PUT", "/factor-groups/a", "{}"),
        ("DELETE", "/factor-groups/a", ""),
        ("POST", "/portfolios", holdings),
        ("PUT", "/portfolios/mine", holdings),
        ("DELETE", "/portfolios/mine", ""),
    ] {
        let refused = ask(&reader, verb, path, body).await;
        assert_eq!(refused.status, 403, "{verb} {path}: {refused:?}");
        assert_eq!(refused.header("Content-Type"), Some("application/problem+json"));
        assert!(challenge(&refused).ends_with("scope=\"factor.read factor.write\""), "{refused:?}");
        let problem: Value = serde_json::from_str(&refused.body).unwrap();
        assert_eq!(
            (&problem["code"], &problem["error_code"]),
            (&json!("insufficient_scope"), &json!("INSUFFICIENT_SCOPE"))
        );
    }
    assert_eq!(ask(&writer, "PUT", "/portfolios/mine", holdings).await.status, 201);
    assert_eq!(ask(&writer, "POST", "/factor-groups", group).await.status, 201);
    for (verb, path) in [
        ("GET", "/portfolios/mine"),
        ("POST", "/portfolios/mine/validate"),
        ("POST", "/factor-groups/a/validate"),
        ("GET", "/factors"),
    ] {
        assert_eq!(ask(&reader, verb, path, "").await.status, 200, "{verb} {path}");
    }
    // Another subject finds none of it, and who has no token is told where to get one.
    assert_eq!(ask(&shop.token("bob", ALL), "GET", "/portfolios/mine", "").await.status, 404);
    let stranger = shop.http.send("GET", "/api/portfolios", &[], "").await;
    assert_eq!(stranger.status, 401);
    assert!(challenge(&stranger).contains(METADATA), "{stranger:?}");
    let eve = ask(&shop.token("eve", "factor.write"), "GET", "/factors", "").await;
    assert_eq!(eve.status, 403, "{eve:?}");
    shop.close().await;
}

#[tokio::test]
async fn keys_that_are_away_are_no_wrong_token_and_new_ones_are_found() {
    let issuer = Issuer::start("").await.unwrap();
    issuer.switch(false);
    let shop = Shop::of(issuer, &[]).await;
    let good = shop.token("ada", ALL);
    let away = shop.lists(&good).await;
    is_refused(&away, 503, "keys_unavailable");
    assert!(away.header("Retry-After").is_some() && away.header("WWW-Authenticate").is_none(), "{away:?}");
    // What is wrong whatever the keys are is told so at once.
    is_refused(&shop.lists("Bearer nonsense").await, 401, "invalid_token");
    let added: Value = serde_json::from_str(&shop.administer(&["user", "add", "--format", "json"]).await).unwrap();
    let by_key = format!("Bearer {}", added["key"].as_str().unwrap());
    let status = shop.calls(&by_key, "get_server_status", json!({})).await.reply();
    let status = &status["result"]["structuredContent"];
    assert_eq!(
        (&status["health"], &status["parts"]["tokens"]["status"]),
        (&json!("degraded"), &json!("failed")),
        "{status}"
    );

    shop.issuer.switch(true);
    assert_eq!(shop.lists(&good).await.status, 200);
    // A key is used at once after it was published; one that is withdrawn later lets its tokens in as long as it is kept.
    for round in 0..3 {
        let next = SigningKey::ed25519(&format!("round {round}")).unwrap();
        shop.issuer.publish(next.clone());
        shop.issuer.use_key(next);
        assert_eq!(shop.lists(&shop.token("ada", ALL)).await.status, 200, "{round}");
        assert_eq!(shop.lists(&good).await.status, 200, "{round}");
    }
    // The issuer goes away: those that are known serve.
    shop.issuer.switch(false);
    assert_eq!(shop.lists(&shop.token("bob", ALL)).await.status, 200);
    shop.close().await;
}

#[tokio::test]
async fn newcomers_are_limited_and_those_shut_out_stay_out() {
    let shop = Shop::open(&[("FACTOR_OAUTH_NEW_USERS_PER_HOUR", "2"), ("FACTOR_OAUTH_DEFAULT_TIER", "public")]).await;
    let (ada, bob) = (shop.token("ada-canary-5521", ALL), shop.token("bob", ALL));
    shop.canaries.lock().unwrap().push("ada-canary-5521".to_owned());
    assert_eq!((shop.lists(&ada).await.status, shop.lists(&bob).await.status), (200, 200));
    let late = shop.lists(&shop.token("eve", ALL)).await;
    is_refused(&late, 503, "too_many_new_users");
    assert!(late.header("Retry-After").is_some(), "{late:?}");
    assert_eq!(shop.lists(&ada).await.status, 200, "who is known comes in");

    let table = shop.administer(&["user", "list"]).await;
    assert!(table.contains("ada-canary-5521") && table.contains("public") && table.contains("revoked"), "{table}");
    assert!(shop.administer(&["user", "tier", "2", "paid"]).await.contains("user 2 is paid"));
    let (mut of_ada, mut of_bob) = (shop.stream(&ada).await, shop.stream(&bob).await);
    let issuer = shop.issuer.url();
    let revoke = ["user", "revoke", "--issuer", &issuer, "--subject", "ada-canary-5521", "--force"];
    let told = shop.administer(&revoke).await;
    assert!(told.contains("user 2 is shut out") && told.contains("5 seconds"), "{told}");
    let lasted = lasts(&mut of_ada).await;
    assert!(lasted < Duration::from_secs(5), "{lasted:?}");
    let out = shop.lists(&ada).await;
    is_refused(&out, 403, "revoked");
    assert!(out.header("WWW-Authenticate").is_none(), "another token would not help: {out:?}");
    // Nor does a new token, nor another name for the issuer's.
    is_refused(&shop.lists(&shop.token("ada-canary-5521", ALL)).await, 403, "revoked");
    assert!(shop.administer(&revoke).await.contains("shut out already"));
    // The other goes on.
    assert_eq!(shop.lists(&bob).await.status, 200);
    let mut rest = Vec::new();
    let goes_on = tokio::time::timeout(Duration::from_millis(100), of_bob.read_to_end(&mut rest)).await;
    assert!(goes_on.is_err(), "{rest:?}");
    shop.close().await;
}

#[tokio::test]
async fn a_stream_ends_with_its_token() {
    let shop = Shop::open(&[]).await;
    let expires = chrono::Utc::now().timestamp() + 4;
    let short = shop.issuer.sign(&with(shop.claims("ada", ALL), "exp", expires)).unwrap();
    let short = shop.bearer(&short);
    let mut long = shop.stream(&shop.token("ada", ALL)).await;
    let mut stream = shop.stream(&short).await;
    lasts(&mut stream).await;
    let late = chrono::Utc::now().timestamp_millis() - expires * 1_000;
    assert!((0..2_000).contains(&late), "{late} ms after its end");
    // A clock that is a little slow is forgiven, and a call has its answer.
    assert_eq!(shop.lists(&short).await.status, 200);
    let answer = shop.calls(&short, "list_factors", json!({"query": "SPY"})).await;
    assert_eq!(answer.reply()["result"]["structuredContent"]["factors"][0]["ticker"], "SPY");
    let mut rest = Vec::new();
    let goes_on = tokio::time::timeout(Duration::from_millis(100), long.read_to_end(&mut rest)).await;
    assert!(goes_on.is_err(), "{rest:?}");
    shop.close().await;
}

#[tokio::test]
async fn a_stream_of_events_ends_with_its_token_and_with_its_users_access() {
    let shop = Shop::open(&[]).await;
    let expires = chrono::Utc::now().timestamp() + 4;
    let short = shop.issuer.sign(&with(shop.claims("ada", ALL), "exp", expires)).unwrap();
    let (short, long) = (shop.bearer(&short), shop.token("bob", "factor.read"));
    let mut of_ada = Sse::begun(&shop.http, &[("Authorization", &short)]).await;
    let mut of_bob = Sse::begun(&shop.http, &[("Authorization", &long)]).await;
    // The token opens what reads. In a session of events the call itself says what it does not open.
    let listed = json!({"name": "list_factor_groups", "arguments": {}});
    assert_eq!(of_bob.ask(&shop.http, 1, "tools/call", listed).await["result"]["isError"], json!(false));
    let save = json!({"name": "save_portfolio", "arguments": {"portfolio_name": "mine", "holdings": {"SPY": 1}}});
    let refused = of_bob.ask(&shop.http, 2, "tools/call", save).await;
    assert_eq!(refused["result"]["structuredContent"]["error"]["code"], "unauthorized", "{refused}");
    shop.canaries
        .lock()
        .unwrap()
        .extend([&of_ada, &of_bob].map(|sse| sse.address.rsplit_once('.').unwrap().1.to_owned()));
    of_ada.lasts().await;
    let late = chrono::Utc::now().timestamp_millis() - expires * 1_000;
    assert!((0..2_000).contains(&late), "{late} ms after its end");
    let issuer = shop.issuer.url();
    shop.administer(&["user", "revoke", "--issuer", &issuer, "--subject", "bob", "--force"]).await;
    let lasted = of_bob.lasts().await;
    assert!(lasted < Duration::from_secs(5), "{lasted:?}");
    let ping = json!({"jsonrpc": "2.0", "id": 1, "method": "ping"});
    assert_eq!((of_ada.post(&shop.http, &ping).await.status, of_bob.post(&shop.http, &ping).await.status), (404, 403));
    shop.close().await;
}

#[tokio::test]
async fn two_servers_on_one_postgres_know_the_same_users() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    let (owner, app) = (database.url(Role::Owner), database.url(Role::App));
    let folder = tempfile::tempdir().unwrap();
    let administer = async |arguments: &[&str]| administered(folder.path(), &owner, arguments).await;
    administer(&["migrate", "--app-role", Role::App.as_str()]).await;
    let issuer = Issuer::start("").await.unwrap();
    let here = Shop::of(issuer, &[("DATABASE_URL", &app)]).await;
    let mut second = command(folder.path());
    second.args(["serve", "http", "--addr", "127.0.0.1:0"]).env("DATABASE_URL", &app).env("RUST_LOG", "off");
    second.env("FACTOR_OAUTH_ISSUER", here.issuer.url()).env("FACTOR_PUBLIC_URL", AUDIENCE);
    let mut second = second.stderr(Stdio::piped()).spawn().unwrap();
    let mut line = String::new();
    BufReader::new(second.stderr.take().unwrap()).read_line(&mut line).await.unwrap();
    let addr = line.trim().strip_prefix("listening on http://").and_then(|addr| addr.strip_suffix("/mcp"));
    let there = Http::at(addr.unwrap_or_else(|| panic!("{line}")).parse().unwrap());
    let ada = here.token("ada", ALL);
    let lists = async |http: &Http| http.modern_with(&[("Authorization", &ada)], "tools/list", json!({})).await.status;
    // Both see them for the first time at once.
    let both = futures::join!(lists(&here.http), lists(&there));
    assert_eq!(both, (200, 200));
    let users: Value = serde_json::from_str(&administer(&["user", "list", "--format", "json"]).await).unwrap();
    assert_eq!((users.as_array().unwrap().len(), &users[1]["identities"][0]["subject"]), (2, &json!("ada")), "{users}");
    let save = json!({"portfolio_name": "mine", "holdings": [{"ticker": "SPY", "weight": 1}]});
    assert_eq!(here.calls(&ada, "save_portfolio", save).await.reply()["result"]["isError"], json!(false));
    let call = json!({"name": "list_portfolios", "arguments": {}});
    let listed = there.modern_with(&[("Authorization", &ada)], "tools/call", call).await;
    assert!(listed.body.contains("mine"), "{}", listed.body);
    let mut stream = here.stream(&ada).await;
    administer(&["user", "revoke", "2", "--force"]).await;
    let lasted = lasts(&mut stream).await;
    assert!(lasted < Duration::from_secs(5), "{lasted:?}");
    assert_eq!((lists(&here.http).await, lists(&there).await), (403, 403));
    here.close().await;
}
