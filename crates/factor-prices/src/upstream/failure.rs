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
    let (status, words) = (reply.status, reply.words());
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
        (401, _) | (402..404, Some(SourceFault::Auth)) => return of_key(config, Some(status), words),
        (403, _) if secret.is_none() => (
            FailureClass::Fatal,
            SourceFault::Unavailable,
            format!("{vendor} refuses this client{quoted}: choose another source"),
        ),
        (402 | 403, _) => (FailureClass::Rejected, SourceFault::Plan, not_in_plan(config, &quoted, subject)),
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
            let quoted = quotation(status, Some(&words));
            let (class, why) = match fault {
                SourceFault::Limited => (FailureClass::Limited, String::new()),
                SourceFault::Plan => (FailureClass::Rejected, not_in_plan(config, &quoted, subject)),
                _ => (FailureClass::Rejected, format!("{vendor} gave no data for {subject}{quoted}: try again later")),
            };
            (class, fault, Some(words), why)
        }
        ResponseError::NotData(what) => {
            let quoted = quotation(status, reply.words().as_deref());
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
    let clean = |text: &str| match &config.secret {
        Some(secret) => secret.redact(text),
        None => text.to_owned(),
    };
    let words = words.map(|words| quote(&clean(&words)));
    AttemptError { error: UpstreamError { fault, status, words, why: clean(&why) }, class, retry_after: None }
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
            meaning: |words| match words {
                "slow down" => Some(SourceFault::Limited),
                "bad key" => Some(SourceFault::Auth),
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
            (401, Auth, SourceFault::Auth),
            (402, Rejected, SourceFault::Plan),
            (403, Rejected, SourceFault::Plan),
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

    #[test]
    fn an_echoed_key_is_masked() {
        let reply = UpstreamResponse { status: 400, ..UpstreamResponse::of("no such key: s3cret-4711") };
        let UpstreamError { words, why, .. } = of_status(&config(Some("s3cret-4711")), &reply, "SPY").error;
        assert!(!why.contains("4711") && !words.clone().unwrap().contains("4711"), "{why} {words:?}");
    }
}
