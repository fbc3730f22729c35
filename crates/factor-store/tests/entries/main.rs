//! The disk cache as its callers meet it, and as killed processes, flipped bits, full disks and other processes do.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    reason = "a test fails by panicking and tells what it counted, helpers included"
)]

mod contract;
mod disks;
mod files;
mod flips;
mod kills;
mod leases;
mod processes;
mod support;
