//! What a fuzzer feeds: messages and arguments of any bytes. `fuzz/` has a target for each function, and every test run feeds them the
//! corpora that are kept there.

#[path = "../fuzz/checks.rs"]
mod checks;

use std::sync::{Arc, LazyLock};

use chrono::DateTime;
use factor_store::load_universe;
use serde_json::{Map, Value};

use self::checks::sound_message;
use crate::{
    analysis::UserGroups,
    app::{Basis, UniverseSnapshot, Usual},
    arguments::{Args, mended},
    mcp::transport::message,
    services::{analysis, comparison, exposures, factor_model, portfolios, recommendations, stress},
    tool_error::{MOST_PROBLEMS, ToolError},
};

/// The longest message, in characters.
const LONGEST: usize = 8_000;
/// How often a call may be put right and be wrong in another way still.
const ROUNDS: usize = 4;

static UNIVERSE: LazyLock<Arc<UniverseSnapshot>> =
    LazyLock::new(|| Arc::new(UniverseSnapshot { loaded: load_universe(None), at: DateTime::UNIX_EPOCH }));

/// A line of JSON-RPC: whoever looks at it alone, takes it apart or reads it whole says the same of it.
pub fn json_rpc_line(bytes: &[u8]) {
    let code = |refused: Box<message::Refused>| refused.error.code.0;
    let whole = message::read(bytes).map(drop).map_err(code);
    assert_eq!(message::check(bytes).map(drop).map_err(code), whole, "looked at and read");
    assert_eq!(message::apart(bytes).map(drop).map_err(code), whole, "taken apart and read");
}

/// The arguments of an analysis: the first byte says of which. They are read, or every mistake is told within bounds; a call that is put
/// right is wrong in other ways at most.
pub fn arguments(bytes: &[u8]) {
    let Some((tool, text)) = bytes.split_first() else { return };
    let Ok(mut call) = serde_json::from_slice::<Map<String, Value>>(text) else { return };
    let mut before = String::new();
    for _ in 0..ROUNDS {
        let Err(error) = read(*tool, call.clone()) else { return };
        sound(&error);
        let told = error.problems.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
        assert!(told.is_empty() || told != before, "putting {call:?} right changed nothing: {told}");
        before = told;
        let Some(right) = mended(&call, &error.problems) else { return };
        call = right;
    }
}

fn read(tool: u8, call: Map<String, Value>) -> Result<(), ToolError> {
    let basis = Basis {
        snapshot: Arc::clone(&UNIVERSE),
        saved: Vec::new(),
        groups: UserGroups::default(),
        usual: Usual { window_months: 120, correlation_threshold: -0.2 },
    };
    let args = Args::new(call.clone());
    match tool % 7 {
        0 => analysis::arguments::read(call, basis).map(drop),
        1 => recommendations::request::Request::read(args, basis).map(drop),
        2 => exposures::request::Request::read(args, basis).map(drop),
        3 => comparison::request::Request::read(args, basis).map(drop),
        4 => stress::request::Request::read(args, basis).map(drop),
        5 => factor_model::request::Request::read(args, basis).map(drop),
        _ => {
            drop(portfolios::holdings::read(&args, "holdings"));
            args.finish(&["holdings"])
        }
    }
}

/// A refusal says something, in words that end, and not of more problems than anybody reads.
fn sound(error: &ToolError) {
    assert!(error.problems.len() <= MOST_PROBLEMS, "{} problems", error.problems.len());
    error.problems.iter().for_each(|problem| sound_message(&problem.to_string(), LONGEST));
    sound_message(&error.message, LONGEST);
}

#[cfg(test)]
mod tests {
    use super::checks::replay;

    #[test]
    fn corpus_of_json_rpc_lines() {
        replay("json_rpc_line", super::json_rpc_line);
    }

    #[test]
    fn corpus_of_arguments() {
        replay("arguments", super::arguments);
    }
}
