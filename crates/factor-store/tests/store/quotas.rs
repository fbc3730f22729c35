//! Quotas: how many answers a day has, held to exactly by however many ask at once.

use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};
use factor_store::{Place as Seat, PlaceOutcome, QuotaAsk, QuotaLimits, Store, UserTier};
use factor_types::UserId;
use futures::future::join_all;

use crate::support::{Place, on_both};

on_both!(
    places_are_taken_used_and_given_back,
    a_place_lapses_and_is_then_nobodys_twice,
    many_at_once_never_have_more_than_there_are,
    what_one_has_used_is_no_one_elses,
);

fn at(text: &str) -> DateTime<Utc> {
    text.parse().unwrap()
}

fn ask(user: UserId, most: u32, now: DateTime<Utc>) -> QuotaAsk {
    let most = QuotaLimits { public: Some(0), registered: Some(most), paid: None };
    QuotaAsk { user, caller: String::new(), operation: "lists", most, now, lapses_at: now + TimeDelta::seconds(100) }
}

async fn taken(store: &Arc<dyn Store>, ask: &QuotaAsk) -> Option<Seat> {
    match store.take_place(ask).await.unwrap() {
        PlaceOutcome::Taken(place) => Some(place),
        PlaceOutcome::Exhausted { .. } => None,
    }
}

/// What is answered and at work on a day.
async fn used(place: &Place, user: UserId, now: DateTime<Utc>) -> Vec<(String, u64, u64)> {
    let usage = place.server.usage(user, now.date_naive(), now).await.unwrap();
    usage.into_iter().map(|used| (used.operation, used.answered, used.at_work)).collect()
}

fn lists(answered: u64, at_work: u64) -> Vec<(String, u64, u64)> {
    vec![("lists".to_owned(), answered, at_work)]
}

async fn places_are_taken_used_and_given_back(place: &Place) {
    let (user, now) = (place.user().await, at("2026-06-15T12:00:00Z"));
    let ask = ask(user, 2, now);
    let (first, second) = (taken(&place.server, &ask).await.unwrap(), taken(&place.server, &ask).await.unwrap());
    let none = place.server.take_place(&ask).await.unwrap();
    assert_eq!(none, PlaceOutcome::Exhausted { tier: UserTier::Registered, most: 2, answered: 0, at_work: 2 });
    assert_eq!(used(place, user, now).await, lists(0, 2));
    assert!(place.server.use_place(&first).await.unwrap());
    assert!(!place.server.use_place(&first).await.unwrap(), "once");
    place.server.give_place_back(&second).await.unwrap();
    place.server.give_place_back(&second).await.unwrap();
    assert_eq!(used(place, user, now).await, lists(1, 0));
    let third = taken(&place.server, &ask).await.unwrap();
    assert!(place.server.use_place(&third).await.unwrap());
    let none = place.server.take_place(&ask).await.unwrap();
    assert_eq!(none, PlaceOutcome::Exhausted { tier: UserTier::Registered, most: 2, answered: 2, at_work: 0 });
    // Another day has its own, another operation too, and so has another tier.
    assert!(taken(&place.server, &QuotaAsk { now: now + TimeDelta::days(1), ..ask.clone() }).await.is_some());
    assert!(taken(&place.server, &QuotaAsk { operation: "writes", ..ask.clone() }).await.is_some());
    assert_eq!(place.server.tier(user).await.unwrap(), UserTier::Registered);
    place.admin.set_tier(user, UserTier::Public).await.unwrap();
    let none = place.server.take_place(&QuotaAsk { operation: "other", ..ask.clone() }).await.unwrap();
    assert_eq!(none, PlaceOutcome::Exhausted { tier: UserTier::Public, most: 0, answered: 0, at_work: 0 });
    place.admin.set_tier(user, UserTier::Paid).await.unwrap();
    assert!(taken(&place.server, &ask).await.is_some(), "no limit");
    assert_eq!(place.server.tier(UserId::new(999)).await.unwrap(), UserTier::Public, "nobody's");
    // What is long ago goes with the first of a day.
    let later = QuotaAsk { now: now + TimeDelta::days(90), lapses_at: now + TimeDelta::days(91), ..ask };
    let place_later = taken(&place.server, &later).await.unwrap();
    assert!(place.server.use_place(&place_later).await.unwrap());
    assert!(used(place, user, now).await.iter().all(|(_, answered, _)| *answered == 0));
    assert_eq!(used(place, user, later.now).await, lists(1, 0));
}

async fn a_place_lapses_and_is_then_nobodys_twice(place: &Place) {
    let (user, now) = (place.user().await, at("2026-06-15T12:00:00Z"));
    let first = ask(user, 1, now);
    let late = taken(&place.server, &first).await.unwrap();
    let before = QuotaAsk { now: first.lapses_at - TimeDelta::milliseconds(1), ..first.clone() };
    assert!(taken(&place.server, &before).await.is_none());
    let then = QuotaAsk { now: first.lapses_at, lapses_at: first.lapses_at + TimeDelta::seconds(100), ..first.clone() };
    assert_eq!(used(place, user, then.now).await, [], "what has lapsed is not at work");
    let other = taken(&place.server, &then).await.unwrap();
    assert!(!place.server.use_place(&late).await.unwrap(), "it is another's now");
    place.server.give_place_back(&late).await.unwrap();
    assert!(place.server.use_place(&other).await.unwrap());
    // Where nobody has asked meanwhile the place is still there.
    let user = place.user().await;
    let slow = taken(&place.server, &ask(user, 1, now)).await.unwrap();
    assert!(place.server.use_place(&slow).await.unwrap());
}

async fn many_at_once_never_have_more_than_there_are(place: &Place) {
    let (user, now) = (place.user().await, Utc::now());
    let tasks = (0..50).map(|task| {
        let store = if task % 2 == 0 { Arc::clone(&place.server) } else { Arc::clone(&place.admin) };
        tokio::spawn(async move {
            let Some(place) = taken(&store, &ask(user, 20, now)).await else { return (0, 0) };
            tokio::task::yield_now().await;
            // A third of them fail.
            if task % 3 == 0 {
                store.give_place_back(&place).await.unwrap();
                return (0, 1);
            }
            assert!(store.use_place(&place).await.unwrap());
            (1, 0)
        })
    });
    let outcomes: Vec<(u64, u64)> = join_all(tasks).await.into_iter().map(Result::unwrap).collect();
    let answered: u64 = outcomes.iter().map(|(answered, _)| answered).sum();
    // In the worst order all who fail come first.
    assert!((3..=20).contains(&answered), "{outcomes:?}");
    assert_eq!(used(place, user, now).await, lists(answered, 0));
}

async fn what_one_has_used_is_no_one_elses(place: &Place) {
    let (ann, bob, now) = (place.user().await, place.user().await, Utc::now());
    let of_ann = taken(&place.server, &ask(ann, 1, now)).await.unwrap();
    assert!(taken(&place.server, &ask(bob, 1, now)).await.is_some());
    assert!(place.server.use_place(&of_ann).await.unwrap());
    assert_eq!((used(place, ann, now).await, used(place, bob, now).await), (lists(1, 0), lists(0, 1)));
    // Callers without a key are the local user's guests, each by where it comes from.
    let most = QuotaLimits { public: Some(1), registered: None, paid: None };
    let from = |caller: &str| QuotaAsk { user: UserId::LOCAL, caller: caller.to_owned(), most, ..ask(ann, 1, now) };
    assert!(taken(&place.server, &from("192.0.2.1")).await.is_some());
    assert!(taken(&place.server, &from("192.0.2.1")).await.is_none());
    assert!(taken(&place.server, &from("192.0.2.2")).await.is_some());
    let callers = place.admin.usage(UserId::LOCAL, now.date_naive(), now).await.unwrap();
    let callers: Vec<&str> = callers.iter().map(|used| used.caller.as_str()).collect();
    assert_eq!(callers, ["192.0.2.1", "192.0.2.2"]);
}
