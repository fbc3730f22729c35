//! What settings have to be together.

use super::{GroupSettings, SETTINGS, oauth_of, values::Values};

/// The fewest members of a group may not be above the most.
pub(super) fn check_group_sizes(groups: &GroupSettings, values: &mut Values<'_>) {
    if groups.min_tickers > groups.max_tickers {
        let most = groups.max_tickers;
        values.refuse(
            "FACTOR_GROUP_MIN_TICKERS",
            &format!("it must not be above FACTOR_GROUP_MAX_TICKERS, which is {most}"),
        );
    }
}

/// A source needs what it reads from or is let in by. This looks at what was written, so that it is found together with
/// other mistakes.
pub(super) fn check_sources(values: &mut Values<'_>) {
    let is = |variable, name| values.text(variable).is_some_and(|text| text.eq_ignore_ascii_case(name));
    let needs_files = is("FACTOR_PRICE_SOURCE", "files");
    let needs_key = is("FACTOR_PRICE_SOURCE", "fmp") || is("FACTOR_YIELD_SOURCE", "fmp");
    if needs_files && values.text("FACTOR_PRICE_FILES").is_none() {
        values.problem(
            "FACTOR_PRICE_SOURCE is `files`, but FACTOR_PRICE_FILES is not set: give the folder or file with the prices",
        );
    }
    if needs_key && values.text("FMP_API_KEY").is_none() {
        values.problem(
            "FACTOR_PRICE_SOURCE or FACTOR_YIELD_SOURCE is `fmp`, but FMP_API_KEY is not set: give the key of your \
             account at Financial Modeling Prep",
        );
    }
}

/// Access tokens need an issuer, and an issuer needs the name that its tokens call this server by. This too looks at what was
/// written.
pub(super) fn check_oauth(values: &mut Values<'_>) {
    const ISSUER: &str = "FACTOR_OAUTH_ISSUER";
    const PUBLIC_URL: &str = "FACTOR_PUBLIC_URL";
    /// Stands in for an issuer where a public URL is set for itself.
    const NOBODY: &str = "https://issuer.invalid";
    let issuer = values.text(ISSUER);
    let public_url = values.text(PUBLIC_URL);
    let problem = match (issuer, public_url) {
        (Some(_), None) => Some(format!(
            "{ISSUER} is set, but {PUBLIC_URL} is not: give the URL under which clients know this server, which is the audience \
             of their tokens"
        )),
        (None, None) => None,
        (issuer, Some(public_url)) => {
            let jwks_url = issuer.and_then(|_| values.text("FACTOR_OAUTH_JWKS_URL"));
            let read = oauth_of(issuer.unwrap_or(NOBODY), public_url, jwks_url, false);
            read.err().map(|error| error.to_string())
        }
    };
    if let Some(problem) = problem {
        values.problem(&problem);
    }
    if issuer.is_none() {
        let of_oauth = SETTINGS.iter().map(|setting| setting.variable).filter(|name| name.starts_with("FACTOR_OAUTH_"));
        let written: Vec<&str> = of_oauth.filter(|name| values.is_written(name)).collect();
        for name in written {
            values.problem(&format!("{name} is set, but {ISSUER} is not: name the issuer, or leave {name} out"));
        }
    }
}
