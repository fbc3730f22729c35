//! `/api/results/{id}`: the whole of an answer that was cut.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use factor_types::UserId;
use sha2::{Digest, Sha256};

use super::{
    answer::entity_tag,
    conditions, endpoint,
    problem::Problem,
    route::{Answers, Route, Verb, Work, for_its_caller},
};
use crate::{answer::Version, mcp::server::Server, results::URI_PREFIX, tool_error::ErrorCode};

const PATH: &str = "/results/{id}";

pub(super) const ROUTES: &[Route] = &[Route {
    answers: Answers::Figures,
    ..Route::new(
        Verb::Get,
        PATH,
        Work::KeptResult,
        "The whole of an answer that was cut, or its picture (kept 30 minutes, for its caller alone).",
    )
}];

/// The result of this id, where it is this user's and still kept.
pub(super) async fn answered(server: &Server, user: UserId, id: &str, headers: &HeaderMap) -> Response {
    let whole = match server.app().whole_result(user, &format!("{URI_PREFIX}{id}")).await {
        Ok(Some(whole)) => whole,
        Ok(None) => {
            let words = "There is no result with this id. Results are kept 30 minutes, for those who asked: send the request again.";
            return Problem::new(ErrorCode::NotFound, words.to_owned()).at(endpoint(PATH), None).into_response();
        }
        Err(unwritten) => return Problem::of_error(&unwritten).at(endpoint(PATH), None).into_response(),
    };
    let tag = entity_tag(&Version::from(Sha256::new().chain_update(whole.bytes())));
    let mut response = if conditions::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, HeaderValue::from_static(whole.media().mime()))], whole.bytes().to_vec())
            .into_response()
    };
    response.headers_mut().insert(header::ETAG, tag);
    for_its_caller(&mut response);
    response
}
