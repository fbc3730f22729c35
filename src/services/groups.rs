//! Factor groups: baskets of the caller's own that are factors for the caller.
//!
//! One file per question; [`view`] is how a group and its check look in every answer, [`check`] looks at a group's data.

mod arguments;
pub mod check;
pub mod create;
pub mod delete;
mod errors;
pub mod get;
pub mod list;
pub mod update;
pub mod validate;
pub mod view;

use factor_store::SavedGroup;
use factor_types::{GroupName, UserId};

pub(crate) use self::arguments::LONGEST_DESCRIPTION;
use super::saved_items::not_found;
use crate::{
    answer::{Kept, Version},
    app::App,
    tool_error::ToolError,
};

/// A group of the caller's.
///
/// # Errors
/// `not_found` with the nearest names.
async fn find(app: &App, user: UserId, name: &GroupName) -> Result<SavedGroup, ToolError> {
    match app.store.group(user, name).await? {
        Some(kept) => Ok(kept),
        None => Err(missing(app, user, name).await?),
    }
}

/// What is kept of a group.
fn kept(group: &SavedGroup, is_new: bool) -> Kept {
    Kept { name: group.group.what.name.to_string(), version: version(group), is_new }
}

/// The state that a group is in.
fn version(group: &SavedGroup) -> Version {
    Version::of(&(&group.group, &group.settled))
}

/// What is said of a name that no group has.
async fn missing(app: &App, user: UserId, name: &GroupName) -> Result<ToolError, ToolError> {
    let groups = app.store.groups(user).await?;
    let known: Vec<String> = groups.rows.iter().map(|kept| kept.group.what.name.to_string()).collect();
    Ok(not_found("factor group", "group_name", name, &known, "create_factor_group"))
}
