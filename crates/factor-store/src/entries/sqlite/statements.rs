//! The statements, and what a row must be to be believed.

use chrono::DateTime;
use factor_types::{Entry, EntryFilter, EntryInfo, EntryKey, LEASE};
use sqlx::{QueryBuilder, Row as _, Sqlite, SqliteExecutor, SqlitePool, sqlite::SqliteRow};

use super::{
    super::{LEASE_OF, checksum::checksum},
    failure::{CacheFailure, FailureKind},
};

/// The table, word for word as SQLite keeps it: a file whose table reads otherwise is damaged. The body comes last, so
/// that listing does not read it.
pub(super) const TABLE: &str = "CREATE TABLE entries (source TEXT NOT NULL, kind TEXT NOT NULL, \
     subject TEXT NOT NULL, fetched_at INTEGER NOT NULL, checksum BLOB NOT NULL, body BLOB NOT NULL, \
     PRIMARY KEY (source, kind, subject)) WITHOUT ROWID";

/// Entries put in one statement. SQLite takes 32,766 values, which are six an entry.
pub(super) const AT_ONCE: usize = 500;

/// What is under a key.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum StoredEntry {
    Nothing,
    Intact(Entry),
    Damaged,
}

/// Whether the schema is the one table, unharmed. Read as a number: a damaged text must not be decoded.
pub(super) async fn schema_is_whole(pool: &SqlitePool) -> sqlx::Result<bool> {
    let sum = "SELECT coalesce(sum(CASE WHEN sql = ?1 AND name = 'entries' AND type = 'table' THEN 1 ELSE 2 END), 0) \
         FROM sqlite_schema";
    let sum: i64 = sqlx::query_scalar(sum).bind(TABLE).fetch_one(pool).await?;
    Ok(sum == 1)
}

pub(super) async fn get(on: impl SqliteExecutor<'_>, key: &EntryKey) -> sqlx::Result<StoredEntry> {
    let row =
        sqlx::query("SELECT fetched_at, checksum, body FROM entries WHERE source = ?1 AND kind = ?2 AND subject = ?3")
            .bind(key.source.as_str())
            .bind(key.kind.as_str())
            .bind(key.subject.as_str())
            .fetch_optional(on)
            .await?;
    Ok(row.map_or(StoredEntry::Nothing, |row| checked(key, &row).map_or(StoredEntry::Damaged, StoredEntry::Intact)))
}

/// Keeps entries, at most [`AT_ONCE`], and gives their number: one whose key has a newer one is not. It is one
/// statement and no transaction of several: sqlx cannot give a connection back whose transaction SQLite itself has
/// ended, as it does when the disk is full.
pub(super) async fn put(
    on: impl SqliteExecutor<'_>,
    entries: impl ExactSizeIterator<Item = (&EntryKey, &Entry)>,
) -> sqlx::Result<u64> {
    let alone = entries.len() == 1;
    let mut query =
        QueryBuilder::<Sqlite>::new("INSERT INTO entries (source, kind, subject, fetched_at, checksum, body) ");
    query.push_values(entries, |mut row, (key, entry)| {
        let fetched_at = entry.fetched_at.timestamp();
        row.push_bind(key.source.as_str())
            .push_bind(key.kind.as_str())
            .push_bind(key.subject.as_str())
            .push_bind(fetched_at)
            .push_bind(checksum(key, fetched_at, &entry.body).as_slice())
            .push_bind(entry.body.as_slice());
    });
    query.push(
        " ON CONFLICT (source, kind, subject) DO UPDATE \
         SET fetched_at = excluded.fetched_at, checksum = excluded.checksum, body = excluded.body \
         WHERE excluded.fetched_at >= entries.fetched_at",
    );
    // Of several, every number would be a statement of its own to remember.
    Ok(query.build().persistent(alone).execute(on).await?.rows_affected())
}

/// Takes leases, at most [`AT_ONCE`], and gives those that `holder` has now. The time is the database's, the same for
/// all of its processes.
pub(super) async fn lease(pool: &SqlitePool, leases: &[EntryKey], holder: &str) -> sqlx::Result<Vec<EntryKey>> {
    let mut query =
        QueryBuilder::<Sqlite>::new("INSERT INTO entries (source, kind, subject, fetched_at, checksum, body) ");
    query.push_values(leases, |mut row, key| {
        row.push_bind(key.source.as_str())
            .push_bind(key.kind.as_str())
            .push_bind(key.subject.as_str())
            .push("unixepoch()")
            .push("x''")
            .push_bind(holder.as_bytes());
    });
    query.push(
        " ON CONFLICT (source, kind, subject) DO UPDATE SET fetched_at = excluded.fetched_at, body = excluded.body \
         WHERE entries.body = excluded.body OR abs(excluded.fetched_at - entries.fetched_at) >= ",
    );
    query.push_bind(LEASE.as_secs().cast_signed()).push(" RETURNING source, kind, subject");
    let rows = query.build().persistent(false).fetch_all(pool).await?;
    let part = |row: &SqliteRow, column: usize| row.try_get::<String, _>(column);
    rows.iter().map(|row| Ok(EntryKey::new(part(row, 0)?, part(row, 1)?, part(row, 2)?))).collect()
}

/// Gives leases back, at most [`AT_ONCE`].
pub(super) async fn release(pool: &SqlitePool, leases: &[EntryKey], holder: &str) -> sqlx::Result<()> {
    let mut query = QueryBuilder::<Sqlite>::new("DELETE FROM entries WHERE body = ");
    query.push_bind(holder.as_bytes()).push(" AND (source, kind, subject) IN (");
    query.push_values(leases, |mut row, key| {
        row.push_bind(key.source.as_str()).push_bind(key.kind.as_str()).push_bind(key.subject.as_str());
    });
    query.push(")").build().persistent(false).execute(pool).await?;
    Ok(())
}

pub(super) async fn remove(on: impl SqliteExecutor<'_>, key: &EntryKey) -> sqlx::Result<()> {
    sqlx::query("DELETE FROM entries WHERE source = ?1 AND kind = ?2 AND subject = ?3")
        .bind(key.source.as_str())
        .bind(key.kind.as_str())
        .bind(key.subject.as_str())
        .execute(on)
        .await?;
    Ok(())
}

/// Drops the row under a key unless it is whole: another process may have written a good one since it was read. Before,
/// the pages are gone through: a row of which a pointer is wrong would free the pages of another, and so on for ever.
pub(super) async fn remove_damaged(pool: &SqlitePool, key: &EntryKey) -> Result<(), CacheFailure> {
    let mut transaction = pool.begin_with("BEGIN IMMEDIATE").await?;
    if get(&mut *transaction, key).await? == StoredEntry::Damaged {
        let report = sqlx::query("PRAGMA quick_check(1)").fetch_one(&mut *transaction).await?;
        if !report.try_get::<String, _>(0).is_ok_and(|words| words == "ok") {
            return Err(CacheFailure::new(FailureKind::Damaged, "its pages are damaged"));
        }
        remove(&mut *transaction, key).await?;
    }
    Ok(transaction.commit().await?)
}

/// The rows a filter names. A row whose key or time cannot be read is left out: no one can ask for it.
pub(super) async fn list(pool: &SqlitePool, filter: &EntryFilter) -> sqlx::Result<Vec<EntryInfo>> {
    let rows = filtered(
        "SELECT source, kind, subject, fetched_at, length(body) FROM entries \
         WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR subject = ?3) \
         AND kind NOT LIKE ?4 || '%' ORDER BY source, kind, subject",
        filter,
    );
    Ok(rows.fetch_all(pool).await?.iter().filter_map(info).collect())
}

pub(super) async fn clear(pool: &SqlitePool, filter: &EntryFilter) -> sqlx::Result<u64> {
    let rows = filtered(
        "DELETE FROM entries \
         WHERE (?1 IS NULL OR source = ?1) AND (?2 IS NULL OR kind = ?2) AND (?3 IS NULL OR subject = ?3) \
         AND kind NOT LIKE ?4 || '%'",
        filter,
    );
    Ok(rows.execute(pool).await?.rows_affected())
}

/// Gives the space of dropped entries back to the disk. Cheap when few are left; refused while others read.
pub(super) async fn shrink(pool: &SqlitePool) -> sqlx::Result<()> {
    sqlx::query("VACUUM").execute(pool).await?;
    sqlx::query("PRAGMA wal_checkpoint(TRUNCATE)").execute(pool).await?;
    Ok(())
}

fn filtered(
    statement: &'static str,
    filter: &EntryFilter,
) -> sqlx::query::Query<'static, Sqlite, sqlx::sqlite::SqliteArguments> {
    sqlx::query(statement)
        .bind(filter.source.clone())
        .bind(filter.kind.clone())
        .bind(filter.subject.clone())
        .bind(LEASE_OF)
}

fn checked(key: &EntryKey, row: &SqliteRow) -> Option<Entry> {
    let fetched_at: i64 = row.try_get(0).ok()?;
    let sum: Vec<u8> = row.try_get(1).ok()?;
    let body: Vec<u8> = row.try_get(2).ok()?;
    let whole = sum == checksum(key, fetched_at, &body);
    Some(Entry { fetched_at: DateTime::from_timestamp(fetched_at, 0)?, body }).filter(|_| whole)
}

fn info(row: &SqliteRow) -> Option<EntryInfo> {
    let part = |column: usize| row.try_get::<String, _>(column).ok();
    Some(EntryInfo {
        key: EntryKey { source: part(0)?, kind: part(1)?, subject: part(2)? },
        fetched_at: DateTime::from_timestamp(row.try_get(3).ok()?, 0)?,
        bytes: u64::try_from(row.try_get::<i64, _>(4).ok()?).ok()?,
    })
}
