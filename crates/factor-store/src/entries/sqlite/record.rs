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
