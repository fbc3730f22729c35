//! What is asked: the arguments that only this question has.

use factor_types::closed_set;

use crate::{
    app::Basis,
    arguments::{Args, Include},
    services::{common_args::CommonArgs, portfolios::holdings::Source},
    tool_error::ToolError,
};

/// The names of its own arguments; the others are those of every analysis.
const NAMES: [&str; 13] = [
    "overexposed_factor",
    "holdings",
    "portfolio_name",
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
    /// The most weight to move out of it, a share of the portfolio.
    pub(crate) target_allocation_reduction: f64,
    /// An offset's correlation is at or under it.
    pub(crate) correlation_threshold: f64,
    pub(crate) max_recommendations: usize,
    pub(crate) prefer_income: bool,
    pub(crate) min_dividend_yield: Option<f64>,
    /// Funds known to cost more in a year are no candidates.
    pub(crate) max_expense_ratio: Option<f64>,
    /// Nor are those of which less is known to be traded on a usual day, in US dollars.
    pub(crate) min_average_daily_value: Option<f64>,
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
        let request = Self {
            overexposed: args.string("overexposed_factor").unwrap_or_default(),
            source: Source::read(&args),
            target_allocation_reduction: args.share_within("target_allocation_reduction", 0.01..=0.5).unwrap_or(0.10),
            correlation_threshold: args
                .number("correlation_threshold", -1.0..=0.0)
                .unwrap_or(basis.usual.correlation_threshold),
            max_recommendations: args.count("max_recommendations", 1..=50).unwrap_or(10),
            prefer_income: args.boolean("prefer_income").unwrap_or(false),
            min_dividend_yield: args.share("min_dividend_yield"),
            max_expense_ratio: args.share_within("max_expense_ratio", 0.0..=HIGHEST_EXPENSE_RATIO),
            min_average_daily_value: args.number("min_average_daily_value", 0.0..=f64::INFINITY),
            include,
        };
        let common = CommonArgs::read(&mut args, (&NAMES, &[]), basis)?;
        Ok((request, common))
    }
}
