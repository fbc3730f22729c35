use factor_types::{Maturity, PriceKind};

use proptest::prelude::*;

use super::*;
use crate::{
    upstream::test_server::{Answer, TestServer},
    vendors::tests::{config, day, range, ticker},
};

const ENDPOINT_402: &str = include_str!("../../../fixtures/fmp/error-402-endpoint.json");
const SYMBOL_402: &str = include_str!("../../../fixtures/fmp/error-402-symbol.txt");
const LEGACY_403: &str = include_str!("../../../fixtures/fmp/error-403-legacy.json");
const LIMIT: &str = include_str!("../../../fixtures/fmp/error-limit.json");
const ADJUSTED: &str = include_str!("../../../fixtures/fmp/dividend-adjusted.json");
const FULL: &str = include_str!("../../../fixtures/fmp/full.json");
const TODAY: &str = "2025-12-31";

async fn fmp(script: impl Fn(usize, &str) -> Answer + Send + Sync + 'static) -> (Fmp, TestServer) {
    let server = TestServer::start(script).await;
    (Fmp::new(config(&format!("{}/stable", server.base), TODAY), "planted-key").unwrap(), server)
}

async fn history(fmp: &Fmp, symbol: &str) -> Result<History, PriceError> {
    PriceProvider::history(fmp, &ticker(symbol), range("2020-01-01", "2025-12-31")).await
}

fn rows(history: &History) -> Vec<(NaiveDate, f64)> {
    history.series.dates().iter().copied().zip(history.series.prices().iter().copied()).collect()
}

/// One answer to everything: the history's outcome and the requests it took.
async fn outcome(answer: Answer) -> (Result<History, PriceError>, usize) {
    let (fmp, server) = fmp(move |_, _| answer.clone()).await;
    (history(&fmp, "AAPL").await, server.heads().len())
}

#[tokio::test]
async fn recorded_prices_are_read() {
    let (fmp, server) = fmp(|_, _| Answer::json(ADJUSTED)).await;
    let history = history(&fmp, "AAPL").await.unwrap();
    assert_eq!((history.series.kind(), rows(&history)), (PriceKind::Adjusted, vec![(day("2025-02-04"), 232.8)]));
    assert_eq!((history.caveat, history.complete), (None, true));
    let head = server.heads().remove(0);
    let path = "/stable/historical-price-eod/dividend-adjusted?symbol=AAPL&from=2020-01-01&to=2025-12-31";
    assert!(head.starts_with(&format!("GET {path} ")) && head.contains("apikey: planted-key"), "{head}");
    assert!(!format!("{fmp:?}").contains("planted-key"));
}

#[tokio::test]
async fn a_ticker_without_adjusted_prices_has_closes_with_a_caveat() {
    let (fmp, server) = fmp(|_, target| Answer::json(if target.contains("/full") { FULL } else { "[]" })).await;
    let history = history(&fmp, "AAPL").await.unwrap();
    assert_eq!((history.series.kind(), rows(&history)), (PriceKind::Close, vec![(day("2023-01-10"), 130.73)]));
    assert!(history.caveat.unwrap().contains("dividends are left out"));
    assert_eq!(server.heads().len(), 2);
}

#[tokio::test]
async fn an_endpoint_outside_the_plan_is_asked_once_for_all_tickers() {
    for (status, refusal) in [(402, ENDPOINT_402), (403, LEGACY_403), (200, ENDPOINT_402)] {
        let (fmp, server) = fmp(move |_, target| match target.contains("/full") {
            true => Answer::json(FULL.replace("AAPL", if target.contains("SPY") { "SPY" } else { "AAPL" })),
            false => Answer::status(status, refusal),
        })
        .await;
        let first = history(&fmp, "AAPL").await.unwrap();
        let told = "adjusted prices are not in the plan of this key (asked again after a day); closes are used: ";
        assert!(first.caveat.unwrap().starts_with(told));
        assert_eq!(server.heads().len(), 2);
        // One ticker's refusal may be about that ticker; two are about the plan.
        for requests in [4, 5, 6] {
            assert_eq!(history(&fmp, "SPY").await.unwrap().series.kind(), PriceKind::Close);
            assert_eq!(server.heads().len(), requests, "{status}");
        }
    }
}

/// A gateway's page says nothing of the plan: the ticker fails this once, and the others keep their adjusted prices.
#[tokio::test]
async fn a_bare_403_is_learnt_nothing_from() {
    for body in ["", "<html>Access denied</html>", "Forbidden"] {
        let (fmp, server) = fmp(move |n, target| match n {
            0..4 => Answer::status(403, body),
            _ => Answer::json(ADJUSTED.replace("AAPL", if target.contains("SPY") { "SPY" } else { "AAPL" })),
        })
        .await;
        let error = history(&fmp, "AAPL").await.unwrap_err();
        assert!(matches!(error, PriceError::Failed { fault: SourceFault::Unavailable, .. }), "{error:?}");
        for symbol in ["SPY", "AAPL"] {
            assert_eq!(history(&fmp, symbol).await.unwrap().series.kind(), PriceKind::Adjusted, "{body}");
        }
        assert_eq!(server.heads().len(), 6);
    }
}

/// Ten tickers at once: two learn of it, and closes are all that the others cost.
#[tokio::test]
async fn a_plan_without_adjusted_prices_costs_two_requests_more() {
    let (fmp, server) = fmp(|_, target| match target.contains("/full") {
        true => Answer::json(r#"[{"date":"2025-06-02","close":7}]"#),
        false => Answer::status(402, ENDPOINT_402),
    })
    .await;
    let names = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
    for history in join_all(names.map(|name| history(&fmp, name))).await {
        assert_eq!(history.unwrap().series.kind(), PriceKind::Close);
    }
    assert_eq!(server.heads().len(), 12);
}

#[tokio::test]
async fn a_ticker_outside_the_plan_is_remembered() {
    let (fmp, server) = fmp(|_, _| Answer::Full(402, "Content-Type: text/plain\r\n".into(), SYMBOL_402.into())).await;
    for _ in 0..3 {
        let error = history(&fmp, "AAPL").await.unwrap_err();
        assert!(matches!(&error, PriceError::Failed { fault: SourceFault::Plan, .. }), "{error:?}");
        assert!(error.to_string().starts_with("Financial Modeling Prep refused AAPL (402, \"Premium Query"), "{error}");
    }
    assert_eq!(server.heads().len(), 2, "adjusted and close, once");
}

#[tokio::test]
async fn an_unknown_ticker_is_no_data() {
    let (result, requests) = outcome(Answer::json("[]")).await;
    let unknown = PriceError::NoData("Financial Modeling Prep does not know AAPL".into());
    assert_eq!((result.unwrap_err(), requests), (unknown.clone(), 2));
    let (result, requests) = outcome(Answer::status(404, r#"{"Error Message":"Not found"}"#)).await;
    assert_eq!((result.unwrap_err(), requests), (unknown, 1));
    let (result, _) = outcome(Answer::status(404, "<html>nginx</html>")).await;
    assert!(matches!(result.unwrap_err(), PriceError::Failed { fault: SourceFault::Unusable, .. }), "a wrong address");
}

#[tokio::test]
async fn errors_with_status_200_count_as_what_they_say() {
    let fault = |result: Result<History, PriceError>| match result.unwrap_err() {
        PriceError::Failed { fault, .. } => fault,
        other => panic!("{other:?}"),
    };
    let (result, requests) = outcome(Answer::json(include_str!("../../../fixtures/fmp/error-401.json"))).await;
    assert_eq!((fault(result), requests), (SourceFault::Auth, 1));
    let limit = Answer::json(LIMIT).with_header("Retry-After: 50");
    let (result, requests) = outcome(limit).await;
    assert_eq!((fault(result), requests), (SourceFault::Limited, 1));
    let (result, requests) = outcome(Answer::json(r#"{"Error Message":"Something else"}"#)).await;
    assert_eq!((fault(result), requests), (SourceFault::Unusable, 1));
    let (result, requests) = outcome(Answer::json("{\"rows\": 3}")).await;
    assert_eq!((fault(result), requests), (SourceFault::Unusable, 1));
}

#[tokio::test]
async fn a_refused_key_names_its_setting() {
    let (result, requests) = outcome(Answer::status(401, include_str!("../../../fixtures/fmp/error-401.json"))).await;
    let why = "Financial Modeling Prep refused the key (401): check FMP_API_KEY";
    assert_eq!((result.unwrap_err(), requests), (PriceError::failed(SourceFault::Auth, why), 1));
}

#[tokio::test]
async fn odd_rows_are_dropped_and_counted_and_too_many_refuse_the_whole() {
    let good: Vec<String> =
        (1..=20).map(|n| format!(r#"{{"symbol":"AAPL","date":"2025-03-{n:02}","adjClose":"{n}.5"}}"#)).collect();
    let odd = [
        r#"{"symbol":"AAPL","date":"2025-04-01","adjClose":null}"#,
        r#"{"symbol":"AAPL","date":"2026-01-01","adjClose":9}"#,
        r#"{"symbol":"MSFT","date":"2025-04-02","adjClose":9}"#,
        "7",
        r#"{"symbol":"AAPL","date":["x"],"adjClose":9}"#,
    ];
    let body = format!("[{},{}]", good.join(","), odd.join(","));
    let (result, _) = outcome(Answer::json(body)).await;
    let history = result.unwrap();
    assert_eq!((history.series.len(), history.series.bad_prices()), (20, 5));
    assert_eq!(rows(&history)[0], (day("2025-03-01"), 1.5));
    let (result, requests) = outcome(Answer::json(format!("[{},{}]", good[..4].join(","), odd[0]))).await;
    assert!(result.is_ok() && requests == 1, "a fifth is not too many");
    let (result, requests) = outcome(Answer::json(format!("[{},{}]", good[..3].join(","), odd[0]))).await;
    assert_eq!(requests, 1);
    assert!(result.unwrap_err().to_string().contains("1 of its 4 rows have no sound date or price"));
}

#[tokio::test]
async fn the_running_day_is_left_out_until_its_close() {
    let body = r#"[{"date":"2025-12-31","adjClose":2},{"date":"2025-12-30","adjClose":1}]"#;
    let server = TestServer::start(move |_, _| Answer::json(body)).await;
    let mut config = config(&server.base, TODAY);
    config.dates.closed_through = Arc::new(|| day("2025-12-30"));
    let history = history(&Fmp::new(config, "key").unwrap(), "AAPL").await.unwrap();
    assert_eq!((rows(&history), history.series.bad_prices()), (vec![(day("2025-12-30"), 1.0)], 0));
}

/// A vendor with one row a day from `first` on, cut at `cap` rows, newest first.
fn daily(target: &str, first: NaiveDate, cap: usize) -> Answer {
    let at = |name: &str| target.split(['?', '&']).find_map(|part| part.strip_prefix(name)).map(day).unwrap();
    let (from, to) = (at("from=").max(first), at("to="));
    let days = std::iter::successors(Some(to), NaiveDate::pred_opt);
    let rows: Vec<String> = days
        .take_while(|date| *date >= from)
        .take(cap)
        .map(|date| format!(r#"{{"date":"{date}","adjClose":{}}}"#, (date - first).num_days() + 1))
        .collect();
    Answer::json(format!("[{}]", rows.join(",")))
}

#[tokio::test]
async fn answers_cut_at_a_number_of_rows_are_continued_backwards() {
    let (fmp, server) = fmp(|_, target| daily(target, day("2000-01-01"), 1_250)).await;
    let history = history(&fmp, "AAPL").await.unwrap();
    // 2020-01-01 to 2025-12-31 are 2,192 days: 1,250 and 942.
    assert_eq!((history.series.len(), server.heads().len()), (2_192, 2));
    assert_eq!(history.series.dates()[0], day("2020-01-01"));
    assert_eq!(rows(&history).last().unwrap().1, history.series.prices()[0] + 2_191.0);
}

#[tokio::test]
async fn funds_that_start_late_are_confirmed_once_per_length() {
    let (fmp, server) = fmp(|_, target| {
        let first = if target.contains("OLD") { "2021-02-01" } else { "2022-02-01" };
        daily(target, day(first), usize::MAX)
    })
    .await;
    assert_eq!(history(&fmp, "OLD").await.unwrap().series.len(), 1_795);
    assert_eq!(server.heads().len(), 2, "an empty earlier answer confirms");
    for _ in 0..3 {
        assert_eq!(history(&fmp, "NEW").await.unwrap().series.len(), 1_430);
    }
    assert_eq!(server.heads().len(), 5, "shorter answers are known to be whole");
}

/// Five years back to the day, all of them: that is the plan, and nothing was cut.
#[tokio::test]
async fn a_plan_of_five_years_costs_one_request_a_ticker() {
    let (fmp, server) = fmp(|_, target| daily(target, day("2021-01-02"), usize::MAX)).await;
    for name in ["A", "B", "C"] {
        assert_eq!(history(&fmp, name).await.unwrap().series.len(), 1_825);
    }
    assert_eq!(server.heads().len(), 3);
}

#[tokio::test]
async fn prices_before_the_plan_are_not_missed() {
    let (fmp, _) = fmp(|_, target| match target.contains("to=2025-12-31") {
        true => daily(target, day("2022-02-01"), usize::MAX),
        false => Answer::status(402, SYMBOL_402),
    })
    .await;
    let history = history(&fmp, "AAPL").await.unwrap();
    assert_eq!((history.series.kind(), history.series.len()), (PriceKind::Adjusted, 1_430));
}

#[tokio::test]
async fn recorded_dividends_are_read() {
    let (fmp, _) = fmp(|_, _| Answer::json(include_str!("../../../fixtures/fmp/dividends.json"))).await;
    let dividends = fmp.dividends(&ticker("AAPL"), range("2025-01-01", "2025-12-31")).await.unwrap();
    assert_eq!(*dividends, [Dividend { ex_date: day("2025-08-11"), amount: 0.26 }]);
    assert!(fmp.dividends(&ticker("AAPL"), range("2025-09-01", "2025-12-31")).await.unwrap().is_empty());
}

#[tokio::test]
async fn dividends_fall_back_to_the_unadjusted_amount_and_add_up_within_a_day() {
    let body = r#"[{"date":"2025-08-11","adjDividend":null,"dividend":0.3,"paymentDate":""},
        {"date":"2025-05-11","adjDividend":0.25,"dividend":1},{"date":"2025-05-11","adjDividend":0.5},
        {"date":"2025-05-11","adjDividend":0.25,"dividend":1},{"date":"2026-02-11","adjDividend":0.5}]"#;
    let (fmp, _) = fmp(move |_, _| Answer::json(body)).await;
    let dividends = fmp.dividends(&ticker("AAPL"), range("2025-01-01", "2026-12-31")).await.unwrap();
    let pairs: Vec<_> = dividends.iter().map(|d| (d.ex_date, d.amount)).collect();
    assert_eq!(pairs, [(day("2025-05-11"), 0.75), (day("2025-08-11"), 0.3)]);
}

#[tokio::test]
async fn capitalisations_come_in_a_batch_or_else_one_by_one() {
    const CAPS: &str = include_str!("../../../fixtures/fmp/market-capitalization.json");
    let expected = [MarketCap { ticker: ticker("AAPL"), dollars: 3_900_351_299_800.0, as_of: day("2025-10-24") }];
    let tickers = [ticker("AAPL"), ticker("ZZZZ")];
    let (one, server) = fmp(|_, _| Answer::json(CAPS)).await;
    assert_eq!(one.market_caps(&tickers).await.unwrap(), expected);
    assert_eq!(server.targets(), ["/stable/market-capitalization-batch?symbols=AAPL%2CZZZZ"]);
    let (one, server) = fmp(|_, target| match target {
        batch if batch.contains("batch") => Answer::status(402, ENDPOINT_402),
        known if known.contains("AAPL") => Answer::json(CAPS),
        _ => Answer::json("[]"),
    })
    .await;
    for requests in [3, 5] {
        // A batch that is refused is refused for several tickers.
        assert_eq!(one.market_caps(&tickers).await.unwrap(), expected);
        assert_eq!(server.heads().len(), requests);
    }
}

#[tokio::test]
async fn a_profile_tells_funds_from_shares() {
    let body = r#"[{"symbol":"SPY","companyName":"SPDR S&P 500","industry":"","sector":null,"isEtf":true,"isFund":false,
        "marketCap":6.5e11}]"#;
    let (one, _) = fmp(move |_, target| Answer::json(if target.contains("SPY") { body } else { "[]" })).await;
    let profile = one.profile(&ticker("SPY")).await.unwrap();
    assert_eq!((profile.is_fund, &profile.industry, &profile.sector), (true, &None, &None));
    assert_eq!((profile.name.as_deref(), profile.market_cap), (Some("SPDR S&P 500"), Some(6.5e11)));
    assert!(matches!(one.profile(&ticker("ZZZZ")).await.unwrap_err(), PriceError::NoData(_)));
}

#[tokio::test]
async fn yields_come_in_pieces_of_ninety_days_and_one_failure_fails_them_all() {
    let body = include_str!("../../../fixtures/fmp/treasury-rates.json");
    let (one, server) =
        fmp(move |_, target| Answer::json(if target.contains("from=2023-01-01") { body } else { "[]" })).await;
    let table = one.yields(range("2023-01-01", "2023-06-30")).await.unwrap();
    assert_eq!(table.get(Maturity::Ust10Y), [(day("2023-01-09"), 3.53), (day("2023-01-10"), 3.61)]);
    assert_eq!(table.get(Maturity::Ust3M)[1].1, 4.73);
    assert_eq!(table.maturities().count(), 5);
    let mut asked = server.targets();
    asked.sort();
    let piece = |from: &str, to: &str| format!("/stable/treasury-rates?from={from}&to={to}");
    assert_eq!(
        asked,
        [piece("2023-01-01", "2023-03-31"), piece("2023-04-01", "2023-06-29"), piece("2023-06-30", "2023-06-30")]
    );
    let (one, _) = fmp(move |_, target| match target.contains("from=2023-04-01") {
        true => Answer::status(402, ENDPOINT_402),
        false => Answer::json(body),
    })
    .await;
    let error = one.yields(range("2023-01-01", "2023-06-30")).await.unwrap_err();
    assert!(matches!(error, PriceError::Failed { fault: SourceFault::Plan, .. }), "{error:?}");
}

proptest! {
    #[test]
    fn any_order_and_repetition_of_rows_reads_the_same(
        order in Just((0..30usize).collect::<Vec<_>>()).prop_shuffle(),
        again in prop::collection::vec(0..30usize, 0..30),
    ) {
        let rows = order.iter().chain(&again).map(|n| {
            serde_json::json!({"symbol": "SPY", "date": day("2025-01-01") + Days::new(*n as u64), "adjClose": n + 1})
        });
        let body = serde_json::Value::Array(rows.collect()).to_string();
        let reply = UpstreamResponse::of(&body);
        let read = bodies::prices(&reply, "SPY", "adjClose", &VendorDates::fixed(day(TODAY))).unwrap();
        let series = factor_types::PriceSeries::new(ticker("SPY"), PriceKind::Adjusted, read.rows);
        prop_assert_eq!(series.prices(), (1..=30).map(f64::from).collect::<Vec<_>>());
        prop_assert!(series.dates().iter().enumerate().all(|(n, date)| *date == day("2025-01-01") + Days::new(n as u64)));
    }

    #[test]
    fn no_text_makes_the_reader_panic(body in "\\PC{0,80}") {
        let _ = bodies::prices(&UpstreamResponse::of(&body), "SPY", "adjClose", &VendorDates::fixed(day(TODAY)));
    }
}
