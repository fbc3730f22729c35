//! The tools: the list, and what a tool is.
//!
//! A tool is one line in [`TOOLS`].

mod get_factor_analysis;
mod get_factor_recommendations;
mod get_portfolio_exposures;

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use rmcp::model::{Tool, ToolAnnotations};
use serde_json::Value;

use super::schema;
use crate::{
    answer::Rendered,
    app::App,
    services::{Call, factors, groups, portfolios, status},
    tool_error::ToolError,
};

/// Every tool of the server.
pub const TOOLS: &[ToolEntry] = &[
    groups::create::ENTRY,
    groups::delete::ENTRY,
    groups::get::ENTRY,
    groups::list::ENTRY,
    groups::update::ENTRY,
    groups::validate::ENTRY,
    get_factor_analysis::ENTRY,
    get_factor_recommendations::ENTRY,
    get_portfolio_exposures::ENTRY,
    status::ENTRY,
    factors::ENTRY,
    portfolios::delete::ENTRY,
    portfolios::get::ENTRY,
    portfolios::list::ENTRY,
    portfolios::save::ENTRY,
];

/// The sets that tools are offered by, each with the names of its tools. A tool of no set is in `analysis`.
pub const TOOLSETS: [(&str, &[&str]); 4] = [
    ("analysis", &["get_factor_analysis", "get_factor_recommendations", "get_portfolio_exposures", "list_factors"]),
    (
        "groups",
        &[
            "list_factor_groups",
            "create_factor_group",
            "get_factor_group",
            "update_factor_group",
            "delete_factor_group",
            "validate_factor_group",
        ],
    ),
    ("portfolios", &["save_portfolio", "list_portfolios", "get_portfolio", "delete_portfolio"]),
    ("admin", &["get_server_status"]),
];

/// The set of a tool.
pub fn toolset(tool: &str) -> &'static str {
    TOOLSETS.iter().find(|(_, tools)| tools.contains(&tool)).map_or(TOOLSETS[0].0, |(set, _)| set)
}

/// One tool.
#[derive(Clone, Copy)]
pub struct ToolEntry {
    /// What clients are told about it; made once at the start.
    pub definition: fn() -> Tool,
    /// The call.
    pub call: ToolFn,
}

/// The function behind a tool.
pub type ToolFn = fn(Arc<App>, Call) -> BoxFuture<'static, Result<Rendered, ToolError>>;

impl fmt::Debug for ToolEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolEntry").field(&(self.definition)().name).finish()
    }
}

/// The annotations of a tool that changes nothing; `open_world` when it may ask a price source outside.
pub fn read_only(title: &str, open_world: bool) -> ToolAnnotations {
    ToolAnnotations::with_title(title).read_only(true).destructive(false).idempotent(true).open_world(open_world)
}

/// A tool's definition from its schemas as JSON; [`schema::portable`] is applied when the server is built.
pub fn define(name: &'static str, title: &'static str, description: &'static str, input: Value, output: Value) -> Tool {
    Tool::new(name, description, schema::object(input))
        .with_title(title)
        .with_raw_output_schema(schema::object(output).into())
}
