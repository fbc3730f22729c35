//! The disk cache: entries of bytes under a key, kept between runs in one SQLite file.
//!
//! **Key.** Source, kind and subject ([`EntryKey`]); what the bytes mean is for the caller to know, and so is their
//! version (write it into the body). `fetched_at` is kept in whole seconds. A body has at most [`MAX_BODY`] bytes.
//!
//! **File.** One table without rowid, so that a row is found in one b-tree. The header carries an application id and a
//! form number. The file appears whole: it is made under another name and renamed, so no process sees it without its
//! table. Nothing is opened before the first use; a failed opening is remembered for two seconds, then tried again.
//!
//! **Damage.** Each row has a SHA-256 over the key it was written under, `fetched_at` and the body, so a flipped bit,
//! or a row that has moved to another key, reads as none; the row is dropped, counted and logged. Where SQLite itself
//! finds the file broken, at once or when it goes through the pages before such a row is dropped, or where the header
//! or the table is not as it was made, the file is renamed to `<name>.broken-<time>` with its log, an empty one is
//! begun, and [`EntryStoreHealth::notes`] says so. A file that is another application's database, or of a newer form,
//! is refused and left as it is. A damaged key can hide its entry, and cost a second one, before it is noticed.
//!
//! **Kill, power loss.** Write-ahead log, `synchronous = NORMAL`: a killed process loses nothing that was acknowledged,
//! a power loss may lose the last entries, and neither leaves half a row.
//!
//! **Full or read-only disk.** Writing fails with the path and the way out, and [`EntryStoreHealth::problem`] is set
//! until a write succeeds; reading goes on. Where not even the log can be opened, the file is read as it is, and
//! writing is tried again every two seconds. Only a store that starts on a disk without the 32 KB for the index of a
//! log that a killed process left cannot be read before there is room.
//!
//! **Several processes.** They share the file through SQLite's own locks; opening and putting aside happen under a lock
//! on `<name>.lock`, which ends with its process. Before each use a store looks whether the file under its name is
//! still the one it has open; if another process has put it aside, it opens the new one, and SQLite does not touch the
//! new one's log when the old one is closed. A newer entry is never replaced by an older one. In one process there is
//! one store for one file: clone it, do not make a second, whose opening would end the first one's locks (POSIX locks
//! go when any handle of the process on the file is closed).
//!
//! **Leases.** A row whose kind begins with `LEASE_OF` and whose body is its holder, by the database's clock. It is
//! claimed in one statement that either takes it or leaves it as it is, deleted when it is given back, free again after
//! [`LEASE`](factor_types::LEASE) where its holder was killed, and no entry: neither listed nor cleared. Postgres has
//! them as rows too and not as advisory locks of a session: those would each hold a connection for as long as a vendor
//! takes, and a pooler of transactions does not keep them.
//!
//! [`WriteBehind`] writes to a store behind its callers' backs, many entries at a time.
//!
//! [`MemoryEntries`] keeps the same promises as long as it lives, for a machine without a place on disk.

use std::collections::BTreeSet;

#[cfg(doc)]
use factor_types::EntryStoreHealth;
use factor_types::{Entry, EntryError, EntryKey};

pub(crate) mod checksum;
mod memory;
mod sqlite;
mod write_behind;

pub use memory::MemoryEntries;
pub use sqlite::SqliteEntries;
pub use write_behind::WriteBehind;

/// The longest body that is kept, in bytes: 64 MiB. Some hundred times what a long history takes.
pub const MAX_BODY: usize = 64 << 20;

/// What the kind of a lease begins with; the kind it is a lease of follows.
pub(crate) const LEASE_OF: &str = "lease of ";

/// The key of a lease.
pub(crate) fn lease_of(key: &EntryKey) -> EntryKey {
    EntryKey { kind: format!("{LEASE_OF}{}", key.kind), ..key.clone() }
}

/// The keys of leases, each once and in one order: two processes that take the same ones do not wait in a ring.
pub(crate) fn leases_of(keys: &[EntryKey]) -> Vec<EntryKey> {
    let leases: BTreeSet<EntryKey> = keys.iter().map(lease_of).collect();
    leases.into_iter().collect()
}

pub(crate) fn check_length(key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
    if entry.body.len() <= MAX_BODY {
        return Ok(());
    }
    let EntryKey { source, kind, subject } = key;
    Err(EntryError(format!(
        "the entry {source}/{kind}/{subject} has {} bytes and a cached entry may have {MAX_BODY}: it is not kept; \
         ask for a shorter range",
        entry.body.len()
    )))
}
