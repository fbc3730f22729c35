//! The page at `/`: for everybody, since it holds nobody's data. What it shows it asks for with its user's key or token.

use std::io::Write;

use axum::{
    body::Bytes,
    http::{HeaderMap, HeaderValue, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, get},
};
use flate2::{Compression, write::GzEncoder};
use sha2::{Digest, Sha256};

use crate::page::{self, Config};

/// The page as it is sent.
#[derive(Debug, Clone)]
struct Page {
    plain: Bytes,
    /// The same for browsers that take gzip; empty where it could not be made.
    zipped: Bytes,
    tag: HeaderValue,
    policy: HeaderValue,
}

/// The route of the page, for a server that takes these tokens.
pub(super) fn route(
    tokens: Option<&factor_auth::Settings>,
    client_id: Option<&str>,
    key_required: bool,
) -> MethodRouter {
    let issuer = tokens.map(factor_auth::Settings::issuer);
    let config = Config { key_required, issuer, client_id, resource: tokens.map(factor_auth::Settings::audience) };
    let page = Page::of(page::with_config(&config), &page::policy(issuer.and_then(origin_of).as_deref()));
    get(async move |headers: HeaderMap| page.answer(&headers))
}

/// Scheme, host and port of a URL.
fn origin_of(url: &str) -> Option<String> {
    let url: axum::http::Uri = url.trim().parse().ok()?;
    Some(format!("{}://{}", url.scheme_str()?, url.authority()?))
}

impl Page {
    fn of(text: String, policy: &str) -> Self {
        let digest = Sha256::digest(&text);
        let tag: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
        let zipped = encoder.write_all(text.as_bytes()).and_then(|()| encoder.finish()).unwrap_or_default();
        let visible =
            |text: &str| HeaderValue::from_str(text).unwrap_or(HeaderValue::from_static("default-src 'none'"));
        Self { plain: text.into(), zipped: zipped.into(), tag: visible(&format!("\"{tag}\"")), policy: visible(policy) }
    }

    fn answer(&self, asked: &HeaderMap) -> Response {
        let says = |name: header::HeaderName, word: &[u8]| {
            asked.get_all(name).iter().any(|value| value.as_bytes().windows(word.len()).any(|part| part == word))
        };
        let known = says(header::IF_NONE_MATCH, self.tag.as_bytes());
        let zip = !self.zipped.is_empty() && says(header::ACCEPT_ENCODING, b"gzip");
        let mut response = match (known, zip) {
            (true, _) => StatusCode::NOT_MODIFIED.into_response(),
            (false, true) => self.zipped.clone().into_response(),
            (false, false) => self.plain.clone().into_response(),
        };
        let headers = response.headers_mut();
        if zip && !known {
            headers.insert(header::CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
        // Asked for each time, and sent only where it is another: a page and its server are of one version.
        headers.insert(header::CACHE_CONTROL, HeaderValue::from_static("no-cache"));
        headers.insert(header::VARY, HeaderValue::from_static("Accept-Encoding"));
        headers.insert(header::ETAG, self.tag.clone());
        headers.insert(header::CONTENT_SECURITY_POLICY, self.policy.clone());
        headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
        headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_issuer_is_asked_by_its_origin() {
        assert_eq!(origin_of("https://a.example:8443/realms/x").as_deref(), Some("https://a.example:8443"));
        assert_eq!(origin_of("/no/url"), None);
    }

    #[test]
    fn it_is_sent_once_and_short_where_that_is_taken() {
        let page = Page::of(page::with_config(&Config::default()), &page::policy(None));
        let with = |name: header::HeaderName, value: &HeaderValue| HeaderMap::from_iter([(name, value.clone())]);
        let plain = page.answer(&HeaderMap::new());
        assert_eq!((plain.status(), plain.headers().get(header::CONTENT_ENCODING)), (StatusCode::OK, None));
        let zipped = page.answer(&with(header::ACCEPT_ENCODING, &HeaderValue::from_static("br, gzip")));
        assert_eq!(zipped.headers()[header::CONTENT_ENCODING], "gzip");
        assert!(page.zipped.len() * 2 < page.plain.len());
        let known = page.answer(&with(header::IF_NONE_MATCH, &page.tag));
        assert_eq!(known.status(), StatusCode::NOT_MODIFIED);
        assert!(known.headers().contains_key(header::CONTENT_SECURITY_POLICY));
    }
}
