use chrono::Datelike;
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
        lead_months: LEAD_MONTHS,
        clock: Clock::evening_of(date(today)),
        benchmark: "SPY".parse().unwrap(),
        silent: Vec::new(),
    }
}

fn price_of_month(series: &PriceSeries, label: &str) -> Option<usize> {
    let month = Period::month_of(date(label));
    period_price(series, month, TradingCalendar::NewYork.last_day(month))
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
    // Thursday 2024-03-28 is March's last trading day: on its evening the month is whole and its label still to come.
    let filled = daily("SPY", "2020-01-01", "2024-03-29");
    check_end(std::slice::from_ref(&filled), "2024-03-28", "2024-03-28", "2024-03-28");
    check_end(&[filled], "2024-03-30", "2024-03-30", "2024-03-29");
    check_end(&[daily("SPY", "2020-01-01", "2024-03-27")], "2024-03-31", "2024-02-29", "2024-02-29");
}

/// SPY on the exchange's days up to `to`, but for those left out.
fn spy(to: &str, without: &[&str]) -> Arc<PriceSeries> {
    let days = date("2020-01-01").iter_days().take_while(|day| *day <= date(to));
    let days = days.filter(|day| factor_types::exchange::is_trading_day(*day));
    let rows = days.filter(|day| !without.contains(&day.to_string().as_str())).map(|day| (day, 100.0));
    Arc::new(PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows))
}

#[test]
fn a_row_of_today_counts_once_the_day_is_final() {
    let prices = [spy("2024-05-31", &[])];
    let at = |final_through: &str| {
        let clock = Clock { today: date("2024-05-31"), final_through: date(final_through) };
        let window = WindowRequest { clock, ..request("2024-05-31") }.resolve(&prices, &["SPY".parse().unwrap()]);
        window.unwrap().end
    };
    assert_eq!((at("2024-05-30"), at("2024-05-31")), (date("2024-04-30"), date("2024-05-31")));
}

#[test]
fn an_asked_end_says_which_period_it_leaves_out() {
    let left_out = |frequency, end: &str, newest: &str, today: &str| {
        let request = WindowRequest { end: Some(date(end)), frequency, ..request(today) };
        let window = request.resolve(&[spy(newest, &[])], &["SPY".parse().unwrap()]).unwrap();
        (window.end, window.left_out.map(|left_out| (left_out.period.label, left_out.why)))
    };
    use Frequency::{Daily, Monthly, Weekly};
    use WhyLeftOut::{EndsBeforeIt, NotWhole};
    // Good Friday's month: whole by Thursday's price, wherever the end lies from then on.
    for end in ["2024-03-28", "2024-03-29", "2024-03-31"] {
        assert_eq!(left_out(Monthly, end, "2024-06-28", "2024-06-30"), (date(end), None));
    }
    let march = date("2024-03-31");
    assert_eq!(left_out(Monthly, "2024-03-27", "2024-06-28", "2024-06-30").1, Some((march, EndsBeforeIt)));
    let behind = NotWhole { newest: date("2024-03-27") };
    assert_eq!(left_out(Monthly, "2024-03-31", "2024-03-27", "2024-06-30").1, Some((march, behind)));
    assert_eq!(left_out(Weekly, "2024-03-28", "2024-06-28", "2024-06-30").1, None);
    assert_eq!(left_out(Weekly, "2024-03-27", "2024-06-28", "2024-06-30").1, Some((date("2024-03-29"), EndsBeforeIt)));
    assert_eq!(left_out(Daily, "2024-03-27", "2024-06-28", "2024-06-30").1, None);
    // An end after today is today, and the month that it is in is not over.
    let after = left_out(Monthly, "2030-12-31", "2024-06-14", "2024-06-14");
    assert_eq!(after, (date("2024-06-14"), Some((date("2024-06-30"), EndsBeforeIt))));
}

#[test]
fn a_price_after_the_end_shows_that_a_period_was_over() {
    // No price on 30 April itself: the one of 1 May shows that the month was over.
    let request = WindowRequest { end: Some(date("2024-04-30")), ..request("2024-06-30") };
    let ends = |newest: &str| {
        let window = request.resolve(&[spy(newest, &["2024-04-30"])], &["SPY".parse().unwrap()]).unwrap();
        (window.cutoff, window.left_out.is_some())
    };
    assert_eq!(ends("2024-05-01"), (date("2024-04-30"), false));
    assert_eq!(ends("2024-04-29"), (date("2024-04-29"), true));
}

#[test]
fn weekly_and_daily_windows_end_with_what_is_newest() {
    let ends = |frequency, today: &str| {
        let window = WindowRequest { frequency, ..request(today) };
        window.resolve(&[spy(today, &[])], &["SPY".parse().unwrap()]).unwrap().end
    };
    // Wednesday: the newest whole week is the last one's, the newest day today.
    assert_eq!(ends(Frequency::Weekly, "2024-06-12"), date("2024-06-07"));
    assert_eq!(ends(Frequency::Daily, "2024-06-12"), date("2024-06-12"));
    // Thursday before Good Friday: the week is whole, its label tomorrow.
    assert_eq!(ends(Frequency::Weekly, "2024-03-28"), date("2024-03-28"));
    // Easter Sunday: Thursday is the newest day.
    assert_eq!(ends(Frequency::Daily, "2024-03-31"), date("2024-03-28"));
    assert_eq!(ends(Frequency::Weekly, "2024-03-31"), date("2024-03-29"));
}

#[test]
fn a_benchmark_that_has_stopped_judges_nothing() {
    let stopped = daily("SPY", "2020-01-01", "2022-06-30");
    check_end(&[stopped, daily("B", "2020-01-01", "2024-06-28")], "2024-07-10", "2024-06-30", "2024-06-28");
}

#[test]
fn an_end_before_all_prices_names_them() {
    let request = WindowRequest { end: Some(date("2019-06-30")), ..request("2024-06-30") };
    let (end, first, newest) = (date("2019-06-30"), date("2020-01-02"), date("2024-06-28"));
    assert_eq!(
        request.resolve(&[spy("2024-06-28", &[])], &[]),
        Err(WindowError::EndsBeforePrices { end, first, newest })
    );
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

/// Ten years of months, as many as without an end.
#[test]
fn an_end_to_come_leaves_the_start_where_it_is_without_one() {
    let prices = [daily("SPY", "2010-01-01", "2024-07-10")];
    let start = |end: Option<&str>| {
        let request = WindowRequest { end: end.map(date), ..request("2024-07-10") };
        request.resolve(&prices, &["SPY".parse().unwrap()]).unwrap().start
    };
    assert_eq!((start(None), start(Some("2030-12-31"))), (date("2014-06-30"), date("2014-06-30")));
    // An end in a month that is chosen counts from that month.
    assert_eq!(start(Some("2024-07-10")), date("2014-07-31"));
}

#[test]
fn one_price_a_month_names_its_month() {
    let rows = (0..30).map(|n| (date("2022-01-01").checked_add_months(chrono::Months::new(n)).unwrap(), 1.0));
    let monthly = PriceSeries::new("SPY".parse().unwrap(), PriceKind::Adjusted, rows);
    assert!(is_monthly(&monthly));
    assert!(price_of_month(&monthly, "2024-06-30").is_some());
    check_end(&[Arc::new(monthly)], "2024-07-10", "2024-06-30", "2024-06-30");
}

#[test]
fn a_month_whose_last_price_is_too_old_is_missing() {
    let stopped = daily("SPY", "2024-01-01", "2024-05-24");
    assert!(price_of_month(&stopped, "2024-05-31").is_some(), "seven days is not yet stale");
    let stopped = daily("SPY", "2024-01-01", "2024-05-23");
    assert!(price_of_month(&stopped, "2024-05-31").is_none(), "eight days is");
}

#[test]
fn a_window_does_not_run_backwards() {
    let prices = [daily("SPY", "2020-01-01", "2024-06-28")];
    let backwards = WindowRequest { start: Some(date("2024-07-01")), ..request("2024-07-10") };
    assert!(matches!(
        backwards.resolve(&prices, &[]),
        Err(WindowError::NoWholePeriod { .. } | WindowError::StartNotBeforeEnd { .. })
    ));
    let empty: [Arc<PriceSeries>; 0] = [];
    assert_eq!(request("2024-07-10").resolve(&empty, &[]), Err(WindowError::NoPrices));
}

#[test]
fn a_source_of_the_risk_free_rate_has_no_say_in_the_window() {
    // The coin's prices end on Friday 10 May, BIL's on 28 June: only the coin was asked for.
    let coin: PriceSeries = {
        let days = date("2020-01-01").iter_days().take_while(|day| *day <= date("2024-05-12"));
        PriceSeries::new(
            "BTC".parse().unwrap(),
            PriceKind::Close,
            days.enumerate().map(|(at, day)| (day, 1.0 + at as f64)),
        )
    };
    let prices = [Arc::new(coin), daily("BIL", "2010-01-01", "2024-06-28")];
    let (btc, bil): (Ticker, Ticker) = ("BTC".parse().unwrap(), "BIL".parse().unwrap());
    let ask = |silent: &[Ticker]| {
        let request = WindowRequest {
            benchmark: btc.clone(),
            silent: silent.to_vec(),
            frequency: Frequency::Weekly,
            ..request("2024-06-29")
        };
        request.resolve(&prices, std::slice::from_ref(&btc)).unwrap()
    };
    let alone = ask(std::slice::from_ref(&bil));
    assert_eq!(
        (alone.newest, alone.end, alone.cutoff),
        (date("2024-05-12"), date("2024-05-12"), date("2024-05-12")),
        "with its Sunday"
    );
    assert_eq!(ask(&[]).newest, date("2024-06-28"), "else BIL's would count");
}
