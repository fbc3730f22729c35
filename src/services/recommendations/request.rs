//! What is asked: the arguments that only this question has.

use factor_analytics::{
    hedge::{Screens, SortBy},
    stress::Scenario,
};
use factor_types::{Ticker, closed_set};

use crate::{
    app::Basis,
    arguments::{Args, Choices, Include},
    services::{common_args::CommonArgs, portfolios::holdings::Source, stress::request::scenario},
    tool_error::{Refusal, ToolError},
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 17] = [
    "overexposed_factor",
    "holdings",
    "portfolio_name",
    "candidates",
    "allow_short",
    "sort_by",
    "scenario",
    "target_allocation_reduction",
    "correlation_threshold",
    "max_recommendations",
    "prefer_income",
    "min_dividend_yield",
    "max_expense_ratio",
    "min_average_daily_value",
    "categories",
    "factor_categories",
    "include",
];

/// No fund costs more; what is above is a percentage.
const HIGHEST_EXPENSE_RATIO: f64 = 0.1;

closed_set! {
    /// A section of an answer, as `include` names it.
    pub(crate) enum Section: "a section" {
        BestHedge = "best_hedge",
        Scorecard = "scorecard",
        Scenario = "scenario",
        Recommendations = "recommendations",
        Basket = "basket",
        Exposures = "exposures",
        Insights = "insights",
        DataQuality = "data_quality",
        Metadata = "metadata",
        FormattedReport = "formatted_report",
    }
}

/// A question for what offsets a factor.
#[derive(Debug)]
pub(crate) struct Request {
    /// The factor of which there is too much, by any of its names.
    pub(crate) overexposed: String,
    pub(crate) source: Source,
    /// Only these are candidates.
    pub(crate) candidates: Option<Vec<Ticker>>,
    /// Those of them that are not of the universe.
    pub(crate) outside: Vec<Ticker>,
    /// True: short sales are listed too; false: nothing is sold short.
    pub(crate) allow_short: Option<bool>,
    pub(crate) sort_by: SortBy,
    /// What was read of the order that the call does not say.
    pub(crate) order_note: Option<&'static str>,
    /// What held in it comes first, whatever `sort_by` says.
    pub(crate) scenario: Option<Scenario>,
    /// The most weight to move out of it, a share of the portfolio.
    pub(crate) target_allocation_reduction: f64,
    /// An offset's correlation is at or under it.
    pub(crate) correlation_threshold: f64,
    pub(crate) max_recommendations: usize,
    pub(crate) prefer_income: bool,
    pub(crate) min_dividend_yield: Option<f64>,
    /// What is asked of the facts of candidates.
    pub(crate) screens: Screens,
    pub(crate) include: Include<Section>,
}

impl Request {
    /// Reads a call's arguments, the common ones too.
    ///
    /// # Errors
    /// Every argument that breaks its rule.
    pub(crate) fn read(mut args: Args, basis: Basis) -> Result<(Self, CommonArgs), ToolError> {
        args.require("overexposed_factor");
        let include = Include::read(&args);
        let prefer_income = args.boolean("prefer_income").unwrap_or(false);
        let (sort_by, order_note) = order(&args, prefer_income);
        let threshold = basis.usual.correlation_threshold;
        let mut request = Self {
            overexposed: args.string("overexposed_factor").unwrap_or_default(),
            source: Source::read(&args),
            candidates: None,
            outside: Vec::new(),
            allow_short: args.boolean("allow_short"),
            sort_by,
            order_note,
            scenario: in_scenario(&args),
            target_allocation_reduction: args.share_within("target_allocation_reduction", 0.01..=0.5).unwrap_or(0.10),
            correlation_threshold: args.number("correlation_threshold", -1.0..=0.0).unwrap_or(threshold),
            max_recommendations: args.count("max_recommendations", 1..=50).unwrap_or(10),
            prefer_income,
            min_dividend_yield: args.share("min_dividend_yield"),
            screens: Screens {
                max_expense_ratio: args.share_within("max_expense_ratio", 0.0..=HIGHEST_EXPENSE_RATIO),
                min_average_daily_value: args.number("min_average_daily_value", 0.0..=f64::INFINITY),
            },
            include,
        };
        let mut common = CommonArgs::read_on(&mut args, (&NAMES, &[]), &basis);
        if let Some((candidates, outside)) = common.take_all_along(&args, "candidates", &basis.groups) {
            (request.candidates, request.outside) = (Some(candidates), outside);
        }
        args.first_of_each()?;
        Ok((request, common))
    }
}

/// The one episode named, or dates.
fn in_scenario(args: &Args) -> Option<Scenario> {
    args.read("scenario", |value| {
        let written = value.as_str().ok_or_else(|| Refusal::must("be a name such as covid, or dates"))?;
        <[Scenario; 1]>::try_from(scenario(written)?).map(|[one]| one).map_err(|several| {
            let rule = format!("must be one scenario, these are {}", several.len());
            Refusal::new(rule, "name one, such as covid; stress_test takes several")
        })
    })
}

/// The order of the list: where income is preferred and nothing else is said the score, since nothing else knows of it.
fn order(args: &Args, prefer_income: bool) -> (SortBy, Option<&'static str>) {
    let given = args.choice("sort_by", Choices::of::<SortBy>());
    match given {
        Some(_) if args.has("scenario") => {
            (given.unwrap_or_default(), Some("sort_by is for a list without scenario, which ranks by what held in it"))
        }
        None if prefer_income && !args.has("sort_by") => {
            (SortBy::Score, Some("prefer_income ranks by sort_by score, which yields count in"))
        }
        None | Some(SortBy::Effectiveness) if args.has("correlation_threshold") => (
            SortBy::Effectiveness,
            Some(
                "correlation_threshold cuts no list sorted by effectiveness (meets_threshold tells it); sort_by correlation or score does",
            ),
        ),
        given => (given.unwrap_or_default(), None),
    }
}
