//! The tools a client sees: definitions made once, in the order of their names, hidden ones left out.

use std::sync::Arc;

use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use super::{
    schema::{self, SchemaError, Side},
    tools::{TOOLSETS, ToolEntry, ToolFn, toolset},
};
use crate::arguments::nearest;

/// Which tools are offered. A tool that is not offered cannot be called either.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolFilter {
    /// Only tools that change nothing; wins over the rest.
    pub read_only: bool,
    /// Only tools of these sets, when any are named.
    pub toolsets: Vec<String>,
    /// Only these, when any are named.
    pub only: Vec<String>,
    /// Not these.
    pub exclude: Vec<String>,
}

/// A list of tools that cannot be offered.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CatalogError {
    /// A schema some clients could not read.
    #[error("the {side} schema of {tool}: {error}")]
    Schema {
        /// The tool.
        tool: String,
        /// Which of its schemas.
        side: &'static str,
        /// What is wrong with it.
        error: SchemaError,
    },
    /// Two tools of one name.
    #[error("two tools are called {0}")]
    Twice(String),
    /// The filter names a tool that does not exist.
    #[error("{0}")]
    Unknown(String),
}

/// The tools on offer.
#[derive(Debug)]
pub(super) struct Catalog {
    tools: Vec<(Tool, ToolFn)>,
}

impl Catalog {
    pub(super) fn new(entries: &[ToolEntry], filter: &ToolFilter) -> Result<Self, CatalogError> {
        let mut tools = Vec::with_capacity(entries.len());
        for entry in entries {
            tools.push((portable((entry.definition)())?, entry.call));
        }
        tools.sort_by(|(a, _), (b, _)| a.name.cmp(&b.name));
        if let Some(pair) = tools.windows(2).find(|pair| pair[0].0.name == pair[1].0.name) {
            return Err(CatalogError::Twice(pair[0].0.name.to_string()));
        }
        let all = Self { tools };
        if let Some(name) = filter.only.iter().chain(&filter.exclude).find(|name| all.get(name).is_none()) {
            return Err(CatalogError::Unknown(all.unknown(name)));
        }
        let sets = TOOLSETS.map(|(set, _)| set);
        if let Some(unknown) = filter.toolsets.iter().find(|set| !sets.contains(&set.as_str())) {
            let shown: String = unknown.chars().take(80).collect();
            return Err(CatalogError::Unknown(format!("unknown toolset `{shown}`: there are {}", sets.join(", "))));
        }
        let offered = |tool: &Tool| {
            let changes_nothing = tool.annotations.as_ref().and_then(|a| a.read_only_hint).unwrap_or(false);
            let named = |names: &[String]| names.iter().any(|name| *name == tool.name);
            (changes_nothing || !filter.read_only)
                && (filter.toolsets.is_empty() || filter.toolsets.iter().any(|set| set == toolset(&tool.name)))
                && (filter.only.is_empty() || named(&filter.only))
                && !named(&filter.exclude)
        };
        Ok(Self { tools: all.tools.into_iter().filter(|(tool, _)| offered(tool)).collect() })
    }

    pub(super) fn tools(&self) -> impl Iterator<Item = &Tool> {
        self.tools.iter().map(|(tool, _)| tool)
    }

    pub(super) fn get(&self, name: &str) -> Option<(&Tool, ToolFn)> {
        let at = self.tools.binary_search_by(|(tool, _)| tool.name.as_ref().cmp(name)).ok()?;
        self.tools.get(at).map(|(tool, call)| (tool, *call))
    }

    /// What is said of a name that is no tool.
    pub(super) fn unknown(&self, name: &str) -> String {
        let shown: String = name.chars().take(80).collect();
        let names = || self.tools().map(|tool| tool.name.as_ref());
        match nearest(name, names()) {
            Some(near) => format!("unknown tool `{shown}`: did you mean `{near}`?"),
            None => format!("unknown tool `{shown}`: the tools are {}", names().collect::<Vec<_>>().join(", ")),
        }
    }
}

fn portable(mut tool: Tool) -> Result<Tool, CatalogError> {
    let failed = |side| {
        let tool = tool.name.to_string();
        move |error| CatalogError::Schema { tool, side, error }
    };
    let input = schema::portable(&tool.input_schema, Side::Input).map_err(failed("input"))?;
    let output = tool.output_schema.as_deref().map(|output| schema::portable(output, Side::Output)).transpose();
    let output = output.map_err(failed("output"))?;
    tool.input_schema = Arc::new(input);
    tool.output_schema = output.map(|output| Arc::new(undescribed(output)));
    Ok(tool)
}

/// An output schema without its descriptions: clients keep every schema in mind all the time, and an answer's names speak
/// for themselves; the contract's examples and `factor://glossary` say the rest.
fn undescribed(schema: JsonObject) -> JsonObject {
    fn walk(value: Value) -> Value {
        match value {
            Value::Object(fields) => Value::Object(undescribed(fields)),
            Value::Array(items) => items.into_iter().map(walk).collect(),
            other => other,
        }
    }
    // A field that is called so has a schema; what describes is text.
    let kept = schema.into_iter().filter(|(name, value)| name != "description" || !value.is_string());
    kept.map(|(name, value)| (name, walk(value))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::{schema::tests::forbidden, tools::TOOLS};

    fn catalog() -> Catalog {
        Catalog::new(TOOLS, &ToolFilter::default()).unwrap()
    }

    #[test]
    fn every_client_can_read_every_schema() {
        for tool in catalog().tools() {
            let mut found = Vec::new();
            forbidden(&Value::Object(tool.input_schema.as_ref().clone()), "input", &mut found);
            let output = tool.output_schema.as_ref().unwrap();
            forbidden(&Value::Object(output.as_ref().clone()), "output", &mut found);
            assert_eq!(found, [""; 0], "{}", tool.name);
            assert_eq!(output["required"], serde_json::json!(["status"]), "{}", tool.name);
            assert_eq!(tool.input_schema["additionalProperties"], false, "{}", tool.name);
        }
    }

    #[test]
    fn a_toolset_is_offered_alone_and_every_tool_has_one() {
        let with =
            |set: &str| Catalog::new(TOOLS, &ToolFilter { toolsets: vec![set.to_owned()], ..Default::default() });
        let count = |set: &str| with(set).unwrap().tools().count();
        assert_eq!((count("groups"), count("portfolios"), count("admin")), (6, 4, 1));
        assert_eq!(TOOLSETS.iter().map(|(set, _)| count(set)).sum::<usize>(), TOOLS.len());
        for (_, names) in TOOLSETS {
            assert!(names.iter().all(|name| catalog().get(name).is_some()), "{names:?}");
        }
        assert!(with("group").unwrap_err().to_string().contains("there are analysis, groups"));
    }

    /// How many objects stand within one another below this schema.
    fn depth(schema: &Value) -> usize {
        let properties = schema.get("properties").and_then(Value::as_object);
        let below = properties.into_iter().flat_map(|properties| properties.values()).map(depth).max();
        let items = schema.get("items").map_or(0, depth);
        below.map_or(0, |below| below + 1).max(items)
    }

    #[test]
    fn arguments_are_flat_and_described() {
        for tool in catalog().tools() {
            let schema = Value::Object(tool.input_schema.as_ref().clone());
            assert!(depth(&schema) <= 2, "{}: one level of nesting at most", tool.name);
            for (name, property) in schema["properties"].as_object().unwrap() {
                assert!(property.get("description").is_some(), "{}: {name} is not described", tool.name);
            }
            assert!(tool.annotations.as_ref().is_some_and(|hints| hints.read_only_hint.is_some()), "{}", tool.name);
        }
    }
}
