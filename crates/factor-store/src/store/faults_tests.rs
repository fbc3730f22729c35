//! Every operation of the store fails once, in turn: the first, the second, ... until none is left to fail.
//!
//! After each fault nothing is lost and nothing is half there, the fault is called by its name, and the same store does
//! all that was asked, without a restart.

use std::{collections::BTreeMap, path::Path, sync::Arc, time::Duration};

use factor_types::{Amount, FactorGroup, GroupName, GroupWeighting, Holding, Portfolio, Ticker, UserId};
use tempfile::{TempDir, tempdir, tempdir_in};
use throwaway_postgres::{Cluster, Role};

use super::{OpenOptions, Store, maintenance, open_with};
use crate::{StoreError, faults};

fn name(text: &str) -> GroupName {
    text.parse().unwrap()
}

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn group(text: &str, description: &str) -> FactorGroup {
    FactorGroup {
        name: name(text),
        description: description.to_owned(),
        tickers: vec![ticker("SPY"), ticker("TLT")],
        weighting: GroupWeighting::Custom(vec![0.1, 0.9]),
    }
}

fn portfolio(shares: f64) -> Portfolio {
    let holdings = vec![Holding { ticker: ticker("SPY"), amount: Amount::Shares(shares) }];
    Portfolio { name: name("mine"), holdings }
}

/// What should be kept: descriptions of groups, shares of the portfolio.
#[derive(Debug, Default, Clone, PartialEq)]
struct Model {
    groups: BTreeMap<String, String>,
    shares: Option<f64>,
}

#[derive(Debug, Clone)]
enum Step {
    Create(&'static str),
    Update(&'static str, &'static str),
    Rename(&'static str, &'static str),
    Delete(&'static str),
    Save(f64),
    Read,
}

const STEPS: [Step; 9] = [
    Step::Create("a"),
    Step::Create("b"),
    Step::Update("a", "changed"),
    Step::Save(1_234.0),
    Step::Read,
    Step::Rename("b", "c"),
    Step::Save(9_234.0),
    Step::Delete("a"),
    Step::Create("d"),
];

async fn take(store: &Arc<dyn Store>, step: &Step, model: &mut Model) -> Result<(), StoreError> {
    let user = UserId::LOCAL;
    match step {
        Step::Create(text) => {
            store.create_group(user, &group(text, "new"), None).await?;
            model.groups.insert((*text).to_owned(), "new".to_owned());
        }
        Step::Update(text, description) => {
            store.update_group(user, &name(text), &group(text, description), None).await?.unwrap();
            model.groups.insert((*text).to_owned(), (*description).to_owned());
        }
        Step::Rename(from, to) => {
            store.update_group(user, &name(from), &group(to, "new"), None).await?.unwrap();
            model.groups.remove(*from);
            model.groups.insert((*to).to_owned(), "new".to_owned());
        }
        Step::Delete(text) => {
            store.delete_group(user, &name(text)).await?.unwrap();
            model.groups.remove(*text);
        }
        Step::Save(shares) => {
            store.save_portfolio(user, &portfolio(*shares)).await?;
            model.shares = Some(*shares);
        }
        Step::Read => assert_eq!(kept(store).await?, *model),
    }
    Ok(())
}

async fn kept(store: &Arc<dyn Store>) -> Result<Model, StoreError> {
    let groups = store.groups(UserId::LOCAL).await?;
    let portfolios = store.portfolios(UserId::LOCAL).await?;
    assert_eq!((groups.damaged, portfolios.damaged), (vec![], vec![]));
    let groups = groups.rows.into_iter().map(|kept| (kept.group.what.name.to_string(), kept.group.what.description));
    let shares = portfolios.rows.first().map(|kept| kept.what.holdings[0].amount.number());
    Ok(Model { groups: groups.collect(), shares })
}

/// Takes all steps, each again until it is done; how often it was not.
async fn all_steps(store: &Arc<dyn Store>, nth: u64) -> u64 {
    let (mut model, mut failed) = (Model::default(), 0);
    for step in &STEPS {
        while let Err(error) = take(store, step, &mut model).await {
            assert!(matches!(error, StoreError::Full(_)), "operation {nth}, {step:?}: {error}");
            failed += 1;
            assert!(failed < 4, "operation {nth}, {step:?}: it does not work again: {error}");
            // A file that could not be opened is tried again after a moment.
            tokio::time::sleep(Duration::from_millis(30)).await;
            assert_eq!(kept(store).await.unwrap(), model, "operation {nth}, {step:?}: nothing of it is there");
        }
    }
    // The fault may be one of the last reading itself.
    let last = match kept(store).await {
        Err(StoreError::Full(_)) if failed == 0 => kept(store).await,
        last => last,
    };
    assert_eq!(last.unwrap(), model, "operation {nth}");
    failed
}

fn in_memory() -> TempDir {
    tempdir_in("/dev/shm").or_else(|_| tempdir()).unwrap()
}

fn open_folder(folder: &Path) -> Arc<dyn Store> {
    open_with(None, Some(folder), OpenOptions::default()).unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_on_sqlite_fails_once_and_nothing_is_lost() {
    let (mut nth, mut met) = (0, 0);
    loop {
        nth += 1;
        let folder = in_memory();
        let place = folder.path().display().to_string();
        faults::arm(&place, Some(nth));
        let store = open_folder(folder.path());
        met += all_steps(&store, nth).await;
        let all = faults::passed(&place);
        store.close().await;
        assert_eq!(kept(&open_folder(folder.path())).await.unwrap().shares, Some(9_234.0), "operation {nth}");
        assert!(maintenance::check(folder.path()).await.unwrap().is_whole(), "operation {nth}");
        if all < nth {
            break;
        }
    }
    println!("{nth} operations, {met} failed calls");
    assert!(nth > 60 && met > 50, "{nth} operations, {met} failed calls");
}

/// Operations that making the tables takes, at least; each of them fails on a database of its own.
const MIGRATING: u64 = 10;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_on_postgres_fails_once_and_nothing_is_lost() {
    let cluster = Cluster::start().unwrap();
    let mut met = 0;
    for nth in 1..=MIGRATING {
        met += fail_on(&cluster.database().unwrap().url(Role::Owner), nth).await.0;
    }
    let database = cluster.database().unwrap().url(Role::Owner);
    let mut nth = 0;
    loop {
        nth += 1;
        let (failed, all) = fail_on(&database, nth).await;
        met += failed;
        if all < nth {
            break;
        }
    }
    println!("{nth} operations, {met} failed calls");
    assert!(nth > 40 && met > 40, "{nth} operations, {met} failed calls");
}

/// How many calls failed, and how many operations there were; the database is empty again.
async fn fail_on(url: &str, nth: u64) -> (u64, u64) {
    let open = || open_with(Some(url), None, OpenOptions::default()).unwrap();
    let store = open();
    let place = format!("{store:?}").split('"').nth(1).unwrap().to_owned();
    faults::arm(&place, Some(nth));
    let failed = all_steps(&store, nth).await;
    let all = faults::passed(&place);
    faults::arm(&place, None);
    store.close().await;
    let again = open();
    let last = kept(&again).await.unwrap();
    assert_eq!(last.shares, Some(9_234.0), "operation {nth}");
    for group in last.groups.keys() {
        again.delete_group(UserId::LOCAL, &name(group)).await.unwrap().unwrap();
    }
    again.delete_portfolio(UserId::LOCAL, &name("mine")).await.unwrap().unwrap();
    again.close().await;
    (failed, all)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_operation_of_a_restore_fails_once_and_a_later_one_brings_all_back() {
    let source = in_memory();
    let store = open_folder(source.path());
    all_steps(&store, 0).await;
    let expected = kept(&store).await.unwrap();
    maintenance::back_up(source.path(), chrono::Utc::now().date_naive()).await.unwrap();
    store.close().await;
    let mut nth = 0;
    loop {
        nth += 1;
        let folder = in_memory();
        for file in source.path().read_dir().unwrap() {
            let file = file.unwrap();
            std::fs::copy(file.path(), folder.path().join(file.file_name())).unwrap();
        }
        // A page of the file is gone.
        let path = folder.path().join("factor-mcp.db");
        let mut bytes = std::fs::read(&path).unwrap();
        bytes[4_096..8_192].fill(0x55);
        std::fs::write(&path, bytes).unwrap();
        let place = folder.path().display().to_string();
        faults::arm(&place, Some(nth));
        let mut tries = 0;
        let opened = open_folder(folder.path()).check().await.unwrap_err();
        assert!(matches!(opened, StoreError::Damaged(_) | StoreError::Full(_)), "operation {nth}: {opened}");
        while let Err(error) = maintenance::restore(folder.path(), None, false).await {
            tries += 1;
            assert!(tries < 3, "operation {nth}: {error}");
        }
        let all = faults::passed(&place);
        assert_eq!(kept(&open_folder(folder.path())).await.unwrap(), expected, "operation {nth}");
        if all < nth {
            break;
        }
    }
    println!("{nth} operations of an opening and a restore");
}
