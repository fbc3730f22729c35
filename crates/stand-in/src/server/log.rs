//! What a server has seen.

use std::{
    sync::{
        Mutex,
        atomic::{AtomicUsize, Ordering::SeqCst},
    },
    time::Instant,
};

use chrono::NaiveDate;

use super::locked;

/// A request as it arrived.
#[derive(Debug, Clone)]
pub struct RecordedRequest {
    /// When it had arrived.
    pub at: Instant,
    /// The path, with the base path, decoded.
    pub path: String,
    /// What was asked for: the symbols; for Treasury the year; for FRED the series; for French's library the file; empty for FMP's `treasury-rates`.
    pub symbols: Vec<String>,
    /// The first day asked for: `from`, `cosd` or the day (UTC) of `period1`.
    pub from: Option<NaiveDate>,
    /// The last day asked for: `to`, `coed` or the day (UTC) of `period2`.
    pub to: Option<NaiveDate>,
    /// The query's parameters, decoded; a key's value is `***`.
    pub query: Vec<(String, String)>,
    /// Headers with lower-case names; a key's value is `***`.
    pub headers: Vec<(String, String)>,
    /// Where the key was, if there was one.
    pub key: Option<KeyPlace>,
    /// The status of the answer; `None` when none is sent at all.
    pub status: Option<u16>,
}

/// Where a client put its key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPlace {
    /// In the header `apikey`.
    Header,
    /// In the query.
    Query,
}

/// Requests and counters.
#[derive(Debug, Default)]
pub(super) struct Log {
    seen: Mutex<Vec<RecordedRequest>>,
    flying: AtomicUsize,
    most: AtomicUsize,
    open: AtomicUsize,
    accepted: AtomicUsize,
    left: AtomicUsize,
}

/// A request in flight, or an open connection, until dropped.
pub(super) struct Counted<'a>(&'a AtomicUsize);

impl RecordedRequest {
    /// A header's value by its lower-case name.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(one, _)| one == name).map(|(_, value)| value.as_str())
    }
}

impl Log {
    pub(super) fn record(&self, seen: RecordedRequest) {
        locked(&self.seen).push(seen);
    }

    pub(super) fn fly(&self) -> Counted<'_> {
        self.most.fetch_max(self.flying.fetch_add(1, SeqCst) + 1, SeqCst);
        Counted(&self.flying)
    }

    pub(super) fn open(&self) -> Counted<'_> {
        self.accepted.fetch_add(1, SeqCst);
        self.open.fetch_add(1, SeqCst);
        Counted(&self.open)
    }

    pub(super) fn abandon(&self) {
        self.left.fetch_add(1, SeqCst);
    }

    pub(super) fn clear(&self) {
        locked(&self.seen).clear();
        self.left.store(0, SeqCst);
        self.most.store(self.in_flight(), SeqCst);
    }

    pub(super) fn seen(&self) -> Vec<RecordedRequest> {
        locked(&self.seen).clone()
    }

    pub(super) fn in_flight(&self) -> usize {
        self.flying.load(SeqCst)
    }

    pub(super) fn max_in_flight(&self) -> usize {
        self.most.load(SeqCst)
    }

    pub(super) fn open_now(&self) -> usize {
        self.open.load(SeqCst)
    }

    pub(super) fn connections(&self) -> usize {
        self.accepted.load(SeqCst)
    }

    pub(super) fn abandoned(&self) -> usize {
        self.left.load(SeqCst)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, SeqCst);
    }
}
