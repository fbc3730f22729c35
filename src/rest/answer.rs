//! An answer of a tool as a response.

use axum::{
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::task::spawn_blocking;

use super::{
    conditions,
    problem::Problem,
    route::{Answers, Route, Verb, for_its_caller},
    seed::{self, Figures},
};
use crate::{
    answer::{Kept, Rendered, Version},
    results::{ResultLink, URI_PREFIX},
    tool_error::ToolError,
};

/// What an answer is sent as.
pub(super) const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// Longer answers are worked on off the async threads, in bytes.
const LONG: usize = 64 * 1024;

/// What may stand in a part of a path as it is.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'_').remove(b'.').remove(b'~');

/// The response to a request that was answered. `root` is what all of REST lies below, `threshold` the least correlation by size
/// among the strongest ones.
pub(super) async fn success(
    (route, root): (&Route, &str),
    rendered: Rendered,
    threshold: Option<f64>,
    headers: &HeaderMap,
) -> Response {
    let Rendered { structured, links, kept, .. } = rendered;
    let mut response = match route.answers {
        Answers::Figures => {
            let is_long = structured.as_str().len() > LONG;
            let write = move || seed::named(structured.as_str(), threshold);
            match if is_long { written(write).await } else { write() } {
                Some(Figures { body, version }) => figures(route, body, &version, headers),
                None => {
                    return Problem::of_error(&ToolError::internal())
                        .at(super::endpoint(route.path), Some(route))
                        .into_response();
                }
            }
        }
        Answers::Kept | Answers::Plain => {
            ([(header::CONTENT_TYPE, JSON)], seed::succeeded(structured.as_str())).into_response()
        }
    };
    if let (Answers::Kept, Some(kept)) = (route.answers, kept) {
        say_kept(&mut response, (route, root), &kept);
    }
    links.iter().filter_map(|of| link(root, of)).for_each(|link| {
        response.headers_mut().append(header::LINK, link);
    });
    for_its_caller(&mut response);
    response
}

/// True where the response will say that its caller has these figures: they have paid for them.
pub(super) fn is_known(route: &Route, answer: &Rendered, threshold: Option<f64>, headers: &HeaderMap) -> bool {
    let asks =
        (route.verb, route.answers) == (Verb::Get, Answers::Figures) && headers.contains_key(header::IF_NONE_MATCH);
    let figures = || seed::named(answer.structured.as_str(), threshold);
    asks && figures().is_some_and(|figures| conditions::is_known(headers, &entity_tag(&figures.version)))
}

async fn written(write: impl FnOnce() -> Option<Figures> + Send + 'static) -> Option<Figures> {
    spawn_blocking(write).await.ok().flatten()
}

fn figures(route: &Route, body: String, version: &Version, headers: &HeaderMap) -> Response {
    let tag = entity_tag(version);
    let mut response = if route.verb == Verb::Get && conditions::is_known(headers, &tag) {
        StatusCode::NOT_MODIFIED.into_response()
    } else {
        ([(header::CONTENT_TYPE, JSON)], body).into_response()
    };
    response.headers_mut().insert(header::ETAG, tag);
    response
}

/// What is kept: its state, and where it is if it is new.
fn say_kept(response: &mut Response, (route, root): (&Route, &str), kept: &Kept) {
    response.headers_mut().insert(header::ETAG, entity_tag(&kept.version));
    if !kept.is_new {
        return;
    }
    *response.status_mut() = StatusCode::CREATED;
    let collection = route.path.split("/{").next().unwrap_or_default();
    let place = format!("{root}{collection}/{}", utf8_percent_encode(&kept.name, IN_PATH));
    if let Ok(place) = HeaderValue::try_from(place) {
        response.headers_mut().insert(header::LOCATION, place);
    }
}

/// A version as an `ETag`.
pub(super) fn entity_tag(version: &Version) -> HeaderValue {
    // Hexadecimal digits are visible characters.
    HeaderValue::try_from(format!("\"{}\"", version.as_str())).unwrap_or(HeaderValue::from_static("\"\""))
}

/// Where the whole of an answer is.
fn link(root: &str, of: &ResultLink) -> Option<HeaderValue> {
    let id = of.uri.strip_prefix(URI_PREFIX)?;
    HeaderValue::try_from(format!("<{root}/results/{id}>; rel=\"related\"; type=\"{}\"", of.media.mime())).ok()
}
