//! Quotas: what a day's answers are limited by. Which operations there are, and how many of each, is the server's business.

use chrono::{DateTime, NaiveDate, Utc};
use factor_types::UserId;
use serde::Serialize;

use crate::users::UserTier;

/// How many answers of an operation a day has, by tier; `None` for as many as are asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QuotaLimits {
    /// Of callers without a key, and of users of that tier.
    pub public: Option<u32>,
    /// Of registered users.
    pub registered: Option<u32>,
    /// Of those who pay.
    pub paid: Option<u32>,
}

impl QuotaLimits {
    /// True where no tier has a limit.
    #[must_use]
    pub fn are_none(&self) -> bool {
        [self.public, self.registered, self.paid].iter().all(Option::is_none)
    }

    /// That of a tier.
    #[must_use]
    pub fn of(&self, tier: UserTier) -> Option<u32> {
        match tier {
            UserTier::Public => self.public,
            UserTier::Registered => self.registered,
            UserTier::Paid => self.paid,
        }
    }
}

/// A call that asks for a place in a day's quota.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuotaAsk {
    /// Whose call it is; the local user's where callers have no keys.
    pub user: UserId,
    /// Where a caller without a key comes from; empty for users.
    pub caller: String,
    /// What is counted together.
    pub operation: &'static str,
    /// How many answers of it a day has.
    pub most: QuotaLimits,
    /// The time.
    pub now: DateTime<Utc>,
    /// From when on the place is free again, should nobody say what became of the call.
    pub lapses_at: DateTime<Utc>,
}

impl QuotaAsk {
    /// The day of UTC whose quota it is.
    #[must_use]
    pub fn day(&self) -> NaiveDate {
        self.now.date_naive()
    }
}

/// A place that a call has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    pub(crate) id: i64,
    pub(crate) user: UserId,
}

/// What became of the wish for a place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PlaceOutcome {
    /// It is taken, until it is used or given back.
    Taken(Place),
    /// None is left that day.
    Exhausted {
        /// The caller's tier.
        tier: UserTier,
        /// How many answers a day has.
        most: u32,
        /// How many were given.
        answered: u64,
        /// How many are at work.
        at_work: u64,
    },
}

/// What was used of a day's quota.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Usage {
    /// Where a caller without a key comes from; empty for users.
    pub caller: String,
    /// Of what.
    pub operation: String,
    /// How many were answered.
    pub answered: u64,
    /// How many are at work: their places are taken, and come back should they fail.
    pub at_work: u64,
}
