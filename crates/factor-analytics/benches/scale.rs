//! The correlations of very wide panels, in bounded memory, with progress and a stop:
//! `cargo bench -p factor-analytics --bench scale -- <rows> <columns> <complete|late|holes> [<threads>] [stop]`.
//!
//! Prints the time, the peak of memory (VmHWM, Linux) and how it stands to input plus output, the output being the lower
//! triangle in f64. With `stop` the observer says stop at 30 percent. Without arguments: a small panel.
#![expect(clippy::print_stdout, reason = "a program for the command line")]

use std::{error::Error, fs, time::Instant};

use factor_analytics::{
    Observer, Threads,
    correlation::Triangle,
    observer::{Progress, Stopped},
};

// As in the server.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

struct Printing {
    last: f64,
    stop_at: f64,
}

impl Observer for Printing {
    fn progress(&mut self, section: &str, share: f64) {
        if share - self.last >= 0.1 {
            println!("{section}: {:.0}%", 100.0 * share);
            self.last = share;
        }
    }

    fn stop(&self) -> bool {
        self.last >= self.stop_at
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let args: Vec<String> = std::env::args().skip(1).filter(|arg| !arg.starts_with("--")).collect();
    let number = |at: usize, default: usize| args.get(at).map_or(Ok(default), |arg| arg.parse::<usize>());
    let (rows, columns) = (number(0, 60)?, number(1, 600)?);
    let holes = args.get(2).map_or("complete", String::as_str);
    let threads = number(3, 1)?.try_into()?;
    let stop_at = if args.iter().any(|arg| arg == "stop") { 0.3 } else { f64::INFINITY };

    let mut state = 0x9E37_79B9_7F4A_7C15_u64;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    let mut values = Vec::with_capacity(rows * columns);
    for _ in 0..columns {
        let late = if holes == "late" { (next() * 1.6 - 0.6).max(0.0) * rows as f64 } else { 0.0 };
        for row in 0..rows {
            let missing = (row as f64) < late || (holes == "holes" && next() < 0.05);
            values.push(if missing { f64::NAN } else { next() - 0.5 });
        }
    }
    let slices: Vec<&[f64]> = values.chunks(rows).collect();
    let before = peak_bytes()?;
    let start = Instant::now();
    let mut observer = Printing { last: 0.0, stop_at };
    let mut progress = Progress::new(&mut observer, "correlation");
    let found = Triangle::pearson(&slices, 12, Threads::Exactly(threads), &mut progress);
    let seconds = start.elapsed().as_secs_f64();
    let triangle = match found {
        Ok(triangle) => triangle,
        Err(Stopped) => {
            println!("stopped after {seconds:.2} s");
            return Ok(());
        }
    };
    let (input, output) = (8 * values.len(), 8 * triangle.values().len());
    let peak = peak_bytes()?;
    println!(
        "{rows} x {columns}, {holes}, {threads} threads: {seconds:.2} s; input {} MB, output {} MB, peak {} MB \
         ({} MB before): {:.3} x (input + output)",
        input >> 20,
        output >> 20,
        peak >> 20,
        before >> 20,
        peak as f64 / (input + output) as f64,
    );
    Ok(())
}

/// The most memory this process has had.
fn peak_bytes() -> Result<usize, Box<dyn Error>> {
    let status = fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or("no VmHWM")?;
    Ok(line.trim().trim_end_matches(" kB").parse::<usize>()? << 10)
}
