//! A portfolio's returns from its holdings' weights.

use std::collections::BTreeSet;

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
    /// The rows that a holding costs, where one does.
    pub lost_rows: Option<LostRows>,
    /// The rows on which every holding has a return and the portfolio has none, for want of a rate that its cash earns or
    /// its leverage costs.
    pub without_rate: Vec<usize>,
    /// The weight with which each position counts, in the order given: its own, and its part of what is spread; 0 for one
    /// without any return.
    weights: Vec<f64>,
}

/// Rows on which the portfolio has no return because a few of its holdings have none.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LostRows {
    /// Rows on which every holding has a return.
    pub rows: usize,
    /// The positions that cost the others rows, in the order given: the one with the fewest returns, or as many of the
    /// fewest as leave more rows when they are left out.
    pub positions: Vec<usize>,
    /// Rows on which all others have one.
    pub rows_without: usize,
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

/// A sum of weights this close to 0 or 1 is it.
const ROUNDING: f64 = 1e-9;

impl PortfolioReturns {
    /// p_t = sum w_i r_it + (1 - sum w) rf_t: weights fixed, rebalanced each period, the rest in cash at the risk-free
    /// rate (a sum above 1 is borrowed at it). So p - rf is a sum of w_i (r_i - rf), and follows the scale of the
    /// weights.
    ///
    /// A period has a return only where every holding has one: weights are not spread for a while, which would make
    /// another portfolio of each period. A holding without any return at all is the exception, since with it there would
    /// be none: its weight is spread over the others of its side, long or short, in proportion, and where nothing of a
    /// side has returns there are none. A period is missing too when there is cash and no risk-free rate. `risk_free` has
    /// one entry per row; give zeros for cash that earns nothing.
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
        let total = |chosen: &dyn Fn(&Position<'_>) -> bool| {
            stats::sum(positions.iter().filter(|position| chosen(position)).map(|position| position.weight))
        };
        let (net, gross) = (total(&|_| true), stats::sum(positions.iter().map(|position| position.weight.abs())));
        // As much short as long is no portfolio whose returns could be a share of anything, unless it rests on cash.
        if net.abs() <= ROUNDING * gross && cash.abs() <= ROUNDING {
            return Err(PortfolioError::NoWeight);
        }
        let unknown = positions.iter().filter(|position| !position.is_known()).map(|position| position.weight.abs());
        let unknown = stats::sum(unknown);
        let unexplained_weight = if unknown == 0.0 { 0.0 } else { unknown / gross };
        if unexplained_weight > 0.5 + ROUNDING {
            return Err(PortfolioError::MostlyUnknown { share: unexplained_weight });
        }
        // Of each side, by how much those with returns stand for all of it.
        let spread = [false, true].map(|short| {
            let all = total(&|position| position.is_short() == short);
            let known = total(&|position| position.is_short() == short && position.is_known());
            if all == known { 1.0 } else { all / known }
        });
        let weight = |position: &Position<'_>| {
            let spread = spread[usize::from(position.is_short())];
            if position.is_known() && position.weight != 0.0 { position.weight * spread } else { 0.0 }
        };
        let weights: Vec<f64> = positions.iter().map(weight).collect();
        // Weights read from percentages sum to 1 but for rounding: that is no cash.
        let cash_weight = if (1.0 - net).abs() <= ROUNDING { 0.0 } else { 1.0 - net };
        // A side of which nothing has returns: there is nothing to spread it over.
        let is_lost = spread.iter().any(|spread| !spread.is_finite());
        let earned = |row: usize| {
            if is_lost {
                return f64::NAN;
            }
            let held = positions.iter().zip(&weights).filter(|(_, weight)| **weight != 0.0);
            held.map(|(position, weight)| weight * position.at(row)).sum()
        };
        let mut values: Vec<f64> = (0..risk_free.len()).map(earned).collect();
        let mut without_rate = Vec::new();
        if cash_weight != 0.0 {
            for (row, (value, rate)) in values.iter_mut().zip(risk_free).enumerate() {
                if value.is_finite() && !rate.is_finite() {
                    without_rate.push(row);
                }
                *value += cash_weight * rate;
            }
        }
        Ok(Self {
            values,
            net_weight: net,
            gross_weight: gross,
            cash_weight,
            unexplained_weight,
            lost_rows: LostRows::of(positions, &weights, risk_free.len()),
            without_rate,
            weights,
        })
    }

    /// The weight with which each position counts, in the order given.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// The rows on which the holdings of both portfolios have returns and one of the two has none for want of a rate.
    pub fn without_rate_of_either(&self, other: &Self) -> usize {
        let invested =
            |of: &Self, row: &usize| of.values[*row].is_finite() || of.without_rate.binary_search(row).is_ok();
        let either: BTreeSet<&usize> = self.without_rate.iter().chain(&other.without_rate).collect();
        either.into_iter().filter(|row| invested(self, row) && invested(other, row)).count()
    }

    /// w_i cov(r_i, p) / var(p) of each position, in the order given, and of cash, on the rows that the portfolio has: the
    /// shares sum to 1. `None` for a position without any return, and for all where the portfolio does not vary.
    pub fn risk_contributions(&self, positions: &[Position<'_>], risk_free: &[f64]) -> (Vec<Option<f64>>, Option<f64>) {
        let rows: Vec<usize> = (0..self.values.len()).filter(|row| self.values[*row].is_finite()).collect();
        let centred = |value: &dyn Fn(usize) -> f64| -> Vec<f64> {
            let mean = stats::sum(rows.iter().map(|row| value(*row))) / rows.len().max(1) as f64;
            rows.iter().map(|row| value(*row) - mean).collect()
        };
        let p = centred(&|row| self.values[row]);
        let whole = stats::sum(p.iter().map(|p| p * p));
        let own: Vec<f64> = rows.iter().map(|row| self.values[*row]).collect();
        if own.len() < 2 || stats::is_constant(&own) {
            return (vec![None; positions.len()], None);
        }
        let share = |weight: f64, value: &dyn Fn(usize) -> f64| {
            weight * stats::sum(centred(value).iter().zip(&p).map(|(r, p)| r * p)) / whole
        };
        let of_position = |(position, weight): (&Position<'_>, &f64)| {
            let known = position.is_known() || position.weight == 0.0;
            known.then(|| if *weight == 0.0 { 0.0 } else { share(*weight, &|row| position.at(row)) })
        };
        let each = positions.iter().zip(&self.weights).map(of_position).collect();
        let cash = if self.cash_weight == 0.0 { 0.0 } else { share(self.cash_weight, &|row| risk_free[row]) };
        (each, Some(cash))
    }
}

impl LostRows {
    fn of(positions: &[Position<'_>], weights: &[f64], rows: usize) -> Option<Self> {
        let mut held: Vec<usize> = (0..positions.len()).filter(|at| weights[*at] != 0.0).collect();
        held.sort_by_cached_key(|at| (0..rows).filter(|row| positions[*at].at(*row).is_finite()).count());
        // How many of those with the fewest returns must go before a row has all that are left.
        let must_go =
            |row: usize| held.iter().rposition(|at| !positions[*at].at(row).is_finite()).map_or(0, |at| at + 1);
        let must_go: Vec<usize> = (0..rows).map(must_go).collect();
        let fewest = must_go.iter().copied().filter(|go| (1..held.len()).contains(go)).min()?;
        let with = |most: usize| must_go.iter().filter(|go| **go <= most).count();
        let mut positions = held[..fewest].to_vec();
        positions.sort_unstable();
        Some(Self { rows: with(0), positions, rows_without: with(fewest) })
    }
}

impl Position<'_> {
    fn is_known(&self) -> bool {
        self.returns.is_some_and(|returns| returns.iter().any(|r| r.is_finite()))
    }

    fn is_short(&self) -> bool {
        self.weight < 0.0
    }

    fn at(&self, row: usize) -> f64 {
        self.returns.and_then(|returns| returns.get(row)).copied().unwrap_or(f64::NAN)
    }
}
