//! The wire: one GET, read to its end within bounds, and what its status means.

use std::{error::Error, sync::Once, time::Duration};

use chrono::Utc;
use reqwest::{
    Client, Response, Url,
    header::{CONTENT_TYPE, HeaderMap, RETRY_AFTER},
    redirect::{Attempt, Policy},
};
use tokio::sync::OnceCell;

use super::{
    config::UpstreamConfig,
    error::{self, AttemptError, ConfigError, FailureClass, ResponseError, UpstreamError},
    response::{UpstreamResponse, quote, retry_after},
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
            return Err(self.bad_status(&reply, subject));
        }
        read(&reply).map_err(|error| self.unusable(error, &reply, subject))
    }

    async fn fetch(&self, url: &Url) -> Result<UpstreamResponse, AttemptError> {
        let client = self.client.get_or_try_init(|| self.build()).await?;
        let mut response = client.get(url.clone()).send().await.map_err(|error| self.transport_failure(&error))?;
        let header = |name| response.headers().get(name).and_then(|value| value.to_str().ok());
        let content_type = header(CONTENT_TYPE).unwrap_or_default().trim().to_ascii_lowercase();
        let retry_after = header(RETRY_AFTER).and_then(|text| retry_after(text, Utc::now()));
        let status = response.status().as_u16();
        let body = self.body(&mut response).await?;
        let body = String::from_utf8(body).unwrap_or_else(|bad| String::from_utf8_lossy(bad.as_bytes()).into_owned());
        Ok(UpstreamResponse { status, content_type, body, retry_after })
    }

    /// The body, decompressed, up to the cap.
    async fn body(&self, response: &mut Response) -> Result<Vec<u8>, AttemptError> {
        let cap = self.config.body_cap;
        let over = || {
            let why = format!("{}'s answer is over {} bytes: ask for a shorter range", self.config.vendor, cap);
            self.failed(FailureClass::Rejected, SourceFault::Unusable, None, None, why)
        };
        let announced = response.content_length().and_then(|length| usize::try_from(length).ok());
        if announced.is_some_and(|length| length > cap) {
            return Err(over());
        }
        let mut body = Vec::with_capacity(announced.unwrap_or_default());
        while let Some(chunk) = response.chunk().await.map_err(|error| self.transport_failure(&error))? {
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
            Ok(Err(error)) => innermost(&error),
            Err(error) => error.to_string(),
        };
        let why = format!("no HTTP client for {} ({why}): check the system's certificates", self.config.vendor);
        Err(self.failed(FailureClass::Fatal, SourceFault::Unavailable, None, None, why))
    }

    fn transport_failure(&self, error: &reqwest::Error) -> AttemptError {
        let UpstreamConfig { vendor, base_setting, timeout, .. } = self.config;
        let (class, fault, why) = if error.is_timeout() {
            let why = format!(
                "{vendor} did not answer within {} s: try again later, or raise FACTOR_PRICE_TIMEOUT",
                timeout.as_secs_f64()
            );
            (FailureClass::Transient, SourceFault::Late, why)
        } else if error.is_connect() {
            let why =
                format!("{vendor} cannot be reached ({}): check the network and {base_setting}", innermost(error));
            (FailureClass::Transient, SourceFault::Unavailable, why)
        } else if error.is_redirect() || error.is_builder() {
            let why = format!("{vendor} cannot be asked ({}): check {base_setting}", innermost(error));
            (FailureClass::Fatal, SourceFault::Unavailable, why)
        } else {
            let why = format!("{vendor}'s answer was cut off ({}): try again later", innermost(error));
            (FailureClass::Transient, SourceFault::Unavailable, why)
        };
        self.failed(class, fault, None, None, why)
    }

    fn bad_status(&self, reply: &UpstreamResponse, subject: &str) -> AttemptError {
        let UpstreamConfig { vendor, base_setting, secret, .. } = &self.config;
        let (status, words) = (reply.status, reply.words());
        let meaning = words.as_deref().and_then(self.config.meaning);
        let said = self.said(Some(status), words.as_deref());
        let (class, fault, why) = match (status, meaning) {
            (300..400, _) => {
                let why =
                    format!("{vendor} sends us to another host{said}, which is not followed: check {base_setting}");
                (FailureClass::Fatal, SourceFault::Unavailable, why)
            }
            (429, _) | (400..500, Some(SourceFault::Limited)) => {
                (FailureClass::Limited, SourceFault::Limited, String::new())
            }
            (401, _) | (402..404, Some(SourceFault::Auth)) => return self.key_refused(Some(status), words),
            (403, _) if secret.is_none() => (
                FailureClass::Fatal,
                SourceFault::Unavailable,
                format!("{vendor} refuses this client{said}: choose another source"),
            ),
            (402 | 403, _) => (FailureClass::Rejected, SourceFault::Plan, self.not_in_plan(&said, subject)),
            (408 | 425 | 500.., _) => {
                (FailureClass::Transient, SourceFault::Unavailable, format!("{vendor} failed{said}: try again later"))
            }
            (404 | 410, _) => (
                FailureClass::Rejected,
                SourceFault::Unusable,
                format!("{vendor} has nothing there for {subject}{said}: check {base_setting}"),
            ),
            _ => (
                FailureClass::Rejected,
                SourceFault::Unusable,
                format!("{vendor} refused the request for {subject}{said}: check {base_setting}"),
            ),
        };
        AttemptError { retry_after: reply.retry_after, ..self.failed(class, fault, Some(status), words, why) }
    }

    fn unusable(&self, error: ResponseError, reply: &UpstreamResponse, subject: &str) -> AttemptError {
        let UpstreamConfig { vendor, base_setting, .. } = &self.config;
        let status = Some(reply.status);
        let (class, fault, words, why) = match error {
            ResponseError::Said(SourceFault::Auth, words) => return self.key_refused(status, Some(words)),
            ResponseError::Said(fault, words) => {
                let said = self.said(status, Some(&words));
                let (class, why) = match fault {
                    SourceFault::Limited => (FailureClass::Limited, String::new()),
                    SourceFault::Plan => (FailureClass::Rejected, self.not_in_plan(&said, subject)),
                    _ => {
                        (FailureClass::Rejected, format!("{vendor} gave no data for {subject}{said}: try again later"))
                    }
                };
                (class, fault, Some(words), why)
            }
            ResponseError::NotData(what) => {
                let said = self.said(status, reply.words().as_deref());
                let why = format!(
                    "{vendor}'s answer for {subject} cannot be used, it is {what}{said}: try again later, or check \
                     {base_setting}"
                );
                (FailureClass::Malformed, SourceFault::Unusable, None, why)
            }
            ResponseError::Unusable(what) => {
                let why =
                    format!("{vendor}'s answer for {subject} cannot be used, {what}: choose another source for it");
                (FailureClass::Rejected, SourceFault::Unusable, None, why)
            }
        };
        AttemptError { retry_after: reply.retry_after, ..self.failed(class, fault, status, words, why) }
    }

    fn key_refused(&self, status: Option<u16>, words: Option<String>) -> AttemptError {
        let UpstreamConfig { vendor, key_setting, .. } = self.config;
        self.failed(
            FailureClass::Auth,
            SourceFault::Auth,
            status,
            words,
            error::key_refused(vendor, key_setting, status),
        )
    }

    fn not_in_plan(&self, said: &str, subject: &str) -> String {
        format!("{} refused {subject}{said}: it is not in the plan of this key", self.config.vendor)
    }

    /// ` (402, "the vendor's words")`.
    fn said(&self, status: Option<u16>, words: Option<&str>) -> String {
        let words = words.map(|words| format!("\"{}\"", quote(words)));
        let parts: Vec<String> = status.map(|status| status.to_string()).into_iter().chain(words).collect();
        if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
    }

    /// A failed attempt; the key is masked in every text.
    fn failed(
        &self,
        class: FailureClass,
        fault: SourceFault,
        status: Option<u16>,
        words: Option<String>,
        why: String,
    ) -> AttemptError {
        let clean = |text: &str| match &self.config.secret {
            Some(secret) => secret.redact(text),
            None => text.to_owned(),
        };
        let words = words.map(|words| quote(&clean(&words)));
        AttemptError { error: UpstreamError { fault, status, words, why: clean(&why) }, class, retry_after: None }
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

/// The cause of all causes: the outer ones name the address, which people have not typed.
fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}
