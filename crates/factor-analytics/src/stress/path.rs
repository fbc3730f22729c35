//! The worth of something from the close that an episode starts from on, and what can be read off it.

use std::cmp::Ordering;

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use crate::sections::performance::Drawdown;

/// Worth by day, 1 on the first; it goes on after the episode for as long as there are prices.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Path {
    pub(super) dates: Vec<NaiveDate>,
    pub(super) values: Vec<f64>,
}

/// The day with the lowest return.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct WorstDay {
    /// Which day.
    pub date: NaiveDate,
    /// Its return.
    pub total_return: f64,
}

impl Path {
    /// What several come to, on the days on which all of them are known.
    pub(super) fn weighted(parts: &[(f64, &Self)]) -> Self {
        let Some(((_, first), others)) = parts.split_first() else { return Self::default() };
        let mut at = vec![0; others.len()];
        let mut sum = Self::default();
        for (row, date) in first.dates.iter().enumerate() {
            let mut all = Some(parts[0].0 * first.values[row]);
            for ((weight, path), at) in others.iter().zip(&mut at) {
                while path.dates.get(*at).is_some_and(|day| day < date) {
                    *at += 1;
                }
                let own = path.dates.get(*at).filter(|day| *day == date).map(|_| weight * path.values[*at]);
                all = all.zip(own).map(|(sum, own)| sum + own);
            }
            if let Some(value) = all {
                sum.dates.push(*date);
                sum.values.push(value);
            }
        }
        sum
    }

    /// How many of its days lie up to `end`.
    pub(super) fn within(&self, end: NaiveDate) -> usize {
        self.dates.partition_point(|date| *date <= end)
    }

    /// Its return from the first day to the last one up to `end`.
    pub(super) fn return_until(&self, end: NaiveDate) -> Option<f64> {
        let last = self.within(end).checked_sub(1)?;
        Some(self.values[last] / self.values[0] - 1.0)
    }

    /// The deepest fall below the running maximum up to `end`.
    pub(super) fn drawdown(&self, end: NaiveDate) -> Drawdown {
        let days = self.dates.iter().copied().zip(self.values.iter().copied());
        Drawdown::of(days.take(self.within(end)))
    }

    /// The day up to `end` with the lowest return over the day before it.
    pub(super) fn worst_day(&self, end: NaiveDate) -> Option<WorstDay> {
        let days = self.values[..self.within(end)].windows(2).zip(self.dates.iter().skip(1));
        let returns = days.filter(|(pair, _)| pair[0] > 0.0).map(|(pair, date)| (*date, pair[1] / pair[0] - 1.0));
        let worst = returns.min_by(|(_, a), (_, b)| a.partial_cmp(b).unwrap_or(Ordering::Equal))?;
        Some(WorstDay { date: worst.0, total_return: worst.1 })
    }

    /// The trading days after `end` until it is worth again what it was worth at the start, 0 where it is so at the end;
    /// `None` where it has not been since.
    pub(super) fn recovery_days(&self, end: NaiveDate) -> Option<usize> {
        let last = self.within(end).checked_sub(1)?;
        self.values[last..].iter().position(|value| *value >= self.values[0])
    }
}
