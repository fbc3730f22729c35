//! Whether a file's pages are what SQLite made of them.

use std::time::{Duration, Instant};

use sqlx::{Row as _, Sqlite, SqlitePool, pool::PoolConnection};

use crate::{StoreError, store::errors};

/// How long the pages are gone through; a file of users' rows takes milliseconds.
const PATIENCE: Duration = Duration::from_secs(3);
/// SQLite's steps between two looks at the clock.
const STEPS: i32 = 10_000;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::store) enum Finding {
    /// Nothing, or rows alone: each has a checksum of its own.
    Whole,
    /// Indexes that do not fit their tables; they can be made anew.
    Indexes,
    /// The pages are damaged, and how.
    Damaged(String),
}

/// Goes through the pages and indexes, on SQLite's own thread and for a bounded time. What is not found by then is
/// found another day.
pub(in crate::store) async fn pages(pool: &SqlitePool) -> Finding {
    match pool.acquire().await {
        Ok(mut connection) => {
            let finding = pages_of(&mut connection).await;
            // The bound of this one question does not belong on a connection of the pool.
            connection.close_on_drop();
            finding
        }
        Err(error) => judged(&error),
    }
}

async fn pages_of(connection: &mut PoolConnection<Sqlite>) -> Finding {
    let end = Instant::now() + PATIENCE;
    match connection.lock_handle().await {
        Ok(mut handle) => handle.set_progress_handler(STEPS, move || Instant::now() < end),
        Err(error) => return judged(&error),
    }
    match sqlx::query("PRAGMA integrity_check(50)").fetch_all(&mut **connection).await {
        Ok(lines) => {
            let said = lines.iter().map(|line| line.try_get(0).unwrap_or_else(|error| error.to_string()));
            of_report(&said.collect::<Vec<String>>())
        }
        Err(error) => judged(&error),
    }
}

/// Makes the indexes anew from their tables. What cannot be is said; the checksums keep wrong rows out either way.
pub(in crate::store) async fn reindex(pool: &SqlitePool, place: &str) {
    let made = async {
        let mut connection = pool.acquire().await?;
        let made = sqlx::query("REINDEX").execute(&mut *connection).await.map(drop);
        connection.close().await?;
        made
    };
    match made.await {
        Ok(()) => tracing::warn!("{place}: an index was damaged and was made anew"),
        Err(error) => tracing::warn!("{place}: an index is damaged and cannot be made anew: {error}"),
    }
}

/// An error of the question itself: a damage that SQLite does not get past, or nothing to do with the pages.
fn judged(error: &sqlx::Error) -> Finding {
    if let StoreError::Damaged(why) = errors::refusal("its pages", error) {
        return Finding::Damaged(why);
    }
    tracing::warn!("the pages of the store were not gone through to the end: {error}");
    Finding::Whole
}

/// What SQLite's lines say: pages first, then rows and indexes, table by table.
fn of_report(lines: &[String]) -> Finding {
    let of_row = |line: &str| {
        let parts = ["CHECK constraint failed in", "NULL value in", "non-", "TEXT value in", "NUMERIC value in"];
        parts.iter().any(|part| line.starts_with(part))
    };
    let of_index = |line: &str| {
        line.contains("missing from index") || line.contains("entries in index") || line.contains("non-unique entry")
    };
    let rest: Vec<&String> = lines.iter().filter(|line| *line != "ok" && !of_row(line)).collect();
    match rest.iter().find(|line| !of_index(line)) {
        Some(line) => Finding::Damaged((*line).clone()),
        None if rest.is_empty() => Finding::Whole,
        None => Finding::Indexes,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_tells_pages_from_indexes_and_rows() {
        let of = |lines: &[&str]| of_report(&lines.iter().map(|line| (*line).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(&["ok"]), Finding::Whole);
        assert_eq!(
            of(&["CHECK constraint failed in portfolios", "non-TEXT value in portfolios.holdings"]),
            Finding::Whole
        );
        assert_eq!(of(&["row 3 missing from index sqlite_autoindex_portfolios_1"]), Finding::Indexes);
        let page = "Tree 5 page 7 cell 2: Rowid 9 out of order";
        assert_eq!(of(&["row 3 missing from index x", page]), Finding::Damaged(page.to_owned()));
    }
}
