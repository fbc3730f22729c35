//! Checksums of users' rows in SQLite: what is read is what was written, or it is left out by name.
//!
//! The checksum of a row is over what it says and whose it is, not over its bytes, and stands in a table of its own
//! (`row_checksums`), so a row that is changed, lost, or another's is seen whichever of the two copies is damaged.
//! Postgres has checksums of pages; there a row is left out only when it cannot be read.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use factor_types::{Amount, GroupName, GroupWeighting, Portfolio, Saved, UserId};
use sha2::{Digest as _, Sha256};

use super::{
    Listed, SavedGroup,
    database::Transaction,
    statement::{DatabaseRow, statement},
};
use crate::{RowKind, StoreError, User};

/// Changed when the rows' meaning changes, so that no row of another form is ever believed.
const DOMAIN: &[u8] = b"factor-mcp row 1";

/// A row of a user's that has a checksum. Its first two columns are its name as written and the key of that name.
pub(super) trait Checked: Sized {
    /// What it is.
    const KIND: RowKind;
    /// What a row says.
    fn read(row: &DatabaseRow) -> Result<Self, StoreError>;
    /// The checksum of what it says, as that user's.
    fn checksum(&self, user: UserId) -> [u8; 32];
}

/// The second copy: a name and the checksum of what has it.
pub(super) struct Sum {
    name: String,
    checksum: Vec<u8>,
}

/// The checksums of a user's rows of a kind, by key; `None` where the database keeps none.
pub(super) async fn of_user(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
) -> Result<Option<BTreeMap<String, Sum>>, StoreError> {
    if tx.sqlite().is_none() {
        return Ok(None);
    }
    let all = statement("SELECT name, name_key, checksum FROM row_checksums WHERE kind = $1 AND user_id = $2");
    let rows = tx.rows(all.bind(kind.as_str()).bind(user.number())).await?;
    rows.iter().map(sum).collect::<Result<_, _>>().map(Some)
}

/// The checksum of one row; `None` where the database keeps none.
async fn of_row(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
    key: &str,
) -> Result<Option<Option<Sum>>, StoreError> {
    if tx.sqlite().is_none() {
        return Ok(None);
    }
    let one = statement(
        "SELECT name, name_key, checksum FROM row_checksums WHERE kind = $1 AND user_id = $2 AND name_key = $3",
    );
    let row = tx.row(one.bind(kind.as_str()).bind(user.number()).bind(key)).await?;
    row.as_ref().map(sum).transpose().map(|sum| Some(sum.map(|(_, sum)| sum)))
}

fn sum(row: &DatabaseRow) -> Result<(String, Sum), StoreError> {
    // A name that cannot be read names nothing; its checksum fits nothing either.
    let name = row.get(0).unwrap_or_default();
    Ok((row.get(1).unwrap_or_default(), Sum { name, checksum: row.get(2).unwrap_or_default() }))
}

/// Rows that are whole, and the names of those that are not.
pub(super) async fn sift<T: Checked>(
    tx: &mut Transaction<'_>,
    rows: &[DatabaseRow],
    user: UserId,
) -> Result<Listed<T>, StoreError> {
    let mut sums = of_user(tx, T::KIND, user).await?;
    let mut listed = Listed { rows: Vec::new(), damaged: Vec::new() };
    for row in rows {
        let (name, key) = (row.get::<String>(0).ok(), row.get::<String>(1).ok());
        let sum = sums.as_mut().map(|sums| take(sums, name.as_deref(), key));
        match whole(row, sum.as_ref().map(Option::as_ref), user) {
            Some(item) => listed.rows.push(item),
            None => listed.damaged.extend(sum.flatten().map(|sum| sum.name).or(name)),
        }
    }
    listed.damaged.extend(sums.into_iter().flatten().map(|(_, sum)| sum.name));
    listed.damaged.sort();
    listed.damaged.dedup();
    Ok(listed)
}

/// The same for the users.
pub(super) async fn sift_users(tx: &mut Transaction<'_>, rows: &[DatabaseRow]) -> Result<Listed<User>, StoreError> {
    let mut sums = sums_of_users(tx).await?;
    let mut listed = Listed { rows: Vec::new(), damaged: Vec::new() };
    for row in rows {
        let number: i64 = row.get(0)?;
        let sum = sums.as_mut().map(|sums| sums.remove(&number));
        match whole::<(User, _)>(row, sum.as_ref().map(Option::as_ref), UserId::new(number)) {
            Some((user, _)) => listed.rows.push(user),
            None => listed.damaged.push(number.to_string()),
        }
    }
    listed.damaged.extend(sums.into_iter().flatten().map(|(number, _)| number.to_string()));
    Ok(listed)
}

async fn sums_of_users(tx: &mut Transaction<'_>) -> Result<Option<BTreeMap<i64, Sum>>, StoreError> {
    if tx.sqlite().is_none() {
        return Ok(None);
    }
    let all = statement("SELECT name, name_key, checksum, user_id FROM row_checksums WHERE kind = 'user'");
    let rows = tx.rows(all).await?;
    rows.iter().map(|row| Ok((row.get(3)?, sum(row)?.1))).collect::<Result<_, _>>().map(Some)
}

/// One row that must be whole; a row that is not there and has a checksum is lost.
pub(super) async fn one<T: Checked>(
    tx: &mut Transaction<'_>,
    row: Option<&DatabaseRow>,
    user: UserId,
    (key, name): (&str, &str),
) -> Result<Option<T>, StoreError> {
    let sum = of_row(tx, T::KIND, user, key).await?;
    match (row, &sum) {
        (None, None | Some(None)) => Ok(None),
        (Some(row), sum) if let Some(item) = whole(row, sum.as_ref().map(Option::as_ref), user) => Ok(Some(item)),
        (_, sum) => {
            let kept = sum.as_ref().and_then(Option::as_ref).map(|sum| sum.name.clone());
            let name = kept.filter(|name| !name.is_empty()).unwrap_or_else(|| name.to_owned());
            Err(StoreError::DamagedRow { kind: T::KIND, name })
        }
    }
}

/// What a row says if it can be read and fits its checksum, where there are checksums.
fn whole<T: Checked>(row: &DatabaseRow, sum: Option<Option<&Sum>>, user: UserId) -> Option<T> {
    let item = T::read(row).ok()?;
    match sum {
        None => Some(item),
        Some(sum) => (sum?.checksum == item.checksum(user)).then_some(item),
    }
}

/// The checksum of a row, by its key or, where that was damaged, by that of its name.
fn take(sums: &mut BTreeMap<String, Sum>, name: Option<&str>, key: Option<String>) -> Option<Sum> {
    let of_key = key.and_then(|key| sums.remove(&key));
    of_key.or_else(|| sums.remove(&name?.parse::<GroupName>().ok()?.key()))
}

/// Says that a row is about to be written, in the same transaction: a row that is written without it is an older
/// version's, and refused.
pub(super) async fn announce(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
    (key, name): (&str, &str),
) -> Result<(), StoreError> {
    write(tx, kind, user, (key, name), &[]).await
}

/// Keeps the checksum of a row that was written.
pub(super) async fn seal<T: Checked>(
    tx: &mut Transaction<'_>,
    user: UserId,
    (key, name): (&str, &str),
    item: &T,
) -> Result<(), StoreError> {
    write(tx, T::KIND, user, (key, name), &item.checksum(user)).await
}

/// Gives every row of users the checksum of what it says, as a file gets checksums. One that cannot be read gets one that
/// nothing fits: it is damaged, and named.
pub(super) async fn begin(tx: &mut Transaction<'_>) -> Result<(), StoreError> {
    for row in tx.rows(statement(super::accounts::ALL)).await? {
        let number: i64 = row.get(0)?;
        seal_or_mark::<(User, Option<Vec<u8>>)>(tx, &row, number, ("", &number.to_string())).await?;
    }
    let owners = "SELECT user_id FROM user_factor_groups UNION SELECT user_id FROM portfolios";
    for owner in tx.rows(statement(owners)).await? {
        let number: i64 = owner.get(0)?;
        for row in tx.rows(super::groups::select_all(UserId::new(number))).await? {
            seal_named::<SavedGroup>(tx, &row, number).await?;
        }
        for row in tx.rows(super::portfolios::select_all(UserId::new(number))).await? {
            seal_named::<Saved<Portfolio>>(tx, &row, number).await?;
        }
    }
    Ok(())
}

async fn seal_named<T: Checked>(tx: &mut Transaction<'_>, row: &DatabaseRow, user: i64) -> Result<(), StoreError> {
    let (name, key): (String, String) = (row.get(0).unwrap_or_default(), row.get(1)?);
    seal_or_mark::<T>(tx, row, user, (&key, &name)).await
}

async fn seal_or_mark<T: Checked>(
    tx: &mut Transaction<'_>,
    row: &DatabaseRow,
    user: i64,
    named: (&str, &str),
) -> Result<(), StoreError> {
    let user = UserId::new(user);
    match T::read(row) {
        Ok(item) => seal(tx, user, named, &item).await,
        Err(_) => mark_damaged(tx, T::KIND, user, named).await,
    }
}

/// Keeps a checksum that nothing fits, for a row that was damaged before there were any.
async fn mark_damaged(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
    (key, name): (&str, &str),
) -> Result<(), StoreError> {
    write(tx, kind, user, (key, name), &[0; 32]).await
}

/// Drops the checksum of a row that is gone or has another name now, whichever part of it still names the row.
pub(super) async fn forget(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
    (key, name): (&str, &str),
) -> Result<(), StoreError> {
    if tx.sqlite().is_none() {
        return Ok(());
    }
    let forget =
        statement("DELETE FROM row_checksums WHERE kind = $1 AND user_id = $2 AND (name_key = $3 OR name = $4)");
    tx.run(forget.bind(kind.as_str()).bind(user.number()).bind(key).bind(name)).await.map(drop)
}

/// Drops the checksums of all groups and portfolios of a user's, which are gone.
pub(super) async fn forget_all(tx: &mut Transaction<'_>, user: UserId) -> Result<(), StoreError> {
    if tx.sqlite().is_none() {
        return Ok(());
    }
    let forget = statement("DELETE FROM row_checksums WHERE user_id = $1 AND kind <> $2");
    tx.run(forget.bind(user.number()).bind(RowKind::User.as_str())).await.map(drop)
}

async fn write(
    tx: &mut Transaction<'_>,
    kind: RowKind,
    user: UserId,
    (key, name): (&str, &str),
    checksum: &[u8],
) -> Result<(), StoreError> {
    if tx.sqlite().is_none() {
        return Ok(());
    }
    let write = statement(
        "INSERT INTO row_checksums (kind, user_id, name_key, name, checksum) VALUES ($1, $2, $3, $4, $5) \
         ON CONFLICT (kind, user_id, name_key) DO UPDATE SET name = excluded.name, checksum = excluded.checksum",
    );
    let write = write.bind(kind.as_str()).bind(user.number()).bind(key).bind(name).bind(checksum);
    tx.run(write).await.map(drop)
}

/// SHA-256 over parts, each with its length.
pub(super) struct Sealing(Sha256);

impl Sealing {
    pub(super) fn of(kind: RowKind, user: UserId) -> Self {
        let mut sealing = Self(Sha256::new());
        sealing.bytes(DOMAIN).text(kind.as_str()).bytes(&user.number().to_le_bytes());
        sealing
    }

    fn bytes(&mut self, part: &[u8]) -> &mut Self {
        self.0.update((part.len() as u64).to_le_bytes());
        self.0.update(part);
        self
    }

    pub(super) fn text(&mut self, part: &str) -> &mut Self {
        self.bytes(part.as_bytes())
    }

    fn number(&mut self, number: f64) -> &mut Self {
        self.bytes(&number.to_bits().to_le_bytes())
    }

    pub(super) fn time(&mut self, at: DateTime<Utc>) -> &mut Self {
        self.bytes(&at.timestamp_micros().to_le_bytes())
    }

    pub(super) fn end(&mut self) -> [u8; 32] {
        self.0.finalize_reset().into()
    }
}

impl Checked for SavedGroup {
    const KIND: RowKind = RowKind::Group;

    fn read(row: &DatabaseRow) -> Result<Self, StoreError> {
        super::groups::group(row)
    }

    fn checksum(&self, user: UserId) -> [u8; 32] {
        let group = &self.group.what;
        let mut sealing = Sealing::of(Self::KIND, user);
        sealing.text(group.name.as_str()).text(&group.description).text(group.weighting.as_str());
        sealing.bytes(&group.tickers.len().to_le_bytes());
        for ticker in &group.tickers {
            sealing.text(ticker.as_str());
        }
        if let GroupWeighting::Custom(weights) = &group.weighting {
            for weight in weights {
                sealing.number(*weight);
            }
        }
        if let Some(settled) = &self.settled {
            sealing.text(&settled.source).text(&settled.as_of.to_string());
            for (ticker, weight) in &settled.weights {
                sealing.text(ticker.as_str()).number(*weight);
            }
        }
        sealing.time(self.group.created_at).time(self.group.updated_at).end()
    }
}

impl Checked for Saved<Portfolio> {
    const KIND: RowKind = RowKind::Portfolio;

    fn read(row: &DatabaseRow) -> Result<Self, StoreError> {
        super::portfolios::portfolio(row)
    }

    fn checksum(&self, user: UserId) -> [u8; 32] {
        let mut sealing = Sealing::of(Self::KIND, user);
        sealing.text(self.what.name.as_str());
        for holding in &self.what.holdings {
            let amount: Amount = holding.amount;
            sealing.text(holding.ticker.as_str()).text(amount.as_str()).number(amount.number());
        }
        sealing.time(self.created_at).time(self.updated_at).end()
    }
}

/// A user, and the hash of their key.
impl Checked for (User, Option<Vec<u8>>) {
    const KIND: RowKind = RowKind::User;

    fn read(row: &DatabaseRow) -> Result<Self, StoreError> {
        super::accounts::user(row)
    }

    fn checksum(&self, user: UserId) -> [u8; 32] {
        let (row, hash) = self;
        let mut sealing = Sealing::of(Self::KIND, user);
        sealing.bytes(&row.id.number().to_le_bytes()).text(row.tier.as_str());
        // One part or none: an empty address is not a missing one.
        sealing.bytes(&[u8::from(row.email.is_some())]).text(row.email.as_deref().unwrap_or_default());
        sealing.bytes(hash.as_deref().unwrap_or_default()).time(row.created_at).end()
    }
}
