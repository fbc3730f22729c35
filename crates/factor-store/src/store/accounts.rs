//! Users as rows.

use factor_types::UserId;

use super::{
    DeletedUser, Listed, audit, checksums,
    database::Transaction,
    identities,
    statement::{DatabaseRow, Statement, statement},
};
use crate::users::{ApiKey, NewUser, User, UserTier};
use crate::{RowKind, StoreError};

/// Characters of an address; no mail address has more.
const LONGEST_EMAIL: usize = 254;

/// All users, by number.
pub(super) const ALL: &str = "SELECT id, tier, email, created_at, api_key_hash FROM users ORDER BY id";

pub(super) async fn add(tx: &mut Transaction<'_>, user: &NewUser) -> Result<(User, ApiKey), StoreError> {
    if let Some(email) = &user.email {
        check_email(email)?;
    }
    let insert = statement("INSERT INTO users (tier, email) VALUES ($1, $2) RETURNING id");
    let row = tx.row(insert.bind(user.tier.as_str()).bind(user.email.as_deref())).await?;
    let number: i64 = row.ok_or_else(|| StoreError::Unavailable("no user was added; try again".to_owned()))?.get(0)?;
    // The key names its user, so it is made when the number is known.
    let key = ApiKey::generate(UserId::new(number))?;
    let (id, name) = (UserId::new(number), number.to_string());
    checksums::announce(tx, RowKind::User, id, ("", &name)).await?;
    let give = statement("UPDATE users SET api_key_hash = $2 WHERE id = $1");
    tx.run(give.bind(number).bind(key.hash().as_slice())).await?;
    Ok((sealed(tx, id).await?, key))
}

pub(super) async fn all(tx: &mut Transaction<'_>) -> Result<Listed<User>, StoreError> {
    let rows = tx.rows(statement(ALL)).await?;
    // The local user is always there: a role that does not see it does not see all.
    if rows.is_empty() {
        return Err(StoreError::Refused(
            "this role does not see the users: it needs the role that ran `factor-mcp migrate`".to_owned(),
        ));
    }
    checksums::sift_users(tx, &rows).await
}

pub(super) async fn revoke(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<User>, StoreError> {
    // A damaged one has no key that is taken.
    if one(tx, id).await?.is_none() {
        return Ok(None);
    }
    checksums::announce(tx, RowKind::User, id, ("", &id.to_string())).await?;
    let revoke = statement("UPDATE users SET api_key_hash = NULL WHERE id = $1");
    tx.run(revoke.bind(id.number())).await?;
    identities::revoke(tx, id).await?;
    sealed(tx, id).await.map(Some)
}

/// Takes away what is kept of a user, and their access.
pub(super) async fn delete(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<DeletedUser>, StoreError> {
    if id == UserId::LOCAL {
        return Err(StoreError::Refused(
            "user 1 is the local user of a server that is run for oneself, and stays".to_owned(),
        ));
    }
    if !is_there(tx, id).await? {
        return Ok(None);
    }
    let number = id.number();
    let mut gone = async |text: &'static str| tx.run(statement(text).bind(number)).await;
    let groups = gone("DELETE FROM user_factor_groups WHERE user_id = $1").await?;
    let portfolios = gone("DELETE FROM portfolios WHERE user_id = $1").await?;
    gone("DELETE FROM usage_counts WHERE user_id = $1").await?;
    gone("DELETE FROM usage_reservations WHERE user_id = $1").await?;
    if tx.postgres().is_some() {
        tx.run(statement("DELETE FROM results WHERE user_id = $1").bind(number)).await?;
    }
    checksums::forget_all(tx, id).await?;
    checksums::announce(tx, RowKind::User, id, ("", &id.to_string())).await?;
    let empty = statement("UPDATE users SET api_key_hash = NULL, email = NULL WHERE id = $1");
    tx.run(empty.bind(number)).await?;
    identities::revoke(tx, id).await?;
    sealed(tx, id).await?;
    let was_audited = audit::forget(tx, id).await?;
    Ok(Some(DeletedUser { groups, portfolios, was_audited }))
}

/// A user who comes by other means than a key.
pub(super) async fn add_without_key(tx: &mut Transaction<'_>, tier: UserTier) -> Result<User, StoreError> {
    let insert = statement("INSERT INTO users (tier) VALUES ($1) RETURNING id");
    let row = tx.row(insert.bind(tier.as_str())).await?;
    let number: i64 = row.ok_or_else(|| StoreError::Unavailable("no user was added; try again".to_owned()))?.get(0)?;
    sealed(tx, UserId::new(number)).await
}

pub(super) async fn set_tier(tx: &mut Transaction<'_>, id: UserId, tier: UserTier) -> Result<Option<User>, StoreError> {
    if one(tx, id).await?.is_none() {
        return Ok(None);
    }
    checksums::announce(tx, RowKind::User, id, ("", &id.to_string())).await?;
    let set = statement("UPDATE users SET tier = $2 WHERE id = $1");
    tx.run(set.bind(id.number()).bind(tier.as_str())).await?;
    sealed(tx, id).await.map(Some)
}

/// Puts in a user as they were, unless they are there. True when they were put in.
pub(super) async fn bring_back(
    tx: &mut Transaction<'_>,
    (kept, hash): &(User, Option<Vec<u8>>),
) -> Result<bool, StoreError> {
    if is_there(tx, kept.id).await? {
        return Ok(false);
    }
    let insert = statement("INSERT INTO users (id, tier, email, created_at) VALUES ($1, $2, $3, $4)");
    let insert = insert.bind(kept.id.number()).bind(kept.tier.as_str()).bind(kept.email.as_deref());
    tx.run(insert.bind(kept.created_at)).await?;
    if let Some(hash) = hash {
        checksums::announce(tx, RowKind::User, kept.id, ("", &kept.id.to_string())).await?;
        let give = statement("UPDATE users SET api_key_hash = $2 WHERE id = $1");
        tx.run(give.bind(kept.id.number()).bind(hash.as_slice())).await?;
    }
    sealed(tx, kept.id).await.map(|_| true)
}

/// Whether there is a user of a number.
pub(super) async fn is_there(tx: &mut Transaction<'_>, id: UserId) -> Result<bool, StoreError> {
    let there = tx.row(statement("SELECT 1 FROM users WHERE id = $1").bind(id.number())).await?;
    Ok(there.is_some())
}

/// What was just written, with its checksum.
async fn sealed(tx: &mut Transaction<'_>, id: UserId) -> Result<User, StoreError> {
    let row = tx.row(select_one(id)).await?;
    let lost = || StoreError::Unavailable(format!("user {id} was written and is not there; try again"));
    let written = row.as_ref().map(user).transpose()?.ok_or_else(lost)?;
    checksums::seal(tx, id, ("", &id.to_string()), &written).await?;
    Ok(written.0)
}

pub(super) async fn of_key(tx: &mut Transaction<'_>, key: &ApiKey) -> Result<Option<User>, StoreError> {
    // Found by its number and compared in constant time: a search by the hash would tell by its time how much is right.
    let found = one(tx, key.user()).await?;
    Ok(found.filter(|(_, hash)| hash.as_deref().is_some_and(|hash| key.has_hash(hash))).map(|(user, _)| user))
}

pub(super) async fn one(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<(User, Option<Vec<u8>>)>, StoreError> {
    let row = tx.row(select_one(id)).await?;
    checksums::one(tx, row.as_ref(), id, ("", &id.to_string())).await
}

fn select_one(id: UserId) -> Statement {
    statement("SELECT id, tier, email, created_at, api_key_hash FROM users WHERE id = $1").bind(id.number())
}

pub(super) fn user(row: &DatabaseRow) -> Result<(User, Option<Vec<u8>>), StoreError> {
    let hash: Option<Vec<u8>> = row.get(4)?;
    let user = User {
        id: UserId::new(row.get(0)?),
        tier: row.read(1)?,
        email: row.get(2)?,
        created_at: row.get(3)?,
        has_key: hash.is_some(),
    };
    Ok((user, hash))
}

fn check_email(email: &str) -> Result<(), StoreError> {
    let parts = email.split_once('@').is_some_and(|(name, host)| !name.is_empty() && !host.is_empty());
    if parts && email.len() <= LONGEST_EMAIL && !email.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Ok(());
    }
    let shown: String = email.chars().take(60).flat_map(char::escape_debug).collect();
    Err(StoreError::Refused(format!("`{shown}` is not an address: write one like ann@example.org")))
}
