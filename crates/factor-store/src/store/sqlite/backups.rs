//! Backups beside the file: of the last seven days, and from before each migration.

use std::{
    fs, io,
    path::{Path, PathBuf},
    time::Duration,
};

use chrono::NaiveDate;
use sqlx::SqlitePool;

use super::{blocking, errors};
use crate::{StoreError, files};

/// Days that are kept.
const DAYS: usize = 7;
/// Backups from before migrations that are kept.
const STEPS: usize = 3;
/// What a name has between the file's and the day.
const BACKUP: &str = ".backup-";
/// What the name of a backup from before a migration goes on with.
const BEFORE: &str = "before-step-";
/// An unfinished backup of a process that was killed is removed after this time.
const ABANDONED: Duration = Duration::from_secs(3_600);

/// The backups of days, oldest first.
pub(in crate::store) fn daily(path: &Path) -> Vec<PathBuf> {
    beside(path, BACKUP, |rest| rest.parse::<NaiveDate>().is_ok())
}

/// The backups from before migrations, oldest first.
pub(in crate::store) fn before_steps(path: &Path) -> Vec<PathBuf> {
    beside(path, BACKUP, |rest| rest.starts_with(BEFORE) && !rest.contains(UNFINISHED))
}

/// All backups, those from before migrations first.
pub(in crate::store) fn all(path: &Path) -> Vec<PathBuf> {
    let mut all = before_steps(path);
    all.extend(daily(path));
    all
}

/// The day that a backup's name says it is of.
pub(in crate::store) fn day_of(backup: &Path) -> Option<NaiveDate> {
    let (_, rest) = backup.file_name()?.to_str()?.rsplit_once(BACKUP)?;
    match rest.strip_prefix(BEFORE) {
        Some(step) => NaiveDate::parse_from_str(step.rsplit_once('-')?.1.split('T').next()?, "%Y%m%d").ok(),
        None => rest.parse().ok(),
    }
}

/// Makes the backup of a day in the place of an earlier one of that day.
pub(in crate::store) async fn anew(pool: &SqlitePool, path: &Path, day: NaiveDate) -> Result<PathBuf, StoreError> {
    let backup = files::named(path, &format!("{BACKUP}{day}"));
    write(pool, path, &backup).await?;
    drop_oldest(path, daily, DAYS).await?;
    Ok(backup)
}

/// Whether there is a backup of a day.
pub(in crate::store) fn is_there(path: &Path, day: NaiveDate) -> bool {
    files::named(path, &format!("{BACKUP}{day}")).exists()
}

/// Makes the backup of a day, where there is none, and drops those of the oldest days.
pub(in crate::store) async fn of_day(pool: &SqlitePool, path: &Path, day: NaiveDate) -> Result<PathBuf, StoreError> {
    let backup = files::named(path, &format!("{BACKUP}{day}"));
    if !backup.exists() {
        write(pool, path, &backup).await?;
    }
    drop_oldest(path, daily, DAYS).await?;
    Ok(backup)
}

/// Makes the backup from before a migration step.
pub(in crate::store) async fn before_step(pool: &SqlitePool, path: &Path, step: i64) -> Result<PathBuf, StoreError> {
    let now = chrono::Utc::now().format("%Y%m%dT%H%M%SZ");
    let backup = files::named(path, &format!("{BACKUP}{BEFORE}{step}-{now}"));
    if !backup.exists() {
        write(pool, path, &backup).await?;
    }
    drop_oldest(path, before_steps, STEPS).await?;
    Ok(backup)
}

/// The ending of a backup that is being written, before the process.
const UNFINISHED: &str = ".new-";

/// Writes a whole copy under another name, and renames it when it is on the disk.
pub(in crate::store) async fn write(pool: &SqlitePool, path: &Path, backup: &Path) -> Result<(), StoreError> {
    let refusal = |error: &io::Error| errors::of_files(&format!("the backup {}", backup.display()), error);
    let unfinished = files::named(backup, &format!("{UNFINISHED}{}", std::process::id()));
    let (fresh, of) = (unfinished.clone(), path.to_owned());
    let begun = blocking(path, move || {
        sweep(&of);
        files::remove(&fresh)?;
        files::begin_private(&fresh)
    });
    begun.await.map_err(|error| refusal(&error))?;
    let into = unfinished.to_string_lossy().into_owned();
    let copied = sqlx::query("VACUUM INTO ?1").bind(into).execute(pool).await;
    let (fresh, backup) = (unfinished, backup.to_owned());
    let place = format!("the backup {}", backup.display());
    let ended = blocking(path, move || match &copied {
        Ok(_) => settle(&fresh, &backup).map(|()| None),
        Err(error) => {
            let _ = files::remove(&fresh);
            Ok(Some(errors::refusal(&place, error)))
        }
    });
    match ended.await {
        Ok(None) => Ok(()),
        Ok(Some(error)) => Err(error),
        Err(error) => Err(errors::of_files("the backup", &error)),
    }
}

/// Gives a file that is written its name, so that it survives a power loss.
pub(in crate::store) fn settle(fresh: &Path, name: &Path) -> io::Result<()> {
    fs::File::open(fresh)?.sync_all()?;
    fs::rename(fresh, name)?;
    match name.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        // Where the system cannot sync a folder it needs none.
        Some(folder) => fs::File::open(folder).and_then(|folder| folder.sync_all()).or(Ok(())),
        None => Ok(()),
    }
}

async fn drop_oldest(path: &Path, of: fn(&Path) -> Vec<PathBuf>, kept: usize) -> Result<(), StoreError> {
    let beside = path.to_owned();
    let dropping = blocking(path, move || {
        let all = of(&beside);
        let surplus = all.len().saturating_sub(kept);
        all.iter().take(surplus).try_for_each(fs::remove_file)
    });
    dropping.await.map_err(|error| errors::of_files("an old backup", &error))
}

/// Removes what killed processes left unfinished.
fn sweep(path: &Path) {
    for left in beside(path, BACKUP, |rest| rest.contains(UNFINISHED)) {
        let age = left.metadata().and_then(|metadata| metadata.modified()).ok().and_then(|at| at.elapsed().ok());
        if age.is_some_and(|age| age > ABANDONED) {
            let _ = fs::remove_file(left);
        }
    }
}

/// The files beside one whose names go on from its own with an infix and something that is wanted, by name.
pub(in crate::store) fn beside(path: &Path, infix: &str, wanted: impl Fn(&str) -> bool) -> Vec<PathBuf> {
    let Some(name) = path.file_name().and_then(|name| name.to_str()) else { return Vec::new() };
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let start = format!("{name}{infix}");
    let fits = |file: &PathBuf| {
        let name = file.file_name().and_then(|name| name.to_str());
        name.and_then(|name| name.strip_prefix(&start)).is_some_and(&wanted)
    };
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    let mut found: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).filter(fits).collect();
    found.sort();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_backup_says_its_day() {
        let day = |name: &str| day_of(Path::new(name)).map(|day| day.to_string());
        assert_eq!(day("/data/factor-mcp.db.backup-2026-01-02").as_deref(), Some("2026-01-02"));
        let step = day("/data.backup-x/factor-mcp.db.backup-before-step-2-20260103T040506Z");
        assert_eq!(step.as_deref(), Some("2026-01-03"));
        assert_eq!(day("/data/elsewhere.db"), None);
    }
}
