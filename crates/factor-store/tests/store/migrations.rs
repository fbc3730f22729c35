//! The tables: made once, by the process that comes first, and refused when they are not this version's.

use std::sync::Arc;

use factor_store::{OpenOptions, Store, StoreError, open, open_with};
use factor_types::UserId;
use futures::future::join_all;
use throwaway_postgres::{Cluster, Role};

use crate::support::{Place, equal, made_new, on_both, refusal};

on_both!(tables_of_another_version_are_refused);

async fn together(stores: Vec<Arc<dyn Store>>) {
    let migrating = stores.iter().map(|store| {
        let store = Arc::clone(store);
        tokio::spawn(async move { store.migrate().await })
    });
    for outcome in join_all(migrating).await {
        outcome.unwrap().unwrap();
    }
    for store in &stores {
        store.migrate().await.unwrap();
        store.check().await.unwrap();
        assert_eq!(store.groups(UserId::LOCAL).await.unwrap().rows, []);
    }
    made_new(stores[0].create_group(UserId::LOCAL, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    stores[0].migrate().await.unwrap();
    assert_eq!(stores[7].groups(UserId::LOCAL).await.unwrap().rows.len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_make_the_tables_of_sqlite_at_once_and_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("new/folder");
    together((0..8).map(|_| open(None, Some(&path)).unwrap()).collect()).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn eight_make_the_tables_of_postgres_at_once_and_twice() {
    let cluster = Cluster::start().unwrap();
    let database = cluster.database().unwrap();
    together((0..8).map(|_| open(Some(&database.url(Role::Owner)), None).unwrap()).collect()).await;
}

#[tokio::test]
async fn tables_are_made_at_the_first_use_unless_that_is_forbidden() {
    let folder = tempfile::tempdir().unwrap();
    let forbidden = OpenOptions { migrate: false, ..OpenOptions::default() };
    let store = open_with(None, Some(folder.path()), forbidden).unwrap();
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "nothing is made by opening");
    match store.groups(UserId::LOCAL).await {
        Err(StoreError::Schema(words)) => assert!(words.contains("run `factor-mcp migrate`"), "{words}"),
        other => panic!("{other:?}"),
    }
    open(None, Some(folder.path())).unwrap().check().await.unwrap();
    assert_eq!(store.groups(UserId::LOCAL).await.unwrap().rows, [], "made meanwhile by another");
}

async fn tables_of_another_version_are_refused(place: &Place) {
    // One that this version does not know yet, then one that it knows otherwise.
    let again = || match &place.keeps {
        crate::support::Keeps::Sqlite(folder) => open(None, Some(folder.path())).unwrap(),
        crate::support::Keeps::Postgres(_, database) => open(Some(&database.url(Role::Owner)), None).unwrap(),
    };
    let words = async |store: Arc<dyn Store>| match (store.check().await, store.migrate().await) {
        (Err(StoreError::Schema(words)), Err(StoreError::Schema(again))) if words == again => words,
        other => panic!("{other:?}"),
    };
    place.sql("UPDATE _sqlx_migrations SET version = 9000 WHERE version = 1").await;
    assert!(words(again()).await.contains("made by a newer version (step 9000"));
    let changed = match place.admin.name() {
        "sqlite" => "UPDATE _sqlx_migrations SET version = 1, checksum = x'00' WHERE version = 9000",
        _ => "UPDATE _sqlx_migrations SET version = 1, checksum = '\\x00' WHERE version = 9000",
    };
    place.sql(changed).await;
    let said = words(again()).await;
    assert!(said.contains("step 1 of its tables is not this version's"), "{said}");
}

#[tokio::test]
async fn a_file_that_is_no_database_is_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("factor-mcp.db");
    let text = "these are somebody's notes\n".repeat(100);
    std::fs::write(&path, &text).unwrap();
    match open(None, Some(folder.path())).unwrap().check().await {
        Err(StoreError::Unreadable(words)) => assert!(words.contains("left as it is"), "{words}"),
        other => panic!("{other:?}"),
    }
    assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
}

#[tokio::test]
async fn an_address_of_something_else_is_refused_without_its_password() {
    for (url, words) in [
        ("mysql://ann:s3cret@host/db", "`mysql://`"),
        ("s3cret", "is no address"),
        ("postgres://ann:s3cret@host:port/db", "cannot be read"),
        ("s3 cret://x", "is no address"),
    ] {
        let refused = refusal(open(Some(url), None).map(|store| store.name()));
        assert!(refused.contains(words) && !refused.contains("cret"), "{refused}");
    }
    let nowhere = open(None, None).unwrap();
    assert_eq!(nowhere.check().await, Err(StoreError::NotConfigured));
    assert_eq!(nowhere.migrate().await, Err(StoreError::NotConfigured));
    let store = open(Some("postgresql://ann:s3cret@127.0.0.1:1/db?sslmode=disable"), None).unwrap();
    let error = store.check().await.unwrap_err();
    assert!(matches!(error, StoreError::Unavailable(_)), "{error}");
    assert!(!format!("{error} {store:?}").contains("s3cret"), "{error}");
}

/// A server of this version beside one of the next, whose step only added: it works on, starts again, and stops only where the tables
/// say that it knows too little.
#[tokio::test]
async fn an_older_version_works_beside_a_newer_one() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let ann = place.user().await;
    made_new(place.server.create_group(ann, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    let next = "ALTER TABLE portfolios ADD COLUMN note TEXT; \
                CREATE TABLE of_the_next (id BIGINT PRIMARY KEY); \
                INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
                VALUES (9001, 'next', true, '\\x00', 1)";
    cluster.sql(database, next).unwrap();
    let again = || open_with(Some(&database.url(Role::App)), None, crate::support::for_several()).unwrap();
    for server in [&place.server, &again()] {
        server.check().await.unwrap();
        assert_eq!(server.groups(ann).await.unwrap().rows.len(), 1);
        server.save_portfolio(ann, &crate::support::portfolio("p", 2.0)).await.unwrap();
        assert_eq!(server.portfolios(ann).await.unwrap().rows.len(), 1);
    }
    open(Some(&database.url(Role::Owner)), None).unwrap().migrate().await.unwrap();
    cluster.sql(database, "UPDATE schema_needs SET step = 9001").unwrap();
    match again().check().await {
        Err(StoreError::Schema(words)) => assert!(words.contains("made by a newer version (step 9001"), "{words}"),
        other => panic!("{other:?}"),
    }
}
