//! How much history a series has.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

/// How much history one factor has in the panel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, JsonSchema)]
pub struct History {
    /// Label of the first return.
    pub first: Option<NaiveDate>,
    /// Label of the last return.
    pub last: Option<NaiveDate>,
    /// Returns present.
    pub observations: usize,
    /// Missing rows between the first and the last.
    pub gaps: usize,
    /// True where the factor starts after the panel's first row.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial_history: bool,
}

impl History {
    /// The history of a series with one value per label, `NaN` where missing.
    pub fn of(values: &[f64], labels: &[NaiveDate]) -> Self {
        let present = |row: &usize| values[*row].is_finite();
        let rows = 0..values.len();
        let (first, last) = (rows.clone().find(present), rows.clone().rev().find(present));
        let observations = rows.filter(present).count();
        let span = first.zip(last).map_or(0, |(first, last)| last - first + 1);
        Self {
            first: first.map(|row| labels[row]),
            last: last.map(|row| labels[row]),
            observations,
            gaps: span - observations,
            partial_history: first.is_some_and(|first| first > 0),
        }
    }
}
