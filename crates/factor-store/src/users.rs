//! Users and their keys.

use std::{
    fmt::{self, Write as _},
    str::FromStr,
};

use chrono::{DateTime, Utc};
use factor_types::UserId;
use serde::Serialize;
use sha2::{Digest as _, Sha256};
use subtle::ConstantTimeEq as _;

use crate::StoreError;

/// A user as the store knows them. The key itself is never kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct User {
    /// The number.
    pub id: UserId,
    /// `public`, `registered` or `paid`.
    pub tier: UserTier,
    /// Their address, where given.
    pub email: Option<String>,
    /// When they were added.
    pub created_at: DateTime<Utc>,
    /// False once the key was revoked, and for the local user, who has none.
    pub has_key: bool,
}

factor_types::closed_set! {
    /// What a user may use.
    pub enum UserTier: "a tier" {
        /// Without registration.
        Public = "public",
        /// Registered.
        Registered = "registered",
        /// Paying.
        Paid = "paid",
    }
}

/// A user to be added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewUser {
    /// What they may use.
    pub tier: UserTier,
    /// Their address.
    pub email: Option<String>,
}

/// Whom an issuer of access tokens calls a subject, and who that is here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Identity {
    /// The issuer, to the letter.
    pub issuer: String,
    /// Its name for them.
    pub subject: String,
    /// Who that is.
    pub user: UserId,
    /// When they first came.
    pub created_at: DateTime<Utc>,
    /// When their access was taken away.
    pub revoked_at: Option<DateTime<Utc>>,
}

/// How those become users who come for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NewUsers {
    /// What they may use.
    pub tier: UserTier,
    /// How many of them there may be in an hour.
    pub per_hour: u32,
}

/// Who a subject is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum IdentityOutcome {
    /// This user; since just now, where they came for the first time.
    Known(User),
    /// Somebody whose access was taken away.
    Revoked,
    /// Nobody yet, and there were as many new users within the hour as there may be.
    TooManyNew,
}

/// A user's key: `fie_<user number>_<64 hexadecimal digits>`. Never in a log: only [`reveal`](Self::reveal) shows it.
#[derive(Clone)]
pub struct ApiKey {
    user: UserId,
    secret: [u8; 32],
}

/// Text that is no key. It does not repeat the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is not a key of this server: one looks like fie_2_ and 64 hexadecimal digits")]
pub struct ApiKeyError;

impl ApiKey {
    /// A new key for a user: 32 bytes of the operating system's randomness.
    ///
    /// # Errors
    /// When the system gives none.
    pub fn generate(user: UserId) -> Result<Self, StoreError> {
        let mut secret = [0; 32];
        getrandom::fill(&mut secret)
            .map_err(|error| StoreError::Unavailable(format!("the system gives no random numbers: {error}")))?;
        Ok(Self { user, secret })
    }

    /// The user whose key it claims to be.
    pub fn user(&self) -> UserId {
        self.user
    }

    /// The key itself, to be shown once to its user.
    pub fn reveal(&self) -> String {
        let mut key = format!("{PREFIX}{}_", self.user);
        for byte in self.secret {
            let _ = write!(key, "{byte:02x}");
        }
        key
    }

    /// SHA-256 of the key as it is written. The key has 256 random bits, so nothing slower is needed.
    pub fn hash(&self) -> [u8; 32] {
        Sha256::digest(self.reveal()).into()
    }

    /// Whether this is the key with that hash. Takes the same time wherever the two differ.
    pub fn has_hash(&self, hash: &[u8]) -> bool {
        self.hash().as_slice().ct_eq(hash).into()
    }
}

impl PartialEq for ApiKey {
    fn eq(&self, other: &Self) -> bool {
        self.user == other.user && bool::from(self.secret.ct_eq(&other.secret))
    }
}

impl Eq for ApiKey {}

impl fmt::Debug for ApiKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiKey({PREFIX}{}_***)", self.user)
    }
}

impl FromStr for ApiKey {
    type Err = ApiKeyError;

    fn from_str(text: &str) -> Result<Self, ApiKeyError> {
        let (user, digits) =
            text.trim().strip_prefix(PREFIX).and_then(|rest| rest.split_once('_')).ok_or(ApiKeyError)?;
        let number: i64 = user.parse().map_err(|_| ApiKeyError)?;
        // One spelling for each key: no sign, no leading zero, small letters.
        if number < 1 || number.to_string() != user || digits.len() != 64 {
            return Err(ApiKeyError);
        }
        let mut secret = [0; 32];
        for (byte, pair) in secret.iter_mut().zip(digits.as_bytes().chunks_exact(2)) {
            *byte = match pair {
                [high, low] => digit(*high)? << 4 | digit(*low)?,
                _ => return Err(ApiKeyError),
            };
        }
        Ok(Self { user: UserId::new(number), secret })
    }
}

const PREFIX: &str = "fie_";

fn digit(letter: u8) -> Result<u8, ApiKeyError> {
    match letter {
        b'0'..=b'9' => Ok(letter - b'0'),
        b'a'..=b'f' => Ok(letter - b'a' + 10),
        _ => Err(ApiKeyError),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_reads_back_and_shows_itself_only_when_asked() {
        let key = ApiKey::generate(UserId::new(42)).unwrap();
        let shown = key.reveal();
        assert!(shown.starts_with("fie_42_") && shown.len() == 71, "{shown}");
        assert_eq!(shown.parse::<ApiKey>().unwrap(), key);
        assert_eq!(format!("{key:?}"), "ApiKey(fie_42_***)");
        assert_ne!(ApiKey::generate(UserId::new(42)).unwrap(), key);
    }

    #[test]
    fn the_hash_is_that_of_the_written_key() {
        let key: ApiKey = format!("fie_2_{}", "0".repeat(64)).parse().unwrap();
        // printf 'fie_2_000...' | sha256sum
        let expected = "7d9b7d83f36005168105a1a210b7862af692311dabad1b90d2c7dfd5d3fe9503";
        let hex = key.hash().iter().fold(String::new(), |hex, byte| format!("{hex}{byte:02x}"));
        assert_eq!(hex, expected);
        assert!(key.has_hash(&key.hash()));
        assert!(!key.has_hash(&[0; 32]) && !key.has_hash(&[]));
    }

    #[test]
    fn what_is_no_key_is_refused_without_being_repeated() {
        let digits = "ab".repeat(32);
        for text in [
            String::new(),
            "fie_2".into(),
            format!("fie__{digits}"),
            format!("fie_0_{digits}"),
            format!("fie_-2_{digits}"),
            format!("fie_+2_{digits}"),
            format!("fie_02_{digits}"),
            format!("fie_2_{}", digits.to_uppercase()),
            format!("fie_2_{}é", &digits[..62]),
            format!("fie_2_{digits}0"),
            format!("FIE_2_{digits}"),
        ] {
            let error = text.parse::<ApiKey>().unwrap_err();
            assert!(!error.to_string().contains(&digits), "{text}");
        }
        assert!(format!(" fie_2_{digits}\n").parse::<ApiKey>().is_ok());
    }
}
