//! What a caller sees of a group that cannot be saved.

use factor_prices::SourceFault;
use factor_store::SavedGroup;
use factor_types::GroupName;
use serde_json::json;

use super::check::{CheckError, ExcludedMember};
use crate::tool_error::{ErrorCode, Problem, Refusal, ToolError};

/// What is said of a name that another group has.
pub(super) fn taken(kept: &SavedGroup, field: &str, asked: &GroupName) -> ToolError {
    let group = &kept.group.what;
    let what = format!(
        "A factor group called `{}` exists already with other content ({} tickers, weighting_method {})",
        group.name,
        group.tickers.len(),
        group.weighting.as_str()
    );
    let way_out = "change it with update_factor_group, or take another name";
    let rule = "must not be the name of another group, whatever the case and with spaces or underscores";
    ToolError::new(ErrorCode::AlreadyExists, what, way_out).with_problem(Problem::new(
        field,
        json!(asked.as_str()).to_string(),
        Refusal::new(rule, way_out),
    ))
}

/// The caller's view of a check that failed. `unchecked` when the call could have gone without one.
pub(super) fn check_error(error: &CheckError, unchecked: bool) -> ToolError {
    match error {
        CheckError::Insufficient { excluded, message, .. } => {
            let way_out = "Take other tickers with longer histories, or leave these out";
            let mut failed = ToolError::new(ErrorCode::InsufficientData, message, way_out);
            let problem = |one: &ExcludedMember| {
                let refusal = Refusal::new(&one.detail, "take another ticker, or leave it out");
                Problem::new("tickers", json!(one.ticker).to_string(), refusal)
            };
            failed.problems = excluded.iter().map(problem).collect();
            failed
        }
        CheckError::Source { fault, why } => {
            let code = match fault {
                SourceFault::Auth | SourceFault::Plan => ErrorCode::UpstreamAuth,
                SourceFault::Limited => ErrorCode::RateLimited,
                SourceFault::Late => ErrorCode::Timeout,
                SourceFault::Unavailable | SourceFault::Unusable => ErrorCode::UpstreamUnavailable,
            };
            let way_out = if unchecked {
                "Nothing was saved. Call again later, or give validate: false to save the group without a check"
            } else {
                "Call again later"
            };
            ToolError::new(code, format!("The price source cannot check this group now: {why}"), way_out)
        }
        CheckError::Refused(refused) => {
            ToolError::new(ErrorCode::InvalidArgument, refused.to_string(), "Take fewer tickers, or others")
        }
        CheckError::Cancelled => ToolError::cancelled(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::services::groups::check::ExcludedReason;

    #[test]
    fn a_source_that_fails_is_no_fault_of_the_group() {
        let codes = [
            (SourceFault::Auth, ErrorCode::UpstreamAuth),
            (SourceFault::Plan, ErrorCode::UpstreamAuth),
            (SourceFault::Limited, ErrorCode::RateLimited),
            (SourceFault::Late, ErrorCode::Timeout),
            (SourceFault::Unavailable, ErrorCode::UpstreamUnavailable),
            (SourceFault::Unusable, ErrorCode::UpstreamUnavailable),
        ];
        for (fault, code) in codes {
            let failed = CheckError::Source { fault, why: "it is down".to_owned() };
            let (saving, looking) = (check_error(&failed, true), check_error(&failed, false));
            assert_eq!((saving.code, looking.code), (code, code));
            assert!(saving.message.contains("it is down. Nothing was saved."), "{}", saving.message);
            assert!(!looking.message.contains("saved"), "{}", looking.message);
        }
    }

    #[test]
    fn too_little_data_names_each_member_at_fault() {
        let excluded = vec![ExcludedMember {
            ticker: "XYZ".parse().unwrap(),
            reason: ExcludedReason::NoData,
            detail: "no prices of XYZ were found".to_owned(),
        }];
        let message = "a group needs 2 members".to_owned();
        let error = check_error(&CheckError::Insufficient { included: Vec::new(), excluded, message }, true);
        assert_eq!(
            (error.code, error.message.as_str()),
            (
                ErrorCode::InsufficientData,
                "A group needs 2 members. Take other tickers with longer histories, or leave these out."
            )
        );
        assert_eq!((error.problems[0].got(), error.problems[0].field()), ("\"XYZ\"", "tickers"));
    }
}
