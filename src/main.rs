//! The `factor-mcp` binary.

use std::{process::ExitCode, time::Duration};

use clap::Parser;
use factor_mcp::cli::Cli;

fn main() -> anyhow::Result<ExitCode> {
    let cli = Cli::parse();
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    let code = runtime.block_on(cli.run());
    // A blocked read of standard input would keep an ordinary shutdown waiting for the next line.
    runtime.shutdown_timeout(Duration::from_millis(200));
    Ok(code)
}
