use std::{io::ErrorKind, time::Duration};

use chrono::DateTime;
use flate2::read::GzDecoder;
use serde_json::{Value, json};
use tokio::io::AsyncReadExt;

use super::{ADJUSTED, day, start};
use crate::{
    BadPrice, Fault, Options, RetryAfter, StandIn, Target, Times, Vendor, WrongType,
    probe::{Answer, ask, get, get_with, open, raw, until},
};

/// A server with one fault for every request.
async fn failing(fault: Fault) -> StandIn {
    let server = start(Vendor::Fmp, Options::default()).await;
    server.fail(Target::All, Times::Always, fault);
    server
}

async fn answer(fault: Fault) -> Answer {
    get(&failing(fault).await, ADJUSTED).await
}

/// The rows of a good answer and those of a spoilt one.
async fn both(fault: Fault) -> (Vec<Value>, Vec<Value>) {
    let server = start(Vendor::Fmp, Options::default()).await;
    let good = get(&server, ADJUSTED).await.json().as_array().unwrap().clone();
    server.fail(Target::All, Times::Always, fault);
    (good, get(&server, ADJUSTED).await.json().as_array().unwrap().clone())
}

/// The one row that differs.
async fn odd_row(fault: Fault) -> Value {
    let (good, bad) = both(fault).await;
    assert_eq!(good.len(), bad.len());
    let odd: Vec<_> = good.iter().zip(&bad).filter(|(good, bad)| good != bad).map(|(_, bad)| bad.clone()).collect();
    assert_eq!(odd.len(), 1, "{odd:?}");
    odd[0].clone()
}

#[tokio::test]
async fn refusals_have_the_status_and_the_words_of_the_vendor() {
    let cases = [
        (Fault::Unauthorized, 401, "{\"Error Message\":\"Invalid API KEY. Feel free"),
        (Fault::SymbolNotInPlan, 402, "Premium Query Parameter: 'Special Endpoint : This value set for 'symbol'"),
        (Fault::ExclusiveEndpoint, 402, "{\"Error Message\":\"Exclusive Endpoint : This endpoint"),
        (Fault::LegacyForbidden, 403, "{\"Error Message\":\"Legacy Endpoint : Due to"),
        (Fault::NotFound, 404, "[]"),
        (Fault::Empty, 200, "[]"),
        (Fault::TooMany(None), 429, "{\"Error Message\":\"Limit Reach . Please"),
        (Fault::LimitWith200, 200, "{\"Error Message\":\"Limit Reach . Please"),
        (Fault::ServerError, 500, "Internal Server Error"),
        (Fault::ErrorWith200, 200, "{\"Error Message\":"),
        (Fault::Html200, 200, "<!DOCTYPE html>"),
    ];
    for (fault, status, words) in cases {
        let answer = answer(fault.clone()).await;
        assert_eq!(answer.status, status, "{fault:?}");
        assert!(answer.text().starts_with(words), "{fault:?}: {}", answer.text());
        assert!(answer.is_whole(), "{fault:?}");
        assert_eq!(answer.header("retry-after"), None, "{fault:?}");
    }
    let fault = Fault::Answer { status: 418, headers: vec![("X-Pot".into(), "tea".into())], body: "short".into() };
    let answer = answer(fault).await;
    assert_eq!((answer.status, answer.header("x-pot"), answer.text()), (418, Some("tea"), "short"));
}

#[tokio::test]
async fn yahoo_refuses_in_its_own_words() {
    let server = start(Vendor::Yahoo, Options::default()).await;
    let unknown = get(&server, "/v8/finance/chart/ZZZZ").await;
    assert_eq!(unknown.status, 404);
    let error = json!({"code": "Not Found", "description": "No data found, symbol may be delisted"});
    assert_eq!(unknown.json()["chart"]["error"], error);
    server.fail(Target::symbol("SPY"), Times::Always, Fault::TooMany(None));
    let limited = get(&server, "/v8/finance/chart/SPY").await;
    assert_eq!((limited.status, limited.text()), (429, "Too Many Requests"));
}

#[tokio::test]
async fn retry_after_comes_in_seconds_or_as_a_date() {
    let seconds = answer(Fault::TooMany(Some(RetryAfter::Seconds(7)))).await;
    assert_eq!(seconds.header("retry-after"), Some("7"));
    let before = chrono::Utc::now();
    let dated = answer(Fault::TooMany(Some(RetryAfter::Date(Duration::from_secs(3600))))).await;
    let until = DateTime::parse_from_rfc2822(dated.header("retry-after").unwrap()).unwrap();
    assert!(dated.header("retry-after").unwrap().ends_with(" GMT"));
    let wait = until.signed_duration_since(before).num_seconds();
    assert!((3598..=3660).contains(&wait), "{wait}");
}

#[tokio::test]
async fn a_cut_body_is_shorter_than_announced_and_a_cut_text_is_not() {
    let whole = get(&start(Vendor::Fmp, Options::default()).await, ADJUSTED).await;
    let body = answer(Fault::CutBody).await;
    assert_eq!(body.header("content-length"), whole.header("content-length"));
    assert_eq!(body.body, whole.body[..whole.body.len() / 2]);
    let text = answer(Fault::CutText).await;
    assert!(text.is_whole());
    assert!(serde_json::from_slice::<Value>(&text.body).is_err());
}

#[tokio::test]
async fn a_reset_brings_no_byte() {
    let server = failing(Fault::Reset).await;
    let error = raw(&server, ADJUSTED, "").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::ConnectionReset);
    assert_eq!(server.requests()[0].status, None);
}

#[tokio::test]
async fn a_hanging_request_is_in_flight_until_its_client_leaves() {
    let server = failing(Fault::Hang).await;
    let mut stream = open(server.addr()).await;
    ask(&mut stream, "/stable/profile?symbol=SPY", "").await;
    until(|| server.in_flight() == 1).await;
    assert_eq!((server.abandoned(), server.open_now()), (0, 1));
    drop(stream);
    until(|| server.abandoned() == 1).await;
    until(|| server.in_flight() == 0 && server.open_now() == 0).await;
    assert_eq!((server.max_in_flight(), server.count_for("SPY")), (1, 1));
}

#[tokio::test]
async fn a_slow_answer_arrives_whole_in_pieces() {
    let server = failing(Fault::Slow(Duration::from_millis(2))).await;
    let mut stream = open(server.addr()).await;
    ask(&mut stream, "/stable/profile?symbol=SPY", "Connection: close\r\n").await;
    let mut reads = 0;
    let mut bytes = Vec::new();
    while stream.read_buf(&mut bytes).await.unwrap() > 0 {
        reads += 1;
    }
    assert!(reads > 4, "{reads}");
    let text = String::from_utf8(bytes).unwrap();
    assert!(serde_json::from_str::<Value>(text.split_once("\r\n\r\n").unwrap().1).unwrap().is_array());
    assert_eq!(server.abandoned(), 0);
}

#[tokio::test]
async fn huge_bodies_are_over_16_mib_announced_or_not_or_packed() {
    const LIMIT: usize = 16 << 20;
    let announced = answer(Fault::Huge).await;
    assert!(announced.is_whole() && announced.body.len() > LIMIT);
    let chunked = answer(Fault::HugeChunked).await;
    assert_eq!((chunked.header("content-length"), chunked.header("transfer-encoding")), (None, Some("chunked")));
    assert!(chunked.body.len() > LIMIT && chunked.body.ends_with(b"\r\n0\r\n\r\n"));
    let bomb = answer(Fault::GzipBomb).await;
    assert_eq!(bomb.header("content-encoding"), Some("gzip"));
    assert!(bomb.is_whole() && bomb.body.len() < LIMIT / 20);
    let mut unpacked = Vec::new();
    std::io::Read::read_to_end(&mut GzDecoder::new(&bomb.body[..]), &mut unpacked).unwrap();
    assert!(unpacked.len() > LIMIT);
}

#[tokio::test]
async fn one_price_or_date_is_of_a_wrong_type_or_no_price() {
    let price = |fault| async move { odd_row(fault).await["adjClose"].clone() };
    assert_eq!(price(Fault::WrongTypes(WrongType::PriceText)).await, json!("one hundred"));
    assert!(price(Fault::WrongTypes(WrongType::PriceObject)).await.is_object());
    assert!(price(Fault::WrongTypes(WrongType::PriceNull)).await.is_null());
    assert_eq!(odd_row(Fault::WrongTypes(WrongType::PriceMissing)).await.get("adjClose"), None);
    let dated = odd_row(Fault::WrongTypes(WrongType::DateType)).await;
    assert!((20_240_101..=20_241_231).contains(&dated["date"].as_i64().unwrap()));
    assert_eq!(price(Fault::BadPrices(BadPrice::NanText)).await, json!("NaN"));
    assert_eq!(price(Fault::BadPrices(BadPrice::Zero)).await.as_f64(), Some(0.0));
    assert_eq!(price(Fault::BadPrices(BadPrice::Negative)).await, json!(-12.5));
    assert_eq!(price(Fault::BadPrices(BadPrice::Enormous)).await.as_f64(), Some(1e300));
}

#[tokio::test]
async fn rows_come_unsorted_twice_too_late_or_under_another_name() {
    let dates = |rows: &[Value]| rows.iter().map(|row| row["date"].as_str().unwrap().to_owned()).collect::<Vec<_>>();
    let (good, bad) = both(Fault::Unsorted).await;
    let mut sorted = dates(&bad);
    assert_ne!(sorted, dates(&good));
    sorted.sort_by(|left, right| right.cmp(left));
    assert_eq!(sorted, dates(&good));

    let (good, bad) = both(Fault::DuplicateDates).await;
    let twice: Vec<_> = bad.windows(2).filter(|pair| pair[0]["date"] == pair[1]["date"]).collect();
    assert_eq!((bad.len(), twice.len()), (good.len() + 1, 1));
    assert_eq!(twice[0][0], twice[0][1]);

    let (good, bad) = both(Fault::ConflictingDates).await;
    let twice: Vec<_> = bad.windows(2).filter(|pair| pair[0]["date"] == pair[1]["date"]).collect();
    assert_eq!((bad.len(), twice.len()), (good.len() + 1, 1));
    let close = |row: &Value| row["adjClose"].as_f64().unwrap();
    assert!((close(&twice[0][0]) / close(&twice[0][1]) - 1.01).abs() < 1e-9);

    let (good, bad) = both(Fault::FutureDates).await;
    assert_eq!(bad[1..], good);
    assert!(bad[0]["date"].as_str().unwrap() > chrono::Utc::now().date_naive().to_string().as_str());

    let (_, bad) = both(Fault::WrongSymbol).await;
    assert!(bad.iter().all(|row| row["symbol"] == "WRONG"));
}

#[tokio::test]
async fn a_fault_strikes_its_targets_as_often_as_armed() {
    let server = start(Vendor::Fmp, Options::default()).await;
    server.fail(Target::symbol("SPY"), Times::First(2), Fault::ServerError);
    server.fail(Target::path("/dividends"), Times::After { skip: 1, count: 1 }, Fault::Html200);
    server.fail(Target::symbol("TLT"), Times::Always, Fault::TooMany(None));
    let status = |rest: &'static str| {
        let server = &server;
        async move { get(server, rest).await.status }
    };
    assert_eq!(status("/profile?symbol=SPY").await, 500);
    assert_eq!(status("/profile?symbol=QQQ").await, 200);
    assert_eq!(status("/market-capitalization-batch?symbols=QQQ,SPY").await, 500);
    assert_eq!(status("/profile?symbol=SPY").await, 200);
    let html = |answer: Answer| answer.text().starts_with('<');
    for expected in [false, true, false] {
        assert_eq!(html(get(&server, "/dividends?symbol=SPY").await), expected);
    }
    assert_eq!(status("/profile?symbol=TLT").await, 429);
    assert_eq!(status("/profile?symbol=TLT").await, 429);
    server.heal();
    assert_eq!(status("/profile?symbol=TLT").await, 200);
}

#[tokio::test]
async fn a_spoilt_csv_keeps_its_other_cells() {
    for vendor in [Vendor::Treasury, Vendor::Fred] {
        let server = start(vendor, Options::default()).await;
        let rest = if vendor == Vendor::Fred { "?id=DGS10" } else { "/2024/all" };
        let good = get(&server, rest).await.text().to_owned();
        server.fail(Target::All, Times::Always, Fault::BadPrices(BadPrice::NanText));
        let bad = get(&server, rest).await.text().to_owned();
        let odd: Vec<_> = good.lines().zip(bad.lines()).filter(|(good, bad)| good != bad).collect();
        assert_eq!(odd.len(), 1, "{vendor}");
        assert!(odd[0].1.split(',').any(|cell| cell == "NaN"), "{odd:?}");
    }
}

#[tokio::test]
async fn today_hides_what_is_later_and_a_restated_history_keeps_its_last_three_rows() {
    let server = start(Vendor::Fmp, Options::default()).await;
    server.set_today(day("2024-11-15"));
    let before = server.expected_adj("SPY");
    server.restate("SPY", 0.9);
    let rows = get_with(&server, ADJUSTED, "Accept: application/json\r\n").await.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[0]["date"], "2024-11-15");
    assert_eq!(rows.len(), before.len());
    for (index, (row, (date, old))) in rows.iter().zip(before.iter().rev()).enumerate() {
        assert_eq!(row["date"], date.to_string());
        let factor = if index < 3 { 1.0 } else { 0.9 };
        assert!((row["adjClose"].as_f64().unwrap() - old * factor).abs() < 1e-4, "{row}");
    }
}
