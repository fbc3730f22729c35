//! The manners, on a clock that is moved by waiting, without a wire.

use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};

use futures::future::join_all;

use super::*;

fn courtesy(per_minute: u32, in_flight: usize, retries: u32) -> Courtesy {
    Courtesy::new("The Vendor", Some("THE_KEY"), per_minute, in_flight, retries)
}

fn trouble(kind: Kind, retry_after: Option<u64>) -> Trouble {
    let fault = match kind {
        Kind::Limited => Fault::Limited,
        Kind::Auth => Fault::Auth,
        Kind::Answer => Fault::Plan,
        _ => Fault::Unavailable,
    };
    let why = format!("The Vendor failed ({kind:?})");
    let error = UpstreamError { fault, status: Some(500), words: None, why };
    Trouble { error, kind, retry_after: retry_after.map(Duration::from_secs) }
}

/// One question whose n-th attempt ends as the script says; `None` is an answer, and so is what follows the script.
async fn ask(
    courtesy: &Courtesy,
    subject: &str,
    script: &[Option<(Kind, Option<u64>)>],
) -> (Result<(), UpstreamError>, usize) {
    let tries = AtomicUsize::new(0);
    let result = courtesy
        .run(subject, || {
            let outcome = script.get(tries.fetch_add(1, SeqCst)).copied().flatten();
            async move {
                tokio::time::sleep(Duration::from_millis(10)).await;
                outcome.map_or(Ok(()), |(kind, after)| Err(trouble(kind, after)))
            }
        })
        .await;
    (result, tries.into_inner())
}

#[tokio::test(start_paused = true)]
async fn a_passing_failure_is_tried_again_with_growing_waits() {
    let (courtesy, start) = (courtesy(1000, 4, 3), Instant::now());
    let (result, tries) = ask(&courtesy, "SPY", &[Some((Kind::Passing, None)); 3]).await;
    assert_eq!((result, tries), (Ok(()), 4));
    let waited = start.elapsed().as_millis();
    assert!((1_400..=2_900).contains(&waited), "200 + 400 + 800 ms, jittered upwards: {waited}");
    assert_eq!((courtesy.stats().sent, courtesy.stats().retries, courtesy.stats().failures), (4, 3, 0));
}

#[tokio::test(start_paused = true)]
async fn after_the_last_retry_the_failure_is_told() {
    let courtesy = courtesy(1000, 4, 2);
    let (result, tries) = ask(&courtesy, "SPY", &[Some((Kind::Passing, None)); 9]).await;
    assert_eq!((result.unwrap_err().why.as_str(), tries), ("The Vendor failed (Passing) (tried 3 times)", 3));
    assert_eq!(courtesy.stats().failures, 1);
}

#[tokio::test(start_paused = true)]
async fn a_retry_never_comes_before_retry_after_and_over_half_a_minute_is_not_waited() {
    let (one, start) = (courtesy(1000, 4, 3), Instant::now());
    assert_eq!(ask(&one, "SPY", &[Some((Kind::Passing, Some(20)))]).await, (Ok(()), 2));
    assert!(start.elapsed() >= Duration::from_secs(20));
    let (other, start) = (courtesy(1000, 4, 3), Instant::now());
    assert_eq!(ask(&other, "SPY", &[Some((Kind::Passing, Some(31)))]).await.1, 1);
    assert!(start.elapsed() < Duration::from_secs(1));
}

#[tokio::test(start_paused = true)]
async fn an_odd_body_is_asked_for_once_more_only() {
    let courtesy = courtesy(1000, 4, 3);
    let (result, tries) = ask(&courtesy, "SPY", &[Some((Kind::Odd, None)); 4]).await;
    assert!(result.is_err() && tries == 2);
}

#[tokio::test(start_paused = true)]
async fn a_refusal_of_one_ticker_is_never_tried_again_nor_held_against_the_vendor() {
    let courtesy = courtesy(1000, 4, 3);
    for n in 0..20 {
        assert_eq!(ask(&courtesy, &format!("T{n}"), &[Some((Kind::Answer, None))]).await.1, 1);
    }
    assert_eq!((courtesy.stats().breaker, courtesy.stats().failures), (BreakerState::Closed, 0));
}

#[tokio::test(start_paused = true)]
async fn the_retry_budget_ends_a_storm_of_retries_and_says_so() {
    let courtesy = courtesy(10_000, 4, 3);
    let mut sent = 0;
    let mut last = String::new();
    // Always the same ticker, so that the breaker stays closed.
    for _ in 0..100 {
        let (result, tries) = ask(&courtesy, "SPY", &[Some((Kind::Passing, None)); 9]).await;
        sent += tries;
        last = result.unwrap_err().why;
    }
    assert!((110..=120).contains(&sent), "100 requests, a tenth and ten more: {sent}");
    assert_eq!(usize::try_from(courtesy.stats().sent).unwrap(), sent);
    assert!(last.ends_with("(not retried: the retry budget is spent)"), "{last}");
}

#[tokio::test(start_paused = true)]
async fn a_limit_answer_pauses_everybody_and_is_the_failure_of_its_own_request_only() {
    let courtesy = courtesy(1000, 4, 3);
    let start = Instant::now();
    let limited = ask(&courtesy, "SPY", &[Some((Kind::Limited, Some(7)))]);
    let other = async {
        tokio::time::sleep(Duration::from_millis(20)).await;
        let result = ask(&courtesy, "TLT", &[]).await;
        (result, start.elapsed())
    };
    let (limited, (other, when)) = tokio::join!(limited, other);
    assert_eq!((limited, other), ((Ok(()), 2), (Ok(()), 1)));
    assert!(when >= Duration::from_secs(7), "{when:?}");
    assert_eq!((courtesy.stats().limited, courtesy.stats().breaker), (1, BreakerState::Closed));
}

#[tokio::test(start_paused = true)]
async fn a_pause_over_half_a_minute_fails_at_once_and_says_when_to_come_back() {
    let (courtesy, start) = (courtesy(1000, 4, 3), Instant::now());
    let (first, tries) = ask(&courtesy, "SPY", &[Some((Kind::Limited, Some(45)))]).await;
    assert_eq!(
        (first.unwrap_err().why.as_str(), tries),
        ("The Vendor gets too many requests (500): ask again in 45 s", 1)
    );
    let (second, tries) = ask(&courtesy, "TLT", &[]).await;
    let error = second.unwrap_err();
    assert_eq!((error.fault, tries), (Fault::Limited, 0));
    assert_eq!(error.why, "The Vendor gets too many requests: ask again in 45 s");
    assert!(start.elapsed() < Duration::from_secs(1));
    tokio::time::sleep(Duration::from_secs(46)).await;
    assert_eq!(ask(&courtesy, "TLT", &[]).await, (Ok(()), 1));
}

#[tokio::test(start_paused = true)]
async fn ten_tickers_failing_open_the_breaker_and_one_probe_without_retries_decides() {
    let courtesy = courtesy(1000, 4, 0);
    for n in 0..10 {
        assert_eq!(ask(&courtesy, &format!("T{n}"), &[Some((Kind::Passing, None))]).await.1, 1);
    }
    let (refused, tries) = ask(&courtesy, "SPY", &[]).await;
    let error = refused.unwrap_err();
    assert_eq!((error.fault, tries), (Fault::Unavailable, 0));
    assert_eq!(error.why, "The Vendor is paused after 10 failures in a row; tried again in 30 s");
    tokio::time::sleep(Duration::from_secs(30)).await;
    let asked = join_all((0..8).map(|_| ask(&courtesy, "SPY", &[Some((Kind::Passing, None))]))).await;
    assert_eq!(asked.iter().map(|(_, tries)| tries).sum::<usize>(), 1, "one probe");
    assert_eq!(courtesy.stats().breaker.as_str(), "open");
    tokio::time::sleep(Duration::from_secs(30)).await;
    assert_eq!(ask(&courtesy, "SPY", &[]).await, (Ok(()), 1));
    assert_eq!(courtesy.stats().breaker, BreakerState::Closed);
}

#[tokio::test(start_paused = true)]
async fn a_wrong_key_costs_a_handful_of_requests_for_a_whole_universe() {
    let courtesy = courtesy(1000, 8, 3);
    let names: Vec<String> = (0..97).map(|n| format!("T{n}")).collect();
    let asked = join_all(names.iter().map(|name| ask(&courtesy, name, &[Some((Kind::Auth, None))]))).await;
    assert_eq!(asked.iter().map(|(_, tries)| tries).sum::<usize>(), 8, "those under way");
    assert!(asked.iter().all(|(result, _)| result.as_ref().is_err_and(|error| error.fault == Fault::Auth)));
    let why = &asked[96].0.as_ref().unwrap_err().why;
    assert_eq!(why, "The Vendor refused the key: check THE_KEY; tried again in 60 s");
}

#[tokio::test(start_paused = true)]
async fn no_more_than_the_places_are_under_way_and_a_dropped_question_gives_its_place_back() {
    let courtesy = courtesy(1000, 3, 3);
    let (now, most) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let attempt = || async {
        most.fetch_max(now.fetch_add(1, SeqCst) + 1, SeqCst);
        tokio::time::sleep(Duration::from_secs(1)).await;
        now.fetch_sub(1, SeqCst);
        Ok::<_, Trouble>(())
    };
    join_all((0..10).map(|_| courtesy.run("SPY", attempt))).await;
    assert_eq!(most.load(SeqCst), 3);
    for _ in 0..9 {
        let forever = courtesy.run("SPY", std::future::pending::<Result<(), Trouble>>);
        assert!(tokio::time::timeout(Duration::from_secs(1), forever).await.is_err());
    }
    assert_eq!((courtesy.stats().in_flight, courtesy.places.available_permits()), (0, 3));
    assert_eq!(ask(&courtesy, "SPY", &[]).await, (Ok(()), 1));
}

#[tokio::test(start_paused = true)]
async fn retries_count_towards_the_minute() {
    let (courtesy, start) = (courtesy(2, 4, 3), Instant::now());
    assert_eq!(ask(&courtesy, "SPY", &[Some((Kind::Passing, None)); 2]).await, (Ok(()), 3));
    assert!(start.elapsed() >= Duration::from_secs(60));
}
