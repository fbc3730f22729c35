//! `factor-mcp schema`: what a tool takes and answers, in full.

use std::process::ExitCode;

use clap::Args;
use serde_json::json;

use super::print;
use crate::mcp::tools::TOOLS;

/// Which tool.
#[derive(Debug, Args)]
pub struct SchemaArgs {
    /// The tool, such as `list_factors`
    #[arg(value_name = "TOOL", value_parser = clap::builder::PossibleValuesParser::new(TOOLS.iter().map(|tool| tool.name)))]
    tool: String,
}

/// Prints the schema of a tool's arguments and the full schema of its answer, of which clients are shown a short form.
///
/// # Errors
/// When standard output cannot be written to.
pub fn run(args: &SchemaArgs) -> anyhow::Result<ExitCode> {
    let Some(tool) = TOOLS.iter().find(|tool| tool.name == args.tool) else { return Ok(ExitCode::from(2)) };
    let schemas = json!({
        "tool": tool.name,
        "description": tool.description,
        "arguments": (tool.input)(),
        "answer": tool.full_answer.map(|schema| schema()),
    });
    print(&serde_json::to_string_pretty(&schemas)?)?;
    Ok(ExitCode::SUCCESS)
}
