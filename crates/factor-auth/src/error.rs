//! What can go wrong, in words. None of them holds a token, a claim's value or anything of a key.

/// Why a token does not let its bearer in. The text is for whoever sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, thiserror::Error)]
pub enum TokenError {
    /// Longer than any token that is read.
    #[error("the token is longer than 8192 bytes: ask its issuer for one with fewer claims")]
    TooLong,
    /// Not three parts of base64url, or not JSON in them.
    #[error(
        "this is not a signed access token (three parts of base64url, joined by points): send the token as its issuer gave it, whole"
    )]
    NotAToken,
    /// Signed in a way that is not taken, or not at all.
    #[error("the token is not signed by RS256, ES256 or EdDSA: have its issuer sign access tokens by one of these")]
    Algorithm,
    /// Another kind of token, by its header.
    #[error(
        "the token's header does not say that it is an access token (typ at+jwt): send the access token, not an ID token or another one"
    )]
    Type,
    /// A header that brings its own key, or asks for what is not done here.
    #[error("the token's header holds `{0}`, which is not taken: keys come from the issuer alone")]
    Header(&'static str),
    /// An ID token, or another that says in its claims that it is no access token.
    #[error("this is an ID token or another token that is not for calling a server: send the access token")]
    NoAccessToken,
    /// A claim that is missing.
    #[error("the token has no `{0}`: ask its issuer for an access token with it")]
    Missing(&'static str),
    /// A claim of the wrong form, or too long.
    #[error("the token's `{0}` is not of the form that RFC 9068 gives it: ask its issuer for another")]
    Claim(&'static str),
    /// Another issuer's.
    #[error(
        "the token is from another issuer than the one this server trusts: get one from the issuer in the server's metadata"
    )]
    Issuer,
    /// For somebody else.
    #[error(
        "the token is not for this server (`aud`): ask the issuer for one with this server's address as the resource"
    )]
    Audience,
    /// Over.
    #[error("the token has expired: get a new one")]
    Expired,
    /// Not yet good.
    #[error("the token is not valid yet (`nbf`): wait, or check the clocks")]
    NotYet,
    /// Issued later than now.
    #[error("the token was issued in the future (`iat`): check the clocks of the issuer and of this server")]
    IssuedInFuture,
    /// Names no key where several could have signed it.
    #[error("the token does not say which key signed it (`kid`), and its issuer has several: have the issuer name it")]
    NoKeyNamed,
    /// Names a key that the issuer does not have.
    #[error("the token is signed with a key that its issuer does not publish, or no longer: get a new one")]
    UnknownKey,
    /// Names a key of another algorithm.
    #[error("the token says another algorithm than the key it names is for: get a new one")]
    KeyMismatch,
    /// The signature is not under these claims, or not that key's.
    #[error("the token's signature is wrong: send the token as its issuer gave it, whole")]
    Signature,
    /// The token cannot be judged: no fault of the caller's.
    #[error(
        "the issuer's keys cannot be had just now, so the token cannot be checked: send the request again in a moment"
    )]
    KeysUnavailable,
}

impl TokenError {
    /// True where the token may be good: to be answered with 503, not 401, for a client that is told that its token is wrong
    /// throws it away.
    #[must_use]
    pub const fn is_temporary(self) -> bool {
        matches!(self, Self::KeysUnavailable)
    }
}

/// Why the issuer's keys could not be had. For the log and whoever runs the server: the addresses in it are those of the
/// settings and of the issuer's metadata.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// No HTTP client.
    #[error("no HTTP client ({0}): check the system's certificates")]
    Client(String),
    /// No connection, or it broke.
    #[error("{url} cannot be reached ({why}): check that the issuer runs and that this machine may reach it")]
    Unreachable {
        /// What was asked.
        url: String,
        /// One clause.
        why: String,
    },
    /// Nothing in time.
    #[error("{url} did not answer in time: check that the issuer runs and that this machine may reach it")]
    Late {
        /// What was asked.
        url: String,
    },
    /// A redirect, which is not followed.
    #[error(
        "{url} redirects (status {status}), which is not followed: name the issuer, or its keys, by their last address"
    )]
    Redirect {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// Another status than 200.
    #[error("{url} answers with status {status}: check FACTOR_OAUTH_ISSUER, or name the keys by FACTOR_OAUTH_JWKS_URL")]
    Status {
        /// What was asked.
        url: String,
        /// The status.
        status: u16,
    },
    /// A body beyond the limit.
    #[error("{url} answers with more than 65536 bytes: no issuer's metadata or keys are that long")]
    TooLarge {
        /// What was asked.
        url: String,
    },
    /// Not the document that it should be.
    #[error(
        "{url} answers with something that is not {what}: check FACTOR_OAUTH_ISSUER, or name the keys by FACTOR_OAUTH_JWKS_URL"
    )]
    NotTheDocument {
        /// What was asked.
        url: String,
        /// What should have come.
        what: &'static str,
    },
    /// Metadata of another issuer.
    #[error(
        "{url} is the metadata of `{says}`, not of `{issuer}`: if that is the one you mean, set FACTOR_OAUTH_ISSUER to it, to the letter"
    )]
    OtherIssuer {
        /// What was asked.
        url: String,
        /// The issuer in the metadata, cut and escaped.
        says: String,
        /// The issuer in the settings.
        issuer: String,
    },
    /// Metadata that names an address that is not asked.
    #[error("{url} says that its keys are at `{says}` ({rule}): name them by FACTOR_OAUTH_JWKS_URL")]
    KeysAddress {
        /// What was asked.
        url: String,
        /// The address in the metadata, cut and escaped.
        says: String,
        /// What is wrong with it.
        rule: &'static str,
    },
    /// No key that can be used.
    #[error(
        "{url} has no key that can be used here, of {count}: the issuer has to publish keys for signatures (`use` sig) by RS256 (2048 bits or more), ES256 or EdDSA"
    )]
    NoKeys {
        /// What was asked.
        url: String,
        /// How many keys there are.
        count: usize,
    },
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{setting} is `{value}` ({rule}): {way_out}")]
pub struct SettingsError {
    /// The setting.
    pub setting: &'static str,
    /// Its value, cut and escaped, a user and password in it masked.
    pub value: String,
    /// What is wrong with it.
    pub rule: &'static str,
    /// What to write.
    pub way_out: &'static str,
}
