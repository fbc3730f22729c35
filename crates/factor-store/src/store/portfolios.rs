//! Portfolios as rows. Every statement names the user, whatever else the database checks.

use factor_types::{GroupName, Holding, Portfolio, Saved, UserId};
use serde_json::Value as Json;
use sqlx::types::Json as JsonColumn;

use super::{
    Deleted, Expected, Listed, accounts, checksums,
    database::Transaction,
    statement::{DatabaseRow, Statement, statement},
};
use crate::{RowKind, StoreError};

pub(super) async fn all(tx: &mut Transaction<'_>, user: UserId) -> Result<Listed<Saved<Portfolio>>, StoreError> {
    let rows = tx.rows(select_all(user)).await?;
    checksums::sift(tx, &rows, user).await
}

/// All rows of a user's, by name.
pub(super) fn select_all(user: UserId) -> Statement {
    let all = statement(
        "SELECT portfolio_name, name_key, holdings, created_at, updated_at FROM portfolios WHERE user_id = $1 ORDER BY name_key",
    );
    all.bind(user.number())
}

pub(super) async fn one(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<Saved<Portfolio>>, StoreError> {
    let row = tx.row(select_one(user, name)).await?;
    checksums::one(tx, row.as_ref(), user, (&name.key(), name.as_str())).await
}

fn select_one(user: UserId, name: &GroupName) -> Statement {
    let one = statement(
        "SELECT portfolio_name, name_key, holdings, created_at, updated_at \
         FROM portfolios WHERE user_id = $1 AND name_key = $2",
    );
    one.bind(user.number()).bind(name.key())
}

pub(super) async fn save(
    tx: &mut Transaction<'_>,
    user: UserId,
    (portfolio, expected): (&Portfolio, Expected<'_, Saved<Portfolio>>),
    most: usize,
) -> Result<(Saved<Portfolio>, Option<Saved<Portfolio>>), StoreError> {
    if let Some(holding) = portfolio.holdings.iter().find(|holding| !holding.amount.number().is_finite()) {
        let Holding { ticker, amount } = holding;
        return Err(StoreError::Refused(format!(
            "the {} of {ticker} is no finite number: {}",
            amount.as_str(),
            amount.number()
        )));
    }
    let before = one(tx, user, &portfolio.name).await?;
    if !expected.holds_of(before.as_ref()) {
        return Err(StoreError::Changed { kind: RowKind::Portfolio, name: portfolio.name.to_string() });
    }
    if before.is_none() {
        check_count(tx, user, most).await?;
    }
    let (key, name) = (portfolio.name.key(), portfolio.name.as_str());
    checksums::announce(tx, RowKind::Portfolio, user, (&key, name)).await?;
    let save = statement(
        "INSERT INTO portfolios (user_id, name_key, portfolio_name, holdings) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, name_key) DO UPDATE \
         SET portfolio_name = excluded.portfolio_name, holdings = excluded.holdings",
    );
    let save = save.bind(user.number()).bind(key.as_str()).bind(name).bind(as_json(portfolio)?);
    tx.run(save).await?;
    let after = written(tx, user, &portfolio.name).await?;
    Ok((after, before))
}

pub(super) async fn delete(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<Deleted<Saved<Portfolio>>>, StoreError> {
    let gone = Deleted::of(one(tx, user, name).await)?;
    let delete = statement("DELETE FROM portfolios WHERE user_id = $1 AND name_key = $2");
    tx.run(delete.bind(user.number()).bind(name.key())).await?;
    if gone == Some(Deleted::Damaged) {
        // What is damaged may be the key, or the row may be gone already.
        let delete = statement("DELETE FROM portfolios WHERE user_id = $1 AND portfolio_name = $2");
        tx.run(delete.bind(user.number()).bind(name.as_str())).await?;
        checksums::forget(tx, RowKind::Portfolio, user, (&name.key(), name.as_str())).await?;
    }
    Ok(gone)
}

/// Puts in a portfolio as it was, with its times, unless the one that is there is as new. True when it was put in.
pub(super) async fn bring_back(
    tx: &mut Transaction<'_>,
    user: UserId,
    kept: &Saved<Portfolio>,
) -> Result<bool, StoreError> {
    let name = &kept.what.name;
    match one(tx, user, name).await {
        Ok(Some(there)) if there.updated_at >= kept.updated_at => return Ok(false),
        Ok(None) => {}
        Ok(Some(_)) | Err(StoreError::DamagedRow { .. }) => drop(delete(tx, user, name).await?),
        Err(error) => return Err(error),
    }
    if !accounts::is_there(tx, user).await? {
        return Ok(false);
    }
    checksums::announce(tx, RowKind::Portfolio, user, (&name.key(), name.as_str())).await?;
    let insert = statement(
        "INSERT INTO portfolios (user_id, name_key, portfolio_name, holdings, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6)",
    );
    let insert = insert.bind(user.number()).bind(name.key()).bind(name.as_str()).bind(as_json(&kept.what)?);
    tx.run(insert.bind(kept.created_at).bind(kept.updated_at)).await?;
    written(tx, user, name).await.map(|_| true)
}

/// What was just written, with its checksum: the database sets the times.
async fn written(tx: &mut Transaction<'_>, user: UserId, name: &GroupName) -> Result<Saved<Portfolio>, StoreError> {
    let lost = || StoreError::Unavailable(format!("the portfolio `{name}` was written and is not there; try again"));
    let row = tx.row(select_one(user, name)).await?;
    let written = row.as_ref().map(portfolio).transpose()?.ok_or_else(lost)?;
    checksums::seal(tx, user, (&name.key(), name.as_str()), &written).await?;
    Ok(written)
}

fn as_json(portfolio: &Portfolio) -> Result<Json, StoreError> {
    serde_json::to_value(&portfolio.holdings).map_err(|error| StoreError::Refused(format!("the holdings: {error}")))
}

async fn check_count(tx: &mut Transaction<'_>, user: UserId, most: usize) -> Result<(), StoreError> {
    let count = statement("SELECT count(*) FROM portfolios WHERE user_id = $1").bind(user.number());
    let there: i64 = tx.row(count).await?.map_or(Ok(0), |row| row.get(0))?;
    if usize::try_from(there).is_ok_and(|there| there < most) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "there are {there} portfolios, and a user may keep {most} (FACTOR_USER_MAX_GROUPS): delete one with \
         delete_portfolio first"
    )))
}

pub(super) fn portfolio(row: &DatabaseRow) -> Result<Saved<Portfolio>, StoreError> {
    let JsonColumn(holdings) = row.get::<JsonColumn<Vec<Holding>>>(2)?;
    Ok(Saved { what: Portfolio { name: row.read(0)?, holdings }, created_at: row.get(3)?, updated_at: row.get(4)? })
}
