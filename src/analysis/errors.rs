//! Why there is no analysis: one variant for each thing a caller can do next.

use std::fmt;

use chrono::NaiveDate;
use factor_analytics::{
    panel::{PanelError, WindowError},
    regime::RegimeError,
    study::{Exclusion, ExclusionReason},
};
use factor_prices::SourceFault;
use factor_types::Ticker;

use super::{AnalysisKind, MIN_WINDOW_DAYS};

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The filters leave nothing.
    #[error("no factor is left after the filters: {0}")]
    NoFactors(String),
    /// The filters leave nothing but the caller's groups, which cannot be read.
    #[error("no factor is left after the filters: {0}")]
    GroupsUnread(String),
    /// More factors than the server is set to take.
    #[error("the universe has {count} factors and this server takes at most {limit}")]
    TooManyFactors {
        /// Factors asked for.
        count: usize,
        /// The setting.
        limit: usize,
    },
    /// Start and end lie too close together.
    #[error("{kind} needs at least {MIN_WINDOW_DAYS} days between start and end; {start} to {end} are {days}")]
    WindowTooShort {
        /// The kind of analysis.
        kind: AnalysisKind,
        /// The start.
        start: NaiveDate,
        /// The end.
        end: NaiveDate,
        /// Their distance.
        days: i64,
    },
    /// The window cannot be settled.
    #[error(transparent)]
    Window(#[from] WindowError),
    /// No panel can be built.
    #[error(transparent)]
    Panel(#[from] PanelError),
    /// Not one factor can be analysed.
    #[error("{}", none_of(.lost.len()))]
    NothingAnalysed {
        /// The factors, with their reasons.
        lost: Vec<Exclusion>,
        /// How the source failed, when it failed for all of them.
        fault: Option<SourceFault>,
    },
    /// Composites are to be weighted by market caps, and none is known.
    #[error("composite_weighting_method cap: no market cap is known for any member ({0})")]
    NoCaps(String),
    /// The window has no slice of the regime asked for.
    #[error("{error}{}", .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Regime {
        /// What is missing.
        error: RegimeError,
        /// Why it is.
        why: Option<String>,
    },
    /// The dates asked for do not fit the prices there are.
    #[error("{error}; {prices}")]
    OfDates {
        /// What is wrong.
        error: Box<AnalysisError>,
        /// The prices there are.
        prices: PricesRun,
    },
    /// The caller has gone.
    #[error("the call was cancelled")]
    Cancelled,
}

/// The first and the last price that the source has of a ticker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PricesRun {
    /// The ticker.
    pub ticker: Ticker,
    /// Its first price.
    pub first: NaiveDate,
    /// Its last one.
    pub last: NaiveDate,
}

impl fmt::Display for PricesRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "prices of {} run from {} to {}", self.ticker, self.first, self.last)
    }
}

fn none_of(count: usize) -> String {
    match count {
        1 => "the one factor asked for cannot be analysed".to_owned(),
        _ => format!("none of the {count} factors can be analysed"),
    }
}

impl AnalysisError {
    /// The ticker whose first and last price tell the caller which dates there are; `None` where dates are not the matter.
    pub(super) fn dates_of<'a>(&'a self, benchmark: &'a Ticker) -> Option<&'a Ticker> {
        match self {
            // It has them itself.
            Self::Window(WindowError::EndsBeforePrices { .. }) => None,
            Self::WindowTooShort { .. }
            | Self::Window(_)
            | Self::Panel(PanelError::NoPeriods { .. })
            | Self::Regime { error: RegimeError::TooFewRows { .. }, .. } => Some(benchmark),
            Self::NothingAnalysed { lost, fault: None } => lost
                .iter()
                .find(|one| one.reason == ExclusionReason::ThinHistory)
                .or_else(|| lost.iter().find(|one| one.reason == ExclusionReason::NoData))
                .map(|one| &one.ticker)
                .filter(|ticker| !ticker.is_composed()),
            _ => None,
        }
    }

    /// What is wrong, and the prices there are where dates are the matter.
    pub fn apart(&self) -> (&Self, Option<&PricesRun>) {
        match self {
            Self::OfDates { error, prices } => (error, Some(prices)),
            error => (error, None),
        }
    }
}
