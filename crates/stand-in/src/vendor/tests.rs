use std::sync::Arc;

use chrono::{DateTime, Duration, NaiveDate};
use serde_json::Value;

use crate::{Dividend, Market, Options, StandIn, Vendor, probe::get};

/// Recorded bodies of the vendors.
const ADJUSTED: &str = r#"[{"symbol":"AAPL","date":"2025-02-04","adjOpen":227.2,"adjHigh":233.13,"adjLow":226.65,"adjClose":232.8,"volume":44489128}]"#;
const FULL: &str = r#"[{"symbol":"AAPL","date":"2023-01-10","open":130.26,"high":131.26,"low":128.12,"close":130.73,"volume":63896200,"change":0.47,"changePercent":0.36082,"vwap":130.0925}]"#;
const LIGHT: &str = r#"[{"symbol":"AAPL","date":"2025-02-04","price":232.8,"volume":44489128}]"#;
const RATES: &str = r#"[{"date":"2023-01-10","month1":4.41,"month2":4.62,"month3":4.73,"month6":4.85,"year1":4.74,"year2":4.24,"year3":3.94,"year5":3.72,"year7":3.67,"year10":3.61,"year20":3.91,"year30":3.74}]"#;
const DIVIDENDS: &str = r#"[{"symbol":"AAPL","date":"2025-08-11","recordDate":"2025-08-11","paymentDate":"2025-08-14","declarationDate":"2025-07-31","adjDividend":0.26,"dividend":0.26,"yield":0.44898318513953694,"frequency":"Quarterly"}]"#;
const CAP: &str = r#"[{"symbol":"AAPL","date":"2025-10-24","marketCap":3900351299800}]"#;
const CHART: &str = r#"{"chart":{"result":[{"meta":{"currency":"USD","symbol":"SPY","exchangeName":"PCX","fullExchangeName":"NYSEArca","instrumentType":"ETF","firstTradeDate":728317800,"gmtoffset":-14400,"timezone":"EDT","exchangeTimezoneName":"America/New_York","regularMarketPrice":37.25,"chartPreviousClose":37.25,"priceHint":2,"dataGranularity":"1d","range":"","validRanges":["1d","5d","1mo","3mo","6mo","1y","2y","5y","10y","ytd","max"]},
"timestamp":[1790947800],"events":{"dividends":{"1718371800":{"amount":0.485,"date":1718371800}}},
"indicators":{"quote":[{"open":[37.2],"high":[37.4],"low":[37.0],"close":[37.25],"volume":[1000]}],"adjclose":[{"adjclose":[37.25]}]}}],"error":null}}"#;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

async fn start(vendor: Vendor) -> StandIn {
    let market = Market::simulated(&["SPY", "TLT"], day("2023-01-01"), day("2025-03-31"));
    StandIn::start(vendor, Arc::new(market), Options::default()).await.unwrap()
}

/// The same fields in the same order with the same types; of an array and of a map of moments the first entry.
fn same_shape(ours: &Value, recorded: &Value, at: &str) {
    match (ours, recorded) {
        (Value::Object(ours), Value::Object(recorded)) if at.ends_with("dividends") => {
            same_shape(ours.values().next().unwrap(), recorded.values().next().unwrap(), &format!("{at}.moment"));
        }
        (Value::Object(ours), Value::Object(recorded)) => {
            assert_eq!(ours.keys().collect::<Vec<_>>(), recorded.keys().collect::<Vec<_>>(), "{at}");
            for (name, value) in recorded {
                same_shape(&ours[name], value, &format!("{at}.{name}"));
            }
        }
        (Value::Array(ours), Value::Array(recorded)) => same_shape(&ours[0], &recorded[0], &format!("{at}[0]")),
        _ => assert_eq!(std::mem::discriminant(ours), std::mem::discriminant(recorded), "{at}: {ours}"),
    }
}

#[tokio::test]
async fn fmp_bodies_have_the_shape_of_recorded_ones() {
    let server = start(Vendor::Fmp).await;
    for (rest, recorded) in [
        ("/historical-price-eod/dividend-adjusted?symbol=SPY", ADJUSTED),
        ("/historical-price-eod/non-split-adjusted?symbol=SPY", ADJUSTED),
        ("/historical-price-eod/full?symbol=SPY", FULL),
        ("/historical-price-eod/light?symbol=SPY", LIGHT),
        ("/treasury-rates?from=2025-01-01&to=2025-03-31", RATES),
        ("/dividends?symbol=SPY&limit=3", DIVIDENDS),
        ("/market-capitalization?symbol=SPY", CAP),
        ("/market-capitalization-batch?symbols=SPY,TLT", CAP),
        ("/historical-market-capitalization?symbol=SPY&from=2025-03-01", CAP),
    ] {
        let answer = get(&server, rest).await;
        assert_eq!(answer.status, 200, "{rest}");
        same_shape(&answer.json(), &serde_json::from_str(recorded).unwrap(), rest);
    }
    let profile = &get(&server, "/profile?symbol=SPY").await.json()[0];
    for field in ["marketCap", "lastDividend", "change", "changePercentage", "averageVolume", "industry", "sector"] {
        assert!(!profile[field].is_null(), "{field}");
    }
    assert_eq!((&profile["isEtf"], &profile["isFund"]), (&Value::Bool(true), &Value::Bool(false)));
    for rest in
        ["/historical-price-eod/dividend-adjusted", "/dividends", "/profile", "/market-capitalization", "/quote"]
    {
        let unknown = get(&server, &format!("{rest}?symbol=ZZZZ")).await;
        assert_eq!((unknown.status, unknown.text()), (200, "[]"), "{rest}");
    }
}

#[tokio::test]
async fn fmp_prices_are_the_markets_newest_first() {
    let server = start(Vendor::Fmp).await;
    let days = server.market().until(server.today()).days("SPY").unwrap();
    for (rest, field, adjusted) in [
        ("/historical-price-eod/dividend-adjusted?symbol=SPY", "adjClose", true),
        ("/historical-price-eod/full?symbol=SPY", "close", false),
        ("/historical-price-eod/light?symbol=SPY", "price", false),
    ] {
        let rows = get(&server, rest).await.json();
        let rows = rows.as_array().unwrap();
        assert_eq!(rows.len(), days.len());
        for (row, day) in rows.iter().zip(days.iter().rev()) {
            assert_eq!(row["date"], day.date.to_string());
            assert_eq!(row[field].as_f64(), Some(if adjusted { day.adj_close } else { day.close }), "{row}");
        }
    }
    let dividends = server.market().until(server.today()).dividends("SPY");
    let rows = get(&server, "/dividends?symbol=SPY").await.json();
    let amounts: Vec<f64> = rows.as_array().unwrap().iter().map(|row| row["dividend"].as_f64().unwrap()).collect();
    assert_eq!(amounts, dividends.iter().rev().map(|dividend: &Dividend| dividend.amount).collect::<Vec<_>>());
}

#[tokio::test]
async fn fmp_rates_are_cut_to_ninety_days() {
    let server = start(Vendor::Fmp).await;
    let rows = get(&server, "/treasury-rates?from=2023-01-01&to=2024-12-30").await.json();
    let rows = rows.as_array().unwrap();
    assert_eq!(rows[0]["date"], "2024-12-30");
    // 30 December less 90 days is 1 October.
    assert_eq!(rows.last().unwrap()["date"], "2024-10-01");
}

#[tokio::test]
async fn a_yahoo_chart_has_the_shape_and_the_prices() {
    let server = start(Vendor::Yahoo).await;
    let first = day("2024-02-01").and_time(chrono::NaiveTime::MIN).and_utc().timestamp();
    let last = first + Duration::days(300).num_seconds();
    let query = format!("period1={first}&period2={last}&interval=1d&events=div%2Csplits&includeAdjustedClose=true");
    let chart = get(&server, &format!("/v8/finance/chart/SPY?{query}")).await.json();
    same_shape(&chart, &serde_json::from_str(CHART).unwrap(), "");
    let result = &chart["chart"]["result"][0];
    let offset = result["meta"]["gmtoffset"].as_i64().unwrap();
    let dates: Vec<NaiveDate> = result["timestamp"]
        .as_array()
        .unwrap()
        .iter()
        .map(|stamp| DateTime::from_timestamp(stamp.as_i64().unwrap() + offset, 0).unwrap().date_naive())
        .collect();
    let days = server.market().until(server.today()).days("SPY").unwrap();
    let days: Vec<_> = days.iter().filter(|one| (day("2024-02-01")..day("2024-11-27")).contains(&one.date)).collect();
    assert_eq!(dates, days.iter().map(|day| day.date).collect::<Vec<_>>());
    let column = |values: &Value| -> Vec<f64> {
        values.as_array().unwrap().iter().map(|value| value.as_f64().unwrap()).collect()
    };
    let adjusted = column(&result["indicators"]["adjclose"][0]["adjclose"]);
    assert_eq!(adjusted, days.iter().map(|day| day.adj_close).collect::<Vec<_>>());
    assert_eq!(result["events"]["dividends"].as_object().unwrap().len(), 3);
    // 14 June 2024, 9:30 in New York, is the recorded moment 1718371800; our ex-date is the 17th.
    assert!(result["events"]["dividends"][(1_718_371_800 + 3 * 86400).to_string()].is_object());
}

#[tokio::test]
async fn a_yahoo_range_without_a_day_has_no_timestamps() {
    let server = start(Vendor::Yahoo).await;
    // Saturday 1 and Sunday 2 March 2025.
    let empty = get(&server, "/v8/finance/chart/SPY?period1=1740787200&period2=1740960000&interval=1d").await.json();
    assert!(empty["chart"]["result"][0]["meta"].is_object());
    assert_eq!(empty["chart"]["result"][0].get("timestamp"), None);
    let early = get(&server, "/v8/finance/chart/SPY?period1=0&period2=86400&interval=1d").await;
    assert_eq!((early.status, &early.json()["chart"]["error"]["code"]), (400, &Value::from("Bad Request")));
}

#[tokio::test]
async fn the_treasury_csv_changes_its_columns_over_the_years() {
    let server = start(Vendor::Treasury).await;
    let query =
        |year| format!("/{year}/all?type=daily_treasury_yield_curve&field_tdr_date_value={year}&page&_format=csv");
    let body = get(&server, &query(2024)).await;
    assert_eq!(server.count_for("2024"), 1);
    let mut lines = body.text().lines();
    let recorded =
        r#"Date,"1 Mo","2 Mo","3 Mo","4 Mo","6 Mo","1 Yr","2 Yr","3 Yr","5 Yr","7 Yr","10 Yr","20 Yr","30 Yr""#;
    assert_eq!(lines.next(), Some(recorded));
    let rates = server.market().until(server.today()).rates(day("2024-01-01"), day("2024-12-31"));
    let mut rows = csv::Reader::from_reader(body.body.as_slice());
    let rows: Vec<_> = rows.records().map(Result::unwrap).collect();
    assert_eq!(rows.len(), rates.len());
    for (row, (date, rates)) in rows.iter().zip(rates.iter().rev()) {
        assert_eq!(row[0], date.format("%m/%d/%Y").to_string());
        for (column, rate) in [(3, 0), (7, 1), (9, 2), (11, 3), (13, 4)] {
            assert_eq!(row[column].parse::<f64>().ok(), rates.0[rate], "{row:?}");
        }
    }
    let later = get(&server, &query(2025)).await;
    assert!(later.text().starts_with(r#"Date,"1 Mo","1.5 Month","2 Mo","3 Mo","4 Mo","6 Mo""#));
    let widths: Vec<_> = later.text().lines().map(|line| line.split(',').count()).collect();
    assert!(widths.len() > 60 && widths.iter().all(|width| *width == 15), "{widths:?}");
    // A year without data has its header alone; no year is no page.
    assert_eq!(get(&server, &query(1989)).await.text().lines().count(), 1);
    assert_eq!(get(&server, "/never/all").await.status, 404);
}

#[tokio::test]
async fn a_fred_csv_has_every_weekday_and_no_value_on_a_holiday() {
    let server = start(Vendor::Fred).await;
    let body = get(&server, "?id=DGS10&cosd=2024-07-01&coed=2024-07-08").await;
    let rates = server.market().until(server.today()).rates(day("2024-07-01"), day("2024-07-08"));
    let mut expected = "observation_date,DGS10\n".to_owned();
    for date in ["01", "02", "03", "04", "05", "08"] {
        let rate = rates.iter().find(|rate| rate.0 == day(&format!("2024-07-{date}"))).and_then(|rate| rate.1.0[3]);
        expected += &format!("2024-07-{date},{}\n", rate.map(|rate| format!("{rate:.2}")).unwrap_or_default());
    }
    assert!(expected.contains("2024-07-04,\n"));
    assert_eq!(body.text(), expected);
    assert_eq!(get(&server, "?id=NOSUCH").await.status, 404);
    let two = get(&server, "?id=DGS2,DGS30&cosd=2024-07-01").await;
    assert!(two.text().starts_with("observation_date,DGS2,DGS30\n2024-07-01,"));
    assert_eq!(server.requests()[2].symbols, ["DGS2", "DGS30"]);
}
