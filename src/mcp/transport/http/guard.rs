//! What stands before the MCP service: how many requests are at work, and answers said in better words.

use std::sync::Arc;

use axum::{
    body::Body,
    extract::{Request, State},
    http::{Method, StatusCode, header},
    middleware::Next,
    response::{IntoResponse, Response},
};
use http_body_util::BodyExt;
use tokio::sync::Semaphore;

use super::sessions::Sessions;

#[derive(Debug, Clone)]
pub(super) struct Guard {
    requests: Arc<Semaphore>,
    sessions: Arc<Sessions>,
}

impl Guard {
    pub(super) fn new(requests: Arc<Semaphore>, sessions: Arc<Sessions>) -> Self {
        Self { requests, sessions }
    }
}

pub(super) async fn guard(State(guard): State<Guard>, request: Request, next: Next) -> Response {
    let method = request.method().clone();
    if method != Method::POST {
        let response = next.run(request).await;
        // Some clients take 202, which is what rmcp says, for a session that could not be ended.
        let ended = method == Method::DELETE && response.status() == StatusCode::ACCEPTED;
        return if ended { StatusCode::NO_CONTENT.into_response() } else { response };
    }
    let Ok(permit) = Arc::clone(&guard.requests).try_acquire_owned() else {
        return busy("too many requests are at work: send it again in a moment");
    };
    let response = next.run(request).await;
    if response.status() == StatusCode::INTERNAL_SERVER_ERROR && guard.sessions.is_full().await {
        return busy("too many sessions are open: end one with DELETE, or try again in a moment");
    }
    // A tool works while its answer is streamed, so the place is taken until the last of it is sent.
    response.map(|body| {
        Body::new(body.map_frame(move |frame| {
            let _at_work = &permit;
            frame
        }))
    })
}

fn busy(why: &'static str) -> Response {
    (StatusCode::SERVICE_UNAVAILABLE, [(header::RETRY_AFTER, "2")], why).into_response()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use axum::{Router, middleware};
    use hyper::service::Service;
    use hyper_util::service::TowerToHyperService;

    use super::*;

    fn guarding(places: usize, sessions: usize) -> Guard {
        let sessions = Sessions::new(sessions, Duration::from_secs(60));
        Guard::new(Arc::new(Semaphore::new(places)), Arc::new(sessions))
    }

    /// What a request gets through this guard from a service that answers so.
    async fn asked(behind: &Guard, method: Method, answer: StatusCode) -> Response {
        let layer = middleware::from_fn_with_state(behind.clone(), guard);
        let router: Router = Router::new().fallback(move || async move { (answer, "said") }).layer(layer);
        let request = Request::builder().method(method).uri("/").body(Body::empty()).unwrap();
        TowerToHyperService::new(router).call(request).await.unwrap()
    }

    async fn text(response: Response) -> String {
        String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
    }

    #[tokio::test]
    async fn a_place_is_taken_until_the_answer_has_been_sent() {
        let guard = guarding(1, 1);
        let first = asked(&guard, Method::POST, StatusCode::OK).await;
        let second = asked(&guard, Method::POST, StatusCode::OK).await;
        assert_eq!(second.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert_eq!(second.headers()[header::RETRY_AFTER], "2");
        assert!(text(second).await.starts_with("too many requests are at work"));
        let listening = asked(&guard, Method::GET, StatusCode::OK).await;
        assert_eq!(listening.status(), StatusCode::OK, "who only listens takes no place");
        assert_eq!(text(first).await, "said");
        assert_eq!(asked(&guard, Method::POST, StatusCode::OK).await.status(), StatusCode::OK);
    }

    #[tokio::test]
    async fn only_a_session_that_was_ended_answers_with_no_content() {
        let guard = guarding(1, 1);
        let status = async |method, answer| asked(&guard, method, answer).await.status();
        assert_eq!(status(Method::DELETE, StatusCode::ACCEPTED).await, StatusCode::NO_CONTENT);
        assert_eq!(status(Method::DELETE, StatusCode::NOT_FOUND).await, StatusCode::NOT_FOUND);
        assert_eq!(status(Method::POST, StatusCode::ACCEPTED).await, StatusCode::ACCEPTED, "a notification");
    }

    #[tokio::test]
    async fn a_fault_while_all_sessions_are_taken_is_said_to_be_that() {
        let full = asked(&guarding(1, 0), Method::POST, StatusCode::INTERNAL_SERVER_ERROR).await;
        assert_eq!(full.status(), StatusCode::SERVICE_UNAVAILABLE);
        assert!(text(full).await.starts_with("too many sessions are open"));
        let fault = asked(&guarding(1, 1), Method::POST, StatusCode::INTERNAL_SERVER_ERROR).await;
        assert_eq!(fault.status(), StatusCode::INTERNAL_SERVER_ERROR);
        let served = asked(&guarding(1, 0), Method::POST, StatusCode::OK).await;
        assert_eq!(served.status(), StatusCode::OK, "without a session of its own");
    }
}
