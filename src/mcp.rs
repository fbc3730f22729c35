//! The MCP adapter: the handler, what it offers (tools, prompts, resources) and the transports it speaks over.

mod apps;
pub mod catalog;
mod injected;
mod pictures;
mod progress;
pub mod prompts;
pub mod raw_content;
pub mod resources;
pub mod schema;
pub mod server;
mod subscriptions;
pub mod tools;
pub mod transport;
mod work;
