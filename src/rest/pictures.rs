//! Pictures over REST: a request that asks for an image gets the picture of its answer, one whose body has `chart` a link to it.

use axum::{
    http::{HeaderMap, HeaderValue, header},
    response::{IntoResponse, Response},
};
use factor_types::UserId;
use serde_json::{Map, Value, json};

use super::route::for_its_caller;
use crate::{
    answer::Rendered,
    charts::{Drawn, DrawnContent},
    mcp::tools::TOOLS,
    results::{Media, ResultStore},
};

/// The image that `Accept` names before any JSON.
pub(super) fn wanted(headers: &HeaderMap) -> Option<Media> {
    let accept = headers.get_all(header::ACCEPT).iter().filter_map(|value| value.to_str().ok());
    let types = accept.flat_map(|value| value.split(',')).map(|one| one.split(';').next().unwrap_or_default().trim());
    let known = types.filter_map(|name| match name.to_ascii_lowercase().as_str() {
        "image/png" => Some(Some(Media::Png)),
        "image/svg+xml" => Some(Some(Media::Svg)),
        "application/json" => Some(None),
        _ => None,
    });
    known.into_iter().next().flatten()
}

/// Whether a tool has pictures.
pub(super) fn has(tool: &str) -> bool {
    let entry = TOOLS.iter().find(|entry| entry.name == tool);
    entry.is_some_and(|entry| (entry.input)()["properties"].get("chart").is_some())
}

/// Asks for it, in the form of this image; what the body says of it besides still holds.
pub(super) fn ask(arguments: &mut Map<String, Value>, image: Media) {
    let form = if image == Media::Svg { "svg" } else { "png" };
    let words = match arguments.get("chart") {
        Some(Value::String(words)) if !matches!(words.trim(), "true" | "false") => format!("{words} {form}"),
        _ => form.to_owned(),
    };
    arguments.insert("chart".to_owned(), json!(words));
}

/// The picture itself.
pub(super) fn response(picture: &Drawn) -> Response {
    let (media, bytes) = match &picture.content {
        DrawnContent::Svg(svg) => (Media::Svg, svg.as_bytes().to_vec()),
        DrawnContent::Png(png) => (Media::Png, png.to_vec()),
    };
    let mut response = ([(header::CONTENT_TYPE, HeaderValue::from_static(media.mime()))], bytes).into_response();
    // An SVG is a document of its own: it may run nothing and fetch nothing.
    let policy = HeaderValue::from_static("default-src 'none'; style-src 'unsafe-inline'; sandbox");
    response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    for_its_caller(&mut response);
    response
}

/// The answer with a link to its picture, where a body asked for one.
pub(super) fn linked(answer: Rendered, store: &ResultStore, user: UserId) -> Rendered {
    match answer.picture.clone() {
        Some(picture) => Rendered { picture: None, ..answer }.link(store.put_picture(user, &picture)),
        None => answer,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn accepting(value: &'static str) -> Option<Media> {
        wanted(&HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static(value))]))
    }

    #[test]
    fn the_first_that_is_known_counts() {
        assert_eq!(accepting("image/png"), Some(Media::Png));
        assert_eq!(accepting("text/html, image/svg+xml;q=0.9, application/json"), Some(Media::Svg));
        assert_eq!(accepting("application/json, image/png"), None);
        assert_eq!([accepting("*/*"), accepting("")], [None, None]);
    }

    #[test]
    fn what_a_body_says_of_the_picture_holds() {
        let asked = |chart: Value| {
            let mut arguments = Map::from_iter([("chart".to_owned(), chart)]);
            ask(&mut arguments, Media::Svg);
            arguments["chart"].clone()
        };
        assert_eq!(
            [asked(json!("dark")), asked(json!(true)), asked(json!("true"))],
            [json!("dark svg"), json!("svg"), json!("svg")]
        );
    }

    #[test]
    fn tools_that_have_pictures_are_known_by_their_arguments() {
        assert!(has("get_factor_analysis") && has("compare_factors"));
        assert!(!has("list_factors") && !has("unknown"));
    }
}
