//! A look at a SQLite store as a file: whether it is whole, its backups, and what can be had back.

use std::path::{Path, PathBuf};

use chrono::{DateTime, NaiveDate, Utc};
use factor_types::UserId;
use sqlx::SqlitePool;

pub use self::restore::{Restored, restore};
use super::{
    FILE, accounts,
    database::{Access, Transaction},
    errors, groups, identities, portfolios,
    sqlite::{SqliteTransaction, aside, backups, examine, examine::Finding, open_to_read},
    statement::statement,
};
use crate::{RowKind, StoreError};

mod restore;
mod salvage;

/// What a look at a store found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoreReport {
    /// The file.
    pub file: PathBuf,
    /// Whether there is one.
    pub exists: bool,
    /// What is wrong with the file as a whole.
    pub problems: Vec<String>,
    /// The users in it.
    pub users: usize,
    /// Their groups that are whole.
    pub groups: usize,
    /// Their portfolios that are whole.
    pub portfolios: usize,
    /// The rows that are not what was written.
    pub damaged: Vec<DamagedItem>,
    /// The backups, oldest first.
    pub backups: Vec<Backup>,
    /// Damaged files that were put aside, oldest first.
    pub put_aside: Vec<PathBuf>,
    /// Whether a damaged file was put aside and nothing was restored since.
    pub awaits_restore: bool,
}

impl StoreReport {
    /// Whether nothing is wrong. No file is none that is wrong.
    pub fn is_whole(&self) -> bool {
        self.problems.is_empty() && self.damaged.is_empty() && !self.awaits_restore
    }
}

/// A row that is not what was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DamagedItem {
    /// What it is.
    pub kind: RowKind,
    /// Whose.
    pub user: UserId,
    /// Its name.
    pub name: String,
}

/// A backup.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// The file.
    pub file: PathBuf,
    /// When it was written.
    pub made_at: Option<DateTime<Utc>>,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Backup {
    fn of(file: PathBuf) -> Self {
        let metadata = file.metadata().ok();
        let made_at = metadata.as_ref().and_then(|metadata| metadata.modified().ok()).map(DateTime::from);
        Self { made_at, bytes: metadata.map_or(0, |metadata| metadata.len()), file }
    }
}

/// Looks at the store of a folder. Nothing is changed.
///
/// # Errors
/// When the file cannot be opened for another reason than its damage.
pub async fn check(data_dir: &Path) -> Result<StoreReport, StoreError> {
    let file = data_dir.join(FILE);
    let mut report = StoreReport {
        exists: file.exists(),
        problems: Vec::new(),
        users: 0,
        groups: 0,
        portfolios: 0,
        damaged: Vec::new(),
        backups: backups::all(&file).into_iter().map(Backup::of).collect(),
        put_aside: aside::all(&file),
        awaits_restore: !aside::waiting(&file).is_empty(),
        file,
    };
    if !report.exists {
        return Ok(report);
    }
    match look(&report.file).await {
        Ok((survey, problems)) => {
            report.problems = problems;
            (report.users, report.groups, report.portfolios) = (survey.users, survey.groups, survey.portfolios);
            report.damaged = survey.damaged;
        }
        Err(error @ (StoreError::Damaged(_) | StoreError::Schema(_) | StoreError::Unreadable(_))) => {
            report.problems.push(error.to_string());
        }
        Err(error) => return Err(error),
    }
    Ok(report)
}

/// Goes through the pages and rows of a file, opened to be read.
async fn look(path: &Path) -> Result<(Survey, Vec<String>), StoreError> {
    let place = path.display().to_string();
    let pool = open_to_read(path).await.map_err(|error| errors::refusal(&place, &error))?;
    let looked = look_with(&pool, &place).await;
    pool.close().await;
    looked
}

async fn look_with(pool: &SqlitePool, place: &str) -> Result<(Survey, Vec<String>), StoreError> {
    let problems = match examine::pages(pool).await {
        Finding::Whole => Vec::new(),
        Finding::Indexes => {
            vec!["an index does not fit its table; it is made anew when the store is opened".to_owned()]
        }
        Finding::Damaged(why) => return Err(StoreError::Damaged(why)),
    };
    let refusal = |error| errors::refusal(place, &error);
    let connection = pool.acquire().await.map_err(refusal)?;
    let begun = SqliteTransaction::begin(connection, Access::Read, None).await.map_err(refusal)?;
    let mut transaction = Transaction::of_sqlite(begun, place);
    let survey = Survey::of(&mut transaction).await?;
    transaction.commit().await?;
    Ok((survey, problems))
}

/// Makes the backup of today of a folder's store, in the place of an earlier one of today.
///
/// # Errors
/// When there is nothing to back up or something in it is damaged, or the backup cannot be written.
pub async fn back_up(data_dir: &Path, today: NaiveDate) -> Result<Backup, StoreError> {
    let report = check(data_dir).await?;
    if !report.exists {
        return Err(StoreError::Refused(format!("there is no {}: nothing to back up", report.file.display())));
    }
    if !report.is_whole() {
        return Err(StoreError::Refused(
            "something in the store is damaged, and the backups that are there are better: see `factor-mcp store check`"
                .to_owned(),
        ));
    }
    let place = report.file.display().to_string();
    let pool = open_to_read(&report.file).await.map_err(|error| errors::refusal(&place, &error))?;
    let written = backups::anew(&pool, &report.file, today).await;
    pool.close().await;
    written.map(Backup::of)
}

/// What the rows of users come to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Survey {
    pub(super) users: usize,
    pub(super) groups: usize,
    pub(super) portfolios: usize,
    pub(super) damaged: Vec<DamagedItem>,
    mappings_changed: bool,
}

impl Survey {
    /// Goes through all rows of users.
    pub(super) async fn of(tx: &mut Transaction<'_>) -> Result<Self, StoreError> {
        let mut survey = Self::default();
        let users = accounts::all(tx).await?;
        survey.users = users.rows.len();
        // A file of an older version has none of them.
        let made = tx.row(statement("SELECT 1 FROM sqlite_schema WHERE name = 'identities'")).await?.is_some();
        let identities = if made { identities::all(tx).await?.damaged } else { Vec::new() };
        for (kind, numbers) in [(RowKind::User, users.damaged), (RowKind::Identity, identities)] {
            let of_user =
                |name: String| DamagedItem { kind, user: UserId::new(name.parse().unwrap_or_default()), name };
            survey.damaged.extend(numbers.into_iter().map(of_user));
        }
        for owner in owners(tx).await? {
            let (groups, portfolios) = (groups::all(tx, owner).await?, portfolios::all(tx, owner).await?);
            survey.groups += groups.rows.len();
            survey.portfolios += portfolios.rows.len();
            survey.damaged(RowKind::Group, owner, groups.damaged);
            survey.damaged(RowKind::Portfolio, owner, portfolios.damaged);
        }
        let revision = tx.row(statement("SELECT revision > 0 FROM mapping_revision")).await?;
        survey.mappings_changed = revision.map_or(Ok(false), |row| row.get(0))?;
        Ok(survey)
    }

    /// Whether there is nothing that was written by anybody.
    pub(super) fn is_empty(&self) -> bool {
        self.users <= 1 && self.groups == 0 && self.portfolios == 0 && !self.mappings_changed && self.damaged.is_empty()
    }

    fn damaged(&mut self, kind: RowKind, user: UserId, names: Vec<String>) {
        self.damaged.extend(names.into_iter().map(|name| DamagedItem { kind, user, name }));
    }
}

/// Everybody who has rows, or checksums of rows.
async fn owners(tx: &mut Transaction<'_>) -> Result<Vec<UserId>, StoreError> {
    let owners = statement(
        "SELECT user_id FROM user_factor_groups UNION SELECT user_id FROM portfolios \
         UNION SELECT user_id FROM row_checksums ORDER BY 1",
    );
    tx.rows(owners).await?.iter().map(|row| Ok(UserId::new(row.get(0)?))).collect()
}
