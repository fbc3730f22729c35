use std::sync::Arc;

use chrono::NaiveDate;
use factor_types::{Category, Maturity, PriceKind, PriceSeries, YieldTable};

use super::*;
use crate::{
    Panel, Study,
    observer::{Silent, tests::StopAt},
    panel::Window,
    regime::RegimeError,
    test_study::{Fund, month_end, near, study, ticker, yields},
};
use factor_types::Frequency;

const NAN: f64 = f64::NAN;

fn named(names: &[&str]) -> Vec<PeriodName> {
    names.iter().flat_map(|name| PeriodName::named(name).unwrap()).collect()
}

fn plan(study: &Study, periods: &[&str]) -> ComparePlan {
    let series = study.factors.iter().map(|one| Compared { ticker: one.factor.ticker.clone(), column: one.column });
    ComparePlan {
        series: series.collect(),
        pairs: true,
        rolling_windows: vec![12],
        periods: named(periods),
        condition: None,
        side_by_side: true,
        calendar_years: true,
    }
}

fn report(study: &Study, periods: &[&str]) -> Result<CompareReport, PeriodError> {
    CompareReport::compute(study, &plan(study, periods), &mut Silent)
}

/// A pseudo-random return of a few per cent.
fn value(at: usize, step: usize) -> f64 {
    ((at * step + 11) % 101) as f64 / 1000.0 - 0.05
}

/// Three years from January 2010: B is A in the first, its opposite in the second, neither in the third.
fn three_years() -> Study {
    let a: Vec<f64> = (0..36).map(|at| value(at, 37)).collect();
    let b: Vec<f64> = a
        .iter()
        .enumerate()
        .map(|(at, a)| match at / 12 {
            0 => *a + value(at, 53) / 10.0,
            1 => -a + value(at, 53) / 10.0,
            _ => value(at, 59),
        })
        .collect();
    study(&[Fund::new("A", Category::Style, &a), Fund::new("B", Category::Style, &b)], YieldTable::default())
}

#[test]
fn names_stand_for_periods_and_are_told_in_their_own_form() {
    let read = |text: &str| -> Vec<(String, PeriodRows)> {
        PeriodName::named(text).unwrap().into_iter().map(|one| (one.name, one.rows)).collect()
    };
    let names = |text: &str| read(text).into_iter().map(|(name, _)| name).collect::<Vec<_>>();
    assert_eq!(read(" ALL "), [("all".to_owned(), PeriodRows::All)]);
    assert_eq!(read("Other"), [("other".to_owned(), PeriodRows::Other)]);
    for name in [
        "2015",
        "2022-03",
        "2022Q1",
        "2025H1",
        "2008/2009",
        "2020-02/2020-04",
        "2020-02-19/2020-03-23",
        "high_vol",
        "3y",
        "ytd",
    ] {
        assert_eq!(names(name), [name]);
    }
    assert_eq!(names("2020..2022"), ["2020", "2021", "2022"]);
    let quarter = PeriodName::named("2022q1").unwrap().remove(0);
    let day = |text: &str| text.parse::<NaiveDate>().unwrap();
    let whole = crate::regime::Regime::Dates { from: day("2022-01-01"), to: day("2022-03-31") };
    assert_eq!((quarter.rows, quarter.base()), (PeriodRows::Regime(whole), Some(day("2021-12-31"))));
    for wrong in ["", "1d", "mtd", "crisis", "2022/2021", "2022-13"] {
        assert!(PeriodName::named(wrong).unwrap_err().starts_with("write 2022"), "{wrong}");
    }
}

#[test]
fn periods_have_their_rows_and_other_has_the_rest() {
    let study = three_years();
    let found = Period::resolve(&study, &named(&["other", "2011", "all"])).unwrap();
    let seen: Vec<(&str, usize, NaiveDate, NaiveDate)> =
        found.iter().map(|one| (one.name.as_str(), one.count, one.from, one.to)).collect();
    assert_eq!(
        seen,
        [
            ("other", 24, month_end(1), month_end(36)),
            ("2011", 12, month_end(13), month_end(24)),
            ("all", 36, month_end(1), month_end(36)),
        ]
    );
    let back = Period::resolve(&study, &named(&["1y", "other"])).unwrap();
    assert_eq!((back[0].from, back[1].to), (month_end(25), month_end(24)));
    // The window has a part of these dates.
    let cut = |name: &str| Period::resolve(&study, &named(&[name])).unwrap()[0].cut;
    assert_eq!([cut("2010"), cut("2009/2010"), cut("2012/2013"), cut("2012")], [false, true, true, false]);
}

#[test]
fn periods_that_cannot_be_compared_say_why() {
    let study = three_years();
    let refused = |names: &[&str]| Period::resolve(&study, &named(names)).unwrap_err();
    let overlap = refused(&["2010/2011", "2011/2012"]);
    assert_eq!(
        overlap.to_string(),
        "periods 2010/2011 and 2011/2012 overlap: they share 12 periods from 2011-01-31 to 2011-12-31"
    );
    assert!(matches!(refused(&["2010", "2010"]), PeriodError::Overlap { at: 1, rows: 12, .. }));
    assert_eq!(
        refused(&["2010", "2011Q1"]).to_string(),
        "period 2011Q1 has 3 of the window's 36 monthly periods (from 2010-01-31 to 2012-12-31), at least 12 are needed"
    );
    assert!(matches!(refused(&["2010..2012", "other"]), PeriodError::TooFewRows { at: 3, rows: 0, .. }));
    assert!(matches!(refused(&["5y"]), PeriodError::NotCovered { at: 0, .. }));
    let none = refused(&["rate_shock"]);
    assert!(matches!(none, PeriodError::Regime { at: 0, error: RegimeError::NoData { .. } }), "{none}");
}

#[test]
fn a_period_is_a_sample_of_its_own() {
    let study = three_years();
    let report = report(&study, &["2010", "2011", "all"]).unwrap().periods.unwrap();
    let panel = study.panel();
    let r = |rows: std::ops::Range<usize>| {
        crate::correlation::pearson(&panel.column(0)[rows.clone()], &panel.column(1)[rows], 2).r.unwrap()
    };
    let found: Vec<(&str, usize, f64)> = report
        .correlations
        .iter()
        .map(|one| (one.period.as_str(), one.estimate.n, one.estimate.correlation.unwrap()))
        .collect();
    assert_eq!(found, [("2010", 12, r(0..12)), ("2011", 12, r(12..24)), ("all", 36, r(0..36))]);
    // The whole window holds both, so that there is one difference.
    let [difference] = report.differences.as_slice() else { panic!("{:?}", report.differences) };
    near(difference.difference.unwrap(), r(0..12) - r(12..24));
    assert_eq!((difference.first.as_str(), difference.second.as_str()), ("2010", "2011"));
    assert_eq!(difference.method, DifferenceMethod::FisherZ);
    assert!(difference.p.unwrap() < 1e-6 && difference.interval.unwrap()[0] > 1.0);
}

#[test]
fn a_pair_without_rows_in_a_period_has_no_difference_and_says_why() {
    let a: Vec<f64> = (0..36).map(|at| value(at, 37)).collect();
    // It begins in October 2010: three returns of that year.
    let late: Vec<f64> = (0..36).map(|at| if at < 9 { NAN } else { value(at, 53) }).collect();
    let study =
        study(&[Fund::new("A", Category::Style, &a), Fund::new("B", Category::Style, &late)], YieldTable::default());
    let report = report(&study, &["2010", "2011"]).unwrap();
    let periods = report.periods.as_ref().unwrap();
    assert_eq!((periods.correlations[0].estimate.n, periods.correlations[0].estimate.correlation), (3, None));
    assert_eq!((periods.differences[0].difference, periods.differences[0].p), (None, None));
    let why = |section: &str| {
        let of = report.undefined.iter().find(|one| one.section == section).unwrap();
        (of.row[0].clone(), of.field.clone(), of.reason.clone())
    };
    let own = |row: &str, field: &str, why: &str| (row.to_owned(), field.to_owned(), why.to_owned());
    assert_eq!(why("periods.correlations"), own("A/B 2010", "correlation", "3 common periods, 12 needed"));
    assert_eq!(
        why("periods.differences"),
        own("A/B 2010 less 2011", "difference", "one of both correlations is missing")
    );
    // Side by side over the dates of both; the year of which B lacks months has none of its figures.
    let side = report.side_by_side.unwrap();
    assert_eq!((side.from, side.to, side.periods), (Some(month_end(9)), Some(month_end(36)), 27));
    near(side.series["A"].total_return.unwrap(), a[9..].iter().fold(1.0, |wealth, r| wealth * (1.0 + r)) - 1.0);
    let years = report.calendar_years.unwrap();
    assert_eq!(
        years.iter().map(|year| (year.year, year.partial)).collect::<Vec<_>>(),
        [(2010, false), (2011, false), (2012, false)]
    );
    assert_eq!((years[0].series["B"].total_return, years[0].series["A"].total_return.is_some()), (None, true));
    assert_eq!(why("calendar_years"), own("B", "2010", "it lacks a period of the year"));
}

#[test]
fn a_condition_picks_periods_by_a_return() {
    // A is below -2% in months 2, 4 and 5: B then has -1%, 3% and 1%, mean 1%, two of three above 0.
    let a = [0.01, -0.03, -0.019, -0.05, -0.04, 0.02];
    let b = [0.5, -0.01, 0.5, 0.03, 0.01, 0.5];
    let study =
        study(&[Fund::new("A", Category::Style, &a), Fund::new("B", Category::Style, &b)], YieldTable::default());
    let of = |bound| {
        let condition = Condition { ticker: ticker("A"), bound };
        let plan = ComparePlan { condition: Some(condition), ..plan(&study, &[]) };
        CompareReport::compute(&study, &plan, &mut Silent).unwrap().condition.unwrap()
    };
    let found = of(Bound::Below(-0.02));
    assert_eq!((found.periods, found.of, found.from, found.to), (3, 6, Some(month_end(2)), Some(month_end(5))));
    let b = &found.series[1];
    near(b.mean.unwrap(), 0.01);
    assert_eq!((b.n, b.hit_rate, b.ticker.as_str()), (3, Some(2.0 / 3.0), "B"));
    // sd 2%, so -+ 4.302653 x 0.02 / sqrt 3.
    assert!((b.mean_interval.unwrap()[1] - (0.01 + 4.302_653 * 0.02 / 3.0_f64.sqrt())).abs() < 1e-7);
    assert_eq!((found.pairs[0].estimate.n, found.pairs[0].estimate.correlation), (3, None));
    assert_eq!((of(Bound::Above(0.015)).periods, of(Bound::Above(0.025)).periods), (1, 0));
}

#[test]
fn what_the_plan_leaves_out_is_not_computed_and_a_stop_leaves_the_rest() {
    let study = three_years();
    let none = ComparePlan { series: plan(&study, &[]).series, ..ComparePlan::default() };
    let report = CompareReport::compute(&study, &none, &mut Silent).unwrap();
    assert_eq!(report, CompareReport::default());
    let all = plan(&study, &["2010", "other"]);
    let whole = CompareReport::compute(&study, &all, &mut Silent).unwrap();
    assert_eq!(whole.computed, ["pairs", "periods", "side_by_side", "calendar_years"]);
    // Asked before the pairs, after the one pair, before the periods, at their pair and at their difference.
    let stopped = CompareReport::compute(&study, &all, &mut StopAt::question(5)).unwrap();
    assert_eq!((stopped.computed, stopped.skipped.len()), (vec!["pairs".to_owned()], 3));
}

#[test]
fn the_figures_over_the_window_are_those_of_the_kernels() {
    let study = three_years();
    let pairs = report(&study, &[]).unwrap().pairs.unwrap();
    let [pair] = pairs.as_slice() else { panic!("{}", pairs.len()) };
    let (x, y) = (study.panel().column(0), study.panel().column(1));
    assert_eq!(pair.pearson.correlation, crate::correlation::pearson(x, y, 2).r);
    assert_eq!((pair.from, pair.to, pair.pearson.n), (Some(month_end(1)), Some(month_end(36)), 36));
    // Windows of twelve: 25 of them, the first all of 2010, the thirteenth all of 2011.
    let rolling = &pair.rolling[&12];
    assert_eq!((rolling.windows, rolling.highest_date.is_some()), (25, true));
    assert!(rolling.lowest.unwrap() < -0.9 && rolling.highest.unwrap() > 0.9 && !rolling.sign_changes.is_empty());
    let fell = x.iter().filter(|r| **r < 0.0).count();
    assert_eq!(pair.when_a_fell.n, fell);
}

#[test]
fn a_regime_is_a_period_and_its_complement_the_other() {
    let a: Vec<f64> = (0..48).map(|at| value(at, 37)).collect();
    let b: Vec<f64> = (0..48).map(|at| value(at, 53)).collect();
    // Yields move by 1 in a third of the months, by 0.1 in the others: a tenth of 48 rows would be too few.
    let mut level = 4.0;
    let percent: Vec<f64> = (0..49)
        .map(|at| {
            level += if at % 3 == 0 { 1.0 } else { 0.1 };
            level
        })
        .collect();
    let study = study(
        &[Fund::new("A", Category::Style, &a), Fund::new("B", Category::Style, &b)],
        yields(Maturity::Ust10Y, &percent),
    );
    let found = Period::resolve(&study, &named(&["rate_shock", "other"])).unwrap();
    assert_eq!((found[0].count, found[1].count), (16, 32));
    assert!((found[0].threshold.unwrap() - 1.0).abs() < 1e-9 && found[1].threshold.is_none());
}

#[test]
fn days_are_drawn_again_and_months_are_not() {
    let start: NaiveDate = "2020-12-31".parse().unwrap();
    let days: Vec<NaiveDate> = factor_types::exchange::trading_days(start, "2022-12-30".parse().unwrap()).collect();
    let series = |name: &str, step: usize| {
        let mut price = 100.0;
        let rows: Vec<(NaiveDate, f64)> = days
            .iter()
            .enumerate()
            .map(|(at, day)| {
                price *= 1.0 + value(at, step) / 5.0;
                (*day, price)
            })
            .collect();
        Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
    };
    let window = Window::whole(Frequency::Daily, start, "2022-12-30".parse().unwrap());
    let panel = Arc::new(Panel::build(window, &[series("A", 37), series("B", 53)]).unwrap());
    let universe: Vec<Arc<factor_types::Factor>> =
        ["A", "B"].map(|name| Arc::new(Fund::new(name, Category::Style, &[]).factor)).to_vec();
    let study = Study::new(panel, Arc::default(), &universe, &[], 60);
    let report = report(&study, &["2021", "2022"]).unwrap().periods.unwrap();
    let [difference] = report.differences.as_slice() else { panic!("{}", report.differences.len()) };
    assert_eq!((difference.method, difference.n_first), (DifferenceMethod::Resampled, 252));
    let (p, [low, high]) = (difference.p.unwrap(), difference.interval.unwrap());
    assert!((0.0..=1.0).contains(&p) && (p * 1001.0).fract().min(1.0 - (p * 1001.0).fract()) < 1e-9);
    assert!(low < difference.difference.unwrap() && difference.difference.unwrap() < high);
    // Two months cannot be put into the periods in other ways.
    let short = super::tests::report(&study, &["2021-01", "2021-02"]).unwrap();
    assert_eq!(short.periods.unwrap().differences[0].p, None);
    let why: Vec<&str> = short.undefined.iter().map(|one| one.reason.as_str()).collect();
    assert!(why.contains(&"3 calendar months are needed in each"), "{why:?}");
}
