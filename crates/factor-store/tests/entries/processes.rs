//! Several processes on one file.

use std::{
    fs,
    io::{Seek as _, SeekFrom, Write as _},
    process::Child,
    thread,
    time::{Duration, Instant},
};

use factor_store::SqliteEntries;
use factor_types::{EntryFilter, EntryStore as _};
use tempfile::tempdir;

use crate::support::{entry, key, orders, put_aside, start, version_of, versions};

const TASKS: u64 = 8;
const PROCESSES: u64 = 4;
const ROUNDS: u64 = 25;
const KEYS: u64 = 5;

fn finish(child: Child) {
    let done = child.wait_with_output().unwrap();
    let output = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    assert!(done.status.success(), "{}{}", output(&done.stdout), output(&done.stderr));
    assert!(output(&done.stdout).contains("1 passed"), "{}", output(&done.stdout));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "one of the processes that write at once"]
async fn writes_next_to_others() {
    let Some((path, process)) = orders() else { return };
    let store = SqliteEntries::new(path);
    let tasks: Vec<_> = (0..TASKS)
        .map(|task| {
            let store = store.clone();
            tokio::spawn(async move {
                for round in 0..ROUNDS {
                    // No two writers have the same version, and they write older ones after newer ones.
                    let version = 1 + round * PROCESSES * TASKS + process * TASKS + task;
                    let number = (version + round) % KEYS;
                    store.put(&key(number), &entry(number, version, 5_000)).await.unwrap();
                    let found = store.get(&key(number)).await.unwrap().expect("it was put");
                    assert!(version_of(number, &found) >= version, "T{number}: a newer one is lost");
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    assert_eq!((store.health().damaged, store.health().problem), (0, None));
}

#[tokio::test]
async fn processes_that_write_at_once_lose_nothing() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("data/entries.db");
    let children: Vec<Child> = (0..PROCESSES)
        .map(|process| start("processes::writes_next_to_others", &format!("{process} {}", path.display())))
        .collect();
    children.into_iter().for_each(finish);

    let mut newest = vec![None; KEYS as usize];
    for round in 0..ROUNDS {
        for version in 1 + round * PROCESSES * TASKS..1 + (round + 1) * PROCESSES * TASKS {
            newest[((version + round) % KEYS) as usize] = Some(version);
        }
    }
    let store = SqliteEntries::new(path.clone());
    assert_eq!(versions(&store, KEYS).await, newest);
    assert!(put_aside(path.parent().unwrap()).is_empty());
}

#[tokio::test]
#[ignore = "one of the processes whose file is broken under them"]
async fn reads_and_writes_for_three_seconds() {
    let Some((path, process)) = orders() else { return };
    let store = SqliteEntries::new(path);
    let began = Instant::now();
    for step in 0_u64.. {
        let number = (step * 7 + process * 13) % 60;
        if let Some(found) = store.get(&key(number)).await.unwrap() {
            version_of(number, &found);
        }
        // The others are only read, so they lie in the file and not in the log.
        if number < 40 && step % 3 == 0 {
            let version = began.elapsed().as_millis() as u64;
            store.put(&key(number), &entry(number, version, 50_000)).await.unwrap();
        }
        if began.elapsed() > Duration::from_secs(3) {
            break;
        }
    }
    assert_eq!(store.health().problem, None);
}

#[tokio::test]
async fn processes_whose_file_breaks_under_them_go_on_with_one_new_file() {
    let folder = tempdir().unwrap();
    let path = folder.path().join("entries.db");
    let store = SqliteEntries::new(path.clone());
    for number in 0..60 {
        store.put(&key(number), &entry(number, 0, 50_000)).await.unwrap();
    }
    store.close().await;
    let children: Vec<Child> = (0..3)
        .map(|process| start("processes::reads_and_writes_for_three_seconds", &format!("{process} {}", path.display())))
        .collect();
    thread::sleep(Duration::from_millis(700));
    let mut file = fs::File::options().write(true).open(&path).unwrap();
    let length = file.metadata().unwrap().len();
    file.seek(SeekFrom::Start(4_096)).unwrap();
    file.write_all(&vec![0xa5; usize::try_from(length).unwrap() - 4_096]).unwrap();
    drop(file);
    children.into_iter().for_each(finish);

    let aside = put_aside(folder.path());
    println!("put aside: {aside:?}");
    assert!(!aside.is_empty(), "the damage was not found");
    let store = SqliteEntries::new(path);
    let kept = store.list(&EntryFilter::default()).await.unwrap();
    assert!(!kept.is_empty());
    assert_eq!(versions(&store, 60).await.into_iter().flatten().count(), kept.len());
    assert_eq!((store.health().damaged, store.health().notes), (0, vec![]), "the new file is whole");
}
