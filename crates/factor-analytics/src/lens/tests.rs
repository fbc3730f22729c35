use super::*;
use crate::test_study::{near, noise};

const RULE: LensRule = LensRule { window: 120, half_life: 36.0, least: 36 };

/// Excess returns with loads on those before them.
fn planted(rows: usize) -> Vec<(LensFactor, Vec<f64>)> {
    let mut all: Vec<(LensFactor, Vec<f64>)> = Vec::new();
    for (at, factor) in LensFactor::ALL.into_iter().enumerate() {
        let mut draw = noise(7 + at as u64);
        let own: Vec<f64> = (0..rows).map(|_| 0.1 * draw()).collect();
        let load = if at < AS_THEY_ARE { 0.0 } else { 0.6 };
        let values = (0..rows)
            .map(|row| own[row] + all.iter().map(|(_, before)| load / (at as f64).max(1.0) * before[row]).sum::<f64>());
        let values = values.collect();
        all.push((factor, values));
    }
    all
}

#[test]
fn truncating_the_future_changes_nothing() {
    let whole = Lens::of(planted(300), RULE);
    for rows in [37, 120, 121, 200, 299] {
        let cut = planted(300).into_iter().map(|(factor, values)| (factor, values[..rows].to_vec())).collect();
        let cut = Lens::of(cut, RULE);
        for (own, all) in cut.columns.iter().zip(&whole.columns) {
            let bits = |values: &[f64]| values.iter().map(|value| value.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(&own.values), bits(&all.values[..rows]), "{} of {rows} rows", own.factor);
            assert_eq!(own.slopes(rows), all.slopes(rows), "what the next row needs is known before it");
        }
    }
}

#[test]
fn what_was_planted_in_a_factor_by_those_before_it_is_taken_out() {
    let lens = Lens::of(planted(2_000), RULE);
    let raw = Lens {
        columns: lens.columns.iter().map(|one| LensColumn { values: one.raw.clone(), ..one.clone() }).collect(),
        rule: RULE,
    };
    let most = |of: &Lens| of.most_correlated(36..2_000, 36).unwrap().correlation.abs();
    // 66 pairs of noise on 1964 rows: the largest is about 3 / sqrt(1964).
    assert!(most(&lens) < 0.10, "{}", most(&lens));
    assert!(most(&raw) > 0.25, "{}", most(&raw));
}

#[test]
fn the_first_two_are_as_they_are_and_nothing_is_there_before_its_36th_row() {
    let lens = Lens::of(planted(60), RULE);
    let equity = lens.column(LensFactor::Equity).unwrap();
    assert!(equity.values[..36].iter().all(|value| value.is_nan()));
    assert_eq!(equity.values[36..], equity.raw[36..]);
    assert_eq!((equity.slopes(35), equity.slopes(36)), (None, Some(&[][..])));
    assert_eq!(lens.column(LensFactor::Rates).unwrap().slopes(60), Some(&[0.0][..]));
    assert!(lens.column(LensFactor::Gold).unwrap().slopes(61).is_none(), "past the row after the last");
}

#[test]
fn the_intercept_stays() {
    // Credit is 0.5 equity + 1% exactly, whatever the weights: what is left is the 1%.
    let mut draw = noise(3);
    let equity: Vec<f64> = (0..80).map(|_| 0.1 * draw()).collect();
    let credit = equity.iter().map(|r| 0.5 * r + 0.01).collect();
    let lens = Lens::of(vec![(LensFactor::Equity, equity), (LensFactor::Credit, credit)], RULE);
    let credit = lens.column(LensFactor::Credit).unwrap();
    credit.values[36..].iter().for_each(|value| near(*value, 0.01));
    near(credit.slopes(80).unwrap()[0], 0.5);
}

#[test]
fn a_copy_of_a_factor_and_one_that_stands_still_have_no_slope_of_their_own() {
    let mut draw = noise(5);
    let equity: Vec<f64> = (0..80).map(|_| 0.1 * draw()).collect();
    let credit: Vec<f64> = equity.iter().map(|r| 0.5 * r + 0.02 * draw()).collect();
    let raw = vec![
        (LensFactor::Equity, equity.clone()),
        (LensFactor::Rates, vec![0.003; 80]),
        (LensFactor::Credit, equity.iter().map(|r| 2.0 * r).collect()),
        (LensFactor::Gold, credit.clone()),
    ];
    let lens = Lens::of(raw, RULE);
    let slopes = lens.column(LensFactor::Gold).unwrap().slopes(80).unwrap().to_vec();
    assert_eq!((slopes[1], slopes[2]), (0.0, 0.0));
    let alone = Lens::of(vec![(LensFactor::Equity, equity), (LensFactor::Gold, credit)], RULE);
    near(slopes[0], alone.columns[1].slopes(80).unwrap()[0]);
}

#[test]
fn rows_of_weeks_and_days_stand_for_the_same_months() {
    assert_eq!(LensRule::of(12.0), RULE);
    assert_eq!(LensRule::of(52.0), LensRule { window: 520, half_life: 156.0, least: 156 });
    assert_eq!(LensRule::of(252.0), LensRule { window: 2520, half_life: 756.0, least: 756 });
    let tickers: Vec<String> = LensFactor::tickers().map(|ticker| ticker.to_string()).collect();
    assert_eq!((tickers.len(), tickers[8].as_str(), tickers[9].as_str()), (13, "IVE", "IVW"));
}
