use axum::{Router, middleware};
use futures::stream;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};

use super::*;

const PING: &str = r#"{"jsonrpc":"2.0","id":1,"method":"ping"}"#;

fn guarding(places: usize, each: usize, sessions: usize) -> Guard {
    Guard {
        requests: Arc::new(Semaphore::new(places)),
        queue: Arc::new(Semaphore::new(1)),
        shares: Arc::new(Shares::new(each)),
        sessions: Arc::new(Sessions::new(sessions, sessions, Duration::from_secs(60))),
        streams: None,
        proxies: Arc::new(TrustedProxies::default()),
        strangers: false,
        tools: None,
        longest_body: 1_000,
        body_time: Duration::from_secs(10),
    }
}

/// What a request gets through this guard from a service that answers so.
async fn asked(behind: &Guard, method: Method, body: Body, answer: StatusCode) -> Response {
    asked_at(behind, "/", (method, body), answer).await
}

async fn asked_at(behind: &Guard, path: &str, (method, body): (Method, Body), answer: StatusCode) -> Response {
    let layer = middleware::from_fn_with_state(behind.clone(), guard);
    let router: Router = Router::new()
        .fallback(move || async move { (answer, "said") })
        .layer(layer)
        .layer(middleware::from_fn(one_host));
    let request = Request::builder().method(method).uri(path).header("Content-Type", "application/json; charset=utf-8");
    TowerToHyperService::new(router).call(request.body(body).unwrap()).await.unwrap()
}

async fn posted(behind: &Guard) -> Response {
    asked(behind, Method::POST, Body::from(PING), StatusCode::OK).await
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

async fn refused(response: Response, status: u16, error: &str) {
    assert_eq!(response.status(), status);
    let body: Value = serde_json::from_str(&text(response).await).unwrap();
    assert_eq!(body["error"], error, "{body}");
}

#[tokio::test(start_paused = true)]
async fn a_place_is_taken_until_the_answer_has_been_sent() {
    let guard = guarding(1, 9, 1);
    let first = posted(&guard).await;
    let second = posted(&guard).await;
    assert_eq!(second.headers()[header::RETRY_AFTER], "2");
    refused(second, 503, "busy").await;
    let listening = asked(&guard, Method::GET, Body::empty(), StatusCode::OK).await;
    assert_eq!(listening.status(), StatusCode::OK, "who only listens takes no place");
    // Whoever comes while the first is answered waits a moment for its place.
    let (third, ()) = tokio::join!(posted(&guard), async {
        tokio::time::sleep(QUEUE_TIME / 2).await;
        assert_eq!(text(first).await, "said");
    });
    assert_eq!(third.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn who_finds_the_queue_full_is_sent_away_at_once_and_unread() {
    let guard = guarding(1, 9, 1);
    let first = posted(&guard).await;
    let began = tokio::time::Instant::now();
    let (second, third, garbage) = tokio::join!(
        async { (posted(&guard).await, began.elapsed()) },
        async { (posted(&guard).await, began.elapsed()) },
        async { (asked(&guard, Method::POST, Body::from("{"), StatusCode::OK).await, began.elapsed()) },
    );
    assert_eq!((second.1, third.1, garbage.1), (QUEUE_TIME, Duration::ZERO, Duration::ZERO));
    for (response, _) in [second, third, garbage] {
        refused(response, 503, "busy").await;
    }
    drop(first);
    assert_eq!(posted(&guard).await.status(), StatusCode::OK);
}

#[tokio::test]
async fn a_caller_has_a_share_of_requests_and_of_streams() {
    let guard = guarding(9, 1, 1);
    let first = posted(&guard).await;
    let second = posted(&guard).await;
    assert_eq!(second.headers()[header::RETRY_AFTER], "1");
    refused(second, 429, "too_many_requests").await;
    let stream = asked(&guard, Method::GET, Body::empty(), StatusCode::OK).await;
    refused(asked(&guard, Method::GET, Body::empty(), StatusCode::OK).await, 429, "too_many_streams").await;
    drop((first, stream));
    assert_eq!(posted(&guard).await.status(), StatusCode::OK);
    assert_eq!(asked(&guard, Method::GET, Body::empty(), StatusCode::OK).await.status(), StatusCode::OK);
}

#[tokio::test(start_paused = true)]
async fn a_body_has_its_time_and_its_length_and_takes_no_place_before_it_is_there() {
    let guard = guarding(1, 1, 1);
    let drip = || {
        let bytes = stream::unfold((), |()| async {
            tokio::time::sleep(Duration::from_secs(1)).await;
            Some((Ok::<_, std::io::Error>(Bytes::from_static(b" ")), ()))
        });
        Body::from_stream(bytes)
    };
    let (dripped, healthy) = tokio::join!(asked(&guard, Method::POST, drip(), StatusCode::OK), posted(&guard));
    assert_eq!(healthy.status(), StatusCode::OK);
    assert_eq!(dripped.headers()[header::CONNECTION], "close");
    refused(dripped, 408, "slow_body").await;
    let long = asked(&guard, Method::POST, Body::from(vec![b' '; 1_001]), StatusCode::OK).await;
    refused(long, 413, "long_body").await;
    let broken = stream::once(async { Err::<Bytes, _>(std::io::Error::other("chunk")) });
    let broken = asked(&guard, Method::POST, Body::from_stream(broken), StatusCode::OK).await;
    refused(broken, 400, "broken_body").await;
}

#[tokio::test]
async fn a_body_that_is_no_message_is_answered_with_an_error_of_the_protocol() {
    let guard = guarding(1, 1, 1);
    for (body, code, id) in [
        ("no json", -32700, Value::Null),
        (r#"{"jsonrpc":"2.0","id":5,"#, -32700, json!(5)),
        ("{}", -32600, Value::Null),
        (r#"{"jsonrpc":"2.0","id":6,"method":"tools/call","params":{"name":1}}"#, -32602, json!(6)),
    ] {
        let response = asked(&guard, Method::POST, Body::from(body), StatusCode::OK).await;
        assert_eq!(response.status(), StatusCode::BAD_REQUEST, "{body}");
        let answer: Value = serde_json::from_str(&text(response).await).unwrap();
        assert_eq!((&answer["error"]["code"], &answer["id"]), (&json!(code), &id), "{body}");
    }
}

#[tokio::test(start_paused = true)]
async fn of_rest_every_request_is_work_and_none_a_message() {
    let guard = guarding(1, 1, 0);
    let ask = async |guard: &Guard, method: Method, answer| {
        asked_at(guard, "/api/factors", (method, Body::from("no message")), answer).await
    };
    let first = ask(&guard, Method::GET, StatusCode::OK).await;
    assert_eq!(first.status(), StatusCode::OK);
    refused(ask(&guard, Method::DELETE, StatusCode::OK).await, 429, "too_many_requests").await;
    let others = guarding(1, 9, 0);
    let working = ask(&others, Method::PUT, StatusCode::OK).await;
    refused(ask(&others, Method::GET, StatusCode::OK).await, 503, "busy").await;
    drop((first, working));
    assert_eq!(text(ask(&guard, Method::POST, StatusCode::OK).await).await, "said");
    // Sessions are no matter of it.
    let fault = ask(&guard, Method::POST, StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(fault.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let long = asked_at(&guard, "/api/factors", (Method::PUT, Body::from(vec![b' '; 1_001])), StatusCode::OK).await;
    refused(long, 413, "long_body").await;
}

#[tokio::test]
async fn two_hosts_are_none() {
    let router: Router = Router::new().fallback(|| async { "said" }).layer(middleware::from_fn(one_host));
    let request = Request::builder().uri("/").header("Host", "localhost").header("Host", "evil.example");
    let response = TowerToHyperService::new(router).call(request.body(Body::empty()).unwrap()).await.unwrap();
    refused(response, 400, "two_hosts").await;
}

#[tokio::test]
async fn only_a_session_that_was_ended_answers_with_no_content() {
    let guard = guarding(1, 1, 1);
    let status = async |method, answer| asked(&guard, method, Body::from(PING), answer).await.status();
    assert_eq!(status(Method::DELETE, StatusCode::ACCEPTED).await, StatusCode::NO_CONTENT);
    assert_eq!(status(Method::DELETE, StatusCode::NOT_FOUND).await, StatusCode::NOT_FOUND);
    assert_eq!(status(Method::POST, StatusCode::ACCEPTED).await, StatusCode::ACCEPTED, "a notification");
}

#[tokio::test]
async fn a_fault_while_all_sessions_are_taken_is_said_to_be_that() {
    let full = asked(&guarding(1, 1, 0), Method::POST, Body::from(PING), StatusCode::INTERNAL_SERVER_ERROR).await;
    refused(full, 503, "no_session").await;
    let fault = asked(&guarding(1, 1, 1), Method::POST, Body::from(PING), StatusCode::INTERNAL_SERVER_ERROR).await;
    assert_eq!(fault.status(), StatusCode::INTERNAL_SERVER_ERROR);
    let served = posted(&guarding(1, 1, 0)).await;
    assert_eq!(served.status(), StatusCode::OK, "without a session of its own");
}
