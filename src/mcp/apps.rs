//! MCP Apps (extension `io.modelcontextprotocol/ui`): the one app, and the tools whose answers it draws.
//!
//! A host that shows apps reads the resource at [`URI`] and gives it what the tool answered; to all others these are words that they
//! need not know, and the answer is the same.

use rmcp::model::{ExtensionCapabilities, MetaObject, object};
use serde_json::json;

/// Where the app is.
pub(super) const URI: &str = "ui://factor/app.html";
/// What kind of resource an app is.
pub(super) const MIME: &str = "text/html;profile=mcp-app";
const EXTENSION: &str = "io.modelcontextprotocol/ui";
/// The tools whose answers it draws.
const DRAWN: [&str; 6] = [
    "analyze_factor_model",
    "compare_factors",
    "get_factor_analysis",
    "get_factor_recommendations",
    "get_portfolio_exposures",
    "stress_test",
];

/// Whether the app draws what a tool answers.
pub(super) fn draws(tool: &str) -> bool {
    DRAWN.contains(&tool)
}

/// What a tool says of it: as the extension has it, and as hosts of its first drafts read it.
pub(super) fn of_tool() -> MetaObject {
    MetaObject::from(object(json!({ "ui": { "resourceUri": URI }, "ui/resourceUri": URI })))
}

/// What the server says of itself.
pub(super) fn extension() -> ExtensionCapabilities {
    ExtensionCapabilities::from([(EXTENSION.to_owned(), object(json!({ "mimeTypes": [MIME] })))])
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mcp::tools::TOOLS;

    #[test]
    fn what_it_draws_are_tools_and_they_name_it_both_ways() {
        for name in DRAWN {
            let tool = TOOLS.iter().find(|tool| tool.name == name).unwrap().definition();
            let meta = serde_json::to_value(tool.meta.unwrap()).unwrap();
            assert_eq!(meta, json!({ "ui": { "resourceUri": URI }, "ui/resourceUri": URI }), "{name}");
        }
        assert!(TOOLS.iter().filter(|tool| !draws(tool.name)).all(|tool| tool.definition().meta.is_none()));
    }
}
