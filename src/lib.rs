//! The `factor-mcp` server: factor analysis for AI assistants over MCP.
//!
//! The modules of the binary, so that tests use the same code. A request goes from a [`transport`] to the handler in
//! [`server`], from there to one of the [`tools`], which reads its [`args`], and comes back as an answer or as a
//! [`tool_error`].

pub mod analysis;
pub mod app;
pub mod args;
pub mod cli;
pub mod groups;
pub mod progress;
pub mod prompts;
pub mod resources;
pub mod results;
pub mod schema;
pub mod server;
pub mod settings;
pub mod telemetry;
pub mod tool_error;
pub mod tools;
pub mod transport;
mod written;
