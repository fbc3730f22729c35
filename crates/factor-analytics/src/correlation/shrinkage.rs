//! Shrinkage towards constant correlation: O. Ledoit and M. Wolf, "Honey, I Shrunk the Sample Covariance Matrix",
//! Journal of Portfolio Management 30 (2004), appendices A and B.

use super::{
    estimate::{Estimate, Shrinkage},
    matrix::CorrelationMatrix,
    pair::{NamedSeries, PairCorrelation, root_of_product},
};
use crate::{
    observer::{Progress, Stopped},
    stats,
};

/// The correlations of the shrunk covariance matrix.
///
/// Over the rows where every column has a value. While there are fewer than `min_rows` of them, the column with the
/// fewest values (the last of equals) is dropped: it is not in the matrix. A column that is constant on those rows
/// takes no part and has no correlation.
///
/// With S of divisor T, F the target (f_ii = s_ii, f_ij = rbar sqrt(s_ii s_jj)) and d the intensity, the covariance is
/// d F + (1 - d) S. Its diagonal is that of S, so a correlation is d rbar + (1 - d) r_ij.
///
/// # Errors
/// [`Stopped`] when the observer says stop.
pub(super) fn matrix(
    columns: &[NamedSeries<'_>],
    min_rows: usize,
    progress: &mut Progress<'_>,
) -> Result<CorrelationMatrix, Stopped> {
    let (kept, dropped) = with_complete_rows(columns, min_rows, progress)?;
    let rows = complete_rows(&kept);
    let n = rows.len();
    let centred: Vec<Option<Vec<f64>>> = kept.iter().map(|column| centre(column.values, &rows)).collect();
    let varying: Vec<&[f64]> = centred.iter().flatten().map(Vec::as_slice).collect();
    let sample = Sample::of(&varying, n, &mut progress.part(0, 3))?;
    let intensity = sample.shrinkage(&varying, &mut progress.part(1, 3))?;
    let shrinkage = Shrinkage { rows: n, dropped, ..intensity };
    // Where each kept column stands among the varying ones.
    let mut next = 0;
    let places: Vec<Option<usize>> =
        centred.iter().map(|column| column.as_ref().map(|_| (next, next += 1).0)).collect();
    // Too few complete rows leave a matrix of the right shape without values.
    let enough = n >= min_rows.max(2);
    let matrix = CorrelationMatrix::of_pairs(&kept, &mut progress.part(2, 3), |i, j| {
        let r = places[i].zip(places[j]).filter(|_| enough).map(|(a, b)| {
            let target = shrinkage.mean_correlation.unwrap_or(0.0);
            let own = sample.correlation(a, b);
            (shrinkage.intensity * target + (1.0 - shrinkage.intensity) * own).clamp(-1.0, 1.0)
        });
        PairCorrelation { r, n }
    })?;
    Ok(CorrelationMatrix { estimate: Estimate::Shrunk(shrinkage), ..matrix })
}

fn complete_rows(columns: &[NamedSeries<'_>]) -> Vec<usize> {
    let rows = columns.first().map_or(0, |column| column.values.len());
    (0..rows).filter(|row| columns.iter().all(|column| column.values[*row].is_finite())).collect()
}

fn with_complete_rows<'a>(
    columns: &[NamedSeries<'a>],
    min_rows: usize,
    progress: &Progress<'_>,
) -> Result<(Vec<NamedSeries<'a>>, Vec<String>), Stopped> {
    let length = |column: &NamedSeries<'_>| column.values.iter().filter(|value| value.is_finite()).count();
    let (mut kept, mut dropped) = (columns.to_vec(), Vec::new());
    while kept.len() > 1 && complete_rows(&kept).len() < min_rows {
        progress.check()?;
        let shortest = kept.iter().map(length).enumerate().rev().min_by_key(|(_, length)| *length);
        let Some((at, _)) = shortest else { break };
        dropped.push(kept.remove(at).name.to_owned());
    }
    Ok((kept, dropped))
}

/// The values of some rows around their mean; `None` when they do not vary.
fn centre(values: &[f64], rows: &[usize]) -> Option<Vec<f64>> {
    let values: Vec<f64> = rows.iter().map(|row| values[*row]).collect();
    let centre = stats::mean(&values).filter(|_| !stats::is_constant(&values))?;
    Some(values.iter().map(|value| value - centre).collect())
}

/// The sample covariance of centred columns, divisor T.
struct Sample {
    covariance: Vec<Vec<f64>>,
}

/// gamma at or under this share of the sample's squared norm is rounding: target and sample are one.
const NO_DISTANCE: f64 = 1e-24;

impl Sample {
    fn of(columns: &[&[f64]], rows: usize, progress: &mut Progress<'_>) -> Result<Self, Stopped> {
        let entry = |x: &[f64], y: &[f64]| dot(x, y) / rows as f64;
        let row = |(at, x): (usize, &&[f64])| {
            progress.advance(at, columns.len())?;
            Ok(columns.iter().map(|y| entry(x, y)).collect())
        };
        Ok(Self { covariance: columns.iter().enumerate().map(row).collect::<Result<_, _>>()? })
    }

    fn correlation(&self, i: usize, j: usize) -> f64 {
        let s = &self.covariance;
        (s[i][j] / root_of_product(s[i][i], s[j][j])).clamp(-1.0, 1.0)
    }

    /// kappa and what follows from it. pi_ij is the asymptotic variance of sqrt(T) s_ij, theta_ii,ij the asymptotic
    /// covariance of sqrt(T) s_ii and sqrt(T) s_ij.
    fn shrinkage(&self, columns: &[&[f64]], progress: &mut Progress<'_>) -> Result<Shrinkage, Stopped> {
        let (size, s) = (columns.len(), &self.covariance);
        let pairs = || (0..size).flat_map(move |i| (i + 1..size).map(move |j| (i, j)));
        if size < 2 {
            return Ok(Shrinkage::default());
        }
        let rows = columns[0].len() as f64;
        let mean = stats::sum(pairs().map(|(i, j)| self.correlation(i, j))) / (size * (size - 1) / 2) as f64;
        let target = |i: usize, j: usize| mean * (s[i][i] * s[j][j]).sqrt();
        let gamma = 2.0 * stats::sum(pairs().map(|(i, j)| (target(i, j) - s[i][j]).powi(2)));
        // Relative to the sample: gamma has the unit of a variance squared.
        let norm = stats::sum(s.iter().flatten().map(|value| value * value));
        let unshrunk = Shrinkage { mean_correlation: Some(mean), ..Shrinkage::default() };
        // Two columns have one correlation: its mean is itself, and there is nothing to shrink towards.
        if size < 3 || gamma <= NO_DISTANCE * norm {
            return Ok(unshrunk);
        }
        // The diagonals of pi and rho are the same and fall out of their difference.
        let (mut pi, mut rho) = (Vec::new(), Vec::new());
        for (i, j) in pairs() {
            if j == i + 1 {
                progress.advance(i * (2 * size - i), size * size)?;
            }
            let (mut variance, mut of_i, mut of_j) = (0.0, 0.0, 0.0);
            for (x, y) in columns[i].iter().zip(columns[j]) {
                let product = x * y - s[i][j];
                variance += product * product;
                of_i += (x * x - s[i][i]) * product;
                of_j += (y * y - s[j][j]) * product;
            }
            let scale = (s[j][j] / s[i][i]).sqrt();
            pi.push(2.0 * variance / rows);
            // Both (i, j) and (j, i), each with half the mean correlation.
            rho.push(mean * (scale * of_i + of_j / scale) / rows);
        }
        let kappa = (stats::sum(pi) - stats::sum(rho)) / gamma;
        if !kappa.is_finite() {
            return Ok(unshrunk);
        }
        Ok(Shrinkage { kappa: Some(kappa), intensity: (kappa / rows).clamp(0.0, 1.0), ..unshrunk })
    }
}

/// sum x y in four lanes, which lets the compiler use wide registers; the order is fixed, so the bits are.
fn dot(x: &[f64], y: &[f64]) -> f64 {
    let (mut lanes, whole) = ([0.0; 4], x.len() / 4 * 4);
    for (a, b) in x.chunks_exact(4).zip(y.chunks_exact(4)) {
        for lane in 0..4 {
            lanes[lane] += a[lane] * b[lane];
        }
    }
    let rest: f64 = x[whole..].iter().zip(&y[whole..]).map(|(a, b)| a * b).sum();
    (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]) + rest
}
