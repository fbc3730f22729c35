//! A transaction on a connection of its own, whose end is always known.
//!
//! Not sqlx's: SQLite rolls back by itself when the disk is full or fails, sqlx then counts a transaction that is none,
//! and no later one can be begun on that connection.

use sqlx::{Executor as _, Sqlite, SqliteConnection, pool::PoolConnection};
use tokio::sync::OwnedMutexGuard;

use crate::store::database::Access;

/// A transaction. Dropped before its end it closes its connection, which rolls it back.
pub(in crate::store) struct SqliteTransaction {
    connection: PoolConnection<Sqlite>,
    ended: bool,
    turn: Option<OwnedMutexGuard<()>>,
}

impl SqliteTransaction {
    pub(in crate::store) async fn begin(
        connection: PoolConnection<Sqlite>,
        access: Access,
        turn: Option<OwnedMutexGuard<()>>,
    ) -> sqlx::Result<Self> {
        let mut transaction = Self { connection, ended: false, turn };
        let begin = if access == Access::Write { "BEGIN IMMEDIATE" } else { "BEGIN" };
        transaction.connection.execute(begin).await?;
        Ok(transaction)
    }

    pub(in crate::store) fn connection(&mut self) -> &mut SqliteConnection {
        &mut self.connection
    }

    /// Keeps what was done. When it fails nothing of it is kept.
    pub(in crate::store) async fn commit(mut self) -> sqlx::Result<()> {
        self.connection.execute("COMMIT").await?;
        self.ended = true;
        Ok(())
    }

    /// Undoes what was done; the turn to write is given back, for another try.
    pub(in crate::store) async fn rollback(mut self) -> Option<OwnedMutexGuard<()>> {
        self.ended = self.connection.execute("ROLLBACK").await.is_ok();
        self.turn.take()
    }
}

impl Drop for SqliteTransaction {
    fn drop(&mut self) {
        if !self.ended {
            self.connection.close_on_drop();
        }
    }
}
