//! The issuer over HTTP: its metadata, its keys. Every answer is bounded in time and length, and no redirect is followed.

use std::{sync::Once, time::Duration};

use reqwest::{Client, Response, StatusCode, Url, header::ACCEPT, redirect::Policy};
use serde::{Deserialize, de::DeserializeOwned};
use tokio::sync::OnceCell;

use crate::{
    error::KeysError,
    keys::KeySet,
    settings::{Settings, address, is_loopback, shown},
};

/// The longest answer that is read, in bytes.
const LONGEST_ANSWER: usize = 64 * 1024;
/// For one answer.
const ANSWER_TIME: Duration = Duration::from_secs(5);
const CONNECT_TIME: Duration = Duration::from_secs(3);
/// A connection that was idle for this long is closed: most are used every five minutes.
const IDLE: Duration = Duration::from_secs(30);

/// The issuer, as it is reached.
#[derive(Debug)]
pub(crate) struct IssuerClient {
    settings: Settings,
    /// Made at the first request: reading the system's certificates takes a while.
    client: OnceCell<Client>,
}

/// Of the metadata, what is needed here.
#[derive(Deserialize)]
struct Metadata {
    issuer: String,
    jwks_uri: String,
}

impl IssuerClient {
    pub(crate) fn new(settings: Settings) -> Self {
        Self { settings, client: OnceCell::new() }
    }

    /// The issuer, as it is set.
    pub(crate) fn name(&self) -> &str {
        self.settings.issuer()
    }

    /// Where the keys are: as set, else as the issuer's metadata says.
    pub(crate) async fn keys_url(&self) -> Result<Url, KeysError> {
        if let Some(url) = self.settings.jwks_url() {
            return Ok(url.clone());
        }
        let mut why = None;
        for url in metadata_urls(self.settings.issuer_url()) {
            match self.metadata(&url).await {
                Ok(keys) => return Ok(keys),
                // The host is away, whatever the path.
                Err(error @ (KeysError::Client(_) | KeysError::Unreachable { .. } | KeysError::Late { .. })) => {
                    return Err(error);
                }
                // A document that contradicts the settings says more than one that is not there.
                Err(error) => {
                    let is_missing = |error: &KeysError| matches!(error, KeysError::Status { .. });
                    if why.as_ref().is_none_or(is_missing) {
                        why = Some(error);
                    }
                }
            }
        }
        Err(why.unwrap_or(KeysError::Late { url: self.settings.issuer().to_owned() }))
    }

    /// The keys at an address.
    pub(crate) async fn key_set(&self, url: &Url) -> Result<KeySet, KeysError> {
        let body = self.body(url).await?;
        let not_keys = || KeysError::NotTheDocument { url: url.to_string(), what: "a set of keys (RFC 7517)" };
        let (set, count) = KeySet::read(&body).ok_or_else(not_keys)?;
        // An issuer without keys has signed nothing: it is the answer that is wrong, and what is kept stays.
        if set.is_empty() { Err(KeysError::NoKeys { url: url.to_string(), count }) } else { Ok(set) }
    }

    /// The address of the keys in the metadata at an address.
    async fn metadata(&self, url: &Url) -> Result<Url, KeysError> {
        let metadata: Metadata = self.json(url, "an issuer's metadata (RFC 8414)").await?;
        let issuer = self.settings.issuer();
        // Whoever answers for another's name could hand out keys of their own.
        if metadata.issuer != issuer {
            let says = shown(&metadata.issuer);
            return Err(KeysError::OtherIssuer { url: url.to_string(), says, issuer: issuer.to_owned() });
        }
        let refuse = |rule| KeysError::KeysAddress { url: url.to_string(), says: shown(&metadata.jwks_uri), rule };
        let keys = address(&metadata.jwks_uri).map_err(refuse)?;
        if is_loopback(&keys) && !is_loopback(self.settings.issuer_url()) {
            return Err(refuse("an issuer elsewhere has no keys on this machine"));
        }
        Ok(keys)
    }

    async fn json<T: DeserializeOwned>(&self, url: &Url, what: &'static str) -> Result<T, KeysError> {
        let body = self.body(url).await?;
        serde_json::from_slice(&body).map_err(|_| KeysError::NotTheDocument { url: url.to_string(), what })
    }

    async fn body(&self, url: &Url) -> Result<Vec<u8>, KeysError> {
        let home = self.settings.jwks_url().unwrap_or(self.settings.issuer_url());
        let client = self.client.get_or_try_init(|| build(is_loopback(home))).await?;
        let asked = client.get(url.clone()).header(ACCEPT, "application/json").send();
        let response = asked.await.map_err(|error| transport(url, &error))?;
        let status = response.status();
        if status.is_redirection() {
            return Err(KeysError::Redirect { url: url.to_string(), status: status.as_u16() });
        }
        if status != StatusCode::OK {
            return Err(KeysError::Status { url: url.to_string(), status: status.as_u16() });
        }
        whole(url, response).await
    }
}

/// The body, decompressed, up to the limit.
async fn whole(url: &Url, mut response: Response) -> Result<Vec<u8>, KeysError> {
    let too_large = || KeysError::TooLarge { url: url.to_string() };
    let announced = response.content_length().and_then(|length| usize::try_from(length).ok()).unwrap_or_default();
    if announced > LONGEST_ANSWER {
        return Err(too_large());
    }
    let mut body = Vec::with_capacity(announced);
    while let Some(chunk) = response.chunk().await.map_err(|error| transport(url, &error))? {
        if body.len() + chunk.len() > LONGEST_ANSWER {
            return Err(too_large());
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

fn transport(url: &Url, error: &reqwest::Error) -> KeysError {
    let url = url.to_string();
    if error.is_timeout() {
        return KeysError::Late { url };
    }
    let mut inner: &dyn std::error::Error = error;
    while let Some(source) = inner.source() {
        inner = source;
    }
    KeysError::Unreachable { url, why: shown(&inner.to_string()) }
}

/// Where an issuer's metadata may be, in the order in which it is asked for. RFC 8414 puts the well-known part between host and
/// path, OpenID Connect after the path.
fn metadata_urls(issuer: &Url) -> Vec<Url> {
    const OAUTH: &str = "/.well-known/oauth-authorization-server";
    const OIDC: &str = "/.well-known/openid-configuration";
    let path = issuer.path().trim_end_matches('/');
    let at = |path: String| {
        let mut url = issuer.clone();
        url.set_path(&path);
        url
    };
    let mut urls = vec![at(format!("{OAUTH}{path}")), at(format!("{path}{OIDC}"))];
    if !path.is_empty() {
        urls.push(at(format!("{OIDC}{path}")));
    }
    urls
}

/// The client, built off the async threads. A server on this machine is not asked through a proxy.
async fn build(no_proxy: bool) -> Result<Client, KeysError> {
    static PROVIDER: Once = Once::new();
    // Somebody else may have chosen a provider already; theirs is as good.
    PROVIDER.call_once(|| drop(rustls::crypto::ring::default_provider().install_default()));
    let building = tokio::task::spawn_blocking(move || {
        let builder = Client::builder()
            .user_agent("factor-mcp")
            .redirect(Policy::none())
            .referer(false)
            .timeout(ANSWER_TIME)
            .connect_timeout(CONNECT_TIME)
            .pool_idle_timeout(IDLE);
        if no_proxy { builder.no_proxy().build() } else { builder.build() }
    });
    match building.await {
        Ok(Ok(client)) => Ok(client),
        Ok(Err(error)) => Err(KeysError::Client(error.to_string())),
        Err(error) => Err(KeysError::Client(error.to_string())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn metadata_is_looked_for_where_the_standards_put_it() {
        let urls = |issuer: &str| -> Vec<String> {
            metadata_urls(&issuer.parse().unwrap()).into_iter().map(String::from).collect()
        };
        let root = [
            "https://login.example.com/.well-known/oauth-authorization-server",
            "https://login.example.com/.well-known/openid-configuration",
        ];
        assert_eq!(urls("https://login.example.com"), root);
        assert_eq!(urls("https://login.example.com/"), root);
        let below = [
            "https://login.example.com/.well-known/oauth-authorization-server/realms/one",
            "https://login.example.com/realms/one/.well-known/openid-configuration",
            "https://login.example.com/.well-known/openid-configuration/realms/one",
        ];
        assert_eq!(urls("https://login.example.com/realms/one"), below);
        assert_eq!(urls("https://login.example.com/realms/one/"), below);
    }
}
