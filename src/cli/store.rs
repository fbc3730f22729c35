//! `factor-mcp store`: the file of groups, portfolios and users.

use std::{
    path::{Path, PathBuf},
    process::ExitCode,
};

use chrono::Utc;
use clap::{Args, Subcommand};
use factor_store::maintenance::{self, Backup, Restored, StoreReport};
use serde_json::{Value, json};

use super::{
    admin::UsageError,
    terminal::{Format, ask, print, print_json, say, time},
};
use crate::settings::Settings;

/// What to do with the file.
#[derive(Debug, Args)]
pub struct StoreArgs {
    #[command(subcommand)]
    command: StoreCommand,
}

#[derive(Debug, Subcommand)]
enum StoreCommand {
    /// Go through the file: its pages, the checksum of every row, its backups. Nothing is changed; exit code 1 when
    /// something is damaged
    Check {
        /// A text for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Make the backup of today beside the file; the last seven days are kept
    Backup {
        /// A text for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
    /// Put a backup in the file's place, with what is newer and whole in a damaged one; what is there is put aside, never
    /// overwritten
    Restore {
        /// Another backup than the newest that is whole
        #[arg(long, value_name = "FILE")]
        from: Option<PathBuf>,
        /// Say what would be done and change nothing
        #[arg(long)]
        dry_run: bool,
        /// Do not ask first
        #[arg(long)]
        force: bool,
        /// A text for people or JSON for programs
        #[arg(long, value_enum, default_value_t = Format::Table)]
        format: Format,
    },
}

/// Runs the command.
///
/// # Errors
/// When the store is none of this machine's files, or a file cannot be read or written.
pub async fn run(settings: &Settings, args: StoreArgs) -> anyhow::Result<ExitCode> {
    let folder = folder(settings)?;
    match args.command {
        StoreCommand::Check { format } => check(folder, format).await,
        StoreCommand::Backup { format } => {
            let backup = maintenance::back_up(folder, Utc::now().date_naive()).await?;
            match format {
                Format::Json => print_json(&of_backup(&backup))?,
                Format::Table => print(&format!("{}: {} bytes", backup.file.display(), backup.bytes))?,
            }
            Ok(ExitCode::SUCCESS)
        }
        StoreCommand::Restore { from, dry_run, force, format } => {
            restore(folder, from.as_deref(), (dry_run, force), format).await
        }
    }
}

fn folder(settings: &Settings) -> anyhow::Result<&Path> {
    if settings.store.database_url.is_some() {
        let said = "DATABASE_URL names a Postgres, which has tools of its own: pg_amcheck, pg_dump, pg_restore";
        return Err(UsageError(said.to_owned()).into());
    }
    let none = || UsageError("there is no data folder: set FACTOR_DATA_DIR".to_owned());
    Ok(settings.store.data_dir.as_deref().ok_or_else(none)?)
}

async fn check(folder: &Path, format: Format) -> anyhow::Result<ExitCode> {
    let report = maintenance::check(folder).await?;
    match format {
        Format::Json => print_json(&of_report(&report))?,
        Format::Table => print(&in_words(&report))?,
    }
    Ok(if report.is_whole() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

async fn restore(
    folder: &Path,
    from: Option<&Path>,
    (dry_run, force): (bool, bool),
    format: Format,
) -> anyhow::Result<ExitCode> {
    let would = maintenance::restore(folder, from, true).await?;
    if dry_run {
        show(&would, true, format)?;
        return Ok(ExitCode::SUCCESS);
    }
    if !force && !ask(&format!("{} Do it?", sentence(&would, true)))? {
        say("nothing was changed");
        return Ok(ExitCode::FAILURE);
    }
    show(&maintenance::restore(folder, from, false).await?, false, format)?;
    Ok(ExitCode::SUCCESS)
}

fn show(restored: &Restored, dry_run: bool, format: Format) -> anyhow::Result<()> {
    match format {
        Format::Json => print_json(&json!({
            "dry_run": dry_run,
            "from": restored.from,
            "salvaged": restored.salvaged,
            "put_aside": restored.put_aside,
            "users": restored.users,
            "groups": restored.groups,
            "portfolios": restored.portfolios,
        }))?,
        Format::Table => {
            print(&sentence(restored, dry_run))?;
            for item in &restored.salvaged {
                print(&format!("taken from the damaged file: {item}"))?;
            }
            if let Some(aside) = &restored.put_aside {
                print(&format!("what was there is now {}", aside.display()))?;
            }
        }
    }
    Ok(())
}

fn sentence(restored: &Restored, dry_run: bool) -> String {
    let from = match &restored.from {
        Some(from) => format!("the backup {}", from.display()),
        None => "an empty file, as no backup is whole".to_owned(),
    };
    let (verb, newer) = (if dry_run { "would be restored" } else { "is restored" }, restored.salvaged.len());
    let Restored { users, groups, portfolios, .. } = restored;
    format!(
        "The store {verb} from {from}, with {newer} newer rows of the damaged file: {groups} groups and {portfolios} \
         portfolios of {users} users."
    )
}

fn of_backup(backup: &Backup) -> Value {
    json!({"file": backup.file, "made_at": backup.made_at.map(time), "bytes": backup.bytes})
}

fn of_report(report: &StoreReport) -> Value {
    let damaged = report.damaged.iter().map(|item| json!({"kind": item.kind, "user": item.user, "name": item.name}));
    json!({
        "file": report.file,
        "exists": report.exists,
        "whole": report.is_whole(),
        "awaits_restore": report.awaits_restore,
        "problems": report.problems,
        "users": report.users,
        "groups": report.groups,
        "portfolios": report.portfolios,
        "damaged": damaged.collect::<Vec<_>>(),
        "backups": report.backups.iter().map(of_backup).collect::<Vec<_>>(),
        "put_aside": report.put_aside,
    })
}

fn in_words(report: &StoreReport) -> String {
    let file = report.file.display();
    let mut lines = vec![match (report.exists, report.awaits_restore) {
        (false, true) => format!("{file} was damaged and put aside: run `factor-mcp store restore`"),
        (false, false) => format!("{file}: nothing is kept yet"),
        (true, _) if report.is_whole() => format!(
            "{file} is whole: {} groups and {} portfolios of {} users",
            report.groups, report.portfolios, report.users
        ),
        (true, _) => format!("{file} is damaged: run `factor-mcp store restore`"),
    }];
    lines.extend(report.problems.iter().map(|problem| format!("damaged: {problem}")));
    lines.extend(
        report.damaged.iter().map(|item| format!("damaged: {} `{}` of user {}", item.kind, item.name, item.user)),
    );
    lines.extend(
        report.backups.iter().map(|backup| format!("backup: {}, {} bytes", backup.file.display(), backup.bytes)),
    );
    lines.extend(report.put_aside.iter().map(|aside| format!("put aside: {}", aside.display())));
    lines.join("\n")
}
