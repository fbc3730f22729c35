//! The figures: candidates out of the analysis of performance, then the report over them.

use std::collections::{BTreeSet, HashMap};

use factor_analytics::{
    Study,
    exposure::{ExposureFactor, Exposures, PortfolioReturns},
    hedge::{Candidate, HedgePlan, HedgeQuestion, HedgeReport, Portfolio},
    sections::performance::PerformanceProfile,
    study::{Exclusion, ExclusionReason},
};
use factor_types::{AssetClass, Category, Ticker};

use super::arguments::Ask;
use crate::{
    analysis::Report,
    services::{
        analysis::context::AnalysisContext,
        portfolio::{self, factor::Resolved, lookthrough::Classifications, source::Held},
    },
    tool_error::{ErrorCode, Problem, ToolError},
};

/// What was found.
#[derive(Debug)]
pub(super) struct Found {
    pub(super) report: HedgeReport,
    /// The portfolio's returns, and what they go with.
    pub(super) portfolio: Option<(PortfolioReturns, Result<Exposures, String>)>,
}

/// What a candidate is, owned.
struct Row {
    name: String,
    ticker: Option<Ticker>,
    category: Category,
    column: usize,
    part: bool,
    cash: bool,
    weight: Option<f64>,
    figures: [Option<f64>; 3],
}

/// Looks at every candidate, off the async threads.
///
/// # Errors
/// The factor has no returns or does not vary; the portfolio is mostly unknown.
pub(super) async fn run(
    ask: &Ask,
    context: &AnalysisContext,
    factor: &Resolved,
    portfolio: Option<&(Held, Classifications, f64)>,
) -> Result<Found, ToolError> {
    let study = std::sync::Arc::clone(&context.analysis.study);
    let refused = |code, why: &str| {
        let rule = format!("cannot be analysed: {why}");
        ToolError::new(code, format!("{} {rule}.", factor.name)).with_problem(Problem {
            field: "overexposed_factor".to_owned(),
            got: serde_json::json!(factor.query).to_string(),
            rule,
            hint: Some("name another factor, or choose other dates".to_owned()),
        })
    };
    let f = factor.returns(&study).map_err(|why| {
        let unpriced = |lost: &Exclusion| lost.ticker.as_str() == factor.name && lost.reason == ExclusionReason::NoData;
        let code = if study.excluded.iter().any(unpriced) { ErrorCode::NoData } else { ErrorCode::InsufficientData };
        refused(code, &why)
    })?;
    let risk_free = study.risk_free().per_period;
    let returns = match portfolio {
        Some((held, ..)) => Some(portfolio::returns(&study, &held.weights, &risk_free)?),
        None => None,
    };
    let rows = rows(context, factor, portfolio.map(|(_, classifications, _)| classifications));
    let asked_cash = context.common().categories.as_ref().is_some_and(|picked| picked.contains(&Category::Cash));
    let plan = HedgePlan {
        target_allocation_reduction: ask.target_allocation_reduction,
        correlation_threshold: ask.correlation_threshold,
        max_recommendations: ask.max_recommendations,
        prefer_income: ask.prefer_income,
        min_dividend_yield: ask.min_dividend_yield,
        include_cash: asked_cash,
        basket: true,
    };
    let weight = portfolio.map(|(.., weight)| *weight);
    let found = portfolio::off_thread(move || {
        let panel = study.panel();
        let candidates: Vec<Candidate<'_>> = rows
            .iter()
            .map(|row| Candidate {
                factor: &row.name,
                ticker: row.ticker.as_ref(),
                category: row.category,
                returns: panel.column(row.column),
                part_of_overexposed: row.part,
                is_cash: row.cash,
                portfolio_weight: row.weight,
                sharpe_ratio: row.figures[0],
                max_drawdown: row.figures[1],
                dividend_yield: row.figures[2],
            })
            .collect();
        let held = returns.as_ref().zip(weight);
        let question = HedgeQuestion {
            overexposed: &f,
            portfolio: held.map(|(p, weight)| Portfolio { returns: &p.values, weight_of_overexposed: weight }),
            frequency: panel.frequency(),
            min_observations: study.min_observations,
        };
        let report = HedgeReport::compute(&question, &candidates, &plan);
        let portfolio = returns.map(|returns| {
            let exposures = by_regression(&study, &returns, &risk_free);
            (returns, exposures)
        });
        report.map(|report| Found { report, portfolio })
    });
    found.await?.map_err(|error| refused(ErrorCode::InsufficientData, &error.to_string()))
}

fn by_regression(study: &Study, p: &PortfolioReturns, risk_free: &[f64]) -> Result<Exposures, String> {
    let factors = portfolio::macro_factors(study);
    let factors: Vec<ExposureFactor<'_>> =
        factors.iter().map(|(name, returns)| ExposureFactor { name, returns }).collect();
    let (floor, frequency) = (study.min_observations, study.panel().frequency());
    Exposures::fit(&p.values, risk_free, &factors, floor, frequency).map_err(|error| error.to_string())
}

/// The candidates: the analysed factors that the filters let through.
fn rows(context: &AnalysisContext, factor: &Resolved, classifications: Option<&Classifications>) -> Vec<Row> {
    let analysis = &context.analysis;
    let profiles: HashMap<&Ticker, &PerformanceProfile> = match analysis.report() {
        Report::Performance(report) => {
            report.per_factor.iter().flatten().map(|(ticker, entry)| (ticker, &entry.profile)).collect()
        }
        _ => HashMap::new(),
    };
    let members: BTreeSet<&Ticker> = factor.members.iter().collect();
    let through = |class| context.common().asset_classes.lets_through(class);
    let chosen =
        analysis.study.factors.iter().filter(|studied| {
            analysis.selected.contains(&studied.factor.category) && through(studied.factor.asset_class)
        });
    let row = |studied: &factor_analytics::study::StudiedFactor| {
        let own = &studied.factor;
        let profile = profiles.get(&own.ticker);
        let figures = profile.map_or([None; 3], |p| [p.sharpe_ratio, p.max_drawdown, p.dividend_yield]);
        Row {
            name: if own.ticker.is_group() { own.ticker.to_string() } else { own.label.clone() },
            ticker: (!own.ticker.is_group()).then(|| own.ticker.clone()),
            category: own.category,
            column: studied.column,
            part: members.contains(&own.ticker) || own.ticker.as_str() == factor.name,
            cash: own.category == Category::Cash || own.asset_class == AssetClass::Cash,
            weight: classifications.map(|all| all.weight_in(std::slice::from_ref(&own.ticker))),
            figures,
        }
    };
    chosen.map(row).collect()
}
