//! Factor models: what the excess return of a fund, a group or a portfolio goes with, by regression on the returns of factors.
//!
//! [`fit`] is one regression with its errors and diagnostics, [`mod@rolling`] the same over moving windows, [`mod@attribution`] what
//! a model says of where a return came from, [`mod@style`] the mix of indices that follows a return most closely.
//!
//! Arguments are aligned rows: simple returns per period as decimals, a factor's being an excess return (the market less the
//! risk-free rate, a long leg less a short one). Which factors and which risk-free rate is the caller's.

pub mod attribution;
mod diagnostics;
pub mod fit;
mod huber;
pub mod rolling;
pub mod style;

#[cfg(test)]
mod tests;

pub use self::{
    attribution::{Attributed, Attribution, Share},
    diagnostics::BreuschPagan,
    fit::{Alpha, Estimator, FactorEstimate, FitError, ModelFactor, ModelFit},
    rolling::{RollingFits, RollingPlan, WindowFit},
    style::{Style, StyleError, StyleFit, StyleWeight, StyleWindow},
};
