//! Keys that change while tokens are checked.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use factor_auth::TokenError;
use factor_stand_in_issuer::{Place, SigningKey};
use tokio::sync::RwLock;

use crate::support::{HOUR, MINUTE, World};

const TASKS: usize = 8;

/// Held for reading from the signing of a token to the end of its check: who holds it for writing knows that no token of a key
/// that is used no longer is about.
type InFlight = Arc<RwLock<()>>;

/// Runs `rotate` while tasks check tokens as fast as they can, each signed as the issuer signs at that moment. Gives how many
/// were accepted; none may be refused.
async fn under_load(world: Arc<World>, rotate: impl AsyncFnOnce(&World, &InFlight)) -> usize {
    let in_flight = InFlight::default();
    let (stop, accepted) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
    let tasks: Vec<_> = (0..TASKS)
        .map(|_| {
            let (world, stop, accepted) = (Arc::clone(&world), Arc::clone(&stop), Arc::clone(&accepted));
            let in_flight = Arc::clone(&in_flight);
            tokio::spawn(async move {
                while !stop.load(Ordering::SeqCst) {
                    let _about = in_flight.read().await;
                    let token = world.token();
                    world.check(&token).await.unwrap();
                    accepted.fetch_add(1, Ordering::SeqCst);
                    tokio::task::yield_now().await;
                }
            })
        })
        .collect();
    rotate(&world, &in_flight).await;
    stop.store(true, Ordering::SeqCst);
    for task in tasks {
        task.await.unwrap();
    }
    accepted.load(Ordering::SeqCst)
}

fn key(n: usize) -> SigningKey {
    let kid = format!("key-{n}");
    if n.is_multiple_of(2) { SigningKey::es256(&kid) } else { SigningKey::ed25519(&kid) }.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_token_is_refused_where_keys_are_published_five_minutes_before_use() {
    let world = Arc::new(World::new().await);
    world.verifier.refresh().await.unwrap();
    let rotations = 40;
    let accepted = under_load(Arc::clone(&world), async |world, in_flight| {
        for n in 0..rotations {
            let key = key(n);
            world.issuer.publish(key.clone());
            // The refresh that comes every five minutes.
            world.clock.pass(5 * MINUTE);
            world.verifier.refresh().await.unwrap();
            world.issuer.use_key(key);
            tokio::time::sleep(Duration::from_millis(15)).await;
            if n > 0 {
                // An issuer publishes a key until the last token that it signed has ended.
                drop(in_flight.write().await);
                world.issuer.retire(&format!("key-{}", n - 1));
            }
        }
    })
    .await;
    assert!(accepted > rotations * TASKS, "{accepted}");
    // One at the start, one for each rotation: nobody had to ask for a key.
    assert_eq!(world.issuer.requests(Place::Keys), rotations + 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_key_that_is_used_at_once_is_fetched_once_for_all_who_wait() {
    let world = Arc::new(World::new().await);
    world.verifier.refresh().await.unwrap();
    world.issuer.set_latency(Duration::from_millis(20));
    let rotations = 12;
    let accepted = under_load(Arc::clone(&world), async |world, _| {
        for n in 0..rotations {
            world.clock.pass(30);
            let key = key(n);
            world.issuer.publish(key.clone());
            world.issuer.use_key(key);
            // Until the tasks' own tokens pass too.
            world.check(&world.token()).await.unwrap();
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    assert!(accepted > rotations * TASKS, "{accepted}");
    assert_eq!(world.issuer.requests(Place::Keys), rotations + 1);
}

#[tokio::test]
async fn a_key_that_is_withdrawn_signs_nothing_more() {
    let world = World::with(|settings| settings, |verifier| verifier.remembering(100)).await;
    let (before, after) = (world.token(), world.rsa.token(&world.claims()).unwrap());
    assert!(world.check(&before).await.is_ok());
    world.issuer.retire("p256");
    world.verifier.refresh().await.unwrap();
    assert!(world.check(&before).await.is_ok(), "remembered, for half a minute");
    world.clock.pass(29);
    assert!(world.check(&before).await.is_ok());
    world.clock.pass(1);
    assert_eq!(world.check(&before).await.unwrap_err(), TokenError::UnknownKey);
    assert!(world.check(&after).await.is_ok());
}

#[tokio::test]
async fn a_token_is_remembered_no_longer_than_it_lasts() {
    let world = World::with(|settings| settings, |verifier| verifier.remembering(100)).await;
    let mut claims = world.claims();
    claims["exp"] = (world.clock.now() + 10).into();
    let token = world.issuer.sign(&claims).unwrap();
    assert!(world.check(&token).await.is_ok());
    world.issuer.retire("p256");
    world.verifier.refresh().await.unwrap();
    world.clock.pass(9);
    assert!(world.check(&token).await.is_ok());
    world.clock.pass(1);
    assert_eq!(world.check(&token).await.unwrap_err(), TokenError::UnknownKey, "checked anew");
    world.clock.pass(-HOUR);
    assert!(world.check(&token).await.is_err(), "nor where the clock was set back");
}
