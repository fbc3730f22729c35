//! A store put together again: a backup, and what is newer in a damaged file and still whole.

use std::{
    fs,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{Backup, StoreReport, Survey, check, look, salvage};
use crate::{
    StoreError, files,
    store::{
        FILE,
        database::{Access, Database, Engine},
        errors, schema,
        sqlite::{SqliteFile, SqliteTransaction, aside, backups, blocking, lock, open_to_write},
    },
};

/// What a restore did, or would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Restored {
    /// The backup that it rests on; none where there is none that is whole.
    pub from: Option<PathBuf>,
    /// What was taken besides from the damaged file, in words.
    pub salvaged: Vec<String>,
    /// Where the file that had the name is now.
    pub put_aside: Option<PathBuf>,
    /// The groups that are there then.
    pub groups: usize,
    /// The portfolios that are there then.
    pub portfolios: usize,
    /// The users that are there then.
    pub users: usize,
}

/// Restores the store of a folder from a backup: from the one given, or the newest that is whole. Where the file that
/// has the name is damaged, or was and is put aside, what is newer there and whole is taken too; no file is overwritten,
/// the one that has the name is put aside. With `dry_run` nothing of it stays.
///
/// # Errors
/// When the backup given is not whole, or something cannot be read or written.
pub async fn restore(data_dir: &Path, from: Option<&Path>, dry_run: bool) -> Result<Restored, StoreError> {
    let report = check(data_dir).await?;
    let path = data_dir.join(FILE);
    let failed = |error: &std::io::Error| errors::of_files(&path.display().to_string(), error);
    let _lock = lock(&path).await.map_err(|error| failed(&error))?;
    // While it is held no other process writes into the file; into a damaged one it may not be had.
    let held = hold(&path).await;
    let from = match from {
        Some(given) => Some(whole_backup(given).await?),
        None => newest_whole(&report.backups).await,
    };
    let fresh = files::named(&path, ".restored");
    let outcome = put_together(&report, from, &fresh).await;
    let named = match outcome {
        Ok(restored) if !dry_run => {
            let moved = blocking(&path, {
                let (path, fresh, word) =
                    (path.clone(), fresh.clone(), if report.is_whole() { "replaced" } else { "damaged" });
                move || {
                    let put_aside = path.exists().then(|| files::put_aside(&path, word)).transpose()?;
                    backups::settle(&fresh, &path)?;
                    Ok(put_aside)
                }
            });
            moved.await.map(|put_aside| Restored { put_aside, ..restored }).map_err(|error| failed(&error))
        }
        outcome => outcome,
    };
    if let Some(held) = held {
        drop(held.rollback().await);
    }
    let _ = blocking(&path, move || sweep(&fresh)).await;
    named
}

async fn hold(path: &Path) -> Option<SqliteTransaction> {
    if !path.exists() {
        return None;
    }
    let pool = open_to_write(path);
    SqliteTransaction::begin(pool.acquire().await.ok()?, Access::Write, None).await.ok()
}

async fn whole_backup(given: &Path) -> Result<PathBuf, StoreError> {
    let damaged = |why: String| StoreError::Refused(format!("the backup {} is not whole: {why}", given.display()));
    if !given.exists() {
        return Err(StoreError::Refused(format!("there is no file {}", given.display())));
    }
    match look(given).await {
        Ok((survey, _)) if survey.damaged.is_empty() => Ok(given.to_owned()),
        Ok((survey, _)) => Err(damaged(format!("{} rows in it are damaged", survey.damaged.len()))),
        // Of an older version: it has no checksums yet, and its tables are brought to this version.
        Err(StoreError::Schema(_)) => Ok(given.to_owned()),
        Err(error) => Err(damaged(error.to_string())),
    }
}

async fn newest_whole(backups: &[Backup]) -> Option<PathBuf> {
    let mut newest: Vec<&Backup> = backups.iter().collect();
    // A copied folder keeps the names and not the times.
    newest.sort_by_key(|backup| (backups::day_of(&backup.file), backup.made_at));
    for backup in newest.into_iter().rev() {
        match whole_backup(&backup.file).await {
            Ok(file) => return Some(file),
            Err(error) => tracing::warn!("{error}"),
        }
    }
    None
}

/// Writes the whole of it under another name.
async fn put_together(report: &StoreReport, from: Option<PathBuf>, fresh: &Path) -> Result<Restored, StoreError> {
    let begun = blocking(fresh, {
        let (from, fresh) = (from.clone(), fresh.to_owned());
        move || {
            sweep(&fresh)?;
            files::begin_private(&fresh)?;
            from.map_or(Ok(0), |from| fs::copy(from, &fresh)).map(drop)
        }
    });
    begun.await.map_err(|error| errors::of_files(&fresh.display().to_string(), &error))?;
    let found = match damaged_file(report) {
        Some(file) => salvage::read(&file).await,
        None => salvage::Found::default(),
    };
    let file = SqliteFile::new(fresh.to_owned());
    let database = Database { place: fresh.display().to_string(), engine: Engine::Sqlite(Arc::clone(&file)) };
    let restored = async {
        schema::prepare(&database, true, false).await?;
        let put = database.transact(None, Access::Write, async |tx| {
            let salvaged = salvage::put(tx, &found).await?;
            Ok((salvaged, Survey::of(tx).await?))
        });
        let (salvaged, survey) = put.await?;
        let (groups, portfolios, users) = (survey.groups, survey.portfolios, survey.users);
        Ok(Restored { from, salvaged, put_aside: None, groups, portfolios, users })
    };
    let restored = restored.await;
    file.close().await;
    restored
}

/// The file whose newer rows are wanted: the one that has the name if it is damaged, else the last put aside.
fn damaged_file(report: &StoreReport) -> Option<PathBuf> {
    match (report.exists, report.is_whole()) {
        (true, true) => None,
        (true, false) => Some(report.file.clone()),
        (false, _) => aside::all(&report.file).pop(),
    }
}

/// Removes a file and what was made beside it.
fn sweep(fresh: &Path) -> std::io::Result<()> {
    files::remove(fresh)?;
    backups::beside(fresh, ".", |_| true).iter().try_for_each(fs::remove_file)
}
