//! The two quadratic problems of a basket.

use ndarray::Array2;

use super::{BasketInputs, Candidate, MinimizedVariance, nnls, stats};
use crate::{
    correlation::{Estimate, Method, NamedSeries},
    hedge::{
        capped,
        figures::{common_rows, picked, reduction},
    },
    observer::{Progress, Silent},
};

/// Sets whose shares of what is left differ by less than this are equal.
const SAME: f64 = 1e-12;

/// The returns of one set on its rows, and the covariances of both problems.
pub(super) struct Problem {
    pub(super) factor: Vec<f64>,
    /// The portfolio's returns, and the cap.
    pub(super) portfolio: Option<(Vec<f64>, f64)>,
    pub(super) offsets: Vec<Vec<f64>>,
    /// The variance of what is minimised without any offset.
    pub(super) before: f64,
    pub(super) shrinkage_intensity: f64,
    hedge: Quadratic,
    swap: Option<Quadratic>,
}

/// x'Gx / 2 - d'x.
struct Quadratic {
    gram: Array2<f64>,
    linear: Vec<f64>,
}

/// What one set comes to on its own rows.
pub(super) struct Trial {
    /// Which candidates.
    pub(super) set: Vec<usize>,
    /// The rows on which all of them, the factor and the portfolio have values.
    pub(super) rows: Vec<usize>,
    pub(super) problem: Problem,
    /// Their hedge ratios.
    pub(super) ratios: Vec<f64>,
    /// The weights to move into them, with a portfolio.
    pub(super) moves: Option<Vec<f64>>,
    /// The variance that was minimised.
    pub(super) value: f64,
    /// The factor's variance after the hedge, as a share of that before, on the sample.
    hedged: f64,
}

impl Problem {
    /// `None` where the factor or an offset does not vary.
    pub(super) fn new(factor: Vec<f64>, portfolio: Option<(Vec<f64>, f64)>, offsets: Vec<Vec<f64>>) -> Option<Self> {
        let columns: Vec<&[f64]> = [&factor].into_iter().chain(&offsets).map(Vec::as_slice).collect();
        let (covariance, shrinkage_intensity) = shrunk(&columns)?;
        let size = offsets.len();
        let hedge = Quadratic {
            gram: Array2::from_shape_fn((size, size), |(i, j)| covariance[(i + 1, j + 1)]),
            linear: (0..size).map(|i| -covariance[(0, i + 1)]).collect(),
        };
        let swap = portfolio.as_ref().map(|(p, _)| {
            let differences: Vec<Vec<f64>> =
                offsets.iter().map(|c| c.iter().zip(&factor).map(|(c, f)| c - f).collect()).collect();
            Quadratic {
                gram: Array2::from_shape_fn((size, size), |(i, j)| covariance_of(&differences[i], &differences[j])),
                linear: differences.iter().map(|d| -covariance_of(d, p)).collect(),
            }
        });
        let before = portfolio.as_ref().map_or(covariance[(0, 0)], |(p, _)| covariance_of(p, p));
        Some(Self { factor, portfolio, offsets, before, shrinkage_intensity, hedge, swap })
    }

    /// The same problem on the first rows alone.
    pub(super) fn first(&self, rows: usize) -> Option<Self> {
        let head = |values: &Vec<f64>| values[..rows].to_vec();
        Self::new(head(&self.factor), None, self.offsets.iter().map(head).collect())
    }

    pub(super) fn minimised(&self) -> MinimizedVariance {
        if self.swap.is_some() { MinimizedVariance::PortfolioVariance } else { MinimizedVariance::FactorVariance }
    }

    /// The hedge ratios.
    pub(super) fn ratios(&self) -> Option<Vec<f64>> {
        nnls::quadratic(self.hedge.gram.view(), &self.hedge.linear)
    }

    /// The variance that the best weight of one member alone comes to.
    fn alone(&self, member: usize) -> Option<f64> {
        let value = match (&self.swap, &self.portfolio) {
            (Some(swap), Some((_, cap))) => {
                let own = swap.on(&[member]);
                own.value(&capped::minimise(own.gram.view(), &own.linear, *cap))
            }
            _ => {
                let own = self.hedge.on(&[member]);
                own.value(&nnls::quadratic(own.gram.view(), &own.linear)?)
            }
        };
        Some(self.before + 2.0 * value)
    }
}

impl Quadratic {
    fn on(&self, set: &[usize]) -> Self {
        Self {
            gram: Array2::from_shape_fn((set.len(), set.len()), |(i, j)| self.gram[(set[i], set[j])]),
            linear: set.iter().map(|at| self.linear[*at]).collect(),
        }
    }

    fn value(&self, x: &[f64]) -> f64 {
        capped::objective(self.gram.view(), &self.linear, x)
    }
}

impl Trial {
    /// Tries a set of the candidates; `None` with too few rows or no variation on them, and where the weights do not
    /// settle.
    pub(super) fn of(inputs: &BasketInputs<'_>, ranked: &[&Candidate<'_>], set: Vec<usize>) -> Option<Self> {
        let rows = rows_of(inputs, ranked, &set);
        if rows.len() < inputs.min_rows.max(2) {
            return None;
        }
        let offsets: Vec<Vec<f64>> = set.iter().map(|at| picked(ranked[*at].returns, &rows)).collect();
        if offsets.iter().any(|offset| stats::is_constant(offset)) {
            return None;
        }
        let portfolio = inputs.portfolio.map(|(returns, cap)| (picked(returns, &rows), cap));
        let problem = Problem::new(picked(inputs.overexposed, &rows), portfolio, offsets)?;
        let ratios = problem.ratios()?;
        let of_hedge = problem.hedge.value(&ratios);
        let (moves, value) = match (&problem.swap, &problem.portfolio) {
            (Some(swap), Some((_, cap))) => {
                let moves = capped::minimise(swap.gram.view(), &swap.linear, *cap);
                let value = swap.value(&moves);
                (Some(moves), value)
            }
            _ => (None, of_hedge),
        };
        let value = problem.before + 2.0 * value;
        let hedge = problem.factor.iter().enumerate().map(|(row, f)| {
            f + stats::sum(ratios.iter().zip(&problem.offsets).map(|(ratio, offset)| ratio * offset[row]))
        });
        let hedged = 1.0 - reduction(&problem.factor, &hedge.collect::<Vec<_>>())?;
        Some(Self { set, rows, problem, ratios, moves, value, hedged })
    }

    /// Whether the set is one to choose: all of it has a part; or only one member or none, which the others do not leave
    /// with fewer rows than it has by itself, so that it says whether one alone does as well.
    pub(super) fn stands_for_itself(&self, inputs: &BasketInputs<'_>, ranked: &[&Candidate<'_>]) -> bool {
        let active = self.active();
        match active.len() {
            some if some == self.set.len() => true,
            0 | 1 => rows_of(inputs, ranked, &active).len() == self.rows.len(),
            _ => false,
        }
    }

    /// What is left of the sample's variance. Shrunk covariances of different sets, each shrunk by its own intensity, would
    /// not compare.
    fn share(&self) -> f64 {
        if self.moves.is_some() { self.value / self.problem.before } else { self.hedged }
    }

    /// The better of two sets; the one tried first where both are equal.
    pub(super) fn better(self, second: Self) -> Self {
        // Sets that differ by rounding must not change places between machines.
        let gain = self.share() - second.share();
        let hedges_better = second.hedged < self.hedged && self.set.len() == second.set.len();
        if gain > SAME || (gain.abs() <= SAME && hedges_better) { second } else { self }
    }

    /// The best member alone, by its place in the set, and the variance that it comes to; the first of equals.
    pub(super) fn best_single(&self) -> Option<(usize, f64)> {
        let each = (0..self.set.len()).filter_map(|member| Some((member, self.problem.alone(member)?)));
        each.min_by(|a, b| a.1.total_cmp(&b.1))
    }

    /// The candidates that have a part in it.
    pub(super) fn active(&self) -> Vec<usize> {
        let weights = self.moves.as_ref().unwrap_or(&self.ratios);
        self.set.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(at, _)| *at).collect()
    }
}

/// The rows on which some candidates, the factor and the portfolio have values.
fn rows_of(inputs: &BasketInputs<'_>, ranked: &[&Candidate<'_>], set: &[usize]) -> Vec<usize> {
    let own = [inputs.overexposed].into_iter().chain(inputs.portfolio.map(|(returns, _)| returns));
    common_rows(&own.chain(set.iter().map(|at| ranked[*at].returns)).collect::<Vec<_>>())
}

/// The covariance of complete columns shrunk towards constant correlation, divisor n - 1, and the intensity: the
/// correlations of [`Method::LedoitWolf`] with the sample's deviations, which that method leaves as they are.
fn shrunk(columns: &[&[f64]]) -> Option<(Array2<f64>, f64)> {
    let named: Vec<NamedSeries<'_>> = columns.iter().map(|values| NamedSeries { name: "", values }).collect();
    // A dozen columns at most: too short to be worth stopping.
    let matrix = Method::LedoitWolf.matrix(&named, 2, &mut Progress::new(&mut Silent, "")).ok()?;
    let deviations: Vec<f64> = columns.iter().map(|values| stats::standard_deviation(values)).collect::<Option<_>>()?;
    if matrix.size() != columns.len() || matrix.undefined_pairs > 0 {
        return None;
    }
    let intensity = match &matrix.estimate {
        Estimate::Shrunk(shrinkage) => shrinkage.intensity,
        _ => 0.0,
    };
    let entry = |(i, j): (usize, usize)| matrix.values[(i, j)] * deviations[i] * deviations[j];
    Some((Array2::from_shape_fn(matrix.values.dim(), entry), intensity))
}

/// The sample covariance of complete columns of one length, divisor n - 1.
fn covariance_of(x: &[f64], y: &[f64]) -> f64 {
    let centre = |values: &[f64]| stats::mean(values).unwrap_or(0.0);
    let (centre_x, centre_y) = (centre(x), centre(y));
    stats::sum(x.iter().zip(y).map(|(a, b)| (a - centre_x) * (b - centre_y))) / (x.len().max(2) - 1) as f64
}
