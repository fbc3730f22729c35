//! The policy, on a clock that is moved by waiting, without a wire.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::future::join_all;

use super::*;
use crate::{SourceFault, upstream::BreakerState};

fn policy(per_minute: u32, in_flight: usize, retries: u32) -> RequestPolicy {
    RequestPolicy::new("The Vendor", Some("THE_KEY"), per_minute, in_flight, retries, None)
}

fn failure(class: FailureClass, retry_after: Option<u64>) -> AttemptError {
    let fault = match class {
        FailureClass::Limited => SourceFault::Limited,
        FailureClass::Auth => SourceFault::Auth,
        FailureClass::Rejected => SourceFault::Plan,
        _ => SourceFault::Unavailable,
    };
    let why = format!("The Vendor failed ({class:?})");
    let error = UpstreamError { fault, status: Some(500), words: None, why };
    AttemptError { error, class, retry_after: retry_after.map(Duration::from_secs) }
}

/// One question whose n-th attempt ends as the script says; `None` is an answer, and so is what follows the script.
async fn ask(
    policy: &RequestPolicy,
    subject: &str,
    script: &[Option<(FailureClass, Option<u64>)>],
) -> (Result<(), UpstreamError>, usize) {
    let tries = AtomicUsize::new(0);
    let result = policy
        .run(subject, || {
            let outcome = script.get(tries.fetch_add(1, SeqCst)).copied().flatten();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                outcome.map_or(Ok(()), |(kind, after)| Err(failure(kind, after)))
            }
        })
        .await;
    (result, tries.into_inner())
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_tried_again_with_growing_waits() {
    let (policy, start) = (policy(1000, 4, 3), Instant::now());
    let (result, tries) = ask(&policy, "SPY", &[Some((FailureClass::Transient, None)); 3]).await;
    assert_eq!((result, tries), (Ok(()), 4));
    let waited = start.elapsed().as_millis();
    assert!((1_400..=2_900).contains(&waited), "200 + 400 + 800 ms, jittered upwards: {waited}");
    assert_eq!((policy.stats().sent, policy.stats().retries, policy.stats().failures), (4, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn after_the_last_retry_the_failure_is_returned() {
    let policy = policy(1000, 4, 2);
    let (result, tries) = ask(&policy, "SPY", &[Some((FailureClass::Transient, None)); 9]).await;
    assert_eq!((result.unwrap_err().why.as_str(), tries), ("The Vendor failed (Transient) (tried 3 times)", 3));
    assert_eq!(policy.stats().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_never_comes_before_retry_after_and_over_half_a_minute_is_not_waited() {
    let (one, start) = (policy(1000, 4, 3), Instant::now());
    assert_eq!(ask(&one, "SPY", &[Some((FailureClass::Transient, Some(20)))]).await, (Ok(()), 2));
    assert!(start.elapsed() >= Duration::from_secs(20));
    let (other, start) = (policy(1000, 4, 3), Instant::now());
    assert_eq!(ask(&other, "SPY", &[Some((FailureClass::Transient, Some(31)))]).await.1, 1);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_odd_body_is_asked_for_once_more_only() {
    let policy = policy(1000, 4, 3);
    let (result, tries) = ask(&policy, "SPY", &[Some((FailureClass::Malformed, None)); 4]).await;
    assert!(result.is_err() && tries == 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_ticker_is_never_tried_again_nor_held_against_the_vendor() {
    let policy = policy(1000, 4, 3);
    for n in 0..20 {
        assert_eq!(ask(&policy, &format!("T{n}"), &[Some((FailureClass::Rejected, None))]).await.1, 1);
    }
    assert_eq!((policy.stats().breaker, policy.stats().failures), (BreakerState::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn the_retry_budget_ends_a_storm_of_retries_and_says_so() {
    let (policy, start) = (policy(10_000, 4, 3), Instant::now());
    let mut sent = 0;
    let mut refused = 0;
    // Always the same ticker, so that the breaker stays closed.
    for _ in 0..100 {
        let (result, tries) = ask(&policy, "SPY", &[Some((FailureClass::Transient, None)); 9]).await;
        sent += tries;
        refused += usize::from(result.unwrap_err().why.ends_with("(not retried: the retry budget is spent)"));
    }
    let earned = usize::try_from(start.elapsed().as_secs()).unwrap() / 6 + 1;
    assert!((110..=120 + earned).contains(&sent), "100 requests, a tenth, one in six seconds and ten more: {sent}");
    assert_eq!(usize::try_from(policy.stats().sent).unwrap(), sent);
    assert!(refused > 50, "{refused}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_answer_pauses_everybody_and_is_the_failure_of_its_own_request_only() {
    let policy = policy(1000, 4, 3);
    let start = Instant::now();
    let limited = ask(&policy, "SPY", &[Some((FailureClass::Limited, Some(7)))]);
    let other = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let result = ask(&policy, "TLT", &[]).await;
        (result, start.elapsed())
    };
    let (limited, (other, when)) = tokio::join!(limited, other);
    assert_eq!((limited, other), ((Ok(()), 2), (Ok(()), 1)));
    assert!(when >= Duration::from_secs(7), "{when:?}");
    assert_eq!((policy.stats().limited, policy.stats().breaker), (1, BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_pause_over_half_a_minute_fails_at_once_and_says_when_to_come_back() {
    let (policy, start) = (policy(1000, 4, 3), Instant::now());
    let (first, tries) = ask(&policy, "SPY", &[Some((FailureClass::Limited, Some(45)))]).await;
    assert_eq!(
        (first.unwrap_err().why.as_str(), tries),
        ("The Vendor gets too many requests (500): ask again in 45 s", 1)
    );
    let (second, tries) = ask(&policy, "TLT", &[]).await;
    let error = second.unwrap_err();
    assert_eq!((error.fault, tries), (SourceFault::Limited, 0));
    assert_eq!(error.why, "The Vendor gets too many requests: ask again in 45 s");
    assert!(start.elapsed() < Duration::from_secs(1));
    tokio::time::sleep(Duration::from_secs(46)).await;
    assert_eq!(ask(&policy, "TLT", &[]).await, (Ok(()), 1));
}

#[tokio::test(start_paused = true)]
async fn ten_tickers_failing_open_the_breaker_and_one_probe_without_retries_decides() {
    let policy = policy(1000, 4, 0);
    for n in 0..10 {
        assert_eq!(ask(&policy, &format!("T{n}"), &[Some((FailureClass::Transient, None))]).await.1, 1);
    }
    let (refused, tries) = ask(&policy, "SPY", &[]).await;
    let error = refused.unwrap_err();
    assert_eq!((error.fault, tries), (SourceFault::Unavailable, 0));
    assert_eq!(error.why, "The Vendor is paused after 10 failures in a row; tried again in 30 s");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let asked = join_all((0..8).map(|_| ask(&policy, "SPY", &[Some((FailureClass::Transient, None))]))).await;
    assert_eq!(asked.iter().map(|(_, tries)| tries).sum::<usize>(), 1, "one probe");
    assert_eq!(policy.stats().breaker.as_str(), "open");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(ask(&policy, "SPY", &[]).await, (Ok(()), 1));
    assert_eq!(policy.stats().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_costs_a_handful_of_requests_for_a_whole_universe() {
    let policy = policy(1000, 8, 3);
    let names: Vec<String> = (0..97).map(|n| format!("T{n}")).collect();
    let asked = join_all(names.iter().map(|name| ask(&policy, name, &[Some((FailureClass::Auth, None))]))).await;
    assert_eq!(asked.iter().map(|(_, tries)| tries).sum::<usize>(), 8, "those under way");
    assert!(asked.iter().all(|(result, _)| result.as_ref().is_err_and(|error| error.fault == SourceFault::Auth)));
    let why = &asked[96].0.as_ref().unwrap_err().why;
    assert_eq!(why, "The Vendor refused the key: check THE_KEY; tried again in 60 s");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_places_are_under_way_and_a_dropped_question_gives_its_place_back() {
    let policy = policy(1000, 3, 3);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let attempt = || async {
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        now.fetch_sub(1, SeqCst);
        Ok::<_, AttemptError>(())
    };
    join_all((0..10).map(|_| policy.run("SPY", attempt))).await;
    assert_eq!(most.load(SeqCst), 3);
    for _ in 0..9 {
        let forever = policy.run("SPY", std::future::pending::<Result<(), AttemptError>>);
        assert!(tokio::time::timeout(Duration::from_secs(1), forever).await.is_err());
    }
    assert_eq!((policy.stats().in_flight, policy.permits.available_permits()), (0, 3));
    assert_eq!(ask(&policy, "SPY", &[]).await, (Ok(()), 1));
}

#[tokio::test(start_paused = true)]
async fn retries_count_towards_the_minute() {
    let (policy, start) = (policy(2, 4, 3), Instant::now());
    assert_eq!(ask(&policy, "SPY", &[Some((FailureClass::Transient, None)); 2]).await, (Ok(()), 3));
    assert!(start.elapsed() >= Duration::from_secs(60));
}
