use chrono::Datelike;
use factor_types::{Calendar, PriceKind};
use proptest::prelude::*;

use super::*;

fn date(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn series(ticker: &str, rows: &[(&str, f64)]) -> Arc<PriceSeries> {
    let rows = rows.iter().map(|(day, price)| (date(day), *price));
    Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows))
}

fn window(frequency: Frequency, start: &str, cutoff: &str) -> Window {
    Window::whole(frequency, date(start), date(cutoff))
}

#[test]
fn months_by_hand() {
    let a = series(
        "A",
        &[
            ("2024-01-30", 90.0),
            ("2024-01-31", 100.0),
            ("2024-02-15", 5.0),
            ("2024-02-29", 110.0),
            ("2024-03-28", 99.0),
        ],
    );
    let b = series("B", &[("2024-01-31", 50.0), ("2024-02-20", 60.0), ("2024-03-28", 75.0), ("2024-04-01", 1.0)]);
    let panel = Panel::build(window(Frequency::Monthly, "2024-01-31", "2024-03-29"), &[a, b]).unwrap();
    assert_eq!(panel.base(), date("2024-01-31"));
    assert_eq!(panel.labels(), [date("2024-02-29"), date("2024-03-31")]);
    let a = panel.column(0);
    assert!((a[0] - 0.1).abs() < 1e-15 && (a[1] + 0.1).abs() < 1e-15);
    // B's last price of February is nine days before the month's end: February is missing, and so is March's return.
    assert!(panel.column(1).iter().all(|r| r.is_nan()));
    assert_eq!(panel.as_of(), date("2024-03-28"));
    assert_eq!(panel.columns()[0].priced, Some(1..5));
}

#[test]
fn a_start_within_a_month_takes_that_month_whole() {
    let rows: Vec<_> = date("2023-12-01").iter_days().take(120).map(|day| (day, f64::from(day.ordinal()))).collect();
    let prices = Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Adjusted, rows));
    let labels = |start| {
        let panel =
            Panel::build(window(Frequency::Monthly, start, "2024-03-29"), std::slice::from_ref(&prices)).unwrap();
        (panel.base(), panel.labels()[0])
    };
    assert_eq!(labels("2024-01-15"), (date("2023-12-31"), date("2024-01-31")));
    assert_eq!(labels("2024-01-31"), (date("2024-01-31"), date("2024-02-29")));
}

#[test]
fn weeks_end_on_friday_and_take_the_last_price() {
    let a = series(
        "A",
        &[
            ("2024-01-04", 100.0),
            ("2024-01-10", 1.0),
            ("2024-01-11", 110.0),
            ("2024-01-15", 3.0),
            ("2024-01-19", 121.0),
        ],
    );
    let panel = Panel::build(window(Frequency::Weekly, "2024-01-05", "2024-01-19"), &[a]).unwrap();
    assert_eq!(
        (panel.base(), panel.labels()),
        (date("2024-01-05"), [date("2024-01-12"), date("2024-01-19")].as_slice())
    );
    assert!(panel.column(0).iter().all(|r| (r - 0.1).abs() < 1e-12));
}

#[test]
fn days_need_half_of_those_alive() {
    let a = series("A", &[("2024-01-02", 1.0), ("2024-01-03", 2.0), ("2024-01-04", 3.0), ("2024-01-05", 3.0)]);
    let b = series("B", &[("2024-01-02", 1.0), ("2024-01-04", 2.0), ("2024-01-05", 2.0)]);
    // C lives from 5 January without a price on the 3rd's neighbours: the 3rd has 1 of 2 alive, the 8th (C only) 1 of 1.
    // On Saturday the 6th New York is closed, and what stands there was filled in.
    let c = series("C", &[("2024-01-05", 1.0), ("2024-01-06", 1.0), ("2024-01-08", 2.0)]);
    let panel = Panel::build(window(Frequency::Daily, "2024-01-02", "2024-01-08"), &[a, b, c]).unwrap();
    assert_eq!(panel.base(), date("2024-01-02"));
    let days: Vec<u32> = panel.labels().iter().map(|day| day.day()).collect();
    assert_eq!(days, [3, 4, 5, 8]);
    assert_eq!(panel.column(0)[0], 1.0);
    assert!(panel.column(1)[0].is_nan() && panel.column(1)[1].is_nan() && panel.column(1)[2] == 0.0);
}

#[test]
fn monthly_prices_refuse_daily_returns() {
    let a = series("A", &[("2024-01-31", 1.0), ("2024-02-29", 1.0), ("2024-03-28", 1.0), ("2024-04-30", 1.0)]);
    let refused =
        Panel::build(window(Frequency::Daily, "2024-01-31", "2024-04-30"), std::slice::from_ref(&a)).unwrap_err();
    assert!(matches!(refused, PanelError::Unsupported { bars: Spacing::Monthly, .. }));
    assert!(Panel::build(window(Frequency::Monthly, "2024-01-31", "2024-04-30"), &[a]).is_ok());
}

#[test]
fn a_window_before_the_data_has_no_periods() {
    let a = series("A", &[("2024-01-31", 1.0), ("2024-02-29", 1.0)]);
    let refused = Panel::build(window(Frequency::Monthly, "2020-01-31", "2021-01-29"), &[a]).unwrap_err();
    assert!(matches!(refused, PanelError::NoPeriods { .. }));
}

proptest! {
    /// Whatever the gaps, a return is there exactly when both of its prices are.
    #[test]
    fn returns_are_missing_exactly_where_a_price_is(present in prop::collection::vec(any::<bool>(), 4..30)) {
        let first = date("2020-01-31");
        let rows: Vec<_> = present.iter().enumerate().filter(|(_, there)| **there)
            .map(|(n, _)| (first.checked_add_months(chrono::Months::new(n as u32)).unwrap().month_end(), 10.0 + n as f64)).collect();
        prop_assume!(!rows.is_empty());
        // A second series of daily-like completeness keeps every row and keeps the first from counting as monthly.
        let dense: Vec<_> = (0..present.len() as u32).map(|n| (first.checked_add_months(chrono::Months::new(n)).unwrap().month_end(), 1.0)).collect();
        let end = dense.last().unwrap().0;
        let (a, b) = (
            Arc::new(PriceSeries::new("A".parse().unwrap(), PriceKind::Adjusted, rows)),
            Arc::new(PriceSeries::new("B".parse().unwrap(), PriceKind::Adjusted, dense)),
        );
        let panel = Panel::build(Window::whole(Frequency::Monthly, first, end), &[a, b]).unwrap();
        prop_assert_eq!(panel.rows(), present.len() - 1);
        for (row, r) in panel.column(0).iter().enumerate() {
            prop_assert_eq!(r.is_finite(), present[row] && present[row + 1]);
        }
    }
}

#[test]
fn a_holiday_at_the_end_is_no_day_of_most_whatever_trades_on_it() {
    // Thursday 2024-03-28 and Monday 2024-04-01 have all prices, Good Friday the coin's alone.
    let days = |all: &[&str]| all.iter().map(|day| (date(day), 100.0)).collect::<Vec<_>>();
    let series = |name: &str, rows| Arc::new(PriceSeries::new(name.parse().unwrap(), PriceKind::Close, rows));
    let fund = |name: &str| series(name, days(&["2024-03-26", "2024-03-27", "2024-03-28", "2024-04-01"]));
    let coin = series("COIN", days(&["2024-03-26", "2024-03-27", "2024-03-28", "2024-03-29", "2024-04-01"]));
    let window = Window::whole(Frequency::Daily, date("2024-03-26"), date("2024-03-29"));
    let panel = Panel::build(window, &[fund("A"), fund("B"), coin]).unwrap();
    assert_eq!(panel.labels(), [date("2024-03-27"), date("2024-03-28")]);
}
