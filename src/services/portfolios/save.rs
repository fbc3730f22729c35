//! Named holdings, kept.

use factor_store::Expected;
use factor_types::{GroupName, Portfolio, Saved};
use schemars::JsonSchema;
use serde::Serialize;
use serde_json::json;

use super::{
    CUTTABLE, holdings, kept, name, valuation,
    view::{PortfolioView, ValuationView},
};
use crate::{
    answer::{Kept, Rendered, markdown::capitalised},
    app::App,
    arguments::Args,
    services::{
        Call, Precondition,
        saved_items::{self, Success, changed_meanwhile},
    },
    tool_error::{ErrorCode, Problem, Refusal, ToolError},
};

/// The portfolio to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// Its name.
    pub name: GroupName,
    /// What it holds.
    pub holdings: holdings::Holdings,
}

/// The portfolio as it was saved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct SavedPortfolio {
    status: Success,
    #[serde(flatten)]
    portfolio: PortfolioView,
    #[serde(flatten)]
    valuation: ValuationView,
    /// True when it took the place of another.
    replaced: bool,
    /// How the holdings were read, and what they replaced.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, holdings without any value.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let request = Request::read(&Args::new(call.arguments.clone()))?;
    let (answer, kept) = run(app, request, call).await?;
    Ok(saved_items::rendered(app, call.user, &answer, &CUTTABLE).of_kept(kept))
}

impl Request {
    fn read(args: &Args) -> Result<Self, ToolError> {
        args.require("holdings");
        let holdings = holdings::read(args, "holdings");
        let name = name(args);
        args.finish(&["portfolio_name", "holdings"])?;
        let (Some(name), Some(holdings)) = (name, holdings) else { return Err(ToolError::internal()) };
        Ok(Self { name, holdings })
    }
}

/// Keeps the portfolio, and says what it weighs now; what is kept of it stands beside the answer.
///
/// # Errors
/// Another state than the call takes it for, holdings without any value.
pub async fn run(app: &App, request: Request, call: &Call) -> Result<(SavedPortfolio, Kept), ToolError> {
    let holdings::Holdings { holdings, mut notes } = request.holdings;
    let there = match call.precondition {
        Precondition::None => None,
        _ => Some(app.store.portfolio(call.user, &request.name).await?),
    };
    let portfolio = Portfolio { name: request.name, holdings };
    let expected = match &there {
        None => Expected::Anything,
        Some(None) if call.precondition.needs_something() => {
            return Err(changed_meanwhile("portfolio", &portfolio.name));
        }
        Some(None) => Expected::Nothing,
        Some(Some(there)) if call.precondition.allows(&kept(there, false).version) => Expected::This(there),
        Some(Some(there)) if call.precondition != Precondition::New => {
            return Err(changed_meanwhile("portfolio", &there.what.name));
        }
        Some(Some(there)) if there.what.holdings != portfolio.holdings => return Err(taken(there)),
        // Sent again, it is there already.
        Some(Some(there)) => Expected::This(there),
    };
    let holdings = &portfolio.holdings;
    let valuation = valuation::value(app, holdings, &call.caller(app.clock())).await;
    // With every price known a total of nothing will not mend itself.
    if let (Err(why), Some(_)) = (&valuation.weights, valuation.total_value) {
        return Err(worthless(holdings.len(), why));
    }
    let (saved, before) = app.store.save_portfolio_if(call.user, &portfolio, expected).await?;
    notes.extend(before.as_ref().map(replacing));
    let kept = kept(&saved, before.is_none());
    let answer = SavedPortfolio {
        status: Success::Success,
        portfolio: saved.into(),
        valuation: valuation.into(),
        replaced: before.is_some(),
        note: (!notes.is_empty()).then(|| as_sentences(&notes)),
    };
    Ok((answer, kept))
}

/// What is said of a name that another portfolio has.
fn taken(there: &Saved<Portfolio>) -> ToolError {
    let name = &there.what.name;
    let what = format!(
        "A portfolio called `{name}` exists already with other holdings ({} in all)",
        there.what.holdings.len()
    );
    let way_out = "replace it by its name, or take another name";
    ToolError::new(ErrorCode::AlreadyExists, what, way_out).with_problem(Problem::new(
        "portfolio_name",
        json!(name.as_str()).to_string(),
        Refusal::new(
            "must not be the name of another portfolio, whatever the case and with spaces or underscores",
            way_out,
        ),
    ))
}

/// Notes one after the other, each a sentence of its own.
fn as_sentences(notes: &[String]) -> String {
    let sentence = |note: &String| format!("{}.", capitalised(note.trim_end_matches('.')));
    notes.iter().map(sentence).collect::<Vec<_>>().join(" ")
}

fn worthless(count: usize, why: &str) -> ToolError {
    let refusal = Refusal::new("must have a total value above 0", why);
    let (what, way_out) = why.split_once("; ").unwrap_or((why, "give holdings whose total value is above 0"));
    ToolError::new(ErrorCode::InvalidArgument, format!("The weights are {what}"), way_out).with_problem(Problem::new(
        "holdings",
        format!("{count} holdings"),
        refusal,
    ))
}

fn replacing(before: &Saved<Portfolio>) -> String {
    let count = before.what.holdings.len();
    format!(
        "this takes the place of {} with {count} {}, last changed {}",
        before.what.name,
        if count == 1 { "holding" } else { "holdings" },
        saved_items::time(before.updated_at)
    )
}
