//! The page at `/`, which is the MCP App as well: one file with all that it needs, bundled from `web/` by `scripts/web.sh`.
//!
//! It looks by itself whether a host has framed it. As a page it is told by [`with_config`] how people sign in; its policy lets in the
//! one script and the one style sheet that the file has, by their digests, and lets it ask nobody but this server and the issuer.

use base64::{Engine, engine::general_purpose::STANDARD};
use serde::Serialize;
use sha2::{Digest, Sha256};

/// The file.
pub(crate) const FILE: &str = include_str!("../web/dist/factor.html");

/// What stands where the page's configuration goes.
const PLACE: &str = "<meta name=\"factor-config\" content=\"{}\">";

/// How people sign in to the server that a page came from.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Config<'a> {
    /// Whether a request needs a key or a token.
    pub(crate) key_required: bool,
    /// Who gives tokens.
    pub(crate) issuer: Option<&'a str>,
    /// The page's name there; without it nobody signs in from the page.
    pub(crate) client_id: Option<&'a str>,
    /// What a token is asked for.
    pub(crate) resource: Option<&'a str>,
}

/// The file with a configuration in it.
pub(crate) fn with_config(config: &Config<'_>) -> String {
    let config = serde_json::to_string(config).unwrap_or_default();
    let escaped = config.replace('&', "&amp;").replace('"', "&quot;").replace('<', "&lt;");
    FILE.replacen(PLACE, &format!("<meta name=\"factor-config\" content=\"{escaped}\">"), 1)
}

/// The content security policy of the file, where it may also ask this issuer.
pub(crate) fn policy(issuer: Option<&str>) -> String {
    let digest = |tag: &str| STANDARD.encode(Sha256::digest(between(tag)));
    let asks = issuer.map(|origin| format!(" {origin}")).unwrap_or_default();
    format!(
        "default-src 'none'; script-src 'sha256-{}'; style-src 'sha256-{}'; img-src blob: data:; connect-src 'self'{asks}; \
         base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
        digest("script"),
        digest("style"),
    )
}

/// What stands in the file's one element of this name, as a browser digests it.
fn between(tag: &str) -> &'static str {
    let inside = FILE.split_once(&format!("<{tag}>")).and_then(|(_, rest)| rest.split_once(&format!("</{tag}>")));
    inside.map_or("", |(inside, _)| inside)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_is_whole_and_small_and_has_one_script_and_one_style_sheet() {
        assert!(FILE.len() < 200_000, "{} bytes", FILE.len());
        for tag in ["script", "style"] {
            assert!(!between(tag).is_empty(), "{tag}");
            assert_eq!(FILE.matches(&format!("<{tag}")).count(), 1, "{tag}");
        }
        assert_eq!(FILE.matches(PLACE).count(), 1);
        for outside in ["src=\"http", "href=\"http", "url(http", "@import"] {
            assert!(!FILE.contains(outside), "{outside}");
        }
    }

    #[test]
    fn a_configuration_is_text_whatever_it_holds() {
        let config = Config { issuer: Some("https://a.example/\"><script>&"), ..Config::default() };
        let page = with_config(&config);
        assert_eq!(page.matches("<script").count(), 1);
        assert!(page.contains("\\&quot;>&lt;script>&amp;"), "{}", &page[..600]);
    }

    #[test]
    fn the_policy_names_no_source_but_its_own() {
        let policy = policy(Some("https://issuer.example"));
        assert!(policy.contains("connect-src 'self' https://issuer.example;"), "{policy}");
        assert!(!policy.contains("unsafe") && !policy.contains('*'), "{policy}");
    }
}
