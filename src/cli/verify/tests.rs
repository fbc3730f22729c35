use async_trait::async_trait;
use factor_prices::{History, SourceFault, SourceInfo};
use factor_types::{Category, PriceKind, PriceSeries, SourceTier};

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Answers by the ticker's name.
#[derive(Debug)]
struct Source;

#[async_trait]
impl PriceProvider for Source {
    fn about(&self) -> SourceInfo {
        SourceInfo { name: "test", description: String::new(), simulated: true, warnings: vec![] }
    }

    async fn history(&self, ticker: &Ticker, _range: DateRange) -> Result<History, PriceError> {
        let until = |dates: &[&str]| {
            let rows = dates.iter().map(|date| (day(date), 1.0));
            Ok(Arc::new(PriceSeries::new(ticker.clone(), PriceKind::Adjusted, rows)).into())
        };
        match ticker.as_str() {
            "LIVES" => until(&["2026-01-09", "2026-01-12"]),
            "OLD" => until(&["2026-01-05"]),
            "AHEAD" => until(&["2026-01-04", "2026-01-16"]),
            "EMPTY" => until(&[]),
            "GONE" => Err(PriceError::NoData("delisted".to_owned())),
            _ => Err(PriceError::failed(SourceFault::Unavailable, "no answer")),
        }
    }
}

async fn found(name: &str) -> Finding {
    let factor = Factor::new(name.parse().unwrap(), name, Category::Style, SourceTier::Yaml);
    let range = DateRange::new(day("2025-12-25"), day("2026-01-15")).unwrap();
    check(&Source, Arc::new(factor), range, &Fetching::default()).await
}

#[tokio::test]
async fn a_fund_lives_while_its_newest_price_is_ten_days_old_at_most() {
    let lives = found("LIVES").await;
    assert_eq!((lives.status, lives.last_price), ("ok", Some(day("2026-01-12"))));
    assert_eq!(found("OLD").await.status, "ok", "ten days");
    // A price of tomorrow says nothing of today.
    let ahead = found("AHEAD").await;
    assert_eq!(
        (ahead.status, ahead.last_price, ahead.detail.as_str()),
        ("stopped", Some(day("2026-01-04")), "no price since 2026-01-04")
    );
    assert_eq!(found("EMPTY").await.detail, "no price since 2025-12-25");
    assert_eq!(found("GONE").await.status, "no_data");
    assert_eq!(found("DOWN").await.status, "fetch_failed");
}

#[tokio::test]
async fn a_source_that_is_away_is_no_failure_of_its_factors() {
    let findings = [found("DOWN").await, found("GONE").await, found("EMPTY").await, found("LIVES").await];
    let counted = |some_arrived| -> Vec<(String, ExclusionReason)> {
        failures(&findings, some_arrived).into_iter().map(|one| (one.ticker.to_string(), one.reason)).collect()
    };
    let (gone, empty) =
        (("GONE".to_owned(), ExclusionReason::NoData), ("EMPTY".to_owned(), ExclusionReason::ThinHistory));
    assert_eq!(counted(false), [gone.clone(), empty.clone()]);
    assert_eq!(counted(true), [("DOWN".to_owned(), ExclusionReason::FetchFailed), gone, empty]);
}

#[tokio::test]
async fn the_table_marks_a_candidate_for_replacement() {
    let finding = Finding { consecutive_failures: 3, stale_candidate: true, ..found("GONE").await };
    assert_eq!(row(&finding), ["GONE", "GONE", "no_data", "", "3 (stale)", "delisted"]);
}
