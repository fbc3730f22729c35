//! The funds of the sample and their invented parameters.

mod shares;

use super::factors::CommonFactor;

/// One simulated fund. Rates of return and volatilities are annual and in percent.
#[derive(Debug)]
pub(super) struct Fund {
    pub(super) ticker: &'static str,
    /// First month as `yyyymm`; 0 is the sample's first day.
    pub(super) start: u32,
    /// Loading on the equity market's return.
    pub(super) beta: f64,
    /// Percent of return per percentage point of rise of UST10Y, on top of `keys`.
    pub(super) rate: f64,
    /// Loadings on the common factors.
    pub(super) loads: &'static [(CommonFactor, f64)],
    /// Key-rate durations in years at UST3M, 2Y, 5Y, 10Y, 30Y; a fund with any earns the yields they weigh.
    pub(super) keys: [f64; 5],
    /// The share of the high-yield spread that the fund earns.
    pub(super) spread: f64,
    /// Spread duration in years.
    pub(super) spread_duration: f64,
    /// Volatility of what is the fund's own.
    pub(super) own: f64,
    /// Drift on top of the factors'.
    pub(super) drift: f64,
    /// Dividend yield in percent, simulated.
    pub(super) dividend: f64,
    /// Assets in billions of US dollars, simulated.
    pub(super) cap: f64,
}

/// Every fund of the sample.
pub(super) fn funds() -> impl Iterator<Item = &'static Fund> {
    shares::SHARES.iter().chain(BONDS)
}

/// A fund of shares, commodities or coins.
const fn share(
    ticker: &'static str,
    start: u32,
    [beta, rate, own, drift]: [f64; 4],
    loads: &'static [(CommonFactor, f64)],
    [dividend, cap]: [f64; 2],
) -> Fund {
    let (keys, spread, spread_duration) = ([0.0; 5], 0.0, 0.0);
    Fund { ticker, start, beta, rate, loads, keys, spread, spread_duration, own, drift, dividend, cap }
}

/// A fund of bonds or bills: key-rate durations, [share of the spread, spread duration], [own volatility, drift].
const fn bond(
    ticker: &'static str,
    start: u32,
    keys: [f64; 5],
    [spread, spread_duration]: [f64; 2],
    [own, drift]: [f64; 2],
    [dividend, cap]: [f64; 2],
) -> Fund {
    Fund { ticker, start, beta: 0.0, rate: 0.0, loads: &[], keys, spread, spread_duration, own, drift, dividend, cap }
}

const BONDS: &[Fund] = &[
    bond("SHY", 0, [0.1, 1.75, 0.0, 0.0, 0.0], [0.0, 0.0], [0.1, -0.15], [3.9, 24.0]),
    bond("IEI", 0, [0.0, 0.7, 3.6, 0.0, 0.0], [0.0, 0.0], [0.2, -0.15], [3.4, 16.0]),
    bond("IEF", 0, [0.0, 0.0, 1.6, 5.8, 0.0], [0.0, 0.0], [0.3, -0.15], [3.7, 35.0]),
    bond("TLT", 0, [0.0, 0.0, 0.0, 2.5, 14.2], [0.0, 0.0], [0.8, -0.15], [4.3, 50.0]),
    bond("LQD", 0, [0.0, 0.6, 2.3, 3.0, 2.5], [0.22, 8.4], [1.2, -0.3], [4.4, 30.0]),
    bond("HYG", 0, [0.0, 0.9, 2.3, 0.0, 0.0], [1.0, 3.6], [1.5, -2.2], [5.8, 16.0]),
    bond("TIP", 0, [0.0, 0.8, 2.4, 3.4, 0.0], [0.13, 6.7], [2.6, -0.4], [2.6, 14.0]),
    bond("MUB", 0, [0.0, 0.4, 1.8, 2.6, 0.0], [0.14, 6.0], [2.3, -0.7], [3.1, 39.0]),
    bond("EMB", 0, [0.0, 0.5, 2.0, 3.2, 1.2], [0.62, 6.8], [3.0, -1.6], [5.4, 14.0]),
    bond("SGOV", 202_005, [0.10, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0], [0.03, -0.09], [4.5, 40.0]),
    bond("BIL", 0, [0.12, 0.0, 0.0, 0.0, 0.0], [0.0, 0.0], [0.03, -0.14], [4.5, 42.0]),
];
