use factor_types::PriceKind;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn daily(ticker: &str, from: &str, to: &str) -> Arc<PriceSeries> {
    let rows =
        date(from).iter_days().take_while(|day| *day <= date(to)).filter(|day| day.weekday().number_from_monday() <= 5);
    Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows.map(|day| (day, 100.0))))
}

fn request(today: &str) -> WindowRequest {
    WindowRequest {
        start: None,
        end: None,
        default_start: DefaultStart::MonthEndBefore(120),
        frequency: Frequency::Monthly,
        today: date(today),
        benchmark: "SPY".parse().unwrap(),
    }
}

fn check_end(prices: &[Arc<PriceSeries>], today: &str, end: &str, cutoff: &str) {
    let tickers: Vec<_> = prices.iter().map(|series| series.ticker().clone()).collect();
    let window = request(today).resolve(prices, &tickers).unwrap();
    assert_eq!((window.end, window.cutoff), (date(end), date(cutoff)), "today {today}");
}

#[test]
fn the_default_end_is_the_newest_whole_month() {
    let prices = [daily("SPY", "2020-01-01", "2024-06-14")];
    check_end(&prices, "2024-06-15", "2024-05-31", "2024-05-31");
    // Prices that stopped long ago: the last month they filled.
    check_end(&prices, "2026-01-01", "2024-05-31", "2024-05-31");
}

#[test]
fn the_last_day_counts_once_the_benchmark_has_closed() {
    let spy = daily("SPY", "2020-01-01", "2024-05-31");
    check_end(std::slice::from_ref(&spy), "2024-05-31", "2024-05-31", "2024-05-31");
    check_end(&[spy], "2024-06-01", "2024-05-31", "2024-05-31");
    // Another ticker's price of today does not make the month whole.
    let (spy, qqq) = (daily("SPY", "2020-01-01", "2024-05-30"), daily("QQQ", "2020-01-01", "2024-05-31"));
    check_end(&[spy, qqq], "2024-05-31", "2024-04-30", "2024-04-30");
}

#[test]
fn the_label_is_never_later_than_the_clock() {
    // Friday 2024-03-29 is the last weekday; on Saturday the 30th the label 2024-03-31 is still to come.
    check_end(&[daily("SPY", "2020-01-01", "2024-03-29")], "2024-03-30", "2024-03-30", "2024-03-29");
}

#[test]
fn half_of_the_requested_must_have_a_price() {
    let (a, b, c) = (
        daily("SPY", "2020-01-01", "2024-06-28"),
        daily("B", "2020-01-01", "2024-04-30"),
        daily("C", "2020-01-01", "2024-04-30"),
    );
    check_end(&[a.clone(), b.clone(), c], "2024-07-10", "2024-04-30", "2024-04-30");
    check_end(&[a, b], "2024-07-10", "2024-06-28".parse::<NaiveDate>().map(|_| "2024-06-30").unwrap(), "2024-06-28");
}

#[test]
fn default_start_is_a_month_end() {
    let prices = [daily("SPY", "2010-01-01", "2024-06-28")];
    let window = request("2024-07-10").resolve(&prices, &["SPY".parse().unwrap()]).unwrap();
    assert_eq!((window.start, window.end), (date("2014-06-30"), date("2024-06-30")));
}

#[test]
fn one_price_a_month_names_its_month() {
    let rows = (0..30).map(|n| (date("2022-01-01").checked_add_months(chrono::Months::new(n)).unwrap(), 1.0));
    let monthly = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows);
    assert!(is_monthly(&monthly));
    assert!(month_price(&monthly, date("2024-06-30"), date("2024-06-30")).is_some());
    check_end(&[Arc::new(monthly)], "2024-07-10", "2024-06-30", "2024-06-30");
}

#[test]
fn a_month_whose_last_price_is_too_old_is_missing() {
    let stopped = daily("SPY", "2024-01-01", "2024-05-24");
    assert!(month_price(&stopped, date("2024-05-31"), date("2024-05-31")).is_some(), "seven days is not yet stale");
    let stopped = daily("SPY", "2024-01-01", "2024-05-23");
    assert!(month_price(&stopped, date("2024-05-31"), date("2024-05-31")).is_none(), "eight days is");
}

#[test]
fn a_window_does_not_run_backwards() {
    let prices = [daily("SPY", "2020-01-01", "2024-06-28")];
    let backwards = WindowRequest { start: Some(date("2024-07-01")), ..request("2024-07-10") };
    assert!(matches!(
        backwards.resolve(&prices, &[]),
        Err(WindowError::NoWholeMonth { .. } | WindowError::StartNotBeforeEnd { .. })
    ));
    let empty: [Arc<PriceSeries>; 0] = [];
    assert_eq!(request("2024-07-10").resolve(&empty, &[]), Err(WindowError::NoPrices));
}
