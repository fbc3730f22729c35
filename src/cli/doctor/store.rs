//! The store of groups, portfolios and users.

use std::time::Duration;

use factor_store::{StoreError, maintenance};

use super::{Finding, Part};
use crate::{app::App, settings::Settings};

/// A database that has not answered by then is away.
const PATIENCE: Duration = Duration::from_secs(10);

/// Whether nothing was kept in the folder so far: the file would be made by being opened.
pub(super) async fn is_fresh(settings: &Settings) -> bool {
    let own_file = settings.store.database_url.is_none();
    let Some(folder) = settings.store.data_dir.as_deref().filter(|_| own_file) else { return false };
    maintenance::check(folder).await.is_ok_and(|report| !report.exists && report.is_whole())
}

pub(super) async fn look(app: &App) -> Vec<Finding> {
    let own_file = app.settings.store.database_url.is_none();
    let folder = app.settings.store.data_dir.as_deref().filter(|_| own_file);
    if own_file && folder.is_none() {
        // Said of the folder.
        return Vec::new();
    }
    if let Some(folder) = folder {
        match maintenance::check(folder).await {
            Ok(report) if report.is_whole() => {}
            Ok(report) => {
                let damaged = report.damaged.iter().map(|item| format!("the {} `{}`", item.kind, item.name));
                let mut said: Vec<String> = report.problems.iter().cloned().chain(damaged).collect();
                if report.awaits_restore {
                    said.push("it was damaged and put aside".to_owned());
                }
                let says = format!("{} is damaged: {}", report.file.display(), said.join("; "));
                return vec![Finding::trouble(Part::Store, says, way_out(report.backups.is_empty()))];
            }
            // Nobody has made the folder, or may: the folder's own finding says so.
            Err(error) if !folder.is_dir() => {
                return vec![Finding::note(Part::Store, error.to_string(), "see the folder")];
            }
            Err(error) => return vec![of(&error, app.store.name())],
        }
    }
    match tokio::time::timeout(PATIENCE, app.store.check()).await {
        Ok(Ok(())) => vec![Finding::ok(Part::Store, format!("{}, tables of this version", app.store.name()))],
        Ok(Err(error)) => vec![of(&error, app.store.name())],
        Err(_) => {
            let says = format!("{} did not answer within {} s", app.store.name(), PATIENCE.as_secs());
            vec![Finding::trouble(Part::Store, says, REACH)]
        }
    }
}

const REACH: &str = "see that the database runs and can be reached from here, and that DATABASE_URL names it";

fn way_out(no_backup: bool) -> &'static str {
    if no_backup {
        "stop the server, copy the file away, and run `factor-mcp store restore`: it takes what is whole in it"
    } else {
        "stop the server and run `factor-mcp store restore`; with --dry-run it says first what comes back"
    }
}

fn of(error: &StoreError, store: &str) -> Finding {
    let says = error.to_string();
    let to_do = match error {
        StoreError::Schema(_) => {
            "older tables are brought to this version when the server starts, or by `factor-mcp migrate`; for newer ones get the version that wrote them"
        }
        StoreError::Unavailable(_) if store == "postgres" => REACH,
        StoreError::Unavailable(_) => "see that the folder can be read and written by the user who runs this",
        StoreError::Full(_) => "make room on its disk",
        StoreError::ReadOnly(_) => "give the user who runs the server the right to write it",
        StoreError::Locked(_) => "stop the other program that has it open, and look again",
        StoreError::UnsafeRole(_) => "run `factor-mcp migrate --app-role NAME` and let the server use that role",
        StoreError::Damaged(_) | StoreError::DamagedRow { .. } => way_out(false),
        StoreError::NotConfigured => "set FACTOR_DATA_DIR to a folder or DATABASE_URL to a Postgres",
        StoreError::Unreadable(_) | StoreError::Changed { .. } | StoreError::Refused(_) => {
            "run `factor-mcp store check`, which says more"
        }
    };
    Finding::trouble(Part::Store, says, to_do)
}
