//! The `factor-mcp` binary.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use factor_mcp::cli::Cli;

// Answers and kernels free as much as they take: an allocator that keeps memory at hand spares the page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(cli.run());
    // A blocked read of standard input would keep an ordinary shutdown waiting for the next line.
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(code)
}
