//! What is said to a client without a good token: the `WWW-Authenticate` header (RFC 6750) and where it learns how to get one (RFC
//! 9728).

use serde::Serialize;

use crate::{
    access::{InsufficientScope, Scope, Scopes},
    error::TokenError,
    settings::Settings,
};

const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The protected-resource metadata of RFC 9728.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ResourceMetadata {
    /// This server: what a client names as the resource when it asks for a token, and the token's audience.
    pub resource: String,
    /// The one issuer.
    pub authorization_servers: [String; 1],
    /// Every scope.
    pub scopes_supported: [&'static str; 3],
    /// Never in the query: addresses are logged.
    pub bearer_methods_supported: [&'static str; 1],
    /// The server's name, for people.
    pub resource_name: &'static str,
}

impl Settings {
    /// The document, the same for every endpoint: they share one audience.
    #[must_use]
    pub fn resource_metadata(&self) -> ResourceMetadata {
        ResourceMetadata {
            resource: self.audience().to_owned(),
            authorization_servers: [self.issuer().to_owned()],
            scopes_supported: Scope::ALL.map(Scope::as_str),
            bearer_methods_supported: ["header"],
            resource_name: "factor-mcp",
        }
    }

    /// Where the document is for an endpoint, such as `/mcp`, or for the server as a whole (an empty path). The well-known part
    /// stands between the host and the path of the public URL.
    #[must_use]
    pub fn metadata_url(&self, endpoint: &str) -> String {
        let mut url = self.audience_url().clone();
        url.set_path(&self.metadata_path(endpoint));
        url.into()
    }

    /// The path of [`metadata_url`](Self::metadata_url).
    #[must_use]
    pub fn metadata_path(&self, endpoint: &str) -> String {
        let path = self.audience_url().path().trim_end_matches('/');
        format!("{WELL_KNOWN}{path}{endpoint}")
    }

    /// `WWW-Authenticate` for a request without a token (401): no error, for nothing was wrong with one.
    #[must_use]
    pub fn challenge(&self, endpoint: &str, needed: Scopes) -> String {
        self.bearer(None, endpoint, needed)
    }

    /// `WWW-Authenticate` for a token that was refused (401). Not for one that could not be checked
    /// ([`TokenError::is_temporary`]): that is 503.
    #[must_use]
    pub fn invalid_token(&self, error: TokenError, endpoint: &str, needed: Scopes) -> String {
        self.bearer(Some(("invalid_token", error.to_string())), endpoint, needed)
    }

    /// `WWW-Authenticate` for a token that does not open what was asked for (403).
    #[must_use]
    pub fn insufficient_scope(&self, refused: InsufficientScope, endpoint: &str) -> String {
        self.bearer(Some(("insufficient_scope", refused.to_string())), endpoint, refused.needed)
    }

    fn bearer(&self, error: Option<(&str, String)>, endpoint: &str, needed: Scopes) -> String {
        let mut parameters = Vec::new();
        if let Some((code, description)) = error {
            parameters.push(format!("error=\"{code}\""));
            parameters.push(format!("error_description=\"{}\"", quotable(&description)));
        }
        parameters.push(format!("resource_metadata=\"{}\"", quotable(&self.metadata_url(endpoint))));
        if !needed.is_empty() {
            parameters.push(format!("scope=\"{needed}\""));
        }
        format!("Bearer {}", parameters.join(", "))
    }
}

/// What RFC 6750 lets stand between quotes.
fn quotable(text: &str) -> String {
    text.chars().map(|c| if matches!(c, ' '..='~') && c != '"' && c != '\\' { c } else { '\'' }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn settings(audience: &str) -> Settings {
        Settings::new("https://login.example.com/realms/one", audience).unwrap()
    }

    #[test]
    fn the_document_is_as_rfc_9728_has_it() {
        let document = serde_json::to_value(settings("https://factors.example/").resource_metadata()).unwrap();
        let expected = json!({
            "resource": "https://factors.example",
            "authorization_servers": ["https://login.example.com/realms/one"],
            "scopes_supported": ["factor.read", "factor.write", "factor.admin"],
            "bearer_methods_supported": ["header"],
            "resource_name": "factor-mcp",
        });
        assert_eq!(document, expected);
    }

    #[test]
    fn the_well_known_part_stands_before_the_path() {
        let root = settings("https://factors.example");
        assert_eq!(root.metadata_url(""), "https://factors.example/.well-known/oauth-protected-resource");
        assert_eq!(root.metadata_url("/mcp"), "https://factors.example/.well-known/oauth-protected-resource/mcp");
        let below = settings("https://example.com/factors/");
        assert_eq!(below.metadata_url("/mcp"), "https://example.com/.well-known/oauth-protected-resource/factors/mcp");
        assert_eq!(below.metadata_path(""), "/.well-known/oauth-protected-resource/factors");
    }

    #[test]
    fn challenges_say_where_to_go_and_what_to_ask_for() {
        let settings = settings("https://factors.example");
        let (read, both) = (Scopes::of(&[Scope::Read]), Scopes::of(&[Scope::Read, Scope::Write]));
        let metadata = "resource_metadata=\"https://factors.example/.well-known/oauth-protected-resource/mcp\"";
        assert_eq!(settings.challenge("/mcp", read), format!("Bearer {metadata}, scope=\"factor.read\""));
        assert_eq!(settings.challenge("/mcp", Scopes::NONE), format!("Bearer {metadata}"));
        assert_eq!(
            settings.invalid_token(TokenError::Expired, "/mcp", read),
            format!(
                "Bearer error=\"invalid_token\", error_description=\"the token has expired: get a new one\", {metadata}, \
                 scope=\"factor.read\""
            )
        );
        assert_eq!(
            settings.insufficient_scope(InsufficientScope { needed: both }, "/mcp"),
            format!(
                "Bearer error=\"insufficient_scope\", error_description=\"this needs a token with the scope factor.read \
                 factor.write: ask the issuer for one\", {metadata}, scope=\"factor.read factor.write\""
            )
        );
    }

    #[test]
    fn nothing_breaks_out_of_its_quotes() {
        assert_eq!(quotable("a \"b\"\r\nX-Other: \\ \u{e9}"), "a 'b'''X-Other: ' '");
    }
}
