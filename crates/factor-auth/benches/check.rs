//! What the check of a token costs: `cargo bench -p factor-auth`.
//!
//! Printed are median, 99th percentile and the longest of many checks, in microseconds, with keys that are known: of a token of
//! each algorithm that was never seen, of one that was accepted before, and of one whose signature is wrong.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{
    error::Error,
    time::{Duration, Instant},
};

use chrono::Utc;
use factor_auth::{BearerToken, Settings, Verifier};
use factor_stand_in_issuer::{Issuer, SigningKey};
use serde_json::json;

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const CHECKS: usize = 20_000;
const AUDIENCE: &str = "https://factors.example";

fn main() -> Result<(), Box<dyn Error>> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(run())
}

async fn run() -> Result<(), Box<dyn Error>> {
    let issuer = Issuer::start("").await?;
    let keys = [SigningKey::rs256("rsa", 0)?, SigningKey::es256("p256")?, SigningKey::ed25519("ed")?];
    for key in &keys {
        issuer.publish(key.clone());
    }
    let settings = || Settings::new(&issuer.url(), AUDIENCE);
    let each_time = Verifier::new(settings()?);
    let remembering = Verifier::new(settings()?).remembering(10_000);
    let now = Utc::now().timestamp();
    let claims = json!({
        "iss": issuer.url(), "aud": [AUDIENCE, "https://other.example"], "sub": "248289761001", "client_id": "s6BhdRkqt3",
        "iat": now, "exp": now + 3_600, "jti": "dbe39bf3a3ba4238a513f51d6e1691c4", "scope": "openid profile factor.read factor.write",
        "groups": vec!["some-group-of-a-company"; 20],
    });
    for key in &keys {
        let name = key.scheme().name();
        let token = key.token(&claims)?;
        measure(&format!("{name}, {} bytes, new", token.len()), &each_time, &token).await?;
        measure(&format!("{name}, {} bytes, seen", token.len()), &remembering, &token).await?;
        let other = key.token(&json!({"sub": "another"}))?;
        let (message, signature) =
            (token.rsplit_once('.').unwrap_or_default().0, other.rsplit_once('.').unwrap_or_default().1);
        measure(&format!("{name}, wrong signature"), &each_time, &format!("{message}.{signature}")).await?;
    }
    Ok(())
}

async fn measure(what: &str, verifier: &Verifier, token: &str) -> Result<(), Box<dyn Error>> {
    verifier.check(BearerToken::new(token)?).await.ok();
    let mut taken = Vec::with_capacity(CHECKS);
    for _ in 0..CHECKS {
        let from = Instant::now();
        let found = verifier.check(BearerToken::new(token)?).await;
        taken.push(from.elapsed());
        std::hint::black_box(found).ok();
    }
    taken.sort_unstable();
    let at = |share: f64| {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            clippy::cast_precision_loss,
            reason = "a share of a small number"
        )]
        let place = (share * (CHECKS - 1) as f64) as usize;
        taken.get(place).map(Duration::as_nanos).unwrap_or_default() / 100
    };
    let shown = |tenths: u128| format!("{}.{}", tenths / 10, tenths % 10);
    println!("{what:<32} median {:>7}   p99 {:>7}   longest {:>8}", shown(at(0.5)), shown(at(0.99)), shown(at(1.0)));
    Ok(())
}
