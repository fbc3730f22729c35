//! How soon the kernels end once the observer says stop: `cargo bench -p factor-analytics --bench stop -- [<series> <rows>]`.
//!
//! Each kernel runs on a panel of that size and is stopped at several times; printed are the longest time from the stop to
//! its return, how often it asked, and the most of the processor's time between two questions, which other jobs on the
//! machine have no part in. A kernel that was done before a stop does not count for it. Without arguments: a
//! small panel.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{
    cell::Cell,
    error::Error,
    hint::black_box,
    num::NonZeroUsize,
    time::{Duration, Instant},
};

use factor_analytics::{
    Observer, Threads,
    cluster::Clusters,
    correlation::{Coefficient, CorrelationMatrix, Method, NamedSeries, Triangle},
    inference::MatrixStatistics,
    observer::{Progress, Silent, Stopped},
    rolling,
    sections::rolling as tables,
    spectrum::Spectrum,
};

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

const TWO: Threads = Threads::Exactly(NonZeroUsize::MIN.saturating_add(1));

/// When to say stop, after the start.
const STOPS: [Duration; 6] = [
    Duration::from_millis(1),
    Duration::from_millis(50),
    Duration::from_millis(250),
    Duration::from_millis(600),
    Duration::from_millis(1500),
    Duration::from_millis(4000),
];

/// Says stop from a moment on.
struct Clock {
    at: Instant,
    asked: Cell<u64>,
    /// The processor's time at the start or the last question, and the most of it between two.
    longest: Cell<(Option<f64>, f64)>,
}

impl Clock {
    fn take_time(&self) {
        let (before, longest) = self.longest.get();
        let now = busy_seconds();
        self.longest.set((now, before.zip(now).map_or(longest, |(before, now)| longest.max(now - before))));
    }
}

impl Observer for Clock {
    fn stop(&self) -> bool {
        self.asked.set(self.asked.get() + 1);
        self.take_time();
        Instant::now() >= self.at
    }
}

fn stop<T>(name: &str, kernel: impl Fn(&mut Progress<'_>) -> Result<T, Stopped>) {
    let (mut longest, mut busiest, mut asked, mut stopped) = (Duration::ZERO, 0.0, 0, 0);
    for after in STOPS {
        let mut clock =
            Clock { at: Instant::now() + after, asked: Cell::new(0), longest: Cell::new((busy_seconds(), 0.0)) };
        let found = black_box(kernel(&mut Progress::new(&mut clock, name))).err();
        asked = clock.asked.get();
        if found.is_none() {
            break;
        }
        longest = longest.max(clock.at.elapsed());
        // What came after the last question, giving memory back for the most part.
        clock.take_time();
        busiest = clock.longest.get().1.max(busiest);
        stopped += 1;
    }
    let longest = longest.as_secs_f64() * 1e3;
    println!(
        "{name:32} stopped {stopped} times, {longest:7.1} ms at most after the stop; asked {asked} times, \
         {:6.1} ms of processor time at most between two questions",
        busiest * 1e3
    );
}

/// What the calling thread has had of the processor, which other jobs on the machine do not take part in; Linux only.
fn busy_seconds() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    text.split(' ').next()?.parse::<f64>().ok().map(|nanoseconds| nanoseconds / 1e9)
}

/// Columns of noise with a common part; some start late, some have holes.
fn panel(rows: usize, columns: usize, holes: f64, late: bool) -> Vec<f64> {
    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let market: Vec<f64> = (0..rows).map(|_| next() - 0.5).collect();
    let mut values = Vec::with_capacity(rows * columns);
    for _ in 0..columns {
        let start = if late { (next() * 1.6 - 0.6).max(0.0) * rows as f64 } else { 0.0 };
        for (row, market) in market.iter().enumerate() {
            let (value, hole) = (next() - 0.5 + market, next());
            values.push(if hole < holes || (row as f64) < start { f64::NAN } else { value });
        }
    }
    values
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let number = |at: usize, default: usize| args.get(at).map_or(Ok(default), |arg| arg.parse::<usize>());
    let (columns, rows) = (number(0, 200)?, number(1, 250)?);
    println!("{columns} series of {rows} rows");

    for (name, holes, late) in [("complete", 0.0, false), ("late starts", 0.0, true), ("5% holes", 0.05, false)] {
        let values = panel(rows, columns, holes, late);
        let slices: Vec<&[f64]> = values.chunks(rows).collect();
        for (threads, count) in [("one thread", Threads::ONE), ("two threads", TWO)] {
            stop(&format!("pearson, {name}, {threads}"), |progress| Triangle::pearson(&slices, 12, count, progress));
        }
    }
    // Against levels of a million nothing varies enough for products: every pair is computed row by row.
    let levels: Vec<f64> = panel(rows, columns, 0.05, false).iter().map(|x| 1e9 + x * 1e-3).collect();
    let slices: Vec<&[f64]> = levels.chunks(rows).collect();
    stop("pearson, row by row, two threads", |progress| Triangle::pearson(&slices, 12, TWO, progress));

    let values = panel(rows, columns, 0.0, false);
    let named: Vec<NamedSeries<'_>> = values.chunks(rows).map(|values| NamedSeries { name: "", values }).collect();
    let methods = [Method::Pearson, Method::Spearman, Method::Ewma { half_life: 60.0 }, Method::LedoitWolf];
    for method in methods {
        stop(&format!("matrix, {}", method.as_str()), |progress| method.matrix(&named, 12, progress));
    }
    let slices: Vec<&[f64]> = values.chunks(rows).collect();
    stop("rolling, one thread", |progress| rolling::in_order(&slices, 36, Threads::ONE, progress));
    stop("rolling, two threads", |progress| rolling::in_order(&slices, 36, TWO, progress));
    stop("rolling table", |progress| tables::table(&named, &[36], progress));

    // Fewer rows than series, and holes: indefinite, so that the spectrum takes its longest way.
    let values = panel(60, columns, 0.2, false);
    let named: Vec<NamedSeries<'_>> = values.chunks(60).map(|values| NamedSeries { name: "", values }).collect();
    let matrix = CorrelationMatrix::pairwise(&named, 12, &mut Progress::new(&mut Silent, ""))?;
    stop("clusters", |progress| Clusters::of(&matrix, progress));
    stop("statistics", |progress| MatrixStatistics::of(&matrix, Coefficient::Pearson, progress));
    stop("spectrum, repaired", |progress| Spectrum::of(&matrix, progress));
    Ok(())
}
