//! The wire: one GET, read to its end within bounds.

use std::{sync::Once, time::Duration};

use chrono::Utc;
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::{Attempt, Policy},
};
use tokio::sync::OnceCell;

use super::{
    config::UpstreamConfig,
    error::{AttemptError, ConfigError, FailureClass, ResponseError},
    failure,
    response::{UpstreamResponse, retry_after},
    secret::SecretHeader,
};
use crate::SourceFault;

/// Redirects followed, all on the vendor's own host.
const MOST_REDIRECTS: usize = 5;
/// A connection that was idle for this long is closed.
const IDLE: Duration = Duration::from_secs(60);

/// The client of one vendor.
#[derive(Debug)]
pub(super) struct Wire {
    config: UpstreamConfig,
    base: Url,
    /// Made at the first request: reading the system's certificates takes a while.
    client: OnceCell<Client>,
}

impl Wire {
    pub(super) fn new(config: UpstreamConfig) -> Result<Self, ConfigError> {
        let refuse = |rule: &str| ConfigError::BaseUrl { url: config.base_url.clone(), rule: rule.to_owned() };
        let base = Url::parse(config.base_url.trim()).map_err(|error| refuse(&error.to_string()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            return Err(refuse("it is neither http nor https"));
        }
        if base.query().is_some() || base.fragment().is_some() || !base.username().is_empty() {
            return Err(refuse("it has a user, a query or a fragment"));
        }
        Ok(Self { config, base, client: OnceCell::new() })
    }

    #[cfg(test)]
    pub(super) fn config(&self) -> &UpstreamConfig {
        &self.config
    }

    /// The address of a path below the base, each part and each value escaped.
    pub(super) fn url(&self, path: &[&str], query: &[(&str, &str)]) -> Url {
        let mut url = self.base.clone();
        if let Ok(mut segments) = url.path_segments_mut() {
            segments.pop_if_empty().extend(path);
        }
        if !query.is_empty() {
            url.query_pairs_mut().extend_pairs(query);
        }
        url
    }

    /// One attempt.
    pub(super) async fn attempt<T>(
        &self,
        url: &Url,
        subject: &str,
        read: &(impl Fn(&UpstreamResponse) -> Result<T, ResponseError> + Sync),
    ) -> Result<T, AttemptError> {
        let (vendor, path, start) = (self.config.vendor, url.path(), tokio::time::Instant::now());
        let reply = self.fetch(url).await;
        let ms = u64::try_from(start.elapsed().as_millis()).unwrap_or(u64::MAX);
        match &reply {
            Ok(reply) => {
                tracing::debug!(vendor, path, subject, ms, status = reply.status, bytes = reply.body.len(), "answered");
            }
            Err(failure) => tracing::debug!(vendor, path, subject, ms, why = %failure.error, "no answer"),
        }
        let reply = reply?;
        if !(200..300).contains(&reply.status) {
            return Err(failure::of_status(&self.config, &reply, subject));
        }
        read(&reply).map_err(|error| failure::of_body(&self.config, error, &reply, subject))
    }

    async fn fetch(&self, url: &Url) -> Result<UpstreamResponse, AttemptError> {
        let client = self.client.get_or_try_init(|| self.build()).await?;
        let mut response =
            client.get(url.clone()).send().await.map_err(|error| failure::of_transport(&self.config, &error))?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default().trim().to_ascii_lowercase();
        let retry_after = header(RETRY_AFTER).and_then(|text| retry_after(text, Utc::now()));
        let status = response.status().as_u16();
        let body = self.body(&mut response).await?;
        let (body, raw) = match String::from_utf8(body) {
            Ok(body) => (body, None),
            Err(bad) => (String::from_utf8_lossy(bad.as_bytes()).into_owned(), Some(bad.into_bytes())),
        };
        Ok(UpstreamResponse { status, content_type, body, raw, retry_after })
    }

    /// The body, decompressed, up to the cap.
    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, AttemptError> {
        let cap = self.config.body_cap;
        let over = || {
            let why = format!("{}'s answer is over {} bytes: ask for a shorter range", self.config.vendor, cap);
            failure::failed(&self.config, FailureClass::Rejected, SourceFault::Unusable, None, None, why)
        };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > cap) {
            return Err(over());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(|error| failure::of_transport(&self.config, &error))? {
            if body.len() + chunk.len() > cap {
                return Err(over());
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body)
    }

    /// The client, built off the async threads.
    async fn build(&self) -> Result<Client, AttemptError> {
        let (config, base) = (self.config.clone(), self.base.clone());
        let built = tokio::task::spawn_blocking(move || client(&config, &base)).await;
        let why = match built {
            Ok(Ok(client)) => return Ok(client),
            Ok(Err(error)) => failure::innermost(&error),
            Err(error) => error.to_string(),
        };
        let why = format!("no HTTP client for {} ({why}): check the system's certificates", self.config.vendor);
        Err(failure::failed(&self.config, FailureClass::Fatal, SourceFault::Unavailable, None, None, why))
    }
}

/// Builds the client. Redirects stay on the base's host, so that the key does too; a server on this machine is not
/// asked through a proxy.
fn client(config: &UpstreamConfig, base: &Url) -> Result<Client, reqwest::Error> {
    static PROVIDER: Once = Once::new();
    // Somebody else may have chosen a provider already; theirs is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let mut headers = HeaderMap::new();
    headers.extend(config.secret.as_ref().map(SecretHeader::parts));
    let home = base.clone();
    let mut builder = Client::builder()
        .user_agent(&config.user_agent)
        .default_headers(headers)
        .timeout(config.timeout)
        .connect_timeout(config.timeout)
        .pool_idle_timeout(IDLE)
        .pool_max_idle_per_host(config.in_flight)
        .redirect(Policy::custom(move |attempt: Attempt<'_>| {
            if attempt.previous().len() > MOST_REDIRECTS {
                attempt.error("too many redirects")
            } else if same_host(&home, attempt.url()) {
                attempt.follow()
            } else {
                attempt.stop()
            }
        }));
    if base.host_str().is_some_and(|host| matches!(host, "localhost" | "127.0.0.1" | "[::1]")) {
        builder = builder.no_proxy();
    }
    builder.build()
}

/// The same server, or the same name on the way from http to https.
fn same_host(home: &Url, next: &Url) -> bool {
    let upgrade = home.scheme() == "http" && next.scheme() == "https" && next.port().is_none() && home.port().is_none();
    home.host_str() == next.host_str() && (home.origin() == next.origin() || upgrade)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_stays_on_its_host() {
        let same = |home: &str, next: &str| same_host(&home.parse().unwrap(), &next.parse().unwrap());
        assert!(same("https://api.example.com/v1", "https://api.example.com/v2"));
        assert!(same("http://api.example.com/v1", "https://api.example.com/v1"), "from http to https");
        assert!(!same("https://api.example.com", "http://api.example.com"), "and not back");
        assert!(!same("https://api.example.com", "https://example.com"));
        assert!(!same("https://api.example.com", "https://api.example.com:8443"));
        assert!(!same("http://127.0.0.1:8000", "https://127.0.0.1"), "another port is another server");
    }
}
