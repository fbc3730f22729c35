//! What the commands that keep reference data and users have in common.

mod change;
mod mapping;
mod words;

use std::sync::Arc;

use chrono::{DateTime, SecondsFormat, Utc};
use clap::Args;
use factor_store::{Author, Store};

pub(super) use self::{
    change::{Change, report, told},
    mapping::{RowsInForce, is_missing, rows_in_force},
    words::{AssetCategory, Name, Text},
};
use crate::{app::open_store, settings::Settings};

/// Who changes something and why, and whether to ask or to write at all.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArgs {
    /// Who changes it (default: the user of the operating system)
    #[arg(long, value_name = "NAME")]
    by: Option<Name>,
    /// Why; kept beside the change
    #[arg(long, value_name = "TEXT")]
    why: Option<Text>,
    /// Say what would be done and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl ChangeArgs {
    /// Who changes something, by the command that `words` spell.
    pub(super) fn author(&self, words: &str) -> Author {
        let who = self.by.as_ref().map_or_else(system_user, |name| name.0.clone());
        let why = self.why.as_ref().map_or_else(|| words.to_owned(), |why| format!("{words}: {}", why.0));
        Author { who, why }
    }
}

/// Wrong words on the command line that only the store could tell: exit code 2.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

/// The store, with the tables of this version unless the settings forbid to make them.
///
/// # Errors
/// When it cannot be reached or its tables cannot be brought to this version.
pub(super) async fn open(settings: &Settings) -> anyhow::Result<Arc<dyn Store>> {
    let store = open_store(settings, false)?;
    if settings.migrate {
        store.migrate().await?;
    }
    Ok(store)
}

/// A time as answers write it.
pub(super) fn time(at: DateTime<Utc>) -> String {
    at.to_rfc3339_opts(SecondsFormat::Secs, true)
}

fn system_user() -> String {
    whoami::username().ok().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}
