//! A portfolio's returns from its holdings' weights.

use crate::stats;

/// One holding.
#[derive(Debug, Clone, Copy)]
pub struct Position<'a> {
    /// Its weight, as a share of the portfolio; below zero for a short position.
    pub weight: f64,
    /// Its returns, one per row, `NaN` where missing; `None` for a holding of which nothing is known.
    pub returns: Option<&'a [f64]>,
}

/// The returns of fixed weights, rebalanced each period.
#[derive(Debug, Clone, PartialEq)]
pub struct PortfolioReturns {
    /// One per row, `NaN` where missing.
    pub values: Vec<f64>,
    /// The sum of the weights.
    pub net_weight: f64,
    /// The sum of their sizes.
    pub gross_weight: f64,
    /// 1 - net: what earns the risk-free rate, or below zero what is borrowed at it.
    pub cash_weight: f64,
    /// The share of the gross weight in holdings without any return: their weight is spread over the others.
    pub unexplained_weight: f64,
    /// Rows on which a holding that has returns elsewhere is missing, so that its weight is spread.
    pub spread_rows: usize,
}

/// Why there are no such returns.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum PortfolioError {
    /// Nothing is held on balance.
    #[error("the weights sum to 0, or none was given; give weights with another sum (1 is fully invested)")]
    NoWeight,
    /// Weights that are no numbers.
    #[error("the weight at position {at} is not a finite number; give a share such as 0.25")]
    BadWeight {
        /// Its position in the list, from 0.
        at: usize,
    },
    /// More than half of it is in holdings without returns.
    #[error(
        "{share:.2} of the weight is in holdings without any return in the window, at most 0.5 may be; \
         correct their tickers or choose other dates"
    )]
    MostlyUnknown {
        /// Their share of the gross weight.
        share: f64,
    },
}

/// Less than this share of the gross weight present makes a period missing.
const LEAST_PRESENT: f64 = 0.5;

/// A sum of weights this close to 0 or 1 is it.
const ROUNDING: f64 = 1e-9;

#[derive(Default)]
struct Side {
    present: f64,
    earned: f64,
}

impl PortfolioReturns {
    /// p_t = sum w_i r_it + (1 - sum w) rf_t: weights fixed, rebalanced each period, the rest in cash at the risk-free
    /// rate (a sum above 1 is borrowed at it). So p - rf is a sum of w_i (r_i - rf), and follows the scale of the
    /// weights.
    ///
    /// A missing holding's weight is spread over those present on its side, long or short, in proportion. A period is
    /// missing when less than half of the gross weight is present, when nothing of a side is, and when there is cash
    /// and no risk-free rate. `risk_free` has one entry per row; give zeros for cash that earns nothing.
    ///
    /// # Errors
    /// [`PortfolioError`] for weights that are not finite or sum to 0, and when over half of the gross weight has no
    /// return at all.
    pub fn of(positions: &[Position<'_>], risk_free: &[f64]) -> Result<Self, PortfolioError> {
        Self::with_cash(positions, 0.0, risk_free)
    }

    /// As [`PortfolioReturns::of`], for a portfolio of which so much is said to be in cash. Cash is what the positions
    /// leave, whatever is said; but with some, positions that sum to 0 are a portfolio: as many short as long, or none.
    ///
    /// # Errors
    /// As [`PortfolioReturns::of`], but for a sum of 0.
    pub fn with_cash(positions: &[Position<'_>], cash: f64, risk_free: &[f64]) -> Result<Self, PortfolioError> {
        if let Some(at) = positions.iter().position(|position| !position.weight.is_finite()) {
            return Err(PortfolioError::BadWeight { at });
        }
        let held: Vec<&Position<'_>> = positions.iter().filter(|position| position.weight != 0.0).collect();
        let known = |position: &Position<'_>| position.returns.is_some_and(|r| r.iter().any(|r| r.is_finite()));
        let net = stats::sum(held.iter().map(|position| position.weight));
        let gross = stats::sum(held.iter().map(|position| position.weight.abs()));
        // As much short as long is no portfolio whose returns could be a share of anything, unless it rests on cash.
        if net.abs() <= ROUNDING * gross && cash.abs() <= ROUNDING {
            return Err(PortfolioError::NoWeight);
        }
        let unknown = stats::sum(held.iter().filter(|position| !known(position)).map(|position| position.weight.abs()));
        let unexplained_weight = if unknown == 0.0 { 0.0 } else { unknown / gross };
        if unexplained_weight > 0.5 + ROUNDING {
            return Err(PortfolioError::MostlyUnknown { share: unexplained_weight });
        }
        // Weights read from percentages sum to 1 but for rounding: that is no cash.
        let cash_weight = if (1.0 - net).abs() <= ROUNDING { 0.0 } else { 1.0 - net };
        let total =
            |short: bool| stats::sum(held.iter().filter(|p| (p.weight < 0.0) == short).map(|position| position.weight));
        let totals = [total(false), total(true)];
        let mut spread_rows = 0;
        let mut value = |row: usize| {
            let mut sides = [Side::default(), Side::default()];
            let mut missing = false;
            for position in &held {
                let r = position.returns.and_then(|returns| returns.get(row)).copied().unwrap_or(f64::NAN);
                if r.is_finite() {
                    let side = &mut sides[usize::from(position.weight < 0.0)];
                    side.present += position.weight;
                    side.earned += position.weight * r;
                } else {
                    // A holding without any return was spread from the start; it does not make a row special.
                    missing |= known(position);
                }
            }
            let present = sides[0].present - sides[1].present;
            if gross > 0.0 && !covers_share(present, gross) {
                return f64::NAN;
            }
            let earned = sides.iter().zip(totals).map(|(side, total)| match (total, side.present) {
                (0.0, _) => 0.0,
                // Nothing of this side is present: nothing to spread it over.
                (_, 0.0) => f64::NAN,
                (total, present) if total == present => side.earned,
                (total, present) => side.earned * (total / present),
            });
            let cash = if cash_weight == 0.0 { 0.0 } else { cash_weight * risk_free[row] };
            let value = earned.sum::<f64>() + cash;
            spread_rows += usize::from(missing && value.is_finite());
            value
        };
        let values = (0..risk_free.len()).map(&mut value).collect();
        Ok(Self { values, net_weight: net, gross_weight: gross, cash_weight, unexplained_weight, spread_rows })
    }
}

fn covers_share(present: f64, gross: f64) -> bool {
    present > 0.0 && present >= LEAST_PRESENT * gross - ROUNDING * gross
}
