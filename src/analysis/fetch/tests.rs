use std::time::Duration;

use factor_prices::PriceError;
use factor_store::MemoryEntries;
use factor_types::Frequency;

use super::{
    super::test_market::{Answer, Market, TODAY, day, group, request, returns, ticker, universe},
    *,
};
use crate::analysis::{UserGroups, UserPortfolio};

fn factors(styles: &[&str]) -> Vec<Arc<Factor>> {
    universe(styles).factors().iter().cloned().map(Arc::new).collect()
}

fn names(tickers: &[Ticker]) -> Vec<&str> {
    tickers.iter().map(Ticker::as_str).collect()
}

async fn prepare(market: Market, patience: Duration) -> Result<Prepared, NoPanel> {
    let all = factors(&["MTUM", "VLUE"]);
    let mut request = request(returns());
    request.also_priced = vec![ticker("BIL")];
    request.kind = AnalysisKind::Performance;
    let requested: Vec<Ticker> = all.iter().map(|factor| factor.ticker.clone()).collect();
    let fetch = Fetch::new(&request, &all, &requested, Clock::evening_of(day(TODAY)), Instant::now() + patience);
    let market = Arc::new(market);
    let failure_runs = Arc::new(FailureRuns::new(Arc::new(MemoryEntries::new()), "market"));
    let providers = Providers { prices: market.clone(), yields: market, failure_runs, lenses: Arc::default() };
    fetch.prepare(&providers, &Fetching::default()).await
}

const PATIENT: Duration = Duration::from_secs(20);

#[test]
fn members_are_priced_in_the_place_of_their_group_and_each_ticker_once() {
    let mut request = request(returns());
    let chips = group("chips", &[("NVDA", 1.0), ("VLUE", 1.0)]);
    let mut all = factors(&["MTUM", "VLUE"]);
    all.push(Arc::clone(&chips.factor));
    // A group without weights has no members that could be priced.
    let unsettled = group("unsettled", &[]).factor.ticker.clone();
    let requested = [chips.factor.ticker.clone(), unsettled, ticker("VLUE")];
    request.groups = UserGroups { groups: vec![chips], ..UserGroups::default() };
    request.benchmark = ticker("MTUM");
    request.also_priced = vec![ticker("BIL"), ticker("SPY")];
    let fetch = Fetch::new(&request, &all, &requested, Clock::evening_of(day(TODAY)), Instant::now());
    assert_eq!(names(&fetch.tickers), ["MTUM", "VLUE", "SPY", "NVDA", "BIL"]);
    assert_eq!(names(&fetch.settling), ["NVDA", "VLUE"]);
    assert!(!fetch.with_yields, "returns need none");
}

#[test]
fn what_a_portfolio_holds_is_priced_in_its_place_and_its_cash_asks_for_the_rate() {
    let mut request = request(returns());
    let chips = group("chips", &[("NVDA", 1.0), ("VLUE", 1.0)]);
    let known = UserGroups { groups: vec![chips.clone()], ..UserGroups::default() };
    let weights = [("SPY", 0.5), ("CUR:USD", 0.2)].map(|(name, weight)| (ticker(name), weight));
    let weights = weights.into_iter().chain([(chips.factor.ticker.clone(), 0.3)]).collect();
    let own = UserPortfolio::new(&"Core".parse().unwrap(), Ok(weights), &known, &universe(&[]));
    let mut all = factors(&["MTUM"]);
    all.push(Arc::clone(&own.factor));
    let requested = [own.factor.ticker.clone()];
    request.groups = UserGroups { portfolios: vec![own], ..UserGroups::default() };
    let fetch = Fetch::new(&request, &all, &requested, Clock::evening_of(day(TODAY)), Instant::now());
    assert_eq!(names(&fetch.tickers), ["MTUM", "SPY", "NVDA", "VLUE"]);
    assert_eq!(names(&fetch.settling), ["SPY", "NVDA", "VLUE"]);
    assert!(fetch.with_yields, "its cash earns the risk-free rate");
    assert_eq!((fetch.groups.len(), fetch.portfolios.len()), (1, 1));
}

#[tokio::test]
async fn late_tickers_are_left_out_and_the_panel_may_be_better_next_time() {
    let market = Market::answering(&[("VLUE", Answer::Silence), ("BIL", Answer::Silence)]);
    let prepared = prepare(market, Duration::from_millis(100)).await.unwrap();
    assert!(!prepared.complete);
    let columns: Vec<&str> = prepared.panel.columns().iter().map(|column| column.series.ticker().as_str()).collect();
    assert_eq!(columns, ["MTUM", "SPY"]);
    assert_eq!(prepared.lost.len(), 1);
    assert_eq!(prepared.also_missing.len(), 1);
    assert_eq!(prepared.also_missing[0].0, ticker("BIL"));
    assert!(prepared.warnings[0].starts_with("partial: 2 of 4 histories"), "{:?}", prepared.warnings);
}

#[tokio::test]
async fn a_ticker_that_nobody_knows_leaves_the_panel_complete() {
    let gone = Answer::Fails(PriceError::NoData("delisted".to_owned()));
    let prepared = prepare(Market::answering(&[("VLUE", gone)]), PATIENT).await.unwrap();
    assert!(prepared.complete);
    assert_eq!(prepared.lost[0].detail, "delisted");
    assert_eq!(prepared.failures[&ticker("VLUE")].days, 1);
}

#[tokio::test]
async fn what_is_said_of_the_data_reaches_the_caller() {
    let caveat = |more| Market::answering(&[("MTUM", Answer::Caveat("prices of yesterday", more))]);
    let prepared = prepare(caveat(false), PATIENT).await.unwrap();
    assert_eq!((prepared.complete, prepared.warnings), (true, vec!["MTUM: prices of yesterday".to_owned()]));
    assert!(!prepare(caveat(true), PATIENT).await.unwrap().complete);
    let prepared = prepare(Market { yields_fail: true, ..Market::default() }, PATIENT).await.unwrap();
    assert_eq!((prepared.complete, prepared.warnings), (false, vec!["no Treasury yields: closed".to_owned()]));
}

#[tokio::test]
async fn a_start_before_all_prices_is_no_reason_to_ask_for_ever() {
    let all = factors(&["MTUM"]);
    let mut request = request(returns());
    request.frequency = Frequency::Daily;
    request.dates.start = Some(day("1990-01-01"));
    let fetch = Fetch::new(&request, &all, &[ticker("MTUM")], Clock::evening_of(day(TODAY)), Instant::now() + PATIENT);
    let market = Arc::new(Market::default());
    let prices: Arc<dyn PriceProvider> = market.clone();
    let found = fetch.histories(&prices, fetch.window.fetch_range(), &Fetching::default()).await;
    let (arrived, window) = found.unwrap();
    assert!(window.is_ok());
    assert_eq!(arrived.series.len(), 2);
    assert_eq!(market.asked.lock().unwrap().len(), 2, "each once");
}
