//! What a token claims, and whether that lets its bearer in.
//!
//! An ID token tells a client who logged in; it goes from hand to hand and never opens a server. RFC 9068 tells access tokens by
//! the header's `typ`. For issuers that say `JWT` of both, and for those that say `at+jwt` of everything, a token is none where
//!
//! 1. `nonce`, `at_hash`, `c_hash` or `s_hash` is there, which bind an ID token to a log-in, or `events`, which a logout token
//!    has;
//! 2. it says so: `token_use` other than `access`, or a claim `typ` of `ID`, `Refresh`, `Offline` or `Logout`;
//!
//! and where the header says no more than `JWT`, also where
//!
//! 3. it has neither `scope` nor `scp`: who asks for access to a server asks for a scope, and an ID token has none;
//! 4. all its audiences are the client that it was issued to (`azp`, `client_id`), which is what an ID token is for.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use serde::Deserialize;
use serde_json::Value;

use crate::{
    access::{Access, Identity, Scope, Scopes},
    error::TokenError,
    settings::Settings,
    token::{object, present},
};

/// How far the issuer's clock and ours may lie apart.
pub(crate) const LEEWAY: TimeDelta = TimeDelta::seconds(60);
/// The longest subject, in characters, as OpenID Connect has it.
const LONGEST_SUBJECT: usize = 255;
/// Most audiences, and most scopes.
const MOST_AUDIENCES: usize = 64;
const MOST_SCOPES: usize = 256;
/// The end of the year 9999: what is beyond is milliseconds, or no date.
const LAST_SECOND: f64 = 253_402_300_799.0;
/// Words of a claim `typ` that are not an access token's.
const OTHER_TYPES: [&str; 4] = ["id", "refresh", "offline", "logout"];

/// The claims that are read. One that comes twice is an error, for each reader might take another one.
#[derive(Deserialize)]
pub(crate) struct Claims {
    #[serde(default)]
    iss: Value,
    #[serde(default)]
    sub: Value,
    #[serde(default)]
    aud: Value,
    #[serde(default)]
    exp: Value,
    #[serde(default)]
    nbf: Value,
    #[serde(default)]
    iat: Value,
    #[serde(default)]
    scope: Value,
    #[serde(default)]
    scp: Value,
    #[serde(default)]
    azp: Value,
    #[serde(default)]
    client_id: Value,
    #[serde(default)]
    token_use: Value,
    #[serde(default)]
    typ: Value,
    #[serde(default, deserialize_with = "present")]
    nonce: bool,
    #[serde(default, deserialize_with = "present")]
    at_hash: bool,
    #[serde(default, deserialize_with = "present")]
    c_hash: bool,
    #[serde(default, deserialize_with = "present")]
    s_hash: bool,
    #[serde(default, deserialize_with = "present")]
    events: bool,
}

impl Claims {
    pub(crate) fn read(json: &[u8]) -> Result<Self, TokenError> {
        object(json)
    }

    /// What the claims give, if they are true: the signature is not looked at here.
    pub(crate) fn checked(
        &self,
        settings: &Settings,
        issuer: &Arc<str>,
        is_plain_jwt: bool,
        now: DateTime<Utc>,
    ) -> Result<Access, TokenError> {
        // The issuer first: what another's token says is not this server's business.
        if string(&self.iss, "iss")? != settings.issuer() {
            return Err(TokenError::Issuer);
        }
        let audiences = strings(&self.aud, "aud", MOST_AUDIENCES)?.ok_or(TokenError::Missing("aud"))?;
        if !audiences.iter().any(|audience| settings.is_audience(audience)) {
            return Err(TokenError::Audience);
        }
        self.is_access_token(&audiences, is_plain_jwt)?;
        let expires_at = moment(&self.exp, "exp")?.ok_or(TokenError::Missing("exp"))?;
        if now >= expires_at + LEEWAY {
            return Err(TokenError::Expired);
        }
        if moment(&self.nbf, "nbf")?.is_some_and(|begins| begins > now + LEEWAY) {
            return Err(TokenError::NotYet);
        }
        if moment(&self.iat, "iat")?.is_some_and(|issued| issued > now + LEEWAY) {
            return Err(TokenError::IssuedInFuture);
        }
        let subject = string(&self.sub, "sub")?;
        let is_name = !subject.is_empty() && !subject.chars().any(char::is_control);
        if !is_name || subject.chars().count() > LONGEST_SUBJECT {
            return Err(TokenError::Claim("sub"));
        }
        let identity = Identity { issuer: Arc::clone(issuer), subject: subject.to_owned() };
        Ok(Access { identity, scopes: self.scopes()?, expires_at })
    }

    fn is_access_token(&self, audiences: &[&str], is_plain_jwt: bool) -> Result<(), TokenError> {
        let of_a_login = self.nonce || self.at_hash || self.c_hash || self.s_hash || self.events;
        let used_for = self.token_use.as_str();
        let other_use = !self.token_use.is_null() && used_for != Some("access");
        let kind = self.typ.as_str().unwrap_or_default();
        let other_type = OTHER_TYPES.iter().any(|other| kind.eq_ignore_ascii_case(other));
        let without_scope = self.scope.is_null() && self.scp.is_null();
        let clients: Vec<&str> = [&self.azp, &self.client_id].into_iter().filter_map(Value::as_str).collect();
        let for_its_client = audiences.iter().all(|audience| clients.contains(audience));
        if of_a_login || other_use || other_type || (is_plain_jwt && (without_scope || for_its_client)) {
            return Err(TokenError::NoAccessToken);
        }
        Ok(())
    }

    /// Those of ours; others are for other servers.
    fn scopes(&self) -> Result<Scopes, TokenError> {
        let (value, name) = if self.scope.is_null() { (&self.scp, "scp") } else { (&self.scope, "scope") };
        let said = strings(value, name, MOST_SCOPES)?.unwrap_or_default();
        Ok(said.into_iter().flat_map(|text| text.split(' ')).filter_map(Scope::named).collect())
    }
}

fn string<'a>(value: &'a Value, name: &'static str) -> Result<&'a str, TokenError> {
    match value {
        Value::String(text) => Ok(text),
        Value::Null => Err(TokenError::Missing(name)),
        _ => Err(TokenError::Claim(name)),
    }
}

/// A string, or a list of some.
fn strings<'a>(value: &'a Value, name: &'static str, most: usize) -> Result<Option<Vec<&'a str>>, TokenError> {
    let malformed = TokenError::Claim(name);
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(vec![text])),
        Value::Array(all) if all.len() <= most => {
            all.iter().map(|one| one.as_str().ok_or(malformed)).collect::<Result<_, _>>().map(Some)
        }
        _ => Err(malformed),
    }
}

/// Seconds since 1970, whole or not.
fn moment(value: &Value, name: &'static str) -> Result<Option<DateTime<Utc>>, TokenError> {
    if value.is_null() {
        return Ok(None);
    }
    let seconds = value.as_f64().filter(|seconds| (0.0..=LAST_SECOND).contains(seconds));
    #[expect(clippy::cast_possible_truncation, reason = "whole seconds are meant, and the range is checked")]
    let moment = seconds.and_then(|seconds| DateTime::from_timestamp(seconds.floor() as i64, 0));
    moment.map(Some).ok_or(TokenError::Claim(name))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const NOW: i64 = 1_900_000_000;

    fn settings() -> Settings {
        Settings::new("https://login.example.com", "https://factors.example").unwrap()
    }

    fn good() -> Value {
        json!({
            "iss": "https://login.example.com", "aud": "https://factors.example", "sub": "ada", "client_id": "chat",
            "exp": NOW + 300, "iat": NOW, "scope": "factor.read openid factor.write", "jti": "1",
        })
    }

    fn with(name: &str, value: Value) -> Value {
        let mut claims = good();
        claims[name] = value;
        claims
    }

    fn checked(claims: &Value, plain: bool) -> Result<Access, TokenError> {
        let now = DateTime::from_timestamp(NOW, 0).unwrap();
        let issuer = "https://login.example.com".into();
        Claims::read(claims.to_string().as_bytes())?.checked(&settings(), &issuer, plain, now)
    }

    #[test]
    fn good_claims_give_identity_scopes_and_an_end() {
        for plain in [false, true] {
            let access = checked(&good(), plain).unwrap();
            assert_eq!((&*access.identity.issuer, &*access.identity.subject), ("https://login.example.com", "ada"));
            assert_eq!(access.scopes, Scopes::of(&[Scope::Read, Scope::Write]));
            assert_eq!(access.expires_at.timestamp(), NOW + 300);
        }
    }

    #[test]
    fn times_have_a_minute_of_leeway_and_no_second_more() {
        let is = |name: &str, at: i64| checked(&with(name, at.into()), false).map(drop);
        assert_eq!((is("exp", NOW - 59), is("exp", NOW - 60)), (Ok(()), Err(TokenError::Expired)));
        assert_eq!((is("nbf", NOW + 60), is("nbf", NOW + 61)), (Ok(()), Err(TokenError::NotYet)));
        assert_eq!((is("iat", NOW + 60), is("iat", NOW + 61)), (Ok(()), Err(TokenError::IssuedInFuture)));
        assert!(checked(&with("exp", json!(1_900_000_300.75)), false).is_ok(), "seconds may be broken");
        for bad in [json!("1900000300"), json!(-1), json!(1_900_000_300_000_i64), json!(1e300), json!(true), json!([])]
        {
            for name in ["exp", "nbf", "iat"] {
                assert_eq!(checked(&with(name, bad.clone()), false), Err(TokenError::Claim(name)), "{name}: {bad}");
            }
        }
        assert_eq!(checked(&with("exp", Value::Null), false), Err(TokenError::Missing("exp")));
        assert!(checked(&with("iat", Value::Null), false).is_ok());
    }

    #[test]
    fn scopes_come_as_text_or_list_under_either_name() {
        let of = |name: &str, value: Value| {
            let mut claims = good();
            claims["scope"] = Value::Null;
            claims[name] = value;
            checked(&claims, false).map(|access| access.scopes)
        };
        let both = Scopes::of(&[Scope::Read, Scope::Admin]);
        for name in ["scope", "scp"] {
            assert_eq!(of(name, json!("factor.read factor.admin")), Ok(both));
            assert_eq!(of(name, json!(["factor.admin", "factor.read", "profile"])), Ok(both));
            assert_eq!(of(name, json!("factor.reads FACTOR.READ factor.read,factor.write")), Ok(Scopes::NONE));
            let name: &'static str = if name == "scp" { "scp" } else { "scope" };
            assert_eq!(of(name, json!({"factor.read": true})), Err(TokenError::Claim(name)));
            assert_eq!(of(name, json!(["factor.read", 7])), Err(TokenError::Claim(name)));
            assert_eq!(of(name, json!(vec!["x"; 257])), Err(TokenError::Claim(name)));
        }
        let mut two = good();
        two["scope"] = "factor.read".into();
        two["scp"] = json!(["factor.admin"]);
        assert_eq!(checked(&two, false).unwrap().scopes, Scopes::of(&[Scope::Read]), "`scope` is the standard's name");
    }

    #[test]
    fn an_id_token_never_passes() {
        for (name, value) in [
            ("nonce", json!("n")),
            ("nonce", Value::Null),
            ("at_hash", json!("h")),
            ("c_hash", json!("h")),
            ("s_hash", json!("h")),
            ("events", json!({"http://schemas.openid.net/event/backchannel-logout": {}})),
            ("token_use", json!("id")),
            ("token_use", json!(7)),
            ("typ", json!("ID")),
            ("typ", json!("Refresh")),
            ("typ", json!("Offline")),
            ("typ", json!("Logout")),
        ] {
            for plain in [false, true] {
                let claims = with(name, value.clone());
                assert_eq!(checked(&claims, plain), Err(TokenError::NoAccessToken), "{name}: {value}");
            }
        }
        for (name, value) in [("token_use", json!("access")), ("typ", json!("Bearer"))] {
            assert!(checked(&with(name, value), true).is_ok(), "{name}");
        }
        let mut no_scope = good();
        no_scope["scope"] = Value::Null;
        assert_eq!(checked(&no_scope, true), Err(TokenError::NoAccessToken));
        assert!(checked(&no_scope, false).unwrap().scopes.is_empty(), "its header says what it is");
        for client in ["azp", "client_id"] {
            let of_itself = with(client, "https://factors.example".into());
            assert_eq!(checked(&of_itself, true), Err(TokenError::NoAccessToken), "{client}");
            assert!(checked(&of_itself, false).is_ok());
        }
    }

    #[test]
    fn what_is_claimed_is_bounded() {
        assert!(checked(&with("sub", "a".repeat(255).into()), false).is_ok());
        for bad in [json!(""), json!("a".repeat(256)), json!("a\nb"), json!("a\u{0}"), json!(7), json!(["ada"])] {
            assert_eq!(checked(&with("sub", bad.clone()), false), Err(TokenError::Claim("sub")), "{bad}");
        }
        let mut many = vec!["https://other.example"; 64];
        assert_eq!(checked(&with("aud", json!(many)), false), Err(TokenError::Audience));
        many.push("https://factors.example");
        assert_eq!(checked(&with("aud", json!(many)), false), Err(TokenError::Claim("aud")));
        assert_eq!(checked(&with("aud", json!([])), false), Err(TokenError::Audience));
        for bad in [json!({"x": 1}), json!([7]), json!([["https://factors.example"]]), json!(7)] {
            assert_eq!(checked(&with("aud", bad.clone()), false), Err(TokenError::Claim("aud")), "{bad}");
        }
    }

    #[test]
    fn claims_are_one_object_without_repetitions() {
        for bad in
            ["", "[]", "null", r#"["https://login.example.com"]"#, r#"{"iss":"a","iss":"b"}"#, r#"{"exp":1,"exp":2}"#]
        {
            assert!(matches!(Claims::read(bad.as_bytes()), Err(TokenError::NotAToken)), "{bad}");
        }
    }
}
