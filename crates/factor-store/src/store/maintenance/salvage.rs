//! What can be read of a damaged file, row by row: a row counts only with its checksum.

use std::{fs, path::Path};

use factor_types::{Portfolio, Saved, UserId};

use crate::{
    Identity, StoreError, User, files,
    store::{
        SavedGroup, accounts,
        checksums::{self, Checked},
        database::{Access, Transaction},
        groups, identities, portfolios,
        sqlite::{SqliteTransaction, blocking, open_to_write},
        statement::statement,
    },
};

/// Numbers of rows that are tried where the table does not say how many there are.
const TRIED: i64 = 10_000;
/// The most numbers that are tried.
const MOST: i64 = 200_000;

/// What was found whole.
#[derive(Debug, Default)]
pub(super) struct Found {
    users: Vec<(User, Option<Vec<u8>>)>,
    identities: Vec<Identity>,
    groups: Vec<(UserId, SavedGroup)>,
    portfolios: Vec<(UserId, Saved<Portfolio>)>,
}

/// Reads a copy of a damaged file with its log, so that the file itself stays as it is.
pub(super) async fn read(damaged: &Path) -> Found {
    let copy = files::named(damaged, ".salvage");
    let copied = blocking(damaged, {
        let (damaged, copy) = (damaged.to_owned(), copy.clone());
        move || {
            files::remove(&copy)?;
            files::begin_private(&copy)?;
            fs::copy(&damaged, &copy)?;
            let log = files::named(&damaged, "-wal");
            if log.exists() { fs::copy(log, files::named(&copy, "-wal")).map(drop) } else { Ok(()) }
        }
    });
    let mut found = Found::default();
    if copied.await.is_ok() {
        let pool = open_to_write(&copy);
        if let Ok(connection) = pool.acquire().await
            && let Ok(begun) = SqliteTransaction::begin(connection, Access::Read, None).await
        {
            read_rows(&mut Transaction::of_sqlite(begun, "the damaged file"), &mut found).await;
        }
        pool.close().await;
    }
    let _ = blocking(damaged, move || files::remove(&copy)).await;
    found
}

async fn read_rows(tx: &mut Transaction<'_>, found: &mut Found) {
    for id in 1..=last(tx, "SELECT max(id) FROM users").await {
        let id = UserId::new(id);
        if let Ok(Some(user)) = accounts::one(tx, id).await {
            found.users.push(user);
        }
    }
    for number in 1..=last(tx, "SELECT max(rowid) FROM identities").await {
        if let Ok(Some(identity)) = identities::numbered(tx, number).await {
            found.identities.push(identity);
        }
    }
    let one = "SELECT group_name, name_key, description, tickers, weighting_method, weights, settled, created_at, \
               updated_at, user_id FROM user_factor_groups WHERE id = $1";
    found.groups = whole(tx, one, 9, "SELECT max(id) FROM user_factor_groups").await;
    let one =
        "SELECT portfolio_name, name_key, holdings, created_at, updated_at, user_id FROM portfolios WHERE id = $1";
    found.portfolios = whole(tx, one, 5, "SELECT max(id) FROM portfolios").await;
}

/// The rows of a table that can be read and fit their checksum, looked for one by one: a damaged page costs its own
/// rows only.
async fn whole<T: Checked>(
    tx: &mut Transaction<'_>,
    one: &'static str,
    owner: usize,
    count: &'static str,
) -> Vec<(UserId, T)> {
    let mut rows = Vec::new();
    for id in 1..=last(tx, count).await {
        let Ok(Some(row)) = tx.row(statement(one).bind(id)).await else { continue };
        let (Ok(name), Ok(key), Ok(user)) = (row.get::<String>(0), row.get::<String>(1), row.get::<i64>(owner)) else {
            continue;
        };
        let user = UserId::new(user);
        if let Ok(Some(item)) = checksums::one::<T>(tx, Some(&row), user, (&key, &name)).await {
            rows.push((user, item));
        }
    }
    rows
}

async fn last(tx: &mut Transaction<'_>, count: &'static str) -> i64 {
    let last = match tx.row(statement(count)).await {
        Ok(Some(row)) => row.get::<Option<i64>>(0).unwrap_or(Some(TRIED)).unwrap_or(0),
        Ok(None) => 0,
        Err(_) => TRIED,
    };
    last.clamp(0, MOST)
}

/// Puts in what is missing or older there; in words, what that was.
pub(super) async fn put(tx: &mut Transaction<'_>, found: &Found) -> Result<Vec<String>, StoreError> {
    let mut words = Vec::new();
    for user in &found.users {
        if accounts::bring_back(tx, user).await? {
            words.push(format!("user {}", user.0.id));
        }
    }
    for identity in &found.identities {
        if identities::bring_back(tx, identity).await? {
            words.push(format!("identity of user {}", identity.user));
        }
    }
    for (user, group) in &found.groups {
        if groups::bring_back(tx, *user, group).await? {
            words.push(format!("group `{}` of user {user}", group.group.what.name));
        }
    }
    for (user, portfolio) in &found.portfolios {
        if portfolios::bring_back(tx, *user, portfolio).await? {
            words.push(format!("portfolio `{}` of user {user}", portfolio.what.name));
        }
    }
    Ok(words)
}
