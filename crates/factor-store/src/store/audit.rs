//! The audit as rows: added under a lock per chain, read by those who administer the store.
//!
//! In Postgres a server's role may add rows and read none; one function with the owner's rights tells it the end of its chain
//! (`migrations/postgres/0004_audit.sql`).

use factor_types::UserId;

use super::{
    database::Transaction,
    statement::{DatabaseRow, statement},
};
use crate::{
    StoreError,
    audit::{AuditEntry, AuditKey, AuditRow, Checkpoint, Head, hex},
};

/// Rows of one read.
const AT_ONCE: i64 = 1_000;

/// The name of a user in the audit; one who has none gets one now.
pub(super) async fn name(tx: &mut Transaction<'_>, user: UserId) -> Result<String, StoreError> {
    let known = || statement("SELECT name FROM audit_names WHERE user_id = $1").bind(user.number());
    if let Some(row) = tx.row(known()).await? {
        return row.get(0);
    }
    let mut bytes = [0; 8];
    getrandom::fill(&mut bytes).map_err(|error| StoreError::Unavailable(format!("no random bytes: {error}")))?;
    let name = hex(&bytes);
    // One user's writes come one after the other.
    let give = statement("INSERT INTO audit_names (user_id, name) VALUES ($1, $2)");
    tx.run(give.bind(user.number()).bind(name.as_str())).await?;
    Ok(name)
}

/// Adds rows to a chain, in their order.
pub(super) async fn append(
    tx: &mut Transaction<'_>,
    replica: &str,
    key: &AuditKey,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    let mut head = head(tx, replica).await?;
    let mut rows = Vec::with_capacity(entries.len());
    for entry in entries {
        let row = AuditRow::chained(key, replica, &head, entry);
        head = row.head();
        rows.push(row);
    }
    // All in one statement: whoever waits for the last waits no longer than for the first.
    let add = if tx.sqlite().is_some() {
        "INSERT INTO audit (replica, seq, at, who, operation, outcome, arguments, data, answer, hash) \
         SELECT value ->> 'replica', value ->> 'seq', value ->> 'at', value ->> 'who', value ->> 'operation', \
            value ->> 'outcome', value ->> 'arguments', value ->> 'data', value ->> 'answer', value ->> 'hash' \
         FROM json_each($1)"
    } else {
        "INSERT INTO audit (replica, seq, at, who, operation, outcome, arguments, data, answer, hash) \
         SELECT replica, seq, at, who, operation, outcome, arguments, data, answer, hash \
         FROM jsonb_to_recordset($1) AS rows (replica TEXT, seq BIGINT, at BIGINT, who TEXT, operation TEXT, outcome TEXT, \
            arguments TEXT, data TEXT, answer TEXT, hash TEXT)"
    };
    let rows = serde_json::to_value(rows).map_err(|error| StoreError::Refused(error.to_string()))?;
    tx.run(statement(add).bind(rows)).await.map(drop)
}

/// The end of a chain, which nobody else lengthens until the transaction ends.
async fn head(tx: &mut Transaction<'_>, replica: &str) -> Result<Head, StoreError> {
    let end = if tx.sqlite().is_some() {
        statement(
            "SELECT seq, hash FROM (SELECT seq, hash FROM audit WHERE replica = $1 \
             UNION ALL SELECT seq, hash FROM audit_checkpoints WHERE replica = $1) ORDER BY seq DESC LIMIT 1",
        )
    } else {
        let lock = statement("SELECT pg_advisory_xact_lock(hashtextextended('factor-mcp audit ' || $1, 0))");
        tx.run(lock.bind(replica)).await?;
        statement("SELECT head_seq, head_hash FROM audit_head($1)")
    };
    match tx.row(end.bind(replica)).await? {
        Some(row) => Ok(Head { seq: row.get(0)?, hash: row.get(1)? }),
        None => Ok(Head::default()),
    }
}

/// The chains there are, each with where its kept rows begin.
pub(super) async fn chains(tx: &mut Transaction<'_>) -> Result<Vec<(String, Option<Checkpoint>)>, StoreError> {
    let all = "SELECT each.replica, gone.seq, gone.hash, gone.at, gone.seal FROM \
               (SELECT replica FROM audit UNION SELECT replica FROM audit_checkpoints) AS each \
               LEFT JOIN audit_checkpoints AS gone ON gone.replica = each.replica ORDER BY each.replica";
    let rows = tx.rows(statement(all)).await?;
    let chain = |row: &DatabaseRow| {
        let replica: String = row.get(0)?;
        let checkpoint = match row.get::<Option<i64>>(1)? {
            None => None,
            Some(seq) => Some(Checkpoint {
                replica: replica.clone(),
                last: Head { seq, hash: row.get(2)? },
                at: row.get(3)?,
                seal: row.get(4)?,
            }),
        };
        Ok((replica, checkpoint))
    };
    rows.iter().map(chain).collect()
}

/// The next rows of a chain after a place, in order.
pub(super) async fn rows(tx: &mut Transaction<'_>, replica: &str, after: i64) -> Result<Vec<AuditRow>, StoreError> {
    let next = statement(
        "SELECT replica, seq, at, who, operation, outcome, arguments, data, answer, hash FROM audit \
         WHERE replica = $1 AND seq > $2 ORDER BY seq LIMIT $3",
    );
    let rows = tx.rows(next.bind(replica).bind(after).bind(AT_ONCE)).await?;
    let read = |row: &DatabaseRow| {
        Ok(AuditRow {
            replica: row.get(0)?,
            seq: row.get(1)?,
            at: row.get(2)?,
            who: row.get(3)?,
            operation: row.get(4)?,
            outcome: row.get(5)?,
            arguments: row.get(6)?,
            data: row.get(7)?,
            answer: row.get(8)?,
            hash: row.get(9)?,
        })
    };
    rows.iter().map(read).collect()
}

/// Takes the rows away that are older than `before` (milliseconds since 1970), and leaves a checkpoint where each chain then begins.
/// How many went, by chain.
pub(super) async fn prune(
    tx: &mut Transaction<'_>,
    key: &AuditKey,
    (before, now): (i64, i64),
) -> Result<Vec<(String, u64)>, StoreError> {
    let mut pruned = Vec::new();
    for (replica, _) in chains(tx).await? {
        // Up to the first row that is to stay: clocks may have gone back.
        let last = statement(
            "SELECT seq, hash FROM audit WHERE replica = $1 AND seq < COALESCE( \
                (SELECT min(seq) FROM audit WHERE replica = $1 AND at >= $2), \
                (SELECT max(seq) + 1 FROM audit WHERE replica = $1)) ORDER BY seq DESC LIMIT 1",
        );
        let Some(row) = tx.row(last.bind(replica.as_str()).bind(before)).await? else { continue };
        let last = Head { seq: row.get(0)?, hash: row.get(1)? };
        let gone = statement("DELETE FROM audit WHERE replica = $1 AND seq <= $2");
        let gone = tx.run(gone.bind(replica.as_str()).bind(last.seq)).await?;
        let checkpoint = Checkpoint::sealed(key, &replica, last, now);
        let put = statement(
            "INSERT INTO audit_checkpoints (replica, seq, hash, at, seal) VALUES ($1, $2, $3, $4, $5) \
             ON CONFLICT (replica) DO UPDATE SET seq = excluded.seq, hash = excluded.hash, at = excluded.at, \
             seal = excluded.seal",
        );
        let put = put.bind(replica.as_str()).bind(checkpoint.last.seq).bind(checkpoint.last.hash);
        tx.run(put.bind(checkpoint.at).bind(checkpoint.seal)).await?;
        pruned.push((replica, gone));
    }
    Ok(pruned)
}

/// Who the names are, of those of whom that may be known.
pub(super) async fn names(tx: &mut Transaction<'_>) -> Result<Vec<(UserId, String)>, StoreError> {
    let rows = tx.rows(statement("SELECT user_id, name FROM audit_names ORDER BY user_id")).await?;
    rows.iter().map(|row| Ok((UserId::new(row.get(0)?), row.get(1)?))).collect()
}

/// Takes a user's name from them: their rows stay, and are nobody's. False where they had none.
pub(super) async fn forget(tx: &mut Transaction<'_>, user: UserId) -> Result<bool, StoreError> {
    let forget = statement("DELETE FROM audit_names WHERE user_id = $1");
    Ok(tx.run(forget.bind(user.number())).await? > 0)
}
