//! The questions that can be asked, each a module: from a request to an answer.

pub mod analysis;
pub mod check;
pub mod client_report;
pub(crate) mod common_args;
pub mod comparison;
pub mod exposures;
pub mod factor_model;
pub mod factors;
pub mod groups;
pub(crate) mod holdings_warning;
pub(crate) mod portfolio;
pub mod portfolios;
pub(crate) mod receipts;
pub mod recommendations;
pub(crate) mod repeats;
pub mod replay;
pub(crate) mod saved_items;
mod schema;
pub mod status;
pub mod stress;

use std::{net::IpAddr, time::Duration};

use factor_analytics::panel::Clock;
use factor_traces::TraceParent;
use factor_types::UserId;
use serde_json::{Map, Value};
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use self::schema::{answer_schema, or_failure};
use crate::{analysis::Caller, answer::Version, progress::Progress, rights::Rights};

/// What has to be kept under the name that a call writes, or nothing is written.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Precondition {
    /// Anything or nothing.
    #[default]
    None,
    /// Nothing, unless it is what is to be written.
    New,
    /// Something.
    Present,
    /// Something in one of these states, by the digits of their versions.
    Versions(Vec<String>),
}

impl Precondition {
    /// Whether what is there may be written over.
    pub(crate) fn allows(&self, there: &Version) -> bool {
        match self {
            Self::None | Self::Present => true,
            Self::New => false,
            Self::Versions(known) => known.iter().any(|known| known == there.as_str()),
        }
    }

    /// Whether it asks for something that is there.
    pub(crate) fn needs_something(&self) -> bool {
        matches!(self, Self::Present | Self::Versions(_))
    }
}

/// One question as it comes in from an adapter.
#[derive(Debug, Clone, Default)]
pub struct Call {
    /// The arguments as they came.
    pub arguments: Map<String, Value>,
    /// Whose call it is.
    pub user: UserId,
    /// Where it comes from, of a caller without a key on a server that others can reach: that has a quota.
    pub address: Option<IpAddr>,
    /// What they may do.
    pub rights: Rights,
    /// Cancelled when the client gives up, the call's deadline passes or the server stops. The call's future is dropped
    /// then; work on other threads has to look at this.
    pub cancel: CancellationToken,
    /// The span of the caller's that it is a part of.
    pub trace: Option<TraceParent>,
    /// Where progress goes, if the client asked for it.
    pub progress: Progress,
    /// When the call has to end; `None` for a caller with patience.
    pub deadline: Option<Instant>,
    /// What has to be so for a write.
    pub precondition: Precondition,
}

impl Call {
    /// Who waits for this call's figures, and until when.
    pub fn caller(&self, clock: Clock) -> Caller<'_> {
        Caller {
            clock,
            cancel: &self.cancel,
            progress: &self.progress,
            fetch_until: self.fetch_until(),
            compute_until: self.compute_until(),
        }
    }

    /// When fetching has to end, so that what has arrived can still be computed and written.
    pub fn fetch_until(&self) -> Instant {
        self.leaving(5, Duration::from_secs(5))
    }

    /// When computing has to end, so that what there is can still be written.
    pub fn compute_until(&self) -> Instant {
        self.leaving(10, Duration::from_secs(2))
    }

    /// The deadline less one of `parts` of what is left until then, and no more than `most`.
    fn leaving(&self, parts: u32, most: Duration) -> Instant {
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        let now = Instant::now();
        let Some(deadline) = self.deadline else { return now + LONGEST };
        let left = deadline.saturating_duration_since(now);
        now + left - (left / parts).min(most)
    }
}
