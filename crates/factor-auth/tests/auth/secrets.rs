//! Nothing of a token or a key is told: not in errors, not in `Debug` text, not in the log.

use std::{
    io,
    sync::{Arc, Mutex},
};

use factor_auth::BearerToken;
use factor_stand_in_issuer::{Behaviour, Place};
use tracing_subscriber::fmt::MakeWriter;

use crate::{
    forged::{Forgery, forgeries},
    support::{World, check},
};

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl MakeWriter<'_> for Log {
    type Writer = Self;

    fn make_writer(&self) -> Self {
        self.clone()
    }
}

#[tokio::test]
async fn no_token_and_no_key_is_told() {
    let log = Log::default();
    // One thread, so all that is logged comes by here: the HTTP client's own lines too.
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_writer(log.clone())
        .with_ansi(false)
        .finish();
    let _logging = tracing::subscriber::set_default(subscriber);

    let world = World::with(|settings| settings, |verifier| verifier.remembering(100)).await;
    let mut claims = world.claims();
    claims["sub"] = "canary-subject".into();
    claims["groups"] = "canary-group".into();
    let mut tokens: Vec<String> = forgeries(&world).into_iter().map(|Forgery { token, .. }| token).collect();
    for key in [&world.rsa, &world.p256, &world.ed] {
        tokens.push(key.token(&claims).unwrap());
    }
    tokens.push(world.of_unknown_key("canary-kid"));
    let mut told = String::new();
    let mut accepted = 0;
    for behaviour in [Behaviour::Well, Behaviour::Status(500), Behaviour::Body("canary-body".into())] {
        world.issuer.behave(Place::Keys, behaviour);
        world.clock.pass(61);
        if let Err(error) = world.verifier.refresh().await {
            told += &format!("{error} {error:?}\n");
        }
        for token in &tokens {
            told += &format!("{:?}\n", BearerToken::new(token));
            match check(&world.verifier, token).await {
                Ok(_) => accepted += 1,
                Err(error) => {
                    let challenge = world.verifier.settings().invalid_token(error, "/mcp", Default::default());
                    told += &format!("{error} {error:?} {challenge}\n");
                }
            }
        }
        told += &format!("{:?} {:?}\n", world.verifier, world.verifier.health());
    }
    assert_eq!(accepted, 9, "the good ones, three times");
    let logged = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(logged.contains("the issuer's keys cannot be fetched"), "there is a log");

    let public = [world.rsa.jwk(), world.p256.jwk(), world.ed.jwk()];
    let material = public.iter().flat_map(|jwk| ["n", "x", "y"].into_iter().filter_map(|name| jwk[name].as_str()));
    let parts = tokens.iter().flat_map(|token| token.split('.')).filter(|part| part.len() > 20);
    let secrets: Vec<&str> = material.chain(parts).chain(["canary-"]).collect();
    assert!(secrets.len() > 150);
    for text in [&told, &logged] {
        for secret in &secrets {
            assert!(!text.contains(secret), "{secret}");
        }
    }
}
