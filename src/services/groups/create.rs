//! A new group, saved after a check of its data.

use factor_store::{SavedGroup, WriteOutcome};
use factor_types::{FactorGroup, SettledWeights, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arguments,
    check::check,
    errors::{check_error, taken},
    kept,
    view::{CheckView, GroupView},
};
use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    services::{
        Call,
        saved_items::{self, Success},
    },
    settings::GroupSettings,
    tool_error::ToolError,
};

const NAMES: [&str; 6] = ["group_name", "tickers", "description", "weighting_method", "weights", "validate"];
pub(super) const UNCHECKED: &str = "Saved without a check: update_factor_group with group_name alone checks it.";

/// The group to be saved.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The group.
    pub group: FactorGroup,
    /// Whether its data is checked first.
    pub validate: bool,
}

/// The group as it was saved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct CreatedGroup {
    status: Success,
    #[serde(flatten)]
    group: GroupView,
    #[serde(flatten)]
    check: CheckView,
    /// False when it was there already with the same content.
    created: bool,
    /// What was done differently than asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<&'static str>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, a name that is taken, too little data, a source that cannot answer.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let request = Request::read(&Args::new(call.arguments.clone()), &app.settings.groups)?;
    let (answer, group) = run(app, request, call).await?;
    let created = answer.created;
    Ok(saved_items::rendered(app, call.user, &answer, &["warnings"]).of_kept(kept(&group, created)))
}

impl Request {
    fn read(args: &Args, settings: &GroupSettings) -> Result<Self, ToolError> {
        args.require("group_name");
        args.require("tickers");
        let name = saved_items::name(args, "group_name");
        let description = arguments::description(args).unwrap_or_default();
        let tickers = arguments::tickers(args, settings);
        let weighting = arguments::weighting(args, arguments::method(args), tickers.as_deref(), None);
        let validate = args.boolean("validate").unwrap_or(true);
        args.finish(&NAMES)?;
        let (Some(name), Some(tickers), Some(weighting)) = (name, tickers, weighting) else {
            return Err(ToolError::internal());
        };
        Ok(Self { group: FactorGroup { name, description, tickers, weighting }, validate })
    }
}

/// Saves the group, checked first where that is asked for; the group as it is kept stands beside the answer.
///
/// # Errors
/// A name that is taken, too little data, a source that cannot answer.
pub async fn run(app: &App, request: Request, call: &Call) -> Result<(CreatedGroup, SavedGroup), ToolError> {
    let Request { group, validate } = request;
    let there = app.store.group(call.user, &group.name).await?;
    if let Some(other) = there.as_ref().filter(|kept| !kept.group.what.same_content(&group)) {
        return Err(taken(other, "group_name", &group.name));
    }
    let settled = there.and_then(|kept| kept.settled);
    let check = if validate {
        // A group that is there keeps its weights: saving it again changes nothing.
        let checked = check(app, &group, settled.as_ref(), &call.caller(app.clock())).await;
        Some(checked.map_err(|error| check_error(&error, true))?)
    } else {
        None
    };
    let (kept, created) = save(app, call.user, &group, check.as_ref().map(|check| &check.settled)).await?;
    let note = if !created {
        Some("This group was there already with the same content.")
    } else {
        (!validate).then_some(UNCHECKED)
    };
    let answer = CreatedGroup {
        status: Success::Success,
        group: GroupView::from(&kept),
        check: CheckView::of(&kept, check),
        created,
        note,
    };
    Ok((answer, kept))
}

/// The group as it is kept now, and whether it is new.
async fn save(
    app: &App,
    user: UserId,
    group: &FactorGroup,
    settled: Option<&SettledWeights>,
) -> Result<(SavedGroup, bool), ToolError> {
    match app.store.create_group(user, group, settled).await? {
        WriteOutcome::Written(kept) => Ok((kept, true)),
        WriteOutcome::Conflict(other) => Err(taken(&other, "group_name", &group.name)),
        // It was saved without a check before; now it has one.
        WriteOutcome::Unchanged(kept) if kept.settled.is_none() && settled.is_some() => {
            match app.store.update_group(user, &group.name, group, settled).await? {
                Some(WriteOutcome::Written(kept) | WriteOutcome::Unchanged(kept)) => Ok((kept, false)),
                Some(WriteOutcome::Conflict(_)) | None => Ok((kept, false)),
            }
        }
        WriteOutcome::Unchanged(kept) => Ok((kept, false)),
    }
}
