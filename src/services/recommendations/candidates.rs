//! The figures: candidates out of the analysis of performance, then the report over them.

use std::{
    collections::{BTreeSet, HashMap, HashSet},
    sync::Arc,
};

use factor_analytics::{
    Observer, Study,
    exposure::PortfolioReturns,
    hedge::{Candidate, HedgeError, HedgePlan, HedgeQuestion, HedgeReport, Portfolio, ScenarioResult, Screens},
    observer::Progress,
    sections::performance::PerformanceProfile,
    study::{Exclusion, ExclusionReason, Standing, StudiedFactor},
};
use factor_types::{AssetClass, Category, Factor, FundFacts, Ratio, Ticker};

use super::{
    HeldFactor, Recommended,
    hedged::{Choice, FactorHeld, Hedged, Question},
    notes,
    request::{Request, Section},
    scenario::InScenario,
    sizes::Sizes,
};
use crate::{
    analysis::Report,
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        portfolio::{
            self,
            factor::{Kind, Resolved},
            held::Held,
            lookthrough::Classifications,
        },
        stress::subject::Subject,
    },
    tool_error::{ErrorCode, Mend, Problem, Refusal, ToolError},
};

/// What a candidate is, owned.
#[derive(Debug)]
pub(super) struct Row {
    name: String,
    /// Its ticker, of a composite too.
    symbol: Ticker,
    pub(super) ticker: Option<Ticker>,
    category: Category,
    column: usize,
    part: bool,
    cash: bool,
    standing: Standing,
    weight: Option<f64>,
    held_itself: f64,
    figures: Figures,
    facts: FundFacts,
}

/// What the analysis of performance says of a candidate.
#[derive(Debug, Clone, Copy, Default)]
struct Figures {
    sharpe_ratio: Option<f64>,
    max_drawdown: Option<f64>,
    dividend_yield: Option<f64>,
}

/// Cash and its like.
pub(super) fn is_cash(factor: &Factor) -> bool {
    factor.category == Category::Cash || factor.asset_class == Some(AssetClass::Cash)
}

impl Row {
    /// The candidate with these returns.
    pub(super) fn candidate<'a>(&'a self, returns: &'a [f64]) -> Candidate<'a> {
        Candidate {
            factor: &self.name,
            ticker: self.ticker.as_ref(),
            category: self.category,
            returns,
            part_of_overexposed: self.part,
            is_cash: self.cash,
            standing: self.standing,
            portfolio_weight: self.weight,
            held_itself: self.held_itself,
            sharpe_ratio: self.figures.sharpe_ratio,
            max_drawdown: self.figures.max_drawdown,
            dividend_yield: self.figures.dividend_yield,
            facts: self.facts,
            in_scenario: None,
        }
    }
}

/// Looks at every candidate, off the async threads.
///
/// # Errors
/// The factor has no returns or does not vary; the portfolio is mostly unknown; the time was used up before there was anything
/// to recommend.
pub(super) async fn look_at<W: Observer>(
    request: Request,
    context: AnalysisContext,
    factor: Resolved,
    held: Option<(Held, Classifications)>,
    watch: impl FnOnce() -> W + Send + 'static,
) -> Result<Recommended, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let classifications = held.as_ref().map(|(_, classifications)| classifications);
    let rows = rows((&request, &context), &factor, classifications);
    let overexposed = factor.returns(&study).map_err(|why| {
        if factor.kind == Kind::Ticker {
            let common = context.common();
            return factor.unknown("overexposed_factor", (common.universe(), &common.groups));
        }
        let unpriced = |lost: &Exclusion| lost.ticker.as_str() == factor.name && lost.reason == ExclusionReason::NoData;
        let code = if study.excluded.iter().any(unpriced) { ErrorCode::NoData } else { ErrorCode::InsufficientData };
        let panel = study.panel();
        let returns = factor.name.parse().ok().and_then(|ticker| panel.observations(&ticker)).unwrap_or(0);
        not_analysed(&factor, (code, &why), Mend::daily(panel.frequency(), returns, study.min_observations))
    })?;
    let risk_free = study.risk_free().per_period;
    let returns = match &held {
        Some((held, _)) => Some(portfolio::returns(&study, &held.weights, &risk_free)?),
        None => None,
    };
    let weight = held.as_ref().map(|(_, classifications)| classifications.weight_in(&factor.members));
    let plan = plan(&request, &context);
    let fund = factor.name.parse::<Ticker>().ok().and_then(|ticker| context.common().universe().get(&ticker));
    let expense_ratio = fund.and_then(|fund| fund.facts.expense_ratio).map(Ratio::decimal);
    let (of, weights) = (factor.clone(), held.as_ref().map(|(held, _)| held.weights.clone()));
    let graded = request.include.names(Section::Scorecard);
    let is_narrowed = is_narrowed(&request, &context);
    let (bought_only, outside) = (request.allow_short == Some(false), request.outside.clone());
    let prepared = Arc::clone(&context.analysis.prepared);
    let in_scenario = request.scenario.clone().map(|scenario| {
        let held = Subject::of_resolved(factor.clone(), context.common());
        (scenario, held.map(|held| held.weights).map_err(|error| error.message))
    });
    let (report, hedged, portfolio, scenario) = portfolio::off_thread(move || {
        let (held, mut watch) = (returns.as_ref().zip(weight), watch());
        let candidates: HashSet<&Ticker> = rows.iter().filter(|row| !row.part).map(|row| &row.symbol).collect();
        let scenario = in_scenario.map(|(scenario, weights)| {
            let of = (&weights?, !plan.allow_short);
            InScenario::of(&scenario, (&study, &prepared.all_prices), of, |ticker| candidates.contains(ticker))
        });
        let did = scenario.iter().flatten().flat_map(InScenario::by_ticker).collect::<HashMap<_, _>>();
        let plan = HedgePlan { by_scenario: !did.is_empty(), ..plan };
        let report = report((&study, &risk_free), &overexposed, held, (&rows, expense_ratio, &did), &plan, &mut watch)?;
        let held = weights.as_ref().zip(weight);
        let target_reduction = plan.target_allocation_reduction;
        let question = Question {
            study: &study,
            factor: &of,
            rows: &rows,
            held: held.map(|(weights, weight)| FactorHeld { weights, weight, target_reduction }),
            graded,
            choice: Choice { bought_only, screens: plan.screens, is_narrowed, outside: &outside },
            all_prices: &prepared.all_prices,
        };
        let hedged = Hedged::of(&question, &mut watch);
        let portfolio = returns.map(|returns| {
            let progress = Progress::new(&mut watch, "exposures");
            let exposures = portfolio::macro_exposures(&study, &returns, &risk_free, &progress);
            (returns, exposures)
        });
        Ok::<_, HedgeError>((report, hedged, portfolio, scenario))
    })
    .await?
    .map_err(|error| match error {
        HedgeError::Stopped(_) => portfolio::out_of_time(),
        error => not_analysed(&factor, (ErrorCode::InsufficientData, &error.to_string()), None),
    })?;
    let portfolio = held.zip(weight).zip(portfolio);
    let portfolio = portfolio.map(|(((held, classifications), weight), (returns, exposures))| HeldFactor {
        held,
        classifications,
        weight,
        returns,
        exposures,
    });
    let undefined = notes::undefined(&context, portfolio.as_ref(), &report.recommendations, &report.undefined);
    let warnings = notes::warnings(&request, &context, &factor, portfolio.as_ref(), (&report, &hedged));
    let frame = notes::frame((&request, &context), &factor, portfolio.as_ref(), (&report, &hedged, scenario.as_ref()));
    let quality = DataQuality::of_portfolio(context.analysed(), undefined, warnings);
    Ok(Recommended {
        request,
        context,
        factor,
        portfolio,
        report,
        hedged,
        scenario,
        sizes: Sizes::default(),
        quality,
        frame,
    })
}

/// Days make more returns of a short history than months and weeks do.
fn not_analysed(factor: &Resolved, (code, why): (ErrorCode, &str), daily: Option<Mend>) -> ToolError {
    let rule = format!("cannot be analysed: {why}");
    let way_out = match daily {
        Some(_) => "ask for frequency daily, name another factor, or choose other dates",
        None => "name another factor, or choose other dates",
    };
    ToolError::new(code, format!("{} {rule}", factor.name), way_out).with_problem(Problem::new(
        "overexposed_factor",
        serde_json::json!(factor.query).to_string(),
        Refusal::new(rule, way_out).mended_by(daily),
    ))
}

/// Whether the call lets only some funds be candidates.
fn is_narrowed(request: &Request, context: &AnalysisContext) -> bool {
    let common = context.common();
    let classes = &common.asset_classes;
    let by_kind = common.categories.is_some() || !classes.include.is_empty() || !classes.exclude.is_empty();
    request.candidates.is_some() || by_kind || request.screens != Screens::default()
}

fn plan(request: &Request, context: &AnalysisContext) -> HedgePlan {
    let asked_cash = context.common().categories.as_ref().is_some_and(|picked| picked.contains(&Category::Cash));
    // Who is named was asked for.
    let asked_cash = asked_cash || request.candidates.is_some();
    HedgePlan {
        target_allocation_reduction: request.target_allocation_reduction,
        sort_by: request.sort_by,
        allow_short: request.allow_short == Some(true),
        correlation_threshold: request.correlation_threshold,
        max_recommendations: request.max_recommendations,
        prefer_income: request.prefer_income,
        min_dividend_yield: request.min_dividend_yield,
        screens: request.screens,
        by_scenario: false,
        include_cash: asked_cash,
        basket: true,
    }
}

fn report(
    (study, risk_free): (&Study, &[f64]),
    overexposed: &[f64],
    held: Option<(&PortfolioReturns, f64)>,
    (rows, expense_ratio, did): (&[Row], Option<f64>, &HashMap<&Ticker, ScenarioResult>),
    plan: &HedgePlan,
    observer: &mut dyn Observer,
) -> Result<HedgeReport, HedgeError> {
    let panel = study.panel();
    let candidates: Vec<Candidate<'_>> = rows
        .iter()
        .map(|row| Candidate { in_scenario: did.get(&row.symbol).copied(), ..row.candidate(panel.column(row.column)) })
        .collect();
    let question = HedgeQuestion {
        overexposed,
        portfolio: held.map(|(returns, weight)| Portfolio { returns: &returns.values, weight_of_overexposed: weight }),
        risk_free: Some(risk_free),
        per_year: panel.periods_per_year(),
        min_observations: study.min_observations,
        expense_ratio,
    };
    HedgeReport::compute(&question, &candidates, plan, observer)
}

/// The candidates: the analysed factors that the call names or lets through.
fn rows(
    (request, context): (&Request, &AnalysisContext),
    factor: &Resolved,
    classifications: Option<&Classifications>,
) -> Vec<Row> {
    let analysis = &context.analysis;
    let profiles: HashMap<&Ticker, &PerformanceProfile> = match analysis.report() {
        Report::Performance(report) => {
            report.per_factor.iter().flatten().map(|(ticker, entry)| (ticker, &entry.profile)).collect()
        }
        Report::Correlations(_) | Report::Returns(_) => HashMap::new(),
    };
    let members: BTreeSet<&Ticker> = factor.members.iter().collect();
    let is_named = |ticker: &Ticker| request.candidates.as_ref().is_none_or(|named| named.contains(ticker));
    let chosen = (analysis.study.factors.iter())
        .filter(|studied| is_named(&studied.factor.ticker) && context.is_of_call(&studied.factor));
    let row = |studied: &StudiedFactor| {
        let own = &studied.factor;
        let figures = profiles.get(&own.ticker).map(|profile| Figures {
            sharpe_ratio: profile.sharpe_ratio,
            max_drawdown: profile.max_drawdown,
            dividend_yield: profile.dividend_yield,
        });
        Row {
            symbol: own.ticker.clone(),
            name: if own.ticker.is_composed() { own.ticker.to_string() } else { own.label.clone() },
            ticker: (!own.ticker.is_composed()).then(|| own.ticker.clone()),
            category: own.category,
            column: studied.column,
            part: members.contains(&own.ticker) || own.ticker.as_str() == factor.name,
            cash: is_cash(own),
            standing: studied.standing,
            weight: classifications.map(|all| all.weight_in(std::slice::from_ref(&own.ticker))),
            held_itself: classifications.and_then(|all| all.weight_of(&own.ticker)).unwrap_or(0.0),
            figures: figures.unwrap_or_default(),
            facts: own.facts,
        }
    };
    chosen.map(row).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::{super::tests::recommended, *};

    #[tokio::test]
    async fn candidates_are_of_the_categories_picked_and_weigh_what_is_held() {
        let all = recommended(json!({
            "overexposed_factor": "GLD", "holdings": {"GLD": 0.25, "SPY": 0.75}, "categories": ["commodity", "cash"]
        }))
        .await;
        let held = all.portfolio.as_ref().unwrap();
        let found = rows((&all.request, &all.context), &all.factor, Some(&held.classifications));
        assert!(found.iter().all(|row| matches!(row.category, Category::Commodity | Category::Cash)));
        let gold = found.iter().find(|row| row.ticker.as_ref().is_some_and(|ticker| ticker.as_str() == "GLD")).unwrap();
        assert_eq!((gold.part, gold.cash, gold.weight), (true, false, Some(0.25)), "it is the factor itself");
        let others: Vec<&Row> = found.iter().filter(|row| !row.part).collect();
        assert_eq!(others.len() + 1, found.len());
        assert!(others.iter().all(|row| row.weight == Some(0.0)), "known to be nothing");
        assert!(others.iter().any(|row| row.cash) && others.iter().any(|row| !row.cash));
        assert!(found.iter().all(|row| row.cash == (row.category == Category::Cash)));
        assert!(
            rows((&all.request, &all.context), &all.factor, None).iter().all(|row| row.weight.is_none()),
            "nothing is held"
        );
        assert!(plan(&all.request, &all.context).include_cash, "cash was asked for by name");
    }
}
