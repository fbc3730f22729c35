//! The tools: the list, and what a tool is.
//!
//! A tool is one file beside this one and one line in [`TOOLS`].

pub mod get_factor_analysis;
pub mod get_server_status;
pub mod list_factors;

use std::{fmt, sync::Arc};

use futures::future::BoxFuture;
use rmcp::{
    RoleServer,
    model::{JsonObject, ProgressNotificationParam, ProgressToken, Resource, Tool, ToolAnnotations},
    service::Peer,
};
use serde_json::Value;
use tokio_util::sync::CancellationToken;

use crate::{app::App, schema, tool_error::ToolError};

/// Every tool of the server.
pub const TOOLS: &[ToolEntry] = &[get_factor_analysis::ENTRY, get_server_status::ENTRY, list_factors::ENTRY];

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
    /// Cancelled when the client gives up, the call's deadline passes or the server stops. The call's future is dropped
    /// then; work on other threads has to look at this.
    pub cancel: CancellationToken,
    /// Where progress goes, if the client asked for it.
    pub progress: Progress,
}

/// Progress of one call, for a client that asked for it; otherwise nothing is sent.
#[derive(Debug, Clone, Default)]
pub struct Progress(Option<(Peer<RoleServer>, ProgressToken)>);

impl Progress {
    /// Progress to this client under its token.
    pub fn new(peer: Peer<RoleServer>, token: ProgressToken) -> Self {
        Self(Some((peer, token)))
    }

    /// True when the client listens.
    pub fn is_wanted(&self) -> bool {
        self.0.is_some()
    }

    /// Tells the client how far the call is. `done` must grow from report to report. A client that has gone is no
    /// reason to fail.
    pub async fn report(&self, done: f64, total: Option<f64>, message: impl Into<String>) {
        let Some((peer, token)) = &self.0 else { return };
        let mut note = ProgressNotificationParam::new(token.clone(), done).with_message(message);
        note.total = total;
        if let Err(error) = peer.notify_progress(note).await {
            tracing::debug!(%error, "progress not delivered");
        }
    }
}

/// What a tool answers.
#[derive(Debug, Clone, PartialEq)]
pub struct Answer {
    /// The structured content: an object with `status`, valid against the tool's output schema.
    pub structured: Value,
    /// The text block with the same facts.
    pub text: String,
    /// Where the rest is, when the answer was cut.
    pub links: Vec<Resource>,
}

impl Answer {
    /// An answer whose text is its JSON.
    pub fn json(structured: Value) -> Self {
        Self { text: structured.to_string(), structured, links: Vec::new() }
    }

    /// An answer with a text of its own.
    pub fn with_text(structured: Value, text: impl Into<String>) -> Self {
        Self { structured, text: text.into(), links: Vec::new() }
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
