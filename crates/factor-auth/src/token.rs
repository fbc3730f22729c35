//! A token as it comes: its parts and its header.

use std::fmt;

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use jsonwebtoken::Algorithm;
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny},
};
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::{error::TokenError, keys::LONGEST_KID};

/// The longest token that is read, in bytes.
pub const LONGEST_TOKEN: usize = 8 * 1024;

/// A token that somebody sent, of an acceptable length and without foreign characters. Never shown.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct BearerToken<'a>(&'a str);

impl<'a> BearerToken<'a> {
    /// What stood behind `Bearer`.
    ///
    /// # Errors
    /// When it is too long, or holds what no token holds.
    pub fn new(text: &'a str) -> Result<Self, TokenError> {
        if text.len() > LONGEST_TOKEN {
            return Err(TokenError::TooLong);
        }
        let is_part = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'-' | b'_' | b'.');
        if text.is_empty() || !text.bytes().all(is_part) {
            return Err(TokenError::NotAToken);
        }
        Ok(Self(text))
    }

    pub(crate) fn as_str(self) -> &'a str {
        self.0
    }

    /// What it is remembered by: not even the memory holds the token itself.
    pub(crate) fn digest(self) -> [u8; 32] {
        Sha256::digest(self.0).into()
    }

    /// Header and claims, decoded. Nothing of them is to be believed before the signature is verified.
    pub(crate) fn parts(self) -> Result<(Vec<u8>, Vec<u8>), TokenError> {
        let parts: Vec<&str> = self.0.split('.').take(4).collect();
        let [header, claims, signature] = parts[..] else { return Err(TokenError::NotAToken) };
        if signature.is_empty() {
            return Err(TokenError::NotAToken);
        }
        let decoded = |part: &str| URL_SAFE_NO_PAD.decode(part).map_err(|_| TokenError::NotAToken);
        Ok((decoded(header)?, decoded(claims)?))
    }
}

impl fmt::Debug for BearerToken<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("BearerToken(***)")
    }
}

/// A token's header: how it is signed, and what it says it is.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) algorithm: Algorithm,
    pub(crate) kid: Option<String>,
    /// True where it says `JWT` alone, as ID tokens do too.
    pub(crate) is_plain_jwt: bool,
}

/// What is read of it. A member that comes twice is an error, for each reader might take another one.
#[derive(Deserialize)]
struct Raw {
    #[serde(default)]
    alg: Value,
    #[serde(default)]
    typ: Value,
    #[serde(default)]
    kid: Value,
    #[serde(default, deserialize_with = "present")]
    jwk: bool,
    #[serde(default, deserialize_with = "present")]
    jku: bool,
    #[serde(default, deserialize_with = "present")]
    x5u: bool,
    #[serde(default, deserialize_with = "present")]
    x5c: bool,
    #[serde(default, deserialize_with = "present")]
    crit: bool,
    #[serde(default, deserialize_with = "present")]
    b64: bool,
    #[serde(default, deserialize_with = "present")]
    cty: bool,
    #[serde(default, deserialize_with = "present")]
    zip: bool,
    #[serde(default, deserialize_with = "present")]
    enc: bool,
}

/// What a part of a token says. An object alone: serde would also take an array of the members' values, in their order.
pub(crate) fn object<T: DeserializeOwned>(json: &[u8]) -> Result<T, TokenError> {
    let parsed = if json.first() == Some(&b'{') { serde_json::from_slice(json).ok() } else { None };
    parsed.ok_or(TokenError::NotAToken)
}

/// True for a member that is there, whatever its value.
pub(crate) fn present<'de, D: Deserializer<'de>>(value: D) -> Result<bool, D::Error> {
    IgnoredAny::deserialize(value).map(|_| true)
}

impl Header {
    /// Reads a header and refuses what is not taken. `allow_jwt` is for issuers that say `JWT` of access tokens.
    pub(crate) fn read(json: &[u8], allow_jwt: bool) -> Result<Self, TokenError> {
        let raw: Raw = object(json)?;
        // First of all: whatever else it says, what is not signed is nobody's word.
        let algorithm = match raw.alg.as_str() {
            Some("RS256") => Algorithm::RS256,
            Some("ES256") => Algorithm::ES256,
            Some("EdDSA") => Algorithm::EdDSA,
            _ => return Err(TokenError::Algorithm),
        };
        let not_taken = [
            (raw.jwk, "jwk"),
            (raw.jku, "jku"),
            (raw.x5u, "x5u"),
            (raw.x5c, "x5c"),
            (raw.crit, "crit"),
            (raw.b64, "b64"),
            (raw.cty, "cty"),
            (raw.zip, "zip"),
            (raw.enc, "enc"),
        ];
        if let Some((_, name)) = not_taken.iter().find(|(is_there, _)| *is_there) {
            return Err(TokenError::Header(name));
        }
        // A media type, so its case does not matter.
        let is_plain_jwt = match raw.typ.as_str().map(str::to_ascii_lowercase).as_deref() {
            Some("at+jwt" | "application/at+jwt") => false,
            Some("jwt") if allow_jwt => true,
            _ => return Err(TokenError::Type),
        };
        let kid = match raw.kid {
            Value::Null => None,
            Value::String(kid) if !kid.is_empty() && kid.len() <= LONGEST_KID => Some(kid),
            _ => return Err(TokenError::Header("kid")),
        };
        Ok(Self { algorithm, kid, is_plain_jwt })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_strictly() {
        let read = |json: &str, allow: bool| Header::read(json.as_bytes(), allow);
        let good = |typ: &str| format!(r#"{{"alg":"ES256","typ":"{typ}","kid":"k","x5t":"abc","unknown":[1]}}"#);
        for typ in ["at+jwt", "AT+JWT", "application/at+jwt", "Application/AT+jwt"] {
            let header = read(&good(typ), true).unwrap();
            assert_eq!(
                header,
                Header { algorithm: Algorithm::ES256, kid: Some("k".into()), is_plain_jwt: false },
                "{typ}"
            );
        }
        assert!(read(&good("JWT"), true).unwrap().is_plain_jwt);
        assert_eq!(read(&good("JWT"), false), Err(TokenError::Type));
        for typ in ["", "id_token+jwt", "at+jwt ", "application/application/at+jwt", "logout+jwt", "dpop+jwt"] {
            assert_eq!(read(&good(typ), true), Err(TokenError::Type), "{typ}");
        }
        assert_eq!(read(r#"{"alg":"ES256","typ":["at+jwt"]}"#, true), Err(TokenError::Type));
        assert_eq!(read(r#"{"alg":"ES256","typ":"at+jwt"}"#, true).unwrap().kid, None);
        for alg in ["none", "None", "HS256", "RS384", "PS256", "ES384", "ES256K", "Ed25519", "es256", "ES256 ", ""] {
            assert_eq!(
                read(&format!(r#"{{"alg":"{alg}","typ":"at+jwt"}}"#), true),
                Err(TokenError::Algorithm),
                "{alg}"
            );
        }
        assert_eq!(read(r#"{"alg":["ES256"],"typ":"at+jwt"}"#, true), Err(TokenError::Algorithm));
        assert_eq!(read(r#"{"typ":"at+jwt"}"#, true), Err(TokenError::Algorithm));
        for twice in
            [r#"{"alg":"ES256","alg":"none","typ":"at+jwt"}"#, r#"{"alg":"ES256","typ":"at+jwt","kid":"a","kid":"b"}"#]
        {
            assert_eq!(read(twice, true), Err(TokenError::NotAToken), "{twice}");
        }
        for name in ["jwk", "jku", "x5u", "x5c", "crit", "b64", "cty", "zip", "enc"] {
            for value in ["null", "false", "[]", "\"x\"", "{}"] {
                let json = format!(r#"{{"alg":"ES256","typ":"at+jwt","{name}":{value}}}"#);
                assert_eq!(read(&json, true), Err(TokenError::Header(name)), "{json}");
            }
        }
        for kid in ["7".to_owned(), "\"\"".to_owned(), "[]".to_owned(), format!("\"{}\"", "k".repeat(257))] {
            let json = format!(r#"{{"alg":"ES256","typ":"at+jwt","kid":{kid}}}"#);
            assert_eq!(read(&json, true), Err(TokenError::Header("kid")), "{kid}");
        }
        for bad in ["", "[]", r#"["ES256","at+jwt","k"]"#, "null", "7", "{", "{} {}", "\u{feff}{}"] {
            assert_eq!(read(bad, true), Err(TokenError::NotAToken), "{bad}");
        }
    }

    #[test]
    fn a_token_has_three_parts_and_is_not_shown() {
        let parts = |text: &str| BearerToken::new(text)?.parts();
        assert_eq!(parts("e30.e30.AA").unwrap(), (b"{}".to_vec(), b"{}".to_vec()));
        for bad in ["e30", "e30.e30", "e30.e30.", "e30.e30.AA.AA", "e30.e30.AA.AA.AA", "e.e30.AA", "e30.e31.AA", ".."] {
            assert_eq!(parts(bad), Err(TokenError::NotAToken), "{bad}");
        }
        for bad in ["", "e30=.e30.AA", "e30.e30.AA\n", " e30.e30.AA", "e30.e30.A+/A", "e30.e30.\u{e9}", "e30,e30"] {
            assert_eq!(BearerToken::new(bad), Err(TokenError::NotAToken), "{bad}");
        }
        assert!(BearerToken::new(&"a".repeat(LONGEST_TOKEN)).is_ok());
        assert_eq!(BearerToken::new(&"a".repeat(LONGEST_TOKEN + 1)), Err(TokenError::TooLong));
        assert_eq!(format!("{:?}", BearerToken::new("e30.e30.AA")), "Ok(BearerToken(***))");
    }
}
