//! Web pages that may call the server: what their browsers ask first, and what they let the pages see.

use std::time::Duration;

use axum::http::{HeaderName, HeaderValue, Method, Uri, header};
use tower_http::cors::{AllowOrigin, CorsLayer};

/// How long a browser need not ask again.
const KNOWN_FOR: Duration = Duration::from_secs(600);

/// What a page may send besides what every page may.
const SENT: [&str; 12] = [
    "accept",
    "authorization",
    "content-type",
    "if-match",
    "if-none-match",
    "last-event-id",
    "mcp-method",
    "mcp-name",
    "mcp-protocol-version",
    "mcp-session-id",
    "traceparent",
    "x-api-key",
];
/// What it may read of an answer.
const READ: [&str; 7] =
    ["etag", "link", "location", "mcp-protocol-version", "mcp-session-id", "retry-after", "www-authenticate"];

/// An origin whose pages may call: scheme and host, and a port or any.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Origin {
    scheme: String,
    host: String,
    port: Option<u16>,
}

/// Answers the browsers of pages from these origins, written as `http://localhost:*` or `https://example.com:443`; others
/// get no word, and their browsers stop there. Cookies are not for this server.
pub(super) fn layer(origins: &[String]) -> CorsLayer {
    let allowed: Vec<Origin> = origins.iter().filter_map(|origin| Origin::read(origin)).collect();
    let is_allowed = move |origin: &HeaderValue, _: &_| {
        let asked = origin.to_str().ok().and_then(Origin::read);
        asked.is_some_and(|asked| allowed.iter().any(|allowed| allowed.covers(&asked)))
    };
    CorsLayer::new()
        .allow_origin(AllowOrigin::predicate(is_allowed))
        .allow_methods([Method::GET, Method::POST, Method::PUT, Method::DELETE])
        .allow_headers(SENT.map(HeaderName::from_static))
        .expose_headers(READ.map(HeaderName::from_static))
        .vary([header::ORIGIN])
        .max_age(KNOWN_FOR)
}

impl Origin {
    /// Reads an origin; `*` for its port is any, none is the scheme's own.
    pub(super) fn read(text: &str) -> Option<Self> {
        let (text, any_port) = match text.strip_suffix(":*") {
            Some(text) => (text, true),
            None => (text, false),
        };
        let uri: Uri = text.parse().ok()?;
        let (scheme, host) = (uri.scheme_str()?.to_ascii_lowercase(), uri.host()?.to_ascii_lowercase());
        let usual = match scheme.as_str() {
            "http" => Some(80),
            "https" => Some(443),
            _ => None,
        };
        let port = if any_port { None } else { Some(uri.port_u16().or(usual)?) };
        Some(Self { scheme, host, port })
    }

    pub(super) fn covers(&self, asked: &Self) -> bool {
        (&self.scheme, &self.host) == (&asked.scheme, &asked.host) && (self.port.is_none() || self.port == asked.port)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_is_its_scheme_its_host_and_its_port() {
        let covers = |allowed: &str, asked: &str| Origin::read(allowed).unwrap().covers(&Origin::read(asked).unwrap());
        assert!(covers("https://example.com:443", "https://example.com"));
        assert!(covers("https://Example.com", "https://example.com:443"));
        assert!(covers("http://localhost:*", "http://localhost:5173") && covers("http://[::1]:*", "http://[::1]:9"));
        assert!(!covers("https://example.com:443", "http://example.com:443"));
        assert!(!covers("https://example.com:443", "https://example.com:8443"));
        assert!(!covers("https://example.com", "https://example.com.evil.example"));
        assert!(Origin::read("null").is_none() && Origin::read("file://").is_none());
    }
}
