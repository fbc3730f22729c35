//! Issuers' subjects as rows: which user each of them is.
//!
//! In Postgres a server's role has no right on the table, and one function with the owner's rights is its way to it
//! (`migrations/postgres/0002_identities.sql`). In SQLite each row has a checksum, in a table of its own: a row that is lost is
//! then seen, for its subject would come in as a new user, also one whose access was taken away.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use factor_types::UserId;

use super::{
    Listed, accounts,
    checksums::Sealing,
    database::Transaction,
    statement::{DatabaseRow, Statement, statement},
};
use crate::{
    RowKind, StoreError,
    users::{Identity, IdentityOutcome, NewUsers, User},
};

/// The user of a subject that is known; `None` for one that is not, or where only [`come`] can tell.
pub(super) async fn known(
    tx: &mut Transaction<'_>,
    issuer: &str,
    subject: &str,
) -> Result<Option<IdentityOutcome>, StoreError> {
    if tx.sqlite().is_none() {
        return Ok(None);
    }
    let Some(identity) = one(tx, issuer, subject).await? else { return Ok(None) };
    if identity.revoked_at.is_some() {
        return Ok(Some(IdentityOutcome::Revoked));
    }
    match accounts::one(tx, identity.user).await? {
        Some((user, _)) => Ok(Some(IdentityOutcome::Known(user))),
        None => Err(damaged(identity.user)),
    }
}

/// The user of a subject, who becomes one where that is due.
pub(super) async fn come(
    tx: &mut Transaction<'_>,
    issuer: &str,
    subject: &str,
    new: NewUsers,
) -> Result<IdentityOutcome, StoreError> {
    if tx.sqlite().is_none() {
        return come_to_postgres(tx, issuer, subject, new).await;
    }
    // Meanwhile another may have brought them in.
    if let Some(outcome) = known(tx, issuer, subject).await? {
        return Ok(outcome);
    }
    let within_hour =
        "SELECT count(*) FROM identities WHERE created_at > strftime('%Y-%m-%dT%H:%M:%fZ', 'now', '-1 hour')";
    let newcomers: i64 = tx.row(statement(within_hour)).await?.map_or(Ok(0), |row| row.get(0))?;
    if newcomers >= i64::from(new.per_hour) {
        return Ok(IdentityOutcome::TooManyNew);
    }
    let user = accounts::add_without_key(tx, new.tier).await?;
    let insert = statement("INSERT INTO identities (issuer, subject, user_id) VALUES ($1, $2, $3)");
    tx.run(insert.bind(issuer).bind(subject).bind(user.id.number())).await?;
    seal(tx, issuer, subject).await?;
    Ok(IdentityOutcome::Known(user))
}

async fn come_to_postgres(
    tx: &mut Transaction<'_>,
    issuer: &str,
    subject: &str,
    new: NewUsers,
) -> Result<IdentityOutcome, StoreError> {
    let come = statement(
        "SELECT outcome, user_number, user_tier, user_email, user_since, user_has_key \
         FROM user_of_identity($1, $2, $3, $4)",
    );
    let come = come.bind(issuer).bind(subject).bind(new.tier.as_str()).bind(i64::from(new.per_hour));
    let lost = || StoreError::Unreadable("an identity has no user".to_owned());
    let row = tx.row(come).await?.ok_or_else(lost)?;
    match row.get::<String>(0)?.as_str() {
        "known" => Ok(IdentityOutcome::Known(User {
            id: UserId::new(row.get(1)?),
            tier: row.read(2)?,
            email: row.get(3)?,
            created_at: row.get(4)?,
            has_key: row.get(5)?,
        })),
        "revoked" => Ok(IdentityOutcome::Revoked),
        "too_many_new" => Ok(IdentityOutcome::TooManyNew),
        _ => Err(lost()),
    }
}

/// All of them, by user; what is damaged by the number of its user.
pub(super) async fn all(tx: &mut Transaction<'_>) -> Result<Listed<Identity>, StoreError> {
    let rows = tx.rows(statement("SELECT issuer, subject, user_id, created_at, revoked_at FROM identities")).await?;
    let mut sums = sums(tx).await?;
    let mut listed = Listed { rows: Vec::new(), damaged: Vec::new() };
    for row in &rows {
        let read = identity(row);
        let sum =
            sums.as_mut().map(|sums| sums.remove(&(row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default())));
        match read {
            Ok(identity) if sum.as_ref().is_none_or(|sum| fits(&identity, sum.as_ref())) => listed.rows.push(identity),
            _ => {
                let user = sum.flatten().map(|sum| sum.user).or_else(|| row.get(2).ok()).unwrap_or_default();
                listed.damaged.push(user.to_string());
            }
        }
    }
    listed.damaged.extend(sums.into_iter().flatten().map(|(_, sum)| sum.user.to_string()));
    listed.rows.sort_by(|a, b| (a.user, a.created_at, &a.subject).cmp(&(b.user, b.created_at, &b.subject)));
    listed.damaged.sort();
    listed.damaged.dedup();
    Ok(listed)
}

/// Takes their access away from a user's subjects, now and for good.
pub(super) async fn revoke(tx: &mut Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    for identity in all(tx).await?.rows.iter().filter(|identity| identity.user == user && identity.revoked_at.is_none())
    {
        revoke_at(tx, identity, Utc::now()).await?;
    }
    Ok(())
}

/// Puts in an identity as it was, unless it is there; one whose access was taken away has it taken away there too. True when
/// something was done.
pub(super) async fn bring_back(tx: &mut Transaction<'_>, kept: &Identity) -> Result<bool, StoreError> {
    match one(tx, &kept.issuer, &kept.subject).await? {
        Some(there) => match (there.revoked_at, kept.revoked_at) {
            (None, Some(at)) => revoke_at(tx, &there, at).await.map(|()| true),
            _ => Ok(false),
        },
        None if !accounts::is_there(tx, kept.user).await? => Ok(false),
        None => {
            let insert =
                statement("INSERT INTO identities (issuer, subject, user_id, created_at) VALUES ($1, $2, $3, $4)");
            let insert = insert.bind(kept.issuer.as_str()).bind(kept.subject.as_str()).bind(kept.user.number());
            tx.run(insert.bind(kept.created_at)).await?;
            match kept.revoked_at {
                Some(at) => revoke_at(tx, kept, at).await?,
                None => seal(tx, &kept.issuer, &kept.subject).await?,
            }
            Ok(true)
        }
    }
}

async fn revoke_at(tx: &mut Transaction<'_>, identity: &Identity, at: DateTime<Utc>) -> Result<(), StoreError> {
    let revoke = statement("UPDATE identities SET revoked_at = $3 WHERE issuer = $1 AND subject = $2");
    tx.run(revoke.bind(identity.issuer.as_str()).bind(identity.subject.as_str()).bind(at)).await?;
    seal(tx, &identity.issuer, &identity.subject).await
}

/// One that must be whole; a row that is not there and has a checksum is lost.
async fn one(tx: &mut Transaction<'_>, issuer: &str, subject: &str) -> Result<Option<Identity>, StoreError> {
    let row = tx.row(select_one(issuer, subject)).await?;
    let sum = match tx.sqlite() {
        Some(_) => {
            let one = statement("SELECT user_id, checksum FROM identity_checksums WHERE issuer = $1 AND subject = $2");
            let row = tx.row(one.bind(issuer).bind(subject)).await?;
            Some(row.as_ref().map(|row| Sum::read(row, 0)))
        }
        None => None,
    };
    let Some(row) = row else {
        return match sum.flatten() {
            Some(sum) => Err(damaged(UserId::new(sum.user))),
            None => Ok(None),
        };
    };
    let user = row.get(2).unwrap_or_default();
    match identity(&row) {
        Ok(identity) if sum.as_ref().is_none_or(|sum| fits(&identity, sum.as_ref())) => Ok(Some(identity)),
        _ => Err(damaged(UserId::new(sum.flatten().map_or(user, |sum| sum.user)))),
    }
}

/// A row of a number, for a file that is damaged elsewhere.
pub(super) async fn numbered(tx: &mut Transaction<'_>, number: i64) -> Result<Option<Identity>, StoreError> {
    let named = statement("SELECT issuer, subject FROM identities WHERE rowid = $1").bind(number);
    let Some(row) = tx.row(named).await? else { return Ok(None) };
    let (issuer, subject): (String, String) = (row.get(0)?, row.get(1)?);
    one(tx, &issuer, &subject).await
}

fn select_one(issuer: &str, subject: &str) -> Statement {
    let one =
        "SELECT issuer, subject, user_id, created_at, revoked_at FROM identities WHERE issuer = $1 AND subject = $2";
    statement(one).bind(issuer).bind(subject)
}

fn identity(row: &DatabaseRow) -> Result<Identity, StoreError> {
    Ok(Identity {
        issuer: row.get(0)?,
        subject: row.get(1)?,
        user: UserId::new(row.get(2)?),
        created_at: row.get(3)?,
        revoked_at: row.get(4)?,
    })
}

/// By the number of its user: a subject is no name for logs.
fn damaged(user: UserId) -> StoreError {
    StoreError::DamagedRow { kind: RowKind::Identity, name: user.to_string() }
}

/// The second copy.
struct Sum {
    user: i64,
    checksum: Vec<u8>,
}

impl Sum {
    fn read(row: &DatabaseRow, from: usize) -> Self {
        // What cannot be read fits nothing.
        Self { user: row.get(from).unwrap_or_default(), checksum: row.get(from + 1).unwrap_or_default() }
    }
}

/// All checksums by issuer and subject; `None` where the database keeps none.
async fn sums(tx: &mut Transaction<'_>) -> Result<Option<BTreeMap<(String, String), Sum>>, StoreError> {
    if tx.sqlite().is_none() {
        return Ok(None);
    }
    let rows = tx.rows(statement("SELECT issuer, subject, user_id, checksum FROM identity_checksums")).await?;
    let key = |row: &DatabaseRow| (row.get(0).unwrap_or_default(), row.get(1).unwrap_or_default());
    Ok(Some(rows.iter().map(|row| (key(row), Sum::read(row, 2))).collect()))
}

fn fits(identity: &Identity, sum: Option<&Sum>) -> bool {
    sum.is_some_and(|sum| sum.checksum == checksum(identity))
}

/// Keeps the checksum of what was written.
async fn seal(tx: &mut Transaction<'_>, issuer: &str, subject: &str) -> Result<(), StoreError> {
    if tx.sqlite().is_none() {
        return Ok(());
    }
    let row = tx.row(select_one(issuer, subject)).await?;
    let lost = || StoreError::Unavailable("an identity was written and is not there; try again".to_owned());
    let written = identity(&row.ok_or_else(lost)?)?;
    let write = statement(
        "INSERT INTO identity_checksums (issuer, subject, user_id, checksum) VALUES ($1, $2, $3, $4) \
         ON CONFLICT (issuer, subject) DO UPDATE SET user_id = excluded.user_id, checksum = excluded.checksum",
    );
    let write = write.bind(issuer).bind(subject).bind(written.user.number());
    tx.run(write.bind(checksum(&written).as_slice())).await.map(drop)
}

fn checksum(identity: &Identity) -> [u8; 32] {
    let mut sealing = Sealing::of(RowKind::Identity, identity.user);
    sealing.text(&identity.issuer).text(&identity.subject).time(identity.created_at);
    if let Some(at) = identity.revoked_at {
        sealing.time(at);
    }
    sealing.end()
}
