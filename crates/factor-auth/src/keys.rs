//! An issuer's keys: what of its JWK set can be used, and the signature of a token.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, Validation, decode,
    jwk::{AlgorithmParameters, EllipticCurve, Jwk, KeyAlgorithm, KeyOperations, PublicKeyUse},
};
use serde::{Deserialize, de::IgnoredAny};
use serde_json::Value;

use crate::{error::TokenError, provider};

/// More keys than any issuer has at once.
const MOST_KEYS: usize = 100;
/// The longest key id, in bytes.
pub(crate) const LONGEST_KID: usize = 256;
/// Members of a JWK that only a private key or a shared secret has.
const PRIVATE: [&str; 7] = ["d", "p", "q", "dp", "dq", "qi", "k"];
/// Bytes of a modulus: 2,048 bits to 8,192, which is what ring takes.
const MODULUS: std::ops::RangeInclusive<usize> = 256..=1024;

/// The keys of an issuer that can be used here.
#[derive(Debug)]
pub(crate) struct KeySet(Vec<PublicKey>);

/// One key, for one algorithm.
pub(crate) struct PublicKey {
    kid: Option<String>,
    algorithm: Algorithm,
    key: DecodingKey,
    validation: Validation,
}

/// What there is for a token.
pub(crate) enum Lookup<'a> {
    Found(&'a PublicKey),
    /// Its key is there, and is for another algorithm.
    OtherAlgorithm,
    /// It names none, and several could be meant.
    Unnamed,
    Unknown,
}

impl std::fmt::Debug for PublicKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PublicKey").field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Body {
    keys: Vec<Value>,
}

impl KeySet {
    /// Reads a JWK set. Keys that cannot be used here are left out, whatever is wrong with them: an issuer may have keys for
    /// other purposes and other servers.
    ///
    /// `None` when it is no JWK set; the number is that of all its keys.
    pub(crate) fn read(body: &[u8]) -> Option<(Self, usize)> {
        provider::install();
        let Body { keys } = serde_json::from_slice(body).ok()?;
        let usable = keys.iter().take(MOST_KEYS).filter_map(PublicKey::read).collect();
        Some((Self(usable), keys.len()))
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that a token names; where it names none, the only one of its algorithm.
    pub(crate) fn find(&self, kid: Option<&str>, algorithm: Algorithm) -> Lookup<'_> {
        let Some(kid) = kid else {
            let mut fitting = self.0.iter().filter(|key| key.algorithm == algorithm);
            return match (fitting.next(), fitting.next()) {
                (Some(key), None) => Lookup::Found(key),
                (Some(_), Some(_)) => Lookup::Unnamed,
                (None, _) => Lookup::Unknown,
            };
        };
        let mut named = self.0.iter().filter(|key| key.kid.as_deref() == Some(kid)).peekable();
        if named.peek().is_none() {
            return Lookup::Unknown;
        }
        named.find(|key| key.algorithm == algorithm).map_or(Lookup::OtherAlgorithm, Lookup::Found)
    }
}

impl PublicKey {
    fn read(value: &Value) -> Option<Self> {
        // A private key that its issuer shows to everybody signs for everybody.
        if PRIVATE.iter().any(|name| value.get(name).is_some()) {
            return None;
        }
        let jwk: Jwk = serde_json::from_value(value.clone()).ok()?;
        let common = &jwk.common;
        let signs = common.public_key_use.as_ref().is_none_or(|purpose| *purpose == PublicKeyUse::Signature);
        let verifies = common.key_operations.as_ref().is_none_or(|all| all.contains(&KeyOperations::Verify));
        let (algorithm, name) = match &jwk.algorithm {
            AlgorithmParameters::RSA(_) => (Algorithm::RS256, KeyAlgorithm::RS256),
            AlgorithmParameters::EllipticCurve(key) if key.curve == EllipticCurve::P256 => {
                (Algorithm::ES256, KeyAlgorithm::ES256)
            }
            AlgorithmParameters::OctetKeyPair(key) if key.curve == EllipticCurve::Ed25519 => {
                (Algorithm::EdDSA, KeyAlgorithm::EdDSA)
            }
            _ => return None,
        };
        let is_for_it = common.key_algorithm.is_none_or(|said| said == name);
        if !signs || !verifies || !is_for_it || common.key_id.as_ref().is_some_and(|kid| kid.len() > LONGEST_KID) {
            return None;
        }
        let key = DecodingKey::from_jwk(&jwk).ok().filter(is_whole)?;
        Some(Self { kid: jwk.common.key_id, algorithm, key, validation: signature_alone(algorithm) })
    }

    /// Whether this key signed the token.
    pub(crate) fn verify(&self, token: &str) -> Result<(), TokenError> {
        decode::<IgnoredAny>(token, &self.key, &self.validation).map(drop).map_err(|_| TokenError::Signature)
    }
}

/// A key of the form that its kind has.
fn is_whole(key: &DecodingKey) -> bool {
    match key.kind() {
        DecodingKeyKind::RsaModulusExponent { n, e } => {
            // An exponent of one signs everything. Neither number begins with zeros.
            let exponent = e.iter().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
            MODULUS.contains(&n.len()) && n.first() != Some(&0) && e.len() <= 4 && exponent >= 3 && exponent % 2 == 1
        }
        // A point on P-256 behind its mark, or one of Ed25519.
        DecodingKeyKind::SecretOrDer(point) => point.len() == if key.family() == AlgorithmFamily::Ec { 65 } else { 32 },
    }
}

/// jsonwebtoken asks the system's clock; what claims have to say is `claims`' to check, by ours.
fn signature_alone(algorithm: Algorithm) -> Validation {
    let mut validation = Validation::new(algorithm);
    validation.required_spec_claims.clear();
    validation.validate_exp = false;
    validation.validate_aud = false;
    validation
}

#[cfg(test)]
mod tests {
    use factor_stand_in_issuer::SigningKey;
    use serde_json::json;

    use super::*;

    fn read(keys: &[Value]) -> KeySet {
        KeySet::read(json!({"keys": keys}).to_string().as_bytes()).unwrap().0
    }

    fn with(mut jwk: Value, name: &str, value: Value) -> Value {
        jwk[name] = value;
        jwk
    }

    fn rsa() -> Value {
        SigningKey::rs256("r", 0).unwrap().jwk()
    }

    fn p256() -> Value {
        SigningKey::es256("e").unwrap().jwk()
    }

    #[test]
    fn what_cannot_be_used_is_left_out_and_the_rest_is_taken() {
        let ed = SigningKey::ed25519("d").unwrap().jwk();
        let bad = [
            json!("no key"),
            json!({}),
            json!({"kty": "made up", "kid": "x"}),
            SigningKey::hs256("h", b"secret").jwk(),
            with(rsa(), "use", "enc".into()),
            with(rsa(), "alg", "RS512".into()),
            with(rsa(), "alg", "PS256".into()),
            with(rsa(), "alg", "HS256".into()),
            with(rsa(), "alg", "none".into()),
            with(rsa(), "key_ops", json!(["encrypt"])),
            with(rsa(), "d", "AQAB".into()),
            with(rsa(), "k", "AQAB".into()),
            with(rsa(), "n", "AQAB".into()),
            with(rsa(), "n", "A".repeat(171).into()),
            with(rsa(), "n", format!("AA{}", "A".repeat(342)).into()),
            with(rsa(), "e", "AQ".into()),
            with(rsa(), "e", "AAAB".into()),
            with(rsa(), "e", "Ag".into()),
            with(rsa(), "kid", "k".repeat(LONGEST_KID + 1).into()),
            with(rsa(), "kid", 7.into()),
            with(p256(), "crv", "P-384".into()),
            with(p256(), "crv", "secp256k1".into()),
            with(p256(), "x", "AAAA".into()),
            with(ed.clone(), "crv", "Ed448".into()),
            with(ed.clone(), "x", "AAAA".into()),
        ];
        for jwk in &bad {
            assert!(read(std::slice::from_ref(jwk)).is_empty(), "{jwk}");
        }
        let mut all = bad.to_vec();
        all.extend([rsa(), p256(), ed]);
        let (set, count) = KeySet::read(json!({"keys": all}).to_string().as_bytes()).unwrap();
        assert_eq!((set.0.len(), count), (3, bad.len() + 3));
        assert!(matches!(set.find(Some("r"), Algorithm::RS256), Lookup::Found(_)));
        assert!(matches!(set.find(Some("r"), Algorithm::ES256), Lookup::OtherAlgorithm));
        assert!(matches!(set.find(Some("R"), Algorithm::RS256), Lookup::Unknown));
    }

    #[test]
    fn what_is_no_set_of_keys_is_none() {
        for body in ["", "{}", "[]", "{\"keys\": {}}", "<html>", "{\"keys\": [}"] {
            assert!(KeySet::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[test]
    fn a_token_without_a_key_id_is_its_only_keys() {
        let nameless = |jwk: Value| with(jwk, "kid", Value::Null);
        let set = read(&[nameless(p256()), rsa()]);
        assert!(matches!(set.find(None, Algorithm::ES256), Lookup::Found(_)));
        assert!(matches!(set.find(None, Algorithm::RS256), Lookup::Found(_)));
        assert!(matches!(set.find(None, Algorithm::EdDSA), Lookup::Unknown));
        assert!(matches!(read(&[p256(), p256()]).find(None, Algorithm::ES256), Lookup::Unnamed));
    }

    #[test]
    fn two_keys_of_one_id_are_told_apart_by_their_algorithm() {
        let set = read(&[with(rsa(), "kid", "k".into()), with(p256(), "kid", "k".into())]);
        for algorithm in [Algorithm::RS256, Algorithm::ES256] {
            assert!(matches!(set.find(Some("k"), algorithm), Lookup::Found(key) if key.algorithm == algorithm));
        }
    }

    #[test]
    fn nothing_of_a_key_is_shown() {
        let jwk = rsa();
        let shown = format!("{:?}", read(std::slice::from_ref(&jwk)));
        assert!(!shown.contains(jwk["n"].as_str().unwrap()), "{shown}");
    }
}
