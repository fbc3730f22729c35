//! The entry that starts this server, and what has to change so that a client's settings have it.

use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value, json};

use super::clients::Form;

/// What a client starts, and with which settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Entry {
    /// The program.
    pub(super) command: String,
    /// What it is told.
    pub(super) arguments: Vec<String>,
    /// Settings, by their variable.
    pub(super) environment: Vec<(&'static str, String)>,
}

/// One change of a client's settings, below the entry: the whole entry where the path is empty.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Change {
    pub(super) path: Vec<String>,
    pub(super) old: Option<Value>,
    pub(super) new: Value,
}

impl Entry {
    /// The entry as a client writes it.
    pub(super) fn value(&self, form: Form) -> Value {
        let mut entry = Map::new();
        if let Some(kind) = form.kind() {
            entry.insert("type".to_owned(), json!(kind));
        }
        entry.insert("command".to_owned(), json!(self.command));
        if !self.arguments.is_empty() {
            entry.insert("args".to_owned(), json!(self.arguments));
        }
        if !self.environment.is_empty() {
            let environment = self.environment.iter().map(|(name, value)| ((*name).to_owned(), json!(value)));
            entry.insert("env".to_owned(), Value::Object(environment.collect()));
        }
        Value::Object(entry)
    }

    /// What has to change in an entry that is there, or the whole of it where none is. Everything else of it stays: the
    /// user's own arguments, variables and fields.
    ///
    /// # Errors
    /// Where what stands there is none that this one could become.
    pub(super) fn changes(&self, form: Form, existing: Option<&Value>) -> Result<Vec<Change>, String> {
        let new = self.value(form);
        let Some(existing) = existing else { return Ok(vec![Change { path: Vec::new(), old: None, new }]) };
        let Some(fields) = existing.as_object() else {
            return Err(
                "the entry of that name is no table of settings; take it out, or choose another with --name".to_owned()
            );
        };
        if ["url", "httpUrl", "serverUrl"].iter().any(|field| fields.contains_key(*field)) {
            return Err("the entry of that name is a server at an address; take it out, or choose another with --name"
                .to_owned());
        }
        let old = fields.get("command");
        let keeps_arguments =
            old.and_then(Value::as_str).is_some_and(|old| is_the_program(old) && is_the_program(&self.command));
        let mut changes = Vec::new();
        let mut change = |path: &[&str], new: Value| {
            let old = path.iter().try_fold(existing, |at, name| at.get(name));
            if old != Some(&new) {
                let path = path.iter().map(|name| (*name).to_owned()).collect();
                changes.push(Change { path, old: old.cloned(), new });
            }
        };
        if let Some(kind) = form.kind() {
            change(&["type"], json!(kind));
        }
        change(&["command"], json!(self.command));
        let had_arguments = fields.contains_key("args");
        // Another program's arguments would mean something else to this one.
        if !keeps_arguments && (had_arguments || !self.arguments.is_empty()) {
            change(&["args"], json!(self.arguments));
        }
        for (name, value) in &self.environment {
            change(&["env", name], json!(value));
        }
        Ok(changes)
    }
}

/// Whether a command is this program under any path, and not one that fetches and starts it.
fn is_the_program(command: &str) -> bool {
    let name = command.rsplit(['/', '\\']).next().unwrap_or_default();
    name.strip_suffix(".exe").unwrap_or(name) == "factor-mcp"
}

/// How to start the program at a path. Where `npx` or `uvx` have put it into their cache, which is emptied at times, by them.
pub(super) fn started_by(program: &Path, windows: bool) -> (String, Vec<String>) {
    let within = |name: &str| program.components().any(|part| part == Component::Normal(name.as_ref()));
    let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
    if within("_npx") {
        // On Windows npx is a script, which only a shell starts.
        if windows {
            return ("cmd".to_owned(), words(&["/c", "npx", "-y", "factor-mcp"]));
        }
        return ("npx".to_owned(), words(&["-y", "factor-mcp"]));
    }
    if within("uv") && program.components().any(|part| part.as_os_str().to_string_lossy().starts_with("archive-v")) {
        return ("uvx".to_owned(), words(&["factor-mcp"]));
    }
    (program.display().to_string(), Vec::new())
}

/// A path that means the same from every folder.
pub(super) fn absolute(path: &str) -> String {
    let absolute: Option<PathBuf> = std::path::absolute(path).ok();
    absolute.map_or_else(|| path.to_owned(), |path| path.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::setup::clients::Client;

    fn entry(environment: &[(&'static str, &str)]) -> Entry {
        let environment = environment.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        Entry { command: "/opt/factor-mcp".to_owned(), arguments: Vec::new(), environment }
    }

    fn paths(changes: &[Change]) -> Vec<String> {
        changes.iter().map(|change| change.path.join(".")).collect()
    }

    #[test]
    fn an_entry_is_as_its_client_writes_it() {
        let with = entry(&[("FACTOR_PRICE_FILES", "/p")]);
        let written = |client: Client| with.value(client.form()).to_string();
        assert_eq!(written(Client::Cursor), r#"{"command":"/opt/factor-mcp","env":{"FACTOR_PRICE_FILES":"/p"}}"#);
        assert!(written(Client::Vscode).starts_with(r#"{"type":"stdio","command""#));
    }

    #[test]
    fn what_the_user_added_to_the_entry_stays() {
        let form = Client::Cursor.form();
        let there = json!({"command": "/old/factor-mcp", "args": ["serve", "--read-only"], "env": {"FMP_API_KEY": "k"}, "x": 1});
        let changes = entry(&[("FACTOR_PRICE_FILES", "/p")]).changes(form, Some(&there)).unwrap();
        assert_eq!(paths(&changes), ["command", "env.FACTOR_PRICE_FILES"]);
        assert_eq!((&changes[0].old, &changes[1].old), (&Some(json!("/old/factor-mcp")), &None));
        let there = json!({"command": "npx", "args": ["-y", "factor-mcp"]});
        let changes = entry(&[]).changes(form, Some(&there)).unwrap();
        assert_eq!((paths(&changes), &changes[1].new), (vec!["command".to_owned(), "args".to_owned()], &json!([])));
        let there = json!({"command": "/opt/factor-mcp", "disabled": true});
        assert_eq!(entry(&[]).changes(form, Some(&there)).unwrap(), []);
        let there = json!({"command": "/opt/factor-mcp"});
        assert_eq!(paths(&entry(&[]).changes(Client::ClaudeCode.form(), Some(&there)).unwrap()), ["type"]);
    }

    #[test]
    fn another_servers_entry_is_refused() {
        for there in [json!({"url": "http://127.0.0.1:8765/mcp"}), json!({"httpUrl": "x"}), json!("x"), json!(null)] {
            let refused = entry(&[]).changes(Client::Gemini.form(), Some(&there)).unwrap_err();
            assert!(refused.contains("--name"), "{refused}");
        }
    }

    #[test]
    fn a_program_in_a_cache_is_started_by_what_put_it_there() {
        let started = |path: &str, windows| {
            let (command, arguments) = started_by(Path::new(path), windows);
            format!("{command} {}", arguments.join(" ")).trim().to_owned()
        };
        assert_eq!(started("/h/.npm/_npx/1f/node_modules/factor-mcp-linux-x64/factor-mcp", false), "npx -y factor-mcp");
        assert_eq!(started("/h/_npx/1f/factor-mcp.exe", true), "cmd /c npx -y factor-mcp");
        assert_eq!(started("/h/.cache/uv/archive-v0/x/bin/factor-mcp", false), "uvx factor-mcp");
        assert_eq!(
            started("/h/.local/share/uv/tools/factor-mcp/bin/factor-mcp", false),
            "/h/.local/share/uv/tools/factor-mcp/bin/factor-mcp"
        );
    }
}
