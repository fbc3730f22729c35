//! A receipt's question asked again: whether its answer is still the same, and if not, what has changed.

use std::sync::Arc;

use factor_analytics::panel::Clock;
use factor_types::UserId;
use serde::Serialize;
use serde_json::{Map, Value};

use super::{
    Call, analysis, comparison, exposures, factor_model,
    receipts::{Difference, differences},
    recommendations, stress,
};
use crate::{
    answer::receipt::{Arguments, NoReceipt, Receipt},
    app::App,
    progress::Progress,
};

/// A receipt, read, and the arguments that it is of.
#[derive(Debug, Clone)]
pub struct Question {
    receipt: Receipt,
    arguments: Map<String, Value>,
}

/// Why a receipt cannot be replayed, with the way out.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NoReplay {
    /// It cannot be read.
    #[error("{0}")]
    Receipt(String),
    /// Its arguments are not in it, or are others.
    #[error("{0}")]
    Arguments(&'static str),
    /// It is of a tool that this version does not have.
    #[error("the receipt is of {0}, which this version does not replay: use the version that wrote it")]
    Tool(String),
}

/// What became of a question that was asked again.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Replayed {
    /// Whether the answer, without what passes, is the same.
    pub same: bool,
    /// The tool.
    pub tool: String,
    /// Its arguments.
    pub arguments: Map<String, Value>,
    /// The day taken for today.
    pub today: chrono::NaiveDate,
    /// The digits of the answer's state then.
    pub answer_was: String,
    /// The same now; `None` where the question cannot be answered any more.
    pub answer_is: Option<String>,
    /// Why it cannot.
    pub error: Option<String>,
    /// What is no longer as it was.
    pub(crate) differences: Vec<Difference>,
}

impl From<NoReceipt> for NoReplay {
    fn from(error: NoReceipt) -> Self {
        Self::Receipt(error.to_string())
    }
}

impl Replayed {
    /// What is no longer as it was, in sentences.
    pub fn in_words(&self) -> Vec<String> {
        self.differences.iter().map(Difference::in_words).collect()
    }
}

impl Question {
    /// Reads a receipt. `given` are arguments that were too long for it.
    ///
    /// # Errors
    /// What is no receipt, is damaged, or lacks arguments that are not given.
    pub fn read(receipt: &str, given: Option<Map<String, Value>>) -> Result<Self, NoReplay> {
        let receipt = Receipt::read(receipt)?;
        let arguments = match (&receipt.of.asked, given) {
            (Arguments::ArgumentsHash(_), None) => {
                return Err(NoReplay::Arguments(
                    "the arguments were too long for the receipt: give them with --arguments FILE, the JSON object of the call",
                ));
            }
            (Arguments::Arguments(known), None) => known.clone(),
            (known, Some(given)) if Arguments::of(&given) == *known => given,
            (_, Some(_)) => {
                return Err(NoReplay::Arguments(
                    "these are not the arguments of the receipt: give the JSON object of the call just as it was sent, or leave --arguments out where the receipt has them",
                ));
            }
        };
        Ok(Self { receipt, arguments })
    }

    /// The clock by which it was answered.
    pub fn clock(&self) -> Clock {
        Clock { today: self.receipt.of.today, final_through: self.receipt.of.final_through }
    }

    /// Asks it again, for a user whose groups and portfolios it may rest on. The app has to have its clock.
    ///
    /// # Errors
    /// When this version has no such tool.
    pub async fn asked_again(self, app: &Arc<App>, user: UserId, progress: Progress) -> Result<Replayed, NoReplay> {
        let Self { receipt, arguments } = self;
        let mut asked = arguments.clone();
        // The receipt is of the whole answer, however much of it was shown.
        asked.insert("max_chars".to_owned(), 0.into());
        let call = Call { arguments: asked, user, progress, ..Call::default() };
        let answered = match receipt.of.tool.as_str() {
            "get_factor_analysis" => analysis::answer(app, call).await,
            "compare_factors" => comparison::answer(app, call).await,
            "stress_test" => stress::answer(app, call).await,
            "get_factor_recommendations" => recommendations::answer(app, call).await,
            "get_portfolio_exposures" => exposures::answer(app, call).await,
            "analyze_factor_model" => factor_model::answer(app, call).await,
            other => return Err(NoReplay::Tool(other.to_owned())),
        };
        let mut replayed = Replayed {
            same: false,
            tool: receipt.of.tool.clone(),
            arguments,
            today: receipt.of.today,
            answer_was: receipt.answer.clone(),
            answer_is: None,
            error: None,
            differences: Vec::new(),
        };
        match answered {
            Ok(answer) => {
                let text = answer.structured.value()["analysis_metadata"]["receipt"].as_str().map(str::to_owned);
                let now = text.and_then(|text| Receipt::read(&text).ok());
                replayed.answer_is = now.map(|now| now.answer);
                replayed.differences = answer.made_of.map(|now| differences(&receipt, &now)).unwrap_or_default();
                replayed.same = match receipt.answer.as_str() {
                    "" => replayed.differences.is_empty(),
                    state => replayed.answer_is.as_deref() == Some(state),
                };
            }
            Err(error) => replayed.error = Some(error.message),
        }
        Ok(replayed)
    }
}
