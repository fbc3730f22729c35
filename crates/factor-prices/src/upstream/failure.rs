//! What a failed attempt means: its fault, what is done about it, and a clause for people with the way out.

use std::error::Error;

use super::{
    config::UpstreamConfig,
    error::{self, AttemptError, FailureClass, ResponseError, UpstreamError},
    response::{UpstreamResponse, quote},
};
use crate::SourceFault;

/// No answer, or one that was cut off.
pub(super) fn of_transport(config: &UpstreamConfig, error: &reqwest::Error) -> AttemptError {
    let UpstreamConfig { vendor, base_setting, timeout, .. } = config;
    let (class, fault, why) = if error.is_timeout() {
        let why = format!(
            "{vendor} did not answer within {} s: try again later, or raise FACTOR_PRICE_TIMEOUT",
            timeout.as_secs_f64()
        );
        (FailureClass::Transient, SourceFault::Late, why)
    } else if error.is_connect() {
        let why = format!("{vendor} cannot be reached ({}): check the network and {base_setting}", innermost(error));
        (FailureClass::Transient, SourceFault::Unavailable, why)
    } else if error.is_redirect() || error.is_builder() {
        let why = format!("{vendor} cannot be asked ({}): check {base_setting}", innermost(error));
        (FailureClass::Fatal, SourceFault::Unavailable, why)
    } else {
        let why = format!("{vendor}'s answer was cut off ({}): try again later", innermost(error));
        (FailureClass::Transient, SourceFault::Unavailable, why)
    };
    failed(config, class, fault, None, None, why)
}

/// An answer without a 2xx status: what the status says, or the vendor's words where they say more.
pub(super) fn of_status(config: &UpstreamConfig, reply: &UpstreamResponse, subject: &str) -> AttemptError {
    let UpstreamConfig { vendor, base_setting, secret, .. } = config;
    // Masked before anything is cut: of a key that is cut in the middle the rest would be shown.
    let (status, words) = (reply.status, reply.words().map(|words| masked(config, &words)));
    let meaning = words.as_deref().and_then(config.meaning);
    let quoted = quotation(Some(status), words.as_deref());
    let (class, fault, why) = match (status, meaning) {
        (300..400, _) => {
            let why = format!("{vendor} sends us to another host{quoted}, which is not followed: check {base_setting}");
            (FailureClass::Fatal, SourceFault::Unavailable, why)
        }
        (429, _) | (400..500, Some(SourceFault::Limited)) => {
            (FailureClass::Limited, SourceFault::Limited, String::new())
        }
        (401, _) if words.is_some() => return of_key(config, Some(status), words),
        (402..404, Some(SourceFault::Auth)) => return of_key(config, Some(status), words),
        (402..404, Some(SourceFault::Plan)) => {
            (FailureClass::Rejected, SourceFault::Plan, not_in_plan(config, &quoted, subject))
        }
        (403, _) if secret.is_none() => (
            FailureClass::Fatal,
            SourceFault::Unavailable,
            format!("{vendor} refuses this client{quoted}: choose another source"),
        ),
        // A gateway on the way, or a vendor under load: without the vendor's own words about key or plan it is passing.
        (401..404, _) => (
            FailureClass::Transient,
            SourceFault::Unavailable,
            format!("{vendor} refused {subject}{quoted} without a word about key or plan: try again later"),
        ),
        (408 | 425 | 500.., _) => {
            (FailureClass::Transient, SourceFault::Unavailable, format!("{vendor} failed{quoted}: try again later"))
        }
        (404 | 410, _) => (
            FailureClass::Rejected,
            SourceFault::Unusable,
            format!("{vendor} has nothing there for {subject}{quoted}: check {base_setting}"),
        ),
        _ => (
            FailureClass::Rejected,
            SourceFault::Unusable,
            format!("{vendor} refused the request for {subject}{quoted}: check {base_setting}"),
        ),
    };
    AttemptError { retry_after: reply.retry_after, ..failed(config, class, fault, Some(status), words, why) }
}

/// An answer with a 2xx status whose body is no data.
pub(super) fn of_body(
    config: &UpstreamConfig,
    error: ResponseError,
    reply: &UpstreamResponse,
    subject: &str,
) -> AttemptError {
    let UpstreamConfig { vendor, base_setting, .. } = config;
    let status = Some(reply.status);
    let (class, fault, words, why) = match error {
        ResponseError::Said(SourceFault::Auth, words) => return of_key(config, status, Some(words)),
        ResponseError::Said(fault, words) => {
            let words = masked(config, &words);
            let quoted = quotation(status, Some(&words));
            let (class, why) = match fault {
                SourceFault::Limited => (FailureClass::Limited, String::new()),
                SourceFault::Plan => (FailureClass::Rejected, not_in_plan(config, &quoted, subject)),
                _ => (FailureClass::Rejected, format!("{vendor} gave no data for {subject}{quoted}: try again later")),
            };
            (class, fault, Some(words), why)
        }
        ResponseError::NotData(what) => {
            let quoted = quotation(status, reply.words().map(|words| masked(config, &words)).as_deref());
            let why = format!(
                "{vendor}'s answer for {subject} cannot be used, it is {what}{quoted}: try again later, or check \
                 {base_setting}"
            );
            (FailureClass::Malformed, SourceFault::Unusable, None, why)
        }
        ResponseError::Unusable(what) => {
            let why = format!("{vendor}'s answer for {subject} cannot be used, {what}: choose another source for it");
            (FailureClass::Rejected, SourceFault::Unusable, None, why)
        }
    };
    AttemptError { retry_after: reply.retry_after, ..failed(config, class, fault, status, words, why) }
}

fn of_key(config: &UpstreamConfig, status: Option<u16>, words: Option<String>) -> AttemptError {
    let UpstreamConfig { vendor, key_setting, .. } = config;
    failed(
        config,
        FailureClass::Auth,
        SourceFault::Auth,
        status,
        words,
        error::key_refused(vendor, *key_setting, status),
    )
}

fn not_in_plan(config: &UpstreamConfig, quoted: &str, subject: &str) -> String {
    format!("{} refused {subject}{quoted}: it is not in the plan of this key", config.vendor)
}

/// ` (402, "the vendor's words")`.
fn quotation(status: Option<u16>, words: Option<&str>) -> String {
    let words = words.map(|words| format!("\"{}\"", quote(words)));
    let parts: Vec<String> = status.map(|status| status.to_string()).into_iter().chain(words).collect();
    if parts.is_empty() { String::new() } else { format!(" ({})", parts.join(", ")) }
}

/// A failed attempt; the key is masked in every text. A limit answer needs no text: the policy writes it, which knows how
/// long the vendor is left alone.
pub(super) fn failed(
    config: &UpstreamConfig,
    class: FailureClass,
    fault: SourceFault,
    status: Option<u16>,
    words: Option<String>,
    why: String,
) -> AttemptError {
    let words = words.map(|words| quote(&masked(config, &words)));
    AttemptError { error: UpstreamError { fault, status, words, why: masked(config, &why) }, class, retry_after: None }
}

/// A text with the key masked wherever it occurs.
fn masked(config: &UpstreamConfig, text: &str) -> String {
    match &config.secret {
        Some(secret) => secret.redact(text),
        None => text.to_owned(),
    }
}

/// The cause of all causes: the outer ones name the address, which people have not typed.
pub(super) fn innermost(error: &dyn Error) -> String {
    let mut cause = error;
    while let Some(inner) = cause.source() {
        cause = inner;
    }
    cause.to_string()
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use FailureClass::{Auth, Fatal, Limited, Malformed, Rejected, Transient};
    use proptest::prelude::*;

    use super::*;
    use crate::upstream::SecretHeader;

    fn config(key: Option<&str>) -> UpstreamConfig {
        UpstreamConfig {
            vendor: "The Vendor",
            base_url: "https://example.com".to_owned(),
            base_setting: "THE_URL",
            secret: key.map(|key| SecretHeader::new("apikey", key).unwrap()),
            key_setting: key.map(|_| "THE_KEY"),
            user_agent: String::new(),
            requests_per_minute: 1,
            in_flight: 1,
            timeout: Duration::from_secs(1),
            max_retries: 0,
            body_cap: 1,
            shared_pause: None,
            meaning: |words| match words {
                "slow down" => Some(SourceFault::Limited),
                "bad key" => Some(SourceFault::Auth),
                "upgrade" => Some(SourceFault::Plan),
                _ => None,
            },
        }
    }

    fn status(key: Option<&str>, status: u16, body: &str) -> (FailureClass, SourceFault) {
        let reply = UpstreamResponse { status, ..UpstreamResponse::of(body) };
        let failure = of_status(&config(key), &reply, "SPY");
        (failure.class, failure.error.fault)
    }

    #[test]
    fn a_status_says_what_is_done_next() {
        for (code, class, fault) in [
            (302, Fatal, SourceFault::Unavailable),
            (400, Rejected, SourceFault::Unusable),
            (401, Transient, SourceFault::Unavailable),
            (402, Transient, SourceFault::Unavailable),
            (403, Transient, SourceFault::Unavailable),
            (404, Rejected, SourceFault::Unusable),
            (408, Transient, SourceFault::Unavailable),
            (410, Rejected, SourceFault::Unusable),
            (418, Rejected, SourceFault::Unusable),
            (425, Transient, SourceFault::Unavailable),
            (429, Limited, SourceFault::Limited),
            (500, Transient, SourceFault::Unavailable),
            (599, Transient, SourceFault::Unavailable),
        ] {
            assert_eq!(status(Some("k"), code, ""), (class, fault), "{code}");
        }
        assert_eq!(status(None, 403, ""), (Fatal, SourceFault::Unavailable), "without a key there is no plan to blame");
    }

    #[test]
    fn the_vendors_words_say_more_than_its_status() {
        assert_eq!(status(Some("k"), 400, "slow down"), (Limited, SourceFault::Limited));
        assert_eq!(status(Some("k"), 403, "bad key"), (Auth, SourceFault::Auth));
        assert_eq!(status(Some("k"), 401, "who are you"), (Auth, SourceFault::Auth));
        for code in [402, 403] {
            assert_eq!(status(Some("k"), code, "upgrade"), (Rejected, SourceFault::Plan));
        }
        // A gateway's page says nothing of key or plan, and neither does an empty body.
        for body in ["", "<html>Access denied</html>", "Forbidden", "{}"] {
            assert_eq!(status(Some("k"), 403, body), (Transient, SourceFault::Unavailable), "{body}");
        }
        assert_eq!(status(Some("k"), 401, "<html>Sign in</html>"), (Transient, SourceFault::Unavailable));
        // A server that failed did not judge the key, whatever it says.
        assert_eq!(status(Some("k"), 500, "bad key"), (Transient, SourceFault::Unavailable));
    }

    #[test]
    fn a_body_without_data_is_forgiven_once_unless_it_is_sound_and_useless() {
        let body = |error| of_body(&config(Some("k")), error, &UpstreamResponse::of(""), "SPY").class;
        assert_eq!(body(ResponseError::NotData("not JSON")), Malformed);
        assert_eq!(body(ResponseError::Unusable("it has no prices".to_owned())), Rejected);
        assert_eq!(body(ResponseError::Said(SourceFault::Limited, String::new())), Limited);
        assert_eq!(body(ResponseError::Said(SourceFault::Auth, String::new())), Auth);
    }

    proptest! {
        /// Wherever the vendor puts the key into its words, in whatever part they are quoted.
        #[test]
        fn no_part_of_an_echoed_key_is_shown_at_any_offset(before in 0usize..400, after in 0usize..400, code in 0usize..6) {
            const KEY: &str = "s3cret-4711-abcdefgh";
            let text = format!("{}{KEY}{}", "é".repeat(before), "y".repeat(after));
            let body = if code % 2 == 0 { format!(r#"{{"Error Message":"{text}"}}"#) } else { text.clone() };
            let reply = UpstreamResponse { status: [200, 400, 403, 404, 500, 401][code], ..UpstreamResponse::of(&body) };
            let config = config(Some(KEY));
            let errors = [
                of_status(&config, &reply, "SPY").error,
                of_body(&config, ResponseError::Said(SourceFault::Unusable, text.clone()), &reply, "SPY").error,
                of_body(&config, ResponseError::NotData("not JSON"), &reply, "SPY").error,
            ];
            for UpstreamError { words, why, .. } in errors {
                let shown = format!("{why} {}", words.unwrap_or_default());
                prop_assert!(!shown.contains("s3c") && !shown.contains("fgh"), "{}", shown);
            }
        }
    }

    #[test]
    fn an_echoed_key_is_masked() {
        let reply = UpstreamResponse { status: 400, ..UpstreamResponse::of("no such key: s3cret-4711") };
        let UpstreamError { words, why, .. } = of_status(&config(Some("s3cret-4711")), &reply, "SPY").error;
        assert!(!why.contains("4711") && !words.clone().unwrap().contains("4711"), "{why} {words:?}");
    }
}
