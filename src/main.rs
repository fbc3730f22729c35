//! The `factor-mcp` binary.

use std::process::ExitCode;

// Answers and kernels free as much as they take: an allocator that keeps memory at hand spares the page faults.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> anyhow::Result<ExitCode> {
    factor_mcp::cli::main(build_commit::version!())
}
