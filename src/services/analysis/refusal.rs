//! The caller's view of an analysis that failed.

use factor_prices::SourceFault;

use super::regime;
use crate::{
    analysis::AnalysisError,
    services::common_args::CommonArgs,
    tool_error::{ErrorCode, Problem, ToolError},
};

/// What went wrong, and what to do about it.
pub(super) fn tool_error(error: &AnalysisError, common: &CommonArgs) -> ToolError {
    let message = error.to_string();
    let about = |field: &str, got: String, rule: String, hint: Option<&str>| Problem {
        field: field.to_owned(),
        got,
        rule,
        hint: hint.map(str::to_owned),
    };
    match error {
        AnalysisError::NoFactors(_) => ToolError::new(ErrorCode::InvalidArgument, message),
        AnalysisError::TooManyFactors { .. } => ToolError::new(ErrorCode::InvalidArgument, message),
        AnalysisError::WindowTooShort { start, end, days, .. } => {
            let field = if common.dates.start.is_some() { "start_date" } else { "end_date" };
            let (rule, hint) = common.question.short_window(*start, *end, *days);
            ToolError::invalid(vec![about(field, start.to_string(), rule, Some(hint))])
        }
        AnalysisError::Window(window) => {
            use factor_analytics::panel::WindowError::{EndsBeforePrices, NoPrices, NoWholePeriod, StartNotBeforeEnd};
            match window {
                NoPrices | NoWholePeriod { .. } => ToolError::new(ErrorCode::NoData, message),
                EndsBeforePrices { end, first, newest } => {
                    ToolError::new(ErrorCode::NoData, message).with_problem(about(
                        "end_date",
                        end.to_string(),
                        format!("lies before the first price, of {first}"),
                        Some(&format!("give an end_date from {first} to {newest}")),
                    ))
                }
                StartNotBeforeEnd { start, .. } => ToolError::invalid(vec![about(
                    "start_date",
                    start.to_string(),
                    message,
                    Some("give an earlier start_date, or an end_date after it"),
                )]),
            }
        }
        AnalysisError::Panel(factor_analytics::panel::PanelError::NoPeriods { .. }) => {
            ToolError::new(ErrorCode::NoData, format!("{message}. Give dates for which the price source has prices."))
        }
        AnalysisError::Panel(_) => {
            ToolError::invalid(vec![about("frequency", common.frequency.to_string(), message, None)])
        }
        AnalysisError::NothingAnalysed { lost, fault } => nothing_analysed(message, lost, *fault),
        AnalysisError::NoCaps(_) => ToolError::new(ErrorCode::InsufficientData, message).with_problem(about(
            "composite_weighting_method",
            "cap".to_owned(),
            "needs a market cap of one member at least".to_owned(),
            Some("write equal, or custom with composite_weights"),
        )),
        AnalysisError::Regime { error, .. } => regime::refused(error, message),
        AnalysisError::Cancelled => ToolError::new(ErrorCode::Timeout, message),
    }
}

fn nothing_analysed(
    message: String,
    lost: &[factor_analytics::study::Exclusion],
    fault: Option<SourceFault>,
) -> ToolError {
    use factor_analytics::study::ExclusionReason::ThinHistory;
    // One of each kind: the same reason thirty times says no more than once.
    let mut kinds = std::collections::HashSet::new();
    let different = lost.iter().filter(|one| kinds.insert(one.detail.replace(one.ticker.as_str(), "")));
    let first: Vec<String> = different.take(3).map(|one| format!("{}: {}", one.ticker, one.detail)).collect();
    let more = lost.len() - first.len();
    let more = if more > 0 { format!("; and {more} more") } else { String::new() };
    let code = match fault {
        Some(SourceFault::Auth | SourceFault::Plan) => ErrorCode::UpstreamAuth,
        Some(SourceFault::Limited) => ErrorCode::RateLimited,
        Some(SourceFault::Late) => ErrorCode::Timeout,
        Some(SourceFault::Unavailable | SourceFault::Unusable) => ErrorCode::UpstreamUnavailable,
        None if lost.iter().any(|one| one.reason == ThinHistory) => ErrorCode::InsufficientData,
        None => ErrorCode::NoData,
    };
    ToolError::new(code, format!("{message}. {}{more}.", first.join("; ")))
}

#[cfg(test)]
mod tests {
    use factor_analytics::{
        panel::{PanelError, WindowError},
        study::{Exclusion, ExclusionReason},
    };
    use factor_types::Frequency;
    use serde_json::{Value, json};

    use super::*;
    use crate::{
        analysis::{AnalysisKind, UserGroups},
        services::{
            analysis::arguments,
            common_args::tests::{args, basis, snapshot},
        },
    };

    fn of_analysis(error: &AnalysisError, arguments: Value) -> ToolError {
        let Value::Object(arguments) = arguments else { panic!("no object") };
        tool_error(error, &arguments::read(arguments, &snapshot(), UserGroups::default()).unwrap().common)
    }

    fn of_portfolio(error: &AnalysisError) -> ToolError {
        let common = CommonArgs::read(&mut args(json!({})), (&[], &[]), basis());
        tool_error(error, &common.unwrap())
    }

    fn lost(ticker: &str, reason: ExclusionReason, detail: &str) -> Exclusion {
        let ticker = ticker.parse().unwrap();
        Exclusion { ticker, label: "a label".to_owned(), reason, detail: detail.to_owned() }
    }

    fn nothing_of(lost: Vec<Exclusion>, fault: Option<SourceFault>) -> ToolError {
        of_analysis(&AnalysisError::NothingAnalysed { lost, fault }, json!({}))
    }

    #[test]
    fn a_short_window_is_a_matter_of_start_date_and_of_who_asks() {
        let (start, end) = ("2025-01-31".parse().unwrap(), "2025-06-30".parse().unwrap());
        let error = AnalysisError::WindowTooShort { kind: AnalysisKind::Performance, start, end, days: 150 };
        let asked = json!({"analysis_type": "performance", "start_date": "2025-01-31"});
        assert_eq!(
            of_analysis(&error, asked).message,
            "`start_date` (got 2025-01-31) performance needs at least 365 days between start and end; 2025-01-31 to \
             2025-06-30 are 150: for a shorter look-back use analysis_type returns with windows."
        );
        let portfolio = of_portfolio(&error);
        assert_eq!(portfolio.problems[0].hint.as_deref(), Some("give an earlier start_date"));
        assert!(portfolio.problems[0].rule.starts_with("the analysis needs at least 365 days"));
    }

    #[test]
    fn a_window_that_runs_backwards_is_the_callers_and_one_without_prices_is_not() {
        let (start, end) = ("2026-03-01".parse().unwrap(), "2026-01-14".parse().unwrap());
        let reversed = AnalysisError::Window(WindowError::StartNotBeforeEnd { start, end });
        let refused = of_analysis(&reversed, json!({"start_date": "2026-03-01"}));
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        assert_eq!(
            (refused.problems[0].field.as_str(), refused.problems[0].got.as_str()),
            ("start_date", "2026-03-01")
        );
        for window in [WindowError::NoPrices, WindowError::NoWholePeriod { frequency: Frequency::Monthly, newest: end }]
        {
            let refused = of_analysis(&AnalysisError::Window(window), json!({}));
            assert_eq!((refused.code, refused.problems.len()), (ErrorCode::NoData, 0), "{}", refused.message);
        }
    }

    #[test]
    fn prices_that_do_not_allow_the_frequency_blame_it() {
        let frequency = Frequency::Weekly;
        let monthly = AnalysisError::Panel(PanelError::OnlyMonthlyPrices { frequency });
        let refused = of_analysis(&monthly, json!({"frequency": "weekly"}));
        assert_eq!(refused.code, ErrorCode::InvalidArgument);
        assert_eq!((refused.problems[0].field.as_str(), refused.problems[0].got.as_str()), ("frequency", "weekly"));
        let day = |text: &str| text.parse().unwrap();
        let (start, end, cutoff) = (day("2025-01-31"), day("2026-01-14"), day("2025-01-31"));
        let none = AnalysisError::Panel(PanelError::NoPeriods { frequency, start, end, cutoff });
        let refused = of_analysis(&none, json!({}));
        assert_eq!((refused.code, refused.problems.len()), (ErrorCode::NoData, 0));
        assert!(refused.message.ends_with("2025-01-31. Give dates for which the price source has prices."));
    }

    #[test]
    fn reasons_that_differ_in_the_ticker_alone_are_said_once() {
        use ExclusionReason::{BadTicker, NoData};
        let none = |ticker: &str| lost(ticker, NoData, &format!("no price of {ticker} in the window"));
        let refused =
            nothing_of(vec![none("AAA"), none("BBB"), lost("C.C", BadTicker, "no symbol"), none("DDD")], None);
        assert_eq!(
            refused.message,
            "none of the 4 factors can be analysed. AAA: no price of AAA in the window; C.C: no symbol; and 2 more."
        );
        let alone = nothing_of(vec![none("AAA")], None);
        assert_eq!(alone.message, "none of the 1 factors can be analysed. AAA: no price of AAA in the window.");
        let all_different = ["AAA", "BBB", "CCC", "DDD"].map(|ticker| lost(ticker, NoData, &ticker.repeat(2)[1..]));
        let refused = nothing_of(all_different.to_vec(), None).message;
        assert!(refused.contains("CCC: ") && !refused.contains("DDD: ") && refused.ends_with("; and 1 more."));
    }

    #[test]
    fn the_code_says_whose_fault_it_is_that_nothing_was_analysed() {
        use ExclusionReason::{FetchFailed, NoData, ThinHistory};
        let failed = || vec![lost("AAA", FetchFailed, "it failed"), lost("BBB", ThinHistory, "3 returns")];
        for (fault, code) in [
            (SourceFault::Auth, ErrorCode::UpstreamAuth),
            (SourceFault::Plan, ErrorCode::UpstreamAuth),
            (SourceFault::Limited, ErrorCode::RateLimited),
            (SourceFault::Late, ErrorCode::Timeout),
            (SourceFault::Unavailable, ErrorCode::UpstreamUnavailable),
            (SourceFault::Unusable, ErrorCode::UpstreamUnavailable),
        ] {
            assert_eq!(nothing_of(failed(), Some(fault)).code, code, "{fault:?}");
        }
        assert_eq!(nothing_of(failed(), None).code, ErrorCode::InsufficientData, "one has a short history");
        assert_eq!(nothing_of(vec![lost("AAA", NoData, "none")], None).code, ErrorCode::NoData);
    }

    #[test]
    fn other_failures_have_their_code_and_their_argument() {
        let caps = of_analysis(&AnalysisError::NoCaps("12 were asked for".to_owned()), json!({}));
        assert_eq!(caps.code, ErrorCode::InsufficientData);
        assert!(caps.message.contains("12 were asked for"), "{}", caps.message);
        assert_eq!(
            caps.problems[0].to_string(),
            "`composite_weighting_method` (got cap) needs a market cap of one member at least: write equal, or custom \
             with composite_weights"
        );
        for (error, code) in [
            (AnalysisError::NoFactors("include: crypto".to_owned()), ErrorCode::InvalidArgument),
            (AnalysisError::TooManyFactors { count: 600, limit: 500 }, ErrorCode::InvalidArgument),
            (AnalysisError::Cancelled, ErrorCode::Timeout),
        ] {
            let refused = of_analysis(&error, json!({}));
            assert_eq!((refused.code, &refused.message), (code, &error.to_string()));
            assert!(refused.problems.is_empty());
        }
    }
}
