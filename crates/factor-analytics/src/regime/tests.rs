use factor_types::{Category, Factor, PriceKind, PriceSeries, SourceTier, YieldTable};
use proptest::prelude::*;

use super::*;
use crate::{
    Observer, Panel, Study,
    observer::{
        Silent,
        tests::{StopAt, unobserved},
    },
    panel::Window,
    report::{CorrelationPlan, CorrelationReport, Granularity, MatrixKey, RollingPlan},
    sections::{matrices, overlays},
};

const NAN: f64 = f64::NAN;

fn day(text: &str) -> NaiveDate {
    text.parse().unwrap()
}

/// Month ends from December 2009 on.
fn month_end(months: usize) -> NaiveDate {
    day("2009-12-31").checked_add_months(chrono::Months::new(months as u32)).unwrap().month_end()
}

/// A monthly study of some series of returns; `NaN` leaves the price of that month out, and with it the next return.
fn study(series: &[(&str, &[f64])], ten_year: &[f64]) -> Study {
    let months = series.iter().map(|(_, returns)| returns.len()).max().unwrap();
    let priced = |(ticker, returns): &(&str, &[f64])| {
        let mut price = 100.0;
        let rows = returns.iter().enumerate().filter_map(|(at, r)| {
            price *= 1.0 + if r.is_finite() { *r } else { 0.0 };
            r.is_finite().then(|| (month_end(at + 1), price))
        });
        let rows: Vec<(NaiveDate, f64)> = std::iter::once((month_end(0), 100.0)).chain(rows).collect();
        Arc::new(PriceSeries::new(ticker.parse().unwrap(), PriceKind::Adjusted, rows))
    };
    let series: Vec<Arc<PriceSeries>> = series.iter().map(priced).collect();
    let end = month_end(months);
    let window = Window::whole(Frequency::Monthly, month_end(0), end);
    let factor = |series: &Arc<PriceSeries>| {
        Arc::new(Factor::new(
            series.ticker().clone(),
            series.ticker().to_string(),
            Category::Style,
            SourceTier::Request,
        ))
    };
    let universe: Vec<Arc<Factor>> = series.iter().map(factor).collect();
    let mut yields = YieldTable::default();
    yields.insert(Maturity::Ust10Y, ten_year.iter().enumerate().map(|(at, y)| (month_end(at), *y)));
    let panel = Arc::new(Panel::build(window, &series).unwrap());
    Study::new(panel, Arc::new(yields), &universe, &[], 12)
}

fn slice_of(regime: Regime, study: &Study) -> Result<Slice, RegimeError> {
    study.clone().in_regime(regime).map(|study| study.slice().unwrap().clone())
}

fn picked(slice: &Slice) -> Vec<usize> {
    slice.keep.iter().enumerate().filter(|(_, kept)| **kept).map(|(row, _)| row).collect()
}

fn wave(months: usize) -> Vec<f64> {
    (0..months).map(|n| 0.01 * f64::from(n as u32 % 7) - 0.03).collect()
}

#[test]
fn names_and_dates_are_read() {
    let dates = |text: &str| match text.parse() {
        Ok(Regime::Dates { from, to }) => format!("{from} {to}"),
        other => format!("{other:?}"),
    };
    assert_eq!(dates("2008"), "2008-01-01 2008-12-31");
    assert_eq!(dates(" 2020-02 / 2020-04 "), "2020-02-01 2020-04-30");
    assert_eq!(dates("2020-02-19/2021"), "2020-02-19 2021-12-31");
    assert_eq!(dates("2020-02"), "2020-02-01 2020-02-29");
    assert_eq!("High_Vol".parse(), Ok(Regime::HighVol));
    assert_eq!("rate_shock".parse(), Ok(Regime::RateShock));
    assert_eq!("equity_drawdown".parse(), Ok(Regime::EquityDrawdown));
    for wrong in ["", "/", "crisis", "20-02", "2020-13", "2020-02-30", "2020/2021/2022", "2020_02", "2020-2", "-2008"] {
        assert!(wrong.parse::<Regime>().unwrap_err().contains("2020-02/2020-04"), "{wrong}");
    }
    assert_eq!(
        "2021/2020-03".parse::<Regime>(),
        Err("the slice ends (2020-03-31) before it begins (2021-01-01)".into())
    );
    for text in ["2008", "2008/2009", "2020-02", "2020-02/2020-04", "2020-02-19/2020-04-30", "2020-02-19", "high_vol"] {
        assert_eq!(text.parse::<Regime>().unwrap().to_string(), text);
    }
}

#[test]
fn shocks_are_the_largest_tenth_of_yield_changes_by_size() {
    // Changes of 0.01 in every month but twelve of 0.25 and -0.25 in turn: 12 of 120 are the upper tenth. The 90th
    // percentile lies at position 0.9 x 119 = 107.1 of 0..119: the last small one is at 107, so 0.01 + 0.1 x 0.24.
    let mut yields = vec![4.0];
    for month in 0..120 {
        let change = if month % 10 == 3 { if month % 20 == 3 { 0.25 } else { -0.25 } } else { 0.01 };
        yields.push(yields[month] + change);
    }
    let returns = wave(120);
    let slice = slice_of(Regime::RateShock, &study(&[("SPY", &returns)], &yields)).unwrap();
    assert_eq!(picked(&slice), (0..12).map(|k| 10 * k + 3).collect::<Vec<_>>());
    assert!((slice.threshold.unwrap() - 0.034).abs() < 1e-12, "{:?}", slice.threshold);
    assert_eq!((slice.rows, slice.judged, slice.is_small()), (12, 120, true));
}

#[test]
fn equal_changes_are_all_in_though_their_last_bits_differ() {
    // Every change is 0.1 up or down, written by two decimals: 4.1 - 4.0 and 4.2 - 4.1 are not the same double.
    let yields: Vec<f64> = (0..=40).map(|n| [4.0, 4.1, 4.2, 4.3, 4.2, 4.1][n % 6]).collect();
    let returns = wave(40);
    let slice = slice_of(Regime::RateShock, &study(&[("SPY", &returns)], &yields)).unwrap();
    assert_eq!(slice.rows, 40);
}

#[test]
fn a_drawdown_lasts_until_nine_tenths_of_the_maximum_are_regained() {
    // 100 at the start is itself a maximum: 100 -> 90 is a tenth down and in. Then 91 (out), 120, thirteen months at 108
    // or less (0.9 x 120 = 108, in), 108.5 (out).
    let levels: Vec<f64> = [90.0, 91.0, 120.0]
        .into_iter()
        .chain([108.0, 100.0, 96.0].into_iter().cycle().take(13))
        .chain([108.5, 130.0])
        .collect();
    let mut before = 100.0;
    let returns: Vec<f64> = levels.iter().map(|level| level / std::mem::replace(&mut before, *level) - 1.0).collect();
    let slice = slice_of(Regime::EquityDrawdown, &study(&[("SPY", &returns)], &[])).unwrap();
    assert_eq!(picked(&slice), std::iter::once(0).chain(3..16).collect::<Vec<_>>());
    assert_eq!((slice.rows, slice.threshold), (14, Some(0.9)));
}

#[test]
fn volatile_periods_end_a_half_year_of_the_upper_quarter() {
    // Alternating +-1% for 25 months, +-5% for 15: windows of six wholly within the second part are those ending at rows
    // 30 to 39; of 35 windows the 75th percentile lies at position 25.5.
    let swing = |size: f64, at: usize| if at.is_multiple_of(2) { size } else { -size };
    let returns: Vec<f64> = (0..40).map(|at| swing(if at < 25 { 0.01 } else { 0.05 }, at)).collect();
    let too_few = slice_of(Regime::HighVol, &study(&[("SPY", &returns)], &[])).unwrap_err();
    assert_eq!(
        too_few.to_string(),
        "regime high_vol has 10 of the window's 40 monthly periods (from 2010-01-31 to 2013-04-30), at least 12 are needed"
    );
    // Twice as long: rows 5 to 79 have a window, those wholly within the second part end at rows 55 to 79: 25 of 75. The
    // 75th percentile lies at position 55.5, between two of them (50 windows are calmer): they are equal, so all are in.
    let returns: Vec<f64> = (0..80).map(|at| swing(if at < 50 { 0.01 } else { 0.05 }, at)).collect();
    let slice = slice_of(Regime::HighVol, &study(&[("SPY", &returns)], &[])).unwrap();
    assert_eq!(picked(&slice), (55..80).collect::<Vec<_>>());
    // Six values of +-0.05: mean 0, sd 0.05 sqrt(6/5).
    assert!((slice.threshold.unwrap() - 0.05 * 1.2_f64.sqrt()).abs() < 1e-9);
    assert_eq!((slice.judged, slice.is_small()), (75, false));
}

#[test]
fn dates_pick_the_periods_labelled_within_them() {
    let returns = wave(60);
    let whole = study(&[("SPY", &returns)], &[]);
    let slice = |text: &str| slice_of(text.parse().unwrap(), &whole);
    assert_eq!(picked(&slice("2011").unwrap()), (12..24).collect::<Vec<_>>());
    // A month's label is its last day: the 30th ends before December's.
    assert_eq!(picked(&slice("2011-01-31/2012-12-30").unwrap()), (12..35).collect::<Vec<_>>());
    let error = slice("2008").unwrap_err();
    assert!(matches!(error, RegimeError::TooFewRows { rows: 0, of: 60, .. }), "{error}");
    assert!(matches!(slice("2011-01/2011-11").unwrap_err(), RegimeError::TooFewRows { rows: 11, .. }));
}

#[test]
fn what_tells_a_regime_is_named_when_it_is_missing() {
    let returns = wave(30);
    let without = study(&[("IWM", &returns)], &[]);
    let reason = |regime: Regime| slice_of(regime, &without).unwrap_err().to_string();
    assert_eq!(reason(Regime::RateShock), "regime rate_shock is defined by UST10Y, which has no value in the window");
    assert_eq!(
        reason(Regime::EquityDrawdown),
        "regime equity_drawdown is defined by SPY, which has no value in the window"
    );
    assert_eq!(reason(Regime::HighVol), "regime high_vol is defined by SPY, which has no value in the window");
}

#[test]
fn a_slice_is_correlated_and_the_window_keeps_its_histories() {
    let (x, y) = (wave(36), (0..36).map(|n| f64::from(n % 5) * 0.01).collect::<Vec<_>>());
    let yields: Vec<f64> = (0..=36).map(|n| 3.0 + f64::from(n % 4) * 0.1).collect();
    let whole = study(&[("SPY", &x), ("IWM", &y)], &yields).in_regime("2011".parse().unwrap()).unwrap();
    let sliced = whole.sliced().unwrap();
    let of = |study: &Study| {
        let members = matrices::members_of(study, &MatrixKey::Category(Category::Style));
        unobserved(|progress| matrices::of_factors(study, &members, Default::default(), progress)).unwrap()
    };
    // The same as that of the twelve months alone.
    let alone = study(&[("SPY", &x[12..24]), ("IWM", &y[12..24])], &yields[12..=24]);
    assert_eq!((of(&sliced).rows[(0, 1)], of(&whole).rows[(0, 1)]), (12, 36));
    assert!((of(&sliced).get(0, 1).unwrap() - of(&alone).get(0, 1).unwrap()).abs() < 1e-12);
    let rate = |study: &Study| {
        let (categories, maturities) = (&[Category::Style], &[Maturity::Ust10Y]);
        unobserved(|progress| {
            overlays::rate_sensitivity(study, categories, maturities, &[], Default::default(), progress)
        })
        .unwrap()
    };
    let (here, there) = (rate(&sliced).rows[0].values[0], rate(&alone).rows[0].values[0]);
    assert_eq!((here.n, there.n), (12, 12));
    assert!((here.r.unwrap() - there.r.unwrap()).abs() < 1e-12);
    assert_eq!((whole.history(0).observations, whole.history(0).gaps), (36, 0));
    assert_eq!((sliced.min_observations, whole.pair_floor()), (12, 12));
    assert!(study(&[("SPY", &x)], &[]).sliced().is_none());
}

proptest! {
    #[test]
    fn no_row_without_a_return_is_picked_and_shocks_are_larger_than_calm(
        returns in prop::collection::vec(prop_oneof![9 => -0.2..0.2f64, 1 => Just(NAN)], 60),
        changes in prop::collection::vec(-0.5..0.5f64, 60),
    ) {
        let mut yields = vec![5.0];
        changes.iter().for_each(|change| yields.push(yields[yields.len() - 1] + change));
        let calm = wave(60);
        let whole = study(&[("SPY", &returns), ("IWM", &calm)], &yields);
        for regime in [Regime::EquityDrawdown, Regime::HighVol] {
            match slice_of(regime, &whole) {
                Ok(slice) => prop_assert!(picked(&slice).iter().all(|row| spy(whole.panel())[*row].is_finite())),
                Err(error) => {
                    let too_few = matches!(error, RegimeError::TooFewRows { rows: 0..12, .. });
                    prop_assert!(too_few, "{}", error);
                }
            }
        }
        let changes = whole.yield_changes(Maturity::Ust10Y);
        let (keep, judged, threshold) = from_quantile(changes.iter().map(|dy| dy.abs()).collect(), SHOCK_QUANTILE);
        prop_assert_eq!(judged, 60);
        let least = |kept: bool| changes.iter().zip(&keep).filter(move |(_, k)| **k == kept).map(|(dy, _)| dy.abs());
        prop_assert!(least(false).fold(0.0, f64::max) <= threshold.unwrap());
        prop_assert!(least(true).all(|size| size >= threshold.unwrap() - 1e-9));
        // A tenth of 60, or one more where the percentile is itself a value.
        prop_assert!((6..=7).contains(&keep.iter().filter(|kept| **kept).count()));
    }
}

fn plan(rolling: bool) -> CorrelationPlan {
    let matrices = vec![MatrixKey::Category(Category::Style), MatrixKey::Category(Category::Cash)];
    CorrelationPlan {
        matrices: matrices.clone(),
        granularity: Granularity::Industry,
        rate_sensitivity: None,
        market_sensitivity: None,
        macro_composite: None,
        macro_etf: None,
        method: Default::default(),
        statistics: None,
        spectra: true,
        insights: Some(5),
        regime: None,
        clustered: true,
        rolling: rolling.then(|| RollingPlan {
            matrices,
            windows: vec![6],
            pairs: vec![("SPY".to_owned(), "UST10Y".to_owned()), ("SPY".to_owned(), "NONE".to_owned())],
        }),
        benchmark: Ticker::spy(),
        min_coverage: 0.6,
    }
}

#[test]
fn all_but_rolling_correlations_are_of_the_slice() {
    let (x, y) = (wave(48), (0..48).map(|n| f64::from(n % 5) * 0.01).collect::<Vec<_>>());
    let yields: Vec<f64> = (0..=48).map(|n| 3.0 + f64::from(n % 4) * 0.1).collect();
    let whole = study(&[("SPY", &x), ("IWM", &y)], &yields);
    let within = whole.clone().in_regime("2012".parse().unwrap()).unwrap();
    let (all, picked) = (
        CorrelationReport::compute(&whole, &plan(true), &mut Silent),
        CorrelationReport::compute(&within, &plan(true), &mut Silent),
    );
    assert_eq!((all.matrices["style"].rows[(0, 1)], picked.matrices["style"].rows[(0, 1)]), (48, 12));
    assert_eq!((&all.rolling, &all.rolling_series), (&picked.rolling, &picked.rolling_series));
    assert_eq!(all.rolling["style"].windows[&6].pairs[0].summary.windows, 43);
    // A category without factors has neither matrix nor table.
    assert_eq!(all.rolling.keys().collect::<Vec<_>>(), ["style"]);
    assert_eq!(all.rolling_series[0].windows.as_ref().unwrap()[&6].iter().flatten().count(), 43);
    assert_eq!(all.rolling_series[1].windows, Err("NONE".to_owned()));
    let blocks = all.insights.unwrap().blocks.unwrap();
    let members: Vec<&String> = blocks["style"].iter().flat_map(|block| &block.members).collect();
    assert_eq!(members, all.matrices["style"].names.iter().collect::<Vec<_>>());
}

/// Says stop once so many sections have ended.
struct Patience(usize);

impl Observer for Patience {
    fn end(&mut self, _section: &str) {
        self.0 -= 1;
    }

    fn stop(&self) -> bool {
        self.0 == 0
    }
}

#[test]
fn a_section_stopped_in_the_middle_is_skipped_and_the_others_stand() {
    let returns = wave(36);
    let whole = study(&[("SPY", &returns), ("IWM", &returns)], &[]);
    let computed = |question: usize| {
        let mut observer = StopAt::question(question);
        let report = CorrelationReport::compute(&whole, &plan(true), &mut observer);
        assert_eq!(report.matrices.is_empty(), !report.computed.contains(&"matrices:style".to_owned()));
        assert_eq!(report.insights.is_none(), report.skipped.contains(&"insights".to_owned()));
        (report.computed.len(), report.skipped.len())
    };
    let found: Vec<(usize, usize)> = (1..60).map(computed).collect();
    // Each section is either computed or skipped, and the later the stop the more are computed.
    assert!(found.iter().all(|(computed, skipped)| computed + skipped == 5) && found.is_sorted());
    assert_eq!((found.first(), found.last()), (Some(&(0, 5)), Some(&(5, 0))));
}

#[test]
fn what_the_time_did_not_do_for_is_named() {
    let returns = wave(36);
    let whole = study(&[("SPY", &returns)], &[]);
    // Matrices, spectra and insights come first.
    let report = CorrelationReport::compute(&whole, &plan(true), &mut Patience(3));
    assert!(report.insights.is_some() && report.rolling.is_empty());
    assert_eq!(report.computed, ["matrices:style", "spectra", "insights"]);
    assert_eq!(report.skipped, ["rolling:style", "rolling_series"]);
    let report = CorrelationReport::compute(&whole, &plan(false), &mut Patience(9));
    assert!(report.skipped.is_empty() && report.rolling_series.is_empty());
}
