use chrono::NaiveDate;
use factor_types::{Category, PriceKind, SourceTier};

use super::*;

fn ticker(text: &str) -> Ticker {
    text.parse().unwrap()
}

fn history(name: &str, caveat: Option<&str>, complete: bool) -> Option<Result<History, PriceError>> {
    let rows = [(NaiveDate::from_ymd_opt(2024, 1, 2).unwrap(), 1.0)];
    let series = Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows));
    Some(Ok(History { caveat: caveat.map(str::to_owned), complete, ..series.into() }))
}

fn failed(fault: SourceFault) -> Option<Result<History, PriceError>> {
    Some(Err(PriceError::failed(fault, "it failed")))
}

fn unknown() -> Option<Result<History, PriceError>> {
    Some(Err(PriceError::NoData("never heard of it".to_owned())))
}

/// Answers for `A`, `B`, `C` ... in that order.
fn arrived(answers: Vec<Option<Result<History, PriceError>>>) -> Arrived {
    let tickers: Vec<Ticker> = ('A'..).take(answers.len()).map(|name| ticker(&name.to_string())).collect();
    Arrived::new(&tickers, answers)
}

#[test]
fn what_may_come_later_makes_it_incomplete() {
    assert!(arrived(vec![history("A", None, true), unknown()]).complete, "asking again gives no more");
    assert!(!arrived(vec![history("A", None, false)]).complete);
    assert!(!arrived(vec![failed(SourceFault::Unusable)]).complete);
    let late = arrived(vec![history("A", None, true), None]);
    assert!(!late.complete);
    assert_eq!(
        late.warnings(),
        ["partial: 1 of 2 histories did not arrive in time; call again and the rest is fetched"]
    );
}

#[test]
fn who_is_lost_and_who_is_missing_depends_on_the_universe() {
    let all = arrived(vec![history("A", None, true), unknown(), failed(SourceFault::Plan)]);
    let factor = |name: &str| Arc::new(Factor::new(ticker(name), name, Category::Style, SourceTier::Request));
    let lost = all.lost(&[factor("A"), factor("B")]);
    assert_eq!(lost.len(), 1);
    assert_eq!((lost[0].ticker.as_str(), lost[0].reason), ("B", ExclusionReason::NoData));
    assert_eq!(lost[0].detail, "never heard of it");
    assert_eq!(all.also_missing(&[factor("A"), factor("B")]), [(ticker("C"), "it failed".to_owned())]);
}

#[test]
fn a_failure_counts_only_where_it_says_something_of_the_ticker() {
    use SourceFault::{Auth, Late, Limited, Plan, Unavailable, Unusable};
    let counted = |answers| -> Vec<(String, ExclusionReason)> {
        arrived(answers).own_failures().into_iter().map(|one| (one.ticker.to_string(), one.reason)).collect()
    };
    let fetch = ExclusionReason::FetchFailed;
    assert_eq!(
        counted(vec![unknown(), failed(Plan), failed(Unusable), failed(Auth), failed(Limited), failed(Late), None]),
        [("A".to_owned(), ExclusionReason::NoData), ("B".to_owned(), fetch), ("C".to_owned(), fetch),]
    );
    assert_eq!(counted(vec![failed(Unavailable)]), [], "the vendor is away for all");
    assert_eq!(counted(vec![failed(Unavailable), history("B", None, true)]), [("A".to_owned(), fetch)]);
}

#[test]
fn the_fault_is_the_one_to_do_something_about() {
    use SourceFault::{Auth, Late, Unavailable, Unusable};
    assert_eq!(arrived(vec![failed(Unusable), failed(Late), failed(Unavailable)]).worst_fault(), Some(Late));
    assert_eq!(arrived(vec![failed(Late), failed(Auth)]).worst_fault(), Some(Auth));
    assert_eq!(arrived(vec![failed(Auth), unknown()]).worst_fault(), None, "the source answered for one");
    assert_eq!(arrived(vec![]).worst_fault(), None);
}

#[test]
fn tickers_with_the_same_caveat_share_a_line() {
    let names: Vec<String> = ('A'..='J').map(String::from).collect();
    let mut answers: Vec<_> = names.iter().map(|name| history(name, Some("prices of yesterday"), true)).collect();
    answers[1] = history("B", Some("the close"), true);
    assert_eq!(arrived(answers).warnings(), ["A, C, D, E, F and 4 more: prices of yesterday", "B: the close"]);
}

#[test]
fn remarks_of_single_tickers_are_not_told_without_end() {
    let names: Vec<String> = ('A'..='Z').map(String::from).collect();
    let answers = names.iter().map(|name| history(name, Some(&format!("remark of {name}")), true)).collect();
    let told = arrived(answers).warnings();
    assert_eq!((told.len(), told[4].as_str()), (6, "E: remark of E"));
    assert_eq!(told[5], "F, G, H, I, J and 16 more: each has a remark of its own; ask for fewer factors to see them");
}

fn kept(name: &str, until: u32) -> Option<Result<History, PriceError>> {
    let mut answer = history(name, Some("in words"), false);
    let until = NaiveDate::from_ymd_opt(2024, 1, until);
    let why = format!("{name} failed");
    if let Some(Ok(history)) = &mut answer {
        history.stale = Some(Stale { why, until });
    }
    answer
}

#[test]
fn what_could_not_be_refreshed_is_one_line_whatever_the_reasons() {
    let told = arrived(vec![kept("A", 2), kept("B", 2), history("C", None, true)]).warnings();
    assert_eq!(told, ["A, B could not be refreshed (A failed); the prices kept up to 2024-01-02 are used"]);
    let told = arrived(('A'..='H').map(|name| kept(&name.to_string(), u32::from(name) - 63)).collect()).warnings();
    let dates = "between 2024-01-02 and 2024-01-09";
    let line =
        format!("A, B, C, D, E and 3 more could not be refreshed (A failed); the prices kept up to {dates} are used");
    assert_eq!(told, [line]);
}

#[test]
fn where_many_fall_to_closes_the_adjusted_prices_kept_are_used() {
    let fell = |name: &str| {
        let mut answer = history(name, Some("closes are used"), true);
        if let Some(Ok(history)) = &mut answer {
            let rows = [(NaiveDate::from_ymd_opt(2023, 12, 29).unwrap(), 2.0)];
            history.adjusted_before = Some(Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows)));
        }
        answer
    };
    let others = |count: u8| (0..count).map(|at| history(&format!("T{at}"), None, true));
    // One of ten is a tenth; two of eleven are more.
    let one = arrived(std::iter::once(fell("A")).chain(others(9)).collect());
    assert_eq!((one.series[0].prices(), one.warnings()), (&[1.0][..], vec!["A: closes are used".to_owned()]));
    let two = arrived([fell("A"), fell("B")].into_iter().chain(others(9)).collect());
    assert_eq!((two.series[0].prices(), two.series[1].prices()), (&[2.0][..], &[2.0][..]));
    let told = two.warnings();
    assert!(
        told.len() == 1 && told[0].starts_with("A, B could not be refreshed (the source has closes only"),
        "{told:?}"
    );
    assert!(told[0].ends_with("the prices kept up to 2023-12-29 are used"), "{told:?}");
    assert!(two.complete, "asking again gives no more today");
}

#[test]
fn what_a_source_tells_is_told_of_kept_prices_too() {
    let ticker: Ticker = "VOD".parse().unwrap();
    let since = "2020-01-02".parse().unwrap();
    let mut old = history("VOD", None, false).unwrap().unwrap();
    old.currency = Some("GBp".to_owned());
    old.oddities.frozen_since = Some(since);
    old.stale = Some(Stale { why: "it is down".to_owned(), until: None });
    let arrived = Arrived::new(std::slice::from_ref(&ticker), vec![Some(Ok(old))]);
    let currency = Told::Currency { ticker: ticker.clone(), currency: "GBp".to_owned() };
    assert_eq!(arrived.told, [currency, Told::Frozen { ticker, since }]);
    // Dollars are what is expected.
    let mut dollars = history("SPY", None, true).unwrap().unwrap();
    dollars.currency = Some("USD".to_owned());
    assert!(Arrived::new(&["SPY".parse().unwrap()], vec![Some(Ok(dollars))]).told.is_empty());
}
