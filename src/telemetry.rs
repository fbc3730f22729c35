//! The log: to stderr, for stdout carries the protocol.

use std::io::{self, IsTerminal};

use tracing_subscriber::EnvFilter;

use crate::settings::LogSettings;

/// Starts the log. A second start in one process changes nothing.
pub fn start(settings: &LogSettings) {
    // The filter was checked when the settings were read.
    let filter = EnvFilter::try_new(&settings.filter).unwrap_or_default();
    let started = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(io::stderr().is_terminal())
        .try_init();
    if started.is_ok() {
        std::panic::set_hook(Box::new(log_panic));
    }
}

/// Where it happened is enough to find the fault; the payload may hold a caller's holdings.
fn log_panic(panic: &std::panic::PanicHookInfo<'_>) {
    match panic.location() {
        Some(at) => tracing::error!(file = at.file(), line = at.line(), "a panic was caught"),
        None => tracing::error!("a panic was caught"),
    }
}
