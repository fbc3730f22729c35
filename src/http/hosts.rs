//! The names that the server answers to, for what is mounted beside MCP's own service, which looks by itself: a web page must not
//! reach a local server through the browser, whatever name it makes the browser ask for.

use std::{net::IpAddr, sync::Arc};

use axum::{
    extract::{Request, State},
    http::{HeaderMap, Uri, header, uri::Authority},
    middleware::Next,
    response::{IntoResponse, Response},
};

use super::{cors::Origin, refusals::Refusal};

/// Hosts and origins that are answered.
#[derive(Debug)]
pub(super) struct Names {
    hosts: Vec<(String, Option<u16>)>,
    origins: Vec<Origin>,
}

impl Names {
    /// Hosts as `example.com`, `example.com:8080` or `::1`, of any port where none is named; origins as for pages.
    pub(super) fn new(hosts: &[String], origins: &[String]) -> Self {
        Self {
            hosts: hosts.iter().map(|host| host_and_port(host)).collect(),
            origins: origins.iter().filter_map(|origin| Origin::read(origin)).collect(),
        }
    }

    fn refused(&self, uri: &Uri, headers: &HeaderMap) -> Option<Refusal> {
        let host = match headers.get(header::HOST) {
            Some(host) => host.to_str().ok().and_then(|host| host.parse::<Authority>().ok()),
            None => uri.authority().cloned(),
        };
        let known = host.is_some_and(|host| {
            let (name, port) = (bare(host.host()), host.port_u16());
            self.hosts.iter().any(|(known, at)| *known == name && (at.is_none() || *at == port))
        });
        if !known {
            return Some(Refusal::StrangeHost);
        }
        let origin = headers.get(header::ORIGIN)?;
        let origin = origin.to_str().ok().and_then(Origin::read);
        let known = origin.is_some_and(|origin| self.origins.iter().any(|known| known.covers(&origin)));
        (!known).then_some(Refusal::StrangeOrigin)
    }
}

/// Refuses what asks for another name, or comes from a page of another origin.
pub(super) async fn known(State(names): State<Arc<Names>>, request: Request, next: Next) -> Response {
    match names.refused(request.uri(), request.headers()) {
        Some(refusal) => refusal.into_response(),
        None => next.run(request).await,
    }
}

fn host_and_port(text: &str) -> (String, Option<u16>) {
    if text.parse::<IpAddr>().is_ok() {
        return (bare(text), None);
    }
    let with_port = text.rsplit_once(':').and_then(|(host, port)| Some((bare(host), Some(port.parse().ok()?))));
    with_port.unwrap_or_else(|| (bare(text), None))
}

fn bare(host: &str) -> String {
    host.trim_start_matches('[').trim_end_matches(']').to_ascii_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_known_by_name_and_where_one_is_named_by_port() {
        let hosts = ["localhost", "::1", "example.com:8080"].map(String::from);
        let names = Names::new(&hosts, &["http://localhost:*".to_owned()]);
        let refused = |host: &str, origin: Option<&str>| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(origin) = origin {
                headers.insert(header::ORIGIN, origin.parse().unwrap());
            }
            names.refused(&Uri::from_static("/sse"), &headers)
        };
        for known in ["localhost", "LOCALHOST:9", "[::1]:9", "example.com:8080"] {
            assert_eq!(refused(known, None), None, "{known}");
        }
        for strange in ["evil.example", "localhost.evil.example", "example.com", "example.com:80", "a b"] {
            assert_eq!(refused(strange, None), Some(Refusal::StrangeHost), "{strange}");
        }
        assert_eq!(refused("localhost", Some("http://localhost:5173")), None);
        for strange in ["https://localhost", "http://evil.example", "null"] {
            assert_eq!(refused("localhost", Some(strange)), Some(Refusal::StrangeOrigin), "{strange}");
        }
        assert_eq!(names.refused(&Uri::from_static("/sse"), &HeaderMap::new()), Some(Refusal::StrangeHost));
        assert_eq!(names.refused(&Uri::from_static("http://localhost/sse"), &HeaderMap::new()), None);
    }
}
