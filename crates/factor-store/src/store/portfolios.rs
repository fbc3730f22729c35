//! Portfolios as rows. Every statement names the user, whatever else the database checks.

use factor_types::{GroupName, Holding, Portfolio, Saved, UserId};
use sqlx::types::Json as JsonColumn;

use super::{
    database::Transaction,
    statement::{DatabaseRow, statement},
};
use crate::StoreError;

pub(super) async fn all(tx: &mut Transaction<'_>, user: UserId) -> Result<Vec<Saved<Portfolio>>, StoreError> {
    let all = statement(
        "SELECT portfolio_name, holdings, created_at, updated_at FROM portfolios WHERE user_id = $1 ORDER BY name_key",
    );
    tx.rows(all.bind(user.number())).await?.iter().map(portfolio).collect()
}

pub(super) async fn one(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<Saved<Portfolio>>, StoreError> {
    let one = statement(
        "SELECT portfolio_name, holdings, created_at, updated_at FROM portfolios WHERE user_id = $1 AND name_key = $2",
    );
    tx.row(one.bind(user.number()).bind(name.key())).await?.as_ref().map(portfolio).transpose()
}

pub(super) async fn save(
    tx: &mut Transaction<'_>,
    user: UserId,
    portfolio: &Portfolio,
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
    let holdings = serde_json::to_value(&portfolio.holdings)
        .map_err(|error| StoreError::Refused(format!("the holdings: {error}")))?;
    let save = statement(
        "INSERT INTO portfolios (user_id, name_key, portfolio_name, holdings) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (user_id, name_key) DO UPDATE \
         SET portfolio_name = excluded.portfolio_name, holdings = excluded.holdings",
    );
    let save = save.bind(user.number()).bind(portfolio.name.key()).bind(portfolio.name.as_str()).bind(holdings);
    tx.run(save).await?;
    let lost = || {
        let name = &portfolio.name;
        StoreError::Unavailable(format!("the portfolio `{name}` was written and is not there; try again"))
    };
    let after = one(tx, user, &portfolio.name).await?.ok_or_else(lost)?;
    Ok((after, before))
}

pub(super) async fn delete(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<Saved<Portfolio>>, StoreError> {
    let gone = one(tx, user, name).await?;
    let delete = statement("DELETE FROM portfolios WHERE user_id = $1 AND name_key = $2");
    tx.run(delete.bind(user.number()).bind(name.key())).await?;
    Ok(gone)
}

fn portfolio(row: &DatabaseRow) -> Result<Saved<Portfolio>, StoreError> {
    let JsonColumn(holdings) = row.get::<JsonColumn<Vec<Holding>>>(1)?;
    Ok(Saved { what: Portfolio { name: row.read(0)?, holdings }, created_at: row.get(2)?, updated_at: row.get(3)? })
}
