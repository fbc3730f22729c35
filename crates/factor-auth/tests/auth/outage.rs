//! The issuer is away.

use factor_auth::{KeysError, TokenError};
use factor_stand_in_issuer::{Behaviour, Place};

use crate::support::{HOUR, MINUTE, World};

#[tokio::test]
async fn an_issuer_that_is_away_for_an_hour_is_not_missed() {
    let world = World::new().await;
    assert!(world.check(&world.token()).await.is_ok());
    world.issuer.switch(false);
    let mut accepted = 0;
    for minute in 0..60 {
        world.clock.pass(MINUTE);
        if minute % 5 == 4 {
            assert!(matches!(world.verifier.refresh().await, Err(KeysError::Unreachable { .. })));
        }
        for key in [&world.rsa, &world.p256, &world.ed] {
            world.check(&key.token(&world.claims()).unwrap()).await.unwrap();
            accepted += 1;
        }
    }
    assert_eq!(accepted, 180);
    let health = world.verifier.health();
    assert_eq!(health.fetched_at.unwrap().timestamp(), world.clock.now() - HOUR);
    assert!(health.failure.is_some());
    // Whether it has such a key, nobody can say now: that is no fault of the token's.
    let unknown = world.check(&world.of_unknown_key("new")).await.unwrap_err();
    assert_eq!(unknown, TokenError::KeysUnavailable);
    assert!(unknown.is_temporary());
    world.issuer.switch(true);
    world.clock.pass(MINUTE);
    assert_eq!(world.check(&world.of_unknown_key("new")).await.unwrap_err(), TokenError::UnknownKey);
    assert!(world.verifier.health().failure.is_none());
}

#[tokio::test]
async fn old_keys_are_used_for_a_day_and_no_longer() {
    let world = World::new().await;
    assert!(world.check(&world.token()).await.is_ok());
    world.issuer.switch(false);
    world.clock.pass(24 * HOUR - 1);
    assert!(world.check(&world.token()).await.is_ok());
    world.clock.pass(1);
    assert_eq!(world.check(&world.token()).await.unwrap_err(), TokenError::KeysUnavailable);
    world.issuer.switch(true);
    assert!(world.check(&world.token()).await.is_ok(), "and it is asked again at once");
}

#[tokio::test]
async fn an_issuer_that_was_never_there_refuses_nobody_for_good() {
    let world = World::new().await;
    world.issuer.switch(false);
    for _ in 0..20 {
        assert_eq!(world.check(&world.token()).await.unwrap_err(), TokenError::KeysUnavailable);
    }
    world.issuer.switch(true);
    assert_eq!(world.check(&world.token()).await.unwrap_err(), TokenError::KeysUnavailable, "ten fetches a minute");
    world.clock.pass(MINUTE);
    assert!(world.check(&world.token()).await.is_ok());
}

#[tokio::test]
async fn an_answer_that_is_wrong_takes_no_good_keys_away() {
    let world = World::new().await;
    world.verifier.refresh().await.unwrap();
    let wrong = [
        Behaviour::Body("{\"keys\": []}".into()),
        Behaviour::Body("{\"keys\": [{\"kty\": \"oct\"}]}".into()),
        Behaviour::Body("<html>maintenance</html>".into()),
        Behaviour::Body(String::new()),
        Behaviour::Status(500),
        Behaviour::Status(404),
        Behaviour::Cut,
        Behaviour::Huge(64 * 1024 + 1),
        Behaviour::Redirect(world.issuer.at("/elsewhere")),
    ];
    for behaviour in wrong {
        world.issuer.behave(Place::Keys, behaviour.clone());
        let error = world.verifier.refresh().await.unwrap_err();
        assert!(world.check(&world.token()).await.is_ok(), "{behaviour:?}: {error}");
    }
    // Where the metadata is away, the keys are still where they were.
    world.issuer.behave(Place::Keys, Behaviour::Well);
    world.issuer.behave(Place::OauthMetadata, Behaviour::Status(503));
    world.issuer.behave(Place::OidcMetadata, Behaviour::Status(503));
    world.verifier.refresh().await.unwrap();
    // A server that answers for another is believed in nothing.
    world.issuer.behave(Place::OauthMetadata, Behaviour::Well);
    world.issuer.claim_issuer("https://evil.example");
    assert!(matches!(world.verifier.refresh().await, Err(KeysError::OtherIssuer { .. })));
    assert!(world.check(&world.token()).await.is_ok());
}
