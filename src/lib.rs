//! The `factor-mcp` server: factor analysis for AI assistants over MCP.
//!
//! The modules of the binary, so that tests use the same code. A request goes from an adapter ([`mcp`], [`cli`]), which
//! reads its [`arguments`], to one of the [`services`], and leaves as an [`answer`] or as a [`tool_error`].

pub mod analysis;
pub mod answer;
pub mod app;
pub mod arguments;
pub mod cache_figures;
pub mod charts;
pub mod cli;
#[cfg(any(test, fuzzing))]
pub mod fuzzing;
pub mod http;
pub mod mcp;
pub mod metrics;
mod page;
pub mod process_usage;
pub mod progress;
mod rest;
pub mod results;
pub mod rights;
pub mod services;
pub mod settings;
pub mod telemetry;
pub mod tool_error;
mod traces;
