//! The tools: the list, and what a tool is.
//!
//! A tool is one file here and one line in [`TOOLS`]; what it answers is a service's.

mod analyze_factor_model;
mod compare_factors;
mod create_factor_group;
mod delete_factor_group;
mod delete_portfolio;
mod get_factor_analysis;
mod get_factor_group;
mod get_factor_recommendations;
mod get_portfolio;
mod get_portfolio_exposures;
mod get_server_status;
mod list_factor_groups;
mod list_factors;
mod list_portfolios;
mod save_portfolio;
mod schemas;
mod stress_test;
mod update_factor_group;
mod validate_factor_group;

use std::{fmt, sync::Arc};

use factor_auth::{Scope, Scopes};
use futures::future::BoxFuture;
use rmcp::model::{Tool, ToolAnnotations};
use schemars::Schema;
use serde_json::Value;

use super::{apps, schema};
use crate::{answer::Rendered, app::App, services::Call, tool_error::ToolError};

/// Every tool of the server.
pub const TOOLS: &[ToolEntry] = &[
    analyze_factor_model::ENTRY,
    compare_factors::ENTRY,
    create_factor_group::ENTRY,
    delete_factor_group::ENTRY,
    delete_portfolio::ENTRY,
    get_factor_analysis::ENTRY,
    get_factor_group::ENTRY,
    get_factor_recommendations::ENTRY,
    get_portfolio::ENTRY,
    get_portfolio_exposures::ENTRY,
    get_server_status::ENTRY,
    list_factor_groups::ENTRY,
    list_factors::ENTRY,
    list_portfolios::ENTRY,
    save_portfolio::ENTRY,
    stress_test::ENTRY,
    update_factor_group::ENTRY,
    validate_factor_group::ENTRY,
];

factor_types::closed_set! {
    /// A set that tools are offered by.
    pub enum Toolset: "a toolset" {
        /// The analyses and what they are of.
        Analysis = "analysis",
        /// The caller's factor groups.
        Groups = "groups",
        /// The caller's portfolios.
        Portfolios = "portfolios",
        /// The server itself.
        Admin = "admin",
    }
}

/// What a call does to what is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// It changes nothing.
    Reads,
    /// It adds something and leaves the rest as it is.
    Adds,
    /// It may replace or delete something.
    Replaces,
}

impl Effect {
    /// What a call needs to be allowed.
    #[must_use]
    pub fn needs(self) -> Scopes {
        match self {
            Self::Reads => Scopes::of(&[Scope::Read]),
            Self::Adds | Self::Replaces => Scopes::of(&[Scope::Read, Scope::Write]),
        }
    }
}

/// One tool.
#[derive(Clone, Copy)]
pub struct ToolEntry {
    /// The name that it is called by.
    pub name: &'static str,
    /// The same for people.
    pub title: &'static str,
    /// What it is for: a model chooses by it.
    pub description: &'static str,
    /// The set it is offered with.
    pub toolset: Toolset,
    /// What a call does to what is kept. Every tool gives the same when it is called again.
    pub effect: Effect,
    /// True when a call may ask a price source outside.
    pub open_world: bool,
    /// The schema of its arguments; [`schema::portable`] is applied when the server is built.
    pub input: fn() -> Value,
    /// The short schema of its answer that clients are shown, made portable as well.
    pub output: fn() -> Value,
    /// The full schema of its answer ([`crate::services::answer_schema`]).
    pub full_answer: fn() -> Schema,
    /// The call.
    pub call: ToolFn,
}

/// The function behind a tool.
pub type ToolFn = fn(Arc<App>, Call) -> BoxFuture<'static, Result<Rendered, ToolError>>;

impl ToolEntry {
    /// What clients are shown of it.
    pub fn definition(&self) -> Tool {
        let hints = ToolAnnotations::with_title(self.title)
            .read_only(self.effect == Effect::Reads)
            .destructive(self.effect == Effect::Replaces)
            .idempotent(true)
            .open_world(self.open_world);
        // The title is among the hints, where every version of the protocol looks for it: twice would be read twice.
        let tool = Tool::new(self.name, self.description, schema::object((self.input)()))
            .with_raw_output_schema(schema::object((self.output)()).into())
            .with_annotations(hints);
        if apps::draws(self.name) { tool.with_meta(apps::of_tool()) } else { tool }
    }
}

impl fmt::Debug for ToolEntry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("ToolEntry").field(&self.name).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_tool_has_a_label_in_the_metrics() {
        let names: Vec<&str> = TOOLS.iter().map(|tool| tool.name).collect();
        assert_eq!(names, crate::metrics::TOOLS);
    }

    #[test]
    fn what_a_call_does_to_what_is_kept_becomes_hints() {
        let hints = |effect, open_world| {
            let entry = ToolEntry { effect, open_world, ..get_server_status::ENTRY };
            let hints = entry.definition().annotations.unwrap();
            (hints.read_only_hint, hints.destructive_hint, hints.open_world_hint)
        };
        assert_eq!(hints(Effect::Reads, true), (Some(true), Some(false), Some(true)));
        assert_eq!(hints(Effect::Adds, false), (Some(false), Some(false), Some(false)));
        assert_eq!(hints(Effect::Replaces, false), (Some(false), Some(true), Some(false)));
    }

    /// The properties of a schema and of the objects in it, each with its path.
    fn properties(schema: &Value, at: &str, found: &mut Vec<(String, Value)>) {
        for (name, property) in schema["properties"].as_object().into_iter().flatten() {
            let path = format!("{at}.{name}");
            properties(property, &path, found);
            properties(&property["items"], &path, found);
            found.push((path, property.clone()));
        }
    }

    #[test]
    fn a_default_or_example_that_a_model_copies_is_allowed() {
        let mut checked = 0;
        for tool in TOOLS {
            let mut found = Vec::new();
            properties(&(tool.input)(), tool.name, &mut found);
            for (path, schema) in found {
                let examples = schema["examples"].as_array().into_iter().flatten();
                for shown in examples.chain(schema.get("default")) {
                    assert!(jsonschema::is_valid(&schema, shown), "{path}: {shown} is not allowed by {schema}");
                    checked += 1;
                }
            }
        }
        assert!(checked > 40, "{checked} defaults and examples");
    }
}
