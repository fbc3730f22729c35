//! Postgres goes away while it is used, and comes back.

use std::time::{Duration, Instant};

use factor_store::StoreError;

use crate::support::{Place, equal, made_new};

/// What is promised is 2 s; the rest is for a busy machine.
const PROMISE: Duration = Duration::from_millis(2_500);

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_lost_server_is_reported_soon_and_a_returned_one_is_used_soon() {
    let place = Place::postgres().await;
    let (store, user) = (&place.server, place.user().await);
    let mut kept = 0;
    for round in 0..2 {
        for _ in 0..5 {
            made_new(store.create_group(user, &equal(&format!("g{kept}"), &["SPY", "TLT"]), None).await.unwrap());
            kept += 1;
        }
        place.cluster().0.kill().unwrap();
        for _ in 0..2 {
            let began = Instant::now();
            match store.groups(user).await {
                Err(StoreError::Unavailable(words)) => assert!(words.contains("Postgres at"), "{words}"),
                other => panic!("round {round}: {other:?}"),
            }
            assert!(began.elapsed() < PROMISE, "an error took {:?}", began.elapsed());
        }
        place.cluster().0.restart().unwrap();
        let began = Instant::now();
        let groups = loop {
            match store.groups(user).await {
                Ok(groups) => break groups,
                Err(StoreError::Unavailable(_)) if began.elapsed() < PROMISE => {}
                Err(error) => panic!("round {round}: {error}, {:?} after its return", began.elapsed()),
            }
        };
        println!("round {round}: used again after {:?}", began.elapsed());
        assert_eq!(groups.rows.len(), kept, "round {round}");
    }
}
