//! A damaged file put aside, and what is said as long as nothing was restored in its place.

use std::{
    io,
    path::{Path, PathBuf},
};

use super::{backups, blocking, lock};
use crate::{
    StoreError,
    files::{self, Identity},
    store::errors,
};

/// In the name of a damaged file.
const DAMAGED: &str = "damaged";

/// Puts the file aside if it still is the one that was found damaged, and says so with what restores it.
pub(super) async fn put(path: &Path, identity: Option<Identity>, why: String) -> StoreError {
    let moved = async {
        let _lock = lock(path).await?;
        under_lock(path, identity).await
    };
    match moved.await {
        Ok(()) => error(path, &why).await,
        Err(failed) => match errors::of_files(&path.display().to_string(), &failed) {
            StoreError::Unavailable(words) | StoreError::Locked(words) => StoreError::Damaged(words),
            // On a disk that cannot be written the file stays where it is; nobody writes into it either.
            _ => StoreError::Damaged(format!("{why}; it cannot be put aside: {failed}")),
        },
    }
}

/// The same for one that has the lock already.
pub(super) async fn under_lock(path: &Path, identity: Option<Identity>) -> io::Result<()> {
    let named = path.to_owned();
    blocking(path, move || {
        let path = named;
        let same = |now: &std::fs::Metadata| identity.is_none_or(|identity| Identity::of(now) == identity);
        if std::fs::metadata(&path).is_ok_and(|now| same(&now)) {
            let aside = files::put_aside(&path, DAMAGED)?;
            tracing::error!("{} is damaged: it is now {}", path.display(), aside.display());
        }
        Ok(())
    })
    .await
}

/// The files that were put aside, oldest first, when they await a restore: no file has the name.
pub(in crate::store) fn waiting(path: &Path) -> Vec<PathBuf> {
    if path.symlink_metadata().is_ok() { Vec::new() } else { all(path) }
}

/// All files of this name that were put aside, oldest first.
pub(in crate::store) fn all(path: &Path) -> Vec<PathBuf> {
    let stamped = |rest: &str| !files::SIDE_FILES.iter().any(|ending| rest.ends_with(ending));
    backups::beside(path, &format!(".{DAMAGED}-"), stamped)
}

/// What every use says until something was restored.
pub(super) async fn error(path: &Path, why: &str) -> StoreError {
    let of = path.to_owned();
    let known = blocking(path, move || Ok((all(&of).pop(), backups::daily(&of).pop()))).await;
    let (aside, backup) = known.unwrap_or_default();
    let name = |path: &PathBuf| path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let aside = aside.as_ref().map_or_else(String::new, |aside| format!("it was put aside as {}; ", name(aside)));
    let what = match &backup {
        Some(backup) => format!("the backup {} and what can be read of the damaged file", name(backup)),
        None => "what can be read of it: there is no backup".to_owned(),
    };
    StoreError::Damaged(format!("{why}; {aside}`factor-mcp store restore` brings back {what}"))
}
