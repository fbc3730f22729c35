//! Shocks: what a portfolio is to be expected to do when a few variables move, how sure that is, and how far out the move is.

use chrono::NaiveDate;
use indexmap::IndexMap;
use schemars::JsonSchema;
use serde::Serialize;

use crate::{
    exposure::ols::{Design, MultipleRegression, OlsError, centred, check, dot},
    hedge::figures::{common_rows, picked},
    inference::{Z_975, chi_squared_tail},
    stats,
};

/// Half the width of a 90% interval in residual deviations: 1.645 and a tenth for tails heavier than the normal's.
const HALF_WIDTH: f64 = 1.81;

/// Rows after which a residual counts half in the deviation of late.
const HALF_LIFE: f64 = 12.0;

/// The least rows beside one per variable.
const LEAST_ROWS: usize = 12;

/// Dates that are named of the rows that were as far out.
const NAMED: usize = 3;

/// A variable and its move.
#[derive(Debug, Clone, Copy)]
pub struct Move<'a> {
    /// What it is called.
    pub name: &'a str,
    /// How far it moves over the horizon: a return, or of a yield percentage points.
    pub size: f64,
    /// Its returns, or changes, per row; `NaN` where missing.
    pub series: &'a [f64],
}

/// A shock.
#[derive(Debug, Clone, Copy)]
pub struct Shock<'a> {
    /// What moves.
    pub moves: &'a [Move<'a>],
    /// Over so many periods.
    pub horizon: usize,
    /// The label of each row.
    pub labels: &'a [NaiveDate],
    /// Fewest rows; at least twelve more than variables are asked for.
    pub min_rows: usize,
}

/// How much of one variable's move comes through.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, JsonSchema)]
pub struct Sensitivity {
    /// The move asked for.
    pub shock: f64,
    /// Return per unit of it, the others held still; of a yield per percentage point.
    pub beta: f64,
    /// Its 95% interval by Newey-West errors.
    pub interval: Option<[f64; 2]>,
    /// The move in its own standard deviations over one period.
    pub deviations: f64,
    /// The same over three periods.
    pub deviations_of_three: f64,
}

/// A row that was as far out.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct AsFarOut {
    /// How many of the rows were, in any direction.
    pub count: usize,
    /// Of so many.
    pub rows: usize,
    /// The furthest of them.
    pub furthest: Vec<NaiveDate>,
}

/// How far out a move is.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct Plausibility {
    /// d2 = x' (H S)^-1 x about zero, S the variables' covariance per period.
    pub distance_squared: f64,
    /// Variables.
    pub degrees: usize,
    /// The chi-square tail beyond it: how often a move is as far out, were returns normal.
    pub tail_under_normality: Option<f64>,
    /// Rows of the window whose own moves were as far out of one period.
    pub as_far_out: AsFarOut,
}

/// What a portfolio is to be expected to do.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct ShockResponse {
    /// b x: its return with zero drift.
    pub response: f64,
    /// Half of the 90% interval: 1.81 max(residual deviation, that of late) sqrt(H (1 + 1/n + d2 / (n - 1))).
    pub half_width: f64,
    /// The 90% interval.
    pub interval: [f64; 2],
    /// By variable.
    pub sensitivities: IndexMap<String, Sensitivity>,
    /// Share of the variance that the variables explain together.
    pub r_squared: f64,
    /// sqrt(SSR / (n - k - 1)) per period.
    pub residual_deviation: f64,
    /// The same of late: squares weighed 2^(-age/12).
    pub residual_deviation_of_late: f64,
    /// Rows that all of it rests on.
    pub observations: usize,
    /// The first of them.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// How far out the move is.
    pub plausibility: Plausibility,
    /// The rows.
    #[serde(skip)]
    pub rows: Vec<usize>,
    /// What the response has of a return in each of them: b x = sum_t influence_t y_t, whatever the y.
    #[serde(skip)]
    influence: Vec<f64>,
}

/// Why nothing can be said.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ShockError {
    /// Too little history.
    #[error("{rows} periods have a return and all of the moves, {needed} needed")]
    TooFewRows {
        /// There are.
        rows: usize,
        /// Needed.
        needed: usize,
    },
    /// A variable does not vary.
    #[error("{0} does not vary on the rows used, so no move of it is to be expected")]
    Constant(String),
    /// A variable follows from the others.
    #[error("{0} is what the moves before it are, so it has no move of its own: leave it out")]
    Collinear(String),
    /// The portfolio does not vary.
    #[error("the portfolio does not vary on the rows used")]
    Still,
}

impl ShockResponse {
    /// The response of these returns, by least squares with an intercept on the shocked variables alone over the rows that all
    /// of them have. Nothing is shrunk, so that neither units nor what else is in the universe change the answer.
    ///
    /// # Errors
    /// [`ShockError`].
    pub fn of(returns: &[f64], shock: &Shock<'_>) -> Result<Self, ShockError> {
        let series: Vec<&[f64]> = std::iter::once(returns).chain(shock.moves.iter().map(|one| one.series)).collect();
        let rows = common_rows(&series);
        let (n, k) = (rows.len(), shock.moves.len());
        let needed = shock.min_rows.max(k + LEAST_ROWS);
        if n < needed {
            return Err(ShockError::TooFewRows { rows: n, needed });
        }
        let y = picked(returns, &rows);
        let columns: Vec<Vec<f64>> = shock.moves.iter().map(|one| picked(one.series, &rows)).collect();
        let slices: Vec<&[f64]> = columns.iter().map(Vec::as_slice).collect();
        let name = |at: usize| shock.moves[at].name.to_owned();
        let design = check(k, &y).and_then(|()| Design::of(&slices, n)).map_err(|error| match error {
            OlsError::TooFewRows => ShockError::TooFewRows { rows: n, needed },
            OlsError::ConstantTarget => ShockError::Still,
            OlsError::Constant(at) => ShockError::Constant(name(at)),
            OlsError::Collinear(at) => ShockError::Collinear(name(at)),
        })?;
        let fit = MultipleRegression::on(&design, &y);
        let residual = |row: usize| {
            let explained = fit.slopes.iter().zip(&columns).map(|(slope, column)| slope.value * column[row]);
            y[row] - fit.intercept - stats::sum(explained)
        };
        let residuals: Vec<f64> = (0..n).map(residual).collect();
        let residual_deviation = (stats::sum(residuals.iter().map(|e| e * e)) / (n - k - 1) as f64).sqrt();
        let weight = |row: usize| (-((n - 1 - row) as f64) / HALF_LIFE).exp2();
        let weighed = stats::sum((0..n).map(|row| weight(row) * residuals[row].powi(2)));
        let residual_deviation_of_late = (weighed / stats::sum((0..n).map(weight))).sqrt();

        let plausibility =
            Plausibility::of(shock, &columns, &rows).ok_or_else(|| ShockError::Collinear(name(k - 1)))?;
        let horizon = shock.horizon as f64;
        let d2 = plausibility.distance_squared;
        let spread = (horizon * (1.0 + 1.0 / n as f64 + d2 / (n - 1) as f64)).sqrt();
        let half_width = HALF_WIDTH * residual_deviation.max(residual_deviation_of_late) * spread;
        let response = stats::sum(fit.slopes.iter().zip(shock.moves).map(|(slope, one)| slope.value * one.size));
        let sensitivity = |at: usize| {
            let (slope, one) = (&fit.slopes[at], &shock.moves[at]);
            let deviation = stats::standard_deviation(&columns[at]).unwrap_or(f64::NAN);
            let half = slope.error.map(|error| Z_975 * error);
            let sensitivity = Sensitivity {
                shock: one.size,
                beta: slope.value,
                interval: half.map(|half| [slope.value - half, slope.value + half]),
                deviations: one.size / deviation,
                deviations_of_three: one.size / (deviation * 3.0_f64.sqrt()),
            };
            (one.name.to_owned(), sensitivity)
        };
        let label = |row: Option<&usize>| row.map_or_else(NaiveDate::default, |row| shock.labels[*row]);
        let of_row =
            |row: usize| stats::sum(design.influences.iter().zip(shock.moves).map(|(of, one)| of[row] * one.size));
        Ok(Self {
            response,
            half_width,
            interval: [response - half_width, response + half_width],
            sensitivities: (0..k).map(sensitivity).collect(),
            r_squared: 1.0 - fit.residual_share,
            residual_deviation,
            residual_deviation_of_late,
            observations: n,
            first: label(rows.first()),
            last: label(rows.last()),
            plausibility,
            rows,
            influence: (0..n).map(of_row).collect(),
        })
    }

    /// What a part of the portfolio is to be expected to do, on the same rows; `None` where it lacks a return on one.
    pub fn of_part(&self, returns: &[f64]) -> Option<f64> {
        let y = picked(returns, &self.rows);
        if y.iter().any(|value| !value.is_finite()) {
            return None;
        }
        if stats::is_constant(&y) {
            return Some(0.0);
        }
        let (_, y) = centred(&y);
        Some(dot(&self.influence, &y))
    }
}

impl Plausibility {
    fn of(shock: &Shock<'_>, columns: &[Vec<f64>], rows: &[usize]) -> Option<Self> {
        let inverse = Inverse::of(columns)?;
        let x: Vec<f64> = shock.moves.iter().map(|one| one.size).collect();
        let distance_squared = inverse.distance(&x) / shock.horizon as f64;
        let own = |at: usize| inverse.distance(&columns.iter().map(|column| column[at]).collect::<Vec<_>>());
        let mut beyond: Vec<(f64, usize)> =
            (0..rows.len()).map(|at| (own(at), at)).filter(|(own, _)| *own >= distance_squared).collect();
        beyond.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        let furthest = beyond.iter().take(NAMED).map(|(_, at)| shock.labels[rows[*at]]).collect();
        Some(Self {
            distance_squared,
            degrees: x.len(),
            tail_under_normality: chi_squared_tail(distance_squared, x.len()),
            as_far_out: AsFarOut { count: beyond.len(), rows: rows.len(), furthest },
        })
    }
}

/// x' S^-1 x by Cholesky's decomposition of the covariances.
struct Inverse {
    lower: Vec<Vec<f64>>,
}

impl Inverse {
    fn of(columns: &[Vec<f64>]) -> Option<Self> {
        let covariance = covariance(columns);
        let size = columns.len();
        let mut lower = vec![vec![0.0; size]; size];
        for a in 0..size {
            for b in 0..=a {
                let inner: f64 = (0..b).map(|at| lower[a][at] * lower[b][at]).sum();
                let left = covariance[a][b] - inner;
                lower[a][b] = if a == b { left.sqrt() } else { left / lower[b][b] };
            }
            if lower[a][a].is_nan() || lower[a][a] <= 0.0 {
                return None;
            }
        }
        Some(Self { lower })
    }

    fn distance(&self, x: &[f64]) -> f64 {
        let mut z: Vec<f64> = Vec::with_capacity(x.len());
        for (row, value) in self.lower.iter().zip(x) {
            let known: f64 = z.iter().zip(row).map(|(z, of)| z * of).sum();
            z.push((value - known) / row[z.len()]);
        }
        stats::sum(z.iter().map(|z| z * z))
    }
}

/// The covariances of complete columns (divisor n - 1).
pub(super) fn covariance(columns: &[Vec<f64>]) -> Vec<Vec<f64>> {
    let centred: Vec<Vec<f64>> = columns
        .iter()
        .map(|column| {
            let mean = stats::mean(column).unwrap_or(0.0);
            column.iter().map(|value| value - mean).collect()
        })
        .collect();
    let entry = |a: &[f64], b: &[f64]| {
        stats::sum(a.iter().zip(b).map(|(a, b)| a * b)) / (a.len().saturating_sub(1)).max(1) as f64
    };
    centred.iter().map(|a| centred.iter().map(|b| entry(a, b)).collect()).collect()
}
