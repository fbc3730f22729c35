//! What sends spans: a queue, and a task that empties it.

use std::{
    fmt,
    sync::{
        Arc, Mutex, Once, PoisonError,
        atomic::{AtomicU64, Ordering::Relaxed},
    },
    time::Duration,
};

use reqwest::{Client, Url, header::CONTENT_TYPE, redirect::Policy};
use serde_json::json;
use tokio::{
    runtime::Handle,
    sync::{mpsc, oneshot},
    time::{Instant, timeout},
};

use crate::{
    context::TraceParent,
    span::{Finished, Span, Value, attribute},
};

/// Spans that wait to be sent.
const MOST_WAITING: usize = 2_048;
/// Spans of one request.
const MOST_AT_ONCE: usize = 512;
/// How long a span waits for others to go with it.
const GATHERING: Duration = Duration::from_secs(1);
/// For one request.
const SENDING: Duration = Duration::from_secs(5);
/// How often it is said that spans are lost.
const QUIET: Duration = Duration::from_secs(60);
const PATH: &str = "v1/traces";

/// Why spans cannot be sent to an address. It does not repeat the address: it may hold a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no address of a collector: write http://host:4318 or https://host, without user name, `?` and `#`")]
pub struct EndpointError;

/// Sends spans to a collector. Cheap to clone; the clones are one.
#[derive(Clone)]
pub struct Tracer(Arc<Inner>);

struct Inner {
    url: Url,
    version: &'static str,
    queue: mpsc::Sender<Waiting>,
    /// What empties the queue, until it is started: the first span does that, for a tracer may be made outside of a runtime.
    waiting: Mutex<Option<mpsc::Receiver<Waiting>>>,
    lost: AtomicU64,
}

enum Waiting {
    Span(Finished),
    /// Everything before this has been sent, or was lost.
    Mark(oneshot::Sender<()>),
}

impl fmt::Debug for Tracer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tracer").field("lost", &self.0.lost.load(Relaxed)).finish_non_exhaustive()
    }
}

impl Tracer {
    /// One for a collector at this address, whose `/v1/traces` is asked. Nothing is sent before the first span.
    ///
    /// # Errors
    /// [`EndpointError`] for another address.
    pub fn new(endpoint: &str, version: &'static str) -> Result<Self, EndpointError> {
        let mut url: Url = endpoint.trim().parse().map_err(|_| EndpointError)?;
        let plain = url.username().is_empty() && url.password().is_none() && url.query().is_none();
        if !matches!(url.scheme(), "http" | "https") || !plain || url.fragment().is_some() || !url.has_host() {
            return Err(EndpointError);
        }
        if !url.path().ends_with(PATH) {
            let path = format!("{}/{PATH}", url.path().trim_end_matches('/'));
            url.set_path(&path);
        }
        let (queue, waiting) = mpsc::channel(MOST_WAITING);
        let waiting = Mutex::new(Some(waiting));
        Ok(Self(Arc::new(Inner { url, version, queue, waiting, lost: AtomicU64::new(0) })))
    }

    /// Begins a piece of work that answers somebody; the parent is theirs.
    pub fn serves(&self, name: &'static str, parent: Option<TraceParent>) -> Span {
        Span::begin(self, name, true, parent)
    }

    /// Begins a part of a piece of work.
    pub fn part(&self, name: &'static str, of: TraceParent) -> Span {
        Span::begin(self, name, false, Some(of))
    }

    /// Waits until what has ended is sent or lost, so long at most.
    pub async fn flush(&self, patience: Duration) {
        let (sent, is_sent) = oneshot::channel();
        let flushing = async {
            if self.0.queue.send(Waiting::Mark(sent)).await.is_ok() {
                let _ = is_sent.await;
            }
        };
        // Where no span was begun nothing empties the queue, and there is nothing to wait for.
        if self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).is_none() {
            let _ = timeout(patience, flushing).await;
        }
    }

    pub(crate) fn sends(&self, span: Finished) {
        self.start();
        if self.0.queue.try_send(Waiting::Span(span)).is_err() {
            self.0.lost.fetch_add(1, Relaxed);
        }
    }

    fn start(&self) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.is_some()
            && let Ok(here) = Handle::try_current()
            && let Some(waiting) = waiting.take()
        {
            // It holds the queue's other end alone: it ends with the last clone.
            here.spawn(export(self.0.url.clone(), self.0.version, waiting));
        }
    }
}

/// Sends what comes, in batches, until nothing can come any more.
async fn export(url: Url, version: &'static str, mut waiting: mpsc::Receiver<Waiting>) {
    let client = client();
    let mut told: Option<Instant> = None;
    while let Some(first) = waiting.recv().await {
        let (mut spans, mut marks) = (Vec::new(), Vec::new());
        let mut take = |one| match one {
            Waiting::Span(span) => spans.push(span),
            Waiting::Mark(mark) => marks.push(mark),
        };
        let until = Instant::now() + GATHERING;
        let mut flushes = matches!(first, Waiting::Mark(_));
        let mut taken = 1;
        take(first);
        while taken < MOST_AT_ONCE && !flushes {
            match tokio::time::timeout_at(until, waiting.recv()).await {
                Ok(Some(one)) => {
                    flushes = matches!(one, Waiting::Mark(_));
                    taken += 1;
                    take(one);
                }
                Ok(None) | Err(_) => break,
            }
        }
        let count = spans.len();
        if !spans.is_empty()
            && let Err(why) = sent(client.as_ref(), &url, version, &spans).await
            && told.is_none_or(|told| told.elapsed() > QUIET)
        {
            tracing::warn!(spans = count, why, "traces cannot be sent and are lost");
            told = Some(Instant::now());
        }
        for mark in marks {
            let _ = mark.send(());
        }
    }
}

fn client() -> Option<Client> {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    Client::builder().timeout(SENDING).redirect(Policy::none()).user_agent("factor-mcp").build().ok()
}

async fn sent(
    client: Option<&Client>,
    url: &Url,
    version: &'static str,
    spans: &[Finished],
) -> Result<(), &'static str> {
    let client = client.ok_or("there is no HTTP client")?;
    let resource =
        [attribute("service.name", Value::Word("factor-mcp")), attribute("service.version", Value::Word(version))];
    let spans: Vec<_> = spans.iter().map(Finished::json).collect();
    let body = json!({"resourceSpans": [{
        "resource": {"attributes": resource},
        "scopeSpans": [{"scope": {"name": "factor-mcp", "version": version}, "spans": spans}],
    }]});
    let request = client.post(url.clone()).header(CONTENT_TYPE, "application/json").body(body.to_string());
    // The address may hold a path that is nobody's business: the error's own words are not told.
    let response =
        request.send().await.map_err(|error| if error.is_timeout() { "no answer in time" } else { "no connection" })?;
    if response.status().is_success() { Ok(()) } else { Err("the collector refuses them") }
}

#[cfg(test)]
mod tests {
    use serde_json::Value as Json;
    use tokio::{
        io::{AsyncReadExt, AsyncWriteExt},
        net::TcpListener,
    };

    use super::*;

    /// A collector that takes one request and says this: the request's head and body.
    async fn collector(answer: &'static str) -> (String, tokio::task::JoinHandle<(String, Json)>) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let taking = tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.unwrap();
            let (mut read, mut text) = (vec![0; 65_536], String::new());
            loop {
                let length = stream.read(&mut read).await.unwrap();
                text += std::str::from_utf8(&read[..length]).unwrap();
                if let Some((head, body)) = text.split_once("\r\n\r\n")
                    && let Ok(json) = serde_json::from_str(body)
                {
                    let head = head.to_owned();
                    let response = format!("HTTP/1.1 {answer}\r\nContent-Length: 2\r\n\r\n{{}}");
                    stream.write_all(response.as_bytes()).await.unwrap();
                    return (head, json);
                }
            }
        });
        (url, taking)
    }

    #[tokio::test]
    async fn spans_are_sent_with_their_parents() {
        let (url, taking) = collector("200 OK").await;
        let tracer = Tracer::new(&url, "1.2.3").unwrap();
        let theirs: TraceParent = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01".parse().unwrap();
        let mut call = tracer.serves("tools/call", Some(theirs));
        call.says("tool", Value::Word("list_factors"));
        call.says("rows", Value::Number(-3));
        call.failed();
        let own = call.context().unwrap();
        drop(tracer.part("panel", own));
        drop(call);
        tracer.flush(Duration::from_secs(10)).await;
        let (head, body) = taking.await.unwrap();
        assert!(head.starts_with("POST /v1/traces HTTP/1.1"), "{head}");
        let spans = &body["resourceSpans"][0]["scopeSpans"][0]["spans"];
        let (part, call) = (&spans[0], &spans[1]);
        assert_eq!((&part["name"], &part["kind"]), (&json!("panel"), &json!(1)));
        assert_eq!(
            (&call["name"], &call["kind"], &call["status"]["code"]),
            (&json!("tools/call"), &json!(2), &json!(2))
        );
        assert_eq!(
            (&call["traceId"], &part["traceId"]),
            (&json!("4bf92f3577b34da6a3ce929d0e0e4736"), &call["traceId"])
        );
        assert_eq!((&call["parentSpanId"], &part["parentSpanId"]), (&json!("00f067aa0ba902b7"), &call["spanId"]));
        let attributes = json!([
            {"key": "tool", "value": {"stringValue": "list_factors"}},
            {"key": "rows", "value": {"intValue": "-3"}},
        ]);
        assert_eq!(call["attributes"], attributes);
        let time = |name: &str| call[name].as_str().unwrap().parse::<u128>().unwrap();
        assert!(time("startTimeUnixNano") <= time("endTimeUnixNano"));
        assert_eq!(body["resourceSpans"][0]["resource"]["attributes"][0]["value"]["stringValue"], "factor-mcp");
    }

    #[tokio::test]
    async fn a_trace_that_is_not_recorded_by_its_beginner_is_not_recorded_here() {
        let tracer = Tracer::new("http://127.0.0.1:1", "1").unwrap();
        let theirs = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00".parse().unwrap();
        assert_eq!(tracer.serves("tools/call", Some(theirs)).context(), None);
        assert!(tracer.serves("tools/call", None).context().is_some());
    }

    #[tokio::test]
    async fn a_collector_that_is_away_or_refuses_holds_nobody_up() {
        let nobody = Tracer::new("http://127.0.0.1:1", "1").unwrap();
        for _ in 0..3 * MOST_WAITING {
            drop(nobody.serves("tools/call", None));
        }
        assert!(nobody.0.lost.load(Relaxed) > 0, "what does not fit is lost");
        nobody.flush(Duration::from_secs(10)).await;
        let (url, taking) = collector("500 Internal Server Error").await;
        let refuses = Tracer::new(&url, "1").unwrap();
        refuses.flush(Duration::from_secs(10)).await;
        drop(refuses.serves("tools/call", None));
        refuses.flush(Duration::from_secs(10)).await;
        taking.await.unwrap();
    }

    #[test]
    fn an_address_is_that_of_a_collector() {
        for (address, url) in [
            ("http://127.0.0.1:4318", "http://127.0.0.1:4318/v1/traces"),
            ("https://otel.example/in/", "https://otel.example/in/v1/traces"),
            ("https://otel.example/v1/traces", "https://otel.example/v1/traces"),
        ] {
            assert_eq!(Tracer::new(address, "1").unwrap().0.url.as_str(), url);
        }
        for bad in ["", "otel.example:4318", "ftp://a", "https://ada:secret@a", "https://a?b", "https://a#b"] {
            let error = Tracer::new(bad, "1").unwrap_err();
            assert!(!error.to_string().contains("secret"));
        }
        // Outside of a runtime a span is made all the same.
        drop(Tracer::new("http://127.0.0.1:1", "1").unwrap().serves("tools/call", None));
    }
}
