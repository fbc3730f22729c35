//! Saved entries in Postgres, where several servers share them.

use std::{
    fmt,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::{Duration, Instant},
};

use async_trait::async_trait;
use chrono::{DateTime, SubsecRound as _, Utc};
use factor_types::{Entry, EntryError, EntryFilter, EntryInfo, EntryKey, EntryStore, EntryStoreHealth, LEASE};
use serde_json::json;
use tokio::time::timeout;

use super::{
    database::{Access, Database, Engine, Transaction},
    postgres,
    statement::{DatabaseRow, Statement, statement},
};
use crate::StoreError;
use crate::entries::{LEASE_OF, check_length, checksum::checksum, lease_of, leases_of};

/// How long a lost server is not tried again: callers meanwhile get the error at once, and go on without it.
const RETRY: Duration = Duration::from_secs(1);
/// How long an operation may take; a long history on a slow line needs more than a group.
const PATIENCE: Duration = Duration::from_secs(10);

/// A store of entries in the table `price_cache`, which [`Store::migrate`](super::Store::migrate) makes. Each row has
/// the checksum that [`SqliteEntries`](crate::SqliteEntries) gives it; a damaged one reads as none, and is dropped and
/// counted. Cheap to clone; the clones are one store. Connects at the first use, inside a Tokio runtime.
#[derive(Clone)]
pub struct PostgresEntries(Arc<Inner>);

struct Inner {
    database: Database,
    damaged: AtomicU64,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// The last failure to reach the server.
    lost: Option<(EntryError, Instant)>,
    /// Why entries cannot be kept at present.
    problem: Option<String>,
}

impl PostgresEntries {
    /// The entries of a database.
    ///
    /// # Errors
    /// When this is no Postgres address; it is not repeated.
    pub fn open(url: &str) -> Result<Self, EntryError> {
        let address = postgres::address(url).map_err(refusal)?;
        let place = postgres::place(&address);
        let engine = Engine::Postgres { address: Box::new(address), pool: OnceLock::new() };
        let database = Database { place, engine };
        Ok(Self(Arc::new(Inner { database, damaged: AtomicU64::new(0), state: Mutex::default() })))
    }
}

impl fmt::Debug for PostgresEntries {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("PostgresEntries").field(&self.0.database.place).finish()
    }
}

#[async_trait]
impl EntryStore for PostgresEntries {
    async fn get(&self, key: &EntryKey) -> Result<Option<Entry>, EntryError> {
        let getting = async {
            let mut transaction = self.0.database.begin(None, Access::Read).await?;
            let found = find(&mut transaction, key).await?;
            let entry = match found {
                StoredEntry::Nothing => None,
                StoredEntry::Intact(entry) => Some(entry),
                StoredEntry::Damaged(sum) => {
                    self.0.damaged_entry(key);
                    // If it cannot be dropped it is found damaged again: reading is right either way.
                    let _ = transaction.run(removal_of_damaged(key, &sum)).await;
                    None
                }
            };
            // What was read is right even if the transaction cannot be closed.
            let _ = transaction.commit().await;
            Ok(entry)
        };
        self.0.bounded(getting).await
    }

    async fn put(&self, key: &EntryKey, entry: &Entry) -> Result<(), EntryError> {
        self.put_all(&[(key.clone(), entry.clone())]).await
    }

    async fn put_all(&self, entries: &[(EntryKey, Entry)]) -> Result<(), EntryError> {
        for (key, entry) in entries {
            check_length(key, entry)?;
        }
        // In one order, so that two servers that keep the same ones do not wait for each other in a ring.
        let mut sorted: Vec<&(EntryKey, Entry)> = entries.iter().collect();
        sorted.sort_by(|one, other| one.0.cmp(&other.0));
        self.0
            .write(async |tx| {
                for (key, entry) in sorted {
                    let kept = tx.run(upsert(key, entry)).await? > 0;
                    // What claims to be newer may be damaged in its time.
                    if !kept && let StoredEntry::Damaged(sum) = find(tx, key).await? {
                        self.0.damaged_entry(key);
                        tx.run(removal_of_damaged(key, &sum)).await?;
                        tx.run(upsert(key, entry)).await?;
                    }
                }
                Ok(())
            })
            .await
    }

    async fn lease(&self, keys: &[EntryKey], holder: &str) -> Result<Vec<bool>, EntryError> {
        let take = statement(
            "INSERT INTO price_cache (source, kind, subject, fetched_at, checksum, body) \
             SELECT lease.source, lease.kind, lease.subject, date_trunc('second', now()), ''::bytea, $2 \
             FROM jsonb_to_recordset($1) AS lease (source text, kind text, subject text) \
             ON CONFLICT (source, kind, subject) DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body \
             WHERE price_cache.body = excluded.body \
             OR abs(extract(epoch FROM excluded.fetched_at - price_cache.fetched_at)) >= $3 \
             RETURNING source, kind, subject",
        );
        let take = take.bind(as_rows(keys)).bind(holder.as_bytes()).bind(LEASE.as_secs().cast_signed());
        let taking = async |tx: &mut Transaction<'_>| {
            let rows = tx.rows(take).await?;
            let key = |row: &DatabaseRow| {
                Ok(EntryKey::new(row.get::<String>(0)?, row.get::<String>(1)?, row.get::<String>(2)?))
            };
            rows.iter().map(key).collect::<Result<Vec<EntryKey>, StoreError>>()
        };
        let held = self.0.bounded(self.0.database.transact(None, Access::Write, taking)).await?;
        Ok(keys.iter().map(|key| held.contains(&lease_of(key))).collect())
    }

    async fn release(&self, keys: &[EntryKey], holder: &str) -> Result<(), EntryError> {
        let give = statement(
            "DELETE FROM price_cache \
             USING jsonb_to_recordset($1) AS lease (source text, kind text, subject text) \
             WHERE price_cache.source = lease.source AND price_cache.kind = lease.kind \
             AND price_cache.subject = lease.subject AND price_cache.body = $2",
        );
        let give = give.bind(as_rows(keys)).bind(holder.as_bytes());
        let giving = async |tx: &mut Transaction<'_>| tx.run(give).await.map(drop);
        self.0.bounded(self.0.database.transact(None, Access::Write, giving)).await
    }

    async fn remove(&self, key: &EntryKey) -> Result<(), EntryError> {
        let remove = statement("DELETE FROM price_cache WHERE source = $1 AND kind = $2 AND subject = $3");
        self.0.write(async |tx| tx.run(of_key(remove, key)).await.map(drop)).await
    }

    async fn list(&self, filter: &EntryFilter) -> Result<Vec<EntryInfo>, EntryError> {
        let list = statement(
            "SELECT source, kind, subject, fetched_at, octet_length(body)::BIGINT FROM price_cache \
             WHERE ($1 IS NULL OR source = $1) AND ($2 IS NULL OR kind = $2) AND ($3 IS NULL OR subject = $3) \
             AND NOT starts_with(kind, $4) ORDER BY source COLLATE \"C\", kind COLLATE \"C\", subject COLLATE \"C\"",
        );
        let listing = async |tx: &mut Transaction<'_>| {
            let rows = tx.rows(filtered(list, filter)).await?;
            rows.iter().map(info).collect()
        };
        self.0.bounded(self.0.database.transact(None, Access::Read, listing)).await
    }

    async fn clear(&self, filter: &EntryFilter) -> Result<u64, EntryError> {
        let clear = statement(
            "DELETE FROM price_cache \
             WHERE ($1 IS NULL OR source = $1) AND ($2 IS NULL OR kind = $2) AND ($3 IS NULL OR subject = $3) \
             AND NOT starts_with(kind, $4)",
        );
        self.0.write(async |tx| tx.run(filtered(clear, filter)).await).await
    }

    fn health(&self) -> EntryStoreHealth {
        EntryStoreHealth {
            place: self.0.database.place.clone(),
            damaged: self.0.damaged.load(Ordering::Relaxed),
            problem: self.0.state().problem.clone(),
            notes: Vec::new(),
        }
    }
}

impl Inner {
    /// Writes in one transaction, and notes how that went.
    async fn write<T>(
        &self,
        work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, EntryError> {
        let outcome = self.bounded(self.database.transact(None, Access::Write, work)).await;
        self.state().problem = outcome.as_ref().err().map(ToString::to_string);
        outcome
    }

    async fn bounded<T>(&self, work: impl Future<Output = Result<T, StoreError>>) -> Result<T, EntryError> {
        if let Some((error, since)) = &self.state().lost
            && since.elapsed() < RETRY
        {
            return Err(error.clone());
        }
        let outcome = timeout(PATIENCE, work).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!("{} did not answer in time", self.database.place)))
        });
        let lost = match &outcome {
            Err(error @ StoreError::Unavailable(_)) => Some((refusal(error.clone()), Instant::now())),
            _ => None,
        };
        self.state().lost = lost;
        outcome.map_err(refusal)
    }

    fn damaged_entry(&self, key: &EntryKey) {
        self.damaged.fetch_add(1, Ordering::Relaxed);
        let EntryKey { source, kind, subject } = key;
        tracing::warn!("the entry {source}/{kind}/{subject} of {} was damaged: it is dropped", self.database.place);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // No step under the lock leaves it half changed.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What is under a key.
enum StoredEntry {
    Nothing,
    Intact(Entry),
    /// With the checksum it has.
    Damaged(Vec<u8>),
}

async fn find(tx: &mut Transaction<'_>, key: &EntryKey) -> Result<StoredEntry, StoreError> {
    let one = "SELECT fetched_at, checksum, body FROM price_cache WHERE source = $1 AND kind = $2 AND subject = $3";
    let Some(row) = tx.row(of_key(statement(one), key)).await? else { return Ok(StoredEntry::Nothing) };
    let (fetched_at, sum, body): (DateTime<Utc>, Vec<u8>, Vec<u8>) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let whole = fetched_at == fetched_at.trunc_subsecs(0) && sum == checksum(key, fetched_at.timestamp(), &body);
    Ok(if whole { StoredEntry::Intact(Entry { fetched_at, body }) } else { StoredEntry::Damaged(sum) })
}

fn upsert(key: &EntryKey, entry: &Entry) -> Statement {
    let fetched_at = entry.fetched_at.trunc_subsecs(0);
    let keep = statement(
        "INSERT INTO price_cache (source, kind, subject, fetched_at, checksum, body) VALUES ($1, $2, $3, $4, $5, $6) \
         ON CONFLICT (source, kind, subject) DO UPDATE \
         SET fetched_at = excluded.fetched_at, checksum = excluded.checksum, body = excluded.body \
         WHERE excluded.fetched_at >= price_cache.fetched_at",
    );
    let sum = checksum(key, fetched_at.timestamp(), &entry.body);
    of_key(keep, key).bind(fetched_at).bind(sum.as_slice()).bind(entry.body.as_slice())
}

/// Another server may have written a good one since: only the row of that checksum goes.
fn removal_of_damaged(key: &EntryKey, sum: &[u8]) -> Statement {
    let remove = "DELETE FROM price_cache WHERE source = $1 AND kind = $2 AND subject = $3 AND checksum = $4";
    of_key(statement(remove), key).bind(sum)
}

/// The leases of keys, in one order, as a statement takes them in one value.
fn as_rows(keys: &[EntryKey]) -> serde_json::Value {
    let row = |key: &EntryKey| json!({"source": key.source, "kind": key.kind, "subject": key.subject});
    leases_of(keys).iter().map(row).collect()
}

fn of_key(to: Statement, key: &EntryKey) -> Statement {
    to.bind(key.source.as_str()).bind(key.kind.as_str()).bind(key.subject.as_str())
}

fn filtered(to: Statement, filter: &EntryFilter) -> Statement {
    to.bind(filter.source.as_deref()).bind(filter.kind.as_deref()).bind(filter.subject.as_deref()).bind(LEASE_OF)
}

fn info(row: &DatabaseRow) -> Result<EntryInfo, StoreError> {
    Ok(EntryInfo {
        key: EntryKey { source: row.get(0)?, kind: row.get(1)?, subject: row.get(2)? },
        fetched_at: row.get(3)?,
        bytes: u64::try_from(row.get::<i64>(4)?).unwrap_or_default(),
    })
}

fn refusal(error: StoreError) -> EntryError {
    EntryError(format!("the shared cache: {error}"))
}
