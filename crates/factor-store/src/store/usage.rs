//! What was used of the quotas, as rows: counts of what was answered, and places that calls at work have taken.
//!
//! One user's writes come one after the other in both databases, so that counting and taking are one step. A place that has lapsed
//! is taken away by the next who asks for one of the same kind, and by nobody else: as long as its row is there nobody has taken it
//! twice, and its call may still use it.

use chrono::{DateTime, Days, NaiveDate, Utc};
use factor_types::UserId;

use super::{accounts, database::Transaction, statement::statement};
use crate::{
    StoreError,
    quotas::{Place, PlaceOutcome, QuotaAsk, Usage},
    users::UserTier,
};

/// For so many days it is known what users have used; and for so many where callers without a key came from.
const KEPT_DAYS: u64 = 62;
const KEPT_DAYS_OF_ADDRESSES: u64 = 2;

/// Takes a place, where one is left.
pub(super) async fn take(tx: &mut Transaction<'_>, ask: &QuotaAsk) -> Result<PlaceOutcome, StoreError> {
    let tier = if ask.caller.is_empty() {
        // Who is not there any more is nobody's guest.
        accounts::one(tx, ask.user).await?.map_or(UserTier::Public, |(user, _)| user.tier)
    } else {
        UserTier::Public
    };
    let lapsed = statement(
        "DELETE FROM usage_reservations WHERE user_id = $1 AND caller = $2 AND operation = $3 AND lapses_at <= $4",
    );
    let lapsed = lapsed.bind(ask.user.number()).bind(ask.caller.as_str()).bind(ask.operation);
    tx.run(lapsed.bind(ask.now.timestamp_millis())).await?;
    let (answered, at_work) = (answered(tx, ask).await?, at_work(tx, ask).await?);
    let most = ask.most.of(tier);
    if most.is_some_and(|most| answered + at_work >= u64::from(most)) {
        let most = most.unwrap_or_default();
        return Ok(PlaceOutcome::Exhausted { tier, most, answered, at_work });
    }
    let take = statement(
        "INSERT INTO usage_reservations (user_id, caller, operation, day, lapses_at) VALUES ($1, $2, $3, $4, $5) \
         RETURNING id",
    );
    let take = take.bind(ask.user.number()).bind(ask.caller.as_str()).bind(ask.operation).bind(Some(ask.day()));
    let row = tx.row(take.bind(ask.lapses_at.timestamp_millis())).await?;
    let id = row.ok_or_else(|| StoreError::Unavailable("no place was taken; try again".to_owned()))?.get(0)?;
    Ok(PlaceOutcome::Taken(Place { id, user: ask.user }))
}

async fn answered(tx: &mut Transaction<'_>, ask: &QuotaAsk) -> Result<u64, StoreError> {
    let count =
        statement("SELECT count FROM usage_counts WHERE user_id = $1 AND caller = $2 AND operation = $3 AND day = $4");
    let count = count.bind(ask.user.number()).bind(ask.caller.as_str()).bind(ask.operation).bind(Some(ask.day()));
    let count: i64 = tx.row(count).await?.map_or(Ok(0), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

async fn at_work(tx: &mut Transaction<'_>, ask: &QuotaAsk) -> Result<u64, StoreError> {
    let count = statement(
        "SELECT count(*) FROM usage_reservations WHERE user_id = $1 AND caller = $2 AND operation = $3 AND day = $4",
    );
    let count = count.bind(ask.user.number()).bind(ask.caller.as_str()).bind(ask.operation).bind(Some(ask.day()));
    let count: i64 = tx.row(count).await?.map_or(Ok(0), |row| row.get(0))?;
    Ok(u64::try_from(count).unwrap_or_default())
}

/// Counts the answer of a call. False where its place has lapsed and somebody else may have it.
pub(super) async fn count(tx: &mut Transaction<'_>, place: &Place) -> Result<bool, StoreError> {
    let taken =
        statement("DELETE FROM usage_reservations WHERE id = $1 AND user_id = $2 RETURNING caller, operation, day");
    let Some(row) = tx.row(taken.bind(place.id).bind(place.user.number())).await? else { return Ok(false) };
    let (caller, operation, day): (String, String, NaiveDate) = (row.get(0)?, row.get(1)?, row.get(2)?);
    let count = statement(
        "INSERT INTO usage_counts (user_id, caller, operation, day, count) VALUES ($1, $2, $3, $4, 1) \
         ON CONFLICT (user_id, caller, operation, day) DO UPDATE SET count = usage_counts.count + 1 RETURNING count",
    );
    let count = count.bind(place.user.number()).bind(caller.as_str()).bind(operation).bind(Some(day));
    let row = tx.row(count).await?;
    // With the first of a day those of long ago go.
    if row.map_or(Ok(0), |row| row.get::<i64>(0))? == 1 {
        let kept = if caller.is_empty() { KEPT_DAYS } else { KEPT_DAYS_OF_ADDRESSES };
        let since = day.checked_sub_days(Days::new(kept)).unwrap_or(day);
        let old = if caller.is_empty() {
            statement("DELETE FROM usage_counts WHERE user_id = $1 AND caller = '' AND day < $2")
        } else {
            statement("DELETE FROM usage_counts WHERE user_id = $1 AND caller <> '' AND day < $2")
        };
        tx.run(old.bind(place.user.number()).bind(Some(since))).await?;
    }
    Ok(true)
}

/// Gives a place back.
pub(super) async fn give_back(tx: &mut Transaction<'_>, place: &Place) -> Result<(), StoreError> {
    let give = statement("DELETE FROM usage_reservations WHERE id = $1 AND user_id = $2");
    tx.run(give.bind(place.id).bind(place.user.number())).await.map(drop)
}

/// What a user, or callers without a key, used on a day, and what is at work, by caller and operation.
pub(super) async fn of_day(
    tx: &mut Transaction<'_>,
    user: UserId,
    day: NaiveDate,
    now: DateTime<Utc>,
) -> Result<Vec<Usage>, StoreError> {
    let used = statement(
        "SELECT caller, operation, CAST(sum(answered) AS BIGINT), CAST(sum(at_work) AS BIGINT) FROM ( \
            SELECT caller, operation, count AS answered, 0 AS at_work FROM usage_counts WHERE user_id = $1 AND day = $2 \
            UNION ALL SELECT caller, operation, 0, 1 FROM usage_reservations \
            WHERE user_id = $1 AND day = $2 AND lapses_at > $3 \
         ) AS used GROUP BY caller, operation ORDER BY caller, operation",
    );
    let used = used.bind(user.number()).bind(Some(day)).bind(now.timestamp_millis());
    let rows = tx.rows(used).await?;
    let usage = rows.iter().map(|row| {
        let number = |column| row.get::<i64>(column).map(|number| u64::try_from(number).unwrap_or_default());
        Ok(Usage { caller: row.get(0)?, operation: row.get(1)?, answered: number(2)?, at_work: number(3)? })
    });
    usage.collect()
}
