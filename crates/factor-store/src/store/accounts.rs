//! Users as rows.

use factor_types::UserId;

use super::{
    database::Transaction,
    statement::{DatabaseRow, statement},
};
use crate::StoreError;
use crate::users::{ApiKey, NewUser, User};

/// Characters of an address; no mail address has more.
const LONGEST_EMAIL: usize = 254;

pub(super) async fn add(tx: &mut Transaction<'_>, user: &NewUser) -> Result<(User, ApiKey), StoreError> {
    if let Some(email) = &user.email {
        check_email(email)?;
    }
    let insert = statement("INSERT INTO users (tier, email) VALUES ($1, $2) RETURNING id");
    let row = tx.row(insert.bind(user.tier.as_str()).bind(user.email.as_deref())).await?;
    let number: i64 = row.ok_or_else(|| StoreError::Unavailable("no user was added; try again".to_owned()))?.get(0)?;
    // The key names its user, so it is made when the number is known.
    let key = ApiKey::generate(UserId::new(number))?;
    let give = statement("UPDATE users SET api_key_hash = $2 WHERE id = $1");
    tx.run(give.bind(number).bind(key.hash().as_slice())).await?;
    let added = one(tx, UserId::new(number)).await?;
    let (user, _) = added.ok_or_else(|| StoreError::Unavailable("no user was added; try again".to_owned()))?;
    Ok((user, key))
}

pub(super) async fn all(tx: &mut Transaction<'_>) -> Result<Vec<User>, StoreError> {
    let rows = tx.rows(statement("SELECT id, tier, email, created_at, api_key_hash FROM users ORDER BY id")).await?;
    // The local user is always there: a role that does not see it does not see all.
    if rows.is_empty() {
        return Err(StoreError::Refused(
            "this role does not see the users: it needs the role that ran `factor-mcp migrate`".to_owned(),
        ));
    }
    rows.iter().map(|row| user(row).map(|(user, _)| user)).collect()
}

pub(super) async fn revoke(tx: &mut Transaction<'_>, user: UserId) -> Result<Option<User>, StoreError> {
    let revoke = statement("UPDATE users SET api_key_hash = NULL WHERE id = $1");
    tx.run(revoke.bind(user.number())).await?;
    Ok(one(tx, user).await?.map(|(user, _)| user))
}

pub(super) async fn of_key(tx: &mut Transaction<'_>, key: &ApiKey) -> Result<Option<User>, StoreError> {
    // Found by its number and compared in constant time: a search by the hash would tell by its time how much is right.
    let found = one(tx, key.user()).await?;
    Ok(found.filter(|(_, hash)| hash.as_deref().is_some_and(|hash| key.has_hash(hash))).map(|(user, _)| user))
}

async fn one(tx: &mut Transaction<'_>, id: UserId) -> Result<Option<(User, Option<Vec<u8>>)>, StoreError> {
    let one = statement("SELECT id, tier, email, created_at, api_key_hash FROM users WHERE id = $1");
    tx.row(one.bind(id.number())).await?.as_ref().map(user).transpose()
}

fn user(row: &DatabaseRow) -> Result<(User, Option<Vec<u8>>), StoreError> {
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
