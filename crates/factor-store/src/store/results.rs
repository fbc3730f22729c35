//! Whole results as rows, for the servers that share a Postgres. Every statement names the user, whatever else the database checks.

use chrono::{DateTime, Utc};
use factor_types::UserId;

use super::{KeptBody, database::Transaction, statement::statement};
use crate::StoreError;

/// Keeps a result; of all that a user has at most `most_bytes` stay, the newest.
pub(super) async fn keep(
    tx: &mut Transaction<'_>,
    user: UserId,
    (id, body): (&str, &KeptBody),
    expires: DateTime<Utc>,
    most_bytes: u64,
) -> Result<(), StoreError> {
    only_in_postgres(tx)?;
    let keep = statement("INSERT INTO results (id, user_id, media, body, expires_at) VALUES ($1, $2, $3, $4, $5)");
    let keep = keep.bind(id).bind(user.number()).bind(body.media.as_str()).bind(&*body.bytes);
    tx.run(keep.bind(expires.timestamp_millis())).await?;
    let surplus = statement(
        "DELETE FROM results WHERE user_id = $1 AND id IN (SELECT id FROM ( \
            SELECT id, sum(octet_length(body)) OVER (ORDER BY expires_at DESC, id) AS up_to \
            FROM results WHERE user_id = $1) AS each WHERE up_to > $2)",
    );
    let most = i64::try_from(most_bytes).unwrap_or(i64::MAX);
    tx.run(surplus.bind(user.number()).bind(most)).await.map(drop)
}

/// A user's result that has not expired.
pub(super) async fn one(
    tx: &mut Transaction<'_>,
    user: UserId,
    id: &str,
    now: DateTime<Utc>,
) -> Result<Option<KeptBody>, StoreError> {
    only_in_postgres(tx)?;
    let one = statement("SELECT media, body FROM results WHERE id = $1 AND user_id = $2 AND expires_at > $3");
    let row = tx.row(one.bind(id).bind(user.number()).bind(now.timestamp_millis())).await?;
    row.map(|row| Ok(KeptBody { media: row.get(0)?, bytes: row.get::<Vec<u8>>(1)?.into() })).transpose()
}

/// Takes away what has expired, whosever it is; how many.
pub(super) async fn sweep(tx: &mut Transaction<'_>) -> Result<u64, StoreError> {
    only_in_postgres(tx)?;
    let row = tx.row(statement("SELECT delete_expired_results()")).await?;
    let gone: i64 = row.map_or(Ok(0), |row| row.get(0))?;
    Ok(u64::try_from(gone).unwrap_or_default())
}

/// A file of SQLite is one process's, which keeps its results in memory.
fn only_in_postgres(tx: &mut Transaction<'_>) -> Result<(), StoreError> {
    match tx.postgres() {
        Some(_) => Ok(()),
        None => Err(StoreError::NotConfigured),
    }
}
