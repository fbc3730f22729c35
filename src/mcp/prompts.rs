//! Prompts: requests that lead a model through the tools in a sensible order. Beside them, completions.

use factor_types::Category;
use rmcp::{
    ErrorData,
    model::{
        CompleteRequestParams, CompleteResult, CompletionInfo, GetPromptResult, JsonObject, Prompt, PromptArgument,
        PromptMessage, Reference, Role,
    },
};
use serde_json::Value;

use super::{catalog::Catalog, resources};
use crate::{app::App, arguments::nearest};

const CHECK_UP: &str = "factor_check_up";
const HEDGE: &str = "hedge_my_portfolio";
const WHAT_MOVED: &str = "what_moved_this_month";
/// The prompts by name.
const NAMES: [&str; 3] = [CHECK_UP, HEDGE, WHAT_MOVED];

/// The prompts on offer.
pub fn list() -> Vec<Prompt> {
    let argument =
        |name: &str, description: &str| PromptArgument::new(name).with_description(description).with_required(false);
    vec![
        Prompt::new(
            CHECK_UP,
            Some("What the factors did, how they hang together and what that means for diversification."),
            Some(vec![
                argument("categories", "Which kinds of factors, such as `industry, style`. Default: all."),
                argument("benchmark_ticker", "The ETF to compare with. Default: SPY."),
            ]),
        )
        .with_title("Factor check-up"),
        Prompt::new(
            HEDGE,
            Some("What a portfolio has too much of, what offsets it, by how much, and whether that worked out of sample."),
            Some(vec![
                argument("overexposed_factor", "What there is too much of, such as `VNQ`. Default: the largest exposure."),
                argument("portfolio_name", "A saved portfolio. Default: CURRENT_PORTFOLIO."),
                argument("categories", "Which kinds of factors may offset it, such as `fixed_income, commodity`. Default: all."),
            ]),
        )
        .with_title("Hedge my portfolio"),
        Prompt::new(
            WHAT_MOVED,
            Some("Which factors rose and fell over the last month, and against what they did before."),
            Some(vec![argument("categories", "Which kinds of factors, such as `industry, style`. Default: all.")]),
        )
        .with_title("What moved this month"),
    ]
}

/// A prompt filled in.
///
/// # Errors
/// When there is no such prompt.
pub fn get(name: &str, arguments: &JsonObject) -> Result<GetPromptResult, ErrorData> {
    let text = |name: &str| arguments.get(name).and_then(Value::as_str).map(clean).filter(|text| !text.is_empty());
    let categories = text("categories");
    let which = categories.as_ref().map_or_else(String::new, |names| format!(", categories {names}"));
    let request = match name {
        CHECK_UP => {
            let benchmark = text("benchmark_ticker").unwrap_or_else(|| "SPY".to_owned());
            format!(
                "Give me a factor check-up.\n\
                 1. Call get_factor_analysis with analysis_type `returns`{which}: what rose and fell over 1 month to 1 year.\n\
                 2. Call get_factor_analysis with analysis_type `performance`, benchmark_ticker `{benchmark}`{which}: return, \
                 volatility, Sharpe ratio and drawdown; the best and the worst.\n\
                 3. Call get_factor_analysis with analysis_type `correlations`, benchmark_ticker `{benchmark}`{which}: what moves \
                 together, what diversifies, what depends on interest rates.\n\
                 4. Where an answer's `more` names a section you need, ask for it with `include`.\n\
                 Then tell me in plain words: the three most important findings with their numbers, what they mean for \
                 diversification, and how far the data can be trusted (data_quality: coverage, what was left out; say so \
                 clearly if the prices are simulated). Keep what the data shows apart from what you conclude."
            )
        }
        HEDGE => {
            let portfolio = text("portfolio_name").unwrap_or_else(|| "CURRENT_PORTFOLIO".to_owned());
            let factor = text("overexposed_factor").map_or_else(
                || {
                    "the industry or category with the largest weight in by_industry that is no broad market fund, no cash and \
                     not `other funds` or `unclassified`"
                        .to_owned()
                },
                |name| format!("`{name}`"),
            );
            format!(
                "Help me hedge my portfolio.\n\
                 1. Call get_portfolio_exposures with portfolio_name `{portfolio}`. If there is no such portfolio, ask me for my \
                 holdings and offer to keep them with save_portfolio.\n\
                 2. Call get_factor_recommendations with the same portfolio and overexposed_factor {factor}{which}. If the name \
                 fits none or several, take one of those the error lists.\n\
                 3. Call get_portfolio_exposures again with what_if: the suggested weight out of the factor's holding and into \
                 the offset (the basket, where it does better).\n\
                 4. Where an offset rests on few periods (n), its figures are of those alone: look at its history with \
                 get_factor_analysis before you name it.\n\
                 Then tell me in plain words: what I have too much of, what offsets it and how much of it to move, volatility, \
                 beta and exposures before and after, and what hedge_effectiveness says out of sample. Where the answer says \
                 that nothing offsets it, say so and do not dress up cash or a calm bond fund as a hedge. Name what the answer \
                 does not know (insights.not_known), and say clearly if the prices are simulated. This is analysis, no advice."
            )
        }
        WHAT_MOVED => format!(
            "What moved this month?\n\
             1. Call get_factor_analysis with analysis_type `returns`, windows [\"1m\", \"3m\", \"1y\"], top_n 5{which}.\n\
             2. If one category or industry group stands out, call it again with `categories` set to that one and \
             include [\"by_category\", \"rankings\"].\n\
             3. For the strongest and the weakest factor call list_factors with its ticker as `query` to see what it stands \
             for.\n\
             Then tell me: what rose most, what fell most, whether it goes on or turns round what the last 3 months and the \
             last year showed, and which dates the figures cover (`as_of`). Say so clearly if the prices are simulated."
        ),
        unknown => {
            let shown = clean(unknown);
            let hint = nearest(&shown, NAMES)
                .map_or_else(|| format!("there are {}", NAMES.join(", ")), |near| format!("did you mean `{near}`?"));
            return Err(ErrorData::invalid_params(format!("unknown prompt `{shown}`: {hint}"), None));
        }
    };
    let description = list().into_iter().find(|prompt| prompt.name == name).and_then(|prompt| prompt.description);
    let result = GetPromptResult::new(vec![PromptMessage::new_text(Role::User, request)]);
    Ok(match description {
        Some(description) => result.with_description(description),
        None => result,
    })
}

/// One line of bounded length: an argument becomes part of a request to a model.
fn clean(text: &str) -> String {
    text.chars().filter(|c| !c.is_control()).take(80).collect::<String>().trim().to_owned()
}

/// What an argument may be completed to. An unknown prompt or resource has no completions, which is no error.
pub(super) async fn complete(app: &App, catalog: &Catalog, request: &CompleteRequestParams) -> CompleteResult {
    let argument = request.argument.name.as_str();
    let typed = request.argument.value.as_str();
    let found = match &request.r#ref {
        Reference::Prompt(prompt) if NAMES.contains(&prompt.name.as_str()) => match argument {
            // A list is completed at its last name.
            "categories" => {
                let (done, last) = typed.rfind(',').map_or(("", typed), |at| typed.split_at(at + 1));
                let names = Category::ALL.iter().map(|category| (category.as_str().to_owned(), String::new()));
                let gap = if done.is_empty() { "" } else { " " };
                matching(names, last.trim()).into_iter().map(|name| format!("{done}{gap}{name}")).collect()
            }
            "benchmark_ticker" | "overexposed_factor" => {
                let snapshot = app.universe_watcher.current().await;
                let factors = snapshot.loaded.universe.factors();
                matching(factors.iter().map(|f| (f.ticker.to_string(), f.label.clone())), typed.trim())
            }
            _ => Vec::new(),
        },
        Reference::Resource(resource) if resource.uri == resources::SCHEMA_TEMPLATE && argument == "tool" => {
            matching(catalog.tools().map(|tool| (tool.name.to_string(), String::new())), typed.trim())
        }
        _ => Vec::new(),
    };
    let total = u32::try_from(found.len()).ok();
    let more = found.len() > CompletionInfo::MAX_VALUES;
    let shown = found.into_iter().take(CompletionInfo::MAX_VALUES).collect();
    CompleteResult::new(CompletionInfo::with_pagination(shown, total, more).unwrap_or_default())
}

/// The names that start with what was typed, then those that hold it, also in their label.
fn matching(names: impl Iterator<Item = (String, String)>, typed: &str) -> Vec<String> {
    let typed = typed.to_lowercase();
    let (mut first, mut then) = (Vec::new(), Vec::new());
    for (name, label) in names {
        let lower = name.to_lowercase();
        if lower.starts_with(&typed) {
            first.push(name);
        } else if lower.contains(&typed) || label.to_lowercase().contains(&typed) {
            then.push(name);
        }
    }
    first.extend(then);
    first
}
