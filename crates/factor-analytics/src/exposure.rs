//! What a portfolio is exposed to: its returns from weights, a regression on factors, its risk, and what a trade
//! changes.
//!
//! Which holding stands for what, and how weights were read, comes in as data; weights are shares of the portfolio
//! (0.25 is a quarter), below zero for a short position. Returns are simple and per period, `NaN` where missing.

mod defaults;
pub mod ols;
mod regression;
mod risk;
mod series;

#[cfg(test)]
mod tests;

pub use self::{
    regression::{DropReason, DroppedFactor, ExposureError, ExposureFactor, Exposures, FactorExposure, YoungFactors},
    risk::{ExposureInputs, ExposureState, Risk, RiskChange, WhatIf, where_both},
    series::{LostRows, PortfolioError, PortfolioReturns, Position},
};
