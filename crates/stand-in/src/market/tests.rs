use std::{fs, io::Write};

use chrono::NaiveDate;
use flate2::{Compression, write::GzEncoder};
use proptest::prelude::*;

use super::{Dividend, Market, ParYields};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// 100, 102, 99, and 2.04 paid out on the third day: 2 % of the close before.
fn three_days() -> Market {
    let market = Market::empty();
    let closes = [(day("2024-03-13"), 100.0), (day("2024-03-14"), 102.0), (day("2024-03-15"), 99.0)];
    market.add("AAA", &closes, &[Dividend { ex_date: day("2024-03-15"), amount: 2.04 }]);
    market
}

fn adjusted(market: &Market, today: &str) -> Vec<f64> {
    market.until(day(today)).expected_adj("AAA").iter().map(|row| row.1).collect()
}

#[test]
fn a_dividend_restates_the_closes_before_its_ex_date() {
    let market = three_days();
    // 1 - 2.04/102 = 0.98.
    assert_eq!(adjusted(&market, "2024-03-15"), [98.0, 99.96, 99.0]);
    // The day before nobody knows of it.
    assert_eq!(adjusted(&market, "2024-03-14"), [100.0, 102.0]);
    let closes: Vec<f64> = market.until(day("2024-03-15")).days("AAA").unwrap().iter().map(|day| day.close).collect();
    assert_eq!(closes, [100.0, 102.0, 99.0]);
}

#[test]
fn an_ex_date_without_a_row_counts_on_the_next_day() {
    let market = Market::empty();
    // 16 and 17 March 2024 are a weekend.
    let closes = [(day("2024-03-15"), 50.0), (day("2024-03-18"), 49.0)];
    market.add("AAA", &closes, &[Dividend { ex_date: day("2024-03-16"), amount: 1.0 }]);
    assert_eq!(adjusted(&market, "2024-03-18"), [49.0, 49.0]);
}

#[test]
fn two_dividends_multiply() {
    let market = three_days();
    market.add_dividend("AAA", Dividend { ex_date: day("2024-03-14"), amount: 10.0 });
    // The first row: 100 * 0.9 * 0.98.
    assert_eq!(adjusted(&market, "2024-03-15"), [88.2, 99.96, 99.0]);
}

#[test]
fn a_restatement_changes_adjusted_closes_before_its_date_only() {
    let market = three_days();
    market.restate_before("AAA", day("2024-03-14"), 0.5);
    assert_eq!(adjusted(&market, "2024-03-15"), [49.0, 99.96, 99.0]);
    market.remove("AAA");
    assert!(market.until(day("2024-03-15")).days("AAA").is_none());
}

#[test]
fn a_wide_file_is_served_as_it_stands() {
    let folder = tempfile::tempdir().unwrap();
    let mut packed = GzEncoder::new(fs::File::create(folder.path().join("p.csv.gz")).unwrap(), Compression::fast());
    packed.write_all(b"date,SPY,NEW\n2024-01-02,82.61871,\n2024-01-03,0.8539244,7.5\n").unwrap();
    packed.finish().unwrap();
    fs::write(folder.path().join("y.csv"), "date,UST3M,UST10Y\n2024-01-02,5.4,3.95\n").unwrap();
    let market = Market::from_wide_csv(folder.path()).unwrap();
    assert_eq!(market.tickers(), ["NEW", "SPY"]);
    assert_eq!(market.expected_adj("SPY"), [(day("2024-01-02"), 82.61871), (day("2024-01-03"), 0.853_924_4)]);
    assert_eq!(market.expected_adj("NEW"), [(day("2024-01-03"), 7.5)]);
    let rates = market.until(day("2024-12-31")).rates(day("2024-01-01"), day("2024-12-31"));
    assert_eq!(rates, [(day("2024-01-02"), ParYields([Some(5.4), None, None, Some(3.95), None]))]);
}

#[test]
fn a_bad_cell_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("p.csv");
    fs::write(&file, "date,SPY\n2024-01-02,1\n2024-01-03,-4\n").unwrap();
    let text = Market::from_wide_csv(&file).unwrap_err().to_string();
    assert!(text.ends_with("p.csv, line 3, column SPY: \"-4\" is not a price: it must be above 0"), "{text}");
    fs::write(&file, "date,SPY\n01/02/2024,1\n").unwrap();
    let text = Market::from_wide_csv(&file).unwrap_err().to_string();
    assert!(text.contains("not a date: write YYYY-MM-DD"), "{text}");
}

#[test]
fn a_simulated_market_pays_every_quarter() {
    let market = Market::simulated(&["SPY"], day("2023-01-01"), day("2024-12-31"));
    let view = market.until(day("2024-12-31"));
    let ex: Vec<String> = view.dividends("SPY").iter().map(|dividend| dividend.ex_date.to_string()).collect();
    // The weekdays on or after the 15th of each quarter's last month.
    let expected = [
        "2023-03-15",
        "2023-06-15",
        "2023-09-15",
        "2023-12-15",
        "2024-03-15",
        "2024-06-17",
        "2024-09-16",
        "2024-12-16",
    ];
    assert_eq!(ex, expected);
    let days = view.days("SPY").unwrap();
    assert_eq!((days[0].date, days[1].date), (day("2023-01-02"), day("2023-01-03")));
    assert!(days.iter().all(|one| one.date != day("2023-12-25") && one.date != day("2024-07-04")));
}

proptest! {
    #[test]
    fn an_adjusted_return_is_the_return_after_the_dividend(ticker in "[A-Z]{2,4}", end in 40i64..700) {
        let first = day("2020-01-01");
        let last = first + chrono::Duration::days(end);
        let market = Market::simulated(&[&ticker], first, last);
        let view = market.until(last);
        let (days, dividends) = (view.days(&ticker).unwrap(), view.dividends(&ticker));
        for pair in days.windows(2) {
            let paid: f64 = dividends.iter().filter(|one| one.ex_date == pair[1].date).map(|one| one.amount).sum();
            let truth = pair[1].close / (pair[0].close - paid);
            // Four decimals of prices of some ten dollars.
            prop_assert!((pair[1].adj_close / pair[0].adj_close - truth).abs() < 1e-4);
        }
        prop_assert_eq!(days.last().unwrap().close.to_bits(), days.last().unwrap().adj_close.to_bits());
        // More time changes no earlier close.
        let longer = Market::simulated(&[&ticker], first, last + chrono::Duration::days(200));
        prop_assert_eq!(longer.until(last).days(&ticker).unwrap(), days);
    }
}
