use std::time::{Duration, Instant};

use tokio::io::AsyncReadExt;

use super::{ADJUSTED, day, start};
use crate::{
    KeyPlace, Options, RateLimit, RetryAfter, Vendor,
    probe::{ask, get, get_with, open, until},
    server::answer::Plans,
};

#[tokio::test]
async fn the_key_is_taken_in_the_header_or_the_query_and_never_shown() {
    let server = start(Vendor::Fmp, Options { key: Some("s3cret".into()), ..Options::default() }).await;
    assert_eq!(get(&server, ADJUSTED).await.status, 401);
    assert_eq!(get_with(&server, ADJUSTED, "apikey: other\r\n").await.status, 401);
    assert_eq!(get_with(&server, ADJUSTED, "apikey: s3cret\r\n").await.status, 200);
    assert_eq!(get(&server, &format!("{ADJUSTED}&apikey=s3cret")).await.status, 200);
    let keys: Vec<_> = server.requests().iter().map(|seen| seen.key).collect();
    assert_eq!(keys, [None, Some(KeyPlace::Header), Some(KeyPlace::Header), Some(KeyPlace::Query)]);
    assert!(!format!("{:?}", server.requests()).contains("s3cret"));
    assert!(!format!("{server:?}").contains("s3cret"));
}

#[tokio::test]
async fn a_request_is_seen_with_its_range() {
    let server = start(Vendor::Fmp, Options::default()).await;
    let rest = format!("{ADJUSTED}&from=2024-02-01&to=2024-02-29");
    let rows = get_with(&server, &rest, "User-Agent: probe/1\r\n").await.json();
    let dates: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["date"].as_str().unwrap()).collect();
    assert_eq!((dates.len(), dates[0], dates[20]), (21, "2024-02-29", "2024-02-01"));
    let seen = &server.requests()[0];
    assert_eq!(seen.path, "/stable/historical-price-eod/dividend-adjusted");
    assert_eq!((seen.symbols.as_slice(), seen.status), (["SPY".to_owned()].as_slice(), Some(200)));
    assert_eq!((seen.from, seen.to), (Some(day("2024-02-01")), Some(day("2024-02-29"))));
    assert_eq!(seen.header("user-agent"), Some("probe/1"));
    server.clear();
    assert_eq!(server.count(), 0);
}

#[tokio::test]
async fn the_row_cap_cuts_the_oldest() {
    let server = start(Vendor::Fmp, Options { rows_cap: Some(10), ..Options::default() }).await;
    let rows = get(&server, ADJUSTED).await.json();
    let dates: Vec<_> = rows.as_array().unwrap().iter().map(|row| row["date"].as_str().unwrap()).collect();
    assert_eq!((dates.len(), dates[0]), (10, "2024-12-31"));
    server.change(|options| options.rows_cap = None);
    assert_eq!(get(&server, ADJUSTED).await.json().as_array().unwrap().len(), server.expected_adj("SPY").len());
}

#[tokio::test]
async fn over_the_plan_a_request_is_refused() {
    let plan = Some(RateLimit { requests: 3, window: Duration::from_secs(3600), retry_after: true });
    let server = start(Vendor::Fmp, Options { plan, ..Options::default() }).await;
    for _ in 0..3 {
        assert_eq!(get(&server, "/profile?symbol=SPY").await.status, 200);
    }
    let refused = get(&server, "/profile?symbol=SPY").await;
    assert_eq!(refused.status, 429);
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((3000..=3600).contains(&wait), "{wait}");
    let plan = RateLimit { requests: 4, window: Duration::from_secs(3600), retry_after: false };
    server.change(|options| options.plan = Some(plan));
    assert_eq!(get(&server, "/profile?symbol=SPY").await.status, 200);
    let refused = get(&server, "/profile?symbol=SPY").await;
    assert_eq!((refused.status, refused.header("retry-after")), (429, None));
}

#[test]
fn the_window_of_a_plan_slides() {
    let plan = Some(RateLimit { requests: 2, window: Duration::from_secs(60), retry_after: true });
    let mut plans = Plans::default();
    let start = Instant::now();
    let mut at = |seconds| plans.over(plan, start + Duration::from_secs(seconds));
    assert_eq!((at(0), at(30)), (None, None));
    // The first leaves the window 60 s after it came; the refused request takes no place.
    assert_eq!(at(45), Some(Some(RetryAfter::Seconds(15))));
    assert_eq!(at(60), None);
    assert_eq!(at(61), Some(Some(RetryAfter::Seconds(29))));
    assert_eq!(at(90), None);
}

#[tokio::test]
async fn what_is_not_in_the_plan_is_refused_by_endpoint_and_symbol() {
    let symbols_not_in_plan = vec!["TLT".to_owned()];
    let options = Options { adjusted_not_in_plan: true, symbols_not_in_plan, ..Options::default() };
    let server = start(Vendor::Fmp, options).await;
    let exclusive = get(&server, ADJUSTED).await;
    assert_eq!(exclusive.status, 402);
    assert!(exclusive.text().contains("Exclusive Endpoint"));
    assert_eq!(get(&server, "/historical-price-eod/full?symbol=SPY").await.status, 200);
    let symbol = get(&server, "/historical-price-eod/full?symbol=TLT").await;
    assert_eq!((symbol.status, symbol.header("content-type")), (402, Some("text/plain; charset=utf-8")));
}

#[tokio::test]
async fn a_connection_takes_request_after_request() {
    let server = start(Vendor::Fmp, Options::default()).await;
    let mut stream = open(server.addr()).await;
    for count in 1..=3 {
        ask(&mut stream, "/stable/profile?symbol=ZZZZ", "").await;
        let mut bytes = Vec::new();
        while !bytes.ends_with(b"[]") {
            assert!(stream.read_buf(&mut bytes).await.unwrap() > 0);
        }
        assert_eq!((server.count(), server.connections()), (count, 1));
    }
    server.change(|options| options.close_each = true);
    ask(&mut stream, "/stable/profile?symbol=ZZZZ", "").await;
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).await.unwrap();
    assert!(rest.ends_with(b"[]"));
}

#[tokio::test]
async fn waiting_requests_are_counted_at_once_and_never_after_their_answers() {
    let server = start(Vendor::Fmp, Options { latency: Duration::from_secs(600), ..Options::default() }).await;
    let mut streams = Vec::new();
    for _ in 0..5 {
        let mut stream = open(server.addr()).await;
        ask(&mut stream, "/stable/profile?symbol=SPY", "").await;
        streams.push(stream);
    }
    until(|| server.in_flight() == 5).await;
    assert_eq!((server.max_in_flight(), server.open_now(), server.abandoned()), (5, 5, 0));
    drop(streams);
    until(|| server.abandoned() == 5 && server.in_flight() == 0).await;
    server.clear();
    assert_eq!((server.max_in_flight(), server.abandoned()), (0, 0));
    server.change(|options| options.latency = Duration::ZERO);
    for _ in 0..20 {
        get(&server, "/profile?symbol=SPY").await;
    }
    assert_eq!(server.max_in_flight(), 1);
}

#[tokio::test]
async fn answers_are_packed_for_those_who_accept_it() {
    let server = start(Vendor::Fmp, Options { gzip: true, ..Options::default() }).await;
    let plain = get(&server, ADJUSTED).await;
    assert_eq!(plain.header("content-encoding"), None);
    let packed = get_with(&server, ADJUSTED, "Accept-Encoding: gzip, br\r\n").await;
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut flate2::read::GzDecoder::new(&packed.body[..]), &mut unpacked).unwrap();
    assert_eq!(unpacked, plain.body);
}

#[tokio::test]
async fn a_dropped_server_ends_its_connections() {
    let server = start(Vendor::Fmp, Options { latency: Duration::from_secs(600), ..Options::default() }).await;
    let mut stream = open(server.addr()).await;
    ask(&mut stream, "/stable/profile?symbol=SPY", "").await;
    until(|| server.in_flight() == 1).await;
    let addr = server.addr();
    drop(server);
    let mut bytes = Vec::new();
    // An end or a reset: the request is never answered.
    let _ = stream.read_to_end(&mut bytes).await;
    assert!(bytes.is_empty());
    for _ in 0..2000 {
        if tokio::net::TcpStream::connect(addr).await.is_err() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    panic!("it still listens");
}
