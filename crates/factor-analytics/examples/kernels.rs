//! Times one kernel on a panel from a file, for `benches/peers`: prints one line of JSON, the seconds of each repeat and,
//! last, the mean of the processor's time, which other jobs on the machine do not take part in.
//!
//! `kernels <correlation|correlation_2|rolling:WINDOW|rolling_2:WINDOW|profiles> <file> <rows> <columns> <repeats> [<out>]`
//!
//! The file holds f64 numbers, little-endian, column by column, missing ones as NaN. With `<out>` the results are written
//! in the same way: the lower triangle; per pair (latest, mean, min, max, sd); per column seven figures of its profile,
//! the last column being the benchmark and the risk-free rate zero. `_2` is by two threads, else it is one.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{error::Error, fs, hint::black_box, num::NonZeroUsize, time::Instant};

use chrono::NaiveDate;
use factor_analytics::{
    Threads,
    correlation::Triangle,
    observer::{Progress, Silent},
    rolling,
    sections::performance::{PerformanceProfile, ProfileInputs},
};
use factor_types::Frequency;

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let [kernel, file, rows, columns, repeats, rest @ ..] = args.as_slice() else {
        return Err("usage: kernels <kernel> <file> <rows> <columns> <repeats> [<out>]".into());
    };
    let (rows, columns, repeats): (usize, usize, usize) = (rows.parse()?, columns.parse()?, repeats.parse()?);
    let values: Vec<f64> = fs::read(file)?.as_chunks().0.iter().map(|bytes| f64::from_le_bytes(*bytes)).collect();
    let slices: Vec<&[f64]> = values.chunks(rows).take(columns).collect();
    let threads = if kernel.split(':').next().is_some_and(|name| name.ends_with("_2")) {
        NonZeroUsize::MIN.saturating_add(1)
    } else {
        NonZeroUsize::MIN
    };
    let threads = Threads::Exactly(threads);

    let correlate = || Triangle::pearson(black_box(&slices), 2, threads, &mut Progress::new(&mut Silent, ""));
    let roll = |window: &str| {
        let window = window.parse().unwrap_or(36);
        rolling::in_order(black_box(&slices), window, threads, &mut Progress::new(&mut Silent, ""))
    };
    let compute = || -> Result<Vec<f64>, Box<dyn Error>> {
        Ok(match kernel.split_once(':') {
            Some((_, window)) => {
                roll(window)?.iter().flat_map(|s| [s.latest, s.mean, s.min, s.max, s.sd]).map(known).collect()
            }
            None if kernel.starts_with("correlation") => correlate()?.values().to_vec(),
            None => {
                let found = profiles(&slices);
                let all = found.iter().flat_map(|f| {
                    [f.annual_return, f.volatility, f.sharpe_ratio, f.max_drawdown, f.beta, f.alpha, f.r_squared]
                });
                all.map(known).collect()
            }
        })
    };
    if let Some(out) = rest.first() {
        fs::write(out, compute()?.iter().flat_map(|value| value.to_le_bytes()).collect::<Vec<u8>>())?;
    }
    let mut seconds = Vec::with_capacity(repeats + 1);
    let busy = busy_seconds()?;
    for _ in 0..repeats {
        let start = Instant::now();
        if kernel.starts_with("correlation") {
            black_box(correlate()?);
        } else if let Some((_, window)) = kernel.split_once(':') {
            black_box(roll(window)?);
        } else {
            black_box(profiles(black_box(&slices)));
        }
        seconds.push(start.elapsed().as_secs_f64());
    }
    seconds.push((busy_seconds()? - busy) / repeats.max(1) as f64);
    println!("{seconds:?}");
    Ok(())
}

/// The performance of each column against the last, on daily rows.
fn profiles(columns: &[&[f64]]) -> Vec<PerformanceProfile> {
    let rows = columns.first().map_or(0, |column| column.len());
    let (base, risk_free) = (NaiveDate::default(), vec![0.0; rows]);
    let labels: Vec<NaiveDate> = base.iter_days().skip(1).take(rows).collect();
    let (benchmark, risk_free, labels) = (columns.last().copied(), &risk_free[..], &labels[..]);
    let profile = |returns: &&[f64]| {
        let alone = ProfileInputs::new(returns, labels, base, Frequency::Daily.periods_per_year());
        PerformanceProfile::compute(&ProfileInputs { risk_free: Some(risk_free), benchmark, ..alone })
    };
    columns.iter().map(profile).collect()
}

/// What the first thread has had of the processor, as Linux reports it.
fn busy_seconds() -> Result<f64, Box<dyn Error>> {
    let text = fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or("0").parse()?;
    Ok(nanoseconds / 1e9)
}

fn known(value: Option<f64>) -> f64 {
    value.unwrap_or(f64::NAN)
}
