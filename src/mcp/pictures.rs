//! A picture next to an answer, as MCP has it: an image, or an embedded SVG; a link where the result would be too long.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use factor_types::UserId;
use rmcp::model::{ContentBlock, ImageContent, MetaObject, ResourceContents};
use serde_json::{Map, json};

use crate::{
    answer::Rendered,
    charts::{Drawn, DrawnContent},
    results::{Media, ResultStore},
};

/// Clients cut results that have more characters than this, text, content and picture together.
const LONGEST_RESULT: usize = 145_000;

/// Characters of a result besides text, content and picture: names, links, the picture's own text.
const AROUND: usize = 1_500;

/// The address of an SVG that is embedded, and read nowhere else.
const EMBEDDED: &str = "factor://picture.svg";

/// The answer with a link in the place of its picture, where the whole would be longer than clients take.
pub(super) fn linked_where_long(answer: Rendered, store: &ResultStore, user: UserId) -> Rendered {
    let Some(picture) = answer.picture.clone() else { return answer };
    // Of a text quotes and line ends are two characters on the wire.
    let written = |text: &str| {
        text.chars().count() + text.bytes().filter(|letter| matches!(letter, b'"' | b'\\' | b'\n')).count()
    };
    let of_picture = match &picture.content {
        DrawnContent::Svg(svg) => written(svg),
        DrawnContent::Png(png) => png.len().div_ceil(3) * 4,
    };
    let all =
        written(&answer.text) + answer.structured.as_str().chars().count() + of_picture + AROUND + picture.alt.len();
    if all <= LONGEST_RESULT {
        return answer;
    }
    let link = store.put_picture(user, &picture);
    Rendered { picture: None, ..answer }.link(link)
}

/// A picture as a block of content.
pub(super) fn block(picture: &Drawn) -> ContentBlock {
    let said = json!({"title": picture.title, "alt": picture.alt});
    let meta = MetaObject(said.as_object().cloned().unwrap_or_else(Map::new));
    match &picture.content {
        DrawnContent::Svg(svg) => ContentBlock::resource(ResourceContents::TextResourceContents {
            uri: EMBEDDED.to_owned(),
            mime_type: Some(Media::Svg.mime().to_owned()),
            text: svg.to_string(),
            meta: Some(meta),
        }),
        DrawnContent::Png(png) => {
            let mut image = ImageContent::new(STANDARD.encode(png), Media::Png.mime());
            image.meta = Some(meta);
            ContentBlock::Image(image)
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::Value;

    use super::*;

    fn with_png(bytes: usize, text: &str) -> Rendered {
        let content = DrawnContent::Png(vec![7; bytes].into());
        let drawn = Drawn { title: "Risk".to_owned(), alt: "Risk. Highest: A.".to_owned(), content };
        Rendered {
            text: text.to_owned(),
            picture: Some(Arc::new(drawn)),
            ..Rendered::json(&json!({"status": "success"}))
        }
    }

    #[test]
    fn a_picture_that_makes_a_result_too_long_is_linked() {
        let store = ResultStore::new();
        let short = linked_where_long(with_png(90_000, "{}"), &store, UserId::LOCAL);
        assert!(short.picture.is_some() && short.links.is_empty());
        let long = linked_where_long(with_png(90_000, &"x".repeat(40_000)), &store, UserId::LOCAL);
        assert!(long.picture.is_none());
        assert_eq!(long.links[0].media, Media::Png);
        assert_eq!(store.get(UserId::LOCAL, &long.links[0].uri).unwrap().bytes().len(), 90_000);
    }

    #[test]
    fn an_image_says_what_it_shows_and_an_svg_is_a_resource() {
        let written =
            |answer: Rendered| -> Value { serde_json::to_value(block(answer.picture.as_deref().unwrap())).unwrap() };
        let image = written(with_png(3, ""));
        assert_eq!(
            (&image["type"], &image["mimeType"], &image["data"]),
            (&json!("image"), &json!("image/png"), &json!("BwcH"))
        );
        assert_eq!(image["_meta"]["alt"], "Risk. Highest: A.");
        let drawn = Drawn { title: String::new(), alt: "A.".to_owned(), content: DrawnContent::Svg("<svg/>".into()) };
        let svg = serde_json::to_value(block(&drawn)).unwrap();
        assert_eq!((&svg["type"], &svg["resource"]["mimeType"]), (&json!("resource"), &json!("image/svg+xml")));
        assert_eq!((&svg["resource"]["text"], &svg["resource"]["_meta"]["alt"]), (&json!("<svg/>"), &json!("A.")));
    }
}
