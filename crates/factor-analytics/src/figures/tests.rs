use chrono::NaiveDate;
use proptest::prelude::*;

use super::*;
use crate::sections::performance::{PerformanceProfile, ProfileInputs};

const NAN: f64 = f64::NAN;

fn noise(seed: u64) -> impl FnMut() -> f64 {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64 - 0.5
    }
}

/// Figure by figure and series by series, as the performance section has it.
fn one_by_one(column: &[f64], against: &Against<'_>) -> Figures {
    let day = NaiveDate::from_ymd_opt(2020, 1, 31).unwrap();
    let labels = vec![day; column.len()];
    let inputs = ProfileInputs {
        returns: column,
        risk_free: against.risk_free,
        benchmark: Some(against.benchmark),
        labels: &labels,
        base: day,
        frequency: against.frequency,
    };
    let profile = PerformanceProfile::compute(&inputs, &[]);
    Figures {
        annual_return: profile.annual_return,
        volatility: profile.volatility,
        sharpe_ratio: profile.sharpe_ratio,
        max_drawdown: profile.max_drawdown,
        beta: profile.beta,
        alpha: profile.alpha,
        r_squared: profile.r_squared,
    }
}

fn fields(figures: &Figures) -> [Option<f64>; 7] {
    let Figures { annual_return, volatility, sharpe_ratio, max_drawdown, beta, alpha, r_squared } = *figures;
    [annual_return, volatility, sharpe_ratio, max_drawdown, beta, alpha, r_squared]
}

fn agree(a: &Figures, b: &Figures) {
    for (figure, (a, b)) in fields(a).into_iter().zip(fields(b)).enumerate() {
        match (a, b) {
            (Some(a), Some(b)) => assert!((a - b).abs() <= 1e-12 + 1e-9 * b.abs(), "figure {figure}: {a} is not {b}"),
            _ => assert_eq!(a, b, "figure {figure}"),
        }
    }
}

#[test]
fn by_hand() {
    // b = (1, -1, 1, -1, ...)% twelve times, r = 0.5% + 2 b, no risk-free rate.
    let benchmark: Vec<f64> = (0..12).map(|row| if row % 2 == 0 { 0.01 } else { -0.01 }).collect();
    let returns: Vec<f64> = benchmark.iter().map(|b| 0.005 + 2.0 * b).collect();
    let against = Against { risk_free: &[0.0; 12], benchmark: &benchmark, frequency: Frequency::Monthly };
    let found = figures(&[&returns], &against, Threads::ONE);
    let sd = (12.0 * 0.02_f64.powi(2) / 11.0).sqrt();
    // Wealth goes up by 2.5% and down by 1.5%: never deeper than one period's loss.
    let expected = Figures {
        annual_return: Some((1.025_f64 * 0.985).powi(6) - 1.0),
        volatility: Some(sd * 12.0_f64.sqrt()),
        sharpe_ratio: Some(0.005 / sd * 12.0_f64.sqrt()),
        max_drawdown: Some(-0.015),
        beta: Some(2.0),
        alpha: Some(0.06),
        r_squared: Some(1.0),
    };
    agree(&found[0], &expected);
}

#[test]
fn what_has_no_variation_or_no_rows_is_undefined() {
    let benchmark: Vec<f64> = (0..30).map(|row| f64::from(row % 5) * 0.01).collect();
    let flat = vec![0.001; 30];
    let empty = vec![NAN; 30];
    let mut short = empty.clone();
    short[..5].copy_from_slice(&benchmark[..5]);
    let level: Vec<f64> = benchmark.iter().map(|b| 1e6 + b).collect();
    let columns: [&[f64]; 4] = [&flat, &empty, &short, &level];
    let against = Against { risk_free: &[0.0; 30], benchmark: &benchmark, frequency: Frequency::Monthly };
    let found = figures(&columns, &against, Threads::ONE);
    assert_eq!((found[0].volatility, found[0].sharpe_ratio, found[0].r_squared), (Some(0.0), None, None));
    assert_eq!((found[1], found[2].beta), (Figures::default(), None));
    for (found, column) in found.iter().zip(columns) {
        agree(found, &one_by_one(column, &against));
    }
    let still = Against { benchmark: &flat, ..against };
    assert_eq!(figures(&[&benchmark], &still, Threads::ONE)[0].beta, None);
    assert!(figures(&[], &against, Threads::ONE).is_empty());
}

proptest! {
    #[test]
    fn as_series_by_series(rows in 0_usize..150, size in 1_usize..20, holes in 0.0..0.5f64, level in 0.0..2.0f64, seed in 1_u64..1_000_000) {
        let mut next = noise(seed);
        let mut series = |holes: f64, level: f64| -> Vec<f64> {
            (0..rows).map(|_| { let x = level + 0.1 * next(); if next() + 0.5 < holes { NAN } else { x } }).collect()
        };
        let (risk_free, benchmark) = (series(holes / 4.0, 0.001), series(holes / 4.0, level / 10.0));
        let panel: Vec<Vec<f64>> = (0..size).map(|_| series(holes, level)).collect();
        let columns: Vec<&[f64]> = panel.iter().map(Vec::as_slice).collect();
        let against = Against { risk_free: &risk_free, benchmark: &benchmark, frequency: Frequency::Weekly };
        let found = figures(&columns, &against, Threads::ONE);
        prop_assert_eq!(&found, &figures(&columns, &against, Threads::Exactly(2.try_into().unwrap())));
        for (found, column) in found.iter().zip(columns) {
            agree(found, &one_by_one(column, &against));
        }
    }
}
