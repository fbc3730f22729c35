//! What offsets a factor, how much of it, and whether that worked out of sample.
//!
//! Arguments (`request`) -> holdings -> the factor meant -> the analysis of performance -> what the holdings stand for ->
//! the figures of every candidate (`candidates`) -> the answer in its shapes (`answer`).

mod answer;
mod candidates;
mod chart;
mod daily_reset;
mod hedge_rows;
mod hedged;
mod insights;
mod notes;
mod report;
pub(crate) mod request;
mod rows;
mod scenario;
mod sizes;

#[cfg(test)]
pub(crate) mod tests;

use std::{collections::BTreeSet, mem, sync::Arc};

use factor_analytics::{
    exposure::{Exposures, PortfolioReturns},
    hedge::HedgeReport,
};
use factor_types::Ticker;
use schemars::Schema;

use self::{answer::RecommendationsAnswer, hedged::Hedged, request::Request, scenario::InScenario, sizes::Sizes};
use super::{
    analysis::{context::AnalysisContext, quality::DataQuality},
    common_args::CommonArgs,
    portfolio::{
        self,
        factor::{Resolved, resolve},
        held::{Held, Holdings},
        lookthrough::Classifications,
    },
    portfolios::{as_factors, valuation},
};
use crate::{
    analysis::Caller,
    answer::{Frame, Rendered},
    app::App,
    arguments::Args,
    services::{Call, repeats::Asked},
    tool_error::ToolError,
};

/// Everything an answer is made of.
struct Recommended {
    request: Request,
    context: AnalysisContext,
    factor: Resolved,
    portfolio: Option<HeldFactor>,
    report: HedgeReport,
    hedged: Hedged,
    /// The scenario asked about, or why it cannot be looked at.
    scenario: Option<Result<InScenario, String>>,
    sizes: Sizes,
    quality: DataQuality,
    /// What stands around it.
    frame: Frame,
}

/// A portfolio that may hold the factor.
struct HeldFactor {
    held: Held,
    /// What its holdings stand for.
    classifications: Classifications,
    /// How much of it is in the factor.
    weight: f64,
    returns: PortfolioReturns,
    /// Its exposures to macro composites, or why there are none.
    exposures: Result<Exposures, String>,
}

/// The full schema of an answer.
pub fn answer_schema() -> Schema {
    portfolio::answer::schema_of::<RecommendationsAnswer<'static>>()
}

/// Runs a call and renders its answer.
///
/// # Errors
/// The caller's mistakes, all at once, or why nothing can be said.
pub async fn answer(app: &Arc<App>, mut call: Call) -> Result<Rendered, ToolError> {
    let basis = as_factors::basis(app, &call).await;
    let asked = Asked::of(app, "get_factor_recommendations", &call, basis.clone());
    let args = Args::new(mem::take(&mut call.arguments));
    let caller = call.caller(app.clock());
    let (request, common) = Request::read(args, basis)?;

    let holdings = Holdings::of(&request.source, app, call.user).await?;
    let asked = asked.about(holdings.as_ref().map_or(&[], Holdings::saved));
    if let Some(answer) = asked.answered(app) {
        return Ok(answer);
    }
    let held = match holdings {
        Some(holdings) => Some(holdings.weighed(app, &common.groups, &caller).await?),
        None => None,
    };
    let tickers: Vec<_> = held.iter().flat_map(Held::priced).collect();
    let factor = resolve("overexposed_factor", &request.overexposed, common.universe(), &common.groups, &tickers)?;
    let tickers = tickers.into_iter().chain(factor.priced_besides().cloned()).collect();
    let context = analysis(&request, common, app, tickers, &caller).await?;
    // Prices come first: a vendor may refuse everything after a profile.
    let held = match held {
        Some(held) => {
            let (universes, groups) = (context.common().universes(), &context.common().groups);
            let classifications = Classifications::of(app, &held.weights, (&universes, groups), &caller).await?;
            Some((held, classifications))
        }
        None => None,
    };
    let mut recommended = candidates::look_at(request, context, factor, held, app.analyzer.watch(&caller)).await?;
    recommended.price_trades(app, &caller).await;
    portfolio::answer::render(recommended, app, &call, asked).await
}

/// The analysis that it rests on: for a scenario with prices from long before the window.
async fn analysis(
    request: &Request,
    common: CommonArgs,
    app: &App,
    tickers: Vec<Ticker>,
    caller: &Caller<'_>,
) -> Result<AnalysisContext, ToolError> {
    match &request.scenario {
        Some(_) => AnalysisContext::of_scenario(common, app, tickers, caller).await,
        None => AnalysisContext::of(common, app, tickers, caller).await,
    }
}

impl Recommended {
    /// Looks up the prices that turn dollars into shares, where the holdings say what the portfolio is worth.
    async fn price_trades(&mut self, app: &App, caller: &Caller<'_>) {
        let Some((portfolio, worth)) = self.portfolio.as_ref().and_then(|held| Some((held, held.held.worth?))) else {
            return;
        };
        let legs = self.hedged.best.iter().flat_map(|best| &best.members).filter_map(|leg| leg.etf_ticker.clone());
        let sold = portfolio.classifications.holdings_in(&self.factor.members).into_iter().map(|(ticker, _)| ticker);
        let traded: BTreeSet<Ticker> = legs.chain(sold).filter(|ticker| !ticker.is_composed()).collect();
        let prices = valuation::newest(app, &traded.iter().collect::<Vec<_>>(), caller).await;
        self.sizes = Sizes { worth: Some(worth), is_short: prices.len() < traded.len(), prices };
    }
}
