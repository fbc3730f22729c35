//! Whose data it is.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A user by number. What belongs to one user is read and written with this number only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UserId(i64);

impl UserId {
    /// The one user of a server that is run for oneself: over stdio, or over HTTP without any key.
    pub const LOCAL: Self = Self(1);

    /// The user with this number.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number.
    pub const fn number(self) -> i64 {
        self.0
    }
}

impl Default for UserId {
    /// [`UserId::LOCAL`]: who asks without saying who.
    fn default() -> Self {
        Self::LOCAL
    }
}

impl fmt::Display for UserId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}
