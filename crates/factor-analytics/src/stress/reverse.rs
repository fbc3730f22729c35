//! Reverse stress: of all ways in which what is held could lose so much, the most plausible.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::shock::covariance;
use crate::{
    hedge::figures::{common_rows, picked},
    inference::{chi_squared_tail, normal_p},
    stats,
};

/// What a holding would do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReverseMove {
    /// Which one.
    pub holding: String,
    /// Its weight.
    pub weight: f64,
    /// Its return.
    pub total_return: f64,
    /// Weight times return: they sum to the loss.
    pub contribution: f64,
    /// Its return in its own standard deviations over the horizon.
    pub deviations: f64,
}

/// The most plausible way to a loss L: x = -L S w / (w' S w), S the covariance of what is held.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ReverseStress {
    /// L, above 0.
    pub loss: f64,
    /// d = L / sd of the portfolio over the horizon: how far out such a loss is.
    pub distance: f64,
    /// How often a loss is as large, were returns normal: one tail of d.
    pub tail_under_normality: Option<f64>,
    /// How often what is held moves as far out in any direction, were returns normal: the chi-square tail of d squared with one
    /// degree for each holding.
    pub any_direction_under_normality: Option<f64>,
    /// The portfolio's standard deviation over the horizon.
    pub deviation: f64,
    /// Periods of the window in which it lost as much in one.
    pub as_bad: usize,
    /// The worst of them; absent where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub worst: Option<NaiveDate>,
    /// Periods that all of it rests on.
    pub observations: usize,
    /// The first of them.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// Each holding, that which loses most first.
    pub moves: Vec<ReverseMove>,
    /// The rows.
    #[serde(skip)]
    pub rows: Vec<usize>,
}

/// Why there is none.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReverseError {
    /// Too little history.
    #[error("{rows} periods have a return of everything held, {needed} needed")]
    TooFewRows {
        /// There are.
        rows: usize,
        /// Needed.
        needed: usize,
    },
    /// The portfolio does not vary.
    #[error("what is held does not vary together, so no loss is more plausible than another")]
    Still,
    /// Something would lose more than all of itself.
    #[error(
        "{holding} would have to lose {size:.0}% of itself, more than there is; the largest loss that could be asked for is {most:.4}"
    )]
    MoreThanAll {
        /// Which holding.
        holding: String,
        /// Its move, in percent.
        size: f64,
        /// The loss at which it would lose all.
        most: f64,
    },
}

impl ReverseStress {
    /// The way to a loss of `loss` (0.2 is a fifth) over `horizon` periods, of what is held: name, weight, returns per row.
    ///
    /// # Errors
    /// [`ReverseError`].
    pub fn of(
        holdings: &[(&str, f64, &[f64])],
        (loss, horizon): (f64, usize),
        labels: &[NaiveDate],
        min_rows: usize,
    ) -> Result<Self, ReverseError> {
        let series: Vec<&[f64]> = holdings.iter().map(|(.., returns)| *returns).collect();
        let rows = common_rows(&series);
        if rows.len() < min_rows.max(3) {
            return Err(ReverseError::TooFewRows { rows: rows.len(), needed: min_rows.max(3) });
        }
        let columns: Vec<Vec<f64>> = series.iter().map(|values| picked(values, &rows)).collect();
        let sum = |row: usize| stats::sum(holdings.iter().zip(&columns).map(|((_, w, _), column)| w * column[row]));
        let whole: Vec<f64> = (0..rows.len()).map(sum).collect();
        let per_period = stats::standard_deviation(&whole).filter(|sd| *sd > 0.0).ok_or(ReverseError::Still)?;
        let covariance = covariance(&columns);
        let with_whole: Vec<f64> = covariance
            .iter()
            .map(|row| stats::sum(row.iter().zip(holdings).map(|(s, (_, weight, _))| s * weight)))
            .collect();
        let variance = stats::sum(with_whole.iter().zip(holdings).map(|(s, (_, weight, _))| s * weight));
        let deviation = per_period * (horizon as f64).sqrt();
        let mut moves: Vec<ReverseMove> = Vec::with_capacity(holdings.len());
        for (at, (name, weight, _)) in holdings.iter().enumerate() {
            let total_return = -loss * with_whole[at] / variance;
            if total_return < -1.0 {
                let (holding, size) = ((*name).to_owned(), -100.0 * total_return);
                return Err(ReverseError::MoreThanAll { holding, size, most: loss / -total_return });
            }
            let own = (covariance[at][at] * horizon as f64).sqrt();
            moves.push(ReverseMove {
                holding: (*name).to_owned(),
                weight: *weight,
                total_return,
                contribution: weight * total_return,
                deviations: if own > 0.0 { total_return / own } else { 0.0 },
            });
        }
        moves.sort_by(|a, b| a.contribution.total_cmp(&b.contribution));
        let distance = loss / deviation;
        let worst = (0..rows.len()).min_by(|a, b| whole[*a].total_cmp(&whole[*b])).filter(|at| whole[*at] <= -loss);
        let label = |row: Option<&usize>| row.map_or_else(NaiveDate::default, |row| labels[*row]);
        Ok(Self {
            loss,
            distance,
            tail_under_normality: normal_p(distance).map(|both| both / 2.0),
            any_direction_under_normality: chi_squared_tail(distance * distance, holdings.len()),
            deviation,
            as_bad: whole.iter().filter(|r| **r <= -loss).count(),
            worst: worst.map(|at| labels[rows[at]]),
            observations: rows.len(),
            first: label(rows.first()),
            last: label(rows.last()),
            moves,
            rows,
        })
    }

    /// What other returns are to be expected to do when the portfolio, with these returns, loses so much: -L cov / var, on the
    /// same rows.
    pub fn of_other(&self, other: &[f64], whole: &[f64]) -> Option<f64> {
        let (x, y) = (picked(whole, &self.rows), picked(other, &self.rows));
        if x.iter().chain(&y).any(|value| !value.is_finite()) {
            return None;
        }
        let both = covariance(&[x, y]);
        stats::ratio(Some(-self.loss * both[0][1]), Some(both[0][0]))
    }
}
