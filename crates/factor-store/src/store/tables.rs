//! The store in a database.

use std::{
    fmt,
    path::PathBuf,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use chrono::{DateTime, NaiveDate, Utc};
use factor_types::{FactorGroup, GroupName, Portfolio, Saved, SettledWeights, Ticker, UserId};
use tokio::{sync::Mutex, time::timeout};

use super::{
    Author, Deleted, DeletedUser, Expected, KeptBody, Listed, OpenOptions, RecordedChange, SavedGroup, Store,
    WriteOutcome, accounts, audit,
    database::{Access, Database, Engine, Transaction},
    groups, identities, mappings, portfolios, postgres, results, roles, schema,
    sqlite::SqliteFile,
    statement::statement,
    usage,
};
use crate::{
    MappingKind, ProxyRow, StoreError,
    audit::{AuditEntry, AuditKey, AuditRow, Checkpoint},
    mapping::edit::{EditReport, MappingEdit},
    quotas::{Place, PlaceOutcome, QuotaAsk, Usage},
    users::{ApiKey, Identity, IdentityOutcome, NewUser, NewUsers, User, UserTier},
};

/// How long an operation waits for the tables to be made or checked.
const READY: Duration = Duration::from_millis(1_800);

/// How long an administrator's edit may take: it is a statement for every row, on a server that may be far away.
const EDITING: Duration = Duration::from_secs(30);

/// A store in SQLite or Postgres. What it does is the same in both; they differ in how they are reached, how their
/// tables are made and what keeps users apart. Cheap to clone; the clones are one store. To be used inside a Tokio
/// runtime.
#[derive(Clone)]
pub struct DatabaseStore(Arc<Inner>);

struct Inner {
    database: Arc<Database>,
    options: OpenOptions,
    /// The opening whose tables were found to be this version's; 0 before the first.
    ready: AtomicU64,
    preparing: Mutex<()>,
}

impl DatabaseStore {
    /// The store in a SQLite file, which is made at the first use with its folder. A damaged file is put aside, and
    /// nothing takes its place before [`restore`](super::maintenance::restore); one that is not ours is left as it is.
    pub fn sqlite(path: PathBuf, options: OpenOptions) -> Self {
        let place = path.display().to_string();
        let engine = Engine::Sqlite(SqliteFile::new(path));
        Self::new(place, engine, options)
    }

    /// The store in a Postgres database: `postgres://user:password@host:port/database`, with `?sslmode=require` or
    /// `verify-full` for a server elsewhere, `?host=/path` for a socket.
    ///
    /// # Errors
    /// [`StoreError::Refused`] for another address; it is not repeated.
    pub fn postgres(url: &str, options: OpenOptions) -> Result<Self, StoreError> {
        let address = postgres::address(url)?;
        let place = postgres::place(&address);
        Ok(Self::new(place, Engine::Postgres { address: Box::new(address), pool: OnceLock::new() }, options))
    }

    fn new(place: String, engine: Engine, options: OpenOptions) -> Self {
        Self(Arc::new(Inner {
            database: Arc::new(Database { place, engine }),
            options,
            ready: AtomicU64::new(0),
            preparing: Mutex::default(),
        }))
    }

    /// Does some work in a transaction, in the time that one operation may take.
    async fn transact<T>(
        &self,
        user: impl Into<Option<UserId>>,
        access: Access,
        work: impl AsyncFnOnce(&mut Transaction<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let database = &self.0.database;
        let outcome = self.bounded(database.patience(), database.transact(user.into(), access, work)).await;
        database.judged(self.0.ready.load(Ordering::Acquire), outcome).await
    }

    /// Does something in a bounded time, once the tables are known to be right.
    async fn bounded<T>(
        &self,
        patience: Duration,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let all = async {
            self.ready().await?;
            work.await
        };
        timeout(patience, all).await.unwrap_or_else(|_| {
            Err(StoreError::Unavailable(format!(
                "{} did not answer in time; whether a change was kept shows when it is back",
                self.0.database.place
            )))
        })
    }

    async fn ready(&self) -> Result<(), StoreError> {
        let inner = &self.0;
        if inner.ready.load(Ordering::Acquire) == inner.database.opening().await? {
            return Ok(());
        }
        // A task of its own: a migration goes on when the caller's time is up or it is cancelled.
        let inner = Arc::clone(inner);
        let preparing = tokio::spawn(async move { inner.prepare().await });
        match timeout(READY, preparing).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(error)) => Err(StoreError::Unavailable(format!("{}: {error}", self.0.database.place))),
            Err(_) => Err(StoreError::Unavailable(format!(
                "{} did not answer in time, or its tables are being brought to this version; try again in a moment",
                self.0.database.place
            ))),
        }
    }
}

impl Inner {
    async fn prepare(&self) -> Result<(), StoreError> {
        let _turn = self.preparing.lock().await;
        let opening = self.database.opening().await?;
        if self.ready.load(Ordering::Acquire) == opening {
            return Ok(());
        }
        let OpenOptions { migrate, multi_user, .. } = self.options;
        match (schema::prepare(&self.database, migrate, multi_user).await, &self.database.engine) {
            // The pages are whole, and what makes them a store is not.
            (Err(StoreError::Unreadable(why)), Engine::Sqlite(file)) => return Err(file.condemned(opening, why).await),
            (outcome, _) => self.database.judged(opening, outcome).await?,
        }
        self.ready.store(opening, Ordering::Release);
        self.database.keep_backup();
        Ok(())
    }
}

impl fmt::Debug for DatabaseStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("DatabaseStore").field(&self.0.database.place).finish()
    }
}

#[async_trait]
impl Store for DatabaseStore {
    fn name(&self) -> &'static str {
        match self.0.database.engine {
            Engine::Sqlite(_) => "sqlite",
            Engine::Postgres { .. } => "postgres",
        }
    }

    async fn migrate(&self) -> Result<(), StoreError> {
        let inner = Arc::clone(&self.0);
        let migrating = tokio::spawn(async move { schema::migrate(&inner.database).await });
        match migrating.await {
            Ok(outcome) => outcome,
            Err(error) => Err(StoreError::Unavailable(format!("{}: {error}", self.0.database.place))),
        }
    }

    async fn check(&self) -> Result<(), StoreError> {
        let database = &self.0.database;
        let checking = async {
            // Not only once: a role may be changed while a server runs.
            if self.0.options.multi_user && self.name() == "postgres" {
                roles::guard(database).await?;
            }
            let ask = async |tx: &mut Transaction<'_>| tx.row(statement("SELECT revision FROM mapping_revision")).await;
            database.transact(None, Access::Read, ask).await.map(drop)
        };
        self.bounded(database.patience(), checking).await
    }

    async fn grant_to(&self, role: &str) -> Result<(), StoreError> {
        let database = &self.0.database;
        self.bounded(EDITING, roles::grant_to(database, role)).await
    }

    async fn close(&self) {
        self.0.database.close().await;
    }

    async fn groups(&self, user: UserId) -> Result<Listed<SavedGroup>, StoreError> {
        self.transact(user, Access::Read, async |tx| groups::all(tx, user).await).await
    }

    async fn group(&self, user: UserId, name: &GroupName) -> Result<Option<SavedGroup>, StoreError> {
        self.transact(user, Access::Read, async |tx| groups::one(tx, user, name).await).await
    }

    async fn create_group(
        &self,
        user: UserId,
        group: &FactorGroup,
        settled: Option<&SettledWeights>,
    ) -> Result<WriteOutcome<SavedGroup>, StoreError> {
        let most = self.0.options.most_per_user;
        self.transact(user, Access::Write, async |tx| groups::create(tx, user, group, settled, most).await).await
    }

    async fn update_group_if(
        &self,
        user: UserId,
        before: (&GroupName, Expected<'_, SavedGroup>),
        group: &FactorGroup,
        settled: Option<&SettledWeights>,
    ) -> Result<Option<WriteOutcome<SavedGroup>>, StoreError> {
        self.transact(user, Access::Write, async |tx| groups::update(tx, user, before, group, settled).await).await
    }

    async fn delete_group(&self, user: UserId, name: &GroupName) -> Result<Option<Deleted<SavedGroup>>, StoreError> {
        self.transact(user, Access::Write, async |tx| groups::delete(tx, user, name).await).await
    }

    async fn portfolios(&self, user: UserId) -> Result<Listed<Saved<Portfolio>>, StoreError> {
        self.transact(user, Access::Read, async |tx| portfolios::all(tx, user).await).await
    }

    async fn portfolio(&self, user: UserId, name: &GroupName) -> Result<Option<Saved<Portfolio>>, StoreError> {
        self.transact(user, Access::Read, async |tx| portfolios::one(tx, user, name).await).await
    }

    async fn save_portfolio_if(
        &self,
        user: UserId,
        portfolio: &Portfolio,
        before: Expected<'_, Saved<Portfolio>>,
    ) -> Result<(Saved<Portfolio>, Option<Saved<Portfolio>>), StoreError> {
        let most = self.0.options.most_per_user;
        self.transact(user, Access::Write, async |tx| portfolios::save(tx, user, (portfolio, before), most).await).await
    }

    async fn delete_portfolio(
        &self,
        user: UserId,
        name: &GroupName,
    ) -> Result<Option<Deleted<Saved<Portfolio>>>, StoreError> {
        self.transact(user, Access::Write, async |tx| portfolios::delete(tx, user, name).await).await
    }

    async fn mapping(&self, kind: MappingKind) -> Result<Vec<ProxyRow>, StoreError> {
        self.transact(None, Access::Read, async |tx| mappings::rows(tx, kind).await).await
    }

    async fn mapping_revision(&self) -> Result<i64, StoreError> {
        self.transact(None, Access::Read, async |tx| mappings::revision(tx).await).await
    }

    async fn edit_mapping(
        &self,
        kind: MappingKind,
        edit: &MappingEdit,
        if_empty: &[ProxyRow],
        author: &Author,
        dry_run: bool,
    ) -> Result<EditReport, StoreError> {
        let editing = async {
            let mut transaction = self.0.database.begin(None, Access::Write).await?;
            let report = mappings::edit(&mut transaction, kind, edit, if_empty, author, dry_run).await?;
            // A dry run takes the same way and is rolled back.
            if !dry_run {
                transaction.commit().await?;
            }
            Ok(report)
        };
        self.bounded(EDITING, editing).await
    }

    async fn recorded_changes(&self, limit: usize) -> Result<Vec<RecordedChange>, StoreError> {
        self.transact(None, Access::Read, async |tx| mappings::changes(tx, limit).await).await
    }

    async fn mark_verified(&self, tickers: &[Ticker], at: DateTime<Utc>) -> Result<(), StoreError> {
        self.transact(None, Access::Write, async |tx| mappings::mark_verified(tx, tickers, at).await).await
    }

    async fn verified(&self) -> Result<Vec<(Ticker, DateTime<Utc>)>, StoreError> {
        self.transact(None, Access::Read, async |tx| mappings::verified(tx).await).await
    }

    async fn add_user(&self, user: &NewUser) -> Result<(User, ApiKey), StoreError> {
        self.transact(None, Access::Write, async |tx| accounts::add(tx, user).await).await
    }

    async fn users(&self) -> Result<Listed<User>, StoreError> {
        self.transact(None, Access::Read, async |tx| accounts::all(tx).await).await
    }

    async fn revoke_user(&self, user: UserId) -> Result<Option<User>, StoreError> {
        self.transact(None, Access::Write, async |tx| accounts::revoke(tx, user).await).await
    }

    async fn user_of(&self, key: &ApiKey) -> Result<Option<User>, StoreError> {
        self.transact(key.user(), Access::Read, async |tx| accounts::of_key(tx, key).await).await
    }

    async fn set_tier(&self, user: UserId, tier: UserTier) -> Result<Option<User>, StoreError> {
        self.transact(None, Access::Write, async |tx| accounts::set_tier(tx, user, tier).await).await
    }

    async fn user_of_identity(
        &self,
        issuer: &str,
        subject: &str,
        new: NewUsers,
    ) -> Result<IdentityOutcome, StoreError> {
        // Nearly all are known, and looking waits for nobody's writing.
        let known = async |tx: &mut Transaction<'_>| identities::known(tx, issuer, subject).await;
        if self.name() == "sqlite"
            && let Some(outcome) = self.transact(None, Access::Read, known).await?
        {
            return Ok(outcome);
        }
        self.transact(None, Access::Write, async |tx| identities::come(tx, issuer, subject, new).await).await
    }

    async fn delete_user(&self, user: UserId) -> Result<Option<DeletedUser>, StoreError> {
        self.transact(user, Access::Write, async |tx| accounts::delete(tx, user).await).await
    }

    async fn identities(&self) -> Result<Listed<Identity>, StoreError> {
        self.transact(None, Access::Read, async |tx| identities::all(tx).await).await
    }

    async fn tier(&self, user: UserId) -> Result<UserTier, StoreError> {
        let tier = async |tx: &mut Transaction<'_>| {
            Ok(accounts::one(tx, user).await?.map_or(UserTier::Public, |(user, _)| user.tier))
        };
        self.transact(user, Access::Read, tier).await
    }

    async fn take_place(&self, ask: &QuotaAsk) -> Result<PlaceOutcome, StoreError> {
        self.transact(ask.user, Access::Write, async |tx| usage::take(tx, ask).await).await
    }

    async fn use_place(&self, place: &Place) -> Result<bool, StoreError> {
        self.transact(place.user, Access::Write, async |tx| usage::count(tx, place).await).await
    }

    async fn give_place_back(&self, place: &Place) -> Result<(), StoreError> {
        self.transact(place.user, Access::Write, async |tx| usage::give_back(tx, place).await).await
    }

    async fn usage(&self, user: UserId, day: NaiveDate, now: DateTime<Utc>) -> Result<Vec<Usage>, StoreError> {
        self.transact(user, Access::Read, async |tx| usage::of_day(tx, user, day, now).await).await
    }

    async fn keep_result(
        &self,
        user: UserId,
        result: (&str, &KeptBody),
        expires: DateTime<Utc>,
        most_bytes: u64,
    ) -> Result<(), StoreError> {
        let keep = async |tx: &mut Transaction<'_>| results::keep(tx, user, result, expires, most_bytes).await;
        self.transact(user, Access::Write, keep).await
    }

    async fn kept_result(&self, user: UserId, id: &str) -> Result<Option<KeptBody>, StoreError> {
        self.transact(user, Access::Read, async |tx| results::one(tx, user, id, Utc::now()).await).await
    }

    async fn delete_expired_results(&self) -> Result<u64, StoreError> {
        self.transact(None, Access::Write, async |tx| results::sweep(tx).await).await
    }

    async fn audit_name(&self, user: UserId) -> Result<String, StoreError> {
        self.transact(user, Access::Write, async |tx| audit::name(tx, user).await).await
    }

    async fn append_audit(&self, replica: &str, key: &AuditKey, entries: &[AuditEntry]) -> Result<(), StoreError> {
        self.transact(None, Access::Write, async |tx| audit::append(tx, replica, key, entries).await).await
    }

    async fn audit_chains(&self) -> Result<Vec<(String, Option<Checkpoint>)>, StoreError> {
        self.transact(None, Access::Read, async |tx| audit::chains(tx).await).await
    }

    async fn audit_rows(&self, replica: &str, after: i64) -> Result<Vec<AuditRow>, StoreError> {
        self.transact(None, Access::Read, async |tx| audit::rows(tx, replica, after).await).await
    }

    async fn prune_audit(
        &self,
        key: &AuditKey,
        before: DateTime<Utc>,
        now: DateTime<Utc>,
    ) -> Result<Vec<(String, u64)>, StoreError> {
        let times = (before.timestamp_millis(), now.timestamp_millis());
        let pruning = self.0.database.transact(None, Access::Write, async |tx| audit::prune(tx, key, times).await);
        self.bounded(EDITING, pruning).await
    }

    async fn audit_names(&self) -> Result<Vec<(UserId, String)>, StoreError> {
        self.transact(None, Access::Read, async |tx| audit::names(tx).await).await
    }
}
