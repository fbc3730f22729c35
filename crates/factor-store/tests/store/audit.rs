//! The audit on both stores: one chain per server however many write, what is found when it is changed past the store, and what a
//! server's role may do to it.

use chrono::{DateTime, TimeDelta, Utc};
use factor_store::{
    Store, StoreError,
    audit::{AuditEntry, AuditKey, Broken, Head, Walk},
};
use factor_types::UserId;
use futures::future::join_all;

use crate::support::{Place, equal, made_new, on_both, portfolio, refusal};

on_both!(
    those_who_write_at_once_lengthen_one_chain,
    whatever_is_done_to_rows_is_found,
    old_rows_go_and_the_rest_is_still_a_chain,
    a_name_is_a_users_until_they_are_deleted,
);

fn key() -> AuditKey {
    AuditKey::read(&"ab".repeat(32)).unwrap()
}

fn entry(who: &str, at: DateTime<Utc>) -> AuditEntry {
    AuditEntry {
        at,
        who: who.to_owned(),
        operation: "list_factors".to_owned(),
        outcome: "ok".to_owned(),
        arguments: key().seal(&["arguments"]),
        data: "universe panel".to_owned(),
        answer: "00ff".to_owned(),
    }
}

/// Goes along a chain: its end, or what is wrong.
async fn walked(store: &dyn Store, replica: &str) -> Result<Head, Broken> {
    let chains = store.audit_chains().await.unwrap();
    let checkpoint = chains.into_iter().find(|(name, _)| name == replica).and_then(|(_, checkpoint)| checkpoint);
    let key = key();
    let mut walk = Walk::begin(&key, replica, checkpoint.as_ref())?;
    let mut after = 0;
    loop {
        let rows = store.audit_rows(replica, after).await.unwrap();
        let Some(last) = rows.last() else { return Ok(walk.head().clone()) };
        after = last.seq;
        rows.iter().try_for_each(|row| walk.step(row))?;
    }
}

async fn those_who_write_at_once_lengthen_one_chain(place: &Place) {
    let writing = (0..8).map(|writer| {
        let server = std::sync::Arc::clone(&place.server);
        tokio::spawn(async move {
            let replica = if writer % 4 == 3 { "b" } else { "a" };
            for _ in 0..5 {
                let entries = vec![entry(&writer.to_string(), Utc::now()); 3];
                server.append_audit(replica, &key(), &entries).await.unwrap();
            }
        })
    });
    for outcome in join_all(writing).await {
        outcome.unwrap();
    }
    assert_eq!(walked(&*place.admin, "a").await.unwrap().seq, 90);
    assert_eq!(walked(&*place.admin, "b").await.unwrap().seq, 30);
    let chains: Vec<String> = place.admin.audit_chains().await.unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(chains, ["a", "b"]);
}

async fn whatever_is_done_to_rows_is_found(place: &Place) {
    let whole = async || {
        place.sql("DELETE FROM audit").await;
        place.server.append_audit("a", &key(), &vec![entry("w", Utc::now()); 6]).await.unwrap();
        walked(&*place.admin, "a").await.unwrap()
    };
    let row = |seq| Broken::Row { replica: "a".to_owned(), seq };
    let gap = |after, found| Broken::Gap { replica: "a".to_owned(), after, found };
    for (change, found) in [
        ("UPDATE audit SET outcome = 'OK' WHERE seq = 3", row(3)),
        ("UPDATE audit SET at = at + 1 WHERE seq = 1", row(1)),
        ("UPDATE audit SET hash = '00' WHERE seq = 6", row(6)),
        ("DELETE FROM audit WHERE seq = 4", gap(3, 5)),
        ("DELETE FROM audit WHERE seq = 1", gap(0, 2)),
        // Two rows in each other's place.
        ("UPDATE audit SET seq = CASE seq WHEN 2 THEN 102 WHEN 3 THEN 103 ELSE seq END", gap(1, 4)),
        (
            "INSERT INTO audit SELECT replica, seq + 1, at, who, operation, outcome, arguments, data, answer, hash \
             FROM audit WHERE seq = 6",
            row(7),
        ),
        (
            "INSERT INTO audit_checkpoints (replica, seq, hash, at, seal) VALUES ('a', 2, 'x', 1, 'y')",
            Broken::Checkpoint { replica: "a".to_owned(), seq: 2 },
        ),
    ] {
        whole().await;
        place.sql(change).await;
        assert_eq!(walked(&*place.admin, "a").await, Err(found), "{change}");
        place.sql("DELETE FROM audit_checkpoints").await;
    }
    // What is cut off at the end leaves a chain: the head that was noted is none of its rows.
    let noted = whole().await;
    place.sql("DELETE FROM audit WHERE seq > 4").await;
    let left = walked(&*place.admin, "a").await.unwrap();
    assert_eq!(left.seq, 4);
    let rows = place.admin.audit_rows("a", 0).await.unwrap();
    assert!(rows.iter().all(|row| row.hash != noted.hash));
}

async fn old_rows_go_and_the_rest_is_still_a_chain(place: &Place) {
    let now = Utc::now();
    for days in [30, 20, 10, 0] {
        place.server.append_audit("a", &key(), &[entry("w", now - TimeDelta::days(days))]).await.unwrap();
    }
    place.server.append_audit("old", &key(), &[entry("w", now - TimeDelta::days(30))]).await.unwrap();
    let end = walked(&*place.admin, "a").await.unwrap();
    let pruned = place.admin.prune_audit(&key(), now - TimeDelta::days(15), now).await.unwrap();
    assert_eq!(pruned, [("a".to_owned(), 2), ("old".to_owned(), 1)]);
    assert_eq!(walked(&*place.admin, "a").await, Ok(end));
    assert_eq!(place.admin.audit_rows("a", 0).await.unwrap()[0].seq, 3);
    assert_eq!(place.admin.prune_audit(&key(), now - TimeDelta::days(15), now).await.unwrap(), []);
    // It goes on where it was, also where no row is left.
    for replica in ["a", "old"] {
        place.server.append_audit(replica, &key(), &[entry("w", now)]).await.unwrap();
    }
    assert_eq!(walked(&*place.admin, "a").await.unwrap().seq, 5);
    assert_eq!(walked(&*place.admin, "old").await.unwrap().seq, 2);
    // Without the checkpoint the missing beginning shows.
    place.sql("DELETE FROM audit_checkpoints WHERE replica = 'a'").await;
    assert_eq!(walked(&*place.admin, "a").await, Err(Broken::Gap { replica: "a".to_owned(), after: 0, found: 3 }));
}

async fn a_name_is_a_users_until_they_are_deleted(place: &Place) {
    let (ann, bob) = (place.user().await, place.user().await);
    let name = place.server.audit_name(ann).await.unwrap();
    assert_eq!(place.server.audit_name(ann).await.unwrap(), name);
    let bobs = place.server.audit_name(bob).await.unwrap();
    assert!(name.len() == 16 && name != bobs, "{name} {bobs}");
    assert_eq!(place.admin.audit_names().await.unwrap(), [(ann, name.clone()), (bob, bobs)]);
    made_new(place.server.create_group(ann, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    made_new(place.server.create_group(bob, &equal("a", &["SPY", "TLT"]), None).await.unwrap());
    place.server.save_portfolio(ann, &portfolio("p", 3.0)).await.unwrap();
    place.server.append_audit("a", &key(), &[entry(&name, Utc::now())]).await.unwrap();

    let gone = place.admin.delete_user(ann).await.unwrap().unwrap();
    assert_eq!((gone.groups, gone.portfolios, gone.was_audited), (1, 1, true));
    assert_eq!(place.admin.audit_names().await.unwrap().len(), 1);
    assert_eq!(place.admin.audit_rows("a", 0).await.unwrap()[0].who, name, "the row stays");
    assert!(walked(&*place.admin, "a").await.is_ok());
    assert_eq!(place.server.groups(ann).await.unwrap().rows, []);
    assert_eq!(place.server.groups(ann).await.unwrap().damaged, Vec::<String>::new());
    assert_eq!(place.server.portfolios(ann).await.unwrap().rows, []);
    assert_eq!(place.server.groups(bob).await.unwrap().rows.len(), 1);
    let users = place.admin.users().await.unwrap();
    assert_eq!(users.damaged, Vec::<String>::new());
    let left = users.rows.iter().find(|user| user.id == ann).unwrap();
    assert_eq!((left.has_key, left.email.as_deref()), (false, None));
    assert_eq!(place.admin.delete_user(UserId::new(999)).await.unwrap(), None);
    assert!(refusal(place.admin.delete_user(UserId::LOCAL).await).contains("local user"));
}

/// Each call is chained to the last row: what that costs must not grow with the rows there are.
#[tokio::test]
async fn the_end_of_a_long_chain_is_found_by_its_index() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let long = "INSERT INTO audit SELECT 'a', at, at, 'w', 'o', 'ok', '', '', '', 'hash ' || at FROM generate_series(1, 20000) AS at; \
                ANALYZE audit";
    cluster.sql(database, long).unwrap();
    let read = "SELECT seq_tup_read + coalesce(idx_tup_fetch, 0) FROM pg_stat_xact_user_tables WHERE relname = 'audit'";
    let found =
        cluster.sql(database, &format!("BEGIN; SELECT head_seq, head_hash FROM audit_head('a'); {read}; COMMIT"));
    let found = found.unwrap();
    let lines: Vec<&str> =
        found.lines().filter(|line| line.starts_with(|first: char| first.is_ascii_digit())).collect();
    assert_eq!(lines[0], "20000|hash 20000", "{found}");
    assert!(lines[1].parse::<u64>().unwrap() <= 2, "rows read: {found}");
}

#[tokio::test]
async fn a_servers_role_adds_rows_and_reads_none() {
    let place = Place::postgres().await;
    let (cluster, database) = place.cluster();
    let ann = place.user().await;
    place.server.audit_name(ann).await.unwrap();
    place.server.append_audit("a", &key(), &[entry("w", Utc::now())]).await.unwrap();
    for denied in [
        "SELECT * FROM audit",
        "SELECT count(*) FROM audit",
        "UPDATE audit SET who = 'x'",
        "DELETE FROM audit",
        "TRUNCATE audit",
        "SELECT * FROM audit_checkpoints",
        "INSERT INTO audit_checkpoints (replica, seq, hash, at, seal) VALUES ('a', 1, '', 1, '')",
        "UPDATE audit_names SET name = 'x'",
        "DELETE FROM audit_names",
    ] {
        let refused = cluster.sql(database, &format!("SET ROLE factor_app; {denied}")).unwrap_err().to_string();
        assert!(refused.contains("permission denied for table"), "{denied}: {refused}");
    }
    let names = cluster.sql(database, "SET ROLE factor_app; SET app.user_id = '1'; SELECT count(*) FROM audit_names");
    assert_eq!(names.unwrap(), "0", "nobody else's name is read");
    for (change, said) in [
        ("GRANT SELECT ON audit TO factor_app", "has a right on `audit`"),
        ("GRANT UPDATE (who) ON audit TO PUBLIC", "has a right on `audit`"),
        ("GRANT DELETE ON audit_names TO factor_app", "has a right on `audit_names`"),
        ("GRANT INSERT ON audit_checkpoints TO factor_app", "has a right on `audit_checkpoints`"),
    ] {
        place.server.check().await.unwrap();
        cluster.sql(database, change).unwrap();
        match place.server.check().await {
            Err(StoreError::UnsafeRole(words)) => assert!(words.contains(said), "{change}: {words}"),
            other => panic!("{change}: {other:?}"),
        }
        cluster.sql(database, &change.replace("GRANT", "REVOKE").replace(" TO ", " FROM ")).unwrap();
    }
    assert!(place.server.audit_rows("a", 0).await.is_err());
    assert!(place.server.audit_chains().await.is_err());
}
