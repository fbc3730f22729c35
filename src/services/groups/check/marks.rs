//! The members of a group that take part and do not fill the window.

use chrono::NaiveDate;
use factor_analytics::{Study, study::Standing};
use factor_types::{SettledWeights, Ticker};
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{answer::markdown::percent, services::saved_items::six_digits};

/// Why a member that takes part does not fill the window: in the periods that it lacks the others carry its weight.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct MemberMark {
    /// The date of its last price, where that lies more than 35 days before the window's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<NaiveDate>,
    /// True where it has returns on under half of the window's rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub young: bool,
    /// The date of its first price in the window.
    pub first: Option<NaiveDate>,
    /// Its monthly returns.
    pub observations: usize,
    /// Their share of the window's rows.
    #[serde(serialize_with = "six_digits")]
    pub share_of_rows: Option<f64>,
}

/// The members with a weight that stopped or are young.
pub(super) fn marked(study: &Study, settled: &SettledWeights) -> IndexMap<Ticker, MemberMark> {
    let panel = study.panel();
    let mark = |(ticker, _): &(Ticker, f64)| {
        let column = &panel.columns()[panel.position(ticker)?];
        let Standing { young, stopped } = Standing::of(panel, column);
        let mark = MemberMark {
            stopped,
            young,
            first: column.priced.as_ref().and_then(|rows| column.series.dates().get(rows.start).copied()),
            observations: column.observations,
            share_of_rows: Some(column.observations as f64 / panel.rows().max(1) as f64),
        };
        (young || stopped.is_some()).then(|| (ticker.clone(), mark))
    };
    settled.weights.iter().filter_map(mark).collect()
}

impl MemberMark {
    pub(super) fn in_words(&self, ticker: &Ticker) -> String {
        let Self { stopped, first, observations, share_of_rows, .. } = self;
        let share = percent(*share_of_rows);
        let what = match (stopped, first) {
            (Some(last), _) => format!("stopped, its last price is of {last}: since then"),
            (None, Some(first)) => format!("is young, its prices begin on {first}: before that"),
            (None, None) => "is young: where it has no return".to_owned(),
        };
        format!(
            "{ticker} {what} the other members carry its weight ({observations} monthly returns, {share} of the rows)"
        )
    }
}
