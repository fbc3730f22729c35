//! What a source says of its own prices that changes what figures made of them are worth.

use chrono::NaiveDate;
use factor_prices::History;
use factor_types::Ticker;
use schemars::JsonSchema;
use serde::Serialize;

/// The currency of the universe.
const DOLLAR: &str = "USD";

/// A finding that only the source could make: the prices alone do not show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Told {
    /// Prices in another currency than the dollar. They are not converted.
    Currency {
        /// Whose.
        ticker: Ticker,
        /// What they are in.
        currency: String,
    },
    /// Prices in another currency that the source gives in dollars, by rates of its own.
    Converted {
        /// Whose.
        ticker: Ticker,
        /// What they were in.
        currency: String,
        /// Rows left out because there was no rate for them.
        left_out: usize,
    },
    /// Days that came twice with different prices. The later row is used.
    ConflictingDates {
        /// Whose.
        ticker: Ticker,
        /// The first of them.
        date: NaiveDate,
        /// How many there are; of more than a hundred the first hundred count.
        days: usize,
    },
    /// A price that stands still without a trade.
    Frozen {
        /// Whose.
        ticker: Ticker,
        /// The first of these days.
        since: NaiveDate,
    },
}

impl Told {
    /// What is told of a history.
    pub fn of(ticker: &Ticker, history: &History) -> Vec<Self> {
        let odd = &history.oddities;
        let foreign = history.currency.clone().filter(|currency| currency != DOLLAR);
        let foreign = foreign.map(|currency| Self::Currency { ticker: ticker.clone(), currency });
        let converted = history.converted.as_ref().map(|converted| Self::Converted {
            ticker: ticker.clone(),
            currency: converted.from.clone(),
            left_out: converted.left_out,
        });
        // A vendor's are kept with its history, a file's are seen as its series is made.
        let of_vendor = odd.conflicting.first().map(|date| (*date, odd.conflicting.len()));
        let conflicting = of_vendor.or_else(|| history.series.conflicting().map(|of| (of.first, of.days)));
        let conflicting = conflicting.map(|(date, days)| Self::ConflictingDates { ticker: ticker.clone(), date, days });
        let frozen = odd.frozen_since.map(|since| Self::Frozen { ticker: ticker.clone(), since });
        [foreign, converted, conflicting, frozen].into_iter().flatten().collect()
    }

    /// Whose prices it is about.
    pub fn ticker(&self) -> &Ticker {
        match self {
            Self::Currency { ticker, .. }
            | Self::Converted { ticker, .. }
            | Self::ConflictingDates { ticker, .. }
            | Self::Frozen { ticker, .. } => ticker,
        }
    }

    /// True where figures are as good as they would be without it.
    pub fn is_information(&self) -> bool {
        matches!(self, Self::Converted { left_out: 0, .. })
    }

    /// Its kind in one word.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Currency { .. } => "currency",
            Self::Converted { .. } => "converted",
            Self::ConflictingDates { .. } => "conflicting_dates",
            Self::Frozen { .. } => "frozen",
        }
    }
}
