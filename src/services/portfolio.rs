//! What the tools over a portfolio share: whose holdings they are, what they stand for, and factors by any of their names.

pub(super) mod answer;
pub(super) mod factor;
pub(crate) mod held;
pub(super) mod lookthrough;
pub(super) mod summary;

use factor_analytics::{
    Study,
    exposure::{ExposureFactor, Exposures, PortfolioError, PortfolioReturns, Position},
    observer::Progress,
    panel::{CashHeld, DailyWealth},
};
use factor_types::{AssetClass, Ticker};
use indexmap::IndexMap;

use super::common_args::MIN_COVERAGE;
use super::holdings_warning::a_few;
use crate::{
    analysis,
    tool_error::{ErrorCode, ToolError},
};

pub(crate) use crate::analysis::CASH;

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
    let positions = positions(study, weights);
    let cash = weights.iter().find(|(ticker, _)| ticker.as_str() == CASH).map_or(0.0, |(_, weight)| *weight);
    let found = PortfolioReturns::with_cash(&positions, cash, risk_free);
    found.map_err(|error| match error {
        PortfolioError::MostlyUnknown { .. } => {
            let without = |(ticker, _): &(&Ticker, &f64)| {
                let known = panel.position(ticker).is_some_and(|at| panel.column(at).iter().any(|r| r.is_finite()));
                ticker.as_str() != CASH && !known
            };
            let unknown = a_few(weights.iter().filter(without).map(|(ticker, _)| ticker.as_str()));
            let (what, way_out) = apart(&error);
            ToolError::new(ErrorCode::InsufficientData, format!("{what}: {unknown}"), way_out)
        }
        error => {
            let (what, way_out) = apart(&error);
            ToolError::new(ErrorCode::InvalidArgument, what, way_out)
        }
    })
}

/// What is wrong with a portfolio, and the way out, which its words have after a semicolon.
fn apart(error: &PortfolioError) -> (String, String) {
    let words = error.to_string();
    let (what, way_out) = words.split_once("; ").unwrap_or((&words, "give other holdings or other dates"));
    (what.to_owned(), way_out.to_owned())
}

/// All but cash, in the order of the weights.
fn positions<'a>(study: &'a Study, weights: &IndexMap<Ticker, f64>) -> Vec<Position<'a>> {
    let panel = study.panel();
    let position = |(ticker, weight): (&Ticker, &f64)| Position {
        weight: *weight,
        returns: panel.position(ticker).map(|column| panel.column(column)),
    };
    weights.iter().filter(|(ticker, _)| ticker.as_str() != CASH).map(position).collect()
}

/// What each holding has of the portfolio's variance, in the order of the weights, cash among them; `None` where the
/// portfolio does not vary.
pub(crate) fn risk_contributions(
    study: &Study,
    weights: &IndexMap<Ticker, f64>,
    returns: &PortfolioReturns,
    risk_free: &[f64],
) -> Option<IndexMap<String, Option<f64>>> {
    let (each, cash) = returns.risk_contributions(&positions(study, weights), risk_free);
    let cash = cash?;
    let held = weights.keys().filter(|ticker| ticker.as_str() != CASH).map(Ticker::to_string);
    let mut shares: IndexMap<String, Option<f64>> = held.zip(each).collect();
    if returns.cash_weight != 0.0 {
        shares.insert(CASH.to_owned(), Some(cash));
    }
    Some(shares)
}

/// What a portfolio is worth on the days between the ends of the rows that `values` has; `None` where something held has no
/// daily prices.
pub(crate) fn daily_wealth(
    study: &Study,
    weights: &IndexMap<Ticker, f64>,
    returns: &PortfolioReturns,
    values: &[f64],
    risk_free: &[f64],
) -> Option<DailyWealth> {
    let panel = study.panel();
    let columns = weights.keys().filter(|ticker| ticker.as_str() != CASH).map(|ticker| panel.position(ticker));
    let held: Vec<(usize, f64)> =
        columns.zip(returns.weights()).filter_map(|(column, weight)| Some((column?, *weight))).collect();
    panel.daily_wealth(values, |_| held.clone(), CashHeld { weight: returns.cash_weight, rates: risk_free })
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
    progress: &Progress<'_>,
) -> Result<Exposures, String> {
    let factors = macro_factors(study);
    let factors: Vec<ExposureFactor<'_>> =
        factors.iter().map(|(name, returns)| ExposureFactor::new(name, returns)).collect();
    let (floor, panel) = (study.min_observations, study.panel());
    let (labels, per_year) = (panel.labels(), panel.periods_per_year());
    let found = Exposures::of_defaults(&returns.values, risk_free, &factors, labels, floor, per_year, progress);
    match found {
        Ok(exposures) if study.risk_free().known().is_none() => Ok(exposures.without_alpha()),
        found => found.map_err(|error| error.to_string()),
    }
}

/// Runs what takes the processor's time off the async threads.
///
/// # Errors
/// When the server stops before it is done.
pub(super) async fn off_thread<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T, ToolError> {
    analysis::off_thread(work).await.map_err(|_| cancelled())
}

/// The time for computing was used up before there was anything to answer with.
pub(crate) fn out_of_time() -> ToolError {
    let way_out = "Call again: prices fetched so far are kept; fewer categories take less time";
    ToolError::new(ErrorCode::Timeout, "The candidates were not looked at for want of time", way_out)
}

/// The call has been given up.
pub(crate) fn cancelled() -> ToolError {
    ToolError::cancelled()
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use chrono::{Months, NaiveDate};
    use factor_analytics::{
        Panel,
        panel::Window,
        study::{Exclusion, ExclusionReason},
    };
    use factor_types::{Category, Factor, Frequency, PriceKind, PriceSeries, SourceTier};

    use super::{
        factor::{Kind, MatchedBy, Resolved},
        *,
    };

    fn ticker(text: &str) -> Ticker {
        text.parse().unwrap()
    }

    /// Twelve months in which SPY gains a tenth and TLT a twentieth each; a style of two, one of them without prices.
    fn study() -> Study {
        let base: NaiveDate = "2022-12-31".parse().unwrap();
        let series = [("SPY", 1.1_f64), ("TLT", 1.05)].map(|(name, growth)| {
            let rows = (0..=12).map(|n| (base + Months::new(n), 100.0 * growth.powi(n.cast_signed())));
            Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
        });
        let end = base + Months::new(12);
        let window = Window::whole(Frequency::Monthly, base, end);
        let factor = |name: &str, category| Arc::new(Factor::new(ticker(name), name, category, SourceTier::Request));
        let lost = Exclusion {
            ticker: ticker("MTUM"),
            label: "MTUM".to_owned(),
            reason: ExclusionReason::NoData,
            detail: "no prices of MTUM".to_owned(),
        };
        let universe =
            [factor("SPY", Category::Market), factor("TLT", Category::Style), factor("MTUM", Category::Style)];
        Study::new(Arc::new(Panel::build(window, &series).unwrap()), Arc::default(), &universe, &[lost], 12)
    }

    fn weighed(weights: &[(&str, f64)]) -> Result<PortfolioReturns, ToolError> {
        let weights = weights.iter().map(|(name, weight)| (ticker(name), *weight)).collect();
        returns(&study(), &weights, &[0.01; 12])
    }

    #[test]
    fn cash_earns_the_risk_free_rate_and_what_is_borrowed_costs_it() {
        let half = weighed(&[("SPY", 0.5), ("CUR:USD", 0.5)]).unwrap();
        assert_eq!((half.values.len(), half.cash_weight), (12, 0.5));
        assert!(half.values.iter().all(|r| (r - 0.055).abs() < 1e-9), "{:?}", half.values);
        let levered = weighed(&[("SPY", 1.5), ("CUR:USD", -0.5)]).unwrap();
        assert!(levered.values.iter().all(|r| (r - 0.145).abs() < 1e-9), "{:?}", levered.values);
        let idle = weighed(&[("CUR:USD", 1.0)]).unwrap();
        assert!(idle.values.iter().all(|r| (r - 0.01).abs() < 1e-9), "{:?}", idle.values);
    }

    #[test]
    fn a_portfolio_that_is_mostly_unknown_names_what_is_not_known() {
        let error = weighed(&[("SPY", 0.25), ("AAA", 0.5), ("BBB", 0.15), ("CUR:USD", 0.1)]).unwrap_err();
        assert_eq!(error.code, ErrorCode::InsufficientData);
        assert!(error.message.starts_with("0.72 of the weight is in holdings without any return"), "{}", error.message);
        assert!(
            error.message.ends_with(": AAA, BBB. Correct their tickers or choose other dates."),
            "{}",
            error.message
        );
        assert_eq!(weighed(&[("SPY", 0.5), ("TLT", -0.5)]).unwrap_err().code, ErrorCode::InvalidArgument);
    }

    #[test]
    fn a_named_factor_has_returns_or_a_reason() {
        let returns = |name: &str, kind, members: &[&str]| {
            let resolved = Resolved {
                query: name.to_owned(),
                name: name.to_owned(),
                label: None,
                kind,
                members: members.iter().map(|name| ticker(name)).collect(),
                matched_by: MatchedBy::Ticker,
                note: None,
            };
            resolved.returns(&study())
        };
        let all = |found: Result<Vec<f64>, String>, r: f64| found.unwrap().iter().all(|v| (v - r).abs() < 1e-9);
        assert!(all(returns("SPY", Kind::Etf, &["SPY"]), 0.1));
        assert!(all(returns("pair", Kind::SectorGroup, &["SPY", "TLT"]), 0.075), "in equal parts");
        assert!(all(returns("TLT", Kind::Holding, &["TLT"]), 0.05));
        assert_eq!(returns("MTUM", Kind::Etf, &["MTUM"]).unwrap_err(), "no prices of MTUM");
        assert_eq!(returns("QQQ", Kind::Etf, &["QQQ"]).unwrap_err(), "it has no returns in the window");
        assert!(returns("NVDA", Kind::Holding, &["NVDA"]).unwrap_err().contains("has no returns of it"));
        let style = returns("style", Kind::Category(Category::Style), &["TLT", "MTUM"]).unwrap_err();
        assert_eq!(style, "only 50% of its ETFs have enough data, 60% needed");
    }
}
