//! Why there is no analysis: one variant for each thing a caller can do next.

use chrono::NaiveDate;
use factor_analytics::{
    panel::{PanelError, WindowError},
    regime::RegimeError,
    study::Exclusion,
};
use factor_prices::SourceFault;

use super::{AnalysisKind, MIN_WINDOW_DAYS};

/// Why there is no analysis.
#[derive(Debug, thiserror::Error)]
pub enum AnalysisError {
    /// The filters leave nothing.
    #[error("no factor is left after the filters: {0}")]
    NoFactors(String),
    /// More factors than the server is set to take.
    #[error(
        "the universe has {count} factors and this server takes at most {limit}: ask for fewer, or raise FACTOR_INTELLIGENCE_MAX_FACTORS"
    )]
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
    #[error("none of the {} factors can be analysed", .lost.len())]
    NothingAnalysed {
        /// The factors, with their reasons.
        lost: Vec<Exclusion>,
        /// How the source failed, when it failed for all of them.
        fault: Option<SourceFault>,
    },
    /// Composites are to be weighted by market caps, and none is known.
    #[error("composite_weighting_method cap: no market cap is known for any member ({0}); use equal or custom")]
    NoCaps(String),
    /// The window has no slice of the regime asked for.
    #[error("{error}{}", .why.as_ref().map(|why| format!(": {why}")).unwrap_or_default())]
    Regime {
        /// What is missing.
        error: RegimeError,
        /// Why it is.
        why: Option<String>,
    },
    /// The caller has gone.
    #[error("the call was cancelled")]
    Cancelled,
}
