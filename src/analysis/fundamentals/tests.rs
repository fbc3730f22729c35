use std::{
    collections::BTreeSet,
    sync::{
        Arc, Mutex,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use factor_analytics::{
    Panel,
    panel::Window,
    report::{Granularity, SortBy},
};
use factor_prices::{SecurityProfile, SourceFault};
use factor_types::{Category, Factor, Frequency, PriceKind, PriceSeries, SourceTier};

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

/// Answers by the ticker's name; `STUCK` never does.
#[derive(Debug, Default)]
struct Vendor {
    asked: Mutex<Vec<String>>,
    ranges: Mutex<Vec<DateRange>>,
    at_once: AtomicUsize,
    most_at_once: AtomicUsize,
}

#[async_trait]
impl FundamentalsProvider for Vendor {
    async fn dividends(&self, ticker: &Ticker, range: DateRange) -> Result<Arc<[Dividend]>, PriceError> {
        self.asked.lock().unwrap().push(ticker.to_string());
        self.ranges.lock().unwrap().push(range);
        self.most_at_once.fetch_max(self.at_once.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        tokio::task::yield_now().await;
        let answer = match ticker.as_str() {
            "STUCK" => std::future::pending().await,
            "DOWN" => Err(PriceError::failed(SourceFault::Unavailable, "the vendor did not answer")),
            "NONE" => Ok(Arc::default()),
            // The first is of a year before to the day, and outside.
            _ => Ok([("2022-12-29", 9.0), ("2023-03-15", 0.5), ("2023-12-29", 0.25)]
                .map(|(date, amount)| Dividend { ex_date: day(date), amount })
                .into()),
        };
        self.at_once.fetch_sub(1, Ordering::SeqCst);
        answer
    }

    async fn market_caps(&self, tickers: &[Ticker]) -> Result<Vec<MarketCap>, PriceError> {
        self.asked.lock().unwrap().push(format!("caps of {}", tickers.len()));
        let cap = |ticker: &Ticker| match ticker.as_str() {
            "DOWN" => None,
            "NONE" => Some((0.0, "2024-01-09")),
            "PAYER" => Some((3e9, "2024-01-05")),
            _ => Some((1e9, "2024-01-09")),
        };
        let known = tickers.iter().filter_map(|ticker| {
            let (dollars, date) = cap(ticker)?;
            Some(MarketCap { ticker: ticker.clone(), dollars, as_of: day(date) })
        });
        Ok(known.collect())
    }

    async fn profile(&self, _ticker: &Ticker) -> Result<Arc<SecurityProfile>, PriceError> {
        Err(PriceError::NoData("no profiles".to_owned()))
    }
}

/// Two years of months to 2023-12-29 for each ticker.
fn study(tickers: &[(&str, Category)]) -> Study {
    let ends = (0..=24).map(|n| day("2021-12-31") + chrono::Months::new(n));
    let date = |end: NaiveDate| if end == day("2023-12-31") { day("2023-12-29") } else { end };
    let series: Vec<Arc<PriceSeries>> = tickers
        .iter()
        .map(|(name, _)| {
            let rows = ends.clone().enumerate().map(|(n, end)| (date(end), 100.0 + n as f64));
            Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
        })
        .collect();
    let end = day("2023-12-31");
    let window = Window::whole(Frequency::Monthly, day("2021-12-31"), end);
    let panel = Arc::new(Panel::build(window, &series).unwrap());
    let factor = |(name, category): &(&str, Category)| {
        let mut factor = Factor::new(ticker(name), *name, *category, SourceTier::Request);
        factor.facts.pays_income = (*name == "GOLD").then_some(false);
        Arc::new(factor)
    };
    let universe: Vec<Arc<Factor>> = tickers.iter().map(factor).collect();
    Study::new(panel, Arc::default(), &universe, &[], 12)
}

fn plan(weights: Weighting, composites: bool) -> Plan {
    Plan::Performance(PerformancePlan {
        per_factor: Some(BTreeSet::from([Category::Style, Category::Commodity])),
        macro_composites: None,
        category_composites: composites,
        granularity: Granularity::Group,
        weights,
        max_per_composite: None,
        benchmark: Ticker::spy(),
        sort_by: SortBy::default(),
        min_coverage: 0.6,
    })
}

fn soon() -> Instant {
    Instant::now() + Duration::from_millis(50)
}

const TODAY: &str = "2024-01-10";

#[tokio::test]
async fn each_ticker_has_its_sum_or_its_reason() {
    let study = study(&[
        ("PAYER", Category::Style),
        ("STUCK", Category::Style),
        ("DOWN", Category::Style),
        ("NONE", Category::Style),
        ("GOLD", Category::Commodity),
        ("ASIDE", Category::Market),
    ]);
    let vendor = Vendor::default();
    let known = fetch(&vendor, &study, &plan(Weighting::Equal, false), day(TODAY), soon(), &Fetching::default()).await;
    let found: Vec<(&str, &Result<f64, String>)> =
        known.dividends.iter().map(|(t, found)| (t.as_str(), found)).collect();
    assert_eq!(
        found,
        [
            ("PAYER", &Ok(0.75)),
            ("STUCK", &Err("not fetched in time".to_owned())),
            ("DOWN", &Err("the vendor did not answer".to_owned())),
            ("NONE", &Ok(0.0)),
        ]
    );
    // Neither gold, which pays nothing, nor a category that is not shown; and no caps.
    assert_eq!(vendor.asked.lock().unwrap().len(), 4);
    assert!(
        vendor
            .ranges
            .lock()
            .unwrap()
            .iter()
            .all(|range| { (range.start(), range.end()) == (day("2022-12-30"), day("2023-12-29")) })
    );
    assert_eq!(known.caps, MarketCaps::default());
}

#[tokio::test]
async fn composites_need_the_dividends_of_their_members_too() {
    let study = study(&[("PAYER", Category::Style), ("ASIDE", Category::Market)]);
    let known =
        fetch(&Vendor::default(), &study, &plan(Weighting::Equal, true), day(TODAY), soon(), &Fetching::default())
            .await;
    assert_eq!(known.dividends.len(), 2);
}

#[tokio::test]
async fn a_window_of_the_past_asks_nobody() {
    let study = study(&[("PAYER", Category::Style)]);
    let vendor = Vendor::default();
    let known =
        fetch(&vendor, &study, &plan(Weighting::Equal, true), day("2024-06-30"), soon(), &Fetching::default()).await;
    assert!(known.dividends.is_empty() && vendor.asked.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_deadline_that_has_passed_leaves_reasons_for_all() {
    let study = study(&[("STUCK", Category::Style), ("DOWN", Category::Style)]);
    let known = fetch(
        &Vendor::default(),
        &study,
        &plan(Weighting::Cap, true),
        day(TODAY),
        Instant::now(),
        &Fetching::default(),
    )
    .await;
    assert_eq!(known.dividends[&ticker("STUCK")], Err("not fetched in time".to_owned()));
}

#[tokio::test]
async fn at_most_eight_are_asked_at_once() {
    let names: Vec<String> = (0..30).map(|n| format!("T{n}")).collect();
    let tickers: Vec<(&str, Category)> = names.iter().map(|name| (name.as_str(), Category::Style)).collect();
    let vendor = Vendor::default();
    let deadline = Instant::now() + Duration::from_secs(20);
    let known =
        fetch(&vendor, &study(&tickers), &plan(Weighting::Equal, false), day(TODAY), deadline, &Fetching::default())
            .await;
    assert_eq!(known.dividends.values().filter(|found| **found == Ok(0.75)).count(), 30);
    assert_eq!(vendor.most_at_once.load(Ordering::SeqCst), 8);
    assert!(known.dividends.keys().map(Ticker::as_str).eq(names.iter().map(String::as_str)), "in the study's order");
}

#[tokio::test]
async fn caps_are_asked_for_once_and_only_by_plans_that_weight_by_them() {
    let study = study(&[
        ("PAYER", Category::Style),
        ("DOWN", Category::Style),
        ("NONE", Category::Style),
        ("X", Category::Market),
    ]);
    let vendor = Vendor::default();
    let caps = fetch(&vendor, &study, &plan(Weighting::Cap, true), day(TODAY), soon(), &Fetching::default()).await.caps;
    let dollars: Vec<(&str, f64)> = caps.dollars.iter().map(|(ticker, cap)| (ticker.as_str(), *cap)).collect();
    assert_eq!(dollars, [("PAYER", 3e9), ("X", 1e9)]);
    assert_eq!(caps.as_of, Some(day("2024-01-05")), "the oldest");
    // A cap of zero is none.
    assert_eq!(caps.without, [ticker("DOWN"), ticker("NONE")]);
    let asked = vendor.asked.lock().unwrap().iter().filter(|what| what.as_str() == "caps of 4").count();
    assert_eq!(asked, 1);
}
