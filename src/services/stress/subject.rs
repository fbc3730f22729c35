//! What is stressed: holdings, a saved portfolio, a group, or a factor.

use factor_types::{GroupName, Holding, Ticker};
use indexmap::IndexMap;

use super::request::{Request, Shocked};
use crate::{
    analysis::Caller,
    app::App,
    services::{
        Call,
        common_args::CommonArgs,
        holdings_warning::Warning,
        portfolio::{
            factor::{Kind, Resolved, resolve},
            held::Holdings,
        },
    },
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// What is stressed, as weights.
#[derive(Debug)]
pub(crate) struct Subject {
    /// The saved portfolio that it is.
    pub(super) portfolio_name: Option<String>,
    /// The factor, group or composite that it is.
    pub(super) factor: Option<Resolved>,
    /// What it holds on the first day, cash included.
    pub(crate) weights: IndexMap<Ticker, f64>,
    /// How holdings became weights.
    pub(super) normalisation: Option<String>,
    pub(super) notes: Vec<String>,
    pub(super) warnings: Vec<Warning>,
}

impl Subject {
    /// What a call is about, with what a saved portfolio holds.
    ///
    /// # Errors
    /// Nothing is named, no such factor or portfolio is there, or holdings have no weights.
    pub(super) async fn of(
        request: &Request,
        common: &CommonArgs,
        app: &App,
        call: &Call,
        caller: &Caller<'_>,
    ) -> Result<(Vec<Holding>, Self), ToolError> {
        if let Some(name) = &request.ticker {
            return Ok((Vec::new(), Self::of_factor(name, common)?));
        }
        let Some(holdings) = Holdings::of(&request.source, app, call.user).await? else { return Err(nothing_held()) };
        let saved = holdings.saved().to_vec();
        let held = holdings.weighed(app, &common.groups, caller).await?;
        let subject = Self {
            portfolio_name: held.name,
            factor: None,
            weights: held.weights,
            normalisation: Some(held.normalisation),
            notes: held.notes,
            warnings: held.warnings,
        };
        Ok((saved, subject))
    }

    fn of_factor(name: &str, common: &CommonArgs) -> Result<Self, ToolError> {
        Self::of_resolved(resolve("ticker", name, common.universe(), &common.groups, &[])?, common)
    }

    /// One factor: a saved portfolio by its holdings, a composite by equal parts of its members.
    ///
    /// # Errors
    /// It has no weights.
    pub(crate) fn of_resolved(factor: Resolved, common: &CommonArgs) -> Result<Self, ToolError> {
        let mut notes: Vec<String> = factor.note.clone().into_iter().collect();
        let mut warnings = Vec::new();
        let parsed = || factor.name.parse::<Ticker>().ok().or_else(|| factor.members.first().cloned());
        let weights = match factor.kind {
            Kind::Portfolio => {
                let name = GroupName::of_portfolio(&factor.name).and_then(Result::ok);
                let kept = name.and_then(|name| common.groups.portfolio(&name));
                let Some(kept) = kept else { return Err(without_weights(&factor, "it is not there any more")) };
                notes.extend(kept.notes.iter().cloned());
                warnings.extend(kept.warnings.iter().cloned().map(Warning::OfPrices));
                kept.weights.clone().map_err(|why| without_weights(&factor, &why))?
            }
            Kind::UserGroup => common
                .groups
                .find(&factor.name)
                .map(|group| IndexMap::from([(group.factor.ticker.clone(), 1.0)]))
                .unwrap_or_default(),
            Kind::Etf | Kind::Holding | Kind::Ticker => parsed().map(|ticker| (ticker, 1.0)).into_iter().collect(),
            Kind::Category(_) | Kind::SectorGroup | Kind::AssetClass(_) | Kind::Sector(_) => {
                let count = factor.members.len().max(1) as f64;
                notes.push(format!("{} is stressed as equal parts of its {count} ETFs", factor.name));
                factor.members.iter().map(|member| (member.clone(), 1.0 / count)).collect()
            }
        };
        if weights.is_empty() {
            return Err(without_weights(&factor, "it has no members"));
        }
        let factor = Some(factor);
        Ok(Self { portfolio_name: None, factor, weights, normalisation: None, notes, warnings })
    }

    /// What it is called.
    pub(super) fn name(&self) -> &str {
        match (&self.factor, &self.portfolio_name) {
            (Some(factor), _) => &factor.name,
            (None, Some(name)) => name,
            (None, None) => "the portfolio",
        }
    }
}

/// The factors that a shock moves, in its order; a yield is none.
///
/// # Errors
/// Every name that is none, at once.
pub(super) fn named(request: &Request, common: &CommonArgs, subject: &Subject) -> Result<Vec<Resolved>, ToolError> {
    let held: Vec<Ticker> = subject.weights.keys().cloned().collect();
    let (mut found, mut problems) = (Vec::<Resolved>::new(), Vec::new());
    for shocked in &request.shocks {
        let Shocked::Factor(name, _) = shocked else { continue };
        match resolve(&format!("shocks.{name}"), name, common.universe(), &common.groups, &held) {
            Ok(one) if found.iter().any(|known| known.name == one.name) => problems.push(Problem::new(
                format!("shocks.{name}"),
                serde_json::json!(name).to_string(),
                Refusal::new(format!("is {}, which moves already", one.name), "keep one of them"),
            )),
            Ok(one) => found.push(one),
            Err(error) => problems.extend(error.problems),
        }
    }
    if problems.is_empty() { Ok(found) } else { Err(ToolError::invalid(problems)) }
}

fn without_weights(factor: &Resolved, why: &str) -> ToolError {
    let way_out = "name another, or give holdings";
    let rule = format!("cannot be stressed: {why}");
    ToolError::new(ErrorCode::InsufficientData, format!("{} {rule}", factor.name), way_out).with_problem(Problem::new(
        "ticker",
        serde_json::json!(factor.query).to_string(),
        Refusal::new(rule, way_out),
    ))
}

fn nothing_held() -> ToolError {
    let rule = "is required, or portfolio_name or ticker: no CURRENT_PORTFOLIO is saved";
    let hint = "give holdings such as {\"SPY\": 0.6, \"IEF\": 0.4}, a ticker such as \"SPY\", or save_portfolio first";
    ToolError::invalid(vec![Problem::new("holdings", "nothing", Refusal::new(rule, hint))])
}
