//! Keys that sign, and tokens made with them.

use std::{fmt, sync::Arc};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    hmac,
    rand::SystemRandom,
    rsa::PublicKeyComponents,
    signature::{
        self, ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, Ed25519KeyPair, KeyPair as _, RsaEncoding, RsaKeyPair,
    },
};
use serde_json::{Value, json};

/// RSA keys of 2,048 bits: ring makes none.
const RSA: [&[u8]; 2] = [include_bytes!("rsa/1.pk8"), include_bytes!("rsa/2.pk8")];

/// Why there is no key or no signature.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(&'static str);

/// A key with its id. Shown without what is secret in it.
#[derive(Clone)]
pub struct SigningKey {
    kid: String,
    pair: Pair,
}

#[derive(Clone)]
enum Pair {
    Rsa(Arc<RsaKeyPair>),
    P256(Arc<EcdsaKeyPair>),
    Ed25519(Arc<Ed25519KeyPair>),
    Secret(Arc<hmac::Key>),
}

/// How something is signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scheme {
    /// RSA, PKCS #1 v1.5, SHA-256.
    Rs256,
    /// RSA, PKCS #1 v1.5, SHA-384.
    Rs384,
    /// RSA, PSS, SHA-256.
    Ps256,
    /// ECDSA on P-256, SHA-256.
    Es256,
    /// Ed25519.
    EdDsa,
    /// HMAC with SHA-256.
    Hs256,
}

impl Scheme {
    /// The name in a token's header.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Rs256 => "RS256",
            Self::Rs384 => "RS384",
            Self::Ps256 => "PS256",
            Self::Es256 => "ES256",
            Self::EdDsa => "EdDSA",
            Self::Hs256 => "HS256",
        }
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SigningKey").field("kid", &self.kid).field("scheme", &self.scheme()).finish_non_exhaustive()
    }
}

impl SigningKey {
    /// One of two RSA keys of 2,048 bits: any number picks one.
    ///
    /// # Errors
    /// Never, as long as the files are whole.
    pub fn rs256(kid: &str, which: usize) -> Result<Self, KeyError> {
        let der = RSA.get(which % RSA.len()).copied().unwrap_or_default();
        let pair = RsaKeyPair::from_pkcs8(der).map_err(|_| KeyError("the RSA key is damaged"))?;
        Ok(Self { kid: kid.to_owned(), pair: Pair::Rsa(Arc::new(pair)) })
    }

    /// A new key on P-256.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn es256(kid: &str) -> Result<Self, KeyError> {
        let random = SystemRandom::new();
        let made = EcdsaKeyPair::generate_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &random).map_err(|_| NO_RANDOM)?;
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, made.as_ref(), &random);
        Ok(Self { kid: kid.to_owned(), pair: Pair::P256(Arc::new(pair.map_err(|_| NO_RANDOM)?)) })
    }

    /// A new Ed25519 key.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn ed25519(kid: &str) -> Result<Self, KeyError> {
        let made = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| NO_RANDOM)?;
        let pair = Ed25519KeyPair::from_pkcs8(made.as_ref()).map_err(|_| NO_RANDOM)?;
        Ok(Self { kid: kid.to_owned(), pair: Pair::Ed25519(Arc::new(pair)) })
    }

    /// A shared secret: for forgeries that take a public key for one.
    #[must_use]
    pub fn hs256(kid: &str, secret: &[u8]) -> Self {
        Self { kid: kid.to_owned(), pair: Pair::Secret(Arc::new(hmac::Key::new(hmac::HMAC_SHA256, secret))) }
    }

    /// Its id.
    #[must_use]
    pub fn kid(&self) -> &str {
        &self.kid
    }

    /// How it signs.
    #[must_use]
    pub fn scheme(&self) -> Scheme {
        match &self.pair {
            Pair::Rsa(_) => Scheme::Rs256,
            Pair::P256(_) => Scheme::Es256,
            Pair::Ed25519(_) => Scheme::EdDsa,
            Pair::Secret(_) => Scheme::Hs256,
        }
    }

    /// Its public half as an issuer publishes it; nothing of a shared secret but its id.
    #[must_use]
    pub fn jwk(&self) -> Value {
        let mut jwk = match &self.pair {
            Pair::Rsa(pair) => {
                let public = PublicKeyComponents::<Vec<u8>>::from(pair.public());
                json!({"kty": "RSA", "n": encoded(&public.n), "e": encoded(&public.e)})
            }
            Pair::P256(pair) => {
                // The uncompressed form: 4, then two coordinates of 32 bytes.
                let (x, y) = pair.public_key().as_ref().get(1..65).unwrap_or_default().split_at(32);
                json!({"kty": "EC", "crv": "P-256", "x": encoded(x), "y": encoded(y)})
            }
            Pair::Ed25519(pair) => {
                json!({"kty": "OKP", "crv": "Ed25519", "x": encoded(pair.public_key().as_ref())})
            }
            Pair::Secret(_) => json!({"kty": "oct"}),
        };
        jwk["kid"] = self.kid.clone().into();
        jwk["use"] = "sig".into();
        jwk["alg"] = self.scheme().name().into();
        jwk
    }

    /// The signature under a message, by the key's own scheme.
    ///
    /// # Errors
    /// When ring refuses.
    pub fn sign(&self, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        self.sign_by(self.scheme(), message)
    }

    /// The signature by a scheme of the key's kind.
    ///
    /// # Errors
    /// When the scheme is of another kind, or ring refuses.
    pub fn sign_by(&self, scheme: Scheme, message: &[u8]) -> Result<Vec<u8>, KeyError> {
        let random = SystemRandom::new();
        let rsa = |pair: &RsaKeyPair, encoding: &'static dyn RsaEncoding| {
            let mut signed = vec![0; pair.public().modulus_len()];
            pair.sign(encoding, &random, message, &mut signed).map_err(|_| REFUSED)?;
            Ok(signed)
        };
        match (&self.pair, scheme) {
            (Pair::Rsa(pair), Scheme::Rs256) => rsa(pair, &signature::RSA_PKCS1_SHA256),
            (Pair::Rsa(pair), Scheme::Rs384) => rsa(pair, &signature::RSA_PKCS1_SHA384),
            (Pair::Rsa(pair), Scheme::Ps256) => rsa(pair, &signature::RSA_PSS_SHA256),
            (Pair::P256(pair), Scheme::Es256) => {
                Ok(pair.sign(&random, message).map_err(|_| REFUSED)?.as_ref().to_vec())
            }
            (Pair::Ed25519(pair), Scheme::EdDsa) => Ok(pair.sign(message).as_ref().to_vec()),
            (Pair::Secret(key), Scheme::Hs256) => Ok(hmac::sign(key, message).as_ref().to_vec()),
            _ => Err(KeyError("the key is of another kind than the scheme")),
        }
    }

    /// An access token as RFC 9068 has it.
    ///
    /// # Errors
    /// When ring refuses.
    pub fn token(&self, claims: &Value) -> Result<String, KeyError> {
        self.token_with(&json!({"alg": self.scheme().name(), "typ": "at+jwt", "kid": self.kid}), claims)
    }

    /// A token with any header, signed by the key's own scheme whatever the header says.
    ///
    /// # Errors
    /// When ring refuses.
    pub fn token_with(&self, header: &Value, claims: &Value) -> Result<String, KeyError> {
        compact(header.to_string().as_bytes(), claims.to_string().as_bytes(), |message| self.sign(message))
    }
}

pub(crate) const NO_KEY: KeyError = KeyError("there is no key to sign with: publish one");
const NO_RANDOM: KeyError = KeyError("the system gives no random numbers");
const REFUSED: KeyError = KeyError("the key signs nothing");

/// The compact form of any header and claims, JSON or not, and what signs them.
///
/// # Errors
/// Those of `sign`.
pub fn compact(
    header: &[u8],
    claims: &[u8],
    sign: impl FnOnce(&[u8]) -> Result<Vec<u8>, KeyError>,
) -> Result<String, KeyError> {
    let message = format!("{}.{}", encoded(header), encoded(claims));
    let signature = sign(message.as_bytes())?;
    Ok(format!("{message}.{}", encoded(&signature)))
}

fn encoded(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}
