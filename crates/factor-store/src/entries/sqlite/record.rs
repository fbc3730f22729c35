//! What happened to the store, for its health.

use std::{
    collections::HashSet,
    path::Path,
    sync::{Mutex, MutexGuard, PoisonError},
};

use factor_types::{EntryError, EntryKey, EntryStoreHealth};

/// The notes that are kept: the newest.
const NOTES: usize = 8;
/// The keys whose damage was logged. Beyond them it is counted only.
const LOGGED: usize = 1000;

/// What happened since the start.
#[derive(Debug, Default)]
pub(super) struct HealthRecord(Mutex<Contents>);

#[derive(Debug, Default)]
struct Contents {
    damaged: u64,
    problem: Option<String>,
    notes: Vec<String>,
    logged: HashSet<EntryKey>,
}

impl HealthRecord {
    pub(super) fn health(&self, place: &Path) -> EntryStoreHealth {
        let contents = self.contents();
        EntryStoreHealth {
            place: place.display().to_string(),
            damaged: contents.damaged,
            problem: contents.problem.clone(),
            notes: contents.notes.clone(),
        }
    }

    /// A row was found damaged.
    pub(super) fn damaged_entry(&self, key: &EntryKey) {
        let mut contents = self.contents();
        contents.damaged += 1;
        if contents.logged.len() < LOGGED && contents.logged.insert(key.clone()) {
            let EntryKey { source, kind, subject } = key;
            tracing::warn!("the cached entry {source}/{kind}/{subject} is damaged; it is dropped and fetched again");
        }
    }

    /// The whole file was found damaged.
    pub(super) fn damaged_file(&self, note: String) {
        tracing::warn!("{note}");
        let mut contents = self.contents();
        contents.damaged += 1;
        if contents.notes.len() == NOTES {
            contents.notes.remove(0);
        }
        contents.notes.push(note);
    }

    /// Notes how a write went: a failure is the problem until a write succeeds. Logged when it is new.
    pub(super) fn written<T>(&self, outcome: Result<T, EntryError>) -> Result<T, EntryError> {
        let problem = outcome.as_ref().err().map(|error| error.0.clone());
        let mut contents = self.contents();
        if let Some(problem) = &problem
            && contents.problem.is_none()
        {
            tracing::warn!("{problem}");
        }
        contents.problem = problem;
        outcome
    }

    fn contents(&self) -> MutexGuard<'_, Contents> {
        // No step under the lock leaves the contents half changed.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_stands_until_a_write_succeeds() {
        let record = HealthRecord::default();
        let problem = || record.health(Path::new("x")).problem;
        let _ = record.written::<()>(Err(EntryError("the disk is full".to_owned())));
        assert_eq!(problem().as_deref(), Some("the disk is full"));
        let _ = record.written::<()>(Err(EntryError("no right".to_owned())));
        assert_eq!(problem().as_deref(), Some("no right"), "the latest one");
        let _ = record.written(Ok(()));
        assert_eq!(problem(), None);
    }

    #[test]
    fn the_newest_notes_are_kept_and_all_damage_is_counted() {
        let record = HealthRecord::default();
        (0..NOTES + 2).for_each(|number| record.damaged_file(format!("note {number}")));
        record.damaged_entry(&EntryKey::new("fmp", "prices", "SPY"));
        record.damaged_entry(&EntryKey::new("fmp", "prices", "SPY"));
        let health = record.health(Path::new("x"));
        assert_eq!(health.damaged, NOTES as u64 + 4);
        assert_eq!((health.notes.len(), health.notes.first().unwrap().as_str()), (NOTES, "note 2"));
    }
}
