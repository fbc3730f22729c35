//! The tools a client sees: definitions made once, in the order of their names, hidden ones left out.

use std::sync::Arc;

use factor_auth::Scopes;
use rmcp::model::{JsonObject, Tool};
use serde_json::Value;

use super::{
    schema::{self, SchemaError, Side},
    tools::{Effect, ToolEntry, ToolFn, Toolset},
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
    tools: Vec<(Tool, ToolFn, Effect)>,
}

impl Catalog {
    pub(super) fn new(entries: &[ToolEntry], filter: &ToolFilter) -> Result<Self, CatalogError> {
        let mut entries: Vec<&ToolEntry> = entries.iter().collect();
        entries.sort_by_key(|entry| entry.name);
        if let Some(pair) = entries.windows(2).find(|pair| pair[0].name == pair[1].name) {
            return Err(CatalogError::Twice(pair[0].name.to_owned()));
        }
        if let Some(name) = filter.only.iter().chain(&filter.exclude).find(|name| !is_among(&entries, name)) {
            return Err(CatalogError::Unknown(unknown(name, entries.iter().map(|entry| entry.name))));
        }
        let toolsets = filter.toolsets.iter().map(|name| toolset(name)).collect::<Result<Vec<_>, _>>()?;
        let named = |names: &[String], entry: &ToolEntry| names.iter().any(|name| name == entry.name);
        let offered = |entry: &&ToolEntry| {
            (entry.effect == Effect::Reads || !filter.read_only)
                && (toolsets.is_empty() || toolsets.contains(&entry.toolset))
                && (filter.only.is_empty() || named(&filter.only, entry))
                && !named(&filter.exclude, entry)
        };
        // Every schema is made, also of a tool that is hidden: a mistake in one shows whatever is offered.
        let made = entries.iter().map(|entry| Ok((portable(entry.definition())?, entry.call, entry.effect)));
        let made = made.collect::<Result<Vec<_>, _>>()?;
        let tools = entries.into_iter().zip(made).filter(|(entry, _)| offered(entry)).map(|(_, tool)| tool);
        Ok(Self { tools: tools.collect() })
    }

    pub(super) fn tools(&self) -> impl Iterator<Item = &Tool> + Clone {
        self.tools.iter().map(|(tool, ..)| tool)
    }

    pub(super) fn get(&self, name: &str) -> Option<(&Tool, ToolFn)> {
        self.entry(name).map(|(tool, call, _)| (tool, *call))
    }

    /// What a call of this tool needs; of a name that is none, what everything needs.
    pub(super) fn needs(&self, name: &str) -> Scopes {
        self.entry(name).map_or(Effect::Reads, |(.., effect)| *effect).needs()
    }

    fn entry(&self, name: &str) -> Option<&(Tool, ToolFn, Effect)> {
        let at = self.tools.binary_search_by(|(tool, ..)| tool.name.as_ref().cmp(name)).ok()?;
        self.tools.get(at)
    }

    /// What is said of a name that is no tool.
    pub(super) fn unknown(&self, name: &str) -> String {
        unknown(name, self.tools().map(|tool| tool.name.as_ref()))
    }
}

fn is_among(entries: &[&ToolEntry], name: &str) -> bool {
    entries.binary_search_by(|entry| entry.name.cmp(name)).is_ok()
}

fn unknown<'a>(name: &str, tools: impl Iterator<Item = &'a str> + Clone) -> String {
    let shown: String = name.chars().take(80).collect();
    match nearest(name, tools.clone()) {
        Some(near) => format!("unknown tool `{shown}`: did you mean `{near}`?"),
        None => format!("unknown tool `{shown}`: the tools are {}", tools.collect::<Vec<_>>().join(", ")),
    }
}

fn toolset(name: &str) -> Result<Toolset, CatalogError> {
    Toolset::ALL.into_iter().find(|set| set.as_str() == name).ok_or_else(|| {
        let shown: String = name.chars().take(80).collect();
        CatalogError::Unknown(format!("unknown toolset `{shown}`: there are {}", Toolset::NAMES.join(", ")))
    })
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
        assert_eq!(Toolset::NAMES.map(count).iter().sum::<usize>(), TOOLS.len());
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
