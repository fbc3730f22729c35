//! The arguments of its own.

use crate::{
    arguments::Args,
    services::portfolio::{arguments::sections, source::Source},
};

/// The names of its own arguments; the others are those of every analysis.
pub(super) const NAMES: [&str; 11] = [
    "overexposed_factor",
    "holdings",
    "portfolio_name",
    "target_allocation_reduction",
    "correlation_threshold",
    "max_recommendations",
    "prefer_income",
    "min_dividend_yield",
    "categories",
    "factor_categories",
    "include",
];

/// The sections of an answer.
pub(super) const SECTIONS: [&str; 7] =
    ["recommendations", "basket", "exposures", "insights", "data_quality", "metadata", "formatted_report"];

/// What is asked, settled.
#[derive(Debug)]
pub(super) struct Ask {
    pub(super) overexposed: String,
    pub(super) source: Source,
    pub(super) target_allocation_reduction: f64,
    pub(super) correlation_threshold: f64,
    pub(super) max_recommendations: usize,
    pub(super) prefer_income: bool,
    pub(super) min_dividend_yield: Option<f64>,
    /// Sections asked for by name, in the caller's order.
    pub(super) include: Option<Vec<&'static str>>,
    pub(super) invalid_sections: Vec<String>,
}

impl Ask {
    /// Reads the arguments; what is wrong with them `args` remembers.
    pub(super) fn read(args: &Args) -> Self {
        args.require("overexposed_factor");
        let names: &[&'static str] = &SECTIONS;
        let (include, invalid_sections) = sections(args, names);
        if args.has("categories") && args.has("factor_categories") {
            args.refuse("factor_categories", "is another name of categories", Some("keep one of them".to_owned()));
        }
        Self {
            overexposed: args.string("overexposed_factor").unwrap_or_default(),
            source: Source::read(args),
            target_allocation_reduction: args.share_within("target_allocation_reduction", 0.01..=0.5).unwrap_or(0.10),
            correlation_threshold: args.number("correlation_threshold", -1.0..=0.0).unwrap_or(-0.2),
            max_recommendations: args.count("max_recommendations", 1..=50).unwrap_or(10),
            prefer_income: args.boolean("prefer_income").unwrap_or(false),
            min_dividend_yield: args.share("min_dividend_yield"),
            include,
            invalid_sections,
        }
    }
}
