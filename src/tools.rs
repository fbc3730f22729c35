//! The tools: the list, and what a tool is.
//!
//! A tool is one file beside this one and one line in [`TOOLS`].

pub mod factor_groups;
pub mod get_factor_analysis;
pub mod get_factor_recommendations;
pub mod get_portfolio_exposures;
pub mod get_server_status;
pub mod list_factors;
pub mod portfolios;
mod positions;
mod stored;

use std::{fmt, sync::Arc, time::Duration};

use factor_types::UserId;
use futures::future::BoxFuture;
use rmcp::model::{JsonObject, Resource, Tool, ToolAnnotations};
use serde::Serialize;
use serde_json::Value;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;

pub use crate::written::Json;
use crate::{app::App, progress::Progress, schema, tool_error::ToolError};

/// Every tool of the server.
pub const TOOLS: &[ToolEntry] = &[
    factor_groups::create::ENTRY,
    factor_groups::delete::ENTRY,
    factor_groups::get::ENTRY,
    factor_groups::list::ENTRY,
    factor_groups::update::ENTRY,
    factor_groups::validate::ENTRY,
    get_factor_analysis::ENTRY,
    get_factor_recommendations::ENTRY,
    get_portfolio_exposures::ENTRY,
    get_server_status::ENTRY,
    list_factors::ENTRY,
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
pub type ToolFn = fn(Arc<App>, ToolCall) -> BoxFuture<'static, Result<Answer, ToolError>>;

impl fmt::Debug for ToolEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolEntry").field(&(self.definition)().name).finish()
    }
}

/// One call of a tool.
#[derive(Debug, Clone, Default)]
pub struct ToolCall {
    /// The arguments as they came.
    pub arguments: JsonObject,
    /// Whose call it is.
    pub user: UserId,
    /// Cancelled when the client gives up, the call's deadline passes or the server stops. The call's future is dropped
    /// then; work on other threads has to look at this.
    pub cancel: CancellationToken,
    /// Where progress goes, if the client asked for it.
    pub progress: Progress,
    /// When the call has to end; `None` for a caller with patience.
    pub deadline: Option<Instant>,
}

impl ToolCall {
    /// When fetching has to end, so that what has arrived can still be computed and written.
    pub fn fetch_until(&self) -> Instant {
        const LONGEST: Duration = Duration::from_secs(24 * 60 * 60);
        const RESERVE: Duration = Duration::from_secs(5);
        let now = Instant::now();
        let Some(deadline) = self.deadline else { return now + LONGEST };
        let left = deadline.saturating_duration_since(now);
        now + left - (left / 5).min(RESERVE)
    }
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The structured content: an object with `status`, valid against the tool's output schema.
    pub structured: Json,
    /// The text block with the same facts.
    pub text: String,
    /// Where the rest is, when the answer was cut.
    pub links: Vec<Resource>,
}

impl Answer {
    /// An answer whose text is its JSON.
    pub fn json(structured: &impl Serialize) -> Self {
        Self::of(Json::of(structured))
    }

    /// As [`Self::json`], of what is written already.
    pub fn of(structured: Json) -> Self {
        Self { text: structured.to_string(), structured, links: Vec::new() }
    }

    /// Adds a link to a resource with the rest.
    #[must_use]
    pub fn link(mut self, resource: Resource) -> Self {
        self.links.push(resource);
        self
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
