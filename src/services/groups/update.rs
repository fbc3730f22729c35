//! What is given of a group, changed, and the group checked.

use factor_store::{Expected, SavedGroup, WriteOutcome};
use factor_types::{FactorGroup, GroupName, UserId};
use schemars::JsonSchema;
use serde::Serialize;

use super::{
    arguments,
    check::check,
    create::UNCHECKED,
    errors::{check_error, taken},
    find, kept, missing, version,
    view::{CheckView, GroupView},
};
use crate::{
    answer::Rendered,
    app::App,
    arguments::Args,
    services::{
        Call, Precondition,
        saved_items::{self, Success, changed_meanwhile},
    },
    tool_error::ToolError,
};

const NAMES: [&str; 7] =
    ["group_name", "new_name", "tickers", "description", "weighting_method", "weights", "validate"];

/// The group as it is and as it will be.
#[derive(Debug, Clone, PartialEq)]
pub struct Request {
    /// The name it was called by.
    pub name: GroupName,
    /// The group as it is kept.
    pub before: SavedGroup,
    /// The group as it will be.
    pub group: FactorGroup,
    /// Whether its data is checked first.
    pub validate: bool,
}

/// The group as it was saved.
#[derive(Debug, Clone, PartialEq, Serialize, JsonSchema)]
pub struct UpdatedGroup {
    status: Success,
    #[serde(flatten)]
    group: GroupView,
    #[serde(flatten)]
    check: CheckView,
    /// What its user should know of the change.
    #[serde(skip_serializing_if = "Option::is_none")]
    note: Option<String>,
}

/// Answers a call.
///
/// # Errors
/// Every mistake of the arguments, no such group, a name that is taken, too little data, a source that cannot answer.
pub async fn answer(app: &App, call: &Call) -> Result<Rendered, ToolError> {
    let request = Request::read(app, call.user, &Args::new(call.arguments.clone())).await?;
    let (answer, group) = run(app, request, call).await?;
    Ok(saved_items::rendered(app, call.user, &answer, &["warnings"]).of_kept(kept(&group, false)))
}

impl Request {
    /// What weights mean depends on the group as it is kept, so it is looked up on the way.
    async fn read(app: &App, user: UserId, args: &Args) -> Result<Self, ToolError> {
        args.require("group_name");
        let name = saved_items::name(args, "group_name");
        let new_name = saved_items::name(args, "new_name");
        let description = arguments::description(args);
        let tickers = arguments::tickers(args, &app.settings.groups);
        let method = arguments::method(args);
        let validate = args.boolean("validate").unwrap_or(true);
        let Some(name) = name else {
            // Without a group weights are still read for their own mistakes.
            arguments::weighting(args, method, tickers.as_deref(), None);
            args.finish(&NAMES)?;
            return Err(ToolError::internal());
        };
        let before = find(app, user, &name).await?;
        let old = &before.group.what;
        let members = if args.has("tickers") { tickers } else { Some(old.tickers.clone()) };
        let weighting = arguments::weighting(args, method, members.as_deref(), Some((&old.tickers, &old.weighting)));
        args.finish(&NAMES)?;
        let (Some(tickers), Some(weighting)) = (members, weighting) else { return Err(ToolError::internal()) };
        let group = FactorGroup {
            name: new_name.unwrap_or_else(|| old.name.clone()),
            description: description.unwrap_or_else(|| old.description.clone()),
            tickers,
            weighting,
        };
        Ok(Self { name, before, group, validate })
    }
}

/// Saves the group as it will be, checked first where that is asked for; the group as it is kept stands beside the answer.
///
/// # Errors
/// Another state than the call takes it for, a name that is taken, too little data, a source that cannot answer.
pub async fn run(app: &App, request: Request, call: &Call) -> Result<(UpdatedGroup, SavedGroup), ToolError> {
    let Request { name, before, group, validate } = request;
    let old = &before.group.what;
    if !call.precondition.allows(&version(&before)) {
        return Err(changed_meanwhile("factor group", &name));
    }
    // A check takes its time: what was looked at is still there, or nothing is written.
    let expected = match call.precondition {
        Precondition::None => Expected::Anything,
        _ => Expected::This(&before),
    };
    if group.name != old.name
        && let Some(other) = app.store.group(call.user, &group.name).await?
    {
        return Err(taken(&other, "new_name", &group.name));
    }
    let check = if validate {
        let checked = check(app, &group, None, &call.caller(app.clock())).await;
        Some(checked.map_err(|error| check_error(&error, true))?)
    } else {
        None
    };
    // Without a check the weights stay while what they rest on does.
    let same_weights = group.same_content(&FactorGroup {
        name: group.name.clone(),
        description: group.description.clone(),
        ..old.clone()
    });
    let stays = before.settled.as_ref().filter(|_| same_weights);
    let settled = check.as_ref().map(|check| &check.settled).or(stays);
    let kept = match app.store.update_group_if(call.user, (&name, expected), &group, settled).await? {
        Some(WriteOutcome::Written(kept) | WriteOutcome::Unchanged(kept)) => kept,
        Some(WriteOutcome::Conflict(other)) => return Err(taken(&other, "new_name", &group.name)),
        None => return Err(missing(app, call.user, &name).await?),
    };
    let mut notes = Vec::new();
    if group.name.as_str() != old.name.as_str() {
        notes.push(format!("Renamed: it was {} ({}).", old.name, old.name.identifier()));
    }
    if !validate && kept.settled.is_none() {
        notes.push(UNCHECKED.to_owned());
    }
    let answer = UpdatedGroup {
        status: Success::Success,
        group: GroupView::from(&kept),
        check: CheckView::of(&kept, check),
        note: (!notes.is_empty()).then(|| notes.join(" ")),
    };
    Ok((answer, kept))
}
