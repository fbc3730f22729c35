//! Summaries and reports, kept for those who ask the same again.
//!
//! Key: the tool, the user, the arguments as they were written, the clock and the prices' revision; and an answer counts only
//! while the universe, the user's groups and the saved portfolio in question are those it was made from. Life: a minute, within that of panels. Size:
//! bounded by bytes, the least used leave first. Only answers that say nothing of their own making (no timings, no cache
//! hits, no links) and lack nothing that a later call may get are kept.

use std::{sync::Arc, time::Duration};

use factor_analytics::panel::Clock;
use factor_types::{Holding, UserId};
use moka::sync::Cache;

use super::UniverseSnapshot;
use crate::{
    analysis::UserGroups,
    answer::Rendered,
    cache_figures::{CacheCounts, CacheFigures},
    settings::AnalysisSettings,
};

const LIFE: Duration = Duration::from_secs(60);
const MOST_BYTES: u64 = 8 * 1024 * 1024;

/// A question, as far as its answer depends on it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AnswerKey {
    /// What is asked.
    pub tool: &'static str,
    /// Who asks.
    pub user: UserId,
    /// The arguments as JSON.
    pub arguments: String,
    /// The clock.
    pub clock: Clock,
    /// The revision of the prices.
    pub revision: u64,
}

/// What an answer was made from, apart from its question.
#[derive(Debug, Clone)]
pub struct Basis {
    /// The universe.
    pub snapshot: Arc<UniverseSnapshot>,
    /// The groups of the user who asked.
    pub groups: UserGroups,
    /// What the saved portfolio holds that the call is about, if it is about one.
    pub saved: Vec<Holding>,
    /// What a call means that does not say it.
    pub usual: Usual,
}

/// What the settings say of calls that leave it open.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Usual {
    /// Months up to the end where no start is given.
    pub window_months: u32,
    /// Highest correlation of an offset.
    pub correlation_threshold: f64,
}

impl Usual {
    /// What these settings say.
    pub fn of(settings: &AnalysisSettings) -> Self {
        // A setting of at most 600.
        let window_months = u32::try_from(settings.default_window_months).unwrap_or(u32::MAX);
        Self { window_months, correlation_threshold: settings.correlation_threshold }
    }
}

/// Answers, kept.
#[derive(Debug)]
pub struct AnswerCache {
    kept: Cache<AnswerKey, Arc<(Basis, Rendered)>>,
    counts: CacheCounts,
}

impl AnswerCache {
    /// An empty cache whose entries live no longer than panels do.
    pub fn new(panels_live: Duration) -> Self {
        let kept = Cache::builder()
            .max_capacity(MOST_BYTES)
            .weigher(|question: &AnswerKey, kept: &Arc<(Basis, Rendered)>| {
                let answer = &kept.1;
                let picture = answer.picture.as_ref().map_or(0, |picture| picture.bytes());
                let size = question.arguments.len() + answer.text.len() + answer.structured.as_str().len() + picture;
                u32::try_from(size).unwrap_or(u32::MAX)
            })
            .time_to_live(LIFE.min(panels_live))
            .build();
        Self { kept, counts: CacheCounts::default() }
    }

    /// The answer to a question that was asked before on the same basis. That there is none is counted when one is kept: what
    /// never can be is no request of this cache.
    pub fn get(&self, question: &AnswerKey, basis: &Basis) -> Option<Rendered> {
        let is_same = |made_from: &Basis| {
            let is_same_universe = Arc::ptr_eq(&made_from.snapshot, &basis.snapshot);
            is_same_universe && made_from.groups == basis.groups && made_from.saved == basis.saved
        };
        let kept = self.kept.get(question).filter(|kept| is_same(&kept.0))?;
        self.counts.count(true);
        Some(kept.1.clone())
    }

    /// Drops all of them.
    pub fn forget(&self) {
        self.kept.invalidate_all();
    }

    /// What it holds and how it did.
    pub fn figures(&self) -> CacheFigures {
        // What it holds lags behind until it has tidied up.
        self.kept.run_pending_tasks();
        self.counts.figures((self.kept.entry_count(), self.kept.weighted_size()), &self.kept.policy())
    }

    /// Keeps an answer.
    pub fn keep(&self, question: AnswerKey, basis: Basis, answer: &Rendered) {
        if answer.links.is_empty() {
            self.counts.count(false);
            self.kept.insert(question, Arc::new((basis, answer.clone())));
        }
    }
}

#[cfg(test)]
mod tests {
    use chrono::Utc;
    use factor_store::load_universe;
    use factor_types::Amount;
    use serde_json::json;

    use super::*;
    use crate::results::ResultLink;

    fn basis() -> Basis {
        let snapshot = UniverseSnapshot { loaded: load_universe(None), at: Utc::now() };
        Basis {
            snapshot: Arc::new(snapshot),
            groups: UserGroups::default(),
            saved: Vec::new(),
            usual: Usual { window_months: 120, correlation_threshold: -0.2 },
        }
    }

    fn question(user: i64) -> AnswerKey {
        let clock = Clock::evening_of("2026-06-15".parse().unwrap());
        AnswerKey { tool: "list", user: UserId::new(user), arguments: "{}".to_owned(), clock, revision: 1 }
    }

    #[test]
    fn an_answer_is_for_the_same_user_on_the_same_basis_only() {
        let answers = AnswerCache::new(LIFE);
        let (basis, other) = (basis(), basis());
        let answer = Rendered::json(&json!({"status": "success"}));
        answers.keep(question(2), basis.clone(), &answer);
        assert_eq!(answers.get(&question(2), &basis), Some(answer));
        assert_eq!(answers.get(&question(3), &basis), None);
        assert_eq!(answers.get(&AnswerKey { revision: 2, ..question(2) }, &basis), None);
        assert_eq!(answers.get(&AnswerKey { tool: "find", ..question(2) }, &basis), None);
        assert_eq!(answers.get(&question(2), &other), None, "another reading of the universe");
        let saved = vec![Holding { ticker: "SPY".parse().unwrap(), amount: Amount::Weight(1.0) }];
        assert_eq!(answers.get(&question(2), &Basis { saved, ..basis.clone() }), None, "another portfolio");
        let groups = UserGroups::unreadable(UserId::new(2), "away".to_owned());
        assert_eq!(answers.get(&question(2), &Basis { groups, ..basis }), None);
    }

    #[test]
    fn an_answer_with_a_link_is_not_kept() {
        let answers = AnswerCache::new(LIFE);
        let basis = basis();
        let text = |text: &str| text.to_owned();
        let link = ResultLink {
            uri: text("factor://result/1"),
            title: text("r"),
            description: text("r"),
            bytes: Some(2),
            media: crate::results::Media::Json,
        };
        answers.keep(question(2), basis.clone(), &Rendered::json(&json!({})).link(link));
        assert_eq!(answers.get(&question(2), &basis), None);
    }
}
