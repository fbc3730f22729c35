//! How much history a series has.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::Standing;

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
    /// True where it has returns on under half of the window's rows.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub young: bool,
    /// The date of its last price, where that lies more than 35 days before the window's end.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stopped: Option<NaiveDate>,
}

impl History {
    /// The history of a series with one value per label, `NaN` where missing.
    pub fn of(values: &[f64], labels: &[NaiveDate]) -> Self {
        let Standing { young, stopped } = Standing::of_values(values, labels);
        let present = |row: &usize| values[*row].is_finite();
        let rows = 0..values.len();
        let (first, last) = (rows.clone().find(present), rows.clone().rev().find(present));
        let observations = rows.filter(present).count();
        // Missing rows before the first are a late start and no gap.
        let span = first.zip(last).map_or(0, |(first, last)| last - first + 1);
        Self {
            first: first.map(|row| labels[row]),
            last: last.map(|row| labels[row]),
            observations,
            gaps: span - observations,
            partial_history: first.is_some_and(|first| first > 0),
            young,
            stopped,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::test_study::month_end;

    const NAN: f64 = f64::NAN;

    #[test]
    fn gaps_lie_between_the_first_and_the_last_return() {
        let labels: Vec<NaiveDate> = (1..=6).map(month_end).collect();
        let found = History::of(&[NAN, 0.1, NAN, NAN, -0.2, NAN], &labels);
        let expected = History {
            first: Some(month_end(2)),
            last: Some(month_end(5)),
            observations: 2,
            gaps: 2,
            partial_history: true,
            young: true,
            stopped: None,
        };
        assert_eq!(found, expected);
        let none = History::of(&[NAN; 6], &labels);
        assert_eq!(
            (none.first, none.last, none.observations, none.gaps, none.partial_history),
            (None, None, 0, 0, false)
        );
        assert!(!History::of(&[0.0, NAN], &labels[..2]).partial_history);
    }
}
