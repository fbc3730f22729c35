//! What the commands that keep reference data and users have in common.

mod change;
mod mapping;
mod values;

use std::sync::Arc;

use clap::Args;
use factor_store::{Author, Store};

pub(super) use self::{
    change::{Change, report_json, report_text},
    mapping::{RowsInForce, rows_in_force},
    values::{AssetCategory, Name, Text},
};
use crate::{app::open_store, settings::Settings};

/// Who changes something and why, and whether to ask or to write at all.
#[derive(Debug, Clone, Args)]
pub(super) struct ChangeArgs {
    /// Who changes it (default: the user of the operating system)
    #[arg(long, value_name = "NAME")]
    by: Option<Name>,
    /// Why; kept with the change
    #[arg(long, value_name = "TEXT")]
    why: Option<Text>,
    /// Say what would be done and write nothing
    #[arg(long)]
    pub(super) dry_run: bool,
}

impl ChangeArgs {
    /// Who changes something by this command, and why: the command itself, and what they say of it.
    pub(super) fn author(&self, command: &str) -> Author {
        let who = self.by.as_ref().map_or_else(system_user, |name| name.0.clone());
        let why = self.why.as_ref().map_or_else(|| command.to_owned(), |why| format!("{command}: {}", why.0));
        Author { who, why }
    }
}

/// A wrong argument that only a look into the store could find: exit code 2.
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

fn system_user() -> String {
    whoami::username().ok().filter(|name| !name.trim().is_empty()).unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_signed_with_its_command_and_the_reason() {
        let signed = |by: Option<&str>, why: Option<&str>| {
            let (by, why) = (by.map(|name| name.parse().unwrap()), why.map(|why| why.parse().unwrap()));
            ChangeArgs { by, why, dry_run: false }.author("asset-proxy add cash usd BIL")
        };
        let author = signed(Some(" Ada "), Some("cheaper"));
        assert_eq!((author.who.as_str(), author.why.as_str()), ("Ada", "asset-proxy add cash usd BIL: cheaper"));
        let author = signed(None, None);
        assert_eq!(author.why, "asset-proxy add cash usd BIL");
        assert!(!author.who.trim().is_empty(), "the user of the system, or unknown");
    }
}
