use super::*;
use crate::{
    upstream::test_server::{Answer, TestServer},
    vendors::tests::{config, day, range, ticker},
};

const CHART: &str = include_str!("../../../fixtures/yahoo/chart.json");
const NOT_FOUND: &str = include_str!("../../../fixtures/yahoo/not-found.json");

async fn history(answer: Answer) -> (Result<History, PriceError>, TestServer) {
    let server = TestServer::start(move |_, _| answer.clone()).await;
    let yahoo = Yahoo::new(config(&server.base, "2026-10-30")).unwrap();
    (PriceProvider::history(&yahoo, &ticker("BRK.B"), range("2026-10-01", "2026-10-30")).await, server)
}

#[tokio::test]
async fn a_recorded_chart_is_read_without_its_null_row() {
    let (result, server) = history(Answer::json(CHART)).await;
    let history = result.unwrap();
    let series = history.series;
    assert_eq!((series.kind(), history.caveat), (PriceKind::Adjusted, None));
    assert_eq!((series.dates(), series.prices()), (&[day("2026-10-01"), day("2026-10-02")][..], &[37.0, 37.25][..]));
    assert_eq!(series.bad_prices(), 0);
    // 2026-10-01 and 2026-10-31, midnight in Greenwich.
    let target = "/v8/finance/chart/BRK-B?period1=1790812800&period2=1793404800&interval=1d&events=div%2Csplits&\
                  includeAdjustedClose=true";
    assert_eq!(server.targets(), [target]);
    assert!(server.heads()[0].contains("user-agent: Mozilla/5.0"));
}

#[tokio::test]
async fn closes_stand_in_for_absent_adjusted_closes() {
    let body = CHART.replace("\"adjclose\":[{\"adjclose\":[37.0,37.25,null]}]", "\"other\":[]");
    let history = history(Answer::json(body)).await.0.unwrap();
    assert_eq!((history.series.kind(), history.series.prices()), (PriceKind::Close, &[37.5, 37.25][..]));
    assert!(history.caveat.unwrap().contains("dividends are left out"));
}

#[tokio::test]
async fn an_unknown_ticker_is_no_data_with_either_status() {
    for status in [200, 404] {
        let (result, server) = history(Answer::status(status, NOT_FOUND)).await;
        assert_eq!(result.unwrap_err(), PriceError::NoData("Yahoo does not know BRK.B".into()));
        assert_eq!(server.heads().len(), 1);
    }
    let (result, _) = history(Answer::status(404, "<html></html>")).await;
    assert!(matches!(result.unwrap_err(), PriceError::Failed { fault: SourceFault::Unusable, .. }));
}

#[tokio::test]
async fn a_known_ticker_without_rows_is_an_empty_series() {
    let body = r#"{"chart":{"result":null,"error":{"code":"Bad Request",
        "description":"Data doesn't exist for startDate = 1, endDate = 2"}}}"#;
    assert!(history(Answer::status(400, body)).await.0.unwrap().series.is_empty());
    let bare = r#"{"chart":{"result":[{"meta":{"gmtoffset":-14400},"indicators":{"quote":[{}]}}],"error":null}}"#;
    assert!(history(Answer::json(bare)).await.0.unwrap().series.is_empty());
}

#[tokio::test]
async fn a_plain_limit_answer_is_a_limit() {
    let plain =
        Answer::Full(429, "Content-Type: text/plain\r\nRetry-After: 50\r\n".into(), b"Too Many Requests".to_vec());
    let (result, server) = history(plain).await;
    assert!(matches!(result.unwrap_err(), PriceError::Failed { fault: SourceFault::Limited, .. }));
    assert_eq!(server.heads().len(), 1);
}

#[tokio::test]
async fn dates_and_prices_of_different_number_are_refused() {
    let (result, _) = history(Answer::json(CHART.replace("[37.0,37.25,null]", "[37.0]"))).await;
    assert!(result.unwrap_err().to_string().contains("it has 3 dates and 1 prices"));
}

#[tokio::test]
async fn a_dividend_event_has_its_day_at_the_exchange() {
    let server = TestServer::start(|_, _| Answer::json(CHART)).await;
    let yahoo = Yahoo::new(config(&server.base, "2026-10-30")).unwrap();
    let dividends = yahoo.dividends(&ticker("SPY"), range("2026-10-01", "2026-10-30")).await.unwrap();
    assert_eq!(*dividends, [Dividend { ex_date: day("2026-10-01"), amount: 0.485 }]);
    assert!(matches!(yahoo.profile(&ticker("SPY")).await.unwrap_err(), PriceError::NoData(_)));
    assert!(matches!(yahoo.market_caps(&[]).await.unwrap_err(), PriceError::NoData(_)));
}
