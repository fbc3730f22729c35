//! The wire, over a real socket.

use std::{
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use super::{
    test_server::{Answer, TestServer},
    *,
};
use crate::SourceFault;

const KEY: &str = "planted-key-4711";

fn upstream(base: &str, change: impl FnOnce(&mut UpstreamConfig)) -> Upstream {
    let mut config = UpstreamConfig {
        vendor: "The Vendor",
        base_url: format!("{base}/api"),
        base_setting: "THE_URL",
        secret: Some(SecretHeader::new("apikey", KEY).unwrap()),
        key_setting: Some("THE_KEY"),
        user_agent: "tester/1".into(),
        requests_per_minute: 1_000,
        in_flight: 4,
        timeout: Duration::from_secs(5),
        max_retries: 3,
        body_cap: 1_000,
        shared_pause: None,
        meaning: |_| None,
    };
    change(&mut config);
    Upstream::new(config).unwrap()
}

async fn ask(upstream: &Upstream) -> Result<serde_json::Value, UpstreamError> {
    let ask = UpstreamRequest {
        path: &["a b", "CUR:USD"],
        query: &[("symbol", "A&B"), ("from", "2020-01-01")],
        subject: "SPY",
    };
    upstream.get(ask, UpstreamResponse::json).await
}

/// The outcome of one question to a server with this script, and the requests it took.
async fn outcome(
    script: impl Fn(usize, &str) -> Answer + Send + Sync + 'static,
    change: impl FnOnce(&mut UpstreamConfig),
) -> (Result<serde_json::Value, UpstreamError>, usize) {
    let server = TestServer::start(script).await;
    let result = ask(&upstream(&server.base, change)).await;
    (result, server.heads().len())
}

async fn failure(answer: Answer, change: impl FnOnce(&mut UpstreamConfig)) -> (SourceFault, String, usize) {
    let (result, requests) = outcome(move |_, _| answer.clone(), change).await;
    let error = result.unwrap_err();
    assert!(!format!("{error:?}").contains(KEY), "{error:?}");
    (error.fault, error.why, requests)
}

#[tokio::test]
async fn a_request_carries_the_key_in_its_header_and_escapes_what_it_asks() {
    let server = TestServer::start(|_, _| Answer::json("[1]")).await;
    let upstream = upstream(&server.base, |_| ());
    assert_eq!(ask(&upstream).await.unwrap(), serde_json::json!([1]));
    let head = server.heads().remove(0);
    assert!(head.starts_with("GET /api/a%20b/CUR:USD?symbol=A%26B&from=2020-01-01 HTTP/1.1"), "{head}");
    assert!(head.contains(&format!("apikey: {KEY}")) && head.contains("user-agent: tester/1"), "{head}");
    let stats = upstream.stats();
    assert_eq!((stats.sent, stats.failures, stats.in_flight, stats.retries), (1, 0, 0, 0));
    assert!(stats.last_success.is_some());
}

#[tokio::test]
async fn statuses_that_do_not_pass_are_asked_once() {
    let said = r#"{"Error Message":"no"}"#;
    for (status, fault, why) in [
        (400, SourceFault::Unusable, "The Vendor refused the request for SPY (400, \"no\"): check THE_URL"),
        (401, SourceFault::Auth, "The Vendor refused the key (401): check THE_KEY"),
        (404, SourceFault::Unusable, "The Vendor has nothing there for SPY (404, \"no\"): check THE_URL"),
    ] {
        assert_eq!(failure(Answer::status(status, said), |_| ()).await, (fault, why.to_owned(), 1));
    }
}

#[tokio::test]
async fn statuses_that_pass_are_retried() {
    for status in [408, 425, 500, 502, 503] {
        let script = move |n, _: &str| if n == 0 { Answer::status(status, "") } else { Answer::json("[]") };
        assert_eq!(outcome(script, |_| ()).await.1, 2, "{status}");
    }
    for status in [401, 402, 403] {
        let script = move |n, _: &str| if n == 0 { Answer::status(status, "") } else { Answer::json("[]") };
        assert_eq!(outcome(script, |_| ()).await.1, 2, "a bare {status}");
    }
    let (fault, why, requests) = failure(Answer::status(403, "no"), |config| config.max_retries = 1).await;
    let told = "The Vendor refused SPY (403, \"no\") without a word about key or plan: try again later (tried 2 times)";
    assert_eq!((fault, why.as_str(), requests), (SourceFault::Unavailable, told, 2));
    let (fault, why, requests) = failure(Answer::status(500, "<html>oops"), |config| config.max_retries = 1).await;
    assert_eq!((fault, requests), (SourceFault::Unavailable, 2));
    assert_eq!(why, "The Vendor failed (500): try again later (tried 2 times)");
}

#[tokio::test]
async fn a_limit_answer_is_tried_again_after_the_time_it_names() {
    let script =
        |n, _: &str| if n == 0 { Answer::status(429, "").with_header("Retry-After: 1") } else { Answer::json("[]") };
    let start = std::time::Instant::now();
    let (result, requests) = outcome(script, |_| ()).await;
    assert!(result.is_ok() && requests == 2);
    assert!(start.elapsed() >= Duration::from_secs(1));
    let (fault, why, requests) = failure(Answer::status(429, "slow down").with_header("Retry-After: 40"), |_| ()).await;
    assert_eq!((fault, requests), (SourceFault::Limited, 1));
    assert_eq!(why, "The Vendor gets too many requests (429): ask again in 40 s");
}

#[tokio::test]
async fn a_limit_answer_without_a_time_pauses_for_a_second() {
    let start = std::time::Instant::now();
    let script = |n, _: &str| if n == 0 { Answer::status(429, "") } else { Answer::json("[]") };
    assert_eq!(outcome(script, |_| ()).await.1, 2);
    assert!(start.elapsed() >= Duration::from_millis(990));
}

#[tokio::test]
async fn a_cut_body_is_retried() {
    let script = |n, _: &str| if n == 0 { Answer::Cut("[1,".into()) } else { Answer::json("[1]") };
    let (result, requests) = outcome(script, |_| ()).await;
    assert_eq!((result.unwrap(), requests), (serde_json::json!([1]), 2));
    let (fault, why, requests) = failure(Answer::Cut("[1,".into()), |config| config.max_retries = 2).await;
    assert_eq!((fault, requests), (SourceFault::Unavailable, 3));
    assert!(why.starts_with("The Vendor's answer was cut off"), "{why}");
}

#[tokio::test]
async fn html_with_status_200_is_asked_for_once_more_and_then_refused() {
    let html = Answer::Full(200, "Content-Type: text/html\r\n".into(), b"<html>hello</html>".to_vec());
    let (fault, why, requests) = failure(html, |_| ()).await;
    assert_eq!((fault, requests), (SourceFault::Unusable, 2));
    assert!(why.starts_with("The Vendor's answer for SPY cannot be used, it is a page of HTML (200)"), "{why}");
    assert_eq!(failure(Answer::json("[{\"a\":"), |_| ()).await.2, 2, "JSON cut without a length");
}

#[tokio::test]
async fn silence_ends_with_the_time_out() {
    let change = |config: &mut UpstreamConfig| (config.timeout, config.max_retries) = (Duration::from_millis(200), 1);
    let (fault, why, requests) = failure(Answer::Silence, change).await;
    assert_eq!((fault, requests), (SourceFault::Late, 2));
    assert_eq!(
        why,
        "The Vendor did not answer within 0.2 s: try again later, or raise FACTOR_PRICE_TIMEOUT (tried 2 times)"
    );
}

#[tokio::test]
async fn an_unreachable_server_is_reported_without_its_address() {
    let error = ask(&upstream("http://127.0.0.1:1", |config| config.max_retries = 0)).await.unwrap_err();
    assert_eq!(error.fault, SourceFault::Unavailable);
    assert!(error.why.starts_with("The Vendor cannot be reached (") && error.why.contains("THE_URL"), "{}", error.why);
}

#[tokio::test]
async fn a_body_over_the_cap_is_refused_even_when_it_is_small_on_the_wire() {
    let long = format!("[{}1]", "1,".repeat(5_000));
    assert_eq!(failure(Answer::json(long.clone()), |_| ()).await.2, 1);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(long.as_bytes()).unwrap();
    let packed = gzip.finish().unwrap();
    assert!(packed.len() < 500);
    let answer = Answer::Full(200, "Content-Encoding: gzip\r\nContent-Type: application/json\r\n".into(), packed);
    let (fault, why, requests) = failure(answer.clone(), |_| ()).await;
    assert_eq!((fault, requests), (SourceFault::Unusable, 1));
    assert_eq!(why, "The Vendor's answer is over 1000 bytes: ask for a shorter range");
    let (result, _) = outcome(move |_, _| answer.clone(), |config| config.body_cap = BODY_CAP).await;
    assert_eq!(result.unwrap().as_array().unwrap().len(), 5_001);
}

#[tokio::test]
async fn redirects_stay_on_the_host() {
    let script = |n, _: &str| match n {
        0 => Answer::status(302, "").with_header("Location: /elsewhere"),
        _ => Answer::json("[]"),
    };
    assert_eq!(outcome(script, |_| ()).await.1, 2);
    let other = TestServer::start(|_, _| Answer::json("[]")).await;
    let away = Answer::status(302, "").with_header(&format!("Location: {}/x", other.base));
    let (fault, why, requests) = failure(away, |_| ()).await;
    assert_eq!((fault, requests, other.heads().len()), (SourceFault::Unavailable, 1, 0));
    assert!(why.contains("to another host (302)"), "{why}");
}

#[tokio::test]
async fn a_dropped_question_ends_its_request() {
    let server = TestServer::start(|_, _| Answer::Silence).await;
    let upstream = upstream(&server.base, |config| config.in_flight = 1);
    for _ in 0..3 {
        assert!(tokio::time::timeout(Duration::from_millis(300), ask(&upstream)).await.is_err());
    }
    assert_eq!((server.heads().len(), upstream.stats().in_flight), (3, 0));
}

/// Everything logged, at every level.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn the_key_is_in_no_text_log_or_debug() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let _guard = tracing::subscriber::set_default(subscriber);
    let echo = format!("your key {KEY} is bad");
    let answers = [
        Answer::status(402, echo.clone()),
        Answer::status(500, echo.clone()),
        Answer::status(401, echo.clone()),
        Answer::json(echo),
    ];
    for answer in answers {
        let server = TestServer::start(move |_, _| answer.clone()).await;
        let upstream = upstream(&server.base, |config| config.max_retries = 1);
        let error = ask(&upstream).await.unwrap_err();
        assert!(!format!("{error:?} {error} {upstream:?}").contains(KEY), "{error:?}");
    }
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains("path=\"/api/a%20b/CUR:USD\"") && text.contains("your key *** is bad"), "{text}");
    assert!(!text.contains(KEY) && !text.contains("2020-01-01"), "{text}");
}

#[test]
fn addresses_and_keys_that_cannot_be_used_are_refused_without_showing_the_key() {
    for url in ["", "financialmodelingprep.com", "ftp://x/y", "https://user@x/y", "https://x/y?apikey=1"] {
        let mut config = upstream("http://x", |_| ()).wire_config();
        config.base_url = url.to_owned();
        assert!(matches!(Upstream::new(config), Err(ConfigError::BaseUrl { .. })), "{url}");
    }
    assert!(SecretHeader::new("apikey", "  ").is_err());
    let error = SecretHeader::new("apikey", "bad\nkey").unwrap_err();
    assert_eq!(error.to_string(), "the key holds characters that a header cannot carry: write visible ASCII");
}

impl Upstream {
    fn wire_config(&self) -> UpstreamConfig {
        self.wire.config().clone()
    }
}
