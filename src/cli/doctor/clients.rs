//! The clients of this machine: do their settings start this program, with settings that it takes?

use std::path::Path;

use serde_json::Value;

use super::{Finding, Part};
use crate::{
    arguments::nearest,
    cli::setup::{clients::Client, document, file::Settings as ClientFile, places},
    settings::{SETTINGS, Settings, UserFolders},
};

const SETUP: &str = "`factor-mcp setup` puts it in";

pub(super) fn look() -> Vec<Finding> {
    let Some(folders) = UserFolders::of_the_user() else {
        return vec![Finding::note(
            Part::Clients,
            "the environment names no home",
            "set HOME to look at the clients' settings",
        )];
    };
    let here = places(&folders);
    if here.is_empty() {
        let to_do = "`factor-mcp setup --print` shows what to put into the settings of whichever client you use";
        return vec![Finding::note(Part::Clients, "none of those that this program knows is on this machine", to_do)];
    }
    here.iter().flat_map(|(client, path)| of(*client, path)).collect()
}

fn of(client: Client, path: &Path) -> Vec<Finding> {
    let (title, shown) = (client.title(), path.display());
    let entries = ClientFile::read(path).and_then(|file| document::servers(file.text()?, client.form()));
    let entries = match entries {
        Ok(entries) => entries,
        Err(why) => {
            let to_do = "put the file right; the client starts no server as long as it cannot read it";
            return vec![Finding::trouble(Part::Clients, format!("{title}: {shown}: {why}"), to_do)];
        }
    };
    let ours = entries.iter().filter(|(name, entry)| is_ours(name, entry));
    let found: Vec<Finding> = ours.flat_map(|(name, entry)| of_entry(title, name, entry)).collect();
    if found.is_empty() {
        return vec![Finding::note(Part::Clients, format!("{title} does not start this server"), SETUP)];
    }
    found
}

/// Whether an entry is of this program: by its name, or by what it starts.
fn is_ours(name: &str, entry: &Value) -> bool {
    let words = entry["args"].as_array().into_iter().flatten().chain([&entry["command"]]).filter_map(Value::as_str);
    let named =
        |word: &str| word.rsplit(['/', '\\']).next().is_some_and(|last| last.trim_end_matches(".exe") == "factor-mcp");
    name == crate::cli::setup::NAME || words.into_iter().any(named)
}

fn of_entry(title: &str, name: &str, entry: &Value) -> Vec<Finding> {
    let head = format!("{title}, `{name}`");
    if let Some(url) = ["url", "httpUrl"].iter().find_map(|field| entry[*field].as_str()) {
        // An address may hold a key.
        let host = url.split(['?', '#']).next().unwrap_or_default();
        let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
        return vec![Finding::ok(Part::Clients, format!("{head} is the server at {host}"))];
    }
    let mut findings = Vec::new();
    match entry["command"].as_str() {
        None => findings.push(Finding::trouble(Part::Clients, format!("{head} names no command"), SETUP)),
        Some(command) => findings.extend(of_command(&head, command)),
    }
    findings.extend(of_environment(&head, &entry["env"]));
    if findings.is_empty() {
        let command = entry["command"].as_str().unwrap_or_default();
        findings.push(Finding::ok(Part::Clients, format!("{head} starts {command}")));
    }
    findings
}

fn of_command(head: &str, command: &str) -> Option<Finding> {
    let path = Path::new(command);
    let again = "`factor-mcp setup`, run from where the program is now, puts it right";
    if path.components().count() == 1 {
        // Found by the client's own PATH.
        return None;
    }
    if path.is_relative() {
        let says = format!("{head} starts {command}, a path that is another one wherever the client was started");
        return Some(Finding::trouble(Part::Clients, says, again));
    }
    let Ok(metadata) = path.metadata() else {
        return Some(Finding::trouble(Part::Clients, format!("{head} starts {command}, which is not there"), again));
    };
    if !is_executable(&metadata) {
        let says = format!("{head} starts {command}, which cannot be run");
        return Some(Finding::trouble(Part::Clients, says, format!("`chmod +x {command}`, or {again}")));
    }
    let same = std::env::current_exe().and_then(std::fs::canonicalize).ok() == std::fs::canonicalize(path).ok();
    (!same).then(|| Finding::note(Part::Clients, format!("{head} starts {command}, which is not this program"), again))
}

#[cfg(unix)]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.is_file() && metadata.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(metadata: &std::fs::Metadata) -> bool {
    metadata.is_file()
}

/// The settings that the entry gives: read as the server would read them.
fn of_environment(head: &str, environment: &Value) -> Vec<Finding> {
    let given: Vec<(&str, &str)> = environment
        .as_object()
        .into_iter()
        .flatten()
        .filter_map(|(name, value)| Some((name.as_str(), value.as_str()?)))
        // Clients that fill in a form send an empty one for what was left open.
        .filter(|(_, value)| !value.trim().is_empty() && !value.contains("${"))
        .collect();
    let known = |name: &str| SETTINGS.iter().find(|setting| setting.variable == name).map(|setting| setting.variable);
    let mut findings = Vec::new();
    let own = given.iter().filter(|(name, _)| name.starts_with("FACTOR_") || name.starts_with("FMP_"));
    for (name, _) in own.filter(|(name, _)| known(name).is_none()) {
        let near = nearest(name, SETTINGS.iter().map(|setting| setting.variable));
        let to_do = near.map_or_else(
            || "`factor-mcp config` lists the settings".to_owned(),
            |near| format!("write {near}, if that is meant"),
        );
        findings.push(Finding::trouble(Part::Clients, format!("{head} sets {name}, which is no setting"), to_do));
    }
    let settings: Vec<(&'static str, &str)> =
        given.iter().filter_map(|(name, value)| Some((known(name)?, *value))).collect();
    if let Err(error) = Settings::with(&settings) {
        let wrong = error.0.into_iter().map(|problem| problem.replace(" (from flag)", ""));
        findings.extend(wrong.map(|problem| {
            Finding::trouble(
                Part::Clients,
                format!("{head}: {problem}"),
                "put it right in the client's settings, and start the client again",
            )
        }));
    }
    findings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::cli::doctor::State;

    fn states(entry: &Value) -> Vec<(State, String)> {
        of_entry("Cursor", "x", entry).into_iter().map(|found| (found.state, found.says)).collect()
    }

    #[test]
    fn an_entry_of_ours_is_known_by_name_or_by_what_it_starts() {
        assert!(is_ours("x", &json!({"command": "npx", "args": ["-y", "factor-mcp"]})));
        assert!(is_ours("x", &json!({"command": "C:\\Tools\\factor-mcp.exe"})));
        assert!(is_ours("factor-intelligence", &json!({"url": "http://127.0.0.1:8765/mcp"})));
        assert!(!is_ours("x", &json!({"command": "/usr/bin/other", "args": ["factor"]})));
    }

    #[test]
    fn a_setting_that_is_none_and_a_value_that_is_not_allowed_are_named_without_secrets() {
        let entry = json!({"command": "factor-mcp", "env": {
            "FACTOR_PRICE_FILE": "/p", "FACTOR_PRICE_SOURCE": "bloomberg", "FMP_API_KEY": "two words", "HOME": "/h"
        }});
        let found = of_entry("Cursor", "x", &entry);
        assert!(found.iter().all(|found| found.state == State::Trouble) && found.len() == 3, "{found:?}");
        assert_eq!(found[0].to_do.as_deref(), Some("write FACTOR_PRICE_FILES, if that is meant"));
        assert!(!format!("{found:?}").contains("two words"), "{found:?}");
        assert_eq!(states(&json!({"command": "factor-mcp", "env": {"FMP_API_KEY": "${env:KEY}"}}))[0].0, State::Ok);
    }

    #[test]
    fn an_address_is_shown_without_what_may_be_secret() {
        let found = states(&json!({"url": "https://ada:pw@factors.example.com/mcp?key=k"}));
        assert_eq!(found, [(State::Ok, "Cursor, `x` is the server at factors.example.com/mcp".to_owned())]);
    }
}
