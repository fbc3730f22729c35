//! REST beside MCP: the tools' services under routes, with status codes, `ETag`s and the names of the first design.
//!
//! A route's arguments are its tool's: the body of a POST or PUT, the query of a GET, the name in the path. Its answer is the
//! tool's structured content with the seed's names beside ours (`seed.rs`), an error is a problem of RFC 9457 (`problem.rs`).
//! What stands before it (keys, shares, limits) is the HTTP server's and the same as for `/mcp`.
//!
//! A resource is a file with its [`Route`]s; the table of all of them makes the router, the OpenAPI document and its page.

mod analyses;
mod answer;
mod conditions;
mod docs_page;
mod factor_groups;
mod factors;
mod openapi;
mod pictures;
mod portfolios;
mod problem;
mod request;
mod results;
mod route;
mod seed;

use std::sync::{Arc, OnceLock};

use axum::{
    Router,
    body::Bytes,
    extract::{RawPathParams, Request, rejection::RawPathParamsRejection},
    http::{HeaderValue, Method, StatusCode, header},
    response::{IntoResponse, Response},
    routing::{MethodRouter, any, get},
};

pub(crate) use self::problem::refused;
use self::{
    problem::Problem,
    route::{Route, Verb},
};
use crate::mcp::server::Server;

/// What every path of REST begins with.
const ROOT: &str = "/api";
/// Where the OpenAPI document is.
const DOCUMENT: &str = "/api/openapi.json";
/// Where its page is.
const PAGE: &str = "/api/docs";

/// The first system's routes for those who watch it, which `http` answers, and what each is for.
pub(crate) const HEALTH: [(&str, &str); 2] = [
    ("/api/factor-intelligence/health", "How the analyses and their caches are."),
    ("/api/factor-groups/health", "Whether the store of groups answers, and how many the caller has."),
];

/// The URL under which clients know the server, where one is set.
fn public_url(server: &Server) -> Option<&str> {
    Some(server.app().settings.http.public_url.as_deref()?.trim().trim_end_matches('/'))
}

/// What all of REST lies below, for links: a whole URL where clients know the server under one.
fn root(server: &Server) -> String {
    format!("{}{ROOT}", public_url(server).unwrap_or_default())
}

/// Every route, by resource.
fn routes() -> impl Iterator<Item = &'static Route> + Clone {
    [analyses::ROUTES, factor_groups::ROUTES, portfolios::ROUTES, factors::ROUTES, results::ROUTES]
        .into_iter()
        .flatten()
}

/// REST on a server, to be mounted at [`ROOT`].
#[derive(Debug, Clone)]
pub(crate) struct Rest {
    server: Server,
    /// Whether callers need a key or a token.
    key_required: bool,
    /// The document and its page, made when they are first asked for.
    documents: Arc<OnceLock<(Bytes, Bytes)>>,
}

impl Rest {
    pub(crate) fn new(server: Server, key_required: bool) -> Self {
        Self { server, key_required, documents: Arc::default() }
    }

    /// Every route that may be called, below [`ROOT`].
    pub(crate) fn router(&self) -> (&'static str, Router) {
        let mut paths: Vec<&'static str> = routes().map(|route| route.path).collect();
        paths.dedup();
        let router = paths.into_iter().fold(Router::new(), |router, path| {
            let rest = self.clone();
            let ask = async move |name: Result<RawPathParams, RawPathParamsRejection>, request: Request| {
                rest.answer(path, name, request).await
            };
            router.route(path, any(ask))
        });
        (ROOT, router.fallback(nowhere))
    }

    /// What is said of the routes, for everybody: it holds nobody's data.
    pub(crate) fn documents(&self) -> [(String, MethodRouter); 2] {
        let document = |kind: &'static str, which: fn(&(Bytes, Bytes)) -> &Bytes| {
            let rest = self.clone();
            get(async move || {
                let made =
                    tokio::task::spawn_blocking(move || which(rest.documents.get_or_init(|| rest.made())).clone());
                match made.await {
                    Ok(text) => described(kind, text),
                    Err(_) => StatusCode::INTERNAL_SERVER_ERROR.into_response(),
                }
            })
        };
        [
            (DOCUMENT.to_owned(), document("application/json", |(document, _)| document)),
            (PAGE.to_owned(), document("text/html; charset=utf-8", |(_, page)| page)),
        ]
    }

    fn made(&self) -> (Bytes, Bytes) {
        let document = openapi::document(&self.server, self.key_required);
        let page = docs_page::of(&document);
        (document.to_string().into(), page.into())
    }

    async fn answer(
        &self,
        path: &'static str,
        name: Result<RawPathParams, RawPathParamsRejection>,
        request: Request,
    ) -> Response {
        let endpoint = endpoint(path);
        let here = || routes().filter(|route| route.path == path);
        let Some(route) = here().find(|route| route.verb.is(request.method())) else {
            let allowed: Vec<&str> = here().map(|route| route.verb.as_str()).collect();
            return Problem::no_such_method(&allowed).at(endpoint, None).into_response();
        };
        let Ok(name) = name else { return Problem::unread_path().at(endpoint, None).into_response() };
        let name = name.iter().next().map(|(_, name)| name.to_owned());
        if route.verb != Verb::Get && request.uri().query().is_some_and(|query| !query.is_empty()) {
            return Problem::query_beside_a_body().at(endpoint, Some(route)).into_response();
        }
        route.answered(&self.server, name, request).await
    }
}

/// The answer where no route is.
async fn nowhere(request: Request) -> Response {
    // Below the root the path is nested: what was asked for stands in it.
    let path = request.uri().path().to_owned();
    Problem::no_such_route(PAGE).at(endpoint(&path), None).into_response()
}

/// Which endpoint a path below [`ROOT`] belongs to, as the seed names it: `factor-intelligence/performance`, `factor-groups`.
fn endpoint(path: &str) -> String {
    let mut parts = path.trim_start_matches('/').split('/');
    match (parts.next().unwrap_or_default(), parts.next()) {
        (first @ "factor-intelligence", Some(second)) if is_analysis(second) => format!("{first}/{second}"),
        (first, _) => first.chars().take(40).collect(),
    }
}

fn is_analysis(name: &str) -> bool {
    analyses::ROUTES.iter().any(|route| route.path.rsplit('/').next() == Some(name)) || name == "health"
}

/// The endpoint that a whole path belongs to, where it is one of REST.
pub(crate) fn endpoint_of(path: &str) -> Option<String> {
    let below = path.strip_prefix(ROOT)?;
    (below.is_empty() || below.starts_with('/')).then(|| endpoint(below))
}

/// A document that changes with the version only, and needs nothing from elsewhere.
fn described(kind: &'static str, text: Bytes) -> Response {
    const POLICY: &str =
        "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static(kind)),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=300")),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
    ];
    (headers, text).into_response()
}

impl Verb {
    /// A HEAD is a GET whose body is not sent.
    fn is(self, method: &Method) -> bool {
        match self {
            Self::Get => *method == Method::GET || *method == Method::HEAD,
            Self::Post => *method == Method::POST,
            Self::Put => *method == Method::PUT,
            Self::Delete => *method == Method::DELETE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_is_named_as_the_seed_names_it_and_by_nobodys_words() {
        for (path, name) in [
            ("/api/factor-intelligence/performance", "factor-intelligence/performance"),
            ("/api/factor-intelligence/my secret", "factor-intelligence"),
            ("/api/factor-groups/My%20Tech/validate", "factor-groups"),
            ("/api/results/1", "results"),
            ("/api", ""),
        ] {
            assert_eq!(endpoint_of(path).as_deref(), Some(name), "{path}");
        }
        assert_eq!((endpoint_of("/mcp"), endpoint_of("/apis/x")), (None, None));
    }

    #[test]
    fn routes_of_one_path_stand_together_and_each_method_once() {
        let mut seen: Vec<(&str, Verb)> = Vec::new();
        for route in routes() {
            assert!(!seen.contains(&(route.path, route.verb)), "{} {}", route.verb, route.path);
            seen.push((route.path, route.verb));
        }
        let mut paths: Vec<&str> = routes().map(|route| route.path).collect();
        paths.dedup();
        let joined = paths.len();
        paths.sort_unstable();
        paths.dedup();
        assert_eq!(paths.len(), joined, "a path in two places would be mounted twice");
    }
}
