//! What users and administrators write: groups, portfolios, reference data, users.
//!
//! One contract, two stores: SQLite in the user's data folder, Postgres for a shared server. The same tests run on
//! both.

use std::{
    fmt,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use factor_types::{FactorGroup, GroupName, Portfolio, Saved, SettledWeights, Ticker, UserId};

use crate::{
    MappingKind, ProxyRow, StoreError,
    audit::{AuditEntry, AuditKey, AuditRow, Checkpoint},
    mapping::edit::{EditReport, MappingEdit},
    quotas::{Place, PlaceOutcome, QuotaAsk, Usage},
    users::{ApiKey, Identity, IdentityOutcome, NewUser, NewUsers, User, UserTier},
};

mod accounts;
mod audit;
mod checksums;
mod database;
mod errors;
mod groups;
mod identities;
pub mod maintenance;
mod mappings;
mod portfolios;
mod postgres;
mod price_cache;
mod results;
mod roles;
mod schema;
mod sqlite;
mod statement;
mod tables;
mod usage;

#[cfg(test)]
mod faults_tests;

pub use price_cache::PostgresEntries;
pub use tables::DatabaseStore;

/// Opens the store: Postgres when `database_url` names one, otherwise SQLite in the file `factor-mcp.db` of `data_dir`.
/// Nothing is read or connected yet. For one user; the tables are made at the first use.
///
/// # Errors
/// [`StoreError::Refused`] when the address is no Postgres address. The address is never repeated: it may hold a
/// password. With neither an address nor a folder the store opens, and answers everything with
/// [`StoreError::NotConfigured`].
pub fn open(database_url: Option<&str>, data_dir: Option<&Path>) -> Result<Arc<dyn Store>, StoreError> {
    open_with(database_url, data_dir, OpenOptions::default())
}

/// [`open`] for several users, or without making tables.
///
/// # Errors
/// As for [`open`].
pub fn open_with(
    database_url: Option<&str>,
    data_dir: Option<&Path>,
    options: OpenOptions,
) -> Result<Arc<dyn Store>, StoreError> {
    match (database_url.filter(|url| !url.trim().is_empty()), data_dir) {
        (Some(url), _) => Ok(Arc::new(DatabaseStore::postgres(url, options)?)),
        (None, Some(folder)) => Ok(Arc::new(DatabaseStore::sqlite(folder.join(FILE), options))),
        (None, None) => Ok(Arc::new(DatabaseStore::sqlite(PathBuf::new(), options))),
    }
}

/// The store's file in the data folder. What users write is kept apart from the cache, which may be lost.
const FILE: &str = "factor-mcp.db";

/// How a store is opened.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OpenOptions {
    /// Whether tables that are missing or of an older version are brought to this one at the first use. Without it that
    /// is [`StoreError::Schema`] until [`Store::migrate`] was called, by this or another process.
    pub migrate: bool,
    /// Whether several users share the store. Then Postgres is refused ([`StoreError::UnsafeRole`]) to a role that
    /// could read across users.
    pub multi_user: bool,
    /// The most groups, and the most portfolios, that one user may keep.
    pub most_per_user: usize,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { migrate: true, multi_user: false, most_per_user: 100 }
    }
}

/// A group as it is kept.
#[derive(Debug, Clone, PartialEq)]
pub struct SavedGroup {
    /// The group, and when it was made and changed.
    pub group: Saved<FactorGroup>,
    /// The weights of its last check; `None` when it was saved without one.
    pub settled: Option<SettledWeights>,
}

/// What a user keeps of a kind: what is whole, and the names of what is not.
#[derive(Debug, Clone, PartialEq)]
pub struct Listed<T> {
    /// What can be read and is what was written, by name.
    pub rows: Vec<T>,
    /// The names of what is damaged: [`StoreError::DamagedRow`] is what asking for one of them comes to.
    pub damaged: Vec<String>,
}

/// What was deleted.
#[derive(Debug, Clone, PartialEq)]
pub enum Deleted<T> {
    /// Something whole.
    Whole(T),
    /// Something damaged: what it was is not known.
    Damaged,
}

impl<T> Deleted<T> {
    /// What is there to be deleted.
    fn of(there: Result<Option<T>, StoreError>) -> Result<Option<Self>, StoreError> {
        match there {
            Ok(there) => Ok(there.map(Self::Whole)),
            Err(StoreError::DamagedRow { .. }) => Ok(Some(Self::Damaged)),
            Err(error) => Err(error),
        }
    }
}

/// What became of something to be created or changed.
#[derive(Debug, Clone, PartialEq)]
pub enum WriteOutcome<T> {
    /// It is as it was asked to be, since now.
    Written(T),
    /// It was so already; nothing was written.
    Unchanged(T),
    /// Something else has that name; nothing was written.
    Conflict(T),
}

/// What a writer takes for granted of what is kept under a name.
#[derive(Debug)]
pub enum Expected<'a, T> {
    /// Nothing.
    Anything,
    /// That there is none.
    Nothing,
    /// That it is just this.
    This(&'a T),
}

impl<T> Clone for Expected<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Expected<'_, T> {}

impl<T: PartialEq> Expected<'_, T> {
    /// Whether it is so.
    fn holds_of(self, there: Option<&T>) -> bool {
        match self {
            Self::Anything => true,
            Self::Nothing => there.is_none(),
            Self::This(expected) => there == Some(expected),
        }
    }
}

/// What went with a user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeletedUser {
    /// How many groups.
    pub groups: u64,
    /// How many portfolios.
    pub portfolios: u64,
    /// Whether they had a name in the audit, whose rows are nobody's from now on.
    pub was_audited: bool,
}

/// The whole of a result.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KeptBody {
    /// Its MIME type.
    pub media: String,
    /// What it is.
    pub bytes: Arc<[u8]>,
}

/// Who changes reference data, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Author {
    /// The user of the operating system, or the name given on the command line.
    pub who: String,
    /// The command, and a reason where one is given.
    pub why: String,
}

/// One change of reference data, as `proxy_changes` holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RecordedChange {
    /// When.
    pub at: DateTime<Utc>,
    /// Who and why.
    pub author: Author,
    /// The kind of mapping.
    pub kind: MappingKind,
    /// What, in words: `fixed_income UST10Y IEF: added`.
    pub what: String,
}

/// A store of what users and administrators write.
///
/// Every method that takes a [`UserId`] sees and changes that user's rows only. A write is either acknowledged, and
/// then survives a killed process, or it fails, and then nothing of it is seen. No method waits for a lost server
/// longer than two seconds; [`edit_mapping`](Self::edit_mapping), an administrator's, may take longer on one that
/// answers.
///
/// # Errors
/// Any method: [`StoreError::NotConfigured`] without a folder or database, [`StoreError::Unavailable`] or
/// [`StoreError::Locked`] when the store cannot be used just now, [`StoreError::Damaged`] when its file is damaged,
/// [`StoreError::Schema`] when its tables are not this version's, [`StoreError::UnsafeRole`] when its role could read
/// across users. Methods that read one row: [`StoreError::DamagedRow`] for one that is not what was written. Methods
/// that write: [`StoreError::Full`], [`StoreError::ReadOnly`], [`StoreError::Refused`] for what must not be stored, and
/// [`StoreError::Changed`] where something else was expected.
#[async_trait]
pub trait Store: fmt::Debug + Send + Sync {
    /// `sqlite` or `postgres`.
    fn name(&self) -> &'static str;

    /// Brings the tables to this version, and does nothing when they are; safe to run twice and by several at once.
    async fn migrate(&self) -> Result<(), StoreError>;

    /// Checks that the store answers, has this version's tables and, where several users share it, is reached with a
    /// role that cannot read across users.
    async fn check(&self) -> Result<(), StoreError>;

    /// Gives a role of Postgres what a server needs that runs with it: to write what belongs to users, to read
    /// reference data. To be called with the role that ran [`migrate`](Self::migrate). A role that could read across
    /// users is refused, and so is SQLite, which has no roles.
    async fn grant_to(&self, role: &str) -> Result<(), StoreError>;

    /// Closes what is open. A use after it fails.
    async fn close(&self);

    /// A user's groups by name.
    async fn groups(&self, user: UserId) -> Result<Listed<SavedGroup>, StoreError>;
    /// One group of a user's.
    async fn group(&self, user: UserId, name: &GroupName) -> Result<Option<SavedGroup>, StoreError>;
    /// Keeps a new group. One with the [same content](FactorGroup::same_content) is left as it is.
    async fn create_group(
        &self,
        user: UserId,
        group: &FactorGroup,
        settled: Option<&SettledWeights>,
    ) -> Result<WriteOutcome<SavedGroup>, StoreError>;
    /// Puts `group` in the place of the one called `name`, which may change its name. `None` when there is none;
    /// [`WriteOutcome::Conflict`] when the new name belongs to another group, [`WriteOutcome::Unchanged`] when content
    /// and settled weights are what they were.
    async fn update_group(
        &self,
        user: UserId,
        name: &GroupName,
        group: &FactorGroup,
        settled: Option<&SettledWeights>,
    ) -> Result<Option<WriteOutcome<SavedGroup>>, StoreError> {
        self.update_group_if(user, (name, Expected::Anything), group, settled).await
    }
    /// As [`update_group`](Self::update_group), where the group called `name` is what is expected; [`StoreError::Changed`]
    /// where it is not. Nobody else writes between the look and the change.
    async fn update_group_if(
        &self,
        user: UserId,
        before: (&GroupName, Expected<'_, SavedGroup>),
        group: &FactorGroup,
        settled: Option<&SettledWeights>,
    ) -> Result<Option<WriteOutcome<SavedGroup>>, StoreError>;
    /// Deletes a group and gives what it was; a damaged one too.
    async fn delete_group(&self, user: UserId, name: &GroupName) -> Result<Option<Deleted<SavedGroup>>, StoreError>;

    /// A user's portfolios by name.
    async fn portfolios(&self, user: UserId) -> Result<Listed<Saved<Portfolio>>, StoreError>;
    /// One portfolio of a user's.
    async fn portfolio(&self, user: UserId, name: &GroupName) -> Result<Option<Saved<Portfolio>>, StoreError>;
    /// Keeps a portfolio, in the place of one of the same name; that one is given back.
    async fn save_portfolio(
        &self,
        user: UserId,
        portfolio: &Portfolio,
    ) -> Result<(Saved<Portfolio>, Option<Saved<Portfolio>>), StoreError> {
        self.save_portfolio_if(user, portfolio, Expected::Anything).await
    }
    /// As [`save_portfolio`](Self::save_portfolio), where what has its name is what is expected; [`StoreError::Changed`]
    /// where it is not.
    async fn save_portfolio_if(
        &self,
        user: UserId,
        portfolio: &Portfolio,
        before: Expected<'_, Saved<Portfolio>>,
    ) -> Result<(Saved<Portfolio>, Option<Saved<Portfolio>>), StoreError>;
    /// Deletes a portfolio and gives what it was; a damaged one too.
    async fn delete_portfolio(
        &self,
        user: UserId,
        name: &GroupName,
    ) -> Result<Option<Deleted<Saved<Portfolio>>>, StoreError>;

    /// The rows of one kind of mapping in their order, inactive ones included; none when the kind is empty.
    async fn mapping(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, StoreError>;
    /// A number that changes with every change of any mapping.
    async fn mapping_revision(&self) -> Result<i64, StoreError>;
    /// Changes a mapping in one transaction; in an empty kind `if_empty` is put first, so that one added row never
    /// hides the tier below. With `dry_run` nothing is written, and the report is the same.
    async fn edit_mapping(
        &self,
        kind: MappingKind,
        edit: &MappingEdit,
        if_empty: &[ProxyRow],
        author: &Author,
        dry_run: bool,
    ) -> Result<EditReport, StoreError>;
    /// The newest changes of reference data first, at most `limit`.
    async fn recorded_changes(&self, limit: usize) -> Result<Vec<RecordedChange>, StoreError>;
    /// Notes that the prices of these ETFs were seen at `at`.
    async fn mark_verified(&self, tickers: &[Ticker], at: DateTime<Utc>) -> Result<(), StoreError>;
    /// When each ETF's prices were last seen.
    async fn verified(&self) -> Result<Vec<(Ticker, DateTime<Utc>)>, StoreError>;

    /// Makes a user; the key is shown once and kept as SHA-256.
    async fn add_user(&self, user: &NewUser) -> Result<(User, ApiKey), StoreError>;
    /// All users, by number.
    async fn users(&self) -> Result<Listed<User>, StoreError>;
    /// Takes key and access from a user, and from all that issuers call them; their data stays. `None` when there is no such
    /// user.
    async fn revoke_user(&self, user: UserId) -> Result<Option<User>, StoreError>;
    /// The user of a key; `None` for an unknown, revoked or malformed one.
    async fn user_of(&self, key: &ApiKey) -> Result<Option<User>, StoreError>;
    /// Gives a user another tier. `None` when there is no such user.
    async fn set_tier(&self, user: UserId, tier: UserTier) -> Result<Option<User>, StoreError>;
    /// The user whom an issuer calls so; one that it has not named before becomes a user now. However many ask at once, a
    /// subject is one user, and a subject whose access was taken away stays out.
    async fn user_of_identity(&self, issuer: &str, subject: &str, new: NewUsers)
    -> Result<IdentityOutcome, StoreError>;
    /// Takes away all that is kept of a user, and their access for good: groups, portfolios, address, counts, and whose their rows
    /// of the audit are. Their number stays, and those that issuers call them stay out. `None` when there is no such user.
    async fn delete_user(&self, user: UserId) -> Result<Option<DeletedUser>, StoreError>;
    /// All subjects that ever came, by user; damaged ones by the number of their user.
    async fn identities(&self) -> Result<Listed<Identity>, StoreError>;

    /// A user's tier; that of somebody who is not there is the lowest.
    async fn tier(&self, user: UserId) -> Result<UserTier, StoreError>;
    /// Takes a place in a day's quota, where one is left: however many ask at once, in however many processes, there are never more
    /// than that.
    async fn take_place(&self, ask: &QuotaAsk) -> Result<PlaceOutcome, StoreError>;
    /// Counts the answer for which a place was taken. False where the place has lapsed: nothing was counted.
    async fn use_place(&self, place: &Place) -> Result<bool, StoreError>;
    /// Gives a place back that no answer came of.
    async fn give_place_back(&self, place: &Place) -> Result<(), StoreError>;
    /// What a user, or callers without a key for the local one, used on a day of UTC and have at work.
    async fn usage(&self, user: UserId, day: NaiveDate, now: DateTime<Utc>) -> Result<Vec<Usage>, StoreError>;

    /// Keeps a whole result of a user's under an id until it expires; of all that a user has there at most `most_bytes` stay, the newest.
    /// In Postgres alone, for servers that share it; SQLite is [`StoreError::NotConfigured`] for it.
    async fn keep_result(
        &self,
        user: UserId,
        result: (&str, &KeptBody),
        expires: DateTime<Utc>,
        most_bytes: u64,
    ) -> Result<(), StoreError>;
    /// The result of a user's that has this id and has not expired.
    async fn kept_result(&self, user: UserId, id: &str) -> Result<Option<KeptBody>, StoreError>;
    /// Takes expired results away, whosever they are; how many.
    async fn delete_expired_results(&self) -> Result<u64, StoreError>;

    /// The name of a user in the audit, which says nothing of them; who has none gets one.
    async fn audit_name(&self, user: UserId) -> Result<String, StoreError>;
    /// Adds rows to the chain of a server, all or none. Servers of one name lengthen one chain.
    async fn append_audit(&self, replica: &str, key: &AuditKey, entries: &[AuditEntry]) -> Result<(), StoreError>;
    /// The chains there are, each with where its kept rows begin. In Postgres this and what follows are for the role that owns the
    /// tables.
    async fn audit_chains(&self) -> Result<Vec<(String, Option<Checkpoint>)>, StoreError>;
    /// The next rows of a chain after a number, in order; none at its end.
    async fn audit_rows(&self, replica: &str, after: i64) -> Result<Vec<AuditRow>, StoreError>;
    /// Takes away rows that are older than `before` and leaves a checkpoint; how many went, by chain.
    async fn prune_audit(
        &self,
        key: &AuditKey,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(String, u64)>, StoreError>;
    /// Whose the names in the audit are, as far as that may be known.
    async fn audit_names(&self) -> Result<Vec<(UserId, String)>, StoreError>;
}
