//! Both stores, each in a place of its own, and what is written into them.

use std::sync::Arc;

use chrono::NaiveDate;
use factor_store::{
    Author, NewUser, OpenOptions, SavedGroup, Store, StoreError, UserTier, WriteOutcome, open, open_with,
};
use factor_types::{
    Amount, FactorGroup, GroupName, GroupWeighting, Holding, Portfolio, Saved, SettledWeights, Ticker, UserId,
};
use tempfile::TempDir;
use throwaway_postgres::{Cluster, Database, Durability, Role};

/// A store, reached as an administrator reaches it and as a server of several users does.
pub(crate) struct Place {
    pub(crate) admin: Arc<dyn Store>,
    pub(crate) server: Arc<dyn Store>,
    pub(crate) keeps: Keeps,
}

/// What must live as long as the store.
pub(crate) enum Keeps {
    Sqlite(TempDir),
    Postgres(Cluster, Database),
}

impl Place {
    pub(crate) async fn sqlite() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let admin = open(None, Some(folder.path())).unwrap();
        admin.migrate().await.unwrap();
        let server = open_with(None, Some(folder.path()), for_several()).unwrap();
        Self { admin, server, keeps: Keeps::Sqlite(folder) }
    }

    pub(crate) async fn postgres() -> Self {
        Self::postgres_with(Durability::Fast).await
    }

    pub(crate) async fn postgres_with(durability: Durability) -> Self {
        let cluster = Cluster::start_with(durability).unwrap();
        let database = cluster.database().unwrap();
        let admin = open(Some(&database.url(Role::Owner)), None).unwrap();
        admin.migrate().await.unwrap();
        admin.grant_to(Role::App.as_str()).await.unwrap();
        let server = open_with(Some(&database.url(Role::App)), None, for_several()).unwrap();
        Self { admin, server, keeps: Keeps::Postgres(cluster, database) }
    }

    /// A new user of the store.
    pub(crate) async fn user(&self) -> UserId {
        self.admin.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap().0.id
    }

    /// Runs SQL past the store, with every right.
    pub(crate) async fn sql(&self, text: &'static str) {
        match &self.keeps {
            Keeps::Sqlite(folder) => {
                let path = folder.path().join("factor-mcp.db");
                let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", path.display())).await.unwrap();
                sqlx::query(text).execute(&pool).await.unwrap();
                pool.close().await;
            }
            Keeps::Postgres(cluster, database) => drop(cluster.sql(database, text).unwrap()),
        }
    }

    pub(crate) fn cluster(&self) -> (&Cluster, &Database) {
        match &self.keeps {
            Keeps::Postgres(cluster, database) => (cluster, database),
            Keeps::Sqlite(_) => panic!("not on SQLite"),
        }
    }
}

/// Runs a check on both stores, each as a test of its own.
macro_rules! on_both {
    ($($check:ident),+ $(,)?) => {
        mod sqlite {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                super::$check(&crate::support::Place::sqlite().await).await;
            })+
        }
        mod postgres {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $check() {
                super::$check(&crate::support::Place::postgres().await).await;
            })+
        }
    };
}
pub(crate) use on_both;

pub(crate) fn for_several() -> OpenOptions {
    OpenOptions { multi_user: true, ..OpenOptions::default() }
}

pub(crate) fn name(text: &str) -> GroupName {
    text.parse().unwrap()
}

pub(crate) fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

pub(crate) fn equal(text: &str, tickers: &[&str]) -> FactorGroup {
    FactorGroup {
        name: name(text),
        description: String::new(),
        tickers: tickers.iter().map(|text| ticker(text)).collect(),
        weighting: GroupWeighting::Equal,
    }
}

/// Weights that no short decimal number is.
pub(crate) fn custom(text: &str) -> FactorGroup {
    FactorGroup {
        description: "naïve \"quotes\" 🦀".into(),
        weighting: GroupWeighting::Custom(vec![1.0 / 3.0, 0.1 + 0.2, 1.0 - 1.0 / 3.0 - (0.1 + 0.2)]),
        ..equal(text, &["XLK", "BRK.B", "SMH"])
    }
}

pub(crate) fn settled() -> SettledWeights {
    SettledWeights {
        weights: vec![(ticker("XLK"), 1.0 / 3.0), (ticker("SMH"), 2.0 / 3.0)],
        as_of: NaiveDate::from_ymd_opt(2026, 1, 15).unwrap(),
        source: "sample".into(),
    }
}

pub(crate) fn portfolio(text: &str, shares: f64) -> Portfolio {
    let holding = |text: &str, amount| Holding { ticker: ticker(text), amount };
    Portfolio {
        name: name(text),
        holdings: vec![
            holding("VTI", Amount::Shares(shares)),
            holding("CUR:USD", Amount::Value(-1_234.56)),
            holding("AGG", Amount::Weight(1.0 / 7.0)),
        ],
    }
}

pub(crate) fn author() -> Author {
    Author { who: "ann".into(), why: "a test".into() }
}

pub(crate) fn made_new<T: std::fmt::Debug>(created: WriteOutcome<T>) -> T {
    match created {
        WriteOutcome::Written(made) => made,
        other => panic!("{other:?}"),
    }
}

pub(crate) fn names(groups: &[SavedGroup]) -> Vec<&str> {
    groups.iter().map(|kept| kept.group.what.name.as_str()).collect()
}

/// What was kept, when it was kept within the last minutes.
pub(crate) fn recent<T>(kept: Saved<T>) -> T {
    let age = chrono::Utc::now() - kept.created_at;
    assert!(age.num_seconds().abs() < 300 && kept.created_at <= kept.updated_at, "{}", kept.created_at);
    kept.what
}

pub(crate) fn refusal<T: std::fmt::Debug>(outcome: Result<T, StoreError>) -> String {
    match outcome {
        Err(StoreError::Refused(words)) => words,
        other => panic!("{other:?}"),
    }
}
