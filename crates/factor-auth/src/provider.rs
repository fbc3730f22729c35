//! The cryptography under jsonwebtoken: ring, which TLS runs on here.
//!
//! jsonwebtoken's own backends are a second library of cryptography (aws-lc, in C) and one that brings the crate `rsa`
//! (RUSTSEC-2023-0071). It takes a third: these are checks of the three signatures that are taken, and nothing that signs.

use jsonwebtoken::{
    Algorithm, AlgorithmFamily, DecodingKey, DecodingKeyKind, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{self, ErrorKind, new_error},
    signature::{self, Verifier},
};
use ring::signature::{
    ECDSA_P256_SHA256_FIXED, ED25519, RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents, UnparsedPublicKey,
    VerificationAlgorithm,
};

static RING: CryptoProvider = CryptoProvider {
    signer_factory: no_signer,
    verifier_factory: verifier,
    // Wanted for private keys and thumbprints, of which there are none here.
    key_utils: KeyUtils {
        rsa_pub_components_from_private_key: |_| Err(unsupported()),
        rsa_pub_components_from_public_key: |_| Err(unsupported()),
        ec_pub_components_from_private_key: |_, _| Err(unsupported()),
        ed_pub_components_from_private_key: |_, _| Err(unsupported()),
        compute_digest: |_, _| Err(unsupported()),
    },
};

/// Makes ring what jsonwebtoken checks signatures with, in the whole process. Where that was done before, nothing is done.
pub(crate) fn install() {
    let _ = RING.install_default();
}

fn unsupported() -> errors::Error {
    new_error(ErrorKind::UnsupportedAlgorithm)
}

fn no_signer(_: &Algorithm, _: &EncodingKey) -> errors::Result<Box<dyn JwtSigner>> {
    Err(unsupported())
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> errors::Result<Box<dyn JwtVerifier>> {
    let family = match algorithm {
        Algorithm::RS256 => AlgorithmFamily::Rsa,
        Algorithm::ES256 => AlgorithmFamily::Ec,
        Algorithm::EdDSA => AlgorithmFamily::Ed,
        _ => return Err(unsupported()),
    };
    // A key is for its own family: as a secret of another it would be one that everybody knows.
    if key.family() != family {
        return Err(new_error(ErrorKind::InvalidKeyFormat));
    }
    Ok(Box::new(RingVerifier { algorithm: *algorithm, key: key.clone() }))
}

struct RingVerifier {
    algorithm: Algorithm,
    key: DecodingKey,
}

impl JwtVerifier for RingVerifier {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl Verifier<Vec<u8>> for RingVerifier {
    fn verify(&self, message: &[u8], signed: &Vec<u8>) -> Result<(), signature::Error> {
        let by = |algorithm: &'static dyn VerificationAlgorithm, key: &[u8]| {
            UnparsedPublicKey::new(algorithm, key).verify(message, signed)
        };
        let verified = match (self.algorithm, self.key.kind()) {
            (Algorithm::RS256, DecodingKeyKind::RsaModulusExponent { n, e }) => {
                RsaPublicKeyComponents { n, e }.verify(&RSA_PKCS1_2048_8192_SHA256, message, signed)
            }
            (Algorithm::ES256, DecodingKeyKind::SecretOrDer(point)) => by(&ECDSA_P256_SHA256_FIXED, point),
            (Algorithm::EdDSA, DecodingKeyKind::SecretOrDer(point)) => by(&ED25519, point),
            _ => return Err(signature::Error::new()),
        };
        verified.map_err(|_| signature::Error::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_checks_signatures_of_its_own_family_and_no_secrets() {
        let rsa = DecodingKey::from_rsa_raw_components(&[0xff; 256], &[1, 0, 1]);
        let (p256, ed) = (DecodingKey::from_ec_der(&[4; 65]), DecodingKey::from_ed_der(&[1; 32]));
        let secret = DecodingKey::from_secret(&[1; 32]).unwrap();
        let own = [(Algorithm::RS256, &rsa), (Algorithm::ES256, &p256), (Algorithm::EdDSA, &ed)];
        for (algorithm, key) in own {
            for (other, _) in own {
                assert_eq!(verifier(&other, key).is_ok(), other == algorithm, "{other:?} with a key for {algorithm:?}");
            }
            for refused in [Algorithm::HS256, Algorithm::RS384, Algorithm::PS256, Algorithm::ES384] {
                assert!(verifier(&refused, key).is_err(), "{refused:?}");
            }
            assert!(verifier(&algorithm, &secret).is_err() && verifier(&Algorithm::HS256, &secret).is_err());
            let checks = verifier(&algorithm, key).unwrap();
            assert!(
                checks.verify(b"message", &Vec::new()).is_err() && checks.verify(b"message", &vec![0; 64]).is_err()
            );
        }
    }

    #[test]
    fn nothing_signs_here() {
        assert!(no_signer(&Algorithm::HS256, &EncodingKey::from_secret(b"secret").unwrap()).is_err());
    }
}
