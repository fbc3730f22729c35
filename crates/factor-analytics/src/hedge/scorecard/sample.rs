//! What a rule looks at on a date: the returns of some periods up to it, and their moments.

use std::borrow::Cow;

use chrono::NaiveDate;

use super::ScorecardQuestion;
use crate::{
    correlation::{Method, NamedSeries},
    hedge::signed::{DAILY_ROWS, moments::Moments},
    observer::{Progress, Silent},
    panel::Period,
    stats,
};

/// What the rule's moments are estimated on.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Estimator {
    /// The last so many daily rows, of equal weight.
    Days(usize),
    /// The last so many whole ISO weeks, compounded from daily rows.
    Weeks(usize),
    /// The last so many whole months.
    Months(usize),
    /// The last so many daily rows, each of weight 2^(-age / `half_life`).
    Ewma {
        /// Rows.
        days: usize,
        /// In rows.
        half_life: f64,
    },
    /// The last so many daily rows, correlations shrunk towards their mean ([`Method::LedoitWolf`]).
    Shrunk(usize),
}

impl Default for Estimator {
    fn default() -> Self {
        Self::Days(DAILY_ROWS)
    }
}

/// The rows of all columns by an estimator's periods.
pub(super) struct Periods<'a> {
    /// The last daily row of each period.
    ends: Vec<usize>,
    dates: Vec<NaiveDate>,
    columns: Vec<Cow<'a, [f64]>>,
    estimator: Estimator,
}

/// What is known on a date.
pub(super) struct Sample {
    /// The columns that have a return on each row and vary, in the order in which ties go.
    pub(super) columns: Vec<usize>,
    pub(super) moments: Moments,
    /// The periods looked at.
    rows: std::ops::Range<usize>,
}

impl Estimator {
    /// How many periods it looks at.
    pub fn rows(self) -> usize {
        match self {
            Self::Days(rows) | Self::Weeks(rows) | Self::Months(rows) | Self::Shrunk(rows) => rows,
            Self::Ewma { days, .. } => days,
        }
    }

    fn moments(self, series: &[&[f64]]) -> Moments {
        let each = series.iter().copied();
        match self {
            Self::Ewma { days, half_life } => Moments::weighted(each, &fading(days, half_life)).computed(),
            Self::Shrunk(_) => shrunk(series),
            Self::Days(_) | Self::Weeks(_) | Self::Months(_) => Moments::of(each).computed(),
        }
    }
}

impl<'a> Periods<'a> {
    pub(super) fn of(question: &ScorecardQuestion<'a>) -> Self {
        let estimator = question.plan.estimator;
        let period: fn(NaiveDate) -> Period = match estimator {
            Estimator::Weeks(_) => Period::week_of,
            Estimator::Months(_) => Period::month_of,
            Estimator::Days(_) | Estimator::Ewma { .. } | Estimator::Shrunk(_) => {
                let columns = question.columns.iter().map(|column| Cow::Borrowed(column.returns)).collect();
                let ends = (0..question.dates.len()).collect();
                return Self { ends, dates: question.dates.to_vec(), columns, estimator };
            }
        };
        let rows = question.dates.len();
        let is_last =
            |row: &usize| question.dates.get(row + 1).is_none_or(|next| period(*next) != period(question.dates[*row]));
        let ends: Vec<usize> = (0..rows).filter(is_last).collect();
        let compounded = |values: &[f64]| -> Vec<f64> {
            // Nobody knows how much of the first period the rows have.
            let first = ends.first().map(|_| f64::NAN);
            let others = ends.windows(2).map(|pair| stats::compound(&values[pair[0] + 1..=pair[1]]));
            first.into_iter().chain(others).collect()
        };
        let columns = question.columns.iter().map(|column| Cow::Owned(compounded(column.returns))).collect();
        Self { dates: ends.iter().map(|row| question.dates[*row]).collect(), ends, columns, estimator }
    }

    /// What is known at the end of a row, of columns in the order given; `None` with too few periods. A period is known when its
    /// last row is: that the next row is of another one is the calendar's doing.
    pub(super) fn sample(&self, row: usize, order: &[usize]) -> Option<Sample> {
        let known = self.ends.partition_point(|end| *end <= row);
        let rows = known.checked_sub(self.estimator.rows())?..known;
        let usable = |at: &usize| {
            let values = &self.columns[*at][rows.clone()];
            values.iter().all(|value| value.is_finite()) && !stats::is_constant(values)
        };
        let columns: Vec<usize> = order.iter().copied().filter(usable).collect();
        let series: Vec<&[f64]> = columns.iter().map(|at| &self.columns[*at][rows.clone()]).collect();
        Some(Sample { moments: self.estimator.moments(&series), columns, rows })
    }

    /// The dates of a sample's rows.
    pub(super) fn dates(&self, sample: &Sample) -> &[NaiveDate] {
        &self.dates[sample.rows.clone()]
    }

    /// A column's returns on a sample's rows.
    pub(super) fn returns(&self, column: usize, sample: &Sample) -> &[f64] {
        &self.columns[column][sample.rows.clone()]
    }
}

/// Weights 2^(-age / half_life), the newest last, that sum to 1.
fn fading(rows: usize, half_life: f64) -> Vec<f64> {
    let weights: Vec<f64> = (0..rows).rev().map(|age| (-(age as f64) / half_life).exp2()).collect();
    let whole = stats::sum(weights.iter().copied());
    weights.into_iter().map(|weight| weight / whole).collect()
}

/// The sample's variances with the shrunk correlations; the sample's own where there are none.
fn shrunk(series: &[&[f64]]) -> Moments {
    let named: Vec<NamedSeries<'_>> = series.iter().map(|values| NamedSeries { name: "", values }).collect();
    let sample = Moments::of(series.iter().copied());
    // Some hundred columns of a year: too short to be worth stopping.
    match Method::LedoitWolf.matrix(&named, 2, &mut Progress::new(&mut Silent, "")) {
        Ok(matrix) if matrix.size() == series.len() && matrix.undefined_pairs == 0 => {
            sample.with_correlations(|i, j| matrix.values[(i, j)])
        }
        _ => sample.computed(),
    }
}
