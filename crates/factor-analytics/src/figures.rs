//! The seven most asked-for performance figures of a whole panel, in one pass over it.
//!
//! The definitions are those of [`PerformanceProfile`](crate::sections::performance::PerformanceProfile), which has many more for one series.
//! Eight series are followed at a time. Sums are of deviations from each series' first value; where they lose too many
//! digits, or the rule on constant series comes near, the series is computed by two passes.

mod lanes;

#[cfg(test)]
mod tests;

use factor_types::Frequency;

use self::lanes::{LANES, Sums};
use crate::{
    parallel::{self, Threads},
    regression::{MIN_ROWS_FOR_ERRORS, Regression},
    stats::{self, ratio},
};

/// What the series of a panel are measured against; one value per row, `NaN` where missing.
#[derive(Debug, Clone, Copy)]
pub struct Against<'a> {
    /// The risk-free rate per period.
    pub risk_free: &'a [f64],
    /// The benchmark's returns.
    pub benchmark: &'a [f64],
    /// How often returns are measured.
    pub frequency: Frequency,
}

/// Seven figures of one series, decimals; P is the number of periods in a year.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Figures {
    /// prod(1 + r)^(P / T) - 1 over the T rows present; `None` without any.
    pub annual_return: Option<f64>,
    /// sd(r), divisor T - 1, times sqrt(P); `None` under two rows.
    pub volatility: Option<f64>,
    /// mean(r - rf) / sd(r - rf) * sqrt(P); `None` where the excess does not vary.
    pub sharpe_ratio: Option<f64>,
    /// Lowest wealth / running maximum - 1, wealth starting at 1.
    pub max_drawdown: Option<f64>,
    /// Slope of r - rf on b - rf; like alpha and r_squared `None` under 12 common rows or when b - rf does not vary.
    pub beta: Option<f64>,
    /// Intercept of r - rf on b - rf, times P.
    pub alpha: Option<f64>,
    /// Share of the variance of r - rf that b - rf explains; `None` when r - rf does not vary.
    pub r_squared: Option<f64>,
}

/// The figures of each column. All slices have one length.
pub fn figures(columns: &[&[f64]], against: &Against<'_>, threads: Threads) -> Vec<Figures> {
    let rows = columns.iter().map(|column| column.len()).min().unwrap_or(0);
    let rows = rows.min(against.risk_free.len()).min(against.benchmark.len());
    let market: Vec<f64> = against.benchmark.iter().zip(against.risk_free).map(|(b, rf)| b - rf).collect();
    let mut figures = vec![Figures::default(); columns.len()];
    let threads = threads.for_work(30.0 * rows as f64 * columns.len() as f64);
    parallel::for_each(
        threads,
        figures.chunks_mut(LANES).zip(columns.chunks(LANES)),
        || (),
        |(), (figures, columns)| {
            let columns: Vec<&[f64]> = columns.iter().map(|column| &column[..rows]).collect();
            let sums = Sums::of(&columns, &against.risk_free[..rows], &market[..rows]);
            for (lane, (figures, column)) in figures.iter_mut().zip(&columns).enumerate() {
                *figures = of_sums(&sums, lane, against.frequency)
                    .unwrap_or_else(|| by_two_passes(&sums, lane, column, against, &market[..rows]));
            }
        },
    );
    figures
}

/// The figures from sums; `None` where these do not do.
fn of_sums(sums: &Sums, lane: usize, frequency: Frequency) -> Option<Figures> {
    let own = sums.own.moments(lane)?;
    let excess = sums.excess.moments(lane)?;
    let mut figures = Figures {
        volatility: Some((own.squares / (own.n - 1.0)).sqrt() * frequency.periods_per_year().sqrt()),
        sharpe_ratio: Some(
            excess.mean / (excess.squares / (excess.n - 1.0)).sqrt() * frequency.periods_per_year().sqrt(),
        ),
        ..on_the_way(sums, lane, frequency)
    };
    if sums.common.count[lane] >= MIN_ROWS_FOR_ERRORS as f64 {
        let (common, market) = (sums.common.moments(lane)?, sums.market.moments(lane)?);
        let products = sums.products[lane] - sums.common.sum[lane] * sums.market.sum[lane] / common.n;
        let beta = products / market.squares;
        figures.beta = Some(beta);
        figures.alpha = Some((common.mean - beta * market.mean) * frequency.periods_per_year());
        figures.r_squared = Some((products / market.squares * (products / common.squares)).clamp(0.0, 1.0));
    }
    Some(figures)
}

/// What depends on the order of rows, and not on moments.
fn on_the_way(sums: &Sums, lane: usize, frequency: Frequency) -> Figures {
    let n = sums.own.count[lane];
    let wealth = sums.wealth[lane];
    Figures {
        annual_return: (n > 0.0).then(|| wealth.powf(frequency.periods_per_year() / n) - 1.0),
        max_drawdown: (n > 0.0).then(|| sums.lowest[lane] - 1.0),
        ..Figures::default()
    }
}

fn by_two_passes(sums: &Sums, lane: usize, column: &[f64], against: &Against<'_>, market: &[f64]) -> Figures {
    let yearly = against.frequency.periods_per_year();
    let present = |values: &mut dyn Iterator<Item = f64>| values.filter(|x| x.is_finite()).collect::<Vec<_>>();
    let own = present(&mut column.iter().copied());
    let excess = present(&mut column.iter().zip(against.risk_free).map(|(r, rf)| r - rf));
    let (x, y): (Vec<f64>, Vec<f64>) = (column.iter().zip(against.risk_free).zip(market))
        .map(|((r, rf), x)| (*x, r - rf))
        .filter(|(x, y)| x.is_finite() && y.is_finite())
        .unzip();
    let fit = Regression::fit(&x, &y).filter(|fit| fit.n >= MIN_ROWS_FOR_ERRORS);
    Figures {
        volatility: stats::standard_deviation(&own).map(|sd| sd * yearly.sqrt()),
        sharpe_ratio: ratio(stats::mean(&excess), stats::standard_deviation(&excess))
            .map(|ratio| ratio * yearly.sqrt()),
        beta: fit.as_ref().map(|fit| fit.slope),
        alpha: fit.as_ref().map(|fit| fit.intercept * yearly),
        r_squared: fit.as_ref().and_then(|fit| fit.r_squared),
        ..on_the_way(sums, lane, against.frequency)
    }
}
