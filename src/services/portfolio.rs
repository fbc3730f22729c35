//! What the tools over a portfolio share: whose holdings they are, what they stand for, and factors by any of their names.

pub(super) mod answer;
pub(super) mod factor;
pub(super) mod lookthrough;
pub(crate) mod source;
pub(super) mod summary;

use factor_analytics::{
    Study,
    exposure::{ExposureFactor, Exposures, PortfolioError, PortfolioReturns, Position},
};
use factor_types::{AssetClass, Ticker};
use indexmap::IndexMap;

use super::common_args::MIN_COVERAGE;
use super::holdings_warning::a_few;
use crate::{
    analysis,
    answer::markdown::capitalised,
    tool_error::{ErrorCode, ToolError},
};

/// Cash in an account's currency.
pub(crate) const CASH: &str = "CUR:USD";

/// The returns of a portfolio's weights on a study's panel. `CUR:USD` earns the risk-free rate.
///
/// # Errors
/// Weights that sum to 0, or over half of them without any return.
pub(crate) fn returns(
    study: &Study,
    weights: &IndexMap<Ticker, f64>,
    risk_free: &[f64],
) -> Result<PortfolioReturns, ToolError> {
    let panel = study.panel();
    let held = weights.iter().filter(|(ticker, _)| ticker.as_str() != CASH);
    let positions: Vec<Position<'_>> = held
        .map(|(ticker, weight)| Position {
            weight: *weight,
            returns: panel.position(ticker).map(|column| panel.column(column)),
        })
        .collect();
    let cash = weights.iter().find(|(ticker, _)| ticker.as_str() == CASH).map_or(0.0, |(_, weight)| *weight);
    let found = PortfolioReturns::with_cash(&positions, cash, risk_free);
    found.map_err(|error| match error {
        PortfolioError::MostlyUnknown { .. } => {
            let without = |(ticker, _): &(&Ticker, &f64)| {
                let known = panel.position(ticker).is_some_and(|at| panel.column(at).iter().any(|r| r.is_finite()));
                ticker.as_str() != CASH && !known
            };
            let unknown = a_few(weights.iter().filter(without).map(|(ticker, _)| ticker.as_str()));
            ToolError::new(ErrorCode::InsufficientData, format!("{}: {unknown}.", capitalised(&error.to_string())))
        }
        error => ToolError::new(ErrorCode::InvalidArgument, format!("{}.", capitalised(&error.to_string()))),
    })
}

/// The macro composites that a portfolio is regressed on: all but cash, which the risk-free rate stands for.
pub(crate) fn macro_factors(study: &Study) -> Vec<(String, Vec<f64>)> {
    let classes = AssetClass::ALL.into_iter().filter(|class| *class != AssetClass::Cash);
    let built = classes.filter_map(|class| {
        let (members, listed) = study.macro_members(class);
        let composite = study.composite(class.macro_group(), &members, listed, MIN_COVERAGE).ok()?;
        Some((composite.name, composite.values))
    });
    built.collect()
}

/// The exposures of a portfolio to the macro composites, by regression.
///
/// # Errors
/// Why they cannot be estimated.
pub(crate) fn macro_exposures(
    study: &Study,
    returns: &PortfolioReturns,
    risk_free: &[f64],
) -> Result<Exposures, String> {
    let factors = macro_factors(study);
    let factors: Vec<ExposureFactor<'_>> =
        factors.iter().map(|(name, returns)| ExposureFactor { name, returns }).collect();
    let (floor, frequency) = (study.min_observations, study.panel().frequency());
    Exposures::fit(&returns.values, risk_free, &factors, floor, frequency).map_err(|error| error.to_string())
}

/// Runs what takes the processor's time off the async threads.
///
/// # Errors
/// When the server stops before it is done.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ToolError> {
    analysis::off_thread(work).await.map_err(|_| cancelled())
}

/// The call has been given up.
pub(crate) fn cancelled() -> ToolError {
    ToolError::new(ErrorCode::Timeout, "the call was cancelled")
}
