//! The figures, and what is to be known of them.

use std::sync::Arc;

use factor_analytics::{
    Observer, Study,
    exposure::PortfolioReturns,
    observer::Progress,
    report::Undefined,
    stress::{ReverseError, ReverseStress, Shock, ShockError, ShockResponse},
};

use super::{
    HoldingResponse, ReplayedEpisode, Reversed, Shocked, Stressed,
    hedges::{Ground, moves},
    request::{self, Request},
    subject::Subject,
};
use crate::{
    services::{
        analysis::{context::AnalysisContext, quality::DataQuality},
        holdings_warning::Warning,
        portfolio::{self, CASH, factor::Resolved, summary::of_weights},
    },
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// What is held on the window's rows.
struct Held {
    study: Arc<Study>,
    rates: Vec<f64>,
    returns: Result<PortfolioReturns, ToolError>,
}

/// Computes everything that the answer shows.
///
/// # Errors
/// No daily prices, no such variable, moves that cannot be, or the time was used up.
pub(super) fn compute(
    request: Request,
    context: AnalysisContext,
    subject: Subject,
    moved: Vec<Resolved>,
    observer: &mut dyn Observer,
) -> Result<Stressed, ToolError> {
    let study = Arc::clone(&context.analysis.study);
    let risk_free = study.risk_free();
    let rates = risk_free.per_period.clone();
    let returns = portfolio::returns(&study, &subject.weights, &rates);
    let held = Held { study: Arc::clone(&study), rates, returns };
    let needs_returns = !request.shocks.is_empty() || request.reverse_loss.is_some();
    if needs_returns {
        held.returns.as_ref().map_err(|error| error.clone())?;
    }
    let daily = context.analysis.prepared.all_prices.daily(&study);
    if daily.is_none() && !request.scenarios.is_empty() {
        return Err(without_days(&request));
    }
    let ground = daily.map(|daily| Ground::new(daily, &subject.weights));
    let mut progress = Progress::new(observer, "stress");
    let parts = request.scenarios.len() + 2;

    let mut episodes = Vec::with_capacity(request.scenarios.len());
    if let Some(ground) = ground.as_ref().filter(|_| !request.scenarios.is_empty()) {
        let months = context.analysis.prepared.all_prices.months(&study);
        ground.replayed(&months, &subject.weights, |replay| {
            for (at, scenario) in request.scenarios.iter().enumerate() {
                progress.advance(at, parts).map_err(|_| out_of_time())?;
                let replayed = replay.in_episode(scenario);
                let episode = replayed.replayed();
                let offsets = ground.of_episode(&replayed, episode.total_return);
                episodes.push(ReplayedEpisode { episode, offsets });
            }
            Ok::<_, ToolError>(())
        })?;
    }
    progress.check().map_err(|_| out_of_time())?;
    let shock = shock(&request, &moved, &held, ground.as_ref(), &subject)?;
    progress.check().map_err(|_| out_of_time())?;
    let reverse = reverse(&request, &held, ground.as_ref(), &subject)?;

    let mut warnings = match &held.returns {
        Ok(returns) => of_weights(&context.analysis, &subject.weights, returns),
        Err(_) => Vec::new(),
    };
    warnings.extend(subject.warnings.iter().cloned());
    warnings.extend(of_episodes(&episodes));
    let quality = DataQuality::of_portfolio(context.analysed(), Vec::<Undefined>::new(), warnings);
    Ok(Stressed { request, context, subject, episodes, shock, reverse, risk_free_source: risk_free.source, quality })
}

fn shock(
    request: &Request,
    moved: &[Resolved],
    held: &Held,
    ground: Option<&Ground>,
    subject: &Subject,
) -> Result<Option<Shocked>, ToolError> {
    if request.shocks.is_empty() {
        return Ok(None);
    }
    let Ok(returns) = &held.returns else { return Ok(None) };
    let panel = held.study.panel();
    let mut named: Vec<(String, f64, Vec<f64>)> = Vec::with_capacity(request.shocks.len());
    let mut factors = moved.iter();
    for shocked in &request.shocks {
        match shocked {
            request::Shocked::Yield(maturity, size) => {
                named.push((maturity.as_str().to_owned(), *size, held.study.yield_changes(*maturity)));
            }
            request::Shocked::Factor(query, size) => {
                let Some(factor) = factors.next() else { continue };
                let series = factor.returns(&held.study).map_err(|why| no_move(query, &why))?;
                named.push((factor.name.clone(), *size, series));
            }
        }
    }
    let moves = moves(&named);
    let shock = Shock {
        moves: &moves,
        horizon: request.horizon,
        labels: panel.labels(),
        min_rows: held.study.min_observations,
    };
    let response = ShockResponse::of(&returns.values, &shock).map_err(|error| refused_shock(&error))?;
    let mut holdings = Vec::with_capacity(subject.weights.len());
    let others = subject.weights.iter().filter(|(ticker, _)| ticker.as_str() != CASH);
    for ((ticker, _), weight) in others.zip(returns.weights()) {
        let own = panel.position(ticker).and_then(|at| response.of_part(panel.column(at)));
        holdings.push(HoldingResponse {
            holding: ticker.to_string(),
            weight: *weight,
            response: own,
            contribution: own.map(|own| weight * own),
        });
    }
    if returns.cash_weight != 0.0 {
        let own = response.of_part(&held.rates);
        let (holding, weight) = (CASH.to_owned(), returns.cash_weight);
        holdings.push(HoldingResponse { holding, weight, response: own, contribution: own.map(|own| weight * own) });
    }
    holdings.sort_by(|a, b| a.contribution.unwrap_or(0.0).total_cmp(&b.contribution.unwrap_or(0.0)));
    let window = (&*held.study, held.rates.as_slice(), returns.values.as_slice());
    let offsets = match ground {
        Some(ground) => ground.of_shock(window, &shock, &response),
        None => Err(NO_DAYS.to_owned()),
    };
    Ok(Some(Shocked { response, holdings, offsets }))
}

fn reverse(
    request: &Request,
    held: &Held,
    ground: Option<&Ground>,
    subject: &Subject,
) -> Result<Option<Reversed>, ToolError> {
    let (Some(loss), Ok(returns)) = (request.reverse_loss, &held.returns) else { return Ok(None) };
    let panel = held.study.panel();
    let others = subject.weights.keys().filter(|ticker| ticker.as_str() != CASH);
    let priced = others.zip(returns.weights()).filter_map(|(ticker, weight)| {
        let column = panel.column(panel.position(ticker)?);
        (*weight != 0.0).then_some((ticker.as_str(), *weight, column))
    });
    let mut all: Vec<(&str, f64, &[f64])> = priced.collect();
    if returns.cash_weight != 0.0 {
        all.push((CASH, returns.cash_weight, &held.rates));
    }
    let horizon = request.horizon;
    let found = ReverseStress::of(&all, (loss, horizon), panel.labels(), held.study.min_observations)
        .map_err(|error| refused_loss(&error, loss))?;
    let window = (&*held.study, held.rates.as_slice(), returns.values.as_slice());
    let offsets = match ground {
        Some(ground) => ground.of_reverse(window, &found),
        None => Err(NO_DAYS.to_owned()),
    };
    Ok(Some(Reversed { found, offsets }))
}

/// What is to be known of the episodes before they are read.
fn of_episodes(episodes: &[ReplayedEpisode]) -> Vec<Warning> {
    let names = |chosen: &dyn Fn(&ReplayedEpisode) -> bool| -> Vec<String> {
        episodes.iter().filter(|one| chosen(one)).map(|one| one.episode.scenario.clone()).collect()
    };
    let mut warnings = Vec::new();
    let untested = names(&|one| one.episode.total_return.is_none());
    if !untested.is_empty() {
        warnings.push(Warning::NotTestable { scenarios: untested, of: episodes.len() });
    }
    let stood_in = names(&|one| one.episode.total_return.is_some() && one.episode.stand_in_weight > 0.0);
    if !stood_in.is_empty() {
        let of = |one: &ReplayedEpisode| -> Vec<String> {
            let held = one.episode.holdings.iter().filter(|held| held.stand_in.is_some());
            held.map(|held| held.holding.clone()).collect()
        };
        let mut tickers: Vec<String> = episodes.iter().flat_map(of).collect();
        tickers.sort();
        tickers.dedup();
        warnings.push(Warning::StoodInFor { tickers, scenarios: stood_in });
    }
    let after = names(&|one| one.offsets.iter().flatten().any(|offset| offset.ratios_after_the_event));
    if !after.is_empty() {
        warnings.push(Warning::RatiosAfterTheEvent(after));
    }
    warnings
}

const NO_DAYS: &str = "there are no daily prices that ratios of hedges could rest on";

fn without_days(request: &Request) -> ToolError {
    let rule = "need daily prices, and the source has none";
    let way_out = "ask for shocks or reverse_loss, or take a price source with daily prices";
    let got = request.scenarios.iter().map(|one| one.name.as_str()).collect::<Vec<_>>().join(", ");
    ToolError::new(ErrorCode::NoData, format!("scenarios {rule}"), way_out).with_problem(Problem::new(
        "scenarios",
        got,
        Refusal::new(rule, way_out),
    ))
}

fn no_move(query: &str, why: &str) -> ToolError {
    let rule = format!("has no returns to be moved by: {why}");
    let way_out = "name another factor, or choose other dates";
    ToolError::new(ErrorCode::InsufficientData, format!("{query} {rule}"), way_out).with_problem(Problem::new(
        format!("shocks.{query}"),
        serde_json::json!(query).to_string(),
        Refusal::new(rule, way_out),
    ))
}

fn refused_shock(error: &ShockError) -> ToolError {
    let (code, way_out) = match error {
        ShockError::TooFewRows { .. } => (
            ErrorCode::InsufficientData,
            "choose earlier dates, or ask for frequency daily; for yields set FACTOR_YIELD_FILE",
        ),
        ShockError::Constant(_) | ShockError::Collinear(_) => {
            (ErrorCode::InvalidArgument, "leave it out, or name another")
        }
        ShockError::Still => (ErrorCode::InsufficientData, "give other holdings or other dates"),
    };
    ToolError::new(code, error.to_string(), way_out).with_problem(Problem::new(
        "shocks",
        "the moves",
        Refusal::new(error.to_string(), way_out),
    ))
}

fn refused_loss(error: &ReverseError, loss: f64) -> ToolError {
    let (code, way_out) = match error {
        ReverseError::MoreThanAll { .. } => (ErrorCode::InvalidArgument, "ask for a smaller loss"),
        ReverseError::TooFewRows { .. } => {
            (ErrorCode::InsufficientData, "choose earlier dates, or ask for frequency daily")
        }
        ReverseError::Still => (ErrorCode::InsufficientData, "give other holdings or other dates"),
    };
    ToolError::new(code, error.to_string(), way_out).with_problem(Problem::new(
        "reverse_loss",
        loss.to_string(),
        Refusal::new(error.to_string(), way_out),
    ))
}

fn out_of_time() -> ToolError {
    let way_out = "Call again: prices fetched so far are kept; fewer scenarios take less time";
    ToolError::new(ErrorCode::Timeout, "The scenarios were not looked at for want of time", way_out)
}
