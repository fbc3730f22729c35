//! Whom the server trusts, and what it is called.

use std::net::IpAddr;

use reqwest::Url;

use crate::error::SettingsError;

const ISSUER: &str = "FACTOR_OAUTH_ISSUER";
const AUDIENCE: &str = "FACTOR_PUBLIC_URL";
const JWKS_URL: &str = "FACTOR_OAUTH_JWKS_URL";
/// Longer addresses are nobody's.
const LONGEST: usize = 2048;
/// Of a value that is shown.
const SHOWN: usize = 200;

/// Whom the server trusts, what it is called, and where the keys are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// As it was written: an issuer is compared to the letter.
    issuer: String,
    issuer_url: Url,
    /// Without a slash at its end.
    audience: String,
    audience_url: Url,
    jwks_url: Option<Url>,
    allow_jwt_typ: bool,
}

impl Settings {
    /// An issuer, and the public URL of this server, which is the audience of its tokens.
    ///
    /// # Errors
    /// When one of them is no https URL (or http on this machine), or has a user, a query or a fragment.
    pub fn new(issuer: &str, audience: &str) -> Result<Self, SettingsError> {
        let (issuer, audience) = (issuer.trim(), audience.trim());
        let issuer_url = setting(ISSUER, issuer, false, "write the issuer's URL, like https://login.example.com")?;
        let audience_url = setting(
            AUDIENCE,
            audience,
            false,
            "write the URL under which clients know this server, like https://factors.example.com",
        )?;
        Ok(Self {
            issuer: issuer.to_owned(),
            issuer_url,
            audience: without_slash(audience).to_owned(),
            audience_url,
            jwks_url: None,
            allow_jwt_typ: false,
        })
    }

    /// Takes the keys from this address instead of looking for it in the issuer's metadata.
    ///
    /// # Errors
    /// When it is no https URL (or http on this machine), or has a user or a fragment.
    pub fn with_jwks_url(mut self, url: &str) -> Result<Self, SettingsError> {
        let way_out = "write the address of the issuer's keys, like https://login.example.com/keys, or leave it out";
        self.jwks_url = Some(setting(JWKS_URL, url.trim(), true, way_out)?);
        Ok(self)
    }

    /// Whether tokens whose header says `JWT` are taken, for issuers that say no more: what is an ID token is then known by
    /// its claims.
    #[must_use]
    pub fn allowing_jwt_typ(mut self, allow: bool) -> Self {
        self.allow_jwt_typ = allow;
        self
    }

    /// The issuer, as it was written.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The public URL, which is the audience of tokens, without a slash at its end.
    #[must_use]
    pub fn audience(&self) -> &str {
        &self.audience
    }

    pub(crate) fn issuer_url(&self) -> &Url {
        &self.issuer_url
    }

    pub(crate) fn audience_url(&self) -> &Url {
        &self.audience_url
    }

    pub(crate) fn jwks_url(&self) -> Option<&Url> {
        self.jwks_url.as_ref()
    }

    pub(crate) fn allows_jwt_typ(&self) -> bool {
        self.allow_jwt_typ
    }

    /// True for an audience that means this server. `https://host` and `https://host/` are the same resource, and clients that
    /// keep addresses as URLs write the second where the metadata says the first.
    pub(crate) fn is_audience(&self, audience: &str) -> bool {
        without_slash(audience) == self.audience
    }
}

fn without_slash(url: &str) -> &str {
    url.strip_suffix('/').unwrap_or(url)
}

/// The value of a setting, by the rule for addresses.
fn setting(setting: &'static str, value: &str, query: bool, way_out: &'static str) -> Result<Url, SettingsError> {
    let refuse = |rule| SettingsError { setting, value: shown(value), rule, way_out };
    let url = address(value).map_err(refuse)?;
    if !query && url.query().is_some() {
        return Err(refuse("it has a query"));
    }
    Ok(url)
}

/// An address that may be asked: https, or http on this machine, without a user and without a fragment.
pub(crate) fn address(text: &str) -> Result<Url, &'static str> {
    if text.len() > LONGEST {
        return Err("it is longer than 2048 characters");
    }
    // The parser drops tabs and line ends and turns backslashes; what was written is then not what is asked.
    if text.contains(|c: char| c.is_whitespace() || c.is_control() || c == '\\') {
        return Err("it has blanks, control characters or backslashes in it");
    }
    let url = Url::parse(text).map_err(|_| "it is no URL")?;
    if url.host_str().is_none_or(str::is_empty) {
        return Err("it has no host");
    }
    match url.scheme() {
        "https" => {}
        "http" if is_loopback(&url) => {}
        "http" => return Err("http is for this machine only, elsewhere it has to be https"),
        _ => return Err("it is not https"),
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("it has a user or password in it");
    }
    if url.fragment().is_some() {
        return Err("it has a fragment");
    }
    Ok(url)
}

/// True for a host that is this machine.
pub(crate) fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    host == "localhost" || address.is_ok_and(|address| address.is_loopback())
}

/// A value as errors show it: cut, escaped, and with whatever stands before an `@` masked.
pub(crate) fn shown(value: &str) -> String {
    let masked = match value.rsplit_once('@') {
        Some((before, after)) => {
            let scheme = before.split_once("://").map(|(scheme, _)| format!("{scheme}://")).unwrap_or_default();
            format!("{scheme}***@{after}")
        }
        None => value.to_owned(),
    };
    masked.chars().take(SHOWN).flat_map(char::escape_debug).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refused(issuer: &str) -> String {
        Settings::new(issuer, "https://factors.example").unwrap_err().to_string()
    }

    #[test]
    fn addresses_are_https_or_this_machines() {
        for good in [
            "https://login.example.com",
            "https://login.example.com/",
            "https://login.example.com/realms/one",
            "http://127.0.0.1:9000",
            "http://[::1]:9000/t",
            "http://localhost:9000",
        ] {
            let settings = Settings::new(good, "https://factors.example/").unwrap();
            assert_eq!(settings.issuer(), good, "to the letter");
            assert_eq!(settings.audience(), "https://factors.example");
        }
        for (bad, rule) in [
            ("http://login.example.com", "http is for this machine only"),
            ("http://127.0.0.1.example.com", "http is for this machine only"),
            ("http://localhost.example.com", "http is for this machine only"),
            ("ftp://login.example.com", "it is not https"),
            ("login.example.com", "it is no URL"),
            ("", "it is no URL"),
            ("https://", "it is no URL"),
            ("https://login.example.com?tenant=1", "it has a query"),
            ("https://login.example.com#x", "it has a fragment"),
            ("https://login.exam\tple.com", "it has blanks"),
            ("https:\\\\login.example.com", "backslashes"),
            ("https://login.example.com/\u{7f}", "control characters"),
        ] {
            let error = refused(bad);
            assert!(error.starts_with("FACTOR_OAUTH_ISSUER is `") && error.contains(rule), "{bad}: {error}");
            assert!(error.ends_with("write the issuer's URL, like https://login.example.com"), "{error}");
        }
        assert!(refused(&format!("https://e.example/{}", "a".repeat(3000))).len() < 500);
    }

    #[test]
    fn a_password_is_never_shown() {
        for bad in ["https://ann:hunter2@login.example.com", "https:// ann:hunter2@login.example.com", "ann:hunter2@x"]
        {
            let error = refused(bad);
            assert!(!error.contains("hunter2") && !error.contains("ann"), "{error}");
            assert!(error.contains("***@"), "{error}");
        }
        let settings = Settings::new("https://login.example.com", "https://factors.example").unwrap();
        let error = settings.with_jwks_url("https://ann:hunter2@login.example.com/keys").unwrap_err().to_string();
        assert!(error.starts_with("FACTOR_OAUTH_JWKS_URL is `https://***@login.example.com/keys`"), "{error}");
    }

    #[test]
    fn the_keys_may_be_behind_a_query() {
        let settings = Settings::new("https://login.example.com", "https://factors.example").unwrap();
        let settings = settings.with_jwks_url("https://login.example.com/keys?p=policy").unwrap();
        assert_eq!(settings.jwks_url().unwrap().query(), Some("p=policy"));
    }

    #[test]
    fn an_audience_is_this_server_with_or_without_its_last_slash() {
        for written in ["https://factors.example", "https://factors.example/"] {
            let settings = Settings::new("https://login.example.com", written).unwrap();
            assert!(
                settings.is_audience("https://factors.example") && settings.is_audience("https://factors.example/")
            );
            for other in [
                "https://factors.example//",
                "https://factors.example.evil",
                "https://factors.example/mcp",
                "http://factors.example",
                "HTTPS://FACTORS.EXAMPLE",
                "",
            ] {
                assert!(!settings.is_audience(other), "{other}");
            }
        }
    }
}
