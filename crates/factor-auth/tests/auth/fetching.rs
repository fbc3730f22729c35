//! How keys are found and fetched: bounded in time, length and number.

use std::{
    io::Write as _,
    sync::Arc,
    time::{Duration, Instant},
};

use factor_auth::{KeysError, Settings, TokenError, Verifier};
use factor_stand_in_issuer::{Behaviour, Issuer, Place, SigningKey};
use flate2::{Compression, write::GzEncoder};
use futures::future::join_all;
use serde_json::json;

use crate::support::{AUDIENCE, HOUR, MINUTE, World, check};

#[tokio::test]
async fn a_flood_of_unknown_keys_costs_ten_fetches_a_minute() {
    let world = World::new().await;
    world.verifier.refresh().await.unwrap();
    let before = world.issuer.requests(Place::Keys);
    let fetches = || world.issuer.requests(Place::Keys) - before;
    for minute in 1..=3 {
        // One after the other, and good ones between them.
        for n in 0..50 {
            let refused = world.check(&world.of_unknown_key(&format!("unknown-{n}"))).await.unwrap_err();
            assert_eq!(refused, TokenError::UnknownKey);
            assert!(world.check(&world.token()).await.is_ok());
        }
        assert_eq!(fetches(), 10 * minute);
        world.clock.pass(MINUTE);
    }
    let discoveries = world.issuer.requests(Place::OauthMetadata);
    assert_eq!(discoveries, 1, "and none looks for the keys anew");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thousand_at_once_are_one_fetch() {
    let world = World::new().await;
    world.verifier.refresh().await.unwrap();
    world.issuer.set_latency(Duration::from_millis(300));
    let before = world.issuer.requests(Place::Keys);
    let tokens: Vec<String> = (0..1000).map(|n| world.of_unknown_key(&format!("unknown-{n}"))).collect();
    let all = join_all(tokens.iter().map(|token| world.check(token))).await;
    assert!(all.iter().all(|found| matches!(found, Err(TokenError::UnknownKey))));
    let fetches = world.issuer.requests(Place::Keys) - before;
    assert!((1..=2).contains(&fetches), "{fetches}");
}

#[tokio::test]
async fn who_gives_up_takes_nothing_from_the_others() {
    let world = World::new().await;
    world.issuer.set_latency(Duration::from_millis(100));
    let first = world.token();
    let given_up = tokio::time::timeout(Duration::from_millis(50), world.check(&first)).await;
    assert!(given_up.is_err());
    assert!(world.check(&first).await.is_ok());
}

#[tokio::test]
async fn an_issuer_that_hangs_holds_up_nobody_whose_key_is_known() {
    let world = World::new().await;
    world.verifier.refresh().await.unwrap();
    world.issuer.behave(Place::Keys, Behaviour::Hang);
    let (unknown, known) = (world.of_unknown_key("new"), world.token());
    let from = Instant::now();
    let waits = async {
        let refused = world.check(&unknown).await.unwrap_err();
        (refused, from.elapsed())
    };
    let passes = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert!(world.check(&known).await.is_ok());
        from.elapsed()
    };
    let ((refused, waited), passed) = futures::join!(waits, passes);
    assert_eq!(refused, TokenError::KeysUnavailable);
    assert!((Duration::from_millis(2_900)..Duration::from_secs(5)).contains(&waited), "{waited:?}");
    assert!(passed < Duration::from_secs(1), "{passed:?}");
}

/// Why the keys of an issuer that behaves so cannot be had, and how long that takes.
async fn refusal(behaviour: Behaviour) -> (KeysError, Duration) {
    let world = World::new().await;
    world.issuer.behave(Place::Keys, behaviour);
    let from = Instant::now();
    (world.verifier.refresh().await.unwrap_err(), from.elapsed())
}

#[tokio::test]
async fn answers_that_never_end_are_given_up() {
    let (hangs, drips) = futures::join!(refusal(Behaviour::Hang), refusal(Behaviour::Drip(Duration::from_millis(200))));
    for (error, took) in [hangs, drips] {
        assert!(matches!(error, KeysError::Late { .. }), "{error}");
        assert!(took < Duration::from_secs(10), "{took:?}");
    }
}

#[tokio::test]
async fn answers_beyond_64_kib_are_not_read() {
    for behaviour in
        [Behaviour::Huge(64 * 1024 + 1), Behaviour::HugeInPieces(64 * 1024 + 1), Behaviour::HugeInPieces(50 << 20)]
    {
        let (error, _) = refusal(behaviour).await;
        assert!(matches!(error, KeysError::TooLarge { .. }), "{error}");
    }
    // Fifty megabytes that are small while they are packed.
    let mut packer = GzEncoder::new(Vec::new(), Compression::best());
    packer.write_all(&vec![b' '; 50 << 20]).unwrap();
    let packed = packer.finish().unwrap();
    assert!(packed.len() < 64 * 1024);
    let (error, _) = refusal(Behaviour::Packed(packed)).await;
    assert!(matches!(error, KeysError::TooLarge { .. }), "{error}");
    let world = World::new().await;
    let keys = json!({"keys": [world.p256.jwk()]}).to_string();
    let filled = keys.clone() + &" ".repeat(64 * 1024 - keys.len());
    world.issuer.behave(Place::Keys, Behaviour::Body(filled));
    world.verifier.refresh().await.unwrap();
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let world = World::new().await;
    let elsewhere = world.issuer.at("/elsewhere");
    for place in [Place::Keys, Place::OauthMetadata] {
        world.issuer.behave(Place::OidcMetadata, Behaviour::Status(404));
        world.issuer.behave(place, Behaviour::Redirect(elsewhere.clone()));
        let error = world.verifier.refresh().await.unwrap_err();
        assert!(matches!(error, KeysError::Redirect { status: 302, .. }), "{error}");
        assert_eq!(world.check(&world.token()).await.unwrap_err(), TokenError::KeysUnavailable);
    }
    assert_eq!(world.issuer.requests(Place::Elsewhere), 0);
}

#[tokio::test]
async fn what_is_no_set_of_keys_is_named() {
    for body in ["<html>", "", "[]", "{\"keys\": 7}"] {
        let (error, _) = refusal(Behaviour::Body(body.into())).await;
        assert!(matches!(error, KeysError::NotTheDocument { .. }), "{body}: {error}");
    }
    let (error, _) = refusal(Behaviour::Body("{\"keys\": [{}, 7]}".into())).await;
    assert!(matches!(error, KeysError::NoKeys { count: 2, .. }), "{error}");
}

#[tokio::test]
async fn metadata_must_be_the_issuers_own() {
    let world = World::new().await;
    world.issuer.claim_issuer(&format!("{}/", world.issuer.url()));
    let error = world.verifier.refresh().await.unwrap_err();
    assert!(error.to_string().contains("set FACTOR_OAUTH_ISSUER to it, to the letter"), "{error}");
    // The name of another is cut and escaped.
    world.issuer.claim_issuer(&format!("https://evil.example/\u{1b}[31m{}", "x".repeat(5000)));
    let error = world.verifier.refresh().await.unwrap_err().to_string();
    assert!(error.len() < 1000 && !error.contains('\u{1b}'), "{error}");
    world.issuer.claim_issuer(&world.issuer.url());
    for keys in ["http://keys.example.com/", "file:///etc/passwd", "https://ann:pw@keys.example.com/", "keys", ""] {
        world.issuer.claim_keys(keys);
        let error = world.verifier.refresh().await.unwrap_err();
        assert!(matches!(error, KeysError::KeysAddress { .. }), "{keys}: {error}");
        assert!(!error.to_string().contains("pw"), "{error}");
    }
}

#[tokio::test]
async fn the_second_place_is_asked_where_the_first_has_nothing() {
    for wrong in [Behaviour::Status(404), Behaviour::Status(500), Behaviour::Body("<html>".into())] {
        let world = World::new().await;
        world.issuer.behave(Place::OauthMetadata, wrong);
        assert!(world.check(&world.token()).await.is_ok());
        assert_eq!((world.issuer.requests(Place::OauthMetadata), world.issuer.requests(Place::OidcMetadata)), (1, 1));
    }
}

#[tokio::test]
async fn an_issuer_may_have_a_path() {
    for first in [Behaviour::Well, Behaviour::Status(404)] {
        let issuer = Issuer::start("/realms/one").await.unwrap();
        issuer.publish(SigningKey::ed25519("k").unwrap());
        issuer.behave(Place::OauthMetadata, first);
        let verifier = Verifier::new(Settings::new(&issuer.url(), AUDIENCE).unwrap());
        let now = chrono::Utc::now().timestamp();
        let claims = json!({"iss": issuer.url(), "aud": AUDIENCE, "sub": "ada", "exp": now + HOUR});
        assert!(check(&verifier, &issuer.sign(&claims).unwrap()).await.is_ok());
    }
}

#[tokio::test]
async fn keys_at_an_address_that_is_set_need_no_metadata() {
    let issuer = Issuer::start("").await.unwrap();
    issuer.publish(SigningKey::rs256("k", 1).unwrap());
    let settings = Settings::new("https://login.example.com", AUDIENCE).unwrap();
    let verifier = Verifier::new(settings.with_jwks_url(&issuer.keys_url()).unwrap());
    let now = chrono::Utc::now().timestamp();
    let claims = json!({"iss": "https://login.example.com", "aud": AUDIENCE, "sub": "ada", "exp": now + HOUR});
    assert!(check(&verifier, &issuer.sign(&claims).unwrap()).await.is_ok());
    assert_eq!((issuer.requests(Place::OauthMetadata), issuer.requests(Place::Keys)), (0, 1));
}

#[tokio::test]
async fn keys_are_refreshed_every_five_minutes_and_a_minute_after_a_failure() {
    let world = World::new().await;
    let (verifier, issuer) = (Arc::clone(&world.verifier), &world.issuer);
    let task = tokio::spawn(async move { verifier.keep_fresh().await });
    let reaches = async |number: usize| {
        let from = Instant::now();
        while issuer.requests(Place::Keys) < number && from.elapsed() < Duration::from_secs(10) {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        // What came with the answer is dealt with.
        tokio::time::sleep(Duration::from_millis(100)).await;
        assert_eq!(issuer.requests(Place::Keys), number);
    };
    // Time stands still while it is moved, and runs while sockets are waited for.
    let pass = async |seconds: u64| {
        tokio::time::pause();
        tokio::time::advance(Duration::from_secs(seconds)).await;
        tokio::time::resume();
    };
    reaches(1).await;
    pass(298).await;
    reaches(1).await;
    issuer.behave(Place::Keys, Behaviour::Status(500));
    pass(2).await;
    reaches(2).await;
    issuer.behave(Place::Keys, Behaviour::Well);
    pass(60).await;
    reaches(3).await;
    pass(60).await;
    reaches(3).await;
    pass(240).await;
    reaches(4).await;
    task.abort();
}
