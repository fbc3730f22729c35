//! Whole results that servers share in Postgres: whose they are, how long they stay and how much of one user.

use chrono::{TimeDelta, Utc};
use factor_store::{KeptBody, StoreError};

use crate::support::Place;

fn body(bytes: usize) -> KeptBody {
    KeptBody { media: "application/json".to_owned(), bytes: vec![b'x'; bytes].into() }
}

#[tokio::test]
async fn a_result_is_read_by_its_user_at_any_server_until_it_expires() {
    let place = Place::postgres().await;
    let (ann, bob) = (place.user().await, place.user().await);
    let later = Utc::now() + TimeDelta::minutes(30);
    place.server.keep_result(ann, ("one", &body(10)), later, 1_000).await.unwrap();
    assert_eq!(place.server.kept_result(ann, "one").await.unwrap(), Some(body(10)));
    assert_eq!(place.server.kept_result(bob, "one").await.unwrap(), None);
    assert_eq!(place.server.kept_result(ann, "two").await.unwrap(), None);
    // Nobody puts one under another's name, nor reads it past the store.
    let (cluster, database) = place.cluster();
    let as_bob = |text: &str| cluster.sql(database, &format!("SET ROLE factor_app; SET app.user_id = '{bob}'; {text}"));
    let insert = format!("INSERT INTO results (id, user_id, media, body, expires_at) VALUES ('x', {ann}, '', '', 1)");
    assert!(as_bob(&insert).unwrap_err().to_string().contains("row-level security policy"));
    assert_eq!(as_bob("SELECT count(*) FROM results").unwrap(), "0");

    place.server.keep_result(ann, ("gone", &body(10)), Utc::now() - TimeDelta::seconds(5), 1_000).await.unwrap();
    place.server.keep_result(bob, ("gone too", &body(10)), Utc::now() - TimeDelta::seconds(5), 1_000).await.unwrap();
    assert_eq!(place.server.kept_result(ann, "gone").await.unwrap(), None);
    assert_eq!(place.server.delete_expired_results().await.unwrap(), 2, "whosever they are");
    assert_eq!(place.server.kept_result(ann, "one").await.unwrap(), Some(body(10)));
}

#[tokio::test]
async fn of_one_user_the_newest_stay() {
    let place = Place::postgres().await;
    let (ann, bob) = (place.user().await, place.user().await);
    let at = |minutes| Utc::now() + TimeDelta::minutes(minutes);
    place.server.keep_result(bob, ("bobs", &body(900)), at(1), 1_000).await.unwrap();
    for (number, name) in ["a", "b", "c", "d"].into_iter().enumerate() {
        place.server.keep_result(ann, (name, &body(400)), at(10 + number as i64), 1_000).await.unwrap();
    }
    let mut left = Vec::new();
    for name in ["a", "b", "c", "d"] {
        left.extend(place.server.kept_result(ann, name).await.unwrap().map(|_| name));
    }
    assert_eq!(left, ["c", "d"]);
    assert!(place.server.kept_result(bob, "bobs").await.unwrap().is_some());
}

#[tokio::test]
async fn sqlite_has_none() {
    let place = Place::sqlite().await;
    let ann = place.user().await;
    let kept = place.server.keep_result(ann, ("one", &body(10)), Utc::now(), 1_000).await;
    assert_eq!(kept, Err(StoreError::NotConfigured));
    assert_eq!(place.server.kept_result(ann, "one").await, Err(StoreError::NotConfigured));
}
