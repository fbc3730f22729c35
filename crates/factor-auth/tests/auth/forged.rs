//! Forged and stale tokens, each refused for its own reason, beside good ones.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use factor_auth::{LONGEST_TOKEN, Scope, Scopes, TokenError};
use factor_stand_in_issuer::{Place, Scheme, SigningKey, compact};
use serde_json::{Value, json};

use crate::support::{AUDIENCE, HOUR, World};

/// A token that must not pass, and why not.
pub(crate) struct Forgery {
    pub(crate) name: &'static str,
    pub(crate) token: String,
    pub(crate) refused: TokenError,
}

fn header(alg: &str, kid: &str) -> Value {
    json!({"alg": alg, "typ": "at+jwt", "kid": kid})
}

fn with(mut object: Value, name: &str, value: Value) -> Value {
    object[name] = value;
    object
}

fn without(mut object: Value, name: &str) -> Value {
    object.as_object_mut().unwrap().remove(name);
    object
}

fn encoded(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// The token with its n-th part replaced.
fn part(token: &str, n: usize, by: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[n] = by;
    parts.join(".")
}

fn nth(token: &str, n: usize) -> String {
    token.split('.').nth(n).unwrap().to_owned()
}

/// The signature's last character changed in bits that no byte holds: another text for the same bytes.
fn other_spelling(token: &str) -> String {
    const ALPHABET: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let last = *token.as_bytes().last().unwrap();
    let at = ALPHABET.iter().position(|c| *c == last).unwrap();
    format!("{}{}", &token[..token.len() - 1], char::from(ALPHABET[at + 1]))
}

/// An ECDSA signature in the form that certificates have, not that of JWS.
fn as_der(signature: &[u8]) -> Vec<u8> {
    let number = |bytes: &[u8]| {
        let padded = if bytes[0] >= 0x80 { [&[0], bytes].concat() } else { bytes.to_vec() };
        [vec![2, u8::try_from(padded.len()).unwrap()], padded].concat()
    };
    let both = [number(&signature[..32]), number(&signature[32..])].concat();
    [vec![0x30, u8::try_from(both.len()).unwrap()], both].concat()
}

/// Those that are refused by the rules as they are unless somebody loosens them.
pub(crate) fn forgeries(world: &World) -> Vec<Forgery> {
    use TokenError as E;
    let (claims, now) = (world.claims(), world.clock.now());
    let (rsa, p256, ed) = (&world.rsa, &world.p256, &world.ed);
    let good = p256.token(&claims).unwrap();
    let other = ed.token(&with(claims.clone(), "sub", "bob".into())).unwrap();
    let thief = SigningKey::es256("thief").unwrap();
    let es = header("ES256", "p256");
    let claiming = |name: &str, value: Value| p256.token(&with(claims.clone(), name, value)).unwrap();
    let lacking = |name: &str| p256.token(&without(claims.clone(), name)).unwrap();
    let heading = |name: &str, value: Value| p256.token_with(&with(es.clone(), name, value), &claims).unwrap();
    let signed = |head: &[u8], body: &[u8]| compact(head, body, |message| p256.sign(message)).unwrap();
    let by_scheme = |scheme: Scheme| {
        let head = header(scheme.name(), "rsa").to_string();
        compact(head.as_bytes(), claims.to_string().as_bytes(), |message| rsa.sign_by(scheme, message)).unwrap()
    };
    let as_secret =
        |secret: &[u8]| SigningKey::hs256("rsa", secret).token_with(&header("HS256", "rsa"), &claims).unwrap();
    let modulus = URL_SAFE_NO_PAD.decode(rsa.jwk()["n"].as_str().unwrap()).unwrap();
    let unsigned = |alg: &str| format!("{}.{}.", encoded(header(alg, "p256").to_string()), encoded(claims.to_string()));
    let body = |text: &str| signed(es.to_string().as_bytes(), text.as_bytes());
    let twice = |first: &str| format!("{{{first},{}", &claims.to_string()[1..]);

    let all: Vec<(&'static str, String, TokenError)> = vec![
        // What is no token.
        ("nothing", String::new(), E::NotAToken),
        ("words", "not-a-token".into(), E::NotAToken),
        ("an API key", format!("fie_2_{}", "ab".repeat(32)), E::NotAToken),
        ("two parts", good.rsplit_once('.').unwrap().0.into(), E::NotAToken),
        ("four parts", format!("{good}.AAAA"), E::NotAToken),
        ("five parts, as encrypted ones have", format!("{good}.AAAA.AAAA"), E::NotAToken),
        ("padding", format!("{good}="), E::NotAToken),
        ("a blank behind", format!("{good} "), E::NotAToken),
        ("a line end inside", good.replacen('.', ".\n", 1), E::NotAToken),
        ("a header that is no base64url", part(&good, 0, "e"), E::NotAToken),
        ("a header that is no JSON", part(&good, 0, &encoded("alg: ES256")), E::NotAToken),
        (
            "a header that is a list",
            signed(br#"["ES256","at+jwt","p256"]"#, claims.to_string().as_bytes()),
            E::NotAToken,
        ),
        ("claims that are no JSON", body("sub=ada"), E::NotAToken),
        ("claims that are a list", body("[]"), E::NotAToken),
        ("too long", claiming("padding", "x".repeat(LONGEST_TOKEN).into()), E::TooLong),
        // Not signed, or not by what is taken.
        ("no signature", unsigned("ES256"), E::NotAToken),
        ("alg none", unsigned("none"), E::NotAToken),
        ("alg none with a signature", part(&good, 0, &encoded(header("none", "p256").to_string())), E::Algorithm),
        ("alg nOnE with a signature", part(&good, 0, &encoded(header("nOnE", "p256").to_string())), E::Algorithm),
        ("no alg", p256.token_with(&without(es.clone(), "alg"), &claims).unwrap(), E::Algorithm),
        (
            "alg twice",
            signed(br#"{"alg":"none","alg":"ES256","typ":"at+jwt","kid":"p256"}"#, claims.to_string().as_bytes()),
            E::NotAToken,
        ),
        ("HS256 with the modulus as the secret", as_secret(&modulus), E::Algorithm),
        ("HS256 with the published key as the secret", as_secret(rsa.jwk().to_string().as_bytes()), E::Algorithm),
        ("HS256 with nothing as the secret", as_secret(b""), E::Algorithm),
        ("RS384 by the right key", by_scheme(Scheme::Rs384), E::Algorithm),
        ("PS256 by the right key", by_scheme(Scheme::Ps256), E::Algorithm),
        ("ES256 naming an RSA key", p256.token_with(&header("ES256", "rsa"), &claims).unwrap(), E::KeyMismatch),
        ("RS256 naming a key on P-256", rsa.token_with(&header("RS256", "p256"), &claims).unwrap(), E::KeyMismatch),
        ("EdDSA naming a key on P-256", ed.token_with(&header("EdDSA", "p256"), &claims).unwrap(), E::KeyMismatch),
        // Keys of the sender's choice.
        (
            "its own key in the header",
            thief.token_with(&with(header("ES256", "thief"), "jwk", thief.jwk()), &claims).unwrap(),
            E::Header("jwk"),
        ),
        (
            "its own key under a good name",
            thief.token_with(&with(es.clone(), "jwk", thief.jwk()), &claims).unwrap(),
            E::Header("jwk"),
        ),
        ("keys elsewhere", heading("jku", "https://evil.example/keys".into()), E::Header("jku")),
        ("a certificate elsewhere", heading("x5u", "https://evil.example/cert".into()), E::Header("x5u")),
        ("a certificate in the header", heading("x5c", json!(["MIIB"])), E::Header("x5c")),
        ("a key that nobody publishes", thief.token(&claims).unwrap(), E::UnknownKey),
        ("another's key under a good name", thief.token_with(&es, &claims).unwrap(), E::Signature),
        ("a path for a key", heading("kid", "../../dev/null".into()), E::UnknownKey),
        ("a statement for a key", heading("kid", "' UNION SELECT 'x".into()), E::UnknownKey),
        ("an endless key id", heading("kid", "k".repeat(300).into()), E::Header("kid")),
        ("a number for a key", heading("kid", 0.into()), E::Header("kid")),
        // What the header must not ask for.
        ("an extension that is critical", heading("crit", json!(["exp"])), E::Header("crit")),
        ("claims that are not encoded", heading("b64", false.into()), E::Header("b64")),
        ("claims that are packed", heading("zip", "DEF".into()), E::Header("zip")),
        ("a token in a token", heading("cty", "JWT".into()), E::Header("cty")),
        // Other kinds of tokens.
        ("no typ", p256.token_with(&without(es.clone(), "typ"), &claims).unwrap(), E::Type),
        ("typ JWT", heading("typ", "JWT".into()), E::Type),
        ("typ of a logout token", heading("typ", "logout+jwt".into()), E::Type),
        (
            "an ID token",
            p256.token_with(
                &with(es.clone(), "typ", "JWT".into()),
                &with(without(claims.clone(), "scope"), "nonce", "n".into()),
            )
            .unwrap(),
            E::Type,
        ),
        ("a token bound to a log-in", claiming("nonce", "n-0S6_WzA2Mj".into()), E::NoAccessToken),
        ("a token with the hash of another", claiming("at_hash", "MTIzNDU2".into()), E::NoAccessToken),
        ("a token that is used as ID", claiming("token_use", "id".into()), E::NoAccessToken),
        ("a refresh token", claiming("typ", "Refresh".into()), E::NoAccessToken),
        // Changed on the way.
        ("claims of another token", part(&good, 1, &nth(&other, 1)), E::Signature),
        ("signature of another token", part(&good, 2, &nth(&other, 2)), E::Signature),
        ("a signature of zeros", part(&good, 2, &encoded([0; 64])), E::Signature),
        ("an empty RSA signature", part(&rsa.token(&claims).unwrap(), 2, &encoded([0; 256])), E::Signature),
        ("a short signature", part(&good, 2, &encoded([1; 32])), E::Signature),
        (
            "a signature as certificates have it",
            compact(es.to_string().as_bytes(), claims.to_string().as_bytes(), |message| {
                Ok(as_der(&p256.sign(message)?))
            })
            .unwrap(),
            E::Signature,
        ),
        ("a signature spelled otherwise", other_spelling(&good), E::Signature),
        // Another's, or for somebody else.
        ("another issuer", claiming("iss", "https://evil.example".into()), E::Issuer),
        ("an issuer that is nearly ours", claiming("iss", format!("{}/", world.issuer.url()).into()), E::Issuer),
        ("a list of issuers", claiming("iss", json!([world.issuer.url()])), E::Claim("iss")),
        ("no issuer", lacking("iss"), E::Missing("iss")),
        ("an issuer twice", body(&twice(r#""iss":"https://evil.example""#)), E::NotAToken),
        ("another audience", claiming("aud", "https://other.example".into()), E::Audience),
        ("audiences without ours", claiming("aud", json!(["https://other.example", "chat"])), E::Audience),
        ("an audience that begins like ours", claiming("aud", format!("{AUDIENCE}.evil.example").into()), E::Audience),
        ("an audience of an endpoint", claiming("aud", format!("{AUDIENCE}/mcp").into()), E::Audience),
        ("an audience that is no text", claiming("aud", json!({ AUDIENCE: true })), E::Claim("aud")),
        ("no audience", lacking("aud"), E::Missing("aud")),
        // Too late, too early.
        ("expired", claiming("exp", (now - 60).into()), E::Expired),
        ("expired long ago", claiming("exp", (now - 24 * HOUR).into()), E::Expired),
        ("no expiry", lacking("exp"), E::Missing("exp")),
        ("an expiry in words", claiming("exp", (now + HOUR).to_string().into()), E::Claim("exp")),
        ("an expiry in milliseconds", claiming("exp", ((now + HOUR) * 1000).into()), E::Claim("exp")),
        (
            "an expiry beyond all numbers",
            body(&claims.to_string().replace(&(now + HOUR).to_string(), "1e999")),
            E::NotAToken,
        ),
        ("not yet", claiming("nbf", (now + HOUR).into()), E::NotYet),
        ("issued in the future", claiming("iat", (now + HOUR).into()), E::IssuedInFuture),
        // Nobody.
        ("no subject", lacking("sub"), E::Missing("sub")),
        ("an empty subject", claiming("sub", "".into()), E::Claim("sub")),
        ("an endless subject", claiming("sub", "a".repeat(256).into()), E::Claim("sub")),
        ("a subject with a line end", claiming("sub", "ada\nadmin".into()), E::Claim("sub")),
        ("scopes that are no text", claiming("scope", json!({"factor.admin": true})), E::Claim("scope")),
    ];
    all.into_iter().map(|(name, token, refused)| Forgery { name, token, refused }).collect()
}

#[tokio::test]
async fn each_forgery_is_refused_for_its_own_reason_and_good_tokens_pass() {
    let world = World::new().await;
    let all = forgeries(&world);
    assert!(all.len() >= 80, "{}", all.len());
    for Forgery { name, token, refused } in &all {
        let found = world.check(token).await;
        // Some ask for unknown keys, and there are ten fetches a minute.
        world.clock.pass(if *refused == TokenError::UnknownKey { 61 } else { 0 });
        assert_eq!(found.as_ref().err(), Some(refused), "{name}");
    }
    for key in [&world.rsa, &world.p256, &world.ed] {
        let access = world.check(&key.token(&world.claims()).unwrap()).await.unwrap();
        assert_eq!(access.identity.subject, "ada");
        assert_eq!(access.scopes, Scopes::of(&[Scope::Read, Scope::Write]));
        assert_eq!(access.expires_at.timestamp(), world.clock.now() + HOUR);
    }
    let odd = with(with(world.claims(), "exp", json!(1_900_100_000.5)), "groups", json!([{"id": [1, null]}]));
    assert!(world.check(&world.issuer.sign(&odd).unwrap()).await.is_ok(), "a broken second, claims that nobody knows");
    let list = with(world.claims(), "aud", json!(["https://other.example", format!("{AUDIENCE}/")]));
    assert!(world.check(&world.issuer.sign(&list).unwrap()).await.is_ok(), "one audience of several, with a slash");
}

#[tokio::test]
async fn an_id_token_never_passes_where_the_header_may_say_jwt() {
    let world = World::with(|settings| settings.allowing_jwt_typ(true), |verifier| verifier).await;
    let plain = json!({"alg": "ES256", "typ": "JWT", "kid": "p256"});
    let check = async |claims: &Value| world.check(&world.p256.token_with(&plain, claims).unwrap()).await;
    let access = world.claims();
    assert!(check(&access).await.is_ok(), "an access token of an issuer that says no more");
    let id = without(with(access.clone(), "nonce", "n".into()), "scope");
    for (name, claims) in [
        ("an ID token", id.clone()),
        ("one for its client", with(id.clone(), "aud", "chat".into())),
        ("one without a nonce", without(access.clone(), "scope")),
        ("one with a scope", with(access.clone(), "nonce", "n".into())),
        ("one with a hash", with(access.clone(), "at_hash", "h".into())),
        ("one for the client that it was issued to", with(access.clone(), "azp", AUDIENCE.into())),
        ("one that says so", with(access.clone(), "typ", "ID".into())),
        ("one that is used so", with(access.clone(), "token_use", "id".into())),
    ] {
        let refused = check(&claims).await.unwrap_err();
        assert!(matches!(refused, TokenError::NoAccessToken | TokenError::Audience), "{name}: {refused}");
    }
    for typ in [json!("at+jwt"), json!("application/at+jwt")] {
        let token = world.p256.token_with(&with(plain.clone(), "typ", typ), &access).unwrap();
        assert!(world.check(&token).await.is_ok());
    }
}

#[tokio::test]
async fn no_character_of_a_token_can_be_changed() {
    let world = World::new().await;
    let mut refused = 0;
    for key in [&world.rsa, &world.p256, &world.ed] {
        let token = key.token(&world.claims()).unwrap();
        assert!(world.check(&token).await.is_ok());
        for at in 0..token.len() {
            for by in ["A", "_", "."] {
                if token[at..].starts_with(by) {
                    continue;
                }
                let changed = format!("{}{by}{}", &token[..at], &token[at + 1..]);
                let found = world.check(&changed).await;
                assert!(found.is_err(), "{:?}: `{by}` at {at} of {}", key.scheme(), token.len());
                refused += 1;
            }
        }
    }
    assert!(refused > 3_000, "{refused}");
    assert!(world.issuer.requests(Place::Keys) <= 11, "keys that nobody has are asked for ten times a minute");
}
