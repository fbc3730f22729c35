//! A key on its way to a vendor.

use std::fmt;

use reqwest::header::{HeaderName, HeaderValue};

use super::error::ConfigError;

/// What stands where a key was.
const MASK: &str = "***";
/// Shorter keys are not looked for in texts: they would be found in ordinary words.
const SHORTEST: usize = 4;

/// A header whose value is never shown: `Debug` shows `***`, and the HTTP client treats it as sensitive.
#[derive(Clone, PartialEq, Eq)]
pub struct SecretHeader {
    name: HeaderName,
    value: HeaderValue,
    plain: String,
}

impl SecretHeader {
    /// A header of this name (lower case) with a secret value; blanks around the value are cut.
    ///
    /// # Errors
    /// When the value is empty or holds characters a header cannot carry. The error does not show it.
    pub fn new(name: &'static str, value: &str) -> Result<Self, ConfigError> {
        let plain = value.trim().to_owned();
        let name =
            HeaderName::from_bytes(name.as_bytes()).map_err(|_| ConfigError::Header { name, rule: "is no header" })?;
        let refuse = |rule| ConfigError::Header { name: "key", rule };
        if plain.is_empty() {
            return Err(refuse("is empty"));
        }
        let mut value = HeaderValue::from_str(&plain)
            .map_err(|_| refuse("holds characters that a header cannot carry: write visible ASCII"))?;
        value.set_sensitive(true);
        Ok(Self { name, value, plain })
    }

    pub(super) fn parts(&self) -> (HeaderName, HeaderValue) {
        (self.name.clone(), self.value.clone())
    }

    /// The text with the key masked wherever it occurs.
    pub(super) fn redact(&self, text: &str) -> String {
        if self.plain.len() < SHORTEST { text.to_owned() } else { text.replace(&self.plain, MASK) }
    }
}

impl fmt::Debug for SecretHeader {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {MASK}", self.name)
    }
}
