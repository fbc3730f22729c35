//! What moving weight out of the factor and into a fund did to a portfolio: swaps, which are no overlays.

use chrono::NaiveDate;
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    Role, ScorecardQuestion, Taken, quarters_of,
    sample::{Periods, Sample},
};
use crate::{
    hedge::{MIN_ROWS, figures::reduction},
    observer::{Progress, Stopped},
};

/// Which portfolio, and what may move in it. Both are columns of the question; the portfolio's holdings are in its returns at the
/// weights that are restored each day.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct SwapQuestion {
    /// The portfolio's column.
    pub portfolio: usize,
    /// The column of the factor of which there is too much.
    pub overexposed: usize,
    /// The most weight to move, as a share of the portfolio, at most that of the factor.
    pub cap: f64,
}

/// How swaps did in the quarters after they were chosen: 1 - var(p + w (c - f)) / var(p) of daily returns.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SwapGrades {
    /// Quarters graded.
    pub quarters: usize,
    /// Of those, in how many no move into any fund lowered the portfolio's variance.
    pub no_trade: usize,
    /// The first quarter end at which a swap was chosen.
    pub first: NaiveDate,
    /// The last.
    pub last: NaiveDate,
    /// Into the fund of least variance of the portfolio, at the weight of least variance up to the cap.
    pub into_fund: Taken,
    /// The same weight into cash.
    pub into_cash: Taken,
}

/// One quarter's swap.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Swapped {
    end: NaiveDate,
    weight: f64,
    into_fund: f64,
    into_cash: f64,
}

impl SwapGrades {
    /// Every quarter end before which portfolio and factor have a return on each row that the plan's estimator looks at; `None`
    /// without one.
    ///
    /// # Errors
    /// [`Stopped`] when the observer says stop; it is asked after each quarter.
    pub fn compute(
        question: &ScorecardQuestion<'_>,
        swap: &SwapQuestion,
        progress: &mut Progress<'_>,
    ) -> Result<Option<Self>, Stopped> {
        let periods = Periods::of(question);
        let mut order: Vec<usize> = (0..question.columns.len()).filter(|at| swap.looks_at(question, *at)).collect();
        order.sort_by_key(|at| question.columns[*at].symbol);
        let quarters = quarters_of(question.dates, question.calendar).into_iter();
        let swapped = progress.each(quarters, |rows| {
            let sample = periods.sample(rows.end, &order)?;
            swap.swapped(question, &sample, rows.end..rows.evaluated_to)
        })?;
        Ok(Self::of(&swapped.into_iter().flatten().collect::<Vec<_>>()))
    }

    fn of(swapped: &[Swapped]) -> Option<Self> {
        let grade = |of: fn(&Swapped) -> f64| Taken::of(swapped.iter().map(|one| (of(one), one.weight > 0.0)));
        Some(Self {
            quarters: swapped.len(),
            no_trade: swapped.iter().filter(|one| one.weight == 0.0).count(),
            first: swapped.first()?.end,
            last: swapped.last()?.end,
            into_fund: grade(|one| one.into_fund)?,
            into_cash: grade(|one| one.into_cash)?,
        })
    }
}

impl SwapQuestion {
    fn looks_at(&self, question: &ScorecardQuestion<'_>, column: usize) -> bool {
        column == self.portfolio || column == self.overexposed || self.may_take(question, column)
    }

    /// Whether weight may move into a column.
    fn may_take(&self, question: &ScorecardQuestion<'_>, column: usize) -> bool {
        let made_of = question.columns[self.overexposed].made_of;
        let itself = column == self.portfolio || column == self.overexposed || made_of.contains(&column);
        question.columns[column].role == Role::Fund && !itself
    }

    /// The swap by a sample, and what it did on the rows after `rows`; `None` where a side has no return on some of the rows.
    fn swapped(
        &self,
        question: &ScorecardQuestion<'_>,
        sample: &Sample,
        rows: std::ops::Range<usize>,
    ) -> Option<Swapped> {
        let after = |column: usize| &question.columns[column].returns[rows.start + 1..=rows.end];
        let (p, f) = (after(self.portfolio), after(self.overexposed));
        let (weight, column) = self.best(question, sample)?.map_or((0.0, None), |(weight, c)| (weight, Some(c)));
        let c = column.map(after);
        let is_known = |row: &usize| (p[*row] + f[*row] + c.map_or(0.0, |c| c[*row])).is_finite();
        let known: Vec<usize> = (0..p.len()).filter(is_known).collect();
        let before: Vec<f64> = known.iter().map(|row| p[*row]).collect();
        let taken = |share: f64| -> Option<f64> {
            let moved = |row: &usize| p[*row] + weight * (share * c.map_or(0.0, |c| c[*row]) - f[*row]);
            reduction(&before, &known.iter().map(moved).collect::<Vec<_>>()).filter(|_| known.len() >= MIN_ROWS)
        };
        Some(Swapped { end: question.dates[rows.start], weight, into_fund: taken(1.0)?, into_cash: taken(0.0)? })
    }

    /// The weight, and the column it moves into, of least variance: w = clamp(-cov(p, c - f) / var(c - f), 0, cap). `None` where
    /// the sample lacks a side, within it where no move lowers the variance.
    fn best(&self, question: &ScorecardQuestion<'_>, sample: &Sample) -> Option<Option<(f64, usize)>> {
        let place = |column: usize| sample.columns.iter().position(|at| *at == column);
        let (p, f) = (place(self.portfolio)?, place(self.overexposed)?);
        let (of_p, of_f) = (sample.moments.row(p), sample.moments.row(f));
        let mut best: (f64, Option<(f64, usize)>) = (0.0, None);
        for (at, column) in sample.columns.iter().enumerate().filter(|(_, column)| self.may_take(question, **column)) {
            let with_p = of_p[at] - of_p[f];
            let variance = sample.moments.variance(at) + sample.moments.variance(f) - 2.0 * of_f[at];
            let weight = if variance > 0.0 { (-with_p / variance).clamp(0.0, self.cap.max(0.0)) } else { 0.0 };
            let change = weight * (2.0 * with_p + weight * variance);
            if change < best.0 {
                best = (change, Some((weight, *column)));
            }
        }
        Some(best.1)
    }
}
