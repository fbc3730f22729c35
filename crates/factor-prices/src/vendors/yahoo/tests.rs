use super::*;
use crate::{
    Oddities,
    upstream::test_server::{Answer, TestServer},
    vendors::tests::{config, day, range, ticker},
};

const CHART: &str = include_str!("../../../fixtures/yahoo/chart.json");
const NOT_FOUND: &str = include_str!("../../../fixtures/yahoo/not-found.json");

/// The recorded chart as one of the ticker that is asked for.
fn chart() -> String {
    CHART.replace("\"symbol\":\"SPY\"", "\"symbol\":\"BRK-B\"")
}

async fn history(answer: Answer) -> (Result<History, PriceError>, TestServer) {
    let server = TestServer::start(move |_, _| answer.clone()).await;
    let yahoo = Yahoo::new(config(&server.base, "2026-10-30")).unwrap();
    (PriceProvider::history(&yahoo, &ticker("BRK.B"), range("2026-10-01", "2026-10-30")).await, server)
}

#[tokio::test]
async fn a_recorded_chart_is_read_without_its_null_row() {
    let (result, server) = history(Answer::json(chart())).await;
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
    let body = chart().replace("\"adjclose\":[{\"adjclose\":[37.0,37.25,null]}]", "\"other\":[]");
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
    let (result, _) = history(Answer::json(chart().replace("[37.0,37.25,null]", "[37.0]"))).await;
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

#[tokio::test]
async fn one_chart_carries_prices_and_dividends_and_what_they_are_in() {
    let (result, server) = history(Answer::json(chart())).await;
    let history = result.unwrap();
    assert_eq!(history.dividends.as_deref(), Some(&[Dividend { ex_date: day("2026-10-01"), amount: 0.485 }][..]));
    assert_eq!((history.currency.as_deref(), server.heads().len()), (Some("USD"), 1));
    let (result, _) = self::history(Answer::json(chart().replace("\"USD\"", "\"GBp\""))).await;
    let history = result.unwrap();
    assert_eq!(history.currency.as_deref(), Some("GBp"));
}

#[tokio::test]
async fn a_chart_of_another_symbol_or_of_other_rows_is_refused() {
    let (result, server) = history(Answer::json(CHART)).await;
    let why = result.unwrap_err().to_string();
    assert!(why.contains("wrong_symbol: it is of SPY, not of BRK-B"), "{why}");
    assert_eq!(server.heads().len(), 1);
    let (result, _) = history(Answer::json(chart().replace("\"1d\",\"range\"", "\"1wk\",\"range\""))).await;
    let why = result.unwrap_err().to_string();
    assert!(why.contains("spacing: its rows are of 1wk each, not of a day"), "{why}");
}

/// Sydney opens at ten in the morning: on 31 March 2026 that is 23:00 of the day before in Greenwich (summer time there),
/// on 30 June midnight. The offset that a chart names is that of the day it is asked.
#[tokio::test]
async fn a_row_has_its_day_by_the_exchanges_own_clock_at_the_time() {
    let body = r#"{"chart":{"result":[{"meta":{"symbol":"BRK-B","gmtoffset":-14400,
        "exchangeTimezoneName":"Australia/Sydney"},"timestamp":[1774911600,1782777600],
        "indicators":{"quote":[{"close":[1,2],"volume":[1,1]}],"adjclose":[{"adjclose":[1,2]}]}}],"error":null}}"#;
    let history = history(Answer::json(body)).await.0.unwrap();
    assert_eq!(history.series.dates(), [day("2026-03-31"), day("2026-06-30")]);
}

#[tokio::test]
async fn days_with_two_prices_and_a_price_that_stands_still_are_said() {
    // 9:30 in New York from 2 to 9 March 2026 without the weekend; the 3rd twice.
    let stamps =
        [1_772_461_800, 1_772_548_200, 1_772_548_200, 1_772_634_600, 1_772_721_000, 1_772_807_400, 1_773_063_000];
    let body = |prices: &str, volumes: &str| {
        format!(
            r#"{{"chart":{{"result":[{{"meta":{{"symbol":"BRK-B","exchangeTimezoneName":"America/New_York"}},"timestamp":{stamps:?},
            "indicators":{{"quote":[{{"volume":{volumes}}}],"adjclose":[{{"adjclose":{prices}}}]}}}}],"error":null}}}}"#
        )
    };
    let told = async |prices, volumes| history(Answer::json(body(prices, volumes))).await.0.unwrap().oddities;
    let odd = |conflicting: &[&str], frozen_since: Option<&str>| Oddities {
        conflicting: conflicting.iter().map(|date| day(date)).collect(),
        frozen_since: frozen_since.map(day),
    };
    assert_eq!(told("[1,2,2,3,4,5,6]", "[1,1,1,1,1,1,1]").await, odd(&[], None));
    assert_eq!(told("[1,2,2.5,3,4,5,6]", "[1,1,1,1,1,1,1]").await, odd(&["2026-03-03"], None));
    assert_eq!(told("[1,2,2,2,2,2,2]", "[1,0,0,0,0,0,0]").await, odd(&[], Some("2026-03-03")));
    assert_eq!(told("[1,2,2,2,2,2,2]", "[1,1,1,1,1,1,1]").await, odd(&[], None), "it is traded");
}
