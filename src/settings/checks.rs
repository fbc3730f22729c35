//! What settings have to be together.

use super::{GroupSettings, values::Values};

/// The fewest members of a group may not be above the most.
pub(super) fn check_group_sizes(groups: &GroupSettings, values: &mut Values<'_>) {
    if groups.min_tickers > groups.max_tickers {
        let most = groups.max_tickers;
        values.refuse(
            "FACTOR_GROUP_MIN_TICKERS",
            &format!("it must not be above FACTOR_GROUP_MAX_TICKERS, which is {most}"),
        );
    }
}

/// A source needs what it reads from or is let in by. This looks at what was written, so that it is found together with
/// other mistakes.
pub(super) fn check_sources(values: &mut Values<'_>) {
    let is = |variable, name| values.text(variable).is_some_and(|text| text.eq_ignore_ascii_case(name));
    let needs_files = is("FACTOR_PRICE_SOURCE", "files");
    let needs_key = is("FACTOR_PRICE_SOURCE", "fmp") || is("FACTOR_YIELD_SOURCE", "fmp");
    if needs_files && values.text("FACTOR_PRICE_FILES").is_none() {
        values.problem(
            "FACTOR_PRICE_SOURCE is `files`, but FACTOR_PRICE_FILES is not set: give the folder or file with the prices",
        );
    }
    if needs_key && values.text("FMP_API_KEY").is_none() {
        values.problem(
            "FACTOR_PRICE_SOURCE or FACTOR_YIELD_SOURCE is `fmp`, but FMP_API_KEY is not set: give the key of your \
             account at Financial Modeling Prep",
        );
    }
}
