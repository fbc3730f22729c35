use super::{missing::*, *};
use crate::test_study::{month_end, near};

const NAN: f64 = f64::NAN;

fn labels(rows: usize) -> Vec<NaiveDate> {
    (1..=rows).map(month_end).collect()
}

/// The profile over a rate, with a benchmark where it is given.
fn over(rates: Option<&[f64]>, returns: &[f64], benchmark: Option<&[f64]>) -> PerformanceProfile {
    let labels = labels(returns.len());
    let alone = ProfileInputs::new(returns, &labels, month_end(0), 12.0);
    PerformanceProfile::compute(&ProfileInputs { risk_free: rates, benchmark, ..alone })
}

fn profile(returns: &[f64], benchmark: Option<&[f64]>) -> PerformanceProfile {
    over(Some(&vec![0.0; returns.len()]), returns, benchmark)
}

fn reason<'a>(found: &PerformanceProfile, name: &str) -> Option<&'a str> {
    found.undefined.iter().find(|(field, _)| *field == name).map(|(_, reason)| *reason)
}

/// Returns that go up and down, of this many rows.
fn wave(rows: usize, step: usize) -> Vec<f64> {
    (0..rows).map(|at| (at * at * step % 31) as f64 / 500.0 - 0.03).collect()
}

#[test]
fn missing_rows_count_for_nothing_and_null_figures_have_reasons() {
    // A composite: it has returns alone, and what a hole hides is not known.
    let found = profile(&[NAN, 0.1, NAN, 0.1], None);
    near(found.total_return.unwrap(), 0.21);
    near(found.annual_return.unwrap(), 1.21_f64.powf(6.0) - 1.0);
    assert_eq!((found.volatility, found.sharpe_ratio, found.max_drawdown), (Some(0.0), None, Some(0.0)));
    assert_eq!(
        (reason(&found, "sharpe_ratio"), reason(&found, "calmar_ratio")),
        (Some(NO_VARIATION), Some(NO_DRAWDOWN))
    );
    assert_eq!((reason(&found, "beta"), reason(&found, "volatility")), (Some(NO_BENCHMARK), None));
    assert_eq!(profile(&[NAN; 4], None), PerformanceProfile::default());
}

#[test]
fn a_hole_removes_no_move_of_prices() {
    // 100, 110, none, 55, 66: the fall by half lies in the hole. The returns that there are, 10% and 20%, know nothing of it.
    let returns = [0.1, NAN, NAN, 0.2];
    let labels = labels(4);
    let prices = [Some(100.0), Some(110.0), None, Some(55.0), Some(66.0)];
    let inputs = ProfileInputs { prices: &prices, ..ProfileInputs::new(&returns, &labels, month_end(0), 12.0) };
    let found = PerformanceProfile::compute(&inputs);
    near(found.total_return.unwrap(), -0.34);
    // Four months lie between the first price and the last.
    near(found.annual_return.unwrap(), 0.66_f64.powi(3) - 1.0);
    near(found.max_drawdown.unwrap(), -0.5);
    assert_eq!(found.drawdown.drawdown_peak, Some(month_end(1)));
    assert_eq!((found.drawdown.drawdown_trough, found.drawdown.drawdown_recovery), (Some(month_end(3)), None));
    near(found.calmar_ratio.unwrap(), (0.66_f64.powi(3) - 1.0) / 0.5);
    near(found.hit_rate.unwrap(), 1.0);
    assert_eq!((found.worst_period_date, found.best_period_date), (Some(month_end(1)), Some(month_end(4))));
    // A late starter has its first price within the window.
    let prices = [None, Some(100.0), Some(121.0), None, None];
    let returns = [NAN, 0.21, NAN, NAN];
    let inputs = ProfileInputs { prices: &prices, ..ProfileInputs::new(&returns, &labels, month_end(0), 12.0) };
    near(PerformanceProfile::compute(&inputs).annual_return.unwrap(), 1.21_f64.powi(12) - 1.0);
}

#[test]
fn a_daily_drawdown_shows_what_period_ends_hide() {
    let (returns, labels) = ([0.1, 0.1], labels(2));
    let dates = ["2010-01-04", "2010-01-20", "2010-02-24", "2010-02-26"].map(|day| day.parse().unwrap());
    let daily = DailyPrices { dates: &dates, prices: &[100.0, 110.0, 77.0, 121.0] };
    let found = PerformanceProfile::compute(&ProfileInputs {
        daily,
        ..ProfileInputs::new(&returns, &labels, month_end(0), 12.0)
    });
    near(found.max_drawdown_daily.unwrap(), -0.3);
    let times = found.drawdown_daily;
    assert_eq!((times.drawdown_daily_peak, times.drawdown_daily_trough), (Some(dates[1]), Some(dates[2])));
    assert_eq!(times.drawdown_daily_recovery, Some(dates[3]));
    assert_eq!((times.drawdown_daily_months_to_trough, times.drawdown_daily_months_to_recovery), (Some(1), Some(0)));
    assert_eq!((found.max_drawdown, found.drawdown), (Some(0.0), DrawdownTimes::default()));
}

#[test]
fn captures_are_annual_returns_on_one_side_of_the_market() {
    let benchmark = [0.1, 0.1, 0.1, -0.1, -0.1, 0.0];
    let returns = [0.2, 0.2, 0.2, -0.05, 0.05, 0.3];
    let found = profile(&returns, Some(&benchmark));
    near(found.up_capture.unwrap(), (1.2_f64.powi(12) - 1.0) / (1.1_f64.powi(12) - 1.0));
    // Two rows are under three; six are under the twelve of a regression.
    assert_eq!((found.down_capture, found.beta, found.alpha_t), (None, None, None));
    assert!(found.tracking_error.is_some());
    let (up, down) = (found.up_months.unwrap(), found.down_months.unwrap());
    assert_eq!((up.n, up.hit_rate, up.correlation), (3, Some(1.0), None));
    assert_eq!((down.n, down.hit_rate, down.mean_return), (2, Some(0.5), Some(0.0)));
    near(up.mean_return.unwrap(), 0.2);
    assert_eq!(
        reason(&found, "up_months.correlation"),
        Some("fewer than 12 periods with the benchmark on that side, or one side does not vary")
    );
    // Where the benchmark hardly moves, 1 + r would leave nothing of the digits: 2e-16 over 1e-16.
    let found = profile(&[2e-16, 2e-16, 4e-16], Some(&[1e-16, 1e-16, 2e-16]));
    near(found.up_capture.unwrap(), 2.0);
}

#[test]
fn figures_over_cash_say_on_how_many_rows_they_rest() {
    let (returns, benchmark) = (wave(40, 7), wave(40, 5));
    let rates = |known: usize| -> Vec<f64> { (0..40).map(|row| if row < known { 0.001 } else { NAN }).collect() };
    let of = |known: usize| over(Some(&rates(known)), &returns, Some(&benchmark));
    let whole = of(40);
    assert!(whole.observations_of.is_empty() && whole.sharpe_ratio.is_some() && whole.alpha.is_some());
    let some = of(30);
    assert_eq!((some.observations_of["sharpe_ratio"], some.observations_of["alpha_interval"]), (30, 30));
    assert_eq!((some.observations_of.get("volatility"), some.observations_of.get("tracking_error")), (None, None));
    // Those of the thirty rows alone.
    let thirty = over(Some(&rates(30)[..30]), &returns[..30], Some(&benchmark[..30]));
    assert_eq!((some.sharpe_ratio, some.alpha, some.beta_t), (thirty.sharpe_ratio, thirty.alpha, thirty.beta_t));
    // Under half of its rows.
    let few = of(19);
    assert_eq!((few.sharpe_ratio, few.sortino_ratio, few.downside_deviation, few.alpha), (None, None, None, None));
    assert_eq!((few.beta, few.specific_risk, few.return_to_risk), (None, None, None));
    assert_eq!((reason(&few, "sharpe_ratio"), reason(&few, "beta_se")), (Some(FEW_RATES), Some(FEW_RATES)));
    assert_eq!((few.observations_of["sharpe_ratio"], few.tracking_error.is_some()), (19, true));
    // Under twelve, though more than half of a short history; and a short history that is whole.
    let short = over(Some(&rates(11)[..14]), &returns[..14], None);
    assert_eq!((short.sharpe_ratio, reason(&short, "sharpe_ratio")), (None, Some(FEW_RATES)));
    assert!(over(Some(&rates(5)[..5]), &returns[..5], None).sharpe_ratio.is_some());
}

#[test]
fn without_a_source_of_cash_there_is_a_ratio_of_another_name() {
    let (returns, benchmark) = (wave(40, 7), wave(40, 5));
    let (without, zero) = (over(None, &returns, Some(&benchmark)), profile(&returns, Some(&benchmark)));
    assert_eq!((without.sharpe_ratio, without.sortino_ratio, without.downside_deviation), (None, None, None));
    assert_eq!((without.return_to_risk, zero.return_to_risk), (zero.sharpe_ratio, None));
    // Of plain returns; a return over cash is none.
    assert_eq!(
        (without.beta, without.beta_interval, without.r_squared),
        (zero.beta, zero.beta_interval, zero.r_squared)
    );
    assert_eq!((without.alpha, without.alpha_t, without.alpha_se, without.alpha_interval), (None, None, None, None));
    for field in ["sharpe_ratio", "sortino_ratio", "downside_deviation", "alpha", "alpha_interval"] {
        assert_eq!(reason(&without, field), Some(NO_RATE), "{field}");
    }
}

/// `fixtures` of copies: a fund whose prices are 3.7 of the benchmark's, and one that gains a thousandth a month.
#[test]
fn ratios_are_not_taken_over_rounding_noise() {
    let market: Vec<f64> = (0..48).map(|at| 400.0 + f64::from(at * at * 7 % 31) * 1.7).collect();
    let steady: Vec<f64> = (0..48).map(|at| 100.0 * 1.001_f64.powi(at)).collect();
    let returns = |prices: &[f64], scale: f64| -> Vec<f64> {
        prices.windows(2).map(|two| (two[1] * scale) / (two[0] * scale) - 1.0).collect()
    };
    let (market_returns, copy, constant) = (returns(&market, 1.0), returns(&market, 3.7), returns(&steady, 1.0));
    assert!(market_returns != copy && constant.windows(2).any(|two| two[0] != two[1]));
    for rates in [None, Some(&[0.0015; 47][..])] {
        let found = over(rates, &copy, Some(&market_returns));
        assert_eq!((found.tracking_error, found.information_ratio), (Some(0.0), None));
        assert_eq!(
            (found.beta_t, found.alpha_t, found.beta_se, found.specific_risk),
            (None, None, Some(0.0), Some(0.0))
        );
        near(found.beta.unwrap(), 1.0);
        near(found.up_capture.unwrap(), 1.0);
        assert_eq!((found.r_squared, found.adjusted_r_squared), (Some(1.0), Some(1.0)));
        assert_eq!(found.alpha, rates.map(|_| 0.0));
        let found = over(rates, &constant, Some(&market_returns));
        assert_eq!((found.volatility, found.sharpe_ratio, found.return_to_risk), (Some(0.0), None, None));
        assert_eq!((found.max_drawdown, found.calmar_ratio, found.skewness), (Some(0.0), None, None));
        assert_eq!((found.beta, found.beta_t, found.r_squared), (Some(0.0), None, None));
    }
    // Over its own return a fund has neither return nor risk, whatever its last bits say.
    let found = over(Some(&constant), &returns(&steady, 3.7), None);
    assert_eq!((found.sharpe_ratio, found.sortino_ratio, found.downside_deviation), (None, None, Some(0.0)));
}

#[test]
fn intervals_are_the_estimate_and_its_error_on_both_sides() {
    let (returns, benchmark) = (wave(40, 7), wave(40, 5));
    let found = profile(&returns, Some(&benchmark));
    let ([low, high], error) = (found.beta_interval.unwrap(), found.beta_se.unwrap());
    near((high + low) / 2.0, found.beta.unwrap());
    near(high - low, 2.0 * 1.959_963_984_540_054 * error);
    near(found.alpha.unwrap() / found.alpha_se.unwrap(), found.alpha_t.unwrap());
    near(found.alpha_interval.unwrap()[0], found.alpha.unwrap() - 1.959_963_984_540_054 * found.alpha_se.unwrap());
}

#[test]
fn what_has_lost_all_has_lost_it_for_good() {
    // Three times a fund that fell by 56% and 43%: -166.6% and -129.7%, whose product would be what is left of 1.
    let mut returns = wave(24, 7);
    (returns[10], returns[11]) = (-1.666, -1.297);
    let found = profile(&returns, None);
    assert_eq!((found.total_return, found.annual_return), (Some(-1.0), Some(-1.0)));
    returns[10] = -1.0;
    assert_eq!(profile(&returns, None).total_return, Some(-1.0));
}
