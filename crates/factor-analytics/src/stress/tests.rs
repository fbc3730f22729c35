use std::sync::Arc;

use chrono::{Datelike, NaiveDate};
use factor_types::{Frequency, PriceKind, PriceSeries, exchange::is_weekend};

use super::{
    offset::{Offset, OffsetCandidate, OffsetQuestion, each_alone, offsets},
    stand_in::Months,
    *,
};
use crate::{
    Panel,
    lens::Lens,
    panel::Window,
    test_study::{near, noise, ticker},
};

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

fn weekdays(from: &str, to: &str) -> Vec<NaiveDate> {
    day(from).iter_days().take_while(|date| *date <= day(to)).filter(|date| !is_weekend(*date)).collect()
}

fn series(name: &str, rows: Vec<(NaiveDate, f64)>) -> Arc<PriceSeries> {
    Arc::new(PriceSeries::new(ticker(name), PriceKind::Adjusted, rows))
}

/// A walk of small steps.
fn walk(name: &str, days: &[NaiveDate], seed: u64, size: f64) -> Arc<PriceSeries> {
    let mut draw = noise(seed);
    let mut price = 100.0;
    let rows = days.iter().map(|date| {
        price *= 1.0 + size * draw();
        (*date, price)
    });
    series(name, rows.collect())
}

fn panel(frequency: Frequency, all: &[Arc<PriceSeries>], (from, to): (&str, &str)) -> Panel {
    Panel::build(Window::whole(frequency, day(from), day(to)), all).unwrap()
}

const YEARS: (&str, &str) = ("2003-01-01", "2014-12-31");
/// Per day, and per month.
const RATE: f64 = 0.00004;
const MONTH: f64 = 0.001;

/// Made prices of a dozen years around the crisis of 2008, and a fund that begins after it: its months are
/// rf + 0.8 (VTI - rf) + 0.3 (IEF - rf) exactly.
struct Decade {
    daily: Panel,
    monthly: Panel,
    lens: Lens,
    rates: Vec<f64>,
    risk_free: Vec<f64>,
}

impl Decade {
    fn new() -> Self {
        let days = weekdays(YEARS.0, YEARS.1);
        let (equity, rates) = (walk("VTI", &days, 3, 0.02), walk("IEF", &days, 5, 0.01));
        let credit = walk("HYG", &weekdays("2007-04-11", YEARS.1), 7, 0.01);
        let known = panel(Frequency::Monthly, &[Arc::clone(&equity), Arc::clone(&rates)], YEARS);
        let mut price = 50.0;
        let mut rows: Vec<(NaiveDate, f64)> = vec![(day("2009-05-29"), price)];
        for (row, label) in known.labels().iter().enumerate().filter(|(_, label)| **label > day("2009-06-01")) {
            let over = |column: usize| known.column(column)[row] - MONTH;
            price *= 1.0 + MONTH + 0.8 * over(0) + 0.3 * over(1);
            let within = days.iter().filter(|date| (date.year(), date.month()) == (label.year(), label.month()));
            rows.extend(within.map(|date| (*date, price)));
        }
        let all = [equity, rates, credit, series("NEW", rows)];
        let (daily, monthly) = (panel(Frequency::Daily, &all, YEARS), panel(Frequency::Monthly, &all, YEARS));
        let (rates, risk_free) = (vec![RATE; daily.rows()], vec![MONTH; monthly.rows()]);
        Self { lens: Lens::of_panel(&monthly, &risk_free), daily, monthly, rates, risk_free }
    }

    fn months(&self) -> Months {
        Months::new(Arc::new(self.monthly.clone()), self.risk_free.clone())
    }

    fn replay(&self, holdings: &[(&str, f64)], cash: f64, scenario: &Scenario) -> EpisodeReturn {
        let held: Vec<StressedHolding<'_>> = (holdings.iter())
            .map(|(name, weight)| StressedHolding {
                name,
                weight: *weight,
                column: self.daily.position(&ticker(name)),
                months: self.monthly.position(&ticker(name)).map(|at| self.monthly.column(at)),
            })
            .collect();
        let months = self.months();
        let (panel, rates) = (&self.daily, self.rates.as_slice());
        Replay { panel, rates, months: &months, holdings: &held, cash, cash_name: "CUR:USD" }.of(scenario)
    }

    fn price(&self, name: &str, date: &str) -> f64 {
        let series = &self.daily.columns()[self.daily.position(&ticker(name)).unwrap()].series;
        series.prices()[series.dates().binary_search(&day(date)).unwrap()]
    }
}

#[test]
fn an_episode_is_replayed_with_the_weights_of_its_first_day() {
    let decade = Decade::new();
    let found = decade.replay(&[("VTI", 0.6), ("IEF", 0.3)], 0.1, &Episode::Lehman.into());
    let gain = |name: &str| decade.price(name, "2008-11-20") / decade.price(name, "2008-09-12") - 1.0;
    // 2008-09-12 was a Friday and 2008-11-20 a Thursday: 49 weekdays.
    let cash = (1.0 + RATE).powi(49) - 1.0;
    near(found.holdings[0].contribution.unwrap(), 0.6 * gain("VTI"));
    near(found.holdings[2].total_return.unwrap(), cash);
    near(found.total_return.unwrap(), 0.6 * gain("VTI") + 0.3 * gain("IEF") + 0.1 * cash);
    assert_eq!((found.covered_weight, found.stand_in_weight, found.covered_contribution), (1.0, 0.0, None));
    let worst = found.worst_day.unwrap();
    assert!(found.max_drawdown.unwrap() <= worst.total_return && worst.total_return < 0.0);
    assert!(day("2008-09-12") < worst.date && worst.date <= day("2008-11-20"));
}

#[test]
fn a_fund_without_prices_is_stood_in_for_by_the_factors_that_had_some() {
    let decade = Decade::new();
    let found = decade.replay(&[("NEW", 1.0)], 0.0, &Episode::Gfc.into());
    let held = &found.holdings[0];
    let stand_in = held.stand_in.as_ref().unwrap();
    // HYG has prices then, and is too young on the day to be a factor.
    assert_eq!(stand_in.betas.keys().collect::<Vec<_>>(), ["equity", "rates"]);
    assert!((stand_in.betas["equity"].beta - 0.8).abs() < 1e-9 && (stand_in.betas["rates"].beta - 0.3).abs() < 1e-9);
    assert_eq!(stand_in.observations, 67, "June 2009 to December 2014");
    // Holidays are no rows: the rate of the day after one is earned over both.
    let within = |date: &&NaiveDate| day("2007-10-09") < **date && **date <= day("2009-03-09");
    let days = decade.daily.labels().iter().filter(within).count();
    let cash = (1.0 + RATE).powi(i32::try_from(days).unwrap()) - 1.0;
    let excess = |name: &str| decade.price(name, "2009-03-09") / decade.price(name, "2007-10-09") - 1.0 - cash;
    let expected = 0.8 * excess("VTI") + 0.3 * excess("IEF") + cash;
    assert!((held.total_return.unwrap() - expected).abs() < 1e-9, "{held:?}");
    assert_eq!((found.total_return, found.stand_in_weight), (held.total_return, 1.0));
    assert!(found.half_width.unwrap() < 1e-6, "nothing is left unexplained");
}

#[test]
fn later_the_slopes_on_factors_before_it_are_taken_out_of_credit() {
    let decade = Decade::new();
    let scenario = Scenario { name: "x".to_owned(), from: day("2012-03-15"), to: day("2012-06-15") };
    let ground = held::Ground::new(&decade.daily, &decade.rates, (scenario.from, scenario.to));
    let months = decade.months();
    // A holding that is credit's column of the lens itself, over cash.
    let credit = decade.lens.columns.iter().find(|one| one.factor.as_str() == "credit").unwrap();
    let returns: Vec<f64> = credit.values.iter().map(|value| value + MONTH).collect();
    let (path, stand_in) = months.stand_in(&returns, &ground).unwrap();
    let row = decade.monthly.labels().binary_search(&day("2012-02-29")).unwrap() + 1;
    let slopes = credit.slopes(row).unwrap();
    let cash = ground.earned(scenario.to).unwrap();
    let excess = |name: &str| decade.price(name, "2012-06-15") / decade.price(name, "2012-03-15") - 1.0 - cash;
    let left = excess("HYG") - slopes[0] * excess("VTI") - slopes[1] * excess("IEF");
    assert!((stand_in.betas["credit"].beta - 1.0).abs() < 1e-9, "{stand_in:?}");
    assert!((path.return_until(scenario.to).unwrap() - (left + cash)).abs() < 1e-9);
}

#[test]
fn what_cannot_be_tested_is_said_and_never_a_zero() {
    let decade = Decade::new();
    let early = Scenario { name: "2004".to_owned(), from: day("2004-01-05"), to: day("2004-06-01") };
    let found = decade.replay(&[("VTI", 0.5), ("NEW", 0.3), ("NONE", 0.2)], 0.0, &early);
    assert_eq!((found.total_return, found.max_drawdown, found.worst_day), (None, None, None));
    near(found.covered_weight, 0.5);
    near(found.covered_contribution.unwrap(), found.holdings[0].contribution.unwrap());
    let why: Vec<(&str, &str)> = found.not_testable().collect();
    assert_eq!(why[0].0, "NEW");
    assert_eq!(
        why[0].1,
        "its first price is of 2009-05-29, and no factor of the lens had prices then and 36 months before"
    );
    assert_eq!(why[1], ("NONE", "there are no prices of it"));
    let never = Scenario { name: "x".to_owned(), from: day("2020-02-19"), to: day("2020-03-23") };
    let found = decade.replay(&[("VTI", 1.0)], 0.0, &never);
    assert_eq!((found.total_return, found.covered_weight, found.covered_contribution), (None, 0.0, None));
    assert!(found.not_testable().next().unwrap().1.starts_with("its last price is of 2014-12-31"));
}

#[test]
fn recovery_counts_trading_days_after_the_end() {
    let days = weekdays("2020-01-01", "2020-02-28");
    let at = |date: &str| days.iter().position(|day| *day == self::day(date)).unwrap();
    // 100 until the 10th, 80 on the 20th, 70 on the 22nd, 95 from the 27th, 100 from February 5th.
    let price = |row: usize| match row {
        row if row <= at("2020-01-10") => 100.0,
        row if row <= at("2020-01-20") => 80.0,
        row if row <= at("2020-01-24") => 70.0,
        row if row < at("2020-02-05") => 95.0,
        _ => 100.0,
    };
    let fund = series("A", days.iter().enumerate().map(|(row, date)| (*date, price(row))).collect());
    let daily = panel(Frequency::Daily, &[fund], ("2020-01-01", "2020-02-28"));
    let rates = vec![0.0; daily.rows()];
    let months = Months::new(Arc::new(daily.clone()), rates.clone());
    let held = [StressedHolding { name: "A", weight: 1.0, column: Some(0), months: None }];
    let replay = |from: &str, to: &str| {
        let scenario = Scenario { name: "x".to_owned(), from: day(from), to: day(to) };
        Replay { panel: &daily, rates: &rates, months: &months, holdings: &held, cash: 0.0, cash_name: "CASH" }
            .of(&scenario)
    };
    let found = replay("2020-01-10", "2020-01-24");
    near(found.total_return.unwrap(), -0.3);
    near(found.max_drawdown.unwrap(), -0.3);
    assert_eq!((found.drawdown_peak, found.drawdown_trough), (Some(day("2020-01-10")), Some(day("2020-01-21"))));
    near(found.worst_day.unwrap().total_return, -0.2);
    // From Monday the 27th to Wednesday February 5th.
    assert_eq!((found.recovery_days, found.not_recovered_by), (Some(8), None));
    assert_eq!(replay("2020-01-21", "2020-01-28").recovery_days, Some(0), "it ends above its start");
    // A Sunday: the close of the Friday before counts, and the episode begins on the day asked for.
    assert_eq!(replay("2020-01-12", "2020-01-24").total_return, found.total_return);
    let never = series("A", days.iter().enumerate().map(|(row, date)| (*date, 100.0 - row as f64)).collect());
    let daily = panel(Frequency::Daily, &[never], ("2020-01-01", "2020-02-28"));
    let months = Months::new(Arc::new(daily.clone()), rates.clone());
    let scenario = Scenario { name: "x".to_owned(), from: day("2020-01-10"), to: day("2020-01-24") };
    let found = Replay { panel: &daily, rates: &rates, months: &months, holdings: &held, cash: 0.0, cash_name: "CASH" }
        .of(&scenario);
    assert_eq!((found.recovery_days, found.not_recovered_by), (None, Some(day("2020-02-28"))));
}

#[test]
fn every_episode_ends_after_it_begins_on_days_with_a_close() {
    for episode in Episode::ALL {
        let (from, to) = episode.dates();
        assert!(from < to && !is_weekend(from) && !is_weekend(to), "{episode}");
    }
    assert_eq!(Episode::Covid.dates(), (day("2020-02-19"), day("2020-03-23")));
    assert_eq!(Episode::ALL.len(), 16);
}

/// 60 months of a portfolio p = 0.5 x + noise that is uncorrelated to x by construction.
fn months() -> (Vec<f64>, Vec<f64>, Vec<NaiveDate>) {
    let (x, e): (Vec<f64>, Vec<f64>) = (0..60)
        .map(|at| {
            let (a, b) = (if at % 2 == 0 { 0.04 } else { -0.04 }, if at % 4 < 2 { 0.01 } else { -0.01 });
            (a, b)
        })
        .unzip();
    let p = x.iter().zip(&e).map(|(x, e)| 0.002 + 0.5 * x + e).collect();
    (p, x, (1..=60).map(crate::test_study::month_end).collect())
}

#[test]
fn a_shock_by_hand() {
    let (p, x, labels) = months();
    let moves = [Move { name: "SPY", size: -0.2, series: &x }];
    let shock = Shock { moves: &moves, horizon: 1, labels: &labels, min_rows: 24 };
    let found = ShockResponse::of(&p, &shock).unwrap();
    near(found.response, -0.1);
    // sd(x)^2 = 60 x 0.0016 / 59, so that d2 = 0.04 x 59 / 0.096.
    let d2 = 0.04 * 59.0 / 0.096;
    assert!((found.plausibility.distance_squared - d2).abs() < 1e-9);
    assert!((found.sensitivities["SPY"].deviations + d2.sqrt()).abs() < 1e-9);
    assert!((found.sensitivities["SPY"].deviations_of_three + (d2 / 3.0).sqrt()).abs() < 1e-9);
    assert_eq!(found.plausibility.as_far_out.count, 0);
    // SSR = 60 x 0.0001 over 58; of late each residual has the size 0.01.
    near(found.residual_deviation, (0.006_f64 / 58.0).sqrt());
    near(found.residual_deviation_of_late, 0.01);
    let half = 1.81 * (0.006_f64 / 58.0).sqrt() * (1.0 + 1.0 / 60.0 + d2 / 59.0).sqrt();
    near(found.half_width, half);
    near(found.interval[0], -0.1 - half);
    // Over three periods the same move is less far out, and what is unexplained has more time.
    let longer = ShockResponse::of(&p, &Shock { horizon: 3, ..shock }).unwrap();
    near(longer.response, -0.1);
    assert!((longer.plausibility.distance_squared - d2 / 3.0).abs() < 1e-9);
    let half = 1.81 * (0.006_f64 / 58.0).sqrt() * (3.0 * (1.0 + 1.0 / 60.0 + d2 / 3.0 / 59.0)).sqrt();
    near(longer.half_width, half);
    near(found.of_part(&x).unwrap(), -0.2);
    // A move that every month has made.
    let small = [Move { name: "SPY", size: 0.04, series: &x }];
    let found = ShockResponse::of(&p, &Shock { moves: &small, ..shock }).unwrap();
    assert_eq!((found.plausibility.as_far_out.count, found.plausibility.as_far_out.rows), (60, 60));
}

#[test]
fn parts_respond_as_if_each_were_regressed_by_itself_and_sum_to_the_whole() {
    let mut draw = noise(11);
    let mut drawn = || -> Vec<f64> { (0..80).map(|_| 0.05 * draw()).collect() };
    let (x, z, a, b) = (drawn(), drawn(), drawn(), drawn());
    let labels: Vec<NaiveDate> = (1..=80).map(crate::test_study::month_end).collect();
    let moves = [Move { name: "X", size: -0.2, series: &x }, Move { name: "Z", size: 0.03, series: &z }];
    let shock = Shock { moves: &moves, horizon: 1, labels: &labels, min_rows: 24 };
    let whole: Vec<f64> = a.iter().zip(&b).map(|(a, b)| 0.7 * a + 0.3 * b).collect();
    let found = ShockResponse::of(&whole, &shock).unwrap();
    for part in [&a, &b] {
        let alone = ShockResponse::of(part, &shock).unwrap().response;
        assert!((found.of_part(part).unwrap() - alone).abs() < 1e-14);
    }
    let parts = 0.7 * found.of_part(&a).unwrap() + 0.3 * found.of_part(&b).unwrap();
    assert!((parts - found.response).abs() < 1e-14);
    assert_eq!(found.of_part(&[0.01; 80]), Some(0.0), "what does not vary does not respond");
    assert_eq!(found.of_part(&[f64::NAN; 80]), None);
}

#[test]
fn the_return_of_a_fund_is_that_of_its_path() {
    let decade = Decade::new();
    for (from, to) in [
        ("2008-09-12", "2008-11-20"),
        ("2008-09-13", "2008-11-23"),
        ("2003-01-01", "2003-06-02"),
        ("2014-12-01", "2015-01-05"),
    ] {
        let ground = held::Ground::new(&decade.daily, &decade.rates, (day(from), day(to)));
        for column in 0..decade.daily.columns().len() {
            let of_path = ground.of_column(column).ok().and_then(|path| path.return_until(day(to)));
            assert_eq!(ground.return_of(column), of_path, "column {column} from {from} to {to}");
        }
    }
}

#[test]
fn shocks_that_say_the_same_twice_or_nothing_are_refused() {
    let (p, x, labels) = months();
    let of = |moves: &[Move<'_>], min_rows| {
        ShockResponse::of(&p, &Shock { moves, horizon: 1, labels: &labels, min_rows }).unwrap_err().to_string()
    };
    let twice: Vec<f64> = x.iter().map(|x| 2.0 * x + 0.001).collect();
    let a = Move { name: "A", size: -0.1, series: &x };
    let same = of(&[a, Move { name: "B", size: -0.2, series: &twice }], 24);
    assert!(same.starts_with("B is what the moves before it are"), "{same}");
    let still = [0.01; 60];
    assert!(of(&[Move { name: "C", size: 0.1, series: &still }], 24).starts_with("C does not vary"));
    assert_eq!(of(&[a], 61), "60 periods have a return and all of the moves, 61 needed");
}

#[test]
fn the_most_plausible_loss_by_hand() {
    let (_, x, labels) = months();
    // Two holdings that do not correlate: sd 0.04 and 0.01 about, in halves.
    let y: Vec<f64> = (0..60).map(|at| if at % 4 < 2 { 0.01 } else { -0.01 }).collect();
    let held = [("X", 0.5, x.as_slice()), ("Y", 0.5, y.as_slice())];
    let found = ReverseStress::of(&held, (0.1, 1), &labels, 24).unwrap();
    // x_i = -L w s_i^2 / (w^2 (s_x^2 + s_y^2)): 0.0016 and 0.0001 of 0.0017, twice L.
    near(found.moves[0].total_return, -0.2 * 16.0 / 17.0);
    near(found.moves[1].total_return, -0.2 / 17.0);
    near(found.moves.iter().map(|one| one.contribution).sum(), -0.1);
    let sd = (0.25 * 0.0017 * 60.0 / 59.0_f64).sqrt();
    near(found.deviation, sd);
    assert!((found.distance - 0.1 / sd).abs() < 1e-9);
    assert_eq!((found.as_bad, found.worst), (0, None));
    let refused = ReverseStress::of(&held, (0.6, 1), &labels, 24).unwrap_err();
    assert!(refused.to_string().starts_with("X would have to lose 113% of itself"), "{refused}");
    let most = 0.6 / (1.2 * 16.0 / 17.0);
    assert!(refused.to_string().ends_with(&format!("{most:.4}")), "{refused}");
    near(found.of_other(&y, &x).unwrap(), 0.0);
    near(found.of_other(&x, &x).unwrap(), -0.1);
}

#[test]
fn offsets_rest_on_the_year_before_and_hold_where_they_gain() {
    let days = weekdays("2019-01-01", "2020-12-31");
    let mut draw = noise(11);
    let f: Vec<f64> = days.iter().map(|_| 0.02 * draw()).collect();
    let against: Vec<f64> = f.iter().map(|r| -0.5 * r + 0.004 * draw()).collect();
    let with: Vec<f64> = f.iter().map(|r| 0.8 * r + 0.006 * draw()).collect();
    let (bond, market) = (ticker("IEF"), ticker("SPY"));
    let candidates = [
        OffsetCandidate { ticker: &market, returns: &with, excess: Some(-0.25) },
        OffsetCandidate { ticker: &bond, returns: &against, excess: Some(-0.02) },
    ];
    let question =
        |known: &str| OffsetQuestion { dates: &days, returns: &f, known: day(known), lost: -0.3, excess: -0.301 };
    let found = offsets(&question("2020-02-19"), &candidates).unwrap();
    let of = |offset: Offset| found.iter().find(|one| one.offset == offset).unwrap();
    let short = of(Offset::Market);
    near(short.result, short.legs[0].ratio * -0.25);
    assert!(short.legs[0].ratio < 0.0 && short.held == Some(true));
    let bonds = of(Offset::Bonds);
    assert!(bonds.legs[0].ratio > 0.0 && bonds.result < 0.0 && bonds.held == Some(false), "{bonds:?}");
    near(bonds.hedged_return, -0.3 + bonds.result);
    assert_eq!((short.rows, short.last, short.ratios_after_the_event), (252, day("2020-02-19"), false));
    let best = of(Offset::BestHedge);
    let reduce = of(Offset::Reduce);
    near(reduce.result, reduce.share_sold.unwrap() * 0.301);
    near(reduce.share_sold.unwrap(), 1.0 - (1.0 - best.in_sample).sqrt());
    // Nothing of what comes after the day counts.
    let cut: Vec<f64> = f.iter().zip(&days).map(|(r, date)| if *date > day("2020-02-19") { 9.0 } else { *r }).collect();
    let of_cut = offsets(&OffsetQuestion { returns: &cut, ..question("2020-02-19") }, &candidates).unwrap();
    assert_eq!(of_cut, found);
    // Without a year before it, the newest one, and said.
    assert!(offsets(&question("2019-03-01"), &candidates).unwrap()[0].ratios_after_the_event);
    let gained = offsets(&OffsetQuestion { lost: 0.1, ..question("2020-02-19") }, &candidates).unwrap();
    assert!(gained.iter().all(|one| one.held.is_none()), "nothing was lost");
    let short_history = offsets(&OffsetQuestion { dates: &days[..200], ..question("2020-02-19") }, &candidates);
    assert!(short_history.unwrap_err().contains("252 days"));
}

#[test]
fn each_fund_alone_has_its_own_ratio_from_before_and_what_it_did_there() {
    let days = weekdays("2019-01-01", "2020-12-31");
    let mut draw = noise(12);
    let f: Vec<f64> = days.iter().map(|_| 0.02 * draw()).collect();
    // Exactly against it: the ratio is 1.25. With it and something else: it is sold short.
    let against: Vec<f64> = f.iter().map(|r| -0.8 * r).collect();
    let with: Vec<f64> = f.iter().map(|r| 0.8 * r + 0.006 * draw()).collect();
    let (bond, market, young) = (ticker("IEF"), ticker("SPY"), ticker("NEW"));
    let candidates = [
        OffsetCandidate { ticker: &market, returns: &with, excess: Some(-0.2) },
        OffsetCandidate { ticker: &bond, returns: &against, excess: Some(0.05) },
        OffsetCandidate { ticker: &young, returns: &against, excess: None },
    ];
    let known = day("2020-02-19");
    let question = OffsetQuestion { dates: &days, returns: &f, known, lost: -0.3, excess: -0.301 };
    let bought = each_alone(&question, &candidates, true).unwrap();
    let [(name, only)] = bought.results.as_slice() else { panic!("{bought:?}") };
    near(only.ratio, 1.25);
    near(only.result, 0.0625);
    near(only.hedged_return, -0.2375);
    assert_eq!((name, only.held, bought.rows, bought.last), (&bond, Some(true), 252, known));
    let both = each_alone(&question, &candidates, false).unwrap().results;
    assert_eq!(both.len(), 2);
    let short = both[1].1;
    assert!((-1.3..-1.0).contains(&short.ratio) && short.held == Some(true), "{short:?}");
    near(short.hedged_return, -0.3 - 0.2 * short.ratio);
    // A ratio of the year before and a loss in the scenario: it did not hold.
    let lost = [OffsetCandidate { excess: Some(-0.01), ..candidates[1] }];
    assert_eq!(each_alone(&question, &lost, true).unwrap().results[0].1.held, Some(false));
}
