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
            use factor_analytics::panel::WindowError::{NoPrices, NoWholeMonth, StartNotBeforeEnd};
            match window {
                NoPrices | NoWholeMonth { .. } => ToolError::new(ErrorCode::NoData, message),
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
