//! The two quadratic problems of a basket.

use ndarray::Array2;

use super::{MinimizedVariance, nnls, stats};
use crate::{
    correlation::{Estimate, Method, NamedSeries},
    hedge::capped,
    observer::{Progress, Silent},
};

/// Sets whose objectives differ by less than this share of what is to be offset are equal.
const SAME: f64 = 1e-12;

/// The returns on complete rows, and the covariances of both problems.
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

/// What one set comes to.
pub(super) struct Trial {
    /// Which candidates.
    pub(super) set: Vec<usize>,
    /// Their hedge ratios.
    pub(super) ratios: Vec<f64>,
    /// The weights to move into them, with a portfolio.
    pub(super) moves: Option<Vec<f64>>,
    /// The variance that was minimised.
    pub(super) value: f64,
    /// The factor's variance after the hedge.
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

    /// The hedge ratios of a set.
    pub(super) fn ratios(&self, set: &[usize]) -> Option<Vec<f64>> {
        let own = self.hedge.on(set);
        nnls::quadratic(own.gram.view(), &own.linear)
    }

    /// The weights of a set; `None` when those of the hedge do not settle.
    pub(super) fn solve(&self, set: &[usize]) -> Option<Trial> {
        let ratios = self.ratios(set)?;
        let hedged = self.hedge.on(set).value(&ratios);
        let (moves, value) = match (&self.swap, &self.portfolio) {
            (Some(swap), Some((_, cap))) => {
                let own = swap.on(set);
                let moves = capped::minimise(own.gram.view(), &own.linear, *cap);
                let value = own.value(&moves);
                (Some(moves), value)
            }
            _ => (None, hedged),
        };
        Some(Trial { set: set.to_vec(), ratios, moves, value: self.before + 2.0 * value, hedged })
    }

    /// Which of two sets is better; the one tried first where both are equal.
    pub(super) fn better(&self, first: Trial, second: Trial) -> Trial {
        // Sets that differ by rounding must not change places between machines.
        let same = SAME * self.before;
        let gain = first.value - second.value;
        let hedges_better = second.hedged < first.hedged && first.set.len() == second.set.len();
        if gain > same || (gain.abs() <= same && hedges_better) { second } else { first }
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
    /// The candidates that have a part in it.
    pub(super) fn active(&self) -> Vec<usize> {
        let weights = self.moves.as_ref().unwrap_or(&self.ratios);
        self.set.iter().zip(weights).filter(|(_, weight)| **weight > 0.0).map(|(at, _)| *at).collect()
    }
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
