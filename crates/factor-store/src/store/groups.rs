//! Factor groups as rows. Every statement names the user, whatever else the database checks.

use factor_types::{FactorGroup, GroupName, GroupWeighting, Saved, SettledWeights, Ticker, UserId, WeightingMethod};
use serde_json::{Map, Number, Value as Json};
use sqlx::types::Json as JsonColumn;

use super::{
    Deleted, Expected, Listed, SavedGroup, WriteOutcome, accounts, checksums,
    database::Transaction,
    statement::{DatabaseRow, Statement, statement},
};
use crate::{RowKind, StoreError};

pub(super) async fn all(tx: &mut Transaction<'_>, user: UserId) -> Result<Listed<SavedGroup>, StoreError> {
    let rows = tx.rows(select_all(user)).await?;
    checksums::sift(tx, &rows, user).await
}

/// All rows of a user's, by name.
pub(super) fn select_all(user: UserId) -> Statement {
    let all = statement(
        "SELECT group_name, name_key, description, tickers, weighting_method, weights, settled, created_at, updated_at \
         FROM user_factor_groups WHERE user_id = $1 ORDER BY name_key",
    );
    all.bind(user.number())
}

pub(super) async fn one(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<SavedGroup>, StoreError> {
    let row = tx.row(select_one(user, name)).await?;
    checksums::one(tx, row.as_ref(), user, (&name.key(), name.as_str())).await
}

fn select_one(user: UserId, name: &GroupName) -> Statement {
    let one = statement(
        "SELECT group_name, name_key, description, tickers, weighting_method, weights, settled, created_at, updated_at \
         FROM user_factor_groups WHERE user_id = $1 AND name_key = $2",
    );
    one.bind(user.number()).bind(name.key())
}

pub(super) async fn create(
    tx: &mut Transaction<'_>,
    user: UserId,
    group: &FactorGroup,
    settled: Option<&SettledWeights>,
    most: usize,
) -> Result<WriteOutcome<SavedGroup>, StoreError> {
    // Within the transaction no other write of this user comes between this look and the insert.
    if let Some(there) = one(tx, user, &group.name).await? {
        let same = there.group.what.same_content(group);
        return Ok(if same { WriteOutcome::Unchanged(there) } else { WriteOutcome::Conflict(there) });
    }
    check_count(tx, user, most).await?;
    checksums::announce(tx, RowKind::Group, user, (&group.name.key(), group.name.as_str())).await?;
    let insert = statement(
        "INSERT INTO user_factor_groups \
         (user_id, name_key, group_name, description, tickers, weighting_method, weights, settled) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8)",
    );
    let insert = insert.bind(user.number()).bind(group.name.key());
    tx.run(bind_content(insert, group, settled)?).await?;
    written(tx, user, &group.name).await.map(WriteOutcome::Written)
}

pub(super) async fn update(
    tx: &mut Transaction<'_>,
    user: UserId,
    (name, expected): (&GroupName, Expected<'_, SavedGroup>),
    group: &FactorGroup,
    settled: Option<&SettledWeights>,
) -> Result<Option<WriteOutcome<SavedGroup>>, StoreError> {
    let Some(before) = one(tx, user, name).await? else { return Ok(None) };
    if !expected.holds_of(Some(&before)) {
        return Err(StoreError::Changed { kind: RowKind::Group, name: name.to_string() });
    }
    if group.name != *name
        && let Some(other) = one(tx, user, &group.name).await?
    {
        return Ok(Some(WriteOutcome::Conflict(other)));
    }
    if before.group.what.same_content(group) && before.settled.as_ref() == settled {
        return Ok(Some(WriteOutcome::Unchanged(before)));
    }
    if group.name != *name {
        checksums::forget(tx, RowKind::Group, user, (&name.key(), name.as_str())).await?;
    }
    checksums::announce(tx, RowKind::Group, user, (&group.name.key(), group.name.as_str())).await?;
    let update = statement(
        "UPDATE user_factor_groups SET name_key = $3, group_name = $4, description = $5, tickers = $6, \
         weighting_method = $7, weights = $8, settled = $9 WHERE user_id = $1 AND name_key = $2",
    );
    let update = update.bind(user.number()).bind(name.key()).bind(group.name.key());
    tx.run(bind_content(update, group, settled)?).await?;
    Ok(Some(WriteOutcome::Written(written(tx, user, &group.name).await?)))
}

pub(super) async fn delete(
    tx: &mut Transaction<'_>,
    user: UserId,
    name: &GroupName,
) -> Result<Option<Deleted<SavedGroup>>, StoreError> {
    let gone = Deleted::of(one(tx, user, name).await)?;
    let delete = statement("DELETE FROM user_factor_groups WHERE user_id = $1 AND name_key = $2");
    tx.run(delete.bind(user.number()).bind(name.key())).await?;
    if gone == Some(Deleted::Damaged) {
        // What is damaged may be the key, or the row may be gone already.
        let delete = statement("DELETE FROM user_factor_groups WHERE user_id = $1 AND group_name = $2");
        tx.run(delete.bind(user.number()).bind(name.as_str())).await?;
        checksums::forget(tx, RowKind::Group, user, (&name.key(), name.as_str())).await?;
    }
    Ok(gone)
}

/// Puts in a group as it was, with its times, unless the one that is there is as new. True when it was put in.
pub(super) async fn bring_back(tx: &mut Transaction<'_>, user: UserId, kept: &SavedGroup) -> Result<bool, StoreError> {
    let group = &kept.group.what;
    match one(tx, user, &group.name).await {
        Ok(Some(there)) if there.group.updated_at >= kept.group.updated_at => return Ok(false),
        Ok(None) => {}
        Ok(Some(_)) | Err(StoreError::DamagedRow { .. }) => drop(delete(tx, user, &group.name).await?),
        Err(error) => return Err(error),
    }
    if !accounts::is_there(tx, user).await? {
        return Ok(false);
    }
    checksums::announce(tx, RowKind::Group, user, (&group.name.key(), group.name.as_str())).await?;
    let insert = statement(
        "INSERT INTO user_factor_groups \
         (user_id, name_key, group_name, description, tickers, weighting_method, weights, settled, created_at, updated_at) \
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
    );
    let insert = bind_content(insert.bind(user.number()).bind(group.name.key()), group, kept.settled.as_ref())?;
    tx.run(insert.bind(kept.group.created_at).bind(kept.group.updated_at)).await?;
    written(tx, user, &group.name).await.map(|_| true)
}

async fn check_count(tx: &mut Transaction<'_>, user: UserId, most: usize) -> Result<(), StoreError> {
    let count = statement("SELECT count(*) FROM user_factor_groups WHERE user_id = $1").bind(user.number());
    let there: i64 = tx.row(count).await?.map_or(Ok(0), |row| row.get(0))?;
    if usize::try_from(there).is_ok_and(|there| there < most) {
        return Ok(());
    }
    Err(StoreError::Refused(format!(
        "there are {there} factor groups, and a user may keep {most} (FACTOR_USER_MAX_GROUPS): delete one with \
         delete_factor_group first"
    )))
}

/// What was just written: the database sets the times.
async fn written(tx: &mut Transaction<'_>, user: UserId, name: &GroupName) -> Result<SavedGroup, StoreError> {
    let lost = || StoreError::Unavailable(format!("the group `{name}` was written and is not there; try again"));
    let row = tx.row(select_one(user, name)).await?;
    let written = row.as_ref().map(group).transpose()?.ok_or_else(lost)?;
    checksums::seal(tx, user, (&name.key(), name.as_str()), &written).await?;
    Ok(written)
}

fn bind_content(to: Statement, group: &FactorGroup, settled: Option<&SettledWeights>) -> Result<Statement, StoreError> {
    if group.description.contains('\0') {
        return Err(StoreError::Refused("a description is text, without a NUL character".to_owned()));
    }
    let tickers: Vec<Json> = group.tickers.iter().map(|ticker| Json::from(ticker.as_str())).collect();
    let settled = settled.map(serde_json::to_value).transpose();
    let settled = settled.map_err(|error| StoreError::Refused(format!("the settled weights: {error}")))?;
    Ok(to
        .bind(group.name.as_str())
        .bind(group.description.as_str())
        .bind(Json::from(tickers))
        .bind(group.weighting.as_str())
        .bind(weights(group)?)
        .bind(settled))
}

/// Custom weights by ticker; none for the other weightings.
fn weights(group: &FactorGroup) -> Result<Option<Json>, StoreError> {
    let GroupWeighting::Custom(weights) = &group.weighting else { return Ok(None) };
    let mut of = Map::new();
    for (ticker, weight) in group.tickers.iter().zip(weights) {
        let number = Number::from_f64(*weight)
            .ok_or_else(|| StoreError::Refused(format!("the weight of {ticker} is no finite number: {weight}")))?;
        of.insert(ticker.as_str().to_owned(), Json::Number(number));
    }
    if of.len() != group.tickers.len() || weights.len() != group.tickers.len() {
        return Err(StoreError::Refused(format!(
            "{} weights for {} tickers: give each ticker once, with one weight",
            weights.len(),
            group.tickers.len()
        )));
    }
    Ok(Some(Json::Object(of)))
}

pub(super) fn group(row: &DatabaseRow) -> Result<SavedGroup, StoreError> {
    let name: GroupName = row.read(0)?;
    let unreadable =
        |what: &str| StoreError::Unreadable(format!("the group `{name}`: {what}; delete and save it again"));
    let JsonColumn(tickers) = row.get::<JsonColumn<Vec<Ticker>>>(3)?;
    let method: String = row.get(4)?;
    let weighting = match method.parse() {
        Ok(WeightingMethod::Equal) => GroupWeighting::Equal,
        Ok(WeightingMethod::MarketCap) => GroupWeighting::MarketCap,
        Ok(WeightingMethod::Custom) => {
            let of = row.get::<Option<JsonColumn<Map<String, Json>>>>(5)?;
            let JsonColumn(of) = of.ok_or_else(|| unreadable("it has no weights"))?;
            let weight = |ticker: &Ticker| of.get(ticker.as_str()).and_then(Json::as_f64);
            let weights: Option<Vec<f64>> = tickers.iter().map(weight).collect();
            GroupWeighting::Custom(weights.ok_or_else(|| unreadable("a member has no weight"))?)
        }
        Err(_) => return Err(unreadable(&format!("`{method}` is no weighting"))),
    };
    let settled = row.get::<Option<JsonColumn<SettledWeights>>>(6)?.map(|JsonColumn(settled)| settled);
    let what = FactorGroup { name, description: row.get(2)?, tickers, weighting };
    Ok(SavedGroup { group: Saved { what, created_at: row.get(7)?, updated_at: row.get(8)? }, settled })
}
