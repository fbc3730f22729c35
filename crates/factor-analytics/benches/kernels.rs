//! Each kernel on panels of the sizes that a server meets: `cargo bench -p factor-analytics --bench kernels`.

use std::{hint::black_box, sync::Arc, time::Duration};

use chrono::NaiveDate;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use factor_analytics::{
    Threads,
    correlation::Triangle,
    findings::examine,
    observer::{Progress, Silent, Stopped},
    rolling,
    sections::performance::{PerformanceProfile, ProfileInputs},
};
use factor_types::{Frequency, PriceKind, PriceSeries, Ticker};

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TWO: Threads = Threads::Exactly(std::num::NonZeroUsize::MIN.saturating_add(1));

#[derive(Clone, Copy)]
enum Holes {
    None,
    LateStarts,
    Share(f64),
}

/// Column by column, a repeatable stream.
fn panel(rows: usize, columns: usize, holes: Holes) -> Vec<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = move || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut values = Vec::with_capacity(rows * columns);
    for _ in 0..columns {
        let late = (next() * 1.6 - 0.6).max(0.0) * rows as f64;
        for row in 0..rows {
            let (value, hole) = (0.1 * (next() - 0.5), next());
            let missing = match holes {
                Holes::None => false,
                Holes::LateStarts => (row as f64) < late,
                Holes::Share(share) => hole < share,
            };
            values.push(if missing { f64::NAN } else { value });
        }
    }
    values
}

fn correlation(c: &mut Criterion) {
    let mut group = c.benchmark_group("correlation");
    for (rows, columns) in [(120, 100), (300, 200), (120, 456), (2520, 1000)] {
        for (name, holes) in [
            ("complete", Holes::None),
            ("late starts", Holes::LateStarts),
            ("5% holes", Holes::Share(0.05)),
            ("30% holes", Holes::Share(0.3)),
        ] {
            let values = panel(rows, columns, holes);
            let slices: Vec<&[f64]> = values.chunks(rows).collect();
            group.throughput(Throughput::Elements((columns * (columns - 1) / 2) as u64));
            for (threads, count) in [("one thread", Threads::ONE), ("two threads", TWO), ("auto", Threads::Auto)] {
                let id = BenchmarkId::new(format!("{name}, {threads}"), format!("{rows}x{columns}"));
                group.bench_function(id, |b| {
                    b.iter(|| whole(|progress| Triangle::pearson(black_box(&slices), 12, count, progress)))
                });
            }
        }
    }
    group.finish();
}

fn rolling_windows(c: &mut Criterion) {
    let mut group = c.benchmark_group("rolling");
    for (name, holes) in
        [("complete", Holes::None), ("late starts", Holes::LateStarts), ("5% holes", Holes::Share(0.05))]
    {
        let values = panel(300, 100, holes);
        let slices: Vec<&[f64]> = values.chunks(300).collect();
        for window in [12, 36] {
            let id = BenchmarkId::new(name, window);
            group.bench_function(id, |b| {
                b.iter(|| whole(|progress| rolling::in_order(black_box(&slices), window, Threads::ONE, progress)))
            });
        }
    }
    group.finish();
}

fn profiles(c: &mut Criterion) {
    let mut group = c.benchmark_group("profiles");
    for (rows, columns) in [(120, 456), (2520, 200)] {
        let values = panel(rows, columns, Holes::None);
        let slices: Vec<&[f64]> = values.chunks(rows).collect();
        let (base, risk_free) = (NaiveDate::default(), vec![0.0; rows]);
        let labels: Vec<NaiveDate> = base.iter_days().skip(1).take(rows).collect();
        let profile = |returns: &[f64]| {
            let benchmark = Some(slices[0]);
            let (risk_free, labels) = (&risk_free[..], &labels[..]);
            let alone = ProfileInputs::new(returns, labels, base, Frequency::Daily.periods_per_year());
            PerformanceProfile::compute(&ProfileInputs { risk_free: Some(risk_free), benchmark, ..alone })
        };
        group.throughput(Throughput::Elements((rows * columns) as u64));
        let id = BenchmarkId::from_parameter(format!("{rows}x{columns}"));
        group.bench_function(id, |b| {
            b.iter(|| slices.iter().for_each(|returns| drop(black_box(profile(black_box(returns))))));
        });
    }
    group.finish();
}

/// The examination of prices: 97 funds over 15 years of days. Of wild ones every fiftieth price is 40% off, so that each is
/// compared with all others.
fn findings(c: &mut Criterion) {
    let (rows, columns) = (3_780, 97);
    let days: Vec<NaiveDate> = NaiveDate::default().iter_days().take(rows).collect();
    let mut group = c.benchmark_group("findings");
    for (name, off) in [("sound", 1.0), ("wild", 1.4)] {
        let moves = panel(rows, columns, Holes::None);
        let series: Vec<Arc<PriceSeries>> = moves
            .chunks(rows)
            .enumerate()
            .map(|(at, moves)| {
                let mut price = 100.0;
                let prices = moves.iter().enumerate().map(|(row, change)| {
                    price *= 1.0 + change / 5.0;
                    if (row + at) % 50 == 0 { price * off } else { price }
                });
                let ticker = format!("T{at}").parse().unwrap_or_else(|_| Ticker::spy());
                Arc::new(PriceSeries::new(ticker, PriceKind::Adjusted, days.iter().copied().zip(prices)))
            })
            .collect();
        group.bench_function(name, |b| b.iter(|| examine(black_box(&series))));
    }
    group.finish();
}

/// What a kernel gives when nobody stops it.
fn whole<T>(kernel: impl FnOnce(&mut Progress<'_>) -> Result<T, Stopped>) -> Option<T> {
    kernel(&mut Progress::new(&mut Silent, "")).ok()
}

criterion_group! {
    name = kernels;
    config = Criterion::default().sample_size(10).warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1));
    targets = correlation, rolling_windows, profiles, findings
}
criterion_main!(kernels);
