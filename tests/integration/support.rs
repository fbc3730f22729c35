//! A server to talk to, as a process or in the test itself, and the two eras' ways to talk.

use std::{
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{ExitStatus, Stdio},
    sync::Arc,
    time::Duration,
};

use factor_mcp::{
    app::App,
    http::{HttpOptions, HttpServer},
    mcp::{
        catalog::ToolFilter,
        server::Server,
        tools::{TOOLS, ToolEntry},
    },
    settings::{Settings, TrustedProxies},
};
use rmcp::model::CallToolResult;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader, Lines},
    net::TcpStream,
    process::{Child, ChildStdin, ChildStdout, Command},
    sync::oneshot,
    task::JoinHandle,
};

/// The date every test takes for today.
pub(crate) const TODAY: &str = "2026-06-15";
pub(crate) const LEGACY: &str = "2025-11-25";
pub(crate) const MODERN: &str = "2026-07-28";

/// Far longer than anything here takes: a test that waits for nothing should fail, not hang.
pub(crate) const PATIENCE: Duration = Duration::from_secs(180);

/// The warnings of an answer: all of `data_quality` in full, else those in its first lines.
pub(crate) fn warnings_of(answer: &Value) -> &Value {
    match &answer["data_quality"]["warnings"] {
        Value::Null => &answer["warnings"],
        all => all,
    }
}

/// The binary, with nothing of this machine's environment or settings.
pub(crate) fn command(folder: &Path) -> Command {
    command_of(&program(), folder)
}

/// The program that is tested.
pub(crate) fn program() -> PathBuf {
    PathBuf::from(env!("CARGO_BIN_EXE_factor-mcp"))
}

/// [`command`] of another program.
pub(crate) fn command_of(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.env_clear().env("FACTOR_TODAY", TODAY).env("HOME", folder).current_dir(folder).kill_on_drop(true);
    // Where the lines that tests run are counted, a server's count too.
    command.envs(option_env!("LLVM_PROFILE_FILE").map(|file| ("LLVM_PROFILE_FILE", file)));
    command
}

/// Sends a process a signal, by the shell: a bare Debian has no program `kill`.
#[cfg(unix)]
pub(crate) fn signal(process: u32, name: &str) {
    let sent = std::process::Command::new("sh").args(["-c", &format!("kill -{name} {process}")]).status().unwrap();
    assert!(sent.success());
}

/// `params` as a request of the newer protocol has them.
pub(crate) fn modern(params: Value) -> Value {
    let mut params = params;
    params["_meta"] = json!({
        "io.modelcontextprotocol/protocolVersion": MODERN,
        "io.modelcontextprotocol/clientCapabilities": {},
        "io.modelcontextprotocol/clientInfo": {"name": "test", "version": "1"},
    });
    params
}

pub(crate) fn initialize_params() -> Value {
    json!({"protocolVersion": LEGACY, "capabilities": {}, "clientInfo": {"name": "test", "version": "1"}})
}

pub(crate) fn app(settings: &[(&'static str, &str)]) -> Arc<App> {
    let mut all = settings.to_vec();
    if !settings.iter().any(|(name, _)| *name == "FACTOR_TODAY") {
        all.push(("FACTOR_TODAY", TODAY));
    }
    App::build(Settings::with(&all).unwrap()).unwrap()
}

pub(crate) fn server(settings: &[(&'static str, &str)], tools: &[ToolEntry]) -> Server {
    Server::new(app(settings), tools, &ToolFilter::default()).unwrap()
}

/// A server process and its pipes, spoken to line by line.
pub(crate) struct Process {
    pub(crate) child: Child,
    input: Option<ChildStdin>,
    output: Lines<BufReader<ChildStdout>>,
    /// Reads standard error all the time: a server that logs much must not wait for its reader.
    log: JoinHandle<String>,
    next_id: u64,
    /// Every line the server wrote.
    pub(crate) lines: Vec<String>,
    /// The working directory: it goes when the process does.
    _folder: tempfile::TempDir,
}

impl Process {
    pub(crate) fn start(arguments: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut child = command(folder.path())
            .args(arguments)
            .envs(environment.iter().copied())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let output = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut errors = child.stderr.take().unwrap();
        let log = tokio::spawn(async move {
            let mut bytes = Vec::new();
            errors.read_to_end(&mut bytes).await.unwrap();
            String::from_utf8_lossy(&bytes).into_owned()
        });
        let input = child.stdin.take();
        Self { child, input, output, log, next_id: 0, lines: Vec::new(), _folder: folder }
    }

    pub(crate) async fn legacy(environment: &[(&str, &str)]) -> Self {
        let mut process = Self::start(&[], environment);
        let reply = process.request("initialize", initialize_params()).await;
        assert_eq!(reply["result"]["protocolVersion"], LEGACY, "{reply}");
        process.send(&json!({"jsonrpc": "2.0", "method": "notifications/initialized"})).await;
        process
    }

    pub(crate) async fn send(&mut self, message: &Value) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{message}\n").as_bytes()).await.unwrap();
    }

    /// Sends a line, whatever it is.
    pub(crate) async fn write(&mut self, line: &str) {
        let input = self.input.as_mut().unwrap();
        input.write_all(format!("{line}\n").as_bytes()).await.unwrap();
    }

    /// Sends a request and waits for its reply.
    pub(crate) async fn request(&mut self, method: &str, params: Value) -> Value {
        let id = self.ask(method, params).await;
        loop {
            let message = self.message().await;
            if message["id"] == id {
                return message;
            }
        }
    }

    /// Sends a request without waiting: its id.
    pub(crate) async fn ask(&mut self, method: &str, params: Value) -> u64 {
        self.next_id += 1;
        let id = self.next_id;
        self.send(&json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params})).await;
        id
    }

    /// Sends requests all at once, reading meanwhile, and waits for as many messages.
    pub(crate) async fn ask_at_once(&mut self, method: &str, all: impl Iterator<Item = Value>) -> Vec<Value> {
        let first = self.next_id + 1;
        let line =
            |(id, params)| format!("{}\n", json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params}));
        let asked: Vec<String> = (first..).zip(all).map(line).collect();
        self.next_id += asked.len() as u64;
        let mut input = self.input.take().unwrap();
        let writing = async { input.write_all(asked.concat().as_bytes()).await.unwrap() };
        let reading = async {
            let mut messages = Vec::with_capacity(asked.len());
            while messages.len() < asked.len() {
                messages.push(self.message().await);
            }
            messages
        };
        let (_, messages) = tokio::join!(writing, reading);
        self.input = Some(input);
        messages
    }

    /// The next message of the server's.
    pub(crate) async fn message(&mut self) -> Value {
        let line = self.line().await.expect("the server went away");
        serde_json::from_str(&line).unwrap()
    }

    async fn line(&mut self) -> Option<String> {
        let line = tokio::time::timeout(PATIENCE, self.output.next_line()).await.expect("no answer").unwrap();
        self.lines.extend(line.clone());
        line
    }

    pub(crate) async fn call(&mut self, tool: &str, arguments: Value) -> Value {
        let reply = self.request("tools/call", json!({"name": tool, "arguments": arguments})).await;
        reply["result"].clone()
    }

    /// Closes the server's input.
    pub(crate) fn close(&mut self) {
        self.input = None;
    }

    #[cfg(unix)]
    pub(crate) fn signal(&self, name: &str) {
        signal(self.child.id().unwrap(), name);
    }

    /// Waits for the end: the exit code, the rest of standard output, standard error.
    pub(crate) async fn end(mut self) -> (Option<i32>, Vec<String>, String) {
        let all = async {
            while self.line().await.is_some() {}
            self.child.wait().await.unwrap()
        };
        let status: ExitStatus = tokio::time::timeout(PATIENCE, all).await.expect("the server does not end");
        (status.code(), self.lines, self.log.await.unwrap())
    }
}

/// A server in the test itself, listening on a free port.
pub(crate) struct Http {
    pub(crate) addr: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<JoinHandle<()>>,
}

/// An HTTP response, read to its end.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Response {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The JSON-RPC reply in the body, whether JSON or an event stream.
    pub(crate) fn reply(&self) -> Value {
        if let Ok(reply) = serde_json::from_str(&self.body) {
            return reply;
        }
        let events = self.body.lines().filter_map(|line| line.strip_prefix("data:"));
        let mut messages = events.filter_map(|data| serde_json::from_str::<Value>(data).ok());
        let reply = messages.rfind(|message| message.get("id").is_some_and(|id| !id.is_null()));
        reply.unwrap_or_else(|| panic!("no reply in {self:?}"))
    }
}

impl Http {
    pub(crate) async fn start() -> Self {
        Self::with(server(&[], TOOLS)).await
    }

    pub(crate) async fn with(server: Server) -> Self {
        Self::listen(server, HttpOptions::local(([127, 0, 0, 1], 0).into())).await.unwrap()
    }

    /// A server where other machines could connect, or why there is none. The tests connect over the loopback interface.
    pub(crate) async fn open_to_others(server: Server, insecure: bool) -> anyhow::Result<Self> {
        Self::listen(server, HttpOptions { insecure, ..HttpOptions::local(([0, 0, 0, 0], 0).into()) }).await
    }

    /// A server behind proxies that it believes.
    pub(crate) async fn behind(proxies: &str) -> Self {
        let trusted_proxies = TrustedProxies::read(proxies).unwrap();
        let options = HttpOptions { trusted_proxies, ..HttpOptions::local(([127, 0, 0, 1], 0).into()) };
        Self::listen(server(&[], TOOLS), options).await.unwrap()
    }

    pub(crate) async fn listen(server: Server, options: HttpOptions) -> anyhow::Result<Self> {
        Ok(Self::listen_with_metrics(server, options).await?.0)
    }

    /// The same, and where it tells its metrics.
    pub(crate) async fn listen_with_metrics(
        server: Server,
        options: HttpOptions,
    ) -> anyhow::Result<(Self, Option<SocketAddr>)> {
        let http = HttpServer::bind(server, options).await?;
        let metrics = http.metrics_addr()?;
        let addr = ([127, 0, 0, 1], http.addr()?.port()).into();
        let (stop, stopped) = oneshot::channel();
        let serving = tokio::spawn(http.serve(async move {
            let _ = stopped.await;
        }));
        Ok((Self { addr, stop: Some(stop), serving: Some(serving) }, metrics))
    }

    /// A server that another process runs.
    pub(crate) fn at(addr: SocketAddr) -> Self {
        Self { addr, stop: None, serving: None }
    }

    /// Asks the server to stop when `signal` resolves; the handle ends when it has stopped.
    pub(crate) fn stop_after(&mut self, signal: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let stop = self.stop.take().unwrap();
        tokio::spawn(async move {
            signal.await;
            stop.send(()).unwrap();
        });
        self.serving.take().unwrap()
    }

    /// Sends a request as written and leaves the connection open.
    pub(crate) async fn open(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.addr).await.unwrap();
        let mut head = format!("{method} {path} HTTP/1.1\r\nConnection: close\r\nContent-Length: {}\r\n", body.len());
        if !headers.iter().any(|(name, _)| *name == "Host") {
            head += &format!("Host: {}\r\n", self.addr);
        }
        for (name, value) in headers {
            head += &format!("{name}: {value}\r\n");
        }
        stream.write_all(format!("{head}\r\n").as_bytes()).await.unwrap();
        // A server that refuses by the head alone closes without reading the body.
        let _ = stream.write_all(body.as_bytes()).await;
        stream
    }

    pub(crate) async fn send(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        read(self.open(method, path, headers, body).await).await
    }

    /// Posts a JSON-RPC message to `/mcp`.
    pub(crate) async fn post(&self, headers: &[(&str, &str)], message: &Value) -> Response {
        self.send("POST", "/mcp", &[&JSON_RPC, headers].concat(), &message.to_string()).await
    }

    /// A request of the newer protocol.
    pub(crate) async fn modern(&self, method: &str, params: Value) -> Value {
        self.modern_with(&[], method, params).await.reply()
    }

    /// A request of the newer protocol with headers of its own, such as a key.
    pub(crate) async fn modern_with(&self, own: &[(&str, &str)], method: &str, params: Value) -> Response {
        let headers = modern_headers(method, &params);
        let headers = headers.iter().map(|(name, value)| (*name, value.as_str()));
        let headers: Vec<(&str, &str)> = headers.chain(own.iter().copied()).collect();
        let message = json!({"jsonrpc": "2.0", "id": 1, "method": method, "params": modern(params)});
        self.post(&headers, &message).await
    }

    /// Begins a session of the older protocol.
    pub(crate) async fn session(&self) -> String {
        self.session_with(&[]).await
    }

    /// Begins a session of the older protocol with headers of its own, such as a key.
    pub(crate) async fn session_with(&self, own: &[(&str, &str)]) -> String {
        self.try_session_with(own).await.unwrap_or_else(|refused| panic!("{refused:?}"))
    }

    /// The same of a server that may be too busy for it.
    pub(crate) async fn try_session_with(&self, own: &[(&str, &str)]) -> Result<String, Response> {
        let message = json!({"jsonrpc": "2.0", "id": 0, "method": "initialize", "params": initialize_params()});
        let response = self.post(own, &message).await;
        if response.status != 200 {
            return Err(response);
        }
        assert_eq!(response.reply()["result"]["protocolVersion"], LEGACY, "{response:?}");
        let session = response.header("Mcp-Session-Id").unwrap().to_owned();
        let note = json!({"jsonrpc": "2.0", "method": "notifications/initialized"});
        let headers = [&[("Mcp-Session-Id", session.as_str())], own].concat();
        let taken = self.post(&headers, &note).await;
        if taken.status == 202 { Ok(session) } else { Err(taken) }
    }

    /// A request within a session of the older protocol.
    pub(crate) async fn legacy(&self, session: &str, id: u64, method: &str, params: Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": id, "method": method, "params": params});
        self.post(&[("Mcp-Session-Id", session), ("MCP-Protocol-Version", LEGACY)], &message).await.reply()
    }
}

pub(crate) const JSON_RPC: [(&str, &str); 2] =
    [("Content-Type", "application/json"), ("Accept", "application/json, text/event-stream")];

pub(crate) fn modern_headers(method: &str, params: &Value) -> Vec<(&'static str, String)> {
    let mut headers = vec![("MCP-Protocol-Version", MODERN.to_owned()), ("Mcp-Method", method.to_owned())];
    if let Some(name) = params.get("name").or(params.get("uri")).and_then(Value::as_str) {
        headers.push(("Mcp-Name", name.to_owned()));
    }
    headers
}

async fn read(mut stream: TcpStream) -> Response {
    let mut bytes = Vec::new();
    let reading = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut bytes)).await.expect("no answer");
    if bytes.is_empty() {
        reading.unwrap();
    }
    let text = String::from_utf8(bytes).unwrap();
    let (head, body) = text.split_once("\r\n\r\n").unwrap_or((&text, ""));
    let status =
        head.split(' ').nth(1).and_then(|code| code.parse().ok()).unwrap_or_else(|| panic!("no HTTP: {text:?}"));
    let chunked = head.to_lowercase().contains("transfer-encoding: chunked");
    let body = if chunked { joined(body) } else { body.to_owned() };
    Response { status, head: head.to_owned(), body }
}

/// The body out of its chunks.
fn joined(mut chunks: &str) -> String {
    let mut body = String::new();
    while let Some((size, rest)) = chunks.split_once("\r\n") {
        let size = usize::from_str_radix(size.trim(), 16).unwrap_or(0);
        if size == 0 || rest.len() < size {
            break;
        }
        body += &rest[..size];
        chunks = rest[size..].trim_start_matches("\r\n");
    }
    body
}

/// The files in a folder that hold these bytes; there must be some files at all.
pub(crate) fn files_with(folder: &Path, bytes: &[u8]) -> Vec<String> {
    let files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    assert!(!files.is_empty());
    let holds = |path: &Path| std::fs::read(path).unwrap().windows(bytes.len()).any(|window| window == bytes);
    files.iter().filter(|path| path.is_file() && holds(path)).map(|path| path.display().to_string()).collect()
}

/// The structured content of a call in the process, where it is text; transports take it out of its quotes.
pub(crate) fn structured(result: &CallToolResult) -> Value {
    serde_json::from_str(result.structured_content.as_ref().unwrap()["json"].as_str().unwrap()).unwrap()
}
