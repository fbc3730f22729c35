use factor_types::{Category, PriceKind, SourceTier};
use proptest::prelude::*;

use super::*;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn factor(class: AssetClass) -> Factor {
    let mut factor = Factor::new("FUND".parse().unwrap(), "fund", Category::Custom, SourceTier::Request);
    factor.asset_class = Some(class);
    factor
}

fn prices(rows: &[(&str, f64)]) -> PriceSeries {
    let rows = rows.iter().map(|(date, price)| (day(date), *price));
    PriceSeries::new("FUND".parse().unwrap(), PriceKind::Adjusted, rows)
}

fn basis(class: AssetClass, rows: &[(&str, f64)], as_of: &str, today: &str) -> YieldBasis {
    YieldBasis::of(&factor(class), &prices(rows), None, day(as_of), day(today))
}

/// Paid on the day a year before: no longer in. On the day itself: in.
#[test]
fn a_year_begins_after_its_first_day_and_ends_with_its_last() {
    let paid =
        [("2022-12-30", 64.0), ("2022-12-31", 32.0), ("2023-01-01", 1.0), ("2023-12-31", 2.0), ("2024-01-01", 16.0)];
    let paid = || paid.iter().map(|(date, amount)| (day(date), *amount));
    assert_eq!(trailing_twelve_months(paid(), day("2023-12-31")), 3.0);
    assert_eq!(trailing_twelve_months(paid().rev(), day("2023-12-31")), 3.0);
    assert_eq!(trailing_twelve_months([], day("2023-12-31")), 0.0);
    // 29 February has no twin a year before: the year begins after the 28th.
    assert_eq!(year_before(day("2024-02-29")), day("2023-02-28"));
}

#[test]
fn four_quarters_over_the_latest_close() {
    // 4 x 0.70 over 112.
    assert_eq!(dividend_yield(Some(AssetClass::Equity), 4.0 * 0.7, 112.0), Ok(2.8 / 112.0));
    assert_eq!(dividend_yield(Some(AssetClass::Equity), 0.0, 112.0), Ok(0.0));
    assert_eq!(dividend_yield(Some(AssetClass::Bond), -1.0, 112.0), Ok(0.0));
}

#[test]
fn what_cannot_be_is_not_believed_and_told_with_its_value() {
    // 20/100 is a lot for a share and too much for a bond; the limits themselves are in.
    assert_eq!(dividend_yield(Some(AssetClass::Equity), 20.0, 100.0), Ok(0.2));
    assert_eq!(
        dividend_yield(Some(AssetClass::Bond), 20.0, 100.0),
        Err("0.2000 is not believed: above 0.15 for bonds and cash".to_owned())
    );
    assert!(dividend_yield(Some(AssetClass::Cash), 20.0, 100.0).is_err());
    assert_eq!(dividend_yield(Some(AssetClass::Bond), 15.0, 100.0), Ok(0.15));
    assert_eq!(dividend_yield(Some(AssetClass::Equity), 25.0, 100.0), Ok(0.25));
    assert!(dividend_yield(Some(AssetClass::Equity), 25.1, 100.0).unwrap_err().contains("0.2510"));
}

#[test]
fn the_close_is_the_last_price_at_or_before_the_window_s_end() {
    let rows = [("2023-12-28", 110.0), ("2023-12-29", 112.0), ("2024-01-05", 500.0)];
    let open = |close| YieldBasis::Dividends { close };
    assert_eq!(basis(AssetClass::Equity, &rows, "2023-12-29", "2024-01-10"), open(112.0));
    assert_eq!(basis(AssetClass::Equity, &rows, "2023-12-31", "2024-01-10"), open(112.0));
    // 35 days are the present, 36 are not.
    assert_eq!(basis(AssetClass::Bond, &rows, "2023-12-29", "2024-02-02"), open(112.0));
    assert_eq!(
        basis(AssetClass::Bond, &rows, "2023-12-29", "2024-02-03"),
        YieldBasis::Undefined(
            "without closes beside adjusted prices a dividend yield is of today; this window ends on 2023-12-29"
                .to_owned()
        )
    );
}

#[test]
fn a_close_beside_the_adjusted_price_gives_a_yield_of_any_window() {
    let adjusted = prices(&[("2015-12-31", 80.0), ("2024-01-05", 120.0)]);
    let of = |close: Option<(&str, f64)>, series: &PriceSeries| {
        let close = close.map(|(date, close)| (day(date), close));
        YieldBasis::of(&factor(AssetClass::Equity), series, close, day("2015-12-31"), day("2024-01-10"))
    };
    // 100 was paid for a share, of which the price adjusted for what came after is 80.
    assert_eq!(of(Some(("2015-12-30", 100.0)), &adjusted), YieldBasis::Dividends { close: 100.0 });
    assert!(matches!(of(None, &adjusted), YieldBasis::Undefined(_)));
    let closes = PriceSeries::new("FUND".parse().unwrap(), PriceKind::Close, [(day("2015-12-31"), 101.0)]);
    assert_eq!(of(None, &closes), YieldBasis::Dividends { close: 101.0 });
    // It had stopped by then.
    let old = YieldBasis::Undefined("its last close is of 2015-11-25, long before 2015-12-31".to_owned());
    assert_eq!(of(Some(("2015-11-25", 100.0)), &adjusted), old);
}

#[test]
fn a_stopped_fund_has_no_yield_of_today() {
    let rows = [("2023-06-15", 100.0)];
    assert_eq!(
        basis(AssetClass::Equity, &rows, "2023-12-29", "2024-01-10"),
        YieldBasis::Undefined("dividend yields are of today; its last price is of 2023-06-15".to_owned())
    );
    assert!(matches!(basis(AssetClass::Equity, &[], "2023-12-29", "2024-01-10"), YieldBasis::Undefined(_)));
}

#[test]
fn what_commodities_and_coins_pay_is_what_is_known_of_the_fund() {
    let rows = [("2023-12-29", 112.0)];
    let of = |class, pays_income| {
        let mut factor = factor(class);
        factor.facts.pays_income = pays_income;
        YieldBasis::of(&factor, &prices(&rows), None, day("2023-12-29"), day("2024-01-10"))
    };
    for class in [AssetClass::Commodity, AssetClass::Crypto] {
        assert_eq!(of(class, Some(false)), YieldBasis::NonPaying);
        assert_eq!(of(class, Some(true)), YieldBasis::Dividends { close: 112.0 });
        assert_eq!(of(class, None), YieldBasis::Dividends { close: 112.0 }, "the source may list some");
    }
    assert_eq!(of(AssetClass::Equity, Some(false)), YieldBasis::NonPaying, "whatever the class");
    assert_eq!(of(AssetClass::Bond, None), YieldBasis::Dividends { close: 112.0 });
}

#[test]
fn a_composite_s_is_the_weighted_mean_of_the_known() {
    let (two, five, none) = (Ok(0.02), Ok(0.05), Err("no dividends".to_owned()));
    // (3 x 0.02 + 1 x 0.05) / 4 = 0.0275.
    assert_eq!(composite_yield(&[(3.0, &two), (1.0, &five)]), Ok(0.0275));
    // Half of the weight is enough; the other half is left out, not taken as zero.
    assert_eq!(composite_yield(&[(2.0, &two), (1.0, &none), (1.0, &none)]), Ok(0.02));
    assert_eq!(composite_yield(&[(1.9, &two), (1.1, &none), (1.0, &none)]), Err(TOO_FEW_MEMBERS.to_owned()));
    assert_eq!(composite_yield(&[(1.0, &none), (3.0, &none)]), Err("no dividends".to_owned()));
    assert_eq!(composite_yield(&[(1.0, &none), (3.0, &Err("late".to_owned()))]), Err(TOO_FEW_MEMBERS.to_owned()));
    assert_eq!(composite_yield(&[]), Err(TOO_FEW_MEMBERS.to_owned()));
}

proptest! {
    #[test]
    fn a_composite_s_lies_between_its_members(members in prop::collection::vec((0.1f64..10.0, 0.0f64..0.25), 1..9)) {
        let yields: Vec<Result<f64, String>> = members.iter().map(|(_, found)| Ok(*found)).collect();
        let weighed: Vec<_> = members.iter().zip(&yields).map(|((weight, _), found)| (*weight, found)).collect();
        let (low, high) = members.iter().fold((1.0f64, 0.0f64), |(low, high), (_, y)| (low.min(*y), high.max(*y)));
        let mean = composite_yield(&weighed).unwrap();
        prop_assert!((low - 1e-12..=high + 1e-12).contains(&mean), "{mean} of {low}..{high}");
    }
}
