//! Questions that were asked before: what was answered then is the answer now.

use factor_types::Holding;
use serde_json::{Map, Value};
use tokio::time::Instant;

use super::Call;
use crate::{
    answer::Rendered,
    app::{AnswerKey, App, Basis},
};

/// A question, with all that its answer rests on.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    question: AnswerKey,
    basis: Basis,
    /// From then on its answer may lack what there was no time for.
    until: Instant,
    /// The arguments as they came, where the question has others.
    given: Option<Map<String, Value>>,
}

impl Asked {
    /// What a call asks of a tool.
    pub(crate) fn of(app: &App, tool: &'static str, call: &Call, basis: Basis) -> Self {
        let question = AnswerKey {
            tool,
            user: call.user,
            // A map of JSON has no value that cannot be written.
            arguments: serde_json::to_string(&call.arguments).unwrap_or_default(),
            clock: app.clock(),
            revision: app.sources.prices.revision(),
        };
        let since = Instant::now();
        Self { question, basis, until: call.compute_until().min(since + app.analyzer.compute_budget()), given: None }
    }

    /// The same of a call that came with other arguments than it is answered by.
    #[must_use]
    pub(crate) fn by(self, given: Map<String, Value>) -> Self {
        Self { given: Some(given), ..self }
    }

    /// What was asked, and what it is read against.
    pub(crate) fn in_full(&self) -> (&AnswerKey, &Basis) {
        (&self.question, &self.basis)
    }

    /// The arguments as they came.
    pub(crate) fn arguments(&self) -> Map<String, Value> {
        let written = || serde_json::from_str(&self.question.arguments).unwrap_or_default();
        self.given.clone().unwrap_or_else(written)
    }

    /// The same of a saved portfolio with these holdings.
    #[must_use]
    pub(crate) fn about(mut self, saved: &[Holding]) -> Self {
        self.basis.saved = saved.to_vec();
        self
    }

    /// What was answered the last time, where that still holds.
    pub(crate) fn answered(&self, app: &App) -> Option<Rendered> {
        app.answers.get(&self.question, &self.basis)
    }

    /// Keeps an answer for the next time, unless it took so long that something may be missing in it.
    pub(crate) fn keep(self, app: &App, answer: &Rendered) {
        if Instant::now() < self.until {
            app.answers.keep(self.question, self.basis, answer);
        }
    }
}
