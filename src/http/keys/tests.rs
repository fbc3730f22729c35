use axum::http::HeaderName;
use factor_store::{NewUser, UserTier};

use super::*;

/// The key or token presented by these headers, or `refused`.
fn check(headers: &[(&str, &str)], expected: &str) {
    let headers: HeaderMap = headers
        .iter()
        .map(|(name, value)| (name.parse::<HeaderName>().unwrap(), HeaderValue::from_str(value).unwrap()))
        .collect();
    let got = match presented(&headers) {
        Ok(Presented::Key(key)) => key.to_owned(),
        Ok(Presented::Token(token)) => format!("token {token}"),
        Ok(Presented::Nothing) => "none".to_owned(),
        Err(_) => "refused".to_owned(),
    };
    assert_eq!(got, expected, "{headers:?}");
}

#[test]
fn a_key_comes_in_either_header() {
    check(&[], "none");
    check(&[("Authorization", "Bearer fie_2_ab")], "fie_2_ab");
    check(&[("Authorization", "bearer   fie_2_ab ")], "fie_2_ab");
    check(&[("X-API-Key", "fie_2_ab")], "fie_2_ab");
    check(&[("X-API-Key", "fie_2_ab"), ("Authorization", "Bearer fie_2_ab")], "fie_2_ab");
    check(&[("Authorization", "Basic YW5uOnNlY3JldA==")], "none");
    check(&[("Authorization", "Basic YW5uOnNlY3JldA=="), ("X-API-Key", "fie_2_ab")], "fie_2_ab");
}

#[test]
fn what_is_presented_counts_even_if_it_is_empty_or_double() {
    check(&[("Authorization", "Bearer")], "token ");
    check(&[("X-API-Key", "")], "");
    check(&[("X-API-Key", "fie_2_ab"), ("X-API-Key", "fie_3_cd")], "refused");
    check(&[("X-API-Key", "fie_2_ab"), ("Authorization", "Bearer fie_3_cd")], "refused");
    check(&[("X-API-Key", "\u{e9}")], "refused");
    check(&[("Authorization", "fie_2_ab")], "refused");
}

#[test]
fn what_is_no_key_may_be_a_token_behind_bearer_alone() {
    check(&[("Authorization", "Bearer ey.J.x")], "token ey.J.x");
    check(&[("Authorization", "Bearer FIE_2_ab")], "token FIE_2_ab");
    check(&[("X-API-Key", "ey.J.x")], "ey.J.x");
    check(&[("Authorization", "Bearer ey.J.x"), ("X-API-Key", "ey.J.x")], "refused");
    check(&[("Authorization", "Bearer ey.J.x"), ("X-API-Key", "fie_2_ab")], "refused");
    check(&[("Authorization", "Bearer ey.J.x"), ("Authorization", "Bearer fie_2_ab")], "refused");
    check(&[("Authorization", "Bearer ey.J.x"), ("Authorization", "Bearer ey.J.y")], "refused");
    check(&[("Authorization", "Basic YW5uOnNlY3JldA=="), ("Authorization", "Bearer ey.J.x")], "token ey.J.x");
    check(&[("Authorization", "DPoP ey.J.x")], "none");
}

/// Whether a key that was used and then revoked still opens the door, once keys are known for `life` and a while has gone.
async fn opens_after_revoking(life: Duration) -> bool {
    let folder = tempfile::tempdir().unwrap();
    let store = factor_store::open(None, Some(folder.path())).unwrap();
    store.migrate().await.unwrap();
    let (user, key) = store.add_user(&NewUser { tier: UserTier::Registered, email: None }).await.unwrap();
    let sessions = Arc::new(Sessions::new(1, 1, Duration::from_secs(60)));
    let door = Door::knowing(Arc::clone(&store), sessions, true, life);
    let headers =
        HeaderMap::from_iter([(HeaderName::from_static(API_KEY), HeaderValue::from_str(&key.reveal()).unwrap())]);
    let visitor = door.visitor(&headers).await.ok().unwrap();
    assert_eq!((visitor.user, visitor.rights), (user.id, Rights::of_key()));
    assert!(store.revoke_user(user.id).await.unwrap().is_some());
    tokio::time::sleep(Duration::from_millis(60)).await;
    match door.visitor(&headers).await {
        Ok(found) => found.user == user.id,
        Err(refusal) => {
            assert!(matches!(refusal, Refusal::WrongKey), "{refusal:?}");
            false
        }
    }
}

#[tokio::test]
async fn a_known_key_costs_no_query_until_its_time_is_up() {
    assert!(opens_after_revoking(Duration::from_secs(3600)).await);
    assert!(!opens_after_revoking(Duration::from_millis(20)).await);
    assert!(KNOWN_FOR <= Duration::from_secs(30), "as the docs say");
}
